/* ptrace(2): signals, group stops, events of fork and exec, threads, ends of tracers and traced. */
#include "trace.h"

#include <pthread.h>
#include <sched.h>

static int endless(void *arg)
{
	while (pause())
		;
	return 0;
}

static int exits_7(void *arg)
{
	return 7;
}

static volatile int got_signal, got_pid;

static void note(int sig, siginfo_t *info, void *context)
{
	got_signal = sig;
	got_pid = info->si_code == SI_USER ? info->si_pid : -info->si_code;
}

static void note_signals(void)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
}

static int three_signals(void *arg)
{
	note_signals();
	raise(SIGUSR1); /* dropped */
	if (got_signal)
		return 1;
	raise(SIGUSR1); /* becomes SIGUSR2 */
	if (got_signal != SIGUSR2)
		return 2;
	got_signal = 0;
	raise(SIGUSR1); /* its information changes */
	if (got_signal != SIGUSR1 || got_pid != 4321)
		return 3;
	signal(SIGWINCH, SIG_IGN);
	raise(SIGWINCH); /* ignored, but seen */
	raise(SIGCHLD);
	return 0;
}

static void signals(void)
{
	pid_t pid = traced_child(three_signals, NULL);
	siginfo_t info;

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(go_on(PTRACE_CONT, pid, SIGUSR2), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_signo, SIGUSR1);
	EQ(info.si_code, SI_TKILL);
	EQ(info.si_pid, pid);
	info.si_code = SI_USER;
	info.si_pid = 4321;
	EQ(trace(PTRACE_SETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(go_on(PTRACE_CONT, pid, SIGUSR1), STOPPED(SIGWINCH));
	EQ(go_on(PTRACE_CONT, pid, SIGWINCH), STOPPED(SIGCHLD));
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static int dies(void *arg)
{
	raise(SIGTERM);
	return 1;
}

static void fatal_signals(void)
{
	pid_t pid = traced_child(dies, NULL);

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTERM));
	EQ(go_on(PTRACE_CONT, pid, SIGTERM), KILLED(SIGTERM));
	pid = traced_child(dies, NULL);
	EQ(go_on(PTRACE_CONT, pid, SIGKILL), KILLED(SIGKILL));
	pid = traced_child(dies, NULL);
	EQ(kill(pid, SIGKILL), 0); /* ends a stop */
	EQ(next_stop(pid), KILLED(SIGKILL));
	pid = traced_child(dies, NULL);
	EQ(go_on(PTRACE_KILL, pid, 0), KILLED(SIGKILL));
}

static void blocked_signals(void)
{
	struct {
		uint64_t off;
		uint32_t flags;
		int32_t nr;
	} peek_args = { 0, 0, 4 };
	siginfo_t info[4];
	uint64_t mask = 0;
	pid_t pid = traced_child(endless, NULL);

	FAILS(trace(PTRACE_GETSIGMASK, pid, 4, (unsigned long)&mask), EINVAL);
	mask = ~0ULL;
	EQ(trace(PTRACE_SETSIGMASK, pid, 8, (unsigned long)&mask), 0);
	EQ(trace(PTRACE_GETSIGMASK, pid, 8, (unsigned long)&mask), 0);
	EQ(mask, ~(1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1)));
	EQ(syscall(SYS_tgkill, pid, pid, SIGUSR2), 0);
	EQ(syscall(SYS_tgkill, pid, pid, SIGUSR1), 0);
	EQ(trace(PTRACE_PEEKSIGINFO, pid, (unsigned long)&peek_args, (unsigned long)info), 2);
	EQ(info[0].si_signo, SIGUSR2);
	EQ(info[1].si_signo, SIGUSR1);
	EQ(info[1].si_pid, getpid());
	peek_args.off = 1;
	EQ(trace(PTRACE_PEEKSIGINFO, pid, (unsigned long)&peek_args, (unsigned long)info), 1);
	peek_args.flags = 1; /* of the process */
	EQ(trace(PTRACE_PEEKSIGINFO, pid, (unsigned long)&peek_args, (unsigned long)info), 0);
	peek_args.flags = 2;
	FAILS(trace(PTRACE_PEEKSIGINFO, pid, (unsigned long)&peek_args, (unsigned long)info),
	      EINVAL);
	mask = 0;
	EQ(trace(PTRACE_SETSIGMASK, pid, 8, (unsigned long)&mask), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR2));
	finish(pid);
}

