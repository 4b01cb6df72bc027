// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaching as the next writer (raise), and for as long as the target stays up
 * (pin), through rxe's loopback.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "kfabric_pmem/pmem/test.h"
#include "prov_rdma_pmem/peer.h"
#include "prov_rdma_pmem/session.h"
#include "rdma_env.h"

#define ATTACH_SIZE	(64ULL << 10)
#define RW		(KFI_READ | KFI_WRITE)
#define REMOTE_RW	(KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static struct env env;
static struct env_side second;		/* another endpoint, as peer "c" */
static kfi_addr_t second_addr;
static struct kfi_region *region;
static u8 *bytes;			/* of the region */

static const u8 key_c[KFI_PMEM_KEY_SIZE] = "the key of node c";

static int attach_init(struct kunit *test)
{
	return env_up(test, &env, 16 << 20, ATTACH_SIZE, true);
}

static void attach_exit(struct kunit *test)
{
	env_side_close(&second);
	if (!IS_ERR_OR_NULL(region))
		kfi_region_put(region);
	region = NULL;
	kfi_export_remove(ENV_POOL, ENV_REGION, "c", NULL);
	env_down(&env);
}

static void open_region(struct kunit *test)
{
	struct kfi_region_map map;

	region = kfi_region_open(ENV_POOL, ENV_REGION);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, region);
	kfi_region_get_map(region, &map);
	bytes = map.kaddr;
}

/* A second endpoint, of a peer that the region is exported to. */
static void open_second(struct kunit *test, const char *peer, const u8 *key)
{
	struct kfi_auth auth = env_auth(peer, key);

	KUNIT_ASSERT_EQ(test, env_side_open(&second, NULL, 0, KFI_RMA |
			KFI_RMA_PMEM | KFI_READ | KFI_WRITE, &auth), 0);
	KUNIT_ASSERT_EQ(test, kfi_client_insert(&second.client, env.node,
						ENV_PORT, &second_addr, NULL),
			0);
}

static void open_c(struct kunit *test, u64 access)
{
	KUNIT_ASSERT_EQ(test, kfi_export_add(ENV_POOL, ENV_REGION, "c", key_c,
					     access, NULL), 0);
	open_second(test, "c", key_c);
}

static int attach(struct env_side *side, u64 access, u64 epoch, bool raise,
		  u64 *key, struct kfi_pmem_attr *attr)
{
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = access,
		.epoch = epoch,
		.raise = raise,
	};

	return kfi_pmem_attach(side->ep, side == &second ? second_addr :
			       env.addr, &what, key, attr);
}

static int detach(struct env_side *side, u64 key)
{
	return kfi_pmem_detach(side->ep, side == &second ? second_addr :
			       env.addr, key);
}

static ssize_t post_write(struct env_side *side, const void *buf, size_t len,
			  u64 offset, u64 key)
{
	return kfi_write(side->ep, buf, len, NULL, side == &second ?
			 second_addr : env.addr, offset, key, NULL);
}

static int write(struct env_side *side, const void *buf, size_t len, u64 offset,
		 u64 key)
{
	struct env_done done;

	return post_write(side, buf, len, offset, key) ?:
	       env_wait(side, &done);
}

static int read(struct env_side *side, void *buf, size_t len, u64 offset,
		u64 key)
{
	struct env_done done;

	return kfi_read(side->ep, buf, len, NULL, side == &second ?
			second_addr : env.addr, offset, key, NULL) ?:
	       env_wait(side, &done);
}

static int commit(struct env_side *side, u64 key)
{
	struct kfi_rma_iov range = { .key = key };
	struct env_done done;

	return kfi_commit(side->ep, &range, 1, side == &second ? second_addr :
			  env.addr, KFI_COMMIT_PERSISTENT, NULL) ?:
	       env_wait(side, &done);
}

static u64 epoch_of(struct kfi_region *region)
{
	struct kfi_pmem_attr attr;

	kfi_region_query(region, &attr);
	return attr.epoch;
}

static void break_link(struct env_side *side)
{
	kfi_addr_t addr = side == &second ? second_addr : env.addr;
	struct kfr_peer *peer = xa_load(&kfr_ep_of(side->ep)->peers, addr);

	spin_lock_bh(&peer->lock);
	if (peer->conn)
		kfr_peer_break(peer->conn, -ENOLINK);
	spin_unlock_bh(&peer->lock);
}

