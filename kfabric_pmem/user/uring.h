/* SPDX-License-Identifier: GPL-2.0-only */
/* io_uring commands. */
#ifndef KFI_USER_URING_H
#define KFI_USER_URING_H

#include <linux/io_uring/cmd.h>
#include "io.h"

/**
 * struct ku_transfer - put or get, checked
 * @write: put
 * @durable: on completion
 * @signal: the word follows
 * @add: it is added
 * @nr: ranges
 * @range: of the node
 * @addr: local memory for all of them
 * @length: bytes of them all
 * @word_offset: of the word
 * @word: the word
 */
struct ku_transfer {
	bool write;
	bool durable;
	bool signal;
	bool add;
	u32 nr;
	struct kfi_uring_range *range;
	u64 addr;
	u64 length;
	u64 word_offset;
	u64 word;
};

int ku_transfer(struct io_uring_cmd *cmd, struct ku_transfer *t,
		unsigned int issue_flags);
struct kfi_uring_range *ku_uring_ranges(struct ku_node *node, u64 from, u32 nr);
void ku_uring_prepare(struct ku_io *io);
int ku_uring_start(struct ku_io *io, struct io_uring_cmd *cmd,
		   unsigned int issue_flags);

/* Is this a range of at least a byte, in the node? */
static inline bool ku_node_has(const struct ku_node *node, u64 offset,
			       u64 length)
{
	return length && offset < node->size && length <= node->size - offset;
}

/* Are there pages of mappings that a transfer has to wait for? */
static inline bool ku_pages_any(const struct ku_node *node)
{
	return node->inode && node->inode->i_mapping->nrpages;
}

#endif /* KFI_USER_URING_H */
