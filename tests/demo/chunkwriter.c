// SPDX-License-Identifier: BSD-3-Clause
/*
 * Writes a file to a device in chunks, and says of each chunk that the kernel
 * acknowledged it, one flushed line each. What was printed before the power
 * went is what has to be found after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_alg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DIGEST_SIZE	32

static const char usage[] =
"Usage: chunkwriter [OPTION]... write DEVICE INPUT\n"
"       chunkwriter [OPTION]... sum FILE\n"
"\n"
"write  write INPUT to DEVICE, and print \"ack N\" after each chunk; with --repeat\n"
"       \"ack N PASS\"\n"
"sum    print \"N SHA-256\" for each chunk of FILE or device\n"
"\n"
"  -c, --chunk=BYTES   size of a chunk (16384)\n"
"  -f, --first=N       start at chunk N\n"
"  -n, --count=N       stop after N chunks\n"
"  -s, --size=BYTES    end of the data (default: end of INPUT or FILE)\n"
"  -p, --plain         write without O_DSYNC: nothing is committed\n"
"  -r, --repeat=FIRST  write for ever; each chunk begins with the number of the\n"
"                      pass, 8 bytes in this machine's order, from FIRST on\n";

static uint64_t chunk = 16384, first, count = UINT64_MAX, size = UINT64_MAX;
static uint64_t pass;
static bool plain, repeat;

static void fail(const char *what)
{
	fprintf(stderr, "chunkwriter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "chunkwriter: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

/* Bytes of chunk n, 0 behind the end. */
static size_t chunk_bytes(uint64_t n)
{
	uint64_t start = n * chunk;

	if (start >= size)
		return 0;
	return size - start < chunk ? size - start : chunk;
}

static void read_chunk(int fd, const char *path, uint64_t n, void *buf,
		       size_t bytes)
{
	size_t done = 0;
	ssize_t ret;

	while (done < bytes) {
		ret = pread(fd, (char *)buf + done, bytes - done,
			    (off_t)(n * chunk + done));
		if (ret < 0)
			fail(path);
		if (!ret) {
			fprintf(stderr, "chunkwriter: %s is too short\n", path);
			exit(1);
		}
		done += (size_t)ret;
	}
}

static int write_chunks(const char *device, const char *input)
{
	int from = open(input, O_RDONLY), to;
	void *buf = aligned_alloc(4096, (chunk + 4095) / 4096 * 4096);
	uint64_t n, end = count < UINT64_MAX - first ? first + count : count;
	off_t length;
	size_t bytes;
	ssize_t ret;

	if (from < 0 || !buf)
		fail(input);
	length = lseek(from, 0, SEEK_END);
	if (length < 0)
		fail(input);
	if ((uint64_t)length < size)
		size = (uint64_t)length;
	to = open(device, plain ? O_WRONLY : O_WRONLY | O_DSYNC);
	if (to < 0)
		fail(device);

	for (n = first; n < end && (bytes = chunk_bytes(n)); n++) {
		read_chunk(from, input, n, buf, bytes);
		if (repeat)
			memcpy(buf, &pass, sizeof(pass));
		ret = pwrite(to, buf, bytes, (off_t)(n * chunk));
		if (ret != (ssize_t)bytes) {
			if (ret >= 0)
				errno = EIO;
			fprintf(stderr, "chunkwriter: chunk %" PRIu64 ": %s\n",
				n, strerror(errno));
			return 1;
		}
		printf("ack %06" PRIu64, n);
		if (repeat)
			printf(" %" PRIu64, pass);
		putchar('\n');
		if (fflush(stdout))
			fail("standard output");
		if (repeat && (n + 1 == end || !chunk_bytes(n + 1))) {
			pass++;
			n = first - 1;
		}
	}
	return 0;
}

/* The kernel's SHA-256, so that there is none of our own. */
static int hash_open(void)
{
	const struct sockaddr_alg alg = {
		.salg_family = AF_ALG,
		.salg_type = "hash",
		.salg_name = "sha256",
	};
	int sock = socket(AF_ALG, SOCK_SEQPACKET, 0), fd;

	if (sock < 0 || bind(sock, (const void *)&alg, sizeof(alg)))
		fail("AF_ALG sha256 (module algif_hash)");
	fd = accept(sock, NULL, 0);
	if (fd < 0)
		fail("AF_ALG");
	close(sock);
	return fd;
}

static int sum_chunks(const char *path)
{
	int fd = open(path, O_RDONLY), hash = hash_open();
	uint8_t digest[DIGEST_SIZE];
	char *buf = malloc(chunk);
	uint64_t n, end = count < UINT64_MAX - first ? first + count : count;
	off_t length;
	size_t bytes, done, i;
	ssize_t ret;

	if (fd < 0 || !buf)
		fail(path);
	length = lseek(fd, 0, SEEK_END);
	if (length > 0 && (uint64_t)length < size)
		size = (uint64_t)length;
	for (n = first; n < end && (bytes = chunk_bytes(n)); n++) {
		read_chunk(fd, path, n, buf, bytes);
		for (done = 0; done < bytes; done += (size_t)ret) {
			ret = send(hash, buf + done, bytes - done, MSG_MORE);
			if (ret < 0)
				fail("AF_ALG");
		}
		if (send(hash, NULL, 0, 0) ||
		    read(hash, digest, sizeof(digest)) != sizeof(digest))
			fail("AF_ALG");
		printf("%" PRIu64 " ", n);
		for (i = 0; i < sizeof(digest); i++)
			printf("%02x", digest[i]);
		putchar('\n');
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "chunk", required_argument, NULL, 'c' },
		{ "first", required_argument, NULL, 'f' },
		{ "count", required_argument, NULL, 'n' },
		{ "size", required_argument, NULL, 's' },
		{ "plain", no_argument, NULL, 'p' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "c:f:n:s:pr:h", options,
				  NULL)) != -1) {
		switch (opt) {
		case 'c':
			chunk = number(optarg);
			break;
		case 'f':
			first = number(optarg);
			break;
		case 'n':
			count = number(optarg);
			break;
		case 's':
			size = number(optarg);
			break;
		case 'p':
			plain = true;
			break;
		case 'r':
			repeat = true;
			pass = number(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	argc -= optind;
	argv += optind;
	if (repeat && chunk < sizeof(pass)) {
		fprintf(stderr, "chunkwriter: a chunk has no room for the pass\n");
		return 2;
	}
	if (chunk && argc == 3 && !strcmp(argv[0], "write"))
		return write_chunks(argv[1], argv[2]);
	if (chunk && argc == 2 && !strcmp(argv[0], "sum"))
		return sum_chunks(argv[1]);
	fputs(usage, stderr);
	return 2;
}
