/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For C++ what generic.h is for C11: routines by their names without a type.
 * The standard asks for them in C11 only; part of <shmem.h>.
 */
/* Also where a program includes <shmem.h> inside of extern "C". */
extern "C++" {

#include <complex>

/* With and without a context: "params" with, "args" without parentheses. */
#define SHMEM_O_(ret, op, N, params, ...) \
	static inline ret shmem_##op params \
	{ return shmem_##N##_##op(__VA_ARGS__); }
#define SHMEM_OC_(ret, op, N, params, ...) \
	SHMEM_O_(ret, op, N, (SHMEM_UNPAREN_ params), __VA_ARGS__) \
	static inline ret shmem_##op(shmem_ctx_t ctx, SHMEM_UNPAREN_ params) \
	{ return shmem_ctx_##N##_##op(ctx, __VA_ARGS__); }
#define SHMEM_UNPAREN_(...) __VA_ARGS__

/* Remote memory access */
#define SHMEM_BLOCK_(T, N, op) \
	SHMEM_OC_(void, op, N, (T *dest, const T *source, size_t nelems, \
				int pe), dest, source, nelems, pe)
#define SHMEM_SIGNALED_(T, N, op) \
	SHMEM_OC_(void, op, N, (T *dest, const T *source, size_t nelems, \
				uint64_t *sig_addr, uint64_t signal, \
				int sig_op, int pe), \
		  dest, source, nelems, sig_addr, signal, sig_op, pe)
#define SHMEM_STRIDED_(T, N, op) \
	SHMEM_OC_(void, op, N, (T *dest, const T *source, ptrdiff_t dst, \
				ptrdiff_t sst, size_t nelems, int pe), \
		  dest, source, dst, sst, nelems, pe)
#define SHMEM_STRIPED_(T, N, op) \
	SHMEM_OC_(void, op, N, (T *dest, const T *source, ptrdiff_t dst, \
				ptrdiff_t sst, size_t bsize, size_t nblocks, \
				int pe), \
		  dest, source, dst, sst, bsize, nblocks, pe)
#define SHMEM_X_(T, N, A) \
	SHMEM_BLOCK_(T, N, put) SHMEM_BLOCK_(T, N, get) \
	SHMEM_BLOCK_(T, N, put_nbi) SHMEM_BLOCK_(T, N, get_nbi) \
	SHMEM_SIGNALED_(T, N, put_signal) SHMEM_SIGNALED_(T, N, put_signal_nbi) \
	SHMEM_STRIDED_(T, N, iput) SHMEM_STRIDED_(T, N, iget) \
	SHMEM_STRIPED_(T, N, ibput) SHMEM_STRIPED_(T, N, ibget) \
	SHMEM_OC_(void, p, N, (T *dest, T value, int pe), dest, value, pe) \
	SHMEM_OC_(T, g, N, (const T *source, int pe), source, pe)
SHMEM_RMA_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_

/* Atomic memory operations */
#define SHMEM_X_(T, N, A) \
	SHMEM_OC_(T, atomic_fetch, N, (const T *source, int pe), source, pe) \
	SHMEM_OC_(void, atomic_set, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(T, atomic_swap, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(void, atomic_fetch_nbi, N, \
		  (T *fetch, const T *source, int pe), fetch, source, pe) \
	SHMEM_OC_(void, atomic_swap_nbi, N, \
		  (T *fetch, T *dest, T value, int pe), \
		  fetch, dest, value, pe) \
	SHMEM_O_(T, fetch, N, (const T *source, int pe), source, pe) \
	SHMEM_O_(void, set, N, (T *dest, T value, int pe), dest, value, pe)
SHMEM_AMOX_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_
#define SHMEM_X_(T, N, A) \
	SHMEM_OC_(T, atomic_compare_swap, N, \
		  (T *dest, T cond, T value, int pe), dest, cond, value, pe) \
	SHMEM_OC_(T, atomic_fetch_inc, N, (T *dest, int pe), dest, pe) \
	SHMEM_OC_(void, atomic_inc, N, (T *dest, int pe), dest, pe) \
	SHMEM_OC_(T, atomic_fetch_add, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(void, atomic_add, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(void, atomic_compare_swap_nbi, N, \
		  (T *fetch, T *dest, T cond, T value, int pe), \
		  fetch, dest, cond, value, pe) \
	SHMEM_OC_(void, atomic_fetch_inc_nbi, N, \
		  (T *fetch, T *dest, int pe), fetch, dest, pe) \
	SHMEM_OC_(void, atomic_fetch_add_nbi, N, \
		  (T *fetch, T *dest, T value, int pe), \
		  fetch, dest, value, pe) \
	SHMEM_O_(T, cswap, N, (T *dest, T cond, T value, int pe), \
		 dest, cond, value, pe) \
	SHMEM_O_(T, finc, N, (T *dest, int pe), dest, pe) \
	SHMEM_O_(void, inc, N, (T *dest, int pe), dest, pe) \
	SHMEM_O_(T, fadd, N, (T *dest, T value, int pe), dest, value, pe) \
	SHMEM_O_(void, add, N, (T *dest, T value, int pe), dest, value, pe)
SHMEM_AMO_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_
#define SHMEM_BITWISE_(T, N, op) \
	SHMEM_OC_(T, atomic_fetch_##op, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(void, atomic_##op, N, (T *dest, T value, int pe), \
		  dest, value, pe) \
	SHMEM_OC_(void, atomic_fetch_##op##_nbi, N, \
		  (T *fetch, T *dest, T value, int pe), \
		  fetch, dest, value, pe)
#define SHMEM_X_(T, N, A) \
	SHMEM_BITWISE_(T, N, and) SHMEM_BITWISE_(T, N, or) \
	SHMEM_BITWISE_(T, N, xor)
SHMEM_AMOB_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_

static inline void shmem_signal_add(shmem_ctx_t ctx, uint64_t *sig_addr,
				    uint64_t signal, int pe)
{
	shmem_ctx_signal_add(ctx, sig_addr, signal, pe);
}

static inline void shmem_signal_set(shmem_ctx_t ctx, uint64_t *sig_addr,
				    uint64_t signal, int pe)
{
	shmem_ctx_signal_set(ctx, sig_addr, signal, pe);
}

/* Point-to-point synchronisation */
#define SHMEM_MANY_(ret, T, N, op, value_t) \
	SHMEM_O_(ret, op, N, \
		 (volatile T *ivars, size_t nelems, const int *status, \
		  int cmp, value_t value), ivars, nelems, status, cmp, value)
#define SHMEM_SOME_(T, N, op, value_t) \
	SHMEM_O_(size_t, op, N, \
		 (volatile T *ivars, size_t nelems, size_t *indices, \
		  const int *status, int cmp, value_t value), \
		 ivars, nelems, indices, status, cmp, value)
#define SHMEM_X_(T, N, A) \
	SHMEM_MANY_(void, T, N, wait_until_all, T) \
	SHMEM_MANY_(size_t, T, N, wait_until_any, T) \
	SHMEM_SOME_(T, N, wait_until_some, T) \
	SHMEM_MANY_(void, T, N, wait_until_all_vector, const T *) \
	SHMEM_MANY_(size_t, T, N, wait_until_any_vector, const T *) \
	SHMEM_SOME_(T, N, wait_until_some_vector, const T *) \
	SHMEM_O_(int, test, N, (volatile T *ivar, int cmp, T value), \
		 ivar, cmp, value) \
	SHMEM_MANY_(int, T, N, test_all, T) \
	SHMEM_MANY_(size_t, T, N, test_any, T) \
	SHMEM_SOME_(T, N, test_some, T) \
	SHMEM_MANY_(int, T, N, test_all_vector, const T *) \
	SHMEM_MANY_(size_t, T, N, test_any_vector, const T *) \
	SHMEM_SOME_(T, N, test_some_vector, const T *)
SHMEM_P2P_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_

/* Of these the routine for long has the plain name already. */
#define SHMEM_NOT_LONG_(X, A) \
	X(int, int, A) X(shmem_longlong_t_, longlong, A) \
	X(unsigned int, uint, A) X(unsigned long, ulong, A) \
	X(shmem_ulonglong_t_, ulonglong, A)
#define SHMEM_X_(T, N, A) \
	SHMEM_O_(void, wait, N, (volatile T *ivar, T value), ivar, value) \
	SHMEM_O_(void, wait_until, N, (volatile T *ivar, int cmp, T value), \
		 ivar, cmp, value)
SHMEM_NOT_LONG_(SHMEM_X_, )
SHMEM_X_(short, short, ) SHMEM_X_(unsigned short, ushort, )
#undef SHMEM_X_
#define SHMEM_X_(T, N, A) \
	SHMEM_O_(T, swap, N, (T *dest, T value, int pe), dest, value, pe)
SHMEM_NOT_LONG_(SHMEM_X_, ) SHMEM_AMOX_REAL_(SHMEM_X_, )
#undef SHMEM_X_

/* Collectives */
static inline int shmem_sync(shmem_team_t team)
{
	return shmem_team_sync(team);
}

#define SHMEM_TEAM_O_(T, N, op) \
	SHMEM_O_(int, op, N, (shmem_team_t team, T *dest, const T *source, \
			      size_t nelems), team, dest, source, nelems)
#define SHMEM_X_(T, N, A) \
	SHMEM_O_(int, broadcast, N, (shmem_team_t team, T *dest, \
				     const T *source, size_t nelems, \
				     int PE_root), \
		 team, dest, source, nelems, PE_root) \
	SHMEM_TEAM_O_(T, N, collect) SHMEM_TEAM_O_(T, N, fcollect) \
	SHMEM_TEAM_O_(T, N, alltoall) \
	SHMEM_O_(int, alltoalls, N, (shmem_team_t team, T *dest, \
				     const T *source, ptrdiff_t dst, \
				     ptrdiff_t sst, size_t nelems), \
		 team, dest, source, dst, sst, nelems)
SHMEM_RMA_GENERIC_(SHMEM_X_, )
#undef SHMEM_X_
SHMEM_TEAM_BIT_GENERIC_(SHMEM_TEAM_O_, and_reduce)
SHMEM_TEAM_BIT_GENERIC_(SHMEM_TEAM_O_, or_reduce)
SHMEM_TEAM_BIT_GENERIC_(SHMEM_TEAM_O_, xor_reduce)
SHMEM_TEAM_ORDER_GENERIC_(SHMEM_TEAM_O_, max_reduce)
SHMEM_TEAM_ORDER_GENERIC_(SHMEM_TEAM_O_, min_reduce)
SHMEM_TEAM_ARITH_GENERIC_(SHMEM_TEAM_O_, sum_reduce)
SHMEM_TEAM_ARITH_GENERIC_(SHMEM_TEAM_O_, prod_reduce)
SHMEM_TEAM_ARITH_GENERIC_(SHMEM_TEAM_O_, sum_inscan)
SHMEM_TEAM_ARITH_GENERIC_(SHMEM_TEAM_O_, sum_exscan)

/* C++ has complex types of its own; in memory they are those of C. */
#define SHMEM_COMPLEX_TEAM_(N, C, R, op) \
	static inline int shmem_##N##_##op(shmem_team_t team, \
					   std::complex<R> *dest, \
					   const std::complex<R> *source, \
					   size_t nreduce) \
	{ return shmem_##N##_##op(team, (C *)dest, (const C *)source, nreduce); } \
	static inline int shmem_##op(shmem_team_t team, std::complex<R> *dest, \
				     const std::complex<R> *source, \
				     size_t nreduce) \
	{ return shmem_##N##_##op(team, dest, source, nreduce); }
#define SHMEM_COMPLEX_ASET_(N, C, R, op) \
	static inline void shmem_##N##_##op##_to_all( \
		std::complex<R> *dest, const std::complex<R> *source, \
		int nreduce, SHMEM_ASET_, std::complex<R> *pWrk, long *pSync) \
	{ \
		shmem_##N##_##op##_to_all((C *)dest, (const C *)source, \
					  nreduce, PE_start, logPE_stride, \
					  PE_size, (C *)pWrk, pSync); \
	}
#define SHMEM_X_(N, C, R) \
	SHMEM_COMPLEX_TEAM_(N, C, R, sum_reduce) \
	SHMEM_COMPLEX_TEAM_(N, C, R, prod_reduce) \
	SHMEM_COMPLEX_TEAM_(N, C, R, sum_inscan) \
	SHMEM_COMPLEX_TEAM_(N, C, R, sum_exscan) \
	SHMEM_COMPLEX_ASET_(N, C, R, sum) SHMEM_COMPLEX_ASET_(N, C, R, prod)
SHMEM_X_(complexd, shmem_complexd_t_, double)
SHMEM_X_(complexf, shmem_complexf_t_, float)
#undef SHMEM_X_

} /* extern "C++" */
