/* io_setup(2) and its family: the ring in the program's memory, each command, eventfds, errors, limits. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>

typedef unsigned long aio_context_t;
enum {
	IOCB_CMD_PREAD,
	IOCB_CMD_PWRITE,
	IOCB_CMD_FSYNC,
	IOCB_CMD_FDSYNC,
	IOCB_CMD_POLL = 5,
	IOCB_CMD_NOOP,
	IOCB_CMD_PREADV,
	IOCB_CMD_PWRITEV
};
enum { IOCB_FLAG_RESFD = 1, IOCB_FLAG_IOPRIO = 2 };

struct iocb {
	uint64_t aio_data;
	uint32_t aio_key, aio_rw_flags;
	uint16_t aio_lio_opcode;
	int16_t aio_reqprio;
	uint32_t aio_fildes;
	uint64_t aio_buf, aio_nbytes;
	int64_t aio_offset;
	uint64_t aio_reserved2;
	uint32_t aio_flags, aio_resfd;
};

struct io_event {
	uint64_t data, obj;
	int64_t res, res2;
};

/* As the kernel lays it out; what libaio and QEMU look at. */
struct ring {
	unsigned id, nr, head, tail, magic, compat, incompat, header;
	struct io_event event[];
};

static long setup(unsigned nr, aio_context_t *ctx)
{
	return syscall(SYS_io_setup, nr, ctx);
}

static long destroy(aio_context_t ctx)
{
	return syscall(SYS_io_destroy, ctx);
}

static long submit(aio_context_t ctx, long nr, struct iocb **list)
{
	return syscall(SYS_io_submit, ctx, nr, list);
}

static long submit_one(aio_context_t ctx, struct iocb *b)
{
	return submit(ctx, 1, &b);
}

static long events(aio_context_t ctx, long min, long nr, struct io_event *e, struct timespec *ts)
{
	return syscall(SYS_io_getevents, ctx, min, nr, e, ts);
}

static struct iocb block(int cmd, int fd, void *buf, size_t len, long long off)
{
	struct iocb b = { .aio_lio_opcode = (unsigned short)cmd,
			  .aio_fildes = (unsigned)fd,
			  .aio_buf = (uintptr_t)buf,
			  .aio_nbytes = len,
			  .aio_offset = off,
			  .aio_key = 77,
			  .aio_data = 0x1234567890abcdefULL };
	return b;
}

/* The result of one request. */
static long long done(aio_context_t ctx, struct iocb *b)
{
	struct io_event e = { 0 };

	if (submit_one(ctx, b) != 1 || events(ctx, 1, 1, &e, NULL) != 1)
		return -1000 - errno;
	EQ(e.data, 0x1234567890abcdefULL);
	EQ(e.obj, (uintptr_t)b);
	EQ(e.res2, 0);
	return e.res;
}

static int file(void)
{
	int fd = open("/tmp/aio", O_RDWR | O_CREAT | O_TRUNC, 0600);

	unlink("/tmp/aio");
	return fd;
}

static void transfers(void)
{
	char out[] = "0123456789", in[16] = "";
	struct iovec v[3] = { { in, 2 }, { in + 8, 0 }, { in + 4, 3 } };
	aio_context_t ctx = 0;
	int fd = file();
	struct iocb b;

	NEED(fd >= 0 && setup(8, &ctx) == 0);
	b = block(IOCB_CMD_PWRITE, fd, out, 10, 100);
	EQ(done(ctx, &b), 10);
	EQ(b.aio_key, 0);
	b = block(IOCB_CMD_PREAD, fd, in, 16, 105);
	EQ(done(ctx, &b), 5);
	EQ(memcmp(in, "56789", 5), 0);
	b = block(IOCB_CMD_PREAD, fd, in, 16, 110);
	EQ(done(ctx, &b), 0);
	memset(in, 0, sizeof(in));
	b = block(IOCB_CMD_PREADV, fd, v, 3, 100);
	EQ(done(ctx, &b), 5);
	EQ(memcmp(in, "01\0\000234", 7), 0);
	v[0] = (struct iovec){ out, 4 };
	v[2] = (struct iovec){ out + 9, 1 };
	b = block(IOCB_CMD_PWRITEV, fd, v, 3, 0);
	EQ(done(ctx, &b), 5);
	EQ(pread(fd, in, 5, 0), 5);
	EQ(memcmp(in, "01239", 5), 0);
	EQ(lseek(fd, 0, SEEK_CUR), 0);
	b = block(IOCB_CMD_FSYNC, fd, NULL, 0, 0);
	EQ(done(ctx, &b), 0);
	b = block(IOCB_CMD_FDSYNC, fd, NULL, 0, 0);
	EQ(done(ctx, &b), 0);
	b = block(IOCB_CMD_PWRITE, fd, out, 10, 0);
	b.aio_rw_flags = 2; /* RWF_DSYNC */
	EQ(done(ctx, &b), 10);
	EQ(destroy(ctx), 0);
	close(fd);
}

