/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: remote memory access. Semantics: fi_rma(3).
 *
 * Context and return values are those of posting calls, kfi_endpoint.h. Two
 * errors arrive with the completion: EACCES (the key does not allow it, or the
 * range is outside) and those of &struct kfi_cq_err_entry.
 *
 * @addr is an offset into the registration, or a virtual address with
 * KFI_MR_VIRT_ADDR; @key is its remote key. With KFI_TAGGED the target is a
 * posted tagged receive and the key is its tag.
 */
#ifndef _KFI_RMA_H_
#define _KFI_RMA_H_

#include <kfi_endpoint.h>

/**
 * struct kfi_rma_iov - a range of remote memory
 * @addr: offset or virtual address
 * @len: bytes
 * @key: remote key
 */
struct kfi_rma_iov {
	u64 addr;
	size_t len;
	u64 key;
};

/**
 * struct kfi_msg_rma - a remote read or write
 * @type: which member of the union is valid
 * @msg_iov: KFI_KVEC
 * @msg_biov: KFI_BVEC
 * @msg_sgl: KFI_SGL
 * @desc: local descriptors, one per entry, or NULL
 * @iov_count: entries
 * @addr: peer
 * @rma_iov: remote ranges
 * @rma_iov_count: entries
 * @context: returned with the completion
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 */
struct kfi_msg_rma {
	enum kfi_iov_type type;
	union {
		const struct kvec *msg_iov;
		const struct bio_vec *msg_biov;
		const struct scatterlist *msg_sgl;
	};
	void **desc;
	size_t iov_count;
	kfi_addr_t addr;
	const struct kfi_rma_iov *rma_iov;
	size_t rma_iov_count;
	void *context;
	u64 data;
};

/**
 * struct kfi_ops_rma - remote memory access
 * @size: sizeof the table
 * @read: see kfi_read()
 * @readv: see kfi_readv()
 * @readbv: see kfi_readbv()
 * @readsgl: see kfi_readsgl()
 * @readmsg: see kfi_readmsg()
 * @write: see kfi_write()
 * @writev: see kfi_writev()
 * @writebv: see kfi_writebv()
 * @writesgl: see kfi_writesgl()
 * @writemsg: see kfi_writemsg()
 * @inject: see kfi_inject_write()
 * @writedata: see kfi_writedata()
 * @injectdata: see kfi_inject_writedata()
 */
struct kfi_ops_rma {
	size_t size;
	ssize_t (*read)(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, u64 addr, u64 key, void *context);
	ssize_t (*readv)(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 u64 addr, u64 key, void *context);
	ssize_t (*readbv)(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  u64 addr, u64 key, void *context);
	ssize_t (*readsgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   u64 addr, u64 key, void *context);
	ssize_t (*readmsg)(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			   u64 flags);
	ssize_t (*write)(struct kfid_ep *ep, const void *buf, size_t len,
			 void *desc, kfi_addr_t dest_addr, u64 addr, u64 key,
			 void *context);
	ssize_t (*writev)(struct kfid_ep *ep, const struct kvec *iov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  u64 addr, u64 key, void *context);
	ssize_t (*writebv)(struct kfid_ep *ep, const struct bio_vec *biov,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   u64 addr, u64 key, void *context);
	ssize_t (*writesgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			    void **desc, size_t count, kfi_addr_t dest_addr,
			    u64 addr, u64 key, void *context);
	ssize_t (*writemsg)(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			    u64 flags);
	ssize_t (*inject)(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr, u64 addr, u64 key);
	ssize_t (*writedata)(struct kfid_ep *ep, const void *buf, size_t len,
			     void *desc, u64 data, kfi_addr_t dest_addr,
			     u64 addr, u64 key, void *context);
	ssize_t (*injectdata)(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr, u64 addr,
			      u64 key);
};

