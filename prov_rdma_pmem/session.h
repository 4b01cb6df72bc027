/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A session: one connection accepted, at the target. What a peer may do
 * before it proved its key is: say who it is.
 *
 * Locks: session->control (mutex: authentication, attach, detach; taken in
 * work items only) > grant->lock; link->sq_lock (replies). ep->session_lock
 * guards the list of sessions.
 */
#ifndef KFR_SESSION_H
#define KFR_SESSION_H

#include "grant.h"
#include "link.h"

struct kfr_rx_post;

struct kfr_session {
	struct list_head entry;		/* ep->sessions */
	struct kfr_ep *ep;
	struct kfr_link link;
	struct rdma_cm_id *id;
	struct sockaddr_storage ss;	/* where the peer listens, if it does */
	bool broken;			/* teardown is queued; atomic */

	struct mutex control;		/* the state of authentication */
	bool greeted;
	bool proven;			/* HELLO and proof are done */
	u8 proof[KFR_WIRE_PROOF];	/* tried again with the key of the day */
	bool knows_ep_key;		/* may send, and use registered memory */
	char peer[KFR_WIRE_NAME];
	u8 initiator_nonce[KFR_WIRE_NONCE];
	u8 target_nonce[KFR_WIRE_NONCE];

	struct xarray grants;
	u32 next_grant;
	atomic_t ngrants;		/* that are good */

	refcount_t requests;		/* at work outside the handler, and one */
	struct completion idle;
	struct work_struct teardown;
	struct delayed_work alive;
	struct ib_cqe probe_cqe;
	u32 probe_position;
	bool probing;
	unsigned int silent;		/* periods without a message */
	unsigned int age;		/* periods */
	atomic_t notices;		/* sent since the last message */
	wait_queue_head_t arrivals;	/* who waits for one to arrive */

	u16 immediates;			/* came so far; in the link's handler */

	struct list_head stalled;	/* sq_lock: replies without room */
	u32 tx_next;			/* sq_lock: transmit buffer */

	/* ep->rx_lock: the message that is being put together. */
	struct kfr_rx_post *post;
	u32 received;
	u32 message_id;
	u32 expected;			/* offset of the next fragment to come */
	u32 total;
	u32 pass;			/* of kfr_rx_progress() it was blocked in */
};

/* What a request turned out to be, for the counters. */
struct kfr_served {
	enum kfi_stat_op op;
	bool any;		/* it got as far as its memory */
	bool durable;		/* where it succeeds */
};

int kfr_sessions_listen(struct kfr_ep *ep);
void kfr_sessions_close(struct kfr_ep *ep);
void kfr_sessions_stats(struct kfr_ep *ep, struct kfi_pmem_stats *stats);
void kfr_session_put(struct kfr_session *session);
void kfr_session_defer(struct kfr_session *session, struct kfr_rx *rx);
void kfr_session_answer(struct kfr_session *session, struct kfr_rx *rx,
			int status, const void *data, u32 len,
			const struct kfr_served *served);
void kfr_session_notify(struct kfr_session *session, struct kfr_notice *notice,
			u32 grant, int err);
void kfr_session_notified(struct kfr_session *session,
			  const struct kfr_notice *notice);

/* The same for a request that no counter is interested in. */
static inline void kfr_session_reply(struct kfr_session *session,
				     struct kfr_rx *rx, int status,
				     const void *data, u32 len)
{
	static const struct kfr_served none;

	kfr_session_answer(session, rx, status, data, len, &none);
}

/* target.c */
void kfr_target_request(struct kfr_session *session, struct kfr_rx *rx);
void kfr_target_deferred(struct kfr_session *session, struct kfr_rx *rx);

/* gate.c */
void kfr_gate_request(struct kfr_session *session, struct kfr_rx *rx);

/* msg.c */
void kfr_msg_fragment(struct kfr_session *session, struct kfr_rx *rx);
void kfr_msg_forget(struct kfr_session *session);

#endif
