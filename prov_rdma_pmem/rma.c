// SPDX-License-Identifier: GPL-2.0-only
/* The client's calls: read, write, commit and publish. */
#include <linux/slab.h>

#include "kfi_prov.h"
#include "peer.h"
#include "rma.h"
#include "rmr.h"

#define KFR_RMA_FLAGS	(KFI_COMPLETION | KFI_INJECT | KFI_FENCE | KFI_MORE | \
			 KFI_INJECT_COMPLETE | KFI_TRANSMIT_COMPLETE | \
			 KFI_DELIVERY_COMPLETE | KFI_COMMIT_COMPLETE | \
			 KFI_COMMIT_DEEP)

static int kfr_op_add_rma(struct kfr_op *op, struct kfr_peer *peer, u64 key,
			  u64 offset, u64 len, u64 access)
{
	struct kfr_rmr *rmr = kfr_rmr_get(peer, key);

	if (IS_ERR(rmr))
		return PTR_ERR(rmr);
	op->rma[op->nrma].rmr = rmr;
	op->rma[op->nrma].offset = offset;
	op->rma[op->nrma].len = len;
	op->nrma++;
	return kfr_rmr_check(rmr, offset, len, access);
}

/* Refuse at post time what is already known to have no durability. */
static int kfr_op_can_commit(const struct kfr_op *op)
{
	u32 i;

	for (i = 0; i < op->nrma; i++)
		if (unlikely(op->rma[i].rmr->known &&
			     op->rma[i].rmr->attr.method == KFI_COMMIT_REFUSED))
			return -EOPNOTSUPP;
	return 0;
}

static int kfr_op_add_word(struct kfr_op *op, struct kfr_peer *peer,
			   const struct kfi_msg_publish *publish)
{
	struct kfr_rmr *rmr = kfr_rmr_get(peer, publish->word_key);

	if (IS_ERR(rmr))
		return PTR_ERR(rmr);
	op->publish.rmr = rmr;
	op->publish.offset = publish->word_addr;
	op->publish.word = publish->word;
	return kfr_rmr_check(rmr, op->publish.offset, sizeof(u64), KFI_WRITE);
}

/* All that an operation is made of; @publish is NULL for what is none. */
static int kfr_op_fill(struct kfr_op *op, struct kfr_peer *peer,
		       enum kfr_op_type type, const struct kfi_msg_rma *msg,
		       u64 access, const struct kfi_msg_publish *publish)
{
	bool commit = op->flags & KFI_COMMIT_COMPLETE;
	u64 total = 0;
	size_t i;
	int ret;

	op->type = type;
	op->context = msg->context;
	op->comp_flags = KFI_RMA | access;
	op->stat = commit ? KFI_STAT_WRITE_COMMIT : KFI_STAT_WRITE;
	if (type == KFR_OP_READ) {
		op->stat = KFI_STAT_READ;
	} else if (type == KFR_OP_PUBLISH) {
		op->stat = KFI_STAT_PUBLISH;
		op->publish.rmr = NULL;
	}
	ret = kfr_op_segs(op, msg->type, msg->msg_iov, msg->iov_count);
	if (unlikely(ret))
		return ret;
	if (unlikely(op->len > KFR_MAX_MSG_SIZE))
		return -EMSGSIZE;
	if (unlikely(op->flags & KFI_INJECT)) {
		ret = type == KFR_OP_READ ? -EINVAL : kfr_op_inject(op);
		if (ret)
			return ret;
	}
	for (i = 0; i < msg->rma_iov_count; i++) {
		const struct kfi_rma_iov *rma = &msg->rma_iov[i];

		ret = kfr_op_add_rma(op, peer, rma->key, rma->addr, rma->len,
				     access);
		if (unlikely(ret))
			return ret;
		total += rma->len;
	}
	if (unlikely(total != op->len))
		return -EINVAL;
	if (unlikely(publish)) {
		ret = kfr_op_add_word(op, peer, publish);
		if (ret)
			return ret;
	}
	return commit ? kfr_op_can_commit(op) : 0;
}

