// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments that wait for room in an attachment's endpoint, of who must not wait
 * for it: they are posted, in their order, when the CQ has an event, which an
 * endpoint that was full has.
 */
#include <linux/list.h>
#include <linux/spinlock.h>
#include "io.h"
#include "user.h"

/**
 * ku_backlog_init() - of a new attachment
 * @att: the attachment
 */
void ku_backlog_init(struct ku_attachment *att)
{
	spin_lock_init(&att->backlog_lock);
	INIT_LIST_HEAD(&att->backlog);
}

static struct ku_seg *ku_backlog_pop(struct ku_attachment *att)
{
	struct ku_seg *seg;

	spin_lock_bh(&att->backlog_lock);
	seg = list_first_entry_or_null(&att->backlog, struct ku_seg, backlog);
	if (seg)
		list_del(&seg->backlog);
	spin_unlock_bh(&att->backlog_lock);
	return seg;
}

static void ku_backlog_post(struct ku_attachment *att)
{
	struct ku_seg *seg;
	int ret;

	while ((seg = ku_backlog_pop(att))) {
		ret = ku_attached_try(seg);
		if (ret == -EAGAIN) {
			spin_lock_bh(&att->backlog_lock);
			list_add(&seg->backlog, &att->backlog);
			spin_unlock_bh(&att->backlog_lock);
			return;
		}
		if (ret)
			ku_seg_end(seg, ret);
	}
}

/**
 * ku_backlog_run() - post what there is room for
 * @att: the attachment
 *
 * One at a time: who finds somebody at work, maybe itself when posting called
 * the CQ's handler, leaves it to them. No event is missed: it is a call, and
 * the one at work sees to those that came meanwhile.
 *
 * Context: any. The caller keeps the attachment.
 */
void ku_backlog_run(struct ku_attachment *att)
{
	int calls;

	if (atomic_inc_return(&att->backlog_calls) != 1)
		return;
	do {
		calls = atomic_read(&att->backlog_calls);
		ku_backlog_post(att);
	} while (atomic_sub_return(calls, &att->backlog_calls));
}

/**
 * ku_backlog_add() - post a segment, now or when there is room
 * @att: the attachment
 * @seg: the segment, which ku_seg_end() ends
 *
 * Context: any.
 */
void ku_backlog_add(struct ku_attachment *att, struct ku_seg *seg)
{
	/* The segment may end in here, and its request's use with it. */
	ku_attachment_get(att);
	spin_lock_bh(&att->backlog_lock);
	list_add_tail(&seg->backlog, &att->backlog);
	spin_unlock_bh(&att->backlog_lock);
	ku_backlog_run(att);
	ku_attachment_put(att);
}
