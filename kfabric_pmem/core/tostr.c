// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: attributes, flags and error codes as text.
 */
#include <linux/array_size.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <kfi_log.h>
#include <kfi_pmem.h>

/* Tables of these end with an entry without a name. */
struct kfi_word {
	u64 value;
	const char *name;
};

#define KFI_WORD(word)	{ word, #word }

/* A buffer that is being filled; what does not fit is dropped. */
struct kfi_text {
	char *buf;
	size_t len;
	size_t used;
};

static const struct kfi_word kfi_ep_types[] = {
	KFI_WORD(KFI_EP_UNSPEC),
	KFI_WORD(KFI_EP_MSG),
	KFI_WORD(KFI_EP_DGRAM),
	KFI_WORD(KFI_EP_RDM),
	{ }
};

static const struct kfi_word kfi_addr_formats[] = {
	KFI_WORD(KFI_FORMAT_UNSPEC),
	KFI_WORD(KFI_SOCKADDR),
	KFI_WORD(KFI_SOCKADDR_IN),
	KFI_WORD(KFI_SOCKADDR_IN6),
	KFI_WORD(KFI_SOCKADDR_IB),
	KFI_WORD(KFI_ADDR_STR),
	{ }
};

static const struct kfi_word kfi_threadings[] = {
	KFI_WORD(KFI_THREAD_UNSPEC),
	KFI_WORD(KFI_THREAD_SAFE),
	KFI_WORD(KFI_THREAD_FID),
	KFI_WORD(KFI_THREAD_DOMAIN),
	KFI_WORD(KFI_THREAD_COMPLETION),
	KFI_WORD(KFI_THREAD_ENDPOINT),
	{ }
};

static const struct kfi_word kfi_progresses[] = {
	KFI_WORD(KFI_PROGRESS_UNSPEC),
	KFI_WORD(KFI_PROGRESS_AUTO),
	KFI_WORD(KFI_PROGRESS_MANUAL),
	{ }
};

static const struct kfi_word kfi_resource_mgmts[] = {
	KFI_WORD(KFI_RM_UNSPEC),
	KFI_WORD(KFI_RM_DISABLED),
	KFI_WORD(KFI_RM_ENABLED),
	{ }
};

static const struct kfi_word kfi_protocols[] = {
	KFI_WORD(KFI_PROTO_UNSPEC),
	KFI_WORD(KFI_PROTO_RDMA_CM_IB_RC),
	KFI_WORD(KFI_PROTO_IWARP),
	KFI_WORD(KFI_PROTO_IB_UD),
	KFI_WORD(KFI_PROTO_UDP),
	KFI_WORD(KFI_PROTO_SOCK_TCP),
	{ }
};

static const struct kfi_word kfi_av_types[] = {
	KFI_WORD(KFI_AV_UNSPEC),
	KFI_WORD(KFI_AV_MAP),
	KFI_WORD(KFI_AV_TABLE),
	{ }
};

static const struct kfi_word kfi_datatypes[] = {
	KFI_WORD(KFI_INT8),
	KFI_WORD(KFI_UINT8),
	KFI_WORD(KFI_INT16),
	KFI_WORD(KFI_UINT16),
	KFI_WORD(KFI_INT32),
	KFI_WORD(KFI_UINT32),
	KFI_WORD(KFI_INT64),
	KFI_WORD(KFI_UINT64),
	KFI_WORD(KFI_FLOAT),
	KFI_WORD(KFI_DOUBLE),
	KFI_WORD(KFI_FLOAT_COMPLEX),
	KFI_WORD(KFI_DOUBLE_COMPLEX),
	KFI_WORD(KFI_LONG_DOUBLE),
	KFI_WORD(KFI_LONG_DOUBLE_COMPLEX),
	KFI_WORD(KFI_INT128),
	KFI_WORD(KFI_UINT128),
	{ }
};

