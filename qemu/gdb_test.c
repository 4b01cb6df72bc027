// SPDX-License-Identifier: BSD-3-Clause
/* Plays the debug stub, a good one and bad ones. Exits with 1 at a difference. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gdb.h"

#define ADDRESS	0xffffffffc0123450ull

static int failures;

#define expect(what) \
	do { \
		if (!(what)) { \
			printf("line %d: not %s\n", __LINE__, #what); \
			failures++; \
		} \
	} while (0)

/* Decode, with the bytes coming one by one; the last return. */
static int decode(const char *bytes, size_t len, char *text, size_t size,
		  bool *good, bool *again)
{
	struct buf in = { 0 };
	int ret = 0;
	size_t i;

	*again = false;
	for (i = 0; i < len && !ret; i++) {
		buf_add(&in, bytes + i, 1);
		ret = gdb_packet(&in, text, size, good, again);
	}
	buf_free(&in);
	return ret;
}

static int decode_text(const char *packet, char *text, size_t size, bool *good)
{
	bool again;

	return decode(packet, strlen(packet), text, size, good, &again);
}

static void test_decoder(void)
{
	char text[256], large[20000];
	bool good = false, again;

	expect(decode_text("$OK#9a", text, sizeof(text), &good) == 1);
	expect(good && !strcmp(text, "OK"));
	expect(decode_text("++$#00", text, sizeof(text), &good) == 1);
	expect(good && !*text);
	expect(decode_text("\n\3junk$OK#9A", text, sizeof(text), &good) == 1);
	expect(good && !strcmp(text, "OK"));
	expect(decode_text("%Stop:T05#fa$OK#9a", text, sizeof(text), &good) == 1);
	expect(good && !strcmp(text, "OK"));
	/* 0 and three more; an escaped # */
	expect(decode_text("$0* #7a", text, sizeof(text), &good) == 1);
	expect(good && !strcmp(text, "0000"));
	expect(decode_text("$}\3#80", text, sizeof(text), &good) == 1);
	expect(good && !strcmp(text, "#"));
	expect(decode("-", 1, text, sizeof(text), &good, &again) == 0 && again);

	expect(decode_text("$OK#9b", text, sizeof(text), &good) == 1 && !good);
	expect(decode_text("$OK#zz", text, sizeof(text), &good) == 1 && !good);
	expect(decode_text("$OK#9", text, sizeof(text), &good) == 0);
	expect(decode_text("$OK", text, sizeof(text), &good) == 0);
	/* Nothing to repeat; nothing escaped; more than there is room for. */
	expect(decode_text("$* #4a", text, sizeof(text), &good) == -1);
	expect(decode_text("$}#7d", text, sizeof(text), &good) == -1);
	expect(decode_text("$0*#5a", text, sizeof(text), &good) == -1);
	expect(decode_text("$0*~#d8", text, 98, &good) == -1);
	expect(decode_text("$0*~#d8", text, 99, &good) == 1);
	expect(strlen(text) == 98);
	memset(large, 'x', sizeof(large));
	large[0] = '$';
	expect(decode(large, sizeof(large), text, sizeof(text), &good, &again) == -1);
}

/* Whatever comes, it ends, and nothing is written where it must not be. */
static void test_noise(void)
{
	static const char some[] = "$#%*}+-0aTW\3";
	char text[64], bytes[48];
	bool good, again;
	size_t i, k;

	srand(1);
	for (i = 0; i < 200000; i++) {
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = rand() % 4 ? some[rand() % (sizeof(some) - 1)] :
				   rand();
		decode(bytes, sizeof(bytes), text, sizeof(text), &good, &again);
	}
}

static int stub;

/* What the client has sent since is this; acknowledgements are left out. */
static bool sent(const char *wanted)
{
	char got[512];
	ssize_t n = read(stub, got, sizeof(got) - 1), i, len = 0;

	if (n < 0)
		n = 0;
	for (i = 0; i < n; i++)
		if (got[i] != '+' && got[i] != '-')
			got[len++] = got[i];
	got[len] = 0;
	if (len > 4 && got[len - 3] == '#')
		got[len - 3] = 0;
	if (!strcmp(got, wanted))
		return true;
	printf("sent %s and not %s\n", got, wanted);
	return false;
}

static void forget(void)
{
	char sink[512];

	while (read(stub, sink, sizeof(sink)) > 0)
		;
}

static enum gdb_event say(struct gdb *g, const char *text)
{
	unsigned char sum = 0;
	const char *p;

	for (p = text; *p; p++)
		sum += *p;
	dprintf(stub, "+$%s#%02x", text, sum);
	return gdb_read(g);
}

/* The registers, with this in RIP. */
static enum gdb_event say_where(struct gdb *g, unsigned long long rip)
{
	char text[600];
	int i;

