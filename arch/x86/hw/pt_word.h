/*
 * Entries in memory where one instruction reads or writes a whole entry: every mode but PAE on a 32-bit CPU. The CPU's
 * walker sets A and D behind our back, so a present entry is changed by read-modify-write only.
 */
#ifndef X86_PT_WORD_H
#define X86_PT_WORD_H

#include "arch/x86/hw/pt_bits.h"

/* Acquire: what the entry leads to is seen as it was when the entry was set. */
static inline pte_t pte_read(const pte_t *p)
{
	return (pte_t){ __atomic_load_n(&p->v, __ATOMIC_ACQUIRE) };
}

/* Not 0 where there is an entry. */
static inline unsigned long pte_any(const pte_t *p)
{
	return (unsigned long)__atomic_load_n(&p->v, __ATOMIC_RELAXED);
}

/* The same of the 8 entries from @p on, with the table lock held: the CPU only adds to entries that are some. */
static inline racy_ unsigned long pte_any_of_8(const pte_t *p)
{
	return (unsigned long)(p[0].v | p[1].v | p[2].v | p[3].v | p[4].v | p[5].v | p[6].v |
			       p[7].v);
}

/* Are all of these 8 mapped, and not only for mm (PROT_NONE)? */
static inline racy_ bool pte_all_of_8(const pte_t *p)
{
	return p[0].v & p[1].v & p[2].v & p[3].v & p[4].v & p[5].v & p[6].v & p[7].v & PTE_BIT_P;
}

/* With the table lock held. */
static inline pte_t pte_read_locked(const pte_t *p)
{
	return pte_read(p);
}

/* Of an entry above PT_PTE: enough to tell none, table and large page, and where the table is. */
static inline pte_t pte_read_upper(const pte_t *p)
{
	return pte_read(p);
}

/* Release: what the frame holds is visible before the entry is. */
static inline void pte_set(pte_t *p, pte_t e)
{
	__atomic_store_n(&p->v, e.v, __ATOMIC_RELEASE);
}

/* Install @e where nothing was. Return: false when another CPU was first. */
static inline bool pte_set_if_none(pte_t *p, pte_t e)
{
	pteval_t none = 0;

	return __atomic_compare_exchange_n(&p->v, &none, e.v, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static inline pte_t pte_replace(pte_t *p, pte_t e)
{
	return (pte_t){ __atomic_exchange_n(&p->v, e.v, __ATOMIC_SEQ_CST) };
}

/* Flip the bits @diff of *p, which was @cur a moment ago. Return: whether it still was; or else it is as it is then. */
static inline bool pte_flip(pte_t *p, pte_t cur, pteval_t diff)
{
	return __sync_bool_compare_and_swap(&p->v, cur.v, cur.v ^ diff);
}

static inline pte_t pte_clear(pte_t *p)
{
	return (pte_t){ __atomic_exchange_n(&p->v, 0, __ATOMIC_SEQ_CST) };
}

/* The same where it does not matter what the CPU sets meanwhile: a plain store. */
static inline void pte_forget(pte_t *p)
{
	__atomic_store_n(&p->v, 0, __ATOMIC_RELAXED);
}

static inline bool pte_test_and_clear_young(pte_t *p)
{
	return __atomic_fetch_and(&p->v, ~PTE_BIT_A, __ATOMIC_SEQ_CST) & PTE_BIT_A;
}

static inline void pte_mkwrite_in_place(pte_t *p)
{
	(void)__atomic_fetch_or(&p->v, PTE_BIT_RW, __ATOMIC_SEQ_CST);
}

static inline void pte_wrprotect_in_place(pte_t *p)
{
	(void)__atomic_fetch_and(&p->v, ~PTE_BIT_RW, __ATOMIC_SEQ_CST);
}

#endif
