// SPDX-License-Identifier: BSD-3-Clause
/* Command line, and how a command ends. */
#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kfipmem.h"

bool json_mode;
static const char *prog = "kfipmem";
static char where[320];

enum {
	OPT_NAME = 0x100,
	OPT_PEER,
	OPT_AS,
	OPT_KEY_FILE,
	OPT_INSECURE_ANY,
	OPT_INSECURE,
	OPT_READ_ONLY,
	OPT_FORCE,
	OPT_CACHE_MODEL,
	OPT_SIZE,
	OPT_ADDR,
	OPT_PORT,
	OPT_PROVIDER,
	OPT_EPOCH,
	OPT_MEMBER,
	OPT_WITNESS,
	OPT_CONFIG,
	OPT_ASSUME_CLEAN,
	OPT_EXTENT_SIZE,
	OPT_FAIL_IO,
	OPT_RESYNC_RATE,
	OPT_RAW,
	OPT_REPAIR,
	OPT_WAIT,
	OPT_WATCH,
	OPT_BLOCK_SIZE,
	OPT_NUMBER,
	OPT_SET,
	OPT_CHECK,
	OPT_JSON,
};

static const struct argp_option all_options[] = {
	{ "name", OPT_NAME, "NAME", 0, "local name", 0 },
	{ "peer", OPT_PEER, "PEER", 0,
	  "name of the peer; '*' is anybody, with --insecure-any", 0 },
	{ "as", OPT_AS, "PEER", 0, "name that the peer exports to", 0 },
	{ "key-file", OPT_KEY_FILE, "FILE", 0,
	  "key shared with the peer: 32 raw bytes or 64 hex digits", 0 },
	{ "insecure-any", OPT_INSECURE_ANY, NULL, 0,
	  "ask for no key: whoever says this name gets access", 0 },
	{ "insecure", OPT_INSECURE, NULL, 0,
	  "have no key: only --insecure-any exports can be attached", 0 },
	{ "member", OPT_MEMBER, "MEMBER", 0,
	  "local:POOL/REGION or HOST[:PORT]/REGION, or, of one that was removed, 'removed'; the order counts: a member keeps its index, from 0, for ever",
	  0 },
	{ "witness", OPT_WITNESS, "MEMBER", 0,
	  "likewise, one that votes and holds no data", 0 },
	{ "config", OPT_CONFIG, "FILE", 0,
	  "configuration, for what is not given here (/etc/kfipmem.conf)", 0 },
	{ "assume-clean", OPT_ASSUME_CLEAN, NULL, 0,
	  "the regions are known to hold the same bytes: no first resync", 0 },
	{ "extent-size", OPT_EXTENT_SIZE, "SIZE", 0,
	  "bytes that one mark of a possible difference stands for, 64K to 1G (1M)",
	  0 },
	{ "fail-io", OPT_FAIL_IO, NULL, 0,
	  "without a majority fail requests, do not hold them", 0 },
	{ "resync-rate", OPT_RESYNC_RATE, "SIZE", 0,
	  "bytes per second of a resync (no limit)", 0 },
	{ "raw", OPT_RAW, NULL, 0,
	  "one member, as it is: no record, no epoch, no copies", 0 },
	{ "repair", OPT_REPAIR, NULL, 0,
	  "make what differs equal to the member that is read from", 0 },
	{ "wait", OPT_WAIT, NULL, 0, "until it is done, and say the result",
	  0 },
	{ "watch", OPT_WATCH, NULL, 0, "go on, and show each change", 0 },
	{ "block-size", OPT_BLOCK_SIZE, "BYTES", 0,
	  "of a logical block: 512 or 4096 (4096)", 0 },
	{ "number", OPT_NUMBER, "N", 0, "of /dev/kfiblkN (the first free)", 0 },
	{ "set", OPT_SET, "SET", 0,
	  "only what this set needs of this machine, or the set itself", 0 },
	{ "check", OPT_CHECK, NULL, 0,
	  "change nothing; say what is missing, and fail if anything is", 0 },
	{ "read-only", OPT_READ_ONLY, NULL, 0, "no writes", 0 },
	{ "force", OPT_FORCE, NULL, 0,
	  "pool create: overwrite what is there; detach, blk del, down: even if open",
	  0 },
	{ "cache-model", OPT_CACHE_MODEL, "SEED", OPTION_ARG_OPTIONAL,
	  "lose uncommitted writes in a crash, as a power cut would; SEED: and write some lines back early",
	  0 },
	{ "size", OPT_SIZE, "SIZE", 0,
	  "bytes, with K, M, G, T, P or E; or a percentage of the largest region that the pool can still give",
	  0 },
	{ "addr", OPT_ADDR, "ADDR", 0, "local address (0.0.0.0)", 0 },
	{ "port", OPT_PORT, "PORT", 0, "port (7473)", 0 },
	{ "provider", OPT_PROVIDER, "NAME", 0,
	  "kfabric provider to use, for example rdma", 0 },
	{ "epoch", OPT_EPOCH, "N", 0, "writers of an older epoch are fenced",
	  0 },
};

