/*
 * What ends with a thread, or with its program: robust locks, locks that others wait for, the word its joiner waits at.
 *
 * WHY      the words change while the thread's memory is still there; whoever finds one afterwards sees that its owner died.
 * I1       the robust list is walked before the thread counts as gone (task_futex.exited): who then meets its number in a
 *          word meets it in a word that nobody will change.
 * LOCKS    none; user memory is read and written with faults.
 * COST     O(locks held), at most ROBUST_MAX.
 * SOURCES  get_robust_list(2), set_tid_address(2), futex(2).   TESTED BY  tests/guest/futex_pi.c, thread_basic.c
 */
#include "arch/abi.h"
#include "arch/uaccess.h"
#include "kernel/futex_impl.h"
#include "kernel/task.h"
#include "mm/mm.h"

enum { ROBUST_MAX = 2048 };

struct robust_entry {
	uaddr_t addr; /* of the word */
	bool pi;      /* bit 0 of the pointer to it */
	bool pending; /* the thread was about to take it or had just let go of it */
};

/*
 * A lock word of a dead owner: mark it, let one waiter see it. Those of a lock with an owner are given it instead
 * (pi_task_exit). A pending lock that is free has perhaps been let go of, and nobody woken yet.
 */
static void owner_died(const struct robust_entry *e, uint32_t tid)
{
	uint32_t old, seen;

	if (e->addr % sizeof(uint32_t) || get_user(&seen, e->addr))
		return;
	if (e->pending && !e->pi && !seen) {
		(void)futex_wake(e->addr, true, 1, UINT32_MAX);
		return;
	}
	do {
		old = seen;
		if ((old & FUTEX_TID_MASK) != tid)
			return;
		if (user_cmpxchg_u32(e->addr, old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return;
	} while (seen != old);
	if (!e->pi && old & FUTEX_WAITERS)
		(void)futex_wake(e->addr, true, 1, UINT32_MAX);
}

/* struct robust_list_head: list, futex_offset, list_op_pending. Bit 0 of a pointer marks a priority-inheritance lock. */
static void walk_robust_list(const struct task *t)
{
	unsigned long head[3], entry, next;
	struct robust_entry e = { 0 };
	unsigned i;

	if (get_abi(&head, t->futex.robust, "plp"))
		return;
	entry = head[0];
	for (i = 0; i < ROBUST_MAX && (entry & ~1UL) != t->futex.robust; i++) {
		bool last = get_abi(&next, entry & ~1UL, "p");

		e.addr = (entry & ~1UL) + head[1];
		e.pi = entry & 1;
		if ((entry & ~1UL) != (head[2] & ~1UL))
			owner_died(&e, (uint32_t)t->pid);
		if (last)
			return;
		entry = next;
	}
	e = (struct robust_entry){ (head[2] & ~1UL) + head[1], head[2] & 1, true };
	if (head[2])
		owner_died(&e, (uint32_t)t->pid);
}

void futex_exit_thread(struct task *t, bool for_good)
{
	static const uint32_t zero;

	if (!t->mm_ctx.mm)
		return;
	if (t->futex.robust)
		walk_robust_list(t);
	t->futex.robust = 0;
	pi_task_exit(t, for_good);
	if (t->clear_child_tid && atomic_read(&t->mm_ctx.mm->mm_users) > 1 &&
	    !put_user(t->clear_child_tid, &zero))
		(void)futex_wake(t->clear_child_tid, true, 1, UINT32_MAX);
	t->clear_child_tid = 0;
}
