// SPDX-License-Identifier: GPL-2.0-only
/* The client's calls for atomics. */
#include "atomic.h"
#include "kfi_pmem_prov.h"
#include "kfi_prov.h"
#include "peer.h"
#include "rmr.h"

#define KFR_ATOMIC_FLAGS (KFI_COMPLETION | KFI_INJECT | KFI_FENCE | KFI_MORE | \
			  KFI_INJECT_COMPLETE | KFI_TRANSMIT_COMPLETE | \
			  KFI_DELIVERY_COMPLETE | KFI_COMMIT_COMPLETE | \
			  KFI_COMMIT_DEEP)

static int kfr_ioc_gather(struct kfr_op *op, const struct kfi_ioc *ioc,
			  size_t n, u32 size, size_t count)
{
	size_t i, got = 0;

	for (i = 0; i < n; i++) {
		if (ioc[i].count > count - got)
			return -EINVAL;
		memcpy(op->inject + op->ninject, ioc[i].addr,
		       ioc[i].count * size);
		op->ninject += ioc[i].count * size;
		got += ioc[i].count;
	}
	return got == count ? 0 : -EINVAL;
}

static u64 kfr_atomic_access(const struct kfr_op *op)
{
	u64 access = op->atomic.op == KFI_ATOMIC_READ ? 0 : KFI_WRITE;

	return op->atomic.fetch ? access | KFI_READ : access;
}

static ssize_t kfr_atomic(struct kfid_ep *fid, const struct kfi_msg_atomic *msg,
			  const struct kfi_ioc *compare, size_t compare_count,
			  struct kfi_ioc *result, size_t result_count,
			  u32 operands, u64 flags)
{
	struct kfr_ep *ep = kfr_ep_of(fid);
	u32 size = kfi_atomic_size(msg->datatype);
	struct kvec v[KFR_SEGS / 2];
	struct kfr_peer *peer;
	struct kfr_op *op;
	size_t count, i;
	u64 bytes;
	int ret;

	if (flags & ~KFR_ATOMIC_FLAGS || !(ep->caps & KFI_ATOMIC))
		return -EOPNOTSUPP;
	if (!kfi_atomic_supported(msg->datatype, msg->op))
		return -EOPNOTSUPP;
	if (flags & KFI_COMMIT_DEEP && !(flags & KFI_COMMIT_COMPLETE))
		return -EINVAL;
	if (kfi_atomic_operands(msg->op) > operands ||
	    kfi_atomic_operands(msg->op) / 2 != operands / 2 ||
	    msg->rma_iov_count != 1 || result_count > ARRAY_SIZE(v))
		return -EINVAL;
	/* One that only reads has to say where the value goes. */
	if (msg->op == KFI_ATOMIC_READ && !result_count)
		return -EINVAL;
	count = msg->rma_iov[0].count;
	bytes = (u64)count * size;
	if (!count || count > KFR_WIRE_REPLY_DATA || bytes > KFR_WIRE_REPLY_DATA)
		return -EMSGSIZE;
	if (msg->rma_iov[0].addr % size)
		return -EINVAL;

	peer = kfr_peer_get(ep, msg->addr);
	if (IS_ERR(peer))
		return PTR_ERR(peer);
	local_bh_disable();
	op = kfr_op_get(ep, KFR_SEGS, flags);
	if (IS_ERR(op)) {
		ret = PTR_ERR(op);
		goto enable;
	}
	op->type = KFR_OP_ATOMIC;
	op->stat = KFI_STAT_ATOMIC;
	op->context = msg->context;
	op->comp_flags = KFI_ATOMIC | (result_count ? KFI_READ : KFI_WRITE);
	op->atomic.datatype = msg->datatype;
	op->atomic.op = msg->op;
	op->atomic.count = count;
	op->atomic.fetch = result_count;
	ret = 0;
	if (kfi_atomic_operands(msg->op) > 0)
		ret = kfr_ioc_gather(op, msg->msg_iov, msg->iov_count, size,
				     count);
	if (!ret && operands == 2)
		ret = kfr_ioc_gather(op, compare, compare_count, size, count);
	for (i = 0; i < result_count; i++) {
		v[i].iov_base = result[i].addr;
		v[i].iov_len = result[i].count * size;
	}
	if (!ret && result_count) {
		if (kfr_iov_segs(KFI_KVEC, v, result_count) > KFR_SEGS)
			ret = -EINVAL;
		else
			ret = kfr_op_segs(op, KFI_KVEC, v, result_count);
		if (!ret && op->len != bytes)
			ret = -EINVAL;
	}
	op->len = bytes;
	if (!ret) {
		op->rma[0].rmr = kfr_rmr_get(peer, msg->rma_iov[0].key);
		if (IS_ERR(op->rma[0].rmr)) {
			ret = PTR_ERR(op->rma[0].rmr);
		} else {
			op->rma[0].offset = msg->rma_iov[0].addr;
			op->rma[0].len = bytes;
			op->nrma = 1;
			ret = kfr_rmr_check(op->rma[0].rmr, op->rma[0].offset,
					    bytes, kfr_atomic_access(op));
			if (!ret && flags & KFI_COMMIT_COMPLETE &&
			    op->rma[0].rmr->known &&
			    op->rma[0].rmr->attr.method == KFI_COMMIT_REFUSED)
				ret = -EOPNOTSUPP;
		}
	}
	if (!ret)
		ret = kfr_op_submit(peer, op);
	if (ret)
		kfr_op_free(op);
enable:
	local_bh_enable();
	return ret;
}

