/*
 * kcmp(2): do two processes share a part?
 *
 * OWNS     the keys that hide addresses.
 * WHY      the answer is also an order, so that many can be sorted by what they share; the order is of the addresses,
 *          mixed with a secret for each kind, so that it says nothing of where things are.
 * LOCKS    none.   CONTEXT  a task; may sleep.
 * SOURCES  kcmp(2).   TESTED BY  tests/guest/proc_unshare.c
 */
#include "sys/sys.h"

#include "fs/epoll.h"
#include "fs/file.h"
#include "fs/random.h"

enum {
	KCMP_FILE,
	KCMP_VM,
	KCMP_FILES,
	KCMP_FS,
	KCMP_SIGHAND,
	KCMP_IO,
	KCMP_SYSVSEM,
	KCMP_EPOLL_TFD,
	NR_KCMP
};

struct epoll_slot_k {
	uint32_t efd, tfd, toff;
};

/* xor and an odd factor: different addresses stay different. */
static unsigned long keys[NR_KCMP][2];
static bool have_keys;

static long order(const void *a, const void *b, unsigned type)
{
	unsigned long x, y;

	if (!READ_ONCE(have_keys)) {
		random_bytes(keys, sizeof(keys));
		WRITE_ONCE(have_keys, true);
	}
	x = ((unsigned long)a ^ keys[type][0]) * (keys[type][1] | 1);
	y = ((unsigned long)b ^ keys[type][0]) * (keys[type][1] | 1);
	return x == y ? 0 : x < y ? 1 : 2;
}

/* The part of @t; only compared, never looked into. */
static const void *part_of(const struct task *t, unsigned type)
{
	switch (type) {
	case KCMP_VM:
		return t->mm_ctx.mm;
	case KCMP_FILES:
		return t->files;
	case KCMP_FS:
		return t->fs;
	case KCMP_SIGHAND:
		return t->sighand;
	case KCMP_SYSVSEM:
		return t->sem_undo;
	default: /* KCMP_IO: no task has an I/O context */
		return NULL;
	}
}

static long order_files(struct task *a, struct task *b, int fd_a, int fd_b)
{
	struct file *x = task_file(a, fd_a), *y = task_file(b, fd_b);
	long ret = x && y ? order(x, y, KCMP_FILE) : -EBADF;

	if (x)
		fput(x);
	if (y)
		fput(y);
	return ret;
}

/* The file @fd of @a, and one that an epoll set of @b watches. */
static long order_watched(struct task *a, struct task *b, int fd, uaddr_t uslot)
{
	struct epoll_slot_k slot;
	struct file *x, *set;
	const struct file *y;
	long ret;

	if (get_user(&slot, uslot))
		return -EFAULT;
	x = task_file(a, fd);
	if (!x)
		return -EBADF;
	set = task_file(b, (int)slot.efd);
	ret = set ? epoll_watched(set, (int)slot.tfd, slot.toff, &y) : -EBADF;
	if (!ret)
		ret = order(x, y, KCMP_FILE);
	if (set)
		fput(set);
	fput(x);
	return ret;
}

static long compare(struct task *a, struct task *b, int type, unsigned long idx_a,
		    unsigned long idx_b)
{
	if (!task_may_ptrace(a, true) || !task_may_ptrace(b, true))
		return -EPERM;
	if (type == KCMP_FILE)
		return order_files(a, b, (int)idx_a, (int)idx_b);
	if (type == KCMP_EPOLL_TFD)
		return order_watched(a, b, (int)idx_a, idx_b);
	if (type < 0 || type >= NR_KCMP)
		return -EINVAL;
	return order(part_of(a, (unsigned)type), part_of(b, (unsigned)type), (unsigned)type);
}

SYS(kcmp)
{
	struct task *a = task_find((int)a0), *b = task_find((int)a1);
	long ret = a && b ? compare(a, b, (int)a2, a3, a4) : -ESRCH;

	if (a)
		task_put(a);
	if (b)
		task_put(b);
	return ret;
}
