// SPDX-License-Identifier: BSD-3-Clause
/* The cache model: what is on the medium for sure, and what may be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "survivor.h"

#define SIZE 4096

static _Alignas(64) uint8_t medium[SIZE];
static struct cache *c;
static unsigned int passed, failed;
static bool ok;

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static void expect(bool condition, const char *text, int line)
{
	if (condition)
		return;
	ok = false;
	printf("     line %d: %s\n", line, text);
}

static void put(unsigned int cpu, uint64_t at, uint64_t value)
{
	cache_store(c, cpu, at, &value, sizeof(value), false, 0);
}

static void put_nt(unsigned int cpu, uint64_t at, uint64_t value)
{
	cache_store(c, cpu, at, &value, sizeof(value), true, 0);
}

static uint64_t word(const uint8_t *bytes, uint64_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static uint64_t durable(uint64_t at)
{
	return word(medium, at);
}

static uint64_t seen(uint64_t at)
{
	uint8_t line[LINE];

	cache_read(c, at / LINE, line);
	return word(line, at % LINE);
}

static uint64_t version(uint64_t at, size_t number)
{
	uint8_t line[LINE];

	line_version(c, cache_find(c, at), number, line);
	return word(line, at % LINE);
}

static void stores_alone_lose(void)
{
	put(0, 64, 1);
	EXPECT(seen(64) == 1);
	EXPECT(durable(64) == 0);
	cache_fence(c, 0);
	EXPECT(durable(64) == 0);
	EXPECT(cache_lines(c) == 1);
}

static void write_back_and_fence(void)
{
	put(0, 64, 1);
	cache_write_back(c, 0, 64);
	EXPECT(durable(64) == 0);
	EXPECT(line_is_pending(cache_find(c, 64)));
	EXPECT(cache_fence(c, 0));
	EXPECT(durable(64) == 1);
	EXPECT(cache_lines(c) == 0);
	EXPECT(!cache_fence(c, 0));
}

static void write_back_takes_what_is_there(void)
{
	put(0, 64, 1);
	cache_write_back(c, 0, 64);
	put(0, 64, 2);
	put(0, 72, 3);
	EXPECT(!line_is_pending(cache_find(c, 64)));
	cache_fence(c, 0);
	EXPECT(durable(64) == 1);
	EXPECT(durable(72) == 0);
	EXPECT(seen(64) == 2);
}

static void fence_is_of_its_cpu(void)
{
	put(0, 64, 1);
	cache_write_back(c, 0, 64);
	EXPECT(!cache_fence(c, 1));
	EXPECT(durable(64) == 0);
	/* Another CPU may write back and fence it all the same. */
	cache_write_back(c, 1, 64);
	cache_fence(c, 1);
	EXPECT(durable(64) == 1);
	put(0, 64, 2);
	cache_fence(c, 0);
	EXPECT(durable(64) == 1);
}

static void non_temporal_waits_for_its_fence(void)
{
	put_nt(0, 64, 1);
	EXPECT(durable(64) == 0);
	EXPECT(line_is_pending(cache_find(c, 64)));
	cache_fence(c, 0);
	EXPECT(durable(64) == 1);
	EXPECT(cache_lines(c) == 0);
}

/* As memcpy_flushcache() over what memcpy() has stored */
static void non_temporal_covers_what_was_there(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		put(0, 64 + 8 * i, 1);
	for (i = 0; i < 7; i++)
		put_nt(0, 64 + 8 * i, 2);
	cache_fence(c, 0);
	EXPECT(!line_is_pending(cache_find(c, 64)));
	EXPECT(durable(64) == 2 && durable(120) == 0);
	put_nt(0, 120, 2);
	cache_fence(c, 0);
	EXPECT(durable(120) == 2);
	EXPECT(cache_lines(c) == 0);
}

static void non_temporal_takes_nobody_along(void)
{
	put(0, 64, 1);
	put_nt(0, 72, 2);
	cache_fence(c, 0);
	EXPECT(durable(64) == 0);
	EXPECT(durable(72) == 2);
	EXPECT(version(72, 0) == 2);
	EXPECT(version(64, 1) == 1);
	cache_write_back(c, 0, 64);
	cache_fence(c, 0);
	EXPECT(durable(64) == 1);
	EXPECT(cache_lines(c) == 0);
}

static void older_non_temporal_is_not_put_over_newer(void)
{
	put_nt(0, 64, 1);
	put_nt(1, 64, 2);
	cache_fence(c, 1);
	EXPECT(durable(64) == 2);
	cache_fence(c, 0);
	EXPECT(durable(64) == 2);
}

static void versions_are_prefixes(void)
{
	put(0, 64, 1);
	put(0, 72, 2);
	put(0, 64, 3);
	EXPECT(version(64, 0) == 0 && version(72, 0) == 0);
	EXPECT(version(64, 1) == 1 && version(72, 1) == 0);
	EXPECT(version(64, 2) == 1 && version(72, 2) == 2);
	EXPECT(version(64, 3) == 3 && version(72, 3) == 2);
	EXPECT(cache_find(c, 64)->count == 3);
}

