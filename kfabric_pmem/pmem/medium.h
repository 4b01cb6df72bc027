/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pool lies on: a DAX block device, or DRAM.
 */
#ifndef KFI_PMEM_MEDIUM_H
#define KFI_PMEM_MEDIUM_H

#include <linux/list.h>
#include <linux/types.h>
#include "kfi_pmem.h"

struct dax_device;
struct dev_pagemap;
struct kfi_ram;
struct nd_region;
struct netlink_ext_ack;
struct work_struct;

/**
 * struct kfi_medium - where a pool's bytes are
 * @kaddr: first byte; all of it is contiguous in kernel addresses
 * @size: bytes
 * @domain: what the platform carries over a power loss
 * @dead: the device is going or gone
 * @ram: the DRAM, or NULL for a device; the rest but @bad is for devices
 * @file: the device, held exclusively
 * @dax: its direct access
 * @dax_offset: of the partition, in @dax
 * @pgmap: keeps the struct pages and the mapping of them until the last user
 *	of a region has gone: an unbind of the driver waits for it
 * @nd_region: its libnvdimm region, with a device reference, or NULL
 * @pfn: first page frame
 * @gone: work to do when the device goes
 * @list: of media that lie on devices
 * @bad_offset: poison in DRAM, for tests
 * @bad_length: bytes of it
 */
struct kfi_medium {
	void *kaddr;
	u64 size;
	enum kfi_pmem_domain domain;
	bool dead;
	struct kfi_ram *ram;
	struct file *file;
	struct dax_device *dax;
	u64 dax_offset;
	struct dev_pagemap *pgmap;
	struct nd_region *nd_region;
	unsigned long pfn;
	struct work_struct *gone;
	struct list_head list;
	u64 bad_offset;
	u64 bad_length;
};

int kfi_medium_open(struct kfi_medium *medium, const char *path,
		    struct work_struct *gone, struct netlink_ext_ack *extack);
int kfi_medium_check(struct kfi_medium *medium, struct netlink_ext_ack *extack);
int kfi_medium_open_ram(struct kfi_medium *medium, u64 size);
void kfi_medium_close(struct kfi_medium *medium);
void kfi_medium_drop_pages(struct kfi_medium *medium);

int kfi_medium_begin(struct kfi_medium *medium, u64 offset, u64 length);
void kfi_medium_end(struct kfi_medium *medium, int id);
int kfi_medium_read(struct kfi_medium *medium, u64 offset, void *buf,
		    size_t length);
int kfi_medium_heal(struct kfi_medium *medium, u64 offset, u64 length);
int kfi_medium_zero(struct kfi_medium *medium, u64 offset, u64 length);
struct page *kfi_medium_page(struct kfi_medium *medium, u64 offset);
unsigned int kfi_medium_block_shift(struct kfi_medium *medium, u64 offset);
u64 kfi_medium_aligned(struct kfi_medium *medium, u64 offset, u64 align);

/* Set the text of an error, cut to what fits in an answer. */
__printf(2, 3)
void kfi_pmem_text(struct netlink_ext_ack *extack, const char *fmt, ...);

#endif
