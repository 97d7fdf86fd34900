/*
 * The vDSO: a small shared library that the kernel maps into every process. Its image is built from
 * arch/x86/vdso; arch/x86/entry/vdso.c maps it.
 */
#ifndef ARCH_VDSO_H
#define ARCH_VDSO_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;

/* Does a new program get it? vdso=0 on the command line: no. */
extern int vdso_enabled;

/* The page of the clock, the image for this CPU. After the clock has a rate, before the first exec. */
void vdso_init(void);
/*
 * Map clock page and image into a new program's address space and set mm->vdso; unless vdso_enabled that stays 0. x86_64: somewhere above the stack, which begins at @sp; i386: as mmap would.
 * Return: 0 or -ENOMEM.
 */
int must_check vdso_map(struct mm_struct *mm, uaddr_t sp, unsigned long random);

/* Where things are in the image, bytes from its start; i386 only, 0 elsewhere. Of the linked image. */
extern const struct vdso_offsets {
	uint32_t vsyscall;		  /* __kernel_vsyscall: AT_SYSINFO */
	uint32_t enter;			  /* the four bytes that enter the kernel by sysenter */
	uint32_t landing;		  /* where sysenter returns to */
	uint32_t sigreturn, rt_sigreturn; /* return addresses of handlers */
} vdso_offsets;

#endif
