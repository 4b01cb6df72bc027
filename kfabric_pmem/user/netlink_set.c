// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "kfipmem": replica sets. */
#include <linux/log2.h>
#include <kfi_replica.h>
#include "user.h"
#include "netlink.h"

static_assert(KFIPMEM_SET_MEMBERS_MAX == KFI_SET_MEMBERS_MAX);
static_assert(KFIPMEM_SET_HOST_MAX + 1 == KFI_SET_HOST_MAX);
static_assert((int)KFIPMEM_SET_TAKEOVER == KFI_SET_TAKEOVER);
static_assert((int)KFIPMEM_SET_ACTIVE == KFI_SET_ACTIVE);
static_assert((int)KFIPMEM_SET_SUSPENDED == KFI_SET_SUSPENDED);
static_assert((int)KFIPMEM_SET_FENCED == KFI_SET_FENCED);
static_assert((int)KFIPMEM_SET_STOPPING == KFI_SET_STOPPING);
static_assert((int)KFIPMEM_MEMBER_DOWN == KFI_MEMBER_DOWN);
static_assert((int)KFIPMEM_MEMBER_BEHIND == KFI_MEMBER_BEHIND);
static_assert((int)KFIPMEM_MEMBER_SYNCING == KFI_MEMBER_SYNCING);
static_assert((int)KFIPMEM_MEMBER_IN_SYNC == KFI_MEMBER_IN_SYNC);

static const struct nla_policy ku_member_policy[] = {
	[KFIPMEM_A_MEMBER_POOL] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_MEMBER_REGION] = { .type = NLA_NUL_STRING,
				      .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_MEMBER_HOST] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_SET_HOST_MAX },
	[KFIPMEM_A_MEMBER_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KFIPMEM_A_MEMBER_PROVIDER] = { .type = NLA_NUL_STRING,
					.len = KFI_NAME_MAX - 1 },
	[KFIPMEM_A_MEMBER_PEER] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_MEMBER_KEY] = NLA_POLICY_EXACT_LEN(KFIPMEM_KEY_SIZE),
	[KFIPMEM_A_MEMBER_INSECURE] = { .type = NLA_FLAG },
	[KFIPMEM_A_MEMBER_WITNESS] = { .type = NLA_FLAG },
	[KFIPMEM_A_MEMBER_REMOVED] = { .type = NLA_FLAG },
};

#define KU_MEMBER_LAST	KFIPMEM_A_MEMBER_REMOVED

const struct nla_policy ku_set_start_policy[] = {
	[KFIPMEM_A_SET_NAME] = { .type = NLA_NUL_STRING,
				 .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_SET_CREATE] = { .type = NLA_FLAG },
	[KFIPMEM_A_SET_ASSUME_CLEAN] = { .type = NLA_FLAG },
	[KFIPMEM_A_SET_RAW] = { .type = NLA_FLAG },
	[KFIPMEM_A_SET_FAIL_IO] = { .type = NLA_FLAG },
	[KFIPMEM_A_SET_EXTENT_SIZE] = { .type = NLA_UINT },
	[KFIPMEM_A_SET_RESYNC_RATE] = { .type = NLA_UINT },
	[KFIPMEM_A_SET_MEMBER] = NLA_POLICY_NESTED(ku_member_policy),
};

const struct nla_policy ku_set_add_policy[] = {
	[KFIPMEM_A_SET_NAME] = { .type = NLA_NUL_STRING,
				 .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_SET_MEMBER] = NLA_POLICY_NESTED(ku_member_policy),
};

/* Of stop and remove. */
const struct nla_policy ku_set_policy[] = {
	[KFIPMEM_A_SET_NAME] = { .type = NLA_NUL_STRING,
				 .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_SET_INDEX] = NLA_POLICY_MAX(NLA_U32,
					       KFI_SET_MEMBERS_MAX - 1),
};

const struct nla_policy ku_set_scrub_policy[] = {
	[KFIPMEM_A_SET_NAME] = { .type = NLA_NUL_STRING,
				 .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_SET_REPAIR] = { .type = NLA_FLAG },
};

static int ku_nl_set_name(struct genl_info *info, const char **name)
{
	return ku_nl_need_name(info, KFIPMEM_A_SET_NAME, "set name", name);
}

static void ku_nl_wipe_members(struct genl_info *info)
{
	struct nlattr *member, *attr;
	int rem, inner;

	nlmsg_for_each_attr_type(member, KFIPMEM_A_SET_MEMBER, info->nlhdr,
				 GENL_HDRLEN, rem)
		nla_for_each_nested(attr, member, inner)
			if (nla_type(attr) == KFIPMEM_A_MEMBER_KEY)
				ku_nl_wipe(attr);
}

