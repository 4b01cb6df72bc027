/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations that return when they are done. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include "node.h"

static int check_range(const struct kfipmem_node *node, uint64_t offset,
		       uint64_t length)
{
	return offset > node->size || length > node->size - offset ? -EINVAL :
								     0;
}

/* A transfer ends early when a part of it failed; the next try says why. */
static int transfer(struct kfipmem_node *node, uint64_t offset, void *data,
		    size_t length, bool write, int flags)
{
	ssize_t got;
	int ret;

	ret = check_range(node, offset, length);
	while (!ret && length) {
		struct iovec v = { data, length };

		got = write ? pwritev2(node->fd, &v, 1, offset, flags) :
			      preadv2(node->fd, &v, 1, offset, flags);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		data = (char *)data + got;
		offset += got;
		length -= got;
	}
	return ret;
}

int kfipmem_put(struct kfipmem_node *node, uint64_t offset, const void *data,
		size_t length, unsigned int flags)
{
	if (flags & ~KFI_URING_F_DURABLE)
		return -EINVAL;
	return transfer(node, offset, (void *)data, length, true,
			flags ? RWF_DSYNC : 0);
}

int kfipmem_get(struct kfipmem_node *node, uint64_t offset, void *data,
		size_t length)
{
	return transfer(node, offset, data, length, false, 0);
}

int kfipmem_commit(struct kfipmem_node *node, uint64_t offset, uint64_t length,
		   unsigned int flags)
{
	struct kfi_ioc_commit arg = {
		.argsz = sizeof(arg),
		.flags = flags & KFI_URING_F_DEEP ? KFI_IOC_COMMIT_DEEP : 0,
		.offset = offset,
		.length = length,
	};

	if (flags & ~KFI_URING_F_DEEP)
		return -EINVAL;
	return ioctl(node->fd, KFI_IOC_COMMIT, &arg) ? -errno : 0;
}

int kfipmem_publish(struct kfipmem_node *node, uint64_t offset,
		    const void *data, size_t length, uint64_t word_offset,
		    uint64_t word)
{
	struct kfi_ioc_publish arg = {
		.argsz = sizeof(arg),
		.offset = offset,
		.data = node_address(data),
		.length = length,
		.word_offset = word_offset,
		.word = word,
	};

	return ioctl(node->fd, KFI_IOC_PUBLISH, &arg) ? -errno : 0;
}

int kfipmem_atomic(struct kfipmem_node *node,
		   const struct kfipmem_atomic *atomic, unsigned int flags)
{
	struct kfi_ioc_atomic arg = {
		.argsz = sizeof(arg),
		.flags = flags & KFI_URING_F_DURABLE ? KFI_IOC_ATOMIC_COMMIT :
						       0,
		.offset = atomic->offset,
		.op = atomic->op,
		.type = atomic->type,
		.count = atomic->count,
		.operand = node_address(atomic->operand),
		.compare = node_address(atomic->compare),
		.result = node_address(atomic->result),
	};

	if (flags & ~KFI_URING_F_DURABLE)
		return -EINVAL;
	return ioctl(node->fd, KFI_IOC_ATOMIC, &arg) ? -errno : 0;
}
