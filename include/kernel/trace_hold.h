/*
 * Programs that wait for who reads what is recorded of them (kernel/trace_hold.c).
 */
#ifndef KERNEL_TRACE_HOLD_H
#define KERNEL_TRACE_HOLD_H

#include "sync/waitq.h"

extern struct waitq trace_readers; /* who reads trace_pipe and finds nothing sleeps here */

/* From now on programs wait, or none does: those that do go on. */
void trace_hold_switch(bool on);
bool trace_hold_is_on(void);
/* The calling thread has taken records: it never waits itself. */
void trace_hold_taken(void);
/* On the way to user mode of a thread whose records fill a ring. Sleeps. */
void trace_hold(void);

#endif
