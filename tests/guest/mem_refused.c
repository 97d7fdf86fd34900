/* What calls around memory refuse that no other program shows: limits of files and processes, other processes, numbers. */
#include "mem.h"
#include "uffd.h"

#include <pthread.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/uio.h>

enum {
	SYS_PROCESS_MADVISE = 440,
	SYS_PIDFD_OPEN = 434,
	SYS_MEMFD_SECRET = 447,
	SYS_GETRLIMIT = IS64 ? 97 : 191, /* the one without 16-bit habits */
	ADV_COLD = 20,
	ADV_PAGEOUT = 21,
	ADV_COLLAPSE = 25,
	NOBODY = 65534
};

static int drop_rights(void)
{
	return setgid(NOBODY) || setuid(NOBODY) ? -1 : 0;
}

/* ---- the limit on open files ---- */

static int no_more_files(void *program)
{
	char *const argv[] = { program, NULL };

	NEED_IN_CHILD(drop_rights() == 0);
	FAILS(syscall(SYS_memfd_create, "x", 0), ENFILE);
	FAILS(syscall(SYS_userfaultfd, O_NONBLOCK | 1 /* UFFD_USER_MODE_ONLY */), ENFILE);
	FAILS(syscall(SYS_PIDFD_OPEN, getpid(), 0), ENFILE);
	FAILS(execve(program, argv, NULL), ENFILE);
	FAILS(open("/proc/self/maps", O_RDONLY), ENFILE);
	return tap_failures != 0;
}

static void files_of_the_machine(void)
{
	char old[32], self[64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	NEED(n > 0 && tap_read("/proc/sys/fs/file-max", old, sizeof(old)) > 0);
	self[n] = '\0';
	if (getenv("TAP_HOST") || tap_put("/proc/sys/fs/file-max", "1"))
		SKIP("file-max is not ours");
	EQ(tap_child(no_more_files, self), EXITED(0));
	EQ(tap_put("/proc/sys/fs/file-max", old), 0);
}

/* ---- limits of processes ---- */

struct limit64 {
	uint64_t cur, max;
};

static long prlimit_(pid_t pid, int which, const void *new, void *old)
{
	return syscall(SYS_prlimit64, pid, which, new, old);
}

static int limits_of_init(void *unused)
{
	struct limit64 l = { 5, 5 }, up = { 5, 6 };

	NEED_IN_CHILD(prlimit_(0, RLIMIT_CORE, &l, NULL) == 0);
	NEED_IN_CHILD(drop_rights() == 0);
	FAILS(prlimit_(1, RLIMIT_CORE, NULL, &l), EPERM);
	FAILS(prlimit_(1, RLIMIT_CORE, &l, NULL), EPERM);
	FAILS(prlimit_(0, RLIMIT_CORE, &up, NULL), EPERM);
	EQ(prlimit_(getpid(), RLIMIT_CORE, NULL, &l), 0);
	EQ(l.max, 5);
	return tap_failures != 0;
}

static void resource_limits(void)
{
	void *const bad = (void *)16;
	struct limit64 l = { 6, 5 }, was;

	FAILS(prlimit_(0, RLIMIT_CORE, bad, NULL), EFAULT);
	FAILS(prlimit_(0, RLIMIT_CORE, NULL, bad), EFAULT);
	FAILS(prlimit_(0, 16, NULL, &was), EINVAL);
	FAILS(prlimit_(0, -1, NULL, &was), EINVAL);
	FAILS(prlimit_(0, RLIMIT_CORE, &l, NULL), EINVAL); /* more than the hard limit beside it */
	FAILS(prlimit_(999999, RLIMIT_CORE, NULL, &was), ESRCH);
	FAILS(prlimit_(-1, RLIMIT_CORE, NULL, &was), ESRCH);
	FAILS(syscall(SYS_GETRLIMIT, RLIMIT_CORE, bad), EFAULT);
	FAILS(syscall(SYS_GETRLIMIT, 16, &was), EINVAL);
	FAILS(syscall(SYS_setrlimit, RLIMIT_CORE, bad), EFAULT);
	FAILS(syscall(SYS_setrlimit, 16, &was), EINVAL);
	EQ(tap_child(limits_of_init, NULL), EXITED(0));
}

/* Every limit is kept and told, those without effect too. */
static void limits_are_kept(void)
{
	static const int all[] = { RLIMIT_CPU,
				   RLIMIT_FSIZE,
				   RLIMIT_DATA,
				   RLIMIT_STACK,
				   RLIMIT_CORE,
				   RLIMIT_RSS,
				   RLIMIT_NPROC,
				   RLIMIT_NOFILE,
				   RLIMIT_MEMLOCK,
				   RLIMIT_AS,
				   10 /* LOCKS */,
				   11,
				   12,
				   13 /* NICE, ... */,
				   14,
				   15 };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct limit64 l = { 1000000 + i, 2000000 + i }, was = { 0, 0 };

		if (all[i] == RLIMIT_NOFILE)
			l = (struct limit64){ 77, 99 };
		EQ(prlimit_(0, all[i], NULL, &was), 0);
		EQ(prlimit_(0, all[i], &l, NULL), 0);
		l.cur = l.max = 0;
		EQ(prlimit_(getpid(), all[i], &was, &l), 0);
		EQ(l.cur, all[i] == RLIMIT_NOFILE ? 77 : 1000000 + i);
		EQ(l.max, all[i] == RLIMIT_NOFILE ? 99 : 2000000 + i);
	}
}

