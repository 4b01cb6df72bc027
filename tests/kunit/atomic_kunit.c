// SPDX-License-Identifier: GPL-2.0-only
/*
 * Atomics as the target carries them out, against plain C on the type itself:
 * a model with one function for each type, where the code under test has one
 * for all of them and shifts.
 */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/atomic.h"
#include "prov_rdma_pmem/wire.h"

/* The model; @known becomes false where there is no such operation. */
#define MODEL(name, type)						\
static void name(u8 op, void *mem, type a, type c, bool *known)		\
{									\
	type *p = mem, old = *p;					\
									\
	switch (op) {							\
	case KFI_MIN:							\
		*p = a < old ? a : old;					\
		break;							\
	case KFI_MAX:							\
		*p = a > old ? a : old;					\
		break;							\
	case KFI_SUM:							\
		*p = (u64)old + (u64)a;					\
		break;							\
	case KFI_PROD:							\
		*p = (u64)old * (u64)a;					\
		break;							\
	case KFI_LOR:							\
		*p = (old != 0) | (a != 0);				\
		break;							\
	case KFI_LAND:							\
		*p = (old != 0) & (a != 0);				\
		break;							\
	case KFI_LXOR:							\
		*p = (old != 0) ^ (a != 0);				\
		break;							\
	case KFI_BOR:							\
		*p = old | a;						\
		break;							\
	case KFI_BAND:							\
		*p = old & a;						\
		break;							\
	case KFI_BXOR:							\
		*p = old ^ a;						\
		break;							\
	case KFI_ATOMIC_READ:						\
		break;							\
	case KFI_ATOMIC_WRITE:						\
		*p = a;							\
		break;							\
	case KFI_CSWAP:							\
		*p = c == old ? a : old;				\
		break;							\
	case KFI_CSWAP_NE:						\
		*p = c != old ? a : old;				\
		break;							\
	case KFI_CSWAP_LE:						\
		*p = c <= old ? a : old;				\
		break;							\
	case KFI_CSWAP_LT:						\
		*p = c < old ? a : old;					\
		break;							\
	case KFI_CSWAP_GE:						\
		*p = c >= old ? a : old;				\
		break;							\
	case KFI_CSWAP_GT:						\
		*p = c > old ? a : old;					\
		break;							\
	case KFI_MSWAP:							\
		*p = (a & c) | (old & ~c);				\
		break;							\
	default:							\
		*known = false;						\
		break;							\
	}								\
}

MODEL(model_s8, s8)
MODEL(model_u8, u8)
MODEL(model_s16, s16)
MODEL(model_u16, u16)
MODEL(model_s32, s32)
MODEL(model_u32, u32)
MODEL(model_s64, s64)
MODEL(model_u64, u64)

static bool model(u8 datatype, u8 op, void *p, const void *a, const void *c)
{
	bool known = true;

	switch (datatype) {
	case KFI_INT8:
		model_s8(op, p, *(s8 *)a, *(s8 *)c, &known);
		break;
	case KFI_UINT8:
		model_u8(op, p, *(u8 *)a, *(u8 *)c, &known);
		break;
	case KFI_INT16:
		model_s16(op, p, *(s16 *)a, *(s16 *)c, &known);
		break;
	case KFI_UINT16:
		model_u16(op, p, *(u16 *)a, *(u16 *)c, &known);
		break;
	case KFI_INT32:
		model_s32(op, p, *(s32 *)a, *(s32 *)c, &known);
		break;
	case KFI_UINT32:
		model_u32(op, p, *(u32 *)a, *(u32 *)c, &known);
		break;
	case KFI_INT64:
		model_s64(op, p, *(s64 *)a, *(s64 *)c, &known);
		break;
	case KFI_UINT64:
		model_u64(op, p, *(u64 *)a, *(u64 *)c, &known);
		break;
	default:
		return false;
	}
	return known;
}

static const u32 sizes[KFI_DATATYPE_LAST] = {
	[KFI_INT8] = 1, [KFI_UINT8] = 1, [KFI_INT16] = 2, [KFI_UINT16] = 2,
	[KFI_INT32] = 4, [KFI_UINT32] = 4, [KFI_INT64] = 8, [KFI_UINT64] = 8,
};

static const u8 integers[] = {
	KFI_INT8, KFI_UINT8, KFI_INT16, KFI_UINT16, KFI_INT32, KFI_UINT32,
	KFI_INT64, KFI_UINT64,
};

