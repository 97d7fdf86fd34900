/*
 * x86_64: the selectors DS, ES, FS, GS of a program, and the bases of FS and GS.
 *
 * OWNS     t->selectors, t->fsbase, t->gsbase of threads that do not run.
 * BASES    a null selector has its base from the MSR (arch_prctl), any other one from its
 *          descriptor. FSGSBASE is off, so user code changes a base only by loading a selector.
 *          What a thread had by arch_prctl is forgotten when it is found with a selector: as in
 *          Linux, a null selector later means base 0.
 * I1       on each CPU, while no program runs there: segments_left 0 means that the four registers
 *          are null and the base of GS is 0. What a program puts there is seen when it is left; a
 *          selector that it loads and takes away again leaves base 0 behind, or, where null keeps
 *          the base as AMD's processors did, segments_left is never 0.
 * FS       almost every program has a base there. A null selector may have made it 0, which one
 *          cannot see without reading it, so it is written at each switch.
 * LDT      a selector whose descriptor is gone loads as null; so DS and ES do at once when the table
 *          changes under a running program, and FS and GS at the next switch, as in Linux.
 * TLS      only 32-bit programs have entries of the GDT, and those always have selectors: they are loaded where those are.
 * CONTEXT  the running thread, or interrupts off at a switch.
 * COST     threads that have a base of FS and no more: 10 instructions to leave, 10 to come.
 * NOT HERE CS and SS, which are in pt_regs; i386, where all are.
 * SOURCES  arch_prctl(2); SDM volume 3A, "Segment Loading Instructions in IA-32e Mode".
 *          TESTED BY  tests/guest/seg_thread.c, seg_ldt.c.
 */
#ifdef __x86_64__
#include "arch/irqflags.h"
#include "arch/msr.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/uaccess.h"
#include "tls.h"

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };

section_("percpu") unsigned long segments_left;
static bool null_keeps_base section_("ro_after_init");

#define selector_write(reg, v) __asm__ volatile("movl %0, %%" reg ::"r"(selector_usable(v)))

/* @selector, or null when its descriptor is gone: loading that one would fault. */
static unsigned selector_usable(unsigned selector)
{
	bool ok;

	__asm__("verr %w1" : "=@ccz"(ok) : "r"(selector));
	return ok || selector <= 3 ? selector : 0;
}

/* Loading GS changes the base in use, which is the kernel's: do it with the user's swapped in. */
static void gs_write(unsigned selector)
{
	__asm__ volatile("swapgs; movl %0, %%gs; swapgs" ::"r"(selector_usable(selector))
			 : "memory");
}

void segments_init(void)
{
	selector_write("fs", SEL_USER_DS);
	wrmsr(MSR_FS_BASE, 1);
	selector_write("fs", 0);
	null_keeps_base = rdmsr(MSR_FS_BASE) != 0;
	wrmsr(MSR_FS_BASE, 0);
}

void segments_save_rare(struct arch_thread *t)
{
	const uint64_t fs = selector_read("fs"), gs = selector_read("gs");

	t->selectors = fs | gs << 16 | (uint64_t)selector_read("ds") << 32 |
		       (uint64_t)selector_read("es") << 48;
	if (fs)
		t->fsbase = 0;
	if (gs)
		t->gsbase = 0;
	this_cpu(segments_left) = 1;
}

void segments_load_rare(const struct arch_thread *t)
{
	const uint64_t s = t->selectors;

	tls_load(t);
	selector_write("ds", s >> 32 & 0xffff);
	selector_write("es", s >> 48);
	selector_write("fs", s & 0xffff);
	gs_write(s >> 16 & 0xffff);
	if (!(s & 0xfffc))
		wrmsr(MSR_FS_BASE, t->fsbase);
	if (!(s >> 16 & 0xfffc))
		wrmsr(MSR_KERNEL_GS_BASE, t->gsbase);
	this_cpu(segments_left) = s || t->gsbase || null_keeps_base;
}

void segments_refresh(void)
{
	const unsigned ds = selector_read("ds"), es = selector_read("es");

	if (ds & SEL_LDT)
		selector_write("ds", ds);
	if (es & SEL_LDT)
		selector_write("es", es);
}

void segments_set(struct arch_thread *t, uint64_t selectors)
{
	const irqflags_t flags = irq_save();

	segments_save_rare(t);
	t->selectors = selectors;
	segments_load_rare(t);
	irq_restore(flags);
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
		selector_write("fs", 0);
		wrmsr(MSR_FS_BASE, base);
	} else {
		t->gsbase = base;
		gs_write(0);
		wrmsr(MSR_KERNEL_GS_BASE, base);
		this_cpu(segments_left) = 1;
	}
	irq_restore(flags);
	return 0;
}

static long put_base(uaddr_t addr, uint32_t msr)
{
	const uint64_t base = rdmsr(msr);

	return put_user(addr, &base);
}

void arch_set_fsbase(struct arch_thread *t, unsigned long base)
{
	t->selectors &= ~0xffffUL;
	t->fsbase = base < USER_TOP ? base : 0;
}

long arch_prctl(struct arch_thread *t, int code, uaddr_t addr)
{
	switch (t->abi32 ? -1 : code) {
	case ARCH_SET_FS:
		return set_base(t, true, addr);
	case ARCH_SET_GS:
		return set_base(t, false, addr);
	case ARCH_GET_FS:
		return put_base(addr, MSR_FS_BASE);
	case ARCH_GET_GS:
		return put_base(addr, MSR_KERNEL_GS_BASE);
	}
	return arch_prctl_common(code);
}
#endif
