// SPDX-License-Identifier: GPL-2.0-only
/* What the provider offers: kfi_getinfo(). */
#include <linux/slab.h>

#include "av.h"
#include "kfi_prov.h"
#include "kfr.h"
#include "wire.h"

#define KFR_CAPS	(KFI_MSG | KFI_RMA | KFI_ATOMIC | KFI_RMA_PMEM | \
			 KFI_READ | KFI_WRITE | KFI_SEND | KFI_RECV | \
			 KFI_REMOTE_READ | KFI_REMOTE_WRITE | \
			 KFI_MULTI_RECV | KFI_DIRECTED_RECV | \
			 KFI_SOURCE | KFI_LOCAL_COMM | KFI_REMOTE_COMM | \
			 KFI_FENCE)
#define KFR_TX_FLAGS	(KFI_COMPLETION | KFI_INJECT | KFI_INJECT_COMPLETE | \
			 KFI_TRANSMIT_COMPLETE | KFI_DELIVERY_COMPLETE | \
			 KFI_COMMIT_COMPLETE)
#define KFR_RX_FLAGS	(KFI_COMPLETION | KFI_MULTI_RECV)

/* Capabilities without a direction have all of them. */
static u64 kfr_effective_caps(u64 caps)
{
	if (caps & (KFI_RMA | KFI_ATOMIC) &&
	    !(caps & (KFI_READ | KFI_WRITE | KFI_REMOTE_READ |
		      KFI_REMOTE_WRITE)))
		caps |= KFI_READ | KFI_WRITE | KFI_REMOTE_READ |
			KFI_REMOTE_WRITE;
	if (caps & KFI_MSG && !(caps & (KFI_SEND | KFI_RECV)))
		caps |= KFI_SEND | KFI_RECV;
	return caps;
}

static int kfr_check_hints(const struct kfi_info *hints)
{
	const struct kfi_domain_attr *domain = hints->domain_attr;
	const struct kfi_ep_attr *ep = hints->ep_attr;
	const struct kfi_tx_attr *tx = hints->tx_attr;
	const struct kfi_rx_attr *rx = hints->rx_attr;

	if (hints->caps & ~KFR_CAPS)
		return -ENODATA;
	if (ep) {
		if ((ep->type != KFI_EP_UNSPEC && ep->type != KFI_EP_RDM) ||
		    (ep->protocol != KFI_PROTO_UNSPEC &&
		     ep->protocol != KFI_PROTO_RDMA_CM_IB_RC) ||
		    ep->max_msg_size > KFR_MAX_MSG_SIZE ||
		    ep->tx_ctx_cnt > 1 || ep->rx_ctx_cnt > 1)
			return -ENODATA;
		if (ep->auth_key_size &&
		    ep->auth_key_size != sizeof(struct kfi_auth))
			return -EINVAL;
	}
	if (tx) {
		/* A message cannot be durable, and nothing else can be by
		 * default where persistent memory was not asked for.
		 */
		if (tx->op_flags & KFI_COMMIT_COMPLETE &&
		    (!(hints->caps & KFI_RMA_PMEM) || hints->caps & KFI_MSG))
			return -EOPNOTSUPP;
		/* Messages keep their order; anything else takes KFI_FENCE. */
		if (tx->op_flags & ~KFR_TX_FLAGS ||
		    tx->msg_order & ~KFI_ORDER_SAS ||
		    tx->iov_limit > KFR_IOV_LIMIT ||
		    tx->rma_iov_limit > KFR_RMA_IOV_LIMIT ||
		    tx->inject_size > KFR_INJECT_SIZE || tx->size > 65536)
			return -ENODATA;
	}
	if (rx && (rx->op_flags & ~KFR_RX_FLAGS || rx->size > 65536))
		return -ENODATA;
	if (domain && (domain->cq_data_size > sizeof(u64) ||
		       domain->mr_iov_limit > KFR_IOV_LIMIT))
		return -ENODATA;
	return 0;
}

