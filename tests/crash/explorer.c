// SPDX-License-Identifier: GPL-2.0-only
/* See explorer.h. */
#undef KBUILD_MODNAME
#define KBUILD_MODNAME "kfi_crash"

#include <linux/console.h>
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "explorer.h"

#define ALL_SUBSETS	6	/* of so many lines, or fewer */
#define FAULTS_SHOWN	5

struct explorer_counts explorer_counts;
static DEFINE_HASHTABLE(states, 14);
static int console_before;
static char fault[256];

static int only_batch = -1;
module_param_named(batch, only_batch, int, 0444);
MODULE_PARM_DESC(batch, "this recording alone");

static int only_moment = -1;
module_param_named(moment, only_moment, int, 0444);
MODULE_PARM_DESC(moment, "this moment of it alone");

static int only_image = -1;
module_param_named(image, only_image, int, 0444);
MODULE_PARM_DESC(image, "this image of it alone");

/**
 * explorer_fault() - what is wrong with what was found
 * @fmt: the text
 */
void explorer_fault(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(fault, sizeof(fault), fmt, args);
	va_end(args);
}

struct state {
	struct hlist_node node;
	u64 hash;
};

static int count_state(u64 hash)
{
	struct state *state;

	hash_for_each_possible(states, state, node, hash)
		if (state->hash == hash)
			return 0;
	state = kmalloc(sizeof(*state), GFP_KERNEL);
	if (!state)
		return -ENOMEM;
	state->hash = hash;
	hash_add(states, &state->node, hash);
	explorer_counts.states++;
	return 0;
}

static void forget_states(void)
{
	struct hlist_node *next;
	struct state *state;
	int bucket;

	hash_for_each_safe(states, bucket, next, state, node) {
		hash_del(&state->node);
		kfree(state);
	}
}

/* For a case with a parameter: recordings by their numbers, from 1 on. */
const void *explorer_batches(const void *prev, char *desc,
			     const struct workloads *workloads, unsigned int batch)
{
	unsigned int batches = DIV_ROUND_UP(workloads_count(workloads), batch);
	unsigned long next = (unsigned long)prev + 1;

	if (next > batches)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "recording %lu of %u", next, batches);
	return (const void *)next;
}

/* The first thing of a case: who repeats one has no use for the others. */
void explorer_begin(struct kunit *test, unsigned int batch)
{
	if (only_batch >= 0 && batch != only_batch)
		kunit_skip(test, "not asked for");
}

/* The last case of a suite: what the others explored */
void explorer_end(struct kunit *test, const char *what)
{
	const struct explorer_counts c = explorer_counts;

	forget_states();
	memset(&explorer_counts, 0, sizeof(explorer_counts));
	if (only_batch >= 0 && !c.workloads)
		kunit_skip(test, "not asked for");
	kunit_info(test,
		   "%s: %llu workloads, %llu moments, %llu images, %llu distinct states; %llu violations, %llu lines unsafe when acknowledged\n",
		   what, c.workloads, c.moments, c.images, c.states, c.faults, c.unsafe);
	KUNIT_EXPECT_EQ(test, c.faults, 0);
	KUNIT_EXPECT_EQ(test, c.unsafe, 0);
	KUNIT_EXPECT_GT(test, c.images, 0);
	if (only_batch >= 0)
		return;
	KUNIT_EXPECT_GT(test, c.images, c.moments);
	/* Two of a set may be a restart and a takeover, which change nothing. */
	if (c.workloads >= 8)
		KUNIT_EXPECT_GT(test, c.states, 1);
}

/**
 * explorer_count_unsafe() - lines that are acknowledged and would be lost
 * @record: the recording, which goes on
 * @addr: first byte of what was acknowledged
 * @length: bytes
 * @what: by what
 */
void explorer_count_unsafe(struct kfi_record *record, const void *addr, u64 length,
			   const char *what)
{
	u32 lines = kfi_record_unsafe(record, addr, length);

	if (lines && explorer_counts.unsafe++ < FAULTS_SHOWN)
		pr_err("%s: acknowledged, and %u lines of it are not safe\n", what,
		       lines);
}

/* What a line of the image has: as it survived for certain, or this. */
static void put_line(struct explorer *e, const struct kfi_record_line *line,
		     const u64 *words, u8 mask)
{
	u64 *to = (u64 *)(e->record->medium[line->medium].kaddr +
			  (u64)line->line * KFI_RECORD_LINE);
	int i;

	for (i = 0; i < KFI_RECORD_WORDS; i++)
		if (mask & BIT(i))
			to[i] = words[i];
}

/* Any of the line's states. One in eight is torn, at 8 bytes. */
static void put_random(struct explorer *e, const struct kfi_record_line *line,
		       struct rnd_state *random)
{
	u32 r = prandom_u32_state(random);
	u8 mask = r & 7 ? 0xff : r >> 8;

	if (line->is_pending)
		put_line(e, line, line->pending, 0xff);
	if (!line->is_pending || r & 16)
		put_line(e, line, line->now, mask);
}

/*
 * A subset of few lines, neither none nor all of them; each has its @nr. The first
 * ones are a sample: 37 has no factor in common with 2^n - 2, for n up to
 * ALL_SUBSETS.
 */
