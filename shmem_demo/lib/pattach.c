// SPDX-License-Identifier: BSD-3-Clause
/*
 * Opening a space. Each PE looks at its part, all tell each other what they
 * found, and all come to the same conclusion: to make it, to take it or to
 * refuse it.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "pspace.h"

#define KNOWN_FLAGS (SHMEMX_PSPACE_CREATE | SHMEMX_PSPACE_EXCL | SHMEMX_PSPACE_KEEP | \
		     SHMEMX_PSPACE_WAIT | SHMEMX_PSPACE_FORCE)

/* What a PE finds of its part, for the others. */
struct finding {
	enum pm_found found;
	struct pm_super super;
};

/* What open was called with, and what is worked out of it. */
struct opening {
	struct shi_space *space;
	const char *name;
	size_t size;
	int flags;
	struct finding *of;	/* for each PE */
	bool make;
};

static int check_arguments(const char *name, size_t size, int flags)
{
	int rc = shi_name_check(name);

	if (rc)
		return rc;
	if (flags & ~KNOWN_FLAGS)
		return shi_fail(EINVAL, "flags %#x are unknown", flags & ~KNOWN_FLAGS);
	if (size > PM_SIZE_MAX)
		return shi_fail(EINVAL, "a space of %zu bytes for each PE is too large", size);
	return 0;
}

static int same_arguments(const struct opening *o)
{
	struct { uint64_t name, size, flags; } mine = {
		pm_crc(0, o->name, strlen(o->name)), o->size, o->flags,
	}, *all = calloc(shi.npes, sizeof(mine));
	int pe, rc = 0;

	if (!all)
		shi_die("no memory");
	shi_gather(&mine, all, sizeof(mine));
	for (pe = 1; pe < shi.npes && !rc; pe++)
		if (memcmp(&all[0], &all[pe], sizeof(mine)))
			rc = shi_fail(EINVAL, "PEs 0 and %d differ in what they open: space '%s', %zu "
				      "bytes", pe, o->name, o->size);
	free(all);
	return rc;
}

static int open_part(struct opening *o, int create)
{
	struct shi_part *own = shi_own(o->space);
	int rc;

	for (;;) {
		rc = shi_backing_open(o->name, shi.me, create, own);
		rc = rc ? rc : shi_backing_lock(o->name, shi.me, own, false,
						o->flags & SHMEMX_PSPACE_WAIT);
		if (rc || !shi_backing_gone(own))
			return rc;
		close(own->fd);
	}
}

/* Opens and locks the own part, and reads what it says of itself. */
static int find_part(struct opening *o, struct finding *f, int create)
{
	char head[2 * PM_PAGE];
	const char *why = NULL;
	int rc;

	f->found = PM_BLANK;
	rc = open_part(o, create);
	if (rc)
		return rc == -ENOENT && !create ? 0 : rc;
	if (shi_backing_head(shi_own(o->space), head))
		return shi_fail(errno, "space %s: part %d cannot be read: %s", o->name, shi.me,
				strerror(errno));
	f->found = pm_super_read(head, &f->super, &why);
	if (f->found == PM_BAD)
		return shi_damaged(o->name, shi.me, "is damaged: %s", why);
	return 0;
}

static int compare(const struct opening *o, const struct pm_super *first)
{
	if (strcmp(first->name, o->name))
		return shi_fail(EINVAL, "space %s: its part 0 is of the space %s", o->name, first->name);
	if (first->npes != (uint32_t)shi.npes)
		return shi_fail(EINVAL, "space %s was made for %u PEs and this job has %d: run it with "
				"oshrun -np %u", o->name, first->npes, shi.npes, first->npes);
	if (o->size && o->size != first->size)
		return shi_fail(EINVAL, "space %s was made with %lu bytes for each PE and not %zu: open "
				"it with this size or with 0", o->name, (unsigned long)first->size,
				o->size);
	return 0;
}

