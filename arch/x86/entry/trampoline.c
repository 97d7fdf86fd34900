/*
 * Secondary CPUs' way into the kernel: the copied code, its parameters, its page tables.
 *
 * OWNS     the page at TRAMPOLINE_PHYS, and from install to remove up to 4 pages of tables.
 * I1       the tables are kernel_root's kernel half and, at address 0, one large page over the
 *          copy: executable, not writable; the parameters are written through the linear map.
 * I2       the top table lies below 4 GiB: it is loaded by 32-bit code.
 * CONTEXT  boot CPU, one start at a time.
 * FAILS    trampoline_install without memory: -ENOMEM, nothing kept.
 * NOT HERE the start-up interrupts, and waiting for the CPU (smp.c).
 */
#include "arch/x86/entry/trampoline.h"

#include "arch/machine.h"
#include "arch/physmap.h"
#include "arch/processor.h"
#include "arch/x86/hw/cr.h"
#include "arch/x86/hw/kpt.h"
#include "arch/x86/hw/tlb.h"
#include "arch/x86/hw/top.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sync/failpoint.h"

struct trampoline_params {
	uint64_t top, kernel_top, stack, cpu, cr4; /* smp_trampoline.S knows the order */
};

extern char trampoline_start[], trampoline_end[], trampoline_params[];

noreturn_ void trampoline_arrived(unsigned cpu);

_Static_assert(TRAMPOLINE_PHYS + PAGE_SIZE == MACHINE_LOW_RESERVED, "the page is reserved");

enum { MAX_TABLES = 4 };
static unsigned long tables[MAX_TABLES];
static unsigned nr_tables;

static phys_t table_alloc(size_t size, size_t align)
{
	unsigned long page;

	if (nr_tables == MAX_TABLES || failpoint("trampoline"))
		return 0;
	page = get_zeroed_page(GFP_KERNEL | (sizeof(long) == 8 ? GFP_DMA32 : 0));
	if (!page)
		return 0;
	tables[nr_tables++] = page;
	return virt_to_phys((void *)page);
}

static struct trampoline_params *params(void)
{
	return phys_to_virt(TRAMPOLINE_PHYS + (phys_t)(trampoline_params - trampoline_start));
}

int trampoline_install(void)
{
	phys_t top_phys = table_alloc(PAGE_SIZE, PAGE_SIZE);
	pte_t *top, *low = NULL;

	if (top_phys) {
		top = phys_to_virt(top_phys);
		memcpy(top, kernel_root.top, PT_TOP_BYTES);
		low = kpt_slot(top, 0, PT_PMD, table_alloc);
	}
	if (!low) {
		trampoline_remove();
		return -ENOMEM;
	}
	/* The copy, and boot_gdt: somewhere in the image, which ends below that (kernel.ld.S). */
	for (phys_t pa = 0; pa < MIB(9); pa += pt_span(PT_PMD))
		pte_set(low++, pte_make_large(phys_to_pfn(pa), PTE_KERNEL_EXEC, PT_PMD));
	memcpy(phys_to_virt(TRAMPOLINE_PHYS), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	params()->top = top_phys;
	params()->kernel_top = kernel_root.top_phys;
	params()->cr4 = cr4_read() & (CR4_PSE | CR4_PAE | CR4_LA57); /* the paging mode */
	return TRAMPOLINE_PHYS >> PAGE_SHIFT;
}

void trampoline_cpu(unsigned cpu, void *stack_top)
{
	params()->cpu = cpu;
	params()->stack = (uintptr_t)stack_top;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void trampoline_remove(void)
{
	while (nr_tables)
		free_page(tables[--nr_tables]);
}

/* Called by smp_trampoline.S on the new CPU: kernel_root is loaded, the per-CPU base is still CPU 0's. */
void trampoline_arrived(unsigned cpu)
{
	tlb_cpu_online(cpu);
	smp_secondary_entry(cpu);
}
