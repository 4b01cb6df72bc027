// SPDX-License-Identifier: BSD-3-Clause
/*
 * Symmetric memory: the program's variables and the heap.
 *
 * Before main() the pages of the executable's writable segments are replaced
 * by shared pages of the job's memory with the same content. Addresses stay, so
 * the program sees no difference; the other PEs of the machine map the same.
 * The pages that the dynamic linker has made read-only (RELRO) stay private.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transport.h"

/* The same in all PEs where nobody else has it: a help, nothing relies on it. */
#define HEAP_AT 0x300000000000UL
#define HEAP_DEFAULT (1UL << 30)
#define RANGES 8
#define PAGE_THERE (3UL << 62)	/* of a pagemap entry: in memory or swapped out */

/* A program under ThreadSanitizer, which has its own use for those addresses. */
extern void __tsan_init(void) __attribute__((__weak__));

static struct shi_range parts[RANGES], image;
static unsigned int nparts;

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
			parts[nparts++] = (struct shi_range){
				lo, hi, SHI_UP(info->dlpi_addr + p->p_vaddr + p->p_filesz, page),
			};
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

/*
 * Copies memory that began as zeros. Much of a large array has not been
 * touched yet: the kernel knows which pages there are, so that the others need
 * not be looked at.
 */
static void copy_touched(char *to, const char *from, size_t len)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t pages = len / SHI_PAGE, done, some, i;
	uint64_t entry[512];

	for (done = 0; done < pages; done += some) {
		off_t at = ((uintptr_t)from / SHI_PAGE + done) * sizeof(entry[0]);
		ssize_t n;

		some = pages - done < 512 ? pages - done : 512;
		n = pread(fd, entry, some * sizeof(entry[0]), at);
		for (i = 0; i < some; i++)
			if (n != (ssize_t)(some * sizeof(entry[0])) || entry[i] & PAGE_THERE)
				shi_copy_pages(to + (done + i) * SHI_PAGE,
					   from + (done + i) * SHI_PAGE, SHI_PAGE);
	}
	if (fd >= 0)
		close(fd);
}

static void share_data(char *mine, int fd)
{
	unsigned int i;

	for (i = 0; i < nparts; i++) {
		size_t at = parts[i].lo - shi.data_lo, len = parts[i].hi - parts[i].lo;
		size_t filled = parts[i].zeros > parts[i].lo ? parts[i].zeros - parts[i].lo : 0;
		off_t in_file = mine + at - (char *)shi.job;

		if (filled > len)
			filled = len;
		shi_copy_pages(mine + at, (void *)parts[i].lo, filled);
		copy_touched(mine + at + filled, (char *)parts[i].lo + filled, len - filled);
		if (mmap((void *)parts[i].lo, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, in_file) == MAP_FAILED)
			shi_die("cannot share the program's variables: %s", strerror(errno));
	}
	shi_fork_watch(parts, nparts);
}

/* Aligned alike at all PEs, so that their allocators come to the same offsets. */
static void *map_anywhere(size_t size, int flags, int fd, size_t in_file)
{
	char *room = mmap(NULL, size + SHI_HEAP_ALIGN, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at, *end = room + size + SHI_HEAP_ALIGN;

	if (room == MAP_FAILED)
		return room;
	at = (char *)SHI_UP((uintptr_t)room, SHI_HEAP_ALIGN);
	if (at > room)
		munmap(room, at - room);
	if (end > at + size)
		munmap(at + size, end - at - size);
	return mmap(at, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, in_file);
}

static void map_heap(size_t in_file, int fd)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *heap = MAP_FAILED;

	if (!__tsan_init)
		heap = mmap((void *)HEAP_AT, shi.heap_size, PROT_READ | PROT_WRITE,
			    flags | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, in_file);
	if (heap == MAP_FAILED)
		heap = map_anywhere(shi.heap_size, flags | MAP_NORESERVE, fd, in_file);
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

/*
 * Before main(): nobody else runs who could write into what is copied. The job
 * is found, and "fd" is its memory, in which the own part begins at "at".
 */
void shi_memory_share(int fd, size_t at)
{
	map_heap(at + shi.data_size, fd);
	if (nparts)
		share_data((char *)shi.job + at, fd);
}

/* Sizes of what this process wants to share. */
void shi_memory_find(void)
{
	find_data();
	pick_heap_size();
}

/* A bare program is one PE, and shares with nobody. */
void shi_memory_alone(void)
{
	static char *heap_of[1];

	shi_memory_find();
	map_heap(0, -1);
	heap_of[0] = (char *)shi.heap_lo;
	shi.heap_of = heap_of;
	shi.job = mmap(NULL, shi_job_size(1, SHI_TEAMS), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shi.job == MAP_FAILED)
		shi_die("no memory");
	shi.job->npes = shi.job->nnodes = 1;
	shi.job->teams = SHI_TEAMS;
	shi.job->node[0] = (struct shi_node){ .step = 1, .count = 1 };
}

/* Is it in the program, where also its constants are? */
bool shi_in_image(const void *addr)
{
	uintptr_t a = (uintptr_t)addr;

	return a >= image.lo && a < image.hi;
}
