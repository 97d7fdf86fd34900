/*
 * Advisory file locks.
 *
 * OWNS     struct inode_locks: the locks of one file and who waits for them; struct file_lock.
 * WHY      the owner decides what conflicts and when a lock ends: a table of descriptors (fcntl), an open file (OFD, flock).
 *          All three are ranges with an owner; flock's is the whole file, and it does not see the others.
 * I1       ranges of one owner in one list do not overlap; neighbours of one type are one.
 * I2       two overlapping locks of different owners in one list are both for reading.
 * I3       a waiter is in waiters from before it sleeps until it has the lock; following "waits for a lock of" from owner to owner never comes back
 *          to where it started (EDEADLK instead), for process owners.
 * LOCKS    lock_lock (rank OBJECT): every list here. Locks are allocated before it is taken.
 * CONTEXT  tasks; may sleep.
 * COST     O(locks of the file); a release wakes all waiters of the file.
 * FAILS    -ENOLCK (no memory), -EAGAIN, -EDEADLK, -ERESTARTSYS; then nothing has changed, but flock(2) that changes a lock
 *          has let go of the old one.
 * NOT HERE leases (fcntl(2) F_SETLEASE): never granted.
 * SOURCES  fcntl(2), flock(2), proc(5) /proc/locks.   TESTED BY  tests/guest/file_lock.c
 */
#include "fs/lock.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/proc.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { MAX_CHAIN = 10 };

struct file_lock {
	struct list_head link; /* of the inode's list of its kind */
	struct list_head all;  /* every_lock */
	struct inode *inode;
	const void *owner;
	enum lock_kind kind;
	enum lock_type type;
	uint64_t start, end;
	int pid;
};

struct inode_locks {
	struct list_head posix, flock; /* POSIX and OFD locks see each other */
	struct waitq wait;
};

struct lock_waiter {
	struct list_head link; /* waiters */
	struct file_lock want;
	const struct file_lock *blocker; /* only shown; may be gone */
	const void *blocked_by;
};

static struct spinlock lock_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head every_lock = LIST_HEAD_INIT(every_lock), waiters = LIST_HEAD_INIT(waiters);
static struct kmem_cache *lock_cache;

/* ---- memory ---- */

static struct inode_locks *locks_of(struct inode *inode)
{
	struct inode_locks *l = READ_ONCE(inode->locks), *fresh;

	if (l)
		return l;
	fresh = failpoint("inode_locks") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	list_init(&fresh->posix);
	list_init(&fresh->flock);
	waitq_init(&fresh->wait);
	spin_lock(&lock_lock);
	l = inode->locks;
	if (!l) {
		l = fresh;
		fresh = NULL;
		__atomic_store_n(&inode->locks, l, __ATOMIC_RELEASE);
	}
	spin_unlock(&lock_lock);
	kfree(fresh);
	return l;
}

void lock_inode_gone(struct inode *inode)
{
	kfree(inode->locks);
}

static struct file_lock *new_lock(void)
{
	return failpoint("file_lock") ? NULL : kmem_cache_alloc(lock_cache, GFP_KERNEL);
}

/* What setting a range can need: itself, and the tail of one that it cuts in two. */
struct spares {
	unsigned nr;
	struct file_lock *lock[2];
};

static void spares_put(struct spares *s)
{
	while (s->nr)
		kmem_cache_free(lock_cache, s->lock[--s->nr]);
}

static int spares_get(struct spares *s)
{
	for (s->nr = 0; s->nr < 2; s->nr++) {
		s->lock[s->nr] = new_lock();
		if (!s->lock[s->nr]) {
			spares_put(s);
			return -ENOLCK;
		}
	}
	return 0;
}

/* ---- lists: lock_lock held ---- */

static struct list_head *list_of(struct inode_locks *l, enum lock_kind kind)
{
	return kind == LOCK_FLOCK ? &l->flock : &l->posix;
}

