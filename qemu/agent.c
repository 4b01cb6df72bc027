// SPDX-License-Identifier: BSD-3-Clause
/*
 * The agent inside a node: runs commands for the supervisor of the rig over a
 * virtio-serial port. It replaces the init script as process 1, so it reaps.
 *
 *   kfirig-agent serve [REASON]       serve; REASON: why init did not finish
 *   kfirig-agent standby              wait until the node is saved or restored
 *   kfirig-agent put MODE NAME PATH   standard input to a file
 *   kfirig-agent get PATH             a file, after its mode, to standard output
 *   (no argument)                     /init of the image that probes for KVM
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "wire.h"

/* Output of commands waits in their pipes while this much is queued. */
#define PORT_QUEUE_MAX	(256u << 10)

enum { OUT, ERR, NR_OUT };

struct command {
	struct command *next;
	uint32_t id;
	pid_t pid;
	bool exited;
	int status;
	int in;
	bool in_eof;
	struct buf in_queue;
	int out[NR_OUT];
	uint32_t window[NR_OUT];
};

static struct command *commands;
static struct buf port_queue;

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static struct command *command_find(uint32_t id)
{
	struct command *c;

	for (c = commands; c; c = c->next)
		if (c->id == id)
			return c;
	return NULL;
}

static void command_free(struct command *c)
{
	struct command **p;

	for (p = &commands; *p != c; p = &(*p)->next)
		;
	*p = c->next;
	close_fd(&c->in);
	close_fd(&c->out[OUT]);
	close_fd(&c->out[ERR]);
	buf_free(&c->in_queue);
	free(c);
}

/* Split a frame's payload of strings, each with its zero byte. */
static char **split_args(const struct frame *f)
{
	size_t count = 0, i;
	const char *p, *end = f->data + f->len;
	char **argv;

	if (!f->len || f->data[f->len - 1])
		return NULL;
	for (p = f->data; p < end; p += strlen(p) + 1)
		count++;
	argv = calloc(count + 1, sizeof(*argv));
	if (!argv)
		return NULL;
	for (p = f->data, i = 0; i < count; p += strlen(p) + 1)
		argv[i++] = (char *)p;
	return argv;
}

static void __attribute__((noreturn))
command_child(char **argv, int in, int out, int error)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(error, 2) < 0)
		_exit(126);
	if (chdir("/root") < 0 && chdir("/") < 0)
		_exit(126);
	execvp(argv[0], argv);
	dprintf(2, "kfirig: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void command_start(const struct frame *f)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, error[2] = { -1, -1 };
	struct command *c = calloc(1, sizeof(*c));
	char **argv = split_args(f);

	if (!c || !argv || !argv[0] ||
	    pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) ||
	    pipe2(error, O_CLOEXEC))
		goto fail;
	c->pid = fork();
	if (c->pid < 0)
		goto fail;
	if (!c->pid)
		command_child(argv, in[0], out[1], error[1]);
	free(argv);
	close(in[0]);
	close(out[1]);
	close(error[1]);
	c->id = f->id;
	c->in = in[1];
	c->out[OUT] = out[0];
	c->out[ERR] = error[0];
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	fcntl(c->out[OUT], F_SETFL, O_NONBLOCK);
	fcntl(c->out[ERR], F_SETFL, O_NONBLOCK);
	c->window[OUT] = WIRE_WINDOW;
	c->window[ERR] = WIRE_WINDOW;
	c->next = commands;
	commands = c;
	return;
fail:
	warn("cannot start a command");
	close_fd(&in[0]);
	close_fd(&in[1]);
	close_fd(&out[0]);
	close_fd(&out[1]);
	close_fd(&error[0]);
	close_fd(&error[1]);
	free(argv);
	free(c);
	frame_add_u32(&port_queue, WIRE_EXIT, f->id, 126 << 8);
}

static void command_stop_input(struct command *c)
{
	close_fd(&c->in);
	if (c->in_queue.len)
		frame_add_u32(&port_queue, WIRE_WINDOW_IN, c->id,
			      c->in_queue.len);
	buf_drop(&c->in_queue, c->in_queue.len);
}

