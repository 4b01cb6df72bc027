/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands and ioctls of a node, each with what it has to leave behind.
 *
 * Exit status: 0; 1: a step failed, which the message names; 2: usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "uring.h"

struct io_uring ring;

/* The rings that programs have: a command has to come to its end on each. */
static const struct {
	const char *name;
	unsigned int flags;
} rings[] = {
	{ "plain", 0 },
	{ "polled", IORING_SETUP_SQPOLL },
	{ "deferred", IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN },
	{ "quiet", IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CQE32 },
};

static void ring_of(const char *name)
{
	unsigned int i;

	if (!name) {
		want(0, kfipmem_ring_init(&ring, DEPTH));
		return;
	}
	for (i = 0; i < sizeof(rings) / sizeof(*rings); i++)
		if (!strcmp(name, rings[i].name))
			break;
	if (i == sizeof(rings) / sizeof(*rings))
		fail("no ring '%s'", name);
	want(0, io_uring_queue_init(DEPTH, &ring,
				    rings[i].flags | IORING_SETUP_SQE128));
}

static void usage(FILE *to)
{
	fputs("Usage: uring STEP NODE [NUMBER [RING]]\n"
	      "  ops       every operation, and what it leaves\n"
	      "  atomics   every type and operation, against C\n"
	      "  errors    what has to be refused\n"
	      "  read-only what a file that is open for reading has to refuse\n"
	      "  many      NUMBER puts and gets, 256 in flight\n"
	      "  count     add 1 NUMBER times\n"
	      "  zero      begin to count\n"
	      "  counted   the count has to be NUMBER\n"
	      "  someone   as another user\n"
	      "  limit     likewise, who may pin no memory\n"
	      "  set       what a replica set has, and has not\n"
	      "  fork      with a child that shares the node\n"
	      "  unmapped NUMBER  of a mapped local region at path NUMBER\n"
	      "  flood     puts until killed; says \"there\" when there are many\n"
	      "  until     likewise, until one fails; says why\n", to);
}

struct io_uring_sqe *sqe_get(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	if (!sqe)
		fail("no sqe");
	return sqe;
}

int complete(uint64_t *data)
{
	struct io_uring_cqe *cqe;
	int res;

	want(0, io_uring_wait_cqe(&ring, &cqe));
	res = cqe->res;
	*data = cqe->user_data;
	io_uring_cqe_seen(&ring, cqe);
	return res;
}

/* Submit what is prepared, a single command, and wait for its result. */
int run(void)
{
	uint64_t data;

	if (io_uring_submit(&ring) < 0)
		fail("not submitted");
	return complete(&data);
}

void fill(void *p, size_t length, unsigned int seed)
{
	unsigned char *byte = p;
	size_t i;

	for (i = 0; i < length; i++)
		byte[i] = (i * 2654435761U + seed * 97) >> 7;
}

