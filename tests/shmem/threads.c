// SPDX-License-Identifier: BSD-3-Clause
/* SHMEM_THREAD_MULTIPLE: threads that use the library at the same time. */
#include <pthread.h>

#include "harness.h"

#define THREADS 4
#define ROUNDS 200
#define LEN 32

struct thread {
	pthread_t id;
	int number;
	long bad;
};

static void in_threads(void *(*routine)(void *))
{
	struct thread threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ .number = i };
		pthread_create(&threads[i].id, NULL, routine, &threads[i]);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i].id, NULL);
		CHECK(!threads[i].bad);
	}
}

/* Each thread has its part of the arrays, and a context of its own or none. */
static long box[THREADS][LEN];

static void *put_and_get(void *arg)
{
	struct thread *t = arg;
	long round, source[LEN], back[LEN];
	shmem_ctx_t ctx = SHMEM_CTX_DEFAULT;
	int i;

	if (t->number % 2)
		t->bad += shmem_ctx_create(SHMEM_CTX_PRIVATE, &ctx);
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < LEN; i++)
			source[i] = round * 1000 + me * 10 + t->number;
		shmem_ctx_long_put_nbi(ctx, box[t->number], source, LEN, right);
		shmem_ctx_quiet(ctx);
		shmem_ctx_long_get_nbi(ctx, back, box[t->number], LEN, right);
		shmem_ctx_quiet(ctx);
		for (i = 0; i < LEN; i++)
			t->bad += back[i] != source[i];
	}
	if (ctx != SHMEM_CTX_DEFAULT)
		shmem_ctx_destroy(ctx);
	return NULL;
}

static long counter, lock, guarded;

static void *count(void *arg)
{
	long i;

	for (i = 0; i < ROUNDS; i++) {
		shmem_long_atomic_inc(&counter, 0);
		shmem_long_atomic_fetch_add(&counter, 2, 0);
	}
	(void)arg;
	return NULL;
}

static void *guard(void *arg)
{
	long i;

	for (i = 0; i < ROUNDS / 10; i++) {
		shmem_set_lock(&lock);
		shmem_long_p(&guarded, shmem_long_g(&guarded, 0) + 1, 0);
		shmem_clear_lock(&lock);
	}
	(void)arg;
	return NULL;
}

/* Each thread waits for its partner at the left, and wakes the one at the right. */
static uint64_t signals[THREADS];

static void *wait_in_turn(void *arg)
{
	struct thread *t = arg;
	uint64_t round;
	long value = 0;

	for (round = 1; round <= ROUNDS; round++) {
		shmem_long_put_signal(&box[t->number][0], &value, 1, &signals[t->number], 1,
				      SHMEM_SIGNAL_ADD, right);
		if (round % 2)
			shmem_signal_wait_until(&signals[t->number], SHMEM_CMP_GE, round);
		else
			while (!shmem_uint64_test(&signals[t->number], SHMEM_CMP_GE, round))
				;
	}
	return NULL;
}

/* Threads may each have a team, and its collectives, at the same time. */
static shmem_team_t teams[THREADS];

static void *reduce(void *arg)
{
	static long source[THREADS], dest[THREADS];
	struct thread *t = arg;
	int round;

	for (round = 0; round < ROUNDS / 10; round++) {
		source[t->number] = round + me;
		t->bad += shmem_long_sum_reduce(teams[t->number], &dest[t->number],
						&source[t->number], 1);
		t->bad += dest[t->number] != (long)round * npes + npes * (npes - 1) / 2;
	}
	return NULL;
}

int main(void)
{
	int provided = -1, i;

	shmem_init_thread(SHMEM_THREAD_MULTIPLE, &provided);
	suite_begin();
	CHECK(provided == SHMEM_THREAD_MULTIPLE);
	provided = -1;
	shmem_query_thread(&provided);
	CHECK(provided == SHMEM_THREAD_MULTIPLE);
	result("threads", "init_thread query_thread");

	in_threads(put_and_get);
	result("threads", "put, get and quiet, with contexts and without");
	in_threads(count);
	shmem_barrier_all();
	CHECK(me || counter == 3L * ROUNDS * THREADS * npes);
	result("threads", "atomics at one variable");
	in_threads(guard);
	shmem_barrier_all();
	CHECK(me || guarded == (long)(ROUNDS / 10) * THREADS * npes);
	result("threads", "a lock for all threads of all PEs");
	in_threads(wait_in_turn);
	result("threads", "signals, waiting and testing");
	for (i = 0; i < THREADS; i++)
		CHECK(!shmem_team_split_strided(SHMEM_TEAM_WORLD, 0, 1, npes, NULL, 0, &teams[i]));
	in_threads(reduce);
	for (i = 0; i < THREADS; i++)
		shmem_team_destroy(teams[i]);
	result("threads", "a team's collectives in each thread");
	return suite_end();
}
