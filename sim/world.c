/*
 * The life of a simulated world: RAM and CPUs appear, the kernel's memory management boots on them, and at the end all is
 * checked and taken away.
 *
 * OWNS     the order of initialisation, the same as init/main.c has.
 * WHY      a world is cheap (some milliseconds), so each test gets its own; every boot function resets its statics.
 * NOT HERE threads (sched.c), final checks (oracle.c).
 */
#include "arch/physmap.h"
#include "mm/memblock.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"
#include "sim/sim_impl.h"
#include "sync/klog.h"
#include "sync/percpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Absent in a program that links only the lower part of mm. */
extern __typeof__(slab_init) slab_init __attribute__((weak));
extern __typeof__(vmalloc_init) vmalloc_init __attribute__((weak));
extern __typeof__(mm_init) mm_init __attribute__((weak));

static bool world_exists;

static struct sim_config with_defaults(const struct sim_config *cfg)
{
	struct sim_config c = cfg ? *cfg : (struct sim_config){ 0 };

	c.ram_bytes = c.ram_bytes ? c.ram_bytes : MIB(64);
	if (!c.lowmem_bytes || c.lowmem_bytes > c.ram_bytes || !zone_type_exists(ZONE_HIGHMEM))
		c.lowmem_bytes = c.ram_bytes;
	c.nr_cpus = c.nr_cpus ? c.nr_cpus : 2;
	c.nr_nodes = c.nr_nodes ? c.nr_nodes : 1;
	c.seed = c.seed ? c.seed : 1;
	if (c.nr_cpus > CFG_NR_CPUS || c.nr_nodes > CFG_MAX_NODES || c.hole_end > c.ram_bytes)
		panic("sim: impossible configuration");
	return c;
}

static void add_ram(phys_t start, phys_t end, int node)
{
	if (start < end && memblock_add(start, end, node))
		panic("sim: memblock does not take %#llx-%#llx", (unsigned long long)start,
		      (unsigned long long)end);
}

/* RAM to memblock, part by part, without the hole. */
static void describe_ram(const struct sim_config *c)
{
	phys_t part = round_down_pow2(c->ram_bytes / c->nr_nodes, (phys_t)MIB(4));
	unsigned parts = c->nr_nodes;

	if (c->node_stripe) {
		part = c->node_stripe;
		parts = (unsigned)((c->ram_bytes + part - 1) / part);
	}
	memblock_reset();
	for (unsigned i = 0; i < parts; i++) {
		phys_t start = part * i;
		phys_t end = i + 1 == parts ? c->ram_bytes : start + part;
		unsigned node = i % c->nr_nodes;

		if (c->hole_start < c->hole_end) {
			add_ram(start, min_of(phys_t, end, c->hole_start), (int)node);
			add_ram(max_of(phys_t, start, c->hole_end), end, (int)node);
		} else {
			add_ram(start, end, (int)node);
		}
	}
	memblock_set_alloc_limit(c->lowmem_bytes);
}

/* Processors deal themselves out to the nodes. */
static void describe_nodes(const struct sim_config *c)
{
	numa_reset();
	numa_set_nodes(c->nr_nodes);
	for (unsigned cpu = 0; cpu < c->nr_cpus; cpu++)
		numa_set_cpu(cpu, (int)(cpu % c->nr_nodes));
}

static void make_kernel_root(void)
{
	void *top = memblock_alloc_ptr(PAGE_SIZE);

	kernel_root = (struct pt_root){ .top = top, .top_phys = virt_to_phys(top) };
}

static void print_log(const char *text, size_t len)
{
	fprintf(stderr, "%.*s", (int)len, text);
}

static void remove_machine(void)
{
	sim_kva_destroy();
	sim_phys_destroy();
	sim_cpu_free();
	world_exists = false;
}

void sim_world_begin(const struct sim_config *cfg)
{
	struct sim_config c = with_defaults(cfg);

	if (world_exists) /* a test failed and left it: the next one starts afresh */
		remove_machine();
	world_exists = true;
	sim_env_begin();
	sim_sched_begin(c.seed, c.nr_cpus, !c.no_preempt);
	sim_cpu_reset(c.nr_cpus, !c.no_nx);
	sim_tlb_reset();
	sim_phys_create(c.ram_bytes, c.lowmem_bytes, c.hole_start, c.hole_end);
	sim_kva_create();
	nr_cpus = c.nr_cpus;
	for (unsigned cpu = 0; cpu < c.nr_cpus; cpu++)
		cpu_set_online(cpu);
	klog_set_sink(getenv("SIM_LOG") ? print_log : NULL);
	describe_ram(&c);
	describe_nodes(&c);
	make_kernel_root();
	meminit();
	if (slab_init)
		slab_init();
	if (vmalloc_init)
		vmalloc_init();
	if (mm_init)
		mm_init();
	sim_oracle_begin(!c.keep_leaks);
}

void sim_world_end(void)
{
	sim_use_mm(NULL);
	sim_oracle_end();
	sim_sched_end();
	remove_machine();
}
