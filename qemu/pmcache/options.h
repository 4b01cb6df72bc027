// SPDX-License-Identifier: BSD-3-Clause
/* What follows the plugin's name on QEMU's command line */
#ifndef PMCACHE_OPTIONS_H
#define PMCACHE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "replay.h"
#include "survivor.h"

enum crash_at {
	CRASH_NEVER,
	CRASH_POINT,	/* replay_point() */
	CRASH_FENCE,	/* that makes something durable */
	CRASH_STORE,
	CRASH_MARKER,
};

struct options {
	const char *nvdimm;		/* its backing file */
	uint64_t address;		/* in the guest's physical memory */
	const char *survivor;
	const char *trace;
	const char *report;
	const char *counts;		/* what is counted, as it is counted */
	uint64_t directmap;		/* where the guest maps all memory */
	enum fence_mode mode;
	enum crash_at crash_at;
	uint64_t crash_number;
	struct choice keep;		/* what an own crash leaves besides */
	uint64_t evict;			/* one line in so many stores; 0: none */
	uint64_t seed;
};

/* False: standard error says what is wrong. */
bool options_parse(struct options *o, int argc, char **argv);

#endif
