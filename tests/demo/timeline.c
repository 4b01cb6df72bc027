// SPDX-License-Identifier: BSD-3-Clause
/*
 * When things happened: "stamp" puts the time before each line of its input,
 * "gap" finds the longest time without an acknowledgement after an event, and
 * "plot" draws throughput over time, with the events on it.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
"Usage: timeline stamp EPOCH          put seconds since EPOCH before lines\n"
"       timeline now                  print the EPOCH that is now\n"
"       timeline gap FROM < LINES     the longest pause that ends after FROM\n"
"       timeline plot TITLE BYTES SVG < LINES\n"
"\n"
"LINES are \"SECONDS ack N\" and \"SECONDS event TEXT\".\n";

#define WIDTH	900
#define HEIGHT	260
#define LEFT	70
#define TOP	90
#define BINS_MAX	4000

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int stamp(double epoch)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		printf("%.3f %s", now() - epoch, line);
		if (fflush(stdout))
			return 1;
	}
	return 0;
}

struct event {
	double at;
	char text[80];
};

static struct event events[64];
static double acks[1 << 20];
static size_t nr_events, nr_acks;

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int events_by_time(const void *a, const void *b)
{
	return by_time(&((const struct event *)a)->at,
		       &((const struct event *)b)->at);
}

static void read_lines(void)
{
	char *line = NULL;
	size_t size = 0;
	double at;
	int used;

	while (getline(&line, &size, stdin) > 0) {
		used = 0;
		if (sscanf(line, "%lf ack %n", &at, &used) == 1 && used) {
			if (nr_acks < sizeof(acks) / sizeof(*acks))
				acks[nr_acks++] = at;
		} else if (sscanf(line, "%lf event %n", &at, &used) == 1 &&
			   used) {
			if (nr_events == sizeof(events) / sizeof(*events))
				continue;
			events[nr_events].at = at;
			snprintf(events[nr_events].text,
				 sizeof(events[0].text), "%.*s",
				 (int)strcspn(line + used, "\n"), line + used);
			nr_events++;
		}
	}
	free(line);
	qsort(acks, nr_acks, sizeof(*acks), by_time);
	qsort(events, nr_events, sizeof(*events), events_by_time);
}

/* The pause that an event made: it may have begun just before it. */
static int gap(double from)
{
	double longest = 0;
	size_t i;

	read_lines();
	for (i = 1; i < nr_acks; i++)
		if (acks[i] > from && acks[i] - acks[i - 1] > longest)
			longest = acks[i] - acks[i - 1];
	printf("%.2f\n", longest);
	return nr_acks ? 0 : 1;
}

static void escape(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '<': fputs("&lt;", out); break;
		case '>': fputs("&gt;", out); break;
		case '&': fputs("&amp;", out); break;
		default: fputc(*text, out);
		}
}

static void plot_events(FILE *out, double end)
{
	size_t i;

	for (i = 0; i < nr_events; i++) {
		double x = LEFT + events[i].at / end * WIDTH;
		int y = TOP - 8 - 14 * (int)(i % 5);

		fprintf(out,
			"<line x1='%.1f' x2='%.1f' y1='%d' y2='%d' class='e'/>\n",
			x, x, y + 2, TOP + HEIGHT);
		fprintf(out, "<text x='%.1f' y='%d' class='%s'>", x, y,
			x > LEFT + WIDTH * 0.7 ? "t r" : "t");
		escape(out, events[i].text);
		fprintf(out, "</text>\n");
	}
}

static int plot(const char *title, double bytes, const char *file)
{
	static unsigned int bin[BINS_MAX];
	double end = 1, width, high = 1;
	FILE *out = fopen(file, "w");
	int bins, i;
	size_t n;

	if (!out) {
		fprintf(stderr, "timeline: %s: %s\n", file, strerror(errno));
		return 1;
	}
	read_lines();
	if (nr_acks)
		end = acks[nr_acks - 1];
	if (nr_events && events[nr_events - 1].at > end)
		end = events[nr_events - 1].at;
	end += 0.5;
	width = fmax(0.25, end / BINS_MAX * 2);
	bins = (int)(end / width) + 1;
	for (n = 0; n < nr_acks; n++)
		bin[(int)(acks[n] / width)]++;
	for (i = 0; i < bins; i++)
		high = fmax(high, bin[i]);

	fprintf(out, "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n",
		LEFT + WIDTH + 30, TOP + HEIGHT + 50);
	fprintf(out, "<style>.e{stroke:#c33;stroke-dasharray:3 3}.t{fill:#a22;font-size:11px}.r{text-anchor:end}.g{stroke:#ddd}.a{text-anchor:end;fill:#555}.c{text-anchor:middle;fill:#555}rect.b{fill:#26c}</style>\n");
	fprintf(out, "<rect width='100%%' height='100%%' fill='#fff'/>\n<text x='10' y='16' font-weight='bold'>");
	escape(out, title);
	fprintf(out, "</text>\n");
	for (i = 0; i <= 4; i++) {
		double y = TOP + HEIGHT - HEIGHT * i / 4.0;

		fprintf(out, "<line x1='%d' x2='%d' y1='%.1f' y2='%.1f' class='g'/>\n",
			LEFT, LEFT + WIDTH, y, y);
		fprintf(out, "<text x='%d' y='%.1f' class='a'>%.0f KiB/s</text>\n",
			LEFT - 4, y + 4, high * i / 4 / width * bytes / 1024);
	}
	for (i = 0; i < bins; i++)
		if (bin[i])
			fprintf(out, "<rect class='b' x='%.2f' y='%.2f' width='%.2f' height='%.2f'/>\n",
				LEFT + i * width / end * WIDTH,
				TOP + HEIGHT - bin[i] / high * HEIGHT,
				width / end * WIDTH, bin[i] / high * HEIGHT);
	for (i = 0; i <= 10; i++)
		fprintf(out, "<text x='%.1f' y='%d' class='c'>%.0f s</text>\n",
			LEFT + WIDTH * i / 10.0, TOP + HEIGHT + 18,
			end * i / 10);
	plot_events(out, end);
	fprintf(out, "</svg>\n");
	if (fclose(out)) {
		fprintf(stderr, "timeline: %s: %s\n", file, strerror(errno));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "now"))
		return printf("%.3f\n", now()) < 0;
	if (argc == 3 && !strcmp(argv[1], "stamp"))
		return stamp(atof(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "gap"))
		return gap(atof(argv[2]));
	if (argc == 5 && !strcmp(argv[1], "plot"))
		return plot(argv[2], atof(argv[3]), argv[4]);
	fputs(usage, stderr);
	return 2;
}
