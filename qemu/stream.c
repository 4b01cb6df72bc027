// SPDX-License-Identifier: BSD-3-Clause
/* Run a command on a node: exec, put, get, netem. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

struct stream {
	const struct stream_options *o;
	int fd;
	int in;
	uint32_t in_window;
	struct buf in_queue;	/* frames from the supervisor */
	struct buf out_queue;	/* frames to it */
	char *tail;		/* end of the output so far, to find cut_text */
	size_t tail_len;
	bool cut;
	int status;		/* -1: still running */
};

/* Send before the output is passed on: the moment is what counts. */
static void stream_cut(struct stream *s, const char *data, size_t len)
{
	const char *text = s->o->cut_text;
	size_t want = text ? strlen(text) : 0, keep;
	char *all;

	if (!text || s->cut)
		return;
	all = xrealloc(NULL, s->tail_len + len, 1);
	memcpy(all, s->tail, s->tail_len);
	memcpy(all + s->tail_len, data, len);
	len += s->tail_len;
	if (memmem(all, len, text, want)) {
		frame_add(&s->out_queue, WIRE_CUT, 0, s->o->cut_node,
			  strlen(s->o->cut_node));
		buf_write(&s->out_queue, s->fd);
		s->cut = true;
	}
	keep = len < want - 1 ? len : want - 1;
	memcpy(s->tail, all + len - keep, keep);
	s->tail_len = keep;
	free(all);
}

static void stream_output(struct stream *s, const struct frame *f)
{
	bool out = f->type == WIRE_DATA_OUT, ok;

	if (out)
		stream_cut(s, f->data, f->len);
	if (out && s->o->sink)
		ok = s->o->sink(s->o->sink_arg, f->data, f->len);
	else
		ok = write_all(out ? s->o->out : s->o->error, f->data, f->len);
	if (!ok) {
		/* As a local command would be: ended by its broken pipe. */
		if (errno != EPIPE)
			fprintf(stderr, "kfirig: cannot write the output: %s\n",
				strerror(errno));
		s->status = 128 + SIGPIPE;
	}
	frame_add_u32(&s->out_queue, out ? WIRE_WINDOW_OUT : WIRE_WINDOW_ERR,
		      0, f->len);
}

static void stream_frame(struct stream *s, const struct frame *f)
{
	uint32_t value;

	switch (f->type) {
	case WIRE_DATA_OUT:
	case WIRE_DATA_ERR:
		stream_output(s, f);
		break;
	case WIRE_WINDOW_IN:
		if (frame_u32(f, &value))
			s->in_window += value;
		break;
	case WIRE_EXIT:
		if (frame_u32(f, &value))
			s->status = WIFSIGNALED((int)value) ?
				128 + WTERMSIG((int)value) :
				WEXITSTATUS((int)value);
		break;
	case WIRE_ERROR:
		if (!frame_u32(f, &value))
			break;
		fprintf(stderr, "kfirig: %.*s\n", (int)f->len - 4, f->data + 4);
		s->status = value;
		break;
	}
}

static void stream_read(struct stream *s)
{
	ssize_t n = buf_read(&s->in_queue, s->fd, WIRE_MAX);
	struct frame f;
	int ret = 0;

	if (!n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		fprintf(stderr, "kfirig: the rig went away\n");
		s->status = EXIT_RIG;
		return;
	}
	while (s->status < 0 && (ret = frame_peek(&s->in_queue, &f)) > 0) {
		stream_frame(s, &f);
		frame_drop(&s->in_queue, &f);
	}
	if (ret < 0)
		die("the rig does not speak this version of kfirig's protocol");
}

static void stream_input(struct stream *s)
{
	char data[WIRE_CHUNK];
	size_t max = s->in_window < sizeof(data) ? s->in_window : sizeof(data);
	ssize_t n = read(s->in, data, max);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		n = 0;
	frame_add(&s->out_queue, WIRE_DATA_IN, 0, data, n);
	s->in_window -= n;
	if (!n)
		s->in = -1;
}

static void stream_start(struct stream *s, char *const argv[])
{
	struct buf args = { 0 };

	buf_add(&args, s->o->node, strlen(s->o->node) + 1);
	for (; *argv; argv++)
		buf_add(&args, *argv, strlen(*argv) + 1);
	if (args.len > WIRE_MAX)
		die("the command is longer than %u bytes: put it in a file with kfirig put",
		    WIRE_MAX);
	frame_add(&s->out_queue, WIRE_EXEC, 0, buf_head(&args), args.len);
	if (s->in < 0)
		frame_add(&s->out_queue, WIRE_DATA_IN, 0, NULL, 0);
	buf_free(&args);
}

