/* Segments of a thread. Private to arch/x86. */
#ifndef HW_TLS_H
#define HW_TLS_H

#include "arch/msr.h"
#include "arch/processor.h"
#include "arch/thread.h"
#include "desc.h"

/* @t's descriptors into the running CPU's GDT. Interrupts off. (64-bit programs have no call to set any.) */
extern unsigned tls_loaded; /* per-CPU */
void tls_load_rare(const struct arch_thread *t);

static inline void tls_load(const struct arch_thread *t)
{
	if (likely(t->tls_used == 1 && this_cpu(tls_loaded) == 1))
		this_cpu(cpu_gdt[GDT_TLS]) = t->tls[0];
	else if (t->tls_used | this_cpu(tls_loaded))
		tls_load_rare(t);
}
/* The codes of arch_prctl(2) that both ABIs know. */
long arch_prctl_common(int code);

#ifdef __x86_64__
/* Boot CPU, its GDT loaded: what loading a null selector does on this processor. */
void segments_init(void);
/* Per-CPU, segments64.c: not 0, there may be more to load than FS's base. */
extern unsigned long segments_left;
void segments_save_rare(struct arch_thread *t);
void segments_load_rare(const struct arch_thread *t);

#define selector_read(reg)                                                                         \
	({                                                                                         \
		unsigned v_;                                                                       \
		__asm__ volatile("movl %%" reg ", %0" : "=r"(v_));                                 \
		v_;                                                                                \
	})

/* The running thread's data selectors into @t. */
static inline void segments_save(struct arch_thread *t)
{
	const unsigned any = selector_read("fs") | selector_read("gs") | selector_read("ds") |
			     selector_read("es");

	t->selectors = 0;
	if (unlikely(any & 0xffff))
		segments_save_rare(t);
}

/* Data selectors, and bases of FS and GS, as @t has them. Interrupts off. */
static inline void segments_load(const struct arch_thread *t)
{
	if (unlikely(this_cpu(segments_left) | t->selectors | t->gsbase))
		segments_load_rare(t);
	else
		wrmsr(MSR_FS_BASE, t->fsbase);
}

/* The LDT has changed: DS and ES follow it. Interrupts off. */
void segments_refresh(void);
/* The running thread @t gets data selectors: FS GS DS ES, 16 bits each. */
void segments_set(struct arch_thread *t, uint64_t selectors);
#else
static inline void segments_refresh(void)
{
	/* the way back to user mode loads them all */
}
#endif

#endif
