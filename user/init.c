/*
 * Process 1 of a machine that `mnemos` started: set the place up, run one program, send its output and its exit
 * status to the host, power off.
 *
 * The launcher put two files in the root: /.mnemos/argv and /.mnemos/env, strings that end in NUL; argv's first is the
 * mode, the second the program.
 *   tty    the program owns the console as its controlling terminal (a shell, an editor).
 *   pipe   standard input, output and error travel as frames, byte for byte, over the virtio console /dev/hvc0 if there is one, else
 *          over the serial line:
 *          guest to host  DLE 'O' len16 data (output), DLE 'E' len16 data (error), DLE 'X' 1 0 status;
 *                         DLE 'R' 0 0 first of all: input may be sent from now on (both modes)
 *          host to guest  DLE DLE is a DLE, DLE 'D' the end of input, DLE 'S' n signal n for the program, all other bytes
 *                         themselves
 *          guest to host, at the end: DLE 'V' len16 text, twice, /proc/uptime, /proc/vmstat and debugfs's frames before the program
 *          and after (both modes; if there is a file /.mnemos/figures)
 *          guest to host, all the time: DLE 'T' len16 text, what trace_pipe says, with \1 for the ends of lines (both modes; if there
 *          is /.mnemos/trace)
 *          over /dev/hvc0 (all frames but T): the host answers each on the serial line with a byte. No more than WINDOW are under way:
 *          QEMU drops what its socket has no room for. The machine ends when all are answered.
 * A third file may be there, /.mnemos/place: the program's path (argv's second is then its name only), the directory it
 * starts in, rows and columns of the terminal. And /.mnemos/swap: a device to swap on; /.mnemos/shares: folders to mount; /.mnemos/frames: what the program's process
 * writes to /proc/self/frames before it becomes the program.
 * The machine ends with the program: of what its children still write only what is in the pipes then is sent.
 * Bytes outside frames are the kernel's messages. A status of 128+n means that signal n ended the program.
 * The signals of halt, poweroff and reboot end all programs; what they have written still goes out, and the status is 0.
 *
 * No C library: this program is built for both ABIs by any gcc. Raw system calls: user/sys.h.
 */
#include "user/sys.h"

enum {
	O_RDWR = 2,
	O_NOCTTY = 0400,
	POLLIN = 1,
	POLLHUP = 16,
	TCGETS = 0x5401,
	TCSETS = 0x5402,
	TIOCSCTTY = 0x540E,
	TIOCSWINSZ = 0x5414,
	FIONREAD = 0x541B,
	WNOHANG = 1,
	SIG_BLOCK = 0,
	SIG_SETMASK = 2
};
enum { EINTR = -4 };
enum {
	SIGINT = 2,
	SIGQUIT = 3,
	SIGKILL = 9,
	SIGUSR1 = 10, /* halt */
	SIGUSR2 = 12, /* poweroff */
	SIGTERM = 15, /* reboot */
	SIGCHLD = 17,
	SA_RESTORER = 0x4000000,
	SA_RESTART = 0x10000000
};
enum {
	DLE = 0x10,
	MAX_WORDS = 1024,
	BUF = 4096,
	FIGURES = 16384,
	TRACE_PART = 2048,
	PART = 16384, /* of a frame; as FIGURES at least */
	INPUT = 65536,
	WINDOW = 4
};

struct pollfd {
	int fd;
	short events, revents;
};

struct termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};

enum { PLACE_PROGRAM, PLACE_DIR, PLACE_ROWS, PLACE_COLS, PLACE_WORDS };

static char place_text[8704];
static char *place[MAX_WORDS + 1];
static char **words, **env; /* of any number and length: on the heap */

/* gcc may ask for these. */
void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);

void *memcpy(void *dst, const void *src, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)dst)[i] = ((const char *)src)[i];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((volatile char *)dst)[i] = (char)c;
	return dst;
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void say(const char *s)
{
	SYS3(write, 2, s, length(s));
}

