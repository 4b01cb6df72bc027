// SPDX-License-Identifier: GPL-2.0-only
/* See replica_env.h. */
#include <linux/bitmap.h>
#include <linux/slab.h>

#include "kfabric_pmem/pmem/region.h"
#include "kfabric_pmem/pmem/test.h"
#include "kfabric_pmem/replica/set.h"
#include "loopback.h"
#include "replica_env.h"

struct replica rep;

int replica_export(int i)
{
	int ret = kfi_export_add(rep.pool[i], rep.region[i], "w", env_key,
				 KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);

	rep.exported[i] = !ret;
	return ret;
}

int replica_unexport(int i)
{
	int ret = kfi_export_remove(rep.pool[i], rep.region[i], "w", NULL);

	if (!ret)
		rep.exported[i] = false;
	return ret;
}

int replica_listen(void)
{
	return env_side_open(&rep.target, "0.0.0.0", ENV_PORT,
			     KFI_RMA | KFI_RMA_PMEM | KFI_ATOMIC |
			     KFI_REMOTE_READ | KFI_REMOTE_WRITE, NULL);
}

void replica_member(unsigned int region, struct kfi_member_params *member)
{
	memset(member, 0, sizeof(*member));
	member->region = rep.region[region];
	member->witness = rep.witness & BIT(region);
	if (rep.local & BIT(region)) {
		member->pool = rep.pool[region];
		return;
	}
	member->host = rep.node;
	member->port = ENV_PORT;
	member->provider = "rdma";
	member->peer = "w";
	member->key = env_key;
}

/* Start a set, and leave it closed. */
int replica_try_start(bool create)
{
	struct kfi_member_params member[REP_REGIONS];
	struct kfi_set_params params = {
		.name = rep.name,
		.nr_members = rep.nr,
		.member = member,
		.create = create,
		.assume_clean = create && !rep.dirty,
		.fail_io = rep.fail_io,
		.raw = rep.raw,
		.extent_shift = create || rep.raw ? REP_SHIFT : 0,
	};
	struct netlink_ext_ack extack = {};
	unsigned int i;
	int ret;

	for (i = 0; i < rep.nr; i++) {
		if (rep.gone & BIT(rep.member[i]))
			member[i] = (struct kfi_member_params){ .gone = true };
		else
			replica_member(rep.member[i], &member[i]);
	}
	ret = kfi_set_start(&params, &extack);
	if (ret)
		pr_info("%s cannot be started: %s\n", rep.name,
			extack._msg ?: "no reason is given");
	return ret;
}

/* There is no set to be had: a start that waits, and gives up. */
int replica_start_in_vain(void)
{
	unsigned int timeout = kfs_start_timeout;
	int ret;

	WRITE_ONCE(kfs_start_timeout, 2);
	ret = replica_try_start(false);
	WRITE_ONCE(kfs_start_timeout, timeout);
	return ret;
}

int replica_start(bool create)
{
	int ret = replica_try_start(create);

	if (ret)
		return ret;
	rep.started = true;
	rep.set = kfi_set_get(rep.name);
	return PTR_ERR_OR_ZERO(rep.set);
}

int replica_stop(void)
{
	int ret;

	kfi_set_put(rep.set);
	rep.set = NULL;
	ret = kfi_set_stop(rep.name, NULL);
	if (!ret)
		rep.started = false;
	return ret;
}

int replica_raise(int i, u64 epoch)
{
	struct kfi_region *region = kfi_region_open(rep.pool[i], rep.region[i]);
	struct kfi_pmem_attr attr;
	int ret;

	if (IS_ERR(region))
		return PTR_ERR(region);
	kfi_region_query(region, &attr);
	ret = kfi_region_raise_epoch(region, epoch ?: attr.epoch + 1);
	kfi_region_put(region);
	return ret;
}

/*
 * The writer's machine is gone: what it still sends lands nowhere, and it tells
 * no member that it ends. Requests on their way have ended afterwards.
 */
