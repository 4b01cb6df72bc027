// SPDX-License-Identifier: BSD-3-Clause
/*
 * Sections "Memory Ordering Routines" and, of the collectives, barrier and
 * sync.
 */
#include "transport.h"

SHI_FN(void, shmem_fence, (void))
{
	shi_fence();
}

SHI_FN(void, shmem_ctx_fence, (shmem_ctx_t ctx))
{
	(void)ctx;
	shi_fence();
}

SHI_FN(void, shmem_quiet, (void))
{
	shi_quiet();
}

SHI_FN(void, shmem_ctx_quiet, (shmem_ctx_t ctx))
{
	(void)ctx;
	shi_quiet();
}

SHI_FN(void, shmem_pe_quiet, (const int *target_pes, size_t npes))
{
	(void)target_pes;
	(void)npes;
	shi_quiet();
}

SHI_FN(void, shmem_ctx_pe_quiet, (shmem_ctx_t ctx, const int *target_pes, size_t npes))
{
	(void)ctx;
	(void)target_pes;
	(void)npes;
	shi_quiet();
}

SHI_FN(void, shmem_barrier_all, (void))
{
	shi_need_init("shmem_barrier_all()");
	shi_quiet();
	shi_set_sync(&shi_world.set);
}

SHI_FN(void, shmem_sync_all, (void))
{
	shi_need_init("shmem_sync_all()");
	shi_set_sync(&shi_world.set);
}

SHI_FN(int, shmem_team_sync, (shmem_team_t handle))
{
	struct shi_team *team = shi_team(handle);

	shi_need_init("shmem_team_sync()");
	if (!team)
		return -1;
	shi_set_sync(&team->set);
	return 0;
}

SHI_FN(void, shmem_barrier, (int PE_start, int logPE_stride, int PE_size, long *pSync))
{
	struct shi_set set = shi_active_set(PE_start, logPE_stride, PE_size, pSync);

	shi_quiet();
	shi_set_sync(&set);
}

SHI_FN(void, shmem_sync, (int PE_start, int logPE_stride, int PE_size, long *pSync))
{
	struct shi_set set = shi_active_set(PE_start, logPE_stride, PE_size, pSync);

	shi_set_sync(&set);
}

/* Caches are coherent. */
SHI_FN(void, shmem_clear_cache_inv, (void)) { }
SHI_FN(void, shmem_set_cache_inv, (void)) { }
SHI_FN(void, shmem_clear_cache_line_inv, (void *dest)) { (void)dest; }
SHI_FN(void, shmem_set_cache_line_inv, (void *dest)) { (void)dest; }
SHI_FN(void, shmem_udcflush, (void)) { }
SHI_FN(void, shmem_udcflush_line, (void *dest)) { (void)dest; }
