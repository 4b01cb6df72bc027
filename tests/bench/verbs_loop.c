// SPDX-License-Identifier: GPL-2.0-only
/*
 * The initiator of the hand-written loop. A write of up to BENCH_INLINE bytes
 * rides in its request; a greater one is an RDMA WRITE whose immediate data are
 * the request. The reply says that it is durable. The buffer of an RDMA WRITE is
 * free when the hardware has let go of it too.
 */
#include <linux/in.h>
#include <linux/inet.h>
#include <linux/slab.h>

#include "kfi_placement.h"
#include "verbs.h"

static void verbs_recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct verbs_rx *rx = container_of(wc->wr_cqe, struct verbs_rx, cqe);
	struct verbs_conn *conn = rx->conn;

	if (wc->status != IB_WC_SUCCESS) {
		conn->failed(conn);
		return;
	}
	ib_dma_sync_single_for_cpu(conn->dev, rx->dma, conn->rx_size,
				   DMA_FROM_DEVICE);
	if (wc->opcode == IB_WC_RECV_RDMA_WITH_IMM) {
		struct verbs_request *request = rx->data;
		u32 slot = be32_to_cpu(wc->ex.imm_data) % BENCH_SLOTS;

		*request = (struct verbs_request) {
			.offset = cpu_to_le64((u64)slot * BENCH_SLOT_SIZE),
			.len = cpu_to_le32(wc->byte_len),
			.slot = cpu_to_le16(slot),
		};
		conn->recv(conn, rx, sizeof(*request));
		return;
	}
	conn->recv(conn, rx, wc->byte_len);
}

static void verbs_mark_done(struct ib_cq *cq, struct ib_wc *wc)
{
	if (wc->status != IB_WC_SUCCESS)
		((struct verbs_conn *)cq->cq_context)->failed(cq->cq_context);
}

static void *verbs_area(struct verbs_conn *conn, size_t bytes,
			enum dma_data_direction dir, u64 *dma)
{
	void *area = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);

	if (!area)
		return NULL;
	*dma = ib_dma_map_single(conn->dev, area, bytes, dir);
	if (!ib_dma_mapping_error(conn->dev, *dma))
		return area;
	free_pages_exact(area, bytes);
	return NULL;
}

/* The polling context is the one that kfabric's clients have by default. */
static enum ib_poll_context verbs_poll_context(void)
{
	struct kfi_class *class = kfi_class_get("default");
	enum kfi_poll_ctx ctx = KFI_POLL_SOFTIRQ;

	if (!IS_ERR(class)) {
		ctx = kfi_class_poll_ctx(class);
		kfi_class_put(class);
	}
	return ctx == KFI_POLL_SOFTIRQ ? IB_POLL_SOFTIRQ : IB_POLL_WORKQUEUE;
}

/**
 * verbs_conn_open() - queues and buffers; the receives are posted
 * @conn: zeroed, with its handlers
 * @id: with its device known
 * @rx_size: bytes of a message that comes
 * @tx_bytes: bytes for messages that go
 *
 * Context: process.
 * Return: 0 or what the device said.
 */
