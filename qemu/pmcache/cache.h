// SPDX-License-Identifier: BSD-3-Clause
/*
 * A volatile cache in front of persistent memory.
 *
 * The medium is what survives. A line that differs from it has versions: its
 * stores since, in the order in which they were made, cut into aligned words of
 * 8 bytes, each of which reaches the medium whole or not at all. Stores to one
 * line reach it in their order; so what a power cut leaves of a line is the
 * medium with a prefix of them, and of different lines any combination.
 *
 * A write-back makes the stores so far pending for its CPU, and a fence of that
 * CPU makes pending ones durable. A non-temporal store is pending from the
 * beginning, by itself: what older stores of its line have in the cache stays
 * there.
 */
#ifndef PMCACHE_CACHE_H
#define PMCACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINE 64
#define WORD 8
#define CPUS_MAX 64

struct store {
	uint64_t value;
	uint64_t number;	/* in the order of all stores */
	uint64_t pc;		/* where the guest made it */
	uint8_t word;		/* of the line */
	uint8_t mask;		/* of the word's bytes */
	bool pending;		/* written back by some CPU, or non-temporal */
	bool durable;		/* and fenced, while an older one is not */
};

/* Stores are not merged unless there are many more than this. */
#define VERSIONS_KEPT 256

struct line {
	uint64_t number;	/* offset / LINE */
	size_t place;		/* in the cache's list */
	size_t count;
	size_t room;
	struct store *stores;
};

struct cache;

/* medium: size bytes that the cache writes in aligned words */
struct cache *cache_new(uint8_t *medium, uint64_t size);
void cache_free(struct cache *c);

/* length bytes at offset, any alignment */
void cache_store(struct cache *c, unsigned int cpu, uint64_t offset,
		 const void *data, size_t length, bool non_temporal,
		 uint64_t pc);
/* What the CPUs see */
void cache_read(const struct cache *c, uint64_t line, uint8_t data[LINE]);
void cache_write_back(struct cache *c, unsigned int cpu, uint64_t offset);
/* Whether this fence had something to make durable */
bool cache_fence(struct cache *c, unsigned int cpu);
bool cache_has_pending(const struct cache *c, unsigned int cpu);
void cache_flush_all(struct cache *c);
/* One line is written back for want of room. */
void cache_evict(struct cache *c, uint64_t line);

/* So many there have been, which is the number of the last one. */
uint64_t cache_stores(const struct cache *c);

/* Lines of which the medium lacks something, in no order */
size_t cache_lines(const struct cache *c);
const struct line *cache_line(const struct cache *c, size_t i);
/* The line at this offset, or NULL when the medium has it */
const struct line *cache_find(const struct cache *c, uint64_t offset);

/* The line on the medium after a power cut, versions 0 to line->count */
void line_version(const struct cache *c, const struct line *line,
		  size_t version, uint8_t data[LINE]);
/* Everything it lacks is written back, only the fence is missing. */
bool line_is_pending(const struct line *line);

#endif
