// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types and operations of atomics: what there is, before anything of it is
 * carried out. The decoders of requests ask here.
 */
#include <linux/export.h>
#include <linux/kconfig.h>
#include <linux/limits.h>

#include "atomic.h"

u32 kfi_atomic_size(u8 datatype)
{
	switch (datatype) {
	case KFI_INT8:
	case KFI_UINT8:
		return 1;
	case KFI_INT16:
	case KFI_UINT16:
		return 2;
	case KFI_INT32:
	case KFI_UINT32:
	case KFI_FLOAT:
		return 4;
	case KFI_INT64:
	case KFI_UINT64:
	case KFI_DOUBLE:
		return 8;
	default:
		return 0;
	}
}
EXPORT_SYMBOL_GPL(kfi_atomic_size);

u32 kfi_atomic_operands(u8 op)
{
	switch (op) {
	case KFI_ATOMIC_READ:
		return 0;
	case KFI_MIN:
	case KFI_MAX:
	case KFI_SUM:
	case KFI_PROD:
	case KFI_LOR:
	case KFI_LAND:
	case KFI_BOR:
	case KFI_BAND:
	case KFI_LXOR:
	case KFI_BXOR:
	case KFI_ATOMIC_WRITE:
		return 1;
	case KFI_CSWAP:
	case KFI_CSWAP_NE:
	case KFI_CSWAP_LE:
	case KFI_CSWAP_LT:
	case KFI_CSWAP_GE:
	case KFI_CSWAP_GT:
	case KFI_MSWAP:
		return 2;
	default:
		return U32_MAX;
	}
}
EXPORT_SYMBOL_GPL(kfi_atomic_operands);

bool kfi_atomic_supported(u8 datatype, u8 op)
{
	if (!kfi_atomic_size(datatype) || kfi_atomic_operands(op) > 2)
		return false;
	if (!kfi_atomic_is_float(datatype))
		return true;
	if (!IS_ENABLED(CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT))
		return false;
	return op != KFI_BOR && op != KFI_BAND && op != KFI_BXOR &&
	       op != KFI_MSWAP;
}
EXPORT_SYMBOL_GPL(kfi_atomic_supported);
