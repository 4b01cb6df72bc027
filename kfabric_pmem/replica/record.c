// SPDX-License-Identifier: GPL-2.0-only
/* The record of a replica set: encoder, decoder, and where it is. */
#include <linux/align.h>
#include <linux/bits.h>
#include <linux/crc32c.h>
#include <linux/ctype.h>
#include <linux/string.h>
#include "record.h"

static u32 kfs_record_crc(const struct kfs_media_record *media)
{
	static const __le32 zero;
	u32 crc;

	crc = crc32c(~0U, media, offsetof(struct kfs_media_record, crc));
	crc = crc32c(crc, &zero, sizeof(zero));
	return ~crc32c(crc, media->uuid,
		       sizeof(*media) - offsetof(struct kfs_media_record, uuid));
}

/**
 * kfs_record_encode() - a record as it is on the medium
 * @record: the record, valid
 * @media: where to
 *
 * Context: any.
 */
void kfs_record_encode(const struct kfs_record *record,
		       struct kfs_media_record *media)
{
	u32 flags;
	u32 i;

	memset(media, 0, sizeof(*media));
	media->magic = cpu_to_le64(KFS_RECORD_MAGIC);
	media->sequence = cpu_to_le64(record->sequence);
	media->version = cpu_to_le32(KFS_RECORD_VERSION);
	export_uuid(media->uuid, &record->uuid);
	strscpy_pad((char *)media->name, record->name, sizeof(media->name));
	media->size = cpu_to_le64(record->size);
	media->epoch = cpu_to_le64(record->epoch);
	media->generation = cpu_to_le64(record->generation);
	media->extent_shift = cpu_to_le32(record->extent_shift);
	media->members = cpu_to_le32(record->members);
	media->self = cpu_to_le32(record->self);
	media->in_sync = cpu_to_le32(record->in_sync);
	media->full = cpu_to_le32(record->full);
	for (i = 0; i < record->members; i++) {
		const struct kfs_record_member *m = &record->member[i];

		flags = (m->witness ? KFS_MEDIA_F_WITNESS : 0) |
			(m->gone ? KFS_MEDIA_F_GONE : 0);
		strscpy_pad((char *)media->member[i].region, m->region,
			    sizeof(media->member[i].region));
		export_uuid(media->member[i].uuid, &m->uuid);
		media->member[i].flags = cpu_to_le32(flags);
	}
	media->crc = cpu_to_le32(kfs_record_crc(media));
}

/*
 * A name that ends inside of its field, and nothing behind it. Another machine
 * wrote it, and it goes into the log.
 */
static bool kfs_name_ok(const u8 *name, size_t size)
{
	size_t length = strnlen((const char *)name, size), i;

	for (i = 0; i < length; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("._-", name[i])))
			return false;
	return length && length < size &&
	       !memchr_inv(name + length, 0, size - length);
}

static int kfs_member_decode(const struct kfs_media_member *media,
			     struct kfs_record_member *member)
{
	u32 flags = le32_to_cpu(media->flags);

	if (!kfs_name_ok(media->region, sizeof(media->region)) ||
	    flags & ~(KFS_MEDIA_F_WITNESS | KFS_MEDIA_F_GONE) ||
	    memchr_inv(media->reserved, 0, sizeof(media->reserved)))
		return -EUCLEAN;
	strscpy(member->region, (const char *)media->region,
		sizeof(member->region));
	import_uuid(&member->uuid, media->uuid);
	if (uuid_is_null(&member->uuid))
		return -EUCLEAN;
	member->witness = flags & KFS_MEDIA_F_WITNESS;
	member->gone = flags & KFS_MEDIA_F_GONE;
	return 0;
}

static bool kfs_record_fits(const struct kfs_record *record)
{
	u32 all = 0, i;

	/* Who holds data: others are neither in sync nor to be made so. */
	for (i = 0; i < record->members; i++)
		if (!record->member[i].witness && !record->member[i].gone)
			all |= BIT(i);
	return record->sequence && !uuid_is_null(&record->uuid) &&
	       record->size && IS_ALIGNED(record->size, 4096) &&
	       record->extent_shift >= KFS_EXTENT_SHIFT_MIN &&
	       record->extent_shift <= KFS_EXTENT_SHIFT_MAX &&
	       record->size <= (u64)KFS_EXTENTS_MAX << record->extent_shift &&
	       record->self < record->members &&
	       !(record->in_sync & ~all) && !(record->full & ~all) &&
	       !(record->in_sync & record->full);
}

