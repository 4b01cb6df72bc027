// SPDX-License-Identifier: GPL-2.0-only
/* A member: what is known of it, and bringing its link up. */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "set.h"
#include "trace.h"

#define KFS_BACKOFF_MIN		(HZ / 10)
#define KFS_BACKOFF_MAX		(2 * HZ)
#define KFS_STEADY		(5 * HZ)	/* up for so long: a new failure */

/**
 * kfs_member_new() - make a member
 * @set: its set
 * @params: where it is
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: the member, not in the set yet; ERR_PTR: -ENOMEM, -EINVAL.
 */
struct kfs_member *kfs_member_new(struct kfi_set *set,
				  const struct kfi_member_params *params,
				  struct netlink_ext_ack *extack)
{
	struct kfs_member *m;

	if (!params->gone &&
	    (!params->region || (!params->pool && (!params->host ||
						   !params->peer)))) {
		NL_SET_ERR_MSG(extack,
			       "a member is POOL/REGION here, or HOST/REGION and our name there");
		return ERR_PTR(-EINVAL);
	}
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return ERR_PTR(-ENOMEM);
	m->set = set;
	m->local = params->pool;
	m->gone = params->gone;
	m->witness = params->witness;
	m->port = params->port;
	m->insecure = !params->key;
	strscpy(m->region, params->region ?: "", sizeof(m->region));
	strscpy(m->pool, params->pool ?: "", sizeof(m->pool));
	strscpy(m->host, params->host ?: "", sizeof(m->host));
	strscpy(m->peer, params->peer ?: "", sizeof(m->peer));
	strscpy(m->provider, params->provider ?: "", sizeof(m->provider));
	if (params->key)
		memcpy(m->secret, params->key, sizeof(m->secret));
	m->user.revoke = kfs_member_revoked;
	spin_lock_init(&m->room_lock);
	INIT_LIST_HEAD(&m->room);
	INIT_LIST_HEAD(&m->sleepers);
	INIT_LIST_HEAD(&m->user.list);
	INIT_WORK(&m->local_work, kfs_link_local_work);
	INIT_DELAYED_WORK(&m->attach, kfs_member_attach);
	m->backoff = KFS_BACKOFF_MIN;
	m->not_before = jiffies;
	return m;
}

/**
 * kfs_known_free() - free what a member told
 * @known: or NULL
 */
void kfs_known_free(struct kfs_known *known)
{
	if (known)
		kvfree(known->bits);
	kfree(known);
}

/**
 * kfs_member_free() - undo kfs_member_new()
 * @m: a member that was stopped, or never started
 */
void kfs_member_free(struct kfs_member *m)
{
	kfs_known_free(m->known);
	kvfree(m->todo);
	kfree_sensitive(m);
}

/**
 * kfs_member_state() - a member's state has changed
 * @m: the member
 * @state: the new one
 *
 * Context: under the set's lock.
 */
void kfs_member_state(struct kfs_member *m, enum kfi_member_state state)
{
	lockdep_assert_held(&m->set->lock);
	if (m->state == state)
		return;
	trace_kfi_member_state(m->set->name, m->index, m->state, state, m->err);
	WRITE_ONCE(m->state, state);
}

/* Longer each time: a member may well attach, and then fail at once. */
static void kfs_member_later(struct kfs_member *m)
{
	lockdep_assert_held(&m->set->lock);
	m->not_before = jiffies + m->backoff;
	m->backoff = min_t(unsigned long, 2 * m->backoff, KFS_BACKOFF_MAX);
}

/**
 * kfs_member_fail() - a member did not do what it was asked to
 * @m: the member
 * @err: what it, or the fabric, said
 *
 * Nothing is sent to it any more. Whether the set goes on without it, the
 * control work decides.
 *
 * Context: process or softirq, without the set's lock.
 */
void kfs_member_fail(struct kfs_member *m, int err)
{
	struct kfi_set *set = m->set;
	bool failed = false;

	spin_lock_bh(&set->lock);
	if (kfs_link_usable(m)) {
		trace_kfi_member_fail(set->name, m->index, err);
		if (m->link == KFS_LINK_UP &&
		    time_after(jiffies, m->up_since + KFS_STEADY))
			m->backoff = KFS_BACKOFF_MIN;
		kfs_member_later(m);
		WRITE_ONCE(m->link, KFS_LINK_FAILED);
		m->err = err;
		/* What it gets from now on it misses, until it is joined again. */
		kfs_member_state(m, KFI_MEMBER_DOWN);
		m->broken = err == -EIO;
		failed = true;
		if (set->need & BIT(m->index))
			set->frozen = true;
	}
	spin_unlock_bh(&set->lock);
	if (!failed)
		return;
	pr_warn_ratelimited("kfi_replica: set %s: member %u (%s) failed: %pe\n",
			    set->name, m->index, m->region, ERR_PTR(err));
	kfs_member_kick(m);
	kfs_control_kick(set);
}

