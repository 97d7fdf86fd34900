/*
 * System V message queues.
 *
 *   msgsnd ── a receiver waits for this type ──> handed to it, the queue never sees it
 *          └─ room ──> end of the queue;   no room ──> waits
 *
 * OWNS     struct msg_queue, struct msg_msg: a message, in pieces of a page.
 * I1       cbytes and qnum are the sums over the queue's messages; both are at most qbytes.
 * I2       no message in the queue is one that a waiting receiver would take.
 * I3       a receiver leaves the queue's list with its result set, or by itself, under the lock. A sender is only woken: it
 *          tries again.
 * LOCKS    the queue's lock (rank IPC). User memory is copied without it: a message is copied in before, out after.
 * CONTEXT  tasks; may sleep.
 * COST     by type O(messages); else O(1).
 * FAILS    as msgget(2), msgop(2), msgctl(2). A signal with a handler ends a wait with EINTR, SA_RESTART or not.
 * SOURCES  msgget(2), msgop(2), msgctl(2), proc(5) /proc/sys/kernel/msg*.   TESTED BY  tests/guest/ipc_msg.c
 */
#include "ipc/msg.h"
#include "ipc_impl.h"

#include "arch/abi.h"
#include "base/errno.h"
#include "fs/seq_file.h"
#include "kernel/task.h"
#include "message.h"

enum { MSG_MNI = 32000, MSG_MAX = 8192, MSG_MNB = 16384 };

struct msg_queue {
	struct ipc_object obj;
	/* o: obj.lock */
	int64_t stime, rtime, ctime;
	unsigned long cbytes, qnum, qbytes;
	int lspid, lrpid;
	struct list_head messages;  /* msg_msg.link */
	struct list_head receivers; /* msg_receiver.link, first come first */
	struct list_head senders;   /* msg_sender.link */
};

enum search { ANY, EQUAL, NOT_EQUAL, LESS_EQUAL, NUMBER };

/* A msgrcv on its way; on its thread's stack. */
struct msg_receiver {
	struct list_head link; /* o */
	struct thread *thread;
	int pid; /* i: the thread's, as Linux notes it here */
	enum search search;
	long type;
	size_t size;
	bool truncate;
	struct msg_msg *msg; /* o: what it got */
	int result;	     /* o: 1: waits */
};

struct msg_sender {
	struct list_head link; /* o; empty: woken for the end of the queue */
	struct thread *thread;
	size_t size;
};

struct ipc_ids msg_ids;
struct msg_limits msg_limits = { MSG_MAX, MSG_MNB, MSG_MNI };
static atomic_long_t total_bytes, total_messages;

static struct msg_queue *queue_of(struct ipc_object *o)
{
	return container_of(o, struct msg_queue, obj);
}

static int my_pid(void)
{
	return current_task()->tgid;
}

/* ---- msgget(2) ---- */

static int make_queue(struct ipc_get *g, struct ipc_object **out)
{
	struct msg_queue *q = ipc_alloc(sizeof(*q));

	if (!q)
		return -ENOMEM;
	ipc_object_init(&q->obj, g->key, g->flags);
	list_init(&q->messages);
	list_init(&q->receivers);
	list_init(&q->senders);
	q->ctime = ipc_seconds();
	q->qbytes = (unsigned long)READ_ONCE(msg_limits.queue_bytes);
	*out = &q->obj;
	return 0;
}

int msg_get(int key, int flags)
{
	struct ipc_get g = { .key = key, .flags = flags, .create = make_queue };

	return ipc_get(&msg_ids, &g);
}

static void queue_free(struct ipc_object *o)
{
	struct msg_queue *q = queue_of(o);

	while (!list_empty(&q->messages)) {
		struct msg_msg *m = list_first(&q->messages, struct msg_msg, link);

		list_del(&m->link);
		atomic_long_add(&total_bytes, -(long)m->size);
		atomic_long_add(&total_messages, -1);
		message_free(m);
	}
	ipc_free(q, sizeof(*q));
}

/* ---- the queue: its lock held ---- */

