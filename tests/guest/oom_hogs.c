/*
 * Who takes all memory, by whatever way: he is refused or killed, and nobody else; afterwards all is there again. Without swap.
 *
 *   oom_hogs        in machines of little memory
 *   oom_hogs MB     by hand: up to so much, and how long each took
 */
#include "mem.h"

#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>

enum { SMALL_KB = 100000, HELD = 16, FDS = 4000, REFUSED = 3, SLACK_KB = 1024 };
enum { REPORTS_S = 5 }; /* ten whole reports at most in so long */

static long most_kb = SMALL_KB;

#define HUGE_POOL "/proc/sys/vm/nr_hugepages"

/* ---- who is not to be harmed ---- */

struct other {
	pid_t pid;
	int go;
};

static void hold_some(int ready, int go)
{
	unsigned char *p = (unsigned char *)anon(HELD, RW), c = 0;
	int bad = p == MAP_FAILED;

	for (unsigned i = 0; i < HELD * PAGE && !bad; i++)
		p[i] = (unsigned char)(i / 7);
	bad |= mlockall(MCL_CURRENT) != 0; /* no fault of his asks for memory */
	bad |= write(ready, &c, 1) != 1 || read(go, &c, 1) != 0;
	for (unsigned i = 0; i < HELD * PAGE && !bad; i++)
		bad = p[i] != (unsigned char)(i / 7);
	_exit(bad);
}

/* The tests themselves are not meant: they stay. */
static void adjust(const char *adj)
{
	(void)tap_put("/proc/self/oom_score_adj", adj);
}

static struct other begin_other(int spared)
{
	struct other o = { 0, -1 };
	int ready[2], go[2];
	char c;

	if (pipe(ready) || pipe(go))
		return o;
	o.pid = fork();
	if (o.pid == 0) {
		close(go[1]);
		adjust(spared ? "-900\n" : "0\n");
		hold_some(ready[1], go[0]);
	}
	close(ready[1]);
	close(go[0]);
	o.go = go[1];
	EQ(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return o;
}

/* ---- the hogs: each goes on until something refuses ---- */

static void by_touching(void)
{
	for (;;) {
		char *p = anon(256, RW);

		if (p == MAP_FAILED)
			_exit(REFUSED);
		for (unsigned i = 0; i < 256; i++)
			p[i * PAGE] = 1;
	}
}

static void by_heap(void)
{
	for (;;) {
		char *p = (char *)syscall(SYS_brk, 0);

		if ((char *)syscall(SYS_brk, p + (1 << 20)) != p + (1 << 20))
			_exit(REFUSED);
		for (unsigned i = 0; i < 1 << 20; i += PAGE)
			p[i] = 1;
	}
}

static void by_locking(void)
{
	for (;;) {
		char *p = anon(256, RW);

		if (p == MAP_FAILED || mlock(p, 256 * PAGE))
			_exit(REFUSED);
	}
}

/* Every second page, by many threads' worth of mappings: vmas, tables and pages. */
static void by_pieces(void)
{
	for (;;) {
		char *p = anon(2, RW);

		if (p == MAP_FAILED || mprotect(p + PAGE, PAGE, PROT_READ))
			_exit(REFUSED);
		p[0] = 1;
	}
}

static void by_segments(void)
{
	for (;;) {
		int id = shmget(IPC_PRIVATE, 1 << 20, IPC_CREAT | 0600);
		char *p = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
		if (p == (void *)-1)
			_exit(REFUSED);
		for (unsigned i = 0; i < 1 << 20; i += PAGE)
			p[i] = 1;
	}
}

static void by_shared_memory(void)
{
	for (;;) {
		char *p = mmap(NULL, 1 << 20, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			_exit(REFUSED);
		for (unsigned i = 0; i < 1 << 20; i += PAGE)
			p[i] = 1;
	}
}

/* Tables, and nothing in them but the page of zeroes: as many programs as it takes. */
static void by_tables(void)
{
	enum { SPAN = 4 << 20, EACH = 512 };

	for (int children = 0; children < 200; children++) {
		volatile char *p;
		char c;
		int up[2];

		if (pipe(up))
			_exit(REFUSED);
		if (fork() == 0) {
			p = mmap(NULL, (size_t)EACH * SPAN, PROT_READ, ANON | MAP_NORESERVE, -1, 0);
			for (size_t i = 0; p != MAP_FAILED && i < EACH; i++)
				(void)p[i * SPAN];
			if (write(up[1], "", 1) != 1)
				_exit(1);
			pause();
		}
		close(up[1]);
		(void)!read(up[0], &c, 1);
		close(up[0]);
	}
	_exit(REFUSED);
}

static void by_a_file(void)
{
	static char data[65536];
	int fd;

	mkdir("m", 0700);
	if (mount("none", "m", "tmpfs", 0, "size=1000%") ||
	    (fd = open("m/f", O_RDWR | O_CREAT, 0600)) < 0)
		_exit(1);
	umount2("m", MNT_DETACH); /* it goes with the file */
	while (write(fd, data, sizeof(data)) > 0)
		;
	_exit(errno == ENOSPC || errno == ENOMEM ? REFUSED : 1);
}

static void by_names(void)
{
	char name[200];

	mkdir("m", 0700);
	if (mount("none", "m", "tmpfs", 0, "nr_inodes=0") || chdir("m") ||
	    umount2("../m", MNT_DETACH))
		_exit(1);
	for (unsigned i = 0;; i++) {
		snprintf(name, sizeof(name), "%0190u", i);
		if (mknod(name, S_IFREG | 0600, 0))
			_exit(errno == ENOSPC || errno == ENOMEM ? REFUSED : 1);
	}
}

/* Until the other side takes no more. Return: 0, errno of another failure. */
static int stuff(int fd)
{
	static char data[16384];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, data, sizeof(data)) > 0)
		;
	return errno == EAGAIN || errno == ENOBUFS ? 0 : errno;
}

