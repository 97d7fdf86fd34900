/*
 * POSIX message queues.
 *
 * OWNS     struct mqueue: inode->private of a file on the mqueue file system; struct mq_message.
 * WHY      a queue is a file: names, rights and life are the file system's (fs/special_fs.c), waiting for many is poll's.
 *          Who waits gets his message, or his place in the queue, from the one who makes it possible: nobody is woken to find
 *          that another was quicker.
 * I1       messages are ordered by (priority falling, arrival); there are at most maxmsg of them, none longer than msgsize.
 * I2       receivers wait only while the queue is empty, senders only while it is full.
 * I3       a queue's worst case in bytes is charged to its maker (RLIMIT_MSGQUEUE) from birth to death.
 * I4       notify has a note while notify_pid is set and it is SIGEV_THREAD; it is sent once, by whoever clears notify_pid.
 * LOCKS    lock (rank IPC) for all that changes.
 * CONTEXT  tasks; may sleep.
 * COST     O(log messages).
 * FAILS    as the man pages say.
 * SOURCES  mq_overview(7), mq_open(3), mq_send(3), mq_receive(3), mq_notify(3), mq_getattr(3), proc(5).
 * TESTED BY  tests/guest/ipc_mqueue.c
 */
#include "ipc/mqueue.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/poll.h"
#include "fs/proc.h"
#include "fs/special_fs.h"
#include "ipc_impl.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/pheap.h"
#include "message.h"
#include "mm/slab.h"

#define MQUEUE_MAGIC 0x19800202UL
enum { FILE_SIZE = 80, HARD_MSGMAX = 65536, HARD_MSGSIZE_MAX = 16 << 20, SI_MESGQ = -3 };
#define NODE_SIZE (6 * sizeof(long)) /* Linux's bookkeeping per message, and again per priority */

struct mq_message {
	struct pheap_node node; /* key: see key_of */
	struct msg_msg *text;	/* its type: the priority */
};

/* Somebody who sleeps in mq_send or mq_receive; on his stack. */
struct mq_waiter {
	struct list_head link; /* l */
	struct thread *thread;
	struct mq_message *msg; /* l: to be sent; or received */
	bool done;		/* l */
};

struct mqueue {
	struct spinlock lock;
	long maxmsg, msgsize; /* i */
	/* l: lock */
	long curmsgs;
	size_t bytes;
	uint64_t arrivals;
	struct pheap messages;
	struct list_head senders, receivers; /* first come first */
	int notify_pid;			     /* process to be told; 0: none */
	struct mq_notify_k notify;
	struct waitq rd_wait, wr_wait; /* pollers */
	struct user_account *user;     /* i: referenced */
	unsigned long charged;	       /* i */
};

static int queues_max = 256, msg_max = 10, msgsize_max = 8192, msg_default = 10,
	   msgsize_default = 8192;
static atomic_t nr_queues;
static const struct file_ops mqueue_fops;

/* ---- life ---- */

static unsigned long worst_case(long maxmsg, long msgsize)
{
	unsigned long nodes = (unsigned long)min_of(long, maxmsg, MQ_PRIO_MAX);

	return (unsigned long)maxmsg * (unsigned long)msgsize +
	       (nodes + (unsigned long)maxmsg) * NODE_SIZE;
}

static int check_attr(const struct mq_attr_k *a)
{
	bool big = capable(CAP_SYS_RESOURCE);
	unsigned long total;

	if (a->maxmsg <= 0 || a->msgsize <= 0)
		return -EINVAL;
	if (a->maxmsg > (big ? HARD_MSGMAX : READ_ONCE(msg_max)) ||
	    a->msgsize > (big ? HARD_MSGSIZE_MAX : READ_ONCE(msgsize_max)))
		return -EINVAL;
	if (__builtin_mul_overflow((unsigned long)a->maxmsg, (unsigned long)a->msgsize, &total) ||
	    total + 2 * (unsigned long)a->maxmsg * NODE_SIZE < total)
		return -EOVERFLOW;
	return 0;
}

static struct mqueue *queue_new(long maxmsg, long msgsize)
{
	struct mqueue *q = ipc_alloc(sizeof(*q));

