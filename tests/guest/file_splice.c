/* splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2): bytes, positions, errors. */
#define _FILE_OFFSET_BITS 64
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { SIZE = 300000 };
static char data[SIZE], back[SIZE];

static void fill_data(void)
{
	for (int i = 0; i < SIZE; i++)
		data[i] = (char)(i * 31 + i / 255);
}

static int file_with(const char *name, size_t len)
{
	int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);

	fill_data();
	if (fd >= 0 && (write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)))
		return -1;
	return fd;
}

static int same(int fd, size_t off, size_t len)
{
	memset(back, 0, len);
	return pread(fd, back, len, 0) == (ssize_t)len && memcmp(back, data + off, len) == 0;
}

static void *reader(void *arg)
{
	int fd = *(int *)arg;
	size_t n = 0;
	ssize_t r;

	while ((r = read(fd, back + n, SIZE - n)) > 0)
		n += (size_t)r;
	return (void *)n;
}

static long cfr(int in, int64_t *oi, int out, int64_t *oo, size_t len, unsigned flags)
{
	return syscall(SYS_copy_file_range, in, oi, out, oo, len, flags);
}

static void file_to_pipe(void)
{
	int fd = file_with("in", 100000), p[2];
	loff_t off = 5000;
	char buf[8192];

	NEED(fd >= 0 && pipe(p) == 0);
	EQ(splice(fd, NULL, p[1], NULL, 5000, 0), 5000);
	EQ(lseek(fd, 0, SEEK_CUR), 5000);
	EQ(read(p[0], buf, sizeof(buf)), 5000);
	EQ(memcmp(buf, data, 5000), 0);
	EQ(splice(fd, &off, p[1], NULL, 3000, SPLICE_F_MOVE), 3000);
	EQ(off, 8000);
	EQ(lseek(fd, 0, SEEK_CUR), 5000);
	EQ(read(p[0], buf, sizeof(buf)), 3000);
	EQ(memcmp(buf, data + 5000, 3000), 0);
	off = 99000;
	EQ(splice(fd, &off, p[1], NULL, 5000, 0), 1000); /* to the end */
	EQ(off, 100000);
	EQ(splice(fd, &off, p[1], NULL, 5000, 0), 0);
	EQ(read(p[0], buf, sizeof(buf)), 1000);
	off = 0;
	EQ(splice(fd, &off, p[1], NULL, 100000, SPLICE_F_NONBLOCK),
	   65536); /* what the pipe holds */
	FAILS(splice(fd, &off, p[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	FAILS(splice(fd, &off, p[1], NULL, 1, 0), EPIPE);
	close(p[1]);
	close(fd);
}

static void pipe_to_file(void)
{
	int fd = open("out", O_CREAT | O_TRUNC | O_RDWR, 0600), p[2];
	loff_t off = 100;

	fill_data();
	NEED(fd >= 0 && pipe(p) == 0);
	EQ(write(p[1], data, 20000), 20000);
	EQ(splice(p[0], NULL, fd, NULL, 10000, 0), 10000);
	EQ(lseek(fd, 0, SEEK_CUR), 10000);
	CHECK(same(fd, 0, 10000));
	EQ(splice(p[0], NULL, fd, &off, 50000, 0), 10000); /* what is there */
	EQ(off, 10100);
	EQ(lseek(fd, 0, SEEK_CUR), 10000);
	EQ(pread(fd, back, 10000, 100), 10000);
	EQ(memcmp(back, data + 10000, 10000), 0);
	FAILS(splice(p[0], NULL, fd, NULL, 10, SPLICE_F_NONBLOCK), EAGAIN);
	close(p[1]);
	EQ(splice(p[0], NULL, fd, NULL, 10, 0), 0); /* nobody will write */
	close(p[0]);
	close(fd);
}

static void pipe_to_pipe(void)
{
	int a[2], b[2];

	fill_data();
	NEED(pipe(a) == 0 && pipe(b) == 0);
	EQ(write(a[1], data, 30000), 30000);
	EQ(tee(a[0], b[1], 10000, 0), 10000);
	EQ(read(b[0], back, SIZE), 10000);
	EQ(memcmp(back, data, 10000), 0);
	EQ(splice(a[0], NULL, b[1], NULL, 12000, 0), 12000);
	EQ(read(b[0], back, SIZE), 12000);
	EQ(memcmp(back, data, 12000), 0);
	EQ(read(a[0], back, SIZE), 18000); /* the rest */
	EQ(memcmp(back, data + 12000, 18000), 0);
	FAILS(splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	EQ(write(b[1], data, 65536), 65536);
	EQ(write(a[1], data, 1), 1);
	FAILS(splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
	FAILS(tee(a[0], a[1], 1, 0), EINVAL);
	FAILS(splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL);
	close(a[1]);
	EQ(read(a[0], back, 10), 1);
	EQ(read(b[0], back, SIZE), 65536);
	EQ(splice(a[0], NULL, b[1], NULL, 1, 0), 0);
	EQ(tee(a[0], b[1], 1, 0), 0);
	close(a[0]);
	close(b[0]);
	close(b[1]);
}

static void splice_errors(void)
{
	int fd = file_with("in", 1000), rd = open("in", O_RDONLY), wr = open("in", O_WRONLY),
	    app = open("in", O_RDWR | O_APPEND), dir = open(".", O_RDONLY), p[2], e = eventfd(0, 0);
	loff_t off = 0, bad = -1;

	NEED(fd >= 0 && rd >= 0 && wr >= 0 && app >= 0 && pipe(p) == 0);
	EQ(write(p[1], "x", 1), 1);
	EQ(splice(99, NULL, 98, NULL, 0, 0), 0);
	FAILS(splice(99, NULL, p[1], NULL, 1, 0), EBADF);
	FAILS(splice(fd, NULL, 99, NULL, 1, 0), EBADF);
	FAILS(splice(wr, NULL, p[1], NULL, 1, 0), EBADF);
	FAILS(splice(p[0], NULL, rd, NULL, 1, 0), EBADF);
	FAILS(splice(p[1], NULL, fd, NULL, 1, 0), EBADF);
	FAILS(splice(fd, NULL, p[0], NULL, 1, 0), EBADF);
	FAILS(splice(fd, NULL, fd, NULL, 1, 0), EINVAL); /* no pipe */
	FAILS(splice(fd, NULL, p[1], NULL, 1, 16), EINVAL);
	FAILS(splice(fd, NULL, p[1], &off, 1, 0), ESPIPE);
	FAILS(splice(p[0], &off, fd, NULL, 1, 0), ESPIPE);
	FAILS(splice(p[0], NULL, app, NULL, 1, 0), EINVAL);
	FAILS(splice(fd, &bad, p[1], NULL, 1, 0), EINVAL);
	FAILS(splice(dir, NULL, p[1], NULL, 1, 0), EINVAL);
	FAILS(splice(fd, (void *)8, p[1], NULL, 1, 0), EFAULT);
	FAILS(tee(fd, p[1], 1, 0), EINVAL);
	FAILS(tee(p[0], fd, 1, 0), EINVAL);
	FAILS(tee(99, p[1], 1, 0), EBADF);
	FAILS(tee(p[0], p[1], 1, 16), EINVAL);
	EQ(read(p[0], back, 10), 1); /* nothing was lost */
	close(fd);
	close(rd);
	close(wr);
	close(app);
	close(dir);
	close(e);
	close(p[0]);
	close(p[1]);
}

static void vmsplices(void)
{
	struct iovec iov[3] = { { data, 10 }, { data + 10, 0 }, { data + 10, 5000 } },
		     in[2] = { { back, 100 }, { back + 100, 10000 } };
	int p[2], fd = file_with("in", 10);
	char *big;

	NEED(pipe(p) == 0);
	EQ(vmsplice(p[1], iov, 3, 0), 5010);
	EQ(vmsplice(p[0], in, 2, 0), 5010);
	EQ(memcmp(back, data, 5010), 0);
	FAILS(vmsplice(p[0], in, 1, SPLICE_F_NONBLOCK), EAGAIN);
	/* What is there, and no wait for more: not for the second piece either. */
	EQ(write(p[1], data, 100), 100);
	EQ(vmsplice(p[0], in, 2, 0), 100);
	/* What there is room for: nobody reads. */
	EQ(fcntl(p[1], F_SETPIPE_SZ, 4096), 4096);
	NEED((big = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0)) != MAP_FAILED);
	EQ(vmsplice(p[1], &(struct iovec){ big, 16384 }, 1, 0), 4096);
	FAILS(vmsplice(p[1], iov, 1, SPLICE_F_NONBLOCK), EAGAIN);
	EQ(vmsplice(p[0], &(struct iovec){ big, 16384 }, 1, 0), 4096);
	EQ(vmsplice(p[1], (struct iovec[]){ { big, 4096 }, { big, 4096 } }, 2, 0), 4096);
	EQ(munmap(big, 16384), 0);
	FAILS(vmsplice(fd, iov, 1, 0), EBADF);
	FAILS(vmsplice(99, iov, 1, 0), EBADF);
	FAILS(vmsplice(p[1], iov, 1, 16), EINVAL);
	FAILS(vmsplice(p[1], iov, 1025, 0), EINVAL);
	FAILS(vmsplice(p[1], (void *)8, 1, 0), EFAULT);
	EQ(vmsplice(p[1], iov, 0, 0), 0);
	close(p[0]);
	close(p[1]);
	close(fd);
}

static void sendfiles(void)
{
	int in = file_with("in", 200000), out = open("out", O_CREAT | O_TRUNC | O_RDWR, 0600), p[2],
	    app = open("out", O_RDWR | O_APPEND), rd = open("out", O_RDONLY),
	    dir = open(".", O_RDONLY);
	off_t off = 1000;
	pthread_t t;
	void *n;

	NEED(in >= 0 && out >= 0 && pipe(p) == 0);
	EQ(sendfile(out, in, NULL, 50000), 50000);
	EQ(lseek(in, 0, SEEK_CUR), 50000);
	EQ(lseek(out, 0, SEEK_CUR), 50000);
	EQ(sendfile(out, in, NULL, 1000000), 150000);
	EQ(sendfile(out, in, NULL, 1000000), 0);
	CHECK(same(out, 0, 200000));
	EQ(ftruncate(out, 0), 0);
	lseek(out, 0, SEEK_SET);
	EQ(sendfile(out, in, &off, 70000), 70000);
	EQ(off, 71000);
	EQ(lseek(in, 0, SEEK_CUR), 200000);
	CHECK(same(out, 1000, 70000));
	NEED(pthread_create(&t, NULL, reader, &p[0]) == 0);
	off = 0;
	while (off < 200000)
		NEED(sendfile(p[1], in, &off, (size_t)(200000 - off)) > 0);
	close(p[1]);
	pthread_join(t, &n);
	EQ((long)n, 200000);
	EQ(memcmp(back, data, 200000), 0);
	FAILS(sendfile(app, in, &off, 1), EINVAL);
	FAILS(sendfile(rd, in, &off, 1), EBADF);
	FAILS(sendfile(out, 99, &off, 1), EBADF);
	FAILS(sendfile(99, in, &off, 1), EBADF);
	FAILS(sendfile(out, p[0], &off, 1), ESPIPE);
	FAILS(sendfile(out, p[0], NULL, 1), EINVAL);
	FAILS(sendfile(out, dir, NULL, 1), EINVAL);
	off = -1;
	FAILS(sendfile(out, in, &off, 1), EINVAL);
	FAILS(syscall(SYS_sendfile, out, in, 8, 1), EFAULT);
	close(in);
	close(out);
	close(app);
	close(rd);
	close(dir);
	close(p[0]);
}

static void to_null(void)
{
	int in = file_with("in", 100000), null = open("/dev/null", O_WRONLY), p[2];

	NEED(pipe(p) == 0);
	EQ(sendfile(null, in, NULL, 100000), 100000);
	EQ(write(p[1], data, 5000), 5000);
	EQ(splice(p[0], NULL, null, NULL, 10000, 0), 5000);
	close(in);
	close(null);
	close(p[0]);
	close(p[1]);
}

static void copy_ranges(void)
{
	int in = file_with("in", 100000), out = open("out", O_CREAT | O_TRUNC | O_RDWR, 0600),
	    app = open("out", O_RDWR | O_APPEND), rd = open("out", O_RDONLY),
	    dir = open(".", O_RDONLY), p[2];
	int64_t oi = 10, oo = 20, big = INT64_MAX - 1, neg = -1;

	NEED(in >= 0 && out >= 0 && pipe(p) == 0);
	EQ(cfr(in, NULL, out, NULL, 40000, 0), 40000);
	EQ(lseek(in, 0, SEEK_CUR), 40000);
	EQ(lseek(out, 0, SEEK_CUR), 40000);
	CHECK(same(out, 0, 40000));
	EQ(cfr(in, &oi, out, &oo, 1000, 0), 1000);
	EQ(oi, 1010);
	EQ(oo, 1020);
	EQ(lseek(in, 0, SEEK_CUR), 40000);
	EQ(pread(out, back, 1000, 20), 1000);
	EQ(memcmp(back, data + 10, 1000), 0);
	oi = 99990;
	EQ(cfr(in, &oi, out, &oo, 1000, 0), 10);
	EQ(cfr(in, &oi, out, &oo, 1000, 0), 0);
	EQ(cfr(in, NULL, out, NULL, 0, 0), 0);
	oi = 0;
	oo = 50000;
	EQ(cfr(in, &oi, in, &oo, 50000, 0), 50000); /* within one file */
	EQ(pread(in, back, 50000, 50000), 50000);
	EQ(memcmp(back, data, 50000), 0);
	oi = 0;
	oo = 999;
	FAILS(cfr(in, &oi, in, &oo, 1000, 0), EINVAL);
	FAILS(cfr(in, NULL, out, NULL, 1, 1), EINVAL);
	FAILS(cfr(in, NULL, app, NULL, 1, 0), EBADF);
	FAILS(cfr(in, NULL, rd, NULL, 1, 0), EBADF);
	FAILS(cfr(99, NULL, out, NULL, 1, 0), EBADF);
	FAILS(cfr(dir, NULL, out, NULL, 1, 0), EISDIR);
	FAILS(cfr(in, NULL, dir, NULL, 1, 0), EISDIR); /* what it is comes before how it is open */
	FAILS(cfr(p[0], NULL, out, NULL, 1, 0), EINVAL);
	FAILS(cfr(in, NULL, p[1], NULL, 1, 0), EINVAL);
	EQ(cfr(in, &big, out, NULL, 10, 0), 0);
	FAILS(cfr(in, &neg, out, NULL, 10, 0), EOVERFLOW);
	neg = -100;
	FAILS(cfr(in, &neg, out, NULL, 10, 0), EINVAL);
	FAILS(cfr(in, (void *)8, out, NULL, 10, 0), EFAULT);
	close(in);
	close(out);
	close(app);
	close(rd);
	close(dir);
	close(p[0]);
	close(p[1]);
}

/* Packets: one write is one read, and takes a place of its own. */
static void packets(void)
{
	int p[2], n = 0;
	char buf[9000];

	fill_data();
	NEED(pipe2(p, O_DIRECT | O_NONBLOCK) == 0);
	EQ(fcntl(p[1], F_GETPIPE_SZ), 65536);
	EQ(write(p[1], data, 10), 10);
	EQ(write(p[1], data, 4096), 4096);
	EQ(write(p[1], data, 9000), 9000); /* three */
	EQ(read(p[0], buf, sizeof(buf)), 10);
	EQ(read(p[0], buf, 100), 100); /* the rest of it is lost */
	EQ(read(p[0], buf, sizeof(buf)), 4096);
	EQ(read(p[0], buf, sizeof(buf)), 4096);
	EQ(read(p[0], buf, sizeof(buf)), 808);
	FAILS(read(p[0], buf, sizeof(buf)), EAGAIN);
	while (write(p[1], data, 1) == 1)
		n++;
	EQ(errno, EAGAIN);
	EQ(n, 16);
	while (read(p[0], buf, sizeof(buf)) == 1)
		n--;
	EQ(n, 0);
	while (write(p[1], data, 4096) == 4096)
		n++;
	EQ(n, 16);
	while (read(p[0], buf, sizeof(buf)) == 4096)
		n--;
	EQ(n, 0);
	NEED(tap_read("/proc/sys/fs/pipe-max-size", buf, sizeof(buf)) > 0);
	STREQ(buf, "1048576\n");
	EQ(fcntl(p[1], F_SETPIPE_SZ, 8192), 8192);
	while (write(p[1], data, 4096) == 4096)
		n++;
	EQ(n, 2);
	FAILS(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY);
	EQ(fcntl(p[1], F_SETPIPE_SZ, 16384), 16384);
	EQ(read(p[0], buf, sizeof(buf)), 4096);
	EQ(memcmp(buf, data, 4096), 0);
	close(p[0]);
	close(p[1]);
}

/* preadv2 and pwritev2: a position, or the file's own. */
static void vectors(void)
{
	struct iovec iov[2] = { { back, 5 }, { back + 5, 5 } };
	int fd = file_with("in", 100);

	NEED(fd >= 0);
	EQ(syscall(SYS_preadv2, fd, iov, 2, 20, 0, 0), 10);
	EQ(memcmp(back, data + 20, 10), 0);
	EQ(lseek(fd, 0, SEEK_CUR), 0);
	EQ(syscall(SYS_preadv2, fd, iov, 2, -1L, -1L, 0), 10);
	EQ(memcmp(back, data, 10), 0);
	EQ(lseek(fd, 0, SEEK_CUR), 10);
	EQ(syscall(SYS_pwritev2, fd, iov, 2, 50, 0, 2 /* RWF_DSYNC */), 10);
	EQ(pread(fd, back + 20, 10, 50), 10);
	EQ(memcmp(back + 20, data, 10), 0);
	FAILS(syscall(SYS_preadv2, fd, iov, 2, 0, 0, 0x4000), EOPNOTSUPP);
	FAILS(syscall(SYS_preadv2, fd, iov, 2, -2L, -1L, 0), EINVAL);
	FAILS(syscall(SYS_preadv2, 99, iov, 2, 0, 0, 0), EBADF);
	close(fd);
}

struct ring {
	int in, out;
	volatile int stop;
	volatile long moved;
};

static void *ring_move(void *arg)
{
	struct ring *r = arg;
	ssize_t n;

	while (!r->stop && (n = splice(r->in, NULL, r->out, NULL, 3000, SPLICE_F_NONBLOCK)) != 0) {
		if (n < 0 && errno != EAGAIN)
			return NULL;
		r->moved += n > 0 ? n : 0;
		if (n < 0)
			sched_yield();
	}
	return r;
}

/* Two threads splice between two pipes in opposite directions; no byte is lost. */
static void opposite(void)
{
	int a[2], b[2];
	pthread_t t[2];
	void *ok;

	NEED(pipe(a) == 0 && pipe(b) == 0);
	EQ(write(a[1], data, 30000), 30000);
	EQ(write(b[1], data, 20000), 20000);
	struct ring r[2] = { { a[0], b[1], 0, 0 }, { b[0], a[1], 0, 0 } };

	for (int i = 0; i < 2; i++)
		NEED(pthread_create(&t[i], NULL, ring_move, &r[i]) == 0);
	tap_sleep_ms(tap_quick() ? 30 : 200);
	while (!r[0].moved || !r[1].moved) /* on a busy host one may not have begun */
		tap_sleep_ms(1);
	for (int i = 0; i < 2; i++)
		r[i].stop = 1;
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], &ok);
		CHECK(ok);
		CHECK(r[i].moved > 0);
	}
	fcntl(a[0], F_SETFL, O_NONBLOCK);
	fcntl(b[0], F_SETFL, O_NONBLOCK);
	long left = read(a[0], back, SIZE), more = read(b[0], back, SIZE);

	EQ((left > 0 ? left : 0) + (more > 0 ? more : 0), 50000);
}

enum { CLONE_FILE = 0x40049409, CLONE_RANGE = 0x4020940d, FIBMAP = 1, FIGETBSZ = 2 };
#define FS_IOC_FIEMAP 0xc020660bUL

/* FICLONE: no file shares blocks here; who asks is told so, and copies. */
static void clones(void)
{
	int in = file_with("in", 100), out = file_with("out", 0), rd = open("out", O_RDONLY),
	    wr = open("in", O_WRONLY), app = open("out", O_RDWR | O_APPEND), p[2],
	    dir = open(".", O_RDONLY), proc = open("/proc/version", O_RDONLY),
	    path = open("in", O_PATH);
	int64_t range[4] = { in };

	NEED(in >= 0 && out >= 0 && rd >= 0 && wr >= 0 && app >= 0 && pipe(p) == 0);
	FAILS(ioctl(out, CLONE_FILE, in), EOPNOTSUPP);
	FAILS(ioctl(out, CLONE_RANGE, range), EOPNOTSUPP);
	FAILS(ioctl(out, CLONE_RANGE, 8), EFAULT);
	FAILS(ioctl(out, CLONE_FILE, 99), EBADF);
	FAILS(ioctl(99, CLONE_FILE, in), EBADF);
	FAILS(ioctl(out, CLONE_FILE, path), EBADF);
	FAILS(ioctl(out, CLONE_FILE, wr), EBADF);
	FAILS(ioctl(rd, CLONE_FILE, in), EBADF);
	FAILS(ioctl(app, CLONE_FILE, in), EBADF);
	FAILS(ioctl(out, CLONE_FILE, dir), EISDIR);
	FAILS(ioctl(out, CLONE_FILE, proc), EXDEV);
	FAILS(ioctl(p[1], CLONE_FILE, p[0]), EINVAL);
	EQ(lseek(out, 0, SEEK_END), 0);
	OK(ioctl(in, FIGETBSZ, range));
	EQ((int)range[0], 4096);
	FAILS(ioctl(in, FIBMAP, range), EINVAL); /* memory has no blocks */
	FAILS(ioctl(in, FS_IOC_FIEMAP, range), EOPNOTSUPP);
	FAILS(ioctl(p[0], FIBMAP, range), ENOTTY);
	for (int fd = in; fd <= path; fd++)
		close(fd);
	unlink("in");
	unlink("out");
}

/* Files that the kernel prints: bytes of theirs go as those of other files do. */
static void text_files(void)
{
	int fd = open("/proc/version", O_RDONLY), mounts = open("/proc/self/mounts", O_RDONLY),
	    name = open("/proc/sys/kernel/domainname", O_RDWR),
	    number = open("/proc/sys/vm/swappiness", O_RDWR),
	    out = open("out", O_CREAT | O_TRUNC | O_RDWR, 0600), p[2];
	char text[4096], own[4096], old[65];
	loff_t off = 6;
	ssize_t n;

	NEED(fd >= 0 && mounts >= 0 && name >= 0 && number >= 0 && out >= 0 && pipe(p) == 0);
	n = read(fd, text, sizeof(text));
	NEED(n > 20);
	EQ(splice(fd, &off, p[1], NULL, 10, 0), 10);
	EQ(off, 16);
	EQ(read(p[0], own, sizeof(own)), 10);
	EQ(memcmp(own, text + 6, 10), 0);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(splice(fd, NULL, p[1], NULL, 4096, 0), n);
	EQ(splice(fd, NULL, p[1], NULL, 4096, 0), 0);
	EQ(splice(p[0], NULL, out, NULL, 4096, 0), n);
	EQ(pread(out, own, sizeof(own), 0), n);
	EQ(memcmp(own, text, (size_t)n), 0);
	n = read(mounts, text, sizeof(text));
	off = 0;
	EQ(sendfile(p[1], mounts, &off, 65536), n);
	EQ(off, n);
	EQ(read(p[0], own, sizeof(own)), n);
	EQ(memcmp(own, text, (size_t)n), 0);
	EQ(ftruncate(out, 0), 0);
	EQ(lseek(out, 0, SEEK_SET), 0);
	EQ(lseek(mounts, 0, SEEK_SET), 0);
	EQ(sendfile(out, mounts, NULL, 65536), n);
	EQ(lseek(out, 0, SEEK_END), n);
	/* and into one */
	n = read(name, old, sizeof(old) - 1);
	NEED(n > 0);
	EQ(write(p[1], "spliced", 7), 7);
	EQ(lseek(name, 0, SEEK_SET), 0);
	EQ(splice(p[0], NULL, name, NULL, 7, 0), 7);
	EQ(tap_read("/proc/sys/kernel/domainname", own, sizeof(own)), 8);
	EQ(memcmp(own, "spliced\n", 8), 0);
	EQ(pwrite(name, old, (size_t)n, 0), n);
	EQ(write(p[1], "x", 1), 1);
	FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EBADF);
	EQ(read(p[0], own, sizeof(own)), 1);
	/* What the file refuses stays in the pipe, and in the file it would come from. */
	EQ(write(p[1], "none", 4), 4);
	FAILS(splice(p[0], NULL, number, NULL, 4, 0), EINVAL);
	EQ(read(p[0], own, sizeof(own)), 4);
	EQ(memcmp(own, "none", 4), 0);
	EQ(pwrite(out, "none", 4, 0), 4);
	EQ(lseek(out, 0, SEEK_SET), 0);
	FAILS(sendfile(number, out, NULL, 4), EINVAL);
	EQ(lseek(out, 0, SEEK_CUR), 0);
	/* What is over comes with the next call. */
	EQ(write(p[1], "first\nsecond", 12), 12);
	EQ(lseek(name, 0, SEEK_SET), 0);
	EQ(splice(p[0], NULL, name, NULL, 6, 0), 6);
	EQ(read(p[0], own, sizeof(own)), 6);
	EQ(memcmp(own, "second", 6), 0);
	EQ(pwrite(name, old, (size_t)n, 0), n);
	close(number);
	close(p[0]);
	close(p[1]);
	close(name);
	close(fd);
	close(mounts);
	close(out);
	unlink("out");
}

