/* Calls that C libraries of today go round: i386's ipc(2), socketcall(2), sgetmask(2), ssetmask(2); restart_syscall(2) by hand. */
#include "tap.h"

#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <time.h>

/* Outside a call that was interrupted there is nothing to go on with. */
static void nothing_to_restart(void)
{
	FAILS(syscall(SYS_restart_syscall), EINTR);
	FAILS(syscall(SYS_restart_syscall, 1, 2, 3), EINTR);
}

enum { REST_NS = 100000000 };

static int sleeps(void *arg)
{
	struct timespec t = { 0, REST_NS };
	long long start = tap_now_ns();

	if (syscall(SYS_nanosleep, &t, NULL))
		return 1;
	return tap_now_ns() - start >= REST_NS ? 0 : 2;
}

/* The kernel makes the call itself for one who is stopped in his sleep: it goes on to the same end. */
static void restarted(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(sleeps(NULL));
	for (int i = 0; i < 5; i++) {
		tap_sleep_ms(5);
		kill(pid, SIGSTOP);
		kill(pid, SIGCONT);
	}
	EQ(tap_wait(pid), 0);
}

#if __SIZEOF_POINTER__ == 4
static unsigned bit(int sig)
{
	return 1U << (sig - 1);
}

static void short_masks(void)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, 40);
	OK(sigprocmask(SIG_SETMASK, &set, &old));
	EQ(syscall(SYS_sgetmask), bit(SIGUSR1));
	EQ(syscall(SYS_ssetmask, bit(SIGUSR2) | bit(SIGKILL) | bit(SIGSTOP)), bit(SIGUSR1));
	EQ(syscall(SYS_sgetmask), bit(SIGUSR2)); /* those two cannot be blocked */
	OK(sigprocmask(SIG_SETMASK, NULL, &set));
	EQ(sigismember(&set, 40), 0); /* and what does not fit is not */
	EQ(sigismember(&set, SIGUSR2), 1);
	EQ(syscall(SYS_ssetmask, 0), bit(SIGUSR2));
	EQ(syscall(SYS_sgetmask), 0);
	OK(sigprocmask(SIG_SETMASK, &old, NULL));
}

enum { SEMOP = 1, SEMGET, SEMCTL, SEMTIMEDOP, MSGSND = 11, MSGRCV, MSGGET, MSGCTL, SHMAT = 21 };
enum { SHMDT = SHMAT + 1, SHMGET, SHMCTL };

static long ipc(unsigned call, long first, long second, long third, const void *ptr, long fifth)
{
	return syscall(SYS_ipc, call, first, second, third, ptr, fifth);
}

static void no_such_ipc(void)
{
	FAILS(ipc(0, 0, 0, 0, NULL, 0), ENOSYS);
	FAILS(ipc(5, 0, 0, 0, NULL, 0), ENOSYS);
	FAILS(ipc(25, 0, 0, 0, NULL, 0), ENOSYS);
}

static void semaphores(void)
{
	struct sembuf up = { 1, 3, 0 }, down = { 1, -4, 0 };
	struct timespec soon = { 0, 1000000 };
	long id = ipc(SEMGET, IPC_PRIVATE, 2, 0600, NULL, 0), value = 7;

	NEED(id >= 0);
	EQ(ipc(SEMCTL, id, 1, SETVAL, &value, 0), 0); /* the pointer is to the argument */
	EQ(ipc(SEMCTL, id, 1, GETVAL, &value, 0), 7);
	EQ(ipc(SEMOP, id, 1, 0, &up, 0), 0);
	EQ(ipc(SEMCTL, id, 1, GETVAL, &value, 0), 10);
	EQ(ipc(SEMTIMEDOP, id, 1, 0, &down, (long)&soon), 0);
	EQ(ipc(SEMTIMEDOP, id, 1, 0, &down, (long)&soon), 0);
	FAILS(ipc(SEMTIMEDOP, id, 1, 0, &down, (long)&soon), EAGAIN);
	FAILS(ipc(SEMOP, id, 1, 0, NULL, 0), EFAULT);
	FAILS(ipc(SEMCTL, id, 1, GETVAL, NULL, 0), EINVAL);
	FAILS(ipc(SEMCTL, id, 1, GETVAL, (void *)16, 0), EFAULT);
	EQ(ipc(SEMCTL, id, 0, IPC_RMID, &value, 0), 0);
}

static void messages(void)
{
	struct {
		long type;
		char text[8];
	} m = { 3, "abcdefg" }, got = { 0, "" };
	struct {
		void *msg;
		long type;
	} kludge = { &got, 3 };
	struct msqid_ds ds;
	long id = ipc(MSGGET, IPC_PRIVATE, 0600, 0, NULL, 0);

	NEED(id >= 0);
	EQ(ipc(MSGSND, id, 8, 0, &m, 0), 0);
	m.type = 4;
	EQ(ipc(MSGSND, id, 2, 0, &m, 0), 0);
	EQ(ipc(MSGRCV, id, 8, IPC_NOWAIT, &kludge, 0),
	   8); /* the old way: where and which, in one */
	EQ(got.type, 3);
	STREQ(got.text, "abcdefg");
	EQ(ipc(1 << 16 | MSGRCV, id, 8, IPC_NOWAIT, &got, 4), 2);
	EQ(got.type, 4);
	FAILS(ipc(1 << 16 | MSGRCV, id, 8, IPC_NOWAIT, &got, 4), ENOMSG);
	FAILS(ipc(MSGRCV, id, 8, IPC_NOWAIT, NULL, 0), EINVAL);
	FAILS(ipc(MSGRCV, id, 8, IPC_NOWAIT, (void *)16, 0), EFAULT);
	EQ(ipc(MSGCTL, id, IPC_STAT | 0x100, 0, &ds, 0), 0);
	EQ(ds.msg_qnum, 0);
	EQ(ipc(MSGCTL, id, IPC_RMID, 0, NULL, 0), 0);
}

