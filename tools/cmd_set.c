// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem set ...: what changes a replica set. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "set.h"

static void take(const char **option, const struct config_section *section,
		 const char *key)
{
	const struct config_value *value = config_get(section, key);

	if (!*option && value)
		*option = value->text;
}

static void take_members(struct options *o, const struct config *config,
			 const struct config_section *section)
{
	const struct config_value *value;
	bool witness;

	for (value = section->values; value; value = value->next) {
		witness = !strcmp(value->key, "witness");
		if (!witness && strcmp(value->key, "member"))
			continue;
		config_at(config, value->line);
		if (o->nr_members == ARRAY_SIZE(o->member))
			die_usage("a set has at most %zu members",
				  ARRAY_SIZE(o->member));
		o->member[o->nr_members].text = value->text;
		o->member[o->nr_members++].witness = witness;
	}
	config_at_end();
}

/*
 * What is not on the command line comes from the file, which stays in memory.
 * The members come from one of the two.
 */
static void take_config(const char *cmd, struct options *o)
{
	const char *path = o->config ? o->config : CONFIG_PATH;
	const struct config_section *section;
	struct config *config;

	if (o->nr_members && o->config)
		die_usage("%s: members come from --config or from --member, not from both",
			  cmd);
	if (o->nr_members)
		return;
	if (!o->config && access(path, F_OK))
		die_usage("%s: say with --member of what, or in " CONFIG_PATH " as [set %s]",
			  cmd, o->arg[0]);
	config = config_read(path);
	section = config_find(config, "set", o->arg[0]);
	if (!section)
		die_usage("%s: %.200s has no [set %s]", cmd, path, o->arg[0]);
	take_members(o, config, section);
	if (!o->insecure) {
		take(&o->key_file, section, "key-file");
		o->insecure = !o->key_file &&
			      config_is(section, "insecure", "yes");
	}
	take(&o->as, section, "as");
	take(&o->provider, section, "provider");
	take(&o->extent_size, section, "extent-size");
	take(&o->resync_rate, section, "resync-rate");
	o->fail_io |= config_is(section, "on-quorum-loss", "fail");
}

static void put_set_options(struct nlmsghdr *nlh, const struct options *o,
			    bool create)
{
	if (create)
		nl_put_flag(nlh, KFIPMEM_A_SET_CREATE);
	if (o->assume_clean)
		nl_put_flag(nlh, KFIPMEM_A_SET_ASSUME_CLEAN);
	if (o->raw)
		nl_put_flag(nlh, KFIPMEM_A_SET_RAW);
	if (o->fail_io)
		nl_put_flag(nlh, KFIPMEM_A_SET_FAIL_IO);
	if (create && o->extent_size)
		nl_put_uint(nlh, KFIPMEM_A_SET_EXTENT_SIZE,
			    get_extent_size(o->extent_size));
	if (o->resync_rate)
		nl_put_uint(nlh, KFIPMEM_A_SET_RESYNC_RATE,
			    get_bytes("rate", o->resync_rate));
}

static void check_set_options(const char *cmd, const struct options *o,
			      bool create)
{
	unsigned int i, data = 0, removed = 0;

	for (i = 0; i < o->nr_members; i++) {
		if (is_removed(o->member[i].text))
			removed++;
		else
			data += !o->member[i].witness;
	}
	if (create && removed)
		die_usage("%s: a new set has no member that was removed", cmd);
	if (!data)
		die_usage("%s: a set needs a --member that holds data", cmd);
	if (o->raw && o->nr_members > 1)
		die_usage("%s: a raw set has one member, not %u", cmd,
			  o->nr_members);
	if (o->extent_size)
		get_extent_size(o->extent_size);
	if (o->resync_rate)
		get_bytes("rate", o->resync_rate);
}

static int set_start(const struct options *given, bool create)
{
	const char *cmd = create ? "set create" : "set start";
	struct options o = *given;
	struct member_auth auth;
	struct nlmsghdr *nlh;

	check_name("set", o.arg[0]);
	take_config(cmd, &o);
	check_set_options(cmd, &o, create);
	get_member_auth(cmd, &o, &auth);

	nlh = nl_request(KFIPMEM_CMD_SET_START);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, o.arg[0]);
	put_set_options(nlh, &o, create);
	put_members(nlh, &o, &auth);
	explicit_bzero(&auth, sizeof(auth));
	nl_do(nlh, "%s %s", cmd, o.arg[0]);
	json_ok();
	return EXIT_OK;
}

static void print_members(const struct config_section *section)
{
	const struct config_value *value;
	unsigned int index = 0;
	bool witness;

	if (json_mode) {
		json_begin();
		json_array("members");
	}
	for (value = section->values; value; value = value->next) {
		witness = !strcmp(value->key, "witness");
		if (!witness && strcmp(value->key, "member"))
			continue;
		if (json_mode) {
			json_object(NULL);
			json_uint("index", index);
			json_str("where", value->text);
			json_bool("witness", witness);
			if (is_removed(value->text))
				json_bool("removed", true);
			json_object_end();
		} else {
			printf("%u  %-32s %s\n", index, value->text,
			       is_removed(value->text) ? "-" :
			       witness ? "witness" : "data");
		}
		index++;
	}
	if (json_mode) {
		json_array_end();
		json_end();
	}
}

