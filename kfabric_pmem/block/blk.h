/* SPDX-License-Identifier: GPL-2.0-only */
/* kfi_blk: what its files share. */
#ifndef KFI_BLK_INTERNAL_H
#define KFI_BLK_INTERNAL_H

#include <linux/blk-mq.h>
#include <linux/list.h>
#include <kfi_blk.h>
#include <kfi_replica.h>

#define KB_BVECS_MAX	256	/* of a request; they are in its PDU */

enum kb_state {
	KB_ADDING,
	KB_LIVE,
	KB_REMOVING,
};

/**
 * struct kb_disk - a block device
 * @list: of all of them
 * @state: may it be used; under kb_lock
 * @number: N of kfiblkN
 * @read_only: refuses writes
 * @gone: refuses openers; under the gendisk's open_mutex
 * @block_size: bytes of a logical block
 * @limits: of one request to the set
 * @set: where the bytes are
 * @tags: its requests
 * @disk: the block layer's part
 */
struct kb_disk {
	struct list_head list;
	enum kb_state state;
	int number;
	bool read_only;
	bool gone;
	unsigned int block_size;
	struct kfi_set_limits limits;
	struct kfi_set *set;
	struct blk_mq_tag_set tags;
	struct gendisk *disk;
};

/**
 * struct kb_request - the driver's part of a request
 * @io: what the set is asked to do, at one time
 * @next: of zeroing: the first byte that was not sent yet
 * @end: of zeroing: the byte behind the last
 * @turn: of zeroing: who comes second goes on, see kb_zero_run()
 * @status: how it ended
 * @bvec: of @io; as many as the disk's limits say
 */
struct kb_request {
	struct kfi_set_io io;
	u64 next;
	u64 end;
	atomic_t turn;
	blk_status_t status;
	struct bio_vec bvec[];
};

/**
 * struct kb_plan - how a request is carried out
 * @op: what the set is asked for
 * @zero: the data are zeroes, and of any length
 */
struct kb_plan {
	enum kfi_set_op op;
	bool zero;
};

extern const struct blk_mq_ops kb_mq_ops;

blk_status_t kb_plan(struct kb_plan *plan, blk_opf_t opf, bool write_back,
		     bool read_only);
blk_status_t kb_status(int err);
size_t kb_zero_max(const struct kfi_set_limits *limits);
unsigned int kb_zero_bvecs(struct bio_vec *bvec, size_t length);

#endif
