// SPDX-License-Identifier: GPL-2.0-only
/*
 * The on-media format: what is written is read back, an update that is cut
 * short at any store leaves the old table or the new one, and nothing that the
 * medium may hold gets past the decoder.
 */
#include <kunit/test.h>
#include <linux/crc32c.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/media.h"

#define POOL_SIZE	(64ULL << 20)
#define STORES_MAX	4096
#define SUBSETS		2000
#define MUTATIONS	5000

static unsigned int media_seed;
module_param(media_seed, uint, 0444);
MODULE_PARM_DESC(media_seed, "of what is random; 0: a new one each time");

/* One 8-byte store; @barriers is how many came before it. */
struct store {
	u64 offset;
	u64 word;
	unsigned int barriers;
};

struct media_test {
	void *image;		/* the header area */
	void *before;
	void *buf;
	struct kfi_media media;
	struct kfi_media old;
	struct kfi_media found;
	struct store *stores;
	unsigned int count;
	unsigned int barriers;
	bool intact[KFI_MEDIA_COPIES];
};

static void *copy_at(struct media_test *t, u32 copy)
{
	return t->image + kfi_media_copy_offset(copy);
}

static struct kfi_media_entry *entry_at(void *copy, u32 i)
{
	return (struct kfi_media_entry *)(copy + KFI_MEDIA_TABLE) + i;
}

static int load(struct media_test *t)
{
	const void *copies[KFI_MEDIA_COPIES] = { copy_at(t, 0), copy_at(t, 1) };

	return kfi_media_select(copies, &t->found, t->intact);
}

/* What a writer with a bug, or somebody who means harm, would do. */
static void sign(void *copy)
{
	struct kfi_media_super *super = copy;
	u32 crc, entries;

	crc = crc32c(~0U, &super->magic, sizeof(super->magic));
	crc = crc32c(crc, &super->version, sizeof(super->version));
	super->ident_crc = cpu_to_le32(~crc);
	entries = min(le32_to_cpu(super->entries), KFI_MEDIA_ENTRIES_MAX);
	super->crc = 0;
	crc = crc32c(~0U, super, sizeof(*super));
	crc = crc32c(crc, copy + KFI_MEDIA_TABLE,
		     entries * sizeof(struct kfi_media_entry));
	super->crc = cpu_to_le32(~crc);
}

static int io_store(void *ctx, u64 offset, const void *src, size_t length)
{
	struct media_test *t = ctx;
	size_t i;

	if (!IS_ALIGNED(offset, 8) || !IS_ALIGNED(length, 8))
		return -EINVAL;
	for (i = 0; i < length; i += 8) {
		struct store *store = &t->stores[t->count++];

		if (t->count > STORES_MAX)
			return -ENOSPC;
		store->offset = offset + i;
		store->barriers = t->barriers;
		memcpy(&store->word, src + i, 8);
	}
	return 0;
}

static int io_persist(void *ctx)
{
	struct media_test *t = ctx;

	t->barriers++;
	return 0;
}

static const struct kfi_media_io recorder = {
	.store = io_store,
	.persist = io_persist,
};

static void apply(struct media_test *t, const struct store *store)
{
	memcpy(t->image + store->offset, &store->word, 8);
}

static void copy_media(struct kfi_media *to, const struct kfi_media *from)
{
	struct kfi_media_region *region = to->region;

	*to = *from;
	to->region = region;
	memcpy(region, from->region, from->entries * sizeof(*region));
}

static bool same(const struct kfi_media *a, const struct kfi_media *b)
{
	u32 i;

	if (!uuid_equal(&a->uuid, &b->uuid) || strcmp(a->name, b->name) ||
	    a->size != b->size || a->data_offset != b->data_offset ||
	    a->data_size != b->data_size || a->entries != b->entries)
		return false;
	for (i = 0; i < a->entries; i++) {
		const struct kfi_media_region *x = &a->region[i];
		const struct kfi_media_region *y = &b->region[i];

		if (strcmp(x->name, y->name) || x->offset != y->offset ||
		    !uuid_equal(&x->uuid, &y->uuid) || x->length != y->length ||
		    x->generation != y->generation || x->epoch != y->epoch ||
		    !uuid_equal(&x->set_uuid, &y->set_uuid) ||
		    x->member != y->member)
			return false;
	}
	return true;
}

