// SPDX-License-Identifier: BSD-3-Clause
/* The profiling interface: routines of the program in front of the library's. */
#include "harness.h"

static int puts_seen, bytes_seen, barriers_seen, locks_seen, inits_seen;

void shmem_long_put(long *dest, const long *source, size_t nelems, int pe)
{
	puts_seen++;
	bytes_seen += nelems * sizeof(long);
	pshmem_long_put(dest, source, nelems, pe);
}

void shmem_barrier_all(void)
{
	barriers_seen++;
	pshmem_barrier_all();
}

int shmem_test_lock(long *lock)
{
	locks_seen++;
	return pshmem_test_lock(lock);
}

void shmem_init(void)
{
	inits_seen++;
	pshmem_init();
}

int main(void)
{
	static long a[8], lock;
	long b[8] = { me };

	shmem_init();
	me = pshmem_my_pe();
	npes = pshmem_n_pes();
	right = (me + 1) % npes;
	left = (me + npes - 1) % npes;
	b[7] = 70 + me;
	CHECK(inits_seen == 1);
	shmem_put(a, b, 8, right);	/* the generic name comes by here, too */
	shmem_long_put(a, b, 8, right);
	CHECK(puts_seen == 2 && bytes_seen == 16 * sizeof(long));
	shmem_barrier_all();
	CHECK(barriers_seen == 1 && a[7] == 70 + left);
	/* What the library does by itself is no call of the program. */
	pshmem_free(pshmem_malloc(100));
	pshmem_sync_all();
	CHECK(barriers_seen == 1);
	while (shmem_test_lock(&lock))
		;
	pshmem_clear_lock(&lock);
	CHECK(locks_seen > 0);
	result("profiling", "shmem_X of the program, pshmem_X of the library");
	return suite_end();
}
