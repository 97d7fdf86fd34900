/* Out of memory: who has to go, and how a process stands in that respect. */
#ifndef MM_OOM_H
#define MM_OOM_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;

enum { OOM_SCORE_ADJ_MIN = -1000, OOM_SCORE_ADJ_MAX = 1000 };

/**
 * out_of_memory - a page fault has found no memory: make some, by killing, or wait for it.
 * Return: true: try again; false: the caller cannot go on (it is being killed, or has to be).
 * Locks: none but sleeping ones of the caller (a user copy's).   Sleeps: a few milliseconds, killable.
 */
bool must_check out_of_memory(void);

/**
 * oom_kill_now - somebody asks that the process with the most points go, whether memory is short or not.
 * Neither panic_on_oom nor oom_kill_allocating_task count. The report says order=-1.
 * Return: false: nobody can be killed, or the caller is being killed.   Locks: none.   Sleeps.
 */
bool must_check oom_kill_now(void);
#define OOM_ORDER_ASKED (~0U)

/**
 * mm_reap - take the private memory of a program all of whose threads are being killed.
 * @mm: a lazy reference is enough; who ends while it is reaped waits until what is taken is free.
 * Return: 0, or -EINTR: the caller is being killed.   Locks: takes mmap_lock for read.   Sleeps.
 */
int must_check mm_reap(struct mm_struct *mm);
/* The same, unless its lock is held for write: then false, and nothing is done. */
bool must_check mm_try_reap(struct mm_struct *mm);

/**
 * oom_stuck_victim - the victim whose memory should be there by now and is not; each REAP_NS once.
 * @next: when to ask again, if the answer is NULL; ~0: not before the next oom_deliver.
 * Return: with a lazy reference, or NULL.   Locks: none.   Sleeps: no.
 */
struct mm_struct *must_check oom_stuck_victim(uint64_t *next);

/* /proc/sys/vm: panic instead of killing; kill who asks, not who has most; list the processes in the log. */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks;

/* Was an allocation that failed bound to @nodes, some of those with memory, by a memory policy? */
bool oom_is_bound(unsigned long nodes);

/* Linux's points of one address space, in pages of @total; LONG_MIN: never to be killed for memory. */
long oom_badness(const struct mm_struct *mm, unsigned long total);
/* What the log says of one: its pages of a kind (enum mm_counter), in KiB. */
unsigned long mm_rss_kb(const struct mm_struct *mm, int counter);
/* /proc/PID/oom_score. */
unsigned long oom_score(const struct mm_struct *mm);

#endif
