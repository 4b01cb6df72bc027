// SPDX-License-Identifier: GPL-2.0-only
/* The initiator's connections: made on demand, taken down when they break. */
#include <crypto/utils.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "params.h"
#include "peer.h"
#include "rmr.h"

#define KFR_BACKOFF_MIN		50	/* ms */
#define KFR_BACKOFF_MAX		5000
#define KFR_CALL_TIMEOUT	(10 * HZ)

static void kfr_peer_broken(struct kfr_conn *conn, int err)
{
	struct kfr_peer *peer = conn->peer;
	u32 i;

	lockdep_assert_held(&peer->lock);
	if (peer->conn == conn && peer->state == KFR_PEER_READY) {
		peer->state = KFR_PEER_BROKEN;
		peer->error = err;
	}
	for (i = 0; i < conn->credits; i++) {
		struct kfr_call *call = conn->slot[i].call;

		if (!call)
			continue;
		conn->slot[i].call = NULL;
		call->status = -ENOLINK;
		complete(&call->done);
	}
	complete(&conn->cm_done);
	/* While connecting, the work that connects sees the failed link. */
	if (peer->state == KFR_PEER_BROKEN)
		mod_delayed_work(peer->ep->ctl_wq, &peer->work, 0);
}

/**
 * kfr_peer_break() - a post failed: the connection is of no more use
 * @conn: connection; peer's lock held
 * @err: why
 *
 * Context: any but hard interrupt.
 */
void kfr_peer_break(struct kfr_conn *conn, int err)
{
	if (atomic_cmpxchg(&conn->link.failed, 0, err) == 0)
		kfr_peer_broken(conn, err);
}

static void kfr_peer_link_failed(struct kfr_link *link, int err)
{
	struct kfr_conn *conn = container_of(link, struct kfr_conn, link);

	spin_lock_bh(&conn->peer->lock);
	kfr_peer_broken(conn, err);
	spin_unlock_bh(&conn->peer->lock);
}

static void kfr_peer_link_room(struct kfr_link *link)
{
	kfr_peer_kick(container_of(link, struct kfr_conn, link)->peer);
}

static const struct kfr_link_ops kfr_peer_link_ops = {
	.recv = kfr_peer_recv,
	.room = kfr_peer_link_room,
	.failed = kfr_peer_link_failed,
};

static int kfr_peer_cm_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct kfr_conn *conn = id->context;
	u16 credits;
	int err = 0;

	switch (event->event) {
	case RDMA_CM_EVENT_ADDR_RESOLVED:
	case RDMA_CM_EVENT_ROUTE_RESOLVED:
		break;
	case RDMA_CM_EVENT_ESTABLISHED:
		err = kfr_wire_check_cm(event->param.conn.private_data,
					event->param.conn.private_data_len,
					&credits);
		if (!err)
			conn->credits = min_t(u32, conn->credits, credits);
		break;
	case RDMA_CM_EVENT_REJECTED:
		pr_info_ratelimited("peer refused the connection: %s\n",
				    rdma_reject_msg(id, event->status));
		err = -ECONNREFUSED;
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		if (conn->linked && event->event != RDMA_CM_EVENT_TIMEWAIT_EXIT) {
			complete_all(&conn->link.disconnected);
			kfr_link_fail(&conn->link, -ENOLINK);
		}
		return 0;
	default:
		err = event->status ?: -ENOLINK;
		break;
	}
	conn->cm_status = err;
	complete(&conn->cm_done);
	return 0;
}

static int kfr_conn_wait(struct kfr_conn *conn, bool resolving)
{
	unsigned long timeout = msecs_to_jiffies(kfr_connect_timeout);

	/* Resolving ends by itself: to cancel it flushes a foreign queue. */
	if (resolving)
		timeout += 10 * HZ;
	if (!wait_for_completion_timeout(&conn->cm_done, timeout))
		return -ETIMEDOUT;
	return conn->cm_status ?: atomic_read(&conn->link.failed);
}

