// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power cuts of all machines of a replica set, at every fence of any of them:
 * sequences of up to three writes, commits, members that go and come, restarts
 * and takeovers. What is left has to be one set again, with all that had been
 * acknowledged, the same at all members; also where one does not come back.
 */
#include <linux/bitops.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/xxhash.h>

#include "explorer.h"
#include "kfabric_pmem/pmem/test.h"
#include "kfabric_pmem/replica/set.h"
#include "replica_env.h"
#include "track.h"

#define MEMBERS		3
#define POOL_SIZE	(4ULL << 20)
#define REGION_SIZE	((u64)SZ_1M)
#define CELLS		6
#define CELL_BYTES	1024
#define CELL_WORDS	(CELL_BYTES / 8)
#define BATCH		6	/* workloads of one recording */
#define FIRST_BATCH	1000	/* the numbers below are those of targets */

enum set_op {
	OP_WRITE,
	OP_WRITE_DURABLE,
	OP_WRITE_TWO,		/* durable, at the same time */
	OP_COMMIT,
	OP_DOWN,		/* a member */
	OP_UP,
	OP_RESTART,
	OP_TAKE_OVER,
	OPS
};

struct step {
	enum set_op op;
	u32 version;
	u32 from, to;
	int err;
};

#define STEPS	(BATCH * WORKLOAD_STEPS)

static struct kfi_record record;
static struct {
	struct track cell[CELLS];
	struct step step[STEPS];
	unsigned int steps;
	struct replica_io io[2];
	u64 *buf[2];
	u32 version;
	unsigned int turn;
	unsigned int refused;	/* in all */
	int down;	/* which member, or -1 */
} crash;

/* In extents of their own, the intent bits of which share lines */
static u64 cell_at(unsigned int cell)
{
	return cell * REP_EXTENT + 512 * cell;
}

static u64 cell_word(unsigned int cell, u32 version, unsigned int i)
{
	return version ? (u64)version << 16 | cell << 8 | (i & 255) : 0;
}

static int begin_write(struct replica_io *io, u64 *buf, unsigned int cell,
		       enum kfi_set_op op)
{
	u32 version = ++crash.version;
	unsigned int i;
	int err;

	err = track_give(&crash.cell[cell], version, kfi_record_now(&record));
	if (err)
		return err;
	for (i = 0; i < CELL_WORDS; i++)
		buf[i] = cell_word(cell, version, i);
	replica_prepare(io, op, cell_at(cell), buf, CELL_BYTES);
	kfi_set_submit(rep.set, &io->io);
	return 0;
}

static int end_write(struct replica_io *io, unsigned int cell, bool durable)
{
	int err = replica_wait(io);

	if (err)
		track_fail(&crash.cell[cell]);
	else if (durable)
		track_ack(&crash.cell[cell], kfi_record_now(&record));
	return err;
}

static int do_write(bool durable)
{
	unsigned int cell = crash.turn % CELLS;

	return begin_write(&crash.io[0], crash.buf[0], cell, durable ?
			   KFI_SET_WRITE_DURABLE : KFI_SET_WRITE) ?:
	       end_write(&crash.io[0], cell, durable);
}

static int do_write_two(void)
{
	unsigned int a = crash.turn % CELLS, b = (crash.turn + 1) % CELLS;
	int err, second;

	err = begin_write(&crash.io[0], crash.buf[0], a, KFI_SET_WRITE_DURABLE);
	if (err)
		return err;
	second = begin_write(&crash.io[1], crash.buf[1], b, KFI_SET_WRITE_DURABLE);
	err = end_write(&crash.io[0], a, true);
	return second ?: end_write(&crash.io[1], b, true) ?: err;
}

static int do_commit(void)
{
	unsigned int i;
	int err = replica_do(KFI_SET_COMMIT, 0, NULL, 0);

	for (i = 0; i < CELLS && !err; i++)
		track_ack(&crash.cell[i], kfi_record_now(&record));
	return err;
}

static int do_down(void)
{
	if (crash.down >= 0)
		return 0;
	crash.down = 1 + crash.turn % 2;
	return replica_unexport(crash.down);
}

static int do_up(void)
{
	int err;

	if (crash.down < 0)
		return 0;
	err = replica_export(crash.down);
	crash.down = -1;
	return err ?: replica_wait_in_sync() ? 0 : -ETIMEDOUT;
}

static int do_restart(void)
{
	return replica_stop() ?: replica_start(false);
}

