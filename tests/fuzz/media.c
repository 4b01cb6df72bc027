// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder of a pool's header. An input is changes of two valid copies, each
 * with the checksums set right again or not.
 */
#include "media.h"
#include "fuzz.h"

#define REGIONS		3
#define ROOM		(KFI_MEDIA_TABLE + 8 * sizeof(struct kfi_media_entry))

/* Of the first byte: what is done with the copies. */
enum {
	SEAL_0 = 0x01, SEAL_1 = 0x02,		/* its checksums are right */
	UNREADABLE_0 = 0x04, UNREADABLE_1 = 0x08,
	BLANK = 0x10,				/* nothing was there before */
};

static union {
	struct kfi_media_super super;
	u8 bytes[KFI_MEDIA_COPY_SIZE];
} copy[KFI_MEDIA_COPIES], again;

static struct kfi_media_region room[3][KFI_MEDIA_ENTRIES_MAX];

/* What there is to be changed; "regions" of it are in use. */
static void make_pool(struct kfi_media *media, u32 regions, u64 sequence)
{
	u32 i;

	memset(media, 0, sizeof(*media));
	media->sequence = sequence;
	media->region = room[0];
	memset(&media->uuid, 0x11, sizeof(media->uuid));
	strcpy(media->name, "tank");
	media->size = KFI_MEDIA_HEADER + 100 * KFI_MEDIA_BLOCK;
	media->data_offset = KFI_MEDIA_HEADER;
	media->data_size = 100 * KFI_MEDIA_BLOCK;
	media->entries = regions;
	for (i = 0; i < regions; i++) {
		struct kfi_media_region *region = &room[0][i];

		memset(region, 0, sizeof(*region));
		snprintf(region->name, sizeof(region->name), "data%u", i);
		memset(&region->uuid, 0x20 + i, sizeof(region->uuid));
		region->offset = KFI_MEDIA_HEADER + i * 8 * KFI_MEDIA_BLOCK;
		region->length = (i + 1) * KFI_MEDIA_BLOCK;
		region->generation = i + 1;
		region->epoch = 7;
	}
}

/* Both copies as they are after an update; made once. */
static const u8 *template(u32 which, u32 regions)
{
	static u8 made[KFI_MEDIA_COPIES][REGIONS + 1][ROOM];
	struct kfi_media media;

	if (!made[which][regions][0]) {
		make_pool(&media, regions, 8 + which);
		kfi_media_encode(&media, which, again.bytes);
		memcpy(made[which][regions], again.bytes, ROOM);
	}
	return made[which][regions];
}

/* As the writer does it, and as whoever knows how it does it. */
static void seal(struct kfi_media_super *super)
{
	u32 entries = le32_to_cpu(super->entries), crc;

	crc = crc32c(~0U, &super->magic, sizeof(super->magic));
	super->ident_crc = cpu_to_le32(~crc32c(crc, &super->version,
					       sizeof(super->version)));
	if (entries > KFI_MEDIA_ENTRIES_MAX)
		return;
	super->crc = 0;
	crc = crc32c(~0U, super, sizeof(*super));
	super->crc = cpu_to_le32(~crc32c(crc, (u8 *)super + KFI_MEDIA_TABLE,
					 entries * sizeof(struct kfi_media_entry)));
}

static bool overlap(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return a < b + b_len && b < a + a_len;
}

static void region_holds(const struct kfi_media *media, u32 i)
{
	const struct kfi_media_region *r = &media->region[i];
	u32 j;

	FUZZ_CHECK(kfi_media_name_ok(r->name) && !uuid_is_null(&r->uuid));
	FUZZ_CHECK(r->length && !(r->length % KFI_MEDIA_BLOCK));
	FUZZ_CHECK(!(r->offset % KFI_MEDIA_BLOCK));
	FUZZ_CHECK(r->offset >= media->data_offset);
	FUZZ_CHECK(r->length <= media->data_size);
	FUZZ_CHECK(r->offset - media->data_offset <=
		   media->data_size - r->length);
	FUZZ_CHECK(r->generation && r->epoch <= KFI_MEDIA_EPOCH_MAX);
	for (j = 0; j < i; j++) {
		const struct kfi_media_region *other = &media->region[j];

		FUZZ_CHECK(!overlap(r->offset, r->length, other->offset,
				    other->length));
		FUZZ_CHECK(strcmp(r->name, other->name));
		FUZZ_CHECK(memcmp(&r->uuid, &other->uuid, sizeof(r->uuid)));
	}
}

