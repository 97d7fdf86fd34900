/*
 * The stack switch, and the first instructions of a new thread.
 *
 * A thread that does not run has, from its saved stack pointer up: the registers a C function must
 * keep, and the address to go on at. New threads are built in that form (switch.c) with one of the
 * two starts below as address.
 */
#include "arch/processor.h"
#include "arch/x86/hw/entry.inc"

	.text

#ifdef __x86_64__
/* void switch_stacks(unsigned long *prev_sp, unsigned long next_sp) */
GLOBAL(switch_stacks)
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	ret

/* Kernel thread: %r12 function, %r13 argument. Interrupts off. */
GLOBAL(thread_start_kernel)
	call ret_from_fork
	sti
	movq %r13, %rdi
	call *%r12
	ud2 /* the function must not return */

/* Child of fork: user registers are above the stack pointer. */
GLOBAL(thread_start_user)
	call ret_from_fork
	cli
	jmp return_to_user
#else
GLOBAL(switch_stacks)
	pushl %ebp
	pushl %ebx
	pushl %esi
	pushl %edi
	movl %esp, (%eax)
	movl %edx, %esp
	popl %edi
	popl %esi
	popl %ebx
	popl %ebp
	ret

/* Kernel thread: %esi function, %edi argument. */
GLOBAL(thread_start_kernel)
	call ret_from_fork
	sti
	movl %edi, %eax
	call *%esi
	ud2

GLOBAL(thread_start_user)
	call ret_from_fork
	cli
	jmp return_to_user
#endif

	.section .note.GNU-stack, "", @progbits
