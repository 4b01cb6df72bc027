/* SPDX-License-Identifier: BSD-3-Clause */
/* The teams on which the collectives are tried; PEs know who is in them. */
#ifndef TEAMS_H
#define TEAMS_H

#include "harness.h"

#define TEAMS 6

struct member {
	shmem_team_t team;	/* SHMEM_TEAM_INVALID where this PE is not in it */
	const char *name;
	int start, stride, size;
	int rank;
};

static struct member teams[TEAMS];

static void team_make(struct member *m, const char *name, int start, int stride, int size)
{
	int i;

	*m = (struct member){ .name = name, .start = start, .stride = stride, .size = size,
			      .rank = -1 };
	for (i = 0; i < size; i++)
		if (start + i * stride == me)
			m->rank = i;
	CHECK(!shmem_team_split_strided(SHMEM_TEAM_WORLD, start, stride, size, NULL, 0, &m->team));
	CHECK((m->team == SHMEM_TEAM_INVALID) == (m->rank < 0));
}

/* The PEs of a machine, which are all of them or at a stride. */
static void team_shared(struct member *m)
{
	int i, size = shmem_team_n_pes(SHMEM_TEAM_SHARED);
	int start = shmem_team_translate_pe(SHMEM_TEAM_SHARED, 0, SHMEM_TEAM_WORLD);
	int stride = size < 2 ? 1 :
		shmem_team_translate_pe(SHMEM_TEAM_SHARED, 1, SHMEM_TEAM_WORLD) - start;

	for (i = 0; i < size; i++)
		CHECK(shmem_team_translate_pe(SHMEM_TEAM_SHARED, i, SHMEM_TEAM_WORLD) ==
		      start + i * stride);
	*m = (struct member){ SHMEM_TEAM_SHARED, "shared", start, stride, size,
			      shmem_team_my_pe(SHMEM_TEAM_SHARED) };
}

static void teams_make(void)
{
	teams[0] = (struct member){ SHMEM_TEAM_WORLD, "world", 0, 1, npes, me };
	team_shared(&teams[1]);
	team_make(&teams[2], "even", 0, 2, (npes + 1) / 2);
	team_make(&teams[3], "all but the first", npes > 1, 1, npes > 1 ? npes - 1 : 1);
	team_make(&teams[4], "every third from the second", npes > 1, 3,
		  npes > 1 ? (npes + 1) / 3 : 1);
	team_make(&teams[5], "the last alone", npes - 1, 1, 1);
}

static void teams_free(void)
{
	int i;

	for (i = 2; i < TEAMS; i++)
		shmem_team_destroy(teams[i].team);
}

/* The PE of a rank */
static inline int team_pe(const struct member *m, long rank)
{
	return m->start + m->stride * (int)rank;
}

#endif
