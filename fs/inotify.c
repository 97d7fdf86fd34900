/*
 * inotify(7): watches on inodes, and the queues of what happened to them.
 *
 * OWNS     struct inotify, one per file (file->private); struct watch; struct event.
 *
 *          file -> inotify -> tree of watches by number ... watch -> inode (referenced)
 *                    |                                         ^
 *                    queue of events                           inode->watches: in the order they were made
 *
 * I1       a watch is in its inotify's tree and on its inode's list, or in neither.
 * I2       the end of a watch needs no memory: its own event, IN_IGNORED, is the first thing in it, and whoever frees that
 *          event frees the watch.
 * I3       queue holds nr_events; at most max_events, and IN_Q_OVERFLOW behind them.
 * WHY      one lock for all watches: who watches is told by others, and asks himself rarely. Memory comes before the lock: the
 *          watches that want the event are counted, then served in the same order; one that came in between is the last.
 * LOCKS    watch_lock (rank OBJECT): all of the above. References of inodes are dropped after it.
 * CONTEXT  tasks; delivery may sleep for memory, with inode locks held.
 * FAILS    as the manual pages; an event without memory is an overflow.
 * NOT HERE which operation is which event (notify.c).
 * SOURCES  inotify(7), inotify_add_watch(2), inotify_init(2), inotify_rm_watch(2), proc(5) /proc/PID/fdinfo.
 * TESTED BY  tests/guest/event_inotify.c
 */
#include "fs/inotify.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/sysctl.h"
#include "kernel/task.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

/* What a read gives for each event; the name follows, filled up with zeros to a multiple of this size. */
struct inotify_event_k {
	int32_t wd;
	uint32_t mask, cookie, len;
};
enum { NAME_UNIT = sizeof(struct inotify_event_k) };

struct event {
	struct list_head link; /* w: watch_lock; empty: not queued */
	int wd;		       /* the rest: i */
	unsigned mask;
	uint32_t cookie;
	unsigned len; /* of the name, without its end */
	char name[];
};

/* An event with room for no name. */
struct bare_event {
	struct list_head link;
	int wd;
	unsigned mask;
	uint32_t cookie;
	unsigned len;
};
_Static_assert(sizeof(struct bare_event) == sizeof(struct event), "an event without a name");

struct inotify {
	struct list_head queue;	    /* w */
	unsigned nr_events;	    /* w */
	unsigned max_events;	    /* i */
	struct bare_event overflow; /* w */
	struct rb_root watches;	    /* w: by number */
	int last_wd;		    /* w */
	struct list_head link;	    /* w: all of them */
	struct waitq wait;
	struct user_account *user; /* i: referenced; pays for it and its watches */
};

struct watch {
	struct bare_event gone; /* first: frees the watch */
	struct rb_node node;	/* w */
	struct watch *next;	/* w: on its inode */
	struct inotify *owner;	/* i */
	struct inode *inode;	/* i: referenced */
	unsigned mask, flags;	/* w: events; IN_EXCL_UNLINK, IN_ONESHOT */
	int wd;			/* i */
};

#define WATCH_FLAGS ((unsigned)IN_EXCL_UNLINK | IN_ONESHOT)
#define ALL_BITS                                                                                   \
	((unsigned)(IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR |         \
		    IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR) |   \
	 IN_ONESHOT)
enum { FIONREAD = 0x541b, SETNEXTWD = 0x40044900 };
enum { INSTANCES = 128, QUEUED = 16384, WATCHES_LEAST = 8192, WATCHES_MOST = 1048576 };

int inotify_nr_watches; /* w to write */
static struct spinlock watch_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head all = LIST_HEAD_INIT(all); /* w */
static int max_queued_events = QUEUED;
static unsigned long max_user_instances = INSTANCES, max_user_watches;
static const struct file_ops inotify_fops;
#define ANY_WD ((int64_t)INT_MAX + 1)

/* ---- queues ---- */

static struct event *as_event(struct bare_event *e)
{
	return (struct event *)(void *)e;
}

static bool same_event(const struct event *a, const struct event *b)
{
	return a->mask == b->mask && a->wd == b->wd && a->len == b->len &&
	       !(a->mask & IN_IGNORED) && !memcmp(a->name, b->name, a->len);
}

