/* Entries of pages that are not in memory. */
#ifndef _LINUX_SWAPOPS_H
#define _LINUX_SWAPOPS_H

#include <linux/swap.h>

#include "mm/swapped.h"

/* Not empty, not present: swapped, or one of the kernel's marks. */
#define is_swap_pte(e)	      (!pte_none(e) && !pte_present(e))
#define pte_to_swp_entry(e)   pte_swp_entry(e)
#define non_swap_entry(e)     (swp_type(e) >= MAX_SWAPFILES)
#define is_migration_entry(e) ((swp_type(e) | 1) == SWP_MIGRATION_WRITE)
#define is_hwpoison_entry(e)  (swp_type(e) == SWP_HWPOISON)

#endif
