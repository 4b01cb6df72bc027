// SPDX-License-Identifier: GPL-2.0-only
/* The record of a replica set: what is read back, and what is not believed. */
#include <kunit/test.h>
#include <linux/crc32c.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "kfabric_pmem/replica/record.h"

#define SIZE	sizeof(struct kfs_media_record)

static unsigned long long record_seed;
module_param(record_seed, ullong, 0444);
MODULE_PARM_DESC(record_seed, "of what is random; 0: a new one each time");

static void record_make(struct kfs_record *record, u64 sequence)
{
	u32 i;

	memset(record, 0, sizeof(*record));
	record->sequence = sequence;
	memset(&record->uuid, 0x11, sizeof(record->uuid));
	strscpy(record->name, "a-set", sizeof(record->name));
	record->size = 1ULL << 30;
	record->epoch = 7;
	record->generation = 100 + sequence;
	record->extent_shift = 20;
	record->members = 4;
	record->self = 2;
	record->in_sync = BIT(0) | BIT(2);
	record->full = BIT(1);
	for (i = 0; i < record->members; i++) {
		snprintf(record->member[i].region,
			 sizeof(record->member[i].region), "region-%u", i);
		memset(&record->member[i].uuid, 0x20 + i, sizeof(uuid_t));
	}
	record->member[3].witness = true;
}

static struct kfs_media_record *record_media(struct kunit *test, u64 sequence)
{
	struct kfs_media_record *media = kunit_kzalloc(test, KFS_RECORD_AREA,
						       GFP_KERNEL);
	struct kfs_record *record = kunit_kzalloc(test, sizeof(*record),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, media);
	KUNIT_ASSERT_NOT_NULL(test, record);
	record_make(record, sequence);
	kfs_record_encode(record, media);
	return media;
}

static void record_seal(struct kfs_media_record *media)
{
	media->crc = 0;
	media->crc = cpu_to_le32(~crc32c(~0U, media, SIZE));
}

static int record_decode(struct kunit *test, const void *buf)
{
	struct kfs_record *record = kunit_kzalloc(test, sizeof(*record),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	return kfs_record_decode(buf, record);
}

static void record_round_trip(struct kunit *test)
{
	struct kfs_record *in = kunit_kzalloc(test, sizeof(*in), GFP_KERNEL);
	struct kfs_record *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	u8 *media = kunit_kzalloc(test, 2 * SIZE, GFP_KERNEL);
	u32 members;

	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, media);
	for (members = 1; members <= KFI_SET_MEMBERS_MAX; members++) {
		record_make(in, members);
		in->members = members;
		in->self = members - 1;
		in->full = 0;
		in->in_sync = BIT(0);
		memset(in->member[0].region, 'n', KFI_PMEM_NAME_MAX - 1);
		for (u32 i = 1; i < KFI_SET_MEMBERS_MAX; i++) {
			memset(&in->member[i], 0, sizeof(in->member[i]));
			if (i >= members)
				continue;
			snprintf(in->member[i].region, 8, "r%u", i);
			memset(&in->member[i].uuid, i, sizeof(uuid_t));
			in->member[i].gone = i & 1;
		}
		kfs_record_encode(in, (void *)media);
		KUNIT_ASSERT_EQ(test, 0, kfs_record_decode(media, out));
		KUNIT_EXPECT_MEMEQ(test, in, out, sizeof(*in));
		/* And the same bytes again: a copy can be written over itself. */
		kfs_record_encode(out, (void *)(media + SIZE));
		KUNIT_EXPECT_MEMEQ(test, media, media + SIZE, SIZE);
	}
}

/* What is wrong with a record whose checksum is right. */
static void break_members_none(struct kfs_media_record *m)
{
	m->members = 0;
}

static void break_members_many(struct kfs_media_record *m)
{
	m->members = cpu_to_le32(KFI_SET_MEMBERS_MAX + 1);
}

static void break_members_huge(struct kfs_media_record *m)
{
	m->members = cpu_to_le32(U32_MAX);
}

static void break_members_fewer(struct kfs_media_record *m)
{
	m->members = cpu_to_le32(3);
}

static void break_self(struct kfs_media_record *m)
{
	m->self = m->members;
}

static void break_in_sync(struct kfs_media_record *m)
{
	m->in_sync |= cpu_to_le32(BIT(4));
}

static void break_in_sync_witness(struct kfs_media_record *m)
{
	m->in_sync |= cpu_to_le32(BIT(3));
}

static void break_in_sync_gone(struct kfs_media_record *m)
{
	m->member[0].flags = cpu_to_le32(KFS_MEDIA_F_GONE);
}

static void break_full(struct kfs_media_record *m)
{
	m->full |= cpu_to_le32(BIT(31));
}

static void break_full_witness(struct kfs_media_record *m)
{
	m->full |= cpu_to_le32(BIT(3));
}

