/* Faults: SIGSEGV with si_code and si_addr for reads, writes and jumps; EFAULT for every bad pointer given to the kernel. */
#include "mem.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <ucontext.h>

static sigjmp_buf back;
static volatile int seen_signal, seen_code;
static void *volatile seen_addr;
static volatile unsigned long seen_error, seen_trap, seen_cr2;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	seen_signal = sig;
	seen_code = info->si_code;
	seen_addr = info->si_addr;
	seen_error = (unsigned long)u->uc_mcontext.gregs[REG_ERR];
	seen_trap = (unsigned long)u->uc_mcontext.gregs[REG_TRAPNO];
#ifdef __x86_64__
	seen_cr2 = (unsigned long)u->uc_mcontext.gregs[REG_CR2];
#else
	seen_cr2 = u->uc_mcontext.cr2;
#endif
	siglongjmp(back, 1);
}

enum access { READ, WRITE, JUMP };

static int fault_of(void *p, enum access how)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	seen_signal = seen_code = 0;
	seen_addr = (void *)1234;
	if (sigsetjmp(back, 1) == 0) {
		if (how == WRITE)
			*(volatile char *)p = 1;
		else if (how == READ)
			(void)*(volatile char *)p;
		else
			((void (*)(void))(uintptr_t)p)();
	}
	return seen_signal;
}

/* Page faults of user mode have error code 4 (user) + 2 (write) + 1 (present) + 16 (fetch, where NX is). */
static void expect(void *p, enum access how, int code, unsigned long error)
{
	EQ(fault_of(p, how), SIGSEGV);
	EQ(seen_code, code);
	EQ((uintptr_t)seen_addr, (uintptr_t)p);
	EQ(seen_error & ~16ul, error);
	EQ(seen_trap, 14);
	EQ(seen_cr2, (uintptr_t)p);
}

static void unmapped(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED && munmap(p + PAGE, PAGE) == 0);
	expect(p + PAGE, READ, SEGV_MAPERR, 4);
	expect(p + PAGE + 77, WRITE, SEGV_MAPERR, 6);
	expect(p + PAGE + 4095, JUMP, SEGV_MAPERR, 4);
	expect(NULL, READ, SEGV_MAPERR, 4);
	expect((void *)8, WRITE, SEGV_MAPERR, 6);
	expect(NULL, JUMP, SEGV_MAPERR, 4);
}

static void forbidden(void)
{
	char *ro = anon(1, PROT_READ), *none = anon(1, RW), *touched = anon(1, RW);

	NEED(ro != MAP_FAILED && none != MAP_FAILED && touched != MAP_FAILED);
	EQ(ro[0], 0);
	expect(ro + 5, WRITE, SEGV_ACCERR, 7); /* the zero page is there */
	none[0] = 1;
	EQ(mprotect(none, PAGE, PROT_NONE), 0);
	EQ(fault_of(none + 9, READ), SIGSEGV);
	EQ(seen_code, SEGV_ACCERR);
	EQ((uintptr_t)seen_addr, (uintptr_t)none + 9);
	touched[0] = 1;
	EQ(mprotect(touched, PAGE, PROT_READ), 0);
	expect(touched, WRITE, SEGV_ACCERR, 7);
	EQ(mprotect(touched, PAGE, RW), 0);
	EQ(fault_of(touched, WRITE), 0);
}

static int has_nx(void)
{
	static char text[65536];

	if (tap_read("/proc/meminfo", text, sizeof(text)) < 0 || strstr(text, "DirectMap4M"))
		return 0;
	return tap_read("/proc/cpuinfo", text, sizeof(text)) > 0 &&
	       (strstr(text, " nx ") || strstr(text, " nx\n"));
}

