// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ground that the other suites stand on: a soft-RoCE device that reaches
 * itself through rdma_cm.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/in.h>
#include <linux/slab.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>

#include "loopback.h"

#define NETDEV "dummy0"
#define IBDEV "rxe0"
#define PORT 7471
#define WAIT (20 * HZ)
#define BYTES 64
#define PATTERN 0x5a

struct side {
	struct rdma_cm_id *id;
	struct ib_pd *pd;
	struct ib_cq *cq;
	struct ib_cqe cqe;
	struct completion event;
	struct completion completed;
	enum rdma_cm_event_type last;
	enum ib_wc_status wc_status;
	u32 byte_len;
	u8 *buf;
	u64 dma;
};

struct loop {
	struct rdma_cm_id *listener;
	struct side active;
	struct side passive;
};

static void side_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct side *side = container_of(wc->wr_cqe, struct side, cqe);

	side->wc_status = wc->status;
	side->byte_len = wc->byte_len;
	complete(&side->completed);
}

static int side_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct side *side = id->context;

	side->last = event->event;
	complete(&side->event);
	return 0;
}

static int listener_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct loop *loop = id->context;

	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST) {
		loop->passive.id = id;
		id->context = &loop->passive;
		id->event_handler = side_event;
		loop->passive.last = event->event;
		complete(&loop->passive.event);
	}
	return 0;
}

static void expect_event(struct kunit *test, struct side *side,
			 enum rdma_cm_event_type event)
{
	KUNIT_ASSERT_TRUE_MSG(test, wait_for_completion_timeout(&side->event, WAIT),
			      "no %s", rdma_event_msg(event));
	KUNIT_ASSERT_EQ_MSG(test, side->last, event, "%s",
			    rdma_event_msg(side->last));
}

static void make_qp(struct kunit *test, struct side *side)
{
	struct ib_qp_init_attr attr = {
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_ALL_WR,
		.cap = {
			.max_send_wr = 4,
			.max_recv_wr = 4,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
	};
	struct ib_device *dev = side->id->device;

	side->pd = ib_alloc_pd(dev, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, side->pd);
	side->cq = ib_alloc_cq(dev, side, 8, 0, IB_POLL_WORKQUEUE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, side->cq);
	attr.send_cq = side->cq;
	attr.recv_cq = side->cq;
	KUNIT_ASSERT_EQ(test, rdma_create_qp(side->id, side->pd, &attr), 0);

	side->buf = kunit_kzalloc(test, BYTES, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, side->buf);
	side->dma = ib_dma_map_single(dev, side->buf, BYTES, DMA_BIDIRECTIONAL);
	KUNIT_ASSERT_EQ(test, ib_dma_mapping_error(dev, side->dma), 0);
	side->cqe.done = side_done;
}

static void destroy_side(struct side *side)
{
	if (side->dma)
		ib_dma_unmap_single(side->id->device, side->dma, BYTES,
				    DMA_BIDIRECTIONAL);
	if (side->id && side->id->qp) {
		ib_drain_qp(side->id->qp);
		rdma_destroy_qp(side->id);
	}
	if (!IS_ERR_OR_NULL(side->cq))
		ib_free_cq(side->cq);
	if (!IS_ERR_OR_NULL(side->pd))
		ib_dealloc_pd(side->pd);
	if (!IS_ERR_OR_NULL(side->id))
		rdma_destroy_id(side->id);
}

static int loop_init(struct kunit *test)
{
	struct loop *loop;
	int ret;

	loop = kunit_kzalloc(test, sizeof(*loop), GFP_KERNEL);
	if (!loop)
		return -ENOMEM;
	init_completion(&loop->active.event);
	init_completion(&loop->active.completed);
	init_completion(&loop->passive.event);
	init_completion(&loop->passive.completed);

	ret = kfi_loopback_up(NETDEV, IBDEV);
	if (ret)
		return ret;
	test->priv = loop;
	return 0;
}

static void loop_exit(struct kunit *test)
{
	struct loop *loop = test->priv;

	if (!loop)
		return;
	destroy_side(&loop->active);
	if (!IS_ERR_OR_NULL(loop->listener))
		rdma_destroy_id(loop->listener);
	destroy_side(&loop->passive);
	kfi_loopback_down(IBDEV);
}

static void device_has_an_address(struct kunit *test)
{
	struct ib_device *dev = ib_device_get_by_name(IBDEV, RDMA_DRIVER_RXE);

	KUNIT_EXPECT_EQ(test, kfi_loopback_addr(IBDEV), htonl(0x0a630001));
	KUNIT_EXPECT_EQ(test, kfi_loopback_addr(NULL), htonl(0x0a630001));
	KUNIT_ASSERT_NOT_NULL(test, dev);
	ib_device_put(dev);
}

static void calls_are_counted(struct kunit *test)
{
	struct ib_device *dev;

	KUNIT_ASSERT_EQ(test, kfi_loopback_up(NETDEV, IBDEV), 0);
	kfi_loopback_down(IBDEV);
	dev = ib_device_get_by_name(IBDEV, RDMA_DRIVER_RXE);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	ib_device_put(dev);

	kfi_loopback_down(IBDEV);
	KUNIT_EXPECT_NULL(test, ib_device_get_by_name(IBDEV, RDMA_DRIVER_RXE));
	KUNIT_ASSERT_EQ(test, kfi_loopback_up(NETDEV, IBDEV), 0);
}

static void second_device_has_its_own_address(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kfi_loopback_up("dummy1", IBDEV), -EEXIST);
	KUNIT_ASSERT_EQ(test, kfi_loopback_up("dummy1", "rxe1"), 0);
	KUNIT_EXPECT_EQ(test, kfi_loopback_addr("rxe1"), htonl(0x0a630101));
	kfi_loopback_down("rxe1");
	KUNIT_EXPECT_EQ(test, kfi_loopback_up("nosuch0", "rxe1"), -ENODEV);
}

