// SPDX-License-Identifier: BSD-3-Clause
/* One of a job's machines: what starts its agent, and what that is told. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"

#define DEFAULT_HEAP "SHMEM_SYMMETRIC_SIZE=64M"	/* it is all allocated at once */
#define RSH_MS 2000	/* for the remote command, when its agent is gone */
#define RSH_WORDS 32

extern char **environ;

/* Never waits: an agent that reads slowly, or not at all, holds up no other. */
void machine_send(struct machine *m, enum frame_type type, uint32_t number, const void *data,
		  size_t len)
{
	if (frame_queue(&m->in, type, number, data, len))
		fail("no memory");
}

void machine_close(struct machine *m)
{
	close(m->in.fd);
	m->in.fd = -1;
	m->in.len = 0;
}

__attribute__((__noreturn__))
static void run_rsh(const struct machine *m, const struct options *opt, int in[2], int out[2])
{
	char *argv[RSH_WORDS + 4], *words, *word, self[4096] = "";
	const char *path = opt->agent;
	bool here = !strcmp(m->host, "localhost");
	int n = 0;

	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		strcpy(self, "oshrun");
	signal(SIGPIPE, SIG_DFL);
	words = strdup(opt->rsh);
	while (!here && words && (word = strsep(&words, " ")) && n < RSH_WORDS)
		if (*word)
			argv[n++] = word;
	if (!here && (!n || n == RSH_WORDS)) {
		say("'%s' is not a command of 1 to %d words", opt->rsh, RSH_WORDS - 1);
		_exit(127);
	}
	if (!here)
		argv[n++] = (char *)m->host;
	argv[n++] = path ? (char *)path : self;
	argv[n++] = "--agent";
	argv[n] = NULL;
	execvp(argv[0], argv);
	say("%s: %s", argv[0], strerror(errno));
	_exit(127);
}

static void send_text(struct machine *m, enum frame_type type, const char *text)
{
	if (strlen(text) > FRAME_MAX)
		fail("an argument or a variable is too long: '%.40s...'", text);
	machine_send(m, type, 0, text, strlen(text));
}

/* Is a variable of the environment for the PEs of all machines? */
static bool is_sent(const struct options *opt, const char *variable)
{
	int i;

	for (i = 0; i < opt->nexported; i++) {
		size_t len = strlen(opt->exported[i]);

		if (!strncmp(variable, opt->exported[i], len) && variable[len] == '=')
			return true;
	}
	return !strncmp(variable, "SHMEM_", 6) || !strncmp(variable, "SMA_", 4);
}

void machine_set_up(struct machine *m, const struct options *opt,
		    const struct frame_setup *setup)
{
	char **at;
	int i;

	machine_send(m, FRAME_SETUP, 0, setup, sizeof(*setup));
	for (i = 0; i < opt->nhosts; i++)
		send_text(m, FRAME_HOST, opt->hosts[i]);
	if (!getenv("SHMEM_SYMMETRIC_SIZE") && !getenv("SMA_SYMMETRIC_SIZE"))
		send_text(m, FRAME_ENV, DEFAULT_HEAP);
	for (at = environ; *at; at++)
		if (is_sent(opt, *at))
			send_text(m, FRAME_ENV, *at);
	for (at = opt->argv; *at; at++)
		send_text(m, FRAME_ARG, *at);
	machine_send(m, FRAME_START, 0, NULL, 0);
}

/*
 * Starts its agent. "deaf": signals that come to the whole group, and are for
 * the head, which ends all machines.
 */
void machine_start(struct machine *m, const struct options *opt, const sigset_t *deaf,
		   const sigset_t *before)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		fail("no pipe: %s", strerror(errno));
	m->pid = fork();
	if (!m->pid) {
		sigprocmask(SIG_SETMASK, before, NULL);
		sigprocmask(SIG_BLOCK, deaf, NULL);
		run_rsh(m, opt, in, out);
	}
	if (m->pid < 0)
		fail("cannot start an agent: %s", strerror(errno));
	close(in[0]);
	close(out[1]);
	if (fcntl(in[1], F_SETFL, O_NONBLOCK))
		fail("no pipe: %s", strerror(errno));
	m->in.fd = in[1];
	m->from.fd = out[0];
}

/* The agents are gone, so what started them has nothing left to do. */
void machines_reap(const struct machine *machines, int n)
{
	long long until = now_ms() + RSH_MS;
	int i;

	for (i = 0; i < n; i++) {
		int fd = pidfd_open(machines[i].pid, 0);
		struct pollfd gone = { .fd = fd, .events = POLLIN };

		if (fd < 0 || poll(&gone, 1, poll_ms(until)) <= 0)
			kill(machines[i].pid, SIGKILL);
		waitpid(machines[i].pid, NULL, 0);
		if (fd >= 0)
			close(fd);
	}
}
