/*
 * RAM: a frame arena in a memory file of the host, seen through several views.
 *
 *   linear view   PAGE_OFFSET + physical: what the kernel may touch. Holes and high frames are not mapped, free
 *                 frames are poisoned for the address sanitizer: a wrong access ends the test where it happens.
 *   bus view      the whole arena, for the simulated hardware (table walks, user accesses).
 *   mem_map       its backing frames appear at MEMMAP_BASE, so the page array costs RAM as on hardware.
 *   windows       kernel virtual addresses, kva.c.
 *
 * OWNS     the arena, the reference counts of frames in simulated translations.
 * I1       frame_refs[pfn] == TLB entries + table pointers + windows that lead to the frame, over all CPUs.
 * I2       a frame that turns free has frame_refs 0: the stale-translation oracle.           [arch_frames_freed]
 * NOT HERE who asks for frames: memblock and the buddy run above, unchanged.
 * TESTED BY  arch/sim/hw/oracle_test.c, arch/conformance
 */
#define _GNU_SOURCE
#include "arch/frame_hook.h"
#include "arch/physmap.h"
#include "arch/sim/hw/host.h"
#include "arch/sim/hw/sim_hw.h"
#include "arch/sim_local.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct page; /* its size is a fact of mm/page.h; here only bytes are mapped */
extern struct page *const mem_map;
struct page *const mem_map = (struct page *)MEMMAP_BASE;
enum { SIM_PAGE_DESCRIPTOR = 64 };
#define SIM_SECTION ((phys_t)MIB(4)) /* the page array is populated in units of at most that */

pfn_t lowmem_end_pfn;
char *physmap_base = (char *)PAGE_OFFSET;
int sim_ram_fd = -1;

static char *bus_view;
static phys_t ram_size, ram_hole_start, ram_hole_end;
static uint16_t *frame_refs;
static size_t memmap_size;     /* reserved for mem_map */
static uint8_t *memmap_backed; /* by page of mem_map */

static void *map_at(uintptr_t at, size_t size, int prot, int flags, int fd, phys_t offset)
{
	void *p = mmap((void *)at, size, prot, flags | (at ? MAP_FIXED : 0), fd, (off_t)offset);

	if (p == MAP_FAILED)
		sim_broken("host mmap of %zu bytes failed", size);
	return p;
}

static void map_linear(phys_t start, phys_t end)
{
	if (start < end)
		map_at(PAGE_OFFSET + start, end - start, PROT_READ | PROT_WRITE, MAP_SHARED,
		       sim_ram_fd, start);
}

void sim_phys_create(phys_t size, phys_t lowmem, phys_t hole_start, phys_t hole_end)
{
	const int nothing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

	ram_size = size;
	ram_hole_start = hole_start;
	ram_hole_end = hole_end;
	lowmem_end_pfn = phys_to_pfn(lowmem);
	sim_ram_fd = memfd_create("ram", MFD_CLOEXEC);
	if (sim_ram_fd < 0 || ftruncate(sim_ram_fd, (off_t)size))
		sim_broken("no memory file of %llu bytes", (unsigned long long)size);
	bus_view = map_at(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, sim_ram_fd, 0);
	map_at(PAGE_OFFSET, size, PROT_NONE, nothing, -1, 0);
	if (hole_start < hole_end) {
		map_linear(0, min_of(phys_t, hole_start, lowmem));
		map_linear(hole_end, lowmem);
	} else {
		map_linear(0, lowmem);
	}
	host_unpoison(physmap_base, size);
	memmap_size =
		page_align(phys_to_pfn(round_up_pow2(size, SIM_SECTION)) * SIM_PAGE_DESCRIPTOR);
	map_at(MEMMAP_BASE, memmap_size, PROT_NONE, nothing, -1, 0);
	memmap_backed = calloc(memmap_size >> PAGE_SHIFT, 1);
	frame_refs = calloc(phys_to_pfn(size), sizeof(*frame_refs));
}

