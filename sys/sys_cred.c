/*
 * System calls on credentials: user and group ids, groups, capabilities.
 *
 * WHY      a struct cred never changes once installed: a call makes a copy, changes it and installs it whole.
 * LOCKS    tasklist_lock to install (other tasks read it).   CONTEXT  a task in a system call; may sleep.
 * SOURCES  setresuid(2), setfsuid(2), getgroups(2), capget(2), capabilities(7), credentials(7).
 */
#include "sys/sys.h"

#include "lib/string.h"

SYS(getuid)
{
	return (long)current_task()->cred->uid;
}

SYS(geteuid)
{
	return (long)current_task()->cred->euid;
}

SYS(getgid)
{
	return (long)current_task()->cred->gid;
}

SYS(getegid)
{
	return (long)current_task()->cred->egid;
}

static long put_three(uaddr_t ua, uaddr_t ub, uaddr_t uc, uint32_t a, uint32_t b, uint32_t c)
{
	if (put_user(ua, &a) || put_user(ub, &b) || put_user(uc, &c))
		return -EFAULT;
	return 0;
}

SYS(getresuid)
{
	const struct cred *c = current_task()->cred;

	return put_three(a0, a1, a2, c->uid, c->euid, c->suid);
}

SYS(getresgid)
{
	const struct cred *c = current_task()->cred;

	return put_three(a0, a1, a2, c->gid, c->egid, c->sgid);
}

/* Install @c as the caller's credentials; the user ids decide what capabilities remain (capabilities(7)). */
static void cred_install(struct cred *c)
{
	const struct cred *old = current_task()->cred;
	bool was_root = !old->uid || !old->euid || !old->suid;
	bool is_root = !c->uid || !c->euid || !c->suid;

	if (c->securebits & SECURE_NO_SETUID_FIXUP) {
		cred_commit(c);
		return;
	}
	if (was_root && !is_root) {
		c->cap_ambient = 0;
		if (!(c->securebits & SECURE_KEEP_CAPS))
			c->cap_permitted = c->cap_effective = 0;
	}
	if (!old->euid && c->euid)
		c->cap_effective = 0;
	else if (old->euid && !c->euid)
		c->cap_effective = c->cap_permitted;
	cred_commit(c);
}

/* What leaves the effective set with the file-system user id 0, and comes back with it. */
#define CAPS_OF_FS                                                                                 \
	(1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_DAC_READ_SEARCH |              \
	 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | 1ULL << CAP_LINUX_IMMUTABLE |                   \
	 1ULL << CAP_MKNOD | 1ULL << CAP_MAC_OVERRIDE)

static void fsuid_caps(struct cred *c, uint32_t old_fsuid)
{
	if (c->securebits & SECURE_NO_SETUID_FIXUP)
		return;
	if (!old_fsuid && c->fsuid)
		c->cap_effective &= ~CAPS_OF_FS;
	else if (old_fsuid && !c->fsuid)
		c->cap_effective |= c->cap_permitted & CAPS_OF_FS;
}

#define KEEP_ID ((uint32_t)-1)

struct ids { /* of a user, or of a group: real, effective, saved */
	uint32_t r, e, s;
};

static struct ids ids_now(bool group)
{
	const struct cred *c = current_task()->cred;

	return group ? (struct ids){ c->gid, c->egid, c->sgid }
		     : (struct ids){ c->uid, c->euid, c->suid };
}

static bool may_set_any(bool group)
{
	return capable(group ? CAP_SETGID : CAP_SETUID);
}

/* @to, where it is not KEEP_ID, is allowed. 0 or -ENOMEM. */
static long set_ids(bool group, struct ids to)
{
	struct cred *c = cred_dup(current_task()->cred);
	uint32_t *r, *e, *s;

	if (!c)
		return -ENOMEM;
	r = group ? &c->gid : &c->uid;
	e = group ? &c->egid : &c->euid;
	s = group ? &c->sgid : &c->suid;
	*r = to.r == KEEP_ID ? *r : to.r;
	*e = to.e == KEEP_ID ? *e : to.e;
	*s = to.s == KEEP_ID ? *s : to.s;
	*(group ? &c->fsgid : &c->fsuid) = *e;
	cred_install(c);
	return 0;
}

