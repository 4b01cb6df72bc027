// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"

/* Stores up to a number of one line, or one non-temporal store */
struct pending {
	uint64_t line;
	uint64_t number;
	bool single;
};

struct pending_list {
	struct pending *v;
	size_t count;
	size_t room;
};

struct cache {
	uint8_t *medium;
	uint64_t size;
	uint64_t stores;
	struct line **lines;	/* by number */
	struct line **list;
	size_t listed;
	size_t room;
	struct pending_list pending[CPUS_MAX];
};

static void *grow(void *v, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return v;
	*room = *room ? 2 * *room : 8;
	v = reallocarray(v, *room, size);
	if (!v)
		err(1, "cache");
	return v;
}

struct cache *cache_new(uint8_t *medium, uint64_t size)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		err(1, "cache");
	c->lines = calloc(size / LINE + 1, sizeof(*c->lines));
	if (!c->lines)
		err(1, "cache");
	c->medium = medium;
	c->size = size;
	return c;
}

static void line_drop(struct cache *c, struct line *line)
{
	struct line *last = c->list[--c->listed];

	c->list[line->place] = last;
	last->place = line->place;
	c->lines[line->number] = NULL;
	free(line->stores);
	free(line);
}

void cache_free(struct cache *c)
{
	unsigned int i;

	while (c->listed)
		line_drop(c, c->list[0]);
	for (i = 0; i < CPUS_MAX; i++)
		free(c->pending[i].v);
	free(c->list);
	free(c->lines);
	free(c);
}

static struct line *line_get(struct cache *c, uint64_t number)
{
	struct line *line = c->lines[number];

	if (line)
		return line;
	line = calloc(1, sizeof(*line));
	if (!line)
		err(1, "cache");
	line->number = number;
	line->place = c->listed;
	c->list = grow(c->list, &c->room, c->listed, sizeof(*c->list));
	c->list[c->listed++] = line;
	c->lines[number] = line;
	return line;
}

static void store_apply(const struct store *s, uint8_t data[LINE])
{
	uint8_t *to = data + s->word * WORD;
	unsigned int i;

	if (s->mask == 0xff) {
		memcpy(to, &s->value, WORD);
		return;
	}
	for (i = 0; i < WORD; i++)
		if (s->mask & (1 << i))
			to[i] = s->value >> (8 * i);
}

void line_version(const struct cache *c, const struct line *line,
		  size_t version, uint8_t data[LINE])
{
	size_t i;

	memcpy(data, c->medium + line->number * LINE, LINE);
	for (i = 0; i < line->count; i++)
		if (i < version || line->stores[i].durable)
			store_apply(&line->stores[i], data);
}

void cache_read(const struct cache *c, uint64_t number, uint8_t data[LINE])
{
	const struct line *line = c->lines[number];

	if (line)
		line_version(c, line, line->count, data);
	else
		memcpy(data, c->medium + number * LINE, LINE);
}

/* A reader of the medium, after a kill, finds each word as before or as after. */
static void medium_write(struct cache *c, uint64_t number,
			 const uint8_t data[LINE])
{
	uint64_t *to = (uint64_t *)(c->medium + number * LINE), word;
	unsigned int i;

	for (i = 0; i < LINE / WORD; i++) {
		memcpy(&word, data + i * WORD, WORD);
		if (__atomic_load_n(&to[i], __ATOMIC_RELAXED) != word)
			__atomic_store_n(&to[i], word, __ATOMIC_RELEASE);
	}
}

/* A store whose bytes were all stored again since, durably, is in no version. */
static void line_forget_covered(struct line *line)
{
	uint8_t covered[LINE / WORD] = { 0 };
	size_t i, kept = line->count;

	for (i = line->count; i-- > 0;) {
		const struct store *s = &line->stores[i];

		if (s->durable)
			covered[s->word] |= s->mask;
		else if (!(s->mask & ~covered[s->word]))
			continue;
		line->stores[--kept] = *s;
	}
	memmove(line->stores, line->stores + kept,
		(line->count - kept) * sizeof(*line->stores));
	line->count -= kept;
}

/* What is durable goes to the medium, and the oldest of it is forgotten. */
static void line_settle(struct cache *c, struct line *line)
{
	uint8_t data[LINE];
	size_t first = 0;

	line_forget_covered(line);
	line_version(c, line, 0, data);
	medium_write(c, line->number, data);
	while (first < line->count && line->stores[first].durable)
		first++;
	if (first == line->count) {
		line_drop(c, line);
		return;
	}
	memmove(line->stores, line->stores + first,
		(line->count - first) * sizeof(*line->stores));
	line->count -= first;
}

