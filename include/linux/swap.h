/* Swap, as far as modules look at it. */
#ifndef _LINUX_SWAP_H
#define _LINUX_SWAP_H

#include <linux/mm.h>

unsigned long swap_pages_free(void);
unsigned long module_swap_total(void);
#define get_nr_swap_pages() ((long)swap_pages_free())
#define total_swap_pages    ((long)module_swap_total())
#define nr_swap_pages	    get_nr_swap_pages()

#endif
