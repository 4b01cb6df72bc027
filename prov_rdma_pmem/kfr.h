/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of the RDMA provider, and how they hang together:
 *
 *   fabric > domain > { cq, cntr, av, mr, ep }
 *   ep  > peer      one for each address it talks to; initiator's side
 *         > link    the connection of the moment, made on demand
 *         > rmr     remote memory regions attached at that peer
 *   ep  > session   one for each connection accepted; target's side
 *         > link
 *         > grant   memory given to that peer, with its hardware keys
 *
 * An object above another is referenced through kfid.ref_cnt, which is 1
 * without children; closing an object that has some returns -EBUSY.
 */
#ifndef KFR_H
#define KFR_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/socket.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "kfi_endpoint.h"
#include "kfi_eq.h"
#include "kfi_placement.h"
#include "kfi_pmem.h"
#include "kfi_rma.h"

#define KFR_PROV_NAME		"rdma"
#define KFR_PROV_VERSION	KFI_VERSION(0, 1)
#define KFR_MAX_MSG_SIZE	SZ_1M
#define KFR_IOV_LIMIT		256
#define KFR_RMA_IOV_LIMIT	8
#define KFR_INJECT_SIZE		512
#define KFR_TX_SIZE		128	/* default operations under way */
#define KFR_RX_SIZE		128	/* default receives posted */

struct kfr_fabric {
	struct kfid_fabric fabric;
};

struct kfr_domain {
	struct kfid_domain domain;
	struct kfr_fabric *fabric;
	struct xarray mrs;		/* struct kfr_mr by key */
};

struct kfr_cqe {
	/* struct kfi_cq_tagged_entry, of which all formats are prefixes */
	void *op_context;
	u64 flags;
	size_t len;
	void *buf;
	u64 data;
	u64 tag;
	/* and what is reported otherwise */
	kfi_addr_t src;
	int err;			/* 0 or positive errno */
	size_t olen;
};

struct kfr_cq {
	struct kfid_cq cq;
	struct kfr_domain *domain;
	size_t entry_size;		/* as the format has it */
	kfi_comp_handler handler;
	/* everything below */
	spinlock_t lock;
	struct list_head eps;		/* struct kfr_ep.rx_cq_entry */
	u32 size;
	u32 head;
	u32 count;			/* entries to be read */
	u32 reserved;			/* entries promised to operations */
	bool starved;			/* somebody waits for an entry */
	struct work_struct room_work;
	struct kfr_cqe *ring;
};

struct kfr_cntr {
	struct kfid_cntr cntr;
	struct kfr_domain *domain;
	atomic64_t value;
	atomic64_t errors;
	wait_queue_head_t wait;
};

struct kfr_eq {
	struct kfid_eq eq;
	struct kfr_fabric *fabric;
	kfi_event_handler handler;
	/* the ring */
	spinlock_t lock;
	wait_queue_head_t wait;
	u32 size;
	u32 head;
	u32 count;
	struct {
		u32 event;
		struct kfi_eq_entry entry;
	} *ring;
};

struct kfr_av {
	struct kfid_av av;
	struct kfr_domain *domain;
	struct xarray addrs;		/* struct sockaddr_storage by kfi_addr */
	u32 next;
};

enum kfr_ep_cntr {
	KFR_CNTR_SEND,
	KFR_CNTR_RECV,
	KFR_CNTR_READ,
	KFR_CNTR_WRITE,
	KFR_CNTR_MAX,
};

struct kfr_op;
struct kfr_peer;
struct kfr_rx_post;
struct rdma_cm_id;

struct kfr_ep {
	struct kfid_ep ep;
	struct kfr_domain *domain;
	struct kfi_class *class;
	u64 caps;
	u64 tx_flags;			/* default op flags */
	u64 rx_flags;
	bool enabled;
	bool tx_selective;
	bool rx_selective;
	bool has_auth;
	struct kfi_auth auth;
	struct sockaddr_storage src;
	struct kfr_cq *tx_cq;
	struct kfr_cq *rx_cq;
	struct list_head rx_cq_entry;
	struct kfr_av *av;
	struct kfr_eq *eq;
	struct kfr_cntr *cntr[KFR_CNTR_MAX];
	struct workqueue_struct *wq;	/* requests of peers */
	struct workqueue_struct *ctl_wq; /* connections: waits for replies */
	struct kfi_pmem_stats __percpu *stats;

	/* the pool of operations, and the counters of what is done */
	spinlock_t op_lock;
	struct list_head free_ops;	/* op_lock; few segments each */
	struct list_head free_wide_ops;	/* op_lock; KFR_IOV_LIMIT segments */
	bool want_room;			/* op_lock; -EAGAIN was returned */
	bool class_waits;		/* set under op_lock: @waiter waits */
	unsigned long timed;		/* jiffies of the last one with a time */
	struct kfr_peer *recent;	/* found last; it lives as long as @peers */
	struct kfr_op *ops;
	u32 tx_size;
	u32 rx_size;

	struct xarray peers;		/* struct kfr_peer by kfi_addr */

	struct rdma_cm_id *listen_id;
	/* sessions */
	struct mutex session_lock;
	struct list_head sessions;
	atomic_t nsessions;
	bool closing;
	wait_queue_head_t sessions_gone;

