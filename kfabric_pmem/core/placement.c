// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfabric: placement classes, kfi_placement.h.
 *
 * Locks: kfi_classes_lock (mutex) protects the list of classes and is never
 * taken on the data path; class->lock (spinlock, interrupts off) protects the
 * CPU mask and the waiters. Charges are atomics only.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>
#include <kfabric.h>
#include <kfi_placement.h>

#include "core.h"

/* The difference is in flight; @charged alone is the total. */
struct kfi_class_use {
	atomic64_t charged;
	atomic64_t done;
};

struct kfi_class {
	struct list_head list;
	unsigned int users;		/* under kfi_classes_lock */
	char name[KFI_NAME_MAX];
	enum kfi_poll_ctx poll_ctx;

	u64 max_ops;
	u64 max_bytes;
	struct kfi_class_use ops;
	struct kfi_class_use bytes;
	atomic64_t refused;

	spinlock_t lock;		/* protects what follows */
	struct list_head waiters;
	unsigned int nr_waiters;
	unsigned int last_cpu;
	struct cpumask cpus;
};

static DEFINE_MUTEX(kfi_classes_lock);
static LIST_HEAD(kfi_classes);

/* @done first: it never passes @charged, so this is too much at worst. */
static u64 kfi_in_flight(const struct kfi_class_use *use)
{
	u64 done = atomic64_read_acquire(&use->done);

	return atomic64_read(&use->charged) - done;
}

static struct kfi_class *kfi_class_find_locked(const char *name)
{
	struct kfi_class *class;

	lockdep_assert_held(&kfi_classes_lock);

	list_for_each_entry(class, &kfi_classes, list)
		if (!strcmp(class->name, name))
			return class;
	return NULL;
}

static struct kfi_class *kfi_class_alloc(const char *name)
{
	struct kfi_class *class;

	class = kzalloc(sizeof(*class), GFP_KERNEL);
	if (!class)
		return NULL;
	strscpy(class->name, name, sizeof(class->name));
	spin_lock_init(&class->lock);
	INIT_LIST_HEAD(&class->waiters);
	cpumask_copy(&class->cpus, cpu_possible_mask);
	class->last_cpu = nr_cpu_ids;
	return class;
}

static bool kfi_class_name_ok(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	if (!len || len >= KFI_NAME_MAX)
		return false;
	for (; *name; name++)
		if (!isgraph(*name))
			return false;
	return true;
}

struct kfi_class *kfi_class_get(const char *name)
{
	struct kfi_class *class;

	if (!kfi_class_name_ok(name))
		return ERR_PTR(-EINVAL);

	mutex_lock(&kfi_classes_lock);
	class = kfi_class_find_locked(name);
	if (!class) {
		class = kfi_class_alloc(name);
		if (class)
			list_add_tail(&class->list, &kfi_classes);
	}
	if (class)
		class->users++;
	mutex_unlock(&kfi_classes_lock);
	return class ?: ERR_PTR(-ENOMEM);
}
EXPORT_SYMBOL_GPL(kfi_class_get);

void kfi_class_put(struct kfi_class *class)
{
	bool last;

	if (!class)
		return;

	mutex_lock(&kfi_classes_lock);
	last = !--class->users;
	if (last)
		list_del(&class->list);
	mutex_unlock(&kfi_classes_lock);
	if (!last)
		return;

	WARN_ON_ONCE(kfi_in_flight(&class->ops) ||
		     !list_empty(&class->waiters));
	kfree(class);
}
EXPORT_SYMBOL_GPL(kfi_class_put);

int kfi_class_set_cpumask(struct kfi_class *class, const struct cpumask *mask)
{
	unsigned long flags;

	if (!cpumask_intersects(mask, cpu_possible_mask))
		return -EINVAL;
	spin_lock_irqsave(&class->lock, flags);
	cpumask_and(&class->cpus, mask, cpu_possible_mask);
	spin_unlock_irqrestore(&class->lock, flags);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_class_set_cpumask);

