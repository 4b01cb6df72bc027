// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may reach what: keys, hardware keys of another peer, bad messages, and
 * regions of several hardware keys.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/test.h"
#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/params.h"
#include "prov_rdma_pmem/peer.h"
#include "prov_rdma_pmem/rmr.h"
#include "rdma_env.h"

/* The first region of a pool begins behind the header area. */
#define ACCESS_DATA	(2ULL << 20)

static struct env env;

static int access_init(struct kunit *test)
{
	return env_up(test, &env, 16 << 20, ENV_SIZE, true);
}

static void access_exit(struct kunit *test)
{
	kfr_mr_limit = 0;
	env_down(&env);
}

static u64 access_attach(struct kunit *test, struct kfi_pmem_attr *attr)
{
	u64 key = 0;

	KUNIT_ASSERT_EQ(test, env_attach(&env, &env.peer, &key, attr), 0);
	return key;
}

static int access_write(struct env_side *side, kfi_addr_t addr, const void *buf,
			size_t len, u64 offset, u64 key)
{
	struct env_done done;
	ssize_t ret;

	ret = kfi_write(side->ep, buf, len, NULL, addr, offset, key, NULL);
	return ret ?: env_wait(side, &done);
}

static int access_commit(u64 offset, size_t len, u64 key)
{
	struct kfi_rma_iov range = { .addr = offset, .len = len, .key = key };
	struct env_done done;
	ssize_t ret;

	ret = kfi_commit(env.peer.ep, &range, 1, env.addr,
			 KFI_COMMIT_PERSISTENT, NULL);
	return ret ?: env_wait(&env.peer, &done);
}

static u8 access_scratch[8];

static void access_query(struct kunit *test, struct env_side *side,
			 kfi_addr_t addr, u64 key)
{
	struct kfi_pmem_attr attr;
	struct env_done done;
	int tries = 0, ret;

	/* Reading makes a connection where the last one is gone. */
	do {
		ret = kfi_read(side->ep, access_scratch, 1, NULL, addr, 0, key,
			       NULL) ?: env_wait(side, &done);
	} while (ret && tries++ < 20);
	KUNIT_EXPECT_EQ(test, ret, 0);
	KUNIT_EXPECT_EQ(test, kfi_pmem_query(side->ep, addr, key, &attr), 0);
}

static struct kfr_rmr *access_rmr(struct env_side *side, kfi_addr_t addr,
				  u64 key, struct kfr_peer **peer)
{
	*peer = xa_load(&kfr_ep_of(side->ep)->peers, addr);
	return kfr_rmr_lookup(*peer, key);
}

/*
 * Peer c has a region of its own, and got hold of b's hardware keys and grant
 * number. Neither the NIC nor the target takes them from it.
 */