/* Of a member that was removed nothing but its index is left. */
static int ku_nl_removed_member(struct nlattr **tb,
				struct kfi_member_params *member,
				struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 1; i < KFIPMEM_A_MEMBER_REMOVED; i++)
		if (tb[i])
			return ku_nl_refuse_attr(extack, tb[i], -EINVAL,
						 "a member that was removed is nowhere; give nothing else of it");
	member->gone = true;
	return 0;
}

/* What only a member on another machine has. */
static int ku_nl_local_member(struct nlattr **tb,
			      struct kfi_member_params *member,
			      struct netlink_ext_ack *extack)
{
	static const u8 remote[] = {
		KFIPMEM_A_MEMBER_HOST, KFIPMEM_A_MEMBER_PORT,
		KFIPMEM_A_MEMBER_PROVIDER, KFIPMEM_A_MEMBER_PEER,
		KFIPMEM_A_MEMBER_KEY, KFIPMEM_A_MEMBER_INSECURE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(remote); i++)
		if (tb[remote[i]])
			return ku_nl_refuse_attr(extack, tb[remote[i]], -EINVAL,
						 "a member has a pool here, or is on a host, not both");
	return ku_nl_name_attr(extack, tb[KFIPMEM_A_MEMBER_POOL],
			       &member->pool);
}

static int ku_nl_remote_member(struct nlattr **tb,
			       struct kfi_member_params *member,
			       struct netlink_ext_ack *extack)
{
	int ret;

	if (!tb[KFIPMEM_A_MEMBER_HOST]) {
		NL_SET_ERR_MSG(extack, "a member needs a pool or a host");
		return -EINVAL;
	}
	member->host = nla_data(tb[KFIPMEM_A_MEMBER_HOST]);
	if (!*member->host)
		return ku_nl_refuse_attr(extack, tb[KFIPMEM_A_MEMBER_HOST],
					 -EINVAL,
					 "an address cannot be empty");
	if (!tb[KFIPMEM_A_MEMBER_PEER]) {
		NL_SET_ERR_MSG_FMT(extack,
				   "the name this node has at %.32s is missing",
				   member->host);
		return -EINVAL;
	}
	ret = ku_nl_name_attr(extack, tb[KFIPMEM_A_MEMBER_PEER],
			      &member->peer);
	if (ret)
		return ret;
	member->port = KFIPMEM_DEFAULT_PORT;
	if (tb[KFIPMEM_A_MEMBER_PORT])
		member->port = nla_get_u16(tb[KFIPMEM_A_MEMBER_PORT]);
	if (tb[KFIPMEM_A_MEMBER_PROVIDER])
		member->provider = nla_data(tb[KFIPMEM_A_MEMBER_PROVIDER]);
	return ku_nl_key_attr(extack, tb[KFIPMEM_A_MEMBER_KEY],
			      tb[KFIPMEM_A_MEMBER_INSECURE], &member->key);
}

static int ku_nl_member(const struct nlattr *nest,
			struct kfi_member_params *member,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[KU_MEMBER_LAST + 1];
	int ret;

	ret = nla_parse_nested(tb, KU_MEMBER_LAST, nest, ku_member_policy,
			       extack);
	if (ret)
		return ret;
	if (tb[KFIPMEM_A_MEMBER_REMOVED])
		return ku_nl_removed_member(tb, member, extack);
	if (!tb[KFIPMEM_A_MEMBER_REGION])
		return ku_nl_refuse_attr(extack, nest, -EINVAL,
					 "a member's region name is missing");
	ret = ku_nl_name_attr(extack, tb[KFIPMEM_A_MEMBER_REGION],
			      &member->region);
	if (ret)
		return ret;
	member->witness = nla_get_flag(tb[KFIPMEM_A_MEMBER_WITNESS]);
	if (tb[KFIPMEM_A_MEMBER_POOL])
		return ku_nl_local_member(tb, member, extack);
	return ku_nl_remote_member(tb, member, extack);
}

/* Return: the number of members, or an error. */
static int ku_nl_members(struct genl_info *info,
			 struct kfi_member_params *member, unsigned int max)
{
	const struct nlattr *nest;
	unsigned int nr = 0;
	int rem, ret;

	nlmsg_for_each_attr_type(nest, KFIPMEM_A_SET_MEMBER, info->nlhdr,
				 GENL_HDRLEN, rem) {
		if (nr == max) {
			NL_SET_BAD_ATTR(info->extack, nest);
			NL_SET_ERR_MSG_FMT(info->extack,
					   "more members than the %u that are possible",
					   max);
			return -EINVAL;
		}
		ret = ku_nl_member(nest, &member[nr++], info->extack);
		if (ret)
			return ret;
	}
	return nr;
}