/* What a request can have wrong in it: each is refused at once. */
static void requests_refused(aio_context_t ctx)
{
	char buf[8] = "";
	int fd = file(), rd = open("/dev/zero", O_RDONLY), wr = open("/dev/null", O_WRONLY),
	    dir = open("/", O_RDONLY);
	const struct {
		int cmd, fd;
		void *buf;
		int bytes, off, error;
	} plain[] = {
		{ IOCB_CMD_PREAD, 99, buf, 1, 0, EBADF },
		{ IOCB_CMD_PREAD, wr, buf, 1, 0, EBADF },
		{ IOCB_CMD_PWRITE, rd, buf, 1, 0, EBADF },
		{ IOCB_CMD_PREAD, dir, buf, 1, 0, EINVAL },
		{ IOCB_CMD_PREAD, fd, buf, 1, -1, EINVAL },
		{ 4, fd, buf, 1, 0, EINVAL },
		{ IOCB_CMD_NOOP, fd, buf, 1, 0, EINVAL },
		{ IOCB_CMD_FSYNC, fd, buf, 0, 0, EINVAL },
		{ IOCB_CMD_PREADV, fd, (void *)8, 1, 0, EFAULT },
		{ IOCB_CMD_POLL, fd, (void *)0x10000, 0, 0, EINVAL },
	};
	struct iocb b, good = block(IOCB_CMD_PREAD, fd, buf, 1, 0);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		b = block(plain[i].cmd, plain[i].fd, plain[i].buf, (size_t)plain[i].bytes,
			  plain[i].off);
		FAILS(submit_one(ctx, &b), plain[i].error);
	}
#define REFUSED(change, err) (b = good, change, FAILS(submit_one(ctx, &b), err))
	if (!tap_compat()) /* whose pointers are all below a 64-bit kernel's end of user space */
		REFUSED(b.aio_buf = ~0xfffUL, EFAULT);
	REFUSED(b.aio_reserved2 = 1, EINVAL);
	REFUSED(b.aio_nbytes = ~0ULL, EINVAL);
	REFUSED(b.aio_rw_flags = 1U << 20, EOPNOTSUPP);
	REFUSED((b.aio_flags = IOCB_FLAG_IOPRIO, b.aio_reqprio = (short)(7 << 13)), EINVAL);
	good.aio_flags = IOCB_FLAG_RESFD;
	REFUSED(b.aio_resfd = 99, EBADF);
	REFUSED(b.aio_resfd = (unsigned)fd, EINVAL);
	close(fd);
	close(rd);
	close(wr);
	close(dir);
}

/* What is refused at once, and what by its event. */
static void errors(void)
{
	struct iocb b, *list[3];
	aio_context_t ctx = 0, zero = 0, one = 1;
	char buf[8] = "";
	int fd = file();
	struct timespec none = { 0, 0 };
	struct io_event e;

	FAILS(setup(0, &zero), EINVAL);
	FAILS(setup(1, &one), EINVAL);
	FAILS(setup(1, (void *)8), EFAULT);
	FAILS(setup(0x7fffffff, &zero), EINVAL);
	FAILS(setup(0x100000, &zero), EAGAIN);
	EQ(zero, 0);
	NEED(setup(4, &ctx) == 0);
	FAILS(destroy(ctx + PAGE), EINVAL);
	FAILS(destroy(0), EINVAL);
	FAILS(submit(ctx, -1, list), EINVAL);
	EQ(submit(ctx, 0, (void *)8), 0);
	FAILS(submit(ctx, 1, (void *)8), EFAULT);
	list[0] = (void *)8;
	FAILS(submit(ctx, 1, list), EFAULT);
	FAILS(submit(0, 1, list), EINVAL);
	requests_refused(ctx);
	EQ(events(ctx, 0, 1, &e, &none), 0);
	FAILS(events(ctx, 2, 1, &e, &none), EINVAL);
	FAILS(events(ctx, -1, 1, &e, &none), EINVAL);
	FAILS(events(ctx + 8, 0, 1, &e, &none), EINVAL);
	FAILS(events(ctx, 0, 1, &e, (void *)8), EFAULT);
	FAILS(syscall(SYS_io_cancel, ctx, (void *)8, &e), EFAULT);
	FAILS(syscall(SYS_io_cancel, ctx, &b, &e), EINVAL);
	/* Of a list what comes before the first that is refused is done. */
	struct iocb good = block(IOCB_CMD_PWRITE, fd, "x", 1, 0);

	b = block(4, fd, buf, 1, 0);
	list[0] = list[2] = &good;
	list[1] = &b;
	EQ(submit(ctx, 3, list), 1);
	FAILS(events(ctx, 1, 1, (void *)8, NULL), EFAULT);
	EQ(events(ctx, 1, 4, &e, &none), 1);
	EQ(e.res, 1);
	EQ(destroy(ctx), 0);
	FAILS(destroy(ctx), EINVAL);
	FAILS(submit_one(ctx, &good), EINVAL);
	close(fd);
}

