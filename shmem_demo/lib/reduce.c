// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Collective Routines": reductions and scans.
 *
 * Each member does a part of the elements for all: it reads them from
 * everybody's source and puts the results into everybody's destination. So the
 * source may be the destination, since who writes an element has read it from
 * all before, and everybody gets the same bits.
 */
#include "transport.h"

#define CHUNK 4096	/* bytes of elements at a time */

typedef void (*combine_fn)(void *acc, const void *in, size_t n);

/* The part of a member: elements from..to */
static void part_of(const struct shi_set *set, size_t n, size_t *from, size_t *to)
{
	size_t share = n / set->size, rest = n % set->size, rank = set->rank;

	*from = rank * share + (rank < rest ? rank : rest);
	*to = *from + share + (rank < rest);
}

static void reduce(const struct shi_set *set, char *dest, const char *source, size_t n,
		   size_t size, combine_fn combine)
{
	size_t at, to, some, most = CHUNK / size;
	char acc[CHUNK] __attribute__((__aligned__(64)));
	char in[CHUNK] __attribute__((__aligned__(64)));
	int i;

	shi_set_sync(set);
	part_of(set, n, &at, &to);
	for (; at < to; at += some) {
		some = to - at < most ? to - at : most;
		shi_get(acc, source + at * size, some * size, shi_set_pe(set, 0));
		for (i = 1; i < set->size; i++) {
			shi_get(in, source + at * size, some * size, shi_set_pe(set, i));
			combine(acc, in, some);
		}
		for (i = 0; i < set->size; i++)
			shi_put(dest + at * size, acc, some * size, shi_set_pe(set, i));
	}
	shi_quiet();
	shi_set_sync(set);
}

/* An exclusive scan gives the first member zeros, which are the sum of nothing. */
static void scan(const struct shi_set *set, char *dest, const char *source, size_t n,
		 size_t size, combine_fn combine, bool inclusive)
{
	size_t at, to, some, most = CHUNK / size;
	char acc[CHUNK] __attribute__((__aligned__(64)));
	char in[CHUNK] __attribute__((__aligned__(64)));
	int i;

	shi_set_sync(set);
	part_of(set, n, &at, &to);
	for (; at < to; at += some) {
		some = to - at < most ? to - at : most;
		memset(acc, 0, some * size);
		for (i = 0; i < set->size; i++) {
			int pe = shi_set_pe(set, i);

			shi_get(in, source + at * size, some * size, pe);
			if (!inclusive)
				shi_put(dest + at * size, acc, some * size, pe);
			combine(acc, in, some);
			if (inclusive)
				shi_put(dest + at * size, acc, some * size, pe);
		}
	}
	shi_quiet();
	shi_set_sync(set);
}

#define COMBINE(T, N, op, expr) \
static void N##_##op(void *acc, const void *in, size_t n) \
{ \
	const T *y = in; \
	T *x = acc; \
	size_t i; \
	for (i = 0; i < n; i++) \
		x[i] = (expr); \
}

#define BIT(T, N, A) \
	COMBINE(T, N, and, x[i] & y[i]) COMBINE(T, N, or, x[i] | y[i]) \
	COMBINE(T, N, xor, x[i] ^ y[i])
#define ORDER(T, N, A) \
	COMBINE(T, N, max, x[i] > y[i] ? x[i] : y[i]) \
	COMBINE(T, N, min, x[i] < y[i] ? x[i] : y[i])
#define ARITH(T, N, A) \
	COMBINE(T, N, sum, x[i] + y[i]) COMBINE(T, N, prod, x[i] * y[i])

/* Of active sets there are signed types that the table for teams has not. */
SHMEM_TEAM_BIT_TYPES_(BIT, )
SHMEM_ASET_BIT_TYPES_(BIT, )
SHMEM_TEAM_ORDER_TYPES_(ORDER, )
SHMEM_TEAM_ARITH_TYPES_(ARITH, )

#define ON_TEAM(call) { \
	struct shi_team *team = shi_team(handle); \
	shi_need_init("a collective"); \
	if (!team) \
		return -1; \
	call; \
	return 0; \
}

#define TEAM(T, N, op) \
SHI_FN(int, shmem_##N##_##op##_reduce, \
       (shmem_team_t handle, T *dest, const T *source, size_t nreduce)) \
	ON_TEAM(reduce(&team->set, (char *)dest, (const char *)source, nreduce, sizeof(T), \
		       N##_##op))
SHMEM_TEAM_BIT_TYPES_(TEAM, and)
SHMEM_TEAM_BIT_TYPES_(TEAM, or)
SHMEM_TEAM_BIT_TYPES_(TEAM, xor)
SHMEM_TEAM_ORDER_TYPES_(TEAM, max)
SHMEM_TEAM_ORDER_TYPES_(TEAM, min)
SHMEM_TEAM_ARITH_TYPES_(TEAM, sum)
SHMEM_TEAM_ARITH_TYPES_(TEAM, prod)

#define SCAN(T, N, A) \
SHI_FN(int, shmem_##N##_sum_inscan, \
       (shmem_team_t handle, T *dest, const T *source, size_t nelems)) \
	ON_TEAM(scan(&team->set, (char *)dest, (const char *)source, nelems, sizeof(T), \
		     N##_sum, true)) \
SHI_FN(int, shmem_##N##_sum_exscan, \
       (shmem_team_t handle, T *dest, const T *source, size_t nelems)) \
	ON_TEAM(scan(&team->set, (char *)dest, (const char *)source, nelems, sizeof(T), \
		     N##_sum, false))
SHMEM_TEAM_ARITH_TYPES_(SCAN, )

/* Deprecated: on active sets. There is no need of pWrk. */
#define ASET(T, N, op) \
SHI_FN(void, shmem_##N##_##op##_to_all, \
       (T *dest, const T *source, int nreduce, int start, int log_stride, int size, \
	T *work, long *psync)) \
{ \
	struct shi_set set = shi_active_set(start, log_stride, size, psync); \
	(void)work; \
	reduce(&set, (char *)dest, (const char *)source, nreduce, sizeof(T), N##_##op); \
}
SHMEM_ASET_BIT_TYPES_(ASET, and)
SHMEM_ASET_BIT_TYPES_(ASET, or)
SHMEM_ASET_BIT_TYPES_(ASET, xor)
SHMEM_ASET_ORDER_TYPES_(ASET, max)
SHMEM_ASET_ORDER_TYPES_(ASET, min)
SHMEM_ASET_ARITH_TYPES_(ASET, sum)
SHMEM_ASET_ARITH_TYPES_(ASET, prod)
