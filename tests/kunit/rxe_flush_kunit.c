// SPDX-License-Identifier: GPL-2.0-only
/*
 * What soft-RoCE makes of FLUSH and ATOMIC WRITE of kernel clients: the stock
 * driver with its faults, each shown, and the one with the series of
 * Documentation/upstream, which has none of them. Every case runs on both and
 * says what it expects of which.
 *
 * A stock kernel client cannot say what a FLUSH is to flush: here the test
 * writes the arguments to where the driver forgets to, to get at the faults
 * that a client in user space would meet.
 */
#include "rxe.h"
#include "rxe_queue.h"

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/vmalloc.h>

#include "prov_rdma_pmem/native.h"
#include "verbs_env.h"

#define NOWHERE		0xfffffe	/* a queue pair that there is not */
#define ALL_ACCESS	(IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE | \
			 IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_ATOMIC | \
			 IB_ACCESS_FLUSH_GLOBAL | IB_ACCESS_FLUSH_PERSISTENT)

/* Does this kernel have the series? */
#define MENDED		kfr_native_flush_built()

struct flush {
	u64 addr;
	u32 length;
	u32 rkey;
	u8 type;
	u8 level;
};

static struct rxe_send_wqe *next_slot(struct ib_qp *qp)
{
	return queue_producer_addr(to_rqp(qp)->sq.queue, QUEUE_TYPE_FROM_ULP);
}

#ifdef KFR_IB_FLUSH_WR
static int post_flush(struct verbs *v, const struct flush *f,
		      struct verbs_done *done)
{
	struct ib_flush_wr wr = {
		.wr.opcode = IB_WR_FLUSH,
		.remote_addr = f->addr,
		.length = f->length,
		.rkey = f->rkey,
		.type = f->type,
		.level = f->level,
	};

	return verbs_post(v->requester, &wr.wr, done);
}
#else
/* The driver takes the length from the scatter list; the address is 0. */
static int post_flush(struct verbs *v, const struct flush *f,
		      struct verbs_done *done)
{
	struct rxe_send_wqe *wqe = next_slot(v->requester);
	struct ib_sge sge = { .addr = v->dma, .length = f->length };
	struct ib_send_wr wr = {
		.opcode = IB_WR_FLUSH,
		.sg_list = &sge,
		.num_sge = 1,
	};

	wqe->wr.wr.flush.remote_addr = f->addr;
	wqe->wr.wr.flush.length = f->length;
	wqe->wr.wr.flush.rkey = f->rkey;
	wqe->wr.wr.flush.type = f->type;
	wqe->wr.wr.flush.level = f->level;
	return verbs_post(v->requester, &wr, done);
}
#endif

static enum ib_wc_status do_flush(struct verbs *v, const struct flush *f)
{
	struct verbs_done done;

	return post_flush(v, f, &done) ? IB_WC_GENERAL_ERR : verbs_wait(&done);
}

static struct flush range_of(struct verbs_mr *mr, u64 addr, u32 length)
{
	return (struct flush) {
		.addr = addr,
		.length = length,
		.rkey = mr->mr->rkey,
		.type = IB_FLUSH_PERSISTENT,
		.level = IB_FLUSH_RANGE,
	};
}

static void expect_heard(struct kunit *test, const void *first, u64 bytes)
{
	struct verbs_heard heard = verbs_heard();

	KUNIT_EXPECT_EQ(test, bytes, heard.bytes);
	if (bytes) {
		KUNIT_EXPECT_PTR_EQ(test, first, heard.first);
		KUNIT_EXPECT_PTR_EQ(test, first + bytes, heard.end);
	}
}

static struct verbs *bring_up(struct kunit *test, const struct verbs_params *params)
{
	struct verbs *v = test->priv;

	KUNIT_ASSERT_EQ(test, 0, verbs_up(v, params));
	KUNIT_ASSERT_EQ(test, 0, verbs_declare_pmem(v));
	return v;
}

/* From here the other side's packets are lost, or not any more. */
static void lose(struct ib_qp *qp, bool lost, struct ib_qp *other)
{
	WRITE_ONCE(to_rqp(qp)->attr.dest_qp_num,
		   lost ? NOWHERE : other->qp_num);
}

