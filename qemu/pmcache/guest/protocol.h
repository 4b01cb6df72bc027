// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the self-test's guest writes and its checker reads: records that are
 * made durable one after the other, and their number, made durable after each.
 * A record that is counted has to be there, whole; one that was acknowledged
 * has to be counted.
 */
#ifndef PMCACHE_PROTOCOL_H
#define PMCACHE_PROTOCOL_H

#include <stdint.h>

#define RECORDS 42
#define RECORD_WORDS 24			/* three lines */
#define RECORD_BYTES (RECORD_WORDS * 8)
/* Not of whole words: stores cross words, lines and pages. */
#define RECORD_STRIDE 0x3f4u
#define COUNT_AT 0u
#define RECORDS_AT 0x1000u

enum way {
	WAY_CLWB,
	WAY_CLFLUSHOPT,
	WAY_CLFLUSH,
	WAY_STRING,
	WAY_MOVNTI,
	WAY_MOVNTDQ,
	WAY_WBINVD,
	WAYS_OF_RECORDS,
	WAY_COUNT,		/* of the records' number */
	WAYS_NONE,
};

static inline enum way record_way(unsigned int i)
{
	return i % WAYS_OF_RECORDS;
}

static inline uint64_t record_at(unsigned int i)
{
	uint64_t at = RECORDS_AT + i * (uint64_t)RECORD_STRIDE;

	/* This one wants alignment. */
	return record_way(i) == WAY_MOVNTDQ ? at & ~(uint64_t)63 : at;
}

static inline uint64_t record_word(unsigned int i, unsigned int word)
{
	return (i + 1) * 0x9e3779b97f4a7c15u + word;
}

#endif
