/* set_mempolicy(2), get_mempolicy(2), mbind(2), set_mempolicy_home_node(2), move_pages(2), migrate_pages(2): arguments, errors,
 * what is reported, inheritance, cutting and joining of mappings. On any machine: all of it with node 0. */
#include "policy.h"

#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/shm.h>

static const int modes[] = { MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_PREFERRED_MANY };

/* Lines of maps that lie inside [p, p + pages). */
static int lines_in(const char *p, size_t pages)
{
	static char text[1 << 16];
	unsigned long from, to;
	int n = 0;

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return -1;
	for (char *at = text; at && sscanf(at, "%lx-%lx", &from, &to) == 2;
	     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		n += from >= (unsigned long)p && to <= (unsigned long)p + pages * PAGE;
	return n;
}

static void modes_and_nodes(void)
{
	unsigned long mask = 1, none = 0;

	EQ(mode_of(NULL), MPOL_DEFAULT);
	EQ(nodes_of(NULL), 0);
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
		EQ(set_policy(modes[i], 1), 0);
		EQ(mode_of(NULL), modes[i]);
		EQ(nodes_of(NULL), 1);
	}
	EQ(set_policy(MPOL_LOCAL, 0), 0);
	EQ(mode_of(NULL), MPOL_LOCAL);
	EQ(nodes_of(NULL), 0);
	EQ(set_policy(MPOL_PREFERRED, 0), 0); /* of no node: local */
	EQ(mode_of(NULL), MPOL_LOCAL);
	EQ(set_policy(MPOL_BIND | MPOL_F_STATIC_NODES, 1), 0);
	EQ(mode_of(NULL), MPOL_BIND | MPOL_F_STATIC_NODES);
	EQ(nodes_of(NULL), 1);
	EQ(set_policy(MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, 0x4), 0);
	EQ(mode_of(NULL), MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES);
	EQ(nodes_of(NULL), 0x4); /* as asked for */
	EQ(set_policy(MPOL_BIND | MPOL_F_NUMA_BALANCING, 1), 0);
	EQ(mode_of(NULL), MPOL_BIND | MPOL_F_NUMA_BALANCING);
	EQ(set_policy(MPOL_DEFAULT, 0), 0);
	EQ(mode_of(NULL), MPOL_DEFAULT);
	EQ(syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0L), 0);
	EQ(syscall(SYS_set_mempolicy, MPOL_LOCAL, &none, 1L), 0);
	EQ(syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 2L), 0); /* the bits before the last */
	EQ(nodes_of(NULL), 1);
	/* A node that could be but is not does not count. */
	EQ(set_policy(MPOL_BIND, 0x81), 0);
	EQ(nodes_of(NULL), 1);
}

static void set_errors(void)
{
	unsigned long one[32] = { 1 }, far[520] = { 0 };

	FAILS(set_policy(6, 1), EINVAL);
	FAILS(set_policy(-1, 1), EINVAL);
	FAILS(set_policy(MPOL_BIND | 0x1000, 1), EINVAL);
	FAILS(set_policy(MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1), EINVAL);
	FAILS(set_policy(MPOL_INTERLEAVE | MPOL_F_NUMA_BALANCING, 1), EINVAL);
	FAILS(set_policy(MPOL_DEFAULT, 1), EINVAL);
	FAILS(set_policy(MPOL_LOCAL, 1), EINVAL);
	FAILS(set_policy(MPOL_LOCAL | MPOL_F_STATIC_NODES, 0), EINVAL);
	FAILS(set_policy(MPOL_PREFERRED | MPOL_F_STATIC_NODES, 0), EINVAL);
	for (unsigned i = 1; i < ARRAY_LEN(modes); i++)
		FAILS(set_policy(modes[i], 0), EINVAL);
	for (unsigned i = 0; i < ARRAY_LEN(modes); i++) {
		FAILS(set_policy(modes[i], 0x80), EINVAL); /* only nodes that are not */
		FAILS(syscall(SYS_set_mempolicy, modes[i], 8L, (unsigned long)BITS), EFAULT);
	}
	FAILS(syscall(SYS_set_mempolicy, MPOL_BIND, one, 0UL), EINVAL); /* 0 - 1 bits */
	FAILS(syscall(SYS_set_mempolicy, MPOL_BIND, one, 1UL), EINVAL); /* no bit: no node */
	FAILS(syscall(SYS_set_mempolicy, MPOL_BIND, one, PAGE * 8 + 2), EINVAL);
	FAILS(syscall(SYS_set_mempolicy, MPOL_BIND, NULL, 8UL), EINVAL);
	EQ(syscall(SYS_set_mempolicy, MPOL_BIND, one, (unsigned long)BITS * 32 + 1), 0);
	far[0] = 1;
	EQ(syscall(SYS_set_mempolicy, MPOL_BIND, far, (unsigned long)BITS * 512 + 1), 0);
	far[500] = 1; /* more than any kernel has */
	FAILS(syscall(SYS_set_mempolicy, MPOL_BIND, far, (unsigned long)BITS * 512 + 1), EINVAL);
	EQ(mode_of(NULL), MPOL_BIND); /* after an error all is as before */
}

