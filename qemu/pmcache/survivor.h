// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a power cut leaves of the lines that were not durable. A choice is a
 * word, so that one line of text repeats a case:
 *
 *	none	no line
 *	all	every line as the CPUs saw it
 *	m:HEX	the lines of this mask, bit 0 is that with the lowest address
 *	s:N	of each line the medium, what the CPUs saw, or in between a
 *		prefix of its stores, by the seed N
 */
#ifndef PMCACHE_SURVIVOR_H
#define PMCACHE_SURVIVOR_H

#include "cache.h"

#define CHOICE_LINES_ALL 6	/* no more lines than this: every mask */

enum choice_kind { CHOICE_NONE, CHOICE_ALL, CHOICE_MASK, CHOICE_SEED };

struct choice {
	enum choice_kind kind;
	uint64_t value;
};

bool choice_parse(struct choice *choice, const char *text);
void choice_text(const struct choice *choice, char *text, size_t size);

/*
 * The i-th choice at this moment: every mask where there are few lines, else
 * none and all, and then samples seeded ones, from seed on. False: no more.
 */
bool choice_of(const struct cache *c, size_t i, size_t samples, uint64_t seed,
	       struct choice *choice);

/* A line and what becomes of it */
typedef void (*survivor_line_fn)(void *arg, uint64_t offset,
				 const uint8_t data[LINE]);

/* fn gets the lines that differ from the medium, by address. */
void survivor_lines(const struct cache *c, const struct choice *choice,
		    survivor_line_fn fn, void *arg);

#endif