int cmd_set_members(const struct options *o)
{
	const struct config_section *section;
	struct config *config;

	check_name("set", o->arg[0]);
	config = config_read(o->config ? o->config : CONFIG_PATH);
	section = config_find(config, "set", o->arg[0]);
	if (!section)
		die_usage("set members: %.200s has no [set %s]", config->path,
			  o->arg[0]);
	print_members(section);
	return EXIT_OK;
}

int cmd_set_create(const struct options *o)
{
	return set_start(o, true);
}

int cmd_set_start(const struct options *o)
{
	return set_start(o, false);
}

int cmd_set_stop(const struct options *o)
{
	struct nlmsghdr *nlh;

	check_name("set", o->arg[0]);
	nlh = nl_request(KFIPMEM_CMD_SET_STOP);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, o->arg[0]);
	nl_do(nlh, "set stop %s", o->arg[0]);
	json_ok();
	return EXIT_OK;
}

int cmd_set_add(const struct options *o)
{
	struct member_auth auth;
	struct nlmsghdr *nlh;

	check_name("set", o->arg[0]);
	if (!o->nr_members)
		die_usage("set add: say with --member or --witness what to add");
	if (o->nr_members > 1)
		die_usage("set add: one member at a time, so that each has its index");
	if (is_removed(o->member[0].text))
		die_usage("set add: what was removed cannot be added; name a region");
	get_member_auth("set add", o, &auth);

	nlh = nl_request(KFIPMEM_CMD_SET_ADD);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, o->arg[0]);
	put_members(nlh, o, &auth);
	explicit_bzero(&auth, sizeof(auth));
	nl_do(nlh, "set add %s to %s", o->member[0].text, o->arg[0]);
	json_ok();
	return EXIT_OK;
}

int cmd_set_remove(const struct options *o)
{
	struct nlmsghdr *nlh;
	const char *fault;
	uint64_t index;

	check_name("set", o->arg[0]);
	fault = parse_number(o->arg[1], UINT32_MAX, &index);
	if (!fault && index >= KFIPMEM_SET_MEMBERS_MAX)
		fault = "is not the index of a member (0 to 7); see 'kfipmem set status'";
	if (fault)
		die_usage("set remove: '%.80s' %s", o->arg[1], fault);
	nlh = nl_request(KFIPMEM_CMD_SET_REMOVE);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, o->arg[0]);
	mnl_attr_put_u32(nlh, KFIPMEM_A_SET_INDEX, (uint32_t)index);
	nl_do(nlh, "set remove member %s of %s", o->arg[1], o->arg[0]);
	json_ok();
	return EXIT_OK;
}

/* Until the scrub has ended. Return: what it found. */
static struct set_status wait_scrub(const char *name)
{
	const struct timespec second = { .tv_sec = 1 };
	bool terminal = !json_mode && isatty(STDOUT_FILENO);
	struct set_status set;
	struct set_list list;

	for (;;) {
		sets_read(&list, name);
		if (!list.nr)
			die_kernel(ENOENT, "the set was stopped meanwhile",
				   "set scrub %s", name);
		set = list.set[0];
		sets_free(&list);
		if (!set.scrubbing)
			break;
		if (terminal) {
			printf("\r%s: %3u%%", name,
			       percent_of(set.scrubbed, set.size));
			fflush(stdout);
		}
		nanosleep(&second, NULL);
	}
	if (terminal)
		fputs("\r\033[K", stdout);
	return set;
}

static void report_scrub(const struct set_status *set, bool repair)
{
	char size[16], all[16];

	if (set->scrubbed < set->size)
		die_kernel(EIO, "broken off; see the kernel's log and 'kfipmem set status'",
			   "set scrub %s: %s of %s", set->name,
			   size_text(set->scrubbed, size, sizeof(size)),
			   size_text(set->size, all, sizeof(all)));
	if (set->mismatches > set->repaired)
		die_kernel(EIO, repair ? "see the kernel's log" :
					 "repair them with --repair",
			   "set scrub %s: %" PRIu64 " extents differ, %" PRIu64 " were repaired",
			   set->name, set->mismatches, set->repaired);
	if (json_mode) {
		json_begin();
		json_bool("ok", true);
		json_uint("scrubbed", set->scrubbed);
		json_uint("mismatches", set->mismatches);
		json_uint("repaired", set->repaired);
		json_end();
	} else {
		printf("%s: %s compared, extents that differed %" PRIu64
		       ", repaired %" PRIu64 "\n", set->name,
		       size_text(set->scrubbed, size, sizeof(size)),
		       set->mismatches, set->repaired);
	}
}

int cmd_set_scrub(const struct options *o)
{
	struct nlmsghdr *nlh;
	struct set_status set;

	check_name("set", o->arg[0]);
	nlh = nl_request(KFIPMEM_CMD_SET_SCRUB);
	mnl_attr_put_strz(nlh, KFIPMEM_A_SET_NAME, o->arg[0]);
	if (o->repair)
		nl_put_flag(nlh, KFIPMEM_A_SET_REPAIR);
	nl_do(nlh, "set scrub %s", o->arg[0]);
	if (!o->wait) {
		json_ok();
		return EXIT_OK;
	}
	set = wait_scrub(o->arg[0]);
	report_scrub(&set, o->repair);
	return EXIT_OK;
}