static ssize_t kfr_atomic_writemsg(struct kfid_ep *ep,
				   const struct kfi_msg_atomic *msg, u64 flags)
{
	return kfr_atomic(ep, msg, NULL, 0, NULL, 0, 1, flags);
}

static ssize_t kfr_atomic_readwritemsg(struct kfid_ep *ep,
				       const struct kfi_msg_atomic *msg,
				       struct kfi_ioc *resultv,
				       void **result_desc, size_t result_count,
				       u64 flags)
{
	return kfr_atomic(ep, msg, NULL, 0, resultv, result_count, 1, flags);
}

static ssize_t kfr_atomic_compwritemsg(struct kfid_ep *ep,
				       const struct kfi_msg_atomic *msg,
				       const struct kfi_ioc *comparev,
				       void **compare_desc,
				       size_t compare_count,
				       struct kfi_ioc *resultv,
				       void **result_desc, size_t result_count,
				       u64 flags)
{
	return kfr_atomic(ep, msg, comparev, compare_count, resultv,
			  result_count, 2, flags);
}

/* The calls without a message struct come down to those above. */
struct kfr_atomic_call {
	struct kfi_msg_atomic msg;
	struct kfi_rma_ioc rma;
};

static size_t kfr_ioc_count(const struct kfi_ioc *iov, size_t n)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += iov[i].count;
	return count;
}

static void kfr_atomic_call(struct kfr_atomic_call *call,
			    const struct kfi_ioc *iov, size_t n, size_t count,
			    kfi_addr_t dest, u64 addr, u64 key,
			    enum kfi_datatype datatype, enum kfi_op op,
			    void *context)
{
	call->rma = (struct kfi_rma_ioc) {
		.addr = addr,
		.count = count,
		.key = key,
	};
	call->msg = (struct kfi_msg_atomic) {
		.msg_iov = iov,
		.iov_count = n,
		.addr = dest,
		.rma_iov = &call->rma,
		.rma_iov_count = 1,
		.datatype = datatype,
		.op = op,
		.context = context,
	};
}

