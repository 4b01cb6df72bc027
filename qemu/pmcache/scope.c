// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scope.h"

struct scope scope = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* --- the end --- */

static void keep_line(void *arg, uint64_t offset, const uint8_t data[LINE])
{
	(void)arg;
	memcpy(scope.survivor.bytes + offset, data, LINE);
}

/* All that the CPUs see has come by here, but for what devices wrote. */
static uint64_t audit(uint64_t *first)
{
	uint8_t line[LINE];
	uint64_t at, different = 0;

	for (at = 0; at < scope.seen.size; at += LINE) {
		cache_read(scope.replay.cache, at / LINE, line);
		if (memcmp(line, scope.seen.bytes + at, LINE) && !different++)
			*first = at;
	}
	return different;
}

/* For who reads them after a kill. */
static void counts_show(void)
{
	if (!scope.totals)
		return;
	scope.totals->counts = scope.replay.counts;
	scope.totals->dirty = scope.replay.lint.dirty;
	scope.totals->pending = scope.replay.lint.pending;
}

void scope_end(const char *why)
{
	FILE *f = scope.replay.lint.complaints;
	uint64_t lines, first = 0;

	lines = audit(&first);
	fprintf(f, "end: %s\n", why);
	fprintf(f, "points %llu undurable-lines %zu unseen-bytes %llu unexplained-lines %llu translations-checked %llu walks %llu\n",
		(unsigned long long)scope.points,
		cache_lines(scope.replay.cache),
		(unsigned long long)scope.unseen, (unsigned long long)lines,
		(unsigned long long)scope.as.checks,
		(unsigned long long)scope.as.walks);
	if (lines)
		fprintf(f, "unexplained: the first line is 0x%llx: what wrote there was no instruction that QEMU told of\n",
			(unsigned long long)first);
	fprintf(f, "lint: %llu acknowledged, %llu lines dirty, %llu written back and not fenced\n",
		(unsigned long long)scope.replay.counts.acknowledged,
		(unsigned long long)scope.replay.lint.dirty,
		(unsigned long long)scope.replay.lint.pending);
	counts_print(&scope.replay.counts, f);
	fflush(f);
	counts_show();
	trace_close(&scope.trace);
	scope.over = true;
}

