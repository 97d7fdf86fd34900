/* System V message queues: types and their order, sizes, who waits, rights, limits, /proc. */
#include "ipc.h"

#include <limits.h>

#include <sys/ipc.h>
#include <sys/msg.h>

#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef MSG_STAT
#define MSG_STAT 11
#define MSG_INFO 12
#endif
enum { KEY = 0x4d6e6d71 };

struct msg {
	long type;
	char text[20000];
};

static struct msg m;

static int make(void)
{
	return msgget(IPC_PRIVATE, IPC_CREAT | 0600);
}

static int put(int id, long type, const char *text, int flags)
{
	m.type = type;
	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text), flags);
}

/* The text of the next message of @type; m.type says which type it had. */
static const char *take(int id, long type, int flags)
{
	ssize_t n = msgrcv(id, &m, sizeof(m.text) - 1, type, flags | IPC_NOWAIT);

	if (n < 0)
		return errno == ENOMSG ? "(none)" : "(error)";
	m.text[n] = '\0';
	return m.text;
}

static struct msqid_ds stat_of(int id)
{
	struct msqid_ds ds;

	memset(&ds, 0xff, sizeof(ds));
	EQ(msgctl(id, IPC_STAT, &ds), 0);
	return ds;
}

static void destroy(int id)
{
	EQ(msgctl(id, IPC_RMID, NULL), 0);
}

static void simple(void)
{
	int id = make();
	struct msqid_ds ds;

	NEED(id >= 0);
	ds = stat_of(id);
	EQ(ds.msg_qnum, 0);
	EQ(ds.msg_qbytes, 16384);
	EQ(ds.__msg_cbytes, 0);
	EQ(ds.msg_lspid, 0);
	EQ(ds.msg_lrpid, 0);
	EQ(ds.msg_stime, 0);
	EQ(ds.msg_rtime, 0);
	CHECK(ds.msg_ctime > 0);
	EQ(ds.msg_perm.mode, 0600);
	EQ(put(id, 3, "three", 0), 0);
	EQ(put(id, 1, "one", 0), 0);
	EQ(put(id, 7, "", 0), 0);
	ds = stat_of(id);
	EQ(ds.msg_qnum, 3);
	EQ(ds.__msg_cbytes, 8);
	EQ(ds.msg_lspid, getpid());
	CHECK(ds.msg_stime > 0);
	STREQ(take(id, 0, 0), "three");
	EQ(m.type, 3);
	STREQ(take(id, 0, 0), "one");
	STREQ(take(id, 0, 0), "");
	EQ(m.type, 7);
	STREQ(take(id, 0, 0), "(none)");
	ds = stat_of(id);
	EQ(ds.msg_qnum, 0);
	EQ(ds.__msg_cbytes, 0);
	EQ(ds.msg_lrpid, getpid());
	CHECK(ds.msg_rtime > 0);
	destroy(id);
	FAILS(msgctl(id, IPC_STAT, &ds), EINVAL);
	FAILS(put(id, 1, "x", 0), EINVAL);
	FAILS(msgrcv(id, &m, 10, 0, 0), EINVAL);
}

static void types(void)
{
	int id = make();

	NEED(id >= 0);
	for (int i = 0; i < 2; i++) {
		put(id, 5, i ? "5b" : "5a", 0);
		put(id, 2, i ? "2b" : "2a", 0);
		put(id, 9, i ? "9b" : "9a", 0);
		put(id, 3, i ? "3b" : "3a", 0);
	}
	STREQ(take(id, 9, 0), "9a");
	STREQ(take(id, -4, 0), "2a"); /* the lowest up to 4, first come */
	STREQ(take(id, -4, 0), "2b");
	STREQ(take(id, -4, 0), "3a");
	STREQ(take(id, -1, 0), "(none)");
	STREQ(take(id, 7, 0), "(none)");
	STREQ(take(id, 5, MSG_EXCEPT), "9b");
	STREQ(take(id, 5, MSG_EXCEPT), "3b");
	STREQ(take(id, 5, MSG_EXCEPT), "(none)");
	STREQ(take(id, LONG_MIN, 0), "5a");
	STREQ(take(id, 0, 0), "5b");
	destroy(id);
}

