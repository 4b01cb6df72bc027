// SPDX-License-Identifier: GPL-2.0-only
/* Replica sets: starting, stopping, and what is told of them. */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "set.h"
#include "trace.h"

unsigned int kfs_start_timeout = 30;	/* changed by tests */
module_param_named(start_timeout, kfs_start_timeout, uint, 0644);
MODULE_PARM_DESC(start_timeout, "Seconds that a start waits for a majority");

/* The list of sets, and their users. */
static DEFINE_MUTEX(kfs_sets_lock);
static LIST_HEAD(kfs_sets);

static const char *const kfs_state_names[KFI_SET_STATE_MAX] = {
	[KFI_SET_TAKEOVER] = "takeover",
	[KFI_SET_ACTIVE] = "active",
	[KFI_SET_SUSPENDED] = "suspended",
	[KFI_SET_FENCED] = "fenced",
	[KFI_SET_STOPPING] = "stopping",
};

static const char *const kfs_member_names[KFI_MEMBER_STATE_MAX] = {
	[KFI_MEMBER_DOWN] = "down",
	[KFI_MEMBER_BEHIND] = "behind",
	[KFI_MEMBER_SYNCING] = "syncing",
	[KFI_MEMBER_IN_SYNC] = "in-sync",
};

/**
 * kfi_set_state_name() - a set's state in a word
 * @state: the state
 *
 * Context: any.
 * Return: the word; "?" for none.
 */
const char *kfi_set_state_name(enum kfi_set_state state)
{
	return (unsigned int)state < KFI_SET_STATE_MAX ?
	       kfs_state_names[state] : "?";
}
EXPORT_SYMBOL_GPL(kfi_set_state_name);

/**
 * kfi_member_state_name() - a member's state in a word
 * @state: the state
 *
 * Context: any.
 * Return: the word; "?" for none.
 */
const char *kfi_member_state_name(enum kfi_member_state state)
{
	return (unsigned int)state < KFI_MEMBER_STATE_MAX ?
	       kfs_member_names[state] : "?";
}
EXPORT_SYMBOL_GPL(kfi_member_state_name);

/**
 * kfs_set_state() - a set's state has changed
 * @set: the set
 * @state: the new one
 *
 * Context: under the set's lock.
 */
void kfs_set_state(struct kfi_set *set, enum kfi_set_state state)
{
	lockdep_assert_held(&set->lock);
	if (set->state == state)
		return;
	trace_kfi_set_state(set->name, set->state, state, set->epoch,
			    set->record.generation);
	WRITE_ONCE(set->state, state);
}

static struct kfi_set *kfs_set_find_locked(const char *name)
{
	struct kfi_set *set;

	lockdep_assert_held(&kfs_sets_lock);
	list_for_each_entry(set, &kfs_sets, list)
		if (!strcmp(set->name, name))
			return set;
	return NULL;
}

/**
 * kfs_set_find() - find a set
 * @name: its name
 * @extack: for a text
 *
 * Context: process, sleeps.
 * Return: the set with a reference, which keeps its memory, not its state; or
 * NULL.
 */
struct kfi_set *kfs_set_find(const char *name, struct netlink_ext_ack *extack)
{
	struct kfi_set *set;

	mutex_lock(&kfs_sets_lock);
	set = kfs_set_find_locked(name);
	if (set)
		kref_get(&set->kref);
	mutex_unlock(&kfs_sets_lock);
	if (!set)
		NL_SET_ERR_MSG_FMT(extack, "no set %.32s is started here; see 'kfipmem set status'",
				   name);
	return set;
}

static void kfs_set_free(struct kref *kref)
{
	struct kfi_set *set = container_of(kref, struct kfi_set, kref);
	unsigned int i;

	for (i = 0; i < set->nr_members; i++)
		kfs_member_free(set->member[i]);
	for (i = 0; i < ARRAY_SIZE(set->buffer); i++)
		if (set->buffer[i])
			__free_page(set->buffer[i]);
	if (set->page)
		__free_pages(set->page, 1);
	if (set->intent_page)
		__free_pages(set->intent_page, 1);
	if (set->probe_page)
		__free_page(set->probe_page);
	if (set->control_wq)
		destroy_workqueue(set->control_wq);
	kvfree(set->intent);
	kvfree(set->want);
	kvfree(set->locked);
	kvfree(set->extent_writes);
	kvfree(set->extent_age);
	kvfree(set->dirty);
	kvfree(set->committing);
	kfree(set);
}