/* The first part decides: it is finished after all others were made. */
static int judge(struct opening *o)
{
	const struct finding *first = &o->of[0];
	bool exists = first->found == PM_VALID && first->super.state != PM_NEW;
	int pe, rc = 0;

	o->make = !exists;
	if (exists && (o->flags & SHMEMX_PSPACE_CREATE) && (o->flags & SHMEMX_PSPACE_EXCL))
		return shi_fail(EEXIST, "space %s exists", o->name);
	if (exists)
		rc = compare(o, &first->super);
	for (pe = 1; pe < shi.npes && !rc; pe++) {
		const struct finding *f = &o->of[pe];
		const struct pm_super *s = &f->super;

		if (!exists && f->found == PM_VALID && s->state != PM_NEW)
			rc = shi_damaged(o->name, 0, "is missing, and part %d is there", pe);
		if (exists && f->found != PM_VALID)
			rc = shi_damaged(o->name, pe, "is missing");
		else if (exists && (memcmp(s->uuid, first->super.uuid, 16) || s->pe != (uint32_t)pe ||
				    s->npes != first->super.npes || s->size != first->super.size))
			rc = shi_damaged(o->name, pe, "is of another space");
	}
	if (!rc && !exists && !(o->flags & SHMEMX_PSPACE_CREATE))
		return shi_fail(ENOENT, "there is no space '%s'; SHMEMX_PSPACE_CREATE makes one",
				o->name);
	if (!rc && !exists && !o->size)
		return shi_fail(EINVAL, "space %s is to be made and has no size", o->name);
	return rc;
}

/* The first PE locks first: two jobs that wait for each other's parts would wait on. */
static int find_parts(struct opening *o)
{
	struct finding mine = { .found = PM_BLANK };
	struct pm_super like;
	int rc;

	rc = shi_agree(shi.me ? 0 : find_part(o, &mine, 0));
	if (rc)
		return rc;
	shi_gather(&mine, o->of, sizeof(mine));
	if (o->of[0].found == PM_VALID)
		like = o->of[0].super;
	else
		pm_super_init(&like, o->name, (uint8_t[16]){ 0 }, shi.npes, 0, o->size);
	if (o->of[0].found == PM_VALID && like.state != PM_NEW) {
		rc = compare(o, &like);
		if (rc)
			return rc;
	}
	/* Where a node's parts are is known when the size is. */
	shi_own(o->space)->at = shi_backing_at(o->name, shi.me, &like);
	rc = shi_agree(shi.me ? find_part(o, &mine, 0) : 0);
	if (rc)
		return rc;
	shi_gather(&mine, o->of, sizeof(mine));
	return judge(o);
}

static int map_parts(struct opening *o)
{
	struct shi_space *space = o->space;
	int pe, rc = 0;

	for (pe = 0; pe < shi.npes && !rc; pe++) {
		struct shi_part *part = &space->part[pe];

		part->touched = calloc(1, pm_bitmap_size(pm_image_size(&space->super) / PM_PAGE));
		if (!part->touched)
			return shi_fail(ENOMEM, "no memory for space %s", o->name);
		part->at = shi_backing_at(o->name, pe, &space->super);
		if (!shi_near(pe)) {
			rc = shi_backing_open_far(o->name, pe, part);
			continue;
		}
		if (pe != shi.me)
			rc = shi_backing_open(o->name, pe, 0, part);
		rc = rc ? rc : shi_backing_map(o->name, pe, part, &space->super);
	}
	if (rc)
		return rc;
	space->base = shi_own(space)->work;
	space->image = pm_image_size(&space->super);
	return 0;
}

/* From here on shi_peer() resolves its addresses. */
static void publish(struct shi_space *space)
{
	space->open = true;
	if (shi.spaces <= space - shi_space)
		shi.spaces = space - shi_space + 1;
}

/* A part that was not there: by now another job may have made it. */
static int make_part(struct opening *o)
{
	struct shi_part *own = shi_own(o->space);
	struct finding now = { .found = PM_BLANK };
	int rc = 0;

	if (own->fd < 0)
		rc = find_part(o, &now, O_CREAT);
	if (!rc && now.found != PM_BLANK)
		rc = shi_fail(EBUSY, "space %s: another job makes it at the same time: open it again",
			      o->name);
	return rc ? rc : shi_backing_make(o->name, shi.me, o->space->super.part_size, own);
}

static int make_parts(struct opening *o)
{
	struct finding mine = { 0 };
	struct shi_space *space = o->space;
	uint8_t uuid[16];
	int rc;

	if (getrandom(uuid, sizeof(uuid), 0) != sizeof(uuid))
		shi_die("no random numbers");
	uuid[0] |= 1;
	pm_super_init(&mine.super, o->name, uuid, shi.npes, shi.me, o->size);
	shi_gather(&mine, o->of, sizeof(mine));
	memcpy(mine.super.uuid, o->of[0].super.uuid, sizeof(uuid));
	space->super = mine.super;
	rc = shi_agree(make_part(o));
	rc = rc ? rc : shi_agree(map_parts(o));
	if (rc)
		return rc;
	space->extent = pm_objects_at(space->super.slots) / PM_PAGE;
	rc = shi_part_init(space);
	rc = shi_agree(rc ? rc : shi_super_write(space, PM_NEW, true));
	/* With this the space exists. */
	rc = rc ? rc : shi_agree(shi.me ? 0 : shi_super_write(space, PM_DIRTY, true));
	return rc ? rc : shi_agree(shi.me ? shi_super_write(space, PM_DIRTY, true) : 0);
}

