// SPDX-License-Identifier: GPL-2.0-only
/* Connections accepted: their life, and the way replies take. */
#include <linux/slab.h>
#include <rdma/ib_cm.h>

#include "params.h"
#include "session.h"

#define KFR_ALIVE_PERIOD	(5 * HZ)
#define KFR_NOTICE_TIMEOUT	(HZ / 4)

static void kfr_session_link_recv(struct kfr_link *link, struct kfr_rx *rx)
{
	struct kfr_session *session = container_of(link, struct kfr_session,
						   link);
	int ret = kfr_wire_check_request(rx->data, rx->len);

	if (unlikely(ret)) {
		/* A bad message costs its sender the connection. */
		kfr_stat_inc(session->ep, refused);
		kfr_link_fail(link, ret);
		return;
	}
	session->silent = 0;
	atomic_set(&session->notices, 0);
	kfr_target_request(session, rx);
}

static void kfr_session_link_imm(struct kfr_link *link, struct kfr_rx *rx,
				 u32 imm, u32 len)
{
	struct kfr_session *session = container_of(link, struct kfr_session,
						   link);
	int ret = kfr_wire_check_imm(imm, len,
				     kfr_wire_imm_id(session->immediates++),
				     rx->data);

	/* The message that it stands for is looked at like any other. */
	rx->len = max(ret, 0);
	kfr_session_link_recv(link, rx);
}

/* The transmit buffer of the next message: free as its queue place is. */
static void *kfr_session_tx(struct kfr_session *session)
{
	struct kfr_link *link = &session->link;

	lockdep_assert_held(&link->sq_lock);
	return kfr_link_tx_buf(link, session->tx_next);
}

/* The number of the buffer, which is used up where the queue needs it. */
static u32 kfr_session_tx_use(struct kfr_session *session, u32 len)
{
	struct kfr_link *link = &session->link;
	u32 i = session->tx_next;

	lockdep_assert_held(&link->sq_lock);
	/* What rides in the queue leaves its buffer free, and in the caches. */
	if (len > link->max_inline && ++session->tx_next == link->params.tx_count)
		session->tx_next = 0;
	return i;
}

/* Post what was written there. */
static int kfr_session_send(struct kfr_session *session, u32 len)
{
	return kfr_link_send(&session->link, kfr_session_tx_use(session, len),
			     len);
}

static void kfr_session_link_room(struct kfr_link *link)
{
	struct kfr_session *session = container_of(link, struct kfr_session,
						   link);
	const struct kfr_wire_hdr *hdr;
	struct kfr_rx *rx;
	int ret = 0;
	u32 len;

	spin_lock_bh(&link->sq_lock);
	while (!ret && !list_empty(&session->stalled) &&
	       kfr_link_sq_room(link, 1)) {
		rx = list_first_entry(&session->stalled, struct kfr_rx, entry);
		list_del_init(&rx->entry);
		hdr = rx->data;
		len = le16_to_cpu(hdr->length);
		memcpy(kfr_session_tx(session), hdr, len);
		kfr_link_repost(link, rx);
		ret = kfr_session_send(session, len);
	}
	spin_unlock_bh(&link->sq_lock);
	if (ret)
		kfr_link_fail(link, ret);
	if (wq_has_sleeper(&session->arrivals))
		wake_up_all(&session->arrivals);
}

static void kfr_session_break(struct kfr_session *session)
{
	struct kfr_ep *ep = session->ep;

	if (!xchg(&session->broken, true))
		queue_work(ep->ctl_wq, &session->teardown);
}

static void kfr_session_link_failed(struct kfr_link *link, int err)
{
	struct kfr_session *session = container_of(link, struct kfr_session,
						   link);

	wake_up_all(&session->arrivals);
	/* Last: teardown frees the session. */
	kfr_session_break(session);
}

static const struct kfr_link_ops kfr_session_link_ops = {
	.recv = kfr_session_link_recv,
	.imm = kfr_session_link_imm,
	.room = kfr_session_link_room,
	.failed = kfr_session_link_failed,
};