	/* receives posted, messages held, assembly in the sessions */
	spinlock_t rx_lock;
	struct list_head rx_posts;	/* rx_lock: receives posted, in order */
	struct list_head rx_free;	/* rx_lock */
	u32 rx_pass;			/* rx_lock */
	struct list_head rx_held;	/* rx_lock: messages nobody asked for yet */
	struct kfr_rx_post *rx_array;
	size_t min_multi_recv;
	struct work_struct rx_work;
	struct work_struct room_work;
	struct kfi_class_waiter waiter;
};

#define kfr_stat_add(ep, field, n)	this_cpu_add((ep)->stats->field, n)
#define kfr_stat_inc(ep, field)		kfr_stat_add(ep, field, 1)
/* The same with bottom halves disabled: no counter moves in hard interrupts. */
#define kfr_stat_add_bh(ep, field, n)	__this_cpu_add((ep)->stats->field, n)
#define kfr_stat_inc_bh(ep, field)	kfr_stat_add_bh(ep, field, 1)

static inline struct kfr_ep *kfr_ep_of(struct kfid_ep *ep)
{
	return container_of(ep, struct kfr_ep, ep);
}

/* object.c */
int kfr_fabric_open(struct kfi_fabric_attr *attr, struct kfid_fabric **fabric,
		    void *context);
int kfr_domain_open(struct kfid_fabric *fabric, struct kfi_info *info,
		    struct kfid_domain **domain, void *context);

/* info.c */
int kfr_getinfo(u32 version, const char *node, const char *service, u64 flags,
		const struct kfi_info *hints, struct kfi_info **info);

/* cq.c */
int kfr_cq_open(struct kfid_domain *domain, struct kfi_cq_attr *attr,
		struct kfid_cq **cq, kfi_comp_handler handler, void *context);
void kfr_cq_unreserve(struct kfr_cq *cq);
void kfr_cq_push(struct kfr_cq *cq, const struct kfr_cqe *entry);

/* Promise an entry, with bottom halves off. Return: false when it is full. */
static inline bool kfr_cq_reserve(struct kfr_cq *cq)
{
	bool ok;

	spin_lock(&cq->lock);
	ok = cq->count + cq->reserved < cq->size;
	if (likely(ok))
		cq->reserved++;
	else
		cq->starved = true;
	spin_unlock(&cq->lock);
	return ok;
}

/* A reserved entry, to be filled before the queue's lock is let go. */
static inline struct kfr_cqe *kfr_cq_next(struct kfr_cq *cq)
{
	u32 i;

	lockdep_assert_held(&cq->lock);
	WARN_ON_ONCE(!cq->reserved);
	cq->reserved--;
	i = cq->head + cq->count++;
	return &cq->ring[i < cq->size ? i : i - cq->size];
}

/*
 * Fill a reserved entry, with bottom halves off; the caller calls the handler
 * later.
 */
static inline void kfr_cq_add(struct kfr_cq *cq, const struct kfr_cqe *entry)
{
	spin_lock(&cq->lock);
	*kfr_cq_next(cq) = *entry;
	spin_unlock(&cq->lock);
}

/*
 * Call the client's handler: an entry was added, or there is room again after
 * an -EAGAIN. Context: softirq or work item, as the endpoint's placement class
 * has it, with no lock held.
 */
static inline void kfr_cq_signal_room(struct kfr_cq *cq)
{
	if (cq->handler)
		cq->handler(&cq->cq, cq->cq.fid.context);
}

/* event.c */
int kfr_eq_open(struct kfid_fabric *fabric, struct kfi_eq_attr *attr,
		struct kfid_eq **eq, kfi_event_handler handler, void *context);
void kfr_eq_push(struct kfr_eq *eq, u32 event, struct kfid *fid, u64 data);
int kfr_cntr_open(struct kfid_domain *domain, struct kfi_cntr_attr *attr,
		  struct kfid_cntr **cntr, void *context);

/* Count a completion; @cntr may be NULL. */
static inline void kfr_cntr_count(struct kfr_cntr *cntr, bool error)
{
	if (!cntr)
		return;
	atomic64_inc(error ? &cntr->errors : &cntr->value);
	wake_up(&cntr->wait);
}

/* av.c */
int kfr_av_open(struct kfid_domain *domain, struct kfi_av_attr *attr,
		struct kfid_av **av, void *context);
int kfr_av_addr(struct kfr_av *av, kfi_addr_t addr,
		struct sockaddr_storage *ss);
kfi_addr_t kfr_av_find(struct kfr_av *av, const struct sockaddr_storage *ss);

/* ep.c */
int kfr_endpoint(struct kfid_domain *domain, struct kfi_info *info,
		 struct kfid_ep **ep, void *context);

extern const struct kfi_ops_mr kfr_mr_ops;
extern const struct kfi_ops_rma kfr_rma_ops;
extern const struct kfi_ops_msg kfr_msg_ops;
extern const struct kfi_ops_atomic kfr_atomic_ops;
extern const struct kfi_ops_pmem kfr_pmem_ops;
extern const uuid_t *kfr_incarnation;

#endif