static void break_both(struct kfs_media_record *m)
{
	m->full = m->in_sync;
}

static void break_shift_small(struct kfs_media_record *m)
{
	m->extent_shift = cpu_to_le32(KFS_EXTENT_SHIFT_MIN - 1);
}

static void break_shift_large(struct kfs_media_record *m)
{
	m->extent_shift = cpu_to_le32(KFS_EXTENT_SHIFT_MAX + 1);
}

static void break_shift_huge(struct kfs_media_record *m)
{
	m->extent_shift = cpu_to_le32(64);
}

static void break_size_none(struct kfs_media_record *m)
{
	m->size = 0;
}

static void break_size_odd(struct kfs_media_record *m)
{
	m->size = cpu_to_le64((1ULL << 30) + 512);
}

static void break_size_huge(struct kfs_media_record *m)
{
	m->size = cpu_to_le64(U64_MAX & ~4095ULL);
}

static void break_sequence(struct kfs_media_record *m)
{
	m->sequence = 0;
}

static void break_uuid(struct kfs_media_record *m)
{
	memset(m->uuid, 0, sizeof(m->uuid));
}

static void break_name_none(struct kfs_media_record *m)
{
	memset(m->name, 0, sizeof(m->name));
}

static void break_name_open(struct kfs_media_record *m)
{
	memset(m->name, 'x', sizeof(m->name));
}

static void break_name_tail(struct kfs_media_record *m)
{
	m->name[sizeof(m->name) - 1] = 'x';
}

/* Another machine wrote it, and it goes into this one's log. */
static void break_name_lines(struct kfs_media_record *m)
{
	m->name[1] = '\n';
}

static void break_name_foreign(struct kfs_media_record *m)
{
	m->name[1] = 0xe4;
}

static void break_member_name_path(struct kfs_media_record *m)
{
	m->member[1].region[0] = '/';
}

static void break_reserved(struct kfs_media_record *m)
{
	m->reserved[sizeof(m->reserved) - 1] = 1;
}

static void break_member_name(struct kfs_media_record *m)
{
	memset(m->member[1].region, 'x', sizeof(m->member[1].region));
}

static void break_member_nameless(struct kfs_media_record *m)
{
	m->member[1].region[0] = 0;
}

static void break_member_uuid(struct kfs_media_record *m)
{
	memset(m->member[1].uuid, 0, sizeof(m->member[1].uuid));
}

static void break_member_flags(struct kfs_media_record *m)
{
	m->member[1].flags = cpu_to_le32(4);
}

static void break_member_reserved(struct kfs_media_record *m)
{
	m->member[1].reserved[0] = 1;
}

static void break_member_beyond(struct kfs_media_record *m)
{
	m->member[7].region[0] = 'x';
}

#define BREAK(what) { #what, break_##what }

static const struct {
	const char *what;
	void (*fn)(struct kfs_media_record *media);
} record_breaks[] = {
	BREAK(members_none), BREAK(members_many), BREAK(members_huge),
	BREAK(members_fewer), BREAK(self), BREAK(in_sync),
	BREAK(in_sync_witness), BREAK(in_sync_gone), BREAK(full),
	BREAK(full_witness), BREAK(both), BREAK(shift_small),
	BREAK(shift_large), BREAK(shift_huge), BREAK(size_none),
	BREAK(size_odd), BREAK(size_huge), BREAK(sequence), BREAK(uuid),
	BREAK(name_none), BREAK(name_open), BREAK(name_tail),
	BREAK(name_lines), BREAK(name_foreign), BREAK(member_name_path),
	BREAK(reserved),
	BREAK(member_name), BREAK(member_nameless), BREAK(member_uuid),
	BREAK(member_flags), BREAK(member_reserved), BREAK(member_beyond),
};

static void record_beyond_limits(struct kunit *test)
{
	struct kfs_media_record *media;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(record_breaks); i++) {
		media = record_media(test, 1);
		record_breaks[i].fn(media);
		record_seal(media);
		KUNIT_EXPECT_EQ_MSG(test, -EUCLEAN, record_decode(test, media),
				    "%s", record_breaks[i].what);
	}
	media = record_media(test, 1);
	media->version = cpu_to_le32(KFS_RECORD_VERSION + 1);
	record_seal(media);
	KUNIT_EXPECT_EQ(test, -EPROTONOSUPPORT, record_decode(test, media));
	media->magic = 0;
	record_seal(media);
	KUNIT_EXPECT_EQ(test, -ENODATA, record_decode(test, media));
}