static void add_region(struct kfi_media *media, u64 length)
{
	struct kfi_media_region *region = &media->region[media->entries];
	u64 from = media->data_offset;

	memset(region, 0, sizeof(*region));
	if (media->entries)
		from = region[-1].offset + region[-1].length;
	snprintf(region->name, sizeof(region->name), "region-%u",
		 media->entries);
	uuid_gen(&region->uuid);
	region->offset = from;
	region->length = length;
	region->generation = 1 + media->entries;
	region->epoch = 1;
	media->entries++;
}

/* Update one copy and have every store of it on the medium. */
static void write_copy(struct kunit *test, u32 copy)
{
	struct media_test *t = test->priv;
	unsigned int i;

	t->count = 0;
	t->media.sequence++;
	KUNIT_ASSERT_EQ(test, 0, kfi_media_update(&recorder, t, &t->media, copy,
						  t->buf));
	for (i = 0; i < t->count; i++)
		apply(t, &t->stores[i]);
}

/* A pool of three regions, in both copies; the newer one is copy 1. */
static void write_pool(struct kunit *test)
{
	struct media_test *t = test->priv;

	t->media.sequence = 0;
	t->media.entries = 0;
	strscpy(t->media.name, "pool", sizeof(t->media.name));
	uuid_gen(&t->media.uuid);
	t->media.size = POOL_SIZE;
	t->media.data_offset = KFI_MEDIA_HEADER;
	t->media.data_size = POOL_SIZE - KFI_MEDIA_HEADER;
	add_region(&t->media, 2 << 20);
	add_region(&t->media, 4096);
	add_region(&t->media, 8192);
	uuid_gen(&t->media.region[2].set_uuid);
	t->media.region[2].member = 3;
	memset(t->image, 0, KFI_MEDIA_HEADER);
	write_copy(test, 0);
	write_copy(test, 1);
}

static void round_trip(struct kunit *test)
{
	struct media_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, 0, load(t));
	KUNIT_EXPECT_TRUE(test, same(&t->found, &t->media));
	KUNIT_EXPECT_EQ(test, 2, t->found.sequence);
	KUNIT_EXPECT_TRUE(test, t->intact[0] && t->intact[1]);
}

static void full_table(struct kunit *test)
{
	struct media_test *t = test->priv;
	void *copy = copy_at(t, 0);

	t->media.entries = 0;
	t->media.size = KFI_MEDIA_HEADER + KFI_MEDIA_ENTRIES_MAX * 4096ULL;
	t->media.data_size = t->media.size - KFI_MEDIA_HEADER;
	while (t->media.entries < KFI_MEDIA_ENTRIES_MAX)
		add_region(&t->media, 4096);
	KUNIT_EXPECT_EQ(test, KFI_MEDIA_COPY_SIZE,
			kfi_media_encode(&t->media, 0, copy));
	KUNIT_ASSERT_EQ(test, 0, kfi_media_decode(copy, 0, &t->found));
	KUNIT_EXPECT_TRUE(test, same(&t->found, &t->media));
}

/* The updates that are cut short. */
static void change_epoch(struct kfi_media *media)
{
	media->region[1].epoch = 0x1122334455667788;
}

static void change_add(struct kfi_media *media)
{
	add_region(media, 1 << 20);
}

static void change_remove(struct kfi_media *media)
{
	media->region[0] = media->region[1];
	media->region[1] = media->region[2];
	media->entries--;
}

static void (*const changes[])(struct kfi_media *media) = {
	change_epoch, change_add, change_remove,
};

/*
 * Record both halves of an update as a pool makes it: the older copy, then the
 * other one. The medium is left as it was before.
 */
static void record_update(struct kunit *test, u32 newest,
			  void (*change)(struct kfi_media *media))
{
	struct media_test *t = test->priv;
	int i;

	copy_media(&t->old, &t->media);
	change(&t->media);
	memcpy(t->before, t->image, KFI_MEDIA_HEADER);
	t->count = 0;
	t->barriers = 0;
	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		newest = !newest;
		t->media.sequence++;
		KUNIT_ASSERT_EQ(test, 0, kfi_media_update(&recorder, t,
							  &t->media, newest,
							  t->buf));
	}
}

