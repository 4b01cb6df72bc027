// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading, writing and committing an attached region: each segment of a request
 * is one operation of the attachment's endpoint.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <kfi_atomic.h>
#include <kfi_pmem_prov.h>
#include "io.h"
#include "user.h"

/* A segment with the ranges at the peer. */
struct ku_attached_seg {
	unsigned int nr_rma;
	struct kfi_rma_iov rma[KU_DIRTY_RANGES];
	struct ku_seg seg;
};

static struct ku_attached_seg *ku_attached_seg(struct ku_seg *seg)
{
	return container_of(seg, struct ku_attached_seg, seg);
}

static void ku_attached_set_range(struct ku_seg *seg)
{
	struct ku_attached_seg *as = ku_attached_seg(seg);

	as->nr_rma = 1;
	as->rma[0].addr = seg->pos;
	as->rma[0].len = seg->length;
	as->rma[0].key = seg->io->node->att->key;
}

/* What failed may have landed all the same, and be seen by others. */
static bool ku_attached_left_dirty(const struct ku_io *io, int err)
{
	switch (io->op) {
	case KU_WRITE:
		return true;
	case KU_WRITE_DURABLE:
	case KU_PUBLISH:
		return err;
	case KU_ATOMIC:
		return io->atomic->op != KFI_ATOMIC_READ &&
		       (err || !io->atomic->commit);
	default:
		return false;
	}
}

/* Context: of the CQ's handler, or process. */
static void ku_attached_end(struct ku_seg *seg, int err)
{
	struct ku_io *io = seg->io;

	/*
	 * -ESTALE tells once of earlier writes that are lost, maybe another
	 * file's: each file's next fsync() has to fail. Set here, so that it
	 * precedes the result of any later commit.
	 */
	if (err && (io->dirty_taken || err == -ESTALE))
		errseq_set(&io->node->wb_err, err);
	if (ku_attached_left_dirty(io, err))
		ku_dirty_add(&io->node->dirty, seg->pos, seg->length);
	if (err && io->op == KU_PUBLISH)
		ku_dirty_add(&io->node->dirty, io->word_offset, sizeof(u64));
}

static ssize_t ku_attached_post_atomic(struct ku_seg *seg)
{
	struct ku_attachment *att = seg->io->node->att;
	struct ku_atomic *atomic = seg->io->atomic;
	struct kfi_ioc operand = { atomic->operand, atomic->count };
	struct kfi_ioc compare = { atomic->compare, atomic->count };
	struct kfi_ioc result = { atomic->result, atomic->count };
	struct kfi_rma_ioc rma = {
		.addr = atomic->offset,
		.count = atomic->count,
		.key = att->key,
	};
	struct kfi_msg_atomic msg = {
		.msg_iov = &operand,
		.iov_count = 1,
		.addr = att->addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.datatype = atomic->datatype,
		.op = atomic->op,
		.context = seg,
	};
	u64 flags = KFI_COMPLETION;

	if (atomic->commit)
		flags |= KFI_COMMIT_COMPLETE;
	if (kfi_atomic_operands(atomic->op) == 2)
		return kfi_compare_atomicmsg(att->client.ep, &msg, &compare,
					     NULL, 1, &result, NULL,
					     atomic->fetch, flags);
	if (atomic->fetch)
		return kfi_fetch_atomicmsg(att->client.ep, &msg, &result, NULL,
					   1, flags);
	return kfi_atomicmsg(att->client.ep, &msg, flags);
}

