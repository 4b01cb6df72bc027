// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a pool lies on: a DAX block device, or DRAM.
 *
 * A device is held exclusively, as a file system holds it. When its driver is
 * unbound the DAX core tells us and waits, in dax_read_lock()'s terms, for
 * everything between kfi_medium_begin() and kfi_medium_end(); the mapping
 * itself stays until kfi_medium_drop_pages().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/ctype.h>
#include <linux/dax.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/libnvdimm.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/pfn_t.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include "medium.h"
#include "persist.h"
#include "ram.h"

/* Media on devices, for callbacks that come with nothing but the device. */
static LIST_HEAD(media_list);
static DEFINE_SPINLOCK(media_lock);

/**
 * kfi_pmem_text() - say in an answer what went wrong
 * @extack: the answer, or NULL
 * @fmt: the text; what does not fit is cut off
 */
void kfi_pmem_text(struct netlink_ext_ack *extack, const char *fmt, ...)
{
	va_list args;

	if (!extack)
		return;
	va_start(args, fmt);
	/* NL_SET_ERR_MSG_FMT() warns in the log about a text that is cut */
	vscnprintf(extack->_msg_buf, sizeof(extack->_msg_buf), fmt, args);
	va_end(args);
	extack->_msg = extack->_msg_buf;
}

static void medium_die(struct kfi_medium *medium)
{
	lockdep_assert_held(&media_lock);
	if (medium->dead)
		return;
	WRITE_ONCE(medium->dead, true);
	queue_work(system_unbound_wq, medium->gone);
}

static int medium_notify_failure(struct dax_device *dax, u64 offset, u64 length,
				 int flags)
{
	struct kfi_medium *medium;

	if (flags & MF_MEM_PRE_REMOVE) {
		/*
		 * fs_put_dax() does not wait for us, so what dax_holder()
		 * returns might be freed: look for it instead.
		 */
		spin_lock(&media_lock);
		list_for_each_entry(medium, &media_list, list)
			if (medium->dax == dax)
				medium_die(medium);
		spin_unlock(&media_lock);
		return 0;
	}
	pr_err_ratelimited("memory failure at %#llx, %#llx bytes\n", offset,
			   length);
	/* have the memory failure code signal the processes that map it */
	return -EOPNOTSUPP;
}

static const struct dax_holder_operations medium_dax_ops = {
	.notify_failure = medium_notify_failure,
};

static void medium_mark_dead(struct block_device *bdev, bool surprise)
{
	spin_lock(&media_lock);
	medium_die(bdev->bd_holder);
	spin_unlock(&media_lock);
	/* the block layer took it, and leaves it to us */
	mutex_unlock(&bdev->bd_holder_lock);
}

static const struct blk_holder_ops medium_blk_ops = {
	.mark_dead = medium_mark_dead,
};

/* A device's libnvdimm region, where it has one. */
static struct nd_region *find_nd_region(struct device *dev)
{
	for (; dev; dev = dev->parent) {
		const char *name = dev_name(dev);

		if (dev->bus && !strcmp(dev->bus->name, "nd") &&
		    dev->type && dev->type->name &&
		    !strcmp(dev->type->name, "nd_pmem") &&
		    !strncmp(name, "region", 6) && isdigit(name[6]))
			return to_nd_region(get_device(dev));
	}
	return NULL;
}

static void say_no_dax(struct block_device *bdev, const char *path,
		       struct netlink_ext_ack *extack)
{
	struct device *parent = disk_to_dev(bdev->bd_disk)->parent;
	const char *name = parent ? dev_name(parent) : "";

	if (!strncmp(name, "namespace", 9))
		kfi_pmem_text(extack, "%s is raw: ndctl create-namespace -f -e %s -m fsdax -M mem",
			      bdev->bd_disk->disk_name, name);
	else if (parent && parent->bus && !strcmp(parent->bus->name, "nd"))
		kfi_pmem_text(extack, "%.20s has no DAX: make its namespace one of mode fsdax",
			      path);
	else
		kfi_pmem_text(extack, "%.32s is not persistent memory (no DAX)",
			      path);
}

