// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "kfipmem": commands that change something.
 * Documentation/netlink/kfipmem.yaml describes it.
 */
#include <linux/capability.h>
#include <linux/string.h>
#include "user.h"
#include "netlink.h"

/*
 * One policy for each set of attributes that a request may carry: what a
 * command does not know is refused, not ignored.
 */
static const struct nla_policy ku_pool_create_policy[] = {
	[KFIPMEM_A_POOL_NAME] = { .type = NLA_NUL_STRING,
				  .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_POOL_PATH] = { .type = NLA_NUL_STRING,
				  .len = KFIPMEM_PATH_MAX },
	[KFIPMEM_A_POOL_RAM_SIZE] = { .type = NLA_UINT },
	[KFIPMEM_A_POOL_FORCE] = { .type = NLA_FLAG },
	[KFIPMEM_A_POOL_CACHE_MODEL] = { .type = NLA_FLAG },
	[KFIPMEM_A_POOL_CACHE_SEED] = { .type = NLA_UINT },
};

static const struct nla_policy ku_pool_open_policy[] = {
	[KFIPMEM_A_POOL_PATH] = { .type = NLA_NUL_STRING,
				  .len = KFIPMEM_PATH_MAX },
	[KFIPMEM_A_POOL_CACHE_MODEL] = { .type = NLA_FLAG },
	[KFIPMEM_A_POOL_CACHE_SEED] = { .type = NLA_UINT },
};

static const struct nla_policy ku_pool_name_policy[] = {
	[KFIPMEM_A_POOL_NAME] = { .type = NLA_NUL_STRING,
				  .len = KFIPMEM_NAME_MAX },
};

static const struct nla_policy ku_region_policy[] = {
	[KFIPMEM_A_REGION_POOL] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_REGION_NAME] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_REGION_SIZE] = { .type = NLA_UINT },
};

static const struct nla_policy ku_export_policy[] = {
	[KFIPMEM_A_EXPORT_POOL] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_REGION] = { .type = NLA_NUL_STRING,
				      .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_PEER] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_KEY] = NLA_POLICY_EXACT_LEN(KFIPMEM_KEY_SIZE),
	[KFIPMEM_A_EXPORT_INSECURE] = { .type = NLA_FLAG },
	[KFIPMEM_A_EXPORT_READ_ONLY] = { .type = NLA_FLAG },
};

static const struct nla_policy ku_fence_policy[] = {
	[KFIPMEM_A_EXPORT_POOL] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_REGION] = { .type = NLA_NUL_STRING,
				      .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_PEER] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_EXPORT_EPOCH] = { .type = NLA_UINT },
};

static const struct nla_policy ku_target_policy[] = {
	[KFIPMEM_A_TARGET_ADDR] = { .type = NLA_NUL_STRING,
				    .len = KFIPMEM_HOST_MAX },
	[KFIPMEM_A_TARGET_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KFIPMEM_A_TARGET_PROVIDER] = { .type = NLA_NUL_STRING,
					.len = KFI_NAME_MAX - 1 },
};

