// SPDX-License-Identifier: GPL-2.0-only
/* The real provider against itself: messages and registered memory. */
#include <linux/random.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "loopback.h"
#include "rdma_env.h"

#define MSG_CAPS (KFI_MSG | KFI_SEND | KFI_RECV | KFI_RMA | KFI_READ | \
		  KFI_WRITE | KFI_REMOTE_READ | KFI_REMOTE_WRITE | \
		  KFI_ATOMIC | KFI_MULTI_RECV | KFI_DIRECTED_RECV)

/* Two endpoints that share a key, each known to the other. */
static struct env_side a, b;
static kfi_addr_t a_to_b, b_to_a;
static u8 *in, *out;
#define BUF_SIZE SZ_1M
#define PORT_A 7481
#define PORT_B 7482

static int msg_init(struct kunit *test)
{
	struct kfi_auth auth_a = env_auth("a", env_key);
	struct kfi_auth auth_b = env_auth("b", env_key);
	__be32 addr;
	char node[32];
	int ret;

	in = vmalloc(BUF_SIZE);
	out = vmalloc(BUF_SIZE);
	if (!in || !out)
		return -ENOMEM;
	get_random_bytes(in, BUF_SIZE);
	memset(out, 0, BUF_SIZE);
	ret = kfi_loopback_up("dummy0", "rxe0");
	if (ret)
		return ret;
	addr = kfi_loopback_addr("rxe0");
	snprintf(node, sizeof(node), "%pI4", &addr);
	return env_side_open(&a, node, PORT_A, MSG_CAPS, &auth_a) ?:
	       env_side_open(&b, node, PORT_B, MSG_CAPS, &auth_b) ?:
	       kfi_client_insert(&a.client, node, PORT_B, &a_to_b, NULL) ?:
	       kfi_client_insert(&b.client, node, PORT_A, &b_to_a, NULL);
}

static void msg_exit(struct kunit *test)
{
	env_side_close(&a);
	env_side_close(&b);
	kfi_loopback_down("rxe0");
	vfree(in);
	vfree(out);
}

static void msg_send_recv(struct kunit *test)
{
	static const size_t sizes[] = { 0, 1, 1024, 1025, 65536, BUF_SIZE };
	struct env_done done;
	int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, min_t(size_t,
				sizes[i], 65536), NULL, KFI_ADDR_UNSPEC, &b),
				0);
		if (sizes[i] > 65536)
			break;
		KUNIT_ASSERT_EQ(test, kfi_send(a.ep, in, sizes[i], NULL,
					       a_to_b, &a), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
		KUNIT_EXPECT_PTR_EQ(test, done.context, (void *)&b);
		KUNIT_EXPECT_EQ(test, done.len, sizes[i]);
		KUNIT_EXPECT_EQ(test, done.flags & KFI_RECV, KFI_RECV);
		KUNIT_EXPECT_MEMEQ(test, in, out, sizes[i]);
		KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
		KUNIT_EXPECT_PTR_EQ(test, done.context, (void *)&a);
	}
	/* Longer than the receive: cut, and said so. */
	KUNIT_ASSERT_EQ(test, kfi_send(a.ep, in, BUF_SIZE, NULL, a_to_b, &a),
			0);
	KUNIT_EXPECT_EQ(test, env_wait(&b, &done), -KFI_ETRUNC);
	KUNIT_EXPECT_MEMEQ(test, in, out, 65536);
	KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
}

/* Sent before anybody asked: kept, in order, with the data word. */
static void msg_unexpected(struct kunit *test)
{
	struct env_done done;
	int i;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, kfi_senddata(a.ep, in + i * 100, 100,
				NULL, 0x0102030405060700ULL + i, a_to_b, NULL),
				0);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, 100, NULL,
				KFI_ADDR_UNSPEC, NULL), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
		KUNIT_EXPECT_EQ(test, done.data, 0x0102030405060700ULL + i);
		KUNIT_EXPECT_MEMEQ(test, in + i * 100, out, 100);
		KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
	}
}