static const struct kfi_word kfi_atomic_ops[] = {
	KFI_WORD(KFI_MIN),
	KFI_WORD(KFI_MAX),
	KFI_WORD(KFI_SUM),
	KFI_WORD(KFI_PROD),
	KFI_WORD(KFI_LOR),
	KFI_WORD(KFI_LAND),
	KFI_WORD(KFI_BOR),
	KFI_WORD(KFI_BAND),
	KFI_WORD(KFI_LXOR),
	KFI_WORD(KFI_BXOR),
	KFI_WORD(KFI_ATOMIC_READ),
	KFI_WORD(KFI_ATOMIC_WRITE),
	KFI_WORD(KFI_CSWAP),
	KFI_WORD(KFI_CSWAP_NE),
	KFI_WORD(KFI_CSWAP_LE),
	KFI_WORD(KFI_CSWAP_LT),
	KFI_WORD(KFI_CSWAP_GE),
	KFI_WORD(KFI_CSWAP_GT),
	KFI_WORD(KFI_MSWAP),
	KFI_WORD(KFI_DIFF),
	{ }
};

static const struct kfi_word kfi_eq_events[] = {
	KFI_WORD(KFI_NOTIFY),
	KFI_WORD(KFI_CONNREQ),
	KFI_WORD(KFI_CONNECTED),
	KFI_WORD(KFI_SHUTDOWN),
	KFI_WORD(KFI_MR_COMPLETE),
	KFI_WORD(KFI_AV_COMPLETE),
	{ }
};

static const struct kfi_word kfi_cq_formats[] = {
	KFI_WORD(KFI_CQ_FORMAT_UNSPEC),
	KFI_WORD(KFI_CQ_FORMAT_CONTEXT),
	KFI_WORD(KFI_CQ_FORMAT_MSG),
	KFI_WORD(KFI_CQ_FORMAT_DATA),
	KFI_WORD(KFI_CQ_FORMAT_TAGGED),
	{ }
};

static const struct kfi_word kfi_iov_types[] = {
	KFI_WORD(KFI_KVEC),
	KFI_WORD(KFI_BVEC),
	KFI_WORD(KFI_SGL),
	{ }
};

static const struct kfi_word kfi_tclasses[] = {
	KFI_WORD(KFI_TC_UNSPEC),
	KFI_WORD(KFI_TC_BEST_EFFORT),
	KFI_WORD(KFI_TC_LOW_LATENCY),
	KFI_WORD(KFI_TC_DEDICATED_ACCESS),
	KFI_WORD(KFI_TC_BULK_DATA),
	KFI_WORD(KFI_TC_SCAVENGER),
	KFI_WORD(KFI_TC_NETWORK_CTRL),
	{ }
};

static const struct kfi_word kfi_fclasses[] = {
	KFI_WORD(KFI_CLASS_UNSPEC),
	KFI_WORD(KFI_CLASS_FABRIC),
	KFI_WORD(KFI_CLASS_DOMAIN),
	KFI_WORD(KFI_CLASS_EP),
	KFI_WORD(KFI_CLASS_SEP),
	KFI_WORD(KFI_CLASS_RX_CTX),
	KFI_WORD(KFI_CLASS_SRX_CTX),
	KFI_WORD(KFI_CLASS_TX_CTX),
	KFI_WORD(KFI_CLASS_STX_CTX),
	KFI_WORD(KFI_CLASS_PEP),
	KFI_WORD(KFI_CLASS_INTERFACE),
	KFI_WORD(KFI_CLASS_AV),
	KFI_WORD(KFI_CLASS_MR),
	KFI_WORD(KFI_CLASS_EQ),
	KFI_WORD(KFI_CLASS_CQ),
	KFI_WORD(KFI_CLASS_CNTR),
	KFI_WORD(KFI_CLASS_CONNREQ),
	{ }
};