void *pages(size_t length)
{
	void *p = mmap(NULL, length, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("no memory");
	return p;
}

void has(struct kfipmem_node *node, uint64_t offset, const void *data,
		size_t length)
{
	void *have = malloc(length);

	want(0, kfipmem_get(node, offset, have, length));
	if (memcmp(have, data, length))
		fail("other bytes at %llu", (unsigned long long)offset);
	free(have);
}

uint64_t word_at(struct kfipmem_node *node, uint64_t offset)
{
	uint64_t word;

	want(0, kfipmem_get(node, offset, &word, sizeof(word)));
	return word;
}

/* One length, at odd addresses on both sides. */
void put_get(struct kfipmem_node *node, size_t length,
		    unsigned int flags)
{
	char *from = pages(length + 1), *to = pages(length + 3);

	fill(from + 1, length, length);
	kfipmem_prep_put(sqe_get(), node, 77, from + 1, length, flags);
	want(length, run());
	has(node, 77, from + 1, length);
	kfipmem_prep_get(sqe_get(), node, 77, to + 3, length);
	want(length, run());
	if (memcmp(from + 1, to + 3, length))
		fail("got other bytes");
	munmap(from, length + 1);
	munmap(to, length + 3);
}

void vectors(struct kfipmem_node *node)
{
	struct kfi_uring_range range[KFI_URING_RANGES];
	char *from, *to;
	size_t i, sum = 0;

	for (i = 0; i < KFI_URING_RANGES; i++) {
		range[i].offset = (KFI_URING_RANGES - i) * 10000 + i;
		range[i].length = 1 + i * 130;
		sum += range[i].length;
	}
	from = pages(sum);
	to = pages(sum);
	fill(from, sum, 5);
	kfipmem_prep_putv(sqe_get(), node, range, KFI_URING_RANGES, from, 0);
	want(sum, run());
	for (i = 0, sum = 0; i < KFI_URING_RANGES; sum += range[i++].length)
		has(node, range[i].offset, from + sum, range[i].length);
	kfipmem_prep_getv(sqe_get(), node, range, KFI_URING_RANGES, to);
	want(sum, run());
	if (memcmp(from, to, sum))
		fail("got other bytes");
	kfipmem_prep_commit(sqe_get(), node, range, KFI_URING_RANGES, 0);
	want(0, run());
	fill(from, sum, 6);
	kfipmem_prep_putv(sqe_get(), node, range, 3, from, KFI_URING_F_DURABLE);
	want(range[0].length + range[1].length + range[2].length, run());
	has(node, range[2].offset, from + range[0].length + range[1].length,
	    range[2].length);
	munmap(from, sum);
	munmap(to, sum);
}

static void signals(struct kfipmem_node *node)
{
	static const unsigned int flags[] = {
		0, KFI_URING_F_DURABLE, KFI_URING_F_ADD,
		KFI_URING_F_ADD | KFI_URING_F_DURABLE,
	};
	static const size_t length[] = { 1, 64, 5000, 1100000, BIG };
	char *from = pages(BIG);
	uint64_t word = 40, before;
	unsigned int i, j;

	for (i = 0; i < 4; i++) {
		for (j = 0; j < (i == 3 ? 5 : 4); j++, word++) {
			before = word_at(node, 8);
			fill(from, length[j], word);
			kfipmem_prep_put_signal(sqe_get(), node, 4096, from,
						length[j], 8, word, flags[i]);
			want(length[j], run());
			has(node, 4096, from, length[j]);
			want(flags[i] & KFI_URING_F_ADD ? before + word : word,
			     word_at(node, 8));
		}
	}
	for (j = 0; j < 4; j++, word++) {
		fill(from, length[j], word);
		kfipmem_prep_publish(sqe_get(), node, 4096, from, length[j], 16,
				     word);
		want(length[j], run());
		has(node, 4096, from, length[j]);
		want(word, word_at(node, 16));
		want(0, kfipmem_publish(node, 4096, from, length[j], 16, ~word));
		want(~word, word_at(node, 16));
	}
	munmap(from, BIG);
}

static void fixed(struct kfipmem_node *node)
{
	struct iovec v[2] = { { pages(1 << 20), 1 << 20 },
			      { pages(BIG), BIG } };
	char *from = v[0].iov_base, *to = v[1].iov_base;
	struct io_uring_sqe *sqe;

	want(0, io_uring_register_buffers(&ring, v, 2));
	fill(from, 1 << 20, 9);
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 512, from + 5, 700000, 0);
	kfipmem_sqe_fixed(sqe, 0);
	want(700000, run());
	has(node, 512, from + 5, 700000);
	sqe = sqe_get();
	kfipmem_prep_get(sqe, node, 512, to + 9, 700000);
	kfipmem_sqe_fixed(sqe, 1);
	want(700000, run());
	if (memcmp(from + 5, to + 9, 700000))
		fail("got other bytes");
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, to, BIG, KFI_URING_F_DURABLE);
	kfipmem_sqe_fixed(sqe, 1);
	want(BIG, run());
	has(node, 0, to, BIG);

	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, to, 10, 0);
	kfipmem_sqe_fixed(sqe, 0);
	want(-EFAULT, run());
	sqe = sqe_get();
	kfipmem_prep_put(sqe, node, 0, to, 10, 0);
	kfipmem_sqe_fixed(sqe, 2);
	want(-EFAULT, run());
	want(0, io_uring_unregister_buffers(&ring));
	munmap(from, 1 << 20);
	munmap(to, BIG);
}

static void ops(struct kfipmem_node *node)
{
	static const size_t length[] = { 1, 8, 300, 4096, 100001, 1100000,
					 BIG };
	struct kfi_uring_range all = { 0, kfipmem_size(node) };
	unsigned int i;

	for (i = 0; i < sizeof(length) / sizeof(*length); i++) {
		put_get(node, length[i], 0);
		if (length[i] < BIG)
			put_get(node, length[i], KFI_URING_F_DURABLE);
	}
	kfipmem_prep_commit(sqe_get(), node, &all, 1, 0);
	want(0, run());
	kfipmem_prep_commit(sqe_get(), node, &all, 1, KFI_URING_F_DEEP);
	want(0, run());
	vectors(node);
	signals(node);
	fixed(node);
}

