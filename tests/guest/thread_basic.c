/* Threads of the C library and what they stand on: clone with shared everything, TLS, futexes, exits, signals to threads. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/time.h>

enum { N = 8 };
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4 }; /* futex(2) */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile int count;
static __thread int mine = 7;

static void *ids_of_thread(void *arg)
{
	pid_t *out = arg;

	out[0] = getpid();
	out[1] = (pid_t)syscall(SYS_gettid);
	return (void *)((intptr_t)out[1] * 2);
}

static void identity(void)
{
	pthread_t t[N];
	pid_t ids[N][2];

	for (int i = 0; i < N; i++)
		EQ(pthread_create(&t[i], NULL, ids_of_thread, ids[i]), 0);
	for (int i = 0; i < N; i++) {
		void *ret = NULL;

		EQ(pthread_join(t[i], &ret), 0);
		EQ((intptr_t)ret, ids[i][1] * 2);
		EQ(ids[i][0], getpid());
		CHECK(ids[i][1] != getpid());
		for (int k = 0; k < i; k++)
			CHECK(ids[i][1] != ids[k][1]);
	}
	EQ(syscall(SYS_gettid), getpid());
}

static void *add_under_lock(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(&mutex);
		count++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void run_threads(void *(*fn)(void *))
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		EQ(pthread_create(&t[i], NULL, fn, (void *)i), 0);
	for (int i = 0; i < N; i++)
		EQ(pthread_join(t[i], NULL), 0);
}

static void mutexes(void)
{
	count = 0;
	run_threads(add_under_lock);
	EQ(count, N * 2000);
}

