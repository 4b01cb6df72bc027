// SPDX-License-Identifier: BSD-3-Clause
#include "lint.h"

void lint_commit(struct lint *l, const struct cache *c, const struct record *r)
{
	l->commits[l->next] = (struct commit){
		.offset = r->offset,
		.length = r->value,
		.stores = cache_stores(c),
	};
	l->next = (l->next + 1) % COMMITS_MAX;
}

/* Commits of one range end in the order in which they began, or nearly so. */
static uint64_t promised(struct lint *l, const struct record *r)
{
	unsigned int i;

	for (i = 0; i < COMMITS_MAX; i++) {
		struct commit *c = &l->commits[(l->next + i) % COMMITS_MAX];

		if (c->length && c->offset == r->offset &&
		    c->length == r->value) {
			c->length = 0;
			return c->stores;
		}
	}
	return UINT64_MAX;
}

static const struct store *first_missing(const struct line *line,
					 uint64_t stores, bool pending)
{
	size_t i;

	for (i = 0; i < line->count; i++) {
		const struct store *s = &line->stores[i];

		if (s->number <= stores && !s->durable && s->pending == pending)
			return s;
	}
	return NULL;
}

static void check_line(struct lint *l, const struct line *line,
		       uint64_t stores, const struct record *r)
{
	const struct store *dirty = first_missing(line, stores, false);
	const struct store *s = dirty ?: first_missing(line, stores, true);

	if (!s)
		return;
	if (dirty)
		l->dirty++;
	else
		l->pending++;
	if (l->complaints)
		fprintf(l->complaints,
			"lint: operation %llu: acknowledged at ...%08x, but line 0x%llx is %s; stored to at ...%08x\n",
			(unsigned long long)l->operation, r->pc,
			(unsigned long long)line->number * LINE,
			dirty ? "dirty" : "written back and not fenced",
			(uint32_t)s->pc);
}

void lint_durable(struct lint *l, const struct cache *c, const struct record *r)
{
	uint64_t stores = promised(l, r), end = r->offset + r->value;
	uint64_t at = r->offset / LINE * LINE;
	const struct line *line;
	size_t i;

	/* The shorter way: through the range, or through the lines that lack. */
	if ((end - at) / LINE > cache_lines(c)) {
		for (i = 0; i < cache_lines(c); i++) {
			line = cache_line(c, i);
			if (line->number >= at / LINE &&
			    line->number * LINE < end)
				check_line(l, line, stores, r);
		}
		return;
	}
	for (; at < end; at += LINE) {
		line = cache_find(c, at);
		if (line)
			check_line(l, line, stores, r);
	}
}

void lint_all_durable(struct lint *l, const struct cache *c,
		      const struct record *r)
{
	size_t i;

	for (i = 0; i < cache_lines(c); i++)
		check_line(l, cache_line(c, i), UINT64_MAX, r);
}
