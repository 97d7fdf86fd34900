/*
 * Out of memory: choosing the process that gives its memory to the others.
 *
 *   points of an mm = resident pages + swap entries + pages of its tables + oom_score_adj / 1000 of all memory
 *
 *   fault without memory ── dying already? ──► end
 *          ^                a page after all? ─► again
 *          │                a victim is ending? ─► wait for it
 *          └── a moment ◄── else: the mm with the most points is killed
 *
 * OWNS     the victim that is ending: one at a time, with a reference.
 * WHY      only a fault kills: it cannot return an error. System calls that find no memory say so, and the program
 *          decides. The points are Linux's, because people set oom_score_adj by them: the process whose end gives back the most.
 *          Of equals the youngest goes: what was started last can be started again. The administrator may have the
 *          caller killed instead, or the machine stopped (oom_kill_allocating_task, panic_on_oom).
 *          Who runs swapoff goes first, as on Linux.
 *          A victim that waits for something else than the CPU does not end: after REAP_NS a thread takes its memory (reap.c).
 *          Who is bound to some nodes (MPOL_BIND) lacks memory there: only processes that may have any of it are chosen, and
 *          panic_on_oom 1 does not count.
 * I1       no second victim while the first has memory, unless it does not end in STUCK_NS.
 * I2       init's address space, those with the adjustment -1000 and those that are ending are never chosen.
 * LOCKS    busy, one thread at a time; nobody waits for it. mm_list_lock inside mm_list_next.
 * CONTEXT  a thread that faulted, with no lock of mm; a user copy may hold sleeping locks of its caller. If the victim waits
 *          for one of these, I1's limit ends the wait.
 * COST     O(mms) a kill.
 * FAILS    false: the caller is the one that goes, or nobody can be killed. init itself waits for ever: memory may come.
 * NOT HERE killing (kernel: oom_deliver), the thread that reaps (kernel/oom_reaper.c), who asks (arch: the page fault).
 * SOURCES  Linux Documentation/filesystems/proc.rst "oom_score", "oom_score_adj".   TESTED BY oom_test.c, tests/guest/oom.c
 */
#include "mm/oom.h"
#include "mm/alloc.h"
#include "mm/imports.h"
#include "mm/mm.h"
#include "mm/numa.h"
#include "mm/vmevent.h"
#include "sync/thread.h"

#define MOMENT_NS (4 * NSEC_PER_MSEC)
#define REAP_NS	  (100 * NSEC_PER_MSEC)
#define STUCK_NS  (10 * NSEC_PER_SEC)

int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks = 1;

/* For want of which memory. */
struct want {
	unsigned long nodes, total; /* total: pages */
};

static int busy;
static struct mm_struct *victim; /* busy; a reference (mm_count); NULL: none */
static uint64_t victim_until;	 /* busy */
static uint64_t reap_at;	 /* busy: if it still has its memory then, it is taken */

long oom_badness(const struct mm_struct *mm, unsigned long total)
{
	long adj = READ_ONCE(mm->oom_score_adj), points;

	if (adj == OOM_SCORE_ADJ_MIN || mm->oom_init)
		return LONG_MIN;
	points = (long)mm_rss(mm) + atomic_long_read(&mm->rss_stat[MM_SWAPENTS]) +
		 (atomic_long_read(&mm->pgtables_bytes) >> PAGE_SHIFT);
	return points + adj * (long)(total / 1000);
}

unsigned long oom_score(const struct mm_struct *mm)
{
	long total = (long)totalram_pages();
	long points = oom_badness(mm, totalram_pages());

	if (points == LONG_MIN)
		return 0;
	points = (1000 + points * 1000 / total) * 2 / 3;
	return points > 0 ? (unsigned long)points : 0;
}

unsigned long mm_rss_kb(const struct mm_struct *mm, int counter)
{
	long pages = atomic_long_read(&mm->rss_stat[counter]);

	return pages > 0 ? (unsigned long)pages << (PAGE_SHIFT - 10) : 0;
}

/* The victim of before: is its memory still to come? */
static bool victim_ends(void)
{
	if (!victim)
		return false;
	if (!READ_ONCE(victim->oom_done) && clock_ns() < victim_until)
		return true;
	WRITE_ONCE(victim->oom_done, true);
	mmdrop(victim);
	victim = NULL;
	return false;
}

bool oom_is_bound(unsigned long nodes)
{
	return node_states(N_MEMORY) & ~nodes;
}

static struct want want_of(unsigned long nodes)
{
	struct want w = { nodes, totalram_pages() };

	if (!oom_is_bound(nodes))
		return w;
	w.total = 0;
	for (unsigned n = 0; n < nr_nodes; n++)
		w.total += nodes >> n & 1 ? node_data[n]->present_pages : 0;
	return w;
}

static bool may_help(const struct want *w, const struct mm_struct *mm)
{
	return !oom_is_bound(w->nodes) || oom_eligible(mm, w->nodes);
}

