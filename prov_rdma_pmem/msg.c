// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages. A fragment that nobody asked for yet stays in its receive buffer
 * and keeps its credit, so that a slow reader holds back its senders and
 * nobody else.
 */
#include <linux/slab.h>

#include "kfi_prov.h"
#include "msg.h"
#include "peer.h"
#include "session.h"

#define KFR_MSG_FLAGS	(KFI_COMPLETION | KFI_INJECT | KFI_FENCE | KFI_MORE | \
			 KFI_REMOTE_CQ_DATA | KFI_INJECT_COMPLETE | \
			 KFI_TRANSMIT_COMPLETE | KFI_DELIVERY_COMPLETE)

/* A receive that the client posted. */
struct kfr_rx_post {
	struct list_head entry;		/* ep->rx_posts or ep->rx_free */
	void *context;
	bool multi;
	bool quiet;
	bool taken;			/* a message is being put into it */
	kfi_addr_t src;			/* KFI_ADDR_UNSPEC: from anybody */
	size_t len;
	size_t used;			/* multi: bytes handed out before */
	u32 nsegs;
	struct kfr_seg segs[KFR_SEGS];
};

/**
 * kfr_rx_create() - make an endpoint's pool of receives
 * @ep: endpoint with its rx_size
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int kfr_rx_create(struct kfr_ep *ep)
{
	u32 i;

	ep->rx_array = kvcalloc(ep->rx_size, sizeof(*ep->rx_array), GFP_KERNEL);
	if (!ep->rx_array)
		return -ENOMEM;
	for (i = 0; i < ep->rx_size; i++)
		list_add_tail(&ep->rx_array[i].entry, &ep->rx_free);
	return 0;
}

static void kfr_rx_release(struct kfr_ep *ep, struct kfr_rx_post *post)
{
	lockdep_assert_held(&ep->rx_lock);
	list_move(&post->entry, &ep->rx_free);
}

/**
 * kfr_rx_destroy() - free the pool; posted receives end with -ECANCELED
 * @ep: endpoint without sessions
 *
 * Context: process.
 */
void kfr_rx_destroy(struct kfr_ep *ep)
{
	struct kfr_rx_post *post;

	if (!ep->rx_array)
		return;
	spin_lock_bh(&ep->rx_lock);
	while (!list_empty(&ep->rx_posts)) {
		struct kfr_cqe entry = {
			.flags = KFI_MSG | KFI_RECV,
			.src = KFI_ADDR_NOTAVAIL,
			.err = ECANCELED,
		};

		post = list_first_entry(&ep->rx_posts, struct kfr_rx_post,
					entry);
		entry.op_context = post->context;
		kfr_rx_release(ep, post);
		spin_unlock_bh(&ep->rx_lock);
		kfr_cq_push(ep->rx_cq, &entry);
		spin_lock_bh(&ep->rx_lock);
	}
	spin_unlock_bh(&ep->rx_lock);
	kvfree(ep->rx_array);
	ep->rx_array = NULL;
	INIT_LIST_HEAD(&ep->rx_free);
}

static void kfr_post_copy_in(struct kfr_rx_post *post, size_t offset,
			     const void *src, size_t len)
{
	u32 i, n;

	for (i = 0; i < post->nsegs && len; i++) {
		struct kfr_seg *seg = &post->segs[i];

		if (offset >= seg->len) {
			offset -= seg->len;
			continue;
		}
		n = min_t(size_t, len, seg->len - offset);
		memcpy(page_address(seg->page) + seg->offset + offset, src, n);
		offset = 0;
		src += n;
		len -= n;
	}
}

static void *kfr_post_address(struct kfr_rx_post *post, size_t offset)
{
	if (post->nsegs != 1)
		return NULL;
	return page_address(post->segs[0].page) + post->segs[0].offset + offset;
}

static struct kfr_rx_post *kfr_rx_match(struct kfr_ep *ep, kfi_addr_t src)
{
	struct kfr_rx_post *post;

