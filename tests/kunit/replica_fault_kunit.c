// SPDX-License-Identifier: GPL-2.0-only
/* Replica sets whose members and writers fail, one by one and all at once. */
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/semaphore.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/test.h"
#include "replica_env.h"

static unsigned int kills = 10;
module_param(kills, uint, 0444);
MODULE_PARM_DESC(kills, "random events of each case");

static unsigned long long fault_seed;
module_param(fault_seed, ullong, 0444);
MODULE_PARM_DESC(fault_seed, "of the random events; 0: a new one each time");

/* Two that hold data, and one that has a vote. */
static void fault_witness(struct kunit *test)
{
	struct replica_io *rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rio);
	rep.witness = BIT(2);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_EXPECT_TRUE(test, replica_has(2, 0, 0, 4096));

	/* One of the two is lost: it goes on. */
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 2, 4096), 0);
	/* And the witness: it does not, and says nothing that is not so. */
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_state(KFI_SET_SUSPENDED));
	memset(rep.buf, 3, 4096);
	replica_prepare(rio, KFI_SET_WRITE_DURABLE, 0, rep.buf, 4096);
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_TRUE(test, replica_is_held(rio));
	KUNIT_EXPECT_GT(test, replica_attr()->held, 0);

	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_EXPECT_EQ(test, replica_wait(rio), 0);
	KUNIT_EXPECT_FALSE(test, replica_has(1, 0, 3, 4096));
	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, 3, 4096));
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
}

/* The one that is behind and the witness are no set: they would lose writes. */
static void fault_witness_knows(struct kunit *test)
{
	rep.witness = BIT(2);
	rep.local = 0;
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 2, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(0), 0);
	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_EXPECT_EQ(test, replica_start_in_vain(), -ETIMEDOUT);
	KUNIT_ASSERT_EQ(test, replica_export(0), 0);
	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 2, 4096), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, 2, 4096));
}

static void fault_quorum_holds(struct kunit *test)
{
	struct replica_io *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct replica_io *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct replica_io *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, w && r && c && buf);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	memset(rep.buf, 2, 4096);
	replica_prepare(w, KFI_SET_WRITE_DURABLE, 0, rep.buf, 4096);
	kfi_set_submit(rep.set, &w->io);
	KUNIT_ASSERT_TRUE(test, replica_wait_state(KFI_SET_SUSPENDED));
	replica_prepare(r, KFI_SET_READ, 0, buf, 4096);
	kfi_set_submit(rep.set, &r->io);
	replica_prepare(c, KFI_SET_COMMIT, 0, NULL, 0);
	kfi_set_submit(rep.set, &c->io);
	KUNIT_EXPECT_TRUE(test, replica_is_held(w));
	KUNIT_EXPECT_TRUE(test, replica_is_held(r));
	KUNIT_EXPECT_TRUE(test, replica_is_held(c));
	KUNIT_EXPECT_EQ(test, kfi_set_stop(REP_SET, NULL), -EBUSY);

	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_EXPECT_EQ(test, replica_wait(w), 0);
	KUNIT_EXPECT_EQ(test, replica_wait(r), 0);
	KUNIT_EXPECT_EQ(test, replica_wait(c), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 2, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_attr()->held, 0);
}

/* A write that failed may be at some: they are not both in sync afterwards. */
static void fault_quorum_fails_io(struct kunit *test)
{
	rep.fail_io = true;
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	/* Out of reach, and not restarted. */
	KUNIT_ASSERT_EQ(test, replica_unexport(1), 0);
	KUNIT_ASSERT_EQ(test, replica_unexport(2), 0);
	KUNIT_EXPECT_EQ(test, replica_write(0, 2, 4096), -EIO);
	KUNIT_EXPECT_EQ(test, replica_read(0, 2, 4096), -EIO);
	KUNIT_EXPECT_TRUE(test, replica_has(0, 0, 2, 4096));
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, 1, 4096));

	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
	KUNIT_EXPECT_TRUE(test, replica_equal(7, replica_attr()->size));
}

