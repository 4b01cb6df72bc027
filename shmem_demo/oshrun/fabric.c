// SPDX-License-Identifier: BSD-3-Clause
/*
 * The memory of a job on this machine: a region on DRAM, exported to the other
 * machines by a key of the job's own, and their regions attached, all of it
 * through kfipmem. A file below /run says what there is; its lock is held
 * while there is an agent to remove it again.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "oshrun.h"

#define RUN "/run/kfi-shmem"
#define WORDS 16
#define POOL_OVERHEAD (8UL << 20)

extern char **environ;

static int key_fd = -1, run_fd = -1;

/* kfipmem WORD..., NULL: its exit status; says nothing of its own where "quiet". */
static int kfipmem(bool quiet, ...)
{
	char *argv[WORDS] = { "kfipmem" };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipe;
	int i = 0, how, error;
	va_list words;
	pid_t pid;

	va_start(words, quiet);
	do
		argv[++i] = va_arg(words, char *);
	while (argv[i] && i < WORDS - 1);
	va_end(words);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &pipe);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (quiet)
		posix_spawn_file_actions_adddup2(&files, 1, 2);
	error = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	if (error) {
		say("kfipmem, which makes the job's memory: %s", strerror(error));
		return -1;
	}
	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

/* The key becomes a file of this process, which nobody else can read. */
static int keep_key(const char *key)
{
	key_fd = memfd_create("kfi-shmem-key", MFD_CLOEXEC);
	if (key_fd >= 0 && !fchmod(key_fd, 0600) &&
	    write(key_fd, key, strlen(key)) == (ssize_t)strlen(key))
		return 0;
	say("cannot keep the job's key: %s", strerror(errno));
	return -1;
}

static const char *key_path(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), key_fd);
	return path;
}

static void run_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, RUN "/%s", name);
}

/* The file gets its name when it is written and locked: nobody sees it before. */
static int say_what_there_is(const struct fabric *f)
{
	char path[128], unnamed[64], text[64];
	int n;

	run_path(path, sizeof(path), f->name);
	n = snprintf(text, sizeof(text), "%u %u\n", f->me, f->nnodes);
	if (!mkdir(RUN, 0700) || errno == EEXIST)
		run_fd = open(RUN, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	snprintf(unnamed, sizeof(unnamed), "/proc/self/fd/%d", run_fd);
	if (run_fd >= 0 && !flock(run_fd, LOCK_EX) && write(run_fd, text, n) == n &&
	    !linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		return 0;
	say("cannot write %s: %s; is this root?", path, strerror(errno));
	return -1;
}

/* Locked, and not removed by another agent in the meantime */
static bool is_stale(int fd, struct fabric *f)
{
	char text[64] = "";
	struct stat st;

	return !flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) && st.st_nlink &&
		read(fd, text, sizeof(text) - 1) > 0 &&
		sscanf(text, "%u %u", &f->me, &f->nnodes) == 2 && f->nnodes <= SHI_MAX_NODES;
}

/* What agents left behind that were killed. */
void fabric_clean_stale(void)
{
	DIR *dir = opendir(RUN);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct fabric f = { .me = 0 };
		int fd;

		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(f.name))
			continue;
		strcpy(f.name, entry->d_name);
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (is_stale(fd, &f)) {
			say("removing what is left of job %s", f.name);
			fabric_detach(&f);
			fabric_remove(&f);
		}
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* A pool with one region, which is exported; false: there is a message. */
static bool make_region(const struct fabric *f, size_t total)
{
	char device[64], size[32], region[2 * SHI_NAME_MAX + 16];

	snprintf(device, sizeof(device), "ram:%zu", SHI_UP(total, 2UL << 20) + POOL_OVERHEAD);
	snprintf(size, sizeof(size), "%zu", total);
	snprintf(region, sizeof(region), "%s/%s.%u", f->name, f->name, f->me);
	if (kfipmem(false, "pool", "create", device, "--name", f->name, NULL) ||
	    kfipmem(false, "region", "create", region, "--size", size, NULL)) {
		say("there is no job's memory of %zu bytes on this machine; see SHMEM_SYMMETRIC_SIZE",
		    total);
		return false;
	}
	if (kfipmem(false, "export", region, "--peer", f->name, "--key-file", key_path(),
		    NULL)) {
		say("cannot export the job's memory of this machine");
		return false;
	}
	return true;
}

/* The job's memory as "like" says, with "total" bytes, exported to the others. */
struct shi_job *fabric_make(const struct fabric *f, const struct shi_job *like, size_t total)
{
	char path[SHI_NAME_MAX + 32];
	struct shi_job *job;
	int fd;

	if (keep_key(f->key) || say_what_there_is(f) || !make_region(f, total))
		return NULL;
	snprintf(path, sizeof(path), "/dev/kfi/%s.%u", f->name, f->me);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		say("%s: %s", path, strerror(errno));
		return NULL;
	}
	job = mmap(NULL, shi_job_size(like->npes, like->teams), PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	if (job == MAP_FAILED)
		say("cannot map %s: %s", path, strerror(errno));
	close(fd);
	if (job == MAP_FAILED)
		return NULL;
	*job = *like;
	return job;
}

/* The memory of the other machines; -1 if one is not to be had. */
int fabric_attach(const struct fabric *f)
{
	char from[300], name[SHI_NAME_MAX + 16];
	unsigned int k;

	for (k = 0; k < f->nnodes; k++) {
		if (k == f->me)
			continue;
		snprintf(from, sizeof(from), "%s/%s.%u", f->hosts[k], f->name, k);
		snprintf(name, sizeof(name), "%s.%u", f->name, k);
		if (kfipmem(false, "attach", from, "--as", f->name, "--key-file", key_path(),
			    "--name", name, NULL)) {
			say("cannot attach the memory of machine %s", f->hosts[k]);
			return -1;
		}
	}
	return 0;
}

void fabric_detach(const struct fabric *f)
{
	char name[SHI_NAME_MAX + 16];
	unsigned int k;

	for (k = 0; k < f->nnodes; k++) {
		snprintf(name, sizeof(name), "%s.%u", f->name, k);
		if (k != f->me)
			kfipmem(true, "detach", name, "--force", NULL);
	}
}

void fabric_remove(const struct fabric *f)
{
	char region[2 * SHI_NAME_MAX + 16], path[128];

	snprintf(region, sizeof(region), "%s/%s.%u", f->name, f->name, f->me);
	kfipmem(true, "unexport", region, "--peer", f->name, NULL);
	kfipmem(true, "region", "remove", region, NULL);
	kfipmem(true, "pool", "destroy", f->name, NULL);
	snprintf(path, sizeof(path), "/dev/kfi/%s.%u", f->name, f->me);
	if (!access(path, F_OK)) {
		say("%s is still in use; the next job on this machine removes it", path);
		return;
	}
	run_path(path, sizeof(path), f->name);
	unlink(path);
}
