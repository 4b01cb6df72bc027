/* SPDX-License-Identifier: BSD-3-Clause */
/* A node's QEMU monitor: what saves and restores its state. */
#ifndef KFIRIG_QMP_H
#define KFIRIG_QMP_H

#include <stdbool.h>

#include "buf.h"

struct qmp {
	int fd;			/* -1: closed */
	struct buf in;
	struct buf out;
	unsigned int pending;	/* commands without an answer */
	char error[256];	/* why the last one failed */
};

enum qmp_event {
	QMP_NOTHING,
	QMP_DONE,		/* the last command that was pending */
	QMP_MIGRATED,
	QMP_FAILED,		/* a command, the migration or the connection */
};

void qmp_open(struct qmp *q, int fd);
void qmp_close(struct qmp *q);

/* Commands are carried out in order; none waits for the answer before it. */
void qmp_command(struct qmp *q, const char *command);
/* Give QEMU a descriptor under a name; false: it could not be sent. */
bool qmp_give_fd(struct qmp *q, const char *name, int fd);

/* Read what there is; call it when the descriptor is readable. */
void qmp_fill(struct qmp *q);
/* The next event of what was read. */
enum qmp_event qmp_next(struct qmp *q);

#endif
