/*
 * Pseudo-terminals: names and numbers, bytes both ways, closing of either end, packets, window sizes, sessions, job control.
 * What is asked here is so on Linux too; there (TAP_HOST) the tests of rights and knobs are left out.
 */
#include "failpoint.h"

#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <termios.h>

static void *volatile nowhere = (void *)8;
enum { PTS_MAJOR = 136, TTY_GROUP = 5, LONG = 20000 };

struct pair {
	int master, slave, nr;
	char name[32];
};

static int new_master(struct pair *p)
{
	int unlock = 0;

	p->slave = -1;
	p->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->master < 0 || ioctl(p->master, TIOCGPTN, &p->nr) ||
	    ioctl(p->master, TIOCSPTLCK, &unlock))
		return -1;
	snprintf(p->name, sizeof(p->name), "/dev/pts/%d", p->nr);
	return 0;
}

static int new_pair(struct pair *p)
{
	if (new_master(p))
		return -1;
	p->slave = open(p->name, O_RDWR | O_NOCTTY);
	return p->slave < 0 ? -1 : 0;
}

static void plain(int fd)
{
	struct termios t;

	EQ(tcgetattr(fd, &t), 0);
	cfmakeraw(&t);
	EQ(tcsetattr(fd, TCSANOW, &t), 0);
}

static int events_of(int fd, int wanted, int timeout_ms)
{
	struct pollfd p = { fd, (short)wanted, 0 };

	EQ(poll(&p, 1, timeout_ms) >= 0, 1);
	return p.revents;
}

static int events(int fd)
{
	return events_of(fd, POLLIN | POLLOUT | POLLPRI, 0);
}

static int put(int fd, const char *text)
{
	return (int)write(fd, text, strlen(text));
}

/* The next read gives exactly @want. */
#define READS(fd, want)                                                                            \
	do {                                                                                       \
		char got_[200] = "";                                                               \
		ssize_t n_ = read(fd, got_, sizeof(got_) - 1);                                     \
		if (CHECK(n_ >= 0))                                                                \
			STREQ(got_, want);                                                         \
	} while (0)

/* ---- names ---- */

static void names(void)
{
	struct pair a, b;
	struct stat st;
	int locked = 1, fd;

	NEED(new_master(&a) == 0 && new_master(&b) == 0);
	CHECK(a.nr != b.nr);
	EQ(stat(a.name, &st), 0);
	EQ(S_ISCHR(st.st_mode), 1);
	EQ(major(st.st_rdev), PTS_MAJOR);
	EQ(minor(st.st_rdev), a.nr);
	EQ(st.st_uid, getuid());
	EQ(isatty(a.master), 1);
	EQ(ioctl(a.master, TIOCSPTLCK, &locked), 0);
	locked = 7;
	EQ(ioctl(a.master, TIOCGPTLCK, &locked), 0);
	EQ(locked, 1);
	FAILS(open(a.name, O_RDWR | O_NOCTTY), EIO);
	FAILS(ioctl(a.master, TIOCGPTPEER, O_RDWR | O_NOCTTY), EIO);
	locked = 0;
	EQ(ioctl(a.master, TIOCSPTLCK, &locked), 0);
	fd = open(a.name, O_RDWR | O_NOCTTY);
	CHECK(fd >= 0);
	STREQ(ttyname(fd) ? ttyname(fd) : "none", a.name);
	FAILS(ioctl(fd, TIOCGPTN, &locked), ENOTTY);
	FAILS(ioctl(fd, TIOCMGET, &locked), ENOTTY);
	close(a.master);
	FAILS(stat(a.name, &st), ENOENT);
	close(fd);
	close(b.master);
	FAILS(stat(b.name, &st), ENOENT);
}

