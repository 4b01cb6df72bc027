// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of the family "kfipmem": an input is a request, which goes to its
 * command as the kernel would bring it there. What the commands call stands
 * here, and looks at what it is given.
 */
#include <kfi_blk.h>
#include "user.h"
#include "netlink.h"
#include "media.h"
#include "fuzz.h"

/* Of the second byte. */
enum {
	IS_ADMIN = 0x01,	/* may use devices */
	RAW = 0x02,		/* attributes as they are, else in short form */
	REFUSED = 0x04,		/* what is called fails */
	STALE = 0x08,		/* with an error that is told in another way */
};

#define MESSAGE_MAX	4096
#define NEST		0x80	/* of a type in the short form */

static struct {
	u8 how;
	unsigned int calls;
	void *message;
	size_t size;
	u64 fetched;
} now;

static const struct genl_family *family;

/* A request, as it lies in memory that ends where it ends. */
static bool in_message(const void *p, size_t size)
{
	size_t at = (uintptr_t)p - (uintptr_t)now.message;

	return at <= now.size && size <= now.size - at;
}

static void text_holds(const char *text, size_t most)
{
	FUZZ_CHECK(in_message(text, 1));
	FUZZ_CHECK(strnlen(text, most + 1) <= most);
	FUZZ_CHECK(in_message(text, strlen(text) + 1));
}

/* A name that all parts of the project take for one. */
static void name_holds(const char *name)
{
	text_holds(name, KFIPMEM_NAME_MAX);
	FUZZ_CHECK(kfi_media_name_ok(name) && isalnum((unsigned char)*name));
}

static void key_holds(const u8 *key)
{
	if (key)
		FUZZ_CHECK(in_message(key, KFIPMEM_KEY_SIZE));
}

static int called(struct netlink_ext_ack *extack)
{
	now.calls++;
	if (now.how & REFUSED) {
		if (extack)
			NL_SET_ERR_MSG(extack, "the object is busy");
		return now.how & STALE ? -ESTALE : -EBUSY;
	}
	return 0;
}

/* Pools and regions. */
int kfi_pool_create(const struct kfi_pool_params *params,
		    struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(now.how & IS_ADMIN);
	name_holds(params->name);
	text_holds(params->path, KFIPMEM_PATH_MAX);
	FUZZ_CHECK(params->cache_model || !params->cache_seed);
	return called(extack);
}

int kfi_pool_create_ram(const char *name, u64 size, bool cache_model,
			u64 cache_seed, struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(now.how & IS_ADMIN);
	name_holds(name);
	FUZZ_CHECK(cache_model || !cache_seed);
	now.fetched += size;
	return called(extack);
}

int kfi_pool_open(const struct kfi_pool_params *params,
		  struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(now.how & IS_ADMIN && !params->force && !params->name);
	text_holds(params->path, KFIPMEM_PATH_MAX);
	return called(extack);
}

int kfi_pool_close(const char *name, struct netlink_ext_ack *extack)
{
	name_holds(name);
	return called(extack);
}

int kfi_pool_destroy(const char *name, struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(now.how & IS_ADMIN);
	name_holds(name);
	return called(extack);
}

int kfi_region_create(const char *pool, const char *name, u64 size,
		      struct netlink_ext_ack *extack)
{
	name_holds(pool);
	name_holds(name);
	FUZZ_CHECK(size);
	return called(extack);
}

int kfi_region_remove(const char *pool, const char *name,
		      struct netlink_ext_ack *extack)
{
	name_holds(pool);
	name_holds(name);
	return called(extack);
}

struct kfi_region { int opens; };

static struct kfi_region region;

struct kfi_region *kfi_region_open(const char *pool, const char *name)
{
	name_holds(pool);
	name_holds(name);
	if (now.how & REFUSED && now.how & RAW)
		return ERR_PTR(now.how & STALE ? -ENODEV : -ENOENT);
	region.opens++;
	return &region;
}

void kfi_region_put(struct kfi_region *of)
{
	FUZZ_CHECK(of == &region && region.opens-- == 1);
}

int kfi_region_revoke(struct kfi_region *of, const char *peer)
{
	FUZZ_CHECK(of == &region);
	if (strcmp(peer, "*"))
		name_holds(peer);
	return called(NULL);
}

