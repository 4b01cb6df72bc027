/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: for providers only. A client includes nothing from here.
 *
 * A provider fills a struct kfi_provider, registers it when its module loads
 * and deregisters it when the module goes. Every entry of every op table it
 * hands out is set: what it does not do is a kfi_no_*() stub from below.
 */
#ifndef _KFI_PROV_H_
#define _KFI_PROV_H_

#include <linux/module.h>
#include <kfabric.h>
#include <kfi_atomic.h>
#include <kfi_cm.h>
#include <kfi_domain.h>
#include <kfi_endpoint.h>
#include <kfi_eq.h>
#include <kfi_rma.h>
#include <kfi_tagged.h>

/**
 * struct kfi_provider - a provider
 * @version: of the provider, KFI_VERSION()
 * @kfi_version: of this interface it was built with, KFI_VERSION()
 * @context: the provider's own
 * @name: unique among registered providers, shorter than KFI_NAME_MAX
 * @kgetinfo: as kfi_getinfo(); may run several times at once; may sleep. It
 *	leaves fabric_attr->prov_name, prov_version and api_version to the core.
 * @kfabric: as kfi_fabric(); may sleep
 * @cleanup: called once by kfi_provider_deregister() after the last user is
 *	gone, or NULL
 * @comp: core's: completed when @ref_cnt reaches zero
 * @ref_cnt: core's: one for the registration, one for each call in progress
 *	and one for each open fabric
 * @owner: module kept loaded by calls and fabrics, THIS_MODULE
 * @list: core's
 */
struct kfi_provider {
	u32 version;
	u32 kfi_version;
	void *context;
	const char *name;
	int (*kgetinfo)(u32 version, const char *node, const char *service,
			u64 flags, const struct kfi_info *hints,
			struct kfi_info **info);
	int (*kfabric)(struct kfi_fabric_attr *attr,
		       struct kfid_fabric **fabric, void *context);
	void (*cleanup)(struct kfi_provider *prov);
	struct completion comp;
	refcount_t ref_cnt;
	struct module *owner;
	struct list_head list;
};

/**
 * kfi_provider_register() - offer a provider to clients
 * @provider: stays valid until kfi_provider_deregister() returns
 *
 * Context: may sleep.
 * Return: 0; -EEXIST when the name is taken; -EINVAL when a field is missing;
 * -ENOSYS when it was built with a newer interface than the core's.
 */
int kfi_provider_register(struct kfi_provider *provider);

/**
 * kfi_provider_deregister() - take a provider back
 * @provider: the provider
 *
 * New users do not find it from the start; the call returns when calls in
 * progress have ended and all fabrics are closed. A module cannot get there
 * with open fabrics, because they keep it loaded.
 *
 * Context: sleeps.
 * Return: 0; -ENOENT when it is not registered.
 */
int kfi_provider_deregister(struct kfi_provider *provider);

/**
 * kfid_init() - prepare the head of an object
 * @fid: head
 * @fclass: KFI_CLASS_*
 * @context: the client's
 * @ops: operations; no entry is NULL
 *
 * The opener holds the one reference.
 *
 * Context: any context.
 */
static inline void kfid_init(struct kfid *fid, size_t fclass, void *context,
			     const struct kfi_ops *ops)
{
	fid->fclass = fclass;
	fid->context = context;
	fid->ops = ops;
	init_completion(&fid->comp);
	refcount_set(&fid->ref_cnt, 1);
}

/**
 * kfid_get() - depend on an object
 * @fid: head
 *
 * Context: any context.
 * Return: false when it is being closed.
 */
static inline bool kfid_get(struct kfid *fid)
{
	return refcount_inc_not_zero(&fid->ref_cnt);
}

/**
 * kfid_put() - end a dependence
 * @fid: head
 *
 * Context: any context.
 */
static inline void kfid_put(struct kfid *fid)
{
	if (refcount_dec_and_test(&fid->ref_cnt))
		complete(&fid->comp);
}

/**
 * kfid_try_close() - begin to close an object nothing depends on
 * @fid: head
 *
 * For close(): on success no one can depend on the object any more.
 *
 * Context: any context.
 * Return: 0; -EBUSY when something depends on it, and nothing has changed.
 */
static inline int kfid_try_close(struct kfid *fid)
{
	return refcount_dec_if_one(&fid->ref_cnt) ? 0 : -EBUSY;
}

/**
 * kfid_drain() - begin to close an object and wait for what depends on it
 * @fid: head
 *
 * For close() of an object whose users are transient, such as handlers.
 *
 * Context: sleeps.
 */