static void get_errors(void)
{
	char *p = anon(2, RW);
	unsigned long mask[64];
	int mode;

	NEED(p != MAP_FAILED && munmap(p + PAGE, PAGE) == 0);
	EQ(syscall(SYS_get_mempolicy, NULL, NULL, 0L, NULL, 0L), 0);
	FAILS(get_policy(&mode, mask, NULL, 8), EINVAL);
	FAILS(get_policy(&mode, mask, p, 0), EINVAL);		   /* an address without F_ADDR */
	FAILS(get_policy(&mode, mask, NULL, MPOL_F_NODE), EINVAL); /* not interleaved */
	FAILS(get_policy(&mode, mask, NULL, MPOL_F_MEMS_ALLOWED | MPOL_F_NODE), EINVAL);
	FAILS(get_policy(&mode, mask, p, MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR), EINVAL);
	FAILS(syscall(SYS_get_mempolicy, &mode, mask, 0L, NULL, 0L), EINVAL); /* too few bits */
	FAILS(get_policy(&mode, NULL, NULL, MPOL_F_ADDR), EFAULT);
	FAILS(get_policy(&mode, NULL, p + PAGE, MPOL_F_ADDR), EFAULT);
	FAILS(get_policy((int *)8, NULL, NULL, 0), EFAULT);
	FAILS(get_policy(NULL, (unsigned long *)8, NULL, 0), EFAULT);
	FAILS(syscall(SYS_get_mempolicy, NULL, mask, PAGE * 8 + 66, NULL, 0L), EINVAL);
	EQ(get_policy(&mode, mask, p, MPOL_F_ADDR), 0);
	EQ(mode, MPOL_DEFAULT);
	memset(mask, 0xff, sizeof(mask)); /* longer than the kernel's: the rest is zeroes */
	EQ(syscall(SYS_get_mempolicy, &mode, mask, 1024L, NULL, (long)MPOL_F_MEMS_ALLOWED), 0);
	EQ(mask[0] & 1, 1);
	for (int i = 1; i < 1024 / (int)BITS; i++)
		EQ(mask[i], 0);
	EQ(mask[1024 / BITS], ~0UL);
}

/* Looking asks for PROT_READ only to bring a page in. */
static void node_of_unreadable(void)
{
	char *p = anon(5, RW);
	int node = -1, home = -1;

	NEED(p != MAP_FAILED);
	p[PAGE] = p[3 * PAGE] = 1;
	EQ(((volatile char *)p)[4 * PAGE], 0); /* the page of zeroes */
	EQ(mprotect(p + 4 * PAGE, PAGE, PROT_EXEC), 0);
	FAILS(get_policy(&node, NULL, p + 4 * PAGE, MPOL_F_NODE | MPOL_F_ADDR), EFAULT);
	EQ(get_policy(&home, NULL, p + PAGE, MPOL_F_NODE | MPOL_F_ADDR), 0);
	EQ(mprotect(p, 2 * PAGE, PROT_WRITE), 0);
	EQ(mprotect(p + 3 * PAGE, PAGE, PROT_NONE), 0);
	FAILS(get_policy(&node, NULL, p, MPOL_F_NODE | MPOL_F_ADDR), EFAULT);
	EQ(node, -1);
	EQ(get_policy(&node, NULL, p + PAGE, MPOL_F_NODE | MPOL_F_ADDR), 0);
	EQ(node, home);
	EQ(get_policy(&node, NULL, p + 2 * PAGE, MPOL_F_NODE | MPOL_F_ADDR), 0);
	FAILS(get_policy(&node, NULL, p + 3 * PAGE, MPOL_F_NODE | MPOL_F_ADDR), EFAULT);
	EQ(munmap(p, 5 * PAGE), 0);
}

