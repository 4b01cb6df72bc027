// SPDX-License-Identifier: BSD-3-Clause
/* Programs for jobs.sh, one for each word: how jobs begin and end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <shmem.h>

static int me, npes;
static long word;

static void begin(void)
{
	shmem_init();
	me = shmem_my_pe();
	npes = shmem_n_pes();
}

static void wait_for_ever(void)
{
	shmem_long_wait_until(&word, SHMEM_CMP_EQ, 1);
}

static int hello(void)
{
	begin();
	printf("PE %d of %d\n", me, npes);
	shmem_finalize();
	return 0;
}

/* The number is that of the PE, which differs; all is well before. */
static int status_after(int status)
{
	begin();
	shmem_finalize();
	return me == npes - 1 ? status : 0;
}

static int status_before(int status)
{
	begin();
	if (me == npes - 1)
		exit(status);
	wait_for_ever();
	return 0;
}

static int global_exit(int status)
{
	begin();
	if (me == npes - 1) {
		printf("before the end\n");
		shmem_global_exit(status);
	}
	wait_for_ever();
	return 0;
}

static int no_finalize(void)
{
	begin();
	shmem_long_p(&word, me, (me + 1) % npes);
	return 0;
}

static int raw_exit(void)
{
	begin();
	if (!me)
		_exit(0);
	wait_for_ever();
	return 0;
}

static int killed(int sig)
{
	begin();
	if (me == npes - 1)
		kill(getpid(), sig);
	wait_for_ever();
	return 0;
}

/* The last one never initializes; "fifo" tells the others when it is at its end. */
static int no_init(const char *fifo)
{
	FILE *f;

	if (shmem_my_pe() == shmem_n_pes() - 1) {
		f = fopen(fifo, "w");
		return !f;
	}
	f = fopen(fifo, "r");
	if (!f || fgetc(f) != EOF)
		return 1;
	return hello();
}

static int hang(void)
{
	begin();
	if (!me) {
		puts("up");
		fflush(stdout);
	}
	wait_for_ever();
	return 0;
}

/* The launcher, or a machine's agent, is gone from one moment to the next. */
static int kill_parent(void)
{
	begin();
	if (me == npes - 1)
		kill(getppid(), SIGKILL);
	wait_for_ever();
	return 0;
}

/* What a program is given besides its arguments: open files, and signals. */
static int inherits(void)
{
	struct sigaction act;
	sigset_t mask;
	int i;

	printf("files");
	for (i = 0; i < 1024; i++)
		if (fcntl(i, F_GETFD) >= 0)
			printf(" %d", i);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (i = 1; i < 32; i++)
		if (sigismember(&mask, i) > 0)
			printf(" blocked %d", i);
	for (i = 1; i < 32; i++)
		if (!sigaction(i, NULL, &act) && act.sa_handler == SIG_IGN)
			printf(" ignored %d", i);
	puts("");
	return 0;
}

static int argument_lengths(char **args)
{
	for (; *args; args++)
		printf("%zu%c", strlen(*args), args[1] ? ' ' : '\n');
	return 0;
}

static int much(size_t bytes)
{
	begin();
	while (bytes--)
		putchar('x');
	shmem_finalize();
	return 0;
}

static int lines(void)
{
	begin();
	printf("one\ntwo of PE %d\n", me);
	fprintf(stderr, "an error of PE %d\n", me);
	fflush(stdout);
	printf("no newline");
	shmem_finalize();
	return 0;
}

static int heap(const char *size)
{
	void *p;

	begin();
	p = shmem_malloc(strtoul(size, NULL, 10));
	if (!me)
		puts(p ? "there" : "too much");
	shmem_finalize();
	return 0;
}

/* Each of these is a fault of the program, which is told of. */
static int fault(const char *what)
{
	static long last[2];
	long local = 0;
	long *p;
	int one = 1;

	if (!strcmp(what, "before-init"))
		shmem_long_p(&word, 1, 0);
	begin();
	p = shmem_malloc(64);
	if (!strcmp(what, "beyond-heap"))
		shmem_putmem(p, last, 1UL << 31, (me + 1) % npes);
	else if (!strcmp(what, "beyond-variables"))
		shmem_putmem(last, p, 1UL << 30, (me + 1) % npes);
	else if (!strcmp(what, "stack"))
		shmem_long_p(&local, 1, (me + 1) % npes);
	else if (!strcmp(what, "pe"))
		shmem_long_p(&word, 1, npes);
	else if (!strcmp(what, "free"))
		shmem_free(p + 1);
	else if (!strcmp(what, "free-twice"))
		shmem_free(p), shmem_free(p);
	else if (!strcmp(what, "unlock"))
		shmem_clear_lock(&word);
	else if (!strcmp(what, "compare"))
		shmem_int_wait_until(&one, 77, 1);
	else if (!strcmp(what, "world"))
		shmem_team_destroy(SHMEM_TEAM_WORLD);
	shmem_finalize();
	if (!strcmp(what, "after-finalize"))
		shmem_barrier_all();
	return 0;
}

