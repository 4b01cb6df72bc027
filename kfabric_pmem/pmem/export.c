// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports: which peer may do what with which region, and taking it back.
 *
 * Exports live as long as the module has the pool open, and are not on the
 * medium. The fence that survives a restart is the region's epoch.
 */
#include <crypto/utils.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include "export.h"
#include "medium.h"
#include "pool.h"
#include "region.h"

#define ANYBODY		"*"
#define ACCESS_ALL	(KFI_REMOTE_READ | KFI_REMOTE_WRITE)

/**
 * struct kfi_peer - somebody that regions are exported to with a key
 * @list: of peers
 * @name: who
 * @key: shared with them
 * @exports: that ask for the key
 */
struct kfi_peer {
	struct list_head list;
	char name[KFI_PMEM_NAME_MAX];
	u8 key[KFI_PMEM_KEY_SIZE];
	unsigned int exports;
};

/**
 * struct kfi_export - a region offered to a peer
 * @list: of exports; empty when removed; under exports_lock
 * @kref: one for the list, one for each kfi_export_get() and each use
 * @region: counted in its exports
 * @name: of the peer, or ANYBODY
 * @peer: with the key; NULL for an insecure export
 * @access: KFI_REMOTE_READ, KFI_REMOTE_WRITE
 * @lock: held over the revocation of uses
 * @revoked: fenced, or removed; under @lock
 * @users: uses; under @lock
 * @attached: their number
 */
struct kfi_export {
	struct list_head list;
	struct kref kref;
	struct kfi_region *region;
	char name[KFI_PMEM_NAME_MAX];
	struct kfi_peer *peer;
	u64 access;
	struct mutex lock;	/* @revoked, @users; held over revocation */
	bool revoked;
	struct list_head users;
	unsigned int attached;
};

/* Protects both lists. Never held over a revocation. */
static DEFINE_MUTEX(exports_lock);
static LIST_HEAD(exports);
static LIST_HEAD(peers);

static struct kfi_peer *find_peer_locked(const char *name)
{
	struct kfi_peer *peer;

	lockdep_assert_held(&exports_lock);
	list_for_each_entry(peer, &peers, list)
		if (!strcmp(peer->name, name))
			return peer;
	return NULL;
}

/* Count another export in with a peer; NULL where there is no memory. */
static struct kfi_peer *get_peer_locked(const char *name, const u8 *key)
{
	struct kfi_peer *peer = find_peer_locked(name);

	if (!peer) {
		peer = kzalloc(sizeof(*peer), GFP_KERNEL);
		if (!peer)
			return NULL;
		strscpy(peer->name, name, sizeof(peer->name));
		memcpy(peer->key, key, sizeof(peer->key));
		list_add_tail(&peer->list, &peers);
	}
	peer->exports++;
	return peer;
}

static void put_peer_locked(struct kfi_peer *peer)
{
	lockdep_assert_held(&exports_lock);
	if (!peer || --peer->exports)
		return;
	list_del(&peer->list);
	kfree_sensitive(peer);
}

static struct kfi_export *find_export_locked(const char *name,
					     const struct kfi_region *region)
{
	struct kfi_export *export;

	lockdep_assert_held(&exports_lock);
	list_for_each_entry(export, &exports, list)
		if (export->region == region && !strcmp(export->name, name))
			return export;
	return NULL;
}

/* As a peer asks for it: by the region's name or UUID, without the pool. */
static struct kfi_export *find_offer_locked(const char *name,
					    const char *region,
					    const uuid_t *uuid)
{
	struct kfi_export *export;

	lockdep_assert_held(&exports_lock);
	list_for_each_entry(export, &exports, list) {
		const struct kfi_media_region *media = &export->region->media;

		if (strcmp(export->name, name))
			continue;
		if (region ? !strcmp(media->name, region) :
			     uuid_equal(&media->uuid, uuid))
			return export;
	}
	return NULL;
}

/* struct kfi_export_user.export, where export->lock is not known yet. */
static DEFINE_SPINLOCK(uses_lock);

