/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_CACHE_MODEL_H
#define KFI_PMEM_CACHE_MODEL_H

#include <linux/types.h>

struct kfi_cache;
struct kfi_ram;

#define KFI_CACHE_LINE	64

struct kfi_cache *kfi_cache_create(void *medium, u64 size, u64 seed);
void kfi_cache_destroy(struct kfi_cache *cache);
struct kfi_ram *kfi_cache_shadow(struct kfi_cache *cache);
void kfi_cache_writeback(struct kfi_cache *cache, u64 offset, u64 length);
void kfi_cache_fence(struct kfi_cache *cache, u64 offset, u64 length);
void kfi_cache_evict(struct kfi_cache *cache, u64 offset);
void kfi_cache_writeback_all(struct kfi_cache *cache);

#endif
