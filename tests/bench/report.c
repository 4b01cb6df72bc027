// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the lines that the benchmark printed to a table, and a plot in SVG.
 *
 * A value is the median latency of a batch at depth 1, its time per operation
 * else. Who is measured first changes with each round, and being first is a
 * handicap. So a ratio is that of two rounds' sums, and the median of those is
 * reported: a machine that is slow for a while is slow for both paths.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spread.h"

#define MAX_ROUNDS	4096
#define MAX_SIZES	16
#define MAX_DEPTHS	4
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define VALUES_FORMAT	"values size=%u depth=%u path=%15s round=%u ns="
#define COUNT_FORMAT	"count size=%u path=%15s ops=%lf posts=%lf " \
			"requests=%lf replies=%lf out=%lf in=%lf packets=%lf"

enum { VERBS, KFI, PATHS };

static const char * const path_name[PATHS] = { "verbs", "kfi" };

struct count {
	double ops, posts, requests, replies, out, in, packets;
};

struct cell {
	double value[PATHS][MAX_ROUNDS];	/* ns */
	bool have[PATHS][MAX_ROUNDS];
};

static unsigned int sizes[MAX_SIZES], depths[MAX_DEPTHS];
static int nsizes, ndepths;
static struct cell *cells[MAX_SIZES][MAX_DEPTHS];
static struct count counts[MAX_SIZES][PATHS];
static char target[256], extra[65536];
static bool ended, failed;

/* Both paths, and the ratio, of one size and depth. */
static void cell_spreads(const struct cell *cell, struct spread path[PATHS],
			 struct spread *ratio)
{
	static double values[MAX_ROUNDS];
	int p, r, n;

	for (p = 0; p < PATHS; p++) {
		for (n = r = 0; r < MAX_ROUNDS; r++)
			if (cell->have[p][r])
				values[n++] = cell->value[p][r];
		path[p] = spread_of(values, n);
	}
	for (n = r = 0; r + 1 < MAX_ROUNDS; r += 2)
		if (cell->have[VERBS][r] && cell->have[KFI][r] &&
		    cell->have[VERBS][r + 1] && cell->have[KFI][r + 1])
			values[n++] = (cell->value[KFI][r] +
				       cell->value[KFI][r + 1]) /
				      (cell->value[VERBS][r] +
				       cell->value[VERBS][r + 1]);
	*ratio = spread_of(values, n);
}

static int find(unsigned int *list, int *n, int max, unsigned int what)
{
	int i;

	for (i = 0; i < *n; i++)
		if (list[i] == what)
			return i;
	if (*n == max) {
		fprintf(stderr, "report: too many sizes or depths\n");
		exit(1);
	}
	list[(*n)++] = what;
	return i;
}

static int path_of(const char *name)
{
	int p;

	for (p = 0; p < PATHS; p++)
		if (!strcmp(name, path_name[p]))
			return p;
	fprintf(stderr, "report: unknown path %s\n", name);
	exit(1);
}

static struct cell *cell_of(int size, int depth)
{
	if (!cells[size][depth]) {
		cells[size][depth] = calloc(1, sizeof(struct cell));
		if (!cells[size][depth]) {
			perror("report");
			exit(1);
		}
	}
	return cells[size][depth];
}

static bool add_values(const char *line)
{
	unsigned int size, depth, round;
	struct cell *cell;
	char name[16];
	int p, used;

	if (sscanf(line, VALUES_FORMAT "%n", &size, &depth, name, &round,
		   &used) != 4)
		return false;
	p = path_of(name);
	cell = cell_of(find(sizes, &nsizes, MAX_SIZES, size),
		       find(depths, &ndepths, MAX_DEPTHS, depth));
	for (line += used; round < MAX_ROUNDS; round++) {
		char *end;

		cell->value[p][round] = strtod(line, &end);
		cell->have[p][round] = cell->value[p][round] > 0;
		if (*end != ',')
			break;
		line = end + 1;
	}
	return true;
}

static bool add_count(const char *line)
{
	unsigned int size;
	struct count c;
	char name[16];

	if (sscanf(line, COUNT_FORMAT, &size, name, &c.ops, &c.posts, &c.requests, &c.replies,
		   &c.out, &c.in, &c.packets) != 9)
		return false;
	counts[find(sizes, &nsizes, MAX_SIZES, size)][path_of(name)] = c;
	return true;
}

