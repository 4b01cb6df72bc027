// SPDX-License-Identifier: GPL-2.0-only
/* Event queues and counters. */
#include <linux/slab.h>
#include <linux/wait.h>

#include "kfi_prov.h"
#include "kfr.h"

/**
 * kfr_eq_push() - report an event
 * @eq: the queue, or NULL
 * @event: KFI_CONNECTED, KFI_SHUTDOWN
 * @fid: the object it happened to
 * @data: for an endpoint, the peer's address
 *
 * The oldest event makes room for the newest.
 *
 * Context: process; the handler is called from here.
 */
void kfr_eq_push(struct kfr_eq *eq, u32 event, struct kfid *fid, u64 data)
{
	u32 at;

	if (!eq)
		return;
	spin_lock_bh(&eq->lock);
	if (eq->count == eq->size) {
		eq->head = (eq->head + 1) % eq->size;
		eq->count--;
	}
	at = (eq->head + eq->count++) % eq->size;
	eq->ring[at].event = event;
	eq->ring[at].entry = (struct kfi_eq_entry) {
		.fid = fid,
		.context = fid->context,
		.data = data,
	};
	spin_unlock_bh(&eq->lock);
	wake_up(&eq->wait);
	if (eq->handler)
		eq->handler(&eq->eq, eq->eq.fid.context);
}

static ssize_t kfr_eq_read(struct kfid_eq *fid, u32 *event, void *buf,
			   size_t len, u64 flags)
{
	struct kfr_eq *eq = container_of(fid, struct kfr_eq, eq);
	ssize_t ret = -EAGAIN;

	if (len < sizeof(struct kfi_eq_entry))
		return -EINVAL;
	spin_lock_bh(&eq->lock);
	if (eq->count) {
		*event = eq->ring[eq->head].event;
		memcpy(buf, &eq->ring[eq->head].entry,
		       sizeof(struct kfi_eq_entry));
		if (!(flags & KFI_PEEK)) {
			eq->head = (eq->head + 1) % eq->size;
			eq->count--;
		}
		ret = sizeof(struct kfi_eq_entry);
	}
	spin_unlock_bh(&eq->lock);
	return ret;
}

static ssize_t kfr_eq_readerr(struct kfid_eq *fid, struct kfi_eq_err_entry *buf,
			      u64 flags)
{
	return -EAGAIN;
}

static ssize_t kfr_eq_sread(struct kfid_eq *fid, u32 *event, void *buf,
			    size_t len, int timeout, u64 flags)
{
	struct kfr_eq *eq = container_of(fid, struct kfr_eq, eq);
	long left = timeout < 0 ? MAX_SCHEDULE_TIMEOUT :
				  msecs_to_jiffies(timeout);

	left = wait_event_interruptible_timeout(eq->wait, READ_ONCE(eq->count),
						left);
	if (left < 0)
		return left;
	return kfr_eq_read(fid, event, buf, len, flags);
}

static const struct kfi_ops_eq kfr_eq_ops = {
	.size = sizeof(struct kfi_ops_eq),
	.read = kfr_eq_read,
	.readerr = kfr_eq_readerr,
	.write = kfi_no_eq_write,
	.sread = kfr_eq_sread,
	.strerror = kfi_no_eq_strerror,
};

static int kfr_eq_close(struct kfid *fid)
{
	struct kfr_eq *eq = container_of(fid, struct kfr_eq, eq.fid);
	int ret = kfid_try_close(fid);

	if (ret)
		return ret;
	kfid_put(&eq->fabric->fabric.fid);
	kvfree(eq->ring);
	kfree(eq);
	return 0;
}

static const struct kfi_ops kfr_eq_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_eq_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

/**
 * kfr_eq_open() - open an event queue
 * @fabric: its fabric
 * @attr: size; 0 is 64 events
 * @out: where it goes
 * @handler: called after each event; context: process
 * @context: the client's
 *
 * Context: process.
 * Return: 0, -EINVAL, -ENOMEM.
 */
int kfr_eq_open(struct kfid_fabric *fabric, struct kfi_eq_attr *attr,
		struct kfid_eq **out, kfi_event_handler handler, void *context)
{
	u32 size = attr && attr->size ? attr->size : 64;
	struct kfr_eq *eq;

	if (size > 1 << 20)
		return -EINVAL;
	eq = kzalloc(sizeof(*eq), GFP_KERNEL);
	if (!eq)
		return -ENOMEM;
	eq->ring = kvcalloc(size, sizeof(*eq->ring), GFP_KERNEL);
	if (!eq->ring) {
		kfree(eq);
		return -ENOMEM;
	}
	kfid_init(&eq->eq.fid, KFI_CLASS_EQ, context, &kfr_eq_fid_ops);
	eq->eq.ops = &kfr_eq_ops;
	eq->fabric = container_of(fabric, struct kfr_fabric, fabric);
	eq->handler = handler;
	eq->size = size;
	spin_lock_init(&eq->lock);
	init_waitqueue_head(&eq->wait);
	kfid_get(&fabric->fid);
	*out = &eq->eq;
	return 0;
}

