// SPDX-License-Identifier: GPL-2.0-only
/* See verbs_env.h. */
#include <asm/pmem.h>
#include <linux/etherdevice.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <rdma/ib_cache.h>

#include "loopback.h"
#include "verbs_env.h"

#define VERBS_TIMEOUT	(30 * HZ)
#define VERBS_PSN	0x100
#define VERBS_ACK	14	/* 4.096 us * 2^14: 67 ms */

const struct verbs_params verbs_usual = {
	.resources = 4,
	.retries = 7,
	.qp_access = IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_WRITE |
		     IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_FLUSH_GLOBAL |
		     IB_ACCESS_FLUSH_PERSISTENT,
};

static DECLARE_WAIT_QUEUE_HEAD(heard_wait);
static DEFINE_SPINLOCK(heard_lock);
static struct verbs_heard heard;

static void hear(const void *addr, size_t size)
{
	unsigned long flags;

	spin_lock_irqsave(&heard_lock, flags);
	if (!heard.calls || addr < heard.first)
		heard.first = addr;
	if (!heard.calls || addr + size > heard.end)
		heard.end = addr + size;
	heard.bytes += size;
	heard.calls++;
	spin_unlock_irqrestore(&heard_lock, flags);
	wake_up(&heard_wait);
}

/* From now on, and with nothing heard. */
void verbs_listen(void)
{
	spin_lock_irq(&heard_lock);
	heard = (struct verbs_heard) { };
	spin_unlock_irq(&heard_lock);
	WRITE_ONCE(um_writeback, hear);
}

struct verbs_heard verbs_heard(void)
{
	struct verbs_heard now;

	spin_lock_irq(&heard_lock);
	now = heard;
	spin_unlock_irq(&heard_lock);
	return now;
}

bool verbs_wait_heard(u64 calls)
{
	return wait_event_timeout(heard_wait, verbs_heard().calls >= calls,
				  VERBS_TIMEOUT);
}

static void verbs_wr_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct verbs_done *done = container_of(wc->wr_cqe, struct verbs_done,
					       cqe);

	done->status = wc->status;
	done->opcode = wc->opcode;
	complete(&done->done);
}

void verbs_wait_for(struct verbs_done *done)
{
	done->cqe.done = verbs_wr_done;
	init_completion(&done->done);
}

int verbs_post(struct ib_qp *qp, struct ib_send_wr *wr, struct verbs_done *done)
{
	verbs_wait_for(done);
	wr->wr_cqe = &done->cqe;
	return ib_post_send(qp, wr, NULL);
}

/* One that never ends says so as a fatal error. */
enum ib_wc_status verbs_wait(struct verbs_done *done)
{
	return wait_for_completion_timeout(&done->done, VERBS_TIMEOUT) ?
	       done->status : IB_WC_FATAL_ERR;
}

enum ib_wc_status verbs_do(struct ib_qp *qp, struct ib_send_wr *wr)
{
	struct verbs_done done;

	return verbs_post(qp, wr, &done) ? IB_WC_GENERAL_ERR :
					   verbs_wait(&done);
}

/* From the start of the local memory. */
enum ib_wc_status verbs_write(struct verbs *v, u32 rkey, u64 to, u32 len)
{
	struct ib_sge sge = {
		.addr = v->dma,
		.length = len,
		.lkey = v->pd->local_dma_lkey,
	};
	struct ib_rdma_wr wr = {
		.wr = {
			.opcode = IB_WR_RDMA_WRITE,
			.sg_list = &sge,
			.num_sge = 1,
		},
		.remote_addr = to,
		.rkey = rkey,
	};

	return verbs_do(v->requester, &wr.wr);
}

/**
 * verbs_reg() - register the remote memory
 * @v: environment
 * @mr: region
 * @qp: that the request for it goes through
 * @access: IB_ACCESS_*
 * @iova: where it begins for peers
 *
 * Return: 0, or a negative errno; -EACCES where the request was refused, which
 * ends the queue pair.
 */
