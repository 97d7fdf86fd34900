/* POSIX message queues: priorities, waiting, timeouts, notification, rights, limits, the mqueue file system. */
#include "ipc.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statfs.h>

static const char NAME[] = "/mnemos_mq";

static mqd_t make(long maxmsg, long msgsize, int flags)
{
	struct mq_attr a = { .mq_maxmsg = maxmsg, .mq_msgsize = msgsize };

	return mq_open(NAME, O_CREAT | O_EXCL | O_RDWR | flags, 0600, &a);
}

static void done(mqd_t q)
{
	EQ(mq_close(q), 0);
	EQ(mq_unlink(NAME), 0);
}

static int put(mqd_t q, const char *text, unsigned prio)
{
	return mq_send(q, text, strlen(text), prio);
}

/* "text@prio" of the next message. */
static const char *take(mqd_t q)
{
	static char out[200];
	char buf[128];
	unsigned prio;
	ssize_t n = mq_receive(q, buf, sizeof(buf), &prio);

	if (n < 0)
		snprintf(out, sizeof(out), "error %d", errno);
	else
		snprintf(out, sizeof(out), "%.*s@%u", (int)n, buf, prio);
	return out;
}

static int events(mqd_t q)
{
	struct pollfd p = { q, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void priorities(void)
{
	mqd_t q = make(10, 128, 0);
	struct mq_attr a;

	NEED(q != (mqd_t)-1);
	EQ(events(q), POLLOUT);
	EQ(put(q, "low", 1), 0);
	EQ(events(q), POLLIN | POLLOUT);
	EQ(put(q, "high", 32767), 0);
	EQ(put(q, "middle", 5), 0);
	EQ(put(q, "middle too", 5), 0);
	EQ(put(q, "", 0), 0);
	EQ(mq_getattr(q, &a), 0);
	EQ(a.mq_maxmsg, 10);
	EQ(a.mq_msgsize, 128);
	EQ(a.mq_curmsgs, 5);
	EQ(a.mq_flags, 0);
	STREQ(take(q), "high@32767");
	STREQ(take(q), "middle@5");
	STREQ(take(q), "middle too@5");
	STREQ(take(q), "low@1");
	STREQ(take(q), "@0");
	for (int i = 0; i < 10; i++)
		EQ(put(q, "x", (unsigned)i), 0);
	EQ(events(q), POLLIN);
	done(q);
}

static void errors(void)
{
	mqd_t q = make(2, 16, O_NONBLOCK), rd, wr;
	struct mq_attr a = { .mq_maxmsg = 0, .mq_msgsize = 10 };
	struct timespec past = { 1, 0 }, bad = { 1, 1000000000 };
	char buf[16], longname[300];

	NEED(q != (mqd_t)-1);
	CHECK(fcntl(q, F_GETFD) & FD_CLOEXEC);
	FAILS(mq_receive(q, buf, 16, NULL), EAGAIN);
	FAILS(mq_receive(q, buf, 15, NULL), EMSGSIZE);
	FAILS(mq_send(q, buf, 17, 0), EMSGSIZE);
	FAILS(mq_send(q, buf, 1, 32768), EINVAL);
	EQ(mq_send(q, buf, 16, 0), 0);
	EQ(mq_send(q, buf, 0, 0), 0);
	FAILS(mq_send(q, buf, 0, 0), EAGAIN);
	FAILS(mq_timedsend(q, buf, 1, 0, &past), EAGAIN); /* the file does not wait */
	FAILS(mq_timedsend(q, buf, 1, 0, &bad), EINVAL);
	a.mq_flags = 0;
	EQ(mq_setattr(q, &a, NULL), 0);
	FAILS(mq_timedsend(q, buf, 1, 0, &past), ETIMEDOUT);
	a.mq_flags = 1;
	FAILS(mq_setattr(q, &a, NULL), EINVAL);
	rd = mq_open(NAME, O_RDONLY);
	wr = mq_open(NAME, O_WRONLY);
	NEED(rd != (mqd_t)-1 && wr != (mqd_t)-1);
	FAILS(mq_send(rd, buf, 1, 0), EBADF);
	FAILS(mq_receive(wr, buf, 16, NULL), EBADF);
	FAILS(mq_send(0, buf, 1, 0), EBADF);
	FAILS(mq_send(99, buf, 1, 0), EBADF);
	FAILS(mq_getattr(0, &a), EBADF);
	EQ(mq_receive(rd, buf, 16, NULL), 16);
	EQ(mq_receive(rd, buf, 16, NULL), 0);
	FAILS(mq_timedreceive(rd, buf, 16, NULL, &past), ETIMEDOUT);
	FAILS(syscall(SYS_mq_timedsend, wr, 8, 1, 0, NULL), EFAULT);
	a = (struct mq_attr){ .mq_maxmsg = 0, .mq_msgsize = 10 };
	CHECK(mq_open("/mnemos_other", O_CREAT | O_RDWR, 0600, &a) == (mqd_t)-1 && errno == EINVAL);
	CHECK(mq_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0600, NULL) == (mqd_t)-1 && errno == EEXIST);
	CHECK(mq_open("/mnemos_other", O_RDWR) == (mqd_t)-1 && errno == ENOENT);
	CHECK(mq_open("/a/b", O_RDWR) == (mqd_t)-1 && errno == EACCES);
	memset(longname, 'a', sizeof(longname));
	longname[0] = '/';
	longname[299] = 0;
	CHECK(mq_open(longname, O_CREAT | O_RDWR, 0600, NULL) == (mqd_t)-1 &&
	      errno == ENAMETOOLONG);
	FAILS(mq_unlink("/mnemos_other"), ENOENT);
	FAILS(syscall(SYS_mq_open, 8, O_RDWR, 0, NULL), EFAULT);
	FAILS(syscall(SYS_mq_open, "..", O_RDWR, 0, NULL), EACCES);
	FAILS(syscall(SYS_mq_open, "", O_RDWR, 0, NULL), ENOENT);
	mq_close(rd);
	mq_close(wr);
	done(q);
}

static void defaults(void)
{
	mqd_t q = mq_open(NAME, O_CREAT | O_RDWR, 0640, NULL), again;
	struct mq_attr a;
	struct stat st;

	NEED(q != (mqd_t)-1);
	EQ(mq_getattr(q, &a), 0);
	EQ(a.mq_maxmsg, 10);
	EQ(a.mq_msgsize, 8192);
	EQ(fstat(q, &st), 0);
	EQ(st.st_mode, S_IFREG | 0640);
	EQ(st.st_size, 80);
	again = mq_open(NAME, O_CREAT | O_RDWR, 0640, NULL);
	EQ(put(again, "seen", 3), 0);
	EQ(mq_getattr(q, &a), 0);
	EQ(a.mq_curmsgs, 1);
	mq_close(again);
	EQ(mq_unlink(NAME), 0);
	FAILS(mq_unlink(NAME), ENOENT);
	EQ(mq_getattr(q, &a), 0); /* it lives on */
	EQ(a.mq_curmsgs, 1);
	mq_close(q);
}

static void *late_put(void *arg)
{
	tap_sleep_ms(30);
	EQ(put(*(mqd_t *)arg, "late", 7), 0);
	return NULL;
}

static void *late_take(void *arg)
{
	tap_sleep_ms(30);
	STREQ(take(*(mqd_t *)arg), "first@1");
	return NULL;
}

static void waiting(void)
{
	mqd_t q = make(1, 64, 0);
	struct sigaction sa = { .sa_handler = on_signal };
	struct timespec soon;
	char buf[64];
	pthread_t t;

	NEED(q != (mqd_t)-1);
	NEED(pthread_create(&t, NULL, late_put, &q) == 0);
	STREQ(take(q), "late@7");
	pthread_join(t, NULL);
	EQ(put(q, "first", 1), 0);
	NEED(pthread_create(&t, NULL, late_take, &q) == 0);
	EQ(put(q, "second", 9), 0);
	pthread_join(t, NULL);
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 20000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_sec++;
		soon.tv_nsec -= 1000000000;
	}
	FAILS(mq_timedsend(q, "x", 1, 0, &soon), ETIMEDOUT);
	STREQ(take(q), "second@9");
	FAILS(mq_timedreceive(q, buf, 64, NULL, &soon), ETIMEDOUT);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(mq_receive(q, buf, 64, NULL), EINTR);
	done(q);
}

