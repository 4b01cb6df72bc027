// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion queues: a ring that cannot overrun, because every operation
 * reserves its entry when it is posted.
 */
#include <linux/slab.h>

#include "kfi_prov.h"
#include "kfr.h"

static_assert(offsetof(struct kfr_cqe, src) ==
	      sizeof(struct kfi_cq_tagged_entry));

static size_t kfr_cq_entry_size(enum kfi_cq_format format)
{
	switch (format) {
	case KFI_CQ_FORMAT_CONTEXT:
		return sizeof(struct kfi_cq_entry);
	case KFI_CQ_FORMAT_MSG:
		return sizeof(struct kfi_cq_msg_entry);
	case KFI_CQ_FORMAT_TAGGED:
		return sizeof(struct kfi_cq_tagged_entry);
	default:
		return sizeof(struct kfi_cq_data_entry);
	}
}

/* Somebody was refused an entry, a post or a message: there is one now. */
static void kfr_cq_wake_starved(struct kfr_cq *cq)
{
	struct kfr_ep *ep;

	lockdep_assert_held(&cq->lock);
	cq->starved = false;
	list_for_each_entry(ep, &cq->eps, rx_cq_entry)
		queue_work(ep->wq, &ep->rx_work);
	queue_work(system_wq, &cq->room_work);
}

static void kfr_cq_room_work(struct work_struct *work)
{
	kfr_cq_signal_room(container_of(work, struct kfr_cq, room_work));
}

/**
 * kfr_cq_unreserve() - give a promised entry back
 * @cq: the queue
 *
 * Context: any but hard interrupt, with bottom halves off.
 */
void kfr_cq_unreserve(struct kfr_cq *cq)
{
	spin_lock(&cq->lock);
	WARN_ON_ONCE(!cq->reserved);
	cq->reserved--;
	if (unlikely(cq->starved))
		kfr_cq_wake_starved(cq);
	spin_unlock(&cq->lock);
}

static void kfr_cq_drop_first(struct kfr_cq *cq)
{
	lockdep_assert_held(&cq->lock);
	if (++cq->head == cq->size)
		cq->head = 0;
	cq->count--;
}

/**
 * kfr_cq_push() - fill a reserved entry and tell the client
 * @cq: the queue
 * @entry: what happened
 *
 * Context: as the client's handler: softirq or work item, as the endpoint's
 * placement class has it. No lock is held over the handler.
 */
void kfr_cq_push(struct kfr_cq *cq, const struct kfr_cqe *entry)
{
	local_bh_disable();
	kfr_cq_add(cq, entry);
	local_bh_enable();
	kfr_cq_signal_room(cq);
}

static ssize_t kfr_cq_readfrom(struct kfid_cq *fid, void *buf, size_t count,
			       kfi_addr_t *src_addr)
{
	struct kfr_cq *cq = container_of(fid, struct kfr_cq, cq);
	size_t n;

	spin_lock_bh(&cq->lock);
	for (n = 0; n < count && cq->count; n++) {
		const struct kfr_cqe *e = &cq->ring[cq->head];

		if (e->err)
			break;
		memcpy(buf + n * cq->entry_size, e, cq->entry_size);
		if (src_addr)
			src_addr[n] = e->src;
		kfr_cq_drop_first(cq);
	}
	if (unlikely(!n))
		n = cq->count ? -KFI_EAVAIL : -EAGAIN;
	else if (unlikely(cq->starved))
		kfr_cq_wake_starved(cq);
	spin_unlock_bh(&cq->lock);
	return n;
}

static ssize_t kfr_cq_read(struct kfid_cq *fid, void *buf, size_t count)
{
	return kfr_cq_readfrom(fid, buf, count, NULL);
}

