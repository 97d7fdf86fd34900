/* From a virtual address to the byte of memory behind it, every table on the way: what vtop(1) shows. */
#ifndef MM_VTOP_H
#define MM_VTOP_H

#include "arch/pt.h"
#include "arch/tlb.h"
#include "mm/page.h"

struct mm_struct;

/* One table entry that the walk read. */
struct vtop_step {
	int level; /* PT_PTE .. PT_PGD */
	unsigned index;
	phys_t entry_pa;
	pte_t entry;
};

enum vtop_end {
	VTOP_MAPPED,	    /* the CPU finds a frame */
	VTOP_NOT_CANONICAL, /* no table was read */
	VTOP_EMPTY,	    /* an entry is none: nothing was ever mapped, or it is gone */
	VTOP_PROT_NONE,	    /* a frame that the CPU does not see: no right at all */
	VTOP_NOT_PRESENT    /* an entry of mm/swap_entry.h */
};

struct vtop {
	uaddr_t va;
	enum vtop_end end;
	unsigned nr_steps;
	struct vtop_step steps[PT_LEVELS]; /* top first; the last one decides */
	bool write, user, exec;		   /* MAPPED: what all entries together allow */
	uint64_t page_size;		   /* MAPPED, PROT_NONE: bytes of the leaf */
	phys_t pa;			   /* MAPPED, PROT_NONE: of the byte at va */
};

/**
 * vtop_walk - follow the tables as the CPU does.
 * @root: a process's, with its mmap_lock held in any mode, or kernel_root.   @va: any number.
 * Locks: none taken: each entry is a snapshot.   Sleeps: no.   Cost: one read per level.
 */
void vtop_walk(const struct pt_root *root, uaddr_t va, struct vtop *out);

/* "PGD" .. "PTE". */
const char *pt_level_name(int level);
/* What the bits of @e say, " P RW US A D": the CPU's names, then software's. @level: of its table. Return: length. */
size_t vtop_bits(pte_t e, int level, char *buf, size_t size);
/* Set flags of @page by name, one blank before each. Return: length. */
size_t vtop_page_flags(const struct page *page, char *buf, size_t size);
/* Whose the frame is: "slab kmalloc-64", "page table", "anonymous, index 0x10". Return: length. */
size_t vtop_page_owner(struct page *page, char *buf, size_t size);

/* An entry that maps a page: of which address space, and where. */
struct vtop_user {
	struct mm_struct *mm; /* with a lazy reference */
	uaddr_t addr;
};
/**
 * vtop_page_users - who maps the frame @pfn.
 * @out: the first @max; mmdrop each.   Return: how many entries there are, may be more than @max; 0 when the frame is no
 * program's, or locked at the moment.   Locks: those of rmap_walk.
 */
unsigned vtop_page_users(pfn_t pfn, struct vtop_user *out, unsigned max);

#endif
