// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power cuts of a target, at every fence: all sequences of up to three of what an
 * initiator and an operator do, over the provider and the real on-media code.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include <linux/xxhash.h>

#include "explorer.h"
#include "kfabric_pmem/pmem/test.h"
#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/peer.h"
#include "rdma_env.h"
#include "track.h"

#define POOL_SIZE	(4ULL << 20)
#define DATA_SIZE	(64ULL << 10)
#define CELLS		8
#define CELL_STRIDE	PAGE_SIZE
#define CELL_SKEW	40	/* so that lines are shared with what is beside */
#define CELL_WORDS	24
#define CELL_BYTES	(8 * CELL_WORDS)
#define WORDS_AT	(CELLS * CELL_STRIDE)	/* what publishes cells */
#define COUNTER_AT	(WORDS_AT + PAGE_SIZE)
#define NAMES		3
#define BATCH		48	/* workloads of one recording */
#define GARBAGE		0x6761726261676521ULL

enum crash_op {
	OP_WRITE,		/* and no commit */
	OP_WRITE_DURABLE,
	OP_WRITE_COMMIT,	/* in two operations */
	OP_COMMIT_ALL,		/* the whole region */
	OP_PUBLISH,
	OP_ATOMIC,
	OP_CREATE,
	OP_REMOVE,
	OP_EXPORT,		/* again, after it was taken back */
	OP_DISCONNECT,		/* with a durable write under way */
	OP_RAISE,		/* the epoch of a region */
	OPS
};

static struct env env;
static struct kfi_record record;
/* What was done, to be told of a fault */
struct step {
	enum crash_op op;
	unsigned int turn;
	u32 version;	/* the last one that it gave */
	u32 from, to;	/* moments */
	int err;
};

#define STEPS	(BATCH * 3 * 8)

static struct {
	struct step step[STEPS];
	unsigned int steps;
	struct track cell[CELLS], word[CELLS], name[NAMES], counter, epoch;
	u64 key;
	u32 version;
	u64 *buf;
	u8 *bytes;	/* of the region, at the target */
	unsigned int turn;
	bool again;	/* attach */
} crash;

static u64 cell_word(unsigned int cell, u32 version, unsigned int i)
{
	return version ? (u64)version << 16 | cell << 8 | i : 0;
}

static u64 cell_at(unsigned int cell)
{
	return cell * CELL_STRIDE + CELL_SKEW;
}

static void fill(unsigned int cell, u32 version)
{
	unsigned int i;

	for (i = 0; i < CELL_WORDS; i++)
		crash.buf[i] = cell_word(cell, version, i);
}

static int attach(void)
{
	int err = env_attach(&env, &env.peer, &crash.key, NULL);

	crash.again = err;
	return err;
}

/* The operation's end. What a connection that ended took with it is no fault. */
static int finish(ssize_t posted)
{
	struct env_done done;

	return posted ?: env_wait(&env.peer, &done);
}

static ssize_t post_write(unsigned int cell, u64 flags, struct kfi_msg_publish *publish)
{
	struct kvec v = { crash.buf, CELL_BYTES };
	struct kfi_rma_iov rma = {
		.addr = cell_at(cell), .len = CELL_BYTES, .key = crash.key,
	};
	struct kfi_msg_rma msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = env.addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
	};

	if (!publish)
		return kfi_writemsg(env.peer.ep, &msg, flags);
	publish->data = msg;
	return kfi_write_publish(env.peer.ep, publish, flags);
}

static void acked(struct track *track, u64 at, u64 length, const char *what)
{
	track_ack(track, kfi_record_now(&record));
	explorer_count_unsafe(&record, crash.bytes + at, length, what);
}

static int commit(u64 at, u64 length)
{
	struct kfi_rma_iov range = { .addr = at, .len = length, .key = crash.key };

	return finish(kfi_commit(env.peer.ep, &range, 1, env.addr,
				 KFI_COMMIT_PERSISTENT, NULL));
}

