/*
 * Page-table entries of PAE: 8 bytes that a 32-bit CPU reads and writes in two halves, and that its walker may look at
 * between them (SDM volume 3A, "PAE Paging"). P, A and D are in the low half. Setting: high, then low; clearing:
 * low (atomically: it takes A and D along), then high; reading: low, high, low again. A present entry that stays
 * present is exchanged whole (CMPXCHG8B), or, when only its low half changes, by that half: the high one, without bits
 * that the CPU sets, changes by writers only, and these hold the table lock. A lockless reader can be fooled only by
 * an entry that was cleared and set to the same low half meanwhile.
 */
#ifndef PT_ENTRY_H
#define PT_ENTRY_H

#include "base/types.h"

typedef uint64_t pteval_t;
#define PTE_BITS_PFN ((pteval_t)0x000ffffffffff000)
#define PTE_BITS_NX  pt_nx_mask

#include "arch/x86/hw/pt_bits.h"

typedef uint32_t __attribute__((may_alias)) pte_half_t;

static inline pte_half_t *pte_low(const pte_t *p)
{
	return (pte_half_t *)(uintptr_t)p;
}

static inline pte_half_t *pte_high(const pte_t *p)
{
	return pte_low(p) + 1;
}

static inline pte_t pte_read(const pte_t *p)
{
	uint32_t low, high;

	do {
		low = __atomic_load_n(pte_low(p), __ATOMIC_ACQUIRE);
		high = __atomic_load_n(pte_high(p), __ATOMIC_ACQUIRE);
	} while (low != __atomic_load_n(pte_low(p), __ATOMIC_RELAXED));
	return (pte_t){ (uint64_t)high << 32 | low };
}

/* Not 0 where there is an entry. Whatever an entry is, its low half says so: one load of the four that pte_read takes. */
static inline unsigned long pte_any(const pte_t *p)
{
	return __atomic_load_n(pte_low(p), __ATOMIC_RELAXED);
}

/* The same of the 8 entries from @p on, with the table lock held: the CPU only adds to entries that are some. */
static inline racy_ unsigned long pte_any_of_8(const pte_t *p)
{
	const pte_half_t *low = pte_low(p);

	return low[0] | low[2] | low[4] | low[6] | low[8] | low[10] | low[12] | low[14];
}

/* Are all of these 8 mapped, and not only for mm (PROT_NONE)? */
static inline racy_ bool pte_all_of_8(const pte_t *p)
{
	const pte_half_t *low = pte_low(p);

	return low[0] & low[2] & low[4] & low[6] & low[8] & low[10] & low[12] & low[14] & PTE_BIT_P;
}

/* With the table lock held, when only the CPU writes: to the low half. */
static inline pte_t pte_read_locked(const pte_t *p)
{
	uint32_t low = __atomic_load_n(pte_low(p), __ATOMIC_RELAXED);

	return (pte_t){ (uint64_t)__atomic_load_n(pte_high(p), __ATOMIC_RELAXED) << 32 | low };
}

/* Of an entry above PT_PTE: enough to tell none, table and large page, and where the table is, which is in lowmem. */
static inline pte_t pte_read_upper(const pte_t *p)
{
	return (pte_t){ __atomic_load_n(pte_low(p), __ATOMIC_ACQUIRE) };
}

static inline void pte_set(pte_t *p, pte_t e)
{
	__atomic_store_n(pte_high(p), (uint32_t)(e.v >> 32), __ATOMIC_RELAXED);
	pt_tear_point();
	__atomic_store_n(pte_low(p), (uint32_t)e.v, __ATOMIC_RELEASE);
}

/* Install @e where nothing was. Return: false when another CPU was first. */
static inline bool pte_set_if_none(pte_t *p, pte_t e)
{
	return __sync_bool_compare_and_swap(&p->v, 0, e.v);
}

static inline pte_t pte_replace_whole(pte_t *p, pte_t e)
{
	uint64_t seen = pte_read(p).v;

	for (;;) {
		uint64_t old = __sync_val_compare_and_swap(&p->v, seen, e.v);

		if (old == seen)
			return (pte_t){ old };
		seen = old;
	}
}

static inline pte_t pte_replace(pte_t *p, pte_t e)
{
	uint32_t high = __atomic_load_n(pte_high(p), __ATOMIC_RELAXED), low;

	if (high != (uint32_t)(e.v >> 32))
		return pte_replace_whole(p, e);
	low = __atomic_exchange_n(pte_low(p), (uint32_t)e.v, __ATOMIC_SEQ_CST);
	return (pte_t){ (uint64_t)high << 32 | low };
}

/* Flip the bits @diff of *p, which was @cur a moment ago. Return: whether it still was; or else it is as it is then. */
static inline bool pte_flip(pte_t *p, pte_t cur, pteval_t diff)
{
	if (diff >> 32)
		return __sync_bool_compare_and_swap(&p->v, cur.v, cur.v ^ diff);
	return __sync_bool_compare_and_swap(pte_low(p), (uint32_t)cur.v, (uint32_t)(cur.v ^ diff));
}

static inline pte_t pte_clear(pte_t *p)
{
	uint32_t low = __atomic_exchange_n(pte_low(p), 0, __ATOMIC_SEQ_CST);
	uint32_t high = __atomic_load_n(pte_high(p), __ATOMIC_RELAXED);

	pt_tear_point();
	__atomic_store_n(pte_high(p), 0, __ATOMIC_RELEASE);
	return (pte_t){ (uint64_t)high << 32 | low };
}

/* The same where it does not matter what the CPU sets meanwhile. */
static inline void pte_forget(pte_t *p)
{
	__atomic_store_n(pte_low(p), 0, __ATOMIC_RELAXED);
	pt_tear_point();
	__atomic_store_n(pte_high(p), 0, __ATOMIC_RELEASE);
}

static inline bool pte_test_and_clear_young(pte_t *p)
{
	return __atomic_fetch_and(pte_low(p), ~(uint32_t)PTE_BIT_A, __ATOMIC_SEQ_CST) & PTE_BIT_A;
}

static inline void pte_mkwrite_in_place(pte_t *p)
{
	(void)__atomic_fetch_or(pte_low(p), (uint32_t)PTE_BIT_RW, __ATOMIC_SEQ_CST);
}

static inline void pte_wrprotect_in_place(pte_t *p)
{
	(void)__atomic_fetch_and(pte_low(p), ~(uint32_t)PTE_BIT_RW, __ATOMIC_SEQ_CST);
}

/* Top-level entries live in the PDPTE registers: RW, US, A, D and NX are reserved there ("PDPTE Registers"). */
static inline pte_t pte_make_table(int level, phys_t pa)
{
	if (level == 4) /* PT_PGD */
		return (pte_t){ pa | PTE_BIT_P };
	return (pte_t){ pa | PTE_BIT_P | PTE_BIT_RW | PTE_BIT_US | PTE_BIT_A | PTE_BIT_D };
}

#endif
