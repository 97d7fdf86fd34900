/*
 * Starting the other CPUs.
 *
 * OWNS     the hand-shake with the one CPU that is being started.
 * HOW      INIT, then the start-up interrupt twice; the CPU wakes in real mode in the trampoline,
 *          which brings it into the kernel's paging mode on its own stack and ends in
 *          smp_secondary_entry. One CPU at a time: the trampoline has one stack pointer.
 *              WAITING --CPU--> ALIVE --boot CPU: time stamp sent--> SYNCED --secondary_main:
 *              online WAITING --boot CPU, after a second--> ABANDONED: a late comer halts
 * I1       secondary_main is entered with the CPU's interrupt controller and timer ready; it sets
 *          the CPU online.
 * I2       its TSC is at least the boot CPU's at the hand-shake, so that time does not run
 *          backwards for a thread that moves there.
 * LOCKS    none: start.state is the hand-shake, by compare and exchange.
 * CONTEXT  boot CPU, thread context, interrupts on or off; before any address space is shared.
 * SOURCES  Intel SDM 3A "Typical AP Initialization Sequence"; MultiProcessor Specification 1.4,
 *          B.4. The waits of 10 ms there are for processors with an external APIC.
 */
#include "arch/acpi.h"
#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/thread.h"
#include "arch/x86/entry/irq.h"
#include "arch/x86/entry/trampoline.h"
#include "arch/x86/hw/irqchip.h"
#include "base/atomic.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"
#include "sync/percpu.h"

enum start_state { START_WAITING, START_ALIVE, START_SYNCED, START_ABANDONED };

enum { STARTUP_GAP_US = 200, START_TIMEOUT_MS = 1000 };

static struct {
	atomic_t state;
	uint64_t tsc; /* boot CPU's, valid from START_SYNCED on */
} start;

/* Wait until the state is no longer @from, at most @us. Return: whether it changed. */
static bool await_change(enum start_state from, unsigned us)
{
	uint64_t until = clock_ns() + us * NSEC_PER_USEC;

	while (atomic_read(&start.state) == (int)from) {
		if (clock_ns() > until)
			return false;
		cpu_relax();
	}
	return true;
}

/* Not behind the boot CPU, nor seconds ahead. */
static void tsc_synchronise(unsigned cpu)
{
	uint64_t boot_tsc = start.tsc;
	int64_t ahead = (int64_t)(rdtsc() - boot_tsc);

	if (ahead >= 0 && ahead < (int64_t)tsc_khz * 1000)
		return;
	wrmsr(MSR_TSC, boot_tsc + tsc_khz / 1000);
	pr_warn("smp: CPU %u: TSC corrected by %lld ticks", cpu, (long long)-ahead);
}

noreturn_ void smp_secondary_entry(unsigned cpu)
{
	cpu_init_secondary(cpu);
	acpi_place_cpu(cpu);
	if (!atomic_cmpxchg(&start.state, START_WAITING, START_ALIVE))
		machine_halt();
	while (atomic_read(&start.state) != START_SYNCED)
		cpu_relax();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	tsc_synchronise(cpu);
	irq_init_secondary();
	secondary_main(cpu);
}

static bool wake_up(uint32_t apic_id, unsigned vector)
{
	lapic_send_init(apic_id);
	udelay(STARTUP_GAP_US);
	lapic_send_startup(apic_id, vector);
	if (await_change(START_WAITING, STARTUP_GAP_US))
		return true;
	lapic_send_startup(apic_id, vector);
	return await_change(START_WAITING, START_TIMEOUT_MS * 1000) ||
	       !atomic_cmpxchg(&start.state, START_WAITING, START_ABANDONED);
}

/* Return: whether the CPU is online. On failure its stack is lost if it may still come up: 8 or 16
 * KiB, once. */
static bool start_cpu(unsigned cpu, unsigned vector)
{
	char *stack = kstack_alloc();

	if (!stack) {
		pr_err("smp: CPU %u: no memory for its stack", cpu);
		return false;
	}
	atomic_set(&start.state, START_WAITING);
	trampoline_cpu(cpu, stack + KSTACK_SIZE);
	if (!wake_up(acpi.apic_ids[cpu], vector)) {
		pr_err("smp: CPU %u (APIC %u) does not start", cpu, acpi.apic_ids[cpu]);
		return false;
	}
	start.tsc = rdtsc();
	atomic_cmpxchg(&start.state, START_ALIVE, START_SYNCED);
	while (!cpu_is_online(cpu))
		cpu_relax();
	return true;
}

void smp_start_secondaries(void)
{
	unsigned started = 1;
	int vector;

	if (nr_cpus == 1 || !lapic_attached())
		return;
	vector = trampoline_install();
	if (vector < 0) {
		pr_err("smp: no memory to start CPUs");
		return;
	}
	for (unsigned cpu = 1; cpu < nr_cpus; cpu++)
		if (start_cpu(cpu, (unsigned)vector))
			started++;
		else if (atomic_read(&start.state) == START_ABANDONED)
			break; /* it may wake yet: the trampoline must not change under it */
	if (atomic_read(&start.state) != START_ABANDONED)
		trampoline_remove();
	pr_info("smp: %u of %u CPUs online", started, nr_cpus);
}
