/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: fabric, capability and object definitions.
 *
 * The names, argument orders and bit values are those existing kfi clients are
 * written against; the semantics are libfabric's (fi_getinfo(3), fi_fabric(3)
 * with fi_ read as kfi_).
 */
#ifndef _KFABRIC_H_
#define _KFABRIC_H_

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/refcount.h>
#include <linux/types.h>

#define KFI_MAJOR_VERSION	1
#define KFI_MINOR_VERSION	7

#define KFI_VERSION(major, minor)	(((major) << 16) | (minor))
#define KFI_MAJOR(version)		((version) >> 16)
#define KFI_MINOR(version)		((version) & 0xffff)
#define KFI_VERSION_GE(v1, v2)		((v1) >= (v2))
#define KFI_VERSION_LT(v1, v2)		((v1) < (v2))

#define KFI_NAME_MAX		64

/* Set in a value that only one provider defines. */
#define KFI_PROV_SPECIFIC	BIT(31)

/*
 * Capability and operation flags, one 64-bit word.
 *
 *	 0		unused
 *	 1 .. 31	common flags, as listed
 *	32 .. 48	this project's additions. None is defined in this
 *			header; one that takes a bit adds a line here:
 *
 *			bit	name			header
 *			32	KFI_COMMIT_DEEP		kfi_pmem.h
 *
 *	49 .. 59	flags of a single call or object class
 *	60 .. 63	private to providers
 */
#define KFI_MSG			BIT_ULL(1)
#define KFI_RMA			BIT_ULL(2)
#define KFI_TAGGED		BIT_ULL(3)
#define KFI_ATOMIC		BIT_ULL(4)
#define KFI_ATOMICS		KFI_ATOMIC
#define KFI_MULTICAST		BIT_ULL(5)
#define KFI_TAGGED_RMA		BIT_ULL(6)

#define KFI_READ		BIT_ULL(8)
#define KFI_WRITE		BIT_ULL(9)
#define KFI_RECV		BIT_ULL(10)
#define KFI_SEND		BIT_ULL(11)
#define KFI_TRANSMIT		KFI_SEND
#define KFI_REMOTE_READ		BIT_ULL(12)
#define KFI_REMOTE_WRITE	BIT_ULL(13)

#define KFI_MULTI_RECV		BIT_ULL(16)
#define KFI_REMOTE_CQ_DATA	BIT_ULL(17)
#define KFI_MORE		BIT_ULL(18)
#define KFI_PEEK		BIT_ULL(19)
#define KFI_TRIGGER		BIT_ULL(20)
/*
 * KFI_FENCE defers an operation behind all earlier ones to the same peer; with
 * KFI_COMMIT_COMPLETE it raises those to that completion level too.
 */
#define KFI_FENCE		BIT_ULL(21)

/*
 * Completion levels, weakest first:
 *   INJECT	the buffer may be reused
 *   TRANSMIT	the peer's endpoint has the data
 *   DELIVERY	the data are visible at the peer
 *   COMMIT	the data are durable at the peer, whatever happens to its power
 * A level that cannot be kept is refused with -EOPNOTSUPP, never lowered.
 */
#define KFI_COMPLETION		BIT_ULL(24)
#define KFI_EVENT		KFI_COMPLETION
#define KFI_INJECT		BIT_ULL(25)
#define KFI_INJECT_COMPLETE	BIT_ULL(26)
#define KFI_TRANSMIT_COMPLETE	BIT_ULL(27)
#define KFI_DELIVERY_COMPLETE	BIT_ULL(28)
#define KFI_AFFINITY		BIT_ULL(29)
#define KFI_COMMIT_COMPLETE	BIT_ULL(30)
#define KFI_TAGGED_MULTI_RECV	BIT_ULL(31)