int verbs_conn_open(struct verbs_conn *conn, struct rdma_cm_id *id,
		    u32 rx_size, size_t tx_bytes)
{
	struct ib_qp_init_attr attr = {
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.cap.max_send_wr = VERBS_SENDS + 1,
		.cap.max_recv_wr = VERBS_RECVS + 1,
		.cap.max_send_sge = 1,
		.cap.max_recv_sge = 1,
	};
	int ret, i;

	conn->id = id;
	conn->dev = id->device;
	conn->rx_size = rx_size;
	conn->tx_bytes = tx_bytes;
	conn->mark.done = verbs_mark_done;
	conn->pd = ib_alloc_pd(conn->dev, 0);
	if (IS_ERR(conn->pd))
		return PTR_ERR(conn->pd);
	conn->cq = ib_alloc_cq_any(conn->dev, conn,
				   VERBS_SENDS + VERBS_RECVS + 2,
				   verbs_poll_context());
	if (IS_ERR(conn->cq)) {
		ret = PTR_ERR(conn->cq);
		goto err_pd;
	}
	attr.send_cq = conn->cq;
	attr.recv_cq = conn->cq;
	ret = rdma_create_qp(id, conn->pd, &attr);
	if (ret)
		goto err_cq;
	conn->qp = id->qp;
	ret = -ENOMEM;
	conn->rx_area = verbs_area(conn, rx_size * VERBS_RECVS,
				   DMA_FROM_DEVICE, &conn->rx_dma);
	if (!conn->rx_area)
		goto err_qp;
	conn->tx_area = verbs_area(conn, tx_bytes, DMA_TO_DEVICE,
				   &conn->tx_dma);
	if (!conn->tx_area)
		goto err_rx;
	for (i = 0; i < VERBS_RECVS; i++) {
		struct verbs_rx *rx = &conn->rx[i];

		rx->cqe.done = verbs_recv_done;
		rx->conn = conn;
		rx->data = conn->rx_area + i * rx_size;
		rx->dma = conn->rx_dma + i * rx_size;
		ret = verbs_post_recv(conn, rx);
		if (ret)
			goto err_tx;
	}
	return 0;

err_tx:
	ib_drain_qp(conn->qp);
	ib_dma_unmap_single(conn->dev, conn->tx_dma, tx_bytes, DMA_TO_DEVICE);
	free_pages_exact(conn->tx_area, tx_bytes);
err_rx:
	ib_dma_unmap_single(conn->dev, conn->rx_dma, rx_size * VERBS_RECVS,
			    DMA_FROM_DEVICE);
	free_pages_exact(conn->rx_area, rx_size * VERBS_RECVS);
err_qp:
	rdma_destroy_qp(id);
err_cq:
	ib_free_cq(conn->cq);
err_pd:
	ib_dealloc_pd(conn->pd);
	conn->pd = NULL;
	return ret;
}

/**
 * verbs_conn_close() - undo verbs_conn_open()
 * @conn: connection that is drained; the id stays
 *
 * Context: process.
 */
void verbs_conn_close(struct verbs_conn *conn)
{
	size_t rx_bytes = conn->rx_size * VERBS_RECVS;

	rdma_destroy_qp(conn->id);
	ib_free_cq(conn->cq);
	ib_dma_unmap_single(conn->dev, conn->tx_dma, conn->tx_bytes,
			    DMA_TO_DEVICE);
	free_pages_exact(conn->tx_area, conn->tx_bytes);
	ib_dma_unmap_single(conn->dev, conn->rx_dma, rx_bytes,
			    DMA_FROM_DEVICE);
	free_pages_exact(conn->rx_area, rx_bytes);
	ib_dealloc_pd(conn->pd);
	conn->pd = NULL;
}

#define REQUEST_SIZE	(sizeof(struct verbs_request) + BENCH_INLINE)

struct verbs_slot {
	struct ib_cqe cqe;		/* of what is behind the RDMA WRITE */
	struct verbs_loop *loop;
	atomic_t waits;			/* for a reply, a send completion */
	u64 dma;
	u32 len;
};

struct verbs_loop {
	struct verbs_conn conn;
	struct bench *bench;
	struct rdma_cm_id *id;
	struct completion event;
	int status;
	bool greeted;
	bool closing;
	u32 chunks;
	u32 chunk_shift;
	u32 rkey[VERBS_CHUNKS];
	struct verbs_slot slot[BENCH_SLOTS];
	struct bench_counts counts;
};

static void verbs_slot_done(struct verbs_loop *loop, struct verbs_slot *slot)
{
	if (!atomic_dec_and_test(&slot->waits))
		return;
	if (slot->len > BENCH_INLINE)
		ib_dma_unmap_single(loop->conn.dev, slot->dma, slot->len,
				    DMA_TO_DEVICE);
	loop->counts.ops++;
	bench_done(loop->bench, slot - loop->slot, loop->status);
}

static void verbs_send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct verbs_slot *slot = container_of(wc->wr_cqe, struct verbs_slot,
					       cqe);

	if (wc->status != IB_WC_SUCCESS)
		slot->loop->conn.failed(&slot->loop->conn);
	else
		verbs_slot_done(slot->loop, slot);
}

