// SPDX-License-Identifier: GPL-2.0-only
/*
 * DRAM in large blocks: the medium of RAM pools and the cache model's shadow.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "ram.h"

static void free_pages_of(struct kfi_ram *ram, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		__free_page(ram->page[i]);
}

static int alloc_pages_of(struct kfi_ram *ram, unsigned int order)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN |
			  (order ? __GFP_NORETRY : __GFP_RETRY_MAYFAIL);
	unsigned long count = ram->size >> PAGE_SHIFT, n = 0, i;
	struct page *page;

	while (n < count) {
		page = fatal_signal_pending(current) ? NULL :
		       alloc_pages(gfp, order);
		if (!page) {
			free_pages_of(ram, n);
			return -ENOMEM;
		}
		/* each page on its own, so that anybody may refer to it */
		split_page(page, order);
		for (i = 0; i < 1UL << order; i++) {
			if (n < count)
				ram->page[n++] = page + i;
			else
				__free_page(page + i);
		}
		cond_resched();
	}
	ram->block_shift = PAGE_SHIFT + order;
	return 0;
}

/**
 * kfi_ram_alloc() - zeroed DRAM in the largest blocks that can be had
 * @size: bytes, a multiple of the page size
 *
 * Context: process, sleeps.
 * Return: the memory or NULL.
 */
struct kfi_ram *kfi_ram_alloc(u64 size)
{
	unsigned int order = PMD_SHIFT - PAGE_SHIFT;
	struct kfi_ram *ram;

	/* Better none than what others are killed for. */
	if (size >> PAGE_SHIFT > INT_MAX ||
	    (long)(size >> PAGE_SHIFT) > si_mem_available())
		return NULL;
	ram = kzalloc(sizeof(*ram), GFP_KERNEL);
	if (!ram)
		return NULL;
	ram->size = size;
	ram->page = kvcalloc(size >> PAGE_SHIFT, sizeof(*ram->page), GFP_KERNEL);
	if (!ram->page)
		goto err_free_ram;

	order = min_t(unsigned int, order, MAX_PAGE_ORDER);
	while (alloc_pages_of(ram, order)) {
		if (!order || fatal_signal_pending(current))
			goto err_free_array;
		order--;
	}
	ram->kaddr = vmap(ram->page, size >> PAGE_SHIFT, VM_MAP, PAGE_KERNEL);
	if (!ram->kaddr)
		goto err_free_pages;
	return ram;

err_free_pages:
	free_pages_of(ram, size >> PAGE_SHIFT);
err_free_array:
	kvfree(ram->page);
err_free_ram:
	kfree(ram);
	return NULL;
}

/**
 * kfi_ram_free() - give the memory back
 * @ram: the memory, or NULL
 *
 * Context: process, sleeps.
 */
void kfi_ram_free(struct kfi_ram *ram)
{
	if (!ram)
		return;
	vunmap(ram->kaddr);
	free_pages_of(ram, ram->size >> PAGE_SHIFT);
	kvfree(ram->page);
	kfree(ram);
}
