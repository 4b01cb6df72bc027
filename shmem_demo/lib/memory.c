// SPDX-License-Identifier: BSD-3-Clause
/*
 * Symmetric memory: the program's variables and the heap.
 *
 * Before main() the pages of the executable's writable segments are replaced
 * by shared pages of the job's memory file with the same content. Addresses
 * stay, so the program sees no difference; the other PEs map the same file.
 * The pages that the dynamic linker has made read-only (RELRO) stay private.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "transport.h"

/* The same in all PEs where nobody else has it: a help, nothing relies on it. */
#define HEAP_AT 0x300000000000UL
#define HEAP_DEFAULT (1UL << 30)
#define RANGES 8

struct range {
	uintptr_t lo, hi;
};

const struct shi_far *shi_far;

static struct range parts[RANGES], image;
static unsigned int nparts;
static int job_fd = -1;
static uint32_t *fork_seen;

/* The main program comes first. */
static int find_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = SHI_PAGE, ro_lo = 0, ro_hi = 0;
	int i;

	(void)size;
	(void)arg;
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_GNU_RELRO)
			continue;
		ro_lo = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		ro_hi = (info->dlpi_addr + p->p_vaddr + p->p_memsz) & ~(page - 1);
	}
	for (i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t lo, hi;

		if (p->p_type != PT_LOAD || !p->p_memsz)
			continue;
		lo = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		hi = SHI_UP(info->dlpi_addr + p->p_vaddr + p->p_memsz, page);
		if (!image.hi || lo < image.lo)
			image.lo = lo;
		if (hi > image.hi)
			image.hi = hi;
		if (!(p->p_flags & PF_W))
			continue;
		if (ro_lo <= lo && ro_hi > lo)
			lo = ro_hi;
		if (lo < hi && nparts < RANGES)
			parts[nparts++] = (struct range){ lo, hi };
	}
	return 1;
}

static void find_data(void)
{
	unsigned int i;

	dl_iterate_phdr(find_segments, NULL);
	if (!nparts)
		return;
	shi.data_lo = parts[0].lo;
	for (i = 0; i < nparts; i++)
		shi.data_size = parts[i].hi - shi.data_lo;
}

/* Pages of nothing but zeros are not copied: a large .bss stays untouched. */
static void copy_pages(char *to, const char *from, size_t len)
{
	static const char zero[SHI_PAGE];
	size_t at;

	for (at = 0; at < len; at += SHI_PAGE)
		if (memcmp(from + at, zero, SHI_PAGE))
			memcpy(to + at, from + at, SHI_PAGE);
}

