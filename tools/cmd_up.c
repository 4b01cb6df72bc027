// SPDX-License-Identifier: BSD-3-Clause
/*
 * kfipmem up, down: what the configuration file describes. Each step is the
 * command that a person would give, in a child: it prints and leaves when it
 * fails, and the others are still tried.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"
#include "set.h"

struct told {
	struct told *next;
	char text[256];
};

struct job {
	const struct options *o;
	struct config *config;
	const struct config_section *set;	/* of --set, or NULL */
	const char *verb;
	struct told *told;	/* for JSON, which has to be whole */
	struct told **told_end;
	unsigned int changes;
	unsigned int failures;
	enum exit_code code;	/* of the first that failed */
};

struct part {
	const char *name;
	void (*up)(struct job *job);
	void (*down)(struct job *job);
};

static const char *get_text(const struct config_section *section,
			    const char *key)
{
	const struct config_value *value;

	value = section ? config_get(section, key) : NULL;
	return value ? value->text : NULL;
}

static void failed(struct job *job, int code)
{
	if (!job->failures++)
		job->code = code ? (enum exit_code)code : EXIT_KERNEL;
}

static void __attribute__((format(printf, 3, 4)))
fault(struct job *job, unsigned int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "kfipmem: %s:%u: %s\n", job->config->path, line, text);
	failed(job, EXIT_KERNEL);
}

static void tell(struct job *job, const char *text)
{
	struct told *told;

	job->changes++;
	if (!json_mode) {
		printf("%s%s\n", job->o->check ? "missing: " : "", text);
		return;
	}
	told = xalloc(sizeof(*told));
	snprintf(told->text, sizeof(told->text), "%s", text);
	*job->told_end = told;
	job->told_end = &told->next;
}

static void __attribute__((noreturn))
run(const struct job *job, unsigned int line,
    int (*command)(const struct options *o), const struct options *o)
{
	json_mode = false;
	nl_forget();
	config_at(job->config, line);
	if (!freopen("/dev/null", "w", stdout))
		die_usage("cannot open /dev/null: %s", strerror(errno));
	exit(command(o));
}

/* Return: whether it was done, or would be with --check. */
static bool step(struct job *job, unsigned int line, const char *what,
		 int (*command)(const struct options *o),
		 const struct options *o)
{
	int status = 0;
	pid_t pid;

	if (job->o->check) {
		tell(job, what);
		return true;
	}
	fflush(stdout);
	pid = fork();
	if (!pid)
		run(job, line, command, o);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fault(job, line, "%s: %s", what, strerror(errno));
		return false;
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		failed(job, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
		return false;
	}
	tell(job, what);
	return true;
}

/* Whether a list has an entry with these values, NULL for any. */
struct want {
	uint16_t attr;
	const char *text;
};

static bool listed(uint8_t cmd, const char *what, const struct want *want,
		   size_t nr_want)
{
	const struct nlattr *a[64];
	struct reply reply;
	bool found = false;
	size_t i, j;

	nl_dump(cmd, &reply, what);
	for (i = 0; i < reply.nr && !found; i++) {
		nl_parse(reply.msg[i], a, ARRAY_SIZE(a) - 1);
		for (j = 0; j < nr_want; j++)
			if (want[j].text &&
			    strcmp(nl_str(a[want[j].attr]), want[j].text))
				break;
		found = j == nr_want;
	}
	nl_reply_free(&reply);
	return found;
}

static bool pool_is_open(const char *name)
{
	const struct want want[] = { { KFIPMEM_A_POOL_NAME, name } };

	return listed(KFIPMEM_CMD_POOL_GET, "pool list", want,
		      ARRAY_SIZE(want));
}

/* @peer NULL: to anybody */
static bool is_exported(const char *text, const char *peer)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];
	const struct want want[] = {
		{ KFIPMEM_A_EXPORT_POOL, pool },
		{ KFIPMEM_A_EXPORT_REGION, region },
		{ KFIPMEM_A_EXPORT_PEER, peer },
	};

	split_region(text, pool, region);
	return listed(KFIPMEM_CMD_EXPORT_GET, "exports", want,
		      ARRAY_SIZE(want));
}

