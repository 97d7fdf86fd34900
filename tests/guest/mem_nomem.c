/* Memory calls without memory: each allocation of each of them fails once, and what was there before stays. */
#include "mem.h"
#include "failpoint.h"
#include "policy.h"
#include "uffd.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

enum { SYS_PIDFD_OPEN = 434, PAGES = 16 };

static char *area, *other;
static int fd, out, pipes[2];
static char page[4096] __attribute__((aligned(4096)));

static void nothing(void)
{
}

/* No fault of ours while a failure is armed. */
static void touch_all(void)
{
	char stack[16384];

	memset(stack, 1, sizeof(stack));
	memset(page, stack[5], sizeof(page));
	mlockall(MCL_CURRENT);
}

static int ready(void)
{
	area = anon(PAGES, RW);
	other = NULL;
	if (area == MAP_FAILED || !failpoints_open())
		return 0;
	touch_all();
	munlock(area, PAGES * PAGE);
	madvise(area, PAGES * PAGE, MADV_DONTNEED);
	return 1;
}

/* Every failure is @one or @two, and both come. @undo after failures, too. */
static void failures_are(int one, int two, const char *name, int (*op)(void), void (*undo)(void))
{
	int came[2] = { 0, 0 }, n, r, err, hit;

	for (n = 1; n < 100; n++) {
		arm(n);
		r = op();
		err = errno;
		hit = fired();
		undo();
		if (r >= 0 && !hit)
			break;
		if (r < 0 && err != one && err != two)
			tap_eq(__FILE__, __LINE__, name, err, one);
		if (r < 0)
			came[err == two]++;
	}
	tap_check(__FILE__, __LINE__, name, n < 100 && came[0] && came[1]);
}

/* ---- mappings ---- */

static int op_mmap(void)
{
	other = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return other == MAP_FAILED ? -1 : 0;
}

static int op_mmap_shared(void)
{
	other = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return other == MAP_FAILED ? -1 : 0;
}

static void undo_mmap(void)
{
	OK(munmap(other, 4 * PAGE));
}

static int op_mmap_fixed(void)
{
	return mmap(area + 4 * PAGE, PAGE, PROT_READ, ANON | MAP_FIXED, -1, 0) == MAP_FAILED ? -1
											     : 0;
}

static void undo_fixed(void)
{
	OK((long)mmap(area + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0));
}

static int op_munmap(void)
{
	return munmap(area + 4 * PAGE, PAGE);
}

static int op_mprotect(void)
{
	return mprotect(area + 4 * PAGE, PAGE, PROT_READ);
}

static int op_pkey_mprotect(void)
{
	return (int)syscall(SYS_pkey_mprotect, area + 4 * PAGE, PAGE, PROT_READ, -1);
}

static void undo_mprotect(void)
{
	OK(mprotect(area, PAGES * PAGE, RW));
}

