// SPDX-License-Identifier: BSD-3-Clause
/* What a node's kernel said: dmesg and console. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kfirig.h"

/* What no test may cause in a node's log. */
#define COMPLAINT "\\bWARNING|\\bBUG\\b|Oops|Call Trace|lockdep|locking dependency|" \
	"KASAN|KCSAN|UBSAN|kmemleak|hung task|blocked for more than|" \
	"refcount_t|general protection fault|Kernel panic|" \
	"soft lockup|hard LOCKUP|rcu.*detected stall"

/* What a debugging kernel says of itself at boot. */
#define BENIGN "lockdep checking is enabled|kmemleak: Kernel memory leak detector initialized"

/* Lines after a complaint that belong to it: registers and calls. */
#define CONTEXT 32

struct console_args {
	const char *node;
	bool check;
};

static error_t console_parser(int key, char *arg, struct argp_state *state)
{
	struct console_args *a = state->input;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case 'c':
		a->check = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->node)
			argp_error(state, "one node, please");
		a->node = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->node)
			argp_error(state, "a node, please");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static bool log_sink(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
	return true;
}

static bool log_read(const char *path, struct buf *log)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	while (buf_read(log, fd, WIRE_MAX) > 0)
		;
	close(fd);
	return true;
}

static void log_read_console(const char *node, struct buf *log)
{
	char *path = xasprintf("%s/%s/console.log", rig_dir(), node);

	if (!log_read(path, log))
		die("cannot read %s: %s", path, strerror(errno));
	free(path);
}

/* Print what complains, and what follows it, of a node; 1 when there is any. */
static int log_check(const char *node, struct buf *log)
{
	unsigned int found = 0, context = 0;
	char *line, *save;
	regex_t complaint, benign;

	if (regcomp(&complaint, COMPLAINT, REG_EXTENDED | REG_NOSUB) ||
	    regcomp(&benign, BENIGN, REG_EXTENDED | REG_NOSUB))
		die("cannot compile the pattern of complaints");
	buf_add(log, "", 1);
	for (line = strtok_r(log->data + log->start, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		if (!regexec(&complaint, line, 0, NULL, 0) &&
		    regexec(&benign, line, 0, NULL, 0)) {
			found++;
			context = CONTEXT;
		} else if (!context) {
			continue;
		} else {
			context--;
		}
		if (node)
			printf("%s: %s\n", node, line);
	}
	regfree(&complaint);
	regfree(&benign);
	return found ? 1 : 0;
}

/* Does the kernel whose console this is complain? */
bool console_complains(const char *path)
{
	struct buf log = { 0 };
	bool complains = log_read(path, &log) && log_check(NULL, &log);

	buf_free(&log);
	return complains;
}

int cmd_dmesg(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "check", 'c', 0, 0,
		  "Print only warnings, BUGs, oopses and the like, with some lines after each; exit with 1 when there are any", 0 },
		{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options, console_parser, "NODE",
		"Show the kernel log of NODE; for a node without power, what its "
		"last console log has.", 0, 0, 0
	};
	struct console_args a = { 0 };
	struct buf log = { 0 };
	struct stream_options o = {
		.in = -1, .error = 2, .sink = log_sink, .sink_arg = &log,
	};
	int status;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	o.node = a.node;
	status = stream_run(&o, (char *[]){ "/bin/busybox", "dmesg", NULL });
	if (status == EXIT_NODE_LOST) {
		buf_free(&log);
		log_read_console(a.node, &log);
		status = 0;
	}
	if (!status && a.check)
		status = log_check(a.node, &log);
	else if (!write_all(1, buf_head(&log), log.len))
		status = EXIT_RIG;
	buf_free(&log);
	return status;
}

int cmd_console(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options, console_parser, "NODE",
		"Show the console log of NODE's last boot. It needs no running rig.",
		0, 0, 0
	};
	struct console_args a = { 0 };
	struct buf log = { 0 };
	int status;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	log_read_console(a.node, &log);
	status = write_all(1, buf_head(&log), log.len) ? 0 : EXIT_RIG;
	buf_free(&log);
	return status;
}
