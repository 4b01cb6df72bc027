/* SPDX-License-Identifier: BSD-3-Clause */
/* What the demo programs share: errors, and opening their space. */
#ifndef APP_H
#define APP_H

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shmemx.h>

/* Ends the job: the others cannot go on without this PE. */
__attribute__((__noreturn__, __format__(__printf__, 1, 2)))
static inline void app_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "PE %d: ", shmem_my_pe());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	shmem_global_exit(1);
}

static inline void app_must(int rc)
{
	if (rc)
		app_die("%s", shmemx_pspace_error());
}

/*
 * Opens the space of a program, or makes it. A job that was killed a moment ago
 * may not be gone yet: so this one waits for its end.
 */
static inline shmemx_pspace_t app_open(const char *name, size_t size, int flags, int restart)
{
	struct shmemx_pspace_info info;
	shmemx_pspace_t space;
	int rc = restart ? shmemx_pspace_unlink(name) : 0;

	if (rc != -ENOENT)
		app_must(rc);
	app_must(shmemx_pspace_open(name, size, flags | SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_WAIT,
				    &space));
	app_must(shmemx_pspace_info(space, shmem_my_pe(), &info));
	if (shmem_my_pe())
		return space;
	if (info.found == SHMEMX_FOUND_NEW)
		printf("%s: a new space, %d PEs\n", name, shmem_n_pes());
	else
		printf("%s: %s, epoch %lu\n", name, info.found == SHMEMX_FOUND_CLEAN ?
		       "closed cleanly" : "was cut", (unsigned long)info.epoch);
	if (shmemx_pspace_durability(space) == SHMEMX_DURABLE_NONE)
		printf("%s: kept over the death of processes, not over a power loss\n", name);
	return space;
}

/* A positive number of an option */
static inline long app_number(const char *text, long most)
{
	char *end;
	long n = strtol(text, &end, 0);

	if (end == text || *end || n < 1 || n > most)
		app_die("'%s' is not a number from 1 to %ld", text, most);
	return n;
}

/* splitmix64: the n-th number of a stream without the ones before it */
static inline uint64_t app_random(uint64_t stream, uint64_t n)
{
	uint64_t z = (stream << 40) + (n + 1) * 0x9e3779b97f4a7c15UL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
	return z ^ (z >> 31);
}

#endif
