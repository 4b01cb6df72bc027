// SPDX-License-Identifier: GPL-2.0-only
/*
 * One RC connection: queues, message buffers, and the books of its send
 * queue. Work requests complete in order, so that one signaled request
 * accounts for all before it.
 */
#include <linux/slab.h>

#include "kfi_placement.h"
#include "link.h"

/**
 * kfr_link_wc_error() - error of a failed work completion
 * @link: link
 * @wc: completion
 *
 * What is flushed because the endpoint is closed is cancelled.
 *
 * Context: any.
 * Return: 0 or negative errno.
 */
int kfr_link_wc_error(const struct kfr_link *link, const struct ib_wc *wc)
{
	switch (wc->status) {
	case IB_WC_SUCCESS:
		return 0;
	case IB_WC_REM_ACCESS_ERR:
		return -EACCES;
	case IB_WC_LOC_LEN_ERR:
	case IB_WC_REM_INV_REQ_ERR:
		return -EPROTO;
	case IB_WC_WR_FLUSH_ERR:
		return atomic_read(&link->failed) == -ECANCELED ?
			-ECANCELED : -ENOLINK;
	default:
		return -ENOLINK;
	}
}

/**
 * kfr_link_fail() - the link is of no more use
 * @link: link
 * @err: why; the first one counts
 *
 * Context: any but hard interrupt.
 */
void kfr_link_fail(struct kfr_link *link, int err)
{
	if (atomic_cmpxchg(&link->failed, 0, err) == 0)
		link->ops->failed(link, err);
}

/**
 * kfr_link_stop() - fail a link, and have it send nothing more
 * @link: link
 *
 * A queue pair goes on for seconds to send what its peer has not acknowledged.
 * When this returns it sends no more of it.
 *
 * Context: process.
 */
void kfr_link_stop(struct kfr_link *link)
{
	struct ib_qp_attr attr = { .qp_state = IB_QPS_ERR };

	ib_modify_qp(link->qp, &attr, IB_QP_STATE);
	kfr_link_fail(link, -ENOLINK);
}

static void kfr_link_recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_rx *rx = container_of(wc->wr_cqe, struct kfr_rx, cqe);
	struct kfr_link *link = rx->link;

	if (unlikely(wc->status != IB_WC_SUCCESS)) {
		kfr_link_fail(link, kfr_link_wc_error(link, wc));
		return;
	}
	ib_dma_sync_single_for_cpu(link->dev, rx->dma, link->params.rx_size,
				   DMA_FROM_DEVICE);
	if (wc->opcode == IB_WC_RECV_RDMA_WITH_IMM) {
		if (likely(link->ops->imm))
			link->ops->imm(link, rx, be32_to_cpu(wc->ex.imm_data),
				       wc->byte_len);
		else
			kfr_link_fail(link, -EPROTO);
		return;
	}
	rx->len = wc->byte_len;
	link->ops->recv(link, rx);
}

/**
 * kfr_link_post_recv() - give a receive buffer back to the hardware
 * @link: link
 * @rx: buffer
 *
 * Context: any but hard interrupt.
 * Return: 0, or an error after which the link is of no more use.
 */
int kfr_link_post_recv(struct kfr_link *link, struct kfr_rx *rx)
{
	struct ib_sge sge = {
		.addr = rx->dma,
		.length = link->params.rx_size,
		.lkey = link->pd->local_dma_lkey,
	};
	struct ib_recv_wr wr = {
		.wr_cqe = &rx->cqe,
		.sg_list = &sge,
		.num_sge = 1,
	};

	ib_dma_sync_single_for_device(link->dev, rx->dma, link->params.rx_size,
				      DMA_FROM_DEVICE);
	return ib_post_recv(link->qp, &wr, NULL);
}

static void kfr_link_mark_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_link *link = container_of(wc->wr_cqe, struct kfr_link,
					     mark_cqe);

	if (wc->status != IB_WC_SUCCESS) {
		kfr_link_fail(link, kfr_link_wc_error(link, wc));
		return;
	}
	spin_lock_bh(&link->sq_lock);
	link->sq_reaped = link->marks[link->mark_tail++ % KFR_LINK_MARKS];
	spin_unlock_bh(&link->sq_lock);
	link->ops->room(link);
}

/**
 * kfr_link_reap() - a signaled work request is done, and all before it
 * @link: link
 * @position: sq_posted after its post
 *
 * Context: any but hard interrupt.
 */
