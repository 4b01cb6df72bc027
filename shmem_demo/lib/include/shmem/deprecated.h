/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of earlier versions, deprecated since or gone; part of <shmem.h>.
 */
#define _SHMEM_MAJOR_VERSION SHMEM_MAJOR_VERSION
#define _SHMEM_MINOR_VERSION SHMEM_MINOR_VERSION
#define _SHMEM_MAX_NAME_LEN SHMEM_MAX_NAME_LEN
#define _SHMEM_VENDOR_STRING SHMEM_VENDOR_STRING
#define _SHMEM_CMP_EQ SHMEM_CMP_EQ
#define _SHMEM_CMP_NE SHMEM_CMP_NE
#define _SHMEM_CMP_GT SHMEM_CMP_GT
#define _SHMEM_CMP_LE SHMEM_CMP_LE
#define _SHMEM_CMP_LT SHMEM_CMP_LT
#define _SHMEM_CMP_GE SHMEM_CMP_GE
#define _SHMEM_SYNC_VALUE SHMEM_SYNC_VALUE
#define _SHMEM_SYNC_SIZE SHMEM_SYNC_SIZE
#define _SHMEM_BCAST_SYNC_SIZE SHMEM_BCAST_SYNC_SIZE
#define _SHMEM_REDUCE_SYNC_SIZE SHMEM_REDUCE_SYNC_SIZE
#define _SHMEM_BARRIER_SYNC_SIZE SHMEM_BARRIER_SYNC_SIZE
#define _SHMEM_COLLECT_SYNC_SIZE SHMEM_COLLECT_SYNC_SIZE
#define _SHMEM_ALLTOALL_SYNC_SIZE SHMEM_ALLTOALL_SYNC_SIZE
#define _SHMEM_ALLTOALLS_SYNC_SIZE SHMEM_ALLTOALLS_SYNC_SIZE
#define _SHMEM_REDUCE_MIN_WRKDATA_SIZE SHMEM_REDUCE_MIN_WRKDATA_SIZE

SHMEM_F_(void, start_pes, (int npes))
/* my_pe() and num_pes() are there too; many a program has variables so named. */
SHMEM_EXPORT_ int _my_pe(void);
SHMEM_EXPORT_ int _num_pes(void);
SHMEM_F_(void *, shmalloc, (size_t size))
SHMEM_F_(void, shfree, (void *ptr))
SHMEM_F_(void *, shrealloc, (void *ptr, size_t size))
SHMEM_F_(void *, shmemalign, (size_t alignment, size_t size))
SHMEM_F_(int, shmem_num_pes, (void))

/* Caches are coherent: nothing to do. */
SHMEM_F_(void, shmem_clear_cache_inv, (void))
SHMEM_F_(void, shmem_set_cache_inv, (void))
SHMEM_F_(void, shmem_clear_cache_line_inv, (void *dest))
SHMEM_F_(void, shmem_set_cache_line_inv, (void *dest))
SHMEM_F_(void, shmem_udcflush, (void))
SHMEM_F_(void, shmem_udcflush_line, (void *dest))

/* Atomic memory operations by their names before 1.4 */
#define SHMEM_X_(T, N, A) \
	SHMEM_F_(T, shmem_##N##_fetch, (const T *source, int pe)) \
	SHMEM_F_(void, shmem_##N##_set, (T *dest, T value, int pe)) \
	SHMEM_F_(T, shmem_##N##_swap, (T *dest, T value, int pe))
SHMEM_AMOX_TYPES_(SHMEM_X_, )
#undef SHMEM_X_
#define SHMEM_X_(T, N, A) \
	SHMEM_F_(T, shmem_##N##_cswap, (T *dest, T cond, T value, int pe)) \
	SHMEM_F_(T, shmem_##N##_finc, (T *dest, int pe)) \
	SHMEM_F_(void, shmem_##N##_inc, (T *dest, int pe)) \
	SHMEM_F_(T, shmem_##N##_fadd, (T *dest, T value, int pe)) \
	SHMEM_F_(void, shmem_##N##_add, (T *dest, T value, int pe))
SHMEM_AMO_TYPES_(SHMEM_X_, )
#undef SHMEM_X_
SHMEM_F_(long, shmem_swap, (long *dest, long value, int pe))

/* Waiting until a variable is no more what it was */
#define SHMEM_X_(T, N, A) \
	SHMEM_F_(void, shmem_##N##_wait, (volatile T *ivar, T cmp_value))
SHMEM_P2P_TYPES_(SHMEM_X_, )
#undef SHMEM_X_
SHMEM_F_(void, shmem_wait, (volatile long *ivar, long cmp_value))
SHMEM_F_(void, shmem_wait_until,
	 (volatile long *ivar, int cmp, long cmp_value))

/* Collectives on active sets */
#define SHMEM_ASET_ int PE_start, int logPE_stride, int PE_size
SHMEM_F_(void, shmem_barrier, (SHMEM_ASET_, long *pSync))
SHMEM_F_(void, shmem_sync, (SHMEM_ASET_, long *pSync))

#define SHMEM_X_(S, A) \
	SHMEM_F_(void, shmem_broadcast##S, \
		 (void *dest, const void *source, size_t nelems, int PE_root, \
		  SHMEM_ASET_, long *pSync)) \
	SHMEM_F_(void, shmem_collect##S, \
		 (void *dest, const void *source, size_t nelems, \
		  SHMEM_ASET_, long *pSync)) \
	SHMEM_F_(void, shmem_fcollect##S, \
		 (void *dest, const void *source, size_t nelems, \
		  SHMEM_ASET_, long *pSync)) \
	SHMEM_F_(void, shmem_alltoall##S, \
		 (void *dest, const void *source, size_t nelems, \
		  SHMEM_ASET_, long *pSync)) \
	SHMEM_F_(void, shmem_alltoalls##S, \
		 (void *dest, const void *source, ptrdiff_t dst, \
		  ptrdiff_t sst, size_t nelems, SHMEM_ASET_, long *pSync))
SHMEM_ASET_SIZES_(SHMEM_X_, )
#undef SHMEM_X_

#define SHMEM_X_(T, N, op) \
	SHMEM_F_(void, shmem_##N##_##op##_to_all, \
		 (T *dest, const T *source, int nreduce, SHMEM_ASET_, \
		  T *pWrk, long *pSync))
SHMEM_ASET_BIT_TYPES_(SHMEM_X_, and)
SHMEM_ASET_BIT_TYPES_(SHMEM_X_, or)
SHMEM_ASET_BIT_TYPES_(SHMEM_X_, xor)
SHMEM_ASET_ORDER_TYPES_(SHMEM_X_, max)
SHMEM_ASET_ORDER_TYPES_(SHMEM_X_, min)
SHMEM_ASET_ARITH_TYPES_(SHMEM_X_, sum)
SHMEM_ASET_ARITH_TYPES_(SHMEM_X_, prod)
#undef SHMEM_X_