/* A page that may not be where it is, and a hole: which of the two is told. */
static void holes_and_strict(void)
{
	char *p = anon(6, RW);

	NEED(p != MAP_FAILED && munmap(p + 4 * PAGE, PAGE) == 0);
	p[PAGE] = 1;
	FAILS(bind_(p, 4, 4 /* MPOL_LOCAL */, 0, MPOL_MF_STRICT), EIO);
	FAILS(bind_(p, 6, 4, 0, MPOL_MF_STRICT), EFAULT);
	EQ(mprotect(p + 2 * PAGE, 2 * PAGE, PROT_READ), 0);
	FAILS(bind_(p, 6, 4, 0, MPOL_MF_STRICT), EIO);
	FAILS(bind_(p + 4 * PAGE, 2, 4, 0, MPOL_MF_STRICT), EFAULT);
	EQ(munmap(p, 6 * PAGE), 0);
}

static void next_of_interleave(void)
{
	int node = -1;

	EQ(set_policy(MPOL_INTERLEAVE, 1), 0);
	EQ(get_policy(&node, NULL, NULL, MPOL_F_NODE), 0);
	EQ(node, 0);
	EQ(set_policy(MPOL_DEFAULT, 0), 0);
}

static void bind_errors(void)
{
	char *p = anon(4, RW), *hole = anon(4, RW);
	unsigned long mask = 1;

	NEED(p != MAP_FAILED && hole != MAP_FAILED && munmap(hole + PAGE, PAGE) == 0);
	FAILS(bind_(p, 1, 6, 1, 0), EINVAL);
	FAILS(bind_(p, 1, MPOL_BIND, 0, 0), EINVAL);
	FAILS(bind_(p, 1, MPOL_BIND, 0x80, 0), EINVAL);
	FAILS(bind_(p, 1, MPOL_DEFAULT, 1, 0), EINVAL);
	FAILS(bind_(p, 1, MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1, 0), EINVAL);
	FAILS(bind_(p, 1, MPOL_BIND, 1, 8), EINVAL); /* MPOL_MF_LAZY is not for programs */
	FAILS(bind_(p + 1, 1, MPOL_BIND, 1, 0), EINVAL);
	FAILS(bind_(p, (size_t)-1 / PAGE, MPOL_BIND, 1, 0), EINVAL);
	FAILS(syscall(SYS_mbind, p, PAGE, MPOL_BIND, 8L, (unsigned long)BITS, 0), EFAULT);
	FAILS(syscall(SYS_mbind, p, PAGE, MPOL_BIND, &mask, 0L, 0), EINVAL);
	EQ(bind_(p, 0, MPOL_BIND, 1, 0), 0);
	EQ(mode_of(p), MPOL_DEFAULT);
	FAILS(bind_(hole + PAGE, 1, MPOL_BIND, 1, 0), EFAULT);
	FAILS(bind_(hole, 3, MPOL_BIND, 1, 0), EFAULT);
	FAILS(bind_(hole + PAGE, 2, MPOL_BIND, 1, 0), EFAULT);
	EQ(mode_of(hole), MPOL_DEFAULT);
	EQ(bind_(hole, 4, MPOL_DEFAULT, 0, 0), 0); /* the default may be anywhere */
	FAILS(bind_(hole + PAGE, 1, MPOL_DEFAULT, 0, 0), EFAULT);
	EQ(bind_(p, 4, MPOL_BIND, 1, 0), 0);
	p[0] = 1;
	EQ(bind_(p, 4, MPOL_BIND, 1, MPOL_MF_STRICT), 0);
	EQ(bind_(p, 4, MPOL_BIND, 1, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	EQ(bind_(p, 4, MPOL_BIND, 1, MPOL_MF_MOVE_ALL), 0);
	/* No page is where no node is asked for. */
	FAILS(bind_(p, 4, MPOL_LOCAL, 0, MPOL_MF_STRICT), EIO);
	EQ(mode_of(p), MPOL_BIND);
	EQ(bind_(p, 4, MPOL_DEFAULT, 0, MPOL_MF_STRICT), 0);
}

static void policy_cuts_and_joins(void)
{
	char *p = mmap(NULL, 10 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q;

	NEED(p != MAP_FAILED && munmap(p, 10 * PAGE) == 0);
	p = mmap(p + PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0); /* alone */
	NEED(p != MAP_FAILED);
	EQ(lines_in(p, 8), 1);
	EQ(bind_(p + 2 * PAGE, 2, MPOL_BIND, 1, 0), 0);
	EQ(lines_in(p, 8), 3);
	EQ(mode_of(p + 2 * PAGE), MPOL_BIND);
	EQ(mode_of(p + 4 * PAGE), MPOL_DEFAULT);
	EQ(bind_(p + 4 * PAGE, 2, MPOL_BIND, 1, 0), 0); /* the border moves */
	EQ(lines_in(p, 8), 3);
	EQ(bind_(p + 4 * PAGE, 1, MPOL_PREFERRED, 1, 0), 0);
	EQ(lines_in(p, 8), 5);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
	EQ(lines_in(p, 8), 6);
	EQ(mode_of(p + 2 * PAGE), MPOL_BIND);
	EQ(mprotect(p + 2 * PAGE, PAGE, RW), 0);
	EQ(lines_in(p, 8), 5);
	q = mremap(p + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
	NEED(q != MAP_FAILED);
	EQ(mode_of(q), MPOL_PREFERRED); /* it goes along */
	EQ(mode_of(q + PAGE), MPOL_PREFERRED);
	EQ(mode_of(p + 4 * PAGE), -EFAULT);
	NEED(mmap(p + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + 4 * PAGE);
	EQ(bind_(p, 8, MPOL_DEFAULT, 0, 0), 0);
	EQ(lines_in(p, 8), 1);
}

static int child_has_policy(void *p)
{
	return !(mode_of(NULL) == MPOL_BIND && mode_of(p) == MPOL_INTERLEAVE &&
		 set_policy(MPOL_DEFAULT, 0) == 0);
}

static void fork_inherits(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED && bind_(p, 1, MPOL_INTERLEAVE, 1, 0) == 0);
	NEED(set_policy(MPOL_BIND, 1) == 0);
	EQ(tap_child(child_has_policy, p), EXITED(0));
	EQ(mode_of(NULL), MPOL_BIND);
}

static void exec_keeps(void)
{
	pid_t pid;

	NEED(set_policy(MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1) == 0);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "mem_policy", "--mode", NULL);
		_exit(99);
	}
	EQ(tap_wait(pid), EXITED(MPOL_INTERLEAVE));
}

static void home_node(void)
{
	char *p = anon(6, RW);

	NEED(p != MAP_FAILED);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p + 1, PAGE, 0L, 0L), EINVAL);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, PAGE, 0L, 1L), EINVAL);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, PAGE, 7L, 0L), EINVAL);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, PAGE, -1L, 0L), EINVAL);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, -PAGE, 0L, 0L), EINVAL);
	EQ(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, 0L, 0L, 0L), 0);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, PAGE, 0L, 0L), ENOENT); /* no policy there */
	NEED(bind_(p + PAGE, 1, MPOL_BIND, 1, 0) == 0 &&
	     bind_(p + 3 * PAGE, 1, MPOL_PREFERRED, 1, 0) == 0);
	EQ(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, 2 * PAGE, 0L, 0L), 0);
	EQ(mode_of(p + PAGE), MPOL_BIND);
	FAILS(syscall(NR_SET_MEMPOLICY_HOME_NODE, p, 6 * PAGE, 0L, 0L), EOPNOTSUPP);
	NEED(bind_(p + 4 * PAGE, 1, MPOL_PREFERRED_MANY, 1, 0) == 0);
	EQ(syscall(NR_SET_MEMPOLICY_HOME_NODE, p + 4 * PAGE, PAGE, 0L, 0L), 0);
	p[4 * PAGE] = p[PAGE] = 1;
}

