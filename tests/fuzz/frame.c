// SPDX-License-Identifier: BSD-3-Clause
/*
 * The reader of the frames between oshrun and its agents. An input is bytes, and
 * how they arrive: all at once, or in pieces.
 */
#include <unistd.h>

#include "frame.h"
#include "fuzz.h"

/* Of the first byte: how it ends. */
enum { BROKEN = 0x01, TAIL = 0x02 };

/* What comes from the other side; frame.c is linked to read this. */
static struct {
	struct fuzz_in bytes;
	struct fuzz_in pieces;
	bool broken;
} wire;

ssize_t __wrap_read(int fd, void *buf, size_t size);

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	size_t piece = wire.pieces.left ? 1 + fuzz_u8(&wire.pieces) : size;

	(void)fd;
	FUZZ_CHECK(size);
	if (!wire.bytes.left)
		return wire.broken ? -1 : 0;
	return (ssize_t)fuzz_take(&wire.bytes, buf, piece < size ? piece : size);
}

static void frame_holds(const struct frame_reader *r, const struct frame *frame)
{
	FUZZ_CHECK(frame->head.len <= FRAME_MAX);
	FUZZ_CHECK(frame->data >= r->buf);
	FUZZ_CHECK((size_t)(frame->data - r->buf) + frame->head.len <
		   sizeof(r->buf));
	FUZZ_CHECK(!frame->data[frame->head.len]);
}

/*
 * Reads everything. Return: bytes in whole frames; what they were is in @log, in
 * the form in which it would be sent again.
 */
static size_t read_all(struct frame_queue *log, bool *refused)
{
	static struct frame_reader r;
	struct frame frame;
	size_t all = 0;
	int ret;

	r.fd = 0;
	r.len = r.taken = 0;
	*refused = false;
	log->len = 0;
	do {
		while ((ret = frame_next(&r, &frame)) > 0) {
			struct frame_head head;

			frame_holds(&r, &frame);
			all += sizeof(head) + frame.head.len;
			FUZZ_CHECK(!frame_queue(log, frame.head.type,
						frame.head.number, frame.data,
						frame.head.len));
			/* A queue has no "which". */
			memcpy(log->data + log->len - sizeof(head) - frame.head.len,
			       &frame.head, sizeof(head));
		}
		*refused = ret < 0;
	} while (!*refused && frame_fill(&r) > 0);
	return all;
}

/* Long frames are zeroes, of which no fuzzer has to make so many up. */
static struct fuzz_in with_tail(struct fuzz_in in, size_t tail)
{
	static uint8_t bytes[4096 + 2 * FRAME_MAX];
	size_t room = sizeof(bytes) - tail;

	if (in.left > room)
		in.left = room;
	memcpy(bytes, in.at, in.left);
	memset(bytes + in.left, 0, tail);
	return (struct fuzz_in){ bytes, in.left + tail };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame_queue once = { .fd = 1 }, piecewise = { .fd = 1 };
	struct fuzz_in in = { data, size };
	uint8_t how = fuzz_u8(&in), pieces[16];
	bool refused[2];
	size_t all;

	wire.broken = how & BROKEN;
	fuzz_take(&in, pieces, sizeof(pieces));
	if (how & TAIL) {
		uint32_t tail = fuzz_u32(&in) % (2 * FRAME_MAX);

		in = with_tail(in, tail);
	}

	wire.bytes = in;
	wire.pieces = (struct fuzz_in){ NULL, 0 };
	all = read_all(&once, &refused[0]);
	FUZZ_CHECK(all <= in.left && once.len == all);
	FUZZ_CHECK(!all || !memcmp(once.data, in.at, all));

	/* How it arrives makes no difference. */
	wire.bytes = in;
	wire.pieces = (struct fuzz_in){ pieces, sizeof(pieces) };
	FUZZ_CHECK(read_all(&piecewise, &refused[1]) == all);
	FUZZ_CHECK(!all || !memcmp(once.data, piecewise.data, all));
	FUZZ_CHECK(refused[0] == refused[1]);
	return 0;
}
