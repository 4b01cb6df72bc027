// SPDX-License-Identifier: GPL-2.0-only
/*
 * The set of ranges that a crash of the target would lose, against a bitmap.
 * It may hold more than was written, which costs a needless report, and never
 * less, which would be a lost write that nobody hears of.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "prov_rdma_pmem/rmr.h"

#define SPACE		512	/* bytes of the model */
#define SEQUENCES	4000
#define STEPS		40

static unsigned int dirty_seed;
module_param(dirty_seed, uint, 0444);
MODULE_PARM_DESC(dirty_seed, "of the random sequences; 0: a new one each time");

struct dirty_test {
	struct kfr_dirty dirty;
	DECLARE_BITMAP(model, SPACE);	/* what is dirty */
	DECLARE_BITMAP(set, SPACE);	/* what the set says */
};

/* Sorted, disjoint, not empty, and within the space. */
static bool well_formed(const struct kfr_dirty *dirty)
{
	u32 i;

	if (dirty->count > KFR_DIRTY_RANGES)
		return false;
	for (i = 0; i < dirty->count; i++) {
		if (dirty->range[i].start >= dirty->range[i].end)
			return false;
		if (i && dirty->range[i].start <= dirty->range[i - 1].end)
			return false;
	}
	return true;
}

static void read_set(struct dirty_test *t)
{
	u32 i;

	bitmap_zero(t->set, SPACE);
	for (i = 0; i < t->dirty.count; i++)
		bitmap_set(t->set, t->dirty.range[i].start,
			   t->dirty.range[i].end - t->dirty.range[i].start);
}

static unsigned int model_ranges(struct dirty_test *t)
{
	unsigned int start, end, n = 0;

	for_each_set_bitrange(start, end, t->model, SPACE)
		n++;
	return n;
}

static void add(struct dirty_test *t, u64 start, u64 len)
{
	kfr_dirty_add(&t->dirty, start, len);
	bitmap_set(t->model, start, len);
}

static void cut(struct dirty_test *t, u64 start, u64 len)
{
	kfr_dirty_cut(&t->dirty, start, len);
	if (len)
		bitmap_clear(t->model, start, len);
	else
		bitmap_zero(t->model, SPACE);
}

static void reset(struct dirty_test *t)
{
	kfr_dirty_init(&t->dirty);
	bitmap_zero(t->model, SPACE);
}

static void expect_exact(struct kunit *test)
{
	struct dirty_test *t = test->priv;

	read_set(t);
	KUNIT_EXPECT_TRUE(test, well_formed(&t->dirty));
	KUNIT_EXPECT_TRUE(test, bitmap_equal(t->model, t->set, SPACE));
}

static void joins(struct kunit *test)
{
	struct dirty_test *t = test->priv;

	expect_exact(test);
	KUNIT_EXPECT_FALSE(test, kfr_dirty_clear(&t->dirty));
	add(t, 10, 0);
	KUNIT_EXPECT_EQ(test, 0, t->dirty.count);
	add(t, 10, 10);
	add(t, 30, 10);
	KUNIT_EXPECT_EQ(test, 2, t->dirty.count);
	add(t, 20, 5);		/* touches the first */
	KUNIT_EXPECT_EQ(test, 2, t->dirty.count);
	add(t, 25, 5);		/* closes the gap */
	KUNIT_EXPECT_EQ(test, 1, t->dirty.count);
	expect_exact(test);
	add(t, 12, 3);		/* within */
	add(t, 5, 100);		/* around */
	KUNIT_EXPECT_EQ(test, 1, t->dirty.count);
	expect_exact(test);
	add(t, 0, 1);
	add(t, 200, 8);
	add(t, 0, 300);		/* over all of them */
	KUNIT_EXPECT_EQ(test, 1, t->dirty.count);
	expect_exact(test);
}

static void cuts(struct kunit *test)
{
	struct dirty_test *t = test->priv;

	add(t, 100, 100);
	cut(t, 0, 100);		/* ends where it begins */
	cut(t, 200, 50);	/* begins where it ends */
	expect_exact(test);
	cut(t, 140, 20);	/* in two */
	KUNIT_EXPECT_EQ(test, 2, t->dirty.count);
	expect_exact(test);
	cut(t, 90, 20);
	cut(t, 190, 20);
	expect_exact(test);
	cut(t, 120, 60);	/* the end of one, the start of the other */
	expect_exact(test);
	cut(t, 0, SPACE);
	KUNIT_EXPECT_EQ(test, 0, t->dirty.count);
	expect_exact(test);
}

/* A length of 0 is the whole region, wherever the offset points. */
static void cut_of_the_whole_region(struct kunit *test)
{
	static const u64 offsets[] = { 0, 1, 100, SPACE, U64_MAX };
	struct dirty_test *t = test->priv;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (n = 0; n < 12; n++)
			kfr_dirty_add(&t->dirty, 20 * n, 3);
		kfr_dirty_add(&t->dirty, BIT_ULL(62), 4096);
		kfr_dirty_cut(&t->dirty, offsets[i], 0);
		KUNIT_EXPECT_EQ(test, 0, t->dirty.count);
		KUNIT_EXPECT_FALSE(test, kfr_dirty_clear(&t->dirty));
	}
}

static void clear(struct kunit *test)
{
	struct dirty_test *t = test->priv;

	add(t, 1, 1);
	KUNIT_EXPECT_TRUE(test, kfr_dirty_clear(&t->dirty));
	KUNIT_EXPECT_FALSE(test, kfr_dirty_clear(&t->dirty));
	KUNIT_EXPECT_EQ(test, 0, t->dirty.count);
}

