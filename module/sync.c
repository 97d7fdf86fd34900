/*
 * Locks of modules that sleep, and their wait queues.
 *
 * OWNS     nothing: a module's mutex, semaphore, rwsem, completion or wait queue is in the module's memory.
 * WHY      a module's locks have no rank and are initialised by Linux's macros, so they are not the kernel's own: each is a word
 *          and a wait queue of the kernel. All code of modules runs in threads (timers too: later.c), and a thread that spins
 *          for a module's lock gives way: who has it may be waiting for this CPU.
 * I1       who takes a word that is free has the lock; who frees it wakes one that waits.
 * I2       a completion may be freed as soon as a wait for it has returned: guard is free again by then.
 * CONTEXT  threads.   FAILS  -EINTR, -ERESTARTSYS as Linux, where a signal may end the wait.
 * SOURCES  Linux Documentation/locking/, scheduler/completion.rst.   TESTED BY  module_api (guest)
 */
#include "module/api.h"

#include "base/errno.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "sync/waitq.h"

#define SAME_PLACE(view, kernel, a, b)                                                             \
	_Static_assert(offsetof(struct view, a) == offsetof(struct kernel, b), #view "." #a)
SAME_PLACE(waitq_view, waitq, word, lock.raw.word);
SAME_PLACE(waitq_view, waitq, rank, lock.rank);
SAME_PLACE(waitq_view, waitq, waiters, waiters);
_Static_assert(sizeof(struct waitq_view) == sizeof(struct waitq), "struct waitq_view");
SAME_PLACE(waiter_view, waiter, link, link);
SAME_PLACE(waiter_view, waiter, wake, wake);
_Static_assert(sizeof(struct waiter_view) >= sizeof(struct waiter), "struct waiter_view");
_Static_assert((int)VIEW_PARK_INTERRUPTIBLE == PARK_INTERRUPTIBLE &&
		       (int)VIEW_PARK_KILLABLE == PARK_KILLABLE,
	       "park modes");

static struct waitq *queue(struct waitq_view *q)
{
	return (struct waitq *)(void *)q;
}

static struct waiter *waiter(struct waiter_view *w)
{
	return (struct waiter *)(void *)w;
}

/* ---- wait queues ---- */

void module_waitq_init(struct waitq_view *q)
{
	waitq_init(queue(q));
}

static bool is_queued(const struct waiter_view *w)
{
	return w->link.prev && w->link.prev != &w->link;
}

void module_wait_add(struct waitq_view *q, struct waiter_view *w)
{
	if (is_queued(w))
		return;
	if (w->exclusive)
		waitq_add_exclusive(queue(q), waiter(w));
	else
		waitq_add(queue(q), waiter(w));
}

void module_wait_del(struct waitq_view *q, struct waiter_view *w)
{
	if (is_queued(w))
		waitq_del(queue(q), waiter(w));
	list_init(&w->link);
}

int module_wait_park(int mode, unsigned long long deadline_ns)
{
	return thread_park((enum park_mode)mode, deadline_ns);
}

void module_wake_one(struct waitq_view *q)
{
	waitq_wake_one(queue(q));
}

void module_wake_all(struct waitq_view *q)
{
	waitq_wake_all(queue(q));
}

/* ---- what preempt_count() shows ---- */

/* The kernel does not preempt itself: the count is there to be looked at. It is the task's. */
void module_preempt_add(int n)
{
	struct task *me = current_task();

	me->module_preempt = (uint16_t)(me->module_preempt + n);
	barrier();
}

int module_preempt_count(void)
{
	return current_task()->module_preempt + (module_in_softirq() ? VIEW_SOFTIRQ_OFFSET : 0);
}

/* ---- spinlocks ---- */

/* Somebody else has it. */
static void spin_pause(void)
{
	if (irqs_enabled() && sched_running)
		sched_yield_current();
	else
		cpu_relax();
}

void module_spin_lock(struct lock_view *l)
{
	while (!spin_take_free((struct raw_spinlock *)(void *)l))
		spin_pause();
	module_preempt_add(1);
}

static bool counted(bool taken)
{
	if (taken)
		module_preempt_add(1);
	return taken;
}

bool module_spin_trylock(struct lock_view *l)
{
	return counted(spin_take_free((struct raw_spinlock *)(void *)l));
}

void module_spin_unlock(struct lock_view *l)
{
	spin_release((struct raw_spinlock *)(void *)l);
	module_preempt_add(-1);
}

/* With interrupts off once it has the lock. Return: the flags from before. */
unsigned long module_spin_lock_irqsave(struct lock_view *l)
{
	for (;;) {
		irqflags_t flags = irq_save();

		if (counted(spin_take_free((struct raw_spinlock *)(void *)l)))
			return flags;
		irq_restore(flags);
		spin_pause();
	}
}

static bool change(int *word, int from, int to)
{
	return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static bool read_take(int *word)
{
	int now = __atomic_load_n(word, __ATOMIC_RELAXED);

	return now >= 0 && change(word, now, now + 1);
}

static bool write_take(int *word)
{
	return change(word, 0, -1);
}

/* Return: nobody has it any more. */
static bool give_back(int *word)
{
	if (change(word, -1, 0))
		return true;
	return __atomic_sub_fetch(word, 1, __ATOMIC_SEQ_CST) == 0;
}

struct rwlock_view module_tasklist_lock;

void module_read_lock(struct rwlock_view *l)
{
	if (l == &module_tasklist_lock)
		module_look();
	while (!read_take(&l->word))
		spin_pause();
	module_preempt_add(1);
}

void module_write_lock(struct rwlock_view *l)
{
	while (!write_take(&l->word))
		spin_pause();
	module_preempt_add(1);
}

bool module_read_trylock(struct rwlock_view *l)
{
	return counted(read_take(&l->word));
}

bool module_write_trylock(struct rwlock_view *l)
{
	return counted(write_take(&l->word));
}

void module_rw_unlock(struct rwlock_view *l)
{
	(void)give_back(&l->word);
	module_preempt_add(-1);
}

/* ---- mutexes ---- */

static bool mutex_take(struct mutex_view *m)
{
	void *nobody = NULL;

	return __atomic_compare_exchange_n(&m->owner, &nobody, (void *)thread_self(), false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

int module_mutex_lock(struct mutex_view *m, int mode)
{
	return wait_event_exclusive(queue(&m->wait), mutex_take(m), (enum park_mode)mode,
				    PARK_FOREVER);
}

bool module_mutex_trylock(struct mutex_view *m)
{
	return mutex_take(m);
}

void module_mutex_unlock(struct mutex_view *m)
{
	__atomic_store_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
	waitq_wake_one(queue(&m->wait));
}

/* ---- semaphores ---- */

bool module_sema_try(struct sema_view *s)
{
	int now = __atomic_load_n(&s->count, __ATOMIC_RELAXED);

	while (now > 0)
		if (__atomic_compare_exchange_n(&s->count, &now, now - 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

int module_sema_down(struct sema_view *s, int mode, unsigned long long deadline_ns)
{
	return wait_event_exclusive(queue(&s->wait), module_sema_try(s), (enum park_mode)mode,
				    deadline_ns);
}

void module_sema_up(struct sema_view *s)
{
	(void)__atomic_fetch_add(&s->count, 1, __ATOMIC_SEQ_CST);
	waitq_wake_one(queue(&s->wait));
}

/* ---- reader-writer semaphores; those of address spaces are the kernel's (view_mm.c) ---- */

bool module_rwsem_try(struct rwsem_view *s, bool write)
{
	if (s->mm)
		return write ? module_mmap_write_trylock(s->mm) : module_mmap_read_trylock(s->mm);
	return write ? write_take(&s->word) : read_take(&s->word);
}

void module_rwsem_down(struct rwsem_view *s, bool write)
{
	if (!s->mm)
		wait_event(queue(&s->wait), module_rwsem_try(s, write));
	else if (write)
		module_mmap_write_lock(s->mm);
	else
		module_mmap_read_lock(s->mm);
}

void module_rwsem_up(struct rwsem_view *s, bool write)
{
	if (s->mm && write)
		module_mmap_write_unlock(s->mm);
	else if (s->mm)
		module_mmap_read_unlock(s->mm);
	else if (give_back(&s->word))
		waitq_wake_all(queue(&s->wait));
}

void module_rwsem_downgrade(struct rwsem_view *s)
{
	if (s->mm) { /* the write lock will do */
		module_mmap_write_unlock(s->mm);
		module_mmap_read_lock(s->mm);
	} else if (change(&s->word, -1, 1)) {
		waitq_wake_all(queue(&s->wait));
	}
}

/* ---- completions ---- */

enum { DONE_FOR_ALL = UINT_MAX / 2 };

bool module_completion_try(struct completion_view *c)
{
	unsigned now = __atomic_load_n(&c->done, __ATOMIC_RELAXED);

	while (now && now < DONE_FOR_ALL)
		if (__atomic_compare_exchange_n(&c->done, &now, now - 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	return now != 0;
}

static struct raw_spinlock *guard(struct completion_view *c)
{
	return (struct raw_spinlock *)(void *)&c->guard;
}

/* I2: whoever completed it has left it. */
int module_completion_wait(struct completion_view *c, int mode, unsigned long long deadline_ns)
{
	int err = wait_event_exclusive(queue(&c->wait), module_completion_try(c),
				       (enum park_mode)mode, deadline_ns);

	spin_take(guard(c));
	spin_release(guard(c));
	return err;
}

void module_complete(struct completion_view *c, bool all)
{
	spin_take(guard(c));
	if (all)
		__atomic_store_n(&c->done, DONE_FOR_ALL, __ATOMIC_SEQ_CST);
	else if (c->done < DONE_FOR_ALL)
		(void)__atomic_fetch_add(&c->done, 1, __ATOMIC_SEQ_CST);
	if (all)
		waitq_wake_all(queue(&c->wait));
	else
		waitq_wake_one(queue(&c->wait));
	spin_release(guard(c));
}

/* ---- time ---- */

static const uint64_t tick_ns = NSEC_PER_SEC / CFG_HZ;

unsigned long module_jiffies(void)
{
	return (unsigned long)(clock_ns() / tick_ns);
}

unsigned long long module_jiffies64(void)
{
	return clock_ns() / tick_ns;
}

/* The moment that jiffies will be, or was, @jiffies. */
unsigned long long module_jiffies_ns(unsigned long jiffies)
{
	uint64_t now = clock_ns() / tick_ns;
	long delta = (long)(jiffies - (unsigned long)now);

	return delta <= 0 ? 0 : (now + (unsigned long)delta) * tick_ns;
}

/* @timeout ticks from now; LONG_MAX: never. */
unsigned long long module_deadline(long timeout)
{
	if (timeout == LONG_MAX)
		return PARK_FOREVER;
	return clock_ns() + (timeout > 0 ? (uint64_t)timeout * tick_ns : 0);
}

/* What is left of it, in ticks, at least 1. */
long module_left(unsigned long long deadline_ns)
{
	uint64_t now = clock_ns();

	if (deadline_ns == PARK_FOREVER)
		return LONG_MAX;
	return now + tick_ns >= deadline_ns ? 1 : (long)((deadline_ns - now) / tick_ns);
}
