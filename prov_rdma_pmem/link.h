/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A link is one RC connection with its queues and message buffers. It knows
 * nothing of what the messages mean: struct kfr_link_ops does.
 */
#ifndef KFR_LINK_H
#define KFR_LINK_H

#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include "kfr.h"
#include "native.h"
#include "wire.h"

#define KFR_LINK_WRS	48	/* work requests of one post */
#define KFR_LINK_MARKS	32	/* positions of signaled messages under way */

struct kfr_link;

struct kfr_rx {
	struct ib_cqe cqe;
	struct kfr_link *link;
	void *data;
	u64 dma;
	u32 len;
	struct work_struct work;	/* for who handles it later */
	struct list_head entry;
};

struct kfr_link_ops {
	/* A message arrived; the receiver owns rx until kfr_link_repost(). */
	void (*recv)(struct kfr_link *link, struct kfr_rx *rx);
	/*
	 * A write with immediate data took the buffer, which is as it was. NULL:
	 * the other side sends none.
	 */
	void (*imm)(struct kfr_link *link, struct kfr_rx *rx, u32 imm, u32 len);
	/* Positions of the send queue became free. */
	void (*room)(struct kfr_link *link);
	/* First failure; any context but hard interrupt. */
	void (*failed)(struct kfr_link *link, int err);
};

/**
 * struct kfr_link_params - size of a link
 * @rx_count: receives posted
 * @rx_size: bytes of each
 * @tx_count: message buffers
 * @tx_size: bytes of each
 * @sq_depth: work requests in the send queue
 */
struct kfr_link_params {
	u32 rx_count;
	u32 rx_size;
	u32 tx_count;
	u32 tx_size;
	u32 sq_depth;
};

struct kfr_link {
	struct kfr_ep *ep;
	const struct kfr_link_ops *ops;
	struct kfr_link_params params;
	struct rdma_cm_id *id;
	struct ib_device *dev;
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct ib_qp *qp;
	u32 max_sge;
	u32 max_inline;			/* bytes of a send that the queue takes */
	bool immediate;			/* writes may carry immediate data */
	size_t memory;			/* bytes held while idle */

	void *rx_area;
	u64 rx_dma;
	struct kfr_rx *rx;
	void *tx_area;
	u64 tx_dma;

	atomic_t failed;
	struct completion disconnected;	/* the other side is, as well */

	spinlock_t sq_lock;		/* everything below */
	u32 sq_posted;			/* work requests ever posted */
	u32 sq_reaped;			/* and known to be done */
	u32 sq_marked;			/* position signaled last */
	struct ib_cqe mark_cqe;
	u32 marks[KFR_LINK_MARKS];
	u32 mark_head;
	u32 mark_tail;
	union kfr_wr wr[KFR_LINK_WRS];
	struct ib_sge sge[KFR_IOV_LIMIT + KFR_LINK_WRS];
};

int kfr_link_create(struct kfr_link *link, struct kfr_ep *ep,
		    struct rdma_cm_id *id, const struct kfr_link_ops *ops,
		    const struct kfr_link_params *params);
void kfr_link_disconnect(struct kfr_link *link);
void kfr_link_drain(struct kfr_link *link);
void kfr_link_destroy(struct kfr_link *link);
void kfr_link_fail(struct kfr_link *link, int err);
void kfr_link_stop(struct kfr_link *link);
int kfr_link_post_recv(struct kfr_link *link, struct kfr_rx *rx);
void kfr_link_set_message(struct kfr_link *link, struct ib_send_wr *wr,
			  struct ib_sge *sge, u32 i, u32 len);
int kfr_link_post(struct kfr_link *link, struct ib_send_wr *first, u32 wrs);
int kfr_link_send(struct kfr_link *link, u32 i, u32 len);
int kfr_link_send_signaled(struct kfr_link *link, u32 i, u32 len,
			   bool *signaled);
bool kfr_link_passed(struct kfr_link *link, u32 position);
void kfr_link_reap(struct kfr_link *link, u32 position);
int kfr_link_reg_mr(struct kfr_link *link, struct ib_mr *mr, int access);
int kfr_link_wc_error(const struct kfr_link *link, const struct ib_wc *wc);

/* Is there room in the send queue for so many work requests? */
static inline bool kfr_link_sq_room(const struct kfr_link *link, u32 wrs)
{
	lockdep_assert_held(&link->sq_lock);
	return link->sq_posted - link->sq_reaped + wrs <= link->params.sq_depth;
}

/*
 * Have a message signaled if there is a place to note its position; it is the
 * last of @wrs work requests. Return: whether it is.
 */
static inline bool kfr_link_signal(struct kfr_link *link,
				   struct ib_send_wr *wr, u32 wrs)
{
	u32 position = link->sq_posted + wrs;

	lockdep_assert_held(&link->sq_lock);
	if (link->mark_head - link->mark_tail == KFR_LINK_MARKS)
		return false;
	wr->send_flags |= IB_SEND_SIGNALED;
	link->sq_marked = position;
	link->marks[link->mark_head++ % KFR_LINK_MARKS] = position;
	return true;
}

/*
 * The same for one that nobody waits for, now and then. Unsignaled requests
 * never free their place in the queue, so one in a quarter of the queue is
 * signaled.
 */
static inline void kfr_link_mark(struct kfr_link *link, struct ib_send_wr *wr,
				 u32 wrs)
{
	lockdep_assert_held(&link->sq_lock);
	wr->wr_cqe = &link->mark_cqe;
	if (unlikely(link->sq_posted + wrs - link->sq_marked >=
		     link->params.sq_depth / 4))
		kfr_link_signal(link, wr, wrs);
}

/*
 * Give a receive buffer back, and fail the link where that fails: not with a
 * lock that the failure of a link takes.
 */
static inline void kfr_link_repost(struct kfr_link *link, struct kfr_rx *rx)
{
	if (unlikely(kfr_link_post_recv(link, rx)))
		kfr_link_fail(link, -ENOLINK);
}

static inline void *kfr_link_tx_buf(struct kfr_link *link, u32 i)
{
	return link->tx_area + (size_t)i * link->params.tx_size;
}

static inline u64 kfr_link_tx_dma(struct kfr_link *link, u32 i)
{
	return link->tx_dma + (u64)i * link->params.tx_size;
}

#endif
