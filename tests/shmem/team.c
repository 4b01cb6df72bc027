// SPDX-License-Identifier: BSD-3-Clause
/* Teams, contexts and sessions. */
#include "teams.h"

static void query(void)
{
	shmem_team_config_t config = { .num_contexts = -1 };
	const struct member *m;
	int r;

	CHECK(shmem_team_my_pe(SHMEM_TEAM_INVALID) == -1);
	CHECK(shmem_team_n_pes(SHMEM_TEAM_INVALID) == -1);
	CHECK(shmem_team_translate_pe(SHMEM_TEAM_INVALID, 0, SHMEM_TEAM_WORLD) == -1);
	CHECK(shmem_team_translate_pe(SHMEM_TEAM_WORLD, 0, SHMEM_TEAM_INVALID) == -1);
	CHECK(shmem_team_translate_pe(SHMEM_TEAM_WORLD, -1, SHMEM_TEAM_WORLD) == -1);
	CHECK(shmem_team_translate_pe(SHMEM_TEAM_WORLD, npes, SHMEM_TEAM_WORLD) == -1);
	CHECK(shmem_team_get_config(SHMEM_TEAM_INVALID, SHMEM_TEAM_NUM_CONTEXTS, &config));
	CHECK(config.num_contexts == -1);
	CHECK(!shmem_team_get_config(SHMEM_TEAM_WORLD, 0, NULL));
	CHECK(!shmem_team_get_config(SHMEM_TEAM_WORLD, SHMEM_TEAM_NUM_CONTEXTS, &config));
	for (m = teams; m < teams + TEAMS; m++) {
		CHECK(shmem_team_my_pe(m->team) == m->rank);
		if (m->rank < 0)
			continue;
		CHECK(shmem_team_n_pes(m->team) == m->size);
		for (r = 0; r < npes; r++) {
			int there = r >= m->start && !((r - m->start) % m->stride) &&
				(r - m->start) / m->stride < m->size;

			CHECK(shmem_team_translate_pe(SHMEM_TEAM_WORLD, r, m->team) ==
			      (there ? (r - m->start) / m->stride : -1));
		}
		for (r = 0; r < m->size; r++)
			CHECK(shmem_team_translate_pe(m->team, r, SHMEM_TEAM_WORLD) == team_pe(m, r));
		CHECK(shmem_team_ptr(m->team, &wrong, m->size - 1) ==
		      shmem_ptr(&wrong, team_pe(m, m->size - 1)));
	}
	result("teams", "my_pe n_pes translate_pe get_config team_ptr");
}

static void refused(void)
{
	static const int bad[][3] = {	/* start, stride, size */
		{ -1, 1, 1 }, { 0, 1, 0 }, { 0, 1, -1 }, { 0, 1, 1000 }, { 1000, 1, 1 },
		{ 0, 1000, 2 }, { 0, 0, 2 },
	};
	shmem_team_t team, x, y;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		team = SHMEM_TEAM_WORLD;
		CHECK(shmem_team_split_strided(SHMEM_TEAM_WORLD, bad[i][0], bad[i][1], bad[i][2],
					       NULL, 0, &team));
		CHECK(team == SHMEM_TEAM_INVALID);
	}
	team = SHMEM_TEAM_WORLD;
	CHECK(shmem_team_split_strided(SHMEM_TEAM_INVALID, 0, 1, 1, NULL, 0, &team));
	CHECK(team == SHMEM_TEAM_INVALID);
	x = y = SHMEM_TEAM_WORLD;
	CHECK(shmem_team_split_2d(SHMEM_TEAM_INVALID, 2, NULL, 0, &x, NULL, 0, &y));
	CHECK(x == SHMEM_TEAM_INVALID && y == SHMEM_TEAM_INVALID);
	x = y = SHMEM_TEAM_WORLD;
	CHECK(shmem_team_split_2d(SHMEM_TEAM_WORLD, 0, NULL, 0, &x, NULL, 0, &y));
	CHECK(x == SHMEM_TEAM_INVALID && y == SHMEM_TEAM_INVALID);
	shmem_team_destroy(SHMEM_TEAM_INVALID);
	result("teams", "splits that there are not");
}

