// SPDX-License-Identifier: BSD-3-Clause
/*
 * The microscope: what a guest does to an NVDIMM, as TCG runs it, goes through a
 * model of the volatile cache, and what the model says to be durable goes to
 * another file. This file is where QEMU calls in; replay.c has what it means.
 *
 * QEMU calls for an instruction before it is carried out, and for a store after
 * it. With several virtual CPUs at a time another one may then write back and
 * fence a line before the callback of the store to it has run. So a write-back
 * takes the line as it is in memory, whatever stores are known; and a store that
 * changes nothing any more by the time its callback runs is none.
 */
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "medium.h"
#include "options.h"
#include "qemu_plugin.h"

#define PAGE 4096

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
				      const qemu_info_t *info, int argc,
				      char **argv);

static struct {
	pthread_mutex_t lock;
	struct options options;
	struct address_space as;
	struct medium seen;		/* what the CPUs see */
	struct medium survivor;
	struct replay replay;
	struct trace trace;
	struct totals *totals;
	bool concurrent;
	uint64_t random;
	uint64_t points;
	uint64_t fences;		/* that made something durable */
	uint64_t unseen;		/* bytes that came without a callback */
	bool over;
} scope = { .lock = PTHREAD_MUTEX_INITIALIZER };

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

static void report(const char *why)
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
	report(why);
	survivor_lines(scope.replay.cache, &scope.options.keep, keep_line, NULL);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	/* A vCPU that ended QEMU itself may have the lock. */
	if (pthread_mutex_trylock(&scope.lock))
		return;
	if (!scope.over)
		report("QEMU ended");
	pthread_mutex_unlock(&scope.lock);
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

