/*
 * Thread-local storage: three GDT entries per thread.
 *
 * OWNS     t->tls.
 * I1       a stored descriptor is 0 or a present 32-bit ring-3 data segment.
 * I2       tls_loaded of a CPU: the GDT's entries from this one on are 0. Most programs use one, so a switch stores one.
 * CONTEXT  the set calls: the running thread (or one that has never run), no locks. Loads:
 *          interrupts off.
 * NOT HERE LDT entries (entry/ldt.c), x86_64's FS and GS bases (segments64.c), the descriptors' bits (desc.c).
 * SOURCES  set_thread_area(2).  TESTED BY  tests/guest/seg_thread.c.
 */
#include "tls.h"

#include "arch/irqflags.h"
#include "base/errno.h"
#include "desc.h"
#include "ldt.h"

section_("percpu") unsigned tls_loaded;

void tls_load_rare(const struct arch_thread *t)
{
	/* Not this_cpu(cpu_gdt)[n]: an array loses its segment when it becomes a pointer. */
	uint64_t *gdt = *this_cpu_ptr(&cpu_gdt);

	for (unsigned i = 0; i < TLS_ENTRIES; i++)
		gdt[GDT_TLS + i] = t->tls[i];
	this_cpu(tls_loaded) = t->tls_used;
}

/* Effective at once when @t is the running thread. */
static void tls_set(struct arch_thread *t, unsigned i, uint64_t descriptor)
{
	const irqflags_t flags = irq_save();

	t->tls[i] = descriptor;
	for (t->tls_used = TLS_ENTRIES; t->tls_used && !t->tls[t->tls_used - 1];)
		t->tls_used--;
	if (t == this_cpu(current_arch_thread))
		tls_load_rare(t);
	irq_restore(flags);
}

static bool frees_entry(const struct user_desc *d)
{
	return desc_is_empty(d) || desc_is_zero(d);
}

/*
 * Linux refuses what old kernels could not switch safely: 16-bit, code, not-present, 64-bit
 * segments.
 */
static bool desc_is_legal(const struct user_desc *d)
{
	if (frees_entry(d))
		return true;
	return d->seg_32bit && d->contents <= 1 && !d->seg_not_present &&
	       !(sizeof(long) == 8 && d->lm);
}

int arch_set_tls(struct arch_thread *t, struct user_desc *d, bool can_allocate)
{
	unsigned i;

	if (!desc_is_legal(d))
		return -EINVAL;
	if (can_allocate && d->entry_number == (unsigned)-1) {
		for (i = 0; i < TLS_ENTRIES && t->tls[i]; i++)
			continue;
		if (i == TLS_ENTRIES)
			return -ESRCH;
		d->entry_number = GDT_TLS + i;
	}
	i = d->entry_number - GDT_TLS;
	if (i >= TLS_ENTRIES)
		return -EINVAL;
	tls_set(t, i, frees_entry(d) ? 0 : desc_encode(d));
	return 0;
}

int arch_get_tls(const struct arch_thread *t, struct user_desc *d)
{
	const unsigned i = d->entry_number - GDT_TLS;

	if (i >= TLS_ENTRIES)
		return -EINVAL;
	desc_decode(t->tls[i], d);
	return 0;
}

enum { ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID };

/* No processor here can be told to refuse cpuid: it works, and that cannot be changed. */
long arch_prctl_common(int code)
{
	switch (code) {
	case ARCH_GET_CPUID:
		return 1;
	case ARCH_SET_CPUID:
		return -ENODEV;
	}
	return -EINVAL;
}

#ifndef __x86_64__
void arch_set_fsbase(struct arch_thread *t, unsigned long base)
{
	(void)t;
	(void)base;
}

long arch_prctl(struct arch_thread *t, int code, uaddr_t addr)
{
	(void)t;
	(void)addr;
	return arch_prctl_common(code);
}
#endif
