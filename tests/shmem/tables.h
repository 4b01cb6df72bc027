/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The type tables of the specification, written down a second time: a type that
 * the library's own tables lack is a test that does not build.
 */
#ifndef TABLES_H
#define TABLES_H

#define FIXED(X) \
	X(int8_t, int8) X(int16_t, int16) X(int32_t, int32) X(int64_t, int64) \
	X(uint8_t, uint8) X(uint16_t, uint16) X(uint32_t, uint32) X(uint64_t, uint64)

/* stdrmatypes */
#define RMA_TYPES(X) \
	X(float, float) X(double, double) X(long double, longdouble) \
	X(char, char) X(signed char, schar) X(short, short) X(int, int) \
	X(long, long) X(long long, longlong) \
	X(unsigned char, uchar) X(unsigned short, ushort) X(unsigned int, uint) \
	X(unsigned long, ulong) X(unsigned long long, ulonglong) \
	FIXED(X) X(size_t, size) X(ptrdiff_t, ptrdiff)

#define SIZES(X) X(8) X(16) X(32) X(64) X(128)

/* stdamotypes, extamotypes, bitamotypes */
#define AMO_TYPES(X) \
	X(int, int) X(long, long) X(long long, longlong) X(unsigned int, uint) \
	X(unsigned long, ulong) X(unsigned long long, ulonglong) \
	X(int32_t, int32) X(int64_t, int64) X(uint32_t, uint32) \
	X(uint64_t, uint64) X(size_t, size) X(ptrdiff_t, ptrdiff)
#define AMO_EXT_TYPES(X) AMO_TYPES(X) X(float, float) X(double, double)
#define AMO_BIT_TYPES(X) \
	X(unsigned int, uint) X(unsigned long, ulong) \
	X(unsigned long long, ulonglong) X(int32_t, int32) X(int64_t, int64) \
	X(uint32_t, uint32) X(uint64_t, uint64)

/* What can be waited for, with those of the deprecated forms */
#define WAIT_TYPES(X) AMO_TYPES(X) X(short, short) X(unsigned short, ushort)

/* teamreducetypes */
#define BIT_TYPES(X) \
	X(unsigned char, uchar) X(unsigned short, ushort) X(unsigned int, uint) \
	X(unsigned long, ulong) X(unsigned long long, ulonglong) \
	FIXED(X) X(size_t, size)
#define ORDER_TYPES(X) \
	BIT_TYPES(X) X(char, char) X(signed char, schar) X(short, short) \
	X(int, int) X(long, long) X(long long, longlong) X(ptrdiff_t, ptrdiff) \
	X(float, float) X(double, double) X(long double, longdouble)
#define COMPLEX_TYPES(X) X(double _Complex, complexd) X(float _Complex, complexf)
#define SUM_TYPES(X) ORDER_TYPES(X) COMPLEX_TYPES(X)

/* asetreducetypes */
#define ASET_BIT_TYPES(X) \
	X(short, short) X(int, int) X(long, long) X(long long, longlong)
#define ASET_REAL_TYPES(X) \
	X(float, float) X(double, double) X(long double, longdouble)
#define ASET_ORDER_TYPES(X) ASET_BIT_TYPES(X) ASET_REAL_TYPES(X)
#define ASET_SUM_TYPES(X) ASET_ORDER_TYPES(X) COMPLEX_TYPES(X)

#endif
