// SPDX-License-Identifier: GPL-2.0-only
/*
 * The on-media format: encoder, decoder and the order of an update's stores.
 *
 * Pure code: no locks, no allocation, no I/O of its own.
 */
#include <asm/byteorder.h>
#include <linux/array_size.h>
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/string.h>
#include "media.h"

/**
 * kfi_media_name_ok() - may this be the name of a pool, a region or a peer?
 * @name: terminated within KFI_MEDIA_NAME_MAX bytes, or not acceptable
 *
 * Return: true for 1 to 63 of [A-Za-z0-9._-] that are not "." or "..".
 */
bool kfi_media_name_ok(const char *name)
{
	size_t i, len = strnlen(name, KFI_MEDIA_NAME_MAX);

	if (!len || len == KFI_MEDIA_NAME_MAX)
		return false;
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (i = 0; i < len; i++) {
		char c = name[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

/* A name field: a good name and nothing behind its terminator. */
static bool name_field_ok(const __u8 *field)
{
	const char *name = (const char *)field;
	size_t len;

	if (!kfi_media_name_ok(name))
		return false;
	len = strlen(name);
	return !memchr_inv(field + len, 0, KFI_MEDIA_NAME_MAX - len);
}

static u32 ident_crc(const struct kfi_media_super *super)
{
	u32 crc;

	crc = crc32c(~0U, &super->magic, sizeof(super->magic));
	return ~crc32c(crc, &super->version, sizeof(super->version));
}

static u32 copy_crc(const struct kfi_media_super *super, const void *table,
		    u32 entries)
{
	struct kfi_media_super plain = *super;
	u32 crc;

	plain.crc = 0;
	crc = crc32c(~0U, &plain, sizeof(plain));
	return ~crc32c(crc, table, entries * sizeof(struct kfi_media_entry));
}

/**
 * kfi_media_encode() - encode one copy of a pool's header
 * @media: what to encode; trusted to be valid
 * @copy: which copy
 * @buf: KFI_MEDIA_COPY_SIZE bytes
 *
 * Return: bytes of @buf that count.
 */
size_t kfi_media_encode(const struct kfi_media *media, u32 copy, void *buf)
{
	struct kfi_media_entry *entry = buf + KFI_MEDIA_TABLE;
	struct kfi_media_super *super = buf;
	size_t length;
	u32 i;

	length = KFI_MEDIA_TABLE + media->entries * sizeof(*entry);
	memset(buf, 0, length);
	super->magic = cpu_to_le64(KFI_MEDIA_MAGIC);
	super->sequence = cpu_to_le64(media->sequence);
	super->version = cpu_to_le32(KFI_MEDIA_VERSION);
	super->ident_crc = cpu_to_le32(ident_crc(super));
	super->copy = cpu_to_le32(copy);
	memcpy(super->uuid, &media->uuid, sizeof(super->uuid));
	memcpy(super->name, media->name, strlen(media->name));
	super->size = cpu_to_le64(media->size);
	super->data_offset = cpu_to_le64(media->data_offset);
	super->data_size = cpu_to_le64(media->data_size);
	super->entry_size = cpu_to_le32(sizeof(*entry));
	super->entries = cpu_to_le32(media->entries);

	for (i = 0; i < media->entries; i++, entry++) {
		const struct kfi_media_region *region = &media->region[i];

		memcpy(entry->name, region->name, strlen(region->name));
		memcpy(entry->uuid, &region->uuid, sizeof(entry->uuid));
		entry->offset = cpu_to_le64(region->offset);
		entry->length = cpu_to_le64(region->length);
		entry->generation = cpu_to_le64(region->generation);
		entry->epoch = cpu_to_le64(region->epoch);
		memcpy(entry->set_uuid, &region->set_uuid,
		       sizeof(entry->set_uuid));
		entry->member = cpu_to_le32(region->member);
	}

	super->crc = cpu_to_le32(copy_crc(super, buf + KFI_MEDIA_TABLE,
					  media->entries));
	return length;
}

/*
 * Is this copy whole? Says nothing yet about what its fields mean. The order
 * matters: an unknown version is only believed when its own checksum holds,
 * and nothing else of such a copy is looked at.
 */
static int check_copy(const void *buf, u32 copy)
{
	const struct kfi_media_super *super = buf;
	u32 entries;

	if (super->magic != cpu_to_le64(KFI_MEDIA_MAGIC))
		return -ENODATA;
	if (le32_to_cpu(super->ident_crc) != ident_crc(super))
		return -EUCLEAN;
	if (super->version != cpu_to_le32(KFI_MEDIA_VERSION))
		return -EPROTONOSUPPORT;
	if (!super->sequence)
		return -EUCLEAN;
	entries = le32_to_cpu(super->entries);
	if (entries > KFI_MEDIA_ENTRIES_MAX ||
	    super->entry_size != cpu_to_le32(sizeof(struct kfi_media_entry)))
		return -EUCLEAN;
	if (le32_to_cpu(super->crc) !=
	    copy_crc(super, buf + KFI_MEDIA_TABLE, entries))
		return -EUCLEAN;
	if (super->copy != cpu_to_le32(copy))
		return -EUCLEAN;
	/* where file systems like to put their own superblock */
	if (memchr_inv(buf + sizeof(*super), 0,
		       KFI_MEDIA_TABLE - sizeof(*super)))
		return -EUCLEAN;
	return 0;
}

/*
 * A copy that is not whole: did something else write there? An update that a
 * power loss cut short keeps the magic number, and zeroes are what a creation
 * that was cut short leaves. Bits that rotted leave most of the rest.
 */
static bool is_overwritten(const void *buf, const void *whole)
{
	const struct kfi_media_super *super = buf, *other = whole;
	const char *what = kfi_media_foreign(buf, KFI_MEDIA_COPY_SIZE);

	if (!what)
		return false;
	if (strcmp(what, "data"))
		return true;
	return super->magic != other->magic &&
	       memcmp(super->uuid, other->uuid, sizeof(super->uuid));
}

static bool decode_region(const struct kfi_media *media, u64 free_from,
			  const struct kfi_media_entry *entry,
			  struct kfi_media_region *region)
{
	u64 data_end = media->data_offset + media->data_size;

	if (!name_field_ok(entry->name) || entry->flags ||
	    memchr_inv(entry->reserved, 0, sizeof(entry->reserved)))
		return false;
	memcpy(region->name, entry->name, sizeof(region->name));
	memcpy(&region->uuid, entry->uuid, sizeof(region->uuid));
	memcpy(&region->set_uuid, entry->set_uuid, sizeof(region->set_uuid));
	region->offset = le64_to_cpu(entry->offset);
	region->length = le64_to_cpu(entry->length);
	region->generation = le64_to_cpu(entry->generation);
	region->epoch = le64_to_cpu(entry->epoch);
	region->member = le32_to_cpu(entry->member);

	if (uuid_is_null(&region->uuid))
		return false;
	if (uuid_is_null(&region->set_uuid) && region->member)
		return false;
	if (!region->generation || region->epoch > KFI_MEDIA_EPOCH_MAX)
		return false;
	if (!region->length || region->length % KFI_MEDIA_BLOCK ||
	    region->offset % KFI_MEDIA_BLOCK)
		return false;
	/* sorted by offset, so one comparison finds an overlap */
	return region->offset >= free_from && region->offset <= data_end &&
	       region->length <= data_end - region->offset;
}

static bool is_duplicate(const struct kfi_media *media, u32 i)
{
	u32 j;

	for (j = 0; j < i; j++)
		if (!memcmp(&media->region[j].uuid, &media->region[i].uuid,
			    sizeof(uuid_t)) ||
		    !strcmp(media->region[j].name, media->region[i].name))
			return true;
	return false;
}

/**
 * kfi_media_decode() - decode and validate one copy of a pool's header
 * @buf: KFI_MEDIA_COPY_SIZE bytes, from anywhere
 * @copy: which copy it is
 * @media: where to; @media->region has room for KFI_MEDIA_ENTRIES_MAX
 *
 * Return: 0; -ENODATA: not of our making; -EPROTONOSUPPORT: of a version that
 * is not known here; -EUCLEAN: not committed, damaged, or senseless.
 */
int kfi_media_decode(const void *buf, u32 copy, struct kfi_media *media)
{
	const struct kfi_media_entry *entry = buf + KFI_MEDIA_TABLE;
	const struct kfi_media_super *super = buf;
	u64 free_from;
	int err;
	u32 i;

	err = check_copy(buf, copy);
	if (err)
		return err;

	if (!name_field_ok(super->name) || super->flags ||
	    memchr_inv(super->reserved, 0, sizeof(super->reserved)))
		return -EUCLEAN;
	media->sequence = le64_to_cpu(super->sequence);
	memcpy(&media->uuid, super->uuid, sizeof(media->uuid));
	memcpy(media->name, super->name, sizeof(media->name));
	media->size = le64_to_cpu(super->size);
	media->data_offset = le64_to_cpu(super->data_offset);
	media->data_size = le64_to_cpu(super->data_size);
	media->entries = le32_to_cpu(super->entries);
	if (uuid_is_null(&media->uuid) ||
	    media->data_offset < KFI_MEDIA_HEADER ||
	    media->data_offset % KFI_MEDIA_BLOCK ||
	    media->data_size % KFI_MEDIA_BLOCK ||
	    media->data_offset > media->size ||
	    media->data_size > media->size - media->data_offset)
		return -EUCLEAN;

	free_from = media->data_offset;
	for (i = 0; i < media->entries; i++, entry++) {
		struct kfi_media_region *region = &media->region[i];

		if (!decode_region(media, free_from, entry, region) ||
		    is_duplicate(media, i))
			return -EUCLEAN;
		free_from = region->offset + region->length;
	}
	return 0;
}

/* Do two whole copies say the same, but for what differs in every update? */
static bool same_content(const struct kfi_media_super *a,
			 const struct kfi_media_super *b)
{
	struct kfi_media_super plain = *b;

	plain.sequence = a->sequence;
	plain.crc = a->crc;
	plain.copy = a->copy;
	return !memcmp(a, &plain, sizeof(plain)) &&
	       !memcmp((const void *)a + KFI_MEDIA_TABLE,
		       (const void *)b + KFI_MEDIA_TABLE,
		       le32_to_cpu(a->entries) *
		       sizeof(struct kfi_media_entry));
}

/**
 * kfi_media_select() - decode the newest copy of a pool's header
 * @copies: the copies, KFI_MEDIA_COPY_SIZE bytes each; NULL if unreadable
 * @media: where to
 * @intact: tells which of the copies need no repair: those that are whole, and
 *	say what @media says. An update that was cut short between the copies
 *	counts once it was seen, and must not be undone by the loss of one
 *
 * Every acknowledged update is in both copies, so that losing one to the
 * medium loses nothing. A copy with a good checksum and senseless fields is
 * not passed over in favour of the other: a writer is broken, and going back
 * might undo a fence. Nor is a pool taken whose one copy something else wrote
 * over, a mkfs for example: the repair would destroy that.
 *
 * Return: as kfi_media_decode(); when one copy is not usable, the error of the
 * better one.
 */
int kfi_media_select(const void *const copies[KFI_MEDIA_COPIES],
		     struct kfi_media *media, bool intact[KFI_MEDIA_COPIES])
{
	u64 sequence[KFI_MEDIA_COPIES] = {};
	int err[KFI_MEDIA_COPIES];
	u32 i;

	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		const struct kfi_media_super *super = copies[i];

		err[i] = super ? check_copy(super, i) : -EUCLEAN;
		intact[i] = !err[i];
		if (!err[i])
			sequence[i] = le64_to_cpu(super->sequence);
	}
	/* a newer kernel was here: whatever the other copy says is outdated */
	if (err[0] == -EPROTONOSUPPORT || err[1] == -EPROTONOSUPPORT)
		return -EPROTONOSUPPORT;
	if (err[0] && err[1]) {
		/* an unreadable copy tells nothing, a foreign one does */
		if (!copies[0])
			return err[1];
		if (!copies[1])
			return err[0];
		return err[0] == -ENODATA ? err[1] : err[0];
	}
	if (sequence[0] == sequence[1])
		return -EUCLEAN;
	for (i = 0; i < KFI_MEDIA_COPIES; i++)
		if (err[i] && copies[i] && is_overwritten(copies[i], copies[!i]))
			return -EUCLEAN;
	i = sequence[1] > sequence[0];
	if (!err[!i] && !same_content(copies[i], copies[!i]))
		intact[!i] = false;
	return kfi_media_decode(copies[i], i, media);
}

/**
 * kfi_media_update() - write one copy of a pool's header
 * @io: the medium
 * @ctx: for @io
 * @media: what to write, with a sequence number above that of both copies
 * @copy: which copy
 * @buf: KFI_MEDIA_COPY_SIZE bytes of scratch space
 *
 * At each moment a power loss leaves the copy either as it was, or recognised
 * as not committed, or as @media; the other copy is not touched.
 *
 * Return: 0, or what @io returned.
 */
int kfi_media_update(const struct kfi_media_io *io, void *ctx,
		     const struct kfi_media *media, u32 copy, void *buf)
{
	const u64 base = kfi_media_copy_offset(copy);
	const u64 commit = base + offsetof(struct kfi_media_super, sequence);
	const __le64 sequence = cpu_to_le64(media->sequence);
	struct kfi_media_super *super = buf;
	const __le64 none = 0;
	size_t length;
	int err;

	length = kfi_media_encode(media, copy, buf);
	if (io->prepare) {
		err = io->prepare(ctx, base, length);
		if (err)
			return err;
	}

	/* 1. Take the old content back, before any byte of it changes. */
	err = io->store(ctx, commit, &none, sizeof(none));
	if (err)
		return err;
	err = io->persist(ctx);
	if (err)
		return err;

	/* 2. The content; the stores of this step may land in any order. */
	super->sequence = none;
	err = io->store(ctx, base, buf, length);
	if (err)
		return err;
	err = io->persist(ctx);
	if (err)
		return err;

	/* 3. The commit point: one 8-byte store. */
	err = io->store(ctx, commit, &sequence, sizeof(sequence));
	if (err)
		return err;
	return io->persist(ctx);
}

static const struct {
	const char *name;
	u32 offset;
	u32 length;
	const char *magic;
} signatures[] = {
	{ "XFS", 0, 4, "XFSB" },
	{ "LUKS", 0, 6, "LUKS\xba\xbe" },
	{ "ext2/3/4", 1080, 2, "\x53\xef" },
	{ "F2FS", 1024, 4, "\x10\x20\xf5\xf2" },
	{ "btrfs", 0x10040, 8, "_BHRfS_M" },
	{ "LVM", 512, 8, "LABELONE" },
	{ "GPT", 512, 8, "EFI PART" },
	{ "GPT", 4096, 8, "EFI PART" },
	{ "swap", 4086, 10, "SWAPSPACE2" },
	{ "md RAID", 4096, 4, "\xfc\x4e\x2b\xa9" },
	{ "BTT", 16, 12, "BTT_ARENA_IN" },
	{ "NTFS", 3, 8, "NTFS    " },
	{ "a boot sector", 510, 2, "\x55\xaa" },
};

/**
 * kfi_media_foreign() - what is on a device that holds no pool?
 * @buf: the start of the device
 * @length: how much of it
 *
 * Return: the name of what was recognised, "data" for anything else that is
 * not zero, NULL for nothing.
 */
const char *kfi_media_foreign(const void *buf, size_t length)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signatures); i++)
		if (signatures[i].offset + signatures[i].length <= length &&
		    !memcmp(buf + signatures[i].offset, signatures[i].magic,
			    signatures[i].length))
			return signatures[i].name;
	return memchr_inv(buf, 0, length) ? "data" : NULL;
}
