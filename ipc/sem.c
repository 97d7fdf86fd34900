/*
 * System V semaphore sets.
 *
 *   semop ── all of its operations can be done ──> done at once, then the waiters are looked at
 *         └─ else ──> waits in the set's queue; whoever changes the set does the operations FOR it and wakes it
 *
 * OWNS     struct sem_array: a set, its values and who waits.
 * WHY      the waker does the sleeper's operations, so a call is all or nothing at one instant and sleepers go first come,
 *          first served; a sleeper that is woken only returns.
 * I1       0 <= val <= SEMVMX of every semaphore; -SEMAEM - 1 <= adj <= SEMAEM of every undo value.
 * I2       no waiter in the queue could be done now; its `blocking` operation is the one that stops it.
 * I3       a waiter leaves the queue with its result set, by who does it, or by itself (signal, timeout), under the lock.
 * LOCKS    the set's lock (rank IPC) for everything; undo values of every process too (undo.c).
 * CONTEXT  tasks; may sleep.
 * COST     an operation: O(its length), and O(waiters) when it changes a value.
 * FAILS    as semget(2), semop(2), semctl(2). Never restarted after a signal.
 * SOURCES  semget(2), semop(2), semctl(2), proc(5) /proc/sys/kernel/sem.   TESTED BY  tests/guest/ipc_sem.c
 */
#include "sem_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/seq_file.h"
#include "kernel/task.h"
#include "lib/string.h"

enum { SEM_MSL = 32000, SEM_MNI = 32000, SEM_OPM = 500, FEW_OPS = 32 };

struct ipc_ids sem_ids;
struct sem_limits sem_limits = { SEM_MSL, SEM_MNI *SEM_MSL, SEM_OPM, SEM_MNI };
static atomic_long_t used_sems;

static struct sem_array *set_of(struct ipc_object *o)
{
	return container_of(o, struct sem_array, obj);
}

static size_t set_size(size_t nsems)
{
	return sizeof(struct sem_array) + nsems * sizeof(struct sem);
}

/* ---- semget(2) ---- */

static int make_set(struct ipc_get *g, struct ipc_object **out)
{
	struct sem_array *s;

	if (!g->size)
		return -EINVAL;
	if (atomic_long_read(&used_sems) + (long)g->size > READ_ONCE(sem_limits.all))
		return -ENOSPC;
	s = ipc_alloc(set_size(g->size));
	if (!s)
		return -ENOMEM;
	ipc_object_init(&s->obj, g->key, g->flags);
	list_init(&s->waiters);
	list_init(&s->undos);
	s->nsems = (unsigned)g->size;
	s->ctime = ipc_seconds();
	atomic_long_add(&used_sems, (long)g->size);
	*out = &s->obj;
	return 0;
}

static int check_set(struct ipc_get *g, const struct ipc_object *o)
{
	return g->size > container_of(o, const struct sem_array, obj)->nsems ? -EINVAL : 0;
}

int sem_get(int key, int nsems, int flags)
{
	struct ipc_get g = { key, flags, make_set, check_set, NULL, (size_t)nsems };

	if (nsems < 0 || nsems > READ_ONCE(sem_limits.per_set))
		return -EINVAL;
	return ipc_get(&sem_ids, &g);
}

static void set_free(struct ipc_object *o)
{
	struct sem_array *s = set_of(o);

	atomic_long_add(&used_sems, -(long)s->nsems);
	ipc_free(s, set_size(s->nsems));
}

/* ---- operations: the set's lock held ---- */

/* Put back what the operations before @n have done. */
static void take_back(struct sem_array *s, const struct sem_call *c, unsigned n)
{
	while (n--) {
		const struct sembuf_k *op = &c->ops[n];

		s->sem[op->num].val -= op->op;
		if (op->flags & SEM_UNDO)
			c->undo->adj[op->num] += op->op;
	}
}