static int line_of(const char *what, char *line, size_t size)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int found = 0;

	while (f && !found && fgets(line, (int)size, f))
		found = strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return found;
}

/* The program takes events off the ring by itself, and the ring says when it is full. */
static void ring(void)
{
	aio_context_t ctx = 0;
	int fd = file();
	struct iocb b = block(IOCB_CMD_PWRITE, fd, "x", 1, 0);
	struct timespec none = { 0, 0 };
	struct io_event e;
	struct ring *r;
	char line[200];
	unsigned n = 0;

	NEED(fd >= 0 && setup(1, &ctx) == 0);
	r = (struct ring *)(uintptr_t)ctx;
	EQ(r->magic, 0xa10a10a1U);
	EQ(r->compat, 1);
	EQ(r->incompat, 0);
	EQ(r->header, 32);
	EQ(r->head, 0);
	EQ(r->tail, 0);
	EQ(r->nr, 127); /* a page of them */
	EQ(line_of("/[aio] (deleted)", line, sizeof(line)), 1);
	EQ(strstr(line, " rw-s 00000000 ") != NULL, 1);
	EQ(submit_one(ctx, &b), 1);
	EQ(r->tail, 1);
	EQ(r->event[0].obj, (uintptr_t)&b);
	EQ(r->event[0].res, 1);
	r->head = 1;
	EQ(events(ctx, 0, 1, &e, &none), 0);
	while (n < 1000 && submit_one(ctx, &b) == 1)
		n++;
	EQ(errno, EAGAIN);
	EQ(n > 100 && n <= 126, 1); /* Linux hands places out to CPUs by the batch: 120 */
	EQ(r->tail, (1 + n) % 127);
	r->head = 1 + 127 + 9; /* out of range: nothing worse than other events */
	EQ(events(ctx, 1, 1, &e, &none), 1);
	EQ(e.res, 1);
	EQ(r->head, 11);
	EQ(submit_one(ctx, &b), 1);
	EQ(destroy(ctx), 0);
	EQ(line_of("[aio]", line, sizeof(line)), 0);
	close(fd);
}

static void eventfds(void)
{
	aio_context_t ctx = 0;
	int fd = file(), ev = eventfd(0, EFD_NONBLOCK);
	struct iocb a = block(IOCB_CMD_PWRITE, fd, "ab", 2, 0), b = a, *list[] = { &a, &b };
	struct io_event e[2];
	uint64_t n = 0;

	NEED(fd >= 0 && ev >= 0 && setup(2, &ctx) == 0);
	a.aio_flags = b.aio_flags = IOCB_FLAG_RESFD;
	a.aio_resfd = b.aio_resfd = (unsigned)ev;
	EQ(submit(ctx, 2, list), 2);
	EQ(read(ev, &n, 8), 8);
	EQ(n, 2);
	FAILS(read(ev, &n, 8), EAGAIN);
	EQ(events(ctx, 2, 2, e, NULL), 2);
	EQ(e[0].obj, (uintptr_t)&a);
	EQ(e[1].obj, (uintptr_t)&b);
	EQ(destroy(ctx), 0);
	close(ev);
	close(fd);
}