static pid_t plain_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return pid;
}

static int gate[2]; /* a pipe: what is written lets the child end */

/* A call that is made again when nothing has handled a signal. */
static int interruptible(void *arg)
{
	char c;

	note_signals();
	return read(gate[0], &c, 1) == 1 && !got_signal ? 7 : 1;
}

static void open_gate(void)
{
	EQ(write(gate[1], "x", 1), 1);
}

static void attach(void)
{
	siginfo_t info;
	pid_t pid;

	NEED(pipe(gate) == 0);
	pid = plain_child(interruptible, NULL);
	EQ(trace(PTRACE_ATTACH, pid, 0, 0), 0);
	EQ(next_stop(pid), STOPPED(SIGSTOP));
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_signo, SIGSTOP);
	EQ(trace(PTRACE_DETACH, pid, 0, 0), 0);
	open_gate();
	EQ(next_stop(pid), EXITED(7)); /* the read went on */
	pid = plain_child(interruptible, NULL);
	EQ(trace(PTRACE_ATTACH, pid, 0, 0), 0);
	EQ(next_stop(pid), STOPPED(SIGSTOP));
	EQ(trace(PTRACE_DETACH, pid, 0, SIGTERM), 0);
	EQ(next_stop(pid), KILLED(SIGTERM));
}

static pid_t stopped_child(void)
{
	pid_t pid = plain_child(endless, NULL);
	int status;

	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	EQ(status, STOPPED(SIGSTOP));
	return pid;
}

static void attach_to_stopped(void)
{
	pid_t pid = stopped_child();
	int status;

	EQ(trace(PTRACE_SEIZE, pid, 0, 0), 0);
	CHECK(peek(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.REG_IP)) !=
	      -1); /* no wait needed */
	EQ(next_stop(pid), GROUP_STOP(SIGSTOP));
	EQ(trace(PTRACE_DETACH, pid, 0, 0), 0); /* back to the stop it was in */
	kill(pid, SIGCONT);
	EQ(waitpid(pid, &status, WCONTINUED), pid);
	EQ(status, 0xffff);
	finish(pid);
	pid = stopped_child();
	EQ(trace(PTRACE_ATTACH, pid, 0, 0), 0);
	CHECK(peek(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.REG_IP)) != -1);
	EQ(next_stop(pid), STOPPED(SIGSTOP));
	finish(pid);
}

static void interrupt(void)
{
	siginfo_t info;
	pid_t pid;

	NEED(pipe(gate) == 0);
	pid = plain_child(interruptible, NULL);
	EQ(trace(PTRACE_SEIZE, pid, 0, 0), 0);
	EQ(trace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	EQ(next_stop(pid), GROUP_STOP(SIGTRAP));
	EQ(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), 0);
	EQ(info.si_code, SIGTRAP | 128 << 8);
	open_gate();
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(7));
}

static int stops_itself(void *arg)
{
	raise(SIGTSTP);
	return 7;
}

/* Without PTRACE_SEIZE: the signal, then the stop of the group, which PTRACE_CONT ends. */
static void group_stop(void)
{
	pid_t pid = traced_child(stops_itself, NULL);
	siginfo_t info;

	setpgid(pid, pid);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTSTP));
	EQ(go_on(PTRACE_CONT, pid, SIGSTOP), STOPPED(SIGSTOP));
	FAILS(trace(PTRACE_GETSIGINFO, pid, 0, (unsigned long)&info), EINVAL);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(7));
}

