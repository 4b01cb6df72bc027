/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The type tables of the interface (OpenSHMEM 1.6): X(TYPE, TYPENAME, A) is
 * expanded for each entry, A is handed through.
 *
 * The tables that end in _GENERIC_ are those of the C11 macros: there an entry
 * for a type that is only another name of a listed one would be an error.
 */
#ifndef SHMEM_TYPES_H_
#define SHMEM_TYPES_H_

#include <stddef.h>
#include <stdint.h>

__extension__ typedef double _Complex shmem_complexd_t_;
__extension__ typedef float _Complex shmem_complexf_t_;
__extension__ typedef long long shmem_longlong_t_;
__extension__ typedef unsigned long long shmem_ulonglong_t_;

#define SHMEM_UFIXED_(X, A) \
	X(uint8_t, uint8, A) X(uint16_t, uint16, A) \
	X(uint32_t, uint32, A) X(uint64_t, uint64, A)
#define SHMEM_FIXED_(X, A) \
	X(int8_t, int8, A) X(int16_t, int16, A) \
	X(int32_t, int32, A) X(int64_t, int64, A) SHMEM_UFIXED_(X, A)
#define SHMEM_REAL_(X, A) \
	X(float, float, A) X(double, double, A) X(long double, longdouble, A)
#define SHMEM_UNSIGNED_(X, A) \
	X(unsigned char, uchar, A) X(unsigned short, ushort, A) \
	X(unsigned int, uint, A) X(unsigned long, ulong, A) \
	X(shmem_ulonglong_t_, ulonglong, A)
#define SHMEM_SIGNED_(X, A) \
	X(char, char, A) X(signed char, schar, A) X(short, short, A) \
	X(int, int, A) X(long, long, A) X(shmem_longlong_t_, longlong, A)
#define SHMEM_COMPLEX_(X, A) \
	X(shmem_complexd_t_, complexd, A) X(shmem_complexf_t_, complexf, A)

/* stdrmatypes */
#define SHMEM_RMA_GENERIC_(X, A) \
	SHMEM_REAL_(X, A) SHMEM_SIGNED_(X, A) SHMEM_UNSIGNED_(X, A)
#define SHMEM_RMA_TYPES_(X, A) \
	SHMEM_RMA_GENERIC_(X, A) SHMEM_FIXED_(X, A) \
	X(size_t, size, A) X(ptrdiff_t, ptrdiff, A)

/* stdamotypes, extamotypes, bitamotypes */
#define SHMEM_AMO_GENERIC_(X, A) \
	X(int, int, A) X(long, long, A) X(shmem_longlong_t_, longlong, A) \
	X(unsigned int, uint, A) X(unsigned long, ulong, A) \
	X(shmem_ulonglong_t_, ulonglong, A)
#define SHMEM_AMO_TYPES_(X, A) \
	SHMEM_AMO_GENERIC_(X, A) X(int32_t, int32, A) X(int64_t, int64, A) \
	X(uint32_t, uint32, A) X(uint64_t, uint64, A) \
	X(size_t, size, A) X(ptrdiff_t, ptrdiff, A)
#define SHMEM_AMOX_REAL_(X, A) X(float, float, A) X(double, double, A)
#define SHMEM_AMOX_GENERIC_(X, A) \
	SHMEM_AMO_GENERIC_(X, A) SHMEM_AMOX_REAL_(X, A)
#define SHMEM_AMOX_TYPES_(X, A) \
	SHMEM_AMO_TYPES_(X, A) SHMEM_AMOX_REAL_(X, A)
#define SHMEM_AMOB_GENERIC_(X, A) \
	X(unsigned int, uint, A) X(unsigned long, ulong, A) \
	X(shmem_ulonglong_t_, ulonglong, A) \
	X(int, int32, A) X(long, int64, A)
#define SHMEM_AMOB_TYPES_(X, A) \
	X(unsigned int, uint, A) X(unsigned long, ulong, A) \
	X(shmem_ulonglong_t_, ulonglong, A) \
	X(int32_t, int32, A) X(int64_t, int64, A) \
	X(uint32_t, uint32, A) X(uint64_t, uint64, A)

/* What can be waited for: stdamotypes, and the two of the deprecated forms. */
#define SHMEM_P2P_GENERIC_(X, A) \
	SHMEM_AMO_GENERIC_(X, A) X(short, short, A) X(unsigned short, ushort, A)
#define SHMEM_P2P_TYPES_(X, A) \
	SHMEM_AMO_TYPES_(X, A) X(short, short, A) X(unsigned short, ushort, A)

/* teamreducetypes */
#define SHMEM_TEAM_BIT_GENERIC_(X, A) \
	SHMEM_UNSIGNED_(X, A) X(signed char, int8, A) X(short, int16, A) \
	X(int, int32, A) X(long, int64, A)
#define SHMEM_TEAM_BIT_TYPES_(X, A) \
	SHMEM_UNSIGNED_(X, A) SHMEM_FIXED_(X, A) X(size_t, size, A)
#define SHMEM_TEAM_ORDER_GENERIC_(X, A) \
	SHMEM_UNSIGNED_(X, A) SHMEM_SIGNED_(X, A) SHMEM_REAL_(X, A)
#define SHMEM_TEAM_ORDER_TYPES_(X, A) \
	SHMEM_TEAM_BIT_TYPES_(X, A) SHMEM_SIGNED_(X, A) \
	X(ptrdiff_t, ptrdiff, A) SHMEM_REAL_(X, A)
#define SHMEM_TEAM_ARITH_GENERIC_(X, A) \
	SHMEM_TEAM_ORDER_GENERIC_(X, A) SHMEM_COMPLEX_(X, A)
#define SHMEM_TEAM_ARITH_TYPES_(X, A) \
	SHMEM_TEAM_ORDER_TYPES_(X, A) SHMEM_COMPLEX_(X, A)

/* asetreducetypes */
#define SHMEM_ASET_BIT_TYPES_(X, A) \
	X(short, short, A) X(int, int, A) X(long, long, A) \
	X(shmem_longlong_t_, longlong, A)
#define SHMEM_ASET_ORDER_TYPES_(X, A) \
	SHMEM_ASET_BIT_TYPES_(X, A) SHMEM_REAL_(X, A)
#define SHMEM_ASET_ARITH_TYPES_(X, A) \
	SHMEM_ASET_ORDER_TYPES_(X, A) SHMEM_COMPLEX_(X, A)

/* Sizes in bits: X(SIZE, A) */
#define SHMEM_RMA_SIZES_(X, A) X(8, A) X(16, A) X(32, A) X(64, A) X(128, A)
#define SHMEM_ASET_SIZES_(X, A) X(32, A) X(64, A)

#endif
