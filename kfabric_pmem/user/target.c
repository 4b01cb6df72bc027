// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target service: one endpoint through which peers reach every region that
 * kfi_pmem exports. Serving is the provider's work; here is its life.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "user.h"

#define KU_TARGET_CAPS	(KFI_MSG | KFI_RMA | KFI_ATOMIC | KFI_RMA_PMEM | \
			 KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static DEFINE_MUTEX(ku_target_lock);
static struct kfi_client ku_target_client;
static struct ku_target_info ku_target;

/* The target posts nothing, but a CQ that nobody reads would fill up. */
static void ku_target_comp_handler(struct kfid_cq *cq, void *context)
{
	struct kfi_cq_data_entry entry[8];
	struct kfi_cq_err_entry err;
	ssize_t ret;

	do {
		ret = kfi_cq_read(cq, entry, ARRAY_SIZE(entry));
		if (ret == -KFI_EAVAIL)
			ret = kfi_cq_readerr(cq, &err, 0);
	} while (ret > 0);
}

static int ku_target_listen_locked(const char *addr, u16 port,
				   const char *provider,
				   struct netlink_ext_ack *extack)
{
	struct kfi_client_params params = {
		.node = addr,
		.port = port,
		.flags = KFI_SOURCE,
		.caps = KU_TARGET_CAPS,
		.provider = provider,
		.cq_size = KU_CQ_SIZE,
		.comp_handler = ku_target_comp_handler,
	};
	int ret;

	lockdep_assert_held(&ku_target_lock);
	/*
	 * Peers rely on the service: unloading asks for an unlisten first, and
	 * one that has begun already would take the code away.
	 */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	ret = kfi_client_open(&ku_target_client, &params, extack);
	if (ret) {
		module_put(THIS_MODULE);
		return ret;
	}

	ku_target.listening = true;
	ku_target.port = port;
	strscpy(ku_target.addr, addr, sizeof(ku_target.addr));
	strscpy(ku_target.provider,
		ku_target_client.info->fabric_attr->prov_name ?: "",
		sizeof(ku_target.provider));
	return 0;
}

/**
 * ku_target_listen() - start to serve exports
 * @addr: local address
 * @port: port
 * @provider: name of the provider, or NULL for any
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps.
 * Return: 0; -EALREADY when the service runs; an error.
 */
int ku_target_listen(const char *addr, u16 port, const char *provider,
		     struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&ku_target_lock);
	if (ku_target.listening) {
		NL_SET_ERR_MSG_FMT(extack,
				   "already listening on port %u; 'kfipmem unlisten' first",
				   ku_target.port);
		ret = -EALREADY;
	} else {
		ret = ku_target_listen_locked(addr, port, provider, extack);
	}
	mutex_unlock(&ku_target_lock);
	return ret;
}

/**
 * ku_target_start_default() - serve on the default port unless that is done
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps.
 * Return: 0 or an error.
 */
int ku_target_start_default(struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&ku_target_lock);
	if (!ku_target.listening)
		ret = ku_target_listen_locked("0.0.0.0", KFIPMEM_DEFAULT_PORT,
					      NULL, extack);
	mutex_unlock(&ku_target_lock);
	return ret;
}

/**
 * ku_target_unlisten() - stop to serve exports
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps until no access of a peer lands any more.
 * Return: 0; -ENOTCONN when the service does not run.
 */
int ku_target_unlisten(struct netlink_ext_ack *extack)
{
	int ret = 0;

	mutex_lock(&ku_target_lock);
	if (ku_target.listening) {
		kfi_client_close(&ku_target_client);
		memset(&ku_target, 0, sizeof(ku_target));
		module_put(THIS_MODULE);
	} else {
		NL_SET_ERR_MSG(extack, "the target service is not listening");
		ret = -ENOTCONN;
	}
	mutex_unlock(&ku_target_lock);
	return ret;
}

/**
 * ku_target_info() - facts about the target service
 * @info: filled
 *
 * Context: process.
 */
void ku_target_info(struct ku_target_info *info)
{
	mutex_lock(&ku_target_lock);
	*info = ku_target;
	mutex_unlock(&ku_target_lock);
}

/**
 * ku_target_stats() - counters of the target endpoint
 * @stats: filled
 *
 * Context: process.
 * Return: 0; -ENOTCONN when the service does not run; -ENOSYS when the provider
 * counts nothing.
 */
int ku_target_stats(struct kfi_pmem_stats *stats)
{
	int ret = -ENOTCONN;

	mutex_lock(&ku_target_lock);
	if (ku_target.listening)
		ret = kfi_pmem_stats(ku_target_client.ep, stats);
	mutex_unlock(&ku_target_lock);
	return ret;
}