/* Pipes and sockets: where they stand does not count. */
static void streams(void)
{
	aio_context_t ctx = 0;
	struct iocb b;
	int p[2], s[2];
	char in[4] = "";

	NEED(!pipe(p) && !socketpair(AF_UNIX, SOCK_STREAM, 0, s) && !setup(2, &ctx));
	b = block(IOCB_CMD_PWRITE, p[1], "pip", 3, 0);
	EQ(done(ctx, &b), 3);
	b = block(IOCB_CMD_PREAD, p[0], in, 4, 0);
	EQ(done(ctx, &b), 3);
	EQ(memcmp(in, "pip", 3), 0);
	b = block(IOCB_CMD_PWRITE, s[1], "soc", 3, 0);
	EQ(done(ctx, &b), 3);
	b = block(IOCB_CMD_PREAD, s[0], in, 4, 0);
	EQ(done(ctx, &b), 3);
	EQ(memcmp(in, "soc", 3), 0);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	b = block(IOCB_CMD_PWRITE, p[1], "pip", 3, 0);
	EQ(done(ctx, &b), -EPIPE);
	fcntl(s[0], F_SETFL, O_NONBLOCK);
	b = block(IOCB_CMD_PREAD, s[0], in, 4, 0);
	EQ(done(ctx, &b), -EAGAIN);
	EQ(destroy(ctx), 0);
	close(p[1]);
	close(s[0]);
	close(s[1]);
}

