/* SPDX-License-Identifier: BSD-3-Clause */
/* One of a job's machines, as the head sees it. */
#ifndef OSHRUN_MACHINE_H
#define OSHRUN_MACHINE_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "frame.h"
#include "oshrun.h"

/* How far an agent is, by what it has said. */
enum state { STARTED, RUNNING, EXPORTED, ATTACHED, ENDED, DETACHED, GONE };

struct machine {
	const char *host;
	pid_t pid;			/* of the remote command */
	struct frame_queue in;		/* what the agent reads */
	enum state state;
	bool shares;			/* has exported memory */
	struct frame_sizes sizes;
	struct frame_reader from;
};

void machine_start(struct machine *m, const struct options *opt, const sigset_t *deaf,
		   const sigset_t *before);
void machine_set_up(struct machine *m, const struct options *opt,
		    const struct frame_setup *setup);
void machine_send(struct machine *m, enum frame_type type, uint32_t number, const void *data,
		  size_t len);
void machine_close(struct machine *m);
void machines_reap(const struct machine *machines, int n);

#endif
