/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: tagged messages. Semantics: fi_tagged(3).
 *
 * Context and return values are those of posting calls, kfi_endpoint.h. A
 * receive takes the first message whose tag equals its own in all bits that are
 * not set in @ignore.
 */
#ifndef _KFI_TAGGED_H_
#define _KFI_TAGGED_H_

#include <kfi_endpoint.h>

/**
 * struct kfi_msg_tagged - a tagged message
 * @type: which member of the union is valid
 * @msg_iov: KFI_KVEC
 * @msg_biov: KFI_BVEC
 * @msg_sgl: KFI_SGL
 * @desc: local descriptors, one per entry, or NULL
 * @iov_count: entries
 * @addr: peer
 * @tag: tag
 * @ignore: bits of the tag that do not matter; receives only
 * @context: returned with the completion
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 */
struct kfi_msg_tagged {
	enum kfi_iov_type type;
	union {
		const struct kvec *msg_iov;
		const struct bio_vec *msg_biov;
		const struct scatterlist *msg_sgl;
	};
	void **desc;
	size_t iov_count;
	kfi_addr_t addr;
	u64 tag;
	u64 ignore;
	void *context;
	u64 data;
};

/**
 * struct kfi_ops_tagged - tagged message operations
 * @size: sizeof the table
 * @recv: see kfi_trecv()
 * @recvv: see kfi_trecvv()
 * @recvbv: see kfi_trecvbv()
 * @recvsgl: see kfi_trecvsgl()
 * @recvmsg: see kfi_trecvmsg()
 * @send: see kfi_tsend()
 * @sendv: see kfi_tsendv()
 * @sendbv: see kfi_tsendbv()
 * @sendsgl: see kfi_tsendsgl()
 * @sendmsg: see kfi_tsendmsg()
 * @inject: see kfi_tinject()
 * @senddata: see kfi_tsenddata()
 * @injectdata: see kfi_tinjectdata()
 */
struct kfi_ops_tagged {
	size_t size;
	ssize_t (*recv)(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, u64 tag, u64 ignore,
			void *context);
	ssize_t (*recvv)(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 u64 tag, u64 ignore, void *context);
	ssize_t (*recvbv)(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  u64 tag, u64 ignore, void *context);
	ssize_t (*recvsgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   u64 tag, u64 ignore, void *context);
	ssize_t (*recvmsg)(struct kfid_ep *ep,
			   const struct kfi_msg_tagged *msg, u64 flags);
	ssize_t (*send)(struct kfid_ep *ep, const void *buf, size_t len,
			void *desc, kfi_addr_t dest_addr, u64 tag,
			void *context);
	ssize_t (*sendv)(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t dest_addr,
			 u64 tag, void *context);
	ssize_t (*sendbv)(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  u64 tag, void *context);
	ssize_t (*sendsgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   u64 tag, void *context);
	ssize_t (*sendmsg)(struct kfid_ep *ep,
			   const struct kfi_msg_tagged *msg, u64 flags);
	ssize_t (*inject)(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr, u64 tag);
	ssize_t (*senddata)(struct kfid_ep *ep, const void *buf, size_t len,
			    void *desc, u64 data, kfi_addr_t dest_addr,
			    u64 tag, void *context);
	ssize_t (*injectdata)(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr, u64 tag);
};

