// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Atomic Memory Operations". The processor's own atomics: what the
 * program does with C11 atomics on the same memory is atomic to them.
 */
#include "transport.h"

/* NEAR works on "p", what the peer's object is mapped to. */
#define AT(T, dest, NEAR, op, fetch, value, cond) \
	T *p = shi_peer(dest, pe, sizeof(T)); \
	if (__builtin_expect(!p, 0)) { \
		shi_far_amo(op, sizeof(T), (void *)(dest), fetch, value, cond, pe); \
	} else { \
		NEAR; \
		shi_wake(pe); \
	}

#define FETCH(T, source, result) \
	AT(T, source, __atomic_load(p, result, __ATOMIC_SEQ_CST), \
	   SHI_FETCH, result, NULL, NULL)
#define SET(T, dest, value) \
	AT(T, dest, __atomic_store(p, &value, __ATOMIC_SEQ_CST), \
	   SHI_SET, NULL, &value, NULL)
#define SWAP(T, dest, value, result) \
	AT(T, dest, __atomic_exchange(p, &value, result, __ATOMIC_SEQ_CST), \
	   SHI_SWAP, result, &value, NULL)
#define CSWAP(T, dest, cond, value, result) \
	AT(T, dest, \
	   *(result) = (cond); \
	   __atomic_compare_exchange(p, result, &value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST), \
	   SHI_CSWAP, result, &value, &cond)
#define OP(T, dest, fn, op, value, result) \
	AT(T, dest, *(result) = __atomic_fetch_##fn(p, value, __ATOMIC_SEQ_CST), \
	   op, result, &value, NULL)

/* What gives a value may be asked until it is the right one. */
#define GIVES(T, ...) { T old; { __VA_ARGS__ } shi_looked((uint64_t)old); return old; }

#define EXTENDED(T, N, A) \
SHI_PAIR(T, N##_atomic_fetch, (const T *source, int pe), GIVES(T, FETCH(T, source, &old))) \
SHI_PAIR(void, N##_atomic_set, (T *dest, T value, int pe), { SET(T, dest, value) }) \
SHI_PAIR(T, N##_atomic_swap, (T *dest, T value, int pe), \
	 GIVES(T, SWAP(T, dest, value, &old))) \
SHI_PAIR(void, N##_atomic_fetch_nbi, (T *fetch, const T *source, int pe), \
	 { FETCH(T, source, fetch) }) \
SHI_PAIR(void, N##_atomic_swap_nbi, (T *fetch, T *dest, T value, int pe), \
	 { SWAP(T, dest, value, fetch) }) \
SHI_FN(T, shmem_##N##_fetch, (const T *source, int pe)) GIVES(T, FETCH(T, source, &old)) \
SHI_FN(void, shmem_##N##_set, (T *dest, T value, int pe)) { SET(T, dest, value) } \
SHI_FN(T, shmem_##N##_swap, (T *dest, T value, int pe)) \
	GIVES(T, SWAP(T, dest, value, &old))
SHMEM_AMOX_TYPES_(EXTENDED, )

#define STANDARD(T, N, A) \
SHI_PAIR(T, N##_atomic_compare_swap, (T *dest, T cond, T value, int pe), \
	 GIVES(T, CSWAP(T, dest, cond, value, &old))) \
SHI_PAIR(T, N##_atomic_fetch_inc, (T *dest, int pe), \
	 GIVES(T, T one = 1; OP(T, dest, add, SHI_ADD, one, &old))) \
SHI_PAIR(void, N##_atomic_inc, (T *dest, int pe), \
	 { T one = 1, old; OP(T, dest, add, SHI_ADD, one, &old) (void)old; }) \
SHI_PAIR(T, N##_atomic_fetch_add, (T *dest, T value, int pe), \
	 GIVES(T, OP(T, dest, add, SHI_ADD, value, &old))) \
SHI_PAIR(void, N##_atomic_add, (T *dest, T value, int pe), \
	 { T old; OP(T, dest, add, SHI_ADD, value, &old) (void)old; }) \
SHI_PAIR(void, N##_atomic_compare_swap_nbi, (T *fetch, T *dest, T cond, T value, int pe), \
	 { T old; { CSWAP(T, dest, cond, value, &old) } *fetch = old; }) \
SHI_PAIR(void, N##_atomic_fetch_inc_nbi, (T *fetch, T *dest, int pe), \
	 { T one = 1; OP(T, dest, add, SHI_ADD, one, fetch) }) \
SHI_PAIR(void, N##_atomic_fetch_add_nbi, (T *fetch, T *dest, T value, int pe), \
	 { OP(T, dest, add, SHI_ADD, value, fetch) }) \
SHI_FN(T, shmem_##N##_cswap, (T *dest, T cond, T value, int pe)) \
	GIVES(T, CSWAP(T, dest, cond, value, &old)) \
SHI_FN(T, shmem_##N##_finc, (T *dest, int pe)) \
	GIVES(T, T one = 1; OP(T, dest, add, SHI_ADD, one, &old)) \
SHI_FN(void, shmem_##N##_inc, (T *dest, int pe)) \
	{ T one = 1, old; OP(T, dest, add, SHI_ADD, one, &old) (void)old; } \
SHI_FN(T, shmem_##N##_fadd, (T *dest, T value, int pe)) \
	GIVES(T, OP(T, dest, add, SHI_ADD, value, &old)) \
SHI_FN(void, shmem_##N##_add, (T *dest, T value, int pe)) \
	{ T old; OP(T, dest, add, SHI_ADD, value, &old) (void)old; }
SHMEM_AMO_TYPES_(STANDARD, )

#define BITWISE(T, N, op, OPNAME) \
SHI_PAIR(T, N##_atomic_fetch_##op, (T *dest, T value, int pe), \
	 GIVES(T, OP(T, dest, op, OPNAME, value, &old))) \
SHI_PAIR(void, N##_atomic_##op, (T *dest, T value, int pe), \
	 { T old; OP(T, dest, op, OPNAME, value, &old) (void)old; }) \
SHI_PAIR(void, N##_atomic_fetch_##op##_nbi, (T *fetch, T *dest, T value, int pe), \
	 { OP(T, dest, op, OPNAME, value, fetch) })
#define BITS(T, N, A) \
	BITWISE(T, N, and, SHI_AND) BITWISE(T, N, or, SHI_OR) BITWISE(T, N, xor, SHI_XOR)
SHMEM_AMOB_TYPES_(BITS, )

SHI_FN(long, shmem_swap, (long *dest, long value, int pe))
	GIVES(long, SWAP(long, dest, value, &old))
