// SPDX-License-Identifier: GPL-2.0-only
/* Resynchronisation: a member that is behind gets what it has missed. */
#include <linux/bitmap.h>
#include "set.h"

static u64 kfs_extent_bytes(const struct kfi_set *set, u64 extent)
{
	return min(BIT_ULL(set->extent_shift),
		   set->size - (extent << set->extent_shift));
}

/**
 * kfs_bits_bytes() - what a number of extents hold
 * @set: the set
 * @bits: one for each of its extents
 *
 * Context: any.
 * Return: bytes; the last extent may be a short one.
 */
u64 kfs_bits_bytes(const struct kfi_set *set, const unsigned long *bits)
{
	u64 bytes = (u64)bitmap_weight(bits, set->extents) << set->extent_shift;

	if (set->extents && test_bit(set->extents - 1, bits))
		bytes -= BIT_ULL(set->extent_shift) -
			 kfs_extent_bytes(set, set->extents - 1);
	return bytes;
}

/**
 * kfs_copy_fill_bvec() - part of a set's copy buffer
 * @set: the set
 * @half: 0 or 1
 * @bvec: KFS_COPY_PAGES entries
 * @length: bytes, at most KFS_COPY_BYTES
 *
 * Context: under the copy mutex.
 * Return: entries filled.
 */
unsigned int kfs_copy_fill_bvec(struct kfi_set *set, unsigned int half,
				struct bio_vec *bvec, size_t length)
{
	unsigned int nr;

	for (nr = 0; length; nr++) {
		size_t part = min(length, PAGE_SIZE);

		bvec_set_page(&bvec[nr],
			      set->buffer[half * KFS_COPY_PAGES + nr], part, 0);
		length -= part;
	}
	return nr;
}

/* Members that are being synced and miss an extent. */
static unsigned long kfs_resync_targets(struct kfi_set *set, u64 extent)
{
	unsigned long targets = 0;
	struct kfs_member *m;
	unsigned int i;

	lockdep_assert_held(&set->lock);
	kfs_for_each_member(set, m, i)
		if (m->state == KFI_MEMBER_SYNCING &&
		    m->link == KFS_LINK_UP && test_bit(extent, m->todo))
			targets |= BIT(i);
	return targets;
}

/* Return: the next extent to copy, set->extents if there is none. */
static u64 kfs_resync_next(struct kfi_set *set, u64 from)
{
	unsigned long next = set->extents;
	struct kfs_member *m;
	unsigned int i;

	spin_lock_bh(&set->lock);
	kfs_for_each_member(set, m, i)
		if (set->state == KFI_SET_ACTIVE && !set->stopping &&
		    m->state == KFI_MEMBER_SYNCING && m->link == KFS_LINK_UP)
			next = min(next, find_next_bit(m->todo, set->extents,
						       from));
	spin_unlock_bh(&set->lock);
	return next;
}

/**
 * kfs_resync_needed() - is there an extent to copy?
 * @set: the set
 *
 * Context: process.
 * Return: whether.
 */
bool kfs_resync_needed(struct kfi_set *set)
{
	return !set->raw && kfs_resync_next(set, 0) < set->extents;
}

/* Read from a member in sync; from another one where there is poison. */
static int kfs_resync_read(struct kfi_set *set, u64 offset, size_t length,
			   const struct bio_vec *bvec, unsigned int nr)
{
	unsigned long among = ~0UL;
	struct kfs_member *source;
	int err = 0, ret;

	while ((source = kfs_source_hold(set, among))) {
		ret = kfs_link_read_held(source, offset, length, bvec, nr);
		if (!ret)
			return 0;
		/* Poison is for good, who has failed may come back. */
		if (!err || ret != -EIO)
			err = ret;
		among &= ~BIT(source->index);
	}
	return err ?: -ENOLINK;
}