/*
 * All of the device in one piece? The DAX core answers for a range without
 * poison only, or, for recovery, for the part before the first poison.
 */
static int map_device(struct kfi_medium *medium)
{
	unsigned long pages = medium->size >> PAGE_SHIFT, i;
	pgoff_t first = medium->dax_offset >> PAGE_SHIFT;
	long n;

	for (i = 0; i < pages; i += n) {
		void *kaddr;
		pfn_t pfn;

		n = dax_direct_access(medium->dax, first + i, pages - i,
				      DAX_RECOVERY_WRITE, &kaddr, &pfn);
		if (n < 0)
			return n;
		if (!pfn_t_has_page(pfn))
			return -EOPNOTSUPP;
		if (!i) {
			medium->kaddr = kaddr;
			medium->pfn = pfn_t_to_pfn(pfn);
		} else if (kaddr != medium->kaddr + (i << PAGE_SHIFT) ||
			   pfn_t_to_pfn(pfn) != medium->pfn + i) {
			return -EXDEV;
		}
	}
	return medium->kaddr ? 0 : -ENXIO;
}

/**
 * kfi_medium_open() - take hold of a block device
 * @medium: zeroed
 * @path: the device's node
 * @gone: to be queued once when the device goes
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT, -ENOTBLK, -EACCES: no such device to write to; -EBUSY:
 * mounted or otherwise in use; -EOPNOTSUPP: no DAX; -EXDEV: not in one piece.
 */
int kfi_medium_open(struct kfi_medium *medium, const char *path,
		    struct work_struct *gone, struct netlink_ext_ack *extack)
{
	struct block_device *bdev;
	int err, id;

	medium->gone = gone;
	INIT_LIST_HEAD(&medium->list);
	/* as a file system does, which may keep others from writing */
	medium->file = bdev_file_open_by_path(path, sb_open_mode(0), medium,
					      &medium_blk_ops);
	if (IS_ERR(medium->file)) {
		err = PTR_ERR(medium->file);
		if (err == -EBUSY)
			kfi_pmem_text(extack, "%.32s is in use: unmount it, or close its pool",
				      path);
		else if (err == -ENOTBLK)
			kfi_pmem_text(extack, "%.48s is not a block device",
				      path);
		else
			kfi_pmem_text(extack, "cannot open %.32s for writing: error %d",
				      path, err);
		return err;
	}
	bdev = file_bdev(medium->file);
	medium->size = round_down(bdev_nr_bytes(bdev), PAGE_SIZE);

	medium->dax = fs_dax_get_by_bdev(bdev, &medium->dax_offset, medium,
					 &medium_dax_ops);
	if (!medium->dax) {
		say_no_dax(bdev, path, extack);
		err = -EOPNOTSUPP;
		goto err_put_file;
	}

	id = dax_read_lock();
	err = map_device(medium);
	dax_read_unlock(id);
	if (err) {
		kfi_pmem_text(extack, "%.20s cannot be mapped: error %d; use an fsdax namespace",
			      path, err);
		goto err_put_dax;
	}
	medium->pgmap = get_dev_pagemap(medium->pfn, NULL);
	if (!medium->pgmap) {
		kfi_pmem_text(extack, "%.20s has no struct pages: use an fsdax namespace",
			      path);
		err = -EOPNOTSUPP;
		goto err_put_dax;
	}
	medium->nd_region = find_nd_region(disk_to_dev(bdev->bd_disk));
	medium->domain = kfi_persist_detect(medium);

	spin_lock(&media_lock);
	list_add(&medium->list, &media_list);
	spin_unlock(&media_lock);
	return 0;

err_put_dax:
	fs_put_dax(medium->dax, medium);
err_put_file:
	bdev_fput(medium->file);
	return err;
}

/**
 * kfi_medium_check() - is a device that was just opened there to stay?
 * @medium: the medium
 * @extack: for a text
 *
 * Its removal may have been announced before anybody knew that we hold it.
 *
 * Context: process.
 * Return: 0 or -ENODEV.
 */
