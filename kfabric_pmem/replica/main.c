// SPDX-License-Identifier: GPL-2.0-only
/* kfi_replica: replica sets of persistent memory. */
#include <linux/module.h>
#include <linux/workqueue.h>
#include "set.h"

struct workqueue_struct *kfs_wq;

static int __init kfs_init(void)
{
	/* Writes under writeback wait for what is done here. */
	kfs_wq = alloc_workqueue("kfi_replica", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return kfs_wq ? 0 : -ENOMEM;
}

static void __exit kfs_exit(void)
{
	destroy_workqueue(kfs_wq);
}

module_init(kfs_init);
module_exit(kfs_exit);
MODULE_DESCRIPTION("Replica sets of persistent memory");
MODULE_LICENSE("GPL");
