// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pools: opening a medium, its header, and the regions in it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "export.h"
#include "persist.h"
#include "pool.h"
#include "region.h"
#include "test.h"
#include "use.h"

/* The list of open pools, their lists of regions, and who may open those. */
DEFINE_MUTEX(kfi_pools_lock);
LIST_HEAD(kfi_pools);

static void pool_release(struct kref *kref)
{
	struct kfi_pool *pool = container_of(kref, struct kfi_pool, kref);

	kvfree(pool->media.region);
	kvfree(pool->image);
	kfree(pool);
}

static void pool_put(struct kfi_pool *pool)
{
	kref_put(&pool->kref, pool_release);
}

/**
 * kfi_pool_check_name() - may this be a name?
 * @what: of what
 * @name: the name, or NULL
 * @extack: for a text
 *
 * Return: 0 or -EINVAL.
 */
int kfi_pool_check_name(const char *what, const char *name,
			struct netlink_ext_ack *extack)
{
	if (name && kfi_media_name_ok(name))
		return 0;
	kfi_pmem_text(extack, "a %s name is 1 to %d of A-Z a-z 0-9 . _ -", what,
		      KFI_PMEM_NAME_MAX - 1);
	return -EINVAL;
}

/**
 * kfi_pool_find_locked() - find an open pool
 * @name: its name
 *
 * Context: under kfi_pools_lock.
 * Return: the pool or NULL.
 */
struct kfi_pool *kfi_pool_find_locked(const char *name)
{
	struct kfi_pool *pool;

	lockdep_assert_held(&kfi_pools_lock);
	list_for_each_entry(pool, &kfi_pools, list)
		if (!strcmp(pool->media.name, name))
			return pool;
	return NULL;
}

/**
 * kfi_pool_lock() - find an open pool and lock its administration
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: the pool, for kfi_pool_unlock(), or ERR_PTR(-ENOENT).
 */
struct kfi_pool *kfi_pool_lock(const char *name, struct netlink_ext_ack *extack)
{
	struct kfi_pool *pool;

	mutex_lock(&kfi_pools_lock);
	pool = kfi_pool_find_locked(name);
	if (pool)
		kref_get(&pool->kref);
	mutex_unlock(&kfi_pools_lock);
	if (!pool)
		goto err_text;

	mutex_lock(&pool->admin);
	if (!pool->closed)
		return pool;
	kfi_pool_unlock(pool);
err_text:
	kfi_pmem_text(extack, "no pool %.32s is open; open it first", name);
	return ERR_PTR(-ENOENT);
}

/**
 * kfi_pool_unlock() - unlock and let go
 * @pool: what kfi_pool_lock() returned
 *
 * Context: process.
 */
void kfi_pool_unlock(struct kfi_pool *pool)
{
	mutex_unlock(&pool->admin);
	pool_put(pool);
}

static bool expel_users(struct kfi_pool *pool)
{
	struct kfi_region *region;
	bool refused = false;

	lockdep_assert_held(&pool->admin);
	list_for_each_entry(region, &pool->regions, list)
		if (kfi_region_expel(region))
			refused = true;
	return !refused && !atomic_read_acquire(&pool->users);
}

/*
 * The device is going: have everybody let go of it. Its driver waits for the
 * last of them when it unmaps the device.
 */
static void pool_gone(struct work_struct *work)
{
	struct kfi_pool *pool = container_of(work, struct kfi_pool, gone);
	struct kfi_region *region;

	mutex_lock(&pool->admin);
	if (pool->closed)
		goto out_unlock;
	pr_err("pool %s: %s is gone\n", pool->media.name, pool->path);
	list_for_each_entry(region, &pool->regions, list) {
		kfi_export_drop_all(region);
		kfi_use_fence(region, U64_MAX);
	}

	while (!pool->closed && !expel_users(pool)) {
		mutex_unlock(&pool->admin);
		/* Who refused holds a use as long as it would refuse again. */
		wait_var_event(&pool->users, !atomic_read_acquire(&pool->users));
		mutex_lock(&pool->admin);
	}
	if (!pool->closed)
		kfi_medium_drop_pages(&pool->medium);
out_unlock:
	mutex_unlock(&pool->admin);
}

static struct kfi_pool *pool_alloc(const struct kfi_pool_params *params)
{
	struct kfi_pool *pool;

	pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	if (!pool)
		return NULL;
	kref_init(&pool->kref);
	INIT_LIST_HEAD(&pool->list);
	INIT_LIST_HEAD(&pool->regions);
	mutex_init(&pool->admin);
	mutex_init(&pool->update);
	INIT_WORK(&pool->gone, pool_gone);
	pool->closed = true;
	uuid_gen(&pool->incarnation);
	pool->cache_model = params->cache_model;
	pool->cache_seed = params->cache_seed;
	if (params->path)
		strscpy(pool->path, params->path, sizeof(pool->path));
	pool->image = kvzalloc(KFI_MEDIA_COPY_SIZE, GFP_KERNEL);
	pool->media.region = kvcalloc(KFI_MEDIA_ENTRIES_MAX,
				      sizeof(*pool->media.region), GFP_KERNEL);
	if (!pool->image || !pool->media.region) {
		pool_put(pool);
		return NULL;
	}
	return pool;
}

static void free_regions(struct kfi_pool *pool, bool write_back)
{
	struct kfi_region *region, *next;

	list_for_each_entry_safe(region, next, &pool->regions, list) {
		list_del(&region->list);
		kfi_region_free(region, write_back);
	}
}

/* Read the header and make the regions. */
static int load_pool(struct kfi_pool *pool, struct netlink_ext_ack *extack)
{
	struct kfi_medium *medium = &pool->medium;
	bool intact[KFI_MEDIA_COPIES];
	int err;
	u32 i;

	err = medium->size < KFI_POOL_SIZE_MIN ? -ENODATA :
	      kfi_header_read(pool, intact);
	if (err)
		return kfi_header_explain(pool, err, extack);
	if (pool->media.size > medium->size) {
		kfi_pmem_text(extack, "pool %.20s has %llu bytes, %.20s fewer: use all of it",
			      pool->media.name, pool->media.size, pool->path);
		return -ENXIO;
	}

	for (i = 0; i < pool->media.entries; i++) {
		const struct kfi_media_region *media = &pool->media.region[i];
		struct kfi_region *region;

		if ((media->offset | media->length) % PAGE_SIZE) {
			kfi_pmem_text(extack, "region %.24s is made for smaller pages",
				      media->name);
			err = -ENXIO;
			goto err_free;
		}
		region = kfi_region_alloc(pool, media);
		if (IS_ERR(region)) {
			err = PTR_ERR(region);
			kfi_pmem_text(extack, "region %.32s cannot be set up: error %d",
				      media->name, err);
			goto err_free;
		}
		list_add_tail(&region->list, &pool->regions);
	}

	if (!intact[0] || !intact[1]) {
		pr_warn("pool %s: copy %d of the header is damaged or out of date, writing it anew\n",
			pool->media.name, intact[0]);
		mutex_lock(&pool->update);
		err = kfi_header_update_locked(pool);
		mutex_unlock(&pool->update);
		if (err)
			pr_warn("pool %s: opened with one copy of the header\n",
				pool->media.name);
	}
	return 0;

err_free:
	free_regions(pool, false);
	return err;
}

/* The domain decides whether there can be a cache model. */
static int check_model(struct kfi_pool *pool, struct netlink_ext_ack *extack)
{
	struct kfi_medium *medium = &pool->medium;

	if (!pool->cache_model)
		return 0;
	if (medium->domain == KFI_PMEM_DOMAIN_CPU_CACHE) {
		kfi_pmem_text(extack, "%.24s keeps its caches (eADR): open without cache model",
			      pool->path);
		return -EOPNOTSUPP;
	}
	/* memory that nobody vouches for is DRAM in a test */
	if (medium->domain == KFI_PMEM_DOMAIN_NONE)
		medium->domain = KFI_PMEM_DOMAIN_EMULATED;
	return 0;
}

