/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The family's own: what changes is in netlink.c, what is read in
 * netlink_get.c; sets and block devices have a file each.
 */
#ifndef KFI_USER_NETLINK_H
#define KFI_USER_NETLINK_H

#include <linux/netlink.h>
#include <linux/string.h>
#include <linux/uuid.h>
#include <net/genetlink.h>

extern struct genl_family ku_genl_family;

/* Moves with every change, so that a list in several parts can be doubted. */
unsigned int ku_change_seq(void);

/* Requests. */
int ku_nl_refuse(struct genl_info *info, int attr, int err, const char *msg);
int ku_nl_refuse_attr(struct netlink_ext_ack *extack,
		      const struct nlattr *attr, int err, const char *msg);
int ku_nl_need(struct genl_info *info, int attr, const char *what);
int ku_nl_name(struct genl_info *info, int attr, const char **name);
int ku_nl_need_name(struct genl_info *info, int attr, const char *what,
		    const char **name);
int ku_nl_name_attr(struct netlink_ext_ack *extack, const struct nlattr *attr,
		    const char **name);
int ku_nl_key_attr(struct netlink_ext_ack *extack,
		   const struct nlattr *key_attr,
		   const struct nlattr *insecure_attr, const u8 **key);
int ku_nl_done(int ret);

static inline const char *ku_nl_str(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_data(info->attrs[attr]) : NULL;
}

static inline u64 ku_nl_uint(struct genl_info *info, int attr)
{
	return info->attrs[attr] ? nla_get_uint(info->attrs[attr]) : 0;
}

static inline bool ku_nl_flag(struct genl_info *info, int attr)
{
	return nla_get_flag(info->attrs[attr]);
}

/* Of a key that was used, where it lies in the request. */
static inline void ku_nl_wipe(struct nlattr *attr)
{
	memzero_explicit(nla_data(attr), nla_len(attr));
}

/* A list in the making. @next is the entry that goes first in this part. */
struct ku_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	long next;
	long at;
	u8 cmd;
};

int ku_nl_dump_start(struct netlink_callback *cb);
void ku_dump_init(struct ku_dump *dump, struct sk_buff *skb,
		  struct netlink_callback *cb, u8 cmd);
void *ku_dump_begin(struct ku_dump *dump);
int ku_dump_end(struct ku_dump *dump, void *hdr, int err);
int ku_dump_result(struct ku_dump *dump, int ret);

static inline int ku_put_uuid(struct sk_buff *skb, int attr,
			      const uuid_t *uuid)
{
	return nla_put(skb, attr, UUID_SIZE, uuid);
}

static inline int ku_put_flag(struct sk_buff *skb, int attr, bool set)
{
	return set ? nla_put_flag(skb, attr) : 0;
}

int ku_nl_pool_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_region_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_export_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_attachment_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_stats_get(struct sk_buff *skb, struct netlink_callback *cb);
int ku_nl_status_get(struct sk_buff *skb, struct genl_info *info);

/* Replica sets. */
extern const struct nla_policy ku_set_policy[];
extern const struct nla_policy ku_set_start_policy[];
extern const struct nla_policy ku_set_add_policy[];
extern const struct nla_policy ku_set_scrub_policy[];
int ku_nl_set_start(struct sk_buff *skb, struct genl_info *info);
int ku_nl_set_stop(struct sk_buff *skb, struct genl_info *info);
int ku_nl_set_add(struct sk_buff *skb, struct genl_info *info);
int ku_nl_set_remove(struct sk_buff *skb, struct genl_info *info);
int ku_nl_set_scrub(struct sk_buff *skb, struct genl_info *info);
int ku_nl_set_get(struct sk_buff *skb, struct netlink_callback *cb);

/* Block devices on them. */
extern const struct nla_policy ku_blk_add_policy[];
extern const struct nla_policy ku_blk_del_policy[];
int ku_nl_blk_add(struct sk_buff *skb, struct genl_info *info);
int ku_nl_blk_del(struct sk_buff *skb, struct genl_info *info);
int ku_nl_blk_resize(struct sk_buff *skb, struct genl_info *info);
int ku_nl_blk_get(struct sk_buff *skb, struct netlink_callback *cb);

#endif /* KFI_USER_NETLINK_H */
