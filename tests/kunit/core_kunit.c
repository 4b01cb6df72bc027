// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the kfabric core: registry, infos, placement.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <kfi_placement.h>
#include <kfi_prov.h>

/* A provider that only describes itself and opens fabrics. */

struct fake_fabric {
	struct kfid_fabric fabric;
};

static struct kfi_info *fake_info(const char *name)
{
	struct kfi_info *info = kfi_allocinfo();

	if (info)
		info->domain_attr->name = kstrdup(name, GFP_KERNEL);
	return info;
}

static int fake_getinfo_a(u32 version, const char *node, const char *service,
			  u64 flags, const struct kfi_info *hints,
			  struct kfi_info **info)
{
	struct kfi_info *first = fake_info("a0");

	if (!first)
		return -ENOMEM;
	first->next = fake_info("a1");
	*info = first;
	return 0;
}

static int fake_getinfo_b(u32 version, const char *node, const char *service,
			  u64 flags, const struct kfi_info *hints,
			  struct kfi_info **info)
{
	if (hints && (hints->caps & KFI_RMA_PMEM))
		return -EOPNOTSUPP;
	*info = fake_info("b0");
	return *info ? 0 : -ENOMEM;
}

static int fake_getinfo_none(u32 version, const char *node,
			     const char *service, u64 flags,
			     const struct kfi_info *hints,
			     struct kfi_info **info)
{
	return -ENODATA;
}

static int fake_close(struct kfid *fid)
{
	int ret = kfid_try_close(fid);

	if (!ret)
		kfree(container_of(fid, struct fake_fabric, fabric.fid));
	return ret;
}

static const struct kfi_ops fake_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = fake_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

static int fake_fabric(struct kfi_fabric_attr *attr,
		       struct kfid_fabric **fabric, void *context)
{
	struct fake_fabric *fake = kzalloc(sizeof(*fake), GFP_KERNEL);

	if (!fake)
		return -ENOMEM;
	kfid_init(&fake->fabric.fid, KFI_CLASS_FABRIC, context, &fake_fid_ops);
	fake->fabric.ops = &kfi_no_ops_fabric;
	*fabric = &fake->fabric;
	return 0;
}

static int fake_cleaned;

static void fake_cleanup(struct kfi_provider *prov)
{
	fake_cleaned++;
}

#define FAKE_PROVIDER(prov_name, getinfo)				\
	{								\
		.version = KFI_VERSION(3, 4),				\
		.kfi_version = KFI_VERSION(KFI_MAJOR_VERSION,		\
					   KFI_MINOR_VERSION),		\
		.name = prov_name,					\
		.kgetinfo = getinfo,					\
		.kfabric = fake_fabric,					\
		.cleanup = fake_cleanup,				\
		.owner = THIS_MODULE,					\
	}

static struct kfi_provider fake_a = FAKE_PROVIDER("kunit_a", fake_getinfo_a);
static struct kfi_provider fake_b = FAKE_PROVIDER("kunit_b", fake_getinfo_b);

static void core_register_pair(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, kfi_provider_register(&fake_a), 0);
	KUNIT_ASSERT_EQ(test, kfi_provider_register(&fake_b), 0);
}

static void core_deregister_pair(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&fake_b), 0);
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&fake_a), 0);
}

static int core_getinfo(const char *prov_name, u64 caps,
			struct kfi_info **info)
{
	struct kfi_info *hints = kfi_allocinfo();
	int ret;

	if (!hints)
		return -ENOMEM;
	hints->caps = caps;
	if (prov_name)
		hints->fabric_attr->prov_name = kstrdup(prov_name, GFP_KERNEL);
	ret = kfi_getinfo(0, NULL, NULL, 0, hints, info);
	kfi_freeinfo(hints);
	return ret;
}

static int core_open_fabric(const char *prov_name, struct kfid_fabric **fabric)
{
	struct kfi_fabric_attr attr = { .prov_name = (char *)prov_name };

	return kfi_fabric(&attr, fabric, NULL);
}

