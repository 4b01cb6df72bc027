// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading, writing and committing an attached region.
 *
 * A request (ku_io) is cut into segments (ku_seg), each one operation of the
 * endpoint, with a bounded number of them on their way. Where the caller's
 * pages outlast the operation they are its buffers: pinned user pages, and the
 * pages of an asynchronous kernel caller. Everything else is copied through
 * pages of the segment, so that a caller that is killed never leaves memory
 * behind that the fabric still writes to.
 *
 * The submitter and every operation on its way hold a reference on the
 * request; the last to go releases the buffers and, for an asynchronous
 * caller, completes it.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include "user.h"

#define KU_WINDOW	16	/* segments of one request */

enum ku_op {
	KU_READ,
	KU_WRITE,
	KU_WRITE_DURABLE,
	KU_COMMIT,
	KU_PUBLISH,
};

struct ku_io {
	refcount_t ref;
	enum ku_op op;
	struct ku_node *node;
	struct ku_attachment *att;
	struct kiocb *iocb;
	struct work_struct work;
	wait_queue_head_t wait;

	/* Submitter, and then the last reference. */
	struct list_head segs;
	unsigned int nr_segs;
	u64 pos;
	u64 next;
	bool dirty_taken;
	struct ku_ranges ranges;
	enum kfi_commit_level level;
	u64 word_offset;
	u64 word;

	/* The failure nearest to the start, which is where the result ends. */
	spinlock_t lock;
	int err;
	u64 err_pos;
};

struct ku_seg {
	struct list_head list;
	struct ku_io *io;
	u64 pos;
	size_t length;
	bool done;
	bool pinned;
	bool bounced;
	unsigned int nr_rma;
	unsigned int nr_bvecs;
	unsigned int max_bvecs;
	struct kfi_rma_iov rma[KU_DIRTY_RANGES];
	struct bio_vec bvec[];
};

static struct workqueue_struct *ku_wq;

static void ku_io_fail(struct ku_io *io, u64 pos, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&io->lock, flags);
	if (!io->err || pos < io->err_pos) {
		io->err = err;
		io->err_pos = pos;
	}
	spin_unlock_irqrestore(&io->lock, flags);
}

static ssize_t ku_io_result(struct ku_io *io)
{
	u64 end = io->next;

	if (io->err) {
		if (io->err_pos <= io->pos)
			return io->err;
		end = io->err_pos;
	}
	return end - io->pos;
}

static void ku_seg_release(struct ku_seg *seg)
{
	bool dirty = seg->io->op == KU_READ;
	unsigned int i;

	for (i = 0; i < seg->nr_bvecs; i++) {
		struct bio_vec *bv = &seg->bvec[i];

		if (seg->bounced)
			__free_page(bv->bv_page);
		else if (seg->pinned)
			unpin_user_page_range_dirty_lock(bv->bv_page,
							 PFN_UP(bv->bv_offset +
								bv->bv_len),
							 dirty);
	}
	kfree(seg);
}

static void ku_io_free(struct ku_io *io)
{
	struct ku_seg *seg, *tmp;

	list_for_each_entry_safe(seg, tmp, &io->segs, list)
		ku_seg_release(seg);
	put_device(&io->node->dev);
	kfree(io);
}

static void ku_io_free_work(struct work_struct *work)
{
	ku_io_free(container_of(work, struct ku_io, work));
}

/*
 * A commit that failed leaves the bytes to the next one, also one that told of
 * a loss: it did nothing, and some of the bytes may be younger than that.
 */
static void ku_io_end_commit(struct ku_io *io)
{
	if (!io->dirty_taken)
		return;
	io->dirty_taken = false;
	ku_dirty_done(&io->node->dirty, &io->ranges, io->err);
}

static void ku_io_put(struct ku_io *io, bool may_sleep)
{
	struct percpu_ref *users = &io->att->users;
	ssize_t ret;

	if (!refcount_dec_and_test(&io->ref))
		return;

	ku_io_end_commit(io);
	if (io->iocb) {
		ret = ku_io_result(io);
		if (ret > 0)
			io->iocb->ki_pos += ret;
		io->iocb->ki_complete(io->iocb, ret);
	}
	/*
	 * Marking the pages of a read dirty takes page locks, and the node's
	 * last reference sleeps.
	 */
	if (may_sleep)
		ku_io_free(io);
	else
		queue_work(ku_wq, &io->work);
	percpu_ref_put(users);
}

