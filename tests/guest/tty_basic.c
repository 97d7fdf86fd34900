/*
 * The terminal: attributes, line editing, raw reads, signals from the keyboard, job control of a session.
 *
 * A line "# type HEX" asks whoever watches the console to type these bytes (tools/guest-tests.py does).
 * The terminal is $TAP_TTY or /dev/ttyS0.
 */
#include "tap.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

static int tty;
static struct termios original;

static void type(const char *bytes, size_t n)
{
	char line[300] = "# type ";
	size_t at = strlen(line);

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%02x",
				       (unsigned char)bytes[i]);
	tap_note("%s", line);
}

#define TYPE(s) type(s, sizeof(s) - 1)

/* A session of our own with the terminal as the controlling one. */
static int take_terminal(void)
{
	const char *path = getenv("TAP_TTY") ? getenv("TAP_TTY") : "/dev/ttyS0";

	signal(SIGHUP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	if (setsid() < 0)
		return -1;
	tty = open(path, O_RDWR | O_NOCTTY);
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 1) || tcgetattr(tty, &original))
		return -1;
	return 0;
}

static void give_back(void)
{
	tcsetattr(tty, TCSANOW, &original);
	ioctl(tty, TIOCNOTTY);
	close(tty);
}

#define TAKE()                                                                                     \
	do {                                                                                       \
		if (access(getenv("TAP_TTY") ? getenv("TAP_TTY") : "/dev/ttyS0", R_OK) ||          \
		    (getenv("TAP_HOST") && !getenv("TAP_TTY")))                                    \
			SKIP("no terminal to try");                                                \
		NEED(take_terminal() == 0);                                                        \
	} while (0)

static void modes(tcflag_t clear, tcflag_t set, int vmin, int vtime)
{
	struct termios t = original;

	t.c_lflag = (t.c_lflag & ~clear) | set;
	t.c_cc[VMIN] = (cc_t)vmin;
	t.c_cc[VTIME] = (cc_t)vtime;
	EQ(tcsetattr(tty, TCSAFLUSH, &t), 0);
}

static void attributes(void)
{
	struct termios t;
	struct winsize w = { 33, 101, 0, 0 }, got = { 0, 0, 0, 0 };

	TAKE();
	EQ(isatty(tty), 1);
	EQ(original.c_lflag & (ICANON | ECHO | ISIG | ECHOE | IEXTEN),
	   ICANON | ECHO | ISIG | ECHOE | IEXTEN);
	EQ(original.c_iflag & ICRNL, ICRNL);
	EQ(original.c_oflag & (OPOST | ONLCR), OPOST | ONLCR);
	EQ(original.c_cflag & (CREAD | CSIZE), CREAD | CS8);
	EQ(original.c_cc[VINTR], 3);
	EQ(original.c_cc[VQUIT], 28);
	EQ(original.c_cc[VERASE], 127);
	EQ(original.c_cc[VKILL], 21);
	EQ(original.c_cc[VEOF], 4);
	EQ(original.c_cc[VSUSP], 26);
	t = original;
	t.c_lflag &= ~(tcflag_t)ECHO;
	t.c_cc[VINTR] = 'q';
	EQ(tcsetattr(tty, TCSANOW, &t), 0);
	EQ(tcgetattr(tty, &t), 0);
	EQ(t.c_lflag & ECHO, 0);
	EQ(t.c_cc[VINTR], 'q');
	EQ(ioctl(tty, TIOCSWINSZ, &w), 0);
	EQ(ioctl(tty, TIOCGWINSZ, &got), 0);
	EQ(got.ws_row, 33);
	EQ(got.ws_col, 101);
	FAILS(ioctl(tty, 0x5477777, &got), ENOTTY);
	FAILS(ioctl(tty, TIOCSWINSZ, (void *)8), EFAULT);
	FAILS(lseek(tty, 0, SEEK_SET), ESPIPE);
	EQ(tcflush(tty, TCIOFLUSH), 0);
	EQ(tcdrain(tty), 0);
	give_back();
}

