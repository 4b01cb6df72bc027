// SPDX-License-Identifier: BSD-3-Clause
/* Library setup and exit: section "Library Setup, Exit, and Query Routines". */
#define _GNU_SOURCE
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "transport.h"

struct shi_state shi;

static bool finalized;

void shi_die(const char *format, ...)
{
	char text[512], who[32] = "";
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (shi.job)
		snprintf(who, sizeof(who), "PE %d: ", shi.me);
	/* At once: PEs often die together. */
	fprintf(stderr, "shmem: %s%s\n", who, text);
	_exit(134);
}

void shi_need_init(const char *what)
{
	if (!shi.npes)
		shi_die("%s is called %s", what,
			finalized ? "after shmem_finalize()" : "before shmem_init()");
}

__attribute__((__constructor__))
static void attach(void)
{
	shi_job_attach();
	/* What one PE writes is to come out when another ends the job. */
	if (shi.job && !isatty(STDOUT_FILENO))
		setvbuf(stdout, NULL, _IOLBF, 0);
}

static void finalize(void)
{
	shi_spaces_close();
	shi_quiet();
	shi_set_sync(&shi_world.set);
	__atomic_store_n(&shi.job->pe[shi.me].state, SHI_PE_FINALIZED, __ATOMIC_SEQ_CST);
	finalized = true;
	shi.npes = 0;
}

/* At exit the library is finalized, unless the exit is a failure's or the job's. */
static void at_exit(int status, void *arg)
{
	(void)arg;
	if (shi.npes && !status && !shi.job->exit_said)
		finalize();
}

/* One that ended before it came here would be waited for in vain. */
static void need_everybody(int npes)
{
	int pe;

	for (pe = 0; pe < npes; pe++)
		if (__atomic_load_n(&shi.job->pe[pe].state, __ATOMIC_SEQ_CST) == SHI_PE_GONE)
			shi_die("PE %d has ended without shmem_init()", pe);
}

static void init(int requested)
{
	const struct shi_node *node;
	cpu_set_t cpus;
	int npes;

	if (shi.npes) {
		shi.inits++;
		return;
	}
	if (!shi.job)
		shi_memory_alone();
	npes = shi.job->npes;
	shi.slots = (char *)shi.job + shi_slots_at(npes);
	shi.slot_size = shi_slot_size(npes);
	shi.debug = !!shi_getenv("DEBUG");
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		CPU_ZERO(&cpus);
	node = &shi.job->node[shi.job->node_me];
	shi.crowded = node->count > (unsigned int)CPU_COUNT(&cpus);
	shi.spins = shi.crowded ? 10 : 500;
	shi.thread_level = requested;
	shi.inits = 1;
	shi_heap_init();
	free(shi_world.set.span);
	free(shi_shared.set.span);
	shi_world.set = (struct shi_set){
		.stride = 1, .size = npes, .rank = shi.me, .slot = shi_slot(0),
	};
	shi_shared.set = (struct shi_set){
		.start = node->first, .stride = node->step, .size = node->count,
		.rank = shi_node_index(node, shi.me), .slot = shi_slot(1),
	};
	if (shi_set_place(&shi_world.set) || shi_set_place(&shi_shared.set))
		shi_die("no memory");
	__atomic_store_n(&shi.job->pe[shi.me].state, SHI_PE_RUNNING, __ATOMIC_SEQ_CST);
	need_everybody(npes);
	shi.npes = npes;
	/* Not so when it was finalized before and is used again. */
	if (!finalized)
		on_exit(at_exit, NULL);
	finalized = false;
	if (shi.debug)
		fprintf(stderr, "shmem: PE %d of %d: heap %#lx+%#lx, variables %#lx+%#lx\n",
			shi.me, npes, shi.heap_lo, shi.heap_size, shi.data_lo, shi.data_size);
	shi_env_show();
	shi_set_sync(&shi_world.set);
}

SHI_FN(void, shmem_init, (void))
{
	init(SHMEM_THREAD_SINGLE);
}

SHI_FN(int, shmem_init_thread, (int requested, int *provided))
{
	if (requested < SHMEM_THREAD_SINGLE || requested > SHMEM_THREAD_MULTIPLE)
		return -1;
	init(requested);
	if (provided)
		*provided = shi.thread_level;
	return 0;
}

/* Deprecated: any number of calls, and no call that undoes them. */
SHI_FN(void, start_pes, (int npes))
{
	(void)npes;
	if (!shi.npes)
		init(SHMEM_THREAD_SINGLE);
}

SHI_FN(void, shmem_finalize, (void))
{
	if (!shi.npes || --shi.inits > 0)
		return;
	finalize();
}

SHI_FN(void, shmem_query_initialized, (int *initialized))
{
	*initialized = shi.npes > 0;
}

SHI_FN(void, shmem_query_thread, (int *provided))
{
	shi_need_init("shmem_query_thread()");
	*provided = shi.thread_level;
}

SHI_FN(void, shmem_global_exit, (int status))
{
	uint32_t none = 0;

	if (shi.job) {
		if (__atomic_compare_exchange_n(&shi.job->exit_said, &none, 1, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			shi.job->exit_status = status;
		__atomic_store_n(&shi.job->pe[shi.me].state, SHI_PE_GLOBAL_EXIT,
				 __ATOMIC_SEQ_CST);
		if (shi.launched)
			shi_launcher_end();
	}
	exit(status);
}

SHI_FN(int, shmem_my_pe, (void))
{
	return shi.me;
}

SHI_FN(int, shmem_n_pes, (void))
{
	return shi.npes ? shi.npes : shi.job ? (int)shi.job->npes : 1;
}

int _my_pe(void) { return shi.me; }
int _num_pes(void) { return pshmem_n_pes(); }

/* Not declared in <shmem.h>: a program may have variables of these names. */
SHMEM_EXPORT_ int my_pe(void) __attribute__((__weak__));
SHMEM_EXPORT_ int num_pes(void) __attribute__((__weak__));
int my_pe(void) { return shi.me; }
int num_pes(void) { return pshmem_n_pes(); }

SHI_FN(int, shmem_num_pes, (void))
{
	return pshmem_n_pes();
}
