// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder of a replica set's record, and where it lies in a member. An input
 * is changes of two valid copies, each with its checksum set right or not.
 */
#include "record.h"
#include "fuzz.h"

enum { SEAL_0 = 0x01, SEAL_1 = 0x02, LAYOUT = 0x80 };

static void make_record(struct kfs_record *record, u32 members, u64 sequence)
{
	u32 i;

	memset(record, 0, sizeof(*record));
	record->sequence = sequence;
	memset(&record->uuid, 0x11, sizeof(record->uuid));
	strcpy(record->name, "vol");
	record->size = 1 << 24;
	record->epoch = 3;
	record->generation = 4;
	record->extent_shift = 20;
	record->members = members;
	for (i = 0; i < members; i++) {
		snprintf(record->member[i].region,
			 sizeof(record->member[i].region), "vol%u", i);
		memset(&record->member[i].uuid, 0x20 + i, UUID_SIZE);
	}
	record->in_sync = 1;
}

/* Both copies as they are after an update; made once. */
static const struct kfs_media_record *template(u32 which, u32 members)
{
	static struct kfs_media_record made[KFS_RECORD_COPIES][KFI_SET_MEMBERS_MAX];
	struct kfs_media_record *media = &made[which][members - 1];
	struct kfs_record record;

	if (!media->magic) {
		make_record(&record, members, 8 + which);
		kfs_record_encode(&record, media);
	}
	return media;
}

static void seal(struct kfs_media_record *media)
{
	media->crc = 0;
	media->crc = cpu_to_le32(~crc32c(~0U, media, sizeof(*media)));
}

static void name_holds(const char *name, size_t size)
{
	size_t len = strnlen(name, size), i;

	FUZZ_CHECK(len && len < size);
	/* It is shown to people, and written into the log. */
	for (i = 0; i < len; i++)
		FUZZ_CHECK(name[i] > ' ' && name[i] < 0x7f && name[i] != '/');
}

static void record_holds(const struct kfs_record *record)
{
	u32 data = 0, i;

	FUZZ_CHECK(record->members >= 1);
	FUZZ_CHECK(record->members <= KFI_SET_MEMBERS_MAX);
	FUZZ_CHECK(record->self < record->members && record->sequence);
	name_holds(record->name, sizeof(record->name));
	for (i = 0; i < record->members; i++) {
		name_holds(record->member[i].region,
			   sizeof(record->member[i].region));
		FUZZ_CHECK(!uuid_is_null(&record->member[i].uuid));
		if (!record->member[i].witness && !record->member[i].gone)
			data |= 1U << i;
	}
	FUZZ_CHECK(!(record->in_sync & ~data) && !(record->full & ~data));
	FUZZ_CHECK(!(record->in_sync & record->full));
	FUZZ_CHECK(record->size && !(record->size % 4096));
	/* A bit for each extent, and no more than can be kept in memory. */
	FUZZ_CHECK(record->extent_shift >= KFS_EXTENT_SHIFT_MIN);
	FUZZ_CHECK(record->extent_shift <= KFS_EXTENT_SHIFT_MAX);
	FUZZ_CHECK(kfs_extents(record->size, record->extent_shift) <=
		   KFS_EXTENTS_MAX);
}

static bool known_error(int err)
{
	return err == -ENODATA || err == -EPROTONOSUPPORT || err == -EUCLEAN;
}

/* Return: whether this copy alone is a record. */
static bool fuzz_decode(const struct kfs_media_record *media)
{
	struct kfs_media_record again;
	struct kfs_record record;
	int err = kfs_record_decode(media, &record);

	FUZZ_CHECK(!err || known_error(err));
	if (err)
		return false;
	record_holds(&record);
	kfs_record_encode(&record, &again);
	FUZZ_CHECK(!memcmp(&again, media, sizeof(again)));
	return true;
}

static void fuzz_select(const struct kfs_media_record *copy[KFS_RECORD_COPIES],
			const bool good[KFS_RECORD_COPIES])
{
	struct kfs_record record;
	int err = kfs_record_select(copy[0], &record);
	u32 i;

	FUZZ_CHECK(!err || known_error(err));
	if (err) {
		/* A damaged copy is no reason to lose the other. */
		if (err != -EPROTONOSUPPORT)
			FUZZ_CHECK(!good[0] && !good[1]);
		return;
	}
	FUZZ_CHECK(good[0] || good[1]);
	record_holds(&record);
	for (i = 0; i < KFS_RECORD_COPIES; i++)
		if (good[i])
			FUZZ_CHECK(record.sequence >=
				   le64_to_cpu(copy[i]->sequence));
}

/* Data, bits and record are beside each other, and inside of the region. */
static void fuzz_layout(struct fuzz_in in)
{
	u64 size = fuzz_u64(&in), bits;
	bool witness = fuzz_u8(&in) & 1;
	struct kfs_layout layout;
	u32 shift;

	shift = KFS_EXTENT_SHIFT_MIN +
		fuzz_u8(&in) % (KFS_EXTENT_SHIFT_MAX - KFS_EXTENT_SHIFT_MIN + 1);
	/* No region is as large: see kfr_wire_check_grant(). */
	size &= S64_MAX / 2;
	if (kfs_layout(size, witness, shift, &layout))
		return;
	FUZZ_CHECK(layout.record <= size && size - layout.record >= KFS_RECORD_AREA);
	FUZZ_CHECK(layout.bitmap <= layout.record);
	FUZZ_CHECK(layout.data <= layout.bitmap && !(layout.data % 4096));
	if (witness) {
		FUZZ_CHECK(!layout.data);
		return;
	}
	bits = (layout.record - layout.bitmap) * 8;
	FUZZ_CHECK(layout.data && kfs_extents(layout.data, shift) <= bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static u8 area[KFS_RECORD_AREA] __attribute__((aligned(8)));
	const struct kfs_media_record *copy[KFS_RECORD_COPIES];
	struct fuzz_in in = { data, size };
	u8 how = fuzz_u8(&in);
	u32 members = 1 + fuzz_u8(&in) % KFI_SET_MEMBERS_MAX;
	bool good[KFS_RECORD_COPIES];
	struct fuzz_patch patch;
	u32 i;

	if (how & LAYOUT) {
		fuzz_layout(in);
		return 0;
	}
	for (i = 0; i < KFS_RECORD_COPIES; i++) {
		u8 *at = area + i * KFS_RECORD_STRIDE;

		copy[i] = (const void *)at;
		memcpy(at, template(i, members), sizeof(*copy[i]));
	}
	while (in.left) {
		i = fuzz_u8(&in) & 1;
		if (!fuzz_patch(&in, area + i * KFS_RECORD_STRIDE,
				sizeof(struct kfs_media_record), &patch))
			break;
	}
	for (i = 0; i < KFS_RECORD_COPIES; i++) {
		if (how & (SEAL_0 << i))
			seal((struct kfs_media_record *)copy[i]);
		good[i] = fuzz_decode(copy[i]);
	}
	fuzz_select(copy, good);
	return 0;
}
