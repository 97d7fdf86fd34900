/*
 * The local descriptor table of a program: segments that it describes itself. One per address space, shared by its threads, copied
 * by fork, empty after exec. It hangs on mm->root.ldt and is loaded and freed with the root.
 */
#ifndef ARCH_LDT_H
#define ARCH_LDT_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;

/**
 * ldt_dup - give @to, which nobody runs in yet, a copy of @from's table.
 * Return: 0, or -ENOMEM.   Locks: takes @from's mmap_lock for read.   Sleeps: yes.
 */
int must_check ldt_dup(struct mm_struct *to, struct mm_struct *from);

/**
 * ldt_modify - modify_ldt(2) on the calling program.
 * @func: 0 read, 1 write (old form), 2 read what a new program has, 0x11 write.
 * Return: bytes read, 0, -EINVAL, -EFAULT, -ENOMEM, -EINTR, -ENOSYS.   Locks: takes mmap_lock.   Sleeps: yes.
 */
long ldt_modify(int func, uaddr_t ptr, unsigned long bytes);

#endif
