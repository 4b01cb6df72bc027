// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools, regions, durability and access, on pools of DRAM.
 */
#include <kunit/test.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kfi_pmem_prov.h"
#include "kfi_pool.h"
#include "kfabric_pmem/pmem/cache_model.h"
#include "kfabric_pmem/pmem/media.h"
#include "kfabric_pmem/pmem/test.h"

#define POOL	"test-pool"
#define SIZE	(16ULL << 20)
#define ROOM	(SIZE - KFI_MEDIA_HEADER)
#define MIB	((u64)SZ_1M)
#define RW	(KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static const u8 key_a[KFI_PMEM_KEY_SIZE] = { 1, 2, 3 };
static const u8 key_b[KFI_PMEM_KEY_SIZE] = { 1, 2, 4 };

static void open_pool(struct kunit *test, bool cache_model, u64 seed)
{
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_create_ram(POOL, SIZE, cache_model,
						     seed, NULL));
}

static struct kfi_region *open_region(struct kunit *test, const char *name)
{
	struct kfi_region *region = kfi_region_open(POOL, name);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(region), "%s: %ld", name,
			       PTR_ERR(region));
	return region;
}

static struct kfi_region *new_region(struct kunit *test, const char *name,
				     u64 size)
{
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, name, size, NULL));
	return open_region(test, name);
}

static u8 *bytes_of(struct kfi_region *region)
{
	struct kfi_region_map map;

	kfi_region_get_map(region, &map);
	return map.kaddr;
}

/* Close it, cut the power, open it again. */
static struct kfi_region *cut_power(struct kunit *test,
				    struct kfi_region *region)
{
	char name[KFI_PMEM_NAME_MAX];

	strscpy(name, kfi_region_name(region), sizeof(name));
	kfi_region_put(region);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_power_cut(POOL));
	return open_region(test, name);
}

static int take_pool(const struct kfi_pool_attr *attr, void *arg)
{
	if (!strcmp(attr->name, POOL))
		*(struct kfi_pool_attr *)arg = *attr;
	return 0;
}

static struct kfi_pool_attr query_pool(struct kunit *test)
{
	struct kfi_pool_attr attr = {};

	KUNIT_ASSERT_EQ(test, 0, kfi_pool_for_each(take_pool, &attr));
	KUNIT_ASSERT_STREQ(test, POOL, attr.name);
	return attr;
}

static int take_export(const struct kfi_export_attr *attr, void *arg)
{
	if (!strcmp(attr->pool, POOL))
		*(struct kfi_export_attr *)arg = *attr;
	return 0;
}

static struct kfi_export_attr query_export(struct kunit *test)
{
	struct kfi_export_attr attr = {};

	KUNIT_ASSERT_EQ(test, 0, kfi_export_for_each(take_export, &attr));
	return attr;
}

static struct kfi_export *get_export(struct kunit *test, const char *peer,
				     const char *region)
{
	struct kfi_export *export = kfi_export_get(peer, true, region, NULL,
						   KFI_REMOTE_READ);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(export), "%ld", PTR_ERR(export));
	return export;
}

/* The text that came with an error names what it has to name. */
static void expect_text(struct kunit *test, struct netlink_ext_ack *extack,
			const char *part)
{
	KUNIT_ASSERT_NOT_NULL(test, extack->_msg);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(extack->_msg, part), "\"%s\"",
				  extack->_msg);
	extack->_msg = NULL;
}

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

/* Durability */

static void persist_ranges(struct kunit *test)
{
	const enum kfi_commit_level level = KFI_COMMIT_PERSISTENT;
	struct kfi_region *region;
	u64 word = 1;

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, MIB, level));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 0, level));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, MIB - 1, 1, level));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, MIB, 0, level));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, MIB,
						    KFI_COMMIT_MEDIA));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, MIB,
						    KFI_COMMIT_VISIBLE));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, 0, MIB + 1, level));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, MIB, 1, level));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, MIB + 1, 0, level));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, ~0ULL, 2, level));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, 2, ~0ULL, level));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, ~0ULL, ~0ULL,
					   KFI_COMMIT_VISIBLE));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_store(region, MIB - 7, &word, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_store(region, ~0ULL - 3, &word, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_store_durable(region, MIB - 7, &word, 8));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_store_durable(region, ~0ULL - 3, &word, 8));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_store(region, MIB, &word, 0));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes_of(region), 0, MIB));

	KUNIT_EXPECT_FALSE(test, kfi_region_persist_sleeps(region, 256 << 10));
	KUNIT_EXPECT_TRUE(test, kfi_region_persist_sleeps(region,
							  (256 << 10) + 1));
	KUNIT_EXPECT_TRUE(test, kfi_region_persist_sleeps(region, 0));
	kfi_region_put(region);
}

