/* mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), msync(2), pkeys(7), mseal(2): flags, limits, and every error. */
#include "mem.h"
#include "pagemap.h"
#include "picture.h"

#include <sys/resource.h>

enum { SYS_MSEAL = 462 };
#define NR_MMAP (IS64 ? SYS_mmap : 192)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif
#ifndef MAP_SYNC
#define MAP_SYNC 0x80000
#endif
#ifndef PROT_GROWSDOWN
#define PROT_GROWSDOWN 0x01000000
#define PROT_GROWSUP   0x02000000
#endif

/* The call itself: C libraries check and translate. @off in bytes on x86_64, in pages on i386. */
static long map(void *at, size_t len, long prot, long flags, int fd, unsigned long off)
{
	return syscall(NR_MMAP, at, len, prot, flags, fd, off);
}

/* With a fifth argument whatever the flags: some C libraries pass what lies about. */
static char *move(void *p, size_t old, size_t len, int flags, void *to)
{
	return (char *)syscall(SYS_mremap, p, old, len, flags, to);
}

/* A hole of @n pages with nothing near it. */
static char *hole(size_t n)
{
	char *p = anon(n + 1200, PROT_NONE);

	if (p == MAP_FAILED || munmap(p, (n + 1200) * PAGE))
		return NULL;
	return p + 600 * PAGE;
}

static int touch(void *p)
{
	*(volatile char *)p = 1;
	return 0;
}

static int look(void *p)
{
	return *(volatile char *)p & 0;
}

static void mmap_errors(void)
{
	long sync;
	char *top = (char *)(~(uintptr_t)0 & -PAGE);
	int fd = open("f", O_CREAT | O_RDWR, 0600), ro, wo, p[2];

	NEED(fd >= 0 && ftruncate(fd, 4 * (off_t)PAGE) == 0 && pipe(p) == 0);
	ro = open("f", O_RDONLY);
	wo = open("f", O_WRONLY);
	FAILS(map(NULL, 0, RW, ANON, -1, 0), EINVAL);
	FAILS(map(NULL, 0, RW, MAP_PRIVATE, wo, 0), EINVAL);
	FAILS(map(NULL, 0, RW, MAP_PRIVATE, 77, 0), EBADF);
	FAILS(map(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(map(NULL, PAGE, RW, MAP_ANONYMOUS | 4, -1, 0), EINVAL);
	FAILS(map(NULL, PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE, -1, 0), EINVAL);
	FAILS(map(NULL, PAGE, RW, 0, fd, 0), EINVAL);
	FAILS(map(NULL, PAGE, RW, 4, fd, 0), EINVAL);
	FAILS(map(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
	FAILS(map(NULL, PAGE, RW, MAP_PRIVATE, open("f", O_PATH), 0), EBADF);
	FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	FAILS(map(NULL, PAGE, PROT_WRITE, MAP_SHARED, wo, 0), EACCES);
	FAILS(map(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	FAILS(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE, ro, 0), EACCES);
	FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), ENODEV);
	FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[1], 0), EACCES); /* before ENODEV */
	FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0), ENODEV);
	FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0), EINVAL);
	FAILS(map(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0),
	      EINVAL);
	FAILS(map((char *)0x10000000 + 1, PAGE, RW, ANON | MAP_FIXED, -1, 0), EINVAL);
	FAILS(map(NULL, (size_t)-1, RW, ANON, -1, 0), ENOMEM);
	FAILS(map(NULL, (size_t)-PAGE, RW, ANON, -1, 0), ENOMEM);
	FAILS(map(top, PAGE, RW, ANON | MAP_FIXED, -1, 0), ENOMEM);
	if (IS64) {
		FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 123), EINVAL);
		FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd,
			  (unsigned long)1 << (sizeof(long) * 8 - 1)),
		      EOVERFLOW);
		FAILS(map(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, -PAGE), EOVERFLOW);
	} else {
		if (!tap_compat())
			FAILS(map(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, ~0ul), EOVERFLOW);
	}
	/* What MAP_SHARED_VALIDATE knows; MAP_SHARED takes anything. */
	FAILS(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0), EOPNOTSUPP);
	FAILS(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | 0x200000, fd, 0), EOPNOTSUPP);
	FAILS(map((char *)0x10000000, PAGE, RW, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, fd, 0),
	      EOPNOTSUPP);
	sync = map(NULL, PAGE, RW, MAP_SHARED | MAP_SYNC | 0x200000, fd, 0);
	OK(sync);
	EQ(has_vmflag((void *)sync, "sf"), 1); /* ignored, and shown */
	OK(map(NULL, PAGE, RW, MAP_SHARED_VALIDATE | MAP_POPULATE | MAP_NORESERVE | MAP_STACK, fd,
	       0));
	OK(map(NULL, PAGE, RW, MAP_PRIVATE, ro, 0));
	OK(map(NULL, PAGE, RW | 0x40000000, ANON, -1,
	       0)); /* rights that do not exist are no error */
	unlink("f");
}

