/* Calls that few programs make: names of the machine, the kernel's log, scheduling's older calls, signals with a value, random bytes. */
#include "tap.h"

#include <sched.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/time.h>

enum {
	NR_PIDFD_OPEN = 434,
	NR_PIDFD_GETFD = 438,
	NR_PROCESS_MRELEASE = 448,
	REBOOT_MAGIC1 = (int)0xfee1dead
};

static void names(void)
{
	struct utsname before, u;
	char name[70];

	NEED(uname(&before) == 0);
	memset(name, 'n', sizeof(name));
	OK(syscall(SYS_sethostname, name, 64));
	OK(uname(&u));
	EQ(strlen(u.nodename), 64);
	FAILS(syscall(SYS_sethostname, name, 65), EINVAL);
	FAILS(syscall(SYS_sethostname, name, -1), EINVAL);
	FAILS(syscall(SYS_sethostname, 8, 3), EFAULT);
	OK(syscall(SYS_sethostname, "box\0rest", 3));
	OK(syscall(SYS_setdomainname, "example.org", 7));
	OK(uname(&u));
	STREQ(u.nodename, "box");
	STREQ(u.domainname, "example");
	OK(tap_read("/proc/sys/kernel/hostname", name, sizeof(name)));
	CHECK(strncmp(name, "box\n", 4) == 0);
	FAILS(syscall(SYS_setdomainname, name, 65), EINVAL);
	OK(sethostname(before.nodename, strlen(before.nodename)));
	OK(setdomainname(before.domainname, strlen(before.domainname)));
	NEED(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_sethostname, "x", 1), EPERM);
	FAILS(syscall(SYS_setdomainname, "x", 1), EPERM);
}

static void time_of_day(void)
{
	struct timeval now, bad = { 1, 1000000 }, negative = { -1, 0 };
	struct timezone far = { 15 * 60 + 1, 0 }, zone = { -120, 1 }, got = { 9, 9 },
			utc = { 0, 0 };

	NEED(gettimeofday(&now, NULL) == 0);
	FAILS(syscall(SYS_settimeofday, &bad, NULL), EINVAL);
	FAILS(syscall(SYS_settimeofday, &negative, NULL), EINVAL);
	FAILS(syscall(SYS_settimeofday, 8, NULL), EFAULT);
	FAILS(syscall(SYS_settimeofday, NULL, &far), EINVAL);
	FAILS(syscall(SYS_settimeofday, NULL, 8), EFAULT);
	OK(syscall(SYS_settimeofday, NULL, NULL));
	OK(syscall(SYS_settimeofday, NULL, &zone)); /* kept for who asks */
	OK(syscall(SYS_gettimeofday, NULL, &got));
	EQ(got.tz_minuteswest, -120);
	EQ(got.tz_dsttime, 1);
	OK(syscall(SYS_settimeofday, NULL, &utc));
	NEED(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_settimeofday, &now, NULL), EPERM);
}

static void random_bytes(void)
{
	static unsigned char a[300], b[300];
	unsigned ones = 0;

	EQ(syscall(SYS_getrandom, a, 300, 0), 300);
	EQ(syscall(SYS_getrandom, b, 300, 2 /* GRND_RANDOM */), 300);
	CHECK(memcmp(a, b, 300) != 0);
	for (unsigned i = 0; i < 300; i++)
		ones += (unsigned)__builtin_popcount(a[i]);
	CHECK(ones > 900 && ones < 1500); /* of 2,400; beyond twelve standard deviations */
	EQ(syscall(SYS_getrandom, a, 10, 1 /* GRND_NONBLOCK */), 10);
	EQ(syscall(SYS_getrandom, a, 10, 4 /* GRND_INSECURE */), 10);
	EQ(syscall(SYS_getrandom, NULL, 0, 0), 0);
	FAILS(syscall(SYS_getrandom, a, 10, 8), EINVAL);
	FAILS(syscall(SYS_getrandom, a, 10, 6), EINVAL);
	FAILS(syscall(SYS_getrandom, 8, 10, 0), EFAULT);
}

