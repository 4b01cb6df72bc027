// SPDX-License-Identifier: BSD-3-Clause
/*
 * The supervisor of a rig: parent of every QEMU process, owner of the network
 * namespace, and the switch between clients and the nodes' agents. One thread,
 * one poll loop; nothing in it blocks but its own end.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kfirig.h"

enum wait {
	WAIT_NONE, WAIT_READY, WAIT_OFF, WAIT_POWER, WAIT_ARMED, WAIT_CUT,
	WAIT_DISARMED,
};

struct client {
	struct client *next;
	int fd;
	struct buf in;
	struct buf out;
	bool owner;		/* the rig goes down with this connection */
	bool gone;
	bool finished;		/* close when out is flushed */
	struct node *stream;	/* node that runs this client's command */
	uint32_t id;
	enum wait wait;
	struct node *wait_node;	/* NULL: all */
	bool boot;		/* the power-on is not to restore */
	bool late;		/* gave up waiting for the cut */
	struct node *armed;	/* disarmed when this client goes away */
};

struct rig {
	const struct rig_config *cfg;
	struct node nodes[NODES_MAX];
	struct client *clients;
	int listener;
	int signals;
	bool stopping;
};

static struct client *client_add(struct rig *r, int fd, bool owner)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		die("out of memory");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	c->fd = fd;
	c->owner = owner;
	c->next = r->clients;
	r->clients = c;
	return c;
}