static int do_write(unsigned int cell, enum crash_op op)
{
	struct kfi_msg_publish publish;
	u32 version = ++crash.version;
	int err;

	err = track_give(&crash.cell[cell], version, kfi_record_now(&record));
	if (err)
		return err;
	fill(cell, version);
	if (op == OP_PUBLISH) {
		publish.word_addr = WORDS_AT + cell * 64;
		publish.word_key = crash.key;
		publish.word = version;
		err = track_give(&crash.word[cell], version, kfi_record_now(&record)) ?:
		      finish(post_write(cell, 0, &publish));
		if (!err)
			acked(&crash.word[cell], WORDS_AT + cell * 64, 8, "publish");
	} else {
		err = finish(post_write(cell, op == OP_WRITE_DURABLE ?
					KFI_COMMIT_COMPLETE : 0, NULL));
	}
	if (!err && op == OP_WRITE_COMMIT)
		err = commit(cell_at(cell), CELL_BYTES);
	if (err) {
		track_fail(&crash.cell[cell]);
		if (op == OP_PUBLISH)
			track_fail(&crash.word[cell]);
	} else if (op != OP_WRITE) {
		acked(&crash.cell[cell], cell_at(cell), CELL_BYTES, "write");
	}
	return err;
}

static int do_commit_all(void)
{
	unsigned int i;
	int err = commit(0, 0);

	for (i = 0; i < CELLS && !err; i++) {
		track_ack(&crash.cell[i], kfi_record_now(&record));
		track_ack(&crash.word[i], kfi_record_now(&record));
	}
	if (!err)
		acked(&crash.counter, 0, DATA_SIZE, "commit of a region");
	return err;
}

static int do_atomic(void)
{
	struct kfi_ioc ioc = { crash.buf, 1 }, res = { crash.buf + 1, 1 };
	struct kfi_rma_ioc rma = { .addr = COUNTER_AT, .count = 1, .key = crash.key };
	struct kfi_msg_atomic msg = {
		.msg_iov = &ioc,
		.iov_count = 1,
		.addr = env.addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.datatype = KFI_UINT64,
		.op = KFI_SUM,
	};
	u64 before = *(u64 *)(crash.bytes + COUNTER_AT);
	int err;

	crash.buf[0] = 1 + ++crash.version;
	err = track_give(&crash.counter, before + crash.buf[0], kfi_record_now(&record)) ?:
	      finish(kfi_fetch_atomicmsg(env.peer.ep, &msg, &res, NULL, 1,
					 KFI_COMMIT_COMPLETE));
	if (err)
		track_fail(&crash.counter);
	else
		acked(&crash.counter, COUNTER_AT, 8, "atomic");
	return err;
}

static const char *name_of(unsigned int i)
{
	static const char *const names[NAMES] = { "n0", "n1", "n2" };

	return names[i];
}

/* The first name from @turn on that a region has, or has not; NAMES: none */
static unsigned int find_name(unsigned int turn, u64 there)
{
	unsigned int i;

	for (i = turn; i < turn + NAMES; i++)
		if (track_last(&crash.name[i % NAMES]) == there)
			return i % NAMES;
	return NAMES;
}

/* Another place in each region, for one that gets the bytes of another */
static u64 garbage_at(unsigned int i)
{
	return 1024 + 256 * i;
}

/* What an earlier region of that place held must not be found in a new one. */
static int do_create(unsigned int turn)
{
	unsigned int i = find_name(turn, 0);
	struct kfi_region *region;
	u64 garbage[8];
	int err;

	if (i == NAMES)
		return 0;
	err = track_give(&crash.name[i], 1, kfi_record_now(&record)) ?:
	      kfi_region_create(ENV_POOL, name_of(i), PAGE_SIZE, NULL);
	if (err)
		return err;
	track_ack(&crash.name[i], kfi_record_now(&record));
	memset64(garbage, GARBAGE, ARRAY_SIZE(garbage));
	region = kfi_region_open(ENV_POOL, name_of(i));
	if (IS_ERR(region))
		return PTR_ERR(region);
	err = kfi_region_store_durable(region, garbage_at(i), garbage,
				       sizeof(garbage));
	kfi_region_put(region);
	return err;
}

static int do_remove(unsigned int turn)
{
	unsigned int i = find_name(turn, 1);
	int err;

	if (i == NAMES)
		return 0;
	err = track_give(&crash.name[i], 0, kfi_record_now(&record)) ?:
	      kfi_region_remove(ENV_POOL, name_of(i), NULL);
	if (!err)
		track_ack(&crash.name[i], kfi_record_now(&record));
	return err;
}

