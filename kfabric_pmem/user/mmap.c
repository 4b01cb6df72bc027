// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct mappings of local regions. A mapping holds its file and the file its
 * region, so the pages stay as long as they are mapped.
 */
#include <linux/mm.h>
#include "user.h"
#include <kfi_pmem_prov.h>

static bool ku_vma_writable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) ==
	       (VM_SHARED | VM_MAYWRITE);
}

static void ku_vma_open(struct vm_area_struct *vma)
{
	if (ku_vma_writable(vma))
		atomic_inc(&ku_file_node(vma->vm_file)->shared_maps);
}

static void ku_vma_close(struct vm_area_struct *vma)
{
	struct ku_node *node = ku_file_node(vma->vm_file);

	if (!ku_vma_writable(vma))
		return;
	/* In this order: ku_local_fsync() looks at them in the other. */
	ku_dirty_add(&node->dirty, 0, node->size);
	atomic_dec_return_release(&node->shared_maps);
}

static vm_fault_t ku_vma_fault(struct vm_fault *vmf)
{
	struct ku_node *node = ku_file_node(vmf->vma->vm_file);
	u64 offset = (u64)vmf->pgoff << PAGE_SHIFT;
	struct page *page;

	if (offset >= node->size || node->size - offset < PAGE_SIZE)
		return VM_FAULT_SIGBUS;
	page = kfi_region_page(node->region, offset);
	if (!page)
		return VM_FAULT_SIGBUS;
	if (PageHWPoison(page))
		return VM_FAULT_HWPOISON;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page));
}

static const struct vm_operations_struct ku_vm_ops = {
	.open = ku_vma_open,
	.close = ku_vma_close,
	.fault = ku_vma_fault,
};

/**
 * ku_local_mmap() - map a local region
 * @file: of its node
 * @vma: the mapping
 *
 * Page frames are mapped without a reference on their pages, which are the
 * medium: get_user_pages() therefore refuses them, and a caller that wants
 * them as the buffer of another I/O has it copied.
 *
 * Context: process, with the mmap lock.
 * Return: 0; -EINVAL for a private mapping that could be written to.
 */
int ku_local_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_SHARED)) {
		/*
		 * A copy on write needs a page to copy. A file that is open
		 * for reading only comes here with a shared mapping too.
		 */
		if (vma->vm_flags & VM_WRITE)
			return -EINVAL;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &ku_vm_ops;
	ku_vma_open(vma);
	return 0;
}
