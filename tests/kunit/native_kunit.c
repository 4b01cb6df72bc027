// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits by RDMA FLUSH: where the stock kernel has none, and where a kernel
 * with the series of Documentation/upstream has. The pool passes for NVDIMMs.
 */
#include <linux/slab.h>

#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/native.h"
#include "prov_rdma_pmem/params.h"
#include "rdma_env.h"

static struct env env;

static int native_init(struct kunit *test)
{
	return env_up(test, &env, 16 << 20, ENV_SIZE, true) ?:
	       env_become_nvdimm(&env);
}

static void native_exit(struct kunit *test)
{
	kfr_commit_set("auto");
	kfr_mr_limit = 0;
	env_down(&env);
}

static enum kfi_commit_method native_attach(struct kunit *test, u64 *key)
{
	struct kfi_pmem_attr attr;

	KUNIT_ASSERT_EQ(test, 0, env_attach(&env, &env.peer, key, &attr));
	return attr.method;
}

static int native_write(struct kunit *test, const void *buf, size_t len,
			u64 offset, u64 key)
{
	struct kvec v = { (void *)buf, len };
	struct kfi_rma_iov rma = { .addr = offset, .len = len, .key = key };
	struct kfi_msg_rma msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = env.addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
	};
	struct env_done done;
	ssize_t ret = kfi_writemsg(env.peer.ep, &msg, KFI_COMMIT_COMPLETE);

	return ret ?: env_wait(&env.peer, &done);
}

/* The whole of it, whatever was dirty. */
static int native_commit(struct kunit *test, u64 key,
			 enum kfi_commit_level level)
{
	struct kfi_rma_iov iov = { .key = key };
	struct env_done done;
	ssize_t ret = kfi_commit(env.peer.ep, &iov, 1, env.addr, level, NULL);

	return ret ?: env_wait(&env.peer, &done);
}

static struct kfi_region *native_region(struct kunit *test)
{
	struct kfi_region *region = kfi_region_open(ENV_POOL, ENV_REGION);

	KUNIT_ASSERT_FALSE(test, IS_ERR(region));
	return region;
}

static enum kfi_commit_method best(void)
{
	return kfr_native_flush_built() ? KFI_COMMIT_NATIVE :
					  KFI_COMMIT_ASSISTED;
}

static void chosen_where_it_is_real(struct kunit *test)
{
	u64 key;

	KUNIT_EXPECT_EQ(test, best(), native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, 0, native_write(test, "durable", 8, 4096, key));
}

/* One post, no request to the target, no reply of it. */
static void cost(struct kunit *test)
{
	struct kfi_pmem_stats *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct kfi_pmem_stats *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	u8 *in = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct kfi_op_stats *x, *y;
	u64 key;

	KUNIT_ASSERT_TRUE(test, a && b && in);
	if (native_attach(test, &key) != KFI_COMMIT_NATIVE)
		kunit_skip(test, "no FLUSH for clients of this kernel");
	x = &a->op[KFI_STAT_WRITE_COMMIT];
	y = &b->op[KFI_STAT_WRITE_COMMIT];
	kfi_pmem_stats(env.peer.ep, a);
	KUNIT_ASSERT_EQ(test, 0, native_write(test, in, 4096, 512, key));
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, y->posts - x->posts, 1ULL);
	KUNIT_EXPECT_EQ(test, y->requests - x->requests, 2ULL);
	KUNIT_EXPECT_EQ(test, y->replies - x->replies, 0ULL);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_NATIVE] -
			a->commits[KFI_COMMIT_NATIVE], 1ULL);
	/* a deep one is the target's, and so is one that is only seen */
	*a = *b;
	KUNIT_EXPECT_EQ(test, 0, native_commit(test, key, KFI_COMMIT_MEDIA));
	KUNIT_EXPECT_EQ(test, 0, native_commit(test, key, KFI_COMMIT_VISIBLE));
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_ASSISTED] -
			a->commits[KFI_COMMIT_ASSISTED], 2ULL);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_NATIVE],
			a->commits[KFI_COMMIT_NATIVE]);
}

