/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink as the family's commands use it. Requests are parsed as the
 * kernel does it for a family with strict validation (nlattr.c); answers go
 * nowhere.
 */
#ifndef FUZZ_SHIM_NETLINK_H
#define FUZZ_SHIM_NETLINK_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

#define NLA_NUL_STRING		1
#define NLA_FLAG		2
#define NLA_U16			3
#define NLA_U32			4
#define NLA_UINT		5	/* 4 or 8 bytes */
#define NLA_BINARY		6
#define NLA_NESTED		7

struct netlink_range_validation { u64 min, max; };

/* Type 0: no attribute that the command knows. */
struct nla_policy {
	u8 type;
	bool ranged;
	u16 len;
	s64 min;
	s64 max;
	const struct netlink_range_validation *range;
	const struct nla_policy *nested;
	unsigned int last;
};

#define NLA_POLICY_EXACT_LEN(n)						\
	{ .type = NLA_BINARY, .ranged = true, .min = (n), .max = (n) }
#define NLA_POLICY_MIN(t, n)						\
	{ .type = (t), .ranged = true, .min = (n), .max = S64_MAX }
#define NLA_POLICY_MAX(t, n)						\
	{ .type = (t), .ranged = true, .max = (n) }
#define NLA_POLICY_FULL_RANGE(t, r)	{ .type = (t), .range = (r) }
#define NLA_POLICY_NESTED(p)						\
	{ .type = NLA_NESTED, .nested = (p), .last = ARRAY_SIZE(p) - 1 }

struct netlink_ext_ack {
	const char *msg;
	char text[80];
	bool cut;
	const struct nlattr *bad_attr;
	int miss_type;
};

/* As in the kernel, a text that is made has 79 characters. */
#define NL_SET_ERR_MSG_FMT(ack, fmt, args...)				\
	do {								\
		struct netlink_ext_ack *__ack = (ack);			\
		int __len = snprintf(__ack->text, sizeof(__ack->text),	\
				     fmt, ##args);			\
									\
		__ack->msg = __ack->text;				\
		__ack->cut = __len >= (int)sizeof(__ack->text);		\
	} while (0)
#define NL_SET_ERR_MSG(ack, text)	((void)((ack)->msg = (text)))
#define NL_SET_BAD_ATTR(ack, attr)	((void)((ack)->bad_attr = (attr)))

struct genl_info {
	struct nlmsghdr *nlhdr;
	struct nlattr **attrs;
	struct netlink_ext_ack *extack;
};

struct sk_buff;
struct netlink_callback;

struct genl_split_ops {
	u8 cmd;
	u32 flags;
	const struct nla_policy *policy;
	unsigned int maxattr;
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	int (*start)(struct netlink_callback *cb);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
};

struct genl_family {
	const char *name;
	unsigned int version;
	bool netnsok;
	bool parallel_ops;
	struct module *module;
	const struct genl_split_ops *split_ops;
	unsigned int n_split_ops;
};

static inline int nla_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

static inline void *nla_data(const struct nlattr *attr)
{
	return (char *)attr + NLA_HDRLEN;
}

static inline int nla_len(const struct nlattr *attr)
{
	return attr->nla_len - NLA_HDRLEN;
}

static inline bool nla_ok(const struct nlattr *attr, int rem)
{
	return rem >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN &&
	       attr->nla_len <= rem;
}

static inline struct nlattr *nla_next(const struct nlattr *attr, int *rem)
{
	int all = NLA_ALIGN(attr->nla_len);

	*rem -= all;
	return (struct nlattr *)((char *)attr + all);
}

static inline struct nlattr *nlmsg_attrdata(const struct nlmsghdr *nlh, int hdr)
{
	return (struct nlattr *)((char *)nlh + NLMSG_HDRLEN + NLMSG_ALIGN(hdr));
}

static inline int nlmsg_attrlen(const struct nlmsghdr *nlh, int hdr)
{
	return (int)nlh->nlmsg_len - NLMSG_HDRLEN - (int)NLMSG_ALIGN(hdr);
}

#define nla_for_each_attr(pos, head, len, rem)				\
	for (pos = (head), rem = (len); nla_ok(pos, rem);		\
	     pos = nla_next(pos, &(rem)))
#define nla_for_each_nested(pos, nest, rem)				\
	nla_for_each_attr(pos, (struct nlattr *)nla_data(nest),		\
			  nla_len(nest), rem)
#define nlmsg_for_each_attr_type(pos, t, nlh, hdr, rem)			\
	nla_for_each_attr(pos, nlmsg_attrdata(nlh, hdr),		\
			  nlmsg_attrlen(nlh, hdr), rem)			\
		if (nla_type(pos) == (t))

static inline u16 nla_get_u16(const struct nlattr *attr)
{
	return *(u16 *)nla_data(attr);
}

static inline u32 nla_get_u32(const struct nlattr *attr)
{
	return *(u32 *)nla_data(attr);
}

static inline u64 nla_get_uint(const struct nlattr *attr)
{
	u64 value;

	if (nla_len(attr) == sizeof(u32))
		return nla_get_u32(attr);
	memcpy(&value, nla_data(attr), sizeof(value));
	return value;
}

static inline bool nla_get_flag(const struct nlattr *attr)
{
	return attr;
}

int nla_parse(struct nlattr **tb, unsigned int last, const struct nlattr *head,
	      int len, const struct nla_policy *policy,
	      struct netlink_ext_ack *extack);

static inline int nla_parse_nested(struct nlattr **tb, unsigned int last,
				   const struct nlattr *nest,
				   const struct nla_policy *policy,
				   struct netlink_ext_ack *extack)
{
	return nla_parse(tb, last, nla_data(nest), nla_len(nest), policy,
			 extack);
}

#define GENL_REQ_ATTR_CHECK(info, attr)					\
	((info)->attrs[attr] ? 0 :					\
	 ((info)->extack->miss_type = (attr), 1))

int genl_register_family(struct genl_family *family);
int genl_unregister_family(const struct genl_family *family);
bool netlink_capable(const struct sk_buff *skb, int cap);

/* An answer: a place for one attribute is all that is looked at. */
#define GENLMSG_DEFAULT_SIZE	256

struct sk_buff *genlmsg_new(size_t size, gfp_t flags);
void nlmsg_free(struct sk_buff *skb);
void *genlmsg_put_reply(struct sk_buff *skb, struct genl_info *info,
			const struct genl_family *family, int flags, u8 cmd);
void genlmsg_end(struct sk_buff *skb, void *hdr);
int genlmsg_reply(struct sk_buff *skb, struct genl_info *info);
struct nlattr *nla_reserve(struct sk_buff *skb, int type, int len);

/* Of lists, which no request has a say in. */
static inline int nla_put(struct sk_buff *skb, int type, int len,
			  const void *data)
{
	return 0;
}

static inline int nla_put_string(struct sk_buff *skb, int type,
				 const char *text)
{
	return 0;
}

static inline int nla_put_u32(struct sk_buff *skb, int type, u32 value)
{
	return 0;
}

static inline int nla_put_uint(struct sk_buff *skb, int type, u64 value)
{
	return 0;
}

static inline int nla_put_flag(struct sk_buff *skb, int type)
{
	return 0;
}

static inline struct nlattr *nla_nest_start(struct sk_buff *skb, int type)
{
	return NULL;
}

static inline void nla_nest_end(struct sk_buff *skb, struct nlattr *nest)
{
}

#endif /* FUZZ_SHIM_NETLINK_H */