static int ku_nl_extent_shift(struct genl_info *info,
			      struct kfi_set_params *params)
{
	u64 size = ku_nl_uint(info, KFIPMEM_A_SET_EXTENT_SIZE);

	if (!info->attrs[KFIPMEM_A_SET_EXTENT_SIZE])
		return 0;
	if (!params->create)
		return ku_nl_refuse(info, KFIPMEM_A_SET_EXTENT_SIZE, -EINVAL,
				    "the size of an extent is chosen when the set is made");
	/* A shift of 0 stands for the default. */
	if (size < 2 || !is_power_of_2(size))
		return ku_nl_refuse(info, KFIPMEM_A_SET_EXTENT_SIZE, -EINVAL,
				    "the size of an extent is a power of two");
	params->extent_shift = ilog2(size);
	return 0;
}

static int ku_nl_set_flags(struct genl_info *info,
			   struct kfi_set_params *params)
{
	params->create = ku_nl_flag(info, KFIPMEM_A_SET_CREATE);
	params->assume_clean = ku_nl_flag(info, KFIPMEM_A_SET_ASSUME_CLEAN);
	params->raw = ku_nl_flag(info, KFIPMEM_A_SET_RAW);
	params->fail_io = ku_nl_flag(info, KFIPMEM_A_SET_FAIL_IO);
	params->resync_rate = ku_nl_uint(info, KFIPMEM_A_SET_RESYNC_RATE);
	if (params->assume_clean && !params->create)
		return ku_nl_refuse(info, KFIPMEM_A_SET_ASSUME_CLEAN, -EINVAL,
				    "only a new set can be assumed to be clean");
	if (params->raw && params->create)
		return ku_nl_refuse(info, KFIPMEM_A_SET_RAW, -EINVAL,
				    "a raw set has no record: it is not created, only started");
	return 0;
}

static int ku_nl_set_params(struct genl_info *info,
			    struct kfi_set_params *params,
			    struct kfi_member_params *member)
{
	int ret;

	ret = ku_nl_set_name(info, &params->name);
	if (ret)
		return ret;
	ret = ku_nl_set_flags(info, params);
	if (ret)
		return ret;
	ret = ku_nl_extent_shift(info, params);
	if (ret)
		return ret;
	ret = ku_nl_need(info, KFIPMEM_A_SET_MEMBER, "a member");
	if (ret)
		return ret;
	ret = ku_nl_members(info, member, KFI_SET_MEMBERS_MAX);
	if (ret < 0)
		return ret;
	params->nr_members = ret;
	params->member = member;
	return 0;
}

