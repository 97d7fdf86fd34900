/*
 * x86_64: returning to a program whose stack segment has 16 bits.
 *
 * OWNS     the window at ESPFIX_BASE, 4 GiB of addresses with one page behind each of them.
 * WHY      iret to such a segment restores 16 bits of the stack pointer and leaves bits 16-31 what
 *          they are in the kernel: the program would lose its own and learn the kernel's. So the
 *          return is made from a stack whose address has the program's bits there. Which they are
 *          is known at the last moment: hence a window with every one of them.
 *
 *              PUD, 4 entries  --all-->  one PMD table  --all-->  one PTE table  --all-->  one page
 *
 * I1       a CPU uses its own ESPFIX_SLOT bytes of the page, interrupts off: five words for iret, and
 *          room for the exception that iret may raise (entry/trap64.S, return_espfix).
 * I2       the top-level entry is the image's, in every root from the start; the window is filled
 *          in below it when the first program asks for an LDT, and stays.
 * LOCKS    none: two CPUs that fill it at a time write the same values.
 * COST     three pages of the image.
 * SOURCES  SDM volume 3A, "Stack Switching in 64-Bit Mode"; the behaviour is Linux's.
 *          TESTED BY  tests/guest/seg_signal.c.
 */
#ifdef __x86_64__
#include "arch/x86/entry/espfix.h"

#include "arch/machine.h"
#include "arch/physmap.h"
#include "arch/processor.h"
#include "arch/pt.h"
#include "arch/tlb.h"
#include "arch/x86/hw/kpt.h"
#include "sync/kassert.h"
#include "sync/percpu.h"

enum { TABLE_ENTRIES = 512, WINDOW_PUDS = 4, IRET_FRAME = 5 * sizeof(long) };

_Static_assert(CFG_NR_CPUS *ESPFIX_SLOT <= PAGE_SIZE, "espfix page");

static char stacks[PAGE_SIZE] section_(".bss.page_aligned") aligned_(PAGE_SIZE);
static pte_t ptes[TABLE_ENTRIES] section_(".bss.page_aligned") aligned_(PAGE_SIZE);
static pte_t pmds[TABLE_ENTRIES] section_(".bss.page_aligned") aligned_(PAGE_SIZE);

/* Where return_espfix puts the frame; 0: no program has had an LDT yet. And what it then has for a stack pointer. */
DEFINE_PER_CPU(unsigned long, espfix_frame);
DEFINE_PER_CPU(unsigned long, espfix_sp);

static phys_t image_phys(const void *p)
{
	return (uintptr_t)p - KERNEL_BASE;
}

static void fill(pte_t *table, pte_t e)
{
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		pte_set(&table[i], e);
}

void espfix_prepare(void)
{
	pte_t *pud = kpt_slot(kernel_root.top, ESPFIX_BASE, PT_PUD, NULL);
	unsigned cpu;

	if (this_cpu(espfix_frame))
		return;
	must(pud);
	fill(ptes, pte_make(phys_to_pfn(image_phys(stacks)), PTE_KERNEL));
	fill(pmds, pte_make_table(PT_PMD, image_phys(ptes)));
	for (unsigned i = 0; i < WINDOW_PUDS; i++)
		pte_set(&pud[i], pte_make_table(PT_PUD, image_phys(pmds)));
	for_each_possible_cpu (cpu)
		WRITE_ONCE(per_cpu(espfix_frame, cpu),
			   (unsigned long)stacks + (cpu + 1) * ESPFIX_SLOT - IRET_FRAME);
}
#endif
