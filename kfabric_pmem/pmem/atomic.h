/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_ATOMIC_H
#define KFI_PMEM_ATOMIC_H

#include "kfi_atomic.h"
#include "kfi_pmem_prov.h"

static inline bool kfi_atomic_is_float(u8 datatype)
{
	return datatype == KFI_FLOAT || datatype == KFI_DOUBLE;
}

#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
u32 kfi_atomic_float(u8 op, u32 old, u32 operand, u32 compare, bool *store);
u64 kfi_atomic_double(u8 op, u64 old, u64 operand, u64 compare, bool *store);
#endif

#endif
