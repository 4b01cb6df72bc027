/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: event queues, completion queues, counters. Semantics: fi_eq(3),
 * fi_cq(3), fi_cntr(3).
 */
#ifndef _KFI_EQ_H_
#define _KFI_EQ_H_

#include <kfabric.h>
#include <kfi_errno.h>

/**
 * enum kfi_wait_obj - how a caller waits for an entry
 * @KFI_WAIT_NONE: not at all, or in the handler
 * @KFI_WAIT_UNSPEC: in kfi_eq_sread(), kfi_cq_sread() or kfi_cntr_wait()
 */
enum kfi_wait_obj {
	KFI_WAIT_NONE,
	KFI_WAIT_UNSPEC,
};

/**
 * struct kfi_eq_attr - attributes of an event queue
 * @size: entries
 * @flags: KFI_WRITE: the client may write; KFI_AFFINITY: @signaling_vector
 *	is valid
 * @wait_obj: how to wait
 * @signaling_vector: CPU that handles the events
 */
struct kfi_eq_attr {
	size_t size;
	u64 flags;
	enum kfi_wait_obj wait_obj;
	int signaling_vector;
};

/* Events of an event queue. */
enum {
	KFI_NOTIFY,
	KFI_CONNREQ,
	KFI_CONNECTED,
	KFI_SHUTDOWN,
	KFI_MR_COMPLETE,
	KFI_AV_COMPLETE,
};

/**
 * struct kfi_eq_entry - an event
 * @fid: object it belongs to
 * @context: of that object or call
 * @data: depends on the event
 */
struct kfi_eq_entry {
	struct kfid *fid;
	void *context;
	u64 data;
};

/**
 * struct kfi_eq_cm_entry - a connection event
 * @fid: object it belongs to
 * @info: of a request; the reader frees it with kfi_freeinfo()
 * @data: private data of the peer, as much as there is room for
 */
struct kfi_eq_cm_entry {
	struct kfid *fid;
	struct kfi_info *info;
	u8 data[];
};

/**
 * struct kfi_eq_err_entry - a failed operation
 * @fid: object it belongs to
 * @context: of that object or call
 * @data: depends on the event
 * @err: positive errno
 * @prov_errno: provider's own code, see kfi_eq_strerror()
 * @err_data: valid until the queue is read again
 * @err_data_size: bytes at @err_data
 */
struct kfi_eq_err_entry {
	struct kfid *fid;
	void *context;
	u64 data;
	int err;
	int prov_errno;
	void *err_data;
	size_t err_data_size;
};

/**
 * struct kfi_ops_eq - operations of an event queue
 * @size: sizeof the table
 * @read: see kfi_eq_read()
 * @readerr: see kfi_eq_readerr()
 * @write: see kfi_eq_write()
 * @sread: see kfi_eq_sread()
 * @strerror: see kfi_eq_strerror()
 */
struct kfi_ops_eq {
	size_t size;
	ssize_t (*read)(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
			u64 flags);
	ssize_t (*readerr)(struct kfid_eq *eq, struct kfi_eq_err_entry *buf,
			   u64 flags);
	ssize_t (*write)(struct kfid_eq *eq, u32 event, const void *buf,
			 size_t len, u64 flags);
	ssize_t (*sread)(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
			 int timeout, u64 flags);
	const char *(*strerror)(struct kfid_eq *eq, int prov_errno,
				const void *err_data, char *buf, size_t len);
};

/**
 * struct kfid_eq - an event queue
 * @fid: head
 * @ops: operations
 */
struct kfid_eq {
	struct kfid fid;
	const struct kfi_ops_eq *ops;
};

/**
 * enum kfi_cq_format - which struct kfi_cq_read() fills
 * @KFI_CQ_FORMAT_UNSPEC: as the provider chooses; written back to the attr
 * @KFI_CQ_FORMAT_CONTEXT: &struct kfi_cq_entry
 * @KFI_CQ_FORMAT_MSG: &struct kfi_cq_msg_entry
 * @KFI_CQ_FORMAT_DATA: &struct kfi_cq_data_entry
 * @KFI_CQ_FORMAT_TAGGED: &struct kfi_cq_tagged_entry
 */
