/*
 * Structures of programs that know more, or less, of them than this kernel does.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * FAILS    -EFAULT; -E2BIG: something is asked for that is not known here.
 * SOURCES  clone3(2), openat2(2) "Extensibility".   TESTED BY  tests/guest/fs_openat2.c, tests/guest/proc_fork.c
 */
#include "sys/sys.h"

#include "lib/string.h"

int user_rest_is_zero(uaddr_t from, size_t known, size_t size)
{
	char c = 0;

	for (; known < size; known++) {
		if (get_user(&c, from + known))
			return -EFAULT;
		if (c)
			return -E2BIG;
	}
	return 0;
}

int get_struct(void *to, size_t size, size_t least, uaddr_t from, size_t user_size)
{
	int err;

	if (user_size < least || user_size > PAGE_SIZE)
		return user_size > PAGE_SIZE ? -E2BIG : -EINVAL;
	err = user_rest_is_zero(from, size, user_size);
	if (err)
		return err;
	memset(to, 0, size);
	return copy_from_user(to, from, min_of(size_t, size, user_size)) ? -EFAULT : 0;
}
