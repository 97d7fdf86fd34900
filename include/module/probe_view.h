/* Probes: the layouts that both sides know. include/linux/kprobes.h gives them Linux's names. */
#ifndef MODULE_PROBE_VIEW_H
#define MODULE_PROBE_VIEW_H

#include "base/types.h"

struct pt_regs;
struct task_view;
struct kretprobe_instance_view;

struct kprobe_view {
	struct kprobe_view *next; /* at the same place, newest first */
	unsigned long nmissed;
	unsigned char *addr;
	const char *symbol_name;
	unsigned int offset;
	/* Not 0: it has said itself where to go on. */
	int (*pre_handler)(struct kprobe_view *p, struct pt_regs *regs);
	void (*post_handler)(struct kprobe_view *p, struct pt_regs *regs, unsigned long flags);
	int (*fault_handler)(struct kprobe_view *p, struct pt_regs *regs, int trapnr);
	unsigned char opcode;
	uint32_t flags;
};
enum { PROBE_GONE = 1, PROBE_DISABLED = 2 };

struct kretprobe_view {
	struct kprobe_view kp;
	int (*handler)(struct kretprobe_instance_view *ri, struct pt_regs *regs);
	/* Not 0: this call's return does not matter. */
	int (*entry_handler)(struct kretprobe_instance_view *ri, struct pt_regs *regs);
	int maxactive, nmissed;
	size_t data_size;
	struct kretprobe_instance_view *free; /* kernel's */
};

struct kretprobe_instance_view {
	struct kretprobe_instance_view *next;
	struct kretprobe_view *rp; /* NULL: it is gone */
	void *ret_addr;
	struct task_view *task;
	void *fp; /* where the return address is */
	const void *owner;
	char data[] __attribute__((aligned(8)));
};

#endif