/* The outcome once the loss of the connection is known. */
static int read_again(struct env_side *side, void *buf, u64 key)
{
	int ret, tries = 0;

	do {
		ret = read(side, buf, 64, 0, key);
	} while (ret == -ENOLINK && tries++ < 20);
	return ret;
}

/* When a raise is answered, nothing of an older writer lands any more. */
static void raise_fences(struct kunit *test)
{
	u8 *old = kunit_kmalloc(test, 4096, GFP_KERNEL);
	u8 *new = kunit_kmalloc(test, 4096, GFP_KERNEL);
	struct kfi_pmem_attr attr;
	struct env_done done;
	int i, ret, posted = 0, errors = 0;
	u64 key, next;

	open_region(test);
	open_c(test, REMOTE_RW);
	memset(old, 0x11, 4096);
	memset(new, 0x22, 4096);
	KUNIT_ASSERT_EQ(test, attach(&env.peer, RW, 1, false, &key, NULL), 0);
	KUNIT_ASSERT_EQ(test, write(&env.peer, old, 4096, 0, key), 0);
	for (i = 0; i < 64; i++)
		if (!post_write(&env.peer, old, 4096, i % 16 * 4096, key))
			posted++;
	KUNIT_ASSERT_EQ(test, attach(&second, RW, 7, true, &next, &attr), 0);
	memset(bytes, 0, ATTACH_SIZE);
	KUNIT_EXPECT_EQ(test, attr.epoch, 7ULL);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 7ULL);
	KUNIT_EXPECT_EQ(test, write(&second, new, 4096, 4096, next), 0);
	KUNIT_EXPECT_EQ(test, commit(&second, next), 0);

	for (i = 0; i < posted; i++) {
		ret = env_wait(&env.peer, &done);
		KUNIT_EXPECT_NE(test, ret, -ETIMEDOUT);
		errors += ret != 0;
	}
	/* Also not over a new connection, with the epoch that it had. */
	for (i = 0; i < 3; i++) {
		ret = write(&env.peer, old, 4096, 0, key);
		KUNIT_EXPECT_TRUE(test, ret == -ESTALE || ret == -ENOLINK);
	}
	KUNIT_EXPECT_EQ(test, ret, -ESTALE);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes, 0, 4096));
	KUNIT_EXPECT_MEMEQ(test, bytes + 4096, new, 4096);
	KUNIT_EXPECT_NULL(test, memchr_inv(bytes + 8192, 0,
					   ATTACH_SIZE - 8192));
	kunit_info(test, "%d of %d writes under way were fenced\n", errors,
		   posted);
	/* The fenced writer may come back as the next one. */
	KUNIT_EXPECT_EQ(test, detach(&env.peer, key), 0);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, 8, true, &key, NULL), 0);
	KUNIT_EXPECT_EQ(test, write(&env.peer, old, 4096, 0, key), 0);
	KUNIT_EXPECT_MEMEQ(test, bytes, old, 4096);
}

/* An epoch is accepted once; who is refused is told which there is. */
static void raise_is_stale(struct kunit *test)
{
	static const struct {
		u64 epoch;
		bool raise;
	} cases[] = {
		{ 7, true }, { 6, true }, { 1, true }, { 6, false },
		{ 8, false },
	};
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = RW,
	};
	struct kfi_pmem_attr now, attr;
	u64 key, other;
	int i;

	open_region(test);
	open_c(test, REMOTE_RW);
	KUNIT_ASSERT_EQ(test, attach(&env.peer, RW, 7, true, &key, NULL), 0);
	kfi_region_query(region, &now);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&attr, 0xff, sizeof(attr));
		KUNIT_EXPECT_EQ(test, attach(&second, RW, cases[i].epoch,
					     cases[i].raise, &other, &attr),
				-ESTALE);
		KUNIT_EXPECT_EQ(test, attr.epoch, 7ULL);
		KUNIT_EXPECT_EQ(test, attr.generation, now.generation);
		KUNIT_EXPECT_TRUE(test, uuid_equal(&attr.uuid, &now.uuid));
		KUNIT_EXPECT_EQ(test, attr.size, 0ULL);
		KUNIT_EXPECT_EQ(test, attr.access, 0ULL);
	}
	/* Told also where it is another region or other bytes. */
	uuid_gen(&what.uuid);
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(second.ep, second_addr, &what,
					      &other, &attr), -ESTALE);
	KUNIT_EXPECT_TRUE(test, uuid_equal(&attr.uuid, &now.uuid));
	what.uuid = now.uuid;
	what.generation = now.generation + 1;
	/* And that is looked at before anybody is fenced. */
	what.epoch = 8;
	what.raise = true;
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(second.ep, second_addr, &what,
					      &other, &attr), -ESTALE);
	KUNIT_EXPECT_EQ(test, attr.generation, now.generation);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 7ULL);

	/* Nothing is told with another error. */
	memset(&attr, 0xff, sizeof(attr));
	what.region = "none";
	KUNIT_EXPECT_EQ(test, kfi_pmem_attach(second.ep, second_addr, &what,
					      &other, &attr), -ENOENT);
	KUNIT_EXPECT_NULL(test, memchr_inv(&attr, 0, sizeof(attr)));

	/* Who has it attached is the writer of one epoch, and no other's. */
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, 9, true, &other, NULL),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, write(&env.peer, &now, 64, 0, key), 0);
	KUNIT_EXPECT_EQ(test, attach(&second, RW, 7, false, &other, NULL), 0);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 7ULL);
}

