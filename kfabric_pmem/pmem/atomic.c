// SPDX-License-Identifier: GPL-2.0-only
/*
 * Atomics as the target carries them out: with the CPU's compare-and-exchange,
 * so that they are atomic against everything else that the CPUs do there.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/string.h>

#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
#include <linux/fpu.h>
#endif

#include "atomic.h"
#include "region.h"

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

static bool is_float(u8 datatype)
{
	return datatype == KFI_FLOAT || datatype == KFI_DOUBLE;
}

bool kfi_atomic_supported(u8 datatype, u8 op)
{
	if (!kfi_atomic_size(datatype) || kfi_atomic_operands(op) > 2)
		return false;
	if (!is_float(datatype))
		return true;
	if (!IS_ENABLED(CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT))
		return false;
	return op != KFI_BOR && op != KFI_BAND && op != KFI_BXOR &&
	       op != KFI_MSWAP;
}
EXPORT_SYMBOL_GPL(kfi_atomic_supported);

static u64 load(const void *p, u32 size)
{
	switch (size) {
	case 1:
		return READ_ONCE(*(u8 *)p);
	case 2:
		return READ_ONCE(*(u16 *)p);
	case 4:
		return READ_ONCE(*(u32 *)p);
	default:
		return READ_ONCE(*(u64 *)p);
	}
}

/* What came in a message is aligned to nothing. */
static u64 load_operand(const void *p, u32 size)
{
	u64 value = 0;

	memcpy(&value, p, size);
	return value;
}

static bool exchange(void *p, u32 size, u64 old, u64 new)
{
	switch (size) {
	case 1:
		return cmpxchg((u8 *)p, (u8)old, (u8)new) == (u8)old;
	case 2:
		return cmpxchg((u16 *)p, (u16)old, (u16)new) == (u16)old;
	case 4:
		return cmpxchg((u32 *)p, (u32)old, (u32)new) == (u32)old;
	default:
		return cmpxchg((u64 *)p, old, new) == old;
	}
}

static bool is_signed(u8 datatype)
{
	return datatype == KFI_INT8 || datatype == KFI_INT16 ||
	       datatype == KFI_INT32 || datatype == KFI_INT64;
}

static bool less(u8 datatype, u32 size, u64 a, u64 b)
{
	u32 shift = 64 - 8 * size;

	if (is_signed(datatype))
		return (s64)(a << shift) < (s64)(b << shift);
	return a < b;
}

static u64 int_op(u8 datatype, u32 size, u8 op, u64 old, u64 a, u64 c,
		  bool *store)
{
	*store = true;
	switch (op) {
	case KFI_MIN:
		*store = less(datatype, size, a, old);
		return a;
	case KFI_MAX:
		*store = less(datatype, size, old, a);
		return a;
	case KFI_SUM:
		return old + a;
	case KFI_PROD:
		return old * a;
	case KFI_LOR:
		return old || a;
	case KFI_LAND:
		return old && a;
	case KFI_LXOR:
		return !old != !a;
	case KFI_BOR:
		return old | a;
	case KFI_BAND:
		return old & a;
	case KFI_BXOR:
		return old ^ a;
	case KFI_ATOMIC_WRITE:
		return a;
	case KFI_MSWAP:
		return (a & c) | (old & ~c);
	case KFI_CSWAP:
		*store = c == old;
		return a;
	case KFI_CSWAP_NE:
		*store = c != old;
		return a;
	case KFI_CSWAP_LE:
		*store = !less(datatype, size, old, c);
		return a;
	case KFI_CSWAP_LT:
		*store = less(datatype, size, c, old);
		return a;
	case KFI_CSWAP_GE:
		*store = !less(datatype, size, c, old);
		return a;
	case KFI_CSWAP_GT:
		*store = less(datatype, size, old, c);
		return a;
	default:
		*store = false;
		return old;
	}
}

static u64 value_op(u8 datatype, u32 size, u8 op, u64 old, u64 a, u64 c,
		    bool *store)
{
#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
	if (is_float(datatype)) {
		u64 value;

		kernel_fpu_begin();
		value = size == 4 ? kfi_atomic_float(op, old, a, c, store) :
				    kfi_atomic_double(op, old, a, c, store);
		kernel_fpu_end();
		return value;
	}
#endif
	return int_op(datatype, size, op, old, a, c, store);
}

int kfi_atomic_execute(u8 datatype, u8 op, void *p, const void *operand,
		       const void *compare, void *result)
{
	u32 size = kfi_atomic_size(datatype);
	u32 operands = kfi_atomic_operands(op);
	u64 old, new, a = 0, c = 0;
	bool store = false;

	if (!kfi_atomic_supported(datatype, op))
		return -EOPNOTSUPP;
	if (operands > 0)
		a = load_operand(operand, size);
	if (operands > 1)
		c = load_operand(compare, size);
	do {
		old = load(p, size);
		if (!operands)
			break;
		new = value_op(datatype, size, op, old, a, c, &store);
	} while (store && !exchange(p, size, old, new));
	memcpy(result, &old, size);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_atomic_execute);

int kfi_region_atomic(struct kfi_region *region, u64 offset,
		      const struct kfi_atomic_args *args)
{
	u32 size = kfi_atomic_size(args->datatype), i;
	u64 bytes = (u64)size * args->count;
	void *p;
	int ret;

	if (!kfi_atomic_supported(args->datatype, args->op))
		return -EOPNOTSUPP;
	if (offset % size)
		return -EINVAL;
	ret = kfi_region_check(region, offset, bytes);
	if (ret)
		return ret;
	p = region->map.kaddr + offset;
	for (i = 0; i < bytes && !ret; i += size)
		ret = kfi_atomic_execute(args->datatype, args->op, p + i,
					 args->operand + i, args->compare + i,
					 args->result + i);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_region_atomic);