static const struct kfi_word kfi_caps[] = {
	KFI_WORD(KFI_MSG),
	KFI_WORD(KFI_RMA),
	KFI_WORD(KFI_TAGGED),
	KFI_WORD(KFI_ATOMIC),
	KFI_WORD(KFI_MULTICAST),
	KFI_WORD(KFI_TAGGED_RMA),
	KFI_WORD(KFI_READ),
	KFI_WORD(KFI_WRITE),
	KFI_WORD(KFI_RECV),
	KFI_WORD(KFI_SEND),
	KFI_WORD(KFI_REMOTE_READ),
	KFI_WORD(KFI_REMOTE_WRITE),
	KFI_WORD(KFI_MULTI_RECV),
	KFI_WORD(KFI_REMOTE_CQ_DATA),
	KFI_WORD(KFI_MORE),
	KFI_WORD(KFI_PEEK),
	KFI_WORD(KFI_TRIGGER),
	KFI_WORD(KFI_FENCE),
	KFI_WORD(KFI_COMPLETION),
	KFI_WORD(KFI_INJECT),
	KFI_WORD(KFI_INJECT_COMPLETE),
	KFI_WORD(KFI_TRANSMIT_COMPLETE),
	KFI_WORD(KFI_DELIVERY_COMPLETE),
	KFI_WORD(KFI_AFFINITY),
	KFI_WORD(KFI_COMMIT_COMPLETE),
	KFI_WORD(KFI_TAGGED_MULTI_RECV),
	KFI_WORD(KFI_COMMIT_DEEP),
	KFI_WORD(KFI_RMA_PMEM),
	KFI_WORD(KFI_SOURCE_ERR),
	KFI_WORD(KFI_LOCAL_COMM),
	KFI_WORD(KFI_REMOTE_COMM),
	KFI_WORD(KFI_SHARED_AV),
	KFI_WORD(KFI_PROV_ATTR_ONLY),
	KFI_WORD(KFI_NUMERICHOST),
	KFI_WORD(KFI_RMA_EVENT),
	KFI_WORD(KFI_SOURCE),
	KFI_WORD(KFI_NAMED_RX_CTX),
	KFI_WORD(KFI_DIRECTED_RECV),
	{ }
};

static const struct kfi_word kfi_op_flags[] = {
	KFI_WORD(KFI_MSG),
	KFI_WORD(KFI_RMA),
	KFI_WORD(KFI_TAGGED),
	KFI_WORD(KFI_ATOMIC),
	KFI_WORD(KFI_MULTICAST),
	KFI_WORD(KFI_TAGGED_RMA),
	KFI_WORD(KFI_READ),
	KFI_WORD(KFI_WRITE),
	KFI_WORD(KFI_RECV),
	KFI_WORD(KFI_SEND),
	KFI_WORD(KFI_REMOTE_READ),
	KFI_WORD(KFI_REMOTE_WRITE),
	KFI_WORD(KFI_MULTI_RECV),
	KFI_WORD(KFI_REMOTE_CQ_DATA),
	KFI_WORD(KFI_MORE),
	KFI_WORD(KFI_PEEK),
	KFI_WORD(KFI_TRIGGER),
	KFI_WORD(KFI_FENCE),
	KFI_WORD(KFI_COMPLETION),
	KFI_WORD(KFI_INJECT),
	KFI_WORD(KFI_INJECT_COMPLETE),
	KFI_WORD(KFI_TRANSMIT_COMPLETE),
	KFI_WORD(KFI_DELIVERY_COMPLETE),
	KFI_WORD(KFI_AFFINITY),
	KFI_WORD(KFI_COMMIT_COMPLETE),
	KFI_WORD(KFI_TAGGED_MULTI_RECV),
	KFI_WORD(KFI_COMMIT_DEEP),
	KFI_WORD(KFI_RMA_PMEM),
	KFI_WORD(KFI_SOURCE_ERR),
	KFI_WORD(KFI_LOCAL_COMM),
	KFI_WORD(KFI_REMOTE_COMM),
	KFI_WORD(KFI_SHARED_AV),
	KFI_WORD(KFI_PROV_ATTR_ONLY),
	KFI_WORD(KFI_NUMERICHOST),
	KFI_WORD(KFI_RMA_EVENT),
	KFI_WORD(KFI_SOURCE),
	KFI_WORD(KFI_DISCARD),
	KFI_WORD(KFI_CLAIM),
	{ }
};

