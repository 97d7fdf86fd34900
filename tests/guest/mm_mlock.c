/* mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2): effects, limits, every error, and what /proc counts. */
#include "mem.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

/* Some C libraries turn EPERM into ENOMEM. */
static long map_raw(size_t len, int flags)
{
	return syscall(IS64 ? SYS_mmap : 192 /* mmap2 */, NULL, len, RW, flags, -1, 0);
}

static int mlock2_(const void *p, size_t len, int flags)
{
	return (int)syscall(SYS_mlock2, p, len, flags);
}

/* The number behind @label in a file of lines. */
static long field(const char *path, const char *label)
{
	static char text[65536];
	char *at;

	if (tap_read(path, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, label);
	return at ? strtol(at + strlen(label), NULL, 10) : -1;
}

static long locked_kb(void)
{
	return field("/proc/self/status", "VmLck:");
}

static long mlocked_kb(void)
{
	return field("/proc/meminfo", "Mlocked:");
}

static void limit_memlock(rlim_t bytes)
{
	struct rlimit r = { bytes, bytes };

	OK(setrlimit(RLIMIT_MEMLOCK, &r));
}

/* Without the right to lock any amount. */
static void drop_rights(void)
{
	OK(setgid(65534));
	OK(setuid(65534));
}

static void locks_and_faults_in(void)
{
	char *p = anon(16, RW);
	long before = locked_kb(), m = mlocked_kb();

	NEED(p != MAP_FAILED);
	EQ(before, 0);
	EQ(resident(p, 16), 0);
	OK(mlock(p + 2 * PAGE + 5, 3 * PAGE)); /* the pages of every byte: four */
	EQ(locked_kb(), 16);
	EQ(resident(p, 16), 4);
	EQ(resident(p + 2 * PAGE, 4), 4);
	EQ(mlocked_kb() - m, 16);
	EQ(field("/proc/meminfo", "Unevictable:") >= 16, 1);
	OK(mlock(p + 2 * PAGE, PAGE)); /* once more changes nothing */
	EQ(locked_kb(), 16);
	EQ(mlocked_kb() - m, 16);
	OK(munlock(p + 3 * PAGE, PAGE));
	EQ(locked_kb(), 12);
	EQ(mlocked_kb() - m, 12);
	OK(munmap(p + 2 * PAGE, PAGE));
	EQ(locked_kb(), 8);
	EQ(mlocked_kb() - m, 8);
	OK(munlock(p + 4 * PAGE, 12 * PAGE));
	EQ(locked_kb(), 0);
	EQ(mlocked_kb() - m, 0);
	EQ(resident(p + 4 * PAGE, 2), 2); /* unlocked, not gone */
	OK(mlock(p, 0));
	OK(munlock(p, 0));
}

static void onfault_locks_what_comes(void)
{
	char *p = anon(8, RW);
	long m = mlocked_kb();

	NEED(p != MAP_FAILED);
	p[0] = 1;
	OK(mlock2_(p, 8 * PAGE, MLOCK_ONFAULT));
	EQ(locked_kb(), 32);
	EQ(resident(p, 8), 1);
	EQ(mlocked_kb() - m, 4); /* what was there is locked at once */
	p[3 * PAGE] = 1;
	EQ(resident(p, 8), 2);
	EQ(mlocked_kb() - m, 8);
	OK(mlock2_(p, 8 * PAGE, 0)); /* now all */
	EQ(resident(p, 8), 8);
	EQ(locked_kb(), 32);
	EQ(mlocked_kb() - m, 32);
	OK(munlock(p, 8 * PAGE));
	EQ(mlocked_kb() - m, 0);
	FAILS(mlock2_(p, PAGE, 2), EINVAL);
	FAILS(mlock2_(p, PAGE, 3), EINVAL);
}

static void errors_of_ranges(void)
{
	char *p = anon(8, RW);

	NEED(p != MAP_FAILED);
	OK(munmap(p + 4 * PAGE, PAGE));
	FAILS(mlock(p, 8 * PAGE), ENOMEM); /* a hole; what comes before is locked */
	EQ(locked_kb(), 16);
	FAILS(munlock(p, 8 * PAGE), ENOMEM);
	EQ(locked_kb(), 0);
	FAILS(mlock(p + 4 * PAGE, PAGE), ENOMEM);
	FAILS(mlock(p, (size_t)0 - (uintptr_t)p - PAGE), ENOMEM);
	if (!tap_compat())
		FAILS(munlock(p, (size_t)0 - (uintptr_t)p + 2 * PAGE), EINVAL); /* wraps */
	OK(munlock(p, 4 * PAGE));
	/* Memory that cannot be read is locked, but its pages cannot be had. */
	p = anon(2, PROT_NONE);
	FAILS(mlock(p, 2 * PAGE), ENOMEM);
	EQ(locked_kb(), 8);
	OK(munlock(p, 2 * PAGE));
}

static void beyond_the_end_of_a_file(void)
{
	int fd = open("locked", O_CREAT | O_RDWR, 0600);
	char *p;

	NEED(fd >= 0 && ftruncate(fd, (off_t)PAGE) == 0);
	p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(mlock(p, 3 * PAGE), ENOMEM);
	EQ(locked_kb(), 12);
	EQ(resident(p, 1), 1);
	OK(munmap(p, 3 * PAGE));
	EQ(locked_kb(), 0);
	close(fd);
	unlink("locked");
}

static void limits(void)
{
	char *p = anon(16, RW);

	NEED(p != MAP_FAILED);
	limit_memlock(4 * PAGE);
	OK(mlock(p, 8 * PAGE)); /* CAP_IPC_LOCK: no limit */
	OK(munlock(p, 8 * PAGE));
	drop_rights();
	OK(mlock(p, 4 * PAGE));
	OK(mlock(p, 4 * PAGE)); /* locked pages do not count twice */
	OK(mlock(p + PAGE, 3 * PAGE));
	FAILS(mlock(p, 5 * PAGE), ENOMEM);
	FAILS(mlock(p + 8 * PAGE, PAGE), ENOMEM);
	EQ(locked_kb(), 16);
	FAILS(mlockall(MCL_CURRENT), ENOMEM);
	FAILS((long)mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0), EAGAIN);
	FAILS((long)mremap(p, 4 * PAGE, 20 * PAGE, MREMAP_MAYMOVE), EAGAIN);
	OK(munlock(p, 2 * PAGE));
	OK(mlock(p + 8 * PAGE, 2 * PAGE));
	OK(munlock(p, 16 * PAGE));
	limit_memlock(0);
	FAILS(mlock(p, PAGE), EPERM);
	FAILS(mlock(p, 0), EPERM);
	FAILS(mlockall(MCL_FUTURE), EPERM);
	FAILS(map_raw(PAGE, ANON | MAP_LOCKED), EPERM);
	OK(munlock(p, PAGE));
	OK(munlockall());
}

