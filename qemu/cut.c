// SPDX-License-Identifier: BSD-3-Clause
/* Cut the power of nodes: now, or when a kernel reaches a function. */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kfirig.h"

struct cut_args {
	const char *nodes[NODES_MAX];
	int nr_nodes;
	const char *at;
	unsigned long count;
	double timeout;		/* seconds; 0: none */
	bool arm;
	bool wait;
	bool disarm;
	bool freeze;
};

static error_t cut_parser(int key, char *arg, struct argp_state *state)
{
	struct cut_args *a = state->input;
	char *end;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case 'a':
		a->at = arg;
		return 0;
	case 'n':
		a->count = strtoul(arg, &end, 10);
		if (*end || *arg == '-' || !a->count || a->count > UINT32_MAX)
			argp_error(state, "--count=%s is not a number from 1 on",
				   arg);
		return 0;
	case 't':
		a->timeout = strtod(arg, &end);
		if (*end || !(a->timeout > 0) || a->timeout > 1e6)
			argp_error(state, "--timeout=%s is not a number of seconds",
				   arg);
		a->timeout *= patience();
		return 0;
	case 'A':
		a->arm = true;
		return 0;
	case 'w':
		a->wait = true;
		return 0;
	case 'd':
		a->disarm = true;
		return 0;
	case 'f':
		a->freeze = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->nr_nodes == NODES_MAX)
			argp_error(state, "too many arguments");
		a->nodes[a->nr_nodes++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->nr_nodes)
			argp_error(state, "too few arguments");
		if (a->nr_nodes > 1 && (a->at || a->wait || a->disarm))
			argp_error(state, "--at, --wait and --disarm are for one node");
		if (!!a->at + a->wait + a->disarm > 1)
			argp_error(state, "one of --at, --wait and --disarm");
		if ((a->arm || a->count || a->freeze) && !a->at)
			argp_error(state, "--arm, --count and --freeze go with --at");
		if (a->timeout > 0 && !a->wait && (!a->at || a->arm))
			argp_error(state, "--timeout is for what waits: --at without --arm, or --wait");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* [MODULE:]NAME[+OFFSET], pointing into the text it was made from. */
struct symbol {
	char *module;		/* NULL: any, the kernel itself too */
	char *name;
	unsigned long long offset;
};

static void symbol_parse(struct symbol *s, const char *text)
{
	char *copy = xasprintf("%s", text), *end;

	s->module = NULL;
	s->offset = 0;
	end = strchr(copy, '+');
	if (end) {
		*end++ = 0;
		errno = 0;
		s->offset = strtoull(end, &end, 0);
		if (errno || *end || end[-1] == '+')
			die("--at=%s: an offset is a number of bytes", text);
	}
	s->name = strchr(copy, ':');
	if (s->name) {
		*s->name++ = 0;
		s->module = copy;
		for (end = copy; *end; end++)
			if (*end == '-')
				*end = '_';
	} else {
		s->name = copy;
	}
	if (!*s->name || strpbrk(text, " \t\n") ||
	    strlen(text) >= GDB_SYMBOL_MAX)
		die("--at=%s is not [MODULE:]SYMBOL[+OFFSET]", text);
}

static bool text_sink(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
	return true;
}

/*
 * The address from the node's own kernel: whatever KASLR did is done. What is
 * not found was inlined as often as it was misspelt, so say what there is.
 */
