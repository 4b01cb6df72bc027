// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the lines of the storage bench to tables, a plot in SVG, and JSON.
 *
 * A value is of one contender in one round. A ratio is that of two values of
 * one round: a machine that is slow for a while is slow for both.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "spread.h"

#define MAX_ROUNDS	1000
#define MAX_CONTENDERS	32
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

enum { IDLE, DEPTH_1, DEPTH_16, NEAR, WIRE, SYNC, SYNC_WIRE, KINDS };

static const char * const kind_name[KINDS] = { "warm", "1", "16",
					"near", "far",
					"near-sync", "far-sync" };

struct contender {
	char name[32], what[128], absent[256];
	int copies, base;
	int lost;	/* rounds not counted: it had lost a copy */
	double value[KINDS][MAX_ROUNDS];	/* ns; 0: none */
	/* of one write, at depth 1 */
	bool counted;
	double frames_out, bytes_out, frames_in, bytes_in;
	double served, cpu_client, cpu_targets;
};

static const char * const copies_name[] = {
	"no network", "1 copy, remote", "2 copies", "3 copies" };

static struct contender contender[MAX_CONTENDERS];
static int contenders, rounds;
static double wire_ms;			/* as netem was told */
static double echo_ms[MAX_ROUNDS];	/* as a ping found it */
static double native_messages, native_bytes;
static bool ended, complaint;

static int find(const char *name)
{
	int i;

	for (i = 0; i < contenders; i++)
		if (!strcmp(contender[i].name, name))
			return i;
	fprintf(stderr, "storage_report: unknown contender %s\n", name);
	exit(1);
}

static void add_contender(const char *line)
{
	struct contender *c = &contender[contenders];
	char base[32];

	if (contenders == MAX_CONTENDERS ||
	    sscanf(line, "contender name=%31s copies=%d base=%31s what=%127[^\n]",
		   c->name, &c->copies, base, c->what) != 4) {
		fprintf(stderr, "storage_report: %s", line);
		exit(1);
	}
	contenders++;
	if (c->copies < 0 || c->copies >= (int)ARRAY_SIZE(copies_name)) {
		fprintf(stderr, "storage_report: %s", line);
		exit(1);
	}
	c->base = find(base);
}

static void add_value(const char *line)
{
	char name[32], kind[16];
	int round, k;
	double ns;

	if (sscanf(line, "value contender=%31s kind=%15s round=%d ns=%lf", name,
		   kind, &round, &ns) != 4 || round < 0 || round >= MAX_ROUNDS)
		return;
	for (k = 0; k < KINDS; k++)
		if (!strcmp(kind, kind_name[k]))
			contender[find(name)].value[k][round] = ns;
	if (round >= rounds)
		rounds = round + 1;
}

static void add_count(const char *line)
{
	double v[8];
	struct contender *c;
	char name[32];

	if (sscanf(line, "count contender=%31s writes=%lf frames_out=%lf bytes_out=%lf frames_in=%lf bytes_in=%lf served=%lf cpu_client=%lf cpu_targets=%lf",
		   name, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6],
		   &v[7]) != 9 || !v[0])
		return;
	c = &contender[find(name)];
	c->counted = true;
	c->frames_out = v[1] / v[0];
	c->bytes_out = v[2] / v[0];
	c->frames_in = v[3] / v[0];
	c->bytes_in = v[4] / v[0];
	c->served = v[5] / v[0];
	c->cpu_client = v[6] / v[0];
	c->cpu_targets = v[7] / v[0];
}

static void read_lines(FILE *in)
{
	char line[1024], name[32], why[256];
	double far, near;
	int round;

	while (fgets(line, sizeof(line), in)) {
		if (!strncmp(line, "contender ", 10))
			add_contender(line);
		else if (!strncmp(line, "value ", 6))
			add_value(line);
		else if (!strncmp(line, "count ", 6))
			add_count(line);
		else if (sscanf(line, "absent contender=%31s why=%255[^\n]",
				name, why) == 2)
			strcpy(contender[find(name)].absent, why);
		else if (!strncmp(line, "complaint ", 10))
			complaint = true;
		else if (sscanf(line, "echo round=%d ms=%lf near=%lf", &round,
				&far, &near) == 3 && round >= 0 &&
			 round < MAX_ROUNDS)
			echo_ms[round] = far - near;
		else if (sscanf(line, "lost contender=%31s", name) == 1)
			contender[find(name)].lost++;
		else if (!strcmp(line, "end\n"))
			ended = true;
		else if (sscanf(line, "wire ms=%lf", &wire_ms) != 1)
			sscanf(line, "native messages=%lf bytes=%lf",
			       &native_messages, &native_bytes);
	}
}

