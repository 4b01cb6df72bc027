// SPDX-License-Identifier: BSD-3-Clause
/* What a trace says: the program beside the plugin. */
#include <argp.h>
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore.h"
#include "kfi_marker.h"

static struct {
	enum fence_mode mode;
	uint64_t from;
	uint64_t to;
	uint64_t samples;
	uint64_t seed;
	char **words;
	unsigned int nr_words;
} args = { .to = UINT64_MAX, .samples = 8, .seed = 1 };

static uint64_t number(const char *what, const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (!isdigit(*text) || *end)
		errx(2, "%s '%s' is not a number", what, text);
	return value;
}

static const char *marker_name(unsigned int marker)
{
	static const char *const names[] = {
		[KFI_MARKER_DURABLE] = "durable",
		[KFI_MARKER_BEGIN] = "begin",
		[KFI_MARKER_END] = "end",
		[KFI_MARKER_ALL_DURABLE] = "all-durable",
		[KFI_MARKER_NOTE] = "note",
		[KFI_MARKER_COMMIT] = "commit",
	};

	return marker < sizeof(names) / sizeof(*names) && names[marker] ?
		names[marker] : "unknown";
}

static void print_record(uint64_t i, const struct record *r)
{
	printf("%llu cpu %u pc ...%08x %s", (unsigned long long)i, r->cpu,
	       r->pc, record_names[r->type]);
	switch (r->type) {
	case RECORD_STORE:
	case RECORD_NT_STORE:
		printf(" 0x%llx length %u value 0x%llx",
		       (unsigned long long)r->offset, r->length,
		       (unsigned long long)r->value);
		break;
	case RECORD_WRITE_BACK:
	case RECORD_EVICT:
		printf(" 0x%llx", (unsigned long long)r->offset);
		break;
	case RECORD_MARKER:
		printf(" %s 0x%llx 0x%llx", marker_name(r->marker),
		       (unsigned long long)r->offset,
		       (unsigned long long)r->value);
		break;
	}
	putchar('\n');
}

static void dump_record(void *arg, const struct record *r)
{
	const struct explore *x = arg;

	print_record(x->next - 1, r);
}

static void open_trace(struct explore *x)
{
	explore_open(x, args.words[1], args.mode);
}

static int to_the_end(struct explore *x)
{
	while (explore_next(x))
		;
	return 0;
}

static int dump(struct explore *x)
{
	x->applied = dump_record;
	x->arg = x;
	return to_the_end(x);
}

static int info(struct explore *x)
{
	const struct trace_header *h = x->trace.header;

	to_the_end(x);
	printf("nvdimm %llu bytes at 0x%llx\nrecords %llu points %llu undurable-lines %zu\n",
	       (unsigned long long)h->nvdimm_size,
	       (unsigned long long)h->nvdimm_address,
	       (unsigned long long)x->trace.count,
	       (unsigned long long)x->point, cache_lines(x->replay.cache));
	counts_print(&x->replay.counts, stdout);
	return 0;
}

static void print_lint(uint64_t acknowledged, uint64_t dirty, uint64_t pending)
{
	printf("lint: %llu acknowledged, %llu lines dirty, %llu written back and not fenced\n",
	       (unsigned long long)acknowledged, (unsigned long long)dirty,
	       (unsigned long long)pending);
}

static int lint(struct explore *x)
{
	const struct lint *l = &x->replay.lint;

	x->replay.lint.complaints = stdout;
	to_the_end(x);
	print_lint(x->replay.counts.acknowledged, l->dirty, l->pending);
	return l->dirty || l->pending;
}

static void print_operation(const struct replay *r, const struct counts *spent)
{
	printf("operation %llu argument %llu ", (unsigned long long)r->lint.operation,
	       (unsigned long long)r->argument);
	counts_print(spent, stdout);
}

static int operations(struct explore *x)
{
	x->replay.over = print_operation;
	return to_the_end(x);
}

static bool wanted(const struct explore *x)
{
	return x->point >= args.from && x->point <= args.to;
}

static size_t choices(const struct explore *x)
{
	struct choice choice;
	size_t i = 0;

	while (choice_of(x->replay.cache, i, args.samples, args.seed, &choice))
		i++;
	return i;
}

static int points(struct explore *x)
{
	while (explore_next(x))
		if (wanted(x))
			printf("point %llu record %llu operation %llu lines %zu images %zu\n",
			       (unsigned long long)x->point,
			       (unsigned long long)x->next,
			       (unsigned long long)x->replay.lint.operation,
			       cache_lines(x->replay.cache), choices(x));
	return 0;
}

/* What is on the medium goes to a file that had something else. */
static void write_image(const struct explore *x, const char *path)
{
	struct medium to;
	uint64_t at;

	if (access(path, F_OK))
		medium_create(path, x->medium.size);
	medium_map(&to, path, true);
	if (to.size != x->medium.size)
		errx(2, "%s has %llu bytes, the NVDIMM %llu; remove it", path,
		     (unsigned long long)to.size,
		     (unsigned long long)x->medium.size);
	for (at = 0; at < to.size; at += 4096)
		if (memcmp(to.bytes + at, x->medium.bytes + at, 4096))
			memcpy(to.bytes + at, x->medium.bytes + at, 4096);
	medium_unmap(&to);
}

