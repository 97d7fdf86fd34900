/*
 * Thread-local storage: three GDT entries per thread, and on x86_64 the FS and GS bases.
 *
 * OWNS     t->tls, t->fs, t->gs, t->fsbase, t->gsbase.
 * I1       a stored descriptor is 0 or a present ring-3 code or data segment: loading one cannot
 *          raise privilege.
 * I2       x86_64, on each CPU: loaded_fsbase / loaded_gsbase are the user bases in the MSRs while
 *          both selectors are null; the switch writes an MSR only when the value changes.
 * BASES    a null selector has its base from the MSR (arch_prctl), any other one from its
 *          descriptor. FSGSBASE is off, so user code changes a base only by loading a selector,
 *          which segments_save sees.
 * CONTEXT  the set calls: the running thread (or one that has never run), no locks. Loads:
 *          interrupts off.
 * NOT HERE LDT entries: none yet.
 * SOURCES  set_thread_area(2), arch_prctl(2), Linux's user_desc rules (an "empty" descriptor frees
 *          the entry).
 */
#include "tls.h"

#include "arch/irqflags.h"
#include "arch/msr.h"
#include "arch/percpu.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "desc.h"
#include "pt_geom.h"
#include "uapi/ldt.h"

void tls_load(const struct arch_thread *t)
{
	/* Not this_cpu(cpu_gdt)[n]: an array loses its segment when it becomes a pointer. */
	uint64_t *gdt = *this_cpu_ptr(&cpu_gdt);

	for (unsigned i = 0; i < TLS_ENTRIES; i++)
		gdt[GDT_TLS + i] = t->tls[i];
}

/* Effective at once when @t is the running thread. */
static void tls_set(struct arch_thread *t, unsigned i, uint64_t descriptor)
{
	const irqflags_t flags = irq_save();

	t->tls[i] = descriptor;
	if (t == this_cpu(current_arch_thread))
		tls_load(t);
	irq_restore(flags);
}

/*
 * Both forms that programs use to say "free this entry": all zero, or read-only, not present, base
 * and limit 0.
 */
static bool desc_is_empty(const struct user_desc *d)
{
	if (d->base_addr || d->limit || d->contents || d->seg_32bit || d->limit_in_pages ||
	    d->useable)
		return false;
	return d->read_exec_only == d->seg_not_present;
}

static uint64_t desc_encode(const struct user_desc *d)
{
	uint32_t flags = 0xf1; /* present, ring 3, code or data, accessed */

	if (desc_is_empty(d))
		return 0;
	flags |= (uint32_t)d->contents << 2;
	flags |= d->read_exec_only ? 0 : 2;
	flags |= (uint32_t)d->useable << 12 | (uint32_t)d->seg_32bit << 14;
	flags |= (uint32_t)d->limit_in_pages << 15;
#ifdef __x86_64__
	flags |= (uint32_t)d->lm << 13;
#endif
	return gdt_descriptor(d->base_addr, d->limit, flags);
}

static void desc_decode(uint64_t v, struct user_desc *d)
{
	const uint32_t high = (uint32_t)(v >> 32);

	d->base_addr = (uint32_t)(v >> 16 & 0xffff) | (high & 0xff) << 16 | (high & 0xff000000);
	d->limit = (uint32_t)(v & 0xffff) | (high & 0xf0000);
	d->contents = high >> 10 & 3;
	d->read_exec_only = !(high >> 9 & 1);
	d->useable = high >> 20 & 1;
	d->lm = high >> 21 & 1;
	d->seg_32bit = high >> 22 & 1;
	d->limit_in_pages = high >> 23 & 1;
	d->seg_not_present = !(high >> 15 & 1);
}

/*
 * Linux refuses what old kernels could not switch safely: 16-bit, code, not-present, 64-bit
 * segments.
 */