/* A reader that does not read holds back its sender, and nothing else. */
static void msg_slow_reader(struct kunit *test)
{
	struct env_done done;
	struct kfid_mr *mr;
	int i, sent = 0;

	KUNIT_ASSERT_EQ(test, kfi_mr_reg(b.client.domain, out, 65536,
			KFI_REMOTE_READ | KFI_REMOTE_WRITE, 0, 5, 0, &mr, NULL),
			0);
	for (i = 0; i < 100 && !kfi_send(a.ep, in, 512, NULL, a_to_b, in); i++)
		sent++;
	KUNIT_EXPECT_EQ(test, sent, 100);
	KUNIT_ASSERT_EQ(test, kfi_write(b.ep, in, 4096, NULL, b_to_a, 0, 5,
					NULL), 0);
	/* a has no region 5: its own domain is meant, and it is empty. */
	KUNIT_EXPECT_EQ(test, env_wait(&b, &done), -ENOENT);
	for (i = 0; i < sent; i++) {
		KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, 512, NULL,
				KFI_ADDR_UNSPEC, NULL), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
	}
	KUNIT_EXPECT_EQ(test, kfi_close(&mr->fid), 0);
}

static void msg_multi_recv(struct kunit *test)
{
	struct kvec v = { out, 4096 };
	struct kfi_msg msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = KFI_ADDR_UNSPEC,
		.context = &v,
	};
	size_t min = 1000;
	struct env_done done;
	int i;

	KUNIT_ASSERT_EQ(test, kfi_setopt(&b.ep->fid, KFI_OPT_ENDPOINT,
			KFI_OPT_MIN_MULTI_RECV, &min, sizeof(min)), 0);
	KUNIT_ASSERT_EQ(test, kfi_recvmsg(b.ep, &msg, KFI_MULTI_RECV), 0);
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, kfi_send(a.ep, in + i * 900, 900, NULL,
					       a_to_b, NULL), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
		KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
		KUNIT_EXPECT_PTR_EQ(test, done.context, (void *)&v);
		KUNIT_EXPECT_EQ(test, done.len, 900);
		KUNIT_EXPECT_EQ(test, done.flags & KFI_MULTI_RECV, 0ULL);
	}
	/* 496 left: given back. */
	KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
	KUNIT_EXPECT_EQ(test, done.flags & KFI_MULTI_RECV, KFI_MULTI_RECV);
	KUNIT_EXPECT_MEMEQ(test, in, out, 3600);
}

static void msg_cancel(struct kunit *test)
{
	struct env_done done;

	KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, 64, NULL, KFI_ADDR_UNSPEC,
				       &done), 0);
	KUNIT_EXPECT_EQ(test, kfi_cancel(&b.ep->fid, &a), -ENOENT);
	KUNIT_EXPECT_EQ(test, kfi_cancel(&b.ep->fid, &done), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&b, &done), -ECANCELED);
	KUNIT_EXPECT_EQ(test, kfi_cancel(&b.ep->fid, &done), -ENOENT);
}

static void msg_inject(struct kunit *test)
{
	struct env_done done;
	u8 *small = kunit_kmalloc(test, 128, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, small);
	memcpy(small, in, 128);
	KUNIT_ASSERT_EQ(test, kfi_inject(a.ep, small, 128, a_to_b), 0);
	memset(small, 0, 128);
	KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, 128, NULL, KFI_ADDR_UNSPEC,
				       NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&b, &done), 0);
	KUNIT_EXPECT_MEMEQ(test, in, out, 128);
	KUNIT_EXPECT_EQ(test, kfi_inject(a.ep, in, 513, a_to_b), -EMSGSIZE);
}

static void msg_stranger(struct kunit *test)
{
	static const u8 wrong[KFI_PMEM_KEY_SIZE] = "a stranger's key";
	struct kfi_auth auth = env_auth("x", wrong);
	struct env_side x;
	struct env_done done;
	kfi_addr_t addr;
	char node[32];
	__be32 ip = kfi_loopback_addr("rxe0");

	snprintf(node, sizeof(node), "%pI4", &ip);
	KUNIT_ASSERT_EQ(test, env_side_open(&x, NULL, 0, KFI_MSG | KFI_SEND,
					    &auth), 0);
	KUNIT_ASSERT_EQ(test, kfi_client_insert(&x.client, node, PORT_B,
						&addr, NULL), 0);
	KUNIT_ASSERT_EQ(test, kfi_recv(b.ep, out, 64, NULL, KFI_ADDR_UNSPEC,
				       &done), 0);
	KUNIT_ASSERT_EQ(test, kfi_send(x.ep, in, 64, NULL, addr, NULL), 0);
	KUNIT_EXPECT_EQ(test, env_wait(&x, &done), -EKEYREJECTED);
	KUNIT_EXPECT_NE(test, memcmp(in, out, 64), 0);
	env_side_close(&x);
}

