// SPDX-License-Identifier: BSD-3-Clause
/* Small helpers that every part of the tool uses. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kfirig.h"

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("kfirig: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_RIG);
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		die("out of memory");
	va_end(args);
	return text;
}

void *xrealloc(void *p, size_t count, size_t size)
{
	p = reallocarray(p, count, size);
	if (!p)
		die("out of memory");
	return p;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* How many times as long as said limits of time are: a debugging kernel is slow. */
double patience(void)
{
	const char *text = getenv("KFIRIG_PATIENCE");
	double times;
	char *end;

	if (!text || !*text)
		return 1;
	times = strtod(text, &end);
	if (*end || !(times >= 1) || times > 1000)
		die("KFIRIG_PATIENCE=%s is not a number from 1 to 1000", text);
	return times;
}

void cache_path(char *path, size_t size, const char *name)
{
	const char *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	int n;

	if (cache && *cache)
		n = snprintf(path, size, "%s/kfabric-pmem/%s", cache, name);
	else if (home && *home)
		n = snprintf(path, size, "%s/.cache/kfabric-pmem/%s", home, name);
	else
		die("no cache folder: set HOME or XDG_CACHE_HOME");
	if ((size_t)n >= size)
		die("the path of the cache folder is too long");
}

void make_dirs(const char *path)
{
	char copy[PATH_MAX];
	char *p;

	if (strlen(path) >= sizeof(copy))
		die("%s: the path is too long", path);
	strcpy(copy, path);
	for (p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0777) && errno != EEXIST)
			die("cannot create %s: %s", copy, strerror(errno));
		*p = '/';
	}
	if (mkdir(copy, 0777) && errno != EEXIST)
		die("cannot create %s: %s", copy, strerror(errno));
}

bool is_zero(const char *p, size_t len)
{
	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

char *find_qemu(void)
{
	const char *chosen = getenv("KFIRIG_QEMU");
	char *path = strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin");
	char *dir, *save, *full;

	if (!path)
		die("out of memory");
	if (!chosen || !*chosen)
		chosen = "qemu-system-x86_64";
	if (strchr(chosen, '/')) {
		free(path);
		if (access(chosen, X_OK))
			die("cannot run %s: %s", chosen, strerror(errno));
		return xasprintf("%s", chosen);
	}
	for (dir = strtok_r(path, ":", &save); dir;
	     dir = strtok_r(NULL, ":", &save)) {
		full = xasprintf("%s/%s", dir, chosen);
		if (!access(full, X_OK)) {
			free(path);
			return full;
		}
		free(full);
	}
	die("%s is not in PATH: install the package qemu-system-x86, or set KFIRIG_QEMU",
	    chosen);
}

/* The newest kernel that has both its image and its modules. */
void newest_kernel(char *version, size_t size)
{
	DIR *dir = opendir("/boot");
	struct dirent *e;
	char path[PATH_MAX];

	*version = 0;
	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, "vmlinuz-", 8))
			continue;
		snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep",
			 e->d_name + 8);
		if (!access(path, R_OK) &&
		    strverscmp(e->d_name + 8, version) > 0)
			snprintf(version, size, "%s", e->d_name + 8);
	}
	if (dir)
		closedir(dir);
	if (!*version)
		die("no kernel with modules in /boot: install linux-image-6.12-amd64 (Debian 12) or linux-image-amd64 (Debian 13)");
}

/* A descriptor that child processes can open as /dev/fd/N. */
int embed_open(const char *name, const char *data, const char *end)
{
	int fd = memfd_create(name, 0);

	if (fd < 0 || !write_all(fd, data, end - data) ||
	    lseek(fd, 0, SEEK_SET) < 0 || fchmod(fd, 0755))
		die("cannot create a memory file: %s", strerror(errno));
	return fd;
}