enum kfi_cq_format {
	KFI_CQ_FORMAT_UNSPEC,
	KFI_CQ_FORMAT_CONTEXT,
	KFI_CQ_FORMAT_MSG,
	KFI_CQ_FORMAT_DATA,
	KFI_CQ_FORMAT_TAGGED,
};

enum kfi_cq_wait_cond {
	KFI_CQ_COND_NONE,
	KFI_CQ_COND_THRESHOLD,	/* cond points to a size_t */
};

/**
 * struct kfi_cq_attr - attributes of a completion queue
 * @size: entries
 * @flags: KFI_AFFINITY: @signaling_vector is valid
 * @format: struct of an entry
 * @wait_obj: how to wait
 * @signaling_vector: CPU that handles the completions
 * @wait_cond: what kfi_cq_sread() waits for
 */
struct kfi_cq_attr {
	size_t size;
	u64 flags;
	enum kfi_cq_format format;
	enum kfi_wait_obj wait_obj;
	int signaling_vector;
	enum kfi_cq_wait_cond wait_cond;
};

/**
 * struct kfi_cq_entry - a completion
 * @op_context: context of the operation
 */
struct kfi_cq_entry {
	void *op_context;
};

/**
 * struct kfi_cq_msg_entry - a completion with its length
 * @op_context: context of the operation
 * @flags: what completed, for example KFI_MSG | KFI_RECV
 * @len: bytes received
 */
struct kfi_cq_msg_entry {
	void *op_context;
	u64 flags;
	size_t len;
};

/**
 * struct kfi_cq_data_entry - a completion with remote CQ data
 * @op_context: context of the operation
 * @flags: what completed
 * @len: bytes received
 * @buf: place in a multi-receive buffer
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 */
struct kfi_cq_data_entry {
	void *op_context;
	u64 flags;
	size_t len;
	void *buf;
	u64 data;
};

/**
 * struct kfi_cq_tagged_entry - a completion with its tag
 * @op_context: context of the operation
 * @flags: what completed
 * @len: bytes received
 * @buf: place in a multi-receive buffer
 * @data: remote CQ data, host byte order; with KFI_REMOTE_CQ_DATA
 * @tag: tag of the received message
 */
struct kfi_cq_tagged_entry {
	void *op_context;
	u64 flags;
	size_t len;
	void *buf;
	u64 data;
	u64 tag;
};

/**
 * struct kfi_cq_err_entry - a failed operation
 * @op_context: context of the operation
 * @flags: what failed
 * @len: bytes received
 * @buf: place in a multi-receive buffer
 * @data: remote CQ data
 * @tag: tag
 * @olen: bytes that did not fit
 * @err: positive errno. ESTALE: epoch or generation moved; EKEYREVOKED:
 *	fenced; EIO: media error; ENOLINK: the peer is gone
 * @prov_errno: provider's own code, see kfi_cq_strerror()
 * @err_data: valid until the queue is read again
 * @err_data_size: bytes at @err_data
 */
struct kfi_cq_err_entry {
	void *op_context;
	u64 flags;
	size_t len;
	void *buf;
	u64 data;
	u64 tag;
	size_t olen;
	int err;
	int prov_errno;
	void *err_data;
	size_t err_data_size;
};

/**
 * struct kfi_ops_cq - operations of a completion queue
 * @size: sizeof the table
 * @read: see kfi_cq_read()
 * @readfrom: see kfi_cq_readfrom()
 * @readerr: see kfi_cq_readerr()
 * @sread: see kfi_cq_sread()
 * @sreadfrom: see kfi_cq_sreadfrom()
 * @signal: see kfi_cq_signal()
 * @strerror: see kfi_cq_strerror()
 */
