/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the processes of a job share on a machine: one memory, made by oshrun,
 * with this structure first, then the slots of the teams, then for each PE of
 * the machine its variables and its heap. For a job on one machine it is a
 * memory file without a name, which goes with its last process.
 *
 * For a job on several it is a region of persistent-memory kind on DRAM, which
 * the other machines have attached: /dev/kfi/<name>.<k> is the memory of
 * machine k on all of them. How large it is depends on the program: its
 * processes find a memory file with this structure alone, say what they need,
 * and wait for SHI_PHASE_READY.
 */
#ifndef SHI_JOB_H
#define SHI_JOB_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#define SHI_JOB_ENV "KFI_SHMEM_JOB"	/* <pid of oshrun>:<fd>:<inode>, or */
#define SHI_JOB_NONE "none"		/* for what a PE starts: it is no PE */
#define SHI_RANK_ENV "KFI_SHMEM_RANK"
#define SHI_MAGIC 0x6b666973686d3032ULL
#define SHI_TEAMS 4096		/* of a job on one machine, where they cost nothing */
#define SHI_TEAMS_NODES 256
#define SHI_MAX_PES 4096
#define SHI_MAX_NODES 64
#define SHI_NODE_STEPS 6	/* log2 of that */
#define SHI_NAME_MAX 32
#define SHI_SIGNAL SIGUSR1	/* to oshrun: a process says what it needs */

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

/*
 * A team's barrier on this machine, and a word of each member for what they
 * tell each other. The machines meet by node_round, which counts, and
 * node_said, which others write: node_said[i] has the round in which the
 * machine 2^i before this one has come to step i.
 */
struct shi_slot {
	struct shi_bell bell;
	uint32_t arrived;
	uint32_t round;
	uint64_t left;		/* these two count on one machine for all */
	uint64_t used;
	uint64_t node_round;
	uint64_t node_said[SHI_NODE_STEPS];
	int64_t word[];
} __attribute__((__aligned__(64)));

/* The PEs of a machine: first, first + step, ... */
struct shi_node {
	uint32_t first, step, count;
};

enum shi_phase {
	SHI_PHASE_SIZES,	/* the processes say what they need */
	SHI_PHASE_READY,
};

struct shi_job {
	uint64_t magic;
	uint32_t npes;
	uint32_t nnodes;
	uint32_t node_me;
	uint32_t teams;
	uint32_t phase;		/* a futex */
	uint32_t come;		/* PEs of another launcher's job, a futex */
	uint32_t exit_said;
	uint32_t exec_failed;	/* one of all PEs says so */
	int32_t exit_status;
	uint64_t data_size;	/* as the first PE found them; others compare */
	uint64_t heap_size;
	char name[SHI_NAME_MAX];
	struct shi_node node[SHI_MAX_NODES];
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
static inline size_t shi_job_size(unsigned int npes, unsigned int teams)
{
	return SHI_UP(shi_slots_at(npes) + teams * shi_slot_size(npes), SHI_PAGE);
}

/* Which of a machine's PEs it is, -1 if it is another machine's. */
static inline int shi_node_index(const struct shi_node *node, unsigned int pe)
{
	unsigned int index;

	if (pe < node->first)
		return -1;
	index = (pe - node->first) / node->step;
	return index < node->count && node->first + index * node->step == pe ? (int)index : -1;
}

#endif