static void queue_add(struct msg_queue *q, struct msg_msg *m)
{
	list_add_tail(&m->link, &q->messages);
	q->cbytes += m->size;
	q->qnum++;
	atomic_long_add(&total_bytes, (long)m->size);
	atomic_long_add(&total_messages, 1);
}

static void queue_del(struct msg_queue *q, struct msg_msg *m)
{
	list_del(&m->link);
	q->cbytes -= m->size;
	q->qnum--;
	atomic_long_add(&total_bytes, -(long)m->size);
	atomic_long_add(&total_messages, -1);
}

static bool fits(const struct msg_queue *q, size_t size)
{
	return size + q->cbytes <= q->qbytes && 1 + q->qnum <= q->qbytes;
}

static bool type_matches(const struct msg_receiver *r, long type)
{
	switch (r->search) {
	case EQUAL:
		return type == r->type;
	case NOT_EQUAL:
		return type != r->type;
	case LESS_EQUAL:
		return type <= r->type;
	default:
		return true;
	}
}

static void finish_receiver(struct msg_receiver *r, struct msg_msg *m, int result)
{
	list_del_init(&r->link);
	r->msg = m;
	r->result = result;
	thread_unpark(r->thread);
}

/* A receiver that waits for @m takes it; those for whom it is too long go away with E2BIG. Return: taken. */
static bool hand_over(struct msg_queue *q, struct msg_msg *m)
{
	struct msg_receiver *r, *tmp;

	list_for_each_entry_safe (r, tmp, &q->receivers, link) {
		if (r->search == NUMBER || !type_matches(r, m->type))
			continue;
		if (r->size < m->size && !r->truncate) {
			finish_receiver(r, NULL, -E2BIG);
			continue;
		}
		q->rtime = ipc_seconds();
		q->lrpid = r->pid;
		finish_receiver(r, m, 0);
		return true;
	}
	return false;
}

/* Senders who may have room now try again. */
static void wake_senders(struct msg_queue *q)
{
	struct msg_sender *s;

	list_for_each_entry (s, &q->senders, link)
		if (fits(q, s->size))
			thread_unpark(s->thread);
}

/* The message that @r wants; NULL: none. */
static struct msg_msg *find_message(struct msg_queue *q, struct msg_receiver *r)
{
	struct msg_msg *m, *found = NULL;
	long n = 0;

	list_for_each_entry (m, &q->messages, link) {
		if (r->search == NUMBER) {
			if (n++ == r->type)
				return m;
		} else if (type_matches(r, m->type)) {
			if (r->search != LESS_EQUAL)
				return m;
			if (!found || m->type < found->type)
				found = m;
		}
	}
	return found;
}

/* ---- msgsnd(2) ---- */

/* Queue full: wait until it may not be. Lock held on entry and return. 0, -EIDRM, -ERESTARTNOHAND. */
static int wait_for_room(struct msg_queue *q, size_t size) must_hold(q->obj.lock) no_lock_analysis
{
	struct msg_sender s = { .thread = thread_self(), .size = size };
	int err = 0;

	list_add_tail(&s.link, &q->senders);
	while (!q->obj.deleted && !fits(q, size) && !err) {
		spin_unlock(&q->obj.lock);
		err = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
		spin_lock(&q->obj.lock);
	}
	list_del(&s.link);
	if (q->obj.deleted)
		return -EIDRM;
	return err && !fits(q, size) ? -ERESTARTNOHAND : 0;
}

/* The queue is locked. 0: the message is the queue's or a receiver's. */
static int send_locked(struct msg_queue *q, struct msg_msg *m, int flags) must_hold(q->obj.lock)
{
	int err = 0;

	for (;;) {
		err = ipc_permission(&q->obj, 0222);
		if (err || fits(q, m->size))
			break;
		if (flags & IPC_NOWAIT)
			return -EAGAIN;
		err = wait_for_room(q, m->size);
		if (err)
			break;
	}
	if (err)
		return err;
	q->lspid = my_pid();
	q->stime = ipc_seconds();
	if (!hand_over(q, m))
		queue_add(q, m);
	return 0;
}