/* Return: bytes of the reply. */
static u32 kfr_reply_fill(struct kfr_wire_reply *reply, __le32 id, int status,
			  const void *data, u32 len)
{
	reply->hdr.version = KFR_WIRE_VERSION;
	reply->hdr.type = KFR_WIRE_REPLY;
	reply->hdr.length = cpu_to_le16(sizeof(*reply) + len);
	reply->hdr.id = id;
	reply->status = cpu_to_le32(kfr_wire_status(status));
	if (len)
		memcpy(reply->data, data, len);
	return sizeof(*reply) + len;
}

static void kfr_session_count(struct kfr_session *session, int status,
			      const struct kfr_served *served)
{
	if (served->any) {
		kfr_stat_inc_bh(session->ep, served[served->op]);
		if (!status && served->durable)
			kfr_stat_inc_bh(session->ep, served_commits);
	}
	if (status)
		kfr_stat_inc_bh(session->ep, refused);
}

/**
 * kfr_session_answer() - answer a request, count it, and give its buffer back
 * @session: session
 * @rx: the request; not the caller's any more
 * @status: 0 or a negative errno
 * @data: reply data outside @rx, or NULL; sent with 0 and -ESTALE only
 * @len: bytes of it, at most KFR_WIRE_REPLY_DATA
 * @served: what the request was
 *
 * Context: any but hard interrupt.
 */
void kfr_session_answer(struct kfr_session *session, struct kfr_rx *rx,
			int status, const void *data, u32 len,
			const struct kfr_served *served)
{
	__le32 id = ((const struct kfr_wire_hdr *)rx->data)->id;
	struct kfr_link *link = &session->link;
	int ret = 0;

	if (status && status != -ESTALE)
		len = 0;
	spin_lock_bh(&link->sq_lock);
	kfr_session_count(session, status, served);
	if (unlikely(atomic_read(&link->failed))) {
		/* Nobody to tell; the buffer goes with the link. */
	} else if (unlikely(!list_empty(&session->stalled) ||
			    !kfr_link_sq_room(link, 1))) {
		/* The request's own buffer keeps the reply until there is. */
		kfr_reply_fill(rx->data, id, status, data, len);
		list_add_tail(&rx->entry, &session->stalled);
	} else {
		/* The reply is a credit: its receive comes first. */
		kfr_link_repost(link, rx);
		len = kfr_reply_fill(kfr_session_tx(session), id, status, data,
				     len);
		ret = kfr_session_send(session, len);
	}
	spin_unlock_bh(&link->sq_lock);
	if (unlikely(ret))
		kfr_link_fail(link, ret);
}

/**
 * kfr_session_notify() - tell the peer that a grant will be withdrawn
 * @session: session
 * @notice: of this grant, zeroed; filled for kfr_session_notified()
 * @grant: its number
 * @err: why
 *
 * A courtesy: without room in the queue the peer learns it by its next use.
 *
 * Context: any but hard interrupt; does not sleep.
 */
void kfr_session_notify(struct kfr_session *session, struct kfr_notice *notice,
			u32 grant, int err)
{
	struct kfr_link *link = &session->link;
	struct kfr_wire_revoked *m;
	u32 i;
	int ret = 0;

	notice->deadline = jiffies + KFR_NOTICE_TIMEOUT;
	spin_lock_bh(&link->sq_lock);
	/* Where there are too many, those before this one speak for it. */
	notice->due = !atomic_read(&link->failed) &&
		      atomic_inc_return(&session->notices) <= KFR_WIRE_NOTICES;
	if (notice->due && kfr_link_sq_room(link, 1)) {
		m = kfr_session_tx(session);
		m->hdr.version = KFR_WIRE_VERSION;
		m->hdr.type = KFR_WIRE_REVOKED;
		m->hdr.length = cpu_to_le16(sizeof(*m));
		m->hdr.id = 0;
		m->grant = cpu_to_le32(grant);
		m->status = cpu_to_le32(kfr_wire_status(err));
		i = kfr_session_tx_use(session, sizeof(*m));
		ret = kfr_link_send_signaled(link, i, sizeof(*m),
					     &notice->signaled);
		notice->position = link->sq_posted;
	}
	spin_unlock_bh(&link->sq_lock);
	if (ret)
		kfr_link_fail(link, ret);
}

