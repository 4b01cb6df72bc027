/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stores to and loads from a mapping of a device node, one step after the
 * other: what a program does that uses remote memory as its own.
 *
 * Exit status: 0; 1: a step failed, which the message names; 2: usage; 3: a
 * step met SIGBUS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static sigjmp_buf bus;

static void usage(FILE *to)
{
	fputs("Usage: mapper [-r] [-p] PATH BYTES STEP...\n"
	      "  -r                   open and map for reading\n"
	      "  -p                   a private mapping\n"
	      "Steps:\n"
	      "  store OFFSET TEXT    into the mapping\n"
	      "  load OFFSET TEXT     the mapping has to have TEXT\n"
	      "  dirty FIRST COUNT    a byte in each of COUNT pages\n"
	      "  pwrite OFFSET TEXT   through the file\n"
	      "  pread OFFSET TEXT    the file has to have TEXT\n"
	      "  msync | fsync | close\n"
	      "  say TEXT             print TEXT, then wait for a line\n",
	      to);
}

static void on_bus(int sig)
{
	(void)sig;
	siglongjmp(bus, 1);
}

static int failed(const char *step)
{
	fprintf(stderr, "mapper: %s: %s\n", step, strerror(errno));
	return 1;
}

static int same(const char *step, const char *have, const char *want)
{
	size_t len = strlen(want);

	if (!memcmp(have, want, len))
		return 0;
	fprintf(stderr, "mapper: %s: '%.*s', not '%s'\n", step, (int)len, have,
		want);
	return 1;
}

/* A word between two steps that is in the way of nothing. */
static int say(const char *text)
{
	char line[64];

	puts(text);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? 0 : failed("say");
}

struct mapping {
	int fd;
	size_t bytes;
	char *at;
};

static int one_step(struct mapping *m, const char *step)
{
	if (!strcmp(step, "msync"))
		return msync(m->at, m->bytes, MS_SYNC) ? failed(step) : 0;
	if (!strcmp(step, "fsync"))
		return fsync(m->fd) ? failed(step) : 0;
	if (!strcmp(step, "close"))
		return close(m->fd) ? failed(step) : 0;
	return -1;
}

static int text_step(struct mapping *m, const char *step, size_t offset,
		     const char *text)
{
	size_t len = strlen(text);
	char have[256];

	if (len > sizeof(have) || offset + len > m->bytes) {
		errno = ERANGE;
		return failed(step);
	}
	if (!strcmp(step, "store")) {
		memcpy(m->at + offset, text, len);
		return 0;
	}
	if (!strcmp(step, "load"))
		return same(step, m->at + offset, text);
	if (!strcmp(step, "pwrite"))
		return pwrite(m->fd, text, len, offset) == (ssize_t)len ?
		       0 : failed(step);
	if (!strcmp(step, "pread"))
		return pread(m->fd, have, len, offset) == (ssize_t)len ?
		       same(step, have, text) : failed(step);
	if (!strcmp(step, "dirty")) {
		for (size_t i = 0; i < strtoul(text, NULL, 0); i++)
			m->at[(offset + i) * PAGE] += 1;
		return 0;
	}
	return -1;
}

static int steps(struct mapping *m, char **arg)
{
	int ret;

	while (*arg) {
		if (!strcmp(*arg, "say") && arg[1]) {
			ret = say(arg[1]);
			arg += 2;
		} else {
			ret = one_step(m, *arg);
			if (ret >= 0) {
				arg++;
			} else if (arg[1] && arg[2]) {
				ret = text_step(m, *arg,
						strtoul(arg[1], NULL, 0),
						arg[2]);
				arg += 3;
			}
		}
		if (ret < 0) {
			fprintf(stderr, "mapper: no step '%s'\n", *arg);
			return 2;
		}
		if (ret)
			return ret;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_bus };
	int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED, opt;
	struct mapping m;

	while ((opt = getopt(argc, argv, "+rph")) != -1) {
		switch (opt) {
		case 'r':
			prot = PROT_READ;
			break;
		case 'p':
			flags = MAP_PRIVATE;
			break;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (argc - optind < 2) {
		usage(stderr);
		return 2;
	}
	m.bytes = strtoul(argv[optind + 1], NULL, 0);
	m.fd = open(argv[optind], prot & PROT_WRITE ? O_RDWR : O_RDONLY);
	if (m.fd < 0)
		return failed(argv[optind]);
	m.at = mmap(NULL, m.bytes, prot, flags, m.fd, 0);
	if (m.at == MAP_FAILED)
		return failed("mmap");
	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(bus, 1)) {
		fputs("mapper: SIGBUS\n", stderr);
		return 3;
	}
	return steps(&m, argv + optind + 2);
}