static void verbs_loop_hello(struct verbs_loop *loop,
			     const struct verbs_hello *hello, u32 len)
{
	u32 i;

	loop->chunks = le32_to_cpu(hello->chunks);
	loop->chunk_shift = le32_to_cpu(hello->chunk_shift);
	if (len != sizeof(*hello) || !loop->chunks ||
	    loop->chunks > VERBS_CHUNKS || loop->chunk_shift > 40 ||
	    loop->chunk_shift < ilog2(BENCH_SLOT_SIZE))
		loop->status = -EPROTO;
	for (i = 0; !loop->status && i < loop->chunks; i++)
		loop->rkey[i] = le32_to_cpu(hello->rkey[i]);
	loop->greeted = true;
	complete(&loop->event);
}

static void verbs_loop_failed(struct verbs_conn *conn)
{
	struct verbs_loop *loop = container_of(conn, struct verbs_loop, conn);

	if (loop->closing || cmpxchg(&loop->status, 0, -ENOLINK))
		return;
	complete(&loop->event);
	/* Whoever waits for a batch hears of it; the batch does not go on. */
	if (loop->bench->path == &bench_verbs)
		complete(&loop->bench->idle);
}

static void verbs_loop_recv(struct verbs_conn *conn, struct verbs_rx *rx,
			    u32 len)
{
	struct verbs_loop *loop = container_of(conn, struct verbs_loop, conn);
	const struct verbs_reply *reply = rx->data;
	u32 slot;

	if (!loop->greeted) {
		verbs_loop_hello(loop, rx->data, len);
		slot = BENCH_SLOTS;
	} else {
		slot = le32_to_cpu(reply->slot);
		loop->counts.replies++;
		loop->counts.bytes_in += len;
		if (len != sizeof(*reply) || slot >= BENCH_SLOTS ||
		    reply->status) {
			verbs_loop_failed(conn);
			return;
		}
	}
	if (verbs_post_recv(conn, rx))
		verbs_loop_failed(conn);
	else if (slot < BENCH_SLOTS)
		verbs_slot_done(loop, &loop->slot[slot]);
}

static int verbs_post(struct bench *bench, u32 i, u32 len)
{
	struct verbs_loop *loop = bench->verbs;
	struct verbs_conn *conn = &loop->conn;
	struct verbs_slot *slot = &loop->slot[i];
	u64 offset = (u64)i * BENCH_SLOT_SIZE;
	struct verbs_request *request = conn->tx_area + i * REQUEST_SIZE;
	bool inlined = len <= BENCH_INLINE;
	struct ib_sge data_sge, sge = {
		.addr = conn->tx_dma + i * REQUEST_SIZE,
		.length = sizeof(*request) + (inlined ? len : 0),
		.lkey = conn->pd->local_dma_lkey,
	};
	struct ib_rdma_wr data;
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND,
		.sg_list = &sge,
		.num_sge = 1,
	};

	if (loop->status)
		return loop->status;
	slot->len = len;
	atomic_set(&slot->waits, inlined ? 1 : 2);
	loop->counts.posts++;
	loop->counts.requests++;
	loop->counts.bytes_out += len + (inlined ? sizeof(*request) : 0);
	if (inlined) {
		request->offset = cpu_to_le64(offset);
		request->len = cpu_to_le32(len);
		request->slot = cpu_to_le16(i);
		request->inlined = cpu_to_le16(1);
		memcpy(request->data, bench->buf[i], len);
		ib_dma_sync_single_for_device(conn->dev, sge.addr, sge.length,
					      DMA_TO_DEVICE);
		verbs_mark(conn, &wr);
		return ib_post_send(conn->qp, &wr, NULL);
	}

	slot->dma = ib_dma_map_single(conn->dev, bench->buf[i], len,
				      DMA_TO_DEVICE);
	if (ib_dma_mapping_error(conn->dev, slot->dma))
		return -ENOMEM;
	data_sge.addr = slot->dma;
	data_sge.length = len;
	data_sge.lkey = conn->pd->local_dma_lkey;
	data = (struct ib_rdma_wr) {
		.wr.opcode = IB_WR_RDMA_WRITE_WITH_IMM,
		.wr.ex.imm_data = cpu_to_be32(i),
		.wr.wr_cqe = &slot->cqe,
		.wr.send_flags = IB_SEND_SIGNALED,
		.wr.sg_list = &data_sge,
		.wr.num_sge = 1,
		.remote_addr = offset,
		.rkey = loop->rkey[offset >> loop->chunk_shift],
	};
	return ib_post_send(conn->qp, &data.wr, NULL);
}

