/* SPDX-License-Identifier: BSD-3-Clause */
/* How a program of these benches times what it does, and says so. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MAX_BATCHES	64
#define MAX_SIZES	8
#define WINDOW		64	/* operations of which none waits for another */

struct measurement {
	const char *name;
	void (*batch)(size_t size, int times);
	int all;	/* PEs take part */
	int times;	/* of the smallest size */
	size_t sizes[MAX_SIZES];
};

static inline double measure_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline int measure_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline int measure_times(const struct measurement *m, size_t size)
{
	int times = m->times;

	for (; size > 1024 && times > 20; size /= 2)
		times /= 2;
	return times;
}

/* Nanoseconds that one takes: the median of batches, after one that is not counted. */
static inline double measure_batches(const struct measurement *m, size_t size, int batches)
{
	int times = measure_times(m, size), i;
	double took[MAX_BATCHES];

	m->batch(size, times / 4 + 2);
	for (i = 0; i < batches; i++) {
		double begin = measure_now();

		m->batch(size, times);
		took[i] = (measure_now() - begin) / times;
	}
	qsort(took, batches, sizeof(*took), measure_compare);
	return took[batches / 2];
}

static inline void measure_say(const struct measurement *m, size_t size, double ns)
{
	printf("value test=%s size=%zu ns=%.3f\n", m->name, size, ns);
	fflush(stdout);
}

/* The program's argument: how many batches; 0: none that is possible. */
static inline int measure_argument(int argc, char **argv)
{
	int batches = argc > 1 ? atoi(argv[1]) : 15;

	return batches < 1 || batches > MAX_BATCHES ? 0 : batches;
}

#endif