/* Several members are not changed in one step. */
static void of_a_set(struct kfipmem_node *node)
{
	struct kfi_uring_range all = { 0, kfipmem_size(node) };
	uint64_t one = 1;
	struct kfipmem_atomic add = { KFIPMEM_ATOMIC_SUM, KFIPMEM_TYPE_UINT64,
				      .count = 1, .operand = &one };

	put_get(node, 5000, 0);
	put_get(node, BIG, KFI_URING_F_DURABLE);
	vectors(node);
	kfipmem_prep_commit(sqe_get(), node, &all, 1, 0);
	want(0, run());
	kfipmem_prep_commit(sqe_get(), node, &all, 1, KFI_URING_F_DEEP);
	want(-EOPNOTSUPP, run());
	kfipmem_prep_atomic(sqe_get(), node, &add, 0);
	want(-EOPNOTSUPP, run());
	want(-EOPNOTSUPP, kfipmem_atomic(node, &add, 0));
	kfipmem_prep_publish(sqe_get(), node, 64, &one, 8, 0, 1);
	want(-EOPNOTSUPP, run());
	kfipmem_prep_put_signal(sqe_get(), node, 64, &one, 8, 0, 1, 0);
	want(-EOPNOTSUPP, run());
}

static void read_only(struct kfipmem_node *node)
{
	struct kfi_uring_range range = { 0, 8 };
	struct kfipmem_atomic add = { KFIPMEM_ATOMIC_SUM, KFIPMEM_TYPE_UINT64,
				      .count = 1, .operand = &range };
	uint64_t word;

	kfipmem_prep_put(sqe_get(), node, 0, &word, 8, 0);
	want(-EBADF, run());
	kfipmem_prep_putv(sqe_get(), node, &range, 1, &word, 0);
	want(-EBADF, run());
	kfipmem_prep_commit(sqe_get(), node, &range, 1, 0);
	want(-EBADF, run());
	kfipmem_prep_publish(sqe_get(), node, 64, &word, 8, 0, 1);
	want(-EBADF, run());
	kfipmem_prep_put_signal(sqe_get(), node, 64, &word, 8, 0, 1, 0);
	want(-EBADF, run());
	kfipmem_prep_atomic(sqe_get(), node, &add, 0);
	want(-EBADF, run());
	want(-EBADF, kfipmem_atomic(node, &add, 0));
	add.op = KFIPMEM_ATOMIC_READ;
	add.result = &word;
	kfipmem_prep_atomic(sqe_get(), node, &add, KFI_URING_F_DURABLE);
	want(-EBADF, run());
	kfipmem_prep_atomic(sqe_get(), node, &add, 0);
	want(0, run());
	want(0, kfipmem_atomic(node, &add, 0));
	kfipmem_prep_get(sqe_get(), node, 0, &word, 8);
	want(8, run());
}

int main(int argc, char **argv)
{
	const char *step = argc > 1 ? argv[1] : "";
	bool reads = !strcmp(step, "read-only");
	unsigned int number;
	struct kfipmem_node *node;

	if (argc < 3) {
		usage(stderr);
		return 2;
	}
	number = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	if (!strcmp(step, "someone") && setresuid(65534, 65534, 65534))
		fail("setuid: %s", strerror(errno));
	want(0, kfipmem_open(argv[2], reads ? KFIPMEM_READ_ONLY : 0, &node));
	ring_of(argc > 4 ? argv[4] : NULL);
	if (!strcmp(step, "ops"))
		ops(node);
	else if (!strcmp(step, "atomics"))
		atomics(node);
	else if (!strcmp(step, "errors"))
		errors(node);
	else if (reads)
		read_only(node);
	else if (!strcmp(step, "many"))
		many(node, number);
	else if (!strcmp(step, "count"))
		count(node, number);
	else if (!strcmp(step, "zero"))
		want(0, kfipmem_put(node, 24, &(uint64_t){ 0 }, 8, 0));
	else if (!strcmp(step, "counted"))
		want(number, word_at(node, 24));
	else if (!strcmp(step, "someone"))
		put_get(node, 5000, 0);
	else if (!strcmp(step, "set"))
		of_a_set(node);
	else if (!strcmp(step, "limit"))
		limit(node);
	else if (!strcmp(step, "fork"))
		forked(node);
	else if (!strcmp(step, "unmapped"))
		unmapped(node, argv[3]);
	else if (!strcmp(step, "flood"))
		want(0, flood(node));
	else if (!strcmp(step, "until"))
		printf("%s\n", strerror(-flood(node)));
	else
		fail("no step '%s'", step);
	io_uring_queue_exit(&ring);
	kfipmem_close(node);
	return 0;
}
