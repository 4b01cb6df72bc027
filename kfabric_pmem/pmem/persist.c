// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making bytes durable: the persistence domain, write-back, fence and flush.
 *
 * Nothing in here sleeps, allocates or takes a lock unless it says so.
 */
#include <linux/blkdev.h>
#include <linux/dax.h>
#include <linux/export.h>
#include <linux/sched.h>
#include <uapi/kfi_marker.h>
#include "cache_model.h"
#include "medium.h"
#include "persist.h"
#include "pool.h"
#include "region.h"

#define CHUNK	(64U << 10)	/* written back between chances to reschedule */

/**
 * kfi_persist_detect() - what does the platform carry over a power loss?
 * @medium: an open medium
 *
 * The answer is libnvdimm's, which has it from the platform's firmware. The
 * write_cache attribute of the disk is not asked: anybody may write to it.
 * Where libnvdimm knows nothing of flushing, as for memory that was declared
 * persistent with memmap=, nobody vouches for anything.
 *
 * Context: process.
 * Return: the domain.
 */
enum kfi_pmem_domain kfi_persist_detect(const struct kfi_medium *medium)
{
	if (medium->ram)
		return KFI_PMEM_DOMAIN_EMULATED;
	if (!dax_synchronous(medium->dax))
		return KFI_PMEM_DOMAIN_ASYNC;
	if (!medium->nd_region || nvdimm_has_flush(medium->nd_region) < 0)
		return KFI_PMEM_DOMAIN_NONE;
	return nvdimm_has_cache(medium->nd_region) ?
	       KFI_PMEM_DOMAIN_MEM_CTRL : KFI_PMEM_DOMAIN_CPU_CACHE;
}

/* Fence, and where that is not enough, have the device flush. */
static int fence_medium(struct kfi_medium *medium)
{
	kfi_persist_fence();
	if (medium->domain != KFI_PMEM_DOMAIN_ASYNC)
		return 0;
	/*
	 * Whoever writes "write through" to the disk's write_cache attribute
	 * has the block layer drop flushes, and report success.
	 */
	if (!bdev_write_cache(file_bdev(medium->file)))
		return -EOPNOTSUPP;
	return blkdev_issue_flush(file_bdev(medium->file)) ? -EIO : 0;
}

/**
 * kfi_persist_barrier() - what was stored past the caches is durable now
 * @medium: the medium
 *
 * As durable as the domain has it: in domain NONE that is a hope.
 *
 * Context: process, sleeps.
 * Return: 0; -EIO; -EOPNOTSUPP: the device's flush is switched off.
 */
int kfi_persist_barrier(struct kfi_medium *medium)
{
	return fence_medium(medium);
}

static bool range_ok(const struct kfi_region *region, u64 offset, u64 length)
{
	return offset <= region->map.size &&
	       length <= region->map.size - offset;
}

static void write_back(struct kfi_region *region, u64 offset, u64 length)
{
	if (region->cache) {
#ifndef KFI_MUTANT_NO_WRITEBACK
		kfi_cache_writeback(region->cache, offset, length);
#endif
		kfi_cache_evict(region->cache, offset);
	} else if (region->pool->medium.domain != KFI_PMEM_DOMAIN_CPU_CACHE) {
		kfi_persist_writeback(region->map.kaddr + offset, length);
	}
}

static int fence(struct kfi_region *region, u64 offset, u64 length,
		 enum kfi_commit_level level)
{
	struct kfi_medium *medium = &region->pool->medium;
	int err;

#ifndef KFI_MUTANT_NO_FENCE
	if (region->cache)
		kfi_cache_fence(region->cache, offset, length);
#endif
	err = fence_medium(medium);
	if (err || level != KFI_COMMIT_MEDIA || !medium->nd_region ||
	    medium->domain == KFI_PMEM_DOMAIN_ASYNC)
		return err;
	/* a write to the flush hints, which drain the memory controller */
	return nvdimm_flush(medium->nd_region, NULL) ? -EIO : 0;
}

static int run_handler(struct kfi_region *region, u64 offset, u64 length)
{
	if (!READ_ONCE(region->has_handler))
		return 0;
	return kfi_region_handle(region, offset, length);
}

