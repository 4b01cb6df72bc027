// SPDX-License-Identifier: BSD-3-Clause
/*
 * What routines of OpenSHMEM and of persistent spaces cost between two
 * machines: prints a line for each measurement. raw_nodes.c does the same
 * without OpenSHMEM.
 */
#include <errno.h>
#include <string.h>
#include <shmemx.h>
#include "shmem_ops.h"

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
	int batches = measure_argument(argc, argv);

	if (!batches)
		return 2;
	shmem_init();
	ops_begin(MAX_SIZE);
	if (shmem_ptr(ops.word, ops.peer)) {
		fprintf(stderr, "the two PEs are on one machine\n");
		shmem_global_exit(2);
	}
	open_space();
	verify_space();
	ops_measure(measurements, sizeof(measurements) / sizeof(*measurements), batches);
	must(shmemx_pspace_close(space), "shmemx_pspace_close");
	ops_end();
	shmem_finalize();
	return 0;
}
