// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a commit makes of bytes: the cache model, power cuts, poison, handlers.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/cache_model.h"
#include "pool_env.h"

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

static struct kunit_case durable_cases[] = {
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
	{}
};

static struct kunit_suite durable_suite = {
	.name = "kfi_durable",
	.exit = close_pool,
	.test_cases = durable_cases,
};

kunit_test_suite(durable_suite);

MODULE_LICENSE("GPL");