static void page_status(void)
{
	char *p = anon(4, RW), *gone = anon(1, RW);
	int status[6] = { 99, 99, 99, 99, 99, 99 }, nodes[6] = { 0 };
	void *pages[6];
	volatile char c;

	NEED(p != MAP_FAILED && munmap(gone, PAGE) == 0);
	p[0] = 1;
	c = p[PAGE];
	(void)c;
	pages[0] = p;
	pages[1] = p + PAGE;	 /* the zero page */
	pages[2] = p + 2 * PAGE; /* never touched */
	pages[3] = gone;
	pages[4] = p + 8; /* any byte of it */
	EQ(move(0, 5, pages, NULL, status, 0), 0);
	CHECK(status[0] >= 0 && status[0] < 8);
	EQ(status[1], -EFAULT);
	EQ(status[2], -EFAULT);
	EQ(status[3], -EFAULT);
	EQ(status[4], status[0]);
	EQ(status[5], 99);
	nodes[0] = nodes[4] = status[0];
	EQ(move(getpid(), 5, pages, nodes, status, MPOL_MF_MOVE), 0);
	EQ(status[0], nodes[0]);
	EQ(status[2], -EFAULT);
	EQ(status[4], nodes[4]);
	EQ(p[0], 1);
}

static void status_of_files(void)
{
	int fd = memfd_create("x", 0), status[2];
	char *p;
	void *pages[2];

	NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	p[0] = 1;
	pages[0] = p;
	pages[1] = p + PAGE;
	EQ(move(0, 2, pages, NULL, status, 0), 0);
	CHECK(status[0] >= 0);
	EQ(status[1], -ENOENT); /* move_pages/ENOENT; it would not be zeroes for certain */
	close(fd);
}