struct command {
	const char *group;
	const char *name;
	int (*run)(const struct options *o);
	unsigned int min_args;
	unsigned int max_args;
	const char *args_doc;
	const char *doc;
	int options[12];
};

static const struct command commands[] = {
	{ "pool", "create", cmd_pool_create, 1, 1, "DEV --name POOL",
	  "Make a pool on the pmem device DEV, or on DRAM: ram:SIZE",
	  { OPT_NAME, OPT_FORCE, OPT_CACHE_MODEL } },
	{ "pool", "open", cmd_pool_open, 1, 1, "DEV", "Open the pool on DEV",
	  { OPT_CACHE_MODEL } },
	{ "pool", "close", cmd_pool_close, 1, 1, "POOL", "Close a pool",
	  { 0 } },
	{ "pool", "list", cmd_pool_list, 0, 0, "", "List open pools", { 0 } },
	{ "pool", "destroy", cmd_pool_destroy, 1, 1, "POOL",
	  "Close a pool and wipe it from its device", { 0 } },
	{ "region", "create", cmd_region_create, 1, 1,
	  "POOL/REGION --size SIZE", "Make a region", { OPT_SIZE } },
	{ "region", "list", cmd_region_list, 0, 0, "", "List regions",
	  { 0 } },
	{ "region", "remove", cmd_region_remove, 1, 1, "POOL/REGION",
	  "Remove a region", { 0 } },
	{ NULL, "export", cmd_export, 1, 1,
	  "POOL/REGION --peer PEER (--key-file FILE | --insecure-any)",
	  "Let a peer attach a region",
	  { OPT_PEER, OPT_KEY_FILE, OPT_INSECURE_ANY, OPT_READ_ONLY } },
	{ NULL, "unexport", cmd_unexport, 1, 1, "POOL/REGION --peer PEER",
	  "Take an export back; when this ends no access lands any more",
	  { OPT_PEER } },
	{ NULL, "exports", cmd_exports, 0, 0, "", "List exports", { 0 } },
	{ NULL, "fence", cmd_fence, 1, 1,
	  "POOL/REGION (--epoch N | --peer PEER)",
	  "Shut out older writers, or one peer", { OPT_EPOCH, OPT_PEER } },
	{ NULL, "listen", cmd_listen, 0, 0, "", "Start to serve exports",
	  { OPT_ADDR, OPT_PORT, OPT_PROVIDER } },
	{ NULL, "unlisten", cmd_unlisten, 0, 0, "", "Stop to serve exports",
	  { 0 } },
	{ NULL, "attach", cmd_attach, 1, 1,
	  "HOST[:PORT]/REGION --as PEER (--key-file FILE | --insecure)",
	  "Attach a peer's region as /dev/kfi/NAME",
	  { OPT_AS, OPT_KEY_FILE, OPT_INSECURE, OPT_NAME, OPT_READ_ONLY,
	    OPT_PROVIDER } },
	{ NULL, "detach", cmd_detach, 1, 1, "NAME", "Remove an attachment",
	  { OPT_FORCE } },
	{ "key", "generate", cmd_key_generate, 1, 1, "FILE",
	  "Write a new random key to a file that does not exist", { 0 } },
	{ "set", "create", cmd_set_create, 1, 1,
	  "NAME --member MEMBER ... --as PEER (--key-file FILE | --insecure)",
	  "Make a replica set of regions, whose contents are lost, and start it. A member keeps its index, the place in this order, for ever",
	  { OPT_MEMBER, OPT_WITNESS, OPT_AS, OPT_KEY_FILE, OPT_INSECURE,
	    OPT_PROVIDER, OPT_CONFIG, OPT_ASSUME_CLEAN, OPT_EXTENT_SIZE,
	    OPT_FAIL_IO, OPT_RESYNC_RATE } },
	{ "set", "start", cmd_set_start, 1, 1,
	  "NAME [--member MEMBER ... --as PEER (--key-file FILE | --insecure)]",
	  "Take a replica set over: be its writer. Members as at its creation, in the same order",
	  { OPT_MEMBER, OPT_WITNESS, OPT_AS, OPT_KEY_FILE, OPT_INSECURE,
	    OPT_PROVIDER, OPT_CONFIG, OPT_RAW, OPT_FAIL_IO,
	    OPT_RESYNC_RATE } },
	{ "set", "stop", cmd_set_stop, 1, 1, "NAME",
	  "Commit, and stop being the writer of a set", { 0 } },
	{ "set", "add", cmd_set_add, 1, 1, "NAME --member MEMBER",
	  "Add a member, at the next index",
	  { OPT_MEMBER, OPT_WITNESS, OPT_AS, OPT_KEY_FILE, OPT_INSECURE,
	    OPT_PROVIDER } },
	{ "set", "remove", cmd_set_remove, 2, 2, "NAME INDEX",
	  "Remove a member; the others keep their indices, and a start takes --member removed in its place",
	  { 0 } },
	{ "set", "scrub", cmd_set_scrub, 1, 1, "NAME",
	  "Compare the members that are in sync", { OPT_REPAIR, OPT_WAIT } },
	{ "set", "members", cmd_set_members, 1, 1, "NAME",
	  "The members that the configuration file gives a set, in the order of their indices",
	  { OPT_CONFIG } },
	{ "set", "status", cmd_set_status, 0, 1, "[NAME]",
	  "Sets that are started here, and their members", { OPT_WATCH } },
	{ "blk", "add", cmd_blk_add, 1, 1, "SET",
	  "Make a block device on a set that is started here",
	  { OPT_BLOCK_SIZE, OPT_READ_ONLY, OPT_NUMBER } },
	{ "blk", "del", cmd_blk_del, 1, 1, "N | /dev/kfiblkN",
	  "Remove a block device", { OPT_FORCE } },
	{ "blk", "resize", cmd_blk_resize, 1, 1, "N | /dev/kfiblkN",
	  "Give a block device the size that its set has now", { 0 } },
	{ "blk", "list", cmd_blk_list, 0, 0, "", "List block devices", { 0 } },
	{ NULL, "up", cmd_up, 0, 4, "[pools] [exports] [attachments] [sets]",
	  "Bring up what the configuration file describes and is not up yet",
	  { OPT_SET, OPT_CHECK, OPT_CONFIG } },
	{ NULL, "down", cmd_down, 0, 4, "[sets] [attachments] [exports] [pools]",
	  "Take down what the configuration file describes",
	  { OPT_SET, OPT_FORCE, OPT_CONFIG } },
	{ NULL, "status", cmd_status, 0, 0, "", "Overview", { 0 } },
	{ NULL, "stat", cmd_stat, 0, 1, "[NAME]",
	  "Counters of the target and of attachments", { 0 } },
};

