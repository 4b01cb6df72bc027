// SPDX-License-Identifier: BSD-3-Clause
/* The C11 type-generic interface: each macro with each of its types. */
#include <complex.h>

#include "harness.h"

#define LEN 4

static shmem_ctx_t ctx;

/* Types as the program knows them; each is one of the tables by another name too. */
#define GENERIC_RMA(X) \
	X(float) X(double) X(long double) X(char) X(signed char) X(short) X(int) X(long) \
	X(long long) X(unsigned char) X(unsigned short) X(unsigned int) X(unsigned long) \
	X(unsigned long long) X(int8_t) X(uint16_t) X(int32_t) X(uint64_t) X(size_t) \
	X(ptrdiff_t)
#define GENERIC_AMO(X) \
	X(int) X(long) X(long long) X(unsigned int) X(unsigned long) X(unsigned long long) \
	X(int32_t) X(int64_t) X(uint32_t) X(uint64_t) X(size_t) X(ptrdiff_t)
#define GENERIC_BIT(X) \
	X(unsigned int) X(unsigned long) X(unsigned long long) X(int32_t) X(int64_t) \
	X(uint32_t) X(uint64_t)

#define ROUND(T, call, expected) do { \
	FILL(dst, LEN, (T)100); \
	shmem_barrier_all(); \
	call; \
	shmem_quiet(); \
	shmem_ctx_quiet(ctx); \
	shmem_barrier_all(); \
	CHECK(dst[0] == (T)(expected)); \
} while (0)

#define RMA(T) do { \
	static T dst[LEN], src[LEN]; \
	static uint64_t sig; \
	const T *constant = src; \
	FILL(src, LEN, (T)val(me, i)); \
	ROUND(T, shmem_put(dst, src, LEN, right), val(left, 0)); \
	ROUND(T, shmem_put(ctx, dst, src + 1, 1, right), val(left, 1)); \
	ROUND(T, shmem_put_nbi(dst, constant, LEN, right), val(left, 0)); \
	ROUND(T, shmem_put_nbi(ctx, dst, &src[2], 1, right), val(left, 2)); \
	ROUND(T, shmem_get(dst, src, LEN, right), val(right, 0)); \
	ROUND(T, shmem_get(ctx, dst, src, LEN, right), val(right, 0)); \
	ROUND(T, shmem_get_nbi(dst, src, LEN, right), val(right, 0)); \
	ROUND(T, shmem_get_nbi(ctx, dst, src, LEN, right), val(right, 0)); \
	ROUND(T, shmem_p(dst, (T)9, right), 9); \
	ROUND(T, shmem_p(ctx, dst, (T)8, right), 8); \
	CHECK(shmem_g(src, right) == (T)val(right, 0)); \
	CHECK(shmem_g(ctx, constant + 1, right) == (T)val(right, 1)); \
	ROUND(T, shmem_iput(dst, src, 2, 1, 2, right), val(left, 0)); \
	ROUND(T, shmem_iput(ctx, dst, src, 1, 2, 2, right), val(left, 0)); \
	ROUND(T, shmem_iget(dst, src, 2, 1, 2, right), val(right, 0)); \
	ROUND(T, shmem_iget(ctx, dst, src, 1, 2, 2, right), val(right, 0)); \
	ROUND(T, shmem_ibput(dst, src, 2, 2, 1, 2, right), val(left, 0)); \
	ROUND(T, shmem_ibput(ctx, dst, src, 2, 2, 2, 2, right), val(left, 0)); \
	ROUND(T, shmem_ibget(dst, src, 2, 2, 1, 2, right), val(right, 0)); \
	ROUND(T, shmem_ibget(ctx, dst, src, 2, 2, 2, 2, right), val(right, 0)); \
	ROUND(T, shmem_put_signal(dst, src, LEN, &sig, 1, SHMEM_SIGNAL_ADD, right), val(left, 0)); \
	ROUND(T, shmem_put_signal(ctx, dst, src, LEN, &sig, 1, SHMEM_SIGNAL_ADD, right), \
	      val(left, 0)); \
	ROUND(T, shmem_put_signal_nbi(dst, src, LEN, &sig, 1, SHMEM_SIGNAL_ADD, right), \
	      val(left, 0)); \
	ROUND(T, shmem_put_signal_nbi(ctx, dst, src, LEN, &sig, 1, SHMEM_SIGNAL_ADD, right), \
	      val(left, 0)); \
	CHECK(sig == 4); \
} while (0);

