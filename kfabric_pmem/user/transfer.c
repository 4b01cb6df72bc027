// SPDX-License-Identifier: GPL-2.0-only
/* Put and get as commands of a ring: ranges of a node and a local buffer. */
#include <linux/fs.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include "io.h"
#include "uring.h"
#include "user.h"

/* What is longer is cut, by a worker that waits for its pieces. */
#define KU_TRANSFER_MAX	SZ_4M

static int ku_transfer_check(struct io_uring_cmd *cmd, struct ku_transfer *t)
{
	u32 i;

	if (!(cmd->file->f_mode & (t->write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (t->write && cmd->file->f_flags & O_DSYNC)
		t->durable = true;
	t->length = 0;
	for (i = 0; i < t->nr; i++) {
		t->length += t->range[i].length;
		/* Ranges may overlap: their sum is bounded by nothing else. */
		if (t->length > MAX_RW_COUNT)
			return -EINVAL;
	}
	return 0;
}

static int ku_transfer_import(struct io_uring_cmd *cmd,
			      const struct ku_transfer *t,
			      struct iov_iter *iter)
{
	int dir = t->write ? ITER_SOURCE : ITER_DEST;

	if (cmd->flags & IORING_URING_CMD_FIXED)
		return io_uring_cmd_import_fixed(t->addr, t->length, dir, iter,
						 cmd);
	return import_ubuf(dir, u64_to_user_ptr(t->addr), t->length, iter);
}

static struct ku_atomic *ku_transfer_word(struct ku_node *node,
					  const struct ku_transfer *t)
{
	struct ku_atomic *atomic = kzalloc(sizeof(*atomic), GFP_KERNEL_ACCOUNT);

	if (!atomic)
		return NULL;
	refcount_set(&atomic->ref, 1);
	atomic->op = t->add ? KFI_SUM : KFI_ATOMIC_WRITE;
	atomic->datatype = KFI_UINT64;
	atomic->commit = t->durable;
	atomic->offset = t->word_offset;
	atomic->count = 1;
	atomic->bytes = sizeof(u64);
	atomic->operand[0] = t->word;
	return atomic;
}

/* The first and the last byte that are written. */
static void ku_transfer_hull(const struct ku_transfer *t, u64 *first, u64 *last)
{
	u32 i;

	*first = t->range[0].offset;
	*last = 0;
	for (i = 0; i < t->nr; i++) {
		*first = min(*first, t->range[i].offset);
		*last = max(*last,
			    t->range[i].offset + t->range[i].length - 1);
	}
	if (t->signal) {
		*first = min(*first, t->word_offset);
		*last = max(*last, t->word_offset + sizeof(u64) - 1);
	}
}

static int ku_transfer_range_now(struct io_uring_cmd *cmd,
				 const struct ku_transfer *t,
				 const struct kfi_uring_range *range,
				 struct iov_iter *iter)
{
	struct ku_node *node = ku_file_node(cmd->file);
	size_t all = iov_iter_count(iter);
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, cmd->file);
	iocb.ki_pos = range->offset;
	if (t->durable)
		iocb.ki_flags |= IOCB_DSYNC;
	iov_iter_truncate(iter, range->length);
	ret = t->write ? node->ops->write(node, &iocb, iter) :
			 node->ops->read(node, &iocb, iter);
	if (ret != range->length)
		return ret < 0 ? ret : -EFAULT;
	/* Where it was pinned or copied, the iterator has moved. */
	iov_iter_reexpand(iter, all - range->length);
	return 0;
}

/* Range by range, and the word after them. */
static int ku_transfer_now(struct io_uring_cmd *cmd,
			   const struct ku_transfer *t, struct iov_iter *iter)
{
	struct ku_node *node = ku_file_node(cmd->file);
	struct ku_atomic *word;
	int ret = 0;
	u32 i;

	for (i = 0; i < t->nr && !ret; i++)
		ret = ku_transfer_range_now(cmd, t, &t->range[i], iter);
	if (ret || !t->signal)
		return ret;
	word = ku_transfer_word(node, t);
	if (!word)
		return -ENOMEM;
	ret = node->ops->atomic(node, word);
	ku_atomic_put(word);
	return ret;
}

static int ku_transfer_build_range(struct ku_io *io,
				   const struct kfi_uring_range *range,
				   struct iov_iter *iter)
{
	size_t all = iov_iter_count(iter), left = range->length;
	struct ku_seg *seg;

	io->next = range->offset;
	iov_iter_truncate(iter, left);
	while (left) {
		seg = ku_seg_build(io, iter, left, io->uring.copies);
		if (IS_ERR(seg))
			return PTR_ERR(seg);
		/* The iterator stays where the first copy goes. */
		if (seg->bounced && io->op == KU_READ)
			io->uring.copies = true;
		left -= seg->length;
	}
	iov_iter_reexpand(iter, all - (range->length - iov_iter_count(iter)));
	return 0;
}

static int ku_transfer_build_word(struct ku_io *io, const struct ku_transfer *t)
{
	/* Data in one operation: the fabric has one for all of it. */
	if (t->durable && !t->add && io->nr_segs == 1) {
		io->op = KU_PUBLISH;
		io->word_offset = t->word_offset;
		io->word = t->word;
		return 0;
	}
	io->atomic = ku_transfer_word(io->node, t);
	if (!io->atomic)
		return -ENOMEM;
	io->next = t->word_offset;
	io->signal = ku_seg_new(io, 0);
	if (!io->signal)
		return -ENOMEM;
	io->signal->length = sizeof(u64);
	return 0;
}

static int ku_transfer_build(struct ku_io *io, const struct ku_transfer *t,
			     struct iov_iter *iter)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < t->nr && !ret; i++)
		ret = ku_transfer_build_range(io, &t->range[i], iter);
	if (!ret && t->signal)
		ret = ku_transfer_build_word(io, t);
	io->uring.iter = *iter;
	io->uring.length = t->length;
	return ret;
}