#define KFI_RMA_PMEM		BIT_ULL(49)
#define KFI_SOURCE_ERR		BIT_ULL(50)
#define KFI_LOCAL_COMM		BIT_ULL(51)
#define KFI_REMOTE_COMM		BIT_ULL(52)
#define KFI_SHARED_AV		BIT_ULL(53)
#define KFI_PROV_ATTR_ONLY	BIT_ULL(54)
#define KFI_NUMERICHOST		BIT_ULL(55)
#define KFI_RMA_EVENT		BIT_ULL(56)
#define KFI_SOURCE		BIT_ULL(57)
#define KFI_NAMED_RX_CTX	BIT_ULL(58)
#define KFI_DIRECTED_RECV	BIT_ULL(59)

/* Flags of a tagged receive with KFI_PEEK; they reuse the bits above. */
#define KFI_DISCARD		BIT_ULL(58)
#define KFI_CLAIM		BIT_ULL(59)

/* Flag of kfi_ep_bind(): complete only what is posted with KFI_COMPLETION. */
#define KFI_SELECTIVE_COMPLETION BIT_ULL(59)

/* Mode: what a provider requires its client to do. */
#define KFI_CONTEXT2		BIT_ULL(52)
#define KFI_RESTRICTED_COMP	BIT_ULL(53)
#define KFI_NOTIFY_FLAGS_ONLY	BIT_ULL(54)
#define KFI_LOCAL_MR		BIT_ULL(55)
#define KFI_RX_CQ_DATA		BIT_ULL(56)
#define KFI_ASYNC_IOV		BIT_ULL(57)
#define KFI_MSG_PREFIX		BIT_ULL(58)
#define KFI_CONTEXT		BIT_ULL(59)

/* Memory registration mode, kfi_domain_attr.mr_mode. */
#define KFI_MR_LOCAL		BIT(1)
#define KFI_MR_RAW		BIT(2)
#define KFI_MR_VIRT_ADDR	BIT(3)
#define KFI_MR_PROV_KEY		BIT(4)
#define KFI_MR_RMA_EVENT	BIT(5)
#define KFI_MR_ENDPOINT		BIT(6)

/* Message and completion order: XAY means "X issued after Y stays after Y". */
#define KFI_ORDER_NONE		0ULL
#define KFI_ORDER_RAR		BIT_ULL(0)
#define KFI_ORDER_RAW		BIT_ULL(1)
#define KFI_ORDER_RAS		BIT_ULL(2)
#define KFI_ORDER_WAR		BIT_ULL(3)
#define KFI_ORDER_WAW		BIT_ULL(4)
#define KFI_ORDER_WAS		BIT_ULL(5)
#define KFI_ORDER_SAR		BIT_ULL(6)
#define KFI_ORDER_SAW		BIT_ULL(7)
#define KFI_ORDER_SAS		BIT_ULL(8)
#define KFI_ORDER_STRICT	0x1ffULL
#define KFI_ORDER_DATA		BIT_ULL(16)

/**
 * typedef kfi_addr_t - a peer, as an address vector names it
 */
typedef u64 kfi_addr_t;

#define KFI_ADDR_UNSPEC		((u64)-1)
#define KFI_ADDR_NOTAVAIL	((u64)-1)
#define KFI_KEY_NOTAVAIL	((u64)-1)
#define KFI_SHARED_CONTEXT	SIZE_MAX

/**
 * enum kfi_iov_type - which member of a scatter list union is valid
 * @KFI_KVEC: an array of struct kvec, kernel virtual addresses
 * @KFI_BVEC: an array of struct bio_vec
 * @KFI_SGL: a (possibly chained) scatterlist; not yet DMA-mapped
 */
enum kfi_iov_type {
	KFI_KVEC = 1,
	KFI_BVEC,
	KFI_SGL,
};

enum {
	KFI_FORMAT_UNSPEC,	/* provider's own format */
	KFI_SOCKADDR,		/* struct sockaddr */
	KFI_SOCKADDR_IN,	/* struct sockaddr_in */
	KFI_SOCKADDR_IN6,	/* struct sockaddr_in6 */
	KFI_SOCKADDR_IB,	/* struct sockaddr_ib */
	KFI_ADDR_STR,		/* NUL-terminated string */
};