/**
 * kfs_set_put() - drop a reference
 * @set: the set
 *
 * Context: process, sleeps.
 */
void kfs_set_put(struct kfi_set *set)
{
	kref_put(&set->kref, kfs_set_free);
}

static unsigned long *kfs_bits_alloc(u64 bits)
{
	return kvcalloc(BITS_TO_LONGS(bits), sizeof(long), GFP_KERNEL);
}

/**
 * kfs_member_alloc() - what is kept of a member by extent
 * @m: a data member of a set whose size is known
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int kfs_member_alloc(struct kfs_member *m)
{
	if (!m->todo && !m->witness)
		m->todo = kfs_bits_alloc(m->set->extents);
	return m->todo || m->witness ? 0 : -ENOMEM;
}

/**
 * kfs_set_alloc() - what is kept of a set by extent
 * @set: a set whose size is known
 *
 * What failed half is completed by the next call.
 *
 * Context: control work, sleeps.
 * Return: 0 or -ENOMEM.
 */
int kfs_set_alloc(struct kfi_set *set)
{
	struct kfs_member *m;
	unsigned int i;

	set->extents = kfs_extents(set->size, set->extent_shift);
	set->chunks = kfs_extents(set->size, KFS_CHUNK_SHIFT);
	if (!set->intent)
		set->intent = kfs_bits_alloc(set->extents);
	if (!set->want)
		set->want = kfs_bits_alloc(set->extents);
	if (!set->locked)
		set->locked = kfs_bits_alloc(set->extents);
	if (!set->dirty)
		set->dirty = kfs_bits_alloc(set->chunks);
	if (!set->committing)
		set->committing = kfs_bits_alloc(set->chunks);
	if (!set->extent_writes)
		set->extent_writes = kvcalloc(set->extents, sizeof(u32),
					      GFP_KERNEL);
	if (!set->extent_age)
		set->extent_age = kvcalloc(set->extents, sizeof(u8),
					   GFP_KERNEL);
	kfs_for_each_member(set, m, i)
		if (kfs_member_alloc(m))
			return -ENOMEM;
	return set->intent && set->want && set->locked && set->dirty &&
	       set->committing && set->extent_writes && set->extent_age ?
	       0 : -ENOMEM;
}

static int kfs_set_buffers(struct kfi_set *set)
{
	unsigned int i;

	set->control_wq = alloc_ordered_workqueue("kfi_set_%s", WQ_MEM_RECLAIM,
						  set->name);
	set->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	set->intent_page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 1);
	set->probe_page = alloc_page(GFP_KERNEL);
	if (!set->control_wq || !set->page || !set->intent_page ||
	    !set->probe_page)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(set->buffer); i++) {
		set->buffer[i] = alloc_page(GFP_KERNEL);
		if (!set->buffer[i])
			return -ENOMEM;
	}
	return 0;
}

static struct kfi_set *kfs_set_new(const struct kfi_set_params *params,
				   struct netlink_ext_ack *extack)
{
	struct kfi_set *set = kzalloc(sizeof(*set), GFP_KERNEL);
	struct kfs_member *m;
	unsigned int i;
	int err;

