/*
 * Trace points and the rings they write to.
 *
 *	oldest                      newest
 *	  │  kept: not read, not written over │
 *	──┴───────────────────────────────────┴──►  record n of a CPU lies at n % nr
 *	 tail                                head
 *
 * OWNS     the table of points; a ring for each CPU, in memory that the reader gives (fs/tracefs.c).
 * WHY      fields of equal size: a record is written in a few instructions, and is made text by who reads it.
 * I1       tail <= head <= tail + nr: what is written over is not kept.
 * I2       trace_on (sync/trace.h) is set while any point is on: paths that are in a hurry test that one word for all of theirs.
 * LOCKS    a ring's lock (rank TRACE, interrupts off), the last of all: points may be anywhere.
 * CONTEXT  writing: any. All else: threads.
 * COST     off: a test. On: about 65 instructions.
 * FAILS    never: without memory nothing is recorded; a ring that is full loses its oldest.
 * NOT HERE the ring that a panic prints (trace.c), files and text (fs/tracefs.c).
 * SOURCES  Linux's Documentation/trace/{ftrace,events}.rst.   TESTED BY tracepoint_test.c, tests/guest/proc_tracefs.c
 */
#include "sync/tracepoint.h"

#include "lib/string.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"
#include "sync/thread.h"
#include "sync/trace.h"

#define TRACEPOINT(system_, name_, text_)                                                          \
	[TP_##name_] = { .system = #system_, .name = #name_, .text = (text_) },
struct tracepoint tracepoints[NR_TRACEPOINTS] = {
#include "sync/tracepoints.inc"
};
#undef TRACEPOINT

bool trace_recording = true;
void (*tracebuf_on_filling)(void);
enum { FILLING = 4 }; /* one part of so many */

/* l: lock */
struct ring {
	struct spinlock lock;
	struct trace_record *records; /* l */
	unsigned nr;		      /* l */
	uint64_t head, tail;	      /* l */
	uint64_t lost;		      /* l: written over since a reader was told */
};
static struct ring rings[CFG_NR_CPUS] = {
	[0 ... CFG_NR_CPUS - 1] = { .lock = SPINLOCK_INIT(RANK_TRACE) },
};

static bool is_filling(const struct ring *r) must_hold(r->lock)
{
	return r->nr && r->head - r->tail >= r->nr / FILLING;
}

static void write(struct ring *r, enum tracepoint_id id, const unsigned long *arg)
	must_hold(r->lock)
{
	struct trace_record *to = &r->records[r->head % r->nr];

	if (r->head - r->tail == r->nr) {
		r->tail++;
		r->lost++;
	}
	to->time_ns = clock_ns();
	to->tid = this_cpu(trace_tid);
	to->point = (uint16_t)id;
	to->cpu = (uint16_t)(r - rings);
	memcpy(to->arg, arg, sizeof(to->arg));
	r->head++;
}

void tracepoint_record(enum tracepoint_id id, const unsigned long *arg)
{
	irqflags_t flags = irq_save();
	struct ring *r = &rings[cpu_id()];

	spin_lock(&r->lock);
	if (r->nr && READ_ONCE(trace_recording)) {
		write(r, id, arg);
		if (unlikely(READ_ONCE(tracebuf_on_filling) != NULL) && is_filling(r))
			tracebuf_on_filling();
	}
	spin_unlock(&r->lock);
	irq_restore(flags);
}

bool tracepoints_any_on(void)
{
	for (unsigned i = 0; i < NR_TRACEPOINTS; i++)
		if (READ_ONCE(tracepoints[i].on))
			return true;
	return false;
}

void tracepoint_switch(enum tracepoint_id id, bool on)
{
	WRITE_ONCE(tracepoints[id].on, on);
	trace_want(TRACE_FOR_POINTS, tracepoints_any_on());
}

struct trace_record *tracebuf_replace(unsigned cpu, struct trace_record *records, unsigned nr)
{
	struct ring *r = &rings[cpu];
	irqflags_t flags = spin_lock_irqsave(&r->lock);
	struct trace_record *old = r->records;

	r->records = records;
	r->nr = records ? nr : 0;
	r->head = r->tail = r->lost = 0;
	spin_unlock_irqrestore(&r->lock, flags);
	return old;
}

/* The oldest of @r that is not before *@next, which moves to it. false: there is none. */
static bool look(struct ring *r, uint64_t *next, struct trace_record *out)
{
	irqflags_t flags = spin_lock_irqsave(&r->lock);
	bool found;

	if (*next < r->tail || *next > r->head)
		*next = r->tail;
	found = *next < r->head;
	if (found)
		*out = r->records[*next % r->nr];
	spin_unlock_irqrestore(&r->lock, flags);
	return found;
}

static void consume_to(struct ring *r, struct trace_cursor *c, uint64_t next)
{
	irqflags_t flags = spin_lock_irqsave(&r->lock);

	c->lost += r->lost;
	r->lost = 0;
	if (r->tail < next && next <= r->head)
		r->tail = next;
	spin_unlock_irqrestore(&r->lock, flags);
}

bool tracebuf_next(struct trace_cursor *c, struct trace_record *out, bool consume)
{
	struct trace_record one;
	bool found = false;
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		if (!look(&rings[cpu], &c->next[cpu], &one))
			continue;
		if (!found || one.time_ns < out->time_ns)
			*out = one;
		found = true;
	}
	if (!found)
		return false;
	c->next[out->cpu]++;
	if (consume)
		consume_to(&rings[out->cpu], c, c->next[out->cpu]);
	return true;
}

void tracebuf_clear(void)
{
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		irqflags_t flags = spin_lock_irqsave(&rings[cpu].lock);

		rings[cpu].tail = rings[cpu].head;
		rings[cpu].lost = 0;
		spin_unlock_irqrestore(&rings[cpu].lock, flags);
	}
}

bool tracebuf_is_filling(void)
{
	bool filling = false;
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		irqflags_t flags = spin_lock_irqsave(&rings[cpu].lock);

		filling |= is_filling(&rings[cpu]);
		spin_unlock_irqrestore(&rings[cpu].lock, flags);
	}
	return filling;
}

struct tracebuf_figures tracebuf_figures(void)
{
	struct tracebuf_figures f = { 0, 0 };
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		irqflags_t flags = spin_lock_irqsave(&rings[cpu].lock);

		f.written += rings[cpu].head;
		f.kept += rings[cpu].head - rings[cpu].tail;
		spin_unlock_irqrestore(&rings[cpu].lock, flags);
	}
	return f;
}