static void nested(void)
{
	shmem_team_t odd, inner = SHMEM_TEAM_INVALID;
	shmem_team_config_t config = { .num_contexts = 3 }, got = { 0 };
	long sum, one = 1;
	int n = npes / 2;

	if (!n) {
		result("teams", "a team of a team, with its configuration");
		return;
	}
	CHECK(!shmem_team_split_strided(SHMEM_TEAM_WORLD, 1, 2, n, &config,
					SHMEM_TEAM_NUM_CONTEXTS, &odd));
	if (odd != SHMEM_TEAM_INVALID) {
		CHECK(!shmem_team_get_config(odd, SHMEM_TEAM_NUM_CONTEXTS, &got));
		CHECK(got.num_contexts == 3);
		/* The members of the parent alone, in the other order if there are two */
		CHECK(!shmem_team_split_strided(odd, n - 1, 1, 1, NULL, 0, &inner));
		CHECK((inner != SHMEM_TEAM_INVALID) == (me == 2 * n - 1));
		CHECK(shmem_team_translate_pe(odd, n - 1, inner) ==
		      (inner == SHMEM_TEAM_INVALID ? -1 : 0));
	}
	shmem_team_destroy(inner);
	if (odd != SHMEM_TEAM_INVALID) {
		static long source, dest;

		source = one;
		shmem_team_sync(odd);
		CHECK(!shmem_long_sum_reduce(odd, &dest, &source, 1));
		sum = dest;
		CHECK(sum == n);
	}
	shmem_team_destroy(odd);
	result("teams", "a team of a team, with its configuration");
}

static void two_dimensions(void)
{
	shmem_team_t x, y, parent;
	int xrange, first = npes > 2, n = npes - first;

	for (xrange = 1; xrange <= npes + 1; xrange++) {
		int width = xrange < npes ? xrange : npes;
		int row = me / width, column = me % width;
		int rest = npes - row * width;

		CHECK(!shmem_team_split_2d(SHMEM_TEAM_WORLD, xrange, NULL, 0, &x, NULL, 0, &y));
		CHECK(shmem_team_my_pe(x) == column && shmem_team_my_pe(y) == row);
		CHECK(shmem_team_n_pes(x) == (rest < width ? rest : width));
		CHECK(shmem_team_n_pes(y) == (npes - column + width - 1) / width);
		CHECK(shmem_team_translate_pe(x, 0, SHMEM_TEAM_WORLD) == row * width);
		CHECK(shmem_team_translate_pe(y, 0, SHMEM_TEAM_WORLD) == column);
		shmem_team_sync(x);
		shmem_team_sync(y);
		shmem_team_destroy(y);
		shmem_team_destroy(x);
	}
	CHECK(!shmem_team_split_strided(SHMEM_TEAM_WORLD, first, 1, n, NULL, 0, &parent));
	if (parent != SHMEM_TEAM_INVALID) {
		CHECK(!shmem_team_split_2d(parent, 2, NULL, 0, &x, NULL, 0, &y));
		CHECK(shmem_team_my_pe(x) == (me - first) % 2);
		CHECK(shmem_team_my_pe(y) == (me - first) / 2);
		CHECK(shmem_team_translate_pe(y, 0, SHMEM_TEAM_WORLD) == first + (me - first) % 2);
		shmem_team_destroy(x);
		shmem_team_destroy(y);
	}
	shmem_team_destroy(parent);
	result("teams", "split_2d, with remainders, of a team");
}

/* As many as there can be never run out when they are destroyed. */
static void many(void)
{
	shmem_team_t held[100], team;
	int i, bad = 0;
	long rounds = repeats(6000, 300);

	for (i = 0; i < 100; i++)
		bad += shmem_team_split_strided(SHMEM_TEAM_WORLD, 0, 1, npes, NULL, 0, &held[i]);
	for (i = 0; i < rounds; i++) {
		bad += shmem_team_split_strided(held[i % 100], i % npes, 1, 1, NULL, 0, &team);
		shmem_team_destroy(team);
	}
	for (i = 0; i < 100; i++) {
		shmem_team_sync(held[i]);
		shmem_team_destroy(held[i]);
	}
	CHECK(!bad);
	result("teams", "thousands made and destroyed, 100 at a time");
}

/* A barrier of a team holds up its members and nobody else. */
static void sync_members(void)
{
	static long before[TEAMS], count;
	const struct member *m;
	int round, i;

	memset(before, 0, sizeof(before));
	shmem_barrier_all();
	for (i = 2; i < TEAMS; i++) {
		m = &teams[i];
		for (round = 1; m->rank >= 0 && round <= 20; round++) {
			shmem_long_atomic_inc(&before[i], team_pe(m, 0));
			CHECK(!shmem_team_sync(m->team));
			CHECK(shmem_long_atomic_fetch(&before[i], team_pe(m, 0)) ==
			      (long)round * m->size);
			CHECK(!shmem_team_sync(m->team));
		}
	}
	for (round = 1; round <= 20; round++) {
		shmem_long_atomic_inc(&count, 0);
		if (round % 2)
			shmem_sync_all();
		else
			CHECK(!shmem_team_sync(SHMEM_TEAM_WORLD));
		CHECK(shmem_long_atomic_fetch(&count, 0) == (long)round * npes);
		shmem_barrier_all();
	}
	result("teams", "sync of each team, sync_all");
}

