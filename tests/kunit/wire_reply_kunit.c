// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wire decoder at the initiator: replies, what a target says of a region,
 * connection data and status numbers, at their limits.
 */
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>

#include "kfi_pmem.h"
#include "wire_env.h"

#define SWEEP_CASES	50000

static unsigned int grant_seed;
module_param(grant_seed, uint, 0444);
MODULE_PARM_DESC(grant_seed, "of the sweep of grants; 0: a new one each time");

static void replies(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, BUF_SIZE, GFP_KERNEL);
	unsigned int type, len;

	KUNIT_ASSERT_NOT_NULL(test, buf);

	for (type = 0; type <= U8_MAX; type++) {
		for (len = 0; len <= KFR_WIRE_REPLY_MAX + 8; len++) {
			bool ok = (type == KFR_WIRE_REPLY && len >= 12 &&
				   len <= KFR_WIRE_REPLY_MAX) ||
				  (type == KFR_WIRE_REVOKED && len == 16);

			memset(buf, 0, BUF_SIZE);
			set_header(buf, type, len);
			KUNIT_ASSERT_EQ_MSG(test, ok ? 0 : -EPROTO,
					    check_exact(test, buf, len,
							kfr_wire_check_reply),
					    "type %u, %u bytes", type, len);
		}
	}
	memset(buf, 0, BUF_SIZE);
	set_header(buf, KFR_WIRE_REPLY, 12);
	buf[0] = KFR_WIRE_VERSION + 1;
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_reply(buf, 12));
	set_header(buf, KFR_WIRE_REPLY, 13);
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_reply(buf, 12));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_reply(buf, 14));
}

static void check_cm(struct kunit *test)
{
	const struct kfr_wire_cm good = {
		.magic = cpu_to_le32(KFR_WIRE_MAGIC),
		.version = cpu_to_le16(KFR_WIRE_VERSION),
		.credits = cpu_to_le16(64),
		.request_max = cpu_to_le32(KFR_WIRE_REQUEST_MAX),
		.reply_max = cpu_to_le32(KFR_WIRE_REPLY_MAX),
	};
	struct kfr_wire_cm cm = good;
	u8 padded[196] = { };
	u16 credits = 0;
	unsigned int v;
	size_t len;

	KUNIT_EXPECT_EQ(test, 0, kfr_wire_check_cm(&cm, sizeof(cm), &credits));
	KUNIT_EXPECT_EQ(test, 64, credits);
	memcpy(padded, &cm, sizeof(cm));
	KUNIT_EXPECT_EQ(test, 0, kfr_wire_check_cm(padded, sizeof(padded),
						   &credits));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_cm(NULL, 0, &credits));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_cm(NULL, sizeof(cm),
							 &credits));
	for (len = 0; len < sizeof(cm); len++)
		KUNIT_EXPECT_EQ(test, -EPROTO,
				kfr_wire_check_cm(&cm, len, &credits));
	for (v = 0; v <= U16_MAX; v++) {
		bool ok = v >= KFR_WIRE_CREDITS_MIN &&
			  v <= KFR_WIRE_CREDITS_MAX;

		cm.credits = cpu_to_le16(v);
		credits = 5;
		KUNIT_ASSERT_EQ(test, ok ? 0 : -EPROTO,
				kfr_wire_check_cm(&cm, sizeof(cm), &credits));
		KUNIT_ASSERT_EQ(test, ok ? v : 5, credits);
	}
	for (v = 0; v <= U16_MAX; v++) {
		cm = good;
		cm.version = cpu_to_le16(v);
		KUNIT_ASSERT_EQ(test, v == KFR_WIRE_VERSION ? 0 :
				-EPROTONOSUPPORT,
				kfr_wire_check_cm(&cm, sizeof(cm), &credits));
	}
	/* Another program's data is no other version of ours. */
	cm = good;
	cm.magic = cpu_to_le32(KFR_WIRE_MAGIC + 1);
	cm.version = cpu_to_le16(KFR_WIRE_VERSION + 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_check_cm(&cm, sizeof(cm),
							 &credits));
	for (v = 0; v < 32; v++) {
		cm = good;
		cm.request_max ^= cpu_to_le32(BIT(v));
		KUNIT_EXPECT_EQ(test, -EPROTO,
				kfr_wire_check_cm(&cm, sizeof(cm), &credits));
		cm = good;
		cm.reply_max ^= cpu_to_le32(BIT(v));
		KUNIT_EXPECT_EQ(test, -EPROTO,
				kfr_wire_check_cm(&cm, sizeof(cm), &credits));
	}
}