/* Where it is said not to sleep it does not; the checkers would tell. */
static void persist_in_atomic_context(struct kunit *test)
{
	struct kfi_region *region;
	u64 word = 7;
	int err[3];

	open_pool(test, true, 1);
	region = new_region(test, "a", MIB);
	local_bh_disable();
	err[0] = kfi_region_persist(region, 0, 256 << 10,
				    KFI_COMMIT_PERSISTENT);
	err[1] = kfi_region_store(region, 8, &word, 8);
	err[2] = kfi_region_store_durable(region, 16, &word, 8);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, 0, err[0] | err[1] | err[2]);
	KUNIT_EXPECT_EQ(test, 7, ((u64 *)bytes_of(region))[1]);
	KUNIT_EXPECT_EQ(test, 7, ((u64 *)bytes_of(region))[2]);
	kfi_region_put(region);
}

static void uncommitted_is_lost(struct kunit *test)
{
	struct kfi_region *region;
	u64 word = 0x1122334455667788;

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	memset(bytes_of(region), 1, 4096);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_store(region, 8192, &word, 8));
	region = cut_power(test, region);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes_of(region), 0, MIB));
	kfi_region_put(region);
}

static void committed_is_present(struct kunit *test)
{
	struct kfi_region *region;
	u64 word = 0x1122334455667788;
	u8 *bytes;

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	bytes = bytes_of(region);
	memset(bytes, 1, 16384);
	/* whole lines: 100..299 means 64..319 */
	KUNIT_ASSERT_EQ(test, 0, kfi_region_persist(region, 100, 200,
						    KFI_COMMIT_PERSISTENT));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_persist(region, 8192, 1,
						    KFI_COMMIT_MEDIA));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_persist(region, 12288, 64,
						    KFI_COMMIT_VISIBLE));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_store_durable(region, MIB - 8,
							  &word, 8));
	region = cut_power(test, region);
	bytes = bytes_of(region);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, 64));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 64, 1, 256));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 320, 0, 8192 - 320));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 8192, 1, 64));
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 8256, 0, MIB - 8 - 8256));
	KUNIT_EXPECT_EQ(test, word, *(u64 *)(bytes + MIB - 8));
	kfi_region_put(region);
}

static void whole_region_commit(struct kunit *test)
{
	struct kfi_region *region;

	open_pool(test, true, 3);
	region = new_region(test, "a", 3 * MIB);
	memset(bytes_of(region), 0x42, 3 * MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_persist(region, 0, 0,
						    KFI_COMMIT_PERSISTENT));
	region = cut_power(test, region);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes_of(region), 0x42, 3 * MIB));
	kfi_region_put(region);
}

/* An orderly close is no power cut: caches get written back in the end. */
static void close_loses_nothing(struct kunit *test)
{
	struct kfi_region *region;
	struct kfi_cache *cache;
	u8 *medium;

	medium = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, medium);
	cache = kfi_cache_create(medium, PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	kfi_cache_writeback_all(cache);
	kfi_cache_destroy(cache);

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	memset(bytes_of(region), 9, MIB);
	kfi_region_put(region);
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_close(POOL, NULL));
}

/* Which lines survive a cut without a commit, with a seed. */
static void survivors(struct kunit *test, u64 seed, unsigned long *map)
{
	struct kfi_region *region;
	unsigned int i;
	u64 word = 1;

	open_pool(test, true, seed);
	region = new_region(test, "a", MIB);
	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, 0, kfi_region_store(region, i * 64, &word,
							  8));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_persist(region, 512 * 64, 64,
						    KFI_COMMIT_PERSISTENT));
	region = cut_power(test, region);
	for (i = 0; i < 1000; i++)
		if (*(u64 *)(bytes_of(region) + i * 64))
			__set_bit(i, map);
	kfi_region_put(region);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_close(POOL, NULL));
}