/**
 * kfs_member_revoked() - our local region has another writer, or is gone
 * @user: of a local member
 *
 * Context: process, sleeps: no store of ours lands when it returns.
 */
void kfs_member_revoked(struct kfi_region_user *user)
{
	struct kfs_member *m = container_of(user, struct kfs_member, user);
	struct kfi_pmem_attr attr;
	bool fenced;

	kfi_region_query(m->local_region, &attr);
	/* A device that is gone is one member less, no more. */
	fenced = attr.epoch > user->epoch;
	if (fenced) {
		spin_lock_bh(&m->set->lock);
		m->set->fenced = true;
		spin_unlock_bh(&m->set->lock);
	}
	kfs_member_fail(m, fenced ? -EKEYREVOKED : -EIO);
	kfs_link_quiesce(m);
}

/**
 * kfs_member_kick() - have the attach work look at a member now
 * @m: the member
 *
 * Context: any but hard interrupt.
 */
void kfs_member_kick(struct kfs_member *m)
{
	if (!READ_ONCE(m->set->stopping) && !READ_ONCE(m->gone))
		mod_delayed_work(kfs_wq, &m->attach, 0);
}

static int kfs_member_read_record(struct kfs_member *m, struct kfs_known *known)
{
	struct page *page = alloc_pages(GFP_KERNEL, 1);
	struct bio_vec bv;
	u64 begin;
	int err;

	static_assert(KFS_RECORD_AREA <= 2 * PAGE_SIZE);
	if (!page)
		return -ENOMEM;
	bvec_set_page(&bv, page, KFS_RECORD_AREA, 0);
	begin = ktime_get_ns();
	err = kfs_link_io(m, KFS_READ, known->layout.record, KFS_RECORD_AREA,
			  &bv, 1);
	known->rtt = ktime_get_ns() - begin;
	if (!err) {
		err = kfs_record_select(page_address(page), &known->record);
		if (!err) {
			known->has_record = true;
		} else if (err == -ENODATA ||
			   (err == -EUCLEAN && READ_ONCE(m->set->create))) {
			/* Whether there has to be one, the control work knows. */
			err = 0;
		}
	}
	__free_pages(page, 1);
	return err;
}

/* With the link open: what the member knows of the set. */
static int kfs_member_learn(struct kfs_member *m, struct kfs_known *known)
{
	struct kfi_set *set = m->set;
	u32 shift = READ_ONCE(set->extent_shift);
	int err;

	if (set->raw) {
		known->layout.data = known->attr.size;
		return 0;
	}
	err = kfs_layout(known->attr.size, m->witness, KFI_SET_EXTENT_SHIFT,
			 &known->layout);
	if (err)
		return err;
	err = kfs_member_read_record(m, known);
	if (err)
		return err;
	/* Where it has none, but the set has: kfs_join() knows better. */
	if (known->has_record && !READ_ONCE(set->create))
		shift = known->record.extent_shift;
	err = kfs_layout(known->attr.size, m->witness, shift, &known->layout);
	if (err || m->witness || !known->has_record || READ_ONCE(set->create))
		return err;
	return kfs_intent_read(m, known);
}

static int kfs_member_open(struct kfs_member *m, u64 epoch, bool raise,
			   struct kfs_known *known, u64 *seen)
{
	int err;

	err = kfs_link_open(m, epoch, raise, &known->attr, seen);
	if (err == -ESTALE && !raise && *seen && *seen < epoch) {
		/* It was away when this writer took over. */
		err = kfs_link_open(m, epoch, true, &known->attr, seen);
	}
	if (err)
		return err;
	spin_lock_bh(&m->set->lock);
	/* Our local region may have been fenced before anybody used it. */
	if (m->set->fenced)
		err = -EKEYREVOKED;
	/* Release: who finds it open finds what it was opened with. */
	smp_store_release(&m->link, err ? KFS_LINK_FAILED : KFS_LINK_OPEN);
	spin_unlock_bh(&m->set->lock);

