/*
 * Random arguments to every system call number: the process may get any errno or die; the machine goes on.
 *
 * Children run as an ordinary user (and, on a test machine, as root without the calls whose purpose is to change the
 * machine); a parent kills each after a short time. The numbers are pseudo-random from a fixed seed: a failure repeats.
 */
#include "tap.h"

#include <sys/resource.h>
#include <sys/time.h>

enum { CALLS = 300, SCRATCH = 16 * 4096, FUZZ_UID = 23456 };

static char *scratch, *read_only, *tail;

static const int never[] = { SYS_reboot,
			     SYS_kill,
			     SYS_tkill,
			     SYS_tgkill,
			     SYS_rt_sigqueueinfo,
			     SYS_rt_tgsigqueueinfo,
			     SYS_exit,
			     SYS_exit_group,
			     SYS_vfork,
			     SYS_ptrace,
			     SYS_process_vm_writev };
static const int not_as_root[] = { SYS_fork,
				   SYS_clone,
				   SYS_clone3,
				   SYS_execve,
				   SYS_execveat,
				   SYS_mount,
				   SYS_umount2,
				   SYS_pivot_root,
				   SYS_chroot,
				   SYS_settimeofday,
				   SYS_clock_settime,
				   SYS_clock_adjtime,
				   SYS_adjtimex,
				   SYS_prlimit64,
				   SYS_setpriority,
				   SYS_sched_setscheduler,
				   SYS_sched_setparam,
				   SYS_sched_setattr,
				   SYS_sched_setaffinity,
				   SYS_mknod,
				   SYS_mknodat,
				   SYS_syslog,
				   SYS_swapoff,
				   SYS_swapon,
				   SYS_sethostname,
				   SYS_setdomainname,
				   SYS_vhangup,
				   SYS_setpgid,
				   SYS_acct,
				   SYS_iopl,
				   SYS_ioperm,
				   SYS_init_module,
				   SYS_delete_module,
				   SYS_kexec_load,
				   SYS_bpf,
				   SYS_unshare,
				   SYS_setns,
				   SYS_quotactl };

static int listed(const int *list, size_t n, long nr)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == nr)
			return 1;
	return 0;
}

static int allowed(long nr, int root)
{
	if (listed(never, ARRAY_LEN(never), nr))
		return 0;
#ifdef __i386__
	/* The old twins of the calls above: umount, waitpid's friends, stime, vm86, the 64-bit clocks. */
	if (root &&
	    (nr == 22 || nr == 25 || nr == 2 || nr == 113 || nr == 166 || nr == 404 || nr == 405))
		return 0;
#endif
	return !root || !listed(not_as_root, ARRAY_LEN(not_as_root), nr);
}

static long argument(uint64_t *seed)
{
	static const long edges[] = { 0,
				      1,
				      -1,
				      2,
				      3,
				      4,
				      7,
				      8,
				      16,
				      64,
				      100,
				      255,
				      256,
				      512,
				      4095,
				      4096,
				      4097,
				      65536,
				      INT32_MAX,
				      INT32_MIN,
				      -100 /* AT_FDCWD */,
				      0x7fffffff & ~4095L };
	static const char *const names[] = { "a",	  "b",	       "dir",  "dir/x",
					     "link",	  ".",	       "",     "/proc/self/status",
					     "/dev/null", "/dev/zero", "dir/", "none/x" };
	uint64_t r = tap_random(seed);

	switch (r >> 60) {
	case 0:
	case 1:
	case 2:
		return edges[(r >> 8) % ARRAY_LEN(edges)];
	case 3:
	case 4:
		return (long)((r >> 8) % 14); /* descriptors */
	case 5:
	case 6:
		return (long)(scratch + (r >> 8) % SCRATCH);
	case 7:
		return (long)(scratch + ((r >> 8) % SCRATCH & ~63ul));
	case 8:
		return (long)(tail - (r >> 8) % 64);
	case 9:
		return (long)(read_only + ((r >> 8) & 4088));
	case 10:
	case 11:
		return (long)names[(r >> 8) % ARRAY_LEN(names)];
	case 12:
		return (long)(1ul << ((r >> 8) % (8 * sizeof(long))));
	case 13:
		return IS64 ? (long)0xffff888000100000ull : (long)0xc0100000u;
	case 14:
		return (long)(r & 0xffff);
	default:
		return (long)(tap_random(seed));
	}
}

static void nothing(int sig)
{
}

