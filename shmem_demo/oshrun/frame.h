/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What oshrun and its agents on other machines tell each other, over the
 * standard input and output of the remote command. Both are of one version,
 * which the first frame of each says.
 *
 *   head                          agent
 *   SETUP HOST.. ENV.. ARG.. START
 *                                 HELLO, starts its PEs
 *                                 EXPORTED   sizes are known, memory is there
 *   ATTACH                                   all have exported
 *                                 ATTACHED
 *   GO                                       all have attached
 *                                 OUTPUT     whenever there is some
 *   ABSENT                        ABSENT     a PE ended without shmem_init()
 *   END                                      to end it early
 *                                 ENDED      all PEs are gone
 *   DETACH                                   everywhere
 *                                 DETACHED
 *   QUIT                                     memory goes
 */
#ifndef OSHRUN_FRAME_H
#define OSHRUN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION 2
#define FRAME_MAX (1 << 17)	/* an argument or a variable is never longer */

enum frame_type {
	FRAME_SETUP = 1, FRAME_HOST, FRAME_ENV, FRAME_ARG, FRAME_START,
	FRAME_ATTACH, FRAME_GO, FRAME_END, FRAME_DETACH, FRAME_QUIT,
	FRAME_ABSENT = 16,
	FRAME_HELLO = 32, FRAME_EXPORTED, FRAME_ATTACHED, FRAME_OUTPUT, FRAME_ENDED,
	FRAME_DETACHED,
};

/* In the byte order of the machines, which is one: they share memory. */
struct frame_head {
	uint16_t magic;
	uint8_t type;
	uint8_t which;		/* OUTPUT: 0 stdout, 1 stderr; ENDED: 1: it was ended early */
	uint32_t number;	/* OUTPUT, ABSENT: PE; END, ENDED: status; HELLO: version */
	uint32_t len;
};

struct frame {
	struct frame_head head;
	char *data;		/* head.len bytes and a NUL */
};

/* Payload of SETUP */
struct frame_setup {
	uint32_t version;
	uint32_t npes, nnodes, me, cyclic;
	char name[32];
	char key[65];
	char cwd[4096];
};

/* Payload of EXPORTED */
struct frame_sizes {
	uint64_t data, heap;
};

struct frame_reader {
	int fd;
	size_t len;
	size_t taken;		/* the frame that was given last */
	char buf[sizeof(struct frame_head) + FRAME_MAX + 1];
	char under;		/* what the NUL stands on */
};

/* What a slow reader has not taken yet; its fd does not block, -1: there is none. */
struct frame_queue {
	int fd;
	char *data;
	size_t len, room;
};

int frame_write(int fd, enum frame_type type, int which, uint32_t number, const void *data,
		size_t len);
int frame_queue(struct frame_queue *q, enum frame_type type, uint32_t number, const void *data,
		size_t len);
int frame_flush(struct frame_queue *q);
int frame_fill(struct frame_reader *r);
int frame_next(struct frame_reader *r, struct frame *frame);

#endif
