/* Inside mm/aspace: where faults and changes of an address space meet a userfaultfd. */
#ifndef MM_USERFAULT_IMPL_H
#define MM_USERFAULT_IMPL_H

#include "mm/aspace/aspace_impl.h"
#include "mm/userfault.h"

struct thread;

/* A thread that waits for a page; on its stack. */
struct userfault_waiter {
	struct list_head link; /* uf->pending or uf->taken */
	struct userfault *uf;  /* held; NULL: nothing to wait for, just look again */
	struct thread *thread;
	unsigned long addr; /* page */
	struct uffd_msg msg;
	bool woken, wait;
};

/* An event, and whoever waits until it is read. */
struct userfault_event {
	struct list_head link; /* uf->events, or a list of events to come */
	struct userfault *uf;  /* held; uf->changing counts it */
	struct userfault *child;
	struct thread *thread;
	struct uffd_msg msg;
	enum { EVENT_QUEUED, EVENT_TAKEN, EVENT_DONE } state; /* uf->lock */
};

/* The fault of f is the monitor's, for @reason VM_UFFD_*. mmap_lock held for read, no table lock. Return: STAGE_WAIT (then drop
 * mmap_lock, call userfault_wait, start over) or FAULT_BUS. */
int userfault_deliver(struct fault_ctx *f, unsigned long reason);
/* Wait for the page, no lock held. 0: look again; -EINTR: a signal, fatal unless @f->access.user. */
int must_check userfault_wait(struct fault_ctx *f);

/* ---- events: prepared under mmap_lock for write, in mm->userfault_events; sent when it is dropped ---- */
/* UNMAP of [start, end), for each descriptor that wants it. 0 or -ENOMEM. */
int must_check userfault_unmap_prepare(struct mm_struct *mm, unsigned long start,
				       unsigned long end);
/* REMAP of @len bytes of @vma. 0 or -ENOMEM. */
int must_check userfault_remap_prepare(struct vm_area_struct *vma, unsigned long from,
				       unsigned long to, unsigned long len);
/* Does the new place of @vma stay registered? */
bool userfault_follows(const struct vm_area_struct *vma);
/* The events that are prepared will not happen after all. */
void userfault_cancel(struct mm_struct *mm);
/* Drop mmap_lock (write), then send. Sleeps until the monitor has read. */
void userfault_send(struct mm_struct *mm) releases(mm->mmap_lock);
static inline void userfault_up_write(struct mm_struct *mm) releases(mm->mmap_lock)
{
	if (likely(list_empty(&mm->userfault_events)))
		rwsem_up_write(&mm->mmap_lock);
	else
		userfault_send(mm);
}
/* REMOVE of [start, end): mmap_lock (read) is dropped and taken again. Return: false: nobody wants it, nothing happened. */
bool userfault_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* The child's copy of @vma belongs to: NULL, or a new userfault of the child. 0 or -ENOMEM. */
int must_check userfault_fork(struct mm_struct *child, const struct vm_area_struct *vma,
			      struct userfault **out);

/* Wake who waits for a page of [start, last]. */
void userfault_wake_range(struct userfault *uf, unsigned long start, unsigned long last);
/* userfault_range.c: no vma of the mm points to @uf any more. Takes mmap_lock. */
void userfault_unregister_all(struct userfault *uf);

static inline bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma->mapping && (vma->mapping->flags & MAPPING_SHMEM);
}

#endif
