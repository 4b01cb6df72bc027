// SPDX-License-Identifier: GPL-2.0-only
/*
 * What has to come before what in a replica set. Each case fails in a kernel
 * with the mutant of its name, see mutants.sh.
 */
#include <linux/slab.h>

#include "replica_env.h"

#define BEFORE	0x11
#define AFTER	0x22

/* A commit of the bits is about to be answered: who has the data already? */
static void order_look(struct replica_gate *gate)
{
	int i;

	for (i = 0; i < 3; i++)
		if (replica_has(i, SZ_1M, AFTER, 4096))
			gate->result |= BIT(i);
}

/* KFI_MUTANT_INTENT_AFTER_DATA */
static void order_intent_before_data(struct kunit *test)
{
	struct replica_gate gate = { .region = 1, .seen = order_look };
	struct replica_io *rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);
	bool bits, done;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, rio);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	gate.begin = replica_bits_at(1);
	gate.end = replica_record_at(1);
	gate.shut = true;
	KUNIT_ASSERT_EQ(test, replica_gate_add(&gate), 0);
	memset(rep.buf, AFTER, 4096);
	replica_prepare(rio, KFI_SET_WRITE_DURABLE, SZ_1M, rep.buf, 4096);
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&gate.entered,
							  REP_TIMEOUT), 0);
	/* The bit is at 1, and its answer is held: no data anywhere. */
	done = !replica_is_held(rio);
	order_look(&gate);
	bits = replica_medium_bits(1);
	replica_gate_remove(&gate);
	KUNIT_EXPECT_EQ(test, replica_wait(rio), 0);
	KUNIT_EXPECT_EQ(test, gate.result, 0);
	KUNIT_EXPECT_FALSE(test, done);
	KUNIT_EXPECT_TRUE(test, bits);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, replica_medium_has(i, SZ_1M, AFTER,
							   4096));
		KUNIT_EXPECT_EQ(test, replica_medium_bits(i), 1);
	}
}

/* KFI_MUTANT_ANSWER_BEFORE_REVOKE */
static void order_revoke_before_answer(struct kunit *test)
{
	int ret;

	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, BEFORE, 4096), 0);
	/* The local one, and one that is reached over the fabric. */
	KUNIT_ASSERT_EQ(test, replica_raise(0, 1000), 0);
	KUNIT_ASSERT_EQ(test, replica_raise(1, 1000), 0);
	ret = replica_write(0, AFTER, 4096);
	KUNIT_EXPECT_EQ(test, ret, -EKEYREVOKED);
	KUNIT_EXPECT_TRUE(test, replica_has(0, 0, BEFORE, 4096));
	KUNIT_EXPECT_TRUE(test, replica_has(1, 0, BEFORE, 4096));
	KUNIT_EXPECT_TRUE(test, replica_wait_state(KFI_SET_FENCED));
}

/* KFI_MUTANT_ACK_BEFORE_QUORUM */
static void order_all_before_ack(struct kunit *test)
{
	struct replica_gate gate = { .region = 2, .end = 4096, .shut = true };
	struct replica_io *rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);
	bool held;

	KUNIT_ASSERT_NOT_NULL(test, rio);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, BEFORE, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_gate_add(&gate), 0);
	memset(rep.buf, AFTER, 4096);
	replica_prepare(rio, KFI_SET_WRITE_DURABLE, 0, rep.buf, 4096);
	kfi_set_submit(rep.set, &rio->io);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&gate.entered,
							  REP_TIMEOUT), 0);
	held = replica_is_held(rio);
	/* Two of three have it, which is a majority, and not enough. */
	KUNIT_EXPECT_TRUE(test, replica_medium_has(0, 0, AFTER, 4096));
	KUNIT_EXPECT_TRUE(test, replica_medium_has(1, 0, AFTER, 4096));
	replica_gate_remove(&gate);
	if (held)
		KUNIT_EXPECT_EQ(test, replica_wait(rio), 0);
	KUNIT_EXPECT_TRUE(test, held);
}

/* KFI_MUTANT_GENERATION_AFTER_WRITE */
static void order_record_before_ack(struct kunit *test)
{
	struct replica_gate gate = { .region = 1, .shut = true };
	struct replica_io *rio = kunit_kzalloc(test, sizeof(*rio), GFP_KERNEL);
	u64 generation;
	bool held;

	KUNIT_ASSERT_NOT_NULL(test, rio);
	KUNIT_ASSERT_EQ(test, replica_start(true), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, BEFORE, 4096), 0);
	generation = replica_attr()->generation;
	gate.begin = replica_record_at(1);
	gate.end = U64_MAX;
	KUNIT_ASSERT_EQ(test, replica_gate_add(&gate), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	memset(rep.buf, AFTER, 4096);
	replica_prepare(rio, KFI_SET_WRITE_DURABLE, 0, rep.buf, 4096);
	kfi_set_submit(rep.set, &rio->io);
	/* The record that has 2 behind is at 1, and its answer is held. */
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&gate.entered,
							  REP_TIMEOUT), 0);
	held = replica_is_held(rio);
	replica_gate_remove(&gate);
	if (held)
		KUNIT_EXPECT_EQ(test, replica_wait(rio), 0);
	KUNIT_EXPECT_TRUE(test, held);
	KUNIT_EXPECT_GT(test, replica_attr()->generation, generation);
	KUNIT_EXPECT_TRUE(test, replica_medium_has(1, 0, AFTER, 4096));
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(order_intent_before_data),
	KUNIT_CASE(order_revoke_before_answer),
	KUNIT_CASE(order_all_before_ack),
	KUNIT_CASE(order_record_before_ack),
	{}
};

static struct kunit_suite order_suite = {
	.name = "kfi_replica_order",
	.init = replica_init,
	.exit = replica_exit,
	.test_cases = order_cases,
};

kunit_test_suites(&order_suite);

MODULE_DESCRIPTION("KUnit tests of the order of steps in a replica set");
MODULE_LICENSE("GPL");
