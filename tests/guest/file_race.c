/*
 * Threads of two processes on one file at once: writes, reads, mappings shared and private, truncation, holes, fallocate.
 * A byte of page n is 0 or n's own letter, whoever looks and however; SIGBUS comes only where the file may end.
 */
#include "mem.h"

#include <pthread.h>
#include <setjmp.h>

enum { PAGES = 24, KEEP = 1, PUNCH = 2 };

static __thread sigjmp_buf back;
static __thread volatile sig_atomic_t armed;
static char *shared, *private_map;
static int fd;
static unsigned rounds;

static char letter(unsigned page)
{
	return (char)('A' + page);
}

static void on_bus(int sig)
{
	if (!armed)
		_exit(97);
	siglongjmp(back, 1);
}

static int good(unsigned page, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] && p[i] != letter(page))
			return 0;
	return 1;
}

static long falloc(unsigned mode, off_t off, off_t len)
{
	if (IS64)
		return syscall(SYS_fallocate, fd, mode, off, len);
	return syscall(SYS_fallocate, fd, mode, off, 0, len, 0);
}

/* One access through a mapping; it may end in SIGBUS. */
static int touch(char *map, unsigned page, int write, uint64_t *seed)
{
	volatile char *p = map + page * PAGE + tap_random(seed) % PAGE;
	int ok = 1;

	armed = 1;
	if (sigsetjmp(back, 1) == 0) {
		char c = *p;

		ok = !c || c == letter(page);
		if (write)
			*p = letter(page);
	}
	armed = 0;
	return ok;
}

static int by_call(unsigned page, uint64_t *seed)
{
	char buf[4096];
	size_t n = 1 + tap_random(seed) % PAGE, off = tap_random(seed) % (PAGE - n + 1);
	ssize_t r;

	if (tap_random(seed) % 2) {
		memset(buf, letter(page), n);
		return pwrite(fd, buf, n, (off_t)(page * PAGE + off)) == (ssize_t)n;
	}
	r = pread(fd, buf, n, (off_t)(page * PAGE + off));
	return r >= 0 && good(page, buf, (size_t)r);
}

static void *worker(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	uintptr_t bad = 0;

	for (unsigned i = 0; i < rounds; i++) {
		unsigned page = tap_random(&seed) % PAGES;

		switch (tap_random(&seed) % 8) {
		case 0:
		case 1:
		case 2:
			bad += !by_call(page, &seed);
			break;
		case 3:
			bad += !touch(shared, page, 1, &seed);
			break;
		case 4:
			bad += !touch(shared, page, 0, &seed);
			break;
		case 5:
			bad += !touch(private_map, page, tap_random(&seed) % 8 == 0, &seed);
			break;
		case 6:
			bad += falloc(PUNCH | KEEP, (off_t)(page * PAGE + tap_random(&seed) % 100),
				      (off_t)(1 + tap_random(&seed) % (3 * PAGE))) != 0;
			break;
		default:
			if (tap_random(&seed) % 2)
				bad += ftruncate(fd, (off_t)(tap_random(&seed) % (PAGES * PAGE))) !=
				       0;
			else
				bad += falloc(0, (off_t)(page * PAGE), PAGE) != 0;
			if (tap_random(&seed) % 16 == 0)
				madvise(private_map, PAGES * PAGE, MADV_DONTNEED);
		}
	}
	return (void *)bad;
}

static int two_threads(uint64_t seed)
{
	pthread_t t;
	void *bad1, *bad2;

	if (pthread_create(&t, NULL, worker, (void *)(uintptr_t)(seed + 1)))
		return 1;
	bad1 = worker((void *)(uintptr_t)seed);
	if (pthread_join(t, &bad2))
		return 1;
	return bad1 || bad2;
}

static void run(int flags)
{
	struct stat st;
	char buf[4096];
	pid_t pid;

	rounds = tap_quick() ? 60 : 250;
	fd = open("f", O_CREAT | O_TRUNC | O_RDWR, 0600);
	NEED(fd >= 0);
	signal(SIGBUS, on_bus);
	shared = mmap(NULL, PAGES * PAGE, RW, flags, fd, 0);
	private_map = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(shared != MAP_FAILED && private_map != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		_exit(two_threads(1000));
	EQ(two_threads(2000), 0);
	EQ(tap_wait(pid), 0);
	EQ(fstat(fd, &st), 0);
	for (unsigned i = 0; i < PAGES; i++) {
		ssize_t n = pread(fd, buf, PAGE, (off_t)(i * PAGE));

		if (!CHECK(n >= 0 && good(i, buf, (size_t)n)))
			break;
	}
	EQ(ftruncate(fd, 0), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 0);
	EQ(munmap(shared, PAGES * PAGE), 0);
	EQ(munmap(private_map, PAGES * PAGE), 0);
	close(fd);
	unlink("f");
}

static void all_at_once(void)
{
	run(MAP_SHARED);
}

static void all_at_once_populated(void)
{
	run(MAP_SHARED | MAP_POPULATE);
}

/* Sealing against writers: once F_SEAL_WRITE is there, not one byte changes. */
static volatile int sealed;

static void *writer(void *arg)
{
	uint64_t seed = (uintptr_t)arg;
	uintptr_t wrote_late = 0;

	while (!sealed) {
		int before = sealed;
		char *p = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);

		if (p != MAP_FAILED) {
			p[tap_random(&seed) % PAGE] = 'm';
			munmap(p, PAGE);
		}
		if (pwrite(fd, "w", 1, (off_t)(tap_random(&seed) % PAGE)) == 1 && before)
			wrote_late = 1;
	}
	return (void *)wrote_late;
}

static void sealing_against_writers(void)
{
	char a[4096], b[4096];
	pthread_t t[2];
	void *bad;
	long tries = 0;

	fd = (int)syscall(SYS_memfd_create, "s", 2);
	NEED(fd >= 0);
	EQ(ftruncate(fd, PAGE), 0);
	for (uintptr_t i = 0; i < 2; i++)
		NEED(pthread_create(&t[i], NULL, writer, (void *)(i + 1)) == 0);
	while (fcntl(fd, 1033, 8) != 0) {
		if (errno != EBUSY)
			break;
		tries++;
	}
	EQ(pread(fd, a, PAGE, 0), PAGE);
	tap_sleep_ms(20);
	EQ(pread(fd, b, PAGE, 0), PAGE);
	EQ(memcmp(a, b, PAGE), 0);
	sealed = 1;
	for (unsigned i = 0; i < 2; i++) {
		EQ(pthread_join(t[i], &bad), 0);
		EQ((uintptr_t)bad, 0);
	}
	FAILS(pwrite(fd, "x", 1, 0), EPERM);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(all_at_once), T(all_at_once_populated),
						 T(sealing_against_writers), TEND };

	return tap_main(argc, argv, tests);
}
