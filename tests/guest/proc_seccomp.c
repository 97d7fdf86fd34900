/* seccomp(2): strict mode, filters and what each verdict does, who inherits them, tracers, and the time-stamp counter. */
#include "trace.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>

struct insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
struct prog {
	unsigned short len;
	const struct insn *insns;
};
enum { SET_STRICT, SET_FILTER, ACTION_AVAIL, NOTIF_SIZES };
enum { F_TSYNC = 1, F_LOG = 2, F_SPEC = 4, F_LISTENER = 8, F_TSYNC_ESRCH = 16 };
enum { LD = 0x20, JEQ = 0x15, RET = 0x06, AT_NR = 0, AT_ARCH = 4, AT_IP = 8, AT_ARG0 = 16 };
#define KILL_PROCESS 0x80000000u
#define KILL_THREAD  0u
#define TRAP	     0x00030000u
#define ERRNO_OF     0x00050000u
#define USER_NOTIF   0x7fc00000u
#define TRACE_CALL   0x7ff00000u
#define LOG	     0x7ffc0000u
#define ALLOW	     0x7fff0000u
#define ARCH_OWN     (IS64 ? 0xc000003eu : 0x40000003u)
#define BASE_ERRNO   77

static int filter(const struct insn *insns, unsigned len, unsigned flags)
{
	struct prog p = { (unsigned short)len, insns };

	return (int)syscall(SYS_seccomp, SET_FILTER, flags, &p);
}

static int no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Call @nr has verdict @v, all others are allowed. */
static int filter_one(long nr, uint32_t v, unsigned flags)
{
	const struct insn p[] = { { LD, 0, 0, AT_NR },
				  { JEQ, 0, 1, (uint32_t)nr },
				  { RET, 0, 0, v },
				  { RET, 0, 0, ALLOW } };

	return filter(p, ARRAY_LEN(p), flags);
}

static void status_line(const char *name, char *out, size_t size)
{
	char buf[4096], *at;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	at = strstr(buf, name);
	snprintf(out, size, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
}

/* ---- what is refused ---- */

static void arguments(void)
{
	const struct insn good[] = { { RET, 0, 0, ALLOW } }, open_end[] = { { LD, 0, 0, 0 } },
			  beyond[] = { { LD, 0, 0, 64 }, { RET, 0, 0, ALLOW } };
	struct prog none = { 0, good }, wild = { 1, (const struct insn *)16 };
	uint32_t action = ALLOW;
	char line[80];

	EQ(prctl(PR_GET_SECCOMP), 0);
	FAILS(syscall(SYS_seccomp, 9, 0, NULL), EINVAL);
	FAILS(syscall(SYS_seccomp, SET_STRICT, 1, NULL), EINVAL);
	FAILS(syscall(SYS_seccomp, SET_STRICT, 0, &none), EINVAL);
	FAILS(syscall(SYS_seccomp, SET_FILTER, 0, &none), EINVAL);
	FAILS(syscall(SYS_seccomp, SET_FILTER, 0, 16), EFAULT);
	FAILS(syscall(SYS_seccomp, SET_FILTER, 0, &wild), EFAULT);
	FAILS(filter(good, 1, 1u << 20), EINVAL);
	FAILS(filter(open_end, 1, 0), EINVAL);
	FAILS(filter(beyond, 2, 0), EINVAL);
	FAILS(prctl(PR_SET_SECCOMP, 7, 0), EINVAL);
	FAILS(syscall(SYS_seccomp, NOTIF_SIZES, 0, line), EINVAL);
	EQ(syscall(SYS_seccomp, ACTION_AVAIL, 0, &action), 0);
	action = KILL_PROCESS;
	EQ(syscall(SYS_seccomp, ACTION_AVAIL, 0, &action), 0);
	action = USER_NOTIF;
	FAILS(syscall(SYS_seccomp, ACTION_AVAIL, 0, &action), EOPNOTSUPP);
	action = 0x12340000;
	FAILS(syscall(SYS_seccomp, ACTION_AVAIL, 0, &action), EOPNOTSUPP);
	FAILS(syscall(SYS_seccomp, ACTION_AVAIL, 1, &action), EINVAL);
	FAILS(syscall(SYS_seccomp, ACTION_AVAIL, 0, 16), EFAULT);
	status_line("Seccomp:", line, sizeof(line));
	STREQ(line, "Seccomp:\t0");
}

/* Filters are for those that can get no more rights, and for the administrator. */
static void rights(void)
{
	const struct insn good[] = { { RET, 0, 0, ALLOW } };
	char line[80];

	EQ(setuid(1000), 0);
	FAILS(filter(good, 1, 0), EACCES);
	EQ(no_new_privs(), 0);
	EQ(filter(good, 1, 0), 0);
	EQ(prctl(PR_GET_SECCOMP), 2);
	EQ(filter(good, 1, F_LOG | F_SPEC), 0);
	FAILS(prctl(PR_SET_SECCOMP, 1), EINVAL);
	FAILS(syscall(SYS_seccomp, SET_STRICT, 0, NULL), EINVAL);
	status_line("Seccomp:", line, sizeof(line));
	STREQ(line, "Seccomp:\t2");
	status_line("Seccomp_filters:", line, sizeof(line));
	STREQ(line, "Seccomp_filters:\t2");
}

/* All filters together have a size. */
static void too_many(void)
{
	static struct insn big[4096];
	unsigned n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(big); i++)
		big[i] = (struct insn){ RET, 0, 0, ALLOW };
	FAILS(filter(big, 4097, 0), EINVAL);
	while (n < 20 && filter(big, 4096, 0) == 0)
		n++;
	EQ(n, 7); /* 7 * 4096 + 6 * 4; eight are too many for 32768 with what each costs */
	EQ(errno, ENOMEM);
}

