// SPDX-License-Identifier: GPL-2.0-only
/* Scrub: are the members that are in sync really equal? */
#include <linux/bitmap.h>
#include <linux/crc32c.h>
#include "set.h"

static u32 kfs_scrub_sum(struct kfi_set *set, unsigned int half, size_t length)
{
	u32 crc = ~0U;
	unsigned int i;

	for (i = 0; length; i++) {
		size_t part = min(length, PAGE_SIZE);

		crc = crc32c(crc, page_address(set->buffer[half * KFS_COPY_PAGES
							   + i]), part);
		length -= part;
	}
	return crc;
}

/* Compare a part of an extent. Return: members that differ from the source. */
static int kfs_scrub_part(struct kfi_set *set, u64 offset, size_t length,
			  unsigned long *differ)
{
	unsigned long among = READ_ONCE(set->need);
	struct kfs_member *m;
	unsigned int i, nr;
	u32 sum;
	int err;

	*differ = 0;
	m = kfs_source_hold(set, among);
	if (!m)
		return -ENOLINK;
	nr = kfs_copy_fill_bvec(set, 0, set->copy_bvec, length);
	err = kfs_link_read_held(m, offset, length, set->copy_bvec, nr);
	if (err)
		return err;
	sum = kfs_scrub_sum(set, 0, length);

	among &= ~BIT(m->index);
	nr = kfs_copy_fill_bvec(set, 1, set->copy_bvec, length);
	for_each_set_bit(i, &among, KFI_SET_MEMBERS_MAX) {
		m = kfs_source_hold(set, BIT(i));
		err = m ? kfs_link_read_held(m, offset, length, set->copy_bvec,
					     nr) : -ENOLINK;
		if (err)
			return err;
		if (kfs_scrub_sum(set, 1, length) != sum)
			*differ |= BIT(i);
	}
	return 0;
}

static int kfs_scrub_repair(struct kfi_set *set, u64 offset, size_t length,
			    unsigned long differ)
{
	unsigned int i, nr;
	int err = 0;

	nr = kfs_copy_fill_bvec(set, 0, set->copy_bvec, length);
	for_each_set_bit(i, &differ, KFI_SET_MEMBERS_MAX)
		err = kfs_link_io(set->member[i], KFS_WRITE_DURABLE, offset,
				  length, set->copy_bvec, nr) ?: err;
	return err;
}

static int kfs_scrub_extent(struct kfi_set *set, u64 extent)
{
	u64 pos = extent << set->extent_shift;
	u64 end = min(set->size, pos + BIT_ULL(set->extent_shift));
	unsigned long differ, all = 0;
	size_t part;
	int err = 0;

	mutex_lock(&set->copy_mutex);
	kfs_extent_lock(set, extent);
	/* A write that a member missed, and that is still to be sent again. */
	if (READ_ONCE(set->frozen))
		err = -EAGAIN;
	for (; pos < end && !err; pos += part) {
		part = min_t(u64, end - pos, kfs_copy_max(set));
		err = kfs_scrub_part(set, pos, part, &differ);
		if (err)
			break;
		all |= differ;
		if (differ && set->repair)
			err = kfs_scrub_repair(set, pos, part, differ);
		set->scrubbed += part;
	}
	kfs_extent_unlock(set, extent);
	mutex_unlock(&set->copy_mutex);
	if (all) {
		set->mismatches++;
		pr_err("kfi_replica: set %s: scrub: members %#lx differ in the extent at %llu%s\n",
		       set->name, all, extent << set->extent_shift,
		       set->repair && !err ? ", repaired" : "");
		if (set->repair && !err)
			set->repaired++;
	}
	return err;
}

/**
 * kfs_scrub_work() - compare all extents
 * @work: of the set
 *
 * Only members in sync are compared; those that are behind differ.
 *
 * Context: process.
 */
void kfs_scrub_work(struct work_struct *work)
{
	struct kfi_set *set = container_of(work, struct kfi_set, scrub_work);
	u64 extent;
	int err = 0;

	set->scrubbed = 0;
	set->mismatches = 0;
	set->repaired = 0;
	for (extent = 0; extent < set->extents && !err; extent++) {
		if (READ_ONCE(set->stopping) ||
		    READ_ONCE(set->state) != KFI_SET_ACTIVE)
			err = -ENODEV;
		else
			err = kfs_scrub_extent(set, extent);
	}
	set->scrub_err = err;
	WRITE_ONCE(set->scrubbing, false);
	if (err)
		pr_warn("kfi_replica: set %s: scrub broken off: %pe\n",
			set->name, ERR_PTR(err));
}
