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
	if (kfi_atomic_is_float(datatype)) {
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