/* The edges of every width; cut to the type, they are edges of it too. */
static const u64 edges[] = {
	0, 1, 2, 3, 0x55, S8_MAX - 1, S8_MAX, 0x80, 0x81, U8_MAX - 1, U8_MAX,
	S16_MAX, 0x8000, 0x8001, U16_MAX, S32_MAX, 0x80000000ULL,
	0x80000001ULL, U32_MAX, S64_MAX, BIT_ULL(63), BIT_ULL(63) + 1,
	U64_MAX - 1, U64_MAX, 0xaaaaaaaaaaaaaaaaULL,
};

struct atomic_case {
	u8 type;
	u8 op;
	u64 old;
	u64 operand;
	u64 compare;
};

static void check_case(struct kunit *test, const struct atomic_case *c)
{
	/* What is beside the element stays as it is. */
	u64 mem = c->old, want = c->old, result = ~c->old;
	u64 want_result = result;
	int ret;

	ret = kfi_atomic_execute(c->type, c->op, &mem, &c->operand,
				 &c->compare, &result);
	if (!model(c->type, c->op, &want, &c->operand, &c->compare)) {
		KUNIT_ASSERT_EQ(test, -EOPNOTSUPP, ret);
		KUNIT_ASSERT_EQ(test, c->old, mem);
		KUNIT_ASSERT_EQ(test, ~c->old, result);
		return;
	}
	memcpy(&want_result, &c->old, sizes[c->type]);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_EQ_MSG(test, want, mem,
			    "type %u op %u: %#llx with %#llx, %#llx", c->type,
			    c->op, c->old, c->operand, c->compare);
	KUNIT_ASSERT_EQ_MSG(test, want_result, result,
			    "type %u op %u: old value of %#llx", c->type,
			    c->op, c->old);
}

static void integers_against_model(struct kunit *test)
{
	const unsigned int n = ARRAY_SIZE(edges);
	unsigned int t, op, i;

	for (t = 0; t < ARRAY_SIZE(integers); t++) {
		for (op = 0; op < KFI_ATOMIC_OP_LAST; op++) {
			for (i = 0; i < n * n * n; i++) {
				struct atomic_case c = {
					.type = integers[t],
					.op = op,
					.old = edges[i % n],
					.operand = edges[i / n % n],
					.compare = edges[i / n / n],
				};

				check_case(test, &c);
			}
		}
	}
}

/* Named examples of what the sweep covers, for who reads a failure. */
static void signs_and_wraps(struct kunit *test)
{
	s8 a = S8_MIN, one = 1, minus = -1, old;
	u8 b = U8_MAX;
	s64 min = S64_MIN, big = S64_MAX, was;

	KUNIT_ASSERT_EQ(test, 0, kfi_atomic_execute(KFI_INT8, KFI_MIN, &a, &one,
						    NULL, &old));
	KUNIT_EXPECT_EQ(test, S8_MIN, a);
	KUNIT_ASSERT_EQ(test, 0, kfi_atomic_execute(KFI_INT8, KFI_SUM, &a,
						    &minus, NULL, &old));
	KUNIT_EXPECT_EQ(test, S8_MAX, a);
	KUNIT_EXPECT_EQ(test, S8_MIN, old);
	KUNIT_ASSERT_EQ(test, 0, kfi_atomic_execute(KFI_UINT8, KFI_MAX, &b,
						    &one, NULL, &old));
	KUNIT_EXPECT_EQ(test, U8_MAX, b);
	KUNIT_ASSERT_EQ(test, 0, kfi_atomic_execute(KFI_INT64, KFI_CSWAP_GT,
						    &min, &big, &big, &was));
	KUNIT_EXPECT_EQ(test, S64_MAX, min);
	KUNIT_EXPECT_EQ(test, S64_MIN, was);
	/* Not greater than itself. */
	was = 5;
	KUNIT_ASSERT_EQ(test, 0, kfi_atomic_execute(KFI_INT64, KFI_CSWAP_GT,
						    &big, &was, &big, &was));
	KUNIT_EXPECT_EQ(test, S64_MAX, big);
}