/* Duplicates have no other sign than the device's counter. */
static int wait_count(struct verbs *v, enum rxe_counters which, s64 count)
{
	struct rxe_dev *rxe = to_rdev(v->dev);
	s64 now;

	return read_poll_timeout(atomic64_read, now, now >= count, 1000,
				 30 * USEC_PER_SEC, false,
				 &rxe->stats_counters[which]);
}

static s64 counted(struct verbs *v, enum rxe_counters which)
{
	return atomic64_read(&to_rdev(v->dev)->stats_counters[which]);
}

/* What is posted. */

/* A range: that, and no more, is written back, when the writes have landed. */
static void a_range_is_flushed(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct verbs_mr mr;
	struct flush f;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	memset(v->local, 0x5a, VERBS_BYTES);
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS,
			verbs_write(v, mr.mr->rkey, 0, VERBS_BYTES));
	verbs_listen();
	f = range_of(&mr, MENDED ? PAGE_SIZE + 64 : 0, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, do_flush(v, &f));
	expect_heard(test, v->remote + f.addr, PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(v->remote, 0x5a, VERBS_BYTES));
	verbs_dereg(&mr);
}

static void a_region_is_flushed(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct flush f = {
		.type = IB_FLUSH_PERSISTENT,
		.level = IB_FLUSH_MR,
	};
	struct verbs_mr mr;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS,
					   0x7000));
	f.rkey = mr.mr->rkey;
	verbs_listen();
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, do_flush(v, &f));
	expect_heard(test, v->remote, VERBS_BYTES);

	/* what has to be seen need not be kept */
	f.type = IB_FLUSH_GLOBAL;
	verbs_listen();
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, do_flush(v, &f));
	expect_heard(test, NULL, 0);
	verbs_dereg(&mr);
}

/*
 * Arguments that an earlier request left in the slot: the stock driver sends
 * them. Here the range, the key and the type are an atomic's operands.
 */
static void an_old_request_is_not_flushed(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct ib_sge sge = {
		.addr = v->dma,
		.length = 8,
		.lkey = v->pd->local_dma_lkey,
	};
	struct ib_atomic_wr old = {
		.wr = {
			.opcode = IB_WR_ATOMIC_CMP_AND_SWP,
			.sg_list = &sge,
			.num_sge = 1,
		},
		.swap = IB_FLUSH_PERSISTENT,
	};
	struct ib_send_wr plain = { .opcode = IB_WR_FLUSH };
	struct rxe_send_wqe *slot;
	struct verbs_done done;
	struct verbs_mr mr;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	old.rkey = mr.mr->rkey;
	old.compare_add = (u64)mr.mr->rkey << 32;
	slot = next_slot(v->requester);
	KUNIT_ASSERT_EQ(test, IB_WC_SUCCESS, verbs_do(v->requester, &old.wr));
	while (next_slot(v->requester) != slot)
		KUNIT_ASSERT_EQ(test, IB_WC_SUCCESS,
				verbs_write(v, mr.mr->rkey, 0, 8));
	verbs_listen();
	if (MENDED) {
		/* without the rest of its request, it has to be one */
		struct flush f = range_of(&mr, PAGE_SIZE, 64);

		KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, do_flush(v, &f));
		expect_heard(test, v->remote + PAGE_SIZE, 64);
	} else {
		/* a length of 8 from the scatter list, all else is old */
		plain.sg_list = &sge;
		plain.num_sge = 1;
		KUNIT_EXPECT_EQ(test, 0, verbs_post(v->requester, &plain, &done));
		KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, verbs_wait(&done));
		expect_heard(test, v->remote, 8);
	}
	verbs_dereg(&mr);
}

