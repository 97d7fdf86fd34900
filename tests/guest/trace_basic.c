/* ptrace(2): memory, registers, single steps, watched addresses, system calls. */
#include "trace.h"

#include <sys/uio.h>

enum { USER_AREA = IS64 ? 928 : 284 }; /* struct user, as the kernel has it */
static volatile long word = 0x1234;
static const volatile long constant = 77;
static volatile long shared_answer[4];

static int nothing(void *arg)
{
	return 3;
}

static void copy_self(const char *to)
{
	static char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY),
	    out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		EQ(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
}

/* A child that is traced executes the file of another user. Return: in the tracer, the child's exit status: did it become he? */
static int becomes_another(void)
{
	char *const args[] = { (char *)"trace_basic", (char *)"ids", NULL };
	pid_t pid = fork();

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv("another", args);
		_exit(9);
	}
	if (next_stop(pid) != STOPPED(SIGTRAP) || ptrace(PTRACE_CONT, pid, 0, 0))
		return -1;
	return next_stop(pid);
}

/* A program must not hand rights that its tracer lacks to its tracer. */
static void rights_of_another(void)
{
	pid_t pid;

	copy_self("another");
	EQ(chown("another", 1234, 1235), 0);
	EQ(chmod("another", 06755), 0);
	EQ(becomes_another(), EXITED(7)); /* the tracer may anything */
	pid = fork();
	if (pid == 0) {
		if (setgid(55) || setuid(55))
			_exit(1);
		_exit(becomes_another() == EXITED(8) ? 0 : 2);
	}
	EQ(tap_wait(pid), EXITED(0));
	unlink("another");
}

static void errors(void)
{
	pid_t pid = fork();
	long v;

	if (pid == 0) {
		pause();
		_exit(0);
	}
	FAILS(trace(PTRACE_CONT, pid, 0, 0), ESRCH);
	FAILS(trace(PTRACE_PEEKDATA, pid, (unsigned long)&word, (unsigned long)&v), ESRCH);
	FAILS(trace(PTRACE_CONT, 0, 0, 0), ESRCH);
	FAILS(trace(PTRACE_ATTACH, 999999, 0, 0), ESRCH);
	FAILS(trace(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
	FAILS(trace(PTRACE_SEIZE, pid, 1, 0), EIO);
	FAILS(trace(PTRACE_SEIZE, pid, 0, 0x10000), EIO);
	EQ(trace(PTRACE_SEIZE, pid, 0, 0), 0);
	FAILS(trace(PTRACE_SEIZE, pid, 0, 0), EPERM);
	FAILS(trace(PTRACE_ATTACH, pid, 0, 0), EPERM);
	FAILS(trace(PTRACE_CONT, pid, 0, 0), ESRCH); /* it runs */
	finish(pid);
	pid = traced_child(nothing, NULL);
	FAILS(trace(PTRACE_CONT, pid, 0, 65), EIO);
	FAILS(trace(PTRACE_DETACH, pid, 0, 65), EIO);
	FAILS(trace(PTRACE_SETOPTIONS, pid, 0, 0x100), EINVAL);
	FAILS(trace(PTRACE_LISTEN, pid, 0, 0), EIO);
	FAILS(trace(PTRACE_INTERRUPT, pid, 0, 0), EIO);
	FAILS(trace(1000, pid, 0, 0), EIO);
	FAILS(trace(PTRACE_PEEKUSER, pid, 1, (unsigned long)&v), EIO);
	FAILS(trace(PTRACE_PEEKUSER, pid, USER_AREA, (unsigned long)&v), EIO);
	FAILS(trace(PTRACE_POKEUSER, pid, USER_AREA, 0), EIO);
	FAILS(trace(PTRACE_PEEKDATA, pid, 8, (unsigned long)&v), EIO);
	FAILS(trace(PTRACE_POKEDATA, pid, 8, 0), EIO);
	FAILS(trace(PTRACE_PEEKDATA, pid, (unsigned long)&word, 8), EFAULT);
	FAILS(trace(PTRACE_GETREGS, pid, 0, 8), EFAULT);
	FAILS(trace(PTRACE_GETREGSET, pid, 0x999, (unsigned long)&(struct iovec){ &v, 4 }), EINVAL);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(3));
	FAILS(trace(PTRACE_CONT, pid, 0, 0), ESRCH);
}

static int twice(void *arg)
{
	int first = (int)syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0), err = errno;

	return first == -1 && err == EPERM ? 0 : 1;
}

