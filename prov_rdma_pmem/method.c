// SPDX-License-Identifier: GPL-2.0-only
/* How a commit is carried out: the table of design section 5. */
#include "method.h"

static enum kfi_commit_method method_of(const struct kfr_method_facts *facts)
{
	bool native = facts->native && facts->policy != KFR_COMMIT_ASSISTED;

	switch (facts->domain) {
	case KFI_PMEM_DOMAIN_ASYNC:
		return KFI_COMMIT_ASYNC;
	case KFI_PMEM_DOMAIN_MEM_CTRL:
		return native ? KFI_COMMIT_NATIVE : KFI_COMMIT_ASSISTED;
	case KFI_PMEM_DOMAIN_CPU_CACHE:
		if (native)
			return KFI_COMMIT_NATIVE;
		return facts->coherent ? KFI_COMMIT_EADR : KFI_COMMIT_ASSISTED;
	case KFI_PMEM_DOMAIN_EMULATED:
		return KFI_COMMIT_ASSISTED;
	case KFI_PMEM_DOMAIN_NONE:
	default:
		return KFI_COMMIT_REFUSED;
	}
}

/**
 * kfr_method_choose() - choose the commit method for a remote region
 * @facts: what both ends know
 *
 * Capability bits of a NIC are no fact: a stock kernel reports RDMA FLUSH on
 * rxe and sends garbage when a kernel client posts one.
 *
 * Context: any.
 * Return: the method; KFI_COMMIT_REFUSED where nothing can be promised, or not
 * in the way that was asked for.
 */
enum kfi_commit_method kfr_method_choose(const struct kfr_method_facts *facts)
{
	enum kfi_commit_method method = method_of(facts);

	return facts->policy == KFR_COMMIT_NATIVE &&
	       method != KFI_COMMIT_NATIVE ? KFI_COMMIT_REFUSED : method;
}