static void cut_at_each_store(struct kunit *test)
{
	struct media_test *t = test->priv;
	unsigned int change, cut;

	for (change = 0; change < ARRAY_SIZE(changes); change++) {
		bool is_new = false;

		write_pool(test);
		record_update(test, 1, changes[change]);
		for (cut = 0; cut < t->count; cut++) {
			bool was_new = is_new;

			apply(t, &t->stores[cut]);
			KUNIT_ASSERT_EQ_MSG(test, 0, load(t),
					    "after store %u of change %u", cut,
					    change);
			is_new = same(&t->found, &t->media);
			KUNIT_ASSERT_TRUE_MSG(test, is_new ||
					      same(&t->found, &t->old),
					      "a mix after store %u", cut);
			KUNIT_ASSERT_FALSE_MSG(test, was_new && !is_new,
					       "went back at store %u", cut);
		}
		KUNIT_EXPECT_TRUE(test, is_new);
		KUNIT_EXPECT_TRUE(test, t->intact[0] && t->intact[1]);
		kunit_info(test, "change %u: %u stores\n", change, t->count);
	}
}

/* Between two barriers the stores reach the medium in any order. */
static void cut_with_any_subset(struct kunit *test)
{
	struct media_test *t = test->priv;
	struct rnd_state random;
	u32 seed = media_seed ?: get_random_u32();
	unsigned int i, n, done;

	kunit_info(test, "seed %#x (media_kunit.media_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	record_update(test, 1, change_add);
	for (n = 0; n < SUBSETS; n++) {
		done = prandom_u32_state(&random) % (t->barriers + 1);
		for (i = 0; i < t->count; i++) {
			const struct store *store = &t->stores[i];

			if (store->barriers < done ||
			    (store->barriers == done &&
			     prandom_u32_state(&random) & 1))
				apply(t, store);
		}
		KUNIT_ASSERT_EQ_MSG(test, 0, load(t), "seed %#x, subset %u",
				    seed, n);
		KUNIT_ASSERT_TRUE_MSG(test, same(&t->found, &t->media) ||
				      same(&t->found, &t->old),
				      "a mix: seed %#x, subset %u", seed, n);
		if (done >= 3)
			KUNIT_ASSERT_TRUE_MSG(test, same(&t->found, &t->media),
					      "an update lost: seed %#x, subset %u",
					      seed, n);
		for (i = 0; i < t->count; i++)
			memcpy(t->image + t->stores[i].offset,
			       t->before + t->stores[i].offset, 8);
	}
}

/* The repair of a damaged copy is cut short, too. */
static void cut_repair(struct kunit *test)
{
	struct media_test *t = test->priv;
	unsigned int cut;

	memset(copy_at(t, 0) + KFI_MEDIA_TABLE, 0xa5, 64);
	KUNIT_ASSERT_EQ(test, 0, load(t));
	KUNIT_EXPECT_FALSE(test, t->intact[0]);
	record_update(test, 1, change_epoch);
	for (cut = 0; cut < t->count; cut++) {
		apply(t, &t->stores[cut]);
		KUNIT_ASSERT_EQ_MSG(test, 0, load(t), "after store %u", cut);
	}
	KUNIT_EXPECT_TRUE(test, same(&t->found, &t->media));
}

static void unreadable_copy(struct kunit *test)
{
	struct media_test *t = test->priv;
	const void *copies[KFI_MEDIA_COPIES];
	u32 i;

	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		copies[i] = NULL;
		copies[!i] = copy_at(t, !i);
		KUNIT_ASSERT_EQ(test, 0, kfi_media_select(copies, &t->found,
							  t->intact));
		KUNIT_EXPECT_TRUE(test, same(&t->found, &t->media));
		KUNIT_EXPECT_FALSE(test, t->intact[i]);
		KUNIT_EXPECT_TRUE(test, t->intact[!i]);
	}
	copies[0] = NULL;
	copies[1] = NULL;
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kfi_media_select(copies, &t->found,
							 t->intact));
}

