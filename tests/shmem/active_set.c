// SPDX-License-Identifier: BSD-3-Clause
/* Deprecated: the collectives on active sets, with pSync arrays. */
#include "harness.h"
#include "tables.h"

#define LEN 5
#define MOST 8
#define ROOM (LEN * MOST * 3)

static long psync[SHMEM_REDUCE_SYNC_SIZE + SHMEM_COLLECT_SYNC_SIZE];
/* Of the barriers between them, so that nobody is in the next one while another
 * looks at psync. SHMEM_SYNC_VALUE is not zero everywhere.
 */
static long between[SHMEM_BARRIER_SYNC_SIZE];

/* start, log2 of the stride, size; this PE's rank in it, or -1 */
static int start, log_stride, size, rank;

static int set_pe(long r)
{
	return start + ((int)r << log_stride);
}

/* The next set of the job; 0 after the last one */
static int set_next(void)
{
	if (!size)
		start = log_stride = 0;
	else if (set_pe(0) + (1 << (log_stride + 1)) < npes)
		log_stride++;
	else if (++start < npes)
		log_stride = 0;
	else
		return size = 0;
	size = (npes - 1 - start) / (1 << log_stride) + 1;
	rank = me < start || (me - start) % (1 << log_stride) ? -1 : (me - start) >> log_stride;
	return 1;
}

#define SETS for (size = 0; set_next();) if (rank >= 0)
#define SET start, log_stride, size

static long share(long r)
{
	return (r * 3 + 1) % 4;
}

static int collected(long i)
{
	long r;

	for (r = 0; r < size && i >= share(r); r++)
		i -= share(r);
	return r < size ? val(set_pe(r), i) : 100;
}

static int exchanged(long i, long dst, long sst)
{
	long element = i / dst;

	if (i % dst || element >= LEN * size)
		return 100;
	return val(set_pe(element / LEN), (rank * LEN + element % LEN) * sst);
}

/* The array is as it was behind each of them, and can be used at once. */
#define CHECK_PSYNC() CHECK_ARRAY(psync, SHMEM_REDUCE_SYNC_SIZE, SHMEM_SYNC_VALUE)