static void one_tracer(void)
{
	pid_t pid = traced_child(twice, NULL);
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "State:\tt (tracing stop)\n"));
	snprintf(path, sizeof(path), "TracerPid:\t%d\n", getpid());
	CHECK(strstr(text, path));
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static int look_at_words(void *arg)
{
	return word == 0x55 && constant == 88 ? 0 : 1;
}

static void memory(void)
{
	pid_t pid = traced_child(look_at_words, NULL);

	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&word), 0x1234);
	EQ(peek(PTRACE_PEEKTEXT, pid, (unsigned long)&constant), 77);
	EQ(trace(PTRACE_POKEDATA, pid, (unsigned long)&word, 0x55), 0);
	EQ(trace(PTRACE_POKETEXT, pid, (unsigned long)&constant, 88),
	   0); /* a copy of a read-only page */
	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&constant), 88);
	EQ(word, 0x1234);
	EQ(constant, 77);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

__attribute__((noinline)) static long tripled(long n)
{
	__asm__ volatile("");
	return n * 3;
}

static int call_tripled(void *arg)
{
	return (int)tripled(5);
}

/* A breakpoint: in the child's copy of the page alone. */
static void breakpoint(void)
{
	unsigned long at = (unsigned long)tripled;
	pid_t pid = traced_child(call_tripled, NULL);
	long code = peek(PTRACE_PEEKTEXT, pid, at);
	struct user_regs_struct r;
	siginfo_t info;

	EQ(trace(PTRACE_POKETEXT, pid, at, (unsigned long)((code & ~0xffL) | 0xcc)), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTRAP));
	r = regs_of(pid);
	EQ(r.REG_IP, at + 1);
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_signo, SIGTRAP);
	EQ(info.si_code, 0x80);
	EQ(tripled(1), 3);
	r.REG_IP = at;
	set_regs(pid, &r);
	EQ(trace(PTRACE_POKETEXT, pid, at, (unsigned long)code), 0);
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	CHECK((unsigned long)regs_of(pid).REG_IP > at);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(15));
}

extern const char steps_begin[], steps_end[], step_call[], after_call[];
__attribute__((noinline, used)) static void steps(void)
{
	__asm__ volatile(".globl steps_begin, steps_end, step_call, after_call\n"
			 "steps_begin: nop\n"
			 "nop\n"
			 "step_call: "
#ifdef __x86_64__
			 "syscall\n"
#else
			 "int $0x80\n"
#endif
			 "after_call: nop\n"
			 "steps_end: nop\n" ::"a"(SYS_getppid)
			 : "memory", "cc"
#ifdef __x86_64__
			   ,
			   "rcx", "r11"
#endif
	);
}

static int do_steps(void *arg)
{
	unsigned long flags;

	raise(SIGUSR1);
	steps();
	__asm__ volatile("pushf; pop %0" : "=r"(flags));
	return flags >> 8 & 1;
}

/* Run the child to @at by a breakpoint. */
static void run_to(pid_t pid, unsigned long at)
{
	long code = peek(PTRACE_PEEKTEXT, pid, at);
	struct user_regs_struct r;

	EQ(trace(PTRACE_POKETEXT, pid, at, (unsigned long)((code & ~0xffL) | 0xcc)), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTRAP));
	EQ(trace(PTRACE_POKETEXT, pid, at, (unsigned long)code), 0);
	r = regs_of(pid);
	EQ(r.REG_IP, at + 1);
	r.REG_IP = at;
	set_regs(pid, &r);
}

static void single_steps(void)
{
	pid_t pid = traced_child(do_steps, NULL);
	siginfo_t info;

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	run_to(pid, (unsigned long)steps_begin);
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)steps_begin + 1);
	EQ(regs_of(pid).REG_FL & 0x100, 0); /* the tracer's flag, not the program's */
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_code, 2); /* TRAP_TRACE */
	CHECK(info.si_addr == (void *)(steps_begin + 1));
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)step_call);
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP)); /* over the call */
	EQ(regs_of(pid).REG_IP, (unsigned long)after_call);
	EQ(regs_of(pid).REG_AX, getpid());
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)steps_end);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static int step_pipe[2];

static int fork_in_steps(void *arg)
{
	raise(SIGUSR1);
	steps();
	return write(step_pipe[1], "x", 1) != 1;
}

