/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests that do not wait, as an attached region has them, for ioctl.c: their
 * segments are looked at, and they end when the harness says so. Of the request
 * and of its command each has to end once.
 */
#ifndef FUZZ_REQUESTS_H
#define FUZZ_REQUESTS_H

#include "io.h"
#include "uring.h"
#include "fuzz.h"

#define SEGMENT_MAX	(64UL << 10)

static struct {
	struct ku_io *io;	/* there is one at a time */
	bool bounced;		/* memory is copied, not pinned */
	enum { NO_FAILURE, NO_REQUEST, NO_COMMIT, NO_SEGMENT } failure;
	unsigned int cmd_ends;
	ssize_t result;
	void (*in_task)(struct io_uring_cmd *cmd, unsigned int flags);
} request;

static void seg_holds(const struct ku_seg *seg)
{
	const struct ku_node *node = seg->io->node;

	FUZZ_CHECK(seg->length && seg->pos < node->size);
	FUZZ_CHECK(seg->length <= node->size - seg->pos);
}

static int request_commit(struct ku_io *io)
{
	FUZZ_CHECK(io == request.io && io->ranges.nr);
	return request.failure == NO_COMMIT ? -EIO : 0;
}

static const struct ku_io_ops request_ops = { .commit = request_commit };

static struct ku_io *request_new(struct ku_node *node, unsigned int op, u64 pos)
{
	struct ku_io *io;

	FUZZ_CHECK(!request.io);
	if (request.failure == NO_REQUEST)
		return ERR_PTR(-ENOMEM);
	io = calloc(1, sizeof(*io));
	FUZZ_CHECK(io);
	io->segs.next = io->segs.prev = &io->segs;
	refcount_set(&io->ref, 1);
	io->ops = &request_ops;
	io->node = node;
	io->op = op;
	io->pos = io->next = pos;
	request.io = io;
	return io;
}

void ku_io_release(struct ku_io *io)
{
	struct list_head *at, *next;

	FUZZ_CHECK(io == request.io);
	for (at = io->segs.next; at != &io->segs; at = next) {
		next = at->next;
		free(container_of(at, struct ku_seg, list));
	}
	free(io->signal);
	if (io->atomic)
		ku_atomic_put(io->atomic);
	free(io);
	request.io = NULL;
}

void ku_io_queue_free(struct ku_io *io)
{
	ku_io_release(io);
}

void ku_io_queue(struct ku_io *io, work_func_t fn)
{
	fn(&io->work);
}

/* A command that was started ends later: see request_end(). */
void ku_io_put(struct ku_io *io, bool may_sleep)
{
	FUZZ_CHECK(refcount_dec_and_test(&io->ref));
	if (!io->uring.cmd)
		ku_io_release(io);
}

struct ku_seg *ku_seg_new(struct ku_io *io, unsigned int nr_bvecs)
{
	struct ku_seg *seg = calloc(1, sizeof(*seg));

	FUZZ_CHECK(seg && !nr_bvecs);
	seg->io = io;
	seg->pos = io->next;
	return seg;
}

void ku_seg_add(struct ku_seg *seg)
{
	struct list_head *head = &seg->io->segs;

	seg->list.prev = head->prev;
	seg->list.next = head;
	head->prev->next = &seg->list;
	head->prev = &seg->list;
	seg->io->nr_segs++;
}

struct ku_seg *ku_seg_build(struct ku_io *io, struct iov_iter *iter,
			    size_t left, bool bounce)
{
	struct ku_seg *seg;

	FUZZ_CHECK(left && iov_iter_count(iter) >= left);
	if (request.failure == NO_SEGMENT && io->nr_segs)
		return ERR_PTR(-ENOMEM);
	seg = ku_seg_new(io, 0);
	seg->length = min(left, SEGMENT_MAX);
	seg->bounced = bounce || request.bounced;
	io->next += seg->length;
	/* What is read there is copied at the end. */
	if (!(seg->bounced && io->op == KU_READ)) {
		iter->addr += seg->length;
		iter->count -= seg->length;
	}
	ku_seg_add(seg);
	return seg;
}

void ku_seg_start(struct ku_seg *seg)
{
	seg_holds(seg);
}

int ku_seg_copy_out(struct ku_seg *seg, struct iov_iter *iter)
{
	FUZZ_CHECK(seg->io->op == KU_READ && iter->dir == ITER_DEST);
	iter->addr += seg->length;
	return 0;
}

void ku_pins_init(struct ku_pins *pins)
{
}

void ku_ranges_add(struct ku_ranges *ranges, u64 start, u64 end)
{
	FUZZ_CHECK(start < end && end <= request.io->node->size);
	ranges->nr = 1;
}

void io_uring_cmd_done(struct io_uring_cmd *cmd, ssize_t ret, u64 more,
		       unsigned int flags)
{
	FUZZ_CHECK(!request.cmd_ends++);
	request.result = ret;
}

void io_uring_cmd_complete_in_task(struct io_uring_cmd *cmd,
				   void (*fn)(struct io_uring_cmd *cmd,
					      unsigned int flags))
{
	FUZZ_CHECK(!request.in_task);
	request.in_task = fn;
}

void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd, unsigned int flags)
{
}

/* The word of a put with signal is in the node as well, and fits a publish. */
static void words_hold(const struct ku_io *io)
{
	u64 word = io->op == KU_PUBLISH ? io->word_offset :
		   io->signal ? io->signal->pos : 0;

	FUZZ_CHECK(!(word % 8));
	if (io->op == KU_PUBLISH || io->signal)
		FUZZ_CHECK(io->node->size >= 8 && word <= io->node->size - 8);
	if (io->signal)
		FUZZ_CHECK(io->atomic && io->atomic->offset == word);
}

/*
 * A command that is on its way: its ring may cancel it, also twice, and its
 * process may be gone. Return: its result.
 */
static ssize_t request_end(struct io_uring_cmd *cmd, int err, bool cancelled,
			   bool dead)
{
	struct ku_io *io = request.io;

	FUZZ_CHECK(io && io->uring.cmd == cmd && !request.cmd_ends);
	words_hold(io);
	io->err = err;
	request.in_task = NULL;
	if (cancelled) {
		FUZZ_CHECK(!ku_uring_cmd(cmd, IO_URING_F_CANCEL));
		FUZZ_CHECK(!ku_uring_cmd(cmd, IO_URING_F_CANCEL));
		FUZZ_CHECK(request.result == -ECANCELED);
	}
	ku_uring_end(io);
	FUZZ_CHECK(!request.in_task == cancelled);
	if (request.in_task)
		request.in_task(cmd, dead ? IO_URING_F_TASK_DEAD : 0);
	FUZZ_CHECK(request.cmd_ends == 1 && !request.io);
	if (err || dead)
		FUZZ_CHECK(request.result < 0);
	request.cmd_ends = 0;
	return request.result;
}

#endif /* FUZZ_REQUESTS_H */