	if (!set)
		return ERR_PTR(-ENOMEM);
	kref_init(&set->kref);
	INIT_LIST_HEAD(&set->list);
	INIT_LIST_HEAD(&set->held);
	INIT_LIST_HEAD(&set->waiting);
	INIT_LIST_HEAD(&set->parked);
	INIT_LIST_HEAD(&set->commits);
	INIT_LIST_HEAD(&set->commits_next);
	spin_lock_init(&set->lock);
	mutex_init(&set->intent_mutex);
	mutex_init(&set->copy_mutex);
	mutex_init(&set->add_mutex);
	mutex_init(&set->change_mutex);
	mutex_init(&set->know_mutex);
	init_waitqueue_head(&set->drained);
	init_waitqueue_head(&set->wake);
	INIT_DELAYED_WORK(&set->control, kfs_control);
	INIT_DELAYED_WORK(&set->intent_work, kfs_intent_work);
	INIT_DELAYED_WORK(&set->probe_work, kfs_probe_work);
	INIT_WORK(&set->resync_work, kfs_resync_work);
	INIT_WORK(&set->scrub_work, kfs_scrub_work);
	strscpy(set->name, params->name, sizeof(set->name));
	set->raw = params->raw;
	set->create = params->create;
	set->assume_clean = params->assume_clean;
	set->fail_io = params->fail_io;
	set->extent_shift = params->extent_shift ?: KFI_SET_EXTENT_SHIFT;
	set->resync_rate = params->resync_rate;
	set->max_bytes = SZ_1M;
	set->max_bvecs = SZ_1M / PAGE_SIZE;
	set->started = 1;
	set->frozen = true;
	set->next_tick = jiffies;
	set->begin = ktime_get();
	err = kfs_set_buffers(set);
	for (i = 0; i < params->nr_members && !err; i++) {
		m = kfs_member_new(set, &params->member[i], extack);
		if (IS_ERR(m)) {
			err = PTR_ERR(m);
			break;
		}
		m->index = i;
		set->member[set->nr_members++] = m;
	}
	if (err) {
		kfs_set_put(set);
		return ERR_PTR(err);
	}
	return set;
}

static int kfs_params_check(const struct kfi_set_params *params,
			    struct netlink_ext_ack *extack)
{
	unsigned int i, data = 0;

	if (!params->name || !*params->name ||
	    strlen(params->name) >= KFI_PMEM_NAME_MAX) {
		NL_SET_ERR_MSG(extack, "a set's name has 1 to 63 characters");
		return -EINVAL;
	}
	if (!params->nr_members || params->nr_members > KFI_SET_MEMBERS_MAX) {
		NL_SET_ERR_MSG_FMT(extack, "a set has 1 to %d members",
				   KFI_SET_MEMBERS_MAX);
		return -EINVAL;
	}
	for (i = 0; i < params->nr_members; i++) {
		data += !params->member[i].witness && !params->member[i].gone;
		if (params->create && params->member[i].gone) {
			NL_SET_ERR_MSG(extack, "a new set has no member that was removed");
			return -EINVAL;
		}
	}
	if (params->raw && params->nr_members > 1) {
		NL_SET_ERR_MSG(extack, "a raw set has one member");
		return -EINVAL;
	}
	if (!data) {
		NL_SET_ERR_MSG(extack, "a set needs a member that holds data");
		return -EINVAL;
	}
	if (params->nr_members == 2 && params->create) {
		NL_SET_ERR_MSG(extack,
			       "of two members neither can outvote the other; add a third, or a witness");
		return -EINVAL;
	}
	if (params->extent_shift &&
	    (params->extent_shift < KFS_EXTENT_SHIFT_MIN ||
	     params->extent_shift > KFS_EXTENT_SHIFT_MAX)) {
		NL_SET_ERR_MSG(extack, "an extent has 64 KiB to 1 GiB");
		return -EINVAL;
	}
	return 0;
}

/* Why a start came to nothing, for somebody at a shell. */
static void kfs_start_explain(struct kfi_set *set, int err,
			      struct netlink_ext_ack *extack)
{
	struct kfs_member *m;
	unsigned int i;

	switch (err) {
	case -ENODATA:
		NL_SET_ERR_MSG(extack, "no member has a record of a set; use 'set create' first");
		return;
	case -EEXIST:
		NL_SET_ERR_MSG(extack,
			       "a region is a member of a set already; see the kernel's log");
		return;
	case -ESTALE:
		NL_SET_ERR_MSG(extack,
			       "a region is not the one that the set was made of; see the kernel's log");
		return;
	case -EINVAL:
		NL_SET_ERR_MSG(extack,
			       "the set has more members, fewer, or ones that were not removed; see the kernel's log");
		return;
	case -EKEYREVOKED:
		NL_SET_ERR_MSG(extack,
			       "the set is being started on another machine, which was ahead");
		return;
	case -ETIMEDOUT:
		break;
	default:
		return;
	}
	kfs_for_each_member(set, m, i) {
		if (m->link == KFS_LINK_UP)
			continue;
		NL_SET_ERR_MSG_FMT(extack,
				   "%lu of %u in reach, or none in sync; member %u, %.16s: error %d",
				   hweight_long(kfs_links_up(set, false)),
				   kfs_members_count(set), i, m->region, m->err);
		return;
	}
	NL_SET_ERR_MSG(extack,
		       "the members agree on no epoch; is the set being started elsewhere?");
}

