// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a guest tells the microscope: a NOP with an operand, as compilers use
 * them for alignment, that no compiler makes. It reads and writes nothing.
 *
 *	nopl 0x4b4649NN(%base, %index, 1)	0f 1f 84 SIB NN 49 46 4b
 *
 * NN is the marker, base and index carry two values. kfabric_pmem has the same
 * in core/marker.h, for kernel code.
 */
#ifndef PMCACHE_MARKER_H
#define PMCACHE_MARKER_H

#include <stdint.h>

#define MARKER_MAGIC	0x4b464900u	/* "KFI" */

enum marker {
	/* These bytes (address, length) are acknowledged to be durable. */
	MARKER_DURABLE = 1,
	/* An operation begins, and is over, for its issuer: number, argument */
	MARKER_BEGIN = 2,
	MARKER_END = 3,
	/* All of the NVDIMM is to be durable here. */
	MARKER_ALL_DURABLE = 4,
	/* A note of the workload: two values that mean what it says */
	MARKER_NOTE = 5,
};

#define MARK(marker, a, b) \
	__asm__ volatile("nopl %c0(%1, %2, 1)" : : \
			 "i" (MARKER_MAGIC + (marker)), \
			 "r" ((uint64_t)(a)), "r" ((uint64_t)(b)) : "memory")

#endif
