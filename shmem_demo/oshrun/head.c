// SPDX-License-Identifier: BSD-3-Clause
/* A job on several machines, from where it was started: an agent on each. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "oshrun.h"

#define DEFAULT_HEAP "SHMEM_SYMMETRIC_SIZE=64M"	/* it is all allocated at once */
#define END_MS 20000	/* for the agents to take down what they made */
#define RSH_WORDS 32

enum state { STARTED, RUNNING, EXPORTED, ATTACHED, ENDED, DETACHED, GONE };

struct machine {
	const char *host;
	pid_t pid;
	int in;				/* what the agent reads */
	enum state state;
	bool shares;			/* has exported memory */
	struct frame_sizes sizes;
	struct frame_reader from;
};

static const struct options *opt;
static struct machine *machines;
static int status = -1;
static bool ending, gone_on, detaching;
static long long deadline;
static sigset_t mask_before;

extern char **environ;

static void tell(struct machine *m, enum frame_type type, uint32_t number)
{
	if (m->state != GONE)
		frame_write(m->in, type, 0, number, NULL, 0);
}

static void tell_all(enum frame_type type, uint32_t number)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		tell(&machines[i], type, number);
}

/* Ends the job on all machines; the first status that is said counts. */
static void end_job(int with)
{
	if (status < 0)
		status = with;
	if (ending)
		return;
	ending = true;
	deadline = now_ms() + END_MS;
	tell_all(FRAME_END, with);
}

static void make_names(struct frame_setup *setup)
{
	unsigned char random[8 + 32];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		fail("no random numbers: %s", strerror(errno));
	snprintf(setup->name, sizeof(setup->name), "shmem-%02x%02x%02x%02x%02x%02x%02x%02x",
		 random[0], random[1], random[2], random[3], random[4], random[5], random[6],
		 random[7]);
	for (i = 0; i < 32; i++)
		sprintf(setup->key + 2 * i, "%02x", random[8 + i]);
	explicit_bzero(random, sizeof(random));
}

__attribute__((__noreturn__))
static void run_rsh(const struct machine *m, int in[2], int out[2])
{
	char *argv[RSH_WORDS + 4], *words, *word, self[4096] = "";
	const char *rsh = opt->rsh ? opt->rsh : "ssh", *path = opt->agent;
	bool here = !strcmp(m->host, "localhost");
	int n = 0;

	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	/* They come to the whole group, and are for the head, which ends all machines. */
	sigaddset(&mask_before, SIGINT);
	sigaddset(&mask_before, SIGTERM);
	sigaddset(&mask_before, SIGHUP);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		strcpy(self, "oshrun");
	words = strdup(rsh);
	while (!here && words && (word = strsep(&words, " ")) && n < RSH_WORDS)
		if (*word)
			argv[n++] = word;
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
	frame_write(m->in, type, 0, 0, text, strlen(text));
}

/* Is a variable of the environment for the PEs of all machines? */
static bool is_sent(const char *variable)
{
	int i;

	for (i = 0; i < opt->nexported; i++) {
		size_t len = strlen(opt->exported[i]);

		if (!strncmp(variable, opt->exported[i], len) && variable[len] == '=')
			return true;
	}
	return !strncmp(variable, "SHMEM_", 6) || !strncmp(variable, "SMA_", 4);
}

static void send_setup(struct machine *m, struct frame_setup *setup)
{
	char **at;
	int i;

	setup->me = m - machines;
	frame_write(m->in, FRAME_SETUP, 0, 0, setup, sizeof(*setup));
	for (i = 0; i < opt->nhosts; i++)
		send_text(m, FRAME_HOST, opt->hosts[i]);
	if (!getenv("SHMEM_SYMMETRIC_SIZE") && !getenv("SMA_SYMMETRIC_SIZE"))
		send_text(m, FRAME_ENV, DEFAULT_HEAP);
	for (at = environ; *at; at++)
		if (is_sent(*at))
			send_text(m, FRAME_ENV, *at);
	for (at = opt->argv; *at; at++)
		send_text(m, FRAME_ARG, *at);
	frame_write(m->in, FRAME_START, 0, 0, NULL, 0);
}

static void start_machine(struct machine *m)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		fail("no pipe: %s", strerror(errno));
	m->pid = fork();
	if (!m->pid)
		run_rsh(m, in, out);
	if (m->pid < 0)
		fail("cannot start an agent: %s", strerror(errno));
	close(in[0]);
	close(out[1]);
	m->in = in[1];
	m->from.fd = out[0];
}

/* Have all that are still there come so far? */
static bool all_at(enum state state)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state < state)
			return false;
	return true;
}

static void exported(struct machine *m, const struct frame *frame)
{
	if (frame->head.len != sizeof(m->sizes))
		return;
	memcpy(&m->sizes, frame->data, sizeof(m->sizes));
	m->state = EXPORTED;
	m->shares = true;
	if (memcmp(&m->sizes, &machines[0].sizes, sizeof(m->sizes)) && machines[0].shares) {
		say("the program has %llu bytes of variables and %llu of heap on %s, %llu and %llu on %s",
		    (unsigned long long)machines[0].sizes.data,
		    (unsigned long long)machines[0].sizes.heap, machines[0].host,
		    (unsigned long long)m->sizes.data, (unsigned long long)m->sizes.heap, m->host);
		end_job(EXIT_OSHRUN);
	} else if (all_at(EXPORTED) && !ending) {
		tell_all(FRAME_ATTACH, 0);
	}
}

