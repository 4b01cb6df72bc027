/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How memory of a PE is reached. A PE of this machine is near: its memory is
 * mapped here; put, get and atomics are loads and stores. Others are far, and
 * reached through far.c.
 */
#ifndef SHI_TRANSPORT_H
#define SHI_TRANSPORT_H

#include <sched.h>
#include <sys/types.h>

#include "internal.h"

enum shi_op {
	SHI_FETCH, SHI_SET, SHI_SWAP, SHI_CSWAP, SHI_ADD, SHI_AND, SHI_OR, SHI_XOR,
};

/* far.c: the address is one of this PE's, and what it means there is asked for. */
void shi_far_put(void *dest, const void *source, size_t len, int pe);
void shi_far_get(void *dest, const void *source, size_t len, int pe);
/* Of 4 or 8 bytes; the old value goes to "fetch" unless that is NULL. */
void shi_far_amo(enum shi_op op, size_t size, void *dest, void *fetch, const void *value,
		 const void *cond, int pe);

/* Where a range is: of an attached node, which a space's part has none of here. */
struct kfipmem_node;
struct shi_far_range {
	struct kfipmem_node *node;
	int fd;
	off_t at;
};

bool shi_far_find(struct shi_far_range *range, const void *addr, size_t len, int pe);
void shi_far_write(const struct shi_far_range *range, const void *source, size_t len, int pe);
/* Durable there when they return; the word is seen, and found, after the bytes only. */
void shi_far_write_durable(const struct shi_far_range *range, const void *source, size_t len,
			   int pe);
void shi_far_publish(const struct shi_far_range *range, const void *source, size_t len,
		     off_t word_at, uint64_t word, int pe);
void shi_far_read(const struct shi_far_range *range, void *dest, size_t len, int pe);
void shi_far_failed(const char *what, int pe, int error) __attribute__((__noreturn__));

/* far_ring.c: begun, and done when shi_far_quiet() returns */
void shi_far_start_put(void *dest, const void *source, size_t len, int pe);
void shi_far_start_get(void *dest, const void *source, size_t len, int pe);
void shi_far_quiet(void);

/* A word of the control memory of a machine, by where it is in this one's. */
uint64_t shi_node_amo(enum shi_op op, uint64_t *word, uint64_t value, uint64_t cond, int node);

/* Where a symmetric address of a near PE is mapped here; NULL: it is far. */
static inline void *shi_peer(const void *addr, int pe, size_t len)
{
	uintptr_t off;
	char *heap;

	if (__builtin_expect((unsigned int)pe >= (unsigned int)shi.npes, 0))
		return shi_peer_slow(addr, pe, len);
	off = (uintptr_t)addr - shi.heap_lo;
	if (pe == shi.me) {
		void *own;

		if (__builtin_expect(shi.spaces && off >= shi.heap_size, 0))
			shi_space_peer(addr, pe, len, &own);
		return (void *)addr;
	}
	heap = shi.heap_of[pe];
	if (__builtin_expect(!heap, 0))
		return shi_peer_slow(addr, pe, len);
	if (__builtin_expect(off < shi.heap_size && len <= shi.heap_size - off, 1))
		return heap + off;
	off = (uintptr_t)addr - shi.data_lo;
	if (__builtin_expect(off < shi.data_size && len <= shi.data_size - off, 1))
		return heap - shi.data_size + off;
	return shi_peer_slow(addr, pe, len);
}

/* Gives the old value. */
#define SHI_AMO_AT(T, name) \
static inline T name(enum shi_op op, T *at, T value, T cond) \
{ \
	switch (op) { \
	case SHI_FETCH: return __atomic_load_n(at, __ATOMIC_SEQ_CST); \
	case SHI_SET: \
	case SHI_SWAP: return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST); \
	case SHI_CSWAP: \
		__atomic_compare_exchange_n(at, &cond, value, false, __ATOMIC_SEQ_CST, \
					    __ATOMIC_SEQ_CST); \
		return cond; \
	case SHI_ADD: return __atomic_fetch_add(at, value, __ATOMIC_SEQ_CST); \
	case SHI_AND: return __atomic_fetch_and(at, value, __ATOMIC_SEQ_CST); \
	case SHI_OR: return __atomic_fetch_or(at, value, __ATOMIC_SEQ_CST); \
	case SHI_XOR: return __atomic_fetch_xor(at, value, __ATOMIC_SEQ_CST); \
	} \
	__builtin_unreachable(); \
}
SHI_AMO_AT(uint64_t, shi_amo_at)
SHI_AMO_AT(uint32_t, shi_amo4_at)

/*
 * Who reads the same value again and again may wait for a PE that has no processor:
 * that one gets this PE's then, and not only when the time slice is over.
 */
#define SHI_LOOKS 1024
static inline void shi_looked(uint64_t value)
{
	if (__builtin_expect(!shi.crowded, 1))
		return;
	if (value != shi_looks.value) {
		shi_looks.value = value;
		shi_looks.times = 0;
	} else if (++shi_looks.times == SHI_LOOKS) {
		shi_looks.times = 0;
		sched_yield();
	}
}

typedef uint64_t __attribute__((__may_alias__, __aligned__(1))) shi_any_word;
typedef uint32_t __attribute__((__may_alias__, __aligned__(1))) shi_any_half;

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
		shi_far_put(dest, source, len, pe);
		return;
	}
	shi_copy(to, source, len);
	shi_wake(pe);
}

static inline void shi_get(void *dest, const void *source, size_t len, int pe)
{
	const void *from = shi_peer(source, pe, len);

	if (__builtin_expect(!from, 0))
		shi_far_get(dest, source, len, pe);
	else
		shi_copy(dest, from, len);
	if (len == sizeof(uint64_t))
		shi_looked(*(shi_any_word *)dest);
	else if (len == sizeof(uint32_t))
		shi_looked(*(shi_any_half *)dest);
}

/* The same, and at a far PE only begun. */
static inline void shi_put_nbi(void *dest, const void *source, size_t len, int pe)
{
	void *to = shi_peer(dest, pe, len);

	if (__builtin_expect(!to, 0)) {
		shi_far_start_put(dest, source, len, pe);
		return;
	}
	shi_copy(to, source, len);
	shi_wake(pe);
}

static inline void shi_get_nbi(void *dest, const void *source, size_t len, int pe)
{
	const void *from = shi_peer(source, pe, len);

	if (__builtin_expect(!from, 0))
		shi_far_start_get(dest, source, len, pe);
	else
		shi_copy(dest, from, len);
}

/* Puts of this PE are where they belong, and seen by all. */
static inline void shi_quiet(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(shi.far, 0))
		shi_far_quiet();
}

/* Machines keep no order of their own among what comes from different threads. */
static inline void shi_fence(void)
{
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
	if (__builtin_expect(shi.far, 0))
		shi_far_quiet();
}

/* Atomics for the library's own use: they give the old value. */
#define SHI_AMO(T, name, near) \
static inline T name(enum shi_op op, void *dest, T value, T cond, int pe) \
{ \
	T *at = shi_peer(dest, pe, sizeof(T)), old = cond; \
	if (__builtin_expect(!at, 0)) { \
		shi_far_amo(op, sizeof(T), dest, &old, &value, &cond, pe); \
		return old; \
	} \
	old = near(op, at, value, cond); \
	shi_wake(pe); \
	return old; \
}
SHI_AMO(uint64_t, shi_amo, shi_amo_at)
SHI_AMO(uint32_t, shi_amo4, shi_amo4_at)

#endif
