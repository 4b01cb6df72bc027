// SPDX-License-Identifier: GPL-2.0-only
/*
 * Regions: opening them, who may write to them, and what is told about them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include "cache_model.h"
#include "export.h"
#include "pool.h"
#include "ram.h"
#include "region.h"
#include "use.h"

static BLOCKING_NOTIFIER_HEAD(region_chain);
DEFINE_STATIC_SRCU(handler_srcu);

/**
 * kfi_region_notifier_register() - be told about regions
 * @nb: called with an enum kfi_region_event and the region
 *
 * Regions that are there already are not told of: kfi_region_for_each() after
 * the registration finds them. The call is made with the pool's administration
 * locked: it may open, query, get and put regions, and must not create or
 * remove any, nor open or close a pool. KFI_REGION_ADDED comes again after
 * somebody refused KFI_REGION_GOING; and that comes again until everybody
 * agrees when the device is gone, since nobody can refuse then: at once when the
 * last use of the pool's regions ends, so who refuses has one, and gives it back
 * together with the reason.
 *
 * Context: process, sleeps.
 * Return: 0 or a negative error.
 */
int kfi_region_notifier_register(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&region_chain, nb);
}
EXPORT_SYMBOL_GPL(kfi_region_notifier_register);

/**
 * kfi_region_notifier_unregister() - be told no longer
 * @nb: what was registered
 *
 * Context: process, sleeps; not from the notifier itself.
 * Return: 0 or a negative error.
 */
int kfi_region_notifier_unregister(struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&region_chain, nb);
}
EXPORT_SYMBOL_GPL(kfi_region_notifier_unregister);

/**
 * kfi_region_notify() - tell of a region
 * @region: the region
 * @event: what happened, or is going to
 *
 * Context: process, sleeps.
 * Return: 0, or -EBUSY where somebody objects.
 */
int kfi_region_notify(struct kfi_region *region, enum kfi_region_event event)
{
	int ret;

	lockdep_assert_held(&region->pool->admin);
	ret = blocking_notifier_call_chain(&region_chain, event, region);
	return ret & NOTIFY_STOP_MASK ? -EBUSY : 0;
}

/* Give a region its cache model. */
static int add_cache(struct kfi_region *region)
{
	const char *name = region->media.name;
	struct kfi_pool *pool = region->pool;
	u64 seed = pool->cache_seed;
	int id;

	id = kfi_medium_begin(&pool->medium, region->media.offset,
			      region->media.length);
	if (id < 0)
		return id;
	/* from the name, so that a run can be repeated; UUIDs are random */
	if (seed)
		seed = (seed ^ full_name_hash(NULL, name, strlen(name))) ?: 1;
	region->cache = kfi_cache_create(region->medium, region->media.length,
					 seed);
	kfi_medium_end(&pool->medium, id);
	if (!region->cache)
		return -ENOMEM;
	region->map.kaddr = kfi_cache_shadow(region->cache)->kaddr;
	region->map.block_shift = kfi_cache_shadow(region->cache)->block_shift;
	return 0;
}

/**
 * kfi_region_alloc() - make a region of what the medium says of it
 * @pool: its pool
 * @media: what the medium says, validated
 *
 * With a cache model that takes as much memory as the region is large.
 *
 * Context: process, sleeps.
 * Return: the region; ERR_PTR: -ENOMEM; -EIO: poison in the way of the model.
 */
struct kfi_region *kfi_region_alloc(struct kfi_pool *pool,
				    const struct kfi_media_region *media)
{
	struct kfi_region *region;
	int err;

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&region->list);
	region->pool = pool;
	region->media = *media;
	region->epoch = media->epoch;
	region->medium = pool->medium.kaddr + media->offset;
	region->map.kaddr = region->medium;
	region->map.size = media->length;
	region->map.block_shift = kfi_medium_block_shift(&pool->medium,
							 media->offset);
	kfi_use_init(region);
	mutex_init(&region->handler_lock);
	if (pool->cache_model) {
		err = add_cache(region);
		if (err) {
			kfree(region);
			return ERR_PTR(err);
		}
	}
	return region;
}

/**
 * kfi_region_free() - free a region that nobody uses
 * @region: the region, in no list
 * @write_back: write back what a cache model holds, or lose it
 *
 * Context: process, sleeps.
 */
