/* Advisory locks: fcntl(2) by process and by open file, flock(2): ranges, conflicts, waiting, deadlock, when they end. */
#define _FILE_OFFSET_BITS 64
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/file.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38
#endif

static int lk(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
	};

	return fcntl(fd, cmd, &fl);
}

static int open_f(void)
{
	return open("locked", O_CREAT | O_RDWR, 0600);
}

/* What another process sees in the way of @type on the range: "W 10 5" or "-". */
static const char *seen(int type, off_t start, off_t len)
{
	static char text[64];
	int p[2], pid;

	memset(text, 0, sizeof(text));
	if (pipe(p))
		return "pipe";
	pid = fork();
	if (!pid) {
		struct flock fl = {
			.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
		};
		int fd = open_f(), n;

		if (fcntl(fd, F_GETLK, &fl))
			n = snprintf(text, sizeof(text), "errno %d", errno);
		else if (fl.l_type == F_UNLCK)
			n = snprintf(text, sizeof(text), "-");
		else
			n = snprintf(text, sizeof(text), "%c %lld %lld%s",
				     fl.l_type == F_WRLCK ? 'W' : 'R', (long long)fl.l_start,
				     (long long)fl.l_len,
				     fl.l_pid == getppid() ? ""
				     : fl.l_pid == -1	   ? " ofd"
							   : " ?");
		_exit(write(p[1], text, (size_t)n) != n);
	}
	if (read(p[0], text, sizeof(text)) < 0 || tap_wait(pid))
		strcpy(text, "child");
	close(p[0]);
	close(p[1]);
	return text;
}

static void ranges(void)
{
	int fd = open_f();

	NEED(fd >= 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 10, 10), 0);
	STREQ(seen(F_RDLCK, 0, 0), "W 10 10");
	STREQ(seen(F_RDLCK, 0, 10), "-");
	STREQ(seen(F_RDLCK, 20, 0), "-");
	STREQ(seen(F_RDLCK, 19, 1), "W 10 10");
	EQ(lk(fd, F_SETLK, F_WRLCK, 20, 5), 0); /* touches: one range */
	STREQ(seen(F_RDLCK, 0, 0), "W 10 15");
	EQ(lk(fd, F_SETLK, F_UNLCK, 14, 2), 0); /* a hole: two */
	STREQ(seen(F_RDLCK, 0, 0), "W 10 4");
	STREQ(seen(F_RDLCK, 14, 2), "-");
	STREQ(seen(F_RDLCK, 14, 0), "W 16 9");
	EQ(lk(fd, F_SETLK, F_RDLCK, 12, 6), 0); /* other type in the middle */
	STREQ(seen(F_WRLCK, 0, 0), "W 10 2");
	STREQ(seen(F_WRLCK, 12, 1), "R 12 6");
	STREQ(seen(F_RDLCK, 12, 6), "-");
	STREQ(seen(F_RDLCK, 12, 0), "W 18 7");
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 0), 0); /* all of it */
	STREQ(seen(F_RDLCK, 1000, 1), "W 0 0");
	EQ(lk(fd, F_SETLK, F_UNLCK, 0, 0), 0);
	STREQ(seen(F_WRLCK, 0, 0), "-");
	EQ(lk(fd, F_GETLK, F_WRLCK, 0, 0), 0);
	close(fd);
}

static void whence(void)
{
	int fd = open_f();
	struct flock fl = { F_WRLCK, SEEK_END, -10, 5, 0 };

	NEED(fd >= 0 && ftruncate(fd, 100) == 0);
	EQ(fcntl(fd, F_SETLK, &fl), 0);
	STREQ(seen(F_RDLCK, 0, 0), "W 90 5");
	lk(fd, F_SETLK, F_UNLCK, 0, 0);
	EQ(lseek(fd, 50, SEEK_SET), 50);
	fl = (struct flock){ F_WRLCK, SEEK_CUR, 10, -20, 0 };
	EQ(fcntl(fd, F_SETLK, &fl), 0);
	STREQ(seen(F_RDLCK, 0, 0), "W 40 20");
	fl = (struct flock){ F_WRLCK, SEEK_SET, -1, 5, 0 };
	FAILS(fcntl(fd, F_SETLK, &fl), EINVAL);
	fl = (struct flock){ F_WRLCK, SEEK_SET, 5, -6, 0 };
	FAILS(fcntl(fd, F_SETLK, &fl), EINVAL);
	fl = (struct flock){ F_WRLCK, 7, 0, 0, 0 };
	FAILS(fcntl(fd, F_SETLK, &fl), EINVAL);
	fl = (struct flock){ 9, SEEK_SET, 0, 0, 0 };
	FAILS(fcntl(fd, F_SETLK, &fl), EINVAL);
	FAILS(fcntl(fd, F_GETLK, &fl), EINVAL);
	fl = (struct flock){ F_UNLCK, SEEK_SET, 0, 0, 0 };
	FAILS(fcntl(fd, F_GETLK, &fl), EINVAL);
	FAILS(syscall(SYS_fcntl, fd, 6, 8), EFAULT); /* F_SETLK */
	FAILS(fcntl(99, F_SETLK, &fl), EBADF);
	close(fd);
}