void kfr_link_reap(struct kfr_link *link, u32 position)
{
	spin_lock_bh(&link->sq_lock);
	if ((s32)(position - link->sq_reaped) > 0)
		link->sq_reaped = position;
	spin_unlock_bh(&link->sq_lock);
}

/**
 * kfr_link_set_message() - what a send consists of
 * @link: link
 * @wr: send
 * @sge: its one element
 * @i: transmit buffer
 * @len: bytes of it
 *
 * A short message goes into the queue itself, where the device offers that.
 *
 * Context: any.
 */
void kfr_link_set_message(struct kfr_link *link, struct ib_send_wr *wr,
			  struct ib_sge *sge, u32 i, u32 len)
{
	wr->sg_list = sge;
	wr->num_sge = 1;
	sge->length = len;
	sge->lkey = link->pd->local_dma_lkey;
	if (len <= link->max_inline) {
		sge->addr = (uintptr_t)kfr_link_tx_buf(link, i);
		wr->send_flags |= IB_SEND_INLINE;
		return;
	}
	sge->addr = kfr_link_tx_dma(link, i);
	ib_dma_sync_single_for_device(link->dev, sge->addr, len, DMA_TO_DEVICE);
}

/**
 * kfr_link_post() - post work requests
 * @link: link
 * @first: chain
 * @wrs: requests in it
 *
 * Context: any; sq_lock held and kfr_link_sq_room() said yes.
 * Return: 0, or -ENOLINK after the link was failed.
 */
int kfr_link_post(struct kfr_link *link, struct ib_send_wr *first, u32 wrs)
{
	lockdep_assert_held(&link->sq_lock);
	link->sq_posted += wrs;
	return ib_post_send(link->qp, first, NULL) ? -ENOLINK : 0;
}

/**
 * kfr_link_send() - post a message whose end nobody waits for
 * @link: link
 * @i: transmit buffer
 * @len: bytes of it
 *
 * Context: any; sq_lock held and kfr_link_sq_room() said yes.
 * Return: as kfr_link_post().
 */
int kfr_link_send(struct kfr_link *link, u32 i, u32 len)
{
	struct ib_send_wr wr = { .opcode = IB_WR_SEND };
	struct ib_sge sge;

	kfr_link_set_message(link, &wr, &sge, i, len);
	kfr_link_mark(link, &wr, 1);
	return kfr_link_post(link, &wr, 1);
}

/**
 * kfr_link_send_signaled() - post a message whose arrival is of interest
 * @link: link
 * @i: transmit buffer
 * @len: bytes of it
 * @signaled: set to whether kfr_link_passed() will tell, and ops->room() is
 *	called then
 *
 * Context: any; sq_lock held and kfr_link_sq_room() said yes.
 * Return: as kfr_link_post().
 */
int kfr_link_send_signaled(struct kfr_link *link, u32 i, u32 len,
			   bool *signaled)
{
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND,
		.wr_cqe = &link->mark_cqe,
	};
	struct ib_sge sge;

	kfr_link_set_message(link, &wr, &sge, i, len);
	*signaled = kfr_link_signal(link, &wr, 1);
	return kfr_link_post(link, &wr, 1);
}

/**
 * kfr_link_passed() - is everything done that was posted up to a position?
 * @link: link
 * @position: sq_posted after its post
 *
 * A message that is done has arrived: its receiver's NIC acknowledged it.
 *
 * Context: any but hard interrupt.
 * Return: whether it is.
 */
bool kfr_link_passed(struct kfr_link *link, u32 position)
{
	bool passed;

	spin_lock_bh(&link->sq_lock);
	passed = (s32)(link->sq_reaped - position) >= 0;
	spin_unlock_bh(&link->sq_lock);
	return passed;
}

struct kfr_reg_wait {
	struct ib_cqe cqe;
	struct completion done;
	int status;
};

static void kfr_link_reg_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_reg_wait *wait = container_of(wc->wr_cqe,
						 struct kfr_reg_wait, cqe);

	wait->status = kfr_link_wc_error(cq->cq_context, wc);
	complete(&wait->done);
}

/**
 * kfr_link_reg_mr() - register a mapped memory region on this connection
 * @link: link
 * @mr: after ib_map_mr_sg()
 * @access: IB_ACCESS_*
 *
 * Context: process; waits for the hardware, which is local.
 * Return: 0 or -ENOLINK.
 */