static void peer(void)
{
	struct pair p;
	int fd;

	NEED(new_master(&p) == 0);
	fd = ioctl(p.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	NEED(fd >= 0);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	STREQ(ttyname(fd) ? ttyname(fd) : "none", p.name);
	EQ(put(fd, "peer"), 4);
	READS(p.master, "peer");
	close(fd);
	close(p.master);
}

/* Rights and knobs; the driver mounted with gid=5,mode=620. */
static void rules(void)
{
	char text[64];
	struct stat st;
	struct pair p;
	int before;

	if (getenv("TAP_HOST"))
		SKIP("another's mount");
	NEED(tap_read("/proc/sys/kernel/pty/nr", text, sizeof(text)) > 0);
	before = atoi(text);
	NEED(new_pair(&p) == 0);
	EQ(stat(p.name, &st), 0);
	EQ(st.st_mode & 07777, 0620);
	EQ(st.st_gid, TTY_GROUP);
	EQ(stat("/dev/pts/ptmx", &st), 0);
	EQ(st.st_mode & 0777, 0666);
	EQ(st.st_rdev, makedev(5, 2));
	tap_read("/proc/sys/kernel/pty/nr", text, sizeof(text));
	EQ(atoi(text), before + 1);
	close(p.master);
	tap_read("/proc/sys/kernel/pty/nr", text, sizeof(text));
	EQ(atoi(text), before + 1); /* the number is the slave's too */
	close(p.slave);
	tap_read("/proc/sys/kernel/pty/nr", text, sizeof(text));
	EQ(atoi(text), before);
	snprintf(text, sizeof(text), "%d\n", before);
	EQ(tap_put("/proc/sys/kernel/pty/max", text), 0);
	FAILS(open("/dev/ptmx", O_RDWR | O_NOCTTY), ENOSPC);
	EQ(tap_put("/proc/sys/kernel/pty/max", "4096\n"), 0);
	NEED(new_pair(&p) == 0);
	close(p.slave);
	close(p.master);
	FAILS(mount("devpts", "/dev/pts", "devpts", 0, "nonsense=1"), EINVAL);
}

/* ---- bytes ---- */

static void bytes(void)
{
	struct pair p;
	int n = -1;

	NEED(new_pair(&p) == 0);
	EQ(put(p.slave, "out\n"), 4);
	EQ(ioctl(p.master, FIONREAD, &n), 0);
	EQ(n, 5);
	EQ(ioctl(p.slave, TIOCOUTQ, &n), 0);
	EQ(n, 0);
	EQ(tcdrain(p.slave), 0);
	READS(p.master, "out\r\n");
	EQ(put(p.master, "typed"), 5);
	EQ(ioctl(p.slave, FIONREAD, &n), 0);
	EQ(n, 0); /* no line yet */
	EQ(put(p.master, "\x7f!\r"), 3);
	READS(p.slave, "type!\n");
	READS(p.master, "typed\b \b!\r\n");
	EQ(put(p.master, "\x04"), 1);
	READS(p.slave, "");
	plain(p.slave);
	EQ(put(p.master, "a\x03\x04\r"), 4);
	READS(p.slave, "a\x03\x04\r");
	EQ(events(p.master), POLLOUT);
	EQ(fcntl(p.master, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	FAILS(read(p.master, &n, 1), EAGAIN);
	EQ(put(p.slave, "\n"), 1);
	EQ(events(p.master), POLLOUT | POLLIN);
	EQ(read(p.master, &n, 0), 0);
	READS(p.master, "\n");
	FAILS(read(p.master, nowhere, 1), EAGAIN);
	EQ(put(p.slave, "x"), 1);
	FAILS(read(p.master, nowhere, 1), EFAULT);
	FAILS(write(p.master, nowhere, 1), EFAULT);
	FAILS(lseek(p.master, 0, SEEK_SET), ESPIPE);
	EQ(put(p.master, "gone"), 4);
	EQ(tcflush(p.slave, TCIFLUSH), 0);
	EQ(ioctl(p.slave, FIONREAD, &n), 0);
	EQ(n, 0);
	close(p.slave);
	close(p.master);
}

/* Settings asked for at the master are the slave's. */
static void settings(void)
{
	struct termios t, s;
	struct pair p;

	NEED(new_pair(&p) == 0);
	EQ(tcgetattr(p.master, &t), 0);
	EQ(t.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
	EQ(cfgetospeed(&t), B38400);
	t.c_lflag &= ~(tcflag_t)ECHO;
	EQ(tcsetattr(p.master, TCSADRAIN, &t), 0);
	EQ(tcgetattr(p.slave, &s), 0);
	EQ(s.c_lflag & ECHO, 0);
	EQ(put(p.master, "quiet\n"), 6);
	EQ(events(p.master), POLLOUT);
	READS(p.slave, "quiet\n");
	close(p.slave);
	p.slave = open(p.name, O_RDWR | O_NOCTTY); /* they outlive the last open file */
	EQ(tcgetattr(p.slave, &s), 0);
	EQ(s.c_lflag & ECHO, 0);
	close(p.slave);
	close(p.master);
}

static int pump_out(void *arg)
{
	struct pair *p = arg;
	char chunk[1000];

	close(p->master);
	for (int done = 0; done < LONG; done += (int)sizeof(chunk)) {
		memset(chunk, 'a' + done / (int)sizeof(chunk), sizeof(chunk));
		NEED_IN_CHILD(write(p->slave, chunk, sizeof(chunk)) == sizeof(chunk));
	}
	return 0;
}

/* More than the buffers hold: writers wait for readers. */
static int locks_of_an_ordinary_user(void *arg)
{
	const struct pair *p = arg;
	struct termios lock;

	NEED_IN_CHILD(setuid(1000) == 0);
	NEED_IN_CHILD(ioctl(p->slave, TIOCGLCKTRMIOS, &lock) == 0);
	return ioctl(p->slave, TIOCSLCKTRMIOS, &lock) == 0 ? 1 : errno == EPERM ? 0 : 2;
}

/* What is locked stays as it is, however the settings are set. */
static void locked_settings(void)
{
	struct termios lock, t, was;
	struct pair p;

	NEED(new_pair(&p) == 0);
	memset(&lock, 0xff, sizeof(lock));
	OK(ioctl(p.slave, TIOCGLCKTRMIOS, &lock));
	EQ(lock.c_iflag | lock.c_oflag | lock.c_cflag | lock.c_lflag, 0);
	EQ(lock.c_line, 0);
	EQ(lock.c_cc[VINTR], 0);
	FAILS(ioctl(p.slave, TIOCGLCKTRMIOS, nowhere), EFAULT);
	FAILS(ioctl(p.slave, TIOCSLCKTRMIOS, nowhere), EFAULT);
	OK(tcgetattr(p.slave, &was));
	lock.c_lflag = ECHO;
	lock.c_oflag = OPOST;
	lock.c_cc[VINTR] = 1;
	OK(ioctl(p.slave, TIOCSLCKTRMIOS, &lock));
	memset(&lock, 0, sizeof(lock));
	OK(ioctl(p.master, TIOCGLCKTRMIOS, &lock)); /* one terminal, two ends */
	EQ(lock.c_lflag, ECHO);
	EQ(lock.c_cc[VINTR], 1);
	t = was;
	t.c_lflag ^= ECHO | ICANON;
	t.c_oflag ^= OPOST | ONLCR;
	t.c_cc[VINTR] ^= 1;
	t.c_cc[VQUIT] ^= 1;
	OK(ioctl(p.slave, TCSETS, &t));
	OK(tcgetattr(p.slave, &t));
	EQ(t.c_lflag, was.c_lflag ^ ICANON);
	EQ(t.c_oflag, was.c_oflag ^ ONLCR);
	EQ(t.c_cc[VINTR], was.c_cc[VINTR]);
	EQ(t.c_cc[VQUIT], was.c_cc[VQUIT] ^ 1);
	EQ(tap_child(locks_of_an_ordinary_user, &p), EXITED(0));
	memset(&lock, 0, sizeof(lock));
	OK(ioctl(p.slave, TIOCSLCKTRMIOS, &lock));
	t.c_lflag ^= ECHO;
	OK(tcsetattr(p.slave, TCSANOW, &t));
	OK(tcgetattr(p.slave, &t));
	EQ(t.c_lflag, was.c_lflag ^ (ICANON | ECHO));
	close(p.slave);
	close(p.master);
}

static void waits_slave(void)
{
	struct pair p;
	int total = 0;
	char buf[700];
	ssize_t n;
	pid_t pid;

	NEED(new_pair(&p) == 0);
	plain(p.slave);
	pid = fork();
	if (pid == 0)
		_exit(pump_out(&p));
	close(p.slave);
	while ((n = read(p.master, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++, total++)
			if (buf[i] != 'a' + total / 1000)
				NEED(buf[i] == 'a' + total / 1000);
	EQ(total, LONG);
	EQ(errno, EIO);
	EQ(tap_wait(pid), 0);
	close(p.master);
}

static void waits_master(void)
{
	struct pair p;
	char buf[700];
	int total = 0;
	pid_t pid;

	NEED(new_pair(&p) == 0);
	plain(p.slave);
	pid = fork();
	if (pid == 0) {
		int master = p.master;

		p.master = -1;
		p.slave = master; /* the same bytes the other way */
		_exit(pump_out(&p));
	}
	while (total < LONG) {
		ssize_t n = read(p.slave, buf, sizeof(buf));

		NEED(n > 0);
		for (ssize_t i = 0; i < n; i++, total++)
			if (buf[i] != 'a' + total / 1000)
				NEED(buf[i] == 'a' + total / 1000);
	}
	EQ(tap_wait(pid), 0);
	close(p.slave);
	close(p.master);
}

/* ---- closing ---- */

static void closing_slave(void)
{
	struct pair p;
	char c;

	NEED(new_master(&p) == 0);
	EQ(events(p.master), POLLOUT); /* not open yet is not closed */
	p.slave = open(p.name, O_RDWR | O_NOCTTY);
	EQ(put(p.slave, "last words"), 10);
	close(p.slave);
	EQ(events(p.master), POLLIN | POLLOUT | POLLHUP);
	READS(p.master, "last words");
	FAILS(read(p.master, &c, 1), EIO);
	EQ(put(p.master, "kept\n"), 5);
	p.slave = open(p.name, O_RDWR | O_NOCTTY);
	EQ(events(p.master) & POLLHUP, 0);
	READS(p.slave, "kept\n");
	close(p.slave);
	close(p.master);
}

static void closing_master(void)
{
	struct termios t;
	struct pair p;
	char c;

	NEED(new_pair(&p) == 0);
	EQ(put(p.master, "never read\n"), 11);
	close(p.master);
	EQ(events(p.slave), POLLIN | POLLOUT | POLLERR | POLLHUP);
	EQ(read(p.slave, &c, 1), 0);
	FAILS(write(p.slave, "x", 1), EIO);
	FAILS(tcgetattr(p.slave, &t), EIO);
	FAILS(open(p.name, O_RDWR | O_NOCTTY), ENOENT);
	close(p.slave);
}

static int reader_of_slave(void *arg)
{
	struct pair *p = arg;
	char c;

	close(p->master);
	return read(p->slave, &c, 1) <= 0 ? 3 : 4;
}

/* Somebody waits in read(2) when the master goes. */
static void closing_wakes(void)
{
	struct pair p;
	pid_t pid;

	NEED(new_pair(&p) == 0);
	pid = fork();
	if (pid == 0)
		_exit(reader_of_slave(&p));
	tap_sleep_ms(20);
	close(p.master);
	EQ(tap_wait(pid), EXITED(3));
	close(p.slave);
}

/* ---- packets ---- */

#define STATUS(fd, want)                                                                           \
	do {                                                                                       \
		char got_[8] = "";                                                                 \
		EQ(events_of(fd, POLLIN | POLLPRI, 10000), POLLIN | POLLPRI);                      \
		EQ(read(fd, got_, sizeof(got_)), 1);                                               \
		EQ(got_[0], want);                                                                 \
	} while (0)

static void packets(void)
{
	struct termios t;
	struct pair p;
	char buf[16];
	int on = 1;

	NEED(new_pair(&p) == 0);
	EQ(ioctl(p.master, TIOCPKT, &on), 0);
	EQ(put(p.slave, "hi"), 2);
	EQ(read(p.master, buf, sizeof(buf)), 3);
	EQ(memcmp(buf, "\0hi", 3), 0);
	EQ(tcflush(p.slave, TCIFLUSH), 0);
	STATUS(p.master, TIOCPKT_FLUSHREAD);
	EQ(tcflush(p.slave, TCOFLUSH), 0);
	STATUS(p.master, TIOCPKT_FLUSHWRITE);
	EQ(tcflow(p.slave, TCOOFF), 0);
	STATUS(p.master, TIOCPKT_STOP);
	EQ(tcflow(p.slave, TCOON), 0);
	STATUS(p.master, TIOCPKT_START);
	EQ(tcgetattr(p.slave, &t), 0);
	t.c_iflag &= ~(tcflag_t)IXON;
	EQ(tcsetattr(p.slave, TCSANOW, &t), 0);
	STATUS(p.master, TIOCPKT_NOSTOP);
	t.c_iflag |= IXON;
	EQ(tcsetattr(p.slave, TCSANOW, &t), 0);
	STATUS(p.master, TIOCPKT_DOSTOP);
	EQ(put(p.master, "\x13"), 1);
	STATUS(p.master, TIOCPKT_STOP);
	EQ(put(p.master, "\x11"), 1);
	STATUS(p.master, TIOCPKT_START);
	on = 0;
	EQ(ioctl(p.master, TIOCPKT, &on), 0);
	EQ(put(p.slave, "plain"), 5);
	READS(p.master, "plain");
	close(p.slave);
	close(p.master);
}

/* ---- sessions ---- */

static volatile int hups, conts, winches, ints;

static void count(int sig)
{
	hups += sig == SIGHUP;
	conts += sig == SIGCONT;
	winches += sig == SIGWINCH;
	ints += sig == SIGINT;
}

static void count_signals(void)
{
	struct sigaction a = { .sa_handler = count };

	sigaction(SIGHUP, &a, NULL);
	sigaction(SIGCONT, &a, NULL);
	sigaction(SIGWINCH, &a, NULL);
	sigaction(SIGINT, &a, NULL);
}

/* Field @n of /proc/self/stat, counted from 1. */
static long stat_field(int n)
{
	char text[1000], *p;

	if (tap_read("/proc/self/stat", text, sizeof(text)) < 0 || !(p = strrchr(text, ')')))
		return -1;
	for (p++, n -= 2; n > 1; n--)
		p = strchr(p + 1, ' ');
	return strtol(p, NULL, 10);
}

/* Tell the parent over @fd that this is done, and wait until it answers. */
static void meet(int fd)
{
	char c = 'm';

	CHECK(write(fd, &c, 1) == 1);
	while (read(fd, &c, 1) < 0 && errno == EINTR)
		;
}

static void await(volatile int *counter, int n)
{
	for (int i = 0; i < 5000 && *counter < n; i++)
		tap_sleep_ms(1);
	EQ(*counter, n);
}

/* A session of its own on the slave. @to: the parent. */
static int leader(struct pair *p, int to)
{
	struct winsize w = { 0, 0, 0, 0 };
	int fd;

	close(p->master);
	count_signals();
	NEED_IN_CHILD(setsid() == getpid());
	fd = open(p->name, O_RDWR | O_NOCTTY);
	FAILS(open("/dev/tty", O_RDWR), ENXIO);
	close(fd);
	fd = open(p->name, O_RDWR);
	NEED_IN_CHILD(fd >= 0);
	EQ(stat_field(7), PTS_MAJOR << 8 | (p->nr & 0xff) | (p->nr & ~0xff) << 12);
	EQ(stat_field(8), getpid());
	EQ(tcgetpgrp(fd), getpid());
	EQ(tcgetsid(fd), getpid());
	close(open("/dev/tty", O_RDWR));
	meet(to); /* the window changes */
	await(&winches, 1);
	EQ(ioctl(fd, TIOCGWINSZ, &w), 0);
	EQ(w.ws_row, 40);
	EQ(w.ws_col, 132);
	meet(to); /* ^C, TIOCSIG */
	await(&ints, 1);
	meet(to);
	await(&ints, 2);
	meet(to); /* the master closes */
	await(&hups, 1);
	await(&conts, 1);
	FAILS(open("/dev/tty", O_RDWR), ENXIO);
	EQ(stat_field(7), 0);
	FAILS(ioctl(fd, TIOCSCTTY, 0), EIO);
	FAILS(write(fd, "x", 1), EIO);
	return tap_failures != 0;
}

static void session(void)
{
	struct winsize w = { 40, 132, 0, 0 };
	struct pair p;
	int up[2], pgrp = 0, sid = 0;
	pid_t pid;
	char c;

	NEED(new_master(&p) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, up) == 0);
	FAILS(tcgetsid(p.master), ENOTTY);
	pid = fork();
	if (pid == 0) {
		close(up[0]);
		_exit(leader(&p, up[1]));
	}
	close(up[1]);
	NEED(read(up[0], &c, 1) == 1);
	EQ(ioctl(p.master, TIOCGPGRP, &pgrp), 0);
	EQ(pgrp, pid);
	EQ(ioctl(p.master, TIOCGSID, &sid), 0);
	EQ(sid, pid);
	EQ(ioctl(p.master, TIOCSWINSZ, &w), 0);
	EQ(ioctl(p.master, TIOCSWINSZ, &w), 0); /* no change, no signal */
	EQ(put(up[0], "g"), 1);
	NEED(read(up[0], &c, 1) == 1);
	EQ(put(p.master, "\x03"), 1);
	EQ(put(up[0], "g"), 1);
	NEED(read(up[0], &c, 1) == 1);
	EQ(ioctl(p.master, TIOCSIG, SIGINT), 0);
	FAILS(ioctl(p.master, TIOCSIG, SIGKILL), EINVAL);
	EQ(put(up[0], "g"), 1);
	NEED(read(up[0], &c, 1) == 1);
	close(p.master);
	EQ(put(up[0], "g"), 1);
	EQ(tap_wait(pid), 0);
	close(up[0]);
}

/* In the background of @p's terminal: reading stops the group. */
static int background(struct pair *p)
{
	char c;

	setpgid(0, 0);
	if (read(p->slave, &c, 1) != 1) /* SIGTTIN, then again after SIGCONT in the foreground */
		return 1;
	return c == 'k' ? 5 : 2;
}

static int job_shell(struct pair *p)
{
	int status;
	pid_t pid;

	close(p->master);
	signal(SIGTTOU, SIG_IGN);
	NEED_IN_CHILD(setsid() == getpid());
	p->slave = open(p->name, O_RDWR);
	NEED_IN_CHILD(p->slave >= 0);
	pid = fork();
	if (pid == 0)
		_exit(background(p));
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	EQ(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN, 1);
	EQ(tcsetpgrp(p->slave, pid), 0);
	EQ(tcgetpgrp(p->slave), pid);
	EQ(stat_field(8), pid);
	put(p->slave, "go\n");
	EQ(kill(pid, SIGCONT), 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EXITED(5));
	return tap_failures != 0;
}

static void job_control(void)
{
	struct pair p;
	pid_t pid;

	NEED(new_master(&p) == 0);
	pid = fork();
	if (pid == 0)
		_exit(job_shell(&p));
	READS(p.master, "go\r\n");
	EQ(put(p.master, "k\n"), 2);
	EQ(tap_wait(pid), 0);
	close(p.master);
}

static int short_leader(struct pair *p, int ready)
{
	pid_t pid;
	char c;

	close(p->master);
	NEED_IN_CHILD(setsid() == getpid());
	p->slave = open(p->name, O_RDWR);
	NEED_IN_CHILD(p->slave >= 0);
	pid = fork();
	if (pid == 0) {
		count_signals();
		put(ready, "r");
		await(&hups, 1);
		CHECK(read(p->slave, &c, 1) <= 0);
		FAILS(write(p->slave, "x", 1), EIO);
		put(ready, tap_failures ? "b" : "g");
		_exit(0);
	}
	EQ(read(ready, &c, 1), 1); /* the test's word that the other is ready */
	put(p->slave, "bye");
	return 0;
}

/* The session's leader ends: who is in the foreground hears of it, its files are dead, what was written can be read. */
static void leader_ends(void)
{
	struct pair p;
	int up[2];
	pid_t pid;
	char c;

	NEED(new_master(&p) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, up) == 0);
	pid = fork();
	if (pid == 0) {
		close(up[0]);
		_exit(short_leader(&p, up[1]));
	}
	close(up[1]);
	NEED(read(up[0], &c, 1) == 1);
	EQ(put(up[0], "g"), 1);
	EQ(tap_wait(pid), 0);
	NEED(read(up[0], &c, 1) == 1);
	EQ(c, 'g');
	if (!getenv("TAP_HOST")) /* Linux may throw it away with what is not yet delivered */
		READS(p.master, "bye");
	close(up[0]);
	close(p.master);
}

/* vhangup(2): as if the line had gone; the terminal can be opened again. */
static int hangs_up(void *arg)
{
	struct pair *p = arg;
	int fd;

	signal(SIGHUP, SIG_IGN);
	NEED_IN_CHILD(setsid() == getpid());
	fd = open(p->name, O_RDWR);
	NEED_IN_CHILD(fd >= 0);
	EQ(vhangup(), 0);
	FAILS(write(fd, "x", 1), EIO);
	FAILS(open("/dev/tty", O_RDWR), ENXIO);
	close(fd);
	fd = open(p->name, O_RDWR);
	NEED_IN_CHILD(fd >= 0);
	EQ(tcgetpgrp(fd), getpid());
	EQ(put(fd, "again"), 5);
	return tap_failures != 0;
}

static void hanging_up(void)
{
	struct pair p;

	if (geteuid())
		SKIP("not root");
	NEED(new_master(&p) == 0);
	EQ(tap_child(hangs_up, &p), 0);
	READS(p.master, "again");
	close(p.master);
}

/* ---- many, races, no memory ---- */

static void many(void)
{
	struct pair p[40];

	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		NEED(new_pair(&p[i]) == 0);
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		EQ(put(p[i].slave, p[i].name), (int)strlen(p[i].name));
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		READS(p[i].master, p[i].name);
		close(i & 1 ? p[i].master : p[i].slave);
		close(i & 1 ? p[i].slave : p[i].master);
	}
}

/* Opens what the other end is about to take away, again and again. */
static int opener(void *arg)
{
	struct pair *p = arg;
	char c;

	setsid();
	signal(SIGHUP, SIG_IGN);
	close(p->master);
	for (;;) {
		int fd = open(p->name, O_RDWR | O_NONBLOCK);

		if (fd < 0)
			return errno == ENOENT || errno == EIO ? 0 : 1;
		(void)!write(fd, "x", 1);
		(void)!read(fd, &c, 1);
		close(open("/dev/tty", O_RDWR));
		close(fd);
	}
}

static void race(void)
{
	for (int i = 0; i < (tap_quick() ? 10 : 25); i++) {
		struct pair p;
		pid_t a, b;

		NEED(new_master(&p) == 0);
		a = fork();
		if (a == 0)
			_exit(opener(&p));
		b = fork();
		if (b == 0)
			_exit(opener(&p));
		EQ(fcntl(p.master, F_SETFL, O_RDWR | O_NONBLOCK), 0);
		for (int k = 0; k < i; k++) {
			char buf[100];

			(void)!read(p.master, buf, sizeof(buf));
			sched_yield();
		}
		close(p.master);
		EQ(tap_wait(a), 0);
		EQ(tap_wait(b), 0);
	}
}

static struct pair made;

static int op_ptmx(void)
{
	made.master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	return made.master;
}

static void undo_ptmx(void)
{
	close(made.master);
}

static int op_slave(void)
{
	made.slave = open(made.name, O_RDWR | O_NOCTTY);
	return made.slave;
}

static int op_peer(void)
{
	made.slave = ioctl(made.master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	return made.slave;
}

static void undo_slave(void)
{
	close(made.slave);
}

static void no_memory(void)
{
	if (getenv("TAP_HOST"))
		SKIP("no failpoints");
	NEED(op_ptmx() >= 0); /* caches are filled */
	undo_ptmx();
	failpoints_open();
	every_failure_is(ENOMEM, "ptmx", op_ptmx, undo_ptmx);
	NEED(new_master(&made) == 0);
	every_failure_is(ENOMEM, "slave", op_slave, undo_slave);
	every_failure_is(ENOMEM, "peer", op_peer, undo_slave);
	close(made.master);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(names),	   T(peer),
						 T(rules),	   T(bytes),
						 T(settings),	   T(locked_settings),
						 T(waits_slave),   T(waits_master),
						 T(closing_slave), T(closing_master),
						 T(closing_wakes), T(packets),
						 T(session),	   T(job_control),
						 T(leader_ends),   T(hanging_up),
						 T(many),	   T(race),
						 T(no_memory),	   TEND };

	return tap_main(argc, argv, tests);
}
