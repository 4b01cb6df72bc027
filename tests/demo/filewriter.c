// SPDX-License-Identifier: BSD-3-Clause
/*
 * Writes files with fsync() and says of each one that the kernel acknowledged
 * it, one flushed line each; or looks whether those that are there are whole.
 * A file's bytes follow from its number, so that nothing has to be remembered.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
"Usage: filewriter write DIR BYTES FIRST COUNT\n"
"       filewriter check DIR BYTES\n"
"\n"
"write  write COUNT files of BYTES, from number FIRST on, each with fsync(),\n"
"       and print \"ack N\" after each; COUNT 0: until an error ends it\n"
"check  print \"N ok\", \"N wrong\" or \"N short\" for each file in DIR\n";

static void fail(const char *what)
{
	fprintf(stderr, "filewriter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end) {
		fprintf(stderr, "filewriter: '%s' is not a number\n", text);
		exit(2);
	}
	return value;
}

/* splitmix64, seeded by the file's number. */
static void fill(uint64_t n, uint64_t *buf, size_t bytes)
{
	uint64_t state = n * 0x9e3779b97f4a7c15u + 1, z;
	size_t i;

	for (i = 0; i < bytes / sizeof(*buf); i++) {
		z = state += 0x9e3779b97f4a7c15u;
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		buf[i] = z ^ (z >> 31);
	}
}

static void write_file(int dir, uint64_t n, const void *buf, size_t bytes)
{
	size_t done = 0;
	char name[32];
	ssize_t ret;
	int fd;

	snprintf(name, sizeof(name), "f%08" PRIu64, n);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		fail(name);
	while (done < bytes) {
		ret = write(fd, (const char *)buf + done, bytes - done);
		if (ret < 0)
			fail(name);
		done += ret;
	}
	if (fsync(fd) || close(fd) || fsync(dir))
		fail(name);
}

static int do_write(const char *path, size_t bytes, uint64_t first,
		    uint64_t count)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY);
	uint64_t *buf = malloc(bytes);
	uint64_t n;

	if (dir < 0)
		fail(path);
	if (!buf)
		fail("memory");
	for (n = first; !count || n < first + count; n++) {
		fill(n, buf, bytes);
		write_file(dir, n, buf, bytes);
		printf("ack %08" PRIu64 "\n", n);
		if (fflush(stdout))
			fail("output");
	}
	return 0;
}

static const char *verdict(int dir, const char *name, uint64_t n, size_t bytes,
			   uint64_t *want, uint64_t *got)
{
	size_t done = 0;
	ssize_t ret;
	int fd;

	fd = openat(dir, name, O_RDONLY);
	if (fd < 0)
		fail(name);
	while (done < bytes) {
		ret = read(fd, (char *)got + done, bytes - done);
		if (ret < 0)
			fail(name);
		if (!ret)
			break;
		done += ret;
	}
	close(fd);
	if (done < bytes)
		return "short";
	fill(n, want, bytes);
	return memcmp(want, got, bytes) ? "wrong" : "ok";
}

static int do_check(const char *path, size_t bytes)
{
	uint64_t *want = malloc(bytes), *got = malloc(bytes);
	DIR *dir = opendir(path);
	struct dirent *entry;
	uint64_t n;

	if (!dir)
		fail(path);
	if (!want || !got)
		fail("memory");
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "f%" SCNu64, &n) == 1)
			printf("%" PRIu64 " %s\n", n,
			       verdict(dirfd(dir), entry->d_name, n, bytes,
				       want, got));
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	size_t bytes = argc >= 4 ? number(argv[3]) : 0;

	if (bytes % 8 || (argc >= 4 && !bytes)) {
		fprintf(stderr, "filewriter: BYTES is a multiple of 8\n");
		return 2;
	}
	if (argc == 6 && !strcmp(argv[1], "write"))
		return do_write(argv[2], bytes, number(argv[4]),
				number(argv[5]));
	if (argc == 4 && !strcmp(argv[1], "check"))
		return do_check(argv[2], bytes);
	fputs(usage, stderr);
	return 2;
}
