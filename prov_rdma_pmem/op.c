// SPDX-License-Identifier: GPL-2.0-only
/* The pool of operations, and the local memory that an operation names. */
#include <linux/highmem.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "op.h"
#include "peer.h"
#include "rmr.h"

/**
 * kfr_ops_create() - make an endpoint's pool
 * @ep: endpoint with its tx_size
 *
 * One operation in eight can take KFR_IOV_LIMIT segments.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int kfr_ops_create(struct kfr_ep *ep)
{
	u32 i;

	ep->ops = kvcalloc(ep->tx_size, sizeof(*ep->ops), GFP_KERNEL);
	if (!ep->ops)
		return -ENOMEM;
	for (i = 0; i < ep->tx_size; i++) {
		struct kfr_op *op = &ep->ops[i];

		op->ep = ep;
		op->cqe.done = kfr_op_send_done;
		op->data_cqe.done = kfr_op_data_done;
		op->wide = i % 8 == 0;
		op->segs = kvcalloc(op->wide ? KFR_IOV_LIMIT : KFR_SEGS,
				    sizeof(*op->segs), GFP_KERNEL);
		if (!op->segs) {
			kfr_ops_destroy(ep);
			return -ENOMEM;
		}
		list_add_tail(&op->entry, op->wide ? &ep->free_wide_ops :
						     &ep->free_ops);
	}
	return 0;
}

/**
 * kfr_ops_destroy() - free an endpoint's pool; all operations are back in it
 * @ep: endpoint
 *
 * Context: process.
 */
void kfr_ops_destroy(struct kfr_ep *ep)
{
	u32 i;

	if (!ep->ops)
		return;
	for (i = 0; i < ep->tx_size; i++)
		kvfree(ep->ops[i].segs);
	kvfree(ep->ops);
	ep->ops = NULL;
	INIT_LIST_HEAD(&ep->free_ops);
	INIT_LIST_HEAD(&ep->free_wide_ops);
}

/**
 * kfr_op_get() - take an operation from the pool, with its completion entry
 * @ep: endpoint
 * @segs: segments of local memory
 * @flags: of the call, with the endpoint's defaults
 *
 * Context: any but hard interrupt, with bottom halves off: so they are while a
 * call posts, rather than anew for each lock.
 * Return: the operation; ERR_PTR(-EAGAIN): none left, and the handler of the
 * completion queue is called when there is one; -EMSGSIZE; -ESHUTDOWN.
 */
struct kfr_op *kfr_op_get(struct kfr_ep *ep, size_t segs, u64 flags)
{
	struct kfr_op *op = NULL;

	if (unlikely(segs > KFR_IOV_LIMIT))
		return ERR_PTR(-EMSGSIZE);
	if (unlikely(!ep->enabled || !ep->tx_cq))
		return ERR_PTR(-KFI_EOPBADSTATE);
	if (unlikely(READ_ONCE(ep->closing)))
		return ERR_PTR(-ESHUTDOWN);
	spin_lock(&ep->op_lock);
	while (unlikely(kfi_class_charge(ep->class, 1, 0))) {
		/* Another endpoint of the class has what this one needs. */
		if (!READ_ONCE(ep->class_waits)) {
			WRITE_ONCE(ep->class_waits, true);
			if (!kfi_class_wait(ep->class, &ep->waiter, 1, 0))
				WRITE_ONCE(ep->class_waits, false);
		}
		if (READ_ONCE(ep->class_waits)) {
			spin_unlock(&ep->op_lock);
			return ERR_PTR(-EAGAIN);
		}
	}
	if (likely(segs <= KFR_SEGS))
		op = list_first_entry_or_null(&ep->free_ops, struct kfr_op,
					      entry);
	if (unlikely(!op))
		op = list_first_entry_or_null(&ep->free_wide_ops,
					      struct kfr_op, entry);
	/* An error is always reported, so also a quiet one needs an entry. */
	if (unlikely(!op || !kfr_cq_reserve(ep->tx_cq))) {
		/* The queue itself tells when an entry was read. */
		ep->want_room |= !op;
		spin_unlock(&ep->op_lock);
		kfi_class_uncharge(ep->class, 1, 0);
		return ERR_PTR(-EAGAIN);
	}
	list_del_init(&op->entry);
	spin_unlock(&ep->op_lock);
	op->quiet = ep->tx_selective && !(flags & KFI_COMPLETION);
	op->flags = flags;
	op->context = NULL;
	op->status = 0;
	op->len = 0;
	op->nsegs = 0;
	op->nmapped = 0;
	op->nrma = 0;
	op->ninject = 0;
	op->cut = false;
	op->gathered = false;
	op->wait_send = false;
	op->wait_replies = 0;
	op->peer = NULL;
	/* One in a tick is timed: a clock read is dear on some machines. */
	op->start = 0;
	if (unlikely(time_after(jiffies, READ_ONCE(ep->timed)))) {
		WRITE_ONCE(ep->timed, jiffies);
		op->start = ktime_get_ns();
	}
	return op;
}