/* One operation. 0; 1: it has to wait; -ERANGE. */
static int do_one(struct sem_array *s, const struct sem_call *c, const struct sembuf_k *op)
{
	int val = s->sem[op->num].val, adj;

	if (!op->op && val)
		return 1;
	if (val + op->op < 0)
		return 1;
	if (val + op->op > SEMVMX)
		return -ERANGE;
	if (op->flags & SEM_UNDO) {
		adj = c->undo->adj[op->num] - op->op;
		if (adj < -SEMAEM - 1 || adj > SEMAEM)
			return -ERANGE;
		c->undo->adj[op->num] = (int16_t)adj;
	}
	s->sem[op->num].val += op->op;
	return 0;
}

/* All of them, or none. 0; 1: it has to wait, c->blocking says for which; -EAGAIN, -ERANGE. */
static int try_call(struct sem_array *s, struct sem_call *c)
{
	unsigned n;
	int r;

	for (n = 0; n < c->nr; n++) {
		r = do_one(s, c, &c->ops[n]);
		if (r)
			break;
	}
	if (n == c->nr) {
		while (n--)
			s->sem[c->ops[n].num].pid = c->pid;
		return 0;
	}
	take_back(s, c, n);
	c->blocking = n;
	return r == 1 && (c->ops[n].flags & IPC_NOWAIT) ? -EAGAIN : r;
}

static void finish(struct sem_array *s, struct sem_call *c, int result)
{
	if (!result)
		s->otime = ipc_seconds();
	list_del_init(&c->link);
	c->result = result;
	thread_unpark(c->thread);
}

/* Those that change nothing (they wait for zeroes) can all go at once. */
static void wake_zero_waiters(struct sem_array *s)
{
	struct sem_call *c, *tmp;
	int r;

	list_for_each_entry_safe (c, tmp, &s->waiters, link) {
		if (c->alters)
			continue;
		r = try_call(s, c);
		if (r <= 0)
			finish(s, c, r);
	}
}

/* Values have changed: do what can be done now, first come, first served. */
void sem_update(struct sem_array *s)
{
	struct sem_call *c, *tmp;
	bool again = true;

	while (again) {
		again = false;
		wake_zero_waiters(s);
		list_for_each_entry_safe (c, tmp, &s->waiters, link) {
			int r = c->alters ? try_call(s, c) : 1;

			if (r > 0)
				continue;
			finish(s, c, r);
			if (!r) {
				again = true;
				break;
			}
		}
	}
}

/* ---- semop(2) ---- */

/* Which semaphores and what rights the call needs. */
static void call_scan(struct sem_call *c, unsigned *max, bool *undoes)
{
	unsigned n;

	for (n = 0; n < c->nr; n++) {
		*max = max_of(unsigned, *max, c->ops[n].num);
		c->alters |= c->ops[n].op != 0;
		*undoes |= (c->ops[n].flags & SEM_UNDO) != 0;
	}
}

/* Wait for the result, or give up. Lock held on entry, dropped. */
static int call_wait(struct sem_array *s, struct sem_call *c, uint64_t deadline_ns)
	releases(s->obj.lock) no_lock_analysis
{
	int err;

	c->thread = thread_self();
	c->result = 1;
	list_add_tail(&c->link, &s->waiters);
	do {
		spin_unlock(&s->obj.lock);
		err = thread_park(PARK_INTERRUPTIBLE, deadline_ns);
		spin_lock(&s->obj.lock);
	} while (c->result == 1 && !err);
	if (c->result == 1) {
		list_del(&c->link);
		c->result = err == -ETIMEDOUT ? -EAGAIN : err;
	}
	spin_unlock(&s->obj.lock);
	return c->result;
}

/* The set is locked. Unlocks. */
static int call_locked(struct sem_array *s, struct sem_call *c, uint64_t deadline_ns)
	releases(s->obj.lock) no_lock_analysis
{
	int r = try_call(s, c);

	if (r == 1)
		return call_wait(s, c, deadline_ns);
	if (!r) {
		s->otime = ipc_seconds();
		if (c->alters)
			sem_update(s);
	}
	spin_unlock(&s->obj.lock);
	return r;
}

static int call_set(struct sem_array *s, struct sem_call *c, uint64_t deadline_ns) no_lock_analysis
{
	bool undoes = false;
	unsigned max = 0;
	int err = 0;

	call_scan(c, &max, &undoes);
	if (undoes) /* before the set is looked at: it allocates */
		err = sem_undo_get(s, &c->undo);
	if (err)
		return err;
	spin_lock(&s->obj.lock);
	if (max >= s->nsems)
		err = -EFBIG;
	else
		err = ipc_permission(&s->obj, c->alters ? 0222 : 0444);
	if (!err && s->obj.deleted)
		err = -EIDRM;
	if (!err)
		return call_locked(s, c, deadline_ns);
	spin_unlock(&s->obj.lock);
	return err;
}

