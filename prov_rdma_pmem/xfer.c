// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an operation to work requests.
 *
 * An operation is one post: its RDMA WRITEs or READs, and behind them, where
 * the target has to act, the request message; or one WRITE whose immediate data
 * are the request. So a durable write is one round trip.
 */
#include <linux/slab.h>

#include "method.h"
#include "native.h"
#include "peer.h"
#include "rmr.h"

#define KFR_FLUSH_MAX	8	/* FLUSHes of one operation */

/**
 * kfr_slot_get() - take a credit and its message buffer
 * @conn: connection; peer's lock held
 *
 * Context: any but hard interrupt.
 * Return: slot number, or -EAGAIN.
 */
int kfr_slot_get(struct kfr_conn *conn)
{
	struct kfr_slot *slot;
	u32 i;

	lockdep_assert_held(&conn->peer->lock);
	if (!conn->nfree)
		return -EAGAIN;
	i = conn->free[--conn->nfree];
	slot = &conn->slot[i];
	slot->busy = true;
	/* A stray reply has another. */
	slot->serial++;
	slot->id = i | (u32)slot->serial << 16;
	slot->since = get_jiffies_64();
	return i;
}

static bool kfr_op_durable(const struct kfr_op *op)
{
	return op->flags & KFI_COMMIT_COMPLETE;
}

static bool kfr_op_attached(const struct kfr_op *op)
{
	u32 i;

	for (i = 0; i < op->nrma; i++)
		if (!kfr_rmr_attached(op->rma[i].rmr))
			return false;
	return op->type != KFR_OP_PUBLISH || kfr_rmr_attached(op->publish.rmr);
}

static int kfr_op_check(struct kfr_op *op)
{
	u64 access = op->type == KFR_OP_READ ? KFI_READ : KFI_WRITE;
	bool commits = op->gathered ||
		       (op->type == KFR_OP_COMMIT &&
			op->commit.level != KFI_COMMIT_VISIBLE);
	u32 i;
	int ret;

	if (op->type == KFR_OP_ATOMIC) {
		access = op->atomic.op == KFI_ATOMIC_READ ? 0 : KFI_WRITE;
		if (op->atomic.fetch)
			access |= KFI_READ;
	}
	for (i = 0; i < op->nrma; i++) {
		struct kfr_rmr *rmr = op->rma[i].rmr;

		ret = kfr_rmr_check(rmr, op->rma[i].offset, op->rma[i].len,
				    access);
		if (ret)
			return ret;
		if ((kfr_op_durable(op) || op->type == KFR_OP_PUBLISH ||
		     (op->type == KFR_OP_COMMIT &&
		      op->commit.level != KFI_COMMIT_VISIBLE)) &&
		    rmr->attr.method == KFI_COMMIT_REFUSED)
			return -EOPNOTSUPP;
		if (rmr->lost && commits) {
			rmr->lost = false;
			return -ESTALE;
		}
	}
	if (op->type == KFR_OP_PUBLISH) {
		ret = kfr_rmr_check(op->publish.rmr, op->publish.offset, 8,
				    KFI_WRITE);
		if (ret)
			return ret;
		if (op->publish.rmr->attr.method == KFI_COMMIT_REFUSED)
			return -EOPNOTSUPP;
	}
	return 0;
}

/* The method for all ranges of an operation: the one that asks most. */
static enum kfi_commit_method kfr_op_method(const struct kfr_op *op)
{
	enum kfi_commit_method method;
	u32 i;

	if (!op->nrma)
		return KFI_COMMIT_EADR;
	method = op->rma[0].rmr->attr.method;
	for (i = 0; i < op->nrma; i++) {
		enum kfi_commit_method m = op->rma[i].rmr->attr.method;

		if (m == KFI_COMMIT_ASYNC)
			return m;
		/* The target can do for all what each of them needs. */
		if (m != method)
			method = KFI_COMMIT_ASSISTED;
	}
	return method;
}

