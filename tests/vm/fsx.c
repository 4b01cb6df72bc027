// SPDX-License-Identifier: BSD-3-Clause
/*
 * Random operations on a file or a block device, compared with a copy in
 * memory. The operations follow from the seed, so that after a power cut the
 * copy as of the last acknowledged fsync() can be made again, and the file
 * compared with that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK		4096u
#define LENGTH_MAX	32768u	/* of one operation */
#define AHEAD		4u	/* "sync" lines that are not answered */

static const char usage[] =
"Usage: fsx run FILE SIZE SEED COUNT\n"
"       fsx check FILE SIZE SEED COUNT SYNCED\n"
"\n"
"run    empty FILE (zero a device), carry out COUNT operations within SIZE\n"
"       bytes, compare, and print \"sync N\" after each fsync(), N counts up.\n"
"       Waits for an answer, a line, to all but the last %u of them\n"
"check  after a power cut: is FILE what it was at the \"sync\" line SYNCED, the\n"
"       last one answered, but for what \"run\" may have done since?\n";

enum op {
	OP_WRITE,
	OP_WRITE_DIRECT,
	OP_WRITE_MAPPED,
	OP_READ,
	OP_READ_DIRECT,
	OP_READ_MAPPED,
	OP_TRUNCATE,
	OP_PUNCH,
	OP_ZERO,
	OP_DISCARD,
	OP_SYNC,
	OP_SYNC_DATA,
	OP_DROP,	/* sync, and out of the page cache */
};

static const char * const op_names[] = {
	[OP_WRITE] = "write",
	[OP_WRITE_DIRECT] = "direct write",
	[OP_WRITE_MAPPED] = "mapped write",
	[OP_READ] = "read",
	[OP_READ_DIRECT] = "direct read",
	[OP_READ_MAPPED] = "mapped read",
	[OP_TRUNCATE] = "truncate",
	[OP_PUNCH] = "punch hole",
	[OP_ZERO] = "zero range",
	[OP_DISCARD] = "discard",
	[OP_SYNC] = "fsync",
	[OP_SYNC_DATA] = "fdatasync",
	[OP_DROP] = "fsync and drop",
};

/* As often as it is here. */
static const enum op file_ops[] = {
	OP_WRITE, OP_WRITE, OP_WRITE, OP_WRITE, OP_WRITE_DIRECT,
	OP_WRITE_DIRECT, OP_WRITE_MAPPED, OP_WRITE_MAPPED, OP_READ, OP_READ,
	OP_READ_DIRECT, OP_READ_MAPPED, OP_TRUNCATE, OP_PUNCH, OP_ZERO,
	OP_SYNC, OP_SYNC_DATA, OP_DROP,
};

static const enum op device_ops[] = {
	OP_WRITE, OP_WRITE, OP_WRITE, OP_WRITE_DIRECT, OP_WRITE_DIRECT,
	OP_WRITE_MAPPED, OP_READ, OP_READ, OP_READ_DIRECT, OP_READ_MAPPED,
	OP_PUNCH, OP_ZERO, OP_DISCARD, OP_SYNC, OP_SYNC_DATA, OP_DROP,
};

struct step {
	enum op op;
	size_t offset, length;
};

static const char *path;
static size_t size;
static uint64_t seed, count;
static bool device;
static int fd, fd_direct;

/* What the file has to be. */
static uint8_t *copy;
static size_t copy_size;

static void fail(const char *what)
{
	fprintf(stderr, "fsx: %s: %s: %s\n", path, what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "fsx: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

/* splitmix64 */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t draw(uint64_t n, unsigned int which)
{
	return mix(mix(seed ^ (uint64_t)which << 56) ^ n);
}

static void fill(uint64_t n, uint8_t *buf, size_t length)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < length; i++, word >>= 8) {
		if (i % sizeof(word) == 0)
			word = draw(n, 10 + (i >> 12)) ^ mix(i);
		buf[i] = word;
	}
}

static bool aligned(enum op op)
{
	return op == OP_WRITE_DIRECT || op == OP_READ_DIRECT ||
	       (device && (op == OP_PUNCH || op == OP_ZERO ||
			   op == OP_DISCARD));
}

static bool within_file(enum op op)
{
	return op == OP_WRITE_MAPPED || op == OP_READ_MAPPED ||
	       op == OP_PUNCH || op == OP_ZERO;
}

/* Operation n; it depends on the size that the file has got by then. */
static struct step step_of(uint64_t n)
{
	const enum op *ops = device ? device_ops : file_ops;
	size_t nr = device ? sizeof(device_ops) : sizeof(file_ops);
	struct step s = {
		.op = ops[draw(n, 0) % (nr / sizeof(*ops))],
		.offset = draw(n, 1) % size,
		.length = 1 + draw(n, 2) % LENGTH_MAX,
	};
	size_t end = within_file(s.op) ? copy_size : size;

