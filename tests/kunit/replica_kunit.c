// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replica sets on three regions of one machine: the first is a local member,
 * the others are reached through rxe's loopback.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/test.h"
#include "kfi_pmem_prov.h"
#include "kfi_replica.h"
#include "loopback.h"
#include "rdma_env.h"

#define SET_NAME	"set"
#define MEMBERS		3
#define MEMBER_SIZE	(4ULL << 20)
#define EXTENT_SHIFT	16
#define TIMEOUT		(30 * HZ)

static struct {
	struct env_side target;
	char node[32];
	char pool[MEMBERS][8];
	char region[MEMBERS][8];
	bool made[MEMBERS];
	bool started;
	struct kfi_set *set;
	u8 *buf;
} rep;

static int replica_export(int i)
{
	return kfi_export_add(rep.pool[i], rep.region[i], "w", env_key,
			      KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}

static int replica_listen(void)
{
	return env_side_open(&rep.target, "0.0.0.0", ENV_PORT,
			     KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC |
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}

static int replica_start(bool create, unsigned int witness)
{
	struct kfi_member_params member[MEMBERS] = {};
	struct kfi_set_params params = {
		.name = SET_NAME,
		.nr_members = MEMBERS,
		.member = member,
		.create = create,
		.assume_clean = create,
		.extent_shift = EXTENT_SHIFT,
	};
	int i, ret;

	for (i = 0; i < MEMBERS; i++) {
		member[i].region = rep.region[i];
		member[i].witness = witness & BIT(i);
		if (!i) {
			member[i].pool = rep.pool[i];
			continue;
		}
		member[i].host = rep.node;
		member[i].port = ENV_PORT;
		member[i].provider = "rdma";
		member[i].peer = "w";
		member[i].key = env_key;
	}
	ret = kfi_set_start(&params, NULL);
	if (ret)
		return ret;
	rep.started = true;
	rep.set = kfi_set_get(SET_NAME);
	return PTR_ERR_OR_ZERO(rep.set);
}

static int replica_stop(void)
{
	int ret;

	kfi_set_put(rep.set);
	rep.set = NULL;
	ret = kfi_set_stop(SET_NAME, NULL);
	if (!ret)
		rep.started = false;
	return ret;
}

static void replica_exit(struct kunit *test)
{
	int i;

	if (!IS_ERR_OR_NULL(rep.set))
		kfi_set_put(rep.set);
	if (rep.started)
		kfi_set_stop(SET_NAME, NULL);
	env_side_close(&rep.target);
	for (i = 0; i < MEMBERS; i++) {
		if (!rep.made[i])
			continue;
		kfi_export_remove(rep.pool[i], rep.region[i], "w", NULL);
		kfi_region_remove(rep.pool[i], rep.region[i], NULL);
		WARN_ON(kfi_pool_destroy(rep.pool[i], NULL));
	}
	kfi_loopback_down("rxe0");
	kfree(rep.buf);
}

static int replica_init(struct kunit *test)
{
	__be32 addr;
	int i, ret;

	memset(&rep, 0, sizeof(rep));
	rep.buf = kmalloc(SZ_64K, GFP_KERNEL);
	ret = rep.buf ? kfi_loopback_up("dummy0", "rxe0") : -ENOMEM;
	if (ret)
		return ret;
	addr = kfi_loopback_addr("rxe0");
	snprintf(rep.node, sizeof(rep.node), "%pI4", &addr);
	for (i = 0; i < MEMBERS && !ret; i++) {
		snprintf(rep.pool[i], sizeof(rep.pool[i]), "p%d", i);
		snprintf(rep.region[i], sizeof(rep.region[i]), "m%d", i);
		ret = kfi_pool_create_ram(rep.pool[i], 16 << 20, true, 0, NULL);
		rep.made[i] = !ret;
		ret = ret ?: kfi_region_create(rep.pool[i], rep.region[i],
					       MEMBER_SIZE, NULL) ?:
		      replica_export(i);
	}
	ret = ret ?: replica_listen();
	if (ret)
		replica_exit(test);
	return ret;
}

struct replica_io {
	struct kfi_set_io io;
	struct bio_vec bv[16];
	struct completion done;
	int err;
};

static void replica_done(struct kfi_set_io *io, int err)
{
	struct replica_io *rio = container_of(io, struct replica_io, io);

	rio->err = err;
	complete(&rio->done);
}

static int replica_do(enum kfi_set_op op, u64 offset, void *buf, size_t len)
{
	struct replica_io *rio = kzalloc(sizeof(*rio), GFP_KERNEL);
	size_t pos, part;
	int ret;

	if (!rio)
		return -ENOMEM;
	init_completion(&rio->done);
	rio->io.op = op;
	rio->io.offset = offset;
	rio->io.length = len;
	rio->io.bvec = rio->bv;
	rio->io.done = replica_done;
	for (pos = 0; pos < len; pos += part) {
		part = min(len - pos, PAGE_SIZE - offset_in_page(buf + pos));
		bvec_set_virt(&rio->bv[rio->io.nr_bvecs++], buf + pos, part);
	}
	kfi_set_submit(rep.set, &rio->io);
	if (!wait_for_completion_timeout(&rio->done, TIMEOUT))
		return -ETIMEDOUT;	/* leaked, or it would be used freed */
	ret = rio->err;
	kfree(rio);
	return ret;
}

static int replica_write(u64 offset, u8 fill, size_t len)
{
	memset(rep.buf, fill, len);
	return replica_do(KFI_SET_WRITE_DURABLE, offset, rep.buf, len);
}

/* Does a member's region have these bytes? */
static bool replica_has(int member, u64 offset, u8 fill, size_t len)
{
	struct kfi_region *region = kfi_region_open(rep.pool[member],
						    rep.region[member]);
	struct kfi_region_map map;
	bool has;

	if (IS_ERR(region))
		return false;
	kfi_region_get_map(region, &map);
	has = !memchr_inv(map.kaddr + offset, fill, len);
	kfi_region_put(region);
	return has;
}

static int replica_attr_one(const struct kfi_set_attr *attr, void *arg)
{
	*(struct kfi_set_attr *)arg = *attr;
	return 1;
}

static struct kfi_set_attr *replica_attr(struct kunit *test)
{
	struct kfi_set_attr *attr = kunit_kzalloc(test, sizeof(*attr),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, attr);
	kfi_set_for_each(replica_attr_one, attr);
	return attr;
}

/* Wait until a member is in this state: it takes some round trips. */
static bool replica_wait_member(struct kunit *test, int member,
				enum kfi_member_state state)
{
	unsigned long end = jiffies + TIMEOUT;

	while (replica_attr(test)->member[member].state != state) {
		if (time_after(jiffies, end))
			return false;
		schedule_timeout_uninterruptible(HZ / 50);
	}
	return true;
}

/* A member's machine loses its power, with what was not committed. */
static int replica_cut(int member)
{
	kfi_export_remove(rep.pool[member], rep.region[member], "w", NULL);
	return kfi_pool_test_power_cut(rep.pool[member]);
}

static void replica_durable_everywhere(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true, 0), 0);
	KUNIT_ASSERT_EQ(test, replica_write(8192, 0x5a, 4096), 0);
	memset(rep.buf, 0, 4096);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_READ, 8192, rep.buf, 4096), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(rep.buf, 0x5a, 4096));
	KUNIT_EXPECT_EQ(test, replica_stop(), 0);
	for (i = 0; i < MEMBERS; i++) {
		KUNIT_EXPECT_EQ(test, replica_cut(i), 0);
		KUNIT_EXPECT_TRUE(test, replica_has(i, 8192, 0x5a, 4096));
	}
}

