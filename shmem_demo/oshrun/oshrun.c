// SPDX-License-Identifier: BSD-3-Clause
/* oshrun: starts the PEs of a job on this machine and looks after them. */
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

#define EXIT_TIMEOUT 124
#define EXIT_OSHRUN 125
#define GRACE_MS 500

const char *argp_program_version = "oshrun (kfabric-pmem libshmem)";

static const char doc[] =
	"Runs PROGRAM as the PEs of an OpenSHMEM job on this machine."
	"\vExit status: that of the PE which failed first, 0 if none did; what a PE "
	"gave to shmem_global_exit(); 128 and the signal that killed a PE; 124 after "
	"--timeout; 125 for a failure of oshrun itself; 126 or 127 when PROGRAM "
	"cannot be run; 130 after Ctrl-C.";

static const struct argp_option options[] = {
	{ "np", 'n', "N", 0, "number of PEs, also as -np N (default 1)", 0 },
	{ "timeout", 't', "SECONDS", 0, "end the job after this time", 0 },
	{ "tag-output", 'l', NULL, 0, "put the PE's number before each line", 0 },
	{ "symmetric-size", 's', "SIZE", 0, "sets SHMEM_SYMMETRIC_SIZE", 0 },
	{ 0 },
};

struct pe {
	pid_t pid;
	bool running;
	int out[2];		/* what is read of its stdout and stderr, or -1 */
	char *line[2];
	size_t len[2], room[2];
};

static struct {
	int npes;
	double timeout;
	bool tag;
	char **argv;
} opt = { .npes = 1 };

static struct shi_job *job;
static struct pe *pes;
static int job_fd, nrunning, status = -1;
static long long kill_at;	/* when those that are left get SIGKILL */

__attribute__((__format__(__printf__, 1, 2)))
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "oshrun: ");
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
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
	case 't':
		opt.timeout = strtod(arg, &end);
		if (end == arg || *end || !(opt.timeout > 0))
			argp_error(state, "'%s' is not a time in seconds", arg);
		return 0;
	case 'l':
		opt.tag = true;
		return 0;
	case 's':
		setenv("SHMEM_SYMMETRIC_SIZE", arg, 1);
		return 0;
	case ARGP_KEY_ARGS:
		opt.argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which program?");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void make_job(void)
{
	struct stat st;
	char env[64];

	job_fd = memfd_create("kfi-shmem", 0);
	if (job_fd < 0 || ftruncate(job_fd, shi_job_size(opt.npes)) || fstat(job_fd, &st)) {
		say("cannot make the job's memory: %s", strerror(errno));
		exit(EXIT_OSHRUN);
	}
	job = mmap(NULL, shi_job_size(opt.npes), PROT_READ | PROT_WRITE, MAP_SHARED, job_fd, 0);
	if (job == MAP_FAILED) {
		say("cannot map the job's memory: %s", strerror(errno));
		exit(EXIT_OSHRUN);
	}
	job->npes = opt.npes;
	job->magic = SHI_MAGIC;
	snprintf(env, sizeof(env), "%d:%d:%lu", getpid(), job_fd, (unsigned long)st.st_ino);
	setenv(SHI_JOB_ENV, env, 1);
}