/* Without durability the order of what a power loss has left is anybody's guess. */
static int check_boot(struct opening *o)
{
	static const uint8_t closed[16];
	struct shi_space *space = o->space;
	const uint8_t *boot = space->super.boot;

	if (shi_own(space)->durability != SHMEMX_DURABLE_NONE ||
	    (o->flags & SHMEMX_PSPACE_FORCE) || !memcmp(boot, closed, 16) ||
	    !memcmp(boot, shi_boot_id(), 16))
		return 0;
	return shi_fail(EUCLEAN, "space %s: the machine was restarted while it was open, and files like "
			"part %d are not durable: SHMEMX_PSPACE_FORCE takes what is left, "
			"shmemx_pspace_unlink() removes it", o->name, shi.me);
}

struct state {
	uint64_t decided, extent;
};

/* PE 0's words, for all. */
static int read_state(struct shi_space *space, struct state *state)
{
	struct state mine = { 0 }, *all = calloc(shi.npes, sizeof(mine));
	int rc = 0;

	if (!all)
		shi_die("no memory");
	if (!shi.me) {
		rc = shi_word_read(space, PM_DECIDED, &mine.decided);
		rc = rc ? rc : shi_word_read(space, PM_EXTENT, &mine.extent);
		if (!rc && (mine.extent > space->image / PM_PAGE ||
			    mine.extent < pm_objects_at(space->super.slots) / PM_PAGE))
			rc = shi_damaged(space->super.name, 0, "is damaged: an impossible extent");
	}
	rc = shi_agree(rc);
	shi_gather(&mine, all, sizeof(mine));
	*state = all[0];
	free(all);
	return rc;
}

static int attach_parts(struct opening *o)
{
	struct shi_space *space = o->space;
	struct state state;
	int rc;

	space->super = o->of[shi.me].super;
	rc = shi_agree(map_parts(o));
	rc = rc ? rc : shi_agree(check_boot(o));
	rc = rc ? rc : read_state(space, &state);
	if (rc)
		return rc;
	shi_own(space)->info.found = space->super.state == PM_CLEAN ? SHMEMX_FOUND_CLEAN :
		SHMEMX_FOUND_DIRTY;
	shi_own(space)->info.found_epoch = state.decided;
	space->extent = state.extent;
	rc = shi_part_recover(space, state.decided, o->flags & SHMEMX_PSPACE_KEEP);
	return shi_agree(rc || shi.me ? rc : shi_table_replay(space));
}

static int open_space(struct opening *o)
{
	struct shi_space *space = o->space;
	int rc;

	rc = find_parts(o);
	if (rc)
		return rc;
	rc = o->make ? make_parts(o) : attach_parts(o);
	if (rc && o->make)
		shi_backing_discard(o->name, shi.me, shi_own(space));
	if (rc)
		return rc;
	shi_info_share(space);
	publish(space);
	return shi_agree(shi_table_load(space));
}

SHI_FN(int, shmemx_pspace_open,
       (const char *name, size_t size, int flags, shmemx_pspace_t *handle))
{
	struct opening o = { .name = name, .size = pm_up(size, PM_PAGE), .flags = flags };
	int rc;

	shi_need_init("shmemx_pspace_open()");
	*handle = NULL;
	if (!shi_gather_ready())
		return shi_fail(ENOMEM, "no room in the symmetric heap; see SHMEM_SYMMETRIC_SIZE");
	rc = shi_agree(check_arguments(name, size, flags));
	rc = rc ? rc : same_arguments(&o);
	if (rc)
		return rc;
	o.space = shi_space_reserve();
	rc = shi_agree(o.space ? 0 : -EMFILE);
	o.of = calloc(shi.npes, sizeof(*o.of));
	if (!o.of)
		shi_die("no memory");
	rc = rc ? rc : open_space(&o);
	free(o.of);
	if (rc && o.space) {
		shi_space_release(o.space);
		return rc;
	}
	*handle = (shmemx_pspace_t)o.space;
	return rc;
}