static struct kfr_cntr *kfr_cntr_of(struct kfid_cntr *fid)
{
	return container_of(fid, struct kfr_cntr, cntr);
}

static u64 kfr_cntr_read(struct kfid_cntr *fid)
{
	return atomic64_read(&kfr_cntr_of(fid)->value);
}

static u64 kfr_cntr_readerr(struct kfid_cntr *fid)
{
	return atomic64_read(&kfr_cntr_of(fid)->errors);
}

static int kfr_cntr_add(struct kfid_cntr *fid, u64 value)
{
	atomic64_add(value, &kfr_cntr_of(fid)->value);
	wake_up(&kfr_cntr_of(fid)->wait);
	return 0;
}

static int kfr_cntr_set(struct kfid_cntr *fid, u64 value)
{
	atomic64_set(&kfr_cntr_of(fid)->value, value);
	wake_up(&kfr_cntr_of(fid)->wait);
	return 0;
}

static int kfr_cntr_adderr(struct kfid_cntr *fid, u64 value)
{
	atomic64_add(value, &kfr_cntr_of(fid)->errors);
	wake_up(&kfr_cntr_of(fid)->wait);
	return 0;
}

static int kfr_cntr_seterr(struct kfid_cntr *fid, u64 value)
{
	atomic64_set(&kfr_cntr_of(fid)->errors, value);
	wake_up(&kfr_cntr_of(fid)->wait);
	return 0;
}

static bool kfr_cntr_moved(const struct kfr_cntr *cntr, u64 threshold,
			   u64 errors)
{
	return atomic64_read(&cntr->value) >= threshold ||
	       atomic64_read(&cntr->errors) != errors;
}

static int kfr_cntr_wait(struct kfid_cntr *fid, u64 threshold, int timeout)
{
	struct kfr_cntr *cntr = kfr_cntr_of(fid);
	u64 errors = atomic64_read(&cntr->errors);
	long left = timeout < 0 ? MAX_SCHEDULE_TIMEOUT :
				  msecs_to_jiffies(timeout);

	left = wait_event_interruptible_timeout(cntr->wait,
						kfr_cntr_moved(cntr, threshold,
							       errors), left);
	if (left < 0)
		return left;
	if (atomic64_read(&cntr->value) >= threshold)
		return 0;
	return left ? -KFI_EAVAIL : -ETIMEDOUT;
}

static const struct kfi_ops_cntr kfr_cntr_ops = {
	.size = sizeof(struct kfi_ops_cntr),
	.read = kfr_cntr_read,
	.readerr = kfr_cntr_readerr,
	.add = kfr_cntr_add,
	.set = kfr_cntr_set,
	.wait = kfr_cntr_wait,
	.adderr = kfr_cntr_adderr,
	.seterr = kfr_cntr_seterr,
};

static int kfr_cntr_close(struct kfid *fid)
{
	struct kfr_cntr *cntr = container_of(fid, struct kfr_cntr, cntr.fid);
	int ret = kfid_try_close(fid);

	if (ret)
		return ret;
	kfid_put(&cntr->domain->domain.fid);
	kfree(cntr);
	return 0;
}

static const struct kfi_ops kfr_cntr_fid_ops = {
	.size = sizeof(struct kfi_ops),
	.close = kfr_cntr_close,
	.bind = kfi_no_bind,
	.control = kfi_no_control,
	.ops_open = kfi_no_ops_open,
};

/**
 * kfr_cntr_open() - open a counter
 * @domain: its domain
 * @attr: unused beyond the events counted, which are completions
 * @out: where it goes
 * @context: the client's
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int kfr_cntr_open(struct kfid_domain *domain, struct kfi_cntr_attr *attr,
		  struct kfid_cntr **out, void *context)
{
	struct kfr_cntr *cntr = kzalloc(sizeof(*cntr), GFP_KERNEL);

	if (!cntr)
		return -ENOMEM;
	kfid_init(&cntr->cntr.fid, KFI_CLASS_CNTR, context, &kfr_cntr_fid_ops);
	cntr->cntr.ops = &kfr_cntr_ops;
	cntr->domain = container_of(domain, struct kfr_domain, domain);
	init_waitqueue_head(&cntr->wait);
	kfid_get(&domain->fid);
	*out = &cntr->cntr;
	return 0;
}