/* A child without exec has variables of its own, and is no PE. */
static int fork_child(void)
{
	static char big[64 << 20];
	int status = 0;
	pid_t child;

	begin();
	word = 10 + me;
	big[5] = 1;
	shmem_barrier_all();
	child = fork();
	if (!child) {
		int ready;

		shmem_query_initialized(&ready);
		status = ready || word != 10 + me || big[5] != 1;
		word = 99;
		big[40 << 20] = 9;
		exit(status);
	}
	/* When fork() returns, the child has its copy. */
	shmem_barrier_all();
	shmem_long_p(&word, 20 + me, (me + 1) % npes);
	if (waitpid(child, &status, 0) != child)
		status = 1;
	shmem_barrier_all();
	if (status || word != 20 + (me + npes - 1) % npes || big[40 << 20])
		printf("wrong at PE %d: %d %ld\n", me, status, word);
	shmem_barrier_all();
	if (!me)
		puts("forked");
	shmem_finalize();
	return 0;
}

/* A program that a PE starts is a job of its own. */
static int child_program(const char *self)
{
	char command[4200];

	begin();
	snprintf(command, sizeof(command), "'%s' hello", self);
	if (!me && system(command))
		puts("wrong");
	shmem_finalize();
	return 0;
}

static int input(void)
{
	char line[64] = "nothing\n";

	begin();
	if (!fgets(line, sizeof(line), stdin))
		strcpy(line, "end\n");
	printf("PE %d has %s", me, line);
	shmem_finalize();
	return 0;
}

static int query(void)
{
	char name[SHMEM_MAX_NAME_LEN];
	int ready = 7, major, minor, level, bad = 0;

	shmem_query_initialized(&ready);
	bad += ready != 0;
	begin();
	shmem_query_initialized(&ready);
	bad += ready != 1;
	shmem_init();
	shmem_query_thread(&level);
	bad += level != SHMEM_THREAD_SINGLE;
	bad += shmem_init_thread(SHMEM_THREAD_MULTIPLE + 1, &level) == 0;
	shmem_info_get_version(&major, &minor);
	shmem_info_get_name(name);
	bad += major != 1 || minor != 6 || strcmp(name, SHMEM_VENDOR_STRING);
	shmem_finalize();
	shmem_query_initialized(&ready);
	bad += ready != 1;
	shmem_barrier_all();
	shmem_finalize();
	shmem_query_initialized(&ready);
	bad += ready != 0;
	shmem_finalize();
	bad += shmem_my_pe() != me || shmem_n_pes() != npes;
	if (bad || !me)
		puts(bad ? "wrong" : "as it should");
	return 0;
}

static int thread_level(int level)
{
	int provided = -1;

	if (shmem_init_thread(level, &provided))
		return 1;
	if (!shmem_my_pe())
		printf("provided %d\n", provided);
	shmem_finalize();
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "0";

	if (!strcmp(what, "hello"))
		return hello();
	if (!strcmp(what, "status-after"))
		return status_after(atoi(arg));
	if (!strcmp(what, "status-before"))
		return status_before(atoi(arg));
	if (!strcmp(what, "global-exit"))
		return global_exit(atoi(arg));
	if (!strcmp(what, "no-finalize"))
		return no_finalize();
	if (!strcmp(what, "raw-exit"))
		return raw_exit();
	if (!strcmp(what, "killed"))
		return killed(atoi(arg));
	if (!strcmp(what, "no-init"))
		return no_init(arg);
	if (!strcmp(what, "hang"))
		return hang();
	if (!strcmp(what, "kill-parent"))
		return kill_parent();
	if (!strcmp(what, "inherits"))
		return inherits();
	if (!strcmp(what, "argument-lengths"))
		return argument_lengths(argv + 2);
	if (!strcmp(what, "much"))
		return much(strtoul(arg, NULL, 10));
	if (!strcmp(what, "lines"))
		return lines();
	if (!strcmp(what, "heap"))
		return heap(arg);
	if (!strcmp(what, "fault"))
		return fault(arg);
	if (!strcmp(what, "fork"))
		return fork_child();
	if (!strcmp(what, "child"))
		return child_program(argv[0]);
	if (!strcmp(what, "input"))
		return input();
	if (!strcmp(what, "query"))
		return query();
	if (!strcmp(what, "thread-level"))
		return thread_level(atoi(arg));
	fprintf(stderr, "jobs: there is no '%s'\n", what);
	return 99;
}
