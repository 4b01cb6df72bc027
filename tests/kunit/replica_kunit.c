// SPDX-License-Identifier: GPL-2.0-only
/* Replica sets: what a writer, its members and an administrator can rely on. */
#include <linux/slab.h>

#include "replica_env.h"

static void replica_durable_everywhere(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(8192, 0x5a, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_read(8192, 0x5a, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_stop(), 0);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, replica_cut(i), 0);
		KUNIT_EXPECT_TRUE(test, replica_has(i, 8192, 0x5a, 4096));
	}
}

static void replica_takes_over(struct kunit *test)
{
	const struct kfi_set_attr *attr;
	u64 epoch;
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	epoch = replica_attr()->epoch;
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	attr = replica_attr();
	KUNIT_EXPECT_GT(test, attr->epoch, epoch);
	KUNIT_EXPECT_EQ(test, attr->state, KFI_SET_ACTIVE);
	KUNIT_EXPECT_EQ(test, attr->dirty_extents, 0);
	kunit_info(test, "%llu ms", attr->takeover_ms);
	/* One that was slow to answer comes after it. */
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, replica_attr()->member[i].resynced, 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 1, 4096), 0);
}

static void replica_member_comes_back(struct kunit *test)
{
	u64 generation;
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	generation = replica_attr()->generation;
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, replica_write(i * SZ_256K, 2, 4096), 0);
	KUNIT_EXPECT_GT(test, replica_attr()->generation, generation);
	KUNIT_EXPECT_NE(test, rep.attr.member[2].state, KFI_MEMBER_IN_SYNC);
	KUNIT_EXPECT_FALSE(test, replica_has(2, 0, 2, 4096));

	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, replica_has(2, i * SZ_256K, 2, 4096));
	/* No more than what was marked. */
	KUNIT_EXPECT_LE(test, replica_attr()->member[2].resynced,
			8 * REP_EXTENT);
	KUNIT_EXPECT_EQ(test, rep.attr.member[2].behind, 0);
}

static void replica_commit_makes_durable(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	memset(rep.buf, 7, 4096);
	for (i = 0; i < 32; i++)
		KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, i * 100 * 1024,
						 rep.buf, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	for (i = 0; i < 32; i++) {
		KUNIT_EXPECT_TRUE(test, replica_has(1, i * 100 * 1024, 7, 4096));
		KUNIT_EXPECT_TRUE(test, replica_has(2, i * 100 * 1024, 7, 4096));
	}
}

static void replica_requests_have_limits(struct kunit *test)
{
	struct kfi_set_limits limits;
	struct replica_io *rio;
	u64 size;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	size = kfi_set_size(rep.set);
	kfi_set_limits(rep.set, &limits);
	KUNIT_EXPECT_GE(test, limits.max_bytes, REP_BUF);
	KUNIT_EXPECT_EQ(test, replica_write(size - 4096, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_write(size - 4095, 1, 4096), -EINVAL);
	KUNIT_EXPECT_EQ(test, replica_write(U64_MAX, 1, 4096), -EINVAL);
	KUNIT_EXPECT_EQ(test, replica_write(0, 1, 0), -EINVAL);
	/* More than a member takes is refused, or it would fail them all. */
	rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rio);
	replica_prepare(rio, KFI_SET_WRITE, 0, rep.buf, 4096);
	rio->io.length = limits.max_bytes + 1;
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_EQ(test, replica_wait(rio), -EINVAL);
	replica_prepare(rio, KFI_SET_READ, 0, rep.buf, 4096);
	rio->io.nr_bvecs = limits.max_bvecs + 1;
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_EQ(test, replica_wait(rio), -EINVAL);
	KUNIT_EXPECT_EQ(test, replica_write(0, 2, 4096), 0);
}

static void replica_bits_are_cleared_when_idle(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, replica_write(i * REP_EXTENT, 1, 512), 0);
	/* Visible, not durable: its bit stays. */
	memset(rep.buf, 2, 512);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, 9 * REP_EXTENT, rep.buf,
					 512), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, replica_medium_bits(i), 4);
	KUNIT_EXPECT_EQ(test, replica_attr()->dirty_extents, 4);
	while (replica_attr()->dirty_extents > 1)
		schedule_timeout_uninterruptible(HZ / 10);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, replica_medium_bits(i), 1);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_clean());
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, replica_medium_bits(i), 0);
	/* And set again. */
	KUNIT_ASSERT_EQ(test, replica_write(0, 3, 512), 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, replica_medium_bits(i), 1);
}

static void replica_bits_stay_while_behind(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 512), 0);
	schedule_timeout_uninterruptible(8 * HZ);
	KUNIT_EXPECT_EQ(test, replica_attr()->dirty_extents, 1);
	KUNIT_EXPECT_EQ(test, replica_medium_bits(0), 1);
	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, 1, 512));
}