/* The stock driver sends the address of the bytes, and it to address 0. */
static void an_atomic_write_writes_its_data(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct ib_sge sge = {
		.addr = v->dma,
		.length = 8,
		.lkey = v->pd->local_dma_lkey,
	};
	struct ib_rdma_wr wr = {
		.wr = {
			.opcode = IB_WR_ATOMIC_WRITE,
			.sg_list = &sge,
			.num_sge = 1,
		},
		.remote_addr = 4096,
	};
	u64 word = 0x0123456789abcdefULL;
	struct verbs_mr mr;
	u32 i;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	memset(v->local, 0, 8);
	for (i = 0; i < VERBS_DEPTH * 2; i++)
		KUNIT_ASSERT_EQ(test, IB_WC_SUCCESS,
				verbs_write(v, mr.mr->rkey, 0, 8));
	memcpy(v->local, &word, 8);
	/* the stock driver uses the key of one of those writes, at any rate */
	wr.rkey = mr.mr->rkey;
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, verbs_do(v->requester, &wr.wr));
	KUNIT_EXPECT_EQ(test, MENDED ? word : 0, *(u64 *)(v->remote + 4096));
	KUNIT_EXPECT_EQ(test, MENDED ? 0 : v->dma, *(u64 *)v->remote);
	verbs_dereg(&mr);
}

static void what_makes_no_sense_is_refused(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct ib_sge sge = {
		.addr = v->dma,
		.length = 8,
		.lkey = v->pd->local_dma_lkey,
	};
	struct ib_rdma_wr write = {
		.wr = {
			.opcode = IB_WR_ATOMIC_WRITE,
			.sg_list = &sge,
			.num_sge = 1,
		},
	};
	struct ib_send_wr bind = { .opcode = IB_WR_BIND_MW };
	struct verbs_done done;
	struct flush f;

	if (!MENDED)
		kunit_skip(test, "the stock driver looks at none of it");
	f = (struct flush) { .type = 0 };
	KUNIT_EXPECT_EQ(test, -EINVAL, post_flush(v, &f, &done));
	f = (struct flush) { .type = BIT(2) | IB_FLUSH_PERSISTENT };
	KUNIT_EXPECT_EQ(test, -EINVAL, post_flush(v, &f, &done));
	f = (struct flush) { .type = IB_FLUSH_GLOBAL, .level = IB_FLUSH_MR + 1 };
	KUNIT_EXPECT_EQ(test, -EINVAL, post_flush(v, &f, &done));
	f = (struct flush) { .type = IB_FLUSH_GLOBAL, .length = BIT(31) + 1 };
	KUNIT_EXPECT_EQ(test, -EINVAL, post_flush(v, &f, &done));
	write.remote_addr = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL, verbs_post(v->requester, &write.wr, &done));
	write.remote_addr = 8;
	sge.length = 4;
	KUNIT_EXPECT_EQ(test, -EINVAL, verbs_post(v->requester, &write.wr, &done));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, verbs_post(v->requester, &bind, &done));
}

/* What gets lost. */

/* The responder has flushed, and cannot find that when it is asked again. */
static void a_lost_response_is_sent_again(struct kunit *test)
{
	static const struct verbs_params params = {
		.resources = 4,
		.retries = 3,
		.qp_access = ALL_ACCESS & ~IB_ACCESS_LOCAL_WRITE,
	};
	struct verbs *v = bring_up(test, &params);
	struct verbs_done done;
	struct verbs_mr mr;
	struct flush f;
	s64 duplicates;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	f = range_of(&mr, 0, 64);
	verbs_listen();
	duplicates = counted(v, RXE_CNT_DUP_REQ);
	lose(v->responder, true, v->requester);
	KUNIT_ASSERT_EQ(test, 0, post_flush(v, &f, &done));
	KUNIT_EXPECT_EQ(test, 0, wait_count(v, RXE_CNT_DUP_REQ, duplicates + 1));
	lose(v->responder, false, v->requester);
	KUNIT_EXPECT_EQ(test, MENDED ? IB_WC_SUCCESS : IB_WC_RETRY_EXC_ERR,
			verbs_wait(&done));
	/* once, all the same */
	expect_heard(test, v->remote, 64);
	verbs_dereg(&mr);
}

