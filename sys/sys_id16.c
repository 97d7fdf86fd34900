/*
 * i386's calls with 16-bit user and group ids: -1 ("keep") is 0xffff there.
 *
 * LOCKS    none.   CONTEXT  a task in a system call.   SOURCES  setresuid(2), C library/kernel differences.
 */
#include "sys/sys.h"

static unsigned long id_wide(unsigned long id)
{
	return (uint16_t)id == 0xffff ? UINT_MAX : (uint16_t)id;
}

SYS(setuid16)
{
	return sys_setuid(id_wide(a0), 0, 0, 0, 0, 0);
}

SYS(setgid16)
{
	return sys_setgid(id_wide(a0), 0, 0, 0, 0, 0);
}

SYS(setreuid16)
{
	return sys_setreuid(id_wide(a0), id_wide(a1), 0, 0, 0, 0);
}

SYS(setregid16)
{
	return sys_setregid(id_wide(a0), id_wide(a1), 0, 0, 0, 0);
}

SYS(setresuid16)
{
	return sys_setresuid(id_wide(a0), id_wide(a1), id_wide(a2), 0, 0, 0);
}

SYS(setresgid16)
{
	return sys_setresgid(id_wide(a0), id_wide(a1), id_wide(a2), 0, 0, 0);
}