static struct spread value_spread(const struct contender *c, int kind)
{
	static double values[MAX_ROUNDS];
	int r, n = 0;

	for (r = 0; r < rounds; r++)
		if (c->value[kind][r] > 0)
			values[n++] = c->value[kind][r] / 1e6;
	return spread_of(values, n);
}

static struct spread ratio_spread(const struct contender *c,
				  const struct contender *base, int kind)
{
	static double values[MAX_ROUNDS];
	int r, n = 0;

	for (r = 0; r < rounds; r++)
		if (c->value[kind][r] > 0 && base->value[kind][r] > 0)
			values[n++] = c->value[kind][r] / base->value[kind][r];
	return spread_of(values, n);
}

static void print_spread(struct spread s, int width, const char *unit)
{
	char text[64];

	if (!s.n)
		strcpy(text, "-");
	else
		snprintf(text, sizeof(text), "%.2f%s (%.2f .. %.2f)", s.p50,
			 unit, s.p10, s.p90);
	printf("%-*s", width, text);
}

/* A longer wire tells round trips from work. */
static struct spread round_trips(const struct contender *c, int near, int far)
{
	static double values[MAX_ROUNDS];
	int r, n = 0;

	for (r = 0; r < rounds; r++)
		if (c->value[near][r] > 0 && c->value[far][r] > 0 &&
		    echo_ms[r] > 0)
			values[n++] = (c->value[far][r] - c->value[near][r]) /
				      1e6 / echo_ms[r];
	return spread_of(values, n);
}

/* @near: the same on the shorter wire, or -1 */
static void print_kind(int kind, int near, const char *title)
{
	int i, copies = -1;

	printf("\n%s: median of the rounds (p10 .. p90)\n", title);
	printf("  %-12s %-30s %-24s%s\n", "", "ms", "to kfabric's, as many copies",
	       near >= 0 ? "     round trips" : kind == DEPTH_16 ?
	       "     writes/s" : "");
	for (i = 0; i < contenders; i++) {
		const struct contender *c = &contender[i];
		struct spread s = value_spread(c, kind);

		if (!s.n)
			continue;
		if (c->copies != copies)
			printf("  %s\n", copies_name[c->copies]);
		copies = c->copies;
		printf("  %-12s ", c->name);
		print_spread(s, 30, "");
		printf(" ");
		if (c->base == i)
			printf("%-28s", "1");
		else
			print_spread(ratio_spread(c, &contender[c->base], kind),
				     28, "");
		if (near >= 0)
			print_spread(round_trips(c, near, kind), 0, "");
		if (kind == DEPTH_16)
			printf(" %.0f", 1e3 / s.p50);
		printf("\n");
	}
}

static void print_replicas(void)
{
	static const char * const sets[] = { "kfi1-set", "kfi2", "kfi3",
					     "nvme-rdma", "md2", "md3" };
	static const char * const to[] = { "kfi1", "kfi1", "kfi1",
					   "nvme-rdma", "nvme-rdma",
					   "nvme-rdma" };
	static const int kinds[] = { DEPTH_1, DEPTH_16, WIRE };
	size_t i, k;

	printf("\nCost of a replica: the ratio to one remote member or leg\n");
	printf("  %-12s %-28s %-28s %s\n", "", "depth 1", "depth 16",
	       "depth 1, longer wire");
	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		printf("  %-12s ", sets[i]);
		for (k = 0; k < ARRAY_SIZE(kinds); k++)
			print_spread(ratio_spread(&contender[find(sets[i])],
						  &contender[find(to[i])],
						  kinds[k]), 29, "");
		printf("\n");
	}
}

static void print_counts(void)
{
	int i;

	printf("\nOf one write at depth 1, counted\n");
	printf("  %-12s %-15s %-17s %-9s %s\n", "", "frames out/in",
	       "bytes out/in", "commits", "busy ms, client + targets");
	for (i = 0; i < contenders; i++) {
		const struct contender *c = &contender[i];
		char text[3][32];

		if (!c->counted)
			continue;
		snprintf(text[0], sizeof(text[0]), "%.2f / %.2f",
			 c->frames_out, c->frames_in);
		snprintf(text[1], sizeof(text[1]), "%.0f / %.0f", c->bytes_out,
			 c->bytes_in);
		if (c->served > 0)
			snprintf(text[2], sizeof(text[2]), "%.2f", c->served);
		else
			strcpy(text[2], "-");
		printf("  %-12s %-15s %-17s %-9s %.2f + %.2f\n", c->name,
		       text[0], text[1], text[2], c->cpu_client,
		       c->cpu_targets);
	}
	if (native_messages)
		printf("  By kfabric's own counters (kfi1-native): %.2f messages a write, replies with them; %.0f bytes\n",
		       native_messages, native_bytes);
}