/* Give a pool its name, and let everybody see it. */
static int publish_pool(struct kfi_pool *pool, struct netlink_ext_ack *extack)
{
	struct kfi_region *region;
	bool taken;

	mutex_lock(&pool->admin);
	mutex_lock(&kfi_pools_lock);
	taken = kfi_pool_find_locked(pool->media.name);
	if (!taken)
		list_add_tail(&pool->list, &kfi_pools);
	mutex_unlock(&kfi_pools_lock);
	if (taken) {
		mutex_unlock(&pool->admin);
		kfi_pmem_text(extack, "a pool %.32s is open already; close it first",
			      pool->media.name);
		return -EEXIST;
	}
	pool->closed = false;
	list_for_each_entry(region, &pool->regions, list)
		kfi_region_notify(region, KFI_REGION_ADDED);
	/* it came while there was nobody to tell */
	if (READ_ONCE(pool->medium.dead))
		queue_work(system_unbound_wq, &pool->gone);
	mutex_unlock(&pool->admin);

	pr_info("pool %s: %s, %llu MiB, domain %s%s\n", pool->media.name,
		pool->medium.ram ? "DRAM" : pool->path,
		pool->media.data_size >> 20,
		kfi_pmem_domain_name(pool->medium.domain),
		pool->cache_model ? ", cache model" : "");
	return 0;
}

static int check_size(struct kfi_pool *pool, struct netlink_ext_ack *extack)
{
	if (pool->medium.size >= KFI_POOL_SIZE_MIN)
		return 0;
	kfi_pmem_text(extack, "%.24s is too small: a pool takes at least %u MiB",
		      pool->path[0] ? pool->path : "that",
		      (unsigned int)(KFI_POOL_SIZE_MIN >> 20));
	return -ERANGE;
}

static int check_path(const char *path, struct netlink_ext_ack *extack)
{
	if (path && strlen(path) < KFI_PMEM_NAME_MAX)
		return 0;
	kfi_pmem_text(extack, "name a block device in less than %d characters",
		      KFI_PMEM_NAME_MAX);
	return -EINVAL;
}

/* Make a pool of a medium: a new one if @create, or the one that is there. */
static int start_pool(const struct kfi_pool_params *params, bool create,
		      u64 ram_size, struct netlink_ext_ack *extack)
{
	struct kfi_pool *pool;
	int err;

	/* an open pool, and so each region of it, holds the module */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	pool = pool_alloc(params);
	if (!pool) {
		err = -ENOMEM;
		goto err_put_module;
	}

	if (params->path)
		err = kfi_medium_open(&pool->medium, params->path, &pool->gone,
				      extack);
	else
		err = kfi_medium_open_ram(&pool->medium, ram_size);
	if (err)
		goto err_put_pool;
	err = kfi_medium_check(&pool->medium, extack);
	if (!err)
		err = check_model(pool, extack);
	if (err)
		goto err_close_medium;

	if (create) {
		err = check_size(pool, extack);
		if (!err && !params->force)
			err = kfi_header_check_empty(pool, extack);
		if (!err)
			err = kfi_header_create(pool, params->name, extack);
	} else {
		err = load_pool(pool, extack);
	}
	if (err)
		goto err_close_medium;
	err = publish_pool(pool, extack);
	if (err)
		goto err_free_regions;
	return 0;

err_free_regions:
	free_regions(pool, false);
err_close_medium:
	kfi_medium_close(&pool->medium);
err_put_pool:
	cancel_work_sync(&pool->gone);
	pool_put(pool);
err_put_module:
	module_put(THIS_MODULE);
	return err;
}

/**
 * kfi_pool_create() - make a pool on a block device, and open it
 * @params: which and how
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -EINVAL: not a name; -ENOENT, -ENOTBLK, -EACCES: no such device
 * to write to; -EBUSY: device in use; -EOPNOTSUPP: no DAX (raw namespace), or
 * no cache model with this domain; -ERANGE: too small; -EEXIST: there is a pool
 * or foreign data on it, or a pool of that name is open; -EIO; -ENOMEM.
 */
int kfi_pool_create(const struct kfi_pool_params *params,
		    struct netlink_ext_ack *extack)
{
	int err;

	err = check_path(params->path, extack);
	if (err)
		return err;
	err = kfi_pool_check_name("pool", params->name, extack);
	if (err)
		return err;

	mutex_lock(&kfi_pools_lock);
	if (kfi_pool_find_locked(params->name))
		err = -EEXIST;
	mutex_unlock(&kfi_pools_lock);
	if (err) {
		/* before anything is written; publish_pool() looks again */
		kfi_pmem_text(extack, "a pool %.32s is open already; take another name",
			      params->name);
		return err;
	}
	return start_pool(params, true, 0, extack);
}
EXPORT_SYMBOL_GPL(kfi_pool_create);

