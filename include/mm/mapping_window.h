/* What a fault maps of a page cache in one step: the page that it is for, and neighbours that are there. */
#ifndef MM_MAPPING_WINDOW_H
#define MM_MAPPING_WINDOW_H

#include "mm/mapping.h"
#include "mm/range.h"

struct mm_struct;

/* A fault and its neighbours: the entries of one table for the pages from @first on. */
struct mapping_window {
	unsigned long first;
	pte_t *pte;
	unsigned nr, at;      /* @at: which of them the fault is for */
	pte_t prot, own_prot; /* rights of the entries; of that one */
};
/*
 * Map of them what is in the cache and valid, where no entry is: references, _mapcount, RSS. The page of the fault is mapped
 * whatever marker its entry is. Return: that page, which its entry keeps; NULL: it is not there, and nothing is done.
 * Table lock held.
 */
struct page *mapping_map_run(struct address_space *m, struct mm_struct *mm,
			     const struct mapping_window *w);

#endif