/* Put @e, or what it says without memory for it (NULL), at the end of the queue. */
static void enqueue(struct inotify *g, struct event *e) must_hold(watch_lock)
{
	if (!e || g->nr_events >= g->max_events) {
		kfree(e);
		e = as_event(&g->overflow);
		if (!list_empty(&e->link))
			return;
	} else if (!list_empty(&g->queue) &&
		   same_event(list_last(&g->queue, struct event, link), e)) {
		kfree(e);
		return;
	}
	list_add_tail(&e->link, &g->queue);
	g->nr_events++;
	waitq_wake_all(&g->wait);
}

static size_t name_room(const struct event *e)
{
	return e->len ? round_up_pow2((size_t)e->len + 1, (size_t)NAME_UNIT) : 0;
}

static void event_free(struct inotify *g, struct event *e)
{
	if (e != as_event(&g->overflow))
		kfree(e);
}

/* The first event leaves the queue if @room bytes hold it. NULL: there is none; -EINVAL: too little room. */
static int dequeue(struct inotify *g, size_t room, struct event **out)
{
	struct event *e = NULL;
	int err = 0;

	spin_lock(&watch_lock);
	if (!list_empty(&g->queue)) {
		e = list_first(&g->queue, struct event, link);
		if (sizeof(struct inotify_event_k) + name_room(e) > room) {
			err = -EINVAL;
		} else {
			list_del_init(&e->link);
			g->nr_events--;
		}
	}
	spin_unlock(&watch_lock);
	*out = e;
	return err;
}

/* ---- watches ---- */

/* Where the watch with number @wd is, or would be: *parent and *side. */
static struct watch *find_wd(struct inotify *g, int wd, struct rb_node **parent, int *side)
	must_hold(watch_lock)
{
	struct rb_node *n = g->watches.node;

	*parent = NULL;
	*side = 0;
	while (n) {
		struct watch *w = container_of(n, struct watch, node);

		if (w->wd == wd)
			return w;
		*parent = n;
		*side = wd > w->wd;
		n = n->child[*side];
	}
	return NULL;
}

static struct watch *find_inode(const struct inotify *g, const struct inode *inode)
	must_hold(watch_lock)
{
	struct watch *w = inode->watches;

	while (w && w->owner != g)
		w = w->next;
	return w;
}

/* The next free number and its place in the tree; numbers are used again only when all have been. */
static void next_wd(struct inotify *g, struct rb_node **parent, int *side) must_hold(watch_lock)
{
	do
		g->last_wd = g->last_wd == INT_MAX ? 1 : g->last_wd + 1;
	while (find_wd(g, g->last_wd, parent, side));
}

static void attach(struct inotify *g, struct watch *w, struct inode *inode) must_hold(watch_lock)
{
	struct watch **end = &inode->watches;
	struct rb_node *parent;
	int side;

	next_wd(g, &parent, &side);
	w->wd = w->gone.wd = g->last_wd;
	if (parent)
		rbtree_insert(&g->watches, parent, side, &w->node);
	else
		rbtree_insert_first(&g->watches, &w->node);
	while (*end)
		end = &(*end)->next;
	w->next = NULL;
	*end = w;
	inotify_nr_watches++;
}

/* @w ends, IN_IGNORED follows unless @quiet. Return: its inode, whose reference is the caller's after the lock. */
static struct inode *detach(struct watch *w, bool quiet) must_hold(watch_lock)
{
	struct watch **p = &w->inode->watches;
	struct inode *inode = w->inode;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	rbtree_remove(&w->owner->watches, &w->node);
	inotify_nr_watches--;
	user_account_uncharge(w->owner->user, USER_INOTIFY_WATCHES, 1);
	if (quiet)
		kfree(w);
	else
		enqueue(w->owner, as_event(&w->gone));
	return inode;
}

static void iput_many(struct inode *inode, unsigned n)
{
	while (n--)
		iput(inode);
}

/* ---- delivery ---- */

static bool wants(const struct watch *w, const struct notice *n) must_hold(watch_lock)
{
	if (!(w->mask & n->mask & ~(unsigned)IN_ISDIR))
		return false;
	return !(n->unlinked && (w->flags & IN_EXCL_UNLINK));
}

static struct event *event_alloc(const struct notice *n)
{
	unsigned len = n->name ? n->name->len : 0;
	struct event *e = failpoint("inotify_event") ? NULL : kmalloc(sizeof(*e) + len, GFP_KERNEL);

	if (!e)
		return NULL;
	e->mask = n->mask;
	e->cookie = n->cookie;
	e->len = len;
	if (len)
		memcpy(e->name, n->name->name, len);
	return e;
}

