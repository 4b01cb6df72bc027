// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Distributed Locking Routines". PEs that want a lock stand in a queue
 * (Mellor-Crummey and Scott), so they come in turn, and each waits at its own
 * memory. Of the lock's variable the home PE uses one half as the queue's tail,
 * and each PE the other for its place in the queue. A free lock is 0 everywhere.
 * Threads of a PE that want the same lock wait for the PE's place first.
 */
#include "transport.h"

/* A place: what its PE does there, and who is next. PEs are numbered from 1. */
#define ABSENT 0U
#define WAITING 1U
#define HOLDING 2U
#define STATE(place) ((place) & 3U)
#define NEXT(place) ((place) >> 8)
#define AS_NEXT(pe) ((uint32_t)((pe) + 1) << 8)

struct lock {
	uint32_t place, tail;
};

/* Different locks have different homes. */
static int home(const struct lock *lock)
{
	uintptr_t a = (uintptr_t)lock, off = a - shi.heap_lo;

	shi_need_init("a lock");
	if (off >= shi.heap_size)
		off = a - shi.data_lo;
	return off / sizeof(long) % shi.npes;
}

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static bool take_place(struct lock *lock)
{
	uint32_t absent = ABSENT;

	return __atomic_compare_exchange_n(&lock->place, &absent, WAITING, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

SHI_FN(void, shmem_set_lock, (long *variable))
{
	struct lock *lock = (struct lock *)variable;
	struct shi_bell *bell = &shi.job->pe[shi.me].bell;
	int pe = home(lock);
	uint32_t last;

	SHI_WAIT(bell, take_place(lock));
	last = shi_amo4(SHI_SWAP, &lock->tail, shi.me + 1, 0, pe);
	if (!last) {
		__atomic_fetch_add(&lock->place, HOLDING - WAITING, __ATOMIC_SEQ_CST);
		return;
	}
	shi_amo4(SHI_ADD, &lock->place, AS_NEXT(shi.me), 0, last - 1);
	SHI_WAIT(bell, STATE(load(&lock->place)) == HOLDING);
}

SHI_FN(void, shmem_clear_lock, (long *variable))
{
	struct lock *lock = (struct lock *)variable;
	struct shi_bell *bell = &shi.job->pe[shi.me].bell;
	int pe = home(lock);
	uint32_t next;

	if (STATE(load(&lock->place)) != HOLDING)
		shi_die("a lock is cleared that this PE does not hold");
	shi_quiet();
	if (!NEXT(load(&lock->place)) &&
	    shi_amo4(SHI_CSWAP, &lock->tail, 0, shi.me + 1, pe) == (uint32_t)shi.me + 1) {
		__atomic_store_n(&lock->place, ABSENT, __ATOMIC_SEQ_CST);
	} else {
		SHI_WAIT(bell, (next = NEXT(load(&lock->place))));
		__atomic_store_n(&lock->place, ABSENT, __ATOMIC_SEQ_CST);
		shi_amo4(SHI_ADD, &lock->place, HOLDING - WAITING, 0, next - 1);
	}
	shi_wake(shi.me);
}

SHI_FN(int, shmem_test_lock, (long *variable))
{
	struct lock *lock = (struct lock *)variable;
	int pe = home(lock);
	bool got = take_place(lock);

	if (got && shi_amo4(SHI_CSWAP, &lock->tail, shi.me + 1, 0, pe)) {
		__atomic_store_n(&lock->place, ABSENT, __ATOMIC_SEQ_CST);
		shi_wake(shi.me);
		got = false;
	} else if (got) {
		__atomic_fetch_add(&lock->place, HOLDING - WAITING, __ATOMIC_SEQ_CST);
	}
	return !shi_tested(got);
}