void kfi_class_set_poll_ctx(struct kfi_class *class, enum kfi_poll_ctx ctx)
{
	WRITE_ONCE(class->poll_ctx, ctx);
}
EXPORT_SYMBOL_GPL(kfi_class_set_poll_ctx);

enum kfi_poll_ctx kfi_class_poll_ctx(const struct kfi_class *class)
{
	return READ_ONCE(class->poll_ctx);
}
EXPORT_SYMBOL_GPL(kfi_class_poll_ctx);

/* Next CPU after @last in both masks and online; nr_cpu_ids for none. */
static unsigned int kfi_next_cpu(unsigned int last, const struct cpumask *a,
				 const struct cpumask *b)
{
	unsigned int cpu, first = nr_cpu_ids;

	for_each_cpu_and(cpu, a, b) {
		if (!cpu_online(cpu))
			continue;
		if (last >= nr_cpu_ids || cpu > last)
			return cpu;
		if (first >= nr_cpu_ids)
			first = cpu;
	}
	return first;
}

unsigned int kfi_class_cpu(struct kfi_class *class, int numa_node)
{
	const struct cpumask *node = cpu_possible_mask;
	unsigned long flags;
	unsigned int cpu;

	if (numa_node >= 0 && numa_node < nr_node_ids && node_online(numa_node))
		node = cpumask_of_node(numa_node);

	spin_lock_irqsave(&class->lock, flags);
	cpu = kfi_next_cpu(class->last_cpu, &class->cpus, node);
	if (cpu >= nr_cpu_ids)
		cpu = kfi_next_cpu(class->last_cpu, &class->cpus,
				   cpu_possible_mask);
	if (cpu >= nr_cpu_ids)
		cpu = kfi_next_cpu(class->last_cpu, node, cpu_possible_mask);
	if (cpu >= nr_cpu_ids)
		cpu = cpumask_first(cpu_online_mask);
	class->last_cpu = cpu;
	spin_unlock_irqrestore(&class->lock, flags);
	return cpu;
}
EXPORT_SYMBOL_GPL(kfi_class_cpu);

unsigned int kfi_class_vector(struct kfi_class *class, unsigned int nr_vectors,
			      int numa_node)
{
	if (!nr_vectors)
		return 0;
	return kfi_class_cpu(class, numa_node) % nr_vectors;
}
EXPORT_SYMBOL_GPL(kfi_class_vector);

/* What is there and what comes; alone, a charge may pass its bound. */
static bool kfi_fits(u64 used, u64 more, u64 max)
{
	return !max || !more || !used || (used <= max && more <= max - used);
}

static bool kfi_class_fits(struct kfi_class *class, u64 ops, u64 bytes)
{
	return kfi_fits(kfi_in_flight(&class->ops), ops,
			READ_ONCE(class->max_ops)) &&
	       kfi_fits(kfi_in_flight(&class->bytes), bytes,
			READ_ONCE(class->max_bytes));
}

/*
 * The callback runs outside the lock and inside an RCU section that began
 * before the waiter left the list, so that kfi_class_cancel_wait() can wait
 * for it.
 */
static bool kfi_class_tell_first(struct kfi_class *class)
{
	struct kfi_class_waiter *waiter;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&class->lock, flags);
	waiter = list_first_entry_or_null(&class->waiters,
					  struct kfi_class_waiter, list);
	if (waiter && kfi_class_fits(class, waiter->ops, waiter->bytes)) {
		list_del_init(&waiter->list);
		WRITE_ONCE(class->nr_waiters, class->nr_waiters - 1);
	} else {
		waiter = NULL;
	}
	spin_unlock_irqrestore(&class->lock, flags);
	if (waiter)
		waiter->room(waiter);
	rcu_read_unlock();
	return waiter;
}

