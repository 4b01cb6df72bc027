// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Team Management Routines". All that teams can be split into are
 * PEs at a stride. A new team's first member takes a slot of the job's memory
 * for it, and tells the others by its word in the parent's slot.
 */
#include <stdlib.h>

#include "transport.h"

#define FIRST_SLOT 2	/* after those of the world and of the shared team */

/* The first machine knows for all which slots are taken. */
static int64_t slot_take(void)
{
	unsigned int i;

	for (i = FIRST_SLOT; i < shi.job->teams; i++)
		if (!shi_node_amo(SHI_CSWAP, &shi_slot(i)->used, 1, 0, 0))
			return i;
	return 0;
}

/* Before anybody uses it; the members of a machine leave it to their first. */
static void slot_clear(const struct shi_set *set)
{
	int i;

	for (i = 0; i < set->rank; i++)
		if (shi_node_of(shi_set_pe(set, i)) == (int)shi.job->node_me)
			return;
	set->slot->round = 0;
	set->slot->node_round = 0;
	memset(set->slot->node_said, 0, sizeof(set->slot->node_said));
}

static int rank_of(const struct shi_set *set, int pe)
{
	int rank = (pe - set->start) / set->stride;

	if (rank < 0 || rank >= set->size || shi_set_pe(set, rank) != pe)
		return -1;
	return rank;
}

/*
 * All members of the parent call this together, each with the set that it is
 * to be in; a set without a rank for those in none. The first member is known
 * to the parent by the rank "first".
 */
static struct shi_team *split(struct shi_team *parent, struct shi_set set, int first,
			      const shmem_team_config_t *config, long mask, int *error)
{
	struct shi_team *team = NULL;
	int64_t slot = 0;

	if (set.rank == 0)
		shi_set_tell(&parent->set, slot_take());
	shi_set_sync(&parent->set);
	if (set.rank >= 0)
		slot = shi_set_told(&parent->set, first);
	if (slot) {
		set.slot = shi_slot(slot);
		slot_clear(&set);
		team = calloc(1, sizeof(*team));
	}
	/* Nobody's word is changed while another may still read it. */
	shi_set_sync(&parent->set);
	if (set.rank < 0)
		return NULL;
	if (!team || shi_set_place(&set)) {
		free(team);
		*error = -1;
		return NULL;
	}
	team->set = set;
	if (config && mask & SHMEM_TEAM_NUM_CONTEXTS)
		team->config = *config;
	return team;
}

SHI_FN(int, shmem_team_my_pe, (shmem_team_t handle))
{
	struct shi_team *team = shi_team(handle);

	shi_need_init("shmem_team_my_pe()");
	return team ? team->set.rank : -1;
}

SHI_FN(int, shmem_team_n_pes, (shmem_team_t handle))
{
	struct shi_team *team = shi_team(handle);

	shi_need_init("shmem_team_n_pes()");
	return team ? team->set.size : -1;
}

SHI_FN(int, shmem_team_get_config, (shmem_team_t handle, long mask, shmem_team_config_t *config))
{
	struct shi_team *team = shi_team(handle);

	if (!team || mask & ~SHMEM_TEAM_NUM_CONTEXTS)
		return -1;
	if (mask & SHMEM_TEAM_NUM_CONTEXTS) {
		if (!config)
			return -1;
		config->num_contexts = team->config.num_contexts;
	}
	return 0;
}

SHI_FN(int, shmem_team_translate_pe, (shmem_team_t src, int src_pe, shmem_team_t dest))
{
	struct shi_team *from = shi_team(src), *to = shi_team(dest);

	if (!from || !to || src_pe < 0 || src_pe >= from->set.size)
		return -1;
	return rank_of(&to->set, shi_set_pe(&from->set, src_pe));
}

SHI_FN(int, shmem_team_split_strided,
       (shmem_team_t handle, int start, int stride, int size,
	const shmem_team_config_t *config, long config_mask, shmem_team_t *new_team))
{
	struct shi_team *parent = shi_team(handle);
	struct shi_set set;
	int error = 0;
	long last;

	shi_need_init("shmem_team_split_strided()");
	*new_team = SHMEM_TEAM_INVALID;
	if (!parent)
		return -1;
	/* All members give the same, so all refuse alike. */
	last = start + (long)stride * (size - 1);
	if (size < 1 || start < 0 || start >= parent->set.size || last < 0 ||
	    last >= parent->set.size || (!stride && size > 1))
		return -1;
	if (!stride)
		stride = 1;
	set = (struct shi_set){
		.start = shi_set_pe(&parent->set, start), .size = size,
		.stride = parent->set.stride * stride,
	};
	set.rank = rank_of(&set, shi.me);
	*new_team = (shmem_team_t)split(parent, set, start, config, config_mask, &error);
	return error;
}

/* Of an axis of which the last team may be shorter: one split for all teams. */
SHI_FN(int, shmem_team_split_2d,
       (shmem_team_t handle, int xrange, const shmem_team_config_t *xaxis_config,
	long xaxis_mask, shmem_team_t *xaxis_team, const shmem_team_config_t *yaxis_config,
	long yaxis_mask, shmem_team_t *yaxis_team))
{
	struct shi_team *parent = shi_team(handle);
	int error = 0, x, y, size;
	struct shi_set set;

	shi_need_init("shmem_team_split_2d()");
	*xaxis_team = SHMEM_TEAM_INVALID;
	*yaxis_team = SHMEM_TEAM_INVALID;
	if (!parent || xrange < 1)
		return -1;
	size = parent->set.size;
	if (xrange > size)
		xrange = size;
	x = parent->set.rank % xrange;
	y = parent->set.rank / xrange;

	set = (struct shi_set){
		.start = shi_set_pe(&parent->set, y * xrange), .stride = parent->set.stride,
		.size = size - y * xrange < xrange ? size - y * xrange : xrange, .rank = x,
	};
	*xaxis_team = (shmem_team_t)split(parent, set, y * xrange, xaxis_config, xaxis_mask, &error);

	set = (struct shi_set){
		.start = shi_set_pe(&parent->set, x), .stride = parent->set.stride * xrange,
		.size = (size - x + xrange - 1) / xrange, .rank = y,
	};
	*yaxis_team = (shmem_team_t)split(parent, set, x, yaxis_config, yaxis_mask, &error);
	return error;
}

/* The last member to leave gives the slot back. */
SHI_FN(void, shmem_team_destroy, (shmem_team_t handle))
{
	struct shi_team *team = shi_team(handle);
	struct shi_slot *slot;

	if (!team)
		return;
	if (team == &shi_world || team == &shi_shared)
		shi_die("a predefined team cannot be destroyed");
	slot = team->set.slot;
	shi_quiet();
	if (shi_node_amo(SHI_ADD, &slot->left, 1, 0, 0) + 1 == (uint64_t)team->set.size) {
		shi_node_amo(SHI_SET, &slot->left, 0, 0, 0);
		shi_node_amo(SHI_SET, &slot->used, 0, 0, 0);
	}
	free(team->set.span);
	free(team);
}