static bool is_attached(const char *name)
{
	const struct want want[] = { { KFIPMEM_A_ATTACHMENT_NAME, name } };

	return listed(KFIPMEM_CMD_ATTACHMENT_GET, "attachments", want,
		      ARRAY_SIZE(want));
}

static bool is_listening(void)
{
	const struct nlattr *a[KFIPMEM_A_TARGET_MAX + 1];
	struct reply status;
	bool listening;

	nl_get(nl_request(KFIPMEM_CMD_STATUS_GET), &status, "status");
	nl_parse(status.msg[0], a, KFIPMEM_A_TARGET_MAX);
	listening = a[KFIPMEM_A_TARGET_LISTENING];
	nl_reply_free(&status);
	return listening;
}

/* Sections of a kind from @section on, or before it; NULL for the end. */
static const struct config_section *
next_section(const struct config_section *section, const char *kind)
{
	while (section && strcmp(section->kind, kind))
		section = section->next;
	return section;
}

static const struct config_section *
previous_section(const struct config *config,
		 const struct config_section *end, const char *kind)
{
	const struct config_section *section, *last = NULL;

	for (section = config->sections; section != end;
	     section = section->next)
		if (!strcmp(section->kind, kind))
			last = section;
	return last;
}

#define for_each_section(section, job, kind)				    \
	for (section = next_section((job)->config->sections, kind); section; \
	     section = next_section(section->next, kind))
#define for_each_section_back(section, job, kind)			    \
	for (section = previous_section((job)->config, NULL, kind); section; \
	     section = previous_section((job)->config, section, kind))

/* Local members of the set of --set. @value NULL begins. */
static const struct config_value *next_local(const struct job *job,
					     const struct config_value *value,
					     struct member_spec *spec)
{
	value = value ? value->next : job->set->values;
	for (; value; value = value->next) {
		if (strcmp(value->key, "member") &&
		    strcmp(value->key, "witness"))
			continue;
		parse_member(value->text, spec);
		if (spec->local)
			return value;
	}
	return NULL;
}

/* Whether the set of --set, if there is one, has a local member there. */
static bool is_wanted(const struct job *job, const char *pool,
		      const char *region)
{
	const struct config_value *value = NULL;
	struct member_spec spec;

	if (!job->set)
		return true;
	while ((value = next_local(job, value, &spec)))
		if (!strcmp(spec.pool, pool) &&
		    (!region || !strcmp(spec.region, region)))
			return true;
	return false;
}

static bool is_wanted_region(const struct job *job, const char *text)
{
	char pool[KFIPMEM_NAME_MAX + 1], region[KFIPMEM_NAME_MAX + 1];

	split_region(text, pool, region);
	return is_wanted(job, pool, region);
}

/* --- pools --- */

static void pool_up(struct job *job, const struct config_section *section)
{
	const char *model = get_text(section, "cache-model");
	struct options o = { .nr_args = 1 };
	char what[128];

	if (pool_is_open(section->name))
		return;
	o.arg[0] = get_text(section, "device");
	o.cache_model = model && strcmp(model, "no");
	if (o.cache_model && strcmp(model, "yes"))
		o.cache_seed = model;
	snprintf(what, sizeof(what), "pool %s", section->name);
	if (!step(job, section->line, what, cmd_pool_open, &o) ||
	    job->o->check)
		return;
	/* The name is on the medium. */
	if (!pool_is_open(section->name))
		fault(job, section->line,
		      "the pool on %.255s is open and is not named '%s'; see 'kfipmem pool list'",
		      o.arg[0], section->name);
}

/* A set can only be served from pools that something opens. */
static void check_pools_of_set(struct job *job)
{
	const struct config_value *value = NULL;
	struct member_spec spec;

	while ((value = next_local(job, value, &spec)))
		if (!config_find(job->config, "pool", spec.pool) &&
		    !pool_is_open(spec.pool))
			fault(job, value->line,
			      "pool '%s' is not open, and there is no [pool %s]",
			      spec.pool, spec.pool);
}

