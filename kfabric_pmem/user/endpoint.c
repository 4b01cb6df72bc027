// SPDX-License-Identifier: GPL-2.0-only
/* Opening and closing one fabric endpoint and what it depends on. */
#include <linux/slab.h>
#include <linux/string.h>
#include "user.h"

#define KU_CQ_SIZE	1024

static struct kfi_info *ku_hints(const struct ku_endpoint_params *params)
{
	struct kfi_info *hints = kfi_allocinfo();

	if (!hints)
		return NULL;
	hints->caps = params->caps;
	hints->addr_format = KFI_FORMAT_UNSPEC;
	hints->ep_attr->type = KFI_EP_RDM;
	hints->domain_attr->threading = KFI_THREAD_SAFE;
	hints->domain_attr->resource_mgmt = KFI_RM_ENABLED;
	hints->domain_attr->mr_mode = KFI_MR_PROV_KEY;

	if (params->provider) {
		hints->fabric_attr->prov_name = kstrdup(params->provider,
							GFP_KERNEL);
		if (!hints->fabric_attr->prov_name)
			goto err_free;
	}
	if (params->auth) {
		hints->ep_attr->auth_key = kmemdup(params->auth,
						   sizeof(*params->auth),
						   GFP_KERNEL);
		if (!hints->ep_attr->auth_key)
			goto err_free;
		hints->ep_attr->auth_key_size = sizeof(*params->auth);
	}
	return hints;

err_free:
	kfi_freeinfo(hints);
	return NULL;
}

static int ku_getinfo(struct ku_endpoint *ep,
		      const struct ku_endpoint_params *params,
		      struct netlink_ext_ack *extack)
{
	struct kfi_info *hints;
	char service[8];
	int ret;

	hints = ku_hints(params);
	if (!hints)
		return -ENOMEM;
	snprintf(service, sizeof(service), "%u", params->port);
	ret = kfi_getinfo(KFI_VERSION(1, 7), params->node, service,
			  params->flags, hints, &ep->info);
	kfi_freeinfo(hints);
	if (!ret)
		return 0;

	if (params->provider)
		NL_SET_ERR_MSG_FMT(extack,
				   "provider %.16s: no way to this address; is it loaded, an RDMA link up?",
				   params->provider);
	else
		NL_SET_ERR_MSG(extack,
			       "no provider can use this address; load one (modprobe kfi_rdma) and check 'rdma link'");
	/* A provider's "nothing found" says little to somebody at a shell. */
	return ret == -ENODATA ? -ENODEV : ret;
}

/**
 * ku_endpoint_open() - open and enable an endpoint
 * @ep: filled
 * @params: what it is for
 * @extack: where a text for the administrator goes
 *
 * Context: process, sleeps.
 * Return: 0 or an error.
 */
int ku_endpoint_open(struct ku_endpoint *ep,
		     const struct ku_endpoint_params *params,
		     struct netlink_ext_ack *extack)
{
	struct kfi_cq_attr cq_attr = {
		.size = KU_CQ_SIZE,
		.format = KFI_CQ_FORMAT_DATA,
		.wait_obj = KFI_WAIT_NONE,
	};
	struct kfi_av_attr av_attr = {
		.type = KFI_AV_UNSPEC,
		.count = 1,
	};
	int ret;

	memset(ep, 0, sizeof(*ep));
	ret = ku_getinfo(ep, params, extack);
	if (ret)
		return ret;

	ret = kfi_fabric(ep->info->fabric_attr, &ep->fabric, NULL);
	if (ret)
		goto err_close;
	ret = kfi_domain(ep->fabric, ep->info, &ep->domain, NULL);
	if (ret)
		goto err_close;
	ret = kfi_cq_open(ep->domain, &cq_attr, &ep->cq, params->comp_handler,
			  params->context);
	if (ret)
		goto err_close;
	ret = kfi_av_open(ep->domain, &av_attr, &ep->av, NULL);
	if (ret)
		goto err_close;
	ret = kfi_endpoint(ep->domain, ep->info, &ep->ep, params->context);
	if (ret)
		goto err_close;
	ret = kfi_ep_bind(ep->ep, &ep->cq->fid, KFI_TRANSMIT | KFI_RECV);
	if (ret)
		goto err_close;
	ret = kfi_ep_bind(ep->ep, &ep->av->fid, 0);
	if (ret)
		goto err_close;
	ret = kfi_enable(ep->ep);
	if (ret)
		goto err_close;
	return 0;

err_close:
	if (ret == -EADDRINUSE)
		NL_SET_ERR_MSG(extack,
			       "address and port are in use; choose another with --port");
	else if (ret == -EADDRNOTAVAIL)
		NL_SET_ERR_MSG(extack,
			       "this is no address of this machine; see 'ip address'");
	else
		NL_SET_ERR_MSG_FMT(extack,
				   "provider %.16s cannot open an endpoint here, error %d",
				   ep->info->fabric_attr->prov_name ?: "?",
				   ret);
	ku_endpoint_close(ep);
	return ret;
}

/**
 * ku_endpoint_close() - close what ku_endpoint_open() opened
 * @ep: the endpoint, possibly half open
 *
 * Closing the endpoint ends its operations with errors in the CQ, which is
 * therefore closed after it.
 *
 * Context: process, sleeps until no completion handler runs any more.
 */
void ku_endpoint_close(struct ku_endpoint *ep)
{
	if (ep->ep)
		kfi_close(&ep->ep->fid);
	if (ep->av)
		kfi_close(&ep->av->fid);
	if (ep->cq)
		kfi_close(&ep->cq->fid);
	if (ep->domain)
		kfi_close(&ep->domain->fid);
	if (ep->fabric)
		kfi_close(&ep->fabric->fid);
	if (ep->info)
		kfi_freeinfo(ep->info);
	memset(ep, 0, sizeof(*ep));
}
