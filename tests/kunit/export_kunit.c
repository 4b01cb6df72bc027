// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports: keys of peers, what they may do, and taking it back.
 */
#include <linux/completion.h>
#include <linux/workqueue.h>

#include "pool_env.h"

static const u8 key_a[KFI_PMEM_KEY_SIZE] = { 1, 2, 3 };
static const u8 key_b[KFI_PMEM_KEY_SIZE] = { 1, 2, 4 };

static int take_export(const struct kfi_export_attr *attr, void *arg)
{
	if (!strcmp(attr->pool, POOL))
		*(struct kfi_export_attr *)arg = *attr;
	return 0;
}

static struct kfi_export_attr query_export(struct kunit *test)
{
	struct kfi_export_attr attr = {};

	KUNIT_ASSERT_EQ(test, 0, kfi_export_for_each(take_export, &attr));
	return attr;
}

static struct kfi_export *get_export(struct kunit *test, const char *peer,
				     const char *region)
{
	struct kfi_export *export = kfi_export_get(peer, true, region, NULL,
						   KFI_REMOTE_READ);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(export), "%ld", PTR_ERR(export));
	return export;
}

struct connection {
	struct kfi_export_user user;
	unsigned int told;
	unsigned int told_in_all;	/* when it was revoked */
	unsigned int revoked;
	u64 epoch_at_revoke;
};

static unsigned int told_in_all;

static void notify(struct kfi_export_user *user)
{
	container_of(user, struct connection, user)->told++;
	told_in_all++;
}

static void revoke(struct kfi_export_user *user)
{
	struct connection *c = container_of(user, struct connection, user);
	struct kfi_pmem_attr facts;

	might_sleep();
	c->told_in_all = told_in_all;
	/* the raise is durable before it is enforced */
	kfi_region_query(kfi_export_region(user->export), &facts);
	c->epoch_at_revoke = facts.epoch;
	c->revoked++;
}

static void peer_keys(struct kunit *test)
{
	u8 key[KFI_PMEM_KEY_SIZE];
	bool insecure;

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "b", MIB, NULL));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("alice", key, &insecure));

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_FALSE(test, insecure);
	KUNIT_EXPECT_EQ(test, 0, memcmp(key, key_a, sizeof(key)));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("bob", key, &insecure));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("*", key, &insecure));

	/* one key for a peer, whatever is exported to it */
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "b", "alice", key_b,
						      RW, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
	KUNIT_EXPECT_EQ(test, -ENOKEY, kfi_peer_key("alice", key, &insecure));
	/* and a new one when the last export is gone */
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_b, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_EQ(test, 0, memcmp(key, key_b, sizeof(key)));

	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "*", NULL, RW, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("bob", key, &insecure));
	KUNIT_EXPECT_TRUE(test, insecure);
	KUNIT_EXPECT_NULL(test, memchr_inv(key, 0, sizeof(key)));
	KUNIT_EXPECT_EQ(test, 0, kfi_peer_key("alice", key, &insecure));
	KUNIT_EXPECT_FALSE(test, insecure);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "*", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
}

static void refuse_exports(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_add("none", "a", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "no pool none");
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_add(POOL, "none", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "no region none");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "*", key_a, RW,
						      &extack));
	expect_text(test, &extack, "without a key");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p q", key_a,
						      RW, &extack));
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p", key_a, 0,
						      &extack));
	expect_text(test, &extack, "access");
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_export_add(POOL, "a", "p", key_a,
						      KFI_READ, NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_add(POOL, "a", "p", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, -EEXIST, kfi_export_add(POOL, "a", "p", key_a, RW,
						      &extack));
	expect_text(test, &extack, "already");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "p", NULL));
	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_export_remove(POOL, "a", "p",
							 &extack));
	expect_text(test, &extack, "not exported");
}

#define EXPECT_GET(test, err, ...)						\
	KUNIT_EXPECT_EQ(test, (long)(err), PTR_ERR(kfi_export_get(__VA_ARGS__)))

