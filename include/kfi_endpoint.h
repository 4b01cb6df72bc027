/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: endpoints and messages. Semantics: fi_endpoint(3), fi_msg(3).
 *
 * Rules of every posting call, here and in kfi_rma.h, kfi_tagged.h and
 * kfi_atomic.h:
 *
 * Context: any context but hard interrupt. The call does not sleep and does
 * not allocate; it may take the endpoint's spinlock.
 *
 * Return: 0 when the operation is queued; its outcome is then told by the CQ
 * or counter. Otherwise nothing was queued:
 *   -EAGAIN		queue full; try again when the queue has had a completion
 *   -EMSGSIZE		longer than max_msg_size, or than inject_size for inject
 *   -EINVAL		a scatter list beyond the limits, or an unknown flag
 *   -EOPNOTSUPP	a completion level or flag that cannot be honoured
 *   -KFI_EOPBADSTATE	the endpoint is not enabled
 *   -ENOSYS		the provider has no such operation
 *
 * @desc is kfi_mr_desc() of a registration of the buffer, or NULL without
 * KFI_MR_LOCAL. An address of KFI_ADDR_UNSPEC receives from anyone. Lengths are
 * bytes.
 */
#ifndef _KFI_ENDPOINT_H_
#define _KFI_ENDPOINT_H_

#include <linux/container_of.h>
#include <kfabric.h>
#include <kfi_domain.h>

struct kfi_ops_cm;
struct kfi_ops_rma;
struct kfi_ops_tagged;
struct kfi_ops_atomic;
struct kfi_ops_pmem;

/* Option levels of kfi_setopt() and kfi_getopt(). */
enum {
	KFI_OPT_ENDPOINT,
};

/* Options at level KFI_OPT_ENDPOINT. */
enum {
	KFI_OPT_MIN_MULTI_RECV,		/* size_t, bytes */
	KFI_OPT_CM_DATA_SIZE,		/* size_t, bytes, read only */
};

/**
 * struct kfi_msg - a message
 * @type: which member of the union is valid
 * @msg_iov: KFI_KVEC
 * @msg_biov: KFI_BVEC
 * @msg_sgl: KFI_SGL
 * @desc: local descriptors, one per entry, or NULL
 * @iov_count: entries
 * @addr: peer
 * @context: returned with the completion
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 */
struct kfi_msg {
	enum kfi_iov_type type;
	union {
		const struct kvec *msg_iov;
		const struct bio_vec *msg_biov;
		const struct scatterlist *msg_sgl;
	};
	void **desc;
	size_t iov_count;
	kfi_addr_t addr;
	void *context;
	u64 data;
};

/**
 * struct kfi_ops_ep - operations of an endpoint
 * @size: sizeof the table
 * @cancel: see kfi_cancel()
 * @getopt: see kfi_getopt()
 * @setopt: see kfi_setopt()
 * @tx_ctx: see kfi_tx_context()
 * @rx_ctx: see kfi_rx_context()
 * @rx_size_left: see kfi_rx_size_left()
 * @tx_size_left: see kfi_tx_size_left()
 */
struct kfi_ops_ep {
	size_t size;
	ssize_t (*cancel)(struct kfid *fid, void *context);
	int (*getopt)(struct kfid *fid, int level, int optname, void *optval,
		      size_t *optlen);
	int (*setopt)(struct kfid *fid, int level, int optname,
		      const void *optval, size_t optlen);
	int (*tx_ctx)(struct kfid_ep *sep, int index, struct kfi_tx_attr *attr,
		      struct kfid_ep **tx_ep, void *context);
	int (*rx_ctx)(struct kfid_ep *sep, int index, struct kfi_rx_attr *attr,
		      struct kfid_ep **rx_ep, void *context);
	ssize_t (*rx_size_left)(struct kfid_ep *ep);
	ssize_t (*tx_size_left)(struct kfid_ep *ep);
};