/* Back to the pool, with what the operation held; under op_lock. */
static inline void kfr_op_release(struct kfr_op *op)
{
	struct kfr_ep *ep = op->ep;
	u32 i;

	lockdep_assert_held(&ep->op_lock);
	for (i = 0; i < op->nmapped; i++)
		ib_dma_unmap_page(op->dev, op->segs[i].dma, op->segs[i].len,
				  op->dir);
	op->nmapped = 0;
	for (i = 0; i < op->nrma; i++)
		kfr_rmr_put(op->rma[i].rmr);
	op->nrma = 0;
	if (unlikely(op->type == KFR_OP_PUBLISH && op->publish.rmr)) {
		kfr_rmr_put(op->publish.rmr);
		op->publish.rmr = NULL;
	}
	list_add(&op->entry, op->wide ? &ep->free_wide_ops : &ep->free_ops);
}

/**
 * kfr_op_free() - give an operation back without a completion
 * @op: operation that was never submitted
 *
 * Context: any but hard interrupt, with bottom halves off.
 */
void kfr_op_free(struct kfr_op *op)
{
	struct kfr_ep *ep = op->ep;

	kfr_cq_unreserve(ep->tx_cq);
	spin_lock(&ep->op_lock);
	kfr_op_release(op);
	spin_unlock(&ep->op_lock);
	kfi_class_uncharge(ep->class, 1, 0);
}

static void kfr_op_uncommit(struct kfr_op *op)
{
	u32 i;

	for (i = 0; i < op->nrma; i++)
		kfr_dirty_add(&op->rma[i].rmr->dirty, op->rma[i].offset,
			      op->rma[i].len ?: op->rma[i].rmr->attr.size);
}

static struct kfr_cntr *kfr_op_cntr(struct kfr_op *op)
{
	switch (op->type) {
	case KFR_OP_READ:
		return op->ep->cntr[KFR_CNTR_READ];
	case KFR_OP_MESSAGE:
		return op->ep->cntr[KFR_CNTR_SEND];
	case KFR_OP_ATOMIC:
		return op->ep->cntr[op->atomic.fetch ? KFR_CNTR_READ :
						       KFR_CNTR_WRITE];
	default:
		return op->ep->cntr[KFR_CNTR_WRITE];
	}
}

/* Field by field: the entry is in the ring, and not made elsewhere first. */
static void kfr_op_report(struct kfr_cq *cq, void *context, u64 flags, u64 len,
			  int err)
{
	struct kfr_cqe *entry;

	spin_lock(&cq->lock);
	entry = kfr_cq_next(cq);
	entry->op_context = context;
	entry->flags = flags;
	entry->len = len;
	entry->buf = NULL;
	entry->data = 0;
	entry->tag = 0;
	entry->src = KFI_ADDR_NOTAVAIL;
	entry->err = err;
	entry->olen = 0;
	spin_unlock(&cq->lock);
}

/**
 * kfr_op_finish() - tell the client, and give the operation back
 * @op: operation on no list, with its status
 *
 * Context: work item, no lock held: calls the client's completion handler.
 */
