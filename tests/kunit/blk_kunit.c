// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block device: how its requests are carried out, and a real one on a raw
 * set of a region on DRAM, whose cache model loses what was not committed.
 */
#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/device/class.h>
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "kfabric_pmem/block/blk.h"
#include "kfabric_pmem/pmem/test.h"
#include "kfi_pool.h"

#define BLK_SET		"blkset"
#define BLK_POOL	"blkpool"
#define BLK_REGION	"blkregion"
#define BLK_SIZE	(16ULL << 20)
#define BLK_POOL_SIZE	(BLK_SIZE + SZ_4M)
#define BLK_BUF		SZ_2M

static void blk_plan_table(struct kunit *test)
{
	static const struct {
		blk_opf_t opf;
		bool write_back, read_only;
		blk_status_t status;
		enum kfi_set_op op;
		bool zero;
	} cases[] = {
		{ REQ_OP_READ, true, false, BLK_STS_OK, KFI_SET_READ },
		{ REQ_OP_READ, false, false, BLK_STS_OK, KFI_SET_READ },
		{ REQ_OP_READ | REQ_RAHEAD, true, true, BLK_STS_OK,
		  KFI_SET_READ },
		{ REQ_OP_WRITE, true, false, BLK_STS_OK, KFI_SET_WRITE },
		{ REQ_OP_WRITE | REQ_SYNC, true, false, BLK_STS_OK,
		  KFI_SET_WRITE },
		{ REQ_OP_WRITE | REQ_FUA, true, false, BLK_STS_OK,
		  KFI_SET_WRITE_DURABLE },
		/* The block layer takes FUA off in write-through mode. */
		{ REQ_OP_WRITE, false, false, BLK_STS_OK,
		  KFI_SET_WRITE_DURABLE },
		{ REQ_OP_WRITE, true, true, BLK_STS_IOERR },
		{ REQ_OP_FLUSH | REQ_PREFLUSH, true, false, BLK_STS_OK,
		  KFI_SET_COMMIT },
		{ REQ_OP_FLUSH, true, true, BLK_STS_OK, KFI_SET_COMMIT },
		{ REQ_OP_DISCARD, true, false, BLK_STS_OK, KFI_SET_WRITE,
		  true },
		{ REQ_OP_DISCARD, true, true, BLK_STS_IOERR },
		{ REQ_OP_WRITE_ZEROES, true, false, BLK_STS_OK, KFI_SET_WRITE,
		  true },
		{ REQ_OP_WRITE_ZEROES | REQ_NOUNMAP, false, false, BLK_STS_OK,
		  KFI_SET_WRITE_DURABLE, true },
		{ REQ_OP_WRITE_ZEROES, false, true, BLK_STS_IOERR },
		{ REQ_OP_SECURE_ERASE, true, false, BLK_STS_NOTSUPP },
		{ REQ_OP_ZONE_RESET, true, false, BLK_STS_NOTSUPP },
		{ REQ_OP_DRV_IN, true, false, BLK_STS_NOTSUPP },
	};
	struct kb_plan plan;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ_MSG(test, kb_plan(&plan, cases[i].opf,
						  cases[i].write_back,
						  cases[i].read_only),
				    cases[i].status, "case %d", i);
		if (cases[i].status)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, plan.op, cases[i].op, "case %d", i);
		KUNIT_EXPECT_EQ_MSG(test, plan.zero, cases[i].zero, "case %d",
				    i);
	}
}

static void blk_status_table(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kb_status(0), BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, kb_status(-EIO), BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, kb_status(-ENODEV), BLK_STS_OFFLINE);
	KUNIT_EXPECT_EQ(test, kb_status(-EKEYREVOKED), BLK_STS_RESV_CONFLICT);
	KUNIT_EXPECT_EQ(test, kb_status(-ESTALE), BLK_STS_RESV_CONFLICT);
}

static void blk_zero_vector(struct kunit *test)
{
	static const size_t lengths[] = {
		512, 4096, PAGE_SIZE - 512, PAGE_SIZE, PAGE_SIZE + 512,
		16 * PAGE_SIZE, 17 * PAGE_SIZE - 512,
	};
	struct bio_vec bvec[18];
	size_t sum;
	unsigned int i, k, n;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(bvec, 0xff, sizeof(bvec));
		n = kb_zero_bvecs(bvec, lengths[i]);
		KUNIT_EXPECT_EQ(test, n, DIV_ROUND_UP(lengths[i], PAGE_SIZE));
		for (k = 0, sum = 0; k < n; k++) {
			KUNIT_EXPECT_PTR_EQ(test, bvec[k].bv_page,
					    ZERO_PAGE(0));
			KUNIT_EXPECT_EQ(test, bvec[k].bv_offset, 0);
			sum += bvec[k].bv_len;
		}
		KUNIT_EXPECT_EQ(test, sum, lengths[i]);
	}
}

