/*
 * Set-up of one CPU: control registers, system-call registers, descriptor tables.
 *
 * OWNS     cpu_features; CR0, CR4, EFER and the system-call MSRs of every CPU after boot.S.
 * CR0      Linux's 80050033: paging, write protect (the kernel's copy-on-write depends on it),
 *          native FPU errors, alignment checks allowed. CR4: large and global pages, machine check,
 *          FXSAVE and SSE, SMEP and SMAP where the CPU has them. FSGSBASE stays off: FS and GS
 *          bases change only by arch_prctl(2) and selector loads, so a switch need not read them
 *          back. UMIP stays off: the labs read GDTR and IDTR from user mode.
 * SMAP     the kernel is compiled with 3-byte no-ops where clac and stac would stand (list in
 *          section smap_patch); they are written in once, before text is read-only and before a
 *          second CPU runs, if the CPU has SMAP.
 * SYSCALL  x86_64: syscall enters syscall_entry with IF, DF, TF, AC, NT cleared. i386: sysenter,
 *          MSRs below; int 0x80 by the IDT.
 * CONTEXT  boot of each CPU, interrupts off.
 * NOT HERE per-CPU copies (percpu.c), names for people (cpuinfo.c).
 * SOURCES  SDM volume 3A, "Control Registers", volume 4, "Model-Specific Registers"; AMD64 APM
 *          volume 2, "Fast System Call".
 */
#include "cpu.h"

#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/thread.h"
#include "desc.h"
#include "tls.h"
#include "watch.h"

enum {
	MSR_MICROCODE = 0x8b,
	MSR_SYSENTER_CS = 0x174,
	MSR_SYSENTER_ESP = 0x175,
	MSR_SYSENTER_EIP = 0x176,
	MSR_STAR = 0xc0000081,
	MSR_LSTAR = 0xc0000082,
	MSR_CSTAR = 0xc0000083,
	MSR_FMASK = 0xc0000084,
};

enum { LEAF1_C_HYPERVISOR = 31 };
enum { LEAF1_D_MCE = 7, LEAF1_D_SEP = 11, LEAF1_D_PGE = 13 };
enum { LEAF1_D_PSE36 = 17, LEAF1_D_SSE = 25 };
enum { LEAF7_B_SMEP = 7, LEAF7_B_SMAP = 20, EXT1_D_NX = 20 };

struct cpu_features cpu_features;
section_("percpu") unsigned cpu_apic_id;
section_("percpu") unsigned long work_pending;
section_("percpu") unsigned long syscall_user_sp;

extern char *const __start_smap_patch[], *const __stop_smap_patch[];

/* What entry assembly believes. */
_Static_assert(sizeof(struct pt_regs) == REGS_SIZE, "pt_regs");
_Static_assert(offsetof(struct pt_regs, ax) == REGS_AX, "pt_regs.ax");
_Static_assert(offsetof(struct pt_regs, orig_ax) == REGS_ORIG_AX, "pt_regs.orig_ax");
_Static_assert(offsetof(struct pt_regs, flags) == REGS_FLAGS, "pt_regs.flags");
#ifdef __x86_64__
_Static_assert(offsetof(struct tss, sp) == TSS_SP0, "tss.sp0");
#else
_Static_assert(offsetof(struct tss, stack) == TSS_SP0, "tss.sp0");
_Static_assert(sizeof(struct tss) == TSS_SIZE, "tss");
#endif
_Static_assert(offsetof(struct arch_thread, kstack_top) == THREAD_KSTACK_TOP, "arch_thread");

static bool bit(uint32_t word, unsigned nr)
{
	return word >> nr & 1;
}

/*
 * Intel puts it into the high half after CPUID 1, AMD into the low one. A CPU without the register
 * gives 0.
 */
static uint32_t microcode_revision(void)
{
	uint32_t lo = 0, hi = 0;

	(void)cpuid(1, 0);
	__asm__ volatile("1:\trdmsr\n"
			 "2:\n\t"
			 ".pushsection ex_table, \"a\"\n\t"
			 ".balign 4\n\t"
			 ".long 1b - ., 2b - .\n\t"
			 ".popsection"
			 : "+a"(lo), "+d"(hi)
			 : "c"(MSR_MICROCODE));
	return hi ? hi : lo;
}

static void read_features(void)
{
	struct cpu_features *f = &cpu_features;

	f->max_leaf = cpuid(0, 0).a;
	f->leaf1_c = cpuid(1, 0).c;
	f->leaf1_d = cpuid(1, 0).d;
	if (f->max_leaf >= 7)
		f->leaf7_b = cpuid(7, 0).b;
	f->max_ext_leaf = cpuid(0x80000000, 0).a;
	if (f->max_ext_leaf < 0x80000001 || f->max_ext_leaf > 0x8000ffff)
		return;
	f->ext1_c = cpuid(0x80000001, 0).c;
	f->ext1_d = cpuid(0x80000001, 0).d;
}

