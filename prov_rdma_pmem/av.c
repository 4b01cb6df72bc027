// SPDX-License-Identifier: GPL-2.0-only
/* Address vectors: IP addresses and ports behind small numbers. */
#include <linux/inet.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "av.h"
#include "kfi_prov.h"

/**
 * kfr_addr_parse() - text to address
 * @node: numeric IPv4 or IPv6 address, or NULL for any
 * @service: port number, or NULL for 0
 * @ss: where it goes
 *
 * There is no name service in the kernel: names are resolved by who calls.
 *
 * Context: process.
 * Return: 0 or -EINVAL.
 */
int kfr_addr_parse(const char *node, const char *service,
		   struct sockaddr_storage *ss)
{
	u16 port;

	if (service && kstrtou16(service, 10, &port))
		return -EINVAL;
	return inet_pton_with_scope(&init_net, AF_UNSPEC, node ?: "0.0.0.0",
				    service, ss) ? -EINVAL : 0;
}

static bool kfr_addr_equal(const struct sockaddr_storage *a,
			   const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family != b->ss_family || a4->sin_port != b4->sin_port)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return ipv6_addr_equal(&a6->sin6_addr, &b6->sin6_addr);
}

/**
 * kfr_av_addr() - address behind a number
 * @av: vector
 * @addr: number
 * @ss: where it goes
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int kfr_av_addr(struct kfr_av *av, kfi_addr_t addr, struct sockaddr_storage *ss)
{
	struct sockaddr_storage *entry;
	int ret = -EINVAL;

	xa_lock_bh(&av->addrs);
	entry = addr > U32_MAX ? NULL : xa_load(&av->addrs, addr);
	if (entry) {
		*ss = *entry;
		ret = 0;
	}
	xa_unlock_bh(&av->addrs);
	return ret;
}

/**
 * kfr_av_find() - number of an address
 * @av: vector, or NULL
 * @ss: address
 *
 * Context: any but hard interrupt.
 * Return: number or KFI_ADDR_NOTAVAIL.
 */
kfi_addr_t kfr_av_find(struct kfr_av *av, const struct sockaddr_storage *ss)
{
	kfi_addr_t found = KFI_ADDR_NOTAVAIL;
	struct sockaddr_storage *entry;
	unsigned long i;

	if (!av)
		return found;
	xa_lock_bh(&av->addrs);
	xa_for_each(&av->addrs, i, entry) {
		if (kfr_addr_equal(entry, ss)) {
			found = i;
			break;
		}
	}
	xa_unlock_bh(&av->addrs);
	return found;
}

static int kfr_av_add(struct kfr_av *av, const struct sockaddr_storage *ss,
		      kfi_addr_t *addr)
{
	struct sockaddr_storage *entry;
	u32 i;
	int ret;

	if (ss->ss_family != AF_INET && ss->ss_family != AF_INET6)
		return -EINVAL;
	entry = kmemdup(ss, sizeof(*ss), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	/* A number that was removed names nobody else: peers remember it. */
	ret = xa_alloc_cyclic_bh(&av->addrs, &i, entry, xa_limit_32b,
				 &av->next, GFP_KERNEL);
	if (ret < 0) {
		kfree(entry);
		return ret;
	}
	if (addr)
		*addr = i;
	return 0;
}

static int kfr_av_insert(struct kfid_av *fid, const void *addr, size_t count,
			 kfi_addr_t *kfi_addr, u64 flags, void *context)
{
	struct kfr_av *av = container_of(fid, struct kfr_av, av);
	const u8 *p = addr;
	size_t i, done = 0;

	if (flags)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		const struct sockaddr *sa = (const void *)p;
		size_t len = sa->sa_family == AF_INET6 ?
			     sizeof(struct sockaddr_in6) :
			     sizeof(struct sockaddr_in);
		struct sockaddr_storage ss = { };
		int ret;

		memcpy(&ss, p, len);
		ret = kfr_av_add(av, &ss, kfi_addr ? &kfi_addr[i] : NULL);
		if (ret && kfi_addr)
			kfi_addr[i] = KFI_ADDR_NOTAVAIL;
		done += !ret;
		p += len;
	}
	return done;
}