static void add_setup(const char *line)
{
	unsigned int mib, n, p10, p50, p90;
	size_t used = strlen(extra);

	if (sscanf(line, "setup region_mib=%u attaches=%u p10=%u p50=%u p90=%u",
		   &mib, &n, &p10, &p50, &p90) == 5)
		snprintf(extra + used, sizeof(extra) - used,
			 "  attach     %5u MiB          %10.1f us  (%.1f .. %.1f)\n",
			 mib, p50 / 1e3, p10 / 1e3, p90 / 1e3);
	else if (sscanf(line, "commit region_mib=%u size=%u p10=%u p50=%u p90=%u",
			&mib, &n, &p10, &p50, &p90) == 5)
		snprintf(extra + used, sizeof(extra) - used,
			 "  write %4u B, %5u MiB region %8.1f us  (%.1f .. %.1f)\n",
			 n, mib, p50 / 1e3, p10 / 1e3, p90 / 1e3);
	else if (sscanf(line, "absent region_mib=%u", &mib) == 1)
		snprintf(extra + used, sizeof(extra) - used,
			 "  the target had no room for a region of %u MiB\n",
			 mib);
}

static void read_lines(FILE *in)
{
	static const char * const words[] = {
		"values size=", "count size=", "setup region_mib=",
		"commit region_mib=", "absent region_mib=", "target domain=",
		"error size=", "end errno=",
	};
	char line[1024], *at;
	size_t i;

	while (fgets(line, sizeof(line), in)) {
		/* A console puts its own in front. */
		for (at = NULL, i = 0; !at && i < ARRAY_SIZE(words); i++)
			at = strstr(line, words[i]);
		if (!at)
			continue;
		at[strcspn(at, "\r\n")] = '\0';
		if (!strncmp(at, "error", 5)) {
			fprintf(stderr, "report: %s\n", at);
			failed = true;
		} else if (!strncmp(at, "end ", 4)) {
			ended = true;
			failed |= !!strcmp(at, "end errno=0");
		} else if (!strncmp(at, "target", 6)) {
			snprintf(target, sizeof(target), "%s", at + 7);
		} else if (!add_values(at) && !add_count(at)) {
			add_setup(at);
		}
	}
}

static const char *size_name(unsigned int size)
{
	static char name[4][16];
	static int turn;
	char *s = name[turn++ % 4];

	if (size >= 1U << 20)
		snprintf(s, sizeof(name[0]), "%u MiB", size >> 20);
	else if (size >= 1U << 10)
		snprintf(s, sizeof(name[0]), "%u KiB", size >> 10);
	else
		snprintf(s, sizeof(name[0]), "%u B", size);
	return s;
}

static void print_table(const char *title)
{
	struct spread path[PATHS], ratio;
	int d, s;

	printf("%s\n%s\n\n", title, target);
	for (d = 0; d < ndepths; d++) {
		if (depths[d] == 1)
			printf("Latency of one durable write");
		else
			printf("%sTime per durable write with %u under way",
			       d ? "\n" : "", depths[d]);
		printf(", us: median of the rounds (p10 .. p90)\n");
		printf("  %-8s %-28s %-28s %-24s%s\n", "size", "verbs", "kfi",
		       "kfi / verbs",
		       depths[d] == 1 ? "" : "verbs and kfi, MB/s");
		for (s = 0; s < nsizes; s++) {
			char text[PATHS][64];
			int p;

			if (!cells[s][d])
				continue;
			cell_spreads(cells[s][d], path, &ratio);
			for (p = 0; p < PATHS; p++)
				snprintf(text[p], sizeof(text[p]),
					 "%.2f (%.2f .. %.2f)",
					 path[p].p50 / 1e3, path[p].p10 / 1e3,
					 path[p].p90 / 1e3);
			printf("  %-8s %-28s %-28s", size_name(sizes[s]),
			       text[VERBS], text[KFI]);
			if (ratio.n)
				printf(" %.3f (%.3f .. %.3f)", ratio.p50,
				       ratio.p10, ratio.p90);
			if (depths[d] != 1 && path[VERBS].n && path[KFI].n)
				printf("   %.3g %.3g",
				       sizes[s] * 1e3 / path[VERBS].p50,
				       sizes[s] * 1e3 / path[KFI].p50);
			printf("\n");
		}
	}
	printf("\nOf one durable write at depth 1, counted\n");
	printf("  %-8s %-6s %6s %10s %12s %10s %10s %8s\n", "size", "path",
	       "posts", "requests", "round trips", "bytes out", "bytes in",
	       "packets");
	for (s = 0; s < nsizes; s++) {
		for (d = 0; d < PATHS; d++) {
			const struct count *c = &counts[s][d];

			if (!c->ops)
				continue;
			printf("  %-8s %-6s %6.2f %10.2f %12.2f %10.1f %10.1f %8.2f\n",
			       size_name(sizes[s]), path_name[d],
			       c->posts / c->ops, c->requests / c->ops,
			       c->replies / c->ops, c->out / c->ops,
			       c->in / c->ops, c->packets / c->ops);
		}
	}
	if (extra[0])
		printf("\nAttaching regions, and durable writes to them: median (p10 .. p90)\n%s",
		       extra);
}

