// SPDX-License-Identifier: BSD-3-Clause
/* Writing JSON (RFC 8259) to standard output. */
#include <inttypes.h>
#include <stdio.h>
#include "kfipmem.h"

#define MAX_DEPTH	16

static bool started[MAX_DEPTH];
static unsigned int depth;

/*
 * Names come from the kernel, and their bytes need not be UTF-8: what is not
 * ASCII is shown as the replacement character, one for each byte.
 */
static void quoted(const char *text)
{
	const unsigned char *c;

	putchar('"');
	for (c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c < 0x20 || *c == 0x7f)
			printf("\\u%04x", *c);
		else if (*c > 0x7f)
			fputs("\\ufffd", stdout);
		else
			putchar(*c);
	}
	putchar('"');
}

static void value(const char *key)
{
	if (started[depth])
		putchar(',');
	started[depth] = true;
	if (depth)
		printf("\n%*s", (int)depth * 2, "");
	if (key) {
		quoted(key);
		fputs(": ", stdout);
	}
}

static void open_with(const char *key, char bracket)
{
	value(key);
	putchar(bracket);
	if (depth + 1 < MAX_DEPTH)
		depth++;
	started[depth] = false;
}

static void close_with(char bracket)
{
	bool any = started[depth];

	depth--;
	if (any)
		printf("\n%*s", (int)depth * 2, "");
	putchar(bracket);
}

void json_begin(void)
{
	depth = 0;
	started[0] = false;
	open_with(NULL, '{');
}

void json_end(void)
{
	close_with('}');
	putchar('\n');
}

void json_object(const char *key)
{
	open_with(key, '{');
}

void json_object_end(void)
{
	close_with('}');
}

void json_array(const char *key)
{
	open_with(key, '[');
}

void json_array_end(void)
{
	close_with(']');
}

void json_str(const char *key, const char *text)
{
	value(key);
	quoted(text);
}

void json_uint(const char *key, uint64_t number)
{
	value(key);
	printf("%" PRIu64, number);
}

void json_bool(const char *key, bool flag)
{
	value(key);
	fputs(flag ? "true" : "false", stdout);
}

void json_null(const char *key)
{
	value(key);
	fputs("null", stdout);
}

/* What a command that has nothing to show answers. */
void json_ok(void)
{
	if (!json_mode)
		return;
	json_begin();
	json_bool("ok", true);
	json_end();
}
