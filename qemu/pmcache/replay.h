// SPDX-License-Identifier: BSD-3-Clause
/*
 * What a record does to the cache, what there is to count and to complain of.
 * The plugin feeds it as the guest runs, the program pmcache from a trace: the
 * same code, so that both find the same.
 */
#ifndef PMCACHE_REPLAY_H
#define PMCACHE_REPLAY_H

#include <stdbool.h>
#include <stdio.h>

#include "cache.h"
#include "lint.h"
#include "trace.h"

/* Strict: only SFENCE and MFENCE are fences, since each lock hides a missing one. */
enum fence_mode { MODE_STRICT, MODE_ARCHITECTURAL };

struct counts {
	uint64_t stores;
	uint64_t nt_stores;
	uint64_t write_backs;
	uint64_t clean_write_backs;	/* of lines that the medium had */
	uint64_t fences;
	uint64_t idle_fences;		/* with nothing pending */
	uint64_t evictions;
	uint64_t markers;
	uint64_t acknowledged;		/* ranges */
};

struct replay {
	struct cache *cache;
	enum fence_mode mode;
	struct counts counts;
	struct counts began;		/* at the last KFI_MARKER_BEGIN */
	uint64_t argument;
	bool changed;			/* something, since the last point */
	struct lint lint;
	/* Told when an operation is over, or NULL */
	void (*over)(const struct replay *r, const struct counts *spent);
};

/*
 * A moment worth a power cut: before a fence, and after an acknowledgement,
 * when anything has happened to the NVDIMM since the last such moment. What a
 * cut between two of them leaves, a cut at the later one may leave too, since
 * only a fence takes possibilities away.
 */
enum point { POINT_NONE, POINT_BEFORE, POINT_AFTER };

/* Asked once for each record, before it is applied */
enum point replay_point(struct replay *r, const struct record *record);
/* Whether it is a fence that makes something durable */
bool replay_fence_counts(const struct replay *r, const struct record *record);
void replay_apply(struct replay *r, const struct record *record);

/* The file of the plugin's option counts: of a run that is going on, or was cut */
#define TOTALS_SIZE 4096

struct totals {
	struct counts counts;
	uint64_t dirty;			/* lines that the lint complained of */
	uint64_t pending;
};

void counts_subtract(struct counts *from, const struct counts *what);
void counts_print(const struct counts *counts, FILE *f);

#endif
