// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local uses of a region, which are fenced as its exports are.
 *
 * Unlike an export's, a local revoke() may wait for much, so no lock that
 * kfi_region_use() takes is held over it.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/wait_bit.h>
#include "pool.h"
#include "region.h"
#include "use.h"

/**
 * kfi_use_init() - a region has no local uses yet
 * @region: a new region
 *
 * Context: any.
 */
void kfi_use_init(struct kfi_region *region)
{
	mutex_init(&region->fence_lock);
	mutex_init(&region->use_lock);
	INIT_LIST_HEAD(&region->uses);
}

/**
 * kfi_region_use() - start to use a region here, as a writer of an epoch
 * @region: the region; the caller holds a reference for as long as the use
 * @user: the use, with its revoke(); the rest is filled in
 * @epoch: the writer's epoch, 0 for the region's present one
 *
 * Call before the first access that has to be fenced. revoke() may be called
 * before this returns.
 *
 * Context: process, sleeps; not held up by a revocation.
 * Return: 0; -ESTALE: @epoch is not the region's (an older one is fenced, a
 * newer one has to be accepted by kfi_region_raise_epoch() first); -ENODEV:
 * the pool's device is gone.
 */
int kfi_region_use(struct kfi_region *region, struct kfi_region_user *user,
		   u64 epoch)
{
	u64 present;
	int err = 0;

	INIT_LIST_HEAD(&user->list);
	mutex_lock(&region->use_lock);
	/*
	 * A raise of the epoch stores the new one first and takes our lock to
	 * revoke afterwards: either the new one is seen here, or this use is
	 * seen there. So it is with a device that goes.
	 */
	present = READ_ONCE(region->epoch);
	if (READ_ONCE(region->pool->medium.dead))
		err = -ENODEV;
	else if (epoch && epoch != present)
		err = -ESTALE;
	if (!err) {
		user->epoch = present;
		list_add_tail(&user->list, &region->uses);
	}
	mutex_unlock(&region->use_lock);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_region_use);

static bool is_revoking(struct kfi_region *region,
			const struct kfi_region_user *user)
{
	/* Acquire: what revoke() did is done for who sees that it is over. */
	return smp_load_acquire(&region->revoking) == user;
}

/**
 * kfi_region_unuse() - end a local use
 * @region: the region
 * @user: what kfi_region_use() began, revoked meanwhile or not; it makes no
 *	access any more
 *
 * When it returns @user's revoke() does not run and will not run.
 *
 * Context: process, sleeps until a revocation of @user that is under way is
 * done; not from revoke().
 */
void kfi_region_unuse(struct kfi_region *region, struct kfi_region_user *user)
{
	mutex_lock(&region->use_lock);
	list_del_init(&user->list);
	mutex_unlock(&region->use_lock);
	/* Off the list by our hand it cannot be revoked, by another's it is. */
	wait_var_event(&region->revoking, !is_revoking(region, user));
}
EXPORT_SYMBOL_GPL(kfi_region_unuse);

/* The first use of an older epoch, taken off the list and noted as revoked. */
static struct kfi_region_user *take_older(struct kfi_region *region, u64 epoch)
{
	struct kfi_region_user *user, *found = NULL;

	mutex_lock(&region->use_lock);
	list_for_each_entry(user, &region->uses, list)
		if (user->epoch < epoch) {
			list_del_init(&user->list);
			found = user;
			break;
		}
	WRITE_ONCE(region->revoking, found);
	mutex_unlock(&region->use_lock);
	return found;
}

/**
 * kfi_use_fence() - stop local uses of older epochs
 * @region: the region
 * @epoch: uses that began with an older one are revoked
 *
 * When it returns they are, whoever else fences at the same time.
 *
 * Context: process, sleeps as long as revoke() does.
 */
void kfi_use_fence(struct kfi_region *region, u64 epoch)
{
	struct kfi_region_user *user;

	mutex_lock(&region->fence_lock);
	while ((user = take_older(region, epoch))) {
		user->revoke(user);
		/* Release: from here its owner may free it. */
		smp_store_release(&region->revoking, NULL);
		wake_up_var(&region->revoking);
	}
	mutex_unlock(&region->fence_lock);
}
