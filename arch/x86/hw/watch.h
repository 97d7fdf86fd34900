/* What is special about a traced or restricted thread when it is switched to. Private to arch/x86. */
#ifndef HW_WATCH_H
#define HW_WATCH_H

#include "arch/thread.h"

enum { WATCH_CALLS = 1, WATCH_DEBUG = 2 }; /* t->watched */
enum { DR7_FIXED = 0x400 };

/* Per-CPU: call numbers from here on take the slow path; 0 while a watched thread runs. */
extern unsigned long call_limit;
/* Was any thread ever watched? Set before its watched is, and for good: until then a switch has one compare to do. */
extern bool watch_used;
static inline bool watch_is_special(const struct arch_thread *t)
{
	return t->watched || t->filtered || t->no_tsc;
}

/* One of the two is special. Interrupts off. */
void watch_switch(const struct arch_thread *prev, const struct arch_thread *next);
void watch_init_cpu(void);
void watch_load_tsc(bool off);

#endif
