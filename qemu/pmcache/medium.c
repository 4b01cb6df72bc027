// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "medium.h"

void medium_map(struct medium *m, const char *path, bool writable)
{
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	if (!st.st_size || st.st_size % 4096)
		errx(1, "%s has %lld bytes: an NVDIMM, and a file of counts, has whole pages", path,
		     (long long)st.st_size);
	m->size = st.st_size;
	m->bytes = mmap(NULL, m->size, writable ? PROT_READ | PROT_WRITE :
			PROT_READ, MAP_SHARED, fd, 0);
	if (m->bytes == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
}

void medium_unmap(struct medium *m)
{
	if (m->bytes)
		munmap(m->bytes, m->size);
	m->bytes = NULL;
}

void medium_create(const char *path, uint64_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0 || ftruncate(fd, size))
		err(1, "%s", path);
	close(fd);
}

static void copy_range(int in, int out, off_t at, off_t end, const char *to)
{
	ssize_t n;

	while (at < end) {
		off_t from = at;

		n = copy_file_range(in, &from, out, &at, end - at, 0);
		if (n <= 0)
			err(1, "%s", to);
	}
}

void medium_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out;
	off_t at = 0, end;
	struct stat st;

	if (in < 0 || fstat(in, &st))
		err(1, "%s", from);
	out = open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	/* Emptied first: its old bytes must not show through the holes. */
	if (out < 0 || ftruncate(out, 0) || ftruncate(out, st.st_size))
		err(1, "%s", to);
	while (at < st.st_size) {
		at = lseek(in, at, SEEK_DATA);
		if (at < 0 && errno == ENXIO)
			break;
		end = at < 0 ? -1 : lseek(in, at, SEEK_HOLE);
		if (end < 0)
			err(1, "%s", from);
		copy_range(in, out, at, end, to);
		at = end;
	}
	close(in);
	close(out);
}
