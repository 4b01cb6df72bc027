// SPDX-License-Identifier: BSD-3-Clause
/*
 * Does KVM boot a guest here? The device may exist and not do it, so boot a
 * kernel with nothing but the agent in it, and remember the answer.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

/* A guest under a KVM that works takes 2 s at most. */
#define PROBE_MS 8000

static void cpio_entry(int fd, const char *name, const char *data, size_t len)
{
	static const char zero[4];
	char head[111];
	size_t name_len = strlen(name) + 1;

	snprintf(head, sizeof(head),
		 "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		 0, S_IFREG | 0755, 0, 0, 1, 0, len, 0, 0, 0, 0, name_len, 0);
	if (!write_all(fd, head, 110) || !write_all(fd, name, name_len) ||
	    !write_all(fd, zero, -(110 + name_len) & 3) ||
	    !write_all(fd, data, len) || !write_all(fd, zero, -len & 3))
		die("cannot write the probe's image: %s", strerror(errno));
}

static pid_t probe_start(const char *qemu, const char *vmlinuz, int initrd,
			 int chan)
{
	char *image = xasprintf("/dev/fd/%d", initrd);
	char *chardev = xasprintf("socket,id=agent,fd=%d", chan);
	pid_t self = getpid(), pid = fork();
	int null;

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			_exit(1);
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execl(qemu, qemu, "-nodefaults", "-no-user-config",
		      "-no-reboot", "-display", "none", "-machine", "q35",
		      "-accel", "kvm", "-cpu", "host", "-m", "512M",
		      "-kernel", vmlinuz, "-initrd", image,
		      "-append", "console=ttyS0 quiet panic=-1 rdinit=/init",
		      "-device", "virtio-serial-pci", "-chardev", chardev,
		      "-device", "virtserialport,chardev=agent,name=" WIRE_PORT,
		      NULL);
		_exit(127);
	}
	free(image);
	free(chardev);
	return pid;
}

static bool probe_boot(const char *qemu, const char *vmlinuz)
{
	int initrd = embed_open("probe", "", "");
	int64_t deadline = now_ms() + PROBE_MS;
	struct buf in = { 0 };
	bool ready = false;
	struct frame f;
	int chan[2];
	pid_t pid;

	cpio_entry(initrd, "init", embed_agent, embed_agent_end - embed_agent);
	cpio_entry(initrd, "TRAILER!!!", NULL, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, chan))
		die("socketpair: %s", strerror(errno));
	fcntl(chan[0], F_SETFD, FD_CLOEXEC);
	pid = probe_start(qemu, vmlinuz, initrd, chan[1]);
	close(chan[1]);
	for (;;) {
		struct pollfd p = { chan[0], POLLIN, 0 };
		int64_t left = deadline - now_ms();

		if (left <= 0 || poll(&p, 1, left) <= 0 ||
		    buf_read(&in, chan[0], 4096) <= 0)
			break;
		if (frame_peek(&in, &f)) {
			ready = f.type == WIRE_READY;
			break;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(chan[0]);
	close(initrd);
	buf_free(&in);
	return ready;
}

bool kvm_usable(const char *qemu, const char *vmlinuz)
{
	char path[PATH_MAX], dir[PATH_MAX], *key, *known;
	struct utsname host;
	struct stat st;
	bool usable;
	ssize_t n;
	int fd;

	if (access("/dev/kvm", R_OK | W_OK) || stat(qemu, &st) || uname(&host))
		return false;
	/* Another kernel or another QEMU may give another answer. */
	key = xasprintf("%s %s %s %lld %lld\n", host.release, host.version,
			qemu, (long long)st.st_size, (long long)st.st_mtime);
	known = xrealloc(NULL, strlen(key) + 2, 1);
	cache_path(dir, sizeof(dir), "");
	make_dirs(dir);
	cache_path(path, sizeof(path), "kvm-probe");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, known, strlen(key) + 1);
		close(fd);
		if (n == (ssize_t)strlen(key) + 1 &&
		    !memcmp(known + 1, key, strlen(key))) {
			usable = known[0] == '1';
			goto out;
		}
	}
	fprintf(stderr, "kfirig: trying whether KVM boots a guest here (once)\n");
	usable = probe_boot(qemu, vmlinuz);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd >= 0) {
		if (dprintf(fd, "%d%s", usable, key) < 0)
			unlink(path);
		close(fd);
	}
out:
	free(key);
	free(known);
	return usable;
}