static void pools_up(struct job *job)
{
	const struct config_section *section;

	if (job->set)
		check_pools_of_set(job);
	for_each_section(section, job, "pool")
		if (is_wanted(job, section->name, NULL))
			pool_up(job, section);
}

static void pools_down(struct job *job)
{
	const struct config_section *section;
	struct options o = { .nr_args = 1 };
	char what[128];

	for_each_section_back(section, job, "pool") {
		if (!is_wanted(job, section->name, NULL) ||
		    !pool_is_open(section->name))
			continue;
		o.arg[0] = section->name;
		snprintf(what, sizeof(what), "pool %s", section->name);
		step(job, section->line, what, cmd_pool_close, &o);
	}
}

/* --- exports --- */

static void listen_up(struct job *job, unsigned int line)
{
	const struct config_section *target =
		config_find(job->config, "target", "");
	struct options o = {
		.addr = get_text(target, "addr"),
		.port = get_text(target, "port"),
		.provider = get_text(target, "provider"),
	};

	if (!is_listening())
		step(job, target ? target->line : line, "target", cmd_listen,
		     &o);
}

static void export_up(struct job *job, const struct config_section *section,
		      const struct config_value *value)
{
	const struct config_section *peer =
		config_find(job->config, "peer", value->text);
	struct options o = {
		.arg = { section->name },
		.nr_args = 1,
		.peer = value->text,
		.key_file = get_text(peer, "key-file"),
		.read_only = !strcmp(value->key, "reader"),
	};
	char what[256];

	if (is_exported(section->name, value->text))
		return;
	o.insecure = !o.key_file;
	snprintf(what, sizeof(what), "export %s to %s", section->name,
		 value->text);
	step(job, value->line, what, cmd_export, &o);
}

/* A set whose members are all here needs no export. */
static void check_exports_of_set(struct job *job)
{
	char name[2 * KFIPMEM_NAME_MAX + 2];
	const struct config_value *value = NULL;
	struct member_spec spec;

	if (!config_get(job->set, "as"))
		return;
	while ((value = next_local(job, value, &spec))) {
		snprintf(name, sizeof(name), "%s/%s", spec.pool, spec.region);
		if (!config_find(job->config, "export", name) &&
		    !is_exported(name, NULL))
			fault(job, value->line,
			      "%s is not exported, and there is no [export %s]",
			      name, name);
	}
}

static void exports_up(struct job *job)
{
	const struct config_section *target =
		config_find(job->config, "target", "");
	const struct config_section *section;
	const struct config_value *value;
	bool listens = false;

	if (job->set)
		check_exports_of_set(job);
	else if (target)
		listen_up(job, target->line);
	for_each_section(section, job, "export") {
		if (!is_wanted_region(job, section->name))
			continue;
		if (!listens)
			listen_up(job, section->line);
		listens = true;
		for (value = section->values; value; value = value->next)
			export_up(job, section, value);
	}
}

static void export_down(struct job *job, const struct config_section *section)
{
	const struct config_value *value;
	struct options o = { .arg = { section->name }, .nr_args = 1 };
	char what[256];

	for (value = section->values; value; value = value->next) {
		if (!is_exported(section->name, value->text))
			continue;
		o.peer = value->text;
		snprintf(what, sizeof(what), "export %s to %s", section->name,
			 value->text);
		step(job, value->line, what, cmd_unexport, &o);
	}
}

static void exports_down(struct job *job)
{
	const struct config_section *section, *last = NULL;
	const struct options o = {};

	for_each_section_back(section, job, "export") {
		if (!last)
			last = section;
		if (is_wanted_region(job, section->name))
			export_down(job, section);
	}
	section = config_find(job->config, "target", "");
	if (section)
		last = section;
	/* Others may have exported something by hand. */
	if (!job->set && last && is_listening() &&
	    !listed(KFIPMEM_CMD_EXPORT_GET, "exports", NULL, 0))
		step(job, last->line, "target", cmd_unlisten, &o);
}