static void segments(void)
{
	unsigned long at = 0;
	long id = ipc(SHMGET, IPC_PRIVATE, PAGE, 0600, NULL, 0);

	NEED(id >= 0);
	EQ(ipc(SHMAT, id, 0, (long)&at, NULL, 0), 0); /* its place comes by the third argument */
	NEED(at);
	*(volatile int *)at = 5;
	FAILS(ipc(1 << 16 | SHMAT, id, 0, (long)&at, NULL, 0), EINVAL);
	EQ(ipc(SHMDT, 0, 0, 0, (void *)at, 0), 0);
	FAILS(ipc(SHMDT, 0, 0, 0, (void *)at, 0), EINVAL);
	EQ(ipc(SHMCTL, id, IPC_RMID, 0, NULL, 0), 0);
	FAILS(ipc(SHMCTL, id, IPC_RMID, 0, NULL, 0), EINVAL);
}

static long socketcall(int call, const unsigned long *args)
{
	return syscall(SYS_socketcall, call, args);
}

#define ARGS(...) ((const unsigned long[6]){ __VA_ARGS__ })
#define AT(p)	  ((unsigned long)(p))

static void sockets(void)
{
	char buf[16];
	int pair[2] = { -1, -1 }, type = 0;
	socklen_t len = sizeof(type);
	long s;

	FAILS(socketcall(0, ARGS(0)), EINVAL);
	FAILS(socketcall(21, ARGS(0)), EINVAL);
	FAILS(socketcall(-1, ARGS(0)), EINVAL);
	FAILS(socketcall(1, NULL), EFAULT);
	FAILS(socketcall(1, ARGS(AF_UNIX, 99, 0)), EINVAL);
	FAILS(socketcall(4, ARGS(AT(-1), 0)), EBADF);
	s = socketcall(1, ARGS(AF_UNIX, SOCK_STREAM, 0));
	NEED(s >= 0);
	FAILS(socketcall(4, ARGS((unsigned long)s, 1)), EINVAL); /* listen without a name */
	FAILS(socketcall(18, ARGS((unsigned long)s, 0, 0, ~0UL)), EINVAL);
	close((int)s);
	EQ(socketcall(8, ARGS(AF_UNIX, SOCK_SEQPACKET, 0, AT(pair))), 0);
	EQ(socketcall(15, ARGS((unsigned long)pair[0], SOL_SOCKET, SO_TYPE, AT(&type), AT(&len))),
	   0);
	EQ(type, SOCK_SEQPACKET);
	EQ(socketcall(9, ARGS((unsigned long)pair[0], AT("first"), 5, 0)), 5);
	EQ(socketcall(11, ARGS((unsigned long)pair[0], AT("second"), 6, 0, 0, 0)), 6);
	EQ(socketcall(10, ARGS((unsigned long)pair[1], AT(buf), 16, 0)), 5);
	EQ(memcmp(buf, "first", 5), 0);
	EQ(socketcall(12, ARGS((unsigned long)pair[1], AT(buf), 16, 0, 0, 0)), 6);
	EQ(memcmp(buf, "second", 6), 0);
	FAILS(socketcall(10, ARGS((unsigned long)pair[1], AT(buf), 16, MSG_DONTWAIT)), EAGAIN);
	EQ(socketcall(13, ARGS((unsigned long)pair[0], SHUT_WR)), 0);
	EQ(socketcall(10, ARGS((unsigned long)pair[1], AT(buf), 16, 0)), 0);
	close(pair[0]);
	close(pair[1]);
}

#define OF_THE_ABI                                                                                 \
	T(short_masks), T(no_such_ipc), T(semaphores), T(messages), T(segments), T(sockets),
#else
#define OF_THE_ABI
#endif

/* What Linux has no handler for, either, is not among the calls that are missing here. */
static void absent_calls(void)
{
	static const int numbers[] = {
#if __SIZEOF_POINTER__ == 4
		17,
		149,
		188,
		222,
		285,
#else
		156,
		181,
		205,
		211,
		336,
		400,
#endif
		447,
		469,
		500,
	};
	char before[2000] = "", after[2000] = "";

	NEED(tap_read("/proc/mnemos/missing_syscalls", before, sizeof(before)) >= 0);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		FAILS(syscall(numbers[i], 0, 0, 0, 0, 0, 0), ENOSYS);
	NEED(tap_read("/proc/mnemos/missing_syscalls", after, sizeof(after)) >= 0);
	EQ(strcmp(before, after), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { OF_THE_ABI T(nothing_to_restart), T(restarted),
						 T(absent_calls), TEND };

	return tap_main(argc, argv, tests);
}
