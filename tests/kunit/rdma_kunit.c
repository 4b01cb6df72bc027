// SPDX-License-Identifier: GPL-2.0-only
/*
 * The real provider against itself, through rxe's loopback: memory access. Where
 * clients of the kernel have an RDMA FLUSH, once more with that.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/peer.h"
#include "rdma_env.h"

static struct env env;

static int rdma_init(struct kunit *test)
{
	return env_up(test, &env, 16 << 20, ENV_SIZE, true);
}

static void rdma_exit(struct kunit *test)
{
	env_down(&env);
}

#ifdef KFR_IB_FLUSH_WR
static int rdma_native_init(struct kunit *test)
{
	return rdma_init(test) ?: env_become_nvdimm(&env);
}
#endif

static u64 rdma_attach(struct kunit *test, struct kfi_pmem_attr *attr)
{
	u64 key = 0;

	KUNIT_ASSERT_EQ(test, env_attach(&env, &env.peer, &key, attr), 0);
	return key;
}

static ssize_t rdma_write(const void *buf, size_t len, u64 offset, u64 key,
			  u64 flags, void *context)
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
		.context = context,
	};

	return kfi_writemsg(env.peer.ep, &msg, flags);
}

static void rdma_write_ok(struct kunit *test, const void *buf, size_t len,
			  u64 offset, u64 key, u64 flags)
{
	struct env_done done;

	KUNIT_ASSERT_EQ(test, rdma_write(buf, len, offset, key, flags,
					 (void *)buf), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	KUNIT_EXPECT_PTR_EQ(test, done.context, (void *)buf);
	KUNIT_EXPECT_EQ(test, done.len, len);
}

static void rdma_read_ok(struct kunit *test, void *buf, size_t len, u64 offset,
			 u64 key)
{
	struct env_done done;
	int ret;

	/* What was posted before the target's end was noticed fails, once. */
	do {
		ret = kfi_read(env.peer.ep, buf, len, NULL, env.addr, offset,
			       key, NULL);
		KUNIT_ASSERT_EQ(test, ret, 0);
		ret = env_wait(&env.peer, &done);
	} while (ret == -ENOLINK && env.cut-- > 0);
	KUNIT_ASSERT_EQ(test, ret, 0);
}

static u8 *rdma_pattern(struct kunit *test, size_t len)
{
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	get_random_bytes(buf, len);
	return buf;
}

static void rdma_attach_attests(struct kunit *test)
{
	struct kfi_pmem_attr attr, again;
	u64 key = rdma_attach(test, &attr);

	KUNIT_EXPECT_EQ(test, attr.size, ENV_SIZE);
	KUNIT_EXPECT_EQ(test, attr.domain, env.nvdimm ?
			KFI_PMEM_DOMAIN_MEM_CTRL : KFI_PMEM_DOMAIN_EMULATED);
	KUNIT_EXPECT_EQ(test, attr.method, env.nvdimm ? KFI_COMMIT_NATIVE :
							KFI_COMMIT_ASSISTED);
	KUNIT_EXPECT_FALSE(test, uuid_is_null(&attr.uuid));
	KUNIT_EXPECT_EQ(test, kfi_pmem_query(env.peer.ep, env.addr, key,
					     &again), 0);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&attr.uuid, &again.uuid));
	KUNIT_EXPECT_EQ(test, kfi_pmem_detach(env.peer.ep, env.addr, key), 0);
	KUNIT_EXPECT_EQ(test, kfi_pmem_detach(env.peer.ep, env.addr, key),
			-ENOENT);
}

static void rdma_write_then_read(struct kunit *test)
{
	static const size_t sizes[] = { 1, 7, 64, 512, 1024, 1025, 4096, 65536,
					1 << 20 };
	u64 key = rdma_attach(test, NULL);
	u8 *in = vmalloc(1 << 20), *out = vmalloc(1 << 20);
	int i, durable;

	KUNIT_ASSERT_TRUE(test, in && out);
	for (durable = 0; durable < 2; durable++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			get_random_bytes(in, sizes[i]);
			memset(out, 0, sizes[i]);
			rdma_write_ok(test, in, sizes[i], 4093, key, durable ?
				      KFI_COMMIT_COMPLETE : 0);
			rdma_read_ok(test, out, sizes[i], 4093, key);
			KUNIT_EXPECT_MEMEQ(test, in, out, sizes[i]);
		}
	}
	vfree(in);
	vfree(out);
}

