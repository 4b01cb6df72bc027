/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The routines of which there is one for each type or size; part of <shmem.h>.
 */
#define SHMEM_SIG_ uint64_t *sig_addr, uint64_t signal, int sig_op

/* Remote memory access, one kind of element: T is its type, N its name. */
#define SHMEM_RMA_DECL_(T, put, get) \
	SHMEM_FC_(void, put, T *dest, const T *source, size_t nelems, int pe) \
	SHMEM_FC_(void, get, T *dest, const T *source, size_t nelems, int pe) \
	SHMEM_FC_(void, put##_nbi, T *dest, const T *source, size_t nelems, \
		  int pe) \
	SHMEM_FC_(void, get##_nbi, T *dest, const T *source, size_t nelems, \
		  int pe) \
	SHMEM_FC_(void, put##_signal, T *dest, const T *source, \
		  size_t nelems, SHMEM_SIG_, int pe) \
	SHMEM_FC_(void, put##_signal_nbi, T *dest, const T *source, \
		  size_t nelems, SHMEM_SIG_, int pe)
#define SHMEM_STRIDED_DECL_(T, iput, iget, ibput, ibget) \
	SHMEM_FC_(void, iput, T *dest, const T *source, ptrdiff_t dst, \
		  ptrdiff_t sst, size_t nelems, int pe) \
	SHMEM_FC_(void, iget, T *dest, const T *source, ptrdiff_t dst, \
		  ptrdiff_t sst, size_t nelems, int pe) \
	SHMEM_FC_(void, ibput, T *dest, const T *source, ptrdiff_t dst, \
		  ptrdiff_t sst, size_t bsize, size_t nblocks, int pe) \
	SHMEM_FC_(void, ibget, T *dest, const T *source, ptrdiff_t dst, \
		  ptrdiff_t sst, size_t bsize, size_t nblocks, int pe)

