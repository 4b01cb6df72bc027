// SPDX-License-Identifier: BSD-3-Clause
/* The PEs of this machine: starting them, and seeing how each ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oshrun.h"

#define GRACE_MS 500

struct pe {
	int rank;
	pid_t pid;
	bool running;
	int out[2];		/* what is read of its stdout and stderr, or -1 */
};

static struct shi_job *job;	/* where the PEs say how they are */
static struct pe *pes;
static int npes, nrunning, status = -1, sigs;
static const struct pes_ops *ops;
static long long end_at;	/* when those that are left get SIGTERM */
static long long kill_at;	/* when they get SIGKILL */
static sigset_t mask_before;
static void (*sigpipe_before)(int);
static pid_t oshrun;

/* The memory file that the PEs inherit, and its start. */
struct shi_job *pes_make_job(const struct shi_job *like)
{
	size_t size = shi_job_size(like->npes, like->teams);
	struct stat st;
	char env[64];
	int fd;

	fd = memfd_create("kfi-shmem", 0);
	if (fd < 0 || ftruncate(fd, size) || fstat(fd, &st))
		fail("cannot make the job's memory: %s", strerror(errno));
	job = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (job == MAP_FAILED)
		fail("cannot map the job's memory: %s", strerror(errno));
	*job = *like;
	job->magic = SHI_MAGIC;
	snprintf(env, sizeof(env), "%d:%d:%lu", getpid(), fd, (unsigned long)st.st_ino);
	setenv(SHI_JOB_ENV, env, 1);
	return job;
}

/* The job's memory proper, where it is another than the file. */
void pes_use_job(struct shi_job *other)
{
	memcpy(other->pe, job->pe, job->npes * sizeof(job->pe[0]));
	job = other;
}

__attribute__((__noreturn__))
static void run_pe(int rank, int pipes[2][2], char **argv)
{
	char number[16];
	int i, fd;

	/*
	 * A group each, so that what a PE starts is ended with it; not where
	 * the first one may read from the terminal.
	 */
	if (rank || !isatty(STDIN_FILENO))
		setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != oshrun)
		_exit(EXIT_OSHRUN);
	signal(SIGPIPE, sigpipe_before);
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	/* Equal addresses in all PEs: a comfort for debugging. */
	personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	for (i = 0; ops->output && i < 2; i++) {
		dup2(pipes[i][1], STDOUT_FILENO + i);
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
	if (rank || ops->input_fd == STDIN_FILENO) {
		fd = open("/dev/null", O_RDONLY);
		if (fd >= 0) {
			dup2(fd, STDIN_FILENO);
			close(fd);
		}
	}
	snprintf(number, sizeof(number), "%d", rank);
	setenv(SHI_RANK_ENV, number, 1);
	execvp(argv[0], argv);
	/* A name that is nowhere in PATH may be a file here, as with mpirun. */
	if (errno == ENOENT)
		execv(argv[0], argv);
	i = errno;
	/* The others wait for the end of the job, which this one's brings. */
	while (__atomic_exchange_n(&job->exec_failed, 1, __ATOMIC_SEQ_CST))
		pause();
	say("%s: %s", argv[0], strerror(i));
	_exit(i == ENOENT ? 127 : 126);
}

static void start_pe(struct pe *pe, char **argv)
{
	int pipes[2][2], i;

	pe->out[0] = pe->out[1] = -1;
	for (i = 0; ops->output && i < 2; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			fail("no pipe for what PE %d prints: %s; see ulimit -n", pe->rank,
			     strerror(errno));
	pe->pid = fork();
	if (!pe->pid)
		run_pe(pe->rank, pipes, argv);
	if (pe->pid < 0)
		fail("cannot start PE %d: %s", pe->rank, strerror(errno));
	if (pe->rank || !isatty(STDIN_FILENO))
		setpgid(pe->pid, pe->pid);
	pe->running = true;
	nrunning++;
	for (i = 0; ops->output && i < 2; i++) {
		close(pipes[i][1]);
		pe->out[i] = pipes[i][0];
	}
}

/* Starts the PEs that the job has on this machine. */
void pes_start(char **argv, const struct pes_ops *with)
{
	const struct shi_node *node = &job->node[job->node_me];
	sigset_t mask;
	int i;

	ops = with;
	npes = node->count;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SHI_SIGNAL);
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	sigpipe_before = signal(SIGPIPE, SIG_DFL);
	signal(SIGPIPE, sigpipe_before);
	/* What an agent is deaf to, its PEs are not. */
	if (ops->input) {
		sigemptyset(&mask_before);
		sigpipe_before = SIG_DFL;
	}
	oshrun = getpid();
	sigs = signalfd(-1, &mask, SFD_CLOEXEC);
	pes = calloc(npes, sizeof(*pes));
	if (sigs < 0 || !pes)
		fail("no memory");
	for (i = 0; i < npes; i++) {
		pes[i].rank = node->first + i * node->step;
		start_pe(&pes[i], argv);
	}
}

static void signal_all(int sig)
{
	int i;

	for (i = 0; i < npes; i++)
		if (pes[i].running && kill(-pes[i].pid, sig))
			kill(pes[i].pid, sig);
}

/* Ends the job's PEs here; the first status that is said counts. */
void pes_end(int with)
{
	if (status < 0)
		status = with;
	if (kill_at)
		return;
	kill_at = now_ms() + GRACE_MS;
	signal_all(SIGTERM);
}

/*
 * The others may be about to end in the same way, with something left to say:
 * there are programs whose main() always returns 1.
 */
