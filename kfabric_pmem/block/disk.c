// SPDX-License-Identifier: GPL-2.0-only
/* Block devices on replica sets: their life. */
#include <linux/completion.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "blk.h"

#define KB_PREFIX	"kfiblk"
#define KB_NUMBER_MAX	9999
#define KB_HW_QUEUES	4
#define KB_BVECS_MIN	(PAGE_SIZE / SECTOR_SIZE)	/* a block in pieces */
#define KB_ZERO_MAX	SZ_8M		/* bytes that one request zeroes */
#define KB_DEPTH_MAX	1024

static unsigned int queue_depth = BLKDEV_DEFAULT_RQ;
module_param(queue_depth, uint, 0444);
MODULE_PARM_DESC(queue_depth, "requests of a hardware queue, 1 to 1024");

static DEFINE_MUTEX(kb_lock);	/* the list; the disks' states */
static LIST_HEAD(kb_disks);
static DEFINE_IDA(kb_numbers);

static struct kb_disk *kb_disk_find(const char *name)
{
	char number[DISK_NAME_LEN];
	struct kb_disk *kb;

	lockdep_assert_held(&kb_lock);
	list_for_each_entry(kb, &kb_disks, list)
		if (!strcmp(kfi_set_name(kb->set), name))
			return kb;
	list_for_each_entry(kb, &kb_disks, list) {
		snprintf(number, sizeof(number), KB_PREFIX "%d", kb->number);
		if (!strcmp(number, name))
			return kb;
	}
	return NULL;
}

/* Only a live disk has a gendisk that is sure to stay. */
static struct kb_disk *kb_disk_find_live(const char *name,
					 struct netlink_ext_ack *extack)
{
	struct kb_disk *kb = kb_disk_find(name);

	if (!kb) {
		NL_SET_ERR_MSG_FMT(extack, "%.32s has no block device", name);
		return ERR_PTR(-ENOENT);
	}
	if (kb->state != KB_LIVE) {
		NL_SET_ERR_MSG_FMT(extack,
				   "%.32s is being added or removed; try again later",
				   name);
		return ERR_PTR(-EBUSY);
	}
	return kb;
}

static void kb_disk_set_state(struct kb_disk *kb, enum kb_state state)
{
	mutex_lock(&kb_lock);
	kb->state = state;
	mutex_unlock(&kb_lock);
}

static sector_t kb_disk_sectors(const struct kb_disk *kb)
{
	return round_down(kfi_set_size(kb->set), kb->block_size) >>
	       SECTOR_SHIFT;
}

static int kb_open(struct gendisk *disk, blk_mode_t mode)
{
	const struct kb_disk *kb = disk->private_data;

	lockdep_assert_held(&disk->open_mutex);
	if (kb->gone)
		return -ENXIO;
	return kb->read_only && mode & BLK_OPEN_WRITE ? -EROFS : 0;
}

static const struct block_device_operations kb_fops = {
	.owner = THIS_MODULE,
	.open = kb_open,
};

static ssize_t set_show(struct device *dev, struct device_attribute *attr,
			char *buf)
{
	const struct kb_disk *kb = dev_to_disk(dev)->private_data;

	return sysfs_emit(buf, "%s\n", kfi_set_name(kb->set));
}
static DEVICE_ATTR_RO(set);

static struct attribute *kb_disk_attrs[] = {
	&dev_attr_set.attr,
	NULL,
};
ATTRIBUTE_GROUPS(kb_disk);

static int kb_params_check(const struct kfi_blk_params *params,
			   struct netlink_ext_ack *extack)
{
	if (params->block_size && params->block_size != 512 &&
	    params->block_size != 4096) {
		NL_SET_ERR_MSG(extack, "a logical block has 512 or 4096 bytes");
		return -EINVAL;
	}
	if (params->number < -1 || params->number > KB_NUMBER_MAX) {
		NL_SET_ERR_MSG_FMT(extack,
				   "the number of a device is 0 to %d",
				   KB_NUMBER_MAX);
		return -EINVAL;
	}
	return 0;
}

