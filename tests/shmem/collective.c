// SPDX-License-Identifier: BSD-3-Clause
/* Collectives on teams: broadcast, collect, fcollect, alltoall, alltoalls. */
#include "tables.h"
#include "teams.h"

#define LEN 6
#define MOST 8		/* PEs */
#define ROOM (LEN * MOST * 3)

/* Uneven, with some that give nothing */
static long share(long rank)
{
	return (rank * 3 + 1) % 4;
}

/* Who gave element i of a collect, and which of his it was */
static int collected(const struct member *m, long i)
{
	long rank;

	for (rank = 0; rank < m->size && i >= share(rank); rank++)
		i -= share(rank);
	return rank < m->size ? val(team_pe(m, rank), i) : 100;
}

/* dst and sst are strides; block j of LEN elements is for rank j. */
static int exchanged(const struct member *m, long i, long dst, long sst)
{
	long element = i / dst;

	if (i % dst || element >= LEN * m->size)
		return 100;
	return val(team_pe(m, element / LEN), (m->rank * LEN + element % LEN) * sst);
}

#define CLEAR(T) do { \
	FILL(dst, ROOM, (T)100); \
	FILL(src, ROOM, (T)val(me, i)); \
	shmem_team_sync(m->team); \
} while (0)
#define ON_TEAM(T, bcast, coll, fcoll, a2a, a2as) do { \
	int root; \
	for (root = 0; root < m->size; root += m->size > 1 ? m->size - 1 : 1) { \
		CLEAR(T); \
		CHECK(!bcast(m->team, dst, src, LEN, root)); \
		CHECK_ARRAY(dst, ROOM, (T)((long)i < LEN ? val(team_pe(m, root), i) : 100)); \
		CLEAR(T); \
		CHECK(!bcast(m->team, src, src, LEN, root)); \
		CHECK_ARRAY(src, ROOM, (T)val((long)i < LEN ? team_pe(m, root) : me, i)); \
	} \
	CLEAR(T); \
	CHECK(!bcast(m->team, dst, src, 0, 0)); \
	CHECK_ARRAY(dst, ROOM, (T)100); \
	CHECK(!fcoll(m->team, dst, src, LEN)); \
	CHECK_ARRAY(dst, ROOM, (T)((long)i < LEN * m->size ? \
				   val(team_pe(m, i / LEN), i % LEN) : 100)); \
	CLEAR(T); \
	CHECK(!fcoll(m->team, dst, src, 0)); \
	CHECK_ARRAY(dst, ROOM, (T)100); \
	CHECK(!coll(m->team, dst, src, share(m->rank))); \
	CHECK_ARRAY(dst, ROOM, (T)collected(m, i)); \
	CLEAR(T); \
	CHECK(!coll(m->team, dst, src, 0)); \
	CHECK_ARRAY(dst, ROOM, (T)100); \
	CHECK(!a2a(m->team, dst, src, LEN)); \
	CHECK_ARRAY(dst, ROOM, (T)exchanged(m, i, 1, 1)); \
	CLEAR(T); \
	CHECK(!a2as(m->team, dst, src, 3, 2, LEN)); \
	CHECK_ARRAY(dst, ROOM, (T)exchanged(m, i, 3, 2)); \
	CLEAR(T); \
	CHECK(!a2as(m->team, dst, src, 1, 3, LEN)); \
	CHECK_ARRAY(dst, ROOM, (T)exchanged(m, i, 1, 3)); \
	CLEAR(T); \
	CHECK(!a2as(m->team, dst, src, 1, 1, 0) && !a2a(m->team, dst, src, 0)); \
	CHECK_ARRAY(dst, ROOM, (T)100); \
} while (0)