static void core_registry_register(struct kunit *test)
{
	struct kfi_provider twin = FAKE_PROVIDER("kunit_a", fake_getinfo_a);
	struct kfi_provider bad = FAKE_PROVIDER("kunit_bad", fake_getinfo_a);

	fake_cleaned = 0;
	core_register_pair(test);
	KUNIT_EXPECT_EQ(test, kfi_provider_register(&twin), -EEXIST);
	KUNIT_EXPECT_EQ(test, kfi_provider_register(&fake_a), -EEXIST);
	/* A namesake that is not registered does not take the other down. */
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&twin), -ENOENT);
	core_deregister_pair(test);
	KUNIT_EXPECT_EQ(test, fake_cleaned, 2);
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&fake_a), -ENOENT);

	bad.kfabric = NULL;
	KUNIT_EXPECT_EQ(test, kfi_provider_register(&bad), -EINVAL);
	bad.kfabric = fake_fabric;
	bad.name = "";
	KUNIT_EXPECT_EQ(test, kfi_provider_register(&bad), -EINVAL);
	bad.name = "kunit_bad";
	bad.kfi_version = KFI_VERSION(KFI_MAJOR_VERSION + 1, 0);
	KUNIT_EXPECT_EQ(test, kfi_provider_register(&bad), -KFI_ENOSYS);
}

static void core_registry_exact_name(struct kunit *test)
{
	struct kfid_fabric *fabric;
	struct kfi_info *info;

	core_register_pair(test);

	KUNIT_ASSERT_EQ(test, core_getinfo("kunit_b", 0, &info), 0);
	KUNIT_EXPECT_STREQ(test, info->fabric_attr->prov_name, "kunit_b");
	KUNIT_EXPECT_EQ(test, info->fabric_attr->prov_version,
			KFI_VERSION(3, 4));
	KUNIT_EXPECT_NULL(test, info->next);
	kfi_freeinfo(info);

	/* Neither a prefix nor a longer name nor an unknown one will do. */
	KUNIT_EXPECT_EQ(test, core_getinfo("kunit", 0, &info), -ENODATA);
	KUNIT_EXPECT_EQ(test, core_getinfo("kunit_bb", 0, &info), -ENODATA);
	KUNIT_EXPECT_EQ(test, core_getinfo("KUNIT_B", 0, &info), -ENODATA);
	KUNIT_EXPECT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, core_open_fabric("kunit", &fabric), -ENODEV);
	KUNIT_EXPECT_EQ(test, core_open_fabric("no_such", &fabric), -ENODEV);
	KUNIT_EXPECT_EQ(test, core_open_fabric(NULL, &fabric), -EINVAL);

	core_deregister_pair(test);
}

static bool core_info_is(const struct kfi_info *info, const char *domain)
{
	return info && !strcmp(info->domain_attr->name, domain);
}

/* Other providers may be built in: only ours are looked for. */
static const struct kfi_info *core_first_of(const struct kfi_info *info,
					    const char *prov_name)
{
	while (info && strcmp(info->fabric_attr->prov_name, prov_name))
		info = info->next;
	return info;
}

static void core_registry_merge(struct kunit *test)
{
	const struct kfi_info *a, *b;
	struct kfi_info *info;

	core_register_pair(test);

	KUNIT_ASSERT_EQ(test, core_getinfo(NULL, 0, &info), 0);
	a = core_first_of(info, "kunit_a");
	b = core_first_of(info, "kunit_b");
	KUNIT_EXPECT_TRUE(test, core_info_is(a, "a0"));
	KUNIT_EXPECT_TRUE(test, a && core_info_is(a->next, "a1"));
	KUNIT_EXPECT_TRUE(test, core_info_is(b, "b0"));
	KUNIT_EXPECT_PTR_EQ(test, core_first_of(a, "kunit_b"), b);
	kfi_freeinfo(info);

	/* One provider's refusal does not hide the other. */
	KUNIT_ASSERT_EQ(test, core_getinfo(NULL, KFI_RMA_PMEM, &info), 0);
	KUNIT_EXPECT_NOT_NULL(test, core_first_of(info, "kunit_a"));
	KUNIT_EXPECT_NULL(test, core_first_of(info, "kunit_b"));
	kfi_freeinfo(info);

	/* Alone, its reason reaches the client. */
	KUNIT_EXPECT_EQ(test, core_getinfo("kunit_b", KFI_RMA_PMEM, &info),
			-EOPNOTSUPP);
	KUNIT_EXPECT_NULL(test, info);

	core_deregister_pair(test);
}