static void replica_new_set_is_copied(struct kunit *test)
{
	u64 size;

	replica_poke(0, 0, 9, 3 * SZ_64K);
	replica_poke(1, SZ_1M, 8, SZ_64K);
	rep.dirty = true;
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	size = kfi_set_size(rep.set);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_EQ(test, replica_attr()->member[2].resynced, size);
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
	KUNIT_EXPECT_TRUE(test, replica_equal(7, size));
	KUNIT_EXPECT_TRUE(test, replica_has(2, 0, 9, 3 * SZ_64K));
	KUNIT_EXPECT_TRUE(test, replica_has(2, SZ_1M, 0, SZ_64K));
}

static void replica_scrub_repairs(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(SZ_1M, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
	replica_poke(2, SZ_1M + 100, 0xee, 1);
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 1);
	KUNIT_EXPECT_EQ(test, rep.attr.repaired, 0);
	KUNIT_EXPECT_EQ(test, replica_scrub(true), 1);
	KUNIT_EXPECT_EQ(test, rep.attr.repaired, 1);
	KUNIT_EXPECT_TRUE(test, replica_medium_has(2, SZ_1M, 1, 4096));
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
}

static void replica_add_remove(struct kunit *test)
{
	struct kfi_member_params member;
	u64 size;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	size = kfi_set_size(rep.set);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, SZ_64K), 0);
	replica_member(3, &member);
	KUNIT_ASSERT_EQ(test, kfi_set_add(REP_SET, &member, NULL), 0);
	KUNIT_EXPECT_EQ(test, replica_write(SZ_1M, 2, SZ_64K), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_EQ(test, replica_attr()->quorum, 3);
	KUNIT_EXPECT_TRUE(test, replica_equal(0xf, size));
	/* It is one already. */
	KUNIT_EXPECT_EQ(test, kfi_set_add(REP_SET, &member, NULL), -EEXIST);
	KUNIT_EXPECT_EQ(test, kfi_set_remove(REP_SET, 4, NULL), -ENOENT);

	KUNIT_ASSERT_EQ(test, kfi_set_remove(REP_SET, 1, NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_set_remove(REP_SET, 1, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, replica_attr()->quorum, 2);
	KUNIT_EXPECT_EQ(test, replica_write(0, 3, 4096), 0);
	KUNIT_EXPECT_TRUE(test, replica_has(3, 0, 3, 4096));
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, 1, 4096));
	KUNIT_EXPECT_TRUE(test, replica_has(1, replica_record_at(1), 0, 8192));

	/* A start names all that it has had; one that is gone has no vote. */
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -EINVAL);
	rep.nr = 4;
	KUNIT_ASSERT_EQ(test, replica_unexport(1), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 3, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);

	/* It can say so of that one, and of no other. */
	rep.gone = BIT(1) | BIT(2);
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -EINVAL);
	rep.gone = BIT(1);
	KUNIT_EXPECT_EQ(test, replica_try_start(true), -EINVAL);
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_TRUE(test, replica_attr()->member[1].gone);
	KUNIT_EXPECT_FALSE(test, replica_attr()->member[2].gone);
	KUNIT_EXPECT_EQ(test, replica_attr()->quorum, 2);
	KUNIT_EXPECT_EQ(test, replica_read(0, 3, 4096), 0);
}

/* The one whose vote is gone has a region still. */
static void replica_removed_have_no_vote(struct kunit *test)
{
	struct kfi_member_params member;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	replica_member(3, &member);
	KUNIT_ASSERT_EQ(test, kfi_set_add(REP_SET, &member, NULL), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_ASSERT_EQ(test, kfi_set_remove(REP_SET, 3, NULL), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 5, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	/* With 2, which is behind, and 3, which is gone, there is no set. */
	KUNIT_ASSERT_EQ(test, replica_unexport(1), 0);
	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	rep.nr = 4;
	rep.local = 0;
	KUNIT_ASSERT_EQ(test, replica_unexport(0), 0);
	KUNIT_EXPECT_EQ(test, replica_start_in_vain(), -ETIMEDOUT);
	KUNIT_ASSERT_EQ(test, replica_export(0), 0);
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 5, 4096), 0);
}

