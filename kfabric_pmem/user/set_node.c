// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes of replica sets that are started here.
 *
 * A set can be stopped as long as nobody uses it: open files do, and requests
 * that are on their way, which outlast the files of a caller that was killed.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "io.h"
#include "user.h"

/* A segment, and the set's request for it. */
struct ku_set_seg {
	struct kfi_set_io req;
	struct ku_seg seg;
};

/* Under ku_node_lock. The set of a node with uses is the one of its name. */
static int ku_set_open(struct ku_node *node)
{
	struct kfi_set *set;

	if (refcount_inc_not_zero(&node->set_uses))
		return 0;
	set = kfi_set_get(dev_name(&node->dev));
	if (IS_ERR(set))
		return -ENODEV;
	node->set = set;
	node->size = kfi_set_size(set);
	refcount_set(&node->set_uses, 1);
	return 0;
}

static void ku_set_close(struct ku_node *node)
{
	if (refcount_dec_and_test(&node->set_uses))
		kfi_set_put(node->set);
}

static void ku_set_done(struct kfi_set_io *req, int err)
{
	ku_seg_end(&container_of(req, struct ku_set_seg, req)->seg, err);
}

static int ku_set_post(struct ku_seg *seg)
{
	static const enum kfi_set_op ops[] = {
		[KU_READ] = KFI_SET_READ,
		[KU_WRITE] = KFI_SET_WRITE,
		[KU_WRITE_DURABLE] = KFI_SET_WRITE_DURABLE,
		[KU_COMMIT] = KFI_SET_COMMIT,
	};
	struct ku_set_seg *ss = container_of(seg, struct ku_set_seg, seg);
	struct ku_node *node = seg->io->node;

	refcount_inc(&node->set_uses);
	ss->req.op = ops[seg->io->op];
	ss->req.offset = seg->pos;
	ss->req.length = seg->length;
	ss->req.bvec = seg->bvec;
	ss->req.nr_bvecs = seg->nr_bvecs;
	ss->req.done = ku_set_done;
	kfi_set_submit(node->set, &ss->req);
	return 0;
}

static void ku_set_start_seg(struct ku_seg *seg)
{
	ku_set_post(seg);
}

/* Of whatever ranges: the set commits all that was written. */
static int ku_set_add_commit(struct ku_io *io)
{
	struct ku_seg *seg;

	if (io->level != KFI_COMMIT_PERSISTENT)
		return -EOPNOTSUPP;
	seg = ku_seg_new(io, 0);
	if (!seg)
		return -ENOMEM;
	ku_seg_add(seg);
	return 0;
}

static void ku_set_end(struct ku_seg *seg, int err)
{
	struct ku_io *io = seg->io;

	/* Of a plain write, or one whose caller was killed, fsync() has to tell. */
	if (err && io->op != KU_READ)
		errseq_set(&io->node->wb_err, err);
	/* Before the caller hears of it: it may close its file and stop the set. */
	if (refcount_dec_and_test(&io->node->set_uses))
		io->last_use = true;
}

static void ku_set_free(struct ku_io *io)
{
	if (io->last_use)
		kfi_set_put(io->node->set);
}

static const struct ku_io_ops ku_set_io_ops = {
	.head = offsetof(struct ku_set_seg, seg),
	.post = ku_set_post,
	.start = ku_set_start_seg,
	.commit = ku_set_add_commit,
	.end = ku_set_end,
	.free = ku_set_free,
};

static struct ku_io *ku_set_io_new(struct ku_node *node, unsigned int op,
				   u64 pos)
{
	struct kfi_set_limits limits;
	struct ku_io *io;

	io = ku_io_new(node, &ku_set_io_ops, op, pos);
	if (IS_ERR(io))
		return io;
	kfi_set_limits(node->set, &limits);
	io->max_bytes = limits.max_bytes;
	io->max_pages = limits.max_bvecs;
	return io;
}