static void core_registry_no_data(struct kunit *test)
{
	struct kfi_provider none = FAKE_PROVIDER("kunit_none",
						 fake_getinfo_none);
	struct kfi_info *info;

	KUNIT_ASSERT_EQ(test, kfi_provider_register(&none), 0);
	KUNIT_EXPECT_EQ(test, core_getinfo("kunit_none", 0, &info), -ENODATA);
	KUNIT_EXPECT_NULL(test, info);
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&none), 0);
	KUNIT_EXPECT_EQ(test,
			kfi_getinfo(KFI_VERSION(KFI_MAJOR_VERSION + 1, 0),
				    NULL, NULL, 0, NULL, &info),
			-KFI_ENOSYS);
}

static void core_registry_fabric_hint(struct kunit *test)
{
	struct kfid_fabric *fabric;
	struct kfi_info *hints, *info;

	core_register_pair(test);
	hints = kfi_allocinfo();
	KUNIT_ASSERT_NOT_NULL(test, hints);
	KUNIT_ASSERT_EQ(test, core_open_fabric("kunit_b", &fabric), 0);

	hints->fabric_attr->fabric = fabric;
	KUNIT_ASSERT_EQ(test, kfi_getinfo(0, NULL, NULL, 0, hints, &info), 0);
	KUNIT_EXPECT_TRUE(test, core_info_is(info, "b0"));
	KUNIT_EXPECT_NULL(test, info->next);
	kfi_freeinfo(info);

	KUNIT_EXPECT_EQ(test, kfi_close(&fabric->fid), 0);
	kfi_freeinfo(hints);
	core_deregister_pair(test);
}

struct core_deregister {
	struct work_struct work;
	struct completion done;
	struct kfi_provider *prov;
	int ret;
};

static void core_deregister_work(struct work_struct *work)
{
	struct core_deregister *d = container_of(work, struct core_deregister,
						 work);

	d->ret = kfi_provider_deregister(d->prov);
	complete(&d->done);
}

static void core_registry_live_fabric(struct kunit *test)
{
	struct core_deregister d = { .prov = &fake_a };
	struct kfid_fabric *fabric, *late;

	KUNIT_ASSERT_EQ(test, kfi_provider_register(&fake_a), 0);
	KUNIT_ASSERT_EQ(test, core_open_fabric("kunit_a", &fabric), 0);
	KUNIT_EXPECT_PTR_EQ(test, fabric->prov, &fake_a);

	init_completion(&d.done);
	INIT_WORK_ONSTACK(&d.work, core_deregister_work);
	schedule_work(&d.work);

	/* It waits for the fabric, and no one finds the provider any more. */
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&d.done, HZ / 10), 0);
	KUNIT_EXPECT_EQ(test, core_open_fabric("kunit_a", &late), -ENODEV);

	KUNIT_EXPECT_EQ(test, kfi_close(&fabric->fid), 0);
	KUNIT_EXPECT_GT(test, wait_for_completion_timeout(&d.done, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, d.ret, 0);
	flush_work(&d.work);
	destroy_work_on_stack(&d.work);
}