static void access_is_checked(struct kunit *test)
{
	struct kfi_pmem_attr facts;
	struct kfi_export *export;
	struct kfi_region *region;
	uuid_t other;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	kfi_region_query(region, &facts);
	uuid_gen(&other);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a,
						KFI_REMOTE_READ, NULL));

	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, RW);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, KFI_REMOTE_WRITE);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, 0);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, ~0ULL);
	EXPECT_GET(test, -EACCES, "alice", true, NULL, NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "*", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "bob", true, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "alice", true, "b", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -ENOENT, "alice", true, NULL, &other, KFI_REMOTE_READ);

	export = kfi_export_get("alice", true, NULL, &facts.uuid,
				KFI_REMOTE_READ);
	KUNIT_ASSERT_FALSE(test, IS_ERR(export));
	KUNIT_EXPECT_PTR_EQ(test, region, kfi_export_region(export));
	KUNIT_EXPECT_EQ(test, KFI_REMOTE_READ, kfi_export_access(export));
	kfi_export_put(export);

	/* an insecure export to anybody does not open this one */
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "*", NULL, RW, NULL));
	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, KFI_REMOTE_READ);
	EXPECT_GET(test, -EACCES, "alice", true, "a", NULL, KFI_REMOTE_WRITE);
	export = kfi_export_get("bob", false, "a", NULL, RW);
	KUNIT_ASSERT_FALSE(test, IS_ERR(export));
	KUNIT_EXPECT_TRUE(test, query_export(test).insecure);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "*", NULL));
	EXPECT_GET(test, -ENOENT, "bob", false, "a", NULL, RW);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	kfi_region_put(region);
}

/* Names of regions are unique in a pool only; a peer asks by name alone. */
static void same_name_in_two_pools(struct kunit *test)
{
	struct netlink_ext_ack extack = {};

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_pool_create_ram("other", SIZE, false, 0,
						     NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create("other", "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "p", key_a, RW,
						NULL));
	KUNIT_EXPECT_EQ(test, -EEXIST, kfi_export_add("other", "a", "p", key_a,
						      RW, &extack));
	expect_text(test, &extack, "another pool");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "p", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_pool_close("other", NULL));
}

static void revocation(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct kfi_export *export;
	struct kfi_region *region;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_PTR_EQ(test, export, c.user.export);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 1, query_export(test).attached);

	KUNIT_EXPECT_EQ(test, -ENOENT, kfi_region_revoke(region, "bob"));
	KUNIT_EXPECT_EQ(test, 0, c.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	KUNIT_EXPECT_TRUE(test, query_export(test).revoked);
	KUNIT_EXPECT_EQ(test, 0, query_export(test).attached);
	EXPECT_GET(test, -EKEYREVOKED, "alice", true, "a", NULL, RW);
	/* whoever may ask learns of a fence only with the key */
	EXPECT_GET(test, -EACCES, "alice", false, "a", NULL, RW);

	/* once is enough */
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	export = c.user.export;
	kfi_export_unuse(&c.user);

	/* the fence holds until the export is made anew */
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	EXPECT_GET(test, -ENOENT, "alice", true, "a", NULL, RW);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	/* an unuse, and nobody is revoked any more */
	kfi_export_unuse(&c.user);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_revoke(region, "alice"));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, kfi_export_use(export, &c.user, 0));
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	kfi_region_put(region);
}

