// SPDX-License-Identifier: GPL-2.0-only
/* The data path: reads and writes of a set. Never sleeps, never allocates. */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/slab.h>
#include "mutant.h"
#include "set.h"

static void kfs_io_end(struct kfi_set *set, struct kfi_set_io *io, int err)
{
	if (!err) {
		if (io->op == KFI_SET_READ)
			atomic64_inc(&set->reads);
		else
			atomic64_inc(&set->writes);
	}
	io->done(io, err);
}

/**
 * kfs_admit() - may a request go on now?
 * @set: the set
 * @io: the request
 *
 * Context: under the set's lock.
 * Return: 0: go on; 1: it is held; or the error to end it with.
 */
int kfs_admit(struct kfi_set *set, struct kfi_set_io *io)
{
	lockdep_assert_held(&set->lock);
	switch (set->state) {
	case KFI_SET_FENCED:
		return -EKEYREVOKED;
	case KFI_SET_STOPPING:
		return -ENODEV;
	case KFI_SET_SUSPENDED:
		if (set->fail_io)
			return -EIO;
		break;
	default:
		break;
	}
	if (set->state == KFI_SET_ACTIVE && !set->frozen)
		return 0;
	list_add_tail(&io->list, &set->held);
	set->nr_held++;
	return 1;
}

/**
 * kfs_source() - the member to read from
 * @set: the set
 * @among: members to choose from
 *
 * Context: any.
 * Return: a local member, or the nearest that is in reach, or NULL.
 */
struct kfs_member *kfs_source(struct kfi_set *set, unsigned long among)
{
	struct kfs_member *best = NULL;
	unsigned int i;

	for_each_set_bit(i, &among, KFI_SET_MEMBERS_MAX) {
		struct kfs_member *m = set->member[i];

		if (READ_ONCE(m->link) != KFS_LINK_UP)
			continue;
		if (m->local)
			return m;
		if (!best || m->rtt < best->rtt)
			best = m;
	}
	return best;
}

/**
 * kfs_source_hold() - the member to read from, for a read that counts
 * @set: the set
 * @among: members to choose from
 *
 * Only members that are as they were when they were joined: one that came back
 * may have lost what was not committed, and the control work may not know yet.
 *
 * Context: any.
 * Return: as kfs_source(), for kfs_link_read_held().
 */
struct kfs_member *kfs_source_hold(struct kfi_set *set, unsigned long among)
{
	struct kfs_member *m;
	unsigned int i;

	spin_lock_bh(&set->lock);
	among &= set->need;
	for_each_set_bit(i, &among, KFI_SET_MEMBERS_MAX)
		if (!set->member[i]->joined)
			__clear_bit(i, &among);
	m = kfs_source(set, among);
	if (m)
		kfs_link_hold(m);
	spin_unlock_bh(&set->lock);
	return m;
}

static void kfs_read_done(struct kfi_member_op *op, int err)
{
	struct kfi_set_io *io = container_of(op, struct kfi_set_io, sub[0]);

	if (!err) {
		kfs_io_end(io->set, io, 0);
		return;
	}
	/* Poison at one member; another one has the bytes. */
	if (err == -EIO)
		__set_bit(op->member->index, &io->failed);
	kfs_io_start(io->set, io);
}

static void kfs_read_start(struct kfi_set *set, struct kfi_set_io *io)
{
	struct kfi_member_op *op = &io->sub[0];
	struct kfs_member *m = NULL;
	int ret;

	spin_lock_bh(&set->lock);
	ret = kfs_admit(set, io);
	if (!ret) {
		m = kfs_source(set, set->need & ~io->failed);
		if (!m && io->failed & set->need) {
			ret = -EIO;
		} else if (!m) {
			/* It has failed, and the control work is about to know. */
			list_add_tail(&io->list, &set->held);
			set->nr_held++;
			ret = 1;
		} else {
			kfs_link_hold(m);
		}
	}
	spin_unlock_bh(&set->lock);
	if (ret < 0)
		kfs_io_end(set, io, ret);
	if (ret)
		return;

	op->kind = KFS_READ;
	op->offset = io->offset;
	op->length = io->length;
	op->bvec = io->bvec;
	op->nr_bvecs = io->nr_bvecs;
	op->done = kfs_read_done;
	kfs_link_post_held(m, op);
}