static void blk_zero_limits(struct kunit *test)
{
	struct kfi_set_limits limits = { SZ_1M, 256 };

	KUNIT_EXPECT_EQ(test, kb_zero_max(&limits), SZ_1M);
	limits.max_bvecs = 16;
	KUNIT_EXPECT_EQ(test, kb_zero_max(&limits), 16 * PAGE_SIZE);
	limits.max_bytes = 3 * PAGE_SIZE + 512;
	KUNIT_EXPECT_EQ(test, kb_zero_max(&limits), 3 * PAGE_SIZE);
}

static struct kunit_case blk_map_cases[] = {
	KUNIT_CASE(blk_plan_table),
	KUNIT_CASE(blk_status_table),
	KUNIT_CASE(blk_zero_vector),
	KUNIT_CASE(blk_zero_limits),
	{ }
};

static struct kunit_suite blk_map_suite = {
	.name = "kfi_blk_map",
	.test_cases = blk_map_cases,
};

/* A device, open, and two buffers. */
static int blk_number;
static struct file *blk_file;
static struct block_device *blk_bdev;
static u8 *in, *out;

static int blk_set_start(void)
{
	struct kfi_member_params member = {
		.pool = BLK_POOL,
		.region = BLK_REGION,
	};
	struct kfi_set_params params = {
		.name = BLK_SET,
		.nr_members = 1,
		.member = &member,
		.raw = true,
	};

	return kfi_set_start(&params, NULL);
}

static int blk_add(unsigned int block_size, bool read_only)
{
	struct kfi_blk_params params = {
		.set = BLK_SET,
		.number = -1,
		.block_size = block_size,
		.read_only = read_only,
	};

	return kfi_blk_add(&params, &blk_number, NULL);
}

static int blk_open(blk_mode_t mode)
{
	struct device *dev;
	char name[16];
	dev_t devt;

	snprintf(name, sizeof(name), "kfiblk%d", blk_number);
	dev = class_find_device_by_name(&block_class, name);
	if (!dev)
		return -ENODEV;
	devt = dev->devt;
	put_device(dev);
	blk_file = bdev_file_open_by_dev(devt, mode, NULL, NULL);
	if (IS_ERR(blk_file)) {
		int ret = PTR_ERR(blk_file);

		blk_file = NULL;
		return ret;
	}
	blk_bdev = file_bdev(blk_file);
	return 0;
}

/* A file is closed by a task work, which a kernel thread has to wait for. */
static void blk_close(void)
{
	if (blk_file)
		bdev_fput(blk_file);
	blk_file = NULL;
	flush_delayed_fput();
}

static void blk_pattern(void)
{
	get_random_bytes(in, BLK_BUF);
	memset(out, 0x5a, BLK_BUF);
}

/* In one piece, which begins @offset bytes inside of a page. */
static int blk_rw(blk_opf_t opf, u8 *buf, size_t offset, size_t length, u64 pos)
{
	struct bio *bio = bio_alloc(blk_bdev, 1, opf, GFP_KERNEL);
	int ret;

	bio->bi_iter.bi_sector = pos >> SECTOR_SHIFT;
	__bio_add_page(bio, virt_to_page(buf), length, offset);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	return ret;
}

/* Each two pages the wrong way round, so that none follows its neighbour. */
static int blk_write_scattered(const u8 *buf, unsigned int pages, u64 pos)
{
	struct bio *bio = bio_alloc(blk_bdev, pages, REQ_OP_WRITE, GFP_KERNEL);
	unsigned int i;
	int ret;

	bio->bi_iter.bi_sector = pos >> SECTOR_SHIFT;
	for (i = 0; i < pages; i++)
		__bio_add_page(bio, virt_to_page(buf + (i ^ 1) * PAGE_SIZE),
			       PAGE_SIZE, 0);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	return ret;
}

static int blk_read(u8 *buf, size_t length, u64 pos)
{
	return blk_rw(REQ_OP_READ, buf, 0, length, pos);
}

