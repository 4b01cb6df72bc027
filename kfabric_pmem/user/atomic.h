/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomic operations of programs. */
#ifndef KFI_USER_ATOMIC_H
#define KFI_USER_ATOMIC_H

#include <linux/refcount.h>
#include <linux/types.h>
#include <uapi/kfi_user.h>

struct file;
struct ku_io;
struct ku_node;

/**
 * struct ku_atomic - an atomic operation, with its operands
 * @ref: of the caller, and of the request, which outlives a caller that is killed
 * @op: enum kfi_op
 * @datatype: enum kfi_datatype
 * @commit: durable on completion
 * @fetch: the old values are wanted
 * @offset: of the first element
 * @count: elements
 * @bytes: of all elements
 * @user_result: where the caller wants the old values
 * @operand: operands
 * @compare: comparands
 * @result: the old values
 */
struct ku_atomic {
	refcount_t ref;
	u8 op;
	u8 datatype;
	bool commit;
	bool fetch;
	u64 offset;
	u32 count;
	u32 bytes;
	void __user *user_result;
	u64 operand[KFI_IOC_ATOMIC_BYTES / sizeof(u64)];
	u64 compare[KFI_IOC_ATOMIC_BYTES / sizeof(u64)];
	u64 result[KFI_IOC_ATOMIC_BYTES / sizeof(u64)];
};

struct ku_atomic *ku_atomic_new(struct file *file,
				const struct kfi_ioc_atomic *arg);
void ku_atomic_put(struct ku_atomic *atomic);
int ku_atomic_add_seg(struct ku_io *io);
int ku_atomic_copy_out(const struct ku_atomic *atomic);
int ku_ioc_atomic(struct file *file, void __user *argp, size_t usize);

#endif /* KFI_USER_ATOMIC_H */