static void by_pipes(void)
{
	int fds[2], err = 0;

	while (!err && !pipe(fds))
		err = stuff(fds[1]);
	_exit(err && err != ENOMEM ? 1 : REFUSED);
}

static void by_sockets(void)
{
	int fds[2], err = 0;

	while (!err && !socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		err = stuff(fds[0]);
	_exit(err && err != ENOMEM ? 1 : REFUSED);
}

/* Each child has more than the tests themselves, so one of them goes. */
static void by_forks(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(REFUSED);
		if (pid == 0) {
			char *p = anon(256, RW);

			for (unsigned i = 0; p != MAP_FAILED && i < 256; i++)
				p[i * PAGE] = 1;
			pause();
		}
	}
}

/* The pool takes all large blocks first. */
static void by_huge_pages(void)
{
	(void)tap_put(HUGE_POOL, "100000\n");
	by_touching();
}

/* ---- the test ---- */

/* The hog and his children, until the first of them is killed or he is refused. Return: his wait status; 0: a child's end. */
static int let_go(void (*hog)(void), long kills)
{
	struct rlimit fds = { FDS, FDS };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		setpriority(PRIO_PROCESS, 0, 5);
		adjust("0\n");
		setrlimit(RLIMIT_NOFILE, &fds);
		hog();
	}
	setpgid(pid, pid);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (vmstat("oom_kill") > kills) { /* him, or a child of his */
			tap_sleep_ms(50);
			if (waitpid(pid, &status, WNOHANG) == 0)
				status = 0;
			break;
		}
		tap_sleep_ms(5);
	}
	while (kill(-pid, SIGKILL) == 0 || errno != ESRCH) {
		while (waitpid(-pid, NULL, WNOHANG) > 0)
			;
		tap_sleep_ms(5);
	}
	return status;
}

static long free_kb(void)
{
	tap_put("/proc/sys/vm/drop_caches", "3\n");
	return meminfo_kb("MemFree:");
}

