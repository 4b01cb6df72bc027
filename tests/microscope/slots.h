/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the program commits writes to a region, and check looks for: one slot for
 * each operation, and a word for those that have one.
 */
#ifndef MICROSCOPE_SLOTS_H
#define MICROSCOPE_SLOTS_H

#include <stdint.h>
#include <string.h>

#define SLOTS_MAGIC "kfi microscope\n"	/* at the region's first byte */
#define SLOTS_MAX 200
#define WORDS_AT 4096u
#define SLOTS_AT 8192u
#define SLOT_STRIDE 8192u

enum kind {
	KIND_DSYNC,		/* a write to a file with O_DSYNC */
	KIND_FSYNC,
	KIND_MSYNC,		/* stores to a mapping */
	KIND_COMMIT,		/* the ioctl */
	KIND_PUBLISH,		/* data, then the word */
	KIND_ATOMIC,		/* the word alone */
	KINDS
};

static inline enum kind slot_kind(unsigned int i)
{
	return i % KINDS;
}

/* Neither aligned nor whole lines, but of the mapping */
static inline uint64_t slot_at(unsigned int i)
{
	return SLOTS_AT + (uint64_t)i * SLOT_STRIDE + i % 7 * 9;
}

static inline uint32_t slot_length(unsigned int i)
{
	static const uint32_t lengths[] = { 64, 7, 4096, 300, 129 };

	return slot_kind(i) == KIND_ATOMIC ? 0 : lengths[i % 5];
}

static inline uint64_t word_at(unsigned int i)
{
	return WORDS_AT + 8 * (uint64_t)i;
}

static inline uint64_t word_value(unsigned int i)
{
	return 0x6b66692d00000001u + i;
}

static inline int slot_has_word(unsigned int i)
{
	return slot_kind(i) == KIND_PUBLISH || slot_kind(i) == KIND_ATOMIC;
}

static inline void slot_fill(unsigned int i, uint8_t *data)
{
	uint32_t k;

	for (k = 0; k < slot_length(i); k++)
		data[k] = 1 + (i * 31 + k * 7) % 255;
}

static inline int slot_is_there(unsigned int i, const uint8_t *region)
{
	uint8_t data[4096];

	slot_fill(i, data);
	return !memcmp(region + slot_at(i), data, slot_length(i));
}

#endif
