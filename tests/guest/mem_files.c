/* Files in memory: one copy for read, write, shared and private mappings; the end of the file; truncation. */
#include "dir.h"
#include "mem.h"

#include <setjmp.h>

static sigjmp_buf back;
static volatile int seen_signal, seen_code;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	seen_signal = sig;
	seen_code = info->si_code;
	siglongjmp(back, 1);
}

/* The signal that a read of *@p brings, 0: none. */
static int fault_of(volatile char *p, int write)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	seen_signal = seen_code = 0;
	if (sigsetjmp(back, 1) == 0) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return seen_signal;
}

static void shared_coherence(void)
{
	int fd = file("f", 4 * PAGE);
	char *p, *q;

	NEED(fd >= 0);
	p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, PAGE);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	EQ(p[0], 0);
	p[0] = 'a';
	EQ(at(fd, 0), 'a');
	EQ(pwrite(fd, "b", 1, PAGE), 1);
	EQ(p[PAGE], 'b');
	EQ(q[0], 'b');
	q[1] = 'c';
	EQ(p[PAGE + 1], 'c');
	EQ(at(fd, PAGE + 1), 'c');
	EQ(at(fd, 3 * PAGE), 0);
	/* The mapping keeps the file: closed, unlinked, still the same bytes. */
	close(fd);
	unlink("f");
	EQ(p[PAGE], 'b');
	q[PAGE] = 'd';
	EQ(p[2 * PAGE], 'd');
}

static void shared_between_processes(void)
{
	int fd = file("f", 2 * PAGE);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	pid_t pid;

	NEED(p != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		int fd2 = open("f", O_RDWR);
		char *q = mmap(NULL, PAGE, RW, MAP_SHARED, fd2, PAGE);

		q[9] = 'x';
		p[3] = 'y';
		_exit(pwrite(fd2, "z", 1, 7) != 1);
	}
	EQ(tap_wait(pid), 0);
	EQ(p[PAGE + 9], 'x');
	EQ(p[3], 'y');
	EQ(p[7], 'z');
	unlink("f");
}

static void private_mapping(void)
{
	int fd = file("f", 2 * PAGE);
	char *p = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0);

	NEED(p != MAP_FAILED);
	EQ(pwrite(fd, "hello", 5, 0), 5);
	EQ(memcmp(p, "hello", 5), 0);
	p[0] = 'J';
	EQ(at(fd, 0), 'h');
	EQ(pwrite(fd, "w", 1, 1), 1);
	EQ(p[1], 'e');
	EQ(p[PAGE], 0);
	EQ(madvise(p, PAGE, MADV_DONTNEED), 0);
	EQ(p[0], 'h'); /* the private copy is gone, the file shows */
	EQ(p[1], 'w');
	unlink("f");
}

static void beyond_the_end(void)
{
	int fd = file("f", PAGE + 100);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	EQ(fault_of(p + PAGE + 99, 0), 0);
	EQ(fault_of(p + 2 * PAGE - 1, 0), 0); /* rest of the last page: zeros */
	EQ(p[PAGE + 100], 0);
	EQ(fault_of(p + 2 * PAGE, 0), SIGBUS);
	EQ(seen_code, BUS_ADRERR);
	EQ(fault_of(p + 3 * PAGE, 1), SIGBUS);
	EQ(fault_of(p + 2 * PAGE - 1, 1), 0);
	/* A write into the rest of the last page does not make the file longer, nor may it show when it grows. */
	EQ(lseek(fd, 0, SEEK_END), PAGE + 100);
	EQ(ftruncate(fd, 3 * PAGE), 0);
	EQ(fault_of(p + 2 * PAGE, 1), 0);
	EQ(at(fd, 2 * PAGE), 1);
	EQ(fault_of(p + 3 * PAGE, 0), SIGBUS);
	unlink("f");
}

