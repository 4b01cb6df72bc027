// SPDX-License-Identifier: BSD-3-Clause
/* Frames between oshrun and its agents. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "frame.h"

#define MAGIC 0x6b73

/* 0, or -1: whoever is to read it is gone. */
int frame_write(int fd, enum frame_type type, int which, uint32_t number, const void *data,
		size_t len)
{
	struct frame_head head = {
		.magic = MAGIC, .type = type, .which = which, .number = number, .len = len,
	};
	struct iovec iov[2] = {
		{ &head, sizeof(head) }, { (void *)data, len },
	};
	int i = 0;

	while (i < 2) {
		ssize_t n = writev(fd, iov + i, 2 - i);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		while (i < 2 && (size_t)n >= iov[i].iov_len)
			n -= iov[i++].iov_len;
		if (i < 2) {
			iov[i].iov_base = (char *)iov[i].iov_base + n;
			iov[i].iov_len -= n;
		}
	}
	return 0;
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

/* Gives the next whole frame, valid until the next call of either: 1; 0: none yet; -1: this is no frame. */
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
