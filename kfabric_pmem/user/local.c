// SPDX-License-Identifier: GPL-2.0-only
/* Nodes of local regions: they come and go with the regions. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <kfi_pmem_prov.h>
#include "atomic.h"
#include "user.h"

/* Between two looks at signals and the scheduler. */
#define KU_COPY_CHUNK		SZ_1M
#define KU_PUBLISH_CHUNK	SZ_64K

/**
 * ku_local_node_info() - the node of a local region
 * @region: the region
 * @name: filled with the name below /dev/kfi
 * @size: bytes at @name
 * @opens: number of open files
 *
 * Context: process.
 * Return: whether there is a node.
 */
bool ku_local_node_info(struct kfi_region *region, char *name, size_t size,
			unsigned int *opens)
{
	struct ku_node *node;

	mutex_lock(&ku_node_lock);
	node = ku_node_of_region(region);
	if (node) {
		strscpy(name, dev_name(&node->dev), size);
		*opens = node->opens;
	}
	mutex_unlock(&ku_node_lock);
	return node;
}

/* A region's name is unique in its pool only: pool.region is the second choice. */
static void ku_local_add(struct kfi_region *region)
{
	const char *pool = kfi_region_pool_name(region);
	const char *name = kfi_region_name(region);
	u64 size = kfi_region_size(region);
	struct ku_node *node;
	char *both;

	node = ku_node_add(name, region, NULL, size, false);
	if (PTR_ERR_OR_ZERO(node) == -EEXIST) {
		both = kasprintf(GFP_KERNEL, "%s.%s", pool, name);
		node = both ? ku_node_add(both, region, NULL, size, false) :
			      ERR_PTR(-ENOMEM);
		kfree(both);
	}
	if (IS_ERR(node) && PTR_ERR(node) != -EALREADY)
		pr_notice("kfi_user: no node for region %s/%s: error %pe\n",
			  pool, name, node);
}

static int ku_local_notify(struct notifier_block *nb, unsigned long event,
			   void *data)
{
	struct kfi_region *region = data;
	struct ku_node *node;
	int ret = 0;

	switch (event) {
	case KFI_REGION_ADDED:
		ku_local_add(region);
		return NOTIFY_OK;
	case KFI_REGION_GOING:
		mutex_lock(&ku_node_lock);
		node = ku_node_of_region(region);
		if (node)
			ret = ku_node_unlist(node, false);
		mutex_unlock(&ku_node_lock);
		if (ret)
			return NOTIFY_BAD;
		if (node)
			ku_node_drop(node);
		return NOTIFY_OK;
	}
	return NOTIFY_DONE;
}

static struct notifier_block ku_local_nb = {
	.notifier_call = ku_local_notify,
};

static int ku_local_add_one(struct kfi_region *region, void *arg)
{
	ku_local_add(region);
	return 0;
}

/* Either of the names that ku_local_add() gives. */
static bool ku_local_is_named(struct kfi_region *region, const char *name)
{
	const char *pool = kfi_region_pool_name(region);
	size_t len = strlen(pool);

	if (!strcmp(name, kfi_region_name(region)))
		return true;
	return !strncmp(name, pool, len) && name[len] == '.' &&
	       !strcmp(name + len + 1, kfi_region_name(region));
}

static int ku_local_add_named(struct kfi_region *region, void *name)
{
	if (ku_local_is_named(region, name))
		ku_local_add(region);
	return 0;
}

/**
 * ku_local_restore() - a name is free again, for the region that gave it up
 * @name: name below /dev/kfi
 *
 * Context: process, sleeps.
 */
void ku_local_restore(const char *name)
{
	kfi_region_for_each(ku_local_add_named, (void *)name);
}

/**
 * ku_local_init() - make nodes for all regions, now and later
 *
 * Return: 0 or an error.
 */
int ku_local_init(void)
{
	int ret;

	ret = kfi_region_notifier_register(&ku_local_nb);
	if (ret)
		return ret;
	kfi_region_for_each(ku_local_add_one, NULL);
	return 0;
}