/* The child of a thread that is single-stepped over fork(2) is not: it would die of SIGTRAP. */
static void step_over_fork(void)
{
	struct user_regs_struct r;
	char bytes[4];
	int status;
	pid_t pid;

	NEED(pipe(step_pipe) == 0);
	pid = traced_child(fork_in_steps, NULL);
	close(step_pipe[1]);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	run_to(pid, (unsigned long)step_call);
	r = regs_of(pid);
	r.REG_AX = SYS_fork;
	set_regs(pid, &r);
	EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)after_call);
	CHECK((long)regs_of(pid).REG_AX > pid);
	do
		status = go_on(PTRACE_CONT, pid, 0);
	while (status == STOPPED(SIGCHLD)); /* its child may be the first to end */
	EQ(status, EXITED(0));
	EQ(read(step_pipe[0], bytes, 1), 1);
	EQ(read(step_pipe[0], bytes, 1), 1);
	close(step_pipe[0]);
}

static void handler(int sig)
{
	word = 99;
}

static int with_handler(void *arg)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	return word == 99 ? 0 : 1;
}

static void step_into_handler(void)
{
	pid_t pid = traced_child(with_handler, NULL);

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(go_on(PTRACE_SINGLESTEP, pid, SIGUSR1), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)handler);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static void user_area(void)
{
	pid_t pid = traced_child(nothing, NULL);
	struct user_regs_struct r = regs_of(pid), set;
	struct iovec v = { &set, sizeof(set) };
	size_t flags_at = offsetof(struct user_regs_struct, REG_FL);

	EQ(peek(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, REG_IP)), (long)r.REG_IP);
	EQ(peek(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, REG_SP)), (long)r.REG_SP);
	EQ(trace(PTRACE_GETREGSET, pid, 1, (unsigned long)&v), 0);
	EQ(v.iov_len, sizeof(set));
	EQ(memcmp(&set, &r, sizeof(r)), 0);
	v.iov_len = 2 * sizeof(long);
	set.REG_IP = 0;
	EQ(trace(PTRACE_GETREGSET, pid, 1, (unsigned long)&v), 0);
	EQ(v.iov_len, 2 * sizeof(long));
	/* what user mode may not have */
	EQ(trace(PTRACE_POKEUSER, pid, flags_at, 0xffffffff), 0);
	EQ(peek(PTRACE_PEEKUSER, pid, flags_at) & 0x23000, 0);
	EQ(peek(PTRACE_PEEKUSER, pid, flags_at) & 0x202, 0x202);
	EQ(trace(PTRACE_POKEUSER, pid, flags_at, r.REG_FL), 0);
#ifdef __x86_64__
	FAILS(trace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, cs), 0x10), EIO);
	FAILS(trace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, ss), 0), EIO);
	FAILS(trace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, fs_base), -4096UL),
	      EIO);
	EQ(r.cs, 0x33);
	EQ(r.ss, 0x2b);
	CHECK(r.fs_base != 0);
#else
	FAILS(trace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, xcs), 0x60), EIO);
	FAILS(trace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, xss), 0), EIO);
	EQ(r.xcs, 0x73);
	EQ(r.xss, 0x7b);
#endif
	EQ(trace(PTRACE_POKEUSER, pid, offsetof(struct user, u_tsize), 0), -1);
	EQ(peek(PTRACE_PEEKUSER, pid, offsetof(struct user, u_tsize)), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(3));
}

static int with_doubles(void *arg)
{
	volatile double d = 1.5;

	__asm__ volatile("fldl %0" ::"m"(d));
	raise(SIGUSR1);
	__asm__ volatile("fstpl %0" : "=m"(d));
	return d == 2.5 ? 0 : 1;
}

