// SPDX-License-Identifier: GPL-2.0-only
/*
 * The volatile-cache model.
 *
 * Killing a virtual machine loses nothing that it ever stored to its NVDIMM,
 * so a test of crash consistency would pass whatever the code does. With the
 * model everybody reads and writes a DRAM shadow instead, and a line gets to
 * the medium in the two ways in which a cache line gets there: written back
 * and fenced, or evicted early for no reason.
 */
#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/barrier.h>
#include "cache_model.h"
#include "ram.h"

#define LINE_WORDS	(KFI_CACHE_LINE / sizeof(u64))
#define LOCKED_LINES	64	/* copied in one go with interrupts off */
#define EVICT_ONE_IN	4	/* occasions */
#define EVICT_SCAN	128	/* lines in which a dirty one is looked for */

/**
 * struct kfi_cache - the model of one region's cache
 * @shadow: what everybody reads and writes
 * @medium: what survives
 * @lines: of both
 * @pending: lines that were written back and wait for a fence
 * @lock: protects @pending and @random, and makes the copy of a line one step
 * @evict: evictions are wanted
 * @random: where they strike
 */
struct kfi_cache {
	struct kfi_ram *shadow;
	void *medium;
	unsigned long lines;
	unsigned long *pending;
	spinlock_t lock;	/* @pending, @random, copies of lines */
	bool evict;
	struct rnd_state random;
};

/**
 * kfi_cache_create() - model the cache before a range of a medium
 * @medium: the range
 * @size: bytes of it, of pages
 * @seed: of the early evictions, 0 for none
 *
 * Context: process, sleeps. The medium is read: no poison in it.
 * Return: the cache, or NULL for want of memory.
 */
struct kfi_cache *kfi_cache_create(void *medium, u64 size, u64 seed)
{
	struct kfi_cache *cache;
	u64 done;

	cache = kzalloc(sizeof(*cache), GFP_KERNEL);
	if (!cache)
		return NULL;
	cache->medium = medium;
	cache->lines = size / KFI_CACHE_LINE;
	cache->evict = seed;
	prandom_seed_state(&cache->random, seed);
	spin_lock_init(&cache->lock);
	cache->pending = kvcalloc(BITS_TO_LONGS(cache->lines),
				  sizeof(*cache->pending), GFP_KERNEL);
	if (!cache->pending)
		goto err_free_cache;
	cache->shadow = kfi_ram_alloc(size);
	if (!cache->shadow)
		goto err_free_pending;
	for (done = 0; done < size; done += PAGE_SIZE) {
		if (copy_mc_to_kernel(cache->shadow->kaddr + done,
				      medium + done, PAGE_SIZE))
			goto err_free_shadow;
		cond_resched();
	}
	return cache;

err_free_shadow:
	kfi_ram_free(cache->shadow);
err_free_pending:
	kvfree(cache->pending);
err_free_cache:
	kfree(cache);
	return NULL;
}

/**
 * kfi_cache_destroy() - lose what is in the cache
 * @cache: the cache
 *
 * Context: process.
 */
void kfi_cache_destroy(struct kfi_cache *cache)
{
	kfi_ram_free(cache->shadow);
	kvfree(cache->pending);
	kfree(cache);
}

/**
 * kfi_cache_shadow() - where the users' bytes are
 * @cache: the cache
 *
 * Return: the shadow.
 */
struct kfi_ram *kfi_cache_shadow(struct kfi_cache *cache)
{
	return cache->shadow;
}

static void *shadow_line(struct kfi_cache *cache, unsigned long line)
{
	return cache->shadow->kaddr + line * KFI_CACHE_LINE;
}

static void *medium_line(struct kfi_cache *cache, unsigned long line)
{
	return cache->medium + line * KFI_CACHE_LINE;
}