void kfi_region_free(struct kfi_region *region, bool write_back)
{
	WARN_ON_ONCE(!list_empty(&region->uses));
	if (region->cache) {
		if (write_back)
			kfi_cache_writeback_all(region->cache);
		kfi_cache_destroy(region->cache);
	}
	kfree(rcu_access_pointer(region->handler));
	kfree(region);
}

/**
 * kfi_region_find_locked() - find a region of a pool
 * @pool: the pool
 * @name: the region's name
 *
 * Context: under the pool's update lock or kfi_pools_lock.
 * Return: the region or NULL.
 */
struct kfi_region *kfi_region_find_locked(struct kfi_pool *pool,
					  const char *name)
{
	struct kfi_region *region;

	lockdep_assert(lockdep_is_held(&pool->update) ||
		       lockdep_is_held(&kfi_pools_lock));
	list_for_each_entry(region, &pool->regions, list)
		if (!strcmp(region->media.name, name))
			return region;
	return NULL;
}

/* Find a region that can be used, for somebody who counts themselves in. */
static struct kfi_region *find_usable(const char *pool_name, const char *name,
				      struct netlink_ext_ack *extack)
{
	struct kfi_region *region;
	struct kfi_pool *pool;

	lockdep_assert_held(&kfi_pools_lock);
	pool = kfi_pool_find_locked(pool_name);
	if (!pool) {
		kfi_pmem_text(extack, "no pool %.32s is open; open it first",
			      pool_name);
		return ERR_PTR(-ENOENT);
	}
	if (READ_ONCE(pool->medium.dead)) {
		kfi_pmem_text(extack, "the device of pool %.32s is gone; close it",
			      pool_name);
		return ERR_PTR(-ENODEV);
	}
	region = kfi_region_find_locked(pool, name);
	if (!region || region->going) {
		kfi_pmem_text(extack, "pool %.24s has no region %.32s",
			      pool_name, name);
		return ERR_PTR(-ENOENT);
	}
	return region;
}

/**
 * kfi_region_open() - open a local region
 * @pool: name of its pool
 * @name: its name
 *
 * Context: process, sleeps.
 * Return: the region, with a reference for kfi_region_put(); ERR_PTR:
 * -ENOENT: no such pool or region; -ENODEV: the pool's device is gone.
 */
struct kfi_region *kfi_region_open(const char *pool, const char *name)
{
	struct kfi_region *region;

	mutex_lock(&kfi_pools_lock);
	region = find_usable(pool, name, NULL);
	if (!IS_ERR(region))
		kfi_region_get(region);
	mutex_unlock(&kfi_pools_lock);
	return region;
}
EXPORT_SYMBOL_GPL(kfi_region_open);

/**
 * kfi_region_get() - take another reference
 * @region: a region that the caller has open or exported, is visiting, or was
 *	told of by KFI_REGION_ADDED and not yet by KFI_REGION_GOING
 *
 * Context: any.
 */
void kfi_region_get(struct kfi_region *region)
{
	atomic_inc(&region->pool->users);
	atomic_inc(&region->users);
}
EXPORT_SYMBOL_GPL(kfi_region_get);

/**
 * kfi_region_put() - drop a reference
 * @region: the region; its bytes must not be touched any more
 *
 * Context: any.
 */
void kfi_region_put(struct kfi_region *region)
{
	struct kfi_pool *pool = region->pool;

	/* without this count the region may go, without the next the pool */
	atomic_fetch_dec_release(&region->users);
	if (atomic_dec_and_test(&pool->users))
		wake_up_var(&pool->users);
}
EXPORT_SYMBOL_GPL(kfi_region_put);

/**
 * kfi_region_get_export() - find a region to export it
 * @pool: name of its pool
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: the region, for kfi_region_put_export(), or as kfi_region_open().
 */
struct kfi_region *kfi_region_get_export(const char *pool, const char *name,
					 struct netlink_ext_ack *extack)
{
	struct kfi_region *region;

	mutex_lock(&kfi_pools_lock);
	region = find_usable(pool, name, extack);
	if (!IS_ERR(region))
		atomic_inc(&region->exports);
	mutex_unlock(&kfi_pools_lock);
	return region;
}

