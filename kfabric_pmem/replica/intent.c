// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intent bits: extents whose copies may differ. Set durably at every member
 * that gets writes before the first of them is sent; cleared when all members
 * are in sync and the extent is idle.
 *
 * A bit in set->intent is durable at all of these members; one that is not may
 * be on some of them.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include "set.h"

#define KFS_TICK	HZ	/* between two looks for idle extents */
#define KFS_IDLE_TICKS	5	/* without a write: idle */

/* Words of the bits that are written, and bits to be cleared. */
static __le64 *kfs_words(struct kfi_set *set)
{
	return page_address(set->intent_page);
}

static unsigned long *kfs_idle(struct kfi_set *set)
{
	return page_address(set->intent_page + 1);
}

/* Write words of set->intent_page to where they belong in members. */
static unsigned long kfs_words_write(struct kfi_set *set, u64 first,
				     unsigned int nr, unsigned long members)
{
	struct kfs_sync_op op[KFI_SET_MEMBERS_MAX] = {};
	struct kfs_sync sync;
	struct bio_vec bv;
	unsigned int i;

	bvec_set_page(&bv, set->intent_page, nr * sizeof(__le64), 0);
	kfs_sync_init(&sync);
	for_each_set_bit(i, &members, KFI_SET_MEMBERS_MAX) {
		struct kfs_member *m = set->member[i];

		op[i].op.kind = KFS_WRITE_DURABLE;
		op[i].op.offset = m->layout.bitmap + first * sizeof(__le64);
		op[i].op.length = nr * sizeof(__le64);
		op[i].op.bvec = &bv;
		op[i].op.nr_bvecs = 1;
		kfs_sync_post(&sync, &op[i], m);
	}
	return members & ~kfs_sync_wait(&sync);
}

/* Members that get writes, and so have to have the bits. */
static unsigned long kfs_intent_targets(struct kfi_set *set)
{
	unsigned long targets = set->need;
	struct kfs_member *m;
	unsigned int i;

	lockdep_assert_held(&set->lock);
	kfs_for_each_member(set, m, i)
		if (m->state == KFI_MEMBER_SYNCING && m->link == KFS_LINK_UP)
			targets |= BIT(i);
	return targets;
}

/*
 * set_intent: make wanted bits durable, those of one page of bits. Return:
 * whether there may be more to do.
 */
static bool kfs_intent_round(struct kfi_set *set)
{
	u64 first, last, end, w;
	unsigned long targets, done;
	bool ok;

	lockdep_assert_held(&set->intent_mutex);
	spin_lock_bh(&set->lock);
	first = find_first_bit(set->want, set->extents);
	if (first >= set->extents || set->frozen ||
	    set->state != KFI_SET_ACTIVE) {
		spin_unlock_bh(&set->lock);
		return false;
	}
	end = min(set->extents, round_down(first, KFS_BITMAP_BITS) +
				(u64)KFS_BITMAP_BITS);
	last = find_last_bit(set->want, end);
	first = BIT_WORD(first);
	last = BIT_WORD(last);
	for (w = first; w <= last; w++)
		kfs_words(set)[w - first] = cpu_to_le64(set->intent[w] |
							set->want[w]);
	targets = kfs_intent_targets(set);
	spin_unlock_bh(&set->lock);

	done = kfs_words_write(set, first, last - first + 1, targets);

	spin_lock_bh(&set->lock);
	ok = !(set->need & ~done);
	for (w = first; ok && w <= last; w++) {
		set->intent[w] = le64_to_cpu(kfs_words(set)[w - first]);
		set->want[w] &= ~set->intent[w];
	}
	spin_unlock_bh(&set->lock);
	if (ok)
		kfs_io_kick_waiting(set);
	return ok;
}

/**
 * kfs_intent_set_all() - set bits at every member that gets writes
 * @set: the set
 * @bits: which
 *
 * Context: process, sleeps, under the intent mutex.
 * Return: 0 or -EAGAIN: a member failed, and the set has to see to that first.
 */
int kfs_intent_set_all(struct kfi_set *set, const unsigned long *bits)
{
	bool left;

	spin_lock_bh(&set->lock);
	bitmap_or(set->want, set->want, bits, set->extents);
	bitmap_andnot(set->want, set->want, set->intent, set->extents);
	spin_unlock_bh(&set->lock);
	while (kfs_intent_round(set))
		;
	spin_lock_bh(&set->lock);
	left = !bitmap_subset(bits, set->intent, set->extents);
	spin_unlock_bh(&set->lock);
	return left ? -EAGAIN : 0;
}

