// SPDX-License-Identifier: BSD-3-Clause
/*
 * What routines of OpenSHMEM and of persistent spaces cost between two
 * machines, and what the same costs by the raw provider (raw_nodes.c).
 *
 * PE 0 measures. Meanwhile PE 1 is in shmem_barrier_all(), except where all take
 * part; while the raw provider is measured it sleeps, and looks now and then
 * whether that is over. Both are measured in turn, for each measurement and size
 * one right after the other, and which is first alternates: a machine that is
 * slow for a while is slow for both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <shmemx.h>
#include "raw_nodes.h"
#include "shmem_ops.h"

#define MAX_ROUNDS	10
#define NAP_NS		5000000L
#define MAX_SIZE	(1 << 16)
#define SPACE		"bench"

/* In the space; the signal word stays behind the bytes that it announces. */
static shmemx_pspace_t space;
static char *kept;
static uint64_t *announced, announcements;

static void must(int rc, const char *what)
{
	if (!rc)
		return;
	fprintf(stderr, "PE %d: %s: %s\n", ops.me, what, shmemx_pspace_error());
	shmem_global_exit(1);
}

static void broadcast(size_t size, int times)
{
	while (times--)
		shmem_broadcastmem(SHMEM_TEAM_WORLD, ops.theirs, ops.ours, size, 0);
}

/* Of any numbers: bytes that verify() has left. */
static void sum(size_t size, int times)
{
	while (times--)
		shmem_uint64_sum_reduce(SHMEM_TEAM_WORLD, (uint64_t *)ops.theirs,
					(uint64_t *)ops.ours, size / 8);
}

static void put_persist(size_t size, int times)
{
	while (times--) {
		shmem_putmem(kept, ops.ours, size, ops.peer);
		must(shmemx_pe_persist(SHMEM_CTX_DEFAULT, &ops.peer, 1), "shmemx_pe_persist");
	}
}

static void put_persist_range(size_t size, int times)
{
	while (times--) {
		shmem_putmem(kept, ops.ours, size, ops.peer);
		must(shmemx_persist_range(kept, size, ops.peer), "shmemx_persist_range");
	}
}

static void put_persist_signal(size_t size, int times)
{
	while (times--)
		shmemx_putmem_persist_signal(kept, ops.ours, size, announced, ++announcements,
					     SHMEM_SIGNAL_SET, ops.peer);
}

/* Of as many bytes of each PE that have changed. */
static void commit(size_t size, int times)
{
	while (times--) {
		memset(kept, times, size);
		must(shmemx_pspace_commit(space, NULL), "shmemx_pspace_commit");
	}
}

static const struct measurement measurements[] = {
	{ "put", op_put, 0, 20, { 8, 64, 4096, 65536 } },
	{ "get", op_get, 0, 20, { 8, 64, 4096, 65536 } },
	{ "fetch-add", op_fetch_add, 0, 20, { 8 } },
	{ "put-stream", op_put_stream, 0, 2 * WINDOW, { 8, 64, 4096 } },
	{ "get-stream", op_get_stream, 0, 2 * WINDOW, { 8, 64, 4096 } },
	{ "put-persist", put_persist, 0, 20, { 8, 64, 4096, 65536 } },
	{ "put-persist-range", put_persist_range, 0, 20, { 8, 64, 4096, 65536 } },
	{ "put-persist-signal", put_persist_signal, 0, 20, { 8, 64, 4096, 65536 } },
	{ "ping", op_ping, 1, 40, { 8 } },
	{ "barrier", op_barrier, 1, 20, { 8 } },
	{ "broadcast-team", broadcast, 1, 10, { 8, 4096, 65536 } },
	{ "sum-team", sum, 1, 10, { 8, 4096 } },
	{ "commit", commit, 1, 3, { 8, 4096, 65536 } },
};

#define MEASUREMENTS (sizeof(measurements) / sizeof(*measurements))

enum { OURS, RAW, PATHS };

static double took[MAX_ROUNDS][PATHS][MEASUREMENTS][MAX_SIZES];	/* 0: not measured */
static long raw_ended;	/* PE 0 counts at PE 1 */