	memset(text, '0', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	for (i = 0; i < 8; i++, rip >>= 8) {
		text[256 + 2 * i] = "0123456789abcdef"[rip >> 4 & 15];
		text[257 + 2 * i] = "0123456789abcdef"[rip & 15];
	}
	return say(g, text);
}

static void begin(struct gdb *g)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(2);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	stub = pair[1];
	gdb_open(g, pair[0]);
}

static void end(struct gdb *g)
{
	gdb_close(g);
	close(stub);
}

static void begin_armed(struct gdb *g, unsigned int count)
{
	begin(g);
	gdb_arm(g, "f", ADDRESS, count);
	expect(sent("\3"));
	say(g, "T02thread:01;");
	expect(sent("$Z1,ffffffffc0123450,1"));
	expect(!gdb_is_armed(g));
	say(g, "OK");
	expect(sent("$c"));
	expect(gdb_is_armed(g));
}

static void test_second_time(void)
{
	struct gdb g;

	begin_armed(&g, 2);
	/* The first time, by CPU 2: it alone steps over. */
	say(&g, "T05thread:02;");
	expect(sent("$Hg02"));
	say(&g, "OK");
	expect(sent("$g"));
	expect(say_where(&g, ADDRESS) == GDB_NOTHING && g.hits == 1);
	expect(sent("$z1,ffffffffc0123450,1"));
	say(&g, "OK");
	expect(sent("$vCont;s:02"));
	/* A late stop of CPU 1 is not the step's end. */
	say(&g, "T05thread:01;");
	expect(sent("$Hg02"));
	say(&g, "OK");
	expect(sent("$g"));
	say_where(&g, ADDRESS);
	expect(sent("$vCont;s:02"));
	say(&g, "T05thread:02;");
	say(&g, "OK");
	say_where(&g, ADDRESS + 4);
	expect(g.hits == 1);
	forget();
	say(&g, "OK");
	expect(gdb_is_armed(&g));
	/* Elsewhere: no time at all. */
	say(&g, "T05thread:01;");
	say(&g, "OK");
	expect(say_where(&g, ADDRESS + 8) == GDB_NOTHING && g.hits == 1);
	say(&g, "T05thread:01;");
	say(&g, "OK");
	expect(say_where(&g, ADDRESS) == GDB_HIT);
	end(&g);
}

static void test_disarm(void)
{
	struct gdb g;

	begin_armed(&g, 1);
	gdb_disarm(&g);
	expect(sent("\3"));
	/* The breakpoint was quicker than the 0x03, and does not count. */
	say(&g, "T05thread:01;");
	say(&g, "OK");
	forget();
	expect(say_where(&g, ADDRESS) == GDB_NOTHING);
	expect(sent("$z1,ffffffffc0123450,1"));
	say(&g, "OK");
	expect(sent("$vCont;s:01"));
	say(&g, "T05thread:01;");
	say(&g, "OK");
	say_where(&g, ADDRESS + 1);
	expect(gdb_is_idle(&g));
	end(&g);
}

static void test_bad_stubs(void)
{
	struct gdb g;
	int i;

	begin(&g);
	gdb_arm(&g, "f", ADDRESS, 1);
	say(&g, "T02thread:01;");
	expect(say(&g, "E22") == GDB_NOTHING && *g.error && gdb_is_idle(&g));
	end(&g);

	begin_armed(&g, 1);
	expect(say(&g, "T05") == GDB_BROKEN);
	end(&g);
	begin_armed(&g, 1);
	expect(say(&g, "T05thread:0000000000000000000000000000000000000001;") ==
	       GDB_BROKEN);
	end(&g);
	begin_armed(&g, 1);
	say(&g, "T05thread:01;");
	say(&g, "OK");
	expect(say(&g, "00") == GDB_BROKEN);
	end(&g);
	begin_armed(&g, 1);
	expect(say(&g, "OK") == GDB_BROKEN);
	end(&g);
	begin_armed(&g, 1);
	for (i = 0; i < 8; i++) {
		dprintf(stub, "$T05#00");
		expect(gdb_read(&g) == GDB_NOTHING);
	}
	dprintf(stub, "$T05#00");
	expect(gdb_read(&g) == GDB_BROKEN);
	end(&g);
	/* QEMU ends. */
	begin_armed(&g, 1);
	expect(say(&g, "W00") == GDB_NOTHING);
	close(stub);
	expect(gdb_read(&g) == GDB_NOTHING && g.state == GDB_CLOSED);
}

int main(void)
{
	test_decoder();
	test_noise();
	test_second_time();
	test_disarm();
	test_bad_stubs();
	return failures ? 1 : 0;
}
