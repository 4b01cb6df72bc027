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

SHI_FN(void, shmem_set_lock, (long *lock))
{
	int pe = home(lock);
	uint64_t v = shi_amo(SHI_ADD, lock, TICKET, 0, pe);
	uint32_t mine = NEXT(v);

	if (TURN(v) != mine)
		SHI_WAIT(&shi.job->pe[pe].bell, TURN(shi_amo(SHI_FETCH, lock, 0, 0, pe)) == mine);
}

SHI_FN(void, shmem_clear_lock, (long *lock))
{
	int pe = home(lock);
	uint64_t v, next, seen;

	shi_quiet();
	seen = shi_amo(SHI_FETCH, lock, 0, 0, pe);
	do {
		v = seen;
		if (NEXT(v) == TURN(v))
			shi_die("a lock is cleared that nobody holds");
		next = NEXT(v) == TURN(v) + 1 ? 0 : (v & ~(TICKET - 1)) | (uint32_t)(v + 1);
		seen = shi_amo(SHI_CSWAP, lock, next, v, pe);
	} while (seen != v);
}

SHI_FN(int, shmem_test_lock, (long *lock))
{
	int pe = home(lock);
	uint64_t v = shi_amo(SHI_FETCH, lock, 0, 0, pe);

	return !shi_tested(NEXT(v) == TURN(v) &&
			   shi_amo(SHI_CSWAP, lock, v + TICKET, v, pe) == v);
}
