// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compile test: a client that uses the whole of what Lustre's LND uses of kfi,
 * with the argument types it has. It proves that the interface has not moved;
 * it is not run.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>
#include <kfi_endpoint.h>
#include <kfi_errno.h>
#include <kfi_rma.h>
#include <kfi_tagged.h>

#define LND_MSG_SIZE		4096
#define LND_MAX_IOV		256
#define LND_MAX_PAYLOAD		SZ_1M
#define LND_RX_CTX_BITS		8
#define LND_CREDITS		512

struct lnd_fabric_ops {
	int (*enable)(struct kfid *fid, bool enable);
};

struct lnd_dev {
	struct kfid_fabric *fabric;
	struct kfid_domain *domain;
	struct kfid_av *av;
	struct kfid_ep *sep;
	struct kfid_ep *tx;
	struct kfid_ep *rx;
	struct kfid_cq *tx_cq;
	struct kfid_cq *rx_cq;
	struct work_struct work;
	void *buf;
	u32 auth_key;
	unsigned int received;
	int status;
};

struct lnd_transaction {
	struct bio_vec *kiov;
	unsigned int nr_iov;
	struct sg_table sgt;
	unsigned int nob;
	u64 match;
	u64 response;
	kfi_addr_t target;
	u64 status_data;
};

static struct kfi_info *lnd_getinfo(struct lnd_dev *dev, const char *node,
				    const char *service)
{
	struct kfi_info *hints, *copy, *info = NULL;
	int rc;

	hints = kfi_allocinfo();
	if (!hints)
		return ERR_PTR(-ENOMEM);

	hints->caps = KFI_MSG | KFI_RMA | KFI_SEND | KFI_RECV | KFI_READ |
		      KFI_WRITE | KFI_REMOTE_READ | KFI_REMOTE_WRITE |
		      KFI_MULTI_RECV | KFI_REMOTE_COMM | KFI_NAMED_RX_CTX |
		      KFI_TAGGED | KFI_TAGGED_RMA | KFI_DIRECTED_RECV;
	hints->fabric_attr->prov_version = KFI_VERSION(1, 0);
	hints->fabric_attr->fabric = dev->fabric;
	hints->domain_attr->domain = dev->domain;
	hints->domain_attr->mr_iov_limit = LND_MAX_IOV;
	hints->domain_attr->mr_key_size = sizeof(int);
	hints->domain_attr->resource_mgmt = KFI_RM_DISABLED;
	hints->domain_attr->tclass = KFI_TC_BEST_EFFORT;
	hints->domain_attr->cq_cnt = 2;
	hints->domain_attr->tx_ctx_cnt = 1;
	hints->domain_attr->rx_ctx_cnt = 1;
	hints->ep_attr->max_msg_size = LND_MAX_PAYLOAD;
	hints->rx_attr->op_flags = KFI_COMPLETION | KFI_MULTI_RECV;
	hints->rx_attr->iov_limit = LND_MAX_IOV;
	hints->rx_attr->size = LND_CREDITS;
	hints->tx_attr->op_flags = KFI_COMPLETION;
	hints->tx_attr->iov_limit = LND_MAX_IOV;
	hints->tx_attr->rma_iov_limit = LND_MAX_IOV;
	hints->tx_attr->tclass = KFI_TC_BEST_EFFORT;
	hints->ep_attr->auth_key = (void *)&dev->auth_key;
	hints->ep_attr->auth_key_size = sizeof(dev->auth_key);

	copy = kfi_dupinfo(hints);
	kfi_freeinfo(copy);

	rc = kfi_getinfo(0, node, service, KFI_SOURCE, hints, &info);

	/* The key belongs to the device: kfi_freeinfo() must not free it. */
	hints->ep_attr->auth_key = NULL;
	hints->ep_attr->auth_key_size = 0;
	kfi_freeinfo(hints);
	return rc ? ERR_PTR(rc) : info;
}

