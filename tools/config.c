// SPDX-License-Identifier: BSD-3-Clause
/*
 * The configuration file:
 *
 *	# a comment
 *	[set NAME]
 *	member = local:tank/data
 *	key-file = /etc/kfipmem/nodea.key
 *
 * A section and a key are added to the tables below, a value's form with a
 * check of its own.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "kfipmem.h"

/* Dies unless the text is a value; what it says is prefixed with the place. */
typedef void (*config_check)(const char *text);

struct config_key {
	const char *name;
	config_check check;
	bool many;
};

struct config_kind {
	const char *name;
	config_check check;	/* of the section's name */
	const struct config_key *keys;
	size_t nr_keys;
	void (*complete)(const struct config_section *section);
};

static void check_set_name(const char *text)
{
	check_name("set", text);
}

static void check_peer(const char *text)
{
	check_name("peer", text);
}

static void check_provider(const char *text)
{
	check_name("provider", text);
}

/* A service has another working directory than a shell. */
static void check_absolute(const char *text)
{
	if (*text != '/')
		die_usage("'%.80s' is not an absolute path", text);
}

static void check_bool(const char *text)
{
	if (strcmp(text, "yes") && strcmp(text, "no"))
		die_usage("'%.80s' is neither 'yes' nor 'no'", text);
}

static void check_quorum_loss(const char *text)
{
	if (strcmp(text, "hold") && strcmp(text, "fail"))
		die_usage("'%.80s' is neither 'hold' nor 'fail'", text);
}

static void check_rate(const char *text)
{
	get_bytes("rate", text);
}

static void check_extent(const char *text)
{
	get_extent_size(text);
}

static void check_member(const char *text)
{
	struct member_spec spec;

	parse_member(text, &spec);
}

static const struct config_key set_keys[] = {
	{ "member", check_member, true },
	{ "witness", check_member, true },
	{ "as", check_peer, false },
	{ "key-file", check_absolute, false },
	{ "insecure", check_bool, false },
	{ "provider", check_provider, false },
	{ "extent-size", check_extent, false },
	{ "resync-rate", check_rate, false },
	{ "on-quorum-loss", check_quorum_loss, false },
};

static void complete_set(const struct config_section *section)
{
	if (!config_get(section, "member"))
		die_usage("set '%s' has no member", section->name);
	if (config_get(section, "key-file") &&
	    config_is(section, "insecure", "yes"))
		die_usage("set '%s' has both a key-file and 'insecure = yes'",
			  section->name);
}

static const struct config_kind kinds[] = {
	{ "set", check_set_name, set_keys, ARRAY_SIZE(set_keys),
	  complete_set },
};

struct reader {
	struct config *config;
	struct config_section **section_end;
	struct config_section *section;
	struct config_value **value_end;
	const struct config_kind *kind;
	unsigned int line;
};

/* From here on what is wrong is wrong in this line. */
void config_at(const struct config *config, unsigned int line)
{
	die_where("%s:%u: ", config->path, line);
}

void config_at_end(void)
{
	die_where("%s", "");
}

static char *copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xalloc(size), text, size);
}

/* Without the blanks around it; the buffer is written to. */
static char *strip(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	return text;
}

static const struct config_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static const struct config_key *find_key(const struct config_kind *kind,
					 const char *name)
{
	size_t i;

	for (i = 0; i < kind->nr_keys; i++)
		if (!strcmp(kind->keys[i].name, name))
			return &kind->keys[i];
	return NULL;
}

/* Whatever a section needs can only be missed at its end. */
static void end_section(struct reader *r)
{
	if (!r->section)
		return;
	config_at(r->config, r->section->line);
	r->kind->complete(r->section);
}

