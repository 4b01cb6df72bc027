// SPDX-License-Identifier: BSD-3-Clause
/*
 * Threads that write, commit, publish, add and read through a device whose
 * machines and network fail meanwhile, and check every byte they read against
 * what was acknowledged. An operation may fail; it must not take longer than
 * the limit, and no acknowledged byte may be lost.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/types.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "kfi_user.h"
#include "oracle.h"

static const char usage[] =
"Usage: faultload [OPTION]... DEVICE\n"
"\n"
"Uses DEVICE until standard input ends, then reads all that it wrote. Prints a\n"
"line for each operation: \"ok KIND BLOCK MS\", or \"error KIND BLOCK MS TEXT\".\n"
"Fails when an acknowledged byte is lost or an operation is late.\n"
"\n"
"  -s, --seed=N       of the choice of blocks and operations (1)\n"
"  -t, --threads=N    (4)\n"
"  -l, --limit=MS     for each operation (25000)\n"
"  -p, --plain        write, commit and read only, for a device that cannot\n"
"                     publish and add\n"
"  -n, --no-reads     only those at the end\n"
"  -o, --offset=N     first byte of the device to use (0)\n";

enum operation { WRITE, COMMIT, PUBLISH, ADD, READ, VERIFY, OPERATIONS };
static const char *const names[] = {
	"write", "commit", "publish", "add", "read", "verify",
};

/* Below and above what goes in a request, one page, several packets. */
static const size_t sizes[] = { 512, 4096, 16384, 65536 };
#define NR_SIZES	(sizeof(sizes) / sizeof(sizes[0]))
#define PUBLISH_SIZE	4096
#define BLOCKS		(2 * NR_SIZES + 2)	/* of a thread */
#define THREADS_MAX	64

struct worker {
	pthread_t thread;
	unsigned int index;
	uint64_t random;
	struct block block[BLOCKS];
	unsigned int nr_blocks;
	_Atomic int64_t since;		/* begin of the operation, ms; 0: none */
	_Atomic int kind;
	uint64_t operations;
	uint64_t failed;
	int64_t longest;
	int longest_kind;
	bool violated;
};

static struct worker workers[THREADS_MAX];
static unsigned int nr_workers = 4;
static uint64_t seed = 1, first_byte;
static int64_t limit = 25000;
static bool plain, no_reads;
static const char *device;
static int fd, fd_durable, stop_event;