/**
 * kfi_region_put_export() - a region is exported once less
 * @region: the region
 *
 * Context: any.
 */
void kfi_region_put_export(struct kfi_region *region)
{
	atomic_fetch_dec_release(&region->exports);
}

/**
 * kfi_region_retire() - have everybody let go of a region
 * @region: the region
 * @extack: for a text
 *
 * Afterwards it cannot be opened, until kfi_region_revive().
 *
 * Context: process, sleeps, under the pool's admin lock.
 * Return: 0, or -EBUSY, and then nothing has changed.
 */
int kfi_region_retire(struct kfi_region *region, struct netlink_ext_ack *extack)
{
	const char *name = region->media.name;
	char peer[KFI_PMEM_NAME_MAX];
	int exports, users;

	lockdep_assert_held(&region->pool->admin);
	mutex_lock(&kfi_pools_lock);
	exports = atomic_read_acquire(&region->exports);
	if (!exports)
		region->going = true;
	mutex_unlock(&kfi_pools_lock);
	if (exports) {
		if (kfi_export_peer_of(region, peer, sizeof(peer)))
			kfi_pmem_text(extack, "region %.20s is exported to %.20s; unexport first",
				      name, peer);
		else
			kfi_pmem_text(extack, "region %.20s is attached by a peer yet; try again",
				      name);
		return -EBUSY;
	}

	if (kfi_region_notify(region, KFI_REGION_GOING)) {
		kfi_pmem_text(extack, "region %.20s is in use here; close what uses it first",
			      name);
		goto err_revive;
	}
	users = atomic_read_acquire(&region->users);
	if (users) {
		kfi_pmem_text(extack, "region %.20s is open here, %d times; close it first",
			      name, users);
		goto err_revive;
	}
	return 0;

err_revive:
	kfi_region_revive(region);
	return -EBUSY;
}

/**
 * kfi_region_revive() - a retired region is back
 * @region: the region
 *
 * Context: process, sleeps, under the pool's admin lock.
 */
void kfi_region_revive(struct kfi_region *region)
{
	/* not from the dead */
	if (READ_ONCE(region->pool->medium.dead))
		return;
	mutex_lock(&kfi_pools_lock);
	region->going = false;
	mutex_unlock(&kfi_pools_lock);
	kfi_region_notify(region, KFI_REGION_ADDED);
}

/**
 * kfi_region_expel() - have everybody let go of a region, like it or not
 * @region: the region, of a device that is gone
 *
 * Context: process, sleeps, under the pool's admin lock.
 * Return: 0, or -EBUSY: somebody has yet to, ask again.
 */
int kfi_region_expel(struct kfi_region *region)
{
	mutex_lock(&kfi_pools_lock);
	region->going = true;
	mutex_unlock(&kfi_pools_lock);
	return kfi_region_notify(region, KFI_REGION_GOING);
}

/**
 * kfi_region_for_each() - visit every region of every open pool
 * @fn: called with the region, which it may keep with kfi_region_get(); may
 *	sleep; a return other than 0 ends the visit
 * @arg: for @fn
 *
 * Context: process, sleeps.
 * Return: what @fn returned last, or -ENOMEM.
 */
int kfi_region_for_each(int (*fn)(struct kfi_region *region, void *arg),
			void *arg)
{
	struct kfi_region **all, *region;
	struct kfi_pool *pool;
	size_t count = 0, i;
	int ret = 0;

	mutex_lock(&kfi_pools_lock);
	list_for_each_entry(pool, &kfi_pools, list)
		count += list_count_nodes(&pool->regions);
	all = kvmalloc_array(count, sizeof(*all), GFP_KERNEL);
	if (!all) {
		mutex_unlock(&kfi_pools_lock);
		return count ? -ENOMEM : 0;
	}
	count = 0;
	list_for_each_entry(pool, &kfi_pools, list)
		list_for_each_entry(region, &pool->regions, list) {
			if (region->going || READ_ONCE(pool->medium.dead))
				continue;
			kfi_region_get(region);
			all[count++] = region;
		}
	mutex_unlock(&kfi_pools_lock);

	for (i = 0; i < count; i++) {
		if (!ret)
			ret = fn(all[i], arg);
		kfi_region_put(all[i]);
	}
	kvfree(all);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_region_for_each);