enum kfi_av_type {
	KFI_AV_UNSPEC,
	KFI_AV_MAP,
	KFI_AV_TABLE,
};

enum kfi_progress {
	KFI_PROGRESS_UNSPEC,
	KFI_PROGRESS_AUTO,
	KFI_PROGRESS_MANUAL,
};

enum kfi_threading {
	KFI_THREAD_UNSPEC,
	KFI_THREAD_SAFE,
	KFI_THREAD_FID,
	KFI_THREAD_DOMAIN,
	KFI_THREAD_COMPLETION,
	KFI_THREAD_ENDPOINT,
};

enum kfi_resource_mgmt {
	KFI_RM_UNSPEC,
	KFI_RM_DISABLED,
	KFI_RM_ENABLED,
};

enum kfi_ep_type {
	KFI_EP_UNSPEC,
	KFI_EP_MSG,
	KFI_EP_DGRAM,
	KFI_EP_RDM,
};

enum {
	KFI_PROTO_UNSPEC,
	KFI_PROTO_RDMA_CM_IB_RC,
	KFI_PROTO_IWARP,
	KFI_PROTO_IB_UD,
	KFI_PROTO_UDP,
	KFI_PROTO_SOCK_TCP,
};

enum {
	KFI_TC_UNSPEC = 0,
	KFI_TC_DSCP = 0x100,
	KFI_TC_LABEL = 0x200,
	KFI_TC_BEST_EFFORT = KFI_TC_LABEL,
	KFI_TC_LOW_LATENCY,
	KFI_TC_DEDICATED_ACCESS,
	KFI_TC_BULK_DATA,
	KFI_TC_SCAVENGER,
	KFI_TC_NETWORK_CTRL,
};

/* Object classes, kfid.fclass. */
enum {
	KFI_CLASS_UNSPEC,
	KFI_CLASS_FABRIC,
	KFI_CLASS_DOMAIN,
	KFI_CLASS_EP,
	KFI_CLASS_SEP,
	KFI_CLASS_RX_CTX,
	KFI_CLASS_SRX_CTX,
	KFI_CLASS_TX_CTX,
	KFI_CLASS_STX_CTX,
	KFI_CLASS_PEP,
	KFI_CLASS_INTERFACE,
	KFI_CLASS_AV,
	KFI_CLASS_MR,
	KFI_CLASS_EQ,
	KFI_CLASS_CQ,
	KFI_CLASS_CNTR,
	KFI_CLASS_CONNREQ,
};

struct kfid;
struct kfid_fabric;
struct kfid_domain;
struct kfid_av;
struct kfid_eq;
struct kfid_cq;
struct kfid_cntr;
struct kfid_ep;
struct kfid_pep;
struct kfid_stx;
struct kfid_mr;
struct kfi_eq_attr;
struct kfi_provider;

/* Called for every event; the context is stated where the queue is opened. */
typedef void (*kfi_event_handler)(struct kfid_eq *eq, void *context);
typedef void (*kfi_comp_handler)(struct kfid_cq *cq, void *context);

/**
 * struct kfi_tx_attr - attributes of a transmit context
 * @caps: capabilities, a subset of the endpoint's
 * @mode: mode bits
 * @op_flags: flags of every call that has no flags argument
 * @msg_order: KFI_ORDER_* of messages
 * @comp_order: KFI_ORDER_* of completions
 * @inject_size: bytes, largest KFI_INJECT transfer
 * @size: operations, depth of the context
 * @iov_limit: entries, longest local scatter list
 * @rma_iov_limit: entries, longest remote scatter list
 * @tclass: traffic class, KFI_TC_*
 */
