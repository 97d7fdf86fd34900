/*
 * Entries of x86 page tables by value: what all modes share. Included by the mode's pt_entry.h, which has defined
 * pteval_t (the entry as an integer), PTE_BITS_PFN (mask of the frame address) and PTE_BITS_NX (0, or pt_nx_mask).
 *
 *   bit 0 P, 1 RW, 2 US, 3 PWT, 4 PCD, 5 A, 6 D, 7 PS (in a table entry) or PAT, 8 G, 63 NX
 *   software's: 9 special (no struct page behind it), 10 userfaultfd write-protected, 11 soft-dirty
 *   P = 0, G = 1: present for mm, absent for the hardware (PROT_NONE); the frame stays in place. With PS, above the
 *   PTEs: the same of a large page
 *   P = 0, G = 0, PS = 1: swap entry: type in bits 1-5, offset from bit 9
 *   0: nothing
 */
#ifndef X86_PT_BITS_H
#define X86_PT_BITS_H

#include "arch/physmap.h"
#include "arch/pt_hooks.h"

typedef struct {
	pteval_t v;
} pte_t;

#define PTE_BIT_P	 ((pteval_t)0x001)
#define PTE_BIT_RW	 ((pteval_t)0x002)
#define PTE_BIT_US	 ((pteval_t)0x004)
#define PTE_BIT_PWT	 ((pteval_t)0x008)
#define PTE_BIT_PCD	 ((pteval_t)0x010)
#define PTE_BIT_A	 ((pteval_t)0x020)
#define PTE_BIT_D	 ((pteval_t)0x040)
#define PTE_BIT_PS	 ((pteval_t)0x080)
#define PTE_BIT_G	 ((pteval_t)0x100)
#define PTE_BIT_SPECIAL	 ((pteval_t)0x200)
#define PTE_BIT_UFFD_WP	 ((pteval_t)0x400)
#define PTE_BIT_SOFT_D	 ((pteval_t)0x800)
#define PTE_BIT_SWAP	 PTE_BIT_PS /* of an entry that is not present */
#define PTE_BIT_PROTNONE PTE_BIT_G  /* of an entry without P */

#define PTE_SWAP_TYPE_SHIFT   1
#define PTE_SWAP_TYPE_MASK    0x1f
#define PTE_SWAP_OFFSET_SHIFT 9

/* Rights and cacheability: what pte_modify takes from its prot. */
#define PTE_BITS_PROT                                                                              \
	(PTE_BIT_P | PTE_BIT_RW | PTE_BIT_US | PTE_BIT_PWT | PTE_BIT_PCD | PTE_BIT_G | PTE_BITS_NX)

#define PTE_PROT_NONE_ ((pte_t){ PTE_BIT_PROTNONE })
#define PTE_KERNEL                                                                                 \
	((pte_t){ PTE_BIT_P | PTE_BIT_RW | PTE_BIT_A | PTE_BIT_D | PTE_BIT_G | PTE_BITS_NX })
#define PTE_KERNEL_RO	   ((pte_t){ PTE_BIT_P | PTE_BIT_A | PTE_BIT_G | PTE_BITS_NX })
#define PTE_KERNEL_EXEC	   ((pte_t){ PTE_BIT_P | PTE_BIT_A | PTE_BIT_G })
#define PTE_KERNEL_NOCACHE ((pte_t){ PTE_KERNEL.v | PTE_BIT_PCD | PTE_BIT_PWT })

/* Those of @flags, any but NX, that are set: on a 32-bit CPU one register has them. */
static inline uint32_t pte_flags(pte_t e, pteval_t flags)
{
	return (uint32_t)e.v & (uint32_t)flags;
}

static inline bool pte_none(pte_t e)
{
	return e.v == 0;
}

static inline bool pte_present(pte_t e)
{
	return pte_flags(e, PTE_BIT_P | PTE_BIT_PROTNONE);
}

/* Does the entry, found in a table of @level, map memory itself? Above the PTEs there are no swap entries. */
static inline bool pte_is_leaf(pte_t e, int level)
{
	return level == 0 ? pte_present(e) : pte_flags(e, PTE_BIT_PS) != 0;
}