static void access_other_peers_rkey(struct kunit *test)
{
	static const u8 key_c[KFI_PMEM_KEY_SIZE] = "the key of node c";
	struct kfi_auth auth = env_auth("c", key_c);
	struct kfi_pmem_attach what = {
		.region = "other",
		.access = KFI_READ | KFI_WRITE,
	};
	u8 *secret = kunit_kmalloc(test, 4096, GFP_KERNEL);
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct kfr_rmr *rmr_b, *rmr_c;
	struct kfr_peer *peer_b, *peer_c;
	struct kfi_region_map map;
	struct kfi_region *region;
	struct env_done done;
	struct env_side c;
	struct kfi_rma_iov range = { .len = 64 };
	int ret, tries = 0;
	u64 key, other;
	kfi_addr_t addr;

	get_random_bytes(secret, 4096);
	KUNIT_ASSERT_EQ(test, kfi_region_create(ENV_POOL, "other", ENV_SIZE,
						NULL), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_add(ENV_POOL, "other", "c", key_c,
			KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL), 0);
	key = access_attach(test, NULL);
	KUNIT_ASSERT_EQ(test, access_write(&env.peer, env.addr, secret, 4096, 0,
					   key), 0);
	KUNIT_ASSERT_EQ(test, env_side_open(&c, NULL, 0, KFI_RMA |
			KFI_RMA_PMEM | KFI_READ | KFI_WRITE, &auth), 0);
	KUNIT_ASSERT_EQ(test, kfi_client_insert(&c.client, env.node,
						ENV_PORT, &addr, NULL), 0);
	/* Not by name. */
	what.region = ENV_REGION;
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(c.ep, addr, &what, &other, NULL),
			-ENOENT);
	what.region = "other";
	KUNIT_ASSERT_EQ(test, kfi_pmem_attach(c.ep, addr, &what, &other, NULL),
			0);
	range.key = other;
	rmr_b = access_rmr(&env.peer, env.addr, key, &peer_b);
	rmr_c = access_rmr(&c, addr, other, &peer_c);
	KUNIT_ASSERT_TRUE(test, rmr_b && rmr_c);

	/*
	 * Not by a stolen hardware key: write, then read. A bad key costs c
	 * its connection. What meets the loss says so (-ENOLINK), and what
	 * comes after it got c's own keys anew: steal again.
	 */
	do {
		access_query(test, &c, addr, other);
		rmr_c->rkeys[0] = rmr_b->rkeys[0];
		ret = access_write(&c, addr, buf, 4096, 0, other);
	} while ((!ret || ret == -ENOLINK) && tries++ < 20);
	KUNIT_EXPECT_EQ(test, ret, -EACCES);
	tries = 0;
	do {
		access_query(test, &c, addr, other);
		rmr_c->rkeys[0] = rmr_b->rkeys[0];
		KUNIT_ASSERT_EQ(test, kfi_read(c.ep, buf, 4096, NULL, addr, 0,
					       other, NULL), 0);
		ret = env_wait(&c, &done);
	} while ((!ret || ret == -ENOLINK) && tries++ < 20);
	KUNIT_EXPECT_EQ(test, ret, -EACCES);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(buf, 0, 4096));

	/* Not by a grant number that is not c's. */
	tries = 0;
	do {
		access_query(test, &c, addr, other);
		rmr_c->grant = rmr_b->grant + 1000;
		KUNIT_ASSERT_EQ(test, kfi_commit(c.ep, &range, 1, addr,
				KFI_COMMIT_PERSISTENT, NULL), 0);
		ret = env_wait(&c, &done);
	} while ((!ret || ret == -ENOLINK) && tries++ < 20);
	KUNIT_EXPECT_EQ(test, ret, -ENOENT);
	region = kfi_region_open(ENV_POOL, ENV_REGION);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	kfi_region_get_map(region, &map);
	KUNIT_EXPECT_MEMEQ(test, map.kaddr, secret, 4096);
	kfi_region_put(region);
	kfr_rmr_put(rmr_b);
	kfr_rmr_put(rmr_c);
	env_side_close(&c);
	kfi_export_remove(ENV_POOL, "other", "c", NULL);
	KUNIT_EXPECT_EQ(test, kfi_region_remove(ENV_POOL, "other", NULL), 0);
}

