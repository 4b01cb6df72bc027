/* SPDX-License-Identifier: BSD-3-Clause */
/* Many operations in flight, and what becomes of them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "uring.h"

#define MANY_BYTES	3000	/* of each of many */

/* Every slot has its own memory and its own bytes of the node. */
static void one_of_many(struct kfipmem_node *node, unsigned int i, char *from,
			char *to)
{
	struct io_uring_sqe *sqe = sqe_get();
	size_t at = i % DEPTH * MANY_BYTES;

	if (from) {
		fill(from + at, MANY_BYTES, i % DEPTH);
		kfipmem_prep_put(sqe, node, at, from + at, MANY_BYTES,
				 i % 3 ? 0 : KFI_URING_F_DURABLE);
	} else {
		kfipmem_prep_get(sqe, node, at, to + at, MANY_BYTES);
	}
}

void many(struct kfipmem_node *node, unsigned int number)
{
	size_t size = MANY_BYTES;
	char *from = pages(DEPTH * size), *to = pages(DEPTH * size);
	unsigned int begun = 0, ended = 0, round;
	uint64_t data;

	for (round = 0; round < 2; round++, begun = ended = 0) {
		while (ended < number) {
			for (; begun < number && begun - ended < DEPTH; begun++)
				one_of_many(node, begun, round ? NULL : from,
					    to);
			io_uring_submit_and_wait(&ring, 1);
			want(size, complete(&data));
			ended++;
		}
	}
	if (memcmp(from, to, DEPTH * size))
		fail("got other bytes");
}

void count(struct kfipmem_node *node, unsigned int number)
{
	uint64_t one = 1, old, data;
	struct kfipmem_atomic add = { KFIPMEM_ATOMIC_SUM, KFIPMEM_TYPE_UINT64,
				      .offset = 24, .count = 1,
				      .operand = &one };
	unsigned int begun = 0, ended = 0;

	for (; ended < number / 2; ended++) {
		for (; begun < number / 2 && begun - ended < 32; begun++)
			kfipmem_prep_atomic(sqe_get(), node, &add,
					    begun % 16 ? 0 : KFI_URING_F_DURABLE);
		io_uring_submit(&ring);
		want(0, complete(&data));
	}
	add.result = &old;
	for (; ended < number; ended++)
		want(0, kfipmem_atomic(node, &add, 0));
}

/* Beyond the limit of locked memory, data is copied. */
void limit(struct kfipmem_node *node)
{
	struct rlimit none = { 8192, 8192 };

	if (setrlimit(RLIMIT_MEMLOCK, &none) || setresuid(65534, 65534, 65534))
		fail("setuid: %s", strerror(errno));
	put_get(node, 4000, 0);
	put_get(node, 3000000, KFI_URING_F_DURABLE);
	vectors(node);
	many(node, 600);
}

/* The child's stores are its own, and its end is no end of the parent's. */
void forked(struct kfipmem_node *node)
{
	size_t size = 1 << 20;
	char *p = pages(size), *q = pages(size);
	uint64_t data;
	int status;
	pid_t child;

	fill(p, size, 3);
	kfipmem_prep_put(sqe_get(), node, 0, p, size, 0);
	io_uring_submit(&ring);
	child = fork();
	if (!child) {
		memset(p, 0, size);
		_exit(kfipmem_put(node, 2 << 20, "child", 5, 0) ? 1 : 0);
	}
	want(size, complete(&data));
	has(node, 0, p, size);
	kfipmem_prep_get(sqe_get(), node, 0, q, size);
	io_uring_submit(&ring);
	if (!fork())
		_exit(0);
	want(size, complete(&data));
	if (memcmp(p, q, size))
		fail("got other bytes");
	while (wait(&status) > 0)
		want(0, status);
	has(node, 2 << 20, "child", 5);
}

/* From and to memory that cannot be pinned: a local region that is mapped. */
void unmapped(struct kfipmem_node *node, const char *local)
{
	int fd = open(local, O_RDWR);
	size_t size = 2500000;
	char *p = mmap(NULL, 2 * BIG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		fail("%s: %s", local, strerror(errno));
	fill(p + 5, size, 4);
	kfipmem_prep_put(sqe_get(), node, 100, p + 5, size, 0);
	want(size, run());
	has(node, 100, p + 5, size);
	kfipmem_prep_get(sqe_get(), node, 100, p + BIG + 7, size);
	want(size, run());
	if (memcmp(p + 5, p + BIG + 7, size))
		fail("got other bytes");
	memset(p + BIG, 0, 64);
	kfipmem_prep_getv(sqe_get(), node, (struct kfi_uring_range[]) {
			{ 100, 10 }, { 200, 20 } }, 2, p + BIG);
	want(30, run());
	if (memcmp(p + BIG, p + 5, 10) || memcmp(p + BIG + 10, p + 105, 20))
		fail("got other bytes");
}

/* Puts, gets and additions, DEPTH of them in flight, until one fails. */
int flood(struct kfipmem_node *node)
{
	uint64_t one = 1, data;
	struct kfipmem_atomic add = { KFIPMEM_ATOMIC_SUM, KFIPMEM_TYPE_UINT64,
				      .offset = 32, .count = 1,
				      .operand = &one };
	size_t size = 65536;
	char *p = pages(DEPTH * size);
	struct iovec v = { p, DEPTH * size };
	unsigned int begun = 0, ended;
	int res;

	fill(p, DEPTH * size, 1);
	want(0, io_uring_register_buffers(&ring, &v, 1));
	for (ended = 0; ; ended++) {
		for (; begun - ended < DEPTH; begun++) {
			struct io_uring_sqe *sqe = sqe_get();
			char *slot = p + begun % DEPTH * size;

			if (begun % 4 == 3)
				kfipmem_prep_atomic(sqe, node, &add, 0);
			else if (begun % 4 == 2)
				kfipmem_prep_get(sqe, node, 8192, slot, size);
			else
				kfipmem_prep_put(sqe, node, 8192, slot, size,
						 begun % 2 ?
						 KFI_URING_F_DURABLE : 0);
			/* Of the rest, half is in a registered buffer. */
			if (begun % 4 != 3 && begun & 8)
				kfipmem_sqe_fixed(sqe, 0);
		}
		io_uring_submit(&ring);
		if (ended == DEPTH)
			puts("there");
		fflush(stdout);
		res = complete(&data);
		if (res < 0)
			break;
	}
	/* The rest end, one way or the other. */
	while (++ended < begun)
		complete(&data);
	return res;
}
