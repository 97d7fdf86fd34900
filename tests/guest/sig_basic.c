/* Signals: actions, masks, restart, information, stacks, nesting, waiting, queues, job control, and whole registers back. */
#include "tap.h"

#include <setjmp.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

static volatile int count, last, order[64];
static siginfo_t seen;
static sigset_t mask_inside;

static void counting(int sig)
{
	if (count < 64)
		order[count] = sig;
	count++;
	last = sig;
}

static void noting(int sig, siginfo_t *info, void *context)
{
	counting(sig);
	seen = *info;
	sigprocmask(SIG_SETMASK, NULL, &mask_inside);
}

static void act(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

static sigset_t set_of(int a, int b)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}

static void block(int sig)
{
	sigset_t s = set_of(sig, 0);

	sigprocmask(SIG_BLOCK, &s, NULL);
}

static void unblock(int sig)
{
	sigset_t s = set_of(sig, 0);

	sigprocmask(SIG_UNBLOCK, &s, NULL);
}

static void actions(void)
{
	struct sigaction sa, old;

	EQ(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = counting;
	EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	count = 0;
	EQ(raise(SIGUSR1), 0);
	EQ(count, 1);
	EQ(last, SIGUSR1);
	EQ(kill(getpid(), SIGUSR1), 0);
	EQ(count, 2);
	signal(SIGUSR1, SIG_IGN);
	EQ(raise(SIGUSR1), 0);
	EQ(count, 2);
	sa.sa_flags = SA_RESETHAND;
	EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	EQ(raise(SIGUSR1), 0);
	EQ(count, 3);
	EQ(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
	FAILS(sigaction(SIGKILL, &sa, NULL), EINVAL);
	FAILS(sigaction(SIGSTOP, &sa, NULL), EINVAL);
	EQ(sigaction(SIGKILL, NULL, &old), 0);
	FAILS(sigaction(65, &sa, NULL), EINVAL);
	FAILS(sigaction(0, &sa, NULL), EINVAL);
	FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL);
}

static int may_have_action(int sig)
{
	return sig != SIGKILL && sig != SIGSTOP &&
	       (sig < 32 || sig >= SIGRTMIN); /* the library keeps some */
}

/* How many signals have the action that was given to all of them, and how many none at all. */
static void count_actions(int *given, int *none)
{
	struct sigaction sa;

	*given = *none = 0;
	for (int sig = 1; sig <= 64; sig++) {
		if (!may_have_action(sig) || sigaction(sig, NULL, &sa))
			continue;
		*given += sa.sa_handler == counting && (sa.sa_flags & SA_NODEFER) &&
			  sigismember(&sa.sa_mask, SIGTERM) == 1;
		*none += sa.sa_handler == SIG_DFL && !(sa.sa_flags & SA_NODEFER) &&
			 sigismember(&sa.sa_mask, SIGTERM) == 0;
	}
}

enum { ALL_ACTIONS = 64 - 2 - 2 }; /* of musl, of which SIGRTMIN is 35, one fewer */

static int has_all(void *arg)
{
	int given, none, all = ALL_ACTIONS - (SIGRTMIN - 34);

	count_actions(&given, &none);
	return given == all && none == 0 ? 0 : 1;
}

/* A child has its parent's actions; what it changes is its own. */
static int with_all(void *arg)
{
	struct sigaction sa = { .sa_handler = counting, .sa_flags = SA_NODEFER };

	sigaddset(&sa.sa_mask, SIGTERM);
	for (int sig = 1; sig <= 64; sig++)
		if (may_have_action(sig) && sigaction(sig, &sa, NULL))
			return 2;
	if (has_all(NULL) || tap_child(has_all, NULL))
		return 3;
	signal(SIGUSR1, SIG_DFL);
	return has_all(NULL) ? 0 : 4;
}

static int has_none(void *arg)
{
	int given, none, all = ALL_ACTIONS - (SIGRTMIN - 34);

	count_actions(&given, &none);
	return given == 0 && none == all ? 0 : 1;
}

/* What a process sets does not come back in the next one that gets its memory. */
static void actions_end_with_the_process(void)
{
	for (int i = 0; i < 4; i++) {
		EQ(tap_child(with_all, NULL), 0);
		EQ(tap_child(has_none, NULL), 0);
	}
}

static void masks(void)
{
	sigset_t pend, s;

	act(SIGUSR1, noting, 0);
	count = 0;
	block(SIGUSR1);
	raise(SIGUSR1);
	raise(SIGUSR1); /* an ordinary signal is pending once */
	EQ(count, 0);
	EQ(sigpending(&pend), 0);
	EQ(sigismember(&pend, SIGUSR1), 1);
	EQ(sigismember(&pend, SIGUSR2), 0);
	unblock(SIGUSR1);
	EQ(count, 1);
	EQ(sigpending(&pend), 0);
	EQ(sigismember(&pend, SIGUSR1), 0);
	EQ(sigismember(&mask_inside, SIGUSR1), 1); /* blocked in its own handler */
	sigprocmask(SIG_SETMASK, NULL, &s);
	EQ(sigismember(&s, SIGUSR1), 0);
	FAILS(syscall(SYS_rt_sigprocmask, 77, &s, NULL, 8), EINVAL);
	/* SIGKILL and SIGSTOP cannot be blocked: silently. */
	sigfillset(&s);
	EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &s, NULL, 8), 0);
	sigprocmask(SIG_SETMASK, NULL, &s);
	EQ(sigismember(&s, SIGKILL), 0);
	EQ(sigismember(&s, SIGSTOP), 0);
	EQ(sigismember(&s, SIGTERM), 1);
}

