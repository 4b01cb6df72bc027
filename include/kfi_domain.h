/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: domains, memory registration, address vectors. Semantics: fi_domain(3),
 * fi_mr(3), fi_av(3).
 */
#ifndef _KFI_DOMAIN_H_
#define _KFI_DOMAIN_H_

#include <linux/bvec.h>
#include <linux/scatterlist.h>
#include <linux/uio.h>
#include <kfabric.h>
#include <kfi_eq.h>

struct kfi_region;
struct kfi_atomic_attr;

/* Flag of kfi_av_insertsym() and kfi_av_open(): same addresses on all peers. */
#define KFI_SYMMETRIC		BIT_ULL(59)
/* Flag of kfi_av_insert(): @context is an int array of one error per address. */
#define KFI_SYNC_ERR		BIT_ULL(58)
/* Flag of kfi_domain_bind(): report registrations to the EQ. */
#define KFI_REG_MR		BIT_ULL(59)

/**
 * struct kfi_av_attr - attributes of an address vector
 * @type: map or table
 * @rx_ctx_bits: upper bits of an address that select a receive context
 * @count: expected number of addresses, 0 if unknown
 * @ep_per_node: expected endpoints on a node, 0 if unknown
 * @name: name of a shared vector, or NULL
 * @map_addr: base of a shared vector
 * @flags: KFI_EVENT, KFI_READ, KFI_SYMMETRIC
 */
struct kfi_av_attr {
	enum kfi_av_type type;
	int rx_ctx_bits;
	size_t count;
	size_t ep_per_node;
	const char *name;
	void *map_addr;
	u64 flags;
};

/**
 * struct kfi_ops_av - operations of an address vector
 * @size: sizeof the table
 * @insert: see kfi_av_insert()
 * @insertsvc: see kfi_av_insertsvc()
 * @insertsym: see kfi_av_insertsym()
 * @remove: see kfi_av_remove()
 * @lookup: see kfi_av_lookup()
 * @straddr: see kfi_av_straddr()
 */
struct kfi_ops_av {
	size_t size;
	int (*insert)(struct kfid_av *av, const void *addr, size_t count,
		      kfi_addr_t *kfi_addr, u64 flags, void *context);
	int (*insertsvc)(struct kfid_av *av, const char *node,
			 const char *service, kfi_addr_t *kfi_addr, u64 flags,
			 void *context);
	int (*insertsym)(struct kfid_av *av, const char *node, size_t nodecnt,
			 const char *service, size_t svccnt,
			 kfi_addr_t *kfi_addr, u64 flags, void *context);
	int (*remove)(struct kfid_av *av, kfi_addr_t *kfi_addr, size_t count,
		      u64 flags);
	int (*lookup)(struct kfid_av *av, kfi_addr_t kfi_addr, void *addr,
		      size_t *addrlen);
	const char *(*straddr)(struct kfid_av *av, const void *addr, char *buf,
			       size_t *len);
};

/**
 * struct kfid_av - an address vector
 * @fid: head
 * @ops: operations
 */
struct kfid_av {
	struct kfid fid;
	const struct kfi_ops_av *ops;
};

/**
 * struct kfid_mr - a memory registration
 * @fid: head
 * @mem_desc: local descriptor, for the desc argument of transfers
 * @key: key a peer names the memory with
 * @iova: address a peer adds to an offset; 0 without KFI_MR_VIRT_ADDR
 */
struct kfid_mr {
	struct kfid fid;
	void *mem_desc;
	u64 key;
	u64 iova;
};

/**
 * struct kfi_mr_attr - what to register
 * @type: which member of the union is valid; ignored with @region
 * @mr_iov: kernel virtual addresses, KFI_KVEC
 * @mr_biov: pages, KFI_BVEC
 * @mr_sgl: scatterlist, KFI_SGL
 * @iov_count: entries
 * @access: KFI_SEND, RECV, READ, WRITE, REMOTE_READ, REMOTE_WRITE
 * @offset: address a peer uses for the first byte, without KFI_MR_VIRT_ADDR
 * @requested_key: key, without KFI_MR_PROV_KEY
 * @context: the client's
 * @auth_key_size: bytes in @auth_key, 0 for the domain's key
 * @auth_key: key of the peers that may use the registration
 * @region: a region of persistent memory in place of a scatter list, else
 *	NULL. Registering with KFI_RMA_PMEM in the flags makes committed access
 *	by peers possible, or fails with -EOPNOTSUPP.
 */
