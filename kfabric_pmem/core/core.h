/* SPDX-License-Identifier: GPL-2.0-only */
/* kfabric: what the files of the core share. */
#ifndef _KFABRIC_CORE_H_
#define _KFABRIC_CORE_H_

struct dentry;

void kfi_placement_init(struct dentry *dir);

#endif /* _KFABRIC_CORE_H_ */