static void lnd_handle_error(struct lnd_dev *dev, struct kfi_cq_err_entry *err)
{
	switch (err->flags) {
	case KFI_MSG | KFI_RECV:
	case KFI_MSG | KFI_RECV | KFI_MULTI_RECV:
	case KFI_TAGGED | KFI_RECV:
	case KFI_TAGGED | KFI_RECV | KFI_REMOTE_CQ_DATA:
	case KFI_TAGGED | KFI_RMA | KFI_READ | KFI_RECV:
	case KFI_TAGGED | KFI_RMA | KFI_WRITE | KFI_RECV:
		if (err->err == ECANCELED)
			return;
		fallthrough;
	default:
		dev->status = -err->err;
	}
}

static void lnd_handle_event(struct lnd_dev *dev,
			     struct kfi_cq_data_entry *event)
{
	switch (event->flags) {
	case KFI_MSG | KFI_RECV:
	case KFI_MSG | KFI_RECV | KFI_MULTI_RECV:
		if (event->buf && event->len)
			dev->received++;
		if (event->flags & KFI_MULTI_RECV)
			kfi_recv(dev->rx, dev->buf, LND_MSG_SIZE, NULL,
				 KFI_ADDR_UNSPEC, event->op_context);
		break;
	case KFI_TAGGED | KFI_RECV | KFI_REMOTE_CQ_DATA:
		dev->status = -1 * (s64)be64_to_cpu((__force __be64)event->data);
		break;
	default:
		break;
	}
}

static void lnd_drain(struct lnd_dev *dev, struct kfid_cq *cq)
{
	struct kfi_cq_data_entry event;
	struct kfi_cq_err_entry error;
	ssize_t rc;

	for (;;) {
		rc = kfi_cq_read(cq, &event, 1);
		if (rc == -KFI_EAVAIL) {
			while (kfi_cq_readerr(cq, &error, 0) == 1)
				lnd_handle_error(dev, &error);
		} else if (rc == 1) {
			lnd_handle_event(dev, &event);
		} else {
			break;
		}
	}
}

static void lnd_work(struct work_struct *work)
{
	struct lnd_dev *dev = container_of(work, struct lnd_dev, work);

	lnd_drain(dev, dev->rx_cq);
	lnd_drain(dev, dev->tx_cq);
}

static void lnd_completion(struct kfid_cq *cq, void *context)
{
	struct lnd_dev *dev = context;

	queue_work(system_wq, &dev->work);
}

static int lnd_open_cqs(struct lnd_dev *dev)
{
	struct kfi_cq_attr attr = {};
	int rc;

	attr.flags = KFI_AFFINITY;
	attr.format = KFI_CQ_FORMAT_DATA;
	attr.wait_cond = KFI_CQ_COND_NONE;
	attr.wait_obj = KFI_WAIT_NONE;
	attr.signaling_vector = cpumask_first(cpu_online_mask);
	attr.size = LND_CREDITS * 10;

	rc = kfi_cq_open(dev->domain, &attr, &dev->rx_cq, lnd_completion, dev);
	if (rc)
		return rc;
	rc = kfi_cq_open(dev->domain, &attr, &dev->tx_cq, lnd_completion, dev);
	if (rc)
		kfi_close(&dev->rx_cq->fid);
	return rc;
}

