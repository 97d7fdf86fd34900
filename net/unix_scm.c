/*
 * Files that travel in messages (SCM_RIGHTS), and the sockets among them that nobody can reach any more.
 *
 * WHY      a socket in a message in its own queue, or two in each other's, hold themselves alive: counts never end them.
 *          So when a socket is closed while any is under way, the reachable ones are told from the others.
 * I1       sock->inflight is the number of messages that carry its file; total is their sum.
 * I2       a collection, with unix_lock held: a socket all of whose file's references are messages may be garbage (maybe).
 *          Each such reference found in the queue of a socket that may be garbage explains one (gc_left goes down). Who has
 *          some left is reachable, and so is, from him, whatever his queue carries. The rest is garbage.
 * I3       between the collection's look and its end nobody gains or loses a message with files: that takes unix_lock. Nor
 *          can a descriptor to such a socket come up: only messages have it, and taking one takes unix_lock.
 * I4       freeing a message may close the last file of a socket whose messages are freed then: they queue up (grave), and
 *          one thread frees them one after the other, so that a chain of any length needs no stack.
 * LOCKS    unix_lock (u), then one sock->lock.   COST  a collection looks at all sockets and their messages.
 * FAILS    ETOOMANYREFS, ENOMEM.   SOURCES  unix(7) SCM_RIGHTS.   TESTED BY  tests/guest/net_unix.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix_impl.h"
#include "sync/failpoint.h"

static unsigned total; /* u */
static struct spinlock grave_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head grave = LIST_HEAD_INIT(grave); /* grave_lock */
static bool digging;				       /* grave_lock */

/* NULL: no socket. */
static struct sock *carried(const struct file *f)
{
	return file_is_socket(f) && sock_of(f)->ops == &unix_ops ? sock_of(f) : NULL;
}

/* u held. */
static void count_inflight(struct unix_msg *m, int n)
{
	for (unsigned i = 0; i < m->nr_files; i++) {
		struct sock *s = carried(m->files[i]);

		if (s) {
			s->inflight += (unsigned)n;
			total += (unsigned)n;
		}
	}
}

int scm_attach(struct unix_msg *m, struct scm *scm)
{
	uint64_t limit = capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN)
				 ? UINT64_MAX
				 : rlimit_cur(RLIMIT_NOFILE);
	struct user_account *u = user_account_ref(current_task()->account);
	struct file **files;

	if (!user_account_charge(u, USER_INFLIGHT_FILES, scm->nr, limit)) {
		user_account_put(u);
		return -ETOOMANYREFS;
	}
	files = failpoint("unix_rights")
			? NULL
			: kmemdup(scm->files, scm->nr * sizeof(scm->files[0]), GFP_KERNEL);
	if (!files) {
		user_account_uncharge(u, USER_INFLIGHT_FILES, scm->nr);
		user_account_put(u);
		return -ENOMEM;
	}
	spin_lock(&unix_lock);
	m->files = files;
	m->nr_files = scm->nr;
	m->user = u;
	count_inflight(m, 1);
	spin_unlock(&unix_lock);
	scm->nr = 0;
	return 0;
}

/* u held: the files are no longer under way. Return: the array, which is the caller's. */
static struct file **detach(struct unix_msg *m)
{
	struct file **files = m->files;

	if (!files)
		return NULL;
	count_inflight(m, -1);
	user_account_uncharge(m->user, USER_INFLIGHT_FILES, m->nr_files);
	m->files = NULL;
	return files;
}

void scm_take(struct unix_msg *m, struct scm *to, bool peek)
{
	struct file **gone = NULL;

	spin_lock(&unix_lock);
	to->nr = m->files ? m->nr_files : 0;
	for (unsigned i = 0; i < to->nr; i++) {
		to->files[i] = m->files[i];
		if (peek)
			fget_file(m->files[i]);
	}
	if (!peek)
		gone = detach(m);
	spin_unlock(&unix_lock);
	if (gone)
		user_account_put(m->user);
	kfree(gone);
}

void scm_put_files(struct scm *scm)
{
	while (scm->nr)
		fput(scm->files[--scm->nr]);
}

/* ---- the end of messages ---- */