/* The stock driver has forgotten where it was to go. */
static void a_lost_request_goes_where_it_went(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct rxe_send_wqe *slot;
	struct verbs_done done;
	struct verbs_mr mr;
	struct flush f;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	f = range_of(&mr, PAGE_SIZE, 64);
	verbs_listen();
	lose(v->requester, true, v->responder);
	slot = next_slot(v->requester);
	KUNIT_ASSERT_EQ(test, 0, post_flush(v, &f, &done));
	/* as user space has it */
	if (!MENDED)
		slot->iova = f.addr;
	KUNIT_EXPECT_EQ(test, 0, wait_count(v, RXE_CNT_COMP_RETRY,
					    counted(v, RXE_CNT_COMP_RETRY) + 1));
	lose(v->requester, false, v->responder);
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, verbs_wait(&done));
	expect_heard(test, v->remote + (MENDED ? f.addr : 0), 64);
	verbs_dereg(&mr);
}

/*
 * A response that is lost, and missed when that to the next request comes. The
 * stock driver takes the one for the other, and forgets that an ATOMIC WRITE has
 * a credit, without which there will be none some day.
 */
static void a_lost_response_costs_no_credit(struct kunit *test)
{
	static const struct verbs_params params = {
		.resources = 4,
		.retries = 3,
		.patient = true,
		.qp_access = ALL_ACCESS & ~IB_ACCESS_LOCAL_WRITE,
	};
	struct verbs *v = bring_up(test, &params);
	struct ib_sge sge = {
		.addr = v->dma,
		.length = 8,
		.lkey = v->pd->local_dma_lkey,
	};
	struct ib_rdma_wr wr = {
		.wr = {
			.opcode = IB_WR_ATOMIC_WRITE,
			.sg_list = &sge,
			.num_sge = 1,
		},
	};
	struct verbs_done done;
	struct verbs_mr mr;
	int before, i;
	s64 sent;

	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	/* for the key of the stock driver's ATOMIC WRITE */
	for (i = 0; i < VERBS_DEPTH * 2; i++)
		KUNIT_ASSERT_EQ(test, IB_WC_SUCCESS,
				verbs_write(v, mr.mr->rkey, 0, 8));
	before = atomic_read(&to_rqp(v->requester)->req.rd_atomic);
	wr.rkey = mr.mr->rkey;
	sent = counted(v, RXE_CNT_SENT_PKTS);
	lose(v->responder, true, v->requester);
	KUNIT_ASSERT_EQ(test, 0, verbs_post(v->requester, &wr.wr, &done));
	KUNIT_EXPECT_EQ(test, 0, wait_count(v, RXE_CNT_SENT_PKTS, sent + 2));
	lose(v->responder, false, v->requester);
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS,
			verbs_write(v, mr.mr->rkey, 64, 8));
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, verbs_wait(&done));
	KUNIT_EXPECT_EQ(test, MENDED ? before : before - 1,
			atomic_read(&to_rqp(v->requester)->req.rd_atomic));
	verbs_dereg(&mr);
}

/* Where there is no resource a FLUSH cannot be carried out. */
static void without_resources_it_is_refused(struct kunit *test)
{
	static const struct verbs_params params = {
		.resources = 0,
		.retries = 3,
		.qp_access = ALL_ACCESS & ~IB_ACCESS_LOCAL_WRITE,
	};
	struct verbs *v;
	struct verbs_mr mr;
	struct flush f;

	if (!MENDED)
		kunit_skip(test, "the stock driver writes to an empty table");
	v = bring_up(test, &params);
	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	f = range_of(&mr, 0, 64);
	verbs_listen();
	KUNIT_EXPECT_EQ(test, IB_WC_REM_INV_REQ_ERR, do_flush(v, &f));
	expect_heard(test, NULL, 0);
	verbs_dereg(&mr);
}

/* What is registered. */

static void a_wrong_key_is_refused(struct kunit *test)
{
	struct verbs *v = bring_up(test, &verbs_usual);
	struct verbs_mr mr;
	struct flush f;

	KUNIT_ASSERT_EQ(test, 0,
			verbs_reg(v, &mr, v->responder, ALL_ACCESS &
				  ~IB_ACCESS_FLUSH_PERSISTENT, 0));
	f = range_of(&mr, 0, 64);
	verbs_listen();
	KUNIT_EXPECT_EQ(test, IB_WC_REM_ACCESS_ERR, do_flush(v, &f));
	expect_heard(test, NULL, 0);
	verbs_dereg(&mr);
}

