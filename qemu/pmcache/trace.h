// SPDX-License-Identifier: BSD-3-Clause
/*
 * A trace: all that a guest did to an NVDIMM since its power-on, in the order
 * in which it did it. With the medium of that moment, which TRACE.base is, it
 * says what any power cut since could have left.
 *
 * A header of one page, then records of one size, in the byte order of x86. The
 * file is mapped as it grows and the count is written last, so that a kill of
 * QEMU leaves a trace that ends early and is whole.
 */
#ifndef PMCACHE_TRACE_H
#define PMCACHE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "KFPMCT01"
#define TRACE_HEADER 4096

enum record_type {
	RECORD_STORE = 1,	/* offset, length up to 8, in one aligned word */
	RECORD_NT_STORE,
	RECORD_WRITE_BACK,	/* offset: of the line */
	RECORD_FENCE,
	RECORD_LOCKED,		/* only where the CPU had something pending */
	RECORD_FLUSH_ALL,
	RECORD_EVICT,		/* offset: of the line; the microscope's doing */
	RECORD_MARKER,		/* offset, value: what the marker carried */
	RECORD_TYPES
};

struct record {
	uint8_t type;
	uint8_t cpu;
	uint8_t length;
	uint8_t marker;
	uint32_t pc;		/* the lower half: enough within a kernel */
	uint64_t offset;
	uint64_t value;
};

struct trace_header {
	char magic[8];
	uint32_t header_size;
	uint32_t record_size;
	uint64_t nvdimm_size;
	uint64_t nvdimm_address;	/* physical, in the guest */
	uint64_t count;
};

struct trace {
	struct trace_header *header;
	const struct record *records;
	uint64_t count;
	uint64_t mapped;		/* bytes of the file */
	int fd;
};

extern const char *const record_names[RECORD_TYPES];

/* Both end the program, with a message that has the path. */
void trace_create(struct trace *t, const char *path, uint64_t nvdimm_size,
		  uint64_t nvdimm_address);
void trace_open(struct trace *t, const char *path);
void trace_append(struct trace *t, const struct record *r);
/* The file gets its true length. */
void trace_close(struct trace *t);

#endif