/* Have those told whom revoke_users_locked() will revoke, all at once. */
static void notify_users_locked(struct kfi_export *export, u64 epoch, bool sole)
{
	struct kfi_export_user *user;

	lockdep_assert_held(&export->lock);
	list_for_each_entry(user, &export->users, list)
		if (user->epoch < epoch && user->sole >= sole && !user->told) {
			user->told = true;
			if (user->notify)
				user->notify(user);
		}
}

/*
 * Withdraw what was handed out for uses that began with an older epoch; with
 * @sole, those of writers that are the only ones of their peer.
 */
static void revoke_users_locked(struct kfi_export *export, u64 epoch, bool sole)
{
	struct kfi_export_user *user, *next;

	lockdep_assert_held(&export->lock);
	notify_users_locked(export, epoch, sole);
	list_for_each_entry_safe(user, next, &export->users, list) {
		if (user->epoch >= epoch || user->sole < sole)
			continue;
		list_del_init(&user->list);
		export->attached--;
		user->revoke(user);
		/*
		 * Who is fenced may stay connected for long: that must not
		 * hold the export, and with it the region.
		 */
		spin_lock(&uses_lock);
		user->export = NULL;
		spin_unlock(&uses_lock);
		kfi_export_put(export);
	}
}

/* Fence the peer, whatever its epoch. */
static void revoke_export(struct kfi_export *export)
{
	mutex_lock(&export->lock);
	export->revoked = true;
	revoke_users_locked(export, U64_MAX, false);
	mutex_unlock(&export->lock);
}

static void export_release(struct kref *kref)
{
	struct kfi_export *export = container_of(kref, struct kfi_export, kref);

	WARN_ON_ONCE(!list_empty(&export->users));
	kfi_region_put_export(export->region);
	kfree(export);
}

/*
 * Revoke an export and take it off the list, in this order: whoever fences the
 * region meanwhile has to find it there, and to wait for the revocation. The
 * caller's reference stays. Return: whether it was still on the list.
 */
static bool drop_export(struct kfi_export *export)
{
	bool linked;

	revoke_export(export);
	mutex_lock(&exports_lock);
	linked = !list_empty(&export->list);
	if (linked) {
		list_del_init(&export->list);
		put_peer_locked(export->peer);
		export->peer = NULL;
	}
	mutex_unlock(&exports_lock);
	if (linked)
		kfi_export_put(export);
	return linked;
}

/* Is the peer a name, and do the exports that it has agree with a new one? */
static int check_new_locked(const struct kfi_region *region, const char *name,
			    const u8 *key, struct netlink_ext_ack *extack)
{
	struct kfi_export *export;
	struct kfi_peer *peer;

	export = find_export_locked(name, region);
	if (export) {
		kfi_pmem_text(extack, "%.20s is exported to %.20s already; unexport it first",
			      region->media.name, name);
		return -EEXIST;
	}
	if (find_offer_locked(name, region->media.name, NULL)) {
		kfi_pmem_text(extack, "%.20s of another pool is exported to %.20s; rename one",
			      region->media.name, name);
		return -EEXIST;
	}
	peer = find_peer_locked(name);
	if (key && peer && crypto_memneq(peer->key, key, sizeof(peer->key))) {
		kfi_pmem_text(extack, "%.20s has another key; unexport its regions first",
			      name);
		return -EINVAL;
	}
	return 0;
}

/**
 * kfi_export_add() - offer a region to a peer
 * @pool: name of the pool
 * @region: name of the region
 * @peer: name of the peer, or "*" for anybody
 * @key: KFI_PMEM_KEY_SIZE bytes shared with the peer, and copied; NULL for an
 *	insecure export, the only kind that "*" can have
 * @access: KFI_REMOTE_READ, KFI_REMOTE_WRITE or both
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -EINVAL: not a name, not an access, or the peer has another key;
 * -EEXIST; -ENOENT; -ENODEV: the pool's device is gone; -ENOMEM.
 */