static int lnd_open_contexts(struct lnd_dev *dev)
{
	size_t min_multi_recv = LND_MSG_SIZE;
	struct kfi_rx_attr rx_attr = {};
	struct kfi_tx_attr tx_attr = {};
	int rc;

	rx_attr.op_flags = KFI_COMPLETION | KFI_MULTI_RECV;
	rx_attr.msg_order = KFI_ORDER_NONE;
	rx_attr.comp_order = KFI_ORDER_NONE;
	rx_attr.size = LND_CREDITS;
	rx_attr.iov_limit = LND_MAX_IOV;
	rc = kfi_rx_context(dev->sep, 0, &rx_attr, &dev->rx, dev);
	if (rc)
		return rc;
	rc = kfi_setopt(&dev->rx->fid, KFI_OPT_ENDPOINT,
			KFI_OPT_MIN_MULTI_RECV, &min_multi_recv,
			sizeof(min_multi_recv));
	if (rc)
		goto err_close_rx;

	tx_attr.op_flags = KFI_COMPLETION | KFI_TRANSMIT_COMPLETE;
	tx_attr.msg_order = KFI_ORDER_NONE;
	tx_attr.comp_order = KFI_ORDER_NONE;
	tx_attr.size = LND_CREDITS;
	tx_attr.iov_limit = LND_MAX_IOV;
	tx_attr.rma_iov_limit = LND_MAX_IOV;
	tx_attr.tclass = KFI_TC_LOW_LATENCY;
	rc = kfi_tx_context(dev->sep, 0, &tx_attr, &dev->tx, dev);
	if (rc)
		goto err_close_rx;

	rc = kfi_ep_bind(dev->rx, &dev->rx_cq->fid, 0);
	if (rc)
		goto err_close_tx;
	rc = kfi_ep_bind(dev->tx, &dev->tx_cq->fid, 0);
	if (rc)
		goto err_close_tx;
	rc = kfi_enable(dev->rx);
	if (rc)
		goto err_close_tx;
	rc = kfi_enable(dev->tx);
	if (rc)
		goto err_close_tx;
	return 0;

err_close_tx:
	kfi_close(&dev->tx->fid);
err_close_rx:
	kfi_close(&dev->rx->fid);
	return rc;
}

int lnd_open(struct lnd_dev *dev, const char *node, const char *service);
int lnd_open(struct lnd_dev *dev, const char *node, const char *service)
{
	struct kfi_av_attr av_attr = {};
	struct lnd_fabric_ops *ops;
	struct kfi_info *info;
	int rc;

	INIT_WORK(&dev->work, lnd_work);
	info = lnd_getinfo(dev, node, service);
	if (IS_ERR(info))
		return PTR_ERR(info);
	if (!info->src_addr || !info->src_addrlen) {
		rc = -EADDRNOTAVAIL;
		goto err_free_info;
	}

	rc = kfi_fabric(info->fabric_attr, &dev->fabric, dev);
	if (rc)
		goto err_free_info;
	rc = kfi_open_ops(&dev->fabric->fid, "lnd_fabric_ops", 0,
			  (void **)&ops, NULL);
	if (!rc)
		ops->enable(&dev->fabric->fid, true);
	rc = kfi_domain(dev->fabric, info, &dev->domain, dev);
	if (rc)
		goto err_close_fabric;

	av_attr.type = KFI_AV_UNSPEC;
	av_attr.rx_ctx_bits = LND_RX_CTX_BITS;
	rc = kfi_av_open(dev->domain, &av_attr, &dev->av, dev);
	if (rc)
		goto err_close_domain;
	rc = kfi_scalable_ep(dev->domain, info, &dev->sep, dev);
	if (rc)
		goto err_close_av;
	rc = kfi_scalable_ep_bind(dev->sep, &dev->av->fid, 0);
	if (rc)
		goto err_close_sep;
	rc = kfi_enable(dev->sep);
	if (rc)
		goto err_close_sep;
	rc = lnd_open_cqs(dev);
	if (rc)
		goto err_close_sep;
	rc = lnd_open_contexts(dev);
	if (rc)
		goto err_close_cqs;
	kfi_freeinfo(info);
	return 0;

err_close_cqs:
	kfi_close(&dev->tx_cq->fid);
	kfi_close(&dev->rx_cq->fid);
err_close_sep:
	kfi_close(&dev->sep->fid);
err_close_av:
	kfi_close(&dev->av->fid);
err_close_domain:
	kfi_close(&dev->domain->fid);
err_close_fabric:
	kfi_close(&dev->fabric->fid);
err_free_info:
	kfi_freeinfo(info);
	return rc;
}

