/* madvise(2): every advice, what it does to pages and mappings, and every error. */
#include "mem.h"

#include "pagemap.h"

#include <sys/resource.h>

enum {
	ADV_COLD = 20,
	ADV_PAGEOUT,
	ADV_POPULATE_READ,
	ADV_POPULATE_WRITE,
	ADV_DONTNEED_LOCKED,
	ADV_HWPOISON = 100,
	ADV_SOFT_OFFLINE
};

/* Mappings of /proc/self/maps that touch [p, p + n pages). */
static int vmas(const void *p, size_t n)
{
	static char text[65536];
	unsigned long from = (unsigned long)p, to = from + n * PAGE, s, e;
	int count = 0;

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return -1;
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n"))
		if (sscanf(l, "%lx-%lx", &s, &e) == 2 && e > from && s < to)
			count++;
	return count;
}

static long vm_event(const char *name)
{
	static char text[65536];
	char want[64], *at;

	snprintf(want, sizeof(want), "\n%s ", name);
	text[0] = '\n';
	if (tap_read("/proc/vmstat", text + 1, sizeof(text) - 1) < 0)
		return -1;
	at = strstr(text, want);
	return at ? strtol(at + strlen(want), NULL, 10) : -1;
}

static long minor_faults(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return ru.ru_minflt;
}

static void arguments(void)
{
	char *p = anon(8, RW);

	NEED(p != MAP_FAILED);
	FAILS(madvise(p, PAGE, 5), EINVAL);
	FAILS(madvise(p, PAGE, 77), EINVAL);
	FAILS(madvise(p, PAGE, -1), EINVAL);
	FAILS(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	FAILS(madvise(p, (size_t)-1, MADV_DONTNEED), EINVAL);	 /* rounds up to nothing */
	FAILS(madvise(p, (size_t)-PAGE, MADV_DONTNEED), EINVAL); /* wraps */
	OK(madvise(p, 0, MADV_DONTNEED));
	FAILS(madvise(p, 0, 77), EINVAL);
	OK(madvise(p, 1, MADV_DONTNEED)); /* the length is rounded up */
	OK(munmap(p + 3 * PAGE, PAGE));
	memset(p, 1, 3 * PAGE);
	memset(p + 4 * PAGE, 1, 4 * PAGE);
	FAILS(madvise(p, 8 * PAGE, MADV_DONTNEED),
	      ENOMEM); /* over the hole, and all the rest is done */
	EQ(p[0] | p[4 * PAGE] | p[7 * PAGE], 0);
	FAILS(madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED), ENOMEM);
	FAILS(madvise(p, 8 * PAGE, MADV_DONTFORK), ENOMEM);
	CHECK(has_vmflag(p + 4 * PAGE, " dc"));
}

