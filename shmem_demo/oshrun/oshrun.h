/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * oshrun's parts. On one machine: options (oshrun.c), the PEs (pes.c) and what
 * they write (output.c). On several, oshrun (head.c) starts an agent on each
 * (machine.c), which makes the memory (fabric.c) and looks after its PEs
 * (agent.c); the two talk in frames (frame.h).
 */
#ifndef OSHRUN_H
#define OSHRUN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "job.h"

#define EXIT_TIMEOUT 124
#define EXIT_OSHRUN 125

struct options {
	int npes;
	double timeout;
	bool tag;
	char **argv;
	char **hosts;		/* none: this machine alone */
	int nhosts;
	char **exported;	/* names of variables for all PEs */
	int nexported;
	bool cyclic;		/* PEs go round the machines */
	const char *rsh;
	const char *agent;	/* oshrun's path on the other machines */
};

void say(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
void fail(const char *format, ...)
	__attribute__((__noreturn__, __format__(__printf__, 1, 2)));
long long now_ms(void);
int poll_ms(long long until);
int write_all(int fd, const char *data, size_t len);

/* output.c: lines of a PE with its number before them */
void output_tagged(int rank, int which, const char *data, size_t len);
void output_rest(void);

/* pes.c */
struct pes_ops {
	/* What a PE wrote; len 0: its end. NULL: PEs write for themselves. */
	void (*output)(int rank, int which, const char *data, size_t len);
	void (*sizes)(void);		/* a process has said what it needs */
	void (*absent)(int rank);	/* a PE ended without shmem_init() */
	void (*input)(void);		/* there is something to read from input_fd */
	int input_fd;			/* or -1 */
};

struct shi_job *pes_make_job(const struct shi_job *like);
void pes_start(char **argv, const struct pes_ops *ops);
int pes_watch(double timeout);
void pes_end(int status);
bool pes_were_ended(void);
void pes_absent(int rank);
void pes_use_job(struct shi_job *job);

/* head.c, agent.c: on several machines */
int head_run(const struct options *opt);
int agent_run(void);

/* fabric.c: this machine's memory of a job, and that of the others */
struct fabric {
	char name[SHI_NAME_MAX];
	char key[65];			/* hex */
	unsigned int me, nnodes;
	char *hosts[SHI_MAX_NODES];
};

void fabric_clean_stale(void);
struct shi_job *fabric_make(const struct fabric *f, const struct shi_job *like, size_t total);
int fabric_attach(const struct fabric *f);
void fabric_detach(const struct fabric *f);
void fabric_remove(const struct fabric *f);

#endif