struct kfi_tx_attr {
	u64 caps;
	u64 mode;
	u64 op_flags;
	u64 msg_order;
	u64 comp_order;
	size_t inject_size;
	size_t size;
	size_t iov_limit;
	size_t rma_iov_limit;
	u32 tclass;
};

/**
 * struct kfi_rx_attr - attributes of a receive context
 * @caps: capabilities, a subset of the endpoint's
 * @mode: mode bits
 * @op_flags: flags of every call that has no flags argument
 * @msg_order: KFI_ORDER_* of messages
 * @comp_order: KFI_ORDER_* of completions
 * @total_buffered_recv: bytes, buffered for messages without a posted receive
 * @size: operations, depth of the context
 * @iov_limit: entries, longest local scatter list
 */
struct kfi_rx_attr {
	u64 caps;
	u64 mode;
	u64 op_flags;
	u64 msg_order;
	u64 comp_order;
	size_t total_buffered_recv;
	size_t size;
	size_t iov_limit;
};

/**
 * struct kfi_ep_attr - attributes of an endpoint
 * @type: kind of endpoint
 * @protocol: KFI_PROTO_*; providers with the same protocol interoperate
 * @protocol_version: version of @protocol
 * @max_msg_size: bytes, largest transfer
 * @msg_prefix_size: bytes before each message with KFI_MSG_PREFIX
 * @max_order_raw_size: bytes, limit of KFI_ORDER_RAW
 * @max_order_war_size: bytes, limit of KFI_ORDER_WAR
 * @max_order_waw_size: bytes, limit of KFI_ORDER_WAW
 * @mem_tag_format: layout of the tag
 * @tx_ctx_cnt: transmit contexts
 * @rx_ctx_cnt: receive contexts
 * @auth_key_size: bytes in @auth_key
 * @auth_key: key that proves this endpoint to its peers. kfi_freeinfo() frees
 *	it with kfree_sensitive(); a client whose key lives elsewhere clears
 *	the pointer in its hints first.
 */
struct kfi_ep_attr {
	enum kfi_ep_type type;
	u32 protocol;
	u32 protocol_version;
	size_t max_msg_size;
	size_t msg_prefix_size;
	size_t max_order_raw_size;
	size_t max_order_war_size;
	size_t max_order_waw_size;
	u64 mem_tag_format;
	size_t tx_ctx_cnt;
	size_t rx_ctx_cnt;
	size_t auth_key_size;
	u8 *auth_key;
};

/**
 * struct kfi_domain_attr - attributes of a domain
 * @domain: in hints, an open domain the results must belong to
 * @name: name of the domain, for RDMA the device
 * @threading: who serialises calls
 * @control_progress: progress of control operations
 * @data_progress: progress of data transfers
 * @resource_mgmt: protection against overrun of queues
 * @av_type: kind of address vector
 * @mr_mode: KFI_MR_* the provider requires
 * @mr_key_size: bytes in a memory key
 * @cq_data_size: bytes of remote CQ data
 * @cq_cnt: completion queues
 * @ep_cnt: endpoints
 * @tx_ctx_cnt: transmit contexts
 * @rx_ctx_cnt: receive contexts
 * @max_ep_tx_ctx: transmit contexts of one endpoint
 * @max_ep_rx_ctx: receive contexts of one endpoint
 * @max_ep_stx_ctx: shared transmit contexts
 * @max_ep_srx_ctx: shared receive contexts
 * @cntr_cnt: counters
 * @mr_iov_limit: entries, longest scatter list of a registration
 * @caps: capabilities of the domain
 * @mode: mode bits of the domain
 * @auth_key: default key of endpoints and registrations; freed as in
 *	&struct kfi_ep_attr
 * @auth_key_size: bytes in @auth_key
 * @max_err_data: bytes of provider error data
 * @mr_cnt: memory registrations
 * @tclass: default traffic class
 */
