/*
 * Virtual CPUs: who am I, my copies of per-CPU variables, my interrupt flag.
 *
 * OWNS     percpu_offsets and the copies; the interrupt flag of every virtual CPU.
 * WHY      all CPUs are coroutines of one host thread, so "this CPU" is a variable, and a run with the same seed
 *          repeats exactly. CPU 0 uses section "percpu" itself; its first contents are kept aside, so that a
 *          second world in the same process starts like the first.
 * CONTEXT  host thread of the simulator only.
 */
#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/progress.h"
#include "arch/pt_hooks.h"
#include "arch/sim/hw/sim_hw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the linker; absent in a program without per-CPU variables. */
extern char __start_percpu[] __attribute__((weak));
extern char __stop_percpu[] __attribute__((weak));

unsigned long percpu_offsets[CFG_NR_CPUS];
sim_local unsigned sim_cpu;
sim_local bool sim_irqs_on = true;
uint64_t pt_nx_mask = (uint64_t)1 << 63;
struct sim_hooks sim_hooks;

static bool cpu_irqs[CFG_NR_CPUS];
static char *pristine;		  /* section "percpu" as the program was started */
static char *copies[CFG_NR_CPUS]; /* of CPUs 1.. */

static size_t percpu_size(void)
{
	return (size_t)(__stop_percpu - __start_percpu);
}

static void save_pristine(void)
{
	if (pristine || !percpu_size())
		return;
	pristine = malloc(percpu_size());
	if (pristine)
		memcpy(pristine, __start_percpu, percpu_size());
}

void sim_cpu_reset(unsigned cpus, bool nx)
{
	size_t size = percpu_size();

	sim_cpu_free();
	save_pristine();
	if (size)
		memcpy(__start_percpu, pristine, size);
	for (unsigned cpu = 1; size && cpu < cpus; cpu++) {
		copies[cpu] = aligned_alloc(64, (size + 63) & ~(size_t)63);
		memcpy(copies[cpu], pristine, size);
		percpu_offsets[cpu] = (unsigned long)(copies[cpu] - __start_percpu);
	}
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++)
		cpu_irqs[cpu] = true;
	sim_cpu = 0;
	sim_irqs_on = true;
	pt_nx_mask = nx ? (uint64_t)1 << 63 : 0;
}

void sim_cpu_free(void)
{
	for (unsigned cpu = 1; cpu < CFG_NR_CPUS; cpu++) {
		free(copies[cpu]);
		copies[cpu] = NULL;
		percpu_offsets[cpu] = 0;
	}
}

void sim_cpu_select(unsigned cpu)
{
	cpu_irqs[sim_cpu] = sim_irqs_on;
	sim_cpu = cpu;
	sim_irqs_on = cpu_irqs[cpu];
}

void sim_relax(void)
{
	if (sim_hooks.relax)
		sim_hooks.relax();
}

void pt_tear_point(void)
{
	if (sim_hooks.point)
		sim_hooks.point();
}

void sim_broken(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (sim_hooks.broken)
		sim_hooks.broken(text);
	fprintf(stderr, "simulated machine: %s\n", text);
	abort();
}

unsigned long thread_progress(void)
{
	static unsigned long n;

	return __atomic_add_fetch(&n, 1, __ATOMIC_RELAXED);
}