static inline void kfid_drain(struct kfid *fid)
{
	kfid_put(fid);
	wait_for_completion(&fid->comp);
}

/*
 * Stubs: kfi_no_<table>_<entry>() for entry <entry> of struct kfi_ops_<table>
 * (kfi_no_<entry>() for struct kfi_ops), and whole tables of them.
 *
 * Context: any context. Return: -ENOSYS; a count of 0; a text that says nothing.
 */
int kfi_no_close(struct kfid *fid);
int kfi_no_bind(struct kfid *fid, struct kfid *bfid, u64 flags);
int kfi_no_control(struct kfid *fid, int command, void *arg);
int kfi_no_ops_open(struct kfid *fid, const char *name, u64 flags, void **ops,
		    void *context);

int kfi_no_fabric_domain(struct kfid_fabric *fabric, struct kfi_info *info,
			 struct kfid_domain **dom, void *context);
int kfi_no_fabric_passive_ep(struct kfid_fabric *fabric, struct kfi_info *info,
			     struct kfid_pep **pep, void *context);
int kfi_no_fabric_eq_open(struct kfid_fabric *fabric, struct kfi_eq_attr *attr,
			  struct kfid_eq **eq, kfi_event_handler event_handler,
			  void *context);

int kfi_no_av_insert(struct kfid_av *av, const void *addr, size_t count,
		     kfi_addr_t *kfi_addr, u64 flags, void *context);
int kfi_no_av_insertsvc(struct kfid_av *av, const char *node,
			const char *service, kfi_addr_t *kfi_addr, u64 flags,
			void *context);
int kfi_no_av_insertsym(struct kfid_av *av, const char *node, size_t nodecnt,
			const char *service, size_t svccnt,
			kfi_addr_t *kfi_addr, u64 flags, void *context);
int kfi_no_av_remove(struct kfid_av *av, kfi_addr_t *kfi_addr, size_t count,
		     u64 flags);
int kfi_no_av_lookup(struct kfid_av *av, kfi_addr_t kfi_addr, void *addr,
		     size_t *addrlen);
const char *kfi_no_av_straddr(struct kfid_av *av, const void *addr, char *buf,
			      size_t *len);

int kfi_no_mr_reg(struct kfid *fid, const void *buf, size_t len, u64 access,
		  u64 offset, u64 requested_key, u64 flags, struct kfid_mr **mr,
		  void *context);
int kfi_no_mr_regv(struct kfid *fid, const struct kvec *iov, size_t count,
		   u64 access, u64 offset, u64 requested_key, u64 flags,
		   struct kfid_mr **mr, void *context);
int kfi_no_mr_regbv(struct kfid *fid, const struct bio_vec *biov, size_t count,
		    u64 access, u64 offset, u64 requested_key, u64 flags,
		    struct kfid_mr **mr, void *context);
int kfi_no_mr_regsgl(struct kfid *fid, const struct scatterlist *sgl,
		     size_t count, u64 access, u64 offset, u64 requested_key,
		     u64 flags, struct kfid_mr **mr, void *context);
int kfi_no_mr_regattr(struct kfid *fid, const struct kfi_mr_attr *attr,
		      u64 flags, struct kfid_mr **mr);

int kfi_no_domain_av_open(struct kfid_domain *domain, struct kfi_av_attr *attr,
			  struct kfid_av **av, void *context);
int kfi_no_domain_cq_open(struct kfid_domain *domain, struct kfi_cq_attr *attr,
			  struct kfid_cq **cq, kfi_comp_handler comp_handler,
			  void *context);
int kfi_no_domain_endpoint(struct kfid_domain *domain, struct kfi_info *info,
			   struct kfid_ep **ep, void *context);
int kfi_no_domain_scalable_ep(struct kfid_domain *domain, struct kfi_info *info,
			      struct kfid_ep **sep, void *context);
int kfi_no_domain_cntr_open(struct kfid_domain *domain,
			    struct kfi_cntr_attr *attr, struct kfid_cntr **cntr,
			    void *context);
int kfi_no_domain_stx_ctx(struct kfid_domain *domain, struct kfi_tx_attr *attr,
			  struct kfid_stx **stx, void *context);
int kfi_no_domain_srx_ctx(struct kfid_domain *domain, struct kfi_rx_attr *attr,
			  struct kfid_ep **rx_ep, void *context);
int kfi_no_domain_query_atomic(struct kfid_domain *domain,
			       enum kfi_datatype datatype, enum kfi_op op,
			       struct kfi_atomic_attr *attr, u64 flags);

