// SPDX-License-Identifier: BSD-3-Clause
/*
 * Where the parts of a space are kept: a file for each PE below $SHMEM_PMEM_DIR
 * or, where <dir>/<name> is a device node, the region of this node with the
 * parts of its PEs one behind the other.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pspace.h"

/* The same in all PEs and runs where nobody else has it: a help, no more. */
#define SPACE_AT 0x340000000000UL

/* Which of its machine's parts a PE's is. */
static int part_index(int pe)
{
	return shi_node_index(&shi.job->node[shi_node_of(pe)], pe);
}

bool shi_near(int pe)
{
	return shi_node_of(pe) == (int)shi.job->node_me;
}

static const char *directory(char *path, size_t room)
{
	const char *dir = shi_getenv("PMEM_DIR"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (dir && *dir)
		snprintf(path, room, "%s", dir);
	else if (data && *data == '/')
		snprintf(path, room, "%s/kfabric-pmem/spaces", data);
	else if (home && *home == '/')
		snprintf(path, room, "%s/.local/share/kfabric-pmem/spaces", home);
	else
		return NULL;
	return path;
}

/* With all directories above it */
static int make_directory(const char *dir)
{
	char path[PATH_MAX], *slash;

	snprintf(path, sizeof(path), "%s", dir);
	for (slash = path; (slash = strchr(slash + 1, '/')); *slash = '/') {
		*slash = 0;
		if (mkdir(path, 0777) && errno != EEXIST && errno != EROFS && errno != EACCES)
			break;
	}
	if ((mkdir(path, 0777) && errno != EEXIST) || access(path, W_OK))
		return shi_fail(errno, "%s: no directory for spaces: %s; "
				"SHMEM_PMEM_DIR may name another", dir, strerror(errno));
	return 0;
}

const char *shi_backing_path(char *path, size_t room, const char *name, int pe)
{
	size_t len;

	if (!directory(path, room - 128)) {
		shi_fail(ENOENT, "neither SHMEM_PMEM_DIR nor HOME says where spaces are");
		return NULL;
	}
	len = strlen(path);
	snprintf(path + len, room - len, "/%s", name);
	if (shi_backing_is_node(path))
		return path;
	snprintf(path + len, room - len, "/%s.%d.pspace", name, pe);
	return path;
}

bool shi_backing_is_node(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISCHR(st.st_mode);
}

const uint8_t *shi_boot_id(void)
{
	static uint8_t id[16];
	char text[64] = "";
	unsigned int i, n = 0;
	int fd;

	if (id[0])
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = 0;
		close(fd);
	}
	for (i = 0; text[i] && n < sizeof(id); i++)
		if (text[i] != '-' && sscanf(&text[i], "%2hhx", &id[n]) == 1) {
			n++;
			i++;
		}
	/* A random one may begin with it, and zero means none. */
	id[0] |= 1;
	return id;
}

/* -ENOENT without O_CREAT; the file may be of any size still. */
int shi_backing_open(const char *name, int pe, int flags, struct shi_part *part)
{
	char path[PATH_MAX], dir[PATH_MAX];
	int rc;

	part->fd = -1;
	if (!shi_backing_path(path, sizeof(path), name, pe))
		return -ENOENT;
	if (shi_backing_is_node(path)) {
		flags &= ~O_CREAT;
	} else if (flags & O_CREAT) {
		rc = make_directory(directory(dir, sizeof(dir)));
		if (rc)
			return rc;
	}
	part->fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (part->fd < 0)
		return shi_fail(errno, "%s: %s", path, strerror(errno));
	return 0;
}

/*
 * The part of a PE of another machine: <dir>/<name>.<machine> is that machine's
 * region, attached here under this name.
 */
int shi_backing_open_far(const char *name, int pe, struct shi_part *part)
{
	char path[PATH_MAX];
	size_t len;

	if (!shi_backing_path(path, sizeof(path), name, shi.me))
		return -ENOENT;
	if (!shi_backing_is_node(path))
		return shi_fail(EOPNOTSUPP, "%s: with PEs on several machines a space is in regions: make "
				"one with the space's name on each, and set SHMEM_PMEM_DIR=/dev/kfi", path);
	len = strlen(path);
	snprintf(path + len, sizeof(path) - len, ".%d", shi_node_of(pe));
	part->fd = open(path, O_RDWR | O_CLOEXEC);
	if (part->fd < 0)
		return shi_fail(errno, "%s: %s: is the region of machine %d attached under this name?",
				path, strerror(errno), shi_node_of(pe));
	return shi_flush_init(path, part->fd, true, NULL, &part->durability);
}

