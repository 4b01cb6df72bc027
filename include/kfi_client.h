/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: what most clients want, in one call: an enabled endpoint of type
 * KFI_EP_RDM and the objects that it depends on.
 */
#ifndef _KFI_CLIENT_H_
#define _KFI_CLIENT_H_

#include <kfabric.h>
#include <kfi_domain.h>
#include <kfi_endpoint.h>
#include <kfi_eq.h>

struct netlink_ext_ack;

/**
 * struct kfi_client - an endpoint with everything that it needs
 * @info: how it communicates; its limits are here
 * @fabric: its fabric
 * @domain: its domain
 * @cq: its completion queue
 * @av: its address vector
 * @ep: the endpoint, enabled
 *
 * A client that closes one of these early, to order its own teardown, sets it
 * to NULL.
 */
struct kfi_client {
	struct kfi_info *info;
	struct kfid_fabric *fabric;
	struct kfid_domain *domain;
	struct kfid_cq *cq;
	struct kfid_av *av;
	struct kfid_ep *ep;
};

/**
 * struct kfi_client_params - what an endpoint is for
 * @node: address of the peer, or with KFI_SOURCE of this end; or NULL
 * @port: port that goes with @node; 0 for any
 * @flags: of kfi_getinfo(): KFI_SOURCE
 * @caps: capabilities that it has to have
 * @provider: name of the provider, or NULL for any
 * @auth_key: who we are, as the provider wants it, or NULL; it is copied
 * @auth_key_size: bytes at @auth_key
 * @cq_size: entries of the completion queue
 * @cq_format: what they tell; 0 for KFI_CQ_FORMAT_DATA
 * @comp_handler: called when the queue has an entry, in the provider's context
 * @context: of @comp_handler and of the endpoint
 */
struct kfi_client_params {
	const char *node;
	u16 port;
	u64 flags;
	u64 caps;
	const char *provider;
	const void *auth_key;
	size_t auth_key_size;
	size_t cq_size;
	enum kfi_cq_format cq_format;
	kfi_comp_handler comp_handler;
	void *context;
};

int kfi_client_open(struct kfi_client *client,
		    const struct kfi_client_params *params,
		    struct netlink_ext_ack *extack);
int kfi_client_insert(struct kfi_client *client, const char *node, u16 port,
		      kfi_addr_t *addr, struct netlink_ext_ack *extack);
void kfi_client_close(struct kfi_client *client);

#endif /* _KFI_CLIENT_H_ */