int kfi_export_add(const char *pool, const char *region, const char *peer,
		   const u8 *key, u64 access, struct netlink_ext_ack *extack)
{
	struct kfi_export *export;
	int err;

	if (strcmp(peer, ANYBODY) ? !kfi_media_name_ok(peer) : !!key) {
		kfi_pmem_text(extack, "a peer is a name of A-Z a-z 0-9 . _ -, or * without a key");
		return -EINVAL;
	}
	if (!access || access & ~ACCESS_ALL) {
		kfi_pmem_text(extack, "access is remote read, remote write or both");
		return -EINVAL;
	}

	export = kzalloc(sizeof(*export), GFP_KERNEL);
	if (!export)
		return -ENOMEM;
	kref_init(&export->kref);
	mutex_init(&export->lock);
	INIT_LIST_HEAD(&export->users);
	strscpy(export->name, peer, sizeof(export->name));
	export->access = access;
	export->region = kfi_region_get_export(pool, region, extack);
	if (IS_ERR(export->region)) {
		err = PTR_ERR(export->region);
		goto err_free;
	}

	mutex_lock(&exports_lock);
	/* kfi_export_drop_all() comes after the device is marked as dead */
	err = READ_ONCE(export->region->pool->medium.dead) ? -ENODEV :
	      check_new_locked(export->region, peer, key, extack);
	if (!err && key) {
		export->peer = get_peer_locked(peer, key);
		if (!export->peer)
			err = -ENOMEM;
	}
	if (!err)
		list_add_tail(&export->list, &exports);
	mutex_unlock(&exports_lock);
	if (err)
		goto err_put_region;
	return 0;

err_put_region:
	kfi_region_put_export(export->region);
err_free:
	kfree(export);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_export_add);

/**
 * kfi_export_remove() - take an offer back
 * @pool: name of the pool
 * @region: name of the region
 * @peer: name of the peer, or "*"
 * @extack: for a text
 *
 * When it returns no access of the peer to the region lands any more. The
 * region stays busy until the peer's connections have let go of it.
 *
 * Context: process, sleeps; may wait for hardware.
 * Return: 0 or -ENOENT.
 */
int kfi_export_remove(const char *pool, const char *region, const char *peer,
		      struct netlink_ext_ack *extack)
{
	struct kfi_export *export;
	bool found = false;

	mutex_lock(&exports_lock);
	list_for_each_entry(export, &exports, list)
		if (!strcmp(export->name, peer) &&
		    !strcmp(kfi_region_name(export->region), region) &&
		    !strcmp(kfi_region_pool_name(export->region), pool)) {
			kref_get(&export->kref);
			found = true;
			break;
		}
	mutex_unlock(&exports_lock);
	if (found) {
		found = drop_export(export);
		kfi_export_put(export);
	}
	if (!found) {
		kfi_pmem_text(extack, "region %.24s is not exported to %.24s",
			      region, peer);
		return -ENOENT;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_export_remove);

/* The exports of a region, one after the other, with no lock held between. */
static struct kfi_export *next_export(const struct kfi_region *region,
				      struct kfi_export *last)
{
	struct kfi_export *export = NULL, *found = NULL;