static void client_free(struct client *c)
{
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void client_ok(struct client *c, const char *text)
{
	frame_add(&c->out, WIRE_OK, 0, text, strlen(text));
	c->wait = WAIT_NONE;
}

static void __attribute__((format(printf, 3, 4)))
client_error(struct client *c, uint32_t status, const char *fmt, ...)
{
	char text[4 + 2048];
	va_list args;

	memcpy(text, (char []){ status, 0, 0, 0 }, 4);
	va_start(args, fmt);
	vsnprintf(text + 4, sizeof(text) - 4, fmt, args);
	va_end(args);
	frame_add(&c->out, WIRE_ERROR, 0, text, 4 + strlen(text + 4));
	c->wait = WAIT_NONE;
	c->armed = NULL;
	if (c->stream)
		c->finished = true;
	c->stream = NULL;
}

static void client_note(struct client *c, const struct node *n)
{
	char text[1024];

	if (!*n->note)
		return;
	snprintf(text, sizeof(text), "node %s: %s", n->spec->name, n->note);
	frame_add(&c->out, WIRE_NOTE, 0, text, strlen(text));
}

static void node_error(struct rig *r, struct client *c, struct node *n)
{
	char console[PATH_MAX];

	node_console(r->cfg, n->spec->name, console, sizeof(console));
	if (n->state == NODE_OFF || n->cutting)
		client_error(c, EXIT_NODE_LOST,
			     "node %s lost power: %s; kfirig power-on %s brings it back",
			     n->spec->name, n->why, n->spec->name);
	else
		client_error(c, EXIT_NODE_LOST,
			     "node %s is %s: %s; its console: %s",
			     n->spec->name, node_state_name(n->state), n->why,
			     console);
}

static bool node_has_power(const struct node *n)
{
	return n->pid && !n->cutting;
}

/* Those who have to do with a stop at an address. */
static void waiter_check_stop(struct rig *r, struct client *c)
{
	struct node *n = c->wait_node;
	const struct gdb *g = &n->gdb;

	if (n->reached) {
		/* Who was to be told of the end wants it to be one. */
		if (c->wait != WAIT_ARMED && n->pid && !n->frozen)
			return;
		c->armed = NULL;
		client_ok(c, "");
	} else if (!node_has_power(n)) {
		node_error(r, c, n);
	} else if (c->wait == WAIT_ARMED) {
		if (*g->error)
			client_error(c, EXIT_RIG, "node %s: %s: %s",
				     n->spec->name, g->symbol, g->error);
		else if (gdb_is_armed(g))
			client_ok(c, "");
	} else if (c->wait == WAIT_CUT) {
		if (!g->wanted)
			client_error(c, EXIT_RIG, "node %s is not armed: kfirig cut %s --at SYMBOL --arm",
				     n->spec->name, n->spec->name);
	} else if (gdb_is_idle(g)) {
		if (c->late)
			client_error(c, EXIT_TIMEOUT, "node %s reached %s %u of %u times: not cut, it runs on",
				     n->spec->name, g->symbol, g->hits,
				     g->count);
		else
			client_ok(c, "");
	}
}

static void waiter_check(struct rig *r, struct client *c)
{
	bool booting = false;
	unsigned int i;

	if (c->wait == WAIT_OFF && !c->wait_node->pid)
		client_ok(c, "");
	if (c->wait == WAIT_POWER && !c->wait_node->pid) {
		c->wait = WAIT_READY;
		c->wait_node->note[0] = 0;
		/* When it fails, the check below finds the node dead. */
		node_start(c->wait_node, r->cfg, c->boot);
	}
	if (c->wait >= WAIT_ARMED)
		waiter_check_stop(r, c);
	if (c->wait != WAIT_READY)
		return;
	for (i = 0; i < r->cfg->nr_nodes; i++) {
		struct node *n = &r->nodes[i];

		if (c->wait_node && c->wait_node != n)
			continue;
		if (n->state == NODE_BOOTING) {
			booting = true;
		} else if (n->state != NODE_READY) {
			node_error(r, c, n);
			return;
		}
	}
	if (booting)
		return;
	for (i = 0; i < r->cfg->nr_nodes; i++)
		if (!c->wait_node || c->wait_node == &r->nodes[i])
			client_note(c, &r->nodes[i]);
	client_ok(c, "");
}

static void waiters_check(struct rig *r)
{
	struct client *c;

	for (c = r->clients; c; c = c->next)
		waiter_check(r, c);
}

/*
 * To an agent that stands by: the moment that its node goes on. Nothing else is
 * on the channel until it serves, so there is room.
 */
static void node_go(struct node *n)
{
	struct wire_start start = { 0 };
	struct buf frame = { 0 };
	struct timespec now;

	if (getrandom(start.entropy, sizeof(start.entropy), 0) !=
	    sizeof(start.entropy))
		die("getrandom: %s", strerror(errno));
	clock_gettime(CLOCK_REALTIME, &now);
	start.seconds = htole64(now.tv_sec);
	start.nanoseconds = htole32(now.tv_nsec);
	frame_add(&frame, WIRE_START, 0, &start, sizeof(start));
	if (n->chan >= 0)
		buf_write(&frame, n->chan);
	buf_free(&frame);
	snapshot_run(&n->snapshot);
}

static void node_snapshot(struct node *n, enum snapshot_event event)
{
	if (event == SNAPSHOT_GO)
		node_go(n);
	else if (event == SNAPSHOT_FAILED)
		kill(n->pid, SIGKILL);
}

static void node_frame(struct rig *r, struct node *n, const struct frame *f)
{
	struct client *c;

	if (f->type == WIRE_STANDBY) {
		node_snapshot(n, snapshot_standby(n, r->cfg));
		return;
	}
	if (f->type == WIRE_FAILED && snapshot_restores(&n->snapshot)) {
		snprintf(n->why, sizeof(n->why), "%.*s", (int)f->len, f->data);
		snapshot_lost(n, n->why);
		kill(n->pid, SIGKILL);
		return;
	}
	if (f->type == WIRE_READY || f->type == WIRE_FAILED) {
		if (n->snapshot.step == SNAPSHOT_BOOT)
			snprintf(n->note, sizeof(n->note),
				 "it has no snapshot: its image is of an older kfirig");
		snapshot_end(n);
		n->boot_ms = now_ms() - n->started;
		n->state = f->type == WIRE_READY ? NODE_READY : NODE_FAILED;
		snprintf(n->why, sizeof(n->why), "%.*s", (int)f->len, f->data);
		return;
	}
	for (c = r->clients; c; c = c->next)
		if (c->stream == n && c->id == f->id && !c->gone)
			break;
	/* A client that went away has sent its command a SIGKILL. */
	if (!c)
		return;
	frame_add(&c->out, f->type, 0, f->data, f->len);
	if (f->type == WIRE_EXIT) {
		c->stream = NULL;
		c->finished = true;
	}
}

static void node_read(struct rig *r, struct node *n)
{
	struct frame f;
	ssize_t len;
	int ret;

	while (n->chan >= 0) {
		len = buf_read(&n->in, n->chan, WIRE_MAX);
		if (len < 0)
			return;
		if (!len) {
			/* QEMU is on its way out; SIGCHLD tells when it is. */
			close(n->chan);
			n->chan = -1;
			return;
		}
		while ((ret = frame_peek(&n->in, &f)) > 0) {
			node_frame(r, n, &f);
			frame_drop(&n->in, &f);
		}
		if (ret < 0) {
			fprintf(stderr, "node %s: its agent sent garbage\n",
				n->spec->name);
			kill(n->pid, SIGKILL);
			return;
		}
	}
}

static void node_cut(struct node *n, const char *at)
{
	if (!node_has_power(n))
		return;
	n->cutting = true;
	kill(n->pid, SIGKILL);
	snprintf(n->why, sizeof(n->why), "its power was cut%s%s",
		 *at ? " at " : "", at);
}

static void node_gdb(struct node *n)
{
	switch (gdb_read(&n->gdb)) {
	case GDB_HIT:
		/* A plain cut may have been quicker. */
		n->reached = node_has_power(n);
		n->frozen = n->reached && n->freezes;
		if (!n->frozen)
			node_cut(n, n->gdb.symbol);
		break;
	case GDB_BROKEN:
		fprintf(stderr, "node %s: its debug stub sent garbage\n",
			n->spec->name);
		kill(n->pid, SIGKILL);
		gdb_close(&n->gdb);
		break;
	case GDB_NOTHING:
		break;
	}
}

/*
 * A node that ends before it is restored is booted instead. Commands that wait
 * for it do not notice.
 */
static bool node_boot_instead(struct rig *r, struct node *n, int status)
{
	bool restores = snapshot_restores(&n->snapshot);
	struct buf commands = n->out;

	if (!n->restored || n->state != NODE_BOOTING || n->cutting)
		return false;
	memset(&n->out, 0, sizeof(n->out));
	node_reaped(n, status);
	if (restores)
		snapshot_lost(n, n->why);
	n->out = commands;
	node_start(n, r->cfg, true);
	return true;
}

static void nodes_reap(struct rig *r)
{
	struct client *c;
	struct node *n;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (n = r->nodes; n->pid != pid; n++)
			if (n == &r->nodes[NODES_MAX - 1])
				break;
		if (n->pid != pid)
			continue;
		/* What the node said before it died counts. */
		node_read(r, n);
		if (node_boot_instead(r, n, status))
			continue;
		node_reaped(n, status);
		fprintf(stderr, "node %s: %s, %s\n", n->spec->name,
			node_state_name(n->state), n->why);
		for (c = r->clients; c; c = c->next)
			if (c->stream == n)
				node_error(r, c, n);
	}
}

