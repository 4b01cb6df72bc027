// SPDX-License-Identifier: BSD-3-Clause
/*
 * Cuts the power of a node that ran commits, at every point of its trace, and
 * looks at what is left: check TRACE. What was acknowledged has to be there, and
 * a published word never without its data.
 */
#include <err.h>
#include <stdio.h>

#include "explore.h"
#include "kfi_marker.h"
#include "slots.h"

#define SAMPLES 4

static struct {
	unsigned int acknowledged;
	const uint8_t *region;		/* in the medium */
	uint64_t images;
	uint64_t violations;
} oracle;

static void applied(void *arg, const struct record *r)
{
	(void)arg;
	if (r->type == RECORD_MARKER && r->marker == KFI_MARKER_END)
		oracle.acknowledged = r->offset + 1;
}

/* Of the image that is there; a word that is not there yet is 0. */
static const char *violation(unsigned int i)
{
	bool acknowledged = i < oracle.acknowledged;
	uint64_t word;

	memcpy(&word, oracle.region + word_at(i), sizeof(word));
	if (acknowledged && !slot_is_there(i, oracle.region))
		return "acknowledged data are not there";
	if (slot_kind(i) != KIND_PUBLISH && slot_kind(i) != KIND_ATOMIC)
		return NULL;
	if (word != word_value(i) && (word || acknowledged))
		return "the word is neither old nor new, or acknowledged and not there";
	if (word && !slot_is_there(i, oracle.region))
		return "a published word without its data";
	return NULL;
}

static void judge(struct explore *x, const struct choice *choice)
{
	const char *what = NULL;
	char text[32];
	unsigned int i;

	oracle.images++;
	for (i = 0; i <= oracle.acknowledged && i < SLOTS_MAX && !what; i++)
		what = violation(i);
	if (!what)
		return;
	choice_text(choice, text, sizeof(text));
	if (oracle.violations++ < 5)
		printf("violation: point %llu keep %s operation %u: %s\n",
		       (unsigned long long)x->point, text, i - 1, what);
}

/* The region is where its first bytes are: its offset in the NVDIMM. */
static uint64_t find_region(const char *path)
{
	struct explore x;
	uint64_t at;

	explore_open(&x, path, MODE_STRICT);
	while (explore_next(&x))
		;
	explore_image(&x, &(struct choice){ .kind = CHOICE_ALL });
	for (at = 0; at < x.medium.size; at += 4096)
		if (!memcmp(x.medium.bytes + at, SLOTS_MAGIC,
			    sizeof(SLOTS_MAGIC) - 1))
			break;
	if (at + SLOTS_AT + SLOTS_MAX * SLOT_STRIDE > x.medium.size)
		errx(2, "%s: what commits writes is not there", path);
	explore_undo(&x);
	explore_close(&x);
	return at;
}

int main(int argc, char **argv)
{
	uint64_t region;
	struct choice choice;
	struct explore x;
	size_t i;

	if (argc != 2)
		errx(2, "usage: check TRACE");
	region = find_region(argv[1]);
	explore_open(&x, argv[1], MODE_STRICT);
	oracle.region = x.medium.bytes + region;
	x.applied = applied;
	while (explore_next(&x))
		for (i = 0; choice_of(x.replay.cache, i, SAMPLES, 1, &choice); i++) {
			explore_image(&x, &choice);
			judge(&x, &choice);
		}
	printf("%llu points, %llu images, %llu violations; %u operations acknowledged\n",
	       (unsigned long long)x.point, (unsigned long long)oracle.images,
	       (unsigned long long)oracle.violations, oracle.acknowledged);
	explore_close(&x);
	if (!oracle.acknowledged)
		return 2;
	return oracle.violations > 0;
}