static void listening(void)
{
	pid_t pid = plain_child(endless, NULL);
	int status;

	EQ(trace(PTRACE_SEIZE, pid, 0, 0), 0);
	kill(pid, SIGSTOP);
	EQ(next_stop(pid), STOPPED(SIGSTOP));
	EQ(go_on(PTRACE_CONT, pid, SIGSTOP), GROUP_STOP(SIGSTOP));
	EQ(trace(PTRACE_LISTEN, pid, 0, 0), 0);
	EQ(waitpid(pid, &status, __WALL | WNOHANG), 0);
	FAILS(trace(PTRACE_CONT, pid, 0, 0), ESRCH);
	kill(pid, SIGCONT);
	EQ(next_stop(pid), GROUP_STOP(SIGTRAP));
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGCONT));
	finish(pid);
}

static int forks(void *arg)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(5);
	waitpid(pid, &status, 0);
	pid = vfork();
	if (pid == 0)
		_exit(6);
	waitpid(pid, &status, 0);
	return status == EXITED(6) ? 7 : 1;
}

static pid_t message_of(pid_t pid)
{
	unsigned long v = 0;

	EQ(trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&v), 0);
	return (pid_t)v;
}

static void events(void)
{
	pid_t pid = traced_child(forks, NULL);

	/* TRACEFORK TRACEVFORK TRACEVFORKDONE TRACEEXIT */
	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 2 | 4 | 0x20 | 0x40), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(1));
	EQ(next_stop(message_of(pid)), STOPPED(SIGSTOP));
	EQ(go_on(PTRACE_CONT, message_of(pid), 0), EVENT(6));
	EQ(message_of(message_of(pid)), EXITED(5));
	EQ(go_on(PTRACE_CONT, message_of(pid), 0), EXITED(5));
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGCHLD));
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(2));
	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 2 | 4 | 0x20), 0);
	EQ(next_stop(message_of(pid)), STOPPED(SIGSTOP));
	EQ(trace(PTRACE_DETACH, message_of(pid), 0, 0), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(5));
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGCHLD));
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(7));
}

static int execs(void *arg)
{
	char *args[] = { (char *)"none", (char *)"no_such_test", NULL };

	execv("/proc/self/exe", args);
	return 1;
}

static void program(void)
{
	pid_t pid = traced_child(execs, NULL);

	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGTRAP)); /* the old way */
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
	pid = traced_child(execs, NULL);
	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 0x10 | 1), 0); /* TRACEEXEC */
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(4));
	EQ(message_of(pid), pid);
	EQ(go_on(PTRACE_SYSCALL, pid, 0), CALL_STOP); /* the call's end */
	EQ(regs_of(pid).REG_NR, SYS_execve);
	EQ(regs_of(pid).REG_AX, 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(0));
}

static void *thread(void *arg)
{
	return NULL;
}

static int with_thread(void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread, NULL))
		return 1;
	pthread_join(t, NULL);
	raise(SIGUSR1);
	return 7;
}

static void threads(void)
{
	pid_t pid = traced_child(with_thread, NULL), tid;

	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 8), 0); /* TRACECLONE */
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(3));
	tid = message_of(pid);
	EQ(next_stop(tid), STOPPED(SIGSTOP));
	CHECK(regs_of(tid).REG_SP != regs_of(pid).REG_SP);
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(go_on(PTRACE_CONT, tid, 0), EXITED(0)); /* its tracer waits for a thread, too */
	EQ(next_stop(pid), STOPPED(SIGUSR1));
	EQ(go_on(PTRACE_CONT, pid, 0), EXITED(7));
}

static void *sleeps(void *arg)
{
	while (pause())
		;
	return NULL;
}

static int with_sleeper(void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, sleeps, NULL))
		return 1;
	raise(SIGUSR1);
	return 7; /* exit_group */
}

static void threads_end_together(void)
{
	pid_t pid = traced_child(with_sleeper, NULL), tid;
	int status;

	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 8), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), EVENT(3));
	tid = message_of(pid);
	EQ(next_stop(tid), STOPPED(SIGSTOP));
	EQ(trace(PTRACE_CONT, tid, 0, 0), 0);
	EQ(go_on(PTRACE_CONT, pid, 0), STOPPED(SIGUSR1));
	EQ(trace(PTRACE_CONT, pid, 0, 0), 0);
	EQ(next_stop(tid), EXITED(7));
	EQ(waitpid(pid, &status, __WALL), pid);
	EQ(status, EXITED(7));
	FAILS(waitpid(-1, &status, __WALL), ECHILD);
}

