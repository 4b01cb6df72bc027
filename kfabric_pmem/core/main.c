// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: loading and unloading of the core.
 *
 * The registries are initialised statically, so that built-in providers and
 * clients may come before or after the core.
 */
#include <linux/debugfs.h>
#include <linux/module.h>

#include "core.h"

static struct dentry *kfabric_dir;

static int __init kfabric_init(void)
{
	kfabric_dir = debugfs_create_dir("kfabric", NULL);
	kfi_placement_init(kfabric_dir);
	return 0;
}

static void __exit kfabric_exit(void)
{
	debugfs_remove_recursive(kfabric_dir);
}

subsys_initcall(kfabric_init);
module_exit(kfabric_exit);

MODULE_DESCRIPTION("kfabric: kernel fabric interface");
MODULE_LICENSE("GPL");