static void sizes(void)
{
	int id = make();

	NEED(id >= 0);
	for (int i = 0; i < 8192; i++)
		m.text[i] = (char)(i * 7 + i / 256);
	m.type = 1;
	for (int n = 4000; n < 8192; n += 97) { /* across the pieces */
		EQ(msgsnd(id, &m, (size_t)n, 0), 0);
		memset(m.text, 0, 8192);
		EQ(msgrcv(id, &m, 8192, 0, 0), n);
		for (int i = 0; i < n; i++)
			if (m.text[i] != (char)(i * 7 + i / 256)) {
				EQ(i, -1);
				break;
			}
		for (int i = 0; i < 8192; i++)
			m.text[i] = (char)(i * 7 + i / 256);
	}
	EQ(msgsnd(id, &m, 8192, 0), 0);
	FAILS(msgsnd(id, &m, 8193, 0), EINVAL);
	FAILS(msgrcv(id, &m, 8191, 0, 0), E2BIG);
	EQ(stat_of(id).msg_qnum, 1);
	EQ(msgrcv(id, &m, 100, 0, MSG_NOERROR), 100); /* the rest is lost */
	EQ(stat_of(id).msg_qnum, 0);
	EQ(stat_of(id).__msg_cbytes, 0);
	destroy(id);
}

