// SPDX-License-Identifier: BSD-3-Clause
/* Persistent spaces that are open: finding them, closing, and what is asked of them. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pspace.h"

struct shi_space shi_space[SHI_SPACES];

struct shi_space *shi_space_of(shmemx_pspace_t handle, const char *what)
{
	struct shi_space *space = (struct shi_space *)handle;

	shi_need_init(what);
	if (space < shi_space || space >= shi_space + SHI_SPACES || !space->open)
		shi_die("%s is given a handle of no open space", what);
	return space;
}

struct shi_space *shi_space_find(const void *addr, size_t len)
{
	unsigned int i;

	for (i = 0; i < shi.spaces; i++) {
		size_t at = (uintptr_t)addr - (uintptr_t)shi_space[i].base;

		if (shi_space[i].open && at < shi_space[i].image &&
		    len <= shi_space[i].image - at)
			return &shi_space[i];
	}
	return NULL;
}

int shi_name_check(const char *name)
{
	if (name && pm_name_ok(name))
		return 0;
	return shi_fail(EINVAL, "'%s' is no name of a space: 1 to %d letters, digits, '.', '_', '-', "
			"the first no '.'", name ? name : "", SHMEMX_PSPACE_NAME_MAX);
}

void shi_space_release(struct shi_space *space)
{
	int pe;

	for (pe = 0; space->part && pe < shi.npes; pe++) {
		shi_backing_unmap(&space->part[pe], &space->super);
		free(space->part[pe].touched);
	}
	shi_table_drop(space);
	free(space->part);
	*space = (struct shi_space){ 0 };
	while (shi.spaces && !shi_space[shi.spaces - 1].open)
		shi.spaces--;
}

struct shi_space *shi_space_reserve(void)
{
	struct shi_space *space = NULL;
	int i;

	for (i = 0; i < SHI_SPACES && !space; i++)
		if (!shi_space[i].part)
			space = &shi_space[i];
	if (!space) {
		shi_fail(EMFILE, "%d spaces are open: close one", SHI_SPACES);
		return NULL;
	}
	space->part = calloc(shi.npes, sizeof(*space->part));
	for (i = 0; space->part && i < shi.npes; i++)
		space->part[i].fd = -1;
	if (!space->part)
		shi_fail(ENOMEM, "no memory for a space");
	return space->part ? space : NULL;
}

/* How each part was found, for all */
void shi_info_share(struct shi_space *space)
{
	struct shmemx_pspace_info *all = calloc(shi.npes, sizeof(*all));
	int pe;

	if (!all)
		shi_die("no memory");
	shi_gather(&shi_own(space)->info, all, sizeof(*all));
	for (pe = 0; pe < shi.npes; pe++)
		space->part[pe].info = all[pe];
	free(all);
}

/*
 * Clean is a part with nothing uncommitted, also on the medium: what was changed
 * and changed back may be there in between.
 */
static int close_part(struct shi_space *space)
{
	struct shi_part *own = shi_own(space);
	enum pm_state state = shi_part_changed(space) ? PM_DIRTY : PM_CLEAN;
	int rc;

	rc = shi_durable(own, space->base, space->extent * PM_PAGE);
	/* After an orderly shutdown a file is as good as a durable one. */
	if (!rc && own->durability == SHMEMX_DURABLE_NONE &&
	    msync(own->part, space->super.part_size, MS_SYNC))
		rc = shi_fail(errno, "space %s: part %d cannot be written: %s", space->super.name,
			      shi.me, strerror(errno));
	rc = rc ? rc : shi_super_write(space, state, false);
	if (!rc && own->durability == SHMEMX_DURABLE_NONE)
		msync(own->part, 2 * PM_PAGE, MS_SYNC);
	return rc;
}

static int close_space(struct shi_space *space)
{
	int rc;

	shi_quiet();
	shi_set_sync(&shi_world.set);
	rc = shi_agree(close_part(space));
	shi_space_release(space);
	shi_set_sync(&shi_world.set);
	return rc;
}