static ssize_t kfr_rma(struct kfid_ep *fid, enum kfr_op_type type,
		       const struct kfi_msg_rma *msg, u64 flags,
		       const struct kfi_msg_publish *publish)
{
	u64 access = type == KFR_OP_READ ? KFI_READ : KFI_WRITE;
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_peer *peer;
	struct kfr_op *op;
	size_t segs;
	int ret;

	if (unlikely(flags & ~KFR_RMA_FLAGS || !(ep->caps & access)))
		return -EOPNOTSUPP;
	if (unlikely(flags & KFI_COMMIT_DEEP &&
		     !(flags & KFI_COMMIT_COMPLETE)))
		return -EINVAL;
	if (unlikely(!msg->rma_iov_count ||
		     msg->rma_iov_count > KFR_RMA_IOV_LIMIT))
		return -EINVAL;
	segs = kfr_iov_segs(msg->type, msg->msg_iov, msg->iov_count);
	if (unlikely(segs == SIZE_MAX))
		return -EINVAL;
	peer = kfr_peer_get(ep, msg->addr);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	local_bh_disable();
	op = kfr_op_get(ep, segs, flags);
	if (IS_ERR(op)) {
		ret = PTR_ERR(op);
		goto enable;
	}
	ret = kfr_op_fill(op, peer, type, msg, access, publish) ?:
	      kfr_op_submit(peer, op);
	if (unlikely(ret))
		kfr_op_free(op);
enable:
	local_bh_enable();
	return ret;
}

static ssize_t kfr_rma_vec(struct kfid_ep *fid, enum kfr_op_type type,
			   enum kfi_iov_type iov_type, const void *iov,
			   size_t count, size_t len, kfi_addr_t peer, u64 addr,
			   u64 key, void *context)
{
	struct kfi_rma_iov rma = { .addr = addr, .len = len, .key = key };
	struct kfi_msg_rma msg = {
		.type = iov_type,
		.msg_iov = iov,
		.iov_count = count,
		.addr = peer,
		.rma_iov = &rma,
		.rma_iov_count = 1,
		.context = context,
	};
	u64 flags = kfr_ep_of(fid)->tx_flags;

	/* Default op flags that make no sense for a read. */
	if (type == KFR_OP_READ)
		flags &= ~(KFI_INJECT | KFI_COMMIT_COMPLETE | KFI_COMMIT_DEEP);
	return kfr_rma(fid, type, &msg, flags, NULL);
}

static size_t kfr_vec_len(enum kfi_iov_type type, const void *iov, size_t count)
{
	const struct bio_vec *bv = iov;
	const struct kvec *v = iov;
	struct scatterlist *sg;
	size_t len = 0, i;

	if (count > KFR_IOV_LIMIT || (count && !iov))
		return 0;
	if (type == KFI_SGL)
		for_each_sg((struct scatterlist *)iov, sg, count, i)
			len += sg->length;
	else
		for (i = 0; i < count; i++)
			len += type == KFI_BVEC ? bv[i].bv_len : v[i].iov_len;
	return len;
}

static ssize_t kfr_read(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, u64 addr, u64 key, void *context)
{
	struct kvec v = { buf, len };

	return kfr_rma_vec(ep, KFR_OP_READ, KFI_KVEC, &v, 1, len, src_addr,
			   addr, key, context);
}

static ssize_t kfr_readv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_READ, KFI_KVEC, iov, count,
			   kfr_vec_len(KFI_KVEC, iov, count), src_addr, addr,
			   key, context);
}

static ssize_t kfr_readbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_READ, KFI_BVEC, biov, count,
			   kfr_vec_len(KFI_BVEC, biov, count), src_addr, addr,
			   key, context);
}

static ssize_t kfr_readsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_READ, KFI_SGL, sgl, count,
			   kfr_vec_len(KFI_SGL, sgl, count), src_addr, addr,
			   key, context);
}

static ssize_t kfr_readmsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			   u64 flags)
{
	if (flags & (KFI_COMMIT_COMPLETE | KFI_COMMIT_DEEP))
		return -EINVAL;
	return kfr_rma(ep, KFR_OP_READ, msg, flags, NULL);
}

static ssize_t kfr_write(struct kfid_ep *ep, const void *buf, size_t len,
			 void *desc, kfi_addr_t dest_addr, u64 addr, u64 key,
			 void *context)
{
	struct kvec v = { (void *)buf, len };

	return kfr_rma_vec(ep, KFR_OP_WRITE, KFI_KVEC, &v, 1, len, dest_addr,
			   addr, key, context);
}

static ssize_t kfr_writev(struct kfid_ep *ep, const struct kvec *iov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_WRITE, KFI_KVEC, iov, count,
			   kfr_vec_len(KFI_KVEC, iov, count), dest_addr, addr,
			   key, context);
}

