/*
 * seccomp(2): the call, and /proc/sys/kernel/seccomp.
 *
 * WHY      user notification is not there: SECCOMP_FILTER_FLAG_NEW_LISTENER and SECCOMP_GET_NOTIF_SIZES are answered as by a
 *          Linux before 5.0, and its action is not one that SECCOMP_GET_ACTION_AVAIL knows.
 * CONTEXT  a task in a system call; sleeps.   SOURCES  seccomp(2).   TESTED BY  tests/guest/proc_seccomp.c
 */
#include "sys/sys.h"

#include "fs/proc.h"
#include "lib/bpf.h"
#include "mm/slab.h"
#include "sync/kassert.h"

enum { SET_STRICT, SET_FILTER, GET_ACTION_AVAIL };

struct sock_fprog_k {
	uint16_t len;
	unsigned long filter;
};

static long set_filter(unsigned long flags, uaddr_t from)
{
	struct sock_fprog_k prog;
	struct bpf_insn *insns;
	size_t size;
	long ret;

	if (flags & ~(unsigned long)SECCOMP_FLAGS)
		return -EINVAL;
	if (get_abi(&prog, from, "sp"))
		return -EFAULT;
	if (!prog.len || prog.len > BPF_INSNS_MAX)
		return -EINVAL;
	size = prog.len * sizeof(*insns);
	insns = kmalloc(size, GFP_KERNEL);
	if (!insns)
		return -ENOMEM;
	ret = copy_from_user(insns, prog.filter, size)
		      ? -EFAULT
		      : seccomp_add_filter(insns, prog.len, (unsigned)flags);
	kfree(insns);
	return ret;
}

SYS(seccomp)
{
	uint32_t action;

	switch (a0) {
	case SET_STRICT:
		return a1 || a2 ? -EINVAL : seccomp_set_strict();
	case SET_FILTER:
		return set_filter((unsigned)a1, a2);
	case GET_ACTION_AVAIL:
		if (a1)
			return -EINVAL;
		if (get_user(&action, a2))
			return -EFAULT;
		return seccomp_knows(action) ? 0 : -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

long seccomp_by_prctl(unsigned long mode, uaddr_t filter)
{
	switch (mode) {
	case SECCOMP_STRICT:
		return seccomp_set_strict();
	case SECCOMP_FILTER:
		return set_filter(0, filter);
	default:
		return -EINVAL;
	}
}

static int actions_show(struct seq_file *m)
{
	seq_puts(m, "kill_process kill_thread trap errno trace log allow\n");
	return 0;
}

void seccomp_init(void)
{
	static struct proc_entry actions = { .show = actions_show };

	boot_need(proc_register("sys/kernel/seccomp/actions_avail", 0444, &actions), "/proc/",
		  "sys/kernel/seccomp/actions_avail");
}