struct kfr_build {
	struct kfr_conn *conn;
	struct kfr_op *op;
	struct ib_send_wr *first;
	struct ib_send_wr *last;
	u32 wrs;
	u32 sges;
	u64 bytes;
};

static union kfr_wr *kfr_build_wr(struct kfr_build *b,
				  enum ib_wr_opcode opcode)
{
	union kfr_wr *wr;

	if (b->wrs == KFR_LINK_WRS)
		return NULL;
	wr = &b->conn->link.wr[b->wrs++];
	memset(wr, 0, sizeof(*wr));
	wr->send.opcode = opcode;
	wr->send.wr_cqe = &b->op->data_cqe;
	wr->send.sg_list = &b->conn->link.sge[b->sges];
	if (b->last)
		b->last->next = &wr->send;
	else
		b->first = &wr->send;
	b->last = &wr->send;
	return wr;
}

/* The hardware key for an address in a remote region. */
static u32 kfr_rmr_rkey(const struct kfr_rmr *rmr, u64 address)
{
	return le32_to_cpu(rmr->rkeys[address >> rmr->chunk_shift]);
}

/* RDMA WRITEs or READs for all ranges: cut at hardware keys and SGE limits. */
static int kfr_build_data(struct kfr_build *b, enum ib_wr_opcode opcode)
{
	struct kfr_link *link = &b->conn->link;
	struct kfr_op *op = b->op;
	u32 s = 0, used = 0, i;

	for (i = 0; i < op->ndata; i++) {
		struct kfr_rmr *rmr = op->rma[i].rmr;
		u64 chunk = 1ULL << rmr->chunk_shift;
		u64 offset = rmr->base + op->rma[i].offset;
		u64 left = op->rma[i].len;

		while (left) {
			u64 room = min(left, chunk - (offset & (chunk - 1)));
			union kfr_wr *wr = kfr_build_wr(b, opcode);

			if (!wr)
				return -EMSGSIZE;
			wr->rdma.remote_addr = offset;
			wr->rdma.rkey = kfr_rmr_rkey(rmr, offset);
			while (room && wr->send.num_sge < link->max_sge) {
				struct kfr_seg *seg = &op->segs[s];
				struct ib_sge *sge = &link->sge[b->sges];
				u32 n = min_t(u64, room, seg->len - used);

				if (b->sges == ARRAY_SIZE(link->sge))
					return -EMSGSIZE;
				sge->addr = seg->dma + used;
				sge->length = n;
				sge->lkey = link->pd->local_dma_lkey;
				b->sges++;
				wr->send.num_sge++;
				room -= n;
				left -= n;
				offset += n;
				used += n;
				b->bytes += n;
				if (used == seg->len) {
					used = 0;
					s++;
				}
			}
		}
	}
	return 0;
}

/* The range to commit; length 0 is the whole region. */
static u64 kfr_rma_span(const struct kfr_rma *rma, u64 *first)
{
	const struct kfr_rmr *rmr = rma->rmr;

	*first = rmr->base + (rma->len ? rma->offset : 0);
	return rma->len ?: rmr->attr.size;
}

/* FLUSHes: one for each hardware key of each range. */
static u32 kfr_flush_wrs(const struct kfr_op *op)
{
	u64 first, len, wrs = 0;
	u32 i;

	for (i = 0; i < op->nrma; i++) {
		const struct kfr_rma *rma = &op->rma[i];

		len = kfr_rma_span(rma, &first);
		wrs += ((first + len - 1) >> rma->rmr->chunk_shift) -
		       (first >> rma->rmr->chunk_shift) + 1;
	}
	return min_t(u64, wrs, U32_MAX);
}

static int kfr_build_flush(struct kfr_build *b)
{
	struct kfr_op *op = b->op;
	u64 at, left, chunk, n;
	union kfr_wr *wr;
	u32 i;

	for (i = 0; i < op->nrma; i++) {
		struct kfr_rmr *rmr = op->rma[i].rmr;

		chunk = 1ULL << rmr->chunk_shift;
		left = kfr_rma_span(&op->rma[i], &at);
		for (; left; at += n, left -= n) {
			n = min(left, chunk - (at & (chunk - 1)));
			wr = kfr_build_wr(b, IB_WR_FLUSH);
			if (!wr)
				return -EMSGSIZE;
			kfr_native_flush_fill(wr, at, n,
					      kfr_rmr_rkey(rmr, at));
		}
	}
	return 0;
}

