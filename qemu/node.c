// SPDX-License-Identifier: BSD-3-Clause
/* One node: its QEMU process, its NVDIMM files and its console log. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfirig.h"

struct args {
	char **v;
	size_t count;
};

static void arg_add(struct args *a, char *text)
{
	a->v = xrealloc(a->v, a->count + 2, sizeof(*a->v));
	a->v[a->count++] = text;
	a->v[a->count] = NULL;
}

#define arg(a, ...) arg_add(a, xasprintf(__VA_ARGS__))

static void args_free(struct args *a)
{
	size_t i;

	for (i = 0; i < a->count; i++)
		free(a->v[i]);
	free(a->v);
}

const char *node_state_name(enum node_state state)
{
	static const char *const names[] = {
		[NODE_OFF] = "off",
		[NODE_BOOTING] = "booting",
		[NODE_READY] = "ready",
		[NODE_FAILED] = "failed",
		[NODE_DEAD] = "dead",
	};

	return names[state];
}

void node_address(unsigned int index, char *text, size_t size)
{
	snprintf(text, size, "10.77.0.%u", index + 1);
}

void node_path(const struct rig_config *cfg, const struct node *n,
	       const char *file, char *path, size_t size)
{
	if ((size_t)snprintf(path, size, "%s/%s/%s", cfg->dir, n->spec->name,
			     file) >= size)
		die("%s: the path is too long", cfg->dir);
}

void node_nvdimm(const struct rig_config *cfg, const struct node *n,
		 unsigned int i, char *path, size_t size)
{
	char file[32];

	snprintf(file, sizeof(file), "nvdimm%u", i);
	node_path(cfg, n, file, path, size);
}

void node_console(const struct rig_config *cfg, const char *name,
		  char *path, size_t size)
{
	if ((size_t)snprintf(path, size, "%s/%s/console.log", cfg->dir,
			     name) >= size)
		die("%s: the path is too long", cfg->dir);
}

static int node_fail(struct node *n, const char *what)
{
	snprintf(n->why, sizeof(n->why), "%s: %s", what, strerror(errno));
	return -1;
}

void node_note(struct node *n, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(n->note, sizeof(n->note), fmt, args);
	va_end(args);
	fprintf(stderr, "node %s: %s\n", n->spec->name, n->note);
}

/* What a plugin says to have survived on an NVDIMM that is emptied now */
static void survivor_forget(const char *nvdimm)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s.survivor", nvdimm);
	unlink(path);
}

/* A sparse file; one of another size belongs to another node. */
static int nvdimm_prepare(struct node *n, const struct rig_config *cfg,
			  unsigned int i)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, ret = 0;

	node_nvdimm(cfg, n, i, path, sizeof(path));
	if (cfg->fresh && !n->boots)
		survivor_forget(path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return node_fail(n, path);
	if ((cfg->fresh && !n->boots && ftruncate(fd, 0)) || fstat(fd, &st)) {
		ret = node_fail(n, path);
	} else if (!st.st_size) {
		ret = ftruncate(fd, n->spec->nvdimm[i]) ? node_fail(n, path) : 0;
	} else if ((uint64_t)st.st_size != n->spec->nvdimm[i]) {
		snprintf(n->why, sizeof(n->why),
			 "%s has %lld bytes and not %llu: remove it, or use --fresh",
			 path, (long long)st.st_size,
			 (unsigned long long)n->spec->nvdimm[i]);
		ret = -1;
	}
	close(fd);
	return ret;
}

/* A limit of the guest's, for who is patient, up to the most that it takes. */
static int patient(int seconds, int most)
{
	double s = seconds * patience();

	return s < most ? s : most;
}

static char *kernel_command_line(const struct node *n,
				 const struct rig_config *cfg)
{
	char address[32], *hosts = NULL, *line;
	size_t len, i;
	FILE *f = open_memstream(&hosts, &len);

	if (!f)
		die("out of memory");
	for (i = 0; i < cfg->nr_nodes; i++) {
		node_address(i, address, sizeof(address));
		fprintf(f, "%s%s=%s", i ? "," : "", cfg->nodes[i].name, address);
	}
	fclose(f);
	node_address(n->index, address, sizeof(address));
	/*
	 * A panic ends QEMU (-no-reboot). Under TCG the crypto self-tests, the
	 * mitigations and the fifth page-table level cost a third of the boot
	 * and protect nobody. On a busy host the kernel sees no timer interrupt
	 * in the time that it gives one, and would panic. The limits of it take
	 * no more than 300 s and 60 s.
	 */
	line = xasprintf("console=ttyS0 loglevel=5 panic=-1 log_buf_len=1M "
			 "rdinit=/init mitigations=off nokaslr no5lvl "
			 "cryptomgr.notests no_timer_check "
			 "rcupdate.rcu_cpu_stall_timeout=%d watchdog_thresh=%d "
			 "kfirig.node=%s kfirig.ip=%s/24 kfirig.mtu=%u "
			 "kfirig.nvdimms=%u kfirig.hosts=%s%s%s%s",
			 patient(120, 300), patient(30, 60),
			 n->spec->name, address, cfg->mtu, n->spec->nvdimms,
			 hosts, n->snapshot.step == SNAPSHOT_NONE ? "" :
			 " kfirig.standby=1", cfg->append ? " " : "",
			 cfg->append ? cfg->append : "");
	free(hosts);
	return line;
}