struct kfi_ops_cq {
	size_t size;
	ssize_t (*read)(struct kfid_cq *cq, void *buf, size_t count);
	ssize_t (*readfrom)(struct kfid_cq *cq, void *buf, size_t count,
			    kfi_addr_t *src_addr);
	ssize_t (*readerr)(struct kfid_cq *cq, struct kfi_cq_err_entry *buf,
			   u64 flags);
	ssize_t (*sread)(struct kfid_cq *cq, void *buf, size_t count,
			 const void *cond, int timeout);
	ssize_t (*sreadfrom)(struct kfid_cq *cq, void *buf, size_t count,
			     kfi_addr_t *src_addr, const void *cond,
			     int timeout);
	int (*signal)(struct kfid_cq *cq);
	const char *(*strerror)(struct kfid_cq *cq, int prov_errno,
				const void *err_data, char *buf, size_t len);
};

/**
 * struct kfid_cq - a completion queue
 * @fid: head
 * @ops: operations
 */
struct kfid_cq {
	struct kfid fid;
	const struct kfi_ops_cq *ops;
};

enum kfi_cntr_events {
	KFI_CNTR_EVENTS_COMP,
};

/**
 * struct kfi_cntr_attr - attributes of a counter
 * @events: what is counted
 * @wait_obj: how to wait
 * @flags: 0
 */
struct kfi_cntr_attr {
	enum kfi_cntr_events events;
	enum kfi_wait_obj wait_obj;
	u64 flags;
};

/**
 * struct kfi_ops_cntr - operations of a counter
 * @size: sizeof the table
 * @read: see kfi_cntr_read()
 * @readerr: see kfi_cntr_readerr()
 * @add: see kfi_cntr_add()
 * @set: see kfi_cntr_set()
 * @wait: see kfi_cntr_wait()
 * @adderr: see kfi_cntr_adderr()
 * @seterr: see kfi_cntr_seterr()
 */
struct kfi_ops_cntr {
	size_t size;
	u64 (*read)(struct kfid_cntr *cntr);
	u64 (*readerr)(struct kfid_cntr *cntr);
	int (*add)(struct kfid_cntr *cntr, u64 value);
	int (*set)(struct kfid_cntr *cntr, u64 value);
	int (*wait)(struct kfid_cntr *cntr, u64 threshold, int timeout);
	int (*adderr)(struct kfid_cntr *cntr, u64 value);
	int (*seterr)(struct kfid_cntr *cntr, u64 value);
};

/**
 * struct kfid_cntr - a counter of completed operations
 * @fid: head
 * @ops: operations
 */
struct kfid_cntr {
	struct kfid fid;
	const struct kfi_ops_cntr *ops;
};

/**
 * kfi_eq_open() - open an event queue
 * @fabric: its fabric
 * @attr: attributes
 * @eq: the queue
 * @event_handler: called from a work item when an empty queue gets an event,
 *	or NULL
 * @context: the client's, passed to @event_handler
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_eq_open(struct kfid_fabric *fabric,
			      struct kfi_eq_attr *attr, struct kfid_eq **eq,
			      kfi_event_handler event_handler, void *context)
{
	return fabric->ops->eq_open(fabric, attr, eq, event_handler, context);
}

/**
 * kfi_eq_read() - read an event
 * @eq: the queue
 * @event: KFI_CONNREQ and the like
 * @buf: filled with the entry the event has
 * @len: bytes at @buf
 * @flags: KFI_PEEK: leave the event in the queue
 *
 * Context: any context but hard interrupt.
 * Return: bytes read; -EAGAIN when empty; -KFI_EAVAIL when an error entry is
 * waiting; -KFI_ETOOSMALL.
 */
static inline ssize_t kfi_eq_read(struct kfid_eq *eq, u32 *event, void *buf,
				  size_t len, u64 flags)
{
	return eq->ops->read(eq, event, buf, len, flags);
}

/**
 * kfi_eq_readerr() - read an error entry
 * @eq: the queue
 * @buf: filled
 * @flags: 0
 *
 * Context: any context but hard interrupt.
 * Return: bytes read; -EAGAIN when there is none.
 */
static inline ssize_t kfi_eq_readerr(struct kfid_eq *eq,
				     struct kfi_eq_err_entry *buf, u64 flags)
{
	return eq->ops->readerr(eq, buf, flags);
}

