/*
 * x86_64: how the kernel is entered and left.
 *
 * FRAME    every entry builds a struct pt_regs at the top of the kernel stack (from user mode) or
 *          on the stack in use.
 * GS       in the kernel it is the CPU's per-CPU base, in user mode the user's; swapgs at each
 *          crossing. Between the crossing and swapgs interrupts are off, and the three events that
 *          come nevertheless have stacks of their own (IST) and do not use GS (NMI) or load it
 *          themselves (double fault, machine check).
 * FAST     C code preserves %rbx, %rbp, %r12-%r15. A return whose frame nobody has changed
 *          therefore reloads only the others; and a system call returns by sysret. Who changes a
 *          frame: exit_to_user_work (its caller always takes the full path), sigreturn and exec
 *          (they set RF in the saved flags, which sends the system-call return to the full path),
 *          fix-ups (only the instruction pointer, which iret reads from the frame).
 * SYSRET   would fault in kernel mode with the user's stack on a non-canonical return address
 *          (Intel). It is only taken with the address and flags the syscall instruction saved, and
 *          the highest user page is never mapped, so the address is canonical. A saved TF also
 *          takes iret: the trap must come after the next user instruction.
 * ESPFIX   iret to a stack segment of the LDT goes over a small stack of its own (espfix.c).
 * IRET     may fault when a program has made its own frame impossible (a selector, a non-canonical
 *          address). GS is the user's then: iret_fault repairs that and turns the fault into the
 *          program's.
 * SMAP     the flag AC is clear in the kernel: syscall clears it by its mask, the others by clac.
 * COST     a system call: 46 instructions here; page fault: 53; interrupt: 55.
 */
#ifdef __x86_64__
#include "arch/x86/hw/entry.inc"

#define ENOSYS 38
#define DR6_NOTHING 0xffff0ff0
#define TRAP_GP 13

.macro push_di_to_r15
	pushq %rdi
	push_si_to_r15
.endm

.macro push_si_to_r15
	pushq %rsi
	push_dx_to_r15
.endm

.macro push_dx_to_r15
	pushq %rdx
	pushq %rcx
	pushq %rax
	push_r8_to_r15
.endm

.macro push_r8_to_r15
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm

/* Leaves %rsp at the frame iret takes. */
.macro pop_r11_to_di
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	addq $8, %rsp /* orig_ax */
.endm

	.text

/* ---- system calls ---- */
/* %rax number; %rdi %rsi %rdx %r10 %r8 %r9 arguments; %rcx return address, %r11 flags. */
GLOBAL(syscall_entry)
	swapgs
	movq %rsp, %gs:syscall_user_sp
	movq %gs:cpu_tss + TSS_SP0, %rsp
	pushq $SEL_USER_DS
	pushq %gs:syscall_user_sp
	pushq %r11
	pushq $SEL_USER_CS
	pushq %rcx
	pushq %rax
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq $-ENOSYS
	push_r8_to_r15
	sti
	movl %eax, %eax
	movq %r10, %rcx
	cmpq %gs:call_limit, %rax
	jae syscall_slow
syscall_call:
	call *sys_call_table(, %rax, 8)
	cli
	cmpq $0, %gs:work_pending
	jne syscall_work
	testl $(FLAG_RF | FLAG_TF), REGS_FLAGS(%rsp)
	jne syscall_full
	movq REGS_R10(%rsp), %r10
	movq REGS_R9(%rsp), %r9
	movq REGS_R8(%rsp), %r8
	movq REGS_DX(%rsp), %rdx
	movq REGS_SI(%rsp), %rsi
	movq REGS_DI(%rsp), %rdi
	movq REGS_FLAGS(%rsp), %r11
	movq REGS_IP(%rsp), %rcx
	movq REGS_SP(%rsp), %rsp
	swapgs
	sysretq

syscall_slow:
	cmpq $0, %gs:call_limit
	je syscall_watched
syscall_unknown:
	movq sys_call_nr, %rax
	jmp syscall_call
/* Of a traced thread: what the call is, and with what arguments, may be the tracer's will. */
syscall_watched:
	movq %rsp, %rdi
	call ptrace_call_enter
	cmpq $-1, %rax
	je syscall_skipped
	movq REGS_DI(%rsp), %rdi
	movq REGS_SI(%rsp), %rsi
	movq REGS_DX(%rsp), %rdx
	movq REGS_R10(%rsp), %rcx
	movq REGS_R8(%rsp), %r8
	movq REGS_R9(%rsp), %r9
	cmpq sys_call_nr, %rax
	jae syscall_unknown
	jmp syscall_call
syscall_skipped:
	cli
	jmp user_work
syscall_work:
	movq %rax, REGS_AX(%rsp)
	jmp user_work
