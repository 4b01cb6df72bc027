// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools and regions, and who is told of them, on pools of DRAM.
 */
#include <linux/mm.h>

#include "pool_env.h"

static const u8 key_a[KFI_PMEM_KEY_SIZE] = { 1, 2, 3 };

/* Pools and regions */

static void create_and_list(struct kunit *test)
{
	struct kfi_pool_attr attr;
	struct kfi_region *region;
	struct kfi_pmem_attr facts;
	struct kfi_region_map map;

	open_pool(test, false, 0);
	attr = query_pool(test);
	KUNIT_EXPECT_EQ(test, ROOM, attr.size);
	KUNIT_EXPECT_EQ(test, ROOM, attr.free);
	KUNIT_EXPECT_EQ(test, ROOM, attr.max_free);
	KUNIT_EXPECT_EQ(test, 0, attr.regions);
	KUNIT_EXPECT_EQ(test, KFI_PMEM_DOMAIN_EMULATED, attr.domain);
	KUNIT_EXPECT_FALSE(test, uuid_is_null(&attr.uuid));

	region = new_region(test, "a", MIB + 1);
	KUNIT_EXPECT_STREQ(test, "a", kfi_region_name(region));
	KUNIT_EXPECT_STREQ(test, POOL, kfi_region_pool_name(region));
	KUNIT_EXPECT_EQ(test, MIB + PAGE_SIZE, kfi_region_size(region));
	kfi_region_query(region, &facts);
	KUNIT_EXPECT_EQ(test, MIB + PAGE_SIZE, facts.size);
	KUNIT_EXPECT_EQ(test, 1, facts.generation);
	KUNIT_EXPECT_EQ(test, 1, facts.epoch);
	KUNIT_EXPECT_EQ(test, 8, facts.atomic_width);
	KUNIT_EXPECT_EQ(test, KFI_PMEM_DOMAIN_EMULATED, facts.domain);
	KUNIT_EXPECT_EQ(test, KFI_COMMIT_ASSISTED, facts.method);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&attr.incarnation,
					   &facts.incarnation));

	kfi_region_get_map(region, &map);
	KUNIT_EXPECT_EQ(test, MIB + PAGE_SIZE, map.size);
	KUNIT_EXPECT_GE(test, map.block_shift, PAGE_SHIFT);
	KUNIT_EXPECT_LE(test, map.block_shift, PMD_SHIFT);
	KUNIT_EXPECT_NULL(test, memchr_inv(map.kaddr, 0, map.size));
	attr = query_pool(test);
	KUNIT_EXPECT_EQ(test, 1, attr.regions);
	KUNIT_EXPECT_EQ(test, ROOM - MIB - PAGE_SIZE, attr.free);
	kfi_region_put(region);
}

/* What the map says of blocks has to hold for what the hardware is given. */
static void blocks_are_contiguous(struct kunit *test)
{
	struct kfi_region *region;
	struct kfi_region_map map;
	struct page *page;
	u64 offset, block;

	open_pool(test, false, 0);
	region = new_region(test, "a", 5 * MIB);
	kfi_region_get_map(region, &map);
	block = 1ULL << map.block_shift;
	for (offset = 0; offset < map.size; offset += PAGE_SIZE) {
		struct page *first = kfi_region_page(region, offset & -block);

		page = kfi_region_page(region, offset);
		KUNIT_ASSERT_EQ(test, page_to_pfn(page), page_to_pfn(first) +
				(offset % block >> PAGE_SHIFT));
		KUNIT_ASSERT_TRUE(test, IS_ALIGNED(page_to_phys(first), block));
		KUNIT_ASSERT_EQ(test, 0, memcmp(page_address(page),
						map.kaddr + offset, 64));
	}
	bytes_of(region)[3 * MIB + 5] = 77;
	page = kfi_region_page(region, 3 * MIB);
	KUNIT_EXPECT_EQ(test, 77, ((u8 *)page_address(page))[5]);
	KUNIT_EXPECT_NULL(test, kfi_region_page(region, 5 * MIB));
	KUNIT_EXPECT_NULL(test, kfi_region_page(region, ~0ULL));
	kfi_region_put(region);
}