/* Acknowledged as durable: there after a power cut. Not so: gone. */
static void rdma_power_cut(struct kunit *test)
{
	u8 *durable = rdma_pattern(test, 4096);
	u8 *inlined = rdma_pattern(test, 64);
	u8 *plain = rdma_pattern(test, 4096);
	u8 *out = rdma_pattern(test, 4096);
	u64 key = rdma_attach(test, NULL);

	rdma_write_ok(test, durable, 4096, 0, key, KFI_COMMIT_COMPLETE);
	rdma_write_ok(test, inlined, 64, 8192, key, KFI_COMMIT_COMPLETE);
	rdma_write_ok(test, plain, 4096, 16384, key, 0);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	rdma_read_ok(test, out, 4096, 0, key);
	KUNIT_EXPECT_MEMEQ(test, out, durable, 4096);
	rdma_read_ok(test, out, 64, 8192, key);
	KUNIT_EXPECT_MEMEQ(test, out, inlined, 64);
	rdma_read_ok(test, out, 4096, 16384, key);
	KUNIT_EXPECT_MEMNEQ(test, out, plain, 4096);
}

static void rdma_commit_afterwards(struct kunit *test)
{
	u8 *in = rdma_pattern(test, 4096), *out = rdma_pattern(test, 4096);
	u64 key = rdma_attach(test, NULL);
	struct kfi_rma_iov range = { .addr = 4096, .len = 4096, .key = key };
	struct env_done done;

	rdma_write_ok(test, in, 4096, 4096, key, 0);
	KUNIT_ASSERT_EQ(test, kfi_commit(env.peer.ep, &range, 1, env.addr,
					 KFI_COMMIT_PERSISTENT, &range), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	KUNIT_EXPECT_PTR_EQ(test, done.context, (void *)&range);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	rdma_read_ok(test, out, 4096, 4096, key);
	KUNIT_EXPECT_MEMEQ(test, out, in, 4096);
}

struct rdma_stall {
	struct completion entered;
	struct completion leave;
};

static int rdma_stall(struct kfi_region *region, u64 offset, u64 length,
		      void *context)
{
	struct rdma_stall *wait = context;

	complete(&wait->entered);
	wait_for_completion(&wait->leave);
	return 0;
}

/* A write that was lost with the target's power is reported by the commit. */
static void rdma_lost_write_is_stale(struct kunit *test)
{
	u8 *in = rdma_pattern(test, 4096);
	u64 key = rdma_attach(test, NULL);
	struct kfi_rma_iov range = { .addr = 0, .len = 4096, .key = key };
	struct kfi_pmem_attr before, after;
	struct env_done done;
	int ret;

	KUNIT_ASSERT_EQ(test, kfi_pmem_query(env.peer.ep, env.addr, key,
					     &before), 0);
	rdma_write_ok(test, in, 4096, 0, key, 0);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	do {
		ret = kfi_commit(env.peer.ep, &range, 1, env.addr,
				 KFI_COMMIT_PERSISTENT, NULL);
		KUNIT_ASSERT_EQ(test, ret, 0);
		ret = env_wait(&env.peer, &done);
	} while (ret == -ENOLINK && env.cut-- > 0);
	KUNIT_EXPECT_EQ(test, ret, -ESTALE);
	KUNIT_ASSERT_EQ(test, kfi_pmem_query(env.peer.ep, env.addr, key,
					     &after), 0);
	KUNIT_EXPECT_FALSE(test, uuid_equal(&before.incarnation,
					    &after.incarnation));
	/* Once. */
	KUNIT_ASSERT_EQ(test, kfi_commit(env.peer.ep, &range, 1, env.addr,
					 KFI_COMMIT_PERSISTENT, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), 0);
}

/*
 * A commit that ended with its connection committed nothing: when the target
 * comes back without the bytes, the next one says so.
 */
static void rdma_lost_commit_is_stale(struct kunit *test)
{
	u8 *in = rdma_pattern(test, 4096);
	u64 key = rdma_attach(test, NULL);
	struct kfi_rma_iov range = { .addr = 0, .len = 4096, .key = key };
	static const struct kfi_target_handler stall = {
		.commit = rdma_stall,
	};
	struct kfi_region *region = kfi_region_open(ENV_POOL, ENV_REGION);
	struct rdma_stall wait;
	struct env_done done;

	init_completion(&wait.entered);
	init_completion(&wait.leave);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	rdma_write_ok(test, in, 4096, 0, key, 0);
	KUNIT_ASSERT_EQ(test, kfi_region_set_handler(region, &stall, &wait), 0);
	KUNIT_ASSERT_EQ(test, kfi_commit(env.peer.ep, &range, 1, env.addr,
					 KFI_COMMIT_PERSISTENT, NULL), 0);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&wait.entered,
							  20 * HZ), 0UL);
	/* The connection breaks while the target is still at it. */
	kfr_link_fail(&((struct kfr_peer *)xa_load(&kfr_ep_of(env.peer.ep)->peers,
						   env.addr))->conn->link,
		      -ENOLINK);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -ENOLINK);
	complete(&wait.leave);
	KUNIT_ASSERT_EQ(test, kfi_region_set_handler(region, NULL, NULL), 0);
	kfi_region_put(region);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	KUNIT_ASSERT_EQ(test, kfi_commit(env.peer.ep, &range, 1, env.addr,
					 KFI_COMMIT_PERSISTENT, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -ESTALE);
}

