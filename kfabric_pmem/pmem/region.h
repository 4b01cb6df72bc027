/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_REGION_H
#define KFI_PMEM_REGION_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include "kfi_pmem_prov.h"
#include "kfi_pool.h"
#include "media.h"

struct kfi_cache;
struct kfi_pool;

struct kfi_region_handler {
	struct kfi_target_handler ops;
	void *context;
};

/**
 * struct kfi_region - a region of an open pool
 * @list: of its pool
 * @pool: which stays open as long as the region has users or exports
 * @media: as on the medium; under the pool's update lock, but for the name,
 *	UUID, offset and length, which never change
 * @epoch: accepted durably; written under the pool's update lock
 * @map: where users find the bytes
 * @medium: where the medium has them; differs from @map with a cache model
 * @cache: the cache model, or NULL
 * @users: who may touch @map
 * @exports: exports of it; taken from 0 under kfi_pools_lock
 * @going: not to be opened any more; under kfi_pools_lock
 * @fence_lock: one fence of local uses at a time; held over revoke()
 * @use_lock: protects @uses
 * @uses: local uses
 * @revoking: the use whose revoke() runs; set under @use_lock
 * @handler_lock: serialises changes of the handler
 * @has_handler: a commit may sleep in a handler; set by direct.c
 * @handler: the target handler
 * @direct: grants to NICs that commit by themselves: see direct.c
 */
struct kfi_region {
	struct list_head list;
	struct kfi_pool *pool;
	struct kfi_media_region media;
	u64 epoch;
	struct kfi_region_map map;
	void *medium;
	struct kfi_cache *cache;
	atomic_t users;
	atomic_t exports;
	bool going;
	struct mutex fence_lock;	/* one fence of @uses at a time */
	struct mutex use_lock;	/* @uses */
	struct list_head uses;
	struct kfi_region_user *revoking;
	struct mutex handler_lock;	/* changes of @handler */
	bool has_handler;
	struct kfi_region_handler __rcu *handler;
	unsigned int direct;
};

struct kfi_region *kfi_region_alloc(struct kfi_pool *pool,
				    const struct kfi_media_region *media);
void kfi_region_free(struct kfi_region *region, bool write_back);
struct kfi_region *kfi_region_find_locked(struct kfi_pool *pool,
					  const char *name);
struct kfi_region *kfi_region_get_export(const char *pool, const char *name,
					 struct netlink_ext_ack *extack);
void kfi_region_put_export(struct kfi_region *region);
int kfi_region_retire(struct kfi_region *region,
		      struct netlink_ext_ack *extack);
void kfi_region_revive(struct kfi_region *region);
int kfi_region_expel(struct kfi_region *region);
int kfi_region_notify(struct kfi_region *region, enum kfi_region_event event);
bool kfi_region_direct_forbid(struct kfi_region *region);
int kfi_region_handle(struct kfi_region *region, u64 offset, u64 length);

#endif
