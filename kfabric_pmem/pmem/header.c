// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool's header: reading it, telling what else is there, and updating it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk_types.h>
#include <linux/slab.h>
#include <uapi/kfi_marker.h>
#include "persist.h"
#include "pool.h"
#include "region.h"

static int header_prepare(void *ctx, u64 offset, size_t length)
{
	struct kfi_pool *pool = ctx;

	return kfi_medium_heal(&pool->medium, offset, length);
}

static int header_store(void *ctx, u64 offset, const void *src, size_t length)
{
	struct kfi_pool *pool = ctx;
	int id;

	id = kfi_medium_begin(&pool->medium, offset, length);
	if (id < 0)
		return id;
	kfi_persist_copy_flush(pool->medium.kaddr + offset, src, length);
	kfi_medium_end(&pool->medium, id);
	return 0;
}

static int header_persist(void *ctx)
{
	struct kfi_pool *pool = ctx;

	return kfi_persist_barrier(&pool->medium);
}

static const struct kfi_media_io header_io = {
	.prepare = header_prepare,
	.store = header_store,
	.persist = header_persist,
};

static int update_copy(struct kfi_pool *pool)
{
#ifdef KFI_MUTANT_HEADER_IN_PLACE
	u32 copy = pool->newest;
#else
	u32 copy = !pool->newest;
#endif
	int err;

	/* taken also when this fails: the medium may have seen it */
	pool->media.sequence++;
	err = kfi_media_update(&header_io, pool, &pool->media, copy,
			       pool->image);
	if (!err) {
		pool->newest = copy;
		KFI_MARK(KFI_MARKER_DURABLE, pool->medium.kaddr,
			 KFI_MEDIA_HEADER);
	}
	return err;
}

/**
 * kfi_header_update_locked() - make the table of regions durable
 * @pool: the pool; its regions are as they shall be
 *
 * The older copy of the header goes first. When it is committed the update
 * is done; the other copy follows so that losing either of them to the medium
 * loses no update, and no fence.
 *
 * Context: process, sleeps, under the pool's update lock.
 * Return: 0, or -EIO and the medium has the old table or the new one.
 */
int kfi_header_update_locked(struct kfi_pool *pool)
{
	struct kfi_region *region;
	u32 entries = 0;
	int err;

	lockdep_assert_held(&pool->update);
	list_for_each_entry(region, &pool->regions, list)
		pool->media.region[entries++] = region->media;
	pool->media.entries = entries;

	err = update_copy(pool);
	if (err) {
		pr_err("pool %s: header not written, error %d\n",
		       pool->media.name, err);
		return -EIO;
	}
	err = update_copy(pool);
	if (err)
		pr_warn("pool %s: one copy of the header only, error %d\n",
			pool->media.name, err);
	return 0;
}

/**
 * kfi_header_read() - read and decode the header
 * @pool: what is found is in its @media
 * @intact: tells which of the copies need no repair
 *
 * Context: process, sleeps.
 * Return: as kfi_media_select(); -EIO: neither copy can be read; -ENOMEM.
 */
int kfi_header_read(struct kfi_pool *pool, bool intact[KFI_MEDIA_COPIES])
{
	const void *copies[KFI_MEDIA_COPIES];
	void *buf;
	int err;
	u32 i;

	buf = kvmalloc_array(KFI_MEDIA_COPIES, KFI_MEDIA_COPY_SIZE, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		void *copy = buf + i * KFI_MEDIA_COPY_SIZE;

		err = kfi_medium_read(&pool->medium, kfi_media_copy_offset(i),
				      copy, KFI_MEDIA_COPY_SIZE);
		copies[i] = err ? NULL : copy;
	}
	err = copies[0] || copies[1] ?
	      kfi_media_select(copies, &pool->media, intact) : -EIO;
	if (!err) {
		const struct kfi_media_super *super = copies[0];

		pool->newest = !intact[0] ||
			le64_to_cpu(super->sequence) != pool->media.sequence;
	}
	kvfree(buf);
	return err;
}

