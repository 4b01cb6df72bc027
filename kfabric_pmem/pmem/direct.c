// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions that a NIC commits to by itself: an RDMA FLUSH writes back and fences
 * what its device reaches, and the module hears nothing of it.
 */
#include <linux/export.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include "pool.h"
#include "region.h"

/* Regions' has_handler against their direct. */
static DEFINE_SPINLOCK(direct_lock);

/* As drivers ask it, page by page, before they make a key that may flush. */
static bool is_pmem(struct kfi_region *region)
{
	u64 block = 1ULL << region->map.block_shift, at;

	for (at = 0; at < region->map.size; at += block) {
		struct page *page = kfi_region_page(region, at);

		if (region_intersects(page_to_phys(page),
				      min(block, region->map.size - at),
				      IORESOURCE_MEM,
				      IORES_DESC_PERSISTENT_MEMORY) !=
		    REGION_INTERSECTS)
			return false;
	}
	return true;
}

/**
 * kfi_region_direct_begin() - let a peer's NIC commit to a region by itself
 * @region: an open or exported region
 *
 * Not where more than write-back and fence belongs to a commit: a block flush, a
 * target handler, an error for what is poisoned; nor with a cache model, whose
 * shadow is no persistent memory. Until kfi_region_direct_end() the region
 * takes no handler.
 *
 * Context: process, sleeps.
 * Return: whether it may.
 */
bool kfi_region_direct_begin(struct kfi_region *region)
{
	enum kfi_pmem_domain domain = region->pool->medium.domain;
	bool may;

	if ((domain != KFI_PMEM_DOMAIN_MEM_CTRL &&
	     domain != KFI_PMEM_DOMAIN_CPU_CACHE) ||
	    kfi_region_check(region, 0, region->map.size) || !is_pmem(region))
		return false;
	spin_lock(&direct_lock);
	may = !region->has_handler;
	if (may)
		region->direct++;
	spin_unlock(&direct_lock);
	return may;
}
EXPORT_SYMBOL_GPL(kfi_region_direct_begin);

/**
 * kfi_region_direct_end() - no more commits that nobody hears of
 * @region: the region
 *
 * Context: process, sleeps.
 */
void kfi_region_direct_end(struct kfi_region *region)
{
	spin_lock(&direct_lock);
	region->direct--;
	spin_unlock(&direct_lock);
}
EXPORT_SYMBOL_GPL(kfi_region_direct_end);

/**
 * kfi_region_direct_forbid() - a region is about to have a handler
 * @region: the region
 *
 * Context: process.
 * Return: false where a NIC would pass it by.
 */
bool kfi_region_direct_forbid(struct kfi_region *region)
{
	bool free;

	spin_lock(&direct_lock);
	free = !region->direct;
	if (free)
		WRITE_ONCE(region->has_handler, true);
	spin_unlock(&direct_lock);
	return free;
}
