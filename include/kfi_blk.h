/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices /dev/kfiblkN on replica sets. A set has one at most.
 * Documentation/block.rst says what such a device promises.
 */
#ifndef KFI_BLK_H
#define KFI_BLK_H

#include <linux/types.h>

struct netlink_ext_ack;

/**
 * struct kfi_blk_params - how a device is made
 * @set: name of the replica set
 * @number: N of kfiblkN, or -1 for the first that is free
 * @block_size: bytes of a logical block: 512 or 4096; 0 for 4096
 * @read_only: refuse writes
 */
struct kfi_blk_params {
	const char *set;
	int number;
	unsigned int block_size;
	bool read_only;
};

/**
 * struct kfi_blk_attr - facts about a device
 * @number: N of kfiblkN
 * @set: name of its set
 * @size: bytes
 * @block_size: bytes of a logical block
 * @read_only: refuses writes
 * @openers: how often it is open, mounts and partitions included
 */
struct kfi_blk_attr {
	int number;
	const char *set;
	u64 size;
	unsigned int block_size;
	bool read_only;
	unsigned int openers;
};

int kfi_blk_add(const struct kfi_blk_params *params, int *number,
		struct netlink_ext_ack *extack);
int kfi_blk_del(const char *name, bool force, struct netlink_ext_ack *extack);
int kfi_blk_resize(const char *name, struct netlink_ext_ack *extack);
int kfi_blk_for_each(int (*fn)(const struct kfi_blk_attr *attr, void *arg),
		     void *arg);

#endif