static void not_terminals(void)
{
	struct termios t;
	int p[2], fd = open("f", O_CREAT | O_RDWR, 0600);

	EQ(pipe(p), 0);
	FAILS(tcgetattr(p[0], &t), ENOTTY);
	FAILS(tcgetattr(fd, &t), ENOTTY);
	FAILS(tcgetattr(open("/dev/null", O_RDWR), &t), ENOTTY);
	FAILS(tcgetattr(77, &t), EBADF);
	unlink("f");
}

static void expect_read(const char *want, size_t size)
{
	char buf[300];
	ssize_t n = read(tty, buf, size < sizeof(buf) ? size : sizeof(buf) - 1);

	if (!CHECK(n >= 0))
		return;
	buf[n] = '\0';
	STREQ(buf, want);
}

static void lines(void)
{
	TAKE();
	modes(ECHO, 0, 1, 0);
	TYPE("abc\n");
	expect_read("abc\n", 300);
	TYPE("one\rtwo\n");
	expect_read("one\n", 300); /* CR becomes NL; one line a read */
	expect_read("two\n", 300);
	TYPE("long\n");
	expect_read("lo", 2);
	expect_read("ng\n", 300);
	TYPE("axX\x7f\x7f"
	     "bc\n");
	expect_read("abc\n", 300);
	TYPE("wrong\x15right\n");
	expect_read("right\n", 300);
	TYPE("two words\x17x\n");
	expect_read("two x\n", 300);
	TYPE("\x16\x03v\n"); /* ^V takes the next as it is */
	expect_read("\x03v\n", 300);
	TYPE("\x7f\x7f\x15z\n");
	expect_read("z\n", 300);
	give_back();
}

static void end_of_file(void)
{
	TAKE();
	modes(ECHO, 0, 1, 0);
	TYPE("\x04");
	expect_read("", 300);
	TYPE("ab\x04");
	expect_read("ab", 300);
	TYPE("c\n");
	expect_read("c\n", 300);
	give_back();
}

static void raw_reads(void)
{
	long long start;
	char c[4];
	int n = -1;

	TAKE();
	modes(ECHO | ICANON | ISIG, 0, 1, 0);
	TYPE("x");
	expect_read("x", 300);
	TYPE("\x03\x04\x1a");
	usleep(200000);
	EQ(ioctl(tty, FIONREAD, &n), 0);
	EQ(n, 3);
	expect_read("\x03\x04\x1a", 300);
	modes(ECHO | ICANON, 0, 0, 2);
	start = tap_now_ns();
	EQ(read(tty, c, 1), 0);
	CHECK(tap_now_ns() - start >= 150000000);
	modes(ECHO | ICANON, 0, 0, 0);
	EQ(read(tty, c, 1), 0);
	modes(ECHO | ICANON, 0, 3, 0);
	TYPE("123");
	EQ(read(tty, c, 4), 3);
	EQ(fcntl(tty, F_SETFL, O_NONBLOCK | O_RDWR), 0);
	modes(ECHO, 0, 1, 0);
	FAILS(read(tty, c, 1), EAGAIN);
	give_back();
}

static void polling(void)
{
	struct pollfd p;

	TAKE();
	modes(ECHO, 0, 1, 0);
	p = (struct pollfd){ tty, POLLIN | POLLOUT, 0 };
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLOUT);
	p.events = POLLIN;
	TYPE("p");
	EQ(poll(&p, 1, 300), 0); /* no whole line yet */
	TYPE("q\n");
	EQ(poll(&p, 1, 5000), 1);
	EQ(p.revents, POLLIN);
	expect_read("pq\n", 300);
	give_back();
}

/* A child in a process group of its own, in the foreground, that waits. */
static pid_t foreground_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		tcsetpgrp(tty, getpid());
		signal(SIGTTOU, SIG_DFL);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	tcsetpgrp(tty, pid);
	return pid;
}

static void keyboard_signals(void)
{
	int status;
	pid_t pid;

	TAKE();
	modes(ECHO, 0, 1, 0);
	pid = foreground_child();
	EQ(tcgetpgrp(tty), pid);
	EQ(tcgetsid(tty), getpid());
	TYPE("\x1a");
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	EQ(WSTOPSIG(status), SIGTSTP);
	kill(pid, SIGCONT);
	TYPE("\x03");
	EQ(tap_wait(pid), KILLED(SIGINT));
	pid = foreground_child();
	TYPE("\x1c");
	EQ(tap_wait(pid) & ~0x80, KILLED(SIGQUIT));
	EQ(tcsetpgrp(tty, getpid()), 0);
	give_back();
}

