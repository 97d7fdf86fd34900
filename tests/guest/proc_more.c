/*
 * /proc/PID: what a thread does (io, syscall, stack, wchan, sched, schedstat), who it is (loginuid, sessionid, uid_map,
 * setgroups), whose child it is (task/TID/children), and which file stands where.
 */
#include "ipc.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/uio.h>

static char text[1 << 16];

/* The file in one read. Return: its length. */
static long whole(const char *path)
{
	int fd = open(path, O_RDONLY);
	long n;

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n;
}

static long of(int pid, const char *name)
{
	char path[64];

	sprintf(path, "/proc/%d/%s", pid, name);
	return whole(path);
}

static long of_thread(int tid, const char *name)
{
	char path[64];

	sprintf(path, "/proc/self/task/%d/%s", tid, name);
	return whole(path);
}

/* ---- io ---- */

struct io {
	long long rchar, wchar, syscr, syscw, rest;
};

static void parse_io(struct io *io)
{
	long long r = -1, w = -1, c = -1;

	EQ(sscanf(text,
		  "rchar: %lld\nwchar: %lld\nsyscr: %lld\nsyscw: %lld\nread_bytes: %lld\n"
		  "write_bytes: %lld\ncancelled_write_bytes: %lld\n",
		  &io->rchar, &io->wchar, &io->syscr, &io->syscw, &r, &w, &c),
	   7);
	io->rest = r + w + c;
}

static void io_counts(void)
{
	char buf[300];
	struct iovec iov[2] = { { buf, 100 }, { buf + 100, 50 } };
	int zero = open("/dev/zero", O_RDWR), p[2];
	struct io a, b;
	long own;

	NEED(zero >= 0 && pipe2(p, O_NONBLOCK) == 0);
	own = whole("/proc/self/io"); /* counted when it has ended */
	NEED(own > 0);
	parse_io(&a);
	EQ(read(zero, buf, 100), 100);
	EQ(pread(zero, buf, 10, 0), 10);
	EQ(readv(zero, iov, 2), 150);
	EQ(write(zero, buf, 70), 70);
	EQ(writev(zero, iov, 2), 150);
	FAILS(read(p[0], buf, 1), EAGAIN); /* a call all the same */
	FAILS(read(p[1], buf, 1), EBADF);  /* not one */
	FAILS(read(-1, buf, 1), EBADF);
	FAILS(readv(-1, iov, 2), EBADF); /* counted by Linux */
	EQ(read(zero, buf, 0), 0);
	NEED(whole("/proc/self/io") > 0);
	parse_io(&b);
	EQ(b.rchar - a.rchar, own + 100 + 10 + 150);
	EQ(b.wchar - a.wchar, 70 + 150);
	EQ(b.syscr - a.syscr, 1 + 6);
	EQ(b.syscw - a.syscw, 2);
	EQ(b.rest, 0);
	close(zero);
	close(p[0]);
	close(p[1]);
}

struct reader {
	int zero, tid, go[2], done[2];
};

static void *read_some(void *arg)
{
	struct reader *r = arg;
	char buf[1000];

	r->tid = (int)syscall(SYS_gettid);
	if (read(r->zero, buf, 1000) != 1000 || write(r->done[1], "x", 1) != 1 ||
	    read(r->go[0], buf, 1) != 1)
		return NULL;
	return arg;
}

/* A thread's own figures; the group's keep those of threads that have ended. */
static void io_of_threads(void)
{
	struct reader r = { .zero = open("/dev/zero", O_RDONLY) };
	struct io group, own, after;
	pthread_t t;
	void *ok;
	char c;

	NEED(r.zero >= 0 && pipe(r.go) == 0 && pipe(r.done) == 0);
	NEED(pthread_create(&t, NULL, read_some, &r) == 0);
	EQ(read(r.done[0], &c, 1), 1);
	NEED(of_thread(r.tid, "io") > 0);
	parse_io(&own);
	EQ(own.rchar, 1000);
	EQ(own.syscr, 1);
	NEED(whole("/proc/self/io") > 0);
	parse_io(&group);
	CHECK(group.rchar >= 1001);
	EQ(write(r.go[1], "x", 1), 1);
	EQ(pthread_join(t, &ok), 0);
	CHECK(ok == &r);
	while (access("/proc/self/task", F_OK) == 0 && of_thread(r.tid, "stat") > 0)
		sched_yield(); /* until it is reaped */
	NEED(whole("/proc/self/io") > 0);
	parse_io(&after);
	CHECK(after.rchar >= group.rchar + 1);
}

/* ---- where it is ---- */