static ssize_t kfr_writebv(struct kfid_ep *ep, const struct bio_vec *biov,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_WRITE, KFI_BVEC, biov, count,
			   kfr_vec_len(KFI_BVEC, biov, count), dest_addr, addr,
			   key, context);
}

static ssize_t kfr_writesgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			    void **desc, size_t count, kfi_addr_t dest_addr,
			    u64 addr, u64 key, void *context)
{
	return kfr_rma_vec(ep, KFR_OP_WRITE, KFI_SGL, sgl, count,
			   kfr_vec_len(KFI_SGL, sgl, count), dest_addr, addr,
			   key, context);
}

static ssize_t kfr_writemsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			    u64 flags)
{
	return kfr_rma(ep, KFR_OP_WRITE, msg, flags, NULL);
}

static ssize_t kfr_inject_write(struct kfid_ep *fid, const void *buf,
				size_t len, kfi_addr_t dest_addr, u64 addr,
				u64 key)
{
	struct kfi_rma_iov rma = { .addr = addr, .len = len, .key = key };
	struct kvec v = { (void *)buf, len };
	struct kfi_msg_rma msg = {
		.type = KFI_KVEC,
		.msg_iov = &v,
		.iov_count = 1,
		.addr = dest_addr,
		.rma_iov = &rma,
		.rma_iov_count = 1,
	};
	u64 flags = kfr_ep_of(fid)->tx_flags & ~KFI_COMPLETION;

	return kfr_rma(fid, KFR_OP_WRITE, &msg, flags | KFI_INJECT, NULL);
}

const struct kfi_ops_rma kfr_rma_ops = {
	.size = sizeof(struct kfi_ops_rma),
	.read = kfr_read,
	.readv = kfr_readv,
	.readbv = kfr_readbv,
	.readsgl = kfr_readsgl,
	.readmsg = kfr_readmsg,
	.write = kfr_write,
	.writev = kfr_writev,
	.writebv = kfr_writebv,
	.writesgl = kfr_writesgl,
	.writemsg = kfr_writemsg,
	.inject = kfr_inject_write,
	.writedata = kfi_no_rma_writedata,
	.injectdata = kfi_no_rma_injectdata,
};

/**
 * kfr_commit() - the client's kfi_commit()
 * @fid: endpoint
 * @iov: ranges
 * @count: how many
 * @addr: peer
 * @level: how deep
 * @context: client's
 *
 * Context and return: see kfi_commit().
 */
ssize_t kfr_commit(struct kfid_ep *fid, const struct kfi_rma_iov *iov,
		   size_t count, kfi_addr_t addr, enum kfi_commit_level level,
		   void *context)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfr_peer *peer;
	struct kfr_op *op;
	int ret = 0;
	size_t i;

	if (!count || count > KFR_RMA_IOV_LIMIT || level > KFI_COMMIT_MEDIA)
		return -EINVAL;
	peer = kfr_peer_get(ep, addr);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	local_bh_disable();
	op = kfr_op_get(ep, 0, ep->tx_flags & KFI_COMPLETION);
	if (IS_ERR(op)) {
		ret = PTR_ERR(op);
		goto enable;
	}
	op->type = KFR_OP_COMMIT;
	op->stat = KFI_STAT_COMMIT;
	op->context = context;
	op->comp_flags = KFI_RMA | KFI_WRITE | KFI_COMMIT_COMPLETE;
	op->commit.level = level;
	for (i = 0; i < count && !ret; i++)
		ret = kfr_op_add_rma(op, peer, iov[i].key, iov[i].addr,
				     iov[i].len, KFI_WRITE);
	if (!ret && level != KFI_COMMIT_VISIBLE)
		ret = kfr_op_can_commit(op);
	if (!ret)
		ret = kfr_op_submit(peer, op);
	if (ret)
		kfr_op_free(op);
enable:
	local_bh_enable();
	return ret;
}

/**
 * kfr_publish() - the client's kfi_write_publish()
 * @fid: endpoint
 * @msg: data and word
 * @flags: of the call
 *
 * Context and return: see kfi_write_publish().
 */
ssize_t kfr_publish(struct kfid_ep *fid, const struct kfi_msg_publish *msg,
		    u64 flags)
{
	if (msg->word_addr % sizeof(u64) || msg->data.rma_iov_count != 1)
		return -EINVAL;
	return kfr_rma(fid, KFR_OP_PUBLISH, &msg->data,
		       flags | KFI_COMMIT_COMPLETE, msg);
}
