// SPDX-License-Identifier: BSD-3-Clause
/* Waiting: a short spin, then the processor for others, then sleep. */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define YIELDS 8
#define YIELD_EVERY 16
#define SLEEP_NS 500000L
#define SLEEP_MOST_NS 16000000L
#define CHECK_EVERY 16
#define SLEEP_FAR_NS 50000L	/* other machines ring no bell */
#define FAR_NAPS 8		/* before they are twice as long */
#define FAR_DOUBLED 5		/* times, at most */

static inline void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	__asm__ volatile("" ::: "memory");
#endif
}

/*
 * What comes from another machine is looked for. The naps get longer with the
 * wait, by an eighth of which it is found late, and leave the processor to the
 * kernel that serves the other machines.
 */
static unsigned int far_doubled(unsigned int naps)
{
	unsigned int doubled = naps / FAR_NAPS;

	return doubled < FAR_DOUBLED ? doubled : FAR_DOUBLED;
}

/*
 * Without a bell a sleep ends by itself: for those stores that ring none, those
 * of the program through shmem_ptr(). Each is twice as long as the last one, so
 * that it takes no more than about as long again as the wait has taken, and
 * hundreds of PEs that wait for one leave it the processor.
 */
static void sleep_for(struct shi_waiter *w, struct shi_bell *bell)
{
	struct timespec limit = { 0 };

	if (shi.far)
		w->nap = SLEEP_FAR_NS << far_doubled(w->naps++);
	else if (!w->nap)
		w->nap = SLEEP_NS;
	else if (w->nap < SLEEP_MOST_NS)
		w->nap *= 2;
	else if (shi.launched && !(++w->naps % CHECK_EVERY))
		shi_launcher_check();
	limit.tv_nsec = w->nap;
	syscall(SYS_futex, &bell->seq, FUTEX_WAIT, w->seq, &limit, NULL, 0);
}

/*
 * One step of waiting; the caller looks at its condition between the steps.
 * Before a sleep it looks once more, after it is counted as a sleeper.
 */
void shi_relax(struct shi_waiter *w, struct shi_bell *bell)
{
	unsigned int round = w->round++;

	if (round < shi.spins) {
		/* Who is waited for may be on this processor, behind this PE. */
		if (round % YIELD_EVERY == YIELD_EVERY - 1)
			sched_yield();
		else
			pause_cpu();
	} else if (round < shi.spins + YIELDS) {
		sched_yield();
	} else if (!w->armed) {
		w->seq = __atomic_load_n(&bell->seq, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&bell->sleepers, 1, __ATOMIC_SEQ_CST);
		w->armed = true;
	} else {
		sleep_for(w, bell);
		__atomic_fetch_sub(&bell->sleepers, 1, __ATOMIC_SEQ_CST);
		w->armed = false;
		w->round = shi.spins + YIELDS;
	}
}

void shi_ring(struct shi_bell *bell)
{
	__atomic_fetch_add(&bell->seq, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &bell->seq, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

_Thread_local struct shi_looks shi_looks;

/* Who tests in a loop is waiting: others get the processor now and then. */
bool shi_tested(bool yes)
{
	static _Thread_local unsigned int in_vain;

	if (yes)
		in_vain = 0;
	else if (++in_vain > shi.spins)
		sched_yield();
	return yes;
}
