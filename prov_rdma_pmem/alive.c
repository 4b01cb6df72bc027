// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches the initiator's connections. An adapter gives up what its peer does
 * not acknowledge; this gives up what no adapter would: a request whose target
 * died after the acknowledgment, a reply that does not come, and a send queue
 * that stands still.
 */
#include <linux/jiffies.h>

#include "peer.h"

#define KFR_ALIVE_PERIOD	HZ
#define KFR_REPLY_TIMEOUT	(30 * HZ)
#define KFR_STALL_TIMEOUT	(10 * HZ)

/* What is under way on a connection. */
struct kfr_waits {
	bool reply;		/* a request has no reply */
	bool late;		/* and should have it by now */
	bool send;		/* a completion of the send queue is due */
	bool read;		/* that of a READ */
};

static void kfr_peer_probe_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct kfr_conn *conn = container_of((struct kfr_link *)cq->cq_context,
					     struct kfr_conn, link);

	if (wc->status != IB_WC_SUCCESS)
		kfr_link_fail(&conn->link, kfr_link_wc_error(&conn->link, wc));
	spin_lock_bh(&conn->peer->lock);
	conn->peer->probing = false;
	spin_unlock_bh(&conn->peer->lock);
}

static void kfr_conn_waits(const struct kfr_conn *conn, struct kfr_waits *waits)
{
	const struct kfr_peer *peer = conn->peer;
	const struct kfr_op *op;
	u32 i;

	lockdep_assert_held(&peer->lock);
	for (i = 0; i < conn->credits; i++) {
		const struct kfr_slot *slot = &conn->slot[i];

		if (!slot->busy)
			continue;
		waits->reply = true;
		/* A message waits for its reader as long as that takes. */
		waits->late |= time_after64(get_jiffies_64(), slot->since +
					    KFR_REPLY_TIMEOUT) &&
			       !(slot->op && slot->op->type == KFR_OP_MESSAGE);
	}
	list_for_each_entry(op, &peer->inflight, entry) {
		waits->send |= op->wait_send;
		waits->read |= op->wait_send && op->type == KFR_OP_READ;
	}
	waits->send |= peer->probing;
}

/*
 * Does the send queue stand still? A queue pair of rxe (6.12) that has lost
 * packets may, for ever: it takes no more READs, or waits at a fence for some
 * that have been done, and counts none of it as a retry.
 */
static bool kfr_conn_stalled(struct kfr_conn *conn, bool waits)
{
	struct kfr_link *link = &conn->link;
	u64 now = get_jiffies_64();
	u32 reaped;

	spin_lock(&link->sq_lock);
	reaped = link->sq_reaped;
	spin_unlock(&link->sq_lock);
	if (!waits || reaped != conn->reaped) {
		conn->reaped = reaped;
		conn->moved = now;
	}
	return time_after64(now, conn->moved + KFR_STALL_TIMEOUT);
}

/*
 * A request that was acknowledged but gets no reply leaves nothing in the send
 * queue that would notice the target's death: probe with an empty write. Not
 * behind a READ, which tells as much: rxe's responder (6.12, read_reply()) takes
 * a READ that is repeated for an empty one where the last request was, and
 * warns. A fence would do, but for what is said above.
 */
static int kfr_conn_probe(struct kfr_conn *conn)
{
	struct kfr_peer *peer = conn->peer;
	struct ib_rdma_wr wr = {
		.wr = {
			.opcode = IB_WR_RDMA_WRITE,
			.wr_cqe = &peer->probe_cqe,
			.send_flags = IB_SEND_SIGNALED,
		},
	};
	int ret = 0;

	lockdep_assert_held(&peer->lock);
	spin_lock(&conn->link.sq_lock);
	/* Not the place that is left for control requests. */
	if (kfr_link_sq_room(&conn->link, 2)) {
		ret = kfr_link_post(&conn->link, &wr.wr, 1);
		peer->probing = !ret;
	}
	spin_unlock(&conn->link.sq_lock);
	return ret;
}

static void kfr_peer_alive(struct work_struct *work)
{
	struct kfr_peer *peer = container_of(to_delayed_work(work),
					     struct kfr_peer, alive);
	struct kfr_waits waits = {};
	struct kfr_conn *conn;
	int err = 0;

	spin_lock_bh(&peer->lock);
	conn = peer->conn;
	if (!conn || peer->state != KFR_PEER_READY) {
		spin_unlock_bh(&peer->lock);
		return;
	}
	kfr_conn_waits(conn, &waits);
	if (kfr_conn_stalled(conn, waits.send) || waits.late)
		err = -ETIMEDOUT;
	else if (waits.reply && !waits.read && !peer->probing)
		err = kfr_conn_probe(conn);
	queue_delayed_work(peer->ep->ctl_wq, &peer->alive, KFR_ALIVE_PERIOD);
	spin_unlock_bh(&peer->lock);
	if (err)
		kfr_link_fail(&conn->link, err);
}

/**
 * kfr_peer_watch_init() - prepare a peer that is being made
 * @peer: peer
 */
void kfr_peer_watch_init(struct kfr_peer *peer)
{
	INIT_DELAYED_WORK(&peer->alive, kfr_peer_alive);
	peer->probe_cqe.done = kfr_peer_probe_done;
}

/**
 * kfr_peer_watch() - watch a connection that is ready
 * @peer: its peer, control mutex held; cancel &kfr_peer.alive before the
 *	connection goes
 *
 * Context: process.
 */
void kfr_peer_watch(struct kfr_peer *peer)
{
	lockdep_assert_held(&peer->control);
	peer->conn->moved = get_jiffies_64();
	queue_delayed_work(peer->ep->ctl_wq, &peer->alive, KFR_ALIVE_PERIOD);
}
