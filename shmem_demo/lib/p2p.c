// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Point-To-Point Synchronization Routines": waiting for, and testing,
 * own variables that others change.
 */
#include "transport.h"

#define BELL (&shi.job->pe[shi.me].bell)

#define COMPARE(T, N, A) \
static inline bool N##_is(volatile T *ivar, int cmp, T value) \
{ \
	T v = __atomic_load_n(ivar, __ATOMIC_ACQUIRE); \
	switch (cmp) { \
	case SHMEM_CMP_EQ: return v == value; \
	case SHMEM_CMP_NE: return v != value; \
	case SHMEM_CMP_GT: return v > value; \
	case SHMEM_CMP_LE: return v <= value; \
	case SHMEM_CMP_LT: return v < value; \
	case SHMEM_CMP_GE: return v >= value; \
	} \
	shi_die("there is no comparison %d", cmp); \
} \
/* Values are one for all, "step" 0, or one for each, "step" 1. */ \
static bool N##_all(volatile T *ivars, size_t n, const int *status, int cmp, \
		    const T *values, size_t step) \
{ \
	size_t i; \
	for (i = 0; i < n; i++) \
		if (!(status && status[i]) && !N##_is(&ivars[i], cmp, values[i * step])) \
			return false; \
	return true; \
} \
static size_t N##_some(volatile T *ivars, size_t n, size_t *indices, size_t most, \
		       const int *status, int cmp, const T *values, size_t step) \
{ \
	size_t i, found = 0; \
	for (i = 0; i < n && found < most; i++) \
		if (!(status && status[i]) && N##_is(&ivars[i], cmp, values[i * step])) \
			indices[found++] = i; \
	return found; \
} \
static size_t N##_wait_some(volatile T *ivars, size_t n, size_t *indices, size_t most, \
			    const int *status, int cmp, const T *values, size_t step) \
{ \
	size_t found; \
	shi_need_init("a wait"); \
	if (!shi_any(n, status)) \
		return 0; \
	SHI_WAIT(BELL, (found = N##_some(ivars, n, indices, most, status, cmp, values, step))); \
	return found; \
}

static bool shi_any(size_t n, const int *status)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!status || !status[i])
			return true;
	return false;
}

#define ONE(T, N, A) \
SHI_FN(void, shmem_##N##_wait_until, (volatile T *ivar, int cmp, T value)) \
{ \
	shi_need_init("a wait"); \
	SHI_WAIT(BELL, N##_is(ivar, cmp, value)); \
} \
SHI_FN(void, shmem_##N##_wait, (volatile T *ivar, T value)) \
{ \
	shi_need_init("a wait"); \
	SHI_WAIT(BELL, N##_is(ivar, SHMEM_CMP_NE, value)); \
} \
SHI_FN(int, shmem_##N##_test, (volatile T *ivar, int cmp, T value)) \
{ \
	return shi_tested(N##_is(ivar, cmp, value)); \
}

#define MANY(T, N, tail, value_t, at, step) \
SHI_FN(void, shmem_##N##_wait_until_all##tail, \
       (volatile T *ivars, size_t n, const int *status, int cmp, value_t value)) \
{ \
	shi_need_init("a wait"); \
	SHI_WAIT(BELL, N##_all(ivars, n, status, cmp, at value, step)); \
} \
SHI_FN(size_t, shmem_##N##_wait_until_any##tail, \
       (volatile T *ivars, size_t n, const int *status, int cmp, value_t value)) \
{ \
	size_t i; \
	return N##_wait_some(ivars, n, &i, 1, status, cmp, at value, step) ? i : SIZE_MAX; \
} \
SHI_FN(size_t, shmem_##N##_wait_until_some##tail, \
       (volatile T *ivars, size_t n, size_t *indices, const int *status, int cmp, \
	value_t value)) \
{ \
	return N##_wait_some(ivars, n, indices, SIZE_MAX, status, cmp, at value, step); \
} \
SHI_FN(int, shmem_##N##_test_all##tail, \
       (volatile T *ivars, size_t n, const int *status, int cmp, value_t value)) \
{ \
	return shi_tested(N##_all(ivars, n, status, cmp, at value, step)); \
} \
SHI_FN(size_t, shmem_##N##_test_any##tail, \
       (volatile T *ivars, size_t n, const int *status, int cmp, value_t value)) \
{ \
	size_t i; \
	return shi_tested(N##_some(ivars, n, &i, 1, status, cmp, at value, step)) ? \
		i : SIZE_MAX; \
} \
SHI_FN(size_t, shmem_##N##_test_some##tail, \
       (volatile T *ivars, size_t n, size_t *indices, const int *status, int cmp, \
	value_t value)) \
{ \
	size_t found = N##_some(ivars, n, indices, SIZE_MAX, status, cmp, at value, step); \
	shi_tested(found); \
	return found; \
}

#define ALL(T, N, A) \
	COMPARE(T, N, A) ONE(T, N, A) MANY(T, N, , T, &, 0) \
	MANY(T, N, _vector, const T *, , 1)
SHMEM_P2P_TYPES_(ALL, )

SHI_FN(void, shmem_wait, (volatile long *ivar, long value))
{
	pshmem_long_wait(ivar, value);
}

SHI_FN(void, shmem_wait_until, (volatile long *ivar, int cmp, long value))
{
	pshmem_long_wait_until(ivar, cmp, value);
}

SHI_FN(uint64_t, shmem_signal_wait_until, (uint64_t *sig_addr, int cmp, uint64_t value))
{
	uint64_t v;

	shi_need_init("a wait");
	/* The value that ended the wait, whatever comes after it. */
	SHI_WAIT(BELL, (v = __atomic_load_n(sig_addr, __ATOMIC_ACQUIRE),
			uint64_is(&v, cmp, value)));
	return v;
}