	lockdep_assert_held(&ep->rx_lock);
	list_for_each_entry(post, &ep->rx_posts, entry)
		if (!post->taken &&
		    (post->src == KFI_ADDR_UNSPEC || post->src == src))
			return post;
	return NULL;
}

struct kfr_rx_event {
	bool push;
	struct kfr_cqe entry;
	bool push_release;
	struct kfr_cqe release;
};

static void kfr_rx_retire(struct kfr_ep *ep, struct kfr_rx_post *post,
			  struct kfr_rx_event *event)
{
	lockdep_assert_held(&ep->rx_lock);
	event->push_release = true;
	event->release = (struct kfr_cqe) {
		.op_context = post->context,
		.flags = KFI_MSG | KFI_RECV | KFI_MULTI_RECV,
		.src = KFI_ADDR_NOTAVAIL,
	};
	kfr_rx_release(ep, post);
}

/*
 * Take one fragment.
 * Return: true when it was taken; its buffer can be given back then.
 */
static bool kfr_rx_take(struct kfr_ep *ep, struct kfr_session *session,
			const struct kfr_wire_message *m,
			struct kfr_rx_event *event)
{
	u32 total = le32_to_cpu(m->total), offset = le32_to_cpu(m->offset);
	u16 length = le16_to_cpu(m->length);
	struct kfr_rx_post *post = session->post;
	size_t room, at;

	lockdep_assert_held(&ep->rx_lock);
	if (!offset) {
		kfi_addr_t src = kfr_av_find(ep->av, &session->ss);

		post = kfr_rx_match(ep, src);
		if (!post)
			return false;
		if (post->multi && post->used &&
		    total > post->len - post->used) {
			kfr_rx_retire(ep, post, event);
			return false;
		}
		/* A single receive brought its entry; a shared one did not. */
		if (post->multi && !kfr_cq_reserve(ep->rx_cq))
			return false;
		post->taken = true;
		session->post = post;
		session->received = 0;
	}
	room = post->len - post->used;
	at = post->used + offset;
	if (offset < room)
		kfr_post_copy_in(post, at, m->data,
				 min_t(size_t, length, room - offset));
	session->received = offset + length;
	if (session->received < total)
		return true;

	session->post = NULL;
	post->taken = false;
	event->push = true;
	event->entry = (struct kfr_cqe) {
		.op_context = post->context,
		.flags = KFI_MSG | KFI_RECV,
		.len = min_t(size_t, total, room),
		.buf = kfr_post_address(post, post->used),
		.src = kfr_av_find(ep->av, &session->ss),
	};
	if (le16_to_cpu(m->flags) & KFR_WIRE_F_CQ_DATA) {
		event->entry.flags |= KFI_REMOTE_CQ_DATA;
		event->entry.data = le64_to_cpu(m->cq_data);
	}
	if (total > room) {
		event->entry.err = KFI_ETRUNC;
		event->entry.olen = total - room;
	}
	if (!post->multi) {
		if (post->quiet && !event->entry.err) {
			event->push = false;
			kfr_cq_unreserve(ep->rx_cq);
		}
		kfr_rx_release(ep, post);
		return true;
	}
	post->used += min_t(size_t, total, room);
	if (post->len - post->used < ep->min_multi_recv)
		kfr_rx_retire(ep, post, event);
	return true;
}

/* Match messages that are held with receives that are posted. */
static void kfr_rx_progress(struct kfr_ep *ep)
{
	struct kfr_session *session;
	struct kfr_rx_event event;
	struct kfr_rx *rx, *next;
	bool taken, again;
	u32 pass;

	do {
		again = false;
		spin_lock_bh(&ep->rx_lock);
		pass = ++ep->rx_pass;
		list_for_each_entry_safe(rx, next, &ep->rx_held, entry) {
			session = container_of(rx->link, struct kfr_session,
					       link);
			if (session->pass == pass)
				continue;
			memset(&event, 0, sizeof(event));
			taken = kfr_rx_take(ep, session, rx->data, &event);
			if (!taken && !event.push_release) {
				/* Order within a session, not between them. */
				session->pass = pass;
				continue;
			}
			if (taken) {
				list_del_init(&rx->entry);
				refcount_inc(&session->requests);
			}
			/* Under the lock: the client sees the order we saw. */
			if (event.push)
				kfr_cq_add(ep->rx_cq, &event.entry);
			if (event.push_release)
				kfr_cq_add(ep->rx_cq, &event.release);
			again = true;
			break;
		}
		spin_unlock_bh(&ep->rx_lock);
		if (!again)
			return;
		if (event.push) {
			kfr_cntr_count(ep->cntr[KFR_CNTR_RECV],
				       event.entry.err);
			kfr_stat_inc(ep, op[KFI_STAT_RECV].ops);
		}
		if (event.push || event.push_release)
			kfr_cq_signal_room(ep->rx_cq);
		if (taken) {
			kfr_session_reply(session, rx, 0, NULL, 0);
			kfr_session_put(session);
		}
	} while (again);
}