bool cpu_has_nx(void)
{
	return bit(cpu_features.ext1_d, EXT1_D_NX);
}

bool cpu_is_virtual(void)
{
	return bit(cpu_features.leaf1_c, LEAF1_C_HYPERVISOR);
}

unsigned long cpu_hwcap(void)
{
	return cpu_features.leaf1_d;
}

unsigned cpu_phys_bits(void)
{
	if (cpu_features.max_ext_leaf >= 0x80000008 && cpu_features.max_ext_leaf <= 0x8000ffff)
		return cpuid(0x80000008, 0).a & 255;
	return bit(cpu_features.leaf1_d, LEAF1_D_PSE36) ? 36 : 32;
}

static void set_cr0(void)
{
	unsigned long cr0;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	cr0 |= CR0_MP | CR0_NE | CR0_WP | CR0_AM;
	cr0 &= ~(unsigned long)CR0_EM;
	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0) : "memory");
}

static void set_cr4(void)
{
	const struct cpu_features *f = &cpu_features;
	unsigned long cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	cr4 |= CR4_PSE | CR4_OSFXSR;
	if (bit(f->leaf1_d, LEAF1_D_SSE))
		cr4 |= CR4_OSXMMEXCPT;
	if (bit(f->leaf1_d, LEAF1_D_PGE))
		cr4 |= CR4_PGE;
	if (bit(f->leaf1_d, LEAF1_D_MCE))
		cr4 |= CR4_MCE;
	if (bit(f->leaf7_b, LEAF7_B_SMEP))
		cr4 |= CR4_SMEP;
	if (bit(f->leaf7_b, LEAF7_B_SMAP))
		cr4 |= CR4_SMAP;
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4) : "memory");
}

/*
 * Each site holds a 3-byte no-op whose last byte says which instruction is meant: 0xca clac, 0xcb
 * stac. The load at sysenter_load has no room for them: it becomes a jump to one that has.
 */
static void smap_patch(void)
{
#ifndef __x86_64__
	extern char sysenter_load[], sysenter_load_smap[];
#endif

	if (!bit(cpu_features.leaf7_b, LEAF7_B_SMAP))
		return;
	for (char *const *site = __start_smap_patch; site < __stop_smap_patch; site++) {
		const char last = (*site)[2];

		(*site)[0] = 0x0f;
		(*site)[1] = 0x01;
		(*site)[2] = last;
	}
#ifndef __x86_64__
	sysenter_load[0] = (char)0xeb; /* jmp */
	sysenter_load[1] = (char)(sysenter_load_smap - sysenter_load - 2);
#endif
	(void)cpuid(0, 0); /* serialise: the CPU may have fetched the old bytes */
}

#ifdef __x86_64__
void syscall_entry(void);
void syscall32_entry(void);

static void set_syscall(void)
{
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | (cpu_has_nx() ? EFER_NXE : 0));
	wrmsr(MSR_STAR, (uint64_t)SEL_USER32_CS << 48 | (uint64_t)SEL_KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (uintptr_t)syscall_entry);
	wrmsr(MSR_CSTAR, (uintptr_t)syscall32_entry);
	wrmsr(MSR_FMASK, FLAGS_SYSCALL_MASK);
	if (bit(cpu_features.leaf1_d, LEAF1_D_SEP))
		wrmsr(MSR_SYSENTER_CS, 0); /* sysenter from compatibility mode: #GP */
}
#else
void sysenter_entry(void);

static void set_syscall(void)
{
	if (!bit(cpu_features.leaf1_d, LEAF1_D_SEP))
		return;
	wrmsr(MSR_SYSENTER_CS, SEL_KERNEL_CS);
	wrmsr(MSR_SYSENTER_ESP, (uintptr_t)(this_cpu_ptr(&cpu_tss) + 1));
	wrmsr(MSR_SYSENTER_EIP, (uintptr_t)sysenter_entry);
}
#endif

static void cpu_init(unsigned cpu)
{
	gdt_init_cpu(cpu);
	idt_load();
	this_cpu(cpu_apic_id) = cpuid(1, 0).b >> 24;
	set_cr0();
	set_cr4();
	set_syscall();
	fpu_init_cpu();
	watch_init_cpu();
}

void cpu_init_boot(void)
{
	read_features();
	smap_patch();
	idt_build();
	cpu_init(0);
#ifdef __x86_64__
	segments_init();
#endif
	cpu_features.microcode = microcode_revision(); /* may fault: needs the IDT */
}

void cpu_init_secondary(unsigned cpu)
{
	cpu_init(cpu);
}

/* CPUID serializes: SDM volume 3A, "Serializing Instructions". */
void cpu_serialize(void)
{
	(void)cpuid(0, 0);
}