int replica_crash(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < rep.nr; i++)
		ret = ret ?: replica_raise(rep.member[i], 0);
	/* It has to find a majority to be told so. */
	for (i = 0; i < rep.nr; i++)
		if (!rep.exported[rep.member[i]])
			ret = ret ?: replica_export(rep.member[i]);
	if (!ret && !replica_wait_state(KFI_SET_FENCED))
		ret = -ETIMEDOUT;
	return ret;
}

/* A member's machine loses its power, with what was not committed. */
int replica_cut(int i)
{
	unsigned long end = jiffies + REP_TIMEOUT;
	int ret;

	if (rep.exported[i])
		replica_unexport(i);
	/* A connection that is being taken down holds it for a moment. */
	do {
		ret = kfi_pool_test_power_cut(rep.pool[i]);
		if (ret == -EBUSY)
			schedule_timeout_uninterruptible(1);
	} while (ret == -EBUSY && time_before(jiffies, end));
	return ret;
}

void replica_exit(struct kunit *test)
{
	int i;

	if (!IS_ERR_OR_NULL(rep.set))
		kfi_set_put(rep.set);
	if (rep.started)
		kfi_set_stop(rep.name, NULL);
	env_side_close(&rep.target);
	for (i = 0; i < REP_REGIONS; i++) {
		if (!rep.made[i])
			continue;
		if (rep.exported[i])
			replica_unexport(i);
		kfi_region_remove(rep.pool[i], rep.region[i], NULL);
		WARN_ON(kfi_pool_destroy(rep.pool[i], NULL));
	}
	kfi_loopback_down("rxe0");
	kfree(rep.buf);
}

int replica_up(u64 pool_size, u64 region_size, bool cache_model)
{
	__be32 addr;
	int i, ret;

	memset(&rep, 0, sizeof(rep));
	rep.name = REP_SET;
	rep.nr = 3;
	rep.local = BIT(0);
	rep.region_size = region_size;
	rep.buf = kmalloc(REP_BUF, GFP_KERNEL);
	ret = rep.buf ? kfi_loopback_up("dummy0", "rxe0") : -ENOMEM;
	if (ret)
		return ret;
	addr = kfi_loopback_addr("rxe0");
	snprintf(rep.node, sizeof(rep.node), "%pI4", &addr);
	for (i = 0; i < REP_REGIONS && !ret; i++) {
		rep.member[i] = i;
		snprintf(rep.pool[i], sizeof(rep.pool[i]), "p%d", i);
		snprintf(rep.region[i], sizeof(rep.region[i]), "m%d", i);
		ret = kfi_pool_create_ram(rep.pool[i], pool_size,
					  cache_model, 0, NULL);
		rep.made[i] = !ret;
		ret = ret ?: kfi_region_create(rep.pool[i], rep.region[i],
					       region_size, NULL) ?:
		      replica_export(i);
	}
	return ret ?: replica_listen();
}

int replica_init(struct kunit *test)
{
	int ret = replica_up(8 << 20, REP_REGION_SIZE, true);

	if (ret)
		replica_exit(test);
	return ret;
}

static void replica_done(struct kfi_set_io *io, int err)
{
	struct replica_io *rio = container_of(io, struct replica_io, io);

	rio->err = err;
	complete(&rio->done);
}

void replica_prepare(struct replica_io *rio, enum kfi_set_op op, u64 offset,
		     void *buf, size_t len)
{
	size_t pos, part;

	memset(rio, 0, sizeof(*rio));
	init_completion(&rio->done);
	rio->io.op = op;
	rio->io.offset = offset;
	rio->io.length = len;
	rio->io.bvec = rio->bv;
	rio->io.done = replica_done;
	for (pos = 0; pos < len; pos += part) {
		part = min(len - pos, PAGE_SIZE - offset_in_page(buf + pos));
		bvec_set_virt(&rio->bv[rio->io.nr_bvecs++], buf + pos, part);
	}
}

int replica_wait(struct replica_io *rio)
{
	if (!wait_for_completion_timeout(&rio->done, REP_TIMEOUT))
		return -ETIMEDOUT;
	return rio->err;
}

