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
	config_check check;	/* of the section's name; NULL: it has none */
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

static void check_pool_name(const char *text)
{
	check_name("pool", text);
}

/* That of a region may be POOL.REGION. */
static void check_node_name(const char *text)
{
	if (strchr(text, '/') || strlen(text) > 2 * KFIPMEM_NAME_MAX + 1)
		die_usage("node '%.80s' is no name in /dev/kfi", text);
}

static void check_mode(const char *text)
{
	get_mode(text);
}

static void check_owner(const char *text)
{
	unsigned int uid, gid;

	get_owner(text, &uid, &gid);
}

static void check_attachment_name(const char *text)
{
	check_name("attachment", text);
}

/* '*' is anybody. */
static void check_any_peer(const char *text)
{
	if (strcmp(text, "*"))
		check_peer(text);
}

static void check_port(const char *text)
{
	get_port(text);
}

static void check_region(const char *text)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];

	split_region(text, pool, region);
}

static void check_remote(const char *text)
{
	char host[KFIPMEM_HOST_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	uint16_t port;

	split_remote(text, host, &port, region);
}

/* A number, or one of the two words. */
static void check_number_or(const char *text, uint64_t max, const char *word,
			    const char *other)
{
	const char *fault;
	uint64_t value;

	if (!strcmp(text, word) || !strcmp(text, other))
		return;
	fault = parse_number(text, max, &value);
	if (fault)
		die_usage("'%.80s' %s, nor '%s' or '%s'", text, fault, word,
			  other);
}

static void check_cache_model(const char *text)
{
	check_number_or(text, UINT64_MAX, "yes", "no");
}

static void check_block_device(const char *text)
{
	check_number_or(text, INT32_MAX, "yes", "no");
}

static void check_block_size(const char *text)
{
	if (strcmp(text, "512") && strcmp(text, "4096"))
		die_usage("block size '%.80s' is neither 512 nor 4096", text);
}

static const struct config_key target_keys[] = {
	{ "addr", NULL, false },
	{ "port", check_port, false },
	{ "provider", check_provider, false },
};

static const struct config_key pool_keys[] = {
	{ "device", check_absolute, false },
	{ "cache-model", check_cache_model, false },
};

static const struct config_key peer_keys[] = {
	{ "key-file", check_absolute, false },
	{ "insecure", check_bool, false },
};

static const struct config_key export_keys[] = {
	{ "peer", check_any_peer, true },
	{ "reader", check_any_peer, true },
};

static const struct config_key attach_keys[] = {
	{ "from", check_remote, false },
	{ "as", check_peer, false },
	{ "key-file", check_absolute, false },
	{ "insecure", check_bool, false },
	{ "read-only", check_bool, false },
	{ "provider", check_provider, false },
};

static const struct config_key node_keys[] = {
	{ "mode", check_mode, false },
	{ "owner", check_owner, false },
};

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
	{ "at-boot", check_bool, false },
	{ "block-device", check_block_device, false },
	{ "block-size", check_block_size, false },
};

/* What a section has to have, its name for "pool 'tank' has no device". */
static void need(const struct config_section *section, const char *key)
{
	if (!config_get(section, key))
		die_usage("%s '%s' has no %s", section->kind, section->name,
			  key);
}

static void not_both(const struct config_section *section)
{
	if (config_get(section, "key-file") &&
	    config_is(section, "insecure", "yes"))
		die_usage("%s '%s' has both a key-file and 'insecure = yes'",
			  section->kind, section->name);
}

static void need_key(const struct config_section *section)
{
	not_both(section);
	if (!config_get(section, "key-file") &&
	    !config_is(section, "insecure", "yes"))
		die_usage("%s '%s' has neither a key-file nor 'insecure = yes'",
			  section->kind, section->name);
}

static void complete_pool(const struct config_section *section)
{
	need(section, "device");
}

static void complete_peer(const struct config_section *section)
{
	need_key(section);
	if (!strcmp(section->name, "*") && config_get(section, "key-file"))
		die_usage("peer '*' is anybody and has no key; write 'insecure = yes'");
}

static void complete_export(const struct config_section *section)
{
	if (!config_get(section, "peer") && !config_get(section, "reader"))
		die_usage("export '%s' has no peer", section->name);
}

static void complete_attach(const struct config_section *section)
{
	need(section, "from");
	need(section, "as");
	need_key(section);
}

static void complete_node(const struct config_section *section)
{
	if (!config_get(section, "mode") && !config_get(section, "owner"))
		die_usage("node '%s' has neither a mode nor an owner",
			  section->name);
}

static void complete_set(const struct config_section *section)
{
	need(section, "member");
	not_both(section);
}

static const struct config_kind kinds[] = {
	{ "set", check_set_name, set_keys, ARRAY_SIZE(set_keys),
	  complete_set },
	{ "target", NULL, target_keys, ARRAY_SIZE(target_keys), NULL },
	{ "pool", check_pool_name, pool_keys, ARRAY_SIZE(pool_keys),
	  complete_pool },
	{ "peer", check_any_peer, peer_keys, ARRAY_SIZE(peer_keys),
	  complete_peer },
	{ "export", check_region, export_keys, ARRAY_SIZE(export_keys),
	  complete_export },
	{ "attach", check_attachment_name, attach_keys,
	  ARRAY_SIZE(attach_keys), complete_attach },
	{ "node", check_node_name, node_keys, ARRAY_SIZE(node_keys),
	  complete_node },
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
	if (r->kind->complete)
		r->kind->complete(r->section);
}

static void __attribute__((noreturn)) unknown_section(const char *name)
{
	char known[256] = "";
	size_t i, at = 0;

	for (i = 0; i < ARRAY_SIZE(kinds) && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at,
				       "%s[%s%s]", i ? ", " : "",
				       kinds[i].name,
				       kinds[i].check ? " NAME" : "");
	die_usage("unknown section '%.80s'; there are %s", name, known);
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
		unknown_section(text);
	if (!*name && r->kind->check)
		die_usage("the section has no name; write [%s NAME]", text);
	if (*name && !r->kind->check)
		die_usage("there is one [%s], without a name", text);
	if (r->kind->check)
		r->kind->check(name);
	other = config_find(r->config, r->kind->name, name);
	if (other)
		die_usage("%s%s%s%s is in line %u already", r->kind->name,
			  *name ? " '" : "", name, *name ? "'" : "",
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
	if (key->check)
		key->check(text);

	value = xalloc(sizeof(*value));
	value->key = key->name;
	value->text = copy_text(text);
	value->line = r->line;
	*r->value_end = value;
	r->value_end = &value->next;
}

static bool ends_line(char c)
{
	return c == '\n' || c == '\r';
}

static void read_line(struct reader *r, char *line, size_t len)
{
	char *text;
	size_t i;

	config_at(r->config, ++r->line);
	while (len && ends_line(line[len - 1]))
		len--;
	/* What is wrong is repeated on a terminal: nothing may move there. */
	for (i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
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

/* Across sections: whoever something is exported to has to have a key. */
static void check_exports(const struct config *config)
{
	const struct config_section *section;
	const struct config_value *value;

	for (section = config->sections; section; section = section->next) {
		if (strcmp(section->kind, "export"))
			continue;
		for (value = section->values; value; value = value->next) {
			config_at(config, value->line);
			if (!config_find(config, "peer", value->text))
				die_usage("there is no [peer %s] that says its key",
					  value->text);
		}
	}
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
	check_exports(config);
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
