/* SPDX-License-Identifier: GPL-2.0-only */
/* Local memory that a client registered for its peers. */
#ifndef KFR_MR_H
#define KFR_MR_H

#include "kfr.h"
#include "op.h"

struct kfr_mr {
	struct kfid_mr mr;
	struct kfr_domain *domain;
	struct kref ref;		/* the object and each grant */
	u64 access;
	u64 len;
	u64 key;
	u32 nsegs;
	struct kfr_seg *segs;
	struct kfi_region *region;	/* or NULL */
	struct mutex lock;		/* grants, closed */
	struct list_head grants;	/* struct kfr_grant.mr_entry */
	bool closed;
};

struct kfr_mr *kfr_mr_get(struct kfr_domain *domain, u64 key);
void kfr_mr_put(struct kfr_mr *mr);
void *kfr_mr_address(struct kfr_mr *mr, u64 offset, u64 len);

#endif