/* A page that its mapping withholds is none, as for Linux, which takes the entry for one that waits for a NUMA hinting fault. */
static void status_of_withheld(void)
{
	char *p = anon(2, RW);
	void *pages[2] = { p, p + PAGE };
	int nodes[2] = { 0, 0 }, status[2] = { 99, 99 };

	NEED(p != MAP_FAILED);
	p[0] = 1;
	CHECK(((volatile char *)p)[PAGE] == 0); /* the page of zeroes */
	NEED(mprotect(p, 2 * PAGE, PROT_NONE) == 0);
	EQ(move(0, 2, pages, NULL, status, 0), 0);
	EQ(status[0], -ENOENT);
	EQ(status[1], -ENOENT);
	EQ(move(0, 2, pages, nodes, status, MPOL_MF_MOVE), 0);
	EQ(status[0], -ENOENT);
	EQ(status[1], -ENOENT);
	NEED(mprotect(p, 2 * PAGE, PROT_READ) == 0);
	EQ(move(0, 2, pages, NULL, status, 0), 0);
	CHECK(status[0] >= 0);
	EQ(status[1], -EFAULT);
}

static void move_errors(void)
{
	char *p = anon(1, RW);
	void *pages[2] = { p, p };
	int nodes[2] = { 0, 7 }, status[2] = { 99, 99 };

	NEED(p != MAP_FAILED);
	p[0] = 1;
	FAILS(move(0, 1, pages, NULL, status, 1), EINVAL);
	FAILS(move(0, 1, pages, NULL, status, 8), EINVAL);
	FAILS(move(999999, 1, pages, NULL, status, 0), ESRCH);
	FAILS(move(0, 1, (void **)8, NULL, status, 0), EFAULT);
	FAILS(move(0, 1, pages, NULL, (int *)8, 0), EFAULT);
	FAILS(move(0, 1, pages, (int *)8, status, MPOL_MF_MOVE), EFAULT);
	FAILS(move(0, 2, pages, nodes, status, MPOL_MF_MOVE), ENODEV);
	nodes[1] = -1;
	FAILS(move(0, 2, pages, nodes, status, MPOL_MF_MOVE), ENODEV);
	nodes[1] = 1 << 20;
	FAILS(move(0, 2, pages, nodes, status, MPOL_MF_MOVE), ENODEV);
	EQ(move(0, 0, NULL, NULL, NULL, 0), 0);
	EQ(move(0, 1, pages, nodes, status, MPOL_MF_MOVE_ALL), 0);
}

static void migrate_errors(void)
{
	unsigned long one = 1;

	EQ(migrate(0, 1, 1), 0);
	EQ(migrate(getpid(), 1, 1), 0);
	EQ(migrate(0, 0, 1), 0);
	FAILS(migrate(999999, 1, 1), ESRCH);
	FAILS(migrate(0, 1, 0), EINVAL);
	FAILS(migrate(0, 1, 0x80), EINVAL);
	FAILS(syscall(SYS_migrate_pages, 0, (unsigned long)BITS, 8L, &one), EFAULT);
	FAILS(syscall(SYS_migrate_pages, 0, (unsigned long)BITS, &one, 8L), EFAULT);
	FAILS(syscall(SYS_migrate_pages, 0, PAGE * 8 + 2, &one, &one), EINVAL);
	FAILS(migrate(2, 1, 1), EINVAL); /* a kernel thread has no memory */
}

