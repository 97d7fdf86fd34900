/*
 * Threads of two processes at once on one window of memory each, and all on one file: every memory call at random, and
 * accesses that may hit nothing. What must hold in the end: no page shows what was never written to it, every count of
 * /proc is back, and nobody hangs.
 */
#include "mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <sys/uio.h>

enum { WINDOW = 96, FILE_PAGES = 24, THREADS = 3 };
enum { ADV_COLD = 20, ADV_POPULATE_READ = 22, ADV_POPULATE_WRITE = 23, ADV_DONTNEED_LOCKED = 24 };
#define MAGIC 0x5eed0000u

static char *window;
static int file;
static int steps;
static __thread sigjmp_buf escape;
static __thread volatile int touching;

static void on_fault(int sig)
{
	if (touching)
		siglongjmp(escape, sig);
	_exit(90);
}

/* A word of private memory is 0 or MAGIC | its page; of the file 0 or MAGIC + 0x1000 | its page of the file. */
static int word_is_sane(unsigned w)
{
	return !w || (w & 0xffff0000u) == MAGIC;
}

static int touch(char *p, int write, unsigned value)
{
	volatile unsigned *w = (unsigned *)p;
	int bad = 0;

	if (sigsetjmp(escape, 1) == 0) {
		touching = 1;
		bad = !word_is_sane(*w);
		if (write)
			*w = value;
	}
	touching = 0;
	return bad;
}

static void lock_calls(char *p, size_t len, unsigned r)
{
	if (r % 3 == 0)
		mlock(p, len);
	else if (r % 3 == 1)
		munlock(p, len);
	else
		syscall(SYS_mlock2, p, len, 1);
}

static void map_calls(char *p, size_t len, unsigned r)
{
	int fixed = MAP_FIXED | (r & 16 ? MAP_POPULATE : 0);

	switch (r % 4) {
	case 0:
		mmap(p, len, r & 8 ? RW : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
		break;
	case 1:
		mmap(p, len, RW, MAP_SHARED | fixed, file, (off_t)(r / 64 % FILE_PAGES) * 4096);
		break;
	case 2:
		mmap(p, len, RW, MAP_PRIVATE | fixed, file, (off_t)(r / 64 % FILE_PAGES) * 4096);
		break;
	default:
		munmap(p, len);
	}
}

static void advice_calls(char *p, size_t len, unsigned r)
{
	static const int advice[] = { MADV_DONTNEED,	  MADV_FREE,	     MADV_REMOVE,
				      MADV_DONTFORK,	  MADV_DOFORK,	     MADV_WILLNEED,
				      ADV_COLD,		  ADV_POPULATE_READ, ADV_POPULATE_WRITE,
				      ADV_DONTNEED_LOCKED };

	madvise(p, len, advice[r % ARRAY_LEN(advice)]);
}

static void move_calls(char *p, size_t len, unsigned r)
{
	char *to = window + r / 16 % (WINDOW - 8) * PAGE;

	if (r & 1)
		(void)!mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	else
		(void)!mremap(p, len, r & 2 ? len + PAGE : PAGE, 0);
}

static void look_calls(char *p, size_t len, unsigned r)
{
	unsigned char vec[WINDOW];
	unsigned buf[8];
	struct iovec l = { buf, sizeof(buf) }, v = { p, sizeof(buf) };

	if (r % 3 == 0)
		mincore(p, len, vec);
	else if (r % 3 == 1)
		msync(p, len, MS_SYNC);
	else
		syscall(SYS_process_vm_readv, getpid(), &l, 1, &v, 1, 0);
}

static void *worker(void *arg)
{
	uint64_t seed = (uintptr_t)arg * 77 + (uint64_t)getpid() * 3;
	long bad = 0;

	for (int i = 0; i < steps; i++) {
		unsigned r = (unsigned)tap_random(&seed), page = r % WINDOW;
		size_t len = (1 + r / 128 % 8) * PAGE;
		char *p = window + page * PAGE;

		if (page + len / PAGE > WINDOW)
			len = (WINDOW - page) * PAGE;
		r = (unsigned)tap_random(&seed);
		switch (r >> 28) {
		case 0:
		case 1:
			map_calls(p, len, r);
			break;
		case 2:
			mprotect(p, len, r & 1 ? RW : r & 2 ? PROT_READ : PROT_NONE);
			break;
		case 3:
			advice_calls(p, len, r);
			break;
		case 4:
			lock_calls(p, len, r);
			break;
		case 5:
			move_calls(p, len, r);
			break;
		case 6:
			look_calls(p, len, r);
			break;
		default:
			bad += touch(p, r & 1, MAGIC | page);
		}
	}
	return (void *)bad;
}

/* One process: threads at work, a child of it now and then. */
static int process(void *unused)
{
	pthread_t t[THREADS];
	long bad = 0;
	void *one;

	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	window = mmap(NULL, WINDOW * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (window == MAP_FAILED)
		return 1;
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, worker, (void *)(i + 1)))
			return 2;
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			steps /= 8;
			_exit(worker((void *)9) ? 3 : 0);
		}
		if (tap_wait(pid) != 0)
			bad++;
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &one);
		bad += (long)one;
	}
	return bad ? 4 : 0;
}

static void everything_at_once(void)
{
	long locked = meminfo_kb("Mlocked:"), promised = meminfo_kb("Committed_AS:");
	static char zero[FILE_PAGES * 4096];
	int status[2];
	pid_t pid[2];

	steps = tap_quick() ? 1500 : 5000;
	NEED(tap_write("raced", zero, sizeof(zero), 0600) == 0);
	file = open("raced", O_RDWR);
	NEED(file >= 0);
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(process(NULL));
	}
	for (int i = 0; i < 2; i++)
		status[i] = tap_wait(pid[i]);
	EQ(status[0], 0);
	EQ(status[1], 0);
	close(file);
	unlink("raced");
	EQ(meminfo_kb("Mlocked:") - locked, 0);
	EQ(meminfo_kb("Unevictable:"), meminfo_kb("Mlocked:"));
	EQ(meminfo_kb("Committed_AS:") - promised, 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(everything_at_once), TEND };

	return tap_main(argc, argv, tests);
}
