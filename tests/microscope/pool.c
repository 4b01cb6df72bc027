// SPDX-License-Identifier: GPL-2.0-only
/* Built with the kernel's media.c and the shim of tests/fuzz. */
#include "media.h"
#include "pool.h"

int pool_decode(const uint8_t *device, uint64_t size, struct pool *pool)
{
	static struct kfi_media_region regions[KFI_MEDIA_ENTRIES_MAX];
	struct kfi_media media = { .region = regions };
	const void *copies[KFI_MEDIA_COPIES];
	bool intact[KFI_MEDIA_COPIES];
	int err;
	u32 i;

	if (size < KFI_MEDIA_HEADER)
		return -ENODATA;
	for (i = 0; i < KFI_MEDIA_COPIES; i++)
		copies[i] = device + kfi_media_copy_offset(i);
	err = kfi_media_select(copies, &media, intact);
	if (err)
		return err;
	if (media.size > size)
		return -ERANGE;
	if (media.entries > POOL_REGIONS_MAX)
		return -E2BIG;
	pool->regions = media.entries;
	for (i = 0; i < media.entries; i++) {
		strscpy(pool->region[i].name, regions[i].name,
			sizeof(pool->region[i].name));
		pool->region[i].offset = regions[i].offset;
		pool->region[i].length = regions[i].length;
	}
	return 0;
}