/* Without CAP_SYS_NICE: not what others share, not to nodes one may not use, not other users' processes. */
static void no_rights(void)
{
	char *p = anon(1, RW);
	void *pages[1] = { p };
	int nodes[1] = { 0 }, status[1];
	pid_t root = getpid(), pid = fork();

	if (pid == 0) {
		tap_failures = 0;
		p[0] = 1;
		if (setresgid(1000, 1000, 1000) || setresuid(1000, 1000, 1000))
			_exit(98);
		FAILS(bind_(p, 1, MPOL_BIND, 1, MPOL_MF_MOVE_ALL), EPERM);
		EQ(bind_(p, 1, MPOL_BIND, 1, MPOL_MF_MOVE), 0);
		FAILS(move(0, 1, pages, nodes, status, MPOL_MF_MOVE_ALL), EPERM);
		EQ(move(0, 1, pages, nodes, status, MPOL_MF_MOVE), 0);
		FAILS(move(root, 1, pages, NULL, status, 0), EPERM);
		FAILS(migrate(root, 1, 1), EPERM);
		FAILS(migrate(0, 1, 0x81), EPERM);
		EQ(migrate(0, 1, 1), 0);
		_exit(tap_failures != 0);
	}
	EQ(tap_wait(pid), EXITED(0));
}

/* Of a shared object: its policy, whoever asks, until it goes. */
static void shared_objects(void)
{
	int fd = memfd_create("x", 0), id = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	char *p, *q;

	NEED(fd >= 0 && id >= 0 && ftruncate(fd, 8 * PAGE) == 0);
	p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 2 * PAGE);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	EQ(bind_(p + 3 * PAGE, 2, MPOL_INTERLEAVE, 1, 0), 0);
	EQ(mode_of(p + 2 * PAGE), MPOL_DEFAULT);
	EQ(mode_of(p + 3 * PAGE), MPOL_INTERLEAVE);
	EQ(mode_of(q), MPOL_DEFAULT);
	EQ(mode_of(q + PAGE), MPOL_INTERLEAVE);
	EQ(mode_of(q + 2 * PAGE), MPOL_INTERLEAVE);
	EQ(mode_of(q + 3 * PAGE), MPOL_DEFAULT);
	munmap(p, 8 * PAGE);
	EQ(mode_of(q + PAGE), MPOL_INTERLEAVE);
	EQ(bind_(q + PAGE, 1, MPOL_BIND, 1, 0), 0);
	EQ(mode_of(q + PAGE), MPOL_BIND);
	EQ(mode_of(q + 2 * PAGE), MPOL_INTERLEAVE);
	memset(q, 1, 4 * PAGE);
	close(fd);
	p = shmat(id, NULL, 0);
	NEED(p != (void *)-1);
	EQ(bind_(p, 2, MPOL_BIND, 1, 0), 0);
	shmdt(p);
	p = shmat(id, NULL, 0);
	NEED(p != (void *)-1);
	EQ(mode_of(p), MPOL_BIND);
	EQ(mode_of(p + 2 * PAGE), MPOL_DEFAULT);
	memset(p, 1, 4 * PAGE);
	shmdt(p);
	EQ(shmctl(id, IPC_RMID, NULL), 0);
}