int kfi_medium_check(struct kfi_medium *medium, struct netlink_ext_ack *extack)
{
	bool alive;
	int id;

	if (medium->ram)
		return 0;
	id = dax_read_lock();
	alive = dax_alive(medium->dax);
	dax_read_unlock(id);
	if (alive)
		return 0;
	kfi_pmem_text(extack, "the device is being removed");
	return -ENODEV;
}

/**
 * kfi_medium_open_ram() - make a medium of DRAM
 * @medium: zeroed
 * @size: bytes
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int kfi_medium_open_ram(struct kfi_medium *medium, u64 size)
{
	INIT_LIST_HEAD(&medium->list);
	medium->ram = kfi_ram_alloc(round_down(size, PAGE_SIZE));
	if (!medium->ram)
		return -ENOMEM;
	medium->kaddr = medium->ram->kaddr;
	medium->size = medium->ram->size;
	medium->domain = kfi_persist_detect(medium);
	return 0;
}

/**
 * kfi_medium_drop_pages() - let go of the mapping of a device that is gone
 * @medium: nobody uses its memory any more
 *
 * Context: process.
 */
void kfi_medium_drop_pages(struct kfi_medium *medium)
{
	if (medium->pgmap)
		put_dev_pagemap(medium->pgmap);
	medium->pgmap = NULL;
}

/**
 * kfi_medium_close() - let a medium go
 * @medium: nobody uses its memory any more
 *
 * Context: process, sleeps. When it returns the work for a device that is
 * gone is not queued any more; it may be running.
 */
void kfi_medium_close(struct kfi_medium *medium)
{
	if (medium->ram) {
		kfi_ram_free(medium->ram);
		return;
	}
	spin_lock(&media_lock);
	list_del_init(&medium->list);
	spin_unlock(&media_lock);
	kfi_medium_drop_pages(medium);
	if (medium->nd_region)
		put_device(nd_region_dev(medium->nd_region));
	fs_put_dax(medium->dax, medium);
	bdev_fput(medium->file);
}

/**
 * kfi_medium_begin() - begin to touch a range
 * @medium: the medium
 * @offset: first byte
 * @length: bytes, not 0
 *
 * Context: any. What follows, up to kfi_medium_end(), may sleep.
 * Return: an id for kfi_medium_end(); -EIO: there is poison in the range;
 * -ENODEV: the device is gone.
 */
int kfi_medium_begin(struct kfi_medium *medium, u64 offset, u64 length)
{
	pgoff_t first, last;
	int id, err;

	if (medium->ram) {
		if (unlikely(medium->bad_length) &&
		    offset < medium->bad_offset + medium->bad_length &&
		    medium->bad_offset < offset + length)
			return -EIO;
		return 0;
	}

	first = (medium->dax_offset + offset) >> PAGE_SHIFT;
	last = (medium->dax_offset + offset + length - 1) >> PAGE_SHIFT;
	id = dax_read_lock();
	if (READ_ONCE(medium->dead) || !dax_alive(medium->dax))
		err = -ENODEV;
	else if (dax_direct_access(medium->dax, first, last - first + 1,
				   DAX_ACCESS, NULL, NULL) < 0)
		err = -EIO;
	else
		return id;
	dax_read_unlock(id);
	return err;
}

/**
 * kfi_medium_end() - the range is not touched any more
 * @medium: the medium
 * @id: what kfi_medium_begin() returned
 *
 * Context: any.
 */
void kfi_medium_end(struct kfi_medium *medium, int id)
{
	if (!medium->ram)
		dax_read_unlock(id);
}

/**
 * kfi_medium_read() - read a range that may be bad
 * @medium: the medium
 * @offset: first byte
 * @buf: where to
 * @length: bytes
 *
 * Context: process.
 * Return: 0, -EIO, -ENODEV.
 */
