/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The on-media format: layout, the one encoder and the one decoder.
 *
 * Nothing in here knows kernel objects, so that media.c also builds in
 * userspace, for tests/fuzz. Documentation/on-media-format.rst describes the format.
 */
#ifndef KFI_PMEM_MEDIA_H
#define KFI_PMEM_MEDIA_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <linux/uuid.h>

#define KFI_MEDIA_MAGIC		0x004d454d5049464bULL	/* "KFIPMEM", LE */
#define KFI_MEDIA_VERSION	1
#define KFI_MEDIA_NAME_MAX	64
#define KFI_MEDIA_BLOCK		4096	/* regions start and end on these */
#define KFI_MEDIA_COPIES	2
#define KFI_MEDIA_COPY_STRIDE	0x100000
#define KFI_MEDIA_HEADER	(KFI_MEDIA_COPIES * KFI_MEDIA_COPY_STRIDE)
#define KFI_MEDIA_TABLE		4096	/* of the table, in its copy */
#define KFI_MEDIA_ENTRIES_MAX	1024
#define KFI_MEDIA_COPY_SIZE	(KFI_MEDIA_TABLE + KFI_MEDIA_ENTRIES_MAX * \
				 sizeof(struct kfi_media_entry))
#define KFI_MEDIA_EPOCH_MAX	(~0ULL - 1)

/* One copy's superblock. The store to @sequence is what commits an update. */
struct kfi_media_super {
	__le64 magic;
	__le64 sequence;	/* 0: this copy is not committed */
	__le32 version;
	__le32 ident_crc;	/* CRC32C of magic and version, in any version */
	__le32 crc;		/* CRC32C of superblock, as if 0 here, and table */
	__le32 copy;		/* which of the copies this is */
	__u8 uuid[16];
	__u8 name[KFI_MEDIA_NAME_MAX];
	__le64 size;		/* bytes of the device in use */
	__le64 data_offset;	/* of the first region's first possible byte */
	__le64 data_size;
	__le64 flags;		/* none defined */
	__le32 entry_size;
	__le32 entries;
	__u8 reserved[104];	/* zero */
};

/* One region. Entries are dense and sorted by offset. */
struct kfi_media_entry {
	__u8 name[KFI_MEDIA_NAME_MAX];
	__u8 uuid[16];
	__le64 offset;		/* bytes from the start of the device */
	__le64 length;
	__le64 generation;
	__le64 epoch;
	__le64 flags;		/* none defined */
	__u8 set_uuid[16];	/* replica set, or the null UUID */
	__le32 member;		/* index in the set */
	__u8 reserved[116];	/* zero */
};

static_assert(sizeof(struct kfi_media_super) == 256);
static_assert(sizeof(struct kfi_media_entry) == 256);
static_assert(KFI_MEDIA_COPY_SIZE <= KFI_MEDIA_COPY_STRIDE);

/* A region as decoded. */
struct kfi_media_region {
	char name[KFI_MEDIA_NAME_MAX];
	uuid_t uuid;
	u64 offset;
	u64 length;
	u64 generation;
	u64 epoch;
	uuid_t set_uuid;
	u32 member;
};

/* A pool as decoded. @region has room for KFI_MEDIA_ENTRIES_MAX. */
struct kfi_media {
	u64 sequence;
	uuid_t uuid;
	char name[KFI_MEDIA_NAME_MAX];
	u64 size;
	u64 data_offset;
	u64 data_size;
	u32 entries;
	struct kfi_media_region *region;
};

/**
 * struct kfi_media_io - how an update reaches the medium
 * @store: copy bytes to an offset of the medium. The first and the last store
 *	of an update are aligned 8-byte stores, which must not be torn
 * @persist: what was stored before survives a power loss, or the call fails
 * @prepare: an update is about to overwrite this range, or NULL: the place
 *	to clear poison
 */
struct kfi_media_io {
	int (*store)(void *ctx, u64 offset, const void *src, size_t length);
	int (*persist)(void *ctx);
	int (*prepare)(void *ctx, u64 offset, size_t length);
};

bool kfi_media_name_ok(const char *name);
size_t kfi_media_encode(const struct kfi_media *media, u32 copy, void *buf);
int kfi_media_decode(const void *buf, u32 copy, struct kfi_media *media);
int kfi_media_select(const void *const copies[KFI_MEDIA_COPIES],
		     struct kfi_media *media, bool intact[KFI_MEDIA_COPIES]);
int kfi_media_update(const struct kfi_media_io *io, void *ctx,
		     const struct kfi_media *media, u32 copy, void *buf);
const char *kfi_media_foreign(const void *buf, size_t length);

static inline u64 kfi_media_copy_offset(u32 copy)
{
	return (u64)copy * KFI_MEDIA_COPY_STRIDE;
}

#endif