/**
 * kfi_pool_open() - open the pool on a block device
 * @params: which and how
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; as kfi_pool_create(), and: -EMEDIUMTYPE: no pool on it;
 * -EPROTONOSUPPORT: a format of another version; -EUCLEAN: damaged; -ENXIO:
 * it needs a larger device or smaller pages.
 */
int kfi_pool_open(const struct kfi_pool_params *params,
		  struct netlink_ext_ack *extack)
{
	int err;

	err = check_path(params->path, extack);
	return err ?: start_pool(params, false, 0, extack);
}
EXPORT_SYMBOL_GPL(kfi_pool_open);

/**
 * kfi_pool_create_ram() - make a pool of DRAM, and open it
 * @name: its name
 * @size: bytes, header included
 * @cache_model: with the volatile-cache model
 * @cache_seed: of the model's early evictions, 0 for none
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -EINVAL: not a name; -ERANGE: too small; -EEXIST; -ENOMEM.
 */
int kfi_pool_create_ram(const char *name, u64 size, bool cache_model,
			u64 cache_seed, struct netlink_ext_ack *extack)
{
	const struct kfi_pool_params params = {
		.name = name,
		.force = true,
		.cache_model = cache_model,
		.cache_seed = cache_seed,
	};
	int err;

	err = kfi_pool_check_name("pool", name, extack);
	if (err)
		return err;
	if (size < KFI_POOL_SIZE_MIN) {
		kfi_pmem_text(extack, "too small: a pool takes at least %u MiB",
			      (unsigned int)(KFI_POOL_SIZE_MIN >> 20));
		return -ERANGE;
	}
	return start_pool(&params, true, size, extack);
}
EXPORT_SYMBOL_GPL(kfi_pool_create_ram);

/* Have everybody let go of every region, or of none. */
static int retire_regions(struct kfi_pool *pool, struct netlink_ext_ack *extack)
{
	struct kfi_region *region;
	int err;

	lockdep_assert_held(&pool->admin);
	list_for_each_entry(region, &pool->regions, list) {
		err = kfi_region_retire(region, extack);
		if (err)
			goto err_revive;
	}
	/* somebody may be in the middle of kfi_region_put() */
	wait_var_event(&pool->users, !atomic_read_acquire(&pool->users));
	return 0;

err_revive:
	list_for_each_entry_continue_reverse(region, &pool->regions, list)
		kfi_region_revive(region);
	return err;
}

/* Ends kfi_pool_lock(). */
static void finish_pool(struct kfi_pool *pool)
{
	lockdep_assert_held(&pool->admin);
	mutex_lock(&kfi_pools_lock);
	list_del_init(&pool->list);
	mutex_unlock(&kfi_pools_lock);
	pool->closed = true;
	free_regions(pool, !pool->medium.dead);
	kfi_medium_close(&pool->medium);
	mutex_unlock(&pool->admin);

	cancel_work_sync(&pool->gone);
	pool_put(pool);
	pool_put(pool);
	module_put(THIS_MODULE);
}

/**
 * kfi_pool_close() - close a pool
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EBUSY: a region is exported or open.
 */
int kfi_pool_close(const char *name, struct netlink_ext_ack *extack)
{
	struct kfi_pool *pool;
	int err;

	pool = kfi_pool_lock(name, extack);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = retire_regions(pool, extack);
	if (err) {
		kfi_pool_unlock(pool);
		return err;
	}
	finish_pool(pool);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_pool_close);

/**
 * kfi_pool_destroy() - take a pool off its device, and close it
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -ENOTEMPTY: it has regions; -ENODEV: its device is gone;
 * -EIO: the header could not be erased.
 */
int kfi_pool_destroy(const char *name, struct netlink_ext_ack *extack)
{
	struct kfi_pool *pool;
	int err;

	pool = kfi_pool_lock(name, extack);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	if (!list_empty(&pool->regions)) {
		kfi_pmem_text(extack, "pool %.24s has %zu regions; remove them first",
			      name, list_count_nodes(&pool->regions));
		err = -ENOTEMPTY;
		goto err_unlock;
	}
	if (READ_ONCE(pool->medium.dead)) {
		kfi_pmem_text(extack, "the device of pool %.24s is gone; close it",
			      name);
		err = -ENODEV;
		goto err_unlock;
	}
	err = kfi_medium_zero(&pool->medium, 0, KFI_MEDIA_HEADER);
	if (err) {
		kfi_pmem_text(extack, "the header of pool %.24s cannot be erased: error %d",
			      name, err);
		goto err_unlock;
	}
	finish_pool(pool);
	return 0;

err_unlock:
	kfi_pool_unlock(pool);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_pool_destroy);