static int boost(void *pid)
{
	struct sched_param p = { .sched_priority = 0 };

	NEED_IN_CHILD(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_sched_setparam, *(pid_t *)pid, &p), EPERM);
	return tap_failures;
}

static void scheduling(void)
{
	struct sched_param p = { .sched_priority = 5 }, got = { .sched_priority = -1 };
	long t[2] = { -1, -1 };
	pid_t self = getpid();

	FAILS(syscall(SYS_sched_setparam, 0, &p), EINVAL); /* SCHED_OTHER has 0 only */
	FAILS(syscall(SYS_sched_setparam, 0, NULL), EINVAL);
	FAILS(syscall(SYS_sched_setparam, -1, &p), EINVAL);
	FAILS(syscall(SYS_sched_setparam, 999999, &p), ESRCH);
	FAILS(syscall(SYS_sched_setparam, 0, 8), EFAULT);
	EQ(tap_child(boost, &self), EXITED(0));
	OK(syscall(SYS_sched_rr_get_interval, 0, t));
	CHECK(t[0] == 0 && t[1] >= 0);
	NEED(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p) == 0);
	p.sched_priority = 9;
	OK(syscall(SYS_sched_setparam, 0, &p));
	OK(syscall(SYS_sched_getparam, 0, &got));
	EQ(got.sched_priority, 9);
	EQ(syscall(SYS_sched_getscheduler, 0), SCHED_RR);
	OK(syscall(SYS_sched_rr_get_interval, 0, t));
	EQ(t[0], 0);
	EQ(t[1], 100000000); /* RR_TIMESLICE */
	NEED(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p) == 0);
	OK(syscall(SYS_sched_rr_get_interval, 0, t));
	EQ(t[1], 0);
	FAILS(syscall(SYS_sched_rr_get_interval, -1, t), EINVAL);
	FAILS(syscall(SYS_sched_rr_get_interval, 999999, t), ESRCH);
	FAILS(syscall(SYS_sched_rr_get_interval, 0, 8), EFAULT);
}

static volatile int seen_value, seen_code, seen_pid;

static void note(int sig, siginfo_t *i, void *context)
{
	(void)sig, (void)context;
	seen_value = i->si_value.sival_int;
	seen_code = i->si_code;
	seen_pid = i->si_pid;
}

static void queued_to_a_thread(void)
{
	struct sigaction sa = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	siginfo_t i = { .si_code = -1 /* SI_QUEUE */ };
	pid_t self = getpid();

	i.si_pid = 777;
	i.si_value.sival_int = 4242;
	NEED(sigaction(SIGUSR1, &sa, NULL) == 0);
	OK(syscall(SYS_rt_tgsigqueueinfo, self, self, SIGUSR1, &i));
	EQ(seen_value, 4242);
	EQ(seen_code, -1);
	EQ(seen_pid, 777); /* as the sender says */
	OK(syscall(SYS_rt_tgsigqueueinfo, self, self, 0, &i));
	FAILS(syscall(SYS_rt_tgsigqueueinfo, self, self, 65, &i), EINVAL);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, -1, self, SIGUSR1, &i), EINVAL);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, self, 0, SIGUSR1, &i), EINVAL);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, self, 999999, SIGUSR1, &i), ESRCH);
	FAILS(syscall(SYS_rt_tgsigqueueinfo, getppid(), self, SIGUSR1, &i),
	      ESRCH); /* not its thread */
	FAILS(syscall(SYS_rt_tgsigqueueinfo, self, self, SIGUSR1, 8), EFAULT);
	i.si_code = 1; /* as from the kernel: to oneself only */
	OK(syscall(SYS_rt_tgsigqueueinfo, self, self, SIGUSR1, &i));
	FAILS(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), 0, &i), EPERM);
}

static void woken(int sig)
{
	(void)sig;
}