/* What becomes of him. A call that finds no memory says so; who only touches memory cannot be told. */
enum fate { IS_KILLED, ONE_OF_BOTH, NOT_HIS /* and what he takes is counted as nobody's */ };

/* The last line of the log that says why; "" if there were more reports than are printed whole. */
static const char *last_verdict(void)
{
	static char text[1 << 18];
	int n = klogctl(3, text, sizeof(text) - 1);
	char *last = NULL;

	text[n > 0 ? n : 0] = '\0';
	for (char *at = text; (at = strstr(at, "oom-verdict: ")); at++)
		last = at;
	if (!last)
		return "";
	last[strcspn(last, "\n")] = '\0';
	return last;
}

static void is_explained(const char *why, long long began)
{
	const char *verdict = last_verdict();

	if (*verdict && !strstr(verdict, why) && tap_failed())
		tap_note("# \"%s\" is not said, but: %s", why, verdict);
	if (most_kb != SMALL_KB)
		tap_note("# after %lld ms: %s", (tap_now_ns() - began) / 1000000, verdict);
}

static void hog(void (*by)(void), enum fate how, const char *why)
{
	long kills = vmstat("oom_kill"), before, after;
	struct other o;
	long long began;
	int status;

	if (getenv("TAP_HOST") || meminfo_kb("MemTotal:") > most_kb)
		SKIP("too much memory");
	if (most_kb != SMALL_KB)
		sleep(REPORTS_S + 1);
	setpriority(PRIO_PROCESS, 0, -10);
	mlockall(MCL_CURRENT);
	before = free_kb();
	o = begin_other(how == NOT_HIS);
	klogctl(5, NULL, 0); /* only what comes now is read */
	began = tap_now_ns();
	status = let_go(by, kills);
	if (status == EXITED(REFUSED))
		CHECK(how != IS_KILLED);
	else
		CHECK((status == SIGKILL || status == 0) && vmstat("oom_kill") > kills);
	if (vmstat("oom_kill") > kills)
		is_explained(why, began);
	else if (most_kb != SMALL_KB)
		tap_note("# after %lld ms: refused", (tap_now_ns() - began) / 1000000);
	EQ(tap_put(HUGE_POOL, "0\n"), 0);
	close(o.go);
	EQ(tap_wait(o.pid), 0);
	for (int i = 0; i < 50 && (after = free_kb()) < before - SLACK_KB; i++)
		tap_sleep_ms(10);
	CHECK(after >= before - SLACK_KB);
}

#define HOG(name, fate, why)                                                                       \
	static void name(void)                                                                     \
	{                                                                                          \
		hog(by_##name, fate, why);                                                         \
	}
HOG(touching, IS_KILLED, "one program has")
HOG(heap, IS_KILLED, "one program has")
HOG(locking, ONE_OF_BOTH, "are locked")
HOG(pieces, ONE_OF_BOTH, "one program has")
HOG(segments, IS_KILLED, "of shared memory: a limit")
HOG(shared_memory, IS_KILLED, "of shared memory: a limit")
HOG(tables, ONE_OF_BOTH, "are page tables")
HOG(huge_pages, IS_KILLED, "are kept as huge pages")
HOG(forks, ONE_OF_BOTH, "private memory together")
HOG(a_file, NOT_HIS, "in tmpfs and shared memory that no killed program gives back")
HOG(names, NOT_HIS, "kernel objects")
HOG(pipes, NOT_HIS, "are the kernel's")
HOG(sockets, NOT_HIS, "kernel")

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(touching), T(heap),	     T(locking),
						 T(pieces),   T(segments),   T(shared_memory),
						 T(tables),   T(huge_pages), T(a_file),
						 T(names),    T(pipes),	     T(sockets),
						 T(forks),    TEND };

	if (argc == 2 && atol(argv[1]) > 0) {
		most_kb = atol(argv[1]) * 1024;
		argc = 1;
	}
	adjust("-900\n");
	return tap_main(argc, argv, tests);
}
