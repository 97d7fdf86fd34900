/*
 * A process that has so many frames: a range of its private memory is replaced on its own, by a policy of its own, and every
 * reference to it is seen. For the reference strings of textbooks, in the real kernel. docs/policy.md.
 */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;
struct policy;

/* Bits of mm->unusual. REAPED: being killed, its private memory is gone: faults fail (mm/reclaim/reap.c). CLOSED: entries may lack
 * rights that their vma gives (mm/frames.h). */
enum mm_unusual { MM_REAPED = 1, MM_CLOSED = 2 };

struct frames_request {
	unsigned long start, end; /* within one private anonymous mapping, whole pages */
	bool for_exec; /* instead: all private anonymous memory of the program that the process becomes next */
	bool whole; /* within [start, end), what of it is private anonymous memory */
	unsigned long frames;
	const struct policy *policy;
	const uint32_t *
		future; /* pages of the range in the order in which they will be used; NULL: not known */
	unsigned nr_future;
};

struct frames_figures {
	const char *policy;
	unsigned long start, end, frames, resident;
	uint64_t references, faults,
		cold; /* hits are references - faults, refaults faults - cold */
};

/**
 * frames_set - from now on no more than r->frames pages of the range are in memory; now none is.
 * Return: 0; -EINVAL: no such range, no frames, or the policy needs the future; -EBUSY: a huge page is in it; -ENOSPC: pages have
 * nowhere to go (no swap); -ENOMEM.   Locks: takes mmap_lock for write.   Sleeps.
 */
int must_check frames_set(struct mm_struct *mm, const struct frames_request *r);
void frames_clear(struct mm_struct *mm); /* as before; takes mmap_lock for write */
/* Return: false: there is no limit. */
bool frames_read(struct mm_struct *mm, struct frames_figures *out);
/* @mm is of a program that begins, @old was its process's: a limit of the whole of @old, or one for exec, goes on. */
void frames_exec(struct mm_struct *mm, const struct mm_struct *old);
/* [start, end) is empty from now on. mmap_lock held, mm->frames not NULL. */
void frames_unmapped(struct mm_struct *mm, unsigned long start, unsigned long end);
/* The sums of all limits that have ended: references, faults, cold. */
void frames_totals(struct frames_figures *out);
void frames_exit(struct mm_struct *mm); /* the last user is gone, nothing is mapped */

#endif