static void verbs_counts(struct bench *bench, struct bench_counts *counts)
{
	*counts = bench->verbs->counts;
}

const struct bench_path bench_verbs = {
	.name = "verbs",
	.post = verbs_post,
	.counts = verbs_counts,
};

static int verbs_loop_cm_event(struct rdma_cm_id *id,
			       struct rdma_cm_event *event)
{
	struct verbs_loop *loop = id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		complete(&loop->event);
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		break;		/* the target's hello is waited for */
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		break;
	default:
		verbs_loop_failed(&loop->conn);
		break;
	}
	return 0;
}

static int verbs_loop_wait(struct verbs_loop *loop)
{
	if (!wait_for_completion_timeout(&loop->event,
					 msecs_to_jiffies(VERBS_TIMEOUT)))
		return -ETIMEDOUT;
	return loop->status;
}

/**
 * verbs_loop_connect() - connect to a target and learn its keys
 * @bench: whose buffers are sent, and who is told
 * @node: IPv4 address
 * @port: port
 *
 * Context: process.
 * Return: loop or ERR_PTR().
 */
struct verbs_loop *verbs_loop_connect(struct bench *bench, const char *node,
				      u16 port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	struct rdma_conn_param param = {
		.retry_count = 7,
		.rnr_retry_count = 7,
	};
	struct verbs_loop *loop;
	int ret, i;

	if (!in4_pton(node, -1, (u8 *)&sin.sin_addr, -1, NULL))
		return ERR_PTR(-EINVAL);
	loop = kzalloc(sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return ERR_PTR(-ENOMEM);
	loop->bench = bench;
	loop->conn.recv = verbs_loop_recv;
	loop->conn.failed = verbs_loop_failed;
	init_completion(&loop->event);
	for (i = 0; i < BENCH_SLOTS; i++) {
		loop->slot[i].cqe.done = verbs_send_done;
		loop->slot[i].loop = loop;
	}
	loop->id = rdma_create_id(&init_net, verbs_loop_cm_event, loop,
				  RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(loop->id)) {
		ret = PTR_ERR(loop->id);
		goto err_free;
	}
	ret = rdma_resolve_addr(loop->id, NULL, (struct sockaddr *)&sin,
				VERBS_TIMEOUT) ?: verbs_loop_wait(loop);
	if (ret)
		goto err_id;
	ret = rdma_resolve_route(loop->id, VERBS_TIMEOUT) ?:
	      verbs_loop_wait(loop);
	if (ret)
		goto err_id;
	ret = verbs_conn_open(&loop->conn, loop->id, 256,
			      PAGE_ALIGN(BENCH_SLOTS * REQUEST_SIZE));
	if (ret)
		goto err_id;
	ret = rdma_connect(loop->id, &param) ?: verbs_loop_wait(loop);
	if (!ret)
		return loop;
	verbs_loop_close(loop);
	return ERR_PTR(ret);

err_id:
	rdma_destroy_id(loop->id);
err_free:
	kfree(loop);
	return ERR_PTR(ret);
}

/**
 * verbs_loop_close() - end the connection
 * @loop: idle loop
 *
 * Context: process.
 */
void verbs_loop_close(struct verbs_loop *loop)
{
	loop->closing = true;
	rdma_disconnect(loop->id);
	ib_drain_qp(loop->conn.qp);
	verbs_conn_close(&loop->conn);
	rdma_destroy_id(loop->id);
	kfree(loop);
}

/**
 * verbs_loop_device() - the device that a loop sends on
 * @loop: loop
 *
 * Context: any.
 * Return: device, as long as the loop is open.
 */
struct ib_device *verbs_loop_device(struct verbs_loop *loop)
{
	return loop->conn.dev;
}
