/* eventfd(2): counting, semaphores, blocking, polling, what /proc says of files without a name. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/statfs.h>

static uint64_t value(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, 8) == 8 ? n : ~0ULL;
}

static int add(int fd, uint64_t n)
{
	return write(fd, &n, 8) == 8 ? 0 : -1;
}

static int ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM, 0 };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void counts(void)
{
	int fd = eventfd(3, EFD_NONBLOCK);
	uint64_t n[2] = { 0, 0 };

	NEED(fd >= 0);
	EQ(ready(fd), POLLIN | POLLOUT);
	EQ(value(fd), 3);
	FAILS(read(fd, n, 8), EAGAIN);
	EQ(ready(fd), POLLOUT);
	EQ(add(fd, 5), 0);
	EQ(add(fd, 0), 0);
	EQ(add(fd, 0x100000000ULL), 0);
	EQ(read(fd, n, 16), 8);
	EQ(n[0], 0x100000005ULL);
	EQ(n[1], 0);
	EQ(add(fd, 0), 0);
	FAILS(read(fd, n, 8), EAGAIN);
	close(fd);
}

static void limits(void)
{
	int fd = eventfd(0xffffffffU, EFD_NONBLOCK);
	uint64_t n = ~0ULL;

	NEED(fd >= 0);
	FAILS(write(fd, &n, 8), EINVAL);
	FAILS(write(fd, &n, 7), EINVAL);
	FAILS(read(fd, &n, 7), EINVAL);
	FAILS(write(fd, (void *)8, 8), EFAULT);
	EQ(value(fd), 0xffffffffU);
	EQ(add(fd, ~0ULL - 1), 0);
	EQ(ready(fd), POLLIN);
	FAILS(add(fd, 1), EAGAIN);
	EQ(add(fd, 0), 0);
	EQ(value(fd), ~0ULL - 1);
	EQ(add(fd, 7), 0);
	FAILS(read(fd, (void *)8, 8), EFAULT); /* and the count is gone */
	FAILS(read(fd, &n, 8), EAGAIN);
	FAILS(syscall(SYS_eventfd2, 0, 2), EINVAL);
	FAILS(syscall(SYS_eventfd2, 0, EFD_CLOEXEC | 0x1000000), EINVAL);
	close(fd);
}

static void semaphore(void)
{
	int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	uint64_t n;

	NEED(fd >= 0);
	EQ(value(fd), 1);
	EQ(value(fd), 1);
	FAILS(read(fd, &n, 8), EAGAIN);
	EQ(add(fd, 3), 0);
	for (int i = 0; i < 3; i++)
		EQ(value(fd), 1);
	FAILS(read(fd, &n, 8), EAGAIN);
	close(fd);
}

static void flags(void)
{
	int fd = eventfd(0, EFD_CLOEXEC), other;
	struct statfs fs;
	struct stat st;
	char path[64], text[128];
	uint64_t n = 1;

	NEED(fd >= 0);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(fd, F_GETFL), O_RDWR);
	EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	FAILS(read(fd, &n, 8), EAGAIN);
	other = (int)syscall(SYS_eventfd, 9);
	EQ(fcntl(other, F_GETFD), 0);
	EQ(value(other), 9);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode, 0600);
	EQ(st.st_size, 0);
	EQ(st.st_nlink, 1);
	EQ(fstatfs(fd, &fs), 0);
	EQ(fs.f_type, 0x09041934);
	FAILS(pread(fd, &n, 8, 0), ESPIPE);
	FAILS(pwrite(fd, &n, 8, 0), ESPIPE);
	EQ(lseek(fd, 100, SEEK_SET), 0);
	FAILS(ftruncate(fd, 0), EINVAL);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(text, 0, sizeof(text));
	EQ(readlink(path, text, sizeof(text)), 20);
	STREQ(text, "anon_inode:[eventfd]");
	FAILS(open(path, O_RDWR), ENXIO);
	close(fd);
	close(other);
}

static void fdinfo(void)
{
	int fd = eventfd(0x1234, EFD_SEMAPHORE);
	char path[64], text[512];

	NEED(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "pos:\t0\n") == text);
	CHECK(strstr(text, "eventfd-count:             1234\n"));
	CHECK(strstr(text, "eventfd-semaphore: 1\n"));
	close(fd);
}

static void *late_add(void *arg)
{
	tap_sleep_ms(30);
	add(*(int *)arg, 4);
	return NULL;
}

static void *late_take(void *arg)
{
	tap_sleep_ms(30);
	return (void *)(uintptr_t)(value(*(int *)arg) == ~0ULL - 1);
}

/* A reader waits for a count, a writer for room. */
static void blocking(void)
{
	int fd = eventfd(0, 0);
	pthread_t t;
	void *took;

	NEED(fd >= 0);
	NEED(pthread_create(&t, NULL, late_add, &fd) == 0);
	EQ(value(fd), 4);
	pthread_join(t, NULL);
	EQ(add(fd, ~0ULL - 1), 0);
	NEED(pthread_create(&t, NULL, late_take, &fd) == 0);
	EQ(add(fd, 6), 0);
	pthread_join(t, &took);
	CHECK(took);
	EQ(value(fd), 6);
	close(fd);
}

static void on_alarm(int sig)
{
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = eventfd(0, 0);
	uint64_t n;

	NEED(fd >= 0);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(read(fd, &n, 8), EINTR);
	EQ(add(fd, ~0ULL - 1), 0);
	ualarm(20000, 0);
	FAILS(add(fd, 1), EINTR);
	EQ(value(fd), ~0ULL - 1);
	close(fd);
}

struct crowd {
	int fd;
	int rounds;
	uint64_t sum;
};

static void *crowd_add(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < c->rounds; i++)
		if (add(c->fd, 1))
			return NULL;
	return c;
}

static void *crowd_take(void *arg)
{
	struct crowd *c = arg;
	uint64_t n;

	while ((n = value(c->fd)) < 1ULL << 32)
		c->sum += n;
	add(c->fd, n); /* for the next one */
	return c;
}

/* Every unit that is written is read once. */
static void crowd(void)
{
	enum { THREADS = 3 };
	int rounds = tap_quick() ? 300 : 2000, fd = eventfd(0, 0);
	struct crowd add_arg = { fd, rounds, 0 }, take_arg[THREADS];
	pthread_t adder[THREADS], taker[THREADS];
	uint64_t sum = 0;

	NEED(fd >= 0);
	for (int i = 0; i < THREADS; i++) {
		take_arg[i] = (struct crowd){ fd, 0, 0 };
		NEED(pthread_create(&taker[i], NULL, crowd_take, &take_arg[i]) == 0);
		NEED(pthread_create(&adder[i], NULL, crowd_add, &add_arg) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(adder[i], NULL);
	add(fd, 1ULL << 40);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(taker[i], NULL);
		sum += take_arg[i].sum;
	}
	EQ(sum + value(fd), (1ULL << 40) + (uint64_t)(THREADS * rounds));
	close(fd);
}

static void too_many(void)
{
	int last = -1, fd;

	for (;;) {
		fd = eventfd(0, 0);
		if (fd < 0)
			break;
		last = fd;
	}
	EQ(errno, EMFILE);
	close(last);
	EQ(eventfd(0, 0), last);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(counts),   T(limits),   T(semaphore),   T(flags),
						 T(fdinfo),   T(blocking), T(interrupted), T(crowd),
						 T(too_many), TEND };

	return tap_main(argc, argv, tests);
}
