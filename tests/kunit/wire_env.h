/* SPDX-License-Identifier: GPL-2.0-only */
/* What the suites about the wire decoder share. */
#ifndef KFI_WIRE_ENV_H
#define KFI_WIRE_ENV_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "prov_rdma_pmem/wire.h"

#define BUF_SIZE	2048		/* more than any message */

/*
 * The decoder's answer to a copy that ends where the message does, so that a
 * look at the byte behind it is a report of KASAN.
 */
static inline int check_exact(struct kunit *test, const void *data, size_t len,
			      int (*check)(const void *data, size_t len))
{
	u8 *copy = kmalloc(len, GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	if (len)
		memcpy(copy, data, len);
	ret = check(copy, len);
	kfree(copy);
	return ret;
}

static inline void set_header(void *buf, u8 type, size_t len)
{
	struct kfr_wire_hdr *hdr = buf;

	hdr->version = KFR_WIRE_VERSION;
	hdr->type = type;
	hdr->length = cpu_to_le16(len);
	hdr->id = cpu_to_le32(0x00070003);
}

#endif