static const struct kfi_word kfi_modes[] = {
	KFI_WORD(KFI_CONTEXT2),
	KFI_WORD(KFI_RESTRICTED_COMP),
	KFI_WORD(KFI_NOTIFY_FLAGS_ONLY),
	KFI_WORD(KFI_LOCAL_MR),
	KFI_WORD(KFI_RX_CQ_DATA),
	KFI_WORD(KFI_ASYNC_IOV),
	KFI_WORD(KFI_MSG_PREFIX),
	KFI_WORD(KFI_CONTEXT),
	{ }
};

static const struct kfi_word kfi_mr_modes[] = {
	KFI_WORD(KFI_MR_LOCAL),
	KFI_WORD(KFI_MR_RAW),
	KFI_WORD(KFI_MR_VIRT_ADDR),
	KFI_WORD(KFI_MR_PROV_KEY),
	KFI_WORD(KFI_MR_RMA_EVENT),
	KFI_WORD(KFI_MR_ENDPOINT),
	{ }
};

static const struct kfi_word kfi_orders[] = {
	KFI_WORD(KFI_ORDER_RAR),
	KFI_WORD(KFI_ORDER_RAW),
	KFI_WORD(KFI_ORDER_RAS),
	KFI_WORD(KFI_ORDER_WAR),
	KFI_WORD(KFI_ORDER_WAW),
	KFI_WORD(KFI_ORDER_WAS),
	KFI_WORD(KFI_ORDER_SAR),
	KFI_WORD(KFI_ORDER_SAW),
	KFI_WORD(KFI_ORDER_SAS),
	KFI_WORD(KFI_ORDER_DATA),
	{ }
};

static const struct kfi_word * const kfi_enums[] = {
	[KFI_TYPE_EP_TYPE] = kfi_ep_types,
	[KFI_TYPE_ADDR_FORMAT] = kfi_addr_formats,
	[KFI_TYPE_THREADING] = kfi_threadings,
	[KFI_TYPE_PROGRESS] = kfi_progresses,
	[KFI_TYPE_RESOURCE_MGMT] = kfi_resource_mgmts,
	[KFI_TYPE_PROTOCOL] = kfi_protocols,
	[KFI_TYPE_AV_TYPE] = kfi_av_types,
	[KFI_TYPE_ATOMIC_TYPE] = kfi_datatypes,
	[KFI_TYPE_ATOMIC_OP] = kfi_atomic_ops,
	[KFI_TYPE_EQ_EVENT] = kfi_eq_events,
	[KFI_TYPE_CQ_FORMAT] = kfi_cq_formats,
	[KFI_TYPE_IOV_TYPE] = kfi_iov_types,
	[KFI_TYPE_TCLASS] = kfi_tclasses,
	[KFI_TYPE_CLASS] = kfi_fclasses,
};

static const struct kfi_word * const kfi_flag_sets[] = {
	[KFI_TYPE_CAPS] = kfi_caps,
	[KFI_TYPE_OP_FLAGS] = kfi_op_flags,
	[KFI_TYPE_MSG_ORDER] = kfi_orders,
	[KFI_TYPE_MODE] = kfi_modes,
	[KFI_TYPE_CQ_EVENT_FLAGS] = kfi_op_flags,
	[KFI_TYPE_MR_MODE] = kfi_mr_modes,
};

static __printf(2, 3) void kfi_add(struct kfi_text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->used += vscnprintf(t->buf + t->used, t->len - t->used, fmt, args);
	va_end(args);
}

static void kfi_add_enum(struct kfi_text *t, enum kfi_type type, u64 value)
{
	const struct kfi_word *word;

	for (word = kfi_enums[type]; word->name; word++) {
		if (word->value == value) {
			kfi_add(t, "%s", word->name);
			return;
		}
	}
	kfi_add(t, "unknown (%llu)", value);
}

