/*
 * Per-CPU data: CPU 0 uses section percpu itself, the others copies of its first contents.
 *
 * OWNS     percpu_offsets: what to add to the address of a per-CPU variable to get a CPU's copy.
 * I1       percpu_offsets[0] == 0, so this_cpu() works on the boot CPU from the first instruction.
 * I2       in CPU n's copy: percpu_this_offset == percpu_offsets[n], cpu_number == n.
 * WHY      copies are made of the section as it was loaded (__percpu_pristine, saved by head.c),
 *          not of CPU 0's live data: a list head that points to itself must not be copied.
 * CONTEXT  once, at boot, before the second CPU starts.
 * FAILS    never: @alloc does not return without memory at boot.
 */
#include "arch/percpu.h"

#include "arch/machine.h"
#include "arch/x86/hw/image.h"
#include "base/config.h"
#include "lib/string.h"

unsigned long percpu_offsets[CFG_NR_CPUS];
section_("percpu") unsigned long percpu_this_offset;
section_("percpu") unsigned cpu_number;

static void copy_make(unsigned cpu, char *copy)
{
	const unsigned long offset = (unsigned long)copy - (unsigned long)__start_percpu;

	memcpy(copy, __percpu_pristine, (size_t)(__stop_percpu - __start_percpu));
	percpu_offsets[cpu] = offset;
	*(unsigned long *)((char *)&percpu_this_offset + offset) = offset;
	*(unsigned *)((char *)&cpu_number + offset) = cpu;
}

void percpu_setup(unsigned cpus, void *(*alloc)(unsigned cpu, size_t size))
{
	for (unsigned cpu = 1; cpu < cpus && cpu < CFG_NR_CPUS; cpu++)
		copy_make(cpu, alloc(cpu, (size_t)(__stop_percpu - __start_percpu)));
}
