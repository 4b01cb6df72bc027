// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target of the hand-written loop: it stores or writes back, fences, and
 * replies, all in the completion handler.
 */
#include <linux/in.h>
#include <linux/libnvdimm.h>
#include <linux/log2.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <rdma/ib_cm.h>
#include <asm/barrier.h>

#include "kfi_pmem_prov.h"
#include "verbs.h"

struct verbs_target {
	struct rdma_cm_id *listen_id;
	struct rdma_cm_id *id;		/* the one connection, or NULL */
	struct verbs_conn conn;
	bool closing;
	struct kfi_region *region;
	struct kfi_region_map map;
	u32 chunks;
	u32 chunk_shift;
	struct ib_mr *mr[VERBS_CHUNKS];
	struct scatterlist *sgl[VERBS_CHUNKS];
	u32 nents[VERBS_CHUNKS];
};

static void verbs_target_failed(struct verbs_conn *conn)
{
	struct verbs_target *target = container_of(conn, struct verbs_target,
						   conn);

	if (!target->closing)
		pr_info_once("verbs: the connection ended\n");
}

static int verbs_target_send(struct verbs_target *target, const void *message,
			     u32 len, u32 at)
{
	struct verbs_conn *conn = &target->conn;
	struct ib_sge sge = {
		.addr = conn->tx_dma + at,
		.length = len,
		.lkey = conn->pd->local_dma_lkey,
	};
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND,
		.sg_list = &sge,
		.num_sge = 1,
	};

	memcpy(conn->tx_area + at, message, len);
	ib_dma_sync_single_for_device(conn->dev, sge.addr, len, DMA_TO_DEVICE);
	verbs_mark(conn, &wr);
	return ib_post_send(conn->qp, &wr, NULL);
}

static void verbs_target_recv(struct verbs_conn *conn, struct verbs_rx *rx,
			      u32 n)
{
	struct verbs_target *target = container_of(conn, struct verbs_target,
						   conn);
	const struct verbs_request *request = rx->data;
	u64 offset = le64_to_cpu(request->offset);
	u32 len = le32_to_cpu(request->len);
	struct verbs_reply reply = {
		.slot = cpu_to_le32(le16_to_cpu(request->slot)),
	};
	u32 at;

	if (n < sizeof(*request) || len > target->map.size ||
	    offset > target->map.size - len ||
	    (request->inlined && n != sizeof(*request) + len)) {
		reply.status = cpu_to_le32(EINVAL);
	} else {
		if (request->inlined)
			memcpy_flushcache(target->map.kaddr + offset,
					  request->data, len);
		else
			arch_wb_cache_pmem(target->map.kaddr + offset, len);
		pmem_wmb();
	}

	/* A ring as long as the send queue, behind the hello. */
	at = sizeof(struct verbs_hello) + atomic_read(&conn->sent) %
	     VERBS_SENDS * sizeof(reply);
	if (verbs_post_recv(conn, rx) ||
	    verbs_target_send(target, &reply, sizeof(reply), at))
		verbs_target_failed(conn);
}

struct verbs_reg {
	struct ib_cqe cqe;
	struct completion done;
	int status;
};

static void verbs_reg_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct verbs_reg *reg = container_of(wc->wr_cqe, struct verbs_reg, cqe);

	reg->status = wc->status == IB_WC_SUCCESS ? 0 : -EIO;
	complete(&reg->done);
}

static int verbs_reg_mr(struct verbs_conn *conn, struct ib_mr *mr)
{
	struct verbs_reg reg = {
		.cqe.done = verbs_reg_done,
		.done = COMPLETION_INITIALIZER_ONSTACK(reg.done),
	};
	struct ib_reg_wr wr = {
		.wr.opcode = IB_WR_REG_MR,
		.wr.wr_cqe = &reg.cqe,
		.wr.send_flags = IB_SEND_SIGNALED,
		.mr = mr,
		.key = mr->rkey,
		.access = IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE,
	};
	int ret = ib_post_send(conn->qp, &wr.wr, NULL);

	if (ret)
		return ret;
	wait_for_completion(&reg.done);
	return reg.status;
}

static void verbs_deregister(struct verbs_target *target)
{
	u32 i;

	for (i = 0; i < VERBS_CHUNKS; i++) {
		if (!target->mr[i])
			continue;
		ib_dereg_mr(target->mr[i]);
		ib_dma_unmap_sg(target->conn.dev, target->sgl[i],
				target->nents[i], DMA_BIDIRECTIONAL);
		kvfree(target->sgl[i]);
		target->mr[i] = NULL;
	}
}