static bool overlaps(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static struct file_lock *find_conflict(struct inode_locks *l, const struct file_lock *want)
{
	struct file_lock *each;

	list_for_each_entry (each, list_of(l, want->kind), link)
		if (each->owner != want->owner && overlaps(each, want) &&
		    (each->type == LOCK_WRITE || want->type == LOCK_WRITE))
			return each;
	return NULL;
}

/* An owner's locks are in order: after its last that begins before, or before its first; else at the end. */
static void insert(struct inode_locks *l, struct spares *s, const struct file_lock *from)
{
	struct file_lock *fl = s->lock[--s->nr], *each;
	struct list_head *at = NULL;

	*fl = *from;
	list_for_each_entry (each, list_of(l, fl->kind), link)
		if (each->owner == fl->owner && (!at || each->start < fl->start))
			at = each->start < fl->start ? &each->link : each->link.prev;
	if (at)
		list_add(&fl->link, at);
	else
		list_add_tail(&fl->link, list_of(l, fl->kind));
	list_add_tail(&fl->all, &every_lock);
}

static void discard(struct file_lock *fl)
{
	list_del(&fl->link);
	list_del(&fl->all);
	kmem_cache_free(lock_cache, fl);
}

/* @each, another type of the same owner, gives way to @want. */
static void cut(struct inode_locks *l, struct spares *s, struct file_lock *each,
		const struct file_lock *want)
{
	struct file_lock tail = *each;

	if (each->start < want->start && each->end > want->end) {
		tail.start = want->end + 1;
		each->end = want->start - 1;
		insert(l, s, &tail);
	} else if (each->start < want->start) {
		each->end = want->start - 1;
	} else if (each->end > want->end) {
		each->start = want->end + 1;
	} else {
		discard(each);
	}
}

/* The range of @want becomes its owner's as it says. No conflict. */
static void apply(struct inode_locks *l, struct spares *s, struct file_lock *want)
{
	struct file_lock *each, *tmp;

	list_for_each_entry_safe (each, tmp, list_of(l, want->kind), link) {
		if (each->owner != want->owner)
			continue;
		if (each->type != want->type) {
			if (overlaps(each, want))
				cut(l, s, each, want);
		} else if (each->start <= want->end + 1 && want->start <= each->end + 1) {
			want->start = min_of(uint64_t, want->start, each->start);
			want->end = max_of(uint64_t, want->end, each->end);
			discard(each);
		}
	}
	if (want->type != LOCK_NONE)
		insert(l, s, want);
}

/* ---- waiting ---- */

static struct lock_waiter *waiter_of(const void *owner)
{
	struct lock_waiter *w;

	list_for_each_entry (w, &waiters, link)
		if (w->want.owner == owner)
			return w;
	return NULL;
}

/* Would waiting for a lock of @holder make a circle back to @owner? */
static bool makes_circle(const void *owner, const void *holder)
{
	for (int i = 0; i < MAX_CHAIN; i++) {
		const struct lock_waiter *w = waiter_of(holder);

		if (!w)
			return false;
		holder = w->blocked_by;
		if (holder == owner)
			return true;
	}
	return false;
}

/* What @owner has of @inode has changed: who waited for it looks again soon, and until then waits for nobody. */
static void forget_blocked_by(const void *owner, const struct inode *inode)
{
	struct lock_waiter *w;

	list_for_each_entry (w, &waiters, link)
		if (w->want.inode == inode && w->blocked_by == owner)
			w->blocked_by = NULL;
}

/* One try under the lock. 0; -EAGAIN: in the way is w->blocker, and if @wait the waiter is entered; -EDEADLK. */
static int try_lock(struct inode_locks *l, struct spares *s, struct lock_waiter *w, bool wait)
{
	const struct file_lock *c = NULL;

	if (w->want.type != LOCK_NONE)
		c = find_conflict(l, &w->want);
	if (!c) {
		struct file_lock want = w->want;

		apply(l, s, &want);
		list_del_init(&w->link); /* who has it waits for nobody, from this moment on */
		forget_blocked_by(want.owner, want.inode);
		return 0;
	}
	if (!wait)
		return -EAGAIN;
	if (w->want.kind == LOCK_POSIX && makes_circle(w->want.owner, c->owner))
		return -EDEADLK;
	w->blocked_by = c->owner;
	if (list_empty(&w->link))
		list_add_tail(&w->link, &waiters);
	return -EAGAIN;
}

static int try_once(struct inode_locks *l, struct spares *s, struct lock_waiter *w, bool wait)
{
	int err;

	spin_lock(&lock_lock);
	err = try_lock(l, s, w, wait);
	spin_unlock(&lock_lock);
	return err;
}

/* Sleep until the lock is ours, or it cannot be. */
static int wait_lock(struct inode_locks *l, struct spares *s, struct lock_waiter *w)
{
	struct waiter sleeper;
	int err, intr = 0;

	waitq_add(&l->wait, &sleeper);
	for (;;) {
		err = try_once(l, s, w, true);
		if (err != -EAGAIN || intr)
			break;
		intr = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
	}
	waitq_del(&l->wait, &sleeper);
	spin_lock(&lock_lock);
	list_del_init(&w->link);
	spin_unlock(&lock_lock);
	return err == -EAGAIN ? -ERESTARTSYS : err;
}

static int set_lock(struct inode_locks *l, struct lock_waiter *w, bool wait)
{
	struct spares s;
	int err = spares_get(&s);

	if (err)
		return err;
	list_init(&w->link);
	err = try_once(l, &s, w, false);
	if (err == -EAGAIN && wait)
		err = wait_lock(l, &s, w);
	spares_put(&s);
	/* Whatever became less: those who wait look again. */
	if (!err && waitq_active(&l->wait))
		waitq_wake_all(&l->wait);
	return err;
}

/* ---- the calls ---- */

static struct file_lock wanted(struct file *f, enum lock_kind kind, const struct lock_range *r)
{
	return (struct file_lock){
		.inode = f->inode,
		.owner = kind == LOCK_POSIX ? (const void *)current_task()->files : f,
		.kind = kind,
		.type = r->type,
		.start = r->start,
		.end = r->end,
		.pid = kind == LOCK_OFD ? -1 : current_task()->tgid,
	};
}

int lock_set(struct file *f, enum lock_kind kind, const struct lock_range *r, bool wait)
{
	struct lock_waiter w = { .want = wanted(f, kind, r) };
	struct inode_locks *l;

	if (r->type == LOCK_NONE && !READ_ONCE(f->inode->locks))
		return 0;
	l = locks_of(f->inode);
	return l ? set_lock(l, &w, wait) : -ENOLCK;
}

void lock_test(struct file *f, enum lock_kind kind, struct lock_range *r)
{
	struct inode_locks *l = READ_ONCE(f->inode->locks);
	struct file_lock want = wanted(f, kind, r);
	const struct file_lock *c;

	if (!l) {
		r->type = LOCK_NONE;
		return;
	}
	spin_lock(&lock_lock);
	c = find_conflict(l, &want);
	if (c)
		*r = (struct lock_range){ c->type, c->start, c->end, c->pid };
	else
		r->type = LOCK_NONE;
	spin_unlock(&lock_lock);
}

/* The type of the lock @f has; LOCK_NONE. */
static enum lock_type flock_held(struct inode_locks *l, const struct file *f)
{
	enum lock_type type = LOCK_NONE;
	struct file_lock *each;

	spin_lock(&lock_lock);
	list_for_each_entry (each, &l->flock, link)
		if (each->owner == f)
			type = each->type;
	spin_unlock(&lock_lock);
	return type;
}

int lock_flock(struct file *f, enum lock_type type, bool wait)
{
	struct lock_range all = { type, 0, INT64_MAX, 0 }, none = { LOCK_NONE, 0, INT64_MAX, 0 };
	struct inode_locks *l = READ_ONCE(f->inode->locks);
	enum lock_type held = l ? flock_held(l, f) : LOCK_NONE;

	if (held == type)
		return 0;
	if (held != LOCK_NONE && type != LOCK_NONE && lock_set(f, LOCK_FLOCK, &none, false))
		return -ENOLCK;
	return lock_set(f, LOCK_FLOCK, &all, wait);
}

/* ---- ends ---- */

static void drop_owned(const struct inode *inode, struct list_head *list, const void *owner)
{
	struct inode_locks *l = inode->locks;
	struct file_lock *each, *tmp;
	bool any = false;

	spin_lock(&lock_lock);
	list_for_each_entry_safe (each, tmp, list, link) {
		if (each->owner == owner) {
			discard(each);
			any = true;
		}
	}
	if (any)
		forget_blocked_by(owner, inode);
	spin_unlock(&lock_lock);
	if (any && waitq_active(&l->wait))
		waitq_wake_all(&l->wait);
}

void lock_close(struct file *f, const struct files_struct *files)
{
	struct inode_locks *l = __atomic_load_n(&f->inode->locks, __ATOMIC_ACQUIRE);

	if (unlikely(l))
		drop_owned(f->inode, &l->posix, files);
}

void lock_file_gone(struct file *f)
{
	struct inode_locks *l =
		f->inode ? __atomic_load_n(&f->inode->locks, __ATOMIC_ACQUIRE) : NULL;

	if (likely(!l))
		return;
	drop_owned(f->inode, &l->posix, f);
	drop_owned(f->inode, &l->flock, f);
}

/* ---- /proc/locks ---- */

struct shown {
	struct file_lock lock;
	bool waits;
	unsigned nr; /* of the lock */
};

/* Copy what there is, at most @max. Return: how many there are. */
static unsigned snapshot(struct shown *out, unsigned max)
{
	const struct file_lock *fl;
	const struct lock_waiter *w;
	unsigned n = 0, id = 0;

	spin_lock(&lock_lock);
	list_for_each_entry (fl, &every_lock, all) {
		id++;
		if (n++ < max)
			out[n - 1] = (struct shown){ *fl, false, id };
		list_for_each_entry (w, &waiters, link)
			if (w->blocked_by == fl->owner && w->want.inode == fl->inode && n++ < max)
				out[n - 1] = (struct shown){ w->want, true, id };
	}
	spin_unlock(&lock_lock);
	return n;
}

static void show_one(struct seq_file *m, const struct shown *s)
{
	static const char *const kind[] = { "POSIX  ADVISORY  ", "OFDLCK ADVISORY  ",
					    "FLOCK  ADVISORY  " };
	const struct file_lock *fl = &s->lock;
	dev_k dev = fl->inode->sb->dev;

	seq_printf(m, "%u: %s%s%s %d %02x:%02x:%lu ", s->nr, s->waits ? "-> " : "", kind[fl->kind],
		   fl->type == LOCK_WRITE ? "WRITE" : "READ", fl->pid, MAJOR(dev), MINOR(dev),
		   fl->inode->ino);
	if (fl->end == INT64_MAX)
		seq_printf(m, "%llu EOF\n", (unsigned long long)fl->start);
	else
		seq_printf(m, "%llu %llu\n", (unsigned long long)fl->start,
			   (unsigned long long)fl->end);
}

static int locks_show(struct seq_file *m)
{
	unsigned max = snapshot(NULL, 0) + 16, n, i;
	struct shown *all = kmalloc(max * sizeof(*all), GFP_KERNEL);

	if (!all)
		return -ENOMEM;
	n = min_of(unsigned, snapshot(all, max), max);
	for (i = 0; i < n; i++)
		show_one(m, &all[i]);
	kfree(all);
	return 0;
}

void lock_init(void)
{
	static struct proc_entry entry = { .show = locks_show };

	lock_cache =
		kmem_cache_create("file_lock_cache", sizeof(struct file_lock), 0, SLAB_PANIC, NULL);
	boot_need(proc_register("locks", 0444, &entry), "/proc/", "locks");
}