/**
 * kfr_session_notified() - wait until the peer has been told, or cannot be
 * @session: session
 * @notice: what kfr_session_notify() filled
 *
 * An access that finds its key void ends the connection, and with it the notice
 * that says why. So the key stays until the notice has arrived; but not for
 * long, as the peer may be gone.
 *
 * With the notice the peer has every reply that was sent before it. One that has
 * not must not get them later either, when another has taken over: the
 * connection ends.
 *
 * Context: process, sleeps at most KFR_NOTICE_TIMEOUT after the notice was sent.
 */
void kfr_session_notified(struct kfr_session *session,
			  const struct kfr_notice *notice)
{
	struct kfr_link *link = &session->link;
	long left = notice->deadline - jiffies;

	if (notice->signaled && left > 0)
		wait_event_timeout(session->arrivals,
				   kfr_link_passed(link, notice->position) ||
				   atomic_read(&link->failed), left);
	if (notice->due && !(notice->signaled &&
			     kfr_link_passed(link, notice->position)))
		kfr_link_stop(link);
}

/**
 * kfr_session_put() - a request is no longer at work
 * @session: session; not to be touched after
 *
 * Context: any.
 */
void kfr_session_put(struct kfr_session *session)
{
	if (refcount_dec_and_test(&session->requests))
		complete(&session->idle);
}

static void kfr_session_rx_work(struct work_struct *work)
{
	struct kfr_rx *rx = container_of(work, struct kfr_rx, work);
	struct kfr_session *session = container_of(rx->link,
						   struct kfr_session, link);

	kfr_target_deferred(session, rx);
	kfr_session_put(session);
}

/**
 * kfr_session_defer() - handle a request in process context
 * @session: session
 * @rx: request
 *
 * Context: completion handler.
 */
void kfr_session_defer(struct kfr_session *session, struct kfr_rx *rx)
{
	refcount_inc(&session->requests);
	INIT_WORK(&rx->work, kfr_session_rx_work);
	queue_work(session->ep->wq, &rx->work);
}

static void kfr_session_free(struct kfr_session *session)
{
	struct kfr_grant *grant;
	unsigned long id;

	xa_for_each(&session->grants, id, grant) {
		xa_erase_bh(&session->grants, id);
		kfr_grant_destroy(grant);
	}
	xa_destroy(&session->grants);
	kfr_link_destroy(&session->link);
	rdma_destroy_id(session->id);
	kvfree(session);
}

static void kfr_session_teardown(struct work_struct *work)
{
	struct kfr_session *session = container_of(work, struct kfr_session,
						   teardown);
	struct kfr_ep *ep = session->ep;

	cancel_delayed_work_sync(&session->alive);
	kfr_link_disconnect(&session->link);
	kfr_link_drain(&session->link);
	kfr_msg_forget(session);
	/* No completion comes any more; requests at work end by themselves. */
	kfr_session_put(session);
	wait_for_completion(&session->idle);

	mutex_lock(&ep->session_lock);
	list_del_init(&session->entry);
	mutex_unlock(&ep->session_lock);
	kfr_session_free(session);
	if (atomic_dec_and_test(&ep->nsessions))
		wake_up(&ep->sessions_gone);
}

static void kfr_session_probe_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_session *session = container_of(wc->wr_cqe,
						   struct kfr_session,
						   probe_cqe);
	int err = kfr_link_wc_error(&session->link, wc);

	if (err)
		kfr_link_fail(&session->link, err);
	else
		kfr_link_reap(&session->link, session->probe_position);
	WRITE_ONCE(session->probing, false);
}

/*
 * A target has nothing under way to a peer that is silent, so nothing tells it
 * that the peer lost its power: probe with an empty write. And who connects
 * has to prove soon who it is.
 */
static void kfr_session_alive(struct work_struct *work)
{
	struct kfr_session *session = container_of(to_delayed_work(work),
						   struct kfr_session, alive);
	struct kfr_link *link = &session->link;
	struct ib_rdma_wr wr = {
		.wr = {
			.opcode = IB_WR_RDMA_WRITE,
			.wr_cqe = &session->probe_cqe,
			.send_flags = IB_SEND_SIGNALED,
		},
	};
	int ret = 0;

	session->silent++;
	session->age++;
	if (!READ_ONCE(session->proven) && session->age > 1) {
		kfr_stat_inc(session->ep, refused);
		kfr_link_fail(link, -ETIMEDOUT);
		return;
	}
	spin_lock_bh(&link->sq_lock);
	if (session->silent > 1 && !session->probing &&
	    kfr_link_sq_room(link, 1)) {
		session->probing = true;
		session->probe_position = link->sq_posted + 1;
		ret = kfr_link_post(link, &wr.wr, 1);
	}
	spin_unlock_bh(&link->sq_lock);
	if (ret)
		kfr_link_fail(link, ret);
	else
		queue_delayed_work(session->ep->ctl_wq, &session->alive,
				   KFR_ALIVE_PERIOD);
}

