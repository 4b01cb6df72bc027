/* SPDX-License-Identifier: BSD-3-Clause */
/* Persistent symmetric spaces: what the parts of the library share. */
#ifndef SHI_PSPACE_H
#define SHI_PSPACE_H

#include <errno.h>
#include <shmemx_pmem.h>
#include <sys/types.h>

#include "pmedia.h"
#include "transport.h"

#define SHI_TEXT 256

/* A PE's part, as it is reached from here. A far part has no mapping. */
struct shi_part {
	int fd;
	off_t at;		/* where the part begins in its file or node */
	char *part;		/* the own one is mapped whole */
	char *work;		/* of the near ones, the working image */
	uint64_t work_at;
	enum shmemx_durability durability;
	uint64_t *touched;	/* a bit for each page that was put to */
	bool any_touched;
	struct shmemx_pspace_info info;
};

struct shi_block {
	size_t at, len;
	uint64_t slot;
};

struct shi_space {
	bool open;
	struct pm_super super;	/* of the own part */
	char *base;		/* own working image; symmetric */
	size_t image;
	struct shi_part *part;	/* for each PE */
	uint64_t epoch;
	size_t extent;		/* pages of the image that were ever in use */
	struct pm_slot *table;	/* a copy; PE 0 has the original */
	struct shi_block *blocks;	/* the objects, sorted by "at" */
	size_t nblocks;
	uint64_t allocated;
};

#define SHI_SPACES 16
extern struct shi_space shi_space[SHI_SPACES];

static inline struct shi_part *shi_own(struct shi_space *space)
{
	return &space->part[shi.me];
}

/* perror.c: errors, and that all PEs have the same */
int shi_fail(int error, const char *format, ...) __attribute__((__format__(__printf__, 2, 3)));
int shi_damaged(const char *space, int pe, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));
int shi_agree(int rc);
void shi_gather(const void *mine, void *all, size_t len);
bool shi_gather_ready(void);
void shi_gather_end(void);

/* flush.c: durability of near memory */
int shi_flush_init(const char *path, int fd, bool node, char *mapped,
		   enum shmemx_durability *durability);
int shi_flush(const struct shi_part *part, const void *addr, size_t len);
int shi_flush_far(const struct shi_part *part, off_t at, size_t len);
int shi_drain(const struct shi_part *part);

static inline int shi_durable(const struct shi_part *part, const void *addr, size_t len)
{
	int rc = shi_flush(part, addr, len);

	return rc ? rc : shi_drain(part);
}

/* pbacking.c: where a part is kept */
bool shi_near(int pe);
const char *shi_backing_path(char *path, size_t room, const char *name, int pe);
bool shi_backing_is_node(const char *path);
int shi_backing_open(const char *name, int pe, int flags, struct shi_part *part);
int shi_backing_open_far(const char *name, int pe, struct shi_part *part);
int shi_backing_lock(const char *name, int pe, struct shi_part *part, bool all, bool wait);
off_t shi_backing_at(const char *name, int pe, const struct pm_super *super);
int shi_backing_make(const char *name, int pe, size_t size, struct shi_part *part);
void shi_backing_discard(const char *name, int pe, struct shi_part *part);
bool shi_backing_gone(const struct shi_part *part);
int shi_backing_map(const char *name, int pe, struct shi_part *part, const struct pm_super *super);
void shi_backing_unmap(struct shi_part *part, const struct pm_super *super);
int shi_backing_remove(const char *name);
int shi_backing_head(const struct shi_part *part, void *head);
const uint8_t *shi_boot_id(void);

/* pcommit.c: the protocol */
int shi_super_write(struct shi_space *space, enum pm_state state, bool boot);
int shi_word_write(struct shi_space *space, enum pm_word which, uint64_t value);
int shi_word_read(struct shi_space *space, enum pm_word which, uint64_t *value);
int shi_part_init(struct shi_space *space);
int shi_part_recover(struct shi_space *space, uint64_t decided, bool keep);
int shi_part_rollback(struct shi_space *space);
bool shi_part_changed(struct shi_space *space);

/* palloc.c */
int shi_table_replay(struct shi_space *space);
int shi_table_load(struct shi_space *space);
void shi_table_drop(struct shi_space *space);

/* persist.c: make a range of any PE's part durable, near or far */
int shi_persist_flush(struct shi_space *space, int pe, size_t at, size_t len);
int shi_persist_drain(struct shi_space *space, int pe);

/* pspace.c */
struct shi_space *shi_space_of(shmemx_pspace_t handle, const char *what);
struct shi_space *shi_space_find(const void *addr, size_t len);
int shi_name_check(const char *name);
struct shi_space *shi_space_reserve(void);
void shi_space_release(struct shi_space *space);
void shi_info_share(struct shi_space *space);

#endif
