// SPDX-License-Identifier: BSD-3-Clause
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* Linux without KASLR, with four levels of page tables */
#define LINUX_DIRECT_MAP 0xffff888000000000u
/* q35: memory devices follow what is mapped below 4 GiB */
#define Q35_DEVICE_MEMORY 0x100000000u

static bool number(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return isdigit(*text) && !*end && !errno;
}

static bool crash_at(struct options *o, const char *text)
{
	static const char *const names[] = {
		[CRASH_POINT] = "point:",
		[CRASH_FENCE] = "fence:",
		[CRASH_STORE] = "store:",
		[CRASH_MARKER] = "marker:",
	};
	size_t i, length;

	for (i = CRASH_POINT; i <= CRASH_MARKER; i++) {
		length = strlen(names[i]);
		if (strncmp(text, names[i], length))
			continue;
		o->crash_at = i;
		return number(text + length, &o->crash_number) &&
			o->crash_number;
	}
	return false;
}

static bool fence_mode(struct options *o, const char *text)
{
	o->mode = strcmp(text, "strict") ? MODE_ARCHITECTURAL : MODE_STRICT;
	return o->mode == MODE_STRICT || !strcmp(text, "architectural");
}

static bool is(const char *arg, const char *name, const char **value)
{
	size_t length = strlen(name);

	if (strncmp(arg, name, length) || arg[length] != '=')
		return false;
	*value = arg + length + 1;
	return true;
}

static bool option(struct options *o, const char *arg)
{
	const char *value;

	if (is(arg, "nvdimm", &o->nvdimm) || is(arg, "survivor", &o->survivor) ||
	    is(arg, "trace", &o->trace) || is(arg, "report", &o->report) ||
	    is(arg, "counts", &o->counts))
		return true;
	if (is(arg, "address", &value))
		return number(value, &o->address) && !(o->address % 4096);
	if (is(arg, "directmap", &value))
		return number(value, &o->directmap);
	if (is(arg, "mode", &value))
		return fence_mode(o, value);
	if (is(arg, "crash", &value))
		return crash_at(o, value);
	if (is(arg, "keep", &value))
		return choice_parse(&o->keep, value);
	if (is(arg, "evict", &value))
		return number(value, &o->evict);
	if (is(arg, "seed", &value))
		return number(value, &o->seed);
	return false;
}

bool options_parse(struct options *o, int argc, char **argv)
{
	int i;

	*o = (struct options){
		.address = Q35_DEVICE_MEMORY,
		.directmap = LINUX_DIRECT_MAP,
		.seed = 1,
	};
	for (i = 0; i < argc; i++) {
		if (option(o, argv[i]))
			continue;
		fprintf(stderr, "pmcache: '%s' is no option, or not its value; man pmcache has them\n",
			argv[i]);
		return false;
	}
	if (!o->nvdimm || !o->survivor) {
		fprintf(stderr, "pmcache: give nvdimm=FILE, the backing file, and survivor=FILE, what survives\n");
		return false;
	}
	return true;
}