int verbs_reg(struct verbs *v, struct verbs_mr *mr, struct ib_qp *qp,
	      int access, u64 iova)
{
	struct ib_reg_wr wr = { .wr.opcode = IB_WR_REG_MR };
	u32 i;
	int ret = -ENOMEM;

	mr->nents = VERBS_PAGES;
	mr->sgl = kcalloc(mr->nents, sizeof(*mr->sgl), GFP_KERNEL);
	if (!mr->sgl)
		return -ENOMEM;
	sg_init_table(mr->sgl, mr->nents);
	for (i = 0; i < mr->nents; i++)
		sg_set_buf(&mr->sgl[i], v->remote + i * PAGE_SIZE, PAGE_SIZE);
	if (ib_dma_map_sg(v->dev, mr->sgl, mr->nents, DMA_BIDIRECTIONAL) !=
	    mr->nents)
		goto err_free;
	mr->mr = ib_alloc_mr(v->pd, IB_MR_TYPE_MEM_REG, mr->nents);
	if (IS_ERR(mr->mr)) {
		ret = PTR_ERR(mr->mr);
		goto err_unmap;
	}
	ret = -EINVAL;
	if (ib_map_mr_sg(mr->mr, mr->sgl, mr->nents, NULL, PAGE_SIZE) !=
	    mr->nents)
		goto err_dereg;
	mr->mr->iova = iova;
	ib_update_fast_reg_key(mr->mr, ib_inc_rkey(mr->mr->rkey));
	wr.mr = mr->mr;
	wr.key = mr->mr->rkey;
	wr.access = access;
	ret = -EACCES;
	if (verbs_do(qp, &wr.wr) != IB_WC_SUCCESS)
		goto err_dereg;
	return 0;

err_dereg:
	ib_dereg_mr(mr->mr);
err_unmap:
	ib_dma_unmap_sg(v->dev, mr->sgl, mr->nents, DMA_BIDIRECTIONAL);
err_free:
	kfree(mr->sgl);
	return ret;
}

void verbs_dereg(struct verbs_mr *mr)
{
	struct ib_device *dev = mr->mr->device;

	ib_dereg_mr(mr->mr);
	ib_dma_unmap_sg(dev, mr->sgl, mr->nents, DMA_BIDIRECTIONAL);
	kfree(mr->sgl);
}

static struct ib_qp *verbs_qp(struct verbs *v)
{
	struct ib_qp_init_attr attr = {
		.qp_type = IB_QPT_RC,
		.sq_sig_type = IB_SIGNAL_ALL_WR,
		.send_cq = v->cq,
		.recv_cq = v->cq,
		.cap = {
			.max_send_wr = VERBS_DEPTH,
			.max_recv_wr = 1,
			.max_send_sge = 1,
			.max_recv_sge = 1,
		},
	};

	return ib_create_qp(v->pd, &attr);
}

/* Where the device reaches itself. */
static int verbs_gid(struct verbs *v, u8 *index, union ib_gid *gid, u8 *mac)
{
	const struct ib_gid_attr *attr;
	int i, ret = -ENOENT;

	for (i = 0; ret && i < v->dev->port_data[1].immutable.gid_tbl_len; i++) {
		attr = rdma_get_gid_attr(v->dev, 1, i);
		if (IS_ERR(attr))
			continue;
		if (attr->gid_type == IB_GID_TYPE_ROCE_UDP_ENCAP &&
		    ipv6_addr_v4mapped((struct in6_addr *)attr->gid.raw)) {
			*index = i;
			*gid = attr->gid;
			ret = rdma_read_gid_l2_fields(attr, NULL, mac);
		}
		rdma_put_gid_attr(attr);
	}
	return ret;
}

static int verbs_connect(struct verbs *v, struct ib_qp *qp, u32 to,
			 const struct verbs_params *params)
{
	struct ib_qp_attr attr = {
		.qp_state = IB_QPS_INIT,
		.port_num = 1,
		.qp_access_flags = params->qp_access,
	};
	u8 mac[ETH_ALEN], index;
	union ib_gid gid;
	int ret;

	ret = verbs_gid(v, &index, &gid, mac) ?:
	      ib_modify_qp(qp, &attr, IB_QP_STATE | IB_QP_PKEY_INDEX |
			   IB_QP_PORT | IB_QP_ACCESS_FLAGS);
	if (ret)
		return ret;
	attr = (struct ib_qp_attr) {
		.qp_state = IB_QPS_RTR,
		.path_mtu = IB_MTU_1024,
		.dest_qp_num = to,
		.rq_psn = VERBS_PSN,
		.max_dest_rd_atomic = params->resources,
		.min_rnr_timer = 1,
		.ah_attr.type = RDMA_AH_ATTR_TYPE_ROCE,
	};
	rdma_ah_set_grh(&attr.ah_attr, &gid, 0, index, 64, 0);
	rdma_ah_set_port_num(&attr.ah_attr, 1);
	ether_addr_copy(attr.ah_attr.roce.dmac, mac);
	ret = ib_modify_qp(qp, &attr, IB_QP_STATE | IB_QP_AV | IB_QP_PATH_MTU |
			   IB_QP_DEST_QPN | IB_QP_RQ_PSN | IB_QP_MIN_RNR_TIMER |
			   IB_QP_MAX_DEST_RD_ATOMIC);
	if (ret)
		return ret;
	attr = (struct ib_qp_attr) {
		.qp_state = IB_QPS_RTS,
		.sq_psn = VERBS_PSN,
		.timeout = params->patient ? 0 : VERBS_ACK,
		.retry_cnt = params->retries,
		.rnr_retry = 7,
		.max_rd_atomic = 4,
	};
	return ib_modify_qp(qp, &attr, IB_QP_STATE | IB_QP_SQ_PSN |
			    IB_QP_TIMEOUT | IB_QP_RETRY_CNT | IB_QP_RNR_RETRY |
			    IB_QP_MAX_QP_RD_ATOMIC);
}

