/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_EXPORT_H
#define KFI_PMEM_EXPORT_H

#include <linux/types.h>

struct kfi_region;

void kfi_export_fence(struct kfi_region *region, u64 epoch);
void kfi_export_drop_all(struct kfi_region *region);
bool kfi_export_peer_of(struct kfi_region *region, char *peer, size_t size);

#endif
