/* What memory calls refuse, and how: the ERRORS of their man pages that no other program shows. */
#include "mem.h"
#include "picture.h"
#include "segments.h"
#include "uffd.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/uio.h>

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
enum { ADV_COLD = 20, ADV_PAGEOUT, ADV_POPULATE_READ, ADV_POPULATE_WRITE, ADV_COLLAPSE = 25 };

/* The kernel's data page, a mapping that is no memory of the program's (VM_IO, VM_PFNMAP); NULL: none. */
static char *special(void)
{
	static char text[1 << 16];
	char *at;

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return NULL;
	at = strstr(text, "[vvar]");
	while (at && at > text && at[-1] != '\n')
		at--;
	return at ? (char *)strtoul(at, NULL, 16) : NULL;
}

/* A file system without programs: PROT_EXEC is refused at mmap, and later. */
static void noexec_file_system(void)
{
	char *p;
	int fd;

	NEED(mkdir("noexec", 0755) == 0);
	NEED(mount("none", "noexec", "tmpfs", MS_NOEXEC, NULL) == 0);
	fd = open("noexec/f", O_CREAT | O_RDWR, 0777);
	NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
	FAILS((long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), EPERM);
	FAILS((long)mmap(NULL, PAGE, PROT_EXEC, MAP_SHARED, fd, 0), EPERM);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(mprotect(p, PAGE, PROT_READ | PROT_EXEC), EACCES);
	EQ(mprotect(p, PAGE, PROT_READ), 0);
	munmap(p, PAGE);
	close(fd);
	EQ(umount("noexec"), 0);
}

/* O_APPEND is about write(2) alone. */
static void append_only_file(void)
{
	int fd = open("append", O_CREAT | O_RDWR | O_APPEND, 0600);
	char *p, c = 0;

	NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
	p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	p[5] = 'a';
	EQ(pread(fd, &c, 1, 5), 1);
	EQ(c, 'a');
}

static int mremap_low(void *p)
{
	if (setgid(65534) || setuid(65534))
		return 9;
	return mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0) == MAP_FAILED ? errno : 0;
}

