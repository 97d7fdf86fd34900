/* Thread-local storage segments. Private to arch/x86. */
#ifndef HW_TLS_H
#define HW_TLS_H

#include "arch/thread.h"

/* @t's descriptors into the running CPU's GDT. Interrupts off. */
void tls_load(const struct arch_thread *t);

#ifdef __x86_64__
/* The running thread's FS and GS selectors into @t. */
void segments_save(struct arch_thread *t);
/* FS and GS, selectors and bases, as @t has them. Interrupts off. */
void segments_load(const struct arch_thread *t);
#endif

#endif
