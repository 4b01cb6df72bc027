// SPDX-License-Identifier: BSD-3-Clause
/*
 * Objects and their names. The table of PE 0 is the only one on a medium: what
 * it says is allocated at all PEs, so a crash cannot make them differ. The
 * others have copies in private memory, and since all make the same calls, all
 * come to the same offsets without asking.
 *
 * A change is one slot: it is written to the journal, durably, then to the
 * table, durably. What a crash leaves of a change in the journal is the change
 * (its checksum is right) or nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "pspace.h"

#define EXTENT_STEP 64UL	/* pages; the extent is a durable word, and grows seldom */

static struct pm_journal *journal(struct shi_space *space)
{
	return (struct pm_journal *)space->base;
}

static struct pm_slot *medium(struct shi_space *space, uint64_t number)
{
	return (struct pm_slot *)(space->base + PM_TABLE_AT) + number;
}

static char *objects(struct shi_space *space)
{
	return space->base + pm_objects_at(space->super.slots);
}

static int damaged(struct shi_space *space, uint64_t number, const char *why)
{
	return shi_damaged(space->super.name, 0, "is damaged: slot %lu of its table: %s",
			   (unsigned long)number, why);
}

/* At PE 0, before the table is read. */
int shi_table_replay(struct shi_space *space)
{
	struct pm_journal *j = journal(space);
	struct pm_slot *slot;
	int rc;

	if (!j->used)
		return 0;
	if (pm_journal_ok(j, space->super.slots)) {
		slot = medium(space, j->number);
		*slot = j->slot;
		rc = shi_durable(shi_own(space), slot, sizeof(*slot));
		if (rc)
			return rc;
	}
	j->used = 0;
	return shi_durable(shi_own(space), j, sizeof(*j));
}

/* At PE 0: one slot of the table becomes another, at once. */
static int table_write(struct shi_space *space, uint64_t number, const struct pm_slot *slot)
{
	struct pm_journal *j = journal(space);
	int rc;

	j->number = number;
	j->slot = *slot;
	pm_journal_seal(j);
	rc = shi_durable(shi_own(space), j, sizeof(*j));
	return rc ? rc : shi_table_replay(space);
}

/* All PEs; the copies change when the original has. */
static int table_set(struct shi_space *space, uint64_t number, struct pm_slot slot)
{
	int rc;

	pm_slot_seal(&slot, number);
	rc = shi_agree(shi.me ? 0 : table_write(space, number, &slot));
	if (!rc)
		space->table[number] = slot;
	return rc;
}

static int64_t free_slot(struct shi_space *space)
{
	uint64_t i;

	for (i = 0; i < space->super.slots; i++)
		if (space->table[i].kind == PM_FREE)
			return i;
	shi_fail(ENOSPC, "space %s: its table is full, %lu objects and names", space->super.name,
		 (unsigned long)space->super.slots);
	return -1;
}

