/*
 * Touching user memory. All code that does lies in section .text.uaccess, between uaccess_text_start
 * and _end: a page fault at a user address is legal there and nowhere else in the kernel. A fault that cannot be resolved goes on at
 * the address its extable line names.
 *
 * Copies move words while they can; after a fault they go on byte by byte to the byte that faults,
 * so the count of bytes not copied is exact (a fault in a word that crosses into an unmapped page
 * says nothing about its first bytes). Sizes 4 to 16 take two overlapping moves each way: both
 * loads come before both stores.
 *
 * The FPU's registers go to and from signal frames without a copy in between.
 */
#include "arch/x86/hw/entry.inc"

#define FSAVE_SIZE 108
#define USER_TOP   0xC0000000 /* of 32 bits: pt_geom.h, as uaccess.c asserts */

	.section .text.uaccess, "ax", @progbits

#ifdef __x86_64__
/*
 * %rdi to, %rsi from, %rdx bytes. Return: bytes not copied; with \zero the rest of the destination
 * becomes 0.
 */
.macro copy_body zero
	smap_stac
	cmpq $8, %rdx
	jb 20f
1:	movq (%rsi), %rax
2:	movq -8(%rsi, %rdx), %rcx
	cmpq $16, %rdx
	ja 10f
3:	movq %rax, (%rdi)
4:	movq %rcx, -8(%rdi, %rdx)
	jmp 90f

10:	movq %rdx, %rcx
	shrq $3, %rcx
	andl $7, %edx
5:	rep movsq
	jz 90f /* of the andl: string moves do not change flags */
6:	movq -8(%rsi, %rdx), %rax
7:	movq %rax, -8(%rdi, %rdx)
90:	smap_clac
	xorl %eax, %eax
	ret

20:	testb $4, %dl
	jz 30f
11:	movl (%rsi), %eax
12:	movl -4(%rsi, %rdx), %ecx
13:	movl %eax, (%rdi)
14:	movl %ecx, -4(%rdi, %rdx)
	jmp 90b
30:	testl %edx, %edx
	jz 90b
	movl %edx, %ecx
	jmp 8f

50:	leaq (%rdx, %rcx, 8), %rcx /* bytes left in the word loop */
	jmp 8f
60:	movq %rdx, %rcx
8:	rep movsb
	jmp 90b

80:	movq %rcx, %rdx
	.if \zero
	xorl %eax, %eax
	rep stosb
	.endif
	smap_clac
	movq %rdx, %rax
	ret
	extable 1b, 60b
	extable 2b, 60b
	extable 3b, 60b
	extable 4b, 60b
	extable 5b, 50b
	extable 6b, 60b
	extable 7b, 60b
	extable 11b, 60b
	extable 12b, 60b
	extable 13b, 60b
	extable 14b, 60b
	extable 8b, 80b
.endm

/* size_t user_clear(uaddr_t dst, size_t len) */
GLOBAL(user_clear)
	smap_stac
	xorl %eax, %eax
	movq %rsi, %rcx
	shrq $3, %rcx
	andl $7, %esi
1:	rep stosq
	movl %esi, %ecx
2:	rep stosb
	smap_clac
	ret
3:	leaq (%rsi, %rcx, 8), %rcx
	jmp 2b
4:	smap_clac
	movq %rcx, %rax
	ret
	extable 1b, 3b
	extable 2b, 4b

/* long user_strncpy(char *dst, uaddr_t src, size_t size) */
GLOBAL(user_strncpy)
	smap_stac
	movq %rdi, %r10
	movabsq $0x0101010101010101, %r8
	movabsq $0x8080808080808080, %r9
	subq $8, %rdx
	jb 20f
1:	movq (%rsi), %rax
	movq %rax, (%rdi)
	movq %rax, %rcx
	subq %r8, %rcx
	notq %rax
	andq %r9, %rcx
	andq %rax, %rcx /* bit 7 of each byte that is 0, and of none before the first */
	jnz 10f
	addq $8, %rsi
	addq $8, %rdi
	subq $8, %rdx
	jae 1b
20:	addq $8, %rdx
	jz 30f