static void contexts(void)
{
	static const long options[] = {
		0, SHMEM_CTX_SERIALIZED, SHMEM_CTX_PRIVATE, SHMEM_CTX_NOSTORE,
		SHMEM_CTX_PRIVATE | SHMEM_CTX_NOSTORE | SHMEM_CTX_SERIALIZED,
	};
	static long x[2];
	shmem_ctx_t ctx, more[50];
	shmem_team_t team;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		CHECK(!shmem_ctx_create(options[i], &ctx) && ctx != SHMEM_CTX_INVALID);
		CHECK(!shmem_ctx_get_team(ctx, &team) && team == SHMEM_TEAM_WORLD);
		shmem_barrier_all();
		shmem_ctx_long_put_nbi(ctx, x, (long[]){ me, (long)i }, 2, right);
		shmem_ctx_fence(ctx);
		shmem_ctx_quiet(ctx);
		shmem_ctx_pe_quiet(ctx, &right, 1);
		shmem_ctx_destroy(ctx);
		shmem_barrier_all();
		CHECK(x[0] == left && x[1] == (long)i);
	}
	CHECK(shmem_ctx_create(1L << 40, &ctx) && ctx == SHMEM_CTX_INVALID);
	CHECK(!shmem_ctx_get_team(SHMEM_CTX_DEFAULT, &team) && team == SHMEM_TEAM_WORLD);
	CHECK(shmem_ctx_get_team(SHMEM_CTX_INVALID, &team) && team == SHMEM_TEAM_INVALID);
	ctx = SHMEM_CTX_DEFAULT;
	CHECK(shmem_team_create_ctx(SHMEM_TEAM_INVALID, 0, &ctx) && ctx == SHMEM_CTX_INVALID);
	shmem_ctx_destroy(SHMEM_CTX_INVALID);
	for (i = 0; i < 50; i++)
		CHECK(!shmem_ctx_create(0, &more[i]));
	for (i = 0; i < 50; i++)
		shmem_ctx_destroy(more[i]);
	shmem_barrier_all();
	shmem_ctx_long_p(SHMEM_CTX_DEFAULT, x, 99 + me, right);
	shmem_ctx_quiet(SHMEM_CTX_DEFAULT);
	shmem_barrier_all();
	CHECK(x[0] == 99 + left);
	result("contexts", "create destroy get_team, options, default, invalid");
}

/* The numbers of PEs in a context are those of its team. */
static void team_contexts(void)
{
	static long x;
	const struct member *m;
	shmem_ctx_t ctx;
	shmem_team_t team;

	for (m = teams; m < teams + TEAMS; m++) {
		if (m->rank < 0)
			continue;
		x = -1;
		CHECK(!shmem_team_create_ctx(m->team, 0, &ctx));
		CHECK(!shmem_ctx_get_team(ctx, &team) && team == m->team);
		shmem_team_sync(m->team);
		shmem_ctx_long_p(ctx, &x, me, (m->rank + 1) % m->size);
		shmem_ctx_quiet(ctx);
		shmem_team_sync(m->team);
		CHECK(x == team_pe(m, (m->rank + m->size - 1) % m->size));
		CHECK(shmem_ctx_long_g(ctx, &x, 0) == team_pe(m, m->size - 1));
		shmem_team_sync(m->team);
		shmem_ctx_long_atomic_add(ctx, &x, 1000, 0);
		shmem_team_sync(m->team);
		CHECK(m->rank || x == team_pe(m, m->size - 1) + 1000L * m->size);
		shmem_ctx_destroy(ctx);
	}
	result("contexts", "of teams: PEs by the team's numbers");
}

static void sessions(void)
{
	static long x[100], from[100];
	shmem_ctx_session_config_t config = { .total_ops = 100 };
	shmem_ctx_t ctx;
	long i;

	CHECK(!shmem_ctx_create(0, &ctx));
	shmem_ctx_session_start(ctx, SHMEM_CTX_SESSION_BATCH, &config,
				SHMEM_CTX_SESSION_TOTAL_OPS);
	for (i = 0; i < 100; i++) {
		from[i] = i;
		shmem_ctx_long_put_nbi(ctx, &x[i], &from[i], 1, right);
	}
	shmem_ctx_session_stop(ctx);
	shmem_ctx_quiet(ctx);
	shmem_ctx_session_start(SHMEM_CTX_DEFAULT, 0, NULL, 0);
	shmem_ctx_session_stop(SHMEM_CTX_DEFAULT);
	shmem_barrier_all();
	CHECK_ARRAY(x, 100, (long)i);
	shmem_ctx_destroy(ctx);
	result("contexts", "sessions");
}

int main(void)
{
	shmem_init();
	suite_begin();
	teams_make();
	query();
	refused();
	nested();
	two_dimensions();
	many();
	sync_members();
	contexts();
	team_contexts();
	sessions();
	teams_free();
	return suite_end();
}
