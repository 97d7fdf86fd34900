/* rseq(2): registration, the numbers of CPU and node, sequences that are aborted, what fork and exec leave. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <ucontext.h>
#ifdef __GLIBC__
#include <sys/rseq.h>
#endif

#ifdef __x86_64__
enum { NR_RSEQ = 334 };
#define IP_OF(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[REG_RIP])
#else
enum { NR_RSEQ = 386 };
#define IP_OF(uc) ((uintptr_t)(uc)->uc_mcontext.gregs[REG_EIP])
#endif
enum { UNREGISTER = 1, SIG = 0x53053053, AT_FEATURE_SIZE = 27, AT_ALIGN = 28, FEATURES = 28 };

struct area {
	volatile uint32_t cpu_id_start, cpu_id;
	volatile uint64_t cs;
	uint32_t flags;
	volatile uint32_t node_id, mm_cid, unused;
} __attribute__((aligned(32)));

struct sequence {
	uint32_t version, flags;
	uint64_t start, length, abort;
} __attribute__((aligned(32)));

/*
 * int seq_spin(volatile uint64_t *cs, struct sequence *s, volatile uint32_t *count): enter the sequence and count for ever;
 * only an abort returns, 1.
 */
#ifdef __x86_64__
asm(".text\n"
    "seq_spin: mov %rsi, (%rdi)\n"
    "seq_start: incl (%rdx)\n"
    "jmp seq_start\n"
    "seq_end: nop\n"
    ".long 0x53053053\n"
    "seq_abort: mov $1, %eax\n"
    "ret\n"
    ".long 0x12345678\n"
    "seq_wrong: mov $2, %eax\n"
    "ret\n");
#else
asm(".text\n"
    "seq_spin: mov 4(%esp), %ecx\n"
    "mov 8(%esp), %eax\n"
    "mov 12(%esp), %edx\n"
    "mov %eax, (%ecx)\n"
    "seq_start: incl (%edx)\n"
    "jmp seq_start\n"
    "seq_end: nop\n"
    ".long 0x53053053\n"
    "seq_abort: mov $1, %eax\n"
    "ret\n"
    ".long 0x12345678\n"
    "seq_wrong: mov $2, %eax\n"
    "ret\n");
#endif
extern int seq_spin(volatile uint64_t *cs, const struct sequence *s, volatile uint32_t *count);
extern const char seq_start[], seq_end[], seq_abort[], seq_wrong[];

static int cpus; /* asked at first: a C library counts those it is allowed */
static struct area area;
static struct sequence sequence;
static volatile uint32_t count;

static long rseq(void *at, unsigned len, int flags, unsigned sig)
{
	return syscall(NR_RSEQ, at, len, flags, sig);
}

static void make_sequence(const char *abort_at)
{
	sequence = (struct sequence){ .start = (uintptr_t)seq_start,
				      .length = (uintptr_t)(seq_end - seq_start),
				      .abort = (uintptr_t)abort_at };
}

/* The C library may have registered its own. */
static void without_the_library(void)
{
#ifdef __GLIBC__
	if (__rseq_size)
		EQ(rseq((char *)__builtin_thread_pointer() + __rseq_offset, 32, UNREGISTER, SIG),
		   0);
#endif
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	EQ(sched_setaffinity(0, sizeof(set), &set), 0);
}

static void registration(void)
{
	without_the_library();
	FAILS(rseq(&area, sizeof(area), UNREGISTER, SIG), EINVAL);
	FAILS(rseq(&area, sizeof(area), 2, SIG), EINVAL);
	FAILS(rseq(&area, sizeof(area), UNREGISTER | 2, SIG), EINVAL);
	FAILS(rseq((char *)&area + 4, sizeof(area), 0, SIG), EINVAL);
	FAILS(rseq(&area, sizeof(area) - 1, 0, SIG), EINVAL);
	FAILS(rseq((void *)-64L, sizeof(area), 0, SIG), EFAULT);
	EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	FAILS(rseq(&area, sizeof(area), 0, SIG), EBUSY);
	FAILS(rseq(&area, sizeof(area), 0, SIG + 1), EPERM);
	FAILS(rseq(&area, sizeof(area) + 32, 0, SIG), EINVAL);
	FAILS(rseq(&area + 1, sizeof(area), 0, SIG), EINVAL);
	FAILS(rseq(&area, sizeof(area) + 32, UNREGISTER, SIG), EINVAL);
	FAILS(rseq(&area, sizeof(area), UNREGISTER, SIG + 1), EPERM);
	EQ(rseq(&area, sizeof(area), UNREGISTER, SIG), 0);
	EQ(area.cpu_id, (uint32_t)-1);
	EQ(area.cpu_id_start, 0);
	FAILS(rseq(&area, sizeof(area), UNREGISTER, SIG), EINVAL);
	EQ(getauxval(AT_FEATURE_SIZE), FEATURES);
	EQ(getauxval(AT_ALIGN), 32);
}

