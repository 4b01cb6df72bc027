// SPDX-License-Identifier: GPL-2.0-only
/* The device nodes /dev/kfi/<name>. */
#include <linux/compat.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <kfi_pmem_prov.h>
#include "io.h"
#include "user.h"

#define KU_MINORS	4096

static dev_t ku_devt;
static DEFINE_IDA(ku_minors);

/* The list of nodes, and opens and gone of each. */
DEFINE_MUTEX(ku_node_lock);
LIST_HEAD(ku_nodes);

static char *ku_devnode(const struct device *dev, umode_t *mode)
{
	const struct ku_node *node = container_of(dev, struct ku_node, dev);

	if (mode)
		*mode = node->read_only ? 0400 : 0600;
	return kasprintf(GFP_KERNEL, "kfi/%s", dev_name(dev));
}

const struct class ku_class = {
	.name = "kfi",
	.devnode = ku_devnode,
	.dev_uevent = ku_uevent,
	.dev_groups = ku_node_groups,
};

static void ku_node_release(struct device *dev)
{
	struct ku_node *node = container_of(dev, struct ku_node, dev);

	ida_free(&ku_minors, MINOR(dev->devt));
	ku_pages_destroy(node);
	if (node->att)
		ku_attachment_put(node->att);
	kfree(node);
}

/**
 * ku_node_find() - the node of a name
 * @name: name below /dev/kfi
 *
 * Context: under ku_node_lock.
 * Return: the node or NULL.
 */
struct ku_node *ku_node_find(const char *name)
{
	struct ku_node *node;

	lockdep_assert_held(&ku_node_lock);
	list_for_each_entry(node, &ku_nodes, list)
		if (!strcmp(dev_name(&node->dev), name))
			return node;
	return NULL;
}

/**
 * ku_node_of_region() - the node of a local region
 * @region: the region
 *
 * Context: under ku_node_lock.
 * Return: the node or NULL.
 */
struct ku_node *ku_node_of_region(const struct kfi_region *region)
{
	struct ku_node *node;

	lockdep_assert_held(&ku_node_lock);
	list_for_each_entry(node, &ku_nodes, list)
		if (node->region == region)
			return node;
	return NULL;
}

/**
 * ku_node_name_used() - is there a node of this name?
 * @name: name below /dev/kfi
 *
 * Context: process.
 */
bool ku_node_name_used(const char *name)
{
	bool used;

	mutex_lock(&ku_node_lock);
	used = ku_node_find(name);
	mutex_unlock(&ku_node_lock);
	return used;
}

/* 1: it is this pool, and what it stores is what its medium stores. */
static int ku_pool_is_direct(const struct kfi_pool_attr *attr, void *arg)
{
	return !strcmp(attr->name, arg) && !attr->cache_model;
}

/*
 * MAP_SYNC promises that stores and a cache flush of the caller's own are
 * durable. In DRAM, or with the cache model, they are not.
 */
static bool ku_region_maps_sync(struct kfi_region *region)
{
	char pool[KFI_PMEM_NAME_MAX];
	struct kfi_pmem_attr attr;

	kfi_region_query(region, &attr);
	if (attr.domain != KFI_PMEM_DOMAIN_MEM_CTRL &&
	    attr.domain != KFI_PMEM_DOMAIN_CPU_CACHE)
		return false;
	strscpy(pool, kfi_region_pool_name(region), sizeof(pool));
	return kfi_pool_for_each(ku_pool_is_direct, pool) == 1;
}

/**
 * ku_node_alloc() - a node that is in no list yet
 * @name: name below /dev/kfi
 * @ops: what is behind it
 * @fops: what its files can do
 *
 * Context: process.
 * Return: the node, for put_device() of its device; ERR_PTR: -ENOSPC for too
 * many nodes; -ENOMEM.
 */
struct ku_node *ku_node_alloc(const char *name, const struct ku_node_ops *ops,
			      const struct file_operations *fops)
{
	struct ku_node *node;
	int minor, ret;

	minor = ida_alloc_max(&ku_minors, KU_MINORS - 1, GFP_KERNEL);
	if (minor < 0)
		return ERR_PTR(minor);
	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node) {
		ida_free(&ku_minors, minor);
		return ERR_PTR(-ENOMEM);
	}
	ku_dirty_init(&node->dirty);
	INIT_LIST_HEAD(&node->list);

	device_initialize(&node->dev);
	node->dev.class = &ku_class;
	node->dev.devt = MKDEV(MAJOR(ku_devt), minor);
	node->dev.release = ku_node_release;
	node->ops = ops;
	cdev_init(&node->cdev, fops);
	node->cdev.owner = THIS_MODULE;
	ret = dev_set_name(&node->dev, "%s", name);
	if (!ret && fops == &ku_paged_fops)
		ret = ku_pages_create(node);
	if (ret) {
		put_device(&node->dev);
		return ERR_PTR(ret);
	}
	return node;
}

