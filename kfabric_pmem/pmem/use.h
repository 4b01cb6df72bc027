/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_USE_H
#define KFI_PMEM_USE_H

#include <linux/types.h>

struct kfi_region;

void kfi_use_init(struct kfi_region *region);
void kfi_use_fence(struct kfi_region *region, u64 epoch);

#endif