/* The references a fabric holds; a built-in test has no module to count. */
static void core_registry_references(struct kunit *test)
{
	struct kfid_fabric *fabric;
	int modules __maybe_unused;

	KUNIT_ASSERT_EQ(test, kfi_provider_register(&fake_a), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&fake_a.ref_cnt), 1);
#ifdef MODULE
	modules = module_refcount(THIS_MODULE);
#endif
	KUNIT_ASSERT_EQ(test, core_open_fabric("kunit_a", &fabric), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&fake_a.ref_cnt), 2);
#ifdef MODULE
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules + 1);
#endif

	/* Something depends on the fabric: all references stay. */
	KUNIT_EXPECT_TRUE(test, kfid_get(&fabric->fid));
	KUNIT_EXPECT_EQ(test, kfi_close(&fabric->fid), -EBUSY);
	KUNIT_EXPECT_EQ(test, refcount_read(&fake_a.ref_cnt), 2);
	kfid_put(&fabric->fid);

	KUNIT_EXPECT_EQ(test, kfi_close(&fabric->fid), 0);
	KUNIT_EXPECT_EQ(test, refcount_read(&fake_a.ref_cnt), 1);
#ifdef MODULE
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), modules);
#endif
	KUNIT_EXPECT_EQ(test, kfi_provider_deregister(&fake_a), 0);
}

static struct kfi_info *core_full_info(struct kunit *test)
{
	struct kfi_info *info = kfi_allocinfo();

	KUNIT_ASSERT_NOT_NULL(test, info);
	KUNIT_ASSERT_NOT_NULL(test, info->tx_attr);
	KUNIT_ASSERT_NOT_NULL(test, info->rx_attr);
	KUNIT_ASSERT_NOT_NULL(test, info->ep_attr);
	KUNIT_ASSERT_NOT_NULL(test, info->domain_attr);
	KUNIT_ASSERT_NOT_NULL(test, info->fabric_attr);

	info->caps = KFI_RMA | KFI_RMA_PMEM;
	info->src_addr = kmemdup("source", 6, GFP_KERNEL);
	info->src_addrlen = 6;
	info->dest_addr = kmemdup("target", 6, GFP_KERNEL);
	info->dest_addrlen = 6;
	info->tx_attr->size = 17;
	info->rx_attr->size = 18;
	info->ep_attr->type = KFI_EP_RDM;
	info->ep_attr->auth_key = kmemdup("epkey", 5, GFP_KERNEL);
	info->ep_attr->auth_key_size = 5;
	info->domain_attr->name = kstrdup("domain", GFP_KERNEL);
	info->domain_attr->auth_key = kmemdup("domkey", 6, GFP_KERNEL);
	info->domain_attr->auth_key_size = 6;
	info->fabric_attr->name = kstrdup("fabric", GFP_KERNEL);
	info->fabric_attr->prov_name = kstrdup("prov", GFP_KERNEL);
	return info;
}

static void core_info_dup(struct kunit *test)
{
	struct kfi_info *info = core_full_info(test);
	struct kfi_info *dup;

	info->next = fake_info("next");
	dup = kfi_dupinfo(info);
	KUNIT_ASSERT_NOT_NULL(test, dup);
	KUNIT_EXPECT_NULL(test, dup->next);

	/* Nothing is shared: wipe the original, then free it. */
	memset(info->src_addr, 0, 6);
	memset(info->dest_addr, 0, 6);
	memset(info->ep_attr->auth_key, 0, 5);
	memset(info->domain_attr->auth_key, 0, 6);
	info->domain_attr->name[0] = 0;
	info->fabric_attr->name[0] = 0;
	info->fabric_attr->prov_name[0] = 0;
	info->tx_attr->size = 0;
	info->rx_attr->size = 0;
	kfi_freeinfo(info);

	KUNIT_EXPECT_EQ(test, dup->caps, KFI_RMA | KFI_RMA_PMEM);
	KUNIT_EXPECT_MEMEQ(test, dup->src_addr, "source", 6);
	KUNIT_EXPECT_MEMEQ(test, dup->dest_addr, "target", 6);
	KUNIT_EXPECT_MEMEQ(test, dup->ep_attr->auth_key, "epkey", 5);
	KUNIT_EXPECT_MEMEQ(test, dup->domain_attr->auth_key, "domkey", 6);
	KUNIT_EXPECT_STREQ(test, dup->domain_attr->name, "domain");
	KUNIT_EXPECT_STREQ(test, dup->fabric_attr->name, "fabric");
	KUNIT_EXPECT_STREQ(test, dup->fabric_attr->prov_name, "prov");
	KUNIT_EXPECT_EQ(test, dup->tx_attr->size, 17);
	KUNIT_EXPECT_EQ(test, dup->rx_attr->size, 18);
	kfi_freeinfo(dup);
}