static struct ku_io *ku_io_new(struct ku_node *node, enum ku_op op, u64 pos)
{
	struct ku_io *io;

	io = kzalloc(sizeof(*io), GFP_KERNEL);
	if (!io)
		return ERR_PTR(-ENOMEM);
	if (!percpu_ref_tryget_live(&node->att->users)) {
		kfree(io);
		return ERR_PTR(-ENODEV);
	}
	get_device(&node->dev);
	refcount_set(&io->ref, 1);
	io->op = op;
	io->node = node;
	io->att = node->att;
	io->pos = pos;
	io->next = pos;
	spin_lock_init(&io->lock);
	INIT_LIST_HEAD(&io->segs);
	INIT_WORK(&io->work, ku_io_free_work);
	init_waitqueue_head(&io->wait);
	return io;
}

/* Context: of the CQ's handler, or process. */
static void ku_seg_end(struct ku_seg *seg, int err)
{
	struct ku_io *io = seg->io;

	if (err) {
		ku_io_fail(io, seg->pos, err);
		/*
		 * -ESTALE tells once of earlier writes that are lost, maybe
		 * another file's: each file's next fsync() has to fail. Set
		 * here, so that it precedes the result of any later commit.
		 */
		if (io->dirty_taken || err == -ESTALE)
			errseq_set(&io->node->wb_err, err);
	}
	/* What failed may have landed all the same, and be seen by others. */
	if (io->op == KU_WRITE ||
	    (err && (io->op == KU_WRITE_DURABLE || io->op == KU_PUBLISH)))
		ku_dirty_add(&io->node->dirty, seg->pos, seg->length);
	if (err && io->op == KU_PUBLISH)
		ku_dirty_add(&io->node->dirty, io->word_offset, sizeof(u64));

	/* Pairs with ku_io_reap(): what the operation left is seen there. */
	smp_store_release(&seg->done, true);
	if (wq_has_sleeper(&io->wait))
		wake_up(&io->wait);
	ku_io_put(io, false);
}

static ssize_t ku_seg_post_op(struct ku_seg *seg)
{
	struct ku_io *io = seg->io;
	struct ku_attachment *att = io->att;
	struct kfi_msg_rma msg = {
		.type = KFI_BVEC,
		.msg_biov = seg->bvec,
		.iov_count = seg->nr_bvecs,
		.addr = att->addr,
		.rma_iov = seg->rma,
		.rma_iov_count = seg->nr_rma,
		.context = seg,
	};
	struct kfi_msg_publish publish;

	switch (io->op) {
	case KU_READ:
		return kfi_readmsg(att->client.ep, &msg, KFI_COMPLETION);
	case KU_WRITE:
		return kfi_writemsg(att->client.ep, &msg, KFI_COMPLETION);
	case KU_WRITE_DURABLE:
		return kfi_writemsg(att->client.ep, &msg,
				    KFI_COMPLETION | KFI_COMMIT_COMPLETE);
	case KU_COMMIT:
		return kfi_commit(att->client.ep, seg->rma, seg->nr_rma,
				  att->addr, io->level, seg);
	case KU_PUBLISH:
		publish.data = msg;
		publish.word_addr = io->word_offset;
		publish.word_key = att->key;
		publish.word = io->word;
		return kfi_write_publish(att->client.ep, &publish,
					 KFI_COMPLETION);
	}
	return -EINVAL;
}

/*
 * Hand a segment to the endpoint; wait for room if it is full. RCU keeps the
 * endpoint open: ku_attachment_disconnect() marks the attachment dead and
 * waits for readers before it closes it.
 */
