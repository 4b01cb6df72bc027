// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the lines of a bench of OpenSHMEM to a table, a plot in SVG, and JSON. Its
 * baseline has a word in the lines, and a name for people.
 *
 * A ratio is that of two runs one right after the other: a machine that is slow
 * for a while is slow for both.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spread.h"

#define MAX_ROUNDS	200
#define MAX_TESTS	128

enum { OURS, THEIRS, PATHS };

static const char *path_name[PATHS] = { "ours" }, *baseline;

static struct test {
	char name[32];
	size_t size;
	double ns[PATHS][MAX_ROUNDS];	/* 0: none */
} test[MAX_TESTS];

static int tests, rounds;

static const struct {
	const char *name, *what;
} titles[] = {
	{ "put", "Put and quiet" },
	{ "get", "Get" },
	{ "p", "Put of one element, quiet" },
	{ "g", "Get of one element" },
	{ "put-stream", "Puts, 64 and a quiet: time of one" },
	{ "get-stream", "Gets, 64 and a quiet: time of one" },
	{ "fetch-add", "Fetch and add" },
	{ "compare-swap", "Compare and swap" },
	{ "add", "Add, time of one" },
	{ "fetch", "Atomic fetch" },
	{ "p-variable", "Put of a variable, quiet" },
	{ "g-variable", "Get of a variable" },
	{ "fetch-add-variable", "Fetch and add, a variable" },
	{ "ping", "Put until the other sees it" },
	{ "barrier", "Barrier of all" },
	{ "broadcast", "Broadcast, and half a barrier" },
	{ "sum", "Sum, and half a barrier" },
	{ "broadcast-team", "Broadcast" },
	{ "sum-team", "Sum" },
	{ "put-persist", "Put, and the PE's puts durable" },
	{ "put-persist-range", "Put, and the range durable" },
	{ "put-persist-signal", "Put, durable, and then a signal" },
	{ "commit", "Commit of a space" },
};

static const char *title_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (!strcmp(name, titles[i].name))
			return titles[i].what;
	return name;
}

static struct test *find(const char *name, size_t size)
{
	int i;

	for (i = 0; i < tests; i++)
		if (!strcmp(test[i].name, name) && test[i].size == size)
			return &test[i];
	if (tests == MAX_TESTS) {
		fprintf(stderr, "shmem_report: too many tests\n");
		exit(1);
	}
	strcpy(test[tests].name, name);
	test[tests].size = size;
	return &test[tests++];
}

static bool read_lines(FILE *in)
{
	int round = -1, path = -1, ends = 0, begins = 0, i;
	char line[256], name[32];
	size_t size;
	double ns;

	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "run path=%31s round=%d", name, &round) == 2) {
			for (path = -1, i = 0; i < PATHS; i++)
				if (!strcmp(name, path_name[i]))
					path = i;
			if (path < 0 || round < 0 || round >= MAX_ROUNDS)
				return false;
			begins++;
			if (round >= rounds)
				rounds = round + 1;
		} else if (sscanf(line, "value test=%31s size=%zu ns=%lf", name, &size, &ns) == 3) {
			if (path < 0)
				return false;
			find(name, size)->ns[path][round] = ns;
		} else if (!strcmp(line, "end\n")) {
			ends++;
		}
	}
	return begins && ends == begins;
}

static struct spread values(const struct test *t, int path)
{
	double v[MAX_ROUNDS];
	int r, n = 0;

	for (r = 0; r < rounds; r++)
		if (t->ns[path][r] > 0)
			v[n++] = t->ns[path][r];
	return spread_of(v, n);
}

static struct spread ratio(const struct test *t)
{
	double v[MAX_ROUNDS];
	int r, n = 0;

	for (r = 0; r < rounds; r++)
		if (t->ns[OURS][r] > 0 && t->ns[THEIRS][r] > 0)
			v[n++] = t->ns[OURS][r] / t->ns[THEIRS][r];
	return spread_of(v, n);
}

static const char *size_name(size_t size)
{
	static char name[24];

	if (size >= 1 << 20)
		snprintf(name, sizeof(name), "%zu MiB", size >> 20);
	else if (size >= 1 << 10)
		snprintf(name, sizeof(name), "%zu KiB", size >> 10);
	else
		snprintf(name, sizeof(name), "%zu B", size);
	return name;
}

/* Of nanoseconds, three digits. */
static const char *time_name(double ns)
{
	static char name[4][24];
	static int turn;
	char *s = name[turn++ % 4];
	const char *unit = "ns";

	if (ns >= 1e6) {
		ns /= 1e6;
		unit = "ms";
	} else if (ns >= 1e3) {
		ns /= 1e3;
		unit = "us";
	}
	snprintf(s, sizeof(name[0]), "%.*f %s", ns < 10 ? 2 : ns < 100 ? 1 : 0, ns, unit);
	return s;
}

static void print_table(const char *title)
{
	const char *last = "";
	int i, p;

	printf("%s\n\nMedian of the rounds (p10 .. p90)\n", title);
	printf("%15s %-33s %-33s this / %s\n", "", "this library", baseline, baseline);
	for (i = 0; i < tests; i++) {
		const struct test *t = &test[i];
		struct spread r = ratio(t);

		if (strcmp(t->name, last))
			printf("  %s\n", title_of(t->name));
		last = t->name;
		printf("    %-10s ", size_name(t->size));
		for (p = 0; p < PATHS; p++) {
			struct spread s = values(t, p);
			char text[80] = "-";

			if (s.n)
				snprintf(text, sizeof(text), "%s (%s .. %s)", time_name(s.p50),
					 time_name(s.p10), time_name(s.p90));
			printf("%-33s ", text);
		}
		if (r.n)
			printf("%.3f (%.3f .. %.3f)", r.p50, r.p10, r.p90);
		printf("\n");
	}
}