/* At most this many: a request ends with its hardware key or its SGEs. */
static u32 kfr_data_wrs(const struct kfr_op *op, u32 max_sge)
{
	u64 keys = 0;
	u32 i;

	for (i = 0; i < op->ndata; i++) {
		const struct kfr_rmr *rmr = op->rma[i].rmr;
		u64 first = rmr->base + op->rma[i].offset;
		u64 end = first + op->rma[i].len;

		if (op->rma[i].len)
			keys += ((end - 1) >> rmr->chunk_shift) -
				(first >> rmr->chunk_shift) + 1;
	}
	return min_t(u64, keys + (op->nsegs + keys) / max_sge, KFR_LINK_WRS);
}

static void kfr_fill_hdr(struct kfr_conn *conn, u32 slot, size_t len, u8 type)
{
	struct kfr_wire_hdr *hdr = kfr_link_tx_buf(&conn->link, slot);

	hdr->version = KFR_WIRE_VERSION;
	hdr->type = type;
	hdr->length = cpu_to_le16(len);
	hdr->id = cpu_to_le32(conn->slot[slot].id);
}

static void kfr_build_send(struct kfr_build *b, u32 slot, size_t len, u8 type)
{
	struct kfr_link *link = &b->conn->link;
	union kfr_wr *wr = kfr_build_wr(b, IB_WR_SEND);
	struct ib_sge *sge = &link->sge[b->sges++];

	kfr_fill_hdr(b->conn, slot, len, type);
	b->bytes += len;
	kfr_link_set_message(link, &wr->send, sge, slot, len);
}

/*
 * Can the write itself ask for its commit? It has to be one work request, and
 * immediate data have room for where it goes.
 */
static bool kfr_build_is_imm(const struct kfr_build *b)
{
	const struct kfr_op *op = b->op;

	return op->type == KFR_OP_WRITE && kfr_op_durable(op) &&
	       !(op->flags & KFI_COMMIT_DEEP) && op->nrma == 1 &&
	       b->wrs == 1 && b->conn->link.immediate &&
	       kfr_wire_imm_fits(op->rma[0].rmr->grant, op->rma[0].offset);
}

static void kfr_build_imm(struct kfr_build *b, u32 slot)
{
	const struct kfr_rma *rma = &b->op->rma[0];
	struct kfr_conn *conn = b->conn;
	u16 count = conn->immediates++;

	lockdep_assert_held(&conn->peer->lock);
	b->last->opcode = IB_WR_RDMA_WRITE_WITH_IMM;
	b->last->ex.imm_data =
		cpu_to_be32(kfr_wire_imm(rma->rmr->grant, rma->offset));
	conn->imm[count % ARRAY_SIZE(conn->imm)] = slot;
	conn->slot[slot].id = kfr_wire_imm_id(count);
}

static u16 kfr_wire_commit_flags(const struct kfr_op *op)
{
	if (!kfr_op_durable(op))
		return 0;
	return KFR_WIRE_F_COMMIT |
	       (op->flags & KFI_COMMIT_DEEP ? KFR_WIRE_F_MEDIA : 0);
}

static size_t kfr_fill_write(struct kfr_op *op, void *buf)
{
	struct kfr_wire_write *m = buf;

	m->grant = cpu_to_le32(op->rma[0].rmr->grant);
	m->flags = cpu_to_le16(kfr_wire_commit_flags(op));
	m->length = cpu_to_le16(op->len);
	m->offset = cpu_to_le64(op->rma[0].offset);
	kfr_op_copy_out(op, 0, m->data, op->len);
	return sizeof(*m) + op->len;
}