static void damaged_copy(struct kunit *test)
{
	struct media_test *t = test->priv;
	u32 i, bit;

	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		u8 *copy = copy_at(t, i);

		/* any bit of the newer one or of the older one */
		for (bit = 0; bit < 8 * sizeof(struct kfi_media_super); bit++) {
			copy[bit / 8] ^= 1 << bit % 8;
			KUNIT_ASSERT_EQ_MSG(test, 0, load(t), "bit %u", bit);
			KUNIT_ASSERT_FALSE(test, t->intact[i]);
			KUNIT_ASSERT_TRUE(test, same(&t->found, &t->media));
			copy[bit / 8] ^= 1 << bit % 8;
		}
		for (bit = 0; bit < 8 * 3 * sizeof(struct kfi_media_entry); bit++) {
			copy[KFI_MEDIA_TABLE + bit / 8] ^= 1 << bit % 8;
			KUNIT_ASSERT_EQ_MSG(test, 0, load(t), "bit %u", bit);
			KUNIT_ASSERT_FALSE(test, t->intact[i]);
			copy[KFI_MEDIA_TABLE + bit / 8] ^= 1 << bit % 8;
		}
	}
	memset(copy_at(t, 0) + KFI_MEDIA_TABLE, 0xff, 8);
	memset(copy_at(t, 1) + KFI_MEDIA_TABLE, 0xff, 8);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));
}

static void unknown_version(struct kunit *test)
{
	struct media_test *t = test->priv;
	struct kfi_media_super *super;
	u32 i;

	for (i = 0; i < KFI_MEDIA_COPIES; i++) {
		write_pool(test);
		super = copy_at(t, i);
		super->version = cpu_to_le32(KFI_MEDIA_VERSION + 1);
		/* bit rot in the version is damage, not another version */
		KUNIT_EXPECT_EQ(test, 0, load(t));
		sign(super);
		KUNIT_EXPECT_EQ(test, -EPROTONOSUPPORT, load(t));
		super->version = 0;
		sign(super);
		KUNIT_EXPECT_EQ(test, -EPROTONOSUPPORT, load(t));
		/* nothing but magic, version and their checksum may count */
		super->crc = 0;
		KUNIT_EXPECT_EQ(test, -EPROTONOSUPPORT, load(t));
	}
}

static void nothing_of_ours(struct kunit *test)
{
	struct media_test *t = test->priv;

	memset(t->image, 0, KFI_MEDIA_HEADER);
	KUNIT_EXPECT_EQ(test, -ENODATA, load(t));
	KUNIT_EXPECT_NULL(test, kfi_media_foreign(t->image, KFI_MEDIA_HEADER));
	((u8 *)t->image)[12345] = 1;
	KUNIT_EXPECT_STREQ(test, "data",
			   kfi_media_foreign(t->image, KFI_MEDIA_HEADER));
	memcpy(t->image + 1080, "\x53\xef", 2);
	KUNIT_EXPECT_STREQ(test, "ext2/3/4",
			   kfi_media_foreign(t->image, KFI_MEDIA_HEADER));
	memcpy(t->image, "XFSB", 4);
	KUNIT_EXPECT_STREQ(test, "XFS",
			   kfi_media_foreign(t->image, KFI_MEDIA_HEADER));
	/* and no look beyond what there is */
	KUNIT_EXPECT_NULL(test, kfi_media_foreign(t->image + 4, 100));
}

/* A mkfs on the device of a pool must not be "repaired". */
static void overwritten_by_mkfs(struct kunit *test)
{
	struct media_test *t = test->priv;

	memcpy(copy_at(t, 0) + 1080, "\x53\xef", 2);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));

	write_pool(test);
	memset(copy_at(t, 0), 0, 1024);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));

	write_pool(test);
	memcpy(copy_at(t, 0), "XFSB", 4);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));

	/* an interrupted creation leaves zeroes, which nobody will miss */
	write_pool(test);
	memset(copy_at(t, 0), 0, KFI_MEDIA_COPY_SIZE);
	KUNIT_EXPECT_EQ(test, 0, load(t));
}

/* Taking the older copy instead might undo a fence. */
static void senseless_newest_is_not_passed_over(struct kunit *test)
{
	struct media_test *t = test->priv;

	entry_at(copy_at(t, 1), 0)->length = 0;
	sign(copy_at(t, 1));
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));
}