/* --- attachments --- */

static void attachments_up(struct job *job)
{
	const struct config_section *section;
	char what[128];

	for_each_section(section, job, "attach") {
		struct options o = {
			.arg = { get_text(section, "from") },
			.nr_args = 1,
			.name = section->name,
			.as = get_text(section, "as"),
			.key_file = get_text(section, "key-file"),
			.provider = get_text(section, "provider"),
			.read_only = config_is(section, "read-only", "yes"),
		};

		if (job->set || is_attached(section->name))
			continue;
		o.insecure = !o.key_file;
		snprintf(what, sizeof(what), "attachment %s", section->name);
		step(job, section->line, what, cmd_attach, &o);
	}
}

static void attachments_down(struct job *job)
{
	const struct config_section *section;
	struct options o = { .nr_args = 1, .force = job->o->force };
	char what[128];

	for_each_section_back(section, job, "attach") {
		if (job->set || !is_attached(section->name))
			continue;
		o.arg[0] = section->name;
		snprintf(what, sizeof(what), "attachment %s", section->name);
		step(job, section->line, what, cmd_detach, &o);
	}
}

/* --- sets --- */

/* Return: its number, or -1 */
static int64_t block_device_of(const char *set)
{
	const struct nlattr *a[KFIPMEM_A_BLK_MAX + 1];
	int64_t number = -1;
	struct reply reply;
	size_t i;

	nl_dump(KFIPMEM_CMD_BLK_GET, &reply, "blk list");
	for (i = 0; i < reply.nr; i++) {
		nl_parse(reply.msg[i], a, KFIPMEM_A_BLK_MAX);
		if (!strcmp(nl_str(a[KFIPMEM_A_BLK_SET]), set))
			number = (int64_t)nl_uint(a[KFIPMEM_A_BLK_NUMBER]);
	}
	nl_reply_free(&reply);
	return number;
}

/* Return: its state, or -1 */
static int64_t state_of(const char *set)
{
	struct set_list list;
	int64_t state;

	sets_read(&list, set);
	state = list.nr ? (int64_t)list.set[0].state : -1;
	sets_free(&list);
	return state;
}

static void blk_up(struct job *job, const struct config_section *section)
{
	const char *device = get_text(section, "block-device");
	struct options o = {
		.arg = { section->name },
		.nr_args = 1,
		.block_size = get_text(section, "block-size"),
	};
	char what[128];

	if (!device || !strcmp(device, "no") ||
	    block_device_of(section->name) >= 0)
		return;
	if (strcmp(device, "yes"))
		o.number = device;
	snprintf(what, sizeof(what), "block device of set %s", section->name);
	step(job, config_get(section, "block-device")->line, what,
	     cmd_blk_add, &o);
}

static void set_up(struct job *job, const struct config_section *section)
{
	struct options o = {
		.arg = { section->name },
		.nr_args = 1,
		.config = job->config->path,
	};
	int64_t state = state_of(section->name);
	char what[128];

	if (state == KFIPMEM_SET_FENCED) {
		fault(job, section->line,
		      "set '%s' is fenced here: another machine has taken it over; 'kfipmem down sets --set %s' first",
		      section->name, section->name);
		return;
	}
	snprintf(what, sizeof(what), "set %s", section->name);
	if (state < 0 && !step(job, section->line, what, cmd_set_start, &o))
		return;
	blk_up(job, section);
}

static bool is_wanted_set(const struct job *job,
			  const struct config_section *section)
{
	if (job->set)
		return section == job->set;
	return config_is(section, "at-boot", "yes");
}

static void sets_up(struct job *job)
{
	const struct config_section *section;

	for_each_section(section, job, "set")
		if (is_wanted_set(job, section))
			set_up(job, section);
}

