/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KFR_METHOD_H
#define KFR_METHOD_H

#include "kfi_pmem.h"
#include "wire.h"

/* What the module parameter "commit" asks for. */
enum kfr_commit_policy {
	KFR_COMMIT_AUTO,	/* what is best */
	KFR_COMMIT_ASSISTED,	/* never the fabric's own flush */
	KFR_COMMIT_NATIVE,	/* that, or none */
};

/**
 * struct kfr_method_facts - what decides how to commit to a region
 * @domain: attested by the target
 * @coherent: the target's NIC puts what it acknowledged into the caches
 * @native: both ends can really post and carry out the fabric's own flush
 * @policy: what the administrator of the initiator wants
 */
struct kfr_method_facts {
	enum kfi_pmem_domain domain;
	bool coherent;
	bool native;
	enum kfr_commit_policy policy;
};

enum kfi_commit_method kfr_method_choose(const struct kfr_method_facts *facts);

/* Does a durable write ride in its request, and save the RDMA WRITE? */
static inline bool kfr_method_inline(enum kfi_commit_method method, u64 length)
{
	return method == KFI_COMMIT_ASSISTED && length <= KFR_WIRE_INLINE_MAX;
}

#endif
