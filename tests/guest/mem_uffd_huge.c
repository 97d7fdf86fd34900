/* userfaultfd over huge pages of the pool: missing pages, minor faults, protection, what a failed copy gives back. */
#include "huge.h"
#include "uffd_touch.h"

enum { POOL = 6 };

static size_t unit; /* small pages in a huge one */

/* @n huge pages at area, registered. */
static void watch(size_t n, int flags, int fd, uint64_t mode, int ioctls)
{
	unit = huge / PAGE;
	set_vm("nr_hugepages", POOL);
	uffd = open_uffd(O_CLOEXEC | O_NONBLOCK, 0);
	NEED(uffd >= 0);
	area = mmap(NULL, n * huge, RW, flags, fd, 0);
	NEED(area != MAP_FAILED);
	EQ(reg(area, n * unit, mode), ioctls);
}

static void unwatch(size_t n)
{
	EQ(munmap(area, n * huge), 0);
	close(uffd);
	pool(POOL, POOL, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* A page full of @c outside the pool. */
static char *bytes(char c)
{
	char *p = mmap(NULL, 2 * huge, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		memset(p, c, 2 * huge);
	return p;
}

static void missing(int flags)
{
	char *src = bytes('s'),
	     *hole = mmap(NULL, huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct toucher t;
	struct msg m;

	NEED(src != MAP_FAILED && hole != MAP_FAILED);
	watch(3, flags, -1, MISSING, 0xc);
	pool(POOL, POOL, 3, 0);
	start(&t, area + huge + 5 * PAGE + 7, 1);
	m = next_msg();
	EQ(m.event, PAGEFAULT);
	EQ(m.arg[0], 1);
	EQ(m.arg[1], (uintptr_t)area + huge);
	EQ(copy(area + huge, src, 1, 0), -EINVAL); /* whole pages only */
	EQ(copy(area + PAGE, src, unit, 0), -EINVAL);
	EQ(fill(ZEROPAGE, area + huge, unit), -EINVAL);
	EQ(fill(CONTINUE, area + huge, unit), -EFAULT);
	EQ(copy(area + huge, hole, unit, 0), -EFAULT);
	pool(POOL, POOL, 3, 0); /* page and promise are back */
	EQ(copy(area + huge, src, unit, 0), (int)unit);
	EQ(finish(&t), 'w');
	EQ(area[huge], 's');
	EQ(area[2 * huge - 1], 's');
	pool(POOL, POOL - 1, 2, 0);
	EQ(copy(area + huge, src, unit, 0), -EEXIST);
	EQ(copy(area, src, 2 * unit, 0), -EAGAIN); /* the first of them, then EEXIST */
	EQ(madvise(src, 2 * huge, MADV_DONTNEED), 0);
	EQ(copy(area + 2 * huge, src + 8, unit, 0),
	   (int)unit); /* faults of its own; any source address will do */
	EQ(area[2 * huge], 0);
	pool(POOL, POOL - 3, 0, 0);
	EQ(madvise(area, huge, MADV_DONTNEED), 0);
	munmap(src, 2 * huge);
	munmap(hole, huge);
	unwatch(3);
}

static void private_pages_are_missing(void)
{
	missing(ANON_HUGE);
}

static void shared_pages_are_missing(void)
{
	missing(MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB);
}

static void pages_of_the_object(void)
{
	int fd = (int)syscall(SYS_memfd_create, "huge", 4 /* MFD_HUGETLB */);
	struct toucher t;
	char *other;

	NEED(fd >= 0 && ftruncate(fd, (off_t)(2 * huge)) == 0);
	watch(2, MAP_SHARED, fd, MINOR, 0x8c);
	other = mmap(NULL, 2 * huge, RW, MAP_SHARED, fd, 0);
	NEED(other != MAP_FAILED);
	other[huge] = 'o';
	start(&t, area + huge, 0);
	EQ(next_msg().arg[0], 4);
	other[huge] = 'p';
	EQ(fill(CONTINUE, area + huge, unit), (int)unit);
	EQ(finish(&t), 'p');
	EQ(fill(CONTINUE, area + huge, unit), -EEXIST);
	EQ(fill(CONTINUE, area, unit), -EFAULT);
	area[0] = 1; /* missing ones were not asked for */
	EQ(other[0], 1);
	munmap(other, 2 * huge);
	close(fd);
	unwatch(2);
}

static void protection(int flags)
{
	struct toucher t;

	watch(3, flags, -1, WP, 0x4c);
	memset(area, 'a', 2 * huge);
	EQ(protect(area, 1, 1), -EINVAL);
	EQ(protect(area, 3 * unit, 1), 0); /* the third is not there yet */
	EQ(area[huge], 'a');
	start(&t, area + huge + 3 * PAGE, 1);
	EQ(next_msg().arg[0], 1 | 2);
	EQ(area[huge + 3 * PAGE], 'a');
	EQ(protect(area + huge, unit, 0), 0);
	EQ(finish(&t), 'w');
	NEED(mprotect(area, 3 * huge, PROT_READ) == 0);
	NEED(mprotect(area, 3 * huge, RW) == 0);
	start(&t, area, 1);
	EQ(next_msg().arg[0], 1 | 2);
	EQ(protect(area, unit, 0), 0);
	EQ(finish(&t), 'w');
	start(&t, area + 2 * huge, 1); /* comes, and is protected */
	EQ(next_msg().arg[0], 1 | 2);
	EQ(area[2 * huge], 0);
	EQ(protect(area + 2 * huge, unit, 0), 0);
	EQ(finish(&t), 'w');
	EQ(protect(area, 3 * unit, 1), 0);
	EQ(ioctl(uffd, UNREGISTER, &(struct range){ (uintptr_t)area, 3 * huge }), 0);
	memset(area, 'c', 3 * huge);
	unwatch(3);
}

static void private_writes_are_seen(void)
{
	protection(ANON_HUGE);
}

static void shared_writes_are_seen(void)
{
	protection(MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB);
}

/* A child without a monitor of its own; marks of pages that never were are not its own. */
static void fork_forgets(void)
{
	pid_t pid;

	watch(2, ANON_HUGE, -1, WP, 0x4c);
	area[0] = 'p';
	EQ(protect(area, 2 * unit, 1), 0);
	pid = fork();
	if (pid == 0) {
		area[0] = 'c';
		_exit(area[0] == 'c' && area[1] == 0 ? 0 : 1);
	}
	EQ(tap_wait(pid), 0);
	EQ(protect(area, 2 * unit, 0), 0);
	EQ(area[0], 'p');
	EQ(area[huge], 0);
	unwatch(2);
}

static void ranges(void)
{
	watch(2, ANON_HUGE, -1, MISSING | WP, 0x4c);
	EQ(reg(area + PAGE, unit, MISSING), -EINVAL);
	EQ(reg(area, unit - 1, MISSING), -EINVAL);
	FAILS(ioctl(uffd, UNREGISTER, &(struct range){ (uintptr_t)area, PAGE }), EINVAL);
	EQ(ioctl(uffd, UNREGISTER, &(struct range){ (uintptr_t)area, huge }), 0);
	area[0] = 1;
	unwatch(2);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(private_pages_are_missing),
						 T(shared_pages_are_missing),
						 T(pages_of_the_object),
						 T(private_writes_are_seen),
						 T(shared_writes_are_seen),
						 T(fork_forgets),
						 T(ranges),
						 TEND };

	huge_init();
	return tap_main(argc, argv, tests);
}