/* ---- memory of other processes ---- */

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	EQ(tap_wait(pid), KILLED(SIGKILL));
}

static int not_ours(void *child)
{
	pid_t pid = *(pid_t *)child;
	char c = 0, *p = anon(1, RW);
	struct iovec l = { &c, 1 }, r = { p, 1 };
	int fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);

	NEED_IN_CHILD(fd >= 0 && drop_rights() == 0);
	FAILS(syscall(SYS_process_vm_writev, pid, &l, 1, &r, 1, 0), EPERM);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, &r, 1, ADV_COLD, 0), EACCES);
	/* A process that may be looked into: of the same user, and open about itself. */
	NEED_IN_CHILD(prctl(PR_SET_DUMPABLE, 1) == 0);
	pid = sleeper();
	fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);
	EQ(syscall(SYS_process_vm_writev, pid, &l, 1, &r, 1, 0), 1);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, &r, 1, ADV_COLD, 0), EPERM);
	end_child(pid);
	return tap_failures != 0;
}

static void other_processes(void)
{
	pid_t pid = sleeper();
	char c = 0, *p = anon(1, RW);
	struct iovec l = { &c, 1 }, r = { p, 1 }, many[1025];
	int fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);

	NEED(pid > 0 && p != MAP_FAILED && fd >= 0);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct iovec){ p, 0 };
	FAILS(syscall(SYS_process_vm_writev, pid, &l, 1, &r, 1, 1), EINVAL);
	FAILS(syscall(SYS_process_vm_writev, pid, many, 1025, &r, 1, 0), EINVAL);
	FAILS(syscall(SYS_process_vm_writev, pid, &l, 1, many, 1025, 0), EINVAL);
	FAILS(syscall(SYS_process_vm_writev, 999999, &l, 1, &r, 1, 0), ESRCH);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, (void *)16, 1, ADV_COLD, 0), EFAULT);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, &r, 1, ADV_COLD, 1), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, &r, 1, MADV_DONTNEED, 0), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, many, 1025, ADV_COLD, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, 0, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, -1, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, pid, 1), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, 999999, 0), ESRCH);
	EQ(tap_child(not_ours, &pid), EXITED(0));
	end_child(pid);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, &r, 1, ADV_COLD, 0), ESRCH);
	close(fd);
}

/* In the child: a block of small pages that may be huge. It stops, and looks at them when it goes on. */
static void small_pages(char *block, size_t huge)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(block, 9, huge);
	madvise(block, huge, MADV_HUGEPAGE);
	raise(SIGSTOP);
	for (size_t i = 0; i < huge; i++)
		if (block[i] != 9)
			_exit(1);
	_exit(0);
}