/**
 * kfr_rx_work() - look again at messages that are held
 * @work: ep->rx_work
 *
 * Context: process.
 */
void kfr_rx_work(struct work_struct *work)
{
	kfr_rx_progress(container_of(work, struct kfr_ep, rx_work));
}

/**
 * kfr_msg_fragment() - a fragment of a message came
 * @session: session
 * @rx: fragment that passed the decoder
 *
 * Context: completion handler.
 */
void kfr_msg_fragment(struct kfr_session *session, struct kfr_rx *rx)
{
	const struct kfr_wire_message *m = rx->data;
	struct kfr_ep *ep = session->ep;
	u32 offset = le32_to_cpu(m->offset);
	bool follows;

	if (!session->knows_ep_key || !ep->rx_cq || !(ep->caps & KFI_RECV)) {
		kfr_session_reply(session, rx, -EACCES, NULL, 0);
		return;
	}
	spin_lock_bh(&ep->rx_lock);
	/* Fragments come in order, one message after the other. */
	follows = offset == session->expected &&
		  (!offset || (le32_to_cpu(m->message) == session->message_id &&
			       le32_to_cpu(m->total) == session->total));
	if (follows) {
		session->message_id = le32_to_cpu(m->message);
		session->total = le32_to_cpu(m->total);
		session->expected = offset + le16_to_cpu(m->length);
		if (session->expected == le32_to_cpu(m->total))
			session->expected = 0;
		list_add_tail(&rx->entry, &ep->rx_held);
	}
	spin_unlock_bh(&ep->rx_lock);
	if (!follows) {
		kfr_stat_inc(ep, refused);
		kfr_link_fail(&session->link, -EPROTO);
		return;
	}
	kfr_rx_progress(ep);
}

/**
 * kfr_msg_forget() - a session ends: its messages do, too
 * @session: session whose link is drained
 *
 * Context: process.
 */
void kfr_msg_forget(struct kfr_session *session)
{
	struct kfr_ep *ep = session->ep;
	struct kfr_rx *rx, *next;

	spin_lock_bh(&ep->rx_lock);
	list_for_each_entry_safe(rx, next, &ep->rx_held, entry)
		if (rx->link == &session->link)
			list_del_init(&rx->entry);
	/* A receive that was half filled waits for another message. */
	if (session->post) {
		session->post->taken = false;
		if (session->post->multi)
			kfr_cq_unreserve(ep->rx_cq);
	}
	session->post = NULL;
	spin_unlock_bh(&ep->rx_lock);
}