/**
 * ku_local_exit() - remove the nodes of local regions; none is open
 */
void ku_local_exit(void)
{
	struct ku_node *node, *tmp;

	kfi_region_notifier_unregister(&ku_local_nb);
	list_for_each_entry_safe(node, tmp, &ku_nodes, list)
		ku_node_del(node, true);
}

/**
 * ku_local_sleeps() - is a transfer no work for who must not be held up?
 * @node: of a local region
 * @length: bytes
 * @durable: to be made durable
 *
 * Context: any.
 */
bool ku_local_sleeps(struct ku_node *node, u64 length, bool durable)
{
	return length > KU_COPY_CHUNK ||
	       (durable && kfi_region_persist_sleeps(node->region, length));
}

static void *ku_local_kaddr(struct ku_node *node, u64 offset)
{
	struct kfi_region_map map;

	kfi_region_get_map(node->region, &map);
	return map.kaddr + offset;
}

static ssize_t ku_local_read(struct ku_node *node, struct kiocb *iocb,
			     struct iov_iter *to)
{
	ssize_t done = 0;
	size_t len, got;

	while (iov_iter_count(to)) {
		len = min_t(size_t, iov_iter_count(to), KU_COPY_CHUNK);
		got = _copy_mc_to_iter(ku_local_kaddr(node, iocb->ki_pos), len,
				       to);
		iocb->ki_pos += got;
		done += got;
		if (got < len) {
			if (done)
				break;
			/* Either end can be what stopped the copy. */
			return fault_in_iov_iter_writeable(to, 1) ? -EFAULT :
								    -EIO;
		}
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		cond_resched();
	}
	return done;
}

/* Make durable what somebody is told of. */
static int ku_local_promise(struct ku_node *node, u64 offset, u64 length,
			    enum kfi_commit_level level)
{
	int ret = kfi_region_persist(node->region, offset, length, level);

	if (!ret && level != KFI_COMMIT_VISIBLE)
		kfi_region_acknowledge(node->region, offset, length);
	return ret;
}

static ssize_t ku_local_write(struct ku_node *node, struct kiocb *iocb,
			      struct iov_iter *from)
{
	bool durable = iocb_is_dsync(iocb);
	ssize_t done = 0;
	size_t len, got;
	void *to;
	int ret;

	while (iov_iter_count(from)) {
		len = min_t(size_t, iov_iter_count(from), KU_COPY_CHUNK);
		to = ku_local_kaddr(node, iocb->ki_pos);
		if (durable)
			got = _copy_from_iter_flushcache(to, len, from);
		else
			got = copy_from_iter(to, len, from);
		if (got && durable) {
			ret = ku_local_promise(node, iocb->ki_pos, got,
					       KFI_COMMIT_PERSISTENT);
			if (ret) {
				/* others see the bytes: their commit's work */
				ku_dirty_add(&node->dirty, iocb->ki_pos, got);
				return done ?: ret;
			}
		} else if (got) {
			ku_dirty_add(&node->dirty, iocb->ki_pos, got);
		}
		iocb->ki_pos += got;
		done += got;
		if (got < len)
			return done ?: -EFAULT;
		if (fatal_signal_pending(current))
			return done ?: -EINTR;
		cond_resched();
	}
	return done;
}

static int ku_local_persist_ranges(struct ku_node *node,
				   const struct ku_ranges *ranges)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ranges->nr && !ret; i++)
		ret = ku_local_promise(node, ranges->range[i].start,
				       ranges->range[i].end -
				       ranges->range[i].start,
				       KFI_COMMIT_PERSISTENT);
	return ret;
}

/*
 * What was stored through a mapping is not tracked: while a writable one
 * exists all of the range is written back, and when one goes all of the region
 * is dirty.
 */
