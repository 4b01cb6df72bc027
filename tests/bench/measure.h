/* SPDX-License-Identifier: BSD-3-Clause */
/* How a program of these benches times what it does, and says so. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>

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

static inline int measure_times(const struct measurement *m, size_t size)
{
	int times = m->times;

	for (; size > 1024 && times > 20; size /= 2)
		times /= 2;
	return times;
}

/* Nanoseconds that one of a batch takes. */
static inline double measure_batch(const struct measurement *m, size_t size)
{
	int times = measure_times(m, size);
	double begin = measure_now();

	m->batch(size, times);
	return (measure_now() - begin) / times;
}

/* What is not counted: caches, and the state of what is measured. */
static inline void measure_warm_up(const struct measurement *m, size_t size)
{
	m->batch(size, measure_times(m, size) / 4 + 2);
}

static inline void measure_say(const struct measurement *m, size_t size, double ns)
{
	printf("value test=%s size=%zu ns=%.3f\n", m->name, size, ns);
	fflush(stdout);
}

#endif
