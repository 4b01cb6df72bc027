// SPDX-License-Identifier: GPL-2.0-only
/* The generic netlink family "kfipmem": what is read. */
#include <linux/slab.h>
#include "user.h"
#include "netlink.h"

static_assert((int)KFIPMEM_DOMAIN_ASYNC == KFI_PMEM_DOMAIN_ASYNC);
static_assert((int)KFIPMEM_DOMAIN_MEM_CTRL == KFI_PMEM_DOMAIN_MEM_CTRL);
static_assert((int)KFIPMEM_DOMAIN_CPU_CACHE == KFI_PMEM_DOMAIN_CPU_CACHE);
static_assert((int)KFIPMEM_DOMAIN_EMULATED == KFI_PMEM_DOMAIN_EMULATED);
static_assert((int)KFIPMEM_METHOD_ASSISTED == KFI_COMMIT_ASSISTED);
static_assert((int)KFIPMEM_METHOD_INLINE == KFI_COMMIT_INLINE);
static_assert((int)KFIPMEM_METHOD_EADR == KFI_COMMIT_EADR);
static_assert((int)KFIPMEM_METHOD_ASYNC == KFI_COMMIT_ASYNC);
static_assert((int)KFIPMEM_METHOD_NATIVE == KFI_COMMIT_NATIVE);
static_assert((int)KFIPMEM_OP_RECV == KFI_STAT_RECV);
static_assert(KFIPMEM_LATENCY_BUCKETS == KFI_STAT_LATENCY_BUCKETS);
static_assert(KFIPMEM_KEY_SIZE == KFI_PMEM_KEY_SIZE);
static_assert(KFIPMEM_NAME_MAX + 1 == KFI_PMEM_NAME_MAX);

/* The counters of one endpoint do not fit in the usual size. */
#define KU_DUMP_ALLOC	SZ_16K

int ku_nl_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = KU_DUMP_ALLOC;
	return 0;
}

/**
 * ku_dump_begin() - begin an entry of a list
 * @dump: the list
 *
 * Return: the entry's header; NULL when it went out in an earlier part; ERR_PTR
 * when the part is full.
 */
void *ku_dump_begin(struct ku_dump *dump)
{
	struct netlink_callback *cb = dump->cb;
	void *hdr;

	if (dump->at++ < dump->next)
		return NULL;
	hdr = genlmsg_put(dump->skb, NETLINK_CB(cb->skb).portid,
			  cb->nlh->nlmsg_seq, &ku_genl_family, NLM_F_MULTI,
			  dump->cmd);
	if (!hdr)
		return ERR_PTR(-EMSGSIZE);
	genl_dump_check_consistent(cb, hdr);
	return hdr;
}

/**
 * ku_dump_end() - end an entry of a list
 * @dump: the list
 * @hdr: the entry's header
 * @err: what filling it came to
 *
 * Return: 0, or -EMSGSIZE when the part is full.
 */
int ku_dump_end(struct ku_dump *dump, void *hdr, int err)
{
	if (err) {
		genlmsg_cancel(dump->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(dump->skb, hdr);
	dump->next = dump->at;
	return 0;
}

/**
 * ku_dump_init() - begin a part of a list
 * @dump: the list
 * @skb: the part
 * @cb: where the list stands
 * @cmd: command of the entries
 */
void ku_dump_init(struct ku_dump *dump, struct sk_buff *skb,
		  struct netlink_callback *cb, u8 cmd)
{
	cb->seq = ku_change_seq();
	*dump = (struct ku_dump){
		.skb = skb,
		.cb = cb,
		.next = cb->args[0],
		.cmd = cmd,
	};
}

/**
 * ku_dump_result() - end a part of a list
 * @dump: the list
 * @ret: what visiting its objects came to
 *
 * A full part is not an error, unless not even one entry fits in it.
 *
 * Return: for the dumpit().
 */
int ku_dump_result(struct ku_dump *dump, int ret)
{
	dump->cb->args[0] = dump->next;
	if (ret == -EMSGSIZE && dump->skb->len)
		return dump->skb->len;
	return ret ?: dump->skb->len;
}

static int ku_pool_fill(const struct kfi_pool_attr *attr, void *arg)
{
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	err = nla_put_string(skb, KFIPMEM_A_POOL_NAME, attr->name) ?:
	      nla_put_string(skb, KFIPMEM_A_POOL_PATH, attr->path) ?:
	      ku_put_uuid(skb, KFIPMEM_A_POOL_UUID, &attr->uuid) ?:
	      ku_put_uuid(skb, KFIPMEM_A_POOL_INCARNATION,
			  &attr->incarnation) ?:
	      nla_put_uint(skb, KFIPMEM_A_POOL_SIZE, attr->size) ?:
	      nla_put_uint(skb, KFIPMEM_A_POOL_FREE, attr->free) ?:
	      nla_put_uint(skb, KFIPMEM_A_POOL_MAX_FREE, attr->max_free) ?:
	      nla_put_u32(skb, KFIPMEM_A_POOL_REGIONS, attr->regions) ?:
	      nla_put_u32(skb, KFIPMEM_A_POOL_DOMAIN, attr->domain) ?:
	      ku_put_flag(skb, KFIPMEM_A_POOL_CACHE_MODEL, attr->cache_model);
	return ku_dump_end(dump, hdr, err);
}

int ku_nl_pool_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_POOL_GET);
	return ku_dump_result(&dump, kfi_pool_for_each(ku_pool_fill, &dump));
}

