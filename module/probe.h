/* Kprobes and kretprobes: kprobe.c, kretprobe.c. */
#ifndef MODULE_PROBE_H
#define MODULE_PROBE_H

#include "arch/probe.h"
#include "module/api.h"
#include "module/oops.h"
#include "module/probe_view.h"

struct module;

int module_register_kprobe(struct kprobe_view *p);
void module_unregister_kprobe(struct kprobe_view *p);
int module_kprobe_enable(struct kprobe_view *p, bool on); /* 0, -EINVAL: not registered */
int module_register_kretprobe(struct kretprobe_view *rp);
void module_unregister_kretprobe(struct kretprobe_view *rp);

/* @p's handler runs on this CPU from now on; NULL: none. Return: whose did. */
struct kprobe_view *module_probe_begin(struct kprobe_view *p);
/* A function has come back to probe_return_here. */
bool must_check module_probe_returned(struct pt_regs *regs);
void module_probes_settle(void); /* every CPU has left the handlers it was in. Sleeps. */
void module_kretprobes_left(const struct module *mod);

#endif
