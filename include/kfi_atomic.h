/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: atomics. Semantics: fi_atomic(3).
 *
 * Context and return values are those of posting calls, kfi_endpoint.h;
 * -EOPNOTSUPP also for a type and operation that do not go together. Counts are
 * elements, not bytes. Types and operations are in kfi_domain.h. An atomic is
 * atomic against the target's own CPUs too, and is durable on completion with
 * KFI_COMMIT_COMPLETE.
 *
 * The target must be aligned to the size of an element.
 */
#ifndef _KFI_ATOMIC_H_
#define _KFI_ATOMIC_H_

#include <kfi_endpoint.h>

/* Flags of kfi_query_atomic(). */
#define KFI_FETCH_ATOMIC	BIT_ULL(58)
#define KFI_COMPARE_ATOMIC	BIT_ULL(59)

/**
 * struct kfi_ioc - local elements
 * @addr: first element
 * @count: elements
 */
struct kfi_ioc {
	void *addr;
	size_t count;
};

/**
 * struct kfi_rma_ioc - remote elements
 * @addr: offset or virtual address of the first
 * @count: elements
 * @key: remote key
 */
struct kfi_rma_ioc {
	u64 addr;
	size_t count;
	u64 key;
};

/**
 * struct kfi_atomic_attr - what kfi_query_atomic() tells
 * @count: elements per call
 * @size: bytes of an element
 */
struct kfi_atomic_attr {
	size_t count;
	size_t size;
};

/**
 * struct kfi_msg_atomic - an atomic operation
 * @msg_iov: local elements
 * @desc: local descriptors, one per entry, or NULL
 * @iov_count: entries
 * @addr: peer
 * @rma_iov: remote elements
 * @rma_iov_count: entries
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 */
struct kfi_msg_atomic {
	const struct kfi_ioc *msg_iov;
	void **desc;
	size_t iov_count;
	kfi_addr_t addr;
	const struct kfi_rma_ioc *rma_iov;
	size_t rma_iov_count;
	enum kfi_datatype datatype;
	enum kfi_op op;
	void *context;
	u64 data;
};

/**
 * struct kfi_ops_atomic - atomic operations
 * @size: sizeof the table
 * @write: see kfi_atomic()
 * @writev: see kfi_atomicv()
 * @writemsg: see kfi_atomicmsg()
 * @inject: see kfi_inject_atomic()
 * @readwrite: see kfi_fetch_atomic()
 * @readwritev: see kfi_fetch_atomicv()
 * @readwritemsg: see kfi_fetch_atomicmsg()
 * @compwrite: see kfi_compare_atomic()
 * @compwritev: see kfi_compare_atomicv()
 * @compwritemsg: see kfi_compare_atomicmsg()
 * @writevalid: see kfi_atomicvalid()
 * @readwritevalid: see kfi_fetch_atomicvalid()
 * @compwritevalid: see kfi_compare_atomicvalid()
 */
struct kfi_ops_atomic {
	size_t size;
	ssize_t (*write)(struct kfid_ep *ep, const void *buf, size_t count,
			 void *desc, kfi_addr_t dest_addr, u64 addr, u64 key,
			 enum kfi_datatype datatype, enum kfi_op op,
			 void *context);
	ssize_t (*writev)(struct kfid_ep *ep, const struct kfi_ioc *iov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  u64 addr, u64 key, enum kfi_datatype datatype,
			  enum kfi_op op, void *context);
	ssize_t (*writemsg)(struct kfid_ep *ep,
			    const struct kfi_msg_atomic *msg, u64 flags);
	ssize_t (*inject)(struct kfid_ep *ep, const void *buf, size_t count,
			  kfi_addr_t dest_addr, u64 addr, u64 key,
			  enum kfi_datatype datatype, enum kfi_op op);
	ssize_t (*readwrite)(struct kfid_ep *ep, const void *buf, size_t count,
			     void *desc, void *result, void *result_desc,
			     kfi_addr_t dest_addr, u64 addr, u64 key,
			     enum kfi_datatype datatype, enum kfi_op op,
			     void *context);
	ssize_t (*readwritev)(struct kfid_ep *ep, const struct kfi_ioc *iov,
			      void **desc, size_t count,
			      struct kfi_ioc *resultv, void **result_desc,
			      size_t result_count, kfi_addr_t dest_addr,
			      u64 addr, u64 key, enum kfi_datatype datatype,
			      enum kfi_op op, void *context);
	ssize_t (*readwritemsg)(struct kfid_ep *ep,
				const struct kfi_msg_atomic *msg,
				struct kfi_ioc *resultv, void **result_desc,
				size_t result_count, u64 flags);
	ssize_t (*compwrite)(struct kfid_ep *ep, const void *buf, size_t count,
			     void *desc, const void *compare,
			     void *compare_desc, void *result,
			     void *result_desc, kfi_addr_t dest_addr, u64 addr,
			     u64 key, enum kfi_datatype datatype,
			     enum kfi_op op, void *context);
	ssize_t (*compwritev)(struct kfid_ep *ep, const struct kfi_ioc *iov,
			      void **desc, size_t count,
			      const struct kfi_ioc *comparev,
			      void **compare_desc, size_t compare_count,
			      struct kfi_ioc *resultv, void **result_desc,
			      size_t result_count, kfi_addr_t dest_addr,
			      u64 addr, u64 key, enum kfi_datatype datatype,
			      enum kfi_op op, void *context);
	ssize_t (*compwritemsg)(struct kfid_ep *ep,
				const struct kfi_msg_atomic *msg,
				const struct kfi_ioc *comparev,
				void **compare_desc, size_t compare_count,
				struct kfi_ioc *resultv, void **result_desc,
				size_t result_count, u64 flags);
	int (*writevalid)(struct kfid_ep *ep, enum kfi_datatype datatype,
			  enum kfi_op op, size_t *count);
	int (*readwritevalid)(struct kfid_ep *ep, enum kfi_datatype datatype,
			      enum kfi_op op, size_t *count);
	int (*compwritevalid)(struct kfid_ep *ep, enum kfi_datatype datatype,
			      enum kfi_op op, size_t *count);
};

