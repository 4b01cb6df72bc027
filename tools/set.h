/* SPDX-License-Identifier: BSD-3-Clause */
/* Replica sets: what the kernel says of them. */
#ifndef KFIPMEM_SET_H
#define KFIPMEM_SET_H

#include "kfipmem.h"

struct member_status {
	char where[KFIPMEM_SET_HOST_MAX + KFIPMEM_NAME_MAX + 16];
	char host[KFIPMEM_SET_HOST_MAX + 1];	/* or its pool */
	char region[KFIPMEM_NAME_MAX + 1];
	bool local;
	bool witness;
	bool full;
	bool removed;
	uint64_t index;
	uint64_t state;
	uint64_t error;
	uint64_t behind;
	uint64_t resynced;
	uint64_t resync_total;
	uint64_t writes;
};

struct set_status {
	char name[KFIPMEM_NAME_MAX + 1];
	char uuid[37];
	uint64_t size;
	uint64_t state;
	uint64_t epoch;
	uint64_t generation;
	uint64_t quorum;
	uint64_t extent_size;
	uint64_t dirty_extents;
	uint64_t held;
	uint64_t reads;
	uint64_t writes;
	uint64_t commits;
	uint64_t intent_writes;
	uint64_t takeover_ms;
	bool scrubbing;
	uint64_t scrubbed;
	uint64_t mismatches;
	uint64_t repaired;
	uint64_t users;
	unsigned int nr_members;	/* also those that were removed */
	unsigned int nr_votes;
	struct member_status member[KFIPMEM_SET_MEMBERS_MAX];
};

struct set_list {
	struct set_status *set;
	size_t nr;
};

/* Of all sets, or of the one of this name. */
void sets_read(struct set_list *list, const char *name);
void sets_free(struct set_list *list);
unsigned int sets_print(const struct set_list *list);
void sets_json(const struct set_list *list);
void sets_watch(const char *name);
unsigned int percent_of(uint64_t part, uint64_t whole);

#endif /* KFIPMEM_SET_H */
