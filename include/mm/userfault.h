/*
 * Page faults that a program handles itself, userfaultfd(2): what the descriptor's file calls. A struct userfault is
 * Linux's userfaultfd_ctx: one per descriptor, for one address space. mm/aspace/userfault.c has the theory.
 */
#ifndef MM_USERFAULT_H
#define MM_USERFAULT_H

#include "base/atomic.h"
#include "lib/list.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"
#include "uapi/userfaultfd.h"

struct mm_struct;

enum { USERFAULT_READY = 1 << 30 }; /* in features: UFFDIO_API was called */

struct userfault {
	atomic_t refs;
	struct mm_struct *mm; /* i: mm_count held */
	bool user_mode_only;  /* i */
	atomic_t features;    /* UFFD_FEATURE_*, USERFAULT_READY; set once */
	atomic_t changing; /* events under way whose change of the mm is not to be met by a copy */
	bool released;	   /* l: the descriptor is closed */
	struct spinlock lock;		 /* rank OBJECT */
	struct list_head pending, taken; /* l: threads that wait: not read yet, read */
	struct list_head events;	 /* l: events not read yet */
	struct waitq readable;		 /* who reads and polls */
};

/* For the running thread's mm. NULL: no memory. */
struct userfault *must_check userfault_alloc(bool user_mode_only);
void userfault_get(struct userfault *uf);
void userfault_put(struct userfault *uf);
/* The descriptor goes: nothing is registered any more, everybody goes on. Sleeps. */
void userfault_release(struct userfault *uf);

/* ioctl_userfaultfd(2), with its errors. Sleep. */
/* *ioctls: UFFD_BIT_* that the range knows. */
int must_check userfault_register(struct userfault *uf, const struct uffdio_range *r, uint64_t mode,
				  uint64_t *ioctls);
int must_check userfault_unregister(struct userfault *uf, const struct uffdio_range *r);
int must_check userfault_wake(struct userfault *uf, const struct uffdio_range *r);
int must_check userfault_protect(struct userfault *uf, const struct uffdio_range *r, uint64_t mode);
struct userfault_fill {
	enum { USERFAULT_COPY, USERFAULT_ZERO, USERFAULT_CONTINUE } kind;
	struct uffdio_range range;
	uint64_t src, mode;
};
/* What is wrong with the arguments, or -EAGAIN: the address space is changing. */
int must_check userfault_check_fill(struct userfault *uf, const struct userfault_fill *fill);
/* Pages from @fill->src, of zeroes, or those that are there. @done: bytes or -errno, not written with -ESRCH. Return: 0, -EAGAIN when only a part was done, or the error. */
int must_check userfault_fill(struct userfault *uf, const struct userfault_fill *fill,
			      int64_t *done);

/* The next message. Return: 0, -EAGAIN: there is none. UFFD_EVENT_FORK: *child is the child's, whose first
 * reference is for its descriptor; userfault_forked must follow. */
int must_check userfault_next(struct userfault *uf, struct uffd_msg *msg, struct userfault **child);
/* The child's descriptor exists (@ok), or could not be had: then the event comes again. */
void userfault_forked(struct userfault *uf, struct userfault *child, bool ok);
bool userfault_readable(struct userfault *uf);
void userfault_count(struct userfault *uf, unsigned long *pending, unsigned long *total);

#endif
