// SPDX-License-Identifier: BSD-3-Clause
/* The sub-commands that ask the supervisor for one thing. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "kfirig.h"

const char *rig_dir_option;

/* The folder of the rig: --rig, else KFIRIG_DIR, else one in the cache. */
const char *rig_dir(void)
{
	static char path[PATH_MAX];
	const char *dir = rig_dir_option;

	if (!dir)
		dir = getenv("KFIRIG_DIR");
	if (dir && *dir)
		return dir;
	cache_path(path, sizeof(path), "rig");
	return path;
}

int rig_connect(const char *dir)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int at, fd;

	at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("cannot make a socket: %s", strerror(errno));
	/* The folder's own path may be longer than a socket address. */
	snprintf(addr.sun_path, sizeof(addr.sun_path),
		 "/proc/self/fd/%d/rig.sock", at);
	if (at < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("no rig runs in %s: start one with kfirig up, or name its folder with --rig or KFIRIG_DIR",
		    dir);
	close(at);
	return fd;
}

void rig_send(int fd, uint8_t type, const void *data, size_t len)
{
	struct buf b = { 0 };

	frame_add(&b, type, 0, data, len);
	if (!write_all(fd, buf_head(&b), b.len))
		die("the rig went away: %s", strerror(errno));
	buf_free(&b);
}

int rig_wait_reply(int fd)
{
	struct buf in = { 0 };
	uint32_t status = EXIT_RIG;
	struct frame f;
	ssize_t n;
	int ret;

	for (;;) {
		ret = frame_peek(&in, &f);
		if (ret && (ret < 0 || f.type != WIRE_NOTE))
			break;
		if (ret) {
			fprintf(stderr, "kfirig: %.*s\n", (int)f.len, f.data);
			frame_drop(&in, &f);
			continue;
		}
		n = buf_read(&in, fd, WIRE_MAX);
		if (!n || (n < 0 && errno != EINTR))
			die("the rig went away");
	}
	if (ret < 0)
		die("the rig does not speak this version of kfirig's protocol");
	if (f.type == WIRE_OK) {
		fwrite(f.data, 1, f.len, stdout);
		status = 0;
	} else if (f.type == WIRE_ERROR && frame_u32(&f, &status)) {
		fprintf(stderr, "kfirig: %.*s\n", (int)f.len - 4, f.data + 4);
	}
	buf_free(&in);
	return status;
}

/* Wait until the supervisor's process has ended. */
void rig_wait_gone(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct pollfd p = { .events = POLLIN };
	char sink[4096];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return;
	p.fd = syscall(SYS_pidfd_open, peer.pid, 0);
	while (read(fd, sink, sizeof(sink)) > 0)
		;
	if (p.fd < 0)
		return;
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	close(p.fd);
}

struct simple {
	const char *args[NODES_MAX];
	int nr_args;
	int wanted;
	int at_most;		/* 0: wanted */
	bool flag;
};

static error_t simple_parser(int key, char *arg, struct argp_state *state)
{
	struct simple *s = state->input;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case 'j':
	case 'b':
		s->flag = true;
		return 0;
	case ARGP_KEY_ARG:
		if (s->nr_args == (s->at_most ? s->at_most : s->wanted))
			argp_error(state, "too many arguments");
		s->args[s->nr_args++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (s->nr_args < s->wanted)
			argp_error(state, "too few arguments");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option rig_options[] = {
	{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
	{ 0 }
};

static const struct argp_option power_on_options[] = {
	{ "boot", 'b', 0, 0, "Boot, also where there is a snapshot", 0 },
	{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
	{ 0 }
};

static const struct argp_option status_options[] = {
	{ "json", 'j', 0, 0, "In JSON", 0 },
	{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
	{ 0 }
};

static void simple_parse(struct simple *s, const char *args, const char *doc,
			 const struct argp_option *options, int argc,
			 char **argv)
{
	struct argp argp = { options, simple_parser, args, doc, 0, 0, 0 };

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, s);
}

static int simple_request(uint8_t type, const char *node)
{
	int fd = rig_connect(rig_dir());
	int status;

	rig_send(fd, type, node, node ? strlen(node) : 0);
	status = rig_wait_reply(fd);
	close(fd);
	return status;
}

/* One connection for each node, so that the requests are under way together. */
int rig_nodes_request(uint8_t type, const char *const *nodes, int count)
{
	int fds[NODES_MAX], status = 0, ret, i;

	for (i = 0; i < count; i++) {
		fds[i] = rig_connect(rig_dir());
		rig_send(fds[i], type, nodes[i], strlen(nodes[i]));
	}
	for (i = 0; i < count; i++) {
		ret = rig_wait_reply(fds[i]);
		if (!status)
			status = ret;
		close(fds[i]);
	}
	return status;
}

int cmd_power_on(int argc, char **argv)
{
	struct simple s = { .wanted = 1, .at_most = NODES_MAX };

	simple_parse(&s, "NODE...", "Give nodes their power back, with their NVDIMMs as they are. Returns when they are usable. "
		     "In a rig with --fast-boot they are restored as they were after their first boot.",
		     power_on_options, argc, argv);
	return rig_nodes_request(s.flag ? WIRE_BOOT : WIRE_POWER_ON, s.args,
				 s.nr_args);
}

int cmd_thaw(int argc, char **argv)
{
	struct simple s = { .wanted = 1 };

	simple_parse(&s, "NODE", "Let NODE go on, which stands still where \"kfirig cut --at SYMBOL --freeze\" had it stop.",
		     rig_options, argc, argv);
	return simple_request(WIRE_THAW, s.args[0]);
}

int cmd_link(int argc, char **argv)
{
	struct simple s = { .wanted = 2 };
	bool up;

	simple_parse(&s, "NODE up|down", "Connect or cut the network link of NODE.",
		     rig_options, argc, argv);
	up = !strcmp(s.args[1], "up");
	if (!up && strcmp(s.args[1], "down"))
		die("link %s: up or down, not %s", s.args[0], s.args[1]);
	return simple_request(up ? WIRE_LINK_UP : WIRE_LINK_DOWN, s.args[0]);
}

int cmd_status(int argc, char **argv)
{
	struct simple s = { 0 };

	simple_parse(&s, "", "Show the nodes of the rig.", status_options,
		     argc, argv);
	return simple_request(s.flag ? WIRE_STATUS_JSON : WIRE_STATUS, NULL);
}

int cmd_down(int argc, char **argv)
{
	struct simple s = { 0 };
	int fd;

	simple_parse(&s, "", "Stop every node and the rig. NVDIMM files and logs stay in its folder.",
		     rig_options, argc, argv);
	fd = rig_connect(rig_dir());
	rig_send(fd, WIRE_DOWN, NULL, 0);
	rig_wait_gone(fd);
	close(fd);
	return 0;
}