/* The first block that does not begin before "at" */
static size_t block_after(struct shi_space *space, size_t at)
{
	size_t lo = 0, hi = space->nblocks;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (space->blocks[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct shi_block *block_at(struct shi_space *space, size_t at)
{
	size_t i = block_after(space, at);

	return i < space->nblocks && space->blocks[i].at == at ? &space->blocks[i] : NULL;
}

static struct shi_block *block_of(struct shi_space *space, const void *ptr)
{
	return block_at(space, (const char *)ptr - objects(space));
}

static void block_add(struct shi_space *space, struct shi_block block)
{
	size_t i = block_after(space, block.at);

	memmove(&space->blocks[i + 1], &space->blocks[i],
		(space->nblocks - i) * sizeof(block));
	space->blocks[i] = block;
	space->nblocks++;
	space->allocated += block.len;
}

static void block_del(struct shi_space *space, struct shi_block *block)
{
	space->allocated -= block->len;
	space->nblocks--;
	memmove(block, block + 1, (char *)&space->blocks[space->nblocks] - (char *)block);
}

static bool is_object(const struct pm_slot *slot)
{
	return slot->kind == PM_BLOCK || slot->kind == PM_ROOT;
}

static int by_address(const void *a, const void *b)
{
	size_t x = ((const struct shi_block *)a)->at, y = ((const struct shi_block *)b)->at;

	return x < y ? -1 : x > y;
}

/* The objects and, when they are known, the names: the whole has to make sense. */
static int table_check(struct shi_space *space)
{
	uint64_t i, roots = 0;
	struct pm_slot *slot;
	const char *why;

	for (i = 0; i < space->super.slots; i++) {
		slot = &space->table[i];
		why = pm_slot_check(slot, i, space->super.size);
		if (!why && slot->kind == PM_ROOT && roots++)
			why = "there is a second root";
		if (why)
			return damaged(space, i, why);
		if (is_object(slot)) {
			space->blocks[space->nblocks++] = (struct shi_block){
				.at = slot->at, .len = slot->len, .slot = i,
			};
			space->allocated += slot->len;
		}
	}
	qsort(space->blocks, space->nblocks, sizeof(*space->blocks), by_address);
	for (i = 1; i < space->nblocks; i++)
		if (space->blocks[i - 1].at + space->blocks[i - 1].len > space->blocks[i].at)
			return damaged(space, space->blocks[i].slot, "two objects overlap");
	for (i = 0; i < space->super.slots; i++)
		if (space->table[i].kind == PM_NAMED && !block_at(space, space->table[i].at))
			return damaged(space, i, "a name is of no object");
	return 0;
}

/* The space is mapped, and PE 0 has replayed its journal. */
int shi_table_load(struct shi_space *space)
{
	size_t len = space->super.slots * sizeof(struct pm_slot);

	space->table = malloc(len);
	space->blocks = calloc(space->super.slots, sizeof(*space->blocks));
	if (!space->table || !space->blocks)
		return shi_fail(ENOMEM, "no memory for the table of space %s", space->super.name);
	shi_get(space->table, space->base + PM_TABLE_AT, len, 0);
	return table_check(space);
}

void shi_table_drop(struct shi_space *space)
{
	free(space->table);
	free(space->blocks);
	space->table = NULL;
	space->blocks = NULL;
	space->nblocks = 0;
	space->allocated = 0;
}

/* What all PEs pass has to be the same: they would go different ways for ever. */
static int same_call(struct shi_space *space, const char *what, uint64_t a, uint64_t b)
{
	struct { uint64_t what, a, b; } mine = { pm_crc(0, what, strlen(what)), a, b }, *all;
	int pe, rc = 0;

	shi_quiet();
	all = calloc(shi.npes, sizeof(*all));
	if (!all)
		shi_die("no memory");
	shi_gather(&mine, all, sizeof(mine));
	for (pe = 1; pe < shi.npes && !rc; pe++)
		if (memcmp(&all[0], &all[pe], sizeof(mine)))
			rc = shi_fail(EINVAL, "space %s: PEs 0 and %d differ in what they ask for in %s()",
				      space->super.name, pe, what);
	free(all);
	return rc;
}

/* First fit. Objects begin on a page: offsets are as aligned as addresses. */
static bool place(struct shi_space *space, size_t alignment, size_t len, size_t *at)
{
	size_t i, end;

	*at = 0;
	for (i = 0; i <= space->nblocks; i++) {
		*at = pm_up(*at, alignment);
		end = i < space->nblocks ? space->blocks[i].at : space->super.size;
		if (*at <= end && end - *at >= len)
			return true;
		if (i < space->nblocks)
			*at = space->blocks[i].at + space->blocks[i].len;
	}
	shi_fail(ENOSPC, "space %s: no room for %zu bytes in %lu, of which %lu are allocated",
		 space->super.name, len, (unsigned long)space->super.size,
		 (unsigned long)space->allocated);
	return false;
}

/* Recovery looks at no more than the extent: it has to cover what is in use. */
static int cover(struct shi_space *space, size_t end)
{
	size_t pages = pm_up(pm_objects_at(space->super.slots) + end, PM_PAGE) / PM_PAGE;
	int rc;

	if (pages <= space->extent)
		return 0;
	pages = pm_up(pages, EXTENT_STEP);
	if (pages > space->image / PM_PAGE)
		pages = space->image / PM_PAGE;
	rc = shi_agree(shi.me ? 0 : shi_word_write(space, PM_EXTENT, pages));
	if (!rc)
		space->extent = pages;
	return rc;
}

static void *allocate(struct shi_space *space, size_t alignment, size_t size, enum pm_kind kind,
		      bool zero)
{
	size_t len = pm_up(size, PM_GRAIN), at;
	int64_t slot;
	char *ptr;

	if (!size || len < size || !place(space, alignment, len, &at))
		return NULL;
	slot = free_slot(space);
	if (slot < 0 || cover(space, at + len))
		return NULL;
	ptr = objects(space) + at;
	if (zero) {
		memset(ptr, 0, len);
		if (shi_agree(shi_durable(shi_own(space), ptr, len)))
			return NULL;
	}
	if (table_set(space, slot, (struct pm_slot){ .kind = kind, .at = at, .len = len }))
		return NULL;
	block_add(space, (struct shi_block){ .at = at, .len = len, .slot = slot });
	return ptr;
}

SHI_FN(void *, shmemx_pspace_malloc, (shmemx_pspace_t handle, size_t size))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_malloc()");

	if (same_call(space, "shmemx_pspace_malloc", size, 0))
		return NULL;
	return allocate(space, PM_GRAIN, size, PM_BLOCK, false);
}

SHI_FN(void *, shmemx_pspace_calloc, (shmemx_pspace_t handle, size_t count, size_t size))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_calloc()");
	size_t len;

	if (__builtin_mul_overflow(count, size, &len))
		len = 0;
	if (same_call(space, "shmemx_pspace_calloc", count, size))
		return NULL;
	return allocate(space, PM_GRAIN, len, PM_BLOCK, true);
}

SHI_FN(void *, shmemx_pspace_align, (shmemx_pspace_t handle, size_t alignment, size_t size))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_align()");

	if (same_call(space, "shmemx_pspace_align", alignment, size))
		return NULL;
	if (!alignment || (alignment & (alignment - 1)) || alignment > PM_PAGE) {
		shi_fail(EINVAL, "an alignment of %zu is no power of 2 up to %lu", alignment, PM_PAGE);
		return NULL;
	}
	return allocate(space, alignment < PM_GRAIN ? PM_GRAIN : alignment, size, PM_BLOCK, false);
}

