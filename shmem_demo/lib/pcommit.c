// SPDX-License-Identifier: BSD-3-Clause
/*
 * Epochs. A part has the working image, which the program sees, and a copy of
 * it as of the last epoch. A commit has four steps, with a barrier after each:
 *
 *   prepare  each PE flushes its working pages that differ from the copy, and
 *            then records durably which these are
 *   decide   PE 0 stores the number of the new epoch, one durable 8-byte store
 *   apply    each PE copies these pages, and then stores durably that it did
 *   leave    only now may the program store again
 *
 * Before the decision the copies are untouched: the old epoch. After it the
 * working pages are durable and nobody changes them until they are copied: the
 * new one, which the next open completes from the record. Pages are compared,
 * not traced: so it does not matter who stored, this processor, another PE or
 * the network.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "pspace.h"

static char *committed(struct shi_space *space)
{
	return shi_own(space)->part + space->super.committed_at;
}

static uint64_t *bitmap(struct shi_space *space)
{
	return (uint64_t *)(shi_own(space)->part + PM_BITMAP_AT);
}

static bool marked(struct shi_space *space, size_t page)
{
	return bitmap(space)[page / 64] >> page % 64 & 1;
}

/* The next run of marked pages behind *to: fewer and larger flushes */
static bool next_run(struct shi_space *space, size_t *from, size_t *to)
{
	for (*from = *to; *from < space->extent && !marked(space, *from); ++*from)
		;
	for (*to = *from; *to < space->extent && marked(space, *to); ++*to)
		;
	return *to > *from;
}

static bool differs(struct shi_space *space, size_t page)
{
	return memcmp(space->base + page * PM_PAGE, committed(space) + page * PM_PAGE, PM_PAGE);
}

/* A stray pointer of the program's has no way to the copy between commits. */
static void protect(struct shi_space *space, bool on)
{
	mprotect(committed(space), space->image, on ? PROT_READ : PROT_READ | PROT_WRITE);
}

/*
 * The magic comes last: a part's first superblock has no other copy, and torn
 * it is to be found as none at all.
 */
int shi_super_write(struct shi_space *space, enum pm_state state, bool boot)
{
	struct pm_super *super = &space->super;
	struct shi_part *own = shi_own(space);
	struct pm_super *to, nameless;
	uint64_t magic;
	int rc;

	super->sequence++;
	super->copy = super->sequence & 1;
	super->state = state;
	memset(super->boot, 0, sizeof(super->boot));
	if (boot)
		memcpy(super->boot, shi_boot_id(), sizeof(super->boot));
	pm_super_seal(super);
	to = (struct pm_super *)(own->part + PM_SUPER_AT(super->copy));
	memcpy(&magic, super->magic, sizeof(magic));
	nameless = *super;
	memset(nameless.magic, 0, sizeof(magic));
	*to = nameless;
	rc = shi_durable(own, to, sizeof(*to));
	__atomic_store_n((uint64_t *)to->magic, magic, __ATOMIC_SEQ_CST);
	return rc ? rc : shi_durable(own, to, sizeof(*to));
}

int shi_word_write(struct shi_space *space, enum pm_word which, uint64_t value)
{
	struct shi_part *own = shi_own(space);
	uint64_t *word = (uint64_t *)(own->part + PM_WORD_AT(which));

	__atomic_store_n(word, pm_word_make(space->super.uuid, which, value), __ATOMIC_SEQ_CST);
	return shi_durable(own, word, sizeof(*word));
}

int shi_word_read(struct shi_space *space, enum pm_word which, uint64_t *value)
{
	uint64_t *word = (uint64_t *)(shi_own(space)->part + PM_WORD_AT(which));

	if (pm_word_read(space->super.uuid, which, *word, value))
		return 0;
	return shi_damaged(space->super.name, shi.me, "is damaged at byte %lu",
			   (unsigned long)PM_WORD_AT(which));
}

/* Of a part that is being made: all but its superblock. Files are zero already. */
int shi_part_init(struct shi_space *space)
{
	struct shi_part *own = shi_own(space);
	size_t lists = pm_objects_at(space->super.slots);
	int rc;

	memset(own->part, 0, 2 * PM_PAGE);
	rc = shi_durable(own, own->part, 2 * PM_PAGE);
	memset(space->base, 0, lists);
	memset(committed(space), 0, lists);
	rc = rc ? rc : shi_flush(own, space->base, lists);
	rc = rc ? rc : shi_durable(own, committed(space), lists);
	rc = rc ? rc : shi_word_write(space, PM_DECIDED, 0);
	rc = rc ? rc : shi_word_write(space, PM_APPLIED, 0);
	rc = rc ? rc : shi_word_write(space, PM_EXTENT, lists / PM_PAGE);
	protect(space, true);
	return rc;
}

