// SPDX-License-Identifier: BSD-3-Clause
/*
 * PEs that another launcher has started on this machine: srun, or an mpiexec.
 * Its variables say which PE of how many a process is. They find each other by
 * a file, whose name they make of the job's, and which is the job's memory; the
 * last one to come removes its name.
 *
 * Whoever has locked its first byte alone changes it until then. Those that
 * have come hold a lock on the second byte, so that a file which nobody holds,
 * since its job never got complete, is seen and used again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define JOIN_SECONDS 60
#define MOST 3

struct launcher {
	const char *name;
	const char *rank;
	const char *size[MOST];
	const char *id[MOST];		/* together they name the job */
	const char *local[MOST];	/* PEs on this machine: has to be all */
	const char *nodes[MOST];	/* machines: has to be one */
};

/* An mpiexec may have been started by srun: its word counts. */
static const struct launcher launchers[] = {
	{
		.name = "mpiexec (Open MPI)", .rank = "OMPI_COMM_WORLD_RANK",
		.size = { "OMPI_COMM_WORLD_SIZE" },
		.id = { "PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid" },
		.local = { "OMPI_COMM_WORLD_LOCAL_SIZE" },
	}, {
		.name = "mpiexec (MVAPICH)", .rank = "MV2_COMM_WORLD_RANK",
		.size = { "MV2_COMM_WORLD_SIZE" }, .id = { "PMI_JOBID" },
		.local = { "MV2_COMM_WORLD_LOCAL_SIZE" },
	}, {
		.name = "mpiexec (PMI)", .rank = "PMI_RANK",
		.size = { "PMI_SIZE" }, .id = { "PMI_JOBID" },
		.local = { "MPI_LOCALNRANKS" },
	}, {
		.name = "srun", .rank = "SLURM_PROCID",
		.size = { "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS" },
		.id = { "SLURM_JOB_ID", "SLURM_STEP_ID" },
		.nodes = { "SLURM_STEP_NUM_NODES", "SLURM_NNODES" },
	},
};

enum { BYTE_ALONE, BYTE_COME };

static const struct launcher *launcher;
static int rank, npes;
static char path[PATH_MAX];

static const char *first_set(const char *const names[MOST], const char **which)
{
	int i;

	for (i = 0; i < MOST && names[i]; i++)
		if (getenv(names[i])) {
			*which = names[i];
			return getenv(names[i]);
		}
	return NULL;
}

static int number(const char *name, const char *text, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > most)
		shi_die("%s='%s', from %s, is not a number from 0 to %d", name, text,
			launcher->name, most);
	return n;
}

/* The shell of a batch job is no task of a step, though it looks like one. */
static bool batch_shell(const struct launcher *l)
{
	const char *environment = getenv("ENVIRONMENT");

	return !strcmp(l->rank, "SLURM_PROCID") && !getenv("SLURM_STEP_ID") &&
		environment && !strcmp(environment, "BATCH");
}

static bool find_launcher(void)
{
	const char *text, *which;
	size_t i;

	for (i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++) {
		launcher = &launchers[i];
		text = first_set(launcher->size, &which);
		if (!text || !getenv(launcher->rank) || batch_shell(launcher))
			continue;
		npes = number(which, text, SHI_MAX_PES);
		rank = number(launcher->rank, getenv(launcher->rank), npes - !!npes);
		return npes > 1;
	}
	return false;
}

static void need_one_machine(void)
{
	const char *text, *which;

	text = first_set(launcher->nodes, &which);
	if (text && number(which, text, INT_MAX) > 1)
		shi_die("%s has started PEs on several machines (%s=%s); oshrun --hosts can do that",
			launcher->name, which, text);
	text = first_set(launcher->local, &which);
	if (text && number(which, text, INT_MAX) != npes)
		shi_die("%s has started only %s of %d PEs on this machine (%s); oshrun --hosts can use several",
			launcher->name, text, npes, which);
}

/* Without a job's name: the process that has started us, and when it began. */
static void parent_id(char *to, size_t room)
{
	char name[64], line[1024];
	unsigned long long start = 0;
	char *end = NULL;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", getppid());
	f = fopen(name, "re");
	if (f) {
		if (fgets(line, sizeof(line), f))
			end = strrchr(line, ')');
		/* field 22, counted from the one behind the name */
		if (end)
			sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
			       "%*u %*d %*d %*d %*d %*d %*d %llu", &start);
		fclose(f);
	}
	snprintf(to, room, "parent-%d-%llu", getppid(), start);
}

static void make_path(void)
{
	static const char *const dir = "/dev/shm";
	char id[256] = "", *c;
	size_t len;
	int i;

	for (i = 0; i < MOST && launcher->id[i]; i++)
		if (getenv(launcher->id[i])) {
			len = strlen(id);
			snprintf(id + len, sizeof(id) - len, "%s%s", len ? "-" : "",
				 getenv(launcher->id[i]));
		}
	if (!*id)
		parent_id(id, sizeof(id));
	for (c = id; *c; c++)
		if (*c == '/')
			*c = '_';
	if ((size_t)snprintf(path, sizeof(path), "%s/kfi-shmem-%u-%s", dir, geteuid(), id) >=
	    sizeof(path))
		shi_die("the name of the job of %s is too long", launcher->name);
}

static int lock(int fd, int command, int type, off_t byte)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(fd, command, &lock))
		if (errno != EINTR)
			shi_die("cannot lock %s, by which the PEs of %s meet: %s", path,
				launcher->name, strerror(errno));
	return lock.l_type;
}

