// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Collective Routines": broadcast, collect, alltoall. Everybody puts
 * what it has where it belongs, between two barriers: before the first one a
 * member may still use its destination, after the last one all is there.
 */
#include "transport.h"

static void broadcast(const struct shi_set *set, void *dest, const void *source, size_t len,
		      int root, bool also_root)
{
	int i;

	if (root < 0 || root >= set->size)
		shi_die("a broadcast's root is %d of %d PEs", root, set->size);
	shi_set_sync(set);
	if (set->rank == root) {
		for (i = 0; i < set->size; i++)
			if (i != root)
				shi_put_nbi(dest, source, len, shi_set_pe(set, i));
		if (also_root && dest != source)
			memmove(dest, source, len);
		shi_quiet();
	}
	shi_set_sync(set);
}

/* To all members at an offset */
static void put_all(const struct shi_set *set, char *dest, const void *source, size_t len)
{
	int i;

	/* Each starts with itself, so that not all write to one at a time. */
	for (i = 0; i < set->size; i++)
		shi_put_nbi(dest, source, len, shi_set_pe(set, (set->rank + i) % set->size));
}

static void fcollect(const struct shi_set *set, void *dest, const void *source, size_t len)
{
	shi_set_sync(set);
	put_all(set, (char *)dest + len * set->rank, source, len);
	shi_quiet();
	shi_set_sync(set);
}

static void collect(const struct shi_set *set, void *dest, const void *source, size_t len)
{
	size_t at = 0;
	int i;

	shi_set_tell(set, len);
	shi_set_sync(set);
	for (i = 0; i < set->rank; i++)
		at += shi_set_told(set, i);
	put_all(set, (char *)dest + at, source, len);
	shi_quiet();
	shi_set_sync(set);
	/* A pSync array is left as it was found. */
	if (set->psync)
		shi_set_tell(set, SHMEM_SYNC_VALUE);
}

static void alltoall(const struct shi_set *set, char *dest, const char *source, size_t len)
{
	int i, to;

	shi_set_sync(set);
	for (i = 0; i < set->size; i++) {
		to = (set->rank + i) % set->size;
		shi_put_nbi(dest + len * set->rank, source + len * to, len, shi_set_pe(set, to));
	}
	shi_quiet();
	shi_set_sync(set);
}

static void alltoalls(const struct shi_set *set, char *dest, const char *source, ptrdiff_t dst,
		      ptrdiff_t sst, size_t nelems, size_t size)
{
	int i, to;
	size_t k;

	shi_set_sync(set);
	for (i = 0; i < set->size; i++) {
		to = (set->rank + i) % set->size;
		for (k = 0; k < nelems; k++)
			shi_put_nbi(dest + (set->rank * nelems + k) * dst * size,
				source + (to * nelems + k) * sst * size,
				size, shi_set_pe(set, to));
	}
	shi_quiet();
	shi_set_sync(set);
}

#define ON_TEAM(call) { \
	struct shi_team *team = shi_team(handle); \
	const struct shi_set *set; \
	shi_need_init("a collective"); \
	if (!team) \
		return -1; \
	set = &team->set; \
	call; \
	return 0; \
}

#define TEAM(T, SZ, BCAST, COLL, FCOLL, A2A, A2AS) \
SHI_FN(int, BCAST, (shmem_team_t handle, T *dest, const T *source, size_t nelems, int root)) \
	ON_TEAM(broadcast(set, dest, source, nelems * (SZ), root, true)) \
SHI_FN(int, COLL, (shmem_team_t handle, T *dest, const T *source, size_t nelems)) \
	ON_TEAM(collect(set, dest, source, nelems * (SZ))) \
SHI_FN(int, FCOLL, (shmem_team_t handle, T *dest, const T *source, size_t nelems)) \
	ON_TEAM(fcollect(set, dest, source, nelems * (SZ))) \
SHI_FN(int, A2A, (shmem_team_t handle, T *dest, const T *source, size_t nelems)) \
	ON_TEAM(alltoall(set, (char *)dest, (const char *)source, nelems * (SZ))) \
SHI_FN(int, A2AS, (shmem_team_t handle, T *dest, const T *source, ptrdiff_t dst, \
		   ptrdiff_t sst, size_t nelems)) \
	ON_TEAM(alltoalls(set, (char *)dest, (const char *)source, dst, sst, nelems, SZ))

#define TYPED(T, N, A) \
TEAM(T, sizeof(T), shmem_##N##_broadcast, shmem_##N##_collect, shmem_##N##_fcollect, \
     shmem_##N##_alltoall, shmem_##N##_alltoalls)
SHMEM_RMA_TYPES_(TYPED, )
TEAM(void, 1, shmem_broadcastmem, shmem_collectmem, shmem_fcollectmem, shmem_alltoallmem,
     shmem_alltoallsmem)

/* Deprecated: on active sets. The broadcast leaves the root's destination alone. */
#define ASET int start, int log_stride, int size, long *psync
#define SET struct shi_set set = shi_active_set(start, log_stride, size, psync)
#define SIZED(S, A) \
SHI_FN(void, shmem_broadcast##S, \
       (void *dest, const void *source, size_t nelems, int root, ASET)) \
	{ SET; broadcast(&set, dest, source, nelems * (S / 8), root, false); } \
SHI_FN(void, shmem_collect##S, (void *dest, const void *source, size_t nelems, ASET)) \
	{ SET; collect(&set, dest, source, nelems * (S / 8)); } \
SHI_FN(void, shmem_fcollect##S, (void *dest, const void *source, size_t nelems, ASET)) \
	{ SET; fcollect(&set, dest, source, nelems * (S / 8)); } \
SHI_FN(void, shmem_alltoall##S, (void *dest, const void *source, size_t nelems, ASET)) \
	{ SET; alltoall(&set, dest, source, nelems * (S / 8)); } \
SHI_FN(void, shmem_alltoalls##S, \
       (void *dest, const void *source, ptrdiff_t dst, ptrdiff_t sst, size_t nelems, ASET)) \
	{ SET; alltoalls(&set, dest, source, dst, sst, nelems, S / 8); }
SHMEM_ASET_SIZES_(SIZED, )