static void equal_sequences(struct kunit *test)
{
	struct media_test *t = test->priv;
	struct kfi_media_super *super = copy_at(t, 1);

	super->sequence = cpu_to_le64(1);
	sign(super);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, load(t));
}

/* Each field, beyond its limits, with a good checksum. */
struct limit {
	const char *what;
	void (*set)(struct kfi_media_super *super);
};

#define LIMIT(name, statement)						\
	static void limit_##name(struct kfi_media_super *super)			\
	{									\
		struct kfi_media_entry *e __maybe_unused = entry_at(super, 0);	\
										\
		statement;							\
	}

LIMIT(sequence, super->sequence = 0)
LIMIT(copy, super->copy = cpu_to_le32(1))
LIMIT(null_uuid, memset(super->uuid, 0, 16))
LIMIT(name_empty, super->name[0] = 0)
LIMIT(name_open, memset(super->name, 'a', 64))
LIMIT(name_tail, super->name[63] = 'x')
LIMIT(name_slash, super->name[0] = '/')
LIMIT(name_dot, memcpy(super->name, ".\0\0\0", 4))
LIMIT(name_dots, memcpy(super->name, "..\0\0", 4))
LIMIT(name_high, super->name[0] = 0xc3)
LIMIT(size_zero, super->size = 0)
LIMIT(size_small, super->size = cpu_to_le64(POOL_SIZE - 1))
LIMIT(data_in_header, super->data_offset = cpu_to_le64(KFI_MEDIA_HEADER - 4096))
LIMIT(data_unaligned, super->data_offset = cpu_to_le64(KFI_MEDIA_HEADER + 512))
LIMIT(data_beyond, super->data_offset = cpu_to_le64(POOL_SIZE + 4096))
LIMIT(data_wraps, super->data_size = cpu_to_le64(-4096ULL))
LIMIT(data_size_unaligned, super->data_size = cpu_to_le64(4097))
LIMIT(data_size_small, super->data_size = cpu_to_le64(4096))
LIMIT(flags, super->flags = cpu_to_le64(1ULL << 63))
LIMIT(entry_size, super->entry_size = cpu_to_le32(128))
LIMIT(entries_max, super->entries = cpu_to_le32(KFI_MEDIA_ENTRIES_MAX + 1))
LIMIT(entries_huge, super->entries = cpu_to_le32(~0U))
LIMIT(entries_more, super->entries = cpu_to_le32(4))
LIMIT(reserved, super->reserved[103] = 1)
LIMIT(padding, ((u8 *)super)[KFI_MEDIA_TABLE - 1] = 1)
LIMIT(region_name_open, memset(e[0].name, 'b', 64))
LIMIT(region_name_empty, e[0].name[0] = 0)
LIMIT(region_name_tail, e[0].name[40] = 'x')
LIMIT(region_name_space, e[0].name[1] = ' ')
LIMIT(region_name_twice, memcpy(e[2].name, e[0].name, 64))
LIMIT(region_uuid_null, memset(e[0].uuid, 0, 16))
LIMIT(region_uuid_twice, memcpy(e[2].uuid, e[0].uuid, 16))
LIMIT(offset_unaligned, e[2].offset = cpu_to_le64(le64_to_cpu(e[2].offset) + 1))
LIMIT(offset_before, e[0].offset = cpu_to_le64(KFI_MEDIA_HEADER - 4096))
LIMIT(offset_zero, e[0].offset = 0)
LIMIT(offset_beyond, e[2].offset = cpu_to_le64(POOL_SIZE + 4096))
LIMIT(offset_at_end, e[2].offset = cpu_to_le64(POOL_SIZE))
LIMIT(offset_max, e[2].offset = cpu_to_le64(-4096ULL))
LIMIT(length_zero, e[1].length = 0)
LIMIT(length_unaligned, e[1].length = cpu_to_le64(100))
LIMIT(length_overlap, e[0].length = cpu_to_le64((2 << 20) + 4096))
LIMIT(length_beyond, e[2].length = cpu_to_le64(POOL_SIZE))
LIMIT(length_wraps, e[2].length = cpu_to_le64(-4096ULL))
LIMIT(order, swap(e[0], e[1]))
LIMIT(same_place, e[1].offset = e[0].offset)
LIMIT(generation, e[0].generation = 0)
LIMIT(epoch, e[0].epoch = cpu_to_le64(~0ULL))
LIMIT(region_flags, e[1].flags = cpu_to_le64(1))
LIMIT(member_of_none, e[0].member = cpu_to_le32(1))
LIMIT(region_reserved, e[1].reserved[115] = 1)