static void access_modes(void)
{
	int rw = open_f(), rd = open("locked", O_RDONLY), wr = open("locked", O_WRONLY),
	    path = open("locked", O_PATH);

	NEED(rw >= 0 && rd >= 0 && wr >= 0 && path >= 0);
	FAILS(lk(rd, F_SETLK, F_WRLCK, 0, 0), EBADF);
	FAILS(lk(wr, F_SETLK, F_RDLCK, 0, 0), EBADF);
	EQ(lk(rd, F_SETLK, F_RDLCK, 0, 0), 0);
	EQ(lk(wr, F_SETLK, F_WRLCK, 0, 0), 0);
	EQ(lk(rd, F_SETLK, F_UNLCK, 0, 0), 0);
	FAILS(lk(path, F_SETLK, F_UNLCK, 0, 0), EBADF);
	FAILS(lk(path, F_GETLK, F_RDLCK, 0, 0), EBADF);
	FAILS(flock(path, LOCK_SH), EBADF);
	FAILS(fcntl(path, F_SETFL, 0), EBADF);
	CHECK(fcntl(path, F_GETFL) & O_PATH);
	EQ(flock(rd, LOCK_EX), 0); /* flock does not ask what the file is open for */
	EQ(flock(rd, LOCK_UN), 0);
	close(rw);
	close(rd);
	close(wr);
	close(path);
}

/* Any close of the file by the process, of whatever descriptor, takes its locks away. */
static void closing(void)
{
	int fd = open_f(), other = open_f(), copy, pid, p[2];
	char c;

	NEED(fd >= 0 && other >= 0 && pipe(p) == 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 5), 0);
	EQ(lk(other, F_SETLK, F_WRLCK, 3, 10), 0); /* the same owner: no conflict */
	STREQ(seen(F_RDLCK, 0, 0), "W 0 13");
	close(other);
	STREQ(seen(F_RDLCK, 0, 0), "-");
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 5), 0);
	copy = dup(fd);
	close(copy);
	STREQ(seen(F_RDLCK, 0, 0), "-");
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 5), 0);
	EQ(dup2(p[0], fd), fd);
	STREQ(seen(F_RDLCK, 0, 0), "-");
	close(fd);
	fd = open_f();
	pid = fork();
	if (!pid) { /* its end takes them */
		lk(fd, F_SETLK, F_WRLCK, 0, 5);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	EQ(read(p[0], &c, 1), 1);
	FAILS(lk(fd, F_SETLK, F_WRLCK, 4, 1), EAGAIN);
	kill(pid, SIGKILL);
	tap_wait(pid);
	EQ(lk(fd, F_SETLK, F_WRLCK, 4, 1), 0);
	pid = fork(); /* a child has none of its parent's */
	if (!pid)
		_exit(lk(fd, F_SETLK, F_WRLCK, 4, 1) == -1 && errno == EAGAIN ? 0 : 1);
	EQ(tap_wait(pid), EXITED(0));
	STREQ(seen(F_RDLCK, 0, 0), "W 4 1"); /* nor took it with its end */
	close(fd);
}

static int holder(int ready, int kind)
{
	int fd = open_f();

	if (kind == 2 ? flock(fd, LOCK_EX) : lk(fd, kind ? F_OFD_SETLK : F_SETLK, F_WRLCK, 0, 0))
		_exit(1);
	if (write(ready, "x", 1) != 1)
		_exit(2);
	tap_sleep_ms(40);
	_exit(0);
}