static ssize_t ku_attached_post_op(struct ku_seg *seg)
{
	struct ku_attached_seg *as = ku_attached_seg(seg);
	struct ku_io *io = seg->io;
	struct ku_attachment *att = io->node->att;
	struct kfi_msg_rma msg = {
		.type = KFI_BVEC,
		.msg_biov = seg->bvec,
		.iov_count = seg->nr_bvecs,
		.addr = att->addr,
		.rma_iov = as->rma,
		.rma_iov_count = as->nr_rma,
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
		return kfi_commit(att->client.ep, as->rma, as->nr_rma,
				  att->addr, io->level, seg);
	case KU_PUBLISH:
		publish.data = msg;
		publish.word_addr = io->word_offset;
		publish.word_key = att->key;
		publish.word = io->word;
		return kfi_write_publish(att->client.ep, &publish,
					 KFI_COMPLETION);
	case KU_ATOMIC:
		return ku_attached_post_atomic(seg);
	}
	return -EINVAL;
}

static bool ku_attached_moved(struct ku_attachment *att, int seq)
{
	return atomic_read(&att->room_seq) != seq || READ_ONCE(att->dead);
}

static int ku_attached_wait_room(struct ku_attachment *att, int seq,
				 bool patient)
{
	if (!patient)
		return wait_event_killable(att->room,
					   ku_attached_moved(att, seq));
	wait_event(att->room, ku_attached_moved(att, seq));
	return 0;
}

/**
 * ku_attached_try() - hand a segment to the endpoint
 * @seg: the segment
 *
 * RCU keeps the endpoint open: ku_attachment_disconnect() marks the attachment
 * dead and waits for readers before it closes it.
 *
 * Context: any.
 * Return: 0; -EAGAIN: no room; or an error.
 */
int ku_attached_try(struct ku_seg *seg)
{
	struct ku_attachment *att = seg->io->node->att;
	ssize_t ret;

	if (seg->io->op != KU_COMMIT)
		ku_attached_set_range(seg);
	rcu_read_lock();
	ret = READ_ONCE(att->dead) ? -ENODEV : ku_attached_post_op(seg);
	rcu_read_unlock();
	return ret;
}

/* Hand a segment to the endpoint; wait for room if it is full. */
static int ku_attached_post(struct ku_seg *seg)
{
	struct ku_attachment *att = seg->io->node->att;
	int seq, ret;

	for (;;) {
		/* Before the post, or the event in between would be missed. */
		seq = atomic_read_acquire(&att->room_seq);
		ret = ku_attached_try(seg);
		if (ret != -EAGAIN)
			return ret;
		if (ku_attached_wait_room(att, seq, seg->io->patient))
			return -EINTR;
	}
}

static void ku_attached_start(struct ku_seg *seg)
{
	ku_backlog_add(seg->io->node->att, seg);
}

/* Segments of io->ranges, as many of them in each as the provider takes. */
static int ku_attached_add_commits(struct ku_io *io)
{
	struct ku_attachment *att = io->node->att;
	struct ku_attached_seg *as;
	struct kfi_rma_iov *rma;
	struct ku_seg *seg;
	unsigned int i;

	for (i = 0; i < io->ranges.nr;) {
		seg = ku_seg_new(io, 0);
		if (!seg)
			return -ENOMEM;
		as = ku_attached_seg(seg);
		for (; i < io->ranges.nr && as->nr_rma < att->max_rma; i++) {
			rma = &as->rma[as->nr_rma++];
			rma->addr = io->ranges.range[i].start;
			rma->len = io->ranges.range[i].end - rma->addr;
			rma->key = att->key;
		}
		ku_seg_add(seg);
	}
	return 0;
}

static void ku_attached_free(struct ku_io *io)
{
	if (io->atomic)
		ku_atomic_put(io->atomic);
}

static const struct ku_io_ops ku_attached_io_ops = {
	.head = offsetof(struct ku_attached_seg, seg),
	.post = ku_attached_post,
	.start = ku_attached_start,
	.commit = ku_attached_add_commits,
	.end = ku_attached_end,
	.free = ku_attached_free,
};

static struct ku_io *ku_attached_io_new(struct ku_node *node, unsigned int op,
					u64 pos)
{
	struct ku_attachment *att = node->att;
	struct ku_io *io;

	io = ku_io_new(node, &ku_attached_io_ops, op, pos);
	if (IS_ERR(io))
		return io;
	if (!percpu_ref_tryget_live(&att->users)) {
		ku_io_put(io, true);
		return ERR_PTR(-ENODEV);
	}
	io->users = &att->users;
	io->max_bytes = att->max_bytes;
	io->max_pages = att->max_pages;
	return io;
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
	ku_backlog_run(att);
}