static void __attribute__((noreturn)) power_cut(const char *why)
{
	scope_end(why);
	survivor_lines(scope.replay.cache, &scope.options.keep, keep_line, NULL);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* --- events, under the lock --- */

static void crash_if(enum crash_at at, uint64_t number, const char *why)
{
	if (scope.options.crash_at == at && scope.options.crash_number == number)
		power_cut(why);
}

static void event(const struct record *r)
{
	enum point point = replay_point(&scope.replay, r);

	if (point == POINT_BEFORE)
		crash_if(CRASH_POINT, ++scope.points, "crash before a fence");
	if (replay_fence_counts(&scope.replay, r))
		crash_if(CRASH_FENCE, ++scope.fences, "crash at a fence");
	if (scope.options.trace)
		trace_append(&scope.trace, r);
	replay_apply(&scope.replay, r);
	if (r->type == RECORD_MARKER)
		counts_show();
	if (point == POINT_AFTER)
		crash_if(CRASH_POINT, ++scope.points,
			 "crash at an acknowledgement");
}

/* xorshift64 */
static uint64_t random_number(void)
{
	uint64_t x = scope.random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return scope.random = x;
}

static void evict_some(unsigned int cpu)
{
	struct cache *c = scope.replay.cache;
	size_t lines = cache_lines(c);

	if (!scope.options.evict || !lines ||
	    random_number() % scope.options.evict)
		return;
	event(&(struct record){
		.type = RECORD_EVICT,
		.cpu = cpu,
		.offset = cache_line(c, random_number() % lines)->number * LINE,
	});
}

/* Bytes of one aligned word, as they are in memory now */
static void store_word(unsigned int cpu, uint64_t offset, size_t length,
		       bool non_temporal, uint64_t pc)
{
	struct record r = {
		.type = non_temporal ? RECORD_NT_STORE : RECORD_STORE,
		.cpu = cpu,
		.length = length,
		.pc = pc,
		.offset = offset,
	};
	uint8_t line[LINE];

	memcpy(&r.value, scope.seen.bytes + offset, length);
	if (scope.concurrent) {
		cache_read(scope.replay.cache, offset / LINE, line);
		if (!memcmp(line + offset % LINE, &r.value, length))
			return;
	}
	event(&r);
	crash_if(CRASH_STORE, scope.replay.counts.stores +
		 scope.replay.counts.nt_stores, "crash at a store");
	evict_some(cpu);
}

void scope_store(unsigned int cpu, uint64_t physical, size_t length,
		 bool non_temporal, uint64_t pc)
{
	uint64_t offset = physical - scope.options.address;
	size_t part;

	for (; length; offset += part, length -= part) {
		part = WORD - offset % WORD;
		if (part > length)
			part = length;
		if (offset < scope.seen.size)
			store_word(cpu, offset, part, non_temporal, pc);
	}
}

/* What is in memory and did not come by, is stored now. */
static void catch_up(unsigned int cpu, uint64_t offset, uint64_t pc)
{
	uint8_t line[LINE];
	unsigned int i;

	cache_read(scope.replay.cache, offset / LINE, line);
	if (!memcmp(line, scope.seen.bytes + offset, LINE))
		return;
	for (i = 0; i < LINE; i++) {
		if (line[i] == scope.seen.bytes[offset + i])
			continue;
		scope.unseen++;
		store_word(cpu, offset + i, 1, false, pc);
	}
}

void scope_write_back(unsigned int cpu, uint64_t physical, uint64_t pc)
{
	uint64_t offset = (physical - scope.options.address) &
		~(uint64_t)(LINE - 1);

	catch_up(cpu, offset, pc);
	event(&(struct record){ .type = RECORD_WRITE_BACK, .cpu = cpu,
				.pc = pc, .offset = offset });
}

void scope_event(unsigned int cpu, enum record_type type, uint64_t pc)
{
	event(&(struct record){ .type = type, .cpu = cpu, .pc = pc });
}

void scope_mark(unsigned int cpu, uint8_t marker, uint64_t offset,
		uint64_t value, uint64_t pc)
{
	event(&(struct record){
		.type = RECORD_MARKER,
		.cpu = cpu,
		.marker = marker,
		.pc = pc,
		.offset = offset,
		.value = value,
	});
	crash_if(CRASH_MARKER, scope.replay.counts.markers,
		 "crash at a marker");
}

/* --- the beginning --- */

/* Power is back: the medium has what survived, if it was cut before. */
static void open_files(const struct options *o)
{
	if (!access(o->survivor, F_OK))
		medium_copy(o->survivor, o->nvdimm);
	else
		medium_copy(o->nvdimm, o->survivor);
	medium_map(&scope.seen, o->nvdimm, false);
	medium_map(&scope.survivor, o->survivor, true);
	if (scope.seen.size != scope.survivor.size)
		errx(1, "pmcache: %s and %s differ in size; remove the latter",
		     o->nvdimm, o->survivor);
	if (!o->trace)
		return;
	trace_create(&scope.trace, o->trace, scope.seen.size, o->address);
}

static void trace_base(const struct options *o)
{
	char *path;

	if (!o->trace)
		return;
	if (asprintf(&path, "%s.base", o->trace) < 0)
		err(1, "pmcache");
	medium_copy(o->survivor, path);
	free(path);
}

static void open_counts(const struct options *o)
{
	struct medium m;

	if (!o->counts)
		return;
	medium_create(o->counts, TOTALS_SIZE);
	medium_map(&m, o->counts, true);
	scope.totals = (struct totals *)m.bytes;
}

static FILE *open_report(const struct options *o)
{
	FILE *f;

	if (!o->report)
		return stderr;
	f = fopen(o->report, "we");
	if (!f)
		err(1, "pmcache: %s", o->report);
	setvbuf(f, NULL, _IOLBF, 0);
	return f;
}

void scope_open(bool concurrent)
{
	const struct options *o = &scope.options;

	open_files(o);
	trace_base(o);
	open_counts(o);
	scope.concurrent = concurrent;
	scope.random = o->seed * 2 + 1;
	scope.as.directmap = o->directmap;
	scope.replay = (struct replay){
		.cache = cache_new(scope.survivor.bytes, scope.survivor.size),
		.mode = o->mode,
		.lint.complaints = open_report(o),
	};
}