struct kfi_mr_attr {
	enum kfi_iov_type type;
	union {
		const struct kvec *mr_iov;
		const struct bio_vec *mr_biov;
		const struct scatterlist *mr_sgl;
	};
	size_t iov_count;
	u64 access;
	u64 offset;
	u64 requested_key;
	void *context;
	size_t auth_key_size;
	u8 *auth_key;
	struct kfi_region *region;
};

/**
 * struct kfi_ops_mr - memory registration
 * @size: sizeof the table
 * @reg: see kfi_mr_reg()
 * @regv: see kfi_mr_regv()
 * @regbv: see kfi_mr_regbv()
 * @regsgl: see kfi_mr_regsgl()
 * @regattr: see kfi_mr_regattr()
 */
struct kfi_ops_mr {
	size_t size;
	int (*reg)(struct kfid *fid, const void *buf, size_t len, u64 access,
		   u64 offset, u64 requested_key, u64 flags,
		   struct kfid_mr **mr, void *context);
	int (*regv)(struct kfid *fid, const struct kvec *iov, size_t count,
		    u64 access, u64 offset, u64 requested_key, u64 flags,
		    struct kfid_mr **mr, void *context);
	int (*regbv)(struct kfid *fid, const struct bio_vec *biov,
		     size_t count, u64 access, u64 offset, u64 requested_key,
		     u64 flags, struct kfid_mr **mr, void *context);
	int (*regsgl)(struct kfid *fid, const struct scatterlist *sgl,
		      size_t count, u64 access, u64 offset, u64 requested_key,
		      u64 flags, struct kfid_mr **mr, void *context);
	int (*regattr)(struct kfid *fid, const struct kfi_mr_attr *attr,
		       u64 flags, struct kfid_mr **mr);
};

/*
 * Types and operations of atomics, kfi_atomic.h. They stand here because a
 * domain is asked which of them it can do.
 */
enum kfi_datatype {
	KFI_INT8,
	KFI_UINT8,
	KFI_INT16,
	KFI_UINT16,
	KFI_INT32,
	KFI_UINT32,
	KFI_INT64,
	KFI_UINT64,
	KFI_FLOAT,
	KFI_DOUBLE,
	KFI_FLOAT_COMPLEX,
	KFI_DOUBLE_COMPLEX,
	KFI_LONG_DOUBLE,
	KFI_LONG_DOUBLE_COMPLEX,
	KFI_INT128,
	KFI_UINT128,
	KFI_DATATYPE_LAST,
};

enum kfi_op {
	KFI_MIN,
	KFI_MAX,
	KFI_SUM,
	KFI_PROD,
	KFI_LOR,
	KFI_LAND,
	KFI_BOR,
	KFI_BAND,
	KFI_LXOR,
	KFI_BXOR,
	KFI_ATOMIC_READ,
	KFI_ATOMIC_WRITE,
	KFI_CSWAP,
	KFI_CSWAP_NE,
	KFI_CSWAP_LE,
	KFI_CSWAP_LT,
	KFI_CSWAP_GE,
	KFI_CSWAP_GT,
	KFI_MSWAP,
	KFI_DIFF,
	KFI_ATOMIC_OP_LAST,
};

/**
 * struct kfi_ops_domain - operations of a domain
 * @size: sizeof the table
 * @av_open: see kfi_av_open()
 * @cq_open: see kfi_cq_open()
 * @endpoint: see kfi_endpoint()
 * @scalable_ep: see kfi_scalable_ep()
 * @cntr_open: see kfi_cntr_open()
 * @stx_ctx: see kfi_stx_context()
 * @srx_ctx: see kfi_srx_context()
 * @query_atomic: see kfi_query_atomic()
 */
struct kfi_ops_domain {
	size_t size;
	int (*av_open)(struct kfid_domain *domain, struct kfi_av_attr *attr,
		       struct kfid_av **av, void *context);
	int (*cq_open)(struct kfid_domain *domain, struct kfi_cq_attr *attr,
		       struct kfid_cq **cq, kfi_comp_handler comp_handler,
		       void *context);
	int (*endpoint)(struct kfid_domain *domain, struct kfi_info *info,
			struct kfid_ep **ep, void *context);
	int (*scalable_ep)(struct kfid_domain *domain, struct kfi_info *info,
			   struct kfid_ep **sep, void *context);
	int (*cntr_open)(struct kfid_domain *domain,
			 struct kfi_cntr_attr *attr, struct kfid_cntr **cntr,
			 void *context);
	int (*stx_ctx)(struct kfid_domain *domain, struct kfi_tx_attr *attr,
		       struct kfid_stx **stx, void *context);
	int (*srx_ctx)(struct kfid_domain *domain, struct kfi_rx_attr *attr,
		       struct kfid_ep **rx_ep, void *context);
	int (*query_atomic)(struct kfid_domain *domain,
			    enum kfi_datatype datatype, enum kfi_op op,
			    struct kfi_atomic_attr *attr, u64 flags);
};