static uint64_t symbol_find(const struct symbol *s, const char *node)
{
	char name[256], module[128], kind, *line, *save, *near = NULL;
	struct buf text = { 0 };
	struct stream_options o = {
		.node = node, .in = -1, .error = 2,
		.sink = text_sink, .sink_arg = &text,
	};
	unsigned long long address, found = 0;
	unsigned int matches = 0;
	size_t len = strlen(s->name);
	char *where = xasprintf("%s", "");
	int status, fields;

	status = stream_run(&o, (char *[]){ "/bin/busybox", "grep", "-F", "-e",
					    s->name, "/proc/kallsyms", NULL });
	/* 1: not found, which is told below. */
	if (status > 1)
		exit(status);
	buf_add(&text, "", 1);
	for (line = strtok_r((char *)buf_head(&text), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		strcpy(module, "vmlinux");
		fields = sscanf(line, "%llx %c %255s [%127[^]]]", &address,
				&kind, name, module);
		if (fields < 3 || !strchr("tTwW", kind) ||
		    strncmp(name, s->name, len))
			continue;
		if (s->module && strcmp(s->module, module))
			continue;
		if (name[len] == '.' && !near)
			near = xasprintf("%s", name);
		if (name[len])
			continue;
		where = xasprintf("%s %s:%s", where, module, name);
		found = address;
		matches++;
	}
	buf_free(&text);
	if (!matches)
		die("no function %s%s%s in /proc/kallsyms of node %s: its module is not loaded, or the compiler inlined it%s%s",
		    s->module ? s->module : "", s->module ? ":" : "", s->name,
		    node, near ? "; there is " : "", near ? near : "");
	if (matches > 1)
		die("%u functions %s on node %s:%s%s", matches, s->name, node,
		    where, s->module ? "" : "; name the module");
	if (!found)
		die("/proc/kallsyms of node %s hides addresses: set kernel.kptr_restrict to 1 there",
		    node);
	return found + s->offset;
}

static int arm(int fd, const struct cut_args *a)
{
	const char *node = a->nodes[0];
	struct buf request = { 0 };
	struct wire_stop stop;
	struct symbol symbol;
	int status;

	symbol_parse(&symbol, a->at);
	stop.address = htole64(symbol_find(&symbol, node));
	stop.count = htole32(a->count ? a->count : 1);
	stop.keep = a->arm;
	stop.freeze = a->freeze;
	stop.pad = 0;
	buf_add(&request, node, strlen(node) + 1);
	buf_add(&request, &stop, sizeof(stop));
	buf_add(&request, a->at, strlen(a->at));
	rig_send(fd, WIRE_ARM, buf_head(&request), request.len);
	status = rig_wait_reply(fd);
	buf_free(&request);
	return status;
}

static int wait_cut(int fd, const struct cut_args *a)
{
	int64_t deadline = a->timeout > 0 ? now_ms() + a->timeout * 1000 : -1;
	const char *node = a->nodes[0];
	struct pollfd p = { fd, POLLIN, 0 };
	int64_t left = -1;
	int ret;

	rig_send(fd, WIRE_WAIT_CUT, node, strlen(node));
	do {
		if (deadline >= 0)
			left = deadline > now_ms() ? deadline - now_ms() : 0;
		ret = poll(&p, 1, left);
		if (ret < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
	} while (ret < 0);
	/* The answer to whichever of the two comes first, and there is one. */
	if (!ret)
		rig_send(fd, WIRE_DISARM, node, strlen(node));
	return rig_wait_reply(fd);
}

int cmd_cut(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "at", 'a', "SYMBOL", 0,
		  "Cut when the node's kernel reaches that function: [MODULE:]SYMBOL[+OFFSET]", 0 },
		{ "count", 'n', "N", 0, "Not the first time, but the N-th", 0 },
		{ "timeout", 't', "SECONDS", 0,
		  "Wait no longer; then the node runs on, and the exit status is 124", 0 },
		{ "arm", 'A', 0, 0,
		  "With --at: return as soon as the node will be cut there", 0 },
		{ "wait", 'w', 0, 0, "Wait until a node that was armed is cut", 0 },
		{ "disarm", 'd', 0, 0, "It shall not be cut any more", 0 },
		{ "freeze", 'f', 0, 0,
		  "With --at: do not cut it there, but let it stand still with its power, until kfirig thaw", 0 },
		{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options, cut_parser, "NODE...",
		"Cut the power of nodes: their QEMU is killed. Returns when the processes are gone.\v"
		"With --at the node is cut at the first instruction of a function that "
		"/proc/kallsyms of the node has. For a script:\n\n"
		"  kfirig cut b --at SYMBOL --arm\n"
		"  (do what leads there)\n"
		"  kfirig cut b --wait --timeout 10",
		0, 0, 0
	};
	struct cut_args a = { 0 };
	int fd, status = 0;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	if (a.disarm)
		return rig_nodes_request(WIRE_DISARM, a.nodes, 1);
	if (!a.at && !a.wait)
		return rig_nodes_request(WIRE_CUT, a.nodes, a.nr_nodes);
	fd = rig_connect(rig_dir());
	if (a.at)
		status = arm(fd, &a);
	if (!status && !a.arm)
		status = wait_cut(fd, &a);
	close(fd);
	return status;
}
