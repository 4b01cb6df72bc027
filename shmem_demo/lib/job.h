/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the processes of a job share: one memory file, made by oshrun, with
 * this structure first, then the slots of the teams, then for each PE its
 * variables and its heap. It has no name and goes with its last process.
 */
#ifndef SHI_JOB_H
#define SHI_JOB_H

#include <stddef.h>
#include <stdint.h>

#define SHI_JOB_ENV "KFI_SHMEM_JOB"	/* <pid of oshrun>:<fd>:<inode> */
#define SHI_RANK_ENV "KFI_SHMEM_RANK"
#define SHI_MAGIC 0x6b666973686d3031ULL
#define SHI_TEAMS 4096
#define SHI_MAX_PES 4096

enum shi_pe_state {
	SHI_PE_NEW,
	SHI_PE_RUNNING,
	SHI_PE_FINALIZED,
	SHI_PE_GLOBAL_EXIT,
	SHI_PE_GONE,		/* ended without shmem_init(), says oshrun */
};

/* Where one sleeps and another wakes. */
struct shi_bell {
	uint32_t seq;
	uint32_t sleepers;
};

struct shi_pe {
	struct shi_bell bell;	/* for those that wait for memory of this PE */
	uint32_t state;
	int32_t pid;
} __attribute__((__aligned__(64)));

/* A team's barrier, and a word of each member for what they tell each other. */
struct shi_slot {
	struct shi_bell bell;
	uint32_t arrived;
	uint32_t round;
	uint32_t left;
	uint32_t used;
	int64_t word[];
} __attribute__((__aligned__(64)));

struct shi_job {
	uint64_t magic;
	uint32_t npes;
	uint32_t exit_said;
	int32_t exit_status;
	uint64_t data_size;	/* as the first PE found them; others compare */
	uint64_t heap_size;
	struct shi_pe pe[];
};

#define SHI_PAGE 4096UL
#define SHI_UP(x, a) (((x) + (a) - 1) & ~((size_t)(a) - 1))

static inline size_t shi_slot_size(unsigned int npes)
{
	return SHI_UP(sizeof(struct shi_slot) + npes * sizeof(int64_t), 64);
}

static inline size_t shi_slots_at(unsigned int npes)
{
	return SHI_UP(sizeof(struct shi_job) + npes * sizeof(struct shi_pe), 64);
}

/* Size of what comes before the PEs' memory. */
static inline size_t shi_job_size(unsigned int npes)
{
	return SHI_UP(shi_slots_at(npes) + SHI_TEAMS * shi_slot_size(npes), SHI_PAGE);
}

#endif
