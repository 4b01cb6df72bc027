/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A remote memory region: what a peer granted, seen from the initiator. It
 * outlives connections; each new one attaches it anew.
 */
#ifndef KFR_RMR_H
#define KFR_RMR_H

#include <linux/kref.h>

#include "kfr.h"
#include "wire.h"

#define KFR_DIRTY_RANGES	8

/* Visible but not committed: what a crash of the target would lose. */
struct kfr_dirty {
	/* the ranges */
	spinlock_t lock;
	u32 count;
	struct {
		u64 start;
		u64 end;
	} range[KFR_DIRTY_RANGES];	/* sorted, disjoint */
};

void kfr_dirty_init(struct kfr_dirty *dirty);
void kfr_dirty_add(struct kfr_dirty *dirty, u64 start, u64 len);
void kfr_dirty_cut(struct kfr_dirty *dirty, u64 start, u64 len);
bool kfr_dirty_clear(struct kfr_dirty *dirty);

struct kfr_rmr {
	struct kref ref;
	struct kfr_peer *peer;
	u64 key;
	char name[KFI_PMEM_NAME_MAX];	/* empty: a memory region by key */
	u64 access;			/* KFI_READ, KFI_WRITE as asked for */
	u64 epoch;			/* as asked for */
	atomic_t uses;			/* successful attaches by clients */
	struct kfi_pmem_attr attr;	/* valid once known */
	bool known;
	bool pinned;			/* to the first incarnation attested */
	bool sole;			/* this peer's only writer */
	bool dead;			/* pinned: over with the incarnation;
					 * sole: with the first revocation
					 */
	bool coherent;
	struct kfr_dirty dirty;
	bool lost;			/* dirty bytes went with the target */

	/* Under the peer's lock. */
	u32 serial;			/* of the connection it is attached on */
	int revoked;			/* its target sent a notice: why */
	u32 grant;
	u32 base;
	u8 chunk_shift;
	u32 chunks;
	__le32 *rkeys;
};

struct kfr_rmr *kfr_rmr_create(struct kfr_peer *peer, u64 key,
			       const char *name, u64 access, gfp_t gfp);
void kfr_rmr_put(struct kfr_rmr *rmr);
bool kfr_rmr_erase(struct kfr_peer *peer, struct kfr_rmr *rmr);
struct kfr_rmr *kfr_rmr_lookup(struct kfr_peer *peer, u64 key);
struct kfr_rmr *kfr_rmr_get(struct kfr_peer *peer, u64 key);
struct kfr_rmr *kfr_rmr_find_name(struct kfr_peer *peer, const char *name);
bool kfr_rmr_attached(const struct kfr_rmr *rmr);
bool kfr_dirty_hull(struct kfr_dirty *dirty, u64 *start, u64 *len);

/*
 * Is a range within a remote region, and may we? One that is not known yet has
 * no bounds yet.
 * Return: 0; -EINVAL; -EACCES; -ESTALE: pinned, and its incarnation is over; or
 * sole, and revoked.
 */
static inline int kfr_rmr_check(const struct kfr_rmr *rmr, u64 offset, u64 len,
				u64 access)
{
	if (!rmr->known)
		return 0;
	if (READ_ONCE(rmr->dead))
		return -ESTALE;
	if ((access & KFI_READ && !(rmr->attr.access & KFI_REMOTE_READ)) ||
	    (access & KFI_WRITE && !(rmr->attr.access & KFI_REMOTE_WRITE)))
		return -EACCES;
	return offset > rmr->attr.size || len > rmr->attr.size - offset ?
	       -EINVAL : 0;
}

#endif