static void kfr_conn_free(struct kfr_conn *conn)
{
	if (conn->linked) {
		kfr_link_disconnect(&conn->link);
		kfr_link_drain(&conn->link);
		kfr_link_destroy(&conn->link);
	}
	rdma_destroy_id(conn->id);
	kvfree(conn);
}

static struct kfr_conn *kfr_conn_create(struct kfr_peer *peer)
{
	struct kfr_wire_cm hello = {
		.magic = cpu_to_le32(KFR_WIRE_MAGIC),
		.version = cpu_to_le16(KFR_WIRE_VERSION),
		.credits = cpu_to_le16(kfr_credits),
		.request_max = cpu_to_le32(KFR_WIRE_REQUEST_MAX),
		.reply_max = cpu_to_le32(KFR_WIRE_REPLY_MAX),
	};
	struct rdma_conn_param param = {
		.private_data = &hello,
		.private_data_len = sizeof(hello),
		/* Not 7: rxe takes that for ever. */
		.retry_count = 6,
		.rnr_retry_count = 7,
	};
	struct kfr_link_params sizes = {
		.rx_count = kfr_credits + KFR_WIRE_NOTICES,
		.rx_size = KFR_WIRE_REPLY_MAX,
		.tx_count = kfr_credits,
		.tx_size = KFR_WIRE_REQUEST_MAX,
		.sq_depth = max(128U, 2 * kfr_credits),
	};
	struct kfr_conn *conn;
	int ret, i;

	conn = kvzalloc(sizeof(*conn), GFP_KERNEL);
	if (!conn)
		return ERR_PTR(-ENOMEM);
	conn->peer = peer;
	conn->credits = kfr_credits;
	init_completion(&conn->cm_done);
	conn->id = rdma_create_id(&init_net, kfr_peer_cm_event, conn,
				  RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(conn->id)) {
		ret = PTR_ERR(conn->id);
		kvfree(conn);
		return ERR_PTR(ret);
	}
	ret = rdma_resolve_addr(conn->id, NULL, (struct sockaddr *)&peer->ss,
				kfr_connect_timeout) ?: kfr_conn_wait(conn, true);
	if (ret)
		goto err;
	ret = rdma_resolve_route(conn->id, kfr_connect_timeout) ?:
	      kfr_conn_wait(conn, true);
	if (ret)
		goto err;
	sizes.sq_depth = min_t(u32, sizes.sq_depth,
			       conn->id->device->attrs.max_qp_wr - 1);
	ret = kfr_link_create(&conn->link, peer->ep, conn->id,
			      &kfr_peer_link_ops, &sizes);
	if (ret)
		goto err;
	conn->linked = true;
	conn->link.memory += sizeof(*conn);
	param.responder_resources = min_t(int, 16,
					  conn->link.dev->attrs.max_qp_rd_atom);
	param.initiator_depth = param.responder_resources;
	rdma_set_ack_timeout(conn->id, kfr_ack_timeout);
	ret = rdma_connect(conn->id, &param) ?: kfr_conn_wait(conn, false);
	if (ret)
		goto err;
	for (i = conn->credits - 1; i >= 0; i--)
		conn->free[conn->nfree++] = i;
	return conn;

err:
	kfr_conn_free(conn);
	return ERR_PTR(ret == -ENOMEM || ret == -EOPNOTSUPP ? ret : -ENOLINK);
}

/**
 * kfr_peer_call_locked() - send a control request and wait for its reply
 * @peer: connected peer, control mutex held
 * @request: request; its header is filled in here but for the type
 * @len: its bytes
 * @call: where the reply's data goes
 *
 * Context: process.
 * Return: the reply's status; -ENOLINK.
 */