	if (within_file(s.op) && s.offset >= end)
		s.offset = end ? s.offset % end : 0;
	if (aligned(s.op)) {
		s.offset -= s.offset % BLOCK;
		s.length += BLOCK - 1 - (s.length - 1) % BLOCK;
	}
	if (s.length > end - s.offset)
		s.length = end - s.offset;
	return s;
}

static void copy_grow(size_t to)
{
	if (to > copy_size)
		copy_size = to;
}

/* The copy beyond its size is zero, always. */
static void copy_apply(uint64_t n, const struct step *s)
{
	switch (s->op) {
	case OP_WRITE:
	case OP_WRITE_DIRECT:
	case OP_WRITE_MAPPED:
		fill(n, copy + s->offset, s->length);
		copy_grow(s->offset + s->length);
		break;
	case OP_PUNCH:
	case OP_ZERO:
	case OP_DISCARD:
		memset(copy + s->offset, 0, s->length);
		break;
	case OP_TRUNCATE:
		if (s->offset < copy_size)
			memset(copy + s->offset, 0, copy_size - s->offset);
		copy_size = s->offset;
		break;
	default:
		break;
	}
}

static void compare(const uint8_t *got, const struct step *s, size_t length,
		    uint64_t n)
{
	size_t i, expected = 0;

	if (s->offset < copy_size)
		expected = copy_size - s->offset;
	if (expected > s->length)
		expected = s->length;
	if (length != expected) {
		fprintf(stderr, "fsx: seed %" PRIu64 ", operation %" PRIu64 ", %s: %zu bytes at %zu, not %zu\n",
			seed, n, op_names[s->op], length, s->offset, expected);
		exit(1);
	}
	for (i = 0; i < length && got[i] == copy[s->offset + i]; i++)
		;
	if (i == length)
		return;
	fprintf(stderr, "fsx: seed %" PRIu64 ", operation %" PRIu64 ", %s: offset %zu has %02x, not %02x\n",
		seed, n, op_names[s->op], s->offset + i, got[i],
		copy[s->offset + i]);
	exit(1);
}

