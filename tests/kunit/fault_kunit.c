// SPDX-License-Identifier: GPL-2.0-only
/*
 * What no peer does and no network: memory that is not there at each place where
 * a connection wants some, and an adapter that stands still.
 */
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/kallsyms.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "../../../infiniband/sw/rxe/rxe.h"
#include "kfi_pmem_prov.h"
#include "prov_rdma_pmem/peer.h"
#include "rdma_env.h"

/*
 * A case has each so many-th allocation fail, and another case the next ones: one
 * case for all would take longer than a task may be blocked.
 */
#define FAULT_CASES	16
#define FAULT_CAPS	(KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC)

static struct env env;

static int fault_init(struct kunit *test)
{
	return env_up(test, &env, 16 << 20, ENV_SIZE, true);
}

static void fault_exit(struct kunit *test)
{
	env_down(&env);
}

/* A debugfs file of the injection, and the variable behind it. */
static void *fault_knob(const char *name)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct dentry *file = dir ? debugfs_lookup(name, dir) : NULL;
	void *knob = file ? d_inode(file)->i_private : NULL;

	dput(file);
	dput(dir);
	return knob;
}

/* The allocations that fail: those which code of the project makes. */
struct fault_alloc {
	struct fault_attr *attr;
	bool *spare_sleepers;
};

static bool fault_find(struct fault_alloc *fault)
{
	unsigned long *probability = fault_knob("probability");

	fault->spare_sleepers = fault_knob("ignore-gfp-wait");
	if (!probability || !fault->spare_sleepers)
		return false;
	fault->attr = container_of(probability, struct fault_attr, probability);
	/* The tests are linked behind all of it, and call it. */
	fault->attr->require_start = kallsyms_lookup_name("kfi_client_open");
	fault->attr->require_end = kallsyms_lookup_name("kfi_loopback_up");
	return fault->attr->require_start &&
	       fault->attr->require_start < fault->attr->require_end;
}

/* Let the n-th from now on fail, and no other. */
static void fault_arm(struct fault_alloc *fault, unsigned long n)
{
	struct fault_attr *attr = fault->attr;

	*fault->spare_sleepers = false;
	attr->verbose = 0;
	attr->count = 0;
	attr->interval = n;
	atomic_set(&attr->space, 0);
	atomic_set(&attr->times, 1);
	attr->probability = 100;
}

/* Return: whether one has failed. */
static bool fault_disarm(struct fault_alloc *fault)
{
	fault->attr->probability = 0;
	*fault->spare_sleepers = true;
	return !atomic_read(&fault->attr->times);
}

static int fault_open(void)
{
	struct kfi_auth auth = env_auth("b", env_key);

	return env_side_open(&env.target, "0.0.0.0", ENV_PORT, FAULT_CAPS |
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL) ?:
	       env_side_open(&env.peer, NULL, 0, FAULT_CAPS | KFI_READ |
			     KFI_WRITE, &auth) ?:
	       kfi_client_insert(&env.peer.client, env.node, ENV_PORT,
				 &env.addr, NULL);
}

static void fault_close(void)
{
	env_side_close(&env.peer);
	env_side_close(&env.target);
}

static int fault_use(u8 *buf)
{
	struct kvec v = { buf, 4096 };
	struct kfi_rma_iov rma = { .len = 4096 };
	struct kfi_msg_rma msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = env.addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
	};
	struct env_done done;

	return env_attach(&env, &env.peer, &rma.key, NULL) ?:
	       kfi_writemsg(env.peer.ep, &msg, KFI_COMMIT_COMPLETE) ?:
	       env_wait(&env.peer, &done) ?:
	       kfi_read(env.peer.ep, buf, 4096, NULL, env.addr, 0, rma.key,
			NULL) ?:
	       env_wait(&env.peer, &done);
}

static const void *fault_next_case(const void *prev, char *desc)
{
	unsigned long n = (unsigned long)prev + 1;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu, %lu ...", n,
		 n + FAULT_CASES);
	return n > FAULT_CASES ? NULL : (void *)n;
}

/*
 * Two endpoints, a connection, an attached region, a durable write: with each
 * allocation on the way failing once. What fails says so, soon, and leaves
 * nothing behind; the same again then works.
 */
static void fault_allocations(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct fault_alloc fault;
	unsigned long n, tried = 0, failed = 0;
	s64 longest = 0;
	bool hit = true, opened;
	ktime_t begin;
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_TRUE(test, fault_find(&fault));
	for (n = (unsigned long)test->param_value; hit; n += FAULT_CASES) {
		fault_close();
		begin = ktime_get();
		fault_arm(&fault, n);
		ret = fault_open();
		opened = !ret;
		ret = ret ?: fault_use(buf);
		hit = fault_disarm(&fault);
		longest = max(longest, ktime_ms_delta(ktime_get(), begin));
		failed += !!ret;
		tried += hit;
		if (ret)
			KUNIT_EXPECT_TRUE_MSG(test, hit, "%lu: error %d of itself",
					      n, ret);
		if (!opened) {
			fault_close();
			ret = fault_open();
			KUNIT_ASSERT_EQ(test, ret, 0);
		}
		ret = fault_use(buf);
		KUNIT_ASSERT_EQ_MSG(test, ret, 0, "%lu: not healed", n);
	}
	KUNIT_EXPECT_GT(test, tried, 20UL);
	KUNIT_EXPECT_GT(test, failed, 5UL);
	KUNIT_EXPECT_LT(test, longest, 20000LL);
	kunit_info(test, "%lu allocations failed, %lu of them the set-up, longest %lld ms\n",
		   tried, failed, longest);
}

/*
 * A queue pair that takes no more READs, as rxe's do when packets were lost,
 * and does not say so: the READ ends, and what comes after works.
 */
static void fault_stalled_queue(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct kfr_peer *peer;
	struct env_done done;
	ktime_t begin;
	u64 key = 0;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, env_attach(&env, &env.peer, &key, NULL), 0);
	peer = xa_load(&kfr_ep_of(env.peer.ep)->peers, env.addr);
	atomic_set(&to_rqp(peer->conn->link.qp)->req.rd_atomic, 0);

	begin = ktime_get();
	KUNIT_ASSERT_EQ(test, kfi_read(env.peer.ep, buf, 4096, NULL, env.addr,
				       0, key, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), -ENOLINK);
	kunit_info(test, "given up after %lld ms\n",
		   ktime_ms_delta(ktime_get(), begin));
	KUNIT_ASSERT_EQ(test, kfi_read(env.peer.ep, buf, 4096, NULL, env.addr,
				       0, key, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&env.peer, &done), 0);
}

static struct kunit_case fault_cases[] = {
	KUNIT_CASE_PARAM_ATTR(fault_allocations, fault_next_case,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(fault_stalled_queue),
	{ }
};

static struct kunit_suite fault_suite = {
	.name = "kfi_fault",
	.init = fault_init,
	.exit = fault_exit,
	.test_cases = fault_cases,
};

kunit_test_suite(fault_suite);
