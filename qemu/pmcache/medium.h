// SPDX-License-Identifier: BSD-3-Clause
/* Files that hold an NVDIMM's bytes */
#ifndef PMCACHE_MEDIUM_H
#define PMCACHE_MEDIUM_H

#include <stdbool.h>
#include <stdint.h>

struct medium {
	uint8_t *bytes;
	uint64_t size;
};

/* These end the program, with a message that has the path. */
void medium_map(struct medium *m, const char *path, bool writable);
void medium_unmap(struct medium *m);
/* A file of holes */
void medium_create(const char *path, uint64_t size);
/* to becomes what from is; holes stay holes. */
void medium_copy(const char *from, const char *to);

#endif