static void dontneed(void)
{
	char *p = anon(8, RW);
	int fd;
	char *f;

	NEED(p != MAP_FAILED);
	memset(p, 5, 8 * PAGE);
	OK(madvise(p + 2 * PAGE, 3 * PAGE, MADV_DONTNEED));
	EQ(resident(p, 8), 5);
	EQ(p[2 * PAGE], 0);
	EQ(p[5 * PAGE], 5);
	EQ(p[2 * PAGE - 1], 5);
	/* Of a file: private copies go, the file's contents come back; of shared memory nothing is lost. */
	NEED(tap_write("f", "file", 4, 0600) == 0);
	fd = open("f", O_RDWR);
	f = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	f[0] = 'X';
	OK(madvise(f, PAGE, MADV_DONTNEED));
	EQ(f[0], 'f');
	f = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	f[0] = 'X';
	OK(madvise(f, PAGE, MADV_DONTNEED));
	EQ(f[0], 'X');
	FAILS(madvise(f, PAGE, MADV_FREE), EINVAL);
	close(fd);
	unlink("f");
	OK(mlock(p, PAGE));
	FAILS(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
	FAILS(madvise(p, PAGE, MADV_FREE), EINVAL);
	FAILS(madvise(p, PAGE, ADV_COLD), EINVAL);
	FAILS(madvise(p, PAGE, ADV_PAGEOUT), EINVAL);
	EQ(p[0], 5);
	OK(madvise(p, PAGE, ADV_DONTNEED_LOCKED));
	EQ(p[0], 0);
}

static long lazy_kb(void)
{
	return figure_after("/proc/self/smaps_rollup", NULL, "LazyFree:");
}

/* Contents stay until the system wants the memory, and for good once they are written again, or are to be. */
static void free_lazily(void)
{
	char *p = anon(64, RW);
	long freed = vm_event("pglazyfree"), lazy = lazy_kb(), faults;

	NEED(p != MAP_FAILED);
	for (int i = 0; i < 64; i++)
		p[i * PAGE] = (char)(i + 1);
	OK(madvise(p, 64 * PAGE, MADV_FREE));
	EQ(vm_event("pglazyfree") - freed, 64);
	EQ(resident(p, 64), 64);
	faults = minor_faults();
	for (int i = 0; i < 64; i += 2)
		p[i * PAGE] = 100;
	EQ(minor_faults() - faults, 0); /* no fault: the pages are still there */
	for (int i = 0; i < 64; i += 2)
		EQ(p[i * PAGE], 100);
	EQ(p[PAGE], 2);
	OK(madvise(p, 64 * PAGE, MADV_FREE)); /* and again */
	EQ(lazy_kb() - lazy, 64 * PAGE / 1024);
	OK(madvise(p, 16 * PAGE, ADV_POPULATE_READ));
	EQ(lazy_kb() - lazy, 64 * PAGE / 1024);
	OK(madvise(p, 16 * PAGE, ADV_POPULATE_WRITE));
	EQ(lazy_kb() - lazy, 48 * PAGE / 1024);
	OK(munmap(p, 64 * PAGE));
}

static int fill(void *arg)
{
	size_t pages = *(size_t *)arg;
	char *p = anon(pages, RW);

	if (p == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	return 0;
}

/* Two thirds of memory given up, two thirds taken by another: nobody is killed, what was written again is whole. */
static void free_under_pressure(void)
{
	size_t pages = (size_t)meminfo_kb("MemFree:") / 4 / 3 * 2, kept = 0, gone = 0;
	char *p;

	if (meminfo_kb("MemTotal:") > 800 * 1024)
		SKIP("much memory");
	p = anon(pages, RW);
	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 7;
	OK(madvise(p, pages * PAGE, MADV_FREE));
	OK(madvise(p, pages * PAGE, MADV_DONTFORK));
	for (size_t i = 0; i < pages; i += 16)
		p[i * PAGE] = 9;
	EQ(tap_child(fill, &pages), 0);
	for (size_t i = 0; i < pages; i++) {
		char c = p[i * PAGE];

		if (i % 16 == 0)
			kept += c == 9;
		else if (c == 0)
			gone++;
		else
			CHECK(c == 7);
	}
	EQ(kept, (pages + 15) / 16);
	CHECK(gone > pages / 4);
	CHECK(vm_event("pglazyfreed") >= (long)gone);
}

static int sees_lazily_freed(void *arg)
{
	char *p = arg;

	return p[0] != 3 || p[PAGE] != 3;
}

static void free_and_fork(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED);
	p[0] = p[PAGE] = 3;
	OK(madvise(p, 2 * PAGE, MADV_FREE));
	EQ(tap_child(sees_lazily_freed, p), 0);
	p[0] = 4;
	EQ(p[0], 4);
	EQ(p[PAGE], 3);
}

static void remove_makes_holes(void)
{
	char *p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *q, *a = anon(1, RW);
	int fd;

	NEED(p != MAP_FAILED && a != MAP_FAILED);
	memset(p, 1, 8 * PAGE);
	OK(madvise(p + 2 * PAGE, 2 * PAGE, MADV_REMOVE));
	EQ(p[2 * PAGE] | p[4 * PAGE - 1], 0);
	EQ(p[2 * PAGE - 1] & p[4 * PAGE], 1);
	FAILS(madvise(a, PAGE, MADV_REMOVE), EINVAL);
	OK(mlock(p, PAGE));
	FAILS(madvise(p, PAGE, MADV_REMOVE), EINVAL);
	OK(munlock(p, PAGE));
	OK(munmap(p + 4 * PAGE, PAGE));
	FAILS(madvise(p, 8 * PAGE, MADV_REMOVE), ENOMEM);
	EQ(p[0] | p[5 * PAGE] | p[7 * PAGE], 0); /* over the hole */
	/* A file's bytes go for everybody. */
	fd = open("rm", O_CREAT | O_RDWR, 0600);
	NEED(fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	memset(p, 2, 4 * PAGE);
	OK(madvise(p + PAGE, PAGE, MADV_REMOVE));
	EQ(pread(fd, a, 1, (off_t)PAGE), 1);
	EQ(a[0], 0);
	q = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
	FAILS(madvise(q, PAGE, MADV_REMOVE), EACCES);
	/* A shared mapping that could be written need not be writable now. */
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	OK(madvise(q, PAGE, MADV_REMOVE));
	EQ(p[0], 0);
	close(fd);
	fd = open("rm", O_RDONLY);
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	FAILS(madvise(q, PAGE, MADV_REMOVE), EACCES);
	close(fd);
	unlink("rm");
}

static int child_reads(void *p)
{
	return *(volatile char *)p;
}

static void over_fork(void)
{
	char *p = anon(6, RW), *s = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	memset(p, 7, 6 * PAGE);
	OK(madvise(p + PAGE, PAGE, MADV_DONTFORK));
	EQ(vmas(p, 6), 3);
	CHECK(has_vmflag(p + PAGE, " dc"));
	EQ(tap_child(child_reads, p), EXITED(7));
	EQ(tap_child(child_reads, p + PAGE), KILLED(SIGSEGV));
	EQ(p[PAGE], 7);
	OK(madvise(p + PAGE, PAGE, MADV_DOFORK));
	EQ(vmas(p, 6), 1);
	EQ(tap_child(child_reads, p + PAGE), EXITED(7));
	OK(madvise(p + 2 * PAGE, 2 * PAGE, MADV_WIPEONFORK));
	CHECK(has_vmflag(p + 2 * PAGE, " wf"));
	EQ(tap_child(child_reads, p + 2 * PAGE), EXITED(0));
	EQ(tap_child(child_reads, p + 4 * PAGE), EXITED(7));
	EQ(p[2 * PAGE], 7);
	OK(madvise(p, 6 * PAGE, MADV_KEEPONFORK));
	EQ(vmas(p, 6), 1);
	EQ(tap_child(child_reads, p + 2 * PAGE), EXITED(7));
	FAILS(madvise(s, PAGE, MADV_WIPEONFORK), EINVAL);
	OK(madvise(s, PAGE, MADV_KEEPONFORK));
}

static void hints(void)
{
	char *p = anon(6, RW);

	NEED(p != MAP_FAILED);
	OK(madvise(p, 2 * PAGE, MADV_SEQUENTIAL));
	CHECK(has_vmflag(p, " sr"));
	EQ(vmas(p, 6), 2);
	OK(madvise(p, PAGE, MADV_RANDOM));
	CHECK(has_vmflag(p, " rr") && !has_vmflag(p, " sr"));
	EQ(vmas(p, 6), 3);
	OK(madvise(p, 6 * PAGE, MADV_NORMAL));
	EQ(vmas(p, 6), 1);
	OK(madvise(p + PAGE, PAGE, MADV_DONTDUMP));
	CHECK(has_vmflag(p + PAGE, " dd"));
	OK(madvise(p + PAGE, PAGE, MADV_DODUMP));
	EQ(vmas(p, 6), 1);
	OK(madvise(p, 6 * PAGE, MADV_WILLNEED));
	memset(p, 3, 6 * PAGE);
	OK(madvise(p, 6 * PAGE, ADV_COLD));
	OK(madvise(p, 6 * PAGE, ADV_PAGEOUT));
	EQ(p[5 * PAGE], 3);
}

static void populate(void)
{
	char *p = anon(16, RW), *none = anon(2, PROT_NONE), *ro = anon(2, PROT_READ),
	     *wo = anon(2, PROT_WRITE), *f;
	int fd = open("pop", O_CREAT | O_RDWR, 0600);

	NEED(p != MAP_FAILED && fd >= 0);
	OK(madvise(p, 4 * PAGE, ADV_POPULATE_READ));
	EQ(resident(p, 16), 4);
	OK(madvise(p + 2 * PAGE, 4 * PAGE, ADV_POPULATE_WRITE));
	EQ(resident(p, 16), 6);
	FAILS(madvise(none, PAGE, ADV_POPULATE_READ), EINVAL);
	FAILS(madvise(none, PAGE, ADV_POPULATE_WRITE), EINVAL);
	OK(madvise(ro, PAGE, ADV_POPULATE_READ));
	FAILS(madvise(ro, PAGE, ADV_POPULATE_WRITE), EINVAL);
	FAILS(madvise(wo, PAGE, ADV_POPULATE_READ), EINVAL);
	OK(madvise(wo, PAGE, ADV_POPULATE_WRITE));
	OK(munmap(p + 8 * PAGE, PAGE));
	FAILS(madvise(p, 16 * PAGE, ADV_POPULATE_WRITE), ENOMEM);
	EQ(resident(p, 8), 8);
	EQ(resident(p + 9 * PAGE, 7), 7); /* behind the hole, too */
	/* Beyond the end of a file. */
	NEED(ftruncate(fd, (off_t)PAGE) == 0);
	f = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
	FAILS(madvise(f, 3 * PAGE, ADV_POPULATE_READ), EFAULT);
	OK(madvise(f, PAGE, ADV_POPULATE_WRITE));
	close(fd);
	unlink("pop");
}

static int poison_as_nobody(void *p)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	if (madvise(p, PAGE, ADV_HWPOISON) != -1 || errno != EPERM)
		return 2;
	if (madvise(p, PAGE, ADV_SOFT_OFFLINE) != -1 || errno != EPERM)
		return 3;
	return 0;
}

static void broken_memory(void)
{
	char *p = anon(1, RW);

	NEED(p != MAP_FAILED);
	p[0] = 1;
	EQ(tap_child(poison_as_nobody, p), 0);
}

/* The limit on mappings, met by advice that splits. */
static void too_many_mappings(void)
{
	char *p = anon(3, RW), old[32];
	char low[16];

	NEED(p != MAP_FAILED);
	if (tap_compat() || IS64 < 0)
		SKIP("not here");
	NEED(tap_read("/proc/sys/vm/max_map_count", old, sizeof(old)) > 0);
	snprintf(low, sizeof(low), "%d", vmas(NULL, ~(size_t)0 / PAGE / 2) / 2);
	if (tap_write("/proc/sys/vm/max_map_count", low, strlen(low), 0))
		SKIP("max_map_count cannot be written");
	FAILS(madvise(p + PAGE, PAGE, MADV_DONTFORK), EAGAIN);
	FAILS(mprotect(p + PAGE, PAGE, PROT_READ), ENOMEM);
	FAILS(munmap(p + PAGE, PAGE), ENOMEM);
	EQ(tap_write("/proc/sys/vm/max_map_count", old, strlen(old), 0), 0);
	OK(madvise(p + PAGE, PAGE, MADV_DONTFORK));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(arguments),	      T(dontneed),
		T(free_lazily),	      T(free_under_pressure),
		T(free_and_fork),     T(remove_makes_holes),
		T(over_fork),	      T(hints),
		T(populate),	      T(broken_memory),
		T(too_many_mappings), TEND,
	};

	return tap_main(argc, argv, tests);
}
