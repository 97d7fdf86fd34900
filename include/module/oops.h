/* What traps mean for modules: module/oops.c, kprobe.c. */
#ifndef MODULE_OOPS_H
#define MODULE_OOPS_H

#include "base/compiler.h"
#include "base/types.h"

bool modules_any(void);	      /* is one loaded? Any context. */
bool module_is_softirq(void); /* the running thread stands for an interrupt of modules' */
/* The running task ends in code of modules, of which @ips are addresses (none: of any): they stay for good. Interrupts off. */
void module_oops(const unsigned long *ips, unsigned n);

struct pt_regs;
/* A breakpoint in kernel code, @regs behind it: of a probe? Then they say where to go on. Interrupts off. */
bool must_check kprobe_trap(struct pt_regs *regs);

/* The line of reports that says where: processor, task, taints, version. */
void module_task_line(void);

#endif