static siginfo_t told;
static volatile int times_told;

static void on_message(int sig, siginfo_t *info, void *ctx)
{
	told = *info;
	times_told++;
}

static void notification(void)
{
	mqd_t q = make(5, 64, 0);
	struct sigaction sa = { .sa_sigaction = on_message, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	char text[128];
	int pid;

	NEED(q != (mqd_t)-1);
	sigaction(SIGUSR1, &sa, NULL);
	ev.sigev_value.sival_int = 4711;
	EQ(mq_notify(q, &ev), 0);
	FAILS(mq_notify(q, &ev), EBUSY);
	EQ(pread(q, text, sizeof(text), 0) > 0, 1);
	snprintf(text + 64, 64, "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", 0, 0,
		 SIGUSR1, getpid());
	EQ(memcmp(text, text + 64, strlen(text + 64)), 0);
	pid = fork();
	if (!pid) {
		if (mq_notify(q, &ev) != -1 || errno != EBUSY || put(q, "hello", 0))
			_exit(1);
		_exit(0);
	}
	EQ(tap_wait(pid), EXITED(0));
	for (int i = 0; i < 1000 && !times_told; i++)
		tap_sleep_ms(1);
	EQ(times_told, 1);
	EQ(told.si_code, SI_MESGQ);
	EQ(told.si_pid, pid);
	EQ(told.si_value.sival_int, 4711);
	EQ(put(q, "again", 0), 0); /* told once, and the queue was not empty */
	EQ(times_told, 1);
	STREQ(take(q), "hello@0");
	EQ(mq_notify(q, &ev), 0);
	EQ(put(q, "not empty", 0), 0);
	EQ(times_told, 1);
	STREQ(take(q), "again@0");
	STREQ(take(q), "not empty@0");
	EQ(put(q, "now", 0), 0);
	EQ(times_told, 2);
	STREQ(take(q), "now@0");
	EQ(mq_notify(q, &ev), 0);
	EQ(mq_notify(q, NULL), 0);
	EQ(put(q, "nobody", 0), 0);
	EQ(times_told, 2);
	ev.sigev_notify = 77;
	FAILS(mq_notify(q, &ev), EINVAL);
	ev.sigev_notify = SIGEV_SIGNAL;
	ev.sigev_signo = 65;
	FAILS(mq_notify(q, &ev), EINVAL);
	ev.sigev_notify = SIGEV_NONE;
	EQ(mq_notify(q, &ev), 0);
	mqd_t other = mq_open(NAME, O_RDWR);

	mq_close(other); /* any close by the process ends it */
	EQ(mq_notify(q, &ev), 0);
	done(q);
}

static int stranger(int unused)
{
	struct mq_attr a = { .mq_maxmsg = 11, .mq_msgsize = 10 };
	mqd_t q;

	CHECK(mq_open(NAME, O_RDWR) == (mqd_t)-1 && errno == EACCES);
	q = mq_open(NAME, O_RDONLY);
	CHECK(q != (mqd_t)-1);
	FAILS(syscall(SYS_mq_unlink, NAME + 1), EPERM); /* the directory is sticky */
	CHECK(mq_open("/mnemos_n", O_CREAT | O_RDWR, 0600, &a) == (mqd_t)-1 && errno == EINVAL);
	a = (struct mq_attr){ .mq_maxmsg = 10, .mq_msgsize = 8193 };
	CHECK(mq_open("/mnemos_n", O_CREAT | O_RDWR, 0600, &a) == (mqd_t)-1 && errno == EINVAL);
	a.mq_msgsize = 8192;
	q = mq_open("/mnemos_n", O_CREAT | O_RDWR, 0, &a);
	CHECK(q != (mqd_t)-1);
	CHECK(mq_open("/mnemos_n", O_RDWR) == (mqd_t)-1 && errno == EACCES); /* mode 0 */
	EQ(mq_unlink("/mnemos_n"), 0);
	return tap_failures != 0;
}

/* 82,880 bytes each on 64 bits: ten would be too many. */
static int limited(int unused)
{
	char name[32];
	int n = 0;
	mqd_t q;

	do {
		snprintf(name, sizeof(name), "/mnemos_l%d", n);
		q = mq_open(name, O_CREAT | O_RDWR, 0600, NULL);
		n += q != (mqd_t)-1;
	} while (q != (mqd_t)-1 && n < 100);
	EQ(errno, EMFILE);
	EQ(n, 9);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "/mnemos_l%d", i);
		EQ(mq_unlink(name), 0);
	}
	return tap_failures != 0;
}