static void json_string(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(f, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			fprintf(f, "\\u%04x", *text);
		else
			fputc(*text, f);
	}
	fputc('"', f);
}

static void status_json(struct rig *r, FILE *f)
{
	char address[32], console[PATH_MAX];
	unsigned int i, k;

	fputs("{\"dir\":", f);
	json_string(f, r->cfg->dir);
	fprintf(f, ",\"supervisor\":%d,\"accel\":\"%s\",\"nodes\":[",
		getpid(), r->cfg->kvm ? "kvm" : "tcg");
	for (i = 0; i < r->cfg->nr_nodes; i++) {
		struct node *n = &r->nodes[i];

		node_address(i, address, sizeof(address));
		node_console(r->cfg, n->spec->name, console, sizeof(console));
		fprintf(f, "%s{\"name\":\"%s\",\"state\":\"%s\",\"address\":\"%s\",\"pid\":%d,\"link\":\"%s\",\"boots\":%u,\"boot_ms\":%lld,\"restored\":%s,\"snapshot\":%s,\"mem\":%llu,\"cpus\":%u,\"domain\":\"%s\",\"nvdimms\":[",
			i ? "," : "", n->spec->name, node_state_name(n->state),
			address, n->pid, n->link_up ? "up" : "down", n->boots,
			(long long)n->boot_ms, n->restored ? "true" : "false",
			n->snapshot.saved ? "true" : "false",
			(unsigned long long)n->spec->mem,
			n->spec->cpus, domain_name(n->spec->domain));
		for (k = 0; k < n->spec->nvdimms; k++)
			fprintf(f, "%s%llu", k ? "," : "",
				(unsigned long long)n->spec->nvdimm[k]);
		fputs("],\"armed\":", f);
		json_string(f, n->gdb.wanted ? n->gdb.symbol : "");
		fputs(",\"why\":", f);
		json_string(f, n->why);
		fputs(",\"console\":", f);
		json_string(f, console);
		fputc('}', f);
	}
	fputs("]}\n", f);
}

