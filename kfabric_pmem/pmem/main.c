// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfi_pmem: pools, regions, durability and access to them.
 */
#include <linux/module.h>
#include "pool.h"

static const char *const domain_names[KFI_PMEM_DOMAIN_MAX] = {
	[KFI_PMEM_DOMAIN_NONE] = "none",
	[KFI_PMEM_DOMAIN_ASYNC] = "async",
	[KFI_PMEM_DOMAIN_MEM_CTRL] = "memory_controller",
	[KFI_PMEM_DOMAIN_CPU_CACHE] = "cpu_cache",
	[KFI_PMEM_DOMAIN_EMULATED] = "emulated",
};

static const char *const method_names[KFI_COMMIT_METHOD_MAX] = {
	[KFI_COMMIT_REFUSED] = "refused",
	[KFI_COMMIT_ASSISTED] = "assisted",
	[KFI_COMMIT_INLINE] = "inline",
	[KFI_COMMIT_EADR] = "eadr",
	[KFI_COMMIT_ASYNC] = "async",
	[KFI_COMMIT_NATIVE] = "native",
};

/**
 * kfi_pmem_domain_name() - the word for a persistence domain
 * @domain: the domain
 *
 * Context: any.
 * Return: the word, as libnvdimm has it where libnvdimm has one.
 */
const char *kfi_pmem_domain_name(enum kfi_pmem_domain domain)
{
	return domain < ARRAY_SIZE(domain_names) ? domain_names[domain] :
						   "unknown";
}
EXPORT_SYMBOL_GPL(kfi_pmem_domain_name);

/**
 * kfi_commit_method_name() - the word for a commit method
 * @method: the method
 *
 * Context: any.
 * Return: the word.
 */
const char *kfi_commit_method_name(enum kfi_commit_method method)
{
	return method < ARRAY_SIZE(method_names) ? method_names[method] :
						   "unknown";
}
EXPORT_SYMBOL_GPL(kfi_commit_method_name);

static void __exit kfi_pmem_exit(void)
{
	/* each open pool holds the module */
	WARN_ON(!list_empty(&kfi_pools));
}
module_exit(kfi_pmem_exit);

static int __init kfi_pmem_init(void)
{
	return 0;
}
module_init(kfi_pmem_init);

MODULE_DESCRIPTION("Persistent memory regions for kfabric");
MODULE_LICENSE("GPL");