/* A child that goes on without exec has variables of its own, as after any fork. */
static void fork_prepare(void)
{
	fork_seen = mmap(NULL, SHI_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static void fork_child(void)
{
	unsigned int i;

	for (i = 0; i < nparts; i++) {
		size_t len = parts[i].hi - parts[i].lo;
		void *copy = mmap(NULL, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (copy == MAP_FAILED)
			_exit(127);
		copy_pages(copy, (void *)parts[i].lo, len);
		if (mremap(copy, len, len, MREMAP_MAYMOVE | MREMAP_FIXED,
			   parts[i].lo) == MAP_FAILED)
			_exit(127);
	}
	shi.npes = 0;
	if (fork_seen != MAP_FAILED)
		__atomic_store_n(fork_seen, 1, __ATOMIC_RELEASE);
}

/* The parent changes nothing until the child has its copy. */
static void fork_parent(void)
{
	struct timespec nap = { .tv_nsec = 50000 };
	int i;

	if (fork_seen == MAP_FAILED)
		return;
	/* The fork may have failed: not for ever. */
	for (i = 0; i < 20000 && !__atomic_load_n(fork_seen, __ATOMIC_ACQUIRE); i++)
		nanosleep(&nap, NULL);
	munmap(fork_seen, SHI_PAGE);
}

static void share_data(char *mine)
{
	unsigned int i;

	for (i = 0; i < nparts; i++) {
		size_t at = parts[i].lo - shi.data_lo, len = parts[i].hi - parts[i].lo;
		off_t in_file = mine + at - (char *)shi.job;

		copy_pages(mine + at, (void *)parts[i].lo, len);
		if (mmap((void *)parts[i].lo, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, job_fd, in_file) == MAP_FAILED)
			shi_die("cannot share the program's variables: %s", strerror(errno));
	}
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static void map_heap(size_t in_file, int fd)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *heap;

	heap = mmap((void *)HEAP_AT, shi.heap_size, PROT_READ | PROT_WRITE,
		    flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, in_file);
	if (heap == MAP_FAILED)
		heap = mmap(NULL, shi.heap_size, PROT_READ | PROT_WRITE,
			    flags | MAP_NORESERVE, fd, in_file);
	if (heap == MAP_FAILED)
		shi_die("no address space for a symmetric heap of %zu bytes; see SHMEM_SYMMETRIC_SIZE",
			shi.heap_size);
	shi.heap_lo = (uintptr_t)heap;
}

static void pick_heap_size(void)
{
	shi.heap_size = SHI_UP(shi_env_size("SYMMETRIC_SIZE", HEAP_DEFAULT), SHI_PAGE);
	if (!shi.heap_size)
		shi.heap_size = SHI_PAGE;
}

/* The job's memory file: inherited, or by way of oshrun where a wrapper closed it. */
static int open_job(const char *env)
{
	unsigned long inode;
	struct stat st;
	char path[64];
	int pid, fd;

	if (sscanf(env, "%d:%d:%lu", &pid, &fd, &inode) != 3)
		shi_die("%s='%s' is not from oshrun", SHI_JOB_ENV, env);
	if (!fstat(fd, &st) && st.st_ino == inode) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return fd;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || st.st_ino != inode)
		shi_die("the job's memory is not there: is its oshrun gone?");
	return fd;
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

/* Before main(): nobody else runs who could write into what is copied. */
void shi_memory_attach(void)
{
	const char *env = getenv(SHI_JOB_ENV), *rank = getenv(SHI_RANK_ENV);
	size_t control, total;
	struct shi_job *job;
	struct stat st;
	uint32_t npes;

	if (!env || !rank)
		return;
	job_fd = open_job(env);
	job = mmap(NULL, sizeof(*job), PROT_READ, MAP_SHARED, job_fd, 0);
	if (job == MAP_FAILED || job->magic != SHI_MAGIC)
		shi_die("the job's memory is of another version of oshrun");
	npes = job->npes;
	munmap(job, sizeof(*job));

	find_data();
	pick_heap_size();
	shi.stride = shi.data_size + shi.heap_size;
	control = shi_job_size(npes);
	if (shi.heap_size > (1UL << 46) / npes ||
	    shi.data_size > (1UL << 46) / npes)
		shi_die("%u heaps of %zu bytes do not fit into the address space",
			npes, shi.heap_size);
	total = control + npes * shi.stride;
	if (fstat(job_fd, &st) || ((size_t)st.st_size < total && ftruncate(job_fd, total)))
		shi_die("cannot make the job's memory %zu bytes: %s", total, strerror(errno));
	job = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, job_fd, 0);
	if (job == MAP_FAILED)
		shi_die("cannot map the memory of %u PEs, %zu bytes: %s; see SHMEM_SYMMETRIC_SIZE",
			npes, total, strerror(errno));
	agree(&job->data_size, shi.data_size, "variables (are they one program?)");
	agree(&job->heap_size, shi.heap_size, "heap");
	shi.job = job;
	shi.me = atoi(rank);
	shi.datas = (char *)job + control;
	shi.heaps = shi.datas + shi.data_size;
	map_heap(control + shi.stride * shi.me + shi.data_size, job_fd);
	if (nparts)
		share_data(shi.datas + shi.stride * shi.me);
	job->pe[shi.me].pid = getpid();
}

/* A bare program is one PE, and shares with nobody. */
void shi_memory_alone(void)
{
	find_data();
	pick_heap_size();
	map_heap(0, -1);
	shi.job = mmap(NULL, shi_job_size(1), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shi.job == MAP_FAILED)
		shi_die("no memory");
	shi.job->npes = 1;
}

static bool symmetric(const void *addr)
{
	uintptr_t a = (uintptr_t)addr;

	return a - shi.heap_lo < shi.heap_size || a - shi.data_lo < shi.data_size;
}

/* What is not symmetric memory of another PE. */
void *shi_peer_slow(const void *addr, int pe, size_t len)
{
	uintptr_t a = (uintptr_t)addr;

	shi_need_init("a routine");
	if (pe < 0 || pe >= shi.npes)
		shi_die("there is no PE %d, only 0 to %d", pe, shi.npes - 1);
	/* Constants are the same in every PE. */
	if (a >= image.lo && a < image.hi && a - shi.data_lo >= shi.data_size)
		return (void *)addr;
	if (!len)
		return (void *)addr;
	if (symmetric(addr))
		shi_die("%zu bytes at address %p, of PE %d, go beyond symmetric memory", len, addr,
			pe);
	shi_die("address %p, for %zu bytes at PE %d, is not symmetric", addr, len, pe);
}

SHI_FN(int, shmem_pe_accessible, (int pe))
{
	return pe >= 0 && pe < shi.npes;
}

SHI_FN(int, shmem_addr_accessible, (const void *addr, int pe))
{
	return pe >= 0 && pe < shi.npes && symmetric(addr);
}

SHI_FN(void *, shmem_ptr, (const void *dest, int pe))
{
	if (pe < 0 || pe >= shi.npes || !symmetric(dest))
		return NULL;
	return shi_peer(dest, pe, 1);
}

SHI_FN(void *, shmem_team_ptr, (shmem_team_t handle, const void *dest, int pe))
{
	struct shi_team *team = shi_team(handle);

	if (!team || pe < 0 || pe >= team->set.size || !symmetric(dest))
		return NULL;
	return shi_peer(dest, shi_set_pe(&team->set, pe), 1);
}