static void command_feed(struct command *c)
{
	ssize_t n = 0;

	if (c->in < 0)
		return;
	while (c->in_queue.len) {
		n = buf_write(&c->in_queue, c->in);
		if (n < 0)
			break;
		frame_add_u32(&port_queue, WIRE_WINDOW_IN, c->id, n);
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		command_stop_input(c);
	else if (!c->in_queue.len && c->in_eof)
		close_fd(&c->in);
}

/* Move one piece of output. True when the pipe had something to say. */
static bool command_drain(struct command *c, int which)
{
	char data[WIRE_CHUNK];
	size_t max = sizeof(data);
	ssize_t n;

	if (max > c->window[which])
		max = c->window[which];
	n = read(c->out[which], data, max);
	if (n > 0) {
		frame_add(&port_queue, which == OUT ? WIRE_DATA_OUT :
			  WIRE_DATA_ERR, c->id, data, n);
		c->window[which] -= n;
		return true;
	}
	if (!n || (errno != EAGAIN && errno != EINTR))
		close_fd(&c->out[which]);
	return false;
}

/*
 * The command itself has ended; what it wrote is in its pipes. A process that
 * it left behind may hold them open for ever, so stop at an empty pipe.
 */
static void command_finish(struct command *c)
{
	int i;

	for (i = 0; i < NR_OUT; i++) {
		while (c->out[i] >= 0 && c->window[i] &&
		       port_queue.len < PORT_QUEUE_MAX)
			if (!command_drain(c, i))
				close_fd(&c->out[i]);
		if (c->out[i] >= 0)
			return;
	}
	frame_add_u32(&port_queue, WIRE_EXIT, c->id, c->status);
	command_free(c);
}

static void reap(void)
{
	struct command *c;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (c = commands; c; c = c->next)
			if (c->pid == pid && !c->exited)
				break;
		if (!c)
			continue;
		c->exited = true;
		c->status = status;
		close_fd(&c->in);
	}
}

static void handle_frame(const struct frame *f)
{
	struct command *c = command_find(f->id);
	uint32_t value = 0;

	if (f->type == WIRE_EXEC) {
		if (!c)
			command_start(f);
		return;
	}
	/* The command may have ended while the frame was on its way. */
	if (!c)
		return;
	switch (f->type) {
	case WIRE_DATA_IN:
		if (!f->len) {
			c->in_eof = true;
		} else if (c->in < 0) {
			frame_add_u32(&port_queue, WIRE_WINDOW_IN, c->id, f->len);
			break;
		} else {
			buf_add(&c->in_queue, f->data, f->len);
		}
		command_feed(c);
		break;
	case WIRE_WINDOW_OUT:
		if (frame_u32(f, &value))
			c->window[OUT] += value;
		break;
	case WIRE_WINDOW_ERR:
		if (frame_u32(f, &value))
			c->window[ERR] += value;
		break;
	case WIRE_SIGNAL:
		if (frame_u32(f, &value) && !c->exited)
			kill(-c->pid, value);
		break;
	default:
		warnx("unexpected frame %u", f->type);
	}
}

/* Find the device node of the port by its name: /dev/vportXpY. */
static bool port_find(char *path, size_t size)
{
	static const char class[] = "/sys/class/virtio-ports";
	DIR *dir = opendir(class);
	struct dirent *e;
	bool found = false;

	if (!dir)
		return false;
	while (!found && (e = readdir(dir))) {
		char name[64] = "";
		char attr[PATH_MAX];
		ssize_t n;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		snprintf(attr, sizeof(attr), "%s/%s/name", class, e->d_name);
		fd = open(attr, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		n = read(fd, name, sizeof(name) - 1);
		close(fd);
		if (n <= 0)
			continue;
		name[strcspn(name, "\n")] = 0;
		found = !strcmp(name, WIRE_PORT);
		if (found)
			snprintf(path, size, "/dev/%s", e->d_name);
	}
	closedir(dir);
	return found;
}

/* The host names the port in a message of its own: wait for the uevent. */
static int port_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	char path[PATH_MAX], event[8192];
	int fd, nl;

	nl = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
		    NETLINK_KOBJECT_UEVENT);
	if (nl < 0 || bind(nl, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "cannot listen for uevents");
	while (!port_find(path, sizeof(path)))
		if (recv(nl, event, sizeof(event), 0) < 0 &&
		    errno != EINTR && errno != ENOBUFS)
			err(1, "cannot receive uevents");
	close(nl);
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		err(1, "cannot open %s", path);
	return fd;
}

/* The two descriptors that are always polled come first. */
enum { POLL_PORT, POLL_SIGNAL, POLL_FIRST_COMMAND };

struct poll_set {
	struct pollfd *fds;
	size_t count;
	size_t size;
};