static void failed(const struct pe *pe, int with)
{
	if (with == 126 || with == 127) {
		pes_end(with);
		return;
	}
	if (end_at)
		return;
	say("PE %d (process %d) ended with status %d", pe->rank, pe->pid, with);
	if (status < 0)
		status = with;
	end_at = now_ms() + GRACE_MS;
}

/*
 * Of any machine. Others would wait in shmem_init() for one that never came;
 * those that are not there yet will see it themselves.
 */
void pes_absent(int rank)
{
	int i;

	__atomic_store_n(&job->pe[rank].state, SHI_PE_GONE, __ATOMIC_SEQ_CST);
	for (i = 0; i < npes && !kill_at; i++)
		if (__atomic_load_n(&job->pe[pes[i].rank].state, __ATOMIC_SEQ_CST) ==
		    SHI_PE_RUNNING) {
			say("PE %d ended without shmem_init()", rank);
			pes_end(EXIT_OSHRUN);
		}
}

/* Did the PEs here not just come to their ends? */
bool pes_were_ended(void)
{
	return kill_at;
}

static void ended(struct pe *pe, int how)
{
	uint32_t state = __atomic_load_n(&job->pe[pe->rank].state, __ATOMIC_SEQ_CST);

	pe->running = false;
	nrunning--;
	if (kill_at)
		return;
	if (state == SHI_PE_GLOBAL_EXIT) {
		pes_end(job->exit_status & 255);
	} else if (WIFSIGNALED(how)) {
		say("PE %d (process %d) was killed by signal %d (%s%s)", pe->rank, pe->pid,
		    WTERMSIG(how), strsignal(WTERMSIG(how)),
		    WCOREDUMP(how) ? ", core dumped" : "");
		pes_end(128 + WTERMSIG(how));
	} else if (WEXITSTATUS(how) && state != SHI_PE_FINALIZED) {
		failed(pe, WEXITSTATUS(how));
	} else if (WEXITSTATUS(how)) {
		if (status < 0)
			status = WEXITSTATUS(how);
	} else if (state == SHI_PE_RUNNING) {
		say("PE %d (process %d) ended without shmem_finalize()", pe->rank, pe->pid);
		pes_end(EXIT_OSHRUN);
	}
	if (state == SHI_PE_NEW) {
		pes_absent(pe->rank);
		if (ops->absent)
			ops->absent(pe->rank);
	}
}

static void reap(void)
{
	int how, i;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		for (i = 0; i < npes; i++)
			if (pes[i].pid == pid && pes[i].running)
				ended(&pes[i], how);
}

static void read_pe(struct pe *pe, int which)
{
	char data[16384];
	ssize_t n;

	n = read(pe->out[which], data, sizeof(data));
	if (n < 0 && errno == EINTR)
		return;
	ops->output(pe->rank, which, data, n > 0 ? n : 0);
	if (n <= 0) {
		close(pe->out[which]);
		pe->out[which] = -1;
	}
}

static int nopen(void)
{
	int i, n = 0;

	for (i = 0; i < 2 * npes; i++)
		n += pes[i / 2].out[i % 2] >= 0;
	return n;
}

static void read_signal(void)
{
	struct signalfd_siginfo info;

	if (read(sigs, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		reap();
	else if (info.ssi_signo != SHI_SIGNAL)
		pes_end(128 + info.ssi_signo);
	else if (ops->sizes && !kill_at)
		ops->sizes();
}

static void time_is_up(double timeout)
{
	if (kill_at) {
		signal_all(SIGKILL);
		kill_at = now_ms() + 1000;
	} else if (end_at && now_ms() >= end_at) {
		pes_end(status);
	} else {
		say("timeout after %g seconds", timeout);
		pes_end(EXIT_TIMEOUT);
	}
}

/* What they have left in the pipes when they were killed */
static void read_rest(void)
{
	int i;

	for (i = 0; i < 2 * npes; i++)
		while (pes[i / 2].out[i % 2] >= 0) {
			struct pollfd left = { .fd = pes[i / 2].out[i % 2], .events = POLLIN };

			if (poll(&left, 1, 0) <= 0)
				break;
			read_pe(&pes[i / 2], i % 2);
		}
}

/* Until all PEs are gone and all that they wrote is forwarded; gives the status. */
int pes_watch(double timeout)
{
	long long end = timeout > 0 ? now_ms() + (long long)(timeout * 1000) : 0;
	struct pollfd *fds = calloc(2 + 2 * npes, sizeof(*fds));
	int i;

	if (!fds)
		fail("no memory");
	while (nrunning || (nopen() && !kill_at)) {
		long long until = kill_at ? kill_at : end;

		if (!kill_at && end_at && (!end || end_at < end))
			until = end_at;
		if (until && now_ms() >= until) {
			time_is_up(timeout);
			continue;
		}
		fds[0] = (struct pollfd){ .fd = sigs, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = ops->input_fd, .events = POLLIN };
		for (i = 0; i < 2 * npes; i++)
			fds[2 + i] = (struct pollfd){ .fd = pes[i / 2].out[i % 2], .events = POLLIN };
		if (poll(fds, 2 + 2 * npes, poll_ms(until)) < 0)
			continue;
		for (i = 0; i < 2 * npes; i++)
			if (fds[2 + i].revents)
				read_pe(&pes[i / 2], i % 2);
		if (fds[1].revents)
			ops->input();
		if (fds[0].revents)
			read_signal();
	}
	read_rest();
	free(fds);
	return status < 0 ? 0 : status;
}
