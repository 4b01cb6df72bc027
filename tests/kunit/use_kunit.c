// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local uses of a region: who writes here is fenced as a peer is.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kfi_pmem_prov.h"
#include "kfi_pool.h"
#include "kfabric_pmem/pmem/pool.h"
#include "kfabric_pmem/pmem/region.h"

#define POOL	"use-pool"
#define SIZE	(16ULL << 20)
#define RW	(KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static const u8 key[KFI_PMEM_KEY_SIZE] = { 7 };

/* A local writer, whose revoke() takes as long as the test wants. */
struct writer {
	struct kfi_region_user user;
	struct kfi_region *region;
	struct completion began;
	struct completion go_on;
	u64 epoch_at_revoke;
	unsigned int revoked;
};

static void revoke(struct kfi_region_user *user)
{
	struct writer *w = container_of(user, struct writer, user);
	struct kfi_pmem_attr attr;

	might_sleep();
	complete(&w->began);
	wait_for_completion(&w->go_on);
	/* The raise is durable before it is enforced. */
	kfi_region_query(w->region, &attr);
	w->epoch_at_revoke = attr.epoch;
	w->revoked++;
}

static void slow_writer(struct writer *w, struct kfi_region *region)
{
	memset(w, 0, sizeof(*w));
	w->region = region;
	w->user.revoke = revoke;
	init_completion(&w->began);
	init_completion(&w->go_on);
}

static void quick_writer(struct writer *w, struct kfi_region *region)
{
	slow_writer(w, region);
	complete_all(&w->go_on);
}

static struct kfi_region *region;

static int use_init(struct kunit *test)
{
	int ret = kfi_pool_create_ram(POOL, SIZE, true, 0, NULL) ?:
		  kfi_region_create(POOL, "a", SZ_1M, NULL);

	if (ret)
		return ret;
	region = kfi_region_open(POOL, "a");
	return PTR_ERR_OR_ZERO(region);
}

static void use_exit(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(region))
		kfi_region_put(region);
	region = NULL;
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_close(POOL, NULL));
}

static void use_of_an_epoch(struct kunit *test)
{
	struct writer w;

	quick_writer(&w, region);
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_use(region, &w.user, 2));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_use(region, &w.user, 0));
	KUNIT_EXPECT_EQ(test, 1, w.user.epoch);
	kfi_region_unuse(region, &w.user);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_use(region, &w.user, 1));
	kfi_region_unuse(region, &w.user);

	/* Nobody is revoked who has gone. */
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 5));
	KUNIT_EXPECT_EQ(test, 0, w.revoked);
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_use(region, &w.user, 1));
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_use(region, &w.user, 6));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_use(region, &w.user, 5));
	KUNIT_EXPECT_EQ(test, 5, w.user.epoch);
	kfi_region_unuse(region, &w.user);
}

static void raise_revokes_older(struct kunit *test)
{
	struct writer old[3], now;
	int i;

	for (i = 0; i < ARRAY_SIZE(old); i++) {
		quick_writer(&old[i], region);
		KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &old[i].user,
							0));
	}
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 5));
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		KUNIT_EXPECT_EQ(test, 1, old[i].revoked);
		KUNIT_EXPECT_EQ(test, 5, old[i].epoch_at_revoke);
	}
	quick_writer(&now, region);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &now.user, 5));

	/* A raise that is refused fences nobody. */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 5));
	KUNIT_EXPECT_EQ(test, 0, now.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 6));
	KUNIT_EXPECT_EQ(test, 1, now.revoked);
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		KUNIT_EXPECT_EQ(test, 1, old[i].revoked);
		kfi_region_unuse(region, &old[i].user);
	}
	kfi_region_unuse(region, &now.user);
}

static void peer_revoke(struct kfi_export_user *user)
{
}

/* One raise fences both kinds, and neither gets in with an older epoch. */
static void raise_revokes_peers_too(struct kunit *test)
{
	struct kfi_export_user peer = { .revoke = peer_revoke };
	struct kfi_export *export;
	struct writer w;

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "p", key, RW, NULL));
	export = kfi_export_get("p", true, "a", NULL, KFI_REMOTE_WRITE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, export);
	quick_writer(&w, region);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &w.user, 0));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &peer, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 3));
	KUNIT_EXPECT_EQ(test, 1, w.revoked);
	KUNIT_EXPECT_NULL(test, peer.export);
	/* A fence of one peer is none of this machine. */
	kfi_region_unuse(region, &w.user);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &w.user, 3));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "p"));
	KUNIT_EXPECT_EQ(test, 1, w.revoked);
	kfi_region_unuse(region, &w.user);
	kfi_export_unuse(&peer);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "p", NULL));
}

/* Something done elsewhere, of which the test sees whether it is done yet. */
struct job {
	struct work_struct work;
	struct writer *writer;
	struct completion turn;
	struct completion done;
	u64 epoch;
	int ret;
};

static void raise_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_region_raise_epoch(region, job->epoch);
	complete(&job->done);
}

static void unuse_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	kfi_region_unuse(region, &job->writer->user);
	complete(&job->done);
}

static void start(struct job *job, work_func_t fn)
{
	init_completion(&job->done);
	INIT_WORK_ONSTACK(&job->work, fn);
	queue_work(system_unbound_wq, &job->work);
}

