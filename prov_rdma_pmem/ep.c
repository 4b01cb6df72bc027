// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints: reliable datagram, on connections that the client never sees. */
#include <linux/log2.h>
#include <linux/slab.h>

#include "kfi_prov.h"
#include "msg.h"
#include "op.h"
#include "peer.h"
#include "session.h"

static void kfr_ep_room_work(struct work_struct *work)
{
	struct kfr_ep *ep = container_of(work, struct kfr_ep, room_work);

	kfr_cq_signal_room(ep->tx_cq);
}

static void kfr_ep_class_room(struct kfi_class_waiter *waiter)
{
	struct kfr_ep *ep = container_of(waiter, struct kfr_ep, waiter);

	/* Not under op_lock, which is held over kfi_class_wait(). */
	WRITE_ONCE(ep->class_waits, false);
	queue_work(ep->wq, &ep->room_work);
}

static int kfr_ep_close(struct kfid *fid)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);
	int ret = kfid_try_close(fid);
	struct kfr_peer *peer;
	unsigned long i;
	int pass;

	if (ret)
		return ret;
	/* From here nothing new is taken, also not from a client's handler. */
	kfr_sessions_close(ep);
	if (ep->rx_cq) {
		spin_lock_bh(&ep->rx_cq->lock);
		list_del_init(&ep->rx_cq_entry);
		spin_unlock_bh(&ep->rx_cq->lock);
	}
	/* Twice: a handler may have passed the test a moment before it was set. */
	for (pass = 0; pass < 2; pass++)
		xa_for_each(&ep->peers, i, peer)
			kfr_peer_shutdown(peer);
	kfi_class_cancel_wait(ep->class, &ep->waiter);
	kfr_rx_destroy(ep);
	destroy_workqueue(ep->ctl_wq);
	destroy_workqueue(ep->wq);
	xa_for_each(&ep->peers, i, peer)
		kfr_peer_free(peer);
	xa_destroy(&ep->peers);
	kfr_ops_destroy(ep);
	if (ep->rx_cq)
		kfid_put(&ep->rx_cq->cq.fid);
	if (ep->tx_cq)
		kfid_put(&ep->tx_cq->cq.fid);
	if (ep->av)
		kfid_put(&ep->av->av.fid);
	if (ep->eq)
		kfid_put(&ep->eq->eq.fid);
	for (i = 0; i < KFR_CNTR_MAX; i++)
		if (ep->cntr[i])
			kfid_put(&ep->cntr[i]->cntr.fid);
	kfi_class_put(ep->class);
	kfid_put(&ep->domain->domain.fid);
	free_percpu(ep->stats);
	kfree_sensitive(ep);
	return 0;
}

static int kfr_ep_bind_cq(struct kfr_ep *ep, struct kfr_cq *cq, u64 flags)
{
	if (flags & ~(KFI_TRANSMIT | KFI_RECV | KFI_SELECTIVE_COMPLETION) ||
	    !(flags & (KFI_TRANSMIT | KFI_RECV)) ||
	    (flags & KFI_TRANSMIT && ep->tx_cq) ||
	    (flags & KFI_RECV && ep->rx_cq))
		return -EINVAL;
	if (flags & KFI_TRANSMIT) {
		ep->tx_cq = cq;
		ep->tx_selective = flags & KFI_SELECTIVE_COMPLETION;
		kfid_get(&cq->cq.fid);
	}
	if (flags & KFI_RECV) {
		ep->rx_cq = cq;
		ep->rx_selective = flags & KFI_SELECTIVE_COMPLETION;
		kfid_get(&cq->cq.fid);
		spin_lock_bh(&cq->lock);
		list_add_tail(&ep->rx_cq_entry, &cq->eps);
		spin_unlock_bh(&cq->lock);
	}
	return 0;
}

static int kfr_ep_bind_cntr(struct kfr_ep *ep, struct kfr_cntr *cntr, u64 flags)
{
	static const u64 kinds[KFR_CNTR_MAX] = {
		[KFR_CNTR_SEND] = KFI_SEND,
		[KFR_CNTR_RECV] = KFI_RECV,
		[KFR_CNTR_READ] = KFI_READ,
		[KFR_CNTR_WRITE] = KFI_WRITE,
	};
	int i;

	/* What peers do to our memory leaves no trace at the target. */
	if (flags & (KFI_REMOTE_READ | KFI_REMOTE_WRITE))
		return -EOPNOTSUPP;
	for (i = 0; i < KFR_CNTR_MAX; i++)
		if (flags & kinds[i] && ep->cntr[i])
			return -EINVAL;
	for (i = 0; i < KFR_CNTR_MAX; i++) {
		if (!(flags & kinds[i]))
			continue;
		ep->cntr[i] = cntr;
		kfid_get(&cntr->cntr.fid);
	}
	return 0;
}

