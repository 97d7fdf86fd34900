/*
 * User memory: the range checks in front of the copy routines.
 *
 * WHY      an address is checked against the user half before anything is touched; that it is
 *          mapped is found out by touching it (a page fault brings the page or goes to the fix-up).
 *          A check of mappings beforehand would race with other threads.
 * NOFAULT  uaccess_nofault counts the copies on this CPU that must not sleep: the page-fault
 *          handler then refuses to page in. Per CPU is enough, because such a copy never leaves its
 *          CPU.
 * CONTEXT  paging copies: thread context, no spinlock. Nofault copies: any.
 * COST     8 bytes: about 20 instructions; more: one per 8 bytes (4 on i386).
 * NOT HERE the instructions that touch user memory (uaccess.S), the faults (entry/pagefault.c).
 */
#include "arch/uaccess.h"

#include "arch/percpu.h"
#include "extable.h"
#include "lib/string.h"

section_("percpu") unsigned uaccess_nofault;

/* uaccess.S; ranges checked. */
size_t user_copy(unsigned long dst, unsigned long src, size_t len);
size_t user_copy_in(void *dst, uaddr_t src, size_t len);
size_t user_clear(uaddr_t dst, size_t len);
long user_strncpy(char *dst, uaddr_t src, size_t size);
int user_cmpxchg(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen);

size_t copy_from_user(void *dst, uaddr_t src, size_t len)
{
	if (likely(access_ok(src, len)))
		return user_copy_in(dst, src, len);
	memset(dst, 0, len);
	return len;
}

#ifdef __x86_64__
size_t copy_from_user_keep(void *dst, uaddr_t src, size_t len)
{
	if (likely(access_ok(src, len)))
		return user_copy((unsigned long)dst, src, len);
	return len;
}

size_t copy_to_user(uaddr_t dst, const void *src, size_t len)
{
	if (likely(access_ok(dst, len)))
		return user_copy(dst, (unsigned long)src, len);
	return len;
}
#else
_Static_assert(USER_TOP == 0xC0000000UL, "uaccess.S");
#endif

size_t clear_user(uaddr_t dst, size_t len)
{
	if (likely(access_ok(dst, len)))
		return user_clear(dst, len);
	return len;
}

static size_t copy_nofault(unsigned long dst, unsigned long src, size_t len)
{
	size_t left;

	this_cpu(uaccess_nofault)++;
	left = user_copy(dst, src, len);
	this_cpu(uaccess_nofault)--;
	return left;
}

size_t copy_from_user_nofault(void *dst, uaddr_t src, size_t len)
{
	return access_ok(src, len) ? copy_nofault((unsigned long)dst, src, len) : len;
}

size_t copy_to_user_nofault(uaddr_t dst, const void *src, size_t len)
{
	return access_ok(dst, len) ? copy_nofault(dst, (unsigned long)src, len) : len;
}

long strncpy_from_user(char *dst, uaddr_t src, size_t size)
{
	size_t room;
	long len;

	if (!access_ok(src, 1))
		return -EFAULT;
	room = USER_TOP - src;
	if (likely(size <= room))
		return size ? user_strncpy(dst, src, size) : 0;
	len = user_strncpy(dst, src, room);
	return len == (long)room ? -EFAULT : len; /* ran into the end of user space */
}

int user_cmpxchg_u32(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	if (!access_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	return user_cmpxchg(addr, old, new_value, seen);
}

int user_cmpxchg_u32_nofault(uaddr_t addr, uint32_t old, uint32_t new_value, uint32_t *seen)
{
	int err;

	this_cpu(uaccess_nofault)++;
	err = user_cmpxchg_u32(addr, old, new_value, seen);
	this_cpu(uaccess_nofault)--;
	return err;
}
