/* The layout of a new program: where mappings, stack and heap go. exec (sys/exec.c) makes it, on a mm nobody else has. */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#include "arch/pt.h"
#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;

/* The window that programs get without asking for more by a hint above it: 47 bits also with 5-level tables. */
#define MAP_WINDOW PT_MAP_WINDOW
struct mm_layout {
	unsigned long stack_limit, stack_random; /* bytes; the second: the most its top is moved */
	unsigned long random,
		random_low; /* bytes: mmap_base and where MAP_32BIT looks move by this */
	unsigned long top;  /* where user space ends for this program; 0: at USER_TOP */
	bool bottom_up;	    /* the legacy layout */
};
/* Where mappings go by themselves: from below the stack's room downwards, or from a third of the window upwards. */
void mm_set_layout(struct mm_struct *mm, const struct mm_layout *layout);
/* A GROWSDOWN stack vma of one page below @top (page aligned); faults extend it to RLIMIT_STACK. 0 or -errno. */
int must_check vm_stack_setup(struct mm_struct *mm, unsigned long top, bool executable);
/* The stack that holds @addr gets @bytes more room below, as far as its limit allows; no frame yet. 0 or -ENOMEM. */
int must_check vm_stack_expand(struct mm_struct *mm, unsigned long addr, unsigned long bytes);

/* ---- tunables ---- */
extern int sysctl_legacy_va_layout; /* 1: every new program gets the bottom-up layout */
extern int mmap_rnd_bits;	    /* how many pages, as a power of two, mmap_base moves at most */
extern int mmap_rnd_compat_bits;    /* the same of 32-bit programs on 64 bits */
enum {
	MMAP_RND_COMPAT_BITS_MIN = 8,
	MMAP_RND_COMPAT_BITS_MAX = 16,
	MMAP_RND_BITS_MIN = sizeof(long) == 8 ? 28 : 8,
	MMAP_RND_BITS_MAX = sizeof(long) == 8 ? 32 : 16
};

#endif
