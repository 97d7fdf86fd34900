/* Registers, and who traces whom. */
#ifndef _LINUX_PTRACE_H
#define _LINUX_PTRACE_H

#include <linux/sched.h>

#include <asm/ptrace.h>

#endif