/**
 * kfi_read() - read remote memory
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes
 * @desc: local descriptor
 * @src_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_read(struct kfid_ep *ep, void *buf, size_t len,
			       void *desc, kfi_addr_t src_addr, u64 addr,
			       u64 key, void *context)
{
	return ep->rma->read(ep, buf, len, desc, src_addr, addr, key, context);
}

/**
 * kfi_readv() - read remote memory into buffers
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_readv(struct kfid_ep *ep, const struct kvec *iov,
				void **desc, size_t count, kfi_addr_t src_addr,
				u64 addr, u64 key, void *context)
{
	return ep->rma->readv(ep, iov, desc, count, src_addr, addr, key,
			      context);
}

/**
 * kfi_readbv() - read remote memory into pages
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_readbv(struct kfid_ep *ep, const struct bio_vec *biov,
				 void **desc, size_t count, kfi_addr_t src_addr,
				 u64 addr, u64 key, void *context)
{
	return ep->rma->readbv(ep, biov, desc, count, src_addr, addr, key,
			       context);
}

/**
 * kfi_readsgl() - read remote memory into scatterlist
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_readsgl(struct kfid_ep *ep,
				  const struct scatterlist *sgl, void **desc,
				  size_t count, kfi_addr_t src_addr, u64 addr,
				  u64 key, void *context)
{
	return ep->rma->readsgl(ep, sgl, desc, count, src_addr, addr, key,
				context);
}

/**
 * kfi_readmsg() - read described by a struct
 * @ep: endpoint
 * @msg: operation; copied
 * @flags: KFI_COMPLETION, KFI_TAGGED, KFI_FENCE, KFI_MORE
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_readmsg(struct kfid_ep *ep,
				  const struct kfi_msg_rma *msg, u64 flags)
{
	return ep->rma->readmsg(ep, msg, flags);
}

/**
 * kfi_write() - write remote memory
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes
 * @desc: local descriptor
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_write(struct kfid_ep *ep, const void *buf, size_t len,
				void *desc, kfi_addr_t dest_addr, u64 addr,
				u64 key, void *context)
{
	return ep->rma->write(ep, buf, len, desc, dest_addr, addr, key,
			      context);
}

/**
 * kfi_writev() - write remote memory from buffers
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_writev(struct kfid_ep *ep, const struct kvec *iov,
				 void **desc, size_t count,
				 kfi_addr_t dest_addr, u64 addr, u64 key,
				 void *context)
{
	return ep->rma->writev(ep, iov, desc, count, dest_addr, addr, key,
			       context);
}

/**
 * kfi_writebv() - write remote memory from pages
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_writebv(struct kfid_ep *ep,
				  const struct bio_vec *biov, void **desc,
				  size_t count, kfi_addr_t dest_addr, u64 addr,
				  u64 key, void *context)
{
	return ep->rma->writebv(ep, biov, desc, count, dest_addr, addr, key,
				context);
}

/**
 * kfi_writesgl() - write remote memory from scatterlist
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_writesgl(struct kfid_ep *ep,
				   const struct scatterlist *sgl, void **desc,
				   size_t count, kfi_addr_t dest_addr, u64 addr,
				   u64 key, void *context)
{
	return ep->rma->writesgl(ep, sgl, desc, count, dest_addr, addr, key,
				 context);
}

/**
 * kfi_writemsg() - write described by a struct
 * @ep: endpoint
 * @msg: operation; copied
 * @flags: completion level, KFI_TAGGED, KFI_REMOTE_CQ_DATA, KFI_FENCE, ...
 *
 * With KFI_COMMIT_COMPLETE the completion means that the data are durable at
 * the target. Where that cannot be had the call fails with -EOPNOTSUPP.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_writemsg(struct kfid_ep *ep,
				   const struct kfi_msg_rma *msg, u64 flags)
{
	return ep->rma->writemsg(ep, msg, flags);
}

/**
 * kfi_inject_write() - small write; the buffer is free on return
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes, at most inject_size
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 *
 * No completion entry is made on success.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_inject_write(struct kfid_ep *ep, const void *buf,
				       size_t len, kfi_addr_t dest_addr,
				       u64 addr, u64 key)
{
	return ep->rma->inject(ep, buf, len, dest_addr, addr, key);
}

/**
 * kfi_writedata() - write with remote CQ data
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes
 * @desc: local descriptor
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_writedata(struct kfid_ep *ep, const void *buf,
				    size_t len, void *desc, u64 data,
				    kfi_addr_t dest_addr, u64 addr, u64 key,
				    void *context)
{
	return ep->rma->writedata(ep, buf, len, desc, data, dest_addr, addr,
				  key, context);
}

/**
 * kfi_inject_writedata() - small write with remote CQ data
 * @ep: endpoint
 * @buf: local buffer
 * @len: bytes, at most inject_size
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t
kfi_inject_writedata(struct kfid_ep *ep, const void *buf, size_t len, u64 data,
		     kfi_addr_t dest_addr, u64 addr, u64 key)
{
	return ep->rma->injectdata(ep, buf, len, data, dest_addr, addr, key);
}

#endif /* _KFI_RMA_H_ */