static void send_arrives(struct kunit *test)
{
	struct loop *loop = test->priv;
	struct side *active = &loop->active, *passive = &loop->passive;
	struct rdma_conn_param param = { .retry_count = 7, .rnr_retry_count = 7 };
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = kfi_loopback_addr(IBDEV),
	};
	struct ib_sge sge = { .length = BYTES };
	struct ib_recv_wr recv = { .sg_list = &sge, .num_sge = 1 };
	struct ib_send_wr send = {
		.opcode = IB_WR_SEND,
		.sg_list = &sge,
		.num_sge = 1,
	};
	int ret;

	loop->listener = rdma_create_id(&init_net, listener_event, loop,
					RDMA_PS_TCP, IB_QPT_RC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, loop->listener);
	KUNIT_ASSERT_EQ(test, rdma_bind_addr(loop->listener,
					     (struct sockaddr *)&addr), 0);
	KUNIT_ASSERT_EQ(test, rdma_listen(loop->listener, 1), 0);

	active->id = rdma_create_id(&init_net, side_event, active, RDMA_PS_TCP,
				    IB_QPT_RC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, active->id);
	KUNIT_ASSERT_EQ(test, rdma_resolve_addr(active->id, NULL,
						(struct sockaddr *)&addr, 2000), 0);
	expect_event(test, active, RDMA_CM_EVENT_ADDR_RESOLVED);
	KUNIT_ASSERT_EQ(test, rdma_resolve_route(active->id, 2000), 0);
	expect_event(test, active, RDMA_CM_EVENT_ROUTE_RESOLVED);
	make_qp(test, active);
	KUNIT_ASSERT_EQ(test, rdma_connect(active->id, &param), 0);

	expect_event(test, passive, RDMA_CM_EVENT_CONNECT_REQUEST);
	make_qp(test, passive);
	recv.wr_cqe = &passive->cqe;
	sge.addr = passive->dma;
	sge.lkey = passive->pd->local_dma_lkey;
	KUNIT_ASSERT_EQ(test, ib_post_recv(passive->id->qp, &recv, NULL), 0);
	rdma_lock_handler(passive->id);
	ret = rdma_accept(passive->id, &param);
	rdma_unlock_handler(passive->id);
	KUNIT_ASSERT_EQ(test, ret, 0);
	expect_event(test, active, RDMA_CM_EVENT_ESTABLISHED);
	expect_event(test, passive, RDMA_CM_EVENT_ESTABLISHED);

	memset(active->buf, PATTERN, BYTES);
	send.wr_cqe = &active->cqe;
	sge.addr = active->dma;
	sge.lkey = active->pd->local_dma_lkey;
	KUNIT_ASSERT_EQ(test, ib_post_send(active->id->qp, &send, NULL), 0);

	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&active->completed, WAIT));
	KUNIT_ASSERT_TRUE(test, wait_for_completion_timeout(&passive->completed, WAIT));
	KUNIT_EXPECT_EQ(test, active->wc_status, IB_WC_SUCCESS);
	KUNIT_EXPECT_EQ(test, passive->wc_status, IB_WC_SUCCESS);
	KUNIT_EXPECT_EQ(test, passive->byte_len, BYTES);
	KUNIT_EXPECT_MEMEQ(test, passive->buf, active->buf, BYTES);

	KUNIT_EXPECT_EQ(test, rdma_disconnect(active->id), 0);
	expect_event(test, passive, RDMA_CM_EVENT_DISCONNECTED);
}

static struct kunit_case loopback_cases[] = {
	KUNIT_CASE(device_has_an_address),
	KUNIT_CASE(calls_are_counted),
	KUNIT_CASE(second_device_has_its_own_address),
	KUNIT_CASE(send_arrives),
	{}
};

static struct kunit_suite loopback_suite = {
	.name = "loopback",
	.init = loop_init,
	.exit = loop_exit,
	.test_cases = loopback_cases,
};

kunit_test_suite(loopback_suite);