SHI_FN(int, shmemx_pspace_free, (shmemx_pspace_t handle, void *ptr))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_free()");
	struct shi_block *block;
	uint64_t i;
	int rc;

	rc = same_call(space, "shmemx_pspace_free", pshmemx_pspace_offset(handle, ptr), !ptr);
	if (rc || !ptr)
		return rc;
	block = block_of(space, ptr);
	if (!block)
		return shi_fail(EINVAL, "space %s: %p is freed and is no object", space->super.name, ptr);
	if (space->table[block->slot].kind == PM_ROOT)
		return shi_fail(EBUSY, "space %s: the root cannot be freed", space->super.name);
	for (i = 0; i < space->super.slots; i++)
		if (space->table[i].kind == PM_NAMED && space->table[i].at == block->at)
			return shi_fail(EBUSY, "space %s: the object has the name '%s': remove it first",
					space->super.name, space->table[i].name);
	rc = table_set(space, block->slot, (struct pm_slot){ .kind = PM_FREE });
	if (!rc)
		block_del(space, block);
	return rc;
}

SHI_FN(void *, shmemx_pspace_root, (shmemx_pspace_t handle, size_t size))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_root()");
	size_t i;

	if (same_call(space, "shmemx_pspace_root", size, 0))
		return NULL;
	for (i = 0; i < space->nblocks; i++) {
		struct shi_block *block = &space->blocks[i];

		if (space->table[block->slot].kind != PM_ROOT)
			continue;
		if (block->len >= size)
			return objects(space) + block->at;
		shi_fail(EINVAL, "space %s: the root has %zu bytes and not %zu", space->super.name,
			 block->len, size);
		return NULL;
	}
	if (!size) {
		shi_fail(ENOENT, "space %s has no root", space->super.name);
		return NULL;
	}
	return allocate(space, PM_GRAIN, size, PM_ROOT, true);
}

static struct pm_slot *name_find(struct shi_space *space, const char *name)
{
	uint64_t i;

	for (i = 0; i < space->super.slots; i++)
		if (space->table[i].kind == PM_NAMED && !strcmp(space->table[i].name, name))
			return &space->table[i];
	return NULL;
}

SHI_FN(int, shmemx_pspace_set_name, (shmemx_pspace_t handle, const char *name, void *ptr))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_set_name()");
	size_t len = strnlen(name, PM_OBJECT_NAME);
	struct pm_slot slot = { .kind = PM_NAMED };
	struct pm_slot *old;
	int64_t number;
	int rc;

	rc = same_call(space, "shmemx_pspace_set_name", pm_crc(0, name, len),
		       pshmemx_pspace_offset(handle, ptr));
	if (rc)
		return rc;
	if (!len || len == PM_OBJECT_NAME)
		return shi_fail(EINVAL, "space %s: an object's name has 1 to %d characters",
				space->super.name, SHMEMX_PSPACE_OBJECT_NAME_MAX);
	old = name_find(space, name);
	if (!ptr)
		return old ? table_set(space, old - space->table, (struct pm_slot){ .kind = PM_FREE }) :
			shi_fail(ENOENT, "space %s: there is no object '%s'", space->super.name, name);
	if (!block_of(space, ptr))
		return shi_fail(EINVAL, "space %s: %p is to be named '%s' and is no object",
				space->super.name, ptr, name);
	number = old ? old - space->table : free_slot(space);
	if (number < 0)
		return -ENOSPC;
	slot.at = (char *)ptr - objects(space);
	memcpy(slot.name, name, len);
	return table_set(space, number, slot);
}

SHI_FN(void *, shmemx_pspace_lookup, (shmemx_pspace_t handle, const char *name, size_t *size))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_lookup()");
	struct pm_slot *slot = name_find(space, name);

	if (!slot) {
		shi_fail(ENOENT, "space %s: there is no object '%s'", space->super.name, name);
		return NULL;
	}
	if (size)
		*size = block_at(space, slot->at)->len;
	return objects(space) + slot->at;
}

/* From the image's begin, where no object is: 0 is left for NULL. */
SHI_FN(uint64_t, shmemx_pspace_offset, (shmemx_pspace_t handle, const void *ptr))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_offset()");
	size_t at = (uintptr_t)ptr - (uintptr_t)space->base;

	return at < space->image ? at : 0;
}

SHI_FN(void *, shmemx_pspace_pointer, (shmemx_pspace_t handle, uint64_t offset))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_pointer()");

	return offset && offset < space->image ? space->base + offset : NULL;
}