static void raise_needs_write_access(struct kunit *test)
{
	u64 key;

	open_region(test);
	open_c(test, KFI_REMOTE_READ);
	KUNIT_EXPECT_EQ(test, attach(&second, KFI_READ, 5, true, &key, NULL),
			-EACCES);
	KUNIT_EXPECT_EQ(test, attach(&second, RW, 5, true, &key, NULL),
			-EACCES);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, KFI_READ, 5, true, &key, NULL),
			-EACCES);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, 0, true, &key, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, U64_MAX, true, &key, NULL),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 1ULL);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, 5, true, &key, NULL), 0);
}

/* Who comes back by itself comes as what it was, and fences nobody. */
static void reconnect_does_not_raise(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	u64 key;

	open_region(test);
	KUNIT_ASSERT_EQ(test, attach(&env.peer, RW, 5, true, &key, NULL), 0);
	break_link(&env.peer);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), 0);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), 0);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 5ULL);

	KUNIT_ASSERT_EQ(test, kfi_region_raise_epoch(region, 6), 0);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 6ULL);
}

static int attach_sole(struct env_side *side, u64 access, u64 *key)
{
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = access,
		.sole = true,
	};

	return kfi_pmem_attach(side->ep, side == &second ? second_addr :
			       env.addr, &what, key, NULL);
}

/*
 * A writer that comes back over another connection, as a machine does that has
 * given up the last one, finds nothing of that one at work.
 */
static void sole_writer_supersedes(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	u64 key, again;

	open_region(test);
	open_second(test, "b", env_key);
	KUNIT_EXPECT_EQ(test, attach_sole(&env.peer, KFI_READ, &key), -EINVAL);
	KUNIT_ASSERT_EQ(test, attach_sole(&env.peer, RW, &key), 0);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), 0);
	KUNIT_EXPECT_EQ(test, attach(&env.peer, RW, 0, false, &again, NULL),
			-EBUSY);

	KUNIT_ASSERT_EQ(test, attach_sole(&second, RW, &again), 0);
	memset(buf, 0xee, 64);
	KUNIT_EXPECT_EQ(test, write(&second, buf, 64, 0, again), 0);
	memset(buf, 0x11, 64);
	/* Nor does it come back by itself, and end the other. */
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, write(&second, buf, 1, 63, again), 0);
	KUNIT_EXPECT_EQ(test, bytes[0], 0xee);
}

static unsigned int count_grants(struct kunit *test)
{
	struct kfr_ep *ep = kfr_ep_of(env.target.ep);
	struct kfr_session *session;
	struct kfr_grant *grant;
	unsigned int n = 0;
	unsigned long id;

	mutex_lock(&ep->session_lock);
	list_for_each_entry(session, &ep->sessions, entry)
		xa_for_each(&session->grants, id, grant)
			n++;
	mutex_unlock(&ep->session_lock);
	return n;
}

/*
 * A raise fences older grants of its own connection, from the work item that
 * serves it; and however often that is done, the target keeps few of them.
 */
