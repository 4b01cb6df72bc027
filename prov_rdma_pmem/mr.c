// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory regions of a domain. Hardware keys are made later, for each peer
 * that asks for the region, in that peer's protection domain: see grant.c.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "grant.h"
#include "kfi_prov.h"
#include "mr.h"

#define KFR_MR_ACCESS	(KFI_READ | KFI_WRITE | KFI_SEND | KFI_RECV | \
			 KFI_REMOTE_READ | KFI_REMOTE_WRITE)

static void kfr_mr_release(struct kref *ref)
{
	struct kfr_mr *mr = container_of(ref, struct kfr_mr, ref);

	if (mr->region)
		kfi_region_put(mr->region);
	kvfree(mr->segs);
	kfree(mr);
}

/**
 * kfr_mr_put() - drop a reference
 * @mr: region
 *
 * Context: process.
 */
void kfr_mr_put(struct kfr_mr *mr)
{
	kref_put(&mr->ref, kfr_mr_release);
}

/**
 * kfr_mr_get() - find a region by key, with a reference
 * @domain: domain
 * @key: key
 *
 * Context: process.
 * Return: region or NULL.
 */
struct kfr_mr *kfr_mr_get(struct kfr_domain *domain, u64 key)
{
	struct kfr_mr *mr;

	xa_lock(&domain->mrs);
	mr = xa_load(&domain->mrs, key);
	if (mr && !kref_get_unless_zero(&mr->ref))
		mr = NULL;
	xa_unlock(&domain->mrs);
	return mr;
}

/**
 * kfr_mr_address() - kernel address of a range
 * @mr: region of ordinary memory
 * @offset: first byte, within the region
 * @len: bytes
 *
 * Context: any.
 * Return: address, or NULL where the range is not in one piece.
 */
void *kfr_mr_address(struct kfr_mr *mr, u64 offset, u64 len)
{
	u32 i;

	for (i = 0; i < mr->nsegs; i++) {
		const struct kfr_seg *seg = &mr->segs[i];

		if (offset < seg->len)
			return len > seg->len - offset ? NULL :
			       page_address(seg->page) + seg->offset + offset;
		offset -= seg->len;
	}
	return NULL;
}

static int kfr_mr_close(struct kfid *fid)
{
	struct kfr_mr *mr = container_of(fid, struct kfr_mr, mr.fid);
	int ret = kfid_try_close(fid);

	if (ret)
		return ret;
	xa_erase(&mr->domain->mrs, mr->key);
	kfr_grants_withdraw_mr(mr);
	kfid_put(&mr->domain->domain.fid);
	kfr_mr_put(mr);
	return 0;
}

static const struct kfi_ops kfr_mr_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_mr_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

static int kfr_mr_segs(struct kfr_mr *mr, enum kfi_iov_type type,
		       const void *iov, size_t count)
{
	/* Borrow the operation's way of taking vectors apart. */
	struct kfr_op *op;
	size_t segs;
	int ret;
	u32 i;

	segs = kfr_iov_segs(type, iov, count);
	if (segs == SIZE_MAX || !segs)
		return -EINVAL;
	mr->segs = kvcalloc(segs, sizeof(*mr->segs), GFP_KERNEL);
	op = kzalloc(sizeof(*op), GFP_KERNEL);
	if (!mr->segs || !op) {
		kfree(op);
		return -ENOMEM;
	}
	op->segs = mr->segs;
	ret = kfr_op_segs(op, type, iov, count);
	mr->nsegs = op->nsegs;
	mr->len = op->len;
	kfree(op);
	if (ret || !mr->nsegs)
		return ret ?: -EINVAL;
	/* One hardware region has no gaps between its pages. */
	for (i = 0; i < mr->nsegs; i++) {
		if ((i && mr->segs[i].offset) ||
		    (i + 1 < mr->nsegs &&
		     !PAGE_ALIGNED(mr->segs[i].offset + mr->segs[i].len)))
			return -EINVAL;
	}
	return 0;
}

