// SPDX-License-Identifier: BSD-3-Clause
/* No elements, from and to nowhere, also of the own PE. */
#include <shmem.h>

static long pSync[SHMEM_SYNC_SIZE];

int main(void)
{
	int i, pe;

	for (i = 0; i < SHMEM_SYNC_SIZE; i++)
		pSync[i] = SHMEM_SYNC_VALUE;
	shmem_init();
	for (pe = 0; pe < shmem_n_pes(); pe++) {
		shmem_putmem(NULL, NULL, 0, pe);
		shmem_getmem_nbi(NULL, NULL, 0, pe);
		shmem_int_iput(NULL, NULL, 1, 1, 0, pe);
	}
	shmem_int_broadcast(SHMEM_TEAM_WORLD, NULL, NULL, 0, 0);
	shmem_long_fcollect(SHMEM_TEAM_WORLD, NULL, NULL, 0);
	shmem_alltoall64(NULL, NULL, 0, 0, 0, shmem_n_pes(), pSync);
	shmem_finalize();
	return 0;
}