/*
 * A line that is never written back: forget the older half of the versions that
 * a later store covers. The first and the last states remain possible.
 */
static void line_thin(struct line *line)
{
	uint8_t covered[LINE / WORD] = { 0 };
	size_t i, kept = line->count;

	for (i = line->count; i-- > 0;) {
		const struct store *s = &line->stores[i];
		bool hidden = !(s->mask & ~covered[s->word]);

		covered[s->word] |= s->mask;
		if (hidden && i < line->count / 2 && !s->durable && !s->pending)
			continue;
		line->stores[--kept] = *s;
	}
	memmove(line->stores, line->stores + kept,
		(line->count - kept) * sizeof(*line->stores));
	line->count -= kept;
}

static void pending_add(struct cache *c, unsigned int cpu, uint64_t line,
			uint64_t number, bool single)
{
	struct pending_list *p = &c->pending[cpu];

	p->v = grow(p->v, &p->room, p->count, sizeof(*p->v));
	p->v[p->count++] = (struct pending){ line, number, single };
}

static void store_word(struct cache *c, unsigned int cpu, uint64_t offset,
		       const uint8_t *data, size_t length, bool non_temporal,
		       uint64_t pc)
{
	struct line *line = line_get(c, offset / LINE);
	unsigned int first = offset % WORD;
	struct store *s;

	if (line->count >= 2 * VERSIONS_KEPT)
		line_thin(line);
	line->stores = grow(line->stores, &line->room, line->count,
			    sizeof(*line->stores));
	s = &line->stores[line->count++];
	*s = (struct store){
		.number = ++c->stores,
		.pc = pc,
		.word = offset % LINE / WORD,
		.mask = ((1u << length) - 1) << first,
		.pending = non_temporal,
	};
	memcpy((uint8_t *)&s->value + first, data, length);
	if (non_temporal)
		pending_add(c, cpu, line->number, s->number, true);
}

void cache_store(struct cache *c, unsigned int cpu, uint64_t offset,
		 const void *data, size_t length, bool non_temporal,
		 uint64_t pc)
{
	const uint8_t *from = data;
	size_t part;

	for (; length; offset += part, from += part, length -= part) {
		part = WORD - offset % WORD;
		if (part > length)
			part = length;
		store_word(c, cpu, offset, from, part, non_temporal, pc);
	}
}

void cache_write_back(struct cache *c, unsigned int cpu, uint64_t offset)
{
	struct line *line = c->lines[offset / LINE];
	size_t i;

	if (!line)
		return;
	for (i = 0; i < line->count; i++)
		line->stores[i].pending = true;
	pending_add(c, cpu, line->number, line->stores[line->count - 1].number,
		    false);
}

bool cache_has_pending(const struct cache *c, unsigned int cpu)
{
	return c->pending[cpu].count;
}

static void pending_settle(struct cache *c, const struct pending *p)
{
	struct line *line = c->lines[p->line];
	bool any = false;
	size_t i;

	for (i = 0; line && i < line->count; i++) {
		struct store *s = &line->stores[i];

		if (p->single ? s->number == p->number : s->number <= p->number)
			any = s->durable = true;
	}
	if (any)
		line_settle(c, line);
}

bool cache_fence(struct cache *c, unsigned int cpu)
{
	struct pending_list *p = &c->pending[cpu];
	bool any = p->count;
	size_t i;

	for (i = 0; i < p->count; i++)
		pending_settle(c, &p->v[i]);
	p->count = 0;
	return any;
}

void cache_evict(struct cache *c, uint64_t number)
{
	struct line *line = c->lines[number];
	size_t i;

	if (!line)
		return;
	for (i = 0; i < line->count; i++)
		line->stores[i].durable = true;
	line_settle(c, line);
}

void cache_flush_all(struct cache *c)
{
	while (c->listed)
		cache_evict(c, c->list[0]->number);
}

uint64_t cache_stores(const struct cache *c)
{
	return c->stores;
}

size_t cache_lines(const struct cache *c)
{
	return c->listed;
}

const struct line *cache_line(const struct cache *c, size_t i)
{
	return c->list[i];
}

const struct line *cache_find(const struct cache *c, uint64_t offset)
{
	return c->lines[offset / LINE];
}

bool line_is_pending(const struct line *line)
{
	size_t i;

	for (i = 0; i < line->count; i++)
		if (!line->stores[i].pending && !line->stores[i].durable)
			return false;
	return true;
}
