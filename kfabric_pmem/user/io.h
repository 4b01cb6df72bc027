/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to what is behind a node, however it is reached: an attachment over
 * its endpoint, a replica set through kfi_replica.
 */
#ifndef KFI_USER_IO_H
#define KFI_USER_IO_H

#include <linux/bvec.h>
#include <linux/uio.h>
#include "atomic.h"
#include "user.h"

enum ku_op {
	KU_READ,
	KU_WRITE,
	KU_WRITE_DURABLE,
	KU_COMMIT,
	KU_PUBLISH,
	KU_ATOMIC,
};

struct ku_io;
struct ku_seg;

/**
 * struct ku_io_ops - how segments are carried out
 * @head: bytes in front of each segment that are these operations' own
 * @post: begin; 0: ku_seg_end() follows, or has been called. May sleep, killable
 * @end: account for a segment that has ended, before anybody hears of it.
 *	Context: any
 * @free: the request is given back; may be NULL. Context: process
 */
struct ku_io_ops {
	size_t head;
	int (*post)(struct ku_seg *seg);
	void (*end)(struct ku_seg *seg, int err);
	void (*free)(struct ku_io *io);
};

struct ku_io {
	refcount_t ref;
	enum ku_op op;
	const struct ku_io_ops *ops;
	struct ku_node *node;
	struct percpu_ref *users;
	struct kiocb *iocb;
	struct work_struct work;
	wait_queue_head_t wait;

	/* Limits of a segment. */
	size_t max_bytes;
	unsigned int max_pages;

	/* Submitter, and then the last reference. */
	struct list_head segs;
	unsigned int nr_segs;
	u64 pos;
	u64 next;

	/* Of attachments. */
	bool dirty_taken;
	struct ku_ranges ranges;
	enum kfi_commit_level level;
	u64 word_offset;
	u64 word;
	struct ku_atomic *atomic;

	/* Of mapped pages: what a caller stored outlives the caller. */
	bool patient;

	/* Of sets: the last use of the set was this request's. */
	bool last_use;

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
	unsigned int nr_bvecs;
	unsigned int max_bvecs;
	struct bio_vec bvec[];
};

struct ku_io *ku_io_new(struct ku_node *node, const struct ku_io_ops *ops,
			enum ku_op op, u64 pos);
void ku_io_put(struct ku_io *io, bool may_sleep);
void ku_io_fail(struct ku_io *io, u64 pos, int err);
struct ku_seg *ku_seg_new(struct ku_io *io, unsigned int nr_bvecs);
void ku_seg_add(struct ku_seg *seg);
struct ku_seg *ku_seg_build(struct ku_io *io, struct iov_iter *iter,
			    size_t left, bool bounce);
int ku_seg_post(struct ku_seg *seg);
void ku_seg_end(struct ku_seg *seg, int err);
int ku_io_reap(struct ku_io *io, struct iov_iter *iter, unsigned int keep);
bool ku_io_submit(struct ku_io *io, struct iov_iter *iter, bool bounce);
ssize_t ku_io_rw(struct ku_io *io, struct kiocb *iocb, struct iov_iter *iter);
int ku_io_wait(struct ku_io *io);

/* IOCB_DSYNC makes a write durable. */
static inline enum ku_op ku_io_op(const struct kiocb *iocb, bool write)
{
	if (!write)
		return KU_READ;
	return iocb->ki_flags & IOCB_DSYNC ? KU_WRITE_DURABLE : KU_WRITE;
}

#endif /* KFI_USER_IO_H */