static ssize_t kfr_recv_post(struct kfid_ep *fid, enum kfi_iov_type type,
			     const void *iov, size_t count, kfi_addr_t src,
			     void *context, u64 flags)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_rx_post *post;
	struct kfr_op taker = { };
	size_t segs;
	int ret;

	if (flags & ~(KFI_COMPLETION | KFI_MULTI_RECV | KFI_MORE))
		return -EOPNOTSUPP;
	if (!ep->enabled || !ep->rx_cq || !(ep->caps & KFI_RECV))
		return -EOPNOTSUPP;
	if (READ_ONCE(ep->closing))
		return -ESHUTDOWN;
	segs = kfr_iov_segs(type, iov, count);
	if (segs == SIZE_MAX)
		return -EINVAL;
	if (segs > KFR_SEGS)
		return -EMSGSIZE;
	if (!(ep->caps & KFI_DIRECTED_RECV))
		src = KFI_ADDR_UNSPEC;
	spin_lock_bh(&ep->rx_lock);
	if (!kfr_cq_reserve(ep->rx_cq)) {
		ret = -EAGAIN;
		goto err_unlock;
	}
	post = list_first_entry_or_null(&ep->rx_free, struct kfr_rx_post,
					entry);
	if (!post) {
		ret = -EAGAIN;
		goto err_unreserve;
	}
	taker.segs = post->segs;
	ret = kfr_op_segs(&taker, type, iov, count);
	if (ret)
		goto err_unreserve;
	post->context = context;
	post->multi = flags & KFI_MULTI_RECV;
	post->quiet = ep->rx_selective && !(flags & KFI_COMPLETION);
	post->taken = false;
	post->src = src;
	post->nsegs = taker.nsegs;
	post->len = taker.len;
	post->used = 0;
	list_move_tail(&post->entry, &ep->rx_posts);
	if (!list_empty(&ep->rx_held))
		queue_work(ep->wq, &ep->rx_work);
	spin_unlock_bh(&ep->rx_lock);
	return 0;

err_unreserve:
	kfr_cq_unreserve(ep->rx_cq);
err_unlock:
	spin_unlock_bh(&ep->rx_lock);
	return ret;
}

static ssize_t kfr_recv(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, void *context)
{
	struct kvec v = { buf, len };

	return kfr_recv_post(ep, KFI_KVEC, &v, 1, src_addr, context,
			     kfr_ep_of(ep)->rx_flags);
}

static ssize_t kfr_recvv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 void *context)
{
	return kfr_recv_post(ep, KFI_KVEC, iov, count, src_addr, context,
			     kfr_ep_of(ep)->rx_flags);
}

static ssize_t kfr_recvbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  void *context)
{
	return kfr_recv_post(ep, KFI_BVEC, biov, count, src_addr, context,
			     kfr_ep_of(ep)->rx_flags);
}

static ssize_t kfr_recvsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   void *context)
{
	return kfr_recv_post(ep, KFI_SGL, sgl, count, src_addr, context,
			     kfr_ep_of(ep)->rx_flags);
}

static ssize_t kfr_recvmsg(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags)
{
	return kfr_recv_post(ep, msg->type, msg->msg_iov, msg->iov_count,
			     msg->addr, msg->context, flags);
}

/**
 * kfr_cancel() - cancel a posted receive
 * @fid: endpoint
 * @context: of the receive
 *
 * Ends it with -ECANCELED, unless a message is being put into it.
 *
 * Context: any but hard interrupt; calls the client's handler.
 * Return: 0 or -ENOENT.
 */
ssize_t kfr_cancel(struct kfid *fid, void *context)
{
	struct kfr_ep *ep = container_of(fid, struct kfr_ep, ep.fid);
	struct kfr_cqe entry = {
		.op_context = context,
		.flags = KFI_MSG | KFI_RECV,
		.src = KFI_ADDR_NOTAVAIL,
		.err = ECANCELED,
	};
	struct kfr_rx_post *post;
	bool found = false;

	spin_lock_bh(&ep->rx_lock);
	list_for_each_entry(post, &ep->rx_posts, entry) {
		if (post->context != context || post->taken)
			continue;
		kfr_rx_release(ep, post);
		found = true;
		break;
	}
	spin_unlock_bh(&ep->rx_lock);
	if (!found)
		return -ENOENT;
	kfr_cq_push(ep->rx_cq, &entry);
	return 0;
}