static void print_idle(void)
{
	int i;

	printf("\nFirst write to a MiB after some seconds without one, ms: median (p10 .. p90)\n");
	for (i = 0; i < contenders; i++) {
		struct spread s = value_spread(&contender[i], IDLE);

		if (!s.n)
			continue;
		printf("  %-12s ", contender[i].name);
		print_spread(s, 0, "");
		printf("\n");
	}
}

static void print_goal(void)
{
	const struct contender *three = &contender[find("kfi3")];
	const struct contender *one = &contender[find("kfi1")];
	static const int kinds[] = { DEPTH_1, DEPTH_16, WIRE, SYNC };
	static const char * const word[] = {
		"", ", 16 under way", ", longer wire", ", pwrite()" };
	size_t k;
	int i;

	printf("\nGoals\n  three-way set to one remote member, at most 1.35: ");
	print_spread(ratio_spread(three, one, DEPTH_1), 0, "");
	printf("; longer wire: ");
	print_spread(ratio_spread(three, one, WIRE), 0, "");
	printf("\n  round trips of a write to the three-way set: ");
	print_spread(round_trips(three, NEAR, WIRE), 0, "");
	printf("\n");
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		printf("  peers faster than kfabric%s:", word[k]);
		for (i = 0; i < contenders; i++) {
			const struct contender *c = &contender[i];
			struct spread s = ratio_spread(c, &contender[c->base],
						       kinds[k]);

			if (c->base != i && strncmp(c->name, "kfi", 3) && s.n && s.p50 < 1)
				printf(" %s (%.2f)", c->name, s.p50);
		}
		printf("\n");
	}
}

static void print_tables(const char *title)
{
	char text[128];
	int i;

	printf("%s\n\n", title);
	for (i = 0; i < contenders; i++) {
		printf("  %-12s %s%s%s", contender[i].name, contender[i].what,
		       contender[i].absent[0] ? "; NOT MEASURED: " : "",
		       contender[i].absent);
		if (contender[i].lost)
			printf("; %d rounds not counted, it had lost a copy",
			       contender[i].lost);
		printf("\n");
	}
	print_kind(DEPTH_1, -1, "Latency, one durable 4 KiB write under way");
	print_kind(DEPTH_16, -1,
		   "Time per durable 4 KiB write, 16 under way");
	snprintf(text, sizeof(text),
		 "Latency, one under way, replies %.0f ms longer on the wire",
		 wire_ms);
	print_kind(WIRE, NEAR, text);
	print_kind(SYNC, -1, "Latency of pwrite() with O_DSYNC (a write and a flush)");
	print_kind(SYNC_WIRE, SYNC, "The same on the longer wire");
	print_replicas();
	print_counts();
	print_idle();
	print_goal();
}

#define PLOT_WIDTH	330	/* of a panel's bars */
#define PLOT_NAMES	100
#define PLOT_ROW	24
#define PLOT_TOP	60
#define PLOT_LINE \
	"<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f' class='%s'/>\n"

static double plot_full(int kind)
{
	double full = 0;
	int i;

	for (i = 0; i < contenders; i++) {
		struct spread s = value_spread(&contender[i], kind);

		if (s.n && s.p90 > full)
			full = s.p90;
	}
	return full;
}

static void plot_panel(FILE *out, int kind, const char *title, double left)
{
	double full = plot_full(kind);
	int i;

	fprintf(out, "<text x='%.0f' y='45' class='h'>%s</text>\n", left, title);
	for (i = 0; i < contenders && full; i++) {
		struct spread s = value_spread(&contender[i], kind);
		double y = PLOT_TOP + i * PLOT_ROW + contender[i].copies * 10;
		double scale = (PLOT_WIDTH - 50) / full;

		fprintf(out, "<text x='%.1f' y='%.1f' class='n'>%s</text>\n",
			left + PLOT_NAMES - 6, y + 13, contender[i].name);
		if (!s.n)
			continue;
		fprintf(out, "<rect x='%.1f' y='%.1f' width='%.1f' height='16' class='%s'/>\n",
			left + PLOT_NAMES, y, s.p50 * scale,
			strncmp(contender[i].name, "kfi", 3) ? "peer" : "kfi");
		fprintf(out, PLOT_LINE, left + PLOT_NAMES + s.p10 * scale,
			left + PLOT_NAMES + s.p90 * scale, y + 8, y + 8, "bar");
		fprintf(out, "<text x='%.1f' y='%.1f' class='v'>%.2f</text>\n",
			left + PLOT_NAMES + s.p90 * scale + 5, y + 12, s.p50);
	}
}