/* Names of known bits, then the rest as a number; "0" for the empty set. */
static void kfi_add_flags(struct kfi_text *t, enum kfi_type type, u64 flags)
{
	const struct kfi_word *word;
	const char *sep = "";

	for (word = kfi_flag_sets[type]; word->name; word++) {
		if (!(flags & word->value))
			continue;
		kfi_add(t, "%s%s", sep, word->name);
		flags &= ~word->value;
		sep = ", ";
	}
	if (flags)
		kfi_add(t, "%s%#llx", sep, flags);
	else if (!*sep)
		kfi_add(t, "0");
}

static void kfi_line_enum(struct kfi_text *t, const char *name,
			  enum kfi_type type, u64 value)
{
	kfi_add(t, "\t%s: ", name);
	kfi_add_enum(t, type, value);
	kfi_add(t, "\n");
}

static void kfi_line_flags(struct kfi_text *t, const char *name,
			   enum kfi_type type, u64 flags)
{
	kfi_add(t, "\t%s: [ ", name);
	kfi_add_flags(t, type, flags);
	kfi_add(t, " ]\n");
}

static void kfi_line_str(struct kfi_text *t, const char *name, const char *str)
{
	kfi_add(t, "\t%s: %s\n", name, str ?: "(none)");
}

static void kfi_line_size(struct kfi_text *t, const char *name, size_t size)
{
	kfi_add(t, "\t%s: %zu\n", name, size);
}

static void kfi_add_tx_attr(struct kfi_text *t, const struct kfi_tx_attr *attr)
{
	kfi_add(t, "kfi_tx_attr:\n");
	kfi_line_flags(t, "caps", KFI_TYPE_CAPS, attr->caps);
	kfi_line_flags(t, "mode", KFI_TYPE_MODE, attr->mode);
	kfi_line_flags(t, "op_flags", KFI_TYPE_OP_FLAGS, attr->op_flags);
	kfi_line_flags(t, "msg_order", KFI_TYPE_MSG_ORDER, attr->msg_order);
	kfi_line_flags(t, "comp_order", KFI_TYPE_MSG_ORDER, attr->comp_order);
	kfi_line_size(t, "inject_size", attr->inject_size);
	kfi_line_size(t, "size", attr->size);
	kfi_line_size(t, "iov_limit", attr->iov_limit);
	kfi_line_size(t, "rma_iov_limit", attr->rma_iov_limit);
	kfi_line_enum(t, "tclass", KFI_TYPE_TCLASS, attr->tclass);
}

static void kfi_add_rx_attr(struct kfi_text *t, const struct kfi_rx_attr *attr)
{
	kfi_add(t, "kfi_rx_attr:\n");
	kfi_line_flags(t, "caps", KFI_TYPE_CAPS, attr->caps);
	kfi_line_flags(t, "mode", KFI_TYPE_MODE, attr->mode);
	kfi_line_flags(t, "op_flags", KFI_TYPE_OP_FLAGS, attr->op_flags);
	kfi_line_flags(t, "msg_order", KFI_TYPE_MSG_ORDER, attr->msg_order);
	kfi_line_flags(t, "comp_order", KFI_TYPE_MSG_ORDER, attr->comp_order);
	kfi_line_size(t, "total_buffered_recv", attr->total_buffered_recv);
	kfi_line_size(t, "size", attr->size);
	kfi_line_size(t, "iov_limit", attr->iov_limit);
}

/* Keys are never shown, only their length. */
static void kfi_add_ep_attr(struct kfi_text *t, const struct kfi_ep_attr *attr)
{
	kfi_add(t, "kfi_ep_attr:\n");
	kfi_line_enum(t, "type", KFI_TYPE_EP_TYPE, attr->type);
	kfi_line_enum(t, "protocol", KFI_TYPE_PROTOCOL, attr->protocol);
	kfi_add(t, "\tprotocol_version: %u\n", attr->protocol_version);
	kfi_line_size(t, "max_msg_size", attr->max_msg_size);
	kfi_line_size(t, "msg_prefix_size", attr->msg_prefix_size);
	kfi_line_size(t, "max_order_raw_size", attr->max_order_raw_size);
	kfi_line_size(t, "max_order_war_size", attr->max_order_war_size);
	kfi_line_size(t, "max_order_waw_size", attr->max_order_waw_size);
	kfi_add(t, "\tmem_tag_format: %#018llx\n", attr->mem_tag_format);
	kfi_line_size(t, "tx_ctx_cnt", attr->tx_ctx_cnt);
	kfi_line_size(t, "rx_ctx_cnt", attr->rx_ctx_cnt);
	kfi_line_size(t, "auth_key_size", attr->auth_key_size);
}