static int kfr_ep_bind(struct kfid *fid, struct kfid *bfid, u64 flags)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);

	if (ep->enabled)
		return -EINVAL;
	switch (bfid->fclass) {
	case KFI_CLASS_CQ:
		return kfr_ep_bind_cq(ep, container_of(bfid, struct kfr_cq,
						       cq.fid), flags);
	case KFI_CLASS_CNTR:
		return kfr_ep_bind_cntr(ep, container_of(bfid, struct kfr_cntr,
							 cntr.fid), flags);
	case KFI_CLASS_AV:
		if (ep->av)
			return -EINVAL;
		ep->av = container_of(bfid, struct kfr_av, av.fid);
		kfid_get(bfid);
		return 0;
	case KFI_CLASS_EQ:
		if (ep->eq)
			return -EINVAL;
		ep->eq = container_of(bfid, struct kfr_eq, eq.fid);
		kfid_get(bfid);
		return 0;
	default:
		return -EINVAL;
	}
}

static int kfr_ep_enable(struct kfr_ep *ep)
{
	bool listens = ep->caps & (KFI_REMOTE_READ | KFI_REMOTE_WRITE |
				   KFI_RECV);
	int ret;

	if (ep->enabled)
		return -EINVAL;
	if (ep->caps & (KFI_READ | KFI_WRITE | KFI_SEND) &&
	    (!ep->tx_cq || !ep->av))
		return -EINVAL;
	if (ep->caps & KFI_RECV && !ep->rx_cq)
		return -EINVAL;
	if (ep->tx_cq) {
		ret = kfr_ops_create(ep);
		if (ret)
			return ret;
	}
	if (ep->rx_cq) {
		ret = kfr_rx_create(ep);
		if (ret)
			goto err_ops;
	}
	if (listens) {
		ret = kfr_sessions_listen(ep);
		if (ret)
			goto err_rx;
	}
	ep->enabled = true;
	return 0;

err_rx:
	kfr_rx_destroy(ep);
err_ops:
	kfr_ops_destroy(ep);
	return ret;
}

static int kfr_ep_control(struct kfid *fid, int command, void *arg)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);

	switch (command) {
	case KFI_ENABLE:
		return kfr_ep_enable(ep);
	case KFI_GETOPSFLAG:
		*(u64 *)arg = ep->tx_flags;
		return 0;
	default:
		return -ENOSYS;
	}
}

static const struct kfi_ops kfr_ep_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_ep_close,
	.bind = kfr_ep_bind,
	.control = kfr_ep_control,
	.ops_open = kfi_no_ops_open,
};

static int kfr_ep_setopt(struct kfid *fid, int level, int optname,
			 const void *optval, size_t optlen)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);

	if (level != KFI_OPT_ENDPOINT || optname != KFI_OPT_MIN_MULTI_RECV)
		return -ENOPROTOOPT;
	if (optlen != sizeof(size_t))
		return -EINVAL;
	ep->min_multi_recv = *(const size_t *)optval;
	return 0;
}

static int kfr_ep_getopt(struct kfid *fid, int level, int optname,
			 void *optval, size_t *optlen)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);

	if (level != KFI_OPT_ENDPOINT || optname != KFI_OPT_MIN_MULTI_RECV)
		return -ENOPROTOOPT;
	if (*optlen < sizeof(size_t))
		return -EINVAL;
	*(size_t *)optval = ep->min_multi_recv;
	*optlen = sizeof(size_t);
	return 0;
}

static const struct kfi_ops_ep kfr_ep_ops = {
	.size = sizeof(struct kfi_ops_ep),
	.cancel = kfr_cancel,
	.getopt = kfr_ep_getopt,
	.setopt = kfr_ep_setopt,
	.tx_ctx = kfi_no_ep_tx_ctx,
	.rx_ctx = kfi_no_ep_rx_ctx,
	.rx_size_left = kfi_no_ep_rx_size_left,
	.tx_size_left = kfi_no_ep_tx_size_left,
};

static int kfr_cm_getname(struct kfid *fid, void *addr, size_t *addrlen)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);
	size_t len = ep->src.ss_family == AF_INET6 ?
		     sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	memcpy(addr, &ep->src, min(len, *addrlen));
	len = *addrlen < len ? -KFI_ETOOSMALL : 0;
	*addrlen = ep->src.ss_family == AF_INET6 ?
		   sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	return len;
}

static const struct kfi_ops_cm kfr_cm_ops = {
	.size = sizeof(struct kfi_ops_cm),
	.setname = kfi_no_cm_setname,
	.getname = kfr_cm_getname,
	.getpeer = kfi_no_cm_getpeer,
	.connect = kfi_no_cm_connect,
	.listen = kfi_no_cm_listen,
	.accept = kfi_no_cm_accept,
	.reject = kfi_no_cm_reject,
	.shutdown = kfi_no_cm_shutdown,
};