int kfi_region_raise_epoch(struct kfi_region *of, u64 epoch)
{
	FUZZ_CHECK(of == &region);
	now.fetched += epoch;
	return called(NULL);
}

void kfi_region_query(struct kfi_region *of, struct kfi_pmem_attr *attr)
{
	memset(attr, 0xff, sizeof(*attr));
}

/* Exports, the target service, attachments. */
static void peer_holds(const char *peer, const u8 *key)
{
	key_holds(key);
	text_holds(peer, KFIPMEM_NAME_MAX);
	/* Nobody gets a key for everybody. */
	if (!strcmp(peer, "*"))
		FUZZ_CHECK(!key);
	else
		name_holds(peer);
}

int kfi_export_add(const char *pool, const char *name, const char *peer,
		   const u8 *key, u64 access, struct netlink_ext_ack *extack)
{
	name_holds(pool);
	name_holds(name);
	peer_holds(peer, key);
	FUZZ_CHECK(access & KFI_REMOTE_READ);
	FUZZ_CHECK(!(access & ~(KFI_REMOTE_READ | KFI_REMOTE_WRITE)));
	return called(extack);
}

int kfi_export_remove(const char *pool, const char *name, const char *peer,
		      struct netlink_ext_ack *extack)
{
	name_holds(pool);
	name_holds(name);
	peer_holds(peer, NULL);
	return called(extack);
}

int ku_target_start_default(struct netlink_ext_ack *extack)
{
	return 0;
}

int ku_target_listen(const char *addr, u16 port, const char *provider,
		     struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(*addr && strlen(addr) <= KFIPMEM_HOST_MAX && port);
	if (provider)
		text_holds(provider, KFI_NAME_MAX - 1);
	return called(extack);
}

int ku_target_unlisten(struct netlink_ext_ack *extack)
{
	return called(extack);
}

int ku_attach(const struct ku_attach_params *params,
	      struct netlink_ext_ack *extack)
{
	name_holds(params->name);
	name_holds(params->region);
	name_holds(params->peer);
	text_holds(params->host, KFIPMEM_HOST_MAX);
	key_holds(params->key);
	FUZZ_CHECK(*params->host && params->port);
	if (params->provider)
		text_holds(params->provider, KFI_NAME_MAX - 1);
	return called(extack);
}

int ku_detach(const char *name, bool force, struct netlink_ext_ack *extack)
{
	name_holds(name);
	return called(extack);
}

/* Sets. */
static void member_holds(const struct kfi_member_params *m)
{
	if (m->gone) {
		FUZZ_CHECK(!m->pool && !m->region && !m->host && !m->peer && !m->key);
		return;
	}
	name_holds(m->region);
	FUZZ_CHECK(!m->pool != !m->host);
	if (m->pool) {
		name_holds(m->pool);
		FUZZ_CHECK(!m->peer && !m->key && !m->provider && !m->port);
		return;
	}
	text_holds(m->host, KFIPMEM_SET_HOST_MAX);
	name_holds(m->peer);
	key_holds(m->key);
	FUZZ_CHECK(*m->host && m->port);
	if (m->provider)
		text_holds(m->provider, KFI_NAME_MAX - 1);
}

int ku_set_start(const struct kfi_set_params *params,
		 struct netlink_ext_ack *extack)
{
	unsigned int i;

	name_holds(params->name);
	FUZZ_CHECK(params->nr_members >= 1);
	FUZZ_CHECK(params->nr_members <= KFI_SET_MEMBERS_MAX);
	for (i = 0; i < params->nr_members; i++)
		member_holds(&params->member[i]);
	FUZZ_CHECK(!params->assume_clean || params->create);
	FUZZ_CHECK(!params->raw || !params->create);
	FUZZ_CHECK(!params->extent_shift || params->create);
	FUZZ_CHECK(params->extent_shift < 64);
	return called(extack);
}

int ku_set_stop(const char *name, struct netlink_ext_ack *extack)
{
	name_holds(name);
	return called(extack);
}

int kfi_set_add(const char *name, const struct kfi_member_params *member,
		struct netlink_ext_ack *extack)
{
	name_holds(name);
	member_holds(member);
	FUZZ_CHECK(!member->gone);
	return called(extack);
}

int kfi_set_remove(const char *name, unsigned int index,
		   struct netlink_ext_ack *extack)
{
	name_holds(name);
	FUZZ_CHECK(index < KFI_SET_MEMBERS_MAX);
	return called(extack);
}