/**
 * ku_node_show() - let a node that is in the list be opened
 * @node: the node
 *
 * Context: under ku_node_lock.
 * Return: 0 or an error.
 */
int ku_node_show(struct ku_node *node)
{
	int ret;

	lockdep_assert_held(&ku_node_lock);
	ret = cdev_device_add(&node->cdev, &node->dev);
	node->shown = !ret;
	return ret;
}

/**
 * ku_node_add() - make a device node
 * @name: name below /dev/kfi
 * @region: local region, or NULL. It has to stay until ku_node_del().
 * @att: attachment, or NULL; the node takes a reference
 * @size: bytes
 * @read_only: refuse to open for writing
 *
 * Context: process.
 * Return: the node; ERR_PTR: -EALREADY for a region that has one; -EEXIST for a
 * name that is taken; -ENOSPC for too many nodes; -ENOMEM.
 */
struct ku_node *ku_node_add(const char *name, struct kfi_region *region,
			    struct ku_attachment *att, u64 size,
			    bool read_only)
{
	struct ku_node *node;
	int ret;

	if (att)
		node = ku_node_alloc(name, &ku_attached_ops, &ku_paged_fops);
	else
		node = ku_node_alloc(name, &ku_local_ops,
				     ku_region_maps_sync(region) ?
				     &ku_local_sync_fops : &ku_local_fops);
	if (IS_ERR(node))
		return node;
	node->region = region;
	node->att = att;
	node->size = size;
	node->read_only = read_only;
	if (att)
		ku_attachment_get(att);

	mutex_lock(&ku_node_lock);
	if (region && ku_node_of_region(region))
		ret = -EALREADY;
	else if (ku_node_find(name))
		ret = -EEXIST;
	else
		ret = ku_node_show(node);
	if (!ret)
		list_add_tail(&node->list, &ku_nodes);
	mutex_unlock(&ku_node_lock);
	if (ret) {
		put_device(&node->dev);
		return ERR_PTR(ret);
	}
	return node;
}

/**
 * ku_node_unlist() - nobody opens a node from here on
 * @node: the node
 * @force: even while files are open
 *
 * Context: under ku_node_lock.
 * Return: 0: ku_node_drop() has to follow; -EBUSY.
 */
int ku_node_unlist(struct ku_node *node, bool force)
{
	lockdep_assert_held(&ku_node_lock);
	if (node->opens && !force)
		return -EBUSY;
	node->gone = true;
	list_del(&node->list);
	return 0;
}

/**
 * ku_node_drop() - remove what ku_node_unlist() has taken from the list
 * @node: the node; do not use it afterwards
 *
 * Context: process, without ku_node_lock.
 */
void ku_node_drop(struct ku_node *node)
{
	if (node->shown)
		cdev_device_del(&node->cdev, &node->dev);
	ku_pages_shut(node);
	put_device(&node->dev);
}

/**
 * ku_node_del() - remove a device node
 * @node: the node; do not use it after success
 * @force: even while files are open
 *
 * Context: process.
 * Return: 0 or -EBUSY.
 */
int ku_node_del(struct ku_node *node, bool force)
{
	int ret;

	mutex_lock(&ku_node_lock);
	ret = ku_node_unlist(node, force);
	mutex_unlock(&ku_node_lock);
	if (!ret)
		ku_node_drop(node);
	return ret;
}

/**
 * ku_node_opens() - number of open files of a node
 * @node: the node
 *
 * Context: process.
 */
unsigned int ku_node_opens(struct ku_node *node)
{
	unsigned int opens;

	mutex_lock(&ku_node_lock);
	opens = node->opens;
	mutex_unlock(&ku_node_lock);
	return opens;
}

/**
 * ku_nodes_open() - number of open files of all nodes
 *
 * Context: process.
 */
unsigned int ku_nodes_open(void)
{
	unsigned int opens = 0;
	struct ku_node *node;

	mutex_lock(&ku_node_lock);
	list_for_each_entry(node, &ku_nodes, list)
		opens += node->opens;
	mutex_unlock(&ku_node_lock);
	return opens;
}

static int ku_open(struct inode *inode, struct file *file)
{
	struct ku_node *node = container_of(inode->i_cdev, struct ku_node,
					    cdev);
	struct ku_file *kf;
	int ret = 0;

	if (node->read_only && (file->f_mode & FMODE_WRITE))
		return -EACCES;
	kf = kmalloc(sizeof(*kf), GFP_KERNEL);
	if (!kf)
		return -ENOMEM;
	kf->node = node;
	kf->seen = errseq_sample(&node->wb_err);

	mutex_lock(&ku_node_lock);
	if (node->gone)
		ret = -ENODEV;
	else if (node->ops->open)
		ret = node->ops->open(node);
	if (!ret) {
		ku_pages_open(node, file);
		node->opens++;
	}
	mutex_unlock(&ku_node_lock);
	if (ret) {
		kfree(kf);
		return ret;
	}
	file->private_data = kf;
	file->f_mode |= FMODE_CAN_ODIRECT;
	return 0;
}

