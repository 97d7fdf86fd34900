/* Pages: descriptors, frames, addresses; pages of programs. Included by linux/mm.h. */
#ifndef _LINUX_MM_PAGES_H
#define _LINUX_MM_PAGES_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>

#include <asm/page.h>

#define mem_map		       ((struct page *)MEMMAP_BASE)
#define pfn_to_page(n)	       (mem_map + (n))
#define page_to_pfn(p)	       ((unsigned long)((p)-mem_map))
#define page_to_phys(p)	       ((phys_addr_t)page_to_pfn(p) << PAGE_SHIFT)
#define phys_to_page(a)	       pfn_to_page((unsigned long)((a) >> PAGE_SHIFT))
#define virt_to_page(v)	       pfn_to_page((unsigned long)(__pa(v) >> PAGE_SHIFT))
#define virt_to_pfn(v)	       ((unsigned long)(__pa(v) >> PAGE_SHIFT))
#define pfn_to_kaddr(n)	       __va((phys_addr_t)(n) << PAGE_SHIFT)
#define page_to_virt(p)	       pfn_to_kaddr(page_to_pfn(p))
#define lowmem_page_address(p) page_to_virt(p)
#define high_memory	       __va((phys_addr_t)lowmem_end_pfn << PAGE_SHIFT)

extern unsigned long max_pfn;
bool pfn_valid(unsigned long pfn);
void *page_address(const struct page *page); /* NULL: a high page that kmap has not mapped */
void get_page(struct page *page);
void put_page(struct page *page);
int page_count(struct page *page);
void lock_page(struct page *page);
int trylock_page(struct page *page);
void unlock_page(struct page *page);
int set_page_dirty(struct page *page);

#define set_page_dirty_lock(p) set_page_dirty(p)
#define page_ref_count(p)      atomic_read(&(p)->_refcount)
#define page_mapcount(p)       (atomic_read(&(p)->_mapcount) + 1)
#define total_mapcount(p)      page_mapcount(p)
#define page_mapped(p)	       (page_mapcount(p) > 0)
#define page_index(p)	       ((p)->index)
#define page_mapping(p)	       (PageAnon(p) ? NULL : (void *)((unsigned long)(p)->mapping & ~3UL))
#define page_size(p)	       (PAGE_SIZE << compound_order(p))
#define compound_nr(p)	       (1UL << compound_order(p))
#define virt_to_head_page(v)   compound_head(virt_to_page(v))
#define thp_order(p)	       compound_order(p)
#define thp_nr_pages(p)	       compound_nr(p)
#define nth_page(p, n)	       ((p) + (n))
#define PageHighMem(p)	       is_highmem(page_zone(p))
#define clear_page(at)	       ((void)__builtin_memset(at, 0, PAGE_SIZE))
#define copy_page(to, from)    ((void)__builtin_memcpy(to, from, PAGE_SIZE))
#define mark_page_accessed(p)  ((void)(p))

/* ---- all of memory ---- */
void si_meminfo(struct sysinfo *s);
unsigned long totalram_pages(void);
unsigned long nr_free_pages(void);
long si_mem_available(void);
#define get_num_physpages()	   max_pfn
#define num_physpages		   max_pfn
#define global_zone_page_state_sum global_zone_page_state

/* ---- pages of programs ---- */
#define FOLL_WRITE    0x01
#define FOLL_GET      0x04
#define FOLL_FORCE    0x10
#define FOLL_LONGTERM 0x100
#define FOLL_PIN      0x40000

/* With a reference each, or a pin. @flags: FOLL_WRITE, FOLL_PIN. Return: how many, or -EFAULT, -ENOMEM. */
long module_get_pages(struct mm_struct *mm, unsigned long start, unsigned long n,
		      unsigned int flags, struct page **pages);
struct page *module_follow_page(struct vm_area_struct *vma, unsigned long addr);

#define GUP_FORM(a, b, c, d, e, f, g, h, form, ...) form
/* Of the caller, who has mmap_lock. */
#define GUP_4(start, n, flags, pages)                                                              \
	module_get_pages(current->mm, start, n, (flags)&FOLL_WRITE, pages)
#define GUP_5(start, n, flags, pages, vmas) GUP_4(start, n, flags, pages)
#define GUP_8(task, mm, start, n, write, force, pages, vmas)                                       \
	module_get_pages(mm, start, n, (write) != 0, pages)
#define GUP_6(start, n, write, force, pages, vmas)                                                 \
	module_get_pages(current->mm, start, n, (write) != 0, pages)
#define GUP_NONE(...) GUP_takes_4_to_8_arguments
/* (start, n, flags, pages[, vmas]); in Linux 4.6 to 4.8 (start, n, write, force, pages, vmas); before (task, mm, start, n, write, force, pages, vmas). */
#define get_user_pages(...)                                                                        \
	GUP_FORM(__VA_ARGS__, GUP_8, GUP_NONE, GUP_6, GUP_5, GUP_4, GUP_NONE, GUP_NONE, GUP_NONE)  \
	(__VA_ARGS__)
#define GUPR_6(mm, start, n, flags, pages, locked)                                                 \
	module_get_pages(mm, start, n, (flags)&FOLL_WRITE, pages)
#define GUPR_7(mm, start, n, flags, pages, vmas, locked) GUPR_6(mm, start, n, flags, pages, locked)
#define GUPR_8(task, mm, start, n, flags, pages, vmas, locked)                                     \
	GUPR_6(mm, start, n, flags, pages, locked)
/* (mm, start, n, flags, pages[, vmas], locked); before Linux 5.9 a task in front. */
#define get_user_pages_remote(...)                                                                 \
	GUP_FORM(__VA_ARGS__, GUPR_8, GUPR_7, GUPR_6, GUP_NONE, GUP_NONE, GUP_NONE, GUP_NONE,      \
		 GUP_NONE)                                                                         \
	(__VA_ARGS__)
#define get_user_pages_fast(start, n, flags, pages)                                                \
	((int)module_get_pages(NULL, start, (unsigned long)(n), (flags)&FOLL_WRITE, pages))
#define get_user_pages_unlocked(start, n, pages, flags)	 GUP_4(start, n, flags, pages)
#define get_user_pages_fast_only(start, n, flags, pages) get_user_pages_fast(start, n, flags, pages)
#include <linux/mm_pin.h>

static inline void module_release_pages(struct page **pages, unsigned long n)
{
	while (n)
		put_page(pages[--n]);
}
#define release_pages(pages, n) module_release_pages(pages, (unsigned long)(n))

/* What is mapped there; with FOLL_GET with a reference. */
static inline struct page *follow_page(struct vm_area_struct *vma, unsigned long addr,
				       unsigned int flags)
{
	struct page *page = module_follow_page(vma, addr);

	if (page && !(flags & FOLL_GET))
		put_page(page);
	return page;
}

int access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, int len,
		     unsigned int flags);

#define max_low_pfn lowmem_end_pfn
#define max_mapnr   max_pfn

void module_si_swapinfo(struct sysinfo *s);
#define si_swapinfo(s) module_si_swapinfo(s)

#define PFN_ALIGN(x) PAGE_ALIGN(x)
#define PFN_UP(x)    (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_DOWN(x)  ((x) >> PAGE_SHIFT)

#endif