static bool is_at_path(int fd)
{
	struct stat mine, there;

	return !fstat(fd, &mine) && !stat(path, &there) && there.st_ino == mine.st_ino &&
		there.st_dev == mine.st_dev;
}

/* Opens and locks the file, whose name another may just have removed. */
static int open_alone(void)
{
	struct stat st;
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			shi_die("cannot open %s, by which the PEs of %s meet: %s", path,
				launcher->name, strerror(errno));
		if (fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 077)
			shi_die("%s, by which the PEs of %s meet, is not this user's alone", path,
				launcher->name);
		lock(fd, F_SETLKW, F_WRLCK, BYTE_ALONE);
		if (is_at_path(fd))
			return fd;
		close(fd);
	}
}

static struct shi_job *map_job(int fd)
{
	size_t size = shi_job_size(npes, SHI_TEAMS);
	bool fresh = lock(fd, F_GETLK, F_WRLCK, BYTE_COME) == F_UNLCK;
	struct shi_job *job;

	if (fresh && (ftruncate(fd, 0) || ftruncate(fd, size)))
		shi_die("cannot make the job's memory: %s", strerror(errno));
	job = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (job == MAP_FAILED)
		shi_die("cannot map the job's memory: %s", strerror(errno));
	if (fresh) {
		job->magic = SHI_MAGIC;
		job->npes = npes;
		job->nnodes = 1;
		job->teams = SHI_TEAMS;
		job->phase = SHI_PHASE_READY;
		job->node[0] = (struct shi_node){ .step = 1, .count = npes };
	}
	if (job->magic != SHI_MAGIC || job->npes != (uint32_t)npes)
		shi_die("PEs of %s differ in how many they are: %u and %d", launcher->name,
			job->npes, npes);
	return job;
}

/* Says who this is; nobody else may be that. The last one removes the name. */
static void come(int fd, struct shi_job *job)
{
	lock(fd, F_SETLK, F_RDLCK, BYTE_COME);
	if (job->pe[rank].pid)
		shi_die("%s has started two processes as PE %d, %d and %d", launcher->name, rank,
			job->pe[rank].pid, getpid());
	job->pe[rank].pid = getpid();
	if (__atomic_add_fetch(&job->come, 1, __ATOMIC_SEQ_CST) == (uint32_t)npes)
		unlink(path);
	lock(fd, F_SETLK, F_UNLCK, BYTE_ALONE);
	syscall(SYS_futex, &job->come, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Those that do not come would be waited for in vain. */
static void wait_for_all(int fd, struct shi_job *job)
{
	struct timespec end, now, left;
	uint32_t n;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += JOIN_SECONDS;
	while ((n = __atomic_load_n(&job->come, __ATOMIC_ACQUIRE)) < (uint32_t)npes) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end.tv_sec) {
			if (is_at_path(fd))
				unlink(path);
			shi_die("only %u of the %d PEs of %s have come to %s within %d s; if they are on several machines, use oshrun --hosts; KFI_SHMEM_JOB=none runs one alone",
				n, npes, launcher->name, path, JOIN_SECONDS);
		}
		left = (struct timespec){ .tv_sec = end.tv_sec - now.tv_sec };
		syscall(SYS_futex, &job->come, FUTEX_WAIT, n, &left, NULL, 0);
	}
}

/* The others are ended by shmem_global_exit() with its status. */
static void on_term(int sig)
{
	if (shi.job && __atomic_load_n(&shi.job->exit_said, __ATOMIC_ACQUIRE))
		_exit(shi.job->exit_status & 255);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void handle_term(void)
{
	struct sigaction now, ours = { .sa_handler = on_term };

	if (!sigaction(SIGTERM, NULL, &now) && now.sa_handler == SIG_DFL)
		sigaction(SIGTERM, &ours, NULL);
}

/* Leaves the two variables as oshrun would have, if there is such a launcher. */
void shi_launcher_join(void)
{
	struct shi_job *job;
	struct stat st;
	char text[64];
	int fd;

	if (!find_launcher())
		return;
	need_one_machine();
	make_path();
	fd = open_alone();
	job = map_job(fd);
	come(fd, job);
	wait_for_all(fd, job);
	munmap(job, shi_job_size(npes, SHI_TEAMS));
	fstat(fd, &st);
	snprintf(text, sizeof(text), "%d:%d:%lu", getpid(), fd, (unsigned long)st.st_ino);
	setenv(SHI_JOB_ENV, text, 1);
	snprintf(text, sizeof(text), "%d", rank);
	setenv(SHI_RANK_ENV, text, 1);
	handle_term();
	shi.launched = true;
}

/* What oshrun does for its own: looks whether one has died. */
void shi_launcher_check(void)
{
	int pe;

	for (pe = 0; pe < shi.npes; pe++) {
		const struct shi_pe *at = &shi.job->pe[pe];

		if (__atomic_load_n(&at->state, __ATOMIC_ACQUIRE) <= SHI_PE_RUNNING &&
		    kill(at->pid, 0) && errno == ESRCH &&
		    __atomic_load_n(&at->state, __ATOMIC_ACQUIRE) <= SHI_PE_RUNNING)
			shi_die("PE %d (process %d) is gone", pe, at->pid);
	}
}

/* shmem_global_exit(): ends the others. */
void shi_launcher_end(void)
{
	int pe;

	for (pe = 0; pe < (int)shi.job->npes; pe++)
		if (pe != shi.me && shi.job->pe[pe].pid > 0 &&
		    shi.job->pe[pe].state <= SHI_PE_RUNNING)
			kill(shi.job->pe[pe].pid, SIGTERM);
}
