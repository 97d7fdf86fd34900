/* Processes: fork(2), vfork(2), clone(2), clone3, wait4(2), waitid(2), orphans, groups and sessions. */
#include "tap.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static int code_of(void *arg)
{
	return (int)(intptr_t)arg;
}

static void exit_statuses(void)
{
	EQ(tap_child(code_of, (void *)0), EXITED(0));
	EQ(tap_child(code_of, (void *)1), EXITED(1));
	EQ(tap_child(code_of, (void *)255), EXITED(255));
	EQ(tap_child(code_of, (void *)256), EXITED(0));
	EQ(tap_child(code_of, (void *)-1), EXITED(255));
}

static int die_by(void *arg)
{
	signal((int)(intptr_t)arg, SIG_DFL);
	raise((int)(intptr_t)arg);
	return 0;
}

static void death_by_signal(void)
{
	static const int sigs[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGILL,	SIGTRAP, SIGABRT,
				    SIGBUS,  SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV, SIGUSR2,
				    SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM,
				    SIGPROF, SIGIO,   SIGPWR,  SIGSYS };
	static const int ignored[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		EQ(tap_child(die_by, (void *)(intptr_t)sigs[i]), KILLED(sigs[i]));
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		EQ(tap_child(die_by, (void *)(intptr_t)ignored[i]), 0);
	EQ(tap_child(die_by, (void *)(intptr_t)SIGRTMIN), KILLED(SIGRTMIN));
}

static void ids(void)
{
	pid_t me = getpid(), pid;
	int p[2];
	pid_t said[4];

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		pid_t mine[4] = { getpid(), getppid(), getpgrp(), getsid(0) };

		_exit(write(p[1], mine, sizeof(mine)) != sizeof(mine));
	}
	EQ(read(p[0], said, sizeof(said)), sizeof(said));
	EQ(said[0], pid);
	EQ(said[1], me);
	EQ(said[2], getpgrp());
	EQ(said[3], getsid(0));
	EQ(tap_wait(pid), 0);
	EQ(syscall(SYS_gettid), me);
	FAILS(getpgid(pid), ESRCH);
	FAILS(getsid(pid), ESRCH);
}

static void wait_options(void)
{
	int go[2], status = 77;
	char c;
	pid_t pid;

	NEED(pipe(go) == 0);
	FAILS(waitpid(-1, &status, 0), ECHILD);
	FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
	FAILS(waitpid(1, &status, 0), ECHILD);
	FAILS(waitpid(-1, &status, 0x100), EINVAL);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 7 : 8);
	}
	EQ(waitpid(-1, &status, WNOHANG), 0);
	EQ(waitpid(pid, &status, WNOHANG), 0);
	EQ(waitpid(0, &status, WNOHANG), 0);
	EQ(waitpid(-getpgrp(), &status, WNOHANG), 0);
	FAILS(waitpid(-99999, &status, WNOHANG), ECHILD);
	FAILS(waitpid(pid + 1000, &status, WNOHANG), ECHILD);
	close(go[1]);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EXITED(7));
	FAILS(waitpid(pid, &status, 0), ECHILD);
}

static void wait_ids(void)
{
	siginfo_t si;
	pid_t pid = fork();

	if (pid == 0)
		_exit(33);
	memset(&si, 0x55, sizeof(si));
	EQ(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	EQ(si.si_pid, pid);
	EQ(si.si_signo, SIGCHLD);
	EQ(si.si_code, CLD_EXITED);
	EQ(si.si_status, 33);
	EQ(si.si_uid, getuid());
	memset(&si, 0x55, sizeof(si));
	EQ(waitid(P_ALL, 0, &si, WEXITED), 0);
	EQ(si.si_pid, pid);
	FAILS(waitid(P_ALL, 0, &si, WEXITED), ECHILD);
	FAILS(waitid(P_ALL, 0, &si, 0), EINVAL);
	FAILS(waitid((idtype_t)77, 0, &si, WEXITED), EINVAL);
	pid = fork();
	if (pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
	EQ(waitid(P_PGID, (id_t)getpgrp(), &si, WEXITED), 0);
	EQ(si.si_code, CLD_KILLED);
	EQ(si.si_status, SIGKILL);
	pid = fork();
	if (pid == 0) {
		tap_sleep_ms(100);
		_exit(0);
	}
	si.si_pid = 1;
	EQ(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG), 0);
	EQ(si.si_pid, 0);
	EQ(tap_wait(pid), 0);
}

static void wait_usage(void)
{
	struct rusage ru;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		volatile char *p = mmap(NULL, 1000 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		clock_t end = clock() + CLOCKS_PER_SEC / 20;

		for (size_t i = 0; i < 1000; i++)
			p[i * PAGE] = 1;
		while (clock() < end)
			;
		_exit(0);
	}
	memset(&ru, 0, sizeof(ru));
	EQ(wait4(pid, &status, 0, &ru), pid);
	EQ(status, 0);
	CHECK(ru.ru_minflt >= 1);
	CHECK(ru.ru_maxrss >= 3000);
	CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec + ru.ru_stime.tv_sec * 1000000 +
		      ru.ru_stime.tv_usec >=
	      40000);
	memset(&ru, 0, sizeof(ru));
	EQ(getrusage(RUSAGE_CHILDREN, &ru), 0);
	CHECK(ru.ru_minflt >= 1);
	FAILS(getrusage(55, &ru), EINVAL);
}