static size_t kfr_fill_commit(struct kfr_op *op, void *buf, u8 level)
{
	struct kfr_wire_commit *m = buf;
	u32 i;

	m->level = level;
	m->count = op->nrma;
	for (i = 0; i < op->nrma; i++) {
		m->range[i].offset = cpu_to_le64(op->rma[i].offset);
		m->range[i].length = cpu_to_le64(op->rma[i].len);
		m->range[i].grant = cpu_to_le32(op->rma[i].rmr->grant);
	}
	return struct_size(m, range, op->nrma);
}

static size_t kfr_fill_publish(struct kfr_op *op, void *buf, bool inlined)
{
	struct kfr_wire_publish *m = buf;
	u16 flags = inlined ? KFR_WIRE_F_INLINE : 0;

	if (op->flags & KFI_COMMIT_DEEP)
		flags |= KFR_WIRE_F_MEDIA;
	m->flags = cpu_to_le16(flags);
	m->reserved = 0;
	m->grant = cpu_to_le32(op->rma[0].rmr->grant);
	m->offset = cpu_to_le64(op->rma[0].offset);
	m->length = cpu_to_le64(op->len);
	m->word_grant = cpu_to_le32(op->publish.rmr->grant);
	m->word_offset = cpu_to_le64(op->publish.offset);
	m->word = cpu_to_le64(op->publish.word);
	if (inlined)
		kfr_op_copy_out(op, 0, m->data, op->len);
	return sizeof(*m) + (inlined ? op->len : 0);
}

static size_t kfr_fill_atomic(struct kfr_op *op, void *buf)
{
	struct kfr_wire_atomic *m = buf;

	m->grant = cpu_to_le32(op->rma[0].rmr->grant);
	m->flags = cpu_to_le16(kfr_wire_commit_flags(op) |
			       (op->atomic.fetch ? KFR_WIRE_F_FETCH : 0));
	m->datatype = op->atomic.datatype;
	m->op = op->atomic.op;
	m->count = cpu_to_le16(op->atomic.count);
	m->reserved = 0;
	m->offset = cpu_to_le64(op->rma[0].offset);
	memcpy(m->data, op->inject, op->ninject);
	return sizeof(*m) + op->ninject;
}

static size_t kfr_fill_message(struct kfr_op *op, void *buf)
{
	struct kfr_wire_message *m = buf;
	u32 n = min_t(u64, op->len - op->message.sent, KFR_WIRE_INLINE_MAX);

	if (!op->message.started)
		op->message.id = op->peer->next_message++;
	op->message.started = true;
	m->message = cpu_to_le32(op->message.id);
	m->total = cpu_to_le32(op->len);
	m->offset = cpu_to_le32(op->message.sent);
	m->flags = cpu_to_le16(op->flags & KFI_REMOTE_CQ_DATA ?
			       KFR_WIRE_F_CQ_DATA : 0);
	m->length = cpu_to_le16(n);
	m->cq_data = cpu_to_le64(op->message.data);
	kfr_op_copy_out(op, op->message.sent, m->data, n);
	op->message.sent += n;
	return sizeof(*m) + n;
}

/* What a plain write leaves to be committed, and what a commit takes away. */
static void kfr_op_track_dirty(struct kfr_op *op)
{
	u32 i;

	for (i = 0; i < op->nrma; i++) {
		struct kfr_rmr *rmr = op->rma[i].rmr;

		if (rmr->attr.method == KFI_COMMIT_REFUSED ||
		    rmr->attr.method == KFI_COMMIT_EADR)
			continue;
		if (op->gathered || (op->type == KFR_OP_COMMIT &&
				     op->commit.level != KFI_COMMIT_VISIBLE)) {
			op->cut = true;
			kfr_dirty_cut(&rmr->dirty, op->rma[i].offset,
				      op->rma[i].len);
		} else if ((op->type == KFR_OP_WRITE ||
			    op->type == KFR_OP_ATOMIC) && !kfr_op_durable(op)) {
			kfr_dirty_add(&rmr->dirty, op->rma[i].offset,
				      op->rma[i].len);
		}
	}
}