/**
 * kfi_eq_write() - write an event
 * @eq: the queue, opened with KFI_WRITE
 * @event: event
 * @buf: entry
 * @len: bytes at @buf
 * @flags: 0
 *
 * Context: any context but hard interrupt.
 * Return: bytes written; -EAGAIN when full; an error.
 */
static inline ssize_t kfi_eq_write(struct kfid_eq *eq, u32 event,
				   const void *buf, size_t len, u64 flags)
{
	return eq->ops->write(eq, event, buf, len, flags);
}

/**
 * kfi_eq_sread() - wait for an event
 * @eq: the queue, opened with KFI_WAIT_UNSPEC
 * @event: as kfi_eq_read()
 * @buf: as kfi_eq_read()
 * @len: as kfi_eq_read()
 * @timeout: milliseconds, negative for ever
 * @flags: as kfi_eq_read()
 *
 * Context: sleeps.
 * Return: as kfi_eq_read(); -EAGAIN after @timeout; -EINTR.
 */
static inline ssize_t kfi_eq_sread(struct kfid_eq *eq, u32 *event, void *buf,
				   size_t len, int timeout, u64 flags)
{
	return eq->ops->sread(eq, event, buf, len, timeout, flags);
}

/**
 * kfi_eq_strerror() - text of a provider's error code
 * @eq: the queue
 * @prov_errno: from the error entry
 * @err_data: from the error entry
 * @buf: where to
 * @len: bytes at @buf
 *
 * Context: any context.
 * Return: @buf.
 */
static inline const char *kfi_eq_strerror(struct kfid_eq *eq, int prov_errno,
					  const void *err_data, char *buf,
					  size_t len)
{
	return eq->ops->strerror(eq, prov_errno, err_data, buf, len);
}

/**
 * kfi_cq_read() - read completions
 * @cq: the queue
 * @buf: filled with entries of the queue's format
 * @count: entries at @buf
 *
 * Context: any context but hard interrupt.
 * Return: entries read; -EAGAIN when empty; -KFI_EAVAIL when an error entry is
 * waiting; -KFI_EOVERRUN when entries were lost.
 */
static inline ssize_t kfi_cq_read(struct kfid_cq *cq, void *buf, size_t count)
{
	return cq->ops->read(cq, buf, count);
}

/**
 * kfi_cq_readfrom() - read completions and where they came from
 * @cq: the queue
 * @buf: as kfi_cq_read()
 * @count: as kfi_cq_read()
 * @src_addr: filled with one address per entry, or KFI_ADDR_NOTAVAIL
 *
 * Context: any context but hard interrupt.
 * Return: as kfi_cq_read().
 */
static inline ssize_t kfi_cq_readfrom(struct kfid_cq *cq, void *buf,
				      size_t count, kfi_addr_t *src_addr)
{
	return cq->ops->readfrom(cq, buf, count, src_addr);
}

/**
 * kfi_cq_readerr() - read an error entry
 * @cq: the queue
 * @buf: filled
 * @flags: 0
 *
 * Context: any context but hard interrupt.
 * Return: 1; -EAGAIN when there is none.
 */
static inline ssize_t kfi_cq_readerr(struct kfid_cq *cq,
				     struct kfi_cq_err_entry *buf, u64 flags)
{
	return cq->ops->readerr(cq, buf, flags);
}

/**
 * kfi_cq_sread() - wait for completions
 * @cq: the queue, opened with KFI_WAIT_UNSPEC
 * @buf: as kfi_cq_read()
 * @count: as kfi_cq_read()
 * @cond: as kfi_cq_attr.wait_cond says, or NULL
 * @timeout: milliseconds, negative for ever
 *
 * Context: sleeps.
 * Return: as kfi_cq_read(); -EAGAIN after @timeout or kfi_cq_signal(); -EINTR.
 */
static inline ssize_t kfi_cq_sread(struct kfid_cq *cq, void *buf, size_t count,
				   const void *cond, int timeout)
{
	return cq->ops->sread(cq, buf, count, cond, timeout);
}

