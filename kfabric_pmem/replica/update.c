// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is in sync, once the set is active: members that fail are marked behind,
 * members that come back are joined, and marked in sync when they are.
 *
 * All of it is control work, one at a time in a set.
 */
#include <linux/bitmap.h>
#include "set.h"
#include "trace.h"

/**
 * kfs_control_kick() - something has changed
 * @set: the set
 *
 * Context: any but hard interrupt.
 */
void kfs_control_kick(struct kfi_set *set)
{
	if (!READ_ONCE(set->stopping))
		mod_delayed_work(set->control_wq, &set->control, 0);
}

/**
 * kfs_members_count() - members that were not removed
 * @set: the set
 *
 * Context: any.
 * Return: their number.
 */
unsigned int kfs_members_count(const struct kfi_set *set)
{
	const struct kfs_member *m;
	unsigned int i, nr = 0;

	kfs_for_each_member(set, m, i)
		nr++;
	return nr;
}

/**
 * kfs_majority() - members that have to agree
 * @set: the set
 *
 * Context: any.
 * Return: their number.
 */
unsigned int kfs_majority(const struct kfi_set *set)
{
	return kfs_members_count(set) / 2 + 1;
}

/**
 * kfs_links_up() - members in reach
 * @set: the set
 * @data_only: without witnesses
 *
 * Context: under the set's lock.
 * Return: a bit per member.
 */
unsigned long kfs_links_up(const struct kfi_set *set, bool data_only)
{
	const struct kfs_member *m;
	unsigned long up = 0;
	unsigned int i;

	kfs_for_each_member(set, m, i)
		if (m->link == KFS_LINK_UP && !(data_only && m->witness))
			up |= BIT(i);
	return up;
}

/* Where the copy with a sequence is in a member's region. */
static u64 kfs_record_place(const struct kfs_member *m, u64 sequence)
{
	return m->layout.record + (sequence & 1) * KFS_RECORD_STRIDE;
}

static void kfs_record_post(struct kfi_set *set, struct kfs_sync *sync,
			    struct kfs_sync_op *op, struct bio_vec *bv,
			    const struct kfs_record *record, struct kfs_member *m)
{
	const size_t size = sizeof(struct kfs_media_record);
	size_t at = m->index * size;

	static_assert(KFI_SET_MEMBERS_MAX * sizeof(struct kfs_media_record) <=
		      2 * PAGE_SIZE);
	kfs_record_encode(record, page_address(set->page) + at);
	bvec_set_page(bv, set->page + at / PAGE_SIZE, size, at % PAGE_SIZE);
	op->op.kind = KFS_WRITE_DURABLE;
	op->op.offset = kfs_record_place(m, record->sequence);
	op->op.length = size;
	op->op.bvec = bv;
	op->op.nr_bvecs = 1;
	kfs_sync_post(sync, op, m);
}

/*
 * The newest copy that a member has may be one that was visible when it was
 * attached, and never became durable. It has to be before the other one is
 * written over: the same bytes, written again.
 */
static void kfs_record_seal(struct kfi_set *set, unsigned long members)
{
	struct kfs_sync_op op[KFI_SET_MEMBERS_MAX] = {};
	struct bio_vec bv[KFI_SET_MEMBERS_MAX];
	unsigned long failed;
	struct kfs_sync sync;
	unsigned int i;

	for_each_set_bit(i, &members, KFI_SET_MEMBERS_MAX)
		if (set->member[i]->sealed)
			__clear_bit(i, &members);
	if (!members)
		return;
	kfs_sync_init(&sync);
	for_each_set_bit(i, &members, KFI_SET_MEMBERS_MAX)
		kfs_record_post(set, &sync, &op[i], &bv[i],
				&set->member[i]->known->record, set->member[i]);
	failed = kfs_sync_wait(&sync);
	/* Who failed is attached anew, and told then what it has. */
	for_each_set_bit(i, &members, KFI_SET_MEMBERS_MAX)
		set->member[i]->sealed = !(failed & BIT(i));
}

