/*
 * epoll(7): sets of files, and which of them are ready.
 *
 *   file ── ops->poll ──> its wait queues ── callback ──> item ──> ready list of the set ──> one sleeper of epoll_wait
 *
 * OWNS     struct eventpoll (a set), struct epitem (a watched descriptor), struct epwait (its place on one wait queue).
 * WHY      a callback stays on the queues of each file from EPOLL_CTL_ADD on, so waiting costs what is ready, not what is
 *          watched. The callback only says "ask again": epoll_wait asks the file, and what it says then is reported.
 * I1       an item is in its set's table and on its file's ep_items, from insert to item_remove; it holds no reference of the
 *          file: the file's last put removes its items first (epoll_file_gone), so an item's file is alive under ep->mtx.
 * I2       an item that may be ready and is wanted is on the ready list, or epoll_wait is asking it now, having taken it
 *          off before: a callback that comes meanwhile puts it back.
 * I3       a level-triggered item that was reported goes back to the end of the ready list, an edge-triggered one does not.
 * I4       sets that watch sets form no cycle and no chain of more than MAX_NEST.
 * LOCKS    nest_lock (a set is put into a set) < ep->mtx (table, items; a set before the sets it watches) < what poll
 *          operations take. ep->lock (rank EPOLL_READY) for the ready list: taken by callbacks, under a wait queue's lock.
 *          links_lock (rank OBJECT) for ep_items.
 * CONTEXT  tasks; callbacks: any.
 * COST     epoll_ctl O(1); epoll_wait O(ready). A wake-up: two spinlocks.
 * FAILS    as epoll_ctl(2) ERRORS. Wake-up paths are not counted (Linux: EINVAL beyond some hundreds).
 * SOURCES  epoll(7), epoll_ctl(2), epoll_wait(2), proc(5).   TESTED BY  tests/guest/event_epoll.c
 */
#include "fs/epoll.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/proc.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "mm/zone.h"
#include "sync/failpoint.h"

#define PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)
#define EXCLUSIVE_BITS                                                                             \
	(POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)
enum { MAX_NEST = 5, FIRST_BUCKETS = 8, MAX_BUCKETS = 1 << 16, INLINE_WAITS = 2 };

struct epwait {
	struct waiter w;
	struct epitem *item;
	struct waitq *q;
	const struct poll_keeper *keeper;
	unsigned events;     /* what a wake-up of q can mean */
	struct epwait *next; /* of those beyond the inline ones */
};

struct epitem {
	struct eventpoll *ep;	     /* i */
	struct file *file;	     /* i: see I1 */
	int fd;			     /* i */
	struct epoll_event_k event;  /* m: ep->mtx; events are also read by callbacks */
	struct list_head ready_link; /* l: ep->lock */
	struct list_head file_link;  /* links_lock */
	struct epitem *next;	     /* m: bucket */
	unsigned nr_waits;	     /* m */
	struct epwait wait[INLINE_WAITS];
	struct epwait *more; /* m */
};

struct eventpoll {
	atomic_t refs; /* a: the file, and epoll_file_gone on its way */
	struct mutex mtx;
	struct spinlock lock;
	struct list_head ready;	       /* l */
	struct waitq wait;	       /* epoll_wait */
	struct waitq poll_wait;	       /* who polls this set */
	struct file *file;	       /* i */
	struct user_account *user;     /* i: referenced; pays for the items */
	struct epitem **table;	       /* m: by fd and file */
	unsigned nr_items, nr_buckets; /* m */
	struct epitem *first_table[FIRST_BUCKETS];
};

static struct kmem_cache *item_cache, *wait_cache;
static struct mutex nest_lock;
static struct spinlock links_lock = SPINLOCK_INIT(RANK_OBJECT);
static int max_user_watches;
static const struct file_ops epoll_fops;

static void ep_put(struct eventpoll *ep)
{
	if (!atomic_dec_and_test(&ep->refs))
		return;
	if (ep->table != ep->first_table)
		kfree(ep->table);
	user_account_put(ep->user);
	kfree(ep);
}

/* ---- the table of a set: ep->mtx held ---- */