static void pending_then_ignored(void)
{
	sigset_t pend;

	act(SIGUSR1, noting, 0);
	count = 0;
	block(SIGUSR1);
	raise(SIGUSR1);
	signal(SIGUSR1, SIG_IGN); /* discards what is pending */
	EQ(sigpending(&pend), 0);
	EQ(sigismember(&pend, SIGUSR1), 0);
	act(SIGUSR1, noting, 0);
	unblock(SIGUSR1);
	EQ(count, 0);
}

static void nodefer_and_mask(void)
{
	struct sigaction sa = { .sa_sigaction = noting, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sa.sa_mask = set_of(SIGUSR2, SIGHUP);
	EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	raise(SIGUSR1);
	EQ(sigismember(&mask_inside, SIGUSR1), 0);
	EQ(sigismember(&mask_inside, SIGUSR2), 1);
	EQ(sigismember(&mask_inside, SIGHUP), 1);
	EQ(sigismember(&mask_inside, SIGTERM), 0);
}

static void information(void)
{
	union sigval v = { .sival_int = 4711 };

	act(SIGUSR1, noting, 0);
	act(SIGRTMIN, noting, 0);
	kill(getpid(), SIGUSR1);
	EQ(seen.si_signo, SIGUSR1);
	EQ(seen.si_code, SI_USER);
	EQ(seen.si_pid, getpid());
	EQ(seen.si_uid, getuid());
	EQ(sigqueue(getpid(), SIGRTMIN, v), 0);
	EQ(seen.si_signo, SIGRTMIN);
	EQ(seen.si_code, SI_QUEUE);
	EQ(seen.si_value.sival_int, 4711);
	EQ(seen.si_pid, getpid());
	EQ(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1), 0);
	EQ(seen.si_code, SI_TKILL);
	FAILS(syscall(SYS_tgkill, getpid(), 1, SIGUSR1), ESRCH);
	FAILS(syscall(SYS_tgkill, -1, -1, SIGUSR1), EINVAL);
}

static void child_information(void)
{
	pid_t pid;

	act(SIGCHLD, noting, SA_RESTART);
	count = 0;
	pid = fork();
	if (pid == 0)
		_exit(9);
	EQ(tap_wait(pid), EXITED(9));
	EQ(count, 1);
	EQ(seen.si_code, CLD_EXITED);
	EQ(seen.si_pid, pid);
	EQ(seen.si_status, 9);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGKILL);
	EQ(tap_wait(pid), KILLED(SIGKILL));
	EQ(count, 2);
	EQ(seen.si_code, CLD_KILLED);
	EQ(seen.si_status, SIGKILL);
}

