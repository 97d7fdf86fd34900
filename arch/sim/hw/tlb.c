/*
 * The TLBs of the virtual CPUs, and the flush contract of arch/tlb.h.
 *
 * OWNS     struct sim_mmu of each CPU: active root, TLB, paging-structure cache, PAE's PDPTE registers.
 * WHY      a forgotten flush is invisible on most runs of real hardware. Here an entry stays until it is flushed or
 *          replaced, and every entry counts as a holder of its frame, so freeing a frame too early is caught at the
 *          free (phys.c), with the CPU and the address.
 * I1       valid entries hold their frame once (sim_frame_hold); those of large pages all their frames. [sim_tlb_drop]
 * I2       a CPU outside root->cpu_mask caches nothing of the root: a change of roots empties its caches.
 * I3       any INVLPG empties the whole paging-structure cache (SDM volume 3A, "Invalidation of TLBs and
 *          Paging-Structure Caches").
 * CONTEXT  remote flushes need interrupts on: on hardware two CPUs that flush each other with interrupts off hang.
 * NOT HERE filling: mmu.c. Kernel addresses: kva.c.
 * TESTED BY  arch/sim/hw/oracle_test.c, arch/conformance/tlb.c
 */
#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/sim/hw/sim_hw.h"
#include "arch/sim_local.h"
#include "base/atomic.h"
#include <stdio.h>
#include <string.h>

struct pt_root kernel_root;
struct sim_mmu sim_mmu[CFG_NR_CPUS];
static struct tlb_stats stats;

bool sim_tlb_covers(const struct sim_tlb_entry *t, uaddr_t va)
{
	return t->valid && t->va == (va & ~(t->size - 1));
}

void sim_tlb_hold(const struct sim_tlb_entry *t)
{
	for (uaddr_t at = 0; at < t->size; at += PAGE_SIZE)
		sim_frame_hold(t->pa + at);
}

void sim_tlb_drop(struct sim_tlb_entry *t)
{
	for (uaddr_t at = 0; t->valid && at < t->size; at += PAGE_SIZE)
		sim_frame_drop(t->pa + at);
	t->valid = false;
}

void sim_pwc_drop(struct sim_pwc_entry *p)
{
	if (p->valid)
		sim_frame_drop(p->table);
	p->valid = false;
}

static void drop_pwc(struct sim_mmu *m)
{
	for (unsigned i = 0; i < SIM_PWC_SIZE; i++)
		sim_pwc_drop(&m->pwc[i]);
}

static void drop_all(struct sim_mmu *m)
{
	for (unsigned i = 0; i < SIM_TLB_SIZE; i++)
		sim_tlb_drop(&m->tlb[i]);
	drop_pwc(m);
}

/* Loading CR3: caches emptied, PAE's registers read again; reserved bits there are a general protection fault. */
static void load_top(struct sim_mmu *m)
{
	drop_all(m);
	memset(m->top_copy, 0, sizeof(m->top_copy));
	for (unsigned i = 0; PT_TOP_RELOAD && m->root && i < 4; i++) {
		m->top_copy[i] = pte_read(m->root->top + i);
		if (pte_present(m->top_copy[i]) && (pte_raw(m->top_copy[i]) & 0x1e6))
			sim_broken("reserved bits in PDPTE %u: %#llx", i,
				   (unsigned long long)pte_raw(m->top_copy[i]));
	}
}

void sim_tlb_reset(void)
{
	memset(sim_mmu, 0, sizeof(sim_mmu));
	memset(&stats, 0, sizeof(stats));
}

bool sim_root_active(const struct pt_root *root)
{
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		if (sim_mmu[cpu].root == root)
			return true;
	}
	return false;
}

const struct pt_root *sim_active_root(void)
{
	return sim_mmu[cpu_id()].root;
}

void sim_root_forget(struct pt_root *root)
{
	sim_hw_lock();
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		if (sim_mmu[cpu].root != root)
			continue;
		sim_mmu[cpu].root = NULL;
		drop_all(&sim_mmu[cpu]);
	}
	root->cpu_mask = 0;
	sim_hw_unlock();
}