#define PLOT_LOW	0.8	/* ratios */
#define PLOT_HIGH	1.4
#define PLOT_WIDTH	460	/* of a panel */
#define PLOT_HEIGHT	260
#define PLOT_TOP	60
#define PLOT_MARGIN	60
#define PLOT_LINE	\
	"<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' class='%s'/>\n"

static double plot_y(double ratio)
{
	ratio = fmin(fmax(ratio, PLOT_LOW), PLOT_HIGH);
	return PLOT_TOP + PLOT_HEIGHT -
	       (ratio - PLOT_LOW) / (PLOT_HIGH - PLOT_LOW) * PLOT_HEIGHT;
}

/* One panel: the ratio over the sizes, its spread as a bar, for one depth. */
static void plot_panel(FILE *out, int d, int left)
{
	struct spread path[PATHS], ratio;
	int s, i;

	fprintf(out, "<text x=\"%d\" y=\"45\" class=\"h\">%s</text>\n", left,
		depths[d] == 1 ? "latency, one write under way" :
				 "time per write, many under way");
	for (i = 0; i <= 6; i++) {
		double v = PLOT_LOW + i * 0.1;

		fprintf(out, PLOT_LINE,
			(double)left, (double)left + PLOT_WIDTH, plot_y(v),
			plot_y(v), fabs(v - 1) < 0.01 ? "one" : "g");
		fprintf(out, "<text x=\"%d\" y=\"%.1f\" class=\"r\">%.1f</text>\n",
			left - 6, plot_y(v) + 4, v);
	}
	for (s = 0; s < nsizes; s++) {
		double x = left + (s + 0.5) * PLOT_WIDTH / nsizes;

		if (!cells[s][d])
			continue;
		cell_spreads(cells[s][d], path, &ratio);
		if (!ratio.n)
			continue;
		fprintf(out, PLOT_LINE,
			x, x, plot_y(ratio.p10), plot_y(ratio.p90), "bar");
		fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", x,
			plot_y(ratio.p50));
		fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"v\">%.2f</text>\n",
			x + 7, plot_y(ratio.p50) + 4, ratio.p50);
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" class=\"c\">%s</text>\n",
			x, PLOT_TOP + PLOT_HEIGHT + 18, size_name(sizes[s]));
		fprintf(out, "<text x=\"%.1f\" y=\"%d\" class=\"s\">%.1f us</text>\n",
			x, PLOT_TOP + PLOT_HEIGHT + 34, path[KFI].p50 / 1e3);
	}
}

static const char * const plot_style[] = {
	".g{stroke:#ddd}.one{stroke:#444}",
	".bar{stroke:#26c;stroke-width:3;stroke-opacity:.4}",
	"circle{fill:#26c}.r{text-anchor:end;fill:#555}.c{text-anchor:middle}",
	".s{text-anchor:middle;fill:#777;font-size:10px}.v{font-size:11px}",
	".h{font-weight:bold}",
};

static int plot(const char *file, const char *title)
{
	FILE *out = fopen(file, "w");
	size_t i;
	int d;

	if (!out) {
		fprintf(stderr, "report: %s: %s\n", file, strerror(errno));
		return 1;
	}
	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' ",
		ndepths * (PLOT_WIDTH + PLOT_MARGIN) + 20, PLOT_HEIGHT + 120);
	fprintf(out, "font-family='sans-serif' font-size='12'>\n<style>");
	for (i = 0; i < ARRAY_SIZE(plot_style); i++)
		fputs(plot_style[i], out);
	fprintf(out, "</style>\n");
	fprintf(out, "<rect width='100%%' height='100%%' fill='#fff'/>\n");
	fprintf(out, "<text x='%d' y='22'>kfi / verbs, durable write: %s</text>\n",
		PLOT_MARGIN, title);
	for (d = 0; d < ndepths; d++)
		plot_panel(out, d, PLOT_MARGIN + d * (PLOT_WIDTH + PLOT_MARGIN));
	fprintf(out, "<text x='%d' y='%d' fill='#555'>", PLOT_MARGIN,
		PLOT_HEIGHT + 112);
	fprintf(out, "point: median of the ratios, each of two rounds; bar: p10 to p90; ");
	fprintf(out, "below the sizes: median of kfi</text>\n</svg>\n");
	if (fclose(out)) {
		fprintf(stderr, "report: %s: %s\n", file, strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: report TITLE SVG-FILE <LINES\n");
		return 2;
	}
	read_lines(stdin);
	if (!ended || failed || !nsizes) {
		fprintf(stderr, "report: the measurement did not come to its end\n");
		return 1;
	}
	print_table(argv[1]);
	return plot(argv[2], argv[1]);
}