void kfr_op_finish(struct kfr_op *op)
{
	struct kfr_ep *ep = op->ep;
	bool push = op->status || !op->quiet, room;
	u32 bucket = KFI_STAT_LATENCY_BUCKETS;
	u64 len = op->status ? 0 : op->len;
	u64 flags = op->comp_flags;
	void *context = op->context;
	int err = -op->status;

	if (unlikely(op->start))
		bucket = min_t(u32, ilog2((ktime_get_ns() - op->start) | 1),
			       KFI_STAT_LATENCY_BUCKETS - 1);
	/* Also a commit whose reply never came has committed nothing. */
	if (unlikely(err) && op->cut)
		kfr_op_uncommit(op);
	kfr_cntr_count(kfr_op_cntr(op), err);

	spin_lock_bh(&ep->op_lock);
	if (unlikely(err)) {
		kfr_stat_inc_bh(ep, op[op->stat].errors);
	} else {
		kfr_stat_inc_bh(ep, op[op->stat].ops);
		if (unlikely(bucket < KFI_STAT_LATENCY_BUCKETS))
			kfr_stat_inc_bh(ep, op[op->stat].latency[bucket]);
	}
	kfr_op_release(op);
	room = ep->want_room;
	ep->want_room = false;
	spin_unlock(&ep->op_lock);
	kfi_class_uncharge(ep->class, 1, 0);
	if (likely(push))
		kfr_op_report(ep->tx_cq, context, flags, len, err);
	else
		kfr_cq_unreserve(ep->tx_cq);
	local_bh_enable();
	if (push || room)
		kfr_cq_signal_room(ep->tx_cq);
}

/* Virtually contiguous kernel memory, page by page where it is not linear. */
static u32 kfr_kvec_segs(const struct kvec *v)
{
	if (!v->iov_len)
		return 0;
	if (!is_vmalloc_or_module_addr(v->iov_base))
		return 1;
	return ((offset_in_page(v->iov_base) + v->iov_len - 1) >> PAGE_SHIFT) +
	       1;
}

/**
 * kfr_iov_segs() - segments that a vector takes
 * @type: KFI_KVEC, KFI_BVEC, KFI_SGL
 * @iov: vector
 * @count: its entries
 *
 * Context: any.
 * Return: how many; SIZE_MAX for a vector that no operation takes.
 */
size_t kfr_iov_segs(enum kfi_iov_type type, const void *iov, size_t count)
{
	size_t i, n = 0;

	if (count > KFR_IOV_LIMIT || (count && !iov))
		return SIZE_MAX;
	if (likely(type == KFI_KVEC)) {
		for (i = 0; i < count; i++)
			n += kfr_kvec_segs((const struct kvec *)iov + i);
		return n;
	}
	return type == KFI_BVEC || type == KFI_SGL ? count : SIZE_MAX;
}

static void kfr_op_seg(struct kfr_op *op, struct page *page, u32 offset,
		       u32 len)
{
	struct kfr_seg *seg = &op->segs[op->nsegs];

	if (!len)
		return;
	seg->page = page + (offset >> PAGE_SHIFT);
	seg->offset = offset_in_page(offset);
	seg->len = len;
	op->nsegs++;
	op->len += len;
}

static int kfr_op_kvec(struct kfr_op *op, u8 *p, size_t left)
{
	if (likely(!is_vmalloc_or_module_addr(p))) {
		if (left > U32_MAX - PAGE_SIZE)
			return -EMSGSIZE;
		kfr_op_seg(op, virt_to_page(p), offset_in_page(p), left);
		return 0;
	}
	while (left) {
		u32 n = min_t(size_t, left, PAGE_SIZE - offset_in_page(p));

		kfr_op_seg(op, vmalloc_to_page(p), offset_in_page(p), n);
		p += n;
		left -= n;
	}
	return 0;
}

