/* SPDX-License-Identifier: GPL-2.0-only */
/* A pool of DRAM, for the suites about pools, what is in them, and who uses it. */
#ifndef KFI_POOL_ENV_H
#define KFI_POOL_ENV_H

#include <kunit/test.h>
#include <linux/string.h>

#include "kfi_pmem_prov.h"
#include "kfi_pool.h"
#include "kfabric_pmem/pmem/media.h"
#include "kfabric_pmem/pmem/test.h"

#define POOL	"test-pool"
#define SIZE	(16ULL << 20)
#define ROOM	(SIZE - KFI_MEDIA_HEADER)
#define MIB	((u64)SZ_1M)
#define RW	(KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static inline void open_pool(struct kunit *test, bool cache_model, u64 seed)
{
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_create_ram(POOL, SIZE, cache_model,
						     seed, NULL));
}

static inline struct kfi_region *open_region(struct kunit *test, const char *name)
{
	struct kfi_region *region = kfi_region_open(POOL, name);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "%s: %ld", name,
			       PTR_ERR(region));
	return region;
}

static inline struct kfi_region *new_region(struct kunit *test,
					    const char *name, u64 size)
{
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, name, size, NULL));
	return open_region(test, name);
}

static inline u8 *bytes_of(struct kfi_region *region)
{
	struct kfi_region_map map;

	kfi_region_get_map(region, &map);
	return map.kaddr;
}

/* Close it, cut the power, open it again. */
static inline struct kfi_region *cut_power(struct kunit *test,
					   struct kfi_region *region)
{
	char name[KFI_PMEM_NAME_MAX];

	strscpy(name, kfi_region_name(region), sizeof(name));
	kfi_region_put(region);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_power_cut(POOL));
	return open_region(test, name);
}

static inline int take_pool(const struct kfi_pool_attr *attr, void *arg)
{
	if (!strcmp(attr->name, POOL))
		*(struct kfi_pool_attr *)arg = *attr;
	return 0;
}

static inline struct kfi_pool_attr query_pool(struct kunit *test)
{
	struct kfi_pool_attr attr = {};

	KUNIT_ASSERT_EQ(test, 0, kfi_pool_for_each(take_pool, &attr));
	KUNIT_ASSERT_STREQ(test, POOL, attr.name);
	return attr;
}

/* The text that came with an error names what it has to name. */
static inline void expect_text(struct kunit *test,
			       struct netlink_ext_ack *extack,
			       const char *part)
{
	KUNIT_ASSERT_NOT_NULL(test, extack->_msg);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(extack->_msg, part), "\"%s\"",
				  extack->_msg);
	extack->_msg = NULL;
}

static inline void close_pool(struct kunit *test)
{
	/* where the test has not, and after a test that failed */
	kfi_pool_close(POOL, NULL);
}

#endif
