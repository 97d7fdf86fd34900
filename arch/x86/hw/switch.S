/*
 * The first instructions of a new thread.
 *
 * A thread that does not run has, from its saved stack pointer up, the frame pointer and the address to go on at
 * (arch/switch.h). New threads are built in that form (switch.c) with one of the two starts below as address.
 */
#include "arch/processor.h"
#include "arch/x86/hw/entry.inc"

	.text

#ifdef __x86_64__
/* Kernel thread: function and argument are on the stack. Interrupts off. */
GLOBAL(thread_start_kernel)
	popq %r12
	popq %r13
	call ret_from_fork
	sti
	movq %r13, %rdi
	call *%r12
	ud2 /* the function must not return */

/* Child of fork: user registers are above the stack pointer. */
GLOBAL(thread_start_user)
	addq $16, %rsp
	call ret_from_fork
	cli
	jmp return_to_user
#else
GLOBAL(thread_start_kernel)
	popl %esi
	popl %edi
	call ret_from_fork
	sti
	movl %edi, %eax
	call *%esi
	ud2

GLOBAL(thread_start_user)
	addl $8, %esp
	call ret_from_fork
	cli
	jmp return_to_user
#endif

	.section .note.GNU-stack, "", @progbits
