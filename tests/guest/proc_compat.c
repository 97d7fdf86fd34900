/*
 * 32-bit programs on a 64-bit kernel. This program is built for both ABIs: the 64-bit one looks at int 0x80 in 64-bit code, the
 * 32-bit one at what Linux shows such a program. On the kernels of 32 bits the same things are the plain case.
 */
#include "tap.h"

#include <dirent.h>
#include <elf.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

/* A call of i386's table, with arguments below 4 GiB. */
static long call32(long nr, unsigned long b, unsigned long c, unsigned long d)
{
	long ret;

#ifdef __x86_64__
	__asm__ volatile("int $0x80" : "=a"(ret) : "0"(nr), "b"(b), "c"(c), "d"(d) : "memory");
#else
	__asm__ volatile("xchgl %%ebx, %4; int $0x80; xchgl %%ebx, %4"
			 : "=a"(ret)
			 : "0"(nr), "c"(c), "d"(d), "r"(b)
			 : "memory");
#endif
	return ret;
}

static int kernel_is_64(void)
{
	struct utsname u;

	uname(&u);
	return strcmp(u.machine, "x86_64") == 0;
}

/* int 0x80 has i386's numbers and structures, whatever the code around it is. */
static void old_gate(void)
{
	char *low = mmap((void *)0x10000000, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	int32_t *words = (int32_t *)low;
	struct timespec now;

	NEED(low != MAP_FAILED);
	EQ(call32(20, 0, 0, 0), getpid());
	memcpy(low, "text", 4);
	words[16] = 0x10000000;
	words[17] = 4;
	int fds[2];

	NEED(pipe(fds) == 0);
	EQ(call32(146, (unsigned)fds[1], 0x10000040, 1), 4); /* writev: an iovec of two words */
	EQ(read(fds[0], low + 100, 10), 4);
	CHECK(memcmp(low + 100, "text", 4) == 0);
	memset(low, 0xaa, 64);
	EQ(call32(265, CLOCK_REALTIME, 0x10000000, 0), 0); /* clock_gettime: 32-bit words */
	clock_gettime(CLOCK_REALTIME, &now);
	CHECK(words[0] == (int32_t)now.tv_sec || words[0] == (int32_t)now.tv_sec - 1);
	CHECK(words[1] >= 0 && words[1] < 1000000000);
	EQ((unsigned)words[2], 0xaaaaaaaa);
	EQ(call32(9999, 0, 0, 0), -ENOSYS);
	EQ(call32(-1, 0, 0, 0), -ENOSYS);
	EQ(call32(4, (unsigned)fds[1], 0xfffff000, 1),
	   -EFAULT); /* nothing is there in any program */
	close(fds[0]);
	close(fds[1]);
	munmap(low, PAGE);
}

/* A child that int 0x80 has forked is a program of its parent's ABI. */
static void fork_by_it(void)
{
	int status;
	long pid = call32(2, 0, 0, 0);

	if (pid == 0) {
		struct timespec t = { 0, -1 };

		/* A native call: it must see native structures. */
		_exit(clock_gettime(CLOCK_MONOTONIC, &t) == 0 && t.tv_nsec >= 0 ? 7 : 8);
	}
	NEED(pid > 0);
	EQ(waitpid((pid_t)pid, &status, 0), pid);
	EQ(WEXITSTATUS(status), 7);
}

/* What the kernel tells a new program, in the program's words. */
static void auxiliary_vector(void)
{
	unsigned long word[64];
	int fd = open("/proc/self/auxv", O_RDONLY);
	ssize_t n = read(fd, word, sizeof(word));

	close(fd);
	NEED(n > 0);
	EQ(n % (2 * (ssize_t)sizeof(long)), 0);
	EQ(word[n / sizeof(long) - 2], AT_NULL);
	for (size_t i = 0; i + 2 < (size_t)n / sizeof(long); i += 2)
		if (word[i] != AT_HWCAP) /* the C library has its own for that */
			EQ(getauxval(word[i]), word[i + 1]);
	EQ(getauxval(AT_PAGESZ), PAGE);
	CHECK(strcmp((char *)getauxval(AT_PLATFORM), IS64 ? "x86_64" : "i686") == 0);
}

static char *top_mapping(char *line, size_t size)
{
	static char text[65536];
	char *last = NULL;

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return NULL;
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n"))
		last = l;
	snprintf(line, size, "%s", last);
	return line;
}

/* A 32-bit program has nothing above its addresses; on a 64-bit kernel it has nearly all of them. */
static void address_space(void)
{
	unsigned long start, end;
	char line[256];
	void *p;

	NEED(top_mapping(line, sizeof(line)) && sscanf(line, "%lx-%lx", &start, &end) == 2);
	if (IS64)
		return;
	CHECK(end <= (kernel_is_64() ? 0xffffe000UL : 0xc0000000UL));
	p = mmap((void *)0xd0000000UL, PAGE, RW, ANON | MAP_FIXED, -1, 0);
	if (!kernel_is_64()) {
		CHECK(p == MAP_FAILED);
		return;
	}
	CHECK(p == (void *)0xd0000000UL);
	*(volatile char *)p = 1;
	OK(munmap(p, PAGE));
	CHECK(mmap((void *)0xffffe000UL, PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED);
	EQ(errno, ENOMEM);
}

static volatile sig_atomic_t seen;
static siginfo_t seen_info;

static void note(int sig, siginfo_t *info, void *context)
{
	(void)context;
	seen = sig;
	seen_info = *info;
}

/* The siginfo of every kind of sender. */
static void signal_information(void)
{
	struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	union sigval v = { .sival_int = 0x12345678 };
	timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL,
			       .sigev_signo = SIGUSR2,
			       .sigev_value = { .sival_int = 77 } };
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	sigset_t set, unblocked;
	pid_t pid;

	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGUSR2, &a, NULL);
	sigaction(SIGCHLD, &a, NULL);
	OK(sigqueue(getpid(), SIGUSR1, v));
	EQ(seen, SIGUSR1);
	EQ(seen_info.si_code, SI_QUEUE);
	EQ(seen_info.si_pid, getpid());
	EQ(seen_info.si_value.sival_int, 0x12345678);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid == 0)
		_exit(9);
	NEED(pid > 0);
	EQ(sigwaitinfo(&set, &seen_info), SIGCHLD);
	EQ(seen_info.si_pid, pid);
	EQ(seen_info.si_code, CLD_EXITED);
	EQ(seen_info.si_status, 9);
	waitpid(pid, NULL, 0);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	seen = 0;
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &unblocked);
	NEED(timer_create(CLOCK_MONOTONIC, &ev, &timer) == 0);
	OK(timer_settime(timer, 0, &soon, NULL));
	while (!seen)
		sigsuspend(&unblocked);
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
	EQ(seen, SIGUSR2);
	EQ(seen_info.si_code, SI_TIMER);
	EQ(seen_info.si_value.sival_int, 77);
	OK(timer_delete(timer));
}

