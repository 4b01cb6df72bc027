/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's debug stub: stops the node when its kernel reaches an address. */
#ifndef KFIRIG_GDB_H
#define KFIRIG_GDB_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

#define GDB_SYMBOL_MAX	128

/* What the stub was asked last, and so what its next packet means. */
enum gdb_state {
	GDB_CLOSED,
	GDB_RUNNING,
	GDB_STOPPING,
	GDB_INSERT,
	GDB_REMOVE,
	GDB_SELECT,
	GDB_WHERE,
	GDB_STEP,
	GDB_REACHED,
};

struct gdb {
	int fd;
	struct buf in;
	struct buf out;
	enum gdb_state state;
	bool wanted;		/* a stop is */
	uint64_t address;	/* where */
	uint32_t count;		/* at which time */
	uint32_t hits;
	char symbol[GDB_SYMBOL_MAX];
	bool inserted;		/* the breakpoint that the stub has */
	uint64_t at;
	bool stepping;
	char thread[32];	/* stands at the breakpoint; empty: none does */
	unsigned int damaged;	/* packets in a row */
	char last[96];		/* for a stub that wants it again */
	char error[128];	/* why there is no stop, where one was wanted */
};

enum gdb_event { GDB_NOTHING, GDB_HIT, GDB_BROKEN };

void gdb_open(struct gdb *g, int fd);
void gdb_close(struct gdb *g);

/* Both take effect later: see gdb_is_armed() and gdb_is_idle(). */
void gdb_arm(struct gdb *g, const char *symbol, uint64_t address,
	     uint32_t count);
void gdb_disarm(struct gdb *g);
/* Let a node that has reached its address go on. */
void gdb_resume(struct gdb *g);

/* The node runs, and will stop. */
static inline bool gdb_is_armed(const struct gdb *g)
{
	return g->state == GDB_RUNNING && g->wanted && g->inserted;
}

/* The node runs, and nothing is set. */
static inline bool gdb_is_idle(const struct gdb *g)
{
	return g->state == GDB_RUNNING && !g->wanted && !g->inserted;
}

/* Read and answer; call it when the descriptor is readable. */
enum gdb_event gdb_read(struct gdb *g);

/*
 * The first packet of the queue, decoded, with a zero byte behind it. Returns 1
 * for a packet, 0 when more bytes are needed, -1 for what no stub sends. A
 * packet whose checksum is wrong has *good false.
 */
int gdb_packet(struct buf *in, char *text, size_t size, bool *good,
	       bool *again);

#endif