static void status_text(struct rig *r, FILE *f)
{
	char address[32];
	unsigned int i;

	fprintf(f, "%-15s %-8s %-12s %-5s %6s %8s  %s\n", "NODE", "STATE",
		"ADDRESS", "LINK", "BOOTS", "BOOT ms", "DOMAIN");
	for (i = 0; i < r->cfg->nr_nodes; i++) {
		struct node *n = &r->nodes[i];

		node_address(i, address, sizeof(address));
		fprintf(f, "%-15s %-8s %-12s %-5s %6u %8lld  %s%s%s%s\n",
			n->spec->name, node_state_name(n->state), address,
			n->link_up ? "up" : "down", n->boots,
			(long long)n->boot_ms, domain_name(n->spec->domain),
			n->restored ? "  restored" : "",
			*n->why ? "  " : "", n->why);
	}
}

static void client_status(struct rig *r, struct client *c, bool json)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("out of memory");
	if (json)
		status_json(r, f);
	else
		status_text(r, f);
	fclose(f);
	client_ok(c, text);
	free(text);
}

static void client_exec(struct rig *r, struct client *c, struct node *n,
			const char *args, size_t len)
{
	if (c->stream) {
		client_error(c, EXIT_RIG, "a connection runs one command");
		return;
	}
	if (!node_has_power(n)) {
		node_error(r, c, n);
		return;
	}
	c->stream = n;
	c->id = ++n->next_id;
	/* A node that still boots reads this when its agent starts. */
	frame_add(&n->out, WIRE_EXEC, c->id, args, len);
}

static void client_arm(struct rig *r, struct client *c, struct node *n,
		       const char *data, size_t len)
{
	char symbol[GDB_SYMBOL_MAX];
	struct wire_stop stop;

	if (len < sizeof(stop)) {
		client_error(c, EXIT_RIG, "a stop without an address");
		return;
	}
	memcpy(&stop, data, sizeof(stop));
	snprintf(symbol, sizeof(symbol), "%.*s", (int)(len - sizeof(stop)),
		 data + sizeof(stop));
	if (!node_has_power(n)) {
		node_error(r, c, n);
		return;
	}
	if (n->gdb.wanted) {
		client_error(c, EXIT_RIG, "node %s is armed for %s: kfirig cut %s --wait or --disarm",
			     n->spec->name, n->gdb.symbol, n->spec->name);
		return;
	}
	n->reached = false;
	n->freezes = stop.freeze;
	gdb_arm(&n->gdb, symbol, le64toh(stop.address), le32toh(stop.count));
	c->wait = WAIT_ARMED;
	c->wait_node = n;
	c->armed = stop.keep ? NULL : n;
}