static void evictions(struct kunit *test)
{
	DECLARE_BITMAP(none, 1000) = {};
	DECLARE_BITMAP(first, 1000) = {};
	DECLARE_BITMAP(again, 1000) = {};
	DECLARE_BITMAP(other, 1000) = {};
	unsigned int weight;

	survivors(test, 0, none);
	KUNIT_EXPECT_EQ(test, 1, bitmap_weight(none, 1000));
	KUNIT_EXPECT_TRUE(test, test_bit(512, none));

	survivors(test, 1234, first);
	weight = bitmap_weight(first, 1000);
	kunit_info(test, "%u of 1000 lines evicted early\n", weight);
	/* enough to matter, and not so many that they hide what is missing */
	KUNIT_EXPECT_GT(test, weight, 50);
	KUNIT_EXPECT_LT(test, weight, 500);

	survivors(test, 1234, again);
	KUNIT_EXPECT_TRUE(test, bitmap_equal(first, again, 1000));
	survivors(test, 1235, other);
	KUNIT_EXPECT_FALSE(test, bitmap_equal(first, other, 1000));
}

/*
 * The model sees each instruction that is missing: a write-back alone, and a
 * fence alone, leave nothing behind.
 */
static void model_needs_writeback_and_fence(struct kunit *test)
{
	struct kfi_cache *cache;
	struct kfi_region *region;
	u8 *medium, *shadow;

	open_pool(test, true, 0);
	region = new_region(test, "a", PAGE_SIZE);
	medium = kfi_pool_test_medium(POOL) + KFI_MEDIA_HEADER;
	cache = kfi_cache_create(medium, PAGE_SIZE, 0);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	shadow = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, 0, memcmp(medium, shadow, PAGE_SIZE));

	kfi_cache_fence(cache, 0, PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(medium, 0, PAGE_SIZE));
	kfi_cache_writeback(cache, 0, PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(medium, 0, PAGE_SIZE));
	kfi_cache_fence(cache, 128, 64);
	kfi_cache_fence(cache, 0, PAGE_SIZE);
	kfi_cache_destroy(cache);
	kfi_region_put(region);
}

static void poison(struct kunit *test)
{
	struct kfi_region *region;
	u64 word = 3;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_poison(POOL, KFI_MEDIA_HEADER +
						      8192, 512));
	KUNIT_EXPECT_EQ(test, -EIO, kfi_region_persist(region, 0, 0,
						       KFI_COMMIT_PERSISTENT));
	KUNIT_EXPECT_EQ(test, -EIO, kfi_region_persist(region, 8703, 1,
						       KFI_COMMIT_PERSISTENT));
	KUNIT_EXPECT_EQ(test, -EIO, kfi_region_store(region, 8192, &word, 8));
	KUNIT_EXPECT_EQ(test, -EIO, kfi_region_store_durable(region, 8184,
							     &word, 16));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 8192,
						    KFI_COMMIT_PERSISTENT));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 8704, 64,
						    KFI_COMMIT_PERSISTENT));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_store(region, 8184, &word, 8));
	kfi_region_put(region);
}

/* One copy of the header is lost; the pool goes on, with its last epoch. */
static void poison_in_header(struct kunit *test)
{
	struct kfi_pmem_attr facts;
	struct kfi_region *region;
	u32 copy;

	for (copy = 0; copy < KFI_MEDIA_COPIES; copy++) {
		open_pool(test, false, 0);
		region = new_region(test, "a", MIB);
		KUNIT_ASSERT_EQ(test, 0, kfi_region_raise_epoch(region, 5));
		KUNIT_ASSERT_EQ(test, 0,
				kfi_pool_test_poison(POOL,
						     kfi_media_copy_offset(copy),
						     64));
		region = cut_power(test, region);
		kfi_region_query(region, &facts);
		KUNIT_EXPECT_EQ(test, 5, facts.epoch);
		/* it cannot be written while there is no second copy */
		KUNIT_EXPECT_EQ(test, -EIO, kfi_region_raise_epoch(region, 6));
		kfi_region_query(region, &facts);
		KUNIT_EXPECT_EQ(test, 5, facts.epoch);

		KUNIT_ASSERT_EQ(test, 0, kfi_pool_test_poison(POOL, 0, 0));
		KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 6));
		region = cut_power(test, region);
		kfi_region_query(region, &facts);
		KUNIT_EXPECT_EQ(test, 6, facts.epoch);
		kfi_region_put(region);
		KUNIT_ASSERT_EQ(test, 0, kfi_pool_close(POOL, NULL));
	}
}

