// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which ranges of a node were written and not yet committed. A small fixed
 * number of ranges, so that marking neither allocates nor fails: it is done
 * from completion context. Where there are more, the two nearest are joined,
 * and a commit then covers a little more than was written.
 */
#include "user.h"

static void ku_ranges_join(struct ku_ranges *ranges, unsigned int at)
{
	ranges->range[at].end = max(ranges->range[at].end,
				    ranges->range[at + 1].end);
	ranges->nr--;
	memmove(&ranges->range[at + 1], &ranges->range[at + 2],
		(ranges->nr - at - 1) * sizeof(ranges->range[0]));
}

static void ku_ranges_join_nearest(struct ku_ranges *ranges)
{
	unsigned int best = 0, i;
	u64 gap, least = U64_MAX;

	for (i = 0; i + 1 < ranges->nr; i++) {
		gap = ranges->range[i + 1].start - ranges->range[i].end;
		if (gap < least) {
			least = gap;
			best = i;
		}
	}
	ku_ranges_join(ranges, best);
}

/**
 * ku_ranges_add() - add a range
 * @ranges: the ranges
 * @start: first byte
 * @end: byte after the last
 *
 * Context: any.
 */
void ku_ranges_add(struct ku_ranges *ranges, u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < ranges->nr; i++)
		if (start <= ranges->range[i].end)
			break;

	if (i < ranges->nr && end >= ranges->range[i].start) {
		ranges->range[i].start = min(ranges->range[i].start, start);
		ranges->range[i].end = max(ranges->range[i].end, end);
		while (i + 1 < ranges->nr &&
		       ranges->range[i + 1].start <= ranges->range[i].end)
			ku_ranges_join(ranges, i);
		return;
	}

	if (ranges->nr == KU_DIRTY_RANGES) {
		ku_ranges_join_nearest(ranges);
		/* The indices moved, and the joined range may hold this one. */
		ku_ranges_add(ranges, start, end);
		return;
	}

	memmove(&ranges->range[i + 1], &ranges->range[i],
		(ranges->nr - i) * sizeof(ranges->range[0]));
	ranges->range[i].start = start;
	ranges->range[i].end = end;
	ranges->nr++;
}

static void ku_ranges_add_all(struct ku_ranges *to,
			      const struct ku_ranges *from)
{
	unsigned int i;

	for (i = 0; i < from->nr; i++)
		ku_ranges_add(to, from->range[i].start, from->range[i].end);
}

/**
 * ku_dirty_init() - nothing was written
 * @dirty: to initialise
 */
void ku_dirty_init(struct ku_dirty *dirty)
{
	memset(dirty, 0, sizeof(*dirty));
	spin_lock_init(&dirty->lock);
}

/**
 * ku_dirty_add() - a write completed
 * @dirty: of its node
 * @start: first byte
 * @length: bytes
 *
 * Called before the writer hears of it: a commit covers what was posted
 * before, so a range that were marked at post time could be taken by a commit
 * that goes out ahead of the write.
 *
 * Context: any.
 */
void ku_dirty_add(struct ku_dirty *dirty, u64 start, u64 length)
{
	unsigned long flags;

	spin_lock_irqsave(&dirty->lock, flags);
	ku_ranges_add(&dirty->written, start, start + length);
	spin_unlock_irqrestore(&dirty->lock, flags);
}

/**
 * ku_dirty_take() - what a commit has to cover
 * @dirty: of the node
 * @ranges: filled
 *
 * Context: any.
 * Return: whether there is anything; then ku_dirty_done() has to follow.
 */
bool ku_dirty_take(struct ku_dirty *dirty, struct ku_ranges *ranges)
{
	unsigned long flags;
	bool any;

	spin_lock_irqsave(&dirty->lock, flags);
	ku_ranges_add_all(&dirty->committing, &dirty->written);
	dirty->written.nr = 0;
	*ranges = dirty->committing;
	any = ranges->nr;
	if (any)
		dirty->commits++;
	spin_unlock_irqrestore(&dirty->lock, flags);
	return any;
}

/**
 * ku_dirty_done() - a commit came to its end
 * @dirty: of the node
 * @ranges: from ku_dirty_take()
 * @restore: it failed, and the bytes can still be committed
 *
 * Context: any.
 */
void ku_dirty_done(struct ku_dirty *dirty, const struct ku_ranges *ranges,
		   bool restore)
{
	unsigned long flags;

	spin_lock_irqsave(&dirty->lock, flags);
	if (restore)
		ku_ranges_add_all(&dirty->written, ranges);
	if (!--dirty->commits)
		dirty->committing.nr = 0;
	spin_unlock_irqrestore(&dirty->lock, flags);
}