static void polls(void)
{
	struct timespec none = { 0, 0 };
	aio_context_t ctx = 0;
	struct io_event e = { 0 };
	int p[2], ev = eventfd(0, 0);
	struct iocb b;
	uint64_t n;

	NEED(ev >= 0 && !pipe(p) && !setup(2, &ctx));
	b = block(IOCB_CMD_POLL, p[1], (void *)POLLOUT, 0, 0);
	EQ(done(ctx, &b), POLLOUT);
	b = block(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	b.aio_flags = IOCB_FLAG_RESFD;
	b.aio_resfd = (unsigned)ev;
	EQ(submit_one(ctx, &b), 1);
	EQ(events(ctx, 0, 1, &e, &none), 0);
	EQ(write(p[1], "x", 1), 1);
	EQ(events(ctx, 1, 1, &e, NULL), 1);
	EQ(e.obj, (uintptr_t)&b);
	EQ(e.res & ~POLLRDNORM, POLLIN);
	EQ(read(ev, &n, 8), 8);
	EQ(n, 1);
	EQ(read(p[0], &e, 1), 1);
	/* Taken back. */
	b = block(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	EQ(submit_one(ctx, &b), 1);
	FAILS(syscall(SYS_io_cancel, ctx, &b, &e), EINPROGRESS);
	EQ(events(ctx, 1, 1, &e, NULL), 1);
	EQ(e.res, 0);
	FAILS(syscall(SYS_io_cancel, ctx, &b, &e), EINVAL);
	/* The other end goes. */
	EQ(submit_one(ctx, &b), 1);
	close(p[1]);
	EQ(events(ctx, 1, 1, &e, NULL), 1);
	EQ(e.res, POLLHUP);
	/* One that is left when the context goes, and one when the program does. */
	EQ(pipe(p), 0);
	b = block(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);
	EQ(submit_one(ctx, &b), 1);
	EQ(destroy(ctx), 0);
	ctx = 0;
	EQ(setup(2, &ctx), 0);
	EQ(submit_one(ctx, &b), 1);
}

static void *later(void *arg)
{
	usleep(50000);
	return (void *)write(*(int *)arg, "x", 1);
}

static void *destroyer(void *arg)
{
	usleep(50000);
	return (void *)destroy(*(aio_context_t *)arg);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void waits(void)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct itimerval soon = { { 0, 20000 }, { 0, 20000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct timespec ts = { 0, 20000000 };
	aio_context_t ctx = 0;
	struct io_event e[2];
	pthread_t t;
	int p[2];
	void *ret;

	NEED(!pipe(p) && !setup(2, &ctx));
	EQ(events(ctx, 1, 1, e, &ts), 0);
	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	FAILS(events(ctx, 1, 1, e, NULL), EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
	struct iocb b = block(IOCB_CMD_POLL, p[0], (void *)POLLIN, 0, 0);

	EQ(submit_one(ctx, &b), 1);
	NEED(!pthread_create(&t, NULL, later, &p[1]));
	EQ(events(ctx, 1, 2, e, NULL), 1);
	pthread_join(t, &ret);
	EQ((long)ret, 1);
	/* Who waits learns that the context goes. */
	NEED(!pthread_create(&t, NULL, destroyer, &ctx));
	FAILS(events(ctx, 1, 1, e, NULL), EINVAL);
	pthread_join(t, &ret);
	EQ((long)ret, 0);
	close(p[0]);
	close(p[1]);
}

#ifndef SYS_io_pgetevents
#define SYS_io_pgetevents (IS64 ? 333 : 385)
#endif

static volatile int came;

static void count_signal(int sig)
{
	came = sig;
}

/* io_pgetevents(2): the mask holds while it waits. */
static void masked(void)
{
	struct sigaction act = { .sa_handler = count_signal };
	uint64_t open_mask = 0;
	struct {
		const void *mask;
		size_t size;
	} sig = { &open_mask, 8 };
	aio_context_t ctx = 0;
	struct io_event e;
	sigset_t set;

	NEED(!setup(2, &ctx));
	sigaction(SIGUSR1, &act, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	EQ(came, 0);
	FAILS(syscall(SYS_io_pgetevents, ctx, 1L, 1L, &e, NULL, &sig), EINTR);
	EQ(came, SIGUSR1);
	sigprocmask(SIG_BLOCK, NULL, &set);
	EQ(sigismember(&set, SIGUSR1), 1);
	sig.size = 4;
	FAILS(syscall(SYS_io_pgetevents, ctx, 1L, 1L, &e, NULL, &sig), EINVAL);
	FAILS(syscall(SYS_io_pgetevents, ctx, 1L, 1L, &e, NULL, (void *)8), EFAULT);
	EQ(destroy(ctx), 0);
}

static long number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	return atol(text);
}

/* fs.aio-nr counts what was asked for; a child has the mapping, but not the context. */
static void limits(void)
{
	long most = number("/proc/sys/fs/aio-max-nr"), before = number("/proc/sys/fs/aio-nr");
	aio_context_t ctx = 0, other = 0;
	int status;
	pid_t pid;

	EQ(most, 65536);
	NEED(setup(1000, &ctx) == 0);
	EQ(number("/proc/sys/fs/aio-nr"), before + 1000);
	FAILS(setup((unsigned)(most - before - 999), &other), EAGAIN);
	pid = fork();
	if (!pid)
		_exit(destroy(ctx) == -1 && errno == EINVAL ? 7 : 1);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 7 << 8);
	EQ(destroy(ctx), 0);
	EQ(number("/proc/sys/fs/aio-nr"), before);
	/* The end of the program ends its contexts. */
	pid = fork();
	if (!pid)
		_exit(setup(500, &other) != 0);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	EQ(number("/proc/sys/fs/aio-nr"), before);
}

/* What has inherited the ring of a process that is no more, and what that makes: nobody's context is theirs. */
static int heirs(void *arg)
{
	aio_context_t ctx = *(aio_context_t *)arg;
	int hold[2], answer[2], bad = 0;
	char c = 0;

	NEED_IN_CHILD(!pipe(hold) && !pipe(answer));
	for (int i = 0; i < 16; i++) {
		pid_t pid = fork();

		if (pid > 0)
			continue;
		c = destroy(ctx) == -1 && errno == EINVAL ? 1 : 2;
		close(hold[1]);
		_exit(write(answer[1], &c, 1) != 1 || read(hold[0], &c, 1));
	}
	for (int i = 0; i < 16; i++)
		bad += read(answer[0], &c, 1) != 1 || c != 1;
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	return bad;
}

static void a_ring_is_not_inherited(void)
{
	int gone[2], end[2], status;
	aio_context_t ctx = 0;
	pid_t pid;
	char c;

	NEED(!pipe(gone) && !pipe(end));
	pid = fork();
	if (!pid) {
		if (setup(4, &ctx))
			_exit(1);
		pid = fork();
		if (pid)
			_exit(pid < 0);
		close(gone[1]);
		close(end[0]);
		_exit(read(gone[0], &c, 1) || tap_child(heirs, &ctx) || write(end[1], "x", 1) != 1);
	}
	close(end[1]);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(gone[1]); /* its memory has been given back */
	EQ(read(end[0], &c, 1), 1);
	close(gone[0]);
	close(end[0]);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(transfers), T(errors), T(ring),   T(eventfds), T(streams),
		T(polls),     T(waits),	 T(masked), T(limits),	 T(a_ring_is_not_inherited),
		TEND
	};

	return tap_main(argc, argv, tests);
}