static void raise_fences_itself(struct kunit *test)
{
	unsigned int most = 0;
	u64 key = 0, epoch;

	open_region(test);
	for (epoch = 2; epoch < 302; epoch++) {
		/* The grant of before stays when more access is asked for. */
		KUNIT_ASSERT_EQ(test, attach(&env.peer, KFI_READ, 0, false,
					     &key, NULL), 0);
		KUNIT_ASSERT_EQ(test, attach(&env.peer, RW, 0, false, &key,
					     NULL), 0);
		KUNIT_ASSERT_EQ(test, detach(&env.peer, key), 0);
		KUNIT_ASSERT_EQ(test, detach(&env.peer, key), 0);
		KUNIT_ASSERT_EQ(test, attach(&env.peer, RW, epoch, true, &key,
					     NULL), 0);
		KUNIT_ASSERT_EQ(test, detach(&env.peer, key), 0);
		most = max(most, count_grants(test));
	}
	KUNIT_EXPECT_GT(test, most, 64U);
	KUNIT_EXPECT_LE(test, most, 258U);
	KUNIT_EXPECT_EQ(test, epoch_of(region), 301ULL);
}

struct local {
	struct kfi_region_user user;
	struct completion began;
	struct completion go_on;
	bool revoked;
};

static void local_revoke(struct kfi_region_user *user)
{
	struct local *local = container_of(user, struct local, user);

	complete(&local->began);
	wait_for_completion(&local->go_on);
	local->revoked = true;
}

struct job {
	struct work_struct work;
	struct kfi_pmem_attr attr;
	u64 key;
	u64 epoch;
	int ret;
};

static void attach_job(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = attach(&second, RW, job->epoch, true, &job->key, &job->attr);
}

static void start(struct job *job)
{
	INIT_WORK_ONSTACK(&job->work, attach_job);
	queue_work(system_unbound_wq, &job->work);
}

static void finish(struct job *job)
{
	flush_work(&job->work);
	destroy_work_on_stack(&job->work);
}

/*
 * The target's own stores are fenced before it answers. When the answer is
 * lost the epoch is used up all the same, and a higher one is not.
 */
static void raise_with_lost_reply(struct kunit *test)
{
	struct local local = { .user.revoke = local_revoke };
	struct job job = { .epoch = 7 };
	u64 key;

	init_completion(&local.began);
	init_completion(&local.go_on);
	open_region(test);
	open_c(test, REMOTE_RW);
	KUNIT_ASSERT_EQ(test, attach(&second, RW, 0, false, &key, NULL), 0);
	KUNIT_ASSERT_EQ(test, detach(&second, key), 0);
	KUNIT_ASSERT_EQ(test, kfi_region_use(region, &local.user, 0), 0);
	start(&job);
	KUNIT_EXPECT_NE(test, wait_for_completion_timeout(&local.began,
							  20 * HZ), 0UL);
	break_link(&second);
	finish(&job);
	KUNIT_EXPECT_EQ(test, job.ret, -ENOLINK);
	KUNIT_EXPECT_FALSE(test, local.revoked);
	complete(&local.go_on);

	/* As before: the next one waits until the last fence is done. */
	job.epoch = 8;
	start(&job);
	finish(&job);
	KUNIT_EXPECT_EQ(test, job.ret, 0);
	KUNIT_EXPECT_TRUE(test, local.revoked);
	KUNIT_EXPECT_EQ(test, job.attr.epoch, 8ULL);
	KUNIT_EXPECT_EQ(test, detach(&second, job.key), 0);
	KUNIT_EXPECT_EQ(test, attach(&second, RW, 7, true, &key, &job.attr),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, job.attr.epoch, 8ULL);
	kfi_region_unuse(region, &local.user);
}

static int attach_pin(struct env_side *side, bool pin, u64 *key,
		      struct kfi_pmem_attr *attr)
{
	struct kfi_pmem_attach what = {
		.region = ENV_REGION,
		.access = RW,
		.pin = pin,
	};

	return kfi_pmem_attach(side->ep, side == &second ? second_addr :
			       env.addr, &what, key, attr);
}

static void expect_dead(struct kunit *test, u64 key)
{
	struct kfi_pmem_attr attr;
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);
	u64 other;

	KUNIT_EXPECT_EQ(test, read(&env.peer, buf, 64, 0, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 4096, 0, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, commit(&env.peer, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, kfi_pmem_query(env.peer.ep, env.addr, key, &attr),
			-ESTALE);
	KUNIT_EXPECT_EQ(test, attach_pin(&env.peer, true, &other, NULL), -ESTALE);
	KUNIT_EXPECT_EQ(test, attach_pin(&env.peer, false, &other, NULL), -EBUSY);
	/* Nor over the next connection. */
	break_link(&env.peer);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), -ESTALE);
}