static void mremap_errors(void)
{
	char *p = anon(4, RW), *s, *v = special();
	uint64_t end = IS64 ? 1ull << (five_levels() ? 56 : 47) : 0xc0000000;
	char *top = (char *)(uintptr_t)end;
	const int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;

	s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(p != MAP_FAILED && s != MAP_FAILED);
	/* a second mapping: of shared memory, and elsewhere */
	FAILS((long)mremap(p, 0, PAGE, 0), EINVAL);
	FAILS((long)mremap(s, 0, PAGE, 0), ENOMEM);
	FAILS((long)mremap(s, 0, 0, MREMAP_MAYMOVE), EINVAL);
	if (!tap_compat()) {
		FAILS((long)mremap(p, PAGE, PAGE, fixed, top), EINVAL);
		FAILS((long)mremap(p, PAGE, 2 * PAGE, fixed, top - PAGE), EINVAL);
	}
	FAILS(syscall(SYS_mremap, p, PAGE, -PAGE, fixed, p + 4 * PAGE), EINVAL);
	FAILS(syscall(SYS_mremap, p, PAGE, -PAGE, MREMAP_MAYMOVE, 0), ENOMEM);
	EQ(tap_child(mremap_low, p), EXITED(EPERM));
	if (!v)
		return;
	FAILS((long)mremap(v, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	FAILS(syscall(SYS_mremap, v, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), EINVAL);
}

/* In the place of itself: the target is emptied first, and there is nothing left to map a second time. */
static void mremap_onto_itself(void)
{
	char *s = mmap(NULL, 2 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;

	NEED(s != MAP_FAILED);
	FAILS((long)mremap(s, 0, PAGE, fixed, s), EFAULT);
	EQ(resident(s + PAGE, 1), 0);
	EQ(resident(s, 1), -1);
	FAILS((long)mremap(s + PAGE, 0, PAGE, fixed, s + PAGE), EFAULT);
	EQ(resident(s + PAGE, 1), -1);
}

static int limited_space(void *arg)
{
	char *p = arg, text[256];
	struct rlimit l;

	NEED_IN_CHILD(tap_read("/proc/self/statm", text, sizeof(text)) > 0);
	l.rlim_cur = l.rlim_max = (rlim_t)(atol(text) + 2) * PAGE;
	NEED_IN_CHILD(setrlimit(RLIMIT_AS, &l) == 0);
	FAILS(syscall(SYS_mremap, p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0),
	      ENOMEM);
	FAILS((long)mremap(p, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	FAILS((long)mmap(NULL, 4 * PAGE, RW, ANON, -1, 0), ENOMEM);
	FAILS((long)shmat(shmget(IPC_PRIVATE, 4 * PAGE, 0600), NULL, 0), ENOMEM);
	OK((long)mmap(NULL, 2 * PAGE, RW, ANON, -1, 0));
	return tap_failures != 0;
}

static void address_space_is_full(void)
{
	char *p = anon(4, RW);

	NEED(p != MAP_FAILED);
	EQ(tap_child(limited_space, p), EXITED(0));
	remove_segments();
}

static long raw_brk(unsigned long to)
{
	return (long)syscall(SYS_brk, to);
}

static int small_heap(void *unused)
{
	struct rlimit l = { 16 * PAGE, 16 * PAGE };
	unsigned long now = (unsigned long)raw_brk(0);

	NEED_IN_CHILD(setrlimit(RLIMIT_DATA, &l) == 0);
	EQ(raw_brk(now + 64 * PAGE), (long)now);
	return tap_failures != 0;
}

/* The system call has no error: it answers with the break as it is. */
static void brk_stays(void)
{
	/* what libraries call brk/ENOMEM */
	unsigned long now = (unsigned long)raw_brk(0), page = (now + 2 * PAGE) & ~(PAGE - 1);
	char *wall;

	EQ(raw_brk(1), (long)now);
	EQ(raw_brk(~0UL), (long)now);
	wall = mmap((void *)(page + 4 * PAGE), PAGE, PROT_NONE, ANON | MAP_FIXED_NOREPLACE, -1, 0);
	NEED(wall != MAP_FAILED);
	EQ(raw_brk(page + 8 * PAGE), (long)now);
	EQ(raw_brk(page + PAGE), (long)(page + PAGE));
	EQ(raw_brk(now), (long)now);
	munmap(wall, PAGE);
	EQ(tap_child(small_heap, NULL), EXITED(0));
}

/* What is refused on mappings that are no memory. */
static void advice_on_special_mappings(void)
{
	static const int refused[] = { MADV_DONTNEED,	MADV_FREE,	   MADV_REMOVE,
				       MADV_WIPEONFORK, MADV_DOFORK,	   ADV_COLD,
				       ADV_PAGEOUT,	ADV_POPULATE_READ, ADV_POPULATE_WRITE,
				       ADV_COLLAPSE };
	char *v = special();

	if (!v)
		SKIP("there is no such mapping");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (madvise(v, PAGE, refused[i]) != -1 || errno != EINVAL)
			tap_eq(__FILE__, __LINE__, "advice", errno, 1000 + refused[i]);
	}
	OK(madvise(v, PAGE, MADV_RANDOM));
	OK(madvise(v, PAGE, MADV_NORMAL));
	FAILS(mprotect(v, PAGE, RW), EACCES);
}

/* The range is looked at vma by vma: what comes before a hole is done, and then the error said. */
static void advice_and_holes(void)
{
	char *p = anon(6, RW);

	NEED(p != MAP_FAILED);
	memset(p, 1, 6 * PAGE);
	munmap(p + 2 * PAGE, PAGE);
	FAILS(madvise(p, 6 * PAGE, ADV_POPULATE_READ), ENOMEM);
	FAILS(madvise(p + 2 * PAGE, PAGE, ADV_COLLAPSE), ENOMEM);
	FAILS(madvise(p + 2 * PAGE, 2 * PAGE, ADV_COLLAPSE), EINVAL); /* no room for a huge page */
	FAILS(madvise(p, 6 * PAGE, MADV_FREE), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, ADV_COLD), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, ADV_PAGEOUT), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, MADV_WILLNEED), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, MADV_SEQUENTIAL), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, MADV_WIPEONFORK), ENOMEM);
	FAILS(madvise(p, 6 * PAGE, MADV_DONTNEED), ENOMEM);
	EQ(p[0] + p[PAGE] + p[3 * PAGE] + p[5 * PAGE], 0);
}