	if (!q)
		return NULL;
	spin_init(&q->lock, RANK_IPC);
	q->maxmsg = maxmsg;
	q->msgsize = msgsize;
	list_init(&q->senders);
	list_init(&q->receivers);
	waitq_init(&q->rd_wait);
	waitq_init(&q->wr_wait);
	return q;
}

/* RLIMIT_MSGQUEUE of the maker's user, and how many queues there may be. */
static int queue_charge(struct mqueue *q)
{
	struct user_account *u = current_task()->account;
	unsigned long n = worst_case(q->maxmsg, q->msgsize);

	if (atomic_add_return(&nr_queues, 1) > READ_ONCE(queues_max) &&
	    !capable(CAP_SYS_RESOURCE)) {
		atomic_dec(&nr_queues);
		return -ENOSPC;
	}
	if (!user_account_charge(u, USER_MQUEUE_BYTES, n, rlimit_cur(RLIMIT_MSGQUEUE))) {
		atomic_dec(&nr_queues);
		return -EMFILE;
	}
	q->user = user_account_ref(u);
	q->charged = n;
	return 0;
}

/* @arg: struct mq_attr_k of mq_open, checked; NULL: the defaults. */
static int queue_make(struct inode *inode, const void *arg)
{
	const struct mq_attr_k *a = arg;
	struct mqueue *q = queue_new(
		a ? a->maxmsg : min_of(int, READ_ONCE(msg_default), READ_ONCE(msg_max)),
		a ? a->msgsize : min_of(int, READ_ONCE(msgsize_default), READ_ONCE(msgsize_max)));
	int err;

	if (!q)
		return -ENOMEM;
	err = queue_charge(q);
	if (err) {
		ipc_free(q, sizeof(*q));
		return err;
	}
	inode->private = q;
	inode->fops = &mqueue_fops;
	inode->mapping.size = FILE_SIZE;
	return 0;
}

static void message_end(struct mq_message *m)
{
	message_free(m->text);
	kfree(m);
}

static struct nl_msg *notify_end(struct mqueue *q);
static void note_removed(struct nl_msg *note);

static void queue_gone(struct inode *inode)
{
	struct mqueue *q = inode->private;
	struct pheap_node *n;

	if (!q)
		return;
	note_removed(notify_end(q));
	while ((n = pheap_first(&q->messages))) {
		pheap_remove(&q->messages, n);
		message_end(container_of(n, struct mq_message, node));
	}
	user_account_uncharge(q->user, USER_MQUEUE_BYTES, q->charged);
	user_account_put(q->user);
	atomic_dec(&nr_queues);
	ipc_free(q, sizeof(*q));
}

static const struct special_files mqueue_files = { .make = queue_make, .gone = queue_gone };
static struct special_fs mqueue_fs = { .type = { .name = "mqueue" },
				       .magic = MQUEUE_MAGIC,
				       .files = &mqueue_files };

static struct mqueue *queue_of(const struct file *f)
{
	return f->inode->private;
}

/* The queue's file, open for @acc (O_RDONLY: receiving, O_WRONLY: sending, O_RDWR: either). 0, -EBADF. */
static int get_file(int fd, unsigned acc, struct file **out)
{
	struct file *f = fd_file(fd);
	unsigned has = f ? f->flags & O_ACCMODE : 0;

	if (f && f->ops == &mqueue_fops && (acc == O_RDWR || has == O_RDWR || has == acc)) {
		*out = f;
		return 0;
	}
	if (f)
		fput(f);
	return -EBADF;
}

/* ---- messages: lock held ---- */

/* Higher priorities first, then in the order of arrival. */
static uint64_t key_of(struct mqueue *q, const struct mq_message *m)
{
	return (uint64_t)(MQ_PRIO_MAX - 1 - m->text->type) << 48 |
	       (q->arrivals++ & ((1ULL << 48) - 1));
}

static void queue_add(struct mqueue *q, struct mq_message *m)
{
	m->node.key = key_of(q, m);
	pheap_insert(&q->messages, &m->node);
	q->curmsgs++;
	q->bytes += m->text->size;
}

static struct mq_message *queue_take(struct mqueue *q)
{
	struct mq_message *m = container_of(pheap_first(&q->messages), struct mq_message, node);