/* An 80-bit number at the top of the x87 stack. */
static void floating_point(void)
{
	static const unsigned char one_half[10] = { 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0x3f },
				   five_halves[10] = { 0, 0, 0, 0, 0, 0, 0, 0xa0, 0x00, 0x40 };
	size_t at = IS64 ? 32 : 28;
	unsigned char fp[512];
	struct iovec v = { fp, sizeof(fp) };
	pid_t pid = traced_child(with_doubles, NULL);

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_GETFPREGS, pid, 0, (unsigned long)fp), 0);
	EQ(memcmp(fp + at, one_half, 10), 0);
	memcpy(fp + at, five_halves, 10);
	EQ(trace(PTRACE_SETFPREGS, pid, 0, (unsigned long)fp), 0);
	memset(fp, 0, sizeof(fp));
	EQ(trace(PTRACE_GETREGSET, pid, 2, (unsigned long)&v), 0);
	EQ(v.iov_len, IS64 ? 512 : 108);
	EQ(memcmp(fp + at, five_halves, 10), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

#define DEBUG_REG(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))

static int write_words(void *arg)
{
	raise(SIGUSR1);
	shared_answer[0] = 1;
	shared_answer[1] = 2;
	shared_answer[2] = 3;
	tripled(1);
	if (read(*(int *)arg, (void *)&shared_answer[1], 4) != 4)
		return 1;
	return 0;
}

static void watchpoints(void)
{
	int fds[2];
	pid_t pid;
	siginfo_t info;

	NEED(pipe(fds) == 0);
	EQ(write(fds[1], "abcd", 4), 4);
	pid = traced_child(write_words, &fds[0]);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(0), (unsigned long)&shared_answer[1]), 0);
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(1), (unsigned long)tripled), 0);
	FAILS(trace(PTRACE_POKEUSER, pid, DEBUG_REG(2), -4096UL), EINVAL);
	FAILS(trace(PTRACE_POKEUSER, pid, DEBUG_REG(4), 1), EIO);
	FAILS(trace(PTRACE_POKEUSER, pid, DEBUG_REG(7), 1 | 2 << 16), EINVAL); /* ports */
	/* 0: 4 bytes are written; 1: executed */
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(7), 1 | 4 | 0xd << 16), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTRAP));
	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&shared_answer[0]), 1);
	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&shared_answer[1]), 2);
	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&shared_answer[2]), 0);
	EQ(peek(PTRACE_PEEKUSER, pid, DEBUG_REG(6)) & 0xf, 1);
	EQ(peek(PTRACE_PEEKUSER, pid, DEBUG_REG(0)), (long)&shared_answer[1]);
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_code, 4); /* TRAP_HWBKPT */
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(6), 0), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_IP, (unsigned long)tripled);
	EQ(peek(PTRACE_PEEKUSER, pid, DEBUG_REG(6)) & 0xf, 2);
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(7), 1 | 0xd << 16), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0)); /* what a system call writes is not watched */
	close(fds[0]);
	close(fds[1]);
}

/* Stepped and watched at once: the step that writes the word says both, and neither kernel nor program is lost. */
static void watched_steps(void)
{
	enum { DR6_STEP = 0x4000, STEPS = 5000 };
	int fds[2], hits = 0;
	long said;
	pid_t pid;

	NEED(pipe(fds) == 0);
	EQ(write(fds[1], "abcd", 4), 4);
	pid = traced_child(write_words, &fds[0]);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(0), (unsigned long)&shared_answer[1]), 0);
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(7), 1 | 0xd << 16), 0);
	EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&shared_answer[1]), 0);
	for (int i = 0; i < STEPS && !hits && !tap_failures; i++) {
		EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(6), 0), 0);
		EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
		said = peek(PTRACE_PEEKUSER, pid, DEBUG_REG(6));
		EQ(!!(said & DR6_STEP), 1);
		hits += said & 0xf;
		EQ(peek(PTRACE_PEEKDATA, pid, (unsigned long)&shared_answer[1]), hits ? 2 : 0);
	}
	EQ(hits, 1);
	for (int i = 0; i < 10; i++)
		EQ(go_on(PTRACE_SINGLESTEP, pid, 0), STOPPED(SIGTRAP));
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
	close(fds[0]);
	close(fds[1]);
}

static int load_ss_and_call(void *arg)
{
	long result = SYS_getppid;
	unsigned short ss;

	(void)arg;
	__asm__("movw %%ss, %0" : "=r"(ss));
	shared_answer[1] = ss;
	raise(SIGUSR1);
#ifdef __x86_64__
	__asm__ volatile("movw %1, %%ss; syscall"
			 : "+a"(result)
			 : "m"(shared_answer[1])
			 : "rcx", "r11", "memory");
#else
	__asm__ volatile("movw %1, %%ss; int $0x80"
			 : "+a"(result)
			 : "m"(shared_answer[1])
			 : "memory");
#endif
	return result == getppid() ? 0 : 1;
}

/*
 * The load of SS puts off what its operand's watchpoint has to say until the next instruction is over, on most processors: that is
 * a call, and the trap comes on the kernel's first instruction, with the program's stack pointer.
 */
