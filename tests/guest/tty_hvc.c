/*
 * A virtio console whose other end sends back what it gets (tools/guest-tests.py): exact bytes both ways, more of them than all
 * buffers between hold, without and with processing.
 */
#include "failpoint.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>

enum { HVC_MAJOR = 229, RING = 4096, MUCH = 160001, STEP = 1000, WINDOW = 65536, ROUNDS = 10 };

static int hvc;
static char out[MUCH], in[MUCH];

static void settings(tcflag_t iflag, tcflag_t oflag, tcflag_t lflag)
{
	struct termios t;

	OK(tcgetattr(hvc, &t));
	t.c_iflag = iflag;
	t.c_oflag = oflag;
	t.c_lflag = lflag;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	OK(tcsetattr(hvc, TCSANOW, &t));
}

#define OPEN()                                                                                     \
	do {                                                                                       \
		if (access("/dev/hvc0", R_OK))                                                     \
			SKIP("no virtio console");                                                 \
		hvc = open("/dev/hvc0", O_RDWR | O_NOCTTY);                                        \
		NEED(hvc >= 0);                                                                    \
		settings(0, 0, 0);                                                                 \
	} while (0)

static void fill(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < MUCH; i++) {
		x = x * 1664525 + 1013904223;
		out[i] = (char)(x >> 24);
	}
}

static void write_much(size_t step)
{
	for (size_t at = 0; at < MUCH; at += step) {
		size_t n = MUCH - at < step ? MUCH - at : step;

		EQ(write(hvc, out + at, n), (long)n);
	}
}

static volatile size_t *seen; /* bytes that have come back, of both_ways; NULL: nobody asks */

/* In pieces of many sizes, up to @most. */
static void read_much(size_t most)
{
	size_t at = 0, size = 1;

	memset(in, 0, MUCH);
	while (at < MUCH) {
		long n = read(hvc, in + at, MUCH - at < size ? MUCH - at : size);

		NEED(n > 0);
		at += (size_t)n;
		if (seen)
			*seen += (size_t)n;
		size = size * 3 % most + 1;
	}
	EQ(memcmp(in, out, MUCH), 0);
}

static void its_node(void)
{
	char text[4096];
	struct stat st;
	int n;

	OPEN();
	OK(fstat(hvc, &st));
	EQ(st.st_mode, S_IFCHR | 0600);
	EQ(major(st.st_rdev), HVC_MAJOR);
	EQ(minor(st.st_rdev), 0);
	CHECK(isatty(hvc));
	FAILS(ioctl(hvc, TIOCGSERIAL, text), ENOTTY);
	CHECK(tap_read("/proc/devices", text, sizeof(text)) > 0);
	CHECK(strstr(text, "229 hvc\n") != NULL);
	OK(mknod("/tmp/hvc7", S_IFCHR | 0600, makedev(HVC_MAJOR, 7)));
	FAILS(open("/tmp/hvc7", O_RDWR), ENODEV);
	OK(unlink("/tmp/hvc7"));
	OK(ioctl(hvc, FIONREAD, &n));
	EQ(n, 0);
	close(hvc);
}

static void all_bytes(void)
{
	OPEN();
	for (int i = 0; i < 256; i++)
		out[i] = (char)i;
	EQ(write(hvc, out, 256), 256);
	for (int i = 0; i < 256; i++)
		EQ(read(hvc, in + i, 1), 1);
	EQ(memcmp(in, out, 256), 0);
	OK(fcntl(hvc, F_SETFL, O_NONBLOCK));
	FAILS(read(hvc, in, 1), EAGAIN);
	close(hvc);
}

/* All of it is written before anything is read: the terminal is full, what it has no room for waits. */
static void more_than_the_buffers(void)
{
	static const size_t steps[] = { MUCH, 4097, 700 };
	int n = 0;

	OPEN();
	fill();
	for (unsigned i = 0; i < ARRAY_LEN(steps); i++) {
		write_much(steps[i]);
		OK(tcdrain(hvc));
		OK(ioctl(hvc, TIOCOUTQ, &n));
		EQ(n, 0);
		do {
			OK(ioctl(hvc, FIONREAD, &n));
		} while (n < RING && !usleep(1000));
		EQ(n, RING);
		read_much(i ? 5000 : MUCH);
	}
	OK(ioctl(hvc, FIONREAD, &n));
	EQ(n, 0);
	close(hvc);
}

/* ROUNDS times all of it, never more than WINDOW ahead of the reader: QEMU drops what the other end is too slow to take. */
static int write_ahead(void)
{
	size_t sent = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (size_t at = 0; at < MUCH; at += STEP) {
			size_t n = MUCH - at < STEP ? MUCH - at : STEP;

			while (sent + n - *seen > WINDOW)
				usleep(100);
			if (write(hvc, out + at, n) != (long)n)
				return 1;
			sent += n;
		}
	}
	return 0;
}

/* A reader and a writer at once, each waiting for the other now and then. */
static void both_ways(void)
{
	pid_t pid;

	OPEN();
	fill();
	seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(seen != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		_exit(write_ahead());
	for (int i = 0; i < ROUNDS; i++)
		read_much(9000);
	EQ(tap_wait(pid), 0);
	munmap((void *)seen, PAGE);
	seen = NULL;
	close(hvc);
}

static void lines(void)
{
	struct pollfd p = { 0, POLLIN, 0 };

	OPEN();
	settings(ICRNL, OPOST | ONLCR, ICANON);
	EQ(write(hvc, "one\ntw\x7fwo\n", 10), 10);
	EQ(read(hvc, in, sizeof(in)), 4);
	EQ(memcmp(in, "one\n", 4), 0);
	EQ(read(hvc, in, sizeof(in)), 1); /* of "\r\n" */
	EQ(read(hvc, in, sizeof(in)), 4);
	EQ(memcmp(in, "two\n", 4), 0);
	EQ(read(hvc, in, sizeof(in)), 1);
	p.fd = hvc;
	EQ(poll(&p, 1, 0), 0);
	close(hvc);
}

/* What is thrown away makes room for what waited. */
static void flushed(void)
{
	int n;

	OPEN();
	fill();
	write_much(MUCH);
	OK(tcdrain(hvc));
	do {
		OK(ioctl(hvc, FIONREAD, &n));
	} while (n < RING && !usleep(1000));
	OK(tcflush(hvc, TCIFLUSH));
	for (int at = RING; at < MUCH; at += n) {
		n = (int)read(hvc, in + at, (size_t)(MUCH - at));
		NEED(n > 0);
	}
	EQ(memcmp(in + RING, out + RING, MUCH - RING), 0);
	close(hvc);
}

static int op_there_and_back(void)
{
	if (write(hvc, out, 3000) != 3000)
		return -1;
	for (long at = 0, n; at < 3000; at += n)
		if ((n = read(hvc, in + at, (size_t)(3000 - at))) <= 0)
			return -1;
	return memcmp(in, out, 3000) ? -1 : 0;
}

static void nothing(void)
{
}

static void without_memory(void)
{
	if (!failpoints_open())
		SKIP("a kernel without failpoints");
	OPEN();
	fill();
	every_failure("there and back", op_there_and_back, nothing);
	close(hvc);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = {
		T(its_node), T(all_bytes), T(more_than_the_buffers), T(both_ways),
		T(lines),    T(flushed),   T(without_memory),	     TEND,
	};

	return tap_main(argc, argv, t);
}
