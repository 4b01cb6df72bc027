// SPDX-License-Identifier: BSD-3-Clause
/*
 * Section "Distributed Locking Routines". A lock is a pair of numbers in the
 * variable of one PE: the next ticket to draw, and the ticket whose turn it
 * is. So they come in turn, threads of a PE too. A free lock is 0 again.
 */
#include "transport.h"

#define TICKET (1UL << 32)
#define NEXT(v) ((uint32_t)((v) >> 32))
#define TURN(v) ((uint32_t)(v))

/* Different locks have different homes. */
static int home(const long *lock)
{
	uintptr_t a = (uintptr_t)lock, off = a - shi.heap_lo;

	shi_need_init("a lock");
	if (off >= shi.heap_size)
		off = a - shi.data_lo;
	return off / sizeof(long) % shi.npes;
}

static unsigned long *lock_at(long *lock, int pe)
{
	return shi_peer(lock, pe, sizeof(long));
}

SHI_FN(void, shmem_set_lock, (long *lock))
{
	int pe = home(lock);
	unsigned long *at = lock_at(lock, pe);
	unsigned long v = __atomic_fetch_add(at, TICKET, __ATOMIC_SEQ_CST);
	uint32_t mine = NEXT(v);

	if (TURN(v) != mine)
		SHI_WAIT(&shi.job->pe[pe].bell,
			 TURN(__atomic_load_n(at, __ATOMIC_ACQUIRE)) == mine);
}

SHI_FN(void, shmem_clear_lock, (long *lock))
{
	int pe = home(lock);
	unsigned long *at = lock_at(lock, pe);
	unsigned long v, next;

	shi_quiet();
	v = __atomic_load_n(at, __ATOMIC_SEQ_CST);
	do {
		if (NEXT(v) == TURN(v))
			shi_die("a lock is cleared that nobody holds");
		next = NEXT(v) == TURN(v) + 1 ? 0 : (v & ~(TICKET - 1)) | (uint32_t)(v + 1);
	} while (!__atomic_compare_exchange_n(at, &v, next, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	shi_wake(pe);
}

SHI_FN(int, shmem_test_lock, (long *lock))
{
	unsigned long *at = lock_at(lock, home(lock));
	unsigned long v = __atomic_load_n(at, __ATOMIC_SEQ_CST);

	return !shi_tested(NEXT(v) == TURN(v) &&
			   __atomic_compare_exchange_n(at, &v, v + TICKET, false,
						       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}
