// SPDX-License-Identifier: BSD-3-Clause
/*
 * Judges the self-test's guest by its trace: check TRACE [architectural]. Every
 * image of every power cut has to have what the guest was promised. Status 1:
 * something was lost, as it should be of a mutant.
 */
#include <stdio.h>
#include <string.h>

#include "../explore.h"
#include "kfi_marker.h"
#include "protocol.h"

#define SAMPLES 20

struct oracle {
	uint64_t acknowledged;		/* records */
	uint64_t images;
	uint64_t lost;			/* images that lack something */
};

static void applied(void *arg, const struct record *r)
{
	struct oracle *o = arg;

	if (r->type == RECORD_MARKER && r->marker == KFI_MARKER_END)
		o->acknowledged = r->offset + 1;
}

static bool record_there(const uint8_t *bytes, unsigned int i)
{
	unsigned int word;
	uint64_t value;

	for (word = 0; word < RECORD_WORDS; word++) {
		memcpy(&value, bytes + record_at(i) + 8 * word, sizeof(value));
		if (value != record_word(i, word))
			return false;
	}
	return true;
}

static bool holds(const struct oracle *o, const uint8_t *bytes)
{
	uint64_t count, i;

	memcpy(&count, bytes + COUNT_AT, sizeof(count));
	if (count < o->acknowledged || count > RECORDS)
		return false;
	for (i = 0; i < count; i++)
		if (!record_there(bytes, i))
			return false;
	return true;
}

static void judge(struct explore *x, struct oracle *o)
{
	struct choice choice;
	char text[32];
	size_t i;

	for (i = 0; choice_of(x->replay.cache, i, SAMPLES, 1, &choice); i++) {
		explore_image(x, &choice);
		o->images++;
		if (holds(o, x->medium.bytes))
			continue;
		if (!o->lost++) {
			choice_text(&choice, text, sizeof(text));
			printf("lost: point %llu keep %s\n",
			       (unsigned long long)x->point, text);
		}
	}
}

int main(int argc, char **argv)
{
	struct oracle oracle = { 0 };
	struct explore x;

	if (argc < 2)
		return 2;
	explore_open(&x, argv[1], argc > 2 ? MODE_ARCHITECTURAL : MODE_STRICT);
	x.applied = applied;
	x.arg = &oracle;
	while (explore_next(&x))
		judge(&x, &oracle);
	printf("%llu points, %llu images, %llu of them lack something; %llu records acknowledged\n",
	       (unsigned long long)x.point, (unsigned long long)oracle.images,
	       (unsigned long long)oracle.lost,
	       (unsigned long long)oracle.acknowledged);
	explore_close(&x);
	/* A guest that did nothing has proved nothing. */
	if (oracle.acknowledged != RECORDS)
		return 2;
	return oracle.lost > 0;
}