static int blk_suite_init(struct kunit *test)
{
	in = (u8 *)__get_free_pages(GFP_KERNEL, get_order(BLK_BUF));
	out = (u8 *)__get_free_pages(GFP_KERNEL, get_order(BLK_BUF));
	if (!in || !out)
		return -ENOMEM;
	blk_pattern();
	return kfi_pool_create_ram(BLK_POOL, BLK_POOL_SIZE, true, 0, NULL) ?:
	       kfi_region_create(BLK_POOL, BLK_REGION, BLK_SIZE, NULL) ?:
	       blk_set_start();
}

static void blk_suite_exit(struct kunit *test)
{
	blk_close();
	kfi_blk_del(BLK_SET, false, NULL);
	KUNIT_EXPECT_EQ(test, kfi_set_stop(BLK_SET, NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_region_remove(BLK_POOL, BLK_REGION, NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_pool_destroy(BLK_POOL, NULL), 0);
	free_pages((unsigned long)in, get_order(BLK_BUF));
	free_pages((unsigned long)out, get_order(BLK_BUF));
}

static void blk_up(struct kunit *test, unsigned int block_size)
{
	KUNIT_ASSERT_EQ(test, blk_add(block_size, false), 0);
	KUNIT_ASSERT_EQ(test, blk_open(BLK_OPEN_READ | BLK_OPEN_WRITE), 0);
}

static void blk_write_read(struct kunit *test)
{
	static const struct {
		size_t offset, length;
		u64 pos;
	} cases[] = {
		{ 0, 512, 0 }, { 512, 4096, 512 }, { 1024, 8192, 8192 },
		{ 0, SZ_1M, SZ_1M }, { 1536, SZ_1M, SZ_4M + 512 },
		{ 0, BLK_BUF, BLK_SIZE - BLK_BUF },
	};
	int i;

	blk_up(test, 512);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		blk_pattern();
		KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, cases[i].offset,
					     cases[i].length, cases[i].pos), 0);
		KUNIT_ASSERT_EQ(test, blk_read(out, cases[i].length,
					       cases[i].pos), 0);
		KUNIT_EXPECT_MEMEQ(test, in + cases[i].offset, out,
				   cases[i].length);
	}
	KUNIT_EXPECT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, 512, BLK_SIZE), -EIO);
}

static void blk_scattered(struct kunit *test)
{
	static const unsigned int pages = 256;
	unsigned int i;

	blk_up(test, 4096);
	KUNIT_ASSERT_EQ(test, blk_write_scattered(in, pages, SZ_1M), 0);
	KUNIT_ASSERT_EQ(test, blk_read(out, pages * PAGE_SIZE, SZ_1M), 0);
	for (i = 0; i < pages; i++)
		KUNIT_EXPECT_MEMEQ(test, out + i * PAGE_SIZE,
				   in + (i ^ 1) * PAGE_SIZE, PAGE_SIZE);
}

/* The device's limits are the set's, and what is promised of it. */
static void blk_limits(struct kunit *test)
{
	struct queue_limits *lim;
	struct kfi_set_limits limits;
	struct kfi_set *set;

	blk_up(test, 0);
	set = kfi_set_get(BLK_SET);
	kfi_set_limits(set, &limits);
	kfi_set_put(set);
	lim = &bdev_get_queue(blk_bdev)->limits;
	KUNIT_EXPECT_EQ(test, lim->logical_block_size, 4096);
	KUNIT_EXPECT_EQ(test, lim->max_hw_sectors, limits.max_bytes >>
			SECTOR_SHIFT);
	KUNIT_EXPECT_LE(test, lim->max_segments, limits.max_bvecs);
	KUNIT_EXPECT_TRUE(test, bdev_write_cache(blk_bdev));
	KUNIT_EXPECT_TRUE(test, bdev_fua(blk_bdev));
	KUNIT_EXPECT_TRUE(test, bdev_stable_writes(blk_bdev));
	KUNIT_EXPECT_TRUE(test, bdev_nonrot(blk_bdev));
	KUNIT_EXPECT_GT(test, bdev_max_discard_sectors(blk_bdev), 0);
	KUNIT_EXPECT_GT(test, bdev_write_zeroes_sectors(blk_bdev), 0);
	KUNIT_EXPECT_EQ(test, bdev_nr_bytes(blk_bdev), BLK_SIZE);
}