static void finish(struct job *job)
{
	flush_work(&job->work);
	destroy_work_on_stack(&job->work);
}

/* Is it still waiting, when it has had its time? */
static bool waits(struct job *job)
{
	return !wait_for_completion_timeout(&job->done, HZ / 10);
}

/*
 * While a revoke() runs: the raise has not returned, nor has an unuse of that
 * use, nor another raise; the older epoch is refused, and nobody else is held
 * up.
 */
static void raise_waits_for_revoke(struct kunit *test)
{
	static struct writer w, other, late;
	struct job raise = { .epoch = 5 }, next = { .epoch = 6 };
	struct job unuse = { .writer = &w };

	slow_writer(&w, region);
	quick_writer(&other, region);
	quick_writer(&late, region);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &w.user, 0));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &other.user, 0));
	start(&raise, raise_job);
	wait_for_completion(&w.began);
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_use(region, &late.user, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_use(region, &late.user, 5));
	/* Not its turn yet, and gone before it is. */
	kfi_region_unuse(region, &other.user);
	start(&unuse, unuse_job);
	start(&next, raise_job);
	KUNIT_EXPECT_TRUE(test, waits(&raise));
	KUNIT_EXPECT_TRUE(test, waits(&unuse));
	KUNIT_EXPECT_TRUE(test, waits(&next));
	KUNIT_EXPECT_EQ(test, 0, w.revoked);
	complete(&w.go_on);
	finish(&raise);
	finish(&unuse);
	finish(&next);
	KUNIT_EXPECT_EQ(test, 0, raise.ret);
	KUNIT_EXPECT_EQ(test, 0, next.ret);
	KUNIT_EXPECT_EQ(test, 1, w.revoked);
	KUNIT_EXPECT_EQ(test, 0, other.revoked);
	KUNIT_EXPECT_EQ(test, 1, late.revoked);
	kfi_region_unuse(region, &late.user);
}

#define RACES	300

static void race_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	while (!job->ret && job->epoch++ <= RACES) {
		wait_for_completion(&job->turn);
		job->ret = kfi_region_raise_epoch(region, job->epoch);
	}
	complete(&job->done);
}

/*
 * Gone before it is fenced, perhaps; while it is being fenced; or when revoke()
 * has little left to do. Freed as soon as unuse returns: KASAN tells who
 * touches it later.
 */
static void race_of_unuse_and_raise(struct kunit *test)
{
	struct job raise = { .epoch = 1 };
	unsigned int i, fenced = 0;

	init_completion(&raise.turn);
	start(&raise, race_job);
	for (i = 0; i < RACES; i++) {
		struct writer *w = kmalloc(sizeof(*w), GFP_KERNEL);

		if (!w)
			break;
		slow_writer(w, region);
		if (i % 3 != 1)
			complete_all(&w->go_on);
		KUNIT_EXPECT_EQ(test, 0, kfi_region_use(region, &w->user, 0));
		complete(&raise.turn);
		if (i % 3)
			wait_for_completion(&w->began);
		complete_all(&w->go_on);
		kfi_region_unuse(region, &w->user);
		KUNIT_EXPECT_LE(test, w->revoked, 1U);
		/* Fenced by an epoch above its own, and by no other. */
		if (w->revoked)
			KUNIT_EXPECT_GT(test, w->epoch_at_revoke,
					w->user.epoch);
		fenced += w->revoked;
		kfree(w);
	}
	finish(&raise);
	KUNIT_EXPECT_EQ(test, 0, raise.ret);
	KUNIT_EXPECT_EQ(test, RACES, i);
	KUNIT_EXPECT_GE(test, fenced, 2 * RACES / 3);
	kunit_info(test, "%u of %u uses were fenced\n", fenced, i);
}

/* The pool's device goes: everybody is stopped, and nobody begins. */
static void device_is_gone(struct kunit *test)
{
	struct kfi_pool *pool = region->pool;
	struct writer w, late;

	quick_writer(&w, region);
	quick_writer(&late, region);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_use(region, &w.user, 0));
	WRITE_ONCE(pool->medium.dead, true);
	queue_work(system_unbound_wq, &pool->gone);
	KUNIT_EXPECT_NE(test, 0UL, wait_for_completion_timeout(&w.began,
							       20 * HZ));
	KUNIT_EXPECT_EQ(test, -ENODEV,
			kfi_region_use(region, &late.user, 0));
	kfi_region_unuse(region, &w.user);
	KUNIT_EXPECT_EQ(test, 1, w.revoked);
	kfi_region_put(region);
	region = NULL;
	flush_work(&pool->gone);
}

static struct kunit_case use_cases[] = {
	KUNIT_CASE(use_of_an_epoch),
	KUNIT_CASE(raise_revokes_older),
	KUNIT_CASE(raise_revokes_peers_too),
	KUNIT_CASE(raise_waits_for_revoke),
	KUNIT_CASE(race_of_unuse_and_raise),
	KUNIT_CASE(device_is_gone),
	{}
};

static struct kunit_suite use_suite = {
	.name = "kfi_use",
	.init = use_init,
	.exit = use_exit,
	.test_cases = use_cases,
};

kunit_test_suite(use_suite);

MODULE_DESCRIPTION("Tests of local uses of kfabric's persistent memory");
MODULE_LICENSE("GPL");