static enum ku_op ku_transfer_op(const struct ku_transfer *t)
{
	if (!t->write)
		return KU_READ;
	return t->durable ? KU_WRITE_DURABLE : KU_WRITE;
}

static int ku_transfer_start(struct io_uring_cmd *cmd,
			     const struct ku_transfer *t, struct iov_iter *iter,
			     unsigned int issue_flags)
{
	struct ku_node *node = ku_file_node(cmd->file);
	struct ku_io *io;
	int ret;

	io = node->ops->io(node, ku_transfer_op(t), t->range[0].offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	ku_uring_prepare(io);
	io->uring.hold = cmd->flags & IORING_URING_CMD_FIXED;
	io->uring.writes = t->write;
	ku_transfer_hull(t, &io->uring.first, &io->uring.last);
	ku_pins_init(&io->uring.pins);
	ret = ku_transfer_build(io, t, iter);
	if (ret) {
		/* The word is not one of the segments yet. */
		if (io->signal)
			ku_seg_add(io->signal);
		io->signal = NULL;
		ku_io_put(io, true);
		return ret;
	}
	return ku_uring_start(io, cmd, issue_flags);
}

/**
 * ku_transfer() - carry out a put or get
 * @cmd: its command
 * @t: what to do, with ranges that are in the node
 * @issue_flags: of the ring
 *
 * Context: process, of the caller or a worker in its place.
 * Return: as ku_uring_cmd().
 */
int ku_transfer(struct io_uring_cmd *cmd, struct ku_transfer *t,
		unsigned int issue_flags)
{
	struct ku_node *node = ku_file_node(cmd->file);
	bool must_not_wait = issue_flags & IO_URING_F_NONBLOCK;
	struct iov_iter iter;
	u64 first, last;
	int ret;

	ret = ku_transfer_check(cmd, t);
	if (ret)
		return ret;
	if (must_not_wait &&
	    (ku_pages_any(node) || t->length > KU_TRANSFER_MAX ||
	     (!node->ops->io && ku_local_sleeps(node, t->length, t->durable))))
		return -EAGAIN;
	ret = ku_transfer_import(cmd, t, &iter);
	if (ret)
		return ret;
	ku_transfer_hull(t, &first, &last);
	if (t->write)
		ku_pages_drop(node, first, last);
	else
		ku_pages_sync(node, first, last);
	if (node->ops->io && t->length <= KU_TRANSFER_MAX)
		return ku_transfer_start(cmd, t, &iter, issue_flags);
	ret = ku_transfer_now(cmd, t, &iter);
	if (t->write)
		ku_pages_drop(node, first, last);
	return ret ?: t->length;
}
