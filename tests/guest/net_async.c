/* Signals of files: O_ASYNC, FIOASYNC, F_SETOWN, F_SETSIG of sockets, pipes and terminals. */
#include "tap.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static int queued(int sig, siginfo_t *info)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigwaitinfo(&set, info);
}

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

static void plain(void)
{
	int s[2], on = 1;
	siginfo_t info;

	block(SIGIO);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
	EQ(fcntl(s[0], F_GETOWN), 0);
	EQ(fcntl(s[0], F_GETSIG), 0);
	OK(fcntl(s[0], F_SETOWN, getpid()));
	EQ(fcntl(s[0], F_GETOWN), getpid());
	OK(ioctl(s[0], FIOASYNC, &on));
	EQ(fcntl(s[0], F_GETFL) & O_ASYNC, O_ASYNC);
	EQ(write(s[1], "a", 1), 1);
	EQ(queued(SIGIO, &info), SIGIO);
	EQ(info.si_code, SI_KERNEL);
	on = 0;
	OK(ioctl(s[0], FIOASYNC, &on));
	EQ(fcntl(s[0], F_GETFL) & O_ASYNC, 0);
	OK(fcntl(s[0], F_SETFL, O_ASYNC));
	OK(close(s[1])); /* the end is told, too */
	EQ(queued(SIGIO, &info), SIGIO);
}

static void with_reason(void)
{
	int fd[2], sig = SIGRTMIN + 3;
	siginfo_t info;
	struct {
		int type, pid;
	} ex = { 0 /* F_OWNER_TID */, (int)syscall(SYS_gettid) };
	char full[65536] = { 0 };
	ssize_t n, sum = 0;

	block(sig);
	NEED(pipe2(fd, O_NONBLOCK) == 0);
	OK(fcntl(fd[0], F_SETSIG, sig));
	EQ(fcntl(fd[0], F_GETSIG), sig);
	OK(fcntl(fd[0], F_SETOWN_EX, &ex));
	OK(fcntl(fd[0], F_SETFL, O_NONBLOCK | O_ASYNC));
	EQ(write(fd[1], "a", 1), 1);
	EQ(queued(sig, &info), sig);
	EQ(info.si_code, POLL_IN);
	EQ(info.si_band, POLLIN | POLLRDNORM);
	EQ(info.si_fd, fd[0]);
	OK(fcntl(fd[0], F_SETFL, O_NONBLOCK));
	while ((n = write(fd[1], full, sizeof(full))) > 0)
		sum += n;
	OK(fcntl(fd[1], F_SETSIG, sig));
	OK(fcntl(fd[1], F_SETOWN, getpid()));
	OK(fcntl(fd[1], F_SETFL, O_NONBLOCK | O_ASYNC)); /* full now */
	while (read(fd[0], full, sizeof(full)) > 0)
		;
	EQ(queued(sig, &info), sig);
	EQ(info.si_code, POLL_OUT);
	EQ(info.si_fd, fd[1]);
}

static void groups(void)
{
	int s[2], st;
	siginfo_t info;
	pid_t child;

	block(SIGIO);
	OK(setpgid(0, 0));
	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	OK(fcntl(s[0], F_SETOWN, -getpid()));
	EQ(fcntl(s[0], F_GETOWN), -getpid());
	OK(fcntl(s[0], F_SETFL, O_ASYNC));
	child = fork();
	if (!child) {
		EQ(queued(SIGIO, &info), SIGIO);
		_exit(tap_failures != 0);
	}
	EQ(write(s[1], "a", 1), 1);
	EQ(queued(SIGIO, &info), SIGIO);
	EQ(waitpid(child, &st, 0), child);
	EQ(st, 0);
}

static void refused(void)
{
	int on = 1, s[2], f = open("/proc/version", O_RDONLY);
	struct {
		int type, pid;
	} ex = { 7, 1 };
	uid_t ids[2] = { 9, 9 };

	NEED(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	FAILS(ioctl(f, FIOASYNC, &on), ENOTTY);
	FAILS(ioctl(s[0], FIOASYNC, NULL), EFAULT);
	OK(fcntl(f, F_SETFL, O_ASYNC)); /* nobody hears of it */
	EQ(fcntl(f, F_GETFL) & O_ASYNC, 0);
	FAILS(fcntl(s[0], F_SETOWN, 0x3fffffff), ESRCH);
	FAILS(fcntl(s[0], F_SETOWN, -0x3fffffff), ESRCH);
	FAILS(fcntl(s[0], F_SETOWN, (int)0x80000000), EINVAL);
	FAILS(fcntl(s[0], F_SETSIG, 65), EINVAL);
	FAILS(fcntl(s[0], F_SETSIG, -1), EINVAL);
	FAILS(fcntl(s[0], F_SETOWN_EX, &ex), EINVAL);
	FAILS(fcntl(s[0], F_SETOWN_EX, NULL), EFAULT);
	OK(fcntl(s[0], F_SETOWN, getpid()));
	OK(fcntl(s[0], F_GETOWN_EX, &ex));
	EQ(ex.type, 1);
	EQ(ex.pid, getpid());
	OK(fcntl(s[0], 17 /* F_GETOWNER_UIDS */, ids));
	EQ(ids[0], 0);
	EQ(ids[1], 0);
	OK(ioctl(s[0], SIOCSPGRP, &(int){ 0 }));
	OK(ioctl(s[0], SIOCGPGRP, &on));
	EQ(on, 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test t[] = { T(plain), T(with_reason), T(groups), T(refused),
					     TEND };

	return tap_main(argc, argv, t);
}