/* The ninth range: the two that are nearest become one, wherever it comes. */
static void nearest_are_joined(struct kunit *test)
{
	struct dirty_test *t = test->priv;
	unsigned int narrow, place, i;

	for (narrow = 0; narrow < KFR_DIRTY_RANGES; narrow++) {
		for (place = 0; place <= KFR_DIRTY_RANGES; place++) {
			u64 at = 8, extra;

			reset(t);
			extra = 0;
			for (i = 0; i <= KFR_DIRTY_RANGES; i++) {
				if (i == place)
					extra = at;
				else
					add(t, at, 4);
				/* Between this one and the next. */
				at += i == narrow ? 6 : 40;
			}
			KUNIT_ASSERT_EQ(test, KFR_DIRTY_RANGES, t->dirty.count);
			add(t, extra, 4);
			read_set(t);
			KUNIT_ASSERT_TRUE(test, well_formed(&t->dirty));
			KUNIT_ASSERT_TRUE(test, bitmap_subset(t->model, t->set,
							      SPACE));
			/* Only the narrow gap of 2 bytes was given up. */
			KUNIT_EXPECT_EQ_MSG(test,
					    bitmap_weight(t->model, SPACE) + 2,
					    bitmap_weight(t->set, SPACE),
					    "narrow gap %u, last at %u",
					    narrow, place);
		}
	}
}

/* A full set does not split a range: more stays than has to, never less. */
static void split_of_a_full_set(struct kunit *test)
{
	struct dirty_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < KFR_DIRTY_RANGES; i++)
		add(t, i * 50, 20);
	cut(t, 55, 5);
	read_set(t);
	KUNIT_EXPECT_TRUE(test, well_formed(&t->dirty));
	KUNIT_EXPECT_TRUE(test, bitmap_subset(t->model, t->set, SPACE));
	KUNIT_EXPECT_EQ(test, bitmap_weight(t->model, SPACE) + 5,
			bitmap_weight(t->set, SPACE));
}

static void ends_of_the_address_space(struct kunit *test)
{
	struct dirty_test *t = test->priv;

	kfr_dirty_add(&t->dirty, U64_MAX - 10, 10);
	kfr_dirty_add(&t->dirty, 0, 1);
	KUNIT_EXPECT_EQ(test, 2, t->dirty.count);
	KUNIT_EXPECT_EQ(test, U64_MAX, t->dirty.range[1].end);
	kfr_dirty_cut(&t->dirty, U64_MAX - 5, 5);
	KUNIT_EXPECT_EQ(test, U64_MAX - 5, t->dirty.range[1].end);
	kfr_dirty_cut(&t->dirty, 0, U64_MAX);
	KUNIT_EXPECT_EQ(test, 0, t->dirty.count);
}

static void random_sequences(struct kunit *test)
{
	struct dirty_test *t = test->priv;
	u32 seed = dirty_seed ?: get_random_u32();
	unsigned int n, step, never_full = 0;
	struct rnd_state random;

	kunit_info(test, "seed %#x (dirty_kunit.dirty_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	for (n = 0; n < SEQUENCES; n++) {
		/* Long ranges join at once, short ones fill the set. */
		u32 longest = 1 << (1 + prandom_u32_state(&random) % 7);
		u32 adds = 1 + prandom_u32_state(&random) % 9;
		bool exact = true;

		reset(t);
		for (step = 0; step < STEPS; step++) {
			u32 len = 1 + prandom_u32_state(&random) % longest;
			u32 start = prandom_u32_state(&random) % (SPACE - len);

			if (prandom_u32_state(&random) % 10 < adds)
				add(t, start, len);
			else if (prandom_u32_state(&random) % 50)
				cut(t, start, len);
			else
				cut(t, start, 0);
			exact &= model_ranges(t) <= KFR_DIRTY_RANGES;
			read_set(t);
			KUNIT_ASSERT_TRUE_MSG(test, well_formed(&t->dirty),
					      "seed %#x, sequence %u, step %u",
					      seed, n, step);
			KUNIT_ASSERT_TRUE_MSG(test,
					      bitmap_subset(t->model, t->set,
							    SPACE),
					      "a write forgotten: seed %#x, sequence %u, step %u",
					      seed, n, step);
			if (exact)
				KUNIT_ASSERT_TRUE_MSG(test,
						      bitmap_equal(t->model,
								   t->set,
								   SPACE),
						      "not exact: seed %#x, sequence %u, step %u",
						      seed, n, step);
			/* An empty set is exact again. */
			if (!t->dirty.count)
				exact = true;
		}
		never_full += exact;
		cut(t, 0, 0);
		KUNIT_ASSERT_EQ(test, 0, t->dirty.count);
	}
	/* Both kinds of sequence were there. */
	KUNIT_EXPECT_GT(test, never_full, SEQUENCES / 20);
	KUNIT_EXPECT_LT(test, never_full, SEQUENCES - SEQUENCES / 20);
}

static int dirty_init(struct kunit *test)
{
	struct dirty_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	reset(t);
	test->priv = t;
	return 0;
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(joins),
	KUNIT_CASE(cuts),
	KUNIT_CASE(cut_of_the_whole_region),
	KUNIT_CASE(clear),
	KUNIT_CASE(nearest_are_joined),
	KUNIT_CASE(split_of_a_full_set),
	KUNIT_CASE(ends_of_the_address_space),
	KUNIT_CASE(random_sequences),
	{}
};

static struct kunit_suite dirty_suite = {
	.name = "kfi_dirty",
	.init = dirty_init,
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);

MODULE_DESCRIPTION("Tests of the kfabric RDMA provider's uncommitted ranges");
MODULE_LICENSE("GPL");
