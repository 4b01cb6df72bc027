// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of durable writes. The next write of a slot is posted where the last
 * one was reported, in the completion handler: nothing sleeps between two
 * writes, so that no scheduling hides what a path costs.
 *
 * Both paths are measured in turn, first one and then the other first. What is
 * printed is one value for a batch; report.c makes medians of them.
 */
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>
#include <rdma/ib_verbs.h>

#ifdef CONFIG_UML
#include <os.h>
#endif

#include "bench.h"

#define BENCH_TIMEOUT	(60 * HZ)
#define BENCH_BATCH_MAX	512

/*
 * What is measured. Batches are short and rounds many: which of the worker
 * threads rxe's two sides run on, and with it twice as many context switches
 * or not, is settled when a batch begins, and holds until it ends.
 */
static const struct {
	u32 len;
	u32 ops;
} bench_sizes[] = {
	{ 8, 100 },
	{ 64, 100 },
	{ 512, 100 },
	{ 4096, 100 },
	{ 65536, 24 },
	{ 1 << 20, 8 },
};

static const u32 bench_depths[] = { 1, BENCH_SLOTS };

static const struct bench_path * const bench_paths[] = {
	&bench_verbs, &bench_kfi,
};

#define NR_DEPTHS	ARRAY_SIZE(bench_depths)
#define BENCH_VALUES	(ARRAY_SIZE(bench_sizes) * NR_DEPTHS * 2)
#define BENCH_LINE	32		/* values in a line */

/* User-Mode Linux has a clock of 256 ns; its host has a better one. */
static u64 bench_now(void)
{
#ifdef CONFIG_UML
	return os_nsecs();
#else
	return ktime_get_ns();
#endif
}

int bench_text_init(struct bench_text *text, size_t size)
{
	text->len = 0;
	text->size = size;
	text->buf = vzalloc(size);
	return text->buf ? 0 : -ENOMEM;
}

void bench_text_exit(struct bench_text *text)
{
	vfree(text->buf);
	text->buf = NULL;
}

void bench_print(struct bench_text *text, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text->len += vscnprintf(text->buf + text->len, text->size - text->len,
				fmt, args);
	va_end(args);
}

/**
 * bench_init() - make the buffers
 * @bench: zeroed
 * @text: where results go
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int bench_init(struct bench *bench, struct bench_text *text)
{
	int i;

	bench->text = text;
	init_completion(&bench->idle);
	bench->latency = kvcalloc(BENCH_BATCH_MAX, sizeof(*bench->latency),
				  GFP_KERNEL);
	if (!bench->latency)
		return -ENOMEM;
	for (i = 0; i < BENCH_SLOTS; i++) {
		bench->buf[i] = alloc_pages_exact(BENCH_SLOT_SIZE, GFP_KERNEL);
		if (!bench->buf[i]) {
			bench_exit(bench);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * bench_exit() - free the buffers
 * @bench: idle
 *
 * Context: process.
 */
void bench_exit(struct bench *bench)
{
	int i;

	for (i = 0; i < BENCH_SLOTS; i++) {
		if (bench->buf[i])
			free_pages_exact(bench->buf[i], BENCH_SLOT_SIZE);
		bench->buf[i] = NULL;
	}
	kvfree(bench->latency);
	bench->latency = NULL;
}

static void bench_leave(struct bench *bench)
{
	if (atomic_dec_and_test(&bench->busy))
		complete(&bench->idle);
}

static void bench_post(struct bench *bench, u32 slot, u64 now)
{
	int ret;

	bench->begin[slot] = now;
	ret = bench->path->post(bench, slot, bench->len);
	if (!ret)
		return;
	WRITE_ONCE(bench->err, ret);
	bench_leave(bench);
}

/**
 * bench_done() - a write is durable, or failed
 * @bench: bench
 * @slot: its slot
 * @err: 0 or a negative errno
 *
 * Context: softirq; posts the next write.
 */
void bench_done(struct bench *bench, u32 slot, int err)
{
	u64 now = bench_now();
	u32 i = atomic_inc_return(&bench->finished) - 1;

	if (err)
		WRITE_ONCE(bench->err, err);
	if (i < bench->total)
		bench->latency[i] = now - bench->begin[slot];
	if (!READ_ONCE(bench->err) &&
	    atomic_inc_return(&bench->posted) <= bench->total)
		bench_post(bench, slot, now);
	else
		bench_leave(bench);
}

