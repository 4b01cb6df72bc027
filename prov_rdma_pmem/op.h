/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An operation of an initiator, from the client's call to its completion.
 *
 * Operations come from a pool made with the endpoint. One is owned by the
 * list it is on: the pool, its peer's pending list, or its peer's inflight
 * list. It is finished when its last work request is done and every reply it
 * waits for arrived.
 */
#ifndef KFR_OP_H
#define KFR_OP_H

#include <linux/mm.h>
#include <rdma/ib_verbs.h>

#include "kfi_atomic.h"
#include "kfr.h"

struct kfr_rmr;

enum kfr_op_type {
	KFR_OP_WRITE,
	KFR_OP_READ,
	KFR_OP_COMMIT,
	KFR_OP_PUBLISH,
	KFR_OP_ATOMIC,
	KFR_OP_MESSAGE,
};

#define KFR_SEGS	16	/* segments of an ordinary operation */

/* A piece of local memory; mapped for DMA while the operation is posted. */
struct kfr_seg {
	struct page *page;
	u32 offset;
	u32 len;
	u64 dma;
};

struct kfr_rma {
	struct kfr_rmr *rmr;
	u64 offset;
	u64 len;
};

struct kfr_op {
	struct list_head entry;
	struct kfr_ep *ep;
	struct kfr_peer *peer;
	enum kfr_op_type type;
	enum kfi_stat_op stat;
	bool wide;			/* from the pool of wide operations */
	bool quiet;			/* success makes no completion entry */
	bool gathered;			/* commits what earlier writes left */
	u64 seq;			/* order of submission to the peer */
	bool cut;			/* took its ranges out of what is dirty */
	u64 flags;
	u64 comp_flags;
	void *context;
	u64 len;
	u64 start;			/* ktime, ns; 0: not timed */
	int status;

	/* Under the peer's lock. */
	bool wait_send;
	u32 wait_replies;
	u32 sq_position;

	struct ib_cqe cqe;		/* last work request */
	struct ib_cqe data_cqe;		/* those before it: errors only */

	u32 nsegs;
	u32 nmapped;
	enum dma_data_direction dir;
	struct ib_device *dev;		/* mapped for */
	struct kfr_seg *segs;
	u32 ndata;			/* ranges with data of this operation */
	u32 nrma;			/* and those that it commits as well */
	struct kfr_rma rma[KFR_RMA_IOV_LIMIT];

	union {
		struct {
			enum kfi_commit_level level;
		} commit;
		struct {
			struct kfr_rmr *rmr;
			u64 offset;
			u64 word;
		} publish;
		struct {
			u8 datatype;
			u8 op;
			bool fetch;
			u16 count;
			u16 result_segs;	/* segs[0..] take the result */
		} atomic;
		struct {
			u32 id;
			u32 sent;
			bool started;	/* also an empty one is sent once */
			u64 data;
		} message;
	};
	u32 ninject;
	u8 inject[KFR_INJECT_SIZE];
};

int kfr_ops_create(struct kfr_ep *ep);
void kfr_ops_destroy(struct kfr_ep *ep);
struct kfr_op *kfr_op_get(struct kfr_ep *ep, size_t segs, u64 flags);
void kfr_op_free(struct kfr_op *op);
void kfr_op_finish(struct kfr_op *op);
int kfr_op_segs(struct kfr_op *op, enum kfi_iov_type type, const void *iov,
		size_t count);
size_t kfr_iov_segs(enum kfi_iov_type type, const void *iov, size_t count);
int kfr_op_inject(struct kfr_op *op);
int kfr_op_map(struct kfr_op *op, struct ib_device *dev,
	       enum dma_data_direction dir);
void kfr_op_copy_segs(struct kfr_op *op, u32 offset, void *dst, u32 len);
void kfr_op_copy_in(struct kfr_op *op, const void *src, u32 len);

/* Copy from an operation's memory, which has as many bytes behind @offset. */
static inline void kfr_op_copy_out(struct kfr_op *op, u32 offset, void *dst,
				   u32 len)
{
	const struct kfr_seg *seg = op->segs;

	if (likely(op->nsegs == 1))
		memcpy(dst, page_address(seg->page) + seg->offset + offset, len);
	else
		kfr_op_copy_segs(op, offset, dst, len);
}

#endif
