// SPDX-License-Identifier: BSD-3-Clause
/*
 * The microscope: what a guest does to an NVDIMM, as TCG runs it, goes through a
 * model of the volatile cache, and what the model says to be durable goes to
 * another file. This file is where QEMU calls in; scope.c has what comes of it, replay.c what it means.
 *
 * QEMU calls for an instruction before it is carried out, and for a store after
 * it. With several virtual CPUs at a time another one may then write back and
 * fence a line before the callback of the store to it has run. So a write-back
 * takes the line as it is in memory, whatever stores are known; and a store that
 * changes nothing any more by the time its callback runs is none.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"
#include "scope.h"

#define PAGE 4096

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;
PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
				      const qemu_info_t *info, int argc,
				      char **argv);

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

static void store_part(unsigned int cpu, uint64_t physical, size_t length,
		       const void *data)
{
	if (!scope_holds(physical))
		return;
	pthread_mutex_lock(&scope.lock);
	if (!scope.over)
		scope_store(cpu, physical, length, (uintptr_t)data & 1,
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
		!scope_holds(physical) && !scope_holds(physical + length - 1) &&
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
	uint64_t physical = address_physical(&scope.as, cpu, vaddr);

	if (!scope_holds(physical))
		return;
	pthread_mutex_lock(&scope.lock);
	if (!scope.over)
		scope_write_back(cpu, physical, site->pc);
	pthread_mutex_unlock(&scope.lock);
}

static void simple_event(unsigned int cpu, enum record_type type, uint64_t pc)
{
	pthread_mutex_lock(&scope.lock);
	if (!scope.over)
		scope_event(cpu, type, pc);
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
	scope_mark(cpu, site->insn.marker, offset, value, site->pc);
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
		if (run && physical == start + run && scope_holds(physical)) {
			run += part;
			continue;
		}
		if (run)
			mark(cpu, site, start - scope.options.address, run);
		start = physical;
		run = scope_holds(physical) ? part : 0;
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

/* --- the beginning and the end --- */

static void at_exit(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	/* A vCPU that ended QEMU itself may have the lock. */
	if (pthread_mutex_trylock(&scope.lock))
		return;
	if (!scope.over)
		scope_end("QEMU ended");
	pthread_mutex_unlock(&scope.lock);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
			int argc, char **argv)
{
	if (!info->system_emulation || strcmp(info->target_name, "x86_64")) {
		fprintf(stderr, "pmcache: for qemu-system-x86_64\n");
		return 1;
	}
	if (!options_parse(&scope.options, argc, argv))
		return 1;
	scope_open(info->system.max_vcpus > 1);
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
