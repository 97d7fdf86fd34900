/* System V IPC, event files, locks and splices without memory: each allocation of each operation fails once. */
#include "failpoint.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int id, fd, other, p[2], q[2];
static void *at;

static void nothing(void)
{
}

static void close_fd(void)
{
	close(fd);
}

/* ---- System V ---- */

static int op_shmget(void)
{
	return id = shmget(0x1234, 3 * PAGE, IPC_CREAT | IPC_EXCL | 0600);
}

static void undo_shmget(void)
{
	OK(shmctl(id, IPC_RMID, NULL));
}

static int op_shmat(void)
{
	at = shmat(id, NULL, 0);
	return at == (void *)-1 ? -1 : 0;
}

static void undo_shmat(void)
{
	OK(shmdt(at));
}

static int op_shm_split(void)
{
	return munmap((char *)at + PAGE, PAGE);
}

static int op_semget(void)
{
	return id = semget(0x1234, 3000, IPC_CREAT | IPC_EXCL | 0600);
}

static void undo_sem(void)
{
	OK(semctl(id, 0, IPC_RMID));
}

static struct sembuf ops[100];
static unsigned short values[3000];

static int op_semop(void)
{
	return semop(id, ops, 100);
}

static int op_getall(void)
{
	int r = semctl(id, 0, GETALL, values);

	return r < 0 ? r : semctl(id, 0, SETALL, values);
}

static int op_msgget(void)
{
	return id = msgget(0x1234, IPC_CREAT | IPC_EXCL | 0600);
}

static void undo_msg(void)
{
	OK(msgctl(id, IPC_RMID, NULL));
}

static struct {
	long type;
	char text[8192];
} m = { 1, "" };

static int op_msgsnd(void)
{
	return msgsnd(id, &m, sizeof(m.text), IPC_NOWAIT);
}

static void undo_msgsnd(void)
{
	EQ(msgrcv(id, &m, sizeof(m.text), 0, IPC_NOWAIT), sizeof(m.text));
}

static int op_msg_copy(void)
{
	return (int)msgrcv(id, &m, sizeof(m.text), 0, IPC_NOWAIT | 040000 /* MSG_COPY */);
}

/* A page fault of ours that gets no memory would end us. */
static void touch_all(void)
{
	char stack[16384];

	memset(stack, 1, sizeof(stack));
	memset(values, 0, sizeof(values));
	memset(m.text, stack[5], sizeof(m.text));
	for (int i = 0; i < 100; i++)
		ops[i] = (struct sembuf){ (unsigned short)i, 1, SEM_UNDO };
	mlockall(MCL_CURRENT);
}

static void system_v(void)
{
	struct shmid_ds ds;

	if (!failpoints_open())
		SKIP("the kernel has no failpoints");
	touch_all();
	every_failure("shmget", op_shmget, undo_shmget);
	NEED(op_shmget() >= 0);
	every_failure("shmat", op_shmat, undo_shmat);
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	EQ(ds.shm_nattch, 0);
	NEED(op_shmat() == 0);
	every_failure("munmap a part", op_shm_split, nothing);
	undo_shmat();
	EQ(shmctl(id, IPC_STAT, &ds), 0);
	EQ(ds.shm_nattch, 0);
	undo_shmget();
	every_failure("semget", op_semget, undo_sem);
	NEED(op_semget() >= 0);
	every_failure("semop", op_semop, nothing);
	every_failure("getall, setall", op_getall, nothing);
	undo_sem();
	every_failure("msgget", op_msgget, undo_msg);
	NEED(op_msgget() >= 0);
	every_failure("msgsnd", op_msgsnd, undo_msgsnd);
	NEED(op_msgsnd() == 0);
	every_failure("msg copy", op_msg_copy, nothing);
	undo_msg();
}

/* ---- events ---- */

static int op_eventfd(void)
{
	return fd = eventfd(0, 0);
}

static int op_timerfd(void)
{
	return fd = timerfd_create(CLOCK_REALTIME, 0);
}

