/* Limits and the want of memory: every refusal is an errno or a signal for the process that asked, and nobody else. */
#include "mem.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>

static void limit(int what, rlim_t value)
{
	struct rlimit r = { value, value };

	EQ(setrlimit((__typeof__(RLIMIT_AS))what, &r), 0);
}

static void setting(void)
{
	struct rlimit r;

	EQ(getrlimit(RLIMIT_NOFILE, &r), 0);
	CHECK(r.rlim_cur >= 256 && r.rlim_cur <= r.rlim_max);
	r.rlim_cur = 100;
	EQ(setrlimit(RLIMIT_NOFILE, &r), 0);
	EQ(getrlimit(RLIMIT_NOFILE, &r), 0);
	EQ(r.rlim_cur, 100);
	r.rlim_cur = 200;
	r.rlim_max = 150;
	FAILS(setrlimit(RLIMIT_NOFILE, &r), EINVAL);
	FAILS(getrlimit((__typeof__(RLIMIT_AS))99, &r), EINVAL);
	if (setuid(1000) == 0) {
		getrlimit(RLIMIT_NOFILE, &r);
		r.rlim_cur = 50;
		r.rlim_max = 60;
		EQ(setrlimit(RLIMIT_NOFILE, &r), 0);
		r.rlim_max = 61;
		FAILS(setrlimit(RLIMIT_NOFILE, &r), EPERM);
	}
}

