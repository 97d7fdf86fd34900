/*
 * i386: how the kernel is entered and left.
 *
 * FRAME    every entry builds a struct pt_regs; sp and ss exist only in frames from user mode.
 * SEGMENTS the kernel runs with DS = ES = user data, FS = the per-CPU segment; GS keeps the user's
 *          value and is not used. Every entry loads them, from kernel mode too: an interrupt may
 *          come before the first instructions of an entry have, or after the last ones of an exit
 *          have restored the user's.
 * EXIT     a selector that has become invalid while the kernel ran (its TLS entry was freed) faults
 *          when popped: it is replaced by null. iret faults when the code or stack selector is
 *          impossible: iret_fault gives that to the program.
 * ESPFIX   iret to a stack segment of 16 bits restores half of ESP and leaves the other half the kernel's. So the
 *          way back to one of the LDT ends on a segment with another base (gdt.c, entry 26), on which the same
 *          frame has an address with the program's high half. What can still come there is an exception of iret
 *          itself, and an NMI.
 * SYSENTER Linux's convention: %ebp user stack, its top word the sixth argument (-EFAULT when it
 *          cannot be read); the return address is the vDSO's (vdso/vsyscall.S), address 0 for a
 *          program without one: the word above the frame, where the thread's stack begins (hw/switch.c).
 *          The sixth argument is read with half of the frame on the stack, by the stack segment: a fault there may
 *          sleep, and who looks at the thread's registers meanwhile sees those of its call before. The way back is sysexit, which puts address and stack into %edx
 *          and %ecx, where the vDSO expects nothing; or iret, when a signal or a trace wants its
 *          own registers (RF, TF in the frame), or there is work to do.
 * TF, NMI  sysenter leaves TF, NT and AC as they were. Single steps go on into the kernel until the
 *          flags are cleared, and are ignored there: the saved TF makes the program trap after
 *          its call. The first of them, and an NMI there, come on the stack of sixteen words that
 *          sysenter starts with, which is enough for both. An interrupt may come as soon as the stack is
 *          the thread's: interrupts clear these flags themselves.
 * SMAP     AC is cleared at each entry.
 * FAST     C preserves %ebx, %esi, %edi, %ebp: a system call whose frame nobody has changed does not
 *          reload them. Who changes a frame: see trap64.S.
 * COST     a system call by int 0x80: 40 instructions here, by sysenter 52 (all of which together take
 *          a processor less time than int 0x80 alone); page fault: 43.
 */
#ifndef __x86_64__
#include "arch/x86/hw/entry.inc"

#define EFAULT 14
#define TRAP_IRET 32
#define ENOSYS 38
#define DR6_STEP 0x4000
#define SYSENTER_USER_TOP 0xc0000000 /* USER_TOP */

/*
 * From orig_ax on the stack to a whole frame; the kernel's segments, from the code segment: no register is needed.
 */
.macro save_regs ax=%eax
	pushl %gs
	save_regs_but_gs \ax
	clear_flags
.endm

.macro clear_flags
	cld
	smap_clac
.endm

.macro save_regs_but_gs ax=%eax
	save_segments_but_gs \ax
	save_general
.endm

.macro save_segments_but_gs ax
	pushl %fs
	pushl %es
	pushl %ds
	pushl \ax
.endm

.macro save_general
	pushl %ebp
	pushl %edi
	pushl %esi
	pushl %edx
	pushl %ecx
	pushl %ebx
	movw %cs:kernel_data, %ds
	movw %cs:kernel_data, %es
	movw %cs:kernel_percpu, %fs
.endm

	.section .rodata
kernel_data:
	.word SEL_USER_DS
kernel_percpu:
	.word SEL_PERCPU
	.text

/* The stub has pushed orig_ax and, where gs belongs, the vector. Leaves it in %edx. */
.macro save_regs_vector
	save_regs_but_gs
	clear_flags
	movl REGS_GS(%esp), %edx
	movl %gs, %ecx
	movl %ecx, REGS_GS(%esp)
.endm

	.text

/* The user's data selectors; one that has become invalid becomes null. */
.macro pop_segments
	.irp s, ds, es, fs, gs
	pop_segment \s
	.endr
.endm