static void interrupt_me_in(int ms)
{
	struct itimerval t = { { 0, 0 }, { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

/* A process that sends us SIGALRM, and then, to be sure that we have it, lets the reader of @fd go on. */
static pid_t interrupt_me_before(int fd)
{
	pid_t me = getpid(), pid = fork();

	if (pid == 0) {
		tap_sleep_ms(30);
		kill(me, SIGALRM);
		_exit(write(fd, "r", 1) != 1);
	}
	return pid;
}

static void restarting(void)
{
	int p[2];
	char c;
	pid_t pid, other;

	NEED(pipe(p) == 0);
	act(SIGALRM, noting, 0);
	count = 0;
	interrupt_me_in(30);
	FAILS(read(p[0], &c, 1), EINTR);
	EQ(count, 1);
	act(SIGALRM, noting, SA_RESTART);
	pid = interrupt_me_before(p[1]);
	EQ(read(p[0], &c, 1), 1);
	EQ(c, 'r');
	EQ(count, 2);
	EQ(tap_wait(pid), 0);
	act(SIGALRM, noting, 0);
	pid = fork();
	if (pid == 0)
		_exit(read(p[0], &c, 1) == 1 ? 3 : 1);
	interrupt_me_in(30);
	FAILS(waitpid(pid, NULL, 0), EINTR);
	act(SIGALRM, noting, SA_RESTART);
	other = interrupt_me_before(p[1]);
	EQ(tap_wait(pid), EXITED(3));
	EQ(count, 4);
	EQ(tap_wait(other), 0);
	close(p[0]);
	close(p[1]);
}

static void never_restarted(void)
{
	struct timespec t = { 5, 0 };
	sigset_t none;

	act(SIGALRM, noting, SA_RESTART);
	count = 0;
	interrupt_me_in(20);
	FAILS(nanosleep(&t, &t), EINTR);
	CHECK(t.tv_sec == 4 && t.tv_nsec > 500000000);
	interrupt_me_in(20);
	FAILS(pause(), EINTR);
	sigemptyset(&none);
	interrupt_me_in(20);
	FAILS(sigsuspend(&none), EINTR);
	EQ(count, 3);
}

static char *alt_low;
static volatile int on_alt;
static stack_t alt_inside;

static void on_stack(int sig, siginfo_t *info, void *context)
{
	char here;

	on_alt = &here >= alt_low && &here < alt_low + 65536;
	sigaltstack(NULL, &alt_inside);
	count++;
}

static void alternate_stack(void)
{
	stack_t st = { 0 }, old;

	alt_low = malloc(65536);
	NEED(alt_low);
	EQ(sigaltstack(NULL, &old), 0);
	EQ(old.ss_flags, SS_DISABLE);
	st.ss_sp = alt_low;
	st.ss_size = 65536;
	EQ(sigaltstack(&st, NULL), 0);
	act(SIGUSR1, on_stack, SA_ONSTACK);
	count = 0;
	raise(SIGUSR1);
	EQ(count, 1);
	EQ(on_alt, 1);
	EQ(alt_inside.ss_flags, SS_ONSTACK);
	act(SIGUSR1, on_stack, 0);
	raise(SIGUSR1);
	EQ(on_alt, 0);
	EQ(alt_inside.ss_flags, 0);
	st.ss_size = 100;
	FAILS(syscall(SYS_sigaltstack, &st, NULL), ENOMEM);
	st.ss_flags = 99;
	FAILS(syscall(SYS_sigaltstack, &st, NULL), EINVAL);
	st.ss_flags = SS_DISABLE;
	EQ(sigaltstack(&st, NULL), 0);
}

static sigjmp_buf back;

static void jump_out(int sig, siginfo_t *info, void *context)
{
	char here;

	on_alt = &here >= alt_low && &here < alt_low + 65536;
	siglongjmp(back, 1);
}

static long overflow(volatile char *p)
{
	volatile char block[4096];

	block[0] = p[0];
	return block[0] + (p[0] == 99 ? 0 : overflow(block)) + p[0];
}

/* A stack overflow is survived on the alternate stack. */
static void overflow_handled(void)
{
	stack_t st = { 0 };
	struct rlimit r = { 1 << 20, 1 << 20 };
	volatile char c = 0;

	alt_low = malloc(65536);
	st.ss_sp = alt_low;
	st.ss_size = 65536;
	EQ(setrlimit(RLIMIT_STACK, &r), 0);
	EQ(sigaltstack(&st, NULL), 0);
	act(SIGSEGV, jump_out, SA_ONSTACK);
	on_alt = 0;
	if (sigsetjmp(back, 1) == 0) {
		overflow(&c);
		CHECK(!"the stack has an end");
	}
	EQ(on_alt, 1);
}

static int overflow_unhandled(void *arg)
{
	volatile char c = 0;

	/* No room to push the frame of the handler: the signal kills. */
	act(SIGSEGV, noting, 0);
	return (int)overflow(&c);
}

static void no_room_for_frame(void)
{
	EQ(tap_child(overflow_unhandled, NULL), KILLED(SIGSEGV));
}

static volatile int depth, deepest;

static void nest(int sig, siginfo_t *info, void *context)
{
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (depth < 20)
		raise(SIGUSR1);
	depth--;
	count++;
}

static void nesting(void)
{
	act(SIGUSR1, nest, SA_NODEFER);
	count = depth = deepest = 0;
	raise(SIGUSR1);
	EQ(deepest, 20);
	EQ(count, 20);
	EQ(depth, 0);
}

static void suspend(void)
{
	sigset_t wait_mask, now;

	act(SIGUSR1, noting, 0);
	block(SIGUSR1);
	raise(SIGUSR1);
	count = 0;
	sigprocmask(SIG_SETMASK, NULL, &wait_mask);
	sigdelset(&wait_mask, SIGUSR1);
	FAILS(sigsuspend(&wait_mask), EINTR);
	EQ(count, 1);
	sigprocmask(SIG_SETMASK, NULL, &now);
	EQ(sigismember(&now, SIGUSR1), 1); /* the old mask is back */
	EQ(sigismember(&mask_inside, SIGUSR1), 1);
}

static void timed_wait(void)
{
	sigset_t s = set_of(SIGUSR1, SIGRTMIN);
	struct timespec t = { 0, 30000000 }, zero = { 0, 0 }, bad = { 0, 2000000000 };
	siginfo_t si;
	union sigval v = { .sival_int = 5 };
	long long start = tap_now_ns();

	sigprocmask(SIG_BLOCK, &s, NULL);
	FAILS(sigtimedwait(&s, &si, &t), EAGAIN);
	CHECK(tap_now_ns() - start >= 30000000);
	FAILS(sigtimedwait(&s, &si, &zero), EAGAIN);
	FAILS(sigtimedwait(&s, &si, &bad), EINVAL);
	raise(SIGUSR1);
	EQ(sigtimedwait(&s, &si, &zero), SIGUSR1);
	EQ(si.si_signo, SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, v);
	EQ(sigwaitinfo(&s, &si), SIGRTMIN);
	EQ(si.si_value.sival_int, 5);
	FAILS(sigtimedwait(&s, &si, &zero), EAGAIN);
}

static volatile int values[64], nr_values;

static void queue_handler(int sig, siginfo_t *info, void *context)
{
	if (nr_values < 64)
		values[nr_values++] = sig * 1000 + info->si_value.sival_int;
}

static void real_time_order(void)
{
	int base = SIGRTMIN;
	sigset_t all, old;

	for (int i = 0; i < 3; i++) {
		struct sigaction sa = { .sa_sigaction = queue_handler, .sa_flags = SA_SIGINFO };

		sigfillset(&sa.sa_mask);
		sigaction(base + i, &sa, NULL);
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	nr_values = 0;
	for (int v = 0; v < 5; v++)
		for (int i = 2; i >= 0; i--) {
			union sigval val = { .sival_int = v };

			EQ(sigqueue(getpid(), base + i, val), 0);
		}
	sigprocmask(SIG_SETMASK, &old, NULL);
	EQ(nr_values, 15);
	/* Lowest number first; among equals first in, first out. */
	for (int k = 0; k < 15; k++)
		EQ(values[k], (base + k / 5) * 1000 + k % 5);
}

static void queue_limit(void)
{
	struct rlimit r = { 10, 10 };
	union sigval v = { .sival_int = 1 };
	int n = 0;

	if (setuid(12345))
		SKIP("not root");
	block(SIGRTMIN);
	EQ(setrlimit(RLIMIT_SIGPENDING, &r), 0);
	while (n < 100 && sigqueue(getpid(), SIGRTMIN, v) == 0)
		n++;
	CHECK(n <= 10 && n >= 9);
	EQ(errno, EAGAIN);
	EQ(kill(getpid(), SIGWINCH), 0); /* kill(2) never fails for that */
}

static void permissions(void)
{
	int go[2];
	pid_t other, mine;

	NEED(pipe(go) == 0);
	other = fork();
	if (other == 0)
		for (;;)
			pause();
	FAILS(kill(other, 65), EINVAL);
	FAILS(kill(other, -1), EINVAL);
	EQ(kill(other, 0), 0);
	FAILS(kill(0x7ffffff, 0), ESRCH);
	mine = fork();
	if (mine == 0) {
		int bad = 0;

		if (setgid(500) || setuid(500))
			_exit(90);
		bad |= kill(other, 0) != -1 || errno != EPERM;
		bad |= (kill(other, SIGTERM) != -1 || errno != EPERM) << 1;
		bad |= (kill(1, SIGTERM) != -1 || errno != EPERM) << 2;
		bad |= (kill(getpid(), 0) != 0) << 3;
		_exit(bad);
	}
	EQ(tap_wait(mine), 0);
	EQ(kill(other, SIGTERM), 0);
	EQ(tap_wait(other), KILLED(SIGTERM));
}

static void job_control(void)
{
	int status;
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	EQ(WSTOPSIG(status), SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
	kill(pid, SIGCONT);
	EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	EQ(status, 0xffff);
	EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
	kill(pid, SIGTSTP);
	EQ(waitid(P_PID, (id_t)pid, &si, WSTOPPED), 0);
	EQ(si.si_code, CLD_STOPPED);
	EQ(si.si_status, SIGTSTP);
	/* A stopped process does not act on signals, but dies of SIGKILL. */
	kill(pid, SIGTERM);
	EQ(waitpid(pid, &status, WNOHANG | WUNTRACED), 0);
	tap_sleep_ms(20);
	EQ(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, KILLED(SIGKILL));
}

static void stop_notifies(void)
{
	int status;
	pid_t pid;

	act(SIGCHLD, noting, SA_RESTART);
	count = 0;
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	EQ(count, 1);
	EQ(seen.si_code, CLD_STOPPED);
	kill(pid, SIGCONT);
	EQ(waitpid(pid, &status, WCONTINUED), pid);
	for (int i = 0; i < 500 && count < 2; i++)
		tap_sleep_ms(2);
	EQ(seen.si_code, CLD_CONTINUED);
	act(SIGCHLD, noting, SA_RESTART | SA_NOCLDSTOP);
	count = 0;
	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	EQ(count, 0);
	kill(pid, SIGKILL);
	tap_wait(pid);
	EQ(count, 1);
}

/* SIGCONT discards pending stops and stops discard pending SIGCONT. */
static void stop_and_continue_cancel(void)
{
	sigset_t pend;

	act(SIGCONT, noting, 0);
	block(SIGTSTP);
	block(SIGCONT);
	kill(getpid(), SIGTSTP);
	sigpending(&pend);
	EQ(sigismember(&pend, SIGTSTP), 1);
	kill(getpid(), SIGCONT);
	sigpending(&pend);
	EQ(sigismember(&pend, SIGTSTP), 0);
	EQ(sigismember(&pend, SIGCONT), 1);
	kill(getpid(), SIGTSTP);
	sigpending(&pend);
	EQ(sigismember(&pend, SIGCONT), 0);
	EQ(sigismember(&pend, SIGTSTP), 1);
}

static int orphan_stop(void *arg)
{
	/* In an orphaned process group SIGTSTP does nothing by default. */
	setsid();
	raise(SIGTSTP);
	return 7;
}

static void orphaned_group(void)
{
	EQ(tap_child(orphan_stop, NULL), EXITED(7));
}

/* ---- registers ---- */

static void scramble(int sig)
{
	/* Use every register there is, the vector ones too. */
	__asm__ volatile(
		"pxor %%xmm0, %%xmm0\n\tpcmpeqd %%xmm1, %%xmm1\n\tpxor %%xmm7, %%xmm7\n\t"
#ifdef __x86_64__
		"pxor %%xmm15, %%xmm15\n\tmov $-1, %%r8\n\tmov $-1, %%r15\n\txor %%r12, %%r12\n\t"
#endif
		"fninit"
		:
		:
		: "memory"
#ifdef __x86_64__
		  ,
		  "xmm0", "xmm1", "xmm7", "xmm15", "r8", "r15", "r12"
#endif
	);
	count++;
}

#ifdef __x86_64__
#define COMPARE_LOOP                                                                                             \
	"movq %[a], %%xmm0\n\tmovq %[b], %%xmm7\n\tmovq %[a], %%xmm15\n\tfldpi\n\t"                              \
	"mov $0x1111111111111111, %%r8\n\tmov $0x2222222222222222, %%r12\n\tmov $0x3333333333333333, %%r15\n\t"  \
	"stc\n"                                                                                                  \
	"1:\tmovl (%[n]), %%eax\n\t"                                                                             \
	"jnc 3f\n\t"                                                                                             \
	"mov $0x44444444, %%edx\n\t"                                                                             \
	"movq %%xmm0, %%rcx\n\txor %[a], %%rcx\n\tjnz 3f\n\tmovq %%xmm7, %%rcx\n\txor %[b], %%rcx\n\tjnz 3f\n\t" \
	"movq %%xmm15, %%rcx\n\txor %[a], %%rcx\n\tjnz 3f\n\t"                                                   \
	"mov $0x1111111111111111, %%rcx\n\tcmp %%rcx, %%r8\n\tjne 3f\n\t"                                        \
	"mov $0x2222222222222222, %%rcx\n\tcmp %%rcx, %%r12\n\tjne 3f\n\t"                                       \
	"mov $0x3333333333333333, %%rcx\n\tcmp %%rcx, %%r15\n\tjne 3f\n\t"                                       \
	"cmp %[want], %%eax\n\tjae 2f\n\tstc\n\tjmp 1b\n"                                                        \
	"3:\tmovl $1, %[bad]\n"                                                                                  \
	"2:\tfstpl %[pi]\n"
#endif

/* Hundreds of timer signals into a loop that keeps its state in registers only. */
static void registers_survive(void)
{
	struct itimerval t = { { 0, 1000 }, { 0, 1000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = scramble, .sa_flags = SA_RESTART };
	double pi = 0;
	int bad = 0;

	sigaction(SIGALRM, &sa, NULL);
	count = 0;
	setitimer(ITIMER_REAL, &t, NULL);
#ifdef __x86_64__
	__asm__ volatile(COMPARE_LOOP
			 : [bad] "+m"(bad), [pi] "=m"(pi)
			 : [a] "r"(0x123456789abcdef0ull), [b] "r"(0x0fedcba987654321ull),
			   [n] "r"(&count), [want] "i"(100)
			 : "rax", "rcx", "rdx", "r8", "r12", "r15", "xmm0", "xmm7", "xmm15", "cc",
			   "memory");
#else
	{
		static const unsigned long long va = 0x123456789abcdef0ull,
						vb = 0x0fedcba987654321ull;
		unsigned long long ra = 0, rb = 0;

		__asm__ volatile(
			"movq %[a], %%xmm0\n\tmovq %[b], %%xmm7\n\tfldpi\n\t"
			"mov $0x11111111, %%esi\n\tmov $0x22222222, %%edi\n"
			"1:\tcmpl $0x11111111, %%esi\n\tjne 3f\n\tcmpl $0x22222222, %%edi\n\tjne 3f\n\t"
			"mov $0x44444444, %%edx\n\tstc\n\tjnc 3f\n\tcmpl $100, (%[n])\n\tjb 1b\n\tjmp 2f\n"
			"3:\tmovl $1, %[bad]\n"
			"2:\tfstpl %[pi]\n\tmovq %%xmm0, %[ra]\n\tmovq %%xmm7, %[rb]\n"
			: [bad] "+m"(bad), [pi] "=m"(pi), [ra] "=m"(ra), [rb] "=m"(rb)
			: [a] "m"(va), [b] "m"(vb), [n] "r"(&count)
			: "edx", "esi", "edi", "cc", "memory");
		EQ(ra, va);
		EQ(rb, vb);
	}
#endif
	setitimer(ITIMER_REAL, &off, NULL);
	EQ(bad, 0);
	CHECK(count >= 100);
	CHECK(pi > 3.14159265 && pi < 3.14159266);
}

static void edit_context(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

#ifdef __x86_64__
	u->uc_mcontext.gregs[REG_RAX] = 0x5a5a;
#else
	u->uc_mcontext.gregs[REG_EAX] = 0x5a5a;
#endif
	sigaddset(&u->uc_sigmask, SIGWINCH);
}

/* What the handler writes into its context is what the program goes on with: registers and mask. */
static void context_is_used(void)
{
	sigset_t now;
	long result;

	act(SIGTRAP, edit_context, 0);
	__asm__ volatile("int3" : "=a"(result) : "a"(1) : "memory");
	EQ(result, 0x5a5a);
	sigprocmask(SIG_SETMASK, NULL, &now);
	EQ(sigismember(&now, SIGWINCH), 1);
}

static void break_context(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	u->uc_mcontext.gregs[count] = (greg_t)0x8badf00d8badf00dull;
}

static int broken_context(void *arg)
{
	signal(SIGSEGV, SIG_DFL);
	count = (int)(intptr_t)arg;
	act(SIGUSR1, break_context, 0);
	raise(SIGUSR1);
	return 0;
}

/* Garbage in any register of the context harms the program alone. */
static void hostile_context(void)
{
	for (intptr_t i = 0; i < (intptr_t)NGREG; i++) {
		int status = tap_child(broken_context, (void *)i);

		CHECK(WIFEXITED(status) || WIFSIGNALED(status));
	}
}

static int sigreturn_without_frame(void *arg)
{
	syscall(SYS_rt_sigreturn);
	return 0;
}

static void hostile_sigreturn(void)
{
	int status = tap_child(sigreturn_without_frame, NULL);

	CHECK(WIFSIGNALED(status) || WIFEXITED(status));
}

static void ignored_core_signals(void)
{
	volatile int *null = NULL;
	pid_t pid = fork();

	/* A fault whose signal is ignored or blocked kills all the same. */
	if (pid == 0) {
		signal(SIGSEGV, SIG_IGN);
		*null = 1;
		_exit(0);
	}
	EQ(tap_wait(pid) & ~0x80, KILLED(SIGSEGV));
	pid = fork();
	if (pid == 0) {
		act(SIGSEGV, noting, 0);
		block(SIGSEGV);
		*null = 1;
		_exit(0);
	}
	EQ(tap_wait(pid) & ~0x80, KILLED(SIGSEGV));
}

static void ping(int sig)
{
	count++;
}

static void storm(void)
{
	enum { N = 2000 };
	pid_t parent = getpid(), pid;

	signal(SIGUSR1, ping);
	count = 0;
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < N; i++)
			kill(parent, SIGUSR1);
		_exit(0);
	}
	EQ(tap_wait(pid), 0);
	CHECK(count >= 1 && count <= N);
}

/* A real-time signal of a thread's kill is queued or refused; an ordinary one, and kill(2)'s, come without information then. */
static void queue_limit_of_tgkill(void)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;

	sigfillset(&set);
	NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && setrlimit(RLIMIT_SIGPENDING, &none) == 0);
	FAILS(syscall(SYS_tgkill, getpid(), getpid(), 40), EAGAIN);
	FAILS(syscall(SYS_tkill, getpid(), 40), EAGAIN);
	EQ(sigpending(&set), 0);
	EQ(sigismember(&set, 40), 0);
	EQ(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1), 0);
	EQ(kill(getpid(), 41), 0);
	EQ(sigpending(&set), 0);
	EQ(sigismember(&set, SIGUSR1), 1);
	EQ(sigismember(&set, 41), 1);
}

/* The directory of a process in /proc is as good as a pidfd. */
static void by_directory(void)
{
	pid_t pid = fork();
	char name[40];
	int dir, status;

	if (pid == 0)
		for (;;)
			pause();
	snprintf(name, sizeof(name), "/proc/%d", pid);
	dir = open(name, O_RDONLY | O_DIRECTORY);
	FAILS(syscall(SYS_pidfd_send_signal, dir, 0, NULL, 1), EINVAL);
	FAILS(syscall(SYS_pidfd_send_signal, dir, 65, NULL, 0), EINVAL);
	EQ(syscall(SYS_pidfd_send_signal, dir, 0, NULL, 0), 0);
	EQ(syscall(SYS_pidfd_send_signal, dir, SIGKILL, NULL, 0), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, SIGKILL);
	FAILS(syscall(SYS_pidfd_send_signal, dir, 0, NULL, 0), ESRCH);
	close(dir);
	dir = open("/proc/self/task", O_RDONLY);
	FAILS(syscall(SYS_pidfd_send_signal, dir, 0, NULL, 0), EBADF);
	close(dir);
}

/* Threads of the kernel take no signal, not root's either: one that is pending would keep kswapd from ever waiting again. */
static void kernel_threads(void)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGSTOP, SIGCONT, SIGCHLD, SIGUSR1, 40 };
	char path[40], text[4096];
	int found = 0;

	for (int pid = 2; pid < 6; pid++) {
		const char *at;

		snprintf(path, sizeof(path), "/proc/%d/maps", pid);
		if (tap_read(path, text, sizeof(text)) != 0)
			continue; /* there is none, or it is a program */
		found++;
		for (unsigned i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			EQ(kill(pid, signals[i]), 0);
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		NEED(tap_read(path, text, sizeof(text)) > 0);
		at = strstr(text, "SigPnd:");
		NEED(at);
		CHECK(strncmp(at, "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n", 50) ==
		      0);
		at = strstr(text, "SigIgn:");
		NEED(at);
		CHECK(strncmp(at, "SigIgn:\tffffffffffffffff\n", 25) == 0);
		CHECK(!strstr(text, "State:\tT") && !strstr(text, "State:\tZ"));
	}
	CHECK(found > 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(actions),
						 T(masks),
						 T(pending_then_ignored),
						 T(actions_end_with_the_process),
						 T(nodefer_and_mask),
						 T(queue_limit_of_tgkill),
						 T(by_directory),
						 T(information),
						 T(child_information),
						 T(restarting),
						 T(never_restarted),
						 T(alternate_stack),
						 T(overflow_handled),
						 T(no_room_for_frame),
						 T(nesting),
						 T(suspend),
						 T(timed_wait),
						 T(real_time_order),
						 T(queue_limit),
						 T(permissions),
						 T(job_control),
						 T(stop_notifies),
						 T(stop_and_continue_cancel),
						 T(orphaned_group),
						 T(registers_survive),
						 T(context_is_used),
						 T(hostile_context),
						 T(hostile_sigreturn),
						 T(ignored_core_signals),
						 T(storm),
						 T(kernel_threads),
						 TEND };

	return tap_main(argc, argv, tests);
}
