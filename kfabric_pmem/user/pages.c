// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of attached regions and replica sets, through the page cache.
 *
 * A node has an inode of its own for its pages, as a block device has, so that
 * every file of it sees the same ones. Pages are read when they are touched,
 * and written, visible but not durable, by msync(), fsync(), the last close and
 * the kernel's own write-back; fsync() commits afterwards. Other machines'
 * stores are seen only in pages that are read anew: there is no coherence
 * beyond the one between a close and the next first open.
 *
 * read() and write() go past the pages, as direct I/O does: what is dirty is
 * written before, and what is overwritten is dropped.
 */
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mempool.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/mm.h>
#include <linux/uio.h>
#include <linux/writeback.h>
#include "user.h"

#define KU_FS_MAGIC	0x6b666931
#define KU_PAGES	64	/* of one request */
#define KU_PAGES_RESERVE 4	/* requests that need no memory */

/* Pages that follow each other, on their way. */
struct ku_pages {
	struct kiocb iocb;
	struct ku_node *node;
	unsigned int nr;
	struct bio_vec bvec[KU_PAGES];
};

static struct vfsmount *ku_mount;
static mempool_t ku_pages_pool;

static bool ku_pages_write(const struct ku_pages *pages)
{
	return pages->iocb.ki_flags & IOCB_WRITE;
}

/*
 * An error of a write is every open file's. For want of memory it is tried
 * again, where that can be said.
 */
static void ku_pages_write_failed(struct ku_pages *pages, unsigned int from,
				  int err)
{
	errseq_set(&pages->node->wb_err, err);
	if (err != -ENOMEM || !in_task())
		return;
	for (; from < pages->nr; from++)
		filemap_dirty_folio(pages->node->inode->i_mapping,
				    page_folio(pages->bvec[from].bv_page));
}

/* @ret: bytes from the first page on that are good, or an error. */
static void ku_pages_done(struct kiocb *iocb, long ret)
{
	struct ku_pages *pages = container_of(iocb, struct ku_pages, iocb);
	unsigned int good = ret > 0 ? ret >> PAGE_SHIFT : 0, i;
	struct folio *folio;

	if (good < pages->nr && ku_pages_write(pages))
		ku_pages_write_failed(pages, good, ret < 0 ? ret : -EIO);
	for (i = 0; i < pages->nr; i++) {
		folio = page_folio(pages->bvec[i].bv_page);
		if (ku_pages_write(pages))
			folio_end_writeback(folio);
		else
			folio_end_read(folio, i < good);
	}
	mempool_free(pages, &ku_pages_pool);
}

static struct ku_pages *ku_pages_new(struct ku_node *node, loff_t pos,
				     int flags)
{
	struct ku_pages *pages = mempool_alloc(&ku_pages_pool, GFP_NOFS);

	pages->iocb = (struct kiocb) {
		.ki_pos = pos,
		.ki_complete = ku_pages_done,
		.ki_flags = flags,
	};
	pages->node = node;
	pages->nr = 0;
	return pages;
}

static void ku_pages_add(struct ku_pages *pages, struct folio *folio)
{
	bvec_set_folio(&pages->bvec[pages->nr++], folio, PAGE_SIZE, 0);
}

static void ku_pages_submit(struct ku_pages *pages)
{
	const struct ku_node_ops *ops = pages->node->ops;
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_bvec(&iter, ku_pages_write(pages) ? ITER_SOURCE : ITER_DEST,
		      pages->bvec, pages->nr, pages->nr * PAGE_SIZE);
	ret = ku_pages_write(pages) ?
	      ops->write(pages->node, &pages->iocb, &iter) :
	      ops->read(pages->node, &pages->iocb, &iter);
	if (ret != -EIOCBQUEUED)
		ku_pages_done(&pages->iocb, ret);
}

static int ku_read_folio(struct file *file, struct folio *folio)
{
	struct ku_pages *pages = ku_pages_new(folio->mapping->host->i_private,
					      folio_pos(folio), 0);

	ku_pages_add(pages, folio);
	ku_pages_submit(pages);
	return 0;
}

static void ku_readahead(struct readahead_control *rac)
{
	struct ku_node *node = rac->mapping->host->i_private;
	struct ku_pages *pages = NULL;
	struct folio *folio;

	while ((folio = readahead_folio(rac))) {
		if (!pages)
			pages = ku_pages_new(node, folio_pos(folio), 0);
		ku_pages_add(pages, folio);
		if (pages->nr < KU_PAGES)
			continue;
		ku_pages_submit(pages);
		pages = NULL;
	}
	if (pages)
		ku_pages_submit(pages);
}

static bool ku_pages_take(const struct ku_pages *pages, struct folio *folio)
{
	return pages->nr < KU_PAGES &&
	       folio_pos(folio) == pages->iocb.ki_pos + pages->nr * PAGE_SIZE;
}

static int ku_writepages(struct address_space *mapping,
			 struct writeback_control *wbc)
{
	unsigned int nofs = memalloc_nofs_save();
	struct ku_node *node = mapping->host->i_private;
	struct ku_pages *pages = NULL;
	struct folio *folio = NULL;
	int err = 0;

	while ((folio = writeback_iter(mapping, wbc, folio, &err))) {
		if (pages && !ku_pages_take(pages, folio)) {
			ku_pages_submit(pages);
			pages = NULL;
		}
		if (!pages)
			pages = ku_pages_new(node, folio_pos(folio),
					     IOCB_WRITE);
		folio_start_writeback(folio);
		folio_unlock(folio);
		ku_pages_add(pages, folio);
	}
	if (pages)
		ku_pages_submit(pages);
	memalloc_nofs_restore(nofs);
	return err;
}