/* A digit for each of the @n pages from @p on: is it resident? '-': there is none. */
static const char *present(char *p, size_t n)
{
	static char text[16];
	unsigned char v;

	for (size_t i = 0; i < n; i++)
		text[i] = mincore(p + i * PAGE, PAGE, &v) ? '-' : v & 1 ? '1' : '0';
	text[n] = '\0';
	return text;
}

/* Populating goes on behind a hole; what a vma does not allow, or a file has not, ends it. */
static void populate_and_holes(void)
{
	static const int how[] = { ADV_POPULATE_READ, ADV_POPULATE_WRITE };
	int fd = memfd_create("short", 0);

	NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	for (int i = 0; i < 2; i++) {
		char *p = anon(8, RW), *q = anon(8, RW), *f = anon(8, RW);

		NEED(p != MAP_FAILED && q != MAP_FAILED && f != MAP_FAILED);
		munmap(p, PAGE);
		munmap(p + 4 * PAGE, 2 * PAGE);
		FAILS(madvise(p, 8 * PAGE, how[i]), ENOMEM);
		STREQ(present(p, 8), "-111--11");
		munmap(q + PAGE, PAGE);
		NEED(mprotect(q + 4 * PAGE, PAGE, PROT_NONE) == 0);
		FAILS(madvise(q, 8 * PAGE, how[i]), EINVAL);
		STREQ(present(q, 8), "1-110000");
		NEED(mmap(f + 2 * PAGE, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
		munmap(f, PAGE);
		FAILS(madvise(f, 8 * PAGE, how[i]), EFAULT);
		STREQ(present(f, 8), "-1110000");
		munmap(p, 8 * PAGE);
		munmap(q, 8 * PAGE);
		munmap(f, 8 * PAGE);
		EQ(ftruncate(fd, 0), 0);
		EQ(ftruncate(fd, 2 * PAGE), 0);
	}
	close(fd);
}

/* A private page that its file has not got is refused, and yet the vma is one that was written: it stays by itself. */
static void refused_write_and_merging(void)
{
	int fd = memfd_create("short", 0);
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0);

	NEED(fd >= 0 && p != MAP_FAILED && ftruncate(fd, 2 * PAGE) == 0);
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DONTDUMP), 0);
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DODUMP), 0);
	STREQ(picture(p, 3), "0-3 rw-p 0 /memfd:short");
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DONTDUMP), 0);
	p[0] = 1;
	FAILS(madvise(p + 2 * PAGE, PAGE, ADV_POPULATE_WRITE), EFAULT);
	EQ(madvise(p + 2 * PAGE, PAGE, MADV_DODUMP), 0);
	STREQ(picture(p, 3), "0-2 rw-p 0 /memfd:short, 2-3 rw-p 2 /memfd:short");
	munmap(p, 3 * PAGE);
	close(fd);
}