/* oom_kill_allocating_task: who asks goes, if it may. With a reference, or NULL. */
static struct mm_struct *choose_caller(const struct want *w)
{
	struct mm_struct *mm = mm_ctx_current()->mm;

	if (!READ_ONCE(sysctl_oom_kill_allocating_task) || !mm ||
	    oom_badness(mm, w->total) == LONG_MIN || READ_ONCE(mm->oom_done) || !may_help(w, mm))
		return NULL;
	mmgrab(mm);
	return mm;
}

/* Who empties a swap area goes before all others: with it ends the want. */
static long points_of(const struct mm_struct *mm, unsigned long total)
{
	return READ_ONCE(mm->oom_origin) && !mm->oom_init ? LONG_MAX : oom_badness(mm, total);
}

/* With a reference, or NULL. */
static struct mm_struct *choose(const struct want *w)
{
	struct mm_struct *mm = NULL, *chosen = NULL;
	long most = LONG_MIN;

	while ((mm = mm_list_next(mm))) {
		long points = points_of(mm, w->total);

		if (points == LONG_MIN || points < most || READ_ONCE(mm->oom_done) ||
		    !atomic_read(&mm->mm_users) || !may_help(w, mm))
			continue;
		if (chosen)
			mmdrop(chosen);
		mmgrab(mm);
		chosen = mm;
		most = points;
	}
	return chosen;
}

/* Somebody may have freed memory since the fault looked: of the kind that it wanted, as zones keep some from who could use others. */
static bool memory_after_all(unsigned long nodes)
{
	struct mm_ctx *self = mm_ctx_current();
	unsigned gfp = self->oom_gfp,
		 order = self->oom_order; /* the report is about what was wanted */
	struct page *page = alloc_pages_nodemask((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN,
						 order, NUMA_NO_NODE, nodes);

	self->oom_gfp = gfp;
	self->oom_order = order;
	if (page)
		__free_pages(page, order);
	return page;
}

/* @mm, with a reference, has to go. False: it is NULL. */
static bool end_victim(struct mm_struct *mm)
{
	victim = mm;
	if (!victim)
		return false;
	reap_at = clock_ns() + REAP_NS;
	victim_until = clock_ns() + STUCK_NS;
	count_vm_event(OOM_KILL);
	oom_deliver(victim);
	return true;
}

/* Return: whether a process is ending, or has to be waited for no longer. */
static bool kill_one(unsigned long nodes)
{
	struct mm_struct *mm;

	struct want w = want_of(nodes);
	int panics = READ_ONCE(sysctl_panic_on_oom);

	if (victim_ends() || memory_after_all(nodes))
		return true;
	if (panics == 2 || (panics && !oom_is_bound(nodes)))
		panic("Out of memory: %s panic_on_oom is enabled",
		      panics == 2 ? "compulsory" : "system-wide");
	mm = choose_caller(&w);
	return end_victim(mm ? mm : choose(&w));
}

static bool try_busy(void)
{
	int idle = 0;

	return __atomic_compare_exchange_n(&busy, &idle, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static void not_busy(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

struct mm_struct *oom_stuck_victim(uint64_t *next)
{
	struct mm_struct *mm = NULL;

	*next = clock_ns() + MOMENT_NS;
	if (!try_busy())
		return NULL;
	if (!victim || READ_ONCE(victim->oom_done)) {
		*next = PARK_FOREVER;
	} else if (clock_ns() < reap_at) {
		*next = reap_at;
	} else {
		mm = victim;
		mmgrab(mm);
		reap_at = clock_ns() + REAP_NS;
	}
	not_busy();
	return mm;
}

bool out_of_memory(void)
{
	struct mm_ctx *self = mm_ctx_current();
	bool hope = true;

	might_sleep();
	if (self->fatal_signal)
		return false;
	if (try_busy()) {
		hope = kill_one(~self->oom_barred);
		self->oom_barred = 0;
		not_busy();
	}
	if (self->fatal_signal || (!hope && !(self->mm && self->mm->oom_init)))
		return false;
	(void)thread_park(PARK_KILLABLE, clock_ns() + MOMENT_NS);
	return !self->fatal_signal;
}

bool oom_kill_now(void)
{
	const struct want w = want_of(~0UL);
	struct mm_ctx *self = mm_ctx_current();
	unsigned gfp = self->oom_gfp, order = self->oom_order;
	bool ending;

	might_sleep();
	while (!try_busy()) {
		(void)thread_park(PARK_KILLABLE, clock_ns() + MOMENT_NS);
		if (self->fatal_signal)
			return false;
	}
	self->oom_gfp = GFP_KERNEL;
	self->oom_order = OOM_ORDER_ASKED;
	self->oom_barred = 0;
	ending = victim_ends() || end_victim(choose(&w));
	self->oom_gfp = gfp;
	self->oom_order = order;
	not_busy();
	return ending;
}