/* ---- strict ---- */

static int strict_reads(void *arg)
{
	int p[2];
	char c = 'x';

	NEED_IN_CHILD(pipe(p) == 0);
	NEED_IN_CHILD(prctl(PR_SET_SECCOMP, 1) == 0);
	if (write(p[1], &c, 1) != 1 || read(p[0], &c, 1) != 1)
		syscall(SYS_exit, 9);
	syscall(SYS_exit, 5);
	return 1;
}

static int strict_opens(void *arg)
{
	NEED_IN_CHILD(syscall(SYS_seccomp, SET_STRICT, 0, NULL) == 0);
	syscall(SYS_getpid);
	syscall(SYS_exit, 5);
	return 1;
}

/* exit_group is not exit. */
static int strict_ends_group(void *arg)
{
	NEED_IN_CHILD(prctl(PR_SET_SECCOMP, 1) == 0);
	syscall(SYS_exit_group, 5);
	return 1;
}

static int strict_tells_time(void *arg)
{
	NEED_IN_CHILD(prctl(PR_SET_SECCOMP, 1) == 0);
	__builtin_ia32_rdtsc();
	syscall(SYS_exit, 5);
	return 1;
}

static int run(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return tap_wait(pid);
}

static void strict(void)
{
	EQ(run(strict_reads, NULL), EXITED(5));
	EQ(run(strict_opens, NULL), SIGKILL);
	EQ(run(strict_ends_group, NULL), SIGKILL);
	EQ(run(strict_tells_time, NULL), SIGSEGV);
}

/* ---- verdicts ---- */

static void errors(void)
{
	EQ(filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, 0), 0);
	FAILS(syscall(SYS_getppid), BASE_ERRNO);
	CHECK(syscall(SYS_getpid) > 0);
	EQ(filter_one(SYS_getppid, ALLOW, 0), 0); /* the older one stays */
	FAILS(syscall(SYS_getppid), BASE_ERRNO);
	EQ(filter_one(SYS_getpgrp, ERRNO_OF, 0), 0); /* no error, and no call */
	EQ(syscall(SYS_getpgrp), 0);
	EQ(filter_one(SYS_getuid, ERRNO_OF | 0xffff, 0), 0);
	EQ(-(long)syscall(SYS_getuid), 1);
	EQ(errno, 4095);
	EQ(filter_one(SYS_getgid, LOG, 0), 0);
	EQ(syscall(SYS_getgid), 0);
	EQ(filter_one(SYS_getegid, TRACE_CALL | 3, 0), 0); /* nobody traces */
	FAILS(syscall(SYS_getegid), ENOSYS);
	EQ(filter_one(5000, ERRNO_OF | 6, 0), 0); /* numbers without a call, too */
	FAILS(syscall(5000), 6);
	FAILS(syscall(5001), ENOSYS);
}

