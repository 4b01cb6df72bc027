// SPDX-License-Identifier: BSD-3-Clause
/* A job on several machines, from where it was started: an agent on each. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "machine.h"
#include "oshrun.h"

#define END_MS 20000	/* for the agents to take down what they made */
#define START_MS 2000	/* for one to appear that has nothing to do any more */

static const struct options *opt;
static struct machine *machines;
static int status = -1;
static bool ending, attaching, gone_on, detaching, quitting, appeared;
static long long deadline;

static void tell_all(enum frame_type type, uint32_t number)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		machine_send(&machines[i], type, number, NULL, 0);
}

/* Have all that are still there come so far? */
static bool all_at(enum state state)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state < state)
			return false;
	return true;
}

/* Ends the job on all machines; the first status that is said counts. */
static void end_job(int with)
{
	if (status < 0)
		status = with;
	if (ending)
		return;
	ending = true;
	appeared = all_at(RUNNING);
	deadline = now_ms() + (appeared ? END_MS : START_MS);
	tell_all(FRAME_END, with);
}

/* Are all there, and no further? */
static bool all_in(enum state state)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state != state)
			return false;
	return true;
}

/* What there is to be said to all, after one has come further. */
static void advance(void)
{
	if (!ending && !attaching && all_in(EXPORTED)) {
		attaching = true;
		tell_all(FRAME_ATTACH, 0);
	}
	if (!ending && !gone_on && all_in(ATTACHED)) {
		gone_on = true;
		tell_all(FRAME_GO, 0);
	}
	if (!detaching && all_at(ENDED)) {
		detaching = true;
		deadline = now_ms() + END_MS;
		tell_all(FRAME_DETACH, 0);
	}
	if (!quitting && all_at(DETACHED)) {
		quitting = true;
		deadline = now_ms() + END_MS;
		tell_all(FRAME_QUIT, 0);
	}
}

/* All run the same program, so they share memory of the same sizes, or none. */
static void compare(const struct machine *m)
{
	const struct frame_sizes *mine = &m->sizes, *other;
	int i;

	for (i = 0; i < opt->nhosts && !ending && !gone_on; i++) {
		other = &machines[i].sizes;
		if (m->shares && machines[i].shares && memcmp(mine, other, sizeof(*mine))) {
			say("the program has %llu bytes of variables and %llu of heap on %s, %llu and %llu on %s",
			    (unsigned long long)other->data, (unsigned long long)other->heap,
			    machines[i].host, (unsigned long long)mine->data,
			    (unsigned long long)mine->heap, m->host);
			end_job(EXIT_OSHRUN);
		} else if (machines[i].shares != m->shares &&
			   (m->shares ? &machines[i] : m)->state >= ENDED) {
			say("PEs ended without shmem_init() on %s",
			    (m->shares ? &machines[i] : m)->host);
			end_job(EXIT_OSHRUN);
		}
	}
}

static void exported(struct machine *m, const struct frame *frame)
{
	memcpy(&m->sizes, frame->data, sizeof(m->sizes));
	m->shares = true;
	compare(m);
}

/* A machine has no PEs any more. */
static void ended(struct machine *m, const struct frame *frame)
{
	if (frame->head.number & 255 || frame->head.which)
		end_job(frame->head.number & 255);
	compare(m);
}

static void absent(const struct machine *m, uint32_t pe)
{
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (&machines[i] != m)
			machine_send(&machines[i], FRAME_ABSENT, pe, NULL, 0);
}

static void output(const struct frame *frame)
{
	int which = frame->head.which;

	if (opt->tag)
		output_tagged(frame->head.number, which, frame->data, frame->head.len);
	else if (write_all(1 + which, frame->data, frame->head.len) && !which)
		end_job(128 + SIGPIPE);
}

/* Does a frame come when it may, as it may, and where does it bring its machine? */
static bool fits(const struct machine *m, const struct frame_head *head, enum state *next)
{
	bool pe = head->number < (uint32_t)opt->npes;
	enum state at = m->state;

	*next = at;
	switch (head->type) {
	case FRAME_HELLO:
		*next = RUNNING;
		return at == STARTED && head->number == FRAME_VERSION;
	case FRAME_OUTPUT:
		return at >= RUNNING && at < ENDED && pe && head->which <= 1;
	case FRAME_ABSENT:
		return at >= RUNNING && at < ENDED && pe;
	case FRAME_EXPORTED:
		*next = EXPORTED;
		return at == RUNNING && head->len == sizeof(struct frame_sizes);
	case FRAME_ATTACHED:
		*next = ATTACHED;
		return at == EXPORTED && attaching;
	case FRAME_ENDED:
		*next = ENDED;
		return at >= RUNNING && at < ENDED;
	case FRAME_DETACHED:
		*next = DETACHED;
		return at == ENDED && detaching;
	}
	return false;
}

/* False: no oshrun says that. */
static bool take(struct machine *m, const struct frame *frame)
{
	enum state next;

	if (!fits(m, &frame->head, &next))
		return false;
	m->state = next;
	switch (frame->head.type) {
	case FRAME_OUTPUT:
		output(frame);
		break;
	case FRAME_ABSENT:
		absent(m, frame->head.number);
		break;
	case FRAME_EXPORTED:
		exported(m, frame);
		break;
	case FRAME_ENDED:
		ended(m, frame);
		break;
	}
	advance();
	return true;
}

