// SPDX-License-Identifier: BSD-3-Clause
/* Reductions and scans on teams, each type and operation. */
#include <complex.h>
#include <math.h>

#include "tables.h"
#include "teams.h"

/* More than the library does at a time, and no multiple of anything */
#define LEN 1031

/* Small, so that a product of all PEs fits into 8 bits and is exact */
static int factor(int pe, long i)
{
	return (pe + i) % 3 ? 1 : 2;
}

/* Folds val() of the members from "from" on, up to and without "to". */
#define FOLD(T, from, to, start, value, expr) ({ \
	T x = (start), y; \
	int r; \
	for (r = (from); r < (to); r++) { \
		y = (T)(value); \
		x = (T)(expr); \
	} \
	x; \
})

#define REDUCE(T, N, op, fill, start, expr) do { \
	const struct member *m; \
	for (m = teams; m < teams + TEAMS; m++) { \
		if (m->rank < 0) \
			continue; \
		FILL(src, LEN, (T)fill(me, i)); \
		FILL(dst, LEN, (T)100); \
		CHECK(!shmem_##N##_##op##_reduce(m->team, dst, src, LEN - 1)); \
		CHECK_ARRAY(dst, LEN, (long)i == LEN - 1 ? (T)100 : \
			    FOLD(T, 0, m->size, start, fill(team_pe(m, r), i), expr)); \
		CHECK_ARRAY(src, LEN, (T)fill(me, i)); \
		CHECK(!shmem_##N##_##op##_reduce(m->team, src, src, 3)); \
		CHECK_ARRAY(src, LEN, (long)i > 2 ? (T)fill(me, i) : \
			    FOLD(T, 0, m->size, start, fill(team_pe(m, r), i), expr)); \
		CHECK(!shmem_##N##_##op##_reduce(m->team, dst, src, 0)); \
		CHECK(dst[LEN - 1] == (T)100); \
	} \
} while (0)

#define BITWISE(T, N) \
static void bits_##N(void) \
{ \
	static T dst[LEN], src[LEN]; \
	REDUCE(T, N, and, val, (T)-1, x & y); \
	REDUCE(T, N, or, val, 0, x | y); \
	REDUCE(T, N, xor, val, 0, x ^ y); \
	result("reduction", #N ": and or xor, in place, nothing"); \
}
BIT_TYPES(BITWISE)

#define ORDER(T, N) \
static void order_##N(void) \
{ \
	static T dst[LEN], src[LEN]; \
	REDUCE(T, N, max, val, 0, x > y ? x : y); \
	REDUCE(T, N, min, val, 101, x < y ? x : y); \
	result("reduction", #N ": max min, in place, nothing"); \
}
ORDER_TYPES(ORDER)

#define SCAN(T, N, op, inclusive) do { \
	const struct member *m; \
	for (m = teams; m < teams + TEAMS; m++) { \
		if (m->rank < 0) \
			continue; \
		FILL(src, LEN, (T)val(me, i)); \
		FILL(dst, LEN, (T)100); \
		CHECK(!shmem_##N##_sum_##op(m->team, dst, src, LEN - 1)); \
		CHECK_ARRAY(dst, LEN, (long)i == LEN - 1 ? (T)100 : \
			    FOLD(T, 0, m->rank + inclusive, 0, val(team_pe(m, r), i), x + y)); \
		CHECK(!shmem_##N##_sum_##op(m->team, src, src, 2)); \
		CHECK_ARRAY(src, LEN, (long)i > 1 ? (T)val(me, i) : \
			    FOLD(T, 0, m->rank + inclusive, 0, val(team_pe(m, r), i), x + y)); \
	} \
} while (0)
#define SUMS(T, N) \
static void sums_##N(void) \
{ \
	static T dst[LEN], src[LEN]; \
	REDUCE(T, N, sum, val, 0, x + y); \
	REDUCE(T, N, prod, factor, 1, x * y); \
	SCAN(T, N, inscan, 1); \
	SCAN(T, N, exscan, 0); \
	result("reduction", #N ": sum prod inscan exscan, in place, nothing"); \
}
SUM_TYPES(SUMS)

/* Negative numbers: the comparison has to be that of the type. */
#define NEGATIVE(T, N) do { \
	static T dst[2], src[2]; \
	src[0] = (T)(-5 - me); \
	src[1] = (T)(me ? 3 + me : -3); \
	CHECK(!shmem_##N##_max_reduce(SHMEM_TEAM_WORLD, dst, src, 2)); \
	CHECK(dst[0] == (T)-5 && dst[1] == (T)(npes > 1 ? 2 + npes : -3)); \
	CHECK(!shmem_##N##_min_reduce(SHMEM_TEAM_WORLD, dst, src, 2)); \
	CHECK(dst[0] == (T)(-4 - npes) && dst[1] == (T)-3); \
} while (0);
#define SIGNED_TYPES(X) \
	X(signed char, schar) X(short, short) X(int, int) X(long, long) \
	X(long long, longlong) X(ptrdiff_t, ptrdiff) X(int8_t, int8) X(int16_t, int16) \
	X(int32_t, int32) X(int64_t, int64) X(float, float) X(double, double) \
	X(long double, longdouble)

/* A NaN is no number to compare with, but all PEs get the same of it. */
static void reduce_nan(void)
{
	static double dst[3], src[3], all[3 * 8];
	int pe;

	src[0] = me == 1 ? NAN : me;
	src[1] = NAN;
	src[2] = me ? -INFINITY : INFINITY;
	shmem_double_max_reduce(SHMEM_TEAM_WORLD, dst, src, 3);
	CHECK(isnan(dst[0]) || dst[0] == npes - 1);
	CHECK(isnan(dst[1]));
	CHECK(dst[2] == INFINITY);
	shmem_double_fcollect(SHMEM_TEAM_WORLD, all, dst, 3);
	for (pe = 1; pe < npes; pe++)
		CHECK(!memcmp(all, all + 3 * pe, sizeof(dst)));
	shmem_double_sum_reduce(SHMEM_TEAM_WORLD, dst, src, 3);
	CHECK(npes < 2 || (isnan(dst[0]) && isnan(dst[1]) && isnan(dst[2])));
	result("reduction", "NaN and infinity");
}

static void reduce_complex(void)
{
	static double _Complex dst, src;
	double _Complex sum = 0, prod = 1;
	int pe;

	for (pe = 0; pe < npes; pe++) {
		sum += pe + 1 + (2 - pe) * I;
		prod *= pe + 1 + (2 - pe) * I;
	}
	src = me + 1 + (2 - me) * I;
	CHECK(!shmem_complexd_sum_reduce(SHMEM_TEAM_WORLD, &dst, &src, 1));
	CHECK(dst == sum);
	CHECK(!shmem_complexd_prod_reduce(SHMEM_TEAM_WORLD, &dst, &src, 1));
	/* Whole numbers, far below 2^53: exact in any order */
	CHECK(dst == prod);
	result("reduction", "complex numbers with an imaginary part");
}

#define BIG 100003L

static void reduce_big(void)
{
	long *a = shmem_malloc(BIG * sizeof(long));

	FILL(a, BIG, (long)i * (me + 1));
	CHECK(!shmem_long_sum_reduce(SHMEM_TEAM_WORLD, a, a, BIG));
	CHECK_ARRAY(a, BIG, (long)i * npes * (npes + 1) / 2);
	FILL(a, BIG, (long)i);
	CHECK(!shmem_long_sum_inscan(SHMEM_TEAM_WORLD, a, a, BIG));
	CHECK_ARRAY(a, BIG, (long)i * (me + 1));
	shmem_free(a);
	result("reduction", "800 KB in place");
}

static void reduce_invalid(void)
{
	static int a, b = 4;

	CHECK(shmem_int_sum_reduce(SHMEM_TEAM_INVALID, &b, &a, 1));
	CHECK(shmem_int_max_reduce(SHMEM_TEAM_INVALID, &b, &a, 1));
	CHECK(shmem_uint_and_reduce(SHMEM_TEAM_INVALID, (unsigned int *)&b, (unsigned int *)&a, 1));
	CHECK(shmem_int_sum_inscan(SHMEM_TEAM_INVALID, &b, &a, 1));
	CHECK(shmem_int_sum_exscan(SHMEM_TEAM_INVALID, &b, &a, 1));
	CHECK(b == 4);
	result("reduction", "the invalid team is refused");
}

int main(void)
{
	shmem_init();
	suite_begin();
	teams_make();
#define RUN(T, N) bits_##N();
	BIT_TYPES(RUN)
#undef RUN
#define RUN(T, N) order_##N();
	ORDER_TYPES(RUN)
#undef RUN
#define RUN(T, N) sums_##N();
	SUM_TYPES(RUN)
	SIGNED_TYPES(NEGATIVE)
	result("reduction", "max min of negative numbers, each signed type");
	reduce_nan();
	reduce_complex();
	reduce_big();
	reduce_invalid();
	teams_free();
	return suite_end();
}
