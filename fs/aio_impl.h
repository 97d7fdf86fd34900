/* Private to aio.c and aio_poll.c. */
#ifndef FS_AIO_IMPL_H
#define FS_AIO_IMPL_H

#include "fs/aio.h"
#include "sync/mutex.h"
#include "sync/waitq.h"

/* The ring's first bytes, as programs know them. */
struct aio_ring {
	uint32_t id, nr, head, tail, magic, compat, incompat, header;
};

struct mm_struct;

struct aio_ctx {
	struct mm_struct *mm;	       /* i: only compared; grabbed: no other has its address */
	struct address_space *mapping; /* i: the ring; referenced */
	unsigned nr;		       /* i: events that the ring has room for, plus one */
	unsigned counted;	       /* i: its part of aio_nr */
	atomic_t refs;		       /* each vma, each user, each poll request */
	atomic_t vmas;		       /* of its ring, or of parts of it */
	bool gone;		       /* a: they were 0: nobody can ask for it any more */
	bool dead;		       /* l; also read without */
	struct mutex lock;	       /* rank FS_FILE: the ring */
	unsigned tail;		       /* l: where the next event goes */
	unsigned pending;	       /* l: places given away */
	struct waitq wait;	       /* events, or an end */
};

void aio_get(struct aio_ctx *ctx);
/* All poll requests of @ctx end with no event. */
void aio_poll_drop(struct aio_ctx *ctx);

/* Requests of contexts that are gone end some time soon. Any context. */
void aio_poll_gone(void);

#endif
