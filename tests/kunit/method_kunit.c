// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a commit is done, for everything that a target can say: the table of the
 * design, written down once more.
 */
#include <kunit/test.h>

#include "prov_rdma_pmem/method.h"
#include "prov_rdma_pmem/native.h"
#include "prov_rdma_pmem/params.h"
#include "prov_rdma_pmem/wire.h"

struct method_row {
	enum kfi_pmem_domain domain;
	bool coherent;
	bool native;
	enum kfi_commit_method method;
};

#define ROW(d, c, n, m) { KFI_PMEM_DOMAIN_##d, c, n, KFI_COMMIT_##m }

static const struct method_row table[] = {
	/* Nothing is known: nothing is promised, whatever the NIC can do. */
	ROW(NONE, false, false, REFUSED),
	ROW(NONE, false, true, REFUSED),
	ROW(NONE, true, false, REFUSED),
	ROW(NONE, true, true, REFUSED),
	/* No fabric operation reaches a block device's flush. */
	ROW(ASYNC, false, false, ASYNC),
	ROW(ASYNC, false, true, ASYNC),
	ROW(ASYNC, true, false, ASYNC),
	ROW(ASYNC, true, true, ASYNC),
	/* In the caches is not yet in the controller. */
	ROW(MEM_CTRL, false, false, ASSISTED),
	ROW(MEM_CTRL, false, true, NATIVE),
	ROW(MEM_CTRL, true, false, ASSISTED),
	ROW(MEM_CTRL, true, true, NATIVE),
	/* Acknowledged is durable only where acknowledged is in the caches. */
	ROW(CPU_CACHE, false, false, ASSISTED),
	ROW(CPU_CACHE, false, true, NATIVE),
	ROW(CPU_CACHE, true, false, EADR),
	ROW(CPU_CACHE, true, true, NATIVE),
	/* The cache model has to see each commit. */
	ROW(EMULATED, false, false, ASSISTED),
	ROW(EMULATED, false, true, ASSISTED),
	ROW(EMULATED, true, false, ASSISTED),
	ROW(EMULATED, true, true, ASSISTED),
};

static void every_combination(struct kunit *test)
{
	unsigned int i, seen = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		const struct method_row *row = &table[i];
		struct kfr_method_facts facts = {
			.domain = row->domain,
			.coherent = row->coherent,
			.native = row->native,
		};

		seen |= BIT(row->domain * 4 + row->coherent * 2 + row->native);
		KUNIT_EXPECT_EQ_MSG(test, row->method,
				    kfr_method_choose(&facts),
				    "domain %s, coherent %d, native %d",
				    kfi_pmem_domain_name(row->domain),
				    row->coherent, row->native);
	}
	/* A domain that is added needs rows here. */
	KUNIT_EXPECT_EQ(test, GENMASK(KFI_PMEM_DOMAIN_MAX * 4 - 1, 0), seen);
}

static void unknown_domain(struct kunit *test)
{
	unsigned int domain;

	for (domain = KFI_PMEM_DOMAIN_MAX; domain < 300; domain++) {
		struct kfr_method_facts facts = {
			.domain = domain,
			.coherent = true,
			.native = true,
		};

		KUNIT_EXPECT_EQ(test, KFI_COMMIT_REFUSED,
				kfr_method_choose(&facts));
	}
}

/* What the administrator of the initiator asks for, and may not get. */
static void policy_decides(struct kunit *test)
{
	struct kfr_method_facts facts;
	enum kfi_commit_method free, method;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		facts = (struct kfr_method_facts) {
			.domain = table[i].domain,
			.coherent = table[i].coherent,
			.native = table[i].native,
		};
		free = kfr_method_choose(&facts);
		facts.policy = KFR_COMMIT_NATIVE;
		KUNIT_EXPECT_EQ(test, kfr_method_choose(&facts),
				free == KFI_COMMIT_NATIVE ? free :
							    KFI_COMMIT_REFUSED);
		facts.policy = KFR_COMMIT_ASSISTED;
		KUNIT_EXPECT_NE(test, kfr_method_choose(&facts),
				KFI_COMMIT_NATIVE);
		/* else it is what there is without a flush of the fabric */
		method = kfr_method_choose(&facts);
		facts.policy = KFR_COMMIT_AUTO;
		facts.native = false;
		KUNIT_EXPECT_EQ(test, method, kfr_method_choose(&facts));
	}
}

/* The capability bits of a device that user space sees are no fact. */
static void native_needs_more_than_a_bit(struct kunit *test)
{
	struct ib_device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_EXPECT_FALSE(test, kfr_native_flush_usable(dev));
	dev->attrs.device_cap_flags = U64_MAX;
	KUNIT_EXPECT_FALSE(test, kfr_native_flush_usable(dev));
	dev->attrs.kernel_cap_flags = U64_MAX;
	KUNIT_EXPECT_EQ(test, kfr_native_flush_built(),
			kfr_native_flush_usable(dev));
	dev->attrs.device_cap_flags = 0;
	KUNIT_EXPECT_FALSE(test, kfr_native_flush_usable(dev));
}

/* The module's parameter, as whoever writes to it in sysfs has it. */
static void native_is_refused_where_it_is_not(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, -EINVAL, kfr_commit_set("quickly"));
	KUNIT_EXPECT_EQ(test, KFR_COMMIT_AUTO, kfr_commit_policy);
	KUNIT_EXPECT_EQ(test, kfr_native_flush_built() ? 0 : -EOPNOTSUPP,
			kfr_commit_set("native\n"));
	KUNIT_EXPECT_EQ(test, kfr_commit_policy, kfr_native_flush_built() ?
			KFR_COMMIT_NATIVE : KFR_COMMIT_AUTO);
	KUNIT_EXPECT_EQ(test, 0, kfr_commit_set("assisted"));
	KUNIT_EXPECT_EQ(test, KFR_COMMIT_ASSISTED, kfr_commit_policy);
	KUNIT_EXPECT_EQ(test, 0, kfr_commit_set("auto"));
	KUNIT_EXPECT_EQ(test, KFR_COMMIT_AUTO, kfr_commit_policy);
}

static void inline_writes(struct kunit *test)
{
	static const u64 lengths[] = {
		0, 1, 64, KFR_WIRE_INLINE_MAX - 1, KFR_WIRE_INLINE_MAX,
		KFR_WIRE_INLINE_MAX + 1, 4096, U32_MAX, BIT_ULL(32),
		BIT_ULL(32) + 1, U64_MAX,
	};
	unsigned int i, method;

	for (method = 0; method <= KFI_COMMIT_METHOD_MAX; method++) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			bool want = method == KFI_COMMIT_ASSISTED &&
				    lengths[i] <= KFR_WIRE_INLINE_MAX;

			KUNIT_EXPECT_EQ_MSG(test, want,
					    kfr_method_inline(method,
							      lengths[i]),
					    "method %u, %llu bytes", method,
					    lengths[i]);
		}
	}
}

static struct kunit_case method_cases[] = {
	KUNIT_CASE(every_combination),
	KUNIT_CASE(unknown_domain),
	KUNIT_CASE(policy_decides),
	KUNIT_CASE(native_needs_more_than_a_bit),
	KUNIT_CASE(native_is_refused_where_it_is_not),
	KUNIT_CASE(inline_writes),
	{}
};

static struct kunit_suite method_suite = {
	.name = "kfi_method",
	.test_cases = method_cases,
};

kunit_test_suite(method_suite);

MODULE_DESCRIPTION("Tests of the kfabric RDMA provider's choice of method");
MODULE_LICENSE("GPL");
