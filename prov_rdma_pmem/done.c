// SPDX-License-Identifier: GPL-2.0-only
/* From completions and replies back to the operations that wait for them. */
#include "kfi_pmem_prov.h"
#include "peer.h"
#include "rmr.h"

/* Finish an operation that waits for nothing any more; drops the lock. */
static inline void kfr_op_advance(struct kfr_peer *peer, struct kfr_op *op)
	__releases(&peer->lock)
{
	bool done;

	lockdep_assert_held(&peer->lock);
	done = kfr_op_done(op);
	if (likely(done))
		list_del_init(&op->entry);
	spin_unlock_bh(&peer->lock);
	if (likely(done))
		kfr_op_finish(op);
}

/**
 * kfr_op_end() - settle how an operation ends with its connection
 * @op: operation
 * @err: why the connection ended
 *
 * The NIC knows only that a key is void, or that the target ended the
 * connection over it. The target's notice says why; it may come after the
 * refusal, but not after the link is drained.
 *
 * Context: process; the link is drained.
 */
void kfr_op_end(struct kfr_op *op, int err)
{
	u32 i;

	if (!op->status)
		op->status = err;
	if (op->status != -EACCES && op->status != -ENOLINK)
		return;
	for (i = 0; i < op->nrma; i++)
		if (op->rma[i].rmr->revoked)
			op->status = op->rma[i].rmr->revoked;
}

static void kfr_op_failed(struct kfr_op *op, int err)
{
	spin_lock_bh(&op->peer->lock);
	if (!op->status)
		op->status = err;
	spin_unlock_bh(&op->peer->lock);
}

/**
 * kfr_op_send_done() - the last work request of an operation is done
 * @cq: completion queue of the link
 * @wc: completion
 *
 * Context: completion work item.
 */
void kfr_op_send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_op *op = container_of(wc->wr_cqe, struct kfr_op, cqe);
	struct kfr_link *link = cq->cq_context;
	struct kfr_peer *peer = op->peer;
	int err = kfr_link_wc_error(link, wc);
	bool kick;

	if (err) {
		/* Teardown ends it, when all that came is known. */
		kfr_op_failed(op, err);
		kfr_link_fail(link, err);
		return;
	}
	kfr_link_reap(link, op->sq_position);
	spin_lock_bh(&peer->lock);
	op->wait_send = false;
	kick = kfr_peer_waits(peer);
	kfr_op_advance(peer, op);
	if (kick)
		kfr_peer_kick(peer);
}

/**
 * kfr_op_data_done() - an earlier work request of an operation failed
 * @cq: completion queue of the link
 * @wc: completion; these are not signaled, so it is an error
 *
 * Context: completion work item.
 */
void kfr_op_data_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_op *op = container_of(wc->wr_cqe, struct kfr_op, data_cqe);
	struct kfr_link *link = cq->cq_context;
	int err = kfr_link_wc_error(link, wc);

	if (!err)
		return;
	kfr_op_failed(op, err);
	kfr_link_fail(link, err);
}

static void kfr_peer_revoked(struct kfr_peer *peer,
			     const struct kfr_wire_revoked *m)
{
	struct kfr_rmr *rmr;
	unsigned long key;

	spin_lock_bh(&peer->lock);
	xa_for_each(&peer->rmrs, key, rmr) {
		if (kfr_rmr_attached(rmr) &&
		    rmr->grant == le32_to_cpu(m->grant)) {
			rmr->serial = 0;
			rmr->revoked = kfr_wire_error(le32_to_cpu(m->status));
			/* Or it would end its successor by coming back. */
			if (rmr->sole)
				WRITE_ONCE(rmr->dead, true);
		}
	}
	spin_unlock_bh(&peer->lock);
}

static void kfr_op_detached(struct kfr_op *op)
{
	u32 i;

	for (i = 0; i < op->nrma; i++)
		op->rma[i].rmr->serial = 0;
	if (op->type == KFR_OP_PUBLISH)
		op->publish.rmr->serial = 0;
}

