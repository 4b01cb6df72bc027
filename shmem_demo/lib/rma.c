// SPDX-License-Identifier: BSD-3-Clause
/*
 * Put and get: sections "Remote Memory Access Routines", "Non-blocking Remote
 * Memory Access Routines" and "Signaling Operations". Near memory has nothing
 * to wait for: there a non-blocking routine is done when it returns.
 */
#include "transport.h"

static inline void signal_at(uint64_t *sig_addr, uint64_t signal, int sig_op, int pe)
{
	uint64_t *sig = shi_peer(sig_addr, pe, sizeof(*sig));

	if (sig_op != SHMEM_SIGNAL_SET && sig_op != SHMEM_SIGNAL_ADD)
		shi_die("there is no signal operation %d", sig_op);
	if (__builtin_expect(!sig, 0)) {
		shi_far_quiet();
		shi_far_amo(sig_op == SHMEM_SIGNAL_ADD ? SHI_ADD : SHI_SET, sizeof(signal),
			     sig_addr, NULL, &signal, NULL, pe);
		return;
	}
	/* SEQ_CST: release for the data, and the sleepers are seen behind it. */
	if (sig_op == SHMEM_SIGNAL_ADD)
		__atomic_fetch_add(sig, signal, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(sig, signal, __ATOMIC_SEQ_CST);
	shi_wake(pe);
}

/* The blocks of one call went side by side; the call is over when they are. */
static inline void blocks_done(void)
{
	if (__builtin_expect(shi.far, 0))
		shi_far_quiet();
}

static inline void block_put(char *to, const char *from, size_t dst, size_t sst,
			     size_t block, size_t count, int pe)
{
	for (; count; count--, to += dst, from += sst)
		shi_put_nbi(to, from, block, pe);
	blocks_done();
}

static inline void block_get(char *to, const char *from, size_t dst, size_t sst,
			     size_t block, size_t count, int pe)
{
	for (; count; count--, to += dst, from += sst)
		shi_get_nbi(to, from, block, pe);
	blocks_done();
}

/* SZ: bytes of an element */
#define RMA(T, SZ, PUT, GET) \
SHI_PAIR(void, PUT, (T *dest, const T *source, size_t nelems, int pe), \
	 { shi_put(dest, source, nelems * (SZ), pe); }) \
SHI_PAIR(void, GET, (T *dest, const T *source, size_t nelems, int pe), \
	 { shi_get(dest, source, nelems * (SZ), pe); }) \
SHI_PAIR(void, PUT##_nbi, (T *dest, const T *source, size_t nelems, int pe), \
	 { shi_put_nbi(dest, source, nelems * (SZ), pe); }) \
SHI_PAIR(void, GET##_nbi, (T *dest, const T *source, size_t nelems, int pe), \
	 { shi_get_nbi(dest, source, nelems * (SZ), pe); }) \
SHI_PAIR(void, PUT##_signal, (T *dest, const T *source, size_t nelems, \
			      uint64_t *sig_addr, uint64_t signal, int sig_op, int pe), \
	 { \
		shi_put(dest, source, nelems * (SZ), pe); \
		signal_at(sig_addr, signal, sig_op, pe); \
	 }) \
SHI_PAIR(void, PUT##_signal_nbi, (T *dest, const T *source, size_t nelems, \
				  uint64_t *sig_addr, uint64_t signal, int sig_op, int pe), \
	 { \
		shi_put(dest, source, nelems * (SZ), pe); \
		signal_at(sig_addr, signal, sig_op, pe); \
	 })

#define STRIDED(T, SZ, IPUT, IGET, IBPUT, IBGET) \
SHI_PAIR(void, IPUT, (T *dest, const T *source, ptrdiff_t dst, ptrdiff_t sst, \
		      size_t nelems, int pe), \
	 { block_put((char *)dest, (const char *)source, dst * (SZ), sst * (SZ), \
		     SZ, nelems, pe); }) \
SHI_PAIR(void, IGET, (T *dest, const T *source, ptrdiff_t dst, ptrdiff_t sst, \
		      size_t nelems, int pe), \
	 { block_get((char *)dest, (const char *)source, dst * (SZ), sst * (SZ), \
		     SZ, nelems, pe); }) \
SHI_PAIR(void, IBPUT, (T *dest, const T *source, ptrdiff_t dst, ptrdiff_t sst, \
		       size_t bsize, size_t nblocks, int pe), \
	 { block_put((char *)dest, (const char *)source, dst * (SZ), sst * (SZ), \
		     bsize * (SZ), nblocks, pe); }) \
SHI_PAIR(void, IBGET, (T *dest, const T *source, ptrdiff_t dst, ptrdiff_t sst, \
		       size_t bsize, size_t nblocks, int pe), \
	 { block_get((char *)dest, (const char *)source, dst * (SZ), sst * (SZ), \
		     bsize * (SZ), nblocks, pe); })

#define TYPED(T, N, A) \
RMA(T, sizeof(T), N##_put, N##_get) \
STRIDED(T, sizeof(T), N##_iput, N##_iget, N##_ibput, N##_ibget) \
SHI_PAIR(void, N##_p, (T *dest, T value, int pe), \
	 { shi_put(dest, &value, sizeof(T), pe); }) \
SHI_PAIR(T, N##_g, (const T *source, int pe), \
	 { T value; shi_get(&value, source, sizeof(T), pe); return value; })
SHMEM_RMA_TYPES_(TYPED, )

#define SIZED(S, A) \
RMA(void, S / 8, put##S, get##S) \
STRIDED(void, S / 8, iput##S, iget##S, ibput##S, ibget##S)
SHMEM_RMA_SIZES_(SIZED, )
RMA(void, 1, putmem, getmem)

SHI_PAIR(void, signal_add, (uint64_t *sig_addr, uint64_t signal, int pe),
	 { signal_at(sig_addr, signal, SHMEM_SIGNAL_ADD, pe); })
SHI_PAIR(void, signal_set, (uint64_t *sig_addr, uint64_t signal, int pe),
	 { signal_at(sig_addr, signal, SHMEM_SIGNAL_SET, pe); })

SHI_FN(uint64_t, shmem_signal_fetch, (const uint64_t *sig_addr))
{
	return __atomic_load_n(sig_addr, __ATOMIC_ACQUIRE);
}