static void rights(void)
{
	mqd_t q = make(2, 16, 0);

	if (geteuid()) {
		done(q);
		SKIP("needs root");
	}
	EQ(fchmod(q, 0604), 0);
	EQ(as_nobody(stranger, 0), EXITED(0));
	EQ(as_nobody(limited, 0), EXITED(0));
	EQ(as_nobody(limited, 0), EXITED(0)); /* all came back */
	done(q);
}

static void limits(void)
{
	static const char *const files[][2] = { { "queues_max", "256\n" },
						{ "msg_max", "10\n" },
						{ "msgsize_max", "8192\n" },
						{ "msg_default", "10\n" },
						{ "msgsize_default", "8192\n" } };
	char path[64], text[32];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", files[i][0]);
		NEED(tap_read(path, text, sizeof(text)) > 0);
		STREQ(text, files[i][1]);
	}
}

static void file_system(void)
{
	mqd_t q = make(3, 64, 0);
	struct statfs fs;
	char text[128];
	int fd;

	if (!ours()) {
		done(q);
		SKIP("mounts");
	}
	NEED(q != (mqd_t)-1 && mkdir("mq", 0755) == 0);
	EQ(put(q, "12345", 0), 0);
	EQ(mount("none", "mq", "mqueue", 0, NULL), 0);
	EQ(statfs("mq", &fs), 0);
	EQ(fs.f_type, 0x19800202);
	NEED(tap_read("mq/mnemos_mq", text, sizeof(text)) > 0);
	STREQ(text, "QSIZE:5          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n");
	fd = open("mq/new", O_CREAT | O_RDWR, 0600); /* a queue, with the defaults */
	NEED(fd >= 0);
	EQ(put(fd, "x", 1), 0);
	close(fd);
	FAILS(mkdir("mq/dir", 0755), EPERM);
	FAILS(symlink("x", "mq/link"), EPERM);
	EQ(unlink("mq/new"), 0);
	EQ(unlink("mq/mnemos_mq"), 0);
	EQ(umount("mq"), 0);
	FAILS(mq_unlink(NAME), ENOENT);
	mq_close(q);
}