static void replica_raw(struct kunit *test)
{
	struct replica_io *rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rio);
	rep.raw = true;
	rep.nr = 1;
	rep.local = 0;
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, kfi_set_size(rep.set), REP_REGION_SIZE);
	KUNIT_ASSERT_EQ(test, replica_write(REP_REGION_SIZE - 4096, 1, 4096), 0);
	memset(rep.buf, 2, 4096);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, 0, rep.buf, 4096), 0);

	/* Its target is restarted: a write waits, what was not committed is gone. */
	env_side_close(&rep.target);
	KUNIT_ASSERT_EQ(test, replica_cut(0), 0);
	memset(rep.buf, 3, 4096);
	replica_prepare(rio, KFI_SET_WRITE_DURABLE, SZ_1M, rep.buf, 4096);
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_TRUE(test, replica_is_held(rio));
	KUNIT_ASSERT_EQ(test, replica_export(0), 0);
	KUNIT_ASSERT_EQ(test, replica_listen(), 0);
	KUNIT_EXPECT_EQ(test, replica_wait(rio), 0);
	/* The commit says so, once. */
	KUNIT_EXPECT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), -EIO);
	KUNIT_EXPECT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_EXPECT_EQ(test, replica_read(REP_REGION_SIZE - 4096, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_read(SZ_1M, 3, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 0, 4096), 0);
}

static void replica_refuses_what_is_not_its(struct kunit *test)
{
	struct kfi_member_params member;

	/* No set yet. */
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -ENODATA);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -EEXIST);
	KUNIT_EXPECT_EQ(test, kfi_set_stop(REP_SET, NULL), -EBUSY);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	KUNIT_EXPECT_EQ(test, kfi_set_stop(REP_SET, NULL), -ENOENT);

	/* In another order, of another number, with a stranger. */
	rep.member[1] = 2;
	rep.member[2] = 1;
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -ESTALE);
	rep.member[1] = 1;
	rep.member[2] = 2;
	rep.nr = 4;
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -EINVAL);
	rep.nr = 3;
	rep.member[2] = 3;
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -ESTALE);
	rep.member[2] = 2;
	/* Under another name, and a witness that is none. */
	rep.name = "other";
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -ESTALE);
	rep.name = REP_SET;
	rep.witness = BIT(2);
	KUNIT_EXPECT_EQ(test, replica_try_start(false), -ESTALE);
	rep.witness = 0;
	/* Members are not made members again. */
	KUNIT_EXPECT_EQ(test, replica_try_start(true), -EEXIST);

	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 1, 4096), 0);
	replica_member(0, &member);
	member.region = "none";
	KUNIT_EXPECT_LT(test, kfi_set_add(REP_SET, &member, NULL), 0);
}

static void replica_refuses_small_regions(struct kunit *test)
{
	struct kfi_member_params member;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, kfi_region_create(rep.pool[3], "small", SZ_1M,
						NULL), 0);
	replica_member(3, &member);
	member.pool = rep.pool[3];
	member.region = "small";
	KUNIT_EXPECT_EQ(test, kfi_set_add(REP_SET, &member, NULL), -ENOSPC);
	/* A witness has room enough there. */
	member.witness = true;
	KUNIT_EXPECT_EQ(test, kfi_set_add(REP_SET, &member, NULL), 0);
	KUNIT_EXPECT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_stop(), 0);
	KUNIT_EXPECT_EQ(test, kfi_region_remove(rep.pool[3], "small", NULL), 0);
}

/* A set that takes a region of another one fences its writer there. */
static void replica_shared_region(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	rep.name = "thief";
	rep.member[1] = 3;
	rep.member[2] = 4;
	KUNIT_EXPECT_EQ(test, replica_try_start(true), -EEXIST);
	rep.name = REP_SET;
	KUNIT_EXPECT_EQ(test, replica_write(0, 2, 4096), -EKEYREVOKED);
	KUNIT_EXPECT_TRUE(test, replica_has(0, 0, 1, 4096));
	KUNIT_EXPECT_EQ(test, replica_attr()->state, KFI_SET_FENCED);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	rep.member[1] = 1;
	rep.member[2] = 2;
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
}

static struct kunit_case replica_cases[] = {
	KUNIT_CASE(replica_durable_everywhere),
	KUNIT_CASE(replica_takes_over),
	KUNIT_CASE(replica_member_comes_back),
	KUNIT_CASE(replica_commit_makes_durable),
	KUNIT_CASE(replica_requests_have_limits),
	KUNIT_CASE_SLOW(replica_bits_are_cleared_when_idle),
	KUNIT_CASE_SLOW(replica_bits_stay_while_behind),
	KUNIT_CASE(replica_new_set_is_copied),
	KUNIT_CASE(replica_scrub_repairs),
	KUNIT_CASE(replica_add_remove),
	KUNIT_CASE_SLOW(replica_removed_have_no_vote),
	KUNIT_CASE(replica_raw),
	KUNIT_CASE(replica_refuses_what_is_not_its),
	KUNIT_CASE(replica_refuses_small_regions),
	KUNIT_CASE(replica_shared_region),
	{}
};

static struct kunit_suite replica_suite = {
	.name = "kfi_replica",
	.init = replica_init,
	.exit = replica_exit,
	.test_cases = replica_cases,
};

kunit_test_suites(&replica_suite);

MODULE_DESCRIPTION("KUnit tests of replica sets");
MODULE_LICENSE("GPL");