static int do_export(void)
{
	int err;

	err = kfi_export_remove(ENV_POOL, ENV_REGION, "b", NULL) ?:
	      kfi_export_add(ENV_POOL, ENV_REGION, "b", env_key,
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
	kfi_pmem_detach(env.peer.ep, env.addr, crash.key);
	crash.again = true;
	return err;
}

static int do_disconnect(unsigned int cell)
{
	struct kfr_peer *peer = xa_load(&kfr_ep_of(env.peer.ep)->peers, env.addr);
	u32 version = ++crash.version;
	int err;

	err = track_give(&crash.cell[cell], version, kfi_record_now(&record));
	if (err)
		return err;
	fill(cell, version);
	err = post_write(cell, KFI_COMMIT_COMPLETE, NULL);
	if (err)
		return err;
	if (peer && peer->conn)
		kfr_link_fail(&peer->conn->link, -ENOLINK);
	if (finish(0))
		track_fail(&crash.cell[cell]);
	else
		acked(&crash.cell[cell], cell_at(cell), CELL_BYTES, "write");
	return 0;
}

static int do_raise(void)
{
	struct kfi_region *region = kfi_region_open(ENV_POOL, "epoch");
	u64 epoch = track_last(&crash.epoch) + 1;
	int err;

	if (IS_ERR(region))
		return PTR_ERR(region);
	err = track_give(&crash.epoch, epoch, kfi_record_now(&record)) ?:
	      kfi_region_raise_epoch(region, epoch);
	kfi_region_put(region);
	if (!err)
		track_ack(&crash.epoch, kfi_record_now(&record));
	return err;
}

static int do_op(enum crash_op op)
{
	unsigned int turn = crash.turn++;

	switch (op) {
	case OP_COMMIT_ALL: return do_commit_all();
	case OP_ATOMIC: return do_atomic();
	case OP_CREATE: return do_create(turn);
	case OP_REMOVE: return do_remove(turn);
	case OP_EXPORT: return do_export();
	case OP_DISCONNECT: return do_disconnect(turn % CELLS);
	case OP_RAISE: return do_raise();
	default: return do_write(turn % CELLS, op);
	}
}

/* An atomic that ended with its connection was executed, or was not. */
static int resolve(void)
{
	u64 value = *(u64 *)(crash.bytes + COUNTER_AT);

	return value == track_last(&crash.counter) ? 0 :
	       track_give(&crash.counter, value, kfi_record_now(&record));
}

static int run_op(enum crash_op op)
{
	struct step *step;
	int err, tries;

	for (tries = 0; tries < 8; tries++) {
		step = &crash.step[min(crash.steps, STEPS - 1)];
		crash.steps++;
		step->op = op;
		step->turn = crash.turn;
		step->from = kfi_record_now(&record);
		err = crash.again ? attach() : 0;
		err = err ?: do_op(op);
		step->version = crash.version;
		step->to = kfi_record_now(&record);
		step->err = err;
		/* The connection that was cut, or the key of one before */
		if (err != -ENOLINK && err != -ENOTCONN && err != -EKEYREVOKED &&
		    err != -ESTALE)
			return err ?: resolve();
		if (err != -ENOLINK)
			crash.again = true;
		err = resolve();
		if (err)
			return err;
	}
	return -ETIMEDOUT;
}

static int run_workload(unsigned int nr)
{
	u8 step[WORKLOAD_STEPS];
	unsigned int i, steps;
	int err = 0;

	steps = workload_steps(&crash_target_workloads, nr, step);
	for (i = 0; i < steps && !err; i++)
		err = run_op(step[i]);
	return err;
}

/* Recovery, and its judgement */

static int judge_words(const u8 *bytes, u32 moment)
{
	const u64 *words;
	unsigned int cell, i;

	for (cell = 0; cell < CELLS; cell++) {
		u64 published = *(u64 *)(bytes + WORDS_AT + cell * 64);

		words = (const u64 *)(bytes + cell_at(cell));
		if (!track_allows(&crash.word[cell], moment, published)) {
			explorer_fault("cell %u: word %llu, %llu was acknowledged",
				       cell, published,
				       track_at_least(&crash.word[cell], moment));
			return -EUCLEAN;
		}
		for (i = 0; i < CELL_WORDS; i++) {
			u32 version = words[i] >> 16;

			if (words[i] != cell_word(cell, version, i) ||
			    !track_allows(&crash.cell[cell], moment, version)) {
				explorer_fault("cell %u: word %u is %llx, %llx was acknowledged",
					       cell, i, words[i],
					       track_at_least(&crash.cell[cell], moment));
				return -EUCLEAN;
			}
			if (version < published) {
				explorer_fault("cell %u: %llx was published, word %u is %llx",
					       cell, published, i, words[i]);
				return -EUCLEAN;
			}
		}
	}
	return 0;
}

static int judge_data(struct explorer *e, u32 moment)
{
	struct kfi_region *region = kfi_region_open(ENV_POOL, ENV_REGION);
	struct kfi_region_map map;
	u64 counter;
	int err;

	if (IS_ERR(region)) {
		explorer_fault("region %s: error %ld", ENV_REGION, PTR_ERR(region));
		return -EUCLEAN;
	}
	kfi_region_get_map(region, &map);
	err = judge_words(map.kaddr, moment);
	counter = *(u64 *)(map.kaddr + COUNTER_AT);
	if (!err && !track_allows(&crash.counter, moment, counter)) {
		explorer_fault("the counter is %llu, at least %llu was acknowledged",
			       counter, track_at_least(&crash.counter, moment));
		err = -EUCLEAN;
	}
	e->state = xxh64(map.kaddr, COUNTER_AT + 8, e->state);
	kfi_region_put(region);
	return err;
}

static int judge_names(struct explorer *e, u32 moment)
{
	struct kfi_region_map map;
	struct kfi_region *region;
	unsigned int i;
	int err = 0;

	for (i = 0; i < NAMES && !err; i++) {
		region = kfi_region_open(ENV_POOL, name_of(i));
		e->state = 2 * e->state + !IS_ERR(region);
		if (!track_allows(&crash.name[i], moment, !IS_ERR(region))) {
			explorer_fault("region %s is %s", name_of(i),
				       IS_ERR(region) ? "not there" : "there");
			err = -EUCLEAN;
		}
		if (IS_ERR(region))
			continue;
		kfi_region_get_map(region, &map);
		if (map.size != PAGE_SIZE || memchr_inv(map.kaddr, 0, garbage_at(i)) ||
		    memchr_inv(map.kaddr + garbage_at(i) + 64, 0,
			       PAGE_SIZE - garbage_at(i) - 64)) {
			explorer_fault("region %s has bytes that nobody wrote", name_of(i));
			err = -EUCLEAN;
		}
		kfi_region_put(region);
	}
	return err;
}

static int judge_epoch(struct explorer *e, u32 moment)
{
	struct kfi_region *region = kfi_region_open(ENV_POOL, "epoch");
	struct kfi_pmem_attr attr;

	if (IS_ERR(region)) {
		explorer_fault("region epoch: error %ld", PTR_ERR(region));
		return -EUCLEAN;
	}
	kfi_region_query(region, &attr);
	kfi_region_put(region);
	e->state = 31 * e->state + attr.epoch;
	if (track_allows(&crash.epoch, moment, attr.epoch))
		return 0;
	explorer_fault("the epoch is %llu, %llu was acknowledged", attr.epoch,
		       track_at_least(&crash.epoch, moment));
	return -EUCLEAN;
}

/* The steps around a moment */
static void tell_steps(u32 moment)
{
	static const char *const names[OPS] = {
		"write", "write durable", "write, commit", "commit all", "publish",
		"atomic", "create", "remove", "export", "disconnect", "raise",
	};
	unsigned int i, last = min(crash.steps, STEPS);

	for (i = 0; i < last; i++)
		if (crash.step[i].from < moment + 2 && crash.step[i].to + 6 > moment)
			pr_err("step %u: %s, turn %u, version %x, moments %u to %u: %d\n",
			       i, names[crash.step[i].op], crash.step[i].turn,
			       crash.step[i].version, crash.step[i].from,
			       crash.step[i].to, crash.step[i].err);
}

static int judge_all(struct explorer *e, u32 moment)
{
	int err = kfi_pool_test_power_cut(ENV_POOL);

	e->state = 0;
	if (err) {
		explorer_fault("the pool cannot be opened: error %d", err);
		return err;
	}
	return judge_data(e, moment) ?: judge_names(e, moment) ?:
	       judge_epoch(e, moment);
}

static int judge(struct explorer *e, u32 moment)
{
	int err = judge_all(e, moment);

	if (err && !explorer_counts.faults)
		tell_steps(moment);
	return err;
}

static void tracks_free(void)
{
	unsigned int i;

	for (i = 0; i < CELLS; i++) {
		track_free(&crash.cell[i]);
		track_free(&crash.word[i]);
	}
	for (i = 0; i < NAMES; i++)
		track_free(&crash.name[i]);
	track_free(&crash.counter);
	track_free(&crash.epoch);
}

static int tracks_init(void)
{
	unsigned int i;
	int err = track_init(&crash.counter, 0) ?: track_init(&crash.epoch, 1);

	for (i = 0; i < CELLS; i++)
		err = err ?: track_init(&crash.cell[i], 0) ?:
		      track_init(&crash.word[i], 0);
	for (i = 0; i < NAMES; i++)
		err = err ?: track_init(&crash.name[i], 0);
	return err;
}

static int batch_up(struct kunit *test)
{
	struct kfi_region *region;
	struct kfi_region_map map;
	u8 *medium[1];
	const u64 size[1] = { POOL_SIZE };
	int err;

	memset(&crash, 0, sizeof(crash));
	crash.buf = kzalloc(CELL_BYTES, GFP_KERNEL);
	err = crash.buf ? env_up(test, &env, POOL_SIZE, DATA_SIZE, false) : -ENOMEM;
	err = err ?: kfi_region_create(ENV_POOL, "epoch", PAGE_SIZE, NULL) ?:
	      tracks_init() ?: attach();
	if (err)
		return err;
	region = kfi_region_open(ENV_POOL, ENV_REGION);
	if (IS_ERR(region))
		return PTR_ERR(region);
	kfi_region_get_map(region, &map);
	crash.bytes = map.kaddr;
	kfi_region_put(region);
	medium[0] = kfi_pool_test_medium(ENV_POOL);
	return kfi_record_start(&record, 1, medium, size);
}

/* What uses the pool is gone, and it can be written over. */
static int batch_quiet(void)
{
	kfi_record_stop(&record);
	env_side_close(&env.peer);
	env_side_close(&env.target);
	return kfi_export_remove(ENV_POOL, ENV_REGION, "b", NULL);
}

static void batch_down(void)
{
	unsigned int i;

	for (i = 0; i < NAMES; i++)
		kfi_region_remove(ENV_POOL, name_of(i), NULL);
	kfi_region_remove(ENV_POOL, "epoch", NULL);
	env_down(&env);
	kfi_record_free(&record);
	tracks_free();
	kfree(crash.buf);
}

static const void *next_batch(const void *prev, char *desc)
{
	crash_target_workloads.steps = OPS;
	return explorer_batches(prev, desc, &crash_target_workloads, BATCH);
}

/* A recording, and its power cuts. Each has KUnit's time for itself. */
static void crash_target(struct kunit *test)
{
	const unsigned int batch = (unsigned long)test->param_value - 1;
	const unsigned int first = batch * BATCH;
	const unsigned int end = min(first + BATCH, workloads_count(&crash_target_workloads));
	const u64 faults = explorer_counts.faults;
	struct explorer e = {
		.record = &record,
		.judge = judge,
		.workloads = &crash_target_workloads,
		.batch = batch,
	};
	unsigned int i;
	int err;

	explorer_begin(test, e.batch);
	err = batch_up(test);
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
	/* The media are as they were: the regions have to be, too. */
	if (!err)
		KUNIT_EXPECT_EQ(test, kfi_pool_test_power_cut(ENV_POOL), 0);
	batch_down();
	KUNIT_EXPECT_EQ(test, explorer_counts.faults, faults);
}

static void crash_target_sum(struct kunit *test)
{
	explorer_end(test, "target");
}

static struct kunit_case crash_cases[] = {
	KUNIT_CASE_PARAM(crash_target, next_batch),
	KUNIT_CASE(crash_target_sum),
	{}
};

static struct kunit_suite crash_suite = {
	.name = "kfi_crash_pool",
	.test_cases = crash_cases,
};

kunit_test_suite(crash_suite);
