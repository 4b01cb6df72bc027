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
#include "transport.h"

#define GO (SHMEM_SYNC_VALUE + 1)

struct shi_team shi_world, shi_shared;

struct shi_slot *shi_slot(unsigned int number)
{
	return (struct shi_slot *)(shi.slots + number * shi.slot_size);
}

static void slot_sync(struct shi_slot *slot, uint32_t size)
{
	uint32_t round = __atomic_load_n(&slot->round, __ATOMIC_ACQUIRE);

	if (__atomic_add_fetch(&slot->arrived, 1, __ATOMIC_SEQ_CST) == size) {
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
	long *count = shi_peer(set->psync, set->start, sizeof(long));
	int i;

	if (__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) == SHMEM_SYNC_VALUE + set->size) {
		__atomic_store_n(count, SHMEM_SYNC_VALUE, __ATOMIC_SEQ_CST);
		for (i = 0; i < set->size; i++) {
			int pe = shi_set_pe(set, i);
			long *go = shi_peer(set->psync + 1, pe, sizeof(long));

			if (pe == shi.me)
				continue;
			__atomic_store_n(go, GO, __ATOMIC_SEQ_CST);
			shi_wake(pe);
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
		slot_sync(set->slot, set->size);
	else
		psync_sync(set);
}

int64_t *shi_set_word(const struct shi_set *set, int rank)
{
	if (set->slot)
		return &set->slot->word[rank];
	return shi_peer(set->psync + 2, shi_set_pe(set, rank), sizeof(long));
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
		set.slot = shi_world.set.slot;
		set.psync = NULL;
	}
	return set;
}