static int verbs_register_chunk(struct verbs_target *target, u32 i,
				u32 page_shift)
{
	struct verbs_conn *conn = &target->conn;
	u64 first = (u64)i << target->chunk_shift;
	u64 end = min(BENCH_SIZE, first + (1ULL << target->chunk_shift));
	u32 page = 1U << page_shift, nents, n;
	struct scatterlist *sgl;
	struct ib_mr *mr;
	int ret;

	nents = (end - first) >> page_shift;
	sgl = kvcalloc(nents, sizeof(*sgl), GFP_KERNEL);
	if (!sgl)
		return -ENOMEM;
	sg_init_table(sgl, nents);
	for (n = 0; n < nents; n++)
		sg_set_page(&sgl[n],
			    kfi_region_page(target->region,
					    first + (u64)n * page), page, 0);
	ret = -ENOMEM;
	if (ib_dma_map_sg(conn->dev, sgl, nents, DMA_BIDIRECTIONAL) != nents)
		goto err_sgl;
	mr = ib_alloc_mr(conn->pd, IB_MR_TYPE_MEM_REG, nents);
	if (IS_ERR(mr)) {
		ret = PTR_ERR(mr);
		goto err_unmap;
	}
	ret = -EOPNOTSUPP;
	if (ib_map_mr_sg(mr, sgl, nents, NULL, page) != nents)
		goto err_mr;
	mr->iova = first;
	ib_update_fast_reg_key(mr, ib_inc_rkey(mr->rkey));
	ret = verbs_reg_mr(conn, mr);
	if (ret)
		goto err_mr;
	target->mr[i] = mr;
	target->sgl[i] = sgl;
	target->nents[i] = nents;
	return 0;

err_mr:
	ib_dereg_mr(mr);
err_unmap:
	ib_dma_unmap_sg(conn->dev, sgl, nents, DMA_BIDIRECTIONAL);
err_sgl:
	kvfree(sgl);
	return ret;
}

static int verbs_register_with(struct verbs_target *target, u32 page_shift)
{
	u32 max = target->conn.dev->attrs.max_fast_reg_page_list_len, i;
	int ret = 0;

	target->chunk_shift = page_shift +
			      ilog2(rounddown_pow_of_two(max));
	target->chunks = ((BENCH_SIZE - 1) >> target->chunk_shift) + 1;
	if (target->chunks > VERBS_CHUNKS)
		return -EMSGSIZE;
	for (i = 0; i < target->chunks && !ret; i++)
		ret = verbs_register_chunk(target, i, page_shift);
	if (ret)
		verbs_deregister(target);
	return ret;
}

/* In the largest pages that region and device allow. */
static int verbs_register(struct verbs_target *target)
{
	int ret = -EOPNOTSUPP;

	if (target->map.block_shift > PAGE_SHIFT)
		ret = verbs_register_with(target, target->map.block_shift);
	if (ret == -EOPNOTSUPP)
		ret = verbs_register_with(target, PAGE_SHIFT);
	return ret;
}

static int verbs_target_greet(struct verbs_target *target)
{
	struct verbs_hello hello = { };
	int ret = verbs_register(target);
	u32 i;

	if (ret)
		return ret;
	hello.chunks = cpu_to_le32(target->chunks);
	hello.chunk_shift = cpu_to_le32(target->chunk_shift);
	for (i = 0; i < target->chunks; i++)
		hello.rkey[i] = cpu_to_le32(target->mr[i]->rkey);
	return verbs_target_send(target, &hello, sizeof(hello), 0);
}

static int verbs_target_accept(struct verbs_target *target,
			       struct rdma_cm_id *id)
{
	struct rdma_conn_param param = {
		.rnr_retry_count = 7,
	};
	int ret;

	if (target->id)
		return -EBUSY;
	ret = verbs_conn_open(&target->conn, id,
			      sizeof(struct verbs_request) + BENCH_INLINE,
			      PAGE_ALIGN(sizeof(struct verbs_hello) +
					 VERBS_SENDS *
					 sizeof(struct verbs_reply)));
	if (ret)
		return ret;
	ret = rdma_accept(id, &param);
	if (ret) {
		ib_drain_qp(target->conn.qp);
		verbs_conn_close(&target->conn);
		return ret;
	}
	target->id = id;
	return 0;
}

static int verbs_target_cm_event(struct rdma_cm_id *id,
				 struct rdma_cm_event *event)
{
	struct verbs_target *target = id->context;
	int ret = 0;

	switch (event->event) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		ret = verbs_target_accept(target, id);
		if (ret)
			rdma_reject(id, NULL, 0, IB_CM_REJ_CONSUMER_DEFINED);
		return ret;
	case RDMA_CM_EVENT_ESTABLISHED:
		ret = verbs_target_greet(target);
		if (ret)
			pr_err("verbs: cannot register the region: %d\n", ret);
		break;
	default:
		break;
	}
	return 0;
}

/**
 * verbs_target_listen() - register a region for whoever connects, and serve it
 * @region: region of at least BENCH_SIZE bytes, held by the caller
 * @port: port
 *
 * Context: process.
 * Return: target or ERR_PTR().
 */
struct verbs_target *verbs_target_listen(struct kfi_region *region, u16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct verbs_target *target;
	int ret;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	target->region = region;
	kfi_region_get_map(region, &target->map);
	target->conn.recv = verbs_target_recv;
	target->conn.failed = verbs_target_failed;
	target->listen_id = rdma_create_id(&init_net, verbs_target_cm_event,
					   target, RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(target->listen_id)) {
		ret = PTR_ERR(target->listen_id);
		goto err_free;
	}
	ret = rdma_bind_addr(target->listen_id, (struct sockaddr *)&sin) ?:
	      rdma_listen(target->listen_id, 1);
	if (!ret)
		return target;
	rdma_destroy_id(target->listen_id);
err_free:
	kfree(target);
	return ERR_PTR(ret);
}

/**
 * verbs_target_close() - end the connection, and void the keys
 * @target: target
 *
 * Context: process.
 */
void verbs_target_close(struct verbs_target *target)
{
	target->closing = true;
	rdma_destroy_id(target->listen_id);
	if (target->id) {
		rdma_disconnect(target->id);
		ib_drain_qp(target->conn.qp);
		verbs_deregister(target);
		verbs_conn_close(&target->conn);
		rdma_destroy_id(target->id);
	}
	kfree(target);
}