static int ku_seg_post(struct ku_seg *seg)
{
	struct ku_io *io = seg->io;
	struct ku_attachment *att = io->att;
	ssize_t ret;
	int seq;

	refcount_inc(&io->ref);
	for (;;) {
		/* Before the post, or the event in between would be missed. */
		seq = atomic_read_acquire(&att->room_seq);
		rcu_read_lock();
		ret = READ_ONCE(att->dead) ? -ENODEV : ku_seg_post_op(seg);
		rcu_read_unlock();
		if (ret != -EAGAIN)
			break;
		ret = wait_event_killable(att->room,
					  atomic_read(&att->room_seq) != seq ||
					  READ_ONCE(att->dead));
		if (ret) {
			ret = -EINTR;
			break;
		}
	}
	if (!ret)
		return 0;

	/* Nothing is on its way; the submitter's reference remains. */
	refcount_dec(&io->ref);
	ku_io_fail(io, seg->pos, ret);
	seg->done = true;
	return ret;
}

static void ku_io_drain(struct kfid_cq *cq)
{
	struct kfi_cq_data_entry entry[8];
	struct kfi_cq_err_entry err = {};
	ssize_t ret;
	int i;

	for (;;) {
		ret = kfi_cq_read(cq, entry, ARRAY_SIZE(entry));
		if (ret > 0) {
			for (i = 0; i < ret; i++)
				if (entry[i].op_context)
					ku_seg_end(entry[i].op_context, 0);
		} else if (ret == -KFI_EAVAIL) {
			if (kfi_cq_readerr(cq, &err, 0) == 1 && err.op_context)
				ku_seg_end(err.op_context,
					   -(abs(err.err) ?: EIO));
		} else {
			break;
		}
	}
}

/**
 * ku_io_comp_handler() - read an attachment's completions
 * @cq: its CQ
 * @context: the attachment
 *
 * One at a time, and so in the order of the queue: -ESTALE comes to one commit,
 * and has to be in @wb_err before a later commit's success is told. Who finds
 * somebody at work leaves the rest to them.
 *
 * Context: softirq, work item or process; more than one at a time.
 */
void ku_io_comp_handler(struct kfid_cq *cq, void *context)
{
	struct ku_attachment *att = context;
	int calls;

	if (atomic_inc_return(&att->cq_calls) == 1) {
		do {
			calls = atomic_read(&att->cq_calls);
			ku_io_drain(cq);
		} while (atomic_sub_return(calls, &att->cq_calls));
	}

	atomic_inc(&att->room_seq);
	if (wq_has_sleeper(&att->room))
		wake_up_all(&att->room);
}

static struct ku_seg *ku_seg_new(struct ku_io *io, unsigned int nr_bvecs)
{
	struct ku_seg *seg;

	seg = kzalloc(struct_size(seg, bvec, nr_bvecs), GFP_KERNEL);
	if (!seg)
		return NULL;
	seg->io = io;
	seg->pos = io->next;
	seg->max_bvecs = nr_bvecs;
	return seg;
}

static void ku_seg_set_range(struct ku_seg *seg)
{
	seg->nr_rma = 1;
	seg->rma[0].addr = seg->pos;
	seg->rma[0].len = seg->length;
	seg->rma[0].key = seg->io->att->key;
}

/* Contiguous pages become one entry; a page that comes twice is pinned twice. */
static void ku_seg_add_page(struct ku_seg *seg, struct page *page, size_t len,
			    size_t offset)
{
	struct bio_vec *bv;

	if (seg->nr_bvecs && !offset) {
		bv = &seg->bvec[seg->nr_bvecs - 1];
		if (page_to_phys(bv->bv_page) + bv->bv_offset + bv->bv_len ==
		    page_to_phys(page) &&
		    zone_device_pages_have_same_pgmap(bv->bv_page, page)) {
			bv->bv_len += len;
			return;
		}
	}
	bvec_set_page(&seg->bvec[seg->nr_bvecs++], page, len, offset);
}

/*
 * Take the caller's pages as they are. The array of pages lies in the unused
 * tail of the bio_vecs, as in the block layer: entries are converted in order,
 * and no bio_vec reaches a page that is still to be read.
 */