/* Every bit counts, but for those of the magic number: then it is no record. */
static void record_bit_flips(struct kunit *test)
{
	struct kfs_record *record = kunit_kzalloc(test, sizeof(*record),
						  GFP_KERNEL);
	struct kfs_media_record *media = record_media(test, 3);
	u8 *bytes = (u8 *)media;
	unsigned int i;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, record);
	for (i = 0; i < 8 * SIZE; i++) {
		bytes[i / 8] ^= BIT(i % 8);
		ret = kfs_record_decode(media, record);
		KUNIT_EXPECT_NE_MSG(test, 0, ret, "bit %u", i);
		bytes[i / 8] ^= BIT(i % 8);
	}
	KUNIT_EXPECT_EQ(test, 0, kfs_record_decode(media, record));
}

/*
 * Two copies are there; the next update goes over the older one and is torn
 * after any number of 8-byte stores, in either order.
 */
static void record_torn(struct kunit *test)
{
	struct kfs_media_record *older = record_media(test, 10);
	struct kfs_media_record *newer = record_media(test, 11);
	struct kfs_media_record *next = record_media(test, 12);
	struct kfs_record *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	u8 *area = kunit_kzalloc(test, KFS_RECORD_AREA, GFP_KERNEL);
	unsigned int n, i, up;

	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, area);
	for (up = 0; up < 2; up++) {
		for (n = 0; n <= SIZE / 8; n++) {
			memcpy(area, older, SIZE);
			memcpy(area + KFS_RECORD_STRIDE, newer, SIZE);
			for (i = 0; i < n; i++) {
				unsigned int w = up ? i : SIZE / 8 - 1 - i;

				memcpy(area + 8 * w, (u8 *)next + 8 * w, 8);
			}
			KUNIT_ASSERT_EQ(test, 0, kfs_record_select(area, out));
			/* Stores that change nothing are not missed. */
			if (memcmp(area, next, SIZE))
				KUNIT_EXPECT_EQ(test, 11, out->sequence);
			else
				KUNIT_EXPECT_EQ(test, 12, out->sequence);
			KUNIT_EXPECT_EQ(test, 100 + out->sequence,
					out->generation);
		}
	}
}

static void record_select(struct kunit *test)
{
	struct kfs_record *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	u8 *area = kunit_kzalloc(test, KFS_RECORD_AREA, GFP_KERNEL);
	u8 *one, *two = area + KFS_RECORD_STRIDE;

	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, area);
	one = area;
	KUNIT_EXPECT_EQ(test, -ENODATA, kfs_record_select(area, out));
	memcpy(two, record_media(test, 1), SIZE);
	KUNIT_EXPECT_EQ(test, 0, kfs_record_select(area, out));
	KUNIT_EXPECT_EQ(test, 1, out->sequence);
	memcpy(one, record_media(test, 2), SIZE);
	KUNIT_EXPECT_EQ(test, 0, kfs_record_select(area, out));
	KUNIT_EXPECT_EQ(test, 2, out->sequence);
	memcpy(two, record_media(test, 3), SIZE);
	KUNIT_EXPECT_EQ(test, 0, kfs_record_select(area, out));
	KUNIT_EXPECT_EQ(test, 3, out->sequence);
	/* One that is damaged, both ways, and both. */
	two[100] ^= 1;
	KUNIT_EXPECT_EQ(test, 0, kfs_record_select(area, out));
	KUNIT_EXPECT_EQ(test, 2, out->sequence);
	one[100] ^= 1;
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kfs_record_select(area, out));
	memset(one, 0, SIZE);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kfs_record_select(area, out));
	swap(one, two);
	memcpy(two, one, SIZE);
	memset(one, 0, SIZE);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kfs_record_select(area, out));
	/* A version to come is not written over. */
	memcpy(two, record_media(test, 3), SIZE);
	memcpy(one, record_media(test, 4), SIZE);
	((struct kfs_media_record *)one)->version = cpu_to_le32(2);
	record_seal((void *)one);
	KUNIT_EXPECT_EQ(test, -EPROTONOSUPPORT, kfs_record_select(area, out));
}

static void record_newer(struct kunit *test)
{
	struct kfs_record *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct kfs_record *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	record_make(a, 1);
	record_make(b, 1);
	KUNIT_EXPECT_FALSE(test, kfs_record_newer(a, b));
	b->generation++;
	KUNIT_EXPECT_TRUE(test, kfs_record_newer(b, a));
	KUNIT_EXPECT_FALSE(test, kfs_record_newer(a, b));
	/* The epoch goes first; a member's own sequence says nothing. */
	a->epoch++;
	b->generation += 1000;
	b->sequence += 1000;
	KUNIT_EXPECT_TRUE(test, kfs_record_newer(a, b));
	KUNIT_EXPECT_FALSE(test, kfs_record_newer(b, a));
}