static const struct kfr_wire_grant good_grant = {
	.grant = cpu_to_le32(1),
	.access = cpu_to_le32(KFR_WIRE_ACCESS_READ),
	.size = cpu_to_le64(8ULL << 20),
	.domain = KFI_PMEM_DOMAIN_MEM_CTRL,
	.atomic_width = 8,
	.coherent = 1,
	.chunk_shift = 21,
	.chunks = cpu_to_le32(4),
};

static int grant_ok(const struct kfr_wire_grant *g)
{
	return kfr_wire_check_grant(g, sizeof(*g));
}

static void check_grant_fields(struct kunit *test)
{
	struct kfr_wire_grant g = good_grant;
	unsigned int v;
	size_t len;

	KUNIT_EXPECT_EQ(test, 0, grant_ok(&g));
	for (len = 0; len <= 2 * sizeof(g); len++)
		if (len != sizeof(g))
			KUNIT_EXPECT_EQ(test, -EPROTO,
					kfr_wire_check_grant(&g, len));
	for (v = 0; v < 32; v++) {
		g = good_grant;
		g.access = cpu_to_le32(BIT(v));
		KUNIT_EXPECT_EQ(test, v < 2 ? 0 : -EPROTO, grant_ok(&g));
		/* a FLUSH with the right to write only */
		g.access |= cpu_to_le32(KFR_WIRE_ACCESS_WRITE);
		KUNIT_EXPECT_EQ(test, v < 3 ? 0 : -EPROTO, grant_ok(&g));
	}
	for (v = 0; v <= U8_MAX; v++) {
		g = good_grant;
		g.domain = v;
		KUNIT_EXPECT_EQ(test, v < KFI_PMEM_DOMAIN_MAX ? 0 : -EPROTO,
				grant_ok(&g));
		g = good_grant;
		g.coherent = v;
		KUNIT_EXPECT_EQ(test, v < 2 ? 0 : -EPROTO, grant_ok(&g));
		/* One shift, one number of chunks, and no shift beyond 63. */
		g = good_grant;
		g.chunk_shift = v;
		KUNIT_EXPECT_EQ(test, v == 21 ? 0 : -EPROTO, grant_ok(&g));
	}
	g = good_grant;
	g.size = 0;
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
	g.size = cpu_to_le64(U64_MAX);
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
	g.size = cpu_to_le64(BIT_ULL(62));
	g.chunk_shift = 62;
	g.chunks = cpu_to_le32(1);
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
	g.size = cpu_to_le64(BIT_ULL(62) - 1);
	KUNIT_EXPECT_EQ(test, 0, grant_ok(&g));
	g = good_grant;
	/* A page of the largest kind, whatever ours are. */
	g.base = cpu_to_le32(KFR_WIRE_BASE_MAX);
	g.chunks = cpu_to_le32(5);
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
	g.base = cpu_to_le32(U32_MAX);
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
	/* A first byte in the middle of a page takes one chunk more. */
	g.base = cpu_to_le32(KFR_WIRE_BASE_MAX - 1);
	KUNIT_EXPECT_EQ(test, 0, grant_ok(&g));
	g.chunks = cpu_to_le32(4);
	KUNIT_EXPECT_EQ(test, -EPROTO, grant_ok(&g));
}

static void check_stale(struct kunit *test)
{
	struct kfr_wire_stale stale = { };
	size_t len;

	/* All of it, or nothing. */
	for (len = 0; len <= sizeof(stale); len++)
		KUNIT_EXPECT_EQ(test, !len || len == 32 ? 0 : -EPROTO,
				check_exact(test, &stale, len,
					    kfr_wire_check_stale));
	for (; len <= KFR_WIRE_REPLY_DATA; len++)
		KUNIT_EXPECT_EQ(test, -EPROTO,
				kfr_wire_check_stale(&stale, len));
}