static void set_down(struct job *job, const struct config_section *section)
{
	int64_t device = block_device_of(section->name);
	struct options o = { .nr_args = 1, .force = job->o->force };
	char what[128], number[16];

	if (device >= 0) {
		snprintf(number, sizeof(number), "%u", (unsigned int)device);
		o.arg[0] = number;
		snprintf(what, sizeof(what), "block device of set %s",
			 section->name);
		if (!step(job, section->line, what, cmd_blk_del, &o))
			return;
	}
	if (state_of(section->name) < 0)
		return;
	o.arg[0] = section->name;
	snprintf(what, sizeof(what), "set %s", section->name);
	step(job, section->line, what, cmd_set_stop, &o);
}

static void sets_down(struct job *job)
{
	const struct config_section *section;

	for_each_section_back(section, job, "set")
		if (is_wanted_set(job, section))
			set_down(job, section);
}

/* In the order of coming up. */
static const struct part parts[] = {
	{ "pools", pools_up, pools_down },
	{ "exports", exports_up, exports_down },
	{ "attachments", attachments_up, attachments_down },
	{ "sets", sets_up, sets_down },
};

/* Return: a bit for each part; all without words. */
static unsigned int get_parts(const struct job *job)
{
	unsigned int i, chosen = 0;
	size_t j;

	for (i = 0; i < job->o->nr_args; i++) {
		for (j = 0; j < ARRAY_SIZE(parts); j++)
			if (!strcmp(parts[j].name, job->o->arg[i]))
				break;
		if (j == ARRAY_SIZE(parts))
			die_usage("%s: '%.80s' is none of pools, exports, attachments and sets",
				  job->verb, job->o->arg[i]);
		chosen |= 1U << j;
	}
	return chosen ? chosen : (1U << ARRAY_SIZE(parts)) - 1;
}

static void begin(struct job *job)
{
	const struct options *o = job->o;

	job->told_end = &job->told;
	if (o->set)
		check_name("set", o->set);
	job->config = config_read(o->config ? o->config : CONFIG_PATH);
	if (!o->set)
		return;
	job->set = config_find(job->config, "set", o->set);
	if (!job->set)
		die_usage("%s: %.200s has no [set %s]", job->verb,
			  job->config->path, o->set);
}

static void print_json(struct job *job, bool ok)
{
	struct told *told;

	json_begin();
	json_bool("ok", ok);
	json_array(job->o->check ? "missing" : "changed");
	while ((told = job->told)) {
		json_str(NULL, told->text);
		job->told = told->next;
		free(told);
	}
	json_array_end();
	json_end();
}

static int finish(struct job *job)
{
	bool missing = job->o->check && job->changes;

	if (json_mode)
		print_json(job, !job->failures && !missing);
	if (job->failures)
		return job->code;
	return missing ? EXIT_KERNEL : EXIT_OK;
}

/* Whichever part brought a node up; one that is not there may be another's. */
static void nodes_up(struct job *job)
{
	const struct config_section *section;
	char what[160];

	for_each_section(section, job, "node") {
		struct options o = {
			.arg = { section->name },
			.nr_args = 1,
			.mode = get_text(section, "mode"),
			.owner = get_text(section, "owner"),
		};

		if (!node_differs(&o))
			continue;
		snprintf(what, sizeof(what), "owner and mode of node %.128s",
			 section->name);
		step(job, section->line, what, cmd_node, &o);
	}
}

int cmd_up(const struct options *o)
{
	struct job job = { .o = o, .verb = "up" };
	unsigned int chosen = get_parts(&job);
	size_t i;

	begin(&job);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (chosen & 1U << i)
			parts[i].up(&job);
	nodes_up(&job);
	return finish(&job);
}

int cmd_down(const struct options *o)
{
	struct job job = { .o = o, .verb = "down" };
	unsigned int chosen = get_parts(&job);
	size_t i;

	begin(&job);
	for (i = ARRAY_SIZE(parts); i-- > 0;)
		if (chosen & 1U << i)
			parts[i].down(&job);
	return finish(&job);
}
