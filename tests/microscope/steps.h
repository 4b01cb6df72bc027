/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the program regions does to a pool, and regions_check looks for: of region
 * after region it makes one, fills it, and removes the one before. The next is
 * made where that was, over its bytes.
 */
#ifndef MICROSCOPE_STEPS_H
#define MICROSCOPE_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#define STEPS_POOL "tank"
#define STEPS_MAX 90
#define REGION_SIZE 16384u

enum step { STEP_CREATE, STEP_FILL, STEP_REMOVE, STEP_KINDS };

static inline enum step step_kind(unsigned int i)
{
	return i % STEP_KINDS;
}

/* The last step of a round removes the region of the round before. */
static inline int step_region(unsigned int i)
{
	return (int)(i / STEP_KINDS) - (step_kind(i) == STEP_REMOVE);
}

/* After this many steps, is the region there, and does it have its bytes? */
static inline bool region_is_there(unsigned int steps, unsigned int region)
{
	unsigned int first = region * STEP_KINDS;

	return steps > first && steps <= first + STEP_KINDS + STEP_REMOVE;
}

static inline bool region_is_full(unsigned int steps, unsigned int region)
{
	return steps > region * STEP_KINDS + STEP_FILL;
}

/* Each aligned word of a region's bytes */
static inline uint64_t region_word(unsigned int region)
{
	return 0x6b66697265670001u + region;
}

#endif
