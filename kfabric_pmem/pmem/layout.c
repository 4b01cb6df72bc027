// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the regions of a pool lie: making them and removing them.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include "pool.h"
#include "region.h"

/* Regions are made of pages, and the format has them of blocks. */
#define REGION_UNIT	max_t(u64, PAGE_SIZE, KFI_MEDIA_BLOCK)

/*
 * First fit: the first gap, with regions aligned as asked. Returns where to
 * insert, or NULL; @largest is the largest gap that was seen.
 */
static struct list_head *find_gap(struct kfi_pool *pool, u64 length, u64 align,
				  u64 *offset, u64 *largest)
{
	const struct kfi_media *media = &pool->media;
	u64 from = media->data_offset, to;
	struct kfi_region *region;
	struct list_head *pos;

	list_for_each(pos, &pool->regions) {
		region = list_entry(pos, struct kfi_region, list);
		from = kfi_medium_aligned(&pool->medium, from, align);
		to = region->media.offset;
		if (from < to)
			*largest = max(*largest, to - from);
		if (from < to && length <= to - from)
			goto out_found;
		from = to + region->media.length;
	}
	from = kfi_medium_aligned(&pool->medium, from, align);
	to = media->data_offset + media->data_size;
	if (from < to)
		*largest = max(*largest, to - from);
	if (from >= to || length > to - from)
		return NULL;
out_found:
	*offset = from;
	return pos;
}

/**
 * kfi_pool_query_locked() - facts about a pool
 * @pool: the pool
 * @attr: where to; zeroed
 *
 * Context: process, under kfi_pools_lock.
 */
void kfi_pool_query_locked(struct kfi_pool *pool, struct kfi_pool_attr *attr)
{
	struct kfi_region *region;
	u64 offset;

	lockdep_assert_held(&kfi_pools_lock);
	strscpy(attr->name, pool->media.name, sizeof(attr->name));
	strscpy(attr->path, pool->path, sizeof(attr->path));
	uuid_copy(&attr->uuid, &pool->media.uuid);
	uuid_copy(&attr->incarnation, &pool->incarnation);
	attr->size = pool->media.data_size;
	attr->free = attr->size;
	list_for_each_entry(region, &pool->regions, list) {
		attr->free -= region->media.length;
		attr->regions++;
	}
	find_gap(pool, U64_MAX, REGION_UNIT, &offset, &attr->max_free);
	attr->max_free = round_down(attr->max_free, REGION_UNIT);
	attr->domain = pool->medium.domain;
	attr->cache_model = pool->cache_model;
}

/* A place for a region: on a large page if there is one, else anywhere. */
static struct list_head *place_region(struct kfi_pool *pool, u64 length,
				      u64 *offset, u64 *largest)
{
	struct list_head *pos;

	*largest = 0;
	pos = find_gap(pool, length, KFI_POOL_ALIGN, offset, largest);
	return pos ?: find_gap(pool, length, REGION_UNIT, offset, largest);
}

/**
 * kfi_region_create() - make a region
 * @pool_name: its pool
 * @name: its name
 * @size: bytes, rounded up to a page
 * @extack: for a text
 *
 * The region is zero, durably, when it appears: nothing of what was there
 * before can be read from it. That takes time for a large one, and can be
 * interrupted by killing the caller.
 *
 * Context: process, sleeps.
 * Return: 0; -EINVAL: not a name or size; -ENOENT: no such pool; -EEXIST;
 * -ENOSPC: no gap of that size, or no entry left; -ENODEV: the device is gone;
 * -EIO; -EINTR; -ENOMEM.
 */
int kfi_region_create(const char *pool_name, const char *name, u64 size,
		      struct netlink_ext_ack *extack)
{
	struct kfi_media_region media = {
		.generation = 1,
		.epoch = 1,
	};
	struct kfi_region *region;
	struct list_head *pos;
	struct kfi_pool *pool;
	u64 largest;
	int err;

	err = kfi_pool_check_name("region", name, extack);
	if (err)
		return err;
	pool = kfi_pool_lock(pool_name, extack);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (READ_ONCE(pool->medium.dead)) {
		kfi_pmem_text(extack, "the device of pool %.24s is gone; close it",
			      pool_name);
		err = -ENODEV;
		goto out_unlock;
	}
	if (!size) {
		kfi_pmem_text(extack, "region %.24s: a size is missing", name);
		err = -EINVAL;
		goto out_unlock;
	}