static void refuse_names(struct kunit *test)
{
	static const char *const bad[] = {
		"", ".", "..", "a b", "a/b", "a\n", "*", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	struct netlink_ext_ack extack = {};
	int i;

	open_pool(test, false, 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		KUNIT_EXPECT_EQ(test, -EINVAL,
				kfi_region_create(POOL, bad[i], MIB, &extack));
		expect_text(test, &extack, "A-Z");
		KUNIT_EXPECT_EQ(test, -EINVAL,
				kfi_pool_create_ram(bad[i], SIZE, false, 0,
						    &extack));
		expect_text(test, &extack, "A-Z");
	}
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_region_create(POOL, "a", 0, &extack));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_create(POOL, "..a-Z_0.", 1, NULL));
}

static void refuse_pools(struct kunit *test)
{
	struct kfi_pool_params params = { .path = "/dev/none", .name = "p" };
	struct netlink_ext_ack extack = {};

	KUNIT_EXPECT_EQ(test, -ERANGE,
			kfi_pool_create_ram(POOL, 4 * MIB - 1, false, 0,
					    &extack));
	expect_text(test, &extack, "at least 4 MiB");
	open_pool(test, false, 0);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			kfi_pool_create_ram(POOL, SIZE, false, 0, &extack));
	expect_text(test, &extack, "already");
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_pool_close("none", &extack));
	expect_text(test, &extack, "none");
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_pool_open(&params, &extack));
	expect_text(test, &extack, "/dev/none");
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_pool_create(&params, &extack));
	params.path = NULL;
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_pool_open(&params, &extack));
	expect_text(test, &extack, "block device");
}

static void full_pool(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			kfi_region_create(POOL, "a", ROOM + 1, &extack));
	expect_text(test, &extack, "full");
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			kfi_region_create(POOL, "a", ~0ULL, &extack));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_create(POOL, "a", ROOM, NULL));
	KUNIT_EXPECT_EQ(test, 0, query_pool(test).free);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			kfi_region_create(POOL, "b", 1, &extack));
	expect_text(test, &extack, "largest gap has 0 bytes");
	KUNIT_EXPECT_EQ(test, -EEXIST,
			kfi_region_create(POOL, "a", 1, &extack));
	expect_text(test, &extack, "already");
	KUNIT_EXPECT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
	KUNIT_EXPECT_EQ(test, ROOM, query_pool(test).max_free);
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_region_remove(POOL, "a", &extack));
}

static void full_table(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	char name[16];
	int i;

	open_pool(test, false, 0);
	for (i = 0; i < KFI_MEDIA_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "r%d", i);
		KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, name,
							   PAGE_SIZE, NULL));
	}
	KUNIT_EXPECT_EQ(test, -ENOSPC, kfi_region_create(POOL, "more", 1,
							 &extack));
	expect_text(test, &extack, "no entry left");
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_power_cut(POOL));
	KUNIT_EXPECT_EQ(test, KFI_MEDIA_ENTRIES_MAX, query_pool(test).regions);
}

/* First fit, on large pages as long as there are any. */
static void placement(struct kunit *test)
{
	u8 *medium;
	struct kfi_region *a, *b, *c;

	open_pool(test, false, 0);
	medium = kfi_pool_test_medium(POOL);
	a = new_region(test, "a", PAGE_SIZE);
	b = new_region(test, "b", 3 * MIB);
	c = new_region(test, "c", MIB);
	KUNIT_EXPECT_EQ(test, 2 * MIB, bytes_of(a) - medium);
	KUNIT_EXPECT_EQ(test, 4 * MIB, bytes_of(b) - medium);
	KUNIT_EXPECT_EQ(test, 8 * MIB, bytes_of(c) - medium);
	kfi_region_put(b);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_remove(POOL, "b", NULL));
	b = new_region(test, "b", 4 * MIB);
	KUNIT_EXPECT_EQ(test, 4 * MIB, bytes_of(b) - medium);
	kfi_region_put(b);
	/* no large page is free for that: anywhere will do */
	b = new_region(test, "d", 6 * MIB + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 9 * MIB, bytes_of(b) - medium);
	kfi_region_put(a);
	kfi_region_put(b);
	kfi_region_put(c);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_power_cut(POOL));
	KUNIT_EXPECT_EQ(test, 4, query_pool(test).regions);
}

/* A new region shows nothing of the one that was there before. */
static void region_is_zeroed(struct kunit *test)
{
	struct kfi_region *region;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	memset(bytes_of(region), 0xee, MIB);
	kfi_region_put(region);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
	region = new_region(test, "b", MIB);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes_of(region), 0, MIB));
	kfi_region_put(region);
}

