/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFI_PMEM_POOL_H
#define KFI_PMEM_POOL_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "kfi_pool.h"
#include "media.h"
#include "medium.h"

#define KFI_POOL_ALIGN		SZ_2M	/* of regions, physically */
#define KFI_POOL_SIZE_MIN	(KFI_MEDIA_HEADER + KFI_POOL_ALIGN)

/**
 * struct kfi_pool - an open pool
 * @kref: of everybody who found it by its name
 * @list: of open pools; under kfi_pools_lock
 * @path: of its device; empty for RAM
 * @incarnation: of this opening
 * @medium: what it lies on
 * @cache_model: its regions have the volatile-cache model
 * @cache_seed: of the model's early evictions
 * @admin: serialises creation and removal of regions, and closing. Held over
 *	the region notifiers
 * @closed: not in the list, not yet or no longer; under @admin
 * @update: one update of the header at a time; protects @media, @regions
 * @media: the header as it is on the medium
 * @image: scratch space of updates
 * @newest: the copy that the last update went to
 * @regions: sorted by offset; changed under @update and kfi_pools_lock, so
 *	either of them is enough to read
 * @users: references to its regions
 * @gone: what happens when the device goes
 *
 * Lock order: admin, update, kfi_pools_lock.
 */
struct kfi_pool {
	struct kref kref;
	struct list_head list;
	char path[KFI_PMEM_NAME_MAX];
	uuid_t incarnation;
	struct kfi_medium medium;
	bool cache_model;
	u64 cache_seed;
	struct mutex admin;	/* one administrator at a time */
	bool closed;
	struct mutex update;	/* @media, @image, @newest, @regions */
	struct kfi_media media;
	void *image;
	u32 newest;
	struct list_head regions;
	atomic_t users;
	struct work_struct gone;
};

extern struct mutex kfi_pools_lock;
extern struct list_head kfi_pools;

int kfi_pool_check_name(const char *what, const char *name,
			struct netlink_ext_ack *extack);
struct kfi_pool *kfi_pool_lock(const char *name,
			       struct netlink_ext_ack *extack);
void kfi_pool_unlock(struct kfi_pool *pool);
struct kfi_pool *kfi_pool_find_locked(const char *name);
void kfi_pool_query_locked(struct kfi_pool *pool, struct kfi_pool_attr *attr);

int kfi_header_read(struct kfi_pool *pool, bool intact[KFI_MEDIA_COPIES]);
int kfi_header_explain(struct kfi_pool *pool, int err,
		       struct netlink_ext_ack *extack);
int kfi_header_check_empty(struct kfi_pool *pool,
			   struct netlink_ext_ack *extack);
int kfi_header_create(struct kfi_pool *pool, const char *name,
		      struct netlink_ext_ack *extack);
int kfi_header_update_locked(struct kfi_pool *pool);

#endif
