// SPDX-License-Identifier: BSD-3-Clause
/*
 * Persistent spaces of libshmem: the superblocks of a part, and the table of
 * objects with its journal, as the allocator reads it. An input is changes of a
 * space of one PE, its checksums set right again or not; then calls of a
 * program, of which the table has to make sense as well.
 */
#include <stdarg.h>

#include "pspace.h"
#include "fuzz.h"

#define SIZE	(16 * PM_PAGE)
#define SLOTS	64
#define TOUCHED	(PM_TABLE_AT + 8 * sizeof(struct pm_slot))

/* Of the first byte. */
enum {
	SEAL_SUPERS = 0x01, SEAL_SLOTS = 0x02, SEAL_JOURNAL = 0x04, OTHER_SUPER = 0x08,
	SUPERS = 0x80,
};

struct shi_state shi = { .npes = 1 };
_Thread_local struct shi_looks shi_looks;

static const uint8_t uuid[16] = { 1, 2, 3 };
static struct shi_part part;
static struct shi_space space;
static char image[PM_TABLE_AT + SLOTS * sizeof(struct pm_slot) + PM_PAGE + SIZE]
	__attribute__((__aligned__(4096)));

/* What the allocator asks of the rest of the library. */
int shi_fail(int error, const char *format, ...)
{
	char text[SHI_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	FUZZ_CHECK(error > 0 && text[0]);
	return -error;
}

int shi_damaged(const char *name, int pe, const char *format, ...)
{
	(void)format;
	return shi_fail(EUCLEAN, "space %s: part %d", name, pe);
}

int shi_agree(int rc)
{
	return rc;
}

void shi_gather(const void *mine, void *all, size_t len)
{
	memcpy(all, mine, len);
}

static bool in_image(const void *addr, size_t len)
{
	size_t at = (uintptr_t)addr - (uintptr_t)image;

	return at <= sizeof(image) && len <= sizeof(image) - at;
}

int shi_flush(const struct shi_part *of, const void *addr, size_t len)
{
	FUZZ_CHECK(of == &part && in_image(addr, len));
	return 0;
}

int shi_drain(const struct shi_part *of)
{
	FUZZ_CHECK(of == &part);
	return 0;
}

int shi_word_write(struct shi_space *of, enum pm_word which, uint64_t value)
{
	FUZZ_CHECK(of == &space && which == PM_EXTENT);
	FUZZ_CHECK(value <= space.image / PM_PAGE);
	return 0;
}

struct shi_space *shi_space_of(shmemx_pspace_t handle, const char *what)
{
	(void)handle;
	(void)what;
	return &space;
}

void shi_die(const char *format, ...)
{
	(void)format;
	abort();
}

/* One PE has no peers: nobody comes here. */
void *shi_peer_slow(const void *addr, int pe, size_t len)
{
	(void)addr, (void)pe, (void)len;
	abort();
}

bool shi_space_peer(const void *addr, int pe, size_t len, void **to)
{
	(void)addr, (void)pe, (void)len, (void)to;
	abort();
}

void shi_far_get(void *dest, const void *source, size_t len, int pe)
{
	(void)dest, (void)source, (void)len, (void)pe;
	abort();
}

void shi_far_quiet(void)
{
	abort();
}

/* The superblock of a space says no more than what made it. */
static void super_holds(const struct pm_super *super)
{
	struct pm_super made;

	FUZZ_CHECK(pm_name_ok(super->name));
	FUZZ_CHECK(super->npes && super->npes <= PM_PES_MAX && super->pe < super->npes);
	FUZZ_CHECK(super->size && super->size <= PM_SIZE_MAX && !(super->size % PM_PAGE));
	FUZZ_CHECK(super->work_at >= PM_BITMAP_AT + pm_bitmap_size(pm_image_size(super) / PM_PAGE));
	FUZZ_CHECK(super->committed_at == super->work_at + pm_image_size(super));
	FUZZ_CHECK(super->part_size == super->committed_at + pm_image_size(super));
	pm_super_init(&made, super->name, super->uuid, super->npes, super->pe, super->size);
	made.sequence = super->sequence;
	made.copy = super->copy;
	made.state = super->state;
	memcpy(made.boot, super->boot, sizeof(made.boot));
	/* Nothing reads what is behind a name. */
	memcpy(made.name, super->name, sizeof(made.name));
	pm_super_seal(&made);
	FUZZ_CHECK(!memcmp(&made, super, sizeof(made)));
}

static void fuzz_supers(struct fuzz_in in, uint8_t how)
{
	static char head[2 * PM_PAGE] __attribute__((__aligned__(8)));
	struct pm_super *copy[2], super, before;
	const char *why = NULL;
	struct fuzz_patch patch;
	int i;

	memset(head, 0, sizeof(head));
	for (i = 0; i < 2; i++) {
		copy[i] = (struct pm_super *)(head + PM_SUPER_AT(i));
		if (i && how & OTHER_SUPER)
			break;
		pm_super_init(copy[i], "space", uuid, 4, 2, SIZE);
		copy[i]->sequence = 3 + i;
		copy[i]->copy = i;
		copy[i]->state = PM_DIRTY;
		pm_super_seal(copy[i]);
	}
	while (in.left) {
		i = fuzz_u8(&in) & 1;
		if (!fuzz_patch(&in, copy[i], sizeof(*copy[i]), &patch))
			break;
		if (how & SEAL_SUPERS)
			pm_super_seal(copy[i]);
	}
	memset(&super, 0x5a, sizeof(super));
	before = super;
	if (pm_super_read(head, &super, &why) != PM_VALID) {
		FUZZ_CHECK(why && !memcmp(&super, &before, sizeof(super)));
		return;
	}
	super_holds(&super);
	for (i = 0; i < 2; i++)
		FUZZ_CHECK(pm_super_check(copy[i], i) || copy[i]->sequence <= super.sequence);
}

static void space_init(void)
{
	static const struct pm_slot first[] = {
		{ .kind = PM_ROOT, .at = 0, .len = 4096 },
		{ .kind = PM_BLOCK, .at = 8192, .len = 64 },
		{ .kind = PM_NAMED, .at = 8192, .name = "object" },
		{ .kind = PM_FREE },
		{ .kind = PM_BLOCK, .at = 4096, .len = 1024 },
	};
	struct pm_slot *table = (struct pm_slot *)(image + PM_TABLE_AT);
	size_t i;

	memset(&space, 0, sizeof(space));
	pm_super_init(&space.super, "space", uuid, 1, 0, SIZE);
	space.base = image;
	space.image = pm_image_size(&space.super);
	space.part = &part;
	FUZZ_CHECK(space.super.slots == SLOTS && space.image <= sizeof(image));
	memset(image, 0, PM_TABLE_AT + SLOTS * sizeof(struct pm_slot));
	for (i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		table[i] = first[i];
		pm_slot_seal(&table[i], i);
	}
}

/* Changes, first of the journal and then of the table's slots. */
static void damage(struct fuzz_in *in, uint8_t how)
{
	struct pm_slot *table = (struct pm_slot *)(image + PM_TABLE_AT);
	struct pm_journal *journal = (struct pm_journal *)image;
	uint8_t n = fuzz_u8(in) % 16;
	struct fuzz_patch patch;
	unsigned int i;

	while (n-- && in->left)
		if (fuzz_u8(in) & 1) {
			if (!fuzz_patch(in, journal, sizeof(*journal), &patch))
				break;
			if (how & SEAL_JOURNAL) {
				pm_slot_seal(&journal->slot, journal->number);
				pm_journal_seal(journal);
			}
		} else {
			if (!fuzz_patch(in, table, TOUCHED - PM_TABLE_AT, &patch))
				break;
			for (i = 0; how & SEAL_SLOTS && i < SLOTS; i++)
				pm_slot_seal(&table[i], i);
		}
}

/* Objects are in the space and apart; every name is of one of them. */
static void table_holds(void)
{
	const struct shi_block *block = space.blocks;
	size_t i, j, roots = 0;
	uint64_t all = 0;

	FUZZ_CHECK(space.nblocks <= space.super.slots);
	for (i = 0; i < space.nblocks; i++) {
		FUZZ_CHECK(block[i].len && block[i].len <= SIZE);
		FUZZ_CHECK(block[i].at <= SIZE - block[i].len);
		FUZZ_CHECK(!i || block[i - 1].at + block[i - 1].len <= block[i].at);
		FUZZ_CHECK(block[i].slot < space.super.slots);
		roots += space.table[block[i].slot].kind == PM_ROOT;
		all += block[i].len;
	}
	FUZZ_CHECK(roots <= 1 && all == space.allocated);
	for (i = 0; i < space.super.slots; i++) {
		const struct pm_slot *slot = &space.table[i];

		if (slot->kind != PM_NAMED)
			continue;
		FUZZ_CHECK(slot->name[0] && memchr(slot->name, 0, sizeof(slot->name)));
		for (j = 0; j < space.nblocks && block[j].at != slot->at; j++)
			;
		FUZZ_CHECK(j < space.nblocks);
	}
}

static void free_one(uint16_t number)
{
	if (space.nblocks)
		pshmemx_pspace_free(0, image + pm_objects_at(SLOTS) +
				    space.blocks[number % space.nblocks].at);
}

/* A program that goes on with what it found. */
static void use(struct fuzz_in *in)
{
	int calls = 8;

	while (in->left && calls--) {
		uint8_t call = fuzz_u8(in);
		uint16_t number = fuzz_u16(in);
		char *object = NULL;
		size_t size = number;

		switch (call % 6) {
		case 0:
			object = pshmemx_pspace_malloc(0, size);
			break;
		case 1:
			object = pshmemx_pspace_align(0, 1UL << (call >> 4), size);
			break;
		case 2:
			free_one(number);
			break;
		case 3:
			object = pshmemx_pspace_root(0, size);
			break;
		case 4:
			object = pshmemx_pspace_lookup(0, "object", &size);
			break;
		case 5:
			pshmemx_pspace_set_name(0, number & 1 ? "object" : "other", space.nblocks ?
						image + pm_objects_at(SLOTS) + space.blocks[0].at :
						NULL);
			break;
		}
		if (object)
			FUZZ_CHECK(in_image(object, size) && object >= image + pm_objects_at(SLOTS));
		table_holds();
	}
}

/* What is on the medium after all this is what the library knows. */
static void load_again(void)
{
	size_t blocks = space.nblocks, size = SLOTS * sizeof(struct pm_slot);
	struct pm_slot *before = fuzz_exact(space.table, size);

	shi_table_drop(&space);
	FUZZ_CHECK(!shi_table_replay(&space) && !shi_table_load(&space));
	FUZZ_CHECK(space.nblocks == blocks && !memcmp(before, space.table, size));
	free(before);
}

static void fuzz_table(struct fuzz_in in, uint8_t how)
{
	static char before[PM_TABLE_AT + SLOTS * sizeof(struct pm_slot)];
	int rc;

	space_init();
	damage(&in, how);
	FUZZ_CHECK(!shi_table_replay(&space));
	memcpy(before, image, sizeof(before));
	rc = shi_table_load(&space);
	/* Reading changes nothing. */
	FUZZ_CHECK(!memcmp(before, image, sizeof(before)));
	if (rc) {
		FUZZ_CHECK(rc == -EUCLEAN);
	} else {
		table_holds();
		use(&in);
		load_again();
	}
	shi_table_drop(&space);
}

static void fuzz_words(struct fuzz_in in)
{
	uint64_t bitmap[4], word = fuzz_u64(&in), value, epoch = fuzz_u64(&in);
	enum pm_word which = fuzz_u8(&in) % 3;
	struct pm_record record, good;

	if (pm_word_read(uuid, which, word, &value))
		FUZZ_CHECK(pm_word_make(uuid, which, value) == word);
	value = word >> 16;
	FUZZ_CHECK(pm_word_read(uuid, which, pm_word_make(uuid, which, value), &value));
	FUZZ_CHECK(value == word >> 16);

	fuzz_take(&in, bitmap, sizeof(bitmap));
	good = (struct pm_record){ .epoch = epoch, .pages = fuzz_u16(&in) % 256 };
	pm_record_seal(&good, bitmap);
	record = good;
	FUZZ_CHECK(pm_record_ok(&record, bitmap, 256, epoch));
	fuzz_take(&in, &record, in.left < sizeof(record) ? in.left : sizeof(record));
	/* A record of another epoch or a larger image is none. */
	if (pm_record_ok(&record, bitmap, 256, epoch))
		FUZZ_CHECK(record.epoch == epoch && record.pages <= 256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	uint8_t how = fuzz_u8(&in);

	if (!(how & SUPERS)) {
		fuzz_table(in, how);
		return 0;
	}
	fuzz_supers(in, how);
	fuzz_words(in);
	return 0;
}
