// SPDX-License-Identifier: GPL-2.0-only
/* Giving memory to a peer, and taking it back so that nothing lands any more. */
#include <linux/log2.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "grant.h"
#include "mr.h"
#include "params.h"
#include "session.h"

/**
 * kfr_grant_create() - make a grant without memory yet
 * @session: connection it is for
 * @access: KFI_REMOTE_READ, KFI_REMOTE_WRITE
 *
 * Context: process; session's control mutex held.
 * Return: grant or ERR_PTR(-ENOMEM).
 */
struct kfr_grant *kfr_grant_create(struct kfr_session *session, u64 access)
{
	struct kfr_grant *grant = kzalloc(sizeof(*grant), GFP_KERNEL);
	int ret;

	if (!grant)
		return ERR_PTR(-ENOMEM);
	grant->session = session;
	grant->why = -EKEYREVOKED;
	grant->access = access;
	INIT_LIST_HEAD(&grant->mr_entry);
	refcount_set(&grant->uses, 1);
	init_completion(&grant->unused);
	mutex_init(&grant->lock);
	/* Cyclic: a stale number meets no other grant for a long time. */
	ret = xa_alloc_cyclic_bh(&session->grants, &grant->id, NULL,
				 XA_LIMIT(1, INT_MAX), &session->next_grant,
				 GFP_KERNEL);
	if (ret < 0) {
		kfree(grant);
		return ERR_PTR(ret);
	}
	atomic_inc(&session->ngrants);
	return grant;
}

static struct page *kfr_grant_page(struct kfr_grant *grant, u64 address)
{
	struct kfr_mr *mr = grant->mr;
	u64 left = address;
	u32 i;

	if (grant->region)
		return kfi_region_page(grant->region, address);
	for (i = 0; i < mr->nsegs; i++) {
		u64 span = mr->segs[i].offset + mr->segs[i].len;

		if (left < span)
			return mr->segs[i].page + (left >> PAGE_SHIFT);
		left -= PAGE_ALIGN(span);
	}
	return NULL;
}

static void kfr_chunk_deregister(struct kfr_link *link, struct kfr_chunk *c)
{
	if (!c->mr)
		return;
	ib_dereg_mr(c->mr);
	ib_dma_unmap_sg(link->dev, c->sgl, c->nents, DMA_BIDIRECTIONAL);
	kvfree(c->sgl);
	c->mr = NULL;
}

static int kfr_chunk_register(struct kfr_grant *grant, struct kfr_chunk *c,
			      u32 page_shift, u64 first, u64 end)
{
	struct kfr_link *link = &grant->session->link;
	u64 page = 1ULL << page_shift, at = first;
	int access = 0, ret;
	struct ib_mr *mr;
	u32 i;

	c->nents = (round_up(end, page) - round_down(first, page)) >>
		   page_shift;
	c->sgl = kvcalloc(c->nents, sizeof(*c->sgl), GFP_KERNEL);
	if (!c->sgl)
		return -ENOMEM;
	sg_init_table(c->sgl, c->nents);
	for (i = 0; at < end; i++) {
		u32 len = min(page - (at & (page - 1)), end - at);

		sg_set_page(&c->sgl[i], kfr_grant_page(grant, at), len,
			    offset_in_page(at));
		at += len;
	}
	if (ib_dma_map_sg(link->dev, c->sgl, c->nents, DMA_BIDIRECTIONAL) !=
	    c->nents) {
		ret = -ENOMEM;
		goto err_free_sgl;
	}
	mr = ib_alloc_mr(link->pd, IB_MR_TYPE_MEM_REG, c->nents);
	if (IS_ERR(mr)) {
		ret = PTR_ERR(mr);
		goto err_unmap;
	}
	if (ib_map_mr_sg(mr, c->sgl, c->nents, NULL, page) != c->nents) {
		ret = -EOPNOTSUPP;
		goto err_dereg;
	}
	/*
	 * Peers address a region from its start: no kernel address goes on
	 * the wire, and none has to be guessed.
	 */
	mr->iova = first;
	if (grant->access & KFI_REMOTE_READ)
		access |= IB_ACCESS_REMOTE_READ;
	if (grant->access & KFI_REMOTE_WRITE)
		access |= IB_ACCESS_REMOTE_WRITE | IB_ACCESS_LOCAL_WRITE;
	if (grant->flush)
		access |= IB_ACCESS_FLUSH_PERSISTENT;
	ib_update_fast_reg_key(mr, ib_inc_rkey(mr->rkey));
	ret = kfr_link_reg_mr(link, mr, access);
	if (ret)
		goto err_dereg;
	c->mr = mr;
	return 0;

err_dereg:
	ib_dereg_mr(mr);
err_unmap:
	ib_dma_unmap_sg(link->dev, c->sgl, c->nents, DMA_BIDIRECTIONAL);
err_free_sgl:
	kvfree(c->sgl);
	return ret;
}

