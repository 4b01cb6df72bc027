// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pspace_replay.h"

#define VERSIONS 40
#define PARTS 16

struct word {
	uint32_t first;		/* number of the version that is durable */
	uint32_t n;
	uint64_t value[VERSIONS];
};

struct flushed {
	uint32_t part, version;
	uint64_t word;
};

struct replay {
	struct model_event *event;
	size_t n, at;
	int nparts;
	struct word *word[PARTS];
	size_t size[PARTS];
	struct flushed *flushed[PARTS];		/* by PE: not drained yet */
	size_t nflushed[PARTS], room[PARTS];
};

/* xorshift64* */
uint64_t replay_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static void *load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	void *data;

	if (!f || fstat(fileno(f), &st))
		err(1, "%s", path);
	data = malloc(st.st_size + 1);
	if (!data || fread(data, 1, st.st_size, f) != (size_t)st.st_size)
		err(1, "%s", path);
	fclose(f);
	*len = st.st_size;
	return data;
}

struct replay *replay_open(const char *log, int nparts)
{
	struct replay *r = calloc(1, sizeof(*r));
	size_t len, i;
	int part;

	if (!r)
		err(1, "replay");
	r->event = load(log, &len);
	r->n = len / sizeof(*r->event);
	r->nparts = nparts;
	for (part = 0; part < nparts; part++) {
		char path[4096];
		uint64_t *base;

		snprintf(path, sizeof(path), "%s.base.%d", log, part);
		base = load(path, &r->size[part]);
		r->word[part] = calloc(r->size[part] / 8, sizeof(struct word));
		if (!r->word[part])
			err(1, "replay");
		for (i = 0; i < r->size[part] / 8; i++) {
			r->word[part][i].n = 1;
			r->word[part][i].value[0] = base[i];
		}
		free(base);
	}
	return r;
}

size_t replay_events(const struct replay *r)
{
	return r->n;
}

size_t replay_size(const struct replay *r, int part)
{
	return r->size[part];
}

static void store(struct word *w, uint64_t value)
{
	if (w->n == VERSIONS)
		errx(1, "a word has more versions than the replay can keep");
	w->value[w->n++] = value;
}

/* What the lines have now is on its way. */
static void flush(struct replay *r, const struct model_event *e)
{
	uint64_t i = e->at / 64 * 8, last = (e->at + e->value + 63) / 64 * 8;

	for (; i < last && i < r->size[e->part] / 8; i++) {
		struct word *w = &r->word[e->part][i];

		if (w->n == 1)
			continue;
		if (r->nflushed[e->pe] == r->room[e->pe]) {
			r->room[e->pe] = r->room[e->pe] * 2 + 1024;
			r->flushed[e->pe] = realloc(r->flushed[e->pe],
						    r->room[e->pe] * sizeof(struct flushed));
			if (!r->flushed[e->pe])
				err(1, "replay");
		}
		r->flushed[e->pe][r->nflushed[e->pe]++] =
			(struct flushed){ e->part, w->first + w->n - 1, i };
	}
}

static void drain(struct replay *r, int pe)
{
	size_t i;

	for (i = 0; i < r->nflushed[pe]; i++) {
		struct flushed *f = &r->flushed[pe][i];
		struct word *w = &r->word[f->part][f->word];
		uint32_t gone = f->version - w->first;

		/* Another PE may have drained a later one. */
		if ((int32_t)gone <= 0)
			continue;
		w->first += gone;
		w->n -= gone;
		memmove(w->value, w->value + gone, w->n * sizeof(w->value[0]));
	}
	r->nflushed[pe] = 0;
}

const struct model_event *replay_next(struct replay *r)
{
	const struct model_event *e;

	if (r->at == r->n)
		return NULL;
	e = &r->event[r->at++];
	switch (e->kind) {
	case MODEL_STORE:
		store(&r->word[e->part][e->at], e->value);
		break;
	case MODEL_FLUSH:
		flush(r, e);
		break;
	case MODEL_DRAIN:
		drain(r, e->pe);
		break;
	}
	return e;
}

void replay_image(const struct replay *r, int part, void *image, enum choice how,
		  uint64_t *seed)
{
	uint64_t *to = image, line = 0;
	size_t i;

	for (i = 0; i < r->size[part] / 8; i++) {
		const struct word *w = &r->word[part][i];
		uint32_t version = 0;

		if (i % 8 == 0 && how == CHOOSE_LINES)
			line = replay_random(seed) >> 63;
		if (w->n > 1)
			version = how == CHOOSE_OLDEST ? 0 : how == CHOOSE_NEWEST ? w->n - 1 :
				how == CHOOSE_WORDS ? replay_random(seed) % w->n :
				line ? w->n - 1 : 0;
		to[i] = w->value[version];
	}
}