static void *crowd_put(void *arg)
{
	struct crowd *c = arg;

	for (unsigned i = 1; i <= (unsigned)c->rounds; i++)
		if (mq_send((mqd_t)c->id, (char *)&i, sizeof(i), i % 4 + 1))
			return NULL;
	return c;
}

static void *crowd_take(void *arg)
{
	struct crowd *c = arg;
	char buf[64];
	unsigned n;

	for (;;) {
		if (mq_receive((mqd_t)c->id, buf, sizeof(buf), NULL) != sizeof(n))
			return NULL;
		memcpy(&n, buf, sizeof(n));
		if (!n)
			return c;
		c->sum += n;
	}
}

static void crowd_stop(int q)
{
	unsigned zero = 0;

	EQ(mq_send((mqd_t)q, (char *)&zero, sizeof(zero), 0), 0); /* after all others */
}

static void crowd(void)
{
	mqd_t q = make(4, 64, 0);

	NEED(q != (mqd_t)-1);
	crowd_run((int)q, crowd_put, crowd_take, crowd_stop);
	done(q);
}

/* Queues that end with messages in them (the driver counts the pages). */
static void left_over(void)
{
	for (int i = 0; i < 20; i++) {
		mqd_t q = make(10, 8192, 0);
		static char big[8192];

		for (int n = 0; n < 10; n++)
			EQ(mq_send(q, big, sizeof(big), (unsigned)n), 0);
		done(q);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(priorities),	 T(errors),    T(defaults), T(waiting),
		T(notification), T(rights),    T(limits),   T(file_system),
		T(crowd),	 T(left_over), TEND
	};

	mq_unlink(NAME);
	return tap_main(argc, argv, tests);
}