static volatile int winch;

static void on_winch(int sig)
{
	winch++;
}

static void window_change(void)
{
	struct winsize w = { 44, 99, 0, 0 };

	TAKE();
	signal(SIGWINCH, on_winch);
	EQ(ioctl(tty, TIOCSWINSZ, &w), 0);
	tap_sleep_ms(20);
	EQ(winch, 1);
	EQ(ioctl(tty, TIOCSWINSZ, &w), 0); /* no change, no signal */
	tap_sleep_ms(20);
	EQ(winch, 1);
	give_back();
}

static void background(void)
{
	int status;
	pid_t pid;
	struct termios t;

	TAKE();
	modes(ECHO, TOSTOP, 1, 0);
	EQ(tcgetpgrp(tty), getpgrp());
	pid = fork();
	if (pid == 0) {
		char c;

		setpgid(0, 0);
		signal(SIGTTOU, SIG_DFL);
		_exit(read(tty, &c, 1) == 1 ? c : 1);
	}
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	EQ(WSTOPSIG(status), SIGTTIN);
	/* In the foreground again the read goes on. */
	EQ(tcsetpgrp(tty, pid), 0);
	kill(pid, SIGCONT);
	TYPE("k\n");
	EQ(tap_wait(pid), EXITED('k'));
	EQ(tcsetpgrp(tty, getpgrp()), 0);
	tcflush(tty, TCIFLUSH);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTOU, SIG_DFL);
		_exit(write(tty, "\n", 1) == 1 ? 3 : 4);
	}
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	EQ(WSTOPSIG(status), SIGTTOU);
	kill(pid, SIGKILL);
	tap_wait(pid);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGTTIN, SIG_IGN);
		signal(SIGTTOU, SIG_IGN);
		t = original;
		_exit(read(tty, &status, 1) == -1 && errno == EIO &&
				      tcsetattr(tty, TCSANOW, &t) == 0
			      ? 5
			      : 6);
	}
	EQ(tap_wait(pid), EXITED(5));
	give_back();
}

static void controlling(void)
{
	int fd;

	TAKE();
	fd = open("/dev/tty", O_RDWR);
	CHECK(fd >= 0);
	EQ(tcgetsid(fd), getpid());
	close(fd);
	FAILS(tcsetpgrp(tty, 99999), ESRCH);
	FAILS(tcsetpgrp(tty, -1), EINVAL);
	give_back();
	FAILS(open("/dev/tty", O_RDWR), ENXIO);
	setpgid(0, 0);
	FAILS(tcgetpgrp(tty), EBADF);
}

/* The session leader's end hangs up the foreground group. */
static void hang_up(void)
{
	int p[2];
	char c;
	pid_t leader;

	if (access(getenv("TAP_TTY") ? getenv("TAP_TTY") : "/dev/ttyS0", R_OK) ||
	    getenv("TAP_HOST"))
		SKIP("no terminal to try");
	NEED(pipe(p) == 0);
	leader = fork();
	if (leader == 0) {
		if (take_terminal())
			_exit(1);
		signal(SIGHUP, SIG_DFL);
		_exit(foreground_child() < 0);
	}
	close(p[1]);
	EQ(tap_wait(leader), 0);
	EQ(read(p[0], &c, 1), 0); /* the child held the other end: it has died of SIGHUP */
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T_FOR(attributes, 20),	     T(not_terminals),	       T_FOR(lines, 20),
		T_FOR(end_of_file, 20),	     T_FOR(raw_reads, 20),     T_FOR(polling, 20),
		T_FOR(keyboard_signals, 20), T_FOR(window_change, 20), T_FOR(background, 20),
		T_FOR(controlling, 20),	     T_FOR(hang_up, 20),       TEND
	};

	return tap_main(argc, argv, tests);
}