/* Operands and results lie in messages and are aligned to nothing. */
static void check_unaligned(struct kunit *test, u8 type, u8 op, u32 shift)
{
	static const u64 operand = 0x1122334455667788ULL;
	static const u64 compare = 0x0f0f0f0f0f0f0f0fULL;
	u64 mem = 0x8899aabbccddeeffULL, old = mem, want = mem;
	u8 a[16], c[16], result[24];
	u32 i;

	memcpy(a + shift, &operand, 8);
	memcpy(c + shift, &compare, 8);
	memset(result, 0xa5, sizeof(result));
	KUNIT_ASSERT_EQ(test, 0,
			kfi_atomic_execute(type, op, &mem, a + shift, c + shift,
					   result + shift));
	model(type, op, &want, &operand, &compare);
	KUNIT_ASSERT_EQ_MSG(test, want, mem, "type %u op %u shift %u", type, op,
			    shift);
	KUNIT_ASSERT_MEMEQ(test, result + shift, &old, sizes[type]);
	/* Not a byte more than the element. */
	for (i = 0; i < sizeof(result); i++)
		if (i < shift || i >= shift + sizes[type])
			KUNIT_ASSERT_EQ(test, 0xa5, result[i]);
}

static void unaligned_operands(struct kunit *test)
{
	unsigned int t, op, shift;

	for (t = 0; t < ARRAY_SIZE(integers); t++)
		for (op = 0; op <= KFI_MSWAP; op++)
			for (shift = 0; shift < 8; shift++)
				check_unaligned(test, integers[t], op, shift);
}

/* What an operation does not take is not looked at. */
static void absent_operands(struct kunit *test)
{
	u64 mem = 7, result = 0, a = 9;

	KUNIT_EXPECT_EQ(test, 0, kfi_atomic_execute(KFI_UINT64, KFI_ATOMIC_READ,
						    &mem, NULL, NULL, &result));
	KUNIT_EXPECT_EQ(test, 7, result);
	KUNIT_EXPECT_EQ(test, 0, kfi_atomic_execute(KFI_UINT64,
						    KFI_ATOMIC_WRITE, &mem, &a,
						    NULL, &result));
	KUNIT_EXPECT_EQ(test, 9, mem);
	KUNIT_EXPECT_EQ(test, 7, result);
}

static void unsupported(struct kunit *test)
{
	unsigned int datatype, op;

	for (datatype = 0; datatype <= U8_MAX; datatype++) {
		for (op = 0; op <= U8_MAX; op++) {
			bool integer = datatype <= KFI_UINT64;
			bool real = datatype == KFI_FLOAT ||
				    datatype == KFI_DOUBLE;
			u64 mem = 1, result = 2, zero = 0;
			bool want = op <= KFI_MSWAP && integer;

			if (real && IS_ENABLED(CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT))
				want = op <= KFI_MSWAP && op != KFI_BOR &&
				       op != KFI_BAND && op != KFI_BXOR &&
				       op != KFI_MSWAP;
			KUNIT_ASSERT_EQ_MSG(test, want,
					    kfi_atomic_supported(datatype, op),
					    "datatype %u, op %u", datatype, op);
			if (want)
				continue;
			KUNIT_ASSERT_EQ(test, -EOPNOTSUPP,
					kfi_atomic_execute(datatype, op, &mem,
							   &zero, &zero,
							   &result));
			KUNIT_ASSERT_EQ(test, 1, mem);
			KUNIT_ASSERT_EQ(test, 2, result);
		}
	}
}

static void floats_without_fpu(struct kunit *test)
{
	u64 mem = 1, a = 2, result;
	unsigned int op;

	if (IS_ENABLED(CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT))
		kunit_skip(test, "this architecture lends its FPU");
	for (op = 0; op < KFI_ATOMIC_OP_LAST; op++) {
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				kfi_atomic_execute(KFI_FLOAT, op, &mem, &a, &a,
						   &result));
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				kfi_atomic_execute(KFI_DOUBLE, op, &mem, &a, &a,
						   &result));
	}
	KUNIT_EXPECT_EQ(test, 1, mem);
}

