// SPDX-License-Identifier: GPL-2.0-only
/* Fabric and domain. */
#include <linux/slab.h>

#include "atomic.h"
#include "kfi_prov.h"
#include "kfr.h"

static int kfr_fabric_close(struct kfid *fid)
{
	struct kfr_fabric *fabric = container_of(fid, struct kfr_fabric,
						 fabric.fid);
	int ret = kfid_try_close(fid);

	if (!ret)
		kfree(fabric);
	return ret;
}

static const struct kfi_ops kfr_fabric_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_fabric_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

static const struct kfi_ops_fabric kfr_fabric_ops = {
	.size = sizeof(struct kfi_ops_fabric),
	.domain = kfr_domain_open,
	.passive_ep = kfi_no_fabric_passive_ep,
	.eq_open = kfr_eq_open,
};

/**
 * kfr_fabric_open() - kgetinfo's companion: open the fabric
 * @attr: what getinfo returned
 * @fabric: where it goes
 * @context: the client's
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int kfr_fabric_open(struct kfi_fabric_attr *attr, struct kfid_fabric **fabric,
		    void *context)
{
	struct kfr_fabric *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	kfid_init(&f->fabric.fid, KFI_CLASS_FABRIC, context, &kfr_fabric_fid_ops);
	f->fabric.ops = &kfr_fabric_ops;
	f->fabric.api_version = attr->api_version;
	*fabric = &f->fabric;
	return 0;
}

static int kfr_domain_close(struct kfid *fid)
{
	struct kfr_domain *domain = container_of(fid, struct kfr_domain,
						 domain.fid);
	int ret = kfid_try_close(fid);

	if (ret)
		return ret;
	xa_destroy(&domain->mrs);
	kfid_put(&domain->fabric->fabric.fid);
	kfree(domain);
	return 0;
}

static const struct kfi_ops kfr_domain_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_domain_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

static const struct kfi_ops_domain kfr_domain_ops = {
	.size = sizeof(struct kfi_ops_domain),
	.av_open = kfr_av_open,
	.cq_open = kfr_cq_open,
	.endpoint = kfr_endpoint,
	.scalable_ep = kfi_no_domain_scalable_ep,
	.cntr_open = kfr_cntr_open,
	.stx_ctx = kfi_no_domain_stx_ctx,
	.srx_ctx = kfi_no_domain_srx_ctx,
	.query_atomic = kfr_query_atomic,
};

/**
 * kfr_domain_open() - open a domain
 * @fabric: its fabric
 * @info: what getinfo returned
 * @domain: where it goes
 * @context: the client's
 *
 * A domain is not bound to one device: each connection uses the device that
 * the route to its peer leads over.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int kfr_domain_open(struct kfid_fabric *fabric, struct kfi_info *info,
		    struct kfid_domain **domain, void *context)
{
	struct kfr_domain *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	kfid_init(&d->domain.fid, KFI_CLASS_DOMAIN, context, &kfr_domain_fid_ops);
	d->domain.ops = &kfr_domain_ops;
	d->domain.mr = &kfr_mr_ops;
	d->fabric = container_of(fabric, struct kfr_fabric, fabric);
	xa_init(&d->mrs);
	kfid_get(&fabric->fid);
	*domain = &d->domain;
	return 0;
}