static int bench_compare(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct bench_batch {
	u32 p10;
	u32 p50;
	u32 p90;
	u64 ns;			/* all of it */
};

static int bench_batch(struct bench *bench, const struct bench_path *path,
		       u32 len, u32 depth, u32 total,
		       struct bench_batch *batch)
{
	u64 start;
	u32 i;

	depth = min(depth, total);
	bench->len = len;
	bench->total = total;
	bench->err = 0;
	atomic_set(&bench->posted, depth);
	atomic_set(&bench->finished, 0);
	/* One more: the batch is not over before all of it began. */
	atomic_set(&bench->busy, depth + 1);
	reinit_completion(&bench->idle);
	WRITE_ONCE(bench->path, path);

	start = bench_now();
	local_bh_disable();
	for (i = 0; i < depth; i++)
		bench_post(bench, i, bench_now());
	local_bh_enable();
	bench_leave(bench);
	if (!wait_for_completion_timeout(&bench->idle, BENCH_TIMEOUT))
		return -ETIMEDOUT;
	batch->ns = bench_now() - start;
	if (bench->err)
		return bench->err;
	sort(bench->latency, total, sizeof(u64), bench_compare, NULL);
	batch->p10 = bench->latency[total / 10];
	batch->p50 = bench->latency[total / 2];
	batch->p90 = bench->latency[total * 9 / 10];
	return 0;
}

/* Packets that the device has sent and received, or 0 when it does not say. */
static u64 bench_packets(struct bench *bench)
{
	struct ib_device *dev = bench->dev;
	struct rdma_hw_stats *stats;
	u64 packets = 0;
	int i;

	if (!dev || !dev->ops.alloc_hw_port_stats || !dev->ops.get_hw_stats)
		return 0;
	stats = dev->ops.alloc_hw_port_stats(dev, 1);
	if (!stats)
		return 0;
	if (dev->ops.get_hw_stats(dev, stats, 1, stats->num_counters) > 0) {
		for (i = 0; i < stats->num_counters; i++) {
			const char *name = stats->descs[i].name;

			if (!strcmp(name, "sent_pkts") ||
			    (!bench->loopback && !strcmp(name, "rcvd_pkts")))
				packets += stats->value[i];
		}
	}
	rdma_free_hw_stats_struct(stats);
	return packets;
}

/* Count one batch at depth 1; the first batch of a path is its warm-up too. */
static int bench_count(struct bench *bench, const struct bench_path *path,
		       u32 len, u32 total)
{
	struct bench_counts a, b;
	struct bench_batch batch;
	u64 packets;
	int ret;

	path->counts(bench, &a);
	packets = bench_packets(bench);
	ret = bench_batch(bench, path, len, 1, total, &batch);
	if (ret)
		return ret;
	packets = bench_packets(bench) - packets;
	path->counts(bench, &b);
	bench_print(bench->text,
		    "count size=%u path=%s ops=%llu posts=%llu requests=%llu replies=%llu out=%llu in=%llu packets=%llu\n",
		    len, path->name, b.ops - a.ops, b.posts - a.posts,
		    b.requests - a.requests, b.replies - a.replies,
		    b.bytes_out - a.bytes_out, b.bytes_in - a.bytes_in,
		    packets);
	return 0;
}

/*
 * One value of a round: the median latency, or the time per operation. A few
 * operations go before: the other path, or another size, had the caches.
 */
static int bench_value(struct bench *bench, const struct bench_path *path,
		       u32 len, u32 depth, u32 ops, u32 *value)
{
	struct bench_batch batch;
	int ret;

	ret = bench_batch(bench, path, len, depth, DIV_ROUND_UP(ops, 4),
			  &batch) ?:
	      bench_batch(bench, path, len, depth, ops, &batch);
	if (ret)
		bench_print(bench->text,
			    "error size=%u depth=%u path=%s errno=%d\n", len,
			    depth, path->name, -ret);
	else
		*value = depth == 1 ? batch.p50 : div_u64(batch.ns, ops);
	cond_resched();
	return ret;
}

static void bench_print_values(struct bench *bench, u32 len, u32 depth,
			       const char *path, const u32 *value, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		if (i % BENCH_LINE == 0)
			bench_print(bench->text,
				    "values size=%u depth=%u path=%s round=%u ns=",
				    len, depth, path, i);
		bench_print(bench->text, "%u%c", value[i],
			    i % BENCH_LINE == BENCH_LINE - 1 ||
			    i + 1 == count ? '\n' : ',');
	}
}

/**
 * bench_check() - does a path write what it was given, where it should?
 * @bench: open
 * @path: path
 * @len: bytes
 *
 * Read back through kfabric.
 *
 * Context: process.
 * Return: 0; -EIO: it does not; or how the write failed.
 */
int bench_check(struct bench *bench, const struct bench_path *path, u32 len)
{
	u32 depth = min_t(u32, BENCH_SLOTS, 4), i;
	struct bench_batch batch;
	void *back;
	int ret;

	for (i = 0; i < depth; i++)
		get_random_bytes(bench->buf[i], len);
	ret = bench_batch(bench, path, len, depth, depth, &batch);
	if (ret)
		return ret;
	back = alloc_pages_exact(BENCH_SLOT_SIZE, GFP_KERNEL);
	if (!back)
		return -ENOMEM;
	for (i = 0; i < depth && !ret; i++) {
		ret = kfi_loop_read(bench->kfi, back, len,
				    (u64)i * BENCH_SLOT_SIZE);
		if (!ret && memcmp(back, bench->buf[i], len))
			ret = -EIO;
	}
	free_pages_exact(back, BENCH_SLOT_SIZE);
	return ret;
}

