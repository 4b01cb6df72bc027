/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests to what is behind a node, however it is reached: an attachment over
 * its endpoint, a replica set through kfi_replica.
 */
#ifndef KFI_USER_IO_H
#define KFI_USER_IO_H

#include <linux/bvec.h>
#include <linux/io_uring/cmd.h>
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
 * @start: begin without waiting; ku_seg_end() follows, or has been called,
 *	whatever happens. Context: any
 * @commit: make the segments of a commit of the request's ranges
 * @end: account for a segment that has ended, before anybody hears of it.
 *	Context: any
 * @free: the request is given back; may be NULL. Context: process
 */
struct ku_io_ops {
	size_t head;
	int (*post)(struct ku_seg *seg);
	void (*start)(struct ku_seg *seg);
	int (*commit)(struct ku_io *io);
	void (*end)(struct ku_seg *seg, int err);
	void (*free)(struct ku_io *io);
};

/* Memory of programs that is pinned, see pin.c. */
struct ku_pins {
	struct user_struct *user;
	unsigned long pages;
};

void ku_pins_init(struct ku_pins *pins);
bool ku_pins_charge(struct ku_pins *pins, unsigned long pages);
void ku_pins_refund(struct ku_pins *pins, unsigned long pages);
void ku_pins_exit(struct ku_pins *pins);

/**
 * struct ku_uring - of a request that is the command of a ring
 * @cmd: the command, which may end before the request: see uring.c
 * @ended: KU_URING_CMD_ENDED, KU_URING_IO_ENDED
 * @mm: whose memory the command is about; compared, and not used
 * @iter: where bytes go that were copied
 * @copies: there are such
 * @hold: the pages of a registered buffer, which may go before the request
 * @length: bytes of all segments, which are the result
 * @writes: something of the node
 * @first: first byte of it
 * @last: last byte
 * @pins: what is pinned
 */
struct ku_uring {
	struct io_uring_cmd *cmd;
	atomic_t ended;
	struct mm_struct *mm;
	struct iov_iter iter;
	bool copies;
	bool hold;
	size_t length;
	bool writes;
	u64 first;
	u64 last;
	struct ku_pins pins;
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

	/* Of a put with signal: the word, after the data. */
	struct ku_seg *signal;

	struct ku_uring uring;

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
	bool held;
	struct list_head backlog;
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
void ku_io_release(struct ku_io *io);
void ku_io_queue_free(struct ku_io *io);
void ku_io_queue(struct ku_io *io, work_func_t fn);
void ku_seg_start(struct ku_seg *seg);
int ku_seg_copy_out(struct ku_seg *seg, struct iov_iter *iter);
bool ku_io_submit(struct ku_io *io, struct iov_iter *iter, bool bounce);
ssize_t ku_io_rw(struct ku_io *io, struct kiocb *iocb, struct iov_iter *iter);
int ku_io_wait(struct ku_io *io);

int ku_attached_try(struct ku_seg *seg);
void ku_backlog_init(struct ku_attachment *att);
void ku_backlog_add(struct ku_attachment *att, struct ku_seg *seg);
void ku_backlog_run(struct ku_attachment *att);

int ku_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);
void ku_uring_end(struct ku_io *io);

/* IOCB_DSYNC makes a write durable. */
static inline enum ku_op ku_io_op(const struct kiocb *iocb, bool write)
{
	if (!write)
		return KU_READ;
	return iocb->ki_flags & IOCB_DSYNC ? KU_WRITE_DURABLE : KU_WRITE;
}

#endif /* KFI_USER_IO_H */
