// SPDX-License-Identifier: GPL-2.0-only
/* The same through kfabric, as a client of the kernel would write it. */
#include <linux/slab.h>

#include "bench.h"
#include "kfi_client.h"
#include "kfi_rma.h"

#define KFI_LOOP_TIMEOUT	(20 * HZ)

struct kfi_loop {
	struct bench *bench;
	struct kfi_client client;
	kfi_addr_t addr;
	u64 key;			/* what bench_kfi writes to */
	u64 other;			/* while another region is attached */
	struct completion read_done;
	int read_status;
	struct kfi_pmem_stats stats;
};

/* The context of a write is its slot and one more; a read has none. */
static void kfi_loop_end(struct kfi_loop *loop, void *context, int err)
{
	if (context) {
		bench_done(loop->bench, (uintptr_t)context - 1, err);
	} else {
		loop->read_status = err;
		complete(&loop->read_done);
	}
}

/* Called after each entry, so that one read takes what there is. */
static void kfi_loop_comp(struct kfid_cq *cq, void *context)
{
	struct kfi_cq_entry entry[8];
	struct kfi_cq_err_entry err;
	ssize_t n, i;

	n = kfi_cq_read(cq, entry, ARRAY_SIZE(entry));
	for (i = 0; i < n; i++)
		kfi_loop_end(context, entry[i].op_context, 0);
	while (n == -KFI_EAVAIL && kfi_cq_readerr(cq, &err, 0) == 1)
		kfi_loop_end(context, err.op_context, -err.err);
}

static int kfi_loop_open(struct kfi_loop *loop, const char *node, u16 port,
			 u64 caps, const struct kfi_auth *auth)
{
	struct kfi_client_params params = {
		.node = node,
		.port = port,
		.flags = KFI_SOURCE,
		.caps = caps,
		.provider = "rdma",
		.auth_key = auth,
		.auth_key_size = sizeof(*auth),
		.cq_size = 256,
		.cq_format = KFI_CQ_FORMAT_CONTEXT,
		.comp_handler = kfi_loop_comp,
		.context = loop,
	};

	return kfi_client_open(&loop->client, &params, NULL);
}

/**
 * kfi_loop_close() - close an endpoint and all it needed
 * @loop: idle loop
 *
 * Context: process.
 */
void kfi_loop_close(struct kfi_loop *loop)
{
	kfi_client_close(&loop->client);
	kfree(loop);
}

/**
 * kfi_loop_listen() - be a target
 * @port: port
 *
 * Context: process.
 * Return: loop or ERR_PTR().
 */
struct kfi_loop *kfi_loop_listen(u16 port)
{
	struct kfi_loop *loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	int ret;

	if (!loop)
		return ERR_PTR(-ENOMEM);
	ret = kfi_loop_open(loop, "0.0.0.0", port,
			    KFI_RMA | KFI_RMA_PMEM | KFI_REMOTE_READ |
			    KFI_REMOTE_WRITE, NULL);
	if (!ret)
		return loop;
	kfi_loop_close(loop);
	return ERR_PTR(ret);
}

/**
 * kfi_loop_connect() - attach the region of a target
 * @bench: whose buffers are written, and who is told
 * @auth: who the target exports to
 * @node: address of the target
 * @port: port of the target
 *
 * Context: process.
 * Return: loop or ERR_PTR().
 */