/*
 * Does the NIC of the target do all there is to do? A FLUSH covers one hardware
 * key, so a range of many is better asked for. A commit that is only to be seen
 * needs no FLUSH, but somebody who knows that it is.
 */
static bool kfr_op_is_native(const struct kfr_op *op,
			     enum kfi_commit_method method)
{
	if (method != KFI_COMMIT_NATIVE || kfr_flush_wrs(op) > KFR_FLUSH_MAX)
		return false;
	if (op->type == KFR_OP_WRITE)
		return kfr_op_durable(op) && !(op->flags & KFI_COMMIT_DEEP);
	return op->type == KFR_OP_COMMIT &&
	       op->commit.level == KFI_COMMIT_PERSISTENT;
}

/* Does the target have to act, beyond what its NIC does? */
static bool kfr_op_needs_request(const struct kfr_op *op,
				 enum kfi_commit_method method)
{
	u32 i;

	switch (op->type) {
	case KFR_OP_READ:
		return false;
	case KFR_OP_WRITE:
		if (kfr_op_durable(op))
			return method != KFI_COMMIT_EADR ||
			       op->flags & KFI_COMMIT_DEEP;
		if (!(op->flags & KFI_DELIVERY_COMPLETE))
			return false;
		for (i = 0; i < op->nrma; i++)
			if (!op->rma[i].rmr->coherent)
				return true;
		return false;
	case KFR_OP_COMMIT:
		return method != KFI_COMMIT_EADR ||
		       op->commit.level == KFI_COMMIT_MEDIA;
	default:
		return true;
	}
}

/*
 * A fenced operation waits for all before it, and all after it wait for it,
 * also across the list of messages and that of the rest.
 */
static bool kfr_op_fenced(const struct kfr_peer *peer, const struct kfr_op *op)
{
	const struct list_head *others = op->type == KFR_OP_MESSAGE ?
					 &peer->pending : &peer->messages;
	const struct kfr_op *other;

	lockdep_assert_held(&peer->lock);
	/* Fragments of a message do not wait for each other. */
	if (op->flags & KFI_FENCE && !op->wait_replies &&
	    !list_empty(&peer->inflight))
		return true;
	list_for_each_entry(other, others, entry) {
		if (other->seq > op->seq)
			return false;
		if ((op->flags | other->flags) & KFI_FENCE)
			return true;
	}
	return false;
}

/*
 * KFI_FENCE with KFI_COMMIT_COMPLETE raises earlier writes to that level: what
 * they left to be committed joins the ranges of this operation.
 */
static int kfr_op_gather(struct kfr_peer *peer, struct kfr_op *op)
{
	struct kfr_rmr *rmr;
	u64 start = 0, len = 0;
	unsigned long key;

	lockdep_assert_held(&peer->lock);
	op->ndata = op->nrma;
	xa_for_each(&peer->rmrs, key, rmr) {
		if (!kfr_dirty_hull(&rmr->dirty, &start, &len) && !rmr->lost)
			continue;
		/* One message has room for so much; no promise beyond it. */
		if (op->type != KFR_OP_WRITE || op->nrma == KFR_RMA_IOV_LIMIT)
			return -EOPNOTSUPP;
		kref_get(&rmr->ref);
		op->rma[op->nrma].rmr = rmr;
		op->rma[op->nrma].offset = start;
		op->rma[op->nrma].len = len;
		op->nrma++;
	}
	op->gathered = op->nrma > op->ndata;
	return 0;
}

static inline void kfr_op_posted(struct kfr_peer *peer, struct kfr_op *op,
				 u32 wrs, u64 bytes)
{
	lockdep_assert_held(&peer->lock);
	kfr_stat_inc_bh(peer->ep, op[op->stat].posts);
	kfr_stat_add_bh(peer->ep, op[op->stat].requests, wrs);
	kfr_stat_add_bh(peer->ep, op[op->stat].bytes_out, bytes);
}