static void no_execute(void)
{
	char *p = anon(1, RW), here;

	NEED(p != MAP_FAILED);
	p[0] = (char)0xc3; /* ret */
	if (!has_nx()) {
		EQ(fault_of(p, JUMP), 0); /* what can be read can be run */
		return;
	}
	EQ(fault_of(p, JUMP), SIGSEGV);
	EQ(seen_code, SEGV_ACCERR);
	EQ((uintptr_t)seen_addr, (uintptr_t)p);
	EQ(seen_error, 0x15);
	EQ(mprotect(p, PAGE, RW | PROT_EXEC), 0);
	EQ(fault_of(p, JUMP), 0);
	EQ(mprotect(p, PAGE, RW), 0);
	EQ(fault_of(p, JUMP), SIGSEGV);
	here = (char)0xc3;
	EQ(fault_of(&here, JUMP), SIGSEGV); /* nor is the stack */
}

static void kernel_addresses(void)
{
	uintptr_t top = IS64	       ? (uintptr_t)0xffff888000001000ull
			: tap_compat() ? 0xfffff000ul
				       : 0xc0001000ul;

	EQ(fault_of((void *)top, READ), SIGSEGV);
	EQ(seen_code, SEGV_MAPERR);
	EQ(fault_of((void *)top, WRITE), SIGSEGV);
	EQ(fault_of((void *)top, JUMP), SIGSEGV);
	EQ((uintptr_t)seen_addr, top);
	/* What is not even an address is a general protection fault: no address. */
	if (IS64) {
		EQ(fault_of((void *)((uintptr_t)(1ull << 62)), READ), SIGSEGV);
		EQ(seen_code, SI_KERNEL);
		EQ((uintptr_t)seen_addr, 0);
		EQ(seen_trap, 13);
	}
}

static void run_code(const unsigned char *code, size_t len)
{
	char *p = anon(1, RW | PROT_EXEC);

	NEED(p != MAP_FAILED);
	memcpy(p, code, len);
	fault_of(p, JUMP);
	munmap(p, PAGE);
}

#define RUN(...)                                                                                   \
	do {                                                                                       \
		static const unsigned char code[] = { __VA_ARGS__ };                               \
		run_code(code, sizeof(code));                                                      \
	} while (0)

static void other_exceptions(void)
{
	RUN(0x0f, 0x0b); /* ud2 */
	EQ(seen_signal, SIGILL);
	EQ(seen_code, ILL_ILLOPN);
	RUN(0x31, 0xc0, 0x31, 0xd2, 0xf7, 0xf0, 0xc3); /* 0 / 0 */
	EQ(seen_signal, SIGFPE);
	EQ(seen_code, FPE_INTDIV);
	RUN(0xcc, 0xc3); /* int3 */
	EQ(seen_signal, SIGTRAP);
	EQ(seen_code, SI_KERNEL);
	RUN(0xf4, 0xc3); /* hlt */
	EQ(seen_signal, SIGSEGV);
	EQ(seen_code, SI_KERNEL);
	RUN(0xfa, 0xc3); /* cli */
	EQ(seen_signal, SIGSEGV);
	RUN(0xe4, 0x60, 0xc3); /* in $0x60, %al */
	EQ(seen_signal, SIGSEGV);
	RUN(0x0f, 0x20, 0xd8, 0xc3); /* mov %cr3, %eax */
	EQ(seen_signal, SIGSEGV);
	RUN(0x0f, 0x01, 0xd0, 0xc3); /* xgetbv or, where there is none, an invalid opcode */
	CHECK(seen_signal == 0 || seen_signal == SIGILL || seen_signal == SIGSEGV);
	RUN(0xcd, 0x21, 0xc3); /* int $0x21: a gate of the kernel's own */
	EQ(seen_signal, SIGSEGV);
	RUN(0x8e, 0xd0, 0xc3); /* mov %eax, %ss with what is in eax */
	CHECK(seen_signal == SIGSEGV || seen_signal == SIGBUS || seen_signal == 0);
	RUN(0x66, 0xea, 0, 0, 0, 0,
	    0xc3); /* far jump to nowhere; not an instruction in 64-bit mode */
	EQ(seen_signal, IS64 ? SIGILL : SIGSEGV);
}