static inline bool pte_write(pte_t e)
{
	return pte_flags(e, PTE_BIT_RW);
}

static inline bool pte_user(pte_t e)
{
	return pte_flags(e, PTE_BIT_US);
}

static inline bool pte_exec(pte_t e)
{
	return !(e.v & PTE_BITS_NX);
}

static inline bool pte_young(pte_t e)
{
	return pte_flags(e, PTE_BIT_A);
}

static inline bool pte_dirty(pte_t e)
{
	return pte_flags(e, PTE_BIT_D);
}

static inline bool pte_global(pte_t e)
{
	return pte_flags(e, PTE_BIT_P | PTE_BIT_G) == (PTE_BIT_P | PTE_BIT_G);
}

static inline bool pte_special(pte_t e)
{
	return pte_flags(e, PTE_BIT_SPECIAL);
}

static inline phys_t pte_phys(pte_t e)
{
	return e.v & PTE_BITS_PFN;
}

static inline pfn_t pte_pfn(pte_t e)
{
	return phys_to_pfn(pte_phys(e));
}

/* Do they differ at most in the frame? */
static inline bool pte_alike(pte_t a, pte_t b)
{
	return !((a.v ^ b.v) & ~(pteval_t)PTE_BITS_PFN);
}

/* Does @e map the frame behind @before's? Rights to write, and what was noted of its use, may differ. */
static inline bool pte_follows(pte_t e, pte_t before)
{
	const pteval_t may_differ = PTE_BIT_A | PTE_BIT_D | PTE_BIT_SOFT_D | PTE_BIT_RW;

	return !((e.v ^ (before.v + PAGE_SIZE)) & ~may_differ);
}

static inline pte_t pte_make(pfn_t pfn, pte_t prot)
{
	return (pte_t){ (pteval_t)pfn_to_phys(pfn) | prot.v };
}

static inline pte_t pte_make_large(pfn_t pfn, pte_t prot, int level)
{
	(void)level; /* one format for all sizes */
	return (pte_t){ (pteval_t)pfn_to_phys(pfn) | prot.v | PTE_BIT_PS };
}

/* Entry of a table of small pages that says what the large @e says of its page number @i. */
static inline pte_t pte_small_of(pte_t e, unsigned i)
{
	return (pte_t){ (e.v & ~PTE_BIT_PS) + ((pteval_t)i << PAGE_SHIFT) };
}

/* The same rights and bits for another frame. */
static inline pte_t pte_with_pfn(pte_t e, pfn_t pfn)
{
	return (pte_t){ (e.v & ~(pteval_t)PTE_BITS_PFN) | (pteval_t)pfn_to_phys(pfn) };
}

static inline pte_t pte_mkwrite(pte_t e)
{
	return (pte_t){ e.v | PTE_BIT_RW };
}

static inline pte_t pte_wrprotect(pte_t e)
{
	return (pte_t){ e.v & ~PTE_BIT_RW };
}

static inline pte_t pte_mkyoung(pte_t e)
{
	return (pte_t){ e.v | PTE_BIT_A };
}

static inline pte_t pte_mkold(pte_t e)
{
	return (pte_t){ e.v & ~PTE_BIT_A };
}

static inline pte_t pte_mkdirty(pte_t e)
{
	return (pte_t){ e.v | PTE_BIT_D };
}

static inline pte_t pte_mkclean(pte_t e)
{
	return (pte_t){ e.v & ~PTE_BIT_D };
}

static inline pte_t pte_mkspecial(pte_t e)
{
	return (pte_t){ e.v | PTE_BIT_SPECIAL };
}

/* Write-protected for a userfaultfd: stays through mprotect, and over what a fork or a move copies. */
static inline bool pte_uffd_wp(pte_t e)
{
	return pte_flags(e, PTE_BIT_UFFD_WP);
}

static inline pte_t pte_mkuffd_wp(pte_t e)
{
	return (pte_t){ (e.v | PTE_BIT_UFFD_WP) & ~PTE_BIT_RW };
}

static inline pte_t pte_clear_uffd_wp(pte_t e)
{
	return (pte_t){ e.v & ~PTE_BIT_UFFD_WP };
}