static ssize_t kfr_atomic_writev(struct kfid_ep *ep, const struct kfi_ioc *iov,
				 void **desc, size_t count,
				 kfi_addr_t dest_addr, u64 addr, u64 key,
				 enum kfi_datatype datatype, enum kfi_op op,
				 void *context)
{
	struct kfr_atomic_call call;

	kfr_atomic_call(&call, iov, count, kfr_ioc_count(iov, count),
			dest_addr, addr, key, datatype, op, context);
	return kfr_atomic_writemsg(ep, &call.msg, kfr_ep_of(ep)->tx_flags);
}

static ssize_t kfr_atomic_write(struct kfid_ep *ep, const void *buf,
				size_t count, void *desc, kfi_addr_t dest_addr,
				u64 addr, u64 key, enum kfi_datatype datatype,
				enum kfi_op op, void *context)
{
	struct kfi_ioc ioc = { (void *)buf, count };

	return kfr_atomic_writev(ep, &ioc, NULL, 1, dest_addr, addr, key,
				 datatype, op, context);
}

static ssize_t kfr_atomic_inject(struct kfid_ep *ep, const void *buf,
				 size_t count, kfi_addr_t dest_addr, u64 addr,
				 u64 key, enum kfi_datatype datatype,
				 enum kfi_op op)
{
	struct kfi_ioc ioc = { (void *)buf, count };
	struct kfr_atomic_call call;

	kfr_atomic_call(&call, &ioc, 1, count, dest_addr, addr, key, datatype,
			op, NULL);
	/* Operands are copied by every atomic. */
	return kfr_atomic_writemsg(ep, &call.msg, kfr_ep_of(ep)->tx_flags &
				   ~KFI_COMPLETION);
}

static ssize_t kfr_atomic_readwritev(struct kfid_ep *ep,
				     const struct kfi_ioc *iov, void **desc,
				     size_t count, struct kfi_ioc *resultv,
				     void **result_desc, size_t result_count,
				     kfi_addr_t dest_addr, u64 addr, u64 key,
				     enum kfi_datatype datatype, enum kfi_op op,
				     void *context)
{
	struct kfr_atomic_call call;

	kfr_atomic_call(&call, iov, count,
			kfr_ioc_count(resultv, result_count), dest_addr, addr,
			key, datatype, op, context);
	return kfr_atomic_readwritemsg(ep, &call.msg, resultv, result_desc,
				       result_count, kfr_ep_of(ep)->tx_flags);
}

static ssize_t kfr_atomic_readwrite(struct kfid_ep *ep, const void *buf,
				    size_t count, void *desc, void *result,
				    void *result_desc, kfi_addr_t dest_addr,
				    u64 addr, u64 key,
				    enum kfi_datatype datatype, enum kfi_op op,
				    void *context)
{
	struct kfi_ioc ioc = { (void *)buf, count };
	struct kfi_ioc res = { result, count };

	return kfr_atomic_readwritev(ep, &ioc, NULL, 1, &res, NULL, 1,
				     dest_addr, addr, key, datatype, op,
				     context);
}

static ssize_t kfr_atomic_compwritev(struct kfid_ep *ep,
				     const struct kfi_ioc *iov, void **desc,
				     size_t count,
				     const struct kfi_ioc *comparev,
				     void **compare_desc, size_t compare_count,
				     struct kfi_ioc *resultv,
				     void **result_desc, size_t result_count,
				     kfi_addr_t dest_addr, u64 addr, u64 key,
				     enum kfi_datatype datatype, enum kfi_op op,
				     void *context)
{
	struct kfr_atomic_call call;

	kfr_atomic_call(&call, iov, count, kfr_ioc_count(iov, count),
			dest_addr, addr, key, datatype, op, context);
	return kfr_atomic_compwritemsg(ep, &call.msg, comparev, compare_desc,
				       compare_count, resultv, result_desc,
				       result_count, kfr_ep_of(ep)->tx_flags);
}

