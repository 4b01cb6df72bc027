// SPDX-License-Identifier: BSD-3-Clause
/*
 * The configuration file, and what people write: members, addresses, sizes,
 * names. An input is a file. The commands end at the first thing that is wrong;
 * here they come back to the harness instead, which has all their memory.
 */
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>

#include "config.h"
#include "kfipmem.h"
#include "fuzz.h"

#define PATH	"what is fuzzed"

bool json_mode;

static struct {
	const uint8_t *data;
	size_t size;
	FILE *file;
	char *line;		/* of getline(), which the reader frees at the end only */
	char where[512];	/* what an error begins with */
	char said[1024];
	jmp_buf out;
} now;

/* Everything that is allocated, until the next input. */
static union {
	max_align_t align;
	char bytes[1 << 20];
} memory;
static size_t used;

void *xalloc(size_t size)
{
	size_t room = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	char *mem = memory.bytes + used;

	/* What a file needs is in proportion to its length. */
	FUZZ_CHECK(room <= sizeof(memory) - used);
	used += room;
	memset(mem, 0, room);
	return mem;
}

void die_where(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	FUZZ_CHECK(vsnprintf(now.where, sizeof(now.where), fmt, ap) >= 0);
	va_end(ap);
}

void die_usage(const char *fmt, ...)
{
	size_t i;
	va_list ap;

	va_start(ap, fmt);
	FUZZ_CHECK(vsnprintf(now.said, sizeof(now.said), fmt, ap) > 0);
	va_end(ap);
	/* It says what is wrong in a line, and does not repeat control characters. */
	for (i = 0; now.said[i]; i++)
		FUZZ_CHECK(((unsigned char)now.said[i] >= ' ' || now.said[i] == '\t') &&
			   now.said[i] != 0x7f);
	longjmp(now.out, 1);
}

void die_kernel(int err, const char *text, const char *fmt, ...)
{
	(void)err, (void)text, (void)fmt;
	abort();
}

void warn(const char *fmt, ...)
{
	(void)fmt;
}

/* Of requests to the kernel, which are not made here. */
void nl_put_flag(struct nlmsghdr *nlh, uint16_t type)
{
	(void)nlh, (void)type;
	abort();
}

/* config.c and node.c are linked to call these. */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
ssize_t __real_getline(char **line, size_t *room, FILE *file);
ssize_t __wrap_getline(char **line, size_t *room, FILE *file);
struct passwd *__wrap_getpwnam(const char *name);
struct group *__wrap_getgrnam(const char *name);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	/* The fuzzer has files of its own. */
	if (strcmp(path, PATH))
		return __real_fopen(path, mode);
	now.file = now.size ? fmemopen((void *)now.data, now.size, "r") : tmpfile();
	return now.file;
}

ssize_t __wrap_getline(char **line, size_t *room, FILE *file)
{
	ssize_t len = __real_getline(line, room, file);

	now.line = *line;
	return len;
}

struct passwd *__wrap_getpwnam(const char *name)
{
	static struct passwd user = { .pw_uid = 7 };

	return strcmp(name, "user") ? NULL : &user;
}

struct group *__wrap_getgrnam(const char *name)
{
	static struct group group = { .gr_gid = 8 };

	return strcmp(name, "group") ? NULL : &group;
}

static void name_holds(const char *name)
{
	size_t len = strlen(name);

	FUZZ_CHECK(len >= 1 && len <= KFIPMEM_NAME_MAX);
	FUZZ_CHECK(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			  "0123456789._-") == len && !strchr("._-", *name));
}

/* What was checked while it was read can be used without another look. */
static void value_holds(const struct config_section *section, const struct config_value *value)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	char host[KFIPMEM_HOST_MAX + 1];
	struct member_spec spec;
	unsigned int uid, gid;
	uint16_t port;

	FUZZ_CHECK(value->key && *value->text && value->line > section->line);
	if (!strcmp(value->key, "member") || !strcmp(value->key, "witness")) {
		parse_member(value->text, &spec);
		if (spec.removed)
			return;
		name_holds(spec.region);
		if (spec.local)
			name_holds(spec.pool);
		else
			FUZZ_CHECK(spec.host[0] && spec.port);
	} else if (!strcmp(value->key, "from")) {
		split_remote(value->text, host, &port, region);
		name_holds(region);
		FUZZ_CHECK(*host && port);
	} else if (!strcmp(value->key, "extent-size")) {
		uint64_t size = get_extent_size(value->text);

		FUZZ_CHECK(size >= 65536 && size <= 1 << 30 && !(size & (size - 1)));
	} else if (!strcmp(value->key, "resync-rate")) {
		FUZZ_CHECK(get_bytes("rate", value->text));
	} else if (!strcmp(value->key, "mode")) {
		FUZZ_CHECK(get_mode(value->text) <= 0777);
	} else if (!strcmp(value->key, "owner")) {
		get_owner(value->text, &uid, &gid);
		FUZZ_CHECK(uid != ~0U || gid != ~0U);
	} else if (!strcmp(value->key, "port")) {
		FUZZ_CHECK(get_port(value->text));
	} else if (!strcmp(value->key, "as") || !strcmp(value->key, "provider")) {
		name_holds(value->text);
	}
	if (!strcmp(section->kind, "export")) {
		split_region(section->name, pool, region);
		name_holds(pool);
		name_holds(region);
	}
}

static void config_holds(const struct config *config)
{
	const struct config_section *section;
	const struct config_value *value;

	for (section = config->sections; section; section = section->next) {
		/* Each is found under its name, so there is one of it. */
		FUZZ_CHECK(config_find(config, section->kind, section->name) == section);
		for (value = section->values; value; value = value->next) {
			FUZZ_CHECK(config_get(section, value->key));
			value_holds(section, value);
		}
	}
	FUZZ_CHECK(!*now.where);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	now.data = data;
	now.size = size;
	now.file = NULL;
	now.line = NULL;
	now.where[0] = '\0';
	used = 0;
	if (!setjmp(now.out)) {
		struct config *config = config_read(PATH);

		/* It freed and closed them. */
		now.file = NULL;
		now.line = NULL;
		config_holds(config);
	} else {
		/* Nothing of what passed is refused when it is looked at again. */
		FUZZ_CHECK(now.file);
		FUZZ_CHECK(!*now.where || !strncmp(now.where, PATH ":", strlen(PATH) + 1));
		free(now.line);
		fclose(now.file);
	}
	return 0;
}
