/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Power cuts of a recording: for each of its moments, images of what could have
 * survived, which the caller recovers from and judges.
 */
#ifndef KFI_CRASH_EXPLORER_H
#define KFI_CRASH_EXPLORER_H

#include <kunit/test.h>

#include "kfabric_pmem/pmem/recorder.h"
#include "workload.h"

/**
 * struct explorer - what is explored
 * @record: the recording, which has been stopped
 * @judge: recovers from the image that the media have at present. Returns 0,
 *	or an error after it has said with explorer_fault() what is wrong; sets
 *	@state, a hash of what was found
 * @context: of @judge
 * @workloads: what was recorded
 * @batch: which recording this is, of those of all suites
 * @image: which image of the moment
 * @state: see @judge
 */
struct explorer {
	struct kfi_record *record;
	int (*judge)(struct explorer *explorer, u32 moment);
	void *context;
	const struct workloads *workloads;
	unsigned int batch;
	u32 image;
	u64 state;
};

/* What was explored since explorer_end() */
struct explorer_counts {
	u64 workloads;
	u64 moments;
	u64 images;
	u64 states;	/* distinct */
	u64 faults;
	u64 unsafe;	/* lines not safe when they were acknowledged */
};

extern struct explorer_counts explorer_counts;

void explorer_begin(struct kunit *test, unsigned int batch);
void explorer_end(struct kunit *test, const char *what);
const void *explorer_batches(const void *prev, char *desc,
			     const struct workloads *workloads, unsigned int batch);
int explore(struct explorer *explorer);
void explorer_count_unsafe(struct kfi_record *record, const void *addr, u64 length,
			   const char *what);

__printf(1, 2)
void explorer_fault(const char *fmt, ...);

#endif
