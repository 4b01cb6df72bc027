// SPDX-License-Identifier: BSD-3-Clause
/*
 * The routines of OpenSHMEM that are measured on one machine and on two, with
 * names of OpenSHMEM 1.4 only: any library's oshcc builds it.
 *
 * PE 0 measures, and PE 1 is in shmem_barrier_all(), except where all take
 * part.
 */
#include <string.h>
#include "shmem_ops.h"

struct ops ops;
volatile long ops_sink;

void op_put(size_t size, int times)
{
	while (times--) {
		shmem_putmem(ops.theirs, ops.ours, size, ops.peer);
		shmem_quiet();
	}
}

void op_get(size_t size, int times)
{
	while (times--)
		shmem_getmem(ops.ours, ops.theirs, size, ops.peer);
}

/* Without waiting for each: message rate and bandwidth. */
void op_put_stream(size_t size, int times)
{
	int i;

	for (i = 0; i < times; i++) {
		shmem_putmem_nbi(ops.theirs, ops.ours, size, ops.peer);
		if (i % WINDOW == WINDOW - 1)
			shmem_quiet();
	}
	shmem_quiet();
}

void op_get_stream(size_t size, int times)
{
	int i;

	for (i = 0; i < times; i++) {
		shmem_getmem_nbi(ops.ours, ops.theirs, size, ops.peer);
		if (i % WINDOW == WINDOW - 1)
			shmem_quiet();
	}
	shmem_quiet();
}

void op_fetch_add(size_t size, int times)
{
	(void)size;
	while (times--)
		ops_sink = shmem_long_atomic_fetch_add(ops.word, 1, ops.peer);
}

/* There and back, both wait: @times of them are a half of the way each. */
void op_ping(size_t size, int times)
{
	long turn;

	(void)size;
	shmem_barrier_all();
	*ops.word = 0;
	shmem_barrier_all();
	for (turn = 1; turn <= times / 2; turn++) {
		if (ops.me == 0)
			shmem_long_p(ops.word, turn, ops.peer);
		shmem_long_wait_until(ops.word, SHMEM_CMP_EQ, turn);
		if (ops.me == 1)
			shmem_long_p(ops.word, turn, ops.peer);
	}
}

void op_barrier(size_t size, int times)
{
	(void)size;
	while (times--)
		shmem_barrier_all();
}

/* What is measured has to do what it says. */
static void verify(size_t max)
{
	size_t size, i;

	for (size = 8; size <= max; size *= 8) {
		for (i = 0; i < size; i++) {
			ops.ours[i] = i * 7 + size + ops.me;
			ops.theirs[i] = 0;
		}
		shmem_barrier_all();
		if (ops.me == 0) {
			shmem_putmem(ops.theirs, ops.ours, size, ops.peer);
			shmem_quiet();
			memset(ops.ours, 0, size);
			shmem_getmem(ops.ours, ops.theirs, size, ops.peer);
		}
		shmem_barrier_all();
		for (i = 0; i < size; i++) {
			if ((ops.me == 0 && ops.ours[i] != (char)(i * 7 + size)) ||
			    (ops.me == 1 && ops.theirs[i] != (char)(i * 7 + size))) {
				fprintf(stderr, "byte %zu of %zu is wrong at PE %d\n", i, size,
					ops.me);
				shmem_global_exit(1);
			}
		}
		shmem_barrier_all();
	}
}

void ops_begin(size_t max)
{
	ops.me = shmem_my_pe();
	ops.npes = shmem_n_pes();
	ops.peer = !ops.me;
	ops.theirs = shmem_align(4096, max);
	ops.ours = shmem_align(4096, max);
	ops.word = shmem_calloc(1, sizeof(*ops.word));
	if (ops.npes != 2 || !ops.theirs || !ops.ours || !ops.word) {
		fprintf(stderr, "two PEs are wanted, and %zu KiB of heap\n", max / 512 + 64);
		shmem_global_exit(2);
	}
	shmem_barrier_all();
	verify(max);
}
