// SPDX-License-Identifier: GPL-2.0-only
/* The parts of the shim that are no macros. */
#include "kernel.h"

/* A fuzzer has nothing to learn from these loops, and runs them all the time. */
#ifdef __clang__
__attribute__((no_sanitize("coverage", "address", "undefined")))
#endif
__attribute__((target("sse4.2")))
u32 crc32c(u32 crc, const void *buf, size_t size)
{
	const u8 *p = buf;
	u64 word;

	for (; size >= sizeof(word); size -= sizeof(word), p += sizeof(word)) {
		__builtin_memcpy(&word, p, sizeof(word));
		crc = (u32)__builtin_ia32_crc32di(crc, word);
	}
	for (; size; size--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
