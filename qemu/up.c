// SPDX-License-Identifier: BSD-3-Clause
/* Start a rig: up, which leaves it running, and run, which does not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

/* How long a command may clean up after a signal before it is killed. */
#define GRACE_MS 5000

struct up_args {
	struct rig_config cfg;
	const char *kernel;
	const char *accel;
	bool keep;
	bool run;
	bool temp_dir;
	char **command;
};

static bool plugin_words_valid(const char *text)
{
	while ((text = strchr(text, '%'))) {
		if (!text[1] || !strchr("ndb%", text[1]))
			return false;
		text += 2;
	}
	return true;
}

static error_t up_parser(int key, char *arg, struct argp_state *state)
{
	struct up_args *a = state->input;
	struct rig_config *cfg = &a->cfg;
	unsigned int i;
	char *end;

	switch (key) {
	case 'r':
		rig_dir_option = arg;
		return 0;
	case 'i':
		cfg->image = arg;
		return 0;
	case 'k':
		a->kernel = arg;
		return 0;
	case 'V':
		cfg->vmlinuz = arg;
		return 0;
	case 'a':
		cfg->append = cfg->append ?
			xasprintf("%s %s", cfg->append, arg) : arg;
		return 0;
	case 'q':
		cfg->qemu_args = xrealloc(cfg->qemu_args, cfg->nr_qemu_args + 1,
					  sizeof(*cfg->qemu_args));
		cfg->qemu_args[cfg->nr_qemu_args++] = arg;
		return 0;
	case 'P':
		if (!plugin_words_valid(arg))
			argp_error(state, "--plugin=%s: %%n, %%d, %%b or %%%%",
				   arg);
		cfg->plugins = xrealloc(cfg->plugins, cfg->nr_plugins + 1,
					sizeof(*cfg->plugins));
		cfg->plugins[cfg->nr_plugins++] = arg;
		return 0;
	case 'A':
		a->accel = arg;
		if (strcmp(arg, "auto") && strcmp(arg, "kvm") && strcmp(arg, "tcg"))
			argp_error(state, "--accel=%s: auto, kvm or tcg", arg);
		return 0;
	case 'u':
		cfg->mtu = strtoul(arg, &end, 10);
		if (*end || cfg->mtu < 1280 || cfg->mtu > 9500)
			argp_error(state, "--mtu=%s: 1280 to 9500", arg);
		return 0;
	case 'F':
		cfg->fresh = true;
		return 0;
	case 'f':
		cfg->fast_boot = true;
		return 0;
	case 's':
		cfg->store = arg;
		cfg->fast_boot = true;
		return 0;
	case 'K':
		a->keep = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->run && state->quoted &&
		    state->next - 1 >= state->quoted) {
			a->command = state->argv + state->next - 1;
			state->next = state->argc;
			return 0;
		}
		if (cfg->nr_nodes == NODES_MAX)
			argp_error(state, "more than %d nodes", NODES_MAX);
		spec_parse(&cfg->nodes[cfg->nr_nodes], arg);
		for (i = 0; i < cfg->nr_nodes; i++)
			if (!strcmp(cfg->nodes[i].name,
				    cfg->nodes[cfg->nr_nodes].name))
				argp_error(state, "two nodes named %s",
					   cfg->nodes[i].name);
		cfg->nr_nodes++;
		return 0;
	case ARGP_KEY_END:
		if (!cfg->nr_nodes)
			argp_error(state, "no nodes given");
		if (a->run && !a->command)
			argp_error(state, "no command given after --");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

#define UP_OPTIONS \
	{ "image", 'i', "FILE", 0, \
	  "Image to boot, from kfirig image ($KFIRIG_IMAGE; else one with nothing added)", 0 }, \
	{ "kernel", 'k', "VERSION", 0, \
	  "Kernel to boot: /boot/vmlinuz-VERSION (the one the image is for)", 0 }, \
	{ "vmlinuz", 'V', "FILE", 0, "Kernel to boot, as a file", 0 }, \
	{ "append", 'a', "WORDS", 0, "Add to the kernel's command line", 0 }, \
	{ "qemu-arg", 'q', "WORD", 0, "Add a word to QEMU's command line", 0 }, \
	{ "plugin", 'P', "FILE[,OPTION...]", 0, \
	  "A plugin of TCG for each node; %n is its name, %d its folder, %b the number of its boot", 0 }, \
	{ "accel", 'A', "KIND", 0, \
	  "auto: KVM where it boots a guest, else TCG; or kvm, or tcg (auto)", 0 }, \
	{ "mtu", 'u', "BYTES", 0, "MTU of the network (1500)", 0 }, \
	{ "fresh", 'F', 0, 0, "Empty the NVDIMM files first", 0 }, \
	{ "fast-boot", 'f', 0, 0, \
	  "Save each node after its first boot; power-on restores it", 0 }, \
	{ "snapshots", 's', "DIR", 0, \
	  "The same, and keep what was saved in DIR: a later rig with the same node restores it at once", 0 }

/* Fill in what the options left open; errors end here, before any process. */
static void config_complete(struct up_args *a)
{
	struct rig_config *cfg = &a->cfg;
	char version[256] = "";
	const char *dir;

	/* A wrong one is said here, not by the supervisor. */
	patience();
	cfg->qemu = find_qemu();
	if (!cfg->mtu)
		cfg->mtu = 1500;
	if (!cfg->image)
		cfg->image = getenv("KFIRIG_IMAGE");
	if (!cfg->image || !*cfg->image) {
		if (!a->kernel) {
			newest_kernel(version, sizeof(version));
			a->kernel = version;
		}
		cfg->image = image_default(a->kernel);
	}
	cfg->image = realpath(cfg->image, NULL);
	if (!cfg->image)
		die("cannot read the image: %s", strerror(errno));
	if (!image_kernel(cfg->image, version, sizeof(version)))
		die("%s was not built by kfirig image", cfg->image);
	if (a->kernel && strcmp(a->kernel, version))
		die("the image %s is for kernel %s, not %s: build one with kfirig image --kernel %s",
		    cfg->image, version, a->kernel, a->kernel);
	if (!cfg->vmlinuz)
		cfg->vmlinuz = xasprintf("/boot/vmlinuz-%s", version);
	if (access(cfg->vmlinuz, R_OK))
		die("cannot read the kernel %s: %s; give --vmlinuz",
		    cfg->vmlinuz, strerror(errno));
	cfg->vmlinuz = kernel_bootable(realpath(cfg->vmlinuz, NULL));
	if (cfg->nr_plugins && a->accel && !strcmp(a->accel, "kvm"))
		die("--plugin: KVM runs the guest by itself, a plugin would see nothing; use --accel tcg");
	if (cfg->nr_plugins)
		cfg->kvm = false;
	else if (!a->accel || !strcmp(a->accel, "auto"))
		cfg->kvm = kvm_usable(cfg->qemu, cfg->vmlinuz);
	else
		cfg->kvm = !strcmp(a->accel, "kvm");
	/* A boot under KVM takes no longer than it takes to save and restore. */
	if (cfg->kvm) {
		cfg->fast_boot = false;
		cfg->store = NULL;
	}
	if (cfg->store) {
		make_dirs(cfg->store);
		dir = cfg->store;
		cfg->store = realpath(dir, NULL);
		if (!cfg->store)
			die("cannot use %s: %s", dir, strerror(errno));
	}
	if (a->temp_dir) {
		const char *tmp = getenv("TMPDIR");

		dir = xasprintf("%s/kfirig.XXXXXX", tmp && *tmp ? tmp : "/tmp");
		if (!mkdtemp((char *)dir))
			die("cannot create %s: %s", dir, strerror(errno));
	} else {
		dir = rig_dir();
		make_dirs(dir);
	}
	if (!realpath(dir, cfg->dir))
		die("cannot use %s: %s", dir, strerror(errno));
	/* QEMU's options end a value at a comma. */
	if (strchr(cfg->dir, ',') || strchr(cfg->image, ','))
		die("%s: no commas in the paths of a rig, please", cfg->dir);
}

/* Fork the supervisor; *owner is the connection that keeps the rig up. */
static pid_t supervisor_start(const struct rig_config *cfg, int *owner)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("socketpair: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		/*
		 * A lock or a pipe of the caller's is not the rig's to hold,
		 * and a Ctrl-C of the terminal is for the owner.
		 */
		if (dup2(pair[1], 3) < 0)
			_exit(EXIT_RIG);
		close_range(4, ~0U, 0);
		setsid();
		_exit(rig_supervise(cfg, 3));
	}
	close(pair[1]);
	*owner = pair[0];
	return pid;
}

