// SPDX-License-Identifier: GPL-2.0-only
/* Reaching a member's region: over the fabric, or on this machine. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "set.h"

#define KFS_LINK_CAPS	(KFI_RMA | KFI_RMA_PMEM | KFI_READ | KFI_WRITE)
#define KFS_MAX_BYTES	SZ_1M
#define KFS_MAX_BVECS	256
#define KFS_CQ_SIZE	1024

/*
 * An operation has ended. The member may be closed as soon as @ops is counted
 * down, so that nothing of it is touched afterwards.
 */
static void kfs_op_end(struct kfi_member_op *op, int err)
{
	struct kfs_member *m = op->member;

	if (err) {
		/* Poison is the range's fault, not the member's. */
		if (op->kind != KFS_READ || err != -EIO)
			kfs_member_fail(m, err);
	} else if (op->kind == KFS_WRITE || op->kind == KFS_WRITE_DURABLE) {
		atomic64_inc(&m->writes);
	}
	op->done(op, err);
	if (atomic_dec_and_test(&m->ops))
		wake_up_var(&m->ops);
}

static int kfs_local_copy(struct kfs_member *m, struct kfi_member_op *op)
{
	const struct bio_vec *bv = op->bvec;
	u64 pos = op->offset, end = op->offset + op->length;
	struct kfi_region_map map;
	size_t len;
	int err = 0;

	if (op->kind == KFS_READ) {
		err = kfi_region_check(m->local_region, pos, op->length);
		if (err)
			return err;
		kfi_region_get_map(m->local_region, &map);
	}
	for (; pos < end && !err; pos += len, bv++) {
		/* May be several pages; KFI_PMEM is for 64 bit. */
		u8 *kaddr = page_address(bv->bv_page) + bv->bv_offset;

		len = min_t(u64, bv->bv_len, end - pos);
		if (op->kind == KFS_READ)
			memcpy(kaddr, map.kaddr + pos, len);
		else if (op->kind == KFS_WRITE_DURABLE && len == op->length)
			err = kfi_region_store_durable(m->local_region, pos,
						       kaddr, len);
		else
			err = kfi_region_store(m->local_region, pos, kaddr, len);
		if (len == op->length)
			return err;
	}
	if (!err && op->kind == KFS_WRITE_DURABLE)
		err = kfi_region_persist(m->local_region, op->offset,
					 op->length, KFI_COMMIT_PERSISTENT);
	return err;
}

static int kfs_local_commit(struct kfs_member *m)
{
	struct kfi_rma_iov iov;
	u64 chunk = 0;
	int err = 0;

	while (!err && kfs_commit_ranges(m->set, &chunk, &iov, 1)) {
		err = kfi_region_persist(m->local_region, iov.addr, iov.len,
					 KFI_COMMIT_PERSISTENT);
		if (!err)
			kfi_region_acknowledge(m->local_region, iov.addr,
					       iov.len);
	}
	return err;
}

static int kfs_local_do(struct kfs_member *m, struct kfi_member_op *op)
{
	int err;

	if (op->kind == KFS_COMMIT)
		return kfs_local_commit(m);
	err = kfs_local_copy(m, op);
	if (!err && op->kind == KFS_WRITE_DURABLE)
		kfi_region_acknowledge(m->local_region, op->offset, op->length);
	return err;
}

/**
 * kfs_link_local_work() - operations on a local region that sleep
 * @work: of a member
 *
 * Context: process.
 */
void kfs_link_local_work(struct work_struct *work)
{
	struct kfs_member *m = container_of(work, struct kfs_member, local_work);
	struct kfi_member_op *op, *next;
	LIST_HEAD(ops);

	spin_lock_bh(&m->room_lock);
	list_splice_init(&m->sleepers, &ops);
	spin_unlock_bh(&m->room_lock);
	list_for_each_entry_safe(op, next, &ops, list)
		kfs_op_end(op, kfs_local_do(m, op));
}

static void kfs_local_post(struct kfs_member *m, struct kfi_member_op *op)
{
	bool sleeps = op->kind == KFS_COMMIT ||
		      (op->kind == KFS_WRITE_DURABLE &&
		       kfi_region_persist_sleeps(m->local_region, op->length));

	if (!sleeps) {
		kfs_op_end(op, kfs_local_do(m, op));
		return;
	}
	spin_lock_bh(&m->room_lock);
	list_add_tail(&op->list, &m->sleepers);
	spin_unlock_bh(&m->room_lock);
	queue_work(kfs_wq, &m->local_work);
}