.macro pop_segment s
771:	popl %\s
	.pushsection .text.fixup, "ax"
772:	movl $0, (%esp)
	jmp 771b
	extable 771b, 772b
	.popsection
.endm

/* The same, of a frame @above bytes above the stack pointer, which stays. */
.macro load_user_segments above
	load_segment ds, REGS_DS + \above
	load_segment es, REGS_ES + \above
	load_segment fs, REGS_FS + \above
	load_segment gs, REGS_GS + \above
.endm

.macro load_segment s, at
771:	movw \at(%esp), %\s
	.pushsection .text.fixup, "ax"
772:	movl $0, \at(%esp)
	jmp 771b
	extable 771b, 772b
	.popsection
.endm

/* ---- system calls: %eax number, %ebx %ecx %edx %esi %edi %ebp arguments ---- */
#define ARGS 12 /* bytes, on the stack below the frame */

/*
 * Carry out call %eax; all other registers are the user's. Falls through with interrupts off, ARGS still on
 * the stack, %eax the result and %ebx, %esi, %edi, %ebp the user's again. Goes on at @work, the frame complete, when
 * there is work to do; at @full when the frame is not what was saved or its flags say so.
 */
.macro syscall_call work, full, flags
	cmpl %fs:call_limit, %eax
	jae 782f
781:	pushl %ebp
	pushl %edi
	pushl %esi
	xchgl %ecx, %edx
	xchgl %ebx, %eax
	call *sys_call_table(, %ebx, 4)
	movl ARGS(%esp), %ebx
	cli
	cmpl $0, %fs:work_pending
	jne 783f
	testl $\flags, REGS_FLAGS + ARGS(%esp)
	jnz 784f
	.pushsection .text.fixup, "ax"
782:	cmpl $0, %fs:call_limit
	je 785f
786:	movl sys_call_nr, %eax
	jmp 781b
785:	movl %esp, %eax
	call ptrace_call_enter
	movl REGS_BX(%esp), %ebx
	movl REGS_CX(%esp), %ecx
	movl REGS_DX(%esp), %edx
	movl REGS_SI(%esp), %esi
	movl REGS_DI(%esp), %edi
	movl REGS_BP(%esp), %ebp
	cmpl $-1, %eax
	je 787f
	cmpl sys_call_nr, %eax
	jae 786b
	jmp 781b
787:	cli
	jmp \work
783:	addl $ARGS, %esp
	movl %eax, REGS_AX(%esp)
	jmp \work
784:	addl $ARGS, %esp
	movl %eax, REGS_AX(%esp)
	jmp \full
	.popsection
.endm

GLOBAL(int80_entry)
	pushl %eax
	save_regs $-ENOSYS
	sti
	syscall_call user_work, restore_all, FLAG_RF
	movl REGS_CX + ARGS(%esp), %ecx
	movl REGS_DX + ARGS(%esp), %edx
	addl $REGS_DS + ARGS, %esp
	jmp restore_segments

	/* It reads a user address: only there may that fault. */
	.section .text.uaccess, "ax", @progbits
GLOBAL(sysenter_entry)
	movl TSS_SP0 - TSS_SIZE(%esp), %esp
	sti
	pushl $SEL_USER_DS
	pushl %ebp
	pushfl
	pushl $FLAG_FIXED | FLAG_IF
	popfl
.Lsysenter_flags_clear:
	pushl $SEL_USER_CS
	pushl REGS_SIZE - REGS_CS(%esp) /* the word above the frame */
	pushl %eax
	pushl %gs
	save_segments_but_gs $-ENOSYS
	cmpl $SYSENTER_USER_TOP - 4, %ebp
	ja .Lsysenter_bad_stack
GLOBAL(sysenter_load) /* with SMAP a jump to sysenter_load_smap: hw/cpu.c */
	movl 0(%ebp), %ebp
.Lsysenter_loaded:
	save_general /* the flags are clear */
	syscall_call user_work, restore_all, (FLAG_RF | FLAG_TF)
	load_user_segments ARGS
	movl REGS_IP + ARGS(%esp), %edx
	movl REGS_SP + ARGS(%esp), %ecx
	addl $REGS_FLAGS + ARGS, %esp
	andl $~FLAG_IF, (%esp)
	popfl
	sti /* from the next instruction on */
	sysexit