#define EXTENDED(T) do { \
	static T dst[1]; \
	T got = 0; \
	ROUND(T, shmem_atomic_set(dst, (T)5, right), 5); \
	ROUND(T, shmem_atomic_set(ctx, dst, (T)6, right), 6); \
	ROUND(T, shmem_set(dst, (T)7, right), 7); \
	ROUND(T, got = shmem_atomic_swap(dst, (T)8, right), 8); \
	CHECK(got == 100); \
	ROUND(T, got = shmem_atomic_swap(ctx, dst, (T)9, right), 9); \
	ROUND(T, got = shmem_swap(dst, (T)10, right), 10); \
	ROUND(T, shmem_atomic_swap_nbi(&got, dst, (T)11, right), 11); \
	ROUND(T, shmem_atomic_swap_nbi(ctx, &got, dst, (T)12, right), 12); \
	ROUND(T, shmem_atomic_fetch_nbi(&got, dst, right), 100); \
	ROUND(T, shmem_atomic_fetch_nbi(ctx, &got, dst, right), 100); \
	CHECK(got == 100 && shmem_atomic_fetch(dst, right) == 100); \
	CHECK(shmem_atomic_fetch(ctx, dst, right) == 100 && shmem_fetch(dst, right) == 100); \
} while (0);
#undef LEN
#define LEN 1

#define STANDARD(T) do { \
	static T dst[1]; \
	T got = 0; \
	EXTENDED(T) \
	ROUND(T, got = shmem_atomic_compare_swap(dst, (T)100, (T)1, right), 1); \
	ROUND(T, got = shmem_atomic_compare_swap(ctx, dst, (T)3, (T)1, right), 100); \
	ROUND(T, got = shmem_cswap(dst, (T)100, (T)2, right), 2); \
	ROUND(T, shmem_atomic_compare_swap_nbi(&got, dst, (T)100, (T)3, right), 3); \
	ROUND(T, shmem_atomic_compare_swap_nbi(ctx, &got, dst, (T)100, (T)4, right), 4); \
	CHECK(got == 100); \
	ROUND(T, got = shmem_atomic_fetch_inc(dst, right), 101); \
	ROUND(T, got = shmem_atomic_fetch_inc(ctx, dst, right), 101); \
	ROUND(T, got = shmem_finc(dst, right), 101); \
	ROUND(T, shmem_atomic_fetch_inc_nbi(&got, dst, right), 101); \
	ROUND(T, shmem_atomic_fetch_inc_nbi(ctx, &got, dst, right), 101); \
	ROUND(T, shmem_atomic_inc(dst, right), 101); \
	ROUND(T, shmem_atomic_inc(ctx, dst, right), 101); \
	ROUND(T, shmem_inc(dst, right), 101); \
	ROUND(T, got = shmem_atomic_fetch_add(dst, (T)2, right), 102); \
	ROUND(T, got = shmem_atomic_fetch_add(ctx, dst, (T)3, right), 103); \
	ROUND(T, got = shmem_fadd(dst, (T)4, right), 104); \
	ROUND(T, shmem_atomic_fetch_add_nbi(&got, dst, (T)5, right), 105); \
	ROUND(T, shmem_atomic_fetch_add_nbi(ctx, &got, dst, (T)6, right), 106); \
	ROUND(T, shmem_atomic_add(dst, (T)7, right), 107); \
	ROUND(T, shmem_atomic_add(ctx, dst, (T)8, right), 108); \
	ROUND(T, shmem_add(dst, (T)9, right), 109); \
	CHECK(got == 100); \
} while (0);