static void numbers(void)
{
	without_the_library();
	area.cpu_id = 77;
	EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	CHECK(area.cpu_id < (unsigned)cpus);
	for (int i = 0; i < 10 * cpus; i++) {
		unsigned cpu = 99, node = 99;

		on_cpu(i % cpus);
		EQ(area.cpu_id, i % cpus);
		EQ(area.cpu_id_start, i % cpus);
		EQ(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
		EQ(cpu, i % cpus);
		EQ(area.node_id, node);
		CHECK(area.mm_cid < (unsigned)cpus);
	}
	EQ(area.cs, 0);
	EQ(area.unused, 0);
}

static volatile uintptr_t handler_ip;

static void on_alarm(int sig, siginfo_t *info, void *uc)
{
	handler_ip = IP_OF((ucontext_t *)uc);
}

/* The handler sees the abort handler as the place it came from. */
static void by_signal(void)
{
	struct sigaction sa = { .sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO };
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value = { 0, 20000000 } };
	timer_t timer;

	without_the_library();
	make_sequence(seq_abort);
	sigaction(SIGUSR1, &sa, NULL);
	EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	EQ(timer_create(CLOCK_MONOTONIC, &ev, &timer), 0);
	do {
		handler_ip = 0;
		EQ(timer_settime(timer, 0, &soon, NULL), 0);
		EQ(seq_spin(&area.cs, &sequence, &count), 1);
	} while (!handler_ip); /* else the thread lost its CPU before */
	timer_delete(timer);
	EQ(handler_ip, (uintptr_t)seq_abort);
	EQ(area.cs, 0);
	CHECK(count > 0);
}

static volatile int stop;

static void *take_cpu(void *arg)
{
	on_cpu(0);
	while (!stop)
		;
	return NULL;
}

/* Another thread of the CPU ends the sequence; and the pointer to one that is not being run is cleared. */
static void by_preemption(void)
{
	pthread_t t;

	without_the_library();
	make_sequence(seq_abort);
	on_cpu(0);
	EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	EQ(pthread_create(&t, NULL, take_cpu, NULL), 0);
	for (int i = 0; i < 3; i++) {
		EQ(seq_spin(&area.cs, &sequence, &count), 1);
		EQ(area.cs, 0);
	}
	area.cs = (uintptr_t)&sequence;
	while (area.cs)
		;
	stop = 1;
	EQ(pthread_join(t, NULL), 0);
}

/* A page that is not there yet: the thread sleeps, or not; the sequence goes on in that case only. */
static int run_wrong(void *arg)
{
	pthread_t t;

	without_the_library();
	on_cpu(0);
	if (rseq(&area, sizeof(area), 0, SIG) || pthread_create(&t, NULL, take_cpu, NULL))
		return 1;
	return 10 + seq_spin(&area.cs, &sequence, &count);
}

static void refused_sequences(void)
{
	make_sequence(seq_abort);
	EQ(tap_child(run_wrong, NULL), EXITED(11));
	make_sequence(seq_wrong); /* another signature */
	EQ(tap_child(run_wrong, NULL), KILLED(SIGSEGV));
	make_sequence(seq_abort);
	sequence.version = 1;
	EQ(tap_child(run_wrong, NULL), KILLED(SIGSEGV));
	make_sequence(seq_abort);
	sequence.flags = 1;
	EQ(tap_child(run_wrong, NULL), KILLED(SIGSEGV));
	make_sequence(seq_start + 1); /* in itself */
	EQ(tap_child(run_wrong, NULL), KILLED(SIGSEGV));
	make_sequence(seq_abort);
	sequence.length = (uint64_t)-1;
	EQ(tap_child(run_wrong, NULL), KILLED(SIGSEGV));
}

static int has_it(void *arg)
{
	NEED_IN_CHILD(rseq(&area, sizeof(area), 0, SIG) == -1 && errno == EBUSY);
	on_cpu(cpus - 1);
	NEED_IN_CHILD(area.cpu_id == (unsigned)cpus - 1);
	return rseq(&area, sizeof(area), UNREGISTER, SIG) ? 1 : 0;
}

static void *has_none(void *arg)
{
	static struct area own; /* glibc registers none for a thread whose maker has none */

	FAILS(rseq(&area, sizeof(area), UNREGISTER, SIG), EINVAL);
	EQ(rseq(&own, sizeof(own), 0, SIG), 0);
	EQ(own.mm_cid, own.cpu_id);
	return NULL;
}

static void inheritance(void)
{
	char *argv[] = { "rseq_basic", "--fresh", NULL };
	pthread_t t;
	pid_t pid;

	without_the_library();
	on_cpu(0);
	EQ(rseq(&area, sizeof(area), 0, SIG), 0);
	EQ(tap_child(has_it, NULL), 0);
	EQ(area.cpu_id, 0);
	EQ(pthread_create(&t, NULL, has_none, NULL), 0);
	EQ(pthread_join(t, NULL), 0);
	pid = fork();
	if (pid == 0)
		execv("/proc/self/exe", argv);
	EQ(tap_wait(pid), 0);
}

/* A new program has none. */
static int fresh(void)
{
	without_the_library();
	return tap_failures || rseq(&area, sizeof(area), 0, SIG);
}

/* The structure is gone. */
static int unmap_it(void *arg)
{
	struct area *at =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	without_the_library();
	on_cpu(0);
	NEED_IN_CHILD(at != MAP_FAILED && rseq(at, sizeof(*at), 0, SIG) == 0);
	munmap(at, PAGE);
	on_cpu(cpus - 1);
	raise(SIGCONT); /* one CPU: a signal without a handler is no reason to look */
	return 3;
}

static void unmapped(void)
{
	EQ(tap_child(unmap_it, NULL), cpus > 1 ? KILLED(SIGSEGV) : EXITED(3));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(registration),      T(numbers),
						 T(by_signal),	       T(by_preemption),
						 T(refused_sequences), T(inheritance),
						 T(unmapped),	       TEND };

	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	if (argc == 2 && strcmp(argv[1], "--fresh") == 0)
		return fresh();
	return tap_main(argc, argv, tests);
}
