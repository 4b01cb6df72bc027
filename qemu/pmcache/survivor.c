// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "survivor.h"

bool choice_parse(struct choice *choice, const char *text)
{
	char *end;

	*choice = (struct choice){ .kind = CHOICE_NONE };
	if (!strcmp(text, "none"))
		return true;
	choice->kind = CHOICE_ALL;
	if (!strcmp(text, "all"))
		return true;
	if (strncmp(text, "m:", 2) && strncmp(text, "s:", 2))
		return false;
	choice->kind = *text == 'm' ? CHOICE_MASK : CHOICE_SEED;
	choice->value = strtoull(text + 2, &end, *text == 'm' ? 16 : 10);
	return text[2] && !*end;
}

void choice_text(const struct choice *choice, char *text, size_t size)
{
	switch (choice->kind) {
	case CHOICE_NONE:
		snprintf(text, size, "none");
		break;
	case CHOICE_ALL:
		snprintf(text, size, "all");
		break;
	case CHOICE_MASK:
		snprintf(text, size, "m:%llx", (unsigned long long)choice->value);
		break;
	case CHOICE_SEED:
		snprintf(text, size, "s:%llu", (unsigned long long)choice->value);
		break;
	}
}

static bool has_versions_between(const struct cache *c)
{
	size_t i;

	for (i = 0; i < cache_lines(c); i++)
		if (cache_line(c, i)->count > 1)
			return true;
	return false;
}

bool choice_of(const struct cache *c, size_t i, size_t samples, uint64_t seed,
	       struct choice *choice)
{
	size_t lines = cache_lines(c);
	bool few = lines <= CHOICE_LINES_ALL;
	size_t whole = few ? (size_t)1 << lines : 2;

	if (i < whole) {
		choice->kind = few ? CHOICE_MASK : CHOICE_NONE;
		choice->value = i;
		if (i == 0)
			choice->kind = CHOICE_NONE;
		else if (i == whole - 1)
			choice->kind = CHOICE_ALL;
		return true;
	}
	if ((few && !has_versions_between(c)) || i - whole >= samples)
		return false;
	choice->kind = CHOICE_SEED;
	choice->value = seed + (i - whole);
	return true;
}

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* A line gets the same for the same seed, whatever other lines there are. */
static size_t seeded_version(uint64_t seed, const struct line *line)
{
	uint64_t random = mix(mix(seed) ^ line->number);

	switch (random & 3) {
	case 0:
		return 0;
	case 1:
		return line->count;
	}
	return (random >> 2) % (line->count + 1);
}

static size_t version_of(const struct choice *choice, const struct line *line,
			 size_t rank)
{
	switch (choice->kind) {
	case CHOICE_NONE:
		break;
	case CHOICE_ALL:
		return line->count;
	case CHOICE_MASK:
		return rank < 64 && (choice->value >> rank & 1) ? line->count : 0;
	case CHOICE_SEED:
		return seeded_version(choice->value, line);
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct line *x = *(const struct line *const *)a;
	const struct line *y = *(const struct line *const *)b;

	return (x->number > y->number) - (x->number < y->number);
}

void survivor_lines(const struct cache *c, const struct choice *choice,
		    survivor_line_fn fn, void *arg)
{
	size_t i, version, count = cache_lines(c);
	const struct line **sorted;
	uint8_t data[LINE];

	if (choice->kind == CHOICE_NONE || !count)
		return;
	sorted = malloc(count * sizeof(*sorted));
	if (!sorted)
		err(1, "survivor");
	for (i = 0; i < count; i++)
		sorted[i] = cache_line(c, i);
	qsort(sorted, count, sizeof(*sorted), by_number);
	for (i = 0; i < count; i++) {
		version = version_of(choice, sorted[i], i);
		if (!version)
			continue;
		line_version(c, sorted[i], version, data);
		fn(arg, sorted[i]->number * LINE, data);
	}
	free(sorted);
}