static ssize_t ku_attached_rw(struct ku_node *node, struct kiocb *iocb,
			      struct iov_iter *iter, bool write)
{
	struct ku_io *io;

	io = ku_attached_io_new(node, ku_io_op(iocb, write), iocb->ki_pos);
	return IS_ERR(io) ? PTR_ERR(io) : ku_io_rw(io, iocb, iter);
}

static ssize_t ku_attached_read(struct ku_node *node, struct kiocb *iocb,
				struct iov_iter *to)
{
	return ku_attached_rw(node, iocb, to, false);
}

static ssize_t ku_attached_write(struct ku_node *node, struct kiocb *iocb,
				 struct iov_iter *from)
{
	return ku_attached_rw(node, iocb, from, true);
}

static int ku_attached_commit_ranges(struct ku_io *io)
{
	struct ku_seg *seg;
	int ret;

	ret = ku_attached_add_commits(io);
	if (ret)
		ku_io_fail(io, 0, ret);
	list_for_each_entry(seg, &io->segs, list) {
		if (READ_ONCE(io->err))
			seg->done = true;
		else
			ku_seg_post(seg);
	}
	return ku_io_wait(io);
}

/* The error is in wb_err too. */
static int ku_attached_fsync(struct ku_node *node, u64 start, u64 end)
{
	struct ku_io *io;

	io = ku_attached_io_new(node, KU_COMMIT, 0);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->level = KFI_COMMIT_PERSISTENT;
	io->dirty_taken = ku_dirty_take(&node->dirty, &io->ranges);
	return ku_attached_commit_ranges(io);
}

static int ku_attached_commit(struct ku_node *node, u64 offset, u64 length,
			      enum kfi_commit_level level)
{
	struct ku_io *io;

	io = ku_attached_io_new(node, KU_COMMIT, offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->level = level;
	ku_ranges_add(&io->ranges, offset, offset + length);
	return ku_attached_commit_ranges(io);
}

/* Data that one operation cannot carry is made durable before it. */
static int ku_publish_head(struct ku_node *node, struct iov_iter *iter,
			   u64 offset)
{
	size_t left = iov_iter_count(iter);
	struct ku_io *io;
	ssize_t ret;

	io = ku_attached_io_new(node, KU_WRITE_DURABLE, offset);
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

static int ku_attached_publish(struct ku_node *node,
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
			     offset_in_page(arg->data + arg->length - 1) + 1);
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

	io = ku_attached_io_new(node, KU_PUBLISH, arg->offset + head);
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

static int ku_attached_atomic(struct ku_node *node, struct ku_atomic *atomic)
{
	struct ku_io *io;

	io = ku_attached_io_new(node, KU_ATOMIC, atomic->offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	refcount_inc(&atomic->ref);
	io->atomic = atomic;
	if (!ku_atomic_add_seg(io))
		ku_seg_post(list_first_entry(&io->segs, struct ku_seg, list));
	else
		ku_io_fail(io, io->pos, -ENOMEM);
	return ku_io_wait(io);
}

static int ku_attached_info(struct ku_node *node, struct kfi_pmem_attr *attr,
			    struct kfi_ioc_info *info)
{
	*attr = node->att->attr;
	info->max_io = node->att->max_bytes;
	return 0;
}

/* Of attachments' nodes. */
const struct ku_node_ops ku_attached_ops = {
	.read = ku_attached_read,
	.write = ku_attached_write,
	.fsync = ku_attached_fsync,
	.commit = ku_attached_commit,
	.publish = ku_attached_publish,
	.atomic = ku_attached_atomic,
	.io = ku_attached_io_new,
	.info = ku_attached_info,
};