/* The arguments, the number of the ABI and the place of the call are as they are. */
static void data(void)
{
	const uint32_t low[6] = { 11, 22, 33, 44, 55, 66 };
	struct insn p[48];
	unsigned n = 0;
	long ret;

	p[n++] = (struct insn){ LD, 0, 0, AT_NR };
	p[n++] = (struct insn){ JEQ, 1, 0, 4999 };
	p[n++] = (struct insn){ RET, 0, 0, ALLOW };
	p[n++] = (struct insn){ LD, 0, 0, AT_ARCH };
	p[n++] = (struct insn){ JEQ, 1, 0, ARCH_OWN };
	p[n++] = (struct insn){ RET, 0, 0, ERRNO_OF | 50 };
	for (unsigned i = 0; i < 6; i++) {
		p[n++] = (struct insn){ LD, 0, 0, AT_ARG0 + 8 * i };
		p[n++] = (struct insn){ JEQ, 1, 0, low[i] };
		p[n++] = (struct insn){ RET, 0, 0, ERRNO_OF | (60 + i) };
		p[n++] = (struct insn){ LD, 0, 0, AT_ARG0 + 8 * i + 4 };
		p[n++] = (struct insn){ JEQ, 1, 0, 0 };
		p[n++] = (struct insn){ RET, 0, 0, ERRNO_OF | (70 + i) };
	}
	p[n - 1] = (struct insn){ RET, 0, 0, ERRNO_OF | 75 };
	p[n++] = (struct insn){ RET, 0, 0, ERRNO_OF | 40 };
	EQ(filter(p, n, 0), 0);
	ret = syscall(4999, 11L, 22L, 33L, 44L, 55L, 66L);
	EQ(ret, -1);
	EQ(errno, 40);
	FAILS(syscall(4999, 11L, 22L, 33L, 44L, 55L, 67L), 65);
	if (IS64)
		FAILS(syscall(4999, 11L, 22L, 33L | 1L << (IS64 ? 32 : 0), 44L, 55L, 66L), 72);
}

static volatile int trapped_nr, trapped_errno, trapped_code;
static volatile uint32_t trapped_arch;
static void *volatile trapped_at;

static void on_sys(int sig, siginfo_t *info, void *context)
{
	trapped_nr = info->si_syscall;
	trapped_errno = info->si_errno;
	trapped_code = info->si_code;
	trapped_arch = info->si_arch;
	trapped_at = info->si_call_addr;
}

static void trap(void)
{
	struct sigaction act = { .sa_flags = SA_SIGINFO };

	act.sa_sigaction = on_sys;
	EQ(sigaction(SIGSYS, &act, NULL), 0);
	EQ(filter_one(SYS_getppid, TRAP | 123, 0), 0);
	EQ(syscall(SYS_getppid), SYS_getppid); /* the register has what was called */
	EQ(trapped_nr, SYS_getppid);
	EQ(trapped_errno, 123);
	EQ(trapped_code, 1);
	EQ(trapped_arch, ARCH_OWN);
	CHECK(trapped_at);
}

static int dies_of(void *arg)
{
	NEED_IN_CHILD(signal(SIGSYS, SIG_IGN) != SIG_ERR);
	NEED_IN_CHILD(filter_one(SYS_getppid, *(uint32_t *)arg, 0) == 0);
	syscall(SYS_getppid);
	return 4;
}

static volatile pid_t other;
static volatile int survived;

static void *other_calls(void *arg)
{
	other = (pid_t)syscall(SYS_gettid);
	syscall(SYS_getppid);
	survived = 1;
	return NULL;
}

static int thread_dies(void *arg)
{
	pthread_t t;

	NEED_IN_CHILD(filter_one(SYS_getppid, *(uint32_t *)arg, 0) == 0);
	NEED_IN_CHILD(pthread_create(&t, NULL, other_calls, NULL) == 0);
	while (!other || syscall(SYS_tgkill, getpid(), other, 0) == 0)
		sched_yield();
	return survived ? 5 : 4;
}

static void killing(void)
{
	uint32_t v[] = { KILL_THREAD, KILL_PROCESS, TRAP, 0x12340000 };

	for (unsigned i = 0; i < ARRAY_LEN(v); i++)
		EQ(run(dies_of, &v[i]) & 0x7f, SIGSYS);
	EQ(run(thread_dies, &v[0]), EXITED(4)); /* only the thread */
	EQ(run(thread_dies, &v[1]) & 0x7f, SIGSYS);
}

