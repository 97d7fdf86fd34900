/*
 * The linked vDSO as data of the kernel (VDSO_IMAGE: its file), and the offsets that entry/vdso.c
 * needs (vdso_offsets.inc, made from its symbols).
 */
	.section .rodata
	.globl vdso_image, vdso_image_end, vdso_offsets
	.balign 8
vdso_image:
	.incbin VDSO_IMAGE
vdso_image_end:
	.balign 4
vdso_offsets:
#ifdef __x86_64__
	.long 0, 0, 0, 0, 0
#else
	.include VDSO_OFFSETS
	.long __kernel_vsyscall, vdso_enter, vdso_landing
	.long __kernel_sigreturn, __kernel_rt_sigreturn
#endif

	.section .note.GNU-stack, "", @progbits
