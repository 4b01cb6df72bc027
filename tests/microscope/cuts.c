// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuts.h"
#include "explore.h"
#include "kfi_marker.h"

#define SAMPLES 4
#define SHOWN 5

static struct cuts cuts;

static void applied(void *arg, const struct record *r)
{
	(void)arg;
	if (r->type != RECORD_MARKER)
		return;
	if (r->marker == KFI_MARKER_BEGIN)
		cuts.began = true;
	else if (r->marker == KFI_MARKER_END)
		cuts.acknowledged = r->offset + 1;
	else if (r->marker == KFI_MARKER_DURABLE && cuts.target &&
		 r->offset == cuts.where)
		cuts.began = true;
}

static void judge_image(const struct judge *judge, const struct explore *x,
			const struct choice *choice)
{
	unsigned int operation = 0;
	const char *what;
	char text[32];

	cuts.images++;
	what = judge->violation(&cuts, x->medium.bytes, &operation);
	if (!what || cuts.violations++ >= SHOWN)
		return;
	choice_text(choice, text, sizeof(text));
	printf("violation: point %llu keep %s operation %u: %s\n",
	       (unsigned long long)x->point, text, operation, what);
}

static void find(const struct judge *judge, const char *path)
{
	struct explore x;

	explore_open(&x, path, MODE_STRICT);
	while (explore_next(&x))
		;
	explore_image(&x, &(struct choice){ .kind = CHOICE_ALL });
	if (!judge->find(x.medium.bytes, x.medium.size, &cuts.where))
		errx(2, "%s: what the workload writes is not there", path);
	explore_undo(&x);
	explore_close(&x);
}

static void explore(const struct judge *judge, const char *path,
		    enum fence_mode mode)
{
	struct choice choice;
	struct explore x;
	size_t i;

	explore_open(&x, path, mode);
	x.applied = applied;
	while (explore_next(&x)) {
		if (!cuts.began)
			continue;
		for (i = 0; choice_of(x.replay.cache, i, SAMPLES, 1, &choice); i++) {
			explore_image(&x, &choice);
			judge_image(judge, &x, &choice);
		}
	}
	printf("%llu points, %llu images, %llu violations",
	       (unsigned long long)x.point, (unsigned long long)cuts.images,
	       (unsigned long long)cuts.violations);
	if (!cuts.target)
		printf("; %u operations acknowledged", cuts.acknowledged);
	printf("\n");
	explore_close(&x);
}

static void usage(const struct judge *judge)
{
	errx(2, "usage: %s [--mode=strict|architectural] [--target] TRACE",
	     judge->name);
}

int cuts_main(int argc, char **argv, const struct judge *judge)
{
	static const struct option options[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "target", no_argument, NULL, 't' },
		{ }
	};
	enum fence_mode mode = MODE_STRICT;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 't')
			cuts.target = true;
		else if (option == 'm' && !strcmp(optarg, "architectural"))
			mode = MODE_ARCHITECTURAL;
		else if (option != 'm' || strcmp(optarg, "strict"))
			usage(judge);
	}
	if (optind + 1 != argc)
		usage(judge);
	find(judge, argv[optind]);
	explore(judge, argv[optind], mode);
	if (!cuts.images || (!cuts.target && !cuts.acknowledged))
		return 2;
	return cuts.violations > 0;
}
