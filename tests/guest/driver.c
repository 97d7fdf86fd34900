/*
 * /init of the test machines: run every program of /tests/plan, and compare the free pages around it.
 *
 * A line of the plan is a file of /tests and flags: "leak" (run it once more, shorter, and demand that exactly as many
 * pages are free as before), "quick" (short loops), "sh" (a script for /bin/busybox sh with the terminal), "test=NAME".
 * The first run fills caches that grow for good reasons (slabs, directory entries); before each measurement what can be
 * dropped is dropped. A program leaks when the count before its second run does not come back after that or one more run.
 */
#include "free_pages.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>

enum { PROGRAM_SECONDS = 150, SETTLE_TRIES = 40 };

static int passed, failed;
static char *only_test; /* of the program that runs */

static void report(int ok, const char *name, const char *what)
{
	*(ok ? &passed : &failed) += 1;
	tap_note("%s - %s/%s", ok ? "ok" : "not ok", name, what);
}

/* Free pages after everything that ends late has ended; @want: what to wait for, -1: two equal readings. */
static long settled_free_pages(long want)
{
	long last = -2, now = -1;

	for (int i = 0; i < SETTLE_TRIES; i++) {
		now = free_pages();
		if (now == want || (want < 0 && now == last))
			break;
		last = now;
		tap_sleep_ms(want < 0 ? 20 : 5 + i);
	}
	return now;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void reap_all(void)
{
	if (getpid() == 1)
		kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

static void exec_program(const char *name, int quick, int sh)
{
	char path[128];
	char *const direct[] = { path, only_test, NULL }, *const script[] = { (char *)"sh", path,
									      only_test, NULL };

	setsid();
	if (sh)
		ioctl(open("/dev/ttyS0", O_RDWR | O_CLOEXEC), TIOCSCTTY, 1);
	snprintf(path, sizeof(path), "/tests/%s", name);
	if (quick)
		setenv("TAP_QUICK", "1", 1);
	execv(sh ? "/bin/busybox" : path, sh ? script : direct);
	tap_note("# %s: %s", path, strerror(errno));
	_exit(127);
}

/* Wait for @pid with a time limit. Return: wait status, -1 when it had to be killed. */
static int wait_limited(pid_t pid, int seconds)
{
	long long end = tap_now_ns() + seconds * 1000000000LL;
	struct timespec tick = { 1, 0 };
	sigset_t chld;
	int status;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (tap_now_ns() < end) {
		pid_t got = waitpid(-1, &status, WNOHANG);

		if (got == pid)
			return status;
		if (got <= 0)
			sigtimedwait(&chld, NULL, &tick);
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	return -1;
}

/* One run in a directory of its own. Return: its wait status, -1 for one that did not end. */
static int run_once(const char *name, int quick, int sh)
{
	char dir[128];
	long long start = tap_now_ns();
	int status;
	pid_t pid;

	snprintf(dir, sizeof(dir), "/tmp/%s", name);
	mkdir(dir, 0777);
	chmod(dir, 0777);
	tap_note("# begin %s%s", name, quick ? " (quick)" : "");
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		if (chdir(dir))
			_exit(126);
		exec_program(name, quick, sh);
	}
	status = pid < 0 ? -1 : wait_limited(pid, PROGRAM_SECONDS);
	reap_all();
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	tap_note("# end %s %lld ms", name, (tap_now_ns() - start) / 1000000);
	return status;
}

/*
 * Run again until a count of free pages comes back. A page more or less may be a slab that a long-lived object opened or
 * left; what is leaked never comes back.
 */
static void check_leak(const char *name, int sh)
{
	enum { TRIES = 6 };
	long count[TRIES];

	count[0] = settled_free_pages(-1);
	for (int i = 1; i < TRIES; i++) {
		run_once(name, 1, sh);
		count[i] = settled_free_pages(count[i - 1]);
		for (int j = 0; j < i; j++) {
			if (count[i] == count[j]) {
				report(1, name, "free_pages");
				return;
			}
		}
	}
	tap_note("# free pages: %ld, then %ld %ld %ld %ld %ld", count[0], count[1], count[2],
		 count[3], count[4], count[5]);
	report(0, name, "free_pages");
}

static void run_line(char *line)
{
	char *name = strtok(line, " \n"), *flag;
	int leak = 0, quick = 0, sh = 0, status;

	if (!name || *name == '#')
		return;
	only_test = NULL;
	while ((flag = strtok(NULL, " \n"))) {
		if (strncmp(flag, "test=", 5) == 0)
			only_test = flag + 5;
		leak |= strcmp(flag, "leak") == 0;
		quick |= strcmp(flag, "quick") == 0;
		sh |= strcmp(flag, "sh") == 0;
	}
	status = run_once(name, quick, sh);
	if (status == -1 || WIFSIGNALED(status))
		tap_note("# %s: %s %d", name, status == -1 ? "did not end" : "ended by signal",
			 status == -1 ? 0 : WTERMSIG(status));
	report(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) < 2, name, "ended");
	if (leak)
		check_leak(name, sh);
}

static void mount_all(void)
{
	static const char *const dirs[] = { "/proc", "/dev", "/sys", "/tmp", "/root", "/etc" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		mkdir(dirs[i], 0755);
	chmod("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mkdir("/dev/shm", 01777);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
	mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	if (fcntl(0, F_GETFD) < 0)
		for (int i = 0; i < 3; i++)
			open("/dev/console", O_RDWR);
}

/* Init is in the kernel's own session, 0: its children may have groups of their own there, and children. */
static void check_first_session(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		pid = setpgid(0, 0) ? -1 : fork();
		if (pid == 0)
			_exit(getsid(0) != 0 || getpgid(0) != getppid());
		_exit(waitpid(pid, &status, 0) != pid || status);
	}
	waitpid(pid, &status, 0);
	tap_note("%sok - driver/first_session", status ? "not " : "");
	*(status ? &failed : &passed) += 1;
}

int main(void)
{
	static char plan[8192];
	char *lines[512], *save = NULL;
	int n = 0;
	sigset_t chld;

	if (getpid() == 1)
		mount_all();
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/root", 1);
	if (tap_read("/tests/plan", plan, sizeof(plan)) < 0)
		tap_note("# no /tests/plan");
	for (char *l = strtok_r(plan, "\n", &save); l && n < (int)ARRAY_LEN(lines);
	     l = strtok_r(NULL, "\n", &save))
		lines[n++] = l;
	if (getpid() == 1)
		check_first_session();
	for (int i = 0; i < n; i++)
		run_line(lines[i]);
	if (tap_read("/proc/mnemos/missing_syscalls", plan, sizeof(plan)) > 0) {
		for (char *l = strtok(plan, "\n"); l; l = strtok(NULL, "\n"))
			tap_note("# missing system call: %s", l);
	}
	tap_note("# DONE %d %d", passed, failed);
	sync();
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return failed != 0;
}