static void msg_registered_memory(struct kunit *test)
{
	struct env_done done;
	struct kfid_mr *mr, *again;
	u8 *buf = kunit_kzalloc(test, 8192, GFP_KERNEL);
	u64 *word;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	/* At an odd place in its page, and not a whole page. */
	KUNIT_ASSERT_EQ(test, kfi_mr_reg(b.client.domain, buf + 72, 5000,
			KFI_REMOTE_READ | KFI_REMOTE_WRITE, 0, 42, 0, &mr,
			NULL), 0);
	KUNIT_EXPECT_EQ(test, kfi_mr_key(mr), 42ULL);
	KUNIT_EXPECT_EQ(test, kfi_mr_reg(b.client.domain, buf, 8,
			KFI_REMOTE_READ, 0, 42, 0, &again, NULL), -ENOKEY);
	KUNIT_ASSERT_EQ(test, kfi_write(a.ep, in, 5000, NULL, a_to_b, 0, 42,
					NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
	KUNIT_EXPECT_MEMEQ(test, buf + 72, in, 5000);
	KUNIT_ASSERT_EQ(test, kfi_read(a.ep, out, 100, NULL, a_to_b, 4900, 42,
				       NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
	KUNIT_EXPECT_MEMEQ(test, out, in + 4900, 100);
	/* Its end is its end. */
	KUNIT_EXPECT_EQ(test, kfi_read(a.ep, out, 100, NULL, a_to_b, 4901, 42,
				       NULL), -EINVAL);
	/* Atomics work on it; durability there is none. */
	word = (u64 *)(buf + 72);
	*word = 1;
	KUNIT_ASSERT_EQ(test, kfi_atomic(a.ep, in, 1, NULL, a_to_b, 0, 42,
			KFI_UINT64, KFI_SUM, NULL), 0);
	KUNIT_ASSERT_EQ(test, env_wait(&a, &done), 0);
	KUNIT_EXPECT_EQ(test, *word, 1 + get_unaligned((u64 *)in));
	{
		struct kfi_rma_iov range = { .addr = 0, .len = 8, .key = 42 };

		KUNIT_EXPECT_EQ(test, kfi_commit(a.ep, &range, 1, a_to_b,
				KFI_COMMIT_PERSISTENT, NULL), -EOPNOTSUPP);
	}
	KUNIT_EXPECT_EQ(test, kfi_mr_reg(b.client.domain, buf, 8,
			KFI_REMOTE_READ, 0, 43, KFI_RMA_PMEM, &again, NULL),
			-EOPNOTSUPP);
	/* Closed: no access lands any more. */
	memset(buf, 0, 8192);
	KUNIT_ASSERT_EQ(test, kfi_close(&mr->fid), 0);
	KUNIT_ASSERT_EQ(test, kfi_write(a.ep, in, 64, NULL, a_to_b, 0, 42,
					NULL), 0);
	KUNIT_EXPECT_NE(test, env_wait(&a, &done), 0);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(buf, 0, 8192));
}

static void msg_read_only_memory(struct kunit *test)
{
	struct env_done done;
	struct kfid_mr *mr;
	u8 *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, kfi_mr_reg(b.client.domain, buf, 4096,
			KFI_REMOTE_READ, 0, 7, 0, &mr, NULL), 0);
	KUNIT_ASSERT_EQ(test, kfi_read(a.ep, out, 64, NULL, a_to_b, 0, 7, NULL),
			0);
	KUNIT_EXPECT_EQ(test, env_wait(&a, &done), 0);
	if (!kfi_write(a.ep, in, 64, NULL, a_to_b, 0, 7, NULL))
		KUNIT_EXPECT_EQ(test, env_wait(&a, &done), -EACCES);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(buf, 0, 4096));
	KUNIT_EXPECT_EQ(test, kfi_close(&mr->fid), 0);
}

static struct kunit_case msg_cases[] = {
	KUNIT_CASE(msg_send_recv),
	KUNIT_CASE(msg_unexpected),
	KUNIT_CASE(msg_slow_reader),
	KUNIT_CASE(msg_multi_recv),
	KUNIT_CASE(msg_cancel),
	KUNIT_CASE(msg_inject),
	KUNIT_CASE(msg_stranger),
	KUNIT_CASE(msg_registered_memory),
	KUNIT_CASE(msg_read_only_memory),
	{ }
};

static struct kunit_suite msg_suite = {
	.name = "kfi_msg",
	.init = msg_init,
	.exit = msg_exit,
	.test_cases = msg_cases,
};

kunit_test_suite(msg_suite);
