// SPDX-License-Identifier: BSD-3-Clause
/*
 * The client of QEMU's debug stub, for one purpose: to stop a node when its
 * kernel reaches an address for the n-th time.
 *
 * A byte that is not the answer to a packet stops the node. So nothing but
 * acknowledgements and 0x03 is sent while it runs, one packet is under way at a
 * time, and the connection is made before QEMU starts: a stub that sees somebody
 * connect stops the node too.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gdb.h"

#define PACKET_MAX	16384	/* QEMU's have 4096 bytes at most */
#define DAMAGED_MAX	8
#define RIP_DIGIT	256	/* in the answer to g: after 16 registers */

void gdb_open(struct gdb *g, int fd)
{
	memset(g, 0, sizeof(*g));
	g->fd = fd;
	g->state = GDB_RUNNING;
}

void gdb_close(struct gdb *g)
{
	if (g->state == GDB_CLOSED)
		return;
	close(g->fd);
	g->fd = -1;
	buf_free(&g->in);
	buf_free(&g->out);
	g->state = GDB_CLOSED;
	g->wanted = false;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int hex_byte(const char *text)
{
	int high = hex_digit(text[0]);
	int low = high < 0 ? -1 : hex_digit(text[1]);

	return low < 0 ? -1 : high << 4 | low;
}

/* Undo escapes and repetitions; -1: they make no sense, or too much. */
static int unpack(const char *raw, size_t len, char *text, size_t size)
{
	size_t out = 0, i;
	int times;

	for (i = 0; i < len; i++) {
		times = 1;
		if (raw[i] == '}') {
			if (++i == len || out + 1 >= size)
				return -1;
			text[out++] = raw[i] ^ 0x20;
			continue;
		}
		if (raw[i] == '*') {
			if (++i == len || !out || raw[i] < ' ' || raw[i] > '~')
				return -1;
			times = raw[i] - 29;
			if (out + times >= size)
				return -1;
			memset(text + out, text[out - 1], times);
			out += times;
			continue;
		}
		if (out + 1 >= size)
			return -1;
		text[out++] = raw[i];
	}
	text[out] = 0;
	return 0;
}

int gdb_packet(struct buf *in, char *text, size_t size, bool *good, bool *again)
{
	const char *data, *end;
	unsigned char sum = 0;
	bool notice;
	size_t len, i;
	int wanted;

	for (;;) {
		/* Acknowledgements, and what else stands between packets. */
		while (in->len && *buf_head(in) != '$' && *buf_head(in) != '%') {
			if (*buf_head(in) == '-')
				*again = true;
			buf_drop(in, 1);
		}
		if (!in->len)
			return 0;
		data = buf_head(in) + 1;
		notice = data[-1] == '%';
		end = memchr(data, '#', in->len - 1);
		len = end ? (size_t)(end - data) : in->len - 1;
		if (len >= PACKET_MAX)
			return -1;
		if (!end || in->len < len + 4)
			return 0;
		for (i = 0; i < len; i++)
			sum += data[i];
		wanted = hex_byte(end + 1);
		if (!notice)
			break;
		/* Not for us, and not to be acknowledged. */
		buf_drop(in, len + 4);
		sum = 0;
	}
	*good = wanted == sum;
	if (*good && unpack(data, len, text, size))
		return -1;
	buf_drop(in, len + 4);
	return 1;
}

static void gdb_flush(struct gdb *g)
{
	/* The rest goes when the loop finds room. An error is found as EOF. */
	buf_write(&g->out, g->fd);
}

static void gdb_send(struct gdb *g, enum gdb_state state, const char *text)
{
	unsigned char sum = 0;
	const char *p;
	int len;

	for (p = text; *p; p++)
		sum += *p;
	len = snprintf(g->last, sizeof(g->last), "$%s#%02x", text, sum);
	buf_add(&g->out, g->last, len);
	g->state = state;
}

/* The node stands: towards what is wanted, and in the end let it run. */
static void gdb_next(struct gdb *g)
{
	char text[64];

	if (g->inserted &&
	    (*g->thread || !g->wanted || g->at != g->address)) {
		snprintf(text, sizeof(text), "z1,%llx,1",
			 (unsigned long long)g->at);
		gdb_send(g, GDB_REMOVE, text);
	} else if (*g->thread) {
		/* This CPU alone: another would slip past the address. */
		snprintf(text, sizeof(text), "vCont;s:%s", g->thread);
		g->stepping = true;
		gdb_send(g, GDB_STEP, text);
	} else if (g->wanted && !g->inserted) {
		/*
		 * A hardware breakpoint: under KVM the other kind writes to
		 * the guest's memory. To TCG they are the same.
		 */
		g->at = g->address;
		snprintf(text, sizeof(text), "Z1,%llx,1",
			 (unsigned long long)g->at);
		gdb_send(g, GDB_INSERT, text);
	} else {
		gdb_send(g, GDB_RUNNING, "c");
	}
}

/* Stop a node that runs, to change what is set; else that is under way. */
static void gdb_stop(struct gdb *g)
{
	if (g->state != GDB_RUNNING)
		return;
	buf_add(&g->out, "\3", 1);
	g->state = GDB_STOPPING;
	gdb_flush(g);
}

void gdb_arm(struct gdb *g, const char *symbol, uint64_t address,
	     uint32_t count)
{
	snprintf(g->symbol, sizeof(g->symbol), "%s", symbol);
	g->address = address;
	g->count = count;
	g->hits = 0;
	g->error[0] = 0;
	g->wanted = true;
	gdb_stop(g);
}

void gdb_disarm(struct gdb *g)
{
	if (!g->wanted || g->state == GDB_REACHED)
		return;
	g->wanted = false;
	gdb_stop(g);
}

void gdb_resume(struct gdb *g)
{
	if (g->state != GDB_REACHED)
		return;
	g->wanted = false;
	gdb_next(g);
	gdb_flush(g);
}

/* T05thread:01;... and its like; QEMU's threads are hexadecimal numbers. */
static bool stop_thread(const char *text, char *thread, size_t size)
{
	const char *p = strstr(text, "thread:");
	size_t len;

	if (!p)
		return false;
	p += strlen("thread:");
	len = strspn(p, "0123456789abcdefABCDEFp.");
	if (!len || len >= size || (p[len] && p[len] != ';'))
		return false;
	memcpy(thread, p, len);
	thread[len] = 0;
	return true;
}

static enum gdb_event gdb_stopped(struct gdb *g, const char *text)
{
	char select[48];

	switch (g->state) {
	case GDB_STOPPING:
		/* An answer to 0x03, unless the breakpoint was quicker. */
		if (hex_byte(text + 1) != 5) {
			gdb_next(g);
			return GDB_NOTHING;
		}
		break;
	case GDB_RUNNING:
		/* Somebody else has paused it, and will let it run. */
		if (hex_byte(text + 1) != 5)
			return GDB_NOTHING;
		break;
	case GDB_STEP:
		break;
	default:
		return GDB_BROKEN;
	}
	if (!g->stepping && !stop_thread(text, g->thread, sizeof(g->thread)))
		return GDB_BROKEN;
	snprintf(select, sizeof(select), "Hg%s", g->thread);
	gdb_send(g, GDB_SELECT, select);
	return GDB_NOTHING;
}

/*
 * Two CPUs may reach the address together, and the stub tells of one only, or
 * of the second later. Where a CPU stands says what its stop was.
 */
static enum gdb_event gdb_where(struct gdb *g, const char *text)
{
	uint64_t address = 0;
	int i, byte;

	if (strlen(text) < RIP_DIGIT + 16)
		return GDB_BROKEN;
	for (i = 7; i >= 0; i--) {
		byte = hex_byte(text + RIP_DIGIT + 2 * i);
		if (byte < 0)
			return GDB_BROKEN;
		address = address << 8 | byte;
	}
	if (g->stepping) {
		g->stepping = false;
		if (address != g->at)
			g->thread[0] = 0;
	} else if (address != g->at || !g->inserted) {
		g->thread[0] = 0;
	} else if (g->wanted && g->at == g->address && ++g->hits >= g->count) {
		g->state = GDB_REACHED;
		return GDB_HIT;
	}
	gdb_next(g);
	return GDB_NOTHING;
}

static enum gdb_event gdb_answer(struct gdb *g, const char *text)
{
	bool ok = !strcmp(text, "OK");

	/* QEMU is about to end. */
	if (*text == 'W' || *text == 'X')
		return GDB_NOTHING;
	if (*text == 'T')
		return gdb_stopped(g, text);
	switch (g->state) {
	case GDB_INSERT:
		g->inserted = ok;
		if (!ok) {
			snprintf(g->error, sizeof(g->error),
				 "QEMU sets no breakpoint there (%s)",
				 *text ? text : "it knows of none");
			g->wanted = false;
		}
		gdb_next(g);
		return GDB_NOTHING;
	case GDB_REMOVE:
		if (!ok)
			return GDB_BROKEN;
		g->inserted = false;
		gdb_next(g);
		return GDB_NOTHING;
	case GDB_SELECT:
		if (!ok)
			return GDB_BROKEN;
		gdb_send(g, GDB_WHERE, "g");
		return GDB_NOTHING;
	case GDB_WHERE:
		return gdb_where(g, text);
	default:
		return GDB_BROKEN;
	}
}

enum gdb_event gdb_read(struct gdb *g)
{
	enum gdb_event event = GDB_NOTHING;
	char text[PACKET_MAX];
	bool good, again = false;
	ssize_t n;
	int ret;

	n = buf_read(&g->in, g->fd, sizeof(text));
	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		gdb_close(g);
		return GDB_NOTHING;
	}
	while (event == GDB_NOTHING &&
	       (ret = gdb_packet(&g->in, text, sizeof(text), &good, &again))) {
		if (ret < 0 || (!good && ++g->damaged > DAMAGED_MAX))
			return GDB_BROKEN;
		buf_add(&g->out, good ? "+" : "-", 1);
		if (!good)
			continue;
		g->damaged = 0;
		event = gdb_answer(g, text);
	}
	if (again && g->state != GDB_RUNNING && event == GDB_NOTHING) {
		if (++g->damaged > DAMAGED_MAX)
			return GDB_BROKEN;
		buf_add(&g->out, g->last, strlen(g->last));
	}
	gdb_flush(g);
	return event;
}