/**
 * kfi_pool_for_each() - visit every open pool
 * @fn: called with a snapshot; may sleep; a return other than 0 ends the visit
 * @arg: for @fn
 *
 * Context: process, sleeps.
 * Return: what @fn returned last, or -ENOMEM.
 */
int kfi_pool_for_each(int (*fn)(const struct kfi_pool_attr *attr, void *arg),
		      void *arg)
{
	struct kfi_pool_attr *all;
	struct kfi_pool *pool;
	size_t count, i = 0;
	int ret = 0;

	mutex_lock(&kfi_pools_lock);
	count = list_count_nodes(&kfi_pools);
	all = kvcalloc(count, sizeof(*all), GFP_KERNEL);
	if (!all) {
		mutex_unlock(&kfi_pools_lock);
		return count ? -ENOMEM : 0;
	}
	list_for_each_entry(pool, &kfi_pools, list)
		kfi_pool_query_locked(pool, &all[i++]);
	mutex_unlock(&kfi_pools_lock);

	for (i = 0; i < count && !ret; i++)
		ret = fn(&all[i], arg);
	kvfree(all);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_pool_for_each);

#if IS_ENABLED(CONFIG_KFI_KUNIT_TEST)
/**
 * kfi_pool_test_power_cut() - cut a RAM pool's power, and give it back
 * @name: the pool; no region of it is open or exported
 *
 * What the cache model holds and has not written back is lost. Without the
 * model nothing is.
 *
 * Return: 0, or as kfi_pool_close() and kfi_pool_open().
 */
int kfi_pool_test_power_cut(const char *name)
{
	LIST_HEAD(regions);
	struct kfi_pool *pool;
	struct kfi_region *region;
	int err;

	pool = kfi_pool_lock(name, NULL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	err = pool->medium.ram ? retire_regions(pool, NULL) : -EINVAL;
	if (err)
		goto out_unlock;
	mutex_lock(&pool->update);
	mutex_lock(&kfi_pools_lock);
	list_splice_init(&pool->regions, &regions);
	mutex_unlock(&kfi_pools_lock);
	mutex_unlock(&pool->update);
	list_splice(&regions, &pool->regions);
	free_regions(pool, false);
	uuid_gen(&pool->incarnation);
	err = load_pool(pool, NULL);
	if (err)
		goto out_unlock;
	list_for_each_entry(region, &pool->regions, list)
		kfi_region_notify(region, KFI_REGION_ADDED);
out_unlock:
	kfi_pool_unlock(pool);
	return err;
}

/**
 * kfi_pool_test_poison() - poison a range of a RAM pool
 * @name: the pool
 * @offset: first byte, from the start of the pool
 * @length: bytes; 0 for no poison
 *
 * Return: 0 or -ENOENT.
 */
int kfi_pool_test_poison(const char *name, u64 offset, u64 length)
{
	struct kfi_pool *pool;

	pool = kfi_pool_lock(name, NULL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	pool->medium.bad_offset = offset;
	pool->medium.bad_length = length;
	kfi_pool_unlock(pool);
	return 0;
}

/**
 * kfi_pool_test_attest() - have a RAM pool pass for another medium
 * @name: the pool
 * @domain: that its regions attest, until its power is cut
 *
 * Return: 0 or -ENOENT.
 */
int kfi_pool_test_attest(const char *name, enum kfi_pmem_domain domain)
{
	struct kfi_pool *pool;

	pool = kfi_pool_lock(name, NULL);
	if (IS_ERR(pool))
		return PTR_ERR(pool);
	pool->medium.domain = domain;
	kfi_pool_unlock(pool);
	return 0;
}

/**
 * kfi_pool_test_medium() - where a pool's medium is
 * @name: the pool
 *
 * Return: its first byte, or NULL.
 */
void *kfi_pool_test_medium(const char *name)
{
	struct kfi_pool *pool;
	void *kaddr;

	pool = kfi_pool_lock(name, NULL);
	if (IS_ERR(pool))
		return NULL;
	kaddr = pool->medium.kaddr;
	kfi_pool_unlock(pool);
	return kaddr;
}
#endif