static ssize_t kfr_atomic_compwrite(struct kfid_ep *ep, const void *buf,
				    size_t count, void *desc,
				    const void *compare, void *compare_desc,
				    void *result, void *result_desc,
				    kfi_addr_t dest_addr, u64 addr, u64 key,
				    enum kfi_datatype datatype, enum kfi_op op,
				    void *context)
{
	struct kfi_ioc ioc = { (void *)buf, count };
	struct kfi_ioc cmp = { (void *)compare, count };
	struct kfi_ioc res = { result, count };

	return kfr_atomic_compwritev(ep, &ioc, NULL, 1, &cmp, NULL, 1, &res,
				     NULL, 1, dest_addr, addr, key, datatype,
				     op, context);
}

static int kfr_atomic_valid(enum kfi_datatype datatype, enum kfi_op op,
			    bool compare, size_t *count)
{
	if (datatype >= KFI_DATATYPE_LAST || op >= KFI_ATOMIC_OP_LAST)
		return -EINVAL;
	if (!kfi_atomic_supported(datatype, op) ||
	    compare != (kfi_atomic_operands(op) == 2))
		return -EOPNOTSUPP;
	*count = KFR_WIRE_REPLY_DATA / kfi_atomic_size(datatype);
	return 0;
}

static int kfr_atomic_writevalid(struct kfid_ep *ep, enum kfi_datatype datatype,
				 enum kfi_op op, size_t *count)
{
	if (op == KFI_ATOMIC_READ)
		return -EOPNOTSUPP;
	return kfr_atomic_valid(datatype, op, false, count);
}

static int kfr_atomic_readwritevalid(struct kfid_ep *ep,
				     enum kfi_datatype datatype, enum kfi_op op,
				     size_t *count)
{
	return kfr_atomic_valid(datatype, op, false, count);
}

static int kfr_atomic_compwritevalid(struct kfid_ep *ep,
				     enum kfi_datatype datatype, enum kfi_op op,
				     size_t *count)
{
	return kfr_atomic_valid(datatype, op, true, count);
}

/**
 * kfr_query_atomic() - what the provider carries out
 * @domain: domain
 * @datatype: type
 * @op: operation
 * @attr: count and size, where it does
 * @flags: KFI_FETCH_ATOMIC, KFI_COMPARE_ATOMIC, KFI_COMMIT_COMPLETE
 *
 * Context: any.
 * Return: 0, -EOPNOTSUPP, -EINVAL.
 */
int kfr_query_atomic(struct kfid_domain *domain, enum kfi_datatype datatype,
		     enum kfi_op op, struct kfi_atomic_attr *attr, u64 flags)
{
	int ret;

	if (flags & ~(KFI_FETCH_ATOMIC | KFI_COMPARE_ATOMIC |
		      KFI_COMMIT_COMPLETE))
		return -EINVAL;
	if (op == KFI_ATOMIC_READ && !(flags & KFI_FETCH_ATOMIC))
		return -EOPNOTSUPP;
	ret = kfr_atomic_valid(datatype, op, flags & KFI_COMPARE_ATOMIC,
			       &attr->count);
	if (!ret)
		attr->size = kfi_atomic_size(datatype);
	return ret;
}

const struct kfi_ops_atomic kfr_atomic_ops = {
	.size = sizeof(struct kfi_ops_atomic),
	.write = kfr_atomic_write,
	.writev = kfr_atomic_writev,
	.writemsg = kfr_atomic_writemsg,
	.inject = kfr_atomic_inject,
	.readwrite = kfr_atomic_readwrite,
	.readwritev = kfr_atomic_readwritev,
	.readwritemsg = kfr_atomic_readwritemsg,
	.compwrite = kfr_atomic_compwrite,
	.compwritev = kfr_atomic_compwritev,
	.compwritemsg = kfr_atomic_compwritemsg,
	.writevalid = kfr_atomic_writevalid,
	.readwritevalid = kfr_atomic_readwritevalid,
	.compwritevalid = kfr_atomic_compwritevalid,
};
