/* SPDX-License-Identifier: BSD-3-Clause */
/* A queue of bytes, and the frames of wire.h in it. */
#ifndef KFIRIG_BUF_H
#define KFIRIG_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf {
	char *data;
	size_t start;
	size_t len;
	size_t size;
};

struct frame {
	uint8_t type;
	uint32_t id;
	uint32_t len;
	const char *data;	/* valid until the queue is changed */
};

void buf_free(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_drop(struct buf *b, size_t len);

/* Both return what read() or write() returned; EAGAIN and EINTR give -1. */
ssize_t buf_read(struct buf *b, int fd, size_t max);
ssize_t buf_write(struct buf *b, int fd);

static inline const char *buf_head(const struct buf *b)
{
	return b->data + b->start;
}

void frame_add(struct buf *b, uint8_t type, uint32_t id,
	       const void *data, size_t len);
void frame_add_u32(struct buf *b, uint8_t type, uint32_t id, uint32_t value);

/*
 * Look at the first frame of the queue: 1 when it is complete, 0 when more
 * bytes are needed, -1 when the peer does not speak this protocol.
 */
int frame_peek(const struct buf *b, struct frame *f);
void frame_drop(struct buf *b, const struct frame *f);
bool frame_u32(const struct frame *f, uint32_t *value);

#endif