/**
 * struct kfid_domain - a domain, the resources of one device
 * @fid: head
 * @ops: operations
 * @mr: memory registration
 */
struct kfid_domain {
	struct kfid fid;
	const struct kfi_ops_domain *ops;
	const struct kfi_ops_mr *mr;
};

/*
 * All calls below may sleep unless stated otherwise, take no lock of the core,
 * and return 0 or a negative errno: -ENOSYS when the provider has no such
 * operation, -EINVAL for attributes it cannot read, -EOPNOTSUPP for ones it
 * cannot honour, -ENOMEM.
 */

/**
 * kfi_domain() - open a domain
 * @fabric: its fabric
 * @info: from kfi_getinfo()
 * @domain: the domain
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_domain(struct kfid_fabric *fabric, struct kfi_info *info,
			     struct kfid_domain **domain, void *context)
{
	return fabric->ops->domain(fabric, info, domain, context);
}

/**
 * kfi_domain_bind() - send a domain's asynchronous events to an EQ
 * @domain: the domain
 * @fid: the EQ
 * @flags: KFI_REG_MR: registrations too
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_domain_bind(struct kfid_domain *domain, struct kfid *fid,
				  u64 flags)
{
	return domain->fid.ops->bind(&domain->fid, fid, flags);
}

/**
 * kfi_cq_open() - open a completion queue
 * @domain: its domain
 * @attr: attributes
 * @cq: the queue
 * @comp_handler: called when an empty queue gets an entry, or NULL. It runs in
 *	softirq or in a work item as kfi_class_poll_ctx() decides, so it must
 *	not sleep; it may call kfi_cq_read(), kfi_cq_readerr() and post.
 * @context: the client's, passed to @comp_handler
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_cq_open(struct kfid_domain *domain,
			      struct kfi_cq_attr *attr, struct kfid_cq **cq,
			      kfi_comp_handler comp_handler, void *context)
{
	return domain->ops->cq_open(domain, attr, cq, comp_handler, context);
}

/**
 * kfi_cntr_open() - open a counter
 * @domain: its domain
 * @attr: attributes
 * @cntr: the counter
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_cntr_open(struct kfid_domain *domain,
				struct kfi_cntr_attr *attr,
				struct kfid_cntr **cntr, void *context)
{
	return domain->ops->cntr_open(domain, attr, cntr, context);
}

/**
 * kfi_query_atomic() - which atomics a domain can do
 * @domain: the domain
 * @datatype: type
 * @op: operation
 * @attr: filled: elements per call and bytes per element
 * @flags: KFI_FETCH_ATOMIC, KFI_COMPARE_ATOMIC, KFI_COMMIT_COMPLETE
 *
 * Context: may sleep.
 * Return: 0; -EOPNOTSUPP when the combination is not possible.
 */
static inline int kfi_query_atomic(struct kfid_domain *domain,
				   enum kfi_datatype datatype, enum kfi_op op,
				   struct kfi_atomic_attr *attr, u64 flags)
{
	return domain->ops->query_atomic(domain, datatype, op, attr, flags);
}

/**
 * kfi_mr_reg() - register a buffer
 * @domain: the domain
 * @buf: kernel virtual address
 * @len: bytes
 * @acs: access, see &struct kfi_mr_attr
 * @offset: address of the first byte for peers
 * @requested_key: key, without KFI_MR_PROV_KEY
 * @flags: KFI_RMA_EVENT and the like
 * @mr: the registration
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0; -EKEYREJECTED or -ENOKEY when the key is not available; an error.
 */
static inline int kfi_mr_reg(struct kfid_domain *domain, const void *buf,
			     size_t len, u64 acs, u64 offset,
			     u64 requested_key, u64 flags, struct kfid_mr **mr,
			     void *context)
{
	return domain->mr->reg(&domain->fid, buf, len, acs, offset,
			       requested_key, flags, mr, context);
}

