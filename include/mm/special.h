/* Mappings that the kernel gives a program by itself: the vDSO and its data. */
#ifndef MM_SPECIAL_H
#define MM_SPECIAL_H

#include "base/compiler.h"
#include "base/types.h"

struct address_space;
struct mm_struct;
struct vma_ops;

struct vm_special {
	unsigned long pages;
	unsigned long vm_flags; /* VM_*; private, not accountable */
	struct address_space *mapping;
	const struct vma_ops *ops;
};

enum { VM_SPECIAL_MAX = 2 };

/**
 * vm_map_special - map @nr parts, one right above the other, from the first of their pages on.
 * @hint: where, if it is free; else, and for 0, where mmap(2) would put the sum of them.
 * @nr:   1..VM_SPECIAL_MAX.
 * Return: the address of the first; -ENOMEM, and nothing mapped.
 * Locks: takes mmap_lock for write.   Sleeps: yes.
 */
long must_check vm_map_special(struct mm_struct *mm, unsigned long hint,
			       const struct vm_special *part, unsigned nr);

#endif
