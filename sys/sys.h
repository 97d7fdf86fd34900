/*
 * System calls: one table (sys/table.inc) of name, i386 number, x86_64 number and handler. Every handler
 * takes the six argument registers as they came; it checks them and calls the floors below.
 * Return: result, or negative errno.
 */
#ifndef SYS_SYS_H
#define SYS_SYS_H

#include "arch/abi.h"
#include "arch/machine.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/imports.h"
#include "kernel/task.h"

#define SYS_ARGS                                                                                   \
	unsigned long a0, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,  \
		unsigned long a5
#define SYS(name) long sys_##name(SYS_ARGS)

#define SYSCALL(name, nr32, nr64, handler) SYS(handler);
#include "sys/table.inc"
#undef SYSCALL

/* A 64-bit argument that i386 passes in two registers, low half first. Shifted and joined it would take a dozen instructions. */
static inline uint64_t arg64(unsigned long low, unsigned long high)
{
	const union {
		uint32_t half[2];
		uint64_t whole;
	} both = { { (uint32_t)low, (uint32_t)high } };

	return abi_32() ? both.whole : low;
}

/* ---- shared among the files of sys/ ---- */
/*
 * A structure that grows from kernel to kernel: @user_size bytes at @from into the @size bytes at @to, the rest zero. What the
 * program's has beyond must be zero: -E2BIG; shorter than its first version, @least: -EINVAL; longer than a page: -E2BIG.
 */
int must_check get_struct(void *to, size_t size, size_t least, uaddr_t from, size_t user_size);
/* Bytes @known to @size of @from are 0. 0, -E2BIG, -EFAULT. */
int must_check user_rest_is_zero(uaddr_t from, size_t known, size_t size);
/* Lookup flags of an *at call; -EINVAL for bits not in @allowed. */
long at_lookup(unsigned flags, unsigned allowed);
/* setgroups(2), checked: 0, -ENOMEM. */
struct group_info;
long cred_set_groups(
	struct group_info *g); /* sorts it and takes a reference: 0, -EINVAL, -ENOMEM */
/* The caller has its own CLONE_FS and CLONE_FILES parts, of those in @flags, from now on. 0, -ENOMEM. */
int must_check unshare_parts(unsigned long flags);
/* Task by id (0: the caller), referenced; NULL. */
struct task *task_or_self(int pid);
struct timespec64_k;
/* User timespec of native longs, or of 64-bit fields (time64 calls); -EINVAL outside [0, 1e9). */
int must_check get_timespec(uaddr_t addr, bool time64, struct timespec64_k *out);
int must_check put_timespec(uaddr_t addr, bool time64, uint64_t ns);
/* struct itimerspec in either format: two timespecs. 0, -EFAULT, -EINVAL. */
int must_check get_itimerspec(uaddr_t addr, bool time64, uint64_t *value_ns, uint64_t *interval_ns);
int must_check put_itimerspec(uaddr_t addr, bool time64, uint64_t value_ns, uint64_t interval_ns);
/* ns of a timespec; saturates at PARK_FOREVER. */
uint64_t timespec_ns(const struct timespec64_k *ts);
/* Absolute deadline for a relative @ts; saturates. */
uint64_t deadline_after(const struct timespec64_k *ts);
/* User signal set of @size bytes (must be 8): 0, -EINVAL, -EFAULT. */
int must_check get_sigset(uaddr_t addr, size_t size, uint64_t *out);

/* The caller lets go of its memory, files and group, and ends (sys/exit.c). */
noreturn_ void do_exit(int code);

extern int exec_randomize; /* /proc/sys/kernel/randomize_va_space: 0, 1, 2 */

/* ioprio_set(2): may the caller have this? 0, -EINVAL, -EPERM. */
long check_ioprio(unsigned prio);

/* prctl(2) PR_SET_SECCOMP. */
long seccomp_by_prctl(unsigned long mode, uaddr_t filter);

void membarrier_init(void);
void seccomp_init(void);  /* /proc/sys/kernel/seccomp */
void core_init(void);	  /* /proc/sys/kernel/core_* */
void syscalls_init(void); /* /proc/mnemos/missing_syscalls */

#endif