/* Control messages: headers have the program's words. */
static void passed_descriptors(void)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int pair[2], fds[2], got[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(fds) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	EQ(sendmsg(pair[0], &m, 0), 1);
	memset(&control, 0, sizeof(control));
	m.msg_controllen = sizeof(control);
	EQ(recvmsg(pair[1], &m, 0), 1);
	EQ(m.msg_flags & MSG_CTRUNC, 0);
	c = CMSG_FIRSTHDR(&m);
	NEED(c != NULL);
	EQ(c->cmsg_len, CMSG_LEN(sizeof(got)));
	memcpy(got, CMSG_DATA(c), sizeof(got));
	EQ(write(got[1], "hi", 2), 2);
	EQ(read(fds[0], &byte, 1), 1);
	EQ(byte, 'h');
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(fds[i]);
		close(got[i]);
	}
}

/* Where /proc tells a blocked call's arguments. */
static void call_in_proc(void)
{
	char path[64], text[256];
	unsigned long arg[3];
	long nr = -1;
	int fds[2];
	pid_t pid;

	NEED(pipe(fds) == 0);
	pid = fork();
	if (pid == 0) {
		char c;

		_exit(read(fds[0], &c, 1) == 1 ? 0 : 1);
	}
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	for (int i = 0; i < 2000; i++) {
		if (tap_read(path, text, sizeof(text)) > 0 &&
		    sscanf(text, "%ld 0x%lx 0x%lx 0x%lx", &nr, &arg[0], &arg[1], &arg[2]) == 4 &&
		    nr == (IS64 ? 0 : 3))
			break;
		usleep(1000);
	}
	EQ(nr, IS64 ? 0 : 3);
	EQ(arg[0], (unsigned long)fds[0]);
	EQ(arg[2], 1);
	EQ(write(fds[1], "x", 1), 1);
	waitpid(pid, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(old_gate),		T(fork_by_it),
						 T(auxiliary_vector),	T(address_space),
						 T(signal_information), T(passed_descriptors),
						 T(call_in_proc),	TEND };

	return tap_main(argc, argv, tests);
}