int kfr_peer_call_locked(struct kfr_peer *peer, void *request, size_t len,
			 struct kfr_call *call)
{
	struct kfr_conn *conn = peer->conn;
	struct kfr_wire_hdr *hdr = request;
	struct kfr_link *link = &conn->link;
	int slot, ret = 0;

	lockdep_assert_held(&peer->control);
	init_completion(&call->done);
	spin_lock_bh(&peer->lock);
	spin_lock(&link->sq_lock);
	slot = kfr_slot_get(conn);
	if (atomic_read(&link->failed) || slot < 0 ||
	    WARN_ON_ONCE(!kfr_link_sq_room(link, 1))) {
		ret = -ENOLINK;
		if (slot >= 0)
			kfr_slot_put(conn, slot);
	} else {
		conn->slot[slot].call = call;
		hdr->version = KFR_WIRE_VERSION;
		hdr->length = cpu_to_le16(len);
		hdr->id = cpu_to_le32(conn->slot[slot].id);
		memcpy(kfr_link_tx_buf(link, slot), request, len);
		ret = kfr_link_send(link, slot, len);
		if (ret)
			conn->slot[slot].call = NULL;
	}
	spin_unlock(&link->sq_lock);
	spin_unlock_bh(&peer->lock);
	if (ret) {
		kfr_link_fail(link, ret);
		return ret;
	}
	if (!wait_for_completion_timeout(&call->done, KFR_CALL_TIMEOUT)) {
		kfr_link_fail(link, -ETIMEDOUT);
		/* The failure completed it, or a reply was quicker. */
		wait_for_completion(&call->done);
	}
	return call->status;
}

static int kfr_peer_authenticate(struct kfr_peer *peer)
{
	struct kfr_ep *ep = peer->ep;
	const struct sockaddr_in *src = (const void *)&ep->src;
	struct kfr_wire_hello hello = { .hdr.type = KFR_WIRE_HELLO };
	struct kfr_wire_proof proof = { .hdr.type = KFR_WIRE_PROOF_REQ };
	const struct kfr_wire_challenge *challenge;
	u8 target_nonce[KFR_WIRE_NONCE], expect[KFR_WIRE_PROOF];
	struct kfr_call *call;
	int ret;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	strscpy(hello.peer, ep->has_auth ? ep->auth.peer : "anonymous",
		sizeof(hello.peer));
	get_random_bytes(hello.nonce, sizeof(hello.nonce));
	/* The port stands at the same place for both families. */
	if (ep->listen_id)
		hello.port = cpu_to_le16(ntohs(src->sin_port));
	ret = kfr_peer_call_locked(peer, &hello, sizeof(hello), call);
	if (ret)
		goto out;
	if (call->len != sizeof(*challenge)) {
		ret = -EPROTO;
		goto out;
	}
	challenge = (void *)call->data;
	memcpy(target_nonce, challenge->nonce, sizeof(target_nonce));
	if (ep->has_auth && !ep->auth.insecure)
		ret = kfr_auth_proof(ep->auth.key, "initiator", ep->auth.peer,
				     hello.nonce, target_nonce, proof.proof);
	if (ret)
		goto out;
	ret = kfr_peer_call_locked(peer, &proof, sizeof(proof), call);
	if (ret || !ep->has_auth || ep->auth.insecure)
		goto out;
	ret = kfr_auth_proof(ep->auth.key, "target", ep->auth.peer,
			     hello.nonce, target_nonce, expect);
	if (!ret && (call->len != sizeof(struct kfr_wire_welcome) ||
		     crypto_memneq(call->data, expect, sizeof(expect))))
		ret = -EKEYREJECTED;
out:
	kfree_sensitive(call);
	return ret;
}

/* Fail operations that wait, of which at most part of a message was posted. */
static void kfr_ops_fail(struct list_head *ops, int err)
{
	struct kfr_op *op, *next;

	list_for_each_entry_safe(op, next, ops, entry) {
		list_del_init(&op->entry);
		if (!op->status)
			op->status = err;
		kfr_op_finish(op);
	}
}

