/* membarrier(2): the commands, their registration, and that the order they promise is kept between two CPUs. */
#include "tap.h"

#include <pthread.h>
#include <sched.h>

enum {
	QUERY = 0,
	GLOBAL = 1,
	GLOBAL_EXPEDITED = 2,
	REGISTER_GLOBAL_EXPEDITED = 4,
	PRIVATE_EXPEDITED = 8,
	REGISTER_PRIVATE_EXPEDITED = 16,
	SYNC_CORE = 32,
	REGISTER_SYNC_CORE = 64,
	RSEQ = 128, /* as PRIVATE_EXPEDITED_RSEQ is called here: flags = FLAG_CPU is for it alone */
	REGISTER_RSEQ = 256,
	GET_REGISTRATIONS = 512,
	FLAG_CPU = 1
};

static int membarrier(int cmd, unsigned flags, int cpu)
{
	return (int)syscall(SYS_membarrier, cmd, flags, cpu);
}

static void commands(void)
{
	int all = membarrier(QUERY, 0, 0);

	EQ(all & 0x7f, 0x7f);
	EQ(all & ~0x3ff, 0);
	FAILS(membarrier(QUERY, 1, 0), EINVAL);
	FAILS(membarrier(GLOBAL, 1, 0), EINVAL);
	FAILS(membarrier(3, 0, 0), EINVAL);
	FAILS(membarrier(-1, 0, 0), EINVAL);
	FAILS(membarrier(1 << 20, 0, 0), EINVAL);
	OK(membarrier(GLOBAL, 0, 0));
	OK(membarrier(GLOBAL_EXPEDITED, 0, 0));
	FAILS(membarrier(PRIVATE_EXPEDITED, 0, 0), EPERM);
	FAILS(membarrier(SYNC_CORE, 0, 0), EPERM);
	OK(membarrier(REGISTER_GLOBAL_EXPEDITED, 0, 0));
	OK(membarrier(REGISTER_PRIVATE_EXPEDITED, 0, 0));
	OK(membarrier(REGISTER_PRIVATE_EXPEDITED, 0, 0));
	OK(membarrier(PRIVATE_EXPEDITED, 0, 0));
	FAILS(membarrier(SYNC_CORE, 0, 0), EPERM);
	OK(membarrier(REGISTER_SYNC_CORE, 0, 0));
	OK(membarrier(SYNC_CORE, 0, 0));
	FAILS(membarrier(PRIVATE_EXPEDITED, FLAG_CPU, 0), EINVAL);
	if (!(all & RSEQ)) { /* a kernel without rseq(2) */
		FAILS(membarrier(RSEQ, 0, 0), EINVAL);
		FAILS(membarrier(RSEQ, FLAG_CPU, 0), EINVAL);
		FAILS(membarrier(REGISTER_RSEQ, 0, 0), EINVAL);
	}
	if (all & GET_REGISTRATIONS)
		EQ(membarrier(GET_REGISTRATIONS, 0, 0),
		   REGISTER_GLOBAL_EXPEDITED | REGISTER_PRIVATE_EXPEDITED | REGISTER_SYNC_CORE);
}

/* x and y: each side writes its own, then reads the other's. One of them must see the other's write. */
static volatile int x, y, seen_x, seen_y, turn, stop;
static int command;

static void *fast_side(void *unused)
{
	for (int i = 1;; i++) {
		while (turn != i) {
			if (stop)
				return NULL;
		}
		x = i;
		__asm__ volatile("" ::: "memory"); /* no instruction: the other side pays */
		seen_y = y;
		turn = -i;
	}
}

static void order(int cmd, int rounds)
{
	int both_missed = 0;
	pthread_t t;

	command = cmd;
	turn = 0;
	x = y = 0;
	stop = 0;
	NEED(pthread_create(&t, NULL, fast_side, NULL) == 0);
	for (int i = 1; i <= rounds; i++) {
		turn = i;
		y = i;
		if (membarrier(command, 0, 0))
			break;
		seen_x = x;
		while (turn != -i)
			;
		both_missed += seen_x != i && seen_y != i;
	}
	stop = 1;
	pthread_join(t, NULL);
	EQ(both_missed, 0);
}

static void private_order(void)
{
	OK(membarrier(REGISTER_PRIVATE_EXPEDITED, 0, 0));
	order(PRIVATE_EXPEDITED, tap_quick() ? 100 : 250);
}

static void sync_core_order(void)
{
	OK(membarrier(REGISTER_SYNC_CORE, 0, 0));
	order(SYNC_CORE, tap_quick() ? 100 : 200);
}

static void global_order(void)
{
	order(GLOBAL_EXPEDITED, tap_quick() ? 100 : 200);
}

static int private_in_child(void *unused)
{
	return membarrier(PRIVATE_EXPEDITED, 0, 0) ? errno : 0;
}

static void a_child_is_registered_too(void)
{
	OK(membarrier(REGISTER_PRIVATE_EXPEDITED, 0, 0));
	EQ(tap_child(private_in_child, NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(commands),
		T(private_order),
		T(sync_core_order),
		T(global_order),
		T(a_child_is_registered_too),
		TEND,
	};

	return tap_main(argc, argv, tests);
}
