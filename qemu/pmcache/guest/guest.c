// SPDX-License-Identifier: BSD-3-Clause
/*
 * The self-test's guest: no firmware's service, no interrupt, one program on an
 * NVDIMM. With WITHOUT_WRITE_BACK or WITHOUT_FENCE, or both, defined as a way it
 * leaves that out in this way of writing a record, and so is wrong.
 */
#include <stddef.h>

#include "kfi_marker.h"
#include "protocol.h"

void guest_main(void);

#define NVDIMM 0x100000000u
#define DEBUG_EXIT 0xf4

#ifndef WITHOUT_WRITE_BACK
#define WITHOUT_WRITE_BACK WAYS_NONE
#endif
#ifndef WITHOUT_FENCE
#define WITHOUT_FENCE WAYS_NONE
#endif

/* A fence by the architecture, but nobody's intention */
#ifdef LOCKED_FENCES
#define FENCE_INSN(insn) "lock orl $0, (%%rsp)"
#else
#define FENCE_INSN(insn) insn
#endif

#define FENCE(insn, way) \
	do { \
		if ((way) != WITHOUT_FENCE) \
			__asm__ volatile(FENCE_INSN(insn) : : : \
					 "memory", "cc"); \
	} while (0)

/* The lines of a range, by each of the instructions that do it */
#define PERSIST(name, write_back, fence) \
	static void name(const void *at, size_t length, enum way way) \
	{ \
		uintptr_t line = (uintptr_t)at & ~(uintptr_t)63; \
		\
		for (; line < (uintptr_t)at + length; line += 64) \
			if (way != WITHOUT_WRITE_BACK) \
				__asm__ volatile(write_back " %0" : \
						 "+m" (*(volatile char *)line)); \
		FENCE(fence, way); \
	}

PERSIST(persist_clwb, "clwb", "sfence")
PERSIST(persist_clflushopt, "clflushopt", "mfence")
PERSIST(persist_clflush, "clflush", "sfence")

static void store_words(char *to, unsigned int record)
{
	unsigned int i;

	for (i = 0; i < RECORD_WORDS; i++)
		*(volatile uint64_t *)(to + 8 * i) = record_word(record, i);
}

static void store_string(char *to, unsigned int record)
{
	static volatile uint64_t words[RECORD_WORDS];
	const volatile void *from = words;
	size_t count = RECORD_BYTES;
	void *at = to;
	unsigned int i;

	for (i = 0; i < RECORD_WORDS; i++)
		words[i] = record_word(record, i);
	__asm__ volatile("rep movsb" : "+D" (at), "+S" (from), "+c" (count) :
			 : "memory");
}

/* A non-temporal store without its write-back is a plain store. */
static void store_movnti(char *to, unsigned int record)
{
	unsigned int i;

	if (WITHOUT_WRITE_BACK == WAY_MOVNTI)
		return store_words(to, record);
	for (i = 0; i < RECORD_WORDS; i++)
		__asm__ volatile("movnti %1, %0" :
				 "=m" (*(uint64_t *)(to + 8 * i)) :
				 "r" (record_word(record, i)));
}

static void store_movntdq(char *to, unsigned int record)
{
	unsigned int i;

	if (WITHOUT_WRITE_BACK == WAY_MOVNTDQ)
		return store_words(to, record);
	for (i = 0; i < RECORD_WORDS; i += 2) {
		uint64_t pair[2] = { record_word(record, i),
				     record_word(record, i + 1) };

		__asm__ volatile("movdqu %1, %%xmm0\n\t"
				 "movntdq %%xmm0, %0" :
				 "=m" (*(char (*)[16])(to + 8 * i)) :
				 "m" (pair) : "xmm0");
	}
}

static void write_record(char *to, unsigned int record, enum way way)
{
	switch (way) {
	case WAY_CLWB:
		store_words(to, record);
		return persist_clwb(to, RECORD_BYTES, way);
	case WAY_CLFLUSHOPT:
		store_words(to, record);
		return persist_clflushopt(to, RECORD_BYTES, way);
	case WAY_CLFLUSH:
		store_words(to, record);
		return persist_clflush(to, RECORD_BYTES, way);
	case WAY_STRING:
		store_string(to, record);
		return persist_clwb(to, RECORD_BYTES, way);
	case WAY_MOVNTI:
		store_movnti(to, record);
		FENCE("sfence", way);
		return;
	case WAY_MOVNTDQ:
		store_movntdq(to, record);
		FENCE("mfence", way);
		return;
	case WAY_WBINVD:
		store_words(to, record);
		if (way != WITHOUT_WRITE_BACK)
			__asm__ volatile("wbinvd" : : : "memory");
		return;
	case WAYS_OF_RECORDS:
	case WAY_COUNT:
	case WAYS_NONE:
		return;
	}
}

void guest_main(void)
{
	char *base = (char *)(uintptr_t)NVDIMM;
	volatile uint64_t *count = (void *)(base + COUNT_AT);
	unsigned int i;

	for (i = 0; i < RECORDS; i++) {
		char *to = base + record_at(i);

		KFI_MARK(KFI_MARKER_BEGIN, i, record_way(i));
		write_record(to, i, record_way(i));
		KFI_MARK(KFI_MARKER_DURABLE, to, RECORD_BYTES);
		*count = i + 1;
		persist_clwb((const void *)count, sizeof(*count), WAY_COUNT);
		KFI_MARK(KFI_MARKER_DURABLE, count, sizeof(*count));
		KFI_MARK(KFI_MARKER_END, i, 0);
	}
	__asm__ volatile("outl %0, %w1" : : "a" (0), "Nd" (DEBUG_EXIT));
}
