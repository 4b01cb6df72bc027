// SPDX-License-Identifier: GPL-2.0-only
/* kfabric: opening and closing an endpoint together with what it depends on. */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kfi_client.h>

#define KFI_SERVICE_LEN	6	/* a port in decimal, with NUL */

static struct kfi_info *
kfi_client_hints(const struct kfi_client_params *params)
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
	if (params->auth_key) {
		hints->ep_attr->auth_key = kmemdup(params->auth_key,
						   params->auth_key_size,
						   GFP_KERNEL);
		if (!hints->ep_attr->auth_key)
			goto err_free;
		hints->ep_attr->auth_key_size = params->auth_key_size;
	}
	return hints;

err_free:
	kfi_freeinfo(hints);
	return NULL;
}

static int kfi_client_getinfo(struct kfi_client *client,
			      const struct kfi_client_params *params,
			      struct netlink_ext_ack *extack)
{
	char service[KFI_SERVICE_LEN];
	struct kfi_info *hints;
	int ret;

	hints = kfi_client_hints(params);
	if (!hints)
		return -ENOMEM;
	snprintf(service, sizeof(service), "%u", params->port);
	ret = kfi_getinfo(KFI_VERSION(KFI_MAJOR_VERSION, KFI_MINOR_VERSION),
			  params->node, params->port ? service : NULL,
			  params->flags, hints, &client->info);
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

/* What was opened stays in @client, also on error. */
static int kfi_client_open_objects(struct kfi_client *client,
				   const struct kfi_client_params *params)
{
	struct kfi_cq_attr cq_attr = {
		.size = params->cq_size,
		.format = params->cq_format ?: KFI_CQ_FORMAT_DATA,
		.wait_obj = KFI_WAIT_NONE,
	};
	struct kfi_av_attr av_attr = {
		.type = KFI_AV_UNSPEC,
		.count = 1,
	};

	return kfi_fabric(client->info->fabric_attr, &client->fabric, NULL) ?:
	       kfi_domain(client->fabric, client->info, &client->domain,
			  NULL) ?:
	       kfi_cq_open(client->domain, &cq_attr, &client->cq,
			   params->comp_handler, params->context) ?:
	       kfi_av_open(client->domain, &av_attr, &client->av, NULL) ?:
	       kfi_endpoint(client->domain, client->info, &client->ep,
			    params->context) ?:
	       kfi_ep_bind(client->ep, &client->cq->fid,
			   KFI_TRANSMIT | KFI_RECV) ?:
	       kfi_ep_bind(client->ep, &client->av->fid, 0) ?:
	       kfi_enable(client->ep);
}

/**
 * kfi_client_open() - open and enable an endpoint, with fabric, domain, CQ, AV
 * @client: filled; all NULL on error
 * @params: what it is for
 * @extack: where a text for the administrator goes, or NULL
 *
 * The completion handler may be called before this returns.
 *
 * Context: process, sleeps. No lock of the core is held meanwhile.
 * Return: 0; -ENODEV: no provider can; -EADDRINUSE; -EADDRNOTAVAIL; -ENOMEM;
 * another error of the provider.
 */
int kfi_client_open(struct kfi_client *client,
		    const struct kfi_client_params *params,
		    struct netlink_ext_ack *extack)
{
	int ret;

	memset(client, 0, sizeof(*client));
	ret = kfi_client_getinfo(client, params, extack);
	if (ret)
		return ret;
	ret = kfi_client_open_objects(client, params);
	if (!ret)
		return 0;

	if (ret == -EADDRINUSE)
		NL_SET_ERR_MSG(extack,
			       "address and port are in use; choose another with --port");
	else if (ret == -EADDRNOTAVAIL)
		NL_SET_ERR_MSG(extack,
			       "this is no address of this machine; see 'ip address'");
	else
		NL_SET_ERR_MSG_FMT(extack,
				   "provider %.16s cannot open an endpoint here, error %d",
				   client->info->fabric_attr->prov_name ?: "?",
				   ret);
	kfi_client_close(client);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_client_open);

/**
 * kfi_client_insert() - put a peer into the address vector
 * @client: open client
 * @node: the peer's address
 * @port: its port
 * @addr: where its number goes
 * @extack: where a text for the administrator goes, or NULL
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL: no address; another error of the provider.
 */
int kfi_client_insert(struct kfi_client *client, const char *node, u16 port,
		      kfi_addr_t *addr, struct netlink_ext_ack *extack)
{
	char service[KFI_SERVICE_LEN];
	int ret;

	snprintf(service, sizeof(service), "%u", port);
	ret = kfi_av_insertsvc(client->av, node, service, addr, 0, NULL);
	if (ret == 1)
		return 0;
	NL_SET_ERR_MSG(extack, "not an address the provider can use");
	return ret < 0 ? ret : -EINVAL;
}
EXPORT_SYMBOL_GPL(kfi_client_insert);

/**
 * kfi_client_close() - close what kfi_client_open() opened
 * @client: the client; all NULL is nothing to do, and afterwards it is
 *
 * Closing the endpoint ends its operations with errors in the CQ, which is
 * therefore closed after it. What else the client opened on the domain, such
 * as memory registrations, it has closed before.
 *
 * Context: process, sleeps until no completion handler runs any more; not from
 * one.
 */
void kfi_client_close(struct kfi_client *client)
{
	if (client->ep)
		WARN_ON(kfi_close(&client->ep->fid));
	if (client->av)
		WARN_ON(kfi_close(&client->av->fid));
	if (client->cq)
		WARN_ON(kfi_close(&client->cq->fid));
	if (client->domain)
		WARN_ON(kfi_close(&client->domain->fid));
	if (client->fabric)
		WARN_ON(kfi_close(&client->fabric->fid));
	kfi_freeinfo(client->info);
	memset(client, 0, sizeof(*client));
}
EXPORT_SYMBOL_GPL(kfi_client_close);