/* What a plain write left is durable when a commit says so, whoever made it. */
static void fault_takeover_commits(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	memset(rep.buf, 4, 4096);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, 0, rep.buf, 4096), 0);
	KUNIT_EXPECT_FALSE(test, replica_medium_has(0, 0, 4, 4096));
	KUNIT_ASSERT_EQ(test, replica_crash(), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);

	KUNIT_ASSERT_EQ(test, replica_start(false), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 4, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_EXPECT_TRUE(test, replica_medium_has(0, 0, 4, 4096));
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_TRUE(test, replica_medium_has(1, 0, 4, 4096));
	KUNIT_EXPECT_TRUE(test, replica_medium_has(2, 0, 4, 4096));
}

/*
 * A member is away for a moment, and what it has and has not committed is
 * committed meanwhile without it.
 */
static void fault_away_over_a_commit(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	memset(rep.buf, 4, 4096);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, 0, rep.buf, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_unexport(1), 0);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_EXPECT_FALSE(test, replica_medium_has(1, 0, 4, 4096));
	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_TRUE(test, replica_medium_has(1, 0, 4, 4096));
}

/* Two restart one after the other, while there is no majority. */
static void fault_restarts_while_suspended(struct kunit *test)
{
	rep.local = 0;
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	memset(rep.buf, 4, 4096);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, 0, rep.buf, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_unexport(0), 0);
	KUNIT_ASSERT_EQ(test, replica_unexport(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_state(KFI_SET_SUSPENDED));
	KUNIT_ASSERT_EQ(test, replica_export(1), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_member(1, KFI_MEMBER_BEHIND));
	/* 0 has it yet: 1 is not taken for one that does. */
	KUNIT_ASSERT_EQ(test, replica_export(0), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_state(KFI_SET_ACTIVE));
	KUNIT_EXPECT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	KUNIT_EXPECT_EQ(test, replica_read(0, 4, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
	KUNIT_EXPECT_TRUE(test, replica_medium_has(1, 0, 4, 4096));
}

/* A member that has failed the device under it is one less, and no fence. */
static void fault_poison(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, kfi_pool_test_poison(rep.pool[0], 0, 8 << 20),
			0);
	/* A read takes another one, a write does without. */
	KUNIT_EXPECT_EQ(test, replica_read(0, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_attr()->member[0].state,
			KFI_MEMBER_IN_SYNC);
	KUNIT_EXPECT_EQ(test, replica_write(0, 2, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_read(0, 2, 4096), 0);
	KUNIT_EXPECT_EQ(test, replica_attr()->state, KFI_SET_ACTIVE);
	KUNIT_EXPECT_EQ(test, replica_attr()->member[0].state, KFI_MEMBER_DOWN);
	KUNIT_ASSERT_EQ(test, kfi_pool_test_poison(rep.pool[0], 0, 0), 0);
}

/*
 * A workload that knows what it may find: slots with a version each, written
 * one at a time, durably or plainly.
 */
#define SLOTS		48
#define SLOT_SIZE	1024
#define SLOT_WORDS	(SLOT_SIZE / 8)

/* Some share an extent, the last crosses into the next one. */
static u64 slot_at(u32 i)
{
	u64 at = i % (SLOTS / 2) * REP_EXTENT;

	if (i == SLOTS - 1)
		return at + REP_EXTENT - SLOT_SIZE / 2;
	return at + (i / (SLOTS / 2)) * 16384;
}

struct slot {
	u32 sent;	/* versions: what was ever sent */
	u32 floor;	/* what must be there */
};

static struct {
	struct slot slot[SLOTS];
	struct task_struct *task;
	struct semaphore step;		/* of the load; or held by a pause */
	u64 *buf;
	struct replica_io *rio;
	struct rnd_state rnd;
	u32 acks;
	bool pause;
	int err;
} load;

static void load_fill(u32 slot, u32 version)
{
	int i;

	for (i = 0; i < SLOT_WORDS; i++)
		load.buf[i] = (u64)slot << 32 | version;
}

static int load_io(enum kfi_set_op op, u64 offset)
{
	int ret;

	replica_prepare(load.rio, op, offset, load.buf,
			op == KFI_SET_COMMIT ? 0 : SLOT_SIZE);
	kfi_set_submit(rep.set, &load.rio->io);
	ret = replica_wait(load.rio);
	WARN_ON(ret == -ETIMEDOUT);
	return ret;
}

/* Every word of a slot is of a version that may be there. */
static int load_check(u32 i, u32 *oldest)
{
	struct slot *s = &load.slot[i];
	int ret, w;

	memset(load.buf, 0xff, SLOT_SIZE);
	ret = load_io(KFI_SET_READ, slot_at(i));
	if (ret)
		return ret;
	*oldest = U32_MAX;
	for (w = 0; w < SLOT_WORDS; w++) {
		u32 version = lower_32_bits(load.buf[w]);

		if ((version && upper_32_bits(load.buf[w]) != i) ||
		    version < s->floor || version > s->sent) {
			pr_err("slot %u word %d: %#llx, not of %u to %u\n", i, w,
			       load.buf[w], s->floor, s->sent);
			return -EUCLEAN;
		}
		*oldest = min(*oldest, version);
	}
	return 0;
}

static int load_step(void)
{
	u32 i = prandom_u32_state(&load.rnd) % SLOTS, oldest;
	bool durable = prandom_u32_state(&load.rnd) & 3;
	struct slot *s = &load.slot[i];
	int ret;

	if (!(prandom_u32_state(&load.rnd) % 8))
		return load_check(i, &oldest);
	load_fill(i, ++s->sent);
	ret = load_io(durable ? KFI_SET_WRITE_DURABLE : KFI_SET_WRITE,
		      slot_at(i));
	if (!ret && !durable)
		ret = load_io(KFI_SET_COMMIT, 0);
	if (!ret) {
		s->floor = s->sent;
		WRITE_ONCE(load.acks, load.acks + 1);
	}
	return ret;
}

static int load_thread(void *unused)
{
	int ret;

	while (!kthread_should_stop()) {
		if (READ_ONCE(load.pause)) {
			schedule_timeout_interruptible(1);
			continue;
		}
		if (down_timeout(&load.step, 1))
			continue;
		ret = load_step();
		up(&load.step);
		/* Fenced; or lost with the last member, which the commit tells. */
		if (ret == -EKEYREVOKED || ret == -EIO)
			schedule_timeout_interruptible(1);
		else if (ret && !load.err)
			load.err = ret;
	}
	return 0;
}

static void load_pause(struct kunit *test)
{
	if (load.pause)
		return;
	WRITE_ONCE(load.pause, true);
	KUNIT_ASSERT_EQ(test, down_timeout(&load.step, REP_TIMEOUT), 0);
}

static void load_resume(void)
{
	if (!load.pause)
		return;
	WRITE_ONCE(load.pause, false);
	up(&load.step);
}

/* With the load paused: all that must be there is, and from now on stays. */
static void load_verify(struct kunit *test)
{
	u32 i, oldest[SLOTS];

	for (i = 0; i < SLOTS; i++)
		KUNIT_ASSERT_EQ_MSG(test, load_check(i, &oldest[i]), 0,
				    "slot %u", i);
	KUNIT_ASSERT_EQ(test, load_io(KFI_SET_COMMIT, 0), 0);
	for (i = 0; i < SLOTS; i++)
		load.slot[i].floor = max(load.slot[i].floor, oldest[i]);
}

/* Wait until the load got somewhere, or for a moment if it cannot. */
static void load_progress(u32 acks)
{
	unsigned long end = jiffies + HZ / 4;

	acks += READ_ONCE(load.acks);
	while ((s32)(acks - READ_ONCE(load.acks)) > 0 &&
	       time_before(jiffies, end))
		schedule_timeout_uninterruptible(1);
}

static void load_begin(struct kunit *test, u64 seed)
{
	memset(&load, 0, sizeof(load));
	sema_init(&load.step, 1);
	load.buf = kunit_kzalloc(test, SLOT_SIZE, GFP_KERNEL);
	load.rio = kunit_kzalloc(test, sizeof(*load.rio), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, load.buf && load.rio);
	prandom_seed_state(&load.rnd, seed);
	load.task = kthread_run(load_thread, NULL, "replica-load");
	KUNIT_ASSERT_FALSE(test, IS_ERR(load.task));
}

static void load_end(struct kunit *test)
{
	if (IS_ERR_OR_NULL(load.task))
		return;
	kthread_stop(load.task);
	load.task = NULL;
	KUNIT_EXPECT_EQ(test, load.err, 0);
}

/* Everything is in reach again: all of it is found, and everywhere. */
static void load_healed(struct kunit *test)
{
	unsigned int data = GENMASK(rep.nr - 1, 0) & ~rep.witness;

	KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	load_verify(test);
	KUNIT_EXPECT_EQ(test, replica_scrub(false), 0);
	KUNIT_EXPECT_TRUE(test, replica_equal(data, replica_attr()->size));
}

static void fault_back_under_load(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	load_begin(test, 1);
	for (i = 0; i < 4; i++) {
		load_progress(20);
		KUNIT_ASSERT_EQ(test, replica_cut(1 + i % 2), 0);
		load_progress(20);
		KUNIT_ASSERT_EQ(test, replica_export(1 + i % 2), 0);
		load_progress(5);
		KUNIT_ASSERT_TRUE(test, replica_wait_in_sync());
	}
	load_pause(test);
	load_healed(test);
	load_end(test);
}

/* All machines lose their power with writes on their way. */
static void fault_full_outage(struct kunit *test)
{
	int round, i;

	rep.local = 0;
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	load_begin(test, 2);
	for (round = 0; round < 3; round++) {
		load_progress(30);
		KUNIT_ASSERT_EQ(test, replica_crash(), 0);
		load_pause(test);
		KUNIT_ASSERT_EQ(test, replica_stop(), 0);
		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, replica_cut(i), 0);
		for (i = 0; i < 3; i++)
			KUNIT_ASSERT_EQ(test, replica_export(i), 0);
		KUNIT_ASSERT_EQ(test, replica_start(false), 0);
		load_verify(test);
		load_resume();
	}
	load_progress(30);
	load_pause(test);
	load_healed(test);
	load_end(test);
}

enum fault_event { CUT, AWAY, RETURN, HEAL, CRASH, STOP, REST, SCRUB, EVENTS };

struct fault {
	struct rnd_state rnd;
	unsigned int in_sync;	/* as last told */
};

static u32 fault_random(struct fault *f, u32 below)
{
	return prandom_u32_state(&f->rnd) % below;
}

static void fault_look(struct fault *f)
{
	const struct kfi_set_attr *attr = replica_attr();
	unsigned int i;

	f->in_sync = 0;
	for (i = 0; i < attr->nr_members; i++)
		if (attr->member[i].state == KFI_MEMBER_IN_SYNC &&
		    !attr->member[i].witness)
			f->in_sync |= BIT(i);
}

static bool fault_is_local(int i)
{
	return rep.local & BIT(i);
}

/* The writer is gone, orderly or not. A machine that starts is in time, or late. */
static void fault_new_writer(struct kunit *test, struct fault *f, bool crash)
{
	unsigned int i, late = fault_random(f, 2 * rep.nr), ret;

	if (crash) {
		fault_look(f);
		KUNIT_ASSERT_EQ(test, replica_crash(), 0);
		load_pause(test);
	} else {
		for (i = 0; i < rep.nr; i++)
			if (!rep.exported[i])
				KUNIT_ASSERT_EQ(test, replica_export(i), 0);
		load_pause(test);
		fault_look(f);
	}
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	for (i = 0; i < rep.nr; i++)
		if (fault_random(f, 2))
			KUNIT_ASSERT_EQ(test, replica_cut(i), 0);
	for (i = 0; i < rep.nr; i++)
		if (!rep.exported[i] &&
		    (i != late || fault_is_local(i) || !(f->in_sync & ~BIT(i))))
			KUNIT_ASSERT_EQ(test, replica_export(i), 0);
	ret = replica_start(false);
	KUNIT_ASSERT_EQ(test, ret, 0);
	load_verify(test);
	for (i = 0; i < rep.nr; i++)
		if (!rep.exported[i])
			KUNIT_ASSERT_EQ(test, replica_export(i), 0);
	load_resume();
}

static void fault_step(struct kunit *test, struct fault *f)
{
	enum fault_event event = fault_random(f, EVENTS);
	u32 i = fault_random(f, rep.nr);

	switch (event) {
	case CUT:
	case AWAY:
		if (!rep.exported[i] || fault_is_local(i))
			break;
		KUNIT_ASSERT_EQ(test, event == CUT ? replica_cut(i) :
						     replica_unexport(i), 0);
		break;
	case RETURN:
	case HEAL:
		for (i = 0; i < rep.nr; i++)
			if (!rep.exported[i])
				KUNIT_ASSERT_EQ(test, replica_export(i), 0);
		break;
	case CRASH:
	case STOP:
		fault_new_writer(test, f, event == CRASH);
		break;
	case SCRUB:
		kfi_set_scrub(rep.name, fault_random(f, 2), NULL);
		break;
	default:
		schedule_timeout_uninterruptible(fault_random(f, HZ / 2));
		break;
	}
	load_progress(fault_random(f, 30));
}

static void fault_random_kills(struct kunit *test)
{
	u64 seed = fault_seed ?: get_random_u64();
	struct fault f = {};
	unsigned int i;

	kunit_info(test, "seed %#llx (replica_fault_kunit.fault_seed=)\n", seed);
	prandom_seed_state(&f.rnd, seed);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	load_begin(test, seed);
	for (i = 0; i < kills; i++)
		fault_step(test, &f);
	for (i = 0; i < rep.nr; i++)
		if (!rep.exported[i])
			KUNIT_ASSERT_EQ(test, replica_export(i), 0);
	load_pause(test);
	load_healed(test);
	kunit_info(test, "%u writes\n", load.acks);
	KUNIT_EXPECT_GT(test, load.acks, 0);
	load_end(test);
}

static void fault_kills_remote(struct kunit *test)
{
	rep.local = 0;
	fault_random_kills(test);
}

static void fault_kills_local(struct kunit *test)
{
	fault_random_kills(test);
}

static void fault_kills_witness(struct kunit *test)
{
	rep.local = 0;
	rep.witness = BIT(1);
	fault_random_kills(test);
}

/* After a case that failed: nobody uses the set that is about to be stopped. */
static void fault_exit(struct kunit *test)
{
	int i;

	/* Held for want of members: the load could not be stopped. */
	if (!IS_ERR_OR_NULL(load.task))
		for (i = 0; i < REP_REGIONS; i++)
			if (!rep.exported[i])
				replica_export(i);
	load_end(test);
	replica_exit(test);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE(fault_witness),
	KUNIT_CASE_SLOW(fault_witness_knows),
	KUNIT_CASE(fault_quorum_holds),
	KUNIT_CASE(fault_quorum_fails_io),
	KUNIT_CASE(fault_takeover_commits),
	KUNIT_CASE(fault_away_over_a_commit),
	KUNIT_CASE(fault_restarts_while_suspended),
	KUNIT_CASE(fault_poison),
	KUNIT_CASE(fault_back_under_load),
	KUNIT_CASE_SLOW(fault_full_outage),
	KUNIT_CASE_SLOW(fault_kills_remote),
	KUNIT_CASE_SLOW(fault_kills_local),
	KUNIT_CASE_SLOW(fault_kills_witness),
	{}
};

static struct kunit_suite fault_suite = {
	.name = "kfi_replica_fault",
	.init = replica_init,
	.exit = fault_exit,
	.test_cases = fault_cases,
};

kunit_test_suites(&fault_suite);

MODULE_DESCRIPTION("KUnit tests of replica sets that lose members");
MODULE_LICENSE("GPL");
