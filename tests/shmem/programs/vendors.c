// SPDX-License-Identifier: BSD-3-Clause
/* What programs ask of a library of another vendor. */
#include <shmem.h>
#include <shmemx.h>

#if !defined(OSHMEM_SPEC_VERSION) || OSHMEM_SPEC_VERSION < 10200
#error "older than OpenSHMEM 1.2?"
#endif

int main(void)
{
	double then = shmemx_wtime();

	shmem_init();
	shmem_pcontrol(1, "a region", 2.0);
	shmem_barrier_all();
	if (!(shmemx_wtime() > then))
		return 1;
	shmem_finalize();
	return 0;
}
