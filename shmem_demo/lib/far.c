// SPDX-License-Identifier: BSD-3-Clause
/*
 * PEs of other machines: their memory is a region of that machine, attached
 * here as /dev/kfi/<job>.<machine>. An operation is done at its target when the
 * call returns, so there is nothing left for quiet to wait for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <kfi_user.h>

#include "transport.h"

struct place {
	int node;
	off_t heap;	/* offset of the PE's heap in its machine's memory */
};

static int node_fd[SHI_MAX_NODES];
static struct place *places;

void shi_far_attach(size_t control)
{
	char path[sizeof("/dev/kfi/") + SHI_NAME_MAX + 8];
	struct shi_job *job = shi.job;
	unsigned int k, i;

	places = calloc(job->npes, sizeof(*places));
	if (!places)
		shi_die("no memory");
	for (k = 0; k < job->nnodes; k++) {
		const struct shi_node *node = &job->node[k];

		for (i = 0; i < node->count; i++)
			places[node->first + i * node->step] = (struct place){
				k, control + i * shi.stride + shi.data_size,
			};
		if (k == job->node_me)
			continue;
		snprintf(path, sizeof(path), "/dev/kfi/%s.%u", job->name, k);
		node_fd[k] = open(path, O_RDWR | O_CLOEXEC);
		if (node_fd[k] < 0)
			shi_die("cannot open the memory of machine %u, %s: %s", k, path,
				strerror(errno));
	}
	shi.far = true;
}

int shi_node_of(int pe)
{
	return places ? places[pe].node : 0;
}

/*
 * Where a range of symmetric memory is: in the memory of the PE's machine, or in
 * a region of its own.
 */
static int find(const void *addr, size_t len, int pe, off_t *at)
{
	uintptr_t off = (uintptr_t)addr - shi.heap_lo;
	int fd;

	if (off < shi.heap_size && len <= shi.heap_size - off) {
		*at = places[pe].heap + off;
		return node_fd[places[pe].node];
	}
	off = (uintptr_t)addr - shi.data_lo;
	if (off < shi.data_size && len <= shi.data_size - off) {
		*at = places[pe].heap - shi.data_size + off;
		return node_fd[places[pe].node];
	}
	fd = shi.spaces ? shi_space_far(addr, len, pe, at) : -1;
	if (fd >= 0)
		return fd;
	shi_die("%zu bytes at %p are not symmetric", len, addr);
}

__attribute__((__noreturn__))
static void failed(const char *what, int node)
{
	shi_die("%s machine %d failed: %s", what, node, strerror(errno));
}

void shi_far_put(void *dest, const void *source, size_t len, int pe)
{
	off_t at;
	int fd;

	/* Nothing may be anywhere, also at NULL. */
	if (!len)
		return;
	fd = find(dest, len, pe, &at);
	while (len) {
		ssize_t n = pwrite(fd, source, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			failed("a put to", shi_node_of(pe));
		source = (const char *)source + n;
		at += n;
		len -= n;
	}
}

void shi_far_get(void *dest, const void *source, size_t len, int pe)
{
	off_t at;
	int fd;

	/* Nothing may be anywhere, also at NULL. */
	if (!len)
		return;
	fd = find(source, len, pe, &at);
	while (len) {
		ssize_t n = pread(fd, dest, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			failed("a get from", shi_node_of(pe));
		dest = (char *)dest + n;
		at += n;
		len -= n;
	}
}

/* All are done when they return; what went by other threads too. */
void shi_far_quiet(void)
{
}

static void atomic(enum shi_op op, size_t size, int fd, off_t at, void *fetch,
		   const void *value, const void *cond, int node)
{
	static const uint32_t ops[] = {
		[SHI_FETCH] = KFIPMEM_ATOMIC_READ, [SHI_SET] = KFIPMEM_ATOMIC_WRITE,
		[SHI_SWAP] = KFIPMEM_ATOMIC_WRITE, [SHI_CSWAP] = KFIPMEM_ATOMIC_CSWAP,
		[SHI_ADD] = KFIPMEM_ATOMIC_SUM, [SHI_AND] = KFIPMEM_ATOMIC_BAND,
		[SHI_OR] = KFIPMEM_ATOMIC_BOR, [SHI_XOR] = KFIPMEM_ATOMIC_BXOR,
	};
	struct kfi_ioc_atomic arg = {
		.argsz = sizeof(arg), .offset = at, .op = ops[op],
		.type = size == 8 ? KFIPMEM_TYPE_UINT64 : KFIPMEM_TYPE_UINT32,
		.count = 1, .operand = (uintptr_t)value, .compare = (uintptr_t)cond,
		.result = op == SHI_SET ? 0 : (uintptr_t)fetch,
	};

	while (ioctl(fd, KFI_IOC_ATOMIC, &arg))
		if (errno != EINTR)
			failed("an atomic at", node);
}

void shi_far_amo(enum shi_op op, size_t size, void *dest, void *fetch, const void *value,
		 const void *cond, int pe)
{
	off_t at;
	int fd = find(dest, size, pe, &at);

	atomic(op, size, fd, at, fetch, value, cond, places[pe].node);
}

uint64_t shi_node_amo(enum shi_op op, uint64_t *word, uint64_t value, uint64_t cond, int node)
{
	uint64_t old = cond;

	if (!shi.far || node == (int)shi.job->node_me)
		return shi_amo_at(op, word, value, cond);
	atomic(op, sizeof(*word), node_fd[node], (char *)word - (char *)shi.job, &old, &value,
	       &cond, node);
	return old;
}