static int ku_seg_extract(struct ku_seg *seg, struct iov_iter *iter)
{
	size_t max_bytes = seg->io->att->max_bytes;
	unsigned int used = 0;
	struct page **pages;
	size_t offset, len;
	ssize_t got;
	int i;

	seg->pinned = iov_iter_extract_will_pin(iter);
	while (iov_iter_count(iter) && used < seg->max_bvecs &&
	       seg->length < max_bytes) {
		pages = (struct page **)(seg->bvec + seg->max_bvecs) -
			(seg->max_bvecs - used);
		got = iov_iter_extract_pages(iter, &pages,
					     max_bytes - seg->length,
					     seg->max_bvecs - used, 0,
					     &offset);
		if (got <= 0)
			return seg->length ? 0 : got ?: -EFAULT;
		seg->length += got;
		for (i = 0; got; i++, used++) {
			len = min_t(size_t, got, PAGE_SIZE - offset);
			ku_seg_add_page(seg, pages[i], len, offset);
			got -= len;
			offset = 0;
		}
	}
	return 0;
}

static int ku_seg_bounce(struct ku_seg *seg, struct iov_iter *iter, size_t left)
{
	bool read = seg->io->op == KU_READ;
	struct page *page;
	size_t len, got;

	seg->bounced = true;
	left = min(left, seg->io->att->max_bytes);
	while (left && seg->nr_bvecs < seg->max_bvecs) {
		len = min_t(size_t, left, PAGE_SIZE);
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return seg->length ? 0 : -ENOMEM;
		got = read ? len : copy_page_from_iter(page, 0, len, iter);
		if (!got) {
			__free_page(page);
			return seg->length ? 0 : -EFAULT;
		}
		bvec_set_page(&seg->bvec[seg->nr_bvecs++], page, got, 0);
		seg->length += got;
		if (got < len)
			break;
		left -= len;
	}
	return 0;
}

/*
 * The next segment of a transfer that has @left bytes to go. Memory that cannot
 * be pinned, such as a mapping of a local region, can still be copied.
 */
static struct ku_seg *ku_seg_build(struct ku_io *io, struct iov_iter *iter,
				   size_t left, bool bounce)
{
	struct ku_attachment *att = io->att;
	unsigned int nr_pages;
	struct ku_seg *seg;
	int ret;

	nr_pages = DIV_ROUND_UP(min(left, att->max_bytes), PAGE_SIZE);
	if (!bounce)
		nr_pages = max_t(unsigned int, nr_pages,
				 iov_iter_npages(iter, att->max_pages));
	seg = ku_seg_new(io, min(nr_pages, att->max_pages));
	if (!seg)
		return ERR_PTR(-ENOMEM);
	ret = bounce ? -EFAULT : ku_seg_extract(seg, iter);
	if (ret == -EFAULT) {
		seg->pinned = false;
		ret = ku_seg_bounce(seg, iter, left);
	}
	if (ret) {
		ku_seg_release(seg);
		return ERR_PTR(ret);
	}
	ku_seg_set_range(seg);
	io->next += seg->length;
	list_add_tail(&seg->list, &io->segs);
	io->nr_segs++;
	return seg;
}

static int ku_seg_copy_out(struct ku_seg *seg, struct iov_iter *iter)
{
	struct ku_io *io = seg->io;
	size_t copied = 0, got;
	unsigned int i;

	if (io->err && io->err_pos <= seg->pos)
		return 0;
	for (i = 0; i < seg->nr_bvecs; i++) {
		got = copy_page_to_iter(seg->bvec[i].bv_page, 0,
					seg->bvec[i].bv_len, iter);
		copied += got;
		if (got < seg->bvec[i].bv_len) {
			ku_io_fail(io, seg->pos + copied, -EFAULT);
			return -EFAULT;
		}
	}
	return 0;
}

/*
 * Wait for the oldest segments until at most @keep are left. Killed: the
 * operations go on, and the last of them releases everything.
 */
