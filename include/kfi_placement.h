/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfabric: placement of clients on CPUs and NUMA nodes, decided in one place.
 *
 * A client belongs to a class, named after it ("block", "replica", ...). The
 * class says on which CPUs its completions are handled and in which context,
 * and counts and bounds what it has in flight. All clients see all classes, so
 * two that share a fabric can see and bound each other:
 * /sys/kernel/debug/kfabric/classes, kfi_class_for_each().
 */
#ifndef _KFI_PLACEMENT_H_
#define _KFI_PLACEMENT_H_

#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/types.h>

struct kfi_class;

/**
 * enum kfi_poll_ctx - where completions are handled, as enum ib_poll_context
 * @KFI_POLL_SOFTIRQ: softirq: least latency; handlers must not sleep
 * @KFI_POLL_WORKQUEUE: bound work item: fair to other work
 */
enum kfi_poll_ctx {
	KFI_POLL_SOFTIRQ,
	KFI_POLL_WORKQUEUE,
};

/**
 * struct kfi_class_stats - counters of a class at one moment
 * @name: name
 * @users: references held by clients
 * @poll_ctx: polling context
 * @max_ops: bound of @ops, 0 for none
 * @max_bytes: bound of @bytes, 0 for none
 * @ops: operations in flight
 * @bytes: bytes in flight
 * @total_ops: operations charged so far
 * @total_bytes: bytes charged so far
 * @refused: charges refused so far
 * @waiters: clients waiting for room
 */
struct kfi_class_stats {
	const char *name;
	unsigned int users;
	enum kfi_poll_ctx poll_ctx;
	u64 max_ops;
	u64 max_bytes;
	u64 ops;
	u64 bytes;
	u64 total_ops;
	u64 total_bytes;
	u64 refused;
	unsigned int waiters;
};

/**
 * struct kfi_class_waiter - to be told when a class has room again
 * @list: core's
 * @ops: core's: operations waited for
 * @bytes: core's: bytes waited for
 * @room: called once, in the context of whoever made room (softirq or work
 *	item), under rcu_read_lock(): it must not sleep. It may charge and post,
 *	and wait again. A call is no promise: another may have been quicker.
 */
struct kfi_class_waiter {
	struct list_head list;
	u64 ops;
	u64 bytes;
	void (*room)(struct kfi_class_waiter *waiter);
};

/**
 * kfi_class_waiter_init() - prepare a waiter
 * @waiter: the waiter
 * @room: see &struct kfi_class_waiter
 *
 * Context: any context.
 */
static inline void
kfi_class_waiter_init(struct kfi_class_waiter *waiter,
		      void (*room)(struct kfi_class_waiter *waiter))
{
	INIT_LIST_HEAD(&waiter->list);
	waiter->room = room;
}

/**
 * kfi_class_get() - the class of a name, made when it does not exist
 * @name: shorter than KFI_NAME_MAX, no white space
 *
 * A new class is on all CPUs, in softirq, without bounds.
 *
 * Context: may sleep.
 * Return: the class; ERR_PTR(-EINVAL) for a bad name; ERR_PTR(-ENOMEM).
 */
struct kfi_class *kfi_class_get(const char *name);

/**
 * kfi_class_put() - give a class back; it goes with its last user
 * @class: class, nothing of which is in flight by the caller; or NULL
 *
 * Context: may sleep.
 */
void kfi_class_put(struct kfi_class *class);

/**
 * kfi_class_set_limits() - bound what a class has in flight
 * @class: class
 * @max_ops: operations, 0 for no bound
 * @max_bytes: bytes, 0 for no bound
 *
 * What is in flight already stays. Raising a bound tells waiters.
 *
 * Context: any context.
 */
void kfi_class_set_limits(struct kfi_class *class, u64 max_ops, u64 max_bytes);

/**
 * kfi_class_set_cpumask() - CPUs of a class
 * @class: class
 * @mask: at least one possible CPU
 *
 * Queues that are open stay where they are.
 *
 * Context: any context.
 * Return: 0; -EINVAL for a mask without possible CPUs.
 */
