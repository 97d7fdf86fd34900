/*
 * Two processes at once: on the memory of one of them, through process_vm_writev(2), /proc/PID/mem and process_madvise(2);
 * and on one file, through its names, descriptors and mappings. Nothing written is lost, and every page is counted in the end.
 */
#include "dir.h"
#include "mem.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/uio.h>

enum { PAGES = 24, OTHERS = 3, SYS_PIDFD_OPEN = 434, SYS_PROCESS_MADVISE = 440 };

static int rounds(void)
{
	return tap_quick() ? 12 : 60;
}

/* ---- one memory ---- */

/* What both processes see. Word @k of each page of the window is written by one of them alone, with rising numbers. */
struct shared {
	volatile int stop, bad;
	int counts[OTHERS];
};

static struct shared *all;
static char *window;
static int target, target_mem, target_fd;

static unsigned *word(size_t page, size_t k)
{
	return (unsigned *)(window + page * PAGE) + k;
}

/* Write the other process's word in one of three ways. Return: false: not now, it may not be written. */
static int put(int k, size_t page, unsigned value)
{
	struct iovec l = { &value, sizeof(value) }, r = { word(page, (size_t)k), sizeof(value) };

	if (k == 0)
		return pwrite64(target_mem, &value, sizeof(value),
				(int64_t)(uintptr_t)r.iov_base) == sizeof(value);
	return syscall(SYS_process_vm_writev, target, &l, 1, &r, 1, 0) == sizeof(value);
}

static unsigned get(int k, size_t page)
{
	unsigned value = ~0u;
	struct iovec l = { &value, sizeof(value) }, r = { word(page, (size_t)k), sizeof(value) };

	if (k == 1 &&
	    pread64(target_mem, &value, sizeof(value), (int64_t)(uintptr_t)r.iov_base) > 0)
		return value;
	syscall(SYS_process_vm_readv, target, &l, 1, &r, 1, 0);
	return value;
}

/* From outside: what was written is there, until it is written again. */
static void *other(void *arg)
{
	int k = (int)(intptr_t)arg;
	struct iovec v = { window, PAGES * PAGE };

	for (int i = 1; i <= rounds(); i++) {
		for (size_t page = 0; page < PAGES; page++) {
			while (!put(k, page, (unsigned)i))
				sched_yield();
			if (get(k, page) != (unsigned)i)
				all->bad = 1;
		}
		if (k == 2)
			syscall(SYS_PROCESS_MADVISE, target_fd, &v, 1,
				i % 2 ? 20 /* COLD */ : 21 /* PAGEOUT */, 0);
		all->counts[k] = i;
	}
	return NULL;
}

/* Inside: its own word of each page, around changes of rights. */
static void *writer(void *unused)
{
	for (unsigned i = 1; !all->stop; i++) {
		for (size_t page = 0; page < PAGES; page++) {
			char *p = window + page * PAGE;

			if (i > 1 && *word(page, OTHERS) != i - 1)
				all->bad = 2;
			if (page % 3 == i % 3 && mprotect(p, PAGE, PROT_READ))
				all->bad = 3;
			if (page % 3 == i % 3 && mprotect(p, PAGE, RW))
				all->bad = 4;
			*word(page, OTHERS) = i;
		}
		sched_yield();
	}
	return NULL;
}

/* Inside: children that share every page, and are gone soon. */
static void *forker(void *unused)
{
	while (!all->stop) {
		pid_t pid = fork();

		if (pid == 0) {
			mprotect(window, PAGES * PAGE, RW); /* the writer may have been at it */
			for (size_t page = 0; page < PAGES; page++)
				*word(page, OTHERS + 1) = 77; /* the child's copy */
			_exit(0);
		}
		if (pid < 0 || tap_wait(pid) != 0)
			all->bad = 5;
	}
	return NULL;
}

static int target_main(int ready)
{
	pthread_t threads[2];
	long before;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	resident(window, PAGES);
	before = status_kb("RssAnon:");
	before = status_kb("RssAnon:");
	if (pthread_create(&threads[0], NULL, writer, NULL) ||
	    pthread_create(&threads[1], NULL, forker, NULL))
		return 1;
	if (write(ready, "r", 1) != 1)
		return 2;
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	for (size_t page = 0; page < PAGES; page++) {
		for (size_t k = 0; k < OTHERS; k++)
			EQ(*word(page, k), (unsigned)rounds());
		EQ(*word(page, OTHERS + 1), 0);
	}
	EQ(resident(window, PAGES), PAGES);
	before = status_kb("RssAnon:");
	EQ(munmap(window, PAGES * PAGE), 0);
	EQ(before - status_kb("RssAnon:"), PAGES * 4);
	return tap_failures != 0;
}

