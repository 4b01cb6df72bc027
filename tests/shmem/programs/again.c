// SPDX-License-Identifier: BSD-3-Clause
/* Initialized again after the last shmem_finalize(). */
#include <shmem.h>

static int got;

int main(void)
{
	void *first, *again;
	int is;

	shmem_init();
	first = shmem_malloc(100);
	shmem_finalize();
	shmem_query_initialized(&is);
	if (is)
		return 1;
	shmem_init();
	again = shmem_malloc(100);
	shmem_int_p(&got, shmem_my_pe() + 1, (shmem_my_pe() + 1) % shmem_n_pes());
	shmem_barrier_all();
	if (again != first || !got)
		return 2;
	shmem_finalize();
	return 0;
}