static void another_tracer(void)
{
	pid_t pid = plain_child(endless, NULL), tracer;
	int status, ready[2];
	char c;

	NEED(pipe(ready) == 0);
	tracer = fork();
	if (tracer == 0) {
		if (trace(PTRACE_SEIZE, pid, 0, 0) || write(ready[1], "x", 1) != 1)
			_exit(1);
		if (next_stop(pid) != STOPPED(SIGUSR1))
			_exit(2);
		if (go_on(PTRACE_CONT, pid, SIGUSR1) != KILLED(SIGUSR1))
			_exit(3);
		_exit(0);
	}
	EQ(read(ready[0], &c, 1), 1);
	kill(pid, SIGUSR1);
	EQ(waitpid(pid, &status, 0), pid); /* after the tracer */
	EQ(status, KILLED(SIGUSR1));
	EQ(tap_wait(tracer), EXITED(0));
	close(ready[0]);
	close(ready[1]);
}

static void tracer_ends(void)
{
	pid_t pid, tracer;

	NEED(pipe(gate) == 0);
	pid = plain_child(interruptible, NULL);
	tracer = fork();
	if (tracer == 0)
		_exit(trace(PTRACE_ATTACH, pid, 0, 0) || next_stop(pid) != STOPPED(SIGSTOP));
	EQ(tap_wait(tracer), EXITED(0));
	open_gate();
	EQ(next_stop(pid), EXITED(7)); /* free, and it goes on */
	pid = plain_child(endless, NULL);
	tracer = fork();
	if (tracer == 0)
		_exit(trace(PTRACE_SEIZE, pid, 0, 1 << 20) != 0);
	EQ(tap_wait(tracer), EXITED(0));
	EQ(next_stop(pid), KILLED(SIGKILL));
}

static void told_by_signal(void)
{
	sigset_t set;
	siginfo_t info;
	struct timespec t = { 20, 0 };
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = plain_child(endless, NULL);
	EQ(trace(PTRACE_SEIZE, pid, 0, 0), 0);
	EQ(trace(PTRACE_INTERRUPT, pid, 0, 0), 0);
	EQ(sigtimedwait(&set, &info, &t), SIGCHLD);
	EQ(info.si_pid, pid);
	EQ(info.si_code, 5); /* CLD_STOPPED, of a group stop */
	memset(&info, 0, sizeof(info));
	EQ(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT), 0);
	EQ(info.si_code, 4); /* CLD_TRAPPED */
	EQ(info.si_status, SIGTRAP | 128 << 8);
	EQ(next_stop(pid), GROUP_STOP(SIGTRAP));
	finish(pid);
}

/* Steps, calls and signals of one process while others come and go. */
static void *disturb(void *arg)
{
	for (int i = 0; i < 100; i++)
		tap_child(exits_7, NULL);
	return NULL;
}

static int many_calls(void *arg)
{
	for (int i = 0; i < 200; i++) {
		syscall(SYS_getppid);
		sched_yield();
	}
	return 7;
}

static void race(void)
{
	pthread_t other;
	pid_t pid = traced_child(many_calls, NULL);
	int status, stops = 0;

	pthread_create(&other, NULL, disturb, NULL);
	EQ(trace(PTRACE_SETOPTIONS, pid, 0, 1), 0);
	while ((status = go_on(PTRACE_SYSCALL, pid, 0)) == CALL_STOP)
		stops++;
	EQ(status, EXITED(7));
	CHECK(stops >= 800);
	pthread_join(other, NULL);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(signals),
						 T(fatal_signals),
						 T(blocked_signals),
						 T(attach),
						 T(attach_to_stopped),
						 T(interrupt),
						 T(group_stop),
						 T(listening),
						 T(events),
						 T(program),
						 T(threads),
						 T(threads_end_together),
						 T(another_tracer),
						 T(tracer_ends),
						 T(told_by_signal),
						 T(race),
						 TEND };

	return tap_main(argc, argv, tests);
}
