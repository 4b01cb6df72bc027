// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests of programs to an attached region that do not wait for room, through
 * rxe's loopback: the backlog, a word that follows its data, whose memory is
 * held and how long.
 */
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "kfabric_pmem/user/io.h"
#include "kfabric_pmem/user/user.h"
#include "kfi_pmem_prov.h"
#include "rdma_env.h"

#define NAME	"far"
#define MANY	300	/* segments: more than an endpoint takes at a time */

static struct env env;
static struct kfi_region *region;
static u8 *bytes;		/* of the region */
static bool attached;
static struct page *page[MANY];

static int user_attach(void)
{
	struct ku_attach_params params = {
		.name = NAME,
		.host = env.node,
		.region = ENV_REGION,
		.peer = "b",
		.provider = "rdma",
		.key = env_key,
		.port = ENV_PORT,
	};
	int ret = ku_attach(&params, NULL);

	attached = !ret;
	return ret;
}

static int user_init(struct kunit *test)
{
	struct kfi_region_map map;
	int i, ret;

	ret = env_up(test, &env, 16 << 20, ENV_SIZE, false);
	if (ret)
		return ret;
	region = kfi_region_open(ENV_POOL, ENV_REGION);
	if (IS_ERR(region))
		return PTR_ERR(region);
	kfi_region_get_map(region, &map);
	bytes = map.kaddr;
	for (i = 0; i < MANY; i++) {
		page[i] = alloc_page(GFP_KERNEL);
		if (!page[i])
			return -ENOMEM;
		memset(page_address(page[i]), i + 1, PAGE_SIZE);
	}
	return user_attach();
}

static int user_detach(bool force)
{
	attached = false;
	return ku_detach(NAME, force, NULL);
}

static void user_exit(struct kunit *test)
{
	int i;

	if (attached)
		user_detach(true);
	for (i = 0; i < MANY; i++) {
		if (page[i])
			__free_page(page[i]);
		page[i] = NULL;
	}
	if (!IS_ERR_OR_NULL(region))
		kfi_region_put(region);
	region = NULL;
	env_down(&env);
}

static struct ku_node *user_node(const char *name)
{
	struct ku_node *node;

	mutex_lock(&ku_node_lock);
	node = ku_node_find(name);
	mutex_unlock(&ku_node_lock);
	return node;
}

/* A request with a segment of each page, begun, with the caller's reference. */
static struct ku_io *begin(struct kunit *test, enum ku_op op)
{
	struct ku_node *node = user_node(NAME);
	struct iov_iter iter;
	struct bio_vec bv;
	struct ku_seg *seg;
	struct ku_io *io;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, node);
	io = node->ops->io(node, op, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, io);
	io->uring.hold = true;
	for (i = 0; i < MANY; i++) {
		bvec_set_page(&bv, page[i], PAGE_SIZE, 0);
		iov_iter_bvec(&iter, op == KU_READ ? ITER_DEST : ITER_SOURCE,
			      &bv, 1, PAGE_SIZE);
		seg = ku_seg_build(io, &iter, PAGE_SIZE, false);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, seg);
		KUNIT_ASSERT_TRUE(test, seg->held);
	}
	list_for_each_entry(seg, &io->segs, list)
		ku_seg_start(seg);
	return io;
}

/* Requests that have ended give their pages back in work items. */
static void check_pages_free(struct kunit *test)
{
	int i;

	ku_io_exit();
	KUNIT_ASSERT_EQ(test, 0, ku_io_init());
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ_MSG(test, 1, page_count(page[i]), "page %d", i);
}

static void more_than_there_is_room_for(struct kunit *test)
{
	struct ku_io *io;
	int i;

	io = begin(test, KU_WRITE);
	KUNIT_EXPECT_EQ(test, 0, ku_io_wait(io));
	for (i = 0; i < MANY; i++) {
		KUNIT_ASSERT_EQ(test, (u8)(i + 1), bytes[i * PAGE_SIZE]);
		KUNIT_ASSERT_EQ(test, (u8)(i + 1),
				bytes[(i + 1) * PAGE_SIZE - 1]);
		memset(page_address(page[i]), 0, PAGE_SIZE);
	}
	io = begin(test, KU_READ);
	KUNIT_EXPECT_EQ(test, 0, ku_io_wait(io));
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, (u8)(i + 1),
				*(u8 *)page_address(page[i]));
	check_pages_free(test);
}

static struct ku_atomic *new_word(struct kunit *test, u8 op, u64 offset,
				  u64 value)
{
	struct ku_atomic *word = kzalloc(sizeof(*word), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, word);
	refcount_set(&word->ref, 1);
	word->op = op;
	word->datatype = KFI_UINT64;
	word->fetch = true;
	word->offset = offset;
	word->count = 1;
	word->bytes = sizeof(u64);
	word->operand[0] = value;
	return word;
}

/* Who hears of the end of a request, as of an asynchronous write. */
struct hearer {
	struct kiocb iocb;
	struct completion ended;
};

static void hear(struct kiocb *iocb, long ret)
{
	complete(&container_of(iocb, struct hearer, iocb)->ended);
}

/* Data, and a word after it; @err: something of the data has failed. */
static void put_with_word(struct kunit *test, u64 at, int err)
{
	struct hearer hearer = { .iocb.ki_complete = hear };
	struct ku_io *io;

	init_completion(&hearer.ended);
	io = begin(test, KU_WRITE_DURABLE);
	io->atomic = new_word(test, KFI_SUM, at, 2);
	io->next = at;
	io->signal = ku_seg_new(io, 0);
	KUNIT_ASSERT_NOT_NULL(test, io->signal);
	io->signal->length = sizeof(u64);
	if (err)
		ku_io_fail(io, 0, err);
	io->iocb = &hearer.iocb;
	ku_io_put(io, true);
	wait_for_completion(&hearer.ended);
}

