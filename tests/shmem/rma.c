// SPDX-License-Identifier: BSD-3-Clause
/* Remote memory access: each type and size, with and without a context. */
#include "harness.h"
#include "tables.h"

#define LEN 60

static shmem_ctx_t ctx;

/* Each PE puts to its right; everybody looks at what came from the left. */
#define PUT(what, call) do { \
	FILL(dst, LEN, (what)100); \
	shmem_barrier_all(); \
	call; \
	shmem_barrier_all(); \
} while (0)

/* Each PE gets from its right. */
#define GET(what, call) do { \
	FILL(dst, LEN, (what)100); \
	shmem_barrier_all(); \
	call; \
	shmem_quiet(); \
	shmem_ctx_quiet(ctx); \
} while (0)

/* What a strided copy leaves: blocks of b elements, at strides of dst and sst */
static int strided(int from, long at, long dst, long sst, long b, long blocks)
{
	long block = at / dst, in = at % dst;

	return block < blocks && in < b ? val(from, block * sst + in) : 100;
}

#define TYPED(T, N) \
static T N##_dst[LEN], N##_src[LEN]; \
static void rma_##N(void) \
{ \
	T *dst = N##_dst, *src = N##_src; \
	FILL(src, LEN, (T)val(me, i)); \
	PUT(T, shmem_##N##_put(dst, src, LEN, right)); \
	CHECK_ARRAY(dst, LEN, (T)val(left, i)); \
	PUT(T, shmem_ctx_##N##_put(ctx, dst + 1, src, LEN - 2, right)); \
	CHECK_ARRAY(dst, LEN, (T)(i > 0 && i < LEN - 1 ? val(left, i - 1) : 100)); \
	PUT(T, shmem_##N##_put_nbi(dst, src, LEN, right)); \
	CHECK_ARRAY(dst, LEN, (T)val(left, i)); \
	PUT(T, shmem_ctx_##N##_put_nbi(ctx, dst, src, 1, right); shmem_ctx_quiet(ctx)); \
	CHECK_ARRAY(dst, LEN, (T)(i < 1 ? val(left, i) : 100)); \
	PUT(T, shmem_##N##_put(dst, src, 0, right); shmem_##N##_put_nbi(dst, src, 0, right)); \
	CHECK_ARRAY(dst, LEN, (T)100); \
	PUT(T, shmem_##N##_put(dst, src, LEN, me)); \
	CHECK_ARRAY(dst, LEN, (T)val(me, i)); \
	PUT(T, shmem_##N##_p(dst + 3, src[5], right)); \
	CHECK_ARRAY(dst, LEN, (T)(i == 3 ? val(left, 5) : 100)); \
	PUT(T, shmem_ctx_##N##_p(ctx, dst, (T)77, right)); \
	CHECK_ARRAY(dst, LEN, (T)(i == 0 ? 77 : 100)); \
	PUT(T, shmem_##N##_iput(dst, src, 3, 2, 20, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(left, i, 3, 2, 1, 20)); \
	PUT(T, shmem_ctx_##N##_iput(ctx, dst, src, 1, 4, 15, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(left, i, 1, 4, 1, 15)); \
	PUT(T, shmem_##N##_iput(dst, src, 2, 2, 0, right)); \
	CHECK_ARRAY(dst, LEN, (T)100); \
	PUT(T, shmem_##N##_ibput(dst, src, 7, 5, 3, 8, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(left, i, 7, 5, 3, 8)); \
	PUT(T, shmem_ctx_##N##_ibput(ctx, dst, src, 4, 6, 4, 9, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(left, i, 4, 6, 4, 9)); \
	PUT(T, shmem_##N##_ibput(dst, src, 4, 4, 0, 9, right)); \
	CHECK_ARRAY(dst, LEN, (T)100); \
	GET(T, shmem_##N##_get(dst, src, LEN, right)); \
	CHECK_ARRAY(dst, LEN, (T)val(right, i)); \
	GET(T, shmem_ctx_##N##_get(ctx, dst, src + 2, LEN - 2, right)); \
	CHECK_ARRAY(dst, LEN, (T)(i < LEN - 2 ? val(right, i + 2) : 100)); \
	GET(T, shmem_##N##_get_nbi(dst, src, LEN, right)); \
	CHECK_ARRAY(dst, LEN, (T)val(right, i)); \
	GET(T, shmem_ctx_##N##_get_nbi(ctx, dst, src, 5, right)); \
	CHECK_ARRAY(dst, LEN, (T)(i < 5 ? val(right, i) : 100)); \
	GET(T, shmem_##N##_get(dst, src, 0, right); shmem_##N##_get_nbi(dst, src, 0, right)); \
	CHECK_ARRAY(dst, LEN, (T)100); \
	GET(T, shmem_##N##_get(dst, src, LEN, me)); \
	CHECK_ARRAY(dst, LEN, (T)val(me, i)); \
	CHECK(shmem_##N##_g(src + 9, right) == (T)val(right, 9)); \
	CHECK(shmem_ctx_##N##_g(ctx, src, left) == (T)val(left, 0)); \
	GET(T, shmem_##N##_iget(dst, src, 3, 2, 20, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(right, i, 3, 2, 1, 20)); \
	GET(T, shmem_ctx_##N##_iget(ctx, dst, src, 1, 4, 15, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(right, i, 1, 4, 1, 15)); \
	GET(T, shmem_##N##_ibget(dst, src, 7, 5, 3, 8, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(right, i, 7, 5, 3, 8)); \
	GET(T, shmem_ctx_##N##_ibget(ctx, dst, src, 4, 6, 4, 9, right)); \
	CHECK_ARRAY(dst, LEN, (T)strided(right, i, 4, 6, 4, 9)); \
	result("rma", #N ": put get p g iput iget ibput ibget, nbi, contexts"); \
}
RMA_TYPES(TYPED)

/* By sizes: elements are S bits, of bytes that all differ. */
static uint8_t bytes_dst[LEN * 16], bytes_src[LEN * 16];

static void bytes_clear(void)
{
	FILL(bytes_dst, sizeof(bytes_dst), 200);
	shmem_barrier_all();
}

static int byte_strided(int from, long at, long size, long dst, long sst, long b, long n)
{
	long element = at / size, block = element / dst, in = element % dst;

	if (block >= n || in >= b)
		return 200;
	return val(from, (block * sst + in) * size + at % size);
}

#define SIZE_PUT(call, b, dst, sst, n) do { \
	bytes_clear(); \
	call; \
	shmem_barrier_all(); \
	CHECK_ARRAY(bytes_dst, sizeof(bytes_dst), byte_strided(left, i, size, dst, sst, b, n)); \
} while (0)
#define SIZE_GET(call, b, dst, sst, n) do { \
	bytes_clear(); \
	call; \
	shmem_quiet(); \
	shmem_ctx_quiet(ctx); \
	CHECK_ARRAY(bytes_dst, sizeof(bytes_dst), byte_strided(right, i, size, dst, sst, b, n)); \
} while (0)
#define D bytes_dst
#define S bytes_src
#define SIZED(SZ) \
static void rma_##SZ(void) \
{ \
	const long size = SZ / 8; \
	SIZE_PUT(shmem_put##SZ(D, S, LEN, right), 1, 1, 1, LEN); \
	SIZE_PUT(shmem_ctx_put##SZ(ctx, D, S, 7, right), 1, 1, 1, 7); \
	SIZE_PUT(shmem_put##SZ##_nbi(D, S, 8, right), 1, 1, 1, 8); \
	SIZE_PUT(shmem_ctx_put##SZ##_nbi(ctx, D, S, 9, right); shmem_ctx_quiet(ctx), \
		 1, 1, 1, 9); \
	SIZE_PUT(shmem_put##SZ(D, S, 0, right), 1, 1, 1, 0); \
	SIZE_PUT(shmem_iput##SZ(D, S, 2, 3, 20, right), 1, 2, 3, 20); \
	SIZE_PUT(shmem_ctx_iput##SZ(ctx, D, S, 5, 1, 12, right), 1, 5, 1, 12); \
	SIZE_PUT(shmem_ibput##SZ(D, S, 5, 4, 3, 10, right), 3, 5, 4, 10); \
	SIZE_PUT(shmem_ctx_ibput##SZ(ctx, D, S, 4, 5, 4, 10, right), 4, 4, 5, 10); \
	SIZE_GET(shmem_get##SZ(D, S, LEN, right), 1, 1, 1, LEN); \
	SIZE_GET(shmem_ctx_get##SZ(ctx, D, S, 7, right), 1, 1, 1, 7); \
	SIZE_GET(shmem_get##SZ##_nbi(D, S, 8, right), 1, 1, 1, 8); \
	SIZE_GET(shmem_ctx_get##SZ##_nbi(ctx, D, S, 9, right), 1, 1, 1, 9); \
	SIZE_GET(shmem_iget##SZ(D, S, 2, 3, 20, right), 1, 2, 3, 20); \
	SIZE_GET(shmem_ctx_iget##SZ(ctx, D, S, 5, 1, 12, right), 1, 5, 1, 12); \
	SIZE_GET(shmem_ibget##SZ(D, S, 5, 4, 3, 10, right), 3, 5, 4, 10); \
	SIZE_GET(shmem_ctx_ibget##SZ(ctx, D, S, 4, 5, 4, 10, right), 4, 4, 5, 10); \
	result("rma", #SZ " bits: put get iput iget ibput ibget, nbi, contexts"); \
}
SIZES(SIZED)

static void rma_mem(void)
{
	const long size = 1;

	SIZE_PUT(shmem_putmem(D, S, sizeof(D), right), 1, 1, 1, sizeof(D));
	SIZE_PUT(shmem_ctx_putmem(ctx, D, S, 13, right), 1, 1, 1, 13);
	SIZE_PUT(shmem_putmem_nbi(D, S, 17, right), 1, 1, 1, 17);
	SIZE_PUT(shmem_ctx_putmem_nbi(ctx, D, S, 3, right); shmem_ctx_quiet(ctx), 1, 1, 1, 3);
	SIZE_PUT(shmem_putmem(D, S, 0, right), 1, 1, 1, 0);
	SIZE_GET(shmem_getmem(D, S, sizeof(D), right), 1, 1, 1, sizeof(D));
	SIZE_GET(shmem_ctx_getmem(ctx, D, S, 13, right), 1, 1, 1, 13);
	SIZE_GET(shmem_getmem_nbi(D, S, 17, right), 1, 1, 1, 17);
	SIZE_GET(shmem_ctx_getmem_nbi(ctx, D, S, 3, right), 1, 1, 1, 3);
	result("rma", "putmem getmem, nbi, contexts");
}

/* Every length and alignment that a copy may treat in its own way */
static void rma_lengths(void)
{
	long len, at;

	for (len = 1; len <= 40; len++)
		for (at = 0; at < 9; at++) {
			bytes_clear();
			shmem_putmem(D + at, S, len, right);
			shmem_barrier_all();
			CHECK_ARRAY(D, 64, (long)i < at || (long)i >= at + len ?
				    200 : val(left, i - at));
		}
	result("rma", "putmem of 1 to 40 bytes at 9 alignments");
}

#define BIG (3L << 20)

static void rma_big(void)
{
	long *src = shmem_malloc(BIG * sizeof(long)), *dst = shmem_malloc(BIG * sizeof(long));

	FILL(src, BIG, (long)i * 3 + me);
	FILL(dst, BIG, -1L);
	shmem_barrier_all();
	shmem_long_put(dst, src, BIG, right);
	shmem_barrier_all();
	CHECK_ARRAY(dst, BIG, (long)i * 3 + left);
	FILL(dst, BIG, -1L);
	shmem_long_get_nbi(dst, src, BIG - 1, left);
	shmem_quiet();
	CHECK_ARRAY(dst, BIG, i == BIG - 1 ? -1L : (long)i * 3 + left);
	shmem_barrier_all();
	FILL(dst, BIG, -1L);
	shmem_barrier_all();
	shmem_long_iput(dst + 1, src, 1000, 999, BIG / 1000, right);
	shmem_barrier_all();
	CHECK_ARRAY(dst, BIG, i % 1000 == 1 && i < BIG / 1000 * 1000 ?
		    (long)(i / 1000) * 999 * 3 + left : -1L);
	shmem_free(dst);
	shmem_free(src);
	result("rma", "24 MiB at once, and strided through it");
}

/* The source and destination of a private variable, and of the heap */
static void rma_private(void)
{
	int local[8], back[8], *heap = shmem_malloc(sizeof(local));

	FILL(local, 8, val(me, i));
	shmem_int_put(heap, local, 8, right);
	shmem_barrier_all();
	CHECK_ARRAY(heap, 8, val(left, i));
	shmem_int_get(back, heap, 8, right);
	CHECK_ARRAY(back, 8, val(me, i));
	shmem_barrier_all();
	/* Within one PE the two may even be the same. */
	shmem_int_put(heap, heap, 8, me);
	CHECK_ARRAY(heap, 8, val(left, i));
	shmem_free(heap);
	result("rma", "private source and destination, put onto itself");
}

int main(void)
{
	shmem_init();
	suite_begin();
	CHECK(!shmem_ctx_create(0, &ctx));
	FILL(bytes_src, sizeof(bytes_src), val(me, i));
#define RUN(T, N) rma_##N();
	RMA_TYPES(RUN)
#define RUN_SIZE(SZ) rma_##SZ();
	SIZES(RUN_SIZE)
	rma_mem();
	rma_lengths();
	rma_big();
	rma_private();
	shmem_ctx_destroy(ctx);
	return suite_end();
}
