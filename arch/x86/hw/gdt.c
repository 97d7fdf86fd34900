/*
 * Segment descriptors and task state of one CPU.
 *
 * OWNS     cpu_gdt, cpu_tss and the fatal and NMI stacks of each CPU (section percpu).
 * LAYOUT   Linux's to the entry and to the bit, so that what a program or a lab sees is what its
 *          book shows:
 *
 *            i386                              x86_64
 *            6-8    TLS                        1   kernel code, 32 bits   00CF9B000000FFFF
 *            12     kernel code                2   kernel code            00AF9B000000FFFF
 *            13     kernel data                3   kernel data            00CF93000000FFFF
 *            14, 15 user code, data            4   user code, 32 bits     00CFFB000000FFFF
 *            16     TSS                        5   user data              00CFF3000000FFFF
 *            17     LDT (0: none)              6   user code              00AFFB000000FFFF
 *            18-25  PnP BIOS, APM (unused)     8-9 TSS (16 bytes)
 *            26     small stack                10-11 LDT (0: none)
 *            27     per-CPU data               12-14 TLS
 *            31     double-fault TSS           15  CPU number (limit field)
 *
 *          sysret fixes the order user-32, data, user of x86_64, syscall that of kernel code, data.
 * I1       the Accessed bit of code and data descriptors that are ever loaded is set in the image:
 *          a CPU would set it at the first load. The PnP BIOS and APM segments are never loaded.
 * ESPFIX   i386, entry 26: the return to a program whose stack segment has 16 bits goes through it,
 *          with a base that makes the high half of ESP the program's (entry/trap32.S).
 * PER-CPU  i386: FS is selector 0xd8, base = the CPU's offset. x86_64: GS.base, swapped at entry
 *          with the user's.
 * #DF      a kernel stack that has run over cannot take a frame. x86_64 gives vector 8 its own
 *          stack (IST 1), i386 a task gate to entry 31, whose TSS has a stack and a CR3 of its own.
 * CONTEXT  boot of each CPU; afterwards only the owner CPU writes (TLS and LDT entries, small stack,
 *          TSS stack), interrupts off.
 * NOT HERE the gates (idt.c), TLS contents (tls.c), system-call MSRs (cpu.c).
 * SOURCES  SDM volume 3A, "Segment Descriptors", "Task Management", "64-Bit Mode Stack Switching".
 */
#include "desc.h"

#include "arch/msr.h"
#include "arch/percpu.h"
#include "ldt.h"

section_("percpu") uint64_t cpu_gdt[GDT_ENTRIES] aligned_(64);
section_("percpu") struct tss cpu_tss aligned_(64);
section_("percpu") static struct fatal_stack fatal_stack;

enum {
	TYPE_TSS = 0x0089, /* present, system, available 32/64-bit TSS */
	TYPE_LDT = 0x0082, /* present, system, LDT */
	LIMIT_TSS = sizeof(struct tss) - 1,
};

static void load_gdt(const uint64_t *gdt)
{
	const struct desc_ptr ptr = { GDT_ENTRIES * 8 - 1, (unsigned long)gdt };

	__asm__ volatile("lgdt %0" ::"m"(ptr));
}

static void load_task(void)
{
	__asm__ volatile("lldt %w0" ::"r"(0));
	__asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
}

void ldt_load(const struct ldt *l)
{
	uint64_t *gdt = *this_cpu_ptr(&cpu_gdt);
	const uintptr_t base = l ? (uintptr_t)l->entries : 0;

	gdt[GDT_LDT] = l ? gdt_descriptor((uint32_t)base, l->nr_entries * 8 - 1, TYPE_LDT) : 0;
#ifdef __x86_64__
	gdt[GDT_LDT + 1] = base >> 32;
#endif
	__asm__ volatile("lldt %w0" ::"r"(l ? GDT_LDT * 8 : 0) : "memory");
}

#ifdef __x86_64__
section_("percpu") static char nmi_stack[NMI_STACK_SIZE] aligned_(16);
section_("percpu") static char debug_stack[NMI_STACK_SIZE] aligned_(
	16); /* one frame and a few words */

static void fill_gdt(uint64_t *gdt, const struct tss *tss)
{
	gdt[1] = 0x00cf9b000000ffff;
	gdt[2] = 0x00af9b000000ffff;
	gdt[3] = 0x00cf93000000ffff;
	gdt[4] = 0x00cffb000000ffff;
	gdt[5] = 0x00cff3000000ffff;
	gdt[6] = 0x00affb000000ffff;
	gdt[GDT_TSS] = gdt_descriptor((uint32_t)(uintptr_t)tss, LIMIT_TSS, TYPE_TSS);
	gdt[GDT_TSS + 1] = (uintptr_t)tss >> 32;
}

static void fill_tss(struct tss *tss, struct fatal_stack *fatal, char *nmi, char *debug)
{
	tss->ist[0] = (uintptr_t)&fatal->percpu_offset;
	tss->ist[1] = (uintptr_t)(nmi + NMI_STACK_SIZE);
	tss->ist[2] = (uintptr_t)(debug + NMI_STACK_SIZE);
	tss->iomap_base = sizeof(*tss); /* beyond the limit: no port for user code */
}