static void word_follows(struct kunit *test)
{
	u64 at = (u64)MANY * PAGE_SIZE;

	*(u64 *)(bytes + at) = 40;
	put_with_word(test, at, 0);
	KUNIT_EXPECT_EQ(test, 42, *(u64 *)(bytes + at));
	KUNIT_EXPECT_EQ(test, (u8)MANY, bytes[at - 1]);
	check_pages_free(test);
}

/* Of data that failed, there is no word. */
static void no_word_without_data(struct kunit *test)
{
	u64 at = (u64)MANY * PAGE_SIZE;

	*(u64 *)(bytes + at) = 40;
	put_with_word(test, at, -EIO);
	KUNIT_EXPECT_EQ(test, 40, *(u64 *)(bytes + at));
	check_pages_free(test);
}

/* What waits for room when the attachment goes by force has ended with it. */
static void detached_with_a_backlog(struct kunit *test)
{
	ku_io_put(begin(test, KU_WRITE), true);
	KUNIT_EXPECT_EQ(test, 0, user_detach(true));
	check_pages_free(test);
	KUNIT_ASSERT_EQ(test, 0, user_attach());
	KUNIT_EXPECT_EQ(test, 0, ku_io_wait(begin(test, KU_WRITE_DURABLE)));
	check_pages_free(test);
}

/* Through the fabric and by the region's own node: the same memory. */
static void atomics_of_both_nodes(struct kunit *test)
{
	static const char * const names[] = { NAME, ENV_REGION };
	struct ku_atomic *word;
	struct ku_node *node;
	u64 want = 5;
	int i;

	*(u64 *)(bytes + 64) = want;
	for (i = 0; i < 20; i++, want += i) {
		node = user_node(names[i % 2]);
		KUNIT_ASSERT_NOT_NULL(test, node);
		word = new_word(test, KFI_SUM, 64, i + 1);
		word->commit = i & 2;
		KUNIT_EXPECT_EQ(test, 0, node->ops->atomic(node, word));
		KUNIT_EXPECT_EQ(test, want, word->result[0]);
		ku_atomic_put(word);
	}
	KUNIT_EXPECT_EQ(test, want, *(u64 *)(bytes + 64));
}

static void atomics_of_a_region(struct kunit *test)
{
	u64 a[2] = { 1, 1 }, c[2] = {}, old[2] = { 7, 7 };
	struct kfi_atomic_args args = { KFI_UINT64, KFI_SUM, 2, a, c, old };
	u64 end = ENV_SIZE;

	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_region_atomic(region, end, &args));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_atomic(region, end - 8, &args));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			kfi_region_atomic(region, U64_MAX - 7, &args));
	KUNIT_EXPECT_EQ(test, -EINVAL, kfi_region_atomic(region, 4, &args));
	args.datatype = KFI_INT128;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, kfi_region_atomic(region, 0, &args));
	args.datatype = KFI_UINT64;
	args.op = KFI_DIFF;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, kfi_region_atomic(region, 0, &args));
	KUNIT_EXPECT_EQ(test, 7, old[0]);
	args.op = KFI_SUM;
	KUNIT_EXPECT_EQ(test, 0, kfi_region_atomic(region, end - 16, &args));
	KUNIT_EXPECT_EQ(test, 0, old[1]);
	KUNIT_EXPECT_EQ(test, 1, *(u64 *)(bytes + end - 8));
}

static void pinned_memory_has_a_limit(struct kunit *test)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct ku_pins pins = { .user = get_uid(current_user()) }, other = {};
	long before = atomic_long_read(&pins.user->locked_vm);

	KUNIT_ASSERT_NE(test, rlimit(RLIMIT_MEMLOCK), RLIM_INFINITY);
	KUNIT_EXPECT_FALSE(test, ku_pins_charge(&pins, limit - before + 1));
	KUNIT_EXPECT_TRUE(test, ku_pins_charge(&pins, limit - before));
	KUNIT_EXPECT_FALSE(test, ku_pins_charge(&pins, 1));
	ku_pins_refund(&pins, 1);
	KUNIT_EXPECT_TRUE(test, ku_pins_charge(&pins, 1));
	/* Who may lock as much as it likes is not counted. */
	KUNIT_EXPECT_TRUE(test, ku_pins_charge(&other, limit));
	ku_pins_exit(&other);
	ku_pins_exit(&pins);
	KUNIT_EXPECT_EQ(test, before,
			atomic_long_read(&current_user()->locked_vm));
}

static struct kunit_case user_cases[] = {
	KUNIT_CASE(more_than_there_is_room_for),
	KUNIT_CASE(word_follows),
	KUNIT_CASE(no_word_without_data),
	KUNIT_CASE(detached_with_a_backlog),
	KUNIT_CASE(atomics_of_both_nodes),
	KUNIT_CASE(atomics_of_a_region),
	KUNIT_CASE(pinned_memory_has_a_limit),
	{}
};

static struct kunit_suite user_suite = {
	.name = "kfi_user",
	.init = user_init,
	.exit = user_exit,
	.test_cases = user_cases,
};

kunit_test_suite(user_suite);

MODULE_DESCRIPTION("KUnit tests of requests of programs");
MODULE_LICENSE("GPL");