static void check_valid(struct kunit *test, unsigned int type, unsigned int op)
{
	const struct kfi_ops_atomic *ops = &kfr_atomic_ops;
	bool known = type < KFI_DATATYPE_LAST && op < KFI_ATOMIC_OP_LAST;
	bool can = known && kfi_atomic_supported(type, op);
	bool compares = op >= KFI_CSWAP && op <= KFI_MSWAP;
	int no = known ? -EOPNOTSUPP : -EINVAL;
	struct kfi_atomic_attr attr = { };
	size_t count = 0, most = 0;
	int ret;

	if (can)
		most = KFR_WIRE_REPLY_DATA / kfi_atomic_size(type);
	ret = ops->writevalid(NULL, type, op, &count);
	/* One that only reads has nowhere to put the value. */
	if (op == KFI_ATOMIC_READ)
		KUNIT_EXPECT_NE(test, 0, ret);
	else
		KUNIT_EXPECT_EQ(test, can && !compares ? 0 : no, ret);
	if (!ret)
		KUNIT_EXPECT_EQ(test, most, count);
	ret = ops->readwritevalid(NULL, type, op, &count);
	KUNIT_EXPECT_EQ(test, can && !compares ? 0 : no, ret);
	if (!ret)
		KUNIT_EXPECT_EQ(test, most, count);
	ret = ops->compwritevalid(NULL, type, op, &count);
	KUNIT_EXPECT_EQ(test, can && compares ? 0 : no, ret);
	if (!ret)
		KUNIT_EXPECT_EQ(test, most, count);

	ret = kfr_query_atomic(NULL, type, op, &attr,
			       compares ? KFI_COMPARE_ATOMIC :
					  KFI_FETCH_ATOMIC);
	KUNIT_EXPECT_EQ(test, can ? 0 : no, ret);
	if (!ret) {
		KUNIT_EXPECT_EQ(test, most, attr.count);
		KUNIT_EXPECT_EQ(test, kfi_atomic_size(type), attr.size);
	}
	/* Asked for as what it is not. */
	ret = kfr_query_atomic(NULL, type, op, &attr,
			       compares ? 0 : KFI_COMPARE_ATOMIC);
	KUNIT_EXPECT_NE(test, 0, ret);
}

/* The calls that ask say what the calls that do would do. */
static void valid_and_query(struct kunit *test)
{
	unsigned int type, op;

	for (type = 0; type <= KFI_DATATYPE_LAST; type++)
		for (op = 0; op <= KFI_ATOMIC_OP_LAST; op++)
			check_valid(test, type, op);
}

static void query_flags(struct kunit *test)
{
	struct kfi_atomic_attr attr;

	KUNIT_EXPECT_EQ(test, 0, kfr_query_atomic(NULL, KFI_INT64, KFI_SUM,
						  &attr, 0));
	KUNIT_EXPECT_EQ(test, 8, attr.size);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			kfr_query_atomic(NULL, KFI_INT64, KFI_ATOMIC_READ,
					 &attr, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfr_query_atomic(NULL, KFI_INT64, KFI_SUM, &attr,
					 KFI_TAGGED));
	/* kfi_domain.h lets a client ask for what can be committed. */
	KUNIT_EXPECT_EQ(test, 0,
			kfr_query_atomic(NULL, KFI_INT64, KFI_SUM, &attr,
					 KFI_COMMIT_COMPLETE));
}

#define ROUNDS	20000

struct racer {
	u32 *word;
	u32 add;
	struct completion done;
};

static int race(void *arg)
{
	struct racer *racer = arg;
	unsigned int i;
	u32 old;

	for (i = 0; i < ROUNDS; i++) {
		kfi_atomic_execute(KFI_UINT32, KFI_SUM, racer->word,
				   &racer->add, NULL, &old);
		if (i % 64 == 0)
			cond_resched();
	}
	complete(&racer->done);
	return 0;
}

/* Nothing is lost where two add to one word. */
static void concurrent_sums(struct kunit *test)
{
	struct task_struct *task;
	struct racer racers[2];
	unsigned int i;
	u32 word = 0;

	for (i = 0; i < ARRAY_SIZE(racers); i++) {
		racers[i].word = &word;
		racers[i].add = i ? 1 << 16 : 1;
		init_completion(&racers[i].done);
	}
	task = kthread_run(race, &racers[0], "kfi_atomic");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	race(&racers[1]);
	wait_for_completion(&racers[0].done);
	KUNIT_EXPECT_EQ(test, (u32)(ROUNDS + ((u64)ROUNDS << 16)), word);
}

static struct kunit_case atomic_cases[] = {
	KUNIT_CASE(integers_against_model),
	KUNIT_CASE(signs_and_wraps),
	KUNIT_CASE(unaligned_operands),
	KUNIT_CASE(absent_operands),
	KUNIT_CASE(unsupported),
	KUNIT_CASE(floats_without_fpu),
	KUNIT_CASE(valid_and_query),
	KUNIT_CASE(query_flags),
	KUNIT_CASE(concurrent_sums),
	{}
};

static struct kunit_suite atomic_suite = {
	.name = "kfi_atomic",
	.test_cases = atomic_cases,
};

kunit_test_suite(atomic_suite);

MODULE_DESCRIPTION("Tests of the kfabric RDMA provider's atomics");
MODULE_LICENSE("GPL");