static int op_signalfd(void)
{
	sigset_t set;

	sigemptyset(&set);
	return fd = signalfd(-1, &set, 0);
}

static int op_epoll(void)
{
	return fd = epoll_create1(0);
}

static int op_epoll_add(void)
{
	struct epoll_event ev = { .events = EPOLLIN };

	return epoll_ctl(fd, EPOLL_CTL_ADD, other, &ev);
}

static void undo_epoll_add(void)
{
	OK(epoll_ctl(fd, EPOLL_CTL_DEL, other, NULL));
}

static void events(void)
{
	if (!failpoints_open())
		SKIP("the kernel has no failpoints");
	touch_all();
	every_failure("eventfd", op_eventfd, close_fd);
	every_failure("timerfd", op_timerfd, close_fd);
	every_failure("signalfd", op_signalfd, close_fd);
	every_failure("epoll_create", op_epoll, close_fd);
	other = eventfd(0, 0);
	NEED(op_epoll() >= 0 && other >= 0);
	every_failure("epoll_ctl", op_epoll_add, undo_epoll_add);
	close(fd);
	close(other);
}

/* ---- files ---- */

static int set_range(int type, int start, int len)
{
	struct flock fl = {
		.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
	};

	return fcntl(fd, F_SETLK, &fl);
}

static int op_lock(void)
{
	return set_range(F_WRLCK, 0, 100);
}

static int op_cut(void)
{
	return set_range(F_RDLCK, 40, 10);
}

static void undo_cut(void)
{
	OK(set_range(F_WRLCK, 0, 100));
}

static void unlock_all(void)
{
	OK(set_range(F_UNLCK, 0, 0));
}

static int op_flock(void)
{
	return flock(fd, LOCK_EX);
}

static void undo_flock(void)
{
	OK(flock(fd, LOCK_UN));
}

static int op_splice(void)
{
	loff_t off = 0;

	return (int)splice(fd, &off, p[1], NULL, 10000, SPLICE_F_NONBLOCK);
}

static void drain(void)
{
	static char buf[65536];

	CHECK(read(p[0], buf, sizeof(buf)) > 0);
}

static int op_sendfile(void)
{
	off_t off = 0;

	lseek(other, 0, SEEK_SET);
	return (int)sendfile(other, fd, &off, 5000);
}

static int op_resize(void)
{
	return fcntl(q[1], F_SETPIPE_SZ, 1 << 18);
}

static void undo_resize(void)
{
	CHECK(fcntl(q[1], F_SETPIPE_SZ, 65536) == 65536);
}

static int op_packets(void)
{
	return pipe2(q, O_DIRECT);
}

static void undo_packets(void)
{
	close(q[0]);
	close(q[1]);
}

static void files(void)
{
	if (!failpoints_open())
		SKIP("the kernel has no failpoints");
	touch_all();
	fd = open("f", O_CREAT | O_RDWR, 0600);
	other = open("g", O_CREAT | O_RDWR, 0600);
	NEED(fd >= 0 && other >= 0 && pipe(p) == 0 && ftruncate(fd, 20000) == 0);
	EQ(write(fd, m.text, 8192), 8192);
	EQ(write(other, m.text, 8192), 8192);
	every_failure_is(ENOLCK, "fcntl lock", op_lock, unlock_all);
	NEED(op_lock() == 0);
	every_failure_is(ENOLCK, "cut a lock", op_cut, undo_cut);
	unlock_all();
	every_failure_is(ENOLCK, "flock", op_flock, undo_flock);
	every_failure("splice", op_splice, drain);
	every_failure("sendfile", op_sendfile, nothing);
	every_failure("packet pipe", op_packets, undo_packets);
	NEED(pipe(q) == 0);
	every_failure("resize a pipe", op_resize, undo_resize);
	undo_packets();
	close(p[0]);
	close(p[1]);
	close(fd);
	close(other);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(system_v), T(events), T(files), TEND };

	return tap_main(argc, argv, tests);
}