bool kfi_region_persist_sleeps(struct kfi_region *region, u64 length)
{
	return region->pool->medium.domain == KFI_PMEM_DOMAIN_ASYNC ||
	       READ_ONCE(region->has_handler) ||
	       (length ?: region->map.size) > KFI_PERSIST_ATOMIC_MAX;
}
EXPORT_SYMBOL_GPL(kfi_region_persist_sleeps);

int kfi_region_persist(struct kfi_region *region, u64 offset, u64 length,
		       enum kfi_commit_level level)
{
	struct kfi_medium *medium = &region->pool->medium;
	u64 done, chunk;
	int err, id;

	if (!range_ok(region, offset, length))
		return -EINVAL;
	if (!length) {
		offset = 0;
		length = region->map.size;
	}
	if (level == KFI_COMMIT_VISIBLE)
		return 0;
	if (medium->domain == KFI_PMEM_DOMAIN_NONE)
		return -EOPNOTSUPP;

	id = kfi_medium_begin(medium, region->media.offset + offset, length);
	if (id < 0)
		return id;
	KFI_MARK(KFI_MARKER_COMMIT, region->medium + offset, length);
	for (done = 0; done < length; done += chunk) {
		chunk = min_t(u64, length - done, CHUNK);
		write_back(region, offset + done, chunk);
		if (length > KFI_PERSIST_ATOMIC_MAX)
			cond_resched();
	}
	err = fence(region, offset, length, level);
	kfi_medium_end(medium, id);
	return err ?: run_handler(region, offset, length);
}
EXPORT_SYMBOL_GPL(kfi_region_persist);

int kfi_region_store_durable(struct kfi_region *region, u64 offset,
			     const void *src, u64 length)
{
	struct kfi_medium *medium = &region->pool->medium;
	void *dst = region->map.kaddr + offset;
	int err, id;

	if (!range_ok(region, offset, length))
		return -EINVAL;
	if (medium->domain == KFI_PMEM_DOMAIN_NONE)
		return -EOPNOTSUPP;
	if (!length)
		return 0;

	id = kfi_medium_begin(medium, region->media.offset + offset, length);
	if (id < 0)
		return id;
	if (region->cache) {
		kfi_persist_copy(dst, src, length);
		write_back(region, offset, length);
	} else {
		kfi_persist_copy_flush(dst, src, length);
	}
	KFI_MARK(KFI_MARKER_COMMIT, region->medium + offset, length);
	err = fence(region, offset, length, KFI_COMMIT_PERSISTENT);
	kfi_medium_end(medium, id);
	return err ?: run_handler(region, offset, length);
}
EXPORT_SYMBOL_GPL(kfi_region_store_durable);

void kfi_region_acknowledge(struct kfi_region *region, u64 offset, u64 length)
{
	/* As kfi_region_persist() has it: no length is all of the region. */
	if (!length)
		KFI_MARK(KFI_MARKER_DURABLE, region->medium, region->map.size);
	else
		KFI_MARK(KFI_MARKER_DURABLE, region->medium + offset, length);
}
EXPORT_SYMBOL_GPL(kfi_region_acknowledge);

int kfi_region_check(struct kfi_region *region, u64 offset, u64 length)
{
	struct kfi_medium *medium = &region->pool->medium;
	int id;

	if (!range_ok(region, offset, length))
		return -EINVAL;
	id = kfi_medium_begin(medium, region->media.offset + offset, length);
	if (id < 0)
		return id;
	kfi_medium_end(medium, id);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_region_check);

int kfi_region_store(struct kfi_region *region, u64 offset, const void *src,
		     u64 length)
{
	struct kfi_medium *medium = &region->pool->medium;
	int id;

	if (!range_ok(region, offset, length))
		return -EINVAL;
	if (!length)
		return 0;

	id = kfi_medium_begin(medium, region->media.offset + offset, length);
	if (id < 0)
		return id;
	kfi_persist_copy(region->map.kaddr + offset, src, length);
	if (region->cache)
		kfi_cache_evict(region->cache, offset);
	kfi_medium_end(medium, id);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_region_store);
