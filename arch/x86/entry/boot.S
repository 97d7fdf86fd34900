/*
 * The first instructions, for every boot protocol and paging mode.
 *
 * Both protocols enter in 32-bit protected mode without paging, flat segments, interrupts off:
 *   PVH          the ELF note names pvh_entry; %ebx = physical address of struct hvm_start_info
 *   Multiboot 1  the header names mb_entry; %eax = 0x2BADB002, %ebx = physical address of the
 *                information
 * The header uses the address fields ("a.out kludge", bit 16): loaders refuse an ELF64 otherwise.
 *
 * Steps: clear .bss, check the CPU, build the boot tables (boot_paging.inc of the mode), enter the
 * paging mode, jump to the image's linked address, call boot_start(protocol, info). Nothing of the
 * stack or the segments the loader gave is used. A CPU that lacks a feature gets one line on the
 * serial port and a halt.
 *
 * Sources: Multiboot Specification 0.6.96; x86/HVM direct boot ABI (Xen docs/misc/pvh); SDM volume
 * 3A, "Initializing IA-32e Mode", "Switching to Protected Mode".
 */
#include "arch/x86/hw/boot_map.h"

#define PHYS(symbol) ((symbol) - BOOT_KERNEL_BASE)

#define MB_MAGIC      0x1badb002
#define MB_BOOT_MAGIC 0x2badb002
#define MB_FLAGS      0x00010003 /* modules on page boundaries, memory information, address fields */

#define COM1 0x3f8

#include "arch/x86/entry/paging_on.inc"

	.section .boot.head, "ax"
	.balign 4
mb_header:
	.long MB_MAGIC
	.long MB_FLAGS
	.long -(MB_MAGIC + MB_FLAGS)
	.long PHYS(mb_header)
	.long PHYS(__image_start)
	.long PHYS(__data_end)
	.long PHYS(__image_end)
	.long PHYS(mb_entry)

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 2f - 1f, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
1:
#ifdef __x86_64__
	.quad PHYS(pvh_entry)
#else
	.long PHYS(pvh_entry)
#endif
2:	.balign 4

	.section .boot.text, "ax"
	.code32
	.globl pvh_entry
pvh_entry:
	movl $BOOT_PROTOCOL_PVH, %ebp
	jmp boot_common

mb_entry:
	movl $BOOT_PROTOCOL_MULTIBOOT, %ebp
	cmpl $MB_BOOT_MAGIC, %eax
	je boot_common
	xorl %ebp, %ebp /* boot_start says so */

boot_common:
	cli
	cld
	movl %ebx, %esi
	lgdt PHYS(boot_gdt_pointer_phys)
	movl $BOOT_DS, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl $PHYS(__bss_start), %edi
	movl $PHYS(__bss_end), %ecx
	subl %edi, %ecx
	shrl $2, %ecx
	xorl %eax, %eax
	rep stosl
	movl $PHYS(boot_stack_top), %esp

	call boot_check_cpu
	boot_build_tables /* %eax: top table, %edx: CR4 */
	paging_on
	ljmp $BOOT_CS, $PHYS(boot_paged)

	boot_paging_text

/* The features the kernel is compiled for. Does not return when one is missing. %ebp, %esi are kept. */
.macro need_std bit, name
	.section .rodata.boot, "a"
77:	.asciz "\name"
	.section .boot.text, "ax"
	movl $PHYS(77b), %eax
	btl \bit, %edx
	jnc boot_missing
.endm

.macro need_ext bit, name
	.section .rodata.boot, "a"
77:	.asciz "\name"
	.section .boot.text, "ax"
	movl $PHYS(77b), %eax
	btl \bit, %edi
	jnc boot_missing
.endm

boot_check_cpu:
	pushfl
	popl %eax
	movl %eax, %ecx
	xorl $0x200000, %eax /* the ID flag can be changed: CPUID exists */
	pushl %eax
	popfl
	pushfl
	popl %eax
	cmpl %eax, %ecx
	movl $PHYS(name_cpuid), %eax
	je boot_missing
	xorl %edi, %edi
	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb 1f
	movl $0x80000001, %eax
	cpuid
	movl %edx, %edi
1:	movl $1, %eax
	cpuid
	boot_need_features
	need_std $4, "a time-stamp counter (TSC)"
	need_std $15, "CMOV"
	ret

/* %eax: physical address of the name of what is missing. */
boot_missing:
	movl %eax, %ebp
	movl $PHYS(text_no_support), %esi
	call boot_puts
	movl %ebp, %esi
	call boot_puts
	movl $PHYS(text_needed), %esi
	call boot_puts
1:	cli
	hlt
	jmp 1b

/* Print the string at %esi on the first serial port. Gives up on a port that is never ready. */
boot_puts:
	lodsb
	testb %al, %al
	jz 3f
	movb %al, %ah
	movl $0x10000, %ecx
	movw $COM1 + 5, %dx
1:	inb %dx, %al
	testb $0x20, %al
	jnz 2f
	decl %ecx
	jnz 1b
2:	movb %ah, %al
	movw $COM1, %dx
	outb %al, %dx
	jmp boot_puts
3:	ret

	.section .rodata.boot, "a"
name_cpuid:
	.asciz "the CPUID instruction"
text_no_support:
	.asciz "\r\nmnemos: this CPU lacks "
text_needed:
	.asciz ", which this build of the kernel needs. Halted.\r\n"

	.balign 8
	.globl boot_gdt
boot_gdt:
#ifdef __x86_64__
	.quad 0
	.quad 0x00cf9b000000ffff /* 0x08: 32-bit code, also the secondary CPUs' way through */
	.quad 0x00af9b000000ffff /* 0x10: 64-bit code */
	.quad 0x00cf93000000ffff /* 0x18: data */
#else
	.skip 12 * 8
	.quad 0x00cf9b000000ffff /* 0x60: code */
	.quad 0x00cf93000000ffff /* 0x68: data */
#endif
	.org boot_gdt + BOOT_GDT_LIMIT + 1
boot_gdt_pointer_phys:
	.word BOOT_GDT_LIMIT
	.long PHYS(boot_gdt)
	.globl boot_gdt_pointer
boot_gdt_pointer:
	.word BOOT_GDT_LIMIT
#ifdef __x86_64__
	.quad boot_gdt
#else
	.long boot_gdt
#endif

	.section .boot.text, "ax"
#ifdef __x86_64__
	.code64
boot_paged: /* still at the physical address */
	movq $boot_high, %rax
	jmp *%rax
boot_high:
	lgdt boot_gdt_pointer
	movl $BOOT_DS, %eax
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	xorl %edx, %edx
	movl $0xc0000101, %ecx /* GS base: CPU 0's per-CPU variables are where they are linked */
	wrmsr
	movq $boot_stack_top, %rsp
	movl %ebp, %edi
	movl %esi, %esi
	xorl %ebp, %ebp
	call boot_start
#else
boot_paged:
	movl $boot_high, %eax
	jmp *%eax
boot_high:
	lgdt boot_gdt_pointer
	movl $BOOT_DS, %eax
	movl %eax, %fs /* base 0: CPU 0's per-CPU variables are where they are linked */
	xorl %eax, %eax
	movl %eax, %gs
	movl $boot_stack_top, %esp
	movl %ebp, %eax
	movl %esi, %edx
	xorl %ebp, %ebp
	call boot_start
#endif
1:	hlt
	jmp 1b

	.section .boot_bss, "aw", @nobits
	.balign 4096
boot_table_space

	.section .note.GNU-stack, "", @progbits