int verbs_up(struct verbs *v, const struct verbs_params *params)
{
	int ret;

	memset(v, 0, sizeof(*v));
	ret = kfi_loopback_up("dummy0", "rxe0");
	if (ret)
		return ret;
	v->dev = ib_device_get_by_name("rxe0", RDMA_DRIVER_RXE);
	if (!v->dev) {
		kfi_loopback_down("rxe0");
		return -ENODEV;
	}
	v->local = alloc_pages_exact(VERBS_BYTES, GFP_KERNEL | __GFP_ZERO);
	v->remote = alloc_pages_exact(VERBS_BYTES, GFP_KERNEL | __GFP_ZERO);
	if (!v->local || !v->remote) {
		ret = -ENOMEM;
		goto err;
	}
	v->dma = ib_dma_map_single(v->dev, v->local, VERBS_BYTES,
				   DMA_TO_DEVICE);
	v->pd = ib_alloc_pd(v->dev, 0);
	v->cq = ib_alloc_cq(v->dev, NULL, 4 * VERBS_DEPTH, 0,
			    IB_POLL_WORKQUEUE);
	ret = PTR_ERR_OR_ZERO(v->pd) ?: PTR_ERR_OR_ZERO(v->cq);
	if (ret)
		goto err;
	v->requester = verbs_qp(v);
	v->responder = verbs_qp(v);
	ret = PTR_ERR_OR_ZERO(v->requester) ?: PTR_ERR_OR_ZERO(v->responder) ?:
	      verbs_connect(v, v->requester, v->responder->qp_num, params) ?:
	      verbs_connect(v, v->responder, v->requester->qp_num, params);
	if (!ret)
		return 0;
err:
	verbs_down(v);
	return ret;
}

void verbs_down(struct verbs *v)
{
	if (!v->dev)
		return;
	if (!IS_ERR_OR_NULL(v->requester)) {
		ib_drain_qp(v->requester);
		ib_destroy_qp(v->requester);
	}
	if (!IS_ERR_OR_NULL(v->responder)) {
		ib_drain_qp(v->responder);
		ib_destroy_qp(v->responder);
	}
	if (!IS_ERR_OR_NULL(v->cq))
		ib_free_cq(v->cq);
	if (!IS_ERR_OR_NULL(v->pd))
		ib_dealloc_pd(v->pd);
	if (v->dma)
		ib_dma_unmap_single(v->dev, v->dma, VERBS_BYTES, DMA_TO_DEVICE);
	WRITE_ONCE(um_writeback, NULL);
	if (v->pmem.end)
		remove_resource(&v->pmem);
	if (v->local)
		free_pages_exact(v->local, VERBS_BYTES);
	if (v->remote)
		free_pages_exact(v->remote, VERBS_BYTES);
	ib_device_put(v->dev);
	kfi_loopback_down("rxe0");
	memset(v, 0, sizeof(*v));
}

/* As a driver of NVDIMMs does with the memory that it finds. */
int verbs_declare_pmem(struct verbs *v)
{
	int ret;

	v->pmem = (struct resource) {
		.name = "Persistent Memory (test)",
		.start = virt_to_phys(v->remote),
		.end = virt_to_phys(v->remote) + VERBS_BYTES - 1,
		.flags = IORESOURCE_MEM,
		.desc = IORES_DESC_PERSISTENT_MEMORY,
	};
	ret = insert_resource(&iomem_resource, &v->pmem);
	if (ret)
		v->pmem.end = 0;
	return ret;
}
