// SPDX-License-Identifier: BSD-3-Clause
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace.h"

/* Room is made in steps of this; what is not used is a hole in the file. */
#define STEP (64ul << 20)

const char *const record_names[RECORD_TYPES] = {
	[RECORD_STORE] = "store",
	[RECORD_NT_STORE] = "nt-store",
	[RECORD_WRITE_BACK] = "write-back",
	[RECORD_FENCE] = "fence",
	[RECORD_LOCKED] = "locked",
	[RECORD_FLUSH_ALL] = "flush-all",
	[RECORD_EVICT] = "evict",
	[RECORD_MARKER] = "marker",
};

static void *records_of(const struct trace *t)
{
	return (char *)t->header + TRACE_HEADER;
}

static void trace_grow(struct trace *t)
{
	uint64_t size = t->mapped + STEP;
	void *p;

	if (ftruncate(t->fd, size))
		err(1, "trace");
	p = t->mapped ? mremap(t->header, t->mapped, size, MREMAP_MAYMOVE) :
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
	if (p == MAP_FAILED)
		err(1, "trace");
	t->header = p;
	t->mapped = size;
	t->records = records_of(t);
}

void trace_create(struct trace *t, const char *path, uint64_t nvdimm_size,
		  uint64_t nvdimm_address)
{
	memset(t, 0, sizeof(*t));
	t->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->fd < 0)
		err(1, "%s", path);
	trace_grow(t);
	*t->header = (struct trace_header){
		.header_size = TRACE_HEADER,
		.record_size = sizeof(struct record),
		.nvdimm_size = nvdimm_size,
		.nvdimm_address = nvdimm_address,
	};
	memcpy(t->header->magic, TRACE_MAGIC, sizeof(t->header->magic));
}

void trace_open(struct trace *t, const char *path)
{
	struct stat st;
	uint64_t room;

	memset(t, 0, sizeof(*t));
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0 || fstat(t->fd, &st))
		err(1, "%s", path);
	if (st.st_size < TRACE_HEADER)
		errx(1, "%s is not a trace: it has %lld bytes", path,
		     (long long)st.st_size);
	t->mapped = st.st_size;
	t->header = mmap(NULL, t->mapped, PROT_READ, MAP_SHARED, t->fd, 0);
	if (t->header == MAP_FAILED)
		err(1, "%s", path);
	if (memcmp(t->header->magic, TRACE_MAGIC, sizeof(t->header->magic)) ||
	    t->header->header_size != TRACE_HEADER ||
	    t->header->record_size != sizeof(struct record))
		errx(1, "%s is not a trace, or of another version; make it anew",
		     path);
	t->count = t->header->count;
	room = (t->mapped - TRACE_HEADER) / sizeof(struct record);
	if (t->count > room)
		errx(1, "%s is damaged: %llu records in the room of %llu", path,
		     (unsigned long long)t->count, (unsigned long long)room);
	t->records = records_of(t);
}

void trace_append(struct trace *t, const struct record *r)
{
	uint64_t end = TRACE_HEADER + (t->count + 1) * sizeof(*r);

	if (end > t->mapped)
		trace_grow(t);
	((struct record *)records_of(t))[t->count++] = *r;
	__atomic_store_n(&t->header->count, t->count, __ATOMIC_RELEASE);
}

void trace_close(struct trace *t)
{
	uint64_t size = TRACE_HEADER + t->count * sizeof(struct record);

	if (!t->header)
		return;
	munmap(t->header, t->mapped);
	/* Of one that was opened to be read this fails, and is not needed. */
	if (t->mapped > size && ftruncate(t->fd, size))
		size = t->mapped;
	close(t->fd);
	memset(t, 0, sizeof(*t));
}
