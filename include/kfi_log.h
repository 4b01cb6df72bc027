/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: log messages of providers, one prefix for all of them. The data path
 * uses KFI_DBG() or the rate-limited KFI_WARN_RATELIMITED() only.
 */
#ifndef _KFI_LOG_H_
#define _KFI_LOG_H_

#include <linux/printk.h>

/**
 * enum kfi_log_subsys - part of a provider a message is about
 * @KFI_LOG_CORE: registration and getinfo
 * @KFI_LOG_FABRIC: fabrics
 * @KFI_LOG_DOMAIN: domains
 * @KFI_LOG_EP_CTRL: control of endpoints
 * @KFI_LOG_EP_DATA: data transfer
 * @KFI_LOG_AV: address vectors
 * @KFI_LOG_CQ: completion queues
 * @KFI_LOG_EQ: event queues
 * @KFI_LOG_MR: memory registration
 * @KFI_LOG_CNTR: counters
 */
enum kfi_log_subsys {
	KFI_LOG_CORE,
	KFI_LOG_FABRIC,
	KFI_LOG_DOMAIN,
	KFI_LOG_EP_CTRL,
	KFI_LOG_EP_DATA,
	KFI_LOG_AV,
	KFI_LOG_CQ,
	KFI_LOG_EQ,
	KFI_LOG_MR,
	KFI_LOG_CNTR,
};

/**
 * kfi_log_subsys_name() - name of a subsystem
 * @subsys: subsystem
 *
 * Context: any context.
 * Return: a constant string.
 */
const char *kfi_log_subsys_name(enum kfi_log_subsys subsys);

#define KFI_ERR(prov, subsys, fmt, ...) \
	pr_err("kfabric: %s: %s: " fmt, (prov)->name, \
	       kfi_log_subsys_name(subsys), ##__VA_ARGS__)
#define KFI_WARN(prov, subsys, fmt, ...) \
	pr_warn("kfabric: %s: %s: " fmt, (prov)->name, \
	       kfi_log_subsys_name(subsys), ##__VA_ARGS__)
#define KFI_WARN_RATELIMITED(prov, subsys, fmt, ...) \
	pr_warn_ratelimited("kfabric: %s: %s: " fmt, \
			   (prov)->name, kfi_log_subsys_name(subsys), \
			   ##__VA_ARGS__)
#define KFI_INFO(prov, subsys, fmt, ...) \
	pr_info("kfabric: %s: %s: " fmt, (prov)->name, \
	       kfi_log_subsys_name(subsys), ##__VA_ARGS__)
#define KFI_DBG(prov, subsys, fmt, ...) \
	pr_debug("kfabric: %s: %s: " fmt, (prov)->name, \
		 kfi_log_subsys_name(subsys), ##__VA_ARGS__)

#endif /* _KFI_LOG_H_ */