struct kfi_domain_attr {
	struct kfid_domain *domain;
	char *name;
	enum kfi_threading threading;
	enum kfi_progress control_progress;
	enum kfi_progress data_progress;
	enum kfi_resource_mgmt resource_mgmt;
	enum kfi_av_type av_type;
	int mr_mode;
	size_t mr_key_size;
	size_t cq_data_size;
	size_t cq_cnt;
	size_t ep_cnt;
	size_t tx_ctx_cnt;
	size_t rx_ctx_cnt;
	size_t max_ep_tx_ctx;
	size_t max_ep_rx_ctx;
	size_t max_ep_stx_ctx;
	size_t max_ep_srx_ctx;
	size_t cntr_cnt;
	size_t mr_iov_limit;
	u64 caps;
	u64 mode;
	u8 *auth_key;
	size_t auth_key_size;
	size_t max_err_data;
	size_t mr_cnt;
	u32 tclass;
};

/**
 * struct kfi_fabric_attr - attributes of a fabric
 * @fabric: in hints, an open fabric the results must belong to
 * @name: name of the fabric
 * @prov_name: name of the provider; matched exactly
 * @prov_version: version of the provider, KFI_VERSION()
 * @api_version: version of this interface the client asked for
 */
struct kfi_fabric_attr {
	struct kfid_fabric *fabric;
	char *name;
	char *prov_name;
	u32 prov_version;
	u32 api_version;
};

/**
 * struct kfi_info - one way to communicate, or hints for finding one
 * @next: next of a list
 * @caps: capabilities
 * @mode: mode bits
 * @addr_format: KFI_SOCKADDR and the like
 * @src_addrlen: bytes at @src_addr
 * @dest_addrlen: bytes at @dest_addr
 * @src_addr: local address
 * @dest_addr: address of the peer
 * @handle: connection request or passive endpoint this belongs to; not owned
 * @tx_attr: transmit attributes
 * @rx_attr: receive attributes
 * @ep_attr: endpoint attributes
 * @domain_attr: domain attributes
 * @fabric_attr: fabric attributes
 *
 * Everything but @handle and the open objects named in @domain_attr and
 * @fabric_attr belongs to the info and is freed with it.
 */
struct kfi_info {
	struct kfi_info *next;
	u64 caps;
	u64 mode;
	u32 addr_format;
	size_t src_addrlen;
	size_t dest_addrlen;
	void *src_addr;
	void *dest_addr;
	struct kfid *handle;
	struct kfi_tx_attr *tx_attr;
	struct kfi_rx_attr *rx_attr;
	struct kfi_ep_attr *ep_attr;
	struct kfi_domain_attr *domain_attr;
	struct kfi_fabric_attr *fabric_attr;
};

/* Commands of kfi_control(). */
enum {
	KFI_GETFIDFLAG,		/* u64 * */
	KFI_SETFIDFLAG,		/* u64 * */
	KFI_GETOPSFLAG,		/* u64 * */
	KFI_SETOPSFLAG,		/* u64 * */
	KFI_ALIAS,		/* struct kfi_alias * */
	KFI_GETWAIT,		/* provider's wait object */
	KFI_ENABLE,		/* NULL */
	KFI_BACKLOG,		/* int * */
};

/**
 * struct kfi_ops - operations every object has
 * @size: sizeof the table the provider was built with
 * @close: see kfi_close()
 * @bind: associate another object
 * @control: see kfi_control()
 * @ops_open: see kfi_open_ops()
 */
struct kfi_ops {
	size_t size;
	int (*close)(struct kfid *fid);
	int (*bind)(struct kfid *fid, struct kfid *bfid, u64 flags);
	int (*control)(struct kfid *fid, int command, void *arg);
	int (*ops_open)(struct kfid *fid, const char *name, u64 flags,
			void **ops, void *context);
};

/**
 * struct kfid - head of every object
 * @fclass: KFI_CLASS_*
 * @context: the client's
 * @ops: never NULL, nor is any entry of it
 * @comp: completed when @ref_cnt reaches zero
 * @ref_cnt: one for the opener and one for each object that depends on this
 *	one; see kfid_init() in kfi_prov.h
 */
