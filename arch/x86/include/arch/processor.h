/*
 * Bits of the control registers and flags, selectors, and what assembly must know of C. Included
 * from C and assembly.
 */
#ifndef ARCH_PROCESSOR_H
#define ARCH_PROCESSOR_H

/* EFLAGS */
#define FLAG_FIXED 0x00000002 /* always 1 */
#define FLAG_TF	   0x00000100
#define FLAG_IF	   0x00000200
#define FLAG_DF	   0x00000400
#define FLAG_IOPL  0x00003000
#define FLAG_NT	   0x00004000
#define FLAG_RF	   0x00010000 /* in a saved frame also: leave by iret, reload all */
#define FLAG_AC	   0x00040000
/* What a program may set through a signal frame: AC OF DF TF SF ZF AF PF CF RF. */
#define FLAGS_USER 0x00050dd5
/* Cleared by the syscall instruction: everything but bit 1. */
#define FLAGS_SYSCALL_MASK 0x00257fd5

#define CR0_MP 0x00000002
#define CR0_EM 0x00000004
#define CR0_TS 0x00000008
#define CR0_NE 0x00000020
#define CR0_WP 0x00010000
#define CR0_AM 0x00040000

#define CR4_PSE	       0x00000010
#define CR4_PAE	       0x00000020
#define CR4_MCE	       0x00000040
#define CR4_PGE	       0x00000080
#define CR4_OSFXSR     0x00000200
#define CR4_OSXMMEXCPT 0x00000400
#define CR4_LA57       0x00001000
#define CR4_SMEP       0x00100000
#define CR4_SMAP       0x00200000

#define MSR_FS_BASE	   0xc0000100
#define MSR_GS_BASE	   0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102 /* the user's GS base while the kernel runs */

#define EFER_SCE 0x001
#define EFER_NXE 0x800

/* Selectors and places in the GDT: Linux's. The table is in gdt.c. */
#ifdef __x86_64__
#define SEL_KERNEL_CS 0x10
#define SEL_KERNEL_DS 0x18
#define SEL_USER32_CS 0x23
#define SEL_USER_DS   0x2b
#define SEL_USER_CS   0x33
#define SEL_TSS	      0x40
#define GDT_ENTRIES   16
#define GDT_TSS	      8
#define GDT_LDT	      10
#define GDT_TLS	      12
#else
#define SEL_KERNEL_CS 0x60
#define SEL_KERNEL_DS 0x68
#define SEL_USER_CS   0x73
#define SEL_USER_DS   0x7b
#define SEL_TSS	      0x80
#define SEL_ESPFIX    0xd0
#define SEL_PERCPU    0xd8
#define SEL_DF_TSS    0xf8
#define GDT_ENTRIES   32
#define GDT_TSS	      16
#define GDT_LDT	      17
#define GDT_TLS	      6
#define GDT_ESPFIX    26
#define GDT_PERCPU    27
#define GDT_DF_TSS    31
#endif

/* struct pt_regs (checked in cpu.c) */
#ifdef __x86_64__
#define REGS_R11     48
#define REGS_R10     56
#define REGS_R9	     64
#define REGS_R8	     72
#define REGS_AX	     80
#define REGS_CX	     88
#define REGS_DX	     96
#define REGS_SI	     104
#define REGS_DI	     112
#define REGS_ORIG_AX 120
#define REGS_IP	     128
#define REGS_CS	     136
#define REGS_FLAGS   144
#define REGS_SP	     152
#define REGS_SS	     160
#define REGS_SIZE    168
#else
#define REGS_BX	     0
#define REGS_CX	     4
#define REGS_DX	     8
#define REGS_SI	     12
#define REGS_DI	     16
#define REGS_BP	     20
#define REGS_AX	     24
#define REGS_DS	     28
#define REGS_ES	     32
#define REGS_FS	     36
#define REGS_GS	     40
#define REGS_ORIG_AX 44
#define REGS_IP	     48
#define REGS_CS	     52
#define REGS_FLAGS   56
#define REGS_SP	     60
#define REGS_SS	     64
#define REGS_SIZE    68
#endif

#define SEL_LDT 4 /* bit of a selector: it names an entry of the LDT */
#ifdef __x86_64__
/*
 * Where a return to a program on an LDT stack segment finds its frame: 4 GiB of addresses, one page behind every
 * one of them, so that bits 16-31 of the stack pointer can be the program's (entry/espfix.c). The lowest
 * addresses below the image's top-level entry.
 */
#define ESPFIX_BASE 0xffffff8000000000
#define ESPFIX_SLOT 512 /* of the page, per CPU */
#endif

/* Bytes between the frame at the top of a thread's stack and its FPU area. i386: the first word of them is where sysenter goes on. */
#ifdef __x86_64__
#define KSTACK_TAG 0
#else
#define KSTACK_TAG 16
#endif
#define TSS_SP0		  4		  /* of struct tss: stack of user entries */
#define TSS_SIZE	  168		  /* i386, sysenter's stack at its end */
#define THREAD_KSTACK_TOP __SIZEOF_LONG__ /* of kstack_top in struct arch_thread */

#define IRQ_STUB_SIZE	 16
#define FIRST_IRQ_VECTOR 32

#endif