/* A fenced commit raises earlier writes to its level, wherever they went. */
static void rdma_fence_commits_earlier_writes(struct kunit *test)
{
	u8 *in = rdma_pattern(test, 8192), *out = rdma_pattern(test, 8192);
	u64 key = rdma_attach(test, NULL);

	rdma_write_ok(test, in, 4096, 65536, key, 0);
	rdma_write_ok(test, in + 4096, 64, 0, key,
		      KFI_FENCE | KFI_COMMIT_COMPLETE);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	rdma_read_ok(test, out, 4096, 65536, key);
	KUNIT_EXPECT_MEMEQ(test, out, in, 4096);
	rdma_read_ok(test, out, 64, 0, key);
	KUNIT_EXPECT_MEMEQ(test, out, in + 4096, 64);
}

static void rdma_publish(struct kunit *test)
{
	static const size_t sizes[] = { 64, 4096, 65536 };
	u64 key = rdma_attach(test, NULL), word = 0, i;
	u8 *in = rdma_pattern(test, 65536), *out = rdma_pattern(test, 65536);

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kvec v = { in, sizes[i] };
		struct kfi_rma_iov rma = {
			.addr = 65536, .len = sizes[i], .key = key,
		};
		struct kfi_msg_publish msg = {
			.data = {
				.type = KFI_KVEC,
				.msg_iov = &v,
				.iov_count = 1,
				.addr = env.addr,
				.rma_iov = &rma,
				.rma_iov_count = 1,
			},
			.word_addr = 8,
			.word_key = key,
			.word = 0x1122334455667788ULL + i,
		};
		struct env_done done;

		KUNIT_ASSERT_EQ(test, kfi_write_publish(env.peer.ep, &msg, 0),
				0);
		KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
		msg.word_addr = 12;
		KUNIT_EXPECT_EQ(test, kfi_write_publish(env.peer.ep, &msg, 0),
				-EINVAL);
		KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
		rdma_read_ok(test, &word, 8, 8, key);
		KUNIT_EXPECT_EQ(test, word, 0x1122334455667788ULL + i);
		rdma_read_ok(test, out, sizes[i], 65536, key);
		KUNIT_EXPECT_MEMEQ(test, out, in, sizes[i]);
	}
}