#ifdef __x86_64__
#define GETPPID 0xb8, 110, 0, 0, 0, 0x0f, 0x05
#else
#define GETPPID 0xb8, 64, 0, 0, 0, 0xcd, 0x80
#endif

/* Flags that a user may set must not trouble the kernel: set one, enter the kernel, clear it again. */
static void strange_flags(void)
{
	/* pushf; or $bit; popf; getppid; pushf; and $~bit; popf; ret */
	RUN(0x9c, 0x80, 0x4c, 0x24, 0x02, 0x04, 0x9d, GETPPID, 0x9c, 0x80, 0x64, 0x24, 0x02, 0xfb,
	    0x9d, 0xc3); /* AC */
	EQ(seen_signal, 0);
	RUN(0x9c, 0x80, 0x4c, 0x24, 0x01, 0x40, 0x9d, GETPPID, 0x9c, 0x80, 0x64, 0x24, 0x01, 0xbf,
	    0x9d, 0xc3); /* NT */
	EQ(seen_signal, 0);
	RUN(0xfd, GETPPID, 0xfc, 0xc3); /* DF */
	EQ(seen_signal, 0);
	RUN(0x9c, 0x80, 0x4c, 0x24, 0x01, 0x01, 0x9d, 0x90, 0xc3); /* TF: a single step */
	EQ(seen_signal, SIGTRAP);
	EQ(seen_code, TRAP_TRACE);
	EQ(getppid() > 0, 1);
}

/* ---- bad pointers to system calls ---- */

static char *bad;  /* the bad pointer of the round */
static char *good; /* two readable and writable pages */
static int a_file, a_dir, a_pipe[2];
static const char *a_name;

#define P ((long)bad)
#define G ((long)good)
#define CALL(name, ...)                                                                            \
	{                                                                                          \
#name, SYS_##name,                                                                 \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define B	(-0x7654321L) /* stands for the bad pointer */
#define GD	(-0x7654322L)
#define NAME	(-0x7654323L)
#define FILE_FD (-0x7654324L)
#define DIR_FD	(-0x7654325L)
#define PIPE_R	(-0x7654326L)
#define PIPE_W	(-0x7654327L)
#define EXE	(-0x7654328L)

struct call {
	const char *name;
	long nr;
	long arg[6];
};

/* The kernel reads through the bad pointer. */
static const struct call readers[] = { CALL(open, B, O_RDONLY, 0),
				       CALL(openat, AT_FDCWD, B, O_RDONLY, 0),
				       CALL(creat, B, 0600),
				       CALL(access, B, 0),
				       CALL(faccessat, AT_FDCWD, B, 0),
				       CALL(chdir, B),
				       CALL(chroot, B),
				       CALL(mkdir, B, 0700),
				       CALL(rmdir, B),
				       CALL(mkdirat, AT_FDCWD, B, 0700),
				       CALL(unlink, B),
				       CALL(unlinkat, AT_FDCWD, B, 0),
				       CALL(rename, B, NAME),
				       CALL(rename, NAME, B),
				       CALL(renameat, AT_FDCWD, B, AT_FDCWD, NAME),
				       CALL(link, B, NAME),
				       CALL(link, NAME, B),
				       CALL(linkat, AT_FDCWD, NAME, AT_FDCWD, B, 0),
				       CALL(symlink, B, NAME),
				       CALL(symlink, NAME, B),
				       CALL(readlink, B, GD, 10),
				       CALL(chmod, B, 0600),
				       CALL(fchmodat, AT_FDCWD, B, 0600),
				       CALL(chown, B, 0, 0),
				       CALL(lchown, B, 0, 0),
				       CALL(fchownat, AT_FDCWD, B, 0, 0, 0),
				       CALL(truncate, B, 0),
				       CALL(mknod, B, S_IFIFO, 0),
				       CALL(statfs, B, GD),
				       CALL(statx, AT_FDCWD, B, 0, 0x7ff, GD),
				       CALL(utimensat, AT_FDCWD, B, 0, 0),
				       CALL(utimensat, AT_FDCWD, NAME, B, 0),
				       CALL(execve, B, 0, 0),
				       CALL(execve, EXE, B, 0),
				       CALL(execve, EXE, 0, B),
				       CALL(mount, NAME, B, NAME, 0, 0),
				       CALL(umount2, B, 0),
				       CALL(write, FILE_FD, B, 100),
				       CALL(write, PIPE_W, B, 100),
				       CALL(pwrite64, FILE_FD, B, 100, 0),
				       CALL(writev, FILE_FD, B, 1),
				       CALL(readv, FILE_FD, B, 1),
				       CALL(poll, B, 1, 0),
				       CALL(select, 5, B, 0, 0, 0),
				       CALL(ppoll, GD, 0, B, 0),
				       CALL(nanosleep, B, 0),
				       CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, B, 0),
				       CALL(rt_sigaction, SIGUSR1, B, 0, 8),
				       CALL(rt_sigprocmask, SIG_BLOCK, B, 0, 8),
				       CALL(rt_sigsuspend, B, 8),
				       CALL(rt_sigtimedwait, B, 0, 0, 8),
				       CALL(sigaltstack, B, 0),
				       CALL(prlimit64, 0, RLIMIT_NOFILE, B, 0),
				       CALL(setrlimit, RLIMIT_CORE, B),
				       CALL(setitimer, ITIMER_REAL, B, 0),
				       CALL(sched_setaffinity, 0, 8, B),
				       CALL(sched_setparam, 0, B),
				       CALL(sched_setscheduler, 0, 0, B),
				       CALL(futex, B, 0, 0, 0, 0, 0),
				       CALL(sethostname, B, 5),
				       CALL(clone3, B, 64),
				       CALL(execveat, AT_FDCWD, B, 0, 0, 0),
				       CALL(setgroups, 2, B),
				       CALL(rt_sigqueueinfo, 1, SIGUSR1, B),
				       CALL(renameat2, AT_FDCWD, B, AT_FDCWD, NAME, 0),
				       CALL(symlinkat, B, AT_FDCWD, NAME),
				       CALL(capset, B, 0),
				       CALL(settimeofday, B, 0),
				       CALL(clock_settime, CLOCK_REALTIME, B),
				       CALL(prctl, 15 /* SET_NAME */, B),
				       CALL(mknodat, AT_FDCWD, B, S_IFIFO, 0) };

