// SPDX-License-Identifier: BSD-3-Clause
/*
 * Takes the place of lib/flush.c in a build of the library for the crash tests:
 * a medium that keeps what was flushed and drained, and of the rest anything.
 * It only writes down what happens, to $KFI_MODEL_LOG; pspace_crash.c makes the
 * images that a power loss could leave. $KFI_MODEL_MUTANT loses some of it, so
 * that the test can be seen to fail.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pspace.h"
#include "pspace_model.h"

#define PARTS 16

/* What is known of a part: what it has now, and what it had at the last event. */
static struct {
	uint64_t *now, *seen;
	size_t len;
	int fd;
} parts[PARTS];

static int log_fd = -1;
static unsigned int flushes;

static bool mutant(const char *name)
{
	const char *chosen = getenv("KFI_MODEL_MUTANT");

	return chosen && !strcmp(chosen, name);
}

static void *map(const char *path, size_t len, int flags, int *fd)
{
	void *p;

	*fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (*fd < 0 || (flags && ftruncate(*fd, len)))
		shi_die("model: %s", path);
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (p == MAP_FAILED)
		shi_die("model: %s", path);
	return p;
}

/* Each process has an open file of its own, and so a lock. */
static void begin(void)
{
	const char *path = getenv("KFI_MODEL_LOG");

	if (log_fd < 0 && path)
		log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log_fd < 0 || flock(log_fd, LOCK_EX))
		shi_die("model: no log: KFI_MODEL_LOG");
}

static void end(void)
{
	flock(log_fd, LOCK_UN);
}

static void put(struct model_event e)
{
	if (write(log_fd, &e, sizeof(e)) != sizeof(e))
		shi_die("model: the log cannot be written");
}

static void look(void)
{
	size_t i;
	int n;

	for (n = 0; n < PARTS; n++)
		for (i = 0; parts[n].now && i < parts[n].len / 8; i += 512) {
			size_t j;

			if (!memcmp(parts[n].now + i, parts[n].seen + i, 4096))
				continue;
			for (j = i; j < i + 512; j++) {
				uint64_t value = __atomic_load_n(&parts[n].now[j], __ATOMIC_ACQUIRE);

				if (value == parts[n].seen[j])
					continue;
				parts[n].seen[j] = value;
				put((struct model_event){ MODEL_STORE, 0, n, j, value });
			}
		}
}

int shi_flush_init(const char *path, int fd, bool node, char *mapped,
		   enum shmemx_durability *durability)
{
	char file[PATH_MAX];
	const char *dot = strrchr(path, '.');
	struct stat st, base;
	int n, aside;

	(void)node;
	(void)mapped;
	while (dot > path && dot[-1] != '.')
		dot--;
	n = atoi(dot);
	if (n >= PARTS || fstat(fd, &st))
		shi_die("model: %s", path);
	begin();
	parts[n].fd = fd;
	parts[n].len = st.st_size;
	parts[n].now = map(path, st.st_size, 0, &aside);
	snprintf(file, sizeof(file), "%s.base.%d", getenv("KFI_MODEL_LOG"), n);
	if (stat(file, &base)) {
		memcpy(map(file, st.st_size, O_CREAT, &aside), parts[n].now, st.st_size);
		snprintf(file, sizeof(file), "%s.seen.%d", getenv("KFI_MODEL_LOG"), n);
		parts[n].seen = map(file, st.st_size, O_CREAT, &aside);
		memcpy(parts[n].seen, parts[n].now, st.st_size);
	} else {
		snprintf(file, sizeof(file), "%s.seen.%d", getenv("KFI_MODEL_LOG"), n);
		parts[n].seen = map(file, st.st_size, 0, &aside);
	}
	end();
	*durability = SHMEMX_DURABLE_FLUSH;
	return 0;
}

int shi_flush(const struct shi_part *part, const void *addr, size_t len)
{
	size_t at = part->part ? (size_t)((const char *)addr - part->part) :
		(const char *)addr - part->work + part->work_at;
	int n;

	for (n = 0; n < PARTS && !(parts[n].now && parts[n].fd == part->fd); n++)
		;
	if (n == PARTS)
		shi_die("model: a flush of an unknown part");
	if (mutant("flush") && ++flushes % 5 == 0)
		return 0;
	begin();
	look();
	put((struct model_event){ MODEL_FLUSH, shi.me, n, at, len });
	end();
	return 0;
}

int shi_flush_far(const struct shi_part *part, off_t at, size_t len)
{
	(void)part;
	shi_die("model: %zu bytes at %ld are far", len, (long)at);
}

int shi_drain(const struct shi_part *part)
{
	(void)part;
	if (mutant("drain"))
		return 0;
	begin();
	look();
	put((struct model_event){ MODEL_DRAIN, shi.me, 0, 0, 0 });
	end();
	return 0;
}

__attribute__((__visibility__("default")))
void shi_model_mark(uint32_t what, uint64_t value)
{
	begin();
	look();
	put((struct model_event){ MODEL_MARK, shi.me, what, 0, value });
	end();
}