static void rdma_atomics(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL), *v;
	struct env_done done;
	struct kfi_ioc ioc, res;
	struct kfi_rma_ioc rma = { .addr = 64, .count = 1, .key = key };
	struct kfi_msg_atomic msg = {
		.msg_iov = &ioc,
		.iov_count = 1,
		.addr = env.addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.datatype = KFI_UINT64,
		.op = KFI_SUM,
	};

	v = kunit_kzalloc(test, 4 * sizeof(*v), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, v);
	v[0] = 40;
	rdma_write_ok(test, v, 8, 64, key, KFI_COMMIT_COMPLETE);
	v[1] = 2;
	ioc = (struct kfi_ioc) { &v[1], 1 };
	res = (struct kfi_ioc) { &v[2], 1 };
	KUNIT_ASSERT_EQ(test, kfi_fetch_atomicmsg(env.peer.ep, &msg, &res, NULL,
						  1, KFI_COMMIT_COMPLETE), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	KUNIT_EXPECT_EQ(test, v[2], 40ULL);
	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	rdma_read_ok(test, &v[3], 8, 64, key);
	KUNIT_EXPECT_EQ(test, v[3], 42ULL);

	rma.addr = 65;
	KUNIT_EXPECT_EQ(test, kfi_atomicmsg(env.peer.ep, &msg, 0), -EINVAL);
	rma.addr = ENV_SIZE;
	KUNIT_EXPECT_EQ(test, kfi_atomicmsg(env.peer.ep, &msg, 0), -EINVAL);
}

