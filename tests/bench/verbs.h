/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Durable writes by hand: what the two ends of the hand-written loop share.
 * Nothing in here knows kfabric, but for the pages of the target's region.
 */
#ifndef KFI_BENCH_VERBS_H
#define KFI_BENCH_VERBS_H

#include <linux/atomic.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include "bench.h"

#define VERBS_RECVS	64
#define VERBS_SENDS	512
#define VERBS_MARK	64	/* one unsignaled send in so many is signaled */
#define VERBS_CHUNKS	32	/* hardware keys of the region */
#define VERBS_TIMEOUT	5000	/* ms */

/* From the target, once: what it registered. */
struct verbs_hello {
	__le32 chunks;
	__le32 chunk_shift;
	__le32 rkey[VERBS_CHUNKS];
} __packed;

struct verbs_request {
	__le64 offset;
	__le32 len;
	__le16 slot;
	__le16 inlined;		/* data follows */
	u8 data[];
} __packed;

struct verbs_reply {
	__le32 slot;
	__le32 status;
} __packed;

struct verbs_conn;

struct verbs_rx {
	struct ib_cqe cqe;
	struct verbs_conn *conn;
	void *data;
	u64 dma;
};

struct verbs_conn {
	struct rdma_cm_id *id;
	struct ib_device *dev;
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct ib_qp *qp;
	void (*recv)(struct verbs_conn *conn, struct verbs_rx *rx, u32 len);
	void (*failed)(struct verbs_conn *conn);
	u32 rx_size;
	void *rx_area;
	void *tx_area;
	size_t tx_bytes;
	u64 rx_dma;
	u64 tx_dma;
	atomic_t sent;
	struct ib_cqe mark;
	struct verbs_rx rx[VERBS_RECVS];
};

int verbs_conn_open(struct verbs_conn *conn, struct rdma_cm_id *id,
		    u32 rx_size, size_t tx_bytes);
void verbs_conn_close(struct verbs_conn *conn);

static inline int verbs_post_recv(struct verbs_conn *conn, struct verbs_rx *rx)
{
	struct ib_sge sge = {
		.addr = rx->dma,
		.length = conn->rx_size,
		.lkey = conn->pd->local_dma_lkey,
	};
	struct ib_recv_wr wr = {
		.wr_cqe = &rx->cqe,
		.sg_list = &sge,
		.num_sge = 1,
	};

	ib_dma_sync_single_for_device(conn->dev, rx->dma, conn->rx_size,
				      DMA_FROM_DEVICE);
	return ib_post_recv(conn->qp, &wr, NULL);
}

/* Unsignaled sends never leave the queue, so now and then one is signaled. */
static inline void verbs_mark(struct verbs_conn *conn, struct ib_send_wr *wr)
{
	wr->wr_cqe = &conn->mark;
	if (atomic_inc_return(&conn->sent) % VERBS_MARK == 0)
		wr->send_flags |= IB_SEND_SIGNALED;
}

#endif
