// SPDX-License-Identifier: GPL-2.0-only
/*
 * From requests of the block layer to requests of a replica set.
 *
 * Nothing is allocated or copied here: a request's PDU has room for the set's
 * request and its vector, which names the pages of the bios.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include "blk.h"

/**
 * kb_plan() - how a request is carried out
 * @plan: filled
 * @opf: operation and flags of the request
 * @write_back: the block layer sends flushes
 * @read_only: the disk refuses writes
 *
 * Where the administrator has switched the queue to write-through, the block
 * layer drops flushes and FUA: then every write has to be durable by itself.
 *
 * Context: any.
 * Return: BLK_STS_OK; BLK_STS_IOERR: read-only; BLK_STS_NOTSUPP.
 */
blk_status_t kb_plan(struct kb_plan *plan, blk_opf_t opf, bool write_back,
		     bool read_only)
{
	enum req_op op = opf & REQ_OP_MASK;

	/* Of a write to a read-only disk the block layer only warns. */
	if (read_only && op_is_write(op))
		return BLK_STS_IOERR;

	plan->op = write_back && !(opf & REQ_FUA) ? KFI_SET_WRITE :
						    KFI_SET_WRITE_DURABLE;
	plan->zero = false;
	switch (op) {
	case REQ_OP_READ:
		plan->op = KFI_SET_READ;
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		return BLK_STS_OK;
	case REQ_OP_FLUSH:
		plan->op = KFI_SET_COMMIT;
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		plan->zero = true;
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/**
 * kb_status() - a set's error for the block layer
 * @err: 0 or negative errno
 *
 * A fenced writer is what a SCSI disk calls a reservation conflict: the disk is
 * well, and somebody else's. Another path does not help, nor does a retry.
 *
 * Context: any.
 * Return: status.
 */
blk_status_t kb_status(int err)
{
	if (err == -EKEYREVOKED || err == -ESTALE)
		return BLK_STS_RESV_CONFLICT;
	return errno_to_blk_status(err);
}

static void kb_request_end(struct kb_request *kr)
{
	blk_mq_complete_request(blk_mq_rq_from_pdu(kr));
}

static void kb_request_done(struct kfi_set_io *io, int err)
{
	struct kb_request *kr = container_of(io, struct kb_request, io);

	kr->status = kb_status(err);
	kb_request_end(kr);
}

static unsigned int kb_request_bvecs(struct kb_request *kr, struct request *rq)
{
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0;

	rq_for_each_bvec(bv, rq, iter)
		kr->bvec[n++] = bv;
	return n;
}

/**
 * kb_zero_max() - bytes of zeroes in one request to the set
 * @limits: of the set
 *
 * Context: any.
 * Return: bytes, a multiple of every block size.
 */
size_t kb_zero_max(const struct kfi_set_limits *limits)
{
	return min_t(size_t, round_down(limits->max_bytes, PAGE_SIZE),
		     (size_t)limits->max_bvecs * PAGE_SIZE);
}

/**
 * kb_zero_bvecs() - a vector of zeroes
 * @bvec: filled
 * @length: bytes, up to kb_zero_max()
 *
 * Context: any.
 * Return: entries.
 */
unsigned int kb_zero_bvecs(struct bio_vec *bvec, size_t length)
{
	unsigned int n = 0;

	while (length) {
		size_t part = min_t(size_t, length, PAGE_SIZE);

		bvec_set_page(&bvec[n++], ZERO_PAGE(0), part, 0);
		length -= part;
	}
	return n;
}

/*
 * Send zeroes part by part. The next part is sent by who comes second: the
 * submitter of this one, or its completion. So a set that completes on the
 * submitter's stack costs no more of it with every part.
 */
static void kb_zero_run(struct kb_request *kr)
{
	struct kb_disk *kb = blk_mq_rq_from_pdu(kr)->q->queuedata;
	size_t max = kb_zero_max(&kb->limits);

	do {
		if (kr->status || kr->next == kr->end) {
			kb_request_end(kr);
			return;
		}
		kr->io.offset = kr->next;
		kr->io.length = min_t(u64, kr->end - kr->next, max);
		kr->io.nr_bvecs = kb_zero_bvecs(kr->bvec, kr->io.length);
		kr->next += kr->io.length;
		atomic_set(&kr->turn, 2);
		kfi_set_submit(kb->set, &kr->io);
	} while (atomic_dec_and_test(&kr->turn));
}

static void kb_zero_done(struct kfi_set_io *io, int err)
{
	struct kb_request *kr = container_of(io, struct kb_request, io);

	kr->status = kb_status(err);
	if (atomic_dec_and_test(&kr->turn))
		kb_zero_run(kr);
}

static blk_status_t kb_queue_rq(struct blk_mq_hw_ctx *hctx,
				const struct blk_mq_queue_data *bd)
{
	struct request *rq = bd->rq;
	struct kb_disk *kb = rq->q->queuedata;
	struct kb_request *kr = blk_mq_rq_to_pdu(rq);
	struct kb_plan plan;
	blk_status_t status;

	status = kb_plan(&plan, rq->cmd_flags, blk_queue_write_cache(rq->q),
			 kb->read_only);
	if (status)
		return status;
	if (WARN_ON_ONCE(blk_rq_nr_phys_segments(rq) > kb->limits.max_bvecs))
		return BLK_STS_IOERR;

	blk_mq_start_request(rq);
	kr->status = BLK_STS_OK;
	kr->io.op = plan.op;
	kr->io.bvec = kr->bvec;
	if (plan.zero) {
		kr->next = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
		kr->end = kr->next + blk_rq_bytes(rq);
		kr->io.done = kb_zero_done;
		kb_zero_run(kr);
		return BLK_STS_OK;
	}
	kr->io.offset = (u64)blk_rq_pos(rq) << SECTOR_SHIFT;
	kr->io.length = blk_rq_bytes(rq);
	kr->io.nr_bvecs = kb_request_bvecs(kr, rq);
	kr->io.done = kb_request_done;
	kfi_set_submit(kb->set, &kr->io);
	return BLK_STS_OK;
}

static void kb_complete_rq(struct request *rq)
{
	struct kb_request *kr = blk_mq_rq_to_pdu(rq);

	blk_mq_end_request(rq, kr->status);
}

/* The set alone knows whether a request is held, and when to give it up. */
static enum blk_eh_timer_return kb_timeout(struct request *rq)
{
	return BLK_EH_RESET_TIMER;
}

const struct blk_mq_ops kb_mq_ops = {
	.queue_rq = kb_queue_rq,
	.complete = kb_complete_rq,
	.timeout = kb_timeout,
};