/* process_vm_readv does not make a stack longer, a debugger's access does. */
static void stacks_and_other_processes(void)
{
	char *p = anon(600, RW), *g, c = 0;
	struct iovec l = { &c, 1 }, r;
	int fd = open("/proc/self/mem", O_RDWR | O_LARGEFILE);

	NEED(p != MAP_FAILED && fd >= 0 && munmap(p, 600 * PAGE) == 0);
	g = mmap(p + 590 * PAGE, PAGE, RW, ANON | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
	NEED(g == p + 590 * PAGE);
	r = (struct iovec){ g - PAGE, 1 };
	FAILS(process_vm_readv(getpid(), &l, 1, &r, 1, 0), EFAULT);
	FAILS(process_vm_writev(getpid(), &l, 1, &r, 1, 0), EFAULT);
	STREQ(picture(g - PAGE, 2), "1-2 rw-p 0");
	EQ(pwrite64(fd, "x", 1, (off64_t)(uintptr_t)(g - PAGE)), 1);
	STREQ(picture(g - PAGE, 2), "0-2 rw-p 0");
	EQ(g[-(long)PAGE], 'x');
	munmap(g - PAGE, 2 * PAGE);
	close(fd);
}

/* A System V segment's mapping is none of those that userfaultfd knows. */
static void uffd_of_a_segment(void)
{
	int id = shmget(IPC_PRIVATE, PAGE, 0600);
	char *p = shmat(id, NULL, 0);

	uffd = open_uffd(O_NONBLOCK, 0);
	NEED(uffd >= 0 && p != (char *)-1 && shmctl(id, IPC_RMID, NULL) == 0);
	EQ(reg(p, 1, MISSING), -EINVAL);
	shmdt(p);
	close(uffd);
}

static void process_madvise_errors(void)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	char *p = anon(3, RW);
	struct iovec v[2] = { { p, PAGE }, { p + PAGE, PAGE } };

	NEED(fd >= 0 && p != MAP_FAILED);
	munmap(p + PAGE, PAGE);
	EQ(syscall(SYS_process_madvise, fd, v, 2, ADV_COLD, 0), (long)PAGE); /* as far as it came */
	FAILS(syscall(SYS_process_madvise, fd, v + 1, 1, ADV_COLD, 0), ENOMEM);
	v[0].iov_base = p + 1;
	FAILS(syscall(SYS_process_madvise, fd, v, 1, ADV_COLD, 0), EINVAL);
	v[0] = (struct iovec){ p, (size_t)-1 };
	FAILS(syscall(SYS_process_madvise, fd, v, 1, ADV_COLD, 0), EINVAL);
	EQ(syscall(SYS_process_madvise, fd, v, 0, ADV_COLD, 0), 0);
	close(fd);
	FAILS(syscall(SYS_process_madvise, fd, v, 0, ADV_COLD, 0), EBADF);
}

static void mincore_errors(void)
{
	char *p = anon(4, RW),
	     *last = (char *)(IS64 ? (1UL << 47) - 2 * PAGE : 0xc0000000UL - PAGE);
	unsigned char vec[8];

	NEED(p != MAP_FAILED);
	munmap(p + 2 * PAGE, PAGE);
	FAILS(mincore(p + 1, PAGE, vec), EINVAL);
	FAILS(mincore(p + 1, 0, vec), EINVAL);
	EQ(mincore(p, 0, vec), 0);
	EQ(mincore(p, 0, NULL), 0);
	FAILS(mincore(p, 4 * PAGE, vec), ENOMEM);
	FAILS(mincore(p + 2 * PAGE, PAGE, vec), ENOMEM);
	FAILS(mincore(p, (size_t)-1, vec), ENOMEM);
	if (!tap_compat())
		FAILS(mincore(last, 8 * PAGE, vec), ENOMEM);
	FAILS(mincore(p, PAGE, NULL), EFAULT);
	FAILS(mincore(p, PAGE, (void *)-PAGE), EFAULT);
	FAILS(mincore(p, PAGE, (void *)(p + 2 * PAGE)), EFAULT);
	mprotect(p + 3 * PAGE, PAGE, PROT_READ);
	FAILS(mincore(p, PAGE, (void *)(p + 3 * PAGE)), EFAULT);
}

/* ---- the limit on mappings ---- */

