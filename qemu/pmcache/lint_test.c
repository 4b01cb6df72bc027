// SPDX-License-Identifier: BSD-3-Clause
/* The lint: what is reported at an acknowledgement, and what is not. */
#include <stdio.h>
#include <string.h>

#include "kfi_marker.h"
#include "replay.h"

#define SIZE 4096

static _Alignas(64) uint8_t medium[SIZE];
static struct replay replay;

static void apply(uint8_t type, uint8_t cpu, uint64_t offset)
{
	struct record r = { .type = type, .cpu = cpu, .offset = offset };

	if (type == RECORD_STORE || type == RECORD_NT_STORE) {
		r.length = 8;
		r.value = cache_stores(replay.cache) + 1;
	}
	replay_apply(&replay, &r);
}

static void mark(uint8_t marker, uint64_t offset, uint64_t length)
{
	replay_apply(&replay, &(struct record){
		.type = RECORD_MARKER,
		.marker = marker,
		.offset = offset,
		.value = length,
	});
}

static void nothing_stored(void)
{
	mark(KFI_MARKER_DURABLE, 0, SIZE);
}

static void dirty(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_STORE, 0, 128);
	mark(KFI_MARKER_DURABLE, 64, 128);
}

static void other_range(void)
{
	apply(RECORD_STORE, 0, 64);
	mark(KFI_MARKER_DURABLE, 0, 64);
	mark(KFI_MARKER_DURABLE, 128, 64);
}

static void part_of_a_line(void)
{
	apply(RECORD_STORE, 0, 64);
	mark(KFI_MARKER_DURABLE, 127, 1);
}

static void not_fenced(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_WRITE_BACK, 0, 64);
	apply(RECORD_NT_STORE, 0, 128);
	mark(KFI_MARKER_DURABLE, 0, SIZE);
}

static void fenced(void)
{
	not_fenced();
	apply(RECORD_FENCE, 0, 0);
	mark(KFI_MARKER_DURABLE, 0, SIZE);
}

static void fenced_by_another(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_WRITE_BACK, 0, 64);
	apply(RECORD_FENCE, 1, 0);
	mark(KFI_MARKER_DURABLE, 64, 64);
}

static void lock_is_no_fence(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_WRITE_BACK, 0, 64);
	apply(RECORD_LOCKED, 0, 0);
	mark(KFI_MARKER_DURABLE, 64, 64);
}

static void persist(uint64_t offset)
{
	apply(RECORD_WRITE_BACK, 0, offset);
	apply(RECORD_FENCE, 0, 0);
}

/* Somebody else stores to the line after the commit began. */
static void later_store_of_another(void)
{
	apply(RECORD_STORE, 0, 64);
	mark(KFI_MARKER_COMMIT, 64, 8);
	persist(64);
	apply(RECORD_STORE, 1, 72);
	mark(KFI_MARKER_DURABLE, 64, 8);
}

/* But what was there when it began is not excused by that. */
static void forgotten_at_commit(void)
{
	apply(RECORD_STORE, 0, 64);
	mark(KFI_MARKER_COMMIT, 64, 8);
	apply(RECORD_STORE, 1, 72);
	mark(KFI_MARKER_DURABLE, 64, 8);
}

/* An answer before the commit is not excused by the commit before it. */
static void early_answer(void)
{
	mark(KFI_MARKER_COMMIT, 64, 8);
	mark(KFI_MARKER_DURABLE, 64, 8);
	apply(RECORD_STORE, 0, 64);
	mark(KFI_MARKER_DURABLE, 64, 8);
}

static void all_durable(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_STORE, 0, 640);
	apply(RECORD_WRITE_BACK, 0, 640);
	mark(KFI_MARKER_ALL_DURABLE, 0, 0);
}

static void evicted(void)
{
	apply(RECORD_STORE, 0, 64);
	apply(RECORD_EVICT, 0, 64);
	mark(KFI_MARKER_DURABLE, 64, 64);
}

static const struct test {
	const char *name;
	void (*run)(void);
	uint64_t dirty;
	uint64_t pending;
} tests[] = {
	{ "nothing stored", nothing_stored, 0, 0 },
	{ "dirty lines", dirty, 2, 0 },
	{ "lines outside of the range", other_range, 0, 0 },
	{ "a part of a line", part_of_a_line, 1, 0 },
	{ "written back and not fenced", not_fenced, 0, 2 },
	{ "written back and fenced later", fenced, 0, 2 },
	{ "another CPU's fence", fenced_by_another, 0, 1 },
	{ "a lock", lock_is_no_fence, 0, 1 },
	{ "a later store of another CPU", later_store_of_another, 0, 0 },
	{ "forgotten when the commit began", forgotten_at_commit, 1, 0 },
	{ "an answer before the commit", early_answer, 1, 0 },
	{ "all durable", all_durable, 1, 1 },
	{ "evicted", evicted, 0, 0 },
};

int main(void)
{
	unsigned int passed = 0, failed = 0;
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		const struct test *t = &tests[i];
		const struct lint *l = &replay.lint;
		bool ok;

		memset(medium, 0, sizeof(medium));
		replay = (struct replay){ .cache = cache_new(medium, SIZE) };
		t->run();
		ok = l->dirty == t->dirty && l->pending == t->pending;
		if (!ok)
			printf("FAIL lint: %s: %llu dirty and %llu not fenced, not %llu and %llu\n",
			       t->name, (unsigned long long)l->dirty,
			       (unsigned long long)l->pending,
			       (unsigned long long)t->dirty,
			       (unsigned long long)t->pending);
		ok ? passed++ : failed++;
		cache_free(replay.cache);
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