/* Return: whether its extents can be written to now. Else it waits for them. */
static bool kfs_write_extents(struct kfi_set *set, struct kfi_set_io *io)
{
	u64 e, last = kfs_last_extent(set, io);
	bool wanted = false, ready = true;

	for (e = kfs_first_extent(set, io); e <= last; e++) {
		if (test_bit(e, set->locked))
			ready = false;
		if (test_bit(e, set->intent))
			continue;
#ifndef KFI_MUTANT_INTENT_AFTER_DATA
		ready = false;
#endif
		if (!test_bit(e, set->want)) {
			__set_bit(e, set->want);
			wanted = true;
		}
	}
	if (wanted) {
		atomic64_inc(&set->intent_writes);
		mod_delayed_work(kfs_wq, &set->intent_work, 0);
	}
	if (ready)
		return true;
	list_add_tail(&io->list, &set->waiting);
	return false;
}

/*
 * Members that get a write: those that it needs, and those being synced that
 * have its extents already. The others miss it. Where it is plain, those being
 * synced get it durably: no commit of what it wrote asks them.
 */
static unsigned long kfs_write_targets(struct kfi_set *set,
				       struct kfi_set_io *io)
{
	u64 e, first = kfs_first_extent(set, io);
	u64 last = kfs_last_extent(set, io);
	unsigned long targets = set->need;
	struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i) {
		bool has = m->state == KFI_MEMBER_SYNCING &&
			   m->link == KFS_LINK_UP;

		if (m->witness || targets & BIT(i))
			continue;
		for (e = first; has && e <= last; e++)
			has = !test_bit(e, m->todo);
		if (has)
			targets |= BIT(i);
		else
			bitmap_set(m->todo, first, last - first + 1);
	}
	for (e = first; e <= last; e++) {
		set->extent_writes[e]++;
		set->extent_age[e] = 0;
	}
	for_each_set_bit(i, &targets, KFI_SET_MEMBERS_MAX)
		io->sub[i].kind = io->op == KFI_SET_WRITE && set->need & BIT(i) ?
				  KFS_WRITE : KFS_WRITE_DURABLE;
	return targets;
}

/* complete_write: every member that is needed has confirmed it. */
static bool kfs_write_confirmed(const struct kfi_set *set,
				const struct kfi_set_io *io)
{
#ifdef KFI_MUTANT_GENERATION_AFTER_WRITE
	if (io->targets & ~io->failed)
		return true;
#endif
	return !(set->need & ~(io->targets & ~io->failed));
}

static void kfs_write_account(struct kfi_set *set, struct kfi_set_io *io)
{
	u64 e, last = kfs_last_extent(set, io);
	u64 chunk = io->offset >> KFS_CHUNK_SHIFT;
	bool drained = false;

	lockdep_assert_held(&set->lock);
	for (e = kfs_first_extent(set, io); e <= last; e++)
		if (!--set->extent_writes[e] && test_bit(e, set->locked))
			drained = true;
	if (io->op == KFI_SET_WRITE)
		bitmap_set(set->dirty, chunk,
			   ((io->offset + io->length - 1) >> KFS_CHUNK_SHIFT) -
			   chunk + 1);
	if (drained)
		wake_up_all(&set->drained);
}

/*
 * A write ends with an error, and is not sent again: who did not get it differs
 * from now on, and is not in sync.
 */
static void kfs_write_missed(struct kfi_set *set, const struct kfi_set_io *io)
{
	unsigned int i;

	lockdep_assert_held(&set->lock);
	if (io->op != KFI_SET_WRITE && io->op != KFI_SET_WRITE_DURABLE)
		return;
	for_each_set_bit(i, &io->failed, KFI_SET_MEMBERS_MAX)
		set->member[i]->missed = true;
}