static void waiting(void)
{
	int fd = open_f(), p[2], pid;
	char c;

	NEED(fd >= 0 && pipe(p) == 0);
	for (int kind = 0; kind < 3; kind++) {
		pid = fork();
		if (!pid)
			holder(p[1], kind);
		EQ(read(p[0], &c, 1), 1);
		if (kind == 2) {
			FAILS(flock(fd, LOCK_SH | LOCK_NB), EWOULDBLOCK);
			EQ(flock(fd, LOCK_EX), 0);
			EQ(flock(fd, LOCK_UN), 0);
		} else {
			FAILS(lk(fd, F_SETLK, F_RDLCK, 0, 1), EAGAIN);
			EQ(lk(fd, F_SETLKW, F_WRLCK, 0, 1), 0);
			EQ(lk(fd, F_SETLK, F_UNLCK, 0, 0), 0);
		}
		EQ(tap_wait(pid), EXITED(0));
	}
	close(fd);
}

static void on_signal(int sig)
{
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int fd = open_f(), p[2], pid;
	char c;

	NEED(fd >= 0 && pipe(p) == 0);
	pid = fork();
	if (!pid) {
		lk(fd, F_SETLK, F_WRLCK, 0, 0);
		flock(open_f(), LOCK_EX);
		if (write(p[1], "x", 1) != 1)
			_exit(1);
		pause();
	}
	EQ(read(p[0], &c, 1), 1);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(lk(fd, F_SETLKW, F_RDLCK, 0, 0), EINTR);
	ualarm(20000, 0);
	FAILS(flock(fd, LOCK_SH), EINTR);
	kill(pid, SIGKILL);
	tap_wait(pid);
	EQ(lk(fd, F_SETLKW, F_RDLCK, 0, 0), 0);
	EQ(flock(fd, LOCK_SH), 0);
	close(fd);
}

/* Two processes that would wait for one another: the second is told. */
static void deadlock(void)
{
	int fd = open_f(), p[2], pid, r;
	char c;

	NEED(fd >= 0 && pipe(p) == 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 1), 0);
	pid = fork();
	if (!pid) {
		if (lk(fd, F_SETLK, F_WRLCK, 10, 1) || write(p[1], "x", 1) != 1)
			_exit(1);
		r = lk(fd, F_SETLKW, F_WRLCK, 0, 1); /* waits for us */
		_exit(r ? errno == EDEADLK ? 3 : 2 : 0);
	}
	EQ(read(p[0], &c, 1), 1);
	tap_sleep_ms(30);
	r = lk(fd, F_SETLKW, F_WRLCK, 10, 1);
	if (r == -1 && errno == EDEADLK) {
		EQ(lk(fd, F_SETLK, F_UNLCK, 0, 1), 0);
		EQ(tap_wait(pid), EXITED(0));
	} else { /* the child was slow, and was told */
		EQ(r, 0);
		EQ(tap_wait(pid), EXITED(3));
	}
	close(fd);
}