static void kfi_add_domain_attr(struct kfi_text *t,
				const struct kfi_domain_attr *attr)
{
	kfi_add(t, "kfi_domain_attr:\n");
	kfi_line_str(t, "name", attr->name);
	kfi_line_enum(t, "threading", KFI_TYPE_THREADING, attr->threading);
	kfi_line_enum(t, "control_progress", KFI_TYPE_PROGRESS,
		      attr->control_progress);
	kfi_line_enum(t, "data_progress", KFI_TYPE_PROGRESS,
		      attr->data_progress);
	kfi_line_enum(t, "resource_mgmt", KFI_TYPE_RESOURCE_MGMT,
		      attr->resource_mgmt);
	kfi_line_enum(t, "av_type", KFI_TYPE_AV_TYPE, attr->av_type);
	kfi_line_flags(t, "mr_mode", KFI_TYPE_MR_MODE, (u32)attr->mr_mode);
	kfi_line_size(t, "mr_key_size", attr->mr_key_size);
	kfi_line_size(t, "cq_data_size", attr->cq_data_size);
	kfi_line_size(t, "cq_cnt", attr->cq_cnt);
	kfi_line_size(t, "ep_cnt", attr->ep_cnt);
	kfi_line_size(t, "tx_ctx_cnt", attr->tx_ctx_cnt);
	kfi_line_size(t, "rx_ctx_cnt", attr->rx_ctx_cnt);
	kfi_line_size(t, "max_ep_tx_ctx", attr->max_ep_tx_ctx);
	kfi_line_size(t, "max_ep_rx_ctx", attr->max_ep_rx_ctx);
	kfi_line_size(t, "max_ep_stx_ctx", attr->max_ep_stx_ctx);
	kfi_line_size(t, "max_ep_srx_ctx", attr->max_ep_srx_ctx);
	kfi_line_size(t, "cntr_cnt", attr->cntr_cnt);
	kfi_line_size(t, "mr_iov_limit", attr->mr_iov_limit);
	kfi_line_flags(t, "caps", KFI_TYPE_CAPS, attr->caps);
	kfi_line_flags(t, "mode", KFI_TYPE_MODE, attr->mode);
	kfi_line_size(t, "auth_key_size", attr->auth_key_size);
	kfi_line_size(t, "max_err_data", attr->max_err_data);
	kfi_line_size(t, "mr_cnt", attr->mr_cnt);
	kfi_line_enum(t, "tclass", KFI_TYPE_TCLASS, attr->tclass);
}

static void kfi_add_version(struct kfi_text *t, u32 version)
{
	kfi_add(t, "%u.%u", KFI_MAJOR(version), KFI_MINOR(version));
}

static void kfi_add_fabric_attr(struct kfi_text *t,
				const struct kfi_fabric_attr *attr)
{
	kfi_add(t, "kfi_fabric_attr:\n");
	kfi_line_str(t, "name", attr->name);
	kfi_line_str(t, "prov_name", attr->prov_name);
	kfi_add(t, "\tprov_version: ");
	kfi_add_version(t, attr->prov_version);
	kfi_add(t, "\n\tapi_version: ");
	kfi_add_version(t, attr->api_version);
	kfi_add(t, "\n");
}