static void client_thaw(struct rig *r, struct client *c, struct node *n)
{
	if (!node_has_power(n)) {
		node_error(r, c, n);
		return;
	}
	if (!n->frozen) {
		client_error(c, EXIT_RIG, "node %s does not stand still",
			     n->spec->name);
		return;
	}
	n->frozen = false;
	n->reached = false;
	gdb_resume(&n->gdb);
	client_ok(c, "");
}

static void client_power_on(struct client *c, struct node *n, bool boot)
{
	if (node_has_power(n)) {
		client_error(c, EXIT_RIG, "node %s already has power",
			     n->spec->name);
		return;
	}
	/* The process that was cut may not be gone yet. */
	c->wait = WAIT_POWER;
	c->boot = boot;
	c->wait_node = n;
}

static void client_link(struct client *c, struct node *n, bool up)
{
	if (node_has_power(n) && net_tap_link(n->tap, up)) {
		client_error(c, EXIT_RIG, "cannot change the link of node %s: %s",
			     n->spec->name, strerror(errno));
		return;
	}
	n->link_up = up;
	client_ok(c, "");
}

/* The node that a payload names; the rest of the payload is in *rest. */
static struct node *client_node(struct rig *r, struct client *c,
				const struct frame *f, size_t *rest)
{
	size_t len = strnlen(f->data, f->len);
	unsigned int i;

	*rest = len < f->len ? len + 1 : len;
	for (i = 0; i < r->cfg->nr_nodes; i++)
		if (strlen(r->nodes[i].spec->name) == len &&
		    !memcmp(r->nodes[i].spec->name, f->data, len))
			return &r->nodes[i];
	client_error(c, EXIT_RIG, "no node %.*s in the rig %s",
		     (int)len, f->data, r->cfg->dir);
	return NULL;
}

static void client_request(struct rig *r, struct client *c,
			   const struct frame *f)
{
	struct node *n;
	size_t rest;

	switch (f->type) {
	case WIRE_STATUS:
	case WIRE_STATUS_JSON:
		client_status(r, c, f->type == WIRE_STATUS_JSON);
		return;
	case WIRE_RELEASE:
		c->owner = false;
		client_ok(c, "");
		return;
	case WIRE_DOWN:
		r->stopping = true;
		return;
	case WIRE_WAIT_READY:
		c->wait = WAIT_READY;
		c->wait_node = NULL;
		if (!f->len)
			return;
		break;
	}
	n = client_node(r, c, f, &rest);
	if (!n)
		return;
	switch (f->type) {
	case WIRE_WAIT_READY:
		c->wait_node = n;
		break;
	case WIRE_EXEC:
		client_exec(r, c, n, f->data + rest, f->len - rest);
		break;
	case WIRE_CUT:
		node_cut(n, "");
		/* A command's own connection is answered by its end. */
		if (c->stream)
			break;
		c->wait = WAIT_OFF;
		c->wait_node = n;
		break;
	case WIRE_ARM:
		client_arm(r, c, n, f->data + rest, f->len - rest);
		break;
	case WIRE_WAIT_CUT:
		c->wait = WAIT_CUT;
		c->wait_node = n;
		c->armed = n;
		break;
	case WIRE_DISARM:
		c->late = c->wait == WAIT_CUT;
		c->wait = WAIT_DISARMED;
		c->wait_node = n;
		c->armed = NULL;
		gdb_disarm(&n->gdb);
		break;
	case WIRE_THAW:
		client_thaw(r, c, n);
		break;
	case WIRE_POWER_ON:
	case WIRE_BOOT:
		client_power_on(c, n, f->type == WIRE_BOOT);
		break;
	case WIRE_LINK_UP:
	case WIRE_LINK_DOWN:
		client_link(c, n, f->type == WIRE_LINK_UP);
		break;
	default:
		client_error(c, EXIT_RIG, "unknown request %u", f->type);
	}
}