static void replica_takes_over(struct kunit *test)
{
	struct kfi_set_attr *attr;
	u64 epoch;
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true, 0), 0);
	epoch = replica_attr(test)->epoch;
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_stop(), 0);
	KUNIT_ASSERT_EQ(test, replica_start(false, 0), 0);
	attr = replica_attr(test);
	KUNIT_EXPECT_GT(test, attr->epoch, epoch);
	KUNIT_EXPECT_EQ(test, attr->state, KFI_SET_ACTIVE);
	KUNIT_EXPECT_EQ(test, attr->dirty_extents, 0);
	for (i = 0; i < MEMBERS; i++)
		KUNIT_EXPECT_EQ(test, attr->member[i].state,
				KFI_MEMBER_IN_SYNC);
	KUNIT_EXPECT_EQ(test, replica_do(KFI_SET_READ, 0, rep.buf, 4096), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(rep.buf, 1, 4096));
}

static void replica_member_comes_back(struct kunit *test)
{
	struct kfi_set_attr *attr;
	u64 generation;
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true, 0), 0);
	generation = replica_attr(test)->generation;
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, replica_write(i * SZ_256K, 2, 4096), 0);
	attr = replica_attr(test);
	KUNIT_EXPECT_GT(test, attr->generation, generation);
	KUNIT_EXPECT_NE(test, attr->member[2].state, KFI_MEMBER_IN_SYNC);
	KUNIT_EXPECT_FALSE(test, replica_has(2, 0, 2, 4096));

	KUNIT_ASSERT_EQ(test, replica_export(2), 0);
	KUNIT_ASSERT_TRUE(test, replica_wait_member(test, 2,
						    KFI_MEMBER_IN_SYNC));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_TRUE(test, replica_has(2, i * SZ_256K, 2, 4096));
	/* No more than what was marked. */
	KUNIT_EXPECT_LE(test, replica_attr(test)->member[2].resynced,
			8ULL << EXTENT_SHIFT);
}