static u32 subset(const struct explorer *e, u32 moment, u32 nr, u32 subsets)
{
	u32 start = jhash_3words(crash_seed, e->batch, moment, 0) % subsets;

	return 1 + (start + nr * 37) % subsets;
}

/* Sets up an image; false: there are no more. */
static bool set_up(struct explorer *e, u32 moment, u32 image)
{
	const struct kfi_record_point *p = &e->record->point[moment];
	const struct kfi_record_line *line = &e->record->line[p->first];
	const bool few = p->lines <= ALL_SUBSETS;
	const u32 subsets = few && p->lines ? BIT(p->lines) - 2 : 0;
	struct rnd_state random;
	u32 mask = 0, i, share;

	/* None, all, all that was written back; then subsets. */
	if ((image >= e->workloads->images && only_image < 0) ||
	    (image && !p->lines) || (few && image > 2 && image - 3 >= subsets) ||
	    (only_image >= 0 && image > only_image))
		return false;
	if (few && image > 2)
		mask = subset(e, moment, image - 3, subsets);
	prandom_seed_state(&random, ((u64)crash_seed << 40) ^
			   ((u64)e->batch << 28) ^ ((u64)moment << 8) ^ image);
	share = prandom_u32_state(&random) % 3;
	for (i = 0; i < p->lines; i++) {
		u32 r = prandom_u32_state(&random);

		if (image == 1 || (few && mask & BIT(i)))
			put_line(e, &line[i], line[i].now, 0xff);
		else if (image == 2 && line[i].is_pending)
			put_line(e, &line[i], line[i].pending, 0xff);
		else if (image > 2 && !few &&
			 r % 8 < (share == 0 ? 1 : share == 1 ? 4 : 7))
			put_random(e, &line[i], &random);
	}
	return true;
}

static void put_base(struct explorer *e, u8 *const base[])
{
	unsigned int i;

	for (i = 0; i < e->record->media; i++)
		memcpy(e->record->medium[i].kaddr, base[i],
		       e->record->medium[i].size);
}

static void report(struct explorer *e, u32 moment, u32 image)
{
	const struct workloads *w = e->workloads;

	if (explorer_counts.faults++ < FAULTS_SHOWN)
		pr_err("%s; again with tests/crash/run.sh kfi_crash.seed=%u kfi_crash.%severy=%u kfi_crash.%slonger=%u kfi_crash.batch=%u kfi_crash.moment=%u kfi_crash.image=%u\n",
		       fault, crash_seed, w->prefix, w->every, w->prefix, w->longer,
		       e->batch, moment, image);
}

static int explore_moment(struct explorer *e, u32 moment, u8 *const base[])
{
	u32 image;
	int err;

	explorer_counts.moments++;
	for (image = 0;; image++) {
		put_base(e, base);
		if (!set_up(e, moment, image))
			return 0;
		if (only_image >= 0 && image != only_image)
			continue;
		*fault = 0;
		e->image = image;
		err = e->judge(e, moment);
		explorer_counts.images++;
		if (err == -ENOMEM)
			return err;
		if (err)
			report(e, moment, image);
		err = count_state(e->state);
		if (err)
			return err;
		cond_resched();
	}
}

/* What the fence after a moment carried to the medium */
static void carry(const struct kfi_record *record, u32 moment, u8 *const base[])
{
	const struct kfi_record_point *p = &record->point[moment];
	const struct kfi_record_line *line = &record->line[p->first];
	u32 i;

	for (i = 0; i < p->lines; i++)
		if (line[i].is_pending)
			memcpy(base[line[i].medium] +
			       (u64)line[i].line * KFI_RECORD_LINE,
			       line[i].pending, KFI_RECORD_LINE);
}

/**
 * explore() - all moments of a recording
 * @explorer: what is to be explored
 *
 * The media are written over, and hold at the end what they held before.
 *
 * Context: process, sleeps.
 * Return: 0, even with faults, which are counted; -ENOMEM; -ENOBUFS: it is too
 * long.
 */
int explore(struct explorer *explorer)
{
	struct kfi_record *r = explorer->record;
	u8 *base[KFI_RECORD_MEDIA], *last[KFI_RECORD_MEDIA] = {};
	unsigned int i;
	u32 moment;
	int err = r->overflow ? -ENOBUFS : 0;

	for (i = 0; i < r->media && !err; i++) {
		base[i] = r->medium[i].start;
		last[i] = vmalloc(r->medium[i].size);
		err = last[i] ? 0 : -ENOMEM;
		if (!err)
			memcpy(last[i], r->medium[i].kaddr, r->medium[i].size);
	}
	/* The kernel says of each image what it found: errors, unless it is one. */
	console_before = console_loglevel;
	if (only_moment < 0)
		console_loglevel = CONSOLE_LOGLEVEL_MIN + 3;
	for (moment = 0; moment < r->points && !err; moment++) {
		if (only_moment < 0 || moment == only_moment)
			err = explore_moment(explorer, moment, base);
		carry(r, moment, base);
	}
	console_loglevel = console_before;
	for (i = 0; i < r->media; i++) {
		if (last[i])
			memcpy(r->medium[i].kaddr, last[i], r->medium[i].size);
		vfree(last[i]);
	}
	return err;
}