int kfi_set_scrub(const char *name, bool repair, struct netlink_ext_ack *extack)
{
	name_holds(name);
	return called(extack);
}

/* Block devices: kfiblk3 is there. */
int kfi_blk_add(const struct kfi_blk_params *params, int *number,
		struct netlink_ext_ack *extack)
{
	name_holds(params->set);
	FUZZ_CHECK(params->number >= -1);
	*number = params->number < 0 ? 3 : params->number;
	return called(extack);
}

int kfi_blk_del(const char *name, bool force, struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(!strcmp(name, "vol"));
	return called(extack);
}

int kfi_blk_resize(const char *name, struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(!strcmp(name, "vol"));
	return called(extack);
}

int kfi_blk_for_each(int (*fn)(const struct kfi_blk_attr *attr, void *arg),
		     void *arg)
{
	const struct kfi_blk_attr there = { .number = 3, .set = "vol" };

	return fn(&there, arg);
}

/* Answers. */
static struct {
	struct nlattr attr;
	u32 value;
} made;

struct sk_buff { bool used; };

static struct sk_buff reply;

struct sk_buff *genlmsg_new(size_t size, gfp_t flags)
{
	FUZZ_CHECK(!reply.used);
	reply.used = true;
	return &reply;
}

void nlmsg_free(struct sk_buff *skb)
{
	FUZZ_CHECK(skb == &reply && reply.used);
	reply.used = false;
}

void *genlmsg_put_reply(struct sk_buff *skb, struct genl_info *info,
			const struct genl_family *of, int flags, u8 cmd)
{
	FUZZ_CHECK(of == family);
	return skb;
}

void genlmsg_end(struct sk_buff *skb, void *hdr)
{
}

int genlmsg_reply(struct sk_buff *skb, struct genl_info *info)
{
	nlmsg_free(skb);
	return 0;
}

struct nlattr *nla_reserve(struct sk_buff *skb, int type, int len)
{
	FUZZ_CHECK(len == sizeof(made.value));
	return &made.attr;
}

/* Lists: nothing of them is asked for here. */
#define NO_LIST(name)							\
	int name(struct sk_buff *skb, struct netlink_callback *cb)	\
	{								\
		abort();						\
	}
NO_LIST(ku_nl_pool_get)
NO_LIST(ku_nl_region_get)
NO_LIST(ku_nl_export_get)
NO_LIST(ku_nl_attachment_get)
NO_LIST(ku_nl_stats_get)

int ku_nl_status_get(struct sk_buff *skb, struct genl_info *info)
{
	return called(NULL);
}

int kfi_set_for_each(int (*fn)(const struct kfi_set_attr *attr, void *arg),
		     void *arg)
{
	abort();
}

int ku_nl_dump_start(struct netlink_callback *cb)
{
	abort();
}

void ku_dump_init(struct ku_dump *dump, struct sk_buff *skb,
		  struct netlink_callback *cb, u8 cmd)
{
	abort();
}

void *ku_dump_begin(struct ku_dump *dump)
{
	abort();
}

int ku_dump_end(struct ku_dump *dump, void *hdr, int err)
{
	abort();
}

int ku_dump_result(struct ku_dump *dump, int ret)
{
	abort();
}

int genl_register_family(struct genl_family *of)
{
	family = of;
	return 0;
}

int genl_unregister_family(const struct genl_family *of)
{
	return 0;
}

bool netlink_capable(const struct sk_buff *skb, int cap)
{
	return now.how & IS_ADMIN;
}

/*
 * The short form of attributes: type, bytes, the bytes; a nest has attributes in
 * the same form. Return: bytes of the long form.
 */
static size_t write_attrs(struct fuzz_in in, u8 *to, size_t room, bool nested)
{
	size_t all = 0;

	while (in.left >= 2 && room - all >= NLA_HDRLEN + 256) {
		struct nlattr *attr = (struct nlattr *)(to + all);
		u8 type = fuzz_u8(&in), len = fuzz_u8(&in);
		struct fuzz_in inner = { in.at, len < in.left ? len : in.left };
		size_t size = inner.left;

		memset(attr, 0, NLA_HDRLEN);
		attr->nla_type = type & ~NEST;
		in.at += size;
		in.left -= size;
		if (type & NEST && !nested) {
			attr->nla_type |= NLA_F_NESTED;
			size = write_attrs(inner, to + all + NLA_HDRLEN,
					   room - all - NLA_HDRLEN, true);
		} else {
			memset(to + all + NLA_HDRLEN, 0, NLA_ALIGN(size));
			fuzz_take(&inner, to + all + NLA_HDRLEN, size);
		}
		attr->nla_len = NLA_HDRLEN + size;
		all += NLA_ALIGN(attr->nla_len);
	}
	return all;
}