/*
 * The write that is short: durable, one range, its data in its request, with
 * nothing to wait for and nothing to object to. Whatever is not so simple, and
 * each error, is kfr_op_post_any()'s.
 */
static bool kfr_op_is_short(const struct kfr_peer *peer,
			    const struct kfr_op *op)
{
	const struct kfr_rmr *rmr = op->rma[0].rmr;

	return op->type == KFR_OP_WRITE && op->nrma == 1 &&
	       (op->flags & (KFI_COMMIT_COMPLETE | KFI_FENCE)) ==
	       KFI_COMMIT_COMPLETE &&
	       rmr->serial && rmr->serial == peer->serial &&
	       kfr_method_inline(rmr->attr.method, op->len) &&
	       !kfr_rmr_check(rmr, op->rma[0].offset, op->rma[0].len,
			      KFI_WRITE) &&
	       list_empty(&peer->messages) && peer->conn->nfree > 1;
}

static inline int kfr_op_post_short(struct kfr_peer *peer, struct kfr_op *op)
{
	struct kfr_conn *conn = peer->conn;
	struct kfr_link *link = &conn->link;
	int slot, ret;
	size_t len;

	spin_lock(&link->sq_lock);
	if (unlikely(!kfr_link_sq_room(link, 2))) {
		spin_unlock(&link->sq_lock);
		return -EAGAIN;
	}
	slot = kfr_slot_get(conn);
	len = kfr_fill_write(op, kfr_link_tx_buf(link, slot));
	kfr_fill_hdr(conn, slot, len, KFR_WIRE_WRITE);
	conn->slot[slot].op = op;
	op->wait_replies++;
	ret = kfr_link_send(link, slot, len);
	spin_unlock(&link->sq_lock);
	if (unlikely(ret))
		return ret;
	kfr_op_posted(peer, op, 1, len);
	kfr_stat_inc_bh(peer->ep, commits[KFI_COMMIT_INLINE]);
	return 0;
}

static noinline_for_stack int kfr_op_post_any(struct kfr_peer *peer,
					      struct kfr_op *op)
{
	struct kfr_conn *conn = peer->conn;
	struct kfr_link *link = &conn->link;
	struct kfr_build b = { .conn = conn, .op = op };
	enum kfi_commit_method method;
	bool request, native, inlined = false, data;
	int slot = -1, ret;
	size_t len = 0;
	void *buf;
	u8 type = 0;
	u32 wrs;

	lockdep_assert_held(&peer->lock);
	if (kfr_op_fenced(peer, op))
		return -EAGAIN;
	if (op->flags & KFI_FENCE && op->flags & KFI_COMMIT_COMPLETE &&
	    !op->gathered) {
		ret = kfr_op_gather(peer, op);
		if (ret)
			return ret;
	}
	if (!kfr_op_attached(op)) {
		mod_delayed_work(peer->ep->ctl_wq, &peer->work, 0);
		return -EAGAIN;
	}
	ret = kfr_op_check(op);
	if (ret)
		return ret;

	method = kfr_op_method(op);
	native = kfr_op_is_native(op, method);
	if (method == KFI_COMMIT_NATIVE && !native)
		method = KFI_COMMIT_ASSISTED;
	request = !native && kfr_op_needs_request(op, method);
	if (op->type == KFR_OP_WRITE)
		inlined = request && kfr_op_durable(op) && op->nrma == 1 &&
			  kfr_method_inline(method, op->len);
	else if (op->type == KFR_OP_PUBLISH)
		inlined = op->len <= KFR_WIRE_INLINE_MAX;
	data = (op->type == KFR_OP_WRITE || op->type == KFR_OP_READ ||
		op->type == KFR_OP_PUBLISH) && !inlined;

