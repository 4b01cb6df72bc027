// SPDX-License-Identifier: GPL-2.0-only
/*
 * What power cuts leave of a pool whose regions were made and removed: it can be
 * opened, its table is that of before the step under way or that of after it, and
 * a region has its own bytes or zeros, never those of one that was there before.
 */
#include <stdio.h>
#include <string.h>

#include "cuts.h"
#include "pool.h"
#include "steps.h"

static uint64_t room;	/* bytes from the pool's first one on */

/* The region's number; or -1: it is none of those that are made */
static int number_of(const char *name)
{
	unsigned int number;
	char end;

	return sscanf(name, "r%u%c", &number, &end) == 1 &&
		number < STEPS_MAX / STEP_KINDS ? (int)number : -1;
}

/* Is this the table after so many steps? */
static bool is_table(const struct pool *pool, unsigned int steps)
{
	unsigned int i, expected = 0;

	for (i = 0; i < STEPS_MAX / STEP_KINDS; i++)
		expected += region_is_there(steps, i);
	if (pool->regions != expected)
		return false;
	for (i = 0; i < pool->regions; i++) {
		int number = number_of(pool->region[i].name);

		if (number < 0 || !region_is_there(steps, number) ||
		    pool->region[i].length != REGION_SIZE)
			return false;
	}
	return true;
}

static const char *wrong_bytes(const uint8_t *region, unsigned int number, bool full)
{
	uint64_t word;
	size_t at;

	for (at = 0; at < REGION_SIZE; at += sizeof(word)) {
		memcpy(&word, region + at, sizeof(word));
		if (word == region_word(number))
			continue;
		if (word)
			return "a new region has bytes of another";
		if (full)
			return "acknowledged data are not there";
	}
	return NULL;
}

static const char *violation(const struct cuts *cuts, const uint8_t *bytes,
			     unsigned int *operation)
{
	const uint8_t *device = bytes + cuts->where;
	unsigned int i, steps = cuts->acknowledged;
	const char *what = NULL;
	struct pool pool;

	*operation = steps;
	if (pool_decode(device, room, &pool))
		return "the pool does not open";
	if (!is_table(&pool, steps) && !is_table(&pool, steps + 1))
		return "the table of regions is neither old nor new";
	for (i = 0; i < pool.regions && !what; i++) {
		int number = number_of(pool.region[i].name);

		what = wrong_bytes(device + pool.region[i].offset, number,
				   region_is_full(steps, number));
	}
	return what;
}

static bool find(const uint8_t *bytes, uint64_t size, uint64_t *where)
{
	struct pool pool;
	uint64_t at;

	for (at = 0; at < size; at += 4096)
		if (!pool_decode(bytes + at, size - at, &pool)) {
			*where = at;
			room = size - at;
			return true;
		}
	return false;
}

int main(int argc, char **argv)
{
	static const struct judge judge = {
		.name = "regions_check",
		.find = find,
		.violation = violation,
	};

	return cuts_main(argc, argv, &judge);
}