/* Events for all who want @n now. Return: how many there are, with memory or not; *spare: those with. */
static unsigned prepare(const struct inode *inode, const struct notice *n, struct list_head *spare)
{
	unsigned nr = 0;

	spin_lock(&watch_lock);
	for (const struct watch *w = inode->watches; w; w = w->next)
		nr += wants(w, n);
	spin_unlock(&watch_lock);
	for (unsigned i = 0; i < nr; i++) {
		struct event *e = event_alloc(n);

		if (!e)
			break;
		list_add_tail(&e->link, spare);
	}
	return nr;
}

static struct event *take_spare(struct list_head *spare)
{
	struct event *e;

	if (list_empty(spare))
		return NULL;
	e = list_first(spare, struct event, link);
	list_del_init(&e->link);
	return e;
}

void inotify_deliver(struct inode *inode, const struct notice *n)
{
	struct list_head spare = LIST_HEAD_INIT(spare);
	struct watch *w, *next;
	struct event *e;
	unsigned nr, ended = 0;

	if (likely(!READ_ONCE(inode->watches)))
		return;
	nr = prepare(inode, n, &spare);
	spin_lock(&watch_lock);
	for (w = inode->watches; w && nr; w = next) {
		next = w->next;
		if (!wants(w, n))
			continue;
		nr--;
		e = take_spare(&spare);
		if (e)
			e->wd = w->wd;
		enqueue(w->owner, e);
		if (w->flags & IN_ONESHOT)
			ended += detach(w, false) != NULL;
	}
	spin_unlock(&watch_lock);
	while ((e = take_spare(&spare)) != NULL)
		kfree(e);
	iput_many(inode, ended);
}

void inotify_forget(struct inode *inode)
{
	unsigned ended = 0;

	if (!READ_ONCE(inode->watches))
		return;
	spin_lock(&watch_lock);
	while (inode->watches)
		ended += detach(inode->watches, false) != NULL;
	spin_unlock(&watch_lock);
	iput_many(inode, ended);
}

struct inode *inotify_watched_on(const struct super_block *sb)
{
	struct inode *found = NULL;
	struct inotify *g;

	spin_lock(&watch_lock);
	list_for_each_entry (g, &all, link) {
		struct rb_node *n = found ? NULL : rbtree_first(&g->watches);

		for (; n && !found; n = rbtree_next(n)) {
			struct watch *w = container_of(n, struct watch, node);

			if (w->inode->sb == sb)
				found = w->inode;
		}
	}
	if (found)
		iget(found);
	spin_unlock(&watch_lock);
	return found;
}

/* ---- the file ---- */

/* Return: bytes, or -EFAULT. */
static long put_event(uaddr_t buf, const struct event *e)
{
	size_t room = name_room(e);
	struct inotify_event_k head = { e->wd, e->mask, e->cookie, (uint32_t)room };

	if (put_user(buf, &head))
		return -EFAULT;
	buf += sizeof(head);
	if (e->len &&
	    (copy_to_user(buf, e->name, e->len) || clear_user(buf + e->len, room - e->len)))
		return -EFAULT;
	return (long)(sizeof(head) + room);
}

/* Events into the buffer while there are any and they fit. Return: bytes; 0: there are none; -EINVAL, -EFAULT. */
static long read_some(struct inotify *g, uaddr_t buf, size_t len)
{
	size_t done = 0;
	struct event *e;
	long ret = 0;

	for (;;) {
		ret = dequeue(g, len - done, &e);
		if (ret || !e)
			break;
		ret = put_event(buf + done, e);
		event_free(g, e);
		if (ret < 0)
			break;
		done += (size_t)ret;
	}
	return done && ret != -EFAULT ? (long)done : ret;
}

static bool has_events(const struct inotify *g)
{
	return !list_empty(&g->queue);
}

static long inotify_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct inotify *g = f->private;

	for (;;) {
		long ret = read_some(g, buf, len);

		if (ret)
			return ret;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&g->wait, has_events(g)))
			return -ERESTARTSYS;
	}
}

static unsigned inotify_poll(struct file *f, struct poll_table *pt)
{
	struct inotify *g = f->private;

	poll_wait_for(pt, &g->wait, POLLIN | POLLRDNORM);
	return has_events(g) ? POLLIN | POLLRDNORM : 0;
}

static int bytes_queued(struct inotify *g)
{
	struct event *e;
	size_t n = 0;

	spin_lock(&watch_lock);
	list_for_each_entry (e, &g->queue, link)
		n += sizeof(struct inotify_event_k) + name_room(e);
	spin_unlock(&watch_lock);
	return (int)n;
}