static ssize_t ku_set_rw(struct ku_node *node, struct kiocb *iocb,
			 struct iov_iter *iter, bool write)
{
	struct ku_io *io;

	io = ku_set_io_new(node, ku_io_op(iocb, write), iocb->ki_pos);
	return IS_ERR(io) ? PTR_ERR(io) : ku_io_rw(io, iocb, iter);
}

static ssize_t ku_set_read(struct ku_node *node, struct kiocb *iocb,
			   struct iov_iter *to)
{
	return ku_set_rw(node, iocb, to, false);
}

static ssize_t ku_set_write(struct ku_node *node, struct kiocb *iocb,
			    struct iov_iter *from)
{
	return ku_set_rw(node, iocb, from, true);
}

/* The set knows what was written and not committed, and commits all of it. */
static int ku_set_fsync(struct ku_node *node, u64 start, u64 end)
{
	struct ku_seg *seg;
	struct ku_io *io;

	io = ku_set_io_new(node, KU_COMMIT, 0);
	if (IS_ERR(io))
		return PTR_ERR(io);
	seg = ku_seg_new(io, 0);
	if (seg) {
		ku_seg_add(seg);
		ku_seg_post(seg);
	} else {
		ku_io_fail(io, 0, -ENOMEM);
	}
	return ku_io_wait(io);
}

static int ku_set_commit(struct ku_node *node, u64 offset, u64 length,
			 enum kfi_commit_level level)
{
	/* Not at a lower level than was asked for. */
	if (level != KFI_COMMIT_PERSISTENT)
		return -EOPNOTSUPP;
	return ku_set_fsync(node, offset, offset + length - 1);
}

/* kfi_replica has no such operation; two durable writes do the same. */
static int ku_set_publish(struct ku_node *node,
			  const struct kfi_ioc_publish *arg)
{
	return -EOPNOTSUPP;
}

struct ku_set_facts {
	const char *name;
	struct kfi_pmem_attr *attr;
};

static int ku_set_find_facts(const struct kfi_set_attr *set, void *arg)
{
	struct ku_set_facts *facts = arg;

	if (strcmp(set->name, facts->name))
		return 0;
	uuid_copy(&facts->attr->uuid, &set->uuid);
	facts->attr->generation = set->generation;
	facts->attr->epoch = set->epoch;
	return 1;
}

/* Domain and method are the members', which may differ: none is told. */
static int ku_set_info(struct ku_node *node, struct kfi_pmem_attr *attr,
		       struct kfi_ioc_info *info)
{
	struct ku_set_facts facts = {
		.name = dev_name(&node->dev),
		.attr = attr,
	};
	struct kfi_set_limits limits;
	int ret;

	kfi_set_limits(node->set, &limits);
	info->max_io = limits.max_bytes;
	attr->atomic_width = sizeof(u64);
	ret = kfi_set_for_each(ku_set_find_facts, &facts);
	return ret < 0 ? ret : 0;
}

static const struct ku_node_ops ku_set_ops = {
	.open = ku_set_open,
	.close = ku_set_close,
	.read = ku_set_read,
	.write = ku_set_write,
	.fsync = ku_set_fsync,
	.commit = ku_set_commit,
	.publish = ku_set_publish,
	.io = ku_set_io_new,
	.info = ku_set_info,
};

static bool ku_set_has(const struct kfi_set_params *params,
		       struct kfi_region *region)
{
	unsigned int i;

	for (i = 0; i < params->nr_members; i++) {
		const struct kfi_member_params *member = &params->member[i];

		if (member->pool &&
		    !strcmp(member->pool, kfi_region_pool_name(region)) &&
		    !strcmp(member->region, kfi_region_name(region)))
			return true;
	}
	return false;
}

/*
 * A local member of the set's own name makes room for it, and gets its node
 * back when the set is stopped. Who writes to the name means the set.
 */