SHI_FN(int, shmemx_pspace_close, (shmemx_pspace_t handle))
{
	return close_space(shi_space_of(handle, "shmemx_pspace_close()"));
}

/* At shmem_finalize(), with all PEs */
void shi_spaces_close(void)
{
	int i;

	for (i = 0; i < SHI_SPACES; i++)
		if (shi_space[i].open && close_space(&shi_space[i]))
			shi_die("%s", pshmemx_pspace_error());
	shi_gather_end();
}

SHI_FN(int, shmemx_pspace_unlink, (const char *name))
{
	int rc;

	shi_need_init("shmemx_pspace_unlink()");
	if (!shi_gather_ready())
		return shi_fail(ENOMEM, "no room in the symmetric heap; see SHMEM_SYMMETRIC_SIZE");
	rc = shi_agree(shi_name_check(name));
	/* Of each machine the first PE */
	return rc ? rc : shi_agree(shi_shared.set.rank ? 0 : shi_backing_remove(name));
}

SHI_FN(int, shmemx_pspace_stat, (const char *name, struct shmemx_pspace_stat *stat))
{
	struct shi_part part = { .fd = -1 };
	struct pm_super super;
	enum pm_word which;
	char head[2 * PM_PAGE];
	const char *why;
	uint64_t word;
	int rc;

	rc = shi_name_check(name);
	rc = rc ? rc : shi_backing_open(name, 0, 0, &part);
	if (rc)
		return rc;
	if (shi_backing_head(&part, head)) {
		rc = shi_fail(EIO, "space %s: part 0 cannot be read", name);
	} else {
		switch (pm_super_read(head, &super, &why)) {
		case PM_BAD:
			rc = shi_damaged(name, 0, "is damaged: %s", why);
			break;
		case PM_BLANK:
			rc = shi_fail(ENOENT, "there is no space '%s'", name);
			break;
		case PM_VALID:
			if (super.state == PM_NEW)
				rc = shi_fail(ENOENT, "there is no space '%s': it was never finished", name);
		}
	}
	/* Of another machine's part that is the one that counts only at PE 0. */
	which = !rc && super.pe ? PM_APPLIED : PM_DECIDED;
	if (!rc && pread(part.fd, &word, sizeof(word), PM_WORD_AT(which)) != sizeof(word))
		rc = shi_fail(EIO, "space %s: part 0 cannot be read", name);
	close(part.fd);
	if (rc)
		return rc;
	*stat = (struct shmemx_pspace_stat){
		.size = super.size, .part_size = super.part_size, .npes = super.npes,
		.dirty = super.state != PM_CLEAN,
	};
	memcpy(stat->uuid, super.uuid, sizeof(stat->uuid));
	if (!pm_word_read(super.uuid, which, word, &stat->epoch))
		return shi_damaged(name, 0, "is damaged at byte %lu",
				   (unsigned long)PM_WORD_AT(which));
	return 0;
}

SHI_FN(int, shmemx_pspace_info,
       (shmemx_pspace_t handle, int pe, struct shmemx_pspace_info *info))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_info()");

	if (pe < 0 || pe >= shi.npes)
		return shi_fail(EINVAL, "there is no PE %d, only 0 to %d", pe, shi.npes - 1);
	*info = space->part[pe].info;
	info->size = space->super.size;
	info->allocated = space->allocated;
	info->epoch = space->epoch;
	return 0;
}

SHI_FN(enum shmemx_durability, shmemx_pspace_durability, (shmemx_pspace_t handle))
{
	struct shi_space *space = shi_space_of(handle, "shmemx_pspace_durability()");
	enum shmemx_durability least = SHMEMX_DURABLE_CACHE;
	int pe;

	for (pe = 0; pe < shi.npes; pe++)
		if (space->part[pe].durability < least)
			least = space->part[pe].durability;
	return least;
}
