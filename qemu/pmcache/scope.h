// SPDX-License-Identifier: BSD-3-Clause
/*
 * One NVDIMM that is looked at: what the CPUs see of it, what survives, and what
 * is told of both. All but scope_open() and scope_holds() under the lock.
 */
#ifndef PMCACHE_SCOPE_H
#define PMCACHE_SCOPE_H

#include <pthread.h>

#include "address.h"
#include "medium.h"
#include "options.h"

struct scope {
	pthread_mutex_t lock;
	struct options options;
	struct address_space as;
	struct medium seen;		/* what the CPUs see */
	struct medium survivor;
	struct replay replay;
	struct trace trace;
	struct totals *totals;
	bool concurrent;
	uint64_t random;
	uint64_t points;
	uint64_t fences;		/* that made something durable */
	uint64_t unseen;		/* bytes that came without a callback */
	bool over;
};

extern struct scope scope;

void scope_open(bool concurrent);
/* What happened, for good: a power cut after this has it. */
void scope_end(const char *why);

static inline bool scope_holds(uint64_t physical)
{
	return physical - scope.options.address < scope.seen.size;
}

/* Bytes that were stored to, as they are in memory now; parts may be elsewhere */
void scope_store(unsigned int cpu, uint64_t physical, size_t length,
		 bool non_temporal, uint64_t pc);
void scope_write_back(unsigned int cpu, uint64_t physical, uint64_t pc);
/* A fence or WBINVD */
void scope_event(unsigned int cpu, enum record_type type, uint64_t pc);
/* offset: of the NVDIMM, where it is one */
void scope_mark(unsigned int cpu, uint8_t marker, uint64_t offset,
		uint64_t value, uint64_t pc);

#endif
