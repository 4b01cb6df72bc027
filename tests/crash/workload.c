// SPDX-License-Identifier: GPL-2.0-only
/* See workload.h. */
#undef KBUILD_MODNAME
#define KBUILD_MODNAME "kfi_crash"

#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>

#include "workload.h"

unsigned int crash_seed;
module_param_named(seed, crash_seed, uint, 0444);
MODULE_PARM_DESC(seed, "of random steps, random subsets of lines, and which workloads");

struct workloads crash_target_workloads = {
	.prefix = "", .every = 48, .longer = 2, .images = 3,
};

struct workloads crash_set_workloads = {
	.prefix = "set_", .every = 512, .longer = 0, .images = 3,
};

module_param_named(every, crash_target_workloads.every, uint, 0444);
MODULE_PARM_DESC(every, "one short workload of a target in so many");
module_param_named(longer, crash_target_workloads.longer, uint, 0444);
MODULE_PARM_DESC(longer, "random workloads of a target");
module_param_named(images, crash_target_workloads.images, uint, 0444);
MODULE_PARM_DESC(images, "of a moment of a target, at most");

module_param_named(set_every, crash_set_workloads.every, uint, 0444);
MODULE_PARM_DESC(set_every, "one short workload of replica sets in so many");
module_param_named(set_longer, crash_set_workloads.longer, uint, 0444);
MODULE_PARM_DESC(set_longer, "random workloads of replica sets");
module_param_named(set_images, crash_set_workloads.images, uint, 0444);
MODULE_PARM_DESC(set_images, "of a moment of replica sets, at most");

static unsigned int every(const struct workloads *w)
{
	return max(w->every, 1U);
}

/* Of the short ones; the seed says with which to begin. */
static unsigned int short_ones(const struct workloads *w)
{
	unsigned int n = w->steps, all = n + n * n + n * n * n;

	return DIV_ROUND_UP(all - min(all, crash_seed % every(w)), every(w));
}

/**
 * workloads_count() - how many are to be recorded
 * @workloads: of which
 *
 * Return: their number.
 */
unsigned int workloads_count(const struct workloads *workloads)
{
	return short_ones(workloads) + workloads->longer;
}

/* Sequence @nr of all that there are, the shortest first */
static unsigned int short_steps(const struct workloads *w, unsigned int nr, u8 *step)
{
	unsigned int length, i, count = w->steps;

	for (length = 1; nr >= count; length++, count *= w->steps)
		nr -= count;
	for (i = 0; i < length; i++, nr /= w->steps)
		step[i] = nr % w->steps;
	return length;
}

static unsigned int random_steps(const struct workloads *w, unsigned int nr, u8 *step)
{
	struct rnd_state random;
	unsigned int length, i;

	prandom_seed_state(&random, ((u64)crash_seed << 32) ^ ((u64)w->steps << 24) ^ nr);
	length = 4 + prandom_u32_state(&random) % (WORKLOAD_STEPS - 3);
	for (i = 0; i < length; i++)
		step[i] = prandom_u32_state(&random) % w->steps;
	return length;
}

/**
 * workload_steps() - the steps of a workload
 * @workloads: of which
 * @nr: which, from 0 on
 * @step: set to them
 *
 * Return: how many steps it has.
 */
unsigned int workload_steps(const struct workloads *workloads, unsigned int nr,
			    u8 step[WORKLOAD_STEPS])
{
	unsigned int known = short_ones(workloads);

	if (nr >= known)
		return random_steps(workloads, nr - known, step);
	return short_steps(workloads, crash_seed % every(workloads) +
			   nr * every(workloads), step);
}
