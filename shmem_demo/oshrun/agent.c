// SPDX-License-Identifier: BSD-3-Clause
/* oshrun on one of several machines, as the one that was started by hand says. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "oshrun.h"

static struct frame_reader in;
static struct fabric fabric;
static struct shi_job *door, *job;
static char **args;
static int nargs;

static void tell(enum frame_type type, uint32_t number, const void *data, size_t len)
{
	frame_write(STDOUT_FILENO, type, 0, number, data, len);
}

static void absent(int rank)
{
	tell(FRAME_ABSENT, rank, NULL, 0);
}

static void output(int rank, int which, const char *data, size_t len)
{
	frame_write(STDOUT_FILENO, FRAME_OUTPUT, which, rank, data, len);
}

/* The first process has said how large the program's memory is. */
static void sizes(void)
{
	struct frame_sizes s = { door->data_size, door->heap_size };
	size_t control = shi_job_size(door->npes, door->teams);
	size_t total = control + door->node[door->node_me].count * (s.data + s.heap);

	if (job || !s.heap)
		return;
	job = fabric_make(&fabric, door, total);
	if (!job) {
		job = door;
		pes_end(EXIT_OSHRUN);
		return;
	}
	pes_use_job(job);
	tell(FRAME_EXPORTED, 0, &s, sizeof(s));
}

static void go(void)
{
	__atomic_store_n(&job->phase, SHI_PHASE_READY, __ATOMIC_RELEASE);
	__atomic_store_n(&door->phase, SHI_PHASE_READY, __ATOMIC_RELEASE);
	syscall(SYS_futex, &door->phase, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void input(void);

static struct pes_ops ops = {
	.output = output, .sizes = sizes, .absent = absent, .input = input,
	.input_fd = STDIN_FILENO,
};

static void take(const struct frame *frame)
{
	bool exported = job && job != door;

	switch (frame->head.type) {
	case FRAME_ATTACH:
		if (!exported || fabric_attach(&fabric))
			pes_end(EXIT_OSHRUN);
		else
			tell(FRAME_ATTACHED, 0, NULL, 0);
		break;
	case FRAME_GO:
		if (exported)
			go();
		break;
	case FRAME_ABSENT:
		if (frame->head.number < door->npes)
			pes_absent(frame->head.number);
		break;
	case FRAME_END:
		pes_end(frame->head.number & 255);
		break;
	}
}

/* Without the head there is no job. */
static void head_is_gone(void)
{
	ops.input_fd = -1;
	pes_end(EXIT_OSHRUN);
}

/* What came together with other frames, and is in no pipe any more */
static void take_all(void)
{
	struct frame frame;
	int got;

	while ((got = frame_next(&in, &frame)) > 0)
		take(&frame);
	if (got < 0)
		head_is_gone();
}

/* While the PEs run */
static void input(void)
{
	if (frame_fill(&in) > 0)
		take_all();
	else
		head_is_gone();
}

/* The next frame, whenever it comes; exits without one. */
static void wait_frame(struct frame *frame)
{
	int got;

	while (!(got = frame_next(&in, frame)))
		if (frame_fill(&in) <= 0)
			fail("the oshrun that started this is gone");
	if (got < 0)
		fail("this is started by oshrun, and not by hand");
}

static char *copy(const char *text)
{
	char *new = strdup(text);

	if (!new)
		fail("no memory");
	return new;
}

static void add_arg(const char *arg)
{
	args = realloc(args, (nargs + 2) * sizeof(*args));
	if (!args)
		fail("no memory");
	args[nargs++] = copy(arg);
	args[nargs] = NULL;
}

static void set_up(struct shi_job *like, const struct frame *frame)
{
	const struct frame_setup *s = (const void *)frame->data;
	unsigned int i, at = 0;

	if (frame->head.len != sizeof(*s) || s->version != FRAME_VERSION ||
	    !s->nnodes || s->nnodes > SHI_MAX_NODES || s->me >= s->nnodes ||
	    s->npes < s->nnodes || s->npes > SHI_MAX_PES ||
	    !memchr(s->name, 0, sizeof(s->name)) || !memchr(s->key, 0, sizeof(s->key)) ||
	    !memchr(s->cwd, 0, sizeof(s->cwd)))
		fail("the oshrun that started this is of another version");
	like->npes = s->npes;
	like->nnodes = s->nnodes;
	like->node_me = s->me;
	like->teams = SHI_TEAMS_NODES;
	strcpy(like->name, s->name);
	for (i = 0; i < s->nnodes; i++) {
		unsigned int count = s->npes / s->nnodes + (i < s->npes % s->nnodes);

		like->node[i] = s->cyclic ?
			(struct shi_node){ .first = i, .step = s->nnodes, .count = count } :
			(struct shi_node){ .first = at, .step = 1, .count = count };
		at += count;
	}
	strcpy(fabric.name, s->name);
	strcpy(fabric.key, s->key);
	fabric.me = s->me;
	if (*s->cwd && chdir(s->cwd) && chdir("/"))
		fail("cannot change to a folder: %s", strerror(errno));
}

/* Up to START; gives the job's first page. */
static void read_setup(struct shi_job *like)
{
	struct frame frame;
	bool known = false;

	for (;;) {
		wait_frame(&frame);
		switch (frame.head.type) {
		case FRAME_SETUP:
			set_up(like, &frame);
			known = true;
			break;
		case FRAME_HOST:
			if (fabric.nnodes == SHI_MAX_NODES)
				fail("too many machines");
			fabric.hosts[fabric.nnodes++] = copy(frame.data);
			break;
		case FRAME_ENV:
			putenv(copy(frame.data));
			break;
		case FRAME_ARG:
			add_arg(frame.data);
			break;
		case FRAME_START:
			if (!known || !nargs || fabric.nnodes != like->nnodes)
				fail("the oshrun that started this is of another version");
			return;
		}
	}
}

/* The PEs are gone: takes down what the machines share, in step with them. */
static void finish(void)
{
	struct frame frame;
	int got = 0;

	if (job && job != door)
		munmap(job, shi_job_size(door->npes, door->teams));
	while (ops.input_fd >= 0) {
		while ((got = frame_next(&in, &frame)) > 0 && frame.head.type != FRAME_QUIT)
			if (frame.head.type == FRAME_DETACH) {
				if (job)
					fabric_detach(&fabric);
				tell(FRAME_DETACHED, 0, NULL, 0);
			}
		if (got || frame_fill(&in) <= 0)
			break;
	}
	if (job) {
		fabric_detach(&fabric);
		fabric_remove(&fabric);
	}
}

int agent_run(void)
{
	static struct shi_job like;
	int status;

	signal(SIGPIPE, SIG_IGN);
	in.fd = STDIN_FILENO;
	read_setup(&like);
	tell(FRAME_HELLO, FRAME_VERSION, NULL, 0);
	fabric_clean_stale();
	like.phase = like.nnodes > 1 ? SHI_PHASE_SIZES : SHI_PHASE_READY;
	door = pes_make_job(&like);
	pes_start(args, &ops);
	take_all();
	status = pes_watch(0);
	frame_write(STDOUT_FILENO, FRAME_ENDED, pes_were_ended(), status, NULL, 0);
	finish();
	return status;
}