/**
 * kfi_mr_regv() - register a list of buffers as one range
 * @domain: the domain
 * @iov: buffers
 * @count: entries
 * @acs: access
 * @offset: address of the first byte for peers
 * @requested_key: key
 * @flags: flags
 * @mr: the registration
 * @context: the client's
 *
 * Context: may sleep.
 * Return: as kfi_mr_reg().
 */
static inline int kfi_mr_regv(struct kfid_domain *domain,
			      const struct kvec *iov, size_t count, u64 acs,
			      u64 offset, u64 requested_key, u64 flags,
			      struct kfid_mr **mr, void *context)
{
	return domain->mr->regv(&domain->fid, iov, count, acs, offset,
				requested_key, flags, mr, context);
}

/**
 * kfi_mr_regbv() - register a list of pages as one range
 * @domain: the domain
 * @biov: pages
 * @count: entries
 * @acs: access
 * @offset: address of the first byte for peers
 * @requested_key: key
 * @flags: flags
 * @mr: the registration
 * @context: the client's
 *
 * Context: may sleep.
 * Return: as kfi_mr_reg().
 */
static inline int kfi_mr_regbv(struct kfid_domain *domain,
			       const struct bio_vec *biov, size_t count,
			       u64 acs, u64 offset, u64 requested_key,
			       u64 flags, struct kfid_mr **mr, void *context)
{
	return domain->mr->regbv(&domain->fid, biov, count, acs, offset,
				 requested_key, flags, mr, context);
}

/**
 * kfi_mr_regsgl() - register a scatterlist as one range
 * @domain: the domain
 * @sgl: scatterlist
 * @count: entries
 * @acs: access
 * @offset: address of the first byte for peers
 * @requested_key: key
 * @flags: flags
 * @mr: the registration
 * @context: the client's
 *
 * Context: may sleep.
 * Return: as kfi_mr_reg().
 */
static inline int kfi_mr_regsgl(struct kfid_domain *domain,
				const struct scatterlist *sgl, size_t count,
				u64 acs, u64 offset, u64 requested_key,
				u64 flags, struct kfid_mr **mr, void *context)
{
	return domain->mr->regsgl(&domain->fid, sgl, count, acs, offset,
				  requested_key, flags, mr, context);
}

/**
 * kfi_mr_regattr() - register what attributes describe
 * @domain: the domain
 * @attr: attributes; the only call that can register a region
 * @flags: KFI_RMA_PMEM with @attr->region, KFI_RMA_EVENT
 * @mr: the registration
 *
 * Context: may sleep.
 * Return: as kfi_mr_reg(); -EOPNOTSUPP when KFI_RMA_PMEM cannot be honoured.
 */
static inline int kfi_mr_regattr(struct kfid_domain *domain,
				 const struct kfi_mr_attr *attr, u64 flags,
				 struct kfid_mr **mr)
{
	return domain->mr->regattr(&domain->fid, attr, flags, mr);
}

/**
 * kfi_mr_desc() - local descriptor of a registration
 * @mr: the registration
 *
 * Context: any context.
 * Return: the desc argument of transfers.
 */
static inline void *kfi_mr_desc(struct kfid_mr *mr)
{
	return mr->mem_desc;
}

/**
 * kfi_mr_key() - remote key of a registration
 * @mr: the registration
 *
 * Context: any context.
 * Return: the key, or KFI_KEY_NOTAVAIL before an endpoint is bound and enabled.
 */
static inline u64 kfi_mr_key(struct kfid_mr *mr)
{
	return mr->key;
}

/**
 * kfi_mr_bind() - associate a registration with an endpoint or counter
 * @mr: the registration
 * @bfid: the other object
 * @flags: KFI_REMOTE_WRITE for a counter
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_mr_bind(struct kfid_mr *mr, struct kfid *bfid, u64 flags)
{
	return mr->fid.ops->bind(&mr->fid, bfid, flags);
}

/**
 * kfi_mr_enable() - enable a registration bound to an endpoint
 * @mr: the registration
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_mr_enable(struct kfid_mr *mr)
{
	return mr->fid.ops->control(&mr->fid, KFI_ENABLE, NULL);
}

/**
 * kfi_av_open() - open an address vector
 * @domain: its domain
 * @attr: attributes
 * @av: the vector
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_av_open(struct kfid_domain *domain,
			      struct kfi_av_attr *attr, struct kfid_av **av,
			      void *context)
{
	return domain->ops->av_open(domain, attr, av, context);
}

/**
 * kfi_av_bind() - send the events of an address vector to an EQ
 * @av: the vector
 * @eq: head of the EQ
 * @flags: 0
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_av_bind(struct kfid_av *av, struct kfid *eq, u64 flags)
{
	return av->fid.ops->bind(&av->fid, eq, flags);
}

/**
 * kfi_av_insert() - insert addresses
 * @av: the vector
 * @addr: array in the format kfi_info.addr_format
 * @count: addresses
 * @kfi_addr: filled with @count handles; KFI_ADDR_NOTAVAIL where it failed
 * @flags: KFI_SYNC_ERR
 * @context: the client's, or an int array with KFI_SYNC_ERR
 *
 * Context: may sleep.
 * Return: number inserted, or an error.
 */