/* Each close(2): errors that fsync() was not asked for. */
static int ku_flush(struct file *file, fl_owner_t id)
{
	struct ku_file *kf = file->private_data;

	if (!(file->f_mode & FMODE_WRITE))
		return 0;
	ku_pages_sync(kf->node, 0, U64_MAX);
	return errseq_check(&kf->node->wb_err, READ_ONCE(kf->seen));
}

static int ku_release(struct inode *inode, struct file *file)
{
	struct ku_file *kf = file->private_data;
	struct ku_node *node = kf->node;

	kfree(kf);
	ku_pages_close(node);
	/* At once: who sees the one gone counts on the other. */
	mutex_lock(&ku_node_lock);
	if (node->ops->close)
		node->ops->close(node);
	node->opens--;
	mutex_unlock(&ku_node_lock);
	return 0;
}

static loff_t ku_llseek(struct file *file, loff_t offset, int whence)
{
	u64 size = ku_file_node(file)->size;

	return generic_file_llseek_size(file, offset, whence, size, size);
}

static ssize_t ku_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct ku_node *node = ku_file_node(iocb->ki_filp);

	if (!iov_iter_count(to) || iocb->ki_pos >= node->size)
		return 0;
	iov_iter_truncate(to, node->size - iocb->ki_pos);
	ku_pages_sync(node, iocb->ki_pos,
		      iocb->ki_pos + iov_iter_count(to) - 1);
	return node->ops->read(node, iocb, to);
}

static ssize_t ku_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct ku_node *node = ku_file_node(iocb->ki_filp);
	u64 start, end;
	ssize_t ret;

	if (!iov_iter_count(from))
		return 0;
	if (iocb->ki_flags & IOCB_APPEND)
		iocb->ki_pos = node->size;
	if (iocb->ki_pos >= node->size)
		return -ENOSPC;
	iov_iter_truncate(from, node->size - iocb->ki_pos);
	start = iocb->ki_pos;
	end = start + iov_iter_count(from) - 1;
	ku_pages_drop(node, start, end);
	ret = node->ops->write(node, iocb, from);
	/* What was read again meanwhile; ku_io_put() does it for the others. */
	if (ret != -EIOCBQUEUED)
		ku_pages_drop(node, start, end);
	return ret;
}

static int ku_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct ku_file *kf = file->private_data;
	struct ku_node *node = kf->node;
	int ret, err;

	ku_pages_sync(node, start, end);
	ret = node->ops->fsync(node, start, end);
	spin_lock(&file->f_lock);
	err = errseq_check_and_advance(&node->wb_err, &kf->seen);
	spin_unlock(&file->f_lock);
	/* A mapping shows what there is, and not what there would have been. */
	if (ret || err)
		ku_pages_drop(node, 0, U64_MAX);
	return ret ?: err;
}

#define KU_FOPS						\
	.owner = THIS_MODULE,				\
	.open = ku_open,				\
	.release = ku_release,				\
	.llseek = ku_llseek,				\
	.read_iter = ku_read_iter,			\
	.write_iter = ku_write_iter,			\
	.splice_read = copy_splice_read,		\
	.splice_write = iter_file_splice_write,		\
	.fsync = ku_fsync,				\
	.uring_cmd = ku_uring_cmd,			\
	.unlocked_ioctl = ku_ioctl,			\
	.compat_ioctl = compat_ptr_ioctl

const struct file_operations ku_paged_fops = {
	KU_FOPS,
	.flush = ku_flush,
	.mmap = generic_file_mmap,
};

const struct file_operations ku_local_fops = {
	KU_FOPS,
	.mmap = ku_local_mmap,
};

const struct file_operations ku_local_sync_fops = {
	KU_FOPS,
	.mmap = ku_local_mmap,
	.fop_flags = FOP_MMAP_SYNC,
};

/**
 * ku_chardev_init() - register class and device numbers
 *
 * Return: 0 or an error.
 */
int ku_chardev_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&ku_devt, 0, KU_MINORS, "kfi");
	if (ret)
		return ret;
	ret = class_register(&ku_class);
	if (ret)
		unregister_chrdev_region(ku_devt, KU_MINORS);
	return ret;
}

/**
 * ku_chardev_exit() - undo ku_chardev_init()
 */
void ku_chardev_exit(void)
{
	class_unregister(&ku_class);
	unregister_chrdev_region(ku_devt, KU_MINORS);
	ida_destroy(&ku_minors);
}
