// SPDX-License-Identifier: GPL-2.0-only
/* See track.h. */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "track.h"

/* @value is there before the first moment. */
int track_init(struct track *track, u64 value)
{
	track->nr = 0;
	track->room = 0;
	track->list = NULL;
	return track_give(track, value, 0) ?: (track_ack(track, 0), 0);
}

void track_free(struct track *track)
{
	kvfree(track->list);
	track->list = NULL;
	track->nr = 0;
}

int track_give(struct track *track, u64 value, u32 now)
{
	if (track->nr == track->room) {
		u32 room = track->room ? 2 * track->room : 16;
		struct track_value *list;

		list = kvmalloc_array(room, sizeof(*list), GFP_KERNEL);
		if (!list)
			return -ENOMEM;
		if (track->nr)
			memcpy(list, track->list, track->nr * sizeof(*list));
		kvfree(track->list);
		track->list = list;
		track->room = room;
	}
	track->list[track->nr++] = (struct track_value) {
		.value = value, .given = now, .acked = TRACK_NEVER,
	};
	return 0;
}

/* What gave the last one ended with an error. */
void track_fail(struct track *track)
{
	track->list[track->nr - 1].failed = true;
}

/* The last one that was given for certain is acknowledged, and those before. */
void track_ack(struct track *track, u32 now)
{
	struct track_value *last = &track->list[track->nr - 1];

	while (last->failed)
		last--;
	if (last->acked == TRACK_NEVER)
		last->acked = now;
}

bool track_allows(const struct track *track, u32 moment, u64 value)
{
	u32 i = track->nr;

	while (i--) {
		const struct track_value *v = &track->list[i];

		if (v->given <= moment && v->value == value)
			return true;
		if (v->acked <= moment)
			return false;
	}
	return false;
}

u64 track_last(const struct track *track)
{
	return track->list[track->nr - 1].value;
}

/* The last one that had been acknowledged by a moment */
u64 track_at_least(const struct track *track, u32 moment)
{
	u32 i = track->nr;

	while (--i && track->list[i].acked > moment)
		;
	return track->list[i].value;
}