static void kfr_op_refused(struct kfr_op *op, int status)
{
	if (!op->status)
		op->status = status;
	/* The target knows no such grant any more: ask anew before the next. */
	if (status == -EKEYREVOKED || status == -ENOENT || status == -ESTALE)
		kfr_op_detached(op);
}

/* The slot that a reply is for, if it is one that waits for it. */
static u32 kfr_slot_of(const struct kfr_conn *conn, u32 id)
{
	lockdep_assert_held(&conn->peer->lock);
	return id & KFR_WIRE_IMM_ID ?
		conn->imm[(id >> 16) % ARRAY_SIZE(conn->imm)] :
		min_t(u32, id & 0xffff, KFR_WIRE_CREDITS_MAX - 1);
}

static int kfr_peer_reply(struct kfr_peer *peer, struct kfr_conn *conn,
			  struct kfr_rx *rx)
{
	const struct kfr_wire_reply *reply = rx->data;
	u32 id = le32_to_cpu(reply->hdr.id), i;
	int status = kfr_wire_error(le32_to_cpu(reply->status));
	u32 len = rx->len - sizeof(*reply);
	struct kfr_slot *slot;
	struct kfr_call *call;
	struct kfr_op *op;
	u32 got = rx->len;
	bool kick;

	spin_lock_bh(&peer->lock);
	i = kfr_slot_of(conn, id);
	slot = &conn->slot[i];
	if (unlikely(!slot->busy || id != slot->id ||
		     len > KFR_WIRE_REPLY_DATA)) {
		spin_unlock_bh(&peer->lock);
		return -EPROTO;
	}
	call = slot->call;
	op = slot->op;
	if (unlikely(call)) {
		/* Ours alone from here: the link's failure finds none. */
		slot->call = NULL;
		call->status = status;
		call->len = len;
		memcpy(call->data, reply->data, len);
	} else if (op && op->type == KFR_OP_ATOMIC && !status) {
		u32 want = op->atomic.fetch ? op->atomic.count *
			   kfi_atomic_size(op->atomic.datatype) : 0;

		if (len != want) {
			spin_unlock_bh(&peer->lock);
			return -EPROTO;
		}
		kfr_op_copy_in(op, reply->data, len);
	}
	/* The credit comes back only when its reply has a buffer again. */
	if (unlikely(kfr_link_post_recv(&conn->link, rx)))
		kfr_peer_break(conn, -ENOLINK);
	kfr_slot_put(conn, i);
	kick = kfr_peer_waits(peer);
	if (call)
		complete(&call->done);
	if (unlikely(!op)) {
		spin_unlock_bh(&peer->lock);
		if (kick)
			kfr_peer_kick(peer);
		return 0;
	}
	kfr_stat_inc_bh(peer->ep, op[op->stat].replies);
	kfr_stat_add_bh(peer->ep, op[op->stat].bytes_in, got);
	if (unlikely(status))
		kfr_op_refused(op, status);
	op->wait_replies--;
	kfr_op_advance(peer, op);
	if (kick)
		kfr_peer_kick(peer);
	return 0;
}

/**
 * kfr_peer_recv() - a message came from the target
 * @link: link
 * @rx: message
 *
 * Context: completion work item.
 */
void kfr_peer_recv(struct kfr_link *link, struct kfr_rx *rx)
{
	struct kfr_conn *conn = container_of(link, struct kfr_conn, link);
	const struct kfr_wire_hdr *hdr = rx->data;
	int ret;

	ret = kfr_wire_check_reply(rx->data, rx->len);
	if (likely(!ret && hdr->type == KFR_WIRE_REPLY)) {
		ret = kfr_peer_reply(conn->peer, conn, rx);
	} else if (!ret) {
		kfr_peer_revoked(conn->peer, rx->data);
		kfr_link_repost(link, rx);
	}
	if (unlikely(ret)) {
		kfr_stat_inc(conn->peer->ep, refused);
		kfr_link_fail(link, ret);
	}
}