/**
 * kfs_record_write() - write a record to members
 * @set: the set
 * @record: what to write; each member's own place and sequence are filled in
 * @members: to whom
 *
 * The copy that is written is the older one of the two.
 *
 * Context: control work; sleeps.
 * Return: the members that have it durably.
 */
unsigned long kfs_record_write(struct kfi_set *set, struct kfs_record *record,
			       unsigned long members)
{
	struct kfs_sync_op op[KFI_SET_MEMBERS_MAX] = {};
	struct bio_vec bv[KFI_SET_MEMBERS_MAX];
	struct kfs_sync sync;
	unsigned int i;

	lockdep_assert_held(&set->know_mutex);
	kfs_record_seal(set, members);
	kfs_sync_init(&sync);
	for_each_set_bit(i, &members, KFI_SET_MEMBERS_MAX) {
		struct kfs_member *m = set->member[i];

		/* Not written over where it failed: then it may be torn. */
		if (!m->sealed) {
			__clear_bit(i, &members);
			continue;
		}
		record->self = i;
		record->sequence = ++m->sequence;
		kfs_record_post(set, &sync, &op[i], &bv[i], record, m);
	}
	return members & ~kfs_sync_wait(&sync);
}

/* A writer of a later epoch has a majority, or our own region. */
static bool kfs_is_fenced(struct kfi_set *set)
{
	const struct kfs_member *m;
	unsigned int i, later = 0;

	if (set->fenced)
		return true;
	kfs_for_each_member(set, m, i)
		if (m->link == KFS_LINK_DOWN && m->seen > set->epoch)
			later++;
	return !set->raw && later >= kfs_majority(set);
}

static void kfs_fence(struct kfi_set *set)
{
	spin_lock_bh(&set->lock);
	set->fenced = true;
	kfs_set_state(set, KFI_SET_FENCED);
	spin_unlock_bh(&set->lock);
	pr_err("kfi_replica: set %s: fenced, another writer has taken over\n",
	       set->name);
	kfs_io_fail_all(set, -EKEYREVOKED);
}

/*
 * The members in sync from now on: those that are and are in reach, and those
 * that have caught up. One that lost what was not committed, or missed a write
 * that ended with an error, has not; unless there is no other.
 */
static unsigned long kfs_next_in_sync(struct kfi_set *set, bool *lost)
{
	unsigned long up = kfs_links_up(set, true), in_sync = 0, back[2] = {};
	struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i) {
		if (!(up & BIT(i)))
			continue;
		if (set->record.in_sync & BIT(i)) {
			if (m->joined || (m->same && !m->missed))
				in_sync |= BIT(i);
			else
				back[m->same] |= BIT(i);
		} else if (m->joined && m->state == KFI_MEMBER_SYNCING &&
			   bitmap_empty(m->todo, set->extents)) {
			in_sync |= BIT(i);
		}
	}
	*lost = !in_sync && !back[true];
	if (!in_sync)
		in_sync = back[true] & -back[true];
	if (!in_sync)
		in_sync = back[false] & -back[false];
	return in_sync;
}

/*
 * They are the ones: what became of them before does not count any more. What
 * becomes of them while the record is written does: it resets @joined.
 */
static void kfs_members_take(struct kfi_set *set, unsigned long in_sync,
			     bool lost)
{
	unsigned int i;

	lockdep_assert_held(&set->lock);
	for_each_set_bit(i, &in_sync, KFI_SET_MEMBERS_MAX) {
		struct kfs_member *m = set->member[i];

		uuid_copy(&m->incarnation, &m->known->attr.incarnation);
		m->joined = true;
		m->missed = false;
	}
	if (lost && (!bitmap_empty(set->dirty, set->chunks) ||
		     !bitmap_empty(set->committing, set->chunks)))
		set->lost = true;
}

