// SPDX-License-Identifier: GPL-2.0-only
/* Atomic operations of programs: what they may ask for, and their operands. */
#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <kfi_pmem_prov.h>
#include "atomic.h"
#include "io.h"
#include "user.h"

static_assert(KFIPMEM_TYPE_INT8 == (int)KFI_INT8);
static_assert(KFIPMEM_TYPE_UINT64 == (int)KFI_UINT64);
static_assert(KFIPMEM_TYPE_DOUBLE == (int)KFI_DOUBLE);
static_assert(KFIPMEM_ATOMIC_MIN == (int)KFI_MIN);
static_assert(KFIPMEM_ATOMIC_BXOR == (int)KFI_BXOR);
static_assert(KFIPMEM_ATOMIC_READ == (int)KFI_ATOMIC_READ);
static_assert(KFIPMEM_ATOMIC_WRITE == (int)KFI_ATOMIC_WRITE);
static_assert(KFIPMEM_ATOMIC_CSWAP == (int)KFI_CSWAP);
static_assert(KFIPMEM_ATOMIC_MSWAP == (int)KFI_MSWAP);

static int ku_atomic_check_mode(const struct kfi_ioc_atomic *arg, fmode_t mode)
{
	bool writes = arg->op != KFIPMEM_ATOMIC_READ ||
		      arg->flags & KFI_IOC_ATOMIC_COMMIT;

	if (writes && !(mode & FMODE_WRITE))
		return -EBADF;
	if (arg->result && !(mode & FMODE_READ))
		return -EBADF;
	return 0;
}

static int ku_atomic_check(const struct ku_node *node,
			   const struct kfi_ioc_atomic *arg)
{
	u32 size;

	if (arg->flags & ~KFI_IOC_ATOMIC_COMMIT)
		return -EINVAL;
	if (arg->op > KFIPMEM_ATOMIC_MSWAP || arg->type > KFIPMEM_TYPE_DOUBLE)
		return -EINVAL;
	if (arg->op == KFIPMEM_ATOMIC_READ && !arg->result)
		return -EINVAL;
	size = kfi_atomic_size(arg->type);
	if (!arg->count || arg->offset % size)
		return -EINVAL;
	if (arg->count > KFI_IOC_ATOMIC_BYTES / size)
		return -E2BIG;
	if (arg->offset >= node->size ||
	    arg->count * size > node->size - arg->offset)
		return -EINVAL;
	return 0;
}

static int ku_atomic_copy_in(struct ku_atomic *atomic,
			     const struct kfi_ioc_atomic *arg)
{
	u32 operands = kfi_atomic_operands(atomic->op);

	if (operands > 0 &&
	    copy_from_user(atomic->operand, u64_to_user_ptr(arg->operand),
			   atomic->bytes))
		return -EFAULT;
	if (operands > 1 &&
	    copy_from_user(atomic->compare, u64_to_user_ptr(arg->compare),
			   atomic->bytes))
		return -EFAULT;
	return 0;
}

/**
 * ku_atomic_new() - an operation, checked, with its operands
 * @file: of the node it is on; with O_DSYNC it is durable on completion
 * @arg: what the caller asks for
 *
 * Context: process, of the caller.
 * Return: the operation, for ku_atomic_put(); ERR_PTR: see struct kfi_ioc_atomic.
 */
struct ku_atomic *ku_atomic_new(struct file *file,
				const struct kfi_ioc_atomic *arg)
{
	struct ku_node *node = ku_file_node(file);
	struct ku_atomic *atomic;
	int ret;

	ret = ku_atomic_check(node, arg) ?: ku_atomic_check_mode(arg, file->f_mode);
	if (ret)
		return ERR_PTR(ret);
	if (!node->ops->atomic)
		return ERR_PTR(-EOPNOTSUPP);
	atomic = kzalloc(sizeof(*atomic), GFP_KERNEL_ACCOUNT);
	if (!atomic)
		return ERR_PTR(-ENOMEM);
	refcount_set(&atomic->ref, 1);
	atomic->op = arg->op;
	atomic->datatype = arg->type;
	atomic->commit = arg->flags & KFI_IOC_ATOMIC_COMMIT ||
			 (file->f_flags & O_DSYNC &&
			  arg->op != KFIPMEM_ATOMIC_READ);
	atomic->fetch = arg->result;
	atomic->offset = arg->offset;
	atomic->count = arg->count;
	atomic->bytes = arg->count * kfi_atomic_size(arg->type);
	atomic->user_result = u64_to_user_ptr(arg->result);
	ret = ku_atomic_copy_in(atomic, arg);
	if (ret) {
		ku_atomic_put(atomic);
		return ERR_PTR(ret);
	}
	return atomic;
}

/**
 * ku_atomic_put() - drop a reference
 * @atomic: the operation
 *
 * Context: any.
 */
void ku_atomic_put(struct ku_atomic *atomic)
{
	if (refcount_dec_and_test(&atomic->ref))
		kfree(atomic);
}

/**
 * ku_atomic_add_seg() - the segment of a request that is an atomic operation
 * @io: the request, which has the operation
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int ku_atomic_add_seg(struct ku_io *io)
{
	struct ku_seg *seg = ku_seg_new(io, 0);

	if (!seg)
		return -ENOMEM;
	seg->length = io->atomic->bytes;
	ku_seg_add(seg);
	return 0;
}

/**
 * ku_atomic_copy_out() - give the caller the old values
 * @atomic: an operation that was carried out
 *
 * Context: process, of the caller.
 * Return: 0 or -EFAULT.
 */
int ku_atomic_copy_out(const struct ku_atomic *atomic)
{
	if (atomic->fetch && copy_to_user(atomic->user_result, atomic->result,
					  atomic->bytes))
		return -EFAULT;
	return 0;
}

/**
 * ku_ioc_atomic() - KFI_IOC_ATOMIC
 * @file: of a node
 * @argp: struct kfi_ioc_atomic
 * @usize: its size
 *
 * Context: process.
 * Return: 0 or an error.
 */
int ku_ioc_atomic(struct file *file, void __user *argp, size_t usize)
{
	struct ku_node *node = ku_file_node(file);
	struct kfi_ioc_atomic arg;
	struct ku_atomic *atomic;
	u64 last;
	int ret;

	ret = copy_struct_from_user(&arg, sizeof(arg), argp, usize);
	if (ret)
		return ret;
	atomic = ku_atomic_new(file, &arg);
	if (IS_ERR(atomic))
		return PTR_ERR(atomic);
	last = atomic->offset + atomic->bytes - 1;
	ku_pages_drop(node, atomic->offset, last);
	ret = node->ops->atomic(node, atomic);
	ku_pages_drop(node, atomic->offset, last);
	if (!ret)
		ret = ku_atomic_copy_out(atomic);
	ku_atomic_put(atomic);
	return ret;
}
