// SPDX-License-Identifier: BSD-3-Clause
/* Work arrays on the stack, and sources that are not symmetric. */
#include <shmem.h>

static int all[64], most, mine;

int main(void)
{
	long pSync[SHMEM_REDUCE_SYNC_SIZE];
	int pWrk[SHMEM_REDUCE_MIN_WRKDATA_SIZE], i, me, n;

	for (i = 0; i < SHMEM_REDUCE_SYNC_SIZE; i++)
		pSync[i] = SHMEM_SYNC_VALUE;
	start_pes(0);
	me = mine = shmem_my_pe();
	n = shmem_n_pes();
	if (n > 64)
		return 1;
	shmem_barrier_all();
	shmem_int_max_to_all(&most, &mine, 1, 0, 0, n, pWrk, pSync);
	if (most != n - 1)
		return 2;
	shmem_fcollect32(all, &me, 1, 0, 0, n, pSync);
	for (i = 0; i < n; i++)
		if (all[i] != i)
			return 3;
	return 0;
}
