// SPDX-License-Identifier: BSD-3-Clause
/*
 * What routines of OpenSHMEM cost on one machine. Only names of OpenSHMEM 1.4,
 * so that any library's oshcc builds it: prints a line for each measurement.
 */
#include <stdlib.h>
#include "shmem_ops.h"

#define MAX_SIZE	(1 << 20)
#define MAX_BATCHES	64

#define ADDENDS		512
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define SYNC_WORDS	MAX(SHMEM_REDUCE_SYNC_SIZE, SHMEM_BCAST_SYNC_SIZE)
#define WORK_WORDS	MAX(ADDENDS, SHMEM_REDUCE_MIN_WRKDATA_SIZE)

/* On the symmetric heap. */
static long *sync_words[2];
static double *addends, *sums, *work[2];
static long variable;

static void element_put(size_t size, int times)
{
	(void)size;
	while (times--) {
		shmem_long_p(ops.word, times, ops.peer);
		shmem_quiet();
	}
}

static void element_get(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_g(ops.word, ops.peer);
}

/* The same with a variable of the program. */
static void variable_put(size_t size, int times)
{
	(void)size;
	while (times--) {
		shmem_long_p(&variable, times, ops.peer);
		shmem_quiet();
	}
}

static void variable_get(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_g(&variable, ops.peer);
}

static void variable_add(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_atomic_fetch_add(&variable, 1, ops.peer);
}

static void compare_swap(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_atomic_compare_swap(ops.word, times, times + 1, ops.peer);
}

static void add(size_t size, int times)
{
	(void)size;
	while (times--)
		shmem_long_atomic_add(ops.word, 1, ops.peer);
	shmem_quiet();
}

static void fetch(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_atomic_fetch(ops.word, ops.peer);
}

/* The words of a call are used again at the one after the next. */
static void broadcast(size_t size, int times)
{
	while (times--) {
		shmem_broadcast64(ops.theirs, ops.ours, size / 8, 0, 0, 0, ops.npes,
				  sync_words[times % 2]);
		if (times % 2)
			shmem_barrier_all();
	}
}

static void sum(size_t size, int times)
{
	while (times--) {
		shmem_double_sum_to_all(sums, addends, size / 8, 0, 0, ops.npes,
					work[times % 2], sync_words[times % 2]);
		if (times % 2)
			shmem_barrier_all();
	}
}

static const struct measurement measurements[] = {
	{ "put", op_put, 0, 20000, { 8, 64, 512, 4096, 32768, 262144, 1048576 } },
	{ "get", op_get, 0, 20000, { 8, 64, 512, 4096, 32768, 262144, 1048576 } },
	{ "p", element_put, 0, 20000, { 8 } },
	{ "g", element_get, 0, 20000, { 8 } },
	{ "put-stream", op_put_stream, 0, 10000, { 8, 4096, 65536, 1048576 } },
	{ "get-stream", op_get_stream, 0, 10000, { 8, 4096, 65536, 1048576 } },
	{ "fetch-add", op_fetch_add, 0, 10000, { 8 } },
	{ "compare-swap", compare_swap, 0, 10000, { 8 } },
	{ "add", add, 0, 10000, { 8 } },
	{ "fetch", fetch, 0, 10000, { 8 } },
	{ "p-variable", variable_put, 0, 100, { 8 } },
	{ "g-variable", variable_get, 0, 100, { 8 } },
	{ "fetch-add-variable", variable_add, 0, 100, { 8 } },
	{ "ping", op_ping, 1, 400, { 8 } },
	{ "barrier", op_barrier, 1, 200, { 8 } },
	{ "broadcast", broadcast, 1, 200, { 8, 4096, 65536 } },
	{ "sum", sum, 1, 200, { 8, 4096 } },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A value is the median of batches. */
static double median(const struct measurement *m, size_t size, int batches)
{
	double took[MAX_BATCHES];
	int i;

	measure_warm_up(m, size);
	for (i = 0; i < batches; i++)
		took[i] = measure_batch(m, size);
	qsort(took, batches, sizeof(*took), compare);
	return took[batches / 2];
}

static void measure(const struct measurement *m, size_t size, int batches)
{
	double ns = 0;

	shmem_barrier_all();
	if (m->all || ops.me == 0)
		ns = median(m, size, batches);
	shmem_barrier_all();
	if (ops.me == 0)
		measure_say(m, size, ns);
}

static void begin_collectives(void)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		sync_words[i] = shmem_malloc(SYNC_WORDS * sizeof(long));
		work[i] = shmem_malloc(WORK_WORDS * sizeof(double));
	}
	addends = shmem_calloc(ADDENDS, sizeof(double));
	sums = shmem_malloc(ADDENDS * sizeof(double));
	if (!sums) {
		fprintf(stderr, "there is no heap for a sum\n");
		shmem_global_exit(2);
	}
	for (i = 0; i < SYNC_WORDS; i++)
		sync_words[0][i] = sync_words[1][i] = SHMEM_SYNC_VALUE;
	shmem_barrier_all();
}

int main(int argc, char **argv)
{
	int batches = argc > 1 ? atoi(argv[1]) : 15;
	size_t i, n;

	if (batches < 1 || batches > MAX_BATCHES)
		return 2;
	shmem_init();
	ops_begin(MAX_SIZE);
	begin_collectives();
	for (i = 0; i < sizeof(measurements) / sizeof(*measurements); i++)
		for (n = 0; n < MAX_SIZES && measurements[i].sizes[n]; n++)
			measure(&measurements[i], measurements[i].sizes[n], batches);
	if (ops.me == 0)
		puts("end");
	fflush(stdout);
	shmem_barrier_all();
	shmem_finalize();
	return 0;
}
