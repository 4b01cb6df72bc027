// SPDX-License-Identifier: BSD-3-Clause
/*
 * Atomic memory operations: each type and operation by itself, with a context,
 * non-blocking and by its old name; then all PEs at one variable.
 */
#include "harness.h"
#include "tables.h"

#define ROUNDS 200

static shmem_ctx_t ctx;

/*
 * PEs work on "x" of their right neighbour; "was" is what the operation has to
 * fetch, "is" what it leaves there.
 */
#define STEP(T, set, was, call, is) do { \
	x = (T)(set); \
	shmem_barrier_all(); \
	got = (T)(was); \
	call; \
	shmem_quiet(); \
	shmem_ctx_quiet(ctx); \
	CHECK(got == (T)(was)); \
	shmem_barrier_all(); \
	CHECK(x == (T)(is)); \
} while (0)
#define FETCHES(T, set, was, call, is) STEP(T, set, was, got = (T)0; got = call, is)
/* "got" is the last one's, which leaves it to the operation. */
#define FILLS(T, set, was, call, is) STEP(T, set, was, got = (T)0; call, is)

#define EXTENDED(T, N) \
static void extended_##N(void) \
{ \
	static T x; \
	T got; \
	FETCHES(T, 5 + me, 5 + right, shmem_##N##_atomic_fetch(&x, right), 5 + me); \
	FETCHES(T, 6 + me, 6 + right, shmem_ctx_##N##_atomic_fetch(ctx, &x, right), 6 + me); \
	FILLS(T, 7 + me, 7 + right, shmem_##N##_atomic_fetch_nbi(&got, &x, right); \
	      shmem_quiet(), 7 + me); \
	FILLS(T, 8 + me, 8 + right, shmem_ctx_##N##_atomic_fetch_nbi(ctx, &got, &x, right); \
	      shmem_ctx_quiet(ctx), 8 + me); \
	FETCHES(T, 9 + me, 9 + right, shmem_##N##_fetch(&x, right), 9 + me); \
	STEP(T, 1, 0, shmem_##N##_atomic_set(&x, (T)(40 + me), right), 40 + left); \
	STEP(T, 1, 0, shmem_ctx_##N##_atomic_set(ctx, &x, (T)(41 + me), right), 41 + left); \
	STEP(T, 1, 0, shmem_##N##_set(&x, (T)(42 + me), right), 42 + left); \
	FETCHES(T, 3 + me, 3 + right, shmem_##N##_atomic_swap(&x, (T)(50 + me), right), \
		50 + left); \
	FETCHES(T, 3 + me, 3 + right, shmem_ctx_##N##_atomic_swap(ctx, &x, (T)(51 + me), right), \
		51 + left); \
	FETCHES(T, 3 + me, 3 + right, shmem_##N##_swap(&x, (T)(52 + me), right), 52 + left); \
	FILLS(T, 3 + me, 3 + right, \
	      shmem_##N##_atomic_swap_nbi(&got, &x, (T)(53 + me), right); shmem_quiet(), \
	      53 + left); \
	FILLS(T, 3 + me, 3 + right, \
	      shmem_ctx_##N##_atomic_swap_nbi(ctx, &got, &x, (T)(54 + me), right); \
	      shmem_ctx_quiet(ctx), 54 + left); \
	result("amo", #N ": fetch set swap, nbi, contexts, old names"); \
}
AMO_EXT_TYPES(EXTENDED)

#define STANDARD(T, N) \
static void standard_##N(void) \
{ \
	static T x; \
	const T top = (T)-1; \
	T got; \
	FETCHES(T, 5, 5, shmem_##N##_atomic_compare_swap(&x, (T)5, (T)(60 + me), right), \
		60 + left); \
	FETCHES(T, 5, 5, shmem_##N##_atomic_compare_swap(&x, (T)6, (T)(61 + me), right), 5); \
	FETCHES(T, 5, 5, shmem_ctx_##N##_atomic_compare_swap(ctx, &x, (T)5, (T)62, right), 62); \
	FETCHES(T, 5, 5, shmem_##N##_cswap(&x, (T)5, (T)63, right), 63); \
	FETCHES(T, 5, 5, shmem_##N##_cswap(&x, (T)4, (T)63, right), 5); \
	FILLS(T, 5, 5, shmem_##N##_atomic_compare_swap_nbi(&got, &x, (T)5, (T)64, right); \
	      shmem_quiet(), 64); \
	FILLS(T, 5, 5, shmem_ctx_##N##_atomic_compare_swap_nbi(ctx, &got, &x, (T)4, (T)64, \
							      right); \
	      shmem_ctx_quiet(ctx), 5); \
	FETCHES(T, me, right, shmem_##N##_atomic_fetch_inc(&x, right), me + 1); \
	FETCHES(T, top, top, shmem_##N##_atomic_fetch_inc(&x, right), 0); \
	FETCHES(T, me, right, shmem_ctx_##N##_atomic_fetch_inc(ctx, &x, right), me + 1); \
	FETCHES(T, me, right, shmem_##N##_finc(&x, right), me + 1); \
	FILLS(T, me, right, shmem_##N##_atomic_fetch_inc_nbi(&got, &x, right); \
	      shmem_quiet(), me + 1); \
	FILLS(T, me, right, shmem_ctx_##N##_atomic_fetch_inc_nbi(ctx, &got, &x, right); \
	      shmem_ctx_quiet(ctx), me + 1); \
	STEP(T, me, 0, shmem_##N##_atomic_inc(&x, right), me + 1); \
	STEP(T, me, 0, shmem_ctx_##N##_atomic_inc(ctx, &x, right), me + 1); \
	STEP(T, me, 0, shmem_##N##_inc(&x, right), me + 1); \
	FETCHES(T, me, right, shmem_##N##_atomic_fetch_add(&x, (T)-3, right), me - 3); \
	FETCHES(T, me, right, shmem_ctx_##N##_atomic_fetch_add(ctx, &x, (T)9, right), me + 9); \
	FETCHES(T, me, right, shmem_##N##_fadd(&x, (T)11, right), me + 11); \
	FILLS(T, me, right, shmem_##N##_atomic_fetch_add_nbi(&got, &x, (T)13, right); \
	      shmem_quiet(), me + 13); \
	FILLS(T, me, right, shmem_ctx_##N##_atomic_fetch_add_nbi(ctx, &got, &x, (T)14, right); \
	      shmem_ctx_quiet(ctx), me + 14); \
	STEP(T, me, 0, shmem_##N##_atomic_add(&x, (T)15, right), me + 15); \
	STEP(T, me, 0, shmem_ctx_##N##_atomic_add(ctx, &x, (T)16, right), me + 16); \
	STEP(T, me, 0, shmem_##N##_add(&x, (T)17, right), me + 17); \
	result("amo", #N ": compare_swap inc add and fetching, nbi, contexts, old names"); \
}
AMO_TYPES(STANDARD)

#define PATTERN 0x5a5a5a5aL
#define OPERAND (0x0ff00ff0L + me)
#define FROM_LEFT (0x0ff00ff0L + left)
#define BITS(T, N, op, c) \
	FETCHES(T, PATTERN, PATTERN, shmem_##N##_atomic_fetch_##op(&x, (T)OPERAND, right), \
		(T)PATTERN c (T)FROM_LEFT); \
	FETCHES(T, PATTERN, PATTERN, shmem_ctx_##N##_atomic_fetch_##op(ctx, &x, (T)OPERAND, \
								      right), \
		(T)PATTERN c (T)FROM_LEFT); \
	FILLS(T, PATTERN, PATTERN, \
	      shmem_##N##_atomic_fetch_##op##_nbi(&got, &x, (T)OPERAND, right); \
	      shmem_quiet(), (T)PATTERN c (T)FROM_LEFT); \
	FILLS(T, PATTERN, PATTERN, \
	      shmem_ctx_##N##_atomic_fetch_##op##_nbi(ctx, &got, &x, (T)OPERAND, right); \
	      shmem_ctx_quiet(ctx), (T)PATTERN c (T)FROM_LEFT); \
	STEP(T, PATTERN, 0, shmem_##N##_atomic_##op(&x, (T)OPERAND, right), \
	     (T)PATTERN c (T)FROM_LEFT); \
	STEP(T, PATTERN, 0, shmem_ctx_##N##_atomic_##op(ctx, &x, (T)OPERAND, right), \
	     (T)PATTERN c (T)FROM_LEFT);
#define BITWISE(T, N) \
static void bits_##N(void) \
{ \
	static T x; \
	T got; \
	BITS(T, N, and, &) \
	BITS(T, N, or, |) \
	BITS(T, N, xor, ^) \
	result("amo", #N ": and or xor and fetching, nbi, contexts"); \
}
AMO_BIT_TYPES(BITWISE)

/* All at one variable: nothing is lost, and no value is fetched twice. */
#define CONTEND(T, N) \
static void contend_##N(void) \
{ \
	static T x, y, seen[64 * ROUNDS]; \
	T old; \
	long i; \
	x = y = 0; \
	memset(seen, 0, sizeof(seen)); \
	shmem_barrier_all(); \
	for (i = 0; i < ROUNDS; i++) { \
		old = shmem_##N##_atomic_fetch_inc(&x, 0); \
		shmem_##N##_atomic_inc(&seen[(long)old], 0); \
		do \
			old = shmem_##N##_atomic_fetch(&y, npes - 1); \
		while (shmem_##N##_atomic_compare_swap(&y, old, (T)(old + 1), npes - 1) != old); \
	} \
	shmem_barrier_all(); \
	CHECK(me || x == (T)(npes * ROUNDS)); \
	CHECK(me != npes - 1 || y == (T)(npes * ROUNDS)); \
	CHECK_ARRAY(seen, me ? 0 : npes * ROUNDS, 1); \
	result("amo", #N ": all PEs at one variable"); \
}
AMO_TYPES(CONTEND)

/* Atomic to what the program itself does by C11 atomics on its own variable */
static void contend_local(void)
{
	static long x;
	long i;

	for (i = 0; i < ROUNDS; i++) {
		shmem_long_atomic_add(&x, 3, right);
		__atomic_fetch_add(&x, 5, __ATOMIC_RELAXED);
	}
	shmem_barrier_all();
	CHECK(x == 8 * ROUNDS);
	result("amo", "with atomics of the program itself");
}

int main(void)
{
	shmem_init();
	suite_begin();
	CHECK(!shmem_ctx_create(0, &ctx));
#define RUN(T, N) extended_##N();
	AMO_EXT_TYPES(RUN)
#undef RUN
#define RUN(T, N) standard_##N(); contend_##N();
	AMO_TYPES(RUN)
#undef RUN
#define RUN(T, N) bits_##N();
	AMO_BIT_TYPES(RUN)
	contend_local();
	shmem_ctx_destroy(ctx);
	return suite_end();
}
