/*
 * Waiting for many files at once: the body of poll(2) and select(2).
 *
 * WHY      the first round asks every file and puts a callback on each queue that could change the answer; from then on
 *          a wake-up only means "ask again". Once one file is ready no more queues are joined.
 * I1       an entry holds its file, so a queue cannot go while we are on it.
 * I2       entries are on their queue from poll_wait to table_free.
 * LOCKS    none held while asking. The callback runs under a waitq lock: it sets a flag and unparks.
 * CONTEXT  a task; sleeps interruptibly.
 * COST     O(files) per wake-up.
 * FAILS    -EINTR, -ENOMEM (a queue could not be joined).
 * SOURCES  poll(2), select(2).
 */
#include "fs/poll.h"

#include "base/errno.h"
#include "fs/file.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct poll_entry {
	struct waiter w;
	struct poll_call *call;
	struct waitq *q;
	struct file *f; /* referenced */
};

enum { INLINE_ENTRIES = 8, CHUNK_ENTRIES = 32 };

struct poll_chunk {
	struct poll_chunk *next;
	unsigned nr;
	struct poll_entry entry[CHUNK_ENTRIES];
};

struct poll_call {
	struct poll_table pt;
	struct thread *thread;
	struct file *f; /* the file being asked */
	bool triggered; /* set by callbacks */
	int err;
	unsigned nr_inline;
	struct poll_entry inline_entry[INLINE_ENTRIES];
	struct poll_chunk *chunks;
};

static void poll_wake(struct waiter *w)
{
	struct poll_entry *e = container_of(w, struct poll_entry, w);

	WRITE_ONCE(e->call->triggered, true);
	thread_unpark(e->call->thread);
}

static struct poll_entry *entry_alloc(struct poll_call *c)
{
	struct poll_chunk *chunk = c->chunks;

	if (c->nr_inline < INLINE_ENTRIES)
		return &c->inline_entry[c->nr_inline++];
	if (!chunk || chunk->nr == CHUNK_ENTRIES) {
		chunk = failpoint("poll_chunk") ? NULL : kmalloc(sizeof(*chunk), GFP_KERNEL);
		if (!chunk)
			return NULL;
		chunk->next = c->chunks;
		chunk->nr = 0;
		c->chunks = chunk;
	}
	return &chunk->entry[chunk->nr++];
}

static void poll_queue(struct poll_table *pt, struct waitq *q)
{
	struct poll_call *c = container_of(pt, struct poll_call, pt);
	struct poll_entry *e = entry_alloc(c);

	if (!e) {
		c->err = -ENOMEM;
		return;
	}
	e->call = c;
	e->q = q;
	e->f = c->f;
	fget_file(e->f);
	e->w.wake = poll_wake;
	waitq_add_callback(q, &e->w);
}

static void entry_free(struct poll_entry *e)
{
	waitq_del(e->q, &e->w);
	fput(e->f);
}

static void table_free(struct poll_call *c)
{
	unsigned i;

	for (i = 0; i < c->nr_inline; i++)
		entry_free(&c->inline_entry[i]);
	while (c->chunks) {
		struct poll_chunk *chunk = c->chunks;

		for (i = 0; i < chunk->nr; i++)
			entry_free(&chunk->entry[i]);
		c->chunks = chunk->next;
		kfree(chunk);
	}
}

static unsigned ask(struct poll_call *c, const struct pollfd_k *p, struct poll_table *pt)
{
	struct file *f = fd_file(p->fd);
	unsigned ev = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;

	if (!f || (f->flags & O_PATH)) {
		if (f)
			fput(f);
		return POLLNVAL;
	}
	c->f = f;
	if (f->ops->poll)
		ev = f->ops->poll(f, pt);
	fput(f);
	return ev & ((unsigned short)p->events | POLLERR | POLLHUP | POLLNVAL);
}

/* Ask all files. @join: put ourselves on their queues until one is ready. Return: how many are ready. */
static long ask_all(struct poll_call *c, struct pollfd_k *fds, unsigned nr, bool join)
{
	long ready = 0;
	unsigned i;

	for (i = 0; i < nr; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		fds[i].revents = (short)ask(c, &fds[i], join && !ready ? &c->pt : NULL);
		if (fds[i].revents)
			ready++;
	}
	return ready;
}

/* Sleep until a queue says that something changed. 0, -EINTR, -ETIMEDOUT. */
static int wait_change(struct poll_call *c, uint64_t deadline_ns)
{
	int err = 0;

	while (!READ_ONCE(c->triggered) && !err)
		err = thread_park(PARK_INTERRUPTIBLE, deadline_ns);
	WRITE_ONCE(c->triggered, false);
	__atomic_thread_fence(
		__ATOMIC_SEQ_CST); /* what is asked next is asked after the flag is down */
	return err;
}

long poll_files(struct pollfd_k *fds, unsigned nr, uint64_t deadline_ns)
{
	struct poll_call c;
	bool wait = deadline_ns > clock_ns();
	long ready;
	int err = 0;

	c.pt.queue = poll_queue;
	c.thread = thread_self();
	c.err = 0;
	c.nr_inline = 0;
	c.chunks = NULL;
	c.triggered = false;
	ready = ask_all(&c, fds, nr, wait);
	while (wait && !ready && !c.err && !err) {
		err = wait_change(&c, deadline_ns);
		ready = ask_all(&c, fds, nr, false);
	}
	table_free(&c);
	if (ready)
		return ready;
	if (c.err)
		return c.err;
	return err == -ETIMEDOUT ? 0 : err;
}
