/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Administration of pools, regions and exports, for the control plane.
 *
 * All of it runs in process context and may sleep. Errors carry a text for
 * the person at the other end in @extack (which may be NULL) that names the
 * object and the remedy.
 */
#ifndef KFI_POOL_H
#define KFI_POOL_H

#include <linux/netlink.h>
#include <linux/notifier.h>
#include "kfi_pmem.h"

struct kfi_pool;

/**
 * struct kfi_pool_params - how a pool is created or opened
 * @path: block device, "/dev/pmem0"
 * @name: pool name; only for creation
 * @force: creation overwrites a pool or foreign data that is found there
 * @cache_model: open all regions with the volatile-cache model
 * @cache_seed: seed of the model's early evictions, 0 for none
 */
struct kfi_pool_params {
	const char *path;
	const char *name;
	bool force;
	bool cache_model;
	u64 cache_seed;
};

/**
 * struct kfi_pool_attr - facts about an open pool
 * @name: its name
 * @path: the device it is on
 * @uuid: its identity
 * @incarnation: of this opening
 * @size: bytes for regions
 * @free: bytes not in a region
 * @max_free: bytes of the largest region that can still be created
 * @regions: number of regions
 * @domain: persistence domain of its regions
 * @cache_model: opened with the volatile-cache model
 */
struct kfi_pool_attr {
	char name[KFI_PMEM_NAME_MAX];
	char path[KFI_PMEM_NAME_MAX];
	uuid_t uuid;
	uuid_t incarnation;
	u64 size;
	u64 free;
	u64 max_free;
	u32 regions;
	enum kfi_pmem_domain domain;
	bool cache_model;
};

/**
 * struct kfi_export_attr - facts about an export
 * @region: region name
 * @pool: pool name
 * @peer: who it is exported to; "*" for anybody (insecure)
 * @access: KFI_REMOTE_READ, KFI_REMOTE_WRITE
 * @insecure: no key is asked for
 * @revoked: the peer is fenced
 * @attached: number of connections that have it attached
 */
struct kfi_export_attr {
	char region[KFI_PMEM_NAME_MAX];
	char pool[KFI_PMEM_NAME_MAX];
	char peer[KFI_PMEM_NAME_MAX];
	u64 access;
	bool insecure;
	bool revoked;
	u32 attached;
};

int kfi_pool_create(const struct kfi_pool_params *params,
		    struct netlink_ext_ack *extack);
int kfi_pool_open(const struct kfi_pool_params *params,
		  struct netlink_ext_ack *extack);
int kfi_pool_close(const char *name, struct netlink_ext_ack *extack);
int kfi_pool_destroy(const char *name, struct netlink_ext_ack *extack);
int kfi_pool_for_each(int (*fn)(const struct kfi_pool_attr *attr, void *arg),
		      void *arg);

/* A pool on DRAM (domain EMULATED), for tests and for trying things out. */
int kfi_pool_create_ram(const char *name, u64 size, bool cache_model,
			u64 cache_seed, struct netlink_ext_ack *extack);

int kfi_region_create(const char *pool, const char *name, u64 size,
		      struct netlink_ext_ack *extack);
int kfi_region_remove(const char *pool, const char *name,
		      struct netlink_ext_ack *extack);
int kfi_region_for_each(int (*fn)(struct kfi_region *region, void *arg),
			void *arg);
const char *kfi_region_name(const struct kfi_region *region);
const char *kfi_region_pool_name(const struct kfi_region *region);
u64 kfi_region_size(const struct kfi_region *region);

/*
 * Exports. @key NULL is an explicit insecure export. All exports to one peer
 * share one key. @access is KFI_REMOTE_READ | KFI_REMOTE_WRITE.
 * kfi_export_remove() revokes first: when it returns, no access of the peer
 * lands any more.
 */
int kfi_export_add(const char *pool, const char *region, const char *peer,
		   const u8 *key, u64 access, struct netlink_ext_ack *extack);
int kfi_export_remove(const char *pool, const char *region, const char *peer,
		      struct netlink_ext_ack *extack);
int kfi_export_for_each(int (*fn)(const struct kfi_export_attr *attr, void *arg),
			void *arg);

/*
 * Blocking notifier: data is a struct kfi_region *. From ADDED to GOING it can
 * be kept without a reference, and kfi_region_get() be called. GOING is asked
 * again when the device is gone and somebody refused; ADDED is told again when
 * GOING came to nothing.
 */
enum kfi_region_event {
	KFI_REGION_ADDED,	/* region can be opened */
	KFI_REGION_GOING,	/* drop every reference now; NOTIFY_BAD refuses */
};

int kfi_region_notifier_register(struct notifier_block *nb);
int kfi_region_notifier_unregister(struct notifier_block *nb);

#endif