static void client_frame(struct rig *r, struct client *c, const struct frame *f)
{
	switch (f->type) {
	case WIRE_DATA_IN:
	case WIRE_WINDOW_OUT:
	case WIRE_WINDOW_ERR:
	case WIRE_SIGNAL:
		/* The command may have ended while this was on its way. */
		if (c->stream)
			frame_add(&c->stream->out, f->type, c->id,
				  f->data, f->len);
		break;
	default:
		client_request(r, c, f);
	}
}

static void client_read(struct rig *r, struct client *c)
{
	ssize_t n = buf_read(&c->in, c->fd, WIRE_MAX);
	struct frame f;
	int ret;

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		c->gone = true;
		return;
	}
	while ((ret = frame_peek(&c->in, &f)) > 0) {
		client_frame(r, c, &f);
		frame_drop(&c->in, &f);
	}
	if (ret < 0)
		c->gone = true;
}

static void clients_sweep(struct rig *r)
{
	struct client **p = &r->clients;
	struct client *c;

	while ((c = *p)) {
		if (!c->gone && !(c->finished && !c->out.len)) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		if (c->owner)
			r->stopping = true;
		if (c->stream)
			frame_add_u32(&c->stream->out, WIRE_SIGNAL, c->id,
				      SIGKILL);
		if (c->armed)
			gdb_disarm(&c->armed->gdb);
		client_free(c);
	}
}

static void rig_signals(struct rig *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			nodes_reap(r);
		else
			r->stopping = true;
	}
}

static void rig_accept(struct rig *r)
{
	int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		client_add(r, fd, false);
}

/* Commands wait until the agent serves: none may be part of the snapshot. */
static bool node_holds(const struct node *n)
{
	return n->snapshot.step != SNAPSHOT_NONE;
}

