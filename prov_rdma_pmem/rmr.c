// SPDX-License-Identifier: GPL-2.0-only
/* Remote memory regions, and what of them is not yet durable. */
#include <linux/slab.h>

#include "peer.h"
#include "rmr.h"

/**
 * kfr_dirty_init() - nothing is dirty
 * @dirty: set of ranges
 *
 * Context: any.
 */
void kfr_dirty_init(struct kfr_dirty *dirty)
{
	spin_lock_init(&dirty->lock);
	dirty->count = 0;
}

/**
 * kfr_dirty_add() - a range was written and not committed
 * @dirty: set of ranges
 * @start: first byte
 * @len: bytes
 *
 * When the set is full its two nearest ranges become one: a superset is safe,
 * it only makes a lost write be reported that was none.
 *
 * Context: any but hard interrupt.
 */
void kfr_dirty_add(struct kfr_dirty *dirty, u64 start, u64 len)
{
	u64 end = start + len;
	u32 i, j, at;

	if (!len)
		return;
	spin_lock_bh(&dirty->lock);
	for (i = 0; i < dirty->count && dirty->range[i].end < start; i++)
		;
	for (j = i; j < dirty->count && dirty->range[j].start <= end; j++) {
		start = min(start, dirty->range[j].start);
		end = max(end, dirty->range[j].end);
	}
	if (j > i) {
		dirty->range[i].start = start;
		dirty->range[i].end = end;
		memmove(&dirty->range[i + 1], &dirty->range[j],
			(dirty->count - j) * sizeof(dirty->range[0]));
		dirty->count -= j - i - 1;
		goto unlock;
	}
	if (dirty->count == KFR_DIRTY_RANGES) {
		u64 best = U64_MAX;

		/* Candidates: each neighbouring pair, and ours with either. */
		for (at = 0, j = 0; j + 1 < dirty->count; j++) {
			u64 gap = dirty->range[j + 1].start -
				  dirty->range[j].end;

			if (gap < best) {
				best = gap;
				at = j;
			}
		}
		if (i && start - dirty->range[i - 1].end < best) {
			dirty->range[i - 1].end = end;
			goto unlock;
		}
		if (i < dirty->count && dirty->range[i].start - end < best) {
			dirty->range[i].start = start;
			goto unlock;
		}
		dirty->range[at].end = dirty->range[at + 1].end;
		memmove(&dirty->range[at + 1], &dirty->range[at + 2],
			(dirty->count - at - 2) * sizeof(dirty->range[0]));
		dirty->count--;
		if (i > at + 1)
			i--;
		else if (i == at + 1)
			goto unlock;	/* the gap that closed was ours */
	}
	memmove(&dirty->range[i + 1], &dirty->range[i],
		(dirty->count - i) * sizeof(dirty->range[0]));
	dirty->range[i].start = start;
	dirty->range[i].end = end;
	dirty->count++;
unlock:
	spin_unlock_bh(&dirty->lock);
}

/**
 * kfr_dirty_cut() - a range is being committed
 * @dirty: set of ranges
 * @start: first byte
 * @len: bytes; 0 is everything
 *
 * A range that would fall in two stays whole when the set is full.
 *
 * Context: any but hard interrupt.
 */
void kfr_dirty_cut(struct kfr_dirty *dirty, u64 start, u64 len)
{
	u64 end = len ? start + len : U64_MAX;
	u32 i = 0;

	if (!len)
		start = 0;
	spin_lock_bh(&dirty->lock);
	while (i < dirty->count) {
		u64 s = dirty->range[i].start, e = dirty->range[i].end;

		if (e <= start || s >= end) {
			i++;
		} else if (s >= start && e <= end) {
			memmove(&dirty->range[i], &dirty->range[i + 1],
				(dirty->count - i - 1) *
				sizeof(dirty->range[0]));
			dirty->count--;
		} else if (s < start && e > end) {
			if (dirty->count < KFR_DIRTY_RANGES) {
				memmove(&dirty->range[i + 1], &dirty->range[i],
					(dirty->count - i) *
					sizeof(dirty->range[0]));
				dirty->range[i].end = start;
				dirty->range[i + 1].start = end;
				dirty->count++;
			}
			break;
		} else {
			if (s < start)
				dirty->range[i].end = start;
			else
				dirty->range[i].start = end;
			i++;
		}
	}
	spin_unlock_bh(&dirty->lock);
}

/**
 * kfr_dirty_hull() - one range around all that is dirty
 * @dirty: set of ranges
 * @start: first byte
 * @len: bytes
 *
 * Context: any but hard interrupt.
 * Return: false when nothing is.
 */
bool kfr_dirty_hull(struct kfr_dirty *dirty, u64 *start, u64 *len)
{
	bool any;

	spin_lock_bh(&dirty->lock);
	any = dirty->count;
	if (any) {
		*start = dirty->range[0].start;
		*len = dirty->range[dirty->count - 1].end - *start;
	}
	spin_unlock_bh(&dirty->lock);
	return any;
}

/**
 * kfr_dirty_clear() - the target lost its memory
 * @dirty: set of ranges
 *
 * Context: any but hard interrupt.
 * Return: whether there was something to lose.
 */
bool kfr_dirty_clear(struct kfr_dirty *dirty)
{
	bool was;

	spin_lock_bh(&dirty->lock);
	was = dirty->count;
	dirty->count = 0;
	spin_unlock_bh(&dirty->lock);
	return was;
}