static void rdma_vectors(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *out = rdma_pattern(test, 40 * 100);
	struct kvec *v = kunit_kcalloc(test, 40, sizeof(*v), GFP_KERNEL);
	struct bio_vec *bv = kunit_kcalloc(test, 40, sizeof(*bv), GFP_KERNEL);
	struct scatterlist *sg = kunit_kcalloc(test, 40, sizeof(*sg),
					       GFP_KERNEL);
	u8 *in = rdma_pattern(test, 40 * 200);
	struct env_done done;
	int i;

	KUNIT_ASSERT_TRUE(test, v && bv && sg);
	sg_init_table(sg, 40);
	for (i = 0; i < 40; i++) {
		v[i] = (struct kvec) { in + i * 200, 100 };
		bvec_set_virt(&bv[i], in + i * 200, 100);
		sg_set_buf(&sg[i], in + i * 200, 100);
	}
	KUNIT_ASSERT_EQ(test, kfi_writev(env.peer.ep, v, NULL, 40, env.addr, 0,
					 key, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	KUNIT_ASSERT_EQ(test, kfi_writebv(env.peer.ep, bv, NULL, 40, env.addr,
					  8192, key, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	KUNIT_ASSERT_EQ(test, kfi_writesgl(env.peer.ep, sg, NULL, 40, env.addr,
					   16384, key, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	for (i = 0; i < 3; i++) {
		int j;

		memset(out, 0, 40 * 100);
		rdma_read_ok(test, out, 40 * 100, i * 8192, key);
		for (j = 0; j < 40; j++)
			KUNIT_EXPECT_MEMEQ(test, out + j * 100, in + j * 200,
					   100);
	}
	/* Out into the vector. */
	memset(in, 0, 40 * 200);
	KUNIT_ASSERT_EQ(test, kfi_readv(env.peer.ep, v, NULL, 40, env.addr, 0,
					key, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	for (i = 0; i < 40; i++)
		KUNIT_EXPECT_MEMEQ(test, in + i * 200, out + i * 100, 100);
}

static void rdma_refuses(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 4096);
	struct kfi_pmem_attach what = {
		.region = "nothing",
		.access = KFI_READ,
	};
	struct env_done done;
	u64 other;

	KUNIT_EXPECT_EQ(test, rdma_write(in, 4096, ENV_SIZE - 4095, key, 0,
					 NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, rdma_write(in, 8, U64_MAX - 3, key, 0, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, rdma_write(in, 8, 0, key, BIT_ULL(40), NULL),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(env.peer.ep, env.addr, &what,
					      &other, NULL), -ENOENT);
	what.region = ENV_REGION;
	what.generation = 77;
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(env.peer.ep, env.addr, &what,
					      &other, NULL), -ESTALE);
	/* A key that nobody gave us. */
	KUNIT_ASSERT_EQ(test, rdma_write(in, 8, 0, 4711, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -EACCES);
	/* And none of that did any harm. */
	rdma_write_ok(test, in, 4096, 0, key, KFI_COMMIT_COMPLETE);
}

static void rdma_wrong_key(struct kunit *test)
{
	static const u8 wrong[KFI_PMEM_KEY_SIZE] = "not the key";
	struct {
		const char *peer;
		const u8 *key;
		int err;
	} cases[] = {
		{ "b", wrong, -EKEYREJECTED },
		{ "b", NULL, -EKEYREJECTED },
		{ "c", env_key, -EKEYREJECTED },
	};
	struct env_side side;
	kfi_addr_t addr;
	u64 key;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kfi_auth auth = env_auth(cases[i].peer, cases[i].key);
		struct kfi_pmem_attach what = {
			.region = ENV_REGION,
			.access = KFI_READ,
		};

		KUNIT_ASSERT_EQ(test, env_side_open(&side, NULL, 0,
				KFI_RMA | KFI_RMA_PMEM | KFI_READ | KFI_WRITE,
				&auth), 0);
		KUNIT_EXPECT_EQ(test, kfi_client_insert(&side.client,
				env.node, ENV_PORT, &addr, NULL), 0);
		KUNIT_EXPECT_EQ(test, kfi_pmem_attach(side.ep, addr, &what,
				&key, NULL), cases[i].err);
		env_side_close(&side);
	}
}

/* Revoked while it writes: nothing lands once the revocation returned. */
static void rdma_fence(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 4096), *out;
	struct kfi_region_map map;
	struct kfi_region *region;
	struct env_done done;
	int i, posted = 0, fenced = 0;

	region = kfi_region_open(ENV_POOL, ENV_REGION);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	kfi_region_get_map(region, &map);
	out = kunit_kzalloc(test, 4096, GFP_KERNEL);
	rdma_write_ok(test, in, 4096, 0, key, KFI_COMMIT_COMPLETE);
	for (i = 0; i < 32; i++)
		if (!rdma_write(in, 4096, 4096 * i, key,
				i & 1 ? KFI_COMMIT_COMPLETE : 0, NULL))
			posted++;
	KUNIT_EXPECT_EQ(test, kfi_region_revoke(region, "b"), 0);
	memset(map.kaddr, 0, 4096 * 40);
	for (i = 0; i < posted; i++) {
		int ret = env_wait(&env.peer, &done);

		KUNIT_EXPECT_NE(test, ret, -ETIMEDOUT);
		fenced += ret == -EKEYREVOKED;
	}
	KUNIT_ASSERT_EQ(test, rdma_write(in, 4096, 0, key, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -EKEYREVOKED);
	KUNIT_ASSERT_EQ(test, rdma_write(in, 64, 0, key, KFI_COMMIT_COMPLETE,
					 NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -EKEYREVOKED);
	KUNIT_EXPECT_MEMEQ(test, map.kaddr, out, 4096);
	kfi_region_put(region);
}

static void rdma_epoch(struct kunit *test)
{
	struct kfi_pmem_attr attr;
	u64 key = rdma_attach(test, &attr);
	u8 *in = rdma_pattern(test, 64);
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = KFI_READ | KFI_WRITE,
	};
	struct kfi_region *region;
	struct env_done done;
	int ret;

	region = kfi_region_open(ENV_POOL, ENV_REGION);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	KUNIT_EXPECT_EQ(test, kfi_region_raise_epoch(region, attr.epoch + 5),
			0);
	KUNIT_ASSERT_EQ(test, rdma_write(in, 64, 0, key, KFI_COMMIT_COMPLETE,
					 NULL), 0);
	ret = env_wait(&env.peer, &done);
	KUNIT_EXPECT_TRUE(test, ret == -ESTALE || ret == -EKEYREVOKED);
	/* A writer that knows the new epoch may go on, as another one. */
	what.epoch = attr.epoch + 5;
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(env.peer.ep, env.addr, &what,
					      &key, &attr), -ESTALE);
	KUNIT_EXPECT_EQ(test, kfi_pmem_detach(env.peer.ep, env.addr, key), 0);
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(env.peer.ep, env.addr, &what,
					      &key, &attr), 0);
	KUNIT_EXPECT_EQ(test, attr.epoch, what.epoch);
	rdma_write_ok(test, in, 64, 0, key, KFI_COMMIT_COMPLETE);
	kfi_region_put(region);
}

/* Writes, of which every other is durable; how many there is room for. */
static int rdma_post_many(struct kunit *test, u8 *in, u64 key)
{
	int i;

	for (i = 0; i < 100; i++) {
		ssize_t ret = rdma_write(in, 16384, 16384 * (i % 64), key,
					 i & 1 ? KFI_COMMIT_COMPLETE : 0, in);

		if (ret == -EAGAIN)
			break;
		KUNIT_ASSERT_EQ(test, ret, 0);
	}
	return i;
}

/* Closing with operations under way: each of them ends, none is lost. */
static void rdma_disconnect_in_flight(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 65536);
	int i, posted = rdma_post_many(test, in, key);
	struct env_done done;

	env_side_close(&env.target);
	for (i = 0; i < posted; i++) {
		int ret = env_wait(&env.peer, &done);

		KUNIT_EXPECT_TRUE(test, !ret || ret == -ENOLINK);
	}
	/* Nobody listens any more. */
	KUNIT_ASSERT_EQ(test, rdma_write(in, 64, 0, key, 0, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -ENOLINK);
}

/* It says so of what the queue pair had, too, which is flushed. */
static void rdma_close_in_flight(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 65536);
	int i, posted = rdma_post_many(test, in, key), canceled = 0;
	struct env_done done;

	KUNIT_ASSERT_EQ(test, kfi_close(&env.peer.ep->fid), 0);
	env.peer.client.ep = NULL;
	for (i = 0; i < posted; i++) {
		int ret = env_wait(&env.peer, &done);

		KUNIT_EXPECT_TRUE(test, !ret || ret == -ECANCELED);
		canceled += !!ret;
	}
	KUNIT_EXPECT_GT(test, canceled, 0);
}

static void rdma_queue_full_then_room(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 4096);
	struct env_done done;
	int posted = 0, i;
	ssize_t ret;

	while (!(ret = rdma_write(in, 4096, 0, key, KFI_COMMIT_COMPLETE, NULL)))
		KUNIT_ASSERT_LT(test, ++posted, 100000);
	KUNIT_EXPECT_EQ(test, ret, -EAGAIN);
	for (i = 0; i < posted; i++)
		KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
	rdma_write_ok(test, in, 4096, 0, key, KFI_COMMIT_COMPLETE);
}

/* One round trip, as the counters have it. */
static void rdma_cost(struct kunit *test)
{
	u64 key = rdma_attach(test, NULL);
	u8 *in = rdma_pattern(test, 4096);
	struct kfi_pmem_stats *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	struct kfi_pmem_stats *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	struct kfi_op_stats *x, *y;

	KUNIT_ASSERT_TRUE(test, a && b);
	x = &a->op[KFI_STAT_WRITE_COMMIT];
	y = &b->op[KFI_STAT_WRITE_COMMIT];
	kfi_pmem_stats(env.peer.ep, a);
	rdma_write_ok(test, in, 64, 0, key, KFI_COMMIT_COMPLETE);
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, y->posts - x->posts, 1ULL);
	KUNIT_EXPECT_EQ(test, y->requests - x->requests, 1ULL);
	KUNIT_EXPECT_EQ(test, y->replies - x->replies, 1ULL);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_INLINE] -
			a->commits[KFI_COMMIT_INLINE], 1ULL);
	*a = *b;
	rdma_write_ok(test, in, 4096, 0, key, KFI_COMMIT_COMPLETE);
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, y->posts - x->posts, 1ULL);
	KUNIT_EXPECT_EQ(test, y->requests - x->requests, 1ULL);
	KUNIT_EXPECT_EQ(test, y->replies - x->replies, 1ULL);
	KUNIT_EXPECT_EQ(test, b->commits[KFI_COMMIT_ASSISTED] -
			a->commits[KFI_COMMIT_ASSISTED], 1ULL);
	/* Immediate data have no room for this offset. */
	*a = *b;
	rdma_write_ok(test, in, 4096, 512, key, KFI_COMMIT_COMPLETE);
	kfi_pmem_stats(env.peer.ep, b);
	KUNIT_EXPECT_EQ(test, y->posts - x->posts, 1ULL);
	KUNIT_EXPECT_EQ(test, y->requests - x->requests, 2ULL);
	KUNIT_EXPECT_EQ(test, y->replies - x->replies, 1ULL);
	KUNIT_EXPECT_GT(test, b->peer_memory, 0ULL);
	KUNIT_EXPECT_LE(test, b->peer_memory, 512ULL << 10);
	kfi_pmem_stats(env.target.ep, b);
	KUNIT_EXPECT_LE(test, b->peer_memory, 512ULL << 10);
	kunit_info(test, "memory of an idle peer: %llu bytes at the target\n",
		   b->peer_memory);
}

