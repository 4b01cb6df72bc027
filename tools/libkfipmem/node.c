/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening nodes, and what is known of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "node.h"

int kfipmem_info(const struct kfipmem_node *node, struct kfi_ioc_info *info)
{
	memset(info, 0, sizeof(*info));
	info->argsz = sizeof(*info);
	return ioctl(node->fd, KFI_IOC_INFO, info) ? -errno : 0;
}

static int open_path(const char *name, int mode)
{
	char path[sizeof("/dev/kfi/") + KFIPMEM_NAME_MAX];
	int length;

	if (strchr(name, '/'))
		return open(name, mode | O_CLOEXEC);
	length = snprintf(path, sizeof(path), "/dev/kfi/%s", name);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return open(path, mode | O_CLOEXEC);
}

int kfipmem_open(const char *name, unsigned int flags,
		 struct kfipmem_node **node)
{
	struct kfi_ioc_info info;
	struct kfipmem_node *new;
	int ret;

	if (flags & ~KFIPMEM_READ_ONLY)
		return -EINVAL;
	new = malloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->fd = open_path(name, flags & KFIPMEM_READ_ONLY ? O_RDONLY :
							      O_RDWR);
	if (new->fd < 0) {
		ret = -errno;
		free(new);
		return ret;
	}
	ret = kfipmem_info(new, &info);
	if (ret) {
		kfipmem_close(new);
		return ret;
	}
	new->size = info.size;
	*node = new;
	return 0;
}

void kfipmem_close(struct kfipmem_node *node)
{
	if (!node)
		return;
	close(node->fd);
	free(node);
}

int kfipmem_fd(const struct kfipmem_node *node)
{
	return node->fd;
}

uint64_t kfipmem_size(const struct kfipmem_node *node)
{
	return node->size;
}
