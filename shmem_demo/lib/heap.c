// SPDX-License-Identifier: BSD-3-Clause
/*
 * The symmetric heap: section "Memory Management Routines".
 *
 * Every PE makes the same calls in the same order, so every PE's allocator
 * comes to the same offsets without asking. What it knows of the blocks is in
 * private memory: offsets are all that depends on the past, and a program that
 * writes past a block's end breaks no list.
 */
#include <pthread.h>
#include <stdlib.h>

#include "transport.h"

#define GRAIN 64UL
#define BINS 48
#define HASH 4096

struct block {
	size_t at, len;
	bool used;
	struct block *before, *after;	/* by address */
	struct block *next, **link;	/* in its bin, or in its hash chain */
};

static struct block *first, *bins[BINS], *used[HASH];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static unsigned int bin_of(size_t len)
{
	unsigned int bin = 63 - __builtin_clzl(len / GRAIN);

	return bin < BINS ? bin : BINS - 1;
}

static void list_add(struct block **head, struct block *b)
{
	b->next = *head;
	b->link = head;
	if (b->next)
		b->next->link = &b->next;
	*head = b;
}

static void list_del(struct block *b)
{
	*b->link = b->next;
	if (b->next)
		b->next->link = b->link;
}

static struct block **chain(size_t at)
{
	return &used[at / GRAIN * 0x9e3779b97f4a7c15UL >> 52];
}

static struct block *block_new(size_t at, size_t len)
{
	struct block *b = calloc(1, sizeof(*b));

	if (!b)
		shi_die("no memory for the heap's list");
	b->at = at;
	b->len = len;
	return b;
}

static void free_add(struct block *b)
{
	b->used = false;
	list_add(&bins[bin_of(b->len)], b);
}

/* Cuts a block in two; the second part is free. */
static void split(struct block *b, size_t len)
{
	struct block *rest = block_new(b->at + len, b->len - len);

	rest->before = b;
	rest->after = b->after;
	if (rest->after)
		rest->after->before = rest;
	b->after = rest;
	b->len = len;
	free_add(rest);
}

/* Joins a block with the free one behind it. */
static void join(struct block *b)
{
	struct block *gone = b->after;

	list_del(gone);
	b->len += gone->len;
	b->after = gone->after;
	if (b->after)
		b->after->before = b;
	free(gone);
}

static struct block *block_find(const void *ptr)
{
	size_t at = (uintptr_t)ptr - shi.heap_lo;
	struct block *b;

	if (at >= shi.heap_size)
		return NULL;
	for (b = *chain(at); b && b->at != at; b = b->next)
		;
	return b;
}

static struct block *take(size_t alignment, size_t size)
{
	size_t len = SHI_UP(size, GRAIN), pad;
	struct block *b = NULL;
	unsigned int bin;

	if (alignment < GRAIN)
		alignment = GRAIN;
	if (len < size || len > shi.heap_size || alignment > SHI_HEAP_ALIGN)
		return NULL;
	for (bin = bin_of(len); bin < BINS; bin++)
		for (b = bins[bin]; b; b = b->next) {
			pad = SHI_UP(b->at, alignment) - b->at;
			if (b->len >= pad && b->len - pad >= len)
				goto found;
		}
	return NULL;
found:
	list_del(b);
	if (pad) {
		split(b, pad);
		free_add(b);
		b = b->after;
		list_del(b);
	}
	if (b->len > len)
		split(b, len);
	b->used = true;
	list_add(chain(b->at), b);
	return b;
}

static void give(struct block *b)
{
	list_del(b);
	b->used = false;
	if (b->after && !b->after->used)
		join(b);
	if (b->before && !b->before->used) {
		struct block *before = b->before;

		free_add(b);
		list_del(before);
		join(before);
		b = before;
	}
	free_add(b);
}

static void *address(const struct block *b)
{
	return b ? (void *)(shi.heap_lo + b->at) : NULL;
}

/* Again after a finalization: then all is free again. */
void shi_heap_init(void)
{
	struct block *gone;

	while (first) {
		gone = first;
		first = first->after;
		free(gone);
	}
	memset(bins, 0, sizeof(bins));
	memset(used, 0, sizeof(used));
	first = block_new(0, shi.heap_size / GRAIN * GRAIN);
	free_add(first);
}

static void everybody(void)
{
	shi_quiet();
	shi_set_sync(&shi_world.set);
}

static void *allocate(size_t alignment, size_t size)
{
	void *ptr;

	shi_need_init("an allocation");
	if (!size)
		return NULL;
	pthread_mutex_lock(&lock);
	ptr = address(take(alignment, size));
	pthread_mutex_unlock(&lock);
	everybody();
	return ptr;
}

static void release(void *ptr)
{
	struct block *b;

	shi_need_init("shmem_free()");
	if (!ptr)
		return;
	everybody();
	pthread_mutex_lock(&lock);
	b = block_find(ptr);
	if (!b)
		shi_die("%p is freed and was not allocated", ptr);
	give(b);
	pthread_mutex_unlock(&lock);
}

static void *reallocate(void *ptr, size_t size)
{
	size_t len = SHI_UP(size, GRAIN);
	struct block *b, *to;

	if (!ptr)
		return allocate(GRAIN, size);
	if (!size) {
		release(ptr);
		return NULL;
	}
	everybody();
	if (len < size || len > shi.heap_size)
		return NULL;
	pthread_mutex_lock(&lock);
	b = block_find(ptr);
	if (!b)
		shi_die("%p is reallocated and was not allocated", ptr);
	to = b;
	if (b->len < len && b->after && !b->after->used && b->len + b->after->len >= len)
		join(b);
	if (b->len > len) {
		split(b, len);
		if (b->after->after && !b->after->after->used) {
			list_del(b->after);
			join(b->after);
			free_add(b->after);
		}
	} else if (b->len < len) {
		to = take(GRAIN, size);
		if (to) {
			memcpy(address(to), ptr, b->len < size ? b->len : size);
			give(b);
		}
	}
	pthread_mutex_unlock(&lock);
	everybody();
	return address(to);
}

SHI_FN(void *, shmem_malloc, (size_t size))
{
	return allocate(GRAIN, size);
}

/* All of the heap is as good as any for what the hints name. */
SHI_FN(void *, shmem_malloc_with_hints, (size_t size, long hints))
{
	(void)hints;
	return allocate(GRAIN, size);
}

SHI_FN(void *, shmem_calloc, (size_t count, size_t size))
{
	size_t len;
	void *ptr;

	shi_need_init("an allocation");
	if (__builtin_mul_overflow(count, size, &len))
		len = SIZE_MAX;
	if (!len)
		return NULL;
	pthread_mutex_lock(&lock);
	ptr = address(take(GRAIN, len));
	pthread_mutex_unlock(&lock);
	if (ptr)
		memset(ptr, 0, len);
	everybody();
	return ptr;
}

SHI_FN(void *, shmem_align, (size_t alignment, size_t size))
{
	if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
		return NULL;
	return allocate(alignment, size);
}

SHI_FN(void, shmem_free, (void *ptr))
{
	release(ptr);
}

SHI_FN(void *, shmem_realloc, (void *ptr, size_t size))
{
	return reallocate(ptr, size);
}

SHI_FN(void *, shmalloc, (size_t size))
{
	return allocate(GRAIN, size);
}

SHI_FN(void *, shmemalign, (size_t alignment, size_t size))
{
	return pshmem_align(alignment, size);
}

SHI_FN(void, shfree, (void *ptr))
{
	release(ptr);
}

SHI_FN(void *, shrealloc, (void *ptr, size_t size))
{
	return reallocate(ptr, size);
}
