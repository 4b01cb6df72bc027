// SPDX-License-Identifier: BSD-3-Clause
/*
 * For LD_PRELOAD: takes the addresses at which libshmem would have the heap, in
 * every other PE. It comes first of all (-z initfirst), before libc is set up.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#define HEAP_AT ((void *)0x300000000000UL)

__attribute__((__constructor__))
static void take(int argc, char **argv, char **envp)
{
	static const char name[] = "KFI_SHMEM_RANK=";

	(void)argc;
	(void)argv;
	for (; *envp; envp++)
		if (!strncmp(*envp, name, sizeof(name) - 1) &&
		    (*envp)[sizeof(name) - 1] % 2 == 0)
			mmap(HEAP_AT, 4096, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}
