/*
 * Asynchronous I/O: requests that wait for a file to be ready (IOCB_CMD_POLL).
 *
 *   the file wakes its queue ── callback: fired ── thread "kaio" ── ask the file ── event
 *
 * OWNS     struct aio_wait, the list of them all, the thread.
 * WHY      a wake-up may come with any spinlock held, an event is written into memory under locks that come before: so a
 *          thread completes.
 * I1       on the list <=> nobody has ended the request yet; who takes it off the list ends it, holding no lock.
 * I2       a request on the list holds its file, so the queues that it is on stay, and its context.
 * I3       a request joins its queues and the list in one hold of set_lock: a wake-up between the two is found on the list.
 * LOCKS    set_lock (mutex, rank EPOLL) for the list and while files on it are asked.
 * CONTEXT  tasks; may sleep. Callbacks: any.
 * FAILS    -EINVAL, -ENOMEM.
 * SOURCES  io_submit(2), poll(2).   TESTED BY  tests/guest/file_aio.c
 */
#include "aio_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { QUEUES = 4 };

struct aio_entry {
	struct waiter w;
	struct waitq *q;
	const struct poll_keeper *keeper; /* of the queue; or NULL */
	struct aio_wait *wait;
};

struct aio_wait {
	struct list_head link; /* s: set_lock */
	struct aio_ctx *ctx;   /* i: referenced, with a place of its ring */
	struct file *f, *resfd;
	struct aio_event event; /* i but for res */
	unsigned events;	/* i: POLL* */
	bool fired;		/* a */
	unsigned nr;		/* s */
	struct aio_entry entry[QUEUES];
	struct poll_table pt;
};

static struct mutex set_lock = MUTEX_INIT(set_lock, RANK_EPOLL);
static struct list_head all = LIST_HEAD_INIT(all);
static bool any_fired; /* a */
static void kaio(void *unused);
static struct kthread_daemon daemon = { .fn = kaio, .name = "kaio" };

static void entry_wake(struct waiter *w)
{
	struct aio_entry *e = container_of(w, struct aio_entry, w);

	WRITE_ONCE(e->wait->fired, true);
	WRITE_ONCE(any_fired, true);
	thread_unpark(&READ_ONCE(daemon.task)->thread);
}

static void join(struct poll_table *pt, struct waitq *q)
{
	struct aio_wait *a = container_of(pt, struct aio_wait, pt);
	struct aio_entry *e = &a->entry[a->nr];

	if (a->nr == QUEUES || !(pt->events & (a->events | POLLERR | POLLHUP)))
		return;
	a->nr++;
	e->wait = a;
	e->q = q;
	e->keeper = pt->keeper;
	if (e->keeper)
		e->keeper->get(q);
	e->w.wake = entry_wake;
	waitq_add_callback(q, &e->w);
}

static void leave(struct aio_wait *a)
{
	for (unsigned i = 0; i < a->nr; i++) {
		struct aio_entry *e = &a->entry[i];

		waitq_del(e->q, &e->w);
		if (e->keeper)
			e->keeper->put(e->q);
	}
}

static unsigned ask(struct aio_wait *a, struct poll_table *pt)
{
	unsigned ready = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	if (a->f->ops->poll)
		ready = a->f->ops->poll(a->f, pt);
	return ready & (a->events | POLLERR | POLLHUP);
}

/* @a, which nobody else has any more, ends; with an event if that is to be told. */
static void end(struct aio_wait *a, bool tell)
{
	leave(a);
	if (tell) {
		aio_complete(a->ctx, &a->event, a->resfd);
	} else {
		aio_unreserve(a->ctx);
		if (a->resfd)
			fput(a->resfd);
	}
	fput(a->f);
	aio_put(a->ctx);
	kfree(a);
}

static void end_all(struct list_head *ended, bool tell)
{
	struct aio_wait *a, *next;

	list_for_each_entry_safe (a, next, ended, link)
		end(a, tell);
}

/* Ask the files of those that fired; what is ready ends, and so does what waits for a program that is gone. */
static void look(void)
{
	struct list_head ready = LIST_HEAD_INIT(ready), gone = LIST_HEAD_INIT(gone);
	struct aio_wait *a, *next;

	mutex_lock(&set_lock);
	list_for_each_entry_safe (a, next, &all, link) {
		if (READ_ONCE(a->ctx->gone)) {
			list_move_tail(&a->link, &gone);
			continue;
		}
		if (!READ_ONCE(a->fired))
			continue;
		WRITE_ONCE(a->fired, false);
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* a wake-up after this asks again */
		a->event.res = ask(a, NULL);
		if (a->event.res)
			list_move_tail(&a->link, &ready);
	}
	mutex_unlock(&set_lock);
	end_all(&ready, true);
	end_all(&gone, false);
}

static void kaio(void *unused)
{
	for (;;) {
		while (!READ_ONCE(any_fired))
			(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
		WRITE_ONCE(any_fired, false);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		look();
	}
}

void aio_poll_gone(void)
{
	struct task *t = READ_ONCE(daemon.task);

	WRITE_ONCE(any_fired, true);
	if (t)
		thread_unpark(&t->thread);
}

/* Take all requests of @ctx off the list, or only that with block @obj. */
static void take(struct aio_ctx *ctx, const uint64_t *obj, struct list_head *to)
{
	struct aio_wait *a, *next;

	mutex_lock(&set_lock);
	list_for_each_entry_safe (a, next, &all, link)
		if (a->ctx == ctx && (!obj || a->event.obj == *obj))
			list_move_tail(&a->link, to);
	mutex_unlock(&set_lock);
}

void aio_poll_drop(struct aio_ctx *ctx)
{
	struct list_head ended = LIST_HEAD_INIT(ended);

	take(ctx, NULL, &ended);
	end_all(&ended, false);
}

int aio_cancel(struct aio_ctx *ctx, uint64_t obj)
{
	struct list_head ended = LIST_HEAD_INIT(ended);
	bool found;

	take(ctx, &obj, &ended);
	found = !list_empty(&ended);
	end_all(&ended, true);
	return found ? 0 : -EINVAL;
}

/* Join the queues of the file. Return: what is ready by now; 0: it is on the list; -EINVAL. */
static int start(struct aio_wait *a)
{
	int ready;

	mutex_lock(&set_lock);
	ready = (int)ask(a, &a->pt);
	if (!ready && !a->nr)
		ready = -EINVAL;
	if (!ready)
		list_add_tail(&a->link, &all);
	mutex_unlock(&set_lock);
	return ready;
}

int aio_poll(struct aio_ctx *ctx, struct file *f, unsigned events, const struct aio_event *e,
	     struct file *resfd)
{
	struct aio_wait *a = failpoint("aio_wait") ? NULL : kzalloc(sizeof(*a), GFP_KERNEL);
	int ready;

	if (!a)
		return -ENOMEM;
	kthread_daemon_wake(&daemon);
	a->ctx = ctx;
	a->f = f;
	a->resfd = resfd;
	a->event = *e;
	a->events = events;
	a->pt.queue = join;
	ready = READ_ONCE(daemon.task) ? 0 : -ENOMEM;
	aio_get(ctx);
	if (!ready)
		ready = start(a);
	if (ready < 0) {
		aio_put(ctx);
		kfree(a);
		return ready;
	}
	if (ready) {
		a->event.res = ready;
		end(a, true);
	}
	return 0;
}
