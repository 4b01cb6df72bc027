/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How memory of a PE is reached. A PE whose memory is mapped here is near: put,
 * get and atomics are loads and stores. What is not mapped goes through a
 * struct shi_far; there is none yet.
 */
#ifndef SHI_TRANSPORT_H
#define SHI_TRANSPORT_H

#include "internal.h"

enum shi_op {
	SHI_FETCH, SHI_SET, SHI_SWAP, SHI_CSWAP, SHI_ADD, SHI_AND, SHI_OR, SHI_XOR,
};

struct shi_far {
	void (*put)(void *dest, const void *source, size_t len, int pe);
	void (*get)(void *dest, const void *source, size_t len, int pe);
	/* Of 4 or 8 bytes; the old value goes to "fetch" unless that is NULL. */
	void (*amo)(enum shi_op op, size_t size, void *dest, void *fetch,
		    const void *value, const void *cond, int pe);
	void (*fence)(void);
	void (*quiet)(void);
};

extern const struct shi_far *shi_far;

/* Where a symmetric address of a near PE is mapped here; NULL: it is far. */
static inline void *shi_peer(const void *addr, int pe, size_t len)
{
	uintptr_t off;

	if (__builtin_expect((unsigned int)pe >= (unsigned int)shi.npes, 0))
		return shi_peer_slow(addr, pe, len);
	if (pe == shi.me)
		return (void *)addr;
	off = (uintptr_t)addr - shi.heap_lo;
	if (__builtin_expect(off < shi.heap_size && len <= shi.heap_size - off, 1))
		return shi.heaps + shi.stride * (size_t)pe + off;
	off = (uintptr_t)addr - shi.data_lo;
	if (__builtin_expect(off < shi.data_size && len <= shi.data_size - off, 1))
		return shi.datas + shi.stride * (size_t)pe + off;
	return shi_peer_slow(addr, pe, len);
}

/* A single element is one store, which nobody sees half of. */
static inline void shi_copy(void *dest, const void *source, size_t len)
{
	switch (len) {
	case 8:
		memcpy(dest, source, 8);
		break;
	case 4:
		memcpy(dest, source, 4);
		break;
	case 2:
		memcpy(dest, source, 2);
		break;
	case 0:
		break;
	default:
		memmove(dest, source, len);
	}
}

static inline void shi_put(void *dest, const void *source, size_t len, int pe)
{
	void *to = shi_peer(dest, pe, len);

	if (__builtin_expect(!to, 0)) {
		shi_far->put(dest, source, len, pe);
		return;
	}
	shi_copy(to, source, len);
	shi_wake(pe);
}

static inline void shi_get(void *dest, const void *source, size_t len, int pe)
{
	const void *from = shi_peer(source, pe, len);

	if (__builtin_expect(!from, 0))
		shi_far->get(dest, source, len, pe);
	else
		shi_copy(dest, from, len);
}

static inline void shi_quiet(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(!!shi_far, 0))
		shi_far->quiet();
}

static inline void shi_fence(void)
{
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
	if (__builtin_expect(!!shi_far, 0))
		shi_far->fence();
}

#endif
