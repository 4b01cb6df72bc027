/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's state after its first boot, for the power-ons that follow. */
#ifndef KFIRIG_SNAPSHOT_H
#define KFIRIG_SNAPSHOT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "qmp.h"
#include "store.h"

struct node;
struct rig_config;

/* What the boot that is under way has to do with it. */
enum snapshot_step {
	SNAPSHOT_NONE,
	SNAPSHOT_BOOT,		/* is saved when the agent stands by */
	SNAPSHOT_SAVE,		/* QEMU writes the state of the devices */
	SNAPSHOT_COPY,		/* the memory is copied */
	SNAPSHOT_LOAD,		/* QEMU reads the state of the devices */
	SNAPSHOT_START,		/* the agent goes on */
};

struct snapshot {
	bool saved;
	bool refused;		/* it was of no use: not tried again */
	int memory;		/* of the node when it was saved */
	struct buf devices;	/* what QEMU wrote about the rest */
	struct store store;
	char *medium;		/* what the NVDIMMs had where namespaces are told */

	enum snapshot_step step;
	struct qmp qmp;
	int live;		/* memory of the node that is to be saved */
	char *view;		/* the same, mapped */
	int64_t began;		/* to be saved: CLOCK_MONOTONIC, milliseconds */
	uint64_t copied;
	uint64_t written;	/* of that, what is not zero */
	int stream;		/* state of the devices, from QEMU or to it */
	uint64_t sent;
	bool migrated;
	bool ended;
	int theirs[2];		/* QEMU's ends of the monitor and the stream */
	int64_t deadline;	/* of a restore, CLOCK_MONOTONIC, milliseconds */
};

enum snapshot_event {
	SNAPSHOT_NOTHING,
	SNAPSHOT_GO,		/* tell the agent to go on, then snapshot_run() */
	SNAPSHOT_FAILED,	/* the node cannot go on */
};

/* Once, before the first boot. */
void snapshot_init(struct snapshot *s);
void snapshot_free(struct node *n);

/* Before QEMU starts: whether to save or to restore, and what QEMU inherits. */
int snapshot_prepare(struct node *n, const struct rig_config *cfg, bool boot);
/* QEMU runs, and has its ends. */
void snapshot_started(struct snapshot *s);
/* QEMU is gone, or the node is ready: what remains is the snapshot. */
void snapshot_end(struct node *n);
/* A restore came to nothing; the next boot is to be another. */
void snapshot_lost(struct node *n, const char *why);

/* The agent stands by. */
enum snapshot_event snapshot_standby(struct node *n,
				     const struct rig_config *cfg);
void snapshot_run(struct snapshot *s);

/* What to wait for, and what to do when it came: the monitor, the stream. */
void snapshot_poll(const struct snapshot *s, struct pollfd fds[2]);
enum snapshot_event snapshot_work(struct node *n,
				  const struct rig_config *cfg,
				  const struct pollfd fds[2]);
/* Milliseconds until there is something to do anyway; -1: nothing. */
int64_t snapshot_timeout(const struct snapshot *s);

static inline bool snapshot_restores(const struct snapshot *s)
{
	return s->deadline >= 0;
}

#endif