/* A range over the end of a hardware key, and one over more than are worth it. */
static void keys_are_flushed_one_by_one(struct kunit *test)
{
	struct kfi_pmem_stats *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct kfi_pmem_stats *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	u8 *in = kunit_kmalloc(test, 8192, GFP_KERNEL);
	struct kfi_region_map map;
	struct kfi_region *region;
	u64 key;

	KUNIT_ASSERT_TRUE(test, a && b && in);
	kfr_mr_limit = 1 << 20;
	if (native_attach(test, &key) != KFI_COMMIT_NATIVE)
		kunit_skip(test, "no FLUSH for clients of this kernel");
	memset(in, 0x77, 8192);
	kfi_pmem_stats(env.peer.ep, a);
	KUNIT_EXPECT_EQ(test, 0, native_write(test, in, 8192,
					      (1 << 20) - 4096, key));
	KUNIT_EXPECT_EQ(test, 0, native_commit(test, key,
					       KFI_COMMIT_PERSISTENT));
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_NATIVE] -
			a->commits[KFI_COMMIT_NATIVE], 2ULL);
	KUNIT_ASSERT_EQ(test, 0, env_power_cut(&env));
	region = native_region(test);
	kfi_region_get_map(region, &map);
	KUNIT_EXPECT_MEMEQ(test, map.kaddr + (1 << 20) - 4096, in, 8192);
	kfi_region_put(region);
}

/* What is to run before a reply runs before it, or there is none. */
static int never(struct kfi_region *region, u64 offset, u64 length,
		 void *context)
{
	return -EILSEQ;
}

static void a_handler_is_not_passed_by(struct kunit *test)
{
	const struct kfi_target_handler handler = { .commit = never };
	struct kfi_region *region = native_region(test);
	u64 key;

	KUNIT_ASSERT_EQ(test, best(), native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, kfr_native_flush_built() ? -EBUSY : 0,
			kfi_region_set_handler(region, &handler, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_pmem_detach(env.peer.ep, env.addr, key));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_set_handler(region, &handler, NULL));
	KUNIT_EXPECT_EQ(test, KFI_COMMIT_ASSISTED, native_attach(test, &key));
	KUNIT_EXPECT_NE(test, 0, native_write(test, "handled", 8, 0, key));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_set_handler(region, NULL, NULL));
	kfi_region_put(region);
}

/* An error for what is poisoned is the target's to give. */
static void poison_is_not_passed_by(struct kunit *test)
{
	u64 key;

	KUNIT_ASSERT_EQ(test, 0, env_poison(&env, 8192, 64));
	KUNIT_EXPECT_EQ(test, KFI_COMMIT_ASSISTED, native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, -EIO, native_write(test, "poison", 7, 8192, key));
	KUNIT_ASSERT_EQ(test, 0, env_poison(&env, 0, 0));
}

/* The parameter: what is refused, and how whoever posts hears of it. */
static void what_is_asked_for_or_nothing(struct kunit *test)
{
	int ret = kfr_commit_set("native");
	u64 key;

	KUNIT_EXPECT_EQ(test, kfr_native_flush_built() ? 0 : -EOPNOTSUPP, ret);
	KUNIT_EXPECT_EQ(test, best(), native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, 0, native_write(test, "durable", 8, 0, key));
	KUNIT_EXPECT_EQ(test, 0, kfi_pmem_detach(env.peer.ep, env.addr, key));

	/* to DRAM nobody can */
	KUNIT_ASSERT_EQ(test, 0, env_become_ram(&env));
	KUNIT_EXPECT_EQ(test, ret ? KFI_COMMIT_ASSISTED : KFI_COMMIT_REFUSED,
			native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, ret ? 0 : -EOPNOTSUPP,
			native_write(test, "durable", 8, 0, key));
	KUNIT_EXPECT_EQ(test, 0, kfi_pmem_detach(env.peer.ep, env.addr, key));

	KUNIT_EXPECT_EQ(test, 0, kfr_commit_set("assisted"));
	KUNIT_ASSERT_EQ(test, 0, env_become_nvdimm(&env));
	KUNIT_EXPECT_EQ(test, KFI_COMMIT_ASSISTED, native_attach(test, &key));
	KUNIT_EXPECT_EQ(test, 0, native_write(test, "durable", 8, 0, key));
}

static struct kunit_case native_cases[] = {
	KUNIT_CASE(chosen_where_it_is_real),
	KUNIT_CASE(cost),
	KUNIT_CASE(keys_are_flushed_one_by_one),
	KUNIT_CASE(a_handler_is_not_passed_by),
	KUNIT_CASE(poison_is_not_passed_by),
	KUNIT_CASE(what_is_asked_for_or_nothing),
	{ }
};

static struct kunit_suite native_suite = {
	.name = "kfi_native",
	.init = native_init,
	.exit = native_exit,
	.test_cases = native_cases,
};

kunit_test_suite(native_suite);

MODULE_DESCRIPTION("Tests of commits by RDMA FLUSH");
MODULE_LICENSE("GPL");
