/*
 * User memory, touched nowhere else. A user address is an integer. Each call may fault and so sleep (rank as if
 * it took mm->mmap_lock); a bad address gives a short count or -EFAULT, never a panic.
 */
#ifndef ARCH_UACCESS_H
#define ARCH_UACCESS_H

#include "base/compiler.h"
#include "base/errno.h"
#include "base/types.h"
#include "pt_geom.h"

/* [addr, addr+len) lies in the user half (says nothing about mappings). */
static inline bool access_ok(uaddr_t addr, size_t len)
{
	return len <= USER_TOP && addr <= USER_TOP - len;
}

/* Return: bytes NOT copied; 0 is success. copy_from_user zeroes the rest of @dst. */
size_t must_check copy_from_user(void *dst, uaddr_t src, size_t len);
/* The same, but the rest of @dst keeps its bytes: into a page that has others. */
size_t must_check copy_from_user_keep(void *dst, uaddr_t src, size_t len);
size_t must_check copy_to_user(uaddr_t dst, const void *src, size_t len);
size_t must_check clear_user(uaddr_t dst, size_t len);
/* Copies that must not fault in pages: page faults are refused, for use under locks. */
size_t must_check copy_from_user_nofault(void *dst, uaddr_t src, size_t len);
size_t must_check copy_to_user_nofault(uaddr_t dst, const void *src, size_t len);

/* Copy a NUL-terminated string. Return: its length without NUL, @size when no NUL came in @size bytes, -EFAULT. */
long must_check strncpy_from_user(char *dst, uaddr_t src, size_t size);

/* One object: get_user(&kernel_var, uaddr), put_user(uaddr, &kernel_var). Return: 0 or -EFAULT. */
#define get_user(ptr, uaddr) (copy_from_user((ptr), (uaddr), sizeof(*(ptr))) ? -EFAULT : 0)
#define put_user(uaddr, ptr) (copy_to_user((uaddr), (ptr), sizeof(*(ptr))) ? -EFAULT : 0)

/* Atomic compare-and-exchange on a user 32-bit word (futex). Return: 0 and *seen = old value, or -EFAULT. */
int must_check user_cmpxchg_u32(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen);
/* The same under locks: a page that is not there, or may not be written, is -EFAULT. */
int must_check user_cmpxchg_u32_nofault(uaddr_t addr, uint32_t old, uint32_t new_value,
					uint32_t *seen);

#endif
