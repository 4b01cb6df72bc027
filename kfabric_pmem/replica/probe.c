// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members that nobody writes to are asked now and then whether they are there:
 * a set that is idle has to know what it would lose next.
 */
#include "set.h"

#define KFS_PROBE_INTERVAL	HZ
#define KFS_PROBE_BYTES		sizeof_field(struct kfs_media_record, magic)

static void kfs_probe_done(struct kfi_member_op *op, int err)
{
	/* An error has failed the member already. */
	clear_bit(0, &op->member->probing);
}

static void kfs_probe_member(struct kfs_member *m)
{
	struct kfi_member_op *op = &m->probe_op;

	if (m->local || READ_ONCE(m->link) != KFS_LINK_UP ||
	    test_and_set_bit(0, &m->probing))
		return;
	bvec_set_page(&m->probe_bvec, m->set->probe_page, KFS_PROBE_BYTES,
		      m->index * KFS_PROBE_BYTES);
	op->kind = KFS_READ;
	op->offset = m->set->raw ? 0 : m->layout.record;
	op->length = KFS_PROBE_BYTES;
	op->bvec = &m->probe_bvec;
	op->nr_bvecs = 1;
	op->done = kfs_probe_done;
	kfs_link_post(m, op);
}

/**
 * kfs_probe_work() - ask every remote member whether it is there
 * @work: of the set
 *
 * Context: process.
 */
void kfs_probe_work(struct work_struct *work)
{
	struct kfi_set *set = container_of(to_delayed_work(work),
					   struct kfi_set, probe_work);
	struct kfs_member *m;
	unsigned int i;

	kfs_for_each_member(set, m, i)
		kfs_probe_member(m);
	if (!READ_ONCE(set->stopping))
		queue_delayed_work(kfs_wq, &set->probe_work,
				   KFS_PROBE_INTERVAL);
}