/* Gone with the process. The superblocks, as a node holds several parts; or all. */
int shi_backing_lock(const char *name, int pe, struct shi_part *part, bool all, bool wait)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = part->at,
			      .l_len = all ? 0 : 2 * PM_PAGE };

	while (fcntl(part->fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock)) {
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == EACCES)
			return shi_fail(EBUSY, "space %s is open in another job (part %d); "
					"SHMEMX_PSPACE_WAIT waits for its end", name, pe);
		return shi_fail(errno, "space %s: part %d cannot be locked: %s", name, pe,
				strerror(errno));
	}
	return 0;
}

/* The superblocks' pages; zeros where there is nothing yet. */
int shi_backing_head(const struct shi_part *part, void *head)
{
	ssize_t n;

	memset(head, 0, 2 * PM_PAGE);
	n = pread(part->fd, head, 2 * PM_PAGE, part->at);
	return n < 0 ? -errno : 0;
}

/* Room for the part, and if it is a file of ours, nothing in it. */
int shi_backing_make(const char *name, int pe, size_t size, struct shi_part *part)
{
	char path[PATH_MAX];
	off_t room;
	int rc;

	if (!shi_backing_path(path, sizeof(path), name, pe))
		return -ENOENT;
	if (!shi_backing_is_node(path)) {
		if (ftruncate(part->fd, 0))
			return shi_fail(errno, "%s: %s", path, strerror(errno));
		/* All of it now: later it would be a SIGBUS. */
		rc = posix_fallocate(part->fd, 0, size);
		if (!rc)
			return 0;
		if (ftruncate(part->fd, 0))
			rc = errno;
		return shi_fail(rc, "%s: no room for a part of %zu bytes: %s", path, size,
				strerror(rc));
	}
	room = lseek(part->fd, 0, SEEK_END);
	if (room < 0 || (size_t)room < part->at + size)
		return shi_fail(ENOSPC, "%s: the region has %ld bytes, and the parts of %d PEs take "
				"%zu", path, (long)room, shi_shared.set.size,
				size * shi_shared.set.size);
	return 0;
}

/* Where in its file or node a part begins */
off_t shi_backing_at(const char *name, int pe, const struct pm_super *super)
{
	char path[PATH_MAX];

	if (!shi_backing_path(path, sizeof(path), name, pe) || !shi_backing_is_node(path))
		return 0;
	return part_index(pe) * (off_t)super->part_size;
}

/* A part that could not be made leaves no file. */
void shi_backing_discard(const char *name, int pe, struct shi_part *part)
{
	char path[PATH_MAX];

	if (part->fd >= 0 && shi_backing_path(path, sizeof(path), name, pe) &&
	    !shi_backing_is_node(path))
		unlink(path);
}

/* Removed by another, while this one waited for its lock */
bool shi_backing_gone(const struct shi_part *part)
{
	struct stat st;

	return !fstat(part->fd, &st) && !st.st_nlink;
}

static void *map_at(void *hint, size_t len, int fd, off_t at, bool *sync)
{
	int prot = PROT_READ | PROT_WRITE;
	int fixed = hint ? MAP_FIXED_NOREPLACE : 0;
	void *p;

	p = mmap(hint, len, prot, MAP_SHARED_VALIDATE | MAP_SYNC | fixed, fd, at);
	*sync = p != MAP_FAILED;
	if (!*sync)
		p = mmap(hint, len, prot, MAP_SHARED | fixed, fd, at);
	return p;
}

