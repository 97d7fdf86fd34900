/* Private to mm/pt. */
#ifndef MM_PT_IMPL_H
#define MM_PT_IMPL_H

#include "arch/pt.h"
#include "mm/page.h"
#include "mm/pt.h"

/* The PTE slot of @va and its table's page, no lock; NULL: no table, or a large page. */
pte_t *pt_descend(const struct pt_root *root, uaddr_t va, struct page **table_page);

/* Hang a new zeroed table under *e, an entry of @level that was none; another CPU may be first. 0 or -ENOMEM. */
int must_check pt_install_table(struct mm_struct *mm, struct pt_root *root, pte_t *e, int level);

/* The entry of the huge level for @va, no lock; NULL: no table there. */
pte_t *pt_descend_huge(const struct pt_root *root, uaddr_t va);

/* Split the large entry *e, its table's lock held. Return: false for hugetlb, which stays whole. */
bool pt_split_locked(struct pt_root *root, pte_t *e, uaddr_t va);
/* What is large at @va is small afterwards. Takes the lock. Return: false as above. */
bool must_check pt_split_at(struct pt_root *root, uaddr_t va);

/* Is @page a cache's, and no part of a compound one? */
static inline bool page_is_small_file(const struct page *page)
{
	return (READ_ONCE(page->flags) & (PAGE_STATE_MASK | 1UL << PG_head)) ==
	       (unsigned long)PS_FILE << PAGE_STATE_SHIFT;
}

/* Is [va, last] something that pt_walk_range accepts? */
bool pt_range_ok(uaddr_t va, uaddr_t last);

#endif
