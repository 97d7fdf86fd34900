/*
 * seccomp(2): a thread that is allowed few system calls, or those that its filters let through.
 */
#ifndef KERNEL_SECCOMP_H
#define KERNEL_SECCOMP_H

#include "arch/regs.h"
#include "base/compiler.h"
#include "base/types.h"

struct bpf_insn;
struct task;
struct seccomp_filter;

enum { SECCOMP_DISABLED, SECCOMP_STRICT, SECCOMP_FILTER };
enum {
	SECCOMP_FLAG_TSYNC = 1,
	SECCOMP_FLAG_LOG = 2,
	SECCOMP_FLAG_SPEC_ALLOW = 4,
	SECCOMP_FLAG_TSYNC_ESRCH = 16
};
#define SECCOMP_FLAGS                                                                              \
	((unsigned)(SECCOMP_FLAG_TSYNC | SECCOMP_FLAG_LOG | SECCOMP_FLAG_SPEC_ALLOW |              \
		    SECCOMP_FLAG_TSYNC_ESRCH))

/* What a filter says, in the upper half of its verdict; the lower half is its data. */
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#define SECCOMP_RET_KILL_THREAD	 0x00000000U
#define SECCOMP_RET_TRAP	 0x00030000U
#define SECCOMP_RET_ERRNO	 0x00050000U
#define SECCOMP_RET_TRACE	 0x7ff00000U
#define SECCOMP_RET_LOG		 0x7ffc0000U
#define SECCOMP_RET_ALLOW	 0x7fff0000U

/* Part of each task. t: changed with tasklist_lock held; the thread itself reads without. */
struct task_seccomp {
	int mode;
	unsigned nr_filters;
	struct seccomp_filter *filter; /* the newest; referenced */
};

/*
 * The call of @regs, number @nr, of the running thread, whose mode is not SECCOMP_DISABLED. Return: it is to be made, as
 * regs->orig_ax and the arguments say now; false: regs->ax is its result. May sleep, and may not return.
 */
bool must_check seccomp_call(struct pt_regs *regs, int nr);
/* The calling thread from now on. 0, -EINVAL (another mode is on). */
int must_check seccomp_set_strict(void);
/*
 * A filter more for the calling thread, with SECCOMP_FLAG_TSYNC for all of its process: they have all of its filters when
 * this returns. 0; a thread's number, which has others (-ESRCH with
 * SECCOMP_FLAG_TSYNC_ESRCH); -EINVAL, -EACCES, -ENOMEM.
 */
int must_check seccomp_add_filter(const struct bpf_insn *insns, unsigned nr, unsigned flags);
/* PR_SET_NO_NEW_PRIVS: no execve gives the calling thread and those it makes new rights. */
void seccomp_no_new_privs(void);
/* @c, in the table from now on, has what the caller has. tasklist_lock held. */
void seccomp_fork(struct task *c);
void seccomp_free(struct task *t);   /* the last reference to @t is gone */
bool seccomp_knows(uint32_t action); /* ... of a filter */

#endif
