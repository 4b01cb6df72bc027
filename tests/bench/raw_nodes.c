// SPDX-License-Identifier: BSD-3-Clause
/*
 * What shmem_nodes.c measures between two machines, as far as the raw provider
 * has it: by libkfipmem on the nodes of attached regions, one on DRAM and one on
 * persistent memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libkfipmem.h>
#include "raw_nodes.h"

#define MAX_SIZE	(1 << 16)
#define WORD		(2 * MAX_SIZE)	/* offset of the word, in both regions */

static struct kfipmem_node *volatile_node, *durable_node;
static char ours[MAX_SIZE] __attribute__((__aligned__(4096)));
static struct io_uring ring;
static uint64_t announcements;

static void must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "raw provider: %s: %s\n", what, kfipmem_strerror(rc));
	exit(1);
}

static void put(size_t size, int times)
{
	while (times--)
		must(kfipmem_put(volatile_node, 0, ours, size, 0), "put");
}

static void get(size_t size, int times)
{
	while (times--)
		must(kfipmem_get(volatile_node, 0, ours, size), "get");
}

static void fetch_add(size_t size, int times)
{
	uint64_t one = 1, old;
	struct kfipmem_atomic add = {
		.op = KFIPMEM_ATOMIC_SUM, .type = KFIPMEM_TYPE_UINT64, .offset = WORD,
		.count = 1, .operand = &one, .result = &old,
	};

	(void)size;
	while (times--)
		must(kfipmem_atomic(volatile_node, &add, 0), "atomic");
}

/* A window is one system call. */
static void window(int get, size_t size, int count)
{
	struct io_uring_cqe *cqe;
	int i;

	for (i = 0; i < count; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		if (get)
			kfipmem_prep_get(sqe, volatile_node, 0, ours, size);
		else
			kfipmem_prep_put(sqe, volatile_node, 0, ours, size, 0);
	}
	must(io_uring_submit_and_wait(&ring, count), "submit");
	for (i = 0; i < count; i++) {
		must(io_uring_wait_cqe(&ring, &cqe), "wait");
		must(cqe->res, "command");
		if ((size_t)cqe->res != size)
			must(-EIO, "a command that ended early");
		io_uring_cqe_seen(&ring, cqe);
	}
}

static void stream(int get, size_t size, int times)
{
	for (; times > 0; times -= WINDOW)
		window(get, size, times < WINDOW ? times : WINDOW);
}

static void put_stream(size_t size, int times)
{
	stream(0, size, times);
}

static void get_stream(size_t size, int times)
{
	stream(1, size, times);
}

/* One operation. */
static void put_durable(size_t size, int times)
{
	while (times--)
		must(kfipmem_put(durable_node, 0, ours, size, KFI_URING_F_DURABLE), "durable put");
}

static void put_commit(size_t size, int times)
{
	while (times--) {
		must(kfipmem_put(durable_node, 0, ours, size, 0), "put");
		must(kfipmem_commit(durable_node, 0, size, 0), "commit");
	}
}

static void publish(size_t size, int times)
{
	while (times--)
		must(kfipmem_publish(durable_node, 0, ours, size, WORD, ++announcements),
		     "publish");
}

static const struct {
	const char *name;	/* as in shmem_nodes.c */
	void (*batch)(size_t size, int times);
} batches[] = {
	{ "put", put },
	{ "get", get },
	{ "fetch-add", fetch_add },
	{ "put-stream", put_stream },
	{ "get-stream", get_stream },
	{ "put-persist", put_durable },
	{ "put-persist-range", put_commit },
	{ "put-persist-signal", publish },
};

bool raw_find(const struct measurement *m, struct measurement *raw)
{
	size_t i;

	for (i = 0; i < sizeof(batches) / sizeof(*batches); i++)
		if (!strcmp(batches[i].name, m->name)) {
			*raw = *m;
			raw->batch = batches[i].batch;
			return true;
		}
	return false;
}

static void verify(struct kfipmem_node *node)
{
	size_t i;

	for (i = 0; i < MAX_SIZE; i++)
		ours[i] = i * 7 + 3;
	must(kfipmem_put(node, 0, ours, MAX_SIZE, 0), "put");
	memset(ours, 0, MAX_SIZE);
	must(kfipmem_get(node, 0, ours, MAX_SIZE), "get");
	for (i = 0; i < MAX_SIZE; i++) {
		if (ours[i] != (char)(i * 7 + 3)) {
			fprintf(stderr, "raw provider: byte %zu is wrong\n", i);
			exit(1);
		}
	}
}

void raw_begin(const char *volatile_name, const char *durable_name)
{
	must(kfipmem_open(volatile_name, 0, &volatile_node), volatile_name);
	must(kfipmem_open(durable_name, 0, &durable_node), durable_name);
	must(kfipmem_ring_init(&ring, WINDOW), "io_uring");
	verify(volatile_node);
	verify(durable_node);
}
