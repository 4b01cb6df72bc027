// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading, writing and committing what is not on this machine alone: attached
 * regions and replica sets.
 *
 * A request (ku_io) is cut into segments (ku_seg), each one operation of the
 * endpoint or of the set, with a bounded number of them on their way. Where the
 * caller's pages outlast the operation they are its buffers: pinned user pages,
 * and the pages of an asynchronous kernel caller. Everything else is copied
 * through pages of the segment, so that a caller that is killed never leaves
 * memory behind that the fabric still writes to.
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
#include "io.h"
#include "user.h"

#define KU_WINDOW	16	/* segments of one request */

static struct workqueue_struct *ku_wq;

/**
 * ku_io_fail() - a request has failed
 * @io: the request
 * @pos: where
 * @err: with this
 *
 * Context: any.
 */
void ku_io_fail(struct ku_io *io, u64 pos, int err)
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

/* Entries are contiguous pages, from the first one's offset on. */
static void ku_bvec_put_pages(const struct bio_vec *bv)
{
	unsigned int i, nr = PFN_UP(bv->bv_offset + bv->bv_len);

	for (i = 0; i < nr; i++)
		put_page(nth_page(bv->bv_page, i));
}

static void ku_seg_release(struct ku_seg *seg)
{
	bool dirty = seg->io->op == KU_READ;
	unsigned int i;

	for (i = 0; i < seg->nr_bvecs; i++) {
		struct bio_vec *bv = &seg->bvec[i];

		if (seg->bounced)
			__free_page(bv->bv_page);
		else if (seg->held)
			ku_bvec_put_pages(bv);
		else if (seg->pinned)
			unpin_user_page_range_dirty_lock(bv->bv_page,
							 PFN_UP(bv->bv_offset +
								bv->bv_len),
							 dirty);
	}
	kfree((void *)seg - seg->io->ops->head);
}

/**
 * ku_io_release() - give back a request that nobody refers to
 * @io: the request
 *
 * Context: process, sleeps.
 */
void ku_io_release(struct ku_io *io)
{
	struct ku_seg *seg, *tmp;

	list_for_each_entry_safe(seg, tmp, &io->segs, list)
		ku_seg_release(seg);
	if (io->ops->free)
		io->ops->free(io);
	ku_pins_exit(&io->uring.pins);
	put_device(&io->node->dev);
	kfree(io);
}

/* Tell an asynchronous caller, who may reuse everything it gave. */
static void ku_io_complete(struct ku_io *io)
{
	ssize_t ret = ku_io_result(io);

	if (ret > 0)
		io->iocb->ki_pos += ret;
	io->iocb->ki_complete(io->iocb, ret);
	io->iocb = NULL;
}

/* Has a file's asynchronous write passed pages of a mapping? */
static bool ku_io_passed_pages(const struct ku_io *io)
{
	return io->op != KU_READ && io->iocb->ki_filp && io->node->inode &&
	       io->node->inode->i_mapping->nrpages;
}

static void ku_io_free_work(struct work_struct *work)
{
	struct ku_io *io = container_of(work, struct ku_io, work);

	if (io->iocb) {
		ku_pages_drop(io->node, io->pos, io->next - 1);
		ku_io_complete(io);
	}
	ku_io_release(io);
}

/**
 * ku_io_queue() - go on where it may be slept
 * @io: the request
 * @fn: with this
 *
 * Context: any.
 */
void ku_io_queue(struct ku_io *io, work_func_t fn)
{
	INIT_WORK(&io->work, fn);
	queue_work(ku_wq, &io->work);
}

/**
 * ku_io_queue_free() - ku_io_release() from any context
 * @io: the request
 */
void ku_io_queue_free(struct ku_io *io)
{
	ku_io_queue(io, ku_io_free_work);
}

