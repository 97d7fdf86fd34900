/*
 * SIGIO: a file says by a signal that something can be read from it or written to it.
 *
 *   what is waited for wakes its queue ── entry's callback: fired ── thread "fasync" ── poll the file ── signal to the owner
 *
 * OWNS     struct file_async, of files for which somebody has asked; the list of those with O_ASYNC; the thread.
 * WHY      a wake-up may come with any spinlock held, an owner is found under locks that come before: so a thread sends. The files'
 *          poll operations know what is ready: nothing of this is in pipes, sockets, terminals.
 * I1       on the list <=> its entries are on the queues of the file.
 * I2       the thread has a reference of a file that it looks at, taken under async_lock while the file was on the list.
 * I3       room to write is told when there was none the last time the file was looked at; what can be read, at each wake-up.
 * LOCKS    set_lock (mutex) for what is asked; async_lock (rank OBJECT) for the list and what the thread reads.
 * CONTEXT  tasks; may sleep. Callbacks: any.
 * FAILS    -ENOMEM, -ESRCH, -EINVAL, -ENOTTY.
 * SOURCES  fcntl(2) "Managing signals", signal(7), ioctl_tty(2).   TESTED BY  tests/guest/net_async.c
 */
#include "fs/fasync.h"

#include "base/errno.h"
#include "fs/poll.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { QUEUES = 4 };
enum { POLL_IN = 1, POLL_OUT, POLL_MSG, POLL_ERR, POLL_PRI, POLL_HUP };

struct async_entry {
	struct waiter w;
	struct waitq *q;
	const struct poll_keeper *keeper; /* of the queue; or NULL */
	struct file_async *async;
};

/* s: set_lock; l: async_lock. */
struct file_async {
	struct file *file;
	struct list_head link;	/* l: on */
	enum fasync_owner kind; /* l */
	int owner, signal, fd;	/* l */
	uint32_t uid, euid;	/* l: of who named the owner */
	bool on;		/* s */
	bool fired;		/* a */
	bool writable;		/* of the thread, once on: it was the last time */
	unsigned nr;		/* s */
	struct async_entry entry[QUEUES];
	struct poll_table pt; /* s: while entries are queued */
};

static struct mutex set_lock = MUTEX_INIT(set_lock, RANK_EPOLL);
static struct spinlock async_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head on = LIST_HEAD_INIT(on);
static bool any_fired; /* a */
static void fasync_thread(void *unused);
static struct kthread_daemon daemon = { .fn = fasync_thread, .name = "fasync" };

/* ---- the signal ---- */

/* The reason, as POLL_*; 0: none that anybody is to be told. */
static int reason(struct file_async *a, unsigned ev)
{
	bool room = ev & POLLOUT, came = room && !a->writable;

	a->writable = room;
	if (ev & POLLHUP)
		return POLL_HUP;
	if (ev & POLLERR)
		return POLL_ERR;
	if (ev & POLLPRI)
		return POLL_PRI;
	if (ev & POLLIN)
		return POLL_IN;
	return came ? POLL_OUT : 0;
}

static long band_of(int why)
{
	static const uint16_t bands[] = { [POLL_IN] = POLLIN | POLLRDNORM,
					  [POLL_OUT] = POLLOUT | POLLWRNORM | POLLWRBAND,
					  [POLL_ERR] = POLLERR,
					  [POLL_PRI] = POLLPRI | POLLRDBAND,
					  [POLL_HUP] = POLLHUP | POLLERR };

	return bands[why];
}

/* Who named the owner could have sent it a signal then. */
static bool may_signal(const struct file_async *a, const struct task *t)
{
	const struct cred *o = t->cred;

	return !o || !a->euid || a->euid == o->suid || a->euid == o->uid || a->uid == o->suid ||
	       a->uid == o->uid;
}

static void signal_task(const struct file_async *a, struct task *t, int why)
{
	struct siginfo_k info = { .si_signo = a->signal, .si_code = why };

	info.band = band_of(why);
	info.fd = a->fd;
	if (!may_signal(a, t))
		return;
	if (a->kind == FASYNC_TID)
		(void)signal_send_thread(t, a->signal ? a->signal : SIGIO,
					 a->signal ? &info : NULL);
	else
		(void)signal_send_group(t, a->signal ? a->signal : SIGIO, a->signal ? &info : NULL);
}

