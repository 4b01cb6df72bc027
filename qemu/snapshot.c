// SPDX-License-Identifier: BSD-3-Clause
/*
 * A power-on within a second: the state of a node is saved when its first boot
 * has done what every boot does, and a later power-on goes on from there.
 *
 * The memory of a node that is to be saved is a file in memory, which QEMU maps
 * and does not save: when the state of the devices is written, and the node
 * stands still, the supervisor copies that file. A restored node maps the copy
 * privately, so that it is there at once and is never written. The NVDIMMs are
 * not saved either: a restored node finds them as they are now. In a rig with a
 * store (store.c) the copy is a file there, and the first power-on may find one.
 *
 *   first boot   agent: STANDBY; save, copy; START to the agent, continue
 *   power-on     load; START to the agent, continue
 *
 * START brings what a restored node must not have from the snapshot, the time
 * and the state of its random numbers. Only then does the agent serve commands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kfirig.h"

#define PAGE		4096u
#define COPY_AT_ONCE	(16u << 20)	/* between two looks at everything else */
#define DEVICES_MAX	(64u << 20)
#define RESTORE_MS	20000

static const char set_capabilities[] =
	"{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":["
	"{\"capability\":\"x-ignore-shared\",\"state\":true},"
	"{\"capability\":\"events\",\"state\":true}]}}";

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void snapshot_init(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	s->memory = -1;
	s->live = -1;
	s->stream = -1;
	s->theirs[0] = -1;
	s->theirs[1] = -1;
	s->qmp.fd = -1;
	s->deadline = -1;
}

static void snapshot_drop(struct snapshot *s)
{
	s->saved = false;
	close_fd(&s->memory);
	buf_free(&s->devices);
	free(s->medium);
	s->medium = NULL;
}

static void stream_close(struct snapshot *s)
{
	close_fd(&s->stream);
	close_fd(&s->theirs[1]);
}

static void copy_end(struct node *n)
{
	struct snapshot *s = &n->snapshot;

	if (s->view)
		munmap(s->view, n->spec->mem);
	s->view = NULL;
	close_fd(&s->live);
}

void snapshot_started(struct snapshot *s)
{
	close_fd(&s->theirs[0]);
	close_fd(&s->theirs[1]);
}

void snapshot_end(struct node *n)
{
	struct snapshot *s = &n->snapshot;

	qmp_close(&s->qmp);
	snapshot_started(s);
	stream_close(s);
	copy_end(n);
	store_abandon(s);
	if (!s->saved)
		snapshot_drop(s);
	s->step = SNAPSHOT_NONE;
	s->deadline = -1;
}

void snapshot_free(struct node *n)
{
	snapshot_end(n);
	snapshot_drop(&n->snapshot);
	store_free(&n->snapshot);
}

int snapshot_prepare(struct node *n, const struct rig_config *cfg, bool boot)
{
	struct snapshot *s = &n->snapshot;
	char load[96];
	int pair[2];

	snapshot_end(n);
	if (!cfg->fast_boot || s->refused)
		return 0;
	if (n->spec->nvdimms && n->spec->domain == DOMAIN_VIRTIO) {
		s->refused = true;
		node_note(n, "it has no snapshot: QEMU does not save the state of virtio-pmem");
		return 0;
	}
	if (s->saved && !boot && !medium_has_heads(n, cfg, s->medium)) {
		node_note(n, "booted, not restored: its namespaces are others than those of the snapshot");
		snapshot_drop(s);
	}
	if (cfg->store && !s->saved) {
		store_prepare(n, cfg);
		if (!n->boots)
			store_load(n, cfg);
	}
	if (s->saved && boot)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	s->theirs[0] = pair[1];
	qmp_open(&s->qmp, pair[0]);
	qmp_command(&s->qmp, set_capabilities);
	s->migrated = false;
	s->ended = false;
	if (!s->saved) {
		s->step = SNAPSHOT_BOOT;
		s->live = memfd_create("kfirig-live", MFD_CLOEXEC);
		return s->live < 0 || ftruncate(s->live, n->spec->mem) ? -1 : 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -1;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	s->stream = pair[0];
	s->theirs[1] = pair[1];
	s->sent = 0;
	s->step = SNAPSHOT_LOAD;
	s->deadline = now_ms() + (int64_t)(RESTORE_MS * patience());
	/* A number is a descriptor that QEMU has inherited. */
	snprintf(load, sizeof(load),
		 "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:%d\"}}",
		 pair[1]);
	qmp_command(&s->qmp, load);
	return 0;
}

/* The node is to go on, with a snapshot of it or without one. */
static enum snapshot_event save_failed(struct node *n, const char *why)
{
	struct snapshot *s = &n->snapshot;

	node_note(n, "it has no snapshot: %s", why);
	s->refused = true;
	stream_close(s);
	copy_end(n);
	store_abandon(s);
	s->step = SNAPSHOT_START;
	return SNAPSHOT_GO;
}

enum snapshot_event snapshot_standby(struct node *n,
				     const struct rig_config *cfg)
{
	struct snapshot *s = &n->snapshot;
	char console[PATH_MAX];
	int pair[2];
	bool given;

	/* That was said already. */
	if (s->step != SNAPSHOT_BOOT)
		return SNAPSHOT_GO;
	/* Every node that came from it would repeat it. */
	node_console(cfg, n->spec->name, console, sizeof(console));
	if (console_complains(console))
		return save_failed(n, "its kernel complains, see its console");
	s->medium = medium_heads(n, cfg);
	if (!s->medium)
		return save_failed(n, "cannot read the files of its NVDIMMs");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return save_failed(n, strerror(errno));
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	s->stream = pair[0];
	s->began = now_ms();
	qmp_command(&s->qmp, "{\"execute\":\"stop\"}");
	given = qmp_give_fd(&s->qmp, "snapshot", pair[1]);
	close(pair[1]);
	if (!given)
		return save_failed(n, "QEMU's monitor does not read");
	qmp_command(&s->qmp, "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:snapshot\"}}");
	s->step = SNAPSHOT_SAVE;
	return SNAPSHOT_NOTHING;
}

void snapshot_run(struct snapshot *s)
{
	qmp_command(&s->qmp, "{\"execute\":\"cont\"}");
}

/* Pages of zeros stay holes: a kernel clears more memory than it uses. */
static bool copy_pages(struct snapshot *s, uint64_t from, uint64_t to)
{
	uint64_t run, at = from;
	ssize_t put;

	while (at < to) {
		if (is_zero(s->view + at, PAGE)) {
			at += PAGE;
			continue;
		}
		for (run = PAGE; at + run < to; run += PAGE)
			if (is_zero(s->view + at + run, PAGE))
				break;
		put = pwrite(s->memory, s->view + at, run, at);
		if (put >= 0 && (uint64_t)put < run)
			errno = ENOSPC;
		if (put != (ssize_t)run)
			return false;
		s->written += run;
		at += run;
	}
	return true;
}

/* The memory in a file of the host's memory. */
static bool copy_begin(struct node *n)
{
	struct snapshot *s = &n->snapshot;

	close_fd(&s->memory);
	s->copied = 0;
	s->written = 0;
	s->memory = memfd_create("kfirig-snapshot",
				 MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return s->memory >= 0 && !ftruncate(s->memory, n->spec->mem);
}

/* In a file of the store, if it is to be kept there. */
static bool copy_begin_kept(struct node *n, const struct rig_config *cfg)
{
	struct snapshot *s = &n->snapshot;

	s->view = mmap(NULL, n->spec->mem, PROT_READ, MAP_SHARED, s->live, 0);
	if (s->view == MAP_FAILED) {
		s->view = NULL;
		return false;
	}
	s->copied = 0;
	s->written = 0;
	s->memory = store_begin(n, cfg);
	return s->memory >= 0 || copy_begin(n);
}

/* A store without room for it is none; a node has its snapshot all the same. */
static bool copy_again(struct node *n)
{
	struct snapshot *s = &n->snapshot;

	if (!store_writes(s))
		return false;
	node_note(n, "its snapshot is not kept: %s", strerror(errno));
	store_abandon(s);
	return copy_begin(n);
}

/* The next piece of the memory. */
static bool copy_piece(struct node *n)
{
	struct snapshot *s = &n->snapshot;
	uint64_t left = COPY_AT_ONCE;
	off_t from, to;

	while (left && s->copied < n->spec->mem) {
		from = lseek(s->live, s->copied, SEEK_DATA);
		if (from < 0 && errno == ENXIO) {
			s->copied = n->spec->mem;
			break;
		}
		to = from < 0 ? -1 : lseek(s->live, from, SEEK_HOLE);
		if (to < 0)
			return false;
		if ((uint64_t)(to - from) > left)
			to = from + left;
		if (!copy_pages(s, from, to))
			return false;
		left -= to - from;
		s->copied = to;
	}
	return true;
}

static uint64_t memory_size(const struct snapshot *s)
{
	struct stat st;

	return fstat(s->memory, &st) ? 0 : st.st_blocks * 512ull;
}

static enum snapshot_event work_save(struct node *n,
				     const struct rig_config *cfg)
{
	struct snapshot *s = &n->snapshot;
	ssize_t got = 1;

	while (s->step == SNAPSHOT_SAVE && !s->ended) {
		got = buf_read(&s->devices, s->stream, WIRE_MAX);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (s->devices.len > DEVICES_MAX)
			return save_failed(n, "the state of its devices is too big");
		s->ended = got <= 0;
	}
	if (s->step == SNAPSHOT_SAVE && s->ended && s->migrated) {
		stream_close(s);
		if (!copy_begin_kept(n, cfg))
			return save_failed(n, strerror(errno));
		s->step = SNAPSHOT_COPY;
	}
	if (s->step != SNAPSHOT_COPY)
		return SNAPSHOT_NOTHING;
	if (!copy_piece(n) && !copy_again(n))
		return save_failed(n, strerror(errno));
	if (s->copied < n->spec->mem)
		return SNAPSHOT_NOTHING;
	copy_end(n);
	/* From here on nobody can write to it. */
	if (!store_writes(s) &&
	    fcntl(s->memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
		return save_failed(n, strerror(errno));
	if (!node_console_keep(n, cfg))
		return save_failed(n, strerror(errno));
	store_commit(n, cfg);
	s->saved = true;
	s->step = SNAPSHOT_START;
	fprintf(stderr, "node %s: saved in %lld ms: %llu MiB of memory, %zu KiB of devices\n",
		n->spec->name, (long long)(now_ms() - s->began),
		(unsigned long long)memory_size(s) >> 20, s->devices.len >> 10);
	return SNAPSHOT_GO;
}

static enum snapshot_event work_load(struct snapshot *s)
{
	ssize_t put;

	while (s->stream >= 0) {
		if (s->sent == s->devices.len) {
			stream_close(s);
			break;
		}
		put = write(s->stream, buf_head(&s->devices) + s->sent,
			    s->devices.len - s->sent);
		/* QEMU says on its monitor what it does not like. */
		if (put < 0 && errno != EAGAIN && errno != EINTR)
			stream_close(s);
		if (put < 0)
			break;
		s->sent += put;
	}
	if (!s->migrated)
		return SNAPSHOT_NOTHING;
	s->step = SNAPSHOT_START;
	return SNAPSHOT_GO;
}

/* The node cannot go on from its snapshot; another boot does it instead. */
static enum snapshot_event restore_failed(struct node *n, const char *why)
{
	struct snapshot *s = &n->snapshot;

	node_note(n, "booted, not restored: %s", why);
	store_remove(s);
	snapshot_drop(s);
	s->refused = true;
	s->deadline = -1;
	/* Commands wait on, for the boot. */
	s->step = SNAPSHOT_START;
	return SNAPSHOT_FAILED;
}

void snapshot_lost(struct node *n, const char *why)
{
	restore_failed(n, why);
}

static enum snapshot_event qmp_failed(struct node *n)
{
	struct snapshot *s = &n->snapshot;

	switch (s->step) {
	case SNAPSHOT_BOOT:
		node_note(n, "it has no snapshot: %s", s->qmp.error);
		s->refused = true;
		s->step = SNAPSHOT_START;
		return SNAPSHOT_NOTHING;
	case SNAPSHOT_SAVE:
		return save_failed(n, s->qmp.error);
	case SNAPSHOT_LOAD:
		return restore_failed(n, s->qmp.error);
	case SNAPSHOT_START:
		if (snapshot_restores(s))
			return restore_failed(n, s->qmp.error);
		/* Of a save that failed more than one command may fail. */
		if (s->qmp.pending)
			return SNAPSHOT_NOTHING;
		snprintf(n->why, sizeof(n->why), "QEMU does not let it run: %s",
			 s->qmp.error);
		return SNAPSHOT_FAILED;
	default:
		return SNAPSHOT_NOTHING;
	}
}

enum snapshot_event snapshot_work(struct node *n, const struct rig_config *cfg,
				  const struct pollfd fds[2])
{
	struct snapshot *s = &n->snapshot;
	enum snapshot_event event;

	if (s->step == SNAPSHOT_NONE)
		return SNAPSHOT_NOTHING;
	if (s->qmp.fd >= 0 && fds[0].revents & POLLOUT)
		buf_write(&s->qmp.out, s->qmp.fd);
	if (s->qmp.fd >= 0 && fds[0].revents & (POLLIN | POLLHUP | POLLERR))
		qmp_fill(&s->qmp);
	for (;;) {
		switch (qmp_next(&s->qmp)) {
		case QMP_FAILED:
			event = qmp_failed(n);
			if (event != SNAPSHOT_NOTHING)
				return event;
			continue;
		case QMP_MIGRATED:
			s->migrated = true;
			continue;
		case QMP_DONE:
			continue;
		case QMP_NOTHING:
			break;
		}
		break;
	}
	if (snapshot_restores(s) && now_ms() >= s->deadline)
		return restore_failed(n, "its agent did not answer in time");
	switch (s->step) {
	case SNAPSHOT_SAVE:
	case SNAPSHOT_COPY:
		return work_save(n, cfg);
	case SNAPSHOT_LOAD:
		return work_load(s);
	default:
		return SNAPSHOT_NOTHING;
	}
}

void snapshot_poll(const struct snapshot *s, struct pollfd fds[2])
{
	fds[0] = (struct pollfd){
		.fd = s->step == SNAPSHOT_NONE ? -1 : s->qmp.fd,
		.events = POLLIN | (s->qmp.out.len ? POLLOUT : 0),
	};
	fds[1] = (struct pollfd){
		.fd = s->step == SNAPSHOT_NONE || s->ended ? -1 : s->stream,
		.events = s->step == SNAPSHOT_LOAD ? POLLOUT : POLLIN,
	};
}

int64_t snapshot_timeout(const struct snapshot *s)
{
	int64_t left = s->deadline - now_ms();

	if (s->step == SNAPSHOT_COPY)
		return 0;
	if (s->step == SNAPSHOT_NONE || !snapshot_restores(s))
		return -1;
	return left > 0 ? left : 0;
}
