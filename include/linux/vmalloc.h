/* Kernel memory mapped page by page. */
#ifndef _LINUX_VMALLOC_H
#define _LINUX_VMALLOC_H

#include <linux/gfp.h>

#include <asm/pgtable.h>

#define VM_ALLOC 0x02
#define VM_MAP	 0x04

void *vmalloc(unsigned long size);
void *vzalloc(unsigned long size);
void vfree(const void *p);
void *module_vmap(struct page **pages, unsigned int nr);
void vunmap(const void *p);
struct page *vmalloc_to_page(const void *p);
bool is_vmalloc_addr(const void *p);
void *kvzalloc_(size_t size);
void kvfree(const void *p);

#define vmalloc_user(size)	     vzalloc(size)
#define vmalloc_32(size)	     vmalloc(size)
#define vmalloc_32_user(size)	     vzalloc(size)
#define vmalloc_node(size, n)	     vmalloc(size)
#define vzalloc_node(size, n)	     vzalloc(size)
#define vmalloc_exec(size)	     vmalloc(size)
#define __vmalloc(size, gfp, ...)    ((gfp)&__GFP_ZERO ? vzalloc(size) : vmalloc(size))
#define vmap(pages, nr, flags, prot) module_vmap(pages, nr)
#define vmalloc_to_pfn(p)	     page_to_pfn(vmalloc_to_page(p))
#define kvmalloc(size, gfp)	     kvzalloc_(size)
#define kvzalloc(size, gfp)	     kvzalloc_(size)
#define kvmalloc_node(size, gfp, n)  kvzalloc_(size)
#define kvzalloc_node(size, gfp, n)  kvzalloc_(size)

static inline void *kvmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t all;

	(void)gfp;
	return __builtin_mul_overflow(n, size, &all) ? NULL : kvzalloc_(all);
}
#define kvcalloc(n, size, gfp) kvmalloc_array(n, size, gfp)

size_t module_kvsize(const void *p);

static inline void *module_kvrealloc(const void *p, size_t old, size_t size)
{
	void *fresh;

	if (old >= size)
		return (void *)p;
	fresh = kvzalloc_(size);
	if (!fresh)
		return NULL;
	if (p)
		__builtin_memcpy(fresh, p, old);
	kvfree(p);
	return fresh;
}

/* (p, size, gfp); from Linux 5.15 to 6.11 (p, old size, size, gfp). */
#define KVREALLOC_FORM(a, b, c, d, e, ...) e
#define KVREALLOC_3(p, size, gfp)	   module_kvrealloc(p, module_kvsize(p), size)
#define KVREALLOC_4(p, old, size, gfp)	   module_kvrealloc(p, old, size)
#define kvrealloc(...)			   KVREALLOC_FORM(__VA_ARGS__, KVREALLOC_4, KVREALLOC_3, , )(__VA_ARGS__)

static inline void *kvmemdup(const void *p, size_t size, gfp_t gfp)
{
	void *fresh = kvzalloc_(size);

	(void)gfp;
	return fresh ? __builtin_memcpy(fresh, p, size) : NULL;
}

#endif