#define CASE(name) { #name, limit_##name }

static const struct limit limits[] = {
	CASE(sequence), CASE(copy), CASE(null_uuid), CASE(name_empty),
	CASE(name_open), CASE(name_tail), CASE(name_slash), CASE(name_dot),
	CASE(name_dots), CASE(name_high), CASE(size_zero), CASE(size_small),
	CASE(data_in_header), CASE(data_unaligned), CASE(data_beyond),
	CASE(data_wraps), CASE(data_size_unaligned), CASE(data_size_small),
	CASE(flags), CASE(entry_size), CASE(entries_max), CASE(entries_huge),
	CASE(entries_more), CASE(reserved), CASE(padding),
	CASE(region_name_open), CASE(region_name_empty),
	CASE(region_name_tail), CASE(region_name_space),
	CASE(region_name_twice), CASE(region_uuid_null),
	CASE(region_uuid_twice), CASE(offset_unaligned), CASE(offset_before),
	CASE(offset_zero), CASE(offset_beyond), CASE(offset_at_end),
	CASE(offset_max), CASE(length_zero), CASE(length_unaligned),
	CASE(length_overlap), CASE(length_beyond), CASE(length_wraps),
	CASE(order), CASE(same_place), CASE(generation), CASE(epoch),
	CASE(region_flags), CASE(member_of_none), CASE(region_reserved),
};