static void busy(struct kunit *test)
{
	struct netlink_ext_ack extack = {};
	struct kfi_region *region;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", &extack));
	expect_text(test, &extack, "open");
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_pool_close(POOL, &extack));
	expect_text(test, &extack, "region a");
	KUNIT_EXPECT_EQ(test, -ENOTEMPTY, kfi_pool_destroy(POOL, &extack));
	expect_text(test, &extack, "remove them first");
	kfi_region_get(region);
	kfi_region_put(region);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", NULL));
	kfi_region_put(region);

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "peer", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", &extack));
	expect_text(test, &extack, "exported to peer");
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_pool_close(POOL, &extack));
	expect_text(test, &extack, "exported to peer");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "peer", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_destroy(POOL, NULL));
}

/* Notifiers */

struct watcher {
	struct notifier_block nb;
	unsigned int added;
	unsigned int going;
	bool refuse;
};

static int watch(struct notifier_block *nb, unsigned long event, void *data)
{
	struct watcher *w = container_of(nb, struct watcher, nb);
	struct kfi_region *region = data;

	if (strcmp(kfi_region_pool_name(region), POOL))
		return NOTIFY_DONE;
	if (event == KFI_REGION_ADDED) {
		struct kfi_region *again;

		/* as promised: it can be opened from here */
		again = kfi_region_open(POOL, kfi_region_name(region));
		if (!IS_ERR(again)) {
			w->added++;
			kfi_region_put(again);
		}
		return NOTIFY_OK;
	}
	w->going++;
	return w->refuse ? NOTIFY_BAD : NOTIFY_OK;
}

static void notifier(struct kunit *test)
{
	struct watcher w = { .nb.notifier_call = watch };
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_notifier_register(&w.nb));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_create(POOL, "b", MIB, NULL));
	KUNIT_EXPECT_EQ(test, 2, w.added);

	w.refuse = true;
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", &extack));
	expect_text(test, &extack, "in use here");
	KUNIT_EXPECT_EQ(test, 1, w.going);
	KUNIT_EXPECT_EQ(test, 3, w.added);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_pool_close(POOL, NULL));
	KUNIT_EXPECT_EQ(test, 2, w.going);
	KUNIT_EXPECT_EQ(test, 4, w.added);

	w.refuse = false;
	KUNIT_EXPECT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
	KUNIT_EXPECT_EQ(test, 3, w.going);
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_close(POOL, NULL));
	KUNIT_EXPECT_EQ(test, 4, w.going);
	KUNIT_EXPECT_EQ(test, 4, w.added);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_notifier_unregister(&w.nb));
}

static int count_region(struct kfi_region *region, void *arg)
{
	struct kfi_region *kept;

	/* nothing is locked: it may be opened from here */
	kept = kfi_region_open(kfi_region_pool_name(region),
			       kfi_region_name(region));
	if (!IS_ERR(kept)) {
		++*(int *)arg;
		kfi_region_put(kept);
	}
	return *(int *)arg == 2 ? 42 : 0;
}

static void for_each(struct kunit *test)
{
	int count = 0;

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", 1, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_for_each(count_region, &count));
	KUNIT_EXPECT_EQ(test, 1, count);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "b", 1, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "c", 1, NULL));
	count = 0;
	KUNIT_EXPECT_EQ(test, 42, kfi_region_for_each(count_region, &count));
	KUNIT_EXPECT_EQ(test, 2, count);
}

static void names_of_enums(struct kunit *test)
{
	int i;

	for (i = 0; i < KFI_PMEM_DOMAIN_MAX; i++)
		KUNIT_EXPECT_STRNEQ(test, "unknown", kfi_pmem_domain_name(i));
	for (i = 0; i < KFI_COMMIT_METHOD_MAX; i++)
		KUNIT_EXPECT_STRNEQ(test, "unknown", kfi_commit_method_name(i));
	KUNIT_EXPECT_STREQ(test, "unknown",
			   kfi_pmem_domain_name(KFI_PMEM_DOMAIN_MAX));
	KUNIT_EXPECT_STREQ(test, "unknown", kfi_commit_method_name(-1));
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(create_and_list),
	KUNIT_CASE(blocks_are_contiguous),
	KUNIT_CASE(refuse_names),
	KUNIT_CASE(refuse_pools),
	KUNIT_CASE(full_pool),
	KUNIT_CASE(full_table),
	KUNIT_CASE(placement),
	KUNIT_CASE(region_is_zeroed),
	KUNIT_CASE(busy),
	KUNIT_CASE(notifier),
	KUNIT_CASE(for_each),
	KUNIT_CASE(names_of_enums),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "kfi_pool",
	.exit = close_pool,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);

MODULE_LICENSE("GPL");