/* What the last writer wrote and did not commit, the next one may find. */
static int do_take_over(void)
{
	int err = replica_crash() ?: replica_stop() ?: replica_start(false);

	crash.down = -1;	/* replica_crash() has brought it back */
	return err;
}

static int do_op(enum set_op op)
{
	switch (op) {
	case OP_WRITE: return do_write(false);
	case OP_WRITE_DURABLE: return do_write(true);
	case OP_WRITE_TWO: return do_write_two();
	case OP_COMMIT: return do_commit();
	case OP_DOWN: return do_down();
	case OP_UP: return do_up();
	case OP_RESTART: return do_restart();
	default: return do_take_over();
	}
}

static int run_op(enum set_op op)
{
	struct step *step = &crash.step[crash.steps++];

	step->op = op;
	step->from = kfi_record_now(&record);
	step->err = do_op(op);
	step->to = kfi_record_now(&record);
	step->version = crash.version;
	crash.turn++;
	return step->err;
}

static int run_workload(unsigned int nr)
{
	u8 step[WORKLOAD_STEPS];
	unsigned int i, steps;
	int err = 0;

	steps = workload_steps(&crash_set_workloads, nr, step);
	for (i = 0; i < steps && !err; i++)
		err = run_op(step[i]);
	return err;
}

/* Recovery, and its judgement */

static int judge_cell(struct explorer *e, u32 moment, unsigned int cell)
{
	const u64 *words = crash.buf[0];
	unsigned int i;
	int err;

	memset(crash.buf[0], 0xee, CELL_BYTES);
	err = replica_do(KFI_SET_READ, cell_at(cell), crash.buf[0], CELL_BYTES);
	if (err) {
		explorer_fault("cell %u cannot be read: error %d", cell, err);
		return err;
	}
	e->state = xxh64(words, CELL_BYTES, e->state);
	for (i = 0; i < CELL_WORDS; i++) {
		u32 version = words[i] >> 16;

		if (words[i] == cell_word(cell, version, i) &&
		    track_allows(&crash.cell[cell], moment, version))
			continue;
		explorer_fault("cell %u: word %u is %llx, at least version %llx was acknowledged",
			       cell, i, words[i],
			       track_at_least(&crash.cell[cell], moment));
		return -EUCLEAN;
	}
	return 0;
}

/* Without a member: its pool has another name. */
static int start_without(int away)
{
	unsigned int timeout = kfs_start_timeout;
	int err;

	WRITE_ONCE(kfs_start_timeout, 1);
	*rep.pool[away] = 'x';
	err = replica_start(false);
	*rep.pool[away] = 'p';
	WRITE_ONCE(kfs_start_timeout, timeout);
	return err;
}

/*
 * In one image of each moment a member is not there. Where only that one was known to
 * be in sync, while a takeover brought the others in line, there is no set until
 * it is back, which is refused, and no loss.
 */
static int judge_set(struct explorer *e, u32 moment)
{
	int away = e->image == 1 ? moment % MEMBERS : -1, err;
	unsigned int i;

	rep.local = 7;
	err = away < 0 ? replica_start(false) : start_without(away);
	if (err == -ETIMEDOUT && away >= 0) {
		crash.refused++;
		return 0;
	}
	if (err) {
		explorer_fault("the set cannot be started%s: error %d",
			       away < 0 ? "" : " without one member", err);
		return err;
	}
	for (i = 0; i < CELLS && !err; i++)
		err = judge_cell(e, moment, i);
	if (!err && away < 0 && !replica_wait_in_sync()) {
		explorer_fault("the members are not in sync after %u s",
			       REP_TIMEOUT / HZ);
		err = -EUCLEAN;
	}
	if (!err && away < 0 && !replica_equal(7, replica_attr()->size)) {
		explorer_fault("the members differ");
		err = -EUCLEAN;
	}
	return err;
}

static void tell_steps(u32 moment)
{
	static const char *const names[OPS] = {
		"write", "write durable", "write two", "commit", "down", "up",
		"restart", "take over",
	};
	unsigned int i;

	for (i = 0; i < crash.steps; i++)
		if (crash.step[i].from < moment + 2 && crash.step[i].to + 20 > moment)
			pr_err("step %u: %s, version %x, moments %u to %u: %d\n", i,
			       names[crash.step[i].op], crash.step[i].version,
			       crash.step[i].from, crash.step[i].to,
			       crash.step[i].err);
}