#define TYPED(T, N) \
static void collective_##N(void) \
{ \
	static T dst[ROOM], src[ROOM]; \
	const struct member *m; \
	for (m = teams; m < teams + TEAMS; m++) \
		if (m->rank >= 0) \
			ON_TEAM(T, shmem_##N##_broadcast, shmem_##N##_collect, \
				shmem_##N##_fcollect, shmem_##N##_alltoall, \
				shmem_##N##_alltoalls); \
	result("collective", #N ": broadcast collect fcollect alltoall alltoalls"); \
}
RMA_TYPES(TYPED)

static void collective_mem(void)
{
	static uint8_t dst[ROOM], src[ROOM];
	const struct member *m;

	for (m = teams; m < teams + TEAMS; m++)
		if (m->rank >= 0)
			ON_TEAM(uint8_t, shmem_broadcastmem, shmem_collectmem,
				shmem_fcollectmem, shmem_alltoallmem, shmem_alltoallsmem);
	result("collective", "mem: broadcast collect fcollect alltoall alltoalls");
}

/* A team that there is not gives an error and nothing else. */
static void collective_invalid(void)
{
	static int a[MOST], b[MOST];

	FILL(b, MOST, 7);
	CHECK(shmem_int_broadcast(SHMEM_TEAM_INVALID, b, a, 1, 0));
	CHECK(shmem_int_collect(SHMEM_TEAM_INVALID, b, a, 1));
	CHECK(shmem_int_fcollect(SHMEM_TEAM_INVALID, b, a, 1));
	CHECK(shmem_int_alltoall(SHMEM_TEAM_INVALID, b, a, 1));
	CHECK(shmem_int_alltoalls(SHMEM_TEAM_INVALID, b, a, 1, 1, 1));
	CHECK(shmem_alltoallmem(SHMEM_TEAM_INVALID, b, a, 1));
	CHECK(shmem_team_sync(SHMEM_TEAM_INVALID));
	CHECK_ARRAY(b, MOST, 7);
	result("collective", "the invalid team is refused");
}

#define BIG (1L << 18)

static void collective_big(void)
{
	long *dst = shmem_malloc(npes * BIG * sizeof(long));
	long *src = shmem_malloc(npes * BIG * sizeof(long));

	FILL(src, npes * BIG, (long)i * 5 + me);
	CHECK(!shmem_long_fcollect(SHMEM_TEAM_WORLD, dst, src, BIG));
	CHECK_ARRAY(dst, npes * BIG, (long)(i % BIG) * 5 + (long)(i / BIG));
	CHECK(!shmem_long_alltoall(SHMEM_TEAM_WORLD, dst, src, BIG));
	CHECK_ARRAY(dst, npes * BIG, (long)(me * BIG + i % BIG) * 5 + (long)(i / BIG));
	CHECK(!shmem_long_collect(SHMEM_TEAM_WORLD, dst, src, me == npes - 1 ? BIG : me));
	CHECK(dst[(npes - 1) * (npes - 2) / 2 + BIG - 1] == (BIG - 1) * 5 + npes - 1);
	CHECK(!shmem_long_broadcast(SHMEM_TEAM_WORLD, dst, src, npes * BIG, npes - 1));
	CHECK_ARRAY(dst, npes * BIG, (long)i * 5 + npes - 1);
	shmem_free(src);
	shmem_free(dst);
	result("collective", "2 MiB of each PE");
}

/* One behind the other, without anything between them */
static void collective_stream(void)
{
	static int in[2], out[2 * MOST];
	int round, bad = 0;

	for (round = 0; round < 200; round++) {
		in[0] = in[1] = round * 10 + me;
		shmem_int_collect(SHMEM_TEAM_WORLD, out, in, 1 + round % 2);
		bad += out[(1 + round % 2) * (npes - 1)] != round * 10 + npes - 1;
		shmem_int_broadcast(SHMEM_TEAM_WORLD, out, in, 2, round % npes);
		bad += out[1] != round * 10 + round % npes;
		shmem_sync_all();
	}
	CHECK(!bad);
	result("collective", "200 of two kinds, one behind the other");
}

int main(void)
{
	shmem_init();
	suite_begin();
	teams_make();
#define RUN(T, N) collective_##N();
	RMA_TYPES(RUN)
	collective_mem();
	collective_invalid();
	collective_big();
	collective_stream();
	teams_free();
	return suite_end();
}