static const struct nla_policy ku_attach_policy[] = {
	[KFIPMEM_A_ATTACHMENT_NAME] = { .type = NLA_NUL_STRING,
					.len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_ATTACHMENT_HOST] = { .type = NLA_NUL_STRING,
					.len = KFIPMEM_HOST_MAX },
	[KFIPMEM_A_ATTACHMENT_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[KFIPMEM_A_ATTACHMENT_REGION] = { .type = NLA_NUL_STRING,
					  .len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_ATTACHMENT_PEER] = { .type = NLA_NUL_STRING,
					.len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_ATTACHMENT_KEY] = NLA_POLICY_EXACT_LEN(KFIPMEM_KEY_SIZE),
	[KFIPMEM_A_ATTACHMENT_INSECURE] = { .type = NLA_FLAG },
	[KFIPMEM_A_ATTACHMENT_READ_ONLY] = { .type = NLA_FLAG },
	[KFIPMEM_A_ATTACHMENT_PROVIDER] = { .type = NLA_NUL_STRING,
					    .len = KFI_NAME_MAX - 1 },
};

static const struct nla_policy ku_detach_policy[] = {
	[KFIPMEM_A_ATTACHMENT_NAME] = { .type = NLA_NUL_STRING,
					.len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_ATTACHMENT_FORCE] = { .type = NLA_FLAG },
};

static int ku_nl_key(struct genl_info *info, int key_attr, int insecure_attr,
		     const u8 **key)
{
	return ku_nl_key_attr(info->extack, info->attrs[key_attr],
			      info->attrs[insecure_attr], key);
}

/* However often it was given: a command uses the last one. */
static void ku_nl_wipe_key(struct genl_info *info, int type)
{
	struct nlattr *attr;
	int rem;

	nlmsg_for_each_attr_type(attr, type, info->nlhdr, GENL_HDRLEN, rem)
		ku_nl_wipe(attr);
}

/*
 * Creating and opening a pool reads and writes a device that the caller names:
 * a network administrator need not be allowed to.
 */
static int ku_nl_may_use_devices(struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack, "pools need CAP_SYS_ADMIN");
	return -EPERM;
}

static int ku_nl_cache_model(struct genl_info *info,
			     struct kfi_pool_params *params)
{
	params->cache_model = ku_nl_flag(info, KFIPMEM_A_POOL_CACHE_MODEL);
	params->cache_seed = ku_nl_uint(info, KFIPMEM_A_POOL_CACHE_SEED);
	if (info->attrs[KFIPMEM_A_POOL_CACHE_SEED] && !params->cache_model)
		return ku_nl_refuse(info, KFIPMEM_A_POOL_CACHE_SEED, -EINVAL,
				    "a cache seed is for the cache model only");
	return 0;
}

static int ku_nl_pool_create(struct sk_buff *skb, struct genl_info *info)
{
	struct kfi_pool_params params = {
		.path = ku_nl_str(info, KFIPMEM_A_POOL_PATH),
		.force = ku_nl_flag(info, KFIPMEM_A_POOL_FORCE),
	};
	u64 ram = ku_nl_uint(info, KFIPMEM_A_POOL_RAM_SIZE);
	int ret;

	ret = ku_nl_may_use_devices(skb, info);
	if (ret)
		return ret;
	ret = ku_nl_need_name(info, KFIPMEM_A_POOL_NAME, "pool name",
			      &params.name);
	if (ret)
		return ret;
	ret = ku_nl_cache_model(info, &params);
	if (ret)
		return ret;
	if (info->attrs[KFIPMEM_A_POOL_RAM_SIZE]) {
		if (params.path)
			return ku_nl_refuse(info, KFIPMEM_A_POOL_RAM_SIZE,
					    -EINVAL,
					    "a pool is on a device or on DRAM, not on both");
		return ku_nl_done(kfi_pool_create_ram(params.name, ram,
						      params.cache_model,
						      params.cache_seed,
						      info->extack));
	}
	ret = ku_nl_need(info, KFIPMEM_A_POOL_PATH, "device path");
	if (ret)
		return ret;
	return ku_nl_done(kfi_pool_create(&params, info->extack));
}

static int ku_nl_pool_open(struct sk_buff *skb, struct genl_info *info)
{
	struct kfi_pool_params params = {
		.path = ku_nl_str(info, KFIPMEM_A_POOL_PATH),
	};
	int ret;

	ret = ku_nl_may_use_devices(skb, info);
	if (ret)
		return ret;
	ret = ku_nl_need(info, KFIPMEM_A_POOL_PATH, "device path");
	if (ret)
		return ret;
	ret = ku_nl_cache_model(info, &params);
	if (ret)
		return ret;
	return ku_nl_done(kfi_pool_open(&params, info->extack));
}