int stream_run(const struct stream_options *o, char *const argv[])
{
	struct stream s = {
		.o = o, .in = o->in, .in_window = WIRE_WINDOW, .status = -1,
	};
	int64_t deadline = o->timeout > 0 ? now_ms() + o->timeout * 1000 : -1;
	int64_t left = -1;

	if (o->cut_text)
		s.tail = xrealloc(NULL, strlen(o->cut_text), 1);
	s.fd = rig_connect(rig_dir());
	fcntl(s.fd, F_SETFL, O_NONBLOCK);
	stream_start(&s, argv);
	while (s.status < 0) {
		struct pollfd fds[2] = {
			{ s.fd, POLLIN | (s.out_queue.len ? POLLOUT : 0), 0 },
			{ s.in_window && s.out_queue.len < WIRE_WINDOW ?
			  s.in : -1, POLLIN, 0 },
		};

		if (deadline >= 0)
			left = deadline > now_ms() ? deadline - now_ms() : 0;
		if (poll(fds, 2, left) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (deadline >= 0 && now_ms() >= deadline) {
			fprintf(stderr, "kfirig: node %s: %s did not end within %g s and was killed\n",
				o->node, argv[0], o->timeout);
			s.status = EXIT_TIMEOUT;
			break;
		}
		if (fds[0].revents & (POLLIN | POLLHUP | POLLERR))
			stream_read(&s);
		if (fds[1].revents && s.in >= 0)
			stream_input(&s);
		if (s.out_queue.len)
			buf_write(&s.out_queue, s.fd);
	}
	close(s.fd);
	/*
	 * The words may have come together with the end, after which the rig
	 * does not listen on this connection.
	 */
	if (s.cut && s.status != EXIT_RIG &&
	    rig_nodes_request(WIRE_CUT, &o->cut_node, 1))
		s.status = EXIT_RIG;
	buf_free(&s.in_queue);
	buf_free(&s.out_queue);
	free(s.tail);
	return s.status;
}

struct exec_args {
	struct stream_options o;
	char **command;
	char *cut;
};

static error_t exec_parser(int key, char *arg, struct argp_state *state)
{
	struct exec_args *a = state->input;
	char *end;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case 'n':
		a->o.in = -1;
		return 0;
	case 't':
		a->o.timeout = strtod(arg, &end);
		if (*end || a->o.timeout <= 0)
			argp_error(state, "--timeout=%s is not a number of seconds",
				   arg);
		a->o.timeout *= patience();
		return 0;
	case 'c':
		a->cut = arg;
		end = strchr(arg, '@');
		if (!end || end == arg || !end[1])
			argp_error(state, "--cut=%s is not NODE@STRING", arg);
		*end = 0;
		a->o.cut_node = arg;
		a->o.cut_text = end + 1;
		return 0;
	case ARGP_KEY_ARG:
		/* All that follows the node is the command, options too. */
		a->o.node = arg;
		a->command = state->argv + state->next;
		if (*a->command && !strcmp(*a->command, "--"))
			a->command++;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!a->command || !*a->command)
			argp_error(state, "a node and a command, please");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option exec_options[] = {
	{ "cut", 'c', "NODE@STRING", 0,
	  "Cut the power of NODE when the command's output has STRING", 0 },
	{ "no-stdin", 'n', 0, 0, "Give the command an empty standard input", 0 },
	{ "timeout", 't', "SECONDS", 0,
	  "Kill the command after SECONDS and exit with status 124", 0 },
	{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
	{ 0 }
};

int cmd_exec(int argc, char **argv)
{
	static const struct argp argp = {
		exec_options, exec_parser, "NODE [--] COMMAND [ARGUMENT]...",
		"Run a command on a node, with this process's standard input, output and error.\v"
		"The exit status is the command's; 128 + N when signal N ended it; "
		"124 after --timeout; 125 when the node had no power or lost it; "
		"126 or 127 when the command cannot be run; 255 for an error of the rig. "
		"When kfirig exec itself is killed, so is the command.",
		0, 0, 0
	};
	struct exec_args a = { .o = { .in = 0, .out = 1, .error = 2 } };

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, 0, &a);
	return stream_run(&a.o, a.command);
}

struct file_args {
	const char *args[3];
	int nr_args;
};

static error_t file_parser(int key, char *arg, struct argp_state *state)
{
	struct file_args *a = state->input;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->nr_args == 3)
			argp_error(state, "too many arguments");
		a->args[a->nr_args++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->nr_args < 3)
			argp_error(state, "too few arguments");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option file_options[] = {
	{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
	{ 0 }
};

int cmd_put(int argc, char **argv)
{
	static const struct argp argp = {
		file_options, file_parser, "NODE SOURCE DESTINATION",
		"Copy a file of the host to a node; - is standard input. "
		"The file appears on the node whole or not at all.", 0, 0, 0
	};
	struct stream_options o = { .out = 1, .error = 2 };
	struct file_args a = { 0 };
	const char *name;
	char mode[16];
	struct stat st;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	if (strcmp(a.args[1], "-")) {
		o.in = open(a.args[1], O_RDONLY | O_CLOEXEC);
		if (o.in < 0)
			die("cannot read %s: %s", a.args[1], strerror(errno));
	}
	if (fstat(o.in, &st))
		die("cannot read %s: %s", a.args[1], strerror(errno));
	if (S_ISDIR(st.st_mode))
		die("%s is a directory; copy it with: tar -c -C %s . | kfirig exec %s -- tar -x -C DIR",
		    a.args[1], a.args[1], a.args[0]);
	snprintf(mode, sizeof(mode), "%o",
		 S_ISREG(st.st_mode) ? st.st_mode & 07777 : 0644);
	name = strrchr(a.args[1], '/');
	name = name ? name + 1 : a.args[1];
	o.node = a.args[0];
	return stream_run(&o, (char *[]){ "/sbin/kfirig-agent", "put", mode,
					  (char *)name, (char *)a.args[2], NULL });
}

struct get {
	const char *path;
	char *temp;
	char mode[9];		/* the first line of the data */
	size_t mode_len;
	int fd;
};

static bool get_sink(void *arg, const char *data, size_t len)
{
	struct get *g = arg;
	size_t n = sizeof(g->mode) - 1 - g->mode_len;

	if (n > len)
		n = len;
	memcpy(g->mode + g->mode_len, data, n);
	g->mode_len += n;
	if (write_all(g->fd, data + n, len - n))
		return true;
	fprintf(stderr, "kfirig: cannot write %s: %s\n",
		g->temp ? g->temp : "standard output", strerror(errno));
	errno = EPIPE;
	return false;
}

int cmd_get(int argc, char **argv)
{
	static const struct argp argp = {
		file_options, file_parser, "NODE SOURCE DESTINATION",
		"Copy a file of a node to the host; - is standard output.", 0, 0, 0
	};
	struct stream_options o = { .in = -1, .error = 2, .sink = get_sink };
	struct get g = { .fd = 1 };
	struct file_args a = { 0 };
	const char *name;
	struct stat st;
	int status;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	g.path = a.args[2];
	if (strcmp(g.path, "-")) {
		name = strrchr(a.args[1], '/');
		if (!stat(g.path, &st) && S_ISDIR(st.st_mode))
			g.path = xasprintf("%s/%s", g.path,
					   name ? name + 1 : a.args[1]);
		g.temp = xasprintf("%s.kfirig-%d", g.path, getpid());
		g.fd = open(g.temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			    0600);
		if (g.fd < 0)
			die("cannot create %s: %s", g.temp, strerror(errno));
	}
	o.node = a.args[0];
	o.sink_arg = &g;
	status = stream_run(&o, (char *[]){ "/sbin/kfirig-agent", "get",
					    (char *)a.args[1], NULL });
	if (!g.temp)
		return status;
	if (!status && (fchmod(g.fd, strtoul(g.mode, NULL, 8)) ||
			rename(g.temp, g.path))) {
		fprintf(stderr, "kfirig: cannot create %s: %s\n", g.path,
			strerror(errno));
		status = EXIT_RIG;
	}
	if (status)
		unlink(g.temp);
	return status;
}

struct netem_args {
	const char *node;
	char **words;
};

static error_t netem_parser(int key, char *arg, struct argp_state *state)
{
	struct netem_args *a = state->input;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case ARGP_KEY_ARG:
		a->node = arg;
		a->words = state->argv + state->next;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!a->words || !*a->words)
			argp_error(state, "a node and what to do, please");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_netem(int argc, char **argv)
{
	static const struct argp argp = {
		file_options, netem_parser, "NODE off|NETEM...",
		"Delay, lose, reorder or corrupt what NODE sends, with sch_netem in its kernel; "
		"the words are those of tc-netem(8), such as: delay 5ms 1ms loss 1%",
		0, 0, 0
	};
	char *remove[] = { "/sbin/tc", "qdisc", "delete", "dev", "eth0", "root",
			   NULL };
	struct stream_options o = { .in = -1, .out = 1, .error = 2 };
	struct netem_args a = { 0 };
	char *words[64] = { "/sbin/tc", "qdisc", "replace", "dev", "eth0",
			    "root", "netem" };
	size_t i, n = 7;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, 0, &a);
	o.node = a.node;
	if (!strcmp(a.words[0], "off"))
		return stream_run(&o, remove);
	for (i = 0; a.words[i]; i++) {
		if (n == 63)
			die("too many words for netem");
		words[n++] = a.words[i];
	}
	return stream_run(&o, words);
}