static void core_info_dup_partial(struct kunit *test)
{
	struct kfi_info bare = { .caps = KFI_MSG };
	struct kfi_info *dup = kfi_dupinfo(&bare);

	KUNIT_ASSERT_NOT_NULL(test, dup);
	KUNIT_EXPECT_NULL(test, dup->tx_attr);
	KUNIT_EXPECT_NULL(test, dup->fabric_attr);
	kfi_freeinfo(dup);
	kfi_freeinfo(NULL);
}

/* Placement classes */

struct core_waiter {
	struct kfi_class_waiter waiter;
	struct kfi_class *class;
	unsigned int told;
	int ret;
};

static void core_room(struct kfi_class_waiter *waiter)
{
	struct core_waiter *w = container_of(waiter, struct core_waiter,
					     waiter);

	w->told++;
	w->ret = kfi_class_charge(w->class, waiter->ops, waiter->bytes);
}

static void core_waiter_init(struct core_waiter *w, struct kfi_class *class)
{
	*w = (struct core_waiter) { .class = class, .ret = 1 };
	kfi_class_waiter_init(&w->waiter, core_room);
}

static struct kfi_class *core_class(struct kunit *test, const char *name)
{
	struct kfi_class *class = kfi_class_get(name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, class);
	return class;
}

static void core_class_names(struct kunit *test)
{
	struct kfi_class *a = core_class(test, "kunit_a");
	struct kfi_class *b = core_class(test, "kunit_b");

	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, core_class(test, "kunit_a"), a);
	kfi_class_put(a);
	kfi_class_put(a);
	kfi_class_put(b);
	kfi_class_put(NULL);

	KUNIT_EXPECT_PTR_EQ(test, kfi_class_get(""), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, kfi_class_get(NULL), ERR_PTR(-EINVAL));
	KUNIT_EXPECT_PTR_EQ(test, kfi_class_get("a b"), ERR_PTR(-EINVAL));
}

static void core_class_bound(struct kunit *test)
{
	struct kfi_class *class = core_class(test, "kunit_bound");
	struct kfi_class *other = core_class(test, "kunit_other");
	struct kfi_class_stats stats;

	kfi_class_set_limits(class, 2, 8192);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 4097), -EAGAIN);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 4096), 0);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 0), -EAGAIN);
	/* The other class is not bounded by this one. */
	KUNIT_EXPECT_EQ(test, kfi_class_charge(other, 100, 1 << 20), 0);

	kfi_class_stats(class, &stats);
	KUNIT_EXPECT_EQ(test, stats.ops, 2);
	KUNIT_EXPECT_EQ(test, stats.bytes, 8192);
	KUNIT_EXPECT_EQ(test, stats.total_ops, 2);
	KUNIT_EXPECT_EQ(test, stats.refused, 2);

	kfi_class_uncharge(class, 2, 8192);
	/* Alone, a charge beyond the bound goes through. */
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 1 << 20), 0);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(class, 1, 1), -EAGAIN);
	kfi_class_uncharge(class, 1, 1 << 20);

	kfi_class_stats(class, &stats);
	KUNIT_EXPECT_EQ(test, stats.ops, 0);
	KUNIT_EXPECT_EQ(test, stats.bytes, 0);
	kfi_class_uncharge(other, 100, 1 << 20);
	kfi_class_put(other);
	kfi_class_put(class);
}