/**
 * struct kfi_ops_msg - message operations
 * @size: sizeof the table
 * @recv: see kfi_recv()
 * @recvv: see kfi_recvv()
 * @recvbv: see kfi_recvbv()
 * @recvsgl: see kfi_recvsgl()
 * @recvmsg: see kfi_recvmsg()
 * @send: see kfi_send()
 * @sendv: see kfi_sendv()
 * @sendbv: see kfi_sendbv()
 * @sendsgl: see kfi_sendsgl()
 * @sendmsg: see kfi_sendmsg()
 * @inject: see kfi_inject()
 * @senddata: see kfi_senddata()
 * @injectdata: see kfi_injectdata()
 */
struct kfi_ops_msg {
	size_t size;
	ssize_t (*recv)(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, void *context);
	ssize_t (*recvv)(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 void *context);
	ssize_t (*recvbv)(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  void *context);
	ssize_t (*recvsgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   void *context);
	ssize_t (*recvmsg)(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags);
	ssize_t (*send)(struct kfid_ep *ep, const void *buf, size_t len,
			void *desc, kfi_addr_t dest_addr, void *context);
	ssize_t (*sendv)(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t dest_addr,
			 void *context);
	ssize_t (*sendbv)(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  void *context);
	ssize_t (*sendsgl)(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   void *context);
	ssize_t (*sendmsg)(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags);
	ssize_t (*inject)(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr);
	ssize_t (*senddata)(struct kfid_ep *ep, const void *buf, size_t len,
			    void *desc, u64 data, kfi_addr_t dest_addr,
			    void *context);
	ssize_t (*injectdata)(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr);
};

/**
 * struct kfid_ep - an endpoint, scalable endpoint, or context of one
 * @fid: head
 * @ops: operations
 * @cm: names and connections
 * @msg: messages
 * @rma: remote memory access
 * @tagged: tagged messages
 * @atomic: atomics
 * @pmem: commit and publish, kfi_pmem.h
 *
 * Calls that change an endpoint (bind, control, setopt, close) are serialised
 * by the caller against all others on it.
 */
struct kfid_ep {
	struct kfid fid;
	const struct kfi_ops_ep *ops;
	const struct kfi_ops_cm *cm;
	const struct kfi_ops_msg *msg;
	const struct kfi_ops_rma *rma;
	const struct kfi_ops_tagged *tagged;
	const struct kfi_ops_atomic *atomic;
	const struct kfi_ops_pmem *pmem;
};

/**
 * struct kfid_pep - a passive endpoint
 * @fid: head
 * @ops: operations
 * @cm: names and connections
 */
struct kfid_pep {
	struct kfid fid;
	const struct kfi_ops_ep *ops;
	const struct kfi_ops_cm *cm;
};

/**
 * struct kfid_stx - a shared transmit context
 * @fid: head
 * @ops: operations
 */
struct kfid_stx {
	struct kfid fid;
	const struct kfi_ops_ep *ops;
};

/**
 * kfi_passive_ep() - open an endpoint that listens
 * @fabric: its fabric
 * @info: from kfi_getinfo()
 * @pep: the endpoint
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_passive_ep(struct kfid_fabric *fabric,
				 struct kfi_info *info, struct kfid_pep **pep,
				 void *context)
{
	return fabric->ops->passive_ep(fabric, info, pep, context);
}

/**
 * kfi_endpoint() - open an endpoint
 * @domain: its domain
 * @info: from kfi_getinfo()
 * @ep: the endpoint
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error; -EOPNOTSUPP when a default op flag such as
 * KFI_COMMIT_COMPLETE cannot be honoured.
 */
static inline int kfi_endpoint(struct kfid_domain *domain,
			       struct kfi_info *info, struct kfid_ep **ep,
			       void *context)
{
	return domain->ops->endpoint(domain, info, ep, context);
}