static void kfs_write_end(struct kfi_set_io *io)
{
	struct kfi_set *set = io->set;
	bool end = true;
	int err = 0;

	spin_lock_bh(&set->lock);
	kfs_write_account(set, io);
	if (!kfs_write_confirmed(set, io)) {
		if (set->state == KFI_SET_FENCED) {
			err = -EKEYREVOKED;
		} else if (set->state == KFI_SET_SUSPENDED && set->fail_io) {
			err = -EIO;
		} else {
			list_add_tail(&io->list, &set->parked);
			set->nr_held++;
			end = false;
		}
		if (err)
			kfs_write_missed(set, io);
	}
	spin_unlock_bh(&set->lock);
	if (end)
		kfs_io_end(set, io, err);
}

static void kfs_write_done(struct kfi_member_op *op, int err)
{
	struct kfs_member *m = op->member;
	struct kfi_set *set = m->set;
	struct kfi_set_io *io = container_of(op, struct kfi_set_io,
					     sub[m->index]);
	u64 first = kfs_first_extent(set, io);

	if (!err)
		kfs_mutant_ack(io);
	if (err) {
		set_bit(m->index, &io->failed);
		spin_lock_bh(&set->lock);
		if (m->todo)
			bitmap_set(m->todo, first,
				   kfs_last_extent(set, io) - first + 1);
		spin_unlock_bh(&set->lock);
	}
	if (atomic_dec_and_test(&io->pending))
		kfs_write_end(io);
}

/* send_write: the remote members first, the local copy is made meanwhile. */
static void kfs_write_send(struct kfi_set *set, struct kfi_set_io *io)
{
	unsigned long targets = io->targets;
	struct kfs_member *local = NULL;
	unsigned int i;

	for_each_set_bit(i, &targets, KFI_SET_MEMBERS_MAX) {
		struct kfi_member_op *op = &io->sub[i];

		op->offset = io->offset;
		op->length = io->length;
		op->bvec = io->bvec;
		op->nr_bvecs = io->nr_bvecs;
		op->done = kfs_write_done;
		if (set->member[i]->local && !local)
			local = set->member[i];
		else
			kfs_link_post(set->member[i], op);
	}
	if (local)
		kfs_link_post(local, &io->sub[local->index]);
	if (atomic_dec_and_test(&io->pending))
		kfs_write_end(io);
}

static void kfs_write_start(struct kfi_set *set, struct kfi_set_io *io)
{
	bool send = false;
	int ret;

	spin_lock_bh(&set->lock);
	ret = kfs_admit(set, io);
	if (!ret && kfs_write_extents(set, io)) {
		io->failed = 0;
		io->targets = kfs_write_targets(set, io);
		atomic_set(&io->pending, hweight32(io->targets) + 1);
		send = true;
	}
	spin_unlock_bh(&set->lock);
	if (ret < 0)
		kfs_io_end(set, io, ret);
	if (send)
		kfs_write_send(set, io);
}

/**
 * kfs_io_start() - begin a request, or begin it anew
 * @set: the set
 * @io: the request
 *
 * Context: process or softirq; does not sleep.
 */
void kfs_io_start(struct kfi_set *set, struct kfi_set_io *io)
{
	switch (io->op) {
	case KFI_SET_READ:
		kfs_read_start(set, io);
		break;
	case KFI_SET_COMMIT:
		kfs_commit_add(set, io);
		break;
	default:
		kfs_write_start(set, io);
		break;
	}
}

/**
 * kfs_io_restart() - begin requests anew
 * @set: the set
 * @ios: the requests; empty afterwards
 *
 * Context: process; does not sleep.
 */
void kfs_io_restart(struct kfi_set *set, struct list_head *ios)
{
	struct kfi_set_io *io, *next;

	list_for_each_entry_safe(io, next, ios, list) {
		list_del_init(&io->list);
		kfs_io_start(set, io);
	}
}

