// SPDX-License-Identifier: BSD-3-Clause
/*
 * Power cuts of a trace: point after point, and at each of them the images that
 * may survive. An image is made in place, in what the medium holds for sure at
 * that moment, and undone: its price is that of the lines that differ.
 */
#ifndef PMCACHE_EXPLORE_H
#define PMCACHE_EXPLORE_H

#include "medium.h"
#include "replay.h"
#include "survivor.h"

struct undo {
	uint64_t offset;
	uint8_t data[LINE];
};

struct explore {
	struct trace trace;
	struct medium medium;		/* private; image or not */
	struct replay replay;
	uint64_t next;			/* record */
	uint64_t point;			/* from 1 on */
	bool before;			/* the next record, a fence */
	bool ended;
	struct undo *undo;		/* of the image that is there */
	size_t undos;
	size_t room;
	/* Told of each record as it is applied, or NULL: the oracle's affair */
	void (*applied)(void *arg, const struct record *record);
	void *arg;
};

/* TRACE and TRACE.base; ends the program where they are not what they should be */
void explore_open(struct explore *x, const char *path, enum fence_mode mode);
void explore_close(struct explore *x);

/* On to the next point; the last is the trace's end. False: there is none. */
bool explore_next(struct explore *x);

/* The medium becomes the image of this choice, and what it was. */
void explore_image(struct explore *x, const struct choice *choice);
void explore_undo(struct explore *x);
/* The lines in which the image differs from what was durable */
static inline size_t explore_differs(const struct explore *x)
{
	return x->undos;
}

#endif