/**
 * kfi_scalable_ep() - open an endpoint with several contexts
 * @domain: its domain
 * @info: from kfi_getinfo()
 * @sep: the endpoint
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_scalable_ep(struct kfid_domain *domain,
				  struct kfi_info *info, struct kfid_ep **sep,
				  void *context)
{
	return domain->ops->scalable_ep(domain, info, sep, context);
}

/**
 * kfi_ep_bind() - give an endpoint a CQ, counter, AV, EQ or shared context
 * @ep: the endpoint, not yet enabled
 * @bfid: the other object
 * @flags: KFI_TRANSMIT, KFI_RECV, KFI_SELECTIVE_COMPLETION, and for counters
 *	KFI_READ, KFI_WRITE, KFI_REMOTE_READ, KFI_REMOTE_WRITE
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_ep_bind(struct kfid_ep *ep, struct kfid *bfid, u64 flags)
{
	return ep->fid.ops->bind(&ep->fid, bfid, flags);
}

/**
 * kfi_pep_bind() - give a passive endpoint an EQ
 * @pep: the endpoint
 * @bfid: the EQ
 * @flags: 0
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_pep_bind(struct kfid_pep *pep, struct kfid *bfid,
			       u64 flags)
{
	return pep->fid.ops->bind(&pep->fid, bfid, flags);
}

/**
 * kfi_scalable_ep_bind() - give a scalable endpoint an AV
 * @sep: the endpoint
 * @bfid: the AV
 * @flags: 0
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_scalable_ep_bind(struct kfid_ep *sep, struct kfid *bfid,
				       u64 flags)
{
	return sep->fid.ops->bind(&sep->fid, bfid, flags);
}

/**
 * kfi_enable() - make an endpoint ready
 * @ep: the endpoint, with everything bound. Requests are allocated here.
 *
 * Context: may sleep.
 * Return: 0; -KFI_ENOCQ or -KFI_ENOAV when a binding is missing; an error.
 */
static inline int kfi_enable(struct kfid_ep *ep)
{
	return ep->fid.ops->control(&ep->fid, KFI_ENABLE, NULL);
}

/**
 * kfi_cancel() - cancel an operation that has not started
 * @fid: head of the endpoint it was posted to
 * @context: the context it was posted with
 *
 * A cancelled operation completes with an error entry of ECANCELED.
 *
 * Context: as posting calls.
 * Return: 0; -ENOENT when there is none; -EAGAIN.
 */
static inline ssize_t kfi_cancel(struct kfid *fid, void *context)
{
	struct kfid_ep *ep = container_of(fid, struct kfid_ep, fid);

	return ep->ops->cancel(fid, context);
}

/**
 * kfi_setopt() - set an option
 * @fid: head of the endpoint
 * @level: KFI_OPT_ENDPOINT
 * @optname: KFI_OPT_MIN_MULTI_RECV and the like
 * @optval: value
 * @optlen: bytes at @optval
 *
 * Context: may sleep.
 * Return: 0; -ENOPROTOOPT for an unknown level or option; -EINVAL.
 */
static inline int kfi_setopt(struct kfid *fid, int level, int optname,
			     const void *optval, size_t optlen)
{
	struct kfid_ep *ep = container_of(fid, struct kfid_ep, fid);

	return ep->ops->setopt(fid, level, optname, optval, optlen);
}

/**
 * kfi_getopt() - read an option
 * @fid: head of the endpoint
 * @level: KFI_OPT_ENDPOINT
 * @optname: KFI_OPT_MIN_MULTI_RECV and the like
 * @optval: filled
 * @optlen: bytes at @optval; set to the length of the value
 *
 * Context: may sleep.
 * Return: 0; -ENOPROTOOPT for an unknown level or option; -KFI_ETOOSMALL.
 */
static inline int kfi_getopt(struct kfid *fid, int level, int optname,
			     void *optval, size_t *optlen)
{
	struct kfid_ep *ep = container_of(fid, struct kfid_ep, fid);

	return ep->ops->getopt(fid, level, optname, optval, optlen);
}

