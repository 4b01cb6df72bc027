// SPDX-License-Identifier: BSD-3-Clause
/*
 * Makes bytes durable on a region in each way that a program has, and tells the
 * microscope when one is acknowledged: commits /dev/kfi/NAME COUNT. After a power
 * cut commits --check /dev/kfi/NAME COUNT looks whether all of them are there.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kfi_marker.h"
#include "kfi_user.h"
#include "slots.h"

static int fd, fd_dsync;
static uint8_t *mapping;
static uint8_t data[4096];

static void put(int file, const void *bytes, size_t length, uint64_t at)
{
	if (pwrite(file, bytes, length, at) != (ssize_t)length)
		err(1, "write of %zu bytes at %llu", length,
		    (unsigned long long)at);
}

static void commit_range(uint64_t at, uint64_t length)
{
	struct kfi_ioc_commit arg = {
		.argsz = sizeof(arg),
		.offset = at,
		.length = length,
	};

	if (ioctl(fd, KFI_IOC_COMMIT, &arg))
		err(1, "commit");
}

static void publish(unsigned int i)
{
	struct kfi_ioc_publish arg = {
		.argsz = sizeof(arg),
		.offset = slot_at(i),
		.data = (uintptr_t)data,
		.length = slot_length(i),
		.word_offset = word_at(i),
		.word = word_value(i),
	};

	if (ioctl(fd, KFI_IOC_PUBLISH, &arg))
		err(1, "publish");
}

static void atomic_sum(unsigned int i)
{
	uint64_t operand = word_value(i);
	struct kfi_ioc_atomic arg = {
		.argsz = sizeof(arg),
		.flags = KFI_IOC_ATOMIC_COMMIT,
		.offset = word_at(i),
		.op = KFIPMEM_ATOMIC_SUM,
		.type = KFIPMEM_TYPE_UINT64,
		.count = 1,
		.operand = (uintptr_t)&operand,
	};

	if (ioctl(fd, KFI_IOC_ATOMIC, &arg))
		err(1, "atomic");
}

/* Returns when it is acknowledged. */
static void operate(unsigned int i)
{
	uint32_t length = slot_length(i);
	uint64_t at = slot_at(i);

	slot_fill(i, data);
	switch (slot_kind(i)) {
	case KIND_DSYNC:
		return put(fd_dsync, data, length, at);
	case KIND_FSYNC:
		put(fd, data, length, at);
		if (fsync(fd))
			err(1, "fsync");
		return;
	case KIND_MSYNC:
		memcpy(mapping + at, data, length);
		if (msync(mapping + at / 4096 * 4096, 8192, MS_SYNC))
			err(1, "msync");
		return;
	case KIND_COMMIT:
		put(fd, data, length, at);
		return commit_range(at, length);
	case KIND_PUBLISH:
		return publish(i);
	case KIND_ATOMIC:
		return atomic_sum(i);
	case KINDS:
		return;
	}
}

/* Returns the status: 1 when something is missing. */
static int check(unsigned int count)
{
	unsigned int i, missing = 0;

	for (i = 0; i < count; i++) {
		uint64_t word;

		memcpy(&word, mapping + word_at(i), sizeof(word));
		if (slot_is_there(i, mapping) &&
		    (!slot_has_word(i) || word == word_value(i)))
			continue;
		missing++;
		printf("operation %u: what was acknowledged is not there\n", i);
	}
	printf("%u of %u are there\n", count - missing, count);
	return missing > 0;
}

int main(int argc, char **argv)
{
	bool checks = argc > 1 && !strcmp(argv[1], "--check");
	unsigned int i, count;
	uint64_t size;

	argc -= checks;
	argv += checks;
	count = argc == 3 ? atoi(argv[2]) : 0;
	size = SLOTS_AT + (uint64_t)count * SLOT_STRIDE;
	if (!count || count > SLOTS_MAX)
		errx(2, "usage: commits [--check] /dev/kfi/NAME COUNT, at most %d",
		     SLOTS_MAX);
	fd = open(argv[1], O_RDWR);
	fd_dsync = open(argv[1], O_RDWR | O_DSYNC);
	if (fd < 0 || fd_dsync < 0)
		err(1, "%s", argv[1]);
	mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED)
		err(1, "%s", argv[1]);
	if (checks)
		return check(count);
	put(fd_dsync, SLOTS_MAGIC, sizeof(SLOTS_MAGIC) - 1, 0);
	for (i = 0; i < count; i++) {
		KFI_MARK(KFI_MARKER_BEGIN, i, slot_kind(i));
		operate(i);
		KFI_MARK(KFI_MARKER_END, i, slot_kind(i));
	}
	return 0;
}
