/*
 * Coroutines of the host (x86-64, System V ABI): a stack pointer each, and a switch that saves what a call preserves.
 *
 * WHY      swapcontext(3) makes two system calls per switch to save the signal mask, and ASan warns of it.
 * NOT HERE telling the sanitizer (host.h), choosing (sim/sched.c).
 */
#include "arch/sim/hw/coro.h"
#include <stdint.h>

__asm__(".text\n"
	".globl coro_switch\n"
	".type coro_switch, @function\n"
	"coro_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size coro_switch, . - coro_switch\n");

void *coro_prepare(void *stack_top, void (*entry)(void))
{
	uintptr_t *sp = (uintptr_t *)((uintptr_t)stack_top & ~(uintptr_t)15);

	*--sp = 0; /* where a caller's return address would be: ends backtraces, aligns the stack */
	*--sp = (uintptr_t)entry; /* coro_switch returns to it */
	for (int i = 0; i < 6; i++)
		*--sp = 0;
	return sp;
}
