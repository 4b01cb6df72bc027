// SPDX-License-Identifier: BSD-3-Clause
/*
 * What power cuts leave of a region that commits wrote to: what was acknowledged
 * has to be there, and a published word never without its data. With --target the
 * region is another node's, whose trace does not say what commits was told.
 */
#include "cuts.h"
#include "slots.h"

/* Of the image that is there; a word that is not there yet is 0. */
static const char *wrong(unsigned int i, bool acknowledged, const uint8_t *region)
{
	uint64_t word;

	memcpy(&word, region + word_at(i), sizeof(word));
	if (acknowledged && !slot_is_there(i, region))
		return "acknowledged data are not there";
	if (!slot_has_word(i))
		return NULL;
	if (word != word_value(i) && (word || acknowledged))
		return "the word is neither old nor new, or acknowledged and not there";
	if (word && !slot_is_there(i, region))
		return "a published word without its data";
	return NULL;
}

static const char *violation(const struct cuts *cuts, const uint8_t *bytes,
			     unsigned int *operation)
{
	unsigned int i, end = SLOTS_MAX;
	const char *what;

	if (!cuts->target && cuts->acknowledged < SLOTS_MAX)
		end = cuts->acknowledged + 1;
	for (i = 0; i < end; i++) {
		what = wrong(i, i < cuts->acknowledged, bytes + cuts->where);
		if (what) {
			*operation = i;
			return what;
		}
	}
	return NULL;
}

/* The region is where its first bytes are, and has the first published word. */
static bool find(const uint8_t *bytes, uint64_t size, uint64_t *where)
{
	uint64_t at, word;

	for (at = 0; at + SLOTS_AT + SLOTS_MAX * SLOT_STRIDE <= size; at += 4096) {
		if (memcmp(bytes + at, SLOTS_MAGIC, sizeof(SLOTS_MAGIC) - 1))
			continue;
		*where = at;
		memcpy(&word, bytes + at + word_at(KIND_PUBLISH), sizeof(word));
		return word == word_value(KIND_PUBLISH);
	}
	return false;
}

int main(int argc, char **argv)
{
	static const struct judge judge = {
		.name = "check",
		.find = find,
		.violation = violation,
	};

	return cuts_main(argc, argv, &judge);
}
