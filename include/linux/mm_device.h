/* Memory that a device maps into programs. Included by linux/mm.h. */
#ifndef _LINUX_MM_DEVICE_H
#define _LINUX_MM_DEVICE_H

#include <linux/mm.h>

typedef unsigned int vm_fault_t;

#define VM_FAULT_OOM		 0x0001
#define VM_FAULT_SIGBUS		 0x0002
#define VM_FAULT_MAJOR		 0x0004
#define VM_FAULT_WRITE		 0x0008
#define VM_FAULT_HWPOISON	 0x0010
#define VM_FAULT_SIGSEGV	 0x0040
#define VM_FAULT_NOPAGE		 0x0100
#define VM_FAULT_LOCKED		 0x0200
#define VM_FAULT_RETRY		 0x0400
#define VM_FAULT_ERROR		 (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON)
#define FAULT_FLAG_WRITE	 0x01
#define FAULT_FLAG_MKWRITE	 0x02
#define FAULT_FLAG_ALLOW_RETRY	 0x04
#define FAULT_FLAG_RETRY_NOWAIT	 0x08
#define FAULT_FLAG_KILLABLE	 0x10
#define FAULT_FLAG_TRIED	 0x20
#define FAULT_FLAG_USER		 0x40
#define FAULT_FLAG_REMOTE	 0x80
#define FAULT_FLAG_INSTRUCTION	 0x100
#define FAULT_FLAG_INTERRUPTIBLE 0x200
#define FAULT_FLAG_DEFAULT	 (FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_INTERRUPTIBLE)
#define VM_RESERVED		 (VM_DONTEXPAND | VM_DONTDUMP)
#define VM_MIXEDMAP		 0x10000000UL

int module_remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn,
			   unsigned long size);
int module_insert_page(struct vm_area_struct *vma, unsigned long addr, struct page *page);

/* In a device's mmap: what is mapped there. 0 or -errno. */
#define remap_pfn_range(vma, addr, pfn, size, prot)    module_remap_pfn_range(vma, addr, pfn, size)
#define io_remap_pfn_range(vma, addr, pfn, size, prot) module_remap_pfn_range(vma, addr, pfn, size)
#define vm_insert_page(vma, addr, page)		       module_insert_page(vma, addr, page)
#define vm_insert_pfn(vma, addr, pfn)		       module_remap_pfn_range(vma, addr, pfn, PAGE_SIZE)

static inline vm_fault_t vmf_result(int err)
{
	return err ? (err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS) : VM_FAULT_NOPAGE;
}
#define vmf_insert_pfn(vma, addr, pfn)	 vmf_result(vm_insert_pfn(vma, (addr)&PAGE_MASK, pfn))
#define vmf_insert_page(vma, addr, page) vmf_result(vm_insert_page(vma, addr, page))

static inline int vm_iomap_memory(struct vm_area_struct *vma, phys_addr_t start, unsigned long len)
{
	unsigned long size = vma->vm_end - vma->vm_start;
	unsigned long first = (unsigned long)(start >> PAGE_SHIFT) + vma->vm_pgoff;

	if ((vma->vm_pgoff << PAGE_SHIFT) + size > PAGE_ALIGN(len))
		return -EINVAL;
	return module_remap_pfn_range(vma, vma->vm_start, first, size);
}

struct page *vmalloc_to_page(const void *p);

/* Memory of vmalloc, page by page. */
static inline int remap_vmalloc_range(struct vm_area_struct *vma, void *at, unsigned long pgoff)
{
	int err = 0;

	at = (char *)at + (pgoff << PAGE_SHIFT);
	for (unsigned long a = vma->vm_start; a < vma->vm_end && !err; a += PAGE_SIZE) {
		err = module_insert_page(vma, a, vmalloc_to_page(at));
		at = (char *)at + PAGE_SIZE;
	}
	return err;
}

static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#define vm_flags_mod(vma, set, clear) ((vma)->vm_flags = ((vma)->vm_flags | (set)) & ~(clear))

/* Memory for the calling program. Address or -errno; files are not mapped so. */
unsigned long module_vm_mmap(unsigned long addr, unsigned long len, unsigned long prot,
			     unsigned long flags);
int vm_munmap(unsigned long addr, size_t len);
#define vm_mmap(file, addr, len, prot, flags, off)                                                 \
	((file) ? (unsigned long)-ENODEV : module_vm_mmap(addr, len, prot, flags))

/* All of @pages that @vma has room for, from its vm_pgoff on. 0, -ENXIO. */
static inline int vm_map_pages(struct vm_area_struct *vma, struct page **pages, unsigned long n)
{
	unsigned long at = vma->vm_start, i = vma->vm_pgoff;
	int err = i < n && (vma->vm_end - at) >> PAGE_SHIFT <= n - i ? 0 : -ENXIO;

	for (; at < vma->vm_end && !err; at += PAGE_SIZE)
		err = module_insert_page(vma, at, pages[i++]);
	return err;
}

#endif