/**
 * kfi_ep_alias() - another handle on an endpoint, with its own op flags
 * @ep: the endpoint
 * @alias_ep: the alias
 * @flags: KFI_TRANSMIT or KFI_RECV, and the op flags
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_ep_alias(struct kfid_ep *ep, struct kfid_ep **alias_ep,
			       u64 flags)
{
	struct kfid *fid;
	int ret;

	ret = kfi_alias(&ep->fid, &fid, flags);
	if (!ret)
		*alias_ep = container_of(fid, struct kfid_ep, fid);
	return ret;
}

/**
 * kfi_tx_context() - open a transmit context of a scalable endpoint
 * @sep: the endpoint
 * @index: below ep_attr.tx_ctx_cnt
 * @attr: attributes, or NULL
 * @tx_ep: the context
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_tx_context(struct kfid_ep *sep, int index,
				 struct kfi_tx_attr *attr,
				 struct kfid_ep **tx_ep, void *context)
{
	return sep->ops->tx_ctx(sep, index, attr, tx_ep, context);
}

/**
 * kfi_rx_context() - open a receive context of a scalable endpoint
 * @sep: the endpoint
 * @index: below ep_attr.rx_ctx_cnt; peers name it with kfi_rx_addr()
 * @attr: attributes, or NULL
 * @rx_ep: the context
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_rx_context(struct kfid_ep *sep, int index,
				 struct kfi_rx_attr *attr,
				 struct kfid_ep **rx_ep, void *context)
{
	return sep->ops->rx_ctx(sep, index, attr, rx_ep, context);
}

/**
 * kfi_stx_context() - open a transmit context for several endpoints
 * @domain: its domain
 * @attr: attributes
 * @stx: the context
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_stx_context(struct kfid_domain *domain,
				  struct kfi_tx_attr *attr,
				  struct kfid_stx **stx, void *context)
{
	return domain->ops->stx_ctx(domain, attr, stx, context);
}

/**
 * kfi_srx_context() - open a receive context for several endpoints
 * @domain: its domain
 * @attr: attributes
 * @rx_ep: the context
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_srx_context(struct kfid_domain *domain,
				  struct kfi_rx_attr *attr,
				  struct kfid_ep **rx_ep, void *context)
{
	return domain->ops->srx_ctx(domain, attr, rx_ep, context);
}

/**
 * kfi_rx_size_left() - lower bound of receives that can be posted now
 * @ep: the endpoint
 *
 * Context: any context.
 * Return: operations, or an error.
 */
static inline ssize_t kfi_rx_size_left(struct kfid_ep *ep)
{
	return ep->ops->rx_size_left(ep);
}

/**
 * kfi_tx_size_left() - lower bound of transmits that can be posted now
 * @ep: the endpoint
 *
 * Context: any context.
 * Return: operations, or an error.
 */
static inline ssize_t kfi_tx_size_left(struct kfid_ep *ep)
{
	return ep->ops->tx_size_left(ep);
}