	wrs = 1 + (data ? kfr_data_wrs(op, link->max_sge) : 0) +
	      (native ? kfr_flush_wrs(op) : 0);
	if (wrs > KFR_LINK_WRS || wrs >= link->params.sq_depth)
		return -EMSGSIZE;
	spin_lock(&link->sq_lock);
	/* One of each is left for control requests, so that none waits. */
	if (!kfr_link_sq_room(link, wrs + 1)) {
		ret = -EAGAIN;
		goto unlock;
	}
	if (op->type == KFR_OP_MESSAGE &&
	    conn->messages >= conn->credits / 2) {
		ret = -EAGAIN;
		goto unlock;
	}
	if (request) {
		slot = conn->nfree > 1 ? kfr_slot_get(conn) : -EAGAIN;
		if (slot < 0) {
			kfr_stat_inc_bh(peer->ep, credit_stalls);
			ret = -EAGAIN;
			goto unlock;
		}
	}
	if (data) {
		ret = kfr_op_map(op, link->dev, op->type == KFR_OP_READ ?
				 DMA_FROM_DEVICE : DMA_TO_DEVICE);
		if (!ret)
			ret = kfr_build_data(&b, op->type == KFR_OP_READ ?
					     IB_WR_RDMA_READ :
					     IB_WR_RDMA_WRITE);
		if (ret)
			goto put_slot;
	}
	if (native) {
		ret = kfr_build_flush(&b);
		if (ret)
			goto put_slot;
	}
	if (request && kfr_build_is_imm(&b)) {
		kfr_build_imm(&b, slot);
		conn->slot[slot].op = op;
		op->wait_replies++;
	} else if (request) {
		buf = kfr_link_tx_buf(link, slot);
		switch (op->type) {
		case KFR_OP_WRITE:
			if (inlined) {
				type = KFR_WIRE_WRITE;
				len = kfr_fill_write(op, buf);
				break;
			}
			type = KFR_WIRE_COMMIT;
			len = kfr_fill_commit(op, buf, !kfr_op_durable(op) ?
					      KFI_COMMIT_VISIBLE :
					      op->flags & KFI_COMMIT_DEEP ?
					      KFI_COMMIT_MEDIA :
					      KFI_COMMIT_PERSISTENT);
			break;
		case KFR_OP_COMMIT:
			type = KFR_WIRE_COMMIT;
			len = kfr_fill_commit(op, buf, op->commit.level);
			break;
		case KFR_OP_PUBLISH:
			type = KFR_WIRE_PUBLISH;
			len = kfr_fill_publish(op, buf, inlined);
			break;
		case KFR_OP_ATOMIC:
			type = KFR_WIRE_ATOMIC;
			len = kfr_fill_atomic(op, buf);
			break;
		default:
			type = KFR_WIRE_MESSAGE;
			len = kfr_fill_message(op, buf);
			conn->messages++;
			break;
		}
		kfr_build_send(&b, slot, len, type);
		conn->slot[slot].op = op;
		op->wait_replies++;
	} else if (!b.wrs) {
		/* Its ACK says that all earlier writes landed. */
		kfr_build_wr(&b, IB_WR_RDMA_WRITE);
	}

	/*
	 * The client's memory may be reused only when the hardware is done
	 * with it, also where the reply is quicker than the ACK.
	 */
	op->wait_send = data || !request;
	if (op->wait_send) {
		b.last->wr_cqe = &op->cqe;
		b.last->send_flags |= IB_SEND_SIGNALED;
		link->sq_marked = link->sq_posted + b.wrs;
	} else {
		kfr_link_mark(link, b.last, b.wrs);
	}
	if (op->flags & KFI_FENCE)
		b.first->send_flags |= IB_SEND_FENCE;
	kfr_op_track_dirty(op);
	/* Its completion may be quicker than we are. */
	op->sq_position = link->sq_posted + b.wrs;
	ret = kfr_link_post(link, b.first, b.wrs);
	spin_unlock(&link->sq_lock);
	if (ret) {
		/* What was posted of the chain is flushed, unsignaled or not:
		 * the operation ends with the link.
		 */
		op->wait_send = false;
		return ret;
	}
	kfr_op_posted(peer, op, b.wrs, b.bytes);
	if (inlined && method == KFI_COMMIT_ASSISTED)
		method = KFI_COMMIT_INLINE;
	if (op->type == KFR_OP_COMMIT || op->type == KFR_OP_PUBLISH ||
	    kfr_op_durable(op))
		kfr_stat_inc_bh(peer->ep, commits[method]);
	return 0;

put_slot:
	if (slot >= 0)
		kfr_slot_put(conn, slot);
unlock:
	spin_unlock(&link->sq_lock);
	return ret;
}

