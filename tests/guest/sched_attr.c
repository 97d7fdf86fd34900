/* sched_setattr and sched_getattr, I/O priorities, the machine's name for 32-bit programs. */
#include "tap.h"

#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

enum {
	KEEP_POLICY = 8,
	KEEP_PARAMS = 16,
	CLAMP_MIN = 32,
	BE = 2 << 13,
	IDLE = 3 << 13,
	RT = 1 << 13
};

static long set(const void *a)
{
	return syscall(SYS_sched_setattr, 0, a, 0);
}

static struct attr get(void)
{
	struct attr a;

	memset(&a, 0xee, sizeof(a));
	EQ(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0), 0);
	EQ(a.size, sizeof(a));
	return a;
}

static void attributes(void)
{
	struct attr a = { .size = sizeof(a), .policy = SCHED_BATCH, .nice = 7 };

	EQ(get().policy, SCHED_OTHER);
	EQ(set(&a), 0);
	EQ(get().policy, SCHED_BATCH);
	EQ(get().nice, 7);
	EQ(getpriority(PRIO_PROCESS, 0), 7);
	a = (struct attr){ .size = 48, .policy = SCHED_RR, .priority = 3, .flags = 1 };
	EQ(set(&a), 0);
	EQ(get().priority, 3);
	EQ(get().flags, 1);
	EQ(get().nice, 0);
	EQ(syscall(SYS_sched_getscheduler, 0), SCHED_RR | 0x40000000 /* SCHED_RESET_ON_FORK */);
	a = (struct attr){ .size = 48, .flags = KEEP_POLICY | KEEP_PARAMS };
	EQ(set(&a), 0);
	EQ(get().policy, SCHED_RR);
	EQ(get().priority, 3);
	a = (struct attr){ .size = 0, .policy = SCHED_OTHER, .nice = 100 };
	EQ(set(&a), 0);
	EQ(get().nice, 19);
}

static void attributes_refused(void)
{
	char grown[4097] = { 0 };
	struct attr a = { .size = sizeof(a) };

	FAILS(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
	FAILS(syscall(SYS_sched_setattr, -1, &a, 0), EINVAL);
	FAILS(syscall(SYS_sched_setattr, 0, &a, 1), EINVAL);
	FAILS(syscall(SYS_sched_setattr, 0, 8, 0), EFAULT);
	FAILS(syscall(SYS_sched_setattr, 1 << 30, &a, 0), ESRCH);
	a.size = 47;
	FAILS(set(&a), E2BIG);
	EQ(a.size, sizeof(a));
	*(uint32_t *)grown = 100;
	EQ(set(grown), 0);
	grown[99] = 1;
	FAILS(set(grown), E2BIG);
	EQ(*(uint32_t *)grown, sizeof(a));
	*(uint32_t *)grown = 4097;
	FAILS(set(grown), E2BIG);
	a = (struct attr){ .size = sizeof(a), .policy = 77 };
	FAILS(set(&a), EINVAL);
	a = (struct attr){ .size = sizeof(a), .policy = SCHED_FIFO, .priority = 100 };
	FAILS(set(&a), EINVAL);
	a = (struct attr){ .size = sizeof(a), .flags = 128 };
	FAILS(set(&a), EINVAL);
	a = (struct attr){ .size = 48, .flags = CLAMP_MIN };
	FAILS(set(&a), EINVAL);
	FAILS(syscall(SYS_sched_getattr, 0, &a, 47, 0), EINVAL);
	FAILS(syscall(SYS_sched_getattr, 0, &a, 4097, 0), EINVAL);
	FAILS(syscall(SYS_sched_getattr, 0, &a, sizeof(a), 1), EINVAL);
	FAILS(syscall(SYS_sched_getattr, 0, 8, sizeof(a), 0), EFAULT);
	FAILS(syscall(SYS_sched_getattr, 1 << 30, &a, sizeof(a), 0), ESRCH);
}

static void attributes_not_root(void)
{
	struct attr a = { .size = sizeof(a), .policy = SCHED_FIFO, .priority = 1 };
	int status;

	if (fork() == 0) {
		if (setuid(1000) || set(&a) != -1 || errno != EPERM)
			_exit(1);
		a = (struct attr){ .size = sizeof(a), .nice = -1 };
		if (set(&a) != -1 || errno != EPERM)
			_exit(2);
		a.nice = 5;
		_exit(set(&a) ? 3 : 0);
	}
	EQ(wait(&status) > 0, 1);
	EQ(status, 0);
}

static long io_set(int which, int who, int prio)
{
	return syscall(SYS_ioprio_set, which, who, prio);
}

static long io_get(int which, int who)
{
	return syscall(SYS_ioprio_get, which, who);
}

static void io_priorities(void)
{
	int status;

	EQ(io_get(1, 0), 0);
	EQ(setpgid(0, 0), 0);
	EQ(io_get(2, 0), BE | 4);
	EQ(setpriority(PRIO_PROCESS, 0, 10), 0);
	EQ(io_get(2, 0), BE | 6);
	EQ(io_set(1, 0, BE | 1), 0);
	EQ(io_get(1, 0), BE | 1);
	if (fork() == 0)
		_exit(io_get(1, 0) == (BE | 1) && io_set(1, 0, IDLE) == 0 &&
				      io_get(2, 0) == (BE | 1)
			      ? 0
			      : 1);
	EQ(wait(&status) > 0, 1);
	EQ(status, 0);
	EQ(io_set(1, 0, RT | 7), 0);
	EQ(io_set(1, 0, 0), 0);
	FAILS(io_set(1, 0, 1), EINVAL);
	FAILS(io_set(1, 0, BE | 8), EINVAL);
	FAILS(io_set(1, 0, 4 << 13), EINVAL);
	FAILS(io_set(0, 0, BE), EINVAL);
	FAILS(io_get(4, 0), EINVAL);
	FAILS(io_set(1, 1 << 30, BE), ESRCH);
	FAILS(io_get(1, 1 << 30), ESRCH);
	EQ(setuid(1000), 0);
	FAILS(io_set(1, 0, RT), EPERM);
	FAILS(io_set(1, 1, BE), EPERM);
}

static void machine_of_32_bits(void)
{
	struct utsname u;

	EQ(personality(PER_LINUX32) >= 0, 1);
	EQ(uname(&u), 0);
	EQ(strcmp(u.machine, "i686"), 0);
	EQ(personality(PER_LINUX) >= 0, 1);
	EQ(uname(&u), 0);
	EQ(strcmp(u.machine, IS64 ? "x86_64" : "i686"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(attributes),		 T(attributes_refused),
						 T(attributes_not_root), T(io_priorities),
						 T(machine_of_32_bits),	 TEND };

	return tap_main(argc, argv, tests);
}
