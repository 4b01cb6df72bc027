// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "pmedia.h"

static const char magic[8] = "KFISPACE";

/* CRC32C */
uint32_t pm_crc(uint32_t crc, const void *data, size_t len)
{
	static uint32_t table[256];
	const uint8_t *p = data;
	uint32_t i, j, c;

	if (!__atomic_load_n(&table[255], __ATOMIC_ACQUIRE))
		for (i = 0; i < 256; i++) {
			for (c = i, j = 0; j < 8; j++)
				c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
			__atomic_store_n(&table[i], c, __ATOMIC_RELEASE);
		}
	for (crc = ~crc; len; len--)
		crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
	return ~crc;
}

/* An object for each KiB, within limits. */
uint64_t pm_slots(uint64_t size)
{
	uint64_t slots = size / 1024;

	return slots < 64 ? 64 : slots > 65536 ? 65536 : slots;
}

bool pm_name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789._-";
	size_t len = strnlen(name, PM_NAME);

	return len && len < PM_NAME && name[0] != '.' && strspn(name, allowed) == len;
}

static void layout(struct pm_super *super)
{
	size_t image = pm_image_size(super);

	super->work_at = PM_BITMAP_AT + pm_up(pm_bitmap_size(image / PM_PAGE), PM_PAGE);
	super->committed_at = super->work_at + image;
	super->part_size = super->committed_at + image;
}

void pm_super_init(struct pm_super *super, const char *name, const uint8_t uuid[16],
		   uint32_t npes, uint32_t pe, uint64_t size)
{
	memset(super, 0, sizeof(*super));
	memcpy(super->magic, magic, sizeof(magic));
	super->version = PM_VERSION;
	memcpy(super->uuid, uuid, 16);
	memcpy(super->name, name, strnlen(name, PM_NAME - 1));
	super->npes = npes;
	super->pe = pe;
	super->size = size;
	super->slots = pm_slots(size);
	layout(super);
}

static uint32_t super_crc(struct pm_super super)
{
	super.crc = 0;
	return pm_crc(0, &super, sizeof(super));
}

void pm_super_seal(struct pm_super *super)
{
	super->crc = super_crc(*super);
}

const char *pm_super_check(const struct pm_super *super, uint32_t copy)
{
	static const uint8_t zero[sizeof(super->reserved)];
	struct pm_super want = *super;

	if (memcmp(super->magic, magic, sizeof(magic)))
		return "there is no superblock of a space";
	if (super->version != PM_VERSION)
		return "it is of another version of the format";
	if (super->crc != super_crc(*super))
		return "the superblock's checksum is wrong";
	if (super->copy != copy || !super->sequence || super->state >= PM_STATES)
		return "the superblock's state is impossible";
	if (super->name[PM_NAME - 1] || !pm_name_ok(super->name))
		return "the superblock's name is impossible";
	if (!super->npes || super->npes > PM_PES_MAX || super->pe >= super->npes)
		return "the superblock's number of PEs is impossible";
	if (!super->size || super->size > PM_SIZE_MAX || super->size % PM_PAGE ||
	    super->slots != pm_slots(super->size))
		return "the superblock's size is impossible";
	layout(&want);
	if (want.work_at != super->work_at || want.committed_at != super->committed_at ||
	    want.part_size != super->part_size ||
	    memcmp(super->reserved, zero, sizeof(zero)))
		return "the superblock's layout is impossible";
	return NULL;
}

