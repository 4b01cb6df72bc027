/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters of the module, and what both ways to run it share. */
#ifndef KFI_BENCH_MAIN_H
#define KFI_BENCH_MAIN_H

#include "bench.h"

#define BENCH_TEXT_SIZE	(4U << 20)

extern unsigned int bench_rounds, bench_scale, bench_max_size, bench_pool_mib;

int bench_measure(struct bench *bench);

#endif
