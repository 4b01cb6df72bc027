// SPDX-License-Identifier: GPL-2.0-only
/* The module: parameters, and the provider's registration. */
#include <linux/module.h>
#include <linux/uuid.h>

#include "kfi_prov.h"
#include "kfr.h"
#include "native.h"
#include "params.h"
#include "wire.h"

unsigned int kfr_credits = 64;
module_param_named(credits, kfr_credits, uint, 0444);
MODULE_PARM_DESC(credits, "requests that a peer may have under way (4 to 256)");

unsigned int kfr_connect_timeout = 3000;
module_param_named(connect_timeout, kfr_connect_timeout, uint, 0644);
MODULE_PARM_DESC(connect_timeout, "ms for each step of a connection attempt");

unsigned int kfr_ack_timeout = 16;
module_param_named(ack_timeout, kfr_ack_timeout, uint, 0644);
MODULE_PARM_DESC(ack_timeout, "ACK timeout, 4.096 us * 2^n, tried 7 times");

unsigned int kfr_max_peers = 1024;
module_param_named(max_peers, kfr_max_peers, uint, 0644);
MODULE_PARM_DESC(max_peers, "connections that an endpoint accepts");

unsigned long kfr_mr_limit;
module_param_named(mr_limit, kfr_mr_limit, ulong, 0644);
MODULE_PARM_DESC(mr_limit, "bytes under one hardware key, at least 1 MiB; 0: what the device takes");

enum kfr_commit_policy kfr_commit_policy;

static const char *const kfr_commit_words[] = {
	[KFR_COMMIT_AUTO] = "auto",
	[KFR_COMMIT_ASSISTED] = "assisted",
	[KFR_COMMIT_NATIVE] = "native",
};

/**
 * kfr_commit_set() - set how commits are to be done, from now on
 * @word: the parameter's value
 *
 * Regions that are attached stay as they are until they are attached anew.
 *
 * Context: process.
 * Return: 0; -EINVAL: no such word; -EOPNOTSUPP: not with this kernel.
 */
int kfr_commit_set(const char *word)
{
	int policy = sysfs_match_string(kfr_commit_words, word);

	if (policy < 0) {
		pr_err("commit=%s: it is auto, assisted or native\n", word);
		return policy;
	}
	if (policy == KFR_COMMIT_NATIVE && !kfr_native_flush_built()) {
		pr_err("commit=native: no client of this kernel can post RDMA FLUSH; use commit=auto\n");
		return -EOPNOTSUPP;
	}
	WRITE_ONCE(kfr_commit_policy, policy);
	return 0;
}

static int kfr_commit_param_set(const char *val, const struct kernel_param *kp)
{
	return kfr_commit_set(val);
}

static int kfr_commit_param_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", kfr_commit_words[kfr_commit_policy]);
}

static const struct kernel_param_ops kfr_commit_ops = {
	.set = kfr_commit_param_set,
	.get = kfr_commit_param_get,
};

module_param_cb(commit, &kfr_commit_ops, NULL, 0644);
MODULE_PARM_DESC(commit, "auto; assisted: never by RDMA FLUSH; native: by RDMA FLUSH or not at all");

static uuid_t kfr_boot;
const uuid_t *kfr_incarnation = &kfr_boot;

static struct kfi_provider kfr_provider = {
	.version = KFR_PROV_VERSION,
	.kfi_version = KFI_VERSION(KFI_MAJOR_VERSION, KFI_MINOR_VERSION),
	.name = KFR_PROV_NAME,
	.kgetinfo = kfr_getinfo,
	.kfabric = kfr_fabric_open,
	.owner = THIS_MODULE,
};

static int __init kfr_init(void)
{
	if (kfr_credits < KFR_WIRE_CREDITS_MIN ||
	    kfr_credits > KFR_WIRE_CREDITS_MAX) {
		pr_err("credits=%u is not between %u and %u\n", kfr_credits,
		       KFR_WIRE_CREDITS_MIN, KFR_WIRE_CREDITS_MAX);
		return -EINVAL;
	}
	uuid_gen(&kfr_boot);
	return kfi_provider_register(&kfr_provider);
}

static void __exit kfr_exit(void)
{
	kfi_provider_deregister(&kfr_provider);
}

module_init(kfr_init);
module_exit(kfr_exit);
MODULE_DESCRIPTION("kfabric provider on RDMA verbs, with persistent memory");
MODULE_LICENSE("GPL");
