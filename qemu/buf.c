// SPDX-License-Identifier: BSD-3-Clause
/* A queue of bytes, and the frames of wire.h in it. */
#include <endian.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "wire.h"

void buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

static char *buf_reserve(struct buf *b, size_t len)
{
	if (b->start && (!b->len || b->start + b->len + len > b->size)) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
	}
	if (b->len + len > b->size) {
		size_t size = b->size ? b->size : 4096;

		while (size < b->len + len)
			size *= 2;
		b->data = realloc(b->data, size);
		if (!b->data)
			err(255, "cannot allocate %zu bytes", size);
		b->size = size;
	}
	return b->data + b->start + b->len;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	memcpy(buf_reserve(b, len), data, len);
	b->len += len;
}

void buf_drop(struct buf *b, size_t len)
{
	b->start += len;
	b->len -= len;
	if (!b->len)
		b->start = 0;
}

ssize_t buf_read(struct buf *b, int fd, size_t max)
{
	ssize_t n = read(fd, buf_reserve(b, max), max);

	if (n > 0)
		b->len += n;
	return n;
}

ssize_t buf_write(struct buf *b, int fd)
{
	ssize_t n;

	if (!b->len)
		return 0;
	n = write(fd, buf_head(b), b->len);
	if (n > 0)
		buf_drop(b, n);
	return n;
}

void frame_add(struct buf *b, uint8_t type, uint32_t id,
	       const void *data, size_t len)
{
	struct wire_head head = {
		.len = htole32(len),
		.id = htole32(id),
		.type = type,
	};

	buf_add(b, &head, sizeof(head));
	buf_add(b, data, len);
}

void frame_add_u32(struct buf *b, uint8_t type, uint32_t id, uint32_t value)
{
	value = htole32(value);
	frame_add(b, type, id, &value, sizeof(value));
}

int frame_peek(const struct buf *b, struct frame *f)
{
	struct wire_head head;

	if (b->len < sizeof(head))
		return 0;
	memcpy(&head, buf_head(b), sizeof(head));
	f->len = le32toh(head.len);
	f->id = le32toh(head.id);
	f->type = head.type;
	f->data = buf_head(b) + sizeof(head);
	if (f->len > WIRE_MAX || !f->type || f->type > WIRE_ERROR)
		return -1;
	return b->len >= sizeof(head) + f->len;
}

void frame_drop(struct buf *b, const struct frame *f)
{
	buf_drop(b, sizeof(struct wire_head) + f->len);
}

bool frame_u32(const struct frame *f, uint32_t *value)
{
	uint32_t le;

	if (f->len < sizeof(le))
		return false;
	memcpy(&le, f->data, sizeof(le));
	*value = le32toh(le);
	return true;
}