static int ku_io_reap(struct ku_io *io, struct iov_iter *iter,
		      unsigned int keep)
{
	struct ku_seg *seg;

	while (io->nr_segs > keep) {
		seg = list_first_entry(&io->segs, struct ku_seg, list);
		if (wait_event_killable(io->wait,
					/* Pairs with ku_seg_end(). */
					smp_load_acquire(&seg->done)))
			return -EINTR;
		if (seg->bounced && io->op == KU_READ)
			ku_seg_copy_out(seg, iter);
		list_del(&seg->list);
		io->nr_segs--;
		ku_seg_release(seg);
	}
	return 0;
}

/*
 * Post a whole transfer. Return: whether data has to be copied out. From the
 * first segment that is, all are: the iterator moves with the copies.
 */
static bool ku_io_submit(struct ku_io *io, struct iov_iter *iter, bool bounce)
{
	size_t left = iov_iter_count(iter);
	bool copies = false;
	struct ku_seg *seg;
	int ret;

	while (left && !READ_ONCE(io->err)) {
		ret = ku_io_reap(io, iter, KU_WINDOW - 1);
		if (ret) {
			ku_io_fail(io, io->next, ret);
			break;
		}
		seg = ku_seg_build(io, iter, left, bounce);
		if (IS_ERR(seg)) {
			ku_io_fail(io, io->next, PTR_ERR(seg));
			break;
		}
		if (seg->bounced && io->op == KU_READ) {
			copies = true;
			bounce = true;
		}
		left -= seg->length;
		if (ku_seg_post(seg))
			break;
	}
	return copies;
}

/**
 * ku_attached_rw() - read from or write to an attached region
 * @iocb: position and flags; IOCB_DSYNC makes a write durable
 * @iter: the caller's memory
 * @write: direction
 *
 * Context: process.
 * Return: bytes; -EIOCBQUEUED; or an error.
 */
ssize_t ku_attached_rw(struct kiocb *iocb, struct iov_iter *iter, bool write)
{
	struct ku_node *node = ku_file_node(iocb->ki_filp);
	enum ku_op op = KU_READ;
	bool copies, bounce;
	struct ku_io *io;
	ssize_t ret;

	if (write)
		op = iocb_is_dsync(iocb) ? KU_WRITE_DURABLE : KU_WRITE;
	io = ku_io_new(node, op, iocb->ki_pos);
	if (IS_ERR(io))
		return PTR_ERR(io);

	bounce = !iov_iter_extract_will_pin(iter) &&
		 (is_sync_kiocb(iocb) || !iov_iter_is_bvec(iter));
	copies = ku_io_submit(io, iter, bounce);

	if (!is_sync_kiocb(iocb) && !copies) {
		io->iocb = iocb;
		ku_io_put(io, true);
		return -EIOCBQUEUED;
	}

	ret = ku_io_reap(io, iter, 0);
	if (!ret) {
		ret = ku_io_result(io);
		if (ret > 0)
			iocb->ki_pos += ret;
	}
	ku_io_put(io, true);
	return ret;
}

static int ku_io_wait(struct ku_io *io)
{
	int ret = ku_io_reap(io, NULL, 0);

	if (!ret) {
		ret = io->err;
		ku_io_end_commit(io);
	}
	ku_io_put(io, true);
	return ret;
}

/* Commit io->ranges, as many of them per operation as the provider takes. */
static int ku_io_commit(struct ku_io *io)
{
	struct ku_attachment *att = io->att;
	struct ku_seg *seg;
	unsigned int i;

	for (i = 0; i < io->ranges.nr && !READ_ONCE(io->err);) {
		seg = ku_seg_new(io, 0);
		if (!seg) {
			ku_io_fail(io, 0, -ENOMEM);
			break;
		}
		for (; i < io->ranges.nr && seg->nr_rma < att->max_rma; i++) {
			struct kfi_rma_iov *rma = &seg->rma[seg->nr_rma++];

			rma->addr = io->ranges.range[i].start;
			rma->len = io->ranges.range[i].end - rma->addr;
			rma->key = att->key;
		}
		list_add_tail(&seg->list, &io->segs);
		io->nr_segs++;
		ku_seg_post(seg);
	}
	return ku_io_wait(io);
}