/* Take the connection down and fail what was under way on it. */
static void kfr_peer_down_locked(struct kfr_peer *peer, int err)
{
	struct kfr_conn *conn = peer->conn;
	struct kfr_op *op, *next;
	bool was_ready;
	LIST_HEAD(waiting);
	LIST_HEAD(ops);

	lockdep_assert_held(&peer->control);
	spin_lock_bh(&peer->lock);
	was_ready = peer->state == KFR_PEER_BROKEN ||
		    peer->state == KFR_PEER_READY;
	peer->state = KFR_PEER_BROKEN;
	spin_unlock_bh(&peer->lock);
	if (!conn)
		goto idle;
	kfr_link_fail(&conn->link, err);
	kfr_link_disconnect(&conn->link);
	kfr_link_drain(&conn->link);

	/* No completion runs any more: what is left waits for replies. */
	spin_lock_bh(&peer->lock);
	peer->conn = NULL;
	list_splice_init(&peer->inflight, &ops);
	list_splice_init(&peer->pending, &waiting);
	list_splice_tail_init(&peer->messages, &waiting);
	spin_unlock_bh(&peer->lock);
	cancel_delayed_work_sync(&peer->alive);
	list_for_each_entry_safe(op, next, &ops, entry) {
		list_del_init(&op->entry);
		kfr_op_end(op, err);
		kfr_op_finish(op);
	}
	kfr_ops_fail(&waiting, err);
	kfr_link_destroy(&conn->link);
	conn->linked = false;
	kfr_conn_free(conn);
	if (was_ready)
		kfr_eq_push(peer->ep->eq, KFI_SHUTDOWN, &peer->ep->ep.fid,
			    peer->addr);
idle:
	spin_lock_bh(&peer->lock);
	peer->state = KFR_PEER_IDLE;
	spin_unlock_bh(&peer->lock);
}

/**
 * kfr_peer_up_locked() - have a connection that is ready
 * @peer: peer, control mutex held
 *
 * Context: process; bounded by the connect timeout for each of its steps.
 * Return: 0; -ENOLINK: out of reach; -EKEYREJECTED: wrong key, or not
 * known there; -ESHUTDOWN: the endpoint is closing.
 */
int kfr_peer_up_locked(struct kfr_peer *peer)
{
	struct kfr_conn *conn;
	int ret;

	lockdep_assert_held(&peer->control);
	spin_lock_bh(&peer->lock);
	if (peer->state == KFR_PEER_READY || peer->closing) {
		ret = peer->closing ? -ESHUTDOWN : 0;
		spin_unlock_bh(&peer->lock);
		return ret;
	}
	spin_unlock_bh(&peer->lock);
	kfr_peer_down_locked(peer, -ENOLINK);

	spin_lock_bh(&peer->lock);
	peer->state = KFR_PEER_CONNECTING;
	spin_unlock_bh(&peer->lock);
	conn = kfr_conn_create(peer);
	if (IS_ERR(conn)) {
		ret = PTR_ERR(conn);
		goto err_idle;
	}
	spin_lock_bh(&peer->lock);
	peer->conn = conn;
	/* What was attached on the connection before is so no more. */
	peer->serial++;
	spin_unlock_bh(&peer->lock);
	ret = kfr_peer_authenticate(peer);
	if (ret)
		goto err_down;

	spin_lock_bh(&peer->lock);
	ret = atomic_read(&conn->link.failed);
	if (!ret) {
		peer->state = KFR_PEER_READY;
		peer->backoff = 0;
	}
	spin_unlock_bh(&peer->lock);
	if (ret)
		goto err_down;
	if (peer->ever_connected)
		kfr_stat_inc(peer->ep, reconnects);
	peer->ever_connected = true;
	kfr_peer_watch(peer);
	kfr_eq_push(peer->ep->eq, KFI_CONNECTED, &peer->ep->ep.fid, peer->addr);
	kfr_peer_kick(peer);
	return 0;

err_down:
	kfr_peer_down_locked(peer, ret);
err_idle:
	spin_lock_bh(&peer->lock);
	peer->state = KFR_PEER_IDLE;
	peer->backoff = clamp(2 * peer->backoff, KFR_BACKOFF_MIN,
			      KFR_BACKOFF_MAX);
	peer->not_before = jiffies + msecs_to_jiffies(peer->backoff);
	spin_unlock_bh(&peer->lock);
	/* Whoever tried, what waited for the connection has waited for this. */
	kfr_peer_fail_pending(peer, NULL, ret);
	return ret;
}

