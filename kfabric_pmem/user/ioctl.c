// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of the nodes. */
#include <linux/fs.h>
#include <linux/uaccess.h>
#include "atomic.h"
#include "user.h"

static int ku_ioc_info(struct ku_node *node, void __user *argp, size_t usize)
{
	struct kfi_ioc_info info = {};
	struct kfi_pmem_attr attr = {};
	size_t size = min(usize, sizeof(info));
	u32 flags;
	int ret;

	if (get_user(flags, (u32 __user *)(argp + offsetof(typeof(info),
							   flags))))
		return -EFAULT;
	if (flags)
		return -EINVAL;

	ret = node->ops->info(node, &attr, &info);
	if (ret)
		return ret;
	if (node->read_only)
		info.flags |= KFI_IOC_INFO_READ_ONLY;
	info.argsz = size;
	export_uuid(info.uuid, &attr.uuid);
	export_uuid(info.incarnation, &attr.incarnation);
	info.size = node->size;
	info.generation = attr.generation;
	info.epoch = attr.epoch;
	info.domain = attr.domain;
	info.method = attr.method;
	info.atomic_width = attr.atomic_width;
	info.inline_max = attr.inline_max;
	if (copy_to_user(argp, &info, size))
		return -EFAULT;
	if (usize > size && clear_user(argp + size, usize - size))
		return -EFAULT;
	return 0;
}

static int ku_ioc_commit(struct ku_node *node, void __user *argp, size_t usize)
{
	enum kfi_commit_level level = KFI_COMMIT_PERSISTENT;
	struct kfi_ioc_commit arg;
	int ret;

	ret = copy_struct_from_user(&arg, sizeof(arg), argp, usize);
	if (ret)
		return ret;
	if (arg.flags & ~KFI_IOC_COMMIT_DEEP)
		return -EINVAL;
	if (arg.offset >= node->size || arg.length > node->size - arg.offset)
		return -EINVAL;
	if (!arg.length)
		arg.length = node->size - arg.offset;
	if (arg.flags & KFI_IOC_COMMIT_DEEP)
		level = KFI_COMMIT_MEDIA;
	ku_pages_sync(node, arg.offset, arg.offset + arg.length - 1);
	return node->ops->commit(node, arg.offset, arg.length, level);
}

static int ku_ioc_publish(struct ku_node *node, void __user *argp,
			  size_t usize)
{
	struct kfi_ioc_publish arg;
	int ret;

	ret = copy_struct_from_user(&arg, sizeof(arg), argp, usize);
	if (ret)
		return ret;
	if (arg.flags || !arg.length || !IS_ALIGNED(arg.word_offset, 8))
		return -EINVAL;
	if (arg.offset >= node->size || arg.length > node->size - arg.offset)
		return -EINVAL;
	if (node->size < 8 || arg.word_offset > node->size - 8)
		return -EINVAL;
	if (arg.word_offset + 8 > arg.offset &&
	    arg.word_offset < arg.offset + arg.length)
		return -EINVAL;
	if (arg.length > MAX_RW_COUNT)
		return -EINVAL;
	ku_pages_drop(node, arg.offset, arg.offset + arg.length - 1);
	ku_pages_drop(node, arg.word_offset, arg.word_offset + 7);
	ret = node->ops->publish(node, &arg);
	ku_pages_drop(node, arg.offset, arg.offset + arg.length - 1);
	ku_pages_drop(node, arg.word_offset, arg.word_offset + 7);
	return ret;
}

/**
 * ku_ioctl() - what a file has no call for
 * @file: of a node
 * @cmd: KFI_IOC_*
 * @arg: address of its struct
 *
 * Context: process.
 * Return: 0 or an error.
 */
long ku_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct ku_node *node = ku_file_node(file);
	void __user *argp = (void __user *)arg;
	size_t least;
	u32 usize;

	switch (cmd) {
	case KFI_IOC_INFO:
		least = offsetofend(struct kfi_ioc_info, max_io);
		break;
	case KFI_IOC_COMMIT:
		least = offsetofend(struct kfi_ioc_commit, length);
		break;
	case KFI_IOC_PUBLISH:
		least = offsetofend(struct kfi_ioc_publish, word);
		break;
	case KFI_IOC_ATOMIC:
		least = offsetofend(struct kfi_ioc_atomic, result);
		break;
	default:
		return -ENOTTY;
	}
	if (get_user(usize, (u32 __user *)argp))
		return -EFAULT;
	if (usize < least)
		return -EINVAL;
	if (usize > PAGE_SIZE)
		return -E2BIG;

	if (cmd == KFI_IOC_INFO)
		return ku_ioc_info(node, argp, usize);
	if (cmd == KFI_IOC_ATOMIC)
		return ku_ioc_atomic(file, argp, usize);
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (cmd == KFI_IOC_COMMIT)
		return ku_ioc_commit(node, argp, usize);
	return ku_ioc_publish(node, argp, usize);
}