#define BITWISE(T, op, c) \
	ROUND(T, shmem_atomic_##op(dst, (T)54, right), 100 c 54); \
	ROUND(T, shmem_atomic_##op(ctx, dst, (T)55, right), 100 c 55); \
	ROUND(T, got = shmem_atomic_fetch_##op(dst, (T)56, right), 100 c 56); \
	ROUND(T, got = shmem_atomic_fetch_##op(ctx, dst, (T)57, right), 100 c 57); \
	ROUND(T, shmem_atomic_fetch_##op##_nbi(&got, dst, (T)58, right), 100 c 58); \
	ROUND(T, shmem_atomic_fetch_##op##_nbi(ctx, &got, dst, (T)59, right), 100 c 59);
#define BITS(T) do { \
	static T dst[1]; \
	T got = 0; \
	BITWISE(T, and, &) BITWISE(T, or, |) BITWISE(T, xor, ^) \
	CHECK(got == 100); \
} while (0);

#define WAITS(T) do { \
	static T a[3]; \
	T bounds[3] = { 1, 1, 1 }; \
	size_t found[3]; \
	volatile T *old = a; \
	FILL(a, 3, 0); \
	shmem_barrier_all(); \
	shmem_put(a, bounds, 3, right); \
	shmem_wait_until(&a[2], SHMEM_CMP_EQ, (T)1); \
	shmem_wait_until(old, SHMEM_CMP_EQ, (T)1); \
	shmem_wait(a + 1, (T)0); \
	shmem_wait_until_all(a, 3, NULL, SHMEM_CMP_EQ, (T)1); \
	CHECK(shmem_wait_until_any(a, 3, NULL, SHMEM_CMP_EQ, (T)1) < 3); \
	CHECK(shmem_wait_until_some(a, 3, found, NULL, SHMEM_CMP_EQ, (T)1) == 3); \
	shmem_wait_until_all_vector(a, 3, NULL, SHMEM_CMP_EQ, bounds); \
	CHECK(shmem_wait_until_any_vector(a, 3, NULL, SHMEM_CMP_EQ, bounds) < 3); \
	CHECK(shmem_wait_until_some_vector(a, 3, found, NULL, SHMEM_CMP_EQ, bounds) == 3); \
	CHECK(shmem_test(a, SHMEM_CMP_GE, (T)1)); \
	CHECK(shmem_test_all(a, 3, NULL, SHMEM_CMP_EQ, (T)1)); \
	CHECK(shmem_test_any(a, 3, NULL, SHMEM_CMP_NE, (T)1) == SIZE_MAX); \
	CHECK(shmem_test_some(a, 3, found, NULL, SHMEM_CMP_LT, (T)1) == 0); \
	CHECK(shmem_test_all_vector(a, 3, NULL, SHMEM_CMP_EQ, bounds)); \
	CHECK(shmem_test_any_vector(a, 3, NULL, SHMEM_CMP_EQ, bounds) < 3); \
	CHECK(shmem_test_some_vector(a, 3, found, NULL, SHMEM_CMP_EQ, bounds) == 3); \
} while (0);

#define WORLD SHMEM_TEAM_WORLD
#define MOST 8
#define COLLECTIVES(T) do { \
	static T dst[MOST], src[MOST]; \
	FILL(src, MOST, (T)val(me, i)); \
	CHECK(!shmem_broadcast(WORLD, dst, src, 1, npes - 1) && dst[0] == (T)val(npes - 1, 0)); \
	CHECK(!shmem_collect(WORLD, dst, src, 1) && dst[npes - 1] == (T)val(npes - 1, 0)); \
	CHECK(!shmem_fcollect(WORLD, dst, src, 1) && dst[npes - 1] == (T)val(npes - 1, 0)); \
	CHECK(!shmem_alltoall(WORLD, dst, src, 1) && dst[npes - 1] == (T)val(npes - 1, me)); \
	CHECK(!shmem_alltoalls(WORLD, dst, src, 1, 1, 1) && dst[0] == (T)val(0, me)); \
} while (0);
#define REDUCE(T, op, expected) \
	CHECK(!shmem_##op(WORLD, dst, src, 1) && dst[0] == (T)(expected));
#define BIT_REDUCE(T) do { \
	static T dst[1], src[1] = { 1 }; \
	REDUCE(T, and_reduce, 1) REDUCE(T, or_reduce, 1) REDUCE(T, xor_reduce, npes % 2) \
} while (0);
#define SUM_REDUCE(T) do { \
	static T dst[1], src[1] = { 1 }; \
	REDUCE(T, sum_reduce, npes) REDUCE(T, prod_reduce, 1) \
	REDUCE(T, sum_inscan, me + 1) REDUCE(T, sum_exscan, me) \
} while (0);
#define ORDER_REDUCE(T) do { \
	static T dst[1], src[1]; \
	src[0] = (T)(me + 1); \
	REDUCE(T, max_reduce, npes) REDUCE(T, min_reduce, 1) \
} while (0);

static void signals(void)
{
	static uint64_t sig;

	shmem_signal_add(&sig, 1, right);
	shmem_signal_add(ctx, &sig, 1, right);
	shmem_ctx_quiet(ctx);
	shmem_barrier_all();
	CHECK(sig == 2);
	shmem_barrier_all();
	shmem_signal_set(&sig, 7, right);
	shmem_signal_set(ctx, &sig, 7, right);
	shmem_barrier_all();
	CHECK(sig == 7);
	result("C11", "signal_add signal_set");
}

int main(void)
{
	static long sync[SHMEM_BARRIER_SYNC_SIZE];

	shmem_init();
	suite_begin();
	CHECK(!shmem_ctx_create(0, &ctx));
#undef LEN
#define LEN 4
	GENERIC_RMA(RMA)
	result("C11", "put get p g iput iget ibput ibget put_signal, nbi, contexts");
#undef LEN
#define LEN 1
	GENERIC_AMO(STANDARD)
	EXTENDED(float)
	EXTENDED(double)
	result("C11", "atomics, nbi, contexts, old names");
	GENERIC_BIT(BITS)
	result("C11", "and or xor, nbi, contexts");
	GENERIC_AMO(WAITS)
	result("C11", "wait_until test: one all any some, vectors");
	GENERIC_RMA(COLLECTIVES)
	result("C11", "broadcast collect fcollect alltoall alltoalls");
	GENERIC_BIT(BIT_REDUCE)
	BIT_REDUCE(unsigned char)
	BIT_REDUCE(int8_t)
	BIT_REDUCE(int16_t)
	GENERIC_RMA(SUM_REDUCE)
	SUM_REDUCE(double _Complex)
	SUM_REDUCE(float _Complex)
	GENERIC_RMA(ORDER_REDUCE)
	result("C11", "reductions and scans");
	signals();
	FILL(sync, SHMEM_BARRIER_SYNC_SIZE, SHMEM_SYNC_VALUE);
	shmem_barrier_all();
	shmem_sync(SHMEM_TEAM_WORLD);
	shmem_sync(0, 0, npes, sync);
	result("C11", "sync of a team and of an active set");
	shmem_ctx_destroy(ctx);
	return suite_end();
}