2:	movzbl (%rsi), %eax
	movb %al, (%rdi)
	testb %al, %al
	jz 30f
	incq %rsi
	incq %rdi
	decq %rdx
	jnz 2b
30:	movq %rdi, %rax
40:	subq %r10, %rax
	smap_clac
	ret
10:	bsfq %rcx, %rcx
	shrl $3, %ecx
	leaq (%rdi, %rcx), %rax
	jmp 40b
50:	smap_clac
	movq $-14, %rax /* EFAULT */
	ret
	extable 1b, 20b
	extable 2b, 50b

/* int user_cmpxchg(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen) */
GLOBAL(user_cmpxchg)
	smap_stac
	movl %esi, %eax
1:	lock cmpxchgl %edx, (%rdi)
	smap_clac
	movl %eax, (%rcx)
	xorl %eax, %eax
	ret
2:	smap_clac
	movl $-14, %eax /* EFAULT */
	ret
	extable 1b, 2b

#else
.macro copy_body zero
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	copy_moves \zero
.endm

/* @user: the register that has the user's address */
.macro copy_checked user
	pushl %esi
	pushl %edi
	movl %eax, %edi
	movl %edx, %esi
	addl %ecx, \user
	jc 99f
	cmpl $USER_TOP, \user
	ja 99f
	copy_moves 0
99:	movl %ecx, %eax
	popl %edi
	popl %esi
	ret
.endm

/* From %esi to %edi; both saved on the stack. */
.macro copy_moves zero
	smap_stac
	movl %ecx, %edx
	shrl $2, %ecx
	jz 20f
	andl $3, %edx
1:	rep movsl
	jz 90f
20:	movl %edx, %ecx
2:	rep movsb
90:	smap_clac
	xorl %eax, %eax
	popl %edi
	popl %esi
	ret

50:	leal (%edx, %ecx, 4), %ecx
	jmp 2b
80:	movl %ecx, %edx
	.if \zero
	xorl %eax, %eax
	rep stosb
	.endif
	smap_clac
	movl %edx, %eax
	popl %edi
	popl %esi
	ret
	extable 1b, 50b
	extable 2b, 80b
.endm

GLOBAL(user_clear)
	pushl %edi
	movl %eax, %edi
	movl %edx, %ecx
	smap_stac
	xorl %eax, %eax
	shrl $2, %ecx
	andl $3, %edx
1:	rep stosl
	movl %edx, %ecx
2:	rep stosb
	smap_clac
	popl %edi
	ret
3:	leal (%edx, %ecx, 4), %ecx
	jmp 2b
4:	smap_clac
	movl %ecx, %eax
	popl %edi
	ret
	extable 1b, 3b
	extable 2b, 4b

GLOBAL(user_strncpy)
	pushl %esi
	pushl %edi
	pushl %eax
	movl %eax, %edi
	movl %edx, %esi
	movl %ecx, %edx
	smap_stac
	subl $4, %edx
	jb 20f
1:	movl (%esi), %eax
	movl %eax, (%edi)
	leal -0x01010101(%eax), %ecx
	notl %eax
	andl $0x80808080, %ecx
	andl %eax, %ecx
	jnz 10f
	addl $4, %esi
	addl $4, %edi
	subl $4, %edx
	jae 1b
20:	addl $4, %edx
	jz 30f
2:	movb (%esi), %al
	movb %al, (%edi)
	testb %al, %al
	jz 30f
	incl %esi
	incl %edi
	decl %edx
	jnz 2b
30:	movl %edi, %eax
40:	popl %edx
	subl %edx, %eax
41:	smap_clac
	popl %edi
	popl %esi
	ret
10:	bsfl %ecx, %ecx
	shrl $3, %ecx
	leal (%edi, %ecx), %eax
	jmp 40b
50:	movl $-14, %eax /* EFAULT */
	popl %edx
	jmp 41b
	extable 1b, 20b
	extable 2b, 50b

GLOBAL(user_cmpxchg)
	pushl %ebx
	movl %eax, %ebx
	movl %edx, %eax
	smap_stac