static bool desc_is_legal(const struct user_desc *d)
{
	if (desc_is_empty(d))
		return true;
	return d->seg_32bit && d->contents <= 1 && !d->seg_not_present && !d->lm;
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
	tls_set(t, i, desc_encode(d));
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

#ifdef __x86_64__
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

section_("percpu") static unsigned long loaded_fsbase;
section_("percpu") static unsigned long loaded_gsbase;

/* @selector, or null when its descriptor is gone: loading that one would fault. */
static unsigned selector_usable(unsigned selector)
{
	bool ok;

	__asm__("verr %w1" : "=@ccz"(ok) : "r"(selector));
	return ok ? selector : 0;
}

static void segment_load_fs(unsigned selector)
{
	__asm__ volatile("movl %0, %%fs" ::"r"(selector_usable(selector)));
}

/* Loading GS changes the base in use, which is the kernel's: do it with the user's swapped in. */
static void segment_load_gs(unsigned selector)
{
	__asm__ volatile("swapgs; movl %0, %%gs; swapgs" ::"r"(selector_usable(selector))
			 : "memory");
}

static unsigned selector_fs(void)
{
	unsigned v;

	__asm__ volatile("movl %%fs, %0" : "=r"(v));
	return v & 0xffff;
}

static unsigned selector_gs(void)
{
	unsigned v;

	__asm__ volatile("movl %%gs, %0" : "=r"(v));
	return v & 0xffff;
}

void segments_save(struct arch_thread *t)
{
	t->fs = (unsigned short)selector_fs();
	t->gs = (unsigned short)selector_gs();
}

static void base_load_fs(unsigned long base)
{
	wrmsr(MSR_FS_BASE, base);
	this_cpu(loaded_fsbase) = base;
}

static void base_load_gs(unsigned long base)
{
	wrmsr(MSR_KERNEL_GS_BASE, base);
	this_cpu(loaded_gsbase) = base;
}

/* 64-bit code does not use DS and ES; what one program left there the next must not find. */
static void data_segments_clear(void)
{
	unsigned ds, es;

	__asm__ volatile("movl %%ds, %0; movl %%es, %1" : "=r"(ds), "=r"(es));
	if (unlikely((ds | es) & 0xffff))
		__asm__ volatile("movl %0, %%ds; movl %0, %%es" ::"r"(0));
}

void segments_load(const struct arch_thread *t)
{
	data_segments_clear();
	if (selector_fs() | selector_gs() | t->fs | t->gs) {
		segment_load_fs(t->fs);
		if (t->fs <= 3)
			base_load_fs(t->fsbase);
		segment_load_gs(t->gs);
		if (t->gs <= 3)
			base_load_gs(t->gsbase);
		return;
	}
	if (this_cpu(loaded_fsbase) != t->fsbase)
		base_load_fs(t->fsbase);
	if (this_cpu(loaded_gsbase) != t->gsbase)
		base_load_gs(t->gsbase);
}

/* The selector becomes null, as in Linux: the base is the MSR's from now on. */
static long set_base(struct arch_thread *t, bool fs, uaddr_t base)
{
	irqflags_t flags;

	if (base >= USER_TOP)
		return -EPERM;
	flags = irq_save();
	if (fs) {
		t->fsbase = base;
		segment_load_fs(0);
		base_load_fs(base);
	} else {
		t->gsbase = base;
		segment_load_gs(0);
		base_load_gs(base);
	}
	irq_restore(flags);
	return 0;
}

/* Of a selector that is not null the base is its descriptor's. */
static unsigned long get_base(const struct arch_thread *t, unsigned selector, unsigned long base)
{
	struct user_desc d = { .entry_number = selector >> 3 };

	if (selector <= 3 || (selector & 4) || arch_get_tls(t, &d))
		return base;
	return d.base_addr;
}
#endif

void arch_set_fsbase(struct arch_thread *t, unsigned long base)
{
#ifdef __x86_64__
	t->fs = 0;
	t->fsbase = base < USER_TOP ? base : 0;
#else
	(void)t;
	(void)base;
#endif
}

long arch_prctl(struct arch_thread *t, int code, uaddr_t addr)
{
#ifdef __x86_64__
	unsigned long base;

	switch (code) {
	case ARCH_SET_FS:
		return set_base(t, true, addr);
	case ARCH_SET_GS:
		return set_base(t, false, addr);
	case ARCH_GET_FS:
		base = get_base(t, selector_fs(), t->fsbase);
		return put_user(addr, &base);
	case ARCH_GET_GS:
		base = get_base(t, selector_gs(), t->gsbase);
		return put_user(addr, &base);
	}
#else
	(void)t;
	(void)code;
	(void)addr;
#endif
	return -EINVAL;
}