static int ku_region_fill(struct kfi_region *region, void *arg)
{
	char node[2 * KFI_PMEM_NAME_MAX];
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	struct kfi_pmem_attr attr;
	unsigned int opens;
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	kfi_region_query(region, &attr);
	err = nla_put_string(skb, KFIPMEM_A_REGION_POOL,
			     kfi_region_pool_name(region)) ?:
	      nla_put_string(skb, KFIPMEM_A_REGION_NAME,
			     kfi_region_name(region)) ?:
	      nla_put_uint(skb, KFIPMEM_A_REGION_SIZE,
			   kfi_region_size(region)) ?:
	      ku_put_uuid(skb, KFIPMEM_A_REGION_UUID, &attr.uuid) ?:
	      ku_put_uuid(skb, KFIPMEM_A_REGION_INCARNATION,
			  &attr.incarnation) ?:
	      nla_put_uint(skb, KFIPMEM_A_REGION_GENERATION,
			   attr.generation) ?:
	      nla_put_uint(skb, KFIPMEM_A_REGION_EPOCH, attr.epoch) ?:
	      nla_put_u32(skb, KFIPMEM_A_REGION_DOMAIN, attr.domain) ?:
	      nla_put_u32(skb, KFIPMEM_A_REGION_ATOMIC_WIDTH,
			  attr.atomic_width);
	if (!err && ku_local_node_info(region, node, sizeof(node), &opens))
		err = nla_put_string(skb, KFIPMEM_A_REGION_NODE, node) ?:
		      nla_put_u32(skb, KFIPMEM_A_REGION_OPENS, opens);
	return ku_dump_end(dump, hdr, err);
}

int ku_nl_region_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_REGION_GET);
	return ku_dump_result(&dump,
			      kfi_region_for_each(ku_region_fill, &dump));
}

static int ku_export_fill(const struct kfi_export_attr *attr, void *arg)
{
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	err = nla_put_string(skb, KFIPMEM_A_EXPORT_POOL, attr->pool) ?:
	      nla_put_string(skb, KFIPMEM_A_EXPORT_REGION, attr->region) ?:
	      nla_put_string(skb, KFIPMEM_A_EXPORT_PEER, attr->peer) ?:
	      ku_put_flag(skb, KFIPMEM_A_EXPORT_INSECURE, attr->insecure) ?:
	      ku_put_flag(skb, KFIPMEM_A_EXPORT_READ_ONLY,
			  !(attr->access & KFI_REMOTE_WRITE)) ?:
	      ku_put_flag(skb, KFIPMEM_A_EXPORT_REVOKED, attr->revoked) ?:
	      nla_put_u32(skb, KFIPMEM_A_EXPORT_ATTACHED, attr->attached);
	return ku_dump_end(dump, hdr, err);
}

int ku_nl_export_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_EXPORT_GET);
	return ku_dump_result(&dump,
			      kfi_export_for_each(ku_export_fill, &dump));
}

