// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: stubs of object operations that a provider does not have. See kfi_prov.h.
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <kfi_prov.h>

int kfi_no_close(struct kfid *fid)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_close);

int kfi_no_bind(struct kfid *fid, struct kfid *bfid, u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_bind);

int kfi_no_control(struct kfid *fid, int command, void *arg)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_control);

int kfi_no_ops_open(struct kfid *fid, const char *name, u64 flags, void **ops,
		    void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ops_open);

const struct kfi_ops kfi_no_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfi_no_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};
EXPORT_SYMBOL_GPL(kfi_no_ops);

int kfi_no_fabric_domain(struct kfid_fabric *fabric, struct kfi_info *info,
			 struct kfid_domain **dom, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_fabric_domain);

int kfi_no_fabric_passive_ep(struct kfid_fabric *fabric, struct kfi_info *info,
			     struct kfid_pep **pep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_fabric_passive_ep);

int kfi_no_fabric_eq_open(struct kfid_fabric *fabric, struct kfi_eq_attr *attr,
			  struct kfid_eq **eq, kfi_event_handler event_handler,
			  void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_fabric_eq_open);

const struct kfi_ops_fabric kfi_no_ops_fabric = {
	.size = sizeof(struct kfi_ops_fabric),
	.domain = kfi_no_fabric_domain,
	.passive_ep = kfi_no_fabric_passive_ep,
	.eq_open = kfi_no_fabric_eq_open,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_fabric);

int kfi_no_domain_av_open(struct kfid_domain *domain, struct kfi_av_attr *attr,
			  struct kfid_av **av, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_av_open);

int kfi_no_domain_cq_open(struct kfid_domain *domain, struct kfi_cq_attr *attr,
			  struct kfid_cq **cq, kfi_comp_handler comp_handler,
			  void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_cq_open);

int kfi_no_domain_endpoint(struct kfid_domain *domain, struct kfi_info *info,
			   struct kfid_ep **ep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_endpoint);

int kfi_no_domain_scalable_ep(struct kfid_domain *domain, struct kfi_info *info,
			      struct kfid_ep **sep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_scalable_ep);

int kfi_no_domain_cntr_open(struct kfid_domain *domain,
			    struct kfi_cntr_attr *attr, struct kfid_cntr **cntr,
			    void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_cntr_open);

int kfi_no_domain_stx_ctx(struct kfid_domain *domain, struct kfi_tx_attr *attr,
			  struct kfid_stx **stx, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_stx_ctx);

int kfi_no_domain_srx_ctx(struct kfid_domain *domain, struct kfi_rx_attr *attr,
			  struct kfid_ep **rx_ep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_srx_ctx);

int kfi_no_domain_query_atomic(struct kfid_domain *domain,
			       enum kfi_datatype datatype, enum kfi_op op,
			       struct kfi_atomic_attr *attr, u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_domain_query_atomic);

const struct kfi_ops_domain kfi_no_ops_domain = {
	.size = sizeof(struct kfi_ops_domain),
	.av_open = kfi_no_domain_av_open,
	.cq_open = kfi_no_domain_cq_open,
	.endpoint = kfi_no_domain_endpoint,
	.scalable_ep = kfi_no_domain_scalable_ep,
	.cntr_open = kfi_no_domain_cntr_open,
	.stx_ctx = kfi_no_domain_stx_ctx,
	.srx_ctx = kfi_no_domain_srx_ctx,
	.query_atomic = kfi_no_domain_query_atomic,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_domain);

int kfi_no_mr_reg(struct kfid *fid, const void *buf, size_t len, u64 access,
		  u64 offset, u64 requested_key, u64 flags, struct kfid_mr **mr,
		  void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_mr_reg);

int kfi_no_mr_regv(struct kfid *fid, const struct kvec *iov, size_t count,
		   u64 access, u64 offset, u64 requested_key, u64 flags,
		   struct kfid_mr **mr, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_mr_regv);

int kfi_no_mr_regbv(struct kfid *fid, const struct bio_vec *biov, size_t count,
		    u64 access, u64 offset, u64 requested_key, u64 flags,
		    struct kfid_mr **mr, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_mr_regbv);

int kfi_no_mr_regsgl(struct kfid *fid, const struct scatterlist *sgl,
		     size_t count, u64 access, u64 offset, u64 requested_key,
		     u64 flags, struct kfid_mr **mr, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_mr_regsgl);

int kfi_no_mr_regattr(struct kfid *fid, const struct kfi_mr_attr *attr,
		      u64 flags, struct kfid_mr **mr)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_mr_regattr);