/* What the guest sees, and nothing of this rig's folder and descriptors. */
static void args_machine(struct args *a, const struct node *n,
			 const struct rig_config *cfg)
{
	const struct node_spec *s = n->spec;
	bool virtio = s->domain == DOMAIN_VIRTIO;
	uint64_t pmem = 0;
	unsigned int i;
	char *line;

	for (i = 0; i < s->nvdimms; i++)
		pmem += s->nvdimm[i];
	arg(a, "%s", cfg->qemu);
	arg(a, "-name");
	arg(a, "%s", s->name);
	arg(a, "-nodefaults");
	arg(a, "-no-user-config");
	arg(a, "-no-reboot");
	arg(a, "-display");
	arg(a, "none");
	arg(a, "-action");
	arg(a, "panic=exit-failure");
	arg(a, "-machine");
	if (s->nvdimms && !virtio)
		arg(a, "q35,nvdimm=on,nvdimm-persistence=%s",
		    domain_name(s->domain));
	else
		arg(a, "q35");
	arg(a, "-accel");
	arg(a, cfg->kvm ? "kvm" : "tcg");
	arg(a, "-cpu");
	/* An idle guest with more than one CPU would spin in MWAIT. */
	arg(a, cfg->kvm ? "host" : "max,-monitor");
	arg(a, "-smp");
	arg(a, "%u", s->cpus);
	arg(a, "-m");
	/* Room for the alignment of each device. */
	arg(a, "%lluM,slots=%u,maxmem=%lluM",
	    (unsigned long long)s->mem >> 20, NVDIMMS_MAX,
	    (unsigned long long)((s->mem + pmem) >> 20) + 4096);
	arg(a, "-kernel");
	arg(a, "%s", cfg->vmlinuz);
	arg(a, "-initrd");
	arg(a, "%s", cfg->image);
	arg(a, "-append");
	line = kernel_command_line(n, cfg);
	arg_add(a, line);
	arg(a, "-device");
	/* No boot ROM: the kernel does not come from the network. */
	arg(a, "virtio-net-pci,netdev=net0,mac=52:54:00:77:00:%02x,host_mtu=%u,romfile=",
	    n->index + 1, cfg->mtu);
	arg(a, "-device");
	arg(a, "virtio-serial-pci");
	arg(a, "-device");
	arg(a, "virtserialport,chardev=agent,name=%s", WIRE_PORT);
	arg(a, "-device");
	arg(a, "virtio-rng-pci");
	arg(a, "-device");
	arg(a, "pvpanic-pci");
	arg(a, "-serial");
	arg(a, "chardev:console");
	for (i = 0; i < s->nvdimms; i++) {
		arg(a, "-device");
		arg(a, virtio ? "virtio-pmem-pci,id=nvdimm%u,memdev=pmem%u" :
		    "nvdimm,id=nvdimm%u,memdev=pmem%u", i, i);
	}
	for (i = 0; i < cfg->nr_qemu_args; i++)
		arg(a, "%s", cfg->qemu_args[i]);
}

/* The node's memory, for one that is to be saved or restored, and the rest. */
static void args_snapshot(struct args *a, const struct node *n)
{
	const struct snapshot *s = &n->snapshot;
	bool load = s->step == SNAPSHOT_LOAD;

	if (s->step == SNAPSHOT_NONE)
		return;
	arg(a, "-machine");
	arg(a, "memory-backend=ram");
	arg(a, "-object");
	arg(a, "memory-backend-file,id=ram,share=%s,mem-path=/proc/self/fd/%d,size=%llu",
	    load ? "off" : "on", load ? s->memory : s->live,
	    (unsigned long long)n->spec->mem);
	arg(a, "-chardev");
	arg(a, "socket,id=qmp,fd=%d", s->theirs[0]);
	arg(a, "-mon");
	arg(a, "chardev=qmp,mode=control");
	if (load) {
		arg(a, "-incoming");
		arg(a, "defer");
	}
}