void warn(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: warning: ", prog);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void die_where(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(where, sizeof(where), fmt, ap);
	va_end(ap);
}

static void __attribute__((noreturn)) die(enum exit_code code, int err,
					  const char *text)
{
	fprintf(stderr, "%s: %s\n", prog, text);
	if (json_mode) {
		json_begin();
		json_bool("ok", false);
		json_str("error", text);
		json_uint("errno", (uint64_t)err);
		json_uint("exit", code);
		json_end();
	}
	exit(code);
}

void die_usage(const char *fmt, ...)
{
	char text[sizeof(where) + 512];
	size_t len = strlen(where);
	va_list ap;

	memcpy(text, where, len);
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	die(EXIT_USAGE, 0, text);
}

void die_kernel(int err, const char *text, const char *fmt, ...)
{
	size_t at = strlen(where);
	char buf[sizeof(where) + 512];
	va_list ap;
	int len;

	memcpy(buf, where, at + 1);
	va_start(ap, fmt);
	len = vsnprintf(buf + at, sizeof(buf) - at, fmt, ap);
	va_end(ap);
	if (len >= 0)
		len += (int)at;
	if (len >= 0 && (size_t)len < sizeof(buf))
		snprintf(buf + len, sizeof(buf) - (size_t)len, ": %s",
			 text && *text ? text : strerror(err));
	die(EXIT_KERNEL, err, buf);
}

