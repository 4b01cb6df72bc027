/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_ATOMIC_H
#define KFR_ATOMIC_H

#include "kfi_atomic.h"
#include "kfr.h"

int kfr_query_atomic(struct kfid_domain *domain, enum kfi_datatype datatype,
		     enum kfi_op op, struct kfi_atomic_attr *attr, u64 flags);
int kfr_atomic_execute(u8 datatype, u8 op, void *p, const void *operand,
		       const void *compare, void *result);
bool kfr_atomic_supported(u8 datatype, u8 op);

#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
u32 kfr_atomic_float(u8 op, u32 old, u32 operand, u32 compare, bool *store);
u64 kfr_atomic_double(u8 op, u64 old, u64 operand, u64 compare, bool *store);
#endif

#endif
