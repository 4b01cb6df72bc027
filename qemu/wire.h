/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The frames between a client, the supervisor of a rig and a node's agent.
 *
 * Client and supervisor talk over a unix stream socket, supervisor and agent
 * over a virtio-serial port. Both carry the same frames, so that the
 * supervisor forwards a command's data by rewriting one field, the stream id.
 *
 * Every data stream has a window: the sender stops when it has sent a window
 * of bytes that the receiver has not consumed. A slow reader of one command's
 * output therefore never blocks another command on the same node, and nothing
 * between the two ends has to buffer more than a window per stream.
 */
#ifndef KFIRIG_WIRE_H
#define KFIRIG_WIRE_H

#include <stdint.h>

#define WIRE_PORT	"kfirig"	/* name of the virtio-serial port */
#define WIRE_MAX	(64u << 10)	/* largest payload of a frame */
#define WIRE_CHUNK	(16u << 10)	/* largest piece of stream data sent */
#define WIRE_WINDOW	(256u << 10)	/* initial window of every stream */

struct wire_head {
	uint32_t len;		/* of the payload, little-endian */
	uint32_t id;		/* stream, little-endian; 0 on a client's socket */
	uint8_t type;
	uint8_t pad[3];
};

enum wire_type {
	/* agent to supervisor, stream 0 */
	WIRE_READY = 1,		/* the node is usable */
	WIRE_FAILED,		/* init did not finish; payload: why */

	/* a command, client to agent and back */
	WIRE_EXEC,		/* client: node\0 argv...; agent: argv..., each \0 */
	WIRE_DATA_IN,		/* standard input; empty: end of file */
	WIRE_DATA_OUT,
	WIRE_DATA_ERR,
	WIRE_WINDOW_IN,		/* uint32: the receiver consumed that much */
	WIRE_WINDOW_OUT,
	WIRE_WINDOW_ERR,
	WIRE_SIGNAL,		/* uint32: send to the command's process group */
	WIRE_EXIT,		/* uint32: wait status */

	/* a node that is saved, or restored: agent to supervisor and back */
	WIRE_STANDBY,		/* what every boot does is done */
	WIRE_START,		/* struct wire_start */

	/* client to supervisor; payload: node name where one is meant */
	WIRE_CUT,
	WIRE_ARM,		/* node\0, struct wire_stop, the symbol's name */
	WIRE_WAIT_CUT,		/* until it was cut there */
	WIRE_DISARM,		/* a client that waits for the cut: its time is over */
	WIRE_THAW,
	WIRE_POWER_ON,
	WIRE_BOOT,		/* the same, with no snapshot */
	WIRE_LINK_UP,
	WIRE_LINK_DOWN,
	WIRE_WAIT_READY,	/* no node: all of them */
	WIRE_STATUS,
	WIRE_STATUS_JSON,
	WIRE_RELEASE,		/* the rig outlives this connection */
	WIRE_DOWN,

	/* supervisor to client */
	WIRE_NOTE,		/* payload: text for standard error; more follows */
	WIRE_OK,		/* payload: text for standard output */
	WIRE_ERROR,		/* uint32 exit status, then the message */
};

/* Little-endian. */
struct wire_stop {
	uint64_t address;
	uint32_t count;
	uint32_t keep;		/* armed when this connection is gone, too */
	uint32_t freeze;	/* it is not cut there, but stands still */
	uint32_t pad;
};

#define WIRE_ENTROPY	64

/* Little-endian. What a node must not have from a snapshot. */
struct wire_start {
	uint64_t seconds;	/* since 1970 */
	uint32_t nanoseconds;
	uint32_t pad;
	uint8_t entropy[WIRE_ENTROPY];
};

#endif