static int image(struct explore *x)
{
	uint64_t point = number("POINT", args.words[2]);
	struct choice choice;

	if (!choice_parse(&choice, args.words[3]))
		errx(2, "CHOICE '%s': none, all, m:MASK or s:SEED",
		     args.words[3]);
	while (explore_next(x)) {
		if (x->point != point)
			continue;
		explore_image(x, &choice);
		write_image(x, args.words[4]);
		return 0;
	}
	errx(2, "%s has %llu points, no point %llu", args.words[1],
	     (unsigned long long)x->point, (unsigned long long)point);
}

/* One line out when an image is in FILE, one line in when it was looked at. */
static bool offer(const struct explore *x, const struct choice *choice)
{
	char text[32], *line = NULL;
	size_t size = 0;
	bool more;

	choice_text(choice, text, sizeof(text));
	printf("point %llu keep %s operation %llu\n",
	       (unsigned long long)x->point, text,
	       (unsigned long long)x->replay.lint.operation);
	fflush(stdout);
	more = getline(&line, &size, stdin) > 0;
	free(line);
	return more;
}

/* Of any number of runs */
static int counts(char **paths, unsigned int nr)
{
	uint64_t acknowledged = 0, dirty = 0, pending = 0;
	const struct totals *t;
	struct medium m;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		medium_map(&m, paths[i], false);
		if (m.size != TOTALS_SIZE)
			errx(2, "%s is not a file of counts", paths[i]);
		t = (const struct totals *)m.bytes;
		counts_print(&t->counts, stdout);
		acknowledged += t->counts.acknowledged;
		dirty += t->dirty;
		pending += t->pending;
		medium_unmap(&m);
	}
	print_lint(acknowledged, dirty, pending);
	return dirty || pending;
}

static int explore(struct explore *x)
{
	struct choice choice;
	uint64_t images = 0;
	size_t i;

	while (explore_next(x)) {
		for (i = 0; wanted(x) && choice_of(x->replay.cache, i,
						   args.samples, args.seed,
						   &choice); i++) {
			explore_image(x, &choice);
			write_image(x, args.words[2]);
			images++;
			if (!offer(x, &choice))
				return 1;
		}
	}
	printf("end points %llu images %llu\n", (unsigned long long)x->point,
	       (unsigned long long)images);
	return 0;
}

static const struct command {
	const char *name;
	unsigned int words;
	int (*run)(struct explore *x);
} commands[] = {
	{ "info", 2, info }, { "dump", 2, dump }, { "lint", 2, lint },
	{ "operations", 2, operations }, { "points", 2, points },
	{ "image", 5, image }, { "explore", 3, explore },
};

static error_t parser(int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case 'm':
		if (strcmp(arg, "strict") && strcmp(arg, "architectural"))
			argp_error(state, "--mode=%s: strict or architectural",
				   arg);
		args.mode = *arg == 's' ? MODE_STRICT : MODE_ARCHITECTURAL;
		return 0;
	case 'f':
		args.from = number("--from", arg);
		return 0;
	case 't':
		args.to = number("--to", arg);
		return 0;
	case 'n':
		args.samples = number("--samples", arg);
		return 0;
	case 's':
		args.seed = number("--seed", arg);
		return 0;
	case ARGP_KEY_ARG:
		args.words[args.nr_words++] = arg;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{ "mode", 'm', "MODE", 0, "strict (default) or architectural", 0 },
	{ "from", 'f', "POINT", 0, "The first point", 0 },
	{ "to", 't', "POINT", 0, "The last point", 0 },
	{ "samples", 'n', "N", 0,
	  "Seeded images of a point, beside the exhaustive ones (8)", 0 },
	{ "seed", 's', "N", 0, "Of the first of them (1)", 0 },
	{ 0 }
};

static const struct argp argp = {
	.options = options,
	.parser = parser,
	.args_doc = "info TRACE\ndump TRACE\nlint TRACE\noperations TRACE\npoints TRACE\nimage TRACE POINT CHOICE FILE\nexplore TRACE FILE\ncounts COUNTS...",
	.doc = "What a guest did to persistent memory, and what power cuts leave of it.",
};

int main(int argc, char **argv)
{
	struct explore x;
	unsigned int i;
	int status;

	argp_err_exit_status = 2;
	args.words = calloc(argc, sizeof(*args.words));
	if (!args.words)
		err(2, "pmcache");
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (args.nr_words > 1 && !strcmp(args.words[0], "counts"))
		return counts(args.words + 1, args.nr_words - 1);
	for (i = 0; args.nr_words && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(commands[i].name, args.words[0]))
			continue;
		if (args.nr_words != commands[i].words)
			errx(2, "%s: %u words are wanted behind it, not %u; see --help",
			     commands[i].name, commands[i].words - 1,
			     args.nr_words - 1);
		open_trace(&x);
		status = commands[i].run(&x);
		explore_close(&x);
		return status;
	}
	if (args.nr_words)
		errx(2, "%s: no such command, or it lacks files; see --help",
		     args.words[0]);
	argp_help(&argp, stderr, ARGP_HELP_SEE | ARGP_HELP_USAGE, "pmcache");
	return 2;
}