syscall_full:
	movq %rax, REGS_AX(%rsp)
	jmp return_full

/*
 * int 0x80, i386's system call: %eax number; %ebx %ecx %edx %esi %edi %ebp arguments. C does the rest, and leaves the
 * result in the frame.
 */
GLOBAL(int80_entry)
	movl %eax, %eax
	pushq %rax
	push_di_to_r15
	cld
	smap_clac
	swapgs
	movq $-ENOSYS, REGS_AX(%rsp)
	sti
	movq %rsp, %rdi
	call compat_call
	cli
	jmp return_to_user

/*
 * The syscall instruction in 32-bit code: there is no 32-bit ABI here. Nothing has been changed yet
 * but %rcx, %r11.
 */
GLOBAL(syscall32_entry)
	movl $-ENOSYS, %eax
	sysretl

/* ---- back to user mode ---- */
/* %rsp at the thread's pt_regs, interrupts off, kernel GS. */
GLOBAL(return_to_user)
	cmpq $0, %gs:work_pending
	je return_full
user_work:
	movq %rsp, %rdi
	call exit_to_user_work
return_full:
	testb $SEL_LDT, REGS_SS(%rsp)
	jnz return_espfix
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	pop_r11_to_di
	swapgs
	jmp iret_to_user

/* As return_to_user, when %rbx, %rbp, %r12-%r15 are still the user's. Interrupts on or off. */
return_fast:
	cli
	cmpq $0, %gs:work_pending
	jne user_work
	testb $SEL_LDT, REGS_SS(%rsp)
	jnz return_espfix
	addq $48, %rsp
	pop_r11_to_di
	swapgs
iret_to_user:
	iretq

/*
 * The stack segment is one of the LDT, perhaps with 16 bits: espfix.c. The frame goes to this CPU's
 * small stack, and the stack pointer to that one of its addresses which has bits 16-31 of the
 * program's. Without the window no program has an LDT: the selector means nothing.
 */
return_espfix:
	movq %gs:espfix_frame, %rax
	testq %rax, %rax
	jz espfix_none
	.irp word, REGS_IP, REGS_CS, REGS_FLAGS, REGS_SP, REGS_SS
	movq \word(%rsp), %rcx
	movq %rcx, (\word - REGS_IP)(%rax)
	.endr
	movl REGS_SP(%rsp), %ecx
	andl $0xffff0000, %ecx
	andl $0xfff, %eax
	orl %eax, %ecx
	movabsq $ESPFIX_BASE, %rax
	addq %rax, %rcx
	movq %rcx, %gs:espfix_sp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	pop_r11_to_di
	movq %gs:espfix_sp, %rsp
	swapgs
iret_espfix:
	iretq

espfix_none:
	movl $TRAP_GP, %esi
	xorl %edx, %edx
	movq %rsp, %rdi
	call trap_user
	cli
	jmp return_to_user

return_to_kernel:
	addq $48, %rsp
	pop_r11_to_di
	iretq

/* noreturn void arch_enter_user(void) */
GLOBAL(arch_enter_user)
	cli
	movq %gs:current_arch_thread, %rax
	movq THREAD_KSTACK_TOP(%rax), %rsp
	subq $REGS_SIZE, %rsp
	jmp return_to_user

/* ---- page faults ---- */
page_fault_entry:
	push_di_to_r15
	cld
	smap_clac
	movq REGS_ORIG_AX(%rsp), %rsi
	movq $-1, REGS_ORIG_AX(%rsp)
	movq %cr2, %rdx
	testb $3, REGS_CS(%rsp)
	jz 1f
	swapgs
	movq %rsp, %rdi
	call page_fault_user
	jmp return_fast
1:	movq %rsp, %rdi
	call page_fault_kernel
	jmp return_to_kernel

/* ---- other exceptions; the stub has pushed an error code and the vector ---- */
trap_common:
	pushq %rsi
	movq 8(%rsp), %rsi
	movq %rdi, 8(%rsp)
	push_dx_to_r15
	cld
	smap_clac
	movq REGS_ORIG_AX(%rsp), %rdx
	movq $-1, REGS_ORIG_AX(%rsp)
	testb $3, REGS_CS(%rsp)
	jz 1f
	swapgs
2:	movq %rsp, %rdi
	call trap_user
	jmp return_fast
1:	cmpq $iret_to_user, REGS_IP(%rsp)
	je iret_fault
	cmpq $iret_espfix, REGS_IP(%rsp)
	je iret_fault_espfix
	movq %rsp, %rdi
	call trap_kernel
	jmp return_to_kernel

/*
 * iret to user mode has faulted. Its frame still lies at the top of the kernel stack, and the
 * user's other registers are here: join the two there and let the program have the fault. %rsi
 * vector, %rdx error code.
 */
