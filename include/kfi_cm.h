/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: names and connections. Semantics: fi_cm(3). An endpoint of type RDM
 * needs kfi_getname() at most: its provider owns the connections.
 */
#ifndef _KFI_CM_H_
#define _KFI_CM_H_

#include <kfi_endpoint.h>

/**
 * struct kfi_ops_cm - names and connections
 * @size: sizeof the table
 * @setname: see kfi_setname()
 * @getname: see kfi_getname()
 * @getpeer: see kfi_getpeer()
 * @connect: see kfi_connect()
 * @listen: see kfi_listen()
 * @accept: see kfi_accept()
 * @reject: see kfi_reject()
 * @shutdown: see kfi_shutdown()
 */
struct kfi_ops_cm {
	size_t size;
	int (*setname)(struct kfid *fid, void *addr, size_t addrlen);
	int (*getname)(struct kfid *fid, void *addr, size_t *addrlen);
	int (*getpeer)(struct kfid_ep *ep, void *addr, size_t *addrlen);
	int (*connect)(struct kfid_ep *ep, const void *addr, const void *param,
		       size_t paramlen);
	int (*listen)(struct kfid_pep *pep);
	int (*accept)(struct kfid_ep *ep, const void *param, size_t paramlen);
	int (*reject)(struct kfid_pep *pep, struct kfid *handle,
		      const void *param, size_t paramlen);
	int (*shutdown)(struct kfid_ep *ep, u64 flags);
};

/**
 * kfi_setname() - set the address of an endpoint
 * @fid: head of an endpoint that is not enabled
 * @addr: address
 * @addrlen: bytes at @addr
 *
 * Context: may sleep.
 * Return: 0; -EADDRINUSE; an error.
 */
static inline int kfi_setname(struct kfid *fid, void *addr, size_t addrlen)
{
	struct kfid_ep *ep = container_of(fid, struct kfid_ep, fid);

	return ep->cm->setname(fid, addr, addrlen);
}

/**
 * kfi_getname() - address of an endpoint
 * @fid: head of the endpoint
 * @addr: filled
 * @addrlen: bytes at @addr; set to the length of the address
 *
 * Context: may sleep.
 * Return: 0; -KFI_ETOOSMALL; an error.
 */
static inline int kfi_getname(struct kfid *fid, void *addr, size_t *addrlen)
{
	struct kfid_ep *ep = container_of(fid, struct kfid_ep, fid);

	return ep->cm->getname(fid, addr, addrlen);
}

/**
 * kfi_getpeer() - address of the connected peer
 * @ep: endpoint
 * @addr: filled
 * @addrlen: bytes at @addr; set to the length of the address
 *
 * Context: may sleep.
 * Return: 0; -ENOTCONN; -KFI_ETOOSMALL; an error.
 */
static inline int kfi_getpeer(struct kfid_ep *ep, void *addr, size_t *addrlen)
{
	return ep->cm->getpeer(ep, addr, addrlen);
}

/**
 * kfi_listen() - wait for connection requests
 * @pep: passive endpoint, bound to an EQ
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_listen(struct kfid_pep *pep)
{
	return pep->cm->listen(pep);
}

/**
 * kfi_connect() - request a connection
 * @ep: endpoint, bound to an EQ that gets KFI_CONNECTED or an error
 * @addr: peer
 * @param: private data, or NULL
 * @paramlen: bytes at @param, at most KFI_OPT_CM_DATA_SIZE
 *
 * Context: may sleep.
 * Return: 0 when the request is on its way, or an error.
 */
static inline int kfi_connect(struct kfid_ep *ep, const void *addr,
			      const void *param, size_t paramlen)
{
	return ep->cm->connect(ep, addr, param, paramlen);
}

/**
 * kfi_accept() - accept a connection request
 * @ep: endpoint opened from the info of the request
 * @param: private data, or NULL
 * @paramlen: bytes at @param
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_accept(struct kfid_ep *ep, const void *param,
			     size_t paramlen)
{
	return ep->cm->accept(ep, param, paramlen);
}

/**
 * kfi_reject() - reject a connection request
 * @pep: passive endpoint that got it
 * @handle: handle from the info of the request
 * @param: private data, or NULL
 * @paramlen: bytes at @param
 *
 * Context: may sleep.
 * Return: 0 or an error.
 */
static inline int kfi_reject(struct kfid_pep *pep, struct kfid *handle,
			     const void *param, size_t paramlen)
{
	return pep->cm->reject(pep, handle, param, paramlen);
}

/**
 * kfi_shutdown() - end a connection
 * @ep: endpoint
 * @flags: 0
 *
 * Context: may sleep.
 * Return: 0; -ENOTCONN; an error.
 */
static inline int kfi_shutdown(struct kfid_ep *ep, u64 flags)
{
	return ep->cm->shutdown(ep, flags);
}

#endif /* _KFI_CM_H_ */