int kfi_class_set_cpumask(struct kfi_class *class, const struct cpumask *mask);

/**
 * kfi_class_set_poll_ctx() - polling context of queues opened from now on
 * @class: class
 * @ctx: context
 *
 * Context: any context.
 */
void kfi_class_set_poll_ctx(struct kfi_class *class, enum kfi_poll_ctx ctx);

/**
 * kfi_class_poll_ctx() - polling context of a class
 * @class: class
 *
 * Context: any context.
 * Return: the context.
 */
enum kfi_poll_ctx kfi_class_poll_ctx(const struct kfi_class *class);

/**
 * kfi_class_cpu() - next CPU of a class, round-robin
 * @class: class
 * @numa_node: node of the device, or NUMA_NO_NODE
 *
 * An online CPU of the class on the node; else one of the class; else one on
 * the node; else any online one.
 *
 * Context: any context.
 * Return: a CPU.
 */
unsigned int kfi_class_cpu(struct kfi_class *class, int numa_node);

/**
 * kfi_class_vector() - completion vector on the next CPU of a class
 * @class: class
 * @nr_vectors: vectors the device has, spread over the CPUs in their order
 * @numa_node: node of the device, or NUMA_NO_NODE
 *
 * Context: any context.
 * Return: a vector below @nr_vectors; 0 when that is 0.
 */
unsigned int kfi_class_vector(struct kfi_class *class, unsigned int nr_vectors,
			      int numa_node);

/**
 * kfi_class_charge() - account for operations about to be posted
 * @class: class
 * @ops: operations
 * @bytes: bytes
 *
 * Lock-free, allocates nothing. A charge above the bound on its own is let
 * through when nothing else is in flight, so that it cannot wait for ever.
 *
 * Context: any context.
 * Return: 0; -EAGAIN when a bound would be passed: see kfi_class_wait().
 */
int kfi_class_charge(struct kfi_class *class, u64 ops, u64 bytes);

/**
 * kfi_class_uncharge() - account for operations that have completed
 * @class: class
 * @ops: operations, as charged
 * @bytes: bytes, as charged
 *
 * Lock-free unless someone waits; then it calls waiters, in the order they
 * came, as long as there is room.
 *
 * Context: any context that may run the waiters' callbacks.
 */
void kfi_class_uncharge(struct kfi_class *class, u64 ops, u64 bytes);

/**
 * kfi_class_wait() - ask to be told when there is room, after -EAGAIN
 * @class: class
 * @waiter: initialised, not waiting
 * @ops: operations, as refused
 * @bytes: bytes, as refused
 *
 * Waiters are told in the order they came.
 *
 * Context: any context. No callback runs in this call.
 * Return: true when the callback will run, or has; false when there is room
 * now: the caller does not wait, and charges again.
 */
bool kfi_class_wait(struct kfi_class *class, struct kfi_class_waiter *waiter,
		    u64 ops, u64 bytes);

/**
 * kfi_class_cancel_wait() - wait for room no longer
 * @class: class
 * @waiter: initialised; its callback neither runs nor will run afterwards
 *
 * Context: sleeps; not from the callback.
 * Return: true when the callback was spared.
 */
bool kfi_class_cancel_wait(struct kfi_class *class,
			   struct kfi_class_waiter *waiter);

/**
 * kfi_class_stats() - counters of one class
 * @class: class
 * @stats: filled; the name is valid while the class is held
 *
 * Context: any context.
 */
void kfi_class_stats(struct kfi_class *class, struct kfi_class_stats *stats);

/**
 * kfi_class_for_each() - counters of all classes
 * @fn: called for each, under a mutex: it may sleep, but not get or put a
 *	class. A value other than 0 ends the walk.
 * @arg: passed to @fn
 *
 * Context: may sleep.
 * Return: 0, or what @fn ended the walk with.
 */
int kfi_class_for_each(int (*fn)(const struct kfi_class_stats *stats,
				 void *arg),
		       void *arg);

#endif /* _KFI_PLACEMENT_H_ */
