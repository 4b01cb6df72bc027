/* SPDX-License-Identifier: BSD-3-Clause */
/* What a block may be found to be, by what was acknowledged of it. */
#ifndef FAULT_ORACLE_H
#define FAULT_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Data that is written; data and a word that announces it; a counter. */
enum block_kind { BLOCK_DATA, BLOCK_PUBLISH, BLOCK_COUNTER };

/*
 * Each write of a block has a number, and is that number in each of its words.
 * A write that failed may have been carried out, in any part; one that was
 * acknowledged is there until a later one is.
 */
struct block {
	enum block_kind kind;
	uint64_t id;
	uint64_t offset;	/* on the device */
	size_t size;		/* bytes, with the word of a publish */
	uint64_t acked;		/* the last write that was acknowledged */
	uint64_t issued;	/* the last write */
};

#define BLOCK_SIZE_MAX	65536

size_t block_data(const struct block *b);
void block_fill(const struct block *b, void *buf, uint64_t number);
uint64_t block_word(const struct block *b, uint64_t number);

/* Each says on standard output what it found that must not be. */
bool block_check(const struct block *b, const void *buf);
bool block_added(struct block *b, uint64_t before);

#endif
