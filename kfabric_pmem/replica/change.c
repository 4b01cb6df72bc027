// SPDX-License-Identifier: GPL-2.0-only
/*
 * Adding and removing members of an active set. One at a time: then a majority
 * of the old members and one of the new share a member.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "set.h"

/* add_member: it counts from the next record on, and has to get everything. */
static int kfs_change_add(struct kfi_set *set, struct kfs_member *m)
{
	struct kfs_record_member *rm = &set->record.member[m->index];

	if (!m->known || m->link != KFS_LINK_UP)
		return -ENOLINK;
	if (m->known->has_record)
		return -EEXIST;
	if (!m->witness && m->layout.data < set->size)
		return -ENOSPC;
	if (kfs_member_alloc(m))
		return -ENOMEM;
	memset(rm, 0, sizeof(*rm));
	strscpy(rm->region, m->region, sizeof(rm->region));
	uuid_copy(&rm->uuid, &m->uuid);
	rm->witness = m->witness;

	spin_lock_bh(&set->lock);
	m->full = !m->witness;
	set->member[m->index] = m;
	set->nr_members++;
	set->record.members++;
	if (m->full)
		set->record.full |= BIT(m->index);
	set->frozen = true;
	spin_unlock_bh(&set->lock);
	return 0;
}

/* remove_member: its index is not used again. */
static int kfs_change_remove(struct kfi_set *set, struct kfs_member *m)
{
	unsigned long left = set->record.in_sync & ~BIT(m->index);
	int err = 0;

	spin_lock_bh(&set->lock);
	if (m->gone)
		err = -ENOENT;
	else if (!(left & kfs_links_up(set, true)))
		err = -EBUSY;
	if (!err) {
		m->gone = true;
		set->record.member[m->index].gone = true;
		set->record.in_sync = left;
		set->record.full &= ~BIT(m->index);
		set->frozen = true;
	}
	spin_unlock_bh(&set->lock);
	return err;
}

/**
 * kfs_change() - do what kfi_set_add() or kfi_set_remove() asks for
 * @set: an active set
 * @change: what
 *
 * Context: control work.
 * Return: 0 or why not; the record that says so is still to be written.
 */
int kfs_change(struct kfi_set *set, struct kfs_change *change)
{
	if (set->state != KFI_SET_ACTIVE || set->raw)
		return -EINVAL;
	if (change->add)
		return kfs_change_add(set, change->add);
	return kfs_change_remove(set, set->member[change->remove]);
}

/* Have the control work do it. */
static int kfs_change_do(struct kfi_set *set, struct kfs_change *change)
{
	int err;

	init_completion(&change->done);
	mutex_lock(&set->change_mutex);
	spin_lock_bh(&set->lock);
	err = set->stopping ? -ENODEV : 0;
	if (!err)
		set->change = change;
	spin_unlock_bh(&set->lock);
	if (!err) {
		kfs_control_kick(set);
		wait_for_completion(&change->done);
		err = change->err;
	}
	mutex_unlock(&set->change_mutex);
	return err;
}

static void kfs_change_explain(int err, struct netlink_ext_ack *extack)
{
	switch (err) {
	case -EEXIST:
		NL_SET_ERR_MSG(extack, "the region is a member of a set already; make a new one");
		break;
	case -ENOSPC:
		NL_SET_ERR_MSG(extack,
			       "the region is smaller than the set with its intent bits and record");
		break;
	case -EINVAL:
		NL_SET_ERR_MSG(extack,
			       "members change while the set is active, and a raw set has none");
		break;
	case -EBUSY:
		NL_SET_ERR_MSG(extack,
			       "no other member is in sync and in reach; wait for a resync");
		break;
	case -ENOENT:
		NL_SET_ERR_MSG(extack, "the set has no such member; see 'kfipmem set status'");
		break;
	default:
		break;
	}
}

/*
 * To look at a member's region is to attach it, which ends whatever we had
 * attached of it before: a member that is named again would be thrown out.
 */