/* Locks of open files: two descriptions of one process conflict; a duplicate shares; the last close ends them. */
static void open_file_locks(void)
{
	int a = open_f(), b = open_f(), copy;
	struct flock fl = { F_WRLCK, SEEK_SET, 0, 10, 0 };

	NEED(a >= 0 && b >= 0);
	EQ(lk(a, F_OFD_SETLK, F_WRLCK, 0, 10), 0);
	FAILS(lk(b, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN);
	FAILS(lk(a, F_SETLK, F_RDLCK, 0, 1), EAGAIN); /* nor does the process's own get by */
	EQ(lk(b, F_OFD_SETLK, F_WRLCK, 10, 1), 0);
	EQ(fcntl(b, F_OFD_GETLK, &fl), 0);
	EQ(fl.l_type, F_WRLCK);
	EQ(fl.l_pid, -1);
	EQ(fl.l_len, 10);
	STREQ(seen(F_RDLCK, 0, 0), "W 0 10 ofd");
	fl = (struct flock){ F_WRLCK, SEEK_SET, 0, 10, 1 };
	FAILS(fcntl(b, F_OFD_SETLK, &fl), EINVAL);
	FAILS(fcntl(b, F_OFD_GETLK, &fl), EINVAL);
	copy = dup(a);
	close(a);
	FAILS(lk(b, F_OFD_SETLK, F_RDLCK, 9, 1), EAGAIN);
	close(copy);
	EQ(lk(b, F_OFD_SETLK, F_RDLCK, 9, 1), 0);
	close(b);
	STREQ(seen(F_WRLCK, 0, 0), "-");
}

static void flocks(void)
{
	int a = open_f(), b = open_f(), copy, pid;

	NEED(a >= 0 && b >= 0);
	EQ(flock(a, LOCK_SH), 0);
	EQ(flock(b, LOCK_SH | LOCK_NB), 0);
	FAILS(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK); /* and the shared one is gone */
	EQ(flock(b, LOCK_EX | LOCK_NB), 0);
	FAILS(flock(a, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	EQ(flock(b, LOCK_EX), 0);	      /* again */
	EQ(lk(a, F_SETLK, F_WRLCK, 0, 0), 0); /* another kind: no conflict */
	copy = dup(b);
	close(b);
	FAILS(flock(a, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	pid = fork();
	if (!pid)
		_exit(flock(copy, LOCK_UN)); /* a child shares the open file */
	EQ(tap_wait(pid), EXITED(0));
	EQ(flock(a, LOCK_SH | LOCK_NB), 0);
	EQ(flock(copy, LOCK_UN), 0);
	FAILS(flock(a, 0), EINVAL);
	FAILS(flock(a, LOCK_SH | LOCK_EX), EINVAL);
	FAILS(flock(a, LOCK_NB), EINVAL);
	FAILS(flock(99, LOCK_SH), EBADF);
	close(a);
	close(copy);
}

static void proc_lines(void)
{
	static char text[65536];
	int fd = open_f(), other = open_f();
	struct stat st;
	char want[200];

	NEED(fd >= 0 && fstat(fd, &st) == 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 5, 10), 0);
	EQ(lk(other, F_OFD_SETLK, F_RDLCK, 100, 0), 0);
	EQ(flock(fd, LOCK_EX), 0);
	NEED(tap_read("/proc/locks", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), ": POSIX  ADVISORY  WRITE %d %02x:%02x:%llu 5 14\n", getpid(),
		 (unsigned)(st.st_dev >> 8 & 0xfff),
		 (unsigned)((st.st_dev & 0xff) | (st.st_dev >> 12 & 0xfff00)),
		 (unsigned long long)st.st_ino);
	CHECK(strstr(text, want));
	CHECK(strstr(text, ": OFDLCK ADVISORY  READ -1 "));
	CHECK(strstr(text, " 100 EOF\n"));
	snprintf(want, sizeof(want), ": FLOCK  ADVISORY  WRITE %d ", getpid());
	CHECK(strstr(text, want));
	close(fd);
	close(other);
}

static void leases(void)
{
	int fd = open_f();

	EQ(fcntl(fd, F_GETLEASE), F_UNLCK);
	close(fd);
}

struct crowd {
	int rounds;
	volatile int inside;
	long total;
};

static void *crowd_run(void *arg)
{
	struct crowd *c = arg;
	int fd = open_f();

	for (int i = 0; i < c->rounds; i++) {
		int flk = i & 1;

		if (flk ? flock(fd, LOCK_EX) : lk(fd, F_OFD_SETLKW, F_WRLCK, 0, 0))
			return NULL;
		if (!flk) {
			if (__atomic_add_fetch(&c->inside, 1, __ATOMIC_SEQ_CST) != 1)
				return NULL;
			c->total++;
			__atomic_sub_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);
		}
		if (flk ? flock(fd, LOCK_UN) : lk(fd, F_OFD_SETLK, F_UNLCK, 0, 0))
			return NULL;
	}
	close(fd);
	return c;
}

static void crowd(void)
{
	enum { THREADS = 4 };
	struct crowd c = { tap_quick() ? 100 : 600, 0, 0 };
	pthread_t t[THREADS];
	void *ok;

	for (int i = 0; i < THREADS; i++)
		NEED(pthread_create(&t[i], NULL, crowd_run, &c) == 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ok);
		CHECK(ok);
	}
	EQ(c.total, THREADS * c.rounds / 2);
}

#if defined(__i386__)
/* The old structure has 32-bit offsets. */
static void narrow(void)
{
	struct {
		short type, whence;
		int start, len, pid;
	} old = { F_WRLCK, SEEK_SET, 10, 5, 0 };
	struct flock64 wide = { F_WRLCK, SEEK_SET, 1LL << 40, 10, 0 };
	int fd = open_f(), pid;

	EQ(syscall(SYS_fcntl, fd, 6, &old), 0);
	STREQ(seen(F_RDLCK, 0, 0), "W 10 5");
	EQ(syscall(SYS_fcntl64, fd, 13, &wide), 0);
	pid = fork();
	if (!pid) {
		old.start = 100;
		old.len = 0;
		FAILS(syscall(SYS_fcntl, fd, 5, &old), EOVERFLOW);
		_exit(tap_failures != 0);
	}
	EQ(tap_wait(pid), EXITED(0));
	if (!tap_compat()) { /* a 64-bit kernel knows them here, too */
		FAILS(syscall(SYS_fcntl, fd, 13, &wide), EINVAL);
		FAILS(syscall(SYS_fcntl, fd, F_OFD_SETLK, &wide), EINVAL);
	}
	close(fd);
}
#else
static void narrow(void)
{
	struct flock fl = { F_WRLCK, SEEK_SET, 0, 0, 0 };
	int fd = open_f();

	FAILS(syscall(SYS_fcntl, fd, 13, &fl), EINVAL); /* F_SETLK64 is i386's */
	close(fd);
}
#endif

/* fcntl(2) F_GETLK: the first of an owner's locks by place, whatever the order they came in. */
static void order(void)
{
	int fd = open_f();
	struct flock fl;

	EQ(lk(fd, F_SETLK, F_WRLCK, 10, 5), 0);
	EQ(lk(fd, F_SETLK, F_RDLCK, 1, 5), 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 20, 5), 0);
	EQ(lk(fd, F_SETLK, F_RDLCK, 17, 1), 0);
	pid_t pid = fork();

	if (pid == 0) {
		static const int starts[] = { 1, 10, 17, 20 };
		int bad = 0;

		for (int i = 0; i < 4; i++) {
			fl = (struct flock){ .l_type = F_WRLCK,
					     .l_start = i ? starts[i - 1] + 5 : 0 };
			if (i == 3)
				fl.l_start = 18;
			bad |= fcntl(fd, F_GETLK, &fl) != 0 || fl.l_start != starts[i];
		}
		_exit(bad);
	}
	EQ(tap_wait(pid), 0);
	close(fd);
}

/* Is @pid in /proc/locks as one that waits? */
static int waits(pid_t pid)
{
	char line[200], want[40];
	FILE *f = fopen("/proc/locks", "r");
	int found = 0;

	snprintf(want, sizeof(want), " %d ", (int)pid);
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "->") && strstr(line, want);
	if (f)
		fclose(f);
	return found;
}