static int block_signals(sigset_t *before)
{
	sigset_t mask;
	int fd;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, before);
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		die("signalfd: %s", strerror(errno));
	return fd;
}

/* The next signal; 0 when there is none. */
static int next_signal(int signals, struct signalfd_siginfo *info)
{
	if (read(signals, info, sizeof(*info)) != sizeof(*info))
		return 0;
	return info->ssi_signo;
}

/* Wait until all nodes are usable, or for a signal: the exit status. */
static int wait_up(int owner, int signals)
{
	struct buf request = { 0 };
	struct pollfd fds[2] = {
		{ owner, POLLIN, 0 }, { signals, POLLIN, 0 },
	};
	struct signalfd_siginfo info;
	int sig;

	/* A supervisor that is gone has said why; the loop finds its EOF. */
	frame_add(&request, WIRE_WAIT_READY, 0, NULL, 0);
	buf_write(&request, owner);
	buf_free(&request);
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		if (fds[0].revents & POLLIN) {
			char byte;

			/* EOF: it has said why on our standard error. */
			if (recv(owner, &byte, 1, MSG_PEEK) <= 0)
				return EXIT_RIG;
			return rig_wait_reply(owner);
		}
		if (fds[0].revents)
			return EXIT_RIG;
		while ((sig = next_signal(signals, &info)))
			if (sig != SIGCHLD)
				return 128 + sig;
	}
}

