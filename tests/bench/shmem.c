// SPDX-License-Identifier: BSD-3-Clause
/*
 * What routines of OpenSHMEM cost on one machine. Only names of OpenSHMEM 1.4,
 * so that any library's oshcc builds it: prints a line for each measurement.
 *
 * PE 0 measures, and PE 1 is in shmem_barrier_all(), except where all take
 * part. A value is the median of batches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <shmem.h>

#define MAX_SIZE	(1 << 20)
#define MAX_BATCHES	64
#define WINDOW		64	/* puts of which none waits for another */

#define ADDENDS		512
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define SYNC_WORDS	MAX(SHMEM_REDUCE_SYNC_SIZE, SHMEM_BCAST_SYNC_SIZE)
#define WORK_WORDS	MAX(ADDENDS, SHMEM_REDUCE_MIN_WRKDATA_SIZE)

/* On the symmetric heap. */
static char *theirs, *ours;
static long *word, *sync_words[2];
static double *addends, *sums, *work[2];
static long variable;
static int me, peer, npes, batches = 15;
static volatile long sink;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One batch of a measurement. */
static void put(size_t size, int times)
{
	while (times--) {
		shmem_putmem(theirs, ours, size, peer);
		shmem_quiet();
	}
}

static void get(size_t size, int times)
{
	while (times--)
		shmem_getmem(ours, theirs, size, peer);
}

static void element_put(size_t size, int times)
{
	(void)size;
	while (times--) {
		shmem_long_p(word, times, peer);
		shmem_quiet();
	}
}

static void element_get(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_g(word, peer);
}

/* The same with a variable of the program. */
static void variable_put(size_t size, int times)
{
	(void)size;
	while (times--) {
		shmem_long_p(&variable, times, peer);
		shmem_quiet();
	}
}

static void variable_get(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_g(&variable, peer);
}

static void variable_add(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_atomic_fetch_add(&variable, 1, peer);
}

/* Without waiting for each: message rate and bandwidth. */
static void stream(size_t size, int times)
{
	int i;

	for (i = 0; i < times; i++) {
		shmem_putmem_nbi(theirs, ours, size, peer);
		if (i % WINDOW == WINDOW - 1)
			shmem_quiet();
	}
	shmem_quiet();
}

static void stream_get(size_t size, int times)
{
	int i;

	for (i = 0; i < times; i++) {
		shmem_getmem_nbi(ours, theirs, size, peer);
		if (i % WINDOW == WINDOW - 1)
			shmem_quiet();
	}
	shmem_quiet();
}

static void fetch_add(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_atomic_fetch_add(word, 1, peer);
}

static void compare_swap(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_atomic_compare_swap(word, times, times + 1, peer);
}

static void add(size_t size, int times)
{
	(void)size;
	while (times--)
		shmem_long_atomic_add(word, 1, peer);
	shmem_quiet();
}

static void fetch(size_t size, int times)
{
	(void)size;
	while (times--)
		sink = shmem_long_atomic_fetch(word, peer);
}

/* There and back, both wait: @times of them are a half of the way each. */
static void ping(size_t size, int times)
{
	long turn;

	(void)size;
	for (turn = 1; turn <= times / 2; turn++) {
		if (me == 0)
			shmem_long_p(word, turn, peer);
		shmem_long_wait_until(word, SHMEM_CMP_EQ, turn);
		if (me == 1)
			shmem_long_p(word, turn, peer);
	}
	shmem_barrier_all();
	*word = 0;
	shmem_barrier_all();
}

static void barrier(size_t size, int times)
{
	(void)size;
	while (times--)
		shmem_barrier_all();
}

/* The words of a call are used again at the one after the next. */
static void broadcast(size_t size, int times)
{
	while (times--) {
		shmem_broadcast64(theirs, ours, size / 8, 0, 0, 0, npes, sync_words[times % 2]);
		if (times % 2)
			shmem_barrier_all();
	}
}

static void sum(size_t size, int times)
{
	while (times--) {
		shmem_double_sum_to_all(sums, addends, size / 8, 0, 0, npes,
					work[times % 2], sync_words[times % 2]);
		if (times % 2)
			shmem_barrier_all();
	}
}