static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		long w = SYS3(write, fd, p, n);

		if (w <= 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

static _Noreturn void power_off(void)
{
	SYS4(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0);
	for (;;)
		SYS1(exit, 1);
}

static int line = 1;	     /* that frames go to */
static int unanswered;	     /* frames to the virtio console */
static long program;	     /* who gets the host's signals; 0: nobody yet */
static char whole[4 + PART]; /* a frame */

/* As a terminal does it, what interrupts goes to the program's whole group (its leader is @pid). */
static void send_signal(long pid, int sig)
{
	SYS2(kill, sig == SIGINT || sig == SIGQUIT ? -pid : pid, sig);
}

/* What the serial line brings beside a virtio console: an answer to a frame, or 0x80 and a signal, which so waits behind no
   input that nobody reads. Return: whether more can come. */
static int take_answers(void)
{
	unsigned char in[16];
	long n = SYS3(read, 0, in, sizeof(in));

	for (long i = 0; i < n; i++) {
		if (!(in[i] & 0x80))
			unanswered--;
		else if (program)
			send_signal(program, in[i] & 0x7f);
	}
	return n > 0 || n == EINTR;
}

/* Until at most @most are. */
static void wait_answers(int most)
{
	while (unanswered > most && take_answers())
		;
}

/* The frame whose @n bytes are in place. One write of the line's: frames of two processes do not mix. */
static void send_frame(char kind, size_t n)
{
	whole[0] = DLE;
	whole[1] = kind;
	whole[2] = (char)(n & 0xff);
	whole[3] = (char)(n >> 8);
	if (line != 1) {
		wait_answers(WINDOW - 1);
		unanswered++;
	}
	write_all(line, whole, 4 + n);
}

static void frame(char kind, const char *data, size_t n)
{
	memcpy(whole + 4, data, n);
	send_frame(kind, n);
}

/* What fits of the file @path into @text. Return: bytes, 0 when it cannot be read. */
static size_t read_file(const char *path, char *text, size_t size)
{
	long fd = SYS3(open, path, 0, 0), n;
	size_t len = 0;

	if (fd < 0)
		return 0;
	while (len < size && (n = SYS3(read, fd, text + len, size - len)) > 0)
		len += (size_t)n;
	SYS1(close, fd);
	return len;
}

/* Read @path and split it at its NULs into @out. Return: words, 0 when it cannot be read. */
static int read_words(const char *path, char *text, size_t size, char **out)
{
	size_t len = read_file(path, text, size - 1);
	int words_nr = 0;

	for (size_t i = 0; i < len && words_nr < MAX_WORDS; i += length(text + i) + 1)
		out[words_nr++] = text + i;
	out[words_nr] = NULL;
	return words_nr;
}

/* @n bytes after all that were had before. NULL: there is no memory. */
static char *heap_more(size_t n)
{
	long at = SYS1(brk, 0), end = at + (long)n;

	return SYS1(brk, end) == end ? (char *)at : NULL;
}

/* As read_words, of a file of any size. *out: NULL without memory, too. */
static int read_list(const char *path, char ***out)
{
	long fd = SYS3(open, path, 0, 0), n;
	char *text = heap_more(0);
	size_t len = 0, room = 0;
	int nr = 0;

	*out = NULL;
	if (fd < 0)
		return 0;
	do {
		if (len == room) {
			if (!heap_more(BUF))
				return 0;
			room += BUF;
		}
		n = SYS3(read, fd, text + len, room - len);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	SYS1(close, fd);
	for (size_t i = 0; i < len; i++)
		nr += !text[i];
	*out = (char **)heap_more(((size_t)nr + 1) * sizeof(char *));
	if (!*out)
		return 0;
	nr = 0;
	for (size_t i = 0; i < len; i += length(text + i) + 1)
		(*out)[nr++] = text + i;
	(*out)[nr] = NULL;
	return nr;
}

static volatile int asked_to_end;
static int traced;
#define TRACEFS "/sys/kernel/tracing"

static void on_end_signal(int sig)
{
	(void)sig;
	asked_to_end = 1;
	SYS2(kill, -1, SIGKILL);
}

void signal_return(void);

static void catch_end_signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} act = { on_end_signal, SA_RESTART | SA_RESTORER, signal_return, 0 };

	SYS4(rt_sigaction, SIGUSR1, &act, 0, sizeof(act.mask));
	SYS4(rt_sigaction, SIGUSR2, &act, 0, sizeof(act.mask));
	SYS4(rt_sigaction, SIGTERM, &act, 0, sizeof(act.mask));
}

