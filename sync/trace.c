/*
 * The trace: a ring of fixed-size events for each CPU; panic prints the last ones.
 *
 * OWNS     per CPU: CFG_TRACE_EVENTS events and the count of events ever written.
 * I1       event n of a CPU lies at n % CFG_TRACE_EVENTS; count is raised after the event is complete.
 * LOCKS    none: a CPU writes only its own ring, with interrupts off. trace_dump reads other rings without a lock: it
 *          runs when the machine stops, and a torn event there is only a wrong line of text.
 * CONTEXT  any.   COST 20 instructions an event; off: one predicted branch.
 */
#include "sync/trace.h"
#include "arch/irqflags.h"
#include "base/compiler.h"
#include "sync/klog.h"
#include "sync/percpu.h"
#include "sync/thread.h"

bool trace_on;
DEFINE_PER_CPU(uint32_t, trace_tid);
static DEFINE_PER_CPU(struct trace_event, trace_ring[CFG_TRACE_EVENTS]);
static DEFINE_PER_CPU(uint32_t, trace_count);

static const char *const kind_names[TRACE_NR] = {
	"none", "page_alloc", "page_free", "fault", "syscall", "switch", "signal", "map", "unmap",
};

void trace_record(enum trace_kind kind, unsigned long a, unsigned long b)
{
	irqflags_t flags = irq_save();
	uint32_t n = this_cpu(trace_count);
	struct trace_event *e = this_cpu_ptr(&trace_ring[n % CFG_TRACE_EVENTS]);

	e->time_ns = clock_ns();
	e->kind = kind;
	e->tid = this_cpu(trace_tid);
	e->a = a;
	e->b = b;
	barrier();
	this_cpu(trace_count) = n + 1;
	irq_restore(flags);
}

void trace_enable(bool on)
{
	trace_on = on;
}

static void dump_cpu(unsigned cpu, unsigned nr)
{
	const struct trace_event *events =
		(const struct trace_event *)(const void *)((char *)trace_ring +
							   percpu_offset_of(cpu));
	uint32_t end = per_cpu(trace_count, cpu);
	uint32_t n = min_of(uint32_t, nr, min_of(uint32_t, end, CFG_TRACE_EVENTS));

	for (; n > 0; n--) {
		const struct trace_event *e = &events[(end - n) % CFG_TRACE_EVENTS];

		pr_err("cpu%u %llu ns tid %u %s %lx %lx", cpu, (unsigned long long)e->time_ns,
		       e->tid, e->kind < TRACE_NR ? kind_names[e->kind] : "?", e->a, e->b);
	}
}

void trace_dump(unsigned nr)
{
	unsigned cpu;

	for_each_possible_cpu (cpu)
		dump_cpu(cpu, nr);
}