static struct kunit_case rdma_cases[] = {
	KUNIT_CASE(rdma_attach_attests),
	KUNIT_CASE(rdma_write_then_read),
	KUNIT_CASE(rdma_power_cut),
	KUNIT_CASE(rdma_commit_afterwards),
	KUNIT_CASE(rdma_lost_write_is_stale),
	KUNIT_CASE(rdma_lost_commit_is_stale),
	KUNIT_CASE(rdma_fence_commits_earlier_writes),
	KUNIT_CASE(rdma_publish),
	KUNIT_CASE(rdma_atomics),
	KUNIT_CASE(rdma_vectors),
	KUNIT_CASE(rdma_refuses),
	KUNIT_CASE(rdma_wrong_key),
	KUNIT_CASE(rdma_fence),
	KUNIT_CASE(rdma_epoch),
	KUNIT_CASE(rdma_disconnect_in_flight),
	KUNIT_CASE(rdma_close_in_flight),
	KUNIT_CASE(rdma_queue_full_then_room),
	KUNIT_CASE(rdma_cost),
	{ }
};

static struct kunit_suite rdma_suite = {
	.name = "kfi_rdma",
	.init = rdma_init,
	.exit = rdma_exit,
	.test_cases = rdma_cases,
};

kunit_test_suite(rdma_suite);