static void kfi_add_info(struct kfi_text *t, const struct kfi_info *info)
{
	kfi_add(t, "kfi_info:\n");
	kfi_line_flags(t, "caps", KFI_TYPE_CAPS, info->caps);
	kfi_line_flags(t, "mode", KFI_TYPE_MODE, info->mode);
	kfi_line_enum(t, "addr_format", KFI_TYPE_ADDR_FORMAT,
		      info->addr_format);
	kfi_line_size(t, "src_addrlen", info->src_addrlen);
	kfi_line_size(t, "dest_addrlen", info->dest_addrlen);
	if (info->tx_attr)
		kfi_add_tx_attr(t, info->tx_attr);
	if (info->rx_attr)
		kfi_add_rx_attr(t, info->rx_attr);
	if (info->ep_attr)
		kfi_add_ep_attr(t, info->ep_attr);
	if (info->domain_attr)
		kfi_add_domain_attr(t, info->domain_attr);
	if (info->fabric_attr)
		kfi_add_fabric_attr(t, info->fabric_attr);
}

/* As &enum kfi_type says which type @data has. */
static void kfi_add_value(struct kfi_text *t, const void *data,
			  enum kfi_type type)
{
	switch (type) {
	case KFI_TYPE_INFO:
		kfi_add_info(t, data);
		break;
	case KFI_TYPE_TX_ATTR:
		kfi_add_tx_attr(t, data);
		break;
	case KFI_TYPE_RX_ATTR:
		kfi_add_rx_attr(t, data);
		break;
	case KFI_TYPE_EP_ATTR:
		kfi_add_ep_attr(t, data);
		break;
	case KFI_TYPE_DOMAIN_ATTR:
		kfi_add_domain_attr(t, data);
		break;
	case KFI_TYPE_FABRIC_ATTR:
		kfi_add_fabric_attr(t, data);
		break;
	case KFI_TYPE_CAPS:
	case KFI_TYPE_OP_FLAGS:
	case KFI_TYPE_MSG_ORDER:
	case KFI_TYPE_MODE:
	case KFI_TYPE_CQ_EVENT_FLAGS:
		kfi_add_flags(t, type, *(const u64 *)data);
		break;
	case KFI_TYPE_MR_MODE:
		kfi_add_flags(t, type, *(const u32 *)data);
		break;
	case KFI_TYPE_VERSION:
		kfi_add_version(t, *(const u32 *)data);
		break;
	case KFI_TYPE_CLASS:
		kfi_add_enum(t, type, *(const size_t *)data);
		break;
	case KFI_TYPE_EP_TYPE:
	case KFI_TYPE_ADDR_FORMAT:
	case KFI_TYPE_THREADING:
	case KFI_TYPE_PROGRESS:
	case KFI_TYPE_RESOURCE_MGMT:
	case KFI_TYPE_PROTOCOL:
	case KFI_TYPE_AV_TYPE:
	case KFI_TYPE_ATOMIC_TYPE:
	case KFI_TYPE_ATOMIC_OP:
	case KFI_TYPE_EQ_EVENT:
	case KFI_TYPE_CQ_FORMAT:
	case KFI_TYPE_IOV_TYPE:
	case KFI_TYPE_TCLASS:
		kfi_add_enum(t, type, *(const u32 *)data);
		break;
	default:
		kfi_add(t, "unknown type (%d)", type);
		break;
	}
}

char *kfi_tostr_r(char *buf, size_t len, const void *data,
		  enum kfi_type datatype)
{
	struct kfi_text t = { .buf = buf, .len = len };

	if (!len)
		return buf;
	*buf = '\0';
	if (data)
		kfi_add_value(&t, data, datatype);
	return buf;
}
EXPORT_SYMBOL_GPL(kfi_tostr_r);