static int op_mremap(void)
{
	other = mremap(area + 4 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
	return other == MAP_FAILED ? -1 : 0;
}

static void undo_mremap(void)
{
	EQ(other[0], 4);
	OK(munmap(other, 8 * PAGE));
	OK((long)mmap(area, PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0));
	for (int i = 0; i < PAGES; i++)
		area[i * 4096] = (char)i;
}

static void mappings(void)
{
	if (!ready())
		SKIP("the kernel has no failpoints");
	for (int i = 0; i < PAGES; i++)
		area[i * 4096] = (char)i;
	every_failure("mmap", op_mmap, undo_mmap);
	every_failure("mmap shared", op_mmap_shared, undo_mmap);
	every_failure("mmap fixed", op_mmap_fixed, undo_fixed);
	every_failure("munmap", op_munmap, undo_fixed);
	every_failure("mprotect", op_mprotect, undo_mprotect);
	if (IS64 || tap_compat())
		every_failure("pkey_mprotect", op_pkey_mprotect, undo_mprotect);
	for (int i = 0; i < PAGES; i++)
		area[i * 4096] = (char)i;
	every_failure("mremap", op_mremap, undo_mremap);
	EQ(resident(area, PAGES), PAGES);
	for (int i = 0; i < PAGES; i++)
		EQ(area[i * 4096], i);
}

/* ---- locks and advice ---- */

static int op_mlock(void)
{
	return mlock(area + 4 * PAGE, PAGE);
}

static int op_mlock2(void)
{
	return (int)syscall(SYS_mlock2, area + 4 * PAGE, PAGE, 0);
}

static void undo_mlock(void)
{
	OK(munlock(area, PAGES * PAGE));
	OK(madvise(area, PAGES * PAGE, MADV_DONTNEED));
}

/* What joined last lends its parts to the next cut, which then needs no memory: somebody else has them now. */
static char *take_parts(void)
{
	char *p = anon(3, RW);

	if (p == MAP_FAILED)
		return p;
	memset(p, 1, 3 * PAGE);
	OK(mprotect(p + PAGE, PAGE, PROT_READ));
	return p;
}

static int op_advice(void)
{
	return madvise(area + 4 * PAGE, PAGE, MADV_DONTFORK);
}

static void undo_advice(void)
{
	OK(madvise(area, PAGES * PAGE, MADV_DOFORK));
}

static int op_populate(void)
{
	return madvise(area + 4 * PAGE, PAGE, 23 /* MADV_POPULATE_WRITE */);
}

static void undo_populate(void)
{
	OK(madvise(area, PAGES * PAGE, MADV_DONTNEED));
}

static void locks_and_advice(void)
{
	char *cut;

	if (!ready())
		SKIP("the kernel has no failpoints");
	/* No room for a second mapping, no page: mlock/ENOMEM, mlock/EAGAIN, mlock2/ENOMEM, mlock2/EAGAIN. */
	failures_are(ENOMEM, EAGAIN, "mlock", op_mlock, undo_mlock);
	cut = take_parts();
	failures_are(ENOMEM, EAGAIN, "mlock2", op_mlock2, undo_mlock);
	OK(munmap(cut, 3 * PAGE));
	OK(munlock(area, PAGES * PAGE));
	OK(madvise(area, PAGES * PAGE, MADV_DONTNEED));
	every_failure_is(EAGAIN, "madvise", op_advice, undo_advice); /* madvise/EAGAIN */
	every_failure("madvise populate", op_populate, undo_populate);
	EQ(resident(area, PAGES), 0);
}

/* ---- policies ---- */

static int op_policy(void)
{
	return (int)set_policy(MPOL_BIND, 1);
}

static void undo_policy(void)
{
	OK(set_policy(MPOL_DEFAULT, 0));
}

static int op_bind(void)
{
	return (int)bind_(area + 4 * PAGE, 1, MPOL_BIND, 1, 0);
}

static void undo_bind(void)
{
	OK(bind_(area, PAGES, MPOL_DEFAULT, 0, 0));
}

static void policies(void)
{
	if (!ready())
		SKIP("the kernel has no failpoints");
	every_failure("set_mempolicy", op_policy, undo_policy);
	every_failure("mbind", op_bind, undo_bind);
}

/* ---- userfaultfd ---- */

static int op_userfaultfd(void)
{
	return uffd = (int)syscall(SYS_userfaultfd, O_NONBLOCK);
}

static void undo_userfaultfd(void)
{
	close(uffd);
}

static long failed(long r) /* what uffd.h answers with, as the C library would */
{
	if (r >= 0)
		return 0;
	errno = (int)-r;
	return -1;
}

static int op_register(void)
{
	return (int)failed(reg(area + 4 * PAGE, 1, MISSING));
}

static void undo_register(void)
{
	struct range r = { (uintptr_t)area, PAGES * PAGE };

	OK(ioctl(uffd, UNREGISTER, &r));
}

static int op_copy(void)
{
	return (int)failed(copy(area + 8 * PAGE, page, 1, 0)); /* UFFDIO_COPY/ENOMEM */
}

static int op_zeropage(void)
{
	return (int)failed(fill(ZEROPAGE, area + 8 * PAGE, 1)); /* UFFDIO_ZEROPAGE/ENOMEM */
}

static int op_continue(void)
{
	return (int)failed(fill(CONTINUE, other, 1)); /* UFFDIO_CONTINUE/ENOMEM */
}

static void undo_page(void)
{
	EQ(resident(area, PAGES), 1);
	OK(madvise(area + 8 * PAGE, PAGE, MADV_DONTNEED));
}

static void undo_continue(void)
{
	OK(madvise(other, PAGE, MADV_DONTNEED));
}

static void faults_of_others(void)
{
	char *second;

	if (!ready())
		SKIP("the kernel has no failpoints");
	every_failure("userfaultfd", op_userfaultfd, undo_userfaultfd);
	uffd = open_uffd(O_NONBLOCK, 0);
	NEED(uffd >= 0);
	every_failure("UFFDIO_REGISTER", op_register, undo_register);
	NEED(reg(area, PAGES, MISSING) > 0);
	every_failure("UFFDIO_COPY", op_copy, undo_page);
	every_failure("UFFDIO_ZEROPAGE", op_zeropage, undo_page);
	fd = (int)syscall(SYS_memfd_create, "x", 0);
	NEED(fd >= 0 && ftruncate(fd, (off_t)PAGE) == 0 &&
	     pwrite(fd, page, PAGE, 0) == (ssize_t)PAGE);
	other = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	second = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(other != MAP_FAILED && second != MAP_FAILED && reg(other, 1, MINOR) > 0);
	every_failure("UFFDIO_CONTINUE", op_continue, undo_continue);
	EQ(second[9], page[9]);
	close(fd);
	close(uffd);
}

/* ---- other processes ---- */

static int op_readv(void)
{
	struct iovec l[9], r[9]; /* more than fit into the kernel's stack */

	for (int i = 0; i < 9; i++) {
		l[i] = (struct iovec){ page + 64 * i, 8 };
		r[i] = (struct iovec){ page + 64 * i + 8, 8 };
	}
	return (int)syscall(SYS_process_vm_readv, getpid(), l, 9, r, 9, 0);
}

static int op_writev(void)
{
	struct iovec l[9], r[9];

	for (int i = 0; i < 9; i++) {
		l[i] = (struct iovec){ page + 64 * i, 8 };
		r[i] = (struct iovec){ page + 64 * i + 8, 8 };
	}
	return (int)syscall(SYS_process_vm_writev, getpid(), l, 9, r, 9, 0);
}

static int op_pidfd(void)
{
	return fd = (int)syscall(SYS_PIDFD_OPEN, getpid(), 0);
}

static int op_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(7);
	other = (char *)(long)pid;
	return pid < 0 ? -1 : 0;
}