/* Any offset of the region leads to a key that was sent. */
static void check_grant_keys(struct kunit *test)
{
	u32 seed = grant_seed ?: get_random_u32();
	struct rnd_state random;
	unsigned int i, accepted = 0;

	kunit_info(test, "seed %#x (wire_reply_kunit.grant_seed=)\n", seed);
	prandom_seed_state(&random, seed);
	for (i = 0; i < SWEEP_CASES; i++) {
		struct kfr_wire_grant g = good_grant;
		u64 size, last, chunks;
		u32 base, shift;

		prandom_bytes_state(&random, &size, sizeof(size));
		size >>= prandom_u32_state(&random) % 64;
		base = prandom_u32_state(&random) % 4 ? 0 :
		       prandom_u32_state(&random) >>
		       prandom_u32_state(&random) % 32;
		shift = prandom_u32_state(&random) % 70;
		chunks = prandom_u32_state(&random) % 70000;
		if (prandom_u32_state(&random) % 4 && size && shift < 64)
			chunks = ((base + size - 1) >> shift) + 1;
		chunks = min_t(u64, chunks, U32_MAX);
		g.size = cpu_to_le64(size);
		g.base = cpu_to_le32(base);
		g.chunk_shift = shift;
		g.chunks = cpu_to_le32(chunks);
		if (grant_ok(&g))
			continue;
		accepted++;
		last = base + (size - 1);
		KUNIT_ASSERT_TRUE_MSG(test, size && last >= base &&
				      base < 65536 && shift >= 12 &&
				      shift < 63 && chunks <= 65536 &&
				      last >> shift == chunks - 1,
				      "seed %#x, case %u: size %#llx base %#x shift %u chunks %llu",
				      seed, i, size, base, shift, chunks);
	}
	KUNIT_EXPECT_GT(test, accepted, 100);
}

/* Errors that mean something on the other side keep their number. */
static void status_round_trip(struct kunit *test)
{
	static const int kept[] = {
		EPERM, ENOENT, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, ENODEV,
		EINVAL, ENOSPC, ERANGE, EOPNOTSUPP, EMSGSIZE, ESTALE,
		EKEYREVOKED, EKEYREJECTED, ENOKEY, EPROTO, ENOLINK, ECANCELED,
		ETIMEDOUT,
	};
	unsigned int i, j;

	KUNIT_EXPECT_EQ(test, 0, kfr_wire_status(0));
	KUNIT_EXPECT_EQ(test, 0, kfr_wire_error(0));
	for (i = 1; i < 4096; i++) {
		bool found = false;

		for (j = 0; j < ARRAY_SIZE(kept); j++)
			found |= kept[j] == i;
		KUNIT_EXPECT_EQ(test, found ? i : EIO, kfr_wire_status(-i));
		KUNIT_EXPECT_EQ(test, found ? -(int)i : -EPROTO,
				kfr_wire_error(i));
		if (found)
			KUNIT_EXPECT_EQ(test, -(int)i,
					kfr_wire_error(kfr_wire_status(-i)));
	}
	/* No number of a peer's is a success or a positive return. */
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_error(U32_MAX));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_error(S32_MAX));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_error(BIT(31)));
	KUNIT_EXPECT_EQ(test, -EPROTO, kfr_wire_error(-EIO));
	KUNIT_EXPECT_EQ(test, EIO, kfr_wire_status(EIO));
	KUNIT_EXPECT_EQ(test, EIO, kfr_wire_status(INT_MIN));
}

static struct kunit_case wire_reply_cases[] = {
	KUNIT_CASE(replies),
	KUNIT_CASE(check_cm),
	KUNIT_CASE(check_grant_fields),
	KUNIT_CASE(check_grant_keys),
	KUNIT_CASE(check_stale),
	KUNIT_CASE(status_round_trip),
	{}
};

static struct kunit_suite wire_reply_suite = {
	.name = "kfi_wire_reply",
	.test_cases = wire_reply_cases,
};

kunit_test_suite(wire_reply_suite);

MODULE_DESCRIPTION("Tests of what the kfabric RDMA provider takes from a target");
MODULE_LICENSE("GPL");