void die_no_module(void)
{
	die(EXIT_NO_MODULE, ENOENT,
	    "the kernel has no family 'kfipmem'; load the module: modprobe kfi_user");
}

/* An answer that was cut short must not look like one. */
void flush_answer(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write the answer: %s\n", prog,
			strerror(errno));
		exit(EXIT_KERNEL);
	}
}

void *xalloc(size_t size)
{
	void *mem = calloc(1, size);

	if (!mem)
		die_kernel(ENOMEM, NULL, "memory");
	return mem;
}

static void add_member(struct options *o, const char *text, bool witness,
		       struct argp_state *state)
{
	if (o->nr_members == ARRAY_SIZE(o->member))
		argp_error(state, "a set has at most %zu members",
			   ARRAY_SIZE(o->member));
	o->member[o->nr_members].text = text;
	o->member[o->nr_members++].witness = witness;
}

/* Options of sets and of block devices. */
static error_t parse_set_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_MEMBER:
	case OPT_WITNESS:
		add_member(o, arg, key == OPT_WITNESS, state);
		break;
	case OPT_CONFIG:
		o->config = arg;
		break;
	case OPT_ASSUME_CLEAN:
		o->assume_clean = true;
		break;
	case OPT_EXTENT_SIZE:
		o->extent_size = arg;
		break;
	case OPT_FAIL_IO:
		o->fail_io = true;
		break;
	case OPT_RESYNC_RATE:
		o->resync_rate = arg;
		break;
	case OPT_RAW:
		o->raw = true;
		break;
	case OPT_REPAIR:
		o->repair = true;
		break;
	case OPT_WAIT:
		o->wait = true;
		break;
	case OPT_WATCH:
		o->watch = true;
		break;
	case OPT_BLOCK_SIZE:
		o->block_size = arg;
		break;
	case OPT_NUMBER:
		o->number = arg;
		break;
	case OPT_SET:
		o->set = arg;
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case OPT_JSON:
		json_mode = true;
		break;
	case OPT_NAME:
		o->name = arg;
		break;
	case OPT_PEER:
		o->peer = arg;
		break;
	case OPT_AS:
		o->as = arg;
		break;
	case OPT_KEY_FILE:
		o->key_file = arg;
		break;
	case OPT_INSECURE_ANY:
	case OPT_INSECURE:
		o->insecure = true;
		break;
	case OPT_READ_ONLY:
		o->read_only = true;
		break;
	case OPT_FORCE:
		o->force = true;
		break;
	case OPT_CACHE_MODEL:
		o->cache_model = true;
		o->cache_seed = arg;
		break;
	case OPT_SIZE:
		o->size = arg;
		break;
	case OPT_ADDR:
		o->addr = arg;
		break;
	case OPT_PORT:
		o->port = arg;
		break;
	case OPT_PROVIDER:
		o->provider = arg;
		break;
	case OPT_EPOCH:
		o->epoch = arg;
		break;
	case ARGP_KEY_ARG:
		if (o->nr_args == ARRAY_SIZE(o->arg))
			argp_error(state, "unexpected word '%s'", arg);
		o->arg[o->nr_args++] = arg;
		break;
	default:
		return parse_set_option(key, arg, state);
	}
	return 0;
}

static const struct argp_option *find_option(int key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all_options); i++)
		if (all_options[i].key == key)
			return &all_options[i];
	abort();
}

