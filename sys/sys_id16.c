/*
 * i386's calls with 16-bit user and group ids: -1 ("keep") is 0xffff there; an id that does not fit is shown as 65534.
 *
 * LOCKS    none.   CONTEXT  a task in a system call.   SOURCES  setresuid(2), C library/kernel differences.
 */
#include "sys/sys.h"

static unsigned long id_wide(unsigned long id)
{
	return (uint16_t)id == 0xffff ? UINT_MAX : (uint16_t)id;
}

/* overflowuid(5): what a program gets that cannot be told. */
static uint16_t id_narrow(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
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

SYS(setfsuid16)
{
	return id_narrow((uint32_t)sys_setfsuid(id_wide(a0), 0, 0, 0, 0, 0));
}

SYS(setfsgid16)
{
	return id_narrow((uint32_t)sys_setfsgid(id_wide(a0), 0, 0, 0, 0, 0));
}

SYS(getuid16)
{
	return id_narrow(current_task()->cred->uid);
}

SYS(geteuid16)
{
	return id_narrow(current_task()->cred->euid);
}

SYS(getgid16)
{
	return id_narrow(current_task()->cred->gid);
}

SYS(getegid16)
{
	return id_narrow(current_task()->cred->egid);
}

static long put_three16(const unsigned long *to, uint32_t r, uint32_t e, uint32_t s)
{
	uint16_t ids[3] = { id_narrow(r), id_narrow(e), id_narrow(s) };

	for (int i = 0; i < 3; i++)
		if (put_user(to[i], &ids[i]))
			return -EFAULT;
	return 0;
}

SYS(getresuid16)
{
	const struct cred *c = current_task()->cred;

	return put_three16((unsigned long[]){ a0, a1, a2 }, c->uid, c->euid, c->suid);
}

SYS(getresgid16)
{
	const struct cred *c = current_task()->cred;

	return put_three16((unsigned long[]){ a0, a1, a2 }, c->gid, c->egid, c->sgid);
}

SYS(getgroups16)
{
	const struct cred *c = current_task()->cred;
	unsigned nr = c->groups ? c->groups->nr : 0;
	int size = (int)a0;

	if (size < 0 || (size && (unsigned)size < nr))
		return -EINVAL;
	for (unsigned i = 0; size && i < nr; i++) {
		uint16_t id = id_narrow(c->groups->id[i]);

		if (put_user(a1 + i * sizeof(id), &id))
			return -EFAULT;
	}
	return (long)nr;
}

SYS(setgroups16)
{
	unsigned nr = (unsigned)a0;
	struct group_info *g;
	long ret = 0;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (nr > NGROUPS_MAX)
		return -EINVAL;
	g = groups_alloc(nr);
	if (!g)
		return -ENOMEM;
	for (unsigned i = 0; !ret && i < nr; i++) {
		uint16_t id;

		ret = get_user(&id, a1 + i * sizeof(id)) ? -EFAULT : 0;
		g->id[i] = ret ? 0 : (uint32_t)id_wide(id);
	}
	if (!ret)
		ret = cred_set_groups(g);
	groups_put(g);
	return ret;
}
