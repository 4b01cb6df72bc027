// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "explore.h"
#include "kfi_marker.h"

/* Written to, without the file being changed */
static void map_privately(struct medium *m, const char *path)
{
	int fd;

	medium_map(m, path, false);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || mmap(m->bytes, m->size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
}

void explore_open(struct explore *x, const char *path, enum fence_mode mode)
{
	char *base;

	memset(x, 0, sizeof(*x));
	trace_open(&x->trace, path);
	if (asprintf(&base, "%s.base", path) < 0)
		err(1, "%s", path);
	map_privately(&x->medium, base);
	if (x->medium.size != x->trace.header->nvdimm_size)
		errx(1, "%s has %llu bytes, the trace is of %llu", base,
		     (unsigned long long)x->medium.size,
		     (unsigned long long)x->trace.header->nvdimm_size);
	free(base);
	x->replay.cache = cache_new(x->medium.bytes, x->medium.size);
	x->replay.mode = mode;
}

void explore_close(struct explore *x)
{
	cache_free(x->replay.cache);
	medium_unmap(&x->medium);
	trace_close(&x->trace);
	free(x->undo);
}

/* A trace is a file like any other: it may be damaged. */
static bool is_sane(const struct record *r, uint64_t size)
{
	if (r->cpu >= CPUS_MAX)
		return false;
	switch (r->type) {
	case RECORD_STORE:
	case RECORD_NT_STORE:
		return r->offset < size && r->length &&
			r->offset % WORD + r->length <= WORD;
	case RECORD_WRITE_BACK:
	case RECORD_EVICT:
		return r->offset < size;
	case RECORD_MARKER:
		if (r->marker != KFI_MARKER_DURABLE &&
		    r->marker != KFI_MARKER_COMMIT)
			return true;
		return r->offset < size && r->value <= size - r->offset;
	case RECORD_FENCE:
	case RECORD_LOCKED:
	case RECORD_FLUSH_ALL:
		return true;
	}
	return false;
}

static void check(const struct explore *x, const struct record *r)
{
	if (!is_sane(r, x->medium.size))
		errx(1, "the trace is damaged: record %llu",
		     (unsigned long long)x->next);
}

static void apply(struct explore *x)
{
	const struct record *r = &x->trace.records[x->next++];

	replay_apply(&x->replay, r);
	if (x->applied)
		x->applied(x->arg, r);
}

bool explore_next(struct explore *x)
{
	explore_undo(x);
	if (x->ended)
		return false;
	if (x->before)
		apply(x);
	x->before = false;
	while (x->next < x->trace.count) {
		const struct record *r = &x->trace.records[x->next];
		enum point point;

		check(x, r);
		point = replay_point(&x->replay, r);
		x->before = point == POINT_BEFORE;
		if (!x->before)
			apply(x);
		if (point != POINT_NONE) {
			x->point++;
			return true;
		}
	}
	x->ended = true;
	x->point++;
	return true;
}

static void put_line(void *arg, uint64_t offset, const uint8_t data[LINE])
{
	struct explore *x = arg;
	struct undo *u;

	if (x->undos == x->room) {
		x->room = x->room ? 2 * x->room : 64;
		x->undo = reallocarray(x->undo, x->room, sizeof(*x->undo));
		if (!x->undo)
			err(1, "explore");
	}
	u = &x->undo[x->undos++];
	u->offset = offset;
	memcpy(u->data, x->medium.bytes + offset, LINE);
	memcpy(x->medium.bytes + offset, data, LINE);
}

void explore_image(struct explore *x, const struct choice *choice)
{
	explore_undo(x);
	survivor_lines(x->replay.cache, choice, put_line, x);
}

void explore_undo(struct explore *x)
{
	while (x->undos) {
		struct undo *u = &x->undo[--x->undos];

		memcpy(x->medium.bytes + u->offset, u->data, LINE);
	}
}
