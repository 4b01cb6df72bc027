// SPDX-License-Identifier: GPL-2.0-only
/* kfi_user: persistent memory over kfabric, for userspace. */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include "user.h"

static int __init ku_init(void)
{
	int ret;

	ret = ku_io_init();
	if (ret)
		return ret;
	ret = ku_pages_init();
	if (ret)
		goto err_io_exit;
	ret = ku_chardev_init();
	if (ret)
		goto err_pages_exit;
	ret = ku_netlink_init();
	if (ret)
		goto err_chardev_exit;
	/* Last: from here on nodes can be open, and nothing can fail. */
	ret = ku_local_init();
	if (ret)
		goto err_netlink_exit;
	return 0;

err_netlink_exit:
	ku_netlink_exit();
err_chardev_exit:
	ku_chardev_exit();
err_pages_exit:
	ku_pages_exit();
err_io_exit:
	ku_io_exit();
	return ret;
}

/* Attachments, sets and the target service hold the module: none is left. */
static void __exit ku_exit(void)
{
	ku_netlink_exit();
	ku_local_exit();
	ku_io_exit();
	ku_chardev_exit();
	ku_pages_exit();
	/* percpu_ref_put() of the last request returns under RCU. */
	synchronize_rcu();
}

module_init(ku_init);
module_exit(ku_exit);

MODULE_DESCRIPTION("Persistent memory over kfabric for userspace");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: kfi_rdma");