/* After room was made, with a full barrier in between; see kfi_class_wait(). */
static inline void kfi_class_room_made(struct kfi_class *class)
{
	while (unlikely(READ_ONCE(class->nr_waiters)) &&
	       kfi_class_tell_first(class))
		;
}

bool kfi_class_wait(struct kfi_class *class, struct kfi_class_waiter *waiter,
		    u64 ops, u64 bytes)
{
	unsigned long flags;
	bool waits = true;

	waiter->ops = ops;
	waiter->bytes = bytes;

	spin_lock_irqsave(&class->lock, flags);
	list_add_tail(&waiter->list, &class->waiters);
	WRITE_ONCE(class->nr_waiters, class->nr_waiters + 1);
	/*
	 * Pairs with the full barrier of the atomics in kfi_class_uncharge():
	 * either that sees the waiter, or this sees the room.
	 */
	smp_mb();
	if (kfi_class_fits(class, ops, bytes)) {
		list_del_init(&waiter->list);
		WRITE_ONCE(class->nr_waiters, class->nr_waiters - 1);
		waits = false;
	}
	spin_unlock_irqrestore(&class->lock, flags);
	return waits;
}
EXPORT_SYMBOL_GPL(kfi_class_wait);

bool kfi_class_cancel_wait(struct kfi_class *class,
			   struct kfi_class_waiter *waiter)
{
	unsigned long flags;
	bool spared;

	spin_lock_irqsave(&class->lock, flags);
	spared = !list_empty(&waiter->list);
	if (spared) {
		list_del_init(&waiter->list);
		WRITE_ONCE(class->nr_waiters, class->nr_waiters - 1);
	}
	spin_unlock_irqrestore(&class->lock, flags);

	/* The next in the queue may need less. */
	if (spared)
		kfi_class_room_made(class);
	else
		synchronize_rcu();
	return spared;
}
EXPORT_SYMBOL_GPL(kfi_class_cancel_wait);

void kfi_class_set_limits(struct kfi_class *class, u64 max_ops, u64 max_bytes)
{
	WRITE_ONCE(class->max_ops, max_ops);
	WRITE_ONCE(class->max_bytes, max_bytes);
	smp_mb();	/* as in kfi_class_uncharge() */
	kfi_class_room_made(class);
}
EXPORT_SYMBOL_GPL(kfi_class_set_limits);

static bool kfi_charge_bounded(struct kfi_class_use *use, u64 more, u64 max)
{
	u64 done;
	s64 old;

	do {
		done = atomic64_read_acquire(&use->done);
		old = atomic64_read(&use->charged);
		if (!kfi_fits(old - done, more, max))
			return false;
	} while (!atomic64_try_cmpxchg(&use->charged, &old, old + more));
	return true;
}

static bool kfi_charge(struct kfi_class_use *use, u64 more, u64 max)
{
	if (unlikely(max))
		return kfi_charge_bounded(use, more, max);
	atomic64_add(more, &use->charged);
	return true;
}

/* The value-returning form is a full barrier. */
static inline void kfi_uncharge(struct kfi_class_use *use, u64 less)
{
	s64 done = atomic64_add_return(less, &use->done);

	WARN_ON_ONCE(done > atomic64_read(&use->charged));
}

int kfi_class_charge(struct kfi_class *class, u64 ops, u64 bytes)
{
	if (!kfi_charge(&class->ops, ops, READ_ONCE(class->max_ops)))
		goto refused;
	if (!bytes ||
	    kfi_charge(&class->bytes, bytes, READ_ONCE(class->max_bytes)))
		return 0;

	/* For a moment others saw less room than there is. */
	atomic64_sub_return(ops, &class->ops.charged);
	kfi_class_room_made(class);
refused:
	atomic64_inc(&class->refused);
	return -EAGAIN;
}
EXPORT_SYMBOL_GPL(kfi_class_charge);

