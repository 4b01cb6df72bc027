// SPDX-License-Identifier: BSD-3-Clause
/*
 * A PMDK program on a local region: maps the node with MAP_SYNC, stores, and
 * makes it durable with libpmem2. "pmdk store NODE FILE" and "pmdk check NODE
 * FILE"; "pmdk sync NODE" only says whether MAP_SYNC is possible.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libpmem2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "pmdk: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *map_sync(const char *path, size_t size)
{
	int fd = open(path, O_RDWR);
	char *map;

	if (fd < 0)
		fail(path);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE,
		   MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap with MAP_SYNC");
	close(fd);
	return map;
}

int main(int argc, char **argv)
{
	struct pmem2_source *source;
	struct pmem2_map *pmem;
	struct stat st;
	char *map, *data;
	int fd;

	if (argc == 3 && !strcmp(argv[1], "sync")) {
		map_sync(argv[2], 4096);
		return 0;
	}
	if (argc != 4)
		return 2;
	fd = open(argv[3], O_RDONLY);
	if (fd < 0 || fstat(fd, &st))
		fail(argv[3]);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		fail(argv[3]);
	map = map_sync(argv[2], (size_t)st.st_size);
	if (!strcmp(argv[1], "check"))
		return memcmp(map, data, (size_t)st.st_size) != 0;

	/* MAP_SYNC was granted: caches are all that stands in between. */
	if (pmem2_source_from_anon(&source, (size_t)st.st_size) ||
	    pmem2_map_from_existing(&pmem, source, map, (size_t)st.st_size,
				    PMEM2_GRANULARITY_CACHE_LINE)) {
		fprintf(stderr, "pmdk: %s\n", pmem2_errormsg());
		return 1;
	}
	pmem2_get_memcpy_fn(pmem)(map, data, (size_t)st.st_size / 2, 0);
	memcpy(map + st.st_size / 2, data + st.st_size / 2,
	       (size_t)(st.st_size - st.st_size / 2));
	pmem2_get_persist_fn(pmem)(map + st.st_size / 2,
				   (size_t)(st.st_size - st.st_size / 2));
	puts("persisted");
	fflush(stdout);
	pause();
	return 0;
}