static void replica_fenced_by_takeover(struct kunit *test)
{
	struct kfi_region *region;

	KUNIT_ASSERT_EQ(test, replica_start(true, 0), 0);
	KUNIT_ASSERT_EQ(test, replica_write(0, 1, 4096), 0);
	region = kfi_region_open(rep.pool[0], rep.region[0]);
	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	KUNIT_EXPECT_EQ(test, kfi_region_raise_epoch(region, 1000), 0);
	kfi_region_put(region);
	KUNIT_EXPECT_EQ(test, replica_write(0, 2, 4096), -EKEYREVOKED);
	KUNIT_EXPECT_TRUE(test, replica_has(0, 0, 1, 4096));
	KUNIT_EXPECT_EQ(test, replica_attr(test)->state, KFI_SET_FENCED);
}

static void replica_commit_makes_durable(struct kunit *test)
{
	int i;

	KUNIT_ASSERT_EQ(test, replica_start(true, 0), 0);
	memset(rep.buf, 7, 4096);
	for (i = 0; i < 32; i++)
		KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_WRITE, i * 100 * 1024,
						 rep.buf, 4096), 0);
	KUNIT_ASSERT_EQ(test, replica_do(KFI_SET_COMMIT, 0, NULL, 0), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(1), 0);
	KUNIT_ASSERT_EQ(test, replica_cut(2), 0);
	for (i = 0; i < 32; i++) {
		KUNIT_EXPECT_TRUE(test, replica_has(1, i * 100 * 1024, 7, 4096));
		KUNIT_EXPECT_TRUE(test, replica_has(2, i * 100 * 1024, 7, 4096));
	}
}

static struct kunit_case replica_cases[] = {
	KUNIT_CASE(replica_durable_everywhere),
	KUNIT_CASE(replica_takes_over),
	KUNIT_CASE(replica_member_comes_back),
	KUNIT_CASE(replica_fenced_by_takeover),
	KUNIT_CASE(replica_commit_makes_durable),
	{}
};

static struct kunit_suite replica_suite = {
	.name = "kfi_replica",
	.init = replica_init,
	.exit = replica_exit,
	.test_cases = replica_cases,
};

kunit_test_suites(&replica_suite);

MODULE_DESCRIPTION("KUnit tests of replica sets");
MODULE_LICENSE("GPL");