/* A peer that was fenced and stays connected does not keep the region. */
static void access_removed_while_connected(struct kunit *test)
{
	u64 key = access_attach(test, NULL);

	KUNIT_ASSERT_EQ(test, access_write(&env.peer, env.addr, access_scratch,
					   8, 0, key), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_remove(ENV_POOL, ENV_REGION, "b",
						NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_region_remove(ENV_POOL, ENV_REGION, NULL), 0);
}

/* A key that was changed is of no use to a session that proved the old one. */
static void access_key_is_changed(struct kunit *test)
{
	static const u8 fresh[KFI_PMEM_KEY_SIZE] = "a fresh key of node b";
	u64 key = access_attach(test, NULL);

	KUNIT_ASSERT_EQ(test, kfi_pmem_detach(env.peer.ep, env.addr, key), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_remove(ENV_POOL, ENV_REGION, "b",
						NULL), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_add(ENV_POOL, ENV_REGION, "b", fresh,
			KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL), 0);
	KUNIT_EXPECT_NE(test, env_attach(&env, &env.peer, &key, NULL), 0);
}

static void access_read_only_export(struct kunit *test)
{
	static const u8 key_r[KFI_PMEM_KEY_SIZE] = "the key of a reader";
	struct kfi_auth auth = env_auth("reader", key_r);
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = KFI_READ | KFI_WRITE,
	};
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct env_done done;
	struct env_side r;
	kfi_addr_t addr;
	u64 key;

	KUNIT_ASSERT_EQ(test, kfi_export_add(ENV_POOL, ENV_REGION, "reader",
			key_r, KFI_REMOTE_READ, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_side_open(&r, NULL, 0, KFI_RMA |
			KFI_RMA_PMEM | KFI_READ | KFI_WRITE, &auth), 0);
	KUNIT_ASSERT_EQ(test, kfi_client_insert(&r.client, env.node,
						ENV_PORT, &addr, NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(r.ep, addr, &what, &key, NULL),
			-EACCES);
	what.access = KFI_READ;
	KUNIT_ASSERT_EQ(test, kfi_pmem_attach(r.ep, addr, &what, &key, NULL),
			0);
	KUNIT_EXPECT_EQ(test, kfi_read(r.ep, buf, 64, NULL, addr, 0, key, NULL),
			0);
	KUNIT_EXPECT_EQ(test, env_wait(&r, &done), 0);
	KUNIT_EXPECT_EQ(test, access_write(&r, addr, buf, 64, 0, key), -EACCES);
	env_side_close(&r);
	KUNIT_EXPECT_EQ(test, kfi_export_remove(ENV_POOL, ENV_REGION, "reader",
						NULL), 0);
}

/* A region under several hardware keys, written across their borders. */
static void access_many_hardware_keys(struct kunit *test)
{
	u8 *in = kunit_kmalloc(test, 65536, GFP_KERNEL);
	u8 *out = kunit_kzalloc(test, 65536, GFP_KERNEL);
	struct kfr_peer *peer;
	struct env_done done;
	struct kfr_rmr *rmr;
	u64 key, at;

	kfr_mr_limit = 1 << 20;
	get_random_bytes(in, 65536);
	key = access_attach(test, NULL);
	rmr = access_rmr(&env.peer, env.addr, key, &peer);
	KUNIT_ASSERT_NOT_NULL(test, rmr);
	KUNIT_EXPECT_GT(test, rmr->chunks, 1U);
	for (at = 1ULL << rmr->chunk_shift; at < ENV_SIZE;
	     at += 1ULL << rmr->chunk_shift) {
		KUNIT_EXPECT_EQ(test, access_write(&env.peer, env.addr, in,
				65536, at - 30000, key), 0);
		KUNIT_EXPECT_EQ(test, access_commit(at - 30000, 65536, key), 0);
		KUNIT_ASSERT_EQ(test, kfi_read(env.peer.ep, out, 65536, NULL,
				env.addr, at - 30000, key, NULL), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&env.peer, &done), 0);
		KUNIT_EXPECT_MEMEQ(test, in, out, 65536);
	}
	kfr_rmr_put(rmr);
}

/* Poison costs its own range, as -EIO, and nothing else. */
static void access_poison(struct kunit *test)
{
	u8 *in = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u64 key = access_attach(test, NULL);

	KUNIT_ASSERT_EQ(test, access_write(&env.peer, env.addr, in, 4096, 0,
					   key), 0);
	KUNIT_ASSERT_EQ(test, kfi_pool_test_poison(ENV_POOL, ACCESS_DATA + 4096, 512), 0);
	KUNIT_EXPECT_EQ(test, access_commit(4096, 4096, key), -EIO);
	KUNIT_EXPECT_EQ(test, access_commit(0, 4096, key), 0);
	KUNIT_EXPECT_EQ(test, access_commit(8192, 4096, key), 0);
}

static int access_handler(struct kfi_region *region, u64 offset, u64 length,
			  void *context)
{
	*(u64 *)context += length;
	return offset == 8192 ? -ENOSPC : 0;
}

static void access_target_handler(struct kunit *test)
{
	static const struct kfi_target_handler handler = {
		.commit = access_handler,
	};
	struct kfi_region *region = kfi_region_open(ENV_POOL, ENV_REGION);
	u64 key = access_attach(test, NULL), seen = 0;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	KUNIT_ASSERT_EQ(test, kfi_region_set_handler(region, &handler, &seen),
			0);
	KUNIT_EXPECT_EQ(test, access_commit(0, 4096, key), 0);
	KUNIT_EXPECT_EQ(test, seen, 4096ULL);
	KUNIT_EXPECT_EQ(test, access_commit(8192, 64, key), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kfi_region_set_handler(region, NULL, NULL), 0);
	KUNIT_EXPECT_EQ(test, access_commit(8192, 64, key), 0);
	kfi_region_put(region);
}

static void access_post_raw(struct kunit *test, struct kfr_link *link,
			    struct ib_send_wr *wr)
{
	spin_lock_bh(&link->sq_lock);
	kfr_link_mark(link, wr, 1);
	KUNIT_EXPECT_EQ(test, kfr_link_post(link, wr, 1), 0);
	spin_unlock_bh(&link->sq_lock);
}

/* Send raw bytes where a request is expected. */
static void access_send_raw(struct kunit *test, struct kfr_peer *peer,
			    const void *data, u32 len)
{
	struct kfr_link *link = &peer->conn->link;
	struct ib_sge sge = { .length = len, .lkey = link->pd->local_dma_lkey };
	struct ib_send_wr wr = {
		.opcode = IB_WR_SEND,
		.sg_list = &sge,
		.num_sge = 1,
	};
	u32 last = link->params.tx_count - 1;

	memcpy(kfr_link_tx_buf(link, last), data, len);
	sge.addr = kfr_link_tx_dma(link, last);
	access_post_raw(test, link, &wr);
}

/* The target counts what it refused, and talks to the peer again. */
static void access_was_refused(struct kunit *test, u64 key, u64 *refused)
{
	struct kfi_pmem_stats *stats = kunit_kzalloc(test, sizeof(*stats), GFP_KERNEL);
	u8 *in = kunit_kzalloc(test, 64, GFP_KERNEL);
	int tries;

	/* Its reply tells that the message before was handled. */
	access_commit(0, 64, key);
	kfi_pmem_stats(env.target.ep, stats);
	KUNIT_EXPECT_GT(test, stats->refused, *refused);
	*refused = stats->refused;
	for (tries = 0; tries < 3; tries++)
		if (access_write(&env.peer, env.addr, in, 64, 0, key) !=
		    -ENOLINK)
			break;
	KUNIT_EXPECT_EQ(test, access_write(&env.peer, env.addr, in, 64, 0, key),
			0);
}

/* A bad message costs its sender the connection, and the target nothing. */
static void access_bad_messages(struct kunit *test)
{
	struct {
		const char *what;
		struct kfr_wire_write m;
		u32 len;
	} cases[] = {
		{ "too short", { }, 3 },
		{ "no such type", { .hdr = {
			.version = KFR_WIRE_VERSION, .type = 31,
			.length = cpu_to_le16(sizeof(struct kfr_wire_write)),
			} }, sizeof(struct kfr_wire_write) },
		{ "length beyond the message", { .hdr = {
			.version = KFR_WIRE_VERSION, .type = KFR_WIRE_WRITE,
			.length = cpu_to_le16(sizeof(struct kfr_wire_write)),
			}, .length = cpu_to_le16(1000) },
			sizeof(struct kfr_wire_write) },
		{ "a reply to a target", { .hdr = {
			.version = KFR_WIRE_VERSION, .type = KFR_WIRE_REPLY,
			.length = cpu_to_le16(sizeof(struct kfr_wire_write)),
			} }, sizeof(struct kfr_wire_write) },
	};
	u64 key = access_attach(test, NULL);
	struct kfr_peer *peer;
	u64 refused = 0;
	int i;

	peer = xa_load(&kfr_ep_of(env.peer.ep)->peers, env.addr);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kunit_info(test, "%s\n", cases[i].what);
		access_send_raw(test, peer, &cases[i].m, cases[i].len);
		access_was_refused(test, key, &refused);
	}
}

