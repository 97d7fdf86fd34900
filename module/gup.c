/*
 * Pages of programs for modules: held, pinned, looked at, read and written from elsewhere.
 *
 * OWNS     nothing.
 * WHY      modules call with mmap_lock held or without, as Linux's forms want it; the kernel's own calls take it themselves, so
 *          it is given back meanwhile.
 * LOCKS    mmap_lock.   CONTEXT  threads; sleeps.   FAILS  -EFAULT, -ENOMEM as each says.
 * NOT HERE what a pin is (mm/aspace/pin.c).
 * SOURCES  Linux Documentation/core-api/pin_user_pages.rst.   TESTED BY  module_api, module_pins (guest)
 */
#include "base/errno.h"
#include "mm/imports.h"
#include "mm/mm.h"
#include "mm/pin.h"
#include "mm/pt.h"
#include "module/pages.h"
#include "module/view_impl.h"

/* The caller's lock is given back while pages are brought in. */
static void unlock_meanwhile(struct mm_struct *mm, bool write) no_lock_analysis
{
	if (write)
		rwsem_up_write(&mm->mmap_lock);
	else
		rwsem_up_read(&mm->mmap_lock);
}

static void lock_again(struct mm_struct *mm, bool write) no_lock_analysis
{
	if (write)
		rwsem_down_write(&mm->mmap_lock);
	else
		rwsem_down_read(&mm->mmap_lock);
}

enum { FOLL_WRITE = 1, FOLL_PIN = 0x40000 }; /* of @flags */

static int get_or_pin(struct mm_struct *mm, unsigned long at, unsigned flags, struct page **out)
{
	bool write = flags & FOLL_WRITE;

	return flags & FOLL_PIN ? pin_user_page(mm, at, write, out)
				: get_user_page(mm, at, write, out);
}

/*
 * The pages of [start, start + n pages) with a reference or a pin each, brought in as the program itself would. Return: how many; -EFAULT,
 * -ENOMEM: not even the first.
 */
long module_get_pages(struct mm_view *view, unsigned long start, unsigned long n, unsigned flags,
		      struct page **pages)
{
	struct mm_struct *mm = view ? view->real : mm_ctx_current()->mm;
	bool locked = view && view->locked;
	bool exclusive = locked && rwsem_is_write_locked(&mm->mmap_lock);
	unsigned long i;
	int err = mm ? 0 : -EFAULT;

	if ((flags & FOLL_PIN) && !pages)
		return -EINVAL;
	if (locked)
		unlock_meanwhile(mm, exclusive);
	for (i = 0; i < n && !err; i++) {
		struct page *page;

		err = get_or_pin(mm, (start & PAGE_MASK) + i * PAGE_SIZE, flags, &page);
		if (err)
			break;
		if (pages)
			pages[i] = page;
		else
			put_page(page);
	}
	if (locked)
		lock_again(mm, exclusive);
	return i ? (long)i : err;
}

void module_unpin_page(struct page *page)
{
	unpin_user_page(page);
}

/* What is mapped there now, with a reference; NULL: nothing. */
struct page *module_follow_page(struct vma_view *vma, unsigned long addr)
{
	struct mm_struct *mm = vma->vm_mm->real;
	struct page *table, *page = NULL;
	pte_t e = pt_lookup_locked(&mm->root, addr & PAGE_MASK, &table);

	if (!table)
		return NULL;
	if (pte_present(e) && pfn_valid(pte_pfn(e)) &&
	    page_ref_count(page_head(pfn_to_page(pte_pfn(e)))) > 0) {
		page = pfn_to_page(pte_pfn(e));
		get_page(page_head(page));
	}
	pt_unlock(table);
	return page;
}

int module_access_vm(struct mm_view *view, unsigned long addr, void *buf, int len, unsigned flags)
{
	return (int)mm_access(view->real, addr, buf, (size_t)len, flags & 1);
}