int kfr_link_reg_mr(struct kfr_link *link, struct ib_mr *mr, int access)
{
	struct kfr_reg_wait wait = {
		.cqe.done = kfr_link_reg_done,
		.done = COMPLETION_INITIALIZER_ONSTACK(wait.done),
	};
	struct ib_reg_wr wr = {
		.wr = {
			.opcode = IB_WR_REG_MR,
			.wr_cqe = &wait.cqe,
			.send_flags = IB_SEND_SIGNALED,
		},
		.mr = mr,
		.key = mr->rkey,
		.access = access,
	};
	u32 position;
	int ret;

	spin_lock_bh(&link->sq_lock);
	if (!kfr_link_sq_room(link, 1)) {
		spin_unlock_bh(&link->sq_lock);
		return -EAGAIN;
	}
	ret = kfr_link_post(link, &wr.wr, 1);
	position = link->sq_posted;
	spin_unlock_bh(&link->sq_lock);
	if (ret)
		return ret;
	wait_for_completion(&wait.done);
	if (!wait.status)
		kfr_link_reap(link, position);
	return wait.status;
}

static int kfr_link_alloc_area(struct kfr_link *link, u32 count, u32 size,
			       enum dma_data_direction dir, void **area,
			       u64 *dma)
{
	size_t bytes = PAGE_ALIGN((size_t)count * size);

	*area = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO);
	if (!*area)
		return -ENOMEM;
	*dma = ib_dma_map_single(link->dev, *area, bytes, dir);
	if (ib_dma_mapping_error(link->dev, *dma)) {
		free_pages_exact(*area, bytes);
		*area = NULL;
		return -ENOMEM;
	}
	link->memory += bytes;
	return 0;
}

static void kfr_link_free_area(struct kfr_link *link, u32 count, u32 size,
			       enum dma_data_direction dir, void *area, u64 dma)
{
	size_t bytes = PAGE_ALIGN((size_t)count * size);

	ib_dma_unmap_single(link->dev, dma, bytes, dir);
	free_pages_exact(area, bytes);
}

/**
 * kfr_link_create() - make queues and buffers, and post the receives
 * @link: zeroed memory
 * @ep: endpoint
 * @id: with its device known
 * @ops: who the messages are for
 * @params: sizes
 *
 * Context: process.
 * Return: 0; -EOPNOTSUPP: the device cannot register memory; -ENOMEM.
 */