static const struct kfi_word kfi_errors[] = {
	{ KFI_SUCCESS, "Success" },
	{ EPERM, "Operation not permitted" },
	{ ENOENT, "No such entry" },
	{ EINTR, "Interrupted" },
	{ EIO, "Input/output error" },
	{ E2BIG, "Argument list too long" },
	{ EBADF, "Bad descriptor" },
	{ EAGAIN, "Try again" },
	{ ENOMEM, "Out of memory" },
	{ EACCES, "Permission denied" },
	{ EFAULT, "Bad address" },
	{ EBUSY, "Busy" },
	{ EEXIST, "Exists already" },
	{ ENODEV, "No such device" },
	{ EINVAL, "Invalid argument" },
	{ EMFILE, "Too many open objects" },
	{ ENOSPC, "No space left" },
	{ KFI_ENOSYS, "Not implemented" },
	{ ENOMSG, "No message" },
	{ ENODATA, "No data" },
	{ ENOLINK, "Link has been severed" },
	{ EOVERFLOW, "Value too large" },
	{ EMSGSIZE, "Message too long" },
	{ ENOPROTOOPT, "No such option" },
	{ EOPNOTSUPP, "Not supported" },
	{ EADDRINUSE, "Address in use" },
	{ EADDRNOTAVAIL, "Address not available" },
	{ ENETDOWN, "Network is down" },
	{ ENETUNREACH, "Network is unreachable" },
	{ ECONNABORTED, "Connection aborted" },
	{ ECONNRESET, "Connection reset by peer" },
	{ ENOBUFS, "No buffer space" },
	{ EISCONN, "Connected already" },
	{ ENOTCONN, "Not connected" },
	{ ESHUTDOWN, "Shut down" },
	{ ETIMEDOUT, "Timed out" },
	{ ECONNREFUSED, "Connection refused" },
	{ EHOSTDOWN, "Host is down" },
	{ EHOSTUNREACH, "No route to host" },
	{ EALREADY, "In progress already" },
	{ EINPROGRESS, "In progress" },
	{ ESTALE, "Epoch or generation has moved" },
	{ EREMOTEIO, "Remote input/output error" },
	{ ECANCELED, "Cancelled" },
	{ EKEYREVOKED, "Key has been revoked" },
	{ EKEYREJECTED, "Key was rejected" },
	{ KFI_EOTHER, "Unspecified error" },
	{ KFI_EAVAIL, "An error entry is waiting" },
	{ KFI_EOPBADSTATE, "Not permitted in this state" },
	{ KFI_ETOOSMALL, "Buffer is too small" },
	{ KFI_EBADFLAGS, "Flags not supported" },
	{ KFI_ENOEQ, "No event queue" },
	{ KFI_EDOMAIN, "Objects of different domains" },
	{ KFI_ENOCQ, "No completion queue" },
	{ KFI_ECRC, "Checksum error" },
	{ KFI_ETRUNC, "Truncated" },
	{ KFI_ENOKEY, "Key not available" },
	{ KFI_ENOAV, "No address vector" },
	{ KFI_EOVERRUN, "Queue has been overrun" },
	{ KFI_ENORX, "No receive was posted" },
};

const char *kfi_strerror(int errnum)
{
	s64 code = errnum < 0 ? -(s64)errnum : errnum;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kfi_errors); i++)
		if (kfi_errors[i].value == code)
			return kfi_errors[i].name;
	return "Unknown error";
}
EXPORT_SYMBOL_GPL(kfi_strerror);

static const char * const kfi_log_subsystems[] = {
	[KFI_LOG_CORE] = "core",
	[KFI_LOG_FABRIC] = "fabric",
	[KFI_LOG_DOMAIN] = "domain",
	[KFI_LOG_EP_CTRL] = "ep_ctrl",
	[KFI_LOG_EP_DATA] = "ep_data",
	[KFI_LOG_AV] = "av",
	[KFI_LOG_CQ] = "cq",
	[KFI_LOG_EQ] = "eq",
	[KFI_LOG_MR] = "mr",
	[KFI_LOG_CNTR] = "cntr",
};

const char *kfi_log_subsys_name(enum kfi_log_subsys subsys)
{
	if (subsys >= ARRAY_SIZE(kfi_log_subsystems))
		return "unknown";
	return kfi_log_subsystems[subsys];
}
EXPORT_SYMBOL_GPL(kfi_log_subsys_name);