/**
 * kfs_io_kick_waiting() - extents have become free, or have their bits
 * @set: the set
 *
 * Context: process; does not sleep.
 */
void kfs_io_kick_waiting(struct kfi_set *set)
{
	LIST_HEAD(ios);

	spin_lock_bh(&set->lock);
	list_splice_init(&set->waiting, &ios);
	spin_unlock_bh(&set->lock);
	kfs_io_restart(set, &ios);
}

/**
 * kfs_io_release() - the set is active again
 * @set: the set
 *
 * Writes that are confirmed by all that are still needed end; others that a
 * member missed are sent again, to all: they are the same bytes.
 *
 * Context: control work; does not sleep.
 */
void kfs_io_release(struct kfi_set *set)
{
	struct kfi_set_io *io, *next;
	LIST_HEAD(again);
	LIST_HEAD(ended);

	spin_lock_bh(&set->lock);
	list_for_each_entry_safe(io, next, &set->parked, list)
		list_move_tail(&io->list, kfs_write_confirmed(set, io) ?
			       &ended : &again);
	list_splice_tail_init(&set->held, &again);
	list_splice_tail_init(&set->waiting, &again);
	set->nr_held = 0;
	spin_unlock_bh(&set->lock);

	list_for_each_entry_safe(io, next, &ended, list) {
		list_del_init(&io->list);
		kfs_io_end(set, io, 0);
	}
	kfs_io_restart(set, &again);
}

/**
 * kfs_io_fail_all() - end every request that is held
 * @set: a set whose state lets no other come
 * @err: with this
 *
 * Context: process; does not sleep.
 */
void kfs_io_fail_all(struct kfi_set *set, int err)
{
	struct kfi_set_io *io, *next;
	LIST_HEAD(ios);

	spin_lock_bh(&set->lock);
	list_splice_init(&set->held, &ios);
	list_splice_init(&set->parked, &ios);
	list_splice_init(&set->waiting, &ios);
	set->nr_held = 0;
	list_for_each_entry(io, &ios, list)
		kfs_write_missed(set, io);
	spin_unlock_bh(&set->lock);
	list_for_each_entry_safe(io, next, &ios, list) {
		list_del_init(&io->list);
		kfs_io_end(set, io, err);
	}
}

/**
 * kfi_set_submit() - hand a request to a set
 * @set: an open set
 * @io: the request, with its public members filled; it has to be in the set
 *
 * Requests on their way at the same time have no order. What a plain write
 * promises is that reads see it; durable it is after a KFI_SET_COMMIT that was
 * submitted when the write was done.
 *
 * Context: process or softirq; does not sleep and does not allocate. io->done()
 * may be called before this returns.
 */
void kfi_set_submit(struct kfi_set *set, struct kfi_set_io *io)
{
	io->set = set;
	io->failed = 0;
	if (io->op != KFI_SET_COMMIT &&
	    (!io->length || io->offset > set->size ||
	     io->length > set->size - io->offset ||
	     io->length > set->max_bytes || io->nr_bvecs > set->max_bvecs)) {
		io->done(io, -EINVAL);
		return;
	}
	kfs_io_start(set, kfs_mutant_io(io));
}
EXPORT_SYMBOL_GPL(kfi_set_submit);

/**
 * kfi_set_give_up() - have requests that are held fail, from now on
 * @set: an open set
 *
 * For a client that has to go while the set has no majority.
 *
 * Context: process; does not sleep.
 */
void kfi_set_give_up(struct kfi_set *set)
{
	bool suspended;

	spin_lock_bh(&set->lock);
	set->fail_io = true;
	suspended = set->state == KFI_SET_SUSPENDED;
	spin_unlock_bh(&set->lock);
	if (suspended)
		kfs_io_fail_all(set, -EIO);
}
EXPORT_SYMBOL_GPL(kfi_set_give_up);