/* All sizes and depths, each on both paths, one after the other. */
static int bench_round(struct bench *bench, const struct bench_plan *plan,
		       u32 round, u32 *values)
{
	u32 i, p, ops;
	int ret;

	for (i = 0; i < BENCH_VALUES; i++) {
		u32 len = bench_sizes[i / 2 / NR_DEPTHS].len;
		u32 depth = bench_depths[i / 2 % NR_DEPTHS];

		/* Whose turn it is alternates with the round. */
		p = (i ^ round) % 2;
		if (len > plan->max_size ||
		    (plan->only && strcmp(plan->only, bench_paths[p]->name)))
			continue;
		ops = bench_sizes[i / 2 / NR_DEPTHS].ops * plan->scale / 100;
		ops = max3(ops, depth, 4U);
		ret = bench_value(bench, bench_paths[p], len, depth, ops,
				  &values[(i / 2 * 2 + p) * plan->rounds +
					  round]);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * bench_run() - check, count and measure both paths
 * @bench: open
 * @plan: how much
 *
 * Context: process; takes as long as it takes.
 * Return: 0 or the first error, of which a line says more.
 */
int bench_run(struct bench *bench, const struct bench_plan *plan)
{
	u32 round, s, p, i, *values;
	int ret = 0;

	values = kvcalloc(BENCH_VALUES * plan->rounds, sizeof(*values),
			  GFP_KERNEL);
	if (!values)
		return -ENOMEM;
	for (s = 0; s < ARRAY_SIZE(bench_sizes) && !ret; s++) {
		u32 len = bench_sizes[s].len;

		if (len > plan->max_size)
			continue;
		for (p = 0; p < 2 && !ret; p++) {
			ret = bench_check(bench, bench_paths[p], len);
			ret = ret ?: bench_count(bench, bench_paths[p], len, 32);
			if (ret)
				bench_print(bench->text,
					    "error size=%u depth=1 path=%s errno=%d\n",
					    len, bench_paths[p]->name, -ret);
		}
	}
	for (round = 0; round < plan->rounds && !ret; round++)
		ret = bench_round(bench, plan, round, values);
	for (i = 0; i < BENCH_VALUES && !ret; i++)
		if (values[i * plan->rounds])
			bench_print_values(bench,
					   bench_sizes[i / 2 / NR_DEPTHS].len,
					   bench_depths[i / 2 % NR_DEPTHS],
					   bench_paths[i % 2]->name,
					   values + i * plan->rounds,
					   plan->rounds);
	kvfree(values);
	return ret;
}

/**
 * bench_setup_cost() - what attaching a region costs, and a commit to it
 * @bench: open
 * @mib: size of the region, which is named after it
 * @repeats: how often
 *
 * Context: process.
 * Return: 0, also when the target has no such region.
 */
int bench_setup_cost(struct bench *bench, u32 mib, u32 repeats)
{
	static const u32 lens[] = { 64, 4096 };
	struct kfi_pmem_attr attr;
	struct bench_batch batch;
	u32 i, n = 0;
	char name[16];
	u64 start;
	int ret;

	snprintf(name, sizeof(name), "m%u", mib);
	repeats = clamp(repeats, 1U, BENCH_BATCH_MAX);
	do {
		start = bench_now();
		ret = kfi_loop_attach(bench->kfi, name, &attr);
		bench->latency[n] = bench_now() - start;
		if (ret == -ENOENT || (!ret && attr.size >> 20 != mib)) {
			bench_print(bench->text, "absent region_mib=%u\n", mib);
			ret = 0;
			break;
		}
		if (ret || ++n == repeats)
			break;
		ret = kfi_loop_detach(bench->kfi);
	} while (!ret);
	if (ret || n < repeats)
		return ret;
	sort(bench->latency, n, sizeof(u64), bench_compare, NULL);
	bench_print(bench->text,
		    "setup region_mib=%u attaches=%u p10=%llu p50=%llu p90=%llu\n",
		    mib, n, bench->latency[n / 10], bench->latency[n / 2],
		    bench->latency[n * 9 / 10]);
	for (i = 0; i < ARRAY_SIZE(lens) && !ret; i++) {
		ret = bench_batch(bench, &bench_kfi, lens[i], 1, 200, &batch);
		if (!ret)
			bench_print(bench->text,
				    "commit region_mib=%u size=%u p10=%u p50=%u p90=%u\n",
				    mib, lens[i], batch.p10, batch.p50,
				    batch.p90);
	}
	return kfi_loop_detach(bench->kfi) ?: ret;
}