static void poll_add(struct poll_set *set, int fd, short events)
{
	if (set->count == set->size) {
		set->size = set->size ? set->size * 2 : 64;
		set->fds = reallocarray(set->fds, set->size, sizeof(*set->fds));
		if (!set->fds)
			err(1, "cannot grow the poll set");
	}
	set->fds[set->count++] = (struct pollfd){ .fd = fd, .events = events };
}

static void poll_fill(struct poll_set *set, int port, int signals)
{
	bool room = port_queue.len < PORT_QUEUE_MAX;
	struct command *c;
	int i;

	set->count = 0;
	poll_add(set, port, POLLIN | (port_queue.len ? POLLOUT : 0));
	poll_add(set, signals, POLLIN);
	/* Three slots for each command, so that the answers are found again. */
	for (c = commands; c; c = c->next) {
		poll_add(set, c->in_queue.len ? c->in : -1, POLLOUT);
		for (i = 0; i < NR_OUT; i++)
			poll_add(set, room && c->window[i] ? c->out[i] : -1,
				 POLLIN);
	}
}

static void serve_commands(struct poll_set *set)
{
	struct pollfd *p = set->fds + POLL_FIRST_COMMAND;
	struct command *c, *next;
	int i;

	for (c = commands; c; c = next, p += 1 + NR_OUT) {
		next = c->next;
		if (p[0].revents)
			command_feed(c);
		for (i = 0; i < NR_OUT; i++)
			if (p[1 + i].revents && c->out[i] >= 0)
				command_drain(c, i);
	}
}

static void __attribute__((noreturn)) serve(const char *failure)
{
	struct poll_set set = { 0 };
	struct signalfd_siginfo info;
	struct buf in = { 0 };
	struct command *c, *next;
	struct frame f;
	bool connected = false;
	sigset_t mask;
	int port, signals, ret;

	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		err(1, "signalfd");
	port = port_open();
	frame_add(&port_queue, failure ? WIRE_FAILED : WIRE_READY, 0,
		  failure ? failure : "", failure ? strlen(failure) : 0);
	for (;;) {
		poll_fill(&set, port, signals);
		if (poll(set.fds, set.count, -1) < 0) {
			if (errno == EINTR)
				continue;
			err(1, "poll");
		}
		/*
		 * Commands first: the rows of the set match the list only
		 * until a frame adds to it or an exit removes from it.
		 */
		serve_commands(&set);
		if (set.fds[POLL_SIGNAL].revents) {
			while (read(signals, &info, sizeof(info)) > 0)
				;
			reap();
		}
		if (set.fds[POLL_PORT].revents & POLLIN) {
			buf_read(&in, port, WIRE_MAX);
			while ((ret = frame_peek(&in, &f)) > 0) {
				handle_frame(&f);
				frame_drop(&in, &f);
			}
			if (ret < 0)
				errx(1, "the supervisor sent garbage");
		}
		/* The port is hung up until the host's open message arrives. */
		if (!(set.fds[POLL_PORT].revents & POLLHUP))
			connected = true;
		else if (connected)
			reboot(RB_POWER_OFF);
		for (c = commands; c; c = next) {
			next = c->next;
			if (c->exited)
				command_finish(c);
		}
		if (port_queue.len && buf_write(&port_queue, port) < 0 &&
		    errno != EAGAIN && errno != EINTR && errno != EPIPE)
			err(1, "cannot write to the port");
	}
}

/*
 * A restored kernel would repeat all random numbers that it has given out since
 * the snapshot. With new entropy in the pool a reseed makes every CPU's
 * generator another, and drops the numbers that were made in advance.
 */
static void reseed(const uint8_t *entropy)
{
	struct {
		struct rand_pool_info head;
		uint8_t data[WIRE_ENTROPY];
	} pool = {
		.head = { .entropy_count = 8 * WIRE_ENTROPY,
			  .buf_size = WIRE_ENTROPY },
	};
	int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);

	memcpy(pool.data, entropy, WIRE_ENTROPY);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) ||
	    ioctl(fd, RNDRESEEDCRNG))
		err(1, "cannot reseed the kernel's random numbers");
	close(fd);
}

static int start(const struct frame *f)
{
	struct wire_start start;
	struct timespec now;

	if (f->len != sizeof(start))
		errx(1, "the supervisor is of another version");
	memcpy(&start, f->data, sizeof(start));
	reseed(start.entropy);
	now.tv_sec = le64toh(start.seconds);
	now.tv_nsec = le32toh(start.nanoseconds);
	if (clock_settime(CLOCK_REALTIME, &now))
		err(1, "cannot set the time");
	return 0;
}