static void store(unsigned int cpu, uint64_t physical, size_t length,
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

/* --- callbacks --- */

/* An instruction's address and one bit, in the pointer that QEMU hands back */
static void *pc_pack(uint64_t pc, bool non_temporal)
{
	return (void *)(pc << 1 | non_temporal);
}

static uint64_t pc_unpack(const void *data)
{
	return (int64_t)(intptr_t)data >> 1;
}

static bool in_nvdimm(uint64_t physical)
{
	return physical - scope.options.address < scope.seen.size;
}

static void store_part(unsigned int cpu, uint64_t physical, size_t length,
		       const void *data)
{
	if (!in_nvdimm(physical))
		return;
	pthread_mutex_lock(&scope.lock);
	if (!scope.over)
		store(cpu, physical, length, (uintptr_t)data & 1,
		      pc_unpack(data));
	pthread_mutex_unlock(&scope.lock);
}

/* One in this many stores outside is translated all the same. */
#define CHECK_EVERY 1024

static bool is_elsewhere(uint64_t vaddr, size_t length)
{
	static __thread unsigned int passed;
	uint64_t physical = vaddr - scope.as.directmap;

	return address_in_directmap(&scope.as, vaddr) &&
		!in_nvdimm(physical) && !in_nvdimm(physical + length - 1) &&
		++passed % CHECK_EVERY;
}

static void on_store(unsigned int cpu, qemu_plugin_meminfo_t info,
		     uint64_t vaddr, void *data)
{
	size_t length = 1ul << qemu_plugin_mem_size_shift(info);
	size_t here = PAGE - vaddr % PAGE;

	if (is_elsewhere(vaddr, length))
		return;
	if (here > length)
		here = length;
	store_part(cpu, address_of_store(&scope.as, info, vaddr), here, data);
	/* QEMU tells of the first page only. */
	if (here < length)
		store_part(cpu, address_physical(&scope.as, cpu, vaddr + here),
			   length - here, data);
}

/* What is known of a write-back or a marker when it is translated */
struct site {
	struct insn insn;
	uint64_t pc;
	uint64_t next;
	struct site *chain;
};

static void on_write_back(unsigned int cpu, void *data)
{
	const struct site *site = data;
	uint64_t vaddr = address_of(cpu, &site->insn.operand, site->next);
	uint64_t physical = address_physical(&scope.as, cpu, vaddr), offset;

	if (!in_nvdimm(physical))
		return;
	offset = (physical - scope.options.address) & ~(uint64_t)(LINE - 1);
	pthread_mutex_lock(&scope.lock);
	if (!scope.over) {
		catch_up(cpu, offset, site->pc);
		event(&(struct record){ .type = RECORD_WRITE_BACK, .cpu = cpu,
					.pc = site->pc, .offset = offset });
	}
	pthread_mutex_unlock(&scope.lock);
}

static void simple_event(unsigned int cpu, enum record_type type, uint64_t pc)
{
	pthread_mutex_lock(&scope.lock);
	if (!scope.over)
		event(&(struct record){ .type = type, .cpu = cpu, .pc = pc });
	pthread_mutex_unlock(&scope.lock);
}

static void on_fence(unsigned int cpu, void *data)
{
	simple_event(cpu, RECORD_FENCE, (uintptr_t)data);
}

/* A CPU's pending lines are its own: without the lock nobody else adds to them. */
static void on_locked(unsigned int cpu, void *data)
{
	if (cache_has_pending(scope.replay.cache, cpu))
		simple_event(cpu, RECORD_LOCKED, (uintptr_t)data);
}

static void on_flush_all(unsigned int cpu, void *data)
{
	simple_event(cpu, RECORD_FLUSH_ALL, (uintptr_t)data);
}

static void mark(unsigned int cpu, const struct site *site, uint64_t offset,
		 uint64_t value)
{
	event(&(struct record){
		.type = RECORD_MARKER,
		.cpu = cpu,
		.marker = site->insn.marker,
		.pc = site->pc,
		.offset = offset,
		.value = value,
	});
	crash_if(CRASH_MARKER, scope.replay.counts.markers,
		 "crash at a marker");
}

/*
 * A range is one of virtual addresses. There is a record for each piece on the
 * NVDIMM that is in one piece there too.
 */
static void mark_range(unsigned int cpu, const struct site *site,
		       uint64_t vaddr, uint64_t length)
{
	uint64_t start = 0, run = 0, physical, part;

	for (; length; vaddr += part, length -= part) {
		part = PAGE - vaddr % PAGE;
		if (part > length)
			part = length;
		physical = address_physical(&scope.as, cpu, vaddr);
		if (run && physical == start + run && in_nvdimm(physical)) {
			run += part;
			continue;
		}
		if (run)
			mark(cpu, site, start - scope.options.address, run);
		start = physical;
		run = in_nvdimm(physical) ? part : 0;
	}
	if (run)
		mark(cpu, site, start - scope.options.address, run);
}

static void on_marker(unsigned int cpu, void *data)
{
	const struct site *site = data;
	uint64_t a = address_register(cpu, site->insn.operand.base);
	uint64_t b = address_register(cpu, site->insn.operand.index);

	pthread_mutex_lock(&scope.lock);
	if (scope.over)
		;
	else if (site->insn.marker == KFI_MARKER_DURABLE ||
		 site->insn.marker == KFI_MARKER_COMMIT)
		mark_range(cpu, site, a, b);
	else
		mark(cpu, site, a, b);
	pthread_mutex_unlock(&scope.lock);
}

/* --- translation --- */

/* One for each place of the guest's code, however often it is translated */
static void *site_of(const struct insn *insn, uint64_t pc, uint64_t next)
{
	static struct site *table[1024];
	struct site **slot = &table[pc * 0x9e3779b97f4a7c15u >> 54], *site;

	for (site = *slot; site; site = site->chain)
		if (site->pc == pc && site->next == next &&
		    !memcmp(&site->insn, insn, sizeof(*insn)))
			return site;
	site = calloc(1, sizeof(*site));
	if (!site)
		err(1, "pmcache");
	site->insn = *insn;
	site->pc = pc;
	site->next = next;
	site->chain = *slot;
	*slot = site;
	return site;
}

static void watch(struct qemu_plugin_insn *at, const struct insn *insn,
		  uint64_t pc, uint64_t next)
{
	static const qemu_plugin_vcpu_udata_cb_t callbacks[] = {
		[INSN_WRITE_BACK] = on_write_back,
		[INSN_FENCE] = on_fence,
		[INSN_LOCKED] = on_locked,
		[INSN_FLUSH_ALL] = on_flush_all,
		[INSN_MARKER] = on_marker,
	};
	bool operand = insn->kind == INSN_WRITE_BACK ||
		insn->kind == INSN_MARKER;

	if (insn->kind == INSN_OTHER || insn->kind == INSN_NT_STORE)
		return;
	qemu_plugin_register_vcpu_insn_exec_cb(at, callbacks[insn->kind],
					       operand ? QEMU_PLUGIN_CB_R_REGS :
					       QEMU_PLUGIN_CB_NO_REGS,
					       operand ? site_of(insn, pc, next) :
					       (void *)pc);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, count = qemu_plugin_tb_n_insns(tb), length;
	struct qemu_plugin_insn *at;
	uint8_t bytes[16];
	struct insn insn;
	uint64_t pc;

	(void)id;
	pthread_mutex_lock(&scope.lock);
	for (i = 0; i < count; i++) {
		at = qemu_plugin_tb_get_insn(tb, i);
		pc = qemu_plugin_insn_vaddr(at);
		length = qemu_plugin_insn_data(at, bytes, sizeof(bytes));
		decode(bytes, length, &insn);
		watch(at, &insn, pc, pc + length);
		qemu_plugin_register_vcpu_mem_cb(at, on_store,
						 QEMU_PLUGIN_CB_R_REGS,
						 QEMU_PLUGIN_MEM_W,
						 pc_pack(pc, insn.kind ==
							 INSN_NT_STORE));
	}
	pthread_mutex_unlock(&scope.lock);
}

static void on_cpu(qemu_plugin_id_t id, unsigned int cpu)
{
	(void)id;
	address_cpu_init(cpu);
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

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
			int argc, char **argv)
{
	struct options *o = &scope.options;

	if (!info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "pmcache: for qemu-system-x86_64\n");
		return 1;
	}
	if (!options_parse(o, argc, argv))
		return 1;
	open_files(o);
	trace_base(o);
	open_counts(o);
	scope.concurrent = info->system.max_vcpus > 1;
	scope.random = o->seed * 2 + 1;
	scope.as.directmap = o->directmap;
	scope.replay = (struct replay){
		.cache = cache_new(scope.survivor.bytes, scope.survivor.size),
		.mode = o->mode,
		.lint.complaints = open_report(o),
	};
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
