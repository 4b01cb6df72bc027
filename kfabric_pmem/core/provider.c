// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: the registry of providers.
 *
 * The mutex protects the list only. A caller takes a reference on a provider
 * under it, lets it go, and then calls the provider, which may sleep for long.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <kfi_prov.h>

static DEFINE_MUTEX(kfi_providers_lock);
static LIST_HEAD(kfi_providers);

static struct kfi_provider *kfi_provider_find_locked(const char *name)
{
	struct kfi_provider *prov;

	lockdep_assert_held(&kfi_providers_lock);

	list_for_each_entry(prov, &kfi_providers, list)
		if (!strcmp(prov->name, name))
			return prov;
	return NULL;
}

/* Both references: the module stays loaded and deregistration waits. */
static bool kfi_provider_tryget(struct kfi_provider *prov)
{
	if (!try_module_get(prov->owner))
		return false;
	if (refcount_inc_not_zero(&prov->ref_cnt))
		return true;
	module_put(prov->owner);
	return false;
}

static void kfi_provider_put(struct kfi_provider *prov)
{
	struct module *owner = prov->owner;

	/* After the last reference @prov may be gone, its module is not. */
	if (refcount_dec_and_test(&prov->ref_cnt))
		complete(&prov->comp);
	module_put(owner);
}

/* Look-up and reference in one; no match is NULL, never another provider. */
static struct kfi_provider *kfi_provider_get(const char *name)
{
	struct kfi_provider *prov;

	mutex_lock(&kfi_providers_lock);
	prov = kfi_provider_find_locked(name);
	if (prov && !kfi_provider_tryget(prov))
		prov = NULL;
	mutex_unlock(&kfi_providers_lock);
	return prov;
}