/* Is what was asked for the case? A goal is NAME:BYTES. */
static bool print_goals(char **goal, int goals)
{
	char name[32];
	size_t size;
	int i;

	if (goals)
		printf("\nGoal: at most the time of %s\n", baseline);
	for (i = 0; i < goals; i++) {
		struct spread r;

		if (sscanf(goal[i], "%31[^:]:%zu", name, &size) != 2)
			return false;
		r = ratio(find(name, size));
		printf("  %s of %s: %.2f, %s\n", name, size_name(size), r.p50,
		       r.n && r.p50 <= 1 ? "reached" : "NOT REACHED");
	}
	return true;
}

#define PLOT_LEFT	270
#define PLOT_WIDTH	560
#define PLOT_ROW	18
#define PLOT_TOP	62
#define PLOT_LOW	0.01	/* ratios, on a scale of powers */
#define PLOT_HIGH	10.0

static double plot_x(double v)
{
	v = fmin(fmax(v, PLOT_LOW), PLOT_HIGH);
	return PLOT_LEFT + PLOT_WIDTH * log(v / PLOT_LOW) / log(PLOT_HIGH / PLOT_LOW);
}

static int plot(const char *file, const char *title)
{
	double bottom = PLOT_TOP, y = PLOT_TOP + 6, v;
	FILE *out = fopen(file, "w");
	int i;

	if (!out)
		goto error;
	for (i = 0; i < tests; i++)
		if (ratio(&test[i]).n)
			bottom += PLOT_ROW;
	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%.0f' font-family='sans-serif' font-size='12'>\n",
		PLOT_LEFT + PLOT_WIDTH + 60, bottom + 50);
	fprintf(out, "<style>.g{stroke:#ddd}.one{stroke:#444}.bar{stroke:#26c;stroke-width:3;stroke-opacity:.4}circle{fill:#26c}.n{text-anchor:end}.c{text-anchor:middle}.v{font-size:10px;fill:#555}</style>\n");
	fprintf(out, "<rect width='100%%' height='100%%' fill='#fff'/>\n");
	fprintf(out, "<text x='20' y='22'>Time, this library / %s: %s</text>\n",
		baseline, title);
	for (v = PLOT_LOW; v < PLOT_HIGH * 1.01; v *= 10) {
		fprintf(out, "<line x1='%.1f' x2='%.1f' y1='%d' y2='%.1f' class='%s'/>\n",
			plot_x(v), plot_x(v), PLOT_TOP - 8, bottom,
			fabs(v - 1) < 0.01 ? "one" : "g");
		fprintf(out, "<text x='%.1f' y='%d' class='c'>%g</text>\n", plot_x(v),
			PLOT_TOP - 14, v);
	}
	for (i = 0; i < tests; i++) {
		struct spread r = ratio(&test[i]);

		if (!r.n)
			continue;
		fprintf(out, "<text x='%d' y='%.1f' class='n'>%s, %s</text>\n", PLOT_LEFT - 10,
			y + 4, title_of(test[i].name), size_name(test[i].size));
		fprintf(out, "<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' class='bar'/>\n",
			plot_x(r.p10), plot_x(r.p90), y, y);
		fprintf(out, "<circle cx='%.1f' cy='%.1f' r='4'/>\n", plot_x(r.p50), y);
		fprintf(out, "<text x='%.1f' y='%.1f' class='v'>%.2g</text>\n",
			plot_x(r.p90) + 8, y + 4, r.p50);
		y += PLOT_ROW;
	}
	fprintf(out, "<text x='20' y='%.0f' fill='#555'>point: median of the rounds' ratios; bar: p10 to p90; left of 1 this library is faster</text>\n</svg>\n",
		bottom + 30);
	if (!fclose(out))
		return 0;
error:
	fprintf(stderr, "shmem_report: %s: %s\n", file, strerror(errno));
	return 1;
}

static void json_spread(FILE *out, const char *key, struct spread s)
{
	if (s.n)
		fprintf(out, ", \"%s\": {\"p10\": %.4f, \"median\": %.4f, \"p90\": %.4f, \"rounds\": %d}",
			key, s.p10, s.p50, s.p90, s.n);
}

static int json(const char *file)
{
	FILE *out = fopen(file, "w");
	char key[48];
	int i;

	if (!out)
		goto error;
	snprintf(key, sizeof(key), "%s_ns", path_name[THEIRS]);
	fprintf(out, "{\"rounds\": %d, \"tests\": [\n", rounds);
	for (i = 0; i < tests; i++) {
		fprintf(out, "{\"name\": \"%s\", \"size\": %zu", test[i].name, test[i].size);
		json_spread(out, "ours_ns", values(&test[i], OURS));
		json_spread(out, key, values(&test[i], THEIRS));
		json_spread(out, "ratio", ratio(&test[i]));
		fprintf(out, i + 1 < tests ? "},\n" : "}\n");
	}
	fprintf(out, "]}\n");
	if (!fclose(out))
		return 0;
error:
	fprintf(stderr, "shmem_report: %s: %s\n", file, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: shmem_report TITLE BASELINE ITS-NAME SVG-FILE JSON-FILE [GOAL...] <LINES\n");
		return 2;
	}
	path_name[THEIRS] = argv[2];
	baseline = argv[3];
	if (!read_lines(stdin) || !tests) {
		fprintf(stderr, "shmem_report: the measurement did not come to its end\n");
		return 1;
	}
	print_table(argv[1]);
	if (!print_goals(argv + 6, argc - 6)) {
		fprintf(stderr, "shmem_report: a goal is NAME:BYTES\n");
		return 2;
	}
	return plot(argv[4], argv[1]) | json(argv[5]);
}
