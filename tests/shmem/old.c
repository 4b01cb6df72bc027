// SPDX-License-Identifier: BSD-3-Clause
/* A program of the time of OpenSHMEM 1.0, which never ends the library itself. */
#include <stdio.h>
#include <string.h>
#include <mpp/shmem.h>

#define N 10

static int me, npes, right, left, bad, all_bad;
static long psync[_SHMEM_REDUCE_SYNC_SIZE];
static double work[_SHMEM_REDUCE_MIN_WRKDATA_SIZE + N];

#define CHECK(cond) do { \
	if (!(cond)) { \
		printf("    PE %d: line %d: %s\n", me, __LINE__, #cond); \
		bad++; \
	} \
} while (0)

static void result(const char *what)
{
	shmem_barrier_all();
	shmem_int_add(&all_bad, bad, 0);
	shmem_barrier_all();
	if (!me)
		printf("%s deprecated: %s\n", all_bad ? "FAIL" : "PASS", what);
	bad = all_bad = 0;
	shmem_barrier_all();
}

static void memory(void)
{
	long *a = shmalloc(N * sizeof(*a)), *b = shmemalign(256, N * sizeof(*b));
	int i;

	CHECK(a && b && !((unsigned long)b % 256));
	for (i = 0; i < N; i++)
		a[i] = me * 100 + i;
	b = shrealloc(b, 2 * N * sizeof(*b));
	shmem_barrier_all();
	shmem_long_get(b, a, N, right);
	shmem_long_get(b + N, a, N, left);
	for (i = 0; i < N; i++)
		CHECK(b[i] == right * 100 + i && b[N + i] == left * 100 + i);
	shmem_barrier_all();
	shfree(b);
	shfree(a);
	result("shmalloc shmemalign shrealloc shfree");
}

static void atomics(void)
{
	static long word;
	static int small;

	word = me;
	shmem_barrier_all();
	CHECK(shmem_swap(&word, 50 + me, right) == right);
	shmem_barrier_all();
	CHECK(word == 50 + left);
	CHECK(shmem_long_finc(&word, me) == 50 + left);
	CHECK(shmem_long_fadd(&word, 4, me) == 51 + left);
	CHECK(shmem_long_cswap(&word, 55 + left, 9, me) == 55 + left && word == 9);
	shmem_barrier_all();
	shmem_int_inc(&small, 0);
	shmem_int_add(&small, 2, 0);
	shmem_barrier_all();
	CHECK(me || small == 3 * npes);
	result("swap cswap finc fadd inc add");
}

static void waiting(void)
{
	static volatile long flag, other;
	static volatile int small;

	shmem_barrier_all();
	shmem_long_p((long *)&flag, 1, right);
	shmem_wait((long *)&flag, 0);
	shmem_long_p((long *)&other, 2, right);
	shmem_wait_until((long *)&other, _SHMEM_CMP_GE, 2);
	shmem_int_p((int *)&small, 3, right);
	shmem_int_wait((int *)&small, 0);
	CHECK(flag == 1 && other == 2 && small == 3);
	result("wait wait_until");
}

static void collectives(void)
{
	static double in[N], out[N];
	static long source[N], dest[N * 8];
	static char cache[64];
	int i;

	for (i = 0; i < N; i++) {
		in[i] = me + i;
		source[i] = me * 10 + i;
	}
	shmem_double_sum_to_all(out, in, N, 0, 0, npes, work, psync);
	for (i = 0; i < N; i++)
		CHECK(out[i] == npes * (npes - 1) / 2 + i * npes);
	shmem_barrier_all();
	shmem_fcollect64(dest, source, N, 0, 0, npes, psync);
	for (i = 0; i < N * npes; i++)
		CHECK(dest[i] == i / N * 10 + i % N);
	shmem_barrier_all();
	shmem_broadcast64(dest, source, N, 0, 0, 0, npes, psync);
	CHECK(dest[1] == 1);
	shmem_barrier_all();
	shmem_clear_cache_inv();
	shmem_set_cache_inv();
	shmem_clear_cache_line_inv(cache);
	shmem_set_cache_line_inv(cache);
	shmem_udcflush();
	shmem_udcflush_line(cache);
	result("sum_to_all fcollect64 broadcast64, cache routines");
}

int main(void)
{
	int i;

	start_pes(0);
	start_pes(0);
	me = _my_pe();
	npes = _num_pes();
	right = (me + 1) % npes;
	left = (me + npes - 1) % npes;
	for (i = 0; i < _SHMEM_REDUCE_SYNC_SIZE; i++)
		psync[i] = _SHMEM_SYNC_VALUE;
	CHECK(me == shmem_my_pe() && npes == shmem_n_pes() && npes == shmem_num_pes());
	CHECK(_SHMEM_MAJOR_VERSION == SHMEM_MAJOR_VERSION);
	result("start_pes twice, _my_pe _num_pes");
	memory();
	atomics();
	waiting();
	collectives();
	if (!me)
		puts("END");
	return 0;
}