static void mount_at(const char *type, const char *where)
{
	SYS2(mkdir, where, 0755);
	SYS5(mount, type, where, type, 0, 0);
}

/* For shm_open(3): as other systems have it, everybody's. */
static void mount_shm(void)
{
	SYS2(mkdir, "/dev/shm", 01777);
	SYS5(mount, "tmpfs", "/dev/shm", "tmpfs", 6 /* MS_NOSUID | MS_NODEV */, "mode=1777");
}

static void mount_pts(void)
{
	SYS2(mkdir, "/dev/pts", 0755);
	SYS5(mount, "devpts", "/dev/pts", "devpts", 10 /* MS_NOSUID | MS_NOEXEC */,
	     "gid=5,mode=620,ptmxmode=666");
}

/* The directory @path with what is above it. */
static void make_directories(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		SYS2(mkdir, path, 0755);
		*p = '/';
	}
	SYS2(mkdir, path, 0755);
}

/* Folders of the host: tag, place, "ro" or "rw" of each. */
static void mount_shares(void)
{
	static char text[BUF], *word[MAX_WORDS + 1];
	int nr = read_words("/.mnemos/shares", text, sizeof(text), word);

	for (int i = 0; i + 2 < nr; i += 3) {
		unsigned long flags = word[i + 2][1] == 'o' ? 1 /* MS_RDONLY */ : 0;

		make_directories(word[i + 1]);
		if (SYS5(mount, word[i], word[i + 1], "9p", flags,
			 "trans=virtio,version=9p2000.L")) {
			say("mnemos: no folder at ");
			say(word[i + 1]);
			say("\n");
		}
	}
}

/* The launcher made an area, if it left its name. */
static void swap_on(void)
{
	static char name[64], *device[MAX_WORDS + 1];

	if (!read_words("/.mnemos/swap", name, sizeof(name), device))
		return;
	if (SYS2(swapon, device[0], 0)) {
		say("mnemos: no swap on ");
		say(device[0]);
		say("\n");
	}
}

static int status_of(int wait_status)
{
	return wait_status & 0x7f ? 128 + (wait_status & 0x7f) : wait_status >> 8 & 0xff;
}

static void write_file(const char *path, const char *text)
{
	long fd = SYS3(open, path, 1 /* O_WRONLY */, 0);

	if (fd < 0 || SYS3(write, fd, text, length(text)) < 0) {
		say("mnemos: cannot write ");
		say(path);
		say("\n");
	}
	SYS1(close, fd);
}

/* The console of a terminal writes CR before LF: none may be in the frame, nor in its length. */
static void trace_frame(char *text, size_t n)
{
	size_t part;

	for (size_t i = 0; i < n; i++)
		if (text[i] == '\n')
			text[i] = 1;
	for (; n; text += part, n -= part) {
		part = n < TRACE_PART ? n : TRACE_PART;
		part -= (part & 0xff) == '\n';
		frame('T', text, part);
	}
}