#define SHMEM_X_(T, N, A) \
	SHMEM_RMA_DECL_(T, N##_put, N##_get) \
	SHMEM_STRIDED_DECL_(T, N##_iput, N##_iget, N##_ibput, N##_ibget) \
	SHMEM_FC_(void, N##_p, T *dest, T value, int pe) \
	SHMEM_FC_(T, N##_g, const T *source, int pe)
SHMEM_RMA_TYPES_(SHMEM_X_, )
#undef SHMEM_X_

#define SHMEM_X_(S, A) \
	SHMEM_RMA_DECL_(void, put##S, get##S) \
	SHMEM_STRIDED_DECL_(void, iput##S, iget##S, ibput##S, ibget##S)
SHMEM_RMA_SIZES_(SHMEM_X_, )
SHMEM_RMA_DECL_(void, putmem, getmem)
#undef SHMEM_X_

/* Atomic memory operations */
#define SHMEM_X_(T, N, A) \
	SHMEM_FC_(T, N##_atomic_fetch, const T *source, int pe) \
	SHMEM_FC_(void, N##_atomic_set, T *dest, T value, int pe) \
	SHMEM_FC_(T, N##_atomic_swap, T *dest, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_fetch_nbi, T *fetch, const T *source, \
		  int pe) \
	SHMEM_FC_(void, N##_atomic_swap_nbi, T *fetch, T *dest, T value, \
		  int pe)
SHMEM_AMOX_TYPES_(SHMEM_X_, )
#undef SHMEM_X_

#define SHMEM_X_(T, N, A) \
	SHMEM_FC_(T, N##_atomic_compare_swap, T *dest, T cond, T value, \
		  int pe) \
	SHMEM_FC_(T, N##_atomic_fetch_inc, T *dest, int pe) \
	SHMEM_FC_(void, N##_atomic_inc, T *dest, int pe) \
	SHMEM_FC_(T, N##_atomic_fetch_add, T *dest, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_add, T *dest, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_compare_swap_nbi, T *fetch, T *dest, \
		  T cond, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_fetch_inc_nbi, T *fetch, T *dest, int pe) \
	SHMEM_FC_(void, N##_atomic_fetch_add_nbi, T *fetch, T *dest, T value, \
		  int pe)
SHMEM_AMO_TYPES_(SHMEM_X_, )
#undef SHMEM_X_

#define SHMEM_BIT_DECL_(T, N, op) \
	SHMEM_FC_(T, N##_atomic_fetch_##op, T *dest, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_##op, T *dest, T value, int pe) \
	SHMEM_FC_(void, N##_atomic_fetch_##op##_nbi, T *fetch, T *dest, \
		  T value, int pe)
#define SHMEM_X_(T, N, A) \
	SHMEM_BIT_DECL_(T, N, and) SHMEM_BIT_DECL_(T, N, or) \
	SHMEM_BIT_DECL_(T, N, xor)
SHMEM_AMOB_TYPES_(SHMEM_X_, )
#undef SHMEM_X_

/*
 * Point-to-point synchronisation. "volatile" is more than 1.6 asks for: it lets
 * programs in that give older versions' volatile variables.
 */
#define SHMEM_X_(T, N, A) \
	SHMEM_F_(void, shmem_##N##_wait_until, \
		 (volatile T *ivar, int cmp, T cmp_value)) \
	SHMEM_F_(void, shmem_##N##_wait_until_all, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, T cmp_value)) \
	SHMEM_F_(size_t, shmem_##N##_wait_until_any, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, T cmp_value)) \
	SHMEM_F_(size_t, shmem_##N##_wait_until_some, \
		 (volatile T *ivars, size_t nelems, size_t *indices, \
		  const int *status, int cmp, T cmp_value)) \
	SHMEM_F_(void, shmem_##N##_wait_until_all_vector, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, const T *cmp_values)) \
	SHMEM_F_(size_t, shmem_##N##_wait_until_any_vector, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, const T *cmp_values)) \
	SHMEM_F_(size_t, shmem_##N##_wait_until_some_vector, \
		 (volatile T *ivars, size_t nelems, size_t *indices, \
		  const int *status, int cmp, const T *cmp_values)) \
	SHMEM_F_(int, shmem_##N##_test, \
		 (volatile T *ivar, int cmp, T cmp_value)) \
	SHMEM_F_(int, shmem_##N##_test_all, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, T cmp_value)) \
	SHMEM_F_(size_t, shmem_##N##_test_any, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, T cmp_value)) \
	SHMEM_F_(size_t, shmem_##N##_test_some, \
		 (volatile T *ivars, size_t nelems, size_t *indices, \
		  const int *status, int cmp, T cmp_value)) \
	SHMEM_F_(int, shmem_##N##_test_all_vector, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, const T *cmp_values)) \
	SHMEM_F_(size_t, shmem_##N##_test_any_vector, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, const T *cmp_values)) \
	SHMEM_F_(size_t, shmem_##N##_test_some_vector, \
		 (volatile T *ivars, size_t nelems, size_t *indices, \
		  const int *status, int cmp, const T *cmp_values))
SHMEM_P2P_TYPES_(SHMEM_X_, )
#undef SHMEM_X_

/* Collectives on teams */
#define SHMEM_COLL_DECL_(T, bcast, coll, fcoll, a2a, a2as) \
	SHMEM_F_(int, bcast, (shmem_team_t team, T *dest, const T *source, \
			      size_t nelems, int PE_root)) \
	SHMEM_F_(int, coll, (shmem_team_t team, T *dest, const T *source, \
			     size_t nelems)) \
	SHMEM_F_(int, fcoll, (shmem_team_t team, T *dest, const T *source, \
			      size_t nelems)) \
	SHMEM_F_(int, a2a, (shmem_team_t team, T *dest, const T *source, \
			    size_t nelems)) \
	SHMEM_F_(int, a2as, (shmem_team_t team, T *dest, const T *source, \
			     ptrdiff_t dst, ptrdiff_t sst, size_t nelems))
#define SHMEM_X_(T, N, A) \
	SHMEM_COLL_DECL_(T, shmem_##N##_broadcast, shmem_##N##_collect, \
			 shmem_##N##_fcollect, shmem_##N##_alltoall, \
			 shmem_##N##_alltoalls)
SHMEM_RMA_TYPES_(SHMEM_X_, )
SHMEM_COLL_DECL_(void, shmem_broadcastmem, shmem_collectmem,
		 shmem_fcollectmem, shmem_alltoallmem, shmem_alltoallsmem)
#undef SHMEM_X_

#define SHMEM_X_(T, N, op) \
	SHMEM_F_(int, shmem_##N##_##op, (shmem_team_t team, T *dest, \
					 const T *source, size_t nreduce))
SHMEM_TEAM_BIT_TYPES_(SHMEM_X_, and_reduce)
SHMEM_TEAM_BIT_TYPES_(SHMEM_X_, or_reduce)
SHMEM_TEAM_BIT_TYPES_(SHMEM_X_, xor_reduce)
SHMEM_TEAM_ORDER_TYPES_(SHMEM_X_, max_reduce)
SHMEM_TEAM_ORDER_TYPES_(SHMEM_X_, min_reduce)
SHMEM_TEAM_ARITH_TYPES_(SHMEM_X_, sum_reduce)
SHMEM_TEAM_ARITH_TYPES_(SHMEM_X_, prod_reduce)
SHMEM_TEAM_ARITH_TYPES_(SHMEM_X_, sum_inscan)
SHMEM_TEAM_ARITH_TYPES_(SHMEM_X_, sum_exscan)
#undef SHMEM_X_