static void core_class_room(struct kunit *test)
{
	struct kfi_class *class = core_class(test, "kunit_room");
	struct core_waiter first, second;

	core_waiter_init(&first, class);
	core_waiter_init(&second, class);
	kfi_class_set_limits(class, 2, 0);

	/* With room there is nothing to wait for. */
	KUNIT_EXPECT_FALSE(test, kfi_class_wait(class, &first.waiter, 1, 0));
	KUNIT_EXPECT_EQ(test, first.told, 0);

	KUNIT_ASSERT_EQ(test, kfi_class_charge(class, 1, 0), 0);
	KUNIT_ASSERT_EQ(test, kfi_class_charge(class, 1, 0), 0);
	KUNIT_EXPECT_TRUE(test, kfi_class_wait(class, &first.waiter, 2, 0));
	KUNIT_EXPECT_TRUE(test, kfi_class_wait(class, &second.waiter, 1, 0));

	/* Room for the second only: the first came before it. */
	kfi_class_uncharge(class, 1, 0);
	KUNIT_EXPECT_EQ(test, first.told, 0);
	KUNIT_EXPECT_EQ(test, second.told, 0);

	kfi_class_uncharge(class, 1, 0);
	KUNIT_EXPECT_EQ(test, first.told, 1);
	KUNIT_EXPECT_EQ(test, first.ret, 0);
	KUNIT_EXPECT_EQ(test, second.told, 0);

	kfi_class_uncharge(class, 2, 0);
	KUNIT_EXPECT_EQ(test, second.told, 1);
	KUNIT_EXPECT_EQ(test, second.ret, 0);
	kfi_class_uncharge(class, 1, 0);
	KUNIT_EXPECT_EQ(test, first.told, 1);
	kfi_class_put(class);
}

static void core_class_room_by_limit(struct kunit *test)
{
	struct kfi_class *class = core_class(test, "kunit_limit");
	struct core_waiter w;

	core_waiter_init(&w, class);
	kfi_class_set_limits(class, 1, 0);
	KUNIT_ASSERT_EQ(test, kfi_class_charge(class, 1, 0), 0);
	KUNIT_EXPECT_TRUE(test, kfi_class_wait(class, &w.waiter, 1, 0));
	kfi_class_set_limits(class, 2, 0);
	KUNIT_EXPECT_EQ(test, w.told, 1);
	KUNIT_EXPECT_EQ(test, w.ret, 0);
	kfi_class_uncharge(class, 2, 0);
	kfi_class_put(class);
}

static void core_class_cancel(struct kunit *test)
{
	struct kfi_class *class = core_class(test, "kunit_cancel");
	struct core_waiter large, small;

	core_waiter_init(&large, class);
	core_waiter_init(&small, class);
	kfi_class_set_limits(class, 0, 100);
	KUNIT_ASSERT_EQ(test, kfi_class_charge(class, 1, 90), 0);
	KUNIT_EXPECT_TRUE(test, kfi_class_wait(class, &large.waiter, 1, 50));
	KUNIT_EXPECT_TRUE(test, kfi_class_wait(class, &small.waiter, 1, 20));
	kfi_class_uncharge(class, 0, 10);
	KUNIT_EXPECT_EQ(test, small.told, 0);

	/* The one that blocked the queue goes: the next is told. */
	KUNIT_EXPECT_TRUE(test, kfi_class_cancel_wait(class, &large.waiter));
	KUNIT_EXPECT_EQ(test, large.told, 0);
	KUNIT_EXPECT_EQ(test, small.told, 1);
	KUNIT_EXPECT_EQ(test, small.ret, 0);
	KUNIT_EXPECT_FALSE(test, kfi_class_cancel_wait(class, &small.waiter));

	kfi_class_uncharge(class, 2, 100);
	kfi_class_put(class);
}