const struct kfi_ops_mr kfi_no_ops_mr = {
	.size = sizeof(struct kfi_ops_mr),
	.reg = kfi_no_mr_reg,
	.regv = kfi_no_mr_regv,
	.regbv = kfi_no_mr_regbv,
	.regsgl = kfi_no_mr_regsgl,
	.regattr = kfi_no_mr_regattr,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_mr);

int kfi_no_av_insert(struct kfid_av *av, const void *addr, size_t count,
		     kfi_addr_t *kfi_addr, u64 flags, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_av_insert);

int kfi_no_av_insertsvc(struct kfid_av *av, const char *node,
			const char *service, kfi_addr_t *kfi_addr, u64 flags,
			void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_av_insertsvc);

int kfi_no_av_insertsym(struct kfid_av *av, const char *node, size_t nodecnt,
			const char *service, size_t svccnt,
			kfi_addr_t *kfi_addr, u64 flags, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_av_insertsym);

int kfi_no_av_remove(struct kfid_av *av, kfi_addr_t *kfi_addr, size_t count,
		     u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_av_remove);

int kfi_no_av_lookup(struct kfid_av *av, kfi_addr_t kfi_addr, void *addr,
		     size_t *addrlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_av_lookup);

const char *kfi_no_av_straddr(struct kfid_av *av, const void *addr, char *buf,
			      size_t *len)
{
	*len = 0;
	return buf;
}
EXPORT_SYMBOL_GPL(kfi_no_av_straddr);

const struct kfi_ops_av kfi_no_ops_av = {
	.size = sizeof(struct kfi_ops_av),
	.insert = kfi_no_av_insert,
	.insertsvc = kfi_no_av_insertsvc,
	.insertsym = kfi_no_av_insertsym,
	.remove = kfi_no_av_remove,
	.lookup = kfi_no_av_lookup,
	.straddr = kfi_no_av_straddr,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_av);

ssize_t kfi_no_ep_cancel(struct kfid *fid, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_cancel);

int kfi_no_ep_getopt(struct kfid *fid, int level, int optname, void *optval,
		     size_t *optlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_getopt);

int kfi_no_ep_setopt(struct kfid *fid, int level, int optname,
		     const void *optval, size_t optlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_setopt);

int kfi_no_ep_tx_ctx(struct kfid_ep *sep, int index, struct kfi_tx_attr *attr,
		     struct kfid_ep **tx_ep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_tx_ctx);

int kfi_no_ep_rx_ctx(struct kfid_ep *sep, int index, struct kfi_rx_attr *attr,
		     struct kfid_ep **rx_ep, void *context)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_rx_ctx);

ssize_t kfi_no_ep_rx_size_left(struct kfid_ep *ep)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_rx_size_left);

ssize_t kfi_no_ep_tx_size_left(struct kfid_ep *ep)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_ep_tx_size_left);

const struct kfi_ops_ep kfi_no_ops_ep = {
	.size = sizeof(struct kfi_ops_ep),
	.cancel = kfi_no_ep_cancel,
	.getopt = kfi_no_ep_getopt,
	.setopt = kfi_no_ep_setopt,
	.tx_ctx = kfi_no_ep_tx_ctx,
	.rx_ctx = kfi_no_ep_rx_ctx,
	.rx_size_left = kfi_no_ep_rx_size_left,
	.tx_size_left = kfi_no_ep_tx_size_left,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_ep);

int kfi_no_cm_setname(struct kfid *fid, void *addr, size_t addrlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_setname);

int kfi_no_cm_getname(struct kfid *fid, void *addr, size_t *addrlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_getname);

int kfi_no_cm_getpeer(struct kfid_ep *ep, void *addr, size_t *addrlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_getpeer);

int kfi_no_cm_connect(struct kfid_ep *ep, const void *addr, const void *param,
		      size_t paramlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_connect);

int kfi_no_cm_listen(struct kfid_pep *pep)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_listen);

int kfi_no_cm_accept(struct kfid_ep *ep, const void *param, size_t paramlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_accept);

int kfi_no_cm_reject(struct kfid_pep *pep, struct kfid *handle,
		     const void *param, size_t paramlen)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_reject);

int kfi_no_cm_shutdown(struct kfid_ep *ep, u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cm_shutdown);