static bool kfs_is_member(struct kfi_set *set, const struct kfs_member *new)
{
	struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i)
		if (m->local == new->local && m->port == new->port &&
		    !strcmp(m->region, new->region) &&
		    !strcmp(m->pool, new->pool) && !strcmp(m->host, new->host))
			return true;
	return false;
}

/**
 * kfi_set_add() - add a member
 * @name: of an active set
 * @member: where it is; a region that is in no set
 * @extack: for a text
 *
 * It gets the next index, and is resynchronised whole. A start of the set has
 * to name it from now on.
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EEXIST; -ENOSPC: too small; -EINVAL; -E2BIG: too many;
 * or why it is out of reach.
 */
int kfi_set_add(const char *name, const struct kfi_member_params *member,
		struct netlink_ext_ack *extack)
{
	struct kfi_set *set = kfs_set_find(name, extack);
	struct kfs_change change = {};
	struct kfs_member *m;
	int err;

	if (!set)
		return -ENOENT;
	m = kfs_member_new(set, member, extack);
	if (IS_ERR(m)) {
		err = PTR_ERR(m);
		goto out_put;
	}
	mutex_lock(&set->add_mutex);
	m->index = set->nr_members;
	err = m->index < KFI_SET_MEMBERS_MAX ? 0 : -E2BIG;
	if (err) {
		NL_SET_ERR_MSG_FMT(extack, "a set has had %d members at most",
				   KFI_SET_MEMBERS_MAX);
		goto err_free;
	}
	if (kfs_is_member(set, m)) {
		err = -EEXIST;
		kfs_change_explain(err, extack);
		goto err_free;
	}
	kfs_member_kick(m);
	flush_delayed_work(&m->attach);
	if (READ_ONCE(m->link) != KFS_LINK_UP) {
		err = m->err ?: -ENOLINK;
		NL_SET_ERR_MSG_FMT(extack, "%.20s is not in reach: error %d",
				   m->region, err);
		goto err_free;
	}
	change.add = m;
	err = kfs_change_do(set, &change);
	if (!err)
		goto out_unlock;
	kfs_change_explain(err, extack);
err_free:
	WRITE_ONCE(m->gone, true);
	kfs_member_stop(m);
	kfs_member_free(m);
out_unlock:
	mutex_unlock(&set->add_mutex);
out_put:
	kfs_set_put(set);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_set_add);

/* Whoever finds the region later must not take it for a member. */
static void kfs_forget(struct kfs_member *m)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	struct bio_vec bv;

	if (!page)
		return;
	bvec_set_page(&bv, page, KFS_RECORD_AREA, 0);
	if (kfs_link_io(m, KFS_WRITE_DURABLE, m->layout.record,
			KFS_RECORD_AREA, &bv, 1))
		pr_warn("kfi_replica: set %s: removed member %u keeps its record\n",
			m->set->name, m->index);
	__free_pages(page, 1);
}

/**
 * kfi_set_remove() - remove a member
 * @name: of an active set
 * @member: its index
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT: no such set or member; -EBUSY: no other one is in sync;
 * -EINVAL.
 */
int kfi_set_remove(const char *name, unsigned int member,
		   struct netlink_ext_ack *extack)
{
	struct kfs_change change = { .remove = member };
	struct kfi_set *set = kfs_set_find(name, extack);
	int err;

	if (!set)
		return -ENOENT;
	mutex_lock(&set->add_mutex);
	err = member < set->nr_members ? kfs_change_do(set, &change) : -ENOENT;
	if (!err) {
		/* It may have the one copy of a record yet, if this one does not count. */
		if (change.counts &&
		    READ_ONCE(set->member[member]->link) == KFS_LINK_UP)
			kfs_forget(set->member[member]);
		kfs_member_stop(set->member[member]);
	}
	mutex_unlock(&set->add_mutex);
	kfs_change_explain(err, extack);
	kfs_set_put(set);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_set_remove);
