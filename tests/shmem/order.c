// SPDX-License-Identifier: BSD-3-Clause
/* Memory ordering, barriers and locks. */
#include <sched.h>

#include "harness.h"

#define DATA 16

/*
 * The left one writes data and then the flag. Whoever sees the flag has to see
 * the data, whatever stands between the two. It says when it has looked: the next
 * data would come byte by byte.
 */
#define ORDERED(what, between) do { \
	static long data[DATA], flag, seen; \
	long round, rounds = repeats(2000, 200), bad = 0, source[DATA]; \
	flag = 0; \
	shmem_barrier_all(); \
	for (round = 1; round <= rounds; round++) { \
		FILL(source, DATA, round); \
		shmem_long_put_nbi(data, source, DATA, right); \
		between; \
		shmem_long_p(&flag, round, right); \
		shmem_long_wait_until(&flag, SHMEM_CMP_GE, round); \
		for (int i = 0; i < DATA; i++) \
			bad += data[i] != round; \
		shmem_long_p(&seen, round, left); \
		shmem_long_wait_until(&seen, SHMEM_CMP_GE, round); \
	} \
	CHECK(!bad); \
	result("memory ordering", what); \
} while (0)

static void ordering(void)
{
	shmem_ctx_t ctx;

	CHECK(!shmem_ctx_create(0, &ctx));
	ORDERED("fence", shmem_fence());
	ORDERED("ctx_fence", shmem_ctx_fence(SHMEM_CTX_DEFAULT));
	ORDERED("quiet", shmem_quiet());
	ORDERED("ctx_quiet", shmem_ctx_quiet(SHMEM_CTX_DEFAULT));
	ORDERED("pe_quiet", shmem_pe_quiet(&right, 1));
	ORDERED("ctx_pe_quiet", shmem_ctx_pe_quiet(SHMEM_CTX_DEFAULT, &right, 1));
	shmem_pe_quiet(NULL, 0);
	shmem_ctx_quiet(ctx);
	shmem_ctx_destroy(ctx);
}

/*
 * Two PEs, of which each stores at the other and then reads what the other
 * stores: one of both has to see it. They start together each time, so that a
 * store may still be under way when the other one reads.
 */
#define CROSSINGS 20000

static void quiet_is_full(void)
{
	static long stored[CROSSINGS], saw[2][CROSSINGS], ready;
	long i, spins, rounds = npes == 2 ? repeats(CROSSINGS, 1000) : 100, bad = 0;
	volatile long *mine = stored, *start = &ready;

	shmem_barrier_all();
	for (i = 0; npes > 1 && me < 2 && i < rounds; i++) {
		shmem_long_p(&ready, i + 1, !me);
		for (spins = 1; *start <= i; spins++)
			if (spins % 1000 == 0)
				sched_yield();
		shmem_long_p(&stored[i], 1, !me);
		shmem_quiet();
		saw[me][i] = mine[i];
	}
	shmem_barrier_all();
	if (me == 1)
		shmem_long_put(saw[1], saw[1], rounds, 0);
	shmem_barrier_all();
	for (i = 0; npes > 1 && !me && i < rounds; i++)
		bad += !saw[0][i] && !saw[1][i];
	CHECK(!bad);
	result("memory ordering", "a quiet between a put and a load");
}

static void barriers(void)
{
	static long seen[64], count;
	long round, i, bad = 0;

	for (round = 1; round <= 200; round++) {
		for (i = 0; i < npes; i++)
			shmem_long_p(&seen[me], round, i);
		shmem_barrier_all();
		for (i = 0; i < npes; i++)
			bad += seen[i] != round;
		shmem_sync_all();
	}
	CHECK(!bad);
	/* One comes late every time. */
	for (round = 0; round < npes; round++) {
		if (me == round)
			for (i = 0; i < 100; i++)
				shmem_long_atomic_inc(&count, 0);
		shmem_barrier_all();
		CHECK(shmem_long_g(&count, 0) == 100 * (round + 1));
		shmem_barrier_all();
	}
	result("collective", "barrier_all, sync_all");
}

static void locks(void)
{
	static long lock, other, counter, inside;
	long i, tries = 0;

	for (i = 0; i < 300; i++) {
		shmem_set_lock(&lock);
		CHECK(shmem_long_atomic_fetch_inc(&inside, 0) == 0);
		shmem_long_p(&counter, shmem_long_g(&counter, 0) + 1, 0);
		shmem_quiet();
		shmem_long_atomic_add(&inside, -1, 0);
		shmem_clear_lock(&lock);
	}
	shmem_barrier_all();
	CHECK(me || counter == 300L * npes);
	shmem_barrier_all();
	for (i = 0; i < 100; tries++) {
		if (shmem_test_lock(&lock))
			continue;
		CHECK(shmem_test_lock(&lock) == 1);
		shmem_long_p(&counter, shmem_long_g(&counter, 0) + 1, 0);
		shmem_clear_lock(&lock);
		i++;
	}
	shmem_barrier_all();
	CHECK(me || counter == 400L * npes);
	/* Two at a time, of different variables */
	shmem_set_lock(&lock);
	CHECK(shmem_test_lock(&other) >= 0);
	shmem_clear_lock(&lock);
	shmem_barrier_all();
	CHECK(tries >= 100);
	result("locks", "set clear test: one at a time");
}

/* What was written under the lock is there for the next one that has it. */
static void lock_data(void)
{
	static long locks[3], words[3][32];
	long i, k, w[32], bad = 0;

	for (i = 0; i < 200; i++) {
		k = (i + me) % 3;
		shmem_set_lock(&locks[k]);
		shmem_long_get(w, words[k], 32, k % npes);
		for (int j = 1; j < 32; j++)
			bad += w[j] != w[0];
		for (int j = 0; j < 32; j++)
			w[j]++;
		shmem_long_put(words[k], w, 32, k % npes);
		shmem_clear_lock(&locks[k]);
	}
	shmem_barrier_all();
	CHECK(!bad);
	result("locks", "three of them, and what they guard");
}

int main(void)
{
	shmem_init();
	suite_begin();
	ordering();
	quiet_is_full();
	barriers();
	locks();
	lock_data();
	return suite_end();
}