static void core_class_placement(struct kunit *test)
{
	struct kfi_class *class = core_class(test, "kunit_cpu");
	unsigned int cpu = cpumask_last(cpu_online_mask);
	struct cpumask none = {};
	int i;

	KUNIT_EXPECT_EQ(test, kfi_class_poll_ctx(class), KFI_POLL_SOFTIRQ);
	kfi_class_set_poll_ctx(class, KFI_POLL_WORKQUEUE);
	KUNIT_EXPECT_EQ(test, kfi_class_poll_ctx(class), KFI_POLL_WORKQUEUE);

	/* Round-robin over all online CPUs. */
	for (i = 0; i < 2 * num_online_cpus(); i++)
		KUNIT_EXPECT_TRUE(test,
				  cpu_online(kfi_class_cpu(class,
							   NUMA_NO_NODE)));
	KUNIT_EXPECT_LT(test, kfi_class_vector(class, 3, 0), 3);
	KUNIT_EXPECT_EQ(test, kfi_class_vector(class, 0, 0), 0);

	KUNIT_EXPECT_EQ(test, kfi_class_set_cpumask(class, &none), -EINVAL);
	KUNIT_EXPECT_EQ(test, kfi_class_set_cpumask(class, cpumask_of(cpu)),
			0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, kfi_class_cpu(class, NUMA_NO_NODE), cpu);
	/* A node that does not exist is no reason to fail. */
	KUNIT_EXPECT_EQ(test, kfi_class_cpu(class, MAX_NUMNODES), cpu);
	kfi_class_put(class);
}

static int core_class_seen(const struct kfi_class_stats *stats, void *arg)
{
	unsigned int *seen = arg;

	if (!strcmp(stats->name, "kunit_one"))
		*seen |= stats->ops == 3 ? 1 : 0;
	if (!strcmp(stats->name, "kunit_two"))
		*seen |= stats->bytes == 5 ? 2 : 0;
	return 0;
}

static int core_class_stop(const struct kfi_class_stats *stats, void *arg)
{
	return -ECANCELED;
}

static void core_class_for_each(struct kunit *test)
{
	struct kfi_class *one = core_class(test, "kunit_one");
	struct kfi_class *two = core_class(test, "kunit_two");
	unsigned int seen = 0;

	KUNIT_EXPECT_EQ(test, kfi_class_charge(one, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, kfi_class_charge(two, 1, 5), 0);
	KUNIT_EXPECT_EQ(test, kfi_class_for_each(core_class_seen, &seen), 0);
	KUNIT_EXPECT_EQ(test, seen, 3);
	KUNIT_EXPECT_EQ(test, kfi_class_for_each(core_class_stop, NULL),
			-ECANCELED);
	kfi_class_uncharge(one, 3, 0);
	kfi_class_uncharge(two, 1, 5);
	kfi_class_put(two);
	kfi_class_put(one);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(core_registry_register),
	KUNIT_CASE(core_registry_exact_name),
	KUNIT_CASE(core_registry_merge),
	KUNIT_CASE(core_registry_no_data),
	KUNIT_CASE(core_registry_fabric_hint),
	KUNIT_CASE(core_registry_live_fabric),
	KUNIT_CASE(core_registry_references),
	KUNIT_CASE(core_info_dup),
	KUNIT_CASE(core_info_dup_partial),
	KUNIT_CASE(core_class_names),
	KUNIT_CASE(core_class_bound),
	KUNIT_CASE(core_class_room),
	KUNIT_CASE(core_class_room_by_limit),
	KUNIT_CASE(core_class_cancel),
	KUNIT_CASE(core_class_placement),
	KUNIT_CASE(core_class_for_each),
	{}
};

static struct kunit_suite core_suite = {
	.name = "kfabric_core",
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);

MODULE_DESCRIPTION("KUnit tests of the kfabric core");
MODULE_LICENSE("GPL");
