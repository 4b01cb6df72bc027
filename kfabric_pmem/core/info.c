// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: life of struct kfi_info.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <kfabric.h>

void kfi_freeinfo(struct kfi_info *info)
{
	struct kfi_info *next;

	for (; info; info = next) {
		next = info->next;
		kfree(info->src_addr);
		kfree(info->dest_addr);
		kfree(info->tx_attr);
		kfree(info->rx_attr);
		if (info->ep_attr) {
			kfree_sensitive(info->ep_attr->auth_key);
			kfree(info->ep_attr);
		}
		if (info->domain_attr) {
			kfree(info->domain_attr->name);
			kfree_sensitive(info->domain_attr->auth_key);
			kfree(info->domain_attr);
		}
		if (info->fabric_attr) {
			kfree(info->fabric_attr->name);
			kfree(info->fabric_attr->prov_name);
			kfree(info->fabric_attr);
		}
		kfree(info);
	}
}
EXPORT_SYMBOL_GPL(kfi_freeinfo);

static struct kfi_info *kfi_newinfo(void)
{
	struct kfi_info *info;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return NULL;
	info->tx_attr = kzalloc(sizeof(*info->tx_attr), GFP_KERNEL);
	info->rx_attr = kzalloc(sizeof(*info->rx_attr), GFP_KERNEL);
	info->ep_attr = kzalloc(sizeof(*info->ep_attr), GFP_KERNEL);
	info->domain_attr = kzalloc(sizeof(*info->domain_attr), GFP_KERNEL);
	info->fabric_attr = kzalloc(sizeof(*info->fabric_attr), GFP_KERNEL);
	if (info->tx_attr && info->rx_attr && info->ep_attr &&
	    info->domain_attr && info->fabric_attr)
		return info;
	kfi_freeinfo(info);
	return NULL;
}

/* Copies of optional parts: nothing to copy is success. */
static bool kfi_dupmem(void **dst, const void *src, size_t len)
{
	if (!src || !len)
		return true;
	*dst = kmemdup(src, len, GFP_KERNEL);
	return *dst;
}

static bool kfi_dupstr(char **dst, const char *src)
{
	if (!src)
		return true;
	*dst = kstrdup(src, GFP_KERNEL);
	return *dst;
}

/*
 * Each struct is copied with the pointers it owns cleared, so that a partial
 * copy can be freed at any point.
 */
static bool kfi_dup_ep_attr(struct kfi_info *dup, const struct kfi_ep_attr *src)
{
	if (!kfi_dupmem((void **)&dup->ep_attr, src, sizeof(*src)))
		return false;
	if (!src)
		return true;
	dup->ep_attr->auth_key = NULL;
	return kfi_dupmem((void **)&dup->ep_attr->auth_key, src->auth_key,
			  src->auth_key_size);
}

static bool kfi_dup_domain_attr(struct kfi_info *dup,
				const struct kfi_domain_attr *src)
{
	if (!kfi_dupmem((void **)&dup->domain_attr, src, sizeof(*src)))
		return false;
	if (!src)
		return true;
	dup->domain_attr->name = NULL;
	dup->domain_attr->auth_key = NULL;
	return kfi_dupstr(&dup->domain_attr->name, src->name) &&
	       kfi_dupmem((void **)&dup->domain_attr->auth_key, src->auth_key,
			  src->auth_key_size);
}

static bool kfi_dup_fabric_attr(struct kfi_info *dup,
				const struct kfi_fabric_attr *src)
{
	if (!kfi_dupmem((void **)&dup->fabric_attr, src, sizeof(*src)))
		return false;
	if (!src)
		return true;
	dup->fabric_attr->name = NULL;
	dup->fabric_attr->prov_name = NULL;
	return kfi_dupstr(&dup->fabric_attr->name, src->name) &&
	       kfi_dupstr(&dup->fabric_attr->prov_name, src->prov_name);
}

struct kfi_info *kfi_dupinfo(const struct kfi_info *info)
{
	struct kfi_info *dup;

	if (!info)
		return kfi_newinfo();

	dup = kmemdup(info, sizeof(*info), GFP_KERNEL);
	if (!dup)
		return NULL;
	dup->next = NULL;
	dup->src_addr = NULL;
	dup->dest_addr = NULL;
	dup->tx_attr = NULL;
	dup->rx_attr = NULL;
	dup->ep_attr = NULL;
	dup->domain_attr = NULL;
	dup->fabric_attr = NULL;

	if (kfi_dupmem(&dup->src_addr, info->src_addr, info->src_addrlen) &&
	    kfi_dupmem(&dup->dest_addr, info->dest_addr, info->dest_addrlen) &&
	    kfi_dupmem((void **)&dup->tx_attr, info->tx_attr,
		       sizeof(*info->tx_attr)) &&
	    kfi_dupmem((void **)&dup->rx_attr, info->rx_attr,
		       sizeof(*info->rx_attr)) &&
	    kfi_dup_ep_attr(dup, info->ep_attr) &&
	    kfi_dup_domain_attr(dup, info->domain_attr) &&
	    kfi_dup_fabric_attr(dup, info->fabric_attr))
		return dup;

	kfi_freeinfo(dup);
	return NULL;
}
EXPORT_SYMBOL_GPL(kfi_dupinfo);
