/*
 * Undoing semaphore operations at the end of a process (SEM_UNDO).
 *
 * OWNS     struct sem_undo_list: a process's (threads made with CLONE_SYSVSEM share it), struct sem_undo: one per set.
 * I1       an undo with id >= 0 is on its set's list; one whose set was removed has id -1 and is on none.
 * I2       an undo is freed by the end of its list, or, when its set is gone, by the next sem_undo_get of the process. A
 *          call in another thread that still has a pointer to it looks at set->deleted first.
 * LOCKS    the set's lock (rank IPC), then list->lock (rank OBJECT).
 * CONTEXT  tasks; may sleep.
 * COST     sem_undo_get: O(sets the process undoes).
 * SOURCES  semop(2) (semadj), clone(2) CLONE_SYSVSEM.   TESTED BY  tests/guest/ipc_sem.c
 */
#include "base/errno.h"
#include "kernel/task.h"
#include "sem_impl.h"

struct sem_undo_list {
	atomic_t refs; /* a: tasks */
	struct spinlock lock;
	struct list_head undos; /* u: lock */
};

/* The calling task's list, made when there is none. NULL: no memory. */
static struct sem_undo_list *my_list(void)
{
	struct task *me = current_task();
	struct sem_undo_list *l = me->sem_undo;

	if (l)
		return l;
	l = ipc_alloc(sizeof(*l));
	if (!l)
		return NULL;
	atomic_set(&l->refs, 1);
	spin_init(&l->lock, RANK_OBJECT);
	list_init(&l->undos);
	me->sem_undo = l;
	return l;
}

static size_t undo_size(unsigned nsems)
{
	return sizeof(struct sem_undo) + nsems * sizeof(int16_t);
}

static void undo_free(struct sem_undo *u)
{
	ipc_free(u, undo_size(u->nsems));
}

static int id_of(const struct sem_undo *u)
{
	return __atomic_load_n(&u->id, __ATOMIC_ACQUIRE);
}

/* Also takes out one whose set is gone, for the caller to free. */
static struct sem_undo *find(struct sem_undo_list *l, int id, struct sem_undo **dead)
{
	struct sem_undo *u, *tmp, *found = NULL;

	*dead = NULL;
	spin_lock(&l->lock);
	list_for_each_entry_safe (u, tmp, &l->undos, list_link) {
		int its_id = id_of(u);

		if (its_id == id)
			found = u;
		if (its_id == -1 && !*dead) {
			list_del(&u->list_link);
			*dead = u;
		}
	}
	spin_unlock(&l->lock);
	return found;
}

/* Enter @fresh for the set, unless another thread was first. Return: what is entered; NULL: the set is going. */
static struct sem_undo *enter(struct sem_array *s, struct sem_undo_list *l, struct sem_undo *fresh)
{
	struct sem_undo *u = NULL, *each;

	spin_lock(&s->obj.lock);
	spin_lock(&l->lock);
	list_for_each_entry (each, &l->undos, list_link)
		if (id_of(each) == s->obj.id)
			u = each;
	if (!u && !s->obj.deleted) {
		u = fresh;
		list_add_tail(&u->list_link, &l->undos);
		list_add_tail(&u->set_link, &s->undos);
	}
	spin_unlock(&l->lock);
	spin_unlock(&s->obj.lock);
	return u;
}

int sem_undo_get(struct sem_array *s, struct sem_undo **out)
{
	struct sem_undo_list *l = my_list();
	struct sem_undo *dead, *fresh;

	if (!l)
		return -ENOMEM;
	*out = find(l, s->obj.id, &dead);
	if (dead)
		undo_free(dead);
	if (*out)
		return 0;
	fresh = ipc_alloc(undo_size(s->nsems));
	if (!fresh)
		return -ENOMEM;
	fresh->id = s->obj.id;
	fresh->nsems = s->nsems;
	*out = enter(s, l, fresh);
	if (*out != fresh)
		undo_free(fresh);
	return *out ? 0 : -EIDRM;
}

void sem_undo_clear(struct sem_array *s, unsigned first, unsigned nr)
{
	struct sem_undo *u;

	list_for_each_entry (u, &s->undos, set_link)
		for (unsigned i = first; i < first + nr; i++)
			u->adj[i] = 0;
}

void sem_undo_forget_set(struct sem_array *s)
{
	while (!list_empty(&s->undos)) {
		struct sem_undo *u = list_first(&s->undos, struct sem_undo, set_link);

		list_del(&u->set_link);
		__atomic_store_n(&u->id, -1, __ATOMIC_RELEASE); /* the process may free it now */
	}
}

/* ---- the end of a process ---- */

static void apply(struct sem_array *s, const struct sem_undo *u)
{
	bool changed = false;

	for (unsigned i = 0; i < s->nsems; i++) {
		int val = s->sem[i].val + u->adj[i];

		if (!u->adj[i])
			continue;
		s->sem[i].val = val < 0 ? 0 : val > SEMVMX ? SEMVMX : val;
		s->sem[i].pid = current_task()->tgid;
		changed = true;
	}
	s->otime = ipc_seconds();
	if (changed)
		sem_update(s);
}

static void undo_one(struct sem_undo *u) no_lock_analysis
{
	struct ipc_object *o = ipc_find(&sem_ids, id_of(u), IPC_BY_ID);
	struct sem_array *s;

	if (!o) /* removed, and forget_set is done with us */
		return;
	s = container_of(o, struct sem_array, obj);
	spin_lock(&o->lock);
	if (u->id != -1) {
		list_del(&u->set_link);
		apply(s, u);
	}
	ipc_unlock_put(&sem_ids, o);
}

static void list_put(struct sem_undo_list *l)
{
	if (!atomic_dec_and_test(&l->refs))
		return;
	while (!list_empty(&l->undos)) { /* nobody else has the list */
		struct sem_undo *u = list_first(&l->undos, struct sem_undo, list_link);

		list_del(&u->list_link);
		undo_one(u);
		undo_free(u);
	}
	ipc_free(l, sizeof(*l));
}

void ipc_put_undo(struct task *t)
{
	struct sem_undo_list *l = t->sem_undo;

	t->sem_undo = NULL;
	if (l)
		list_put(l);
}

void sem_exit(struct task *t)
{
	ipc_put_undo(t);
}

int ipc_share_undo(struct task *child)
{
	struct sem_undo_list *l = my_list();

	if (!l)
		return -ENOMEM;
	atomic_inc(&l->refs);
	child->sem_undo = l;
	return 0;
}