static void waiting_with_a_mask(void)
{
	struct timespec t = { 0, 0 }, bad = { 0, 1000000000 };
	struct {
		const sigset_t *set;
		size_t size;
	} mask;
	sigset_t all, none;
	int p[2];
	fd_set r;

	NEED(pipe(p) == 0 && sigemptyset(&none) == 0 && sigfillset(&all) == 0);
	signal(SIGUSR1, woken);
	mask.set = &none;
	mask.size = 8;
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	EQ(syscall(SYS_pselect6, p[0] + 1, &r, NULL, NULL, &t, &mask), 0);
	CHECK(!FD_ISSET(p[0], &r));
	FD_SET(p[0], &r);
	NEED(write(p[1], "x", 1) == 1);
	EQ(syscall(SYS_pselect6, p[0] + 1, &r, NULL, NULL, NULL, NULL), 1);
	CHECK(FD_ISSET(p[0], &r));
	mask.size = 4;
	FAILS(syscall(SYS_pselect6, p[0] + 1, &r, NULL, NULL, &t, &mask), EINVAL);
	mask.size = 8;
	FAILS(syscall(SYS_pselect6, p[0] + 1, &r, NULL, NULL, &bad, &mask), EINVAL);
	FAILS(syscall(SYS_pselect6, -1, &r, NULL, NULL, &t, &mask), EINVAL);
	FAILS(syscall(SYS_pselect6, p[0] + 1, 8, NULL, NULL, &t, &mask), EFAULT);
	FAILS(syscall(SYS_pselect6, p[0] + 1, &r, NULL, NULL, &t, 8), EFAULT);
	NEED(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	kill(getpid(), SIGUSR1);
	FAILS(syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &mask),
	      EINTR); /* let through while it waits */
	NEED(sigprocmask(SIG_SETMASK, NULL, &none) == 0);
	CHECK(sigismember(&none, SIGUSR1));
}

static void the_log(void)
{
	static char text[1 << 12];
	int size = klogctl(10, NULL, 0), n;

	CHECK(size >= 1 << 12);
	NEED(tap_put("/dev/kmsg", "<6>proc_calls: a line\n") == 0);
	CHECK(klogctl(9, NULL, 0) >= 0);
	n = klogctl(3, text, sizeof(text) - 1);
	NEED(n > 0);
	text[n] = '\0';
	CHECK(strstr(text, "proc_calls: a line\n") != NULL);
	FAILS(syscall(SYS_syslog, 3, NULL, 10), EINVAL);
	FAILS(syscall(SYS_syslog, 3, text, -1), EINVAL);
	EQ(syscall(SYS_syslog, 3, text, 0), 0);
	FAILS(syscall(SYS_syslog, 3, 8, 1 << 12), EFAULT);
	FAILS(syscall(SYS_syslog, 11, NULL, 0), EINVAL);
	FAILS(syscall(SYS_syslog, 8, NULL, 0), EINVAL);
	FAILS(syscall(SYS_syslog, 8, NULL, 9), EINVAL);
	NEED(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_syslog, 5, NULL, 0), EPERM);
	FAILS(syscall(SYS_syslog, 8, NULL, 4), EPERM);
}

static void the_end(void)
{
	FAILS(syscall(SYS_reboot, 1, 672274793, 0, NULL), EINVAL);
	FAILS(syscall(SYS_reboot, REBOOT_MAGIC1, 1, 0, NULL), EINVAL);
	FAILS(syscall(SYS_reboot, REBOOT_MAGIC1, 672274793, 0x77, NULL), EINVAL);
	OK(syscall(SYS_reboot, REBOOT_MAGIC1, 85072278, 0, NULL)); /* Ctrl-Alt-Del tells init */
	NEED(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_reboot, REBOOT_MAGIC1, 672274793, 0, NULL), EPERM);
}

static int sleeper(void *fd)
{
	char c;

	(void)!read(*(int *)fd, &c, 1);
	return 0;
}

