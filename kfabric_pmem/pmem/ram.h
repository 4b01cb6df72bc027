/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_RAM_H
#define KFI_PMEM_RAM_H

#include <linux/types.h>

struct page;

/**
 * struct kfi_ram - DRAM that looks like a piece of persistent memory
 * @kaddr: first byte; contiguous in kernel addresses
 * @size: bytes
 * @block_shift: log2 of the aligned, physically contiguous blocks
 * @page: every page
 */
struct kfi_ram {
	void *kaddr;
	u64 size;
	unsigned int block_shift;
	struct page **page;
};

struct kfi_ram *kfi_ram_alloc(u64 size);
void kfi_ram_free(struct kfi_ram *ram);

#endif