#define CLEAR(T) do { \
	FILL(dst, ROOM, (T)100); \
	FILL(src, ROOM, (T)val(me, i)); \
	shmem_barrier(SET, between); \
} while (0)
#define SIZED(S) \
static void sized_##S(void) \
{ \
	static int##S##_t dst[ROOM], src[ROOM]; \
	SETS { \
		CLEAR(int##S##_t); \
		shmem_broadcast##S(dst, src, LEN, size - 1, SET, psync); \
		CHECK_PSYNC(); \
		CHECK_ARRAY(dst, ROOM, (long)i < LEN && rank != size - 1 ? \
			    val(set_pe(size - 1), i) : 100); \
		CLEAR(int##S##_t); \
		shmem_fcollect##S(dst, src, LEN, SET, psync); \
		CHECK_PSYNC(); \
		CHECK_ARRAY(dst, ROOM, (long)i < LEN * size ? \
			    val(set_pe(i / LEN), i % LEN) : 100); \
		CLEAR(int##S##_t); \
		shmem_collect##S(dst, src, share(rank), SET, psync); \
		CHECK_ARRAY(dst, ROOM, collected(i)); \
		CLEAR(int##S##_t); \
		shmem_alltoall##S(dst, src, LEN, SET, psync); \
		CHECK_PSYNC(); \
		CHECK_ARRAY(dst, ROOM, exchanged(i, 1, 1)); \
		CLEAR(int##S##_t); \
		shmem_alltoalls##S(dst, src, 2, 3, LEN, SET, psync); \
		CHECK_ARRAY(dst, ROOM, exchanged(i, 2, 3)); \
		shmem_sync(SET, between); \
	} \
	shmem_barrier_all(); \
	CHECK_PSYNC(); \
	result("active sets", #S " bits: broadcast collect fcollect alltoall alltoalls"); \
}
SIZED(32)
SIZED(64)

static int factor(int pe, long i)
{
	return (pe + i) % 3 ? 1 : 2;
}

#define FOLD(T, start_, value, expr) ({ \
	T x = (start_), y; \
	int r; \
	for (r = 0; r < size; r++) { \
		y = (T)(value); \
		x = (T)(expr); \
	} \
	x; \
})
#define WORK(n) ((n) / 2 + 1 > SHMEM_REDUCE_MIN_WRKDATA_SIZE ? \
		 (n) / 2 + 1 : SHMEM_REDUCE_MIN_WRKDATA_SIZE)
#define REDUCE(T, N, op, fill, start_, expr) \
	SETS { \
		static T dst[ROOM], src[ROOM], work[WORK(ROOM)]; \
		FILL(src, ROOM, (T)fill(me, i)); \
		FILL(dst, ROOM, (T)100); \
		shmem_##N##_##op##_to_all(dst, src, ROOM - 1, SET, work, psync); \
		CHECK_PSYNC(); \
		CHECK_ARRAY(dst, ROOM, i == ROOM - 1 ? (T)100 : \
			    FOLD(T, start_, fill(set_pe(r), i), expr)); \
		shmem_barrier(SET, between); \
		shmem_##N##_##op##_to_all(src, src, 1, SET, work, psync); \
		CHECK(src[0] == FOLD(T, start_, fill(set_pe(r), 0), expr)); \
		CHECK(src[1] == (T)fill(me, 1)); \
		shmem_barrier(SET, between); \
	}
#define BITWISE(T, N) \
static void bits_##N(void) \
{ \
	REDUCE(T, N, and, val, (T)-1, x & y) \
	REDUCE(T, N, or, val, 0, x | y) \
	REDUCE(T, N, xor, val, 0, x ^ y) \
	shmem_barrier_all(); \
	result("active sets", #N ": and or xor"); \
}
ASET_BIT_TYPES(BITWISE)
#define ORDER(T, N) \
static void order_##N(void) \
{ \
	REDUCE(T, N, max, val, (T)-1, x > y ? x : y) \
	REDUCE(T, N, min, -val, 1, x < y ? x : y) \
	shmem_barrier_all(); \
	result("active sets", #N ": max min"); \
}
ASET_ORDER_TYPES(ORDER)
#define SUMS(T, N) \
static void sums_##N(void) \
{ \
	REDUCE(T, N, sum, val, 0, x + y) \
	REDUCE(T, N, prod, factor, 1, x * y) \
	shmem_barrier_all(); \
	result("active sets", #N ": sum prod"); \
}
ASET_SUM_TYPES(SUMS)

/* Two sets at a time, each with an array of its own */
static void halves(void)
{
	static long sync[2][SHMEM_BARRIER_SYNC_SIZE], counter;
	int odd = me % 2, n = (npes + 1 - odd) / 2, i;

	counter = 0;
	FILL(sync[0], SHMEM_BARRIER_SYNC_SIZE, SHMEM_SYNC_VALUE);
	FILL(sync[1], SHMEM_BARRIER_SYNC_SIZE, SHMEM_SYNC_VALUE);
	shmem_barrier_all();
	for (i = 1; i <= 100; i++) {
		shmem_long_atomic_inc(&counter, odd);
		shmem_barrier(odd, 1, n, sync[odd]);
		CHECK(shmem_long_g(&counter, odd) == (long)i * n);
		shmem_barrier(odd, 1, n, sync[odd]);
	}
	result("active sets", "barrier of two sets at a time");
}

int main(void)
{
	shmem_init();
	suite_begin();
	FILL(psync, sizeof(psync) / sizeof(psync[0]), SHMEM_SYNC_VALUE);
	FILL(between, SHMEM_BARRIER_SYNC_SIZE, SHMEM_SYNC_VALUE);
	shmem_barrier_all();
	sized_32();
	sized_64();
#define RUN(T, N) bits_##N();
	ASET_BIT_TYPES(RUN)
#undef RUN
#define RUN(T, N) order_##N();
	ASET_ORDER_TYPES(RUN)
#undef RUN
#define RUN(T, N) sums_##N();
	ASET_SUM_TYPES(RUN)
	halves();
	return suite_end();
}