/**
 * kfs_intent_read() - read a member's bits
 * @m: a data member whose link is open
 * @known: what it told, with its record; the bits are added
 *
 * Context: attach work, sleeps.
 * Return: 0, -ENOMEM, or why they cannot be read.
 */
int kfs_intent_read(struct kfs_member *m, struct kfs_known *known)
{
	u64 words = BITS_TO_LONGS(kfs_extents(known->record.size,
					      known->record.extent_shift));
	u64 have = (known->layout.record - known->layout.bitmap) /
		   sizeof(__le64);
	struct page *page;
	struct bio_vec bv;
	u64 w, nr, i;
	int err = 0;

	if (words > have || known->record.size > known->layout.data)
		return -EUCLEAN;
	page = alloc_page(GFP_KERNEL);
	known->bits = kvcalloc(words, sizeof(*known->bits), GFP_KERNEL);
	if (!page || !known->bits)
		err = -ENOMEM;
	for (w = 0; w < words && !err; w += nr) {
		nr = min(words - w, (u64)(PAGE_SIZE / sizeof(__le64)));
		bvec_set_page(&bv, page, nr * sizeof(__le64), 0);
		err = kfs_link_io(m, KFS_READ, known->layout.bitmap +
				  w * sizeof(__le64), bv.bv_len, &bv, 1);
		for (i = 0; i < nr; i++)
			known->bits[w + i] =
				le64_to_cpu(((__le64 *)page_address(page))[i]);
	}
	if (page)
		__free_page(page);
	return err;
}

/**
 * kfs_intent_write() - make a member's bits these
 * @m: a data member in reach
 * @bits: all of them
 *
 * Context: process, sleeps, under the intent mutex.
 * Return: 0 or -ENOLINK.
 */
int kfs_intent_write(struct kfs_member *m, const unsigned long *bits)
{
	struct kfi_set *set = m->set;
	u64 words = BITS_TO_LONGS(set->extents);
	u64 w, nr, i;

	lockdep_assert_held(&set->intent_mutex);
	for (w = 0; w < words; w += nr) {
		nr = min(words - w, (u64)(PAGE_SIZE / sizeof(__le64)));
		for (i = 0; i < nr; i++)
			kfs_words(set)[i] = cpu_to_le64(READ_ONCE(bits[w + i]));
		if (!kfs_words_write(set, w, nr, BIT(m->index)))
			return -ENOLINK;
	}
	return 0;
}

/**
 * kfs_intent_clear_all() - copies are equal, and nothing more will be written
 * @set: a set that is being stopped, with all its members in sync
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOLINK.
 */
int kfs_intent_clear_all(struct kfi_set *set)
{
	unsigned long need = set->need;
	unsigned int i;
	int err = 0;

	mutex_lock(&set->intent_mutex);
	spin_lock_bh(&set->lock);
	bitmap_zero(set->intent, set->extents);
	spin_unlock_bh(&set->lock);
	for_each_set_bit(i, &need, KFI_SET_MEMBERS_MAX)
		err = kfs_intent_write(set->member[i], set->intent) ?: err;
	mutex_unlock(&set->intent_mutex);
	return err;
}

/**
 * kfs_all_in_sync() - does every data member have every write?
 * @set: the set
 *
 * Context: under the set's lock, or where it does not matter.
 * Return: whether.
 */
bool kfs_all_in_sync(const struct kfi_set *set)
{
	const struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i)
		if (!m->witness && !(set->need & BIT(i)))
			return false;
	return set->state == KFI_SET_ACTIVE && !set->frozen;
}

static bool kfs_extent_uncommitted(const struct kfi_set *set, u64 extent)
{
	unsigned int shift = set->extent_shift - KFS_CHUNK_SHIFT;
	u64 first = extent << shift;
	u64 end = min(set->chunks, (extent + 1) << shift);

	return find_next_bit(set->dirty, end, first) < end ||
	       find_next_bit(set->committing, end, first) < end;
}