/**
 * kfr_peer_fail_pending() - fail operations that were not posted yet
 * @peer: peer
 * @rmr: only those that need this remote region, or NULL for all
 * @err: how
 *
 * Context: process, calls the client's handler.
 */
void kfr_peer_fail_pending(struct kfr_peer *peer, struct kfr_rmr *rmr, int err)
{
	struct kfr_op *op, *next;
	LIST_HEAD(ops);
	u32 i;

	spin_lock_bh(&peer->lock);
	if (!rmr)
		list_splice_tail_init(&peer->messages, &ops);
	list_for_each_entry_safe(op, next, &peer->pending, entry) {
		bool hit = !rmr || (op->type == KFR_OP_PUBLISH &&
				    op->publish.rmr == rmr);

		for (i = 0; i < op->nrma && !hit; i++)
			hit = op->rma[i].rmr == rmr;
		if (hit)
			list_move_tail(&op->entry, &ops);
	}
	spin_unlock_bh(&peer->lock);
	kfr_ops_fail(&ops, err);
}

/* The first pending operation's remote region that is not attached. */
static struct kfr_rmr *kfr_peer_wants_attach(struct kfr_peer *peer)
{
	struct kfr_rmr *rmr = NULL;
	struct kfr_op *op;
	u32 i;

	spin_lock_bh(&peer->lock);
	op = list_first_entry_or_null(&peer->pending, struct kfr_op, entry);
	if (op) {
		for (i = 0; i < op->nrma && !rmr; i++)
			if (!kfr_rmr_attached(op->rma[i].rmr))
				rmr = op->rma[i].rmr;
		if (!rmr && op->type == KFR_OP_PUBLISH &&
		    !kfr_rmr_attached(op->publish.rmr))
			rmr = op->publish.rmr;
		if (rmr)
			kref_get(&rmr->ref);
	}
	spin_unlock_bh(&peer->lock);
	return rmr;
}

static void kfr_peer_work(struct work_struct *work)
{
	struct kfr_peer *peer = container_of(to_delayed_work(work),
					     struct kfr_peer, work);
	struct kfr_rmr *rmr;
	bool broken, wanted;
	int ret = 0, err;

	mutex_lock(&peer->control);
	spin_lock_bh(&peer->lock);
	broken = peer->state == KFR_PEER_BROKEN;
	err = peer->error;
	spin_unlock_bh(&peer->lock);
	if (broken)
		kfr_peer_down_locked(peer, err == -EPROTO ? err : -ENOLINK);

	spin_lock_bh(&peer->lock);
	wanted = !list_empty(&peer->pending) || !list_empty(&peer->messages);
	spin_unlock_bh(&peer->lock);
	if (wanted)
		ret = kfr_peer_up_locked(peer);
	if (ret)
		goto unlock;
	while ((rmr = kfr_peer_wants_attach(peer))) {
		ret = kfr_rmr_attach_locked(peer, rmr);
		if (ret) {
			kfr_peer_fail_pending(peer, rmr, ret);
			kfr_rmr_forget(peer, rmr);
		}
		kfr_rmr_put(rmr);
		kfr_peer_kick(peer);
	}
unlock:
	mutex_unlock(&peer->control);
}