static void load_segments(unsigned long offset)
{
	__asm__ volatile("pushq %[cs]\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %[ss], %%ss\n\t"
			 "movl %[zero], %%ds\n\t"
			 "movl %[zero], %%es\n\t"
			 "movl %[zero], %%fs\n\t"
			 "movl %[zero], %%gs" ::[cs] "i"(SEL_KERNEL_CS),
			 [ss] "r"(SEL_KERNEL_DS), [zero] "r"(0)
			 : "rax", "memory");
	wrmsr(MSR_GS_BASE, offset);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
}

/* lsl gives the limit: 12 bits of CPU number, then the node. */
void gdt_set_node(unsigned cpu, unsigned node)
{
	uint64_t *gdt = (uint64_t *)((char *)cpu_gdt + percpu_offset_of(cpu));

	gdt[15] = gdt_descriptor(0, node << 12 | cpu, 0x40f5);
}

void gdt_init_cpu(unsigned cpu)
{
	const unsigned long offset = percpu_offset_of(cpu);
	uint64_t *gdt = (uint64_t *)((char *)cpu_gdt + offset);
	struct tss *tss = (struct tss *)((char *)&cpu_tss + offset);
	struct fatal_stack *fatal = (struct fatal_stack *)((char *)&fatal_stack + offset);

	fatal->percpu_offset = offset;
	fill_gdt(gdt, tss);
	gdt_set_node(cpu, 0);
	fill_tss(tss, fatal, nmi_stack + offset, debug_stack + offset);
	load_gdt(gdt);
	load_segments(offset);
	load_task();
}

void gdt_fault_cr3(phys_t top)
{
	(void)top;
}
#else
void gdt_set_node(unsigned cpu, unsigned node)
{
	(void)cpu;
	(void)node;
}

section_("percpu") static struct tss fault_tss aligned_(64);

/* arch/x86/entry/trap32.S */
void double_fault_entry(void);

static phys_t fault_cr3;

static void fill_gdt(uint64_t *gdt, const struct tss *tss, const struct tss *fault,
		     unsigned long offset)
{
	gdt[12] = 0x00cf9b000000ffff;
	gdt[13] = 0x00cf93000000ffff;
	gdt[14] = 0x00cffb000000ffff;
	gdt[15] = 0x00cff3000000ffff;
	gdt[GDT_TSS] = gdt_descriptor((uint32_t)tss, LIMIT_TSS, TYPE_TSS);
	gdt[18] = 0x00409a000000ffff; /* PnP BIOS: code 32, code 16, data, 2 transfer */
	gdt[19] = 0x00009a000000ffff;
	gdt[20] = 0x000092000000ffff;
	gdt[21] = 0x0000920000000000;
	gdt[22] = 0x0000920000000000;
	gdt[23] = 0x00409a000000ffff; /* APM: code 32, code 16, data */
	gdt[24] = 0x00009a000000ffff;
	gdt[25] = 0x004092000000ffff;
	gdt[GDT_ESPFIX] = 0x00cf92000000ffff;
	gdt[GDT_PERCPU] = gdt_descriptor(offset, 0xfffff, 0x8093);
	gdt[GDT_DF_TSS] = gdt_descriptor((uint32_t)fault, LIMIT_TSS, TYPE_TSS);
}

static void fill_fault_tss(struct tss *tss, struct fatal_stack *fatal)
{
	tss->cr3 = (uint32_t)fault_cr3;
	tss->ip = (uint32_t)double_fault_entry;
	tss->flags = FLAG_FIXED;
	tss->sp = (uint32_t)&fatal->percpu_offset;
	tss->cs = SEL_KERNEL_CS;
	tss->ss = SEL_KERNEL_DS;
	tss->ds = SEL_USER_DS;
	tss->es = SEL_USER_DS;
	tss->fs = SEL_PERCPU;
	tss->iomap_base = sizeof(*tss);
}

static void load_segments(void)
{
	__asm__ volatile(
		"ljmp %[cs], $1f\n"
		"1:\tmovl %[ss], %%ss\n\t"
		"movl %[ds], %%ds\n\t"
		"movl %[ds], %%es\n\t"
		"movl %[fs], %%fs\n\t"
		"movl %[zero], %%gs" ::[cs] "i"(SEL_KERNEL_CS),
		[ss] "r"(SEL_KERNEL_DS), [ds] "r"(SEL_USER_DS), [fs] "r"(SEL_PERCPU), [zero] "r"(0)
		: "memory");
}

static phys_t current_cr3(void)
{
	unsigned long cr3;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	return cr3;
}

void gdt_init_cpu(unsigned cpu)
{
	const unsigned long offset = percpu_offset_of(cpu);
	uint64_t *gdt = (uint64_t *)((char *)cpu_gdt + offset);
	struct tss *tss = (struct tss *)((char *)&cpu_tss + offset);
	struct tss *fault = (struct tss *)((char *)&fault_tss + offset);

	if (!fault_cr3)
		fault_cr3 = current_cr3(); /* boot tables, until gdt_fault_cr3 */
	tss->stack[0].ss = SEL_KERNEL_DS;
	tss->iomap_base = sizeof(*tss);
	fill_fault_tss(fault, (struct fatal_stack *)((char *)&fatal_stack + offset));
	fill_gdt(gdt, tss, fault, offset);
	load_gdt(gdt);
	load_segments();
	load_task();
}

void gdt_fault_cr3(phys_t top)
{
	fault_cr3 = top;
	this_cpu(fault_tss).cr3 = (uint32_t)top;
}
#endif
