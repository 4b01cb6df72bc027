// SPDX-License-Identifier: BSD-3-Clause
/* Finding the job that oshrun has made, and the memory that its processes share. */
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
#include <unistd.h>

#include "transport.h"

static int oshrun_pid;

/* The job's memory file: inherited, or by way of oshrun where a wrapper closed it. */
static int open_job(const char *env)
{
	unsigned long inode;
	struct stat st;
	char path[64];
	int fd;

	if (sscanf(env, "%d:%d:%lu", &oshrun_pid, &fd, &inode) != 3)
		shi_die("%s='%s' is not from oshrun", SHI_JOB_ENV, env);
	if (!fstat(fd, &st) && st.st_ino == inode) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", oshrun_pid, fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_ino != inode)
		shi_die("the job's memory is not there: is its oshrun gone?");
	return fd;
}

static struct shi_job *map_job(int fd, size_t size)
{
	struct shi_job *job = mmap(NULL, size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_NORESERVE, fd, 0);

	if (job == MAP_FAILED)
		shi_die("cannot map the job's memory, %zu bytes: %s; see SHMEM_SYMMETRIC_SIZE",
			size, strerror(errno));
	return job;
}

/* All PEs have to be the same program and have the same heap. */
static void agree(uint64_t *said, uint64_t mine, const char *what)
{
	uint64_t none = 0;

	if (!__atomic_compare_exchange_n(said, &none, mine, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST) && none != mine)
		shi_die("the PEs differ in the size of their %s: %lu and %lu bytes",
			what, (unsigned long)none, (unsigned long)mine);
}

/* Makes the memory file as large as the PEs of one machine need it. */
static void grow(int fd, size_t total)
{
	struct stat st;

	if (fstat(fd, &st) || ((size_t)st.st_size < total && ftruncate(fd, total)))
		shi_die("cannot make the job's memory %zu bytes: %s", total, strerror(errno));
}

/* Of several machines: says what is needed, and opens the region when it is there. */
static int wait_for_region(struct shi_job *door)
{
	char path[sizeof("/dev/kfi/") + SHI_NAME_MAX + 8];
	int fd;

	kill(oshrun_pid, SHI_SIGNAL);
	while (__atomic_load_n(&door->phase, __ATOMIC_ACQUIRE) != SHI_PHASE_READY)
		syscall(SYS_futex, &door->phase, FUTEX_WAIT, SHI_PHASE_SIZES, NULL, NULL, 0);
	snprintf(path, sizeof(path), "/dev/kfi/%s.%u", door->name, door->node_me);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		shi_die("cannot open the job's memory %s: %s", path, strerror(errno));
	return fd;
}

/* Where the heaps of this machine's PEs are. */
static void find_heaps(size_t control)
{
	const struct shi_node *node = &shi.job->node[shi.job->node_me];
	unsigned int i;

	shi.heap_of = calloc(shi.job->npes, sizeof(*shi.heap_of));
	if (!shi.heap_of)
		shi_die("no memory");
	for (i = 0; i < node->count; i++)
		shi.heap_of[node->first + i * node->step] =
			(char *)shi.job + control + i * shi.stride + shi.data_size;
}

/* Before main(); without a job it is left to shmem_init() to make one. */
void shi_job_attach(void)
{
	const char *env, *rank;
	const struct shi_node *node;
	size_t control, total;
	struct shi_job *door;
	struct stat st;
	int fd, index;

	if (!getenv(SHI_JOB_ENV))
		shi_launcher_join();
	env = getenv(SHI_JOB_ENV);
	rank = getenv(SHI_RANK_ENV);
	if (!env || !rank || !strcmp(env, SHI_JOB_NONE))
		return;
	fd = open_job(env);
	if (fstat(fd, &st) || (size_t)st.st_size < sizeof(*door))
		shi_die("the job's memory is of another version of oshrun");
	door = map_job(fd, sizeof(*door));
	if (door->magic != SHI_MAGIC)
		shi_die("the job's memory is of another version of oshrun");
	node = &door->node[door->node_me];
	shi.me = atoi(rank);
	index = shi_node_index(node, shi.me);
	if (index < 0)
		shi_die("%s='%s' is no PE of this machine", SHI_RANK_ENV, rank);

	shi_memory_find();
	shi.stride = shi.data_size + shi.heap_size;
	control = shi_job_size(door->npes, door->teams);
	if (shi.stride > (1UL << 46) / door->npes)
		shi_die("%u heaps of %zu bytes do not fit into the address space",
			door->npes, shi.heap_size);
	total = control + node->count * shi.stride;
	agree(&door->data_size, shi.data_size, "variables (are they one program?)");
	/* The last one: by it oshrun sees that the sizes are there. */
	agree(&door->heap_size, shi.heap_size, "heap");
	if (door->nnodes == 1) {
		grow(fd, total);
	} else {
		close(fd);
		fd = wait_for_region(door);
	}
	munmap(door, sizeof(*door));
	shi.job = map_job(fd, total);
	find_heaps(control);
	shi_memory_share(fd, control + index * shi.stride);
	if (shi.job->nnodes > 1)
		shi_far_attach(control);
	shi.job->pe[shi.me].pid = getpid();
	/* A program that this one starts is not this PE once more. */
	setenv(SHI_JOB_ENV, SHI_JOB_NONE, 1);
}
