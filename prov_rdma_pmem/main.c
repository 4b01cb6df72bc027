// SPDX-License-Identifier: GPL-2.0-only
/* The module: parameters, and the provider's registration. */
#include <linux/module.h>
#include <linux/uuid.h>

#include "kfi_prov.h"
#include "kfr.h"
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