static void measure_raw(const struct measurement *m, size_t size, double *ns)
{
	static long ends;
	struct timespec nap = { 0, NAP_NS };

	ends++;
	if (ops.me) {
		while (!shmem_long_test(&raw_ended, SHMEM_CMP_GE, ends))
			nanosleep(&nap, NULL);
		return;
	}
	measure_warm_up(m, size);
	*ns = measure_batch(m, size);
	shmem_long_p(&raw_ended, ends, ops.peer);
	shmem_quiet();
}

static void measure_ours(const struct measurement *m, size_t size, double *ns)
{
	if (m->all || ops.me == 0) {
		measure_warm_up(m, size);
		*ns = measure_batch(m, size);
	}
	shmem_barrier_all();
}

static void measure(int round, size_t i, size_t s)
{
	const struct measurement *m = &measurements[i];
	struct measurement raw;
	int turn;

	if (!raw_find(m, &raw)) {
		measure_ours(m, m->sizes[s], &took[round][OURS][i][s]);
		return;
	}
	for (turn = 0; turn < PATHS; turn++)
		if ((turn + round) % PATHS == OURS)
			measure_ours(m, m->sizes[s], &took[round][OURS][i][s]);
		else
			measure_raw(&raw, m->sizes[s], &took[round][RAW][i][s]);
}

static void say(int round, int first)
{
	static const char * const path_name[PATHS] = { "ours", "raw" };
	size_t i, s;
	int path;

	for (path = 0; path < PATHS; path++) {
		printf("run path=%s round=%d\n", path_name[path], first + round);
		for (i = 0; i < MEASUREMENTS; i++)
			for (s = 0; s < MAX_SIZES; s++)
				if (took[round][path][i][s] > 0)
					measure_say(&measurements[i], measurements[i].sizes[s],
						    took[round][path][i][s]);
		puts("end");
	}
	fflush(stdout);
}

static void open_space(void)
{
	int rc = shmemx_pspace_unlink(SPACE);

	if (rc != -ENOENT)
		must(rc, "shmemx_pspace_unlink");
	must(shmemx_pspace_open(SPACE, 4 * MAX_SIZE, SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_EXCL,
				&space), "shmemx_pspace_open");
	if (shmemx_pspace_durability(space) == SHMEMX_DURABLE_NONE) {
		fprintf(stderr, "the space is not durable: there is nothing to be measured\n");
		shmem_global_exit(1);
	}
	kept = shmemx_pspace_align(space, 4096, MAX_SIZE);
	announced = shmemx_pspace_calloc(space, 1, sizeof(*announced));
	must(!kept || !announced, "shmemx_pspace_calloc");
}

/* Whoever sees the signal sees the bytes. */
static void verify_space(void)
{
	size_t i;

	for (i = 0; i < MAX_SIZE; i++)
		ops.ours[i] = i * 11 + ops.me;
	shmemx_putmem_persist_signal(kept, ops.ours, MAX_SIZE, announced, ++announcements,
				     SHMEM_SIGNAL_SET, ops.peer);
	shmem_signal_wait_until(announced, SHMEM_CMP_EQ, announcements);
	for (i = 0; i < MAX_SIZE; i++) {
		if (kept[i] != (char)(i * 11 + ops.peer)) {
			fprintf(stderr, "byte %zu of the space is wrong at PE %d\n", i, ops.me);
			shmem_global_exit(1);
		}
	}
	shmem_barrier_all();
}

int main(int argc, char **argv)
{
	int first = argc > 1 ? atoi(argv[1]) : 0, rounds = argc > 2 ? atoi(argv[2]) : 0, round;
	size_t i, s;

	if (argc != 5 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: shmem_nodes FIRST-ROUND ROUNDS VOLATILE-NODE DURABLE-NODE\n");
		return 2;
	}
	shmem_init();
	ops_begin(MAX_SIZE);
	if (shmem_ptr(ops.word, ops.peer)) {
		fprintf(stderr, "the two PEs are on one machine\n");
		shmem_global_exit(2);
	}
	open_space();
	verify_space();
	if (ops.me == 0)
		raw_begin(argv[3], argv[4]);
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < MEASUREMENTS; i++)
			for (s = 0; s < MAX_SIZES && measurements[i].sizes[s]; s++)
				measure(round, i, s);
		if (ops.me == 0)
			say(round, first);
	}
	must(shmemx_pspace_close(space), "shmemx_pspace_close");
	shmem_finalize();
	return 0;
}