static void any_alignment(void)
{
	uint8_t bytes[100], line[LINE];
	unsigned int i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i + 1;
	cache_store(c, 0, 61, bytes, sizeof(bytes), false, 0);
	EXPECT(cache_lines(c) == 3);
	for (i = 61; i < 61 + sizeof(bytes); i++) {
		cache_read(c, i / LINE, line);
		EXPECT(line[i % LINE] == bytes[i - 61]);
	}
	cache_read(c, 0, line);
	EXPECT(line[60] == 0);
	/* The three bytes before the line's end are one word's. */
	EXPECT(cache_find(c, 0)->count == 1);
	cache_write_back(c, 0, 0);
	cache_write_back(c, 0, 64);
	cache_write_back(c, 0, 128);
	cache_fence(c, 0);
	EXPECT(!memcmp(medium + 61, bytes, sizeof(bytes)));
	EXPECT(medium[60] == 0 && medium[161] == 0);
}

static void eviction_and_flush_all(void)
{
	put(0, 64, 1);
	put(0, 128, 2);
	put_nt(0, 192, 3);
	cache_evict(c, 1);
	cache_evict(c, 5);
	EXPECT(durable(64) == 1 && durable(128) == 0);
	cache_flush_all(c);
	EXPECT(durable(128) == 2 && durable(192) == 3);
	EXPECT(cache_lines(c) == 0);
	/* What was pending then is over. */
	put(0, 192, 4);
	cache_fence(c, 0);
	EXPECT(durable(192) == 3);
}

static void many_versions(void)
{
	unsigned int i;

	put_nt(0, 64, 77);
	for (i = 1; i <= 10000; i++)
		put(1, 64 + i % 2 * 8, i);
	EXPECT(cache_find(c, 64)->count <= 2 * VERSIONS_KEPT);
	EXPECT(seen(64) == 10000 && seen(72) == 9999);
	EXPECT(version(64, 0) == 0);
	cache_fence(c, 0);
	EXPECT(durable(64) == 77);
}

struct list {
	unsigned int count;
	uint64_t offset[16];
	uint64_t first[16];
};

static void list_line(void *arg, uint64_t offset, const uint8_t data[LINE])
{
	struct list *l = arg;

	l->offset[l->count] = offset;
	l->first[l->count++] = word(data, 0);
}

static struct list kept(const char *text)
{
	struct list l = { 0 };
	struct choice choice;

	EXPECT(choice_parse(&choice, text));
	survivor_lines(c, &choice, list_line, &l);
	return l;
}

static void choices(void)
{
	struct choice choice;
	struct list l;
	size_t i;

	put(0, 192, 3);
	put(0, 64, 1);
	put(0, 128, 2);
	EXPECT(kept("none").count == 0);
	l = kept("all");
	EXPECT(l.count == 3 && l.offset[0] == 64 && l.offset[2] == 192);
	l = kept("m:5");
	EXPECT(l.count == 2 && l.first[0] == 1 && l.first[1] == 3);
	for (i = 0; choice_of(c, i, 10, 1, &choice); i++)
		;
	EXPECT(i == 8);
	EXPECT(!choice_parse(&choice, "m:") && !choice_parse(&choice, "s:1x") &&
	       !choice_parse(&choice, "some"));
	/* A line with something in between, so there is more to choose. */
	put(0, 64, 4);
	for (i = 0; choice_of(c, i, 10, 1, &choice); i++)
		;
	EXPECT(i == 18);
	for (i = 4; i < 9; i++)
		put(0, i * 64, i);
	for (i = 0; choice_of(c, i, 10, 1, &choice); i++)
		;
	EXPECT(i == 12);
}

/* Seeds reach every version of a line. */
static void seeds(void)
{
	unsigned int i, found[4] = { 0 };
	char text[16];
	struct list l;

	put(0, 64, 1);
	put(0, 64, 2);
	put(0, 64, 3);
	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "s:%u", i);
		l = kept(text);
		EXPECT(l.count <= 1 && l.first[0] <= 3);
		found[l.first[0] & 3]++;
	}
	EXPECT(found[0] > 20 && found[1] > 10 && found[2] > 10 && found[3] > 20);
}

static const struct test {
	const char *name;
	void (*run)(void);
} tests[] = {
	{ "stores alone lose", stores_alone_lose },
	{ "write-back and fence", write_back_and_fence },
	{ "a write-back takes what is there", write_back_takes_what_is_there },
	{ "a fence is of its CPU", fence_is_of_its_cpu },
	{ "a non-temporal store waits for its fence",
	  non_temporal_waits_for_its_fence },
	{ "a non-temporal store covers what was there",
	  non_temporal_covers_what_was_there },
	{ "a non-temporal store takes nobody along",
	  non_temporal_takes_nobody_along },
	{ "an older non-temporal store is not put over a newer",
	  older_non_temporal_is_not_put_over_newer },
	{ "versions are prefixes", versions_are_prefixes },
	{ "any alignment", any_alignment },
	{ "eviction and flush of all", eviction_and_flush_all },
	{ "many versions", many_versions },
	{ "choices", choices },
	{ "seeds", seeds },
};

int main(void)
{
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		memset(medium, 0, sizeof(medium));
		c = cache_new(medium, SIZE);
		ok = true;
		tests[i].run();
		cache_free(c);
		if (!ok)
			printf("FAIL cache: %s\n", tests[i].name);
		ok ? passed++ : failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