struct kfi_loop *kfi_loop_connect(struct bench *bench,
				  const struct kfi_auth *auth,
				  const char *node, u16 port)
{
	struct kfi_pmem_attach what = {
		.region = BENCH_REGION,
		.access = KFI_READ | KFI_WRITE,
	};
	struct kfi_pmem_attr attr;
	struct kfi_loop *loop;
	int ret;

	loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return ERR_PTR(-ENOMEM);
	loop->bench = bench;
	init_completion(&loop->read_done);
	ret = kfi_loop_open(loop, NULL, 0,
			    KFI_RMA | KFI_RMA_PMEM | KFI_READ | KFI_WRITE,
			    auth) ?:
	      kfi_client_insert(&loop->client, node, port, &loop->addr, NULL) ?:
	      kfi_pmem_attach(loop->client.ep, loop->addr, &what, &loop->key,
			      &attr);
	if (!ret && attr.size < BENCH_SIZE)
		ret = -EMSGSIZE;
	if (ret) {
		kfi_loop_close(loop);
		return ERR_PTR(ret);
	}
	bench_print(bench->text, "target domain=%s method=%s inline=%u\n",
		    kfi_pmem_domain_name(attr.domain),
		    kfi_commit_method_name(attr.method), attr.inline_max);
	return loop;
}

/**
 * kfi_loop_attach() - attach another region, and write to that
 * @loop: loop
 * @region: its name
 * @attr: where the facts about it go
 *
 * Context: process.
 * Return: as kfi_pmem_attach().
 */
int kfi_loop_attach(struct kfi_loop *loop, const char *region,
		    struct kfi_pmem_attr *attr)
{
	struct kfi_pmem_attach what = {
		.region = region,
		.access = KFI_READ | KFI_WRITE,
	};
	u64 key;
	int ret;

	ret = kfi_pmem_attach(loop->client.ep, loop->addr, &what, &key, attr);
	if (!ret) {
		loop->other = loop->key;
		loop->key = key;
	}
	return ret;
}

/**
 * kfi_loop_detach() - back to the region of before
 * @loop: loop after kfi_loop_attach()
 *
 * Context: process.
 * Return: as kfi_pmem_detach().
 */
int kfi_loop_detach(struct kfi_loop *loop)
{
	u64 key = loop->key;

	loop->key = loop->other;
	return kfi_pmem_detach(loop->client.ep, loop->addr, key);
}

/**
 * kfi_loop_read() - read from the region
 * @loop: loop with no write under way
 * @buf: where to
 * @len: bytes
 * @offset: where from
 *
 * Context: process.
 * Return: 0 or a negative errno.
 */
int kfi_loop_read(struct kfi_loop *loop, void *buf, u32 len, u64 offset)
{
	int ret;

	reinit_completion(&loop->read_done);
	ret = kfi_read(loop->client.ep, buf, len, NULL, loop->addr, offset,
		       loop->key, NULL);
	if (ret)
		return ret;
	if (!wait_for_completion_timeout(&loop->read_done, KFI_LOOP_TIMEOUT))
		return -ETIMEDOUT;
	return loop->read_status;
}

static int kfi_loop_post(struct bench *bench, u32 slot, u32 len)
{
	struct kfi_loop *loop = bench->kfi;
	struct kvec v = { bench->buf[slot], len };
	struct kfi_rma_iov rma = {
		.addr = (u64)slot * BENCH_SLOT_SIZE,
		.len = len,
		.key = loop->key,
	};
	struct kfi_msg_rma msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = loop->addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.context = (void *)(uintptr_t)(slot + 1),
	};

	return kfi_writemsg(loop->client.ep, &msg,
			    KFI_COMPLETION | KFI_COMMIT_COMPLETE);
}

static void kfi_loop_counts(struct bench *bench, struct bench_counts *counts)
{
	struct kfi_loop *loop = bench->kfi;
	const struct kfi_op_stats *op = &loop->stats.op[KFI_STAT_WRITE_COMMIT];

	memset(&loop->stats, 0, sizeof(loop->stats));
	kfi_pmem_stats(loop->client.ep, &loop->stats);
	*counts = (struct bench_counts) {
		.ops = op->ops,
		.posts = op->posts,
		.requests = op->requests,
		.replies = op->replies,
		.bytes_out = op->bytes_out,
		.bytes_in = op->bytes_in,
	};
}

const struct bench_path bench_kfi = {
	.name = "kfi",
	.post = kfi_loop_post,
	.counts = kfi_loop_counts,
};