static int ku_nl_pool_close(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_need_name(info, KFIPMEM_A_POOL_NAME, "pool name", &name);
	if (ret)
		return ret;
	return ku_nl_done(kfi_pool_close(name, info->extack));
}

static int ku_nl_pool_destroy(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_may_use_devices(skb, info);
	if (ret)
		return ret;
	ret = ku_nl_need_name(info, KFIPMEM_A_POOL_NAME, "pool name", &name);
	if (ret)
		return ret;
	return ku_nl_done(kfi_pool_destroy(name, info->extack));
}

static int ku_nl_region_names(struct genl_info *info, const char **pool,
			      const char **region)
{
	return ku_nl_need_name(info, KFIPMEM_A_REGION_POOL, "pool name", pool) ?:
	       ku_nl_need_name(info, KFIPMEM_A_REGION_NAME, "region name",
			       region);
}

static int ku_nl_region_create(struct sk_buff *skb, struct genl_info *info)
{
	const char *pool, *region;
	u64 size;
	int ret;

	ret = ku_nl_region_names(info, &pool, &region);
	if (ret)
		return ret;
	ret = ku_nl_need(info, KFIPMEM_A_REGION_SIZE, "region size");
	if (ret)
		return ret;
	size = ku_nl_uint(info, KFIPMEM_A_REGION_SIZE);
	if (!size)
		return ku_nl_refuse(info, KFIPMEM_A_REGION_SIZE, -EINVAL,
				    "a region has at least one byte");
	return ku_nl_done(kfi_region_create(pool, region, size,
					    info->extack));
}

static int ku_nl_region_remove(struct sk_buff *skb, struct genl_info *info)
{
	const char *pool, *region;
	int ret;

	ret = ku_nl_region_names(info, &pool, &region);
	if (ret)
		return ret;
	return ku_nl_done(kfi_region_remove(pool, region, info->extack));
}

static int ku_nl_export_names(struct genl_info *info, const char **pool,
			      const char **region)
{
	return ku_nl_need_name(info, KFIPMEM_A_EXPORT_POOL, "pool name", pool) ?:
	       ku_nl_need_name(info, KFIPMEM_A_EXPORT_REGION, "region name",
			       region);
}

/* "*" is what an export to anybody is called. */
static int ku_nl_peer(struct genl_info *info, bool any_allowed,
		      const char **peer)
{
	int ret;

	ret = ku_nl_need(info, KFIPMEM_A_EXPORT_PEER, "peer name");
	if (ret)
		return ret;
	*peer = ku_nl_str(info, KFIPMEM_A_EXPORT_PEER);
	if (!strcmp(*peer, "*")) {
		if (any_allowed)
			return 0;
		return ku_nl_refuse(info, KFIPMEM_A_EXPORT_PEER, -EINVAL,
				    "'*' is for insecure exports; name the peer");
	}
	return ku_nl_name(info, KFIPMEM_A_EXPORT_PEER, peer);
}

static int ku_nl_export_add(struct sk_buff *skb, struct genl_info *info)
{
	const char *pool, *region, *peer;
	u64 access = KFI_REMOTE_READ;
	const u8 *key;
	int ret;

	if (!ku_nl_flag(info, KFIPMEM_A_EXPORT_READ_ONLY))
		access |= KFI_REMOTE_WRITE;
	ret = ku_nl_export_names(info, &pool, &region);
	if (ret)
		goto out_wipe;
	ret = ku_nl_key(info, KFIPMEM_A_EXPORT_KEY, KFIPMEM_A_EXPORT_INSECURE,
			&key);
	if (ret)
		goto out_wipe;
	ret = ku_nl_peer(info, !key, &peer);
	if (ret)
		goto out_wipe;
	/* An export that nobody can reach would only look like one. */
	ret = ku_target_start_default(info->extack);
	if (ret)
		goto out_wipe;
	ret = ku_nl_done(kfi_export_add(pool, region, peer, key, access,
					info->extack));
out_wipe:
	ku_nl_wipe_key(info, KFIPMEM_A_EXPORT_KEY);
	return ret;
}

