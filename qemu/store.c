// SPDX-License-Identifier: BSD-3-Clause
/*
 * Snapshots that outlive their rig: a folder with one entry for each node, which
 * the first power-on of a later rig goes on from.
 *
 *   HASH/memory	sparse; QEMU maps it privately, nobody writes to it
 *   HASH/devices	what QEMU wrote about the rest
 *   HASH/medium	what the boot wrote to blank NVDIMMs
 *   HASH/console	what it said
 *   HASH/identity	what was booted, and how the others must look
 *
 * HASH stands for the node as its rig describes it. The files that it is booted
 * from, which a build makes anew, are in the identity only: a snapshot of another
 * image is replaced.
 *
 * An entry is written beside its place and renamed, so it is there whole or not
 * at all, and who goes on from one that is replaced has its files open. After a
 * crash of the host a file may lack what was written last; that is why the
 * identity has sums.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "kfirig.h"

#define FORMAT		1
#define HASH_DIGITS	16
#define ENTRIES_MAX	40
#define UNUSED_MAX	(14 * 24 * 3600)	/* seconds */
#define HALF_MAX	3600			/* what a killed rig has left */
#define FILE_LIMIT	(64u << 20)		/* of all but the memory */

/* The identity goes first, and with it the entry. */
static const char *const names[] = {
	"identity", "memory", "devices", "medium", "console",
};

struct entry {
	struct buf identity;
	struct buf devices;
	struct buf medium;
	struct buf console;
	int memory;
};

/* FNV-1a: to tell damage, not an attack. */
static uint64_t hash(const char *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	while (len--)
		h = (h ^ (unsigned char)*p++) * 0x100000001b3;
	return h;
}

static void describe_file(FILE *f, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		memset(&st, 0, sizeof(st));
	fprintf(f, "file %s %lld %lld.%09ld %llu\n", path, (long long)st.st_size,
		(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(unsigned long long)st.st_ino);
}

static bool file_read(int dir, const char *name, struct buf *b)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	do {
		got = buf_read(b, fd, WIRE_MAX);
	} while (got > 0 && b->len <= FILE_LIMIT);
	close(fd);
	return !got;
}

static bool file_write(int dir, const char *name, const char *data, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0666);
	bool ok = fd >= 0 && write_all(fd, data, len);

	if (fd >= 0 && close(fd))
		ok = false;
	return ok;
}

/* How much of a file is no hole; -1: cannot be told. */
static int64_t data_size(int fd)
{
	off_t to = 0, from;
	int64_t size = 0;

	while ((from = lseek(fd, to, SEEK_DATA)) >= 0) {
		to = lseek(fd, from, SEEK_HOLE);
		if (to < 0)
			return -1;
		size += to - from;
	}
	return errno == ENXIO ? size : -1;
}

static void describe_part(FILE *f, const char *name, const struct buf *b)
{
	fprintf(f, "%s %zu %016llx\n", name, b->len,
		(unsigned long long)hash(buf_head(b), b->len));
}

/* The second half of an identity. Allocated. */
static char *describe_entry(const struct entry *e, uint64_t memory,
			    uint64_t written)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		die("out of memory");
	fprintf(f, "memory %llu %llu\n", (unsigned long long)memory,
		(unsigned long long)written);
	describe_part(f, "devices", &e->devices);
	describe_part(f, "medium", &e->medium);
	describe_part(f, "console", &e->console);
	fclose(f);
	return text;
}

static void entry_free(struct entry *e)
{
	buf_free(&e->identity);
	buf_free(&e->devices);
	buf_free(&e->medium);
	buf_free(&e->console);
	if (e->memory >= 0)
		close(e->memory);
}

static void folder_remove(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t i;

	if (dir < 0)
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	rmdir(path);
}

void store_free(struct snapshot *s)
{
	struct store *st = &s->store;

	store_abandon(s);
	free(st->identity);
	free(st->entry);
	memset(st, 0, sizeof(*st));
}

void store_prepare(struct node *n, const struct rig_config *cfg)
{
	struct store *st = &n->snapshot.store;
	struct utsname host;
	uint64_t node;
	size_t len;
	FILE *f;

	store_free(&n->snapshot);
	f = open_memstream(&st->identity, &len);
	if (!f || uname(&host))
		die("out of memory");
	fprintf(f, "kfirig snapshot %d\n", FORMAT);
	node_describe(n, cfg, f);
	fflush(f);
	node = hash(st->identity, len);
	/* Told before QEMU opens them: what is replaced later is another. */
	describe_file(f, cfg->qemu);
	describe_file(f, cfg->vmlinuz);
	describe_file(f, cfg->image);
	fprintf(f, "host %s\n", host.release);
	fclose(f);
	st->entry = xasprintf("%s/%0*llx", cfg->store, HASH_DIGITS,
			      (unsigned long long)node);
	/* What is on a medium that somebody has used is not for others. */
	st->keeps = medium_is_blank(n, cfg);
}