/**
 * kfi_recv() - post a buffer for a message
 * @ep: endpoint
 * @buf: buffer
 * @len: bytes
 * @desc: local descriptor
 * @src_addr: peer, or KFI_ADDR_UNSPEC
 * @context: returned with the completion
 *
 * With KFI_MULTI_RECV in the default op flags the buffer takes messages until
 * fewer than KFI_OPT_MIN_MULTI_RECV bytes are left; the completion that
 * releases it has KFI_MULTI_RECV in its flags.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_recv(struct kfid_ep *ep, void *buf, size_t len,
			       void *desc, kfi_addr_t src_addr, void *context)
{
	return ep->msg->recv(ep, buf, len, desc, src_addr, context);
}

/**
 * kfi_recvv() - post a list of buffers for a message
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer, or KFI_ADDR_UNSPEC
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_recvv(struct kfid_ep *ep, const struct kvec *iov,
				void **desc, size_t count,
				kfi_addr_t src_addr, void *context)
{
	return ep->msg->recvv(ep, iov, desc, count, src_addr, context);
}

/**
 * kfi_recvbv() - post a list of pages for a message
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer, or KFI_ADDR_UNSPEC
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_recvbv(struct kfid_ep *ep,
				 const struct bio_vec *biov, void **desc,
				 size_t count, kfi_addr_t src_addr,
				 void *context)
{
	return ep->msg->recvbv(ep, biov, desc, count, src_addr, context);
}

/**
 * kfi_recvsgl() - post a scatterlist for a message
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @src_addr: peer, or KFI_ADDR_UNSPEC
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_recvsgl(struct kfid_ep *ep,
				  const struct scatterlist *sgl, void **desc,
				  size_t count, kfi_addr_t src_addr,
				  void *context)
{
	return ep->msg->recvsgl(ep, sgl, desc, count, src_addr, context);
}

/**
 * kfi_recvmsg() - post a receive described by a struct
 * @ep: endpoint
 * @msg: receive; copied
 * @flags: KFI_COMPLETION, KFI_MULTI_RECV, KFI_MORE
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_recvmsg(struct kfid_ep *ep,
				  const struct kfi_msg *msg, u64 flags)
{
	return ep->msg->recvmsg(ep, msg, flags);
}

/**
 * kfi_send() - send a message
 * @ep: endpoint
 * @buf: message
 * @len: bytes
 * @desc: local descriptor
 * @dest_addr: peer
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_send(struct kfid_ep *ep, const void *buf, size_t len,
			       void *desc, kfi_addr_t dest_addr, void *context)
{
	return ep->msg->send(ep, buf, len, desc, dest_addr, context);
}

/**
 * kfi_sendv() - send a list of buffers as one message
 * @ep: endpoint
 * @iov: buffers
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_sendv(struct kfid_ep *ep, const struct kvec *iov,
				void **desc, size_t count,
				kfi_addr_t dest_addr, void *context)
{
	return ep->msg->sendv(ep, iov, desc, count, dest_addr, context);
}

/**
 * kfi_sendbv() - send a list of pages as one message
 * @ep: endpoint
 * @biov: pages
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_sendbv(struct kfid_ep *ep,
				 const struct bio_vec *biov, void **desc,
				 size_t count, kfi_addr_t dest_addr,
				 void *context)
{
	return ep->msg->sendbv(ep, biov, desc, count, dest_addr, context);
}

/**
 * kfi_sendsgl() - send a scatterlist as one message
 * @ep: endpoint
 * @sgl: scatterlist
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_sendsgl(struct kfid_ep *ep,
				  const struct scatterlist *sgl, void **desc,
				  size_t count, kfi_addr_t dest_addr,
				  void *context)
{
	return ep->msg->sendsgl(ep, sgl, desc, count, dest_addr, context);
}

/**
 * kfi_sendmsg() - send a message described by a struct
 * @ep: endpoint
 * @msg: message; copied
 * @flags: completion level, KFI_REMOTE_CQ_DATA, KFI_INJECT, KFI_FENCE, ...
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_sendmsg(struct kfid_ep *ep,
				  const struct kfi_msg *msg, u64 flags)
{
	return ep->msg->sendmsg(ep, msg, flags);
}

/**
 * kfi_inject() - send a small message; the buffer is free on return
 * @ep: endpoint
 * @buf: message
 * @len: bytes, at most inject_size
 * @dest_addr: peer
 *
 * No completion entry is made on success.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_inject(struct kfid_ep *ep, const void *buf,
				 size_t len, kfi_addr_t dest_addr)
{
	return ep->msg->inject(ep, buf, len, dest_addr);
}

/**
 * kfi_senddata() - send a message with remote CQ data
 * @ep: endpoint
 * @buf: message
 * @len: bytes
 * @desc: local descriptor
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_senddata(struct kfid_ep *ep, const void *buf,
				   size_t len, void *desc, u64 data,
				   kfi_addr_t dest_addr, void *context)
{
	return ep->msg->senddata(ep, buf, len, desc, data, dest_addr, context);
}

/**
 * kfi_injectdata() - inject with remote CQ data
 * @ep: endpoint
 * @buf: message
 * @len: bytes, at most inject_size
 * @data: remote CQ data, host byte order
 * @dest_addr: peer
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_injectdata(struct kfid_ep *ep, const void *buf,
				     size_t len, u64 data,
				     kfi_addr_t dest_addr)
{
	return ep->msg->injectdata(ep, buf, len, data, dest_addr);
}

#endif /* _KFI_ENDPOINT_H_ */
