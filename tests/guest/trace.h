/* For tests of ptrace(2): a traced child, its stops, its registers on both ABIs. */
#ifndef TRACE_H
#define TRACE_H

#include "tap.h"

#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif
#ifndef __WALL
#define __WALL 0x40000000
#endif
#ifdef __x86_64__
#define REG_IP	 rip
#define REG_AX	 rax
#define REG_NR	 orig_rax
#define REG_ARG0 rdi
#define REG_ARG1 rsi
#define REG_FL	 eflags
#define REG_SP	 rsp
#else
#define REG_IP	 eip
#define REG_AX	 eax
#define REG_NR	 orig_eax
#define REG_ARG0 ebx
#define REG_ARG1 ecx
#define REG_FL	 eflags
#define REG_SP	 esp
#endif
#define STOPPED(sig)	(0x7f | (sig) << 8)
#define EVENT(e)	(0x7f | SIGTRAP << 8 | (e) << 16)
#define GROUP_STOP(sig) (0x7f | (sig) << 8 | 128 << 16)
#define CALL_STOP	STOPPED(SIGTRAP | 0x80)

/* The calls themselves: C libraries add to PEEK and to errors. */
static long trace(long request, pid_t pid, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, (long)pid, addr, data);
}

static long peek(long request, pid_t pid, unsigned long addr)
{
	long v = -1;

	return trace(request, pid, addr, (unsigned long)&v) ? -1 : v;
}

/* The next thing that happens to @pid. */
static int next_stop(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int go_on(long request, pid_t pid, int sig)
{
	return trace(request, pid, 0, (unsigned long)sig) ? -1 : next_stop(pid);
}

static struct user_regs_struct regs_of(pid_t pid)
{
	struct user_regs_struct r;

	memset(&r, 0, sizeof(r));
	EQ(trace(PTRACE_GETREGS, pid, 0, (unsigned long)&r), 0);
	return r;
}

static void set_regs(pid_t pid, const struct user_regs_struct *r)
{
	EQ(trace(PTRACE_SETREGS, pid, 0, (unsigned long)r), 0);
}

/* A child that asks to be traced, stops, and runs @fn; it is stopped already. */
static pid_t traced_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0))
			_exit(90);
		raise(SIGSTOP);
		_exit(fn(arg));
	}
	if (pid > 0)
		EQ(next_stop(pid), STOPPED(SIGSTOP));
	return pid;
}

/* The end of a child, whatever it does. */
static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) > 0)
		;
}

#endif
