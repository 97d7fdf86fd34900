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

void trace_want(enum trace_wanted who, bool on)
{
	static unsigned wanted;
	unsigned now = on ? __atomic_or_fetch(&wanted, (unsigned)who, __ATOMIC_SEQ_CST)
			  : __atomic_and_fetch(&wanted, ~(unsigned)who, __ATOMIC_SEQ_CST);

	WRITE_ONCE(trace_on, now != 0);
}

void trace_enable(bool on)
{
	trace_want(TRACE_FOR_PANIC, on);
}

static const struct trace_event *ring_of(unsigned cpu)
{
	return (const struct trace_event *)(const void *)((char *)trace_ring +
							  percpu_offset_of(cpu));
}

static void print_event(unsigned cpu, const struct trace_event *e)
{
	pr_err("cpu%u %llu ns tid %u %s %lx %lx", cpu, (unsigned long long)e->time_ns, e->tid,
	       e->kind < TRACE_NR ? kind_names[e->kind] : "?", e->a, e->b);
}

static void dump_cpu(unsigned cpu, unsigned nr)
{
	uint32_t end = per_cpu(trace_count, cpu);
	uint32_t n = min_of(uint32_t, nr, min_of(uint32_t, end, CFG_TRACE_EVENTS));

	for (; n > 0; n--)
		print_event(cpu, &ring_of(cpu)[(end - n) % CFG_TRACE_EVENTS]);
}

void trace_dump(unsigned nr)
{
	unsigned cpu;

	for_each_possible_cpu (cpu)
		dump_cpu(cpu, nr);
}

static bool is_about(const struct trace_event *e, unsigned long addr, unsigned long pfn)
{
	switch (e->kind) {
	case TRACE_PAGE_ALLOC:
	case TRACE_PAGE_FREE:
		return pfn - e->a < 1UL << (e->b & 31);
	case TRACE_FAULT:
		return (e->a ^ addr) < PAGE_SIZE;
	case TRACE_MAP:
	case TRACE_UNMAP:
		return addr - e->a < e->b - e->a;
	default:
		return false;
	}
}

static void dump_cpu_about(unsigned cpu, unsigned long addr, unsigned long pfn, unsigned nr)
{
	const struct trace_event *ring = ring_of(cpu);
	uint32_t end = per_cpu(trace_count, cpu), found = 0, from = end;
	uint32_t first = end - min_of(uint32_t, end, CFG_TRACE_EVENTS);

	for (uint32_t i = end; i != first && found < nr; i--)
		if (is_about(&ring[(i - 1) % CFG_TRACE_EVENTS], addr, pfn)) {
			found++;
			from = i - 1;
		}
	for (; from != end; from++)
		if (is_about(&ring[from % CFG_TRACE_EVENTS], addr, pfn))
			print_event(cpu, &ring[from % CFG_TRACE_EVENTS]);
}

void trace_dump_about(unsigned long addr, unsigned long pfn, unsigned nr)
{
	unsigned cpu;

	if (!trace_on) {
		pr_err(" events   none are kept without 'trace' on the command line");
		return;
	}
	pr_err(" events about it:");
	for_each_possible_cpu (cpu)
		dump_cpu_about(cpu, addr, pfn, nr);
}
