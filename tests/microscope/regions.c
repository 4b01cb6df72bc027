// SPDX-License-Identifier: BSD-3-Clause
/*
 * Makes regions, fills and removes them, and tells the microscope when a step
 * is over: regions COUNT
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kfi_marker.h"
#include "steps.h"

static void kfipmem(char *const *words)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execvp("kfipmem", words);
		err(127, "kfipmem");
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		errx(1, "kfipmem region %s %s: status %d", words[2], words[3], status);
}

static void create(char *name)
{
	char size[16];

	snprintf(size, sizeof(size), "%u", REGION_SIZE);
	kfipmem((char *[]){ "kfipmem", "region", "create", name, "--size", size, NULL });
}

static void fill(unsigned int region)
{
	uint64_t words[REGION_SIZE / sizeof(uint64_t)];
	char path[64];
	size_t i;
	int fd;

	for (i = 0; i < REGION_SIZE / sizeof(*words); i++)
		words[i] = region_word(region);
	snprintf(path, sizeof(path), "/dev/kfi/r%u", region);
	fd = open(path, O_RDWR | O_DSYNC);
	if (fd < 0 || pwrite(fd, words, sizeof(words), 0) != sizeof(words))
		err(1, "%s", path);
	close(fd);
}

/* Returns when it is acknowledged. */
static void operate(unsigned int i)
{
	int region = step_region(i);
	char name[64];

	if (region < 0)
		return;
	snprintf(name, sizeof(name), "%s/r%d", STEPS_POOL, region);
	switch (step_kind(i)) {
	case STEP_CREATE:
		return create(name);
	case STEP_FILL:
		return fill(region);
	case STEP_REMOVE:
		return kfipmem((char *[]){ "kfipmem", "region", "remove", name, NULL });
	case STEP_KINDS:
		return;
	}
}

int main(int argc, char **argv)
{
	unsigned int i, count = argc == 2 ? atoi(argv[1]) : 0;

	if (!count || count > STEPS_MAX)
		errx(2, "usage: regions COUNT, at most %d", STEPS_MAX);
	for (i = 0; i < count; i++) {
		KFI_MARK(KFI_MARKER_BEGIN, i, step_kind(i));
		operate(i);
		KFI_MARK(KFI_MARKER_END, i, step_kind(i));
	}
	return 0;
}