/**
 * kfr_rmr_create() - note a remote region, not attached yet
 * @peer: its peer
 * @key: remote key; for a region known by name it comes from the target
 * @name: region name, or NULL
 * @access: KFI_READ, KFI_WRITE
 * @gfp: allocation flags
 *
 * Context: as @gfp says.
 * Return: the region with one reference, or NULL.
 */
struct kfr_rmr *kfr_rmr_create(struct kfr_peer *peer, u64 key,
			       const char *name, u64 access, gfp_t gfp)
{
	struct kfr_rmr *rmr = kzalloc(sizeof(*rmr), gfp);

	if (!rmr)
		return NULL;
	kref_init(&rmr->ref);
	rmr->peer = peer;
	rmr->key = key;
	rmr->access = access;
	if (name)
		strscpy(rmr->name, name, sizeof(rmr->name));
	kfr_dirty_init(&rmr->dirty);
	return rmr;
}

static void kfr_rmr_release(struct kref *ref)
{
	struct kfr_rmr *rmr = container_of(ref, struct kfr_rmr, ref);

	kvfree(rmr->rkeys);
	kfree(rmr);
}

/**
 * kfr_rmr_put() - drop a reference
 * @rmr: region
 *
 * Context: any but hard interrupt.
 */
void kfr_rmr_put(struct kfr_rmr *rmr)
{
	struct kfr_peer *peer = rmr->peer;

	if (!kref_put(&rmr->ref, kfr_rmr_release) &&
	    wq_has_sleeper(&peer->rmr_wait))
		wake_up(&peer->rmr_wait);
}

/**
 * kfr_rmr_erase() - make a remote region unknown
 * @peer: its peer
 * @rmr: region
 *
 * Context: any but hard interrupt.
 * Return: true when it was known, and the caller has its reference.
 */
bool kfr_rmr_erase(struct kfr_peer *peer, struct kfr_rmr *rmr)
{
	bool known;

	xa_lock_bh(&peer->rmrs);
	known = xa_load(&peer->rmrs, rmr->key) == rmr;
	if (known)
		__xa_erase(&peer->rmrs, rmr->key);
	if (peer->recent == rmr)
		peer->recent = NULL;
	xa_unlock_bh(&peer->rmrs);
	return known;
}

/* With bottom halves off. */
static struct kfr_rmr *kfr_rmr_find(struct kfr_peer *peer, u64 key)
{
	struct kfr_rmr *rmr;

	xa_lock(&peer->rmrs);
	/* Keys have 64 bits, which makes the tree deep: remember the last. */
	rmr = peer->recent;
	if (unlikely(!rmr || rmr->key != key))
		rmr = xa_load(&peer->rmrs, key);
	if (likely(rmr)) {
		peer->recent = rmr;
		kref_get(&rmr->ref);
	}
	xa_unlock(&peer->rmrs);
	return rmr;
}

/**
 * kfr_rmr_lookup() - find a remote region by key and take a reference
 * @peer: its peer
 * @key: key
 *
 * Context: any but hard interrupt.
 * Return: the region or NULL.
 */
struct kfr_rmr *kfr_rmr_lookup(struct kfr_peer *peer, u64 key)
{
	struct kfr_rmr *rmr;

	local_bh_disable();
	rmr = kfr_rmr_find(peer, key);
	local_bh_enable();
	return rmr;
}

/**
 * kfr_rmr_get() - the remote region behind a key, with a reference
 * @peer: peer
 * @key: remote key
 *
 * The first use of a key that was not attached by name allocates; the
 * operation then waits until the peer was asked for it.
 *
 * Context: any but hard interrupt, with bottom halves off.
 * Return: the region or ERR_PTR(-ENOMEM).
 */
struct kfr_rmr *kfr_rmr_get(struct kfr_peer *peer, u64 key)
{
	struct kfr_rmr *rmr = kfr_rmr_find(peer, key), *old;

	if (likely(rmr))
		return rmr;
	rmr = kfr_rmr_create(peer, key, NULL, KFI_READ | KFI_WRITE, GFP_ATOMIC);
	if (!rmr)
		return ERR_PTR(-ENOMEM);
	xa_lock(&peer->rmrs);
	old = __xa_cmpxchg(&peer->rmrs, key, NULL, rmr, GFP_ATOMIC);
	if (!old)
		kref_get(&rmr->ref);
	else if (!xa_is_err(old))
		kref_get(&old->ref);
	xa_unlock(&peer->rmrs);
	if (!old)
		return rmr;
	kfr_rmr_put(rmr);
	return xa_is_err(old) ? ERR_PTR(xa_err(old)) : old;
}

/**
 * kfr_rmr_find_name() - find an attached region by name, with a reference
 * @peer: its peer; control mutex held
 * @name: name
 *
 * Context: process.
 * Return: the region or NULL.
 */
struct kfr_rmr *kfr_rmr_find_name(struct kfr_peer *peer, const char *name)
{
	struct kfr_rmr *rmr;
	unsigned long key;

	lockdep_assert_held(&peer->control);
	xa_for_each(&peer->rmrs, key, rmr) {
		if (rmr->name[0] && !strcmp(rmr->name, name)) {
			kref_get(&rmr->ref);
			return rmr;
		}
	}
	return NULL;
}

/**
 * kfr_rmr_attached() - is a region attached on the present connection?
 * @rmr: region
 *
 * Context: any; for an answer that lasts, with the peer's lock held.
 * Return: whether its grant and hardware keys are good.
 */
bool kfr_rmr_attached(const struct kfr_rmr *rmr)
{
	return rmr->serial && rmr->serial == READ_ONCE(rmr->peer->serial);
}