static void blk_zeroes(struct kunit *test)
{
	/* Several requests of several parts, from one odd block to another. */
	static const sector_t sectors = (12 << 11) + 2;
	static const u64 end = (sectors + 1) << SECTOR_SHIFT;
	u64 pos;

	blk_up(test, 512);
	for (pos = 0; pos < BLK_SIZE; pos += BLK_BUF)
		KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, BLK_BUF, pos),
				0);
	KUNIT_ASSERT_EQ(test, blkdev_issue_zeroout(blk_bdev, 1, sectors,
						   GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK), 0);
	for (pos = 0; pos < BLK_SIZE; pos += BLK_BUF) {
		size_t head = pos ? 0 : 512;
		size_t zero = clamp_t(s64, end - pos, 0, BLK_BUF);

		KUNIT_ASSERT_EQ(test, blk_read(out, BLK_BUF, pos), 0);
		KUNIT_EXPECT_MEMEQ(test, out, in, head);
		KUNIT_EXPECT_NULL(test, memchr_inv(out + head, 0, zero - head));
		KUNIT_EXPECT_MEMEQ(test, out + zero, in + zero, BLK_BUF - zero);
	}
}

static void blk_discard(struct kunit *test)
{
	blk_up(test, 4096);
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, BLK_BUF, 0), 0);
	KUNIT_ASSERT_EQ(test, blkdev_issue_discard(blk_bdev, 8, 2048,
						   GFP_KERNEL), 0);
	KUNIT_ASSERT_EQ(test, blk_read(out, BLK_BUF, 0), 0);
	KUNIT_EXPECT_MEMEQ(test, out, in, 4096);
	KUNIT_EXPECT_NULL(test, memchr_inv(out + 4096, 0, SZ_1M));
	KUNIT_EXPECT_MEMEQ(test, out + 4096 + SZ_1M, in + 4096 + SZ_1M,
			   BLK_BUF - 4096 - SZ_1M);
}

/* Where the region begins on the medium, which has what a power cut leaves. */
static u8 *blk_medium(struct kunit *test)
{
	u8 *medium = kfi_pool_test_medium(BLK_POOL);
	size_t i;

	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE | REQ_FUA, in, 0, 4096, 0),
			0);
	for (i = 0; i < BLK_POOL_SIZE; i += PAGE_SIZE)
		if (!memcmp(medium + i, in, 4096))
			return medium + i;
	KUNIT_FAIL_AND_ABORT(test, "FUA did not reach the medium");
	return NULL;
}

static void blk_cache_is_honest(struct kunit *test)
{
	u8 *medium;

	blk_up(test, 4096);
	medium = blk_medium(test);
	blk_pattern();
	/* A plain write is visible at once, and durable by a flush. */
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, SZ_64K, 0), 0);
	KUNIT_ASSERT_EQ(test, blk_read(out, SZ_64K, 0), 0);
	KUNIT_EXPECT_MEMEQ(test, out, in, SZ_64K);
	KUNIT_EXPECT_MEMNEQ(test, medium, in, SZ_64K);
	KUNIT_ASSERT_EQ(test, blkdev_issue_flush(blk_bdev), 0);
	KUNIT_EXPECT_MEMEQ(test, medium, in, SZ_64K);
	/* So are zeroes. */
	KUNIT_ASSERT_EQ(test, blkdev_issue_zeroout(blk_bdev, 0, 8, GFP_KERNEL,
						   BLKDEV_ZERO_NOFALLBACK), 0);
	KUNIT_EXPECT_MEMEQ(test, medium, in, 4096);
	KUNIT_ASSERT_EQ(test, blkdev_issue_flush(blk_bdev), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(medium, 0, 4096));
	/* FUA covers itself, and no other write. */
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, 4096, SZ_1M), 0);
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE | REQ_FUA, in + 4096, 0,
				     SZ_64K, SZ_2M), 0);
	KUNIT_EXPECT_MEMEQ(test, medium + SZ_2M, in + 4096, SZ_64K);
	KUNIT_EXPECT_MEMNEQ(test, medium + SZ_1M, in, 4096);
	/* PREFLUSH covers what was before. */
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA, in,
				     0, 4096, SZ_4M), 0);
	KUNIT_EXPECT_MEMEQ(test, medium + SZ_1M, in, 4096);
	KUNIT_EXPECT_MEMEQ(test, medium + SZ_4M, in, 4096);
}

/* Removed in order, nothing is lost though nobody flushed. */
static void blk_removal_commits(struct kunit *test)
{
	u8 *medium;

	blk_up(test, 4096);
	medium = blk_medium(test);
	blk_pattern();
	KUNIT_ASSERT_EQ(test, blk_rw(REQ_OP_WRITE, in, 0, SZ_64K, 0), 0);
	KUNIT_EXPECT_EQ(test, kfi_blk_del(BLK_SET, false, NULL), -EBUSY);
	blk_close();
	KUNIT_EXPECT_MEMNEQ(test, medium, in, SZ_64K);
	KUNIT_ASSERT_EQ(test, kfi_blk_del(BLK_SET, false, NULL), 0);
	KUNIT_EXPECT_MEMEQ(test, medium, in, SZ_64K);
}