/* The kernel writes through it. */
static const struct call writers[] = { CALL(read, FILE_FD, B, 100),
				       CALL(pread64, FILE_FD, B, 100, 0),
				       CALL(read, PIPE_R, B, 1),
				       CALL(pipe, B),
				       CALL(pipe2, B, 0),
				       CALL(readlink, NAME, B, 10),
				       CALL(readlinkat, AT_FDCWD, NAME, B, 10),
				       CALL(getcwd, B, 4096),
				       CALL(getdents64, DIR_FD, B, 1000),
				       CALL(fstat, FILE_FD, B),
				       CALL(stat, NAME, B),
				       CALL(lstat, NAME, B),
				       CALL(statx, AT_FDCWD, NAME, 0, 0x7ff, B),
				       CALL(fstatfs, FILE_FD, B),
				       CALL(uname, B),
				       CALL(sysinfo, B),
				       CALL(times, B),
				       CALL(getrusage, RUSAGE_SELF, B),
				       CALL(gettimeofday, B, 0),
				       CALL(clock_gettime, CLOCK_MONOTONIC, B),
				       CALL(clock_getres, CLOCK_MONOTONIC, B),
				       CALL(time, B),
				       CALL(getrlimit, RLIMIT_NOFILE, B),
				       CALL(prlimit64, 0, RLIMIT_NOFILE, 0, B),
				       CALL(getitimer, ITIMER_REAL, B),
				       CALL(rt_sigaction, SIGUSR1, 0, B, 8),
				       CALL(rt_sigprocmask, SIG_BLOCK, 0, B, 8),
				       CALL(rt_sigpending, B, 8),
				       CALL(sigaltstack, 0, B),
				       CALL(getresuid, B, GD, GD),
				       CALL(getresgid, GD, GD, B),
				       CALL(sched_getaffinity, 0, 128, B),
				       CALL(sched_getparam, 0, B),
				       CALL(getrandom, B, 10, 0),
				       CALL(getcpu, B, 0, 0),
				       CALL(syslog, 3, B, 100),
				       CALL(ioctl, PIPE_R, FIONREAD, B),
				       CALL(prctl, 16 /* GET_NAME */, B),
				       CALL(waitid, P_ALL, 0, B, WEXITED | WNOHANG) };