static int kfr_av_insertsvc(struct kfid_av *fid, const char *node,
			    const char *service, kfi_addr_t *kfi_addr,
			    u64 flags, void *context)
{
	struct kfr_av *av = container_of(fid, struct kfr_av, av);
	struct sockaddr_storage ss;
	int ret;

	if (flags || !node || !service)
		return -EINVAL;
	ret = kfr_addr_parse(node, service, &ss);
	if (ret)
		return ret;
	ret = kfr_av_add(av, &ss, kfi_addr);
	return ret ?: 1;
}

static int kfr_av_remove(struct kfid_av *fid, kfi_addr_t *kfi_addr,
			 size_t count, u64 flags)
{
	struct kfr_av *av = container_of(fid, struct kfr_av, av);
	struct sockaddr_storage *entry;
	size_t i;

	for (i = 0; i < count; i++) {
		entry = kfi_addr[i] > U32_MAX ? NULL :
			xa_erase_bh(&av->addrs, kfi_addr[i]);
		if (!entry)
			return -ENOENT;
		kfree(entry);
	}
	return 0;
}

static int kfr_av_lookup(struct kfid_av *fid, kfi_addr_t kfi_addr, void *addr,
			 size_t *addrlen)
{
	struct kfr_av *av = container_of(fid, struct kfr_av, av);
	struct sockaddr_storage ss;
	size_t len;
	int ret;

	ret = kfr_av_addr(av, kfi_addr, &ss);
	if (ret)
		return ret;
	len = ss.ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					 sizeof(struct sockaddr_in);
	memcpy(addr, &ss, min(len, *addrlen));
	*addrlen = len;
	return 0;
}

static const char *kfr_av_straddr(struct kfid_av *av, const void *addr,
				  char *buf, size_t *len)
{
	size_t need = snprintf(buf, *len, "%pISpc", addr) + 1;

	*len = need;
	return buf;
}

static const struct kfi_ops_av kfr_av_ops = {
	.size = sizeof(struct kfi_ops_av),
	.insert = kfr_av_insert,
	.insertsvc = kfr_av_insertsvc,
	.insertsym = kfi_no_av_insertsym,
	.remove = kfr_av_remove,
	.lookup = kfr_av_lookup,
	.straddr = kfr_av_straddr,
};

static int kfr_av_close(struct kfid *fid)
{
	struct kfr_av *av = container_of(fid, struct kfr_av, av.fid);
	int ret = kfid_try_close(fid);
	struct sockaddr_storage *entry;
	unsigned long i;

	if (ret)
		return ret;
	xa_for_each(&av->addrs, i, entry)
		kfree(entry);
	xa_destroy(&av->addrs);
	kfid_put(&av->domain->domain.fid);
	kfree(av);
	return 0;
}

static const struct kfi_ops kfr_av_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_av_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

/**
 * kfr_av_open() - open an address vector
 * @domain: its domain
 * @attr: type; both kinds number addresses from 0
 * @out: where it goes
 * @context: the client's
 *
 * Context: process.
 * Return: 0, -EOPNOTSUPP for shared vectors, -ENOMEM.
 */
int kfr_av_open(struct kfid_domain *domain, struct kfi_av_attr *attr,
		struct kfid_av **out, void *context)
{
	struct kfr_av *av;

	if (attr && (attr->name || attr->rx_ctx_bits))
		return -EOPNOTSUPP;
	av = kzalloc(sizeof(*av), GFP_KERNEL);
	if (!av)
		return -ENOMEM;
	kfid_init(&av->av.fid, KFI_CLASS_AV, context, &kfr_av_fid_ops);
	av->av.ops = &kfr_av_ops;
	av->domain = container_of(domain, struct kfr_domain, domain);
	xa_init_flags(&av->addrs, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_BH);
	kfid_get(&domain->fid);
	*out = &av->av;
	return 0;
}