static void power_cut(struct kunit *test)
{
	struct kfi_pmem_attr before, after;
	struct kfi_pool_attr pool, again;
	struct kfi_region *region;

	open_pool(test, true, 0);
	pool = query_pool(test);
	region = new_region(test, "a", MIB);
	kfi_region_query(region, &before);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_pool_test_power_cut(POOL));
	region = cut_power(test, region);
	kfi_region_query(region, &after);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&before.uuid, &after.uuid));
	KUNIT_EXPECT_FALSE(test, uuid_equal(&before.incarnation,
					    &after.incarnation));
	again = query_pool(test);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&pool.uuid, &again.uuid));
	KUNIT_EXPECT_TRUE(test, uuid_equal(&after.incarnation,
					   &again.incarnation));
	KUNIT_EXPECT_EQ(test, before.size, after.size);
	KUNIT_EXPECT_EQ(test, before.generation, after.generation);
	kfi_region_put(region);
}

/*
 * A raise of the epoch that is cut short between the copies, and is seen by
 * the next opening, is not undone by the loss of the copy that has it.
 */
static void seen_epoch_stays(struct kunit *test)
{
	u8 *before, *medium, *older = NULL, *newer = NULL;
	struct kfi_pmem_attr facts;
	struct kfi_region *region;
	u64 sequence[2];
	int i;

	before = kunit_kmalloc(test, 2 * (KFI_MEDIA_TABLE + 256), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	medium = kfi_pool_test_medium(POOL);
	KUNIT_ASSERT_NOT_NULL(test, medium);
	for (i = 0; i < 2; i++) {
		u8 *copy = medium + kfi_media_copy_offset(i);

		memcpy(before + i * (KFI_MEDIA_TABLE + 256), copy,
		       KFI_MEDIA_TABLE + 256);
	}
	KUNIT_ASSERT_EQ(test, 0, kfi_region_raise_epoch(region, 5));
	for (i = 0; i < 2; i++) {
		const struct kfi_media_super *super;

		super = (void *)(medium + kfi_media_copy_offset(i));
		sequence[i] = le64_to_cpu(super->sequence);
	}
	/* the copy that was written second: as if the power went before */
	i = sequence[1] > sequence[0];
	older = medium + kfi_media_copy_offset(i);
	newer = medium + kfi_media_copy_offset(!i);
	memcpy(older, before + i * (KFI_MEDIA_TABLE + 256),
	       KFI_MEDIA_TABLE + 256);

	region = cut_power(test, region);
	kfi_region_query(region, &facts);
	KUNIT_EXPECT_EQ(test, 5, facts.epoch);

	memset(newer, 0, KFI_MEDIA_TABLE + 256);
	region = cut_power(test, region);
	kfi_region_query(region, &facts);
	KUNIT_EXPECT_EQ(test, 5, facts.epoch);
	kfi_region_put(region);
}

/* Target handlers */

struct called {
	unsigned int times;
	u64 offset;
	u64 length;
	int ret;
};

static int handle(struct kfi_region *region, u64 offset, u64 length,
		  void *context)
{
	struct called *called = context;

	might_sleep();
	called->times++;
	called->offset = offset;
	called->length = length;
	return called->ret;
}

static void target_handler(struct kunit *test)
{
	const struct kfi_target_handler handler = { .commit = handle };
	const struct kfi_target_handler none = {};
	const enum kfi_commit_level level = KFI_COMMIT_PERSISTENT;
	struct called called = {}, other = {};
	struct kfi_region *region;
	u64 word = 0;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_set_handler(region, &none, NULL));
	KUNIT_EXPECT_FALSE(test, kfi_region_persist_sleeps(region, 1));
	KUNIT_ASSERT_EQ(test, 0,
			kfi_region_set_handler(region, &handler, &called));
	KUNIT_EXPECT_TRUE(test, kfi_region_persist_sleeps(region, 1));

	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 64, 128, level));
	KUNIT_EXPECT_EQ(test, 1, called.times);
	KUNIT_EXPECT_EQ(test, 64, called.offset);
	KUNIT_EXPECT_EQ(test, 128, called.length);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 0, level));
	KUNIT_EXPECT_EQ(test, MIB, called.length);
	called.ret = -EILSEQ;
	KUNIT_EXPECT_EQ(test, -EILSEQ, kfi_region_persist(region, 0, 1, level));
	KUNIT_EXPECT_EQ(test, -EILSEQ,
			kfi_region_store_durable(region, 0, &word, 8));
	KUNIT_EXPECT_EQ(test, 4, called.times);

	/* not for what is not a commit, and not for a commit that failed */
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 1,
						    KFI_COMMIT_VISIBLE));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_persist(region, MIB, 1, level));
	KUNIT_EXPECT_EQ(test, 4, called.times);

	KUNIT_ASSERT_EQ(test, 0,
			kfi_region_set_handler(region, &handler, &other));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 1, level));
	KUNIT_EXPECT_EQ(test, 1, other.times);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_set_handler(region, NULL, NULL));
	KUNIT_EXPECT_FALSE(test, kfi_region_persist_sleeps(region, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_persist(region, 0, 1, level));
	KUNIT_EXPECT_EQ(test, 4, called.times);
	KUNIT_EXPECT_EQ(test, 1, other.times);

	/* one that is left behind goes with the region */
	KUNIT_ASSERT_EQ(test, 0,
			kfi_region_set_handler(region, &handler, &called));
	kfi_region_put(region);
}