static void fail(const char *what)
{
	fprintf(stderr, "faultload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Has the input ended? Wait for it for a time. */
static bool stopped(int ms)
{
	struct pollfd p = { .fd = stop_event, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* xorshift64*: repeats on every machine. */
static uint32_t draw(struct worker *w, uint32_t below)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (uint32_t)((w->random * UINT64_C(2685821657736338717)) >> 32) % below;
}

/* 0, or -1 with errno. */
static int transferred(ssize_t ret, size_t bytes)
{
	if (ret == (ssize_t)bytes)
		return 0;
	if (ret >= 0)
		errno = ENODATA;
	return -1;
}

static int do_write(struct block *b, bool durable, void *buf)
{
	const struct kfi_ioc_commit c = {
		.argsz = sizeof(c),
		.offset = b->offset,
		.length = b->size,
	};
	uint64_t number = ++b->issued;

	block_fill(b, buf, number);
	if (transferred(pwrite(durable ? fd_durable : fd, buf, b->size,
			       (off_t)b->offset), b->size))
		return -1;
	if (!durable && ioctl(fd, KFI_IOC_COMMIT, &c))
		return -1;
	b->acked = number;
	return 0;
}

static int do_publish(struct block *b, void *buf)
{
	uint64_t number = ++b->issued;
	const struct kfi_ioc_publish p = {
		.argsz = sizeof(p),
		.offset = b->offset,
		.data = (uintptr_t)buf,
		.length = block_data(b),
		.word_offset = b->offset + block_data(b),
		.word = block_word(b, number),
	};

	block_fill(b, buf, number);
	if (ioctl(fd, KFI_IOC_PUBLISH, &p))
		return -1;
	b->acked = number;
	return 0;
}

static int do_add(struct worker *w, struct block *b)
{
	uint64_t one = 1, before;
	const struct kfi_ioc_atomic a = {
		.argsz = sizeof(a),
		.flags = KFI_IOC_ATOMIC_COMMIT,
		.offset = b->offset,
		.op = KFIPMEM_ATOMIC_SUM,
		.type = KFIPMEM_TYPE_UINT64,
		.count = 1,
		.operand = (uintptr_t)&one,
		.result = (uintptr_t)&before,
	};

	b->issued++;
	if (ioctl(fd, KFI_IOC_ATOMIC, &a))
		return -1;
	w->violated |= !block_added(b, before);
	return 0;
}

static int do_read(struct worker *w, struct block *b, void *buf)
{
	if (transferred(pread(fd, buf, b->size, (off_t)b->offset), b->size))
		return -1;
	w->violated |= !block_check(b, buf);
	return 0;
}

static int operate(struct worker *w, struct block *b, enum operation kind,
		   void *buf)
{
	int64_t begin = now(), took;
	int ret, err;

	atomic_store(&w->kind, kind);
	atomic_store(&w->since, begin);
	switch (kind) {
	case PUBLISH:
		ret = do_publish(b, buf);
		break;
	case ADD:
		ret = do_add(w, b);
		break;
	case READ:
	case VERIFY:
		ret = do_read(w, b, buf);
		break;
	default:
		ret = do_write(b, kind == WRITE, buf);
	}
	err = errno;
	atomic_store(&w->since, 0);
	took = now() - begin;
	w->operations++;
	w->failed += !!ret;
	if (took > w->longest) {
		w->longest = took;
		w->longest_kind = kind;
	}
	if (ret)
		printf("error %s %" PRIu64 " %" PRId64 " %s\n", names[kind],
		       b->id, took, strerror(err));
	else
		printf("ok %s %" PRIu64 " %" PRId64 "\n", names[kind], b->id,
		       took);
	return ret;
}

static enum operation choose(struct worker *w, const struct block *b)
{
	if (!draw(w, 4) && !no_reads)
		return READ;
	switch (b->kind) {
	case BLOCK_PUBLISH:
		return PUBLISH;
	case BLOCK_COUNTER:
		return ADD;
	default:
		return draw(w, 2) ? WRITE : COMMIT;
	}
}

/* Whatever has failed must work again: by then all has healed. */
static void verify(struct worker *w, struct block *b, void *buf)
{
	int64_t end = now() + limit;

	while (operate(w, b, VERIFY, buf)) {
		if (now() > end) {
			printf("violation block %" PRIu64 " cannot be read\n",
			       b->id);
			w->violated = true;
			return;
		}
		poll(NULL, 0, 100);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	void *buf = aligned_alloc(4096, BLOCK_SIZE_MAX);
	struct block *b;
	unsigned int i;

	if (!buf)
		fail("memory");
	while (!stopped(0)) {
		b = &w->block[draw(w, w->nr_blocks)];
		/* A device that refuses at once is not to be run against. */
		if (operate(w, b, choose(w, b), buf) && stopped(50))
			break;
	}
	for (i = 0; i < w->nr_blocks; i++)
		verify(w, &w->block[i], buf);
	free(buf);
	return NULL;
}

/* Nothing else can tell of an operation that does not come back. */
static void *watch(void *arg)
{
	unsigned int i;
	int64_t since;

	(void)arg;
	for (;;) {
		poll(NULL, 0, 500);
		for (i = 0; i < nr_workers; i++) {
			since = atomic_load(&workers[i].since);
			if (!since || now() - since <= limit)
				continue;
			printf("stuck %s, %" PRId64 " ms\n",
			       names[atomic_load(&workers[i].kind)],
			       now() - since);
			fflush(stdout);
			_exit(3);
		}
	}
	return NULL;
}

/* The device begins as zeroes; each thread has blocks of its own. */
static void lay_out(void)
{
	uint64_t offset = first_byte, id = 1;
	struct worker *w;
	struct block *b;
	unsigned int i;

	for (w = workers; w < workers + nr_workers; w++) {
		w->index = (unsigned int)(w - workers);
		w->random = seed * 1000003 + w->index + 1;
		w->nr_blocks = plain ? 2 * NR_SIZES : BLOCKS;
		for (i = 0; i < w->nr_blocks; i++) {
			b = &w->block[i];
			b->id = id++;
			b->offset = offset;
			b->size = sizes[i % NR_SIZES];
			if (i == 2 * NR_SIZES) {
				b->kind = BLOCK_PUBLISH;
				b->size = PUBLISH_SIZE;
			} else if (i > 2 * NR_SIZES) {
				b->kind = BLOCK_COUNTER;
				b->size = sizeof(uint64_t);
			}
			/* They share no page: errors are one block's. */
			offset += (b->size + 4095) / 4096 * 4096;
		}
	}
}

/* What failed before may need its time to heal. */
static void clear_block(const struct block *b)
{
	static const char zero[BLOCK_SIZE_MAX];
	int64_t end = now() + limit;

	while (transferred(pwrite(fd_durable, zero, b->size, (off_t)b->offset),
			   b->size)) {
		if (now() > end)
			fail(device);
		poll(NULL, 0, 100);
	}
}

static void clear(void)
{
	struct worker *w;
	unsigned int i;

	for (w = workers; w < workers + nr_workers; w++)
		for (i = 0; i < w->nr_blocks; i++)
			clear_block(&w->block[i]);
}

static int sum_up(void)
{
	uint64_t operations = 0, failed = 0, blocks = 0;
	int64_t longest = 0;
	bool violated = false;
	int kind = 0;
	unsigned int i;

	for (i = 0; i < nr_workers; i++) {
		operations += workers[i].operations;
		failed += workers[i].failed;
		blocks += workers[i].nr_blocks;
		violated |= workers[i].violated;
		if (workers[i].longest >= longest) {
			longest = workers[i].longest;
			kind = workers[i].longest_kind;
		}
	}
	printf("operations %" PRIu64 " failed %" PRIu64 " longest %" PRId64
	       " ms (%s) blocks %" PRIu64 "\n", operations, failed, longest,
	       names[kind], blocks);
	if (longest > limit)
		printf("late: an operation took more than %" PRId64 " ms\n", limit);
	return violated || longest > limit;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "faultload: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

static void options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "threads", required_argument, NULL, 't' },
		{ "limit", required_argument, NULL, 'l' },
		{ "plain", no_argument, NULL, 'p' },
		{ "no-reads", no_argument, NULL, 'n' },
		{ "offset", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "s:t:l:pno:h", long_options,
				  NULL)) != -1) {
		switch (opt) {
		case 's':
			seed = number(optarg);
			break;
		case 't':
			nr_workers = (unsigned int)number(optarg);
			break;
		case 'l':
			limit = (int64_t)number(optarg);
			break;
		case 'p':
			plain = true;
			break;
		case 'n':
			no_reads = true;
			break;
		case 'o':
			first_byte = number(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	if (optind + 1 != argc || !nr_workers || nr_workers > THREADS_MAX) {
		fputs(usage, stderr);
		exit(2);
	}
	device = argv[optind];
}

int main(int argc, char **argv)
{
	const uint64_t one = 1;
	pthread_t watcher;
	unsigned int i;
	char c;

	options(argc, argv);
	fd = open(device, O_RDWR);
	fd_durable = open(device, O_RDWR | O_DSYNC);
	if (fd < 0 || fd_durable < 0)
		fail(device);
	stop_event = eventfd(0, EFD_CLOEXEC);
	if (stop_event < 0)
		fail("eventfd");
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	lay_out();
	clear();
	if (pthread_create(&watcher, NULL, watch, NULL))
		fail("thread");
	for (i = 0; i < nr_workers; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			fail("thread");
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	if (write(stop_event, &one, sizeof(one)) != sizeof(one))
		fail("eventfd");
	for (i = 0; i < nr_workers; i++)
		pthread_join(workers[i].thread, NULL);
	return sum_up();
}
