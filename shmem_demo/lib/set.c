// SPDX-License-Identifier: BSD-3-Clause
/*
 * Sets of PEs and their barrier. The PEs of a team meet in the team's slot of
 * the job's memory; those of an active set in their pSync arrays:
 *
 *   pSync[0] at the first PE counts those that have arrived,
 *   pSync[1] at each PE is set by the last one to arrive,
 *   pSync[2] at each PE is the word that it tells the others.
 *
 * They are SHMEM_SYNC_VALUE again before anybody leaves, so that the next
 * collective can have the same array at once.
 */
#include <stdlib.h>

#include "transport.h"

#define GO (SHMEM_SYNC_VALUE + 1)

struct shi_team shi_world, shi_shared;

struct shi_slot *shi_slot(unsigned int number)
{
	return (struct shi_slot *)(shi.slots + number * shi.slot_size);
}

/* The machines of a team meet: each tells the one that is 1, 2, 4... further on. */
static void nodes_sync(struct shi_slot *slot, const struct shi_span *span)
{
	uint64_t round = ++slot->node_round;
	int step, far;

	for (step = 0, far = 1; far < span->count; step++, far *= 2) {
		int to = span->node[(span->me + far) % span->count];

		shi_node_amo(SHI_SET, &slot->node_said[step], round, 0, to);
		SHI_WAIT(&slot->bell,
			 __atomic_load_n(&slot->node_said[step], __ATOMIC_ACQUIRE) >= round);
	}
}

/* The last one of a machine to arrive meets the other machines for all. */
static void slot_sync(const struct shi_set *set)
{
	struct shi_slot *slot = set->slot;
	uint32_t round = __atomic_load_n(&slot->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&slot->arrived, 1, __ATOMIC_SEQ_CST) == (uint32_t)set->near) {
		if (set->span)
			nodes_sync(slot, set->span);
		__atomic_store_n(&slot->arrived, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->round, round + 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&slot->bell.sleepers, __ATOMIC_SEQ_CST))
			shi_ring(&slot->bell);
		return;
	}
	SHI_WAIT(&slot->bell, __atomic_load_n(&slot->round, __ATOMIC_ACQUIRE) != round);
}

static void psync_sync(const struct shi_set *set)
{
	uint64_t before = shi_amo(SHI_ADD, set->psync, 1, 0, set->start);
	int i;

	if (before + 1 == (uint64_t)(SHMEM_SYNC_VALUE + set->size)) {
		shi_amo(SHI_SET, set->psync, SHMEM_SYNC_VALUE, 0, set->start);
		for (i = 0; i < set->size; i++) {
			int pe = shi_set_pe(set, i);

			if (pe != shi.me)
				shi_amo(SHI_SET, &set->psync[1], GO, 0, pe);
		}
		return;
	}
	SHI_WAIT(&shi.job->pe[shi.me].bell,
		 __atomic_load_n(&set->psync[1], __ATOMIC_ACQUIRE) == GO);
	__atomic_store_n(&set->psync[1], SHMEM_SYNC_VALUE, __ATOMIC_SEQ_CST);
}

void shi_set_sync(const struct shi_set *set)
{
	if (set->size == 1)
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else if (set->slot)
		slot_sync(set);
	else
		psync_sync(set);
}

/* What a member has for the others to see, between two syncs. */
void shi_set_tell(const struct shi_set *set, int64_t value)
{
	if (set->slot)
		__atomic_store_n(&set->slot->word[set->rank], value, __ATOMIC_RELEASE);
	else
		__atomic_store_n(&set->psync[2], value, __ATOMIC_RELEASE);
}

int64_t shi_set_told(const struct shi_set *set, int rank)
{
	int pe = shi_set_pe(set, rank);

	if (set->slot)
		return shi_node_amo(SHI_FETCH, (uint64_t *)&set->slot->word[rank], 0, 0,
				    shi_node_of(pe));
	return shi_amo(SHI_FETCH, &set->psync[2], 0, 0, pe);
}

/* Finds where the members of a set with a slot are; -1: no memory. */
int shi_set_place(struct shi_set *set)
{
	bool on[SHI_MAX_NODES] = { false };
	unsigned int k, count = 0;
	int i;

	set->near = 0;
	set->span = NULL;
	for (i = 0; i < set->size; i++) {
		k = shi_node_of(shi_set_pe(set, i));
		set->near += k == shi.job->node_me;
		count += !on[k];
		on[k] = true;
	}
	if (count < 2)
		return 0;
	set->span = malloc(sizeof(*set->span) + count * sizeof(set->span->node[0]));
	if (!set->span)
		return -1;
	set->span->count = 0;
	for (k = 0; k < shi.job->nnodes; k++) {
		if (!on[k])
			continue;
		if (k == shi.job->node_me)
			set->span->me = set->span->count;
		set->span->node[set->span->count++] = k;
	}
	return 0;
}

struct shi_set shi_active_set(int start, int log_stride, int size, long *psync)
{
	struct shi_set set = {
		.start = start, .stride = 1 << log_stride, .size = size, .psync = psync,
	};
	int rank = (shi.me - start) / set.stride;

	shi_need_init("a collective");
	if (start < 0 || log_stride < 0 || log_stride > 30 || size < 1 ||
	    start + (long)(size - 1) * set.stride >= shi.npes)
		shi_die("there is no active set of start %d, log2 of stride %d, size %d",
			start, log_stride, size);
	if (shi.me < start || shi_set_pe(&set, rank) != shi.me || rank >= size)
		shi_die("a collective is called by a PE that is not in its active set");
	set.rank = rank;
	/* All PEs need no pSync; many a program has it on its stack. */
	if (size == shi.npes && !pshmem_addr_accessible(psync, shi.me)) {
		set = shi_world.set;
		set.rank = rank;
	}
	return set;
}
