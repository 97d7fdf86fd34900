/*
 * prctl(2).
 *
 * WHY      a table by option: what arguments an option leaves unused has to be zero for some and is ignored for others, and
 *          that is said in one place.
 * LOCKS    none here.   CONTEXT  a task in a system call; may sleep.
 * FAILS    -EINVAL for options of other machines and of parts that are not there (perf, SVE, …), as a Linux built
 *          without them.
 * SOURCES  prctl(2), capabilities(7).   TESTED BY  tests/guest/proc_prctl.c
 */
#include "sys/sys.h"

#include "arch/ptrace.h"
#include "kernel/seccomp.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/thp.h"

enum {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_GET_KEEPCAPS = 7,
	PR_SET_KEEPCAPS = 8,
	PR_GET_TIMING = 13,
	PR_SET_TIMING = 14,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_SET_SECCOMP = 22,
	PR_CAPBSET_READ = 23,
	PR_CAPBSET_DROP = 24,
	PR_GET_TSC = 25,
	PR_SET_TSC = 26,
	PR_GET_SECUREBITS = 27,
	PR_SET_SECUREBITS = 28,
	PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_CHILD_SUBREAPER = 37,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_GET_TID_ADDRESS = 40,
	PR_SET_THP_DISABLE = 41,
	PR_GET_THP_DISABLE = 42,
	PR_CAP_AMBIENT = 47,
	PR_GET_SPECULATION_CTRL = 52,
	PR_LAST = 65
};

/* ---- of the thread ---- */

static long set_name(unsigned long uname)
{
	struct task *t = current_task();
	char name[sizeof(t->comm)];
	long n = strncpy_from_user(name, uname, sizeof(name) - 1);

	if (n < 0)
		return n;
	memset(name + n, 0, sizeof(name) - (size_t)n);
	memcpy(t->comm, name, sizeof(t->comm));
	return 0;
}

static long get_name(unsigned long to)
{
	return copy_to_user(to, current_task()->comm, sizeof(current_task()->comm)) ? -EFAULT : 0;
}

static long set_pdeathsig(unsigned long sig)
{
	if (sig > NSIG)
		return -EINVAL;
	current_task()->pdeath_signal = (int)sig;
	return 0;
}

static long get_pdeathsig(unsigned long to)
{
	return put_user(to, &current_task()->pdeath_signal);
}

static long set_timerslack(unsigned long ns)
{
	struct task *t = current_task();

	t->timer_slack_ns = (long)ns > 0 ? ns : t->default_timer_slack_ns;
	return 0;
}

static long get_timerslack(unsigned long unused)
{
	return (long)current_task()->timer_slack_ns;
}

static long get_tid_address(unsigned long to)
{
	return put_abi(to, &current_task()->clear_child_tid, "p");
}

/* ---- of the process ---- */

static long get_dumpable(unsigned long unused)
{
	return current_task()->signal->dumpable;
}

static long set_dumpable(unsigned long on)
{
	if (on > SUID_DUMP_USER)
		return -EINVAL;
	WRITE_ONCE(current_task()->signal->dumpable, (uint8_t)on);
	return 0;
}

static long set_no_new_privs(unsigned long on)
{
	if (on != 1)
		return -EINVAL;
	seccomp_no_new_privs();
	return 0;
}

static long get_no_new_privs(unsigned long unused)
{
	return current_task()->no_new_privs;
}

static long get_seccomp(unsigned long unused)
{
	return current_task()->seccomp.mode;
}

static long set_thp_disable(unsigned long on)
{
	mm_set_thp_disable(current_task()->mm_ctx.mm, on);
	return 0;
}

static long get_thp_disable(unsigned long unused)
{
	return current_task()->mm_ctx.mm->thp_disable;
}

static long set_subreaper(unsigned long on)
{
	WRITE_ONCE(current_task()->signal->is_subreaper, on != 0);
	return 0;
}

static long get_subreaper(unsigned long to)
{
	int on = current_task()->signal->is_subreaper;

	return put_user(to, &on);
}

/* ---- what these CPUs do not have a choice of ---- */

enum {
	TIMING_STATISTICAL,
	TSC_ENABLE = 1,
	TSC_SIGSEGV = 2,
	SPEC_NOT_AFFECTED = 0,
	NR_SPECULATIONS = 2
};

static long get_timing(unsigned long unused)
{
	return TIMING_STATISTICAL;
}

static long set_timing(unsigned long how)
{
	return how == TIMING_STATISTICAL ? 0 : -EINVAL;
}

static long get_tsc(unsigned long to)
{
	int how = arch_tsc_is_on() ? TSC_ENABLE : TSC_SIGSEGV;

	return put_user(to, &how);
}

static long set_tsc(unsigned long how)
{
	if (how != TSC_ENABLE && how != TSC_SIGSEGV)
		return -EINVAL;
	arch_set_tsc(how == TSC_ENABLE);
	return 0;
}

/* Store bypass and indirect branches of an emulated CPU. */
static long get_speculation(unsigned long which)
{
	return which < NR_SPECULATIONS ? SPEC_NOT_AFFECTED : -ENODEV;
}

/* ---- capabilities ---- */

static long get_securebits(unsigned long unused)
{
	return (long)current_task()->cred->securebits;
}

/* A copy of the credentials to change; cred_commit installs it. NULL: no memory. */
static struct cred *own_cred_dup(void)
{
	return cred_dup(current_task()->cred);
}

static long install_securebits(uint32_t bits)
{
	struct cred *c = own_cred_dup();

	if (!c)
		return -ENOMEM;
	c->securebits = bits;
	cred_commit(c);
	return 0;
}

