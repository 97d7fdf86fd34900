/* Locks with owners: FUTEX_LOCK_PI and its family, what waiters lend, owners that die; futex_waitv. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	LOCK_PI = 6,
	UNLOCK_PI = 7,
	TRYLOCK_PI = 8,
	WAIT_REQUEUE_PI = 11,
	CMP_REQUEUE_PI = 12,
	LOCK_PI2 = 13,
	PRIVATE = 128,
	REALTIME = 256
};
enum { FAIR_PRIO = 20, KTHREADD = 2, NO_TASK = 0x3ffffff0 };
#define WAITERS	   0x80000000U
#define OWNER_DIED 0x40000000U
#define TID_MASK   0x3fffffffU

typedef volatile uint32_t word_t;

/* Times are given as the call of this ABI takes them. */
struct ktime {
	long sec, nsec;
};

static long futex(word_t *at, int op, uint32_t val, const void *fourth, word_t *at2, uint32_t val3)
{
	return syscall(SYS_futex, at, op, val, fourth, at2, val3);
}

static pid_t tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* Field @n (from 1, behind the name) of a thread's stat. */
static long stat_field(pid_t t, int n)
{
	char path[64], text[600], *p;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", t);
	if (tap_read(path, text, sizeof(text)) <= 0)
		return -1000;
	p = strrchr(text, ')') + 2;
	for (int i = 3; i < n; i++)
		p = strchr(p, ' ') + 1;
	return n == 3 ? *p : strtol(p, NULL, 10);
}

static long prio_of(pid_t t)
{
	return stat_field(t, 18);
}

static void until_asleep(pid_t t)
{
	while (stat_field(t, 3) != 'S')
		tap_sleep_ms(1);
}

static void until_prio(pid_t t, long prio)
{
	while (prio_of(t) != prio)
		tap_sleep_ms(1);
}

/* ---- a thread that does as it is told ---- */

enum order { DO_NOTHING, DO_CALL, DO_END };

struct actor {
	pthread_t thread;
	volatile pid_t tid;
	int prio; /* SCHED_FIFO; 0: ordinary */
	word_t order, done;
	word_t *at, *at2;
	int op;
	uint32_t val;
	const void *fourth;
	long ret;
	int err;
};

static void *act(void *arg)
{
	struct actor *a = arg;
	struct sched_param p = { .sched_priority = a->prio };

	if (a->prio)
		EQ(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p), 0);
	a->tid = tid();
	for (;;) {
		while (a->order == DO_NOTHING)
			futex(&a->order, FUTEX_WAIT, DO_NOTHING, NULL, NULL, 0);
		if (a->order == DO_END)
			return NULL;
		a->order = DO_NOTHING;
		errno = 0;
		a->ret = futex(a->at, a->op, a->val, a->fourth, a->at2, 0);
		a->err = errno;
		a->done++;
		futex(&a->done, FUTEX_WAKE, 100, NULL, NULL, 0);
	}
}

static void start(struct actor *a, int prio)
{
	memset(a, 0, sizeof(*a));
	a->prio = prio;
	EQ(pthread_create(&a->thread, NULL, act, a), 0);
	while (!a->tid)
		tap_sleep_ms(1);
}