static const struct address_space_operations ku_pages_aops = {
	.read_folio = ku_read_folio,
	.readahead = ku_readahead,
	.writepages = ku_writepages,
	.dirty_folio = filemap_dirty_folio,
};

/**
 * ku_pages_create() - give a node an inode for its pages
 * @node: a new node
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int ku_pages_create(struct ku_node *node)
{
	struct inode *inode = new_inode(ku_mount->mnt_sb);

	if (!inode)
		return -ENOMEM;
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFREG | 0600;
	inode->i_private = node;
	inode->i_mapping->a_ops = &ku_pages_aops;
	/* A page that changes on its way would differ between members. */
	mapping_set_stable_writes(inode->i_mapping);
	/* Or its dirty pages would not be on the list of the flusher. */
	inode_fake_hash(inode);
	node->inode = inode;
	return 0;
}

/**
 * ku_pages_destroy() - free a node's inode
 * @node: the node, which no file has open; it may have none
 *
 * Context: process, sleeps.
 */
void ku_pages_destroy(struct ku_node *node)
{
	if (node->inode)
		iput(node->inode);
}

/**
 * ku_pages_open() - a file is being opened
 * @node: the node, whose size is known
 * @file: the file
 *
 * Context: under ku_node_lock.
 */
void ku_pages_open(struct ku_node *node, struct file *file)
{
	if (!node->inode)
		return;
	/* Only whole pages are mapped. */
	if (!node->opens)
		i_size_write(node->inode, round_down(node->size, PAGE_SIZE));
	file->f_mapping = node->inode->i_mapping;
}

/**
 * ku_pages_close() - a file was closed, and none of its mappings is left
 * @node: the node, of whose opens the file is one
 *
 * The next first open finds no pages of earlier ones: it sees what others have
 * stored meanwhile.
 *
 * Context: process, sleeps until what was stored in pages is written.
 */
void ku_pages_close(struct ku_node *node)
{
	if (!node->inode)
		return;
	ku_pages_sync(node, 0, U64_MAX);
	mutex_lock(&ku_node_lock);
	if (node->opens == 1)
		truncate_inode_pages(node->inode->i_mapping, 0);
	mutex_unlock(&ku_node_lock);
}

/**
 * ku_pages_sync() - write dirty pages, and wait for them
 * @node: the node
 * @start: first byte
 * @end: last byte
 *
 * Visible afterwards, not durable. Errors go to @node->wb_err.
 *
 * Context: process, sleeps.
 */
void ku_pages_sync(struct ku_node *node, u64 start, u64 end)
{
	if (node->inode && node->inode->i_mapping->nrpages)
		filemap_write_and_wait_range(node->inode->i_mapping, start,
					     min_t(u64, end, LLONG_MAX));
}

/**
 * ku_pages_drop() - drop pages whose bytes were, or will be, written otherwise
 * @node: the node
 * @start: first byte
 * @end: last byte
 *
 * What is dirty in them is written before.
 *
 * Context: process, sleeps.
 */
void ku_pages_drop(struct ku_node *node, u64 start, u64 end)
{
	if (!node->inode || !node->inode->i_mapping->nrpages)
		return;
	ku_pages_sync(node, start, end);
	invalidate_inode_pages2_range(node->inode->i_mapping,
				      start >> PAGE_SHIFT, end >> PAGE_SHIFT);
}

/**
 * ku_pages_shut() - whoever has a node mapped gets SIGBUS from here on
 * @node: the node, which is gone
 *
 * Context: process, sleeps until no page is on its way.
 */
void ku_pages_shut(struct ku_node *node)
{
	if (!node->inode)
		return;
	i_size_write(node->inode, 0);
	truncate_pagecache(node->inode, 0);
}

static int ku_fs_init_context(struct fs_context *fc)
{
	return init_pseudo(fc, KU_FS_MAGIC) ? 0 : -ENOMEM;
}

/* Without an owner: the mount is the module's own and would hold it. */
static struct file_system_type ku_fs_type = {
	.name = "kfi_user",
	.init_fs_context = ku_fs_init_context,
	.kill_sb = kill_anon_super,
};

/**
 * ku_pages_init() - prepare for nodes with pages
 *
 * Return: 0 or an error.
 */
int ku_pages_init(void)
{
	int ret;

	ret = mempool_init_kmalloc_pool(&ku_pages_pool, KU_PAGES_RESERVE,
					sizeof(struct ku_pages));
	if (ret)
		return ret;
	ku_mount = kern_mount(&ku_fs_type);
	if (IS_ERR(ku_mount)) {
		ret = PTR_ERR(ku_mount);
		goto err_pool;
	}
	/* A flusher of its own, which a peer out of reach may hold up. */
	ret = super_setup_bdi(ku_mount->mnt_sb);
	if (ret)
		goto err_unmount;
	return 0;

err_unmount:
	kern_unmount(ku_mount);
err_pool:
	mempool_exit(&ku_pages_pool);
	return ret;
}

/**
 * ku_pages_exit() - undo ku_pages_init()
 */
void ku_pages_exit(void)
{
	kern_unmount(ku_mount);
	mempool_exit(&ku_pages_pool);
}