ssize_t kfi_no_ep_cancel(struct kfid *fid, void *context);
int kfi_no_ep_getopt(struct kfid *fid, int level, int optname, void *optval,
		     size_t *optlen);
int kfi_no_ep_setopt(struct kfid *fid, int level, int optname,
		     const void *optval, size_t optlen);
int kfi_no_ep_tx_ctx(struct kfid_ep *sep, int index, struct kfi_tx_attr *attr,
		     struct kfid_ep **tx_ep, void *context);
int kfi_no_ep_rx_ctx(struct kfid_ep *sep, int index, struct kfi_rx_attr *attr,
		     struct kfid_ep **rx_ep, void *context);
ssize_t kfi_no_ep_rx_size_left(struct kfid_ep *ep);
ssize_t kfi_no_ep_tx_size_left(struct kfid_ep *ep);

ssize_t kfi_no_msg_recv(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, void *context);
ssize_t kfi_no_msg_recvv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 void *context);
ssize_t kfi_no_msg_recvbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  void *context);
ssize_t kfi_no_msg_recvsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   void *context);
ssize_t kfi_no_msg_recvmsg(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags);
ssize_t kfi_no_msg_send(struct kfid_ep *ep, const void *buf, size_t len,
			void *desc, kfi_addr_t dest_addr, void *context);
ssize_t kfi_no_msg_sendv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t dest_addr,
			 void *context);
ssize_t kfi_no_msg_sendbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  void *context);
ssize_t kfi_no_msg_sendsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   void *context);
ssize_t kfi_no_msg_sendmsg(struct kfid_ep *ep, const struct kfi_msg *msg,
			   u64 flags);
ssize_t kfi_no_msg_inject(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr);
ssize_t kfi_no_msg_senddata(struct kfid_ep *ep, const void *buf, size_t len,
			    void *desc, u64 data, kfi_addr_t dest_addr,
			    void *context);
ssize_t kfi_no_msg_injectdata(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr);

int kfi_no_cm_setname(struct kfid *fid, void *addr, size_t addrlen);
int kfi_no_cm_getname(struct kfid *fid, void *addr, size_t *addrlen);
int kfi_no_cm_getpeer(struct kfid_ep *ep, void *addr, size_t *addrlen);
int kfi_no_cm_connect(struct kfid_ep *ep, const void *addr, const void *param,
		      size_t paramlen);
int kfi_no_cm_listen(struct kfid_pep *pep);
int kfi_no_cm_accept(struct kfid_ep *ep, const void *param, size_t paramlen);
int kfi_no_cm_reject(struct kfid_pep *pep, struct kfid *handle,
		     const void *param, size_t paramlen);
int kfi_no_cm_shutdown(struct kfid_ep *ep, u64 flags);

