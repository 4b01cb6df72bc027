// SPDX-License-Identifier: BSD-3-Clause
/*
 * PEs of other machines: their memory is a region of that machine, attached
 * here as /dev/kfi/<job>.<machine>. These operations are done at their target
 * when the call returns; those of far_ring.c when quiet does.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <libkfipmem.h>

#include "transport.h"

struct place {
	int node;
	off_t heap;	/* offset of the PE's heap in its machine's memory */
};

static struct kfipmem_node *nodes[SHI_MAX_NODES];
static struct place *places;

void shi_far_attach(size_t control)
{
	char path[sizeof("/dev/kfi/") + SHI_NAME_MAX + 8];
	struct shi_job *job = shi.job;
	unsigned int k, i;
	int rc;

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
		rc = kfipmem_open(path, 0, &nodes[k]);
		if (rc)
			shi_die("cannot open the memory of machine %u, %s: %s", k, path,
				kfipmem_strerror(rc));
	}
	shi.far = true;
}

int shi_node_of(int pe)
{
	return places ? places[pe].node : 0;
}

/*
 * Where a range of symmetric memory is: in the memory of the PE's machine, or in
 * a region of its own. Gives true, or does not return.
 */
bool shi_far_find(struct shi_far_range *range, const void *addr, size_t len, int pe)
{
	uintptr_t heap = (uintptr_t)addr - shi.heap_lo, data = (uintptr_t)addr - shi.data_lo;

	if (heap < shi.heap_size && len <= shi.heap_size - heap) {
		range->at = places[pe].heap + heap;
	} else if (data < shi.data_size && len <= shi.data_size - data) {
		range->at = places[pe].heap - shi.data_size + data;
	} else {
		range->node = NULL;
		range->fd = shi.spaces ? shi_space_far(addr, len, pe, &range->at) : -1;
		if (range->fd < 0)
			shi_die("%zu bytes at %p are not symmetric", len, addr);
		return true;
	}
	range->node = nodes[places[pe].node];
	range->fd = kfipmem_fd(range->node);
	return true;
}

void shi_far_failed(const char *what, int pe, int error)
{
	shi_die("%s PE %d on machine %d failed: %s", what, pe, shi_node_of(pe),
		kfipmem_strerror(error));
}

static void write_all(const struct shi_far_range *range, const void *source, size_t len, int pe,
		      int flags)
{
	size_t done = 0;

	while (done < len) {
		struct iovec rest = { (char *)source + done, len - done };
		ssize_t n = pwritev2(range->fd, &rest, 1, range->at + done, flags);

		if (n > 0)
			done += n;
		else if (!n || errno != EINTR)
			shi_far_failed("a put to", pe, n ? errno : EIO);
	}
}

void shi_far_write(const struct shi_far_range *range, const void *source, size_t len, int pe)
{
	write_all(range, source, len, pe, 0);
}

void shi_far_write_durable(const struct shi_far_range *range, const void *source, size_t len,
			   int pe)
{
	write_all(range, source, len, pe, RWF_DSYNC);
}

void shi_far_publish(const struct shi_far_range *range, const void *source, size_t len,
		     off_t word_at, uint64_t word, int pe)
{
	/* The fabric's words are little-endian, a PE's are its own. */
	struct kfi_ioc_publish arg = {
		.argsz = sizeof(arg), .offset = range->at, .data = (uintptr_t)source,
		.length = len, .word_offset = word_at, .word = htole64(word),
	};

	if (ioctl(range->fd, KFI_IOC_PUBLISH, &arg))
		shi_far_failed("a put with signal to", pe, errno);
}

void shi_far_read(const struct shi_far_range *range, void *dest, size_t len, int pe)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(range->fd, (char *)dest + done, len - done, range->at + done);

		if (n > 0)
			done += n;
		else if (!n || errno != EINTR)
			shi_far_failed("a get from", pe, n ? errno : EIO);
	}
}

/* Nothing may be anywhere, also at NULL. */
void shi_far_put(void *dest, const void *source, size_t len, int pe)
{
	struct shi_far_range range;

	if (len && shi_far_find(&range, dest, len, pe))
		shi_far_write(&range, source, len, pe);
}

void shi_far_get(void *dest, const void *source, size_t len, int pe)
{
	struct shi_far_range range;

	if (len && shi_far_find(&range, source, len, pe))
		shi_far_read(&range, dest, len, pe);
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

	if (ioctl(fd, KFI_IOC_ATOMIC, &arg))
		shi_die("an atomic on machine %d failed: %s", node, kfipmem_strerror(errno));
}

void shi_far_amo(enum shi_op op, size_t size, void *dest, void *fetch, const void *value,
		 const void *cond, int pe)
{
	struct shi_far_range range;

	shi_far_find(&range, dest, size, pe);
	atomic(op, size, range.fd, range.at, fetch, value, cond, places[pe].node);
}

uint64_t shi_node_amo(enum shi_op op, uint64_t *word, uint64_t value, uint64_t cond, int node)
{
	uint64_t old = cond;

	if (!shi.far || node == (int)shi.job->node_me)
		return shi_amo_at(op, word, value, cond);
	atomic(op, sizeof(*word), kfipmem_fd(nodes[node]), (char *)word - (char *)shi.job, &old,
	       &value, &cond, node);
	return old;
}