static void removal_revokes(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct netlink_ext_ack extack = {};
	struct kfi_export *export;

	open_pool(test, false, 0);
	KUNIT_ASSERT_EQ(test, 0, kfi_region_create(POOL, "a", MIB, NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	/* the connection has yet to let go */
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", &extack));
	expect_text(test, &extack, "peer");
	kfi_export_unuse(&c.user);
	KUNIT_EXPECT_EQ(test, -EBUSY, kfi_region_remove(POOL, "a", NULL));
	KUNIT_EXPECT_EQ(test, -EKEYREVOKED, kfi_export_use(export, &c.user, 0));
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_remove(POOL, "a", NULL));
}

/* A connection whose hardware keys take their time. */
struct slow_connection {
	struct kfi_export_user user;
	struct completion began;
	struct completion go_on;
};

static void revoke_slowly(struct kfi_export_user *user)
{
	struct slow_connection *c = container_of(user, struct slow_connection,
						 user);

	complete(&c->began);
	wait_for_completion(&c->go_on);
}

struct job {
	struct work_struct work;
	struct kfi_region *region;
	struct completion done;
	int ret;
};

static void remove_export(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_export_remove(POOL, "a", "alice", NULL);
	complete(&job->done);
}

static void raise_epoch(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_region_raise_epoch(job->region, 9);
	complete(&job->done);
}

static void revoke_peer(struct work_struct *work)
{
	struct job *job = container_of(work, struct job, work);

	job->ret = kfi_region_revoke(job->region, "alice");
	complete(&job->done);
}

/* A fence waits for an export that somebody else is about to remove. */
static void fence_waits_for_removal(struct kunit *test)
{
	static const work_func_t jobs[] = {
		remove_export, raise_epoch, revoke_peer
	};
	struct slow_connection c = { .user.revoke = revoke_slowly };
	struct job job[ARRAY_SIZE(jobs)];
	struct kfi_export *export;
	struct kfi_region *region;
	int i;

	init_completion(&c.began);
	init_completion(&c.go_on);
	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "a");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		INIT_WORK_ONSTACK(&job[i].work, jobs[i]);
		init_completion(&job[i].done);
		job[i].region = region;
		queue_work(system_unbound_wq, &job[i].work);
		if (!i)
			wait_for_completion(&c.began);
	}
	/* the keys are good yet */
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    wait_for_completion_timeout(&job[i].done,
								HZ / 10),
				    "job %d", i);
	complete_all(&c.go_on);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		flush_work(&job[i].work);
		destroy_work_on_stack(&job[i].work);
		KUNIT_EXPECT_EQ_MSG(test, 0, job[i].ret, "job %d", i);
	}
	kfi_export_unuse(&c.user);
	kfi_export_put(export);
	kfi_region_put(region);
}

static void epoch(struct kunit *test)
{
	struct connection old = { .user.revoke = revoke };
	struct connection new = { .user.revoke = revoke };
	struct connection bob = { .user.revoke = revoke };
	struct kfi_export *export, *second;
	struct kfi_pmem_attr facts;
	struct kfi_region *region;

	open_pool(test, true, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "bob", key_b, RW,
						NULL));
	export = get_export(test, "alice", "a");
	second = get_export(test, "bob", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &old.user, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(second, &bob.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 7));
	KUNIT_EXPECT_EQ(test, 1, old.revoked);
	KUNIT_EXPECT_EQ(test, 1, bob.revoked);
	KUNIT_EXPECT_EQ(test, 7, old.epoch_at_revoke);

	/* an epoch is accepted once, and none that is older */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 7));
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 6));
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_region_raise_epoch(region, ~0ULL));

	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_export_use(export, &new.user, 6));
	/* nor one that is not accepted yet: it would survive its fence */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_export_use(export, &new.user, 8));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &new.user, 7));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 8));
	KUNIT_EXPECT_EQ(test, 1, new.revoked);
	KUNIT_EXPECT_EQ(test, 1, old.revoked);

	kfi_export_unuse(&old.user);
	kfi_export_unuse(&new.user);
	kfi_export_unuse(&bob.user);
	kfi_export_put(export);
	kfi_export_put(second);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "bob", NULL));

	region = cut_power(test, region);
	kfi_region_query(region, &facts);
	KUNIT_EXPECT_EQ(test, 8, facts.epoch);
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_region_raise_epoch(region, 8));
	kfi_region_put(region);
}

/* Peers that are gone must not hold up a fence one after the other. */
static void all_are_told_first(struct kunit *test)
{
	struct connection c[3] = {
		[0 ... 2] = { .user.revoke = revoke, .user.notify = notify },
	};
	struct kfi_export *alice, *bob;
	struct kfi_region *region;
	int i;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "bob", key_b, RW,
						NULL));
	alice = get_export(test, "alice", "a");
	bob = get_export(test, "bob", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(alice, &c[0].user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(alice, &c[1].user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(bob, &c[2].user, 0));
	told_in_all = 0;
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(region, 2));
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		KUNIT_EXPECT_EQ(test, 1, c[i].told);
		KUNIT_EXPECT_EQ(test, 3, c[i].told_in_all);
		KUNIT_EXPECT_EQ(test, 1, c[i].revoked);
		kfi_export_unuse(&c[i].user);
	}
	kfi_export_put(alice);
	kfi_export_put(bob);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "bob", NULL));
	kfi_region_put(region);
}

