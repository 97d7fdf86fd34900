/* Probes in the kernel's code. */
#ifndef _LINUX_KPROBES_H
#define _LINUX_KPROBES_H

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include <asm/ptrace.h>

#define kprobe_view		kprobe
#define kretprobe_view		kretprobe
#define kretprobe_instance_view kretprobe_instance
struct kretprobe_instance;
#include "module/probe_view.h"

typedef unsigned char kprobe_opcode_t;
typedef int (*kprobe_pre_handler_t)(struct kprobe *p, struct pt_regs *regs);
typedef void (*kprobe_post_handler_t)(struct kprobe *p, struct pt_regs *regs, unsigned long flags);
typedef int (*kretprobe_handler_t)(struct kretprobe_instance *ri, struct pt_regs *regs);

#define KPROBE_FLAG_GONE     PROBE_GONE
#define KPROBE_FLAG_DISABLED PROBE_DISABLED
#define NOKPROBE_SYMBOL(f)
#define __kprobes
#define nokprobe_inline inline

int register_kprobe(struct kprobe *p);
void unregister_kprobe(struct kprobe *p);
int register_kretprobe(struct kretprobe *rp);
void unregister_kretprobe(struct kretprobe *rp);
int module_kprobe_enable(struct kprobe *p, bool on);

#define enable_kprobe(p)	  module_kprobe_enable(p, true)
#define disable_kprobe(p)	  module_kprobe_enable(p, false)
#define enable_kretprobe(rp)	  enable_kprobe(&(rp)->kp)
#define disable_kretprobe(rp)	  disable_kprobe(&(rp)->kp)
#define kprobe_disabled(p)	  ((p)->flags & (KPROBE_FLAG_DISABLED | KPROBE_FLAG_GONE))
#define get_kretprobe(ri)	  ((ri)->rp)
#define get_kretprobe_retaddr(ri) ((unsigned long)(ri)->ret_addr)

static inline void unregister_kprobes(struct kprobe **all, int n)
{
	while (n-- > 0)
		unregister_kprobe(all[n]);
}

static inline int register_kprobes(struct kprobe **all, int n)
{
	int err = n <= 0 ? -EINVAL : 0;

	for (int i = 0; i < n && !err; i++) {
		err = register_kprobe(all[i]);
		if (err)
			unregister_kprobes(all, i);
	}
	return err;
}

static inline void unregister_kretprobes(struct kretprobe **all, int n)
{
	while (n-- > 0)
		unregister_kretprobe(all[n]);
}

static inline int register_kretprobes(struct kretprobe **all, int n)
{
	int err = n <= 0 ? -EINVAL : 0;

	for (int i = 0; i < n && !err; i++) {
		err = register_kretprobe(all[i]);
		if (err)
			unregister_kretprobes(all, i);
	}
	return err;
}

#endif