/* MADV_COLLAPSE is among what may be asked for another process. */
static void collapse_of_another(void)
{
	size_t huge = (size_t)figure_after("/proc/meminfo", NULL, "Hugepagesize:") << 10;
	char *p, *block, path[64];
	struct iovec v;
	long done;
	pid_t pid;
	int fd;

	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) || (long)huge <= 0)
		SKIP("there are no huge pages");
	p = mmap(NULL, 2 * huge, RW, ANON, -1, 0);
	NEED(p != MAP_FAILED);
	block = (char *)(((uintptr_t)p + huge - 1) & ~(huge - 1));
	madvise(p, 2 * huge, MADV_NOHUGEPAGE);
	pid = fork();
	if (pid == 0)
		small_pages(block, huge);
	NEED(pid > 0 && waitpid(pid, NULL, WUNTRACED) == pid);
	fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);
	v = (struct iovec){ block, huge };
	do
		done = syscall(SYS_PROCESS_MADVISE, fd, &v, 1, ADV_COLLAPSE, 0);
	while (done < 0 && errno == EAGAIN);
	CHECK(done == (long)huge || errno == ENOMEM); /* no block of that size is free */
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (done > 0)
		EQ(figure_after(path, NULL, "AnonHugePages:"), (long)(huge >> 10));
	kill(pid, SIGCONT);
	EQ(tap_wait(pid), EXITED(0));
	close(fd);
}

/* ---- mmap: numbers ---- */

/* i386 call 90 finds its arguments in memory. */
static void numbers(void)
{
	int fd = open("numbers", O_CREAT | O_RDWR, 0600);
	char *p = anon(1, RW);

	NEED(fd >= 0 && p != MAP_FAILED);
#if defined(__i386__)
	FAILS(syscall(90 /* mmap */, (void *)16), EFAULT);
	FAILS(syscall(192 /* mmap */, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, -1), EOVERFLOW);
	FAILS(syscall(192 /* mmap */, NULL, 2 * PAGE, PROT_READ, ANON, fd, -1), EOVERFLOW);
#endif
	/* Flags that mean nothing any more. */
	OK((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_DENYWRITE | MAP_EXECUTABLE, fd, 0));
	OK(write(fd, "x", 1)); /* so there is no ETXTBSY */
	OK((long)mmap(NULL, PAGE, RW, ANON | MAP_STACK | MAP_NONBLOCK, -1, 0));
	close(fd);
	fd = open("numbers", O_RDONLY);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(syscall(SYS_pkey_mprotect, p, PAGE, RW, -1), IS64 || tap_compat() ? EACCES : ENOSYS);
	FAILS(mlock(p, (size_t)-1 - (uintptr_t)p), tap_compat() ? ENOMEM : EINVAL); /* wraps */
	close(fd);
}

/* A call that a kernel of this configuration has not. */
static void calls_that_are_not(void)
{
	FAILS(syscall(SYS_MEMFD_SECRET, 0), ENOSYS);
}

/* ---- mlock2 ---- */

static int no_right_to_lock(void *area)
{
	struct rlimit l = { 2 * PAGE, 2 * PAGE };

	NEED_IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &l) == 0 && drop_rights() == 0);
	EQ(syscall(SYS_mlock2, area, 2 * PAGE, 0), 0);
	FAILS(syscall(SYS_mlock2, area, 3 * PAGE, 0), ENOMEM);
	FAILS(syscall(SYS_mlock2, area, 3 * PAGE, 1 /* MLOCK_ONFAULT */), ENOMEM);
	EQ(status_kb("VmLck:"), 8);
	munlockall();
	l.rlim_cur = 0;
	NEED_IN_CHILD(setrlimit(RLIMIT_MEMLOCK, &l) == 0);
	FAILS(syscall(SYS_mlock2, area, PAGE, 0), EPERM);
	FAILS(syscall(SYS_mlock2, area, PAGE, 1), EPERM);
	EQ(status_kb("VmLck:"), 0);
	return tap_failures != 0;
}