/*
 * The moment of the snapshot is in here: what returns is either the node that
 * was saved, or one that was restored, and neither knows which it is.
 */
static int standby(void)
{
	struct buf in = { 0 };
	struct pollfd p;
	struct frame f;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	p.fd = port_open();
	frame_add(&port_queue, WIRE_STANDBY, 0, NULL, 0);
	for (;;) {
		/* Nothing can be written until the host's open message arrives. */
		if (port_queue.len && buf_write(&port_queue, p.fd) < 0 &&
		    errno != EAGAIN && errno != EINTR && errno != EPIPE)
			err(1, "cannot write to the port");
		p.events = POLLIN | (port_queue.len ? POLLOUT : 0);
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			err(1, "poll");
		if (p.revents & POLLIN)
			buf_read(&in, p.fd, WIRE_MAX);
		ret = frame_peek(&in, &f);
		if (ret < 0 || (ret && f.type != WIRE_START))
			errx(1, "the supervisor sent garbage");
		if (ret)
			return start(&f);
	}
}

static void make_parents(const char *path)
{
	char *copy = strdup(path), *p;

	if (!copy)
		err(1, "strdup");
	for (p = copy + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		if (mkdir(copy, 0755) && errno != EEXIST)
			err(1, "cannot create %s", copy);
		*p = '/';
	}
	free(copy);
}

static void copy_all(int from, const char *from_name, int to, const char *to_name)
{
	static char data[64 << 10];
	ssize_t n, done, put;

	while ((n = read(from, data, sizeof(data)))) {
		if (n < 0)
			err(1, "cannot read %s", from_name);
		for (done = 0; done < n; done += put) {
			put = write(to, data + done, n - done);
			if (put < 0)
				err(1, "cannot write %s", to_name);
		}
	}
}

/* A file appears whole or not at all; devices are written in place. */
static int put(const char *mode, const char *name, const char *path)
{
	char full[PATH_MAX], temp[PATH_MAX];
	struct stat st;
	bool in_place;
	int fd;

	snprintf(full, sizeof(full), "%s", path);
	if ((!stat(full, &st) && S_ISDIR(st.st_mode)) ||
	    path[strlen(path) - 1] == '/')
		if (snprintf(full, sizeof(full), "%s/%s", path, name) >=
		    (int)sizeof(full))
			errx(1, "%s: the path is too long", path);
	make_parents(full);
	in_place = !stat(full, &st) && !S_ISREG(st.st_mode);
	if (snprintf(temp, sizeof(temp), "%s%s", full,
		     in_place ? "" : ".kfirig") >= (int)sizeof(temp))
		errx(1, "%s: the path is too long", path);
	fd = open(temp, O_WRONLY | O_CLOEXEC | (in_place ? 0 : O_CREAT | O_TRUNC),
		  0600);
	if (fd < 0)
		err(1, "cannot write %s", temp);
	copy_all(0, "standard input", fd, temp);
	if (fsync(fd) && errno != EINVAL)
		err(1, "cannot write %s", temp);
	if (in_place)
		return 0;
	if (fchmod(fd, strtoul(mode, NULL, 8)) || rename(temp, full))
		err(1, "cannot create %s", full);
	return 0;
}

static int get(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		err(1, "cannot read %s", path);
	if (S_ISDIR(st.st_mode))
		errx(1, "%s is a directory; copy it with: kfirig exec NODE -- tar -c -C DIR .",
		     path);
	dprintf(1, "%07o\n", S_ISREG(st.st_mode) ? st.st_mode & 07777 : 0600);
	copy_all(fd, path, 1, "standard output");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 1 && getpid() == 1) {
		mkdir("/dev", 0755);
		mkdir("/sys", 0755);
		if (mount("dev", "/dev", "devtmpfs", 0, NULL) && errno != EBUSY)
			err(1, "cannot mount /dev");
		if (mount("sys", "/sys", "sysfs", 0, NULL))
			err(1, "cannot mount /sys");
		serve(NULL);
	}
	if (argc >= 2 && !strcmp(argv[1], "serve"))
		serve(argc > 2 ? argv[2] : NULL);
	if (argc == 2 && !strcmp(argv[1], "standby"))
		return standby();
	if (argc == 5 && !strcmp(argv[1], "put"))
		return put(argv[2], argv[3], argv[4]);
	if (argc == 3 && !strcmp(argv[1], "get"))
		return get(argv[2]);
	errx(2, "usage: kfirig-agent serve [REASON] | standby | put MODE NAME PATH | get PATH");
}