/* A plugin's words, with what is this node's own. */
static char *plugin_words(const char *text, const struct node *n,
			  const struct rig_config *cfg)
{
	char *words = NULL;
	size_t size;
	FILE *f = open_memstream(&words, &size);

	if (!f)
		die("out of memory");
	for (; *text; text++) {
		if (*text != '%') {
			fputc(*text, f);
			continue;
		}
		switch (*++text) {
		case 'n':
			fputs(n->spec->name, f);
			break;
		case 'd':
			fprintf(f, "%s/%s", cfg->dir, n->spec->name);
			break;
		case 'b':
			fprintf(f, "%u", n->boots + 1);
			break;
		case '%':	/* others were refused where they came in */
			fputc('%', f);
			break;
		}
	}
	fclose(f);
	return words;
}

/* What the devices of the machine are connected to. */
static void args_ends(struct args *a, const struct node *n,
		      const struct rig_config *cfg, int chan, int stub)
{
	char path[PATH_MAX];
	unsigned int i;

	arg(a, "-netdev");
	arg(a, "tap,id=net0,fd=%d", n->tap);
	arg(a, "-chardev");
	arg(a, "socket,id=agent,fd=%d", chan);
	/* Connected already: no socket in a folder, and nobody else's. */
	arg(a, "-chardev");
	arg(a, "socket,id=gdb,fd=%d", stub);
	arg(a, "-gdb");
	arg(a, "chardev:gdb");
	arg(a, "-chardev");
	arg(a, "file,id=console,path=%s/%s/console.log,append=on", cfg->dir,
	    n->spec->name);
	for (i = 0; i < n->spec->nvdimms; i++) {
		node_nvdimm(cfg, n, i, path, sizeof(path));
		arg(a, "-object");
		arg(a, "memory-backend-file,id=pmem%u,share=on,mem-path=%s,size=%llu",
		    i, path, (unsigned long long)n->spec->nvdimm[i]);
	}
	for (i = 0; i < cfg->nr_plugins; i++) {
		arg(a, "-plugin");
		arg_add(a, plugin_words(cfg->plugins[i], n, cfg));
	}
	args_snapshot(a, n);
}

void node_describe(const struct node *n, const struct rig_config *cfg, FILE *f)
{
	struct args a = { 0 };
	unsigned int i;
	size_t k;

	args_machine(&a, n, cfg);
	for (k = 0; k < a.count; k++)
		fprintf(f, "argument %s\n", a.v[k]);
	args_free(&a);
	for (i = 0; i < n->spec->nvdimms; i++)
		fprintf(f, "nvdimm %llu\n",
			(unsigned long long)n->spec->nvdimm[i]);
}

static void keep_fd(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
}

static void __attribute__((noreturn))
qemu_child(const struct args *a, const struct node *n, pid_t supervisor,
	   const char *log, int chan, int stub)
{
	const struct snapshot *s = &n->snapshot;
	sigset_t none;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd >= 0) {
		dup2(fd, 1);
		dup2(fd, 2);
		close(fd);
	}
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	keep_fd(chan);
	keep_fd(stub);
	keep_fd(n->tap);
	keep_fd(s->theirs[0]);
	keep_fd(s->theirs[1]);
	keep_fd(s->step == SNAPSHOT_LOAD ? s->memory : s->live);
	execv(a->v[0], a->v);
	fprintf(stderr, "cannot run %s: %s\n", a->v[0], strerror(errno));
	_exit(127);
}

static bool copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct buf data = { 0 };
	bool ok = in >= 0 && out >= 0;

	while (ok && buf_read(&data, in, WIRE_MAX) > 0)
		;
	ok = ok && write_all(out, buf_head(&data), data.len);
	buf_free(&data);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok;
}

bool node_console_keep(const struct node *n, const struct rig_config *cfg)
{
	char now[PATH_MAX], kept[PATH_MAX];

	node_path(cfg, n, "console.log", now, sizeof(now));
	node_path(cfg, n, "console.boot", kept, sizeof(kept));
	return copy_file(now, kept);
}

/* Keep the console of the boot before: it may show why the node died. */
static void console_rotate(struct node *n, const struct rig_config *cfg)
{
	char now[PATH_MAX], before[PATH_MAX], kept[PATH_MAX];

	node_path(cfg, n, "console.log", now, sizeof(now));
	node_path(cfg, n, "console.log.1", before, sizeof(before));
	rename(now, before);
	if (!n->restored)
		return;
	node_path(cfg, n, "console.boot", kept, sizeof(kept));
	copy_file(kept, now);
}