static struct kfr_session *kfr_session_create(struct kfr_ep *ep,
					      struct rdma_cm_id *id,
					      u16 credits)
{
	struct kfr_link_params sizes = {
		.rx_count = credits,
		.rx_size = KFR_WIRE_REQUEST_MAX,
		.tx_size = KFR_WIRE_REPLY_MAX,
		.sq_depth = 2 * credits,
	};
	struct kfr_session *session;
	int ret;

	sizes.sq_depth = min_t(u32, max(64U, sizes.sq_depth),
			       id->device->attrs.max_qp_wr - 1);
	/* A buffer is free when its place in the send queue is. */
	sizes.tx_count = sizes.sq_depth;
	session = kvzalloc(sizeof(*session), GFP_KERNEL);
	if (!session)
		return ERR_PTR(-ENOMEM);
	session->ep = ep;
	session->id = id;
	mutex_init(&session->control);
	xa_init_flags(&session->grants, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	refcount_set(&session->requests, 1);
	init_completion(&session->idle);
	init_waitqueue_head(&session->arrivals);
	INIT_DELAYED_WORK(&session->alive, kfr_session_alive);
	session->probe_cqe.done = kfr_session_probe_done;
	INIT_WORK(&session->teardown, kfr_session_teardown);
	INIT_LIST_HEAD(&session->stalled);
	memcpy(&session->ss, &id->route.addr.dst_addr, sizeof(session->ss));
	ret = kfr_link_create(&session->link, ep, id, &kfr_session_link_ops,
			      &sizes);
	if (ret) {
		xa_destroy(&session->grants);
		kvfree(session);
		return ERR_PTR(ret);
	}
	session->link.memory += sizeof(*session);
	return session;
}

static int kfr_session_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct kfr_session *session = id->context;

	switch (event->event) {
	case RDMA_CM_EVENT_DISCONNECTED:
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
	case RDMA_CM_EVENT_CONNECT_ERROR:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_REJECTED:
		complete_all(&session->link.disconnected);
		kfr_link_fail(&session->link, -ENOLINK);
		break;
	default:
		break;
	}
	return 0;
}

static int kfr_session_request(struct kfr_ep *ep, struct rdma_cm_id *id,
			       const struct rdma_conn_param *req)
{
	struct kfr_wire_cm welcome = {
		.magic = cpu_to_le32(KFR_WIRE_MAGIC),
		.version = cpu_to_le16(KFR_WIRE_VERSION),
		.request_max = cpu_to_le32(KFR_WIRE_REQUEST_MAX),
		.reply_max = cpu_to_le32(KFR_WIRE_REPLY_MAX),
	};
	struct rdma_conn_param param = {
		.private_data = &welcome,
		.private_data_len = sizeof(welcome),
		.rnr_retry_count = 7,
		.retry_count = 6,
	};
	struct kfr_session *session;
	u16 credits;
	int ret;

	ret = kfr_wire_check_cm(req->private_data, req->private_data_len,
				&credits);
	if (ret) {
		kfr_stat_inc(ep, refused);
		return ret;
	}
	credits = min_t(u16, credits, kfr_credits);
	welcome.credits = cpu_to_le16(credits);
	session = kfr_session_create(ep, id, credits);
	if (IS_ERR(session))
		return PTR_ERR(session);

	mutex_lock(&ep->session_lock);
	if (ep->closing || atomic_read(&ep->nsessions) >= kfr_max_peers) {
		ret = ep->closing ? -ESHUTDOWN : -EBUSY;
		mutex_unlock(&ep->session_lock);
		goto err_destroy;
	}
	atomic_inc(&ep->nsessions);
	/* Before anybody can tear it down. */
	queue_delayed_work(ep->ctl_wq, &session->alive, KFR_ALIVE_PERIOD);
	list_add_tail(&session->entry, &ep->sessions);
	mutex_unlock(&ep->session_lock);

	param.responder_resources = min_t(int, req->initiator_depth,
					  id->device->attrs.max_qp_rd_atom);
	param.initiator_depth = min_t(int, req->responder_resources,
				      id->device->attrs.max_qp_init_rd_atom);
	id->context = session;
	id->event_handler = kfr_session_event;
	ret = rdma_accept(id, &param);
	if (ret)
		kfr_session_break(session);
	/* From here the teardown destroys the id. */
	return 0;

err_destroy:
	atomic_set(&session->link.failed, ret);
	kfr_link_drain(&session->link);
	kfr_link_destroy(&session->link);
	xa_destroy(&session->grants);
	kvfree(session);
	return ret;
}

