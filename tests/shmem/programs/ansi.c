/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers do for C90, and compilers that take each fault for an error. */
/* flags: -std=c89 -pedantic-errors -Wall -Wextra -Werror */
#include <mpp/shmem.h>
#include <mpp/shmemx.h>
#include <pshmem.h>

static long pSync[_SHMEM_BARRIER_SYNC_SIZE];

int main(void)
{
	int i;

	for (i = 0; i < _SHMEM_BARRIER_SYNC_SIZE; i++)
		pSync[i] = _SHMEM_SYNC_VALUE;
	start_pes(0);
	shmem_barrier_all();
	shmem_barrier(0, 0, _num_pes(), pSync);
	return 0;
}