/* ---- who has them ---- */

static int is_filtered(void *arg)
{
	return syscall(SYS_getppid) == -1 && errno == BASE_ERRNO ? 5 : 4;
}

static int after_exec(void *arg)
{
	char *const args[] = { (char *)"proc_seccomp", (char *)"is-filtered", NULL };

	execv("/proc/self/exe", args);
	return 1;
}

static void inherited(void)
{
	EQ(filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, 0), 0);
	EQ(run(is_filtered, NULL), EXITED(5));
	EQ(run(after_exec, NULL), EXITED(5));
}

static int go[2], back[2];
static volatile int spin;

static void *sleeps(void *arg)
{
	char c = 'r';

	if (arg && filter_one(SYS_getuid, ERRNO_OF | 9, 0))
		return NULL;
	if (write(back[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
		return NULL;
	return (void *)(intptr_t)is_filtered(NULL);
}

static void *spins(void *arg)
{
	char c = 's';

	if (write(back[1], &c, 1) != 1)
		return NULL;
	while (!spin)
		;
	return (void *)(intptr_t)is_filtered(NULL);
}

/* All threads of the process, asleep or computing on another CPU, have the filter when the call has returned. */
static void all_threads(void)
{
	pthread_t t[2];
	void *ret;
	char c;

	NEED(pipe(go) == 0 && pipe(back) == 0);
	NEED(pthread_create(&t[0], NULL, sleeps, NULL) == 0);
	NEED(pthread_create(&t[1], NULL, spins, NULL) == 0);
	EQ(read(back[0], &c, 1), 1);
	EQ(read(back[0], &c, 1), 1);
	EQ(filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, F_TSYNC), 0);
	spin = 1;
	EQ(write(go[1], "x", 1), 1);
	for (int i = 0; i < 2; i++) {
		EQ(pthread_join(t[i], &ret), 0);
		EQ((intptr_t)ret, 5);
	}
}

/* ---- no_new_privs, of a thread and of those it makes ---- */

static void *asks(void *arg)
{
	return (void *)(intptr_t)(3 + prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void *sets_and_makes(void *arg)
{
	void *ret = NULL;
	pthread_t t;

	if (no_new_privs() || pthread_create(&t, NULL, asks, NULL) || pthread_join(t, &ret))
		return NULL;
	return ret;
}

static void *waits_and_asks(void *arg)
{
	char c = 'r';

	if (write(back[1], &c, 1) != 1 || read(*(int *)arg, &c, 1) != 1)
		return NULL;
	return asks(NULL);
}

static int exec_asks(void *arg)
{
	char *const args[] = { (char *)"proc_seccomp", (char *)"no-new-privs", NULL };

	execv("/proc/self/exe", args);
	return 1;
}

static intptr_t join(pthread_t t)
{
	void *ret = NULL;

	EQ(pthread_join(t, &ret), 0);
	return (intptr_t)ret;
}

static void of_one_thread(void)
{
	char line[64], c;
	pthread_t t, t2;
	int later[2];

	NEED(pipe(go) == 0 && pipe(back) == 0 && pipe(later) == 0);
	NEED(pthread_create(&t, NULL, sets_and_makes, NULL) == 0);
	EQ(join(t), 4);
	EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0); /* not the others' */
	status_line("NoNewPrivs:", line, sizeof(line));
	STREQ(line, "NoNewPrivs:\t0");
	EQ(run(exec_asks, NULL), EXITED(3));
	NEED(pthread_create(&t, NULL, waits_and_asks, &go[0]) == 0);
	NEED(pthread_create(&t2, NULL, waits_and_asks, &later[0]) == 0);
	EQ(read(back[0], &c, 1), 1);
	EQ(read(back[0], &c, 1), 1);
	EQ(no_new_privs(), 0);
	status_line("NoNewPrivs:", line, sizeof(line));
	STREQ(line, "NoNewPrivs:\t1");
	EQ(write(go[1], "x", 1), 1);
	EQ(join(t), 3);
	EQ(run(exec_asks, NULL), EXITED(4));
	EQ(filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, F_TSYNC), 0); /* goes with the filter */
	EQ(write(later[1], "x", 1), 1);
	EQ(join(t2), 4);
}

/* ... unless one of them has filters that the caller has not. */
static void strangers(void)
{
	pthread_t t;
	void *ret;
	char c;
	long tid;

	NEED(pipe(go) == 0 && pipe(back) == 0);
	NEED(pthread_create(&t, NULL, sleeps, "own") == 0);
	EQ(read(back[0], &c, 1), 1);
	tid = filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, F_TSYNC);
	CHECK(tid > getpid());
	FAILS(filter_one(SYS_getppid, ERRNO_OF | BASE_ERRNO, F_TSYNC | F_TSYNC_ESRCH), ESRCH);
	EQ(prctl(PR_GET_SECCOMP), 0);
	EQ(write(go[1], "x", 1), 1);
	EQ(pthread_join(t, &ret), 0);
	EQ((intptr_t)ret, 4);
}

/* ---- tracers ---- */

struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp, nr, args[6];
	uint32_t ret_data;
};