static void pool_holds(const struct kfi_media *media)
{
	u32 i;

	FUZZ_CHECK(media->sequence && media->entries <= KFI_MEDIA_ENTRIES_MAX);
	FUZZ_CHECK(kfi_media_name_ok(media->name));
	FUZZ_CHECK(!uuid_is_null(&media->uuid));
	FUZZ_CHECK(media->data_offset >= KFI_MEDIA_HEADER);
	FUZZ_CHECK(media->data_offset <= media->size);
	FUZZ_CHECK(media->data_size <= media->size - media->data_offset);
	for (i = 0; i < media->entries; i++)
		region_holds(media, i);
}

/* What was decoded says all that is in the copy: encoded it is the same. */
static void encodes_back(const struct kfi_media *media, u32 which,
			 const void *image)
{
	size_t length = kfi_media_encode(media, which, again.bytes);

	FUZZ_CHECK(length <= KFI_MEDIA_COPY_SIZE);
	FUZZ_CHECK(!memcmp(again.bytes, image, length));
}

static bool known_error(int err)
{
	return err == -ENODATA || err == -EPROTONOSUPPORT || err == -EUCLEAN;
}

/* Return: whether this copy alone is a header. */
static bool fuzz_decode(u32 which)
{
	struct kfi_media media = { .region = room[1] };
	int err = kfi_media_decode(&copy[which], which, &media);

	FUZZ_CHECK(!err || known_error(err));
	if (err)
		return false;
	pool_holds(&media);
	encodes_back(&media, which, &copy[which]);
	FUZZ_CHECK(kfi_media_decode(&copy[which], !which, &media) == -EUCLEAN);
	return true;
}

static void fuzz_select(u8 how, const bool good[KFI_MEDIA_COPIES])
{
	const void *copies[] = {
		how & UNREADABLE_0 ? NULL : &copy[0],
		how & UNREADABLE_1 ? NULL : &copy[1],
	};
	struct kfi_media media = { .region = room[2] }, of_copy;
	bool intact[KFI_MEDIA_COPIES];
	int err;
	u32 i;

	if (!copies[0] && !copies[1])
		return;
	err = kfi_media_select(copies, &media, intact);
	FUZZ_CHECK(!err || known_error(err));
	if (err)
		return;
	pool_holds(&media);
	FUZZ_CHECK(intact[0] || intact[1]);
	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		/* No update that was seen whole is undone. */
		if (copies[i] && good[i])
			FUZZ_CHECK(media.sequence >=
				   le64_to_cpu(copy[i].super.sequence));
		if (!intact[i])
			continue;
		FUZZ_CHECK(copies[i] && good[i]);
		of_copy = media;
		of_copy.sequence = le64_to_cpu(copy[i].super.sequence);
		encodes_back(&of_copy, i, &copy[i]);
	}
}

/* A checksum finds every change of up to 32 bits in a row. */
static bool must_be_found(const struct fuzz_patch *patch)
{
	size_t from = offsetof(struct kfi_media_super, ident_crc);
	size_t to = offsetof(struct kfi_media_super, copy);

	return patch->size <= 4 && patch->at + patch->size <= sizeof(struct kfi_media_super) &&
	       (patch->at >= to || patch->at + patch->size <= from) &&
	       (patch->at + patch->size <= offsetof(struct kfi_media_super, entries) ||
		patch->at >= offsetof(struct kfi_media_super, reserved));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	u8 how = fuzz_u8(&in), regions = fuzz_u8(&in) % (REGIONS + 1);
	const u8 *before[KFI_MEDIA_COPIES];
	struct fuzz_patch patch;
	bool good[KFI_MEDIA_COPIES];
	int patches = 0, of = 0;
	const char *what;
	u32 i;

	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		before[i] = template(i, regions);
		if (how & BLANK)
			memset(&copy[i], 0, ROOM);
		else
			memcpy(&copy[i], before[i], ROOM);
	}
	while (in.left) {
		of = fuzz_u8(&in) & 1;
		if (!fuzz_patch(&in, &copy[of], ROOM, &patch))
			break;
		patches++;
	}
	if (how & SEAL_0)
		seal(&copy[0].super);
	if (how & SEAL_1)
		seal(&copy[1].super);

	for (i = 0; i < KFI_MEDIA_COPIES; i++)
		good[i] = fuzz_decode(i);
	if (patches == 1 && !(how & BLANK) && !(how & (SEAL_0 << of)) && must_be_found(&patch) &&
	    memcmp(before[of], &copy[of], ROOM))
		FUZZ_CHECK(!good[of]);
	fuzz_select(how, good);
	what = kfi_media_foreign(&copy[0], ROOM);
	FUZZ_CHECK(!what == !memchr_inv(&copy[0], 0, ROOM));
	return 0;
}
