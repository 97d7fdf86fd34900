/*
 * Kernel windows: vmalloc addresses and kmap slots become real host mappings of arena frames.
 *
 * WHY      mm hands out pointers into VMALLOC_START..END and expects them to work. The first access to a page raises
 *          SIGSEGV; the handler walks kernel_root as a CPU would, and maps the frame there: a TLB whose entries are
 *          host mappings. An entry stays until tlb_flush_kernel, so a stale use works here as on hardware, and the
 *          oracle of phys.c sees it when the frame is freed. An access without an entry is a crash of the kernel.
 * OWNS     both windows, the handler of SIGSEGV while a world exists.
 * I1       window_pa[i] != 0 exactly when page i of the vmalloc window is mapped; then it holds its frame. [kva_page]
 * NOT HERE large pages: the vmalloc window has none.
 */
#define _GNU_SOURCE
#include "arch/percpu.h"
#include "arch/physmap.h"
#include "arch/sim/hw/sim_hw.h"
#include "arch/sim_local.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { WINDOW_PAGES = (VMALLOC_END - VMALLOC_START) >> PAGE_SHIFT };
static const phys_t PA_MAPPED = 1; /* marks a slot of the table in use, frame 0 included */

static phys_t *window_pa;
static phys_t slot_pa[CFG_NR_CPUS][KMAP_SLOTS];
static struct sigaction old_action;

static void map_frame(uintptr_t at, phys_t pa, int prot)
{
	const int fixed = MAP_FIXED | (sim_is_ram(pa) ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS);
	void *p = mmap((void *)at, PAGE_SIZE, prot, fixed, sim_is_ram(pa) ? sim_ram_fd : -1,
		       sim_is_ram(pa) ? (off_t)pa : 0);

	if (p == MAP_FAILED)
		sim_broken("host mmap of a kernel page failed");
	sim_frame_hold(pa);
}

static void unmap_range(uintptr_t at, size_t size)
{
	void *p = mmap((void *)at, size, PROT_NONE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		sim_broken("host munmap of kernel pages failed");
}

/* The leaf entry for a kernel address, read from the tables as the hardware walker would. */
static pte_t kernel_entry(kaddr_t va)
{
	pte_t *tbl = kernel_root.top;
	pte_t cur = pte_from_raw(0);

	for (int level = pt_top_level(); level >= PT_PTE && tbl; level--) {
		if (pt_folded(level))
			continue;
		cur = pte_read(tbl + pt_index(level, va));
		if (level == PT_PTE || !pte_present(cur))
			break;
		tbl = sim_bus(pt_table_pa(cur));
	}
	return cur;
}

/* Return: true when a mapping was made, so that the access can be repeated. */
static bool kva_page(kaddr_t va)
{
	size_t i = (va - VMALLOC_START) >> PAGE_SHIFT;
	pte_t e = kernel_entry(va);

	if (!pte_present(e) || window_pa[i])
		return false; /* no entry, or it does not allow the access */
	map_frame(va & PAGE_MASK, pte_phys(e), PROT_READ | (pte_write(e) ? PROT_WRITE : 0));
	window_pa[i] = pte_phys(e) | PA_MAPPED;
	return true;
}

static void on_segv(int sig, siginfo_t *info, void *context)
{
	kaddr_t va = (kaddr_t)info->si_addr;
	bool mapped = false;

	if (va >= VMALLOC_START && va < VMALLOC_END && window_pa) {
		sim_hw_lock();
		mapped = kva_page(va);
		sim_hw_unlock();
	}
	if (mapped)
		return;
	/* The access repeats and is reported by whoever was there before. */
	(void)sigaction(sig, &old_action, NULL);
}

void sim_kva_create(void)
{
	struct sigaction sa = { .sa_sigaction = on_segv, .sa_flags = SA_SIGINFO | SA_NODEFER };

	window_pa = calloc(WINDOW_PAGES, sizeof(*window_pa));
	unmap_range(VMALLOC_START, VMALLOC_END - VMALLOC_START);
	unmap_range(KMAP_BASE, PAGE_SIZE * KMAP_SLOTS * CFG_NR_CPUS);
	for (unsigned i = 0; i < CFG_NR_CPUS * KMAP_SLOTS; i++)
		slot_pa[i / KMAP_SLOTS][i % KMAP_SLOTS] = 0;
	(void)sigaction(SIGSEGV, &sa, &old_action);
}

void sim_kva_destroy(void)
{
	(void)sigaction(SIGSEGV, &old_action, NULL);
	munmap((void *)VMALLOC_START, VMALLOC_END - VMALLOC_START);
	munmap((void *)KMAP_BASE, PAGE_SIZE * KMAP_SLOTS * CFG_NR_CPUS);
	free(window_pa);
	window_pa = NULL;
}

void sim_kva_flush(kaddr_t start, kaddr_t end)
{
	start = max_of(kaddr_t, start & PAGE_MASK, VMALLOC_START);
	end = min_of(kaddr_t, end, VMALLOC_END);
	for (kaddr_t va = start; va < end; va += PAGE_SIZE) {
		size_t i = (va - VMALLOC_START) >> PAGE_SHIFT;

		if (!window_pa[i])
			continue;
		unmap_range(va, PAGE_SIZE);
		sim_frame_drop(window_pa[i] & ~(phys_t)PA_MAPPED);
		window_pa[i] = 0;
	}
}

void *physmap_map_slot(unsigned slot, pfn_t pfn)
{
	uintptr_t at = KMAP_BASE + ((cpu_id() * KMAP_SLOTS + slot) << PAGE_SHIFT);

	if (slot >= KMAP_SLOTS || slot_pa[cpu_id()][slot])
		sim_broken("kmap slot %u of CPU %u is not free", slot, cpu_id());
	map_frame(at, pfn_to_phys(pfn), PROT_READ | PROT_WRITE);
	slot_pa[cpu_id()][slot] = pfn_to_phys(pfn) | PA_MAPPED;
	return (void *)at;
}

void physmap_unmap_slot(unsigned slot)
{
	phys_t *pa = &slot_pa[cpu_id()][slot];

	if (slot >= KMAP_SLOTS || !*pa)
		sim_broken("kmap slot %u of CPU %u is not mapped", slot, cpu_id());
	unmap_range(KMAP_BASE + ((cpu_id() * KMAP_SLOTS + slot) << PAGE_SHIFT), PAGE_SIZE);
	sim_frame_drop(*pa & ~(phys_t)PA_MAPPED);
	*pa = 0;
}