static ssize_t kfs_remote_try(struct kfs_member *m, struct kfi_member_op *op)
{
	struct kfi_rma_iov iov[KFS_COMMIT_RANGES] = {
		{ .addr = op->offset, .len = op->length, .key = m->key },
	};
	struct kfi_msg_rma msg = {
		.type = KFI_BVEC,
		.msg_biov = op->bvec,
		.iov_count = op->nr_bvecs,
		.addr = m->addr,
		.rma_iov = iov,
		.rma_iov_count = 1,
		.context = op,
	};
	unsigned int nr, i;
	u64 chunk;

	switch (op->kind) {
	case KFS_READ:
		return kfi_readmsg(m->client.ep, &msg, KFI_COMPLETION);
	case KFS_WRITE:
		return kfi_writemsg(m->client.ep, &msg, KFI_COMPLETION);
	case KFS_WRITE_DURABLE:
		return kfi_writemsg(m->client.ep, &msg,
				    KFI_COMPLETION | KFI_COMMIT_COMPLETE);
	}
	/* @offset and @length of a commit: first chunk, and that of the next */
	chunk = op->offset;
	nr = kfs_commit_ranges(m->set, &chunk, iov, m->max_ranges);
	op->length = chunk;
	if (!nr)
		return 1;
	for (i = 0; i < nr; i++)
		iov[i].key = m->key;
	return kfi_commit(m->client.ep, iov, nr, m->addr,
			  KFI_COMMIT_PERSISTENT, op);
}

/* Until its link is up a member is asked what it knows, and told nothing. */
static bool kfs_link_takes(const struct kfs_member *m,
			   const struct kfi_member_op *op)
{
	/* Pairs with smp_store_release() where the link is opened. */
	enum kfs_link link = smp_load_acquire(&m->link);

	return link == KFS_LINK_UP ||
	       (link == KFS_LINK_OPEN && op->kind == KFS_READ);
}

/*
 * Return: whether there was room for it. RCU keeps the endpoint open, see
 * kfs_link_close().
 */
static bool kfs_remote_post(struct kfs_member *m, struct kfi_member_op *op)
{
	ssize_t ret;

	rcu_read_lock();
	ret = kfs_link_takes(m, op) ? kfs_remote_try(m, op) : -ENOLINK;
	rcu_read_unlock();
	if (ret == -EAGAIN)
		return false;
	if (ret)
		kfs_op_end(op, ret > 0 ? 0 : ret);
	return true;
}

/* Post what waits, until there is no room again. */
static void kfs_remote_drain(struct kfs_member *m)
{
	struct kfi_member_op *op;
	int seq;

	for (;;) {
		seq = atomic_read_acquire(&m->room_seq);
		spin_lock_bh(&m->room_lock);
		op = list_first_entry_or_null(&m->room, struct kfi_member_op,
					      list);
		if (op)
			list_del(&op->list);
		spin_unlock_bh(&m->room_lock);
		if (!op)
			return;
		if (kfs_remote_post(m, op))
			continue;
		spin_lock_bh(&m->room_lock);
		list_add(&op->list, &m->room);
		spin_unlock_bh(&m->room_lock);
		/* Pairs with kfs_link_comp(): it sees the list, or we the event. */
		smp_mb();
		if (atomic_read(&m->room_seq) == seq && kfs_link_usable(m))
			return;
	}
}

/**
 * kfs_link_post() - start an operation at a member
 * @m: the member
 * @op: the operation, filled but for @member
 *
 * Its done() is called once, maybe before this returns.
 *
 * Context: process or softirq; does not sleep.
 */
void kfs_link_post(struct kfs_member *m, struct kfi_member_op *op)
{
	kfs_link_hold(m);
	kfs_link_post_held(m, op);
}

/**
 * kfs_link_post_held() - start an operation that was announced
 * @m: the member, after kfs_link_hold()
 * @op: the operation, filled but for @member
 *
 * Context: process or softirq; does not sleep.
 */
void kfs_link_post_held(struct kfs_member *m, struct kfi_member_op *op)
{
	op->member = m;
	if (m->local) {
		if (kfs_link_takes(m, op))
			kfs_local_post(m, op);
		else
			kfs_op_end(op, -ENOLINK);
	} else {
		spin_lock_bh(&m->room_lock);
		list_add_tail(&op->list, &m->room);
		spin_unlock_bh(&m->room_lock);
		kfs_remote_drain(m);
	}
}

static void kfs_link_comp(struct kfid_cq *cq, void *context)
{
	struct kfs_member *m = context;
	struct kfi_cq_data_entry entry[8];
	struct kfi_cq_err_entry err = {};
	ssize_t ret;
	int i;

	for (;;) {
		ret = kfi_cq_read(cq, entry, ARRAY_SIZE(entry));
		if (ret > 0) {
			for (i = 0; i < ret; i++)
				kfs_op_end(entry[i].op_context, 0);
		} else if (ret == -KFI_EAVAIL) {
			if (kfi_cq_readerr(cq, &err, 0) == 1)
				kfs_op_end(err.op_context,
					   -(abs(err.err) ?: EIO));
		} else {
			break;
		}
	}
	atomic_inc(&m->room_seq);
	/* Pairs with kfs_remote_drain(). */
	smp_mb__after_atomic();
	if (!list_empty_careful(&m->room))
		kfs_remote_drain(m);
}