static int ku_attachment_fill(struct ku_attachment *att, void *arg)
{
	struct kfi_pmem_attr now = att->attr, *attr = &now;
	struct ku_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	int err;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	/* As attested now, or last where the target is out of reach. */
	kfi_pmem_query(att->client.ep, att->addr, att->key, &now);
	err = nla_put_string(skb, KFIPMEM_A_ATTACHMENT_NAME, att->name) ?:
	      nla_put_string(skb, KFIPMEM_A_ATTACHMENT_HOST, att->host) ?:
	      nla_put_u16(skb, KFIPMEM_A_ATTACHMENT_PORT, att->port) ?:
	      nla_put_string(skb, KFIPMEM_A_ATTACHMENT_REGION, att->region) ?:
	      nla_put_string(skb, KFIPMEM_A_ATTACHMENT_PEER, att->peer) ?:
	      nla_put_string(skb, KFIPMEM_A_ATTACHMENT_PROVIDER,
			     att->client.info->fabric_attr->prov_name ?: "") ?:
	      ku_put_flag(skb, KFIPMEM_A_ATTACHMENT_INSECURE,
			  att->insecure) ?:
	      ku_put_flag(skb, KFIPMEM_A_ATTACHMENT_READ_ONLY,
			  att->read_only) ?:
	      nla_put_uint(skb, KFIPMEM_A_ATTACHMENT_SIZE, attr->size) ?:
	      ku_put_uuid(skb, KFIPMEM_A_ATTACHMENT_UUID, &attr->uuid) ?:
	      ku_put_uuid(skb, KFIPMEM_A_ATTACHMENT_INCARNATION,
			  &attr->incarnation) ?:
	      nla_put_uint(skb, KFIPMEM_A_ATTACHMENT_GENERATION,
			   attr->generation) ?:
	      nla_put_uint(skb, KFIPMEM_A_ATTACHMENT_EPOCH, attr->epoch) ?:
	      nla_put_u32(skb, KFIPMEM_A_ATTACHMENT_DOMAIN, attr->domain) ?:
	      nla_put_u32(skb, KFIPMEM_A_ATTACHMENT_METHOD, attr->method) ?:
	      nla_put_u32(skb, KFIPMEM_A_ATTACHMENT_ATOMIC_WIDTH,
			  attr->atomic_width) ?:
	      nla_put_u32(skb, KFIPMEM_A_ATTACHMENT_INLINE_MAX,
			  attr->inline_max) ?:
	      nla_put_string(skb, KFIPMEM_A_ATTACHMENT_NODE, att->name) ?:
	      nla_put_u32(skb, KFIPMEM_A_ATTACHMENT_OPENS,
			  ku_node_opens(att->node));
	return ku_dump_end(dump, hdr, err);
}

int ku_nl_attachment_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_dump dump;

	ku_dump_init(&dump, skb, cb, KFIPMEM_CMD_ATTACHMENT_GET);
	return ku_dump_result(&dump,
			      ku_attachment_for_each(ku_attachment_fill,
						     &dump));
}

static bool ku_op_counted(const struct kfi_pmem_stats *stats, int op)
{
	const struct kfi_op_stats *s = &stats->op[op];

	return s->ops || s->errors || s->posts || s->replies ||
	       stats->served[op];
}

static int ku_put_op_stats(struct sk_buff *skb,
			   const struct kfi_pmem_stats *stats, int op)
{
	const struct kfi_op_stats *s = &stats->op[op];
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, KFIPMEM_A_STATS_OP);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, KFIPMEM_A_OP_STATS_OP, op) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_OPS, s->ops) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_ERRORS, s->errors) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_POSTS, s->posts) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_REQUESTS, s->requests) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_REPLIES, s->replies) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_BYTES_OUT, s->bytes_out) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_BYTES_IN, s->bytes_in) ?:
	      nla_put(skb, KFIPMEM_A_OP_STATS_LATENCY, sizeof(s->latency),
		      s->latency) ?:
	      nla_put_uint(skb, KFIPMEM_A_OP_STATS_SERVED,
			   stats->served[op]);
	nla_nest_end(skb, nest);
	return err;
}

static int ku_put_commit_stats(struct sk_buff *skb, int method, u64 count)
{
	struct nlattr *nest;
	int err;

	nest = nla_nest_start(skb, KFIPMEM_A_STATS_COMMITS);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(skb, KFIPMEM_A_COMMIT_STATS_METHOD, method) ?:
	      nla_put_uint(skb, KFIPMEM_A_COMMIT_STATS_COUNT, count);
	nla_nest_end(skb, nest);
	return err;
}