/* It does not end in a time that is long for one that is not held. */
bool replica_is_held(struct replica_io *rio)
{
	return !wait_for_completion_timeout(&rio->done, HZ / 2);
}

int replica_do(enum kfi_set_op op, u64 offset, void *buf, size_t len)
{
	struct replica_io *rio = kmalloc(sizeof(*rio), GFP_KERNEL);
	int ret;

	if (!rio)
		return -ENOMEM;
	replica_prepare(rio, op, offset, buf, len);
	kfi_set_submit(rep.set, &rio->io);
	ret = replica_wait(rio);
	/* What did not end is leaked, or it would be used freed. */
	if (ret != -ETIMEDOUT)
		kfree(rio);
	return ret;
}

int replica_write(u64 offset, u8 fill, size_t len)
{
	memset(rep.buf, fill, len);
	return replica_do(KFI_SET_WRITE_DURABLE, offset, rep.buf, len);
}

/* Return: 0: these bytes; 1: others; or the error. */
int replica_read(u64 offset, u8 fill, size_t len)
{
	int ret;

	memset(rep.buf, ~fill, len);
	ret = replica_do(KFI_SET_READ, offset, rep.buf, len);
	return ret ?: !!memchr_inv(rep.buf, fill, len);
}

static bool replica_bytes(int i, bool medium, u64 offset, u8 fill, size_t len)
{
	struct kfi_region *region = kfi_region_open(rep.pool[i], rep.region[i]);
	u8 *bytes;
	bool has;

	if (IS_ERR(region))
		return false;
	bytes = medium ? region->medium : region->map.kaddr;
	has = !memchr_inv(bytes + offset, fill, len);
	kfi_region_put(region);
	return has;
}

bool replica_has(int i, u64 offset, u8 fill, size_t len)
{
	return replica_bytes(i, false, offset, fill, len);
}

bool replica_medium_has(int i, u64 offset, u8 fill, size_t len)
{
	return replica_bytes(i, true, offset, fill, len);
}

/* Change bytes behind everybody's back. */
void replica_poke(int i, u64 offset, u8 fill, size_t len)
{
	struct kfi_region *region = kfi_region_open(rep.pool[i], rep.region[i]);

	if (WARN_ON(IS_ERR(region)))
		return;
	memset(region->map.kaddr + offset, fill, len);
	WARN_ON(kfi_region_persist(region, offset, len, KFI_COMMIT_PERSISTENT));
	kfi_region_put(region);
}

/* Have these regions the same data, as seen and on the medium? */
bool replica_equal(unsigned int regions, u64 size)
{
	struct kfi_region *region, *first = NULL;
	unsigned int i;
	bool equal = true;

	for (i = 0; i < REP_REGIONS; i++) {
		if (!(regions & BIT(i)))
			continue;
		region = kfi_region_open(rep.pool[i], rep.region[i]);
		if (IS_ERR(region))
			return false;
		if (first) {
			equal &= !memcmp(region->map.kaddr, first->map.kaddr,
					 size) &&
				 !memcmp(region->medium, first->medium, size);
			kfi_region_put(region);
		} else {
			first = region;
		}
	}
	if (first)
		kfi_region_put(first);
	return equal;
}

static struct kfs_layout replica_layout(int i)
{
	struct kfs_layout layout = {};

	WARN_ON(kfs_layout(rep.region_size, rep.witness & BIT(i), REP_SHIFT,
			   &layout));
	return layout;
}

u64 replica_bits_at(int i)
{
	return replica_layout(i).bitmap;
}

u64 replica_record_at(int i)
{
	return replica_layout(i).record;
}

/* Intent bits that are durably set in a region. */
unsigned int replica_medium_bits(int i)
{
	struct kfi_region *region = kfi_region_open(rep.pool[i], rep.region[i]);
	struct kfs_layout layout = replica_layout(i);
	unsigned int weight;

	if (WARN_ON(IS_ERR(region)))
		return 0;
	weight = bitmap_weight(region->medium + layout.bitmap,
			       8 * (layout.record - layout.bitmap));
	kfi_region_put(region);
	return weight;
}