int kfr_link_create(struct kfr_link *link, struct kfr_ep *ep,
		    struct rdma_cm_id *id, const struct kfr_link_ops *ops,
		    const struct kfr_link_params *params)
{
	struct ib_device *dev = id->device;
	struct ib_qp_init_attr attr = { };
	enum ib_poll_context poll;
	int ret, vector;
	u32 i;

	if (!(dev->attrs.device_cap_flags & IB_DEVICE_MEM_MGT_EXTENSIONS))
		return -EOPNOTSUPP;
	link->ep = ep;
	link->ops = ops;
	link->id = id;
	link->dev = dev;
	link->params = *params;
	link->max_sge = clamp(dev->attrs.max_send_sge, 1, 16);
	link->mark_cqe.done = kfr_link_mark_done;
	spin_lock_init(&link->sq_lock);
	init_completion(&link->disconnected);

	link->pd = ib_alloc_pd(dev, 0);
	if (IS_ERR(link->pd))
		return PTR_ERR(link->pd);

	vector = kfi_class_vector(ep->class, dev->num_comp_vectors,
				  ibdev_to_node(dev));
	poll = kfi_class_poll_ctx(ep->class) == KFI_POLL_SOFTIRQ ?
	       IB_POLL_SOFTIRQ : IB_POLL_WORKQUEUE;
	link->cq = ib_alloc_cq(dev, link, params->rx_count + params->sq_depth + 2,
			       vector, poll);
	if (IS_ERR(link->cq)) {
		ret = PTR_ERR(link->cq);
		goto err_dealloc_pd;
	}

	/* One more of each than is used: ib_drain_qp() posts a marker. */
	attr.send_cq = link->cq;
	attr.recv_cq = link->cq;
	attr.qp_type = IB_QPT_RC;
	attr.sq_sig_type = IB_SIGNAL_REQ_WR;
	attr.cap.max_send_wr = params->sq_depth + 1;
	attr.cap.max_recv_wr = params->rx_count + 1;
	attr.cap.max_send_sge = link->max_sge;
	attr.cap.max_recv_sge = 1;
	ret = rdma_create_qp(id, link->pd, &attr);
	if (ret)
		goto err_free_cq;
	link->qp = id->qp;
	link->max_inline = attr.cap.max_inline_data;
	link->immediate = !rdma_protocol_iwarp(dev, id->port_num);
	link->memory += (params->rx_count + params->sq_depth + 2) *
			(sizeof(struct ib_wc) + 64) +
			(params->sq_depth + 1) *
			(256 + link->max_sge * sizeof(struct ib_sge));

	ret = kfr_link_alloc_area(link, params->rx_count, params->rx_size,
				  DMA_FROM_DEVICE, &link->rx_area,
				  &link->rx_dma);
	if (ret)
		goto err_destroy_qp;
	ret = kfr_link_alloc_area(link, params->tx_count, params->tx_size,
				  DMA_TO_DEVICE, &link->tx_area, &link->tx_dma);
	if (ret)
		goto err_free_rx_area;
	link->rx = kvcalloc(params->rx_count, sizeof(*link->rx), GFP_KERNEL);
	if (!link->rx) {
		ret = -ENOMEM;
		goto err_free_tx_area;
	}
	link->memory += params->rx_count * sizeof(*link->rx);

	for (i = 0; i < params->rx_count; i++) {
		struct kfr_rx *rx = &link->rx[i];

		rx->cqe.done = kfr_link_recv_done;
		rx->link = link;
		rx->data = link->rx_area + (size_t)i * params->rx_size;
		rx->dma = link->rx_dma + (u64)i * params->rx_size;
		INIT_LIST_HEAD(&rx->entry);
		ret = kfr_link_post_recv(link, rx);
		if (ret)
			goto err_drain;
	}
	return 0;

err_drain:
	/* The owner gets the error; it is not told by the flush as well. */
	atomic_set(&link->failed, ret);
	ib_drain_qp(link->qp);
	kvfree(link->rx);
err_free_tx_area:
	kfr_link_free_area(link, params->tx_count, params->tx_size,
			   DMA_TO_DEVICE, link->tx_area, link->tx_dma);
err_free_rx_area:
	kfr_link_free_area(link, params->rx_count, params->rx_size,
			   DMA_FROM_DEVICE, link->rx_area, link->rx_dma);
err_destroy_qp:
	rdma_destroy_qp(id);
	link->qp = NULL;
err_free_cq:
	ib_free_cq(link->cq);
err_dealloc_pd:
	ib_dealloc_pd(link->pd);
	link->pd = NULL;
	return ret;
}

/**
 * kfr_link_disconnect() - end the connection at both sides
 * @link: link, whose CM events complete &kfr_link.disconnected
 *
 * Waits, if not for long, until the other side does not send any more either:
 * rxe touches a queue pair again after it queued a packet on it, and may find
 * it destroyed by then.
 *
 * Context: process.
 */
void kfr_link_disconnect(struct kfr_link *link)
{
	if (!rdma_disconnect(link->id))
		wait_for_completion_timeout(&link->disconnected, HZ / 2);
}

/**
 * kfr_link_drain() - wait until the hardware is done with everything posted
 * @link: link
 *
 * Afterwards no completion handler of the link runs any more.
 *
 * Context: process.
 */
void kfr_link_drain(struct kfr_link *link)
{
	ib_drain_qp(link->qp);
}

/**
 * kfr_link_destroy() - destroy queues and buffers of a drained link
 * @link: link; memory regions in its protection domain are gone
 *
 * The cm_id is the caller's.
 *
 * Context: process.
 */
void kfr_link_destroy(struct kfr_link *link)
{
	const struct kfr_link_params *params = &link->params;

	rdma_destroy_qp(link->id);
	link->qp = NULL;
	ib_free_cq(link->cq);
	kvfree(link->rx);
	kfr_link_free_area(link, params->tx_count, params->tx_size,
			   DMA_TO_DEVICE, link->tx_area, link->tx_dma);
	kfr_link_free_area(link, params->rx_count, params->rx_size,
			   DMA_FROM_DEVICE, link->rx_area, link->rx_dma);
	ib_dealloc_pd(link->pd);
	link->pd = NULL;
}
