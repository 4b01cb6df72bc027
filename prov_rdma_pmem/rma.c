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
		if (op->rma[i].rmr->known &&
		    op->rma[i].rmr->attr.method == KFI_COMMIT_REFUSED)
			return -EOPNOTSUPP;
	return 0;
}

struct kfr_rma_args {
	enum kfr_op_type type;
	enum kfi_iov_type iov_type;
	const void *iov;
	size_t iov_count;
	kfi_addr_t addr;
	const struct kfi_rma_iov *rma;
	size_t rma_count;
	void *context;
	u64 flags;
	const struct kfi_msg_publish *publish;
};

static ssize_t kfr_rma(struct kfr_ep *ep, const struct kfr_rma_args *args)
{
	bool write = args->type != KFR_OP_READ;
	u64 access = write ? KFI_WRITE : KFI_READ, total = 0;
	struct kfr_peer *peer;
	struct kfr_op *op;
	size_t segs, i;
	int ret;

	if (args->flags & ~KFR_RMA_FLAGS)
		return -EOPNOTSUPP;
	if (args->flags & KFI_COMMIT_DEEP &&
	    !(args->flags & KFI_COMMIT_COMPLETE))
		return -EINVAL;
	if (!(ep->caps & access))
		return -EOPNOTSUPP;
	if (!args->rma_count || args->rma_count > KFR_RMA_IOV_LIMIT)
		return -EINVAL;
	segs = kfr_iov_segs(args->iov_type, args->iov, args->iov_count);
	if (segs == SIZE_MAX)
		return -EINVAL;
	peer = kfr_peer_get(ep, args->addr);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	op = kfr_op_get(ep, segs, args->flags);
	if (IS_ERR(op))
		return PTR_ERR(op);

	op->type = args->type;
	op->context = args->context;
	op->comp_flags = KFI_RMA | access;
	if (args->type == KFR_OP_READ)
		op->stat = KFI_STAT_READ;
	else if (args->type == KFR_OP_PUBLISH)
		op->stat = KFI_STAT_PUBLISH;
	else
		op->stat = args->flags & KFI_COMMIT_COMPLETE ?
			   KFI_STAT_WRITE_COMMIT : KFI_STAT_WRITE;
	if (args->type == KFR_OP_PUBLISH)
		op->publish.rmr = NULL;
	ret = kfr_op_segs(op, args->iov_type, args->iov, args->iov_count);
	if (!ret && op->len > KFR_MAX_MSG_SIZE)
		ret = -EMSGSIZE;
	if (!ret && args->flags & KFI_INJECT)
		ret = write ? kfr_op_inject(op) : -EINVAL;
	for (i = 0; i < args->rma_count && !ret; i++) {
		ret = kfr_op_add_rma(op, peer, args->rma[i].key,
				     args->rma[i].addr, args->rma[i].len,
				     access);
		total += args->rma[i].len;
	}
	if (!ret && total != op->len)
		ret = -EINVAL;
	if (!ret && args->type == KFR_OP_PUBLISH) {
		op->publish.offset = args->publish->word_addr;
		op->publish.word = args->publish->word;
		op->publish.rmr = kfr_rmr_get(peer, args->publish->word_key);
		if (IS_ERR(op->publish.rmr)) {
			ret = PTR_ERR(op->publish.rmr);
			op->publish.rmr = NULL;
		} else {
			ret = kfr_rmr_check(op->publish.rmr,
					    op->publish.offset, sizeof(u64),
					    access);
		}
	}
	if (!ret && args->flags & KFI_COMMIT_COMPLETE)
		ret = kfr_op_can_commit(op);
	if (!ret)
		ret = kfr_op_submit(peer, op);
	if (ret)
		kfr_op_free(op);
	return ret;
}

static ssize_t kfr_rma_vec(struct kfid_ep *fid, enum kfr_op_type type,
			   enum kfi_iov_type iov_type, const void *iov,
			   size_t count, size_t len, kfi_addr_t peer, u64 addr,
			   u64 key, void *context)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kfi_rma_iov rma = { .addr = addr, .len = len, .key = key };
	struct kfr_rma_args args = {
		.type = type,
		.iov_type = iov_type,
		.iov = iov,
		.iov_count = count,
		.addr = peer,
		.rma = &rma,
		.rma_count = 1,
		.context = context,
		.flags = ep->tx_flags,
	};

	/* Default op flags that make no sense for a read. */
	if (type == KFR_OP_READ)
		args.flags &= ~(KFI_INJECT | KFI_COMMIT_COMPLETE |
				KFI_COMMIT_DEEP);
	return kfr_rma(ep, &args);
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

static ssize_t kfr_rma_msg(struct kfid_ep *fid, enum kfr_op_type type,
			   const struct kfi_msg_rma *msg, u64 flags,
			   const struct kfi_msg_publish *publish)
{
	struct kfr_rma_args args = {
		.type = type,
		.iov_type = msg->type,
		.iov = msg->msg_iov,
		.iov_count = msg->iov_count,
		.addr = msg->addr,
		.rma = msg->rma_iov,
		.rma_count = msg->rma_iov_count,
		.context = msg->context,
		.flags = flags,
		.publish = publish,
	};

	return kfr_rma(kfr_ep_of(fid), &args);
}

static ssize_t kfr_readmsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			   u64 flags)
{
	if (flags & (KFI_COMMIT_COMPLETE | KFI_COMMIT_DEEP))
		return -EINVAL;
	return kfr_rma_msg(ep, KFR_OP_READ, msg, flags, NULL);
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
	return kfr_rma_msg(ep, KFR_OP_WRITE, msg, flags, NULL);
}

static ssize_t kfr_inject_write(struct kfid_ep *fid, const void *buf,
				size_t len, kfi_addr_t dest_addr, u64 addr,
				u64 key)
{
	struct kfi_rma_iov rma = { .addr = addr, .len = len, .key = key };
	struct kfr_ep *ep = kfr_ep_of(fid);
	struct kvec v = { (void *)buf, len };
	struct kfr_rma_args args = {
		.type = KFR_OP_WRITE,
		.iov_type = KFI_KVEC,
		.iov = &v,
		.iov_count = 1,
		.addr = dest_addr,
		.rma = &rma,
		.rma_count = 1,
		.flags = (ep->tx_flags & ~KFI_COMPLETION) | KFI_INJECT,
	};

	return kfr_rma(ep, &args);
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
	op = kfr_op_get(ep, 0, ep->tx_flags & KFI_COMPLETION);
	if (IS_ERR(op))
		return PTR_ERR(op);
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
	return kfr_rma_msg(fid, KFR_OP_PUBLISH, &msg->data,
			   flags | KFI_COMMIT_COMPLETE, msg);
}