/* Members that are as they were when they were joined, and in reach. */
static unsigned long kfs_members_joined(struct kfi_set *set)
{
	unsigned long joined = 0;
	struct kfs_member *m;
	unsigned int i;

	lockdep_assert_held(&set->lock);
	kfs_for_each_member(set, m, i)
		if (m->link == KFS_LINK_UP && m->joined)
			joined |= BIT(i);
	return joined;
}

/* Members in reach take the state that the record says. */
static void kfs_members_settle(struct kfi_set *set)
{
	struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i) {
		if (m->link != KFS_LINK_UP) {
			kfs_member_state(m, KFI_MEMBER_DOWN);
		} else if (m->witness) {
			kfs_member_state(m, KFI_MEMBER_IN_SYNC);
		} else if (set->record.in_sync & BIT(i) && m->joined) {
			m->full = false;
			kfs_member_state(m, KFI_MEMBER_IN_SYNC);
		} else if (m->state != KFI_MEMBER_SYNCING) {
			kfs_member_state(m, KFI_MEMBER_BEHIND);
		}
	}
}

/* Return: whether requests that are held are to fail. */
static bool kfs_suspend(struct kfi_set *set)
{
	lockdep_assert_held(&set->lock);
	set->frozen = true;
	if (set->state == KFI_SET_ACTIVE)
		pr_warn("kfi_replica: set %s: suspended, %lu of %u members in reach, %u needed\n",
			set->name, hweight_long(kfs_links_up(set, false)),
			kfs_members_count(set), kfs_majority(set));
	kfs_set_state(set, KFI_SET_SUSPENDED);
	kfs_members_settle(set);
	return set->fail_io;
}

/*
 * One step towards a record that says what is. Return: whether there may be
 * another one to do.
 */
static bool kfs_update_record(struct kfi_set *set)
{
	struct kfs_record next = set->record;
	unsigned long up, in_sync, acks;
	bool counts, fail_io, lost;

	spin_lock_bh(&set->lock);
	up = kfs_links_up(set, false);
	in_sync = kfs_next_in_sync(set, &lost);
	if (!in_sync || hweight_long(up) < kfs_majority(set)) {
		fail_io = kfs_suspend(set);
		spin_unlock_bh(&set->lock);
		if (fail_io)
			kfs_io_fail_all(set, -EIO);
		return false;
	}
	kfs_members_take(set, in_sync, lost);
	if (set->state == KFI_SET_ACTIVE && in_sync == set->record.in_sync &&
	    !set->frozen) {
		kfs_members_settle(set);
		spin_unlock_bh(&set->lock);
		return false;
	}
	/* Writes need both, whichever of the records is found afterwards. */
	set->frozen = true;
	set->need |= in_sync;
	spin_unlock_bh(&set->lock);

	next.epoch = set->epoch;
	next.generation++;
	next.in_sync = in_sync;
	next.full &= ~in_sync;
	acks = set->raw ? up : kfs_record_write(set, &next, up);

	spin_lock_bh(&set->lock);
	counts = !(in_sync & ~acks) && hweight_long(acks) >= kfs_majority(set);
	trace_kfi_set_record(set->name, next.epoch, next.generation,
			     next.in_sync, acks, counts);
	/* What may be found is never written again with another content. */
	set->record.generation = next.generation;
	if (counts) {
		set->record = next;
		set->need = in_sync;
		kfs_members_settle(set);
		kfs_set_state(set, KFI_SET_ACTIVE);
		/* A member may have failed meanwhile. */
		set->frozen = in_sync & ~kfs_members_joined(set);
	}
	spin_unlock_bh(&set->lock);
	if (counts)
		kfs_io_release(set);
	return true;
}