iret_fault:
	swapgs
	movq %rsi, %rbx
	movq %rdx, %rbp
	movq %rsp, %rdi
iret_fault_join:
	call trap_join_frame
	movq %rax, %rsp
	movq %rbx, %rsi
	movq %rbp, %rdx
	movq %rsp, %rdi
	call trap_user
	cli
	jmp return_to_user

/*
 * The same on the small stack. The program's frame is at the top of the kernel stack nevertheless; the calls
 * go below it. #GP(0) whatever it was, as Linux, which cannot tell.
 */
iret_fault_espfix:
	swapgs
	movq %rsp, %rdi
	movq %gs:cpu_tss + TSS_SP0, %rsp
	subq $(REGS_SIZE + 8), %rsp
	movl $TRAP_GP, %ebx
	xorl %ebp, %ebp
	jmp iret_fault_join

/* ---- hardware interrupts ---- */
irq_common:
	pushq %rsi
	movq 8(%rsp), %rsi
	movq %rdi, 8(%rsp)
	push_dx_to_r15
	cld
	smap_clac
	movq %rsp, %rdi
	testb $3, REGS_CS(%rsp)
	jz 1f
	swapgs
	call irq_dispatch
	jmp return_fast
1:	call irq_dispatch
	jmp return_to_kernel

/* ---- double fault and machine check ---- */
/* Own stack, GS unknown: the word above the frame is the CPU's per-CPU base. */
fatal_common:
	pushq %rsi
	movq 8(%rsp), %rsi
	movq %rdi, 8(%rsp)
	push_dx_to_r15
	cld
	smap_clac
	movl REGS_SIZE(%rsp), %eax
	movl REGS_SIZE + 4(%rsp), %edx
	movl $MSR_GS_BASE, %ecx
	wrmsr
	movq REGS_ORIG_AX(%rsp), %rdx
	movq %rsp, %rdi
	call trap_fatal
	ud2

/*
 * A stack of its own: after "mov ss" a watched address may trap only once the next instruction, a syscall, has come into the
 * kernel, where neither stack nor GS is the kernel's yet. In the kernel it is forgotten: only user addresses are
 * watched, and what a call does there is not the program's doing. From user mode: over to the thread's stack.
 */
debug_entry:
	testb $3, 8(%rsp)
	jz debug_kernel
	swapgs
	pushq %rdi
	movq %rsp, %rdi
	movq %gs:cpu_tss + TSS_SP0, %rsp
	pushq 40(%rdi)
	pushq 32(%rdi)
	pushq 24(%rdi)
	pushq 16(%rdi)
	pushq 8(%rdi)
	pushq $0
	pushq $1
	movq (%rdi), %rdi
	swapgs
	jmp trap_common
/*
 * The same without a stack of its own, for processors on which no instruction puts off a watched address's trap (idt.c). There the
 * step of an instruction and what it wrote are two traps, the second one before the first instruction here: DR6 has both
 * already, and the first one's frame, which a stack of its own would have lost, lies above.
 */
GLOBAL(debug_entry_split)
	testb $3, 8(%rsp)
	jz 1f
	pushq $0
	pushq $1
	jmp trap_common
1:	cmpq $debug_entry_split, (%rsp)
	jne debug_kernel
	iretq
debug_kernel:
	pushq %rax
	movl $DR6_NOTHING, %eax
	movq %rax, %dr6
	popq %rax
	iretq

/* Where functions of kretprobes return to: arch/probe.h. */
GLOBAL(probe_return_here)
	int3

/* Counted, nothing else: it may come at any instruction. */
nmi_entry:
	lock incq nmi_count(%rip)
	iretq

.macro exception vector, error=0, to=trap_common
exception_\vector:
	.if !\error
	pushq $0
	.endif
	pushq $\vector
	jmp \to
	.pushsection .rodata
	.quad exception_\vector
	.popsection
.endm

	.section .rodata
	.balign 8
	.globl exception_entries
exception_entries:
	.text
	exception 0
	.pushsection .rodata
	.quad debug_entry
	.popsection
	.pushsection .rodata
	.quad nmi_entry
	.popsection
	exception 3
	exception 4
	exception 5
	exception 6
	exception 7
	exception 8, 1, fatal_common
	exception 9
	exception 10, 1
	exception 11, 1
	exception 12, 1
	exception 13, 1
	.pushsection .rodata
	.quad page_fault_entry
	.popsection
	exception 15
	exception 16
	exception 17, 1
	exception 18, 0, fatal_common
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
	pushq $-1
	pushq $irq_vector
	jmp irq_common
	.set irq_vector, irq_vector + 1
	.endr
#endif

	.section .note.GNU-stack, "", @progbits