static int prepare(struct shi_space *space, uint64_t epoch)
{
	struct pm_record *record = (struct pm_record *)(shi_own(space)->part + PM_RECORD_AT);
	size_t page, from, to = 0, bytes = pm_bitmap_size(space->extent);
	struct shi_part *own = shi_own(space);
	uint64_t changed = 0;
	int rc = 0;

	memset(bitmap(space), 0, bytes);
	for (page = 0; page < space->extent; page++) {
		if (!differs(space, page))
			continue;
		bitmap(space)[page / 64] |= 1UL << page % 64;
		changed++;
	}
	while (!rc && next_run(space, &from, &to))
		rc = shi_flush(own, space->base + from * PM_PAGE, (to - from) * PM_PAGE);
	*record = (struct pm_record){ .epoch = epoch, .pages = space->extent, .changed = changed };
	pm_record_seal(record, bitmap(space));
	rc = rc ? rc : shi_flush(own, bitmap(space), bytes);
	return rc ? rc : shi_durable(own, record, sizeof(*record));
}

static int apply(struct shi_space *space, uint64_t epoch)
{
	struct shi_part *own = shi_own(space);
	size_t from, to = 0;
	int rc = 0;

	protect(space, false);
	while (!rc && next_run(space, &from, &to)) {
		char *copy = committed(space) + from * PM_PAGE;
		size_t len = (to - from) * PM_PAGE;

		memcpy(copy, space->base + from * PM_PAGE, len);
		rc = shi_flush(own, copy, len);
	}
	rc = rc ? rc : shi_drain(own);
	rc = rc ? rc : shi_word_write(space, PM_APPLIED, epoch);
	protect(space, true);
	return rc;
}

SHI_FN(int, shmemx_pspace_commit, (shmemx_pspace_t handle, uint64_t *epoch))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_commit()");
	uint64_t next = space->epoch + 1;
	int rc;

	shi_quiet();
	shi_set_sync(&shi_world.set);
	rc = shi_agree(prepare(space, next));
	if (rc)
		return rc;
	rc = shi_agree(shi.me ? 0 : shi_word_write(space, PM_DECIDED, next));
	/* After a failure here nobody knows which it is; the next open finds out. */
	if (!rc)
		rc = shi_agree(apply(space, next));
	if (rc)
		shi_die("space %s: a commit failed after its decision: %s; the next open completes "
			"or undoes it", space->super.name, pshmemx_pspace_error());
	space->epoch = next;
	if (epoch)
		*epoch = next;
	return 0;
}

static int roll_forward(struct shi_space *space, uint64_t decided)
{
	struct pm_record *record = (struct pm_record *)(shi_own(space)->part + PM_RECORD_AT);
	struct shi_part *own = shi_own(space);

	if (!pm_record_ok(record, bitmap(space), space->image / PM_PAGE, decided))
		return shi_damaged(space->super.name, shi.me, "has lost its record of epoch %lu",
				   (unsigned long)decided);
	own->info.rolled_forward = record->changed;
	space->extent = record->pages;
	return apply(space, decided);
}

bool shi_part_changed(struct shi_space *space)
{
	size_t page;

	for (page = 0; page < space->extent; page++)
		if (differs(space, page))
			return true;
	return false;
}

/* Cut, it has to be done again: KEEP has no use for half of it. */
int shi_part_rollback(struct shi_space *space)
{
	struct shi_part *own = shi_own(space);
	size_t page;
	int rc;

	rc = shi_super_write(space, PM_ROLLBACK, true);
	own->info.rolled_back = 0;
	for (page = 0; page < space->extent && !rc; page++) {
		char *to = space->base + page * PM_PAGE;

		if (!differs(space, page))
			continue;
		memcpy(to, committed(space) + page * PM_PAGE, PM_PAGE);
		own->info.rolled_back++;
		rc = shi_flush(own, to, PM_PAGE);
	}
	rc = rc ? rc : shi_drain(own);
	return rc ? rc : shi_super_write(space, PM_DIRTY, true);
}

/* A part that was found, to the epoch that PE 0 has decided on. */
int shi_part_recover(struct shi_space *space, uint64_t decided, bool keep)
{
	size_t extent = space->extent;
	uint64_t applied;
	int rc;

	rc = shi_word_read(space, PM_APPLIED, &applied);
	if (rc)
		return rc;
	if (applied + 1 == decided)
		rc = roll_forward(space, decided);
	else if (applied != decided)
		rc = shi_damaged(space->super.name, shi.me,
				 "is of another time, epoch %lu, and part 0 is of %lu",
				 (unsigned long)applied, (unsigned long)decided);
	protect(space, true);
	space->extent = extent;
	space->epoch = decided;
	if (rc)
		return rc;
	if (space->super.state == PM_ROLLBACK ||
	    (space->super.state == PM_DIRTY && !keep))
		return shi_part_rollback(space);
	return shi_super_write(space, PM_DIRTY, true);
}

SHI_FN(int, shmemx_pspace_rollback, (shmemx_pspace_t handle))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_rollback()");
	int rc;

	shi_quiet();
	shi_set_sync(&shi_world.set);
	rc = shi_agree(shi_part_rollback(space));
	if (rc)
		return rc;
	shi_info_share(space);
	shi_table_drop(space);
	return shi_agree(shi_table_load(space));
}
