// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring commands: from the ring, and back to it.
 *
 * A command that is on its way is two things: the ring's command, which the
 * ring may cancel because its process ends, and the request (ku_io), which the
 * fabric carries out whatever happens to the process. Whichever ends last
 * gives the request back. A command that is not cancelled ends in its own
 * task, where what was read is copied out; the request's use of an attachment
 * ends before, so that a task that is stopped holds no detach up.
 *
 * Nothing waits in the submitter: segments without room are left to the
 * backlog of their attachment. A command is punted to a worker of the ring
 * (-EAGAIN) when it is long, when pages of a mapping are in its way, or when
 * making local memory durable sleeps.
 */
#include <linux/io_uring/cmd.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "io.h"
#include "uring.h"
#include "user.h"

#define KU_URING_CMD_BYTES	80	/* of an sqe with IORING_SETUP_SQE128 */

/* Of ku_uring.ended. */
#define KU_URING_CMD_ENDED	1
#define KU_URING_IO_ENDED	2

static struct ku_io **ku_uring_pdu(struct io_uring_cmd *cmd)
{
	return io_uring_cmd_to_pdu(cmd, struct ku_io *);
}

static int ku_uring_copy_out(struct ku_io *io)
{
	struct ku_seg *seg;
	int ret;

	if (io->op == KU_ATOMIC && io->atomic->fetch)
		return ku_atomic_copy_out(io->atomic);
	if (!io->uring.copies)
		return 0;
	list_for_each_entry(seg, &io->segs, list) {
		if (!seg->bounced)
			continue;
		ret = ku_seg_copy_out(seg, &io->uring.iter);
		if (ret)
			return ret;
	}
	return 0;
}

/* In the task that gave the command; or, when it is dying, anywhere. */
static void ku_uring_done(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ku_io *io = *ku_uring_pdu(cmd);
	int ret = io->err;

	if (!ret) {
		/* Not into the memory of whoever runs in its place. */
		if (issue_flags & IO_URING_F_TASK_DEAD || !current->mm ||
		    current->mm != io->uring.mm)
			ret = -ECANCELED;
		else
			ret = ku_uring_copy_out(io);
	}
	io_uring_cmd_done(cmd, ret ?: io->uring.length, 0, issue_flags);
	ku_io_release(io);
}

static void ku_uring_tell(struct ku_io *io)
{
	if (atomic_fetch_or(KU_URING_IO_ENDED, &io->uring.ended) &
	    KU_URING_CMD_ENDED)
		ku_io_queue_free(io);
	else
		io_uring_cmd_complete_in_task(io->uring.cmd, ku_uring_done);
}

static void ku_uring_drop_work(struct work_struct *work)
{
	struct ku_io *io = container_of(work, struct ku_io, work);

	ku_pages_drop(io->node, io->uring.first, io->uring.last);
	ku_uring_tell(io);
}

/**
 * ku_uring_end() - the request of a command has ended
 * @io: the request; not to be touched afterwards
 *
 * Context: any.
 */
void ku_uring_end(struct ku_io *io)
{
	if (io->uring.writes && io->node->inode && io->node->inode->i_mapping->nrpages)
		ku_io_queue(io, ku_uring_drop_work);
	else
		ku_uring_tell(io);
}

/* The ring calls this for what has not ended; maybe more than once. */
static void ku_uring_cancel(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct ku_io *io = *ku_uring_pdu(cmd);

	/* Without its command, the request may be gone with the next step. */
	if (atomic_fetch_or(KU_URING_CMD_ENDED, &io->uring.ended))
		return;
	io_uring_cmd_done(cmd, -ECANCELED, 0, issue_flags);
}

/**
 * ku_uring_prepare() - a request becomes that of a command
 * @io: the request
 *
 * Context: process, of the caller.
 */
void ku_uring_prepare(struct ku_io *io)
{
	io->uring.mm = current->mm;
}

/**
 * ku_uring_start() - begin a request, whose segments are made
 * @io: the request; the caller's reference goes
 * @cmd: its command
 * @issue_flags: as the ring gave them
 *
 * Context: process, of the caller.
 * Return: -EIOCBQUEUED.
 */
int ku_uring_start(struct ku_io *io, struct io_uring_cmd *cmd,
		   unsigned int issue_flags)
{
	struct ku_seg *seg;

	*ku_uring_pdu(cmd) = io;
	io->uring.cmd = cmd;
	list_for_each_entry(seg, &io->segs, list)
		ku_seg_start(seg);
	/* It cannot have ended: the caller's reference is there. */
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	ku_io_put(io, true);
	return -EIOCBQUEUED;
}

/* Once: what the program changes meanwhile is not seen. */
static int ku_uring_args(struct io_uring_cmd *cmd, void *arg, size_t size)
{
	u8 all[KU_URING_CMD_BYTES];

	memcpy(all, io_uring_sqe_cmd(cmd->sqe), sizeof(all));
	barrier();
	if (memchr_inv(all + size, 0, sizeof(all) - size))
		return -EINVAL;
	memcpy(arg, all, size);
	return 0;
}

