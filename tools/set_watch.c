// SPDX-License-Identifier: BSD-3-Clause
/* kfipmem set status --watch: what the kernel says, again and again. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "set.h"

#define PERIOD	1	/* second */

static volatile sig_atomic_t stopped;
static bool terminal;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static void catch_signals(sigset_t *outside)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	/* They come in while this sleeps, not before it does. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, outside);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* Lines longer than the terminal are cut, so that they can be counted. */
static void restore_terminal(void)
{
	if (terminal) {
		fputs("\033[?7h", stdout);
		fflush(stdout);
	}
}

/*
 * A copy of what a change is looked for in: not in the counters, which change
 * all the time in a busy set and say nothing new.
 */
static void copy_without_counters(struct set_list *to,
				  const struct set_list *from)
{
	struct set_status *set;
	unsigned int j;
	size_t i;

	to->nr = from->nr;
	to->set = xalloc((from->nr + 1) * sizeof(*to->set));
	memcpy(to->set, from->set, from->nr * sizeof(*to->set));
	for (i = 0; i < to->nr; i++) {
		set = &to->set[i];
		set->reads = 0;
		set->writes = 0;
		set->commits = 0;
		set->intent_writes = 0;
		for (j = 0; j < set->nr_members; j++)
			set->member[j].writes = 0;
	}
}

static bool same(const struct set_list *a, const struct set_list *b)
{
	return a->nr == b->nr &&
	       !memcmp(a->set, b->set, a->nr * sizeof(*a->set));
}

static unsigned int print_list(const struct set_list *list, const char *name)
{
	if (list->nr)
		return sets_print(list);
	if (name)
		printf("set '%s' is not started here any more\n", name);
	else
		puts("no set is started here");
	return 1;
}

/* In place of what was drawn before, which had so many lines. */
static unsigned int redraw(const struct set_list *list, const char *name,
			   unsigned int before)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		size.ws_row = 24;
	if (before >= size.ws_row)
		fputs("\033[H", stdout);
	else if (before)
		printf("\033[%uA\r", before);
	fputs("\033[J", stdout);
	return print_list(list, name);
}

static void show_change(const struct set_list *list, const char *name,
			bool first)
{
	if (json_mode) {
		sets_json(list);
		return;
	}
	if (!first)
		putchar('\n');
	print_list(list, name);
}

void sets_watch(const char *name)
{
	struct timespec period = { .tv_sec = PERIOD };
	struct set_list list, now, seen = {};
	unsigned int lines = 0;
	bool first = true, gone;
	sigset_t outside;

	terminal = !json_mode && isatty(STDOUT_FILENO);
	catch_signals(&outside);
	if (terminal) {
		atexit(restore_terminal);
		fputs("\033[?7l", stdout);
	}
	do {
		sets_read(&list, name);
		copy_without_counters(&now, &list);
		if (terminal)
			lines = redraw(&list, name, lines);
		else if (first || !same(&now, &seen))
			show_change(&list, name, first);
		flush_answer();
		gone = name && !list.nr;
		first = false;
		sets_free(&list);
		sets_free(&seen);
		seen = now;
		if (!gone)
			ppoll(NULL, 0, &period, &outside);
	} while (!gone && !stopped);
	sets_free(&seen);
}
