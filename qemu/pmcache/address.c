// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "cache.h"

/* The direct map of Linux has room for this with four levels. */
#define DIRECT_MAP_SIZE (64ull << 40)

#define PAGE_TABLE_ADDRESS 0x000ffffffffff000ull
#define PAGE_PRESENT 1
#define PAGE_LARGE 0x80
#define CR0_PAGING 0x80000000u

enum { FS_BASE = 16, GS_BASE, CR0, CR3, REGISTERS };

static const char *const names[REGISTERS] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9",
	"r10", "r11", "r12", "r13", "r14", "r15",
	[FS_BASE] = "fs_base", [GS_BASE] = "gs_base", [CR0] = "cr0",
	[CR3] = "cr3",
};

static struct {
	struct qemu_plugin_register *handles[REGISTERS];
	GByteArray *bytes;
} cpus[CPUS_MAX];

static void __attribute__((noreturn)) give_up(const char *why, uint64_t value)
{
	warnx("pmcache: %s (0x%llx)", why, (unsigned long long)value);
	_exit(1);
}

void address_cpu_init(unsigned int cpu)
{
	GArray *all = qemu_plugin_get_registers();
	const qemu_plugin_reg_descriptor *r = (void *)all->data;
	unsigned int i, k;

	if (cpu >= CPUS_MAX)
		give_up("more virtual CPUs than it knows", cpu);
	for (i = 0; i < all->len; i++)
		for (k = 0; k < REGISTERS; k++)
			if (!strcmp(r[i].name, names[k]))
				cpus[cpu].handles[k] = r[i].handle;
	g_array_free(all, true);
	cpus[cpu].bytes = g_byte_array_new();
	for (k = 0; k < REGISTERS; k++)
		if (!cpus[cpu].handles[k])
			give_up("QEMU does not show a register that it needs; is the guest x86-64?",
				k);
}

uint64_t address_register(unsigned int cpu, int number)
{
	GByteArray *bytes = cpus[cpu].bytes;
	uint64_t value = 0;
	int got;

	g_byte_array_set_size(bytes, 0);
	got = qemu_plugin_read_register(cpus[cpu].handles[number], bytes);
	if (got <= 0)
		give_up("QEMU does not show a register", number);
	memcpy(&value, bytes->data, got < 8 ? got : 8);
	return value;
}

uint64_t address_of(unsigned int cpu, const struct operand *o,
		    uint64_t next_pc)
{
	uint64_t at = (int64_t)o->displacement;

	if (o->base == RIP_REGISTER)
		at += next_pc;
	else if (o->base != NO_REGISTER)
		at += address_register(cpu, o->base);
	if (o->index != NO_REGISTER)
		at += address_register(cpu, o->index) * o->scale;
	if (o->address32)
		at = (uint32_t)at;
	if (o->segment == SEGMENT_FS)
		at += address_register(cpu, FS_BASE);
	if (o->segment == SEGMENT_GS)
		at += address_register(cpu, GS_BASE);
	return at;
}

bool address_in_directmap(const struct address_space *as, uint64_t vaddr)
{
	return vaddr - as->directmap < DIRECT_MAP_SIZE;
}

static bool read_entry(struct address_space *as, unsigned int cpu,
		       uint64_t physical, uint64_t *entry)
{
	GByteArray *bytes = cpus[cpu].bytes;

	g_byte_array_set_size(bytes, 0);
	if (!qemu_plugin_read_memory_vaddr(as->directmap + physical, bytes,
					   sizeof(*entry)) ||
	    bytes->len < sizeof(*entry))
		return false;
	memcpy(entry, bytes->data, sizeof(*entry));
	return true;
}

/* Four levels, of 9 bits each, from CR3 on, through the direct map */
static uint64_t walk(struct address_space *as, unsigned int cpu,
		     uint64_t vaddr)
{
	uint64_t table = address_register(cpu, CR3), entry, inside;
	int shift;

	as->walks++;
	for (shift = 39; shift >= 12; shift -= 9) {
		table &= PAGE_TABLE_ADDRESS;
		if (!read_entry(as, cpu, table + (vaddr >> shift & 511) * 8,
				&entry) || !(entry & PAGE_PRESENT))
			return NOT_MAPPED;
		if (shift == 12 || (shift < 39 && entry & PAGE_LARGE))
			break;
		table = entry;
	}
	inside = (1ull << shift) - 1;
	return (entry & PAGE_TABLE_ADDRESS & ~inside) | (vaddr & inside);
}

uint64_t address_physical(struct address_space *as, unsigned int cpu,
			  uint64_t vaddr)
{
	if (address_in_directmap(as, vaddr))
		return vaddr - as->directmap;
	if (!(address_register(cpu, CR0) & CR0_PAGING))
		return vaddr;
	return walk(as, cpu, vaddr);
}

uint64_t address_of_store(struct address_space *as,
			  qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
	uint64_t physical;

	if (!hw)
		give_up("QEMU does not say where a store went", vaddr);
	if (qemu_plugin_hwaddr_is_io(hw))
		return NOT_MAPPED;
	physical = qemu_plugin_hwaddr_phys_addr(hw);
	if (address_in_directmap(as, vaddr)) {
		as->checks++;
		if (vaddr - as->directmap != physical)
			give_up("the direct map is not where directmap= says; boot with nokaslr no5lvl",
				vaddr);
	}
	return physical;
}