/*
 * Post an operation, or the next fragment of a message.
 * Return: 0; -EAGAIN: it has to wait; else it failed.
 */
static int kfr_op_post(struct kfr_peer *peer, struct kfr_op *op)
{
	lockdep_assert_held(&peer->lock);
	return kfr_op_is_short(peer, op) ? kfr_op_post_short(peer, op) :
					   kfr_op_post_any(peer, op);
}

/**
 * kfr_peer_kick() - post what waits, as far as there is room
 * @peer: peer
 *
 * Context: work item; calls the client's handler for what cannot be posted.
 */
void kfr_peer_kick(struct kfr_peer *peer)
{
	struct list_head *list = &peer->pending;
	struct kfr_op *op, *next;
	LIST_HEAD(failed);
	int ret;

	spin_lock_bh(&peer->lock);
	while (peer->state == KFR_PEER_READY) {
		op = list_first_entry_or_null(list, struct kfr_op, entry);
		ret = op ? kfr_op_post(peer, op) : -EAGAIN;
		if (ret == -EAGAIN) {
			/* A reader that does not read holds up messages only. */
			if (list == &peer->messages)
				break;
			list = &peer->messages;
			continue;
		}
		if (ret == -ENOLINK) {
			list_move_tail(&op->entry, &peer->inflight);
			kfr_peer_break(peer->conn, ret);
		} else if (ret) {
			op->status = ret;
			list_move_tail(&op->entry, &failed);
		} else if (kfr_op_sent(op)) {
			list_move_tail(&op->entry, &peer->inflight);
		}
	}
	spin_unlock_bh(&peer->lock);
	list_for_each_entry_safe(op, next, &failed, entry) {
		list_del_init(&op->entry);
		kfr_op_finish(op);
	}
}

/**
 * kfr_op_submit() - hand an operation to its peer
 * @peer: peer
 * @op: operation, complete
 *
 * Posts it at once where it can; else it waits for its connection, its
 * remote region, a credit or room, in order.
 *
 * Context: any but hard interrupt, with bottom halves off.
 * Return: 0: its end will be reported; else it is the caller's.
 */
int kfr_op_submit(struct kfr_peer *peer, struct kfr_op *op)
{
	struct list_head *list = op->type == KFR_OP_MESSAGE ?
				 &peer->messages : &peer->pending;
	unsigned long delay = 0;
	int ret = 0;

	op->peer = peer;
	op->ndata = op->nrma;
	spin_lock(&peer->lock);
	if (unlikely(peer->closing)) {
		ret = -ESHUTDOWN;
		goto unlock;
	}
	op->seq = peer->next_seq++;
	if (likely(peer->state == KFR_PEER_READY && list_empty(list))) {
		do {
			ret = kfr_op_post(peer, op);
		} while (!ret && !kfr_op_sent(op));
		if (likely(!ret)) {
			list_add_tail(&op->entry, &peer->inflight);
		} else if (ret == -EAGAIN) {
			list_add_tail(&op->entry, list);
			ret = 0;
		} else if (ret == -ENOLINK) {
			list_add_tail(&op->entry, &peer->inflight);
			kfr_peer_break(peer->conn, ret);
			ret = 0;
		}
	} else {
		list_add_tail(&op->entry, list);
		if (peer->state == KFR_PEER_IDLE) {
			if (time_before(jiffies, peer->not_before))
				delay = peer->not_before - jiffies;
			queue_delayed_work(peer->ep->ctl_wq, &peer->work, delay);
		}
	}
unlock:
	spin_unlock(&peer->lock);
	return ret;
}