static void lost(struct machine *m)
{
	enum state was = m->state;

	if (m->in.fd >= 0)
		machine_close(m);
	close(m->from.fd);
	m->from.fd = -1;
	m->state = GONE;
	if (was == STARTED && !ending)
		say("no oshrun could be started on %s (by %s)", m->host, opt->rsh);
	else if (was > STARTED && was < DETACHED)
		say("lost machine %s", m->host);
	if (was < DETACHED)
		end_job(EXIT_OSHRUN);
	advance();
}

/* Often it is what a shell's start-up file prints. */
static void say_garbage(const struct machine *m)
{
	char text[61];
	size_t i;

	for (i = 0; i < sizeof(text) - 1 && i < m->from.len; i++)
		text[i] = isprint((unsigned char)m->from.buf[i]) ? m->from.buf[i] : '.';
	text[i] = 0;
	say("%s says what is not from this version of oshrun: '%s'", m->host, text);
}

static void read_machine(struct machine *m)
{
	int more = frame_fill(&m->from), got = 0;
	struct frame frame;

	while (more > 0 && (got = frame_next(&m->from, &frame)) > 0)
		if (!take(m, &frame)) {
			got = -1;
			break;
		}
	if (got < 0)
		say_garbage(m);
	if (got < 0 && m->state == STARTED)
		kill(m->pid, SIGKILL);
	if (more <= 0 || got < 0)
		lost(m);
}

/*
 * Those that are the furthest behind did not answer in time: they have to be
 * looked after by hand. The others waited for them, and go on.
 */
static void give_up(void)
{
	enum state least = GONE;
	int i;

	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state < least)
			least = machines[i].state;
	deadline = now_ms() + END_MS;
	/* One that may be about to start an agent must not be left with one. */
	if (!appeared && (appeared = least > STARTED))
		return;
	appeared = true;
	for (i = 0; i < opt->nhosts; i++)
		if (machines[i].state == least) {
			say("%s does not answer", machines[i].host);
			kill(machines[i].pid, SIGKILL);
			lost(&machines[i]);
		}
}

static void take_signal(int sigs)
{
	struct signalfd_siginfo info;

	if (read(sigs, &info, sizeof(info)) == sizeof(info))
		end_job(128 + info.ssi_signo);
}

/* What every machine has to say and to be told, and signals in the last place. */
static void poll_all(struct pollfd *fds, int sigs, long long until)
{
	int n = opt->nhosts, i;

	for (i = 0; i < n; i++) {
		const struct machine *m = &machines[i];

		fds[i] = (struct pollfd){ .fd = m->from.fd, .events = POLLIN };
		fds[n + i] = (struct pollfd){ .fd = m->in.len ? m->in.fd : -1, .events = POLLOUT };
	}
	fds[2 * n] = (struct pollfd){ .fd = sigs, .events = POLLIN };
	if (poll(fds, 2 * n + 1, poll_ms(until)) < 0)
		return;
	for (i = 0; i < n; i++) {
		struct machine *m = &machines[i];

		/* That one is gone is seen where it speaks. */
		if (fds[n + i].revents && m->in.fd >= 0 && frame_flush(&m->in))
			machine_close(m);
		if (fds[i].revents && m->from.fd >= 0)
			read_machine(m);
	}
	if (fds[2 * n].revents)
		take_signal(sigs);
}

static void watch(int sigs)
{
	long long timeout = opt->timeout > 0 ? now_ms() + (long long)(opt->timeout * 1000) : 0;
	struct pollfd *fds = calloc(2 * opt->nhosts + 1, sizeof(*fds));

	if (!fds)
		fail("no memory");
	while (!all_at(GONE)) {
		long long until = deadline ? deadline : timeout;

		if (!until || now_ms() < until) {
			poll_all(fds, sigs, until);
		} else if (deadline) {
			give_up();
		} else {
			say("timeout after %g seconds", opt->timeout);
			end_job(EXIT_TIMEOUT);
		}
	}
	free(fds);
}

static void make_names(struct frame_setup *setup)
{
	unsigned char random[8 + 32];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		fail("no random numbers: %s", strerror(errno));
	snprintf(setup->name, sizeof(setup->name), "shmem-%02x%02x%02x%02x%02x%02x%02x%02x",
		 random[0], random[1], random[2], random[3], random[4], random[5], random[6],
		 random[7]);
	for (i = 0; i < 32; i++)
		sprintf(setup->key + 2 * i, "%02x", random[8 + i]);
	explicit_bzero(random, sizeof(random));
}

int head_run(const struct options *options)
{
	static struct frame_setup setup = { .version = FRAME_VERSION };
	sigset_t mask, before;
	int i, sigs;

	opt = options;
	machines = calloc(opt->nhosts, sizeof(*machines));
	if (!machines)
		fail("no memory");
	setup.npes = opt->npes;
	setup.nnodes = opt->nhosts;
	setup.cyclic = opt->cyclic;
	make_names(&setup);
	if (!getcwd(setup.cwd, sizeof(setup.cwd)))
		setup.cwd[0] = 0;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_BLOCK, &mask, &before);
	sigs = signalfd(-1, &mask, SFD_CLOEXEC);
	if (sigs < 0)
		fail("no signalfd: %s", strerror(errno));
	for (i = 0; i < opt->nhosts; i++) {
		machines[i].host = opt->hosts[i];
		machine_start(&machines[i], opt, &mask, &before);
	}
	for (i = 0; i < opt->nhosts; i++) {
		setup.me = i;
		machine_set_up(&machines[i], opt, &setup);
	}
	explicit_bzero(setup.key, sizeof(setup.key));
	watch(sigs);
	machines_reap(machines, opt->nhosts);
	output_rest();
	return status < 0 ? 0 : status;
}