/* Neither does immediate data that stand for nothing. */
static void access_bad_immediates(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 imm;
	} cases[] = {
		{ "no grant, no bytes", 0 },
		{ "a grant, but no bytes: that were the whole region", 1U << 26 },
	};
	u64 key = access_attach(test, NULL);
	struct kfr_peer *peer;
	u64 refused = 0;
	int i;

	peer = xa_load(&kfr_ep_of(env.peer.ep)->peers, env.addr);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ib_rdma_wr wr = {
			.wr.opcode = IB_WR_RDMA_WRITE_WITH_IMM,
			.wr.ex.imm_data = cpu_to_be32(cases[i].imm),
		};

		kunit_info(test, "%s\n", cases[i].what);
		access_post_raw(test, &peer->conn->link, &wr.wr);
		access_was_refused(test, key, &refused);
	}
}

/* A write whose immediate data name what the peer was not given. */
static void access_immediate_elsewhere(struct kunit *test)
{
	u64 key = access_attach(test, NULL);
	struct kfr_peer *peer = xa_load(&kfr_ep_of(env.peer.ep)->peers, env.addr);
	struct kfr_link *link = &peer->conn->link;
	struct ib_sge sge = {
		.addr = kfr_link_tx_dma(link, link->params.tx_count - 1),
		.length = 64,
		.lkey = link->pd->local_dma_lkey,
	};
	struct ib_rdma_wr wr = {
		.wr.opcode = IB_WR_RDMA_WRITE_WITH_IMM,
		.wr.ex.imm_data = cpu_to_be32(63U << 26),
		.wr.sg_list = &sge,
		.wr.num_sge = 1,
	};
	u64 refused = 0;
	struct kfr_rmr *rmr;
	unsigned long index;

	xa_for_each(&peer->rmrs, index, rmr)
		wr.rkey = le32_to_cpu(rmr->rkeys[0]);
	memset(kfr_link_tx_buf(link, link->params.tx_count - 1), 0, 64);
	access_post_raw(test, link, &wr.wr);
	access_was_refused(test, key, &refused);
}

static struct kunit_case access_cases[] = {
	KUNIT_CASE(access_other_peers_rkey),
	KUNIT_CASE(access_removed_while_connected),
	KUNIT_CASE(access_key_is_changed),
	KUNIT_CASE(access_read_only_export),
	KUNIT_CASE(access_many_hardware_keys),
	KUNIT_CASE(access_poison),
	KUNIT_CASE(access_target_handler),
	KUNIT_CASE(access_bad_messages),
	KUNIT_CASE(access_bad_immediates),
	KUNIT_CASE(access_immediate_elsewhere),
	{ }
};

static struct kunit_suite access_suite = {
	.name = "kfi_access",
	.init = access_init,
	.exit = access_exit,
	.test_cases = access_cases,
};

kunit_test_suite(access_suite);