static void kfr_grant_deregister(struct kfr_grant *grant)
{
	u32 i;

	lockdep_assert_held(&grant->lock);
	for (i = 0; grant->hw && i < grant->chunks; i++)
		kfr_chunk_deregister(&grant->session->link, &grant->hw[i]);
	kvfree(grant->hw);
	grant->hw = NULL;
}

static int kfr_grant_register_all(struct kfr_grant *grant, u32 page_shift,
				  u32 nents)
{
	u64 end = grant->base + grant->size, at = grant->base;
	int ret = 0;
	u32 i;

	lockdep_assert_held(&grant->lock);
	grant->chunk_shift = page_shift + ilog2(nents);
	if (kfr_mr_limit)
		grant->chunk_shift = clamp_t(u32, ilog2(kfr_mr_limit),
					     max(20U, page_shift),
					     grant->chunk_shift);
	grant->chunks = ((end - 1) >> grant->chunk_shift) + 1;
	if (grant->chunks > KFR_WIRE_CHUNKS_MAX)
		return -EMSGSIZE;
	grant->hw = kvcalloc(grant->chunks, sizeof(*grant->hw), GFP_KERNEL);
	if (!grant->hw)
		return -ENOMEM;
	for (i = 0; i < grant->chunks && !ret; i++) {
		u64 next = min(end, (u64)(i + 1) << grant->chunk_shift);

		ret = kfr_chunk_register(grant, &grant->hw[i], page_shift, at,
					 next);
		at = next;
	}
	return ret;
}

/**
 * kfr_grant_register() - make the hardware keys of a grant
 * @grant: with its region or memory region set
 *
 * Uses the largest pages that the region and the device allow, so the cost
 * grows with the size over 2 MiB.
 *
 * Context: process.
 * Return: 0; -EKEYREVOKED: withdrawn meanwhile; -EMSGSIZE: too many keys;
 * what the device says.
 */
int kfr_grant_register(struct kfr_grant *grant)
{
	struct ib_device *dev = grant->session->link.dev;
	u32 nents = rounddown_pow_of_two(dev->attrs.max_fast_reg_page_list_len);
	u32 shift = PAGE_SHIFT;
	int ret = -EOPNOTSUPP;

	if (!nents)
		return -EOPNOTSUPP;
	mutex_lock(&grant->lock);
	if (grant->revoked) {
		ret = grant->why;
		goto unlock;
	}
	/* Withdrawing takes the region away, after it took this lock. */
	if (grant->region) {
		kfi_region_get_map(grant->region, &grant->map);
		grant->size = grant->map.size;
		shift = grant->map.block_shift;
		grant->flush = grant->may_flush &&
			       kfi_region_direct_begin(grant->region);
	} else {
		grant->size = grant->mr->len;
		grant->base = grant->mr->segs[0].offset;
	}
	/* A device, or a kernel, that takes no large pages says so here. */
	if (shift > PAGE_SHIFT)
		ret = kfr_grant_register_all(grant, shift, nents);
	if (ret == -EOPNOTSUPP) {
		kfr_grant_deregister(grant);
		ret = kfr_grant_register_all(grant, PAGE_SHIFT, nents);
	}
	if (ret)
		kfr_grant_deregister(grant);
unlock:
	mutex_unlock(&grant->lock);
	return ret;
}