static uint8_t *map(const struct step *s, int prot, size_t *shift)
{
	uint8_t *at;

	*shift = s->offset % BLOCK;
	at = mmap(NULL, s->length + *shift, prot, MAP_SHARED, fd,
		  (off_t)(s->offset - *shift));
	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

static void do_write(int to, uint64_t n, const struct step *s, uint8_t *buf)
{
	fill(n, buf, s->length);
	if (pwrite(to, buf, s->length, (off_t)s->offset) != (ssize_t)s->length)
		fail(op_names[s->op]);
}

static void do_read(int from, uint64_t n, const struct step *s, uint8_t *buf)
{
	ssize_t ret = pread(from, buf, s->length, (off_t)s->offset);

	if (ret < 0)
		fail(op_names[s->op]);
	compare(buf, s, (size_t)ret, n);
}

static void do_mapped(uint64_t n, const struct step *s)
{
	size_t shift;
	uint8_t *at;

	if (!s->length)
		return;
	at = map(s, s->op == OP_READ_MAPPED ? PROT_READ : PROT_READ | PROT_WRITE,
		 &shift);
	if (s->op == OP_READ_MAPPED)
		compare(at + shift, s, s->length, n);
	else
		fill(n, at + shift, s->length);
	munmap(at, s->length + shift);
}

static void do_zero(const struct step *s)
{
	uint64_t range[2] = { s->offset, s->length };
	int mode = FALLOC_FL_KEEP_SIZE;

	if (!s->length)
		return;
	if (s->op == OP_DISCARD) {
		if (ioctl(fd, BLKDISCARD, range))
			fail(op_names[s->op]);
		return;
	}
	mode |= s->op == OP_PUNCH ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE;
	if (fallocate(fd, mode, (off_t)s->offset, (off_t)s->length))
		fail(op_names[s->op]);
}

/* So that it is known after the power cut how far it may have come. */
static void wait_for_answers(uint64_t syncs)
{
	static uint64_t answers;
	int c;

	while (syncs - answers > AHEAD) {
		c = getchar();
		if (c == EOF)
			fail("answers");
		answers += c == '\n';
	}
}

static void do_sync(const struct step *s)
{
	static uint64_t syncs;

	if (s->op == OP_SYNC_DATA ? fdatasync(fd) : fsync(fd))
		fail(op_names[s->op]);
	printf("sync %06" PRIu64 "\n", syncs++);
	if (fflush(stdout))
		fail("output");
	wait_for_answers(syncs);
	if (s->op == OP_DROP)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static void step_run(uint64_t n, const struct step *s, uint8_t *buf)
{
	switch (s->op) {
	case OP_WRITE:
		do_write(fd, n, s, buf);
		break;
	case OP_WRITE_DIRECT:
		do_write(fd_direct, n, s, buf);
		break;
	case OP_READ:
		do_read(fd, n, s, buf);
		break;
	case OP_READ_DIRECT:
		do_read(fd_direct, n, s, buf);
		break;
	case OP_WRITE_MAPPED:
	case OP_READ_MAPPED:
		do_mapped(n, s);
		break;
	case OP_TRUNCATE:
		if (ftruncate(fd, (off_t)s->offset))
			fail(op_names[s->op]);
		break;
	case OP_PUNCH:
	case OP_ZERO:
	case OP_DISCARD:
		do_zero(s);
		break;
	case OP_SYNC:
	case OP_SYNC_DATA:
	case OP_DROP:
		do_sync(s);
		break;
	}
}

static void open_file(int flags)
{
	struct stat st;

	fd = open(path, O_RDWR | flags, 0644);
	if (fd < 0 || fstat(fd, &st))
		fail("open");
	device = S_ISBLK(st.st_mode);
	fd_direct = open(path, O_RDWR | O_DIRECT);
	if (fd_direct < 0)
		fail("open O_DIRECT");
	if (device)
		copy_size = size;
}

static int run(void)
{
	uint8_t *buf = aligned_alloc(BLOCK, size > LENGTH_MAX ? size : LENGTH_MAX);
	uint64_t range[2] = { 0, size };
	struct step s;
	uint64_t n;

	if (!buf)
		fail("memory");
	open_file(O_CREAT);
	if (device ? ioctl(fd, BLKZEROOUT, range) : ftruncate(fd, 0))
		fail("empty it");
	for (n = 0; n < count; n++) {
		s = step_of(n);
		step_run(n, &s, buf);
		copy_apply(n, &s);
	}
	s = (struct step){ .op = OP_DROP };
	step_run(n, &s, buf);
	s = (struct step){ .op = OP_READ, .length = size };
	step_run(n, &s, buf);
	return 0;
}

static bool is_sync(enum op op)
{
	return op == OP_SYNC || op == OP_SYNC_DATA || op == OP_DROP;
}

static bool is_change(enum op op)
{
	return !is_sync(op) && op != OP_READ && op != OP_READ_DIRECT &&
	       op != OP_READ_MAPPED;
}

/* The copy up to the given fsync(). Return: the operation after it. */
static uint64_t replay(uint64_t synced)
{
	uint64_t n, syncs = 0;
	struct step s;

	for (n = 0; n < count; n++) {
		s = step_of(n);
		copy_apply(n, &s);
		if (is_sync(s.op) && syncs++ == synced)
			return n + 1;
	}
	return n;
}

static void agree(bool *good, const uint8_t *got, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		if (got[i] == copy[i])
			good[i] = true;
}

/*
 * Whatever was changed after the fsync() may be there or not, in any order: each
 * byte has its value as of the fsync(), or one of a later operation. A file that
 * was growing may be of any size in between.
 */
static int check(uint64_t synced)
{
	size_t i, old, from, to, least, most, got_size;
	uint8_t *got = calloc(1, size + BLOCK);
	bool *good = calloc(1, size);
	struct step s;
	uint64_t n, syncs = 0;
	ssize_t ret;

	if (!got || !good)
		fail("memory");
	open_file(0);
	n = replay(synced);
	ret = pread(fd, got, device ? size : size + BLOCK, 0);
	if (ret < 0)
		fail("read");
	got_size = (size_t)ret;
	least = copy_size;
	most = copy_size;
	agree(good, got, 0, size);
	for (; n < count && syncs <= AHEAD; n++) {
		s = step_of(n);
		syncs += is_sync(s.op);
		old = copy_size;
		copy_apply(n, &s);
		if (copy_size < least)
			least = copy_size;
		if (copy_size > most)
			most = copy_size;
		from = s.offset < old ? s.offset : old;
		to = s.offset + s.length;
		if (s.op == OP_TRUNCATE)
			to = s.offset > old ? s.offset : old;
		if (is_change(s.op))
			agree(good, got, from, to);
	}
	if (got_size < least || got_size > most) {
		fprintf(stderr, "fsx: seed %" PRIu64 ": the file has %zu bytes, not %zu to %zu\n",
			seed, got_size, least, most);
		return 1;
	}
	for (i = 0; i < got_size; i++) {
		if (good[i])
			continue;
		fprintf(stderr, "fsx: seed %" PRIu64 ", sync %" PRIu64 ": offset %zu has %02x, which was not written since\n",
			seed, synced, i, got[i]);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, usage, AHEAD);
		return 2;
	}
	path = argv[2];
	size = number(argv[3]);
	seed = number(argv[4]);
	count = number(argv[5]);
	copy = size && size % BLOCK == 0 ? calloc(1, size + LENGTH_MAX) : NULL;
	if (!copy) {
		fputs("fsx: SIZE is a multiple of 4096\n", stderr);
		return 2;
	}
	if (argc == 6 && !strcmp(argv[1], "run"))
		return run();
	if (argc == 7 && !strcmp(argv[1], "check"))
		return check(number(argv[6]));
	fprintf(stderr, usage, AHEAD);
	return 2;
}
