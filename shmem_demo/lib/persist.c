// SPDX-License-Identifier: BSD-3-Clause
/*
 * Durability of ranges. Which pages of other parts this PE has put to is kept
 * in bitmaps, one for each part, that shi_peer() marks when it resolves an
 * address: what shmemx_persist() flushes is what was touched.
 */
#include <stdlib.h>

#include "pspace.h"

static inline size_t pages(struct shi_space *space)
{
	return space->image / PM_PAGE;
}

/*
 * Makes no difference between a put and a get: flushing what was only read
 * costs a little, and nothing has to be told apart on the way of a put.
 */
static void touch(struct shi_space *space, int pe, size_t at, size_t len)
{
	struct shi_part *part = &space->part[pe];
	size_t page = at / PM_PAGE, last = (at + len - 1) / PM_PAGE;

	if (last >= pages(space))
		last = pages(space) - 1;
	for (; page <= last; page++) {
		uint64_t bit = 1UL << page % 64, *word = &part->touched[page / 64];

		if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
			__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	}
	if (!__atomic_load_n(&part->any_touched, __ATOMIC_RELAXED))
		__atomic_store_n(&part->any_touched, true, __ATOMIC_RELAXED);
}

bool shi_space_peer(const void *addr, int pe, size_t len, void **to)
{
	struct shi_space *space = shi_space_find(addr, len);
	size_t at;

	if (!space)
		return false;
	at = (const char *)addr - space->base;
	if (len)
		touch(space, pe, at, len);
	*to = pe == shi.me ? (void *)addr :
		space->part[pe].work ? space->part[pe].work + at : NULL;
	return true;
}

/* The node that reaches a far part, and where in it an address is; -1: in no space. */
int shi_space_far(const void *addr, size_t len, int pe, off_t *at)
{
	struct shi_space *space = shi_space_find(addr, len);

	if (!space)
		return -1;
	*at = space->part[pe].at + space->super.work_at + ((const char *)addr - space->base);
	return space->part[pe].fd;
}

/*
 * The one place where a range of a part becomes durable. Of a far part it is a
 * commit over its attachment, which returns when the range is durable there.
 */
int shi_persist_flush(struct shi_space *space, int pe, size_t at, size_t len)
{
	struct shi_part *part = &space->part[pe];

	if (part->work)
		return shi_flush(part, part->work + at, len);
	return shi_flush_far(part, part->at + space->super.work_at + at, len);
}

int shi_persist_drain(struct shi_space *space, int pe)
{
	struct shi_part *part = &space->part[pe];

	return part->work ? shi_drain(part) : 0;
}

static inline bool is_touched(struct shi_part *part, size_t page)
{
	return __atomic_load_n(&part->touched[page / 64], __ATOMIC_RELAXED) >> page % 64 & 1;
}

/* The first marked page from here on; n: there is none. */
static size_t next_touched(struct shi_part *part, size_t page, size_t n)
{
	while (page < n && !is_touched(part, page))
		/* Most words have no mark. */
		page = __atomic_load_n(&part->touched[page / 64], __ATOMIC_RELAXED) >> page % 64 ?
			page + 1 : (page / 64 + 1) * 64;
	return page < n ? page : n;
}

/*
 * Takes the marks of one part. Pages that follow each other are one flush: of a
 * far part each is a round trip. Where threads put at any time, one may have
 * marked a page and not yet stored to it: then the marks stay.
 */
static int flush_touched(struct shi_space *space, int pe)
{
	struct shi_part *part = &space->part[pe];
	bool keep = shi.thread_level == SHMEM_THREAD_MULTIPLE;
	size_t page, end, n = pages(space);
	int rc = 0;

	if (!__atomic_load_n(&part->any_touched, __ATOMIC_RELAXED))
		return 0;
	if (!keep)
		part->any_touched = false;
	for (page = next_touched(part, 0, n); page < n; page = next_touched(part, end, n)) {
		for (end = page + 1; end < n && is_touched(part, end); end++)
			;
		rc = shi_persist_flush(space, pe, page * PM_PAGE, (end - page) * PM_PAGE);
		if (rc)
			break;
		for (; !keep && page < end; page++)
			part->touched[page / 64] &= ~(1UL << page % 64);
	}
	if (rc)
		part->any_touched = true;
	return rc;
}

static int flush_pes(shmem_ctx_t ctx, const int *pes, size_t npes)
{
	size_t i, n;
	int rc = 0;

	for (n = 0; n < SHI_SPACES && !rc; n++)
		for (i = 0; i < npes && !rc && shi_space[n].open; i++) {
			int pe = pes ? shi_ctx_pe(ctx, pes[i]) : (int)i;

			if (pe < 0 || pe >= shi.npes)
				return shi_fail(EINVAL, "there is no PE %d, only 0 to %d", pe,
						shi.npes - 1);
			rc = flush_touched(&shi_space[n], pe);
		}
	return rc;
}

static int drain_all(void)
{
	int n, pe, rc = 0;

	for (n = 0; n < SHI_SPACES && !rc; n++)
		for (pe = 0; pe < shi.npes && !rc && shi_space[n].open; pe++)
			rc = shi_persist_drain(&shi_space[n], pe);
	return rc;
}