GLOBAL(sysenter_load_smap)
	smap_stac
1:	movl (%ebp), %ebp
	smap_clac
	jmp .Lsysenter_loaded
.Lsysenter_fault:
	smap_clac
.Lsysenter_bad_stack:
	save_general
	movl $-EFAULT, REGS_AX(%esp)
	movl $-1, REGS_ORIG_AX(%esp) /* nothing to make again */
	cli
	jmp return_to_user
	extable 1b, .Lsysenter_fault
	extable sysenter_load, .Lsysenter_fault
	.text

/* ---- back ---- */
/* %esp at the thread's pt_regs, interrupts off. */
GLOBAL(return_to_user)
	cmpl $0, %fs:work_pending
	je restore_all
user_work:
	movl %esp, %eax
	call exit_to_user_work
restore_all:
	popl %ebx
	popl %ecx
	popl %edx
	popl %esi
	popl %edi
	popl %ebp
	popl %eax
restore_segments:
	testb $SEL_LDT, REGS_SS - REGS_DS(%esp)
	jnz restore_espfix
	pop_segments
	addl $4, %esp
iret_to_user:
	iret

/*
 * The stack segment is one of the LDT: see ESPFIX. %ecx becomes the linear address of iret's frame less the
 * stack pointer that has the program's high half, which is the small stack segment's base; its low half is 0.
 * The far pointer to the frame goes where gs and orig_ax were.
 */
#define FRAME(member) (member - REGS_DS + 8)(%esp)
restore_espfix:
	pushl %eax
	pushl %ecx
	movl FRAME(REGS_SP), %eax
	leal FRAME(REGS_IP), %ecx
	movw %cx, %ax
	subl %eax, %ecx
	shrl $16, %ecx
	movb %cl, %fs:cpu_gdt + GDT_ESPFIX * 8 + 4
	movb %ch, %fs:cpu_gdt + GDT_ESPFIX * 8 + 7
	movl FRAME(REGS_GS), %ecx
771:	movl %ecx, %gs
	.pushsection .text.fixup, "ax"
772:	xorl %ecx, %ecx
	jmp 771b
	extable 771b, 772b
	.popsection
	movl %eax, FRAME(REGS_GS)
	movl $SEL_ESPFIX, FRAME(REGS_ORIG_AX)
	popl %ecx
	popl %eax
	pop_segment ds
	pop_segment es
	pop_segment fs
	lss (%esp), %esp
iret_espfix:
	iret

/*
 * Back to interrupted kernel code. %gs stays as it is: it is the user's, the kernel does not use
 * it, and the descriptor behind it may belong to another thread now, so that loading it would
 * fault.
 */
restore_kernel:
	popl %ebx
	popl %ecx
	popl %edx
	popl %esi
	popl %edi
	popl %ebp
	popl %eax
	popl %ds
	popl %es
	popl %fs
	addl $8, %esp /* gs, orig_ax */
	iret

/* Interrupts on or off; from user mode or not. */
return_from_trap:
	cli
	testb $3, REGS_CS(%esp)
	jz restore_kernel
	cmpl $0, %fs:work_pending
	je restore_all
	jmp user_work

/* noreturn void arch_enter_user(void) */
GLOBAL(arch_enter_user)
	cli
	movl %fs:current_arch_thread, %eax
	movl THREAD_KSTACK_TOP(%eax), %esp
	subl $REGS_SIZE, %esp
	jmp return_to_user

/* ---- page faults ---- */
page_fault_entry:
	save_regs
	movl REGS_ORIG_AX(%esp), %edx
	movl $-1, REGS_ORIG_AX(%esp)
	movl %cr2, %ecx
	movl %esp, %eax
	testb $3, REGS_CS(%esp)
	jz 1f
	call page_fault_user
	jmp return_from_trap
1:	call page_fault_kernel
	jmp restore_kernel

/* ---- other exceptions ---- */
trap_common:
	save_regs_vector
	movl REGS_ORIG_AX(%esp), %ecx
	movl $-1, REGS_ORIG_AX(%esp)
	movl %esp, %eax
	testb $3, REGS_CS(%esp)
	jz 1f
	call trap_user
	jmp return_from_trap
