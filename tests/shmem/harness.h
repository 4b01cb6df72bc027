/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the programs of this suite have in common. All PEs go through the same
 * cases; a case has passed when it has on every PE. PE 0 prints a line for
 * each, and after the last one "END", without which the program has failed.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <shmem.h>

#define UNUSED __attribute__((__unused__))

static int me, npes, right, left;
static int wrong, wrong_everywhere;

/* A value that tells PEs and elements apart, and fits into every type */
static inline UNUSED int val(int pe, long i)
{
	return (pe * 31 + i * 7 + 1) % 101;
}

/* What is repeated, is a few times only between machines: emulated ones are slow. */
static inline UNUSED long repeats(long here, long between)
{
	static long x;
	int i;

	for (i = 0; i < npes; i++)
		if (!shmem_ptr(&x, i))
			return between;
	return here;
}

UNUSED __attribute__((__format__(__printf__, 3, 4)))
static void complain(const char *file, int line, const char *format, ...)
{
	va_list args;
	char text[256];

	if (wrong++ >= 5)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("    PE %d of %d: %s:%d: %s\n", me, npes, file, line, text);
	fflush(stdout);
}

#define CHECK(cond) do { \
	if (!(cond)) \
		complain(__FILE__, __LINE__, "%s", #cond); \
} while (0)

/* The elements of an array; "i" counts in the expected value. */
#define CHECK_ARRAY(array, n, expected) do { \
	for (size_t i = 0; i < (size_t)(n); i++) \
		if ((array)[i] != (expected)) { \
			complain(__FILE__, __LINE__, "%s[%zu] is not %s", #array, i, \
				 #expected); \
			break; \
		} \
} while (0)

#define FILL(array, n, value) do { \
	for (size_t i = 0; i < (size_t)(n); i++) \
		(array)[i] = (value); \
} while (0)

static UNUSED void suite_begin(void)
{
	me = shmem_my_pe();
	npes = shmem_n_pes();
	right = (me + 1) % npes;
	left = (me + npes - 1) % npes;
}

/* Ends a case: "section: what" */
static UNUSED void result(const char *section, const char *what)
{
	shmem_barrier_all();
	if (wrong)
		shmem_int_atomic_add(&wrong_everywhere, wrong, 0);
	shmem_barrier_all();
	if (!me) {
		printf("%s %s: %s\n", wrong_everywhere ? "FAIL" : "PASS", section, what);
		wrong_everywhere = 0;
	}
	wrong = 0;
}

static UNUSED int suite_end(void)
{
	shmem_barrier_all();
	if (!me)
		puts("END");
	shmem_finalize();
	return 0;
}

#endif