/* A descriptor of another process becomes one of ours: the same open file. */
static void descriptor_of_another(void)
{
	int p[2], go[2], fd, copy;
	pid_t pid;

	NEED(pipe(p) == 0 && pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(sleeper(&go[0]));
	}
	close(go[0]);
	fd = (int)syscall(NR_PIDFD_OPEN, pid, 0);
	NEED(fd >= 0);
	copy = (int)syscall(NR_PIDFD_GETFD, fd, p[1], 0);
	NEED(copy >= 0);
	EQ(fcntl(copy, F_GETFD), FD_CLOEXEC);
	close(p[1]);
	EQ(write(copy, "y", 1), 1);
	FAILS(syscall(NR_PIDFD_GETFD, fd, 999, 0), EBADF);
	FAILS(syscall(NR_PIDFD_GETFD, fd, p[0], 1), EINVAL);
	FAILS(syscall(NR_PIDFD_GETFD, p[0], 0, 0), EBADF);
	FAILS(syscall(NR_PROCESS_MRELEASE, fd, 0), EINVAL); /* it is not being killed */
	FAILS(syscall(NR_PROCESS_MRELEASE, fd, 1), EINVAL);
	FAILS(syscall(NR_PROCESS_MRELEASE, p[0], 0), EBADF);
	close(go[1]);
	EQ(tap_wait(pid), EXITED(0));
	FAILS(syscall(NR_PIDFD_GETFD, fd, p[0], 0), ESRCH);
	FAILS(syscall(NR_PROCESS_MRELEASE, fd, 0), ESRCH);
	close(fd);
	close(copy);
	close(p[0]);
}

static int tmpfs(const char *where)
{
	return mount("none", where, "tmpfs", 0, NULL);
}

/* Two mounts in each other; the inner one becomes the root, the outer one is under it. */
static int turn_around(void *arg)
{
	char cwd[64];

	(void)arg;
	NEED_IN_CHILD(mkdir("outer", 0700) == 0 && tmpfs("outer") == 0 && chroot("outer") == 0 &&
		      chdir("/") == 0);
	NEED_IN_CHILD(mkdir("/inner", 0700) == 0 && mkdir("/plain", 0700) == 0);
	FAILS(syscall(SYS_pivot_root, "/inner", "/inner"), EBUSY); /* of the root itself */
	NEED_IN_CHILD(tmpfs("/inner") == 0 && mkdir("/inner/old", 0700) == 0);
	NEED_IN_CHILD(close(open("/inner/here", O_CREAT, 0600)) == 0);
	FAILS(syscall(SYS_pivot_root, "/inner", "/plain"), EBUSY); /* not under the new root */
	FAILS(syscall(SYS_pivot_root, "/", "/inner"), EBUSY);
	FAILS(syscall(SYS_pivot_root, "/none", "/inner/old"), ENOENT);
	FAILS(syscall(SYS_pivot_root, "/inner", "/inner/here"), ENOTDIR);
	FAILS(syscall(SYS_pivot_root, 8, "/inner/old"), EFAULT);
	OK(syscall(SYS_pivot_root, "/inner", "/inner/old"));
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/") == 0);
	OK(access("/here", F_OK));
	OK(access("/old/plain", F_OK));
	OK(umount2("/old", MNT_DETACH));
	FAILS(access("/old/plain", F_OK), ENOENT);
	return tap_failures;
}

static int may_not(void *arg)
{
	(void)arg;
	NEED_IN_CHILD(setresuid(1, 1, 1) == 0);
	FAILS(syscall(SYS_pivot_root, "/", "/"), EPERM);
	return tap_failures;
}

static void another_root(void)
{
	NEED(mkdir("of_another_root", 0755) == 0 && chdir("of_another_root") == 0);
	EQ(tap_child(may_not, NULL), EXITED(0));
	EQ(tap_child(turn_around, NULL), EXITED(0));
	(void)umount2("outer", MNT_DETACH);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(names),
						 T(time_of_day),
						 T(random_bytes),
						 T(scheduling),
						 T(queued_to_a_thread),
						 T(waiting_with_a_mask),
						 T(the_log),
						 T(the_end),
						 T(descriptor_of_another),
						 T(another_root),
						 TEND };

	return tap_main(argc, argv, tests);
}