SHI_FN(int, shmemx_persist, (shmem_ctx_t ctx))
{
	int rc;

	shi_need_init("shmemx_persist()");
	shi_quiet();
	rc = flush_pes(ctx, NULL, shi.npes);
	return rc ? rc : drain_all();
}

SHI_FN(int, shmemx_pe_persist, (shmem_ctx_t ctx, const int *pes, size_t npes))
{
	int rc;

	shi_need_init("shmemx_pe_persist()");
	shi_quiet();
	rc = npes ? flush_pes(ctx, pes, npes) : 0;
	return rc ? rc : drain_all();
}

SHI_FN(int, shmemx_persist_nbi, (shmem_ctx_t ctx))
{
	shi_need_init("shmemx_persist_nbi()");
	shi_quiet();
	return flush_pes(ctx, NULL, shi.npes);
}

static int persist_range(const void *addr, size_t len, int pe)
{
	struct shi_space *space = shi_space_find(addr, len);
	int rc;

	if (!len)
		return 0;
	if (!space)
		return shi_fail(EINVAL, "%zu bytes at %p are not in a persistent space", len, addr);
	if (pe < 0 || pe >= shi.npes)
		return shi_fail(EINVAL, "there is no PE %d, only 0 to %d", pe, shi.npes - 1);
	rc = shi_persist_flush(space, pe, (const char *)addr - space->base, len);
	return rc ? rc : shi_persist_drain(space, pe);
}

SHI_FN(int, shmemx_persist_range, (const void *addr, size_t len, int pe))
{
	shi_need_init("shmemx_persist_range()");
	shi_quiet();
	return persist_range(addr, len, pe);
}

SHI_FN(int, shmemx_persist_local, (const void *addr, size_t len))
{
	shi_need_init("shmemx_persist_local()");
	return persist_range(addr, len, shi.me);
}

#define PUBLISH_MOST	(1UL << 30)	/* an ioctl takes less than 2 GiB */

/* Whether a word is in the same far part, and a publish can set it. */
static bool publishable(const struct shi_far_range *data, size_t len, uint64_t *sig_addr, int pe,
			off_t *word_at)
{
	struct shi_far_range word;

	if (len > PUBLISH_MOST || (uintptr_t)sig_addr % sizeof(*sig_addr) ||
	    shi_peer(sig_addr, pe, sizeof(*sig_addr)) ||
	    !shi_far_find(&word, sig_addr, sizeof(*sig_addr), pe) || word.fd != data->fd)
		return false;
	*word_at = word.at;
	return word.at + (off_t)sizeof(*sig_addr) <= data->at ||
		word.at >= data->at + (off_t)len;
}

/*
 * To a durable far part the bytes go durably, in one operation, and with them
 * the word that announces them where the fabric has it in the same one. Gives
 * whether the word is there.
 */
static bool far_put_persist(const struct shi_far_range *range, const void *source, size_t len,
			    uint64_t *sig_addr, uint64_t signal, int sig_op, int pe)
{
	off_t word_at;

	if (sig_op == SHMEM_SIGNAL_SET && publishable(range, len, sig_addr, pe, &word_at)) {
		shi_far_publish(range, source, len, word_at, signal, pe);
		return true;
	}
	shi_far_write_durable(range, source, len, pe);
	return false;
}

static void put_persist_signal(void *dest, const void *source, size_t len, uint64_t *sig_addr,
			       uint64_t signal, int sig_op, int pe)
{
	struct shi_space *space = shi_space_find(dest, len);
	struct shi_far_range range;

	shi_need_init("shmemx_putmem_persist_signal()");
	if (space && len && !shi_peer(dest, pe, len) &&
	    space->part[pe].durability != SHMEMX_DURABLE_NONE) {
		shi_quiet();
		shi_far_find(&range, dest, len, pe);
		if (far_put_persist(&range, source, len, sig_addr, signal, sig_op, pe))
			return;
	} else {
		shi_put(dest, source, len, pe);
		shi_quiet();
		if (persist_range(dest, len, pe))
			shi_die("a put to PE %d cannot be made durable: %s", pe,
				pshmemx_pspace_error());
	}
	if (sig_op == SHMEM_SIGNAL_ADD)
		pshmem_signal_add(sig_addr, signal, pe);
	else if (sig_op == SHMEM_SIGNAL_SET)
		pshmem_signal_set(sig_addr, signal, pe);
	else
		shi_die("there is no signal operation %d", sig_op);
}

SHI_FN(void, shmemx_putmem_persist_signal,
       (void *dest, const void *source, size_t nelems, uint64_t *sig_addr,
	uint64_t signal, int sig_op, int pe))
{
	put_persist_signal(dest, source, nelems, sig_addr, signal, sig_op, pe);
}

SHI_FN(void, shmemx_ctx_putmem_persist_signal,
       (shmem_ctx_t ctx, void *dest, const void *source, size_t nelems,
	uint64_t *sig_addr, uint64_t signal, int sig_op, int pe))
{
	put_persist_signal(dest, source, nelems, sig_addr, signal, sig_op, shi_ctx_pe(ctx, pe));
}