static long substitute(long v)
{
	switch (v) {
	case B:
		return P;
	case GD:
		return G;
	case NAME:
		return (long)a_name;
	case EXE:
		return (long)"/proc/self/exe";
	case FILE_FD:
		return a_file;
	case DIR_FD:
		return a_dir;
	case PIPE_R:
		return a_pipe[0];
	case PIPE_W:
		return a_pipe[1];
	default:
		return v;
	}
}

/* Calls that this 32-bit ABI answers otherwise by their nature. */
static int not_here(const struct call *c)
{
	/* i386's select takes one block of arguments; getresuid16 may be missing. */
	return !IS64 && (c->nr == SYS_select || c->nr == SYS_getresuid || c->nr == SYS_getresgid ||
			 c->nr == SYS_setgroups);
}

static void run_calls(const struct call *calls, size_t n, const char *kind)
{
	for (size_t i = 0; i < n; i++) {
		const struct call *c = &calls[i];
		long a[6], r;

		if (not_here(c))
			continue;
		for (int k = 0; k < 6; k++)
			a[k] = substitute(c->arg[k]);
		errno = 0;
		r = syscall(c->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		if (r == -1 && (errno == EFAULT || errno == ENOSYS))
			continue;
		/* A futex must be aligned first; the log may be empty. */
		if ((c->nr == SYS_futex && (P & 3) && errno == EINVAL) ||
		    (c->nr == SYS_syslog && r == 0))
			continue;
		tap_note("# %s (entry %d), %s pointer %p: expected EFAULT, got %ld errno %d",
			 c->name, (int)i, kind, bad, r, r == -1 ? errno : 0);
		tap_failures++;
	}
}

static int set_up_calls(void)
{
	good = anon(2, RW);
	a_file = open("file", O_CREAT | O_RDWR, 0700);
	a_dir = open(".", O_RDONLY | O_DIRECTORY);
	a_name = "link";
	return good != MAP_FAILED && write(a_file, "0123456789", 10) == 10 &&
	       lseek(a_file, 0, SEEK_SET) == 0 && a_dir >= 0 && symlink("file", "link") == 0 &&
	       pipe(a_pipe) == 0 && write(a_pipe[1], "x", 1) == 1;
}

static void clean_up_calls(void)
{
	unlink("file");
	unlink("link");
}

static void wild_pointers(void)
{
	char *none = anon(1, PROT_NONE);
	uintptr_t wild[] = { 8,
			     (uintptr_t)none,
			     (uintptr_t)none + 100,
			     (uintptr_t)-1,
			     (uintptr_t)-4096,
			     IS64 ? (uintptr_t)0xffff888000001000ull : 0xc0100000ul,
			     IS64 ? (uintptr_t)0x8000000000000000ull : 0xfffff123ul };

	NEED(none != MAP_FAILED && set_up_calls());
	for (size_t i = 0; i < ARRAY_LEN(wild); i++) {
		if (tap_compat() && wild[i] == 0xc0100000ul)
			continue;
		bad = (char *)wild[i];
		run_calls(readers, ARRAY_LEN(readers), "wild");
		run_calls(writers, ARRAY_LEN(writers), "wild");
	}
	clean_up_calls();
}

static void read_only_targets(void)
{
	char *ro = anon(1, PROT_READ);

	NEED(ro != MAP_FAILED && set_up_calls());
	bad = ro + 16;
	run_calls(writers, ARRAY_LEN(writers), "read-only");
	EQ(ro[16] | ro[17] | ro[100], 0);
	clean_up_calls();
}

/* An object that begins on a good page and ends on a bad one. */
static void half_good(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED && munmap(p + PAGE, PAGE) == 0 && set_up_calls());
	memset(p, 'x', PAGE);
	bad = p + PAGE - 2;
	for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
		const struct call *c = &writers[i];

		/* Byte streams may be served in part. */
		if (c->nr == SYS_read || c->nr == SYS_pread64 || c->nr == SYS_readlink ||
		    c->nr == SYS_readlinkat || c->nr == SYS_getrandom || c->nr == SYS_syslog ||
		    c->nr == SYS_sched_getaffinity)
			continue;
		run_calls(c, 1, "half good");
	}
	clean_up_calls();
}