struct kfid {
	size_t fclass;
	void *context;
	const struct kfi_ops *ops;
	struct completion comp;
	refcount_t ref_cnt;
};

/**
 * struct kfi_ops_fabric - operations of a fabric
 * @size: sizeof the table
 * @domain: see kfi_domain()
 * @passive_ep: see kfi_passive_ep()
 * @eq_open: see kfi_eq_open()
 */
struct kfi_ops_fabric {
	size_t size;
	int (*domain)(struct kfid_fabric *fabric, struct kfi_info *info,
		      struct kfid_domain **dom, void *context);
	int (*passive_ep)(struct kfid_fabric *fabric, struct kfi_info *info,
			  struct kfid_pep **pep, void *context);
	int (*eq_open)(struct kfid_fabric *fabric, struct kfi_eq_attr *attr,
		       struct kfid_eq **eq, kfi_event_handler event_handler,
		       void *context);
};

/**
 * struct kfid_fabric - a fabric
 * @fid: head
 * @ops: operations
 * @api_version: version asked for in the attributes
 * @prov: set by the core: the provider this fabric keeps referenced
 */
struct kfid_fabric {
	struct kfid fid;
	const struct kfi_ops_fabric *ops;
	u32 api_version;
	struct kfi_provider *prov;
};

/**
 * kfi_getinfo() - find ways to communicate
 * @version: KFI_VERSION() the client is written for, 0 for the current one
 * @node: name or address; of the peer, or with KFI_SOURCE of this end; or NULL
 * @service: port or service name, or NULL
 * @flags: KFI_SOURCE, KFI_NUMERICHOST, KFI_PROV_ATTR_ONLY
 * @hints: what is required, or NULL. With @fabric_attr->prov_name or
 *	@fabric_attr->fabric only that provider is asked.
 * @info: the results of all matching providers, in the order of their
 *	registration; free with kfi_freeinfo(). NULL on error.
 *
 * Context: may sleep. No lock of the core is held while a provider works.
 * Return: 0; -ENODATA when nothing matches; another error when a provider
 * gave it and none matched (-EOPNOTSUPP: a promise that cannot be kept);
 * -ENOSYS when @version is newer than the core.
 */
int kfi_getinfo(u32 version, const char *node, const char *service, u64 flags,
		const struct kfi_info *hints, struct kfi_info **info);

/**
 * kfi_freeinfo() - free a list of infos and all it owns
 * @info: list, or NULL
 *
 * Context: any context.
 */
void kfi_freeinfo(struct kfi_info *info);

/**
 * kfi_dupinfo() - deep copy of one info
 * @info: what to copy; its @next is not followed. NULL: as kfi_allocinfo().
 *
 * Context: may sleep.
 * Return: the copy, or NULL without memory.
 */
struct kfi_info *kfi_dupinfo(const struct kfi_info *info);

/**
 * kfi_allocinfo() - an empty info with all attribute structures
 *
 * Context: may sleep.
 * Return: the info, or NULL without memory.
 */
static inline struct kfi_info *kfi_allocinfo(void)
{
	return kfi_dupinfo(NULL);
}

/**
 * kfi_fabric() - open a fabric
 * @attr: from kfi_getinfo(); @prov_name names the provider exactly
 * @fabric: the fabric
 * @context: the client's
 *
 * The provider's module stays loaded until kfi_close() of the fabric.
 *
 * Context: may sleep. No lock of the core is held while the provider works.
 * Return: 0; -EINVAL without a provider name; -ENODEV when no provider has
 * that name; an error of the provider.
 */
int kfi_fabric(struct kfi_fabric_attr *attr, struct kfid_fabric **fabric,
	       void *context);

/**
 * kfi_close() - close an object
 * @fid: the object
 *
 * Context: may sleep; never from a completion or event handler of the object.
 * Return: 0; -EBUSY while other objects depend on it, and it stays open.
 */