int lnd_add_peer(struct lnd_dev *dev, const char *node, const char *service,
		 struct lnd_transaction *tn);
int lnd_add_peer(struct lnd_dev *dev, const char *node, const char *service,
		 struct lnd_transaction *tn)
{
	kfi_addr_t addr;
	int rc;

	rc = kfi_av_insertsvc(dev->av, node, service, &addr, 0, dev);
	if (rc < 0)
		return rc;
	if (rc != 1)
		return -ECONNABORTED;
	tn->target = kfi_rx_addr(addr, 3, LND_RX_CTX_BITS);
	return kfi_av_remove(dev->av, &addr, 1, 0);
}

int lnd_transfer(struct lnd_dev *dev, struct lnd_transaction *tn, bool sgl,
		 bool read);
int lnd_transfer(struct lnd_dev *dev, struct lnd_transaction *tn, bool sgl,
		 bool read)
{
	struct kfi_msg_tagged msg = {
		.tag = tn->match,
		.context = tn,
		.addr = tn->target,
	};
	struct kfi_rma_iov rma_iov = {
		.len = tn->nob,
		.key = tn->response,
	};
	struct kfi_msg_rma rma = {
		.addr = tn->target,
		.rma_iov = &rma_iov,
		.rma_iov_count = 1,
		.context = tn,
	};
	int rc;

	if (sgl) {
		msg.type = KFI_SGL;
		msg.msg_sgl = tn->sgt.sgl;
		msg.iov_count = tn->sgt.nents;
		rma.type = KFI_SGL;
		rma.msg_sgl = tn->sgt.sgl;
		rma.iov_count = tn->sgt.nents;
	} else {
		msg.type = KFI_BVEC;
		msg.msg_biov = tn->kiov;
		msg.iov_count = tn->nr_iov;
		rma.type = KFI_BVEC;
		rma.msg_biov = tn->kiov;
		rma.iov_count = tn->nr_iov;
	}

	rc = kfi_recv(dev->rx, dev->buf, LND_MSG_SIZE, NULL, KFI_ADDR_UNSPEC,
		      dev);
	if (rc)
		return rc;
	rc = kfi_send(dev->tx, dev->buf, LND_MSG_SIZE, NULL, tn->target, tn);
	if (rc)
		return rc;
	rc = kfi_trecvmsg(dev->rx, &msg, KFI_COMPLETION);
	if (rc)
		return rc;
	rc = kfi_tsenddata(dev->tx, NULL, 0, NULL, tn->status_data, tn->target,
			   tn->response, tn);
	if (rc)
		return rc;
	if (read)
		rc = kfi_readmsg(dev->tx, &rma, KFI_TAGGED | KFI_COMPLETION);
	else
		rc = kfi_writemsg(dev->tx, &rma, KFI_TAGGED | KFI_COMPLETION);
	pr_debug("%u bytes in %lu fragments to %llx with key %llu: rc=%d\n",
		 tn->nob, rma.iov_count, tn->target, rma_iov.key, rc);
	return rc;
}

void lnd_close(struct lnd_dev *dev);
void lnd_close(struct lnd_dev *dev)
{
	while (kfi_cancel(&dev->rx->fid, dev) == -EAGAIN)
		schedule();
	kfi_close(&dev->tx->fid);
	kfi_close(&dev->rx->fid);
	flush_work(&dev->work);
	kfi_close(&dev->tx_cq->fid);
	kfi_close(&dev->rx_cq->fid);
	kfi_close(&dev->sep->fid);
	kfi_close(&dev->av->fid);
	kfi_close(&dev->domain->fid);
	kfi_close(&dev->fabric->fid);
}

MODULE_DESCRIPTION("Compile test of the kfi client interface");
MODULE_LICENSE("GPL");