static long inotify_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct inotify *g = f->private;
	int n;

	switch (cmd) {
	case FIONREAD:
		n = bytes_queued(g);
		return put_user(arg, &n) ? -EFAULT : 0;
	case SETNEXTWD: /* the argument is the number itself */
		if (!arg || arg > INT_MAX)
			return -EINVAL;
		spin_lock(&watch_lock);
		g->last_wd = (int)arg - 1;
		spin_unlock(&watch_lock);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* The watch with the largest number below @wd. */
static struct watch *watch_before(struct inotify *g, int64_t wd) must_hold(watch_lock)
{
	struct watch *found = NULL;
	struct rb_node *n = g->watches.node;

	while (n) {
		struct watch *w = container_of(n, struct watch, node);

		if (w->wd < wd)
			found = w;
		n = n->child[w->wd < wd];
	}
	return found;
}

static void inotify_show(struct file *f, struct seq_file *m)
{
	struct inotify *g = f->private;
	struct inode *inode = NULL;
	unsigned mask = 0;
	struct watch *w;
	int64_t wd = ANY_WD;

	for (;;) { /* newest first */
		spin_lock(&watch_lock);
		w = watch_before(g, wd);
		if (w) {
			wd = w->wd;
			inode = w->inode;
			iget(inode);
			mask = (w->mask & IN_ALL_EVENTS) | w->flags;
		}
		spin_unlock(&watch_lock);
		if (!w)
			break;
		seq_printf(m, "inotify wd:%x ino:%lx sdev:%x mask:%x ignored_mask:0 \n",
			   (unsigned)wd, inode->ino, inode->sb->dev, mask);
		iput(inode);
	}
}

static void inotify_release(struct file *f)
{
	struct inotify *g = f->private;
	struct watch *w;
	struct event *e;

	spin_lock(&watch_lock);
	list_del(&g->link);
	while ((w = watch_before(g, ANY_WD)) != NULL) {
		struct inode *inode = detach(w, true);

		spin_unlock(&watch_lock);
		iput(inode);
		spin_lock(&watch_lock);
	}
	spin_unlock(&watch_lock);
	while (dequeue(g, SIZE_MAX, &e) == 0 && e)
		event_free(g, e);
	user_account_uncharge(g->user, USER_INOTIFY_INSTANCES, 1);
	user_account_put(g->user);
	kfree(g);
}

static const struct file_ops inotify_fops = {
	.release = inotify_release,
	.read = inotify_read,
	.poll = inotify_poll,
	.ioctl = inotify_ioctl,
	.seek = anon_file_seek,
	.show_fdinfo = inotify_show,
	.is_stream = true,
};

/* ---- system calls ---- */

static struct inotify *inotify_alloc(struct user_account *user)
{
	struct inotify *g = failpoint("inotify") ? NULL : kzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return NULL;
	list_init(&g->queue);
	list_init(&g->overflow.link);
	g->overflow.wd = -1;
	g->overflow.mask = IN_Q_OVERFLOW;
	g->max_events = (unsigned)READ_ONCE(max_queued_events);
	g->user = user_account_ref(user);
	waitq_init(&g->wait);
	return g;
}

int inotify_create(unsigned flags)
{
	struct user_account *user = current_task()->account;
	struct inotify *g;
	int fd = -ENOMEM;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (!user_account_charge(user, USER_INOTIFY_INSTANCES, 1, READ_ONCE(max_user_instances)))
		return -EMFILE;
	g = inotify_alloc(user);
	if (g) {
		spin_lock(&watch_lock);
		list_add_tail(&g->link, &all);
		spin_unlock(&watch_lock);
		fd = anon_file_fd("inotify", &inotify_fops, g, O_RDONLY | flags);
	}
	if (fd >= 0)
		return fd;
	user_account_uncharge(user, USER_INOTIFY_INSTANCES, 1);
	if (g) {
		spin_lock(&watch_lock);
		list_del(&g->link);
		spin_unlock(&watch_lock);
		user_account_put(g->user);
		kfree(g);
	}
	return fd;
}

/* The file of @fd, referenced. 0, -EBADF, -EINVAL (it is something else). */
static int get_inotify(int fd, struct file **out)
{
	struct file *f = fd_file(fd);

	if (!f || (f->flags & O_PATH)) {
		if (f)
			fput(f);
		return -EBADF;
	}
	if (f->ops != &inotify_fops) {
		fput(f);
		return -EINVAL;
	}
	*out = f;
	return 0;
}

int inotify_check(int fd, unsigned mask)
{
	struct file *f;
	int err;

	if ((mask & ~ALL_BITS) || !mask)
		return -EINVAL;
	err = get_inotify(fd, &f);
	if (err)
		return err;
	fput(f);
	return (mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE) ? -EINVAL : 0;
}

static void set_mask(struct watch *w, unsigned mask) must_hold(watch_lock)
{
	if (!(mask & IN_MASK_ADD))
		w->mask = w->flags = 0;
	w->mask |= IN_UNMOUNT | (mask & IN_ALL_EVENTS);
	w->flags |= mask & WATCH_FLAGS;
}

/* The inode's watch changes, or becomes @fresh, if that is paid for (@room). Return: its number, -EEXIST, -ENOSPC. */
static int set_watch(struct inotify *g, struct inode *inode, unsigned mask, struct watch **fresh,
		     bool room)
{
	struct watch *w;
	int wd = -EEXIST;

	spin_lock(&watch_lock);
	w = find_inode(g, inode);
	if (!w && !room) {
		spin_unlock(&watch_lock);
		return -ENOSPC;
	}
	if (!w) {
		w = *fresh;
		*fresh = NULL;
		w->inode = inode;
		iget(inode);
		attach(g, w, inode);
		mask &= ~(unsigned)IN_MASK_CREATE;
	}
	if (!(mask & IN_MASK_CREATE)) {
		set_mask(w, mask);
		wd = w->wd;
	}
	spin_unlock(&watch_lock);
	return wd;
}

/* No room for another watch: only one that is there can change. A number is used up in vain. */
static bool may_change(struct inotify *g, const struct inode *inode)
{
	struct rb_node *parent;
	bool found;
	int side;

	spin_lock(&watch_lock);
	found = find_inode(g, inode) != NULL;
	if (!found)
		next_wd(g, &parent, &side);
	spin_unlock(&watch_lock);
	return found;
}

static int add_watch(struct inotify *g, struct inode *inode, unsigned mask)
{
	bool room =
		user_account_charge(g->user, USER_INOTIFY_WATCHES, 1, READ_ONCE(max_user_watches));
	struct watch *fresh;
	int wd;

	if (!room && !may_change(g, inode))
		return -ENOSPC;
	fresh = failpoint("inotify_watch") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
	wd = -ENOMEM;
	if (fresh) {
		fresh->owner = g;
		fresh->gone.mask = IN_IGNORED;
		wd = set_watch(g, inode, mask, &fresh, room);
	}
	if (room && (wd < 0 || fresh))
		user_account_uncharge(g->user, USER_INOTIFY_WATCHES, 1);
	kfree(fresh);
	return wd;
}

int inotify_add(int fd, const struct path_ref *p, unsigned mask)
{
	struct inode *inode = p->dentry->inode;
	struct file *f;
	int ret = get_inotify(fd, &f);

	if (ret)
		return ret;
	ret = inode_permission(inode, MAY_READ);
	if (!ret)
		ret = add_watch(f->private, inode, mask);
	fput(f);
	return ret;
}

int inotify_remove(int fd, int wd)
{
	struct inode *inode = NULL;
	struct rb_node *parent;
	struct file *f;
	struct watch *w;
	int err = get_inotify(fd, &f), side;

	if (err)
		return err;
	spin_lock(&watch_lock);
	w = find_wd(f->private, wd, &parent, &side);
	if (w)
		inode = detach(w, false);
	spin_unlock(&watch_lock);
	iput(inode);
	fput(f);
	return w ? 0 : -EINVAL;
}

/* A hundredth of low memory, were every inode watched kept for its watch alone. */
static unsigned long default_watches(void)
{
	size_t cost = sizeof(struct watch) + 2 * sizeof(struct inode);
	unsigned long lowmem = (totalram_pages() - totalhigh_pages()) / 100 << PAGE_SHIFT, n;

	n = max_of(unsigned long, lowmem / cost, WATCHES_LEAST);
	return min_of(unsigned long, n, WATCHES_MOST);
}

void inotify_init(void)
{
	static const struct sysctl limits[] = {
		{ .path = "fs/inotify/max_queued_events",
		  .number = &max_queued_events,
		  .max = INT_MAX },
		{ .path = "fs/inotify/max_user_instances",
		  .word = &max_user_instances,
		  .max = INT_MAX },
		{ .path = "fs/inotify/max_user_watches",
		  .word = &max_user_watches,
		  .max = INT_MAX },
	};

	max_user_watches = default_watches();
	boot_need(sysctl_register(limits, ARRAY_SIZE(limits)), "sysctls of ", "inotify");
}
