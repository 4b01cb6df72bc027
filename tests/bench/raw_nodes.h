/* SPDX-License-Identifier: BSD-3-Clause */
/* The raw provider's part of what is measured between two machines. */
#ifndef BENCH_RAW_NODES_H
#define BENCH_RAW_NODES_H

#include <stdbool.h>
#include "measure.h"

/* Names of nodes of attached regions; ends the program when they cannot be used. */
void raw_begin(const char *volatile_name, const char *durable_name);

/* The same measurement by the raw provider; false: it has none. */
bool raw_find(const struct measurement *m, struct measurement *raw);

#endif
