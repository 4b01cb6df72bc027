/* SPDX-License-Identifier: GPL-2.0-only */
/* The pool of an image, by the product's own decoder */
#ifndef MICROSCOPE_POOL_H
#define MICROSCOPE_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_REGIONS_MAX 4

struct pool {
	unsigned int regions;
	struct {
		char name[64];
		uint64_t offset;	/* of the pool's device */
		uint64_t length;
	} region[POOL_REGIONS_MAX];
};

/*
 * The device has size bytes at least. Returns 0, or a negative error: it cannot be
 * opened, or has more regions than there is room for.
 */
int pool_decode(const uint8_t *device, uint64_t size, struct pool *pool);

#endif
