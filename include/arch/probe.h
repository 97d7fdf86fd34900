/*
 * Breakpoints in kernel code, and running the instruction under one somewhere else. The instruction's copy lies in a slot
 * of executable memory, followed by a breakpoint of its own, so that no single steps and no state of a CPU are needed.
 */
#ifndef ARCH_PROBE_H
#define ARCH_PROBE_H

#include "base/compiler.h"
#include "base/types.h"

/* Code that runs before a breakpoint is known as one of a probe: no probe may be in it. */
#define noprobe section_(".text.noprobe")

enum { PROBE_INSN_MAX = 15, PROBE_SLOT = PROBE_INSN_MAX + 1, PROBE_BREAKPOINT = 0xcc };

/* How to go on at a breakpoint that stands for an instruction. */
struct probe_insn {
	enum probe_kind {
		PROBE_RUN,   /* in the slot; behind it is next */
		PROBE_LEAVE, /* in the slot, which it does not come back to */
		PROBE_CALL,  /* in the slot: the return address is pushed; then target */
		PROBE_GO,    /* nothing to run: target */
		PROBE_COND,  /* target, or next, by the flags */
	} kind;
	unsigned char len, cond;
	unsigned char slot[PROBE_SLOT];
	kaddr_t next, target;
};

/* Bytes of the instruction at @p, of which @n are readable; 0: not one that this knows. @wide: 64-bit code. */
unsigned probe_insn_length(const unsigned char *p, unsigned n, bool wide);
/**
 * probe_insn_make - how to do without the instruction @bytes that lies at @at, with a slot at @slot.
 * Return: 0; -EINVAL: it cannot be done (it changes the processor's state, calls through memory, is unknown).
 */
int must_check probe_insn_make(struct probe_insn *out, const unsigned char *bytes, kaddr_t at,
			       kaddr_t slot, bool wide);
/* Of PROBE_GO and PROBE_COND: where it goes on. */
kaddr_t probe_insn_next(const struct probe_insn *i, unsigned long flags);

/* The kernel's own code, and none of what serves breakpoints, faults on user addresses, or entries. */
bool probe_allowed(kaddr_t at);
/* The function of the kernel that has @at; false: none. */
bool symbol_range(kaddr_t at, kaddr_t *start, kaddr_t *end);
/* A breakpoint to which a function may return. */
extern const unsigned char probe_return_here[];

#endif