/* A writer that is its peer's only one ends what it was before, and no other. */
static void sole_writer(struct kunit *test)
{
	struct connection before = { .user.revoke = revoke, .user.sole = true };
	struct connection after = { .user.revoke = revoke, .user.sole = true };
	struct connection other = { .user.revoke = revoke };
	struct connection bob = { .user.revoke = revoke, .user.sole = true };
	struct kfi_export *export, *second;
	struct kfi_region *region;

	open_pool(test, false, 0);
	region = new_region(test, "a", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "alice", key_a, RW,
						NULL));
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "a", "bob", key_b, RW,
						NULL));
	export = get_export(test, "alice", "a");
	second = get_export(test, "bob", "a");
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &before.user, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &other.user, 1));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(second, &bob.user, 1));
	KUNIT_EXPECT_EQ(test, 0, before.revoked);

	/* What is refused ends nothing. */
	KUNIT_EXPECT_EQ(test, -ESTALE, kfi_export_use(export, &after.user, 2));
	KUNIT_EXPECT_EQ(test, 0, before.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_use(export, &after.user, 1));
	KUNIT_EXPECT_EQ(test, 1, before.revoked);
	KUNIT_EXPECT_EQ(test, 0, after.revoked);
	KUNIT_EXPECT_EQ(test, 0, other.revoked);
	KUNIT_EXPECT_EQ(test, 0, bob.revoked);

	kfi_export_unuse(&before.user);
	kfi_export_unuse(&after.user);
	kfi_export_unuse(&other.user);
	kfi_export_unuse(&bob.user);
	kfi_export_put(export);
	kfi_export_put(second);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "alice", NULL));
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "a", "bob", NULL));
	kfi_region_put(region);
}

/* Only the region whose epoch is raised. */
static void epoch_is_of_one_region(struct kunit *test)
{
	struct connection c = { .user.revoke = revoke };
	struct kfi_region *a, *b;
	struct kfi_export *export;

	open_pool(test, false, 0);
	a = new_region(test, "a", MIB);
	b = new_region(test, "b", MIB);
	KUNIT_ASSERT_EQ(test, 0, kfi_export_add(POOL, "b", "alice", key_a, RW,
						NULL));
	export = get_export(test, "alice", "b");
	KUNIT_ASSERT_EQ(test, 0, kfi_export_use(export, &c.user, 0));
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(a, 9));
	KUNIT_EXPECT_EQ(test, 0, c.revoked);
	KUNIT_EXPECT_EQ(test, 0, kfi_region_raise_epoch(b, 2));
	KUNIT_EXPECT_EQ(test, 1, c.revoked);
	kfi_export_unuse(&c.user);
	kfi_export_put(export);
	KUNIT_EXPECT_EQ(test, 0, kfi_export_remove(POOL, "b", "alice", NULL));
	kfi_region_put(a);
	kfi_region_put(b);
}

static struct kunit_case export_cases[] = {
	KUNIT_CASE(peer_keys),
	KUNIT_CASE(refuse_exports),
	KUNIT_CASE(access_is_checked),
	KUNIT_CASE(same_name_in_two_pools),
	KUNIT_CASE(revocation),
	KUNIT_CASE(removal_revokes),
	KUNIT_CASE(fence_waits_for_removal),
	KUNIT_CASE(epoch),
	KUNIT_CASE(epoch_is_of_one_region),
	KUNIT_CASE(all_are_told_first),
	KUNIT_CASE(sole_writer),
	{}
};

static struct kunit_suite export_suite = {
	.name = "kfi_export",
	.exit = close_pool,
	.test_cases = export_cases,
};

kunit_test_suite(export_suite);

MODULE_LICENSE("GPL");
