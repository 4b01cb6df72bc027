// SPDX-License-Identifier: BSD-3-Clause
/* What a block may be found to be, by what was acknowledged of it. */
#include <inttypes.h>
#include <stdio.h>

#include "oracle.h"

/* A word says whose it is, so that bytes that went astray are seen. */
#define NUMBER_BITS	40
#define NUMBER_MASK	((UINT64_C(1) << NUMBER_BITS) - 1)

/* Bytes that a write of the block has, without the word behind them. */
size_t block_data(const struct block *b)
{
	return b->kind == BLOCK_PUBLISH ? b->size - sizeof(uint64_t) : b->size;
}

uint64_t block_word(const struct block *b, uint64_t number)
{
	return b->id << NUMBER_BITS | number;
}

void block_fill(const struct block *b, void *buf, uint64_t number)
{
	uint64_t *word = buf;
	size_t i;

	for (i = 0; i < block_data(b) / sizeof(*word); i++)
		word[i] = block_word(b, number);
}

static bool in_range(const struct block *b, size_t i, uint64_t word,
		     uint64_t low)
{
	uint64_t number = word & NUMBER_MASK;

	/* Nothing was written yet, and nothing acknowledged. */
	if (!word && !low)
		return true;
	if (word >> NUMBER_BITS == b->id && number >= low && number <= b->issued)
		return true;
	printf("violation block %" PRIu64 " word %zu is %#" PRIx64
	       ", not of this block from %" PRIu64 " to %" PRIu64 "\n",
	       b->id, i, word, low, b->issued);
	return false;
}

static bool check_counter(const struct block *b, uint64_t value)
{
	if (value >= b->acked && value <= b->issued)
		return true;
	printf("violation counter %" PRIu64 " is %" PRIu64 ", not from %" PRIu64
	       " to %" PRIu64 "\n", b->id, value, b->acked, b->issued);
	return false;
}

/* The bytes of the whole block. */
bool block_check(const struct block *b, const void *buf)
{
	const uint64_t *word = buf;
	size_t i, words = block_data(b) / sizeof(*word);
	uint64_t low = b->acked;

	if (b->kind == BLOCK_COUNTER)
		return check_counter(b, word[0]);
	if (b->kind == BLOCK_PUBLISH) {
		if (!in_range(b, words, word[words], b->acked))
			return false;
		/* The word announces its data. */
		low = word[words] & NUMBER_MASK;
	}
	for (i = 0; i < words; i++)
		if (!in_range(b, i, word[i], low))
			return false;
	return true;
}

/* An addition was acknowledged, and said what was there before it. */
bool block_added(struct block *b, uint64_t before)
{
	struct block then = *b;

	/* This one is not part of what was there. */
	then.issued--;
	if (!check_counter(&then, before))
		return false;
	b->acked = before + 1;
	return true;
}