/* Data that was put is followed by its word: one more reference, the word's. */
static bool ku_io_signal(struct ku_io *io)
{
	struct ku_seg *seg = io->signal;

	if (!seg)
		return false;
	io->signal = NULL;
	ku_seg_add(seg);
	if (io->err)
		return false;
	io->op = KU_ATOMIC;
	refcount_set(&io->ref, 1);
	io->ops->start(seg);
	return true;
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

/**
 * ku_io_put() - drop a reference on a request
 * @io: the request
 * @may_sleep: the caller may
 *
 * Context: any.
 */
void ku_io_put(struct ku_io *io, bool may_sleep)
{
	struct percpu_ref *users = io->users;

	if (!refcount_dec_and_test(&io->ref))
		return;
	if (ku_io_signal(io))
		return;

	ku_io_end_commit(io);
	if (io->uring.cmd) {
		ku_uring_end(io);
		goto out_users;
	}
	/*
	 * Dropping pages sleeps. So does marking those of a read dirty, and
	 * the node's last reference.
	 */
	if (io->iocb && !ku_io_passed_pages(io))
		ku_io_complete(io);
	if (may_sleep)
		ku_io_free_work(&io->work);
	else
		queue_work(ku_wq, &io->work);
out_users:
	if (users)
		percpu_ref_put(users);
}

/**
 * ku_io_new() - a request, with a reference for its submitter
 * @node: to what
 * @ops: how it is carried out
 * @op: what to do
 * @pos: first byte
 *
 * The caller sets the limits, and @users if the request counts among them.
 *
 * Context: process.
 * Return: the request or ERR_PTR(-ENOMEM).
 */
struct ku_io *ku_io_new(struct ku_node *node, const struct ku_io_ops *ops,
			enum ku_op op, u64 pos)
{
	struct ku_io *io;

	io = kzalloc(sizeof(*io), GFP_KERNEL_ACCOUNT);
	if (!io)
		return ERR_PTR(-ENOMEM);
	get_device(&node->dev);
	refcount_set(&io->ref, 1);
	io->op = op;
	io->ops = ops;
	io->node = node;
	io->pos = pos;
	io->next = pos;
	spin_lock_init(&io->lock);
	INIT_LIST_HEAD(&io->segs);
	INIT_WORK(&io->work, ku_io_free_work);
	init_waitqueue_head(&io->wait);
	return io;
}

/**
 * ku_seg_end() - a segment that was posted has ended
 * @seg: the segment; not to be touched afterwards
 * @err: how
 *
 * Context: any.
 */
void ku_seg_end(struct ku_seg *seg, int err)
{
	struct ku_io *io = seg->io;

	if (err)
		ku_io_fail(io, seg->pos, err);
	io->ops->end(seg, err);

	/* Pairs with ku_io_reap(): what the operation left is seen there. */
	smp_store_release(&seg->done, true);
	if (wq_has_sleeper(&io->wait))
		wake_up(&io->wait);
	ku_io_put(io, false);
}

/**
 * ku_seg_post() - begin a segment
 * @seg: the segment
 *
 * Context: process, sleeps, killable.
 * Return: 0, or the error that the request has failed with.
 */
int ku_seg_post(struct ku_seg *seg)
{
	struct ku_io *io = seg->io;
	int ret;

	refcount_inc(&io->ref);
	ret = io->ops->post(seg);
	if (!ret)
		return 0;

	/* Nothing is on its way; the submitter's reference remains. */
	refcount_dec(&io->ref);
	ku_io_fail(io, seg->pos, ret);
	seg->done = true;
	return ret;
}

/**
 * ku_seg_start() - begin a segment without waiting
 * @seg: the segment, which ku_seg_end() ends
 *
 * Context: any.
 */
void ku_seg_start(struct ku_seg *seg)
{
	refcount_inc(&seg->io->ref);
	seg->io->ops->start(seg);
}

/**
 * ku_seg_new() - a segment where the last one ended
 * @io: its request
 * @nr_bvecs: entries of its buffer
 *
 * Context: process.
 * Return: the segment or NULL.
 */
struct ku_seg *ku_seg_new(struct ku_io *io, unsigned int nr_bvecs)
{
	struct ku_seg *seg;
	void *mem;

	mem = kzalloc(io->ops->head + struct_size(seg, bvec, nr_bvecs),
		      GFP_KERNEL_ACCOUNT);
	if (!mem)
		return NULL;
	seg = mem + io->ops->head;
	seg->io = io;
	seg->pos = io->next;
	seg->max_bvecs = nr_bvecs;
	return seg;
}

/**
 * ku_seg_add() - a segment becomes one of its request's
 * @seg: the segment
 *
 * Context: process.
 */
void ku_seg_add(struct ku_seg *seg)
{
	list_add_tail(&seg->list, &seg->io->segs);
	seg->io->nr_segs++;
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
	size_t max_bytes = seg->io->max_bytes;
	unsigned int used = 0, charged;
	struct page **pages;
	size_t offset, len;
	ssize_t got;
	int i, ret = 0;

	seg->pinned = iov_iter_extract_will_pin(iter);
	seg->held = !seg->pinned && seg->io->uring.hold;
	charged = seg->pinned ? iov_iter_npages(iter, seg->max_bvecs) : 0;
	if (!ku_pins_charge(&seg->io->uring.pins, charged))
		return -EFAULT;
	while (iov_iter_count(iter) && used < seg->max_bvecs &&
	       seg->length < max_bytes) {
		pages = (struct page **)(seg->bvec + seg->max_bvecs) -
			(seg->max_bvecs - used);
		got = iov_iter_extract_pages(iter, &pages,
					     max_bytes - seg->length,
					     seg->max_bvecs - used, 0,
					     &offset);
		if (got <= 0) {
			ret = seg->length ? 0 : got ?: -EFAULT;
			break;
		}
		seg->length += got;
		for (i = 0; got; i++, used++) {
			len = min_t(size_t, got, PAGE_SIZE - offset);
			if (seg->held)
				get_page(pages[i]);
			ku_seg_add_page(seg, pages[i], len, offset);
			got -= len;
			offset = 0;
		}
	}
	if (charged > used)
		ku_pins_refund(&seg->io->uring.pins, charged - used);
	return ret;
}

static int ku_seg_bounce(struct ku_seg *seg, struct iov_iter *iter, size_t left)
{
	bool read = seg->io->op == KU_READ;
	struct page *page;
	size_t len, got;

	seg->bounced = true;
	left = min(left, seg->io->max_bytes);
	while (left && seg->nr_bvecs < seg->max_bvecs) {
		len = min_t(size_t, left, PAGE_SIZE);
		page = alloc_page(GFP_KERNEL_ACCOUNT);
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

/**
 * ku_seg_build() - the next segment of a transfer
 * @io: the request
 * @iter: the caller's memory
 * @left: bytes to go
 * @bounce: copy
 *
 * Memory that cannot be pinned, such as a mapping of a local region, or must not
 * be, beyond the limit of locked memory, can still be copied.
 *
 * Context: process, sleeps.
 * Return: the segment, to be posted, or ERR_PTR.
 */
struct ku_seg *ku_seg_build(struct ku_io *io, struct iov_iter *iter,
			    size_t left, bool bounce)
{
	unsigned int nr_pages;
	struct ku_seg *seg;
	int ret;

	nr_pages = DIV_ROUND_UP(min(left, io->max_bytes), PAGE_SIZE);
	if (!bounce)
		nr_pages = max_t(unsigned int, nr_pages,
				 iov_iter_npages(iter, io->max_pages));
	seg = ku_seg_new(io, min(nr_pages, io->max_pages));
	if (!seg)
		return ERR_PTR(-ENOMEM);
	ret = bounce ? -EFAULT : ku_seg_extract(seg, iter);
	if (ret == -EFAULT) {
		seg->pinned = false;
		seg->held = false;
		ret = ku_seg_bounce(seg, iter, left);
	}
	if (ret) {
		ku_seg_release(seg);
		return ERR_PTR(ret);
	}
	io->next += seg->length;
	ku_seg_add(seg);
	return seg;
}

/**
 * ku_seg_copy_out() - give the caller what was read
 * @seg: a segment that has ended, and has pages of its own
 * @iter: the caller's memory
 *
 * Context: process, of the caller.
 * Return: 0 or -EFAULT.
 */
int ku_seg_copy_out(struct ku_seg *seg, struct iov_iter *iter)
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

static bool ku_seg_is_done(const struct ku_seg *seg)
{
	/* Pairs with ku_seg_end(). */
	return smp_load_acquire(&seg->done);
}

static int ku_seg_wait(struct ku_seg *seg)
{
	wait_queue_head_t *wait = &seg->io->wait;

	if (!seg->io->patient)
		return wait_event_killable(*wait, ku_seg_is_done(seg));
	wait_event(*wait, ku_seg_is_done(seg));
	return 0;
}

/**
 * ku_io_reap() - wait for the oldest segments
 * @io: the request
 * @iter: the caller's memory, for what is copied
 * @keep: how many may be left
 *
 * Killed: the operations go on, and the last of them releases everything.
 *
 * Context: process, sleeps, killable.
 * Return: 0 or -EINTR.
 */
int ku_io_reap(struct ku_io *io, struct iov_iter *iter, unsigned int keep)
{
	struct ku_seg *seg;

	while (io->nr_segs > keep) {
		seg = list_first_entry(&io->segs, struct ku_seg, list);
		if (ku_seg_wait(seg))
			return -EINTR;
		if (seg->bounced && io->op == KU_READ)
			ku_seg_copy_out(seg, iter);
		list_del(&seg->list);
		io->nr_segs--;
		ku_seg_release(seg);
	}
	return 0;
}

/**
 * ku_io_submit() - post a whole transfer
 * @io: the request
 * @iter: the caller's memory
 * @bounce: copy
 *
 * Context: process, sleeps, killable.
 * Return: whether data has to be copied out. From the first segment that is,
 * all are: the iterator moves with the copies.
 */
bool ku_io_submit(struct ku_io *io, struct iov_iter *iter, bool bounce)
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
 * ku_io_rw() - carry out a transfer
 * @io: the request; the caller's reference goes
 * @iocb: whose position moves
 * @iter: the caller's memory
 *
 * Context: process.
 * Return: bytes; -EIOCBQUEUED; or an error.
 */
ssize_t ku_io_rw(struct ku_io *io, struct kiocb *iocb, struct iov_iter *iter)
{
	bool copies, bounce;
	ssize_t ret;

	io->patient = !iocb->ki_filp;
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

/**
 * ku_io_wait() - wait for a request
 * @io: the request; the caller's reference goes
 *
 * Context: process, sleeps, killable.
 * Return: 0; -EINTR; or the request's error.
 */
int ku_io_wait(struct ku_io *io)
{
	int ret = ku_io_reap(io, NULL, 0);

	if (!ret) {
		ret = io->err;
		ku_io_end_commit(io);
	}
	ku_io_put(io, true);
	return ret;
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