static void record_layout(struct kunit *test)
{
	static const u64 sizes[] = {
		0, 4096, 8191, 8192, 12288, 16384, 16385, 20480, SZ_1M,
		SZ_1M + 511, SZ_16M + 4096, 1ULL << 40, (1ULL << 46) - 4096,
	};
	struct kfs_layout l;
	unsigned int i, shift;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u64 size = sizes[i];

		if (!kfs_layout(size, true, KFS_EXTENT_SHIFT_MIN, &l)) {
			KUNIT_EXPECT_LE(test, l.record + KFS_RECORD_AREA, size);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED(l.record, 4096));
			KUNIT_EXPECT_EQ(test, 0, l.data);
		} else {
			KUNIT_EXPECT_LT(test, size, KFS_RECORD_AREA);
		}
		for (shift = KFS_EXTENT_SHIFT_MIN;
		     shift <= KFS_EXTENT_SHIFT_MAX; shift++) {
			if (kfs_layout(size, false, shift, &l)) {
				KUNIT_EXPECT_LT(test, size, SZ_1M);
				continue;
			}
			KUNIT_EXPECT_LE(test, l.record + KFS_RECORD_AREA, size);
			KUNIT_EXPECT_LT(test, l.bitmap, l.record);
			KUNIT_EXPECT_EQ(test, l.data, l.bitmap);
			KUNIT_EXPECT_GT(test, l.data, 0);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED(l.bitmap, 4096));
			/* A bit for each extent, in whole words. */
			KUNIT_EXPECT_GE(test, (l.record - l.bitmap) / 8 * 64,
					kfs_extents(l.data, shift));
		}
	}
}

/* Records that are right but for a few bytes, and then checksummed. */
static void record_random(struct kunit *test)
{
	struct kfs_record *out = kunit_kzalloc(test, sizeof(*out), GFP_KERNEL);
	struct kfs_media_record *good = record_media(test, 5);
	u8 *area = kunit_kzalloc(test, KFS_RECORD_AREA, GFP_KERNEL);
	u64 seed = record_seed ?: get_random_u64();
	struct rnd_state rnd;
	unsigned int round, i, n, ok = 0;

	KUNIT_ASSERT_NOT_NULL(test, out);
	KUNIT_ASSERT_NOT_NULL(test, area);
	prandom_seed_state(&rnd, seed);
	kunit_info(test, "seed %#llx (record_kunit.record_seed=)\n", seed);
	for (round = 0; round < 20000; round++) {
		memcpy(area, good, SIZE);
		n = prandom_u32_state(&rnd) % 6;
		for (i = 0; i < n; i++) {
			u32 where = prandom_u32_state(&rnd) % SIZE;

			if (prandom_u32_state(&rnd) & 1)
				where %= offsetof(struct kfs_media_record,
						  reserved);
			area[where] = prandom_u32_state(&rnd);
		}
		if (prandom_u32_state(&rnd) % 8)
			record_seal((void *)area);
		if (kfs_record_decode(area, out))
			continue;
		ok++;
		/* What is believed is within what the code relies on. */
		KUNIT_ASSERT_LE(test, out->members, KFI_SET_MEMBERS_MAX);
		KUNIT_ASSERT_GT(test, out->members, 0);
		KUNIT_ASSERT_LT(test, out->self, out->members);
		KUNIT_ASSERT_GE(test, out->extent_shift, KFS_EXTENT_SHIFT_MIN);
		KUNIT_ASSERT_LE(test, out->extent_shift, KFS_EXTENT_SHIFT_MAX);
		KUNIT_ASSERT_GT(test, out->size, 0);
		KUNIT_ASSERT_LE(test, kfs_extents(out->size, out->extent_shift),
				KFS_EXTENTS_MAX);
		KUNIT_ASSERT_LT(test, strnlen(out->name, sizeof(out->name)),
				sizeof(out->name));
		for (i = 0; i < KFI_SET_MEMBERS_MAX; i++) {
			u32 bits = (out->in_sync | out->full) & BIT(i);

			KUNIT_ASSERT_FALSE(test, bits && i >= out->members);
			KUNIT_ASSERT_FALSE(test, bits && out->member[i].witness);
			KUNIT_ASSERT_FALSE(test, bits && out->member[i].gone);
		}
	}
	/* The sweep is not only of garbage. */
	KUNIT_EXPECT_GT(test, ok, 100);
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(record_round_trip),
	KUNIT_CASE(record_beyond_limits),
	KUNIT_CASE(record_bit_flips),
	KUNIT_CASE(record_torn),
	KUNIT_CASE(record_select),
	KUNIT_CASE(record_newer),
	KUNIT_CASE(record_layout),
	KUNIT_CASE(record_random),
	{}
};

static struct kunit_suite record_suite = {
	.name = "kfi_record",
	.test_cases = record_cases,
};

kunit_test_suites(&record_suite);

MODULE_DESCRIPTION("KUnit tests of the record of replica sets");
MODULE_LICENSE("GPL");
