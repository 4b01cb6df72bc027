// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: the persistent memory operations of a provider that has none.
 */
#include <linux/export.h>
#include <kfi_pmem.h>

static int kfi_no_pmem_attach(struct kfid_ep *ep, kfi_addr_t addr,
			      const struct kfi_pmem_attach *what, u64 *key,
			      struct kfi_pmem_attr *attr)
{
	return -KFI_ENOSYS;
}

static int kfi_no_pmem_detach(struct kfid_ep *ep, kfi_addr_t addr, u64 key)
{
	return -KFI_ENOSYS;
}

static int kfi_no_pmem_query(struct kfid_ep *ep, kfi_addr_t addr, u64 key,
			     struct kfi_pmem_attr *attr)
{
	return -KFI_ENOSYS;
}

static ssize_t kfi_no_pmem_commit(struct kfid_ep *ep,
				  const struct kfi_rma_iov *iov, size_t count,
				  kfi_addr_t addr, enum kfi_commit_level level,
				  void *context)
{
	return -KFI_ENOSYS;
}

static ssize_t kfi_no_pmem_publish(struct kfid_ep *ep,
				   const struct kfi_msg_publish *msg,
				   u64 flags)
{
	return -KFI_ENOSYS;
}

static int kfi_no_pmem_stats(struct kfid_ep *ep, struct kfi_pmem_stats *stats)
{
	return -KFI_ENOSYS;
}

const struct kfi_ops_pmem kfi_no_ops_pmem = {
	.size = sizeof(struct kfi_ops_pmem),
	.attach = kfi_no_pmem_attach,
	.detach = kfi_no_pmem_detach,
	.query = kfi_no_pmem_query,
	.commit = kfi_no_pmem_commit,
	.publish = kfi_no_pmem_publish,
	.stats = kfi_no_pmem_stats,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_pmem);