static void set_up_child(uint64_t *seed, int root)
{
	struct rlimit procs = { 40, 40 }, size = { 1 << 20, 1 << 20 }, core = { 0, 0 },
		      as = { 256 << 20, 256 << 20 };
	struct itimerval tick = { { 0, 3000 }, { 0, 3000 } };
	struct sigaction sa = { .sa_handler = nothing };
	int p[2], fd = open("/dev/null", O_RDWR);

	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	setsid();
	setrlimit(RLIMIT_NPROC, &procs);
	setrlimit(RLIMIT_FSIZE, &size);
	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_AS, &as);
	scratch = mmap(NULL, SCRATCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	tail = (char *)mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0) +
	       PAGE;
	munmap(tail, PAGE);
	for (size_t i = 0; i < SCRATCH; i += sizeof(long))
		*(long *)(scratch + i) =
			tap_random(seed) & 1 ? (long)(tap_random(seed) % 40) : argument(seed);
	open("a", O_CREAT | O_RDWR, 0666);
	open("dir", O_RDONLY | O_DIRECTORY);
	if (pipe(p) == 0)
		open("/proc/self/maps", O_RDONLY);
	open("/dev/zero", O_RDWR);
	if (!root && (setgid(FUZZ_UID) || setuid(FUZZ_UID)))
		_exit(1);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
}

static void fuzz(uint64_t seed, int root)
{
	long nr_max = 460;

	set_up_child(&seed, root);
	for (int i = 0; i < CALLS; i++) {
		long nr = (long)(tap_random(&seed) % (uint64_t)nr_max), a[6];

		for (int k = 0; k < 6; k++)
			a[k] = argument(&seed);
		if (allowed(nr, root))
			syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
	_exit(0);
}

/* What the fuzzed children have left behind of themselves. */
static void kill_leftovers(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setuid(FUZZ_UID) == 0)
			kill(-1, SIGKILL);
		_exit(0);
	}
	tap_wait(pid);
}

/* Run one child; kill it after @ms. */
static void one(uint64_t seed, int root, int ms)
{
	long long end = tap_now_ns() + ms * 1000000LL;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		fuzz(seed, root);
	NEED(pid > 0);
	while (tap_now_ns() < end) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return;
		tap_sleep_ms(3);
	}
	kill(pid, SIGKILL);
	tap_wait(pid);
}

static void prepare(void)
{
	char cwd[200];

	mkdir("dir", 0777);
	chmod("dir", 0777);
	tap_write("dir/x", "content", 7, 0666);
	if (symlink("a", "link") && errno != EEXIST)
		tap_note("# symlink: %s", strerror(errno));
	if (getcwd(cwd, sizeof(cwd)))
		chmod(cwd, 0777);
}

static void finish(void)
{
	static const char *const names[] = {
		"a", "b", "dir/x", "dir/a", "dir/b", "dir/link", "link"
	};

	kill_leftovers();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (unlink(names[i]))
			rmdir(names[i]);
	rmdir("dir");
	/* The machine works: a process, a file, a pipe. */
	EQ(tap_child((int (*)(void *))(uintptr_t)getuid, NULL), 0);
	EQ(tap_write("after", "ok", 2, 0600), 0);
	EQ(unlink("after"), 0);
}

static void as_user(void)
{
	int n = tap_quick() ? 12 : 60;

	prepare();
	for (int i = 0; i < n; i++)
		one((uint64_t)i * 1000 + 1, 0, 250);
	finish();
}

static void as_root(void)
{
	int n = tap_quick() ? 8 : 40;

	if (getenv("TAP_HOST"))
		SKIP("not on the host");
	prepare();
	for (int i = 0; i < n; i++)
		one((uint64_t)i * 1000 + 2, 1, 250);
	finish();
}

/* Each number by itself: with nothing, with all ones, with a wild pointer everywhere. */
static const long fill[] = { 0, -1, 8, 0x7fffffff, -4096 };

static void call_once(long nr, long arg)
{
	pid_t sub = fork();

	if (sub == 0) {
		struct itimerval t = { { 0, 2000 }, { 0, 2000 } };

		setitimer(ITIMER_REAL, &t, NULL);
		syscall(nr, arg, arg, arg, arg, arg, arg);
		_exit(0);
	}
	/* Some calls wait whatever signals come. */
	for (int i = 0; sub > 0 && waitpid(sub, NULL, WNOHANG) == 0; i++) {
		tap_sleep_ms(1);
		if (i > 20)
			kill(sub, SIGKILL);
	}
}

/* In round k number nr gets filling nr + k: after five rounds each has had them all. */
static int numbers_round(size_t k)
{
	uint64_t seed = 5;

	set_up_child(&seed, 0);
	for (long nr = 0; nr < 460; nr++)
		if (allowed(nr, 1) && nr != SYS_rt_sigreturn)
			call_once(nr, fill[((size_t)nr + k) % ARRAY_LEN(fill)]);
	return 0;
}

static void every_number(void)
{
	size_t rounds = tap_quick() ? 1 : ARRAY_LEN(fill);

	prepare();
	for (size_t k = 0; k < rounds; k++) {
		long long end = tap_now_ns() + 24000000000LL;
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			_exit(numbers_round(k));
		while (waitpid(pid, &status, WNOHANG) == 0) {
			tap_sleep_ms(5);
			if (tap_now_ns() > end)
				kill(pid, SIGKILL);
		}
		EQ(status, 0);
	}
	finish();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(as_user), T(as_root), T_FOR(every_number, 120),
						 TEND };

	return tap_main(argc, argv, tests);
}
