// SPDX-License-Identifier: BSD-3-Clause
/* Every way to look for a value until it is there, on fewer processors than PEs. */
// seconds: 30
#include <shmem.h>

static volatile int plain;
static int fetched, gotten, tested, waited;
static long lock, counter;

int main(void)
{
	int me, right, round;

	shmem_init();
	me = shmem_my_pe();
	right = (me + 1) % shmem_n_pes();
	for (round = 1; round <= 20; round++) {
		shmem_int_p((int *)&plain, round, right);
		while (plain < round)
			;
		shmem_int_atomic_set(&fetched, round, right);
		while (shmem_int_atomic_fetch(&fetched, me) < round)
			;
		shmem_int_p(&gotten, round, right);
		while (shmem_int_g(&gotten, me) < round)
			;
		shmem_int_p(&tested, round, right);
		while (!shmem_int_test(&tested, SHMEM_CMP_GE, round))
			;
		shmem_int_p(&waited, round, right);
		shmem_int_wait_until(&waited, SHMEM_CMP_GE, round);
		while (shmem_test_lock(&lock))
			;
		shmem_long_p(&counter, shmem_long_g(&counter, 0) + 1, 0);
		shmem_clear_lock(&lock);
	}
	shmem_barrier_all();
	if (shmem_long_g(&counter, 0) != 20 * shmem_n_pes())
		return 1;
	shmem_finalize();
	return 0;
}