int node_start(struct node *n, const struct rig_config *cfg, bool boot)
{
	int chan[2] = { -1, -1 }, stub[2] = { -1, -1 };
	struct args a = { 0 };
	char path[PATH_MAX];
	pid_t self = getpid();
	unsigned int i;

	n->why[0] = 0;
	n->tap = -1;
	snprintf(path, sizeof(path), "%s/%s", cfg->dir, n->spec->name);
	if (mkdir(path, 0777) && errno != EEXIST) {
		node_fail(n, path);
		goto err_dead;
	}
	for (i = 0; i < n->spec->nvdimms; i++)
		if (nvdimm_prepare(n, cfg, i))
			goto err_close;
	if (snapshot_prepare(n, cfg, boot)) {
		node_fail(n, "cannot make a snapshot's files");
		goto err_close;
	}
	n->restored = n->snapshot.step == SNAPSHOT_LOAD;
	console_rotate(n, cfg);
	n->tap = net_tap_open(n->index, cfg->mtu);
	if (n->tap < 0 || (n->link_up && net_tap_link(n->tap, true))) {
		node_fail(n, "cannot connect the node to the network");
		goto err_close;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, chan) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stub)) {
		node_fail(n, "socketpair");
		goto err_close;
	}
	args_machine(&a, n, cfg);
	args_ends(&a, n, cfg, chan[1], stub[1]);
	node_path(cfg, n, "qemu.log", path, sizeof(path));
	n->pid = fork();
	if (n->pid < 0) {
		node_fail(n, "fork");
		goto err_close;
	}
	if (!n->pid)
		qemu_child(&a, n, self, path, chan[1], stub[1]);
	args_free(&a);
	close(chan[1]);
	n->chan = chan[0];
	fcntl(n->chan, F_SETFL, O_NONBLOCK);
	close(stub[1]);
	fcntl(stub[0], F_SETFL, O_NONBLOCK);
	gdb_open(&n->gdb, stub[0]);
	snapshot_started(&n->snapshot);
	n->boots++;
	n->started = now_ms();
	n->state = NODE_BOOTING;
	n->cutting = false;
	n->reached = false;
	n->frozen = false;
	return 0;
err_close:
	args_free(&a);
	snapshot_end(n);
	if (chan[0] >= 0) {
		close(chan[0]);
		close(chan[1]);
	}
	if (stub[0] >= 0) {
		close(stub[0]);
		close(stub[1]);
	}
	if (n->tap >= 0)
		close(n->tap);
	n->tap = -1;
err_dead:
	n->pid = 0;
	n->chan = -1;
	n->state = NODE_DEAD;
	return -1;
}

/* The last line of what QEMU itself said, when it could not even start. */
static void qemu_last_words(const char *path, char *text, size_t size)
{
	char line[512];
	FILE *f = fopen(path, "re");

	*text = 0;
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			snprintf(text, size, "%s", line);
	}
	fclose(f);
}

void node_reaped(struct node *n, int status)
{
	enum node_state before = n->state;
	char words[256], log[PATH_MAX];

	n->pid = 0;
	if (n->chan >= 0)
		close(n->chan);
	n->chan = -1;
	gdb_close(&n->gdb);
	snapshot_end(n);
	close(n->tap);
	n->tap = -1;
	buf_free(&n->in);
	buf_free(&n->out);
	if (n->cutting) {
		n->cutting = false;
		n->state = NODE_OFF;
		return;
	}
	n->state = NODE_DEAD;
	snprintf(log, sizeof(log), "%s/qemu.log", n->spec->name);
	qemu_last_words(log, words, sizeof(words));
	if (WIFSIGNALED(status)) {
		snprintf(n->why, sizeof(n->why), "QEMU was killed by signal %d%s%s",
			 WTERMSIG(status), *words ? ": " : "", words);
	} else if (WEXITSTATUS(status) && before == NODE_BOOTING && *words) {
		snprintf(n->why, sizeof(n->why), "QEMU failed: %s", words);
	} else if (WEXITSTATUS(status)) {
		snprintf(n->why, sizeof(n->why), "its kernel panicked");
	} else if (before == NODE_BOOTING) {
		snprintf(n->why, sizeof(n->why), "it stopped while booting");
	} else {
		n->state = NODE_OFF;
		snprintf(n->why, sizeof(n->why), "it shut itself down");
	}
}