static void waits_in_a_call(void)
{
	unsigned long long arg[6], sp, ip;
	char buf[8];
	long nr = -1;
	int p[2], pid;

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0)
		_exit(read(p[0], buf, 5) != 5);
	NEED(pid > 0);
	do { /* it is on its way there, and sleeps nowhere else */
		NEED(of(pid, "syscall") > 0);
		EQ(sscanf(text, "%ld", &nr) == 1 || strcmp(text, "running\n") == 0, 1);
	} while (nr < 0);
	EQ(sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx %llx\n", &nr, arg, arg + 1, arg + 2,
		  arg + 3, arg + 4, arg + 5, &sp, &ip),
	   9);
	EQ(nr, SYS_read);
	EQ(arg[0], p[0]);
	EQ(arg[1], (unsigned long)buf);
	EQ(arg[2], 5);
	CHECK(sp && ip);
	CHECK(of(pid, "stack") > 0 && strncmp(text, "[<0>] ", 6) == 0 && strchr(text, '+'));
	CHECK(of(pid, "wchan") > 0 && strcmp(text, "0") && !strchr(text, '+'));
	EQ(write(p[1], "hello", 5), 5);
	EQ(tap_wait(pid), 0);
}

static void runs(void)
{
	int pid = fork();

	if (pid == 0) {
		for (;;)
			;
	}
	NEED(pid > 0);
	EQ(of(pid, "syscall"), 8);
	STREQ(text, "running\n");
	EQ(of(pid, "wchan"), 1);
	STREQ(text, "0");
	kill(pid, SIGKILL);
	EQ(tap_wait(pid), SIGKILL);
	CHECK(whole("/proc/self/syscall") > 0 && atol(text) == SYS_read);
	CHECK(whole("/proc/2/syscall") > 0);
	STREQ(text, "-1 0x0 0x0\n");
}

/* The mode of these says it. */
static int none_opens(int pid)
{
	static const char *const files[] = { "io", "stack", "syscall", "mountstats" };
	char path[64];

	for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
		sprintf(path, "/proc/%d/%s", pid, files[i]);
		FAILS(open(path, O_RDONLY), EACCES);
	}
	return tap_failures > 0;
}

static void strangers(void)
{
	EQ(as_nobody(none_opens, getpid()), 0);
}

/* ---- processors ---- */