/* What is wrong with it; NULL: nothing. */
static const char *entry_check(const struct node *n, int dir, struct entry *e)
{
	unsigned long long size, written;
	const char *rest;
	char *wanted;
	struct stat st;
	bool same;

	rest = buf_head(&e->identity) + strlen(n->snapshot.store.identity);
	if (sscanf(rest, "memory %llu %llu\n", &size, &written) != 2)
		return "its identity ends too early";
	e->memory = openat(dir, "memory", O_RDONLY | O_CLOEXEC);
	if (e->memory < 0 || fstat(e->memory, &st))
		return "it has no memory";
	if ((uint64_t)st.st_size != n->spec->mem ||
	    data_size(e->memory) < (int64_t)written)
		return "its memory is not complete";
	if (!file_read(dir, "devices", &e->devices) ||
	    !file_read(dir, "medium", &e->medium) ||
	    !file_read(dir, "console", &e->console))
		return "a file is missing";
	wanted = describe_entry(e, st.st_size, written);
	same = !strcmp(wanted, rest);
	free(wanted);
	return same ? NULL : "a sum is wrong";
}

/* True: the node has it. */
static bool entry_use(struct node *n, const struct rig_config *cfg,
		      struct entry *e)
{
	struct snapshot *s = &n->snapshot;
	char console[PATH_MAX], *heads;

	switch (medium_fill(n, cfg, &e->medium)) {
	case MEDIUM_FILLED:
		break;
	case MEDIUM_OTHER:
		node_note(n, "booted, not restored: its namespaces are others than those of the snapshot");
		return false;
	case MEDIUM_FAILED:
		node_note(n, "booted, not restored: cannot write to the files of its NVDIMMs: %s",
			  strerror(errno));
		return false;
	}
	heads = medium_heads(n, cfg);
	node_path(cfg, n, "console.boot", console, sizeof(console));
	if (!heads || !file_write(AT_FDCWD, console, buf_head(&e->console),
				  e->console.len)) {
		node_note(n, "booted, not restored: cannot use the rig's folder: %s",
			  strerror(errno));
		free(heads);
		return false;
	}
	s->medium = heads;
	s->memory = e->memory;
	e->memory = -1;
	s->devices = e->devices;
	memset(&e->devices, 0, sizeof(e->devices));
	return true;
}