static struct nlmsghdr *make_message(struct fuzz_in in, u8 cmd)
{
	static u8 attrs[MESSAGE_MAX] __attribute__((aligned(8)));
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	size_t size;

	if (now.how & RAW)
		size = fuzz_take(&in, attrs, min(in.left, sizeof(attrs)));
	else
		size = write_attrs(in, attrs, sizeof(attrs), false);
	now.size = NLMSG_HDRLEN + GENL_HDRLEN + size;
	nlh = malloc(now.size);
	if (!nlh)
		abort();
	memset(nlh, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh->nlmsg_len = now.size;
	genl = NLMSG_DATA(nlh);
	genl->cmd = cmd;
	memcpy((u8 *)genl + GENL_HDRLEN, attrs, size);
	now.message = nlh;
	return nlh;
}

static bool is_key(u8 cmd, int type)
{
	switch (cmd) {
	case KFIPMEM_CMD_EXPORT_ADD:
		return type == KFIPMEM_A_EXPORT_KEY;
	case KFIPMEM_CMD_ATTACH:
		return type == KFIPMEM_A_ATTACHMENT_KEY;
	default:
		return false;
	}
}

/* No key outlives its command in the memory of a request. */
static void keys_are_wiped(struct nlmsghdr *nlh, u8 cmd)
{
	bool in_members = cmd == KFIPMEM_CMD_SET_START || cmd == KFIPMEM_CMD_SET_ADD;
	struct nlattr *attr, *inner;
	int rem, left;

	nla_for_each_attr(attr, nlmsg_attrdata(nlh, GENL_HDRLEN),
			  nlmsg_attrlen(nlh, GENL_HDRLEN), rem) {
		if (is_key(cmd, nla_type(attr)))
			FUZZ_CHECK(!memchr_inv(nla_data(attr), 0, nla_len(attr)));
		if (!in_members || nla_type(attr) != KFIPMEM_A_SET_MEMBER)
			continue;
		nla_for_each_nested(inner, attr, left)
			if (nla_type(inner) == KFIPMEM_A_MEMBER_KEY)
				FUZZ_CHECK(!memchr_inv(nla_data(inner), 0,
						       nla_len(inner)));
	}
}

/* Who is refused is told why, in whole sentences. */
static void result_holds(int ret, const struct netlink_ext_ack *extack)
{
	FUZZ_CHECK(ret <= 0 && !region.opens && !reply.used);
	FUZZ_CHECK(now.calls == 1 || (ret && !now.calls));
	FUZZ_CHECK(!extack->cut);
	if (ret && !now.calls)
		FUZZ_CHECK(extack->msg && *extack->msg);
	if (extack->bad_attr)
		FUZZ_CHECK(in_message(extack->bad_attr, extack->bad_attr->nla_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct netlink_ext_ack extack = { 0 };
	struct fuzz_in in = { data, size };
	u8 which = fuzz_u8(&in);
	const struct genl_split_ops *op;
	struct nlattr *attrs[32];
	struct genl_info info = { .attrs = attrs, .extack = &extack };
	int ret;

	if (!family)
		ku_netlink_init();
	op = &family->split_ops[which % family->n_split_ops];
	if (!op->doit)
		return 0;
	FUZZ_CHECK(op->maxattr < ARRAY_SIZE(attrs));
	now.how = fuzz_u8(&in);
	now.calls = 0;
	info.nlhdr = make_message(in, op->cmd);
	ret = nla_parse(attrs, op->maxattr,
			nlmsg_attrdata(info.nlhdr, GENL_HDRLEN),
			nlmsg_attrlen(info.nlhdr, GENL_HDRLEN), op->policy,
			&extack);
	if (!ret) {
		ret = op->doit(NULL, &info);
		result_holds(ret, &extack);
		keys_are_wiped(info.nlhdr, op->cmd);
	}
	free(info.nlhdr);
	return 0;
}