static void sched_names(void)
{
	static const char *const names[] = { "se.exec_start",
					     "se.sum_exec_runtime",
					     "se.nr_migrations",
					     "nr_switches",
					     "nr_voluntary_switches",
					     "nr_involuntary_switches",
					     "se.load.weight",
					     "policy",
					     "prio",
					     "clock-delta" };
	char *at = text, name[64], head[80];
	long long n;

	NEED(whole("/proc/self/sched") > 0);
	sprintf(head, "proc_more (%d, #threads: 1)\n---", getpid());
	CHECK(strncmp(text, head, strlen(head)) == 0);
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		sprintf(name, "\n%-45s", names[i]);
		at = strstr(at, name);
		NEED(at && at[46] == ':' && sscanf(at + 47, "%lld", &n) == 1);
		if (strcmp(names[i], "prio") == 0)
			EQ(n, 120);
	}
	EQ(nice(5), 5);
	NEED(whole("/proc/self/sched") > 0);
	at = strstr(text, "\nprio ");
	NEED(at && sscanf(at + 47, "%lld", &n) == 1);
	EQ(n, 125);
}

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	EQ(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Who was made to leave the processor has waited for it. */
static void waits_for_the_processor(void)
{
	unsigned long long run, delay, times, left = 0;
	int pid;
	char *at;

	pin();
	pid = fork();
	if (pid == 0) {
		for (;;)
			;
	}
	NEED(pid > 0);
	while (!left) {
		NEED(whole("/proc/self/status") > 0);
		at = strstr(text, "\nnonvoluntary_ctxt_switches:");
		NEED(at);
		left = strtoull(strchr(at, ':') + 1, NULL, 10);
	}
	NEED(whole("/proc/self/schedstat") > 0);
	EQ(sscanf(text, "%llu %llu %llu\n", &run, &delay, &times), 3);
	CHECK(run > 0 && delay > 0 && times >= left);
	kill(pid, SIGKILL);
	EQ(tap_wait(pid), SIGKILL);
	NEED(whole("/proc/schedstat") > 0);
	CHECK(strncmp(text, "version 15\ntimestamp ", 21) == 0);
	at = strstr(text, "\ncpu0 0 0 0 0 0 0 ");
	NEED(at && sscanf(at + 18, "%llu %llu %llu\n", &run, &delay, &times) == 3);
	CHECK(run > 0 && delay > 0 && times > 0);
}

/* ---- ids ---- */

static int put_loginuid(const char *value)
{
	return tap_put("/proc/self/loginuid", value);
}

/* Unset: anybody may. */
static int sets_it_once(int arg)
{
	FAILS(put_loginuid("65534"), EACCES); /* who has changed his rights is root's for /proc */
	EQ(prctl(PR_SET_DUMPABLE, 1), 0);
	EQ(put_loginuid("65534"), 0);
	FAILS(put_loginuid("1"), EPERM);
	EQ(whole("/proc/self/loginuid"), 5);
	return tap_failures > 0;
}

static void logins(void)
{
	unsigned session, next;
	int pid;

	NEED(whole("/proc/self/loginuid") > 0);
	STREQ(text, "4294967295");
	NEED(whole("/proc/self/sessionid") > 0);
	STREQ(text, "4294967295");
	FAILS(put_loginuid("x"), EINVAL);
	FAILS(put_loginuid("4294967296"), ERANGE);
	EQ(as_nobody(sets_it_once, 0), 0);
	EQ(put_loginuid("1000\n"), 0);
	EQ(whole("/proc/self/loginuid"), 4);
	STREQ(text, "1000");
	NEED(whole("/proc/self/sessionid") > 0);
	session = (unsigned)strtoul(text, NULL, 10);
	pid = fork();
	if (pid == 0)
		_exit(whole("/proc/self/loginuid") != 4 || strcmp(text, "1000") ||
		      whole("/proc/self/sessionid") <= 0 || strtoul(text, NULL, 10) != session);
	EQ(tap_wait(pid), 0);
	EQ(put_loginuid("1001"), 0);
	NEED(whole("/proc/self/sessionid") > 0);
	next = (unsigned)strtoul(text, NULL, 10);
	EQ(next, session + 1);
	EQ(put_loginuid("4294967295"), 0);
	NEED(whole("/proc/self/sessionid") > 0);
	STREQ(text, "4294967295");
	FAILS(tap_put("/proc/1/loginuid", "5"), EPERM);
}

/* As pam_loginuid does it: without this no sshd lets anybody in. Text that is made anew has nothing to cut. */
static void cuts(void)
{
	int fd = open("/proc/self/loginuid", O_RDWR),
	    sys = open("/proc/sys/kernel/hostname", O_RDWR);

	NEED(fd >= 0 && sys >= 0);
	EQ(read(fd, text, 16), 10);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(ftruncate(fd, 0), 0);
	EQ(write(fd, "7", 1), 1);
	EQ(ftruncate(fd, 5), 0);
	EQ(truncate("/proc/self/loginuid", 0), 0);
	EQ(whole("/proc/self/loginuid"), 1);
	STREQ(text, "7");
	EQ(ftruncate(sys, 0), 0);
	FAILS(ftruncate(sys, -1), EINVAL);
	EQ(read(sys, text, 1), 1);
	FAILS(truncate("/proc/self", 0), EISDIR);
	close(fd);
	close(sys);
	fd = open("/proc/self/loginuid", O_RDONLY);
	FAILS(ftruncate(fd, 0), EINVAL);
	close(fd);
}

static void maps_of_ids(void)
{
	static const char *const maps[] = { "uid_map", "gid_map", "projid_map" };
	char path[64];

	for (unsigned i = 0; i < ARRAY_LEN(maps); i++) {
		sprintf(path, "/proc/self/%s", maps[i]);
		NEED(whole(path) > 0);
		STREQ(text, "         0          0 4294967295\n");
		FAILS(tap_put(path, "0 0 1"), EPERM);
	}
	NEED(whole("/proc/self/setgroups") > 0);
	STREQ(text, "allow\n");
	EQ(tap_put("/proc/self/setgroups", "allow"), 0);
	FAILS(tap_put("/proc/self/setgroups", "deny"), EPERM);
	FAILS(tap_put("/proc/self/setgroups", "perhaps"), EINVAL);
}

/* ---- family ---- */

struct mother {
	int tid, child, go[2], done[2];
};

static void *bear(void *arg)
{
	struct mother *m = arg;
	char c;

	m->tid = (int)syscall(SYS_gettid);
	m->child = fork();
	if (m->child == 0) {
		pause();
		_exit(0);
	}
	return write(m->done[1], "x", 1) == 1 && read(m->go[0], &c, 1) == 1 ? arg : NULL;
}

static void children_by_thread(void)
{
	char want[64];
	struct mother m;
	int own[3], me = getpid();
	pthread_t t;
	char c;

	NEED(pipe(m.go) == 0 && pipe(m.done) == 0);
	for (int i = 0; i < 3; i++) {
		own[i] = fork();
		if (own[i] == 0) {
			pause();
			_exit(0);
		}
	}
	NEED(pthread_create(&t, NULL, bear, &m) == 0);
	EQ(read(m.done[0], &c, 1), 1);
	NEED(of_thread(me, "children") > 0);
	sprintf(want, "%d %d %d ", own[0], own[1], own[2]);
	STREQ(text, want);
	NEED(of_thread(m.tid, "children") > 0);
	sprintf(want, "%d ", m.child);
	STREQ(text, want);
	EQ(write(m.go[1], "x", 1), 1);
	EQ(pthread_join(t, NULL), 0);
	while (of_thread(m.tid, "stat") > 0)
		sched_yield();
	NEED(of_thread(me, "children") > 0);
	sprintf(want, "%d %d %d %d ", own[0], own[1], own[2], m.child);
	STREQ(text, want);
	for (int i = 0; i < 3; i++)
		kill(own[i], SIGKILL);
	kill(m.child, SIGKILL);
	for (int i = 0; i < 4; i++)
		CHECK(wait(NULL) > 0);
	EQ(of_thread(me, "children"), 0);
}

/* ---- which file is where ---- */

static void places(void)
{
	static const char *const process[] = { "task", "map_files", "coredump_filter", "mountstats",
					       "timerslack_ns" };
	static const char *const both[] = { "arch",	     "auxv",
					    "comm",	     "fd",
					    "fdinfo",	     "io",
					    "limits",	     "maps",
					    "mounts",	     "mountinfo",
					    "oom_score_adj", "sched",
					    "schedstat",     "stack",
					    "stat",	     "statm",
					    "status",	     "syscall",
					    "uid_map",	     "wchan",
					    "ksm_stat",	     "ksm_merging_pages",
					    "loginuid",	     "personality" };
	char path[80];

	for (unsigned i = 0; i < ARRAY_LEN(process); i++) {
		sprintf(path, "/proc/self/%s", process[i]);
		EQ(access(path, F_OK), 0);
		sprintf(path, "/proc/thread-self/%s", process[i]);
		FAILS(access(path, F_OK), ENOENT);
	}
	for (unsigned i = 1; i < ARRAY_LEN(both); i++) {
		sprintf(path, "/proc/self/%s", both[i]);
		EQ(access(path, F_OK), 0);
		sprintf(path, "/proc/thread-self/%s", both[i]);
		EQ(access(path, F_OK), 0);
	}
	EQ(access("/proc/thread-self/children", F_OK), 0);
	FAILS(access("/proc/self/children", F_OK), ENOENT);
	NEED(whole("/proc/self/mountstats") > 0);
	CHECK(strncmp(text, "device rootfs mounted on / with fstype rootfs\n", 46) == 0);
}

static void *fault_and_wait(void *arg)
{
	struct reader *r = arg;
	char *p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c;

	r->tid = (int)syscall(SYS_gettid);
	for (int i = 0; i < 64; i++)
		p[(size_t)i * PAGE] = 1;
	return write(r->done[1], "x", 1) == 1 && read(r->go[0], &c, 1) == 1 ? arg : NULL;
}

static long minflt(void)
{
	long n = -1;
	char *at = strrchr(text, ')');

	return at && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %ld", &n) == 1 ? n : -1;
}

/* task/TID/stat tells a thread's own faults. */
static void faults_by_thread(void)
{
	long group, leader, own;
	struct reader r;
	pthread_t t;
	char c;

	NEED(pipe(r.go) == 0 && pipe(r.done) == 0);
	NEED(pthread_create(&t, NULL, fault_and_wait, &r) == 0);
	EQ(read(r.done[0], &c, 1), 1);
	memset(text, 0, sizeof(text));
	CHECK(whole("/proc/self/stat") > 0 && minflt() > 0); /* and this does not fault again */
	NEED(of_thread(getpid(), "stat") > 0);
	leader = minflt();
	NEED(of_thread(r.tid, "stat") > 0);
	own = minflt();
	NEED(whole("/proc/self/stat") > 0);
	group = minflt();
	CHECK(leader > 0 && own > 0);
	EQ(group, leader + own);
	EQ(write(r.go[1], "x", 1), 1);
	EQ(pthread_join(t, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(io_counts),
						 T(io_of_threads),
						 T(waits_in_a_call),
						 T(runs),
						 T(strangers),
						 T(sched_names),
						 T(waits_for_the_processor),
						 T(logins),
						 T(cuts),
						 T(maps_of_ids),
						 T(children_by_thread),
						 T(places),
						 T(faults_by_thread),
						 TEND };

	return tap_main(argc, argv, tests);
}