void store_load(struct node *n, const struct rig_config *cfg)
{
	struct store *st = &n->snapshot.store;
	struct entry e = { .memory = -1 };
	const char *wrong;
	int dir;

	/* The folder as it is now, whatever takes its place. */
	dir = open(st->entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	if (!file_read(dir, "identity", &e.identity)) {
		wrong = "it has no identity";
	} else {
		buf_add(&e.identity, "", 1);
		if (strncmp(buf_head(&e.identity), st->identity,
			    strlen(st->identity))) {
			fprintf(stderr, "node %s: the snapshot in %s is of another image, kernel, QEMU or host\n",
				n->spec->name, st->entry);
			goto out;
		}
		wrong = entry_check(n, dir, &e);
	}
	if (wrong) {
		node_note(n, "booted, not restored: the snapshot in %s is damaged: %s",
			  st->entry, wrong);
		goto out;
	}
	if (!entry_use(n, cfg, &e))
		goto out;
	n->snapshot.saved = true;
	st->kept = true;
	/* Those that nobody uses are removed some day. */
	utimensat(dir, names[0], NULL, 0);
out:
	entry_free(&e);
	close(dir);
}

int store_begin(struct node *n, const struct rig_config *cfg)
{
	struct store *st = &n->snapshot.store;
	int dir, fd = -1;

	if (!st->keeps)
		return -1;
	st->writes = xasprintf("%s/new.XXXXXX", cfg->store);
	if (mkdtemp(st->writes)) {
		dir = open(st->writes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = openat(dir, "memory", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			    0444);
		if (dir >= 0)
			close(dir);
	}
	if (fd >= 0 && !ftruncate(fd, n->spec->mem))
		return fd;
	node_note(n, "its snapshot is not kept in %s: %s", cfg->store,
		  strerror(errno));
	if (fd >= 0)
		close(fd);
	store_abandon(&n->snapshot);
	return -1;
}

bool store_writes(const struct snapshot *s)
{
	return s->store.writes;
}

void store_abandon(struct snapshot *s)
{
	struct store *st = &s->store;

	if (!st->writes)
		return;
	folder_remove(st->writes);
	free(st->writes);
	st->writes = NULL;
}

void store_remove(struct snapshot *s)
{
	if (s->store.kept)
		folder_remove(s->store.entry);
	s->store.kept = false;
}

/* Seconds since a folder of the store was used; -1: it is none of the store's. */
static int64_t folder_age(int store, const char *name, bool *half)
{
	char identity[NAME_MAX + 16];
	struct stat st;

	*half = !strncmp(name, "new.", 4) || !strncmp(name, "old.", 4);
	if (!*half && (strlen(name) != HASH_DIGITS ||
		       strspn(name, "0123456789abcdef") != HASH_DIGITS))
		return -1;
	snprintf(identity, sizeof(identity), "%s/%s", name, names[0]);
	if ((*half || fstatat(store, identity, &st, 0)) &&
	    fstatat(store, name, &st, 0))
		return -1;
	return st.st_mtime < time(NULL) ? time(NULL) - st.st_mtime : 0;
}

/*
 * Remove what was not used for long, and say how many entries are left and which
 * of them was used least. Allocated.
 */
static unsigned int sweep(const char *store, char **oldest)
{
	DIR *dir = opendir(store);
	int64_t age, most = -1;
	unsigned int count = 0;
	struct dirent *e;
	char *path;
	bool half;

	*oldest = NULL;
	while (dir && (e = readdir(dir))) {
		age = folder_age(dirfd(dir), e->d_name, &half);
		if (age < 0)
			continue;
		path = xasprintf("%s/%s", store, e->d_name);
		if (age > (half ? HALF_MAX : UNUSED_MAX)) {
			folder_remove(path);
		} else if (!half) {
			count++;
			if (age > most) {
				most = age;
				free(*oldest);
				*oldest = path;
				continue;
			}
		}
		free(path);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void store_bound(const char *store)
{
	unsigned int count, turns = 0;
	char *oldest;

	do {
		count = sweep(store, &oldest);
		if (oldest && count > ENTRIES_MAX)
			folder_remove(oldest);
		free(oldest);
		/* One that cannot be removed is found again. */
	} while (count > ENTRIES_MAX && ++turns < ENTRIES_MAX);
}

/* To its place, and what was there away. */
static bool entry_publish(struct store *st)
{
	char *old = xasprintf("%s", st->writes);
	int error;

	memcpy(strrchr(old, '/') + 1, "old", 3);
	rename(st->entry, old);
	st->kept = !rename(st->writes, st->entry);
	error = errno;
	folder_remove(old);
	free(old);
	/* Another rig was quicker, and its entry is as good. */
	if (!st->kept && (error == ENOTEMPTY || error == EEXIST))
		folder_remove(st->writes);
	else if (!st->kept)
		return false;
	free(st->writes);
	st->writes = NULL;
	return true;
}

static bool entry_write(struct node *n, const struct rig_config *cfg, int dir)
{
	struct snapshot *s = &n->snapshot;
	struct entry e = { .devices = s->devices, .memory = -1 };
	char console[PATH_MAX], *text = NULL, *rest;
	int memory;
	bool ok;

	node_path(cfg, n, "console.boot", console, sizeof(console));
	ok = medium_collect(n, cfg, &e.medium) &&
		file_read(AT_FDCWD, console, &e.console);
	if (ok) {
		rest = describe_entry(&e, n->spec->mem, s->written);
		text = xasprintf("%s%s", s->store.identity, rest);
		free(rest);
		ok = file_write(dir, "devices", buf_head(&e.devices),
				e.devices.len) &&
			file_write(dir, "medium", buf_head(&e.medium),
				   e.medium.len) &&
			file_write(dir, "console", buf_head(&e.console),
				   e.console.len) &&
			file_write(dir, "identity", text, strlen(text));
	}
	/* From here on nobody writes to it. */
	memory = ok ? openat(dir, "memory", O_RDONLY | O_CLOEXEC) : -1;
	if (memory >= 0) {
		close(s->memory);
		s->memory = memory;
	}
	free(text);
	/* The devices are the snapshot's. */
	memset(&e.devices, 0, sizeof(e.devices));
	entry_free(&e);
	return memory >= 0;
}

void store_commit(struct node *n, const struct rig_config *cfg)
{
	struct store *st = &n->snapshot.store;
	int dir;

	if (!st->writes)
		return;
	dir = open(st->writes, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || !entry_write(n, cfg, dir) || !entry_publish(st)) {
		/* The memory is removed too, but it is open. */
		node_note(n, "its snapshot is not kept in %s: %s", cfg->store,
			  strerror(errno));
		store_abandon(&n->snapshot);
	} else {
		store_bound(cfg->store);
	}
	if (dir >= 0)
		close(dir);
}