static inline int kfi_av_insert(struct kfid_av *av, const void *addr,
				size_t count, kfi_addr_t *kfi_addr, u64 flags,
				void *context)
{
	return av->ops->insert(av, addr, count, kfi_addr, flags, context);
}

/**
 * kfi_av_insertsvc() - insert one address given as text
 * @av: the vector
 * @node: name or address
 * @service: port or service
 * @kfi_addr: the handle
 * @flags: 0
 * @context: the client's
 *
 * Context: may sleep.
 * Return: 1, or an error.
 */
static inline int kfi_av_insertsvc(struct kfid_av *av, const char *node,
				   const char *service, kfi_addr_t *kfi_addr,
				   u64 flags, void *context)
{
	return av->ops->insertsvc(av, node, service, kfi_addr, flags, context);
}

/**
 * kfi_av_insertsym() - insert a block of addresses given as text
 * @av: the vector
 * @node: first node
 * @nodecnt: nodes
 * @service: first service
 * @svccnt: services on each node
 * @kfi_addr: filled with @nodecnt * @svccnt handles
 * @flags: 0
 * @context: the client's
 *
 * Context: may sleep.
 * Return: number inserted, or an error.
 */
static inline int kfi_av_insertsym(struct kfid_av *av, const char *node,
				   size_t nodecnt, const char *service,
				   size_t svccnt, kfi_addr_t *kfi_addr,
				   u64 flags, void *context)
{
	return av->ops->insertsym(av, node, nodecnt, service, svccnt, kfi_addr,
				  flags, context);
}

/**
 * kfi_av_remove() - remove addresses
 * @av: the vector
 * @kfi_addr: handles
 * @count: handles at @kfi_addr
 * @flags: 0
 *
 * Context: may sleep.
 * Return: 0; -EBUSY while operations to one of them are pending; an error.
 */
static inline int kfi_av_remove(struct kfid_av *av, kfi_addr_t *kfi_addr,
				size_t count, u64 flags)
{
	return av->ops->remove(av, kfi_addr, count, flags);
}

/**
 * kfi_av_lookup() - address of a handle
 * @av: the vector
 * @kfi_addr: handle
 * @addr: filled
 * @addrlen: bytes at @addr; set to the length of the address
 *
 * Context: any context.
 * Return: 0; -ENOENT for an unknown handle.
 */
static inline int kfi_av_lookup(struct kfid_av *av, kfi_addr_t kfi_addr,
				void *addr, size_t *addrlen)
{
	return av->ops->lookup(av, kfi_addr, addr, addrlen);
}

/**
 * kfi_av_straddr() - an address as text
 * @av: the vector
 * @addr: address
 * @buf: where to
 * @len: bytes at @buf; set to the bytes needed
 *
 * Context: any context.
 * Return: @buf.
 */
static inline const char *kfi_av_straddr(struct kfid_av *av, const void *addr,
					 char *buf, size_t *len)
{
	return av->ops->straddr(av, addr, buf, len);
}

/**
 * kfi_rx_addr() - address of one receive context of a peer
 * @kfi_addr: address of the peer
 * @rx_index: index of the receive context
 * @rx_ctx_bits: as in &struct kfi_av_attr; 0 returns @kfi_addr
 *
 * Context: any context.
 * Return: the address.
 */
static inline kfi_addr_t kfi_rx_addr(kfi_addr_t kfi_addr, int rx_index,
				     int rx_ctx_bits)
{
	if (!rx_ctx_bits)
		return kfi_addr;
	return ((u64)rx_index << (64 - rx_ctx_bits)) | kfi_addr;
}

#endif /* _KFI_DOMAIN_H_ */