static int kfs_resync_copy(struct kfi_set *set, u64 offset, size_t length,
			   unsigned long *targets)
{
	struct kfs_sync_op op[KFI_SET_MEMBERS_MAX] = {};
	struct kfs_sync sync;
	unsigned int i, nr;
	int err;

	nr = kfs_copy_fill_bvec(set, 0, set->copy_bvec, length);
	err = kfs_resync_read(set, offset, length, set->copy_bvec, nr);
	if (err)
		return err;
	kfs_sync_init(&sync);
	for_each_set_bit(i, targets, KFI_SET_MEMBERS_MAX) {
		op[i].op.kind = KFS_WRITE_DURABLE;
		op[i].op.offset = offset;
		op[i].op.length = length;
		op[i].op.bvec = set->copy_bvec;
		op[i].op.nr_bvecs = nr;
		kfs_sync_post(&sync, &op[i], set->member[i]);
	}
	*targets &= ~kfs_sync_wait(&sync);
	return *targets ? 0 : -ENOLINK;
}

/* resync_extent */
static int kfs_resync_extent(struct kfi_set *set, u64 extent)
{
	u64 begin = extent << set->extent_shift;
	u64 bytes = kfs_extent_bytes(set, extent);
	unsigned long targets;
	u64 done;
	size_t part;
	unsigned int i;
	int err = 0;

	kfs_extent_lock(set, extent);
	spin_lock_bh(&set->lock);
	targets = kfs_resync_targets(set, extent);
	spin_unlock_bh(&set->lock);
	for (done = 0; targets && done < bytes && !err; done += part) {
		part = min_t(u64, bytes - done, kfs_copy_max(set));
		err = kfs_resync_copy(set, begin + done, part, &targets);
	}
	if (!err) {
		spin_lock_bh(&set->lock);
		for_each_set_bit(i, &targets, KFI_SET_MEMBERS_MAX) {
			__clear_bit(extent, set->member[i]->todo);
			set->member[i]->resynced += bytes;
		}
		spin_unlock_bh(&set->lock);
	}
	kfs_extent_unlock(set, extent);
	return err;
}

/* No member has these bytes: no member can get them. */
static void kfs_resync_give_up(struct kfi_set *set, u64 extent)
{
	struct kfs_member *m;
	unsigned int i;

	pr_err("kfi_replica: set %s: cannot read offset %llu at any member in sync; resync stopped\n",
	       set->name, extent << set->extent_shift);
	spin_lock_bh(&set->lock);
	kfs_for_each_member(set, m, i)
		if (m->state == KFI_MEMBER_SYNCING) {
			m->err = -EIO;
			kfs_member_state(m, KFI_MEMBER_BEHIND);
		}
	spin_unlock_bh(&set->lock);
}

/* Keep to the rate; what stops the set ends the wait. */
static void kfs_resync_pace(struct kfi_set *set, ktime_t begin, u64 copied)
{
	u64 rate = READ_ONCE(set->resync_rate);
	s64 ahead;

	if (!rate)
		return;
	ahead = mul_u64_u64_div_u64(copied, MSEC_PER_SEC, rate) -
		ktime_ms_delta(ktime_get(), begin);
	if (ahead > 0)
		wait_event_timeout(set->wake, READ_ONCE(set->stopping),
				   msecs_to_jiffies(ahead));
}

/**
 * kfs_resync_work() - copy until no member that is being synced misses any
 * @work: of the set
 *
 * Context: process.
 */
void kfs_resync_work(struct work_struct *work)
{
	struct kfi_set *set = container_of(work, struct kfi_set, resync_work);
	ktime_t begin = ktime_get();
	u64 extent, from = 0, copied = 0;
	int err = 0;

	mutex_lock(&set->copy_mutex);
	for (;;) {
		extent = kfs_resync_next(set, from);
		if (extent >= set->extents && from) {
			/* Writes may have gone past meanwhile. */
			from = 0;
			continue;
		}
		if (extent >= set->extents)
			break;
		err = kfs_resync_extent(set, extent);
		if (err)
			break;
		from = extent + 1;
		copied += kfs_extent_bytes(set, extent);
		kfs_resync_pace(set, begin, copied);
	}
	mutex_unlock(&set->copy_mutex);
	/* Frozen: another one that has them may have failed just now. */
	if (err == -EIO && !READ_ONCE(set->frozen))
		kfs_resync_give_up(set, extent);
	if (copied || err)
		kfs_control_kick(set);
}