/**
 * ku_attached_fsync() - commit what was written to an attached region
 * @node: its node
 *
 * Context: process, sleeps, killable.
 * Return: 0; -EINTR; or the commit's error, which is in @node->wb_err too.
 */
int ku_attached_fsync(struct ku_node *node)
{
	struct ku_io *io;

	io = ku_io_new(node, KU_COMMIT, 0);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->level = KFI_COMMIT_PERSISTENT;
	io->dirty_taken = ku_dirty_take(&node->dirty, &io->ranges);
	return ku_io_commit(io);
}

/**
 * ku_attached_commit() - commit a range of an attached region
 * @node: its node
 * @offset: first byte
 * @length: bytes, checked to be in the region and not 0
 * @level: how deep
 *
 * Context: process, sleeps, killable.
 * Return: 0 or an error.
 */
int ku_attached_commit(struct ku_node *node, u64 offset, u64 length,
		       enum kfi_commit_level level)
{
	struct ku_io *io;

	io = ku_io_new(node, KU_COMMIT, offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->level = level;
	ku_ranges_add(&io->ranges, offset, offset + length);
	return ku_io_commit(io);
}

/* Data that one operation cannot carry is made durable before it. */
static int ku_publish_head(struct ku_node *node, struct iov_iter *iter,
			   u64 offset)
{
	size_t left = iov_iter_count(iter);
	struct ku_io *io;
	ssize_t ret;

	io = ku_io_new(node, KU_WRITE_DURABLE, offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	ku_io_submit(io, iter, false);
	ret = ku_io_reap(io, iter, 0);
	if (!ret)
		ret = io->err;
	if (!ret && io->next - io->pos < left)
		ret = -EFAULT;
	ku_io_put(io, true);
	return ret;
}

/**
 * ku_attached_publish() - write data and then a word that announces it
 * @node: its node
 * @arg: checked to be in the region
 *
 * Context: process, sleeps, killable.
 * Return: 0 or an error.
 */
int ku_attached_publish(struct ku_node *node,
			const struct kfi_ioc_publish *arg)
{
	struct ku_attachment *att = node->att;
	struct iov_iter iter;
	struct ku_seg *seg;
	size_t tail, head;
	struct ku_io *io;
	int ret;

	ret = import_ubuf(ITER_SOURCE, u64_to_user_ptr(arg->data), arg->length,
			  &iter);
	if (ret)
		return ret;
	/* What surely fits in one operation, wherever it starts in its page. */
	tail = min_t(u64, arg->length,
		     min_t(size_t, att->max_bytes,
			   max(att->max_pages - 1, 1U) * PAGE_SIZE));
	if (att->max_pages == 1)
		tail = min_t(size_t, tail,
			     PAGE_SIZE - offset_in_page(arg->data +
							arg->length - tail));
	head = arg->length - tail;
	if (head) {
		iov_iter_truncate(&iter, head);
		ret = ku_publish_head(node, &iter, arg->offset);
		if (ret)
			return ret;
		ret = import_ubuf(ITER_SOURCE,
				  u64_to_user_ptr(arg->data + head), tail,
				  &iter);
		if (ret)
			return ret;
	}

	io = ku_io_new(node, KU_PUBLISH, arg->offset + head);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->word_offset = arg->word_offset;
	io->word = arg->word;
	seg = ku_seg_build(io, &iter, tail, false);
	if (IS_ERR(seg)) {
		ku_io_fail(io, io->pos, PTR_ERR(seg));
	} else if (seg->length < tail) {
		seg->done = true;
		ku_io_fail(io, io->pos, -EFAULT);
	} else {
		ku_seg_post(seg);
	}
	return ku_io_wait(io);
}

/**
 * ku_io_init() - prepare for requests
 *
 * Return: 0 or -ENOMEM.
 */
int ku_io_init(void)
{
	/* Pages are given back here, which reclaim may wait for. */
	ku_wq = alloc_workqueue("kfi_user", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return ku_wq ? 0 : -ENOMEM;
}

/**
 * ku_io_exit() - wait for requests whose pages are being released
 */
void ku_io_exit(void)
{
	destroy_workqueue(ku_wq);
}