/* What else is on the device, where there is no pool? */
static const char *find_foreign(struct kfi_pool *pool)
{
	struct kfi_medium *medium = &pool->medium;
	const char *what = "poison";
	void *buf;

	buf = kvmalloc(KFI_MEDIA_HEADER, GFP_KERNEL);
	if (!buf)
		return "no memory to look";
	if (kfi_medium_read(medium, 0, buf, KFI_MEDIA_HEADER))
		goto out_free;
	what = kfi_media_foreign(buf, KFI_MEDIA_HEADER);
	/* a partition table has a second copy at the end */
	if (!what && !kfi_medium_read(medium, medium->size - SECTOR_SIZE, buf,
				      SECTOR_SIZE) &&
	    !memcmp(buf, "EFI PART", 8))
		what = "GPT";
out_free:
	kvfree(buf);
	return what;
}

/**
 * kfi_header_explain() - why a pool cannot be opened
 * @pool: the pool
 * @err: what kfi_header_read() returned
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: the error to return.
 */
int kfi_header_explain(struct kfi_pool *pool, int err,
		       struct netlink_ext_ack *extack)
{
	const char *path = pool->path, *what;

	switch (err) {
	case -ENODATA:
		what = find_foreign(pool);
		if (what)
			kfi_pmem_text(extack, "%.24s has no pool but %.24s; create one with force",
				      path, what);
		else
			kfi_pmem_text(extack, "%.32s is empty: create a pool on it",
				      path);
		return -EMEDIUMTYPE;
	case -EPROTONOSUPPORT:
		kfi_pmem_text(extack, "the pool on %.32s has a format of another version",
			      path);
		return err;
	case -EUCLEAN:
		kfi_pmem_text(extack, "the pool on %.32s is damaged beyond repair",
			      path);
		return err;
	case -EIO:
		kfi_pmem_text(extack, "%.32s: both copies of the header are unreadable",
			      path);
		return err;
	default:
		return err;
	}
}

/**
 * kfi_header_check_empty() - is there something that a new pool would destroy?
 * @pool: a pool to be
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -EEXIST: there is; -ENOMEM.
 */
int kfi_header_check_empty(struct kfi_pool *pool,
			   struct netlink_ext_ack *extack)
{
	bool intact[KFI_MEDIA_COPIES];
	const char *what;
	int err;

	err = kfi_header_read(pool, intact);
	switch (err) {
	case 0:
		kfi_pmem_text(extack, "%.20s holds pool %.20s: open it, or create with force",
			      pool->path, pool->media.name);
		return -EEXIST;
	case -EPROTONOSUPPORT:
	case -EUCLEAN:
		kfi_pmem_text(extack, "%.24s holds a pool that cannot be read; or use force",
			      pool->path);
		return -EEXIST;
	case -ENODATA:
	case -EIO:
		what = find_foreign(pool);
		if (!what)
			return 0;
		kfi_pmem_text(extack, "%.20s holds %.20s; create with force to overwrite it",
			      pool->path, what);
		return -EEXIST;
	default:
		return err;
	}
}

/**
 * kfi_header_create() - write the header of a new pool
 * @pool: a pool to be
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0, -EIO, -EINTR.
 */
int kfi_header_create(struct kfi_pool *pool, const char *name,
		      struct netlink_ext_ack *extack)
{
	struct kfi_media *media = &pool->media;
	int err;

	media->sequence = 0;
	memset(media->name, 0, sizeof(media->name));
	strscpy(media->name, name, sizeof(media->name));
	uuid_gen(&media->uuid);
	media->size = pool->medium.size;
	media->data_offset = KFI_MEDIA_HEADER;
	media->data_size = round_down(media->size - media->data_offset,
				      KFI_MEDIA_BLOCK);

	/* the table is checked no further than it has entries: zero it all */
	err = kfi_medium_zero(&pool->medium, 0, KFI_MEDIA_HEADER);
	if (!err) {
		mutex_lock(&pool->update);
		err = kfi_header_update_locked(pool);
		mutex_unlock(&pool->update);
	}
	if (err)
		kfi_pmem_text(extack, "%.32s cannot be written: error %d",
			      pool->path, err);
	return err;
}