const struct kfi_ops_cm kfi_no_ops_cm = {
	.size = sizeof(struct kfi_ops_cm),
	.setname = kfi_no_cm_setname,
	.getname = kfi_no_cm_getname,
	.getpeer = kfi_no_cm_getpeer,
	.connect = kfi_no_cm_connect,
	.listen = kfi_no_cm_listen,
	.accept = kfi_no_cm_accept,
	.reject = kfi_no_cm_reject,
	.shutdown = kfi_no_cm_shutdown,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_cm);

ssize_t kfi_no_eq_read(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
		       u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_eq_read);

ssize_t kfi_no_eq_readerr(struct kfid_eq *eq, struct kfi_eq_err_entry *buf,
			  u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_eq_readerr);

ssize_t kfi_no_eq_write(struct kfid_eq *eq, u32 event, const void *buf,
			size_t len, u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_eq_write);

ssize_t kfi_no_eq_sread(struct kfid_eq *eq, u32 *event, void *buf, size_t len,
			int timeout, u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_eq_sread);

const char *kfi_no_eq_strerror(struct kfid_eq *eq, int prov_errno,
			       const void *err_data, char *buf, size_t len)
{
	scnprintf(buf, len, "error %d", prov_errno);
	return buf;
}
EXPORT_SYMBOL_GPL(kfi_no_eq_strerror);

const struct kfi_ops_eq kfi_no_ops_eq = {
	.size = sizeof(struct kfi_ops_eq),
	.read = kfi_no_eq_read,
	.readerr = kfi_no_eq_readerr,
	.write = kfi_no_eq_write,
	.sread = kfi_no_eq_sread,
	.strerror = kfi_no_eq_strerror,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_eq);

ssize_t kfi_no_cq_read(struct kfid_cq *cq, void *buf, size_t count)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_read);

ssize_t kfi_no_cq_readfrom(struct kfid_cq *cq, void *buf, size_t count,
			   kfi_addr_t *src_addr)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_readfrom);

ssize_t kfi_no_cq_readerr(struct kfid_cq *cq, struct kfi_cq_err_entry *buf,
			  u64 flags)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_readerr);

ssize_t kfi_no_cq_sread(struct kfid_cq *cq, void *buf, size_t count,
			const void *cond, int timeout)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_sread);

ssize_t kfi_no_cq_sreadfrom(struct kfid_cq *cq, void *buf, size_t count,
			    kfi_addr_t *src_addr, const void *cond, int timeout)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_sreadfrom);

int kfi_no_cq_signal(struct kfid_cq *cq)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_signal);

const char *kfi_no_cq_strerror(struct kfid_cq *cq, int prov_errno,
			       const void *err_data, char *buf, size_t len)
{
	scnprintf(buf, len, "error %d", prov_errno);
	return buf;
}
EXPORT_SYMBOL_GPL(kfi_no_cq_strerror);

const struct kfi_ops_cq kfi_no_ops_cq = {
	.size = sizeof(struct kfi_ops_cq),
	.read = kfi_no_cq_read,
	.readfrom = kfi_no_cq_readfrom,
	.readerr = kfi_no_cq_readerr,
	.sread = kfi_no_cq_sread,
	.sreadfrom = kfi_no_cq_sreadfrom,
	.signal = kfi_no_cq_signal,
	.strerror = kfi_no_cq_strerror,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_cq);

u64 kfi_no_cntr_read(struct kfid_cntr *cntr)
{
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_read);

u64 kfi_no_cntr_readerr(struct kfid_cntr *cntr)
{
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_readerr);

int kfi_no_cntr_add(struct kfid_cntr *cntr, u64 value)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_add);

int kfi_no_cntr_set(struct kfid_cntr *cntr, u64 value)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_set);

int kfi_no_cntr_wait(struct kfid_cntr *cntr, u64 threshold, int timeout)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_wait);

int kfi_no_cntr_adderr(struct kfid_cntr *cntr, u64 value)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_adderr);

int kfi_no_cntr_seterr(struct kfid_cntr *cntr, u64 value)
{
	return -KFI_ENOSYS;
}
EXPORT_SYMBOL_GPL(kfi_no_cntr_seterr);

const struct kfi_ops_cntr kfi_no_ops_cntr = {
	.size = sizeof(struct kfi_ops_cntr),
	.read = kfi_no_cntr_read,
	.readerr = kfi_no_cntr_readerr,
	.add = kfi_no_cntr_add,
	.set = kfi_no_cntr_set,
	.wait = kfi_no_cntr_wait,
	.adderr = kfi_no_cntr_adderr,
	.seterr = kfi_no_cntr_seterr,
};
EXPORT_SYMBOL_GPL(kfi_no_ops_cntr);
