/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which workloads are recorded: all sequences of up to three steps, or one in so
 * many of them, and then longer ones of random steps.
 */
#ifndef KFI_CRASH_WORKLOAD_H
#define KFI_CRASH_WORKLOAD_H

#include <linux/types.h>

#define WORKLOAD_STEPS	12	/* of one, at most */

/**
 * struct workloads - the workloads of a suite
 * @prefix: of its kernel parameters, behind "kfi_crash."
 * @steps: how many kinds of steps there are
 * @every: one sequence of up to three in so many
 * @longer: how many random ones
 * @images: of a moment, at most
 */
struct workloads {
	const char *prefix;
	unsigned int steps;
	unsigned int every;
	unsigned int longer;
	unsigned int images;
};

extern unsigned int crash_seed;		/* kernel parameter kfi_crash.seed */
extern struct workloads crash_target_workloads;
extern struct workloads crash_set_workloads;

unsigned int workloads_count(const struct workloads *workloads);
unsigned int workload_steps(const struct workloads *workloads, unsigned int nr,
			    u8 step[WORKLOAD_STEPS]);

#endif
