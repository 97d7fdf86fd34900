/* Calls on memory policies, for which C libraries have no names. */
#ifndef POLICY_H
#define POLICY_H

#include "mem.h"

enum { MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL, MPOL_PREFERRED_MANY };
enum {
	MPOL_F_STATIC_NODES = 0x8000,
	MPOL_F_RELATIVE_NODES = 0x4000,
	MPOL_F_NUMA_BALANCING = 0x2000
};
enum { MPOL_F_NODE = 1, MPOL_F_ADDR = 2, MPOL_F_MEMS_ALLOWED = 4 };
enum { MPOL_MF_STRICT = 1, MPOL_MF_MOVE = 2, MPOL_MF_MOVE_ALL = 4 };
enum { NR_SET_MEMPOLICY_HOME_NODE = 450, BITS = 8 * sizeof(long) };

/* The set of nodes @mask, as an array of one word. */
static long set_policy(int mode, unsigned long mask)
{
	return syscall(SYS_set_mempolicy, mode, &mask, (unsigned long)BITS + 1);
}

static long bind_(void *p, size_t pages, int mode, unsigned long mask, unsigned flags)
{
	return syscall(SYS_mbind, p, pages * PAGE, mode, &mask, (unsigned long)BITS + 1, flags);
}

static long get_policy(int *mode, unsigned long *mask, void *addr, unsigned long flags)
{
	return syscall(SYS_get_mempolicy, mode, mask, (unsigned long)BITS, addr, flags);
}

/* The mode at @addr (NULL: the thread's), -errno when it cannot be had. */
static int mode_of(void *addr)
{
	int mode = -1;

	return get_policy(&mode, NULL, addr, addr ? MPOL_F_ADDR : 0) ? -errno : mode;
}

static unsigned long nodes_of(void *addr)
{
	unsigned long mask = 0;

	return get_policy(NULL, &mask, addr, addr ? MPOL_F_ADDR : 0) ? ~0UL : mask;
}

/* The node of the page at @addr, which is touched by that; -errno. */
static int node_of(void *addr)
{
	int node = -1;

	return get_policy(&node, NULL, addr, MPOL_F_NODE | MPOL_F_ADDR) ? -errno : node;
}

static long move(pid_t pid, unsigned long n, void **pages, const int *nodes, int *status, int flags)
{
	return syscall(SYS_move_pages, pid, n, pages, nodes, status, flags);
}

static long migrate(pid_t pid, unsigned long from, unsigned long to)
{
	return syscall(SYS_migrate_pages, pid, (unsigned long)BITS + 1, &from, &to);
}

/* The rest of the line of numa_maps for the mapping that begins at @p, without the line feed; "": there is none. */
static const char *numa_line(const void *p)
{
	static char text[1 << 16];
	char key[32], *at;

	snprintf(key, sizeof(key), "%08lx ", (unsigned long)p);
	if (tap_read("/proc/self/numa_maps", text, sizeof(text)) < 0)
		return "";
	for (at = text; at && strncmp(at, key, strlen(key));
	     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		;
	if (!at)
		return "";
	at[strcspn(at, "\n")] = '\0';
	return at + strlen(key);
}

#endif