static noinline_for_stack struct kfr_peer *kfr_peer_make(struct kfr_ep *ep,
							 kfi_addr_t addr)
{
	struct sockaddr_storage ss;
	struct kfr_peer *peer, *old;
	int ret;

	if (!ep->enabled || !ep->av)
		return ERR_PTR(-KFI_EOPBADSTATE);
	if (READ_ONCE(ep->closing))
		return ERR_PTR(-ESHUTDOWN);
	ret = kfr_av_addr(ep->av, addr, &ss);
	if (ret)
		return ERR_PTR(ret);
	peer = kzalloc(sizeof(*peer), GFP_ATOMIC);
	if (!peer)
		return ERR_PTR(-ENOMEM);
	peer->ep = ep;
	peer->addr = addr;
	peer->ss = ss;
	mutex_init(&peer->control);
	xa_init_flags(&peer->rmrs, XA_FLAGS_LOCK_BH);
	init_waitqueue_head(&peer->rmr_wait);
	INIT_DELAYED_WORK(&peer->work, kfr_peer_work);
	kfr_peer_watch_init(peer);
	spin_lock_init(&peer->lock);
	INIT_LIST_HEAD(&peer->pending);
	INIT_LIST_HEAD(&peer->messages);
	INIT_LIST_HEAD(&peer->inflight);
	old = xa_cmpxchg_bh(&ep->peers, addr, NULL, peer, GFP_ATOMIC);
	if (old) {
		kfree(peer);
		return xa_is_err(old) ? ERR_PTR(xa_err(old)) : old;
	}
	return peer;
}

/**
 * kfr_peer_get() - the peer behind an address
 * @ep: endpoint with an address vector
 * @addr: address
 *
 * The first use of an address allocates its peer.
 *
 * Context: any but hard interrupt.
 * Return: peer; ERR_PTR(-EINVAL): no such address; -ENOMEM.
 */
struct kfr_peer *kfr_peer_get(struct kfr_ep *ep, kfi_addr_t addr)
{
	struct kfr_peer *peer = READ_ONCE(ep->recent);

	if (likely(peer && peer->addr == addr))
		return peer;
	peer = xa_load(&ep->peers, addr);
	if (!peer)
		return kfr_peer_make(ep, addr);
	WRITE_ONCE(ep->recent, peer);
	return peer;
}

/**
 * kfr_peer_shutdown() - disconnect for good
 * @peer: peer of an endpoint that is closing
 *
 * Operations under way end with -ECANCELED.
 *
 * Context: process; calls the client's handler.
 */
void kfr_peer_shutdown(struct kfr_peer *peer)
{
	spin_lock_bh(&peer->lock);
	peer->closing = true;
	spin_unlock_bh(&peer->lock);
	mutex_lock(&peer->control);
	kfr_peer_down_locked(peer, -ECANCELED);
	mutex_unlock(&peer->control);
	kfr_peer_fail_pending(peer, NULL, -ECANCELED);
	cancel_delayed_work_sync(&peer->work);
	cancel_delayed_work_sync(&peer->alive);
}

/**
 * kfr_peer_free() - free a peer that was shut down
 * @peer: peer
 *
 * Context: process.
 */
void kfr_peer_free(struct kfr_peer *peer)
{
	struct kfr_rmr *rmr;
	unsigned long key;

	xa_for_each(&peer->rmrs, key, rmr)
		kfr_rmr_put(rmr);
	xa_destroy(&peer->rmrs);
	kfree(peer);
}

/**
 * kfr_peer_memory() - bytes that the connection of a peer holds while idle
 * @peer: peer
 *
 * Context: any but hard interrupt.
 * Return: bytes.
 */
size_t kfr_peer_memory(struct kfr_peer *peer)
{
	size_t bytes = sizeof(*peer);

	spin_lock_bh(&peer->lock);
	if (peer->conn)
		bytes += peer->conn->link.memory;
	spin_unlock_bh(&peer->lock);
	return bytes;
}