/**
 * kfi_region_name() - a region's name
 * @region: the region
 *
 * Context: any.
 * Return: the name, as long as the caller holds the region.
 */
const char *kfi_region_name(const struct kfi_region *region)
{
	return region->media.name;
}
EXPORT_SYMBOL_GPL(kfi_region_name);

/**
 * kfi_region_pool_name() - the name of a region's pool
 * @region: the region
 *
 * Context: any.
 * Return: the name, as long as the caller holds the region.
 */
const char *kfi_region_pool_name(const struct kfi_region *region)
{
	return region->pool->media.name;
}
EXPORT_SYMBOL_GPL(kfi_region_pool_name);

/**
 * kfi_region_size() - a region's size
 * @region: the region
 *
 * Context: any.
 * Return: bytes.
 */
u64 kfi_region_size(const struct kfi_region *region)
{
	return region->media.length;
}
EXPORT_SYMBOL_GPL(kfi_region_size);

/**
 * kfi_region_get_map() - where a region's bytes are
 * @region: an open or exported region
 * @map: where to
 *
 * Context: any.
 */
void kfi_region_get_map(struct kfi_region *region, struct kfi_region_map *map)
{
	*map = region->map;
}
EXPORT_SYMBOL_GPL(kfi_region_get_map);

/**
 * kfi_region_page() - the page of a byte
 * @region: an open or exported region
 * @offset: the byte
 *
 * Context: any.
 * Return: the page, or NULL beyond the region's end.
 */
struct page *kfi_region_page(struct kfi_region *region, u64 offset)
{
	if (offset >= region->map.size)
		return NULL;
	if (region->cache)
		return kfi_cache_shadow(region->cache)->page[offset >> PAGE_SHIFT];
	return kfi_medium_page(&region->pool->medium,
			       region->media.offset + offset);
}
EXPORT_SYMBOL_GPL(kfi_region_page);

/**
 * kfi_region_query() - facts about a local region
 * @region: the region
 * @attr: where to. A provider replaces @attr->access and @attr->method by what
 *	a peer is granted and how it commits, and sets @attr->inline_max
 *
 * Context: any.
 */
void kfi_region_query(struct kfi_region *region, struct kfi_pmem_attr *attr)
{
	const struct kfi_pool *pool = region->pool;

	memset(attr, 0, sizeof(*attr));
	uuid_copy(&attr->uuid, &region->media.uuid);
	uuid_copy(&attr->incarnation, &pool->incarnation);
	attr->size = region->media.length;
	attr->generation = READ_ONCE(region->media.generation);
	attr->epoch = READ_ONCE(region->epoch);
	attr->access = KFI_REMOTE_READ | KFI_REMOTE_WRITE;
	attr->domain = pool->medium.domain;
	attr->atomic_width = sizeof(u64);
	switch (attr->domain) {
	case KFI_PMEM_DOMAIN_NONE:
		attr->method = KFI_COMMIT_REFUSED;
		break;
	case KFI_PMEM_DOMAIN_ASYNC:
		attr->method = KFI_COMMIT_ASYNC;
		break;
	default:
		attr->method = KFI_COMMIT_ASSISTED;
		break;
	}
}
EXPORT_SYMBOL_GPL(kfi_region_query);

#ifdef KFI_MUTANT_ANSWER_BEFORE_REVOKE
/* What a mutant does too late. */
struct kfi_late_fence {
	struct delayed_work work;
	struct kfi_region *region;
	u64 epoch;
};

static void fence_late(struct work_struct *work)
{
	struct kfi_late_fence *late = container_of(to_delayed_work(work),
						   struct kfi_late_fence, work);

	kfi_export_fence(late->region, late->epoch);
	kfi_use_fence(late->region, late->epoch);
	kfi_region_put(late->region);
	kfree(late);
}

static void fence_writers(struct kfi_region *region, u64 epoch)
{
	struct kfi_late_fence *late = kmalloc(sizeof(*late), GFP_KERNEL |
							     __GFP_NOFAIL);

	INIT_DELAYED_WORK(&late->work, fence_late);
	kfi_region_get(region);
	late->region = region;
	late->epoch = epoch;
	schedule_delayed_work(&late->work, HZ / 2);
}
#else
static void fence_writers(struct kfi_region *region, u64 epoch)
{
	kfi_export_fence(region, epoch);
	kfi_use_fence(region, epoch);
}
#endif

