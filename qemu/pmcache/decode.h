// SPDX-License-Identifier: BSD-3-Clause
/*
 * The x86-64 instructions that decide what a power cut leaves on persistent
 * memory. Everything else is INSN_OTHER.
 */
#ifndef PMCACHE_DECODE_H
#define PMCACHE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kfi_marker.h"

enum insn_kind {
	INSN_OTHER,
	INSN_WRITE_BACK,	/* of the line at the operand */
	INSN_FENCE,		/* SFENCE, MFENCE */
	INSN_LOCKED,		/* a fence too, in the architectural mode */
	INSN_FLUSH_ALL,
	INSN_NT_STORE,		/* the stores of this one bypass the cache */
	INSN_MARKER,
};

enum segment { SEGMENT_FLAT, SEGMENT_FS, SEGMENT_GS };

#define NO_REGISTER (-1)
#define RIP_REGISTER 16

/* base + index * scale + displacement + segment; registers as encoded */
struct operand {
	int8_t base;
	int8_t index;
	uint8_t scale;
	uint8_t segment;
	bool address32;
	int32_t displacement;
};

struct insn {
	enum insn_kind kind;
	const char *name;
	uint8_t marker;
	struct operand operand;
};

/* insn->kind; bytes that end too early are INSN_OTHER. */
enum insn_kind decode(const uint8_t *bytes, size_t length, struct insn *insn);

#endif