/*
 * Who has been given a lock waits for nobody, though he has not run yet. On one CPU: the child waits for byte 0 and has byte
 * 1; the parent lets go of 0, and asks for 1 before the child can run.
 */
static void no_circle_any_more(void)
{
	unsigned long one = 1, all = 0;
	int fd = open_f(), status;
	pid_t pid;

	NEED(syscall(SYS_sched_getaffinity, 0, sizeof(all), &all) > 0);
	NEED(syscall(SYS_sched_setaffinity, 0, sizeof(one), &one) == 0);
	EQ(lk(fd, F_SETLK, F_WRLCK, 0, 1), 0);
	pid = fork();
	if (pid == 0) {
		int mine = open_f();

		if (lk(mine, F_SETLK, F_WRLCK, 1, 1))
			_exit(1);
		raise(SIGSTOP);
		_exit(lk(mine, F_SETLKW, F_WRLCK, 0, 1) ? 2 : 0);
	}
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	kill(pid, SIGCONT);
	while (!waits(pid))
		sched_yield();
	EQ(lk(fd, F_SETLK, F_UNLCK, 0, 1), 0);
	EQ(lk(fd, F_SETLKW, F_WRLCK, 1, 1), 0); /* when the child has ended */
	EQ(tap_wait(pid), 0);
	syscall(SYS_sched_setaffinity, 0, sizeof(all), &all);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(ranges),     T(whence),	   T(access_modes),
		T(closing),    T(waiting),	   T(interrupted),
		T(deadlock),   T(open_file_locks), T(flocks),
		T(proc_lines), T(leases),	   T(crowd),
		T(narrow),     T(order),	   T(no_circle_any_more),
		TEND
	};

	return tap_main(argc, argv, tests);
}
