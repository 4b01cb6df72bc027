// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits: what was written and not yet made durable, at every member, in as
 * few messages as there are ranges for. One commit is under way at a time, and
 * does the work of all that were asked for before it began.
 */
#include <linux/bitmap.h>
#include "set.h"

/**
 * kfs_commit_ranges() - the next ranges of the commit under way
 * @set: the set
 * @chunk: where to look from; set to where to look next
 * @iov: address and length of each range are filled
 * @max: entries of @iov
 *
 * Context: any.
 * Return: ranges found; 0: that was all.
 */
unsigned int kfs_commit_ranges(struct kfi_set *set, u64 *chunk,
			       struct kfi_rma_iov *iov, unsigned int max)
{
	unsigned long first, last = *chunk;
	unsigned int nr = 0;

	while (nr < max) {
		first = find_next_bit(set->committing, set->chunks, last);
		last = first;
		if (first >= set->chunks)
			break;
		last = find_next_zero_bit(set->committing, set->chunks, first);
		iov[nr].addr = (u64)first << KFS_CHUNK_SHIFT;
		iov[nr].len = min((u64)last << KFS_CHUNK_SHIFT, set->size) -
			      iov[nr].addr;
		nr++;
	}
	*chunk = last;
	return nr;
}

static void kfs_commit_begin(struct kfi_set *set);

/* One batch has ended. Return: what became of it. */
static int kfs_commit_result(struct kfi_set *set)
{
	unsigned long ok = set->commit_targets & ~set->commit_failed;

	lockdep_assert_held(&set->lock);
	if (!(set->need & ~ok)) {
		bitmap_zero(set->committing, set->chunks);
		return 0;
	}
	bitmap_or(set->dirty, set->dirty, set->committing, set->chunks);
	bitmap_zero(set->committing, set->chunks);
	return -EAGAIN;
}

static void kfs_commit_end(struct kfi_set *set)
{
	struct kfi_set_io *io, *next;
	LIST_HEAD(ios);
	int err;

	spin_lock_bh(&set->lock);
	err = kfs_commit_result(set);
	list_splice_init(&set->commits, &ios);
	set->commit_busy = false;
	spin_unlock_bh(&set->lock);

	list_for_each_entry_safe(io, next, &ios, list) {
		list_del_init(&io->list);
		if (err) {
			/* Held, if the set is: by the member that failed. */
			kfs_commit_add(set, io);
		} else {
			atomic64_inc(&set->committed);
			io->done(io, 0);
		}
	}
	kfs_commit_begin(set);
}

static void kfs_commit_done(struct kfi_member_op *op, int err)
{
	struct kfs_member *m = op->member;
	struct kfi_set *set = m->set;

	if (!err && !m->local && op->length < set->chunks) {
		op->offset = op->length;
		kfs_link_post(m, op);
		return;
	}
	if (err)
		set_bit(m->index, &set->commit_failed);
	if (atomic_dec_and_test(&set->commit_pending))
		kfs_commit_end(set);
}

static void kfs_commit_send(struct kfi_set *set)
{
	unsigned long targets = set->commit_targets;
	unsigned int i;

	for_each_set_bit(i, &targets, KFI_SET_MEMBERS_MAX) {
		struct kfi_member_op *op = &set->commit_op[i];

		op->kind = KFS_COMMIT;
		op->offset = 0;
		op->length = 0;
		op->done = kfs_commit_done;
		kfs_link_post(set->member[i], op);
	}
	if (atomic_dec_and_test(&set->commit_pending))
		kfs_commit_end(set);
}

/* Begin a batch for whoever waits for one. */
static void kfs_commit_begin(struct kfi_set *set)
{
	struct kfi_set_io *io, *next;
	LIST_HEAD(nothing);
	bool send = false, lost;

	spin_lock_bh(&set->lock);
	if (set->commit_busy || list_empty(&set->commits_next)) {
		spin_unlock_bh(&set->lock);
		return;
	}
	lost = set->lost;
	set->lost = false;
	if (lost || bitmap_empty(set->dirty, set->chunks)) {
		list_splice_init(&set->commits_next, &nothing);
	} else {
		set->commit_busy = true;
		list_splice_init(&set->commits_next, &set->commits);
		bitmap_copy(set->committing, set->dirty, set->chunks);
		bitmap_zero(set->dirty, set->chunks);
		set->commit_targets = set->need;
		set->commit_failed = 0;
		atomic_set(&set->commit_pending,
			   hweight_long(set->commit_targets) + 1);
		send = true;
	}
	spin_unlock_bh(&set->lock);

	list_for_each_entry_safe(io, next, &nothing, list) {
		list_del_init(&io->list);
		if (!lost)
			atomic64_inc(&set->committed);
		io->done(io, lost ? -EIO : 0);
	}
	if (send)
		kfs_commit_send(set);
}

/**
 * kfs_commit_add() - a request to make durable what was written
 * @set: the set
 * @io: the request
 *
 * Context: process or softirq; does not sleep.
 */
void kfs_commit_add(struct kfi_set *set, struct kfi_set_io *io)
{
	int ret;

	spin_lock_bh(&set->lock);
	ret = kfs_admit(set, io);
	if (!ret)
		list_add_tail(&io->list, &set->commits_next);
	spin_unlock_bh(&set->lock);
	if (ret < 0)
		io->done(io, ret);
	else if (!ret)
		kfs_commit_begin(set);
}
