// SPDX-License-Identifier: BSD-3-Clause
/* Section "OpenSHMEM Profiling Interface", and the clock for measuring. */
#include <time.h>

#include "internal.h"
#include <shmemx.h>

/* A profiler puts its own in place of this one. */
SHI_FN(void, shmem_pcontrol, (int level, ...))
{
	(void)level;
}

SHI_FN(double, shmemx_wtime, (void))
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
