// SPDX-License-Identifier: GPL-2.0-only
/* A write that is acknowledged by its first member: the tests have to see it. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "mutant.h"

/* A write with a copy of its bytes, which goes on when the caller's has ended. */
struct kfs_early_io {
	struct kfi_set_io io;
	struct kfi_set_io *orig;
	atomic_t acked;
	struct bio_vec bvec;
};

static void kfs_early_ack(struct kfi_set_io *io, int err)
{
	struct kfs_early_io *early = container_of(io, struct kfs_early_io, io);

	if (!atomic_xchg(&early->acked, 1))
		early->orig->done(early->orig, err);
}

static void kfs_early_done(struct kfi_set_io *io, int err)
{
	struct kfs_early_io *early = container_of(io, struct kfs_early_io, io);

	kfs_early_ack(io, err);
	__free_pages(early->bvec.bv_page, get_order(io->length));
	kfree(early);
}

/**
 * kfs_mutant_io() - a request that is told to have ended too early
 * @orig: the client's
 *
 * Context: any.
 * Return: what goes on in its place.
 */
struct kfi_set_io *kfs_mutant_io(struct kfi_set_io *orig)
{
	struct kfs_early_io *early;
	struct page *page;
	size_t pos = 0;
	unsigned int i;

	if (orig->op != KFI_SET_WRITE && orig->op != KFI_SET_WRITE_DURABLE)
		return orig;
	early = kzalloc(sizeof(*early), GFP_ATOMIC);
	page = alloc_pages(GFP_ATOMIC, get_order(orig->length));
	if (!early || !page)
		panic("kfi_replica: no memory for a mutant");
	for (i = 0; i < orig->nr_bvecs; i++) {
		const struct bio_vec *bv = &orig->bvec[i];

		memcpy(page_address(page) + pos,
		       page_address(bv->bv_page) + bv->bv_offset, bv->bv_len);
		pos += bv->bv_len;
	}
	early->io = *orig;
	early->orig = orig;
	bvec_set_page(&early->bvec, page, orig->length, 0);
	early->io.bvec = &early->bvec;
	early->io.nr_bvecs = 1;
	early->io.done = kfs_early_done;
	return &early->io;
}

/**
 * kfs_mutant_ack() - a member has a write
 * @io: what kfs_mutant_io() returned
 *
 * Context: any.
 */
void kfs_mutant_ack(struct kfi_set_io *io)
{
	kfs_early_ack(io, 0);
}