static int judge(struct explorer *e, u32 moment)
{
	unsigned int i;
	int err = 0;

	e->state = 0;
	for (i = 0; i < MEMBERS && !err; i++) {
		err = kfi_pool_test_power_cut(rep.pool[i]);
		if (err)
			explorer_fault("pool %u cannot be opened: error %d", i, err);
	}
	err = err ?: judge_set(e, moment);
	if (rep.started && replica_stop() && !err) {
		explorer_fault("the set cannot be stopped");
		err = -EUCLEAN;
	}
	if (err && !explorer_counts.faults)
		tell_steps(moment);
	return err;
}

static int batch_up(void)
{
	u8 *medium[MEMBERS];
	u64 size[MEMBERS];
	int err, i;

	unsigned int refused = crash.refused;

	memset(&crash, 0, sizeof(crash));
	crash.refused = refused;
	crash.down = -1;
	crash.buf[0] = kzalloc(CELL_BYTES, GFP_KERNEL);
	crash.buf[1] = kzalloc(CELL_BYTES, GFP_KERNEL);
	err = crash.buf[0] && crash.buf[1] ? 0 : -ENOMEM;
	err = replica_up(POOL_SIZE, REGION_SIZE, false) ?: err;
	for (i = 0; i < CELLS; i++)
		err = err ?: track_init(&crash.cell[i], 0);
	err = err ?: replica_start(true);
	if (err)
		return err;
	for (i = 0; i < MEMBERS; i++) {
		medium[i] = kfi_pool_test_medium(rep.pool[i]);
		size[i] = POOL_SIZE;
	}
	return kfi_record_start(&record, MEMBERS, medium, size);
}

static int batch_quiet(void)
{
	int err, i;

	kfi_record_stop(&record);
	err = replica_stop();
	for (i = 0; i < REP_REGIONS; i++)
		if (rep.exported[i])
			err = err ?: replica_unexport(i);
	env_side_close(&rep.target);
	return err;
}

static void batch_down(struct kunit *test)
{
	int i;

	replica_exit(test);
	kfi_record_free(&record);
	for (i = 0; i < CELLS; i++)
		track_free(&crash.cell[i]);
	kfree(crash.buf[0]);
	kfree(crash.buf[1]);
}

static const void *next_batch(const void *prev, char *desc)
{
	crash_set_workloads.steps = OPS;
	return explorer_batches(prev, desc, &crash_set_workloads, BATCH);
}

/* A recording, and its power cuts. Each has KUnit's time for itself. */
static void crash_set(struct kunit *test)
{
	const unsigned int batch = (unsigned long)test->param_value - 1;
	const unsigned int first = batch * BATCH;
	const unsigned int end = min(first + BATCH, workloads_count(&crash_set_workloads));
	const u64 faults = explorer_counts.faults;
	struct explorer e = {
		.record = &record,
		.judge = judge,
		.workloads = &crash_set_workloads,
		.batch = FIRST_BATCH + batch,
	};
	unsigned int i;
	int err;

	explorer_begin(test, e.batch);
	err = batch_up();
	KUNIT_EXPECT_EQ(test, err, 0);
	for (i = first; i < end && !err; i++) {
		err = run_workload(i);
		KUNIT_EXPECT_EQ_MSG(test, err, 0, "workload %u", i);
		explorer_counts.workloads++;
	}
	if (!err)
		kfi_record_moment(&record);
	if (!err)
		KUNIT_EXPECT_EQ(test, err = batch_quiet(), 0);
	if (!err)
		KUNIT_EXPECT_EQ(test, err = explore(&e), 0);
	for (i = 0; i < MEMBERS && !err; i++)
		KUNIT_EXPECT_EQ(test, kfi_pool_test_power_cut(rep.pool[i]), 0);
	batch_down(test);
	KUNIT_EXPECT_EQ(test, explorer_counts.faults, faults);
}

static void crash_set_sum(struct kunit *test)
{
	kunit_info(test, "%u times there is no set without the one that is not there\n",
		   crash.refused);
	crash.refused = 0;
	explorer_end(test, "replica set");
}

static struct kunit_case crash_cases[] = {
	KUNIT_CASE_PARAM(crash_set, next_batch),
	KUNIT_CASE(crash_set_sum),
	{}
};

static struct kunit_suite crash_suite = {
	.name = "kfi_crash_set",
	.test_cases = crash_cases,
};

kunit_test_suite(crash_suite);