static void partial_transfers(void)
{
	char *p = anon(3, RW);
	static char data[3 * 4096];
	int fd = open("part", O_CREAT | O_RDWR, 0600);
	struct iovec v[2];

	NEED(p != MAP_FAILED && fd >= 0 && munmap(p + 2 * PAGE, PAGE) == 0);
	memset(data, 'd', sizeof(data));
	EQ(write(fd, data, sizeof(data)), sizeof(data));
	EQ(pread(fd, p, 3 * PAGE, 0), 2 * PAGE);
	EQ(p[2 * PAGE - 1], 'd');
	EQ(ftruncate(fd, 0), 0);
	EQ(pwrite(fd, p, 3 * PAGE, 0), 2 * PAGE);
	EQ(lseek(fd, 0, SEEK_END), 2 * PAGE);
	v[0] = (struct iovec){ p, 100 };
	v[1] = (struct iovec){ p + 2 * PAGE, 100 };
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(writev(fd, v, 2), 100);
	EQ(readv(fd, v, 2), 100);
	FAILS(writev(fd, v + 1, 1), EFAULT);
	FAILS(writev(fd, v, -1), EINVAL);
	FAILS(writev(fd, v, 1025), EINVAL);
	v[0].iov_len = (size_t)-1;
	FAILS(writev(fd, v, 1), EINVAL);
	unlink("part");
}

/* A string that runs into a bad page, and one without an end. */
static void endless_names(void)
{
	char *p = anon(3, RW);

	NEED(p != MAP_FAILED && munmap(p + 2 * PAGE, PAGE) == 0);
	memset(p, 'a', 2 * PAGE);
	FAILS(open(p + 2 * PAGE - 10, O_RDONLY), EFAULT);
	FAILS(open(p, O_RDONLY), ENAMETOOLONG);
	p[4095] = 0;
	FAILS(open(p, O_RDONLY), ENAMETOOLONG); /* one component of more than 255 */
	for (int i = 0; i < 4095; i += 2)
		p[i] = '.', p[i + 1] = '/';
	p[4095] = 0;
	CHECK(open(p, O_RDONLY) >= 0); /* PATH_MAX counts the NUL */
	p[4095] = '/';
	p[4096] = 0;
	FAILS(open(p, O_RDONLY), ENAMETOOLONG);
	FAILS(open("", O_RDONLY), ENOENT);
}

static void kernel_grows_stack(void)
{
	char here;
	volatile char *deep = (volatile char *)((((uintptr_t)&here) - 300 * PAGE) & -PAGE);
	int fd = open("s", O_CREAT | O_RDWR, 0600);

	/* The kernel's own store below the stack pointer grows the stack as the program's would. */
	EQ(write(fd, "stack", 5), 5);
	EQ(pread(fd, (void *)(uintptr_t)deep, 5, 0), 5);
	EQ(deep[0], 's');
	unlink("s");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(unmapped),
						 T(forbidden),
						 T(no_execute),
						 T(kernel_addresses),
						 T(other_exceptions),
						 T(strange_flags),
						 T(wild_pointers),
						 T(read_only_targets),
						 T(half_good),
						 T(partial_transfers),
						 T(endless_names),
						 T(kernel_grows_stack),
						 TEND };

	return tap_main(argc, argv, tests);
}
