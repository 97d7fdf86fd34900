/*
 * Credentials, and the counters of each user.
 *
 * OWNS     struct cred (immutable once installed, counted), struct user_account (one per real uid in use).
 * I1       account->refs counts the tasks and queued signals that point to it; at 0 it leaves the table.
 * I2       nr_tasks of an account is the number of published tasks whose t->account it is.
 * LOCKS    account_lock (rank OBJECT) guards the table; counters are atomic. t->cred and t->account change under
 *          tasklist_lock.
 * CONTEXT  charging a signal: any; the rest: threads.
 * SOURCES  credentials(7), capabilities(7), getrlimit(2) RLIMIT_NPROC, RLIMIT_SIGPENDING.
 */
#include "kernel/cred.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

#define ALL_CAPS ((1ULL << (CAP_LAST + 1)) - 1)

struct cred init_cred = {
	.refs = { 1 },
	.cap_permitted = ALL_CAPS,
	.cap_effective = ALL_CAPS,
	.cap_bounding = ALL_CAPS,
};

int sysctl_suid_dumpable;

struct user_account {
	struct list_head link; /* l */
	uint32_t uid;	       /* i */
	atomic_t refs;	       /* a; to 0 under the lock */
	atomic_t nr_tasks, nr_signals;
	atomic_long_t used[NR_USER_COUNTERS];
};

enum { ACCOUNT_BUCKETS = 32 };
static struct spinlock account_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head accounts[ACCOUNT_BUCKETS]; /* l; next NULL: not initialised yet */

struct cred *cred_get(struct cred *c)
{
	atomic_inc(&c->refs);
	return c;
}

void cred_put(struct cred *c)
{
	if (!c || !atomic_dec_and_test(&c->refs))
		return;
	groups_put(c->groups);
	kfree(c);
}

struct cred *cred_dup(const struct cred *c)
{
	struct cred *copy = failpoint("cred_dup") ? NULL : kmemdup(c, sizeof(*c), GFP_KERNEL);

	if (!copy)
		return NULL;
	atomic_set(&copy->refs, 1);
	(void)groups_get(copy->groups);
	return copy;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	return c->fsgid == gid || groups_have(c->groups, gid);
}

bool capable(unsigned cap)
{
	return current_task()->cred->cap_effective >> cap & 1;
}

/* Has @o nothing that user @uid, group @gid with @me's rights has not? */
static bool ids_match(const struct cred *o, uint32_t uid, uint32_t gid)
{
	return uid == o->uid && uid == o->euid && uid == o->suid && gid == o->gid &&
	       gid == o->egid && gid == o->sgid;
}

bool task_may_ptrace(struct task *t, bool real)
{
	const struct cred *me = current_task()->cred;
	uint64_t caps = real ? me->cap_permitted : me->cap_effective;
	irqflags_t flags;
	bool ok;

	if (t->signal == current_task()->signal || capable(CAP_SYS_PTRACE))
		return true;
	flags = spin_lock_irqsave(&tasklist_lock);
	ok = ids_match(t->cred, real ? me->uid : me->fsuid, real ? me->gid : me->fsgid) &&
	     !(t->cred->cap_permitted & ~caps) && t->signal->dumpable == SUID_DUMP_USER;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ok;
}

unsigned cred_mm_caps(const struct cred *c)
{
	return (c->cap_effective >> CAP_IPC_LOCK & 1 ? MM_CAP_IPC_LOCK : 0) |
	       (c->cap_effective >> CAP_SYS_RAWIO & 1 ? MM_CAP_SYS_RAWIO : 0) |
	       (c->cap_effective >> CAP_SYS_ADMIN & 1 ? MM_CAP_SYS_ADMIN : 0);
}

/* ---- accounts ---- */

static struct list_head *bucket_of(uint32_t uid)
{
	struct list_head *b = &accounts[uid % ACCOUNT_BUCKETS];

	if (!b->next)
		list_init(b);
	return b;
}

static struct user_account *find_locked(uint32_t uid)
{
	struct user_account *u;

	list_for_each_entry (u, bucket_of(uid), link)
		if (u->uid == uid)
			return u;
	return NULL;
}

