/* SPDX-License-Identifier: BSD-3-Clause */
/* The routines of OpenSHMEM that are measured on one machine and on two. */
#ifndef BENCH_SHMEM_OPS_H
#define BENCH_SHMEM_OPS_H

#include <shmem.h>
#include "measure.h"

struct ops {
	char *theirs, *ours;	/* symmetric: what is put to, and what is put */
	long *word;		/* symmetric, 0 */
	int me, peer, npes;
};

extern struct ops ops;
extern volatile long ops_sink;

/* Collective: memory for sizes up to @max, and whether bytes come as they went. */
void ops_begin(size_t max);

/* One batch of a measurement each. */
void op_put(size_t size, int times);
void op_get(size_t size, int times);
void op_put_stream(size_t size, int times);
void op_get_stream(size_t size, int times);
void op_fetch_add(size_t size, int times);
void op_ping(size_t size, int times);
void op_barrier(size_t size, int times);

#endif
