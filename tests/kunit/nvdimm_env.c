// SPDX-License-Identifier: GPL-2.0-only
/* See nvdimm_env.h. */
#include <asm/pmem.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kfi_pmem_prov.h"
#include "kfabric_pmem/pmem/cache_model.h"
#include "kfabric_pmem/pmem/region.h"
#include "kfabric_pmem/pmem/test.h"
#include "nvdimm_env.h"

/* The one that there is. */
static struct {
	struct kfi_region *region;
	unsigned int shift;		/* of a block */
	u32 blocks;
	u32 declared;
	struct resource *block;
} nvdimm;

/*
 * The fence that the driver owes is not heard: the line is on the medium at
 * once.
 */
static void nvdimm_writeback(const void *addr, size_t size)
{
	phys_addr_t at = virt_to_phys((void *)addr);
	u32 i;

	for (i = 0; i < nvdimm.declared; i++) {
		u64 offset = ((u64)i << nvdimm.shift) +
			     (at - nvdimm.block[i].start);

		if (at < nvdimm.block[i].start || at > nvdimm.block[i].end)
			continue;
		kfi_cache_writeback(nvdimm.region->cache, offset, size);
		kfi_cache_fence(nvdimm.region->cache, offset, size);
	}
}

static int nvdimm_declare(u32 i, u64 size)
{
	u64 offset = (u64)i << nvdimm.shift;
	phys_addr_t start = page_to_phys(kfi_region_page(nvdimm.region, offset));

	nvdimm.block[i] = (struct resource) {
		.name = "Persistent Memory (test)",
		.start = start,
		.end = start + min(size - offset, 1ULL << nvdimm.shift) - 1,
		.flags = IORESOURCE_MEM,
		.desc = IORES_DESC_PERSISTENT_MEMORY,
	};
	return insert_resource(&iomem_resource, &nvdimm.block[i]);
}

/**
 * nvdimm_up() - make a region of a RAM pool with a cache model an NVDIMM's
 * @pool: pool, exported by nobody yet
 * @region: its region
 *
 * Return: 0 or a negative errno.
 */
int nvdimm_up(const char *pool, const char *region)
{
	struct kfi_region_map map;
	int ret;

	ret = kfi_pool_test_attest(pool, KFI_PMEM_DOMAIN_MEM_CTRL);
	if (ret)
		return ret;
	nvdimm.region = kfi_region_open(pool, region);
	if (IS_ERR(nvdimm.region)) {
		ret = PTR_ERR(nvdimm.region);
		nvdimm.region = NULL;
		return ret;
	}
	kfi_region_get_map(nvdimm.region, &map);
	nvdimm.shift = map.block_shift;
	nvdimm.blocks = DIV_ROUND_UP_ULL(map.size, 1ULL << map.block_shift);
	nvdimm.block = kvcalloc(nvdimm.blocks, sizeof(*nvdimm.block), GFP_KERNEL);
	ret = nvdimm.block && nvdimm.region->cache ? 0 : -ENOMEM;
	while (!ret && nvdimm.declared < nvdimm.blocks) {
		ret = nvdimm_declare(nvdimm.declared, map.size);
		if (!ret)
			nvdimm.declared++;
	}
	if (ret)
		nvdimm_down();
	else
		WRITE_ONCE(um_writeback, nvdimm_writeback);
	return ret;
}

/* Nobody reaches the region any more. */
void nvdimm_down(void)
{
	WRITE_ONCE(um_writeback, NULL);
	while (nvdimm.declared)
		remove_resource(&nvdimm.block[--nvdimm.declared]);
	kvfree(nvdimm.block);
	nvdimm.block = NULL;
	if (nvdimm.region)
		kfi_region_put(nvdimm.region);
	nvdimm.region = NULL;
}