static void one_memory(void)
{
	pthread_t threads[OTHERS];
	int ready[2], ended;
	char path[32], c;

	all = mmap(NULL, sizeof(*all), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	window = anon(PAGES, RW);
	NEED(all != MAP_FAILED && window != MAP_FAILED && pipe(ready) == 0);
	target = fork();
	if (target == 0)
		_exit(target_main(ready[1]));
	NEED(target > 0 && read(ready[0], &c, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/mem", target);
	target_mem = open(path, O_RDWR);
	target_fd = (int)syscall(SYS_PIDFD_OPEN, target, 0);
	CHECK(target_mem >= 0 && target_fd >= 0);
	for (intptr_t k = 0; k < OTHERS; k++)
		NEED(pthread_create(&threads[k], NULL, other, (void *)k) == 0);
	for (int k = 0; k < OTHERS; k++) {
		pthread_join(threads[k], NULL);
		EQ(all->counts[k], rounds());
	}
	all->stop = 1;
	ended = tap_wait(target);
	EQ(ended, EXITED(0));
	EQ(all->bad, 0);
	EQ(pwrite64(target_mem, &c, 1, (int64_t)(uintptr_t)window),
	   0); /* there is nothing any more */
	close(target_mem);
	close(target_fd);
}

/* ---- one file ---- */

enum { FILE_PAGES = 16 };
#define MAGIC 0x5eed0000u

static __thread sigjmp_buf escape;

static void on_bus(int sig)
{
	siglongjmp(escape, 1);
}

/* A word of the file is nothing, or says what page it is of. */
static int sane(unsigned w, size_t page)
{
	return w == 0 || w == (MAGIC | page);
}

/* Through a mapping, which the file may have left. */
static void touch_mapped(volatile unsigned *map, size_t page, int write)
{
	volatile unsigned *at = map + page * PAGE / sizeof(unsigned);

	if (sigsetjmp(escape, 1))
		return;
	if (!sane(*at, page) || !sane(at[PAGE / sizeof(unsigned) - 1], page))
		all->bad = 1;
	if (write)
		*at = MAGIC | (unsigned)page;
}

static void touch_file(int fd, size_t page, int write)
{
	unsigned value = MAGIC | (unsigned)page;
	off_t at = (off_t)(page * PAGE);

	if (write && pwrite(fd, &value, sizeof(value), at) != sizeof(value))
		all->bad = 2;
	value = 0;
	if (pread(fd, &value, sizeof(value), at) < 0 || !sane(value, page))
		all->bad = 3;
}

static void change_file(int fd, size_t page, unsigned what)
{
	off_t at = (off_t)(page * PAGE);

	if (what % 4 == 0 && ftruncate(fd, at))
		all->bad = 4;
	else if (what % 4 == 1 && fallocate(fd, 3 /* PUNCH_HOLE, KEEP_SIZE */, at, 3 * (off_t)PAGE))
		all->bad = 5;
	else if (what % 4 == 2 && fallocate(fd, 0, at, 2 * (off_t)PAGE))
		all->bad = 6;
	else if (what % 4 == 3 && ftruncate(fd, (off_t)(FILE_PAGES * PAGE)))
		all->bad = 7;
}

static void *user_of_file(void *arg)
{
	uint64_t state = (uint64_t)getpid() * 2 + (uintptr_t)arg;
	int fd = open("m/f", O_RDWR);
	char *map = mmap(NULL, FILE_PAGES * PAGE, RW, MAP_SHARED, fd, 0);

	if (fd < 0 || map == MAP_FAILED)
		return NULL;
	for (int i = 0; i < rounds() * 10; i++) {
		unsigned r = (unsigned)tap_random(&state);
		size_t page = r / 64 % (FILE_PAGES - 2);

		if (r % 8 < 4)
			touch_mapped((unsigned *)map, page, r & 16);
		else if (r % 8 < 6)
			touch_file(fd, page, r & 16);
		else if (r % 8 < 7)
			change_file(fd, page, r / 16);
		else if (msync(map, FILE_PAGES * PAGE, r & 16 ? MS_SYNC : MS_ASYNC) ||
			 madvise(map, FILE_PAGES * PAGE, MADV_DONTNEED))
			all->bad = 8;
	}
	close(fd);
	return munmap(map, FILE_PAGES * PAGE) ? NULL : arg;
}

static int user_process(void *unused)
{
	pthread_t threads[2];
	void *ok;

	signal(SIGBUS, on_bus);
	for (uintptr_t i = 0; i < 2; i++)
		NEED_IN_CHILD(pthread_create(&threads[i], NULL, user_of_file, (void *)(i + 1)) ==
			      0);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], &ok);
		NEED_IN_CHILD(ok != NULL);
	}
	return 0;
}

static unsigned long free_blocks(void)
{
	struct statvfs s;

	return statvfs("m", &s) ? 0 : s.f_bfree;
}

static void one_file(void)
{
	unsigned long before;
	pid_t pids[2];
	int fd;

	enter("one_file");
	all = mmap(NULL, sizeof(*all), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(all != MAP_FAILED && mkdir("m", 0755) == 0);
	NEED(mount("none", "m", "tmpfs", 0, "size=256k") == 0);
	fd = file("m/f", (off_t)(FILE_PAGES * PAGE));
	before = free_blocks();
	NEED(fd >= 0 && before > FILE_PAGES);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(user_process(NULL));
	}
	for (int i = 0; i < 2; i++)
		EQ(tap_wait(pids[i]), EXITED(0));
	EQ(all->bad, 0);
	EQ(before - free_blocks(), (unsigned long)blocks(fd) / 8);
	for (size_t page = 0; page < FILE_PAGES; page++)
		touch_file(fd, page, 1);
	EQ(all->bad, 0);
	EQ(blocks(fd), 8 * FILE_PAGES);
	EQ(before - free_blocks(), FILE_PAGES);
	EQ(fallocate(fd, 3, 0, (off_t)(FILE_PAGES / 2 * PAGE)), 0);
	EQ(blocks(fd), 4 * FILE_PAGES);
	EQ(ftruncate(fd, 0), 0);
	EQ(blocks(fd), 0);
	EQ(free_blocks(), before);
	close(fd);
	EQ(umount("m"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(one_memory), T(one_file), TEND };

	return tap_main(argc, argv, tests);
}