/* What is recorded goes to the host as it comes: ahead of the program, whenever there is something. */
static long start_trace(void)
{
	static char text[BUF];
	int priority = 1;
	long fd, n, pid;

	SYS5(mount, "tracefs", TRACEFS, "tracefs", 0, 0);
	pid = SYS0(fork);
	if (pid)
		return pid;
	SYS3(sched_setscheduler, 0, 1 /* SCHED_FIFO */, &priority);
	fd = SYS3(open, TRACEFS "/trace_pipe", 0, 0);
	write_file(TRACEFS "/options/wait-for-reader", "1");
	while ((n = SYS3(read, fd, text, sizeof(text))) > 0)
		trace_frame(text, (size_t)n);
	for (;;)
		SYS1(exit, 0);
}

static void end_trace(long reader)
{
	int status;

	write_file(TRACEFS "/tracing_on", "0");
	SYS4(wait4, reader, &status, 0, 0);
}

/* The limit and the records begin with the program. */
static void set_watch(void)
{
	static char text[256];
	size_t n = read_file("/.mnemos/frames", text, sizeof(text) - 1);

	text[n] = '\0';
	if (n)
		write_file("/proc/self/frames", text);
	if (traced)
		write_file(TRACEFS "/events/enable", "1");
}

static _Noreturn void run_program(void)
{
	set_watch();
	const char *path = place[PLACE_PROGRAM] ? place[PLACE_PROGRAM] : words[1];
	long err = SYS3(execve, path, words + 1, env);

	say("mnemos: cannot run ");
	say(path);
	say(err == -2	? ": no such file or a missing interpreter\n"
	    : err == -7 ? ": its arguments and environment are too long\n"
			: ": not executable here\n");
	for (;;)
		SYS1(exit, err == -2 ? 127 : 126);
}

/* Reap children until @pid has ended. Return: its exit status. */
static int wait_for(long pid)
{
	int status = 0;
	long got;

	do
		got = SYS4(wait4, -1, &status, 0, 0);
	while (got != pid && got > 0);
	return status_of(status);
}

static unsigned short number(const char *s)
{
	unsigned short n = 0;

	while (s && *s >= '0' && *s <= '9')
		n = (unsigned short)(n * 10 + (unsigned short)(*s++ - '0'));
	return n;
}

/* The console gets the size of the host's terminal. */
static void set_size(void)
{
	unsigned short size[4] = { number(place[PLACE_ROWS]), number(place[PLACE_COLS]), 0, 0 };

	if (size[0] && size[1])
		SYS3(ioctl, 0, TIOCSWINSZ, size);
}

/* The console by its name in the /dev that the program sees: ttyname(3) looks for the file it has. */
static void open_console(void)
{
	long fd = SYS3(open, "/dev/console", O_RDWR | O_NOCTTY, 0);

	if (fd < 0)
		return;
	for (int i = 0; i < 3; i++)
		SYS2(dup2, fd, i);
	if (fd > 2)
		SYS1(close, fd);
}

static int run_on_tty(void)
{
	long pid;

	frame('R', "", 0);
	pid = SYS0(fork);

	if (pid == 0) {
		SYS0(setsid);
		open_console();
		set_size();
		SYS3(ioctl, 0, TIOCSCTTY, 1);
		run_program();
	}
	return pid < 0 ? 126 : wait_for(pid);
}

/* The terminal passes bytes as they are. */
static void make_raw(int fd)
{
	struct termios t;

	if (SYS3(ioctl, fd, TCGETS, &t))
		return;
	t.iflag = 0;
	t.oflag = 0;
	t.lflag = 0;
	t.cc[6] = 1; /* VMIN */
	t.cc[5] = 0; /* VTIME */
	SYS3(ioctl, fd, TCSETS, &t);
}