/* Give a member that is new to the set, or back, what it has to know. */
static int kfs_join(struct kfi_set *set, struct kfs_member *m)
{
	const struct kfs_record_member *rm = &set->record.member[m->index];
	const struct kfs_known *known = m->known;
	struct kfs_record record = set->record;
	int err;

	lockdep_assert_held(&set->know_mutex);
	if (!uuid_equal(&known->attr.uuid, &rm->uuid))
		return -ESTALE;
	if (known->has_record &&
	    !uuid_equal(&known->record.uuid, &set->record.uuid))
		return -EEXIST;
	if (known->has_record && (known->record.size != set->size ||
				  known->record.extent_shift != set->extent_shift ||
				  known->record.self != m->index))
		return -EUCLEAN;
	if (m->witness)
		return kfs_record_write(set, &record, BIT(m->index)) ? 0 :
								       -ENOLINK;
	/* It did not know the set's extents when it had no record. */
	err = kfs_layout(known->attr.size, false, set->extent_shift, &m->layout);
	if (err)
		return err;
	if (m->layout.data < set->size)
		return -ENOSPC;
	if (!known->has_record && !(record.full & BIT(m->index))) {
		/* To be known before it has a record that does not say so. */
		spin_lock_bh(&set->lock);
		m->full = true;
		set->record.full |= BIT(m->index);
		set->frozen = true;
		spin_unlock_bh(&set->lock);
		return -EAGAIN;
	}

	mutex_lock(&set->intent_mutex);
	err = known->bits ? kfs_intent_set_all(set, known->bits) : 0;
	if (!err)
		err = kfs_intent_write(m, set->intent);
	if (!err && !kfs_record_write(set, &record, BIT(m->index)))
		err = -ENOLINK;
	if (!err) {
		spin_lock_bh(&set->lock);
		/*
		 * What it missed has its bit. So has what it got and did not
		 * commit, which nobody will commit there any more.
		 */
		if (!known->has_record || (m->full && !m->filled))
			bitmap_fill(m->todo, set->extents);
		else
			bitmap_or(m->todo, m->todo, set->intent, set->extents);
		m->filled = true;
		uuid_copy(&m->incarnation, &known->attr.incarnation);
		m->missed = false;
		m->resynced = 0;
		m->resync_total = kfs_bits_bytes(set, m->todo);
		if (m->link == KFS_LINK_UP)
			kfs_member_state(m, KFI_MEMBER_SYNCING);
		spin_unlock_bh(&set->lock);
	}
	mutex_unlock(&set->intent_mutex);
	return err;
}

/* Join one member that is in reach and is not joined. */
static bool kfs_join_one(struct kfi_set *set)
{
	struct kfs_member *m = NULL;
	unsigned int i;
	int err;

	spin_lock_bh(&set->lock);
	kfs_for_each_member(set, m, i)
		if (m->link == KFS_LINK_UP && !m->joined)
			break;
	spin_unlock_bh(&set->lock);
	if (i == set->nr_members)
		return false;

	err = kfs_join(set, m);
	if (err == -EAGAIN)
		return true;	/* another member failed meanwhile */
	if (err) {
		kfs_member_fail(m, err);
		return true;
	}
	/* What a reattached member has is not what was joined just now. */
	spin_lock_bh(&set->lock);
	m->joined = m->link == KFS_LINK_UP;
	spin_unlock_bh(&set->lock);
	return true;
}

/**
 * kfs_update() - have the record, and the members, follow what is
 * @set: a set that has taken over
 *
 * Context: control work; sleeps.
 */
void kfs_update(struct kfi_set *set)
{
	do {
		if (kfs_is_fenced(set)) {
			kfs_fence(set);
			return;
		}
		while (kfs_update_record(set))
			if (kfs_is_fenced(set)) {
				kfs_fence(set);
				return;
			}
	} while (READ_ONCE(set->state) == KFI_SET_ACTIVE && kfs_join_one(set));
	if (kfs_resync_needed(set))
		queue_work(kfs_wq, &set->resync_work);
	mod_delayed_work(kfs_wq, &set->intent_work, 0);
}
