/*
 * mincore(2) and msync(2): what of a mapping is in memory, and what of it is in the store.
 *
 *   mincore   a page is in memory when an entry maps it, or when its mapping has it cached; of a file that the caller may
 *             not write, every page is said to be: what others have read is none of his business
 *   msync     MS_SYNC writes shared mappings of a store and waits; where memory is the store only the arguments are checked
 *
 * WHY      answers go to user memory in pieces, with mmap_lock dropped in between, because the copy may fault.
 * LOCKS    mmap_lock for read. Sleeps in the copy.
 * FAILS    as mincore(2) and msync(2) ERRORS: EINVAL, EFAULT, ENOMEM, EBUSY.   TESTED BY mmap_test.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/writeback.h"
#include "uapi/mman.h"

enum { PIECE = 256 }; /* pages answered at a time */

/* Is the page that has no entry in memory? In the mapping's cache, or on its way from or to swap. */
static bool is_cached(struct address_space *m, unsigned long index)
{
	struct page *page = mapping_find(m, index);
	bool cached = page && page_test(page, PG_uptodate);

	if (page)
		put_page(page);
	else
		(void)shmem_swapped(m, index, &cached);
	return cached;
}

/* Pages without an entry: those that the mapping has cached are in memory. */
static void mark_cached(struct vm_area_struct *vma, unsigned long start, unsigned n, uint8_t *vec)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned long index = vma_index(vma, start + ((unsigned long)i << PAGE_SHIFT));

		if (vec[i] != CORE_UNKNOWN)
			continue;
		if (!(vma->vm_flags & VM_HUGETLB) && is_cached(vma->mapping, index))
			vec[i] = CORE_PRESENT;
		else /* of hugetlb only what is mapped */
			vec[i] = CORE_ABSENT;
	}
}

static bool may_know(const struct vm_area_struct *vma)
{
	struct address_space *m = vma->mapping;

	if (vma_is_anon(vma))
		return true;
	return m && (!m->ops->may_write || m->ops->may_write(m));
}

/* Answer at most PIECE pages from @start, of one vma. Return: how many; 0: nothing is mapped there. */
static unsigned mincore_piece(struct mm_struct *mm, unsigned long start, unsigned long end,
			      uint8_t *vec)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned n;

	if (!vma || vma->vm_start > start)
		return 0;
	end = min_of(unsigned long, end, vma->vm_end);
	n = (unsigned)min_of(unsigned long, (end - start) >> PAGE_SHIFT, PIECE);
	if (!may_know(vma)) {
		memset(vec, CORE_PRESENT, n);
		return n;
	}
	range_core(mm, start, start + ((unsigned long)n << PAGE_SHIFT),
		   vma->mapping ? CORE_UNKNOWN : CORE_ABSENT, vec);
	if (vma->mapping)
		mark_cached(vma, start, n, vec);
	return n;
}

int vm_mincore(struct mm_struct *mm, unsigned long addr, unsigned long len, uaddr_t vec)
{
	unsigned long end = addr + page_align(len), pages = page_align(len) >> PAGE_SHIFT;
	uint8_t piece[PIECE];

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (len > mm->task_size || addr > mm->task_size - len)
		return -ENOMEM;
	if (!access_ok(vec, pages))
		return -EFAULT;
	while (addr < end) {
		unsigned n;

		rwsem_down_read(&mm->mmap_lock);
		n = mincore_piece(mm, addr, end, piece);
		rwsem_up_read(&mm->mmap_lock);
		if (!n)
			return -ENOMEM;
		if (copy_to_user(vec, piece, n))
			return -EFAULT;
		vec += n;
		addr += (unsigned long)n << PAGE_SHIFT;
	}
	return 0;
}

struct sync_ctx {
	struct mm_struct *mm;
	unsigned long addr, end;
	int flags;
	int hole; /* -ENOMEM once a hole was met: the rest is done all the same */
};

/*
 * The next vma of the range, up to where it is to be synchronised: for MS_SYNC a shared mapping with a store is held for
 * the caller, who writes it without mmap_lock. mmap_lock held for read. Return: 0 or -errno.
 */
static int sync_step(struct sync_ctx *c, struct address_space **m, unsigned long *first,
		     unsigned long *last)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->addr);
	unsigned long stop;

	if (!vma || vma->vm_start >= c->end)
		return -ENOMEM;
	if (vma->vm_start > c->addr) {
		c->hole = -ENOMEM;
		c->addr = vma->vm_start;
	}
	if ((c->flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
		return -EBUSY;
	stop = min_of(unsigned long, c->end, vma->vm_end);
	if ((c->flags & MS_SYNC) && vma->mapping && vma->mapping->ops->store &&
	    (vma->vm_flags & VM_SHARED)) {
		*m = vma->mapping;
		*first = vma_index(vma, c->addr);
		*last = *first + ((stop - c->addr) >> PAGE_SHIFT) - 1;
		(*m)->ops->hold(*m);
	}
	c->addr = stop;
	return 0;
}

int vm_sync(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags)
{
	struct sync_ctx c = { mm, addr, addr + page_align(len), flags, 0 };

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (addr & ~PAGE_MASK))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	if (c.end < addr)
		return -ENOMEM;
	while (c.addr < c.end) {
		struct address_space *m = NULL;
		unsigned long first, last;
		int err;

		rwsem_down_read(&mm->mmap_lock);
		err = sync_step(&c, &m, &first, &last);
		rwsem_up_read(&mm->mmap_lock);
		if (m) {
			mapping_sync(m, first, last);
			err = mapping_take_error(m);
			m->ops->drop(m);
		}
		if (err)
			return err;
	}
	return c.hole;
}
