// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a node tells udev, so that a rule can give it an owner and a mode by what
 * it is, and not by its name alone: the variables of its events, and the same
 * as attributes.
 */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include <kfi_pmem_prov.h>
#include "user.h"

static const char *ku_node_kind(const struct ku_node *node)
{
	if (node->region)
		return "region";
	return node->att ? "attachment" : "set";
}

/* Of the region, on the machine that has it; a set has members instead. */
static const char *ku_node_region(const struct ku_node *node)
{
	if (node->region)
		return kfi_region_name(node->region);
	return node->att ? node->att->region : NULL;
}

static void ku_node_uuid(const struct ku_node *node, uuid_t *uuid)
{
	struct kfi_pmem_attr attr;

	if (node->att) {
		uuid_copy(uuid, &node->att->attr.uuid);
		return;
	}
	kfi_region_query(node->region, &attr);
	uuid_copy(uuid, &attr.uuid);
}

/**
 * ku_uevent() - the variables of a node's events
 * @dev: device of a node
 * @env: where they go
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int ku_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct ku_node *node = container_of(dev, struct ku_node, dev);
	int ret = add_uevent_var(env, "KFI_KIND=%s", ku_node_kind(node));
	uuid_t uuid;

	if (ret || !ku_node_region(node))
		return ret;
	ku_node_uuid(node, &uuid);
	ret = add_uevent_var(env, "KFI_REGION=%s", ku_node_region(node)) ?:
	      add_uevent_var(env, "KFI_UUID=%pU", &uuid);
	if (!ret && node->region)
		ret = add_uevent_var(env, "KFI_POOL=%s",
				     kfi_region_pool_name(node->region));
	if (!ret && node->att)
		ret = add_uevent_var(env, "KFI_HOST=%s", node->att->host);
	return ret;
}

static ssize_t kind_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  ku_node_kind(container_of(dev, struct ku_node, dev)));
}
static DEVICE_ATTR_RO(kind);

static ssize_t region_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	const struct ku_node *node = container_of(dev, struct ku_node, dev);

	return sysfs_emit(buf, "%s\n", ku_node_region(node) ?: "");
}
static DEVICE_ATTR_RO(region);

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	const struct ku_node *node = container_of(dev, struct ku_node, dev);
	uuid_t uuid;

	if (!ku_node_region(node))
		return sysfs_emit(buf, "\n");
	ku_node_uuid(node, &uuid);
	return sysfs_emit(buf, "%pU\n", &uuid);
}
static DEVICE_ATTR_RO(uuid);

static ssize_t read_only_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	const struct ku_node *node = container_of(dev, struct ku_node, dev);

	return sysfs_emit(buf, "%d\n", node->read_only);
}
static DEVICE_ATTR_RO(read_only);

static struct attribute *ku_node_attrs[] = {
	&dev_attr_kind.attr,
	&dev_attr_region.attr,
	&dev_attr_uuid.attr,
	&dev_attr_read_only.attr,
	NULL
};

static const struct attribute_group ku_node_group = {
	.attrs = ku_node_attrs,
};

/* Of every node. */
const struct attribute_group *ku_node_groups[] = {
	&ku_node_group,
	NULL
};
