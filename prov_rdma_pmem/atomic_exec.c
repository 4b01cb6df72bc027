// SPDX-License-Identifier: GPL-2.0-only
/*
 * Atomics as the target carries them out: with the CPU's compare-and-exchange,
 * so that they are atomic against everything else that the CPUs do there.
 */
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/string.h>

#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
#include <linux/fpu.h>
#endif

#include "atomic.h"
#include "wire.h"

static bool kfr_is_float(u8 datatype)
{
	return datatype == KFI_FLOAT || datatype == KFI_DOUBLE;
}

/**
 * kfr_atomic_supported() - does this target carry an operation out?
 * @datatype: enum kfi_datatype
 * @op: enum kfi_op
 *
 * Context: any.
 * Return: whether it does; floating point needs an architecture that lets the
 * kernel use its FPU, and knows no bitwise operations.
 */
bool kfr_atomic_supported(u8 datatype, u8 op)
{
	if (!kfr_wire_datatype_size(datatype) ||
	    kfr_wire_atomic_operands(op) > 2)
		return false;
	if (!kfr_is_float(datatype))
		return true;
	if (!IS_ENABLED(CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT))
		return false;
	return op != KFI_BOR && op != KFI_BAND && op != KFI_BXOR &&
	       op != KFI_MSWAP;
}

static u64 kfr_load(const void *p, u32 size)
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
static u64 kfr_load_operand(const void *p, u32 size)
{
	u64 value = 0;

	memcpy(&value, p, size);
	return value;
}

static bool kfr_exchange(void *p, u32 size, u64 old, u64 new)
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

static bool kfr_is_signed(u8 datatype)
{
	return datatype == KFI_INT8 || datatype == KFI_INT16 ||
	       datatype == KFI_INT32 || datatype == KFI_INT64;
}

static bool kfr_less(u8 datatype, u32 size, u64 a, u64 b)
{
	u32 shift = 64 - 8 * size;

	if (kfr_is_signed(datatype))
		return (s64)(a << shift) < (s64)(b << shift);
	return a < b;
}

static u64 kfr_int_op(u8 datatype, u32 size, u8 op, u64 old, u64 a, u64 c,
		      bool *store)
{
	*store = true;
	switch (op) {
	case KFI_MIN:
		*store = kfr_less(datatype, size, a, old);
		return a;
	case KFI_MAX:
		*store = kfr_less(datatype, size, old, a);
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
		*store = !kfr_less(datatype, size, old, c);
		return a;
	case KFI_CSWAP_LT:
		*store = kfr_less(datatype, size, c, old);
		return a;
	case KFI_CSWAP_GE:
		*store = !kfr_less(datatype, size, c, old);
		return a;
	case KFI_CSWAP_GT:
		*store = kfr_less(datatype, size, old, c);
		return a;
	default:
		*store = false;
		return old;
	}
}

static u64 kfr_value_op(u8 datatype, u32 size, u8 op, u64 old, u64 a, u64 c,
			bool *store)
{
#ifdef CONFIG_ARCH_HAS_KERNEL_FPU_SUPPORT
	if (kfr_is_float(datatype)) {
		u64 value;

		kernel_fpu_begin();
		value = size == 4 ? kfr_atomic_float(op, old, a, c, store) :
				    kfr_atomic_double(op, old, a, c, store);
		kernel_fpu_end();
		return value;
	}
#endif
	return kfr_int_op(datatype, size, op, old, a, c, store);
}

/**
 * kfr_atomic_execute() - carry out one element of an atomic
 * @datatype: enum kfi_datatype
 * @op: enum kfi_op
 * @p: target, aligned to the type's size
 * @operand: operand; not read by an operation without
 * @compare: comparand; not read by an operation without
 * @result: where the old value goes
 *
 * Context: any.
 * Return: 0 or -EOPNOTSUPP.
 */
int kfr_atomic_execute(u8 datatype, u8 op, void *p, const void *operand,
		       const void *compare, void *result)
{
	u32 size = kfr_wire_datatype_size(datatype);
	u32 operands = kfr_wire_atomic_operands(op);
	u64 old, new, a = 0, c = 0;
	bool store = false;

	if (!kfr_atomic_supported(datatype, op))
		return -EOPNOTSUPP;
	if (operands > 0)
		a = kfr_load_operand(operand, size);
	if (operands > 1)
		c = kfr_load_operand(compare, size);
	do {
		old = kfr_load(p, size);
		if (!operands)
			break;
		new = kfr_value_op(datatype, size, op, old, a, c, &store);
	} while (store && !kfr_exchange(p, size, old, new));
	memcpy(result, &old, size);
	return 0;
}
