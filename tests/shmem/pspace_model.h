/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log of the cache model: what happened to the parts of a space, in one
 * order for all PEs. Stores are found by comparing at each flush and fence, so
 * those between two of these have no order among themselves; nor have they on
 * the way from a processor's cache to the medium.
 */
#ifndef PSPACE_MODEL_H
#define PSPACE_MODEL_H

#include <stdint.h>

enum model_kind { MODEL_STORE, MODEL_FLUSH, MODEL_DRAIN, MODEL_MARK };

struct model_event {
	uint16_t kind;
	uint16_t pe;		/* who; for a store unknown */
	uint32_t part;		/* for a mark: what */
	uint64_t at;		/* of a store: in 8-byte words; of a flush in bytes */
	uint64_t value;		/* of a flush: bytes */
};

/* Of the program: something was acknowledged. Does nothing without the model. */
void shi_model_mark(uint32_t what, uint64_t value) __attribute__((__weak__));

#endif
