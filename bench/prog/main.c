/*
 * What operations cost: an ordinary static Linux program, the same file on every kernel. As process 1 it sets the
 * place up and runs each group of rows in a fresh process; with a group's name it runs that group.
 *
 *	/init [groups=a,b] [profile=ROW] [warm]	as process 1: the kernel's words behind "--"
 *	/init programs=a,b			the same: programs of Debian's in place of groups (program.c)
 *
 * Output: "row NAME TOTAL N" for each row, TOTAL nanoseconds (instructions under -icount) for N operations, or bytes;
 * "group NAME" before a group; "end" at the end. With warm every group runs twice, and its second rows are meant.
 * With profile=ROW it says "ready" before that row and waits for a line, and the stretch lies between the calls of
 * profile_on() and profile_off(), which who watches the CPU sees.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const struct group {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "usage", bench_usage },
	{ "syscall", bench_syscall },
	{ "fault", bench_fault },
	{ "pattern", bench_pattern },
	{ "sparse", bench_sparse },
	{ "mapping", bench_mapping },
	{ "move", bench_move },
	{ "heap", bench_heap },
	{ "fork", bench_fork },
	{ "cow", bench_cow },
	{ "exec", bench_exec },
	{ "script", bench_script },
	{ "pipe", bench_pipe },
	{ "yield", bench_yield },
	{ "signal", bench_signal },
	{ "thread", bench_thread },
	{ "socket", bench_socket },
	{ "net", bench_net },
	{ "file", bench_file },
	{ "name", bench_name },
	{ "many_100", bench_many_100 },
	{ "many_1000", bench_many_1000 },
	{ "many_10000", bench_many_10000 },
	{ "swap", bench_swap }, /* in a machine of its own: needs disks */
	{ "smp", bench_smp },
};
enum { NR_GROUPS = sizeof(groups) / sizeof(groups[0]) };

static const char *profiled;
static const char *row_now;
static unsigned long long row_start, clock_cost;

/* The very first instruction of the program reads the time stamp: what passed since reset. */
unsigned int boot_lo = 1, boot_hi = 1;
#ifdef __x86_64__
__asm__(".globl bench_entry\nbench_entry:\n\trdtsc\n\tmov %eax, boot_lo(%rip)\n\tmov %edx, boot_hi(%rip)\n"
	"\txor %edx, %edx\n\tjmp _start\n");
#else
__asm__(".globl bench_entry\nbench_entry:\n\trdtsc\n\tmov %eax, boot_lo\n\tmov %edx, boot_hi\n"
	"\txor %edx, %edx\n\tjmp _start\n");
#endif

/* The system call, not the vDSO: the same work on every kernel. */
unsigned long long now_ns(void)
{
	struct timespec ts;

	syscall(CLOCK_GETTIME, CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

__attribute__((noinline)) void profile_on(void)
{
	__asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) void profile_off(void)
{
	__asm__ volatile("" ::: "memory");
}

void start(const char *row)
{
	char c;

	row_now = row;
	if (profiled && !strcmp(row, profiled)) {
		if (write(1, "ready\n", 6) != 6 || read(0, &c, 1) != 1)
			give_up("console");
		profile_on();
	}
	row_start = now_ns();
}

void stop(unsigned long n)
{
	unsigned long long t = now_ns() - row_start;

	profile_off();
	figure(row_now, t > clock_cost ? t - clock_cost : 0, n);
}

void figure(const char *row, unsigned long long total, unsigned long n)
{
	dprintf(1, "row %s %llu %lu\n", row, total, n);
}

void give_up(const char *what)
{
	dprintf(1, "failed %s: %m\n", what);
	_exit(1);
}

char *map(size_t pages, int prot)
{
	char *p = mmap(NULL, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		give_up("mmap");
	return p;
}

void touch(char *p, size_t pages, size_t step)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(p + i * step) = 1;
}

char *map_touched(size_t pages)
{
	char *p = map(pages, PROT_READ | PROT_WRITE);

	touch(p, pages, PAGE);
	return p;
}

int child(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (!pid) {
		if (fn)
			fn(arg);
		_exit(0);
	}
	return pid;
}

void reap(int pid)
{
	if (waitpid(pid, NULL, 0) != pid)
		give_up("waitpid");
}

/* Is @name one of the comma-separated @list? */
static int listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (!strncmp(p, name, len) && (p[len] == ',' || !p[len]))
			return 1;
	return 0;
}

/* Nearly every program has used the FPU: its state is part of what fork, signals and switches carry. */
static void use_fpu(void)
{
	volatile double x = 3;

	x *= x;
}

static int run_group(const char *name)
{
	unsigned long long t;

	use_fpu();
	t = now_ns();

	clock_cost = now_ns() - t;
	for (int i = 0; i < NR_GROUPS; i++) {
		if (strcmp(groups[i].name, name))
			continue;
		groups[i].run();
		return 0;
	}
	return 1;
}

static void start_group(const char *self, const char *name, const char *profile)
{
	pid_t pid;

	dprintf(1, "group %s\n", name);
	pid = vfork();
	if (!pid) {
		execl(self, self, name, profile, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		give_up("vfork");
	reap(pid);
}

static void set_up(void)
{
	struct timespec second = { 1, 0 };

	mkdir("/proc", 0755);
	mkdir("/tmp", 0777);
	if (mount("proc", "/proc", "proc", 0, NULL))
		give_up("mount");
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* the rows are about small pages */
	/* What the kernel still does after its boot is not the rows'. */
	nanosleep(&second, NULL);
}

/* The kernel's functions, as it names them. Not a group of rows: only when it is asked for. */
static void print_symbols(void)
{
	static char line[512];
	FILE *f = fopen("/proc/kallsyms", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, " t ") || strstr(line, " T ") || strstr(line, " W "))
			dprintf(1, "%s", line);
}

static void process_1(const char *self, int argc, char **argv)
{
	const char *list = NULL, *profile = NULL;
	char *programs = NULL;
	int turns = 1;

	figure("boot", (unsigned long long)boot_hi << 32 | boot_lo, 1);
	set_up();
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "groups=", 7))
			list = argv[i] + 7;
		if (!strncmp(argv[i], "programs=", 9))
			programs = argv[i] + 9;
		if (!strncmp(argv[i], "profile=", 8))
			profile = argv[i] + 8;
		if (!strcmp(argv[i], "warm"))
			turns = 2;
	}
	if (programs) /* which may lie below /tmp */
		run_programs(programs);
	else if (mount("tmpfs", "/tmp", "tmpfs", 0, NULL))
		give_up("mount");
	for (int i = 0; i < NR_GROUPS && !programs; i++)
		if (list ? listed(list, groups[i].name)
			 : strcmp(groups[i].name, "smp") && strcmp(groups[i].name, "swap"))
			for (int k = 0; k < turns; k++)
				start_group(self, groups[i].name, profile);
	if (listed(list, "symbols"))
		print_symbols();
	dprintf(1, "end\n");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	if (getpid() == 1)
		process_1(argv[0], argc, argv);
	if (argc < 2)
		return 0; /* what the exec rows run */
	if (argc > 4 && !strcmp(argv[1], "measure"))
		return measure_program(argv + 2);
	profiled = argc > 2 ? argv[2] : NULL;
	return run_group(argv[1]);
}