/**
 * ku_nl_set_start() - KFIPMEM_CMD_SET_START
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_set_start(struct sk_buff *skb, struct genl_info *info)
{
	struct kfi_member_params member[KFI_SET_MEMBERS_MAX] = {};
	struct kfi_set_params params = {};
	int ret;

	ret = ku_nl_set_params(info, &params, member);
	if (!ret)
		ret = ku_nl_done(ku_set_start(&params, info->extack));
	ku_nl_wipe_members(info);
	return ret;
}

/**
 * ku_nl_set_stop() - KFIPMEM_CMD_SET_STOP
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_set_stop(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_set_name(info, &name);
	if (ret)
		return ret;
	return ku_nl_done(ku_set_stop(name, info->extack));
}

static int ku_nl_set_add_member(struct genl_info *info)
{
	struct kfi_member_params member = {};
	const char *name;
	int ret;

	ret = ku_nl_set_name(info, &name);
	if (ret)
		return ret;
	ret = ku_nl_need(info, KFIPMEM_A_SET_MEMBER, "a member");
	if (ret)
		return ret;
	ret = ku_nl_members(info, &member, 1);
	if (ret < 0)
		return ret;
	if (member.gone)
		return ku_nl_refuse(info, KFIPMEM_A_SET_MEMBER, -EINVAL,
				    "a member that was removed cannot be added");
	return ku_nl_done(kfi_set_add(name, &member, info->extack));
}

/**
 * ku_nl_set_add() - KFIPMEM_CMD_SET_ADD
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_set_add(struct sk_buff *skb, struct genl_info *info)
{
	int ret = ku_nl_set_add_member(info);

	ku_nl_wipe_members(info);
	return ret;
}

/**
 * ku_nl_set_remove() - KFIPMEM_CMD_SET_REMOVE
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_set_remove(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_set_name(info, &name);
	if (ret)
		return ret;
	ret = ku_nl_need(info, KFIPMEM_A_SET_INDEX, "the member's index");
	if (ret)
		return ret;
	ret = kfi_set_remove(name,
			     nla_get_u32(info->attrs[KFIPMEM_A_SET_INDEX]),
			     info->extack);
	return ku_nl_done(ret);
}

/**
 * ku_nl_set_scrub() - KFIPMEM_CMD_SET_SCRUB
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_set_scrub(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_set_name(info, &name);
	if (ret)
		return ret;
	ret = kfi_set_scrub(name, ku_nl_flag(info, KFIPMEM_A_SET_REPAIR),
			    info->extack);
	return ku_nl_done(ret);
}

static int ku_put_member_state(struct sk_buff *skb,
			       const struct kfi_member_attr *attr)
{
	int where = attr->local ? KFIPMEM_A_MEMBER_POOL : KFIPMEM_A_MEMBER_HOST;

	return nla_put_string(skb, where, attr->host) ?:
	       nla_put_string(skb, KFIPMEM_A_MEMBER_REGION, attr->region) ?:
	       nla_put_u32(skb, KFIPMEM_A_MEMBER_STATE, attr->state) ?:
	       ku_put_flag(skb, KFIPMEM_A_MEMBER_WITNESS, attr->witness) ?:
	       ku_put_flag(skb, KFIPMEM_A_MEMBER_FULL, attr->full) ?:
	       nla_put_u32(skb, KFIPMEM_A_MEMBER_ERROR, -attr->err) ?:
	       nla_put_uint(skb, KFIPMEM_A_MEMBER_BEHIND, attr->behind) ?:
	       nla_put_uint(skb, KFIPMEM_A_MEMBER_RESYNCED, attr->resynced) ?:
	       nla_put_uint(skb, KFIPMEM_A_MEMBER_RESYNC_TOTAL,
			    attr->resync_total) ?:
	       nla_put_uint(skb, KFIPMEM_A_MEMBER_WRITES, attr->writes);
}

static int ku_put_member(struct sk_buff *skb, unsigned int index,
			 const struct kfi_member_attr *attr)
{
	struct nlattr *nest = nla_nest_start(skb, KFIPMEM_A_SET_MEMBER);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, KFIPMEM_A_MEMBER_INDEX, index);
	if (!err && attr->gone)
		err = nla_put_flag(skb, KFIPMEM_A_MEMBER_REMOVED);
	else if (!err)
		err = ku_put_member_state(skb, attr);
	nla_nest_end(skb, nest);
	return err;
}

static int ku_put_set_counters(struct sk_buff *skb,
			       const struct kfi_set_attr *attr)
{
	return nla_put_uint(skb, KFIPMEM_A_SET_HELD, attr->held) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_READS, attr->reads) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_WRITES, attr->writes) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_COMMITS, attr->commits) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_INTENT_WRITES,
			    attr->intent_writes) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_TAKEOVER_MS,
			    attr->takeover_ms) ?:
	       ku_put_flag(skb, KFIPMEM_A_SET_SCRUBBING, attr->scrubbing) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_SCRUBBED, attr->scrubbed) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_MISMATCHES, attr->mismatches) ?:
	       nla_put_uint(skb, KFIPMEM_A_SET_REPAIRED, attr->repaired) ?:
	       nla_put_u32(skb, KFIPMEM_A_SET_USERS, attr->users);
}

static int ku_set_fill(const struct kfi_set_attr *attr, void *arg)
{
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	unsigned int i;
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	err = nla_put_string(skb, KFIPMEM_A_SET_NAME, attr->name) ?:
	      ku_put_uuid(skb, KFIPMEM_A_SET_UUID, &attr->uuid) ?:
	      nla_put_uint(skb, KFIPMEM_A_SET_SIZE, attr->size) ?:
	      nla_put_u32(skb, KFIPMEM_A_SET_STATE, attr->state) ?:
	      nla_put_uint(skb, KFIPMEM_A_SET_EPOCH, attr->epoch) ?:
	      nla_put_uint(skb, KFIPMEM_A_SET_GENERATION, attr->generation) ?:
	      nla_put_u32(skb, KFIPMEM_A_SET_QUORUM, attr->quorum) ?:
	      nla_put_uint(skb, KFIPMEM_A_SET_EXTENT_SIZE, attr->extent) ?:
	      nla_put_uint(skb, KFIPMEM_A_SET_DIRTY_EXTENTS,
			   attr->dirty_extents) ?:
	      ku_put_set_counters(skb, attr);
	for (i = 0; i < attr->nr_members && !err; i++)
		err = ku_put_member(skb, i, &attr->member[i]);
	return ku_dump_end(dump, hdr, err);
}

/**
 * ku_nl_set_get() - KFIPMEM_CMD_SET_GET
 * @skb: a part of the list
 * @cb: where the list stands
 *
 * Return: for netlink.
 */
int ku_nl_set_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_SET_GET);
	return ku_dump_result(&dump, kfi_set_for_each(ku_set_fill, &dump));
}