static int kb_disk_attach(struct kb_disk *kb, const char *name,
			  struct netlink_ext_ack *extack)
{
	struct kfi_set_limits *limits = &kb->limits;
	struct kfi_set *set = kfi_set_get(name);

	if (IS_ERR(set)) {
		if (PTR_ERR(set) == -EAGAIN)
			NL_SET_ERR_MSG_FMT(extack,
					   "replica set %.24s was not active yet; is a majority in reach?",
					   name);
		else
			NL_SET_ERR_MSG_FMT(extack,
					   "no replica set %.24s is started here",
					   name);
		return PTR_ERR(set);
	}
	kb->set = set;
	kfi_set_limits(set, limits);
	limits->max_bvecs = min(limits->max_bvecs, KB_BVECS_MAX);
	if (limits->max_bytes < PAGE_SIZE || limits->max_bvecs < KB_BVECS_MIN) {
		NL_SET_ERR_MSG_FMT(extack,
				   "the members of %.24s take no request as large as a page",
				   name);
		kfi_set_put(set);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The name and the number are taken from here on. */
static int kb_disk_reserve(struct kb_disk *kb, int number,
			   struct netlink_ext_ack *extack)
{
	const struct kb_disk *other;
	int ret;

	mutex_lock(&kb_lock);
	list_for_each_entry(other, &kb_disks, list) {
		if (other->set != kb->set)
			continue;
		NL_SET_ERR_MSG_FMT(extack,
				   "the set has /dev/" KB_PREFIX "%d already",
				   other->number);
		ret = -EEXIST;
		goto out_unlock;
	}
	ret = ida_alloc_range(&kb_numbers, max(number, 0),
			      number < 0 ? KB_NUMBER_MAX : number, GFP_KERNEL);
	if (ret < 0) {
		if (ret == -ENOSPC)
			NL_SET_ERR_MSG(extack, "this number is in use");
		ret = ret == -ENOSPC ? -EEXIST : ret;
		goto out_unlock;
	}
	kb->number = ret;
	list_add_tail(&kb->list, &kb_disks);
	ret = 0;
out_unlock:
	mutex_unlock(&kb_lock);
	return ret;
}

static struct kb_disk *kb_disk_new(const struct kfi_blk_params *params,
				   struct netlink_ext_ack *extack)
{
	struct kb_disk *kb = kzalloc(sizeof(*kb), GFP_KERNEL);
	int ret;

	if (!kb)
		return ERR_PTR(-ENOMEM);
	kb->state = KB_ADDING;
	kb->read_only = params->read_only;
	kb->block_size = params->block_size ?: 4096;
	ret = kb_disk_attach(kb, params->set, extack);
	if (ret)
		goto err_free;
	ret = kb_disk_reserve(kb, params->number, extack);
	if (ret)
		goto err_put_set;
	return kb;

err_put_set:
	kfi_set_put(kb->set);
err_free:
	kfree(kb);
	return ERR_PTR(ret);
}

static void kb_disk_free(struct kb_disk *kb)
{
	mutex_lock(&kb_lock);
	list_del(&kb->list);
	mutex_unlock(&kb_lock);
	ida_free(&kb_numbers, kb->number);
	kfi_set_put(kb->set);
	kfree(kb);
}

static int kb_tags_alloc(struct kb_disk *kb)
{
	struct blk_mq_tag_set *tags = &kb->tags;

	tags->ops = &kb_mq_ops;
	tags->nr_hw_queues = min_t(unsigned int, nr_cpu_ids, KB_HW_QUEUES);
	tags->queue_depth = clamp(queue_depth, 1U, KB_DEPTH_MAX);
	tags->numa_node = NUMA_NO_NODE;
	tags->cmd_size = struct_size_t(struct kb_request, bvec,
				       kb->limits.max_bvecs);
	tags->flags = BLK_MQ_F_SHOULD_MERGE;
	return blk_mq_alloc_tag_set(tags);
}

static int kb_disk_alloc(struct kb_disk *kb)
{
	struct queue_limits lim = {
		/*
		 * The members are written one after the other: a page that
		 * changes meanwhile would leave them different.
		 */
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA |
			    BLK_FEAT_STABLE_WRITES,
		.logical_block_size = kb->block_size,
		.physical_block_size = 4096,
		.max_hw_sectors = kb->limits.max_bytes >> SECTOR_SHIFT,
		.max_segments = kb->limits.max_bvecs,
		/* So that a segment is an entry of the vector. */
		.max_segment_size = UINT_MAX,
		.max_hw_discard_sectors = KB_ZERO_MAX >> SECTOR_SHIFT,
		.max_write_zeroes_sectors = KB_ZERO_MAX >> SECTOR_SHIFT,
		.discard_granularity = kb->block_size,
	};
	struct gendisk *disk;
	int ret;

	ret = kb_tags_alloc(kb);
	if (ret)
		return ret;
	disk = blk_mq_alloc_disk(&kb->tags, &lim, kb);
	if (IS_ERR(disk)) {
		blk_mq_free_tag_set(&kb->tags);
		return PTR_ERR(disk);
	}
	snprintf(disk->disk_name, sizeof(disk->disk_name), KB_PREFIX "%d",
		 kb->number);
	disk->fops = &kb_fops;
	disk->private_data = kb;
	set_capacity(disk, kb_disk_sectors(kb));
	set_disk_ro(disk, kb->read_only);
	kb->disk = disk;
	return 0;
}

/* Openers may hold the gendisk for longer; it does not come here any more. */
static void kb_disk_put(struct kb_disk *kb)
{
	put_disk(kb->disk);
	blk_mq_free_tag_set(&kb->tags);
}

/**
 * kfi_blk_add() - make a block device on a replica set
 * @params: which set, and how
 * @number: N of kfiblkN, on success
 * @extack: where a text for the administrator goes, or NULL
 *
 * Partitions are looked for: where the set holds requests for want of a
 * majority, this waits with them.
 *
 * Context: process, sleeps.
 * Return: 0; -EINVAL: a parameter; -EEXIST: the set has a device, or the number
 * is taken; -ENOENT: no such set is started here; -EAGAIN: it was not active
 * yet; -EOPNOTSUPP: its requests are too small; -ENODEV: the module is being
 * unloaded; -ENOMEM.
 */
int kfi_blk_add(const struct kfi_blk_params *params, int *number,
		struct netlink_ext_ack *extack)
{
	struct kb_disk *kb;
	int ret;

	ret = kb_params_check(params, extack);
	if (ret)
		return ret;
	/* Not __module_get(): an unload may have begun. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	kb = kb_disk_new(params, extack);
	if (IS_ERR(kb)) {
		ret = PTR_ERR(kb);
		goto err_module_put;
	}
	ret = kb_disk_alloc(kb);
	if (ret)
		goto err_free;
	ret = device_add_disk(NULL, kb->disk, kb_disk_groups);
	if (ret)
		goto err_put;
	*number = kb->number;
	kb_disk_set_state(kb, KB_LIVE);
	return 0;

err_put:
	kb_disk_put(kb);
err_free:
	kb_disk_free(kb);
err_module_put:
	module_put(THIS_MODULE);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_blk_add);

struct kb_commit {
	struct kfi_set_io io;
	struct completion completed;
	int err;
};

static void kb_commit_done(struct kfi_set_io *io, int err)
{
	struct kb_commit *commit = container_of(io, struct kb_commit, io);

	commit->err = err;
	complete(&commit->completed);
}

/* The last close of a disk does not flush it. */
static void kb_disk_commit(struct kb_disk *kb)
{
	struct kb_commit commit = {
		.io.op = KFI_SET_COMMIT,
		.io.done = kb_commit_done,
	};

	init_completion(&commit.completed);
	kfi_set_submit(kb->set, &commit.io);
	wait_for_completion(&commit.completed);
	if (commit.err)
		pr_warn(KB_PREFIX "%d: not committed before its removal: error %d\n",
			kb->number, commit.err);
}

/* From success on it cannot be opened. */
static bool kb_disk_claim(struct kb_disk *kb)
{
	bool claimed;

	mutex_lock(&kb->disk->open_mutex);
	claimed = !disk_openers(kb->disk);
	kb->gone = claimed;
	mutex_unlock(&kb->disk->open_mutex);
	return claimed;
}

/**
 * kfi_blk_del() - remove a block device
 * @name: its set's, or its own (kfiblk3)
 * @force: also while it is open: its openers get errors from then on, and what
 *	is still in the page cache is lost
 * @extack: where a text for the administrator goes, or NULL
 *
 * Without @force everything that was written is committed first. In both cases
 * requests that were begun are waited for. Those that the set holds for want of
 * a majority fail with @force, and all of its I/O that would be held later.
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EBUSY: open, or being added or removed.
 */
int kfi_blk_del(const char *name, bool force, struct netlink_ext_ack *extack)
{
	struct kb_disk *kb;

	mutex_lock(&kb_lock);
	kb = kb_disk_find_live(name, extack);
	if (!IS_ERR(kb))
		kb->state = KB_REMOVING;
	mutex_unlock(&kb_lock);
	if (IS_ERR(kb))
		return PTR_ERR(kb);

	if (force) {
		/* Who waits for a majority would wait for ever. */
		kfi_set_give_up(kb->set);
		blk_mark_disk_dead(kb->disk);
	} else if (!kb_disk_claim(kb)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/%.16s is open; unmount and close it, or use force",
				   kb->disk->disk_name);
		kb_disk_set_state(kb, KB_LIVE);
		return -EBUSY;
	}
	del_gendisk(kb->disk);
	if (!force)
		kb_disk_commit(kb);
	kb_disk_put(kb);
	kb_disk_free(kb);
	module_put(THIS_MODULE);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_blk_del);

/**
 * kfi_blk_resize() - give a device the size that its set has now
 * @name: its set's, or its own
 * @extack: where a text for the administrator goes, or NULL
 *
 * Openers see the new size at once, and a change is announced by uevent.
 *
 * Context: process, sleeps.
 * Return: 0, also where nothing changed; -ENOENT; -EBUSY: being added or
 * removed.
 */
int kfi_blk_resize(const char *name, struct netlink_ext_ack *extack)
{
	struct kb_disk *kb;

	mutex_lock(&kb_lock);
	kb = kb_disk_find_live(name, extack);
	if (!IS_ERR(kb))
		set_capacity_and_notify(kb->disk, kb_disk_sectors(kb));
	mutex_unlock(&kb_lock);
	return PTR_ERR_OR_ZERO(kb);
}
EXPORT_SYMBOL_GPL(kfi_blk_resize);

/**
 * kfi_blk_for_each() - visit every device
 * @fn: called with the list locked: it must not call this module. What it
 *	returns other than 0 ends the visit. @attr is good until it returns
 * @arg: for @fn
 *
 * Context: process, sleeps.
 * Return: 0, or what @fn returned.
 */
int kfi_blk_for_each(int (*fn)(const struct kfi_blk_attr *attr, void *arg),
		     void *arg)
{
	struct kfi_blk_attr attr;
	struct kb_disk *kb;
	int ret = 0;

	mutex_lock(&kb_lock);
	list_for_each_entry(kb, &kb_disks, list) {
		if (kb->state != KB_LIVE)
			continue;
		attr = (struct kfi_blk_attr) {
			.number = kb->number,
			.set = kfi_set_name(kb->set),
			.size = (u64)get_capacity(kb->disk) << SECTOR_SHIFT,
			.block_size = kb->block_size,
			.read_only = kb->read_only,
			.openers = disk_openers(kb->disk),
		};
		ret = fn(&attr, arg);
		if (ret)
			break;
	}
	mutex_unlock(&kb_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_blk_for_each);

MODULE_DESCRIPTION("Block devices on replica sets of persistent memory");
MODULE_LICENSE("GPL");