static void undo_vfork(void)
{
	EQ(tap_wait((pid_t)(long)other), EXITED(7));
}

static int op_memfd(void)
{
	return fd = (int)syscall(SYS_memfd_create, "x", 0);
}

static void undo_fd(void)
{
	close(fd);
}

static void processes(void)
{
	if (!ready())
		SKIP("the kernel has no failpoints");
	every_failure("process_vm_readv", op_readv, nothing);
	every_failure("process_vm_writev", op_writev, nothing);
	every_failure("vfork", op_vfork, undo_vfork);
	every_failure("pidfd_open", op_pidfd, undo_fd);
	every_failure("memfd_create", op_memfd, undo_fd);
}

/* ---- files ---- */

static int op_fallocate(void)
{
	return fallocate(fd, 0, 0, 8 * (off_t)PAGE);
}

static void undo_fallocate(void)
{
	OK(ftruncate(fd, 0));
}

static int op_copy_range(void)
{
	long long from = 0, to = 0;

	return (int)syscall(IS64 ? 326 : 377 /* copy_file_range */, fd, &from, out, &to, 2 * PAGE,
			    0);
}

static void undo_copy(void)
{
	OK(ftruncate(out, 0));
}

static int op_vmsplice(void)
{
	struct iovec v = { page, PAGE };

	return (int)vmsplice(pipes[1], &v, 1, 0);
}

static void drain(void)
{
	EQ(read(pipes[0], page, PAGE), PAGE);
}

static void files(void)
{
	if (!ready())
		SKIP("the kernel has no failpoints");
	fd = open("from", O_CREAT | O_RDWR, 0600);
	out = open("to", O_CREAT | O_RDWR, 0600);
	NEED(fd >= 0 && out >= 0 && pipe(pipes) == 0);
	/* No memory; none that may be promised: fallocate/ENOMEM, fallocate/ENOSPC, and the same for copy_file_range. */
	failures_are(ENOMEM, ENOSPC, "fallocate", op_fallocate, undo_fallocate);
	NEED(op_fallocate() == 0);
	failures_are(ENOMEM, ENOSPC, "copy_file_range", op_copy_range, undo_copy);
	every_failure("vmsplice", op_vmsplice, drain);
	close(fd);
	close(out);
	close(pipes[0]);
	close(pipes[1]);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(mappings),  T(locks_and_advice),
						 T(policies),  T(faults_of_others),
						 T(processes), T(files),
						 TEND };

	return tap_main(argc, argv, tests);
}