/* The own part whole, of others the working image. */
int shi_backing_map(const char *name, int pe, struct shi_part *part, const struct pm_super *super)
{
	static uintptr_t hint = SPACE_AT;
	bool own = pe == shi.me, sync;
	size_t len = own ? super->part_size : super->committed_at - super->work_at;
	off_t at = part->at + (own ? 0 : super->work_at);
	char path[PATH_MAX];
	struct stat st;
	char *p;

	if (!shi_backing_path(path, sizeof(path), name, pe))
		return -ENOENT;
	if (!shi_backing_is_node(path) &&
	    (fstat(part->fd, &st) || (size_t)st.st_size < super->part_size))
		return shi_damaged(name, pe, "is shorter than its superblock says, %lu bytes (%s)",
				   (unsigned long)super->part_size, path);
	p = map_at(own ? (void *)hint : NULL, len, part->fd, at, &sync);
	if (p == MAP_FAILED)
		p = map_at(NULL, len, part->fd, at, &sync);
	if (p == MAP_FAILED)
		return shi_fail(errno, "%s: cannot be mapped: %s", path, strerror(errno));
	if (own)
		hint += pm_up(len, 1UL << 30);
	part->part = own ? p : NULL;
	part->work_at = super->work_at;
	part->work = own ? p + super->work_at : p;
	return shi_flush_init(path, part->fd, shi_backing_is_node(path), sync ? p : NULL,
			      &part->durability);
}

void shi_backing_unmap(struct shi_part *part, const struct pm_super *super)
{
	if (part->part)
		munmap(part->part, super->part_size);
	else if (part->work)
		munmap(part->work, super->committed_at - super->work_at);
	if (part->fd >= 0)
		close(part->fd);
	part->part = part->work = NULL;
	part->fd = -1;
}

static int wipe_node(const char *name, const char *path)
{
	static const char zero[2 * PM_PAGE];
	struct shi_part part = { 0 };
	char head[2 * PM_PAGE];
	struct pm_super super;
	const char *why;
	uint32_t i;
	int rc;

	rc = shi_backing_open(name, 0, 0, &part);
	if (rc)
		return rc;
	rc = shi_backing_lock(name, 0, &part, true, false);
	if (!rc && (shi_backing_head(&part, head) ||
		    pm_super_read(head, &super, &why) != PM_VALID))
		rc = shi_fail(ENOENT, "%s: there is no space in this region", path);
	for (i = 0; !rc && i < super.npes; i++)
		if (pwrite(part.fd, zero, sizeof(zero), i * super.part_size) !=
		    (ssize_t)sizeof(zero) && i < (uint32_t)shi_shared.set.size)
			rc = shi_fail(errno, "%s: %s", path, strerror(errno));
	if (!rc && fsync(part.fd))
		rc = shi_fail(errno, "%s: %s", path, strerror(errno));
	close(part.fd);
	return rc;
}

/* The number of the PE whose part a file is, or -1. */
static int part_number(const char *file, const char *name)
{
	size_t len = strlen(name);
	int pe, end = -1;

	if (strncmp(file, name, len) || file[len] != '.')
		return -1;
	if (sscanf(file + len + 1, "%d.pspace%n", &pe, &end) != 1 || end < 0 ||
	    file[len + 1 + end])
		return -1;
	return pe;
}

/* All parts of this machine, also those that a damaged superblock does not know. */
int shi_backing_remove(const char *name)
{
	struct shi_part part = { 0 };
	char path[PATH_MAX], dir[PATH_MAX];
	struct dirent *entry;
	int rc = 0, found = 0;
	DIR *list;

	if (!shi_backing_path(path, sizeof(path), name, 0))
		return -ENOENT;
	if (shi_backing_is_node(path))
		return wipe_node(name, path);
	if (!shi_backing_open(name, 0, 0, &part)) {
		rc = shi_backing_lock(name, 0, &part, true, false);
		/* The first one first: without it there is no space. */
		if (!rc && !unlink(path))
			found++;
		close(part.fd);
	}
	list = rc ? NULL : opendir(directory(dir, sizeof(dir)));
	while (list && (entry = readdir(list)))
		if (part_number(entry->d_name, name) >= 0) {
			if (unlinkat(dirfd(list), entry->d_name, 0))
				rc = shi_fail(errno, "%s/%s: %s", dir, entry->d_name, strerror(errno));
			else
				found++;
		}
	if (list)
		closedir(list);
	if (!rc && !found)
		rc = shi_fail(ENOENT, "there is no space '%s' in %s", name, directory(dir, sizeof(dir)));
	return rc;
}
