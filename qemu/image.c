// SPDX-License-Identifier: BSD-3-Clause
/* Build the initramfs: options here, the work in mkimage.sh. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

struct image_args {
	const char *kernel;
	const char *moddir;
	const char *out;
	char **items;		/* arguments of mkimage.sh */
	size_t count;
};

static void image_add(struct image_args *a, const char *kind, const char *what)
{
	a->items = xrealloc(a->items, a->count + 2, sizeof(*a->items));
	a->items[a->count++] = (char *)kind;
	a->items[a->count++] = (char *)what;
}

static error_t image_parser(int key, char *arg, struct argp_state *state)
{
	struct image_args *a = state->input;
	struct stat st;
	char *found;

	switch (key) {
	case 'o':
		a->out = arg;
		return 0;
	case 'k':
		a->kernel = arg;
		return 0;
	case 'D':
		a->moddir = arg;
		return 0;
	case 'm':
		image_add(a, "module", arg);
		return 0;
	case 'l':
		image_add(a, "load", arg);
		return 0;
	case 'b':
		image_add(a, "bin", arg);
		return 0;
	case 'M':
		if (stat(arg, &st))
			argp_error(state, "--modules=%s: %s", arg, strerror(errno));
		/* The script looks through a folder itself. */
		image_add(a, S_ISDIR(st.st_mode) ? "kodir" : "ko", arg);
		return 0;
	case 'f':
		found = strchr(arg, ':');
		if (!found || found == arg || found[1] != '/')
			argp_error(state, "--file=%s is not HOST:/GUEST/PATH", arg);
		image_add(a, "file", arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected argument %s", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->out)
			argp_error(state, "where to? -o FILE");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int image_build(struct image_args *a)
{
	int script = embed_open("mkimage", embed_mkimage, embed_mkimage_end);
	int agent = embed_open("agent", embed_agent, embed_agent_end);
	int init = embed_open("init", embed_init, embed_init_end);
	char cache[PATH_MAX], fd[32], version[256];
	char **argv;
	int status;
	pid_t pid;

	if (!a->kernel) {
		newest_kernel(version, sizeof(version));
		a->kernel = version;
	}
	cache_path(cache, sizeof(cache), "image");
	argv = xrealloc(NULL, a->count + 3, sizeof(*argv));
	argv[0] = "bash";
	argv[1] = xasprintf("/dev/fd/%d", script);
	if (a->count)
		memcpy(argv + 2, a->items, a->count * sizeof(*argv));
	argv[2 + a->count] = NULL;
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		signal(SIGPIPE, SIG_DFL);
		setenv("KERNEL", a->kernel, 1);
		setenv("MODDIR", a->moddir ? a->moddir :
		       xasprintf("/lib/modules/%s", a->kernel), 1);
		setenv("OUT", a->out, 1);
		setenv("CACHE", cache, 1);
		snprintf(fd, sizeof(fd), "/dev/fd/%d", agent);
		setenv("AGENT", fd, 1);
		snprintf(fd, sizeof(fd), "/dev/fd/%d", init);
		setenv("INIT", fd, 1);
		setenv("SCRIPT", argv[1], 1);
		execvp(argv[0], argv);
		die("cannot run bash: %s", strerror(errno));
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(script);
	close(agent);
	close(init);
	free(argv[1]);
	free(argv);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status) ? EXIT_RIG : 0;
}

int cmd_image(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "output", 'o', "FILE", 0, "Where the image goes", 0 },
		{ "kernel", 'k', "VERSION", 0,
		  "Kernel of the nodes (the newest in /boot that has modules)", 0 },
		{ "moddir", 'D', "DIR", 0,
		  "That kernel's modules (/lib/modules/VERSION)", 0 },
		{ "module", 'm', "NAME", 0,
		  "Add a module of that kernel, with what it depends on", 0 },
		{ "modules", 'M', "FILE.ko|DIR", 0,
		  "Add modules of one's own, with what they depend on; DIR: all below it", 0 },
		{ "load", 'l', "NAME", 0, "Like --module, and load it at boot", 0 },
		{ "bin", 'b', "PROGRAM", 0,
		  "Add a program with its shared libraries: under its own path from /usr/bin and the like, else in /usr/bin", 0 },
		{ "file", 'f', "HOST:GUEST", 0, "Add a file at the path GUEST", 0 },
		{ 0 }
	};
	static const struct argp argp = {
		options, image_parser, "",
		"Build the initramfs that nodes boot from.\v"
		"Images are cached by the content of all that goes in. Every image has busybox, "
		"ip, tc, rdma, ndctl, modprobe and the modules for NVDIMMs, virtio, rxe and netem.",
		0, 0, 0
	};
	struct image_args a = { 0 };

	argp_err_exit_status = EXIT_RIG;
	argp_parse(&argp, argc, argv, 0, 0, &a);
	return image_build(&a);
}

/* The image with nothing added, for a rig that names none. */
char *image_default(const char *kernel)
{
	struct image_args a = { .kernel = kernel };
	char dir[PATH_MAX], *path;

	cache_path(dir, sizeof(dir), "image");
	make_dirs(dir);
	path = xasprintf("%s/default-%s.initramfs", dir, kernel);
	a.out = path;
	if (image_build(&a))
		exit(EXIT_RIG);
	return path;
}

/*
 * The first archive of an image has one file, with the version of the kernel.
 * newc: a head of 110 characters, the name, the data, each padded to 4 bytes.
 */
bool image_kernel(const char *image, char *version, size_t size)
{
	static const char name[] = "kfirig-kernel";
	char head[512];
	size_t start = (110 + sizeof(name) + 3) & ~3ul, len;
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		die("cannot read the image %s: %s", image, strerror(errno));
	n = read(fd, head, sizeof(head));
	close(fd);
	if (n != sizeof(head) || memcmp(head, "070701", 6) ||
	    memcmp(head + 110, name, sizeof(name)))
		return false;
	len = strcspn(head + start, "\n");
	if (start + len >= sizeof(head) || len >= size)
		return false;
	memcpy(version, head + start, len);
	version[len] = 0;
	return true;
}
