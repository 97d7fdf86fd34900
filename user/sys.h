/* System calls without a C library, for the small programs in user/: both ABIs, six arguments. syscall(2). */
#ifndef USER_SYS_H
#define USER_SYS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
enum {
	NR_read = 0,
	NR_write = 1,
	NR_open = 2,
	NR_close = 3,
	NR_poll = 7,
	NR_ioctl = 16,
	NR_pipe = 22,
	NR_dup2 = 33,
	NR_fork = 57,
	NR_execve = 59,
	NR_exit = 60,
	NR_brk = 12,
	NR_wait4 = 61,
	NR_mkdir = 83,
	NR_sched_setscheduler = 144,
	NR_setsid = 112,
	NR_mount = 165,
	NR_swapon = 167,
	NR_reboot = 169,
	NR_chdir = 80,
	NR_kill = 62,
	NR_setpgid = 109,
	NR_rt_sigaction = 13,
	NR_rt_sigprocmask = 14,
	NR_signalfd4 = 289,
	NR_sethostname = 170
};

static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#else
enum {
	NR_read = 3,
	NR_write = 4,
	NR_open = 5,
	NR_close = 6,
	NR_poll = 168,
	NR_ioctl = 54,
	NR_pipe = 42,
	NR_dup2 = 63,
	NR_fork = 2,
	NR_execve = 11,
	NR_exit = 1,
	NR_brk = 45,
	NR_wait4 = 114,
	NR_mkdir = 39,
	NR_sched_setscheduler = 156,
	NR_setsid = 66,
	NR_mount = 21,
	NR_swapon = 87,
	NR_reboot = 88,
	NR_chdir = 12,
	NR_kill = 37,
	NR_setpgid = 57,
	NR_rt_sigaction = 174,
	NR_rt_sigprocmask = 175,
	NR_signalfd4 = 327,
	NR_sethostname = 74
};

/* No call here has a sixth argument, so ebp stays the compiler's. */
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	long ret;

	(void)f;
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(n), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return ret;
}
#endif

#define SYS0(n)		    sys6(NR_##n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a)	    sys6(NR_##n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b)	    sys6(NR_##n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c)    sys6(NR_##n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) sys6(NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e)                                                                     \
	sys6(NR_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

#endif
