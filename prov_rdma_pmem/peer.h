/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A peer: one address that an endpoint talks to, as initiator. It owns the
 * connection of the moment, makes it on demand, and fails what was under way
 * when it breaks.
 *
 * Locks, outermost first: peer->control (mutex: connect, attach, teardown),
 * peer->lock (pending and inflight operations, slots, state),
 * link->sq_lock. The client's handlers are called with no spinlock held, and
 * may post; they may not attach or detach.
 */
#ifndef KFR_PEER_H
#define KFR_PEER_H

#include <linux/kref.h>

#include "kfr.h"
#include "link.h"
#include "op.h"

enum kfr_peer_state {
	KFR_PEER_IDLE,		/* no connection */
	KFR_PEER_CONNECTING,	/* peer->work is at it */
	KFR_PEER_READY,
	KFR_PEER_BROKEN,	/* peer->work will tear it down */
};

/* A control request whose sender waits for the reply. */
struct kfr_call {
	struct completion done;
	int status;
	u32 len;
	u8 data[KFR_WIRE_REPLY_DATA];
};

/* A request under way: a credit, a buffer, and who waits for the reply. */
struct kfr_slot {
	u32 id;			/* on the wire */
	u16 serial;
	bool busy;
	struct kfr_op *op;
	struct kfr_call *call;
	u64 since;		/* jiffies */
};

struct kfr_conn {
	struct kfr_link link;
	struct kfr_peer *peer;
	struct rdma_cm_id *id;
	struct completion cm_done;
	int cm_status;
	bool linked;		/* kfr_link_create() succeeded */
	u32 credits;		/* granted by the target */
	u32 nfree;		/* peer->lock: free slots */
	u32 messages;		/* peer->lock: slots held by messages */
	u32 reaped;		/* alive work: the send queue's progress, */
	u64 moved;		/* and when it was seen last */
	u16 immediates;		/* peer->lock: posted so far */
	u16 imm[KFR_WIRE_CREDITS_MAX];	/* peer->lock: slots of the last ones */
	u16 free[KFR_WIRE_CREDITS_MAX];
	struct kfr_slot slot[KFR_WIRE_CREDITS_MAX];
};

struct kfr_peer {
	struct kfr_ep *ep;
	kfi_addr_t addr;
	struct sockaddr_storage ss;
	/* connecting, attaching, taking down */
	struct mutex control;
	struct xarray rmrs;		/* struct kfr_rmr by key */
	struct kfr_rmr *recent;		/* lock of rmrs: found last */
	wait_queue_head_t rmr_wait;	/* for the last use of a region */
	struct delayed_work work;
	struct delayed_work alive;	/* looks after requests without reply */
	unsigned int backoff;		/* ms until the next attempt */
	unsigned long not_before;	/* jiffies */
	bool ever_connected;
	struct ib_cqe probe_cqe;

	spinlock_t lock;		/* everything below */
	enum kfr_peer_state state;
	int error;			/* why it broke */
	bool closing;
	bool probing;
	u32 next_message;
	struct list_head pending;	/* all but messages, in order */
	struct list_head messages;	/* messages, in order */
	struct list_head inflight;
	struct kfr_conn *conn;
	u32 serial;			/* of @conn; 0 before the first */
	u64 next_seq;
};

/* Under the peer's lock. */
static inline bool kfr_op_sent(const struct kfr_op *op)
{
	return op->type != KFR_OP_MESSAGE ||
	       (op->message.started && op->message.sent == op->len);
}

static inline bool kfr_op_done(const struct kfr_op *op)
{
	return !op->wait_send && !op->wait_replies && kfr_op_sent(op);
}

static inline bool kfr_peer_waits(const struct kfr_peer *peer)
{
	lockdep_assert_held(&peer->lock);
	return !list_empty(&peer->pending) || !list_empty(&peer->messages);
}

/* Give a credit back; under the peer's lock. */
static inline void kfr_slot_put(struct kfr_conn *conn, u32 i)
{
	struct kfr_slot *slot = &conn->slot[i];

	lockdep_assert_held(&conn->peer->lock);
	if (slot->op && slot->op->type == KFR_OP_MESSAGE)
		conn->messages--;
	slot->busy = false;
	slot->op = NULL;
	slot->call = NULL;
	conn->free[conn->nfree++] = i;
}

/* peer.c */
struct kfr_peer *kfr_peer_get(struct kfr_ep *ep, kfi_addr_t addr);
void kfr_peer_shutdown(struct kfr_peer *peer);
void kfr_peer_free(struct kfr_peer *peer);
int kfr_peer_up_locked(struct kfr_peer *peer);
int kfr_peer_call_locked(struct kfr_peer *peer, void *request, size_t len,
			 struct kfr_call *call);
void kfr_peer_fail_pending(struct kfr_peer *peer, struct kfr_rmr *rmr,
			   int err);
void kfr_peer_break(struct kfr_conn *conn, int err);
size_t kfr_peer_memory(struct kfr_peer *peer);

/* alive.c */
void kfr_peer_watch_init(struct kfr_peer *peer);
void kfr_peer_watch(struct kfr_peer *peer);

/* attach.c */
int kfr_attach_locked(struct kfr_peer *peer, struct kfr_rmr *rmr,
		      const struct kfi_pmem_attach *what,
		      struct kfi_pmem_attr *present);
int kfr_rmr_attach_locked(struct kfr_peer *peer, struct kfr_rmr *rmr);
void kfr_rmr_forget(struct kfr_peer *peer, struct kfr_rmr *rmr);

/* xfer.c */
int kfr_op_submit(struct kfr_peer *peer, struct kfr_op *op);
void kfr_peer_kick(struct kfr_peer *peer);
int kfr_slot_get(struct kfr_conn *conn);

/* done.c */
void kfr_peer_recv(struct kfr_link *link, struct kfr_rx *rx);
void kfr_op_end(struct kfr_op *op, int err);
void kfr_op_send_done(struct ib_cq *cq, struct ib_wc *wc);
void kfr_op_data_done(struct ib_cq *cq, struct ib_wc *wc);

/* auth.c */
int kfr_auth_proof(const u8 key[KFI_PMEM_KEY_SIZE], const char *role,
		   const char *peer, const u8 *initiator_nonce,
		   const u8 *target_nonce, u8 proof[KFR_WIRE_PROOF]);

#endif