int kfi_medium_read(struct kfi_medium *medium, u64 offset, void *buf,
		    size_t length)
{
	unsigned long rest;
	int id;

	id = kfi_medium_begin(medium, offset, length);
	if (id < 0)
		return id;
	rest = copy_mc_to_kernel(buf, medium->kaddr + offset, length);
	kfi_medium_end(medium, id);
	return rest ? -EIO : 0;
}

/**
 * kfi_medium_heal() - clear the poison of a range that will be overwritten
 * @medium: the medium
 * @offset: first byte, of a page
 * @length: bytes
 *
 * Pages with poison are zero afterwards.
 *
 * Context: process, sleeps.
 * Return: 0, -EIO, -ENODEV.
 */
int kfi_medium_heal(struct kfi_medium *medium, u64 offset, u64 length)
{
	u64 end = offset + length;
	int err = 0, id;

	id = kfi_medium_begin(medium, offset, length);
	if (id >= 0) {
		kfi_medium_end(medium, id);
		return 0;
	}
	if (medium->ram || id == -ENODEV)
		return id;

	for (; offset < end && !err; offset += PAGE_SIZE) {
		id = kfi_medium_begin(medium, offset, 1);
		if (id >= 0) {
			kfi_medium_end(medium, id);
			continue;
		}
		id = dax_read_lock();
		err = dax_zero_page_range(medium->dax,
					  (medium->dax_offset + offset) >>
					  PAGE_SHIFT, 1);
		dax_read_unlock(id);
	}
	return err ? -EIO : 0;
}

/**
 * kfi_medium_zero() - zero a range durably, and clear the poison in it
 * @medium: the medium
 * @offset: first byte, of a page
 * @length: bytes, of pages
 *
 * Context: process, sleeps.
 * Return: 0; -EIO; -ENODEV; -EINTR: the caller is being killed.
 */
int kfi_medium_zero(struct kfi_medium *medium, u64 offset, u64 length)
{
	const void *zero = page_address(ZERO_PAGE(0));
	u64 end = offset + length;
	int err, id;

	while (offset < end) {
		u64 stop = min(end, offset + SZ_2M);

		err = kfi_medium_heal(medium, offset, stop - offset);
		if (err)
			return err;
		id = kfi_medium_begin(medium, offset, stop - offset);
		if (id < 0)
			return id;
		for (; offset < stop; offset += PAGE_SIZE) {
			memcpy_flushcache(medium->kaddr + offset, zero,
					  PAGE_SIZE);
			kfi_record_writeback(medium->kaddr + offset, PAGE_SIZE);
		}
		kfi_medium_end(medium, id);
		/* what is done is done, and has to be durable */
		if (offset < end && fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return kfi_persist_barrier(medium);
}

/**
 * kfi_medium_page() - the page of a byte
 * @medium: the medium
 * @offset: the byte
 *
 * Context: any.
 * Return: its struct page.
 */
struct page *kfi_medium_page(struct kfi_medium *medium, u64 offset)
{
	if (medium->ram)
		return medium->ram->page[offset >> PAGE_SHIFT];
	return pfn_to_page(medium->pfn + (offset >> PAGE_SHIFT));
}

/**
 * kfi_medium_block_shift() - how large are the blocks from here on?
 * @medium: the medium
 * @offset: of a page
 *
 * Context: any.
 * Return: log2 of aligned, physically contiguous blocks.
 */
unsigned int kfi_medium_block_shift(struct kfi_medium *medium, u64 offset)
{
	u64 phys;

	if (medium->ram)
		phys = offset | 1ULL << medium->ram->block_shift;
	else
		phys = PFN_PHYS(medium->pfn) + offset;
	return min_t(unsigned int, PMD_SHIFT, __ffs64(phys));
}

/**
 * kfi_medium_aligned() - next offset with a physical alignment
 * @medium: the medium
 * @offset: not before this
 * @align: power of 2
 *
 * Context: any.
 * Return: the offset.
 */
u64 kfi_medium_aligned(struct kfi_medium *medium, u64 offset, u64 align)
{
	u64 base = medium->ram ? 0 : PFN_PHYS(medium->pfn);

	return ALIGN(base + offset, align) - base;
}
