/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LIBKFIPMEM_NODE_H
#define LIBKFIPMEM_NODE_H

#include "libkfipmem.h"

struct kfipmem_node {
	int fd;
	uint64_t size;
};

static inline uint64_t node_address(const void *p)
{
	return (uintptr_t)p;
}

#endif
