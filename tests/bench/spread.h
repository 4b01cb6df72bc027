/* SPDX-License-Identifier: GPL-2.0-only */
/* Median and spread of what was measured. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdlib.h>

struct spread {
	double p10, p50, p90;
	int n;
};

static inline int spread_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double spread_quantile(const double *sorted, int n, double q)
{
	double at = q * (n - 1);
	int i = at;

	return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) :
			   sorted[n - 1];
}

/* Sorts the values. */
static inline struct spread spread_of(double *values, int n)
{
	struct spread s = { .n = n };

	if (!n)
		return s;
	qsort(values, n, sizeof(*values), spread_compare);
	s.p10 = spread_quantile(values, n, 0.1);
	s.p50 = spread_quantile(values, n, 0.5);
	s.p90 = spread_quantile(values, n, 0.9);
	return s;
}

#endif