/**
 * kfi_atomic() - update remote elements
 * @ep: endpoint
 * @buf: operands
 * @count: elements
 * @desc: local descriptor
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_atomic(struct kfid_ep *ep, const void *buf,
				 size_t count, void *desc, kfi_addr_t dest_addr,
				 u64 addr, u64 key, enum kfi_datatype datatype,
				 enum kfi_op op, void *context)
{
	return ep->atomic->write(ep, buf, count, desc, dest_addr, addr, key,
				 datatype, op, context);
}

/**
 * kfi_atomicv() - update remote elements from a list
 * @ep: endpoint
 * @iov: operands
 * @desc: local descriptors
 * @count: entries
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_atomicv(struct kfid_ep *ep, const struct kfi_ioc *iov,
				  void **desc, size_t count,
				  kfi_addr_t dest_addr, u64 addr, u64 key,
				  enum kfi_datatype datatype, enum kfi_op op,
				  void *context)
{
	return ep->atomic->writev(ep, iov, desc, count, dest_addr, addr, key,
				  datatype, op, context);
}

/**
 * kfi_atomicmsg() - update described by a struct
 * @ep: endpoint
 * @msg: operation; copied
 * @flags: completion level, KFI_FENCE, KFI_INJECT, ...
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_atomicmsg(struct kfid_ep *ep,
				    const struct kfi_msg_atomic *msg, u64 flags)
{
	return ep->atomic->writemsg(ep, msg, flags);
}

/**
 * kfi_inject_atomic() - small update; the buffer is free on return
 * @ep: endpoint
 * @buf: operands
 * @count: elements
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 *
 * No completion entry is made on success.
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_inject_atomic(struct kfid_ep *ep, const void *buf,
					size_t count, kfi_addr_t dest_addr,
					u64 addr, u64 key,
					enum kfi_datatype datatype,
					enum kfi_op op)
{
	return ep->atomic->inject(ep, buf, count, dest_addr, addr, key,
				  datatype, op);
}

/**
 * kfi_fetch_atomic() - update remote elements and fetch the old values
 * @ep: endpoint
 * @buf: operands
 * @count: elements
 * @desc: local descriptor
 * @result: where the old values go
 * @result_desc: local descriptor
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_fetch_atomic(struct kfid_ep *ep, const void *buf,
				       size_t count, void *desc, void *result,
				       void *result_desc, kfi_addr_t dest_addr,
				       u64 addr, u64 key,
				       enum kfi_datatype datatype,
				       enum kfi_op op, void *context)
{
	return ep->atomic->readwrite(ep, buf, count, desc, result, result_desc,
				     dest_addr, addr, key, datatype, op,
				     context);
}

/**
 * kfi_fetch_atomicv() - fetching update from a list
 * @ep: endpoint
 * @iov: operands
 * @desc: local descriptors
 * @count: entries
 * @resultv: where the old values go
 * @result_desc: local descriptors
 * @result_count: entries at @resultv
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t kfi_fetch_atomicv(struct kfid_ep *ep,
					const struct kfi_ioc *iov, void **desc,
					size_t count, struct kfi_ioc *resultv,
					void **result_desc, size_t result_count,
					kfi_addr_t dest_addr, u64 addr, u64 key,
					enum kfi_datatype datatype,
					enum kfi_op op, void *context)
{
	return ep->atomic->readwritev(ep, iov, desc, count, resultv,
				      result_desc, result_count, dest_addr,
				      addr, key, datatype, op, context);
}

/**
 * kfi_fetch_atomicmsg() - fetching update described by a struct
 * @ep: endpoint
 * @msg: operation; copied
 * @resultv: where the old values go
 * @result_desc: local descriptors
 * @result_count: entries at @resultv
 * @flags: completion level, KFI_FENCE, KFI_INJECT, ...
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t
kfi_fetch_atomicmsg(struct kfid_ep *ep, const struct kfi_msg_atomic *msg,
		    struct kfi_ioc *resultv, void **result_desc,
		    size_t result_count, u64 flags)
{
	return ep->atomic->readwritemsg(ep, msg, resultv, result_desc,
					result_count, flags);
}

/**
 * kfi_compare_atomic() - compare, update and fetch the old values
 * @ep: endpoint
 * @buf: operands
 * @count: elements
 * @desc: local descriptor
 * @compare: values compared with
 * @compare_desc: local descriptor
 * @result: where the old values go
 * @result_desc: local descriptor
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t
kfi_compare_atomic(struct kfid_ep *ep, const void *buf, size_t count,
		   void *desc, const void *compare, void *compare_desc,
		   void *result, void *result_desc, kfi_addr_t dest_addr,
		   u64 addr, u64 key, enum kfi_datatype datatype,
		   enum kfi_op op, void *context)
{
	return ep->atomic->compwrite(ep, buf, count, desc, compare,
				     compare_desc, result, result_desc,
				     dest_addr, addr, key, datatype, op,
				     context);
}

/**
 * kfi_compare_atomicv() - comparing update from a list
 * @ep: endpoint
 * @iov: operands
 * @desc: local descriptors
 * @count: entries
 * @comparev: values compared with
 * @compare_desc: local descriptors
 * @compare_count: entries at @comparev
 * @resultv: where the old values go
 * @result_desc: local descriptors
 * @result_count: entries at @resultv
 * @dest_addr: peer
 * @addr: remote offset or address
 * @key: remote key
 * @datatype: type of the elements
 * @op: operation
 * @context: returned with the completion
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t
kfi_compare_atomicv(struct kfid_ep *ep, const struct kfi_ioc *iov, void **desc,
		    size_t count, const struct kfi_ioc *comparev,
		    void **compare_desc, size_t compare_count,
		    struct kfi_ioc *resultv, void **result_desc,
		    size_t result_count, kfi_addr_t dest_addr, u64 addr,
		    u64 key, enum kfi_datatype datatype, enum kfi_op op,
		    void *context)
{
	return ep->atomic->compwritev(ep, iov, desc, count, comparev,
				      compare_desc, compare_count, resultv,
				      result_desc, result_count, dest_addr,
				      addr, key, datatype, op, context);
}

/**
 * kfi_compare_atomicmsg() - comparing update described by a struct
 * @ep: endpoint
 * @msg: operation; copied
 * @comparev: values compared with
 * @compare_desc: local descriptors
 * @compare_count: entries at @comparev
 * @resultv: where the old values go
 * @result_desc: local descriptors
 * @result_count: entries at @resultv
 * @flags: completion level, KFI_FENCE, KFI_INJECT, ...
 *
 * Context: as posting calls.
 * Return: as posting calls.
 */