/* Of one open file: a text that is printed anew while another thread copies from it. */
static void *text_reader(void *arg)
{
	static const loff_t places[] = { 0, 9, 0, 4090, 1 };
	int fd = *(int *)arg;
	char buf[8192];

	for (int i = 0; i < 400; i++) {
		ssize_t n = pread(fd, buf, i % 3 ? sizeof(buf) : 100, places[i % 5]);

		if (n < 0 || (!places[i % 5] && (n < 100 || memcmp(buf, "cpu ", 4) != 0)))
			return (void *)1;
	}
	return NULL;
}

static void texts_of_many_readers(void)
{
	int fd = open("/proc/stat", O_RDONLY);
	pthread_t t[4];
	void *ret;

	NEED(fd >= 0);
	for (int i = 0; i < 4; i++)
		NEED(pthread_create(&t[i], NULL, text_reader, &fd) == 0);
	for (int i = 0; i < 4; i++) {
		EQ(pthread_join(t[i], &ret), 0);
		CHECK(!ret);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(file_to_pipe),
						 T(pipe_to_file),
						 T(pipe_to_pipe),
						 T(splice_errors),
						 T(vmsplices),
						 T(sendfiles),
						 T(to_null),
						 T(copy_ranges),
						 T(vectors),
						 T(packets),
						 T(opposite),
						 T(clones),
						 T(text_files),
						 T(texts_of_many_readers),
						 TEND };

	return tap_main(argc, argv, tests);
}