static void address_space(void)
{
	char *p;

	limit(RLIMIT_AS, 64 << 20);
	p = mmap(NULL, 16 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	FAILS(mmap(NULL, 64 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	FAILS(mremap(p, 16 << 20, 70 << 20, MREMAP_MAYMOVE), ENOMEM);
	EQ(munmap(p, 16 << 20), 0);
	CHECK(mmap(NULL, 48 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void data_and_stack(void)
{
	char *start = (char *)syscall(SYS_brk, 0);

	limit(RLIMIT_DATA, 8 << 20);
	CHECK((char *)syscall(SYS_brk, start + (32 << 20)) == start);
	CHECK((char *)syscall(SYS_brk, start + (1 << 20)) == start + (1 << 20));
	FAILS(mmap(NULL, 16 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	CHECK(mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static volatile int got_signal;

static void on_signal(int sig)
{
	got_signal = sig;
}

static void file_size(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	char buf[1000] = "";

	limit(RLIMIT_FSIZE, 5000);
	signal(SIGXFSZ, on_signal);
	EQ(pwrite(fd, buf, 1000, 4000), 1000);
	EQ(pwrite(fd, buf, 1000, 4500), 500);
	FAILS(pwrite(fd, buf, 10, 5000), EFBIG);
	EQ(got_signal, SIGXFSZ);
	FAILS(ftruncate(fd, 6000), EFBIG);
	EQ(ftruncate(fd, 5000), 0);
	unlink("f");
}

static int write_too_far(void *arg)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);

	unlink("f");
	limit(RLIMIT_FSIZE, 10);
	return pwrite(fd, "x", 1, 10) < 0 ? 1 : 2;
}

static void file_size_kills(void)
{
	EQ(tap_child(write_too_far, NULL) & ~0x80, KILLED(SIGXFSZ));
}

static int burn(void *arg)
{
	struct rlimit r = { 1, 2 };

	setrlimit(RLIMIT_CPU, &r);
	for (;;)
		;
	return 1;
}

static int burn_on(void *arg)
{
	struct rlimit r = { 1, 2 };

	signal(SIGXCPU, SIG_IGN);
	setrlimit(RLIMIT_CPU, &r);
	for (;;)
		;
	return 1;
}

static void cpu_time(void)
{
	if (tap_quick())
		SKIP("takes seconds");
	EQ(tap_child(burn, NULL) & ~0x80, KILLED(SIGXCPU));
	EQ(tap_child(burn_on, NULL), KILLED(SIGKILL));
}

/* A fork bomb under a process limit: every fork beyond it fails with EAGAIN, nothing else happens. */
static int bomb(void *arg)
{
	int stop[2], made = 0, failed = 0, status;
	char c;

	if (setgid(31337) || setuid(31337) || pipe(stop))
		return 100;
	limit(RLIMIT_NPROC, 20);
	for (int i = 0; i < 200; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			close(stop[1]);
			/* Bombs of their own. */
			while (fork() > 0)
				;
			_exit(read(stop[0], &c, 1) != 0);
		}
		if (pid > 0)
			made++;
		else if (errno == EAGAIN)
			failed++;
		else
			return 101;
	}
	close(stop[1]);
	while (wait(&status) > 0)
		;
	return made < 20 && failed > 100 ? 0 : 102;
}

static void fork_bomb(void)
{
	EQ(tap_child(bomb, NULL), 0);
}

static int many_files(void *arg)
{
	int n = 0, last = -1, fd;

	limit(RLIMIT_NOFILE, 4000);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0) {
		last = fd;
		n++;
	}
	return errno == EMFILE && last == 3999 && n >= 3900 ? 0 : 1;
}

static void descriptors(void)
{
	EQ(tap_child(many_files, NULL), 0);
}

static void many_pipes(void)
{
	int p[2], n = 0;

	limit(RLIMIT_NOFILE, 1000);
	while (pipe(p) == 0)
		n++;
	EQ(errno, EMFILE);
	CHECK(n >= 480);
}

/* ---- no memory ---- */

static long mem_available_kb(void)
{
	char text[8192], *at;

	if (tap_read("/proc/meminfo", text, sizeof(text)) < 0 || !(at = strstr(text, "MemFree:")))
		return -1;
	return strtol(at + 8, NULL, 10);
}

/* Touch memory until the end: the signal must be SIGKILL. */
static int eat(void *arg)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "w");

	if (f) {
		fputs("1000", f);
		fclose(f);
	}
	for (;;) {
		char *p = mmap(NULL, 1 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return errno == ENOMEM ? 12 : 13;
		for (size_t i = 0; i < 1 << 20; i += PAGE)
			p[i] = 1;
	}
}

static int may_exhaust(void)
{
	/* Not on a host, and not where it would take minutes or the address space ends first. */
	return !getenv("TAP_HOST") && mem_available_kb() > 0 && mem_available_kb() < 600000;
}

static void eats_all(void)
{
	int status;

	if (!may_exhaust())
		SKIP("too much memory");
	status = tap_child(eat, NULL);
	CHECK(status == KILLED(SIGKILL) || status == EXITED(12));
	/* The machine goes on as if nothing had been. */
	for (int i = 0; i < 5; i++)
		EQ(tap_child((int (*)(void *))(uintptr_t)getuid, NULL), 0);
}

/* Two eaters and bystanders: the bystanders live. */
static void bystanders(void)
{
	enum { N = 3 };
	pid_t by[N], eater[2];
	int go[2], status;
	char c;

	if (!may_exhaust())
		SKIP("too much memory");
	NEED(pipe(go) == 0);
	for (int i = 0; i < N; i++) {
		by[i] = fork();
		if (by[i] == 0) {
			volatile char *p =
				mmap(NULL, 50 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			for (size_t k = 0; k < 50; k++)
				p[k * PAGE] = (char)k;
			close(go[1]);
			if (read(go[0], &c, 1) != 0)
				_exit(1);
			for (size_t k = 0; k < 50; k++)
				if (p[k * PAGE] != (char)k)
					_exit(2);
			_exit(0);
		}
	}
	for (int i = 0; i < 2; i++) {
		eater[i] = fork();
		if (eater[i] == 0)
			_exit(eat(NULL));
	}
	for (int i = 0; i < 2; i++) {
		status = tap_wait(eater[i]);
		CHECK(status == KILLED(SIGKILL) || status == EXITED(12));
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < N; i++)
		EQ(tap_wait(by[i]), 0);
}

/* Files fill the memory: ENOSPC or ENOMEM, and everything comes back. */
static void file_system_full(void)
{
	static char block[1 << 16];
	int fd, err;
	ssize_t n;
	long total = 0;

	if (!may_exhaust())
		SKIP("too much memory");
	memset(block, 7, sizeof(block));
	fd = open("big", O_CREAT | O_RDWR, 0600);
	while ((n = write(fd, block, sizeof(block))) == sizeof(block))
		total += n;
	err = errno;
	CHECK(n >= 0 || err == ENOSPC || err == ENOMEM);
	CHECK(total > 1 << 20);
	/* What could be written is there. */
	EQ(pread(fd, block, sizeof(block), total - (long)sizeof(block)), sizeof(block));
	EQ(block[0] + block[sizeof(block) - 1], 14);
	unlink("big");
	close(fd);
	CHECK(mem_available_kb() > total / 1024 / 2);
}

/* Out of kernel memory by way of page tables and descriptions of mappings: one page each, far apart. */
static int scatter(void *arg)
{
	FILE *f = fopen("/proc/self/oom_score_adj", "w");
	char *p = mmap(NULL, (size_t)1 << 30, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (f) {
		fputs("1000", f);
		fclose(f);
	}
	if (p == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < (size_t)1 << 30; i += 16 * PAGE) {
		if (mmap(p + i, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		    MAP_FAILED)
			return errno == ENOMEM ? 12 : 2;
		p[i] = 1;
	}
	return 0;
}

static void scattered(void)
{
	int status = tap_child(scatter, NULL);

	CHECK(status == 0 || status == EXITED(12) || status == KILLED(SIGKILL));
}

static void overcommit(void)
{
	char mode = '0';
	int fd = open("/proc/sys/vm/overcommit_memory", O_RDWR);
	size_t huge = IS64 ? (size_t)1 << 46 : (size_t)0xb0000000u;

	CHECK(fd >= 0);
	if (getenv("TAP_HOST"))
		SKIP("not on the host");
	EQ(pread(fd, &mode, 1, 0), 1);
	EQ(mode, '0');
	FAILS(mmap(NULL, huge, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	      ENOMEM); /* obviously too much */
	EQ(pwrite(fd, "2", 1, 0), 1);
	FAILS(mmap(NULL, (size_t)mem_available_kb() * 1024, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	      ENOMEM);
	CHECK(mmap(NULL, 1 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	EQ(pwrite(fd, "0", 1, 0), 1);
	FAILS(pwrite(fd, "7", 1, 0), EINVAL);
}

/* Fork when there is not enough for a copy of everything: an errno or success, and exact data after it. */
static void fork_under_pressure(void)
{
	size_t size;
	volatile char *p;
	int bad = 0;

	if (!may_exhaust())
		SKIP("too much memory");
	size = (size_t)mem_available_kb() * 1024 / 10 * 6 & -PAGE;
	p = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < size; i += PAGE)
		p[i] = (char)(i / PAGE);
	for (int round = 0; round < 2; round++) {
		pid_t pid = fork();

		if (pid == 0) {
			FILE *f = fopen("/proc/self/oom_score_adj", "w");

			if (f) {
				fputs("1000", f);
				fclose(f);
			}
			for (size_t i = 0; i < size; i += PAGE)
				p[i] = 99; /* more than there is */
			_exit(0);
		}
		if (pid > 0) {
			int status = tap_wait(pid);

			CHECK(status == KILLED(SIGKILL) || status == 0);
		}
	}
	for (size_t i = 0; i < size; i += PAGE)
		bad += p[i] != (char)(i / PAGE);
	EQ(bad, 0);
}

/* A table for a million descriptors, on memory too scattered for it in one piece. */
static void descriptor_table(void)
{
	struct rlimit r = { 1048576, 1048576 };
	int top = 1048575;

	EQ(setrlimit(RLIMIT_NOFILE, &r), 0);
	EQ(dup2(1, 100000), 100000);
	if (sysconf(_SC_PHYS_PAGES) > 100 << 8)
		EQ(dup2(1, top), top);
	EQ(fcntl(100000, F_GETFD), 0);
	FAILS(dup2(1, top + 1), EBADF);
	r.rlim_max++;
	FAILS(setrlimit(RLIMIT_NOFILE, &r), EPERM); /* /proc/sys/fs/nr_open */
}

/* Numbers below pid_max are used again and again. */
static void process_numbers(void)
{
	char old[16], line[16];
	long n = tap_read("/proc/sys/kernel/pid_max", old, sizeof(old) - 1);
	int low = 0, high = 0;

	NEED(n > 0);
	old[n] = '\0';
	STREQ(old, "32768\n");
	EQ(tap_write("/proc/sys/kernel/pid_max", "400\n", 4, 0), 0);
	tap_read("/proc/sys/kernel/pid_max", line, sizeof(line));
	CHECK(!memcmp(line, "400\n", 4));
	for (int i = 0; i < 420; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		high |= pid >= 400;
		low |= pid >= 300 && pid < 400;
		waitpid(pid, NULL, 0);
	}
	EQ(tap_write("/proc/sys/kernel/pid_max", old, (size_t)n, 0), 0);
	CHECK(low && !high);
	FAILS(tap_write("/proc/sys/kernel/pid_max", "300", 3, 0), EINVAL);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(setting),	     T(address_space),	 T(data_and_stack),
		T(file_size),	     T(file_size_kills), T(cpu_time),
		T(fork_bomb),	     T(descriptors),	 T(many_pipes),
		T(eats_all),	     T(bystanders),	 T(file_system_full),
		T(scattered),	     T(overcommit),	 T(fork_under_pressure),
		T(descriptor_table), T(process_numbers), TEND
	};

	return tap_main(argc, argv, tests);
}