int msg_send(int id, long type, uaddr_t text, size_t size, int flags) no_lock_analysis
{
	struct ipc_object *o;
	struct msg_msg *m;
	int err;

	if (size > (size_t)READ_ONCE(msg_limits.max_bytes) || (long)size < 0 || id < 0 || type < 1)
		return -EINVAL;
	err = message_load(text, size, &m);
	if (err)
		return err;
	m->type = type;
	err = ipc_lock(&msg_ids, id, &o);
	if (!err) {
		err = send_locked(queue_of(o), m, flags);
		ipc_unlock_put(&msg_ids, o);
	}
	if (err)
		message_free(m);
	return err;
}

/* ---- msgrcv(2) ---- */

static void set_search(struct msg_receiver *r, long type, int flags)
{
	r->type = type;
	if (flags & MSG_COPY) {
		r->search = NUMBER;
	} else if (!type) {
		r->search = ANY;
	} else if (type < 0) {
		r->search = LESS_EQUAL;
		r->type = type == LONG_MIN ? LONG_MAX : -type;
	} else {
		r->search = flags & MSG_EXCEPT ? NOT_EQUAL : EQUAL;
	}
}

/* Wait to be handed a message. Lock held on entry and return. 0, -EAGAIN (look again), -E2BIG, -EIDRM, -ERESTARTNOHAND. */
static int wait_for_message(struct msg_queue *q, struct msg_receiver *r)
	must_hold(q->obj.lock) no_lock_analysis
{
	int err = 0;

	r->thread = thread_self();
	r->result = 1;
	list_add_tail(&r->link, &q->receivers);
	while (r->result == 1 && !err) {
		spin_unlock(&q->obj.lock);
		err = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
		spin_lock(&q->obj.lock);
	}
	if (r->result == 1) {
		list_del(&r->link);
		return -ERESTARTNOHAND;
	}
	return r->result;
}

/* @m leaves the queue for the caller. */
static void take_message(struct msg_queue *q, struct msg_msg *m)
{
	queue_del(q, m);
	q->rtime = ipc_seconds();
	q->lrpid = my_pid();
	wake_senders(q);
}

/* The queue is locked. 0: r->msg is the caller's, or (MSG_COPY) @copy has it. */
static int receive_locked(struct msg_queue *q, struct msg_receiver *r, struct msg_msg *copy,
			  int flags) must_hold(q->obj.lock)
{
	struct msg_msg *m;
	int err;

	do {
		err = ipc_permission(&q->obj, 0444);
		if (err)
			return err;
		if (q->obj.deleted)
			return -EIDRM;
		m = find_message(q, r);
		if (m && r->size < m->size && !r->truncate)
			return -E2BIG;
		if (m && copy)
			return message_copy(copy, m);
		if (m) {
			take_message(q, m);
			r->msg = m;
			return 0;
		}
		err = flags & IPC_NOWAIT ? -ENOMSG : wait_for_message(q, r);
	} while (err == -EAGAIN);
	return err;
}

/* A message for MSG_COPY to fill; NULL in *out: not asked for. */
static int prepare_copy(size_t size, int flags, struct msg_msg **out)
{
	*out = NULL;
	if (!(flags & MSG_COPY))
		return 0;
	if ((flags & MSG_EXCEPT) || !(flags & IPC_NOWAIT))
		return -EINVAL;
	return message_alloc(min_of(size_t, size, (size_t)READ_ONCE(msg_limits.max_bytes)), out);
}

/* Type and text to the user's buffer. The message is gone then, also after a fault. */
static long store_message(uaddr_t buf, struct msg_msg *m, size_t size)
{
	size_t n = min_of(size_t, size, m->size);
	long ret = (long)n;

	if (put_abi(buf, &m->type, "l") || message_store(buf + abi_word(), m, n))
		ret = -EFAULT;
	message_free(m);
	return ret;
}