static void begin(struct actor *a, int op, word_t *at)
{
	a->done = 0;
	a->op = op;
	a->at = at;
	a->order = DO_CALL;
	futex(&a->order, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static long result(struct actor *a)
{
	while (!a->done)
		futex(&a->done, FUTEX_WAIT, 0, NULL, NULL, 0);
	return a->ret;
}

static long does(struct actor *a, int op, word_t *at)
{
	begin(a, op, at);
	return result(a);
}

/* @a waits for the lock at @at, which somebody has. */
static void waits_for(struct actor *a, word_t *at)
{
	begin(a, LOCK_PI, at);
	while (!(*at & WAITERS))
		tap_sleep_ms(1);
	until_asleep(a->tid);
}

static void end(struct actor *a)
{
	a->order = DO_END;
	futex(&a->order, FUTEX_WAKE, 1, NULL, NULL, 0);
	EQ(pthread_join(a->thread, NULL), 0);
}

/* ---- the word ---- */

static void handing_over(void)
{
	word_t w = 0;
	struct actor a, b;

	start(&a, 0);
	start(&b, 0);
	EQ(futex(&w, LOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(w, tid());
	waits_for(&a, &w);
	EQ(w, (uint32_t)tid() | WAITERS);
	waits_for(&b, &w);
	EQ(futex(&w, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(result(&a), 0);
	EQ(w, (uint32_t)a.tid | WAITERS);
	EQ(b.done, 0);
	EQ(does(&a, UNLOCK_PI, &w), 0);
	EQ(result(&b), 0);
	EQ(w, (uint32_t)b.tid | WAITERS);
	EQ(does(&b, UNLOCK_PI, &w), 0);
	EQ(w, 0); /* nobody waits: the kernel says so */
	end(&a);
	end(&b);
}

static void refusals(void)
{
	static word_t plain, other;
	struct ktime past = { 1, 0 }, bad = { 0, 1000000000 };
	word_t w = 0;
	struct actor a;

	start(&a, 0);
	FAILS(futex((word_t *)((char *)&plain + 1), LOCK_PI, 0, NULL, NULL, 0), EINVAL);
	FAILS(futex((word_t *)4096, LOCK_PI, 0, NULL, NULL, 0), EFAULT);
	FAILS(futex((word_t *)4096, UNLOCK_PI, 0, NULL, NULL, 0), EFAULT);
	FAILS(futex(&w, LOCK_PI, 0, &bad, NULL, 0), EINVAL);
	FAILS(futex(&w, LOCK_PI | REALTIME, 0, NULL, NULL, 0), ENOSYS);
	FAILS(futex(&w, UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
	w = (uint32_t)tid();
	FAILS(futex(&w, LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	FAILS(futex(&w, TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	w = NO_TASK;
	FAILS(futex(&w, LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	w = KTHREADD;
	FAILS(futex(&w, LOCK_PI, 0, NULL, NULL, 0), EPERM);
	/* Somebody else has it. */
	w = 0;
	EQ(does(&a, LOCK_PI | PRIVATE, &w), 0);
	FAILS(futex(&w, TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0), EAGAIN);
	FAILS(futex(&w, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), EPERM);
	FAILS(futex(&w, LOCK_PI | PRIVATE, 0, &past, NULL, 0), ETIMEDOUT);
	FAILS(futex(&w, LOCK_PI2 | PRIVATE, 0, &past, NULL, 0), ETIMEDOUT);
	FAILS(futex(&w, LOCK_PI2 | PRIVATE | REALTIME, 0, &past, NULL, 0), ETIMEDOUT);
	EQ(w, (uint32_t)a.tid | WAITERS);
	EQ(does(&a, UNLOCK_PI | PRIVATE, &w), 0);
	EQ(futex(&w, TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(w, tid());
	/* Ordinary waiters and those of a lock do not mix. */
	begin(&a, LOCK_PI, &w);
	while (!(w & WAITERS))
		tap_sleep_ms(1);
	FAILS(futex(&w, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex(&w, FUTEX_REQUEUE, 0, (void *)1, &other, 0), EINVAL);
	EQ(futex(&w, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(result(&a), 0);
	EQ(does(&a, UNLOCK_PI, &w), 0);
	begin(&a, FUTEX_WAIT, &plain);
	until_asleep(a.tid);
	plain = KTHREADD;
	FAILS(futex(&plain, LOCK_PI, 0, NULL, NULL, 0), EINVAL);
	plain = (uint32_t)tid();
	FAILS(futex(&plain, UNLOCK_PI, 0, NULL, NULL, 0), EINVAL);
	EQ(futex(&plain, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	EQ(result(&a), 0);
	end(&a);
}

/* ---- priorities ---- */

static void set_fifo(pid_t t, int prio)
{
	struct sched_param p = { .sched_priority = prio };

	EQ(syscall(SYS_sched_setscheduler, t, prio ? SCHED_FIFO : SCHED_OTHER, &p), 0);
}

/* main has w1; a has w2 and waits for w1; b waits for w2. */
static void lending(void)
{
	word_t w1 = 0, w2 = 0;
	struct actor a, b;
	pid_t me = tid();

	start(&a, 0);
	start(&b, 50);
	EQ(futex(&w1, LOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(does(&a, LOCK_PI, &w2), 0);
	waits_for(&a, &w1);
	EQ(prio_of(me), FAIR_PRIO);
	EQ(prio_of(a.tid), FAIR_PRIO);
	begin(&b, LOCK_PI, &w2);
	until_prio(me, -1 - 50);
	EQ(prio_of(a.tid), -1 - 50);
	/* What is lent is seen nowhere else. */
	EQ(stat_field(me, 40), 0);
	EQ(syscall(SYS_sched_getscheduler, me), SCHED_OTHER);
	set_fifo(b.tid, 60);
	EQ(prio_of(me), -1 - 60);
	EQ(prio_of(a.tid), -1 - 60);
	set_fifo(b.tid, 0);
	EQ(prio_of(me), FAIR_PRIO);
	EQ(prio_of(a.tid), FAIR_PRIO);
	set_fifo(b.tid, 70);
	EQ(prio_of(me), -1 - 70);
	set_fifo(me, 80); /* its own is higher */
	EQ(prio_of(me), -1 - 80);
	set_fifo(me, 0);
	EQ(prio_of(me), -1 - 70);
	EQ(futex(&w1, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(prio_of(me), FAIR_PRIO);
	EQ(result(&a), 0);
	EQ(prio_of(a.tid), -1 - 70);
	EQ(does(&a, UNLOCK_PI, &w2), 0);
	EQ(prio_of(a.tid), FAIR_PRIO);
	EQ(result(&b), 0);
	EQ(does(&b, UNLOCK_PI, &w2), 0);
	EQ(does(&a, UNLOCK_PI, &w1), 0);
	end(&a);
	end(&b);
}

static void most_urgent_first(void)
{
	static const int prio[3] = { 10, 30, 20 }, order[3] = { 1, 2, 0 };
	struct actor a[3];
	word_t w = 0;

	for (int i = 0; i < 3; i++)
		start(&a[i], prio[i]);
	EQ(futex(&w, LOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		waits_for(&a[i], &w);
		EQ(prio_of(tid()), i ? -1 - 30 : -1 - 10);
	}
	EQ(futex(&w, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		struct actor *next = &a[order[i]];

		EQ(result(next), 0);
		EQ(w, (uint32_t)next->tid | WAITERS);
		EQ(does(next, UNLOCK_PI, &w), 0);
	}
	EQ(w, 0);
	EQ(prio_of(tid()), FAIR_PRIO);
	for (int i = 0; i < 3; i++)
		end(&a[i]);
}

/* Whoever leaves without the lock takes what it lent along. */
static void giving_up(void)
{
	word_t *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	NEED(w != MAP_FAILED);
	EQ(futex(w, LOCK_PI, 0, NULL, NULL, 0), 0);
	pid = fork();
	if (pid == 0) {
		set_fifo(0, 40);
		_exit(futex(w, LOCK_PI, 0, NULL, NULL, 0) == 0);
	}
	until_prio(tid(), -1 - 40);
	EQ(kill(pid, SIGKILL), 0);
	EQ(tap_wait(pid), KILLED(SIGKILL));
	EQ(prio_of(tid()), FAIR_PRIO);
	EQ(*w, (uint32_t)tid() | WAITERS);
	EQ(futex(w, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(*w, 0);
	munmap((void *)w, PAGE);
}

static void circles(void)
{
	word_t w[3] = { 0 };
	struct actor a, b;

	start(&a, 0);
	start(&b, 0);
	EQ(futex(&w[0], LOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(does(&a, LOCK_PI, &w[1]), 0);
	EQ(does(&b, LOCK_PI, &w[2]), 0);
	waits_for(&a, &w[0]);
	waits_for(&b, &w[1]);
	FAILS(futex(&w[2], LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	FAILS(futex(&w[1], LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
	EQ(futex(&w[0], UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(result(&a), 0);
	EQ(does(&a, UNLOCK_PI, &w[1]), 0);
	EQ(result(&b), 0);
	end(&a);
	end(&b);
}

/* A signal handler runs while the thread waits; then it waits again. */
static volatile int handled;

static void on_signal(int sig)
{
	handled = 1;
}

static void signals(void)
{
	struct sigaction sa = { .sa_handler =
					on_signal }; /* no SA_RESTART: it goes on all the same */
	word_t w = 0;
	struct actor a;

	sigaction(SIGUSR1, &sa, NULL);
	start(&a, 0);
	EQ(futex(&w, LOCK_PI, 0, NULL, NULL, 0), 0);
	waits_for(&a, &w);
	EQ(syscall(SYS_tgkill, getpid(), a.tid, SIGUSR1), 0);
	while (!handled)
		tap_sleep_ms(1);
	until_asleep(a.tid);
	EQ(a.done, 0);
	EQ(futex(&w, UNLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(result(&a), 0);
	EQ(w & TID_MASK, a.tid);
	end(&a);
}

/* ---- owners that die ---- */

static void dead_owner(void)
{
	word_t w = 0;
	struct actor a, b;
	pid_t gone;

	start(&a, 0);
	start(&b, 0);
	gone = a.tid;
	EQ(does(&a, LOCK_PI, &w), 0);
	waits_for(&b, &w);
	end(&a);
	EQ(result(&b), 0);
	EQ(w, (uint32_t)b.tid | WAITERS | OWNER_DIED);
	EQ(does(&b, UNLOCK_PI, &w), 0);
	EQ(w, 0);
	/* Nobody waited, and no robust list names it. */
	w = (uint32_t)gone;
	FAILS(futex(&w, LOCK_PI, 0, NULL, NULL, 0), ESRCH);
	/* A dead owner's word without a number is free, and stays marked. */
	w = OWNER_DIED;
	EQ(futex(&w, LOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(w, (uint32_t)tid() | OWNER_DIED);
	end(&b);
}

struct robust_lock {
	struct robust_lock *next; /* bit 0: it has an owner in the kernel's eyes */
	word_t word;
};

struct robust_head {
	void *first;
	long offset;
	void *pending;
};

static int die_with_locks(void *arg)
{
	struct robust_lock *l = arg;
	struct robust_head h = { NULL, offsetof(struct robust_lock, word), NULL };

	NEED_IN_CHILD(futex(&l[0].word, LOCK_PI, 0, NULL, NULL, 0) == 0);
	NEED_IN_CHILD(futex(&l[1].word, LOCK_PI, 0, NULL, NULL, 0) == 0);
	h.first = (char *)&l[0] + 1;
	l[0].next = (struct robust_lock *)((char *)&l[1] + 1);
	l[1].next = (struct robust_lock *)(void *)&h;
	NEED_IN_CHILD(syscall(SYS_set_robust_list, &h, sizeof(h)) == 0);
	l[2].word = 1; /* ready */
	while (!(l[1].word & WAITERS))
		tap_sleep_ms(1);
	return 0;
}

/* Another process, other addresses: the heir learns of it, later lockers too. */
static void robust(void)
{
	struct robust_lock *l =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	word_t *elsewhere;
	pid_t pid;

	NEED(l != MAP_FAILED);
	elsewhere = mremap(l, 0, PAGE, MREMAP_MAYMOVE);
	NEED(elsewhere != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		_exit(die_with_locks(l));
	while (!l[2].word)
		tap_sleep_ms(1);
	EQ(futex((word_t *)((char *)elsewhere + ((char *)&l[1].word - (char *)l)), LOCK_PI, 0, NULL,
		 NULL, 0),
	   0);
	EQ(l[1].word, (uint32_t)tid() | WAITERS | OWNER_DIED);
	EQ(tap_wait(pid), 0);
	EQ(l[0].word, OWNER_DIED);
	EQ(futex(&l[0].word, TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(l[0].word, (uint32_t)tid() | OWNER_DIED);
	munmap((void *)elsewhere, PAGE);
	munmap(l, PAGE);
}

static int exec_with_lock(void *arg)
{
	struct robust_lock *l = arg;
	char *argv[] = { "futex_pi", "--exit", NULL };

	NEED_IN_CHILD(futex(&l->word, LOCK_PI, 0, NULL, NULL, 0) == 0);
	l[1].word = 1;
	while (!(l->word & WAITERS))
		tap_sleep_ms(1);
	execv("/proc/self/exe", argv);
	return 1;
}

static void owner_execs(void)
{
	struct robust_lock *l =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	NEED(l != MAP_FAILED);
	pid = fork();
	if (pid == 0)
		_exit(exec_with_lock(l));
	while (!l[1].word)
		tap_sleep_ms(1);
	EQ(futex(&l->word, LOCK_PI, 0, NULL, NULL, 0), 0);
	EQ(l->word, (uint32_t)tid() | WAITERS | OWNER_DIED);
	EQ(tap_wait(pid), 0);
	munmap(l, PAGE);
}

/* ---- conditions ---- */

static void requeueing(void)
{
	enum { N = 3 };
	static word_t cond, mutex, other;
	struct actor a[N];

	cond = mutex = 0;
	for (int i = 0; i < N; i++) {
		start(&a[i], i == 2 ? 33 : 0);
		a[i].at2 = &mutex;
		begin(&a[i], WAIT_REQUEUE_PI, &cond);
		until_asleep(a[i].tid);
	}
	FAILS(futex(&cond, CMP_REQUEUE_PI, 2, (void *)9, &mutex, 0), EINVAL);
	FAILS(futex(&cond, CMP_REQUEUE_PI, 1, (void *)-1, &mutex, 0), EINVAL);
	FAILS(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &cond, 0), EINVAL);
	FAILS(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &other, 0), EINVAL);
	FAILS(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &mutex, 7), EAGAIN);
	FAILS(futex(&cond, FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex(&cond, FUTEX_REQUEUE, 1, (void *)1, &mutex, 0), EINVAL);
	FAILS(futex(&cond, WAIT_REQUEUE_PI, 0, NULL, &cond, 0), EINVAL);
	FAILS(futex(&cond, WAIT_REQUEUE_PI, 5, NULL, &mutex, 0), EAGAIN);
	/* The mutex is free: the most urgent gets it, the others wait for that one. */
	EQ(futex(&cond, CMP_REQUEUE_PI, 1, (void *)1, &mutex, 0), 2);
	EQ(result(&a[2]), 0);
	EQ(mutex, (uint32_t)a[2].tid | WAITERS);
	EQ(a[0].done, 0);
	EQ(does(&a[2], UNLOCK_PI, &mutex), 0);
	EQ(result(&a[0]), 0);
	EQ(mutex, (uint32_t)a[0].tid | WAITERS);
	/* The mutex has an owner: the last waiter is moved to it. */
	EQ(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 1);
	EQ(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), 0);
	until_asleep(a[1].tid);
	EQ(a[1].done, 0);
	EQ(does(&a[0], UNLOCK_PI, &mutex), 0);
	EQ(result(&a[1]), 0);
	EQ(does(&a[1], UNLOCK_PI, &mutex), 0);
	EQ(mutex, 0);
	for (int i = 0; i < N; i++)
		end(&a[i]);
}

/* Times out before it is moved and behind; an ordinary waiter is not moved to a lock. */
static void requeue_times(void)
{
	struct ktime past = { 1, 0 };
	static word_t cond, mutex;
	struct actor a;

	start(&a, 0);
	a.fourth = &past;
	a.at2 = &mutex;
	EQ(does(&a, WAIT_REQUEUE_PI, &cond), -1);
	EQ(a.err, ETIMEDOUT);
	a.fourth = NULL;
	begin(&a, FUTEX_WAIT, &cond);
	until_asleep(a.tid);
	FAILS(futex(&cond, CMP_REQUEUE_PI, 1, (void *)9, &mutex, 0), EINVAL);
	EQ(futex(&cond, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	EQ(result(&a), 0);
	EQ(mutex, 0);
	end(&a);
}

/* ---- the C library's ---- */

static pthread_mutex_t lib_mutex;
static pthread_cond_t lib_cond = PTHREAD_COND_INITIALIZER;
static int turns, waiting;

static void *take_turns(void *arg)
{
	for (int i = 0; i < 300; i++) {
		if (pthread_mutex_lock(&lib_mutex))
			return (void *)1;
		turns++;
		if (i % 30 == 0)
			sched_yield();
		if (pthread_mutex_unlock(&lib_mutex))
			return (void *)2;
	}
	pthread_mutex_lock(&lib_mutex);
	waiting++;
	while (waiting > 0)
		pthread_cond_wait(&lib_cond, &lib_mutex);
	pthread_mutex_unlock(&lib_mutex);
	return NULL;
}

static void of_the_library(void)
{
	enum { N = 4 };
	pthread_mutexattr_t attr;
	pthread_t t[N];
	void *ret;

	pthread_mutexattr_init(&attr);
	NEED(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
	EQ(pthread_mutex_init(&lib_mutex, &attr), 0);
	for (int i = 0; i < N; i++)
		EQ(pthread_create(&t[i], NULL, take_turns, NULL), 0);
	for (int seen = 0; seen < N;) {
		pthread_mutex_lock(&lib_mutex);
		seen = waiting;
		pthread_mutex_unlock(&lib_mutex);
		sched_yield();
	}
	pthread_mutex_lock(&lib_mutex);
	waiting = 0;
	pthread_cond_broadcast(&lib_cond);
	pthread_mutex_unlock(&lib_mutex);
	for (int i = 0; i < N; i++) {
		EQ(pthread_join(t[i], &ret), 0);
		EQ((intptr_t)ret, 0);
	}
	EQ(turns, N * 300);
}

static void *die_holding(void *arg)
{
	pthread_mutex_lock(&lib_mutex);
	return NULL;
}

static void robust_of_the_library(void)
{
	pthread_mutexattr_t attr;
	pthread_t t;

	pthread_mutexattr_init(&attr);
	NEED(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
	NEED(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
	EQ(pthread_mutex_init(&lib_mutex, &attr), 0);
	EQ(pthread_create(&t, NULL, die_holding, NULL), 0);
	EQ(pthread_join(t, NULL), 0);
	EQ(pthread_mutex_lock(&lib_mutex), EOWNERDEAD);
	EQ(pthread_mutex_consistent(&lib_mutex), 0);
	EQ(pthread_mutex_unlock(&lib_mutex), 0);
	EQ(pthread_mutex_lock(&lib_mutex), 0);
	EQ(pthread_mutex_unlock(&lib_mutex), 0);
}

/* ---- futex_waitv ---- */

enum { NR_FUTEX_WAITV = 449, WAITV_32 = 2, MANY = 128 };

struct waitv {
	uint64_t val, addr;
	uint32_t flags, reserved;
};

static word_t many[MANY];
static struct waitv one_of[MANY + 1];
static volatile pid_t many_tid;
static volatile long many_ret;

static long waitv(struct waitv *w, unsigned nr, unsigned flags, const int64_t *at, int clock)
{
	return syscall(NR_FUTEX_WAITV, w, nr, flags, at, clock);
}

static void *wait_on_many(void *arg)
{
	many_tid = tid();
	many_ret = waitv(one_of, MANY, 0, NULL, 0);
	return NULL;
}

static void set_waitv(void)
{
	for (int i = 0; i <= MANY; i++)
		one_of[i] = (struct waitv){ 0, (uintptr_t)&many[i % MANY], WAITV_32, 0 };
}

static void one_of_many(void)
{
	int64_t past[2] = { 1, 0 }, bad[2] = { 0, -1 };
	pthread_t t;

	set_waitv();
	FAILS(waitv(one_of, 0, 0, NULL, 0), EINVAL);
	FAILS(waitv(one_of, MANY + 1, 0, NULL, 0), EINVAL);
	FAILS(waitv(NULL, 1, 0, NULL, 0), EINVAL);
	FAILS(waitv((void *)4096, 1, 0, NULL, 0), EFAULT);
	FAILS(waitv(one_of, 1, 1, NULL, 0), EINVAL);
	FAILS(waitv(one_of, 1, 0, bad, CLOCK_MONOTONIC), EINVAL);
	FAILS(waitv(one_of, 1, 0, past, CLOCK_BOOTTIME), EINVAL);
	FAILS(waitv(one_of, MANY, 0, past, CLOCK_MONOTONIC), ETIMEDOUT);
	FAILS(waitv(one_of, MANY, 0, past, CLOCK_REALTIME), ETIMEDOUT);
	one_of[5].flags = 0;
	FAILS(waitv(one_of, MANY, 0, NULL, 0), EINVAL);
	set_waitv();
	one_of[5].reserved = 1;
	FAILS(waitv(one_of, MANY, 0, NULL, 0), EINVAL);
	set_waitv();
	one_of[MANY - 1].val = 3;
	FAILS(waitv(one_of, MANY, 0, NULL, 0), EAGAIN);
	set_waitv();
	one_of[9].addr = 4096;
	FAILS(waitv(one_of, MANY, 0, NULL, 0), EFAULT);
	set_waitv();
	EQ(pthread_create(&t, NULL, wait_on_many, NULL), 0);
	while (!many_tid)
		tap_sleep_ms(1);
	until_asleep(many_tid);
	EQ(futex(&many[77], FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	EQ(pthread_join(t, NULL), 0);
	EQ(many_ret, 77);
	EQ(futex(&many[3], FUTEX_WAKE, 1, NULL, NULL, 0), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(handing_over),   T(refusals),
						 T(lending),	    T(most_urgent_first),
						 T(giving_up),	    T(circles),
						 T(signals),	    T(dead_owner),
						 T(robust),	    T(owner_execs),
						 T(requeueing),	    T(requeue_times),
						 T(of_the_library), T(robust_of_the_library),
						 T(one_of_many),    TEND };

	if (argc == 2 && strcmp(argv[1], "--exit") == 0)
		return 0;
	return tap_main(argc, argv, tests);
}