static bool blank(const void *data, size_t len)
{
	const char *p = data;

	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

enum pm_found pm_super_read(const void *head, struct pm_super *super, const char **why)
{
	struct pm_super copy[2];
	const char *bad[2];
	int i;

	for (i = 0; i < 2; i++) {
		memcpy(&copy[i], pm_superblocks(head, i), sizeof(copy[i]));
		bad[i] = pm_super_check(&copy[i], i);
	}
	if (bad[0] && bad[1]) {
		/* Where there is one, that is what there is something to say of. */
		*why = memcmp(copy[0].magic, magic, sizeof(magic)) ? bad[1] : bad[0];
		/* The first superblock of all is copy 1, and gets its magic last. */
		return blank(head, PM_PAGE) && blank(copy[1].magic, sizeof(magic)) ?
			PM_BLANK : PM_BAD;
	}
	if (!bad[0] && !bad[1])
		*super = copy[copy[1].sequence > copy[0].sequence];
	else
		*super = copy[!!bad[0]];
	return PM_VALID;
}

/* A word: 48 bits of the value, and 16 that tell a wrong one. */
static uint64_t word_check(const uint8_t uuid[16], enum pm_word which, uint64_t value)
{
	uint32_t place = which, crc;

	crc = pm_crc(0, uuid, 16);
	crc = pm_crc(crc, &place, sizeof(place));
	crc = pm_crc(crc, &value, sizeof(value));
	return (crc ^ crc >> 16) & 0xffff;
}

uint64_t pm_word_make(const uint8_t uuid[16], enum pm_word which, uint64_t value)
{
	return value << 16 | word_check(uuid, which, value);
}

bool pm_word_read(const uint8_t uuid[16], enum pm_word which, uint64_t word, uint64_t *value)
{
	*value = word >> 16;
	return (word & 0xffff) == word_check(uuid, which, *value);
}

static uint32_t record_crc(struct pm_record record)
{
	record.crc = 0;
	return pm_crc(0, &record, sizeof(record));
}

void pm_record_seal(struct pm_record *record, const void *bitmap)
{
	record->bitmap_crc = pm_crc(0, bitmap, pm_bitmap_size(record->pages));
	record->crc = record_crc(*record);
}

bool pm_record_ok(const struct pm_record *record, const void *bitmap, size_t max_pages,
		  uint64_t epoch)
{
	return record->crc == record_crc(*record) && record->epoch == epoch &&
		record->pages <= max_pages &&
		record->bitmap_crc == pm_crc(0, bitmap, pm_bitmap_size(record->pages));
}

static uint32_t slot_crc(struct pm_slot slot, uint64_t number)
{
	slot.crc = 0;
	return pm_crc(pm_crc(0, &number, sizeof(number)), &slot, sizeof(slot));
}

void pm_slot_seal(struct pm_slot *slot, uint64_t number)
{
	if (slot->kind != PM_FREE)
		slot->crc = slot_crc(*slot, number);
}

const char *pm_slot_check(const struct pm_slot *slot, uint64_t number, uint64_t size)
{
	if (slot->kind == PM_FREE)
		return blank(slot, sizeof(*slot)) ? NULL : "a free slot is not empty";
	if (slot->crc != slot_crc(*slot, number))
		return "a slot's checksum is wrong";
	if (slot->at % PM_GRAIN || slot->at >= size)
		return "a slot's offset is impossible";
	switch (slot->kind) {
	case PM_BLOCK:
	case PM_ROOT:
		if (!slot->len || slot->len > size - slot->at)
			return "an object is longer than the space";
		if (!blank(slot->name, sizeof(slot->name)))
			return "an object's slot has a name";
		return NULL;
	case PM_NAMED:
		if (!slot->name[0] || slot->name[PM_OBJECT_NAME - 1] || slot->len)
			return "an object's name is impossible";
		return NULL;
	}
	return "a slot is of an unknown kind";
}

static uint32_t journal_crc(const struct pm_journal *journal)
{
	return pm_crc(0, &journal->number, sizeof(*journal) - offsetof(struct pm_journal, number));
}

void pm_journal_seal(struct pm_journal *journal)
{
	journal->used = 1;
	journal->crc = journal_crc(journal);
}

bool pm_journal_ok(const struct pm_journal *journal, uint64_t slots)
{
	return journal->used == 1 && journal->number < slots &&
		journal->crc == journal_crc(journal);
}