/* A limit of this process is not one of the process that shares its memory. */
static void limit_is_the_callers(void)
{
	char *p = anon(4, RW);
	int status;
	pid_t pid;

	NEED(p != MAP_FAILED);
	pid = vfork();
	if (pid == 0) {
		struct rlimit r = { 0, 0 };

		setrlimit(RLIMIT_AS, &r);
		_exit(mmap(NULL, PAGE, RW, ANON, -1, 0) != MAP_FAILED);
	}
	status = tap_wait(pid);
	EQ(status, 0);
	CHECK(mmap(NULL, PAGE, RW, ANON, -1, 0) != MAP_FAILED);
}

static void all_of_it(void)
{
	char *p = anon(4, RW), *none = anon(1, PROT_NONE), *q;
	long size;

	NEED(p != MAP_FAILED && none != MAP_FAILED);
	FAILS(mlockall(0), EINVAL);
	FAILS(mlockall(8), EINVAL);
	FAILS(mlockall(MCL_ONFAULT), EINVAL);
	OK(mlockall(MCL_CURRENT)); /* what cannot be faulted in is no error */
	size = field("/proc/self/status", "VmSize:");
	EQ(resident(p, 4), 4);
	CHECK(locked_kb() <= size && locked_kb() > size - 64); /* but for the vdso's pages */
	q = anon(4, RW);
	EQ(resident(q, 4), 0); /* not the future */
	OK(mlockall(MCL_FUTURE));
	EQ(resident(q, 4), 0);
	q = anon(4, RW);
	EQ(resident(q, 4), 4);
	OK(mlockall(MCL_FUTURE | MCL_ONFAULT));
	q = anon(4, RW);
	EQ(resident(q, 4), 0);
	q[PAGE] = 1;
	EQ(resident(q, 4), 1);
	OK(mlockall(MCL_CURRENT | MCL_ONFAULT));
	OK(munlockall());
	EQ(locked_kb(), 0);
	q = anon(4, RW);
	EQ(resident(q, 4), 0);
}

static void the_heap_and_the_stack(void)
{
	char *b = (char *)syscall(SYS_brk, 0), *top;
	long before;

	top = (char *)(((uintptr_t)b + PAGE - 1) & -PAGE);
	OK(mlockall(MCL_FUTURE));
	before = locked_kb();
	CHECK((char *)syscall(SYS_brk, top + 4 * PAGE) == top + 4 * PAGE);
	EQ(locked_kb() - before, 16);
	EQ(resident(top, 4), 4);
	CHECK((char *)syscall(SYS_brk, top) == top);
	EQ(locked_kb(), before);
	OK(munlockall());
}