/* Find and lock idle extents of a page of bits. Return: their number. */
static unsigned int kfs_idle_find(struct kfi_set *set, u64 first, u64 end)
{
	unsigned int nr = 0;
	u64 e;

	lockdep_assert_held(&set->lock);
	bitmap_zero(kfs_idle(set), KFS_BITMAP_BITS);
	for (e = find_next_bit(set->intent, end, first); e < end;
	     e = find_next_bit(set->intent, end, e + 1)) {
		if (set->extent_age[e] < KFS_IDLE_TICKS) {
			set->extent_age[e]++;
			continue;
		}
		if (set->extent_writes[e] || test_bit(e, set->locked) ||
		    kfs_extent_uncommitted(set, e))
			continue;
		__set_bit(e - first, kfs_idle(set));
		__set_bit(e, set->locked);
		nr++;
	}
	return nr;
}

/*
 * clear_intent, in one page of bits. Also where a member fails meanwhile: the
 * bit may be clear at another by then, and has to be set before the next write.
 * All members were in sync, so that it has missed nothing in this extent.
 */
static void kfs_intent_clear(struct kfi_set *set, u64 first)
{
	u64 end = min(set->extents, first + KFS_BITMAP_BITS), w, base;
	u64 words = BITS_TO_LONGS(end - first);
	unsigned long members;

	base = BIT_WORD(first);
	spin_lock_bh(&set->lock);
	if (!kfs_all_in_sync(set) || !kfs_idle_find(set, first, end)) {
		spin_unlock_bh(&set->lock);
		return;
	}
	for (w = 0; w < words; w++) {
		set->intent[base + w] &= ~kfs_idle(set)[w];
		kfs_words(set)[w] = cpu_to_le64(set->intent[base + w]);
	}
	members = set->need;
	spin_unlock_bh(&set->lock);

	kfs_words_write(set, base, words, members);

	spin_lock_bh(&set->lock);
	for (w = 0; w < words; w++)
		set->locked[base + w] &= ~kfs_idle(set)[w];
	spin_unlock_bh(&set->lock);
	wake_up_all(&set->drained);
	kfs_io_kick_waiting(set);
}

/**
 * kfs_intent_work() - set the bits that are wanted, clear those of idle extents
 * @work: of the set
 *
 * Context: process.
 */
void kfs_intent_work(struct work_struct *work)
{
	struct kfi_set *set = container_of(to_delayed_work(work),
					   struct kfi_set, intent_work);
	bool any;
	u64 e;

	if (set->raw || READ_ONCE(set->stopping))
		return;
	mutex_lock(&set->intent_mutex);
	while (kfs_intent_round(set))
		;
	if (time_after_eq(jiffies, set->next_tick)) {
		set->next_tick = jiffies + KFS_TICK;
		for (e = 0; e < set->extents; e += KFS_BITMAP_BITS)
			kfs_intent_clear(set, e);
	}
	any = !bitmap_empty(set->intent, set->extents);
	mutex_unlock(&set->intent_mutex);
	if (any && !READ_ONCE(set->stopping))
		queue_delayed_work(kfs_wq, &set->intent_work, KFS_TICK);
}

static bool kfs_extent_try_lock(struct kfi_set *set, u64 extent)
{
	bool got;

	spin_lock_bh(&set->lock);
	got = !test_bit(extent, set->locked);
	if (got)
		__set_bit(extent, set->locked);
	spin_unlock_bh(&set->lock);
	return got;
}

static bool kfs_extent_drained(struct kfi_set *set, u64 extent)
{
	bool drained;

	spin_lock_bh(&set->lock);
	drained = !set->extent_writes[extent];
	spin_unlock_bh(&set->lock);
	return drained;
}

/**
 * kfs_extent_lock() - have client writes to an extent wait
 * @set: the set
 * @extent: which
 *
 * Context: process, sleeps until those on their way have ended.
 */
void kfs_extent_lock(struct kfi_set *set, u64 extent)
{
	wait_event(set->drained, kfs_extent_try_lock(set, extent));
	wait_event(set->drained, kfs_extent_drained(set, extent));
}

/**
 * kfs_extent_unlock() - let client writes to an extent go on
 * @set: the set
 * @extent: which
 *
 * Context: process.
 */
void kfs_extent_unlock(struct kfi_set *set, u64 extent)
{
	spin_lock_bh(&set->lock);
	__clear_bit(extent, set->locked);
	spin_unlock_bh(&set->lock);
	wake_up_all(&set->drained);
	kfs_io_kick_waiting(set);
}