static void bury_one(struct unix_msg *m)
{
	struct file **files;
	unsigned nr = m->nr_files;

	spin_lock(&unix_lock);
	files = detach(m);
	spin_unlock(&unix_lock);
	if (files) {
		user_account_put(m->user);
		while (nr)
			fput(files[--nr]);
		kfree(files);
	}
	msg_free(m);
}

void msgs_bury(struct list_head *msgs)
{
	if (list_empty(msgs))
		return;
	spin_lock(&grave_lock);
	list_splice_tail_init(msgs, &grave);
	if (digging) {
		spin_unlock(&grave_lock);
		return;
	}
	digging = true;
	while (!list_empty(&grave)) {
		struct unix_msg *m = list_first(&grave, struct unix_msg, link);

		list_del(&m->link);
		spin_unlock(&grave_lock);
		bury_one(m);
		spin_lock(&grave_lock);
	}
	digging = false;
	spin_unlock(&grave_lock);
}

/* ---- collection; u held in all of this ---- */

/* The socket through which the messages of @s would be read: an embryo's is the listener that will hand it out. */
static struct sock *reader(struct sock *s)
{
	return s->listener ? s->listener : s;
}

/* Call @fn for every socket that may be garbage and that a message in the queue of @s carries. */
static void for_each_carried(struct sock *s, void (*fn)(struct sock *c, struct list_head *arg),
			     struct list_head *arg)
{
	struct unix_msg *m;

	spin_lock(&s->lock);
	if (s->state != SS_LISTENING) {
		list_for_each_entry (m, &s->queue, link) {
			for (unsigned i = 0; m->files && i < m->nr_files; i++) {
				struct sock *c = carried(m->files[i]);

				if (c && c->gc_maybe)
					fn(c, arg);
			}
		}
	}
	spin_unlock(&s->lock);
}

static void explain(struct sock *c, struct list_head *unused)
{
	(void)unused;
	c->gc_left--;
}

static void reached(struct sock *c, struct list_head *todo)
{
	c->gc_maybe = false;
	list_add_tail(&c->gc, todo);
}

static void find_candidates(void)
{
	struct sock *s;

	list_for_each_entry (s, &unix_sockets, all) {
		s->gc_maybe =
			s->inflight && s->file && atomic_read(&s->file->refs) == (int)s->inflight;
		s->gc_left = s->inflight;
	}
	list_for_each_entry (s, &unix_sockets, all) {
		if (reader(s)->gc_maybe)
			for_each_carried(s, explain, NULL);
	}
}

/* What the socket @r, which is reachable, can read: its own messages, or those of its embryos. */
static void reach_from(struct sock *r, struct list_head *todo)
{
	struct sock *s;

	if (r->state != SS_LISTENING) {
		for_each_carried(r, reached, todo);
		return;
	}
	list_for_each_entry (s, &unix_sockets, all) {
		if (s->listener == r)
			for_each_carried(s, reached, todo);
	}
}

static void spare_reachable(void)
{
	struct list_head todo = LIST_HEAD_INIT(todo);
	struct sock *s;

	list_for_each_entry (s, &unix_sockets, all) {
		if (s->gc_maybe && s->gc_left)
			reached(s, &todo);
	}
	while (!list_empty(&todo)) {
		s = list_first(&todo, struct sock, gc);
		list_del(&s->gc);
		reach_from(s, &todo);
	}
}

/* Messages with files in queues that nobody will read go to @out. */
static void take_garbage(struct list_head *out)
{
	struct sock *s;

	list_for_each_entry (s, &unix_sockets, all) {
		struct list_head *n, *next;

		if (!reader(s)->gc_maybe || s->state == SS_LISTENING)
			continue;
		spin_lock(&s->lock);
		for (n = s->queue.next; n != &s->queue; n = next) {
			struct unix_msg *m = container_of(n, struct unix_msg, link);

			next = n->next;
			if (!m->files)
				continue;
			list_move_tail(n, out);
			s->nr_queued--;
			s->nr_bytes -= m->len - m->off;
		}
		spin_unlock(&s->lock);
	}
}

void scm_collect(void)
{
	struct list_head garbage = LIST_HEAD_INIT(garbage);

	if (!READ_ONCE(total))
		return;
	spin_lock(&unix_lock);
	find_candidates();
	spare_reachable();
	take_garbage(&garbage);
	spin_unlock(&unix_lock);
	msgs_bury(&garbage);
}