static int over_the_limit(void *arg)
{
	unsigned long brk_now = (unsigned long)raw_brk(0);
	char *p = arg, *locked = p + 8 * PAGE, *shared = p + 16 * PAGE;
	int id = shmget(IPC_PRIVATE, PAGE, 0600);

	FAILS((long)mmap(NULL, PAGE, PROT_NONE, ANON, -1, 0), ENOMEM);
	FAILS((long)mmap(p + PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0), ENOMEM);
	FAILS((long)mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	FAILS(syscall(SYS_mremap, p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0), ENOMEM);
	FAILS(munmap(p + PAGE, PAGE), ENOMEM);
	FAILS(mprotect(p + PAGE, PAGE, PROT_READ), ENOMEM);
	FAILS(syscall(SYS_pkey_mprotect, p + PAGE, PAGE, PROT_READ, -1),
	      IS64 || tap_compat() ? ENOMEM : ENOSYS);
	FAILS(mlock(p + PAGE, PAGE), ENOMEM);
	FAILS(munlock(locked + PAGE, PAGE), ENOMEM);
	FAILS(madvise(p + PAGE, PAGE, MADV_DONTFORK), EAGAIN);
	FAILS(madvise(p + PAGE, PAGE, MADV_SEQUENTIAL), EAGAIN);
	FAILS(syscall(SYS_remap_file_pages, shared + PAGE, PAGE, 0, 3, 0), ENOMEM);
	FAILS(syscall(SYS_mseal, p + PAGE, PAGE, 0),
	      IS64 ? ENOMEM : EPERM); /* no 32-bit kernel seals */
	EQ(raw_brk(brk_now + 64 * PAGE), (long)brk_now);
	FAILS((long)shmat(id, NULL, 0), ENOMEM);
	uffd = open_uffd(O_NONBLOCK, 0);
	NEED_IN_CHILD(uffd >= 0);
	EQ(reg(p + PAGE, 1, MISSING), -ENOMEM);
	close(uffd);
	shmctl(id, IPC_RMID, NULL);
	/* What needs none is possible. */
	EQ(munmap(p, 4 * PAGE), 0);
	return tap_failures != 0;
}

static void too_many_mappings(void)
{
	char *p = mmap(NULL, 24 * PAGE, PROT_NONE, ANON, -1, 0), old[32];
	int status;

	NEED(p != MAP_FAILED);
	NEED(mmap(p, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
	NEED(mmap(p + 8 * PAGE, 4 * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p + 8 * PAGE);
	NEED(mmap(p + 16 * PAGE, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     p + 16 * PAGE);
	NEED(mlock(p + 8 * PAGE, 4 * PAGE) == 0);
	NEED(tap_read("/proc/sys/vm/max_map_count", old, sizeof(old)) > 0);
	if (getenv("TAP_HOST") || tap_put("/proc/sys/vm/max_map_count", "3"))
		SKIP("max_map_count is not ours");
	status = over_the_limit(p);
	EQ(status, 0);
	EQ(tap_put("/proc/sys/vm/max_map_count", old), 0);
}

/* ---- userfaultfd ---- */

static int wake(void *at, size_t len)
{
	struct range r = { (uintptr_t)at, len };

	return ioctl(uffd, WAKE, &r) ? -errno : 0;
}

static int unregister(void *at, size_t len)
{
	struct range r = { (uintptr_t)at, len };

	return ioctl(uffd, UNREGISTER, &r) ? -errno : 0;
}

static void uffd_ranges(void)
{
	static const unsigned long calls[] = { API,  REGISTER, UNREGISTER,   WAKE,
					       COPY, ZEROPAGE, WRITEPROTECT, CONTINUE };
	char *p = anon(8, RW), *high = (char *)-PAGE;
	static char source[2 * 4096] __attribute__((aligned(4096)));
	struct fill f = { { (uintptr_t)p, 2 * PAGE }, 0, 0 };
	struct copy c = { (uintptr_t)p, (uintptr_t)source, 2 * PAGE, 0, 0 };

	uffd = open_uffd(O_NONBLOCK, 0);
	NEED(uffd >= 0 && p != MAP_FAILED);
	/* UFFDIO_API/EFAULT, UFFDIO_REGISTER/EFAULT, UFFDIO_UNREGISTER/EFAULT, UFFDIO_WAKE/EFAULT, UFFDIO_COPY/EFAULT,
	 * UFFDIO_ZEROPAGE/EFAULT, UFFDIO_WRITEPROTECT/EFAULT, UFFDIO_CONTINUE/EFAULT */
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		FAILS(ioctl(uffd, calls[i], (void *)16), EFAULT);
	EQ(reg(p, 4, MISSING | 16), -EINVAL);
	EQ(reg(high, 2, MISSING), -EINVAL);
	EQ(reg(p, (size_t)-1 / PAGE, MISSING), -EINVAL);
	NEED(reg(p, 4, MISSING | WP) > 0);
	EQ(wake(p + 1, PAGE), -EINVAL);
	EQ(wake(p, 0), -EINVAL);
	EQ(wake(p, PAGE + 1), -EINVAL);
	EQ(unregister(p + 1, PAGE), -EINVAL);
	EQ(unregister(p, 0), -EINVAL);
	EQ(unregister(high, 2 * PAGE), -EINVAL);
	EQ(fill(ZEROPAGE, p + 1, 1), -EINVAL);
	EQ(fill(ZEROPAGE, p, 0), -EINVAL);
	EQ(fill(ZEROPAGE, p + 4 * PAGE, 1), -ENOENT);
	EQ(fill(ZEROPAGE, p + 3 * PAGE, 2), -ENOENT);
	f.mode = 2;
	FAILS(ioctl(uffd, ZEROPAGE, &f), EINVAL);
	EQ(protect(p + 1, 1, 1), -EINVAL);
	EQ(protect(p, 0, 1), -EINVAL);
	EQ(protect(p, 1, 4), -EINVAL);
	EQ(protect(p + 4 * PAGE, 1, 1), -ENOENT);
	EQ(copy(p, source, 0, 0), -EINVAL);
	EQ(copy(p, (void *)-PAGE, 2, 0),
	   IS64 ? -EINVAL : -EFAULT); /* the source wraps in 64 bits */
	/* A page that is there: what comes before is done, and said with EAGAIN. */
	EQ(fill(ZEROPAGE, p + PAGE, 1), 1);
	EQ(fill(ZEROPAGE, p + PAGE, 1), -EEXIST);
	EQ(copy(p + PAGE, source, 1, 0), -EEXIST);
	FAILS(ioctl(uffd, COPY, &c), EAGAIN);
	EQ(c.copy, PAGE);
	f = (struct fill){ { (uintptr_t)p, PAGE }, 0, 0 };
	FAILS(ioctl(uffd, ZEROPAGE, &f), EEXIST);
	EQ(f.done, -EEXIST);
	EQ(fill(CONTINUE, p + 1, 1), -EINVAL);
	EQ(unregister(p, 8 * PAGE), 0); /* what is not registered does not matter */
	EQ(copy(p + 2 * PAGE, source, 1, 0), -ENOENT);
	close(uffd);
}

/* ---- descriptors ---- */

static int no_descriptors(void *unused)
{
	struct rlimit none = { 3, 3 };

	NEED_IN_CHILD(setrlimit(RLIMIT_NOFILE, &none) == 0);
	FAILS(syscall(SYS_memfd_create, "x", 0), EMFILE);
	FAILS(syscall(SYS_userfaultfd, O_NONBLOCK), EMFILE);
	FAILS(syscall(SYS_pidfd_open, getpid(), 0), EMFILE);
	OK((long)mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0)); /* has a file, but no number */
	return tap_failures != 0;
}

static void descriptors(void)
{
	EQ(tap_child(no_descriptors, NULL), EXITED(0));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(noexec_file_system),
						 T(append_only_file),
						 T(mremap_errors),
						 T(mremap_onto_itself),
						 T(address_space_is_full),
						 T(brk_stays),
						 T(advice_on_special_mappings),
						 T(advice_and_holes),
						 T(populate_and_holes),
						 T(refused_write_and_merging),
						 T(stacks_and_other_processes),
						 T(uffd_of_a_segment),
						 T(process_madvise_errors),
						 T(mincore_errors),
						 T(too_many_mappings),
						 T(uffd_ranges),
						 T(descriptors),
						 TEND };

	return tap_main(argc, argv, tests);
}