static int kfs_remote_attach(struct kfs_member *m, u64 epoch, bool raise,
			     struct kfi_pmem_attr *attr, u64 *seen)
{
	struct kfi_pmem_attach what = {
		.region = m->region,
		.access = KFI_READ | KFI_WRITE,
		.epoch = epoch,
		.raise = raise,
		.sole = true,
		.pin = true,
	};
	int ret;

	uuid_copy(&what.uuid, &m->uuid);
	ret = kfi_client_insert(&m->client, m->host, m->port, &m->addr, NULL);
	if (ret)
		return ret;
	ret = kfi_pmem_attach(m->client.ep, m->addr, &what, &m->key, attr);
	*seen = attr->epoch;
	return ret;
}

/*
 * Clients are told what a request may be when the first takeover is over. A
 * member that comes later has to take as much.
 */
static int kfs_remote_limits(struct kfs_member *m)
{
	const struct kfi_info *info = m->client.info;
	struct kfi_set *set = m->set;
	size_t bytes = min_t(size_t, KFS_MAX_BYTES, info->ep_attr->max_msg_size);
	size_t bvecs = min_t(size_t, KFS_MAX_BVECS, info->tx_attr->iov_limit);
	int err = 0;

	m->max_ranges = clamp_t(size_t, info->tx_attr->rma_iov_limit, 1,
				KFS_COMMIT_RANGES);
	spin_lock_bh(&set->lock);
	if (set->started > 0) {
		set->max_bytes = min(set->max_bytes, bytes);
		set->max_bvecs = min_t(size_t, set->max_bvecs, bvecs);
	} else if (bytes < set->max_bytes || bvecs < set->max_bvecs) {
		err = -EMSGSIZE;
	}
	spin_unlock_bh(&set->lock);
	return err;
}

static int kfs_remote_open(struct kfs_member *m, u64 epoch, bool raise,
			   struct kfi_pmem_attr *attr, u64 *seen)
{
	struct kfi_auth auth = { .insecure = m->insecure };
	struct kfi_client_params params = {
		.node = m->host,
		.port = m->port,
		.caps = KFS_LINK_CAPS,
		.provider = m->provider[0] ? m->provider : NULL,
		.auth_key = &auth,
		.auth_key_size = sizeof(auth),
		.cq_size = KFS_CQ_SIZE,
		.comp_handler = kfs_link_comp,
		.context = m,
	};
	int err;

	strscpy(auth.peer, m->peer, sizeof(auth.peer));
	memcpy(auth.key, m->secret, sizeof(auth.key));
	err = kfi_client_open(&m->client, &params, NULL);
	memzero_explicit(&auth, sizeof(auth));
	if (err)
		return err;
	err = kfs_remote_attach(m, epoch, raise, attr, seen) ?:
	      kfs_remote_limits(m);
	if (err)
		kfi_client_close(&m->client);
	return err;
}

static int kfs_local_open(struct kfs_member *m, u64 epoch, bool raise,
			  struct kfi_pmem_attr *attr, u64 *seen)
{
	struct kfi_region *region = kfi_region_open(m->pool, m->region);
	int err = 0;

	if (IS_ERR(region))
		return PTR_ERR(region);
	kfi_region_query(region, attr);
	*seen = attr->epoch;
	if (!uuid_is_null(&m->uuid) && !uuid_equal(&m->uuid, &attr->uuid))
		err = -ESTALE;
	if (!err && raise)
		err = kfi_region_raise_epoch(region, epoch);
	/* For revoke(), which may be called before it is in use. */
	m->local_region = region;
	if (!err)
		err = kfi_region_use(region, &m->user, epoch);
	if (err) {
		m->local_region = NULL;
		kfi_region_put(region);
		return err;
	}
	kfi_region_query(region, attr);
	*seen = attr->epoch;
	return 0;
}

/**
 * kfs_link_open() - reach a member
 * @m: a member whose link is down
 * @epoch: this writer's; 0 in a raw set
 * @raise: have it accept this epoch first, and fence older writers
 * @attr: filled with what it attests
 * @seen: set to the epoch that the member has, 0 if it did not say
 *
 * Does not change @m->link.
 *
 * Context: attach work; sleeps.
 * Return: 0; -ESTALE: another epoch, see @seen, or another region; or why it
 * is out of reach.
 */
int kfs_link_open(struct kfs_member *m, u64 epoch, bool raise,
		  struct kfi_pmem_attr *attr, u64 *seen)
{
	int err;