static int remove_entry(const char *path, const struct stat *st, int kind,
			struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void supervisor_stop(pid_t pid, int owner)
{
	close(owner);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void show_nodes(const struct rig_config *cfg)
{
	char address[32];
	unsigned int i;

	printf("rig %s (%s):", cfg->dir, cfg->kvm ? "KVM" : "TCG");
	for (i = 0; i < cfg->nr_nodes; i++) {
		node_address(i, address, sizeof(address));
		printf(" %s %s", cfg->nodes[i].name, address);
	}
	printf("\n");
}

int cmd_up(int argc, char **argv)
{
	static const struct argp_option options[] = {
		UP_OPTIONS,
		{ "rig", 'r', "DIR", 0, "The rig's folder ($KFIRIG_DIR)", 0 },
		{ 0 }
	};
	struct argp argp = {
		options, up_parser, "NODE...",
		xasprintf("Boot nodes and leave them running. Returns when all are usable. %s",
			  spec_help), 0, 0, 0
	};
	struct up_args a = { 0 };
	int owner, signals, status;
	pid_t pid;

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	config_complete(&a);
	signals = block_signals(NULL);
	pid = supervisor_start(&a.cfg, &owner);
	status = wait_up(owner, signals);
	if (!status) {
		rig_send(owner, WIRE_RELEASE, NULL, 0);
		status = rig_wait_reply(owner);
	}
	if (status) {
		supervisor_stop(pid, owner);
		return status;
	}
	show_nodes(&a.cfg);
	return 0;
}

/*
 * With PR_SET_CHILD_SUBREAPER whatever the command left behind becomes our
 * child: kill it all, so that nothing outlives the rig.
 */
static void kill_descendants(void)
{
	char *path = xasprintf("/proc/self/task/%d/children", getpid());
	int pid, killed;
	FILE *f;

	do {
		killed = 0;
		f = fopen(path, "re");
		while (f && fscanf(f, "%d", &pid) == 1) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			killed++;
		}
		if (f)
			fclose(f);
	} while (killed);
	free(path);
}

static pid_t command_start(char **argv, const sigset_t *mask, const char *dir)
{
	pid_t self = getpid(), pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != self)
		_exit(EXIT_RIG);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	setenv("KFIRIG_DIR", dir, 1);
	execvp(argv[0], argv);
	fprintf(stderr, "kfirig: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* The command's exit status; the rig goes down as soon as a signal comes. */
static int command_wait(pid_t command, pid_t supervisor, int *owner,
			int signals)
{
	struct pollfd p = { signals, POLLIN, 0 };
	struct signalfd_siginfo info;
	int64_t deadline = -1;
	int sig, status, got = 0;

	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - now_ms();

		if (deadline >= 0 && left <= 0) {
			kill(command, SIGKILL);
			left = deadline = -1;
		}
		if (poll(&p, 1, left) < 0 && errno != EINTR)
			die("poll: %s", strerror(errno));
		while ((sig = next_signal(signals, &info))) {
			if (sig == SIGCHLD)
				continue;
			if (got) {
				kill(command, SIGKILL);
				continue;
			}
			got = sig;
			/* The terminal has sent its own to the whole group. */
			if (info.ssi_code != SI_KERNEL)
				kill(command, sig);
			supervisor_stop(supervisor, *owner);
			*owner = -1;
			deadline = now_ms() + GRACE_MS;
		}
		if (waitpid(command, &status, WNOHANG) != command)
			continue;
		if (got)
			return 128 + got;
		return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
			WEXITSTATUS(status);
	}
}

int cmd_run(int argc, char **argv)
{
	static const struct argp_option options[] = {
		UP_OPTIONS,
		{ "keep", 'K', 0, 0,
		  "Keep the folder with the NVDIMM files and logs, and say where it is", 0 },
		{ "rig", 'r', "DIR", 0,
		  "The rig's folder (a temporary one, removed at the end)", 0 },
		{ 0 }
	};
	struct argp argp = {
		options, up_parser, "NODE... -- COMMAND [ARGUMENT]...",
		xasprintf("Boot nodes, run a command of the host with KFIRIG_DIR set, stop the nodes. "
			  "The exit status is the command's. "
			  "Nothing stays behind, also after Ctrl-C. %s",
			  spec_help), 0, 0, 0
	};
	struct up_args a = { .run = true };
	int owner, signals, status;
	pid_t supervisor, command;
	sigset_t before;
	bool booted;

	argp_err_exit_status = EXIT_RIG;
	/* In order: argp would otherwise count the nodes among what follows --. */
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, 0, &a);
	a.temp_dir = !rig_dir_option;
	config_complete(&a);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signals = block_signals(&before);
	supervisor = supervisor_start(&a.cfg, &owner);
	status = wait_up(owner, signals);
	/* The logs of a boot that failed are worth keeping, unlike a Ctrl-C's. */
	booted = status < EXIT_NODE_LOST || (status > 128 && status < EXIT_RIG);
	if (!status) {
		command = command_start(a.command, &before, a.cfg.dir);
		status = command_wait(command, supervisor, &owner, signals);
	}
	if (owner >= 0)
		supervisor_stop(supervisor, owner);
	kill_descendants();
	if (a.keep || (a.temp_dir && !booted))
		fprintf(stderr, "kfirig: kept %s\n", a.cfg.dir);
	else if (a.temp_dir)
		nftw(a.cfg.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return status;
}