static void locking(void)
{
	char *p = anon(4, RW);

	NEED(p != MAP_FAILED);
	EQ(tap_child(no_right_to_lock, p), EXITED(0));
	munmap(p + PAGE, PAGE);
	FAILS(syscall(SYS_mlock2, p, 3 * PAGE, 0), ENOMEM);
	FAILS(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
	FAILS(syscall(SYS_mlock2, p, PAGE, -1), EINVAL);
	EQ(status_kb("VmLck:"), 4);
}

/* ---- personality ---- */

static void persona_is_kept(void)
{
	static const unsigned bits[] = { UNAME26,	    ADDR_NO_RANDOMIZE,
					 MMAP_PAGE_ZERO,    ADDR_COMPAT_LAYOUT,
					 READ_IMPLIES_EXEC, ADDR_LIMIT_32BIT,
					 SHORT_INODE,	    WHOLE_SECONDS,
					 STICKY_TIMEOUTS,   ADDR_LIMIT_3GB };
	int was = personality(0xffffffff);

	EQ(was, 0);
	for (size_t i = 0; i < ARRAY_LEN(bits); i++) {
		EQ(personality(bits[i]), was);
		was = personality(0xffffffff);
		EQ(was, bits[i]);
	}
	personality(0);
}

/* ---- userfaultfd ---- */

static int features_of_nobody(void *unused)
{
	struct api a = { 0xAA, F_FORK, 0 };
	int fd;

	NEED_IN_CHILD(drop_rights() == 0);
	fd = (int)syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
	NEED_IN_CHILD(fd >= 0);
	FAILS(ioctl(fd, API, &a), EPERM);
	a = (struct api){ 0xAA, 0, 0 };
	OK(ioctl(fd, API, &a));
	return tap_failures != 0;
}

static void uffd_rights(void)
{
	int fd, ro;
	char *p;

	EQ(tap_child(features_of_nobody, NULL), EXITED(0));
	fd = open("uffd", O_CREAT | O_RDWR, 0600);
	ro = open("uffd", O_RDONLY);
	NEED(ro >= 0 && ftruncate(fd, 2 * (off_t)PAGE) == 0);
	p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, ro, 0);
	uffd = open_uffd(O_NONBLOCK | O_CLOEXEC, 0);
	NEED(uffd >= 0 && p != MAP_FAILED);
	EQ(fcntl(uffd, F_GETFD), FD_CLOEXEC); /* open_uffd() hands its flags to userfaultfd(2) */
	EQ(fcntl(uffd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	EQ(reg(p, 2, MISSING), -EPERM); /* nobody could ever fill it */
	close(uffd);
}

/* Filling stops at the first page that is there, and says how far it came. */
static void uffd_parts(void)
{
	char *p = anon(8, RW);
	struct fill f = { { (uintptr_t)p, 4 * PAGE }, 0, 77 };
	int shared, twice;
	char *s, *t;

	uffd = open_uffd(O_NONBLOCK, 0);
	NEED(uffd >= 0 && p != MAP_FAILED && reg(p, 8, MISSING) > 0);
	EQ(fill(ZEROPAGE, p + 2 * PAGE, 1), 1);
	FAILS(ioctl(uffd, ZEROPAGE, &f), EAGAIN);
	EQ(f.done, 2 * PAGE);
	EQ(resident(p, 8), 3);
	/* UFFDIO_CONTINUE: pages of an object that are there, mapped up to the first that is mapped. */
	shared = (int)syscall(SYS_memfd_create, "x", 0);
	NEED(shared >= 0 && ftruncate(shared, 8 * (off_t)PAGE) == 0);
	s = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, shared, 0);
	t = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, shared, 0);
	NEED(s != MAP_FAILED && t != MAP_FAILED);
	memset(t, 5, 4 * PAGE);
	NEED(reg(s, 8, MINOR) > 0);
	EQ(fill(CONTINUE, s + 2 * PAGE, 1), 1);
	f = (struct fill){ { (uintptr_t)s, 4 * PAGE }, 0, 77 };
	FAILS(ioctl(uffd, CONTINUE, &f), EAGAIN);
	EQ(f.done, 2 * PAGE);
	f = (struct fill){ { (uintptr_t)s + 3 * PAGE, 2 * PAGE }, 0, 77 };
	FAILS(ioctl(uffd, CONTINUE, &f), EAGAIN); /* the second one is not there */
	EQ(f.done, PAGE);
	EQ(fill(CONTINUE, t, 1), -ENOENT);
	twice = resident(s, 8);
	EQ(twice, 4);
	close(uffd);
	close(shared);
}

/* The program that was watched has ended: there is nothing to fill. */
static void *fork_and_end(void *unused)
{
	pid_t pid = fork(); /* waits until the event has been read */

	if (pid == 0)
		_exit(0);
	return (void *)(long)tap_wait(pid);
}