/**
 * kfi_trecv() - post a buffer for a tagged message
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes
 * @desc: local descriptor
 * @src_addr: peer
 * @tag: tag
 * @ignore: bits of the tag that do not matter
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_trecv(struct kfid_ep *ep, void *buf, size_t len,
				void *desc, kfi_addr_t src_addr, u64 tag,
				u64 ignore, void *context)
{
	return ep->tagged->recv(ep, buf, len, desc, src_addr, tag, ignore,
				context);
}

/**
 * kfi_trecvv() - post buffers for a tagged message
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @tag: tag
 * @ignore: bits of the tag that do not matter
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_trecvv(struct kfid_ep *ep, const struct kvec *iov,
				 void **desc, size_t count, kfi_addr_t src_addr,
				 u64 tag, u64 ignore, void *context)
{
	return ep->tagged->recvv(ep, iov, desc, count, src_addr, tag, ignore,
				 context);
}

/**
 * kfi_trecvbv() - post pages for a tagged message
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @tag: tag
 * @ignore: bits of the tag that do not matter
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_trecvbv(struct kfid_ep *ep,
				  const struct bio_vec *biov, void **desc,
				  size_t count, kfi_addr_t src_addr, u64 tag,
				  u64 ignore, void *context)
{
	return ep->tagged->recvbv(ep, biov, desc, count, src_addr, tag, ignore,
				  context);
}

/**
 * kfi_trecvsgl() - post scatterlist for a tagged message
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @tag: tag
 * @ignore: bits of the tag that do not matter
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_trecvsgl(struct kfid_ep *ep,
				   const struct scatterlist *sgl, void **desc,
				   size_t count, kfi_addr_t src_addr, u64 tag,
				   u64 ignore, void *context)
{
	return ep->tagged->recvsgl(ep, sgl, desc, count, src_addr, tag, ignore,
				   context);
}

/**
 * kfi_trecvmsg() - post a tagged receive described by a struct
 * @ep: endpoint
 * @msg: receive; copied
 * @flags: KFI_COMPLETION, KFI_PEEK, KFI_CLAIM, KFI_DISCARD
 *
 * A posted tagged receive is also the target of kfi_readmsg() and
 * kfi_writemsg() with KFI_TAGGED, where the key is the tag.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_trecvmsg(struct kfid_ep *ep,
				   const struct kfi_msg_tagged *msg, u64 flags)
{
	return ep->tagged->recvmsg(ep, msg, flags);
}

/**
 * kfi_tsend() - send a tagged message
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes
 * @desc: local descriptor
 * @dest_addr: peer
 * @tag: tag
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsend(struct kfid_ep *ep, const void *buf, size_t len,
				void *desc, kfi_addr_t dest_addr, u64 tag,
				void *context)
{
	return ep->tagged->send(ep, buf, len, desc, dest_addr, tag, context);
}

/**
 * kfi_tsendv() - send buffers as one tagged message
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @tag: tag
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsendv(struct kfid_ep *ep, const struct kvec *iov,
				 void **desc, size_t count,
				 kfi_addr_t dest_addr, u64 tag, void *context)
{
	return ep->tagged->sendv(ep, iov, desc, count, dest_addr, tag, context);
}

/**
 * kfi_tsendbv() - send pages as one tagged message
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @tag: tag
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsendbv(struct kfid_ep *ep,
				  const struct bio_vec *biov, void **desc,
				  size_t count, kfi_addr_t dest_addr, u64 tag,
				  void *context)
{
	return ep->tagged->sendbv(ep, biov, desc, count, dest_addr, tag,
				  context);
}

/**
 * kfi_tsendsgl() - send scatterlist as one tagged message
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @tag: tag
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsendsgl(struct kfid_ep *ep,
				   const struct scatterlist *sgl, void **desc,
				   size_t count, kfi_addr_t dest_addr, u64 tag,
				   void *context)
{
	return ep->tagged->sendsgl(ep, sgl, desc, count, dest_addr, tag,
				   context);
}

/**
 * kfi_tsendmsg() - send a tagged message described by a struct
 * @ep: endpoint
 * @msg: message; copied
 * @flags: completion level, KFI_REMOTE_CQ_DATA, KFI_INJECT, KFI_FENCE, ...
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsendmsg(struct kfid_ep *ep,
				   const struct kfi_msg_tagged *msg, u64 flags)
{
	return ep->tagged->sendmsg(ep, msg, flags);
}

/**
 * kfi_tinject() - small tagged message; the buffer is free on return
 * @ep: endpoint
 * @buf: message
 * @len: bytes, at most inject_size
 * @dest_addr: peer
 * @tag: tag
 *
 * No completion entry is made on success.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tinject(struct kfid_ep *ep, const void *buf,
				  size_t len, kfi_addr_t dest_addr, u64 tag)
{
	return ep->tagged->inject(ep, buf, len, dest_addr, tag);
}

/**
 * kfi_tsenddata() - tagged message with remote CQ data
 * @ep: endpoint
 * @buf: message, or NULL with @len 0
 * @len: bytes
 * @desc: local descriptor
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 * @tag: tag
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tsenddata(struct kfid_ep *ep, const void *buf,
				    size_t len, void *desc, u64 data,
				    kfi_addr_t dest_addr, u64 tag,
				    void *context)
{
	return ep->tagged->senddata(ep, buf, len, desc, data, dest_addr, tag,
				    context);
}

/**
 * kfi_tinjectdata() - small tagged message with remote CQ data
 * @ep: endpoint
 * @buf: message
 * @len: bytes, at most inject_size
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 * @tag: tag
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_tinjectdata(struct kfid_ep *ep, const void *buf,
				      size_t len, u64 data,
				      kfi_addr_t dest_addr, u64 tag)
{
	return ep->tagged->injectdata(ep, buf, len, data, dest_addr, tag);
}

#endif /* _KFI_TAGGED_H_ */