static bool is_one_of(uint32_t id, struct ids now)
{
	return id == KEEP_ID || id == now.r || id == now.e || id == now.s;
}

/* setresuid(2): without the capability each may become any of the three. */
static long set_three(bool group, struct ids to)
{
	struct ids now = ids_now(group);

	if (!may_set_any(group) &&
	    !(is_one_of(to.r, now) && is_one_of(to.e, now) && is_one_of(to.s, now)))
		return -EPERM;
	return set_ids(group, to);
}

SYS(setresuid)
{
	return set_three(false, (struct ids){ (uint32_t)a0, (uint32_t)a1, (uint32_t)a2 });
}

SYS(setresgid)
{
	return set_three(true, (struct ids){ (uint32_t)a0, (uint32_t)a1, (uint32_t)a2 });
}

/* setuid(2): with the capability all three, else the effective one becomes the real or the saved one. */
static long set_one(bool group, uint32_t id)
{
	struct ids now = ids_now(group);

	if (id == KEEP_ID)
		return -EINVAL;
	if (may_set_any(group))
		return set_ids(group, (struct ids){ id, id, id });
	return id == now.r || id == now.s ? set_ids(group, (struct ids){ KEEP_ID, id, KEEP_ID })
					  : -EPERM;
}

SYS(setuid)
{
	return set_one(false, (uint32_t)a0);
}

SYS(setgid)
{
	return set_one(true, (uint32_t)a0);
}

/*
 * setreuid(2): without the capability the real ID becomes one of the first two, the effective one any of the three. The saved one
 * follows when the real one is set or the effective one leaves the real one.
 */
static long set_two(bool group, uint32_t r, uint32_t e)
{
	struct ids now = ids_now(group), to = { r, e, KEEP_ID };

	if (!may_set_any(group) &&
	    !(is_one_of(e, now) && (r == KEEP_ID || r == now.r || r == now.e)))
		return -EPERM;
	if (r != KEEP_ID || (e != KEEP_ID && e != now.r))
		to.s = e != KEEP_ID ? e : now.e;
	return set_ids(group, to);
}

SYS(setreuid)
{
	return set_two(false, (uint32_t)a0, (uint32_t)a1);
}

SYS(setregid)
{
	return set_two(true, (uint32_t)a0, (uint32_t)a1);
}

/* setfsuid(2), setfsgid(2): Return the old id, whether or not it changed. */
static long set_fs_id(bool group, uint32_t id)
{
	struct cred *old = current_task()->cred, *c;
	uint32_t old_id = group ? old->fsgid : old->fsuid;
	bool ok = group ? id == old->gid || id == old->egid || id == old->sgid || id == old->fsgid
			: id == old->uid || id == old->euid || id == old->suid || id == old->fsuid;

	if (id == KEEP_ID || (!ok && !capable(group ? CAP_SETGID : CAP_SETUID)))
		return (long)old_id;
	c = cred_dup(old);
	if (!c)
		return (long)old_id;
	if (group)
		c->fsgid = id;
	else
		c->fsuid = id;
	if (!group)
		fsuid_caps(c, old_id);
	cred_commit(c);
	return (long)old_id;
}

SYS(setfsuid)
{
	return set_fs_id(false, (uint32_t)a0);
}

SYS(setfsgid)
{
	return set_fs_id(true, (uint32_t)a0);
}

SYS(getgroups)
{
	const struct cred *c = current_task()->cred;
	unsigned nr = c->groups ? c->groups->nr : 0;
	int size = (int)a0;

	if (size < 0 || (size && (unsigned)size < nr))
		return -EINVAL;
	if (size && nr && copy_to_user(a1, c->groups->id, nr * sizeof(c->groups->id[0])))
		return -EFAULT;
	return (long)nr;
}