static int replica_attr_one(const struct kfi_set_attr *attr, void *arg)
{
	if (strcmp(attr->name, rep.name))
		return 0;
	rep.attr = *attr;
	return 1;
}

const struct kfi_set_attr *replica_attr(void)
{
	memset(&rep.attr, 0, sizeof(rep.attr));
	kfi_set_for_each(replica_attr_one, NULL);
	return &rep.attr;
}

/* For what takes some round trips, and has no event. */
bool replica_poll(bool (*fn)(const struct kfi_set_attr *attr,
			     unsigned long arg), unsigned long arg)
{
	unsigned long end = jiffies + REP_TIMEOUT;

	while (!fn(replica_attr(), arg)) {
		if (time_after(jiffies, end))
			return false;
		schedule_timeout_uninterruptible(HZ / 50);
	}
	return true;
}

static bool member_is(const struct kfi_set_attr *attr, unsigned long arg)
{
	return attr->member[arg >> 8].state == (arg & 0xff);
}

bool replica_wait_member(int member, enum kfi_member_state state)
{
	return replica_poll(member_is, member << 8 | state);
}

static bool state_is(const struct kfi_set_attr *attr, unsigned long arg)
{
	return attr->state == arg;
}

bool replica_wait_state(enum kfi_set_state state)
{
	return replica_poll(state_is, state);
}

static bool all_in_sync(const struct kfi_set_attr *attr, unsigned long arg)
{
	unsigned int i;

	for (i = 0; i < attr->nr_members; i++)
		if (attr->member[i].state != KFI_MEMBER_IN_SYNC)
			return false;
	return attr->state == KFI_SET_ACTIVE;
}

bool replica_wait_in_sync(void)
{
	return replica_poll(all_in_sync, 0);
}

static bool no_bits(const struct kfi_set_attr *attr, unsigned long arg)
{
	return !attr->dirty_extents;
}

bool replica_wait_clean(void)
{
	return replica_poll(no_bits, 0);
}

static bool not_scrubbing(const struct kfi_set_attr *attr, unsigned long arg)
{
	return !attr->scrubbing;
}

/* Return: mismatches, or an error. */
int replica_scrub(bool repair)
{
	int ret;

	/* One that was begun earlier may be running yet. */
	if (!replica_poll(not_scrubbing, 0))
		return -ETIMEDOUT;
	ret = kfi_set_scrub(rep.name, repair, NULL);
	if (ret)
		return ret;
	if (!replica_poll(not_scrubbing, 0))
		return -ETIMEDOUT;
	return rep.attr.scrubbed == rep.attr.size ? rep.attr.mismatches :
						    -EAGAIN;
}

static int replica_gate_commit(struct kfi_region *region, u64 offset,
			       u64 length, void *context)
{
	struct replica_gate *gate = context;

	if (offset >= gate->end || offset + length <= gate->begin)
		return 0;
	if (gate->seen)
		gate->seen(gate);
	complete(&gate->entered);
	if (READ_ONCE(gate->shut))
		wait_for_completion_timeout(&gate->open, REP_TIMEOUT);
	return 0;
}

static int replica_gate_set(struct replica_gate *gate, bool on)
{
	static const struct kfi_target_handler handler = {
		.commit = replica_gate_commit,
	};
	struct kfi_region *region = kfi_region_open(rep.pool[gate->region],
						    rep.region[gate->region]);
	int ret;

	if (IS_ERR(region))
		return PTR_ERR(region);
	ret = kfi_region_set_handler(region, on ? &handler : NULL, gate);
	kfi_region_put(region);
	return ret;
}

int replica_gate_add(struct replica_gate *gate)
{
	init_completion(&gate->entered);
	init_completion(&gate->open);
	return replica_gate_set(gate, true);
}

void replica_gate_open(struct replica_gate *gate)
{
	WRITE_ONCE(gate->shut, false);
	complete_all(&gate->open);
}

void replica_gate_remove(struct replica_gate *gate)
{
	replica_gate_open(gate);
	WARN_ON(replica_gate_set(gate, false));
}
