// SPDX-License-Identifier: BSD-3-Clause
/* Point-to-point synchronisation, and signals. */
#include "harness.h"
#include "tables.h"

#define LEN 12

static shmem_ctx_t ctx;

/* cmp of a and b, written down once more */
static int holds(double a, int cmp, double b)
{
	return cmp == SHMEM_CMP_EQ ? a == b : cmp == SHMEM_CMP_NE ? a != b :
		cmp == SHMEM_CMP_GT ? a > b : cmp == SHMEM_CMP_GE ? a >= b :
		cmp == SHMEM_CMP_LT ? a < b : a <= b;
}

static const int cmps[] = {
	SHMEM_CMP_EQ, SHMEM_CMP_NE, SHMEM_CMP_GT, SHMEM_CMP_GE, SHMEM_CMP_LT, SHMEM_CMP_LE,
};

/* For each comparison, values on all sides of the bound */
#define TESTS(T, N) \
static void test_##N(void) \
{ \
	static T a[LEN]; \
	T bounds[LEN]; \
	int status[LEN] = { 0 }, i, k, all, some; \
	size_t found[LEN], n; \
	for (i = 0; i < 6; i++) { \
		for (a[0] = 4; a[0] < 7; a[0]++) \
			CHECK(shmem_##N##_test(a, cmps[i], (T)5) == holds(a[0], cmps[i], 5)); \
		FILL(a, LEN, (T)(i % 4 + 3)); \
		FILL(bounds, LEN, (T)((i * 5) % 7)); \
		status[3] = 1; \
		all = 1; \
		some = 0; \
		for (k = 0; k < LEN; k++) { \
			if (k == 3) \
				continue; \
			all &= holds(a[k], cmps[i], 5); \
			some += holds(a[k], cmps[i], 5); \
		} \
		CHECK(shmem_##N##_test_all(a, LEN, status, cmps[i], (T)5) == all); \
		n = shmem_##N##_test_any(a, LEN, status, cmps[i], (T)5); \
		CHECK(some ? n < LEN && n != 3 && holds(a[n], cmps[i], 5) : n == SIZE_MAX); \
		n = shmem_##N##_test_some(a, LEN, found, status, cmps[i], (T)5); \
		CHECK(n == (size_t)some); \
		for (k = 0; k < (int)n; k++) \
			CHECK(found[k] < LEN && found[k] != 3 && holds(a[found[k]], cmps[i], 5)); \
		all = 1; \
		some = 0; \
		for (k = 0; k < LEN; k++) { \
			all &= holds(a[k], cmps[i], bounds[k]); \
			some += holds(a[k], cmps[i], bounds[k]); \
		} \
		CHECK(shmem_##N##_test_all_vector(a, LEN, NULL, cmps[i], bounds) == all); \
		n = shmem_##N##_test_any_vector(a, LEN, NULL, cmps[i], bounds); \
		CHECK(some ? n < LEN && holds(a[n], cmps[i], bounds[n]) : n == SIZE_MAX); \
		n = shmem_##N##_test_some_vector(a, LEN, found, NULL, cmps[i], bounds); \
		CHECK(n == (size_t)some); \
		for (k = 0; k < (int)n; k++) \
			CHECK(found[k] < LEN && holds(a[found[k]], cmps[i], bounds[found[k]])); \
	} \
	FILL(status, LEN, 1); \
	CHECK(shmem_##N##_test_all(a, LEN, status, SHMEM_CMP_EQ, (T)99) == 1); \
	CHECK(shmem_##N##_test_any(a, LEN, status, SHMEM_CMP_NE, (T)99) == SIZE_MAX); \
	CHECK(shmem_##N##_test_some(a, LEN, found, status, SHMEM_CMP_NE, (T)99) == 0); \
	CHECK(shmem_##N##_test_all(a, 0, NULL, SHMEM_CMP_EQ, (T)99) == 1); \
	CHECK(shmem_##N##_test_any(a, 0, NULL, SHMEM_CMP_NE, (T)99) == SIZE_MAX); \
	CHECK(shmem_##N##_test_some(a, 0, found, NULL, SHMEM_CMP_NE, (T)99) == 0); \
	result("point-to-point", #N ": test, all any some, vectors, status, none"); \
}
WAIT_TYPES(TESTS)

/* The left one puts; the value says how often. */
#define TO_RIGHT(N, i, value) shmem_##N##_p(&a[i], value, right)
#define WAITS(T, N) \
static void wait_##N(void) \
{ \
	static T a[LEN]; \
	T bounds[LEN]; \
	int status[LEN] = { 0 }, k; \
	size_t found[LEN], n, i, seen; \
	memset(a, 0, sizeof(a)); \
	FILL(bounds, LEN, (T)(20 + i)); \
	shmem_barrier_all(); \
	TO_RIGHT(N, 0, (T)1); \
	shmem_##N##_wait_until(a, SHMEM_CMP_EQ, (T)1); \
	TO_RIGHT(N, 1, (T)2); \
	shmem_##N##_wait_until(&a[1], SHMEM_CMP_GT, (T)1); \
	TO_RIGHT(N, 2, (T)3); \
	shmem_##N##_wait_until(&a[2], SHMEM_CMP_GE, (T)3); \
	TO_RIGHT(N, 3, (T)4); \
	shmem_##N##_wait_until(&a[3], SHMEM_CMP_NE, (T)0); \
	shmem_##N##_wait_until(&a[6], SHMEM_CMP_LE, (T)0); \
	shmem_##N##_wait_until(&a[5], SHMEM_CMP_LT, (T)1); \
	TO_RIGHT(N, 4, (T)5); \
	shmem_##N##_wait(&a[4], (T)0); \
	CHECK(a[0] == 1 && a[1] == 2 && a[2] == 3 && a[3] == 4 && a[4] == 5); \
	shmem_barrier_all(); \
	status[7] = 1; \
	for (k = 0; k < LEN; k++) \
		if (k != 7) \
			TO_RIGHT(N, k, (T)(10 + k)); \
	shmem_##N##_wait_until_all(a, LEN, status, SHMEM_CMP_GE, (T)10); \
	CHECK_ARRAY(a, LEN, (T)(i == 7 ? 0 : 10 + i)); \
	shmem_barrier_all(); \
	memset(a, 0, sizeof(a)); \
	memset(status, 0, sizeof(status)); \
	shmem_barrier_all(); \
	for (k = 0; k < LEN; k++) { \
		TO_RIGHT(N, LEN - 1 - k, (T)30); \
		n = shmem_##N##_wait_until_any(a, LEN, status, SHMEM_CMP_EQ, (T)30); \
		CHECK(n < LEN && !status[n] && a[n] == (T)30); \
		if (n < LEN) \
			status[n] = 1; \
	} \
	CHECK(shmem_##N##_wait_until_any(a, LEN, status, SHMEM_CMP_EQ, (T)30) == SIZE_MAX); \
	CHECK(shmem_##N##_wait_until_any(a, 0, NULL, SHMEM_CMP_EQ, (T)30) == SIZE_MAX); \
	CHECK(shmem_##N##_wait_until_some(a, LEN, found, status, SHMEM_CMP_EQ, (T)30) == 0); \
	CHECK(shmem_##N##_wait_until_some(a, 0, found, NULL, SHMEM_CMP_EQ, (T)30) == 0); \
	shmem_##N##_wait_until_all(a, LEN, status, SHMEM_CMP_EQ, (T)99); \
	shmem_##N##_wait_until_all(a, 0, NULL, SHMEM_CMP_EQ, (T)99); \
	shmem_barrier_all(); \
	memset(a, 0, sizeof(a)); \
	memset(status, 0, sizeof(status)); \
	shmem_barrier_all(); \
	for (k = 0; k < LEN; k++) \
		TO_RIGHT(N, k, (T)(20 + k)); \
	for (seen = 0; seen < LEN; seen += n) { \
		n = shmem_##N##_wait_until_some(a, LEN, found, status, SHMEM_CMP_GE, (T)20); \
		CHECK(n > 0 && n <= LEN - seen); \
		if (!n) \
			break; \
		for (i = 0; i < n; i++) { \
			CHECK(!status[found[i]] && a[found[i]] == (T)(20 + found[i])); \
			status[found[i]] = 1; \
		} \
	} \
	memset(status, 0, sizeof(status)); \
	shmem_##N##_wait_until_all_vector(a, LEN, NULL, SHMEM_CMP_EQ, bounds); \
	status[0] = 1; \
	n = shmem_##N##_wait_until_any_vector(a, LEN, status, SHMEM_CMP_EQ, bounds); \
	CHECK(n > 0 && n < LEN); \
	n = shmem_##N##_wait_until_some_vector(a, LEN, found, status, SHMEM_CMP_EQ, bounds); \
	CHECK(n == LEN - 1); \
	result("point-to-point", #N ": wait_until, all any some, vectors, status, none, wait"); \
}
WAIT_TYPES(WAITS)

/* A signal is seen only when the data are there. */
static uint64_t sig;

#define SIGNALLED(T, call, n, expect) do { \
	FILL(dst, LEN, (T)100); \
	sig = 5; \
	shmem_barrier_all(); \
	call; \
	CHECK(shmem_signal_wait_until(&sig, SHMEM_CMP_NE, 5) == (expect)); \
	CHECK_ARRAY(dst, LEN, (T)((long)i < (n) ? val(left, i) : 100)); \
	CHECK(shmem_signal_fetch(&sig) == (expect)); \
	shmem_barrier_all(); \
} while (0)
#define SIGNAL(T, put, ctx_put, put_nbi, ctx_put_nbi) \
	SIGNALLED(T, put(dst, src, LEN, &sig, 9, SHMEM_SIGNAL_SET, right), LEN, 9); \
	SIGNALLED(T, put(dst, src, 3, &sig, 9, SHMEM_SIGNAL_ADD, right), 3, 14); \
	SIGNALLED(T, put(dst, src, 0, &sig, 6, SHMEM_SIGNAL_SET, right), 0, 6); \
	SIGNALLED(T, ctx_put(ctx, dst, src, LEN, &sig, 1UL << 63, SHMEM_SIGNAL_SET, right), \
		  LEN, 1UL << 63); \
	SIGNALLED(T, put_nbi(dst, src, LEN, &sig, 11, SHMEM_SIGNAL_ADD, right), LEN, 16); \
	SIGNALLED(T, put_nbi(dst, src, 5, &sig, 12, SHMEM_SIGNAL_SET, right), 5, 12); \
	SIGNALLED(T, ctx_put_nbi(ctx, dst, src, LEN, &sig, 13, SHMEM_SIGNAL_SET, right), LEN, 13);
#define PUT_SIGNAL(T, N) \
static void signal_##N(void) \
{ \
	static T dst[LEN], src[LEN]; \
	FILL(src, LEN, (T)val(me, i)); \
	SIGNAL(T, shmem_##N##_put_signal, shmem_ctx_##N##_put_signal, \
	       shmem_##N##_put_signal_nbi, shmem_ctx_##N##_put_signal_nbi) \
	result("signaling", #N ": put_signal, nbi, contexts, set and add"); \
}
RMA_TYPES(PUT_SIGNAL)

#define uint128_t unsigned __int128
#define PUT_SIGNAL_SIZE(S) \
static void signal_##S(void) \
{ \
	static uint##S##_t dst[LEN], src[LEN]; \
	FILL(src, LEN, (uint##S##_t)val(me, i)); \
	SIGNAL(uint##S##_t, shmem_put##S##_signal, shmem_ctx_put##S##_signal, \
	       shmem_put##S##_signal_nbi, shmem_ctx_put##S##_signal_nbi) \
	result("signaling", #S " bits: put_signal, nbi, contexts, set and add"); \
}
SIZES(PUT_SIGNAL_SIZE)

static void signal_mem(void)
{
	static char dst[LEN], src[LEN];

	FILL(src, LEN, val(me, i));
	SIGNAL(char, shmem_putmem_signal, shmem_ctx_putmem_signal, shmem_putmem_signal_nbi,
	       shmem_ctx_putmem_signal_nbi)
	result("signaling", "putmem_signal, nbi, contexts, set and add");
}

static void signal_alone(void)
{
	static uint64_t count;

	sig = 0;
	shmem_barrier_all();
	(shmem_signal_set)(&sig, 7, right);
	CHECK(shmem_signal_wait_until(&sig, SHMEM_CMP_EQ, 7) == 7);
	shmem_barrier_all();
	shmem_ctx_signal_set(ctx, &sig, 8, right);
	CHECK(shmem_signal_wait_until(&sig, SHMEM_CMP_GT, 7) == 8);
	shmem_barrier_all();
	(shmem_signal_add)(&count, 3, 0);
	shmem_ctx_signal_add(ctx, &count, 4, 0);
	if (!me)
		CHECK(shmem_signal_wait_until(&count, SHMEM_CMP_GE, 7 * npes) ==
		      (uint64_t)(7 * npes));
	result("signaling", "signal_set signal_add signal_fetch signal_wait_until");
}

/* Large data behind a signal, again and again, back and forth */
static void signal_stream(void)
{
	static long buffer[4096];
	long source[4096], round, got;

	sig = 0;
	shmem_barrier_all();
	for (round = 1; round <= 50; round++) {
		FILL(source, 4096, round * 10000 + (long)i);
		shmem_long_put_signal_nbi(buffer, source, 4096, &sig, round, SHMEM_SIGNAL_SET, right);
		got = shmem_signal_wait_until(&sig, SHMEM_CMP_GE, round);
		CHECK(got == round);
		CHECK_ARRAY(buffer, 4096, round * 10000 + (long)i);
		shmem_barrier_all();
	}
	result("signaling", "32 KiB behind each of 50 signals");
}

/* What another PE stores through shmem_ptr() rings no bell, and is seen. */
static void wait_for_store(void)
{
	static long flag;
	long *far = shmem_ptr(&flag, right);

	shmem_barrier_all();
	/* On another machine it has no address here. */
	CHECK(!far == (shmem_team_translate_pe(SHMEM_TEAM_WORLD, right, SHMEM_TEAM_SHARED) < 0));
	if (far)
		__atomic_store_n(far, 1, __ATOMIC_RELEASE);
	else
		shmem_long_p(&flag, 1, right);
	shmem_long_wait_until(&flag, SHMEM_CMP_EQ, 1);
	while (!shmem_long_test(&flag, SHMEM_CMP_EQ, 1))
		;
	result("point-to-point", "wait for a plain store through shmem_ptr()");
}

int main(void)
{
	shmem_init();
	suite_begin();
	CHECK(!shmem_ctx_create(0, &ctx));
#define RUN(T, N) test_##N(); wait_##N();
	WAIT_TYPES(RUN)
#define RUN_SIGNAL(T, N) signal_##N();
	RMA_TYPES(RUN_SIGNAL)
#define RUN_SIZE(S) signal_##S();
	SIZES(RUN_SIZE)
	signal_mem();
	signal_alone();
	signal_stream();
	wait_for_store();
	shmem_ctx_destroy(ctx);
	return suite_end();
}