static void numa_maps_tells(void)
{
	char *p = anon(12, RW);

	if (!IS64)
		SKIP("kernels of 32 bits have no numa_maps");
	NEED(p != MAP_FAILED);
	NEED(mprotect(p + PAGE, PAGE, PROT_READ) == 0);
	p += 2 * PAGE;
	STREQ(numa_line(p), "default");
	EQ(bind_(p, 2, MPOL_BIND, 1, 0), 0);
	p[0] = 1;
	STREQ(numa_line(p), "bind:0 anon=1 dirty=1 active=0 N0=1 kernelpagesize_kB=4");
	EQ(bind_(p, 2, MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1, 0), 0);
	STREQ(numa_line(p), "interleave=static:0 anon=1 dirty=1 active=0 N0=1 kernelpagesize_kB=4");
	EQ(bind_(p, 2, MPOL_PREFERRED | MPOL_F_RELATIVE_NODES, 1, 0), 0);
	CHECK(strncmp(numa_line(p), "prefer=relative:0 ", 18) == 0);
	EQ(bind_(p, 2, MPOL_PREFERRED_MANY, 1, 0), 0);
	CHECK(strncmp(numa_line(p), "prefer (many):0 ", 16) == 0);
	EQ(bind_(p, 2, MPOL_LOCAL, 0, 0), 0);
	CHECK(strncmp(numa_line(p), "local anon=1 ", 13) == 0);
	EQ(bind_(p, 2, MPOL_BIND | MPOL_F_NUMA_BALANCING, 1, 0), 0);
	CHECK(strncmp(numa_line(p), "bind=balancing:0 ", 17) == 0);
	EQ(set_policy(MPOL_PREFERRED, 1), 0); /* what has none of its own shows the thread's */
	STREQ(numa_line(p + 2 * PAGE), "prefer:0");
}

static void tmpfs_option(void)
{
	static const char *const bad[] = { "mpol=",	   "mpol=bind",	       "mpol=bind:9",
					   "mpol=bind:x",  "mpol=local:0",     "mpol=default:0",
					   "mpol=prefer:", "mpol=bind=static", "mpol=bind=odd:0",
					   "mpol=nosuch:0" };
	static char mounts[8192];
	char dir[] = "/tmp/mpol.XXXXXX", path[64];
	char *p;
	int fd;

	if (!IS64)
		SKIP("kernels of 32 bits do not know the option");
	NEED(mkdtemp(dir));
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		FAILS(mount("none", dir, "tmpfs", 0, bad[i]), EINVAL);
	NEED(mount("none", dir, "tmpfs", 0, "size=1m,mpol=interleave=static:0,mode=700") == 0);
	NEED(tap_read("/proc/mounts", mounts, sizeof(mounts)) > 0);
	CHECK(strstr(mounts, ",mpol=interleave=static:0 "));
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	EQ(mode_of(p), MPOL_INTERLEAVE | MPOL_F_STATIC_NODES);
	EQ(nodes_of(p), 1);
	p[0] = 1;
	EQ(mount("none", dir, "tmpfs", MS_REMOUNT, "mpol=prefer:0"), 0);
	EQ(mode_of(p), MPOL_INTERLEAVE | MPOL_F_STATIC_NODES); /* files that are keep theirs */
	munmap(p, PAGE);
	close(fd);
	EQ(unlink(path), 0);
	EQ(umount(dir), 0);
	EQ(rmdir(dir), 0);
}

/* Many ranges of one object, set and taken back: all memory for them returns (the driver counts). */
static void many_ranges(void)
{
	enum { N = 512 };
	int fd = memfd_create("x", 0);
	uint64_t seed = 7;
	char *p;

	NEED(fd >= 0 && ftruncate(fd, N * PAGE) == 0);
	p = mmap(NULL, N * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	for (int i = 0; i < 2000; i++) {
		size_t at = tap_random(&seed) % N, len = 1 + tap_random(&seed) % 16;
		int mode = (int)(tap_random(&seed) % 4);

		len = at + len > N ? N - at : len;
		EQ(bind_(p + at * PAGE, len, mode, mode != MPOL_DEFAULT, 0), 0);
		EQ(mode_of(p + at * PAGE), mode);
		EQ(mode_of(p + (at + len - 1) * PAGE), mode);
	}
	EQ(bind_(p, N, MPOL_DEFAULT, 0, 0), 0);
	EQ(mode_of(p + 100 * PAGE), MPOL_DEFAULT);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(modes_and_nodes),  T(set_errors),
						 T(get_errors),	      T(node_of_unreadable),
						 T(holes_and_strict), T(next_of_interleave),
						 T(bind_errors),      T(policy_cuts_and_joins),
						 T(fork_inherits),    T(exec_keeps),
						 T(home_node),	      T(page_status),
						 T(status_of_files),  T(status_of_withheld),
						 T(move_errors),      T(migrate_errors),
						 T(no_rights),	      T(shared_objects),
						 T(numa_maps_tells),  T(tmpfs_option),
						 T(many_ranges),      TEND };

	if (argc > 1 && strcmp(argv[1], "--mode") == 0)
		return mode_of(NULL) & 0xff;
	return tap_main(argc, argv, tests);
}