static int call_id(int id, struct sem_call *c, uint64_t deadline_ns)
{
	struct ipc_object *o = ipc_find(&sem_ids, id, IPC_BY_ID);
	int err;

	if (!o)
		return -EINVAL;
	c->pid = current_task()->tgid;
	err = call_set(set_of(o), c, deadline_ns);
	ipc_put(&sem_ids, o);
	return err;
}

int sem_op(int id, uaddr_t uops, unsigned nsops, uint64_t deadline_ns)
{
	struct sembuf_k few[FEW_OPS];
	size_t bytes = nsops * sizeof(few[0]);
	struct sem_call c = { .ops = few, .nr = nsops };
	int err;

	if (nsops > (unsigned)READ_ONCE(sem_limits.ops))
		return -E2BIG;
	if (!nsops || id < 0)
		return -EINVAL;
	if (nsops > FEW_OPS)
		c.ops = ipc_alloc(bytes);
	if (!c.ops)
		return -ENOMEM;
	err = copy_from_user(c.ops, uops, bytes) ? -EFAULT : call_id(id, &c, deadline_ns);
	if (c.ops != few)
		ipc_free(c.ops, bytes);
	return err;
}

/* ---- semctl(2) ---- */

int sem_stat(int id, enum ipc_which which, struct sem_stat *out)
{
	struct ipc_object *o;
	int ret = ipc_lock_stat(&sem_ids, id, which, &o);

	if (ret < 0)
		return ret;
	*out = (struct sem_stat){ .otime = set_of(o)->otime,
				  .ctime = set_of(o)->ctime,
				  .nsems = set_of(o)->nsems };
	ipc_perm_stat(o, &out->perm);
	ipc_unlock_put(&sem_ids, o);
	return ret;
}

int sem_set(int id, const struct ipc_set *set)
{
	struct ipc_object *o;
	int err = ipc_lock_owned(&sem_ids, id, &o);

	if (err)
		return err;
	ipc_perm_set(o, set);
	set_of(o)->ctime = ipc_seconds();
	ipc_unlock_put(&sem_ids, o);
	return 0;
}

int sem_remove(int id) no_lock_analysis
{
	struct ipc_object *o;
	struct sem_array *s;
	int err = ipc_lock_owned(&sem_ids, id, &o);

	if (err)
		return err;
	s = set_of(o);
	o->deleted = true;
	while (!list_empty(&s->waiters))
		finish(s, list_first(&s->waiters, struct sem_call, link), -EIDRM);
	sem_undo_forget_set(s);
	spin_unlock(&o->lock);
	ipc_remove(&sem_ids, o);
	ipc_put(&sem_ids, o);
	return 0;
}

/* Tasks that wait for @num to become zero, or to grow. */
static int count_waiters(struct sem_array *s, unsigned num, bool zero)
{
	const struct sem_call *c;
	int n = 0;

	list_for_each_entry (c, &s->waiters, link) {
		const struct sembuf_k *op = &c->ops[c->blocking];

		n += op->num == num && (zero ? !op->op : op->op < 0);
	}
	return n;
}

/* Find, check rights to read or to change, lock. */
static int lock_for(int id, int rights, struct ipc_object **o)
{
	int err = ipc_lock(&sem_ids, id, o);

	if (err)
		return err;
	err = ipc_permission(*o, rights);
	if (err)
		ipc_unlock_put(&sem_ids, *o);
	return err;
}

int sem_get_one(int id, int num, int cmd)
{
	struct ipc_object *o;
	struct sem_array *s;
	int ret = lock_for(id, 0444, &o);

	if (ret)
		return ret;
	s = set_of(o);
	if (num < 0 || (unsigned)num >= s->nsems)
		ret = -EINVAL;
	else if (cmd == GETVAL)
		ret = s->sem[num].val;
	else if (cmd == GETPID)
		ret = s->sem[num].pid;
	else
		ret = count_waiters(s, (unsigned)num, cmd == GETZCNT);
	ipc_unlock_put(&sem_ids, o);
	return ret;
}