/**
 * ku_uring_ranges() - read ranges of a node
 * @node: the node
 * @from: address of struct kfi_uring_range[@nr]
 * @nr: ranges
 *
 * Context: process, of the caller.
 * Return: the ranges, for kfree(); ERR_PTR: -EINVAL, -EFAULT, -ENOMEM.
 */
struct kfi_uring_range *ku_uring_ranges(struct ku_node *node, u64 from, u32 nr)
{
	struct kfi_uring_range *range;
	u32 i;

	if (!nr || nr > KFI_URING_RANGES)
		return ERR_PTR(-EINVAL);
	range = memdup_array_user(u64_to_user_ptr(from), nr, sizeof(*range));
	if (IS_ERR(range))
		return range;
	for (i = 0; i < nr; i++) {
		if (!ku_node_has(node, range[i].offset, range[i].length)) {
			kfree(range);
			return ERR_PTR(-EINVAL);
		}
	}
	return range;
}

static int ku_uring_commit_now(struct ku_node *node, enum kfi_commit_level level,
			       const struct kfi_uring_range *range, u32 nr)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < nr && !ret; i++)
		ret = node->ops->commit(node, range[i].offset, range[i].length,
					level);
	return ret;
}

static int ku_uring_commit_ranges(struct io_uring_cmd *cmd,
				  enum kfi_commit_level level,
				  const struct kfi_uring_range *range, u32 nr,
				  unsigned int issue_flags)
{
	struct ku_node *node = ku_file_node(cmd->file);
	bool must_not_wait = issue_flags & IO_URING_F_NONBLOCK;
	struct ku_io *io;
	u32 i;
	int ret;

	for (i = 0; i < nr && must_not_wait; i++)
		if (ku_pages_any(node) ||
		    (!node->ops->io &&
		     ku_local_sleeps(node, range[i].length, true)))
			return -EAGAIN;
	for (i = 0; i < nr; i++)
		ku_pages_sync(node, range[i].offset,
			      range[i].offset + range[i].length - 1);
	if (!node->ops->io)
		return ku_uring_commit_now(node, level, range, nr);

	io = node->ops->io(node, KU_COMMIT, 0);
	if (IS_ERR(io))
		return PTR_ERR(io);
	io->level = level;
	for (i = 0; i < nr; i++)
		ku_ranges_add(&io->ranges, range[i].offset,
			      range[i].offset + range[i].length);
	ret = io->ops->commit(io);
	if (ret) {
		ku_io_put(io, true);
		return ret;
	}
	ku_uring_prepare(io);
	return ku_uring_start(io, cmd, issue_flags);
}