	mutex_lock(&exports_lock);
	/* one that was removed meanwhile leads nowhere: begin again */
	if (last && !list_empty(&last->list))
		export = last;
	export = list_prepare_entry(export, &exports, list);
	list_for_each_entry_continue(export, &exports, list)
		if (export->region == region) {
			kref_get(&export->kref);
			found = export;
			break;
		}
	mutex_unlock(&exports_lock);
	if (last)
		kfi_export_put(last);
	return found;
}

/**
 * kfi_export_fence() - withdraw what older epochs were given
 * @region: the region
 * @epoch: uses that began with an older one are revoked
 *
 * Peers that are gone hold it up once, not one after the other.
 *
 * Context: process, sleeps; may wait for hardware.
 */
void kfi_export_fence(struct kfi_region *region, u64 epoch)
{
	struct kfi_export *export = NULL;

	while ((export = next_export(region, export))) {
		mutex_lock(&export->lock);
		notify_users_locked(export, epoch, false);
		mutex_unlock(&export->lock);
	}
	while ((export = next_export(region, export))) {
		mutex_lock(&export->lock);
		revoke_users_locked(export, epoch, false);
		mutex_unlock(&export->lock);
	}
}

/**
 * kfi_export_drop_all() - remove every export of a region
 * @region: the region, of a device that is gone
 *
 * Context: process, sleeps; may wait for hardware.
 */
void kfi_export_drop_all(struct kfi_region *region)
{
	struct kfi_export *export = NULL;

	while ((export = next_export(region, export)))
		drop_export(export);
}

/**
 * kfi_export_peer_of() - who is a region exported to?
 * @region: the region
 * @peer: where the name of one of the peers goes
 * @size: room for it
 *
 * Context: process, sleeps.
 * Return: whether it is exported.
 */
bool kfi_export_peer_of(struct kfi_region *region, char *peer, size_t size)
{
	struct kfi_export *export;
	bool found = false;

	mutex_lock(&exports_lock);
	list_for_each_entry(export, &exports, list)
		if (export->region == region) {
			strscpy(peer, export->name, size);
			found = true;
			break;
		}
	mutex_unlock(&exports_lock);
	return found;
}

/**
 * kfi_region_revoke() - fence one peer
 * @region: the region
 * @peer: name of the peer as exported; "*" fences everybody who came that way
 *
 * When it returns no access of the peer to the region lands any more, and none
 * begins until the export is removed and added anew. Not durable: exports are
 * not, either.
 *
 * Context: process, sleeps; may wait for hardware.
 * Return: 0 or -ENOENT: not exported to this peer by name.
 */
int kfi_region_revoke(struct kfi_region *region, const char *peer)
{
	struct kfi_export *export;

	mutex_lock(&exports_lock);
	export = find_export_locked(peer, region);
	if (export)
		kref_get(&export->kref);
	mutex_unlock(&exports_lock);
	if (!export)
		return -ENOENT;
	revoke_export(export);
	kfi_export_put(export);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_region_revoke);

/**
 * kfi_export_for_each() - visit every export
 * @fn: called with a snapshot; may sleep; a return other than 0 ends the visit
 * @arg: for @fn
 *
 * Context: process, sleeps.
 * Return: what @fn returned last, or -ENOMEM.
 */
int kfi_export_for_each(int (*fn)(const struct kfi_export_attr *attr, void *arg),
			void *arg)
{
	struct kfi_export_attr *all;
	struct kfi_export *export;
	size_t count, i = 0;
	int ret = 0;

	mutex_lock(&exports_lock);
	count = list_count_nodes(&exports);
	all = kvcalloc(count, sizeof(*all), GFP_KERNEL);
	if (!all) {
		mutex_unlock(&exports_lock);
		return count ? -ENOMEM : 0;
	}
	list_for_each_entry(export, &exports, list) {
		struct kfi_export_attr *attr = &all[i++];
		struct kfi_region *region = export->region;

		strscpy(attr->region, kfi_region_name(region),
			sizeof(attr->region));
		strscpy(attr->pool, kfi_region_pool_name(region),
			sizeof(attr->pool));
		strscpy(attr->peer, export->name, sizeof(attr->peer));
		attr->access = export->access;
		attr->insecure = !export->peer;
		attr->revoked = READ_ONCE(export->revoked);
		attr->attached = READ_ONCE(export->attached);
	}
	mutex_unlock(&exports_lock);

	for (i = 0; i < count && !ret; i++)
		ret = fn(&all[i], arg);
	kvfree(all);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_export_for_each);

int kfi_peer_key(const char *peer, u8 key[KFI_PMEM_KEY_SIZE], bool *insecure)
{
	struct kfi_export *export;
	struct kfi_peer *keyed;
	int ret = -ENOKEY;

	mutex_lock(&exports_lock);
	keyed = find_peer_locked(peer);
	if (keyed) {
		memcpy(key, keyed->key, KFI_PMEM_KEY_SIZE);
		*insecure = false;
		ret = 0;
		goto out_unlock;
	}
	memset(key, 0, KFI_PMEM_KEY_SIZE);
	list_for_each_entry(export, &exports, list)
		if (!strcmp(export->name, peer) ||
		    !strcmp(export->name, ANYBODY)) {
			*insecure = true;
			ret = 0;
			break;
		}
out_unlock:
	mutex_unlock(&exports_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_peer_key);

struct kfi_export *kfi_export_get(const char *peer, bool authenticated,
				  const char *region, const uuid_t *uuid,
				  u64 access)
{
	struct kfi_export *export;
	int err = 0;

	/* "*" is what is exported to, and nobody's name */
	if (!kfi_media_name_ok(peer) || (!region && !uuid))
		return ERR_PTR(-EACCES);

	mutex_lock(&exports_lock);
	export = find_offer_locked(peer, region, uuid);
	if (!export)
		export = find_offer_locked(ANYBODY, region, uuid);
	/*
	 * An export to this peer by name goes before one to anybody: a key
	 * that is asked for, and a fence, cannot be got around by the other.
	 */
	if (!export)
		err = -ENOENT;
	else if (export->peer && !authenticated)
		err = -EACCES;
	else if (READ_ONCE(export->revoked))
		err = -EKEYREVOKED;
	else if (!access || access & ~export->access)
		err = -EACCES;
	else
		kref_get(&export->kref);
	mutex_unlock(&exports_lock);
	return err ? ERR_PTR(err) : export;
}
EXPORT_SYMBOL_GPL(kfi_export_get);

/**
 * kfi_export_put() - drop a reference to an export
 * @export: what kfi_export_get() returned
 *
 * Context: any.
 */
void kfi_export_put(struct kfi_export *export)
{
	kref_put(&export->kref, export_release);
}
EXPORT_SYMBOL_GPL(kfi_export_put);

/**
 * kfi_export_region() - the region that is exported
 * @export: the export
 *
 * Context: any.
 * Return: the region, which stays as long as the export is held; its bytes may
 * be touched as long as a use of it is not revoked, or through
 * kfi_region_store(), kfi_region_store_durable() and kfi_region_persist().
 */
struct kfi_region *kfi_export_region(struct kfi_export *export)
{
	return export->region;
}
EXPORT_SYMBOL_GPL(kfi_export_region);

/**
 * kfi_export_access() - what the peer may do
 * @export: the export
 *
 * Context: any.
 * Return: KFI_REMOTE_READ, KFI_REMOTE_WRITE or both.
 */
u64 kfi_export_access(const struct kfi_export *export)
{
	return export->access;
}
EXPORT_SYMBOL_GPL(kfi_export_access);

int kfi_export_use(struct kfi_export *export, struct kfi_export_user *user,
		   u64 epoch)
{
	u64 present;
	int err = 0;

	INIT_LIST_HEAD(&user->list);
	user->export = NULL;
	user->told = false;
	mutex_lock(&export->lock);
	/*
	 * A raise of the epoch stores the new one first and takes our lock to
	 * revoke afterwards: either the new one is seen here, or this use is
	 * seen there.
	 */
	present = READ_ONCE(export->region->epoch);
	if (READ_ONCE(export->region->pool->medium.dead))
		err = -ENODEV;
	else if (export->revoked)
		err = -EKEYREVOKED;
	else if (epoch && epoch != present)
		err = -ESTALE;
	if (!err) {
		if (user->sole)
			revoke_users_locked(export, U64_MAX, true);
		kref_get(&export->kref);
		user->export = export;
		user->epoch = present;
		list_add_tail(&user->list, &export->users);
		export->attached++;
	}
	mutex_unlock(&export->lock);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_export_use);

/**
 * kfi_export_unuse() - end a use
 * @user: what kfi_export_use() began, revoked meanwhile or not; the caller has
 *	withdrawn its hardware keys
 *
 * When it returns @user's revoke() does not run and will not run.
 *
 * Context: process, sleeps; not from revoke().
 */
void kfi_export_unuse(struct kfi_export_user *user)
{
	struct kfi_export *export;
	bool held;

	spin_lock(&uses_lock);
	export = user->export;
	if (export)
		kref_get(&export->kref);
	spin_unlock(&uses_lock);
	if (!export)
		return;
	/* A revocation that is under way has the lock until it is done. */
	mutex_lock(&export->lock);
	held = user->export;
	user->export = NULL;
	if (!list_empty(&user->list)) {
		list_del_init(&user->list);
		export->attached--;
	}
	mutex_unlock(&export->lock);
	if (held)
		kfi_export_put(export);
	kfi_export_put(export);
}
EXPORT_SYMBOL_GPL(kfi_export_unuse);