/**
 * kfi_cq_sreadfrom() - wait for completions and where they came from
 * @cq: as kfi_cq_sread()
 * @buf: as kfi_cq_sread()
 * @count: as kfi_cq_sread()
 * @src_addr: as kfi_cq_readfrom()
 * @cond: as kfi_cq_sread()
 * @timeout: as kfi_cq_sread()
 *
 * Context: sleeps.
 * Return: as kfi_cq_sread().
 */
static inline ssize_t kfi_cq_sreadfrom(struct kfid_cq *cq, void *buf,
				       size_t count, kfi_addr_t *src_addr,
				       const void *cond, int timeout)
{
	return cq->ops->sreadfrom(cq, buf, count, src_addr, cond, timeout);
}

/**
 * kfi_cq_signal() - wake a caller of kfi_cq_sread()
 * @cq: the queue
 *
 * Context: any context but hard interrupt.
 * Return: 0 or an error.
 */
static inline int kfi_cq_signal(struct kfid_cq *cq)
{
	return cq->ops->signal(cq);
}

/**
 * kfi_cq_strerror() - text of a provider's error code
 * @cq: the queue
 * @prov_errno: from the error entry
 * @err_data: from the error entry
 * @buf: where to
 * @len: bytes at @buf
 *
 * Context: any context.
 * Return: @buf.
 */
static inline const char *kfi_cq_strerror(struct kfid_cq *cq, int prov_errno,
					  const void *err_data, char *buf,
					  size_t len)
{
	return cq->ops->strerror(cq, prov_errno, err_data, buf, len);
}

/**
 * kfi_cntr_read() - successful operations so far
 * @cntr: the counter
 *
 * Context: any context.
 * Return: the count; a provider without counters returns 0.
 */
static inline u64 kfi_cntr_read(struct kfid_cntr *cntr)
{
	return cntr->ops->read(cntr);
}

/**
 * kfi_cntr_readerr() - failed operations so far
 * @cntr: the counter
 *
 * Context: any context.
 * Return: the count.
 */
static inline u64 kfi_cntr_readerr(struct kfid_cntr *cntr)
{
	return cntr->ops->readerr(cntr);
}

/**
 * kfi_cntr_add() - add to a counter
 * @cntr: the counter
 * @value: what to add
 *
 * Context: any context but hard interrupt.
 * Return: 0 or an error.
 */
static inline int kfi_cntr_add(struct kfid_cntr *cntr, u64 value)
{
	return cntr->ops->add(cntr, value);
}

/**
 * kfi_cntr_set() - set a counter
 * @cntr: the counter
 * @value: new value
 *
 * Context: any context but hard interrupt.
 * Return: 0 or an error.
 */
static inline int kfi_cntr_set(struct kfid_cntr *cntr, u64 value)
{
	return cntr->ops->set(cntr, value);
}

/**
 * kfi_cntr_adderr() - add to the error count
 * @cntr: the counter
 * @value: what to add
 *
 * Context: any context but hard interrupt.
 * Return: 0 or an error.
 */
static inline int kfi_cntr_adderr(struct kfid_cntr *cntr, u64 value)
{
	return cntr->ops->adderr(cntr, value);
}

/**
 * kfi_cntr_seterr() - set the error count
 * @cntr: the counter
 * @value: new value
 *
 * Context: any context but hard interrupt.
 * Return: 0 or an error.
 */
static inline int kfi_cntr_seterr(struct kfid_cntr *cntr, u64 value)
{
	return cntr->ops->seterr(cntr, value);
}

/**
 * kfi_cntr_wait() - wait for a count
 * @cntr: the counter, opened with KFI_WAIT_UNSPEC
 * @threshold: count to reach
 * @timeout: milliseconds, negative for ever
 *
 * Context: sleeps.
 * Return: 0; -ETIMEDOUT; -KFI_EAVAIL when the error count moved; -EINTR.
 */
static inline int kfi_cntr_wait(struct kfid_cntr *cntr, u64 threshold,
				int timeout)
{
	return cntr->ops->wait(cntr, threshold, timeout);
}

#endif /* _KFI_EQ_H_ */