/**
 * kfr_grant_withdraw() - take a grant back
 * @grant: grant
 *
 * When it returns, no access of the peer lands any more: the hardware keys
 * are void and no request is at work on the memory. The number stays, so that
 * later requests are told why.
 *
 * Context: process.
 */
void kfr_grant_withdraw(struct kfr_grant *grant)
{
	struct kfi_region *region;
	bool first;

	mutex_lock(&grant->lock);
	first = !grant->revoked;
	WRITE_ONCE(grant->revoked, true);
	kfr_grant_deregister(grant);
	mutex_unlock(&grant->lock);
	if (first) {
		atomic_dec(&grant->session->ngrants);
		kfr_grant_unuse(grant);
	}
	wait_for_completion(&grant->unused);
	/* Not held as long as the session: the region may be removed now. */
	region = xchg(&grant->region, NULL);
	if (region && grant->flush)
		kfi_region_direct_end(region);
	if (region)
		kfi_region_put(region);
}

/**
 * kfr_grant_destroy() - withdraw and free a grant
 * @grant: grant, erased from its session; no request can find it
 *
 * Context: process; must not hold an export's mutex.
 */
void kfr_grant_destroy(struct kfr_grant *grant)
{
	/*
	 * First: while the keys are good, whoever fences the peer or closes
	 * the memory must find this grant and wait for it.
	 */
	kfr_grant_withdraw(grant);
	if (grant->exported)
		kfi_export_unuse(&grant->user);
	if (grant->mr) {
		mutex_lock(&grant->mr->lock);
		list_del_init(&grant->mr_entry);
		mutex_unlock(&grant->mr->lock);
	}
	if (grant->mr)
		kfr_mr_put(grant->mr);
	kfree_rcu(grant, rcu);
}

/**
 * kfr_grant_use() - start to work on a range of a grant
 * @session: connection
 * @id: number that the peer sent
 * @access: what the request needs
 * @offset: first byte
 * @len: bytes
 *
 * Context: any but hard interrupt.
 * Return: the grant, until kfr_grant_unuse(); ERR_PTR(-ENOENT): none of that
 * number; -EKEYREVOKED or -ESTALE: withdrawn; -EACCES; -EINVAL: beyond its end.
 */
struct kfr_grant *kfr_grant_use(struct kfr_session *session, u32 id, u64 access,
				u64 offset, u64 len)
{
	struct kfr_grant *grant;
	int ret = 0;

	/* Without a use it may be freed, but not before we are out of here. */
	rcu_read_lock();
	grant = xa_load(&session->grants, id);
	if (unlikely(!grant))
		ret = -ENOENT;
	else if (unlikely(READ_ONCE(grant->revoked) ||
			  !refcount_inc_not_zero(&grant->uses)))
		ret = READ_ONCE(grant->why);
	rcu_read_unlock();
	if (unlikely(ret))
		return ERR_PTR(ret);
	if (unlikely(access & ~grant->access))
		ret = -EACCES;
	else if (unlikely(offset > grant->size || len > grant->size - offset))
		ret = -EINVAL;
	if (likely(!ret))
		return grant;
	kfr_grant_unuse(grant);
	return ERR_PTR(ret);
}

/**
 * kfr_grants_withdraw_mr() - take a closed memory region back from everybody
 * @mr: memory region
 *
 * Context: process.
 */
void kfr_grants_withdraw_mr(struct kfr_mr *mr)
{
	struct kfr_grant *grant;

	mutex_lock(&mr->lock);
	mr->closed = true;
	list_for_each_entry(grant, &mr->grants, mr_entry)
		kfr_grant_withdraw(grant);
	mutex_unlock(&mr->lock);
}

/**
 * kfr_grant_address() - kernel address of a range
 * @grant: grant in use
 * @offset: first byte, checked
 * @len: bytes, checked
 *
 * Context: any.
 * Return: address, or NULL where the range is not in one piece.
 */
void *kfr_grant_address(struct kfr_grant *grant, u64 offset, u64 len)
{
	if (grant->region)
		return grant->map.kaddr + offset;
	return kfr_mr_address(grant->mr, offset, len);
}
