/* signalfd(2): signals that are read instead of caught. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

static int make(int flags, int count, const int *sigs, sigset_t *set)
{
	sigset_t own;

	if (!set)
		set = &own;
	sigemptyset(set);
	for (int i = 0; i < count; i++)
		sigaddset(set, sigs[i]);
	sigprocmask(SIG_BLOCK, set, NULL);
	return signalfd(-1, set, flags);
}

static int ready(int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void kinds(void)
{
	int sigs[] = { SIGUSR1, SIGUSR2, SIGRTMIN, SIGCHLD },
	    fd = make(SFD_NONBLOCK, 4, sigs, NULL), child;
	struct signalfd_siginfo info[4];
	union sigval v = { .sival_int = 1234 };

	NEED(fd >= 0);
	memset(info, 0xff, sizeof(info));
	FAILS(read(fd, info, sizeof(info)), EAGAIN);
	EQ(ready(fd), 0);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR2);
	sigqueue(getpid(), SIGRTMIN, v);
	v.sival_int = 5678;
	sigqueue(getpid(), SIGRTMIN, v);
	EQ(ready(fd), POLLIN);
	EQ(read(fd, info, sizeof(info)), 512);
	/* a thread's own signals come before those of its process */
	EQ(info[0].ssi_signo, SIGUSR2);
	EQ(info[0].ssi_code, SI_TKILL);
	EQ(info[0].ssi_pid, getpid());
	EQ(info[1].ssi_signo, SIGUSR1);
	EQ(info[1].ssi_code, SI_USER);
	EQ(info[1].ssi_pid, getpid());
	EQ(info[1].ssi_uid, getuid());
	EQ(info[1].ssi_int, 0);
	EQ(info[2].ssi_signo, SIGRTMIN);
	EQ(info[2].ssi_code, SI_QUEUE);
	EQ(info[2].ssi_int, 1234);
	EQ(info[3].ssi_int, 5678);
	EQ(info[3].ssi_status, 0);
	FAILS(read(fd, info, sizeof(info)), EAGAIN);
	child = fork();
	if (!child)
		_exit(77);
	EQ(tap_wait(child), EXITED(77));
	EQ(read(fd, info, sizeof(info)), 128);
	EQ(info[0].ssi_signo, SIGCHLD);
	EQ(info[0].ssi_code, CLD_EXITED);
	EQ(info[0].ssi_pid, child);
	EQ(info[0].ssi_status, 77);
	close(fd);
}

static void errors(void)
{
	int sigs[] = { SIGUSR1 }, fd = make(SFD_CLOEXEC, 1, sigs, NULL), p[2];
	struct signalfd_siginfo info;
	sigset_t set;

	NEED(fd >= 0 && pipe(p) == 0);
	sigemptyset(&set);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(fd, F_GETFL), O_RDWR);
	FAILS(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL);
	FAILS(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	FAILS(syscall(SYS_signalfd4, -1, 8, 8, 0), EFAULT);
	FAILS(syscall(SYS_signalfd4, p[0], &set, 8, 0), EINVAL);
	FAILS(syscall(SYS_signalfd4, 99, &set, 8, 0), EBADF);
	raise(SIGUSR1);
	FAILS(read(fd, &info, 127), EINVAL);
	FAILS(write(fd, &info, 128), EINVAL);
	FAILS(pread(fd, &info, 128, 0), ESPIPE);
	EQ(read(fd, &info, 200), 128);
	raise(SIGUSR1);
	FAILS(read(fd, (void *)8, 128), EFAULT);
	EQ(ready(fd), 0);
	close(fd);
}

/* The set can be changed; SIGKILL and SIGSTOP are left out in silence. */
static void change(void)
{
	int sigs[] = { SIGUSR1, SIGUSR2, SIGKILL }, fd = make(SFD_NONBLOCK, 3, sigs, NULL);
	struct signalfd_siginfo info;
	char path[64], text[256];
	sigset_t set;

	NEED(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	CHECK(strstr(text, "sigmask:\t0000000000000a00\n"));
	raise(SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	EQ(signalfd(fd, &set, 0), fd);
	EQ(ready(fd), 0);
	FAILS(read(fd, &info, sizeof(info)), EAGAIN);
	sigaddset(&set, SIGUSR1);
	EQ(signalfd(fd, &set, 0), fd);
	EQ(ready(fd), POLLIN);
	EQ(read(fd, &info, sizeof(info)), 128);
	EQ(info.ssi_signo, SIGUSR1);
	EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
	memset(text, 0, sizeof(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EQ(readlink(path, text, sizeof(text)), 21);
	STREQ(text, "anon_inode:[signalfd]");
	close(fd);
}

static volatile int caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void *late_kill(void *arg)
{
	tap_sleep_ms(30);
	kill(getpid(), SIGUSR2);
	tap_sleep_ms(30);
	kill(getpid(), SIGUSR1);
	return NULL;
}

/* A read waits; a signal that is not in the set interrupts it. */
static void waits(void)
{
	int sigs[] = { SIGUSR1 }, fd = make(0, 1, sigs, NULL);
	struct sigaction sa = { .sa_handler = on_signal };
	struct signalfd_siginfo info;
	sigset_t usr2;
	pthread_t t;

	NEED(fd >= 0);
	sigaction(SIGUSR2, &sa, NULL);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &usr2, NULL);
	NEED(pthread_create(&t, NULL, late_kill, NULL) == 0);
	pthread_sigmask(SIG_UNBLOCK, &usr2, NULL);
	FAILS(read(fd, &info, sizeof(info)), EINTR);
	EQ(caught, SIGUSR2);
	EQ(read(fd, &info, sizeof(info)), 128);
	EQ(info.ssi_signo, SIGUSR1);
	pthread_join(t, NULL);
	close(fd);
}

/* A child that inherits the file reads its own signals. */
static void inherited(void)
{
	int sigs[] = { SIGUSR1 }, fd = make(SFD_NONBLOCK, 1, sigs, NULL), child;
	struct signalfd_siginfo info;

	NEED(fd >= 0);
	raise(SIGUSR1);
	child = fork();
	if (!child) {
		int ok = read(fd, &info, 128) == -1 && errno == EAGAIN;

		kill(getpid(), SIGUSR1);
		ok &= read(fd, &info, 128) == 128 && (int)info.ssi_pid == getpid();
		_exit(!ok);
	}
	EQ(tap_wait(child), EXITED(0));
	EQ(read(fd, &info, sizeof(info)), 128);
	EQ(info.ssi_pid, getpid());
	close(fd);
}

/* poll wakes for a blocked signal, which wakes nothing else. */
static void polled(void)
{
	int sigs[] = { SIGALRM }, fd = make(0, 1, sigs, NULL);
	struct pollfd p = { fd, POLLIN, 0 };
	struct signalfd_siginfo info;

	NEED(fd >= 0);
	ualarm(20000, 0);
	EQ(poll(&p, 1, 20000), 1);
	EQ(p.revents, POLLIN);
	EQ(read(fd, &info, sizeof(info)), 128);
	EQ(info.ssi_signo, SIGALRM);
	EQ(info.ssi_code, SI_KERNEL);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(kinds),     T(errors), T(change), T(waits),
						 T(inherited), T(polled), TEND };

	return tap_main(argc, argv, tests);
}