/* Ends whatever works for a set that is in no list any more. */
static void kfs_set_shut(struct kfi_set *set)
{
	unsigned int i;

	spin_lock_bh(&set->lock);
	kfs_set_state(set, KFI_SET_STOPPING);
	WRITE_ONCE(set->stopping, true);
	spin_unlock_bh(&set->lock);
	wake_up_all(&set->wake);
	kfs_io_fail_all(set, -ENODEV);
	/* Without links nothing waits for a member; disabled, none comes back. */
	for (i = 0; i < set->nr_members; i++)
		kfs_member_stop(set->member[i]);
	disable_delayed_work_sync(&set->control);
	disable_delayed_work_sync(&set->probe_work);
	disable_work_sync(&set->resync_work);
	disable_work_sync(&set->scrub_work);
	disable_delayed_work_sync(&set->intent_work);
	/* One that the control work has added meanwhile. */
	for (i = 0; i < set->nr_members; i++)
		kfs_member_stop(set->member[i]);
	if (set->change) {
		set->change->err = -ENODEV;
		complete(&set->change->done);
		set->change = NULL;
	}
	kfs_io_fail_all(set, -ENODEV);
}

/**
 * kfi_set_start() - take a set over, or make a new one
 * @params: what it is made of
 * @extack: for a text that names the object and the remedy
 *
 * Context: process, sleeps until the set is active, for at most the module
 * parameter start_timeout in seconds; killable.
 * Return: 0; -EEXIST: started already, or a region is in a set; -ENODATA: no
 * such set; -ESTALE: other regions; -ETIMEDOUT: no majority, or no member in
 * sync in reach; -EKEYREVOKED: another machine is taking it over; -EINTR;
 * -EINVAL; -ENODEV: the module is being unloaded; -ENOMEM.
 */
int kfi_set_start(const struct kfi_set_params *params,
		  struct netlink_ext_ack *extack)
{
	struct kfi_set *set;
	long left;
	int err;

	err = kfs_params_check(params, extack);
	if (err)
		return err;
	/* Not __module_get(): an unload may have begun. */
	if (!try_module_get(THIS_MODULE))
		return -ENODEV;
	set = kfs_set_new(params, extack);
	if (IS_ERR(set)) {
		err = PTR_ERR(set);
		goto err_module_put;
	}

	mutex_lock(&kfs_sets_lock);
	if (kfs_set_find_locked(set->name)) {
		mutex_unlock(&kfs_sets_lock);
		NL_SET_ERR_MSG_FMT(extack, "set %.32s is started here already",
				   set->name);
		err = -EEXIST;
		goto err_put;
	}
	list_add_tail(&set->list, &kfs_sets);
	mutex_unlock(&kfs_sets_lock);

	kfs_control_kick(set);
	queue_delayed_work(kfs_wq, &set->probe_work, HZ);
	left = wait_event_killable_timeout(set->wake,
					   READ_ONCE(set->started) <= 0,
					   READ_ONCE(kfs_start_timeout) * HZ);
	/* From here on nobody gets it, if it is not started by now. */
	spin_lock_bh(&set->lock);
	if (set->started > 0)
		set->started = left < 0 ? -EINTR : -ETIMEDOUT;
	err = set->started;
	spin_unlock_bh(&set->lock);
	if (!err)
		return 0;

	kfs_start_explain(set, err, extack);
	mutex_lock(&kfs_sets_lock);
	list_del_init(&set->list);
	mutex_unlock(&kfs_sets_lock);
	kfs_set_shut(set);
err_put:
	kfs_set_put(set);
err_module_put:
	module_put(THIS_MODULE);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_set_start);

/* The commit that ends a writer's work. */
struct kfs_stop_io {
	struct kfi_set_io io;
	struct completion done;
};

static void kfs_stop_done(struct kfi_set_io *io, int err)
{
	io->err = err;
	complete(&container_of(io, struct kfs_stop_io, io)->done);
}