static void truncation_unmaps(void)
{
	int fd = file("f", 4 * PAGE);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0),
	     *q = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);

	NEED(p != MAP_FAILED && q != MAP_FAILED);
	memset(p, 'a', 4 * PAGE);
	q[3 * PAGE] = 'q';
	q[0] = 'q';
	EQ(ftruncate(fd, PAGE + 10), 0);
	EQ(fault_of(p + 3 * PAGE, 0), SIGBUS);
	EQ(fault_of(p + 2 * PAGE, 1), SIGBUS);
	EQ(fault_of(q + 3 * PAGE, 0), SIGBUS); /* private copies beyond the end go too */
	EQ(q[0], 'q');
	EQ(p[PAGE + 9], 'a');
	EQ(p[PAGE + 10], 0); /* the cut page is zeroed behind the end */
	EQ(ftruncate(fd, 4 * PAGE), 0);
	EQ(p[PAGE + 10], 0);
	EQ(p[2 * PAGE], 0);
	EQ(q[3 * PAGE], 0);
	EQ(at(fd, PAGE + 9), 'a');
	EQ(at(fd, PAGE + 10), 0);
	EQ(ftruncate(fd, 0), 0);
	EQ(fault_of(p, 0), SIGBUS);
	unlink("f");
}

static void read_only_file(void)
{
	int fd;
	char *p;

	NEED(tap_write("f", "data", 4, 0600) == 0);
	fd = open("f", O_RDONLY);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	EQ(fault_of(p, 1), SIGSEGV);
	EQ(seen_code, SEGV_ACCERR);
	EQ(memcmp(p, "data", 5), 0);
	unlink("f");
}

static void holes(void)
{
	int fd = file("f", 100 * PAGE);
	char *p = mmap(NULL, 100 * PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	EQ(blocks(fd), 0);
	EQ(at(fd, 50 * PAGE), 0);
	EQ(p[50 * PAGE], 0);
	EQ(pwrite(fd, "x", 1, 99 * PAGE + 5), 1);
	EQ(p[99 * PAGE + 5], 'x');
	EQ(p[99 * PAGE + 4], 0);
	p[10 * PAGE] = 'y';
	EQ(at(fd, 10 * PAGE), 'y');
	CHECK(blocks(fd) >= 16);
	EQ(ftruncate(fd, 0), 0);
	EQ(blocks(fd), 0);
	unlink("f");
}

static void mapping_as_buffer(void)
{
	int fd = file("f", 4 * PAGE), other = file("g", 0);
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	memset(p, 'm', 4 * PAGE);
	/* A file's pages as source and target of calls on itself and on another. */
	EQ(write(other, p, 4 * PAGE), 4 * PAGE);
	EQ(at(other, 4 * PAGE - 1), 'm');
	EQ(pwrite(fd, p, PAGE, 2 * PAGE), PAGE);
	p[0] = 'n';
	EQ(pread(fd, p + PAGE, PAGE, 0), PAGE);
	EQ(p[PAGE], 'n');
	EQ(pread(fd, p, PAGE, 0), PAGE);
	EQ(p[0], 'n');
	EQ(p[1], 'm');
	unlink("f");
	unlink("g");
}

static void big_file(void)
{
	enum { N = 512 };
	int fd = file("f", 0);
	static unsigned buf[1024];
	unsigned *p;

	NEED(fd >= 0);
	for (unsigned i = 0; i < N; i++) {
		for (unsigned k = 0; k < 1024; k++)
			buf[k] = i * 1024 + k;
		if (!EQ(write(fd, buf, PAGE), PAGE))
			break;
	}
	p = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	for (unsigned i = 0; i < N * 1024; i++)
		if (p[i] != i) {
			EQ(p[i], i);
			break;
		}
	EQ(munmap(p, N * PAGE), 0);
	EQ(ftruncate(fd, 3 * PAGE), 0);
	EQ(lseek(fd, 0, SEEK_END), 3 * PAGE);
	EQ(pread(fd, buf, PAGE, 2 * PAGE), PAGE);
	EQ(buf[1023], 3 * 1024 - 1);
	unlink("f");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(shared_coherence),
						 T(shared_between_processes),
						 T(private_mapping),
						 T(beyond_the_end),
						 T(truncation_unmaps),
						 T(read_only_file),
						 T(holes),
						 T(mapping_as_buffer),
						 T(big_file),
						 TEND };

	return tap_main(argc, argv, tests);
}