void sim_tlb_describe(phys_t pa, char *buf, size_t size)
{
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		for (unsigned i = 0; i < SIM_TLB_SIZE; i++) {
			const struct sim_tlb_entry *t = &sim_mmu[cpu].tlb[i];

			if (t->valid && t->pa <= pa && pa - t->pa < t->size) {
				snprintf(buf, size, "CPU %u still translates %#lx to it", cpu,
					 t->va + (uaddr_t)(pa - t->pa));
				return;
			}
		}
		for (unsigned i = 0; i < SIM_PWC_SIZE; i++) {
			if (sim_mmu[cpu].pwc[i].valid && sim_mmu[cpu].pwc[i].table == pa) {
				snprintf(buf, size, "CPU %u still walks it as the table of %#lx",
					 cpu, sim_mmu[cpu].pwc[i].va);
				return;
			}
		}
	}
	snprintf(buf, size, "a kernel window still maps it (%u)", sim_frame_refs(pa));
}

void pt_activate(struct pt_root *prev, struct pt_root *next)
{
	struct sim_mmu *m = &sim_mmu[cpu_id()];

	if (m->root && m->root != prev && prev)
		sim_broken("pt_activate: CPU %u does not run on prev", cpu_id());
	sim_hw_lock();
	if (m->root)
		atomic_clear_bit(cpu_id(), &m->root->cpu_mask);
	m->root = next;
	if (next)
		atomic_set_bit(cpu_id(), &next->cpu_mask);
	load_top(m);
	sim_hw_unlock();
}

/* Count the flush and say whether @cpu must take part. */
static bool takes_part(const struct pt_root *root, unsigned cpu)
{
	if (sim_mmu[cpu].root != root)
		return false;
	if (!(root->cpu_mask >> cpu & 1))
		sim_broken("CPU %u runs on a root that does not know it", cpu);
	if (cpu == cpu_id())
		return true;
	if (!irqs_enabled())
		sim_broken("flush of another CPU's TLB with interrupts off");
	stats.remote_flush++;
	stats.remote_received++;
	return true;
}

/* One INVLPG every @stride bytes: it hits what covers its address, whatever the size of the page. */
static bool flushed(const struct sim_tlb_entry *t, uaddr_t start, uaddr_t end, unsigned long stride)
{
	uaddr_t at = start & ~(stride - 1);

	if (at < t->va)
		at += round_up_pow2(t->va - at, stride);
	return at < end && at - t->va < t->size;
}

void tlb_flush_range(struct pt_root *root, uaddr_t start, uaddr_t end, unsigned long stride)
{
	sim_hooks.point();
	sim_hw_lock();
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		if (!takes_part(root, cpu))
			continue;
		for (unsigned i = 0; i < SIM_TLB_SIZE; i++) {
			struct sim_tlb_entry *t = &sim_mmu[cpu].tlb[i];

			if (t->valid && flushed(t, start, end, stride))
				sim_tlb_drop(t);
		}
		drop_pwc(&sim_mmu[cpu]);
		stats.local_flush_one++;
	}
	sim_hw_unlock();
	sim_hooks.point();
}

void tlb_flush_page(struct pt_root *root, uaddr_t va)
{
	tlb_flush_range(root, va & PAGE_MASK, (va & PAGE_MASK) + PAGE_SIZE, PAGE_SIZE);
}

void tlb_flush_root(struct pt_root *root)
{
	sim_hooks.point();
	sim_hw_lock();
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		if (!takes_part(root, cpu))
			continue;
		load_top(&sim_mmu[cpu]);
		stats.local_flush_all++;
	}
	root->reload_mask = 0;
	sim_hw_unlock();
	sim_hooks.point();
}

void tlb_flush_cpus(unsigned long cpus)
{
	sim_hooks.point();
	sim_hw_lock();
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		if (!(cpus >> cpu & 1))
			continue;
		if (cpu != cpu_id() && !irqs_enabled())
			sim_broken("flush of another CPU's TLB with interrupts off");
		load_top(&sim_mmu[cpu]);
		stats.local_flush_all++;
	}
	sim_hw_unlock();
	sim_hooks.point();
}

void tlb_flush_kernel(kaddr_t start, kaddr_t end)
{
	if (!irqs_enabled())
		sim_broken("kernel flush of every CPU's TLB with interrupts off");
	sim_hw_lock();
	sim_kva_flush(start, end);
	stats.local_flush_all++;
	sim_hw_unlock();
}

void tlb_flush_page_local(uaddr_t va)
{
	struct sim_mmu *m = &sim_mmu[cpu_id()];

	sim_hw_lock();
	for (unsigned i = 0; i < SIM_TLB_SIZE; i++) {
		if (sim_tlb_covers(&m->tlb[i], va))
			sim_tlb_drop(&m->tlb[i]);
	}
	drop_pwc(m);
	stats.local_flush_one++;
	sim_hw_unlock();
}

void tlb_stats_read(struct tlb_stats *sum)
{
	*sum = stats;
}