void sim_phys_destroy(void)
{
	host_unpoison(physmap_base, ram_size);
	munmap(bus_view, ram_size);
	munmap(physmap_base, ram_size);
	munmap((void *)MEMMAP_BASE, memmap_size);
	close(sim_ram_fd);
	free(frame_refs);
	free(memmap_backed);
	sim_ram_fd = -1;
	ram_size = 0;
}

bool sim_is_ram(phys_t pa)
{
	return pa < ram_size && !(pa >= ram_hole_start && pa < ram_hole_end);
}

void *sim_bus(phys_t pa)
{
	if (!sim_is_ram(pa))
		sim_broken("hardware access to %#llx, where no RAM is", (unsigned long long)pa);
	return bus_view + pa;
}

void sim_frame_hold(phys_t pa)
{
	if (sim_is_ram(pa))
		frame_refs[phys_to_pfn(pa)]++;
}

void sim_frame_drop(phys_t pa)
{
	if (sim_is_ram(pa))
		frame_refs[phys_to_pfn(pa)]--;
}

unsigned sim_frame_refs(phys_t pa)
{
	return sim_is_ram(pa) ? frame_refs[phys_to_pfn(pa)] : 0;
}

/* ---- contract: arch/frame_hook.h ---- */

void arch_frames_freed(pfn_t first, unsigned order)
{
	sim_hw_lock();
	for (pfn_t pfn = first; pfn < first + (1UL << order); pfn++) {
		char text[160];

		if (!frame_refs[pfn])
			continue;
		sim_tlb_describe(pfn_to_phys(pfn), text, sizeof(text));
		sim_broken("stale translation: frame %#lx is freed, %s", pfn, text);
	}
	sim_hw_unlock();
	if (pfn_is_lowmem(first))
		host_poison(phys_to_virt(pfn_to_phys(first)), PAGE_SIZE << order);
}

void arch_frames_allocated(pfn_t first, unsigned order)
{
	if (pfn_is_lowmem(first))
		host_unpoison(phys_to_virt(pfn_to_phys(first)), PAGE_SIZE << order);
}

/* ---- contract: arch/physmap.h ---- */

void physmap_kernel_range(phys_t *start, phys_t *end)
{
	*start = 0; /* the kernel's code is the host program: no frames */
	*end = 0;
}

void frame_zero(void *page_addr)
{
	sim_zero_bytes(page_addr, PAGE_SIZE);
}

void frame_copy(void *dst, const void *src)
{
	sim_copy_bytes(dst, src, PAGE_SIZE);
}

/* Pages [i, n) of mem_map that one allocation can back. */
static size_t memmap_run(size_t i, size_t n)
{
	size_t run = 0;

	while (i + run < n && !memmap_backed[i + run])
		run++;
	return run;
}

size_t memmap_populate(pfn_t start, pfn_t end, phys_t (*alloc)(size_t size, size_t align))
{
	size_t i = start * SIM_PAGE_DESCRIPTOR >> PAGE_SHIFT;
	size_t n = page_align(end * SIM_PAGE_DESCRIPTOR) >> PAGE_SHIFT;
	size_t used = 0;

	while (i < n) {
		size_t run = memmap_run(i, n);
		phys_t pa = run ? alloc(run << PAGE_SHIFT, PAGE_SIZE) : 0;

		if (run && !pa)
			return 0;
		if (run) {
			memset(bus_view + pa, 0, run << PAGE_SHIFT);
			map_at(MEMMAP_BASE + (i << PAGE_SHIFT), run << PAGE_SHIFT,
			       PROT_READ | PROT_WRITE, MAP_SHARED, sim_ram_fd, pa);
			memset(memmap_backed + i, 1, run);
		}
		used += run << PAGE_SHIFT;
		i += run ? run : 1;
	}
	return used ? used : PAGE_SIZE;
}