static void watched_ss(void)
{
	pid_t pid = traced_child(load_ss_and_call, NULL);
	int status;

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(0), (unsigned long)&shared_answer[1]), 0);
	EQ(trace(PTRACE_POKEUSER, pid, DEBUG_REG(7), 1 | 0xf << 16), 0); /* read or written */
	status = go_on(PTRACE_CONT, pid, 0);
	if (status == STOPPED(SIGTRAP))
		status = go_on(PTRACE_CONT, pid, 0);
	EQ(status, EXITED(0));
}

static int calls(void *arg)
{
	long a, b, c;

	raise(SIGUSR1);
	a = syscall(SYS_getppid);
	b = syscall(SYS_close, 12345);
	c = syscall(SYS_getpid);
	return a == 4242 && b == -1 && errno == EBADF && c == 17 ? 0 : 1;
}

struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t ip, sp;
	union {
		struct {
			uint64_t nr, args[6];
		} entry;
		struct {
			int64_t result;
			uint8_t is_error;
		} exit;
	};
};

static struct call_info info_of_call(pid_t pid, long size)
{
	struct call_info info;

	memset(&info, 0xee, sizeof(info));
	EQ(trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), (unsigned long)&info), size);
	EQ(info.arch, IS64 ? 0xc000003e : 0x40000003);
	return info;
}

static void system_calls(void)
{
	pid_t pid = traced_child(calls, NULL);
	struct user_regs_struct r;
	struct call_info info;
	unsigned long message = 9;

	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 1), 0); /* TRACESYSGOOD */
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	info = info_of_call(pid, 24);
	EQ(info.op, 0);
	/* the result of the first is changed */
	do {
		EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
		r = regs_of(pid);
	} while (!tap_failures && r.REG_NR != SYS_getppid);
	EQ((long)r.REG_AX, -ENOSYS);
	info = info_of_call(pid, 80);
	EQ(info.op, 1);
	EQ(info.entry.nr, SYS_getppid);
	EQ(trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&message), 0);
	EQ(message, 1);
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
	r = regs_of(pid);
	EQ(r.REG_AX, getpid());
	EQ(r.REG_NR, SYS_getppid);
	info = info_of_call(pid, 33);
	EQ(info.op, 2);
	EQ(info.exit.result, getpid());
	EQ(info.exit.is_error, 0);
	r.REG_AX = 4242;
	set_regs(pid, &r);
	/* the second is seen with its argument and its error */
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
	info = info_of_call(pid, 80);
	EQ(info.entry.nr, SYS_close);
	EQ(info.entry.args[0], 12345);
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
	info = info_of_call(pid, 33);
	EQ(info.exit.result, -EBADF);
	EQ(info.exit.is_error, 1);
	/* the third does not take place */
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
	r = regs_of(pid);
	EQ(r.REG_NR, SYS_getpid);
	r.REG_NR = -1;
	r.REG_AX = 17;
	set_regs(pid, &r);
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP);
	EQ(regs_of(pid).REG_AX, 17);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static int number_changed(void *arg)
{
	raise(SIGUSR1);
	return syscall(SYS_close, -1, 0, 0) == getppid() && syscall(1000000) == -1 &&
			       errno == ENOSYS
		       ? 0
		       : 1;
}

static void another_call(void)
{
	pid_t pid = traced_child(number_changed, NULL);
	struct user_regs_struct r;

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	do {
		EQ(go_on(PTRACE_SYSCALL, pid, 0), STOPPED(SIGTRAP)); /* no TRACESYSGOOD */
		r = regs_of(pid);
	} while (!tap_failures && r.REG_NR != SYS_close);
	r.REG_NR = SYS_getppid;
	set_regs(pid, &r);
	EQ(go_on(PTRACE_SYSCALL, pid, 0), STOPPED(SIGTRAP));
	EQ(regs_of(pid).REG_AX, getpid());
	do {
		EQ(go_on(PTRACE_SYSCALL, pid, 0), STOPPED(SIGTRAP));
		r = regs_of(pid);
	} while (!tap_failures && r.REG_NR != 1000000);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0)); /* no stop at its end */
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(errors),     T(rights_of_another), T(one_tracer),	T(memory),
		T(breakpoint), T(single_steps),	     T(step_over_fork), T(step_into_handler),
		T(user_area),  T(floating_point),    T(watchpoints),	T(watched_steps),
		T(watched_ss), T(system_calls),	     T(another_call),	TEND
	};

	if (argc > 1 && !strcmp(argv[1], "ids"))
		return geteuid() == 1234 && getegid() == 1235 ? 7 : getuid() == geteuid() ? 8 : 9;
	return tap_main(argc, argv, tests);
}