/* Host input, unescaped, to the program's standard input; signals to @pid. Return: false at the end of input. */
static int forward_input(int to, long pid)
{
	static int escaped; /* DLE, or 'S' after it */
	static char in[INPUT];
	long n = SYS3(read, line == 1 ? 0 : line, in, sizeof(in));
	size_t len = 0; /* of what is for the program: at most what was looked at */

	for (long i = 0; i < n; i++) {
		if (escaped == DLE && in[i] == 'D') {
			escaped = 0;
			write_all(to, in, len);
			return 0;
		}
		if (escaped == 'S') {
			send_signal(pid, in[i]);
			escaped = 0;
			continue;
		}
		if ((!escaped && in[i] == DLE) || (escaped == DLE && in[i] == 'S')) {
			escaped = in[i];
			continue;
		}
		escaped = 0;
		in[len++] = in[i];
		while (i + 1 < n && in[i + 1] != DLE)
			in[len++] = in[++i];
	}
	write_all(to, in, len);
	return n > 0;
}

/* A process of its own, so that a program that does not read cannot stop its output. */
static long start_input(long program, int to, int close_a, int close_b)
{
	long pid = SYS0(fork);

	if (pid)
		return pid;
	SYS1(close, close_a);
	SYS1(close, close_b);
	while (forward_input(to, program))
		;
	SYS1(close, to);
	to = -1; /* signals still come */
	while (forward_input(to, program))
		;
	for (;;)
		SYS1(exit, 0);
}

/* What @fd has now goes to the host as frames of @kind, at most @max bytes. Return: how many; 0 at its end. */
static long forward_some(int fd, char kind, size_t max)
{
	long n = SYS3(read, fd, whole + 4, max < PART ? max : PART);

	if (n > 0)
		send_frame(kind, (size_t)n);
	return n > 0 ? n : 0;
}

/* What was written before the program's end, though others still hold the pipe. */
static void forward_rest(int fd, char kind)
{
	int left = 0;
	long n = 1;

	if (fd < 0 || SYS3(ioctl, fd, FIONREAD, &left))
		return;
	for (; left > 0 && n > 0; left -= (int)n)
		n = forward_some(fd, kind, (size_t)left);
}

/* Every child that has ended is waited for. Return: whether @pid is one of them, with its @status. */
static int reap(int children, long pid, int *status)
{
	char info[128];
	int found = 0, s = 0;
	long got;

	(void)SYS3(read, children, info, sizeof(info));
	while ((got = SYS4(wait4, -1, &s, WNOHANG, 0)) > 0)
		if (got == pid) {
			*status = status_of(s);
			found = 1;
		}
	return found;
}

/* Move output until program @pid has ended. @children: readable when a child has. Return: the program's exit status. */
static int forward_output(int out, int err, int children, long pid)
{
	struct pollfd p[4] = { { out, POLLIN, 0 },
			       { err, POLLIN, 0 },
			       { children, POLLIN, 0 },
			       { line == 1 ? -1 : 0, POLLIN, 0 } };
	int status = 0;

	for (;;) {
		if (SYS3(poll, p, 4, -1) <= 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (p[i].fd >= 0 && p[i].revents && !forward_some(p[i].fd, "OE"[i], PART)) {
				SYS1(close, p[i].fd);
				p[i].fd = -1;
			}
		}
		if (p[3].revents && !take_answers())
			p[3].fd = -1;
		if (p[2].revents && reap(children, pid, &status))
			break;
	}
	forward_rest(p[0].fd, 'O');
	forward_rest(p[1].fd, 'E');
	return status;
}

static char figures[2][FIGURES]; /* before the program, and after it */
static size_t figures_len[2];

static void take_figures(int when)
{
	size_t n = read_file("/proc/uptime", figures[when], FIGURES);

	n += read_file("/proc/vmstat", figures[when] + n, FIGURES - n);
	figures_len[when] =
		n + read_file("/sys/kernel/debug/frames", figures[when] + n, FIGURES - n);
}

static void send_figures(void)
{
	for (int when = 0; when < 2; when++)
		frame('V', figures[when], figures_len[when]);
}