static void uffd_after_the_end(void)
{
	char *p = anon(4, RW);
	static char page[4096];
	pthread_t thread;
	void *status;
	struct msg m;
	int fd;

	uffd = open_uffd(0, F_FORK);
	NEED(uffd >= 0 && p != MAP_FAILED && reg(p, 4, MISSING | WP) > 0);
	NEED(pthread_create(&thread, NULL, fork_and_end, NULL) == 0);
	EQ(read(uffd, &m, sizeof(m)), sizeof(m));
	EQ(m.event, FORK);
	fd = (int)m.arg[0];
	pthread_join(thread, &status);
	EQ((long)status, EXITED(0));
	close(uffd);
	uffd = fd;
	NEED(fd >= 0);
	EQ(copy(p, page, 1, 0), -ESRCH);
	EQ(fill(ZEROPAGE, p, 1), -ESRCH);
	EQ(protect(p, 1, 1), -ESRCH);
	EQ(fill(CONTINUE, p, 1), -ESRCH);
	EQ(reg(p, 1, MISSING), -ENOMEM);
	close(fd);
}

/* Who waits goes on waiting when the page is given with DONTWAKE, and until it is woken. */
static volatile int seen;
static char *watched;

static void *reader(void *unused)
{
	seen = 1 + watched[5];
	return NULL;
}

static void *writer(void *unused)
{
	watched[5] = 3;
	seen = 4;
	return NULL;
}

/* @give(@arg) gives the page that @body waits for; then it is woken. */
static void waits_until_woken(void *(*body)(void *), int (*give)(void), int want)
{
	struct range r = { (uintptr_t)watched, PAGE };
	pthread_t thread;
	struct msg m;

	seen = 0;
	NEED(pthread_create(&thread, NULL, body, NULL) == 0);
	EQ(read(uffd, &m, sizeof(m)), sizeof(m));
	EQ(m.event, PAGEFAULT);
	EQ(give(), 0);
	tap_sleep_ms(20);
	EQ(seen, 0);
	OK(ioctl(uffd, WAKE, &r));
	pthread_join(thread, NULL);
	EQ(seen, want);
}

static int give_zeroes(void)
{
	struct fill f = { { (uintptr_t)watched, PAGE }, DONTWAKE, 0 };

	return ioctl(uffd, ZEROPAGE, &f) ? -errno : 0;
}

static int give_right(void)
{
	return protect(watched, 1, 2 * DONTWAKE);
}

static int give_shared(void)
{
	struct fill f = { { (uintptr_t)watched, PAGE }, DONTWAKE, 0 };

	return ioctl(uffd, CONTINUE, &f) ? -errno : 0;
}

static void uffd_without_waking(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", 0);

	watched = anon(1, RW);
	uffd = open_uffd(0, 0);
	NEED(uffd >= 0 && watched != MAP_FAILED && reg(watched, 1, MISSING | WP) > 0);
	waits_until_woken(reader, give_zeroes, 1);
	watched[5] = 1;
	EQ(protect(watched, 1, 1), 0);
	waits_until_woken(writer, give_right, 4);
	NEED(ftruncate(fd, (off_t)PAGE) == 0 && pwrite(fd, "x", 1, 5) == 1);
	watched = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
	NEED(watched != MAP_FAILED && reg(watched, 1, MINOR) > 0);
	waits_until_woken(reader, give_shared, 1 + 'x');
	close(uffd);
	close(fd);
}

/* ---- no memory that could be promised ---- */

/* overcommit_memory is 2, and there is nothing to give. */
static void nothing_is_given(char *p, char *r, int fd)
{
	char *const argv[] = { (char *)"x", NULL };
	char *brk_now = (char *)syscall(SYS_brk, 0);
	int old = open("/proc/self/exe", O_RDONLY), status = -1;
	pid_t pid;

	FAILS((long)mmap(NULL, PAGE, RW, ANON, -1, 0), ENOMEM);
	FAILS((long)mmap(NULL, PAGE, RW, ANON | MAP_NORESERVE, -1, 0), ENOMEM);
	FAILS((long)mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0), ENOMEM);
	FAILS((long)mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0), ENOMEM);
	OK((long)mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0));  /* the file's pages */
	OK((long)mmap(NULL, PAGE, PROT_READ, ANON, -1, 0)); /* never written */
	FAILS((long)mremap(p, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE), ENOMEM);
	FAILS(mprotect(r, PAGE, RW), ENOMEM);
	EQ(syscall(SYS_brk, brk_now + 4 * PAGE), (long)brk_now); /* brk/ENOMEM */
	FAILS(shmget(IPC_PRIVATE, PAGE, 0600), ENOMEM);
	FAILS(fallocate(fd, 0, (off_t)PAGE, (off_t)PAGE), ENOSPC);
	FAILS(fork(), ENOMEM);
	FAILS(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), ENOMEM);
	pid = vfork(); /* shares all there is */
	if (pid == 0) {
		execve("/proc/self/exe", argv, NULL);
		_exit(errno);
	}
	status = tap_wait(pid);
	EQ(status, EXITED(ENOMEM)); /* execve/ENOMEM */
	close(old);
}