	pheap_remove(&q->messages, &m->node);
	q->curmsgs--;
	q->bytes -= m->text->size;
	return m;
}

static struct mq_waiter *first_waiter(struct list_head *list)
{
	return list_empty(list) ? NULL : list_first(list, struct mq_waiter, link);
}

static void finish(struct mq_waiter *w)
{
	list_del_init(&w->link);
	w->done = true;
	thread_unpark(w->thread);
}

/* Sleep until finish, the deadline or a signal. Lock held on entry and return. 0, -ETIMEDOUT, -ERESTARTSYS. */
static int wait_turn(struct mqueue *q, struct list_head *list, struct mq_waiter *w,
		     uint64_t deadline_ns) must_hold(q->lock) no_lock_analysis
{
	int err = 0;

	w->thread = thread_self();
	w->done = false;
	list_add_tail(&w->link, list);
	while (!w->done && !err) {
		spin_unlock(&q->lock);
		err = thread_park(PARK_INTERRUPTIBLE, deadline_ns);
		spin_lock(&q->lock);
	}
	if (w->done)
		return 0;
	list_del(&w->link);
	return err == -ETIMEDOUT ? err : -ERESTARTSYS;
}

/* ---- notification ---- */

struct telling {
	int pid; /* 0: nobody */
	struct mq_notify_k how;
};

/* A message came to an empty queue for which nobody waits: who is to be told? Lock held. Once only. */
static void notify_taken(struct mqueue *q, struct telling *t)
{
	if (q->curmsgs != 1)
		return;
	t->pid = q->notify_pid;
	t->how = q->notify;
	q->notify_pid = 0;
}

/* Nobody is to be told any more. Lock held, or nobody else has the queue. Return: the note that says so; NULL: there is none. */
static struct nl_msg *notify_end(struct mqueue *q)
{
	struct nl_msg *note =
		q->notify_pid && q->notify.how == SIGEV_THREAD ? q->notify.note : NULL;

	q->notify_pid = 0;
	return note;
}

static void note_removed(struct nl_msg *note)
{
	if (note)
		netlink_note_send(note, MQ_REMOVED);
}

static void tell(const struct telling *t)
{
	struct siginfo_k info = { .si_signo = t->how.signo, .si_code = SI_MESGQ };
	struct task *to = t->pid && t->how.how == SIGEV_SIGNAL ? task_find_leader(t->pid) : NULL;

	if (t->pid && t->how.how == SIGEV_THREAD)
		netlink_note_send(t->how.note, MQ_WOKEN);
	if (!to)
		return;
	info.pid = current_task()->tgid;
	info.uid = current_task()->cred->uid;
	info.value = t->how.value;
	(void)signal_send_group(to, t->how.signo, &info); /* without memory the bare signal comes */
	task_put(to);
}

static int note_make(struct mq_notify_k *n)
{
	char cookie[MQ_COOKIE];

	if (copy_from_user(cookie, (uaddr_t)n->value, sizeof(cookie)))
		return -EFAULT;
	return netlink_note_make(n->signo, cookie, sizeof(cookie), &n->note);
}

/* The caller is to be told no more, if it is he who would be. */
static void notify_forget(struct mqueue *q)
{
	struct nl_msg *note = NULL;

	spin_lock(&q->lock);
	if (q->notify_pid == current_task()->tgid)
		note = notify_end(q);
	spin_unlock(&q->lock);
	note_removed(note);
}

static int notify_set(struct mqueue *q, struct mq_notify_k *n)
{
	int err = n->how == SIGEV_THREAD ? note_make(n) : 0;

	if (err)
		return err;
	spin_lock(&q->lock);
	if (q->notify_pid) {
		err = -EBUSY;
	} else {
		q->notify_pid = current_task()->tgid;
		q->notify = *n;
	}
	spin_unlock(&q->lock);
	if (err && n->how == SIGEV_THREAD)
		netlink_note_drop(n->note);
	return err;
}

int mqueue_notify(int fd, const struct mq_notify_k *n)
{
	struct mq_notify_k how;
	struct file *f;
	int err;

	if (n && (n->how < SIGEV_SIGNAL || n->how > SIGEV_THREAD))
		return -EINVAL;
	if (n && n->how == SIGEV_SIGNAL && (n->signo < 0 || n->signo > NSIG))
		return -EINVAL;
	err = get_file(fd, O_RDWR, &f);
	if (err)
		return err;
	if (n) {
		how = *n;
		err = notify_set(queue_of(f), &how);
	} else {
		notify_forget(queue_of(f));
	}
	fput(f);
	return err;
}

