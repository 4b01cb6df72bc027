/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions of a commit, and its mutants: builds that leave one of them
 * out, for the crash tests to prove that they can fail.
 */
#ifndef KFI_PMEM_PERSIST_H
#define KFI_PMEM_PERSIST_H

#include <asm/barrier.h>
#include <linux/libnvdimm.h>
#include <linux/string.h>
#include "kfi_pmem.h"
#include "recorder.h"

struct kfi_medium;

/* A range longer than this is not written back in a completion's context. */
#define KFI_PERSIST_ATOMIC_MAX	(256U << 10)

/* Write dirty lines back. A fence must follow: the write-back has none. */
static inline void kfi_persist_writeback(void *addr, size_t length)
{
#ifndef KFI_MUTANT_NO_WRITEBACK
	arch_wb_cache_pmem(addr, length);
	kfi_record_writeback(addr, length);
#endif
}

/* Order what was written back, and stores past the caches, before all else. */
static inline void kfi_persist_fence(void)
{
#ifndef KFI_MUTANT_NO_FENCE
	kfi_record_fence();
	pmem_wmb();
#else
	barrier();
#endif
}

/* Copy, and never tear an aligned 8-byte store, as memcpy() may. */
static inline void kfi_persist_copy(void *dst, const void *src, size_t length)
{
	if (length == 8 && IS_ALIGNED((unsigned long)dst, 8)) {
		u64 word;

		memcpy(&word, src, 8);
		WRITE_ONCE(*(u64 *)dst, word);
	} else {
		memcpy(dst, src, length);
	}
}

/* The same past the caches; a fence must follow. */
static inline void kfi_persist_copy_flush(void *dst, const void *src,
					  size_t length)
{
#ifdef KFI_MUTANT_NO_WRITEBACK
	kfi_persist_copy(dst, src, length);
#else
	if (length == 8 && IS_ALIGNED((unsigned long)dst, 8)) {
		kfi_persist_copy(dst, src, length);
		arch_wb_cache_pmem(dst, length);
	} else {
		memcpy_flushcache(dst, src, length);
	}
	kfi_record_writeback(dst, length);
#endif
}

enum kfi_pmem_domain kfi_persist_detect(const struct kfi_medium *medium);
int kfi_persist_barrier(struct kfi_medium *medium);

#endif