static void blk_forced_removal(struct kunit *test)
{
	int old;

	blk_up(test, 4096);
	old = blk_number;
	KUNIT_ASSERT_EQ(test, kfi_blk_del(BLK_SET, true, NULL), 0);
	KUNIT_EXPECT_NE(test, blk_read(out, 4096, 0), 0);
	KUNIT_EXPECT_EQ(test, kfi_blk_del(BLK_SET, true, NULL), -ENOENT);
	/* The set is free, also while the old device is open still. */
	KUNIT_ASSERT_EQ(test, blk_add(4096, false), 0);
	KUNIT_EXPECT_NE(test, blk_read(out, 4096, 0), 0);
	blk_close();
	KUNIT_EXPECT_EQ(test, blk_number, old);
	KUNIT_ASSERT_EQ(test, blk_open(BLK_OPEN_READ), 0);
	KUNIT_EXPECT_EQ(test, blk_read(out, 4096, 0), 0);
}

static void blk_read_only(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, blk_add(4096, true), 0);
	KUNIT_EXPECT_EQ(test, blk_open(BLK_OPEN_READ | BLK_OPEN_WRITE), -EROFS);
	KUNIT_ASSERT_EQ(test, blk_open(BLK_OPEN_READ), 0);
	KUNIT_EXPECT_TRUE(test, bdev_read_only(blk_bdev));
	KUNIT_EXPECT_EQ(test, blk_read(out, 4096, 0), 0);
}

static int blk_count(const struct kfi_blk_attr *attr, void *arg)
{
	struct kfi_blk_attr *found = arg;

	if (strcmp(attr->set, BLK_SET))
		return 0;
	*found = *attr;
	return 7;
}

static void blk_control(struct kunit *test)
{
	struct kfi_blk_params params = { .set = BLK_SET, .number = 3 };
	struct kfi_blk_attr attr = { };
	int number = -1;

	params.block_size = 1024;
	KUNIT_EXPECT_EQ(test, kfi_blk_add(&params, &number, NULL), -EINVAL);
	params.block_size = 0;
	params.set = "nobody";
	KUNIT_EXPECT_NE(test, kfi_blk_add(&params, &number, NULL), 0);
	params.set = BLK_SET;
	KUNIT_EXPECT_EQ(test, kfi_blk_for_each(blk_count, &attr), 0);
	KUNIT_ASSERT_EQ(test, kfi_blk_add(&params, &number, NULL), 0);
	/* Whoever looked for partitions. */
	flush_delayed_fput();
	KUNIT_EXPECT_EQ(test, number, 3);
	KUNIT_EXPECT_EQ(test, kfi_blk_add(&params, &number, NULL), -EEXIST);
	KUNIT_EXPECT_EQ(test, kfi_blk_for_each(blk_count, &attr), 7);
	KUNIT_EXPECT_EQ(test, attr.number, 3);
	KUNIT_EXPECT_EQ(test, attr.size, BLK_SIZE);
	KUNIT_EXPECT_EQ(test, attr.block_size, 4096);
	KUNIT_EXPECT_FALSE(test, attr.read_only);
	KUNIT_EXPECT_EQ(test, attr.openers, 0);
	KUNIT_EXPECT_EQ(test, kfi_blk_resize("kfiblk3", NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_blk_resize("kfiblk4", NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, kfi_blk_del("kfiblk3", false, NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_blk_del("kfiblk3", false, NULL), -ENOENT);
}

static struct kunit_case blk_cases[] = {
	KUNIT_CASE(blk_write_read),
	KUNIT_CASE(blk_scattered),
	KUNIT_CASE(blk_limits),
	KUNIT_CASE(blk_zeroes),
	KUNIT_CASE(blk_discard),
	KUNIT_CASE(blk_cache_is_honest),
	KUNIT_CASE(blk_removal_commits),
	KUNIT_CASE(blk_forced_removal),
	KUNIT_CASE(blk_read_only),
	KUNIT_CASE(blk_control),
	{ }
};

static struct kunit_suite blk_suite = {
	.name = "kfi_blk",
	.init = blk_suite_init,
	.exit = blk_suite_exit,
	.test_cases = blk_cases,
};

kunit_test_suites(&blk_map_suite, &blk_suite);