int kfi_provider_register(struct kfi_provider *provider)
{
	int ret = 0;

	if (!provider || !provider->name || !provider->kgetinfo ||
	    !provider->kfabric)
		return -EINVAL;
	if (!*provider->name || strlen(provider->name) >= KFI_NAME_MAX)
		return -EINVAL;
	if (provider->kfi_version >
	    KFI_VERSION(KFI_MAJOR_VERSION, KFI_MINOR_VERSION))
		return -KFI_ENOSYS;

	mutex_lock(&kfi_providers_lock);
	if (kfi_provider_find_locked(provider->name)) {
		ret = -EEXIST;
	} else {
		init_completion(&provider->comp);
		refcount_set(&provider->ref_cnt, 1);
		list_add_tail(&provider->list, &kfi_providers);
	}
	mutex_unlock(&kfi_providers_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_provider_register);

int kfi_provider_deregister(struct kfi_provider *provider)
{
	if (!provider || !provider->name)
		return -EINVAL;

	mutex_lock(&kfi_providers_lock);
	if (kfi_provider_find_locked(provider->name) != provider) {
		mutex_unlock(&kfi_providers_lock);
		return -ENOENT;
	}
	list_del_init(&provider->list);
	mutex_unlock(&kfi_providers_lock);

	if (refcount_dec_and_test(&provider->ref_cnt))
		complete(&provider->comp);
	wait_for_completion(&provider->comp);

	if (provider->cleanup)
		provider->cleanup(provider);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_provider_deregister);

/* The core's own part of the results, so that no provider can get it wrong. */
static int kfi_provider_stamp(const struct kfi_provider *prov,
			      struct kfi_info *info, u32 version)
{
	struct kfi_fabric_attr *attr;

	for (; info; info = info->next) {
		if (!info->fabric_attr) {
			info->fabric_attr = kzalloc(sizeof(*info->fabric_attr),
						    GFP_KERNEL);
			if (!info->fabric_attr)
				return -ENOMEM;
		}
		attr = info->fabric_attr;
		kfree(attr->prov_name);
		attr->prov_name = kstrdup(prov->name, GFP_KERNEL);
		if (!attr->prov_name)
			return -ENOMEM;
		attr->prov_version = prov->version;
		attr->api_version = version;
	}
	return 0;
}

static int kfi_provider_getinfo(struct kfi_provider *prov, u32 version,
				const char *node, const char *service,
				u64 flags, const struct kfi_info *hints,
				struct kfi_info **info)
{
	int ret;

	*info = NULL;
	ret = prov->kgetinfo(version, node, service, flags, hints, info);
	if (ret) {
		/* What a failing provider left there is not ours to free. */
		*info = NULL;
		return ret;
	}
	if (!*info)
		return -ENODATA;

	ret = kfi_provider_stamp(prov, *info, version);
	if (ret) {
		kfi_freeinfo(*info);
		*info = NULL;
	}
	return ret;
}

/* Whether the hints leave a provider in play; NULL stands for "any". */
static bool kfi_hints_match(const struct kfi_info *hints,
			    const struct kfi_provider *prov)
{
	const struct kfi_fabric_attr *attr = hints ? hints->fabric_attr : NULL;

	if (!attr)
		return true;
	if (attr->prov_name && strcmp(attr->prov_name, prov->name))
		return false;
	return !attr->fabric || attr->fabric->prov == prov;
}

/*
 * References on all matching providers, in the order of their registration.
 * The caller puts each and frees the array.
 */
static struct kfi_provider **kfi_providers_get(const struct kfi_info *hints,
					       size_t *count)
{
	struct kfi_provider **provs, *prov;
	size_t n = 0;

	mutex_lock(&kfi_providers_lock);
	provs = kcalloc(list_count_nodes(&kfi_providers) + 1, sizeof(*provs),
			GFP_KERNEL);
	if (provs) {
		list_for_each_entry(prov, &kfi_providers, list)
			if (kfi_hints_match(hints, prov) &&
			    kfi_provider_tryget(prov))
				provs[n++] = prov;
	}
	mutex_unlock(&kfi_providers_lock);
	*count = n;
	return provs;
}

int kfi_getinfo(u32 version, const char *node, const char *service, u64 flags,
		const struct kfi_info *hints, struct kfi_info **info)
{
	const u32 current_version = KFI_VERSION(KFI_MAJOR_VERSION,
						KFI_MINOR_VERSION);
	struct kfi_info *part, **tail = info;
	struct kfi_provider **provs;
	int ret, err = -ENODATA;
	size_t count, i;

	if (!info)
		return -EINVAL;
	*info = NULL;
	if (!version)
		version = current_version;
	if (version > current_version)
		return -KFI_ENOSYS;

	provs = kfi_providers_get(hints, &count);
	if (!provs)
		return -ENOMEM;

	for (i = 0; i < count; i++) {
		ret = kfi_provider_getinfo(provs[i], version, node, service,
					   flags, hints, &part);
		kfi_provider_put(provs[i]);
		if (ret) {
			/* "No such thing" yields to a reason that says more. */
			if (err == -ENODATA)
				err = ret;
			continue;
		}
		*tail = part;
		while (*tail)
			tail = &(*tail)->next;
	}
	kfree(provs);
	return *info ? 0 : err;
}
EXPORT_SYMBOL_GPL(kfi_getinfo);

int kfi_fabric(struct kfi_fabric_attr *attr, struct kfid_fabric **fabric,
	       void *context)
{
	struct kfi_provider *prov;
	int ret;

	if (!attr || !attr->prov_name || !fabric)
		return -EINVAL;
	prov = kfi_provider_get(attr->prov_name);
	if (!prov)
		return -ENODEV;

	ret = prov->kfabric(attr, fabric, context);
	if (ret) {
		kfi_provider_put(prov);
		return ret;
	}
	(*fabric)->prov = prov;
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_fabric);

int kfi_close(struct kfid *fid)
{
	struct kfi_provider *prov = NULL;
	int ret;

	/* Read first: after a successful close @fid is gone. */
	if (fid->fclass == KFI_CLASS_FABRIC)
		prov = container_of(fid, struct kfid_fabric, fid)->prov;

	ret = fid->ops->close(fid);
	if (!ret && prov)
		kfi_provider_put(prov);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_close);
