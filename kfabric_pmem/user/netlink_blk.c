// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "kfipmem": block devices on replica sets. */
#include <kfi_blk.h>
#include "user.h"
#include "netlink.h"

static const struct netlink_range_validation ku_blk_numbers = {
	.max = S32_MAX,
};

const struct nla_policy ku_blk_add_policy[] = {
	[KFIPMEM_A_BLK_NUMBER] = NLA_POLICY_FULL_RANGE(NLA_U32,
						       &ku_blk_numbers),
	[KFIPMEM_A_BLK_SET] = { .type = NLA_NUL_STRING,
				.len = KFIPMEM_NAME_MAX },
	[KFIPMEM_A_BLK_BLOCK_SIZE] = { .type = NLA_U32 },
	[KFIPMEM_A_BLK_READ_ONLY] = { .type = NLA_FLAG },
};

/* Of del and resize. */
const struct nla_policy ku_blk_del_policy[] = {
	[KFIPMEM_A_BLK_NUMBER] = NLA_POLICY_FULL_RANGE(NLA_U32,
						       &ku_blk_numbers),
	[KFIPMEM_A_BLK_FORCE] = { .type = NLA_FLAG },
};

/* @reply was made before the device was: what exists has to be told of. */
static int ku_nl_blk_make(struct genl_info *info, struct sk_buff *reply)
{
	struct kfi_blk_params params = {
		.number = -1,
		.read_only = ku_nl_flag(info, KFIPMEM_A_BLK_READ_ONLY),
	};
	struct nlattr *attr = info->attrs[KFIPMEM_A_BLK_NUMBER];
	struct nlattr *made;
	int ret, number;
	void *hdr;

	ret = ku_nl_need_name(info, KFIPMEM_A_BLK_SET, "set name", &params.set);
	if (ret)
		return ret;
	if (attr)
		params.number = nla_get_u32(attr);
	if (info->attrs[KFIPMEM_A_BLK_BLOCK_SIZE])
		params.block_size =
			nla_get_u32(info->attrs[KFIPMEM_A_BLK_BLOCK_SIZE]);

	hdr = genlmsg_put_reply(reply, info, &ku_genl_family, 0,
				KFIPMEM_CMD_BLK_ADD);
	if (!hdr)
		return -EMSGSIZE;
	made = nla_reserve(reply, KFIPMEM_A_BLK_NUMBER, sizeof(u32));
	if (!made)
		return -EMSGSIZE;
	ret = ku_nl_done(kfi_blk_add(&params, &number, info->extack));
	if (ret)
		return ret;
	*(u32 *)nla_data(made) = number;
	genlmsg_end(reply, hdr);
	return 0;
}

/**
 * ku_nl_blk_add() - KFIPMEM_CMD_BLK_ADD
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_blk_add(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	int ret;

	if (!reply)
		return -ENOMEM;
	ret = ku_nl_blk_make(info, reply);
	if (!ret)
		return genlmsg_reply(reply, info);
	nlmsg_free(reply);
	return ret;
}

struct ku_blk_find {
	int number;
	char set[KFIPMEM_NAME_MAX + 1];
};

static int ku_blk_match(const struct kfi_blk_attr *attr, void *arg)
{
	struct ku_blk_find *find = arg;

	if (attr->number != find->number)
		return 0;
	strscpy(find->set, attr->set, sizeof(find->set));
	return 1;
}

/*
 * A device is known by the name of its set, which has one at most. kfiblkN
 * would do as well, if there were no set of that name.
 */
static int ku_nl_blk_set(struct genl_info *info, struct ku_blk_find *find)
{
	int ret;

	ret = ku_nl_need(info, KFIPMEM_A_BLK_NUMBER, "device number");
	if (ret)
		return ret;
	find->number = nla_get_u32(info->attrs[KFIPMEM_A_BLK_NUMBER]);
	ret = kfi_blk_for_each(ku_blk_match, find);
	if (ret < 0)
		return ret;
	if (!ret) {
		NL_SET_ERR_MSG_FMT(info->extack,
				   "there is no /dev/kfiblk%d; see 'kfipmem blk list'",
				   find->number);
		return -ENOENT;
	}
	return 0;
}

/**
 * ku_nl_blk_del() - KFIPMEM_CMD_BLK_DEL
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_blk_del(struct sk_buff *skb, struct genl_info *info)
{
	struct ku_blk_find find;
	int ret;

	ret = ku_nl_blk_set(info, &find);
	if (ret)
		return ret;
	return ku_nl_done(kfi_blk_del(find.set,
				      ku_nl_flag(info, KFIPMEM_A_BLK_FORCE),
				      info->extack));
}

/**
 * ku_nl_blk_resize() - KFIPMEM_CMD_BLK_RESIZE
 * @skb: the request
 * @info: likewise
 *
 * Return: 0 or an error.
 */
int ku_nl_blk_resize(struct sk_buff *skb, struct genl_info *info)
{
	struct ku_blk_find find;
	int ret;

	ret = ku_nl_blk_set(info, &find);
	if (ret)
		return ret;
	return ku_nl_done(kfi_blk_resize(find.set, info->extack));
}

static int ku_blk_fill(const struct kfi_blk_attr *attr, void *arg)
{
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	err = nla_put_u32(skb, KFIPMEM_A_BLK_NUMBER, attr->number) ?:
	      nla_put_string(skb, KFIPMEM_A_BLK_SET, attr->set) ?:
	      nla_put_u32(skb, KFIPMEM_A_BLK_BLOCK_SIZE, attr->block_size) ?:
	      ku_put_flag(skb, KFIPMEM_A_BLK_READ_ONLY, attr->read_only) ?:
	      nla_put_uint(skb, KFIPMEM_A_BLK_SIZE, attr->size) ?:
	      nla_put_u32(skb, KFIPMEM_A_BLK_OPENERS, attr->openers);
	return ku_dump_end(dump, hdr, err);
}

/**
 * ku_nl_blk_get() - KFIPMEM_CMD_BLK_GET
 * @skb: a part of the list
 * @cb: where the list stands
 *
 * Return: for netlink.
 */
int ku_nl_blk_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_BLK_GET);
	return ku_dump_result(&dump, kfi_blk_for_each(ku_blk_fill, &dump));
}