/* A descriptor that is readable when a child has ended. The signal is blocked from here on. */
static long watch_children(void)
{
	uint64_t set = 1ull << (SIGCHLD - 1);

	SYS4(rt_sigprocmask, SIG_BLOCK, &set, 0, sizeof(set));
	return SYS4(signalfd4, -1, &set, sizeof(set), 0);
}

static void unblock_all(void)
{
	uint64_t none = 0;

	SYS4(rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof(none));
}

/* What the program reads and writes goes over the virtio console if there is one. */
static void open_line(void)
{
	long fd = SYS3(open, "/dev/hvc0", O_RDWR | O_NOCTTY, 0);

	if (fd < 0)
		return;
	line = (int)fd;
	make_raw(line);
}

static int run_on_pipes(void)
{
	int in[2], out[2], err[2], status;
	long pid, feeder, children = watch_children();

	if (children < 0 || SYS1(pipe, in) || SYS1(pipe, out) || SYS1(pipe, err))
		return 126;
	make_raw(0);
	open_line();
	frame('R', "", 0);
	pid = SYS0(fork);
	if (pid < 0)
		return 126;
	if (pid == 0) {
		SYS2(dup2, in[0], 0);
		SYS2(dup2, out[1], 1);
		SYS2(dup2, err[1], 2);
		for (int fd = 3; fd < 16; fd++)
			SYS1(close, fd);
		SYS0(setsid);
		unblock_all();
		run_program();
	}
	program = pid;
	SYS1(close, in[0]);
	SYS1(close, out[1]);
	SYS1(close, err[1]);
	feeder = start_input(pid, in[1], out[0], err[0]);
	SYS1(close, in[1]);
	status = forward_output(out[0], err[0], (int)children, pid);
	if (feeder > 0)
		SYS2(kill, feeder, SIGKILL);
	return status;
}

void start_c(void);

void start_c(void)
{
	int wants_figures;
	long reader = 0;
	char status;
	int nr = read_list("/.mnemos/argv", &words);

	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("devtmpfs", "/dev");
	mount_pts();
	mount_shm();
	swap_on();
	mount_shares();
	SYS2(sethostname, "mnemos", 6);
	(void)read_list("/.mnemos/env", &env);
	if (nr < 2) {
		say("mnemos: /.mnemos/argv is missing\n");
		power_off();
	}
	if (read_words("/.mnemos/place", place_text, sizeof(place_text), place) < PLACE_WORDS)
		place[PLACE_PROGRAM] = place[PLACE_ROWS] = place[PLACE_COLS] = NULL;
	if (!place[PLACE_PROGRAM] || SYS1(chdir, place[PLACE_DIR]))
		SYS1(chdir, "/");
	catch_end_signals();
	wants_figures = read_file("/.mnemos/figures", &status, 1) == 1;
	traced = read_file("/.mnemos/trace", &status, 1) == 1;
	if (traced)
		reader = start_trace();
	if (wants_figures)
		take_figures(0);
	status = (char)(words[0][0] == 't' ? run_on_tty() : run_on_pipes());
	if (wants_figures)
		take_figures(1);
	make_raw(0);
	if (traced)
		end_trace(reader);
	if (wants_figures)
		send_figures();
	if (asked_to_end)
		status = 0;
	frame('X', &status, 1);
	wait_answers(0);
	power_off();
}

/* Handlers return through it. i386 returns from a plain handler (no SA_SIGINFO) by sigreturn, which wants the number popped. */
#ifdef __x86_64__
__asm__(".globl signal_return\nsignal_return:\n\tmov $15, %eax\n\tsyscall\n");
#else
__asm__(".globl signal_return\nsignal_return:\n\tpop %eax\n\tmov $119, %eax\n\tint $0x80\n");
#endif

/* The kernel starts a program with an aligned stack; the ABI wants it 16-aligned before the call. */
#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall start_c\n");
#else
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %esp\n\tcall start_c\n");
#endif