static int ku_set_take_name(const struct kfi_set_params *params,
			    struct ku_node *other,
			    struct netlink_ext_ack *extack)
{
	if (!other)
		return 0;
	if (other->ops == &ku_set_ops) {
		NL_SET_ERR_MSG_FMT(extack,
				   "set %.32s is started here already",
				   params->name);
		return -EEXIST;
	}
	if (other->att) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/kfi/%.24s is an attachment; detach it first",
				   params->name);
		return -EEXIST;
	}
	if (!ku_set_has(params, other->region)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/kfi/%.20s is a region that is no member; close its pool",
				   params->name);
		return -EEXIST;
	}
	if (ku_node_unlist(other, false)) {
		NL_SET_ERR_MSG_FMT(extack,
				   "/dev/kfi/%.24s, a member, is open; close it",
				   params->name);
		return -EBUSY;
	}
	return 0;
}

/* The name is taken from here on; there is nothing to open yet. */
static int ku_set_reserve(const struct kfi_set_params *params,
			  struct netlink_ext_ack *extack)
{
	struct ku_node *node, *other;
	int ret;

	node = ku_node_alloc(params->name, &ku_set_ops, &ku_paged_fops);
	if (IS_ERR(node))
		return PTR_ERR(node);
	mutex_lock(&ku_node_lock);
	other = ku_node_find(params->name);
	ret = ku_set_take_name(params, other, extack);
	if (!ret)
		list_add_tail(&node->list, &ku_nodes);
	mutex_unlock(&ku_node_lock);
	if (ret)
		put_device(&node->dev);
	else if (other)
		ku_node_drop(other);
	return ret;
}

static struct ku_node *ku_set_node_find(const char *name)
{
	struct ku_node *node = ku_node_find(name);

	return node && node->ops == &ku_set_ops ? node : NULL;
}

/* Nobody has it open: the set is not started, or not any more. */
static void ku_set_unreserve(const char *name)
{
	struct ku_node *node;

	mutex_lock(&ku_node_lock);
	node = ku_set_node_find(name);
	if (node)
		ku_node_unlist(node, true);
	mutex_unlock(&ku_node_lock);
	if (!node)
		return;
	ku_node_drop(node);
	ku_local_restore(name);
	module_put(THIS_MODULE);
}

/* The set may have been stopped meanwhile, and the node with it. */
static int ku_set_show(const char *name)
{
	struct ku_node *node;
	int ret = 0;

	mutex_lock(&ku_node_lock);
	node = ku_set_node_find(name);
	if (node && !node->shown)
		ret = ku_node_show(node);
	mutex_unlock(&ku_node_lock);
	return ret;
}

/**
 * ku_set_start() - start a set and make its node
 * @params: of the set
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps; see kfi_set_start().
 * Return: 0; -EEXIST or -EBUSY: the name is taken; or an error of
 * kfi_set_start().
 */
int ku_set_start(const struct kfi_set_params *params,
		 struct netlink_ext_ack *extack)
{
	int ret;

	/* As for an attachment: a set's node is in use, open or not. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ret = ku_set_reserve(params, extack);
	if (ret) {
		module_put(THIS_MODULE);
		return ret;
	}
	ret = kfi_set_start(params, extack);
	if (ret)
		goto err_unreserve;
	ret = ku_set_show(params->name);
	if (ret) {
		kfi_set_stop(params->name, NULL);
		NL_SET_ERR_MSG_FMT(extack, "cannot make /dev/kfi/%.24s",
				   params->name);
		goto err_unreserve;
	}
	return 0;

err_unreserve:
	ku_set_unreserve(params->name);
	return ret;
}

/**
 * ku_set_stop() - stop a set and remove its node
 * @name: of the set
 * @extack: where a text for the administrator goes
 *
 * A set that is in use is not stopped, and its node stays.
 *
 * Context: process, sleeps.
 * Return: 0 or an error of kfi_set_stop().
 */
int ku_set_stop(const char *name, struct netlink_ext_ack *extack)
{
	int ret = kfi_set_stop(name, extack);

	if (!ret)
		ku_set_unreserve(name);
	return ret;
}
