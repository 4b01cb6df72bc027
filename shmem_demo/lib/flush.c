// SPDX-License-Identifier: BSD-3-Clause
/*
 * How stores to a near part become durable. What flushes the processor's caches
 * is libpmem2's business: it knows the instructions of each processor. It is
 * loaded when the first mapping needs it, so that programs without such a
 * mapping run where it is not installed.
 *
 * This file is all that knows of it; the crash tests put a model in its place.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <libpmem2.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <kfi_user.h>

#include "pspace.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *pmem2;
static pmem2_flush_fn flush;
static pmem2_drain_fn drain;
static enum pmem2_granularity granularity;

#define CALL(fn, ...) ((__typeof__(fn) *)dlsym(pmem2, #fn))(__VA_ARGS__)

/* With a file it finds the granularity by itself; a node's we know. */
static int ask_pmem2(int fd, bool node, char *mapped)
{
	struct pmem2_config *config = NULL;
	struct pmem2_source *source = NULL;
	struct pmem2_map *map;
	int rc;

	if (node) {
		rc = CALL(pmem2_source_from_anon, &source, PM_PAGE);
		if (!rc)
			rc = CALL(pmem2_map_from_existing, &map, source, mapped, PM_PAGE,
				  granularity);
	} else {
		rc = CALL(pmem2_source_from_fd, &source, fd);
		if (!rc)
			rc = CALL(pmem2_config_new, &config);
		if (!rc)
			rc = CALL(pmem2_config_set_required_store_granularity, config,
				  PMEM2_GRANULARITY_PAGE);
		if (!rc)
			rc = CALL(pmem2_config_set_length, config, PM_PAGE);
		if (!rc)
			rc = CALL(pmem2_map_new, &map, config, source);
		if (config)
			CALL(pmem2_config_delete, &config);
	}
	if (source)
		CALL(pmem2_source_delete, &source);
	if (rc)
		return rc;
	/* The map stays for as long as its functions are used: for ever. */
	flush = CALL(pmem2_get_flush_fn, map);
	drain = CALL(pmem2_get_drain_fn, map);
	granularity = CALL(pmem2_map_get_store_granularity, map);
	return 0;
}

static int use_pmem2(const char *path, int fd, bool node, char *mapped)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (!pmem2)
		pmem2 = dlopen("libpmem2.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!pmem2)
		rc = shi_fail(ENOPKG, "%s is persistent memory, and libpmem2 that flushes to it "
			      "is missing (%s): install libpmem2-1 or libpmem2", path, dlerror());
	else if (!flush && ask_pmem2(fd, node, mapped))
		rc = shi_fail(EIO, "%s: libpmem2 cannot use it: %s", path,
			      CALL(pmem2_errormsg));
	pthread_mutex_unlock(&lock);
	return rc;
}

/*
 * "mapped" is mapped with MAP_SYNC, or NULL where the system refused that: then
 * a node commits by ioctl, and a file does not commit at all.
 */
int shi_flush_init(const char *path, int fd, bool node, char *mapped,
		   enum shmemx_durability *durability)
{
	struct kfi_ioc_info info = { .argsz = sizeof(info) };
	int rc;

	*durability = SHMEMX_DURABLE_NONE;
	if (node) {
		if (ioctl(fd, KFI_IOC_INFO, &info))
			return shi_fail(errno, "%s: is it a region's node? KFI_IOC_INFO: %s",
					path, strerror(errno));
		if (info.domain == KFIPMEM_DOMAIN_NONE)
			return 0;
		*durability = SHMEMX_DURABLE_COMMIT;
		/* What is behind a request to the host is not flushed by instructions. */
		if (!mapped || (info.domain != KFIPMEM_DOMAIN_MEM_CTRL &&
				info.domain != KFIPMEM_DOMAIN_CPU_CACHE))
			return 0;
		granularity = info.domain == KFIPMEM_DOMAIN_CPU_CACHE ?
			PMEM2_GRANULARITY_BYTE : PMEM2_GRANULARITY_CACHE_LINE;
	}
	if (!mapped)
		return 0;
	rc = use_pmem2(path, fd, node, mapped);
	if (!rc)
		*durability = granularity == PMEM2_GRANULARITY_BYTE ? SHMEMX_DURABLE_CACHE :
			granularity == PMEM2_GRANULARITY_CACHE_LINE ? SHMEMX_DURABLE_FLUSH :
			SHMEMX_DURABLE_NONE;
	return rc;
}

static int commit(const struct shi_part *part, off_t at, size_t len)
{
	struct kfi_ioc_commit arg = { .argsz = sizeof(arg), .offset = at, .length = len };

	/* 0 bytes would be all of them. */
	while (len && ioctl(part->fd, KFI_IOC_COMMIT, &arg))
		if (errno != EINTR)
			return shi_fail(errno, "a range of %zu bytes cannot be committed: %s", len,
					strerror(errno));
	return 0;
}

/* Through an attachment: durable there when it returns. */
int shi_flush_far(const struct shi_part *part, off_t at, size_t len)
{
	return part->durability == SHMEMX_DURABLE_NONE ? 0 : commit(part, at, len);
}

/* Begins; what the kernel commits is durable at once. */
int shi_flush(const struct shi_part *part, const void *addr, size_t len)
{
	switch (part->durability) {
	case SHMEMX_DURABLE_NONE:
		/* For the death of this process the order of the stores is enough. */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		return 0;
	case SHMEMX_DURABLE_COMMIT:
		return commit(part, part->at + (part->part ? (const char *)addr - part->part :
				(const char *)addr - part->work + (off_t)part->work_at), len);
	case SHMEMX_DURABLE_FLUSH:
	case SHMEMX_DURABLE_CACHE:
		flush(addr, len);
		return 0;
	}
	return shi_fail(EINVAL, "a part has no durability %d", part->durability);
}

/* All that this thread has flushed is durable. */
int shi_drain(const struct shi_part *part)
{
	if (part->durability >= SHMEMX_DURABLE_FLUSH)
		drain();
	return 0;
}
