// SPDX-License-Identifier: BSD-3-Clause
/*
 * Operations on far memory that nobody waits for yet: commands of an io_uring.
 * One is given to the kernel when it is made, and its end is read from the
 * ring without a system call; quiet waits for all of them. Where there is no
 * io_uring, or it is forbidden, they are done at once.
 */
#include <errno.h>
#include <libkfipmem.h>
#include <pthread.h>
#include <unistd.h>

#include "transport.h"

#define ENTRIES 256

struct flight {
	struct flight *next;	/* of the free ones */
	struct shi_far_range range;
	void *local;
	size_t len;
	int pe;
	bool get;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct io_uring ring;
static struct flight flights[ENTRIES], *unused;
static unsigned int under_way;	/* changed under the lock, looked at without */
static enum { NEW, READY, NONE } state;
static pid_t owner;

static void set_up(void)
{
	unsigned int i;

	owner = getpid();
	state = kfipmem_ring_init(&ring, ENTRIES) ? NONE : READY;
	unused = NULL;
	under_way = 0;
	for (i = 0; i < ENTRIES; i++) {
		flights[i].next = unused;
		unused = &flights[i];
	}
}

/* What was done of it only in part, or has to be done in another way, is done now. */
static void finish(struct flight *f, int res)
{
	size_t done = res > 0 ? res : 0;

	if (res < 0 && res != -EINTR && res != -EAGAIN && res != -EOPNOTSUPP)
		shi_far_failed(f->get ? "a get from" : "a put to", f->pe, -res);
	f->range.at += done;
	if (f->get)
		shi_far_read(&f->range, (char *)f->local + done, f->len - done, f->pe);
	else
		shi_far_write(&f->range, (char *)f->local + done, f->len - done, f->pe);
	f->next = unused;
	unused = f;
	__atomic_store_n(&under_way, under_way - 1, __ATOMIC_RELEASE);
}

/* Takes what has ended; waits for one if there is none. */
static void reap(bool wait)
{
	struct io_uring_cqe *cqe;
	struct flight *f;
	int rc, res;

	if (wait) {
		do
			rc = io_uring_wait_cqe(&ring, &cqe);
		while (rc == -EINTR);
		if (rc)
			shi_far_failed("waiting for", shi.me, -rc);
	}
	while (under_way && !io_uring_peek_cqe(&ring, &cqe)) {
		f = io_uring_cqe_get_data(cqe);
		res = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
		finish(f, res);
	}
}

static void start(bool get, const struct shi_far_range *range, void *local, size_t len, int pe)
{
	struct io_uring_sqe *sqe;
	struct flight *f;
	int rc;

	pthread_mutex_lock(&lock);
	if (state == NEW || owner != getpid())
		set_up();
	if (state == READY)
		reap(!unused);
	sqe = state == READY && range->node ? io_uring_get_sqe(&ring) : NULL;
	if (!sqe) {
		pthread_mutex_unlock(&lock);
		if (get)
			shi_far_read(range, local, len, pe);
		else
			shi_far_write(range, local, len, pe);
		return;
	}
	f = unused;
	unused = f->next;
	*f = (struct flight){ .range = *range, .local = local, .len = len, .pe = pe, .get = get };
	if (get)
		kfipmem_prep_get(sqe, range->node, range->at, local, len);
	else
		kfipmem_prep_put(sqe, range->node, range->at, local, len, 0);
	io_uring_sqe_set_data(sqe, f);
	__atomic_store_n(&under_way, under_way + 1, __ATOMIC_RELEASE);
	do
		rc = io_uring_submit(&ring);
	while (rc == -EINTR || rc == -EAGAIN || rc == -EBUSY);
	if (rc < 0)
		shi_far_failed("a command for", pe, -rc);
	pthread_mutex_unlock(&lock);
}

void shi_far_start_put(void *dest, const void *source, size_t len, int pe)
{
	struct shi_far_range range;

	if (len && shi_far_find(&range, dest, len, pe))
		start(false, &range, (void *)source, len, pe);
}

void shi_far_start_get(void *dest, const void *source, size_t len, int pe)
{
	struct shi_far_range range;

	if (len && shi_far_find(&range, source, len, pe))
		start(true, &range, dest, len, pe);
}

void shi_far_quiet(void)
{
	if (!__atomic_load_n(&under_way, __ATOMIC_ACQUIRE))
		return;
	pthread_mutex_lock(&lock);
	while (under_way)
		reap(true);
	pthread_mutex_unlock(&lock);
}