/* Written since /proc/PID/clear_refs was given a 4. */
static inline bool pte_soft_dirty(pte_t e)
{
	return pte_flags(e, PTE_BIT_SOFT_D);
}

static inline pte_t pte_mksoft_dirty(pte_t e)
{
	return (pte_t){ e.v | PTE_BIT_SOFT_D };
}

static inline pte_t pte_clear_soft_dirty(pte_t e)
{
	return (pte_t){ e.v & ~PTE_BIT_SOFT_D };
}

/* Rights of a user page. x86 cannot express "write or execute but not read". */
static inline pte_t pte_prot_user(bool read, bool write, bool exec)
{
	if (!read && !write && !exec)
		return PTE_PROT_NONE_;
	return (pte_t){ PTE_BIT_P | PTE_BIT_US | (write ? PTE_BIT_RW : 0) |
			(exec ? 0 : PTE_BITS_NX) };
}

static inline pte_t pte_modify(pte_t e, pte_t prot)
{
	return (pte_t){ (e.v & ~PTE_BITS_PROT) | (prot.v & PTE_BITS_PROT) };
}

static inline bool pte_is_swap(pte_t e)
{
	return pte_flags(e, PTE_BIT_P | PTE_BIT_PROTNONE | PTE_BIT_SWAP) == PTE_BIT_SWAP;
}

static inline pte_t pte_from_swap(unsigned type, unsigned long offset)
{
	return (pte_t){ (pteval_t)offset << PTE_SWAP_OFFSET_SHIFT |
			(pteval_t)(type & PTE_SWAP_TYPE_MASK) << PTE_SWAP_TYPE_SHIFT |
			PTE_BIT_SWAP };
}

static inline unsigned pte_swap_type(pte_t e)
{
	return (unsigned)(e.v >> PTE_SWAP_TYPE_SHIFT) & PTE_SWAP_TYPE_MASK;
}

static inline unsigned long pte_swap_offset(pte_t e)
{
	return (unsigned long)(e.v >> PTE_SWAP_OFFSET_SHIFT);
}

static inline uint64_t pte_raw(pte_t e)
{
	return e.v;
}

static inline pte_t pte_from_raw(uint64_t raw)
{
	return (pte_t){ (pteval_t)raw };
}

/*
 * Name of a bit of @e, an entry in a table of @level, for reports; NULL for the bits of a frame number or a swap entry. Of
 * an entry without P only what software says has a name.
 */
static inline const char *pte_bit_name(pte_t e, unsigned bit, int level)
{
	static const char *const names[] = { "P", "RW", "US", "PWT", "PCD", "A", "D" };

	if (!pte_present(e))
		return NULL;
	if (bit < ARRAY_SIZE(names))
		return names[bit];
	switch (bit) {
	case 7:
		return level ? "PS" : "PAT";
	case 8:
		return e.v & PTE_BIT_P ? "G" : "PROT_NONE";
	case 9:
		return "special";
	case 10:
		return "uffd-wp";
	case 11:
		return "soft-dirty";
	case 63:
		return "NX";
	default:
		return NULL;
	}
}

static inline phys_t pt_table_pa(pte_t e)
{
	return pte_phys(e);
}

/* Tables are in lowmem always. */
static inline pte_t *pt_table_ptr(pte_t e)
{
	return (pte_t *)phys_to_virt(pte_phys(e));
}

/*
 * What pte_make_table gives an entry, but for PAE's top ones, and the CPU leaves alone: one compare tells such an entry from none
 * and from a large page, and taking it off leaves the address. A descent is mostly that.
 */
#define PTE_TABLE_BITS (PTE_BIT_P | PTE_BIT_RW | PTE_BIT_US | PTE_BIT_A | PTE_BIT_D)

static inline bool pte_is_plain_table(pte_t e)
{
	return (uint8_t)e.v == (uint8_t)PTE_TABLE_BITS;
}

static inline pte_t *pt_plain_table_ptr(pte_t e)
{
	return (pte_t *)phys_to_virt((phys_t)(e.v - PTE_TABLE_BITS));
}

#endif