static void nothing_to_promise(void)
{
	char *p = anon(2, RW), *r = anon(1, PROT_READ), mode[16], ratio[16];
	int fd = open("promise", O_CREAT | O_RDWR, 0600);

	NEED(p != MAP_FAILED && r != MAP_FAILED && fd >= 0 && ftruncate(fd, (off_t)PAGE) == 0);
	NEED(tap_read("/proc/sys/vm/overcommit_memory", mode, sizeof(mode)) > 0);
	NEED(tap_read("/proc/sys/vm/overcommit_ratio", ratio, sizeof(ratio)) > 0);
	if (getenv("TAP_HOST") || tap_put("/proc/sys/vm/overcommit_ratio", "0"))
		SKIP("overcommit is not ours");
	if (tap_put("/proc/sys/vm/overcommit_memory", "2") == 0)
		nothing_is_given(p, r, fd);
	EQ(tap_put("/proc/sys/vm/overcommit_memory", mode), 0);
	EQ(tap_put("/proc/sys/vm/overcommit_ratio", ratio), 0);
	close(fd);
}

/* ---- processes ---- */

static int raw_clone(unsigned long flags)
{
	pid_t pid = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : tap_wait(pid);
}

static int one_process(void *unused)
{
	struct rlimit one = { 1, 1 };
	pid_t pid;

	NEED_IN_CHILD(setrlimit(RLIMIT_NPROC, &one) == 0 && drop_rights() == 0);
	FAILS(fork(), EAGAIN);
	FAILS(raw_clone(SIGCHLD), EAGAIN);
	FAILS(raw_clone(SIGCHLD | 0x20000 /* CLONE_NEWNS */), EPERM);
	FAILS(raw_clone(SIGCHLD | 0x8000000 /* CLONE_NEWIPC */), EPERM);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	FAILS(pid, EAGAIN); /* vfork/EAGAIN */
	return tap_failures != 0;
}

/* The limit on processes is looked at when a program begins after setuid(2) went over it. */
static int exec_over_the_limit(void *program)
{
	struct rlimit none = { 0, 0 };
	char *const argv[] = { program, (char *)"no_such_test", NULL };

	NEED_IN_CHILD(setrlimit(RLIMIT_NPROC, &none) == 0 && drop_rights() == 0);
	FAILS(execve(program, argv, NULL), EAGAIN);
	return tap_failures != 0;
}

static void too_many_processes(void)
{
	char self[64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	NEED(n > 0);
	self[n] = '\0';
	EQ(tap_child(one_process, NULL), EXITED(0));
	EQ(tap_child(exec_over_the_limit, self), EXITED(0));
}

static void programs(void)
{
	static char name[300], path[5000];
	char *const argv[] = { (char *)"x", NULL };

	memset(name, 'n', 256);
	memset(path, '/', sizeof(path) - 1);
	FAILS(execve(name, argv, NULL), ENAMETOOLONG);
	FAILS(execve(path, argv, NULL), ENAMETOOLONG);
	FAILS(execve((char *)16, argv, NULL), EFAULT);
	FAILS(execve("/proc/self/exe", (char **)16, NULL), EFAULT);
	FAILS(execve("/proc/self/exe", argv, (char **)16), EFAULT);
	FAILS(execve("/proc/self/exe", (char *[]){ (char *)16, NULL }, NULL), EFAULT);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(files_of_the_machine),
						 T(resource_limits),
						 T(limits_are_kept),
						 T(other_processes),
						 T(collapse_of_another),
						 T(numbers),
						 T(calls_that_are_not),
						 T(locking),
						 T(persona_is_kept),
						 T(uffd_rights),
						 T(uffd_parts),
						 T(uffd_after_the_end),
						 T(uffd_without_waking),
						 T(nothing_to_promise),
						 T(too_many_processes),
						 T(programs),
						 TEND };

	return tap_main(argc, argv, tests);
}