static int ku_uring_commit(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	enum kfi_commit_level level = KFI_COMMIT_PERSISTENT;
	struct kfi_uring_range *range;
	struct kfi_uring_commit arg;
	int ret;

	ret = ku_uring_args(cmd, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & ~KFI_URING_F_DEEP || cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	if (!(cmd->file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (arg.flags & KFI_URING_F_DEEP)
		level = KFI_COMMIT_MEDIA;
	range = ku_uring_ranges(ku_file_node(cmd->file), arg.ranges, arg.nr);
	if (IS_ERR(range))
		return PTR_ERR(range);
	ret = ku_uring_commit_ranges(cmd, level, range, arg.nr, issue_flags);
	kfree(range);
	return ret;
}

static int ku_uring_start_atomic(struct io_uring_cmd *cmd,
				 struct ku_atomic *atomic,
				 unsigned int issue_flags)
{
	struct ku_node *node = ku_file_node(cmd->file);
	u64 last = atomic->offset + atomic->bytes - 1;
	bool must_not_wait = issue_flags & IO_URING_F_NONBLOCK;
	struct ku_io *io;
	int ret;

	if (must_not_wait &&
	    (ku_pages_any(node) ||
	     (!node->ops->io &&
	      ku_local_sleeps(node, atomic->bytes, atomic->commit))))
		return -EAGAIN;
	ku_pages_drop(node, atomic->offset, last);
	if (!node->ops->io)
		return node->ops->atomic(node, atomic) ?:
		       ku_atomic_copy_out(atomic);

	io = node->ops->io(node, KU_ATOMIC, atomic->offset);
	if (IS_ERR(io))
		return PTR_ERR(io);
	refcount_inc(&atomic->ref);
	io->atomic = atomic;
	ret = ku_atomic_add_seg(io);
	if (ret) {
		ku_io_put(io, true);
		return ret;
	}
	ku_uring_prepare(io);
	io->uring.writes = atomic->op != KFI_ATOMIC_READ;
	io->uring.first = atomic->offset;
	io->uring.last = last;
	return ku_uring_start(io, cmd, issue_flags);
}

static int ku_uring_atomic(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct kfi_uring_atomic arg;
	struct kfi_ioc_atomic ioc;
	struct ku_atomic *atomic;
	int ret;

	ret = ku_uring_args(cmd, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & ~KFI_URING_F_DURABLE || arg.reserved ||
	    cmd->flags & IORING_URING_CMD_FIXED)
		return -EINVAL;
	ioc = (struct kfi_ioc_atomic) {
		.flags = arg.flags & KFI_URING_F_DURABLE ?
			 KFI_IOC_ATOMIC_COMMIT : 0,
		.offset = arg.offset,
		.op = arg.op,
		.type = arg.type,
		.count = arg.count,
		.operand = arg.operand,
		.compare = arg.compare,
		.result = arg.result,
	};
	atomic = ku_atomic_new(cmd->file, &ioc);
	if (IS_ERR(atomic))
		return PTR_ERR(atomic);
	ret = ku_uring_start_atomic(cmd, atomic, issue_flags);
	ku_atomic_put(atomic);
	return ret;
}

static int ku_uring_rw(struct io_uring_cmd *cmd, bool write,
		       unsigned int issue_flags)
{
	struct kfi_uring_range range;
	struct ku_transfer t = { .write = write, .nr = 1, .range = &range };
	struct kfi_uring_rw arg;
	int ret;

	ret = ku_uring_args(cmd, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & ~(write ? KFI_URING_F_DURABLE : 0) || arg.reserved ||
	    !ku_node_has(ku_file_node(cmd->file), arg.offset, arg.length))
		return -EINVAL;
	range.offset = arg.offset;
	range.length = arg.length;
	t.addr = arg.addr;
	t.durable = arg.flags & KFI_URING_F_DURABLE;
	return ku_transfer(cmd, &t, issue_flags);
}

static int ku_uring_rwv(struct io_uring_cmd *cmd, bool write,
			unsigned int issue_flags)
{
	struct ku_transfer t = { .write = write };
	struct kfi_uring_vec arg;
	int ret;

	ret = ku_uring_args(cmd, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & ~(write ? KFI_URING_F_DURABLE : 0))
		return -EINVAL;
	t.range = ku_uring_ranges(ku_file_node(cmd->file), arg.ranges, arg.nr);
	if (IS_ERR(t.range))
		return PTR_ERR(t.range);
	t.nr = arg.nr;
	t.addr = arg.addr;
	t.durable = arg.flags & KFI_URING_F_DURABLE;
	ret = ku_transfer(cmd, &t, issue_flags);
	kfree(t.range);
	return ret;
}

static int ku_uring_signal(struct io_uring_cmd *cmd, u32 known,
			   unsigned int issue_flags)
{
	struct ku_node *node = ku_file_node(cmd->file);
	struct kfi_uring_range range;
	struct ku_transfer t = { .write = true, .nr = 1, .range = &range };
	struct kfi_uring_signal arg;
	int ret;

	ret = ku_uring_args(cmd, &arg, sizeof(arg));
	if (ret)
		return ret;
	if (arg.flags & ~known || arg.reserved ||
	    !ku_node_has(node, arg.offset, arg.length) ||
	    !ku_node_has(node, arg.word_offset, sizeof(u64)) ||
	    !IS_ALIGNED(arg.word_offset, sizeof(u64)))
		return -EINVAL;
	if (arg.word_offset + sizeof(u64) > arg.offset &&
	    arg.word_offset < arg.offset + arg.length)
		return -EINVAL;
	if (!node->ops->atomic)
		return -EOPNOTSUPP;
	range.offset = arg.offset;
	range.length = arg.length;
	t.addr = arg.addr;
	t.durable = !known || arg.flags & KFI_URING_F_DURABLE;
	t.signal = true;
	t.add = arg.flags & KFI_URING_F_ADD;
	t.word_offset = arg.word_offset;
	t.word = arg.word;
	return ku_transfer(cmd, &t, issue_flags);
}

/**
 * ku_uring_cmd() - a command, or its cancellation
 * @cmd: the command
 * @issue_flags: of the ring
 *
 * Context: process, of the caller or a worker in its place.
 * Return: the result; -EIOCBQUEUED: it follows; -EAGAIN: to be called again
 * where it may be waited; or an error.
 */
int ku_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	if (issue_flags & IO_URING_F_CANCEL) {
		ku_uring_cancel(cmd, issue_flags);
		return 0;
	}
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EINVAL;
	switch (cmd->cmd_op) {
	case KFI_URING_PUT:
		return ku_uring_rw(cmd, true, issue_flags);
	case KFI_URING_GET:
		return ku_uring_rw(cmd, false, issue_flags);
	case KFI_URING_PUTV:
		return ku_uring_rwv(cmd, true, issue_flags);
	case KFI_URING_GETV:
		return ku_uring_rwv(cmd, false, issue_flags);
	case KFI_URING_COMMIT:
		return ku_uring_commit(cmd, issue_flags);
	case KFI_URING_ATOMIC:
		return ku_uring_atomic(cmd, issue_flags);
	case KFI_URING_PUBLISH:
		return ku_uring_signal(cmd, 0, issue_flags);
	case KFI_URING_PUT_SIGNAL:
		return ku_uring_signal(cmd, KFI_URING_F_DURABLE |
				       KFI_URING_F_ADD, issue_flags);
	default:
		return -ENOTTY;
	}
}