/* Access */

struct connection {
	struct kfi_export_user user;
	unsigned int revoked;
	u64 epoch_at_revoke;
};

static void revoke(struct kfi_export_user *user)
{
	struct connection *c = container_of(user, struct connection, user);
	struct kfi_pmem_attr facts;

	might_sleep();
	/* the raise is durable before it is enforced */
	kfi_region_query(kfi_export_region(user->export), &facts);
	c->epoch_at_revoke = facts.epoch;
	c->revoked++;
}

static void peer_keys(struct kunit *test)
{
	u8 key[KFI_PMEM_KEY_SIZE];
	bool insecure;

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "b", MIB, NULL));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("alice", key, &insecure));

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_FALSE(test, insecure);
	KUNIT_EXPECT_EQ(test, 0, memcmp(key, key_a, sizeof(key)));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("bob", key, &insecure));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("*", key, &insecure));

	/* one key for a peer, whatever is exported to it */
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "b", "alice", key_b,
						      RW, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("alice", key, &insecure));
	/* and a new one when the last export is gone */
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_b, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_EQ(test, 0, memcmp(key, key_b, sizeof(key)));

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "*", NULL, RW, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("bob", key, &insecure));
	KUNIT_EXPECT_TRUE(test, insecure);
	KUNIT_EXPECT_NULL(test, memchr_inv(key, 0, sizeof(key)));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_FALSE(test, insecure);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "*", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
}

static void refuse_exports(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_add("none", "a", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "no pool none");
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_add(POOL, "none", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "no region none");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "*", key_a, RW,
						      &extack));
	expect_text(test, &extack, "without a key");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p q", key_a,
						      RW, &extack));
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p", key_a, 0,
						      &extack));
	expect_text(test, &extack, "access");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p", key_a,
						      KFI_READ, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_add(POOL, "a", "p", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, -EEXIST, kfi_export_add(POOL, "a", "p", key_a, RW,
						      &extack));
	expect_text(test, &extack, "already");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "p", NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_remove(POOL, "a", "p",
							 &extack));
	expect_text(test, &extack, "not exported");
}

#define EXPECT_GET(test, err, ...)						\
	KUNIT_EXPECT_EQ(test, (long)(err), PTR_ERR(kfi_export_get(__VA_ARGS__)))

