/* SPDX-License-Identifier: GPL-2.0-only */
/* What media.c needs when it is built in userspace, for fuzzing. */
#ifndef KFI_PMEM_MEDIA_COMPAT_H
#define KFI_PMEM_MEDIA_COMPAT_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __u64 u64;
typedef struct { u8 b[16]; } uuid_t;

#ifndef EUCLEAN
#define EUCLEAN	117
#endif

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define cpu_to_le32(x)	((__le32)htole32(x))
#define cpu_to_le64(x)	((__le64)htole64(x))
#define le32_to_cpu(x)	le32toh((u32)(x))
#define le64_to_cpu(x)	le64toh((u64)(x))

static inline u32 crc32c(u32 crc, const void *buf, size_t length)
{
	const u8 *p = buf;

	while (length--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return crc;
}

static inline void *memchr_inv(const void *buf, int c, size_t length)
{
	const u8 *p = buf;

	for (; length; length--, p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

static inline bool uuid_is_null(const uuid_t *uuid)
{
	return !memchr_inv(uuid, 0, sizeof(*uuid));
}

#endif
