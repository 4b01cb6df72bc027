// SPDX-License-Identifier: BSD-3-Clause
/*
 * What is in the NVDIMM files of a node: where they tell of their namespaces,
 * and what a first boot has written to blank ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kfirig.h"

#define PAGE	4096u

/*
 * Where a kernel finds what namespace an NVDIMM has: the information block of
 * fsdax is at 4 KiB. /dev/pmem0 begins behind it.
 */
#define HEAD	8192u

/* A boot writes some KiB; this much is content that somebody cares for. */
#define COLLECT_MAX	(16u << 20)

struct page {
	uint64_t nvdimm;
	uint64_t offset;
	char data[PAGE];
};

static int nvdimm_open(const struct node *n, const struct rig_config *cfg,
		       unsigned int i, int flags)
{
	char path[PATH_MAX];

	node_nvdimm(cfg, n, i, path, sizeof(path));
	return open(path, flags | O_CLOEXEC);
}

char *medium_heads(const struct node *n, const struct rig_config *cfg)
{
	char *heads = calloc(n->spec->nvdimms + 1, HEAD);
	unsigned int i;
	ssize_t got;
	int fd;

	if (!heads)
		die("out of memory");
	for (i = 0; i < n->spec->nvdimms; i++) {
		fd = nvdimm_open(n, cfg, i, O_RDONLY);
		got = fd < 0 ? -1 : pread(fd, heads + i * HEAD, HEAD, 0);
		if (fd >= 0)
			close(fd);
		if (got != (ssize_t)HEAD) {
			free(heads);
			return NULL;
		}
	}
	return heads;
}

/* A kernel believes in the namespaces that it has found when it booted. */
bool medium_has_heads(const struct node *n, const struct rig_config *cfg,
		      const char *heads)
{
	char *now = medium_heads(n, cfg);
	bool same = now && !memcmp(now, heads, n->spec->nvdimms * HEAD);

	free(now);
	return same;
}

static bool nvdimm_is_blank(const struct node *n, const struct rig_config *cfg,
			    unsigned int i)
{
	int fd = nvdimm_open(n, cfg, i, O_RDONLY);
	bool blank = fd >= 0 && lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO;

	if (fd >= 0)
		close(fd);
	return blank;
}

bool medium_is_blank(const struct node *n, const struct rig_config *cfg)
{
	unsigned int i;

	for (i = 0; i < n->spec->nvdimms; i++)
		if (!nvdimm_is_blank(n, cfg, i))
			return false;
	return true;
}

static bool nvdimm_collect(int fd, unsigned int i, struct buf *pages)
{
	struct page page = { .nvdimm = i };
	off_t to, at = 0;

	for (;;) {
		at = lseek(fd, at, SEEK_DATA);
		if (at < 0)
			return errno == ENXIO;
		to = lseek(fd, at, SEEK_HOLE);
		for (at -= at % PAGE; at < to; at += PAGE) {
			if (pread(fd, page.data, PAGE, at) != (ssize_t)PAGE)
				return false;
			if (is_zero(page.data, PAGE))
				continue;
			page.offset = at;
			buf_add(pages, &page, sizeof(page));
			if (pages->len > COLLECT_MAX) {
				errno = EFBIG;
				return false;
			}
		}
		if (to < 0)
			return false;
	}
}

bool medium_collect(const struct node *n, const struct rig_config *cfg,
		    struct buf *pages)
{
	unsigned int i;
	bool ok = true;
	int fd;

	for (i = 0; ok && i < n->spec->nvdimms; i++) {
		fd = nvdimm_open(n, cfg, i, O_RDONLY);
		ok = fd >= 0 && nvdimm_collect(fd, i, pages);
		if (fd >= 0)
			close(fd);
	}
	return ok;
}

static bool page_write(const struct node *n, const struct rig_config *cfg,
		       const struct page *page)
{
	int fd = nvdimm_open(n, cfg, page->nvdimm, O_WRONLY);
	bool ok = fd >= 0 && pwrite(fd, page->data, PAGE, page->offset) ==
		(ssize_t)PAGE;

	if (fd >= 0)
		close(fd);
	return ok;
}

enum medium_fill medium_fill(const struct node *n, const struct rig_config *cfg,
			     const struct buf *pages)
{
	char *heads = medium_heads(n, cfg), *wanted;
	enum medium_fill result = MEDIUM_FILLED;
	bool blank[NVDIMMS_MAX];
	struct page page;
	unsigned int i;
	size_t at;

	if (!heads)
		return MEDIUM_FAILED;
	wanted = calloc(n->spec->nvdimms + 1, HEAD);
	if (!wanted)
		die("out of memory");
	for (at = 0; at + sizeof(page) <= pages->len; at += sizeof(page)) {
		memcpy(&page, buf_head(pages) + at, sizeof(page));
		if (page.offset < HEAD)
			memcpy(wanted + page.nvdimm * HEAD + page.offset,
			       page.data, PAGE);
	}
	/* Nothing is written where the node is going to be booted. */
	for (i = 0; i < n->spec->nvdimms; i++) {
		blank[i] = nvdimm_is_blank(n, cfg, i);
		if (!blank[i] && memcmp(heads + i * HEAD, wanted + i * HEAD, HEAD))
			result = MEDIUM_OTHER;
	}
	for (at = 0; result == MEDIUM_FILLED && at + sizeof(page) <= pages->len;
	     at += sizeof(page)) {
		memcpy(&page, buf_head(pages) + at, sizeof(page));
		if (blank[page.nvdimm] && !page_write(n, cfg, &page))
			result = MEDIUM_FAILED;
	}
	free(wanted);
	free(heads);
	return result;
}