/**
 * kfi_region_raise_epoch() - fence the writers of older epochs
 * @region: the region
 * @epoch: the new epoch, above the present one
 *
 * When it returns 0 the epoch is durable and no access of a use that began
 * with an older one lands any more, be it a peer's or a local one's
 * (kfi_region_use()). Who asks twice for the same epoch, or asks second, gets
 * -ESTALE: an epoch is accepted once.
 *
 * Context: process, sleeps; may wait for hardware, and for the revoke() of
 * local uses, the caller's own included.
 * Return: 0; -ESTALE: @epoch is not above the present one; -EINVAL: beyond
 * every epoch; -EIO: cannot be made durable, and then the older epoch stays;
 * -EOPNOTSUPP: domain NONE cannot make it durable.
 */
int kfi_region_raise_epoch(struct kfi_region *region, u64 epoch)
{
	struct kfi_pool *pool = region->pool;
	u64 old;
	int err;

	if (epoch > KFI_MEDIA_EPOCH_MAX)
		return -EINVAL;
	if (pool->medium.domain == KFI_PMEM_DOMAIN_NONE)
		return -EOPNOTSUPP;

	mutex_lock(&pool->update);
	old = region->media.epoch;
	if (epoch <= old) {
		err = -ESTALE;
		goto out_unlock;
	}
	region->media.epoch = epoch;
	err = kfi_header_update_locked(pool);
	if (err)
		region->media.epoch = old;
	else
		WRITE_ONCE(region->epoch, epoch);
out_unlock:
	mutex_unlock(&pool->update);
	if (!err)
		fence_writers(region, epoch);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_region_raise_epoch);

/**
 * kfi_region_set_handler() - have commits call a handler
 * @region: the region
 * @handler: copied; NULL to have none any more
 * @context: for the handler
 *
 * When it returns, an earlier handler does not run and will not run. So it
 * must not be called from a handler.
 *
 * Context: process, sleeps.
 * Return: 0, -EINVAL, -ENOMEM; -EBUSY: a peer has the region attached whose NIC
 * commits by itself, and would call no handler.
 */
int kfi_region_set_handler(struct kfi_region *region,
			   const struct kfi_target_handler *handler,
			   void *context)
{
	struct kfi_region_handler *new = NULL, *old;

	if (handler) {
		if (!handler->commit)
			return -EINVAL;
		new = kmalloc(sizeof(*new), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		new->ops = *handler;
		new->context = context;
	}

	mutex_lock(&region->handler_lock);
	if (new && !region->has_handler) {
		if (!kfi_region_direct_forbid(region)) {
			mutex_unlock(&region->handler_lock);
			kfree(new);
			return -EBUSY;
		}
		/*
		 * Whoever found that a commit does not sleep, and is about to
		 * make one where it must not, is in a section that RCU waits
		 * for.
		 */
		synchronize_rcu();
	}
	old = rcu_replace_pointer(region->handler, new,
				  lockdep_is_held(&region->handler_lock));
	if (old)
		synchronize_srcu(&handler_srcu);
	if (!new)
		WRITE_ONCE(region->has_handler, false);
	mutex_unlock(&region->handler_lock);
	kfree(old);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_region_set_handler);

/**
 * kfi_region_handle() - run the target handler
 * @region: the region
 * @offset: of what is durable now
 * @length: of it
 *
 * Context: process, sleeps.
 * Return: what the handler returned, 0 without one.
 */
int kfi_region_handle(struct kfi_region *region, u64 offset, u64 length)
{
	struct kfi_region_handler *handler;
	int ret = 0, idx;

	idx = srcu_read_lock(&handler_srcu);
	handler = srcu_dereference(region->handler, &handler_srcu);
	if (handler)
		ret = handler->ops.commit(region, offset, length,
					  handler->context);
	srcu_read_unlock(&handler_srcu, idx);
	return WARN_ON_ONCE(ret > 0) ? -EIO : ret;
}