static void hints(void)
{
	char *p = hole(64);

	NEED(p);
	EQ(map(p + 100, PAGE, RW, ANON, -1, 0), (long)p); /* rounded down */
	EQ(map(p + 4 * PAGE, 2 * PAGE, RW, ANON, -1, 0), (long)(p + 4 * PAGE));
	CHECK(map(p + 5 * PAGE, PAGE, RW, ANON, -1, 0) != (long)(p + 5 * PAGE));
	CHECK(map(p + 3 * PAGE, 2 * PAGE, RW, ANON, -1, 0) != (long)(p + 3 * PAGE));
	EQ(map(p + 6 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), (long)(p + 6 * PAGE));
	FAILS(map(p + 6 * PAGE, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	FAILS(map(p + 3 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	FAILS(map(p + 6 * PAGE + 1, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EINVAL);
	EQ(map(p + 5 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0), (long)(p + 5 * PAGE));
	if (IS64) {
		long a = map(NULL, PAGE, RW, ANON | 0x40 /* MAP_32BIT */, -1, 0);

		CHECK(a >= 0x40000000 && (unsigned long)a < 0x80000000ul);
		EQ(map((char *)0x50000000, PAGE, RW, ANON | 0x40, -1, 0), 0x50000000);
		a = map((char *)0x90000000, PAGE, RW, ANON | 0x40, -1, 0);
		CHECK(a >= 0x40000000 && (unsigned long)a < 0x80000000ul);
		FAILS(map(NULL, 0x50000000, PROT_NONE, ANON | 0x40 | MAP_NORESERVE, -1, 0), ENOMEM);
	}
}

static size_t min_addr(void)
{
	char text[32];

	return tap_read("/proc/sys/vm/mmap_min_addr", text, sizeof(text)) > 0
		       ? strtoul(text, NULL, 10)
		       : 65536;
}

static int low_as_nobody(void *unused)
{
	if (setgid(65534) || setuid(65534))
		return 1;
	if (min_addr() > PAGE &&
	    (map((char *)PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) != -1 || errno != EPERM))
		return 2;
	if (map(NULL, PAGE, RW, ANON | MAP_FIXED, -1, 0) != -1 || errno != EPERM)
		return 3;
	/* A hint too low is raised. */
	return (size_t)map((char *)PAGE, PAGE, RW, ANON, -1, 0) < min_addr() ? 4 : 0;
}

static void low_addresses(void)
{
	EQ(tap_child(low_as_nobody, NULL), 0);
	EQ(map(NULL, PAGE, RW, ANON | MAP_FIXED, -1, 0), 0); /* CAP_SYS_RAWIO may */
	OK(munmap(NULL, PAGE));
	CHECK((size_t)map((char *)PAGE, PAGE, RW, ANON, -1, 0) >= min_addr());
}

static void munmap_errors(void)
{
	char *p = anon(4, RW), *high = (char *)(~(uintptr_t)0 & -PAGE);

	NEED(p != MAP_FAILED);
	FAILS(munmap(p, 0), EINVAL);
	FAILS(munmap(p + 1, PAGE), EINVAL);
	FAILS(munmap(high, PAGE), EINVAL);
	FAILS(munmap(p, (size_t)-PAGE), EINVAL);
	OK(munmap(p, 4 * PAGE));
	OK(munmap(p, 4 * PAGE));
}

static void mprotect_errors(void)
{
	char *p = anon(6, RW), *s = mmap(NULL, 4 * PAGE, RW, ANON | MAP_GROWSDOWN, -1, 0);
	int fd = open("f", O_CREAT | O_RDWR, 0600), ro = open("f", O_RDONLY);
	char *f = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	NEED(p != MAP_FAILED && s != MAP_FAILED && f != MAP_FAILED && fd >= 0);
	FAILS(syscall(SYS_mprotect, p + 1, PAGE, RW), EINVAL);
	OK(syscall(SYS_mprotect, p, 0, 0x80)); /* nothing to do comes first */
	FAILS(syscall(SYS_mprotect, p, PAGE, 0x80), EINVAL);
	FAILS(syscall(SYS_mprotect, p, 0, PROT_GROWSDOWN | PROT_GROWSUP), EINVAL);
	if (!tap_compat())
		FAILS(syscall(SYS_mprotect, p, (size_t)-1, RW), ENOMEM);
	if (!tap_compat())
		FAILS(syscall(SYS_mprotect, p, (size_t)-PAGE, RW), ENOMEM);
	FAILS(syscall(SYS_mprotect, f, PAGE, RW), EACCES);
	FAILS(syscall(SYS_mprotect, p, PAGE, RW | PROT_GROWSDOWN), EINVAL);
	FAILS(syscall(SYS_mprotect, p, PAGE, RW | PROT_GROWSUP), EINVAL);
	OK(syscall(SYS_mprotect, p, PAGE, RW | 8 /* PROT_SEM */));
	/* From the beginning of the stack. */
	OK(syscall(SYS_mprotect, s + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
	EQ(tap_child(touch, s), KILLED(SIGSEGV));
	EQ(tap_child(touch, s + 3 * PAGE), 0);
	OK(munmap(p + 3 * PAGE, PAGE));
	FAILS(syscall(SYS_mprotect, p, 6 * PAGE, PROT_READ), ENOMEM);
	EQ(tap_child(touch, p + PAGE), KILLED(SIGSEGV)); /* done up to the hole */
	EQ(tap_child(touch, p + 4 * PAGE), 0);
	FAILS(syscall(SYS_mprotect, p + 3 * PAGE, PAGE, RW), ENOMEM);
	unlink("f");
}

static void protection_keys(void)
{
	char *p = anon(1, RW);

	if (!IS64 && !tap_compat()) { /* Linux's 32-bit kernels have not these calls */
		FAILS(syscall(SYS_pkey_alloc, 0, 0), ENOSYS);
		FAILS(syscall(SYS_pkey_free, 1), ENOSYS);
		FAILS(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, -1), ENOSYS);
		EQ(tap_child(touch, p), 0);
		return;
	}
	FAILS(syscall(SYS_pkey_alloc, 0, 0), ENOSPC);
	FAILS(syscall(SYS_pkey_alloc, 0, 3), ENOSPC);
	FAILS(syscall(SYS_pkey_alloc, 1, 0), EINVAL);
	FAILS(syscall(SYS_pkey_alloc, 0, 4), EINVAL);
	FAILS(syscall(SYS_pkey_free, 1), EINVAL);
	FAILS(syscall(SYS_pkey_free, -1), EINVAL);
	OK(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, -1));
	EQ(tap_child(touch, p), KILLED(SIGSEGV));
	FAILS(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, 15), EINVAL);
	FAILS(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, 77), EINVAL);
	FAILS(syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ, 0), EINVAL); /* not even that one */
	FAILS(syscall(SYS_pkey_mprotect, p + 1, PAGE, PROT_READ, -1), EINVAL);
}

static void mremap_errors(void)
{
	char *p = hole(8), *q = hole(16), *end;

	NEED(p && q && map(p, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == (long)p);
	FAILS((long)mremap(p, PAGE, PAGE, 8), EINVAL);
	FAILS((long)mremap(p, PAGE, PAGE, MREMAP_FIXED, q), EINVAL);
	FAILS((long)mremap(p, PAGE, PAGE, MREMAP_DONTUNMAP), EINVAL);
	FAILS((long)mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL);
	FAILS((long)mremap(p + 1, PAGE, PAGE, 0), EINVAL);
	FAILS((long)mremap(p, PAGE, 0, 0), EINVAL);
	FAILS((long)mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 1), EINVAL);
	FAILS((long)mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + 2 * PAGE),
	      EINVAL);
	FAILS((long)mremap(p + 2 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p),
	      EINVAL);
	FAILS((long)mremap(p, 0, PAGE, MREMAP_MAYMOVE),
	      EINVAL); /* private memory has no second mapping */
	FAILS((long)mremap(q, PAGE, PAGE, 0), EFAULT);
	FAILS((long)mremap(q, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	OK(munmap(p + 6 * PAGE, PAGE));
	FAILS((long)mremap(p, 7 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), EFAULT);
	OK(mprotect(p + PAGE, PAGE, PROT_READ));
	FAILS((long)mremap(p, 3 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), EFAULT); /* two mappings */
	FAILS((long)mremap(p, PAGE, 3 * PAGE, 0), ENOMEM);
	/* Shrinking is munmap of the tail, whatever that is. */
	end = p + 8 * PAGE;
	CHECK(mremap(p, (size_t)(end - p), PAGE, 0) == p);
	STREQ(picture(p, 8), "0-1 rw-p 0");
	CHECK(mremap(p, PAGE, PAGE, 0) == p);
	FAILS((long)mremap(p, (size_t)-PAGE, PAGE, 0), EINVAL);
}

/* The target goes, and what the source loses, before the source is looked at. */
static void mremap_of_a_wrong_source(void)
{
	char *p = hole(16), *q = p + 8 * PAGE;

	NEED(p && map(p, 2 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == (long)p);
	NEED(map(p + 3 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == (long)(p + 3 * PAGE));
	NEED(map(q, 8 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == (long)q);
	FAILS((long)mremap(p, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + PAGE), EFAULT);
	STREQ(picture(p, 16), "0-2 rw-p 0, 3-4 rw-p 0, 8-9 r--p 0, 12-16 r--p 0");
	FAILS((long)mremap(p, 4 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 6 * PAGE),
	      EFAULT);
	STREQ(picture(p, 16), "0-2 rw-p 0, 8-9 r--p 0, 12-14 r--p 0");
	FAILS((long)mremap(p, 0, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q), EINVAL);
	STREQ(picture(p, 16), "0-2 rw-p 0, 12-14 r--p 0");
	/* Not mapped at all: that is seen first. */
	FAILS((long)mremap(p + 5 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 4 * PAGE),
	      EFAULT);
	STREQ(picture(p, 16), "0-2 rw-p 0, 12-14 r--p 0");
}

static void mremap_moves(void)
{
	char *p = anon(8, RW), *q = hole(16), *s;

	NEED(p != MAP_FAILED && q);
	for (int i = 0; i < 8; i++)
		p[i * PAGE] = (char)(i + 1);
	/* The tail is cut, the target replaced. */
	EQ(map(q, 16 * PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), (long)q);
	CHECK(mremap(p, 6 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q + 2 * PAGE) ==
	      q + 2 * PAGE);
	STREQ(picture(q, 16), "0-2 r--p 0, 2-5 rw-p 0, 5-16 r--p 0");
	EQ(q[2 * PAGE] + q[4 * PAGE], 1 + 3);
	STREQ(picture(p, 8), "6-8 rw-p 0");
	EQ(p[7 * PAGE], 8);
	/* Without unmapping: the old place reads as zeroes. */
	s = move(q + 2 * PAGE, 3 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	NEED(s != MAP_FAILED);
	EQ(s[0] + s[PAGE], 1 + 2);
	EQ(q[2 * PAGE] + q[3 * PAGE], 0);
	/* Old length 0: the same shared pages a second time. */
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	s = mremap(p, 0, 2 * PAGE, MREMAP_MAYMOVE);
	NEED(s != MAP_FAILED);
	p[PAGE] = 9;
	EQ(s[PAGE], 9);
	s[0] = 4;
	EQ(p[0], 4);
}

/* MREMAP_DONTUNMAP of memory never touched to beside its own vma, where they could be one: they are not, until a change. */
static void mremap_to_beside_itself(void)
{
	static const struct {
		int from, pages, to;
		const char *then, *joined;
	} rows[] = {
		{ 7, 1, 5, "4-5 rw-p 0, 5-6 rw-p 0, 6-12 rw-p 0, 14-15 rw-p 0", "4-12" },
		{ 7, 1, 3, "3-4 rw-p 0, 4-12 rw-p 0, 14-15 rw-p 0", "3-12" },
		{ 4, 2, 2, "2-4 rw-p 0, 4-12 rw-p 0, 14-15 rw-p 0", "2-12" },
		{ 7, 1, 12, "4-12 rw-p 0, 12-13 rw-p 0, 14-15 rw-p 0", "4-13" },
		{ 10, 2, 12, "4-12 rw-p 0, 12-14 rw-p 0, 14-15 rw-p 0", "4-15" },
		{ 4, 1, 13, "4-12 rw-p 0, 13-15 rw-p 0", "13-15" }, /* beside another */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *p = hole(20), *to = p + rows[i].to * PAGE;
		size_t len = (size_t)rows[i].pages * PAGE;

		NEED(p);
		EQ(map(p + 4 * PAGE, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0), (long)(p + 4 * PAGE));
		EQ(map(p + 14 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0), (long)(p + 14 * PAGE));
		EQ((long)move(p + rows[i].from * PAGE, len, len,
			      MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to),
		   (long)to);
		STREQ(picture(p, 20), rows[i].then);
		OK(mprotect(to, len, PROT_READ));
		OK(mprotect(to, len, RW));
		CHECK(strstr(picture(p, 20), rows[i].joined) != NULL);
		OK(munmap(p, 20 * PAGE));
	}
}

/* What MREMAP_DONTUNMAP leaves behind of locked memory is not locked, and joins no neighbour for that. */
static void mremap_leaves_it_unlocked(void)
{
	enum { HOW = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP };
	char *p = hole(12);

	NEED(p);
	EQ(map(p + 2 * PAGE, 6 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
	   (long)(p + 2 * PAGE));
	OK(mlock(p + 4 * PAGE, 4 * PAGE));
	EQ((long)move(p + 4 * PAGE, 2 * PAGE, 2 * PAGE, HOW, p + 9 * PAGE), (long)(p + 9 * PAGE));
	STREQ(picture(p, 12),
	      "2-4 rw-s 0 /dev/zero, 4-6 rw-s 2 /dev/zero, 6-8 rw-s 4 /dev/zero, 9-11 rw-s 2 /dev/zero");
	OK(munlock(p + 6 * PAGE, 2 * PAGE));
	STREQ(picture(p, 12), "2-4 rw-s 0 /dev/zero, 4-8 rw-s 2 /dev/zero, 9-11 rw-s 2 /dev/zero");
	OK(munmap(p, 12 * PAGE));
}

/* Megabytes: tables change place, not pages. */
static void mremap_moves_much(void)
{
	size_t pages = 3 * 512 + 300;
	char *p = anon(pages, RW), *q = hole(pages + 1024), *from;

	NEED(p != MAP_FAILED && q);
	for (size_t i = 0; i < pages; i += 3)
		*(size_t *)(p + i * PAGE) = i + 1;
	for (int round = 0; round < 4; round++) {
		/* The same place in its table, and another. */
		char *to = q + (round & 1 ? 0 : ((p - q) & (512 * (long)PAGE - 1))) +
			   (round > 1 ? 0 : PAGE * 7);

		from = p;
		p = mremap(from, pages * PAGE, pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		NEED(p == to);
		for (size_t i = 0; i < pages; i++)
			if (*(size_t *)(p + i * PAGE) != (i % 3 ? 0 : i + 1)) {
				EQ(i, ~0ul);
				break;
			}
		EQ(tap_child(look, from + (size_t)(pages - 1) * PAGE),
		   p + (pages - 1) * PAGE == from + (pages - 1) * PAGE ? 0 : KILLED(SIGSEGV));
		q = hole(pages + 1024);
		NEED(q);
	}
}

static void msync_errors(void)
{
	char *p = anon(4, RW);

	NEED(p != MAP_FAILED);
	OK(msync(p, 4 * PAGE, MS_SYNC));
	OK(msync(p, 4 * PAGE, MS_ASYNC));
	OK(msync(p, 4 * PAGE, 0));
	OK(msync(p, 0, MS_SYNC));
	FAILS(msync(p + 1, PAGE, MS_SYNC), EINVAL);
	FAILS(msync(p, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	FAILS(msync(p, PAGE, 64), EINVAL);
	OK(munmap(p + PAGE, PAGE));
	FAILS(msync(p, 4 * PAGE, MS_SYNC), ENOMEM);
	FAILS(msync(p, 4 * PAGE, MS_ASYNC), ENOMEM);
	FAILS(msync(p, (size_t)-PAGE, MS_SYNC), ENOMEM);
	OK(mlock(p + 2 * PAGE, PAGE));
	FAILS(msync(p + 2 * PAGE, PAGE, MS_INVALIDATE), EBUSY);
}

static void limit(int which, rlim_t cur)
{
	struct rlimit r;

	OK(getrlimit(which, &r));
	r.rlim_cur = cur;
	OK(setrlimit(which, &r));
}

static void limits(void)
{
	char *p = anon(8, RW), *ro = anon(64, PROT_READ);
	long size = status_kb("VmSize:"), data = status_kb("VmData:"), d;

	NEED(p != MAP_FAILED && ro != MAP_FAILED && size > 0);
	limit(RLIMIT_AS, (rlim_t)size * 1024 + 8 * PAGE);
	FAILS(map(NULL, 9 * PAGE, RW, ANON, -1, 0), ENOMEM);
	OK(d = map(NULL, 8 * PAGE, RW, ANON, -1, 0));
	FAILS((long)mremap(p, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	OK(map(p, 8 * PAGE, RW, ANON | MAP_FIXED, -1, 0)); /* what is replaced does not count */
	FAILS(map(p, 9 * PAGE + 8 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
	OK(munmap((void *)d, 8 * PAGE));
	limit(RLIMIT_AS, RLIM_INFINITY);
	data = status_kb("VmData:");
	limit(RLIMIT_DATA, (rlim_t)data * 1024 + 8 * PAGE);
	FAILS(map(NULL, 9 * PAGE, RW, ANON, -1, 0), ENOMEM);
	OK(map(NULL, 9 * PAGE, PROT_READ, ANON, -1, 0)); /* not data */
	OK(map(NULL, 9 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	FAILS(mprotect(ro, 9 * PAGE, RW), ENOMEM); /* turns into data */
	OK(mprotect(ro, 8 * PAGE, RW));
	OK(mprotect(ro, 8 * PAGE, PROT_READ));
	OK(mprotect(ro, 8 * PAGE, RW));
	limit(RLIMIT_DATA, 0); /* stands for the hard limit */
	OK(map(NULL, 9 * PAGE, RW, ANON, -1, 0));
}

static void break_limit(void)
{
	char *b = (char *)syscall(SYS_brk, 0);

	CHECK((char *)syscall(SYS_brk, b + 64 * PAGE) == b + 64 * PAGE);
	limit(RLIMIT_DATA, 16 * PAGE);
	CHECK((char *)syscall(SYS_brk, b + 65 * PAGE) == b + 64 * PAGE);
	limit(RLIMIT_DATA, RLIM_INFINITY);
	CHECK((char *)syscall(SYS_brk, b + PAGE) == b + PAGE);
	CHECK((char *)syscall(SYS_brk, b) == b);
}

static void dev_zero(void)
{
	int fd = open("/dev/zero", O_RDWR), ro = open("/dev/zero", O_RDONLY);
	char *p, *s;

	NEED(fd >= 0 && ro >= 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	STREQ(picture(p, 4), "0-4 rw-p 0 /dev/zero");
	EQ(p[0] | p[3 * PAGE], 0);
	p[PAGE] = 7;
	EQ(tap_child(look, p + PAGE), 0);
	OK(madvise(p, 4 * PAGE, MADV_DONTNEED));
	EQ(p[PAGE], 0);
	p = mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, (off_t)PAGE);
	NEED(p != MAP_FAILED);
	STREQ(picture(p, 1), "0-1 rw-p 1 /dev/zero");
	FAILS(map(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	s = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(s != MAP_FAILED);
	EQ(strncmp(picture(s, 2), "0-2 rw-s 0 /dev/zero", 20), 0);
	EQ(tap_child(touch, s), 0);
	EQ(s[0], 1); /* the child's */
	s = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	NEED(s != MAP_FAILED);
	FAILS(mprotect(s, PAGE, RW), EACCES);
}

static void sealing(void)
{
	char *p = anon(8, RW);
	long r = syscall(SYS_MSEAL, p, 0, 0);

	NEED(p != MAP_FAILED);
	if (r == -1 && errno == ENOSYS)
		SKIP("a Linux before 6.10");
	if (!IS64) {
		if (!tap_compat())
			FAILS(syscall(SYS_MSEAL, p, PAGE, 0), EPERM);
		SKIP("only in 64-bit programs");
	}
	EQ(r, 0);
	memset(p, 3, 8 * PAGE);
	FAILS(syscall(SYS_MSEAL, p, PAGE, 1), EINVAL);
	FAILS(syscall(SYS_MSEAL, p + 1, PAGE, 0), EINVAL);
	FAILS(syscall(SYS_MSEAL, p, (size_t)-1, 0), EINVAL);
	FAILS(syscall(SYS_MSEAL, p, (size_t)-PAGE, 0), EINVAL);
	OK(munmap(p + 5 * PAGE, PAGE));
	FAILS(syscall(SYS_MSEAL, p, 8 * PAGE, 0), ENOMEM);
	OK(mprotect(p, PAGE, PROT_READ)); /* nothing was sealed */
	OK(mprotect(p, PAGE, RW));
	OK(syscall(SYS_MSEAL, p + PAGE, 2 * PAGE, 0));
	OK(syscall(SYS_MSEAL, p + PAGE, 2 * PAGE, 0));
	FAILS(munmap(p + PAGE, PAGE), EPERM);
	FAILS(munmap(p, 3 * PAGE), EPERM);
	EQ(p[0], 3); /* all or nothing */
	FAILS(mprotect(p + 2 * PAGE, PAGE, PROT_READ), EPERM);
	FAILS((long)mremap(p + PAGE, 2 * PAGE, PAGE, 0), EPERM);
	FAILS((long)mremap(p + PAGE, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), EPERM);
	FAILS((long)mremap(p + 6 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PAGE),
	      EPERM);
	FAILS(map(p + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0), EPERM);
	OK(madvise(p + PAGE, PAGE, MADV_DONTNEED)); /* it can be written: no secret there */
	EQ(p[PAGE] + p[2 * PAGE], 3);
	p[PAGE] = 5;
	OK(mprotect(p + 3 * PAGE, PAGE, PROT_READ));
	OK(syscall(SYS_MSEAL, p + 3 * PAGE, PAGE, 0));
	FAILS(madvise(p + 3 * PAGE, PAGE, MADV_DONTNEED), EPERM);
	FAILS(madvise(p + 3 * PAGE, PAGE, MADV_FREE), EPERM);
	OK(madvise(p + 3 * PAGE, PAGE, MADV_RANDOM));
	EQ(p[3 * PAGE], 3);
	EQ(tap_child(touch, p + PAGE), 0); /* and ends with the process */
	OK(munmap(p, PAGE));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(mmap_errors),
		T(hints),
		T(low_addresses),
		T(munmap_errors),
		T(mprotect_errors),
		T(protection_keys),
		T(mremap_errors),
		T(mremap_of_a_wrong_source),
		T(mremap_moves),
		T(mremap_to_beside_itself),
		T(mremap_leaves_it_unlocked),
		T(mremap_moves_much),
		T(msync_errors),
		T(limits),
		T(break_limit),
		T(dev_zero),
		T(sealing),
		TEND,
	};

	return tap_main(argc, argv, tests);
}