/* "[kind name]", without the blanks around it. */
static void read_header(struct reader *r, char *text)
{
	const struct config_section *other;
	size_t len = strlen(text);
	char *name;

	end_section(r);
	config_at(r->config, r->line);
	if (text[len - 1] != ']')
		die_usage("the section has no closing bracket");
	text[len - 1] = '\0';
	text = strip(text + 1);
	name = text + strcspn(text, " \t");
	if (*name)
		*name++ = '\0';
	name = strip(name);

	r->kind = find_kind(text);
	if (!r->kind)
		die_usage("unknown section '%.80s'; write [%s NAME]", text,
			  kinds[0].name);
	if (!*name)
		die_usage("the section has no name; write [%s NAME]", text);
	r->kind->check(name);
	other = config_find(r->config, r->kind->name, name);
	if (other)
		die_usage("%s '%s' is in line %u already", r->kind->name, name,
			  other->line);

	r->section = xalloc(sizeof(*r->section));
	r->section->kind = r->kind->name;
	r->section->name = copy_text(name);
	r->section->line = r->line;
	r->value_end = &r->section->values;
	*r->section_end = r->section;
	r->section_end = &r->section->next;
}

static void __attribute__((noreturn)) unknown_key(const struct config_kind *kind,
						  const char *name)
{
	char known[256] = "";
	size_t i, at = 0;

	for (i = 0; i < kind->nr_keys && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s",
				       i ? ", " : "", kind->keys[i].name);
	die_usage("a %s has no '%.80s'; it has %s", kind->name, name, known);
}

/* "key = text" */
static void read_value(struct reader *r, char *text)
{
	const struct config_value *other;
	const struct config_key *key;
	struct config_value *value;
	char *equals = strchr(text, '=');

	if (!equals)
		die_usage("'%.80s' is neither KEY = VALUE nor [SECTION NAME]",
			  text);
	if (!r->section)
		die_usage("a value before the first section; write [%s NAME] above it",
			  kinds[0].name);
	*equals = '\0';
	text = strip(text);
	key = find_key(r->kind, text);
	if (!key)
		unknown_key(r->kind, text);
	text = strip(equals + 1);
	if (!*text)
		die_usage("'%s' has no value", key->name);
	other = config_get(r->section, key->name);
	if (other && !key->many)
		die_usage("'%s' is in line %u already", key->name,
			  other->line);
	key->check(text);

	value = xalloc(sizeof(*value));
	value->key = key->name;
	value->text = copy_text(text);
	value->line = r->line;
	*r->value_end = value;
	r->value_end = &value->next;
}

static void read_line(struct reader *r, char *line, size_t len)
{
	char *text;
	size_t i;

	config_at(r->config, ++r->line);
	for (i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]) &&
		    !isspace((unsigned char)line[i]))
			die_usage("a control character (%#x); is this a text file?",
				  (unsigned char)line[i]);
	text = strip(line);
	if (!*text || *text == '#' || *text == ';')
		return;
	if (*text == '[')
		read_header(r, text);
	else
		read_value(r, text);
}

struct config *config_read(const char *path)
{
	struct config *config = xalloc(sizeof(*config));
	struct reader r = {
		.config = config,
		.section_end = &config->sections,
	};
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *file;

	config->path = path;
	file = fopen(path, "re");
	if (!file)
		die_usage("cannot open %.200s: %s", path, strerror(errno));
	while ((len = getline(&line, &size, file)) >= 0)
		read_line(&r, line, (size_t)len);
	config_at_end();
	if (ferror(file))
		die_usage("cannot read %.200s: %s", path, strerror(errno));
	end_section(&r);
	config_at_end();
	free(line);
	fclose(file);
	return config;
}

const struct config_section *config_find(const struct config *config,
					 const char *kind, const char *name)
{
	const struct config_section *section;

	for (section = config->sections; section; section = section->next)
		if (!strcmp(section->kind, kind) &&
		    !strcmp(section->name, name))
			return section;
	return NULL;
}

/* The first of them, where a key comes more than once. */
const struct config_value *config_get(const struct config_section *section,
				      const char *key)
{
	const struct config_value *value;

	for (value = section->values; value; value = value->next)
		if (!strcmp(value->key, key))
			return value;
	return NULL;
}

bool config_is(const struct config_section *section, const char *key,
	       const char *text)
{
	const struct config_value *value = config_get(section, key);

	return value && !strcmp(value->text, text);
}
