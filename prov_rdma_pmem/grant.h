/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A grant: a memory region given to one connection, with hardware keys in
 * that connection's protection domain, so that no other peer can use them.
 */
#ifndef KFR_GRANT_H
#define KFR_GRANT_H

#include <rdma/ib_verbs.h>

#include "kfi_pmem_prov.h"
#include "kfr.h"

struct kfr_session;
struct kfr_mr;

/* What one hardware key covers. */
struct kfr_chunk {
	struct ib_mr *mr;
	struct scatterlist *sgl;	/* mapped as long as @mr lives */
	u32 nents;
};

/* That a peer was told of a withdrawal, and whether it got it. */
struct kfr_notice {
	bool due;			/* the peer has to get it, or nothing more */
	bool signaled;			/* @position will be passed */
	u32 position;
	unsigned long deadline;		/* of the wait for it, in jiffies */
};

struct kfr_grant {
	struct kfr_session *session;
	u32 id;
	u64 access;			/* KFI_REMOTE_READ, KFI_REMOTE_WRITE */
	u64 size;
	u32 base;
	u32 chunk_shift;
	u32 chunks;
	struct kfi_region *region;	/* persistent memory, or NULL */
	struct kfi_region_map map;
	struct kfr_mr *mr;		/* registered by a client, or NULL */
	struct list_head mr_entry;	/* mr->grants */
	struct kfi_export_user user;	/* exported region */
	struct kfr_notice notice;
	bool exported;
	bool may_flush;			/* the peer and the device can */
	bool flush;			/* the peer commits by RDMA FLUSH */

	refcount_t uses;		/* requests at work on it, and itself */
	struct completion unused;
	struct mutex lock;		/* hw */
	bool revoked;
	int why;			/* -EKEYREVOKED, or -ESTALE: the epoch moved */
	struct kfr_chunk *hw;
	struct rcu_head rcu;
};

struct kfr_grant *kfr_grant_create(struct kfr_session *session, u64 access);
int kfr_grant_register(struct kfr_grant *grant);
void kfr_grant_withdraw(struct kfr_grant *grant);
void kfr_grant_destroy(struct kfr_grant *grant);
struct kfr_grant *kfr_grant_use(struct kfr_session *session, u32 id, u64 access,
				u64 offset, u64 len);
void kfr_grants_withdraw_mr(struct kfr_mr *mr);
void *kfr_grant_address(struct kfr_grant *grant, u64 offset, u64 len);

/* End of work on a grant. */
static inline void kfr_grant_unuse(struct kfr_grant *grant)
{
	if (unlikely(refcount_dec_and_test(&grant->uses)))
		complete_all(&grant->unused);
}

#endif