static void access_is_checked(struct kunit *test)
{
	struct kfi_pmem_attr facts;
	struct kfi_export *export;
	struct kfi_region *region;
	uuid_t other;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	kfi_region_query(region, &facts);
	uuid_gen(&other);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a,
						KFI_REMOTE_READ, NULL));

	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, RW);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, KFI_REMOTE_WRITE);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, 0);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, ~0ULL);
	EXPECT_GET(test, -EACCES, "alice", true, NULL, NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "*", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "bob", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "alice", true, "b", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "alice", true, NULL, &other, KFI_REMOTE_READ);

	export = kfi_export_get("alice", true, NULL, &facts.uuid,
				KFI_REMOTE_READ);
	KUNIT_ASSERT_FALSE(test, IS_ERR(export));
	KUNIT_EXPECT_PTR_EQ(test, region, kfi_export_region(export));
	KUNIT_EXPECT_EQ(test, KFI_REMOTE_READ, kfi_export_access(export));
	kfi_export_put(export);

	/* an insecure export to anybody does not open this one */
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "*", NULL, RW, NULL));
	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, KFI_REMOTE_WRITE);
	export = kfi_export_get("bob", false, "a", NULL, RW);
	KUNIT_ASSERT_FALSE(test, IS_ERR(export));
	KUNIT_EXPECT_TRUE(test, query_export(test).insecure);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "*", NULL));
	EXPECT_GET(test, -ENOENT, "bob", false, "a", NULL, RW);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	kfi_region_put(region);
}

/* Names of regions are unique in a pool only; a peer asks by name alone. */
static void same_name_in_two_pools(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_create_ram("other", SIZE, false, 0,
						     NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create("other", "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "p", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, -EEXIST, kfi_export_add("other", "a", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "another pool");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "p", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_close("other", NULL));
}

static void revocation(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct kfi_export *export;
	struct kfi_region *region;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_PTR_EQ(test, export, c.user.export);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 1, query_export(test).attached);

	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_region_revoke(region, "bob"));
	KUNIT_EXPECT_EQ(test, 0, c.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	KUNIT_EXPECT_TRUE(test, query_export(test).revoked);
	KUNIT_EXPECT_EQ(test, 0, query_export(test).attached);
	EXPECT_GET(test, -EKEYREVOKED, "alice", true, "a", NULL, RW);
	/* whoever may ask learns of a fence only with the key */
	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, RW);

	/* once is enough */
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	export = c.user.export;
	kfi_export_unuse(&c.user);

	/* the fence holds until the export is made anew */
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	EXPECT_GET(test, -ENOENT, "alice", true, "a", NULL, RW);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	/* an unuse, and nobody is revoked any more */
	kfi_export_unuse(&c.user);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, kfi_export_use(export, &c.user, 0));
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	kfi_region_put(region);
}

static void removal_revokes(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct netlink_ext_ack extack = {};
	struct kfi_export *export;

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	/* the connection has yet to let go */
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", &extack));
	expect_text(test, &extack, "peer");
	kfi_export_unuse(&c.user);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", NULL));
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, kfi_export_use(export, &c.user, 0));
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
}

/* A connection whose hardware keys take their time. */
struct slow_connection {
	struct kfi_export_user user;
	struct completion began;
	struct completion go_on;
};

static void revoke_slowly(struct kfi_export_user *user)
{
	struct slow_connection *c = container_of(user, struct slow_connection,
						 user);

	complete(&c->began);
	wait_for_completion(&c->go_on);
}

struct job {
	struct work_struct work;
	struct kfi_region *region;
	struct completion done;
	int ret;
};

static void remove_export(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_export_remove(POOL, "a", "alice", NULL);
	complete(&job->done);
}

static void raise_epoch(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_region_raise_epoch(job->region, 9);
	complete(&job->done);
}

static void revoke_peer(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_region_revoke(job->region, "alice");
	complete(&job->done);
}