/**
 * kfs_record_decode() - read one copy of a record
 * @buf: sizeof(struct kfs_media_record) bytes from a member, not trusted
 * @record: filled
 *
 * Context: any.
 * Return: 0; -ENODATA: there is none; -EPROTONOSUPPORT: of another version;
 * -EUCLEAN: damaged.
 */
int kfs_record_decode(const void *buf, struct kfs_record *record)
{
	const struct kfs_media_record *media = buf;
	u32 i;
	int err;

	memset(record, 0, sizeof(*record));
	if (le64_to_cpu(media->magic) != KFS_RECORD_MAGIC)
		return -ENODATA;
	if (le32_to_cpu(media->version) != KFS_RECORD_VERSION)
		return -EPROTONOSUPPORT;
	if (le32_to_cpu(media->crc) != kfs_record_crc(media))
		return -EUCLEAN;

	record->members = le32_to_cpu(media->members);
	if (!record->members || record->members > KFI_SET_MEMBERS_MAX ||
	    !kfs_name_ok(media->name, sizeof(media->name)) ||
	    memchr_inv(media->reserved, 0, sizeof(media->reserved)) ||
	    memchr_inv(&media->member[record->members], 0,
		       (KFI_SET_MEMBERS_MAX - record->members) *
		       sizeof(media->member[0])))
		return -EUCLEAN;
	for (i = 0; i < record->members; i++) {
		err = kfs_member_decode(&media->member[i], &record->member[i]);
		if (err)
			return err;
	}
	strscpy(record->name, (const char *)media->name, sizeof(record->name));
	import_uuid(&record->uuid, media->uuid);
	record->sequence = le64_to_cpu(media->sequence);
	record->size = le64_to_cpu(media->size);
	record->epoch = le64_to_cpu(media->epoch);
	record->generation = le64_to_cpu(media->generation);
	record->extent_shift = le32_to_cpu(media->extent_shift);
	record->self = le32_to_cpu(media->self);
	record->in_sync = le32_to_cpu(media->in_sync);
	record->full = le32_to_cpu(media->full);
	return kfs_record_fits(record) ? 0 : -EUCLEAN;
}

/**
 * kfs_record_select() - the newer of a member's two copies
 * @copies: KFS_RECORD_AREA bytes from a member, not trusted
 * @record: filled
 *
 * A copy that was torn by a power cut is damaged, and was not acknowledged:
 * the other one counts.
 *
 * Context: any.
 * Return: 0, or as kfs_record_decode(), of an unknown version in any copy.
 */
int kfs_record_select(const void *copies, struct kfs_record *record)
{
	struct kfs_record other;
	int err, err_other;

	err = kfs_record_decode(copies, record);
	err_other = kfs_record_decode(copies + KFS_RECORD_STRIDE, &other);
	if (err == -EPROTONOSUPPORT || err_other == -EPROTONOSUPPORT)
		return -EPROTONOSUPPORT;
	if (!err_other && (err || other.sequence > record->sequence)) {
		*record = other;
		return 0;
	}
	if (err == -ENODATA && err_other == -EUCLEAN)
		return -EUCLEAN;
	return err;
}

/**
 * kfs_record_newer() - does one record count before another?
 * @a: the one
 * @b: the other
 *
 * By epoch first: a writer that was cut off may have written any number of
 * generations to itself alone.
 *
 * Context: any.
 * Return: whether @a is of a later writer, or of the same and newer.
 */
bool kfs_record_newer(const struct kfs_record *a, const struct kfs_record *b)
{
	if (a->epoch != b->epoch)
		return a->epoch > b->epoch;
	return a->generation > b->generation;
}

/**
 * kfs_layout() - where data, intent bits and record are in a region
 * @region_size: bytes of the region
 * @witness: it holds no data
 * @extent_shift: log2 of the bytes of an intent bit
 * @layout: filled
 *
 * The record is at the end, where it is found without knowing anything else.
 *
 * Context: any.
 * Return: 0 or -ENOSPC: the region is too small.
 */
int kfs_layout(u64 region_size, bool witness, u32 extent_shift,
	       struct kfs_layout *layout)
{
	u64 bytes;

	if (region_size < KFS_RECORD_AREA)
		return -ENOSPC;
	layout->record = ALIGN_DOWN(region_size, 4096) - KFS_RECORD_AREA;
	layout->bitmap = layout->record;
	layout->data = 0;
	if (witness)
		return 0;
	bytes = DIV_ROUND_UP_ULL(kfs_extents(region_size, extent_shift), 8);
	bytes = ALIGN(bytes, 4096);
	if (layout->record < bytes + 4096)
		return -ENOSPC;
	layout->bitmap -= bytes;
	layout->data = layout->bitmap;
	return 0;
}
