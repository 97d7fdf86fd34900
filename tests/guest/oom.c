/*
 * Out of memory: who is killed, that the others go on as if nothing had been, what the log and /proc say; and fork bombs
 * without any limit of their own.
 */
#include "mem.h"

#include <sys/klog.h>
#include <sys/resource.h>

static long field(const char *file, const char *name)
{
	static char text[32768];
	char *at;

	if (tap_read(file, text, sizeof(text)) < 0 || !(at = strstr(text, name)))
		return -1;
	return strtol(at + strlen(name), NULL, 10);
}

static long number(const char *file)
{
	return field(file, "");
}

static long mem_free_kb(void)
{
	return field("/proc/meminfo", "MemFree:");
}

static int may_exhaust(void)
{
	/* Not on a host, and not where it would take minutes. */
	return !getenv("TAP_HOST") && mem_free_kb() > 0 && mem_free_kb() < 600000;
}

static void adjust(int adj)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", adj);
	CHECK(tap_write("/proc/self/oom_score_adj", text, strlen(text), 0) == 0);
}

/* A child that touches @kb, says so, and waits until its end of the pipe closes; then its exit status is 0 if all of
 * its memory is as it was. */
struct holder {
	pid_t pid;
	int go;
};

static void hold(struct holder *h, long kb, int adj)
{
	static int ends[8], nr_ends; /* of earlier holders: nobody else may keep them open */
	int ready[2], go[2];
	char c;

	if (pipe(ready) || pipe(go))
		_exit(9);
	h->pid = fork();
	if (h->pid == 0) {
		size_t bad = 0, n = (size_t)kb * 1024;
		volatile char *p = mmap(NULL, n, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		close(go[1]);
		while (nr_ends)
			close(ends[--nr_ends]);
		adjust(adj);
		for (size_t i = 0; i < n; i += PAGE)
			p[i] = (char)(i / PAGE * 7 + 1);
		if (write(ready[1], "r", 1) != 1 || read(go[0], &c, 1) != 0)
			_exit(8);
		for (size_t i = 0; i < n; i += PAGE)
			bad += p[i] != (char)(i / PAGE * 7 + 1);
		_exit(bad != 0);
	}
	close(ready[1]);
	close(go[0]);
	h->go = ends[nr_ends++] = go[1];
	CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
}

static int release(struct holder *h)
{
	close(h->go);
	return tap_wait(h->pid) & ~0x80;
}

/* Touch @kb more, in this process. */
static volatile char *touch(long kb)
{
	size_t n = (size_t)kb * 1024;
	volatile char *p = mmap(NULL, n, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	for (size_t i = 0; i < n; i += PAGE)
		p[i] = (char)(i / PAGE);
	return p;
}

/* ---- points ---- */

static long expected_score(long total_pages, int adj)
{
	char text[256];
	long rss = 0, tables = field("/proc/self/status", "VmPTE:") / 4;

	if (tap_read("/proc/self/statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%*d %ld", &rss) != 1)
		return -1;
	return (1000 + (rss + tables + adj * (total_pages / 1000)) * 1000 / total_pages) * 2 / 3;
}

static void scores(void)
{
	long total = field("/proc/meminfo", "MemTotal:") / 4;
	static const int adjs[] = { 0, 300, -500, 1000, -999 };

	touch(8192);
	for (size_t i = 0; i < ARRAY_LEN(adjs); i++) {
		adjust(adjs[i]);
		EQ(number("/proc/self/oom_score_adj"), adjs[i]);
		EQ(number("/proc/self/oom_score"), expected_score(total, adjs[i]));
	}
	adjust(-1000);
	EQ(number("/proc/self/oom_score"), 0);
	adjust(0);
	EQ(number("/proc/1/oom_score"), 0);
	EQ(number("/proc/1/oom_score_adj"), 0);
	EQ(number("/proc/2/oom_score"), 0); /* kthreadd */
}

/* ---- victims ---- */

static void largest(void)
{
	long mem = mem_free_kb(), kills = field("/proc/vmstat", "oom_kill ");
	struct holder big, small;
	volatile char *p;

	if (!may_exhaust())
		SKIP("too much memory");
	hold(&small, mem / 5, 0);
	hold(&big, mem / 2, 0);
	p = touch(mem * 2 / 5); /* with this one there is not enough for all three */
	NEED(p != NULL);
	EQ(release(&big), KILLED(SIGKILL));
	EQ(release(&small), EXITED(0));
	for (size_t i = 0; i < (size_t)mem * 2 / 5 * 1024; i += PAGE)
		if (p[i] != (char)(i / PAGE))
			NEED(!"memory of the one that caused it");
	EQ(field("/proc/vmstat", "oom_kill "), kills + 1);
}

static void adjusted(void)
{
	long mem = mem_free_kb();
	struct holder big, chosen, spared;

	if (!may_exhaust())
		SKIP("too much memory");
	hold(&chosen, mem / 5, 600);
	hold(&big, mem * 2 / 5, 0);
	hold(&spared, mem / 5, -1000);
	NEED(touch(mem * 3 / 10) != NULL);
	EQ(release(&chosen), KILLED(SIGKILL));
	EQ(release(&big), EXITED(0));
	EQ(release(&spared), EXITED(0));
}

/* A system call that writes into memory not touched yet: it waits for memory like a fault of the program itself. */
static void inside_a_call(void)
{
	long mem = mem_free_kb(), chunk = 1 << 20;
	int fd = open("/dev/zero", O_RDONLY);
	struct holder big;
	char *p;

	if (!may_exhaust())
		SKIP("too much memory");
	hold(&big, mem * 3 / 5, 500);
	p = mmap(NULL, (size_t)mem / 2 * 1024, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		 0);
	NEED(p != MAP_FAILED);
	for (long at = 0; at + chunk <= mem / 2 * 1024; at += chunk)
		EQ(read(fd, p + at, (size_t)chunk), chunk);
	EQ(release(&big), KILLED(SIGKILL));
	close(fd);
}

static void log_lines(void)
{
	static char text[1 << 18];
	long mem = mem_free_kb();
	struct holder big;
	char want[160], *at;
	int n, adj = 0, uid = -1;
	long vm = 0, anon = 0, file = -1, shmem = -1, tables = 0;

	if (!may_exhaust())
		SKIP("too much memory");
	tap_sleep_ms(5100); /* ten whole reports in five seconds are the limit */
	hold(&big, mem * 3 / 5, 700);
	NEED(touch(mem / 2) != NULL);
	EQ(release(&big), KILLED(SIGKILL));
	n = klogctl(3, text, sizeof(text) - 1);
	NEED(n > 0);
	text[n] = '\0';
	snprintf(want, sizeof(want), "Out of memory: Killed process %d (oom) ", big.pid);
	at = strstr(text, want);
	NEED(at != NULL);
	EQ(sscanf(at + strlen(want),
		  "total-vm:%ldkB, anon-rss:%ldkB, file-rss:%ldkB, shmem-rss:%ldkB, UID:%d "
		  "pgtables:%ldkB oom_score_adj:%d",
		  &vm, &anon, &file, &shmem, &uid, &tables, &adj),
	   7);
	CHECK(vm >= anon && anon >= mem * 3 / 5 && file >= 0 && shmem >= 0);
	EQ(uid, 0);
	EQ(adj, 700);
	CHECK(tables >= anon / 1024);
	snprintf(want, sizeof(want), "task_memcg=/,task=oom,pid=%d,uid=0", big.pid);
	CHECK(strstr(text, want) != NULL);
	CHECK(strstr(text, "oom invoked oom-killer: gfp_mask=0x") != NULL);
	CHECK(strstr(text, "(GFP_") != NULL &&
	      strstr(text, "), order=0, oom_score_adj=0\n") != NULL);
	CHECK(strstr(text, "Mem-Info:\n") != NULL);
	CHECK(strstr(text, "active_anon:") != NULL && strstr(text, " isolated_file:0\n") != NULL);
	CHECK(strstr(text, "all_unreclaimable? ") != NULL);
	CHECK(strstr(text, "lowmem_reserve[]: ") != NULL);
	CHECK(strstr(text, "Node 0 DMA: ") != NULL && strstr(text, "*4096kB ") != NULL);
	CHECK(strstr(text, "hugepages_size=") != NULL);
	CHECK(strstr(text, "total pagecache pages\n") != NULL);
	CHECK(strstr(text, "Total swap = 0kB\n") != NULL);
	CHECK(strstr(text, "oom-verdict: memory: free ") != NULL);
	CHECK(strstr(text, "there is no swap: ") != NULL);
	CHECK(strstr(text, "[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents "
			   "oom_score_adj name\n") != NULL);
	snprintf(want, sizeof(want), "[%7d] %5d %5d %8ld ", big.pid, 0, big.pid, vm / 4);
	CHECK(strstr(text, want) != NULL);
}

/* ---- what /proc/sys/vm sets ---- */

#define VM "/proc/sys/vm/"

static int touch_half(void *arg)
{
	return !touch(*(long *)arg);
}

/* oom_kill_allocating_task: who asks goes, though another has more. */
static void who_asks_goes(void)
{
	long mem = mem_free_kb(), half = mem / 2;
	struct holder big;

	if (!may_exhaust())
		SKIP("too much memory");
	hold(&big, mem * 3 / 5, 500);
	OK(tap_put(VM "oom_kill_allocating_task", "1"));
	EQ(tap_child(touch_half, &half), KILLED(SIGKILL));
	OK(tap_put(VM "oom_kill_allocating_task", "0"));
	EQ(release(&big), EXITED(0));
}

/* oom_dump_tasks: whether the report has the table of all processes. */
static void table_of_tasks(void)
{
	static char text[1 << 18];
	long mem = mem_free_kb();
	int n;

	if (!may_exhaust())
		SKIP("too much memory");
	for (int dump = 0; dump < 2; dump++) {
		struct holder big;

		tap_sleep_ms(5100); /* as above */
		klogctl(5, NULL, 0);
		OK(tap_put(VM "oom_dump_tasks", dump ? "1" : "0"));
		hold(&big, mem * 3 / 5, 700);
		EQ(tap_child(touch_half, (long[]){ mem / 2 }), 0);
		EQ(release(&big), KILLED(SIGKILL));
		n = klogctl(3, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = '\0';
		CHECK(strstr(text, "oom invoked oom-killer: ") != NULL);
		CHECK(strstr(text, "Out of memory: Killed process ") != NULL);
		EQ(strstr(text, "[  pid  ]   uid ") != NULL, dump);
	}
}

/* ---- by hand ---- */

#define TRIGGER "/proc/sysrq-trigger"

/* The log since it was cleared, after @key. */
static const char *log_of(const char *key)
{
	static char text[1 << 18];
	int n;

	klogctl(5, NULL, 0);
	OK(tap_put(TRIGGER, key));
	n = klogctl(3, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Somebody asks: the first goes, though there is memory, and neither the caller nor panic_on_oom count. */
static void asked_for(void)
{
	const char *text;
	struct holder big;
	char want[80];

	if (access(TRIGGER, F_OK) || getenv("TAP_HOST"))
		SKIP("no sysrq-trigger");
	hold(&big, 2000, 1000);
	OK(tap_put(VM "oom_kill_allocating_task", "1"));
	OK(tap_put(VM "panic_on_oom", "1"));
	text = log_of("f");
	OK(tap_put(VM "panic_on_oom", "0"));
	OK(tap_put(VM "oom_kill_allocating_task", "0"));
	EQ(release(&big), KILLED(SIGKILL));
	CHECK(strstr(text, "sysrq: Manual OOM execution\n") != NULL);
	snprintf(want, sizeof(want), "Out of memory: Killed process %d (oom) ", big.pid);
	CHECK(strstr(text, want) != NULL);
	CHECK(strstr(text, "(GFP_KERNEL), order=-1, oom_score_adj=0\n") != NULL);
	text = log_of("m!"); /* only the first letter counts */
	CHECK(strstr(text, "sysrq: Show Memory\n") != NULL && strstr(text, "Mem-Info:\n") != NULL);
	text = log_of("s");
	CHECK(strstr(text, "Emergency Sync complete\n") != NULL);
	text = log_of("?");
	CHECK(strstr(text, "sysrq: HELP : ") != NULL &&
	      strstr(text, " show-memory-usage(m) ") != NULL);
	CHECK(strstr(text, "Mem-Info:\n") == NULL);
}

/* ---- fork bombs ---- */

struct tally {
	long forks, again, nomem, other;
};

static struct tally *tally;

/* Every copy makes more, for ever; each touches @pages first. */
static void bomb(size_t pages)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			__sync_fetch_and_add(&tally->forks, 1);
			if (pages)
				touch((long)(pages * PAGE / 1024));
		} else if (pid < 0) {
			__sync_fetch_and_add(errno == EAGAIN   ? &tally->again
					     : errno == ENOMEM ? &tally->nomem
							       : &tally->other,
					     1);
		}
	}
}

static pid_t light(size_t pages)
{
	pid_t pid;

	tally = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		setpriority(PRIO_PROCESS, 0, 0);
		bomb(pages);
	}
	setpgid(pid, pid);
	return pid;
}

/* Kill the whole group until nobody is left of it. */
static void put_out(pid_t pgrp)
{
	while (kill(-pgrp, SIGKILL) == 0 || errno != ESRCH) {
		while (waitpid(-pgrp, NULL, WNOHANG) > 0)
			;
		tap_sleep_ms(20);
	}
	while (waitpid(-pgrp, NULL, 0) > 0)
		;
}

static int one_more(void *arg)
{
	return 0;
}

/* Root's bomb goes up to threads-max, where fork says EAGAIN; the machine still runs, and is as before afterwards. */
static void bomb_stops_at_threads_max(void)
{
	long before = mem_free_kb();
	char old[32];
	pid_t pid;

	NEED(tap_read("/proc/sys/kernel/threads-max", old, sizeof(old)) > 0);
	CHECK(atol(old) >= 20);
	if (getenv("TAP_HOST"))
		SKIP("not on the host");
	NEED(tap_write("/proc/sys/kernel/threads-max", "300\n", 4, 0) == 0);
	EQ(number("/proc/sys/kernel/threads-max"), 300);
	setpriority(PRIO_PROCESS, 0, -10);
	pid = light(0);
	while (tally->again < 50)
		tap_sleep_ms(20);
	EQ(tally->nomem, 0);
	EQ(tally->other, 0);
	CHECK(mem_free_kb() < before);
	put_out(pid);
	EQ(tap_write("/proc/sys/kernel/threads-max", old, strlen(old), 0), 0);
	EQ(tap_child(one_more, NULL), 0);
}

static void threads_max_counts_exactly(void)
{
	pid_t pids[64];
	char line[128] = "", limit[16];
	int n = 0, tasks = 0;

	if (getenv("TAP_HOST"))
		SKIP("not on the host");
	NEED(tap_read("/proc/loadavg", line, sizeof(line)) > 0);
	NEED(sscanf(line, "%*f %*f %*f %*d/%d", &tasks) == 1);
	snprintf(limit, sizeof(limit), "%d\n", tasks + 20);
	NEED(tap_write("/proc/sys/kernel/threads-max", limit, strlen(limit), 0) == 0);
	while (n < 64) {
		pids[n] = fork();
		if (pids[n] == 0) {
			pause();
			_exit(0);
		}
		if (pids[n] < 0)
			break;
		n++;
	}
	EQ(errno, EAGAIN);
	EQ(n, 20);
	while (n) {
		kill(pids[--n], SIGKILL);
		tap_wait(pids[n]);
	}
	EQ(tap_write("/proc/sys/kernel/threads-max", "100000\n", 7, 0), 0);
	EQ(tap_child(one_more, NULL), 0);
}

/* The bomb's copies want more than there is: some are killed, the others and the rest of the machine go on. */
static void bomb_out_of_memory(void)
{
	long kills = field("/proc/vmstat", "oom_kill "), before = mem_free_kb();
	struct holder other;
	pid_t pid;

	if (!may_exhaust())
		SKIP("too much memory");
	setpriority(PRIO_PROCESS, 0, -10);
	hold(&other, 2048, -500);
	pid = light((size_t)before / 4 / 60); /* 60 copies fill it */
	while (field("/proc/vmstat", "oom_kill ") < kills + 5)
		tap_sleep_ms(20);
	put_out(pid);
	EQ(tally->other, 0);
	EQ(release(&other), EXITED(0));
	EQ(tap_child(one_more, NULL), 0);
	CHECK(mem_free_kb() > before * 9 / 10);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(scores),
						 T(largest),
						 T(adjusted),
						 T(inside_a_call),
						 T(log_lines),
						 T(who_asks_goes),
						 T(table_of_tasks),
						 T(asked_for),
						 T_FOR(bomb_stops_at_threads_max, 120),
						 T(threads_max_counts_exactly),
						 T_FOR(bomb_out_of_memory, 120),
						 TEND };

	return tap_main(argc, argv, tests);
}