static ssize_t kfr_send_post(struct kfid_ep *fid, enum kfi_iov_type type,
			     const void *iov, size_t count, kfi_addr_t dest,
			     void *context, u64 data, u64 flags)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_peer *peer;
	struct kfr_op *op;
	size_t segs;
	int ret;

	/* Nothing of a message is persistent: do not promise it. */
	if (flags & ~KFR_MSG_FLAGS || !(ep->caps & KFI_SEND))
		return -EOPNOTSUPP;
	segs = kfr_iov_segs(type, iov, count);
	if (segs == SIZE_MAX)
		return -EINVAL;
	peer = kfr_peer_get(ep, dest);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	local_bh_disable();
	op = kfr_op_get(ep, segs, flags);
	if (IS_ERR(op)) {
		ret = PTR_ERR(op);
		goto enable;
	}
	op->type = KFR_OP_MESSAGE;
	op->stat = KFI_STAT_SEND;
	op->context = context;
	op->comp_flags = KFI_MSG | KFI_SEND;
	op->message.sent = 0;
	op->message.started = false;
	op->message.data = data;
	ret = kfr_op_segs(op, type, iov, count);
	if (!ret && op->len > KFR_MAX_MSG_SIZE)
		ret = -EMSGSIZE;
	if (!ret && flags & KFI_INJECT)
		ret = kfr_op_inject(op);
	if (!ret)
		ret = kfr_op_submit(peer, op);
	if (ret)
		kfr_op_free(op);
enable:
	local_bh_enable();
	return ret;
}

static ssize_t kfr_sendv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t dest_addr,
			 void *context)
{
	return kfr_send_post(ep, KFI_KVEC, iov, count, dest_addr, context, 0,
			     kfr_ep_of(ep)->tx_flags & KFR_MSG_FLAGS);
}

static ssize_t kfr_send(struct kfid_ep *ep, const void *buf, size_t len,
			void *desc, kfi_addr_t dest_addr, void *context)
{
	struct kvec v = { (void *)buf, len };

	return kfr_sendv(ep, &v, NULL, 1, dest_addr, context);
}

static ssize_t kfr_sendbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  void *context)
{
	return kfr_send_post(ep, KFI_BVEC, biov, count, dest_addr, context, 0,
			     kfr_ep_of(ep)->tx_flags & KFR_MSG_FLAGS);
}

static ssize_t kfr_sendsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   void *context)
{
	return kfr_send_post(ep, KFI_SGL, sgl, count, dest_addr, context, 0,
			     kfr_ep_of(ep)->tx_flags & KFR_MSG_FLAGS);
}

static ssize_t kfr_sendmsg(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags)
{
	return kfr_send_post(ep, msg->type, msg->msg_iov, msg->iov_count,
			     msg->addr, msg->context, msg->data, flags);
}

static ssize_t kfr_senddata(struct kfid_ep *ep, const void *buf, size_t len,
			    void *desc, u64 data, kfi_addr_t dest_addr,
			    void *context)
{
	struct kvec v = { (void *)buf, len };

	return kfr_send_post(ep, KFI_KVEC, &v, 1, dest_addr, context, data,
			     (kfr_ep_of(ep)->tx_flags & KFR_MSG_FLAGS) |
			     KFI_REMOTE_CQ_DATA);
}

static ssize_t kfr_injectdata(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr)
{
	struct kvec v = { (void *)buf, len };

	return kfr_send_post(ep, KFI_KVEC, &v, 1, dest_addr, NULL, data,
			     KFI_INJECT | KFI_REMOTE_CQ_DATA);
}

static ssize_t kfr_inject(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr)
{
	struct kvec v = { (void *)buf, len };

	return kfr_send_post(ep, KFI_KVEC, &v, 1, dest_addr, NULL, 0,
			     KFI_INJECT);
}

const struct kfi_ops_msg kfr_msg_ops = {
	.size = sizeof(struct kfi_ops_msg),
	.recv = kfr_recv,
	.recvv = kfr_recvv,
	.recvbv = kfr_recvbv,
	.recvsgl = kfr_recvsgl,
	.recvmsg = kfr_recvmsg,
	.send = kfr_send,
	.sendv = kfr_sendv,
	.sendbv = kfr_sendbv,
	.sendsgl = kfr_sendsgl,
	.sendmsg = kfr_sendmsg,
	.inject = kfr_inject,
	.senddata = kfr_senddata,
	.injectdata = kfr_injectdata,
};