	if (!err)
		err = kfs_member_learn(m, known);
	if (err) {
		spin_lock_bh(&m->set->lock);
		WRITE_ONCE(m->link, KFS_LINK_FAILED);
		spin_unlock_bh(&m->set->lock);
	}
	return err;
}

/* What a member told takes the place of what it had told before. */
static void kfs_member_know(struct kfs_member *m, struct kfs_known **known)
{
	swap(m->known, *known);
	m->layout = m->known->layout;
	m->rtt = m->known->rtt;
	m->sequence = m->known->has_record ? m->known->record.sequence : 0;
	m->sealed = !m->known->has_record;
	m->same = uuid_equal(&m->known->attr.incarnation, &m->incarnation);
	m->joined = false;
}

/* The end of an attempt. Return: whether the link is up. */
static bool kfs_member_attached(struct kfs_member *m, u64 attempt, u64 seen,
				struct kfs_known **known, int err)
{
	struct kfi_set *set = m->set;
	bool up = false;

	mutex_lock(&set->know_mutex);
	spin_lock_bh(&set->lock);
	m->attempt = attempt;
	if (seen)
		m->seen = seen;
	if (m->seen > set->seen_epoch)
		set->seen_epoch = m->seen;
	if (!err && m->link == KFS_LINK_OPEN) {
		kfs_member_know(m, known);
		m->err = 0;
		m->up_since = jiffies;
		/* Release: as where it is opened. */
		smp_store_release(&m->link, KFS_LINK_UP);
		up = true;
	} else {
		m->err = err ?: m->err;
		kfs_member_later(m);
	}
	spin_unlock_bh(&set->lock);
	mutex_unlock(&set->know_mutex);
	if (up)
		trace_kfi_member_up(set->name, m->index, m->seen, m->same);
	return up;
}

/**
 * kfs_member_attach() - bring a member's link up, or keep trying
 * @work: of the member
 *
 * Context: process; sleeps for as long as a connection may take.
 */
void kfs_member_attach(struct work_struct *work)
{
	struct kfs_member *m = container_of(to_delayed_work(work),
					    struct kfs_member, attach);
	struct kfi_set *set = m->set;
	unsigned long not_before;
	struct kfs_known *known;
	u64 epoch, attempt, seen = 0;
	bool close, skip, raise;
	int err = -ENOMEM;

	spin_lock_bh(&set->lock);
	raise = set->state == KFI_SET_TAKEOVER && !set->raw;
	epoch = set->epoch;
	attempt = set->attempt;
	skip = set->stopping || set->fenced || m->gone || m->broken ||
	       (m->link == KFS_LINK_UP && m->attempt == attempt);
	close = m->link != KFS_LINK_DOWN && (!skip || m->link != KFS_LINK_UP);
	if (close)
		WRITE_ONCE(m->link, KFS_LINK_FAILED);
	not_before = m->not_before;
	spin_unlock_bh(&set->lock);

	if (close) {
		kfs_link_close(m);
		spin_lock_bh(&set->lock);
		WRITE_ONCE(m->link, KFS_LINK_DOWN);
		spin_unlock_bh(&set->lock);
	}
	if (skip)
		return;
	if (time_before(jiffies, not_before)) {
		queue_delayed_work(kfs_wq, &m->attach, not_before - jiffies);
		return;
	}

	known = kzalloc(sizeof(*known), GFP_KERNEL);
	if (known)
		err = kfs_member_open(m, epoch, raise, known, &seen);
	if (!kfs_member_attached(m, attempt, seen, &known, err))
		/* Closes it, and waits. */
		queue_delayed_work(kfs_wq, &m->attach, 0);
	kfs_known_free(known);
	kfs_control_kick(set);
	wake_up_all(&set->wake);
}

/**
 * kfs_member_stop() - close a member's link for good
 * @m: a member of a set that is stopping, or that was removed
 *
 * Context: process, sleeps; not in the attach work.
 */
void kfs_member_stop(struct kfs_member *m)
{
	struct kfi_set *set = m->set;
	bool close;

	disable_delayed_work_sync(&m->attach);
	spin_lock_bh(&set->lock);
	close = m->link != KFS_LINK_DOWN;
	WRITE_ONCE(m->link, KFS_LINK_FAILED);
	kfs_member_state(m, KFI_MEMBER_DOWN);
	spin_unlock_bh(&set->lock);
	if (close)
		kfs_link_close(m);
	WRITE_ONCE(m->link, KFS_LINK_DOWN);
	flush_work(&m->local_work);
}