/* A lock is the bit above what it locks. */
static long set_securebits(unsigned long bits)
{
	uint32_t old = current_task()->cred->securebits, locks = SECURE_ALL_BITS << 1;

	if ((((old & locks) >> 1) & (old ^ bits)) || (old & locks & ~bits) ||
	    bits & ~(unsigned long)(locks | SECURE_ALL_BITS) || !capable(CAP_SETPCAP))
		return -EPERM;
	return install_securebits((uint32_t)bits);
}

static long get_keepcaps(unsigned long unused)
{
	return !!(current_task()->cred->securebits & SECURE_KEEP_CAPS);
}

static long set_keepcaps(unsigned long on)
{
	uint32_t old = current_task()->cred->securebits;

	if (on > 1)
		return -EINVAL;
	if (old & SECURE_KEEP_CAPS << 1)
		return -EPERM;
	return install_securebits(on ? old | SECURE_KEEP_CAPS : old & ~SECURE_KEEP_CAPS);
}

static long capbset_read(unsigned long cap)
{
	return cap > CAP_LAST ? -EINVAL : (long)(current_task()->cred->cap_bounding >> cap & 1);
}

static long capbset_drop(unsigned long cap)
{
	struct cred *c;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST)
		return -EINVAL;
	c = own_cred_dup();
	if (!c)
		return -ENOMEM;
	c->cap_bounding &= ~(1ULL << cap);
	cred_commit(c);
	return 0;
}

enum { AMBIENT_IS_SET = 1, AMBIENT_RAISE, AMBIENT_LOWER, AMBIENT_CLEAR_ALL };

static bool may_raise_ambient(const struct cred *c, unsigned long cap)
{
	return (c->cap_permitted & c->cap_inheritable) >> cap & 1 &&
	       !(c->securebits & SECURE_NO_CAP_AMBIENT_RAISE);
}

static long cap_ambient(unsigned long op, unsigned long cap)
{
	const struct cred *old = current_task()->cred;
	struct cred *c;

	if (op == AMBIENT_CLEAR_ALL ? cap
				    : op < AMBIENT_IS_SET || op > AMBIENT_LOWER || cap > CAP_LAST)
		return -EINVAL;
	if (op == AMBIENT_IS_SET)
		return (long)(old->cap_ambient >> cap & 1);
	if (op == AMBIENT_RAISE && !may_raise_ambient(old, cap))
		return -EPERM;
	c = own_cred_dup();
	if (!c)
		return -ENOMEM;
	if (op == AMBIENT_RAISE)
		c->cap_ambient |= 1ULL << cap;
	else
		c->cap_ambient &= op == AMBIENT_CLEAR_ALL ? 0 : ~(1ULL << cap);
	cred_commit(c);
	return 0;
}

/* ---- the call ---- */

/* @used: arguments the option has; those beyond are to be zero if @strict, else nobody looks. */
struct prctl_option {
	long (*fn)(unsigned long arg);
	uint8_t used;
	bool strict;
};

static const struct prctl_option options[PR_LAST] = {
	[PR_SET_PDEATHSIG] = { set_pdeathsig, 1, false },
	[PR_GET_PDEATHSIG] = { get_pdeathsig, 1, false },
	[PR_GET_DUMPABLE] = { get_dumpable, 0, false },
	[PR_SET_DUMPABLE] = { set_dumpable, 1, false },
	[PR_GET_KEEPCAPS] = { get_keepcaps, 0, false },
	[PR_SET_KEEPCAPS] = { set_keepcaps, 1, false },
	[PR_GET_TIMING] = { get_timing, 0, false },
	[PR_SET_TIMING] = { set_timing, 1, false },
	[PR_SET_NAME] = { set_name, 1, false },
	[PR_GET_NAME] = { get_name, 1, false },
	[PR_CAPBSET_READ] = { capbset_read, 1, false },
	[PR_CAPBSET_DROP] = { capbset_drop, 1, false },
	[PR_GET_SECCOMP] = { get_seccomp, 0, false },
	[PR_GET_TSC] = { get_tsc, 1, false },
	[PR_SET_TSC] = { set_tsc, 1, false },
	[PR_GET_SECUREBITS] = { get_securebits, 0, false },
	[PR_SET_SECUREBITS] = { set_securebits, 1, false },
	[PR_SET_TIMERSLACK] = { set_timerslack, 1, false },
	[PR_GET_TIMERSLACK] = { get_timerslack, 0, false },
	[PR_SET_CHILD_SUBREAPER] = { set_subreaper, 1, false },
	[PR_GET_CHILD_SUBREAPER] = { get_subreaper, 1, false },
	[PR_SET_NO_NEW_PRIVS] = { set_no_new_privs, 1, true },
	[PR_GET_NO_NEW_PRIVS] = { get_no_new_privs, 0, true },
	[PR_GET_TID_ADDRESS] = { get_tid_address, 1, false },
	[PR_SET_THP_DISABLE] = { set_thp_disable, 1, true },
	[PR_GET_THP_DISABLE] = { get_thp_disable, 0, true },
	[PR_GET_SPECULATION_CTRL] = { get_speculation, 1, true },
};

SYS(prctl)
{
	const struct prctl_option *o = a0 < PR_LAST ? &options[a0] : NULL;

	if (a0 == PR_CAP_AMBIENT)
		return a3 || a4 ? -EINVAL : cap_ambient(a1, a2);
	if (a0 == PR_SET_SECCOMP)
		return seccomp_by_prctl(a1, a2);
	if (!o || !o->fn)
		return -EINVAL;
	if (o->strict && ((a1 && o->used < 1) || a2 || a3 || a4))
		return -EINVAL;
	return o->fn(a1);
}
