/*
 * Several CPUs in one address space, and forks of it, under many schedules: user programs check their own data, the
 * oracle checks the TLBs, the end of the world checks that nothing is left.
 */
#include "arch/pt.h"
#include "base/errno.h"
#include "mm/layout.h"
#include "mm/mm.h"
#include "sim/sim.h"
#include "sync/kassert.h"
#include "uapi/mman.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <stdint.h>

#include <cmocka.h>

enum { THREADS = 4, ROUNDS = 25, AREA_PAGES = 12 };

static struct mm_struct *mm;

static long map_anon(struct mm_struct *m, unsigned long len, unsigned flags)
{
	struct vm_map_args a = {
		.len = len,
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_ANONYMOUS | flags,
		.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
	};

	return vm_map(m, &a);
}

/* A private area of one thread in the shared mm: write, check, protect, cut out the middle, check again. */
static void use_area(unsigned long addr, uint8_t tag)
{
	const unsigned long hole = addr + 4 * PAGE_SIZE;
	uint8_t byte = 1;

	for (unsigned i = 0; i < AREA_PAGES; i++)
		sim_poke(mm, addr + i * PAGE_SIZE + tag, (uint8_t)(tag + i));
	for (unsigned i = 0; i < AREA_PAGES; i++)
		must(sim_peek(mm, addr + i * PAGE_SIZE + tag) == (uint8_t)(tag + i));
	must(vm_protect(mm, addr, 2 * PAGE_SIZE, PROT_READ) == 0);
	must(sim_write(mm, addr, &byte, 1) == FAULT_ACCERR);
	must(vm_protect(mm, addr, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE) == 0);
	sim_poke(mm, addr, 5);
	must(vm_unmap(mm, hole, 3 * PAGE_SIZE) == 0);
	for (unsigned i = 7; i < AREA_PAGES; i++)
		must(sim_peek(mm, addr + i * PAGE_SIZE + tag) == (uint8_t)(tag + i));
	must(vm_advise(mm, addr + 8 * PAGE_SIZE, 2 * PAGE_SIZE, MADV_DONTNEED) == 0);
	must(sim_peek(mm, addr + 8 * PAGE_SIZE + tag) == 0);
	must(vm_unmap(mm, addr, AREA_PAGES * PAGE_SIZE) == 0);
}

static void area_thread(void *arg)
{
	sim_use_mm(mm);
	for (unsigned i = 0; i < ROUNDS; i++) {
		long addr = map_anon(mm, AREA_PAGES * PAGE_SIZE, MAP_PRIVATE);

		must(addr > 0);
		use_area((unsigned long)addr, (uint8_t)(uintptr_t)arg);
	}
}

static void for_seeds(void (*body)(uint64_t seed), unsigned nr)
{
	for (uint64_t seed = 1; seed <= nr; seed++) {
		struct sim_config cfg = { .nr_cpus = 3, .seed = seed, .ram_bytes = MIB(32) };

		cfg.lowmem_bytes =
			seed % 3 == 0 ? MIB(20)
				      : 0; /* user pages in high memory, where the mode has it */
		cfg.nr_nodes = seed % 4 == 0 ? 2 : 1;
		sim_world_begin(&cfg);
		mm = mm_alloc();
		must(mm);
		mm_set_layout(mm, &(struct mm_layout){ .stack_limit = MIB(8) });
		body(seed);
		mm_check(mm);
		sim_use_mm(NULL);
		mmput(mm);
		sim_world_end();
	}
}

static void areas_body(uint64_t seed)
{
	for (uintptr_t i = 1; i <= THREADS; i++)
		(void)sim_spawn(area_thread, (void *)i, -1);
	sim_run();
}

static void threads_of_one_mm(void **state)
{
	for_seeds(areas_body, 6);
}

/* ---- fork: parent and child write the same pages afterwards, each sees its own ---- */

static unsigned long shared_area, private_area;

static void child_thread(void *arg)
{
	struct mm_struct *child = arg;

	sim_use_mm(child);
	for (unsigned i = 0; i < AREA_PAGES; i++) {
		must(sim_peek(child, private_area + i * PAGE_SIZE) == 1);
		sim_poke(child, private_area + i * PAGE_SIZE, 2);
		sim_poke(child, shared_area + i * PAGE_SIZE + 1, 2);
		must(sim_peek(child, private_area + i * PAGE_SIZE) == 2);
	}
	mm_check(child);
	sim_use_mm(NULL);
	mmput(child);
}

static void parent_thread(void *arg)
{
	sim_use_mm(mm);
	for (unsigned i = 0; i < AREA_PAGES; i++) {
		sim_poke(mm, private_area + i * PAGE_SIZE, 1);
		sim_poke(mm, shared_area + i * PAGE_SIZE, 1);
	}
	for (unsigned n = 0; n < 3; n++) {
		struct mm_struct *child;

		must(mm_dup(mm, &child) == 0);
		(void)sim_spawn(child_thread, child, -1);
		for (unsigned i = 0; i < AREA_PAGES; i++) {
			must(sim_peek(mm, private_area + i * PAGE_SIZE) == 1);
			sim_poke(mm, private_area + i * PAGE_SIZE, 1);
			must(sim_peek(mm, shared_area + i * PAGE_SIZE) == 1);
		}
	}
}

static void fork_body(uint64_t seed)
{
	long p = map_anon(mm, AREA_PAGES * PAGE_SIZE, MAP_PRIVATE);
	long s = map_anon(mm, AREA_PAGES * PAGE_SIZE, MAP_SHARED);

	must(p > 0 && s > 0);
	private_area = (unsigned long)p;
	shared_area = (unsigned long)s;
	(void)sim_spawn(parent_thread, NULL, -1);
	sim_run();
	for (unsigned i = 0; i < AREA_PAGES; i++) {
		must(sim_peek(mm, private_area + i * PAGE_SIZE) == 1);
		must(sim_peek(mm, shared_area + i * PAGE_SIZE + 1) == 2);
	}
}

static void forks_of_one_mm(void **state)
{
	for_seeds(fork_body, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_of_one_mm),
		cmocka_unit_test(forks_of_one_mm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