/* A machine has no PEs any more. */
static void ended(struct machine *m, int how)
{
	int i;

	m->state = ENDED;
	if (how)
		end_job(how);
	for (i = 0; i < opt->nhosts && !gone_on && !ending; i++)
		if (machines[i].shares != m->shares && machines[i].state < ENDED &&
		    (machines[i].shares || m->shares)) {
			say("PEs ended without shmem_init() on %s", m->host);
			end_job(EXIT_OSHRUN);
		}
	if (!all_at(ENDED) || detaching)
		return;
	detaching = true;
	deadline = now_ms() + END_MS;
	tell_all(FRAME_DETACH, 0);
}

static void take(struct machine *m, const struct frame *frame)
{
	switch (frame->head.type) {
	case FRAME_HELLO:
		m->state = RUNNING;
		break;
	case FRAME_OUTPUT:
		if (frame->head.number >= (uint32_t)opt->npes || frame->head.which > 1)
			break;
		if (opt->tag)
			output_tagged(frame->head.number, frame->head.which, frame->data,
				      frame->head.len);
		else
			write_all(1 + frame->head.which, frame->data, frame->head.len);
		break;
	case FRAME_EXPORTED:
		exported(m, frame);
		break;
	case FRAME_ATTACHED:
		m->state = ATTACHED;
		if (all_at(ATTACHED) && !ending) {
			gone_on = true;
			tell_all(FRAME_GO, 0);
		}
		break;
	case FRAME_ENDED:
		ended(m, frame->head.number & 255);
		break;
	case FRAME_DETACHED:
		m->state = DETACHED;
		if (all_at(DETACHED))
			tell_all(FRAME_QUIT, 0);
		break;
	}
}

static void lost(struct machine *m)
{
	enum state was = m->state;
	int how = 0;

	close(m->in);
	close(m->from.fd);
	m->from.fd = -1;
	waitpid(m->pid, &how, 0);
	if (was < DETACHED) {
		if (was == STARTED)
			say("no oshrun could be started on %s (by %s)", m->host,
			    opt->rsh ? opt->rsh : "ssh");
		else
			say("lost machine %s", m->host);
		end_job(EXIT_OSHRUN);
	}
	m->state = GONE;
	if (was < ENDED)
		ended(m, EXIT_OSHRUN);
	m->state = GONE;
	if (all_at(DETACHED))
		tell_all(FRAME_QUIT, 0);
}

static void read_machine(struct machine *m)
{
	int more = frame_fill(&m->from), got = 0;
	struct frame frame;

	while (more > 0 && (got = frame_next(&m->from, &frame)) > 0)
		take(m, &frame);
	if (got < 0)
		say("%s says what is not from oshrun: '%.60s'", m->host, m->from.buf);
	if (more <= 0 || got < 0)
		lost(m);
}

/* The agents did not end in time: whoever is left has to be looked after by hand. */
static void give_up(void)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state != GONE) {
			say("%s does not answer", machines[i].host);
			kill(machines[i].pid, SIGKILL);
			lost(&machines[i]);
		}
}

static void watch(int sigs)
{
	long long timeout = opt->timeout > 0 ? now_ms() + (long long)(opt->timeout * 1000) : 0;
	struct pollfd *fds = calloc(opt->nhosts + 1, sizeof(*fds));
	struct signalfd_siginfo info;
	int i;

	if (!fds)
		fail("no memory");
	while (!all_at(GONE)) {
		long long now = now_ms(), until = deadline ? deadline : timeout;

		if (until && now >= until) {
			if (deadline) {
				give_up();
				continue;
			}
			say("timeout after %g seconds", opt->timeout);
			end_job(EXIT_TIMEOUT);
			continue;
		}
		fds[0] = (struct pollfd){ .fd = sigs, .events = POLLIN };
		for (i = 0; i < opt->nhosts; i++)
			fds[1 + i] = (struct pollfd){ .fd = machines[i].from.fd, .events = POLLIN };
		if (poll(fds, opt->nhosts + 1, until ? (int)(until - now) : -1) < 0)
			continue;
		for (i = 0; i < opt->nhosts; i++)
			if (fds[1 + i].revents)
				read_machine(&machines[i]);
		if (fds[0].revents && read(sigs, &info, sizeof(info)) == sizeof(info))
			end_job(128 + info.ssi_signo);
	}
	free(fds);
}

int head_run(const struct options *options)
{
	static struct frame_setup setup = { .version = FRAME_VERSION };
	sigset_t mask;
	int i, sigs;

	opt = options;
	machines = calloc(opt->nhosts, sizeof(*machines));
	if (!machines)
		fail("no memory");
	setup.npes = opt->npes;
	setup.nnodes = opt->nhosts;
	setup.cyclic = opt->cyclic;
	make_names(&setup);
	if (!getcwd(setup.cwd, sizeof(setup.cwd)))
		setup.cwd[0] = 0;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	sigs = signalfd(-1, &mask, SFD_CLOEXEC);
	for (i = 0; i < opt->nhosts; i++) {
		machines[i].host = opt->hosts[i];
		start_machine(&machines[i]);
	}
	for (i = 0; i < opt->nhosts; i++)
		send_setup(&machines[i], &setup);
	explicit_bzero(setup.key, sizeof(setup.key));
	watch(sigs);
	return status < 0 ? 0 : status;
}
