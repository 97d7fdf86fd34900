/* A program that is killed and cannot end, because it waits in the kernel for something else: its memory comes back all the same. */
#include "modules.h"

enum { PAGES = 2000, SYS_PROCESS_MRELEASE = 448 };

static long kb_of(pid_t pid, const char *name)
{
	char path[32], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (tap_read(path, text, sizeof(text)) < 0 || !(at = strstr(text, name)))
		return -1;
	return atol(at + strlen(name));
}

static int waits(pid_t pid)
{
	char path[32], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return tap_read(path, text, sizeof(text)) > 0 && (at = strstr(text, ") ")) && at[2] == 'D';
}

/* A child that has touched @pages, and waits. */
static pid_t victim(size_t pages)
{
	pid_t pid = fork();

	if (pid == 0) {
		char *p = anon(pages, RW), c;
		int fd = open("/dev/stuck", O_RDWR);

		(void)tap_put("/proc/self/oom_score_adj", "1000");
		for (size_t i = 0; i < pages; i++)
			p[i * PAGE] = 1;
		_exit(read(fd, &c, 1) != 0);
	}
	while (!waits(pid))
		tap_sleep_ms(1);
	return pid;
}

static void let_go(pid_t pid)
{
	CHECK(waits(pid));
	EQ(tap_put("/dev/stuck", "x"), 0);
	EQ(tap_wait(pid), KILLED(SIGKILL));
	EQ(module_out("stuck"), 0);
}

static void released_by_a_call(void)
{
	pid_t pid;
	int fd;

	NEED(module_in("stuck", "") == 0);
	pid = victim(PAGES);
	NEED((fd = (int)syscall(SYS_pidfd_open, pid, 0)) >= 0);
	CHECK(kb_of(pid, "RssAnon:") >= PAGES * 4);
	FAILS(syscall(SYS_PROCESS_MRELEASE, fd, 0), EINVAL); /* it lives */
	EQ(kill(pid, SIGKILL), 0);
	OK(syscall(SYS_PROCESS_MRELEASE, fd, 0));
	EQ(kb_of(pid, "RssAnon:"), 0);
	OK(syscall(SYS_PROCESS_MRELEASE, fd, 0));
	let_go(pid);
	FAILS(syscall(SYS_PROCESS_MRELEASE, fd, 0), ESRCH);
	close(fd);
}

/* Who faults for memory gets that of the victim, which has not ended. */
static void reaped(void)
{
	long mem = meminfo_kb("MemAvailable:"), kills = vmstat("oom_kill");
	size_t pages = (size_t)mem / 4 * 3 / 5;
	char line[96], *p;
	pid_t pid;

	if (getenv("TAP_HOST") || mem > 600000)
		SKIP("too much memory");
	NEED(module_in("stuck", "") == 0);
	pid = victim(pages);
	p = anon(pages, RW);
	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = (char)i;
	for (size_t i = 0; i < pages; i++)
		if (p[i * PAGE] != (char)i)
			NEED(!"memory of the one that caused it");
	EQ(vmstat("oom_kill"), kills + 1);
	snprintf(line, sizeof(line),
		 "oom_reaper: reaped process %d (module_stuck), now anon-rss:0kB,", pid);
	while (!log_has(line)) /* it may have begun only */
		tap_sleep_ms(5);
	EQ(kb_of(pid, "RssAnon:"), 0);
	let_go(pid);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(released_by_a_call), T(reaped), TEND };

	return tap_main(argc, argv, tests);
}
