/* System V semaphores: all or nothing, who waits for what, undoing at exit, limits, /proc. */
#include "ipc.h"

#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#ifndef CLONE_SYSVSEM
#define CLONE_SYSVSEM 0x40000
#endif
enum { KEY = 0x4d6e6573 };

union arg {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	void *any;
};

static int ctl(int id, int num, int cmd, void *p)
{
	union arg a = { .any = p };

	return semctl(id, num, cmd, a);
}

static int set(int id, int num, int val)
{
	union arg a = { .val = val };

	return semctl(id, num, SETVAL, a);
}

static int get(int id, int num)
{
	return ctl(id, num, GETVAL, NULL);
}

static int op(int id, int num, int by, int flags)
{
	struct sembuf b = { (unsigned short)num, (short)by, (short)flags };

	return semop(id, &b, 1);
}

static int make(int n)
{
	return semget(IPC_PRIVATE, n, IPC_CREAT | 0600);
}

static int timed(int id, struct sembuf *ops, size_t n, long sec, long nsec)
{
	struct timespec t = { sec, nsec };

	return semtimedop(id, ops, n, &t);
}

/* Wait until so many tasks wait on the semaphore. */
static void wait_for_waiters(int id, int num, int cmd, int n)
{
	for (int i = 0; i < 5000 && ctl(id, num, cmd, NULL) != n; i++)
		tap_sleep_ms(1);
	EQ(ctl(id, num, cmd, NULL), n);
}

static void simple(void)
{
	int id = make(3);
	struct semid_ds ds;

	NEED(id >= 0);
	EQ(ctl(id, 0, IPC_STAT, &ds), 0);
	EQ(ds.sem_nsems, 3);
	EQ(ds.sem_otime, 0);
	CHECK(ds.sem_ctime > 0);
	EQ(ds.sem_perm.mode, 0600);
	EQ(get(id, 0), 0);
	EQ(ctl(id, 0, GETPID, NULL), 0);
	EQ(set(id, 1, 5), 0);
	EQ(get(id, 1), 5);
	EQ(ctl(id, 1, GETPID, NULL), getpid());
	EQ(op(id, 1, -2, 0), 0);
	EQ(get(id, 1), 3);
	EQ(op(id, 2, 0, 0), 0);
	EQ(ctl(id, 2, GETPID, NULL), getpid());
	EQ(op(id, 0, 7, 0), 0);
	EQ(get(id, 0), 7);
	EQ(ctl(id, 0, IPC_STAT, &ds), 0);
	CHECK(ds.sem_otime > 0);
	FAILS(op(id, 2, -1, IPC_NOWAIT), EAGAIN);
	FAILS(op(id, 0, 0, IPC_NOWAIT), EAGAIN);
	EQ(get(id, 0), 7);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
	FAILS(get(id, 0), EINVAL);
	FAILS(op(id, 0, 1, 0), EINVAL);
}

