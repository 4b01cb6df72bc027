// SPDX-License-Identifier: BSD-3-Clause
/* Frames between oshrun and its agents. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frame.h"

#define MAGIC 0x6b73

/* Writes all of it, also to what does not block: 0, or -1: nobody reads it. */
static int write_out(int fd, struct iovec *iov, int n)
{
	while (n) {
		ssize_t done = writev(fd, iov, n);

		if (done < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		else if (done < 0 && errno != EINTR)
			return -1;
		for (; n && done >= 0 && (size_t)done >= iov->iov_len; n--)
			done -= iov++->iov_len;
		if (n && done > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= done;
		}
	}
	return 0;
}

int frame_write(int fd, enum frame_type type, int which, uint32_t number, const void *data,
		size_t len)
{
	struct frame_head head = {
		.magic = MAGIC, .type = type, .which = which, .number = number, .len = len,
	};
	struct iovec iov[2] = {
		{ &head, sizeof(head) }, { (void *)data, len },
	};

	return write_out(fd, iov, 2);
}

/* Keeps a frame for frame_flush(): 0, or -1: no memory. */
int frame_queue(struct frame_queue *q, enum frame_type type, uint32_t number, const void *data,
		size_t len)
{
	struct frame_head head = {
		.magic = MAGIC, .type = type, .number = number, .len = len,
	};
	size_t room = q->len + sizeof(head) + len;
	char *more;

	if (q->fd < 0)
		return 0;
	if (q->room < room) {
		more = realloc(q->data, 2 * room);
		if (!more)
			return -1;
		q->data = more;
		q->room = 2 * room;
	}
	memcpy(q->data + q->len, &head, sizeof(head));
	if (len)
		memcpy(q->data + q->len + sizeof(head), data, len);
	q->len = room;
	return 0;
}

/* Writes what goes without waiting: 0, or -1: nobody reads it, and it is dropped. */
int frame_flush(struct frame_queue *q)
{
	ssize_t n = 0;

	while (q->len) {
		n = write(q->fd, q->data, q->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		q->len -= n;
		memmove(q->data, q->data + n, q->len);
	}
	if (n >= 0 || errno == EAGAIN)
		return 0;
	q->len = 0;
	return -1;
}

/* The frame that was given is done with. */
static void drop(struct frame_reader *r)
{
	if (!r->taken)
		return;
	r->buf[r->taken] = r->under;
	r->len -= r->taken;
	memmove(r->buf, r->buf + r->taken, r->len);
	r->taken = 0;
}

/* Reads what there is, once: 1; 0 at the end; -1 for an error. */
int frame_fill(struct frame_reader *r)
{
	ssize_t n;

	drop(r);
	do
		n = read(r->fd, r->buf + r->len, sizeof(r->buf) - 1 - r->len);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		r->len += n;
	return n > 0 ? 1 : n;
}

/*
 * Gives the next whole frame, valid until the next call of either: 1; 0: none
 * yet; -1: this is no frame.
 */
int frame_next(struct frame_reader *r, struct frame *frame)
{
	size_t size;

	drop(r);
	if (r->len < sizeof(frame->head)) {
		const uint16_t magic = MAGIC;

		return memcmp(r->buf, &magic, r->len < 2 ? r->len : 2) ? -1 : 0;
	}
	memcpy(&frame->head, r->buf, sizeof(frame->head));
	if (frame->head.magic != MAGIC || frame->head.len > FRAME_MAX)
		return -1;
	size = sizeof(frame->head) + frame->head.len;
	if (r->len < size)
		return 0;
	r->under = r->buf[size];
	r->buf[size] = 0;
	r->taken = size;
	frame->data = r->buf + sizeof(frame->head);
	return 1;
}