static const struct measurement {
	const char *name;
	void (*batch)(size_t size, int times);
	int all;	/* PEs take part */
	int times;	/* of the smallest size */
	size_t sizes[8];
} measurements[] = {
	{ "put", put, 0, 20000, { 8, 64, 512, 4096, 32768, 262144, 1048576 } },
	{ "get", get, 0, 20000, { 8, 64, 512, 4096, 32768, 262144, 1048576 } },
	{ "p", element_put, 0, 20000, { 8 } },
	{ "g", element_get, 0, 20000, { 8 } },
	{ "put-stream", stream, 0, 10000, { 8, 4096, 65536, 1048576 } },
	{ "get-stream", stream_get, 0, 10000, { 8, 4096, 65536, 1048576 } },
	{ "fetch-add", fetch_add, 0, 10000, { 8 } },
	{ "compare-swap", compare_swap, 0, 10000, { 8 } },
	{ "add", add, 0, 10000, { 8 } },
	{ "fetch", fetch, 0, 10000, { 8 } },
	{ "p-variable", variable_put, 0, 100, { 8 } },
	{ "g-variable", variable_get, 0, 100, { 8 } },
	{ "fetch-add-variable", variable_add, 0, 100, { 8 } },
	{ "ping", ping, 1, 400, { 8 } },
	{ "barrier", barrier, 1, 200, { 8 } },
	{ "broadcast", broadcast, 1, 200, { 8, 4096, 65536 } },
	{ "sum", sum, 1, 200, { 8, 4096 } },
};

#define MEASUREMENTS (sizeof(measurements) / sizeof(measurements[0]))

static int times_of(const struct measurement *m, size_t size)
{
	int times = m->times;

	for (; size > 1024 && times > 20; size /= 2)
		times /= 2;
	return times;
}

static void measure(const struct measurement *m, size_t size)
{
	int times = times_of(m, size), i;
	double took[MAX_BATCHES];

	shmem_barrier_all();
	if (m->all || me == 0) {
		m->batch(size, times / 4 + 2);
		for (i = 0; i < batches; i++) {
			double begin = now();

			m->batch(size, times);
			took[i] = (now() - begin) / times;
		}
	}
	shmem_barrier_all();
	if (me)
		return;
	qsort(took, batches, sizeof(*took), compare);
	printf("value test=%s size=%zu ns=%.3f\n", m->name, size, took[batches / 2]);
	fflush(stdout);
}

/* What is measured has to do what it says. */
static void verify(void)
{
	size_t size, i;

	for (size = 8; size <= MAX_SIZE; size *= 8) {
		for (i = 0; i < size; i++) {
			ours[i] = i * 7 + size + me;
			theirs[i] = 0;
		}
		shmem_barrier_all();
		if (me == 0) {
			shmem_putmem(theirs, ours, size, peer);
			shmem_quiet();
			memset(ours, 0, size);
			shmem_getmem(ours, theirs, size, peer);
		}
		shmem_barrier_all();
		for (i = 0; i < size; i++) {
			if ((me == 0 && ours[i] != (char)(i * 7 + size)) ||
			    (me == 1 && theirs[i] != (char)(i * 7 + size))) {
				fprintf(stderr, "byte %zu of %zu is wrong at PE %d\n", i, size, me);
				shmem_global_exit(1);
			}
		}
		shmem_barrier_all();
	}
}

int main(int argc, char **argv)
{
	size_t i, s;

	if (argc > 1)
		batches = atoi(argv[1]);
	if (batches < 1 || batches > MAX_BATCHES)
		return 2;
	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	peer = !me;
	theirs = shmem_align(4096, MAX_SIZE);
	ours = shmem_align(4096, MAX_SIZE);
	word = shmem_calloc(1, sizeof(*word));
	for (i = 0; i < 2; i++) {
		sync_words[i] = shmem_malloc(SYNC_WORDS * sizeof(long));
		work[i] = shmem_malloc(WORK_WORDS * sizeof(double));
	}
	addends = shmem_calloc(ADDENDS, sizeof(double));
	sums = shmem_malloc(ADDENDS * sizeof(double));
	if (npes != 2 || !theirs || !ours || !sums) {
		fprintf(stderr, "two PEs are wanted, and 3 MiB of heap\n");
		shmem_global_exit(2);
	}
	for (i = 0; i < SYNC_WORDS; i++)
		sync_words[0][i] = sync_words[1][i] = SHMEM_SYNC_VALUE;
	shmem_barrier_all();
	verify();
	for (i = 0; i < MEASUREMENTS; i++)
		for (s = 0; s < 8 && measurements[i].sizes[s]; s++)
			measure(&measurements[i], measurements[i].sizes[s]);
	if (!me)
		puts("end");
	fflush(stdout);
	shmem_barrier_all();
	shmem_finalize();
	return 0;
}
