// SPDX-License-Identifier: BSD-3-Clause
/*
 * Lines that are acknowledged to be durable, and are not. A commit promises what
 * was stored when it began; what others have stored to the same lines since is
 * the matter of their own. Where no commit is known to have begun, everything
 * was promised.
 */
#ifndef PMCACHE_LINT_H
#define PMCACHE_LINT_H

#include <stdio.h>

#include "cache.h"
#include "trace.h"

/* Commits of a moment: more than are under way at a time */
#define COMMITS_MAX 256

struct commit {
	uint64_t offset;
	uint64_t length;		/* 0: none */
	uint64_t stores;		/* when it began */
};

struct lint {
	struct commit commits[COMMITS_MAX];	/* a ring, the oldest at next */
	unsigned int next;
	uint64_t operation;		/* that is under way, for the report */
	uint64_t dirty;
	uint64_t pending;
	FILE *complaints;		/* or NULL */
};

void lint_commit(struct lint *l, const struct cache *c, const struct record *r);
void lint_durable(struct lint *l, const struct cache *c, const struct record *r);
void lint_all_durable(struct lint *l, const struct cache *c,
		      const struct record *r);

#endif
