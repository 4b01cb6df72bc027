// SPDX-License-Identifier: BSD-3-Clause
/* Lines of the PEs, each with the number of its PE. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oshrun.h"

struct pending {
	char *data;
	size_t len, room;
};

static struct pending (*pending)[2];
static int npending;

static struct pending *pending_of(int rank, int which)
{
	if (rank >= npending) {
		int n = rank + 64;
		void *more = realloc(pending, n * sizeof(*pending));

		if (!more)
			fail("no memory");
		pending = more;
		memset(pending + npending, 0, (n - npending) * sizeof(*pending));
		npending = n;
	}
	return &pending[rank][which];
}

static void line_out(int rank, int which, const char *line, size_t len)
{
	char *copy = malloc(len + 32);
	int n;

	if (!copy)
		fail("no memory");
	n = sprintf(copy, "[%d] ", rank);
	memcpy(copy + n, line, len);
	copy[n + len] = '\n';
	write_all(1 + which, copy, n + len + 1);
	free(copy);
}

/* Whole lines go out at once; at its end, with len 0, what is left of the last. */
void output_tagged(int rank, int which, const char *data, size_t len)
{
	struct pending *p = pending_of(rank, which);
	char *at, *end, *nl;

	if (!len) {
		if (p->len)
			line_out(rank, which, p->data, p->len);
		p->len = 0;
		return;
	}
	if (p->room - p->len < len) {
		p->room = 2 * p->room + len;
		p->data = realloc(p->data, p->room);
		if (!p->data)
			fail("no memory");
	}
	memcpy(p->data + p->len, data, len);
	p->len += len;
	at = p->data;
	end = at + p->len;
	while ((nl = memchr(at, '\n', end - at))) {
		line_out(rank, which, at, nl - at);
		at = nl + 1;
	}
	p->len = end - at;
	memmove(p->data, at, p->len);
}

/* At the end of the job: what there is of lines without an end. */
void output_rest(void)
{
	int i;

	for (i = 0; i < 2 * npending; i++)
		output_tagged(i / 2, i % 2, NULL, 0);
}