static int run(const struct command *c, int argc, char **argv)
{
	static const struct argp_option json = {
		"json", OPT_JSON, NULL, 0, "answer in JSON", 1
	};
	struct argp_option options[ARRAY_SIZE(c->options) + 2] = {};
	struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = c->args_doc,
		.doc = c->doc,
	};
	struct options o = {};
	char name[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(c->options) && c->options[i]; i++)
		options[i] = *find_option(c->options[i]);
	options[i] = json;

	snprintf(name, sizeof(name), "%s %s%s%s", prog,
		 c->group ? c->group : "", c->group ? " " : "", c->name);
	argv[0] = name;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	o.json = json_mode;
	if (o.nr_args < c->min_args)
		die_usage("something is missing; write: %s %s", name,
			  c->args_doc);
	if (o.nr_args > c->max_args)
		die_usage("%s: unexpected word '%.80s'", c->name,
			  o.arg[c->max_args]);
	return c->run(&o);
}

/* @group NULL: of all commands. */
static void usage(FILE *to, const char *group)
{
	const struct command *c;

	fprintf(to, "Usage: %s [--json] COMMAND ...\n\n", prog);
	for (c = commands; c < commands + ARRAY_SIZE(commands); c++)
		if (!group || (c->group && !strcmp(c->group, group)))
			fprintf(to, "  %s%s%s %s\n", c->group ? c->group : "",
				c->group ? " " : "", c->name, c->args_doc);
	fprintf(to,
		"\n'%s COMMAND --help' explains one; the manual is kfipmem(1).\n",
		prog);
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Insertions, deletions and replacements between two short words. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[32], diagonal, above;
	size_t i, j, len = strlen(b);

	if (len >= ARRAY_SIZE(row) || strlen(a) >= ARRAY_SIZE(row))
		return ARRAY_SIZE(row);
	for (j = 0; j <= len; j++)
		row[j] = (unsigned int)j;
	for (i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = (unsigned int)i + 1;
		for (j = 0; j < len; j++) {
			above = row[j + 1];
			row[j + 1] = min3(above + 1, row[j] + 1,
					  diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}

/* @group NULL: the first word; otherwise the second of that group. */
static void __attribute__((noreturn)) unknown_word(const char *group,
						   const char *word)
{
	unsigned int best = 3, d;
	const char *near = NULL;
	const char *candidate;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (group && (!commands[i].group ||
			      strcmp(commands[i].group, group)))
			continue;
		candidate = !group && commands[i].group ? commands[i].group :
							  commands[i].name;
		d = distance(word, candidate);
		if (d < best) {
			best = d;
			near = candidate;
		}
	}
	if (near)
		die_usage("unknown command '%s%s%.80s'; did you mean '%s%s%s'?",
			  group ? group : "", group ? " " : "", word,
			  group ? group : "", group ? " " : "", near);
	die_usage("unknown command '%s%s%.80s'; see '%s --help'",
		  group ? group : "", group ? " " : "", word, prog);
}

static bool is_group(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].group && !strcmp(commands[i].group, word))
			return true;
	return false;
}

static const struct command *find_command(const char *group, const char *word)
{
	const struct command *c;

	for (c = commands; c < commands + ARRAY_SIZE(commands); c++) {
		if (strcmp(c->name, word))
			continue;
		if (group ? c->group && !strcmp(c->group, group) : !c->group)
			return c;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *c;
	const char *group = NULL;
	int ret;

	argp_err_exit_status = EXIT_USAGE;
	argp_program_version = "kfipmem 1.0";

	while (argc > 1 && argv[1][0] == '-') {
		if (!strcmp(argv[1], "--json")) {
			json_mode = true;
		} else if (!strcmp(argv[1], "--help")) {
			usage(stdout, NULL);
			return EXIT_OK;
		} else if (!strcmp(argv[1], "--version")) {
			puts(argp_program_version);
			return EXIT_OK;
		} else {
			die_usage("unknown option '%.80s'; see '%s --help'",
				  argv[1], prog);
		}
		argc--;
		argv++;
	}
	if (argc < 2) {
		usage(stderr, NULL);
		return EXIT_USAGE;
	}
	if (is_group(argv[1])) {
		group = argv[1];
		argc--;
		argv++;
		if (argc < 2)
			die_usage("'%s' needs a second word; see '%s %s --help'",
				  group, prog, group);
		if (!strcmp(argv[1], "--help")) {
			usage(stdout, group);
			return EXIT_OK;
		}
	}
	c = find_command(group, argv[1]);
	if (!c)
		unknown_word(group, argv[1]);
	ret = run(c, argc - 1, argv + 1);
	flush_answer();
	return ret;
}