static void signal_pgrp(const struct file_async *a, int why)
{
	struct task *t;

	for (int pid = 1; (t = task_next(&pid, true)) != NULL; pid++) {
		if (t->signal->pgrp == a->owner)
			signal_task(a, t, why);
		task_put(t);
	}
}

static void tell(const struct file_async *a, int why)
{
	struct task *t;

	if (!a->owner)
		return;
	if (a->kind == FASYNC_PGRP) {
		signal_pgrp(a, why);
		return;
	}
	t = task_find(a->owner);
	if (t) {
		signal_task(a, t, why);
		task_put(t);
	}
}

/* ---- the thread ---- */

static struct file *next_fired(struct file_async *copy)
{
	struct file_async *a;
	struct file *f = NULL;

	spin_lock(&async_lock);
	list_for_each_entry (a, &on, link) {
		if (READ_ONCE(a->fired) && atomic_inc_not_zero(&a->file->refs)) {
			WRITE_ONCE(a->fired, false);
			*copy = *a;
			f = a->file;
			break;
		}
	}
	spin_unlock(&async_lock);
	return f;
}

static void look_at_all(void)
{
	struct file_async copy;
	struct file *f;

	while ((f = next_fired(&copy)) != NULL) {
		int why = reason(f->async, f->ops->poll(f, NULL));

		if (why)
			tell(&copy, why);
		fput(f);
	}
}

