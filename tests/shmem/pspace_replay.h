/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The media that a log of the cache model describes. At any moment a word of a
 * part has its last durable value, or any that was stored since: replay_image()
 * chooses.
 */
#ifndef PSPACE_REPLAY_H
#define PSPACE_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "pspace_model.h"

enum choice {
	CHOOSE_OLDEST,		/* nothing left the caches by itself */
	CHOOSE_NEWEST,		/* all did */
	CHOOSE_WORDS,		/* each word for itself */
	CHOOSE_LINES,		/* each line of 64 bytes the oldest or the newest */
	CHOICES,
};

struct replay;

struct replay *replay_open(const char *log, int nparts);
size_t replay_events(const struct replay *r);
const struct model_event *replay_next(struct replay *r);	/* and its effect; NULL: end */
void replay_image(const struct replay *r, int part, void *image, enum choice how,
		  uint64_t *seed);
size_t replay_size(const struct replay *r, int part);
uint64_t replay_random(uint64_t *seed);

#endif