__attribute__((__noreturn__))
static void run_pe(int rank, int pipes[2][2], const sigset_t *mask)
{
	char number[16];
	int i, fd;

	/* A group each, so that what a PE starts is ended with it; not where
	 * the first one may read from the terminal.
	 */
	if (rank || !isatty(STDIN_FILENO))
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	/* Equal addresses in all PEs: a comfort for debugging. */
	personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	for (i = 0; opt.tag && i < 2; i++) {
		dup2(pipes[i][1], STDOUT_FILENO + i);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	if (rank) {
		fd = open("/dev/null", O_RDONLY);
		if (fd >= 0) {
			dup2(fd, STDIN_FILENO);
			close(fd);
		}
	}
	snprintf(number, sizeof(number), "%d", rank);
	setenv(SHI_RANK_ENV, number, 1);
	execvp(opt.argv[0], opt.argv);
	if (!rank)
		say("%s: %s", opt.argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void start_pe(int rank, const sigset_t *mask)
{
	struct pe *pe = &pes[rank];
	int pipes[2][2], i;

	pe->out[0] = pe->out[1] = -1;
	if (opt.tag)
		for (i = 0; i < 2; i++)
			if (pipe2(pipes[i], O_CLOEXEC)) {
				say("no pipe: %s", strerror(errno));
				exit(EXIT_OSHRUN);
			}
	pe->pid = fork();
	if (!pe->pid)
		run_pe(rank, pipes, mask);
	if (pe->pid < 0) {
		say("cannot start PE %d: %s", rank, strerror(errno));
		exit(EXIT_OSHRUN);
	}
	if (rank || !isatty(STDIN_FILENO))
		setpgid(pe->pid, pe->pid);
	pe->running = true;
	nrunning++;
	for (i = 0; opt.tag && i < 2; i++) {
		close(pipes[i][1]);
		pe->out[i] = pipes[i][0];
	}
}

static void signal_all(int sig)
{
	int i;

	for (i = 0; i < opt.npes; i++)
		if (pes[i].running && kill(-pes[i].pid, sig))
			kill(pes[i].pid, sig);
}

static void end_job(int with)
{
	if (status < 0)
		status = with;
	if (kill_at)
		return;
	kill_at = now_ms() + GRACE_MS;
	signal_all(SIGTERM);
}

static void ended(int rank, int how)
{
	uint32_t state = __atomic_load_n(&job->pe[rank].state, __ATOMIC_SEQ_CST);
	int i;

	pes[rank].running = false;
	nrunning--;
	if (kill_at)
		return;
	if (state == SHI_PE_GLOBAL_EXIT) {
		end_job(job->exit_status & 255);
	} else if (WIFSIGNALED(how)) {
		say("PE %d (process %d) was killed by signal %d (%s%s)", rank, pes[rank].pid,
		    WTERMSIG(how), strsignal(WTERMSIG(how)),
		    WCOREDUMP(how) ? ", core dumped" : "");
		end_job(128 + WTERMSIG(how));
	} else if (WEXITSTATUS(how) && state != SHI_PE_FINALIZED) {
		if (WEXITSTATUS(how) != 126 && WEXITSTATUS(how) != 127)
			say("PE %d (process %d) ended with status %d", rank, pes[rank].pid,
			    WEXITSTATUS(how));
		end_job(WEXITSTATUS(how));
	} else if (WEXITSTATUS(how)) {
		if (status < 0)
			status = WEXITSTATUS(how);
	} else if (state == SHI_PE_RUNNING) {
		say("PE %d (process %d) ended without shmem_finalize()", rank, pes[rank].pid);
		end_job(EXIT_OSHRUN);
	}
	/* Others would wait in shmem_init() for one that never came; those that
	 * are not there yet will see it themselves.
	 */
	if (state == SHI_PE_NEW)
		__atomic_store_n(&job->pe[rank].state, SHI_PE_GONE, __ATOMIC_SEQ_CST);
	for (i = 0; i < opt.npes && state == SHI_PE_NEW && !kill_at; i++)
		if (__atomic_load_n(&job->pe[i].state, __ATOMIC_SEQ_CST) == SHI_PE_RUNNING) {
			say("PE %d ended without shmem_init()", rank);
			end_job(EXIT_OSHRUN);
		}
}

static void reap(void)
{
	int how, i;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		for (i = 0; i < opt.npes; i++)
			if (pes[i].pid == pid && pes[i].running)
				ended(i, how);
}

static void write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
}

/* Writes the whole lines of what a PE has said so far; at its end, all. */
static void forward(int rank, int which, bool all)
{
	struct pe *pe = &pes[rank];
	char *at = pe->line[which], *end = at + pe->len[which], *line, *copy;
	size_t len;
	int n;

	while (at < end) {
		line = memchr(at, '\n', end - at);
		if (!line && !all)
			break;
		len = line ? (size_t)(line - at) : (size_t)(end - at);
		copy = malloc(len + 32);
		if (!copy)
			break;
		n = sprintf(copy, "[%d] ", rank);
		memcpy(copy + n, at, len);
		copy[n + len] = '\n';
		write_all(STDOUT_FILENO + which, copy, n + len + 1);
		free(copy);
		at += len + !!line;
	}
	pe->len[which] = end - at;
	memmove(pe->line[which], at, end - at);
}

static void read_pe(int rank, int which)
{
	struct pe *pe = &pes[rank];
	ssize_t n;

	if (pe->room[which] - pe->len[which] < 4096) {
		size_t room = pe->room[which] * 2 + 8192;
		char *more = realloc(pe->line[which], room);

		if (!more)
			exit(EXIT_OSHRUN);
		pe->line[which] = more;
		pe->room[which] = room;
	}
	n = read(pe->out[which], pe->line[which] + pe->len[which], pe->room[which] - pe->len[which]);
	if (n < 0 && errno == EINTR)
		return;
	if (n > 0)
		pe->len[which] += n;
	forward(rank, which, n <= 0);
	if (n <= 0) {
		close(pe->out[which]);
		pe->out[which] = -1;
	}
}

/* Until all PEs are gone and all that they wrote is forwarded. */
static void watch(int sigs)
{
	long long end = opt.timeout ? now_ms() + (long long)(opt.timeout * 1000) : 0;
	struct pollfd *fds = calloc(1 + 2 * opt.npes, sizeof(*fds));
	struct signalfd_siginfo info;
	int i, n;

	if (!fds)
		exit(EXIT_OSHRUN);
	for (;;) {
		long long now = now_ms(), until = kill_at ? kill_at : end;

		for (i = n = 0; i < 2 * opt.npes; i++)
			n += pes[i / 2].out[i % 2] >= 0;
		if (!nrunning && (!n || kill_at))
			break;
		if (until && now >= until) {
			if (kill_at) {
				signal_all(SIGKILL);
				kill_at = now + 1000;
			} else {
				say("timeout after %g seconds", opt.timeout);
				end_job(EXIT_TIMEOUT);
			}
			continue;
		}
		fds[0] = (struct pollfd){ .fd = sigs, .events = POLLIN };
		for (i = 0; i < 2 * opt.npes; i++)
			fds[1 + i] = (struct pollfd){ .fd = pes[i / 2].out[i % 2], .events = POLLIN };
		if (poll(fds, 1 + 2 * opt.npes, until ? (int)(until - now) : -1) < 0)
			continue;
		for (i = 0; i < 2 * opt.npes; i++)
			if (fds[1 + i].revents)
				read_pe(i / 2, i % 2);
		if (!fds[0].revents || read(sigs, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGCHLD)
			reap();
		else
			end_job(128 + info.ssi_signo);
	}
	/* What they have left in the pipes when they were killed */
	for (i = 0; i < 2 * opt.npes; i++)
		while (pes[i / 2].out[i % 2] >= 0) {
			struct pollfd left = { .fd = pes[i / 2].out[i % 2], .events = POLLIN };

			if (poll(&left, 1, 0) <= 0)
				break;
			read_pe(i / 2, i % 2);
		}
}

int main(int argc, char **argv)
{
	static const struct argp argp = { options, parse, "PROGRAM [ARGUMENT...]", doc,
					  NULL, NULL, NULL };
	sigset_t mask, before;
	int i, sigs;

	argp_err_exit_status = EXIT_OSHRUN;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &before);
	sigs = signalfd(-1, &mask, SFD_CLOEXEC);
	pes = calloc(opt.npes, sizeof(*pes));
	if (sigs < 0 || !pes) {
		say("no memory");
		return EXIT_OSHRUN;
	}
	make_job();
	for (i = 0; i < opt.npes; i++)
		start_pe(i, &before);
	watch(sigs);
	return status < 0 ? 0 : status;
}