static void copy_line(struct kfi_cache *cache, unsigned long line)
{
	const u64 *from = shadow_line(cache, line);
	u64 words[LINE_WORDS];
	int i;

	/* others store to the line meanwhile, but no 8 bytes of it are torn */
	for (i = 0; i < LINE_WORDS; i++)
		words[i] = READ_ONCE(from[i]);
	memcpy_flushcache(medium_line(cache, line), words, sizeof(words));
}

/**
 * kfi_cache_writeback() - begin to write lines back
 * @cache: the cache
 * @offset: first byte
 * @length: bytes, not 0
 *
 * They are on the medium after kfi_cache_fence() and not before.
 *
 * Context: any.
 */
void kfi_cache_writeback(struct kfi_cache *cache, u64 offset, u64 length)
{
	unsigned long first = offset / KFI_CACHE_LINE;
	unsigned long last = (offset + length - 1) / KFI_CACHE_LINE;
	unsigned long flags;

	spin_lock_irqsave(&cache->lock, flags);
	bitmap_set(cache->pending, first, last - first + 1);
	spin_unlock_irqrestore(&cache->lock, flags);
}

/**
 * kfi_cache_fence() - complete the write-back of lines
 * @cache: the cache
 * @offset: first byte
 * @length: bytes, not 0
 *
 * Context: any.
 */
void kfi_cache_fence(struct kfi_cache *cache, u64 offset, u64 length)
{
	unsigned long last = (offset + length - 1) / KFI_CACHE_LINE;
	unsigned long line = offset / KFI_CACHE_LINE;
	unsigned long flags;

	while (line <= last) {
		int copied = 0;

		/* a bit that is found clear here was copied by someone else */
		spin_lock_irqsave(&cache->lock, flags);
		for (; copied < LOCKED_LINES; copied++) {
			line = find_next_bit(cache->pending, last + 1, line);
			if (line > last)
				break;
			__clear_bit(line, cache->pending);
			copy_line(cache, line);
		}
		spin_unlock_irqrestore(&cache->lock, flags);
	}
	pmem_wmb();
}

/* Evict the first dirty line behind a place, if there is one nearby. */
static void evict_one(struct kfi_cache *cache, unsigned long line)
{
	unsigned long end = min(cache->lines, line + EVICT_SCAN);

	lockdep_assert_held(&cache->lock);
	for (; line < end; line++) {
		if (!memcmp(shadow_line(cache, line), medium_line(cache, line),
			    KFI_CACHE_LINE))
			continue;
		copy_line(cache, line);
		return;
	}
}

/**
 * kfi_cache_evict() - evict a line early, now and then
 * @cache: the cache
 * @offset: where something just happened; half of the lines are taken from
 *	around it, since writes that wait for their commit are mostly there
 *
 * When, and which line, depends only on the seed and on the calls before.
 *
 * Context: any.
 */
void kfi_cache_evict(struct kfi_cache *cache, u64 offset)
{
	unsigned long line, flags;
	u32 random;

	if (!cache->evict)
		return;
	spin_lock_irqsave(&cache->lock, flags);
	random = prandom_u32_state(&cache->random);
	if (random % EVICT_ONE_IN)
		goto out_unlock;
	line = prandom_u32_state(&cache->random);
	if (random / EVICT_ONE_IN & 1) {
		line = offset / KFI_CACHE_LINE + line % (2 * EVICT_SCAN);
		line -= min_t(unsigned long, line, EVICT_SCAN);
	}
	evict_one(cache, line % cache->lines);
out_unlock:
	spin_unlock_irqrestore(&cache->lock, flags);
}

/**
 * kfi_cache_writeback_all() - write everything back, as caches do in the end
 * @cache: the cache, which nobody uses any more
 *
 * Context: process, sleeps.
 */
void kfi_cache_writeback_all(struct kfi_cache *cache)
{
	unsigned long line;

	for (line = 0; line < cache->lines; line++) {
		if (memcmp(shadow_line(cache, line), medium_line(cache, line),
			   KFI_CACHE_LINE))
			copy_line(cache, line);
		if (!(line % 4096))
			cond_resched();
	}
	pmem_wmb();
}