int sem_set_value(int id, int num, int value)
{
	struct ipc_object *o;
	struct sem_array *s;
	int err;

	if (value < 0 || value > SEMVMX)
		return -ERANGE;
	err = ipc_lock(&sem_ids, id, &o);
	if (err)
		return err;
	s = set_of(o);
	if (num < 0 || (unsigned)num >= s->nsems)
		err = -EINVAL;
	else
		err = ipc_permission(o, 0222);
	if (!err) {
		sem_undo_clear(s, (unsigned)num, 1);
		s->sem[num].val = value;
		s->sem[num].pid = current_task()->tgid;
		s->ctime = ipc_seconds();
		sem_update(s);
	}
	ipc_unlock_put(&sem_ids, o);
	return err;
}

/* How many semaphores the set has, if the caller has @rights. */
static int set_length(int id, int rights)
{
	struct ipc_object *o;
	int ret = lock_for(id, rights, &o);

	if (ret)
		return ret;
	ret = (int)set_of(o)->nsems;
	ipc_unlock_put(&sem_ids, o);
	return ret;
}

int sem_get_all(int id, uaddr_t array)
{
	int n = set_length(id, 0444), err;
	size_t bytes = (size_t)n * sizeof(uint16_t);
	struct ipc_object *o;
	uint16_t *val;

	if (n < 0)
		return n;
	val = ipc_alloc(bytes);
	if (!val)
		return -ENOMEM;
	err = ipc_lock(&sem_ids, id, &o);
	if (!err) {
		for (int i = 0; i < n; i++)
			val[i] = (uint16_t)set_of(o)->sem[i].val;
		ipc_unlock_put(&sem_ids, o);
		err = copy_to_user(array, val, bytes) ? -EFAULT : 0;
	}
	ipc_free(val, bytes);
	return err;
}

static void set_values(struct sem_array *s, const uint16_t *val)
{
	int pid = current_task()->tgid;

	for (unsigned i = 0; i < s->nsems; i++) {
		s->sem[i].val = val[i];
		s->sem[i].pid = pid;
	}
	sem_undo_clear(s, 0, s->nsems);
	s->ctime = ipc_seconds();
	sem_update(s);
}

int sem_set_all(int id, uaddr_t array)
{
	int n = set_length(id, 0222), err = 0;
	size_t bytes = (size_t)n * sizeof(uint16_t);
	struct ipc_object *o;
	uint16_t *val;

	if (n < 0)
		return n;
	val = ipc_alloc(bytes);
	if (!val)
		return -ENOMEM;
	if (copy_from_user(val, array, bytes))
		err = -EFAULT;
	for (int i = 0; i < n && !err; i++)
		err = val[i] > SEMVMX ? -ERANGE : 0;
	if (!err)
		err = ipc_lock(&sem_ids, id, &o);
	if (!err) {
		set_values(set_of(o), val);
		ipc_unlock_put(&sem_ids, o);
	}
	ipc_free(val, bytes);
	return err;
}

int sem_info(struct sem_limits *limits, struct sem_totals *totals)
{
	*limits = sem_limits;
	limits->sets = READ_ONCE(sem_ids.max_ids);
	totals->used_ids = (int)ipc_count(&sem_ids);
	totals->used_sems = (int)atomic_long_read(&used_sems);
	return ipc_highest_index(&sem_ids);
}

void sem_show_one(struct seq_file *m, struct ipc_object *o)
{
	struct sem_array *s = set_of(o);
	struct ipc_perm_stat p;
	int64_t otime, ctime;

	spin_lock(&o->lock);
	ipc_perm_stat(o, &p);
	otime = s->otime;
	ctime = s->ctime;
	spin_unlock(&o->lock);
	seq_printf(m, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", p.key, o->id, p.mode,
		   s->nsems, p.uid, p.gid, p.cuid, p.cgid, (unsigned long long)otime,
		   (unsigned long long)ctime);
}

void sem_init(void)
{
	ipc_ids_init(&sem_ids, SEM_MNI, set_free);
}