static int ku_local_fsync(struct ku_node *node, u64 start, u64 end)
{
	bool whole = !start && end >= node->size - 1;
	struct ku_ranges ranges;
	bool mapped;
	int ret = 0;

	if (start >= node->size)
		return 0;
	end = min(end, node->size - 1);
	mapped = atomic_read_acquire(&node->shared_maps);
	if (mapped)
		ret = ku_local_promise(node, start, end - start + 1,
				       KFI_COMMIT_PERSISTENT);
	if (ret) {
		errseq_set(&node->wb_err, ret);
		return ret;
	}
	if (ku_dirty_take(&node->dirty, &ranges)) {
		if (!mapped || !whole)
			ret = ku_local_persist_ranges(node, &ranges);
		if (ret)
			errseq_set(&node->wb_err, ret);
		ku_dirty_done(&node->dirty, &ranges, ret);
	}
	return ret;
}

static int ku_local_commit(struct ku_node *node, u64 offset, u64 length,
			   enum kfi_commit_level level)
{
	return ku_local_promise(node, offset, length, level);
}

static int ku_local_publish(struct ku_node *node,
			    const struct kfi_ioc_publish *arg)
{
	const void __user *data = u64_to_user_ptr(arg->data);
	__le64 word = cpu_to_le64(arg->word);
	size_t len, left = arg->length;
	u64 offset = arg->offset;
	void *buf;
	int ret = 0;

	buf = kvmalloc(min_t(size_t, left, KU_PUBLISH_CHUNK), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (left && !ret) {
		len = min_t(size_t, left, KU_PUBLISH_CHUNK);
		if (copy_from_user(buf, data, len))
			ret = -EFAULT;
		else if (fatal_signal_pending(current))
			ret = -EINTR;
		else
			ret = kfi_region_store_durable(node->region, offset,
						       buf, len);
		if (!ret)
			kfi_region_acknowledge(node->region, offset, len);
		data += len;
		offset += len;
		left -= len;
		cond_resched();
	}
	kvfree(buf);
	if (!ret)
		ret = kfi_region_store_durable(node->region, arg->word_offset,
					       &word, sizeof(word));
	if (!ret)
		kfi_region_acknowledge(node->region, arg->word_offset,
				       sizeof(word));
	if (ret) {
		/* what is visible of it, the next fsync() has to commit */
		ku_dirty_add(&node->dirty, arg->offset, arg->length);
		ku_dirty_add(&node->dirty, arg->word_offset, sizeof(word));
	}
	return ret;
}

static int ku_local_atomic(struct ku_node *node, struct ku_atomic *atomic)
{
	struct kfi_atomic_args args = {
		.datatype = atomic->datatype,
		.op = atomic->op,
		.count = atomic->count,
		.operand = atomic->operand,
		.compare = atomic->compare,
		.result = atomic->result,
	};
	struct kfi_pmem_attr attr;
	int ret;

	/* What cannot be made durable is not done. */
	kfi_region_query(node->region, &attr);
	if (atomic->commit && attr.domain == KFI_PMEM_DOMAIN_NONE)
		return -EOPNOTSUPP;
	ret = kfi_region_atomic(node->region, atomic->offset, &args);
	if (ret)
		return ret;
	if (atomic->commit)
		ret = ku_local_promise(node, atomic->offset, atomic->bytes,
				       KFI_COMMIT_PERSISTENT);
	if ((ret || !atomic->commit) && atomic->op != KFI_ATOMIC_READ)
		ku_dirty_add(&node->dirty, atomic->offset, atomic->bytes);
	return ret;
}

static int ku_local_open(struct ku_node *node)
{
	kfi_region_get(node->region);
	return 0;
}

static void ku_local_close(struct ku_node *node)
{
	kfi_region_put(node->region);
}

static int ku_local_info(struct ku_node *node, struct kfi_pmem_attr *attr,
			 struct kfi_ioc_info *info)
{
	kfi_region_query(node->region, attr);
	info->flags |= KFI_IOC_INFO_LOCAL;
	return 0;
}

/* Of local regions' nodes. */
const struct ku_node_ops ku_local_ops = {
	.open = ku_local_open,
	.close = ku_local_close,
	.read = ku_local_read,
	.write = ku_local_write,
	.fsync = ku_local_fsync,
	.commit = ku_local_commit,
	.publish = ku_local_publish,
	.atomic = ku_local_atomic,
	.info = ku_local_info,
};