static inline ssize_t
kfi_compare_atomicmsg(struct kfid_ep *ep, const struct kfi_msg_atomic *msg,
		      const struct kfi_ioc *comparev, void **compare_desc,
		      size_t compare_count, struct kfi_ioc *resultv,
		      void **result_desc, size_t result_count, u64 flags)
{
	return ep->atomic->compwritemsg(ep, msg, comparev, compare_desc,
					compare_count, resultv, result_desc,
					result_count, flags);
}

/**
 * kfi_atomicvalid() - whether an endpoint has an operation
 * @ep: endpoint
 * @datatype: type of the elements
 * @op: operation
 * @count: set to the elements one call may have
 *
 * Context: any context.
 * Return: 0; -EOPNOTSUPP.
 */
static inline int kfi_atomicvalid(struct kfid_ep *ep,
				  enum kfi_datatype datatype,
				  enum kfi_op op, size_t *count)
{
	return ep->atomic->writevalid(ep, datatype, op, count);
}

/**
 * kfi_fetch_atomicvalid() - whether an endpoint has an operation
 * @ep: endpoint
 * @datatype: type of the elements
 * @op: operation
 * @count: set to the elements one call may have
 *
 * Context: any context.
 * Return: 0; -EOPNOTSUPP.
 */
static inline int kfi_fetch_atomicvalid(struct kfid_ep *ep,
					enum kfi_datatype datatype,
					enum kfi_op op, size_t *count)
{
	return ep->atomic->readwritevalid(ep, datatype, op, count);
}

/**
 * kfi_compare_atomicvalid() - whether an endpoint has an operation
 * @ep: endpoint
 * @datatype: type of the elements
 * @op: operation
 * @count: set to the elements one call may have
 *
 * Context: any context.
 * Return: 0; -EOPNOTSUPP.
 */
static inline int kfi_compare_atomicvalid(struct kfid_ep *ep,
					  enum kfi_datatype datatype,
					  enum kfi_op op, size_t *count)
{
	return ep->atomic->compwritevalid(ep, datatype, op, count);
}

#endif /* _KFI_ATOMIC_H_ */