int kfi_close(struct kfid *fid);

/**
 * struct kfi_alias - argument of KFI_ALIAS
 * @fid: the alias
 * @flags: its operation flags
 */
struct kfi_alias {
	struct kfid **fid;
	u64 flags;
};

/**
 * kfi_control() - a command on an object
 * @fid: the object
 * @command: KFI_ENABLE and the like
 * @arg: as the command needs
 *
 * Context: may sleep; serialised with other calls on the object by the caller.
 * Return: 0 or an error; -ENOSYS for an unknown command.
 */
static inline int kfi_control(struct kfid *fid, int command, void *arg)
{
	return fid->ops->control(fid, command, arg);
}

/**
 * kfi_alias() - another handle on an object, with its own flags
 * @fid: the object
 * @alias_fid: the alias
 * @flags: operation flags of the alias
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_alias(struct kfid *fid, struct kfid **alias_fid,
			    u64 flags)
{
	struct kfi_alias alias = {
		.fid = alias_fid,
		.flags = flags,
	};

	return kfi_control(fid, KFI_ALIAS, &alias);
}

/**
 * kfi_open_ops() - operations only one provider has
 * @fid: the object
 * @name: name of the operation table
 * @flags: provider's
 * @ops: the table
 * @context: provider's
 *
 * Context: may sleep.
 * Return: 0; -ENOSYS when the provider has no such table.
 */
static inline int kfi_open_ops(struct kfid *fid, const char *name, u64 flags,
			       void **ops, void *context)
{
	return fid->ops->ops_open(fid, name, flags, ops, context);
}

/*
 * What kfi_tostr_r() is to read. It is given a pointer to: a struct for INFO and
 * the ATTR types; u64 for CAPS, OP_FLAGS, MSG_ORDER, MODE and CQ_EVENT_FLAGS;
 * u32 for ADDR_FORMAT, PROTOCOL, VERSION, TCLASS and EQ_EVENT; int for MR_MODE;
 * size_t for CLASS; the enum for the others.
 */
enum kfi_type {
	KFI_TYPE_INFO,
	KFI_TYPE_EP_TYPE,
	KFI_TYPE_CAPS,
	KFI_TYPE_OP_FLAGS,
	KFI_TYPE_ADDR_FORMAT,
	KFI_TYPE_TX_ATTR,
	KFI_TYPE_RX_ATTR,
	KFI_TYPE_EP_ATTR,
	KFI_TYPE_DOMAIN_ATTR,
	KFI_TYPE_FABRIC_ATTR,
	KFI_TYPE_THREADING,
	KFI_TYPE_PROGRESS,
	KFI_TYPE_RESOURCE_MGMT,
	KFI_TYPE_PROTOCOL,
	KFI_TYPE_MSG_ORDER,
	KFI_TYPE_MODE,
	KFI_TYPE_AV_TYPE,
	KFI_TYPE_ATOMIC_TYPE,
	KFI_TYPE_ATOMIC_OP,
	KFI_TYPE_VERSION,
	KFI_TYPE_EQ_EVENT,
	KFI_TYPE_CQ_EVENT_FLAGS,
	KFI_TYPE_CQ_FORMAT,
	KFI_TYPE_MR_MODE,
	KFI_TYPE_IOV_TYPE,
	KFI_TYPE_TCLASS,
	KFI_TYPE_CLASS,
};

/**
 * kfi_tostr_r() - an attribute or flag set as text
 * @buf: where to; always NUL-terminated when @len is not 0
 * @len: bytes at @buf
 * @data: what, as enum kfi_type says
 * @datatype: kind of @data
 *
 * Context: any context.
 * Return: @buf.
 */
char *kfi_tostr_r(char *buf, size_t len, const void *data,
		  enum kfi_type datatype);

#endif /* _KFABRIC_H_ */