/* ---- sending and receiving ---- */

static int message_make(uaddr_t text, size_t size, unsigned prio, struct mq_message **out)
{
	struct mq_message *m = ipc_alloc(sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	err = message_load(text, size, &m->text);
	if (err) {
		kfree(m);
		return err;
	}
	m->text->type = (long)prio;
	*out = m;
	return 0;
}

/* Lock held. 0: the message is the queue's or a receiver's. */
static int send_locked(struct mqueue *q, struct mq_message *m, bool nonblock, uint64_t deadline_ns,
		       struct telling *t) must_hold(q->lock)
{
	struct mq_waiter w = { .msg = m }, *r;

	if (q->curmsgs >= q->maxmsg)
		return nonblock ? -EAGAIN : wait_turn(q, &q->senders, &w, deadline_ns);
	r = first_waiter(&q->receivers);
	if (r) {
		r->msg = m;
		finish(r);
	} else {
		queue_add(q, m);
		notify_taken(q, t);
	}
	return 0;
}

static int send_file(struct file *f, uaddr_t text, size_t size, unsigned prio, uint64_t deadline_ns)
{
	struct telling t = { .pid = 0 };
	struct mqueue *q = queue_of(f);
	struct mq_message *m;
	int err;

	if (size > (size_t)q->msgsize)
		return -EMSGSIZE;
	err = message_make(text, size, prio, &m);
	if (err)
		return err;
	spin_lock(&q->lock);
	err = send_locked(q, m, f->flags & O_NONBLOCK, deadline_ns, &t);
	spin_unlock(&q->lock);
	if (err) {
		message_end(m);
		return err;
	}
	waitq_wake_all(&q->rd_wait);
	tell(&t);
	return 0;
}

int mqueue_send(int fd, uaddr_t text, size_t size, unsigned prio, uint64_t deadline_ns)
{
	struct file *f;
	int err;

	if (prio >= MQ_PRIO_MAX)
		return -EINVAL;
	err = get_file(fd, O_WRONLY, &f);
	if (err)
		return err;
	err = send_file(f, text, size, prio, deadline_ns);
	fput(f);
	return err;
}

/* Lock held. 0 and a message of the caller's. */
static int receive_locked(struct mqueue *q, struct mq_message **out, bool nonblock,
			  uint64_t deadline_ns) must_hold(q->lock)
{
	struct mq_waiter w = { .msg = NULL }, *s;
	int err;

	if (!q->curmsgs) {
		err = nonblock ? -EAGAIN : wait_turn(q, &q->receivers, &w, deadline_ns);
		*out = w.msg;
		return err;
	}
	*out = queue_take(q);
	s = first_waiter(&q->senders);
	if (s) {
		queue_add(q, s->msg);
		finish(s);
	}
	return 0;
}

static long receive_file(struct file *f, uaddr_t buf, size_t size, unsigned *prio,
			 uint64_t deadline_ns)
{
	struct mqueue *q = queue_of(f);
	struct mq_message *m;
	long ret;

	if (size < (size_t)q->msgsize)
		return -EMSGSIZE;
	spin_lock(&q->lock);
	ret = receive_locked(q, &m, f->flags & O_NONBLOCK, deadline_ns);
	spin_unlock(&q->lock);
	if (ret)
		return ret;
	waitq_wake_all(&q->wr_wait);
	*prio = (unsigned)m->text->type;
	ret = message_store(buf, m->text, m->text->size) ? -EFAULT : (long)m->text->size;
	message_end(m);
	return ret;
}

long mqueue_receive(int fd, uaddr_t buf, size_t size, unsigned *prio, uint64_t deadline_ns)
{
	struct file *f;
	long ret = get_file(fd, O_RDONLY, &f);

	if (ret)
		return ret;
	ret = receive_file(f, buf, size, prio, deadline_ns);
	fput(f);
	return ret;
}

int mqueue_attr(int fd, const struct mq_attr_k *set, struct mq_attr_k *old)
{
	struct mqueue *q;
	struct file *f;
	int err;

	if (set && (set->flags & ~(long)O_NONBLOCK))
		return -EINVAL;
	err = get_file(fd, O_RDWR, &f);
	if (err)
		return err;
	q = queue_of(f);
	spin_lock(&q->lock);
	*old = (struct mq_attr_k){ .flags = f->flags & O_NONBLOCK,
				   .maxmsg = q->maxmsg,
				   .msgsize = q->msgsize,
				   .curmsgs = q->curmsgs };
	spin_unlock(&q->lock);
	if (set)
		f->flags = (f->flags & ~(unsigned)O_NONBLOCK) | (unsigned)set->flags;
	fput(f);
	return 0;
}

/* ---- names ---- */

int mqueue_open(const char *name, unsigned flags, uint32_t mode, const struct mq_attr_k *attr)
{
	const unsigned known = O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK;
	struct file *f;
	int fd, err = attr && (flags & O_CREAT) ? check_attr(attr) : 0;

	fd = fd_reserve(0, true);
	if (fd < 0)
		return fd;
	if (!err)
		err = special_open(&mqueue_fs, name, flags & known, mode, attr, &f);
	if (err) {
		fd_unreserve(fd);
		return err;
	}
	fd_install(fd, f);
	return fd;
}

int mqueue_unlink(const char *name)
{
	return special_unlink(&mqueue_fs, name);
}

/* ---- the file ---- */

static long queue_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct mqueue *q = queue_of(f);
	bool sig;
	char text[FILE_SIZE];
	size_t n;

	spin_lock(&q->lock);
	sig = q->notify_pid && q->notify.how == SIGEV_SIGNAL;
	n = fmt_scnprintf(text, sizeof(text),
			  "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n",
			  (unsigned long)q->bytes, q->notify_pid ? q->notify.how : 0,
			  sig ? q->notify.signo : 0, q->notify_pid);
	spin_unlock(&q->lock);
	if (*pos >= n)
		return 0;
	len = min_of(size_t, len, n - (size_t)*pos);
	if (copy_to_user(buf, text + *pos, len))
		return -EFAULT;
	*pos += len;
	return (long)len;
}