ssize_t kfi_no_rma_read(struct kfid_ep *ep, void *buf, size_t len, void *desc,
			kfi_addr_t src_addr, u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_readv(struct kfid_ep *ep, const struct kvec *iov,
			 void **desc, size_t count, kfi_addr_t src_addr,
			 u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_readbv(struct kfid_ep *ep, const struct bio_vec *biov,
			  void **desc, size_t count, kfi_addr_t src_addr,
			  u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_readsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			   void **desc, size_t count, kfi_addr_t src_addr,
			   u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_readmsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			   u64 flags);
ssize_t kfi_no_rma_write(struct kfid_ep *ep, const void *buf, size_t len,
			 void *desc, kfi_addr_t dest_addr, u64 addr, u64 key,
			 void *context);
ssize_t kfi_no_rma_writev(struct kfid_ep *ep, const struct kvec *iov,
			  void **desc, size_t count, kfi_addr_t dest_addr,
			  u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_writebv(struct kfid_ep *ep, const struct bio_vec *biov,
			   void **desc, size_t count, kfi_addr_t dest_addr,
			   u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_writesgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			    void **desc, size_t count, kfi_addr_t dest_addr,
			    u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_writemsg(struct kfid_ep *ep, const struct kfi_msg_rma *msg,
			    u64 flags);
ssize_t kfi_no_rma_inject(struct kfid_ep *ep, const void *buf, size_t len,
			  kfi_addr_t dest_addr, u64 addr, u64 key);
ssize_t kfi_no_rma_writedata(struct kfid_ep *ep, const void *buf, size_t len,
			     void *desc, u64 data, kfi_addr_t dest_addr,
			     u64 addr, u64 key, void *context);
ssize_t kfi_no_rma_injectdata(struct kfid_ep *ep, const void *buf, size_t len,
			      u64 data, kfi_addr_t dest_addr, u64 addr,
			      u64 key);

ssize_t kfi_no_tagged_recv(struct kfid_ep *ep, void *buf, size_t len,
			   void *desc, kfi_addr_t src_addr, u64 tag, u64 ignore,
			   void *context);
ssize_t kfi_no_tagged_recvv(struct kfid_ep *ep, const struct kvec *iov,
			    void **desc, size_t count, kfi_addr_t src_addr,
			    u64 tag, u64 ignore, void *context);
ssize_t kfi_no_tagged_recvbv(struct kfid_ep *ep, const struct bio_vec *biov,
			     void **desc, size_t count, kfi_addr_t src_addr,
			     u64 tag, u64 ignore, void *context);
ssize_t kfi_no_tagged_recvsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			      void **desc, size_t count, kfi_addr_t src_addr,
			      u64 tag, u64 ignore, void *context);
ssize_t kfi_no_tagged_recvmsg(struct kfid_ep *ep,
			      const struct kfi_msg_tagged *msg, u64 flags);
ssize_t kfi_no_tagged_send(struct kfid_ep *ep, const void *buf, size_t len,
			   void *desc, kfi_addr_t dest_addr, u64 tag,
			   void *context);
ssize_t kfi_no_tagged_sendv(struct kfid_ep *ep, const struct kvec *iov,
			    void **desc, size_t count, kfi_addr_t dest_addr,
			    u64 tag, void *context);
ssize_t kfi_no_tagged_sendbv(struct kfid_ep *ep, const struct bio_vec *biov,
			     void **desc, size_t count, kfi_addr_t dest_addr,
			     u64 tag, void *context);
ssize_t kfi_no_tagged_sendsgl(struct kfid_ep *ep, const struct scatterlist *sgl,
			      void **desc, size_t count, kfi_addr_t dest_addr,
			      u64 tag, void *context);
ssize_t kfi_no_tagged_sendmsg(struct kfid_ep *ep,
			      const struct kfi_msg_tagged *msg, u64 flags);
ssize_t kfi_no_tagged_inject(struct kfid_ep *ep, const void *buf, size_t len,
			     kfi_addr_t dest_addr, u64 tag);
ssize_t kfi_no_tagged_senddata(struct kfid_ep *ep, const void *buf, size_t len,
			       void *desc, u64 data, kfi_addr_t dest_addr,
			       u64 tag, void *context);
ssize_t kfi_no_tagged_injectdata(struct kfid_ep *ep, const void *buf,
				 size_t len, u64 data, kfi_addr_t dest_addr,
				 u64 tag);

ssize_t kfi_no_atomic_write(struct kfid_ep *ep, const void *buf, size_t count,
			    void *desc, kfi_addr_t dest_addr, u64 addr, u64 key,
			    enum kfi_datatype datatype, enum kfi_op op,
			    void *context);
ssize_t kfi_no_atomic_writev(struct kfid_ep *ep, const struct kfi_ioc *iov,
			     void **desc, size_t count, kfi_addr_t dest_addr,
			     u64 addr, u64 key, enum kfi_datatype datatype,
			     enum kfi_op op, void *context);
ssize_t kfi_no_atomic_writemsg(struct kfid_ep *ep,
			       const struct kfi_msg_atomic *msg, u64 flags);
ssize_t kfi_no_atomic_inject(struct kfid_ep *ep, const void *buf, size_t count,
			     kfi_addr_t dest_addr, u64 addr, u64 key,
			     enum kfi_datatype datatype, enum kfi_op op);
ssize_t kfi_no_atomic_readwrite(struct kfid_ep *ep, const void *buf,
				size_t count, void *desc, void *result,
				void *result_desc, kfi_addr_t dest_addr,
				u64 addr, u64 key, enum kfi_datatype datatype,
				enum kfi_op op, void *context);
ssize_t kfi_no_atomic_readwritev(struct kfid_ep *ep, const struct kfi_ioc *iov,
				 void **desc, size_t count,
				 struct kfi_ioc *resultv, void **result_desc,
				 size_t result_count, kfi_addr_t dest_addr,
				 u64 addr, u64 key, enum kfi_datatype datatype,
				 enum kfi_op op, void *context);
ssize_t kfi_no_atomic_readwritemsg(struct kfid_ep *ep,
				   const struct kfi_msg_atomic *msg,
				   struct kfi_ioc *resultv, void **result_desc,
				   size_t result_count, u64 flags);
ssize_t kfi_no_atomic_compwrite(struct kfid_ep *ep, const void *buf,
				size_t count, void *desc, const void *compare,
				void *compare_desc, void *result,
				void *result_desc, kfi_addr_t dest_addr,
				u64 addr, u64 key, enum kfi_datatype datatype,
				enum kfi_op op, void *context);
ssize_t kfi_no_atomic_compwritev(struct kfid_ep *ep, const struct kfi_ioc *iov,
				 void **desc, size_t count,
				 const struct kfi_ioc *comparev,
				 void **compare_desc, size_t compare_count,
				 struct kfi_ioc *resultv, void **result_desc,
				 size_t result_count, kfi_addr_t dest_addr,
				 u64 addr, u64 key, enum kfi_datatype datatype,
				 enum kfi_op op, void *context);
ssize_t kfi_no_atomic_compwritemsg(struct kfid_ep *ep,
				   const struct kfi_msg_atomic *msg,
				   const struct kfi_ioc *comparev,
				   void **compare_desc, size_t compare_count,
				   struct kfi_ioc *resultv, void **result_desc,
				   size_t result_count, u64 flags);
int kfi_no_atomic_writevalid(struct kfid_ep *ep, enum kfi_datatype datatype,
			     enum kfi_op op, size_t *count);
int kfi_no_atomic_readwritevalid(struct kfid_ep *ep, enum kfi_datatype datatype,
				 enum kfi_op op, size_t *count);
int kfi_no_atomic_compwritevalid(struct kfid_ep *ep, enum kfi_datatype datatype,
				 enum kfi_op op, size_t *count);

ssize_t kfi_no_eq_read(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
		       u64 flags);
ssize_t kfi_no_eq_readerr(struct kfid_eq *eq, struct kfi_eq_err_entry *buf,
			  u64 flags);
ssize_t kfi_no_eq_write(struct kfid_eq *eq, u32 event, const void *buf,
			size_t len, u64 flags);
ssize_t kfi_no_eq_sread(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
			int timeout, u64 flags);
const char *kfi_no_eq_strerror(struct kfid_eq *eq, int prov_errno,
			       const void *err_data, char *buf, size_t len);

ssize_t kfi_no_cq_read(struct kfid_cq *cq, void *buf, size_t count);
ssize_t kfi_no_cq_readfrom(struct kfid_cq *cq, void *buf, size_t count,
			   kfi_addr_t *src_addr);
ssize_t kfi_no_cq_readerr(struct kfid_cq *cq, struct kfi_cq_err_entry *buf,
			  u64 flags);
ssize_t kfi_no_cq_sread(struct kfid_cq *cq, void *buf, size_t count,
			const void *cond, int timeout);
ssize_t kfi_no_cq_sreadfrom(struct kfid_cq *cq, void *buf, size_t count,
			    kfi_addr_t *src_addr, const void *cond,
			    int timeout);
int kfi_no_cq_signal(struct kfid_cq *cq);
const char *kfi_no_cq_strerror(struct kfid_cq *cq, int prov_errno,
			       const void *err_data, char *buf, size_t len);

u64 kfi_no_cntr_read(struct kfid_cntr *cntr);
u64 kfi_no_cntr_readerr(struct kfid_cntr *cntr);
int kfi_no_cntr_add(struct kfid_cntr *cntr, u64 value);
int kfi_no_cntr_set(struct kfid_cntr *cntr, u64 value);
int kfi_no_cntr_wait(struct kfid_cntr *cntr, u64 threshold, int timeout);
int kfi_no_cntr_adderr(struct kfid_cntr *cntr, u64 value);
int kfi_no_cntr_seterr(struct kfid_cntr *cntr, u64 value);

extern const struct kfi_ops kfi_no_ops;
extern const struct kfi_ops_fabric kfi_no_ops_fabric;
extern const struct kfi_ops_av kfi_no_ops_av;
extern const struct kfi_ops_mr kfi_no_ops_mr;
extern const struct kfi_ops_domain kfi_no_ops_domain;
extern const struct kfi_ops_ep kfi_no_ops_ep;
extern const struct kfi_ops_msg kfi_no_ops_msg;
extern const struct kfi_ops_cm kfi_no_ops_cm;
extern const struct kfi_ops_rma kfi_no_ops_rma;
extern const struct kfi_ops_tagged kfi_no_ops_tagged;
extern const struct kfi_ops_atomic kfi_no_ops_atomic;
extern const struct kfi_ops_eq kfi_no_ops_eq;
extern const struct kfi_ops_cq kfi_no_ops_cq;
extern const struct kfi_ops_cntr kfi_no_ops_cntr;

#endif /* _KFI_PROV_H_ */