static void fasync_thread(void *unused)
{
	(void)unused;
	for (;;) {
		if (__atomic_exchange_n(&any_fired, false, __ATOMIC_SEQ_CST))
			look_at_all();
		else
			(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
	}
}

static void entry_wake(struct waiter *w)
{
	struct async_entry *e = container_of(w, struct async_entry, w);

	WRITE_ONCE(e->async->fired, true);
	__atomic_store_n(&any_fired, true, __ATOMIC_SEQ_CST);
	thread_unpark(&daemon.task->thread); /* it was there before the entry */
}

/* ---- what is asked ---- */

/* set_lock held. */
static struct file_async *async_of(struct file *f)
{
	struct file_async *a = f->async;

	if (a)
		return a;
	a = failpoint("fasync") ? NULL : kzalloc(sizeof(*a), GFP_KERNEL);
	if (a) {
		a->file = f;
		list_init(&a->link);
		__atomic_store_n(&f->async, a, __ATOMIC_RELEASE);
	}
	return a;
}

static bool owner_exists(enum fasync_owner kind, int id)
{
	struct task *t;

	if (kind == FASYNC_PGRP)
		return !signal_send_pgrp(id, 0, NULL);
	t = task_find(id);
	if (t)
		task_put(t);
	return t;
}

int fasync_set_owner(struct file *f, enum fasync_owner kind, int id)
{
	const struct cred *c = current_task()->cred;
	struct file_async *a;

	if (id && !owner_exists(kind, id))
		return -ESRCH;
	mutex_lock(&set_lock);
	a = async_of(f);
	if (a) {
		spin_lock(&async_lock);
		a->kind = kind;
		a->owner = id;
		a->uid = id && c ? c->uid : 0;
		a->euid = id && c ? c->euid : 0;
		spin_unlock(&async_lock);
	}
	mutex_unlock(&set_lock);
	return a ? 0 : -ENOMEM;
}

int fasync_owner(const struct file *f, enum fasync_owner *kind)
{
	const struct file_async *a = READ_ONCE(f->async);

	*kind = a ? a->kind : FASYNC_TID;
	return a ? a->owner : 0;
}

int file_set_owner(struct file *f, int id)
{
	if (id == INT_MIN)
		return -EINVAL;
	return fasync_set_owner(f, id < 0 ? FASYNC_PGRP : FASYNC_PID, id < 0 ? -id : id);
}

int file_owner(const struct file *f)
{
	enum fasync_owner kind;
	int id = fasync_owner(f, &kind);

	return kind == FASYNC_PGRP ? -id : id;
}

void fasync_owner_uids(const struct file *f, uint32_t ids[2])
{
	const struct file_async *a = READ_ONCE(f->async);

	ids[0] = a ? a->uid : 0;
	ids[1] = a ? a->euid : 0;
}

int fasync_set_signal(struct file *f, unsigned long sig)
{
	struct file_async *a;

	if (sig > NSIG)
		return -EINVAL;
	mutex_lock(&set_lock);
	a = async_of(f);
	if (a)
		WRITE_ONCE(a->signal, (int)sig);
	mutex_unlock(&set_lock);
	return a ? 0 : -ENOMEM;
}

int fasync_signal(const struct file *f)
{
	const struct file_async *a = READ_ONCE(f->async);

	return a ? a->signal : 0;
}

bool fasync_can(const struct file *f)
{
	return f->ops->poll &&
	       (S_ISSOCK(f->inode->mode) || S_ISFIFO(f->inode->mode) || S_ISCHR(f->inode->mode));
}

void fasync_send(struct file *f, int why)
{
	const struct file_async *a = READ_ONCE(f->async);
	struct file_async copy;

	if (!a)
		return;
	spin_lock(&async_lock);
	copy = *a;
	spin_unlock(&async_lock);
	tell(&copy, why);
}

/* ---- on and off ---- */

static void join(struct poll_table *pt, struct waitq *q)
{
	struct file_async *a = container_of(pt, struct file_async, pt);
	struct async_entry *e = &a->entry[a->nr];

	if (a->nr == QUEUES)
		return;
	a->nr++;
	e->async = a;
	e->q = q;
	if (pt->keeper)
		pt->keeper->get(q);
	e->keeper = pt->keeper;
	e->w.wake = entry_wake;
	waitq_add_callback(q, &e->w);
}

static void leave(struct file_async *a)
{
	for (unsigned i = 0; i < a->nr; i++) {
		struct async_entry *e = &a->entry[i];

		waitq_del(e->q, &e->w);
		if (e->keeper)
			e->keeper->put(e->q);
	}
	a->nr = 0;
	spin_lock(&async_lock);
	list_del_init(&a->link);
	spin_unlock(&async_lock);
	a->on = false;
}

static int turn_on(struct file_async *a, int fd)
{
	kthread_daemon_wake(&daemon);
	if (!READ_ONCE(daemon.task))
		return -ENOMEM;
	spin_lock(&async_lock);
	a->fd = fd;
	list_add_tail(&a->link, &on);
	spin_unlock(&async_lock);
	a->on = true;
	a->pt.queue = join;
	a->writable = a->file->ops->poll(a->file, &a->pt) & POLLOUT;
	return 0;
}

/* The file says itself when there is something to tell: fasync_send. */
static int enable_own(struct file *f, int fd, bool want)
{
	int err = f->ops->fasync(f, fd, want);
	struct file_async *a;

	if (err < 0)
		return err;
	mutex_lock(&set_lock);
	a = async_of(f);
	if (a) {
		spin_lock(&async_lock);
		a->fd = fd;
		spin_unlock(&async_lock);
		f->flags = want ? f->flags | O_ASYNC : f->flags & ~(unsigned)O_ASYNC;
	}
	mutex_unlock(&set_lock);
	return a ? 0 : -ENOMEM;
}

int fasync_enable(struct file *f, int fd, bool want)
{
	struct file_async *a;
	int err = 0;

	if (!fasync_can(f))
		return -ENOTTY;
	if (f->ops->fasync)
		return enable_own(f, fd, want);
	mutex_lock(&set_lock);
	a = want ? async_of(f) : f->async;
	if (want && !a)
		err = -ENOMEM;
	else if (want && !a->on)
		err = turn_on(a, fd);
	else if (!want && a && a->on)
		leave(a);
	if (!err)
		f->flags = want ? f->flags | O_ASYNC : f->flags & ~(unsigned)O_ASYNC;
	mutex_unlock(&set_lock);
	return err;
}

void fasync_free(struct file *f)
{
	struct file_async *a = f->async;

	if (a->on) {
		mutex_lock(&set_lock);
		leave(a);
		mutex_unlock(&set_lock);
	}
	f->async = NULL;
	kfree(a);
}