static unsigned queue_poll(struct file *f, struct poll_table *pt)
{
	struct mqueue *q = queue_of(f);
	unsigned ev = 0;

	poll_wait_for(pt, &q->rd_wait, POLLIN | POLLRDNORM);
	poll_wait_for(pt, &q->wr_wait, POLLOUT | POLLWRNORM);
	spin_lock(&q->lock);
	if (q->curmsgs)
		ev |= POLLIN | POLLRDNORM;
	if (q->curmsgs < q->maxmsg)
		ev |= POLLOUT | POLLWRNORM;
	spin_unlock(&q->lock);
	return ev;
}

/* mq_close(3): the process that closes is told no more. */
static void queue_flush(struct file *f)
{
	notify_forget(queue_of(f));
}

static const struct file_ops mqueue_fops = { .read = queue_read,
					     .poll = queue_poll,
					     .flush = queue_flush };

void mqueue_init(void)
{
	special_fs_init(&mqueue_fs);
	boot_need(proc_register_int("sys/fs/mqueue/queues_max", &queues_max, 0, INT_MAX), "/proc/",
		  "sys/fs/mqueue/queues_max");
	boot_need(proc_register_int("sys/fs/mqueue/msg_max", &msg_max, 1, HARD_MSGMAX), "/proc/",
		  "sys/fs/mqueue/msg_max");
	boot_need(
		proc_register_int("sys/fs/mqueue/msgsize_max", &msgsize_max, 128, HARD_MSGSIZE_MAX),
		"/proc/", "sys/fs/mqueue/msgsize_max");
	boot_need(proc_register_int("sys/fs/mqueue/msg_default", &msg_default, 1, HARD_MSGMAX),
		  "/proc/", "sys/fs/mqueue/msg_default");
	boot_need(proc_register_int("sys/fs/mqueue/msgsize_default", &msgsize_default, 128,
				    HARD_MSGSIZE_MAX),
		  "/proc/", "sys/fs/mqueue/msgsize_default");
}