static int kfr_mr_regattr(struct kfid *fid, const struct kfi_mr_attr *attr,
			  u64 flags, struct kfid_mr **out)
{
	struct kfr_domain *domain = container_of(fid, struct kfr_domain,
						 domain.fid);
	struct kfi_pmem_attr facts;
	struct kfr_mr *mr;
	int ret;

	if (flags & ~KFI_RMA_PMEM || attr->offset ||
	    attr->access & ~KFR_MR_ACCESS)
		return -EINVAL;
	/* Ordinary memory cannot be registered as persistent. */
	if (flags & KFI_RMA_PMEM && !attr->region)
		return -EOPNOTSUPP;
	/* Keys with bit 63 are those of exported regions. */
	if (!attr->region && attr->requested_key & BIT_ULL(63))
		return -EINVAL;
	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return -ENOMEM;
	kref_init(&mr->ref);
	mutex_init(&mr->lock);
	INIT_LIST_HEAD(&mr->grants);
	mr->domain = domain;
	mr->access = attr->access;
	mr->key = attr->requested_key;
	if (attr->region) {
		kfi_region_query(attr->region, &facts);
		if (flags & KFI_RMA_PMEM &&
		    facts.domain == KFI_PMEM_DOMAIN_NONE) {
			ret = -EOPNOTSUPP;
			goto err;
		}
		kfi_region_get(attr->region);
		mr->region = attr->region;
		mr->len = facts.size;
	} else {
		ret = kfr_mr_segs(mr, attr->type, attr->mr_iov,
				  attr->iov_count);
		if (ret)
			goto err;
	}
	kfid_init(&mr->mr.fid, KFI_CLASS_MR, attr->context, &kfr_mr_fid_ops);
	mr->mr.key = mr->key;
	ret = xa_insert(&domain->mrs, mr->key, mr, GFP_KERNEL);
	if (ret) {
		ret = ret == -EBUSY ? -ENOKEY : ret;
		goto err;
	}
	kfid_get(&domain->domain.fid);
	*out = &mr->mr;
	return 0;

err:
	kfr_mr_put(mr);
	return ret;
}

static int kfr_mr_reg_vec(struct kfid *fid, enum kfi_iov_type type,
			  const void *iov, size_t count, u64 access, u64 offset,
			  u64 key, u64 flags, struct kfid_mr **mr,
			  void *context)
{
	struct kfi_mr_attr attr = {
		.type = type,
		.mr_iov = iov,
		.iov_count = count,
		.access = access,
		.offset = offset,
		.requested_key = key,
		.context = context,
	};

	return kfr_mr_regattr(fid, &attr, flags, mr);
}

static int kfr_mr_reg(struct kfid *fid, const void *buf, size_t len, u64 access,
		      u64 offset, u64 requested_key, u64 flags,
		      struct kfid_mr **mr, void *context)
{
	struct kvec v = { (void *)buf, len };

	return kfr_mr_reg_vec(fid, KFI_KVEC, &v, 1, access, offset,
			      requested_key, flags, mr, context);
}

static int kfr_mr_regv(struct kfid *fid, const struct kvec *iov, size_t count,
		       u64 access, u64 offset, u64 requested_key, u64 flags,
		       struct kfid_mr **mr, void *context)
{
	return kfr_mr_reg_vec(fid, KFI_KVEC, iov, count, access, offset,
			      requested_key, flags, mr, context);
}

static int kfr_mr_regbv(struct kfid *fid, const struct bio_vec *biov,
			size_t count, u64 access, u64 offset,
			u64 requested_key, u64 flags, struct kfid_mr **mr,
			void *context)
{
	return kfr_mr_reg_vec(fid, KFI_BVEC, biov, count, access, offset,
			      requested_key, flags, mr, context);
}

static int kfr_mr_regsgl(struct kfid *fid, const struct scatterlist *sgl,
			 size_t count, u64 access, u64 offset,
			 u64 requested_key, u64 flags, struct kfid_mr **mr,
			 void *context)
{
	return kfr_mr_reg_vec(fid, KFI_SGL, sgl, count, access, offset,
			      requested_key, flags, mr, context);
}

const struct kfi_ops_mr kfr_mr_ops = {
	.size = sizeof(struct kfi_ops_mr),
	.reg = kfr_mr_reg,
	.regv = kfr_mr_regv,
	.regbv = kfr_mr_regbv,
	.regsgl = kfr_mr_regsgl,
	.regattr = kfr_mr_regattr,
};
