// SPDX-License-Identifier: BSD-3-Clause
/*
 * Puts, gets and atomics at all other PEs without end, in turn: what is under
 * way when a PE is killed. "busy" says that all have begun; with a number, that
 * many rounds, counted exactly at PE 0.
 */
#include <shmem.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS 4096

static long target[WORDS], source[WORDS], count;

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 0, i;
	int me, npes, pe;

	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
	for (i = 0; !rounds || i < rounds; i++) {
		for (pe = 0; pe < npes; pe++) {
			shmem_long_put(target, source, WORDS, pe);
			shmem_long_get(source, target, WORDS, pe);
			shmem_long_atomic_inc(&count, pe);
		}
		if (i)
			continue;
		shmem_barrier_all();
		if (!me) {
			printf("busy\n");
			fflush(stdout);
		}
	}
	shmem_barrier_all();
	if (count != rounds * npes) {
		printf("PE %d counted %ld, not %ld\n", me, count, rounds * npes);
		return 1;
	}
	if (!me)
		printf("counted %ld\n", count);
	shmem_finalize();
	return 0;
}