/* A fence waits for an export that somebody else is about to remove. */
static void fence_waits_for_removal(struct kunit *test)
{
	static const work_func_t jobs[] = {
		remove_export, raise_epoch, revoke_peer
	};
	struct slow_connection c = { .user.revoke = revoke_slowly };
	struct job job[ARRAY_SIZE(jobs)];
	struct kfi_export *export;
	struct kfi_region *region;
	int i;

	init_completion(&c.began);
	init_completion(&c.go_on);
	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		INIT_WORK_ONSTACK(&job[i].work, jobs[i]);
		init_completion(&job[i].done);
		job[i].region = region;
		queue_work(system_unbound_wq, &job[i].work);
		if (!i)
			wait_for_completion(&c.began);
	}
	/* the keys are good yet */
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    wait_for_completion_timeout(&job[i].done,
								HZ / 10),
				    "job %d", i);
	complete_all(&c.go_on);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		flush_work(&job[i].work);
		destroy_work_on_stack(&job[i].work);
		KUNIT_EXPECT_EQ_MSG(test, 0, job[i].ret, "job %d", i);
	}
	kfi_export_unuse(&c.user);
	kfi_export_put(export);
	kfi_region_put(region);
}

static void epoch(struct kunit *test)
{
	struct connection old = { .user.revoke = revoke };
	struct connection new = { .user.revoke = revoke };
	struct connection bob = { .user.revoke = revoke };
	struct kfi_export *export, *second;
	struct kfi_pmem_attr facts;
	struct kfi_region *region;

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "bob", key_b, RW,
						NULL));
	export = get_export(test, "alice", "a");
	second = get_export(test, "bob", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &old.user, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(second, &bob.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 7));
	KUNIT_EXPECT_EQ(test, 1, old.revoked);
	KUNIT_EXPECT_EQ(test, 1, bob.revoked);
	KUNIT_EXPECT_EQ(test, 7, old.epoch_at_revoke);

	/* an epoch is accepted once, and none that is older */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 7));
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 6));
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_region_raise_epoch(region, ~0ULL));

	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_export_use(export, &new.user, 6));
	/* nor one that is not accepted yet: it would survive its fence */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_export_use(export, &new.user, 8));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &new.user, 7));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 8));
	KUNIT_EXPECT_EQ(test, 1, new.revoked);
	KUNIT_EXPECT_EQ(test, 1, old.revoked);

	kfi_export_unuse(&old.user);
	kfi_export_unuse(&new.user);
	kfi_export_unuse(&bob.user);
	kfi_export_put(export);
	kfi_export_put(second);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "bob", NULL));

	region = cut_power(test, region);
	kfi_region_query(region, &facts);
	KUNIT_EXPECT_EQ(test, 8, facts.epoch);
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 8));
	kfi_region_put(region);
}

/* Only the region whose epoch is raised. */
static void epoch_is_of_one_region(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct kfi_region *a, *b;
	struct kfi_export *export;

	open_pool(test, false, 0);
	a = new_region(test, "a", MIB);
	b = new_region(test, "b", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "b");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(a, 9));
	KUNIT_EXPECT_EQ(test, 0, c.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(b, 2));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	kfi_export_unuse(&c.user);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
	kfi_region_put(a);
	kfi_region_put(b);
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

static void pool_exit(struct kunit *test)
{
	/* where the test has not, and after a test that failed */
	kfi_pool_close(POOL, NULL);
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
	KUNIT_CASE(persist_ranges),
	KUNIT_CASE(persist_in_atomic_context),
	KUNIT_CASE(uncommitted_is_lost),
	KUNIT_CASE(committed_is_present),
	KUNIT_CASE(whole_region_commit),
	KUNIT_CASE(close_loses_nothing),
	KUNIT_CASE(evictions),
	KUNIT_CASE(model_needs_writeback_and_fence),
	KUNIT_CASE(poison),
	KUNIT_CASE(poison_in_header),
	KUNIT_CASE(power_cut),
	KUNIT_CASE(seen_epoch_stays),
	KUNIT_CASE(target_handler),
	KUNIT_CASE(peer_keys),
	KUNIT_CASE(refuse_exports),
	KUNIT_CASE(access_is_checked),
	KUNIT_CASE(same_name_in_two_pools),
	KUNIT_CASE(revocation),
	KUNIT_CASE(removal_revokes),
	KUNIT_CASE(fence_waits_for_removal),
	KUNIT_CASE(epoch),
	KUNIT_CASE(epoch_is_of_one_region),
	KUNIT_CASE(names_of_enums),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "kfi_pool",
	.exit = pool_exit,
	.test_cases = pool_cases,
};

kunit_test_suite(pool_suite);

MODULE_LICENSE("GPL");