/**
 * kfr_getinfo() - the provider's entry for kfi_getinfo()
 * @version: API version
 * @node: numeric address
 * @service: port
 * @flags: KFI_SOURCE: node and service are ours
 * @hints: what the client needs, or NULL
 * @info: where the answer goes
 *
 * Context: process.
 * Return: 0; -ENODATA: something asked for is not offered; -EOPNOTSUPP:
 * durability was asked for where there is none; -EINVAL; -ENOMEM.
 */
int kfr_getinfo(u32 version, const char *node, const char *service, u64 flags,
		const struct kfi_info *hints, struct kfi_info **info)
{
	struct sockaddr_storage ss = { };
	struct kfi_info *out;
	size_t addrlen = 0;
	int ret;

	if (hints) {
		ret = kfr_check_hints(hints);
		if (ret)
			return ret;
	}
	if (node || service) {
		ret = kfr_addr_parse(node, service, &ss);
		if (ret)
			return ret;
		addrlen = ss.ss_family == AF_INET6 ?
			  sizeof(struct sockaddr_in6) :
			  sizeof(struct sockaddr_in);
	}
	out = hints ? kfi_dupinfo(hints) : kfi_allocinfo();
	if (!out)
		return -ENOMEM;
	if (addrlen) {
		void **addr = flags & KFI_SOURCE ? &out->src_addr :
						   &out->dest_addr;

		kfree(*addr);
		*addr = kmemdup(&ss, addrlen, GFP_KERNEL);
		if (!*addr) {
			kfi_freeinfo(out);
			return -ENOMEM;
		}
		if (flags & KFI_SOURCE)
			out->src_addrlen = addrlen;
		else
			out->dest_addrlen = addrlen;
	}
	out->addr_format = KFI_SOCKADDR;
	out->caps = kfr_effective_caps(hints && hints->caps ? hints->caps :
							      KFR_CAPS);
	out->mode = 0;
	out->ep_attr->type = KFI_EP_RDM;
	out->ep_attr->protocol = KFI_PROTO_RDMA_CM_IB_RC;
	out->ep_attr->protocol_version = KFR_WIRE_VERSION;
	out->ep_attr->max_msg_size = KFR_MAX_MSG_SIZE;
	out->ep_attr->tx_ctx_cnt = 1;
	out->ep_attr->rx_ctx_cnt = 1;
	out->tx_attr->caps = out->caps;
	if (!out->tx_attr->size)
		out->tx_attr->size = KFR_TX_SIZE;
	out->tx_attr->iov_limit = KFR_IOV_LIMIT;
	out->tx_attr->rma_iov_limit = KFR_RMA_IOV_LIMIT;
	out->tx_attr->inject_size = KFR_INJECT_SIZE;
	out->rx_attr->caps = out->caps;
	if (!out->rx_attr->size)
		out->rx_attr->size = KFR_RX_SIZE;
	out->rx_attr->iov_limit = 16;
	out->domain_attr->threading = KFI_THREAD_SAFE;
	out->domain_attr->control_progress = KFI_PROGRESS_AUTO;
	out->domain_attr->data_progress = KFI_PROGRESS_AUTO;
	out->domain_attr->resource_mgmt = KFI_RM_ENABLED;
	out->domain_attr->av_type = KFI_AV_TABLE;
	out->domain_attr->mr_mode = 0;
	out->domain_attr->mr_key_size = sizeof(u64);
	out->domain_attr->cq_data_size = sizeof(u64);
	out->domain_attr->mr_iov_limit = KFR_IOV_LIMIT;
	if (!out->fabric_attr->name) {
		out->fabric_attr->name = kstrdup("rdma", GFP_KERNEL);
		if (!out->fabric_attr->name) {
			kfi_freeinfo(out);
			return -ENOMEM;
		}
	}
	*info = out;
	return 0;
}