	mutex_lock(&pool->update);
	err = kfi_region_find_locked(pool, name) ? -EEXIST : 0;
	if (!err && list_count_nodes(&pool->regions) >= KFI_MEDIA_ENTRIES_MAX)
		err = -ENFILE;
	mutex_unlock(&pool->update);
	if (err == -EEXIST) {
		kfi_pmem_text(extack, "pool %.20s has a region %.20s already; remove it first",
			      pool_name, name);
		goto out_unlock;
	}
	if (err) {
		kfi_pmem_text(extack, "pool %.24s has no entry left; remove a region",
			      pool_name);
		err = -ENOSPC;
		goto out_unlock;
	}

	/* nobody but us changes the list while we hold the admin lock */
	strscpy(media.name, name, sizeof(media.name));
	uuid_gen(&media.uuid);
	media.length = size > pool->media.data_size ? U64_MAX :
		       round_up(size, REGION_UNIT);
	pos = place_region(pool, media.length, &media.offset, &largest);
	if (!pos) {
		kfi_pmem_text(extack, "pool %.20s is full: the largest gap has %llu bytes",
			      pool_name, round_down(largest, REGION_UNIT));
		err = -ENOSPC;
		goto out_unlock;
	}
#ifdef KFI_MUTANT_NO_ZERO
	err = 0;
#else
	err = kfi_medium_zero(&pool->medium, media.offset, media.length);
#endif
	region = err ? ERR_PTR(err) : kfi_region_alloc(pool, &media);
	if (IS_ERR(region)) {
		err = PTR_ERR(region);
		kfi_pmem_text(extack, "region %.32s cannot be set up: error %d",
			      name, err);
		goto out_unlock;
	}

	mutex_lock(&pool->update);
	mutex_lock(&kfi_pools_lock);
	/* cannot be opened before it is on the medium */
	region->going = true;
	list_add_tail(&region->list, pos);
	mutex_unlock(&kfi_pools_lock);
	err = kfi_header_update_locked(pool);
	mutex_lock(&kfi_pools_lock);
	region->going = false;
	if (err)
		list_del(&region->list);
	mutex_unlock(&kfi_pools_lock);
	mutex_unlock(&pool->update);
	if (err) {
		kfi_pmem_text(extack, "the header of pool %.24s cannot be written",
			      pool_name);
		goto err_free;
	}
	kfi_region_notify(region, KFI_REGION_ADDED);
	goto out_unlock;

err_free:
	kfi_region_free(region, false);
out_unlock:
	kfi_pool_unlock(pool);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_region_create);

/**
 * kfi_region_remove() - remove a region
 * @pool_name: its pool
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EBUSY: exported or open; -ENODEV: the device is gone;
 * -EIO: the region is still there.
 */
int kfi_region_remove(const char *pool_name, const char *name,
		      struct netlink_ext_ack *extack)
{
	struct kfi_region *region;
	struct kfi_pool *pool;
	struct list_head *pos;
	int err;

	pool = kfi_pool_lock(pool_name, extack);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	mutex_lock(&pool->update);
	region = kfi_region_find_locked(pool, name);
	mutex_unlock(&pool->update);
	if (!region) {
		kfi_pmem_text(extack, "pool %.24s has no region %.24s",
			      pool_name, name);
		err = -ENOENT;
		goto out_unlock;
	}
	if (READ_ONCE(pool->medium.dead)) {
		kfi_pmem_text(extack, "the device of pool %.24s is gone; close it",
			      pool_name);
		err = -ENODEV;
		goto out_unlock;
	}
	err = kfi_region_retire(region, extack);
	if (err)
		goto out_unlock;

	mutex_lock(&pool->update);
	pos = region->list.prev;
	mutex_lock(&kfi_pools_lock);
	list_del(&region->list);
	mutex_unlock(&kfi_pools_lock);
	err = kfi_header_update_locked(pool);
	if (err) {
		mutex_lock(&kfi_pools_lock);
		list_add(&region->list, pos);
		mutex_unlock(&kfi_pools_lock);
	}
	mutex_unlock(&pool->update);
	if (err) {
		kfi_pmem_text(extack, "the header of pool %.24s cannot be written",
			      pool_name);
		kfi_region_revive(region);
		goto out_unlock;
	}
	kfi_region_free(region, false);
out_unlock:
	kfi_pool_unlock(pool);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_region_remove);
