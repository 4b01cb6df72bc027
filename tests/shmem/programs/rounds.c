// SPDX-License-Identifier: BSD-3-Clause
/* Thousands of turns that are waited for by reading. */
// seconds: 15
#include <shmem.h>

#define TURNS 1000

static long turn, lock, counter;

static long by_fetch(int me)
{
	return shmem_long_atomic_fetch(&turn, me);
}

static long by_add(int me)
{
	return shmem_long_atomic_fetch_add(&turn, 0, me);
}

static long by_g(int me)
{
	return shmem_long_g(&turn, me);
}

static long by_getmem(int me)
{
	long value;

	shmem_getmem(&value, &turn, sizeof(value), me);
	return value;
}

int main(void)
{
	long (*const ways[])(int me) = { by_fetch, by_add, by_g, by_getmem };
	int me, right, way;
	long next;

	shmem_init();
	me = shmem_my_pe();
	right = (me + 1) % shmem_n_pes();
	for (way = 0; way < 4; way++) {
		turn = 0;
		shmem_barrier_all();
		for (next = 1; next <= TURNS; next++) {
			if (!me)
				shmem_long_atomic_set(&turn, next, right);
			while (ways[way](me) < next)
				;
			if (me)
				shmem_long_atomic_set(&turn, next, right);
		}
		shmem_barrier_all();
	}
	for (next = 0; next < TURNS; next++) {
		while (shmem_long_atomic_compare_swap(&lock, 0, me + 1, 0))
			;
		shmem_long_p(&counter, shmem_long_g(&counter, 0) + 1, 0);
		shmem_quiet();
		shmem_long_atomic_set(&lock, 0, 0);
	}
	shmem_barrier_all();
	if (shmem_long_g(&counter, 0) != (long)TURNS * shmem_n_pes())
		return 1;
	shmem_finalize();
	return 0;
}