static void many_children(void)
{
	enum { N = 60 };
	pid_t pid[N];
	int left = N, seen[N] = { 0 }, status;

	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(i);
		NEED(pid[i] > 0);
	}
	while (left) {
		pid_t got = wait(&status);

		NEED(got > 0);
		for (int i = 0; i < N; i++)
			if (pid[i] == got) {
				EQ(status, EXITED(i));
				seen[i]++;
			}
		left--;
	}
	for (int i = 0; i < N; i++)
		EQ(seen[i], 1);
	FAILS(wait(&status), ECHILD);
}

static void orphans(void)
{
	int p[2];
	pid_t pid, parents[2], reaper = 1;

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		pid_t me = getpid();

		if (fork() == 0) {
			parents[0] = getppid() == me;
			while (getppid() == me)
				tap_sleep_ms(2);
			parents[1] = getppid();
			_exit(write(p[1], parents, sizeof(parents)) < 0);
		}
		tap_sleep_ms(20);
		_exit(3);
	}
	EQ(tap_wait(pid), EXITED(3));
	EQ(read(p[0], parents, sizeof(parents)), sizeof(parents));
	EQ(parents[1], reaper);
}

static void subreaper(void)
{
	int p[2], status;
	pid_t pid, grandchild = -1;

	NEED(pipe(p) == 0);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		SKIP("no PR_SET_CHILD_SUBREAPER");
	pid = fork();
	if (pid == 0) {
		pid_t g = fork();

		if (g == 0) {
			tap_sleep_ms(50);
			_exit(44);
		}
		_exit(write(p[1], &g, sizeof(g)) < 0);
	}
	EQ(tap_wait(pid), 0);
	EQ(read(p[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
	EQ(waitpid(grandchild, &status, 0), grandchild);
	EQ(status, EXITED(44));
}

static void vfork_shares(void)
{
	volatile int shared = 1;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		shared = 42;
		_exit(5);
	}
	/* The child has ended (or executed) before we go on, and it wrote our memory. */
	EQ(shared, 42);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EXITED(5));
}

static void vfork_exec(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/proc/self/exe", "proc_fork", "no-such-test", (char *)NULL);
		_exit(99);
	}
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EXITED(0));
}

/* A child that is through before its parent waits for it: the parent goes on, and uses its stack again, while the child still wakes it. */
static void vfork_many(void)
{
	for (int i = 0; i < 2000; i++) {
		int status;
		pid_t pid = vfork();

		if (pid == 0)
			_exit(6);
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, EXITED(6));
	}
}

static int thread_value;

static int in_clone(void *arg)
{
	thread_value = (int)(intptr_t)arg;
	return 21;
}

static void clone_memory(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	int status;
	pid_t pid;

	thread_value = 0;
	pid = clone(in_clone, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)7);
	CHECK(pid > 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EXITED(21));
	EQ(thread_value, 7);
	thread_value = 0;
	pid = clone(in_clone, stack + sizeof(stack), SIGCHLD, (void *)8);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(thread_value, 0);
	/* Without an exit signal the child is found with __WALL or __WCLONE only. */
	pid = clone(in_clone, stack + sizeof(stack), CLONE_VM, (void *)9);
	CHECK(pid > 0);
	FAILS(waitpid(pid, &status, 0), ECHILD);
	EQ(waitpid(pid, &status, __WCLONE), pid);
	EQ(status, EXITED(21));
	EQ(thread_value, 9);
}

static int clone_fd;

static int in_files(void *arg)
{
	close(clone_fd);
	return chdir("/") || umask(027) == (mode_t)-1;
}

static void clone_files(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	char before[200], after[200];
	mode_t old = umask(022);

	NEED(getcwd(before, sizeof(before)) != NULL);
	clone_fd = open("/dev/null", O_RDONLY);
	NEED(clone_fd >= 0);
	EQ(tap_wait(clone(in_files, stack + sizeof(stack), SIGCHLD, NULL)), 0);
	EQ(fcntl(clone_fd, F_GETFD), 0);
	STREQ(getcwd(after, sizeof(after)), before);
	EQ(tap_wait(clone(in_files, stack + sizeof(stack), CLONE_FILES | CLONE_FS | SIGCHLD, NULL)),
	   0);
	FAILS(fcntl(clone_fd, F_GETFD), EBADF);
	STREQ(getcwd(after, sizeof(after)), "/");
	EQ(umask(old), 027);
	EQ(chdir(before), 0);
}