static int plot(const char *file, const char *title)
{
	double step = PLOT_NAMES + PLOT_WIDTH + 20;
	FILE *out = fopen(file, "w");
	char text[128];

	if (!out)
		goto error;
	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%d' font-family='sans-serif' font-size='12'>\n",
		20 + 3 * step, PLOT_TOP + contenders * PLOT_ROW + 70);
	fprintf(out, "<style>.h{font-weight:bold}.n{text-anchor:end}.v{font-size:11px}.kfi{fill:#26c}.peer{fill:#bbb}.bar{stroke:#000;stroke-opacity:.5;stroke-width:2}</style>\n");
	fprintf(out, "<rect width='100%%' height='100%%' fill='#fff'/>\n");
	fprintf(out, "<text x='20' y='22'>Durable 4 KiB writes, ms: %s</text>\n",
		title);
	plot_panel(out, DEPTH_1, "latency, one under way", 20);
	plot_panel(out, DEPTH_16, "time per write, 16 under way", 20 + step);
	snprintf(text, sizeof(text), "latency, replies %.0f ms longer", wire_ms);
	plot_panel(out, WIRE, text, 20 + 2 * step);
	fprintf(out, "<text x='20' y='%d' fill='#555'>bar: median of the rounds; line: p10 to p90; blue: kfabric</text>\n</svg>\n",
		PLOT_TOP + contenders * PLOT_ROW + 55);
	if (!fclose(out))
		return 0;
error:
	fprintf(stderr, "storage_report: %s: %s\n", file, strerror(errno));
	return 1;
}

static void json_spread(FILE *out, const char *key, struct spread s)
{
	if (s.n)
		fprintf(out, ", \"%s\": {\"p10\": %.4f, \"median\": %.4f, \"p90\": %.4f, \"rounds\": %d}",
			key, s.p10, s.p50, s.p90, s.n);
}

static void json_contender(FILE *out, const struct contender *c)
{
	static const char * const key[KINDS] = {
		"idle_ms", "depth1_ms", "depth16_ms", "near_ms",
		"longer_wire_ms", "sync_ms", "sync_longer_wire_ms" };
	static const char * const ratio[KINDS] = {
		"idle_ratio", "depth1_ratio", "depth16_ratio", "near_ratio",
		"longer_wire_ratio", "sync_ratio", "sync_longer_wire_ratio" };
	int k;

	fprintf(out, "{\"name\": \"%s\", \"copies\": %d, \"base\": \"%s\"",
		c->name, c->copies, contender[c->base].name);
	if (c->absent[0])
		fprintf(out, ", \"absent\": \"%s\"", c->absent);
	for (k = 0; k < KINDS; k++) {
		json_spread(out, key[k], value_spread(c, k));
		json_spread(out, ratio[k],
			    ratio_spread(c, &contender[c->base], k));
	}
	json_spread(out, "round_trips", round_trips(c, NEAR, WIRE));
	json_spread(out, "sync_round_trips", round_trips(c, SYNC, SYNC_WIRE));
	if (c->counted)
		fprintf(out, ", \"frames_out\": %.2f, \"frames_in\": %.2f, \"bytes_out\": %.1f, \"bytes_in\": %.1f, \"commits\": %.2f, \"cpu_client_ms\": %.3f, \"cpu_targets_ms\": %.3f",
			c->frames_out, c->frames_in, c->bytes_out, c->bytes_in,
			c->served, c->cpu_client, c->cpu_targets);
	fprintf(out, "}");
}

static int json(const char *file)
{
	FILE *out = fopen(file, "w");
	int i;

	if (!out)
		goto error;
	fprintf(out, "{\"rounds\": %d, \"longer_wire_by_ms\": %g, \"contenders\": [\n",
		rounds, wire_ms);
	for (i = 0; i < contenders; i++) {
		json_contender(out, &contender[i]);
		fprintf(out, i + 1 < contenders ? ",\n" : "\n");
	}
	fprintf(out, "]}\n");
	if (!fclose(out))
		return 0;
error:
	fprintf(stderr, "storage_report: %s: %s\n", file, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: storage_report TITLE SVG-FILE JSON-FILE <LINES\n");
		return 2;
	}
	read_lines(stdin);
	if (!ended || !rounds) {
		fprintf(stderr, "storage_report: the measurement did not come to its end\n");
		return 1;
	}
	print_tables(argv[1]);
	if (complaint)
		printf("\nThe kernel of a node has complained, see above.\n");
	return plot(argv[2], argv[1]) | json(argv[3]) | complaint;
}