#ifdef KFR_IB_FLUSH_WR
/*
 * What a commit costs is another matter, and a handler that holds one up is not
 * called: see native_kunit.c.
 */
static struct kunit_case rdma_native_cases[] = {
	KUNIT_CASE(rdma_attach_attests),
	KUNIT_CASE(rdma_write_then_read),
	KUNIT_CASE(rdma_power_cut),
	KUNIT_CASE(rdma_commit_afterwards),
	KUNIT_CASE(rdma_lost_write_is_stale),
	KUNIT_CASE(rdma_fence_commits_earlier_writes),
	KUNIT_CASE(rdma_publish),
	KUNIT_CASE(rdma_atomics),
	KUNIT_CASE(rdma_vectors),
	KUNIT_CASE(rdma_refuses),
	KUNIT_CASE(rdma_wrong_key),
	KUNIT_CASE(rdma_fence),
	KUNIT_CASE(rdma_epoch),
	KUNIT_CASE(rdma_disconnect_in_flight),
	KUNIT_CASE(rdma_close_in_flight),
	KUNIT_CASE(rdma_queue_full_then_room),
	{ }
};

static struct kunit_suite rdma_native_suite = {
	.name = "kfi_rdma_native",
	.init = rdma_native_init,
	.exit = rdma_exit,
	.test_cases = rdma_native_cases,
};

kunit_test_suite(rdma_native_suite);
#endif