struct user_account *user_account_get(uint32_t uid)
{
	struct user_account *fresh = NULL, *u;
	irqflags_t flags;

	for (;;) {
		flags = spin_lock_irqsave(&account_lock);
		u = find_locked(uid);
		if (!u && fresh) {
			list_add(&fresh->link, bucket_of(uid));
			u = fresh;
			fresh = NULL;
		}
		if (u)
			atomic_inc(&u->refs);
		spin_unlock_irqrestore(&account_lock, flags);
		if (u)
			break;
		fresh = failpoint("user_account") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
		if (!fresh)
			return NULL;
		fresh->uid = uid;
	}
	kfree(fresh);
	return u;
}

struct user_account *user_account_ref(struct user_account *u)
{
	atomic_inc(&u->refs);
	return u;
}

/* Return: done; false: it is the last one, which goes under the lock. */
static bool drop_unless_last(atomic_t *refs)
{
	int n = atomic_read(refs);

	while (n > 1) {
		if (atomic_cmpxchg(refs, n, n - 1))
			return true;
		n = atomic_read(refs);
	}
	return false;
}

void user_account_put(struct user_account *u)
{
	irqflags_t flags;

	if (!u || drop_unless_last(&u->refs))
		return;
	flags = spin_lock_irqsave(&account_lock);
	if (!atomic_dec_and_test(&u->refs)) {
		spin_unlock_irqrestore(&account_lock, flags);
		return;
	}
	list_del(&u->link);
	spin_unlock_irqrestore(&account_lock, flags);
	kfree(u);
}

void user_account_add_task(struct user_account *u, int n)
{
	atomic_add(&u->nr_tasks, n);
}

bool user_account_charge_signal(struct user_account *u, uint64_t limit)
{
	int n = atomic_add_return(&u->nr_signals, 1);

	if ((uint64_t)n <= limit) {
		(void)user_account_ref(u);
		return true;
	}
	atomic_dec(&u->nr_signals);
	return false;
}

void user_account_uncharge_signal(struct user_account *u)
{
	atomic_dec(&u->nr_signals);
	user_account_put(u);
}

unsigned user_account_signals(const struct user_account *u)
{
	return u ? (unsigned)atomic_read(&u->nr_signals) : 0;
}

bool user_account_charge(struct user_account *u, enum user_counter c, unsigned long n,
			 uint64_t limit)
{
	if ((uint64_t)atomic_long_add_return(&u->used[c], (long)n) <= limit)
		return true;
	atomic_long_add(&u->used[c], -(long)n);
	return false;
}

void user_account_uncharge(struct user_account *u, enum user_counter c, unsigned long n)
{
	atomic_long_add(&u->used[c], -(long)n);
}

unsigned nr_user_processes(uint32_t uid)
{
	irqflags_t flags = spin_lock_irqsave(&account_lock);
	struct user_account *u = find_locked(uid);
	int n = u ? atomic_read(&u->nr_tasks) : 0;

	spin_unlock_irqrestore(&account_lock, flags);
	return (unsigned)n;
}

/* Does who had @old gain or change rights by @c? Then its death sends what its parent chose no more, and others may not look into it, prctl(2). */
static bool cred_rises(const struct cred *old, const struct cred *c)
{
	return c->euid != old->euid || c->egid != old->egid || c->fsuid != old->fsuid ||
	       c->fsgid != old->fsgid || (c->cap_permitted & ~old->cap_permitted);
}

/* Without memory for a new account the task stays counted where it was: no failure is possible after setuid's checks. */
void cred_commit(struct cred *c)
{
	struct task *t = current_task();
	struct cred *old = t->cred;
	struct user_account *to = c->uid == old->uid ? NULL : user_account_get(c->uid),
			    *from = NULL;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	if (cred_rises(old, c)) {
		t->pdeath_signal = 0;
		WRITE_ONCE(t->signal->dumpable, (uint8_t)READ_ONCE(sysctl_suid_dumpable));
	}
	t->cred = c;
	t->mm_ctx.caps = cred_mm_caps(c);
	if (to) {
		from = t->account;
		user_account_add_task(to, 1);
		user_account_add_task(from, -1);
		t->account = to;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	user_account_put(from);
	cred_put(old);
}
