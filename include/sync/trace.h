/* A ring per CPU of fixed-size events: the last ones are printed by panic; the replay format of the simulator. */
#ifndef SYNC_TRACE_H
#define SYNC_TRACE_H

#include "base/types.h"
#include "sync/percpu.h"
#include "sync/tracepoint.h"

enum trace_kind {
	TRACE_NONE,
	TRACE_PAGE_ALLOC,
	TRACE_PAGE_FREE,
	TRACE_FAULT,
	TRACE_SYSCALL,
	TRACE_SWITCH,
	TRACE_SIGNAL,
	TRACE_MAP,
	TRACE_UNMAP,
	TRACE_NR
};

struct trace_event {
	uint64_t time_ns;
	uint32_t kind; /* enum trace_kind */
	uint32_t tid;
	unsigned long a, b;
};

/* Off (one predictable branch) until somebody wants records: the panic report (trace_enable), trace points. Any context. */
extern bool trace_on;
void trace_record(enum trace_kind kind, unsigned long a, unsigned long b);
static inline void trace(enum trace_kind kind, unsigned long a, unsigned long b)
{
	if (__builtin_expect(trace_on, 0))
		trace_record(kind, a, b);
}
DECLARE_PER_CPU(uint32_t, trace_tid); /* id of the running thread, kept by the scheduler */
enum trace_wanted { TRACE_FOR_PANIC = 1, TRACE_FOR_POINTS = 2 };
void trace_want(enum trace_wanted who, bool on);
void trace_enable(bool on);
/* Print the newest @nr events of every CPU through klog. */
void trace_dump(unsigned nr);
/* Those that are about the page of @addr or the frame @pfn, at most @nr of each CPU; a line that says so when none are kept. */
void trace_dump_about(unsigned long addr, unsigned long pfn, unsigned nr);

#endif