static ssize_t kfr_cq_readerr(struct kfid_cq *fid, struct kfi_cq_err_entry *buf,
			      u64 flags)
{
	struct kfr_cq *cq = container_of(fid, struct kfr_cq, cq);
	const struct kfr_cqe *e;
	ssize_t ret = -EAGAIN;

	spin_lock_bh(&cq->lock);
	e = &cq->ring[cq->head];
	if (cq->count && e->err) {
		*buf = (struct kfi_cq_err_entry) {
			.op_context = e->op_context,
			.flags = e->flags,
			.len = e->len,
			.buf = e->buf,
			.data = e->data,
			.olen = e->olen,
			.err = e->err,
			.prov_errno = e->err,
		};
		kfr_cq_drop_first(cq);
		if (cq->starved)
			kfr_cq_wake_starved(cq);
		ret = 1;
	}
	spin_unlock_bh(&cq->lock);
	return ret;
}

static int kfr_cq_signal(struct kfid_cq *fid)
{
	kfr_cq_signal_room(container_of(fid, struct kfr_cq, cq));
	return 0;
}

static const struct kfi_ops_cq kfr_cq_ops = {
	.size = sizeof(struct kfi_ops_cq),
	.read = kfr_cq_read,
	.readfrom = kfr_cq_readfrom,
	.readerr = kfr_cq_readerr,
	.sread = kfi_no_cq_sread,
	.sreadfrom = kfi_no_cq_sreadfrom,
	.signal = kfr_cq_signal,
	.strerror = kfi_no_cq_strerror,
};

static int kfr_cq_close(struct kfid *fid)
{
	struct kfr_cq *cq = container_of(fid, struct kfr_cq, cq.fid);
	int ret = kfid_try_close(fid);

	if (ret)
		return ret;
	cancel_work_sync(&cq->room_work);
	kfid_put(&cq->domain->domain.fid);
	kvfree(cq->ring);
	kfree(cq);
	return 0;
}

static const struct kfi_ops kfr_cq_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_cq_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

/**
 * kfr_cq_open() - open a completion queue
 * @domain: its domain
 * @attr: size (0: 1024 entries) and format; signaling_vector is not used, the
 *	endpoint's placement class chooses the CPU
 * @out: where it goes
 * @handler: called after each new entry, and when there is room again after
 *	an -EAGAIN; context: softirq or work item, as the class of the
 *	endpoints has it; no lock held, may post
 * @context: the client's
 *
 * Context: process.
 * Return: 0, -EINVAL for an unknown format, -ENOMEM.
 */
int kfr_cq_open(struct kfid_domain *domain, struct kfi_cq_attr *attr,
		struct kfid_cq **out, kfi_comp_handler handler, void *context)
{
	struct kfr_cq *cq;
	u32 size = attr && attr->size ? attr->size : 1024;

	if (size > 1 << 20 || (attr && attr->format > KFI_CQ_FORMAT_TAGGED))
		return -EINVAL;
	cq = kzalloc(sizeof(*cq), GFP_KERNEL);
	if (!cq)
		return -ENOMEM;
	cq->ring = kvcalloc(size, sizeof(*cq->ring), GFP_KERNEL);
	if (!cq->ring) {
		kfree(cq);
		return -ENOMEM;
	}
	kfid_init(&cq->cq.fid, KFI_CLASS_CQ, context, &kfr_cq_fid_ops);
	cq->cq.ops = &kfr_cq_ops;
	cq->domain = container_of(domain, struct kfr_domain, domain);
	if (attr && attr->format == KFI_CQ_FORMAT_UNSPEC)
		attr->format = KFI_CQ_FORMAT_DATA;
	cq->entry_size = kfr_cq_entry_size(attr ? attr->format :
						  KFI_CQ_FORMAT_DATA);
	cq->handler = handler;
	cq->size = size;
	spin_lock_init(&cq->lock);
	INIT_LIST_HEAD(&cq->eps);
	INIT_WORK(&cq->room_work, kfr_cq_room_work);
	kfid_get(&domain->fid);
	*out = &cq->cq;
	return 0;
}