long msg_receive(int id, uaddr_t buf, size_t size, long type, int flags) no_lock_analysis
{
	struct msg_receiver r = { .pid = current_task()->pid,
				  .size = size,
				  .truncate = flags & MSG_NOERROR };
	struct ipc_object *o;
	struct msg_msg *copy;
	int err;

	if (id < 0 || (long)size < 0)
		return -EINVAL;
	err = prepare_copy(size, flags, &copy);
	if (err)
		return err;
	set_search(&r, type, flags);
	err = ipc_lock(&msg_ids, id, &o);
	if (!err) {
		err = receive_locked(queue_of(o), &r, copy, flags);
		ipc_unlock_put(&msg_ids, o);
	}
	if (!err)
		return store_message(buf, copy ? copy : r.msg, size);
	if (copy)
		message_free(copy);
	return err;
}

/* ---- msgctl(2) ---- */

static void fill_stat(const struct msg_queue *q, struct msg_stat *out)
{
	*out = (struct msg_stat){ .stime = q->stime,
				  .rtime = q->rtime,
				  .ctime = q->ctime,
				  .cbytes = q->cbytes,
				  .qnum = q->qnum,
				  .qbytes = q->qbytes,
				  .lspid = q->lspid,
				  .lrpid = q->lrpid };
	ipc_perm_stat(&q->obj, &out->perm);
}

int msg_stat(int id, enum ipc_which which, struct msg_stat *out)
{
	struct ipc_object *o;
	int ret = ipc_lock_stat(&msg_ids, id, which, &o);

	if (ret < 0)
		return ret;
	fill_stat(queue_of(o), out);
	ipc_unlock_put(&msg_ids, o);
	return ret;
}

/* Everyone who waits gets @result, or (receivers, -EAGAIN) looks again. */
static void wake_all(struct msg_queue *q, int result)
{
	struct msg_sender *s;

	while (!list_empty(&q->receivers))
		finish_receiver(list_first(&q->receivers, struct msg_receiver, link), NULL, result);
	list_for_each_entry (s, &q->senders, link)
		thread_unpark(s->thread);
}

int msg_set(int id, const struct ipc_set *set, unsigned long qbytes)
{
	struct msg_queue *q;
	struct ipc_object *o;
	int err = ipc_lock_owned(&msg_ids, id, &o);

	if (err)
		return err;
	q = queue_of(o);
	if (qbytes > (unsigned long)READ_ONCE(msg_limits.queue_bytes) &&
	    !capable(CAP_SYS_RESOURCE)) {
		ipc_unlock_put(&msg_ids, o);
		return -EPERM;
	}
	ipc_perm_set(o, set);
	q->qbytes = qbytes;
	q->ctime = ipc_seconds();
	wake_all(q, -EAGAIN); /* rights may have changed, and there may be room */
	ipc_unlock_put(&msg_ids, o);
	return 0;
}

int msg_remove(int id) no_lock_analysis
{
	struct ipc_object *o;
	int err = ipc_lock_owned(&msg_ids, id, &o);

	if (err)
		return err;
	o->deleted = true;
	wake_all(queue_of(o), -EIDRM);
	spin_unlock(&o->lock);
	ipc_remove(&msg_ids, o);
	ipc_put(&msg_ids, o);
	return 0;
}

int msg_info(struct msg_limits *limits, struct msg_totals *totals)
{
	*limits = msg_limits;
	limits->queues = READ_ONCE(msg_ids.max_ids);
	totals->used_ids = (int)ipc_count(&msg_ids);
	totals->messages = (int)atomic_long_read(&total_messages);
	totals->bytes = (int)atomic_long_read(&total_bytes);
	return ipc_highest_index(&msg_ids);
}

void msg_show_one(struct seq_file *m, struct ipc_object *o)
{
	struct msg_stat s;

	spin_lock(&o->lock);
	fill_stat(queue_of(o), &s);
	spin_unlock(&o->lock);
	seq_printf(m, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10llu %10llu %10llu\n",
		   s.perm.key, o->id, s.perm.mode, s.cbytes, s.qnum, (unsigned)s.lspid,
		   (unsigned)s.lrpid, s.perm.uid, s.perm.gid, s.perm.cuid, s.perm.cgid,
		   (unsigned long long)s.stime, (unsigned long long)s.rtime,
		   (unsigned long long)s.ctime);
}

void msg_init(void)
{
	ipc_ids_init(&msg_ids, MSG_MNI, queue_free);
}