/* The stock driver looks at the access before it knows of it. */
static void ordinary_memory_is_not_persistent(struct kunit *test)
{
	struct verbs *v = test->priv;
	struct verbs_mr mr;
	int ret;

	KUNIT_ASSERT_EQ(test, 0, verbs_up(v, &verbs_usual));
	ret = verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0);
	KUNIT_EXPECT_EQ(test, MENDED ? -EACCES : 0, ret);
	if (!ret)
		verbs_dereg(&mr);
}

/*
 * 4 GiB: of one page again and again, as the table of pages is all that counts.
 * With pages of 4 KiB no such region can be registered, its table is larger
 * than what kcalloc() gives; with pages of 64 KiB it can.
 */
static void four_gib_are_flushed(struct kunit *test)
{
	const u32 pages = SZ_4G / PAGE_SIZE;
	struct verbs *v = bring_up(test, &verbs_usual);
	struct rxe_mr_page *table, *was;
	struct verbs_heard heard;
	struct verbs_mr mr;
	struct flush f;
	struct rxe_mr *rmr;
	u32 i, nbuf;

	KUNIT_EXPECT_GT(test, (u64)pages * sizeof(*table),
			(u64)KMALLOC_MAX_SIZE);
	KUNIT_ASSERT_EQ(test, 0, verbs_reg(v, &mr, v->responder, ALL_ACCESS, 0));
	table = vcalloc(pages, sizeof(*table));
	if (!table)
		verbs_dereg(&mr);
	KUNIT_ASSERT_NOT_NULL(test, table);
	for (i = 0; i < pages; i++)
		table[i].page = virt_to_page(v->remote);
	rmr = to_rmr(mr.mr);
	was = rmr->page_info;
	nbuf = rmr->nbuf;
	rmr->page_info = table;
	rmr->nbuf = pages;
	mr.mr->length = SZ_4G;
	f = (struct flush) {
		.rkey = mr.mr->rkey,
		.type = IB_FLUSH_PERSISTENT,
		.level = IB_FLUSH_MR,
	};
	verbs_listen();
	KUNIT_EXPECT_EQ(test, IB_WC_SUCCESS, do_flush(v, &f));
	heard = verbs_heard();
	KUNIT_EXPECT_EQ(test, MENDED ? SZ_4G : 0, heard.bytes);
	mr.mr->length = VERBS_BYTES;
	rmr->nbuf = nbuf;
	rmr->page_info = was;
	verbs_dereg(&mr);
	vfree(table);
}

static int rxe_flush_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct verbs), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

static void rxe_flush_exit(struct kunit *test)
{
	if (test->priv)
		verbs_down(test->priv);
}

static struct kunit_case rxe_flush_cases[] = {
	KUNIT_CASE(a_range_is_flushed),
	KUNIT_CASE(a_region_is_flushed),
	KUNIT_CASE(an_old_request_is_not_flushed),
	KUNIT_CASE(an_atomic_write_writes_its_data),
	KUNIT_CASE(what_makes_no_sense_is_refused),
	KUNIT_CASE(a_lost_response_is_sent_again),
	KUNIT_CASE(a_lost_request_goes_where_it_went),
	KUNIT_CASE(a_lost_response_costs_no_credit),
	KUNIT_CASE(without_resources_it_is_refused),
	KUNIT_CASE(a_wrong_key_is_refused),
	KUNIT_CASE(ordinary_memory_is_not_persistent),
	KUNIT_CASE(four_gib_are_flushed),
	{}
};

static struct kunit_suite rxe_flush_suite = {
	.name = "rxe_flush",
	.init = rxe_flush_init,
	.exit = rxe_flush_exit,
	.test_cases = rxe_flush_cases,
};

kunit_test_suite(rxe_flush_suite);

MODULE_DESCRIPTION("FLUSH and ATOMIC WRITE of kernel clients on soft-RoCE");
MODULE_LICENSE("GPL");
