/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a part of a persistent space looks like on its medium, and the only code
 * that encodes and decodes it. It knows neither jobs nor mappings: the fuzz test
 * builds it alone. Documentation/shmem-pmem.rst describes the format.
 */
#ifndef SHI_PMEDIA_H
#define SHI_PMEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the format is little-endian"
#endif

#define PM_PAGE 4096UL
#define PM_VERSION 1
#define PM_NAME 48		/* with its NUL */
#define PM_OBJECT_NAME 40
#define PM_GRAIN 64UL
#define PM_SIZE_MAX (1UL << 44)
#define PM_PES_MAX 4096

#define PM_SUPER_AT(copy) ((copy) * PM_PAGE)
#define PM_WORD_AT(word) (2 * PM_PAGE + (word) * 64UL)
#define PM_RECORD_AT (3 * PM_PAGE)
#define PM_BITMAP_AT (4 * PM_PAGE)

enum pm_state { PM_NEW, PM_CLEAN, PM_DIRTY, PM_ROLLBACK, PM_STATES };

/* Numbers that change in one 8-byte store. The first and the last count at PE 0. */
enum pm_word { PM_DECIDED, PM_APPLIED, PM_EXTENT };

struct pm_super {
	char magic[8];
	uint64_t sequence;
	uint32_t version;
	uint32_t crc;		/* of all, as if this was 0 */
	uint32_t copy;
	uint32_t state;
	uint8_t uuid[16];
	char name[PM_NAME];
	uint32_t npes, pe;
	uint64_t size;		/* bytes for objects */
	uint64_t slots;
	uint64_t work_at, committed_at, part_size;
	uint8_t boot[16];	/* of the machine that has it open, or zero */
	uint8_t reserved[96];
};

_Static_assert(sizeof(struct pm_super) == 256, "a superblock has 256 bytes");

/* Before the decision: the pages that differ from the committed copy. */
struct pm_record {
	uint64_t epoch;
	uint64_t pages;		/* of the bitmap */
	uint64_t changed;
	uint32_t bitmap_crc;
	uint32_t crc;
};

enum pm_kind { PM_FREE, PM_BLOCK, PM_ROOT, PM_NAMED };

struct pm_slot {
	uint32_t kind;
	uint32_t crc;		/* of all, as if this was 0, and the slot's number */
	uint64_t at, len;	/* offsets into the space of objects */
	char name[PM_OBJECT_NAME];
};

_Static_assert(sizeof(struct pm_slot) == 64, "a slot has 64 bytes");

/* A change of the table, before it is made. */
struct pm_journal {
	uint32_t used;
	uint32_t crc;		/* of the rest */
	uint64_t number;
	struct pm_slot slot;
};

/* A working image: journal, table, objects. */
#define PM_TABLE_AT PM_PAGE

uint32_t pm_crc(uint32_t crc, const void *data, size_t len);

static inline size_t pm_up(size_t x, size_t a)
{
	return (x + a - 1) & ~(a - 1);
}

uint64_t pm_slots(uint64_t size);

/* Where objects begin in the image, and the image's size. */
static inline size_t pm_objects_at(uint64_t slots)
{
	return pm_up(PM_TABLE_AT + slots * sizeof(struct pm_slot), PM_PAGE);
}

static inline size_t pm_image_size(const struct pm_super *super)
{
	return pm_objects_at(super->slots) + super->size;
}

static inline const char *pm_superblocks(const void *part, int copy)
{
	return (const char *)part + PM_SUPER_AT(copy);
}

bool pm_name_ok(const char *name);
void pm_super_init(struct pm_super *super, const char *name, const uint8_t uuid[16],
		   uint32_t npes, uint32_t pe, uint64_t size);
/* As it is to be stored, at its copy's place. */
void pm_super_seal(struct pm_super *super);

enum pm_found { PM_VALID, PM_BLANK, PM_BAD };

/* Of the first two pages of a part; "why" is a constant text when it is bad. */
enum pm_found pm_super_read(const void *head, struct pm_super *super, const char **why);
const char *pm_super_check(const struct pm_super *super, uint32_t copy);

uint64_t pm_word_make(const uint8_t uuid[16], enum pm_word which, uint64_t value);
bool pm_word_read(const uint8_t uuid[16], enum pm_word which, uint64_t word, uint64_t *value);

void pm_record_seal(struct pm_record *record, const void *bitmap);
bool pm_record_ok(const struct pm_record *record, const void *bitmap, size_t max_pages,
		  uint64_t epoch);

static inline size_t pm_bitmap_size(size_t pages)
{
	return (pages + 63) / 64 * 8;
}

void pm_slot_seal(struct pm_slot *slot, uint64_t number);
/* NULL, or what is wrong with it. */
const char *pm_slot_check(const struct pm_slot *slot, uint64_t number, uint64_t size);

void pm_journal_seal(struct pm_journal *journal);
bool pm_journal_ok(const struct pm_journal *journal, uint64_t slots);

#endif