static int ku_nl_export_remove(struct sk_buff *skb, struct genl_info *info)
{
	const char *pool, *region, *peer;
	int ret;

	ret = ku_nl_export_names(info, &pool, &region);
	if (ret)
		return ret;
	ret = ku_nl_peer(info, true, &peer);
	if (ret)
		return ret;
	return ku_nl_done(kfi_export_remove(pool, region, peer,
					    info->extack));
}

static int ku_nl_fence_region(struct genl_info *info,
			      struct kfi_region *region)
{
	struct kfi_pmem_attr attr;
	const char *peer;
	u64 epoch;
	int ret;

	if (info->attrs[KFIPMEM_A_EXPORT_PEER]) {
		ret = ku_nl_peer(info, true, &peer);
		if (ret)
			return ret;
		ret = kfi_region_revoke(region, peer);
		if (ret == -ENOENT)
			NL_SET_ERR_MSG(info->extack,
				       "not exported to this peer; see 'kfipmem exports'");
		return ret;
	}

	epoch = ku_nl_uint(info, KFIPMEM_A_EXPORT_EPOCH);
	ret = kfi_region_raise_epoch(region, epoch);
	if (ret == -EINVAL)
		return ku_nl_refuse(info, KFIPMEM_A_EXPORT_EPOCH, ret,
				    "no epoch is as high as this");
	if (ret == -ESTALE) {
		kfi_region_query(region, &attr);
		NL_SET_ERR_MSG_FMT(info->extack,
				   "the epoch is %llu already; it can only be raised",
				   attr.epoch);
	}
	return ret;
}

static int ku_nl_fence(struct sk_buff *skb, struct genl_info *info)
{
	const char *pool, *name;
	struct kfi_region *region;
	int ret;

	ret = ku_nl_export_names(info, &pool, &name);
	if (ret)
		return ret;
	if (!info->attrs[KFIPMEM_A_EXPORT_PEER] ==
	    !info->attrs[KFIPMEM_A_EXPORT_EPOCH]) {
		NL_SET_ERR_MSG(info->extack,
			       "fence takes either an epoch or a peer");
		return -EINVAL;
	}
	region = kfi_region_open(pool, name);
	if (IS_ERR(region)) {
		if (PTR_ERR(region) == -ENODEV)
			NL_SET_ERR_MSG_FMT(info->extack,
					   "the device of pool %.24s is gone; close it",
					   pool);
		else
			NL_SET_ERR_MSG(info->extack,
				       "no such region; see 'kfipmem region list'");
		return PTR_ERR(region);
	}
	ret = ku_nl_fence_region(info, region);
	kfi_region_put(region);
	return ku_nl_done(ret);
}

static int ku_nl_listen(struct sk_buff *skb, struct genl_info *info)
{
	const char *addr = ku_nl_str(info, KFIPMEM_A_TARGET_ADDR);
	u16 port = KFIPMEM_DEFAULT_PORT;

	if (info->attrs[KFIPMEM_A_TARGET_PORT])
		port = nla_get_u16(info->attrs[KFIPMEM_A_TARGET_PORT]);
	if (addr && !*addr)
		return ku_nl_refuse(info, KFIPMEM_A_TARGET_ADDR, -EINVAL,
				    "an address cannot be empty");
	return ku_nl_done(ku_target_listen(addr ?: "0.0.0.0", port,
					   ku_nl_str(info,
						     KFIPMEM_A_TARGET_PROVIDER),
					   info->extack));
}

static int ku_nl_unlisten(struct sk_buff *skb, struct genl_info *info)
{
	return ku_nl_done(ku_target_unlisten(info->extack));
}

static int ku_nl_attach_params(struct genl_info *info,
			       struct ku_attach_params *params)
{
	int ret;