void kfi_class_uncharge(struct kfi_class *class, u64 ops, u64 bytes)
{
	if (bytes)
		kfi_uncharge(&class->bytes, bytes);
	if (ops)
		kfi_uncharge(&class->ops, ops);
	kfi_class_room_made(class);
}
EXPORT_SYMBOL_GPL(kfi_class_uncharge);

void kfi_class_stats(struct kfi_class *class, struct kfi_class_stats *stats)
{
	*stats = (struct kfi_class_stats) {
		.name = class->name,
		.users = READ_ONCE(class->users),
		.poll_ctx = kfi_class_poll_ctx(class),
		.max_ops = READ_ONCE(class->max_ops),
		.max_bytes = READ_ONCE(class->max_bytes),
		.ops = kfi_in_flight(&class->ops),
		.bytes = kfi_in_flight(&class->bytes),
		.total_ops = atomic64_read(&class->ops.charged),
		.total_bytes = atomic64_read(&class->bytes.charged),
		.refused = atomic64_read(&class->refused),
		.waiters = READ_ONCE(class->nr_waiters),
	};
}
EXPORT_SYMBOL_GPL(kfi_class_stats);

int kfi_class_for_each(int (*fn)(const struct kfi_class_stats *stats,
				 void *arg),
		       void *arg)
{
	struct kfi_class_stats stats;
	struct kfi_class *class;
	int ret = 0;

	mutex_lock(&kfi_classes_lock);
	list_for_each_entry(class, &kfi_classes, list) {
		kfi_class_stats(class, &stats);
		ret = fn(&stats, arg);
		if (ret)
			break;
	}
	mutex_unlock(&kfi_classes_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_class_for_each);

/* debugfs: one line per class; "name max_ops max_bytes" written sets bounds. */

static int kfi_classes_show_one(const struct kfi_class_stats *stats, void *arg)
{
	seq_printf(arg, "%s %u %s %llu/%llu %llu/%llu %llu %llu %llu %u\n",
		   stats->name, stats->users,
		   stats->poll_ctx == KFI_POLL_SOFTIRQ ? "softirq" : "workqueue",
		   stats->ops, stats->max_ops, stats->bytes, stats->max_bytes,
		   stats->total_ops, stats->total_bytes, stats->refused,
		   stats->waiters);
	return 0;
}

static int kfi_classes_show(struct seq_file *m, void *v)
{
	seq_puts(m, "name users poll ops/max bytes/max total_ops total_bytes refused waiters\n");
	return kfi_class_for_each(kfi_classes_show_one, m);
}

static int kfi_classes_open(struct inode *inode, struct file *file)
{
	return single_open(file, kfi_classes_show, NULL);
}

static ssize_t kfi_classes_write(struct file *file, const char __user *ubuf,
				 size_t len, loff_t *pos)
{
	char buf[KFI_NAME_MAX + 2 * 21 + 1], name[KFI_NAME_MAX];
	struct kfi_class *class;
	u64 max_ops, max_bytes;

	BUILD_BUG_ON(KFI_NAME_MAX != 64);	/* the width below */

	if (*pos || len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	buf[len] = '\0';
	if (sscanf(buf, "%63s %llu %llu", name, &max_ops, &max_bytes) != 3)
		return -EINVAL;

	mutex_lock(&kfi_classes_lock);
	class = kfi_class_find_locked(name);
	if (class)
		class->users++;
	mutex_unlock(&kfi_classes_lock);
	if (!class)
		return -ENOENT;

	/* Not under the mutex: this calls waiters back. */
	kfi_class_set_limits(class, max_ops, max_bytes);
	kfi_class_put(class);
	return len;
}

static const struct file_operations kfi_classes_fops = {
	.owner = THIS_MODULE,
	.open = kfi_classes_open,
	.read = seq_read,
	.write = kfi_classes_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void __init kfi_placement_init(struct dentry *dir)
{
	debugfs_create_file("classes", 0600, dir, NULL, &kfi_classes_fops);
}