static pid_t traced(uint32_t verdict)
{
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		if (filter_one(SYS_getppid, verdict, 0))
			_exit(1);
		_exit(syscall(SYS_getppid, 3L) == 4242 ? 5 : errno);
	}
	EQ(next_stop(pid), STOPPED(SIGSTOP));
	return pid;
}

static void tracing(void)
{
	struct call_info info;
	struct utsname u;
	unsigned long message = 0;
	pid_t pid;

	NEED(uname(&u) == 0);
	if (!IS64 && !strcmp(u.machine, "x86_64")) {
		tap_skip_reason = "a 32-bit tracer";
		return;
	}
	pid = traced(TRACE_CALL | 321);
	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 0x80), 0);
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(next_stop(pid), EVENT(7));
	EQ(trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&message), 0);
	EQ(message, 321);
	memset(&info, 0, sizeof(info));
	EQ(trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (unsigned long)&info),
	   offsetof(struct call_info, ret_data) + 4);
	EQ(info.op, 3);
	EQ(info.nr, SYS_getppid);
	EQ(info.args[0], 3);
	EQ(info.ret_data, 321);
	/* The tracer has the last word: no call, and a result of its own. */
	EQ(trace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.REG_NR), -1L), 0);
	EQ(trace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.REG_AX), 4242), 0);
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(next_stop(pid), EXITED(5));
	/* It has not asked for these stops. */
	pid = traced(TRACE_CALL);
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(next_stop(pid), EXITED(ENOSYS));
	/* A traced thread's filters are asked after its tracer. */
	pid = traced(ERRNO_OF | BASE_ERRNO);
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(next_stop(pid), EXITED(BASE_ERRNO));
}

/* ---- the counter ---- */

static int reads_counter(void *arg)
{
	__builtin_ia32_rdtsc();
	return 5;
}

static void time_stamps(void)
{
	int how = 0;

	EQ(prctl(PR_GET_TSC, &how), 0);
	EQ(how, PR_TSC_ENABLE);
	FAILS(prctl(PR_SET_TSC, 3), EINVAL);
	EQ(run(reads_counter, NULL), EXITED(5));
	EQ(prctl(PR_SET_TSC, PR_TSC_SIGSEGV), 0);
	EQ(prctl(PR_GET_TSC, &how), 0);
	EQ(how, PR_TSC_SIGSEGV);
	EQ(run(reads_counter, NULL) & 0x7f, SIGSEGV); /* a child has it from its parent */
	sched_yield();
	EQ(prctl(PR_SET_TSC, PR_TSC_ENABLE), 0);
	EQ(run(reads_counter, NULL), EXITED(5));
	__builtin_ia32_rdtsc();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(arguments),	 T(rights),	   T(too_many),
						 T(strict),	 T(errors),	   T(data),
						 T(trap),	 T(killing),	   T(inherited),
						 T(all_threads), T(strangers),	   T(tracing),
						 T(time_stamps), T(of_one_thread), TEND };

	if (argc > 1 && !strcmp(argv[1], "is-filtered"))
		return is_filtered(NULL);
	if (argc > 1 && !strcmp(argv[1], "no-new-privs"))
		return 3 + prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return tap_main(argc, argv, tests);
}