long cred_set_groups(struct group_info *g)
{
	struct cred *c;
	unsigned i;

	for (i = 0; i < g->nr; i++)
		if (g->id[i] == (uint32_t)-1)
			return -EINVAL;
	c = cred_dup(current_task()->cred);
	if (!c)
		return -ENOMEM;
	groups_sort(g);
	groups_put(c->groups);
	c->groups = groups_get(g);
	cred_commit(c);
	return 0;
}

SYS(setgroups)
{
	unsigned nr = (unsigned)a0;
	struct group_info *g;
	long ret;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (nr > NGROUPS_MAX)
		return -EINVAL;
	g = groups_alloc(nr);
	if (!g)
		return -ENOMEM;
	ret = copy_from_user(g->id, a1, nr * sizeof(g->id[0])) ? -EFAULT : cred_set_groups(g);
	groups_put(g);
	return ret;
}

struct cap_header {
	uint32_t version;
	int pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};
#define CAP_HIGH_MASK ((1U << (CAP_LAST - 31)) - 1) /* what is not there is dropped, not refused */
enum { CAP_VERSION_1 = 0x19980330, CAP_VERSION_2 = 0x20071026, CAP_VERSION_3 = 0x20080522 };

/* Check the header; an unknown version is answered with the best one. Return: words of each set, or -errno. */
static long cap_words(uaddr_t uhdr, struct cap_header *h)
{
	uint32_t best = CAP_VERSION_3;

	if (get_user(h, uhdr))
		return -EFAULT;
	if (h->version == CAP_VERSION_1)
		return 1;
	if (h->version == CAP_VERSION_2 || h->version == CAP_VERSION_3)
		return 2;
	return put_user(uhdr, &best) ? -EFAULT : -EINVAL;
}

SYS(capget)
{
	struct cap_header h;
	struct cap_data d[2];
	struct task *t;
	struct cred c;
	long words = cap_words(a0, &h);

	if (words < 0)
		return words == -EINVAL && !a1 ? 0 : words;
	if (h.pid < 0)
		return -EINVAL;
	t = h.pid ? task_find(h.pid) : NULL;
	if (h.pid && !t)
		return -ESRCH;
	irqflags_t f = spin_lock_irqsave(&tasklist_lock);

	c = *(t ? t : current_task())->cred;
	spin_unlock_irqrestore(&tasklist_lock, f);
	if (t)
		task_put(t);
	for (int i = 0; i < 2; i++)
		d[i] = (struct cap_data){ (uint32_t)(c.cap_effective >> 32 * i),
					  (uint32_t)(c.cap_permitted >> 32 * i),
					  (uint32_t)(c.cap_inheritable >> 32 * i) };
	return copy_to_user(a1, d, (size_t)words * sizeof(d[0])) ? -EFAULT : 0;
}

SYS(capset)
{
	struct cap_header h;
	struct cap_data d[2] = { 0 };
	struct cred *old = current_task()->cred, *c;
	uint64_t eff, perm, inh;
	long words = cap_words(a0, &h);

	if (words < 0)
		return words;
	if (h.pid && h.pid != current_task()->pid)
		return -EPERM;
	if (copy_from_user(d, a1, (size_t)words * sizeof(d[0])))
		return -EFAULT;
	d[1] = (struct cap_data){ d[1].effective & CAP_HIGH_MASK, d[1].permitted & CAP_HIGH_MASK,
				  d[1].inheritable & CAP_HIGH_MASK };
	eff = d[0].effective | (uint64_t)d[1].effective << 32;
	perm = d[0].permitted | (uint64_t)d[1].permitted << 32;
	inh = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	if ((perm & ~old->cap_permitted) || (eff & ~perm) ||
	    inh & ~(old->cap_inheritable | old->cap_bounding) ||
	    (!capable(CAP_SETPCAP) && inh & ~(old->cap_inheritable | old->cap_permitted)))
		return -EPERM;
	c = cred_dup(old);
	if (!c)
		return -ENOMEM;
	c->cap_effective = eff;
	c->cap_permitted = perm;
	c->cap_inheritable = inh;
	c->cap_ambient &= perm & inh;
	cred_commit(c);
	return 0;
}