static int kfr_listen_event(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct kfr_ep *ep = id->context;
	int ret;

	switch (event->event) {
	case RDMA_CM_EVENT_CONNECT_REQUEST:
		ret = kfr_session_request(ep, id, &event->param.conn);
		if (ret) {
			rdma_reject(id, NULL, 0, IB_CM_REJ_CONSUMER_DEFINED);
			pr_info_ratelimited("connection from %pISpc refused: %d\n",
					    &id->route.addr.dst_addr, ret);
		}
		/* Non-zero: the CM destroys the id, which is not ours. */
		return ret;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		/* The device waits for this id: let the CM destroy it. */
		if (cmpxchg(&ep->listen_id, id, NULL) != id)
			return 0;
		kfr_eq_push(ep->eq, KFI_SHUTDOWN, &ep->ep.fid,
			    KFI_ADDR_NOTAVAIL);
		return 1;
	default:
		return 0;
	}
}

/**
 * kfr_sessions_listen() - accept connections at the endpoint's address
 * @ep: endpoint
 *
 * Context: process.
 * Return: 0 or what the RDMA CM says, -EADDRINUSE say.
 */
int kfr_sessions_listen(struct kfr_ep *ep)
{
	int ret;

	ep->listen_id = rdma_create_id(&init_net, kfr_listen_event, ep,
				       RDMA_PS_TCP, IB_QPT_RC);
	if (IS_ERR(ep->listen_id)) {
		ret = PTR_ERR(ep->listen_id);
		ep->listen_id = NULL;
		return ret;
	}
	ret = rdma_bind_addr(ep->listen_id, (struct sockaddr *)&ep->src) ?:
	      rdma_listen(ep->listen_id, 64);
	if (ret) {
		rdma_destroy_id(ep->listen_id);
		ep->listen_id = NULL;
		return ret;
	}
	memcpy(&ep->src, &ep->listen_id->route.addr.src_addr, sizeof(ep->src));
	return 0;
}

/**
 * kfr_sessions_close() - accept no more, and end all sessions
 * @ep: endpoint
 *
 * Context: process; waits for requests at work.
 */
void kfr_sessions_close(struct kfr_ep *ep)
{
	struct kfr_session *session;
	struct rdma_cm_id *id;

	mutex_lock(&ep->session_lock);
	WRITE_ONCE(ep->closing, true);
	mutex_unlock(&ep->session_lock);
	id = xchg(&ep->listen_id, NULL);
	if (id)
		rdma_destroy_id(id);
	mutex_lock(&ep->session_lock);
	list_for_each_entry(session, &ep->sessions, entry)
		kfr_link_fail(&session->link, -ESHUTDOWN);
	mutex_unlock(&ep->session_lock);
	wait_event(ep->sessions_gone, !atomic_read(&ep->nsessions));
}

/**
 * kfr_sessions_stats() - add what the sessions hold
 * @ep: endpoint
 * @stats: counters
 *
 * Context: process.
 */
void kfr_sessions_stats(struct kfr_ep *ep, struct kfi_pmem_stats *stats)
{
	struct kfr_session *session;

	mutex_lock(&ep->session_lock);
	list_for_each_entry(session, &ep->sessions, entry) {
		stats->peers++;
		stats->peer_memory = max_t(u64, stats->peer_memory,
					   session->link.memory);
	}
	mutex_unlock(&ep->session_lock);
}