static void limit_desc(const struct limit *limit, char *desc)
{
	strscpy(desc, limit->what, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(limit, limits, limit_desc);

static void field_limit(struct kunit *test)
{
	const struct limit *limit = test->param_value;
	struct media_test *t = test->priv;
	void *copy = copy_at(t, 0);

	KUNIT_ASSERT_EQ(test, 0, kfi_media_decode(copy, 0, &t->found));
	limit->set(copy);
	sign(copy);
	KUNIT_EXPECT_EQ(test, -EUCLEAN, kfi_media_decode(copy, 0, &t->found));
}

/* What the decoder lets through must be sound. */
static void expect_sound(struct kunit *test, const struct kfi_media *media)
{
	u64 from = media->data_offset;
	u32 i;

	KUNIT_ASSERT_LE(test, media->entries, KFI_MEDIA_ENTRIES_MAX);
	KUNIT_ASSERT_GE(test, from, KFI_MEDIA_HEADER);
	KUNIT_ASSERT_LE(test, from, media->size);
	KUNIT_ASSERT_LE(test, media->data_size, media->size - from);
	for (i = 0; i < media->entries; i++) {
		const struct kfi_media_region *region = &media->region[i];

		KUNIT_ASSERT_TRUE(test, kfi_media_name_ok(region->name));
		KUNIT_ASSERT_GE(test, region->offset, from);
		KUNIT_ASSERT_GT(test, region->length, 0);
		from = region->offset + region->length;
		KUNIT_ASSERT_GT(test, from, region->offset);
		KUNIT_ASSERT_LE(test, from,
				media->data_offset + media->data_size);
	}
}

static void random_mutations(struct kunit *test)
{
	struct media_test *t = test->priv;
	const size_t used = KFI_MEDIA_TABLE + 3 * sizeof(struct kfi_media_entry);
	struct kfi_media_super *super;
	struct rnd_state random;
	u32 seed = media_seed ?: get_random_u32();
	unsigned int n, k, accepted = 0;

	kunit_info(test, "seed %#x (media_kunit.media_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	memcpy(t->before, t->image, KFI_MEDIA_HEADER);
	for (n = 0; n < MUTATIONS; n++) {
		u32 copy = prandom_u32_state(&random) & 1;
		bool signature = prandom_u32_state(&random) % 4;
		u8 *bytes = copy_at(t, copy);

		super = copy_at(t, copy);
		for (k = prandom_u32_state(&random) % 4; k < 4; k++) {
			u32 where = prandom_u32_state(&random);
			u32 value = prandom_u32_state(&random);

			/* half of them in what is looked at first */
			where %= where & 1 ? sizeof(*super) : used;
			if (value & 0x100)
				bytes[where] ^= 1 << (value & 7);
			else
				bytes[where] = value & 0x200 ? 0xff : value;
		}
		if (signature) {
			super->magic = cpu_to_le64(KFI_MEDIA_MAGIC);
			super->version = cpu_to_le32(KFI_MEDIA_VERSION);
			sign(super);
		}
		if (!load(t))
			expect_sound(test, &t->found);
		if (!kfi_media_decode(super, copy, &t->found)) {
			accepted++;
			expect_sound(test, &t->found);
		}
		memcpy(copy_at(t, copy), t->before + kfi_media_copy_offset(copy),
		       used);
	}
	kunit_info(test, "%u of %u accepted\n", accepted, MUTATIONS);
}

static void random_bytes(struct kunit *test)
{
	struct media_test *t = test->priv;
	struct rnd_state random;
	u32 seed = media_seed ?: get_random_u32();
	int n;

	kunit_info(test, "seed %#x (media_kunit.media_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	for (n = 0; n < 20; n++) {
		struct kfi_media_super *super = copy_at(t, 0);

		prandom_bytes_state(&random, super, KFI_MEDIA_COPY_SIZE);
		super->magic = cpu_to_le64(KFI_MEDIA_MAGIC);
		super->version = cpu_to_le32(KFI_MEDIA_VERSION);
		super->entry_size = cpu_to_le32(sizeof(struct kfi_media_entry));
		sign(super);
		KUNIT_EXPECT_NE_MSG(test, 0, kfi_media_decode(super, 0, &t->found),
				    "seed %#x", seed);
	}
}

static int media_init(struct kunit *test)
{
	struct kfi_media *media;
	struct media_test *t;
	int i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->image = kvzalloc(KFI_MEDIA_HEADER, GFP_KERNEL);
	t->before = kvzalloc(KFI_MEDIA_HEADER, GFP_KERNEL);
	t->buf = kvzalloc(KFI_MEDIA_COPY_SIZE, GFP_KERNEL);
	t->stores = kvcalloc(STORES_MAX + 1, sizeof(*t->stores), GFP_KERNEL);
	for (i = 0; i < 3; i++) {
		media = i == 0 ? &t->media : i == 1 ? &t->old : &t->found;
		media->region = kvcalloc(KFI_MEDIA_ENTRIES_MAX,
					 sizeof(*media->region), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, media->region);
	}
	KUNIT_ASSERT_TRUE(test, t->image && t->before && t->buf && t->stores);
	write_pool(test);
	return 0;
}

static void media_exit(struct kunit *test)
{
	struct media_test *t = test->priv;

	if (!t)
		return;
	kvfree(t->image);
	kvfree(t->before);
	kvfree(t->buf);
	kvfree(t->stores);
	kvfree(t->media.region);
	kvfree(t->old.region);
	kvfree(t->found.region);
}

static struct kunit_case media_cases[] = {
	KUNIT_CASE(round_trip),
	KUNIT_CASE(full_table),
	KUNIT_CASE(cut_at_each_store),
	KUNIT_CASE(cut_with_any_subset),
	KUNIT_CASE(cut_repair),
	KUNIT_CASE(unreadable_copy),
	KUNIT_CASE(damaged_copy),
	KUNIT_CASE(unknown_version),
	KUNIT_CASE(nothing_of_ours),
	KUNIT_CASE(overwritten_by_mkfs),
	KUNIT_CASE(senseless_newest_is_not_passed_over),
	KUNIT_CASE(equal_sequences),
	KUNIT_CASE_PARAM(field_limit, limit_gen_params),
	KUNIT_CASE(random_mutations),
	KUNIT_CASE(random_bytes),
	{}
};

static struct kunit_suite media_suite = {
	.name = "kfi_media",
	.init = media_init,
	.exit = media_exit,
	.test_cases = media_cases,
};

kunit_test_suite(media_suite);

MODULE_LICENSE("GPL");
