/*
 * Start of a secondary CPU. This code runs as a copy at TRAMPOLINE_PHYS: 16-bit, then 32-bit
 * protected mode without paging, then the build's paging mode on a table set that maps the copy at
 * its physical address and the kernel where it belongs. It leaves the copy for trampoline_high,
 * and the table set for kernel_root.
 *
 * Source: SDM volume 3A, "MP Initialization", "Switching to Protected Mode".
 */
#include "arch/x86/hw/boot_map.h"

#define PHYS(symbol) ((symbol) - BOOT_KERNEL_BASE)
#define TRAMPOLINE_PHYS 0x1000 /* as in trampoline.h */
#define AT(label) (TRAMPOLINE_PHYS + (label) - trampoline_start)

#ifdef __x86_64__
#define CS_32BIT 0x08
#else
#define CS_32BIT BOOT_CS
#endif

#include "arch/x86/entry/paging_on.inc"

	.section .rodata.trampoline, "a"
	.balign 16
	.globl trampoline_start, trampoline_end, trampoline_params
trampoline_start:
	.code16
	cli
	cld
	ljmp $0, $AT(1f)
1:	xorw %ax, %ax
	movw %ax, %ds
	lgdtl AT(gdt_pointer)
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $CS_32BIT, $AT(2f)

	.code32
2:	movl $BOOT_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl AT(params_top), %eax
	movl AT(params_cr4), %edx
	paging_on
#ifdef __x86_64__
	ljmp $BOOT_CS, $AT(3f)
	.code64
3:	movl AT(params_cpu), %edi
	movq AT(params_stack), %rsp
	movq AT(params_kernel_top), %rsi
	movq $trampoline_high, %rax
	jmp *%rax
#else
	movl AT(params_cpu), %edi
	movl AT(params_stack), %esp
	movl AT(params_kernel_top), %esi
	movl $trampoline_high, %eax
	jmp *%eax
#endif

	.balign 8
gdt_pointer:
	.word BOOT_GDT_LIMIT
	.long PHYS(boot_gdt)
	.balign 8
trampoline_params: /* struct trampoline_params */
params_top:
	.quad 0
params_kernel_top:
	.quad 0
params_stack:
	.quad 0
params_cpu:
	.quad 0
params_cr4:
	.quad 0
trampoline_end:

/* The stack, the CPU number in %edi and kernel_root's table in %esi/%rsi are set; segments are those of boot_gdt. */
	.text
#ifdef __x86_64__
	.code64
trampoline_high:
	movq %rsi, %cr3
	lgdt boot_gdt_pointer
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	xorl %edx, %edx
	movl $0xc0000101, %ecx /* GS base: CPU 0's variables until cpu_init_secondary */
	wrmsr
	xorl %ebp, %ebp
	call trampoline_arrived
#else
	.code32
trampoline_high:
	movl %esi, %cr3
	lgdt boot_gdt_pointer
	movl $BOOT_DS, %eax
	movl %eax, %fs /* CPU 0's variables until cpu_init_secondary */
	xorl %eax, %eax
	movl %eax, %gs
	xorl %ebp, %ebp
	movl %edi, %eax
	call trampoline_arrived
#endif
1:	cli
	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
