// SPDX-License-Identifier: BSD-3-Clause
/* oshrun: runs the PEs of a job, on this machine or on several. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <kfi_user.h>

#include "oshrun.h"

const char *argp_program_version = "oshrun (kfabric-pmem libshmem)";

static const char doc[] =
	"Runs PROGRAM as the PEs of an OpenSHMEM job, on this machine or on those of "
	"--hosts, which have the modules of kfabric-pmem loaded."
	"\vOn other machines oshrun starts itself as root by --rsh; PROGRAM has to be "
	"there by the same path. "
	"Exit status: that of the PE which failed first, 0 if none did; what a PE "
	"gave to shmem_global_exit(); 128 and the signal that killed a PE; 124 after "
	"--timeout; 125 for a failure of oshrun itself; 126 or 127 when PROGRAM "
	"cannot be run; 130 after Ctrl-C.";

enum { KEY_AGENT = 256, KEY_MAP, KEY_RSH, KEY_AGENT_PATH };

static const struct argp_option options[] = {
	{ "np", 'n', "N", 0, "number of PEs, also as -np N (default: one for each machine)", 0 },
	{ "hosts", 'H', "NAME,...", 0, "machines, which find each other by these names", 0 },
	{ "map-by", KEY_MAP, "core|node", 0,
	  "fill one machine after the other (the default), or go round them", 0 },
	{ "rsh", KEY_RSH, "COMMAND", 0,
	  "runs a command on another machine, as ssh, the default, does (OSHRUN_RSH)", 0 },
	{ "remote-path", KEY_AGENT_PATH, "PATH", 0,
	  "oshrun on the other machines (OSHRUN_REMOTE_PATH; default: as here)", 0 },
	{ "timeout", 't', "SECONDS", 0, "end the job after this time", 0 },
	{ "tag-output", 'l', NULL, 0, "put the PE's number before each line", 0 },
	{ "export", 'x', "NAME[=VALUE]", 0,
	  "give the PEs a variable of the environment; SHMEM_* they have anyway", 0 },
	{ "symmetric-size", 's', "SIZE", 0, "sets SHMEM_SYMMETRIC_SIZE", 0 },
	{ "agent", KEY_AGENT, NULL, OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};

static struct options opt;
static bool agent;

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "oshrun: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "oshrun: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_OSHRUN);
}

long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* For poll(), until then; 0: for ever. */
int poll_ms(long long until)
{
	long long left = until - now_ms();

	if (!until)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

/* Also to what does not block: ssh, which has the same stderr, makes it so. */
int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
	return 0;
}

/* Names that are given twice would be one machine with two memories. */
static void parse_hosts(struct argp_state *state, char *arg)
{
	char *host;
	int i;

	opt.nhosts = 0;
	opt.hosts = calloc(SHI_MAX_NODES, sizeof(*opt.hosts));
	if (!opt.hosts)
		fail("no memory");
	while ((host = strsep(&arg, ","))) {
		if (!*host || *host == '-')
			argp_error(state, "'%s' is not the name of a machine", host);
		if (strlen(host) > KFIPMEM_HOST_MAX)
			argp_error(state, "the name of a machine is too long: '%.40s...'", host);
		if (opt.nhosts == SHI_MAX_NODES)
			argp_error(state, "more than %d machines", SHI_MAX_NODES);
		for (i = 0; i < opt.nhosts; i++)
			if (!strcmp(opt.hosts[i], host))
				argp_error(state, "machine %s is named twice", host);
		opt.hosts[opt.nhosts++] = host;
	}
	for (i = 0; i < opt.nhosts && opt.nhosts > 1; i++)
		if (!strcmp(opt.hosts[i], "localhost"))
			argp_error(state, "the others cannot reach this machine as localhost");
}

/* Here it is in the environment; the head sends it to the others. */
static void export_variable(struct argp_state *state, char *arg)
{
	char *value = strchr(arg, '=');

	if (value == arg || !*arg)
		argp_error(state, "'%s' is not NAME or NAME=VALUE", arg);
	if (value)
		putenv(arg);
	else if (!getenv(arg))
		argp_error(state, "there is no variable '%s' in the environment", arg);
	opt.exported = realloc(opt.exported, (opt.nexported + 1) * sizeof(*opt.exported));
	if (!opt.exported)
		fail("no memory");
	opt.exported[opt.nexported++] = value ? strndup(arg, value - arg) : arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	char *end;
	long n;

	switch (key) {
	case 'n':
		/* "-np 4" arrives as -n with "p" */
		if (!strcmp(arg, "p") && state->next < state->argc)
			arg = state->argv[state->next++];
		n = strtol(arg, &end, 10);
		if (end == arg || *end || n < 1 || n > SHI_MAX_PES)
			argp_error(state, "'%s' is not a number of PEs (1 to %d)", arg, SHI_MAX_PES);
		opt.npes = n;
		return 0;
	case 'H':
		parse_hosts(state, arg);
		return 0;
	case KEY_MAP:
		if (strcmp(arg, "core") && strcmp(arg, "node"))
			argp_error(state, "PEs are mapped by core or by node, not by '%s'", arg);
		opt.cyclic = !strcmp(arg, "node");
		return 0;
	case KEY_RSH:
		opt.rsh = arg;
		return 0;
	case KEY_AGENT_PATH:
		opt.agent = arg;
		return 0;
	case 't':
		opt.timeout = strtod(arg, &end);
		if (end == arg || *end || !(opt.timeout > 0 && opt.timeout < 1e9))
			argp_error(state, "'%s' is not a time in seconds", arg);
		return 0;
	case 'l':
		opt.tag = true;
		return 0;
	case 's':
		setenv("SHMEM_SYMMETRIC_SIZE", arg, 1);
		return 0;
	case 'x':
		export_variable(state, arg);
		return 0;
	case KEY_AGENT:
		agent = true;
		return 0;
	case ARGP_KEY_ARGS:
		opt.argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		if (!agent)
			argp_error(state, "which program?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int run_here(void)
{
	struct pes_ops ops = { .input_fd = -1, .output = opt.tag ? output_tagged : NULL };
	static struct shi_job like;
	int status;

	like.npes = opt.npes;
	like.nnodes = 1;
	like.teams = SHI_TEAMS;
	like.phase = SHI_PHASE_READY;
	like.node[0] = (struct shi_node){ .step = 1, .count = opt.npes };
	pes_make_job(&like);
	pes_start(opt.argv, &ops);
	status = pes_watch(opt.timeout);
	output_rest();
	return status;
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "PROGRAM [ARGUMENT...]", doc,
					  NULL, NULL, NULL };

	argp_err_exit_status = EXIT_OSHRUN;
	opt.rsh = getenv("OSHRUN_RSH");
	opt.agent = getenv("OSHRUN_REMOTE_PATH");
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
	if (agent)
		return agent_run();
	if (!opt.rsh || !*opt.rsh)
		opt.rsh = "ssh";
	if (!opt.npes)
		opt.npes = opt.nhosts ? opt.nhosts : 1;
	if (opt.nhosts > opt.npes)
		fail("%d machines for %d PEs: name fewer, or start more with -np", opt.nhosts,
		     opt.npes);
	return opt.nhosts ? head_run(&opt) : run_here();
}
