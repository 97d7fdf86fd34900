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
 * mm_reap - take the private memory of a program all of whose threads are being killed.
 * @mm: its users do not go to 0 meanwhile.
 * Return: 0, or -EINTR: the caller is being killed.   Locks: takes mmap_lock for read.   Sleeps.
 */
int must_check mm_reap(struct mm_struct *mm);

/* /proc/sys/vm: panic instead of killing; kill who asks, not who has most; list the processes in the log. */
extern int sysctl_panic_on_oom, sysctl_oom_kill_allocating_task, sysctl_oom_dump_tasks;

/* Was an allocation that failed bound to @nodes, some of those with memory, by a memory policy? */
bool oom_is_bound(unsigned long nodes);

/* Linux's points of one address space, in pages of @total; LONG_MIN: never to be killed for memory. */
long oom_badness(const struct mm_struct *mm, unsigned long total);
/* /proc/PID/oom_score. */
unsigned long oom_score(const struct mm_struct *mm);

#endif
