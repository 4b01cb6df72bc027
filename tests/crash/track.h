/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a value may be after a power cut: the oracle of the crash tests.
 *
 * A value was given at a moment, and perhaps acknowledged as durable at a later
 * one. A power cut finds the last one that had been acknowledged by then, or any
 * that was given later and had been given by then.
 */
#ifndef KFI_CRASH_TRACK_H
#define KFI_CRASH_TRACK_H

#include <linux/types.h>

#define TRACK_NEVER	U32_MAX

struct track_value {
	u64 value;
	u32 given;
	u32 acked;
	bool failed;	/* it may have been given, or may not */
};

struct track {
	struct track_value *list;
	u32 nr;
	u32 room;
};

int track_init(struct track *track, u64 value);
void track_free(struct track *track);
int track_give(struct track *track, u64 value, u32 now);
void track_fail(struct track *track);
void track_ack(struct track *track, u32 now);
bool track_allows(const struct track *track, u32 moment, u64 value);
u64 track_last(const struct track *track);
u64 track_at_least(const struct track *track, u32 moment);

#endif
