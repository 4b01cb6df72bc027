/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record: what a member durably knows of its set. The one encoder and the
 * one decoder. Documentation/on-media-format.rst describes it.
 */
#ifndef KFI_REPLICA_RECORD_H
#define KFI_REPLICA_RECORD_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include "kfi_replica.h"

#define KFS_RECORD_MAGIC	0x0054455349464bULL	/* "KFISET", LE */
#define KFS_RECORD_VERSION	1
#define KFS_RECORD_COPIES	2
#define KFS_RECORD_STRIDE	4096	/* from one copy to the other */
#define KFS_RECORD_AREA		(KFS_RECORD_COPIES * KFS_RECORD_STRIDE)

#define KFS_EXTENT_SHIFT_MIN	16
#define KFS_EXTENT_SHIFT_MAX	30
#define KFS_EXTENTS_MAX		BIT(30)

#define KFS_MEDIA_F_WITNESS	0x1	/* of a member: holds no data */
#define KFS_MEDIA_F_GONE	0x2	/* removed; the index is not used again */

struct kfs_media_member {
	__u8 region[KFI_PMEM_NAME_MAX];
	__u8 uuid[16];
	__le32 flags;
	__u8 reserved[12];
};

struct kfs_media_record {
	__le64 magic;
	__le64 sequence;	/* of the update; the higher copy is the newer */
	__le32 version;
	__le32 crc;		/* CRC32C of the record, as if 0 here */
	__u8 uuid[16];
	__u8 name[KFI_PMEM_NAME_MAX];
	__le64 size;		/* bytes of data */
	__le64 epoch;		/* of the writer that wrote this */
	__le64 generation;
	__le32 extent_shift;
	__le32 members;
	__le32 self;		/* which of the members this is */
	__le32 in_sync;		/* bit per member */
	__le32 full;		/* bit per member: its intent bits do not suffice */
	__u8 reserved[108];
	struct kfs_media_member member[KFI_SET_MEMBERS_MAX];
};

static_assert(sizeof(struct kfs_media_member) == 96);
static_assert(sizeof(struct kfs_media_record) == 1024);

struct kfs_record_member {
	char region[KFI_PMEM_NAME_MAX];
	uuid_t uuid;
	bool witness;
	bool gone;
};

/* A record as decoded. */
struct kfs_record {
	u64 sequence;
	uuid_t uuid;
	char name[KFI_PMEM_NAME_MAX];
	u64 size;
	u64 epoch;
	u64 generation;
	u32 extent_shift;
	u32 members;
	u32 self;
	u32 in_sync;
	u32 full;
	struct kfs_record_member member[KFI_SET_MEMBERS_MAX];
};

/* Where things are in a member's region of so many bytes. */
struct kfs_layout {
	u64 data;	/* bytes of data, from offset 0 */
	u64 bitmap;	/* offset of the intent bits */
	u64 record;	/* offset of the record's first copy */
};

void kfs_record_encode(const struct kfs_record *record,
		       struct kfs_media_record *media);
int kfs_record_decode(const void *buf, struct kfs_record *record);
int kfs_record_select(const void *copies, struct kfs_record *record);
bool kfs_record_newer(const struct kfs_record *a, const struct kfs_record *b);
int kfs_layout(u64 region_size, bool witness, u32 extent_shift,
	       struct kfs_layout *layout);

static inline u64 kfs_extents(u64 size, u32 extent_shift)
{
	return (size + BIT_ULL(extent_shift) - 1) >> extent_shift;
}

#endif