static void errors(void)
{
	int id = make();
	struct msqid_ds ds;

	NEED(id >= 0);
	m.type = 0;
	FAILS(msgsnd(id, &m, 1, 0), EINVAL);
	m.type = -1;
	FAILS(msgsnd(id, &m, 1, 0), EINVAL);
	m.type = 1;
	FAILS(msgsnd(id, &m, (size_t)-1, 0), EINVAL);
	FAILS(msgsnd(-1, &m, 1, 0), EINVAL);
	FAILS(syscall(SYS_msgsnd, id, 8, 1, 0), EFAULT);
	FAILS(msgrcv(id, &m, (size_t)-1, 0, IPC_NOWAIT), EINVAL);
	FAILS(msgrcv(-1, &m, 1, 0, IPC_NOWAIT), EINVAL);
	FAILS(msgrcv(id, &m, 1, 0, IPC_NOWAIT), ENOMSG);
	FAILS(msgctl(id, 99, &ds), EINVAL);
	FAILS(msgctl(id, -1, &ds), EINVAL);
	FAILS(msgctl(-1, IPC_STAT, &ds), EINVAL);
	FAILS(syscall(SYS_msgctl, id, IPC_STAT, 8), EFAULT);
	FAILS(syscall(SYS_msgctl, id, IPC_SET, 8), EFAULT);
	FAILS(msgget(KEY, 0), ENOENT);
	EQ(put(id, 1, "gone", 0), 0);
	FAILS(syscall(SYS_msgrcv, id, 8, 100, 0, 0), EFAULT); /* and the message is gone */
	EQ(stat_of(id).msg_qnum, 0);
	destroy(id);
	id = msgget(KEY, IPC_CREAT | IPC_EXCL | 0600);
	NEED(id >= 0);
	EQ(msgget(KEY, 0), id);
	FAILS(msgget(KEY, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
	destroy(id);
}

/* Reading without taking. */
static void copies(void)
{
	int id = make();

	NEED(id >= 0);
	put(id, 5, "first", 0);
	put(id, 3, "second", 0);
	FAILS(msgrcv(id, &m, 100, 0, MSG_COPY), EINVAL); /* only without waiting */
	FAILS(msgrcv(id, &m, 100, 0, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT), EINVAL);
	STREQ(take(id, 1, MSG_COPY), "second");
	EQ(m.type, 3);
	STREQ(take(id, 0, MSG_COPY), "first");
	STREQ(take(id, 2, MSG_COPY), "(none)");
	FAILS(msgrcv(id, &m, 4, 0, MSG_COPY | IPC_NOWAIT), E2BIG);
	FAILS(msgrcv(id, &m, 4, 0, MSG_COPY | IPC_NOWAIT | MSG_NOERROR), EINVAL);
	EQ(stat_of(id).msg_qnum, 2);
	EQ(stat_of(id).msg_rtime, 0);
	STREQ(take(id, 0, 0), "first");
	STREQ(take(id, 0, 0), "second");
	destroy(id);
}

/* A queue is full at its bytes, or at as many empty messages. */
static void full(void)
{
	int id = make();
	struct msqid_ds ds;

	NEED(id >= 0);
	m.type = 1;
	EQ(msgsnd(id, &m, 8192, IPC_NOWAIT), 0);
	EQ(msgsnd(id, &m, 8191, IPC_NOWAIT), 0);
	FAILS(msgsnd(id, &m, 2, IPC_NOWAIT), EAGAIN);
	EQ(msgsnd(id, &m, 1, IPC_NOWAIT), 0);
	EQ(msgsnd(id, &m, 0, IPC_NOWAIT), 0);
	FAILS(msgsnd(id, &m, 1, IPC_NOWAIT), EAGAIN);
	ds = stat_of(id);
	EQ(ds.__msg_cbytes, 16384);
	ds.msg_qbytes = 3;
	EQ(msgctl(id, IPC_SET, &ds), 0);
	for (int i = 0; i < 4; i++)
		EQ(msgrcv(id, &m, 8192, 0, IPC_NOWAIT) >= 0, 1);
	for (int i = 0; i < 3; i++)
		EQ(msgsnd(id, &m, 0, IPC_NOWAIT), 0);
	FAILS(msgsnd(id, &m, 0, IPC_NOWAIT), EAGAIN);
	EQ(stat_of(id).msg_qbytes, 3);
	destroy(id);
}

/* ---- waiting ---- */

struct waiter {
	int id;
	long type;
	int size, flags;
	int result, error;
	char text[32];
	long got;
};

static void *receiver(void *arg)
{
	struct waiter *w = arg;
	struct {
		long type;
		char text[32];
	} b;

	w->result = (int)msgrcv(w->id, &b, (size_t)w->size, w->type, w->flags);
	w->error = errno;
	if (w->result >= 0) {
		memcpy(w->text, b.text, (size_t)w->result);
		w->text[w->result] = '\0';
		w->got = b.type;
	}
	return NULL;
}

static pthread_t start(struct waiter *w)
{
	pthread_t t;

	CHECK(pthread_create(&t, NULL, receiver, w) == 0);
	tap_sleep_ms(15); /* into its sleep, most likely; the test holds either way */
	return t;
}

static void receivers(void)
{
	int id = make();
	struct waiter five = { id, 5, 30, 0 }, low = { id, -3, 30, 0 },
		      except = { id, 5, 30, MSG_EXCEPT }, small = { id, 9, 2, 0 },
		      cut = { id, 9, 2, MSG_NOERROR };
	pthread_t a, b;

	NEED(id >= 0);
	a = start(&five);
	b = start(&low);
	EQ(put(id, 4, "four", 0), 0);
	EQ(put(id, 2, "two", 0), 0);
	EQ(put(id, 5, "five", 0), 0);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	STREQ(five.text, "five");
	STREQ(low.text, "two");
	EQ(low.got, 2);
	STREQ(take(id, 0, 0), "four");
	a = start(&except);
	EQ(put(id, 5, "not this", 0), 0);
	EQ(put(id, 6, "this", 0), 0);
	pthread_join(a, NULL);
	STREQ(except.text, "this");
	STREQ(take(id, 0, 0), "not this");
	a = start(&small);
	EQ(put(id, 9, "too long", 0), 0); /* for the one who waits: he leaves, it stays */
	pthread_join(a, NULL);
	EQ(small.result, -1);
	EQ(small.error, E2BIG);
	STREQ(take(id, 9, 0), "too long");
	a = start(&cut);
	EQ(put(id, 9, "abc", 0), 0);
	pthread_join(a, NULL);
	STREQ(cut.text, "ab");
	EQ(stat_of(id).msg_qnum, 0);
	CHECK(stat_of(id).msg_lrpid > getpid()); /* the thread that was handed it */
	destroy(id);
}

static void *sender(void *arg)
{
	struct waiter *w = arg;
	static struct msg big;

	big.type = w->type;
	w->result = msgsnd(w->id, &big, (size_t)w->size, 0);
	w->error = errno;
	return NULL;
}

static void senders(void)
{
	int id = make();
	struct waiter w = { id, 4, 8000, 0 };
	struct msqid_ds ds;
	pthread_t t;

	NEED(id >= 0);
	m.type = 1;
	EQ(msgsnd(id, &m, 8192, 0), 0);
	EQ(msgsnd(id, &m, 8192, 0), 0);
	NEED(pthread_create(&t, NULL, sender, &w) == 0);
	tap_sleep_ms(15);
	EQ(stat_of(id).msg_qnum, 2);
	EQ(msgrcv(id, &m, 8192, 0, 0), 8192);
	pthread_join(t, NULL);
	EQ(w.result, 0);
	EQ(stat_of(id).msg_qnum, 2);
	NEED(pthread_create(&t, NULL, sender, &w) == 0);
	tap_sleep_ms(15);
	ds = stat_of(id);
	ds.msg_qbytes = 16384 + 8000;
	if (msgctl(id, IPC_SET, &ds) == 0) { /* more room */
		pthread_join(t, NULL);
		EQ(w.result, 0);
		EQ(stat_of(id).msg_qnum, 3);
		EQ(stat_of(id).msg_qbytes, 16384 + 8000);
		w.size = 8001;
		NEED(pthread_create(&t, NULL, sender, &w) == 0);
		tap_sleep_ms(15);
	}
	destroy(id);
	pthread_join(t, NULL);
	EQ(w.result, -1);
	EQ(w.error, EIDRM);
}

static void removed(void)
{
	int id = make();
	struct waiter w = { id, 0, 30, 0 };
	pthread_t t = start(&w);

	destroy(id);
	pthread_join(t, NULL);
	EQ(w.result, -1);
	EQ(w.error, w.error == EINVAL ? EINVAL : EIDRM); /* EINVAL: it was slow */
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int id = make(), pid, status;

	NEED(id >= 0);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(msgrcv(id, &m, 10, 0, 0), EINTR);
	m.type = 1;
	EQ(msgsnd(id, &m, 8192, 0), 0);
	EQ(msgsnd(id, &m, 8192, 0), 0);
	ualarm(20000, 0);
	FAILS(msgsnd(id, &m, 10, 0), EINTR);
	EQ(stat_of(id).msg_qnum, 2);
	/* a stop and its end are no reason to come back */
	pid = fork();
	if (!pid)
		_exit(msgrcv(id, &m, 10, 77, 0) != 3);
	tap_sleep_ms(20);
	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	kill(pid, SIGCONT);
	EQ(msgrcv(id, &m, 8192, 1, 0), 8192);
	EQ(put(id, 77, "end", 0), 0);
	EQ(tap_wait(pid), EXITED(0));
	destroy(id);
}

/* ---- rights, reports ---- */

static int stranger(int id)
{
	struct msqid_ds ds;

	FAILS(put(id, 1, "x", 0), EACCES);
	FAILS(msgrcv(id, &m, 10, 0, IPC_NOWAIT), EACCES);
	FAILS(msgctl(id, IPC_STAT, &ds), EACCES);
	FAILS(msgctl(id, IPC_RMID, NULL), EPERM);
	memset(&ds, 0, sizeof(ds));
	FAILS(msgctl(id, IPC_SET, &ds), EPERM);
	FAILS(msgget(KEY, 0600), EACCES);
	return tap_failures != 0;
}

static int writer(int id)
{
	struct msqid_ds ds;

	EQ(put(id, 1, "x", 0), 0);
	FAILS(msgrcv(id, &m, 10, 0, IPC_NOWAIT), EACCES);
	FAILS(msgctl(id, IPC_STAT, &ds), EACCES);
	return tap_failures != 0;
}

static int owner(int id)
{
	struct msqid_ds ds;

	EQ(msgctl(id, IPC_STAT, &ds), 0);
	ds.msg_qbytes = 16385;
	FAILS(msgctl(id, IPC_SET, &ds), EPERM);
	ds.msg_qbytes = 16384;
	EQ(msgctl(id, IPC_SET, &ds), 0);
	return tap_failures != 0;
}

static void permissions(void)
{
	int id = msgget(KEY, IPC_CREAT | IPC_EXCL | 0600);
	struct msqid_ds ds;

	NEED(id >= 0);
	if (!geteuid()) {
		EQ(as_nobody(stranger, id), EXITED(0));
		ds = stat_of(id);
		ds.msg_perm.mode = 0602;
		EQ(msgctl(id, IPC_SET, &ds), 0);
		EQ(as_nobody(writer, id), EXITED(0));
		ds.msg_perm.uid = NOBODY;
		EQ(msgctl(id, IPC_SET, &ds), 0);
		EQ(as_nobody(owner, id), EXITED(0));
	}
	destroy(id);
}

static void infos(void)
{
	struct msginfo before, after;
	int top = msgctl(0, MSG_INFO, (void *)&before), id = make(), found = 0;
	struct msqid_ds ds;

	NEED(id >= 0 && top >= 0);
	put(id, 1, "12345", 0);
	put(id, 1, "67", 0);
	top = msgctl(0, MSG_INFO, (void *)&after);
	EQ(after.msgpool, before.msgpool + 1);
	EQ(after.msgmap, before.msgmap + 2);
	EQ(after.msgtql, before.msgtql + 7);
	EQ(after.msgmax, 8192);
	EQ(after.msgmnb, 16384);
	EQ(after.msgmni, 32000);
	EQ(after.msgssz, 16);
	EQ(after.msgseg, 0xffff);
	EQ(msgctl(0, IPC_INFO, (void *)&after), top);
	EQ(after.msgpool, 512000);
	EQ(after.msgmap, 16384);
	EQ(after.msgtql, 16384);
	for (int i = 0; i <= top; i++) {
		found += msgctl(i, MSG_STAT, &ds) == id && ds.msg_qnum == 2;
		found += msgctl(i, MSG_STAT_ANY, &ds) == id;
	}
	EQ(found, 2);
	FAILS(msgctl(top + 1, MSG_STAT, &ds), EINVAL);
	destroy(id);
}

static void proc_lines(void)
{
	static char text[65536];
	int id = msgget(KEY, IPC_CREAT | 0640);
	char want[256];

	NEED(id >= 0);
	put(id, 1, "12345", 0);
	NEED(tap_read("/proc/sysvipc/msg", text, sizeof(text)) > 0);
	CHECK(strstr(text,
		     "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
		     "  cuid  cgid      stime      rtime      ctime\n") == text);
	snprintf(want, sizeof(want),
		 "%10d %10d  %4o  %10u %10u %5u %5u %5u %5u %5u %5u %10llu %10u ", KEY, id, 0640, 5,
		 1, getpid(), 0, geteuid(), getegid(), geteuid(), getegid(),
		 (unsigned long long)stat_of(id).msg_stime, 0);
	CHECK(strstr(text, want));
	destroy(id);
}

static void limits(void)
{
	char text[64];
	int id;

	NEED(tap_read("/proc/sys/kernel/msgmax", text, sizeof(text)) > 0);
	STREQ(text, "8192\n");
	NEED(tap_read("/proc/sys/kernel/msgmnb", text, sizeof(text)) > 0);
	STREQ(text, "16384\n");
	NEED(tap_read("/proc/sys/kernel/msgmni", text, sizeof(text)) > 0);
	STREQ(text, "32000\n");
	if (!ours())
		SKIP("the limits are not ours");
	EQ(put_limit("msgmax", "10"), 0);
	EQ(put_limit("msgmnb", "15"), 0);
	EQ(put_limit("msgmni", "1"), 0);
	id = make();
	CHECK(id >= 0);
	FAILS(make(), ENOSPC);
	EQ(stat_of(id).msg_qbytes, 15);
	FAILS(put(id, 1, "12345678901", 0), EINVAL);
	EQ(put(id, 1, "1234567890", IPC_NOWAIT), 0);
	FAILS(put(id, 1, "123456", IPC_NOWAIT), EAGAIN);
	FAILS(put_limit("msgmni", "32769"), EINVAL);
	FAILS(put_limit("msgmax", "-1"), EINVAL);
	EQ(put_limit("msgmax", "8192"), 0);
	EQ(put_limit("msgmnb", "16384"), 0);
	EQ(put_limit("msgmni", "32000"), 0);
	destroy(id);
}

static void *crowd_send(void *arg)
{
	struct crowd *c = arg;
	struct {
		long type;
		unsigned n[300];
	} b;

	for (int i = 1; i <= c->rounds; i++) {
		b.type = i % 3 + 1;
		b.n[0] = (unsigned)i;
		if (msgsnd(c->id, &b, sizeof(unsigned) * (size_t)(1 + i % 300), 0))
			return NULL;
	}
	return c;
}

static void *crowd_take(void *arg)
{
	struct crowd *c = arg;
	struct {
		long type;
		unsigned n[300];
	} b;

	for (;;) {
		if (msgrcv(c->id, &b, sizeof(b.n), 0, 0) < 0)
			return NULL;
		if (b.type == 99)
			return c;
		c->sum += b.n[0];
	}
}

static void crowd_stop(int id)
{
	EQ(put(id, 99, "", 0), 0);
}

static void crowd(void)
{
	int id = make();

	NEED(id >= 0);
	crowd_run(id, crowd_send, crowd_take, crowd_stop);
	EQ(stat_of(id).msg_qnum, 0);
	destroy(id);
}

/* A queue that is removed with messages in it gives their memory back (the driver counts). */
static void left_over(void)
{
	for (int i = 0; i < 50; i++) {
		int id = make();

		m.type = 1;
		for (int n = 0; n < 8; n++)
			EQ(msgsnd(id, &m, 2000, 0), 0);
		destroy(id);
	}
}

#if defined(__i386__)
static void multiplexed(void)
{
	struct {
		int key;
		uint16_t uid, gid, cuid, cgid, mode, seq;
		void *p[2];
		int stime, rtime, ctime;
		unsigned lcbytes, lqbytes;
		uint16_t cbytes, qnum, qbytes, lspid, lrpid;
	} old;
	struct {
		void *buf;
		long type;
	} kludge = { &m, 5 };
	long id = syscall(SYS_ipc, 13, IPC_PRIVATE, 0604, 0, 0, 0);

	NEED(id >= 0);
	m.type = 5;
	EQ(syscall(SYS_ipc, 11, id, 10, 0, &m, 0), 0);
	EQ(syscall(SYS_ipc, 11, id, 11, 0, &m, 0), 0);
	EQ(syscall(SYS_ipc, 14, id, IPC_STAT, 0, &old, 0), 0);
	EQ(old.qnum, 2);
	EQ(old.cbytes, 21);
	EQ(old.qbytes, 16384);
	EQ(old.lspid, getpid());
	EQ(old.mode, 0604);
	old.qbytes = 5000;
	EQ(syscall(SYS_ipc, 14, id, IPC_SET, 0, &old, 0), 0);
	EQ(stat_of((int)id).msg_qbytes, 5000);
	EQ(syscall(SYS_ipc, 12, id, 100, IPC_NOWAIT, &kludge, 0), 10);
	EQ(syscall(SYS_ipc, 12 | 1 << 16, id, 100, IPC_NOWAIT, &m, 5), 11);
	FAILS(syscall(SYS_ipc, 12 | 1 << 16, id, 100, IPC_NOWAIT, &m, 5), ENOMSG);
	FAILS(syscall(SYS_ipc, 12, id, 100, IPC_NOWAIT, 0, 0), EINVAL);
	EQ(syscall(SYS_ipc, 14, id, IPC_RMID, 0, 0, 0), 0);
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
		T(simple),     T(types),   T(sizes),   T(errors),      T(copies),      T(full),
		T(receivers),  T(senders), T(removed), T(interrupted), T(permissions), T(infos),
		T(proc_lines), T(limits),  T(crowd),   T(left_over),   T(multiplexed), TEND
	};

	return tap_main(argc, argv, tests);
}
