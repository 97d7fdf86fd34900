/*
 * Trace points: named places that write down what happens, each one switched on by itself (/sys/kernel/tracing). With Linux's names,
 * so that its scripts read them: tracepoints.inc.
 *
 *	tracepoint(mm_page_free, page_to_pfn(page), order);
 */
#ifndef SYNC_TRACEPOINT_H
#define SYNC_TRACEPOINT_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"

enum { TRACEPOINT_ARGS = 6 };

#define TRACEPOINT(system, name, text) TP_##name,
enum tracepoint_id {
#include "sync/tracepoints.inc"
	NR_TRACEPOINTS
};
#undef TRACEPOINT

struct tracepoint {
	const char *system, *name;
	const char *text; /* "name=%lx ...": what a line says, and what the fields are called */
	bool on;	  /* tracepoint_switch */
};
extern struct tracepoint tracepoints[NR_TRACEPOINTS];

struct trace_record {
	uint64_t time_ns;
	uint32_t tid;
	uint16_t point, cpu;
	unsigned long arg[TRACEPOINT_ARGS];
};

/* One that is off costs a test. Any context but the console's. */
#define tracepoint(name_, ...)                                                                     \
	do {                                                                                       \
		if (unlikely(READ_ONCE(tracepoints[TP_##name_].on)))                               \
			tracepoint_record(TP_##name_,                                              \
					  (const unsigned long[TRACEPOINT_ARGS]){ __VA_ARGS__ });  \
	} while (0)
void tracepoint_record(enum tracepoint_id id, const unsigned long *arg);

/* ---- for those who show them: fs/tracefs.c ---- */
void tracepoint_switch(enum tracepoint_id id, bool on);
bool tracepoints_any_on(void);
extern bool trace_recording; /* false: points that are on write nothing (tracing_on) */

/* From now on CPU @cpu's records go to @records, @nr of them; what was there is forgotten. Return: the memory used so far. */
struct trace_record *must_check tracebuf_replace(unsigned cpu, struct trace_record *records,
						 unsigned nr);
/* Where a reader is; all 0: at the oldest. */
struct trace_cursor {
	uint64_t next[CFG_NR_CPUS];
	uint64_t lost; /* consuming: records that were written over before anybody read them */
};
/* The next record of all CPUs by time. false: there is none. @consume: nobody reads it again. */
bool tracebuf_next(struct trace_cursor *c, struct trace_record *out, bool consume);
void tracebuf_clear(void);
/* Called by who writes a record that leaves a ring filling: any context, interrupts off, the ring's lock held. NULL: nobody. */
extern void (*tracebuf_on_filling)(void);
bool tracebuf_is_filling(void); /* a quarter of some CPU's ring is not read yet */
struct tracebuf_figures {
	uint64_t written, kept;
};
struct tracebuf_figures tracebuf_figures(void);

#endif