	ret = ku_nl_need(info, KFIPMEM_A_ATTACHMENT_HOST, "peer address");
	if (ret)
		return ret;
	ret = ku_nl_need_name(info, KFIPMEM_A_ATTACHMENT_REGION, "region name",
			      &params->region);
	if (ret)
		return ret;
	ret = ku_nl_need_name(info, KFIPMEM_A_ATTACHMENT_PEER,
			      "the name this node has at the peer",
			      &params->peer);
	if (ret)
		return ret;
	params->name = params->region;
	if (info->attrs[KFIPMEM_A_ATTACHMENT_NAME]) {
		ret = ku_nl_name(info, KFIPMEM_A_ATTACHMENT_NAME,
				 &params->name);
		if (ret)
			return ret;
	}
	params->host = ku_nl_str(info, KFIPMEM_A_ATTACHMENT_HOST);
	if (!*params->host)
		return ku_nl_refuse(info, KFIPMEM_A_ATTACHMENT_HOST, -EINVAL,
				    "an address cannot be empty");
	params->provider = ku_nl_str(info, KFIPMEM_A_ATTACHMENT_PROVIDER);
	params->port = KFIPMEM_DEFAULT_PORT;
	if (info->attrs[KFIPMEM_A_ATTACHMENT_PORT])
		params->port =
			nla_get_u16(info->attrs[KFIPMEM_A_ATTACHMENT_PORT]);
	params->read_only = ku_nl_flag(info, KFIPMEM_A_ATTACHMENT_READ_ONLY);
	return ku_nl_key(info, KFIPMEM_A_ATTACHMENT_KEY,
			 KFIPMEM_A_ATTACHMENT_INSECURE, &params->key);
}

static int ku_nl_attach(struct sk_buff *skb, struct genl_info *info)
{
	struct ku_attach_params params = {};
	int ret;

	ret = ku_nl_attach_params(info, &params);
	if (!ret)
		ret = ku_nl_done(ku_attach(&params, info->extack));
	ku_nl_wipe_key(info, KFIPMEM_A_ATTACHMENT_KEY);
	return ret;
}

static int ku_nl_detach(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int ret;

	ret = ku_nl_need_name(info, KFIPMEM_A_ATTACHMENT_NAME, "name", &name);
	if (ret)
		return ret;
	return ku_nl_done(ku_detach(name,
				    ku_nl_flag(info,
					       KFIPMEM_A_ATTACHMENT_FORCE),
				    info->extack));
}

/* @last: the last attribute that a request may carry. */
#define KU_DO(_cmd, _doit, _policy, _last)				\
	{								\
		.cmd = KFIPMEM_CMD_##_cmd,				\
		.doit = _doit,						\
		.policy = _policy,					\
		.maxattr = _last,					\
		.flags = GENL_CMD_CAP_DO | GENL_ADMIN_PERM,		\
	}

#define KU_DUMP(_cmd, _dumpit)						\
	{								\
		.cmd = KFIPMEM_CMD_##_cmd,				\
		.start = ku_nl_dump_start,				\
		.dumpit = _dumpit,					\
		.flags = GENL_CMD_CAP_DUMP,				\
	}