/* A pinned key ends with the target's incarnation, and with nothing less. */
static void pinned_key(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct kfi_pmem_attr before, after;
	u64 key, again, other;

	open_second(test, "b", env_key);
	KUNIT_ASSERT_EQ(test, attach_pin(&env.peer, true, &key, &before), 0);
	KUNIT_ASSERT_EQ(test, attach_pin(&env.peer, true, &again, NULL), 0);
	KUNIT_EXPECT_EQ(test, key, again);
	KUNIT_EXPECT_EQ(test, attach_pin(&env.peer, false, &again, NULL), -EBUSY);
	KUNIT_ASSERT_EQ(test, attach_pin(&second, false, &other, NULL), 0);
	KUNIT_EXPECT_EQ(test, attach_pin(&second, true, &again, NULL), -EBUSY);

	break_link(&env.peer);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), 0);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), 0);
	KUNIT_EXPECT_EQ(test, write(&second, buf, 64, 0, other), 0);

	KUNIT_ASSERT_EQ(test, env_power_cut(&env), 0);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), -ESTALE);
	expect_dead(test, key);

	/* Without a pin: reads go on, the lost write is told of, once. */
	KUNIT_EXPECT_EQ(test, read_again(&second, buf, other), 0);
	KUNIT_EXPECT_EQ(test, commit(&second, other), -ESTALE);
	KUNIT_EXPECT_EQ(test, commit(&second, other), 0);

	/* Attached twice, detached twice, and then as good as new. */
	KUNIT_EXPECT_EQ(test, detach(&env.peer, key), 0);
	KUNIT_EXPECT_EQ(test, read_again(&env.peer, buf, key), -ESTALE);
	KUNIT_EXPECT_EQ(test, detach(&env.peer, key), 0);
	KUNIT_ASSERT_EQ(test, attach_pin(&env.peer, true, &key, &after), 0);
	KUNIT_EXPECT_FALSE(test, uuid_equal(&before.incarnation,
					    &after.incarnation));
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), 0);
	KUNIT_EXPECT_EQ(test, commit(&env.peer, key), 0);
}

/* The pool is opened anew, and the connection lives through that. */
static void pinned_key_on_a_live_connection(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, 64, GFP_KERNEL);
	int ret, tries = 0;
	u64 key;

	KUNIT_ASSERT_EQ(test, attach_pin(&env.peer, true, &key, NULL), 0);
	KUNIT_EXPECT_EQ(test, read(&env.peer, buf, 64, 0, key), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_remove(ENV_POOL, ENV_REGION, "b",
						NULL), 0);
	KUNIT_ASSERT_EQ(test, kfi_pool_test_power_cut(ENV_POOL), 0);
	KUNIT_ASSERT_EQ(test, kfi_export_add(ENV_POOL, ENV_REGION, "b", env_key,
					     REMOTE_RW, NULL), 0);
	/* Before it is asked anew, the key is void, which is told as well. */
	do {
		ret = read(&env.peer, buf, 64, 0, key);
		KUNIT_ASSERT_NE(test, ret, 0);
	} while (ret != -ESTALE && tries++ < 20);
	expect_dead(test, key);
	/* The grant that was of no use was given back. */
	KUNIT_EXPECT_EQ(test, detach(&env.peer, key), 0);
	KUNIT_ASSERT_EQ(test, attach_pin(&env.peer, true, &key, NULL), 0);
	KUNIT_EXPECT_EQ(test, write(&env.peer, buf, 64, 0, key), 0);
}

static struct kunit_case attach_cases[] = {
	KUNIT_CASE(raise_fences),
	KUNIT_CASE(raise_is_stale),
	KUNIT_CASE(raise_needs_write_access),
	KUNIT_CASE(reconnect_does_not_raise),
	KUNIT_CASE(sole_writer_supersedes),
	KUNIT_CASE_SLOW(raise_fences_itself),
	KUNIT_CASE(raise_with_lost_reply),
	KUNIT_CASE(pinned_key),
	KUNIT_CASE(pinned_key_on_a_live_connection),
	{ }
};

static struct kunit_suite attach_suite = {
	.name = "kfi_attach",
	.init = attach_init,
	.exit = attach_exit,
	.test_cases = attach_cases,
};

kunit_test_suite(attach_suite);
