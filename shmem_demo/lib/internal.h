/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHI_INTERNAL_H
#define SHI_INTERNAL_H

#define SHMEM_NO_GENERIC_
#include <shmem.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#include "job.h"

/*
 * A routine and its names: the one for profilers is the routine, the usual one
 * is weak, so that a profiler's takes its place. The library itself calls
 * neither.
 */
#define SHI_FN(ret, name, args) \
	ret name args __attribute__((__weak__, __alias__("p" #name))); \
	ret p##name args

#define SHI_UNPAREN(...) __VA_ARGS__

/* With and without a context; the body finds the PE of the job in "pe". */
#define SHI_PAIR(ret, fn, params, ...) \
	SHI_FN(ret, shmem_##fn, (SHI_UNPAREN params)) \
	__VA_ARGS__ \
	SHI_FN(ret, shmem_ctx_##fn, (shmem_ctx_t ctx, SHI_UNPAREN params)) \
	{ \
		pe = shi_ctx_pe(ctx, pe); \
		__VA_ARGS__ \
	}

struct shi_state {
	int me;
	int npes;			/* 0 until the library is initialized */
	uintptr_t heap_lo, heap_size;	/* own, as the program sees them */
	uintptr_t data_lo, data_size;
	char **heap_of;			/* by PE; NULL: on another machine */
	size_t stride;			/* from PE to PE in a machine's memory */
	struct shi_job *job;
	char *slots;
	size_t slot_size;
	unsigned int spins;
	bool crowded;			/* PEs share processors */
	int thread_level;
	int inits;
	unsigned int spaces;		/* persistent ones; 0: none is open */
	bool debug;
	bool far;			/* there are other machines */
	bool launched;			/* not by oshrun */
};

extern struct shi_state shi;
/* wait.c: what this thread has read, how often; in static TLS, where it is cheap */
struct shi_looks {
	uint64_t value;
	unsigned int times;
};
extern _Thread_local struct shi_looks shi_looks __attribute__((__tls_model__("initial-exec")));

/* init.c */
void shi_die(const char *format, ...) __attribute__((__noreturn__, __format__(__printf__, 1, 2)));
void shi_need_init(const char *what);

/* env.c */
const char *shi_getenv(const char *name);
size_t shi_env_size(const char *name, size_t otherwise);
void shi_env_show(void);

/* job.c */
void shi_job_attach(void);

/* launcher.c: jobs that oshrun has not started */
void shi_launcher_join(void);
void shi_launcher_check(void);
void shi_launcher_end(void);

/* memory.c: the own symmetric memory */
void shi_memory_find(void);
void shi_memory_share(int fd, size_t at);
void shi_memory_alone(void);
bool shi_in_image(const void *addr);

/* fork.c */
struct shi_range {
	uintptr_t lo, hi;
	uintptr_t zeros;	/* from here on there is nothing of the file */
};

void shi_copy_pages(void *to, const void *from, size_t len);
void shi_fork_watch(const struct shi_range *shared, unsigned int n);

/* peer.c: that of others */
bool shi_symmetric(const void *addr);
void *shi_peer_slow(const void *addr, int pe, size_t len);

/* far.c: PEs of other machines */
void shi_far_attach(size_t control);

/* persist.c: false where the address is in no persistent space; NULL: far */
bool shi_space_peer(const void *addr, int pe, size_t len, void **to);
int shi_space_far(const void *addr, size_t len, int pe, off_t *at);

/* pspace.c */
void shi_spaces_close(void);

/* heap.c */
#define SHI_HEAP_ALIGN (1UL << 30)	/* of its start, at each PE */
void shi_heap_init(void);

/* wait.c */
struct shi_waiter {
	unsigned int round;
	uint32_t seq;
	bool armed;
	long nap;			/* ns, of the last sleep */
	unsigned int naps;		/* of the longest; with other machines all */
};

void shi_relax(struct shi_waiter *w, struct shi_bell *bell);
void shi_ring(struct shi_bell *bell);
bool shi_tested(bool yes);

static inline void shi_relax_end(struct shi_waiter *w, struct shi_bell *bell)
{
	if (__builtin_expect(w->armed, 0))
		__atomic_fetch_sub(&bell->sleepers, 1, __ATOMIC_SEQ_CST);
}

/* Waits until "cond", which whoever rings the bell makes true. */
#define SHI_WAIT(bell_, cond) do { \
	struct shi_waiter w_ = { 0 }; \
	struct shi_bell *b_ = (bell_); \
	while (!(cond)) \
		shi_relax(&w_, b_); \
	shi_relax_end(&w_, b_); \
} while (0)

/*
 * After a store into memory of a PE: wakes those that sleep for it. Without a
 * fence it can miss one who is just lying down; that one looks again by itself
 * a little later, and the stores need no fence.
 */
static inline void shi_wake(int pe)
{
	struct shi_bell *bell = &shi.job->pe[pe].bell;

	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(__atomic_load_n(&bell->sleepers, __ATOMIC_RELAXED), 0))
		shi_ring(bell);
}

/* set.c: the PEs of a collective */
struct shi_set {
	int start, stride, size;
	int rank;			/* own, -1: not a member */
	struct shi_slot *slot;		/* of a team, or */
	long *psync;			/* of an active set */
	int near;			/* members on this machine */
	struct shi_span *span;		/* of a team on several machines */
};

/* The machines that a team is on, in the order of their numbers. */
struct shi_span {
	int count, me;			/* an index of node[] */
	int node[];
};

struct shi_team {
	struct shi_set set;
	shmem_team_config_t config;
};

struct shi_ctx {
	struct shi_team *team;
	int start, stride, size;
	long options;
};

extern struct shi_team shi_world, shi_shared;

struct shi_slot *shi_slot(unsigned int number);
void shi_set_sync(const struct shi_set *set);
void shi_set_tell(const struct shi_set *set, int64_t value);
int64_t shi_set_told(const struct shi_set *set, int rank);
int shi_set_place(struct shi_set *set);
int shi_node_of(int pe);
struct shi_set shi_active_set(int start, int log_stride, int size, long *psync);
int shi_ctx_pe_slow(shmem_ctx_t ctx, int pe);

static inline int shi_set_pe(const struct shi_set *set, int rank)
{
	return set->start + rank * set->stride;
}

/* NULL for SHMEM_TEAM_INVALID */
static inline struct shi_team *shi_team(shmem_team_t team)
{
	switch ((uintptr_t)team) {
	case 1: return &shi_world;
	case 2: return &shi_shared;
	default: return (struct shi_team *)team;
	}
}

static inline int shi_ctx_pe(shmem_ctx_t ctx, int pe)
{
	return ctx == SHMEM_CTX_DEFAULT ? pe : shi_ctx_pe_slow(ctx, pe);
}

#endif