static struct epitem **bucket_of(struct eventpoll *ep, const struct file *f, int fd)
{
	uint32_t h = ((uint32_t)((uintptr_t)f / 64) + (unsigned)fd) * 0x9e3779b1U;

	return &ep->table[h >> 16 & (ep->nr_buckets - 1)];
}

static struct epitem *item_find(struct eventpoll *ep, const struct file *f, int fd)
{
	struct epitem *i = *bucket_of(ep, f, fd);

	while (i && (i->file != f || i->fd != fd))
		i = i->next;
	return i;
}

/* More buckets when there are as many items; without memory the chains grow instead. */
static void table_grow(struct eventpoll *ep)
{
	struct epitem **old = ep->table, **fresh, *i, *next;
	unsigned nr_old = ep->nr_buckets, n;

	if (ep->nr_items < nr_old || nr_old >= MAX_BUCKETS || failpoint("epoll_table"))
		return;
	fresh = kzalloc(nr_old * 4 * sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return;
	ep->table = fresh;
	ep->nr_buckets = nr_old * 4;
	for (n = 0; n < nr_old; n++) {
		for (i = old[n]; i; i = next) {
			struct epitem **b = bucket_of(ep, i->file, i->fd);

			next = i->next;
			i->next = *b;
			*b = i;
		}
	}
	if (old != ep->first_table)
		kfree(old);
}

static void table_add(struct eventpoll *ep, struct epitem *i)
{
	struct epitem **b;

	table_grow(ep);
	b = bucket_of(ep, i->file, i->fd);
	i->next = *b;
	*b = i;
	ep->nr_items++;
}

static void table_del(struct eventpoll *ep, struct epitem *i)
{
	struct epitem **p = bucket_of(ep, i->file, i->fd);

	while (*p != i)
		p = &(*p)->next;
	*p = i->next;
	ep->nr_items--;
}

/* ---- becoming ready ---- */

static bool has_ready(struct eventpoll *ep)
{
	irqflags_t flags = spin_lock_irqsave(&ep->lock);
	bool has = !list_empty(&ep->ready);

	spin_unlock_irqrestore(&ep->lock, flags);
	return has;
}

/* Who sleeps has queued itself before it looked at the ready list with the lock: we see it after our turn. */
static void wake_sleepers(struct eventpoll *ep)
{
	if (waitq_active(&ep->wait))
		waitq_wake_one(&ep->wait);
	if (waitq_active(&ep->poll_wait))
		waitq_wake_all(&ep->poll_wait);
}

static void ready_add(struct epitem *i)
{
	irqflags_t flags = spin_lock_irqsave(&i->ep->lock);

	if (list_empty(&i->ready_link))
		list_add_tail(&i->ready_link, &i->ep->ready);
	spin_unlock_irqrestore(&i->ep->lock, flags);
}

/* The file's queue was woken. */
static void item_wake(struct waiter *w)
{
	struct epwait *wait = container_of(w, struct epwait, w);
	struct epitem *i = wait->item;
	uint32_t wanted = READ_ONCE(i->event.events);

	if (!(wanted & ~PRIVATE_BITS) || !(wanted & wait->events))
		return;
	ready_add(i);
	wake_sleepers(i->ep);
}

/* What is ready and wanted now. ep->mtx held. */
static uint32_t item_poll(struct epitem *i)
{
	return i->file->ops->poll(i->file, NULL) & i->event.events & ~PRIVATE_BITS;
}

/* ---- items ---- */

struct insert_table {
	struct poll_table pt;
	struct epitem *item;
	int err;
};

static struct epwait *wait_alloc(struct epitem *i)
{
	struct epwait *wait;

	if (i->nr_waits < INLINE_WAITS)
		return &i->wait[i->nr_waits++];
	wait = failpoint("epoll_wait") ? NULL : kmem_cache_alloc(wait_cache, GFP_KERNEL);
	if (wait) {
		wait->next = i->more;
		i->more = wait;
	}
	return wait;
}

static void item_queue(struct poll_table *pt, struct waitq *q)
{
	struct insert_table *t = container_of(pt, struct insert_table, pt);
	struct epwait *wait = wait_alloc(t->item);

	if (!wait) {
		t->err = -ENOMEM;
		return;
	}
	wait->item = t->item;
	wait->q = q;
	wait->keeper = pt->keeper;
	wait->events = pt->events;
	if (wait->keeper)
		wait->keeper->get(q);
	wait->w.wake = item_wake;
	waitq_add_callback(q, &wait->w);
}

static void wait_leave(struct epwait *wait)
{
	waitq_del(wait->q, &wait->w);
	if (wait->keeper)
		wait->keeper->put(wait->q);
}

/* Nobody finds it any more. ep->mtx held. The file is not touched after it is off ep_items. */
static void item_remove(struct epitem *i)
{
	struct eventpoll *ep = i->ep;
	irqflags_t flags;
	unsigned n;

	for (n = 0; n < i->nr_waits; n++)
		wait_leave(&i->wait[n]);
	while (i->more) {
		struct epwait *wait = i->more;

		wait_leave(wait);
		i->more = wait->next;
		kmem_cache_free(wait_cache, wait);
	}
	table_del(ep, i);
	flags = spin_lock_irqsave(&ep->lock);
	list_del_init(&i->ready_link);
	spin_unlock_irqrestore(&ep->lock, flags);
	spin_lock(&links_lock);
	list_del(&i->file_link);
	spin_unlock(&links_lock);
	kmem_cache_free(item_cache, i);
	user_account_uncharge(ep->user, USER_EPOLL_WATCHES, 1);
}

static struct epitem *item_new(struct eventpoll *ep, struct file *f, int fd,
			       const struct epoll_event_k *ev)
{
	struct epitem *i =
		failpoint("epoll_item") ? NULL : kmem_cache_zalloc(item_cache, GFP_KERNEL);

	if (!i)
		return NULL;
	i->ep = ep;
	i->file = f;
	i->fd = fd;
	i->event = *ev;
	list_init(&i->ready_link);
	table_add(ep, i);
	spin_lock(&links_lock);
	list_add_tail(&i->file_link, &f->ep_items);
	spin_unlock(&links_lock);
	return i;
}

static int item_insert(struct eventpoll *ep, struct file *f, int fd, const struct epoll_event_k *ev)
{
	struct insert_table t = { .pt.queue = item_queue };
	unsigned ready;

	if (!user_account_charge(ep->user, USER_EPOLL_WATCHES, 1, (unsigned)max_user_watches))
		return -ENOSPC;
	t.item = item_new(ep, f, fd, ev);
	if (!t.item) {
		user_account_uncharge(ep->user, USER_EPOLL_WATCHES, 1);
		return -ENOMEM;
	}
	ready = f->ops->poll(f, &t.pt);
	if (t.err) {
		item_remove(t.item);
		return t.err;
	}
	if (ready & ev->events & ~PRIVATE_BITS) {
		ready_add(t.item);
		wake_sleepers(ep);
	}
	return 0;
}

static int item_modify(struct epitem *i, const struct epoll_event_k *ev)
{
	if (i->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	WRITE_ONCE(i->event.events, ev->events);
	i->event.data = ev->data;
	__atomic_thread_fence(
		__ATOMIC_SEQ_CST); /* a callback that saw the old events came before we ask */
	if (item_poll(i)) {
		ready_add(i);
		wake_sleepers(i->ep);
	}
	return 0;
}

/* ---- sets in sets ---- */

static bool is_epoll(const struct file *f)
{
	return f->ops == &epoll_fops;
}

int epoll_watched(struct file *set, int fd, unsigned nth, const struct file **out)
{
	struct eventpoll *ep = set->private;
	const struct epitem *i;
	int err = -ENOENT;

	if (!is_epoll(set))
		return -EINVAL;
	mutex_lock(&ep->mtx);
	for (unsigned n = 0; n < ep->nr_buckets && err; n++) {
		for (i = ep->table[n]; i && err; i = i->next) {
			if (i->fd == fd && nth-- == 0) {
				*out = i->file;
				err = 0;
			}
		}
	}
	mutex_unlock(&ep->mtx);
	return err;
}

/* Sets in the longest chain from @ep downwards, itself included; more than MAX_NEST when @top is below it. */
static unsigned depth_below(struct eventpoll *ep, const struct eventpoll *top,
			    unsigned above) no_lock_analysis
{
	unsigned max = 0, n;

	if (ep == top || above >= MAX_NEST)
		return MAX_NEST + 1;
	mutex_lock(&ep->mtx);
	for (n = 0; n < ep->nr_buckets && max <= MAX_NEST; n++) {
		const struct epitem *i;

		for (i = ep->table[n]; i && max <= MAX_NEST; i = i->next)
			if (is_epoll(i->file))
				max = max_of(unsigned, max,
					     depth_below(i->file->private, top, above + 1));
	}
	mutex_unlock(&ep->mtx);
	return max + 1;
}

/* The same upwards. links_lock held. */
static unsigned depth_above(const struct eventpoll *ep, unsigned below) must_hold(links_lock)
{
	const struct epitem *i;
	unsigned max = 0;

	if (below >= MAX_NEST)
		return MAX_NEST + 1;
	list_for_each_entry (i, &ep->file->ep_items, file_link)
		max = max_of(unsigned, max, depth_above(i->ep, below + 1));
	return max + 1;
}

/* nest_lock held: nobody else makes chains longer. */
static int check_nesting(const struct eventpoll *ep, struct eventpoll *inner)
{
	unsigned below = depth_below(inner, ep, 0), above;

	spin_lock(&links_lock);
	above = depth_above(ep, 0);
	spin_unlock(&links_lock);
	return below + above > MAX_NEST ? -ELOOP : 0;
}

/* ---- epoll_ctl(2) ---- */

static int check_exclusive(const struct file *f, int op, const struct epoll_event_k *ev)
{
	if (op == EPOLL_CTL_DEL || !(ev->events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD || is_epoll(f) || (ev->events & ~(uint32_t)EXCLUSIVE_BITS))
		return -EINVAL;
	return 0;
}

static int control_locked(struct eventpoll *ep, int op, struct file *f, int fd,
			  const struct epoll_event_k *ev) must_hold(ep->mtx)
{
	struct epitem *i = item_find(ep, f, fd);
	struct epoll_event_k e;

	if (op != EPOLL_CTL_DEL) {
		e = *ev;
		e.events |= POLLERR | POLLHUP;
	}
	switch (op) {
	case EPOLL_CTL_ADD:
		return i ? -EEXIST : item_insert(ep, f, fd, &e);
	case EPOLL_CTL_MOD:
		return i ? item_modify(i, &e) : -ENOENT;
	case EPOLL_CTL_DEL:
		if (i)
			item_remove(i);
		return i ? 0 : -ENOENT;
	default:
		return -EINVAL;
	}
}

static int control_files(struct file *epf, int op, struct file *f, int fd,
			 const struct epoll_event_k *ev) no_lock_analysis
{
	struct eventpoll *ep = epf->private;
	bool nests;
	int err;

	if ((f->flags | epf->flags) & O_PATH)
		return -EBADF;
	if (!f->ops->poll)
		return -EPERM;
	if (f == epf || !is_epoll(epf))
		return -EINVAL;
	err = check_exclusive(f, op, ev);
	if (err)
		return err;
	nests = op == EPOLL_CTL_ADD && is_epoll(f);
	if (nests) {
		mutex_lock(&nest_lock);
		err = check_nesting(ep, f->private);
	}
	if (!err) {
		mutex_lock(&ep->mtx);
		err = control_locked(ep, op, f, fd, ev);
		mutex_unlock(&ep->mtx);
	}
	if (nests)
		mutex_unlock(&nest_lock);
	return err;
}

int epoll_control(int epfd, int op, int fd, const struct epoll_event_k *ev)
{
	struct file *epf = fd_file(epfd), *f = epf ? fd_file(fd) : NULL;
	int err = f ? control_files(epf, op, f, fd, ev) : -EBADF;

	if (f)
		fput(f);
	if (epf)
		fput(epf);
	return err;
}

void epoll_forget_file(struct file *f)
{
	struct epitem *i, *tmp;
	struct eventpoll *ep;

	for (;;) {
		spin_lock(&links_lock);
		ep = list_empty(&f->ep_items)
			     ? NULL
			     : list_first(&f->ep_items, struct epitem, file_link)->ep;
		if (ep)
			atomic_inc(&ep->refs); /* the set is there while it has an item */
		spin_unlock(&links_lock);
		if (!ep)
			return;
		mutex_lock(&ep->mtx);
		/* Items of this set leave the list under its mtx only; f is no longer put into any set. */
		spin_lock(&links_lock);
		i = NULL;
		list_for_each_entry (tmp, &f->ep_items, file_link)
			if (tmp->ep == ep)
				i = tmp;
		spin_unlock(&links_lock);
		if (i)
			item_remove(i);
		mutex_unlock(&ep->mtx);
		ep_put(ep);
	}
}

/* ---- epoll_wait(2) ---- */

/* Take the first of @list, which nobody else takes from. NULL: empty. */
static struct epitem *list_take(struct eventpoll *ep, struct list_head *list)
{
	irqflags_t flags = spin_lock_irqsave(&ep->lock);
	struct epitem *i = NULL;

	if (!list_empty(list)) {
		i = list_first(list, struct epitem, ready_link);
		list_del_init(&i->ready_link);
	}
	spin_unlock_irqrestore(&ep->lock, flags);
	return i;
}

static void put_back(struct epitem *i, struct list_head *list)
{
	irqflags_t flags = spin_lock_irqsave(&i->ep->lock);

	list_del_init(&i->ready_link);
	list_add(&i->ready_link, list);
	spin_unlock_irqrestore(&i->ep->lock, flags);
}

/* Report @i if it is ready. Return: 1 reported, 0 it is not ready, -EFAULT. */
static int report(struct epitem *i, uaddr_t to)
{
	struct epoll_event_k ev = { .events = item_poll(i), .data = i->event.data };

	if (!ev.events)
		return 0;
	if (copy_to_user(to, &ev, sizeof(ev)))
		return -EFAULT;
	if (i->event.events & EPOLLONESHOT)
		WRITE_ONCE(i->event.events, i->event.events & PRIVATE_BITS);
	else if (!(i->event.events & EPOLLET))
		ready_add(i);
	return 1;
}

/* Report at most @max. Return: how many, or -EFAULT when not one could be. */
static long send_events(struct eventpoll *ep, uaddr_t to, int max)
{
	struct list_head list = LIST_HEAD_INIT(list);
	struct epitem *i;
	irqflags_t flags;
	bool left;
	int n = 0, ret = 0;

	mutex_lock(&ep->mtx);
	flags = spin_lock_irqsave(&ep->lock);
	list_splice_tail_init(&ep->ready, &list);
	spin_unlock_irqrestore(&ep->lock, flags);
	while (n < max && ret >= 0 && (i = list_take(ep, &list))) {
		ret = report(i, to + (unsigned)n * sizeof(struct epoll_event_k));
		if (ret < 0)
			put_back(i, &list);
		else
			n += ret;
	}
	flags = spin_lock_irqsave(&ep->lock);
	list_splice_tail_init(&ep->ready, &list); /* what is left goes first */
	list_splice_tail_init(&list, &ep->ready);
	left = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->lock, flags);
	if (left && waitq_active(&ep->wait))
		waitq_wake_one(&ep->wait);
	mutex_unlock(&ep->mtx);
	return n ? n : ret;
}

static long wait_events(struct eventpoll *ep, uaddr_t events, int max, uint64_t deadline_ns)
{
	long n = 0;
	int err = 0;

	for (;;) {
		if (has_ready(ep))
			n = send_events(ep, events, max);
		if (n || err || !deadline_ns)
			break;
		err = wait_event_exclusive(&ep->wait, has_ready(ep), PARK_INTERRUPTIBLE,
					   deadline_ns);
	}
	return n ? n : err == -ETIMEDOUT ? 0 : err;
}

long epoll_wait_events(int epfd, uaddr_t events, int max, uint64_t deadline_ns)
{
	struct file *f;
	long ret;

	if (max <= 0 || (size_t)max > INT_MAX / sizeof(struct epoll_event_k))
		return -EINVAL;
	if (!access_ok(events, (size_t)max * sizeof(struct epoll_event_k)))
		return -EFAULT;
	f = fd_file(epfd);
	if (!f)
		return -EBADF;
	ret = is_epoll(f) ? wait_events(f->private, events, max, deadline_ns) : -EINVAL;
	fput(f);
	return ret;
}

/* ---- the set as a file ---- */

/* Is one of the ready ones really ready? Those that are not leave the list. */
static bool any_ready(struct eventpoll *ep)
{
	struct epitem *i;
	bool ready = false;

	mutex_lock(&ep->mtx);
	while (!ready && (i = list_take(ep, &ep->ready))) {
		ready = item_poll(i);
		if (ready)
			put_back(i, &ep->ready);
	}
	mutex_unlock(&ep->mtx);
	return ready;
}

static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct eventpoll *ep = f->private;

	poll_wait_for(pt, &ep->poll_wait, POLLIN | POLLRDNORM);
	return any_ready(ep) ? POLLIN | POLLRDNORM : 0;
}

static void epoll_release(struct file *f)
{
	struct eventpoll *ep = f->private;
	unsigned n;

	mutex_lock(&ep->mtx);
	for (n = 0; n < ep->nr_buckets; n++)
		while (ep->table[n])
			item_remove(ep->table[n]);
	mutex_unlock(&ep->mtx);
	ep_put(ep);
}

static void epoll_show(struct file *f, struct seq_file *m)
{
	struct eventpoll *ep = f->private;
	const struct epitem *i;
	unsigned n;

	mutex_lock(&ep->mtx);
	for (n = 0; n < ep->nr_buckets; n++) {
		for (i = ep->table[n]; i; i = i->next)
			seq_printf(m,
				   "tfd: %8d events: %8x data: %16llx  pos:%lli ino:%lx sdev:%x\n",
				   i->fd, i->event.events, (unsigned long long)i->event.data,
				   (long long)i->file->pos, i->file->inode->ino,
				   i->file->inode->sb->dev);
	}
	mutex_unlock(&ep->mtx);
}

static const struct file_ops epoll_fops = {
	.release = epoll_release,
	.poll = epoll_poll,
	.seek = anon_file_seek,
	.show_fdinfo = epoll_show,
	.is_stream = true,
};

int epoll_create_fd(unsigned flags)
{
	struct eventpoll *ep;
	int fd, err = -ENOMEM;

	if (flags & ~(unsigned)O_CLOEXEC)
		return -EINVAL;
	fd = fd_reserve(0, flags & O_CLOEXEC);
	if (fd < 0)
		return fd;
	ep = failpoint("epoll") ? NULL : kzalloc(sizeof(*ep), GFP_KERNEL);
	if (!ep)
		goto unreserve;
	atomic_set(&ep->refs, 1);
	mutex_init(&ep->mtx, RANK_EPOLL);
	spin_init(&ep->lock, RANK_EPOLL_READY);
	list_init(&ep->ready);
	waitq_init(&ep->wait);
	waitq_init(&ep->poll_wait);
	ep->table = ep->first_table;
	ep->nr_buckets = FIRST_BUCKETS;
	ep->user = user_account_ref(current_task()->account);
	ep->file = anon_file_alloc("[eventpoll]", &epoll_fops, ep, O_RDWR);
	if (!ep->file) {
		err = file_error();
		goto put;
	}
	fd_install(fd, ep->file);
	return fd;
put:
	ep_put(ep);
unreserve:
	fd_unreserve(fd);
	return err;
}

void epoll_init(void)
{
	size_t cost = sizeof(struct epitem);
	unsigned long lowmem = (totalram_pages() - totalhigh_pages()) << PAGE_SHIFT;

	mutex_init(&nest_lock, RANK_EPOLL_NEST);
	item_cache = kmem_cache_create("eventpoll_epi", sizeof(struct epitem), 0, SLAB_PANIC, NULL);
	wait_cache = kmem_cache_create("eventpoll_pwq", sizeof(struct epwait), 0, SLAB_PANIC, NULL);
	max_user_watches = (int)min_of(unsigned long, lowmem / 25 / cost, INT_MAX); /* 4 % of it */
	boot_need(proc_register_int("sys/fs/epoll/max_user_watches", &max_user_watches, 0, INT_MAX),
		  "/proc/", "sys/fs/epoll/max_user_watches");
}
