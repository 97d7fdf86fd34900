/*
 * i386: the way into the kernel that suits the CPU, and where signal handlers return to.
 *
 * __kernel_vsyscall is called like int 0x80 is executed: %eax number, %ebx %ecx %edx %esi %edi %ebp
 * arguments, all kept but %eax.
 *
 *   stack at sysenter      %ebp ->  sixth argument (the caller's %ebp)
 *                                   %edx, %ecx: sysexit comes back with its own in them
 *                                   return address
 *
 * sysenter leaves no return address: the kernel goes on at vdso_landing. A call that is to be made
 * again goes on two bytes before it, at int $0x80, when the kernel has put the sixth argument back
 * into %ebp.
 * The four bytes at vdso_enter are written by the kernel (entry/vdso.c) where the CPU has sysenter;
 * elsewhere they do nothing and int 0x80 does the work.
 *
 * The bytes of the two sigreturns are what debuggers and old unwinders look for; newer ones read the
 * CFI: the registers that the handler interrupted are in the sigcontext, 4 bytes above the stack pointer
 * in the old form (the signal number lies between), 160 bytes above it in the new one.
 */
#ifndef __x86_64__
	.text
	.balign 32
	.globl __kernel_vsyscall
	.type __kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	pushl %ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl %edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl %ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
vdso_enter:
	nop /* movl %esp, %ebp */
	nop
	nop /* sysenter */
	nop
	int $0x80
vdso_landing:
	popl %ebp
	.cfi_adjust_cfa_offset -4
	.cfi_restore ebp
	popl %edx
	.cfi_adjust_cfa_offset -4
	.cfi_restore edx
	popl %ecx
	.cfi_adjust_cfa_offset -4
	.cfi_restore ecx
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

/* Register @reg was saved @off bytes from %esp. Two bytes of offset, so that all are of one length. */
.macro cfi_saved reg, off
	.cfi_escape 0x10, \reg, 3, 0x74, ((\off) & 0x7f) | 0x80, ((\off) >> 7) & 0x7f
.endm

/* All registers of a sigcontext that begins @mc bytes above %esp. */
.macro cfi_sigcontext mc
	.cfi_signal_frame
	.cfi_escape 0x0f, 4, 0x74, ((\mc + 28) & 0x7f) | 0x80, ((\mc + 28) >> 7) & 0x7f, 0x06
	cfi_saved 7, \mc + 16 /* edi */
	cfi_saved 6, \mc + 20 /* esi */
	cfi_saved 5, \mc + 24 /* ebp */
	cfi_saved 3, \mc + 32 /* ebx */
	cfi_saved 2, \mc + 36 /* edx */
	cfi_saved 1, \mc + 40 /* ecx */
	cfi_saved 0, \mc + 44 /* eax */
	cfi_saved 8, \mc + 56 /* eip */
.endm

	.balign 32
	/* Unwinders look up the address before a return address. */
	.cfi_startproc simple
	cfi_sigcontext 4
	nop
	.globl __kernel_sigreturn
	.type __kernel_sigreturn, @function
__kernel_sigreturn:
	popl %eax
	cfi_sigcontext 0
	movl $119, %eax
	int $0x80
	nop
	.cfi_endproc
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.balign 32
	.cfi_startproc simple
	cfi_sigcontext 160
	nop
	.globl __kernel_rt_sigreturn
	.type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl $173, %eax
	int $0x80
	nop
	.cfi_endproc
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
#endif

/* What C libraries read as "the kernel is at least this": the interfaces that are kept, version 6.1.0. */
	.section .note.version, "a", @note
	.balign 4
	.long 6, 4, 0
	.asciz "Linux"
	.balign 4
	.long 0x060100

	.section .note.GNU-stack, "", @progbits