static void clone_errors(void)
{
	FAILS(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
	FAILS(syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0), EINVAL);
}

struct args3 {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static void clone_3(void)
{
	struct args3 a = { .exit_signal = SIGCHLD };
	int status;
	pid_t parent_tid = 0;
	long pid;

	a.flags = CLONE_PARENT_SETTID;
	a.parent_tid = (uintptr_t)&parent_tid;
	pid = syscall(SYS_clone3, &a, 64);
	if (pid == 0)
		_exit(12);
	CHECK(pid > 0);
	EQ(parent_tid, pid);
	EQ(waitpid((pid_t)pid, &status, 0), pid);
	EQ(status, EXITED(12));
	FAILS(syscall(SYS_clone3, &a, 8), EINVAL);
	FAILS(syscall(SYS_clone3, &a, 5000), E2BIG);
	a.exit_signal = 100;
	FAILS(syscall(SYS_clone3, &a, 64), EINVAL);
	a.exit_signal = SIGCHLD;
	a.stack = 4096;
	FAILS(syscall(SYS_clone3, &a, 64), EINVAL); /* a stack without a size */
	a.stack = 0;
	a.flags = 1ull << 60;
	FAILS(syscall(SYS_clone3, &a, 64), EINVAL);
}

static void on_usr1(int sig)
{
	(void)sig;
}

static void clone_3_handlers(void)
{
	struct args3 a = { .exit_signal = SIGCHLD, .flags = 1ull << 32 /* CLEAR_SIGHAND */ };
	long pid;

	signal(SIGUSR1, on_usr1);
	signal(SIGUSR2, SIG_IGN);
	pid = syscall(SYS_clone3, &a, 64);
	if (pid == 0) {
		struct sigaction one, two;

		sigaction(SIGUSR1, NULL, &one);
		sigaction(SIGUSR2, NULL, &two);
		_exit(one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN ? 7 : 1);
	}
	CHECK(pid > 0);
	EQ(tap_wait((pid_t)pid), EXITED(7));
	a.flags |= CLONE_SIGHAND | CLONE_VM;
	FAILS(syscall(SYS_clone3, &a, 64), EINVAL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

static void clone_3_pid(void)
{
	int want = 30000;
	struct args3 a = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&want, .set_tid_size = 1 };
	long pid;

	pid = syscall(SYS_clone3, &a, 80);
	if (pid == 0)
		_exit(getpid() == 30000 ? 3 : 1);
	EQ(pid, 30000);
	FAILS(syscall(SYS_clone3, &a, 80), EEXIST);
	EQ(tap_wait(30000), EXITED(3));
	for (int i = 0; i < 3; i++) { /* not a number, not one at all, too many */
		static const int bad[] = { 0, -5, 32768 };

		want = bad[i];
		FAILS(syscall(SYS_clone3, &a, 80), EINVAL);
	}
	want = 30000;
	a.set_tid_size = 2;
	FAILS(syscall(SYS_clone3, &a, 80), EINVAL);
	a.set_tid_size = 0;
	FAILS(syscall(SYS_clone3, &a, 80), EINVAL);
	a.set_tid_size = 1;
	a.set_tid = 8;
	FAILS(syscall(SYS_clone3, &a, 80), EFAULT);
}

#define WAIT_PIDFD ((idtype_t)3)

static void clone_pidfd(void)
{
	int fd = -1, go[2];
	struct args3 a = { .exit_signal = SIGCHLD, .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&fd };
	siginfo_t info = { 0 };
	char c;
	long pid;

	NEED(pipe(go) == 0);
	pid = syscall(SYS_clone3, &a, 64);
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 9 : 1);
	}
	CHECK(pid > 0);
	CHECK(fd >= 0);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQ(waitid(WAIT_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG), 0);
	EQ(info.si_pid, 0);
	EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	FAILS(waitid(WAIT_PIDFD, (id_t)fd, &info, WEXITED), EAGAIN);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	close(go[0]);
	close(go[1]);
	EQ(waitid(WAIT_PIDFD, (id_t)fd, &info, WEXITED), 0);
	EQ(info.si_pid, pid);
	EQ(info.si_status, 9);
	FAILS(waitid(WAIT_PIDFD, (id_t)fd, &info, WEXITED), ECHILD);
	FAILS(waitid(WAIT_PIDFD, 0, &info, WEXITED), EBADF);
	FAILS(waitid(WAIT_PIDFD, (id_t)-1, &info, WEXITED), EINVAL);
	close(fd);
	a.flags |= CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	a.exit_signal = 0;
	FAILS(syscall(SYS_clone3, &a, 64), EINVAL);
	a = (struct args3){ .exit_signal = SIGCHLD, .flags = CLONE_PIDFD, .pidfd = 8 };
	FAILS(syscall(SYS_clone3, &a, 64), EFAULT); /* and no child, no descriptor */
	FAILS(waitpid(-1, NULL, 0), ECHILD);
	EQ(dup(0), go[0]);
	close(go[0]);
}