/**
 * kfr_endpoint() - open an endpoint
 * @domain: its domain
 * @info: what getinfo returned, with ep_attr->auth_key a struct kfi_auth
 * @out: where it goes
 * @context: the client's
 *
 * Its placement class is named by domain_attr->name, or "default".
 *
 * Context: process.
 * Return: 0, -EINVAL for attributes that getinfo would not have returned,
 * -ENOMEM.
 */
int kfr_endpoint(struct kfid_domain *domain, struct kfi_info *info,
		 struct kfid_ep **out, void *context)
{
	const struct kfi_ep_attr *attr = info->ep_attr;
	struct kfr_ep *ep;
	int ret;

	if (!attr || attr->type != KFI_EP_RDM ||
	    (attr->auth_key_size &&
	     attr->auth_key_size != sizeof(struct kfi_auth)) ||
	    info->src_addrlen > sizeof(ep->src))
		return -EINVAL;
	ep = kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		return -ENOMEM;
	if (attr->auth_key_size) {
		memcpy(&ep->auth, attr->auth_key, sizeof(ep->auth));
		ep->has_auth = true;
		if (!ep->auth.peer[0] ||
		    !kfr_wire_name_ok(ep->auth.peer, false)) {
			ret = -EINVAL;
			goto err_free;
		}
	}
	ep->class = kfi_class_get(info->domain_attr && info->domain_attr->name ?
				  info->domain_attr->name : "default");
	if (IS_ERR(ep->class)) {
		ret = PTR_ERR(ep->class);
		goto err_free;
	}
	ep->stats = alloc_percpu(struct kfi_pmem_stats);
	ep->wq = alloc_workqueue("kfi_rdma", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	ep->ctl_wq = alloc_workqueue("kfi_rdma_ctl",
				     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!ep->stats || !ep->wq || !ep->ctl_wq) {
		ret = -ENOMEM;
		goto err_put_class;
	}
	kfid_init(&ep->ep.fid, KFI_CLASS_EP, context, &kfr_ep_fid_ops);
	ep->ep.ops = &kfr_ep_ops;
	ep->ep.cm = &kfr_cm_ops;
	ep->ep.msg = &kfr_msg_ops;
	ep->ep.rma = &kfr_rma_ops;
	ep->ep.tagged = &kfi_no_ops_tagged;
	ep->ep.atomic = &kfr_atomic_ops;
	ep->ep.pmem = &kfr_pmem_ops;
	ep->domain = container_of(domain, struct kfr_domain, domain);
	ep->caps = info->caps;
	ep->tx_size = info->tx_attr && info->tx_attr->size ?
		      min_t(size_t, info->tx_attr->size, 65536) : KFR_TX_SIZE;
	ep->rx_size = info->rx_attr && info->rx_attr->size ?
		      min_t(size_t, info->rx_attr->size, 65536) : KFR_RX_SIZE;
	ep->tx_flags = info->tx_attr ? info->tx_attr->op_flags : 0;
	ep->rx_flags = info->rx_attr ? info->rx_attr->op_flags : 0;
	ep->min_multi_recv = 64;
	ep->timed = jiffies - 1;
	if (info->src_addr)
		memcpy(&ep->src, info->src_addr, info->src_addrlen);
	else
		((struct sockaddr_in *)&ep->src)->sin_family = AF_INET;
	INIT_LIST_HEAD(&ep->rx_cq_entry);
	spin_lock_init(&ep->op_lock);
	INIT_LIST_HEAD(&ep->free_ops);
	INIT_LIST_HEAD(&ep->free_wide_ops);
	xa_init_flags(&ep->peers, XA_FLAGS_LOCK_BH);
	mutex_init(&ep->session_lock);
	INIT_LIST_HEAD(&ep->sessions);
	init_waitqueue_head(&ep->sessions_gone);
	spin_lock_init(&ep->rx_lock);
	INIT_LIST_HEAD(&ep->rx_posts);
	INIT_LIST_HEAD(&ep->rx_free);
	INIT_LIST_HEAD(&ep->rx_held);
	INIT_WORK(&ep->rx_work, kfr_rx_work);
	INIT_WORK(&ep->room_work, kfr_ep_room_work);
	kfi_class_waiter_init(&ep->waiter, kfr_ep_class_room);
	kfid_get(&domain->fid);
	*out = &ep->ep;
	return 0;

err_put_class:
	if (ep->ctl_wq)
		destroy_workqueue(ep->ctl_wq);
	if (ep->wq)
		destroy_workqueue(ep->wq);
	free_percpu(ep->stats);
	kfi_class_put(ep->class);
err_free:
	kfree_sensitive(ep);
	return ret;
}