/* With nothing left to write: leave copies that need no resync. */
static void kfs_set_leave(struct kfi_set *set)
{
	struct kfs_stop_io *stop;

	if (READ_ONCE(set->state) != KFI_SET_ACTIVE)
		return;
	stop = kzalloc(sizeof(*stop), GFP_KERNEL);
	if (!stop)
		return;
	stop->io.op = KFI_SET_COMMIT;
	stop->io.done = kfs_stop_done;
	init_completion(&stop->done);
	kfi_set_submit(set, &stop->io);
	if (!wait_for_completion_timeout(&stop->done, 10 * HZ)) {
		/* Held: a member was lost just now. Shutting ends it. */
		kfs_set_shut(set);
		wait_for_completion(&stop->done);
	} else if (!stop->io.err && !set->raw && kfs_all_in_sync(set)) {
		kfs_intent_clear_all(set);
	}
	kfree(stop);
}

/**
 * kfi_set_stop() - stop being the writer of a set
 * @name: of the set
 * @extack: for a text
 *
 * What was written is committed first, if the set is active.
 *
 * Context: process, sleeps.
 * Return: 0; -ENOENT; -EBUSY: a client has it open.
 */
int kfi_set_stop(const char *name, struct netlink_ext_ack *extack)
{
	struct kfi_set *set;

	mutex_lock(&kfs_sets_lock);
	set = kfs_set_find_locked(name);
	/* Where the start came to nothing, it ends the set itself. */
	if (!set || READ_ONCE(set->started)) {
		mutex_unlock(&kfs_sets_lock);
		NL_SET_ERR_MSG_FMT(extack, "no set %.32s is started here; see 'kfipmem set status'",
				   name);
		return -ENOENT;
	}
	if (set->users) {
		mutex_unlock(&kfs_sets_lock);
		NL_SET_ERR_MSG_FMT(extack,
				   "set %.24s is in use here; remove its block device, close its files",
				   name);
		return -EBUSY;
	}
	list_del_init(&set->list);
	mutex_unlock(&kfs_sets_lock);

	kfs_set_leave(set);
	kfs_set_shut(set);
	kfs_set_put(set);
	module_put(THIS_MODULE);
	return 0;
}
EXPORT_SYMBOL_GPL(kfi_set_stop);

static void kfs_member_attr(struct kfs_member *m, struct kfi_member_attr *attr)
{
	struct kfi_set *set = m->set;

	attr->state = m->state;
	attr->witness = m->witness;
	attr->local = m->local;
	attr->full = m->full;
	attr->gone = m->gone;
	attr->err = m->err;
	if (m->todo && set->extents && m->state != KFI_MEMBER_IN_SYNC)
		attr->behind = kfs_bits_bytes(set, m->todo);
	attr->resynced = m->resynced;
	attr->resync_total = m->resync_total;
	attr->writes = atomic64_read(&m->writes);
	strscpy(attr->region, m->region, sizeof(attr->region));
	strscpy(attr->host, m->local ? m->pool : m->host, sizeof(attr->host));
}

static void kfs_set_attr(struct kfi_set *set, struct kfi_set_attr *attr)
{
	unsigned int i;

	memset(attr, 0, sizeof(*attr));
	spin_lock_bh(&set->lock);
	strscpy(attr->name, set->name, sizeof(attr->name));
	uuid_copy(&attr->uuid, &set->record.uuid);
	attr->size = set->size;
	attr->state = set->state;
	attr->epoch = set->epoch;
	attr->generation = set->record.generation;
	attr->quorum = kfs_majority(set);
	attr->extent = BIT_ULL(set->extent_shift);
	if (set->intent && !set->raw)
		attr->dirty_extents = bitmap_weight(set->intent, set->extents);
	attr->held = set->nr_held;
	attr->reads = atomic64_read(&set->reads);
	attr->writes = atomic64_read(&set->writes);
	attr->commits = atomic64_read(&set->committed);
	attr->intent_writes = atomic64_read(&set->intent_writes);
	attr->takeover_ms = set->takeover_ms;
	attr->scrubbing = set->scrubbing;
	attr->scrubbed = set->scrubbed;
	attr->mismatches = set->mismatches;
	attr->repaired = set->repaired;
	attr->nr_members = set->nr_members;
	for (i = 0; i < set->nr_members; i++)
		kfs_member_attr(set->member[i], &attr->member[i]);
	spin_unlock_bh(&set->lock);
	attr->users = set->users;
}

/**
 * kfi_set_for_each() - visit every set that is started here
 * @fn: called with facts about it, may sleep; other than 0 ends the visit
 * @arg: for @fn
 *
 * Context: process, sleeps.
 * Return: what @fn returned last, or -ENOMEM.
 */