static void process_groups(void)
{
	int go[2], status;
	char c;
	pid_t a, b;

	NEED(pipe(go) == 0);
	a = fork();
	if (a == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 1 : 2);
	}
	b = fork();
	if (b == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 1 : 2);
	}
	EQ(setpgid(a, a), 0);
	EQ(getpgid(a), a);
	EQ(setpgid(b, a), 0);
	EQ(getpgid(b), a);
	FAILS(setpgid(b, -1), EINVAL);
	FAILS(setpgid(a, 99999), EPERM);
	FAILS(setpgid(1, 1), ESRCH);
	EQ(kill(-a, SIGTERM), 0);
	EQ(waitpid(-a, &status, 0) > 0, 1);
	EQ(status, KILLED(SIGTERM));
	EQ(waitpid(-a, &status, 0) > 0, 1);
	EQ(status, KILLED(SIGTERM));
	FAILS(waitpid(-a, &status, 0), ECHILD);
	FAILS(kill(-a, SIGTERM), ESRCH);
}

static int new_session(void *arg)
{
	pid_t me = getpid();

	if (setsid() != me || getsid(0) != me || getpgrp() != me)
		return 1;
	if (setsid() != -1 || errno != EPERM)
		return 2;
	if (setpgid(0, 0) != -1 || errno != EPERM) /* a session leader stays */
		return 3;
	if (setpgid(0, getppid()) != -1 || errno != EPERM)
		return 4;
	return 0;
}

static void sessions(void)
{
	int go[2];
	char c;
	pid_t pid;

	EQ(tap_child(new_session, NULL), 0);
	NEED(pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		close(go[1]);
		_exit(read(go[0], &c, 1) == 0 ? 0 : 1);
	}
	while (getsid(pid) != pid)
		tap_sleep_ms(1);
	FAILS(setpgid(pid, getpgrp()), EPERM); /* another session */
	close(go[1]);
	EQ(tap_wait(pid), 0);
}

static void no_zombies(void)
{
	int status;
	pid_t pid;

	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid == 0)
		_exit(1);
	FAILS(waitpid(pid, &status, 0), ECHILD); /* waits until it has gone, then there is none */
	FAILS(kill(pid, 0), ESRCH);
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		_exit(1);
	tap_sleep_ms(20);
	EQ(kill(pid, 0), 0); /* a zombie is there */
	EQ(tap_wait(pid), EXITED(1));
	FAILS(kill(pid, 0), ESRCH);
}

/* Deep families come and go. */
static int descend(void *arg)
{
	intptr_t depth = (intptr_t)arg;

	if (!depth)
		return 1;
	return (tap_child(descend, (void *)(depth - 1)) >> 8) + 1;
}

static void generations(void)
{
	EQ(tap_child(descend, (void *)30), EXITED(31));
}

static void uts_and_names(void)
{
	char name[17] = "";

	EQ(prctl(PR_SET_NAME, "a-rather-long-thread-name", 0, 0, 0), 0);
	EQ(prctl(PR_GET_NAME, name, 0, 0, 0), 0);
	STREQ(name, "a-rather-long-t");
	FAILS(prctl(12345, 0, 0, 0, 0), EINVAL);
	EQ(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), 0);
}

static void parent_death_signal(void)
{
	int p[2];
	char c;
	pid_t pid;

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		pid_t me = getpid();

		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			if (getppid() != me)
				_exit(1);
			if (write(p[1], "r", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		if (read(p[0], &c, 1) != 1)
			_exit(1);
		_exit(0);
	}
	EQ(tap_wait(pid), 0);
	close(p[1]);
	EQ(read(p[0], &c, 1), 0); /* the grandchild is dead: end of file */
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(exit_statuses),
						 T(death_by_signal),
						 T(ids),
						 T(wait_options),
						 T(wait_ids),
						 T(wait_usage),
						 T(many_children),
						 T(orphans),
						 T(subreaper),
						 T(vfork_shares),
						 T(vfork_exec),
						 T(vfork_many),
						 T(clone_memory),
						 T(clone_files),
						 T(clone_errors),
						 T(clone_3),
						 T(clone_3_handlers),
						 T(clone_3_pid),
						 T(clone_pidfd),
						 T(process_groups),
						 T(sessions),
						 T(no_zombies),
						 T(generations),
						 T(uts_and_names),
						 T_FOR(parent_death_signal, 10),
						 TEND };

	return tap_main(argc, argv, tests);
}
