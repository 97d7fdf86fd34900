/* Between pipe.c, pipe_size.c and pipe_limit.c. */
#ifndef FS_PIPE_IMPL_H
#define FS_PIPE_IMPL_H

#include "kernel/cred.h"
#include "mm/page.h"
#include "sync/mutex.h"
#include "sync/waitq.h"

#define PIPE_BYTES_MAX (1L << 30)

/* Pages of a pipe that its maker's account is charged for. */
struct pipe_quota {
	struct user_account *user;
	unsigned slots;
};
/* For a new pipe: how many pages it has. Return: false: over the hard limit. */
bool must_check pipe_quota_begin(struct pipe_quota *q);
/* To @slots pages, more than now, on behalf of the calling task. 0, or -EPERM: nothing has changed. */
int must_check pipe_quota_grow(struct pipe_quota *q, unsigned slots);
void pipe_quota_shrink(struct pipe_quota *q, unsigned slots);
void pipe_quota_end(struct pipe_quota *q);

enum { PIPE_BUF = 4096, PIPE_SLOTS = 16 };

struct pipe {
	struct mutex lock;
	struct waitq rd_wait, wr_wait;
	unsigned head, tail;	/* p: bytes written and read since the start, modulo 2^32 */
	unsigned size;		/* p: capacity in bytes, a power of two of pages */
	unsigned last_slot;	/* p: of `page` */
	unsigned many;		/* p: a read of more bytes than these wakes a writer; 0: packets */
	char **page;		/* p: by slot; inline_page or kmalloc'ed */
	char *spare;		/* p */
	struct thread *sleeper; /* p: one reader waits without the queue */
	unsigned readers, writers; /* p */
	unsigned r_opens, w_opens; /* p: opens so far, for those who wait for the other side */
	unsigned files;		   /* e: ends_lock */
	bool packets;		   /* i */
	unsigned nr_packets;	   /* p */
	struct pipe_quota quota;   /* p */
	char *inline_page[PIPE_SLOTS];
};

static inline void pipe_set_ring(struct pipe *p, char **page, unsigned size)
{
	p->page = page;
	p->size = size;
	p->last_slot = size / PAGE_SIZE - 1;
	p->many = p->packets ? 0 : size - PIPE_BUF;
}

static inline unsigned used_of(const struct pipe *p)
{
	return READ_ONCE(p->head) - READ_ONCE(p->tail);
}

/* Bytes that the pipe is said to hold. */
static inline unsigned said_size(const struct pipe *p)
{
	return p->packets ? p->size / 2 : p->size;
}

static inline char **slot_of(const struct pipe *p, unsigned at)
{
	return &p->page[at / PAGE_SIZE & p->last_slot];
}

#endif
