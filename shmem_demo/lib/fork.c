// SPDX-License-Identifier: BSD-3-Clause
/*
 * What fork() does: a child that goes on without exec has variables of its own,
 * as after any fork, and is no PE. The heap stays shared with the PE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

static const struct shi_range *parts;
static unsigned int nparts;
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* Closed at the child's side when it has its copy, or when it ends before. */
static int copied[2];

/*
 * Pages of nothing but zeros are not copied: a large .bss stays untouched. Word
 * by word, since sanitizers would take offence at what lies between variables.
 */
__attribute__((__no_sanitize_address__, __no_sanitize_thread__))
void shi_copy_pages(void *to, const void *from, size_t len)
{
	const volatile uint64_t *source = from;
	uint64_t *dest = to;
	size_t page = SHI_PAGE / sizeof(*dest), at, i;

	for (at = 0; at < len / sizeof(*dest); at += page) {
		uint64_t some = 0;

		for (i = at; i < at + page && !some; i++)
			some = source[i];
		for (i = at; some && i < at + page; i++)
			dest[i] = source[i];
	}
}

static void before(void)
{
	pthread_mutex_lock(&one_at_a_time);
	if (pipe2(copied, O_CLOEXEC))
		shi_die("no pipe for fork(): %s", strerror(errno));
}

/* The parent changes nothing until the child has its copy. */
static void in_parent(void)
{
	char none;

	close(copied[1]);
	while (read(copied[0], &none, 1) < 0 && errno == EINTR)
		;
	close(copied[0]);
	pthread_mutex_unlock(&one_at_a_time);
}

static void in_child(void)
{
	unsigned int i;

	for (i = 0; i < nparts; i++) {
		size_t len = parts[i].hi - parts[i].lo;
		void *copy = mmap(NULL, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (copy == MAP_FAILED)
			_exit(127);
		shi_copy_pages(copy, (void *)parts[i].lo, len);
		if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			   parts[i].lo) == MAP_FAILED)
			_exit(127);
	}
	shi.npes = 0;
	close(copied[0]);
	close(copied[1]);
	pthread_mutex_unlock(&one_at_a_time);
}

void shi_fork_watch(const struct shi_range *shared, unsigned int n)
{
	parts = shared;
	nparts = n;
	pthread_atfork(before, in_parent, in_child);
}
