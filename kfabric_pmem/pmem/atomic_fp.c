// SPDX-License-Identifier: GPL-2.0-only
/*
 * Floating point, alone in this file because it is compiled for the FPU.
 * Called between kernel_fpu_begin() and kernel_fpu_end().
 */
#include <linux/string.h>

#include "atomic.h"

#define KFI_FP_OP(name, type, bits)					\
bits name(u8 op, bits old_bits, bits operand_bits, bits compare_bits,	\
	  bool *store)							\
{									\
	type old, a, c, value;						\
	bits value_bits;						\
									\
	memcpy(&old, &old_bits, sizeof(old));				\
	memcpy(&a, &operand_bits, sizeof(a));				\
	memcpy(&c, &compare_bits, sizeof(c));				\
	value = a;							\
	*store = true;							\
	switch (op) {							\
	case KFI_MIN:							\
		*store = a < old;					\
		break;							\
	case KFI_MAX:							\
		*store = a > old;					\
		break;							\
	case KFI_SUM:							\
		value = old + a;					\
		break;							\
	case KFI_PROD:							\
		value = old * a;					\
		break;							\
	case KFI_LOR:							\
		value = old != 0 || a != 0;				\
		break;							\
	case KFI_LAND:							\
		value = old != 0 && a != 0;				\
		break;							\
	case KFI_LXOR:							\
		value = (old != 0) != (a != 0);				\
		break;							\
	case KFI_ATOMIC_WRITE:						\
		break;							\
	case KFI_CSWAP:							\
		*store = c == old;					\
		break;							\
	case KFI_CSWAP_NE:						\
		*store = c != old;					\
		break;							\
	case KFI_CSWAP_LE:						\
		*store = c <= old;					\
		break;							\
	case KFI_CSWAP_LT:						\
		*store = c < old;					\
		break;							\
	case KFI_CSWAP_GE:						\
		*store = c >= old;					\
		break;							\
	case KFI_CSWAP_GT:						\
		*store = c > old;					\
		break;							\
	default:							\
		*store = false;						\
		break;							\
	}								\
	memcpy(&value_bits, &value, sizeof(value_bits));		\
	return value_bits;						\
}

KFI_FP_OP(kfi_atomic_float, float, u32)
KFI_FP_OP(kfi_atomic_double, double, u64)