/* One turn of the loop: what is ready is moved, then everything is flushed. */
static void rig_turn(struct rig *r)
{
	static struct pollfd *fds;
	static size_t size;
	struct client *c;
	struct node *n;
	size_t first = 2 + 4 * NODES_MAX, count = first, i;
	int64_t timeout = -1, left;

	for (c = r->clients; c; c = c->next)
		count++;
	if (count > size)
		fds = xrealloc(fds, size = count * 2, sizeof(*fds));
	fds[0] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
	for (i = 0; i < NODES_MAX; i++) {
		n = &r->nodes[i];
		fds[2 + i] = (struct pollfd){
			.fd = n->pid ? n->chan : -1,
			.events = POLLIN |
				(n->out.len && !node_holds(n) ? POLLOUT : 0),
		};
		fds[2 + NODES_MAX + i] = (struct pollfd){
			.fd = n->gdb.state != GDB_CLOSED ? n->gdb.fd : -1,
			.events = POLLIN | (n->gdb.out.len ? POLLOUT : 0),
		};
		snapshot_poll(&n->snapshot, fds + 2 + 2 * NODES_MAX + 2 * i);
		left = snapshot_timeout(&n->snapshot);
		if (left >= 0 && (timeout < 0 || left < timeout))
			timeout = left;
	}
	for (c = r->clients, i = first; c; c = c->next, i++)
		fds[i] = (struct pollfd){
			.fd = c->fd,
			.events = POLLIN | (c->out.len ? POLLOUT : 0),
		};
	if (poll(fds, count, timeout) < 0) {
		if (errno == EINTR)
			return;
		die("poll: %s", strerror(errno));
	}
	/* Clients before accepting: the rows match the list only until then. */
	for (c = r->clients, i = first; c; c = c->next, i++)
		if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
			client_read(r, c);
	for (i = 0; i < NODES_MAX; i++)
		if (fds[2 + i].revents & (POLLIN | POLLHUP))
			node_read(r, &r->nodes[i]);
	for (i = 0; i < NODES_MAX; i++)
		if (fds[2 + NODES_MAX + i].revents &&
		    r->nodes[i].gdb.state != GDB_CLOSED)
			node_gdb(&r->nodes[i]);
	for (i = 0; i < NODES_MAX; i++)
		node_snapshot(&r->nodes[i],
			      snapshot_work(&r->nodes[i], r->cfg,
					    fds + 2 + 2 * NODES_MAX + 2 * i));
	if (fds[0].revents)
		rig_signals(r);
	if (fds[1].revents)
		rig_accept(r);
	waiters_check(r);
	clients_sweep(r);
	for (n = r->nodes; n < r->nodes + NODES_MAX; n++)
		if (n->pid && n->chan >= 0 && n->out.len && !node_holds(n))
			buf_write(&n->out, n->chan);
	for (c = r->clients; c; c = c->next)
		if (c->out.len && buf_write(&c->out, c->fd) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			c->gone = true;
	clients_sweep(r);
}

/* Returns with no process of the rig left. */
static void rig_stop(struct rig *r)
{
	struct client *c, *next;
	struct node *n;
	int status;

	for (n = r->nodes; n < r->nodes + NODES_MAX; n++)
		if (n->pid)
			kill(n->pid, SIGKILL);
	for (n = r->nodes; n < r->nodes + NODES_MAX; n++)
		if (n->pid && waitpid(n->pid, &status, 0) == n->pid)
			node_reaped(n, status);
	for (n = r->nodes; n < r->nodes + NODES_MAX; n++)
		snapshot_free(n);
	unlink("rig.sock");
	for (c = r->clients; c; c = next) {
		next = c->next;
		if (c->stream || c->wait != WAIT_NONE)
			client_error(c, EXIT_RIG, "the rig %s went down",
				     r->cfg->dir);
		/* The rest of these is small, and their readers are waiting. */
		fcntl(c->fd, F_SETFL, 0);
		while (c->out.len && buf_write(&c->out, c->fd) > 0)
			;
		client_free(c);
	}
}

static int rig_listen(const struct rig_config *cfg)
{
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX, .sun_path = "rig.sock",
	};
	int lock, fd;

	if (chdir(cfg->dir)) {
		fprintf(stderr, "kfirig: cannot use %s: %s\n", cfg->dir,
			strerror(errno));
		return -1;
	}
	/* Held until this process ends; two rigs would share NVDIMM files. */
	lock = open("rig.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB)) {
		fprintf(stderr, "kfirig: a rig runs in %s: use another --rig, or kfirig down\n",
			cfg->dir);
		return -1;
	}
	unlink(addr.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 128)) {
		fprintf(stderr, "kfirig: cannot listen in %s: %s\n", cfg->dir,
			strerror(errno));
		return -1;
	}
	return fd;
}

/* From here on the caller's terminal and pipes are not ours to hold. */
static void detach_output(void)
{
	int log = open("rig.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, 0);
	dup2(log >= 0 ? log : null, 1);
	dup2(log >= 0 ? log : null, 2);
	if (log > 2)
		close(log);
	if (null > 2)
		close(null);
	setvbuf(stderr, NULL, _IOLBF, 0);
}

int rig_supervise(const struct rig_config *cfg, int owner)
{
	struct rig r = { .cfg = cfg };
	sigset_t mask;
	unsigned int i;

	prctl(PR_SET_NAME, "kfirig-rig");
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	r.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.signals < 0)
		die("signalfd: %s", strerror(errno));
	r.listener = rig_listen(cfg);
	if (r.listener < 0 || net_enter() || net_bridge_create(cfg->mtu))
		return EXIT_RIG;
	detach_output();
	client_add(&r, owner, true);
	for (i = 0; i < NODES_MAX; i++)
		snapshot_init(&r.nodes[i].snapshot);
	for (i = 0; i < cfg->nr_nodes; i++) {
		struct node *n = &r.nodes[i];

		n->spec = &cfg->nodes[i];
		n->index = i;
		n->link_up = true;
		if (node_start(n, cfg, false))
			fprintf(stderr, "node %s: %s\n", n->spec->name, n->why);
	}
	while (!r.stopping)
		rig_turn(&r);
	rig_stop(&r);
	return 0;
}