static void *own_storage(void *arg)
{
	int errors = mine != 7;

	mine = (int)(intptr_t)arg;
	for (int i = 0; i < 200; i++) {
		sched_yield();
		errors += mine != (int)(intptr_t)arg;
		errno = (int)(intptr_t)arg + 100;
		sched_yield();
		errors += errno != (int)(intptr_t)arg + 100;
	}
	pthread_mutex_lock(&mutex);
	count += errors;
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void local_storage(void)
{
	count = 0;
	mine = 7;
	run_threads(own_storage);
	EQ(count, 0);
	EQ(mine, 7);
}

static volatile int turn;

static void *take_turns(void *arg)
{
	for (int round = 0; round < 50; round++) {
		pthread_mutex_lock(&mutex);
		while (turn % N != (int)(intptr_t)arg)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void conditions(void)
{
	struct timespec t;

	turn = 0;
	run_threads(take_turns);
	EQ(turn, N * 50);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 30000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	EQ(pthread_cond_timedwait(&cond, &mutex, &t), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

static long futex(volatile int *at, int op, int val, const struct timespec *t, void *at2, int val3)
{
#ifdef __x86_64__
	return syscall(SYS_futex, at, op, val, t, at2, val3);
#else
	const void *fourth = t; /* a number for requeue, else a time */
	long t32[2];

	if (t && op == FUTEX_WAIT) {
		t32[0] = (long)t->tv_sec;
		t32[1] = t->tv_nsec;
		fourth = t32;
	}
	return syscall(SYS_futex, at, op, val, fourth, at2, val3);
#endif
}

static volatile int word, woken;

static void *wait_on_word(void *arg)
{
	if (futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0) == 0)
		__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void futexes(void)
{
	struct timespec t = { 0, 30000000 }, bad = { 0, -1 };
	pthread_t th[4];
	long long start = tap_now_ns();
	int n = 0;

	word = 0;
	woken = 0;
	FAILS(futex(&word, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
	FAILS(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK(tap_now_ns() - start >= 30000000);
	FAILS(futex(&word, FUTEX_WAIT, 0, &bad, NULL, 0), EINVAL);
	FAILS(futex((volatile int *)((char *)&word + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
	FAILS(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
	EQ(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&th[i], NULL, wait_on_word, NULL);
	/* One (0 means that, too), then the rest. */
	while (n < 1) {
		n += (int)futex(&word, FUTEX_WAKE, 0, NULL, NULL, 0);
		tap_sleep_ms(1);
	}
	while (n < 4) {
		n += (int)futex(&word, FUTEX_WAKE, 100, NULL, NULL, 0);
		tap_sleep_ms(1);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	EQ(n, 4);
	EQ(woken, 4);
}

static volatile int *waits_at;

static void *wait_at(void *arg)
{
	while (!*waits_at)
		futex(waits_at, FUTEX_WAIT, 0, NULL, NULL, 0);
	return NULL;
}

static void shared_futex(void)
{
	volatile int *w =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	NEED(w != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		while (*w == 0)
			futex(w, FUTEX_WAIT, 0, NULL, NULL, 0);
		_exit(*w == 1 ? 0 : 1);
	}
	tap_sleep_ms(50);
	*w = 1;
	EQ(futex(w, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	EQ(tap_wait(pid), 0);
}

/* Memory that a private mapping still shares with its file, and then no longer. */
static void private_file_futex(void)
{
	int fd = open("/tmp/private_futex", O_RDWR | O_CREAT | O_TRUNC, 0600);
	volatile int *w;
	pthread_t th;

	NEED(fd >= 0 && ftruncate(fd, PAGE) == 0);
	w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	NEED(w != MAP_FAILED);
	EQ(*w, 0);
	waits_at = w;
	NEED(pthread_create(&th, NULL, wait_at, NULL) == 0);
	tap_sleep_ms(50);
	*w = 1;
	EQ(futex(w, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	pthread_join(th, NULL);
	munmap((void *)w, PAGE);
	/* What only can be read counts as the file's. */
	w = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	FAILS(futex(w, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
	EQ(futex(w, FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	munmap((void *)w, PAGE);
	close(fd);
	unlink("/tmp/private_futex");
}

static void requeue(void)
{
	static volatile int other;
	pthread_t th[3];
	int moved = 0;

	word = other = 0;
	woken = 0;
	for (int i = 0; i < 3; i++)
		pthread_create(&th[i], NULL, wait_on_word, NULL);
	tap_sleep_ms(100);
	FAILS(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)10, (void *)&other, 5), EAGAIN);
	moved = (int)futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)10, (void *)&other, 0);
	EQ(moved, 3); /* one woken, two moved */
	EQ(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	EQ(futex(&other, FUTEX_WAKE, 10, NULL, NULL, 0), 2);
	for (int i = 0; i < 3; i++)
		pthread_join(th[i], NULL);
	EQ(woken, 3);
}

static void *exit_all(void *arg)
{
	tap_sleep_ms(20);
	_exit(43);
}

static int group_exit(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, exit_all, NULL);
	for (;;)
		pause();
	return 1;
}

static void *leader_gone(void *arg)
{
	tap_sleep_ms(50);
	_exit(17);
}

static int leader_exits(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, leader_gone, NULL);
	syscall(SYS_exit, 5); /* only this thread */
	return 1;
}

static void *crash(void *arg)
{
	*(volatile int *)8 = 1;
	return NULL;
}

static int thread_crashes(void *arg)
{
	pthread_t t;

	pthread_create(&t, NULL, crash, NULL);
	for (;;)
		pause();
	return 1;
}

static void *execute(void *arg)
{
	execl("/proc/self/exe", "thread_basic", "--pid", arg, (char *)NULL);
	return NULL;
}

static int thread_executes(void *arg)
{
	char pid[20];
	pthread_t t[3];

	snprintf(pid, sizeof(pid), "%d", getpid());
	pthread_create(&t[0], NULL, leader_gone, NULL);
	pthread_create(&t[2], NULL, execute, pid);
	for (;;)
		pause();
	return 1;
}

static void ends(void)
{
	EQ(tap_child(group_exit, NULL), EXITED(43));
	EQ(tap_child(leader_exits, NULL), EXITED(17));
	EQ(tap_child(thread_crashes, NULL), KILLED(SIGSEGV));
	EQ(tap_child(thread_executes, NULL), EXITED(0));
}

static void *sleep_long(void *arg)
{
	sleep(1000);
	return NULL;
}

static int killed_with_threads(void *arg)
{
	pthread_t t;

	for (int i = 0; i < N; i++)
		pthread_create(&t, NULL, sleep_long, NULL);
	kill(getpid(), SIGKILL);
	return 1;
}

static void kill_everywhere(void)
{
	for (int i = 0; i < 10; i++)
		EQ(tap_child(killed_with_threads, NULL), KILLED(SIGKILL));
}

static volatile pid_t handled_by;

static void on_signal(int sig)
{
	handled_by = (pid_t)syscall(SYS_gettid);
}

static void *wait_blocked(void *arg)
{
	sigset_t s;
	int sig = 0;

	*(volatile pid_t *)arg = (pid_t)syscall(SYS_gettid);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	sigwait(&s, &sig);
	return (void *)(intptr_t)sig;
}

static void *wait_open(void *arg)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &s, NULL);
	*(volatile pid_t *)arg = (pid_t)syscall(SYS_gettid);
	while (!handled_by)
		tap_sleep_ms(1);
	return NULL;
}

static void signals(void)
{
	volatile pid_t a = 0, b = 0;
	pthread_t ta, tb;
	sigset_t s;
	void *ret = NULL;

	signal(SIGUSR1, on_signal);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigaddset(&s, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &s, NULL);
	handled_by = 0;
	pthread_create(&ta, NULL, wait_blocked, (void *)&a);
	pthread_create(&tb, NULL, wait_open, (void *)&b);
	while (!a || !b)
		tap_sleep_ms(1);
	kill(getpid(), SIGUSR1); /* the only thread that does not block it */
	pthread_join(tb, NULL);
	EQ(handled_by, b);
	EQ(pthread_kill(ta, SIGUSR2), 0);
	pthread_join(ta, &ret);
	EQ((intptr_t)ret, SIGUSR2);
	sigpending(&s);
	EQ(sigismember(&s, SIGUSR2), 0);
}

static void *map_and_unmap(void *arg)
{
	for (int i = 0; i < 60; i++) {
		unsigned char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		unsigned char v = (unsigned char)((intptr_t)arg * 31 + i);

		if (p == MAP_FAILED)
			return (void *)1;
		for (size_t k = 0; k < 8; k++)
			p[k * PAGE] = (unsigned char)(v + k);
		if (i % 3 == 0 && mprotect(p, 4 * PAGE, PROT_READ))
			return (void *)2;
		for (size_t k = 0; k < 8; k++)
			if (p[k * PAGE] != (unsigned char)(v + k))
				return (void *)3;
		if (munmap(p, 8 * PAGE))
			return (void *)4;
	}
	return NULL;
}

static void address_space(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		EQ(pthread_create(&t[i], NULL, map_and_unmap, (void *)i), 0);
	for (int i = 0; i < N; i++) {
		void *ret = (void *)9;

		pthread_join(t[i], &ret);
		EQ((intptr_t)ret, 0);
	}
}

static unsigned char *volatile target;
static volatile int stop_reading;

static void *read_target(void *arg)
{
	long n = 0;

	while (!stop_reading)
		n += *target == 1;
	return (void *)n;
}

/* After munmap and mmap no CPU may still see the old page. */
static void stale_translations(void)
{
	pthread_t t[2];
	int bad = 0;

	target = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(target != MAP_FAILED);
	*target = 1;
	stop_reading = 0;
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, read_target, NULL);
	for (int i = 0; i < 200; i++) {
		unsigned char *p = mmap((void *)target, PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		bad += p != target || *p != 0;
		*p = 1;
	}
	stop_reading = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	EQ(bad, 0);
}

static void *fork_in_thread(void *arg)
{
	for (int i = 0; i < 5; i++)
		if (tap_child((int (*)(void *))(uintptr_t)getppid, NULL) == -1)
			return (void *)1;
	return NULL;
}

static void forks(void)
{
	run_threads(fork_in_thread);
	FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
}

static void many(void)
{
	enum { ROUNDS = 30 };

	for (int r = 0; r < (tap_quick() ? 5 : ROUNDS); r++)
		run_threads((void *(*)(void *))(uintptr_t)sched_yield);
}

static int child_main(const char *pid)
{
	char path[40];

	/* The executing thread has become the leader: same pid, one thread. */
	snprintf(path, sizeof(path), "/proc/self/task/%s", pid);
	return getpid() == atoi(pid) && syscall(SYS_gettid) == getpid() && access(path, F_OK) == 0
		       ? 0
		       : 1;
}

/* The list of somebody else is only for who may trace him. */
static void robust_list_of_others(void)
{
	size_t len = 0;
	void *head = NULL;
	pid_t pid = fork();

	if (pid == 0)
		_exit(setuid(1000) || syscall(SYS_get_robust_list, 0, &head, &len) ||
		      syscall(SYS_get_robust_list, getppid(), &head, &len) != -1 || errno != EPERM);
	EQ(tap_wait(pid), 0);
	EQ(syscall(SYS_get_robust_list, getppid(), &head, &len), 0);
	EQ(len, 3 * sizeof(long));
	FAILS(syscall(SYS_get_robust_list, 0x3fffffff, &head, &len), ESRCH);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(identity),
						 T(robust_list_of_others),
						 T(mutexes),
						 T(local_storage),
						 T(conditions),
						 T(futexes),
						 T(shared_futex),
						 T(private_file_futex),
						 T(requeue),
						 T(ends),
						 T(kill_everywhere),
						 T(signals),
						 T(address_space),
						 T(stale_translations),
						 T(forks),
						 T(many),
						 TEND };

	if (argc == 3 && strcmp(argv[1], "--pid") == 0)
		return child_main(argv[2]);
	return tap_main(argc, argv, tests);
}