static void keys(void)
{
	int id = semget(KEY, 4, IPC_CREAT | IPC_EXCL | 0600);

	NEED(id >= 0);
	EQ(semget(KEY, 0, 0), id);
	EQ(semget(KEY, 4, 0), id);
	EQ(semget(KEY, 2, IPC_CREAT), id);
	FAILS(semget(KEY, 5, 0), EINVAL);
	FAILS(semget(KEY, 4, IPC_CREAT | IPC_EXCL), EEXIST);
	FAILS(semget(KEY + 1, 4, 0), ENOENT);
	FAILS(semget(KEY + 1, 0, IPC_CREAT), EINVAL);
	FAILS(semget(KEY + 1, -1, IPC_CREAT), EINVAL);
	FAILS(semget(IPC_PRIVATE, 0, 0600), EINVAL);
	FAILS(semget(IPC_PRIVATE, 32001, 0600), EINVAL);
	FAILS(semget(KEY, 32001, 0600), EINVAL);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
	id = make(32000);
	CHECK(id >= 0);
	EQ(op(id, 31999, 9, 0), 0);
	EQ(get(id, 31999), 9);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static void errors(void)
{
	static struct sembuf many[501];
	struct sembuf b = { 0, 1, 0 };
	int id = make(2);
	struct semid_ds ds;
	unsigned short big[2] = { 1, 40000 };

	NEED(id >= 0);
	FAILS(semop(id, &b, 0), EINVAL);
	FAILS(semop(-1, &b, 1), EINVAL);
	FAILS(semop(id + 1000000, &b, 1), EINVAL);
	FAILS(semop(id, many, 501), E2BIG);
	FAILS(syscall(SYS_semctl, id, 0, GETALL, 8), EFAULT);
	FAILS(semop(id, (void *)8, 1), EFAULT);
	b.sem_num = 2;
	FAILS(semop(id, &b, 1), EFBIG);
	EQ(set(id, 0, 32767), 0);
	FAILS(op(id, 0, 1, 0), ERANGE);
	FAILS(set(id, 0, 32768), ERANGE);
	FAILS(set(id, 0, -1), ERANGE);
	FAILS(set(id, 2, 1), EINVAL);
	FAILS(set(id, -1, 1), EINVAL);
	FAILS(get(id, 2), EINVAL);
	FAILS(ctl(id, -1, GETNCNT, NULL), EINVAL);
	FAILS(ctl(id, 0, SETALL, big), ERANGE);
	EQ(get(id, 0), 32767);
	FAILS(ctl(id, 0, 99, NULL), EINVAL);
	FAILS(ctl(-1, 0, GETVAL, NULL), EINVAL);
	FAILS(syscall(SYS_semctl, id, 0, IPC_STAT, 8), EFAULT);
	FAILS(syscall(SYS_semctl, id, 0, IPC_SET, 8), EFAULT);
	b = (struct sembuf){ 1, -1, 0 };
	FAILS(timed(id, &b, 1, 0, 1000000000), EINVAL);
	FAILS(timed(id, &b, 1, -1, 0), EINVAL);
	FAILS(timed(id, &b, 1, 0, 0), EAGAIN);
	FAILS(timed(id, &b, 1, 0, 20000000), EAGAIN);
	EQ(ctl(id, 0, IPC_STAT, &ds), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* Several operations are one: all, or none of them. */
static void atomic_calls(void)
{
	struct sembuf take_both[] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } },
		      twice[] = { { 0, -1, 0 }, { 0, -1, 0 }, { 0, 5, 0 } },
		      over[] = { { 0, 100, 0 }, { 1, 32767, 0 } },
		      zero_then_add[] = { { 1, 0, IPC_NOWAIT }, { 1, 1, 0 } };
	int id = make(2);

	NEED(id >= 0);
	EQ(op(id, 0, 2, 0), 0);
	FAILS(semop(id, take_both, 2), EAGAIN);
	EQ(get(id, 0), 2);
	EQ(semop(id, twice, 3), 0);
	EQ(get(id, 0), 5);
	EQ(semop(id, zero_then_add, 2), 0);
	FAILS(semop(id, zero_then_add, 2), EAGAIN);
	FAILS(semop(id, over, 2), ERANGE);
	EQ(get(id, 0), 5);
	EQ(get(id, 1), 1);
	EQ(semop(id, take_both, 2), 0);
	EQ(get(id, 0), 4);
	EQ(get(id, 1), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static void all_values(void)
{
	unsigned short in[4] = { 1, 2, 32767, 0 }, out[4];
	int id = make(4);

	NEED(id >= 0);
	EQ(ctl(id, 0, SETALL, in), 0);
	EQ(ctl(id, 0, GETALL, out), 0);
	EQ(memcmp(in, out, sizeof(in)), 0);
	for (int i = 0; i < 4; i++)
		EQ(ctl(id, i, GETPID, NULL), getpid());
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* A child that makes one call and says how it went. */
static int caller(int id, struct sembuf *ops, size_t n)
{
	int pid = fork();

	if (!pid)
		_exit(semop(id, ops, n) ? errno : 0);
	return pid;
}

static void waiting(void)
{
	struct sembuf minus[] = { { 0, -2, 0 } }, zero[] = { { 1, 0, 0 } },
		      both[] = { { 0, -1, 0 }, { 1, -1, 0 } };
	int id = make(2), a, b, c;

	NEED(id >= 0);
	EQ(set(id, 1, 1), 0);
	a = caller(id, minus, 1);
	wait_for_waiters(id, 0, GETNCNT, 1);
	b = caller(id, zero, 1);
	wait_for_waiters(id, 1, GETZCNT, 1);
	EQ(ctl(id, 1, GETNCNT, NULL), 0);
	c = caller(id, both, 2);
	wait_for_waiters(id, 0, GETNCNT, 2); /* it waits for the first of its two */
	EQ(ctl(id, 1, GETNCNT, NULL), 0);
	EQ(op(id, 0, 1, 0), 0); /* not enough for the first in line, but for the other: 0 and 1 */
	EQ(tap_wait(c), EXITED(0));
	EQ(tap_wait(b), EXITED(0)); /* it took semaphore 1 to zero */
	EQ(get(id, 0), 0);
	EQ(ctl(id, 0, GETPID, NULL), c);
	EQ(op(id, 0, 3, 0), 0);
	EQ(tap_wait(a), EXITED(0));
	EQ(get(id, 0), 1);
	EQ(ctl(id, 0, GETPID, NULL), a);
	EQ(ctl(id, 0, GETNCNT, NULL), 0);
	c = caller(id, both, 2);
	wait_for_waiters(id, 1, GETNCNT, 1); /* now for the second */
	EQ(ctl(id, 0, GETNCNT, NULL), 0);
	EQ(get(id, 0), 1);
	a = caller(id, minus, 1);
	wait_for_waiters(id, 0, GETNCNT, 1);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
	EQ(tap_wait(a), EXITED(EIDRM));
	EQ(tap_wait(c), EXITED(EIDRM));
}

/* SETVAL and SETALL let waiters go, too. */
static void set_wakes(void)
{
	struct sembuf minus[] = { { 0, -2, 0 } }, zero[] = { { 0, 0, 0 } };
	unsigned short two[1] = { 2 };
	int id = make(1), a;

	NEED(id >= 0);
	a = caller(id, minus, 1);
	wait_for_waiters(id, 0, GETNCNT, 1);
	EQ(set(id, 0, 3), 0);
	EQ(tap_wait(a), EXITED(0));
	EQ(get(id, 0), 1);
	a = caller(id, zero, 1);
	wait_for_waiters(id, 0, GETZCNT, 1);
	EQ(set(id, 0, 0), 0);
	EQ(tap_wait(a), EXITED(0));
	a = caller(id, minus, 1);
	wait_for_waiters(id, 0, GETNCNT, 1);
	EQ(ctl(id, 0, SETALL, two), 0);
	EQ(tap_wait(a), EXITED(0));
	EQ(get(id, 0), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* First come, first served, as far as there is enough. */
static void order(void)
{
	struct sembuf take[] = { { 0, -1, 0 } };
	int id = make(1), pid[3];

	NEED(id >= 0);
	for (int i = 0; i < 3; i++) {
		pid[i] = caller(id, take, 1);
		wait_for_waiters(id, 0, GETNCNT, i + 1);
	}
	for (int i = 0; i < 3; i++) {
		EQ(op(id, 0, 1, 0), 0);
		EQ(tap_wait(pid[i]), EXITED(0));
		EQ(ctl(id, 0, GETPID, NULL), pid[i]);
	}
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* EINTR, whatever sigaction asked for. */
static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sembuf b = { 0, -1, 0 };
	int id = make(1);

	NEED(id >= 0);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(op(id, 0, -1, 0), EINTR);
	ualarm(20000, 0);
	FAILS(timed(id, &b, 1, 10, 0), EINTR);
	EQ(ctl(id, 0, GETNCNT, NULL), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* ---- undo ---- */

static int undoer(void *arg)
{
	int id = *(int *)arg;

	return op(id, 0, -3, SEM_UNDO) || op(id, 1, 5, SEM_UNDO) || op(id, 1, -1, SEM_UNDO) ||
	       op(id, 2, 1, 0) || get(id, 0) != 7 || get(id, 1) != 4;
}

static int undo_then_set(void *arg)
{
	int id = *(int *)arg;

	return op(id, 0, -3, SEM_UNDO) || set(id, 0, 1);
}

static int undo_below_zero(void *arg)
{
	int id = *(int *)arg;

	return op(id, 0, 5, SEM_UNDO) || op(id, 0, -4, 0);
}

static int undo_fork(void *arg)
{
	int id = *(int *)arg, pid;

	if (op(id, 0, -1, SEM_UNDO))
		return 1;
	pid = fork();
	if (!pid)
		_exit(0); /* undoes nothing: a fork has no undo values */
	if (tap_wait(pid) || get(id, 0) != 9)
		return 2;
	return 0;
}

static int undo_exec(void *arg)
{
	int id = *(int *)arg;

	if (op(id, 0, -1, SEM_UNDO))
		return 1;
	execl("/proc/self/exe", "ipc_sem", "no_such_test", NULL);
	return 2;
}

static int undo_range(void *arg)
{
	int id = *(int *)arg;

	EQ(op(id, 1, 32767, SEM_UNDO), 0);
	EQ(op(id, 1, -32767, 0), 0);
	EQ(op(id, 1, 1, SEM_UNDO), 0); /* -32768 is still possible */
	FAILS(op(id, 1, 1, SEM_UNDO), ERANGE);
	EQ(get(id, 1), 1);
	return tap_failures != 0;
}

static int undo_killed(void *arg)
{
	op(*(int *)arg, 0, -10, SEM_UNDO);
	raise(SIGKILL);
	return 0;
}

static void undoing(void)
{
	struct sembuf take[] = { { 0, -10, 0 } };
	int id = make(3), pid;

	NEED(id >= 0);
	EQ(set(id, 0, 10), 0);
	EQ(tap_child(undoer, &id), EXITED(0));
	EQ(get(id, 0), 10);
	EQ(get(id, 1), 0);
	EQ(get(id, 2), 1);
	EQ(tap_child(undo_then_set, &id), EXITED(0));
	EQ(get(id, 0), 1); /* SETVAL forgets what was to be undone */
	EQ(set(id, 0, 0), 0);
	EQ(tap_child(undo_below_zero, &id), EXITED(0));
	EQ(get(id, 0), 0);
	EQ(set(id, 0, 10), 0);
	EQ(tap_child(undo_fork, &id), EXITED(0));
	EQ(get(id, 0), 10);
	EQ(tap_child(undo_exec, &id), EXITED(0));
	EQ(get(id, 0), 10);
	EQ(tap_child(undo_range, &id), EXITED(0));
	EQ(get(id, 1), 0);
	EQ(tap_child(undo_killed, &id), KILLED(SIGKILL));
	EQ(get(id, 0), 10);
	EQ(op(id, 0, -10, 0), 0);
	pid = caller(id, take, 1);
	wait_for_waiters(id, 0, GETNCNT, 1);
	EQ(op(id, 0, 9, 0), 0);
	EQ(ctl(id, 0, GETNCNT, NULL), 1);
	pid_t holder = fork();

	if (!holder) { /* dies with what makes ten */
		op(id, 0, -1, SEM_UNDO);
		op(id, 0, 1, 0);
		_exit(0);
	}
	EQ(tap_wait(holder), EXITED(0));
	EQ(tap_wait(pid), EXITED(0)); /* undoing wakes */
	EQ(get(id, 0), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static void *thread_op(void *arg)
{
	op(*(int *)arg, 0, -1, SEM_UNDO);
	return NULL;
}

static int undo_threads(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, thread_op, arg);
	pthread_join(t, NULL);
	return get(*(int *)arg, 0) != 9; /* a thread's end undoes nothing */
}

static void threads_share(void)
{
	int id = make(1);

	EQ(set(id, 0, 10), 0);
	EQ(tap_child(undo_threads, &id), EXITED(0));
	EQ(get(id, 0), 10);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* A set that goes before its undo values do. */
static int undo_removed(void *arg)
{
	for (int i = 0; i < 20; i++) {
		int id = make(5);

		if (id < 0 || op(id, 4, 1, SEM_UNDO) || ctl(id, 0, IPC_RMID, NULL))
			return 1;
	}
	return 0;
}

static void removed(void)
{
	EQ(tap_child(undo_removed, NULL), EXITED(0));
}

/* ---- rights, reports ---- */

static int stranger(int id)
{
	unsigned short v[2] = { 0, 0 };
	struct semid_ds ds;

	FAILS(ctl(id, 0, IPC_STAT, &ds), EACCES);
	FAILS(get(id, 0), EACCES);
	FAILS(ctl(id, 0, GETALL, v), EACCES);
	FAILS(ctl(id, 0, SETALL, v), EACCES);
	FAILS(set(id, 0, 1), EACCES);
	FAILS(op(id, 0, 0, 0), EACCES);
	FAILS(op(id, 0, 1, 0), EACCES);
	FAILS(ctl(id, 0, IPC_RMID, NULL), EPERM);
	memset(&ds, 0, sizeof(ds));
	FAILS(ctl(id, 0, IPC_SET, &ds), EPERM);
	FAILS(semget(KEY, 0, 0400), EACCES);
	return tap_failures != 0;
}

static int reader(int id)
{
	EQ(get(id, 0), 0);
	EQ(op(id, 0, 0, 0), 0);
	FAILS(op(id, 0, 1, 0), EACCES);
	FAILS(set(id, 0, 1), EACCES);
	return tap_failures != 0;
}

static void permissions(void)
{
	int id = semget(KEY, 2, IPC_CREAT | 0600);
	struct semid_ds ds;

	if (geteuid()) {
		ctl(id, 0, IPC_RMID, NULL);
		SKIP("needs root");
	}
	EQ(as_nobody(stranger, id), EXITED(0));
	EQ(ctl(id, 0, IPC_STAT, &ds), 0);
	ds.sem_perm.mode = 0604;
	EQ(ctl(id, 0, IPC_SET, &ds), 0);
	EQ(as_nobody(reader, id), EXITED(0));
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static void infos(void)
{
	struct seminfo before, after;
	int top = ctl(0, 0, SEM_INFO, &before), id = make(7), found = 0;
	struct semid_ds ds;

	NEED(id >= 0 && top >= 0);
	top = ctl(0, 0, SEM_INFO, &after);
	EQ(after.semusz, before.semusz + 1);
	EQ(after.semaem, before.semaem + 7);
	EQ(ctl(0, 0, IPC_INFO, &after), top);
	EQ(after.semmni, 32000);
	EQ(after.semmsl, 32000);
	EQ(after.semmns, 1024000000);
	EQ(after.semopm, 500);
	EQ(after.semvmx, 32767);
	EQ(after.semaem, 32767);
	EQ(after.semusz, 20);
	EQ(after.semume, 500);
	EQ(after.semmnu, 1024000000);
	EQ(after.semmap, 1024000000);
	for (int i = 0; i <= top; i++) {
		found += ctl(i, 0, SEM_STAT, &ds) == id && ds.sem_nsems == 7;
		found += ctl(i, 0, SEM_STAT_ANY, &ds) == id;
	}
	EQ(found, 2);
	FAILS(ctl(top + 1, 0, SEM_STAT, &ds), EINVAL);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static void proc_lines(void)
{
	static char text[65536];
	int id = semget(KEY, 6, IPC_CREAT | 0640);
	struct semid_ds ds;
	char want[200];

	NEED(id >= 0);
	EQ(op(id, 0, 1, 0), 0);
	EQ(ctl(id, 0, IPC_STAT, &ds), 0);
	NEED(tap_read("/proc/sysvipc/sem", text, sizeof(text)) > 0);
	CHECK(strstr(text,
		     "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
		     "      ctime\n") == text);
	snprintf(want, sizeof(want), "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", KEY, id,
		 0640, 6, geteuid(), getegid(), geteuid(), getegid(),
		 (unsigned long long)ds.sem_otime, (unsigned long long)ds.sem_ctime);
	CHECK(strstr(text, want));
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

static int put_limits(const char *text)
{
	return tap_write("/proc/sys/kernel/sem", text, strlen(text), 0);
}

static void limits(void)
{
	struct sembuf three[3] = { { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 } };
	char text[64];
	int id;

	NEED(tap_read("/proc/sys/kernel/sem", text, sizeof(text)) > 0);
	STREQ(text, "32000\t1024000000\t500\t32000\n");
	if (!ours())
		SKIP("the limits are not ours");
	EQ(put_limits("10 15 2 2\n"), 0);
	NEED(tap_read("/proc/sys/kernel/sem", text, sizeof(text)) > 0);
	STREQ(text, "10\t15\t2\t2\n");
	FAILS(make(11), EINVAL);
	id = make(10);
	CHECK(id >= 0);
	FAILS(make(6), ENOSPC);
	FAILS(semop(id, three, 3), E2BIG);
	EQ(semop(id, three, 2), 0);
	EQ(put_limits("10 100 2 1"), 0);
	FAILS(make(1), ENOSPC);
	FAILS(put_limits("10 100 2 32769"), EINVAL);
	FAILS(put_limits("x"), EINVAL);
	EQ(put_limits("32000 1024000000 500 32000"), 0);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

/* ---- crowds ---- */

struct guarded {
	int id, rounds;
	long inside, total;
};

static void *guarded_run(void *arg)
{
	struct sembuf in[] = { { 0, -1, SEM_UNDO } }, out[] = { { 0, 1, SEM_UNDO } };
	struct guarded *c = arg;

	for (int i = 0; i < c->rounds; i++) {
		if (semop(c->id, in, 1) || __atomic_add_fetch(&c->inside, 1, __ATOMIC_SEQ_CST) != 1)
			return NULL;
		c->total++;
		__atomic_sub_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);
		if (semop(c->id, out, 1))
			return NULL;
	}
	return c;
}

static void mutual_exclusion(void)
{
	enum { THREADS = 4 };
	struct guarded c = { make(1), tap_quick() ? 200 : 1500, 0, 0 };
	pthread_t t[THREADS];
	void *ok;

	NEED(c.id >= 0);
	EQ(set(c.id, 0, 1), 0);
	for (int i = 0; i < THREADS; i++)
		NEED(pthread_create(&t[i], NULL, guarded_run, &c) == 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(t[i], &ok);
		CHECK(ok);
	}
	EQ(c.total, THREADS * c.rounds);
	EQ(get(c.id, 0), 1);
	EQ(ctl(c.id, 0, IPC_RMID, NULL), 0);
}

/* Philosophers who take both forks at once never starve together. */
static int philosopher(int id, int n, int i, int rounds)
{
	struct sembuf take[] = { { (unsigned short)i, -1, 0 },
				 { (unsigned short)((i + 1) % n), -1, 0 } },
		      give[] = { { (unsigned short)i, 1, 0 },
				 { (unsigned short)((i + 1) % n), 1, 0 } };

	while (rounds--)
		if (semop(id, take, 2) || semop(id, give, 2))
			return 1;
	return 0;
}

static void philosophers(void)
{
	enum { N = 5 };
	int id = make(N), pid[N];

	NEED(id >= 0);
	for (int i = 0; i < N; i++)
		EQ(set(id, i, 1), 0);
	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		if (!pid[i])
			_exit(philosopher(id, N, i, tap_quick() ? 50 : 400));
	}
	for (int i = 0; i < N; i++)
		EQ(tap_wait(pid[i]), EXITED(0));
	for (int i = 0; i < N; i++)
		EQ(get(id, i), 1);
	EQ(ctl(id, 0, IPC_RMID, NULL), 0);
}

#if defined(__i386__)
static void multiplexed(void)
{
	struct {
		int key;
		uint16_t uid, gid, cuid, cgid, mode, seq;
		int otime, ctime;
		void *p[4];
		uint16_t nsems;
	} old;
	long id = syscall(SYS_ipc, 2, IPC_PRIVATE, 3, 0604, 0, 0);
	struct sembuf b = { 0, 4, 0 };
	struct timespec t = { 0, 1000 };
	unsigned long arg;

	NEED(id >= 0);
	EQ(syscall(SYS_ipc, 1, id, 1, 0, &b, 0), 0);
	arg = 0;
	EQ(syscall(SYS_ipc, 3, id, 0, GETVAL, &arg, 0), 4);
	arg = 9;
	EQ(syscall(SYS_ipc, 3, id, 1, SETVAL | 0x100, &arg, 0), 0);
	EQ(get((int)id, 1), 9);
	arg = (unsigned long)&old;
	EQ(syscall(SYS_ipc, 3, id, 0, IPC_STAT, &arg, 0), 0);
	EQ(old.mode, 0604);
	EQ(old.nsems, 3);
	CHECK(old.ctime > 0 && old.otime > 0);
	FAILS(syscall(SYS_ipc, 3, id, 0, GETVAL, 0, 0), EINVAL);
	b.sem_op = -5;
	FAILS(syscall(SYS_ipc, 4, id, 1, 0, &b, &t), EAGAIN);
	FAILS(syscall(SYS_semctl, id, 0, GETVAL | 0x100, 0), EINVAL);
	EQ(ctl((int)id, 0, IPC_RMID, NULL), 0);
}
#else
static void multiplexed(void)
{
	SKIP("x86_64 has no such call");
}
#endif

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(simple),	     T(keys),	      T(errors),	T(atomic_calls),
		T(all_values),	     T(waiting),      T(set_wakes),	T(order),
		T(interrupted),	     T(undoing),      T(threads_share), T(removed),
		T(permissions),	     T(infos),	      T(proc_lines),	T(limits),
		T(mutual_exclusion), T(philosophers), T(multiplexed),	TEND
	};

	return tap_main(argc, argv, tests);
}