/* Operations and methods that never came up are left out. */
static int ku_stats_fill(struct ku_dump *dump, const char *name,
			 enum kfipmem_endpoint kind,
			 const struct kfi_pmem_stats *stats)
{
	struct sk_buff *skb = dump->skb;
	void *hdr = ku_dump_begin(dump);
	int err, i;

	if (IS_ERR_OR_NULL(hdr))
		return PTR_ERR_OR_ZERO(hdr);
	err = nla_put_string(skb, KFIPMEM_A_STATS_NAME, name) ?:
	      nla_put_u32(skb, KFIPMEM_A_STATS_ENDPOINT, kind);
	for (i = 0; i < KFI_STAT_MAX && !err; i++)
		if (ku_op_counted(stats, i))
			err = ku_put_op_stats(skb, stats, i);
	for (i = 0; i < KFI_COMMIT_METHOD_MAX && !err; i++)
		if (stats->commits[i])
			err = ku_put_commit_stats(skb, i, stats->commits[i]);
	err = err ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_SERVED_COMMITS,
			   stats->served_commits) ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_REFUSED, stats->refused) ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_PEERS, stats->peers) ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_PEER_MEMORY,
			   stats->peer_memory) ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_RECONNECTS,
			   stats->reconnects) ?:
	      nla_put_uint(skb, KFIPMEM_A_STATS_CREDIT_STALLS,
			   stats->credit_stalls);
	return ku_dump_end(dump, hdr, err);
}

struct ku_stats_dump {
	struct ku_dump dump;
	struct kfi_pmem_stats stats;
};

static int ku_attachment_stats(struct ku_attachment *att, void *arg)
{
	struct ku_stats_dump *sd = arg;

	memset(&sd->stats, 0, sizeof(sd->stats));
	if (kfi_pmem_stats(att->client.ep, &sd->stats))
		memset(&sd->stats, 0, sizeof(sd->stats));
	return ku_stats_fill(&sd->dump, att->name,
			     KFIPMEM_ENDPOINT_ATTACHMENT, &sd->stats);
}

int ku_nl_stats_get(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ku_stats_dump *sd;
	int ret;

	/* The counters are too many for the stack. */
	sd = kzalloc(sizeof(*sd), GFP_KERNEL);
	if (!sd)
		return -ENOMEM;
	ku_dump_init(&sd->dump, skb, cb, KFIPMEM_CMD_STATS_GET);

	ret = ku_target_stats(&sd->stats);
	if (ret != -ENOTCONN)
		ret = ku_stats_fill(&sd->dump, "target",
				    KFIPMEM_ENDPOINT_TARGET, &sd->stats);
	else
		ret = 0;
	if (!ret)
		ret = ku_attachment_for_each(ku_attachment_stats, sd);
	ret = ku_dump_result(&sd->dump, ret);
	kfree(sd);
	return ret;
}

static int ku_count_pool(const struct kfi_pool_attr *attr, void *arg)
{
	++*(u32 *)arg;
	return 0;
}

static int ku_count_region(struct kfi_region *region, void *arg)
{
	++*(u32 *)arg;
	return 0;
}

static int ku_count_export(const struct kfi_export_attr *attr, void *arg)
{
	++*(u32 *)arg;
	return 0;
}

static int ku_count_attachment(struct ku_attachment *att, void *arg)
{
	++*(u32 *)arg;
	return 0;
}

static int ku_status_fill(struct sk_buff *skb,
			  const struct ku_target_info *target)
{
	u32 pools = 0, regions = 0, exports = 0, attachments = 0;
	int err = 0;

	kfi_pool_for_each(ku_count_pool, &pools);
	kfi_region_for_each(ku_count_region, &regions);
	kfi_export_for_each(ku_count_export, &exports);
	ku_attachment_for_each(ku_count_attachment, &attachments);

	if (target->listening)
		err = nla_put_flag(skb, KFIPMEM_A_TARGET_LISTENING) ?:
		      nla_put_string(skb, KFIPMEM_A_TARGET_ADDR,
				     target->addr) ?:
		      nla_put_u16(skb, KFIPMEM_A_TARGET_PORT, target->port) ?:
		      nla_put_string(skb, KFIPMEM_A_TARGET_PROVIDER,
				     target->provider);
	return err ?:
	       nla_put_u32(skb, KFIPMEM_A_TARGET_POOLS, pools) ?:
	       nla_put_u32(skb, KFIPMEM_A_TARGET_REGIONS, regions) ?:
	       nla_put_u32(skb, KFIPMEM_A_TARGET_EXPORTS, exports) ?:
	       nla_put_u32(skb, KFIPMEM_A_TARGET_ATTACHMENTS, attachments) ?:
	       nla_put_u32(skb, KFIPMEM_A_TARGET_OPENS, ku_nodes_open());
}

int ku_nl_status_get(struct sk_buff *skb, struct genl_info *info)
{
	struct ku_target_info target;
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;

	ku_target_info(&target);
	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &ku_genl_family, 0,
				KFIPMEM_CMD_STATUS_GET);
	if (!hdr)
		goto err_free;
	err = ku_status_fill(msg, &target);
	if (err)
		goto err_free;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

err_free:
	nlmsg_free(msg);
	return err;
}