	*seen = 0;
	memset(attr, 0, sizeof(*attr));
	err = m->local ? kfs_local_open(m, epoch, raise, attr, seen) :
			 kfs_remote_open(m, epoch, raise, attr, seen);
	if (!err)
		uuid_copy(&m->uuid, &attr->uuid);
	return err;
}

/**
 * kfs_link_quiesce() - wait until nothing touches a local region
 * @m: a local member whose link is not usable any more
 *
 * Context: process, sleeps.
 */
void kfs_link_quiesce(struct kfs_member *m)
{
	/* Pairs with kfs_link_hold(). */
	smp_mb();
	wait_var_event(&m->ops, !atomic_read(&m->ops));
}

/**
 * kfs_link_close() - let go of a member
 * @m: a member whose link is not usable any more, and was
 *
 * Every operation has ended when it returns.
 *
 * Context: attach work, or when that is stopped; sleeps.
 */
void kfs_link_close(struct kfs_member *m)
{
	if (m->local) {
		kfs_link_quiesce(m);
		kfi_region_unuse(m->local_region, &m->user);
		kfi_region_put(m->local_region);
		m->local_region = NULL;
		return;
	}
	/* Who saw it usable is posting, and is waited for. */
	synchronize_rcu();
	/* Those that wait for room never reached the endpoint. */
	kfs_remote_drain(m);
	/* Ends what is on its way, with errors, in the completion handler. */
	kfi_client_close(&m->client);
	wait_var_event(&m->ops, !atomic_read(&m->ops));
}

static void kfs_sync_done(struct kfi_member_op *op, int err)
{
	struct kfs_sync_op *sop = container_of(op, struct kfs_sync_op, op);
	struct kfs_sync *sync = sop->sync;

	if (err) {
		set_bit(op->member->index, &sync->failed);
		WRITE_ONCE(sync->err, err);
	}
	if (atomic_dec_and_test(&sync->pending))
		complete(&sync->done);
}

/**
 * kfs_sync_init() - begin a number of operations to wait for
 * @sync: on the stack
 */
void kfs_sync_init(struct kfs_sync *sync)
{
	init_completion(&sync->done);
	atomic_set(&sync->pending, 1);
	sync->failed = 0;
	sync->err = 0;
}

/**
 * kfs_sync_post() - start one of them
 * @sync: begun
 * @op: the operation, filled but for @op->op.done
 * @m: the member
 */
void kfs_sync_post(struct kfs_sync *sync, struct kfs_sync_op *op,
		   struct kfs_member *m)
{
	op->sync = sync;
	op->op.done = kfs_sync_done;
	atomic_inc(&sync->pending);
	kfs_link_post(m, &op->op);
}

/**
 * kfs_sync_wait() - wait until all of them have ended
 * @sync: begun
 *
 * Context: process, sleeps; as long as the fabric takes to report a lost peer.
 * Return: the members that failed.
 */
unsigned long kfs_sync_wait(struct kfs_sync *sync)
{
	if (!atomic_dec_and_test(&sync->pending))
		wait_for_completion(&sync->done);
	return sync->failed;
}

static int kfs_link_do(struct kfs_member *m, enum kfs_kind kind, u64 offset,
		       size_t length, const struct bio_vec *bvec,
		       unsigned int nr_bvecs)
{
	struct kfs_sync sync;
	struct kfs_sync_op op = {
		.op.kind = kind,
		.op.offset = offset,
		.op.length = length,
		.op.bvec = bvec,
		.op.nr_bvecs = nr_bvecs,
		.op.done = kfs_sync_done,
		.sync = &sync,
	};

	kfs_sync_init(&sync);
	atomic_inc(&sync.pending);
	kfs_link_post_held(m, &op.op);
	kfs_sync_wait(&sync);
	return sync.err;
}

/**
 * kfs_link_io() - one operation, waited for
 * @m: the member
 * @kind: read or write
 * @offset: in its region
 * @length: bytes
 * @bvec: buffer
 * @nr_bvecs: entries
 *
 * Context: process, sleeps.
 * Return: 0 or an error.
 */
int kfs_link_io(struct kfs_member *m, enum kfs_kind kind, u64 offset,
		size_t length, const struct bio_vec *bvec,
		unsigned int nr_bvecs)
{
	kfs_link_hold(m);
	return kfs_link_do(m, kind, offset, length, bvec, nr_bvecs);
}

/**
 * kfs_link_read_held() - a read that was announced, waited for
 * @m: the member, after kfs_link_hold()
 * @offset: in its region
 * @length: bytes
 * @bvec: buffer
 * @nr_bvecs: entries
 *
 * Context: process, sleeps.
 * Return: 0 or an error.
 */
int kfs_link_read_held(struct kfs_member *m, u64 offset, size_t length,
		       const struct bio_vec *bvec, unsigned int nr_bvecs)
{
	return kfs_link_do(m, KFS_READ, offset, length, bvec, nr_bvecs);
}