/**
 * kfr_op_segs() - note the local memory of an operation
 * @op: operation that was got with room for it
 * @type: KFI_KVEC, KFI_BVEC, KFI_SGL
 * @iov: vector; not needed after the call, the memory it names is
 * @count: its entries
 *
 * Context: any.
 * Return: 0; -EMSGSIZE: a piece beyond 4 GiB.
 */
int kfr_op_segs(struct kfr_op *op, enum kfi_iov_type type, const void *iov,
		size_t count)
{
	size_t i;
	int ret;

	if (likely(type == KFI_KVEC)) {
		const struct kvec *v = iov;

		for (i = 0; i < count; i++) {
			ret = kfr_op_kvec(op, v[i].iov_base, v[i].iov_len);
			if (ret)
				return ret;
		}
	} else if (type == KFI_BVEC) {
		const struct bio_vec *bv = iov;

		for (i = 0; i < count; i++)
			kfr_op_seg(op, bv[i].bv_page, bv[i].bv_offset,
				   bv[i].bv_len);
	} else {
		struct scatterlist *sg;

		for_each_sg((struct scatterlist *)iov, sg, count, i)
			kfr_op_seg(op, sg_page(sg), sg->offset, sg->length);
	}
	return 0;
}

/**
 * kfr_op_inject() - copy the data, so that the client may reuse its buffer
 * @op: operation with its segments
 *
 * Context: any.
 * Return: 0; -EMSGSIZE: more than inject_size.
 */
int kfr_op_inject(struct kfr_op *op)
{
	if (op->len > KFR_INJECT_SIZE)
		return -EMSGSIZE;
	kfr_op_copy_out(op, 0, op->inject, op->len);
	op->ninject = op->len;
	op->nsegs = 0;
	if (op->len) {
		/* The pool is vmalloc'ed where it is large. */
		struct kvec v = { op->inject, op->len };

		op->len = 0;
		return kfr_op_segs(op, KFI_KVEC, &v, 1);
	}
	return 0;
}

/**
 * kfr_op_map() - map an operation's memory for a device
 * @op: operation
 * @dev: device
 * @dir: direction
 *
 * Context: any.
 * Return: 0 or -ENOMEM; what was mapped is unmapped when the operation ends.
 */
int kfr_op_map(struct kfr_op *op, struct ib_device *dev,
	       enum dma_data_direction dir)
{
	op->dev = dev;
	op->dir = dir;
	for (op->nmapped = 0; op->nmapped < op->nsegs; op->nmapped++) {
		struct kfr_seg *seg = &op->segs[op->nmapped];

		seg->dma = ib_dma_map_page(dev, seg->page, seg->offset,
					   seg->len, dir);
		if (ib_dma_mapping_error(dev, seg->dma))
			return -ENOMEM;
	}
	return 0;
}

/**
 * kfr_op_copy_segs() - kfr_op_copy_out() from any number of segments
 * @op: operation
 * @offset: bytes to pass over
 * @dst: where to
 * @len: how many; the operation has them
 *
 * Context: any.
 */
void kfr_op_copy_segs(struct kfr_op *op, u32 offset, void *dst, u32 len)
{
	u32 i, n;

	for (i = 0; i < op->nsegs && len; i++) {
		struct kfr_seg *seg = &op->segs[i];

		if (offset >= seg->len) {
			offset -= seg->len;
			continue;
		}
		n = min(len, seg->len - offset);
		memcpy(dst, page_address(seg->page) + seg->offset + offset, n);
		offset = 0;
		dst += n;
		len -= n;
	}
}

/**
 * kfr_op_copy_in() - copy into an operation's memory, from its start
 * @op: operation
 * @src: bytes
 * @len: how many; the rest is dropped where the operation has room for fewer
 *
 * Context: any.
 */
void kfr_op_copy_in(struct kfr_op *op, const void *src, u32 len)
{
	u32 i, n;

	for (i = 0; i < op->nsegs && len; i++) {
		struct kfr_seg *seg = &op->segs[i];

		n = min(len, seg->len);
		memcpy(page_address(seg->page) + seg->offset, src, n);
		src += n;
		len -= n;
	}
}
