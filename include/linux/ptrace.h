/* Registers, and who traces whom. */
#ifndef _LINUX_PTRACE_H
#define _LINUX_PTRACE_H

#include <linux/sched.h>

#include <asm/ptrace.h>

/* With which @task has entered the kernel from its program, as of now; of a kernel thread all zero. Its copy is the view's. */
struct pt_regs *task_pt_regs(struct task_struct *task);
#define current_pt_regs() task_pt_regs(current)

#endif