/* In the order of their numbers. */
static const struct genl_split_ops ku_ops[] = {
	KU_DO(POOL_CREATE, ku_nl_pool_create, ku_pool_create_policy,
	      KFIPMEM_A_POOL_CACHE_SEED),
	KU_DO(POOL_OPEN, ku_nl_pool_open, ku_pool_open_policy,
	      KFIPMEM_A_POOL_CACHE_SEED),
	KU_DO(POOL_CLOSE, ku_nl_pool_close, ku_pool_name_policy,
	      KFIPMEM_A_POOL_NAME),
	KU_DO(POOL_DESTROY, ku_nl_pool_destroy, ku_pool_name_policy,
	      KFIPMEM_A_POOL_NAME),
	KU_DUMP(POOL_GET, ku_nl_pool_get),
	KU_DO(REGION_CREATE, ku_nl_region_create, ku_region_policy,
	      KFIPMEM_A_REGION_SIZE),
	KU_DO(REGION_REMOVE, ku_nl_region_remove, ku_region_policy,
	      KFIPMEM_A_REGION_NAME),
	KU_DUMP(REGION_GET, ku_nl_region_get),
	KU_DO(EXPORT_ADD, ku_nl_export_add, ku_export_policy,
	      KFIPMEM_A_EXPORT_READ_ONLY),
	KU_DO(EXPORT_REMOVE, ku_nl_export_remove, ku_export_policy,
	      KFIPMEM_A_EXPORT_PEER),
	KU_DUMP(EXPORT_GET, ku_nl_export_get),
	KU_DO(FENCE, ku_nl_fence, ku_fence_policy, KFIPMEM_A_EXPORT_EPOCH),
	KU_DO(LISTEN, ku_nl_listen, ku_target_policy,
	      KFIPMEM_A_TARGET_PROVIDER),
	KU_DO(UNLISTEN, ku_nl_unlisten, NULL, 0),
	KU_DO(ATTACH, ku_nl_attach, ku_attach_policy,
	      KFIPMEM_A_ATTACHMENT_PROVIDER),
	KU_DO(DETACH, ku_nl_detach, ku_detach_policy,
	      KFIPMEM_A_ATTACHMENT_FORCE),
	KU_DUMP(ATTACHMENT_GET, ku_nl_attachment_get),
	KU_DUMP(STATS_GET, ku_nl_stats_get),
	{
		.cmd = KFIPMEM_CMD_STATUS_GET,
		.doit = ku_nl_status_get,
		.flags = GENL_CMD_CAP_DO,
	},
	KU_DO(SET_START, ku_nl_set_start, ku_set_start_policy,
	      KFIPMEM_A_SET_MEMBER),
	KU_DO(SET_STOP, ku_nl_set_stop, ku_set_policy, KFIPMEM_A_SET_NAME),
	KU_DO(SET_ADD, ku_nl_set_add, ku_set_add_policy,
	      KFIPMEM_A_SET_MEMBER),
	KU_DO(SET_REMOVE, ku_nl_set_remove, ku_set_policy,
	      KFIPMEM_A_SET_INDEX),
	KU_DO(SET_SCRUB, ku_nl_set_scrub, ku_set_scrub_policy,
	      KFIPMEM_A_SET_REPAIR),
	KU_DUMP(SET_GET, ku_nl_set_get),
	KU_DO(BLK_ADD, ku_nl_blk_add, ku_blk_add_policy,
	      KFIPMEM_A_BLK_READ_ONLY),
	KU_DO(BLK_DEL, ku_nl_blk_del, ku_blk_del_policy,
	      KFIPMEM_A_BLK_FORCE),
	KU_DO(BLK_RESIZE, ku_nl_blk_resize, ku_blk_del_policy,
	      KFIPMEM_A_BLK_NUMBER),
	KU_DUMP(BLK_GET, ku_nl_blk_get),
};

/*
 * Network devices of other namespaces are out of reach for the providers, and
 * the pools belong to the machine: the family exists in the initial network
 * namespace only.
 */
struct genl_family ku_genl_family __ro_after_init = {
	.name = KFIPMEM_FAMILY_NAME,
	.version = KFIPMEM_FAMILY_VERSION,
	.netnsok = false,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.split_ops = ku_ops,
	.n_split_ops = ARRAY_SIZE(ku_ops),
};

/**
 * ku_netlink_init() - register the family
 *
 * Return: 0 or an error.
 */
int ku_netlink_init(void)
{
	return genl_register_family(&ku_genl_family);
}

/**
 * ku_netlink_exit() - unregister the family
 */
void ku_netlink_exit(void)
{
	genl_unregister_family(&ku_genl_family);
}