int kfi_set_for_each(int (*fn)(const struct kfi_set_attr *attr, void *arg),
		     void *arg)
{
	struct kfi_set_attr *attr = kmalloc(sizeof(*attr), GFP_KERNEL);
	struct kfi_set *set;
	int ret = 0;

	if (!attr)
		return -ENOMEM;
	mutex_lock(&kfs_sets_lock);
	list_for_each_entry(set, &kfs_sets, list) {
		kfs_set_attr(set, attr);
		ret = fn(attr, arg);
		if (ret)
			break;
	}
	mutex_unlock(&kfs_sets_lock);
	kfree(attr);
	return ret;
}
EXPORT_SYMBOL_GPL(kfi_set_for_each);

/**
 * kfi_set_get() - open a set that is started here
 * @name: of the set
 *
 * Context: process, sleeps.
 * Return: the set, for kfi_set_put(); ERR_PTR: -ENOENT; -EAGAIN: is not
 * active for the first time yet.
 */
struct kfi_set *kfi_set_get(const char *name)
{
	struct kfi_set *set;

	mutex_lock(&kfs_sets_lock);
	set = kfs_set_find_locked(name);
	if (!set) {
		set = ERR_PTR(-ENOENT);
	} else if (set->started) {
		set = ERR_PTR(-EAGAIN);
	} else {
		set->users++;
		kref_get(&set->kref);
	}
	mutex_unlock(&kfs_sets_lock);
	return set;
}
EXPORT_SYMBOL_GPL(kfi_set_get);

/**
 * kfi_set_put() - close a set
 * @set: with no request of the caller's on its way
 *
 * Context: process, sleeps.
 */
void kfi_set_put(struct kfi_set *set)
{
	mutex_lock(&kfs_sets_lock);
	set->users--;
	mutex_unlock(&kfs_sets_lock);
	kfs_set_put(set);
}
EXPORT_SYMBOL_GPL(kfi_set_put);

/**
 * kfi_set_name() - a set's name
 * @set: an open set
 *
 * Context: any.
 * Return: the name, as long as the set is open.
 */
const char *kfi_set_name(const struct kfi_set *set)
{
	return set->name;
}
EXPORT_SYMBOL_GPL(kfi_set_name);

/**
 * kfi_set_size() - a set's size
 * @set: an open set
 *
 * Context: any.
 * Return: bytes.
 */
u64 kfi_set_size(const struct kfi_set *set)
{
	return set->size;
}
EXPORT_SYMBOL_GPL(kfi_set_size);

/**
 * kfi_set_limits() - what one request may be
 * @set: an open set
 * @limits: filled
 *
 * Context: any.
 */
void kfi_set_limits(const struct kfi_set *set, struct kfi_set_limits *limits)
{
	limits->max_bytes = set->max_bytes;
	limits->max_bvecs = set->max_bvecs;
}
EXPORT_SYMBOL_GPL(kfi_set_limits);

/**
 * kfi_set_scrub() - begin to compare the members
 * @name: of the set
 * @repair: make those that differ equal to the source
 * @extack: for a text
 *
 * Context: process, sleeps. The scrub goes on afterwards; see kfi_set_attr.
 * Return: 0; -ENOENT; -EBUSY: one is running.
 */
int kfi_set_scrub(const char *name, bool repair,
		  struct netlink_ext_ack *extack)
{
	struct kfi_set *set = kfs_set_find(name, extack);
	int err = 0;

	if (!set)
		return -ENOENT;
	spin_lock_bh(&set->lock);
	if (set->scrubbing) {
		err = -EBUSY;
	} else if (set->state != KFI_SET_ACTIVE || set->raw) {
		err = -EINVAL;
	} else {
		set->scrubbing = true;
		set->repair = repair;
		queue_work(kfs_wq, &set->scrub_work);
	}
	spin_unlock_bh(&set->lock);
	if (err == -EBUSY)
		NL_SET_ERR_MSG(extack, "a scrub of this set is running already");
	else if (err)
		NL_SET_ERR_MSG(extack, "the set is not active, or has one member");
	kfs_set_put(set);
	return err;
}
EXPORT_SYMBOL_GPL(kfi_set_scrub);