1:	lock cmpxchgl %ecx, (%ebx)
	smap_clac
	movl 8(%esp), %edx
	movl %eax, (%edx)
	xorl %eax, %eax
	popl %ebx
	ret
2:	smap_clac
	movl $-14, %eax /* EFAULT */
	popl %ebx
	ret
	extable 1b, 2b
#endif

/* size_t user_copy(void *dst, const void *src, size_t len): either direction */
GLOBAL(user_copy)
	copy_body 0

#ifndef __x86_64__
/* arch/uaccess.h: user_copy behind access_ok, whose sum needs no register more here. */
GLOBAL(copy_to_user)
	copy_checked %eax
GLOBAL(copy_from_user_keep)
	copy_checked %edx
#endif

/*
 * size_t user_copy_in(void *dst, uaddr_t src, size_t len): what could not be copied reads as zero
 */
GLOBAL(user_copy_in)
	copy_body 1


/*
 * int user_fxsave(uaddr_t to, uaddr_t legacy): the FPU's registers, and zeroes in the last 48 bytes of the area, which
 * FXSAVE leaves alone. i386: the x87 registers by FNSAVE, too, which also empties them; behind that image the status again,
 * and 0: the other image is there. Return: 0 or -EFAULT.
 */
GLOBAL(user_fxsave)
	smap_stac
#ifdef __x86_64__
1:	fxsave64 (%rdi)
	xorl %eax, %eax
	.irp at, 464, 472, 480, 488, 496, 504
2:	movq %rax, \at(%rdi)
	extable 2b, user_fpu_fault
	.endr
#else
1:	fxsave (%eax)
	xorl %ecx, %ecx
	.irp at, 464, 468, 472, 476, 480, 484, 488, 492, 496, 500, 504, 508
2:	movl %ecx, \at(%eax)
	extable 2b, user_fpu_fault
	.endr
3:	movzwl 2(%eax), %ecx
	extable 3b, user_fpu_fault
4:	movl %ecx, FSAVE_SIZE(%edx)
	extable 4b, user_fpu_fault
5:	fnsave (%edx)
	extable 5b, user_fpu_fault
	.irp at, 0, 4, 8 /* what the processor should have done */
6:	orl $0xffff0000, \at(%edx)
	extable 6b, user_fpu_fault
	.endr
	xorl %eax, %eax
#endif
	smap_clac
	ret
	extable 1b, user_fpu_fault
user_fpu_fault:
	smap_clac
	movl $-14, %eax /* EFAULT */
	ret

/*
 * int user_fpu_load(uaddr_t fx, uint32_t mxcsr_refused, uaddr_t legacy): FXRSTOR; i386: then the x87 part from an
 * FSAVE image, if the word behind it says that the other one is there, too. Return: 0; -EFAULT: memory or contents say
 * no, and the registers hold anything.
 */
GLOBAL(user_fpu_load)
	smap_stac
#ifdef __x86_64__
1:	testl %esi, 24(%rdi)
	jnz user_fpu_fault
2:	fxrstor64 (%rdi)
	xorl %eax, %eax
#else
4:	cmpw $0, FSAVE_SIZE + 2(%ecx)
	jnz user_fpu_fault
1:	testl %edx, 24(%eax)
	jnz user_fpu_fault
2:	fxrstor (%eax)
	fnclex /* an exception that pends would trap at the next instruction */
3:	frstor (%ecx)
	extable 3b, user_fpu_fault
	extable 4b, user_fpu_fault
	xorl %eax, %eax
#endif
	smap_clac
	ret
	extable 1b, user_fpu_fault
	extable 2b, user_fpu_fault

/* bool kernel_peek(kaddr_t addr, unsigned long *out) */
	.text
GLOBAL(kernel_peek)
#ifdef __x86_64__
1:	movq (%rdi), %rax
	movq %rax, (%rsi)
	movl $1, %eax
	ret
#else
1:	movl (%eax), %eax
	movl %eax, (%edx)
	movl $1, %eax
	ret
#endif
2:	xorl %eax, %eax
	ret
	extable 1b, 2b

	.section .note.GNU-stack, "", @progbits
