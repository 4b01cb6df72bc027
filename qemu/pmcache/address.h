// SPDX-License-Identifier: BSD-3-Clause
/*
 * The guest's registers and its virtual addresses. TCG does not translate the
 * operand of a write-back, since it does nothing with it.
 */
#ifndef PMCACHE_ADDRESS_H
#define PMCACHE_ADDRESS_H

#include "decode.h"
#include "qemu_plugin.h"

#define NOT_MAPPED UINT64_MAX

struct address_space {
	uint64_t directmap;
	uint64_t checks;	/* of the direct map against QEMU's translation */
	uint64_t walks;
};

/* In the vCPU's own thread, at its start */
void address_cpu_init(unsigned int cpu);

/* In its execution callback: base + index * scale + displacement + segment */
uint64_t address_of(unsigned int cpu, const struct operand *operand,
		    uint64_t next_pc);
uint64_t address_register(unsigned int cpu, int number);

/* In its callbacks; NOT_MAPPED where the guest has nothing there */
uint64_t address_physical(struct address_space *as, unsigned int cpu,
			  uint64_t vaddr);
/* The same for the address of a store, as QEMU has translated it */
uint64_t address_of_store(struct address_space *as,
			  qemu_plugin_meminfo_t info, uint64_t vaddr);
bool address_in_directmap(const struct address_space *as, uint64_t vaddr);

#endif