static int child_has_none(void *p)
{
	return locked_kb() != 0 || mlocked_kb() < 16;
}

static void a_child_inherits_no_lock(void)
{
	char *p = anon(4, RW);
	long m = mlocked_kb();

	NEED(p != MAP_FAILED);
	OK(mlock(p, 4 * PAGE));
	OK(mlockall(MCL_FUTURE));
	EQ(tap_child(child_has_none, p), 0);
	EQ(locked_kb(), 16);
	EQ(mlocked_kb() - m, 16);
	p[0] = 1; /* shared with nobody any more, or copied: locked either way */
	EQ(mlocked_kb() - m, 16);
	OK(munlockall());
	EQ(mlocked_kb() - m, 0);
}

static int lock_too(void *p)
{
	long m = mlocked_kb();

	if (mlock(p, 4 * PAGE))
		return 1;
	return mlocked_kb() != m || locked_kb() != 16 ? 2 : 0; /* the same pages: counted once */
}

static void shared_pages_count_once(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long m = mlocked_kb();

	NEED(p != MAP_FAILED);
	OK(mlock(p, 4 * PAGE));
	EQ(mlocked_kb() - m, 16);
	EQ(tap_child(lock_too, p), 0); /* and leaves: they stay locked by us */
	EQ(mlocked_kb() - m, 16);
	OK(munmap(p, 4 * PAGE));
	EQ(mlocked_kb() - m, 0);
}

/* Copies that writes make of locked private file pages are locked, the file's pages no longer. */
static void private_file_pages(void)
{
	static char data[4 * 4096];
	long m = mlocked_kb();
	char *p;
	int fd;

	NEED(tap_write("priv", data, sizeof(data), 0600) == 0);
	fd = open("priv", O_RDONLY);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	OK(mlock(p, 4 * PAGE));
	EQ(mlocked_kb() - m, 16);
	EQ(field("/proc/self/status", "RssAnon:") >= 0, 1);
	OK(mprotect(p, 2 * PAGE, RW)); /* made writable: copied at once, so that no write faults */
	EQ(mlocked_kb() - m, 16);
	p[0] = 1;
	p[PAGE] = 1;
	EQ(mlocked_kb() - m, 16);
	OK(munmap(p, 4 * PAGE));
	EQ(mlocked_kb() - m, 0);
	close(fd);
	unlink("priv");
}

static void mmap_locked(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, ANON | MAP_LOCKED, -1, 0);

	NEED(p != MAP_FAILED);
	EQ(resident(p, 4), 4);
	EQ(locked_kb(), 16);
	p = mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	NEED(p != MAP_FAILED);
	EQ(resident(p, 8), 8); /* what is gained is locked and there */
	EQ(locked_kb(), 32);
	p = mremap(p, 8 * PAGE, 2 * PAGE, 0);
	EQ(locked_kb(), 8);
	FAILS(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	FAILS(msync(p, PAGE, MS_INVALIDATE), EBUSY);
	OK(madvise(p, PAGE, 24 /* MADV_DONTNEED_LOCKED */));
	EQ(resident(p, 2), 1);
	EQ(locked_kb(), 8);
	OK(munmap(p, 2 * PAGE));
	EQ(locked_kb(), 0);
}

/* Splits and merges of what /proc/self/maps shows do not change the sums. */
static void pieces(void)
{
	char *p = anon(64, RW);
	long m = mlocked_kb();

	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < 64; i += 2)
		OK(mlock(p + i * PAGE, PAGE));
	EQ(locked_kb(), 128);
	EQ(mlocked_kb() - m, 128);
	for (size_t i = 0; i < 64; i += 4)
		OK(munlock(p + i * PAGE, PAGE));
	EQ(locked_kb(), 64);
	OK(mlock(p, 64 * PAGE));
	EQ(locked_kb(), 256);
	EQ(mlocked_kb() - m, 256);
	OK(munmap(p + 10 * PAGE, 20 * PAGE));
	EQ(locked_kb(), 176);
	EQ(mlocked_kb() - m, 176);
	OK(munlockall());
	EQ(mlocked_kb() - m, 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(locks_and_faults_in),
		T(onfault_locks_what_comes),
		T(errors_of_ranges),
		T(beyond_the_end_of_a_file),
		T(limits),
		T(limit_is_the_callers),
		T(all_of_it),
		T(the_heap_and_the_stack),
		T(a_child_inherits_no_lock),
		T(shared_pages_count_once),
		T(private_file_pages),
		T(mmap_locked),
		T(pieces),
		TEND,
	};

	return tap_main(argc, argv, tests);
}