1:	cmpl $iret_to_user, REGS_IP(%esp)
	je iret_fault
	cmpl $iret_espfix, REGS_IP(%esp)
	je iret_fault_espfix
	call trap_kernel
	jmp restore_kernel

/*
 * On the small stack segment, whose base is not 0: the same bytes by an address that C can use. There are iret's frame at the
 * top of the kernel stack, and a frame from kernel mode below it.
 */
iret_fault_espfix:
	movl %fs:current_arch_thread, %eax
	movl THREAD_KSTACK_TOP(%eax), %eax
	subl $(REGS_SIZE - REGS_IP + REGS_SP), %eax
	movl $SEL_KERNEL_DS, %ecx
	movl %ecx, %ss
	movl %eax, %esp
/* iret to user mode has faulted: see trap64.S. Linux tells a 32-bit program that, and not which exception it was. */
iret_fault:
	call trap_join_frame
	movl %eax, %esp
	movl $TRAP_IRET, %edx
	xorl %ecx, %ecx
	call trap_user
	cli
	jmp return_to_user

/*
 * Single steps that have come with sysenter: forgotten, DR6 included. A program may also jump to that
 * address: the trap is its own then. And the second of two traps of one instruction (trap64.S): DR6 has both.
 */
debug_entry:
	cmpw $SEL_KERNEL_CS, 4(%esp)
	jne 1f
	cmpl $debug_entry, (%esp)
	je 2f
	cmpl $sysenter_entry, (%esp)
	jb 1f
	cmpl $.Lsysenter_flags_clear, (%esp)
	ja 1f
	pushl %eax
	movl %dr6, %eax
	andl $~DR6_STEP, %eax
	movl %eax, %dr6
	popl %eax
2:	iret
1:	pushl $0
	pushl $1
	jmp trap_common

/* Where functions of kretprobes return to: arch/probe.h. */
GLOBAL(probe_return_here)
	int3

/* Counted, nothing else: it may come at any instruction, with any data segment. */
nmi_entry:
	pushl %eax
	movl %ss, %eax
	cmpw $SEL_ESPFIX, %ax
	je 1f
	lock incl %ss:nmi_count
	popl %eax
	iret
1:	pushl %ds /* loaded a moment ago: it can be loaded again */
	movl $SEL_USER_DS, %eax
	movl %eax, %ds
	lock incl nmi_count
	popl %ds
	popl %eax
	iret

/* ---- hardware interrupts ---- */
irq_common:
	save_regs_vector
	movl %esp, %eax
	call irq_dispatch
	jmp return_from_trap

/* ---- double fault: a task of its own; the interrupted state is in the CPU's TSS ---- */
GLOBAL(double_fault_entry)
	call trap_double_fault
	ud2

.macro exception vector, error=0
exception_\vector:
	.if !\error
	pushl $0
	.endif
	pushl $\vector
	jmp trap_common
	exception_entry exception_\vector
.endm

.macro exception_entry name
	.pushsection .rodata
	.long \name
	.popsection
.endm

	.section .rodata
	.balign 4
	.globl exception_entries
exception_entries:
	.text
	exception 0
	exception_entry debug_entry
	exception_entry nmi_entry
	exception 3
	exception 4
	exception 5
	exception 6
	exception 7
	exception 8, 1 /* not used: the gate is a task gate */
	exception 9
	exception 10, 1
	exception 11, 1
	exception 12, 1
	exception 13, 1
	exception_entry page_fault_entry
	exception 15
	exception 16
	exception 17, 1
	exception 18
	exception 19
	exception 20
	exception 21, 1
	.irp v, 22, 23, 24, 25, 26, 27, 28
	exception \v
	.endr
	exception 29, 1
	exception 30, 1
	exception 31

/* One stub of IRQ_STUB_SIZE bytes per vector 32..255. */
	.balign IRQ_STUB_SIZE
	.globl irq_entries
irq_entries:
	.set irq_vector, FIRST_IRQ_VECTOR
	.rept 256 - FIRST_IRQ_VECTOR
	.balign IRQ_STUB_SIZE
	pushl $-1
	pushl $irq_vector
	jmp irq_common
	.set irq_vector, irq_vector + 1
	.endr
#endif

	.section .note.GNU-stack, "", @progbits
